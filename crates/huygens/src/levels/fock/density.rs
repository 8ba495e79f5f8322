//! Density matrices.

use std::collections::HashMap;
use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, LinalgError, RMatrix, hermitian_eigen};
use huygens_numerics::random::Stream;

use super::components::Components;
use super::generator::LANES;
use super::layout::{Layout, Population};
use super::shifted::Shifted;
use super::space::Space;
use crate::algebra::{EvalError, ModeId, Operator, Scalar};
use crate::measures::{Block, Moments};

/// A density matrix ρ = R/tr R on a Hermitian [`Layout`], in number states |n⟩ or in displaced ones D(α)|n⟩.
///
/// Populations, elements, blocks and the expectation values of [`Shifted`] operators are those in the states of the basis; moments,
/// [`Density::average`] and quasiprobabilities are those of the whole state, and what does not depend on a displacement of each
/// mode is the same.
#[derive(Clone, Debug)]
pub struct Density {
    layout: Arc<Layout>,
    /// α of each mode; empty for number states about the origin.
    displacement: Vec<c64>,
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

impl DensityBlock {
    /// tr(O X) for the part of an operator within the block and a matrix X on its states.
    pub fn trace_with(&self, operator: &Shifted, space: &Space, matrix: &CMatrix) -> c64 {
        let place: HashMap<usize, usize> = self.states.iter().enumerate().map(|(k, s)| (*s, k)).collect();
        let numbers: Vec<Vec<i32>> = self.states.iter().map(|s| space.numbers_of(*s)).collect();
        let mut sum = c64::new(0.0, 0.0);
        for (shift, table) in &operator.parts {
            for (k, state) in self.states.iter().enumerate() {
                let target: Vec<i32> = numbers[k].iter().zip(shift).map(|(n, s)| n + s).collect();
                if let Some(to) = space.index(&target).and_then(|at| place.get(&at)) {
                    // Σ ⟨n + s|O|n⟩⟨n|X|n + s⟩.
                    sum += table[*state] * matrix[(k, *to)];
                }
            }
        }
        sum
    }
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
        let numbers = layout.space().numbers();
        let state = |at: usize| &numbers[at * modes..(at + 1) * modes];
        let half = layout.len();
        let mut data = vec![0.0; 2 * half + LANES];
        layout.each(|at, ket, bra| {
            let z = element(state(ket), state(bra));
            (data[at], data[half + at]) = (z.re, z.im);
        });
        let mut density = Self { layout, displacement: Vec::new(), data, log_trace: 0.0 };
        let trace = density.trace();
        if trace > 0.0 {
            density.rescale(trace);
            density.log_trace = 0.0;
        }
        (density, trace)
    }

    /// From two planes of numbers on a layout and their padding, as a solver or a generator gives them; not normalised.
    pub fn from_planes(layout: Arc<Layout>, data: Vec<f64>) -> Self {
        Self { layout, displacement: Vec::new(), data, log_trace: 0.0 }
    }

    /// The same elements in the states D(α)|n⟩.
    ///
    /// # Panics
    /// When α has not one number for each mode.
    #[must_use]
    pub fn displaced(mut self, alpha: Vec<c64>) -> Self {
        assert_eq!(alpha.len(), self.layout.space().modes(), "one displacement for each mode");
        self.displacement = alpha;
        self
    }

    /// α of the basis D(α)|n⟩; none for number states about the origin.
    pub fn displacement(&self) -> Option<&[c64]> {
        (!self.displacement.is_empty()).then_some(self.displacement.as_slice())
    }

    pub(super) fn displacement_mut(&mut self) -> &mut [c64] {
        &mut self.displacement
    }

