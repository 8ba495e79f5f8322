//! Density matrices.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, LinalgError, RMatrix, hermitian_eigen};

use super::generator::LANES;
use super::layout::Layout;
use super::shifted::Shifted;
use crate::measures::{Block, Moments};

/// A density matrix ρ = R/tr R on a Hermitian [`Layout`].
#[derive(Clone, Debug)]
pub struct Density {
    layout: Arc<Layout>,
    /// Real and imaginary plane, and a lane of padding.
    data: Vec<f64>,
    /// ln tr R of the linear flow since the start.
    log_trace: f64,
}

/// The part of a density matrix on states that it connects.
#[derive(Clone, Debug)]
pub struct DensityBlock {
    /// Places of the states in the space.
    pub states: Vec<usize>,
    /// Their density matrix.
    pub matrix: CMatrix,
}

impl Density {
    /// The state with elements ⟨n|ρ|n′⟩ = `element(n, n′)`, normalised; and the trace that was found, which is what the cut-off left
    /// of the probability.
    ///
    /// # Panics
    /// When the layout is not that of Hermitian operators.
    pub fn from_fn(layout: Arc<Layout>, mut element: impl FnMut(&[i32], &[i32]) -> c64) -> (Self, f64) {
        assert!(layout.hermitian(), "a density matrix needs the layout of a Hermitian operator");
        let modes = layout.space().modes();
        let mut numbers = Vec::with_capacity(layout.space().len() * modes);
        layout.space().each(|_, n| numbers.extend_from_slice(n));
        let state = |at: usize| &numbers[at * modes..(at + 1) * modes];
        let half = layout.len();
        let mut data = vec![0.0; 2 * half + LANES];
        layout.each(|at, ket, bra| {
            let z = element(state(ket), state(bra));
            (data[at], data[half + at]) = (z.re, z.im);
        });
        let mut density = Self { layout, data, log_trace: 0.0 };
        let trace = density.trace();
        if trace > 0.0 {
            density.rescale(trace);
            density.log_trace = 0.0;
        }
        (density, trace)
    }

    /// From two planes of numbers on a layout and their padding, as a solver gives them; normalised.
    pub fn from_planes(layout: Arc<Layout>, data: Vec<f64>) -> Self {
        let mut density = Self { layout, data, log_trace: 0.0 };
        let trace = density.trace();
        density.rescale(trace);
        density.log_trace = 0.0;
        density
    }

