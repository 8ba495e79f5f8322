//! Gaussian states of two modes for the general statements of the paper.

use std::f64::consts::TAU;

use huygens::measures::{Moments, Snapshot, resolve};
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::laboratory::trouble;
use crate::papers::PaperError;

/// SplitMix64: the same states on every machine.
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// Standard normal, by Box and Muller.
    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (TAU * self.uniform()).cos()
    }

    fn means(&mut self) -> Vec<c64> {
        (0..2).map(|_| c64::from_polar(3.0 * self.exponential(), TAU * self.uniform())).collect()
    }

    /// A passive transformation: rotations before and after a beam splitter.
    fn passive(&mut self) -> RMatrix {
        let (c, s) = {
            let angle = TAU * self.uniform();
            (angle.cos(), angle.sin())
        };
        let splitter =
            RMatrix::from_rows(&[&[c, 0.0, s, 0.0], &[0.0, c, 0.0, s], &[-s, 0.0, c, 0.0], &[0.0, -s, 0.0, c]]);
        let (before, after) = (self.turns(), self.turns());
        &(&before * &splitter) * &after
    }

    fn turns(&mut self) -> RMatrix {
        let mut m = RMatrix::zeros(4, 4);
        for k in 0..2 {
            let angle = TAU * self.uniform();
            let (s, c) = angle.sin_cos();
            (m[(2 * k, 2 * k)], m[(2 * k, 2 * k + 1)]) = (c, s);
            (m[(2 * k + 1, 2 * k)], m[(2 * k + 1, 2 * k + 1)]) = (-s, c);
        }
        m
    }

    /// Any physical state: V = S diag(ν₁, ν₁, ν₂, ν₂) Sᵀ with ν ≥ ½ and S = passive · squeezing · passive. Nearly pure and
    /// hardly squeezed states, where bounds are tight, are as frequent as others.
    pub fn physical(&mut self) -> Snapshot {
        let size = self.uniform().powi(4);
        let nu = [0.5 + size * self.exponential(), 0.5 + size * self.exponential()];
        let r = [2.0 * size * self.normal(), 2.0 * size * self.normal()];
        let diagonal: Vec<f64> =
            (0..2).flat_map(|k| [nu[k] * (2.0 * r[k]).exp(), nu[k] * (-2.0 * r[k]).exp()]).collect();
        // ν in the middle commutes with passive transformations only if ν₁ = ν₂: mix before squeezing, too.
        let first = self.passive();
        let thermal = RMatrix::from_fn(4, 4, |i, j| if i == j { nu[i / 2] } else { 0.0 });
        let mixed = &(&first * &thermal) * &first.transpose();
        let squeeze = RMatrix::from_fn(4, 4, |i, j| if i == j { (diagonal[i] / nu[i / 2]).sqrt() } else { 0.0 });
        let last = &self.passive() * &squeeze;
        let mut covariance = &(&last * &mixed) * &last.transpose();
        covariance.symmetrize();
        Snapshot { mean: self.means(), covariance }
    }

    /// A state with a positive P function: V − ½ is a classical covariance.
    pub fn classical(&mut self) -> Snapshot {
        let size = self.uniform().powi(6);
        let mut m = RMatrix::zeros(4, 4);
        for i in 0..4 {
            for j in 0..4 {
                m[(i, j)] = size * self.normal();
            }
        }
        let mut covariance = &(&m * &m.transpose()) + &RMatrix::identity(4).scale(0.5);
        covariance.symmetrize();
        Snapshot { mean: self.means(), covariance }
    }
}

/// Two factorised coherent states of this mean.
pub(super) fn coherent(mean: c64) -> Snapshot {
    Snapshot { mean: vec![mean; 2], covariance: RMatrix::identity(4).scale(0.5) }
}

/// Two modes on the q axis, each squeezed across its clock hand to ⟨p²⟩ = ε.
pub(super) fn squeezed(epsilon: f64) -> Snapshot {
    let diagonal = [0.25 / epsilon, epsilon, 0.25 / epsilon, epsilon];
    Snapshot {
        mean: vec![c64::new(5.0, 0.0); 2],
        covariance: RMatrix::from_fn(4, 4, |i, j| if i == j { diagonal[i] } else { 0.0 }),
    }
}

/// Two-mode squeezed vacuum: q₁ − q₂ and p₁ + p₂ squeezed by e^{−r}; the EPR state for r → ∞.
pub(super) fn two_mode_squeezed(r: f64) -> Snapshot {
    let (c, s) = (0.5 * (2.0 * r).cosh(), 0.5 * (2.0 * r).sinh());
    Snapshot {
        mean: vec![c64::new(0.0, 0.0); 2],
        covariance: RMatrix::from_rows(&[&[c, 0.0, s, 0.0], &[0.0, c, 0.0, -s], &[s, 0.0, c, 0.0], &[0.0, -s, 0.0, c]]),
    }
}

/// The second mode with its momentum turned round: its q₋ and p₋ are q₋ and p₊ of the state.
pub(super) fn mirrored(state: &Snapshot) -> Snapshot {
    let sign = |i: usize| if i == 3 { -1.0 } else { 1.0 };
    Snapshot {
        mean: vec![state.mean[0], state.mean[1].conj()],
        covariance: RMatrix::from_fn(4, 4, |i, j| sign(i) * sign(j) * state.covariance[(i, j)]),
    }
}

/// A measure of a state of two modes b1 and b2.
pub(super) fn measured(text: &str, state: &dyn Moments) -> Result<f64, PaperError> {
    let names = ["b1".to_owned(), "b2".to_owned()];
    let request = resolve(text, &names, &[0, 1]).map_err(|e| trouble(text, e.to_string()))?;
    request.of(state).ok_or_else(|| trouble(text, "not a measure of a state"))
}