    /// Adds to the logarithm of the trace that the linear flow would have.
    pub(super) fn grow(&mut self, logarithm: f64) {
        self.log_trace += logarithm;
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

    /// Multiplies every stored element by 1 + `size` times a number from (−1, 1), the same for real and imaginary part, and
    /// normalises: a disturbance as rounding makes it.
    pub fn disturb(&mut self, size: f64, mut stream: Stream) {
        let half = self.layout.len();
        for at in 0..half {
            let factor = 1.0 + size * (2.0 * stream.uniform() - 1.0);
            self.data[at] *= factor;
            self.data[half + at] *= factor;
        }
        let trace = self.trace();
        let before = self.log_trace;
        self.rescale(trace);
        self.log_trace = before;
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

    /// tr(X ρ) of a polynomial, whatever the basis; exact but for what the cut-off leaves out of the state.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub fn average(&self, operator: &Operator, params: &[f64], t: f64) -> Result<c64, EvalError> {
        let alpha = |mode: ModeId| self.displacement.get(mode.0 as usize).map(|z| Scalar::number(*z));
        Ok(self.expect(&Shifted::new(self.layout.space(), &operator.displaced(&alpha), params, t)?))
    }

    /// ⟨n|ρ|n′⟩; zero where it is not stored.
    pub fn element(&self, ket: &[i32], bra: &[i32]) -> c64 {
        match self.layout.place(ket, bra) {
            Some((at, conjugate)) => {
                let z = c64::new(self.data[at], self.data[self.layout.len() + at]);
                if conjugate { z.conj() } else { z }
            }
            None => c64::new(0.0, 0.0),
        }
    }

    /// The blocks of states that the stored elements connect, as matrices.
    pub fn blocks(&self) -> Vec<DensityBlock> {
        connected(self.layout.space().len(), |see| {
            let half = self.layout.len();
            self.layout.each(|at, ket, bra| see(ket, bra, c64::new(self.data[at], self.data[half + at])));
        })
    }

    /// The blocks of the partial transpose on some modes, ⟨n|ρ^T|n′⟩ with the numbers of these modes exchanged between n and n′.
    ///
    /// States that the exchange takes beyond a total cut-off do not occur in ρ and are counted on their own, so that the
    /// spectrum is that of the whole transpose.
    pub fn transposed_blocks(&self, modes: &[usize]) -> Vec<DensityBlock> {
        let numbers = self.layout.space().numbers();
        let width = self.layout.space().modes();
        let mut places: HashMap<Vec<i32>, usize> = HashMap::new();
        let mut list: Vec<(usize, usize, c64)> = Vec::with_capacity(2 * self.layout.len());
        let half = self.layout.len();
        self.layout.each(|at, ket, bra| {
            let z = c64::new(self.data[at], self.data[half + at]);
            let mut n = numbers[ket * width..(ket + 1) * width].to_vec();
            let mut other = numbers[bra * width..(bra + 1) * width].to_vec();
            modes.iter().for_each(|k| std::mem::swap(&mut n[*k], &mut other[*k]));
            let mut place = |n: Vec<i32>| {
                let next = places.len();
                *places.entry(n).or_insert(next)
            };
            let (a, b) = (place(n), place(other));
            list.push((a, b, z));
        });
        connected(places.len(), |see| list.iter().for_each(|(a, b, z)| see(*a, *b, *z)))
    }

    /// The state of some modes alone, in the order given.
    ///
    /// # Panics
    /// When no mode is kept, one occurs twice, or one does not exist.
    pub fn partial_trace(&self, keep: &[usize]) -> Density {
        let space = self.layout.space();
        assert!(!keep.is_empty() && keep.iter().all(|k| *k < space.modes()), "modes of the state are kept");
        let small = Arc::new(space.part(keep).expect("a part of a space is a space"));
        let unit = |k: usize| (0..keep.len()).map(|j| i32::from(j == k)).collect::<Vec<i32>>();
        let zero = vec![0; keep.len()];
        let mut shifts: Vec<(Vec<i32>, Vec<i32>)> = (0..keep.len()).map(|k| (unit(k), unit(k))).collect();
        let mut kept = vec![false; self.layout.diagonals().len()];
        for (m, kept) in self.layout.diagonals().iter().zip(&mut kept) {
            if (0..m.len()).all(|k| m[k] == 0 || keep.contains(&k)) {
                *kept = true;
                shifts.push((zero.clone(), keep.iter().map(|k| m[*k]).collect()));
            }
        }
        let population = Population::new(&zero, shifts);
        let layout = Arc::new(Layout::new(small.clone(), &population, true, usize::MAX).expect("no limit"));
        let (half, all) = (layout.len(), self.layout.len());
        let mut data = vec![0.0; 2 * half + LANES];
        let last = space.modes() - 1;
        let mut n = vec![0; space.modes()];
        let mut part = zero.clone();
        for row in self.layout.rows().iter().filter(|row| kept[row.diagonal as usize]) {
            let m = &self.layout.diagonals()[row.diagonal as usize];
            n[..last].copy_from_slice(space.prefix(row.ket as usize));
            for j in 0..row.length as usize {
                n[last] = row.low + j as i32;
                part.iter_mut().zip(keep).for_each(|(p, k)| *p = n[*k]);
                let other: Vec<i32> = keep.iter().map(|k| n[*k] + m[*k]).collect();
                let z = c64::new(self.data[row.offset + j], self.data[all + row.offset + j]);
                // The order of the kept modes may turn an element into its conjugate.
                if let Some((at, conjugate)) = layout.place(&part, &other) {
                    data[at] += z.re;
                    data[half + at] += if conjugate { -z.im } else { z.im };
                }
            }
        }
        let displacement = match self.displacement() {
            Some(alpha) => keep.iter().map(|k| alpha[*k]).collect(),
            None => Vec::new(),
        };
        Density { layout, displacement, data, log_trace: self.log_trace }
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

    /// tr ρ².
    pub fn purity(&self) -> f64 {
        let half = self.layout.len();
        let modes = self.layout.space().modes();
        let main = self.layout.diagonal_index(&vec![0; modes]);
        let mut sum = 0.0;
        for row in self.layout.rows() {
            let span = row.offset..row.offset + row.length as usize;
            let part: f64 = span.map(|at| self.data[at].powi(2) + self.data[half + at].powi(2)).sum();
            sum += if Some(row.diagonal as usize) == main { part } else { 2.0 * part };
        }
        sum
    }

    /// ln ‖ρ^T‖₁ of the partial transpose on some modes: the logarithmic negativity.
    ///
    /// # Errors
    /// As [`Density::spectrum`].
    pub fn log_negativity(&self, modes: &[usize]) -> Result<f64, LinalgError> {
        let mut norm = 0.0;
        for block in self.transposed_blocks(modes) {
            norm += hermitian_eigen(&block.matrix)?.0.iter().map(|x| x.abs()).sum::<f64>();
        }
        Ok(norm.ln())
    }

    /// c_q = Σ_n ⟨n + q|ρ|n⟩, the Fourier coefficients of the distribution of phases
    /// P(φ) = (2π)^{−M} Σ_q c_q e^{−iq·φ} in the phase states |φ⟩ = Σ_n e^{inφ}|n⟩ (Pegg and Barnett, Phys. Rev. A 39, 1665 (1989)).
    pub fn phase_coefficient(&self, shift: &[i32]) -> c64 {
        // tr(O ρ) with O = Σ_n |n⟩⟨n + q|.
        let down: Vec<i32> = shift.iter().map(|s| -s).collect();
        self.ladder(&down, |n| f64::from(u8::from(n.iter().zip(shift).all(|(n, s)| n >= s))))
    }

    /// The distribution P(φ_k − φ_l) of a relative phase, or P(φ_k) where `second` is none, at `count` equal steps from −π:
    /// P(φ) = (1/2π) Σ_q c_q e^{−iqφ} with c_q = Σ ⟨n + q e|ρ|n⟩, e the unit of mode k less that of l. ∫P dφ = 1.
    pub fn phase_distribution(&self, first: usize, second: Option<usize>, count: usize) -> Vec<[f64; 2]> {
        let step = std::f64::consts::TAU / count as f64;
        let angles = (0..count).map(|j| -std::f64::consts::PI + (j as f64 + 0.5) * step);
        self.waves(first, second, angles, |shift| self.phase_coefficient(shift))
    }

    /// (φ, (1/2π) Σ_q c_q e^{−iqφ}) at the given angles, for the coefficients c_q, q ≥ 0, of the shifts q e, e the unit of mode k less that
    /// of l; those of −q are their conjugates.
    pub(crate) fn waves(
        &self,
        first: usize,
        second: Option<usize>,
        angles: impl Iterator<Item = f64>,
        coefficient: impl Fn(&[i32]) -> c64,
    ) -> Vec<[f64; 2]> {
        let top = self.layout.space().top();
        let most = second.map_or(top[first], |l| top[first].min(top[l]));
        let coefficients: Vec<c64> = (0..=most)
            .map(|q| {
                let mut shift = vec![0; top.len()];
                shift[first] = q;
                if let Some(l) = second {
                    shift[l] -= q;
                }
                coefficient(&shift)
            })
            .collect();
        angles
            .map(|phi| {
                let mut sum = coefficients[0].re;
                for (q, c) in coefficients.iter().enumerate().skip(1) {
                    sum += 2.0 * (c * c64::from_polar(1.0, -(q as f64) * phi)).re;
                }
                [phi, sum / std::f64::consts::TAU]
            })
            .collect()
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
        let mut moments = FockMoments::new(mean, &number, &pair);
        moments.mean.iter_mut().zip(&self.displacement).for_each(|(mean, alpha)| *mean += alpha);
        moments
    }

    /// tr(O ρ) for O with ⟨n + s|O|n⟩ = weight(n).
    pub(crate) fn ladder(&self, shift: &[i32], weight: impl Fn(&[i32]) -> f64) -> c64 {
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

/// The Hermitian matrices of the states that elements connect; `walk` shows every element ⟨a|·|b⟩ once, of a pair of conjugate
/// ones only one.
fn connected(states: usize, walk: impl Fn(&mut dyn FnMut(usize, usize, c64))) -> Vec<DensityBlock> {
    let Components { blocks, place } = Components::new(states, |see| walk(&mut |ket, bra, _| see(ket, bra)));
    let mut list: Vec<DensityBlock> = blocks
        .into_iter()
        .map(|states| DensityBlock { matrix: CMatrix::zeros(states.len(), states.len()), states })
        .collect();
    walk(&mut |ket, bra, z| {
        let ((block, i), (_, j)) = (place[ket], place[bra]);
        list[block].matrix[(i, j)] = z;
        list[block].matrix[(j, i)] = z.conj();
    });
    list
}

/// First and second moments of a [`Density`].
#[derive(Clone, Debug, PartialEq)]
pub struct FockMoments {
    /// ⟨a_k⟩.
    pub mean: Vec<c64>,
    /// Symmetrised covariance in the order (q₁, p₁, …).
    pub covariance: RMatrix,
}

impl FockMoments {
    /// From ⟨a_k⟩, ⟨a_k†a_l⟩ and ⟨a_k a_l⟩.
    pub(super) fn new(mean: Vec<c64>, number: &CMatrix, pair: &CMatrix) -> Self {
        let modes = mean.len();
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