    /// The storage.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Real and imaginary plane of the stored elements, and padding.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    pub(super) fn data_mut(&mut self) -> &mut Vec<f64> {
        &mut self.data
    }

    /// ln tr R that the linear flow would have reached since the start: 0 for Lindblad dynamics.
    pub fn log_trace(&self) -> f64 {
        self.log_trace
    }

    /// Σ_n ⟨n|ρ|n⟩.
    pub fn trace(&self) -> f64 {
        let modes = self.layout.space().modes();
        let Some(diagonal) = self.layout.diagonal_index(&vec![0; modes]) else { return 0.0 };
        let rows = self.layout.rows().iter().filter(|row| row.diagonal as usize == diagonal);
        rows.map(|row| self.data[row.offset..row.offset + row.length as usize].iter().sum::<f64>()).sum()
    }

    /// Divides by the trace and remembers its logarithm.
    pub(super) fn rescale(&mut self, trace: f64) {
        let factor = 1.0 / trace;
        self.data.iter_mut().for_each(|x| *x *= factor);
        self.log_trace += trace.ln();
    }

    /// Populations ⟨n|ρ|n⟩ of all states of the space.
    pub fn populations(&self) -> Vec<f64> {
        let mut populations = vec![0.0; self.layout.space().len()];
        let modes = self.layout.space().modes();
        if let Some(diagonal) = self.layout.diagonal_index(&vec![0; modes]) {
            for row in self.layout.rows().iter().filter(|row| row.diagonal as usize == diagonal) {
                let first = self.layout.space().row(row.ket as usize).0 + row.low as usize;
                let length = row.length as usize;
                populations[first..first + length].copy_from_slice(&self.data[row.offset..row.offset + length]);
            }
        }
        populations
    }

    /// √(ρ_nn ρ_n′n′) for every stored element, populations below `floor` times the largest counted as that: the bound of the
    /// element by positivity.
    pub(super) fn bounds(&self, floor: f64, out: &mut Vec<f64>) {
        let populations = self.populations();
        let floor = floor * populations.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let roots: Vec<f64> = populations.iter().map(|p| p.max(floor).sqrt()).collect();
        out.resize(self.layout.len(), 0.0);
        self.layout.each(|at, ket, bra| out[at] = roots[ket] * roots[bra]);
    }

    /// tr(O ρ).
    pub fn expect(&self, operator: &Shifted) -> c64 {
        let half = self.layout.len();
        let space = self.layout.space();
        let mut sum = c64::new(0.0, 0.0);
        for (shift, table) in &operator.parts {
            // Σ_n ⟨n + s|O|n⟩⟨n|ρ|n + s⟩.
            let turned: Vec<i32> = shift.iter().map(|s| -s).collect();
            let (diagonal, conjugate) = match (self.layout.diagonal_index(shift), self.layout.diagonal_index(&turned)) {
                (Some(diagonal), _) => (diagonal, false),
                (None, Some(diagonal)) => (diagonal, true),
                (None, None) => continue,
            };
            let m = &self.layout.diagonals()[diagonal];
            for row in self.layout.rows().iter().filter(|row| row.diagonal as usize == diagonal) {
                // Stored is ⟨k|ρ|k + m⟩: n = k for m = s, and n = k + m for m = −s, where the element is the conjugate.
                let first = if conjugate {
                    space.row(row.bra as usize).0 as i64 + i64::from(row.low + m[m.len() - 1])
                } else {
                    space.row(row.ket as usize).0 as i64 + i64::from(row.low)
                } as usize;
                let sign = if conjugate { -1.0 } else { 1.0 };
                for j in 0..row.length as usize {
                    let at = row.offset + j;
                    sum += table[first + j] * c64::new(self.data[at], sign * self.data[half + at]);
                }
            }
        }
        sum
    }

    /// ⟨n|ρ|n′⟩ for two places in the space; zero where it is not stored.
    pub fn element(&self, ket: usize, bra: usize) -> c64 {
        let space = self.layout.space();
        let numbers = |at: usize| {
            // The row that a state lies in: the last that starts at or before it.
            let row = (0..space.rows()).collect::<Vec<_>>().partition_point(|r| space.row(*r).0 <= at) - 1;
            let mut n = space.prefix(row).to_vec();
            n.push((at - space.row(row).0) as i32);
            (row, n)
        };
        let ((ket_row, n), (bra_row, other)) = (numbers(ket), numbers(bra));
        let m: Vec<i32> = other.iter().zip(&n).map(|(b, a)| b - a).collect();
        let Some((row, conjugate)) = self.layout.find(&m, ket_row, bra_row) else { return c64::new(0.0, 0.0) };
        let j = if conjugate { other[other.len() - 1] } else { n[n.len() - 1] } - row.low;
        if j < 0 || j >= row.length as i32 {
            return c64::new(0.0, 0.0);
        }
        let at = row.offset + j as usize;
        let z = c64::new(self.data[at], self.data[self.layout.len() + at]);
        if conjugate { z.conj() } else { z }
    }

    /// The blocks of states that the stored elements connect, as matrices.
    pub fn blocks(&self) -> Vec<DensityBlock> {
        let states = self.layout.space().len();
        let mut parent: Vec<usize> = (0..states).collect();
        fn root(parent: &mut [usize], mut k: usize) -> usize {
            while parent[k] != k {
                parent[k] = parent[parent[k]];
                k = parent[k];
            }
            k
        }
        let mut stored = vec![false; states];
        self.layout.each(|_, ket, bra| {
            let (a, b) = (root(&mut parent, ket), root(&mut parent, bra));
            parent[a.max(b)] = a.min(b);
            stored[ket] = true;
            stored[bra] = true;
        });
        let (mut blocks, mut place): (Vec<Vec<usize>>, Vec<(usize, usize)>) = (Vec::new(), vec![(0, 0); states]);
        let mut of_root = vec![usize::MAX; states];
        for k in (0..states).filter(|k| stored[*k]) {
            let top = root(&mut parent, k);
            if of_root[top] == usize::MAX {
                of_root[top] = blocks.len();
                blocks.push(Vec::new());
            }
            place[k] = (of_root[top], blocks[of_root[top]].len());
            blocks[of_root[top]].push(k);
        }
        let mut list: Vec<DensityBlock> = blocks
            .into_iter()
            .map(|states| DensityBlock { matrix: CMatrix::zeros(states.len(), states.len()), states })
            .collect();
        let half = self.layout.len();
        self.layout.each(|at, ket, bra| {
            let z = c64::new(self.data[at], self.data[half + at]);
            let ((block, i), (_, j)) = (place[ket], place[bra]);
            list[block].matrix[(i, j)] = z;
            list[block].matrix[(j, i)] = z.conj();
        });
        list
    }

    /// All eigenvalues of ρ, ascending.
    ///
    /// # Errors
    /// An element that is not finite.
    pub fn spectrum(&self) -> Result<Vec<f64>, LinalgError> {
        let mut all = Vec::new();
        for block in self.blocks() {
            all.extend(hermitian_eigen(&block.matrix)?.0);
        }
        all.sort_by(f64::total_cmp);
        Ok(all)
    }

    /// −tr ρ ln ρ, in nats; eigenvalues at or below zero (rounding) contribute nothing.
    ///
    /// # Errors
    /// As [`Density::spectrum`].
    pub fn entropy(&self) -> Result<f64, LinalgError> {
        Ok(self.spectrum()?.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum())
    }

    /// First and second moments of all modes.
    pub fn moments(&self) -> FockMoments {
        let space = self.layout.space();
        let modes = space.modes();
        let mut mean = vec![c64::new(0.0, 0.0); modes];
        let mut number = CMatrix::zeros(modes, modes);
        let mut pair = CMatrix::zeros(modes, modes);
        for k in 0..modes {
            let lowered = |list: &[usize]| {
                let mut shift = vec![0; modes];
                list.iter().for_each(|l| shift[*l] -= 1);
                shift
            };
            mean[k] = self.ladder(&lowered(&[k]), |n| f64::from(n[k]).sqrt());
            for l in 0..modes {
                // ⟨a_k†a_l⟩ and ⟨a_k a_l⟩.
                let mut exchange = lowered(&[l]);
                exchange[k] += 1;
                number[(k, l)] = if k == l {
                    self.ladder(&exchange, |n| f64::from(n[k]))
                } else {
                    self.ladder(&exchange, |n| (f64::from(n[k] + 1) * f64::from(n[l])).sqrt())
                };
                pair[(k, l)] = if k == l {
                    self.ladder(&lowered(&[k, k]), |n| (f64::from(n[k]) * f64::from(n[k] - 1)).max(0.0).sqrt())
                } else {
                    self.ladder(&lowered(&[k, l]), |n| (f64::from(n[k]) * f64::from(n[l])).sqrt())
                };
            }
        }
        let mut covariance = RMatrix::zeros(2 * modes, 2 * modes);
        for k in 0..modes {
            for l in 0..modes {
                let m = number[(k, l)] - mean[k].conj() * mean[l];
                let p = pair[(k, l)] - mean[k] * mean[l];
                let vacuum = if k == l { 0.5 } else { 0.0 };
                // q = (a + a†)/√2, p = (a − a†)/(i√2).
                covariance[(2 * k, 2 * l)] = p.re + m.re + vacuum;
                covariance[(2 * k + 1, 2 * l + 1)] = m.re - p.re + vacuum;
                covariance[(2 * k, 2 * l + 1)] = p.im + m.im;
                covariance[(2 * k + 1, 2 * l)] = p.im - m.im;
            }
        }
        FockMoments { mean, covariance }
    }

    /// tr(O ρ) for O with ⟨n + s|O|n⟩ = weight(n).
    pub(super) fn ladder(&self, shift: &[i32], weight: impl Fn(&[i32]) -> f64) -> c64 {
        let turned: Vec<i32> = shift.iter().map(|s| -s).collect();
        let (diagonal, conjugate) = match (self.layout.diagonal_index(shift), self.layout.diagonal_index(&turned)) {
            (Some(diagonal), _) => (diagonal, false),
            (None, Some(diagonal)) => (diagonal, true),
            (None, None) => return c64::new(0.0, 0.0),
        };
        let space = self.layout.space();
        let half = self.layout.len();
        let m = &self.layout.diagonals()[diagonal];
        let last = m.len() - 1;
        let mut n = vec![0; m.len()];
        let (mut re, mut im) = (0.0, 0.0);
        for row in self.layout.rows().iter().filter(|row| row.diagonal as usize == diagonal) {
            let (from, offset) = if conjugate { (row.bra, m[last]) } else { (row.ket, 0) };
            n[..last].copy_from_slice(space.prefix(from as usize));
            for j in 0..row.length as usize {
                n[last] = row.low + offset + j as i32;
                let w = weight(&n);
                re += w * self.data[row.offset + j];
                im += w * self.data[half + row.offset + j];
            }
        }
        c64::new(re, if conjugate { -im } else { im })
    }

    /// The weight of states at the edge of the cut-off, and of those within `depth` quanta of it.
    pub fn edge_weight(&self) -> f64 {
        let populations = self.populations();
        let space = self.layout.space();
        let mut weight = 0.0;
        space.each(|at, n| {
            if space.at_edge(n) {
                weight += populations[at];
            }
        });
        weight
    }
}

/// First and second moments of a [`Density`].
#[derive(Clone, Debug, PartialEq)]
pub struct FockMoments {
    /// ⟨a_k⟩.
    pub mean: Vec<c64>,
    /// Symmetrised covariance in the order (q₁, p₁, …).
    pub covariance: RMatrix,
}

impl Moments for FockMoments {
    fn modes(&self) -> usize {
        self.mean.len()
    }

    fn mean(&self, k: usize) -> c64 {
        self.mean[k]
    }

    fn covariance(&self, k: usize, l: usize) -> Block {
        let v = &self.covariance;
        [[v[(2 * k, 2 * l)], v[(2 * k, 2 * l + 1)]], [v[(2 * k + 1, 2 * l)], v[(2 * k + 1, 2 * l + 1)]]]
    }
}
