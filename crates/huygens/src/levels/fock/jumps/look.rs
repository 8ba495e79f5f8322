//! What is added up over trajectories: moments, the edge of the cut-off, the density matrix.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::CMatrix;

use super::super::density::{Density, FockMoments};
use super::super::generator::LANES;
use super::super::layout::Layout;
use super::super::shifted::Shifted;
use super::super::space::Space;
use super::apply::{Amplitude, Ladder};
use crate::algebra::{ModeId, Operator};

/// The operators of all first and second moments.
#[derive(Clone, Debug)]
pub(super) struct Observables {
    ladders: Vec<Vec<Ladder>>,
    edge: Vec<usize>,
}

impl Observables {
    pub(super) fn new(space: &Space) -> Self {
        let modes = space.modes();
        let a = |k: usize| Operator::annihilation(ModeId(k as u32));
        let mut operators: Vec<Operator> = (0..modes).map(a).collect();
        for k in 0..modes {
            for l in k..modes {
                operators.push(a(k).adjoint().mul(&a(l)));
                operators.push(a(k).mul(&a(l)));
            }
        }
        let ladders = operators.iter().map(|operator| {
            let shifted = Shifted::new(space, operator, &[], 0.0).expect("moments have no parameters");
            Ladder::all(space, &shifted)
        });
        let ladders = ladders.collect();
        let mut edge = Vec::new();
        space.each(|at, n| {
            if space.at_edge(n) {
                edge.push(at);
            }
        });
        Self { ladders, edge }
    }

    /// Numbers kept of one state: the weight at the edge, and real and imaginary part of each moment.
    pub(super) fn width(&self) -> usize {
        1 + 2 * self.ladders.len()
    }

    /// Adds the numbers of the first states times their weights, in their order.
    pub(super) fn add<const L: usize>(&self, psi: &[Amplitude<L>], norms: &[f64; L], weights: &[f64], out: &mut [f64]) {
        let mut edge = [0.0; L];
        for n in &self.edge {
            let [re, im] = &psi[*n];
            for l in 0..L {
                edge[l] += re[l] * re[l] + im[l] * im[l];
            }
        }
        let mut put = |at: usize, values: &[f64; L]| {
            for (l, weight) in weights.iter().enumerate() {
                out[at] += weight * (values[l] / norms[l]);
            }
        };
        put(0, &edge);
        for (k, ladders) in self.ladders.iter().enumerate() {
            for ladder in ladders {
                let [re, im] = ladder.expectation(psi);
                put(1 + 2 * k, &re);
                put(2 + 2 * k, &im);
            }
        }
    }
}

/// Sums over trajectories at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    /// Number of trajectories.
    pub trajectories: f64,
    /// Sum of their weights: their number, where no run is discarded.
    pub count: f64,
    /// Sum of the squares of their weights.
    pub squares: f64,
    /// Weight at the edge, and the moments ⟨a_k⟩, then ⟨a_k†a_l⟩ and ⟨a_k a_l⟩ for k ≤ l, as real and imaginary parts.
    pub numbers: Vec<f64>,
    /// Planes of the density matrix; empty where it was not asked for.
    pub density: Vec<f64>,
}

impl Sums {
    /// Nothing yet.
    pub(super) fn new(width: usize, layout: Option<&Layout>) -> Self {
        let density = layout.map_or(Vec::new(), |layout| vec![0.0; 2 * layout.len() + LANES]);
        Self { trajectories: 0.0, count: 0.0, squares: 0.0, numbers: vec![0.0; width], density }
    }

    /// Adds the trajectories of another, or with `sign` = −1 takes them away.
    pub fn merge(&mut self, other: &Self, sign: f64) {
        self.trajectories += sign * other.trajectories;
        self.count += sign * other.count;
        self.squares += sign * other.squares;
        self.numbers.iter_mut().zip(&other.numbers).for_each(|(x, y)| *x += sign * y);
        self.density.iter_mut().zip(&other.density).for_each(|(x, y)| *x += sign * y);
    }

    /// The weight of the states at the edge of the cut-off.
    pub fn edge(&self) -> f64 {
        if self.count > 0.0 { self.numbers[0] / self.count } else { 0.0 }
    }

    /// The share of runs that are kept.
    pub fn survival(&self) -> f64 {
        self.count / self.trajectories
    }

    /// The number of equal weights that would leave as large an error as these, (Σw)²/Σw².
    pub fn effective(&self) -> f64 {
        if self.count > 0.0 { self.count * self.count / self.squares } else { 0.0 }
    }

    /// Adds the weights of some trajectories.
    pub(super) fn add_weights(&mut self, weights: &[f64]) {
        self.trajectories += weights.len() as f64;
        self.count += weights.iter().sum::<f64>();
        self.squares += weights.iter().map(|w| w * w).sum::<f64>();
    }

    /// First and second moments of the mean state.
    pub fn moments(&self, modes: usize) -> FockMoments {
        let at = |k: usize| c64::new(self.numbers[1 + 2 * k], self.numbers[2 + 2 * k]) / self.count;
        let mean: Vec<c64> = (0..modes).map(at).collect();
        let mut number = CMatrix::zeros(modes, modes);
        let mut pair = CMatrix::zeros(modes, modes);
        let mut next = modes;
        for k in 0..modes {
            for l in k..modes {
                number[(k, l)] = at(next);
                number[(l, k)] = number[(k, l)].conj();
                pair[(k, l)] = at(next + 1);
                pair[(l, k)] = pair[(k, l)];
                next += 2;
            }
        }
        FockMoments::new(mean, &number, &pair)
    }

    /// The mean density matrix on the layout it was added up on.
    pub fn state(&self, layout: &Arc<Layout>) -> Density {
        let factor = 1.0 / self.count;
        Density::from_planes(layout.clone(), self.density.iter().map(|x| factor * x).collect())
    }

    /// Adds a multiple of |ψ⟩⟨ψ| on a layout.
    pub(super) fn add_state(&mut self, layout: &Layout, psi: &[c64], factor: f64) {
        let half = layout.len();
        let (re, im) = self.density.split_at_mut(half);
        layout.each(|at, ket, bra| {
            let z = factor * psi[ket] * psi[bra].conj();
            re[at] += z.re;
            im[at] += z.im;
        });
    }
}
