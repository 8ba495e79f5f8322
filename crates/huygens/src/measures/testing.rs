//! States for the tests of the measures.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::{Snapshot, resolve};

/// Names b1, b2, … for the modes of a state.
fn names(state: &Snapshot) -> Vec<String> {
    (1..=state.mean.len()).map(|k| format!("b{k}")).collect()
}

/// A measure, as text, of a state.
pub(crate) fn evaluate(text: &str, state: &Snapshot) -> f64 {
    let all: Vec<usize> = (0..state.mean.len()).collect();
    resolve(text, &names(state), &all).unwrap().of(state).unwrap()
}

/// Zero means, this covariance.
pub(crate) fn gaussian(rows: &[&[f64]]) -> Snapshot {
    Snapshot { mean: vec![c64::new(0.0, 0.0); rows.len() / 2], covariance: RMatrix::from_rows(rows) }
}

/// Coherent states.
pub(crate) fn coherent(means: &[c64]) -> Snapshot {
    Snapshot { mean: means.to_vec(), covariance: RMatrix::identity(2 * means.len()).scale(0.5) }
}

/// Two modes of equal real mean, each squeezed to ⟨p²⟩ = ε.
pub(crate) fn squeezed(eps: f64) -> Snapshot {
    let diagonal = [0.25 / eps, eps, 0.25 / eps, eps];
    let covariance = RMatrix::from_fn(4, 4, |i, j| if i == j { diagonal[i] } else { 0.0 });
    Snapshot { mean: vec![c64::new(5.0, 0.0); 2], covariance }
}

/// Two-mode squeezed vacuum.
pub(crate) fn two_mode_squeezed(r: f64) -> Snapshot {
    let (c, s) = (0.5 * (2.0 * r).cosh(), 0.5 * (2.0 * r).sinh());
    gaussian(&[&[c, 0.0, s, 0.0], &[0.0, c, 0.0, -s], &[s, 0.0, c, 0.0], &[0.0, -s, 0.0, c]])
}

/// Means and covariance after the symplectic transformation S.
pub(crate) fn apply(s: &RMatrix, state: &Snapshot) -> Snapshot {
    let n = state.mean.len();
    let covariance = &(s * &state.covariance) * &s.transpose();
    let r: Vec<f64> = state.mean.iter().flat_map(|a| [a.re, a.im]).collect();
    let moved = s.mul_vec(&r);
    let mean = (0..n).map(|k| c64::new(moved[2 * k], moved[2 * k + 1])).collect();
    let covariance = RMatrix::from_fn(2 * n, 2 * n, |i, j| 0.5 * (covariance[(i, j)] + covariance[(j, i)]));
    Snapshot { mean, covariance }
}

/// Every mode turned in phase space: a_k → a_k e^{iθ_k}.
pub(crate) fn rotate_modes(state: &Snapshot, angles: &[f64]) -> Snapshot {
    apply(&rotation(angles), state)
}

fn rotation(angles: &[f64]) -> RMatrix {
    let mut s = RMatrix::zeros(2 * angles.len(), 2 * angles.len());
    for (k, angle) in angles.iter().enumerate() {
        let (sin, cos) = angle.sin_cos();
        for (i, j, x) in [(0, 0, cos), (0, 1, -sin), (1, 0, sin), (1, 1, cos)] {
            s[(2 * k + i, 2 * k + j)] = x;
        }
    }
    s
}

/// SplitMix64, enough for test states.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// Beam splitters between all pairs, with phases.
    fn passive(&mut self, n: usize) -> RMatrix {
        let mut s = rotation(&(0..n).map(|_| 6.3 * self.uniform()).collect::<Vec<_>>());
        for k in 0..n {
            for l in k + 1..n {
                let (sin, cos) = (6.3 * self.uniform()).sin_cos();
                let mut splitter = RMatrix::identity(2 * n);
                for i in 0..2 {
                    splitter[(2 * k + i, 2 * k + i)] = cos;
                    splitter[(2 * l + i, 2 * l + i)] = cos;
                    splitter[(2 * k + i, 2 * l + i)] = sin;
                    splitter[(2 * l + i, 2 * k + i)] = -sin;
                }
                let phases = rotation(&(0..n).map(|_| 6.3 * self.uniform()).collect::<Vec<_>>());
                s = &(&phases * &splitter) * &s;
            }
        }
        s
    }

    fn squeezers(&mut self, n: usize, strength: f64) -> RMatrix {
        let r: Vec<f64> = (0..n).map(|_| strength * self.normal()).collect();
        RMatrix::from_fn(2 * n, 2 * n, |i, j| match (i == j, i % 2) {
            (false, _) => 0.0,
            (true, 0) => r[i / 2].exp(),
            (true, _) => (-r[i / 2]).exp(),
        })
    }

    /// Rotation and squeezing of each mode by itself.
    pub(crate) fn local_symplectic(&mut self, n: usize) -> RMatrix {
        let angles: Vec<f64> = (0..n).map(|_| 6.3 * self.uniform()).collect();
        &self.squeezers(n, 0.4) * &rotation(&angles)
    }

    fn means(&mut self, n: usize) -> Vec<c64> {
        (0..n).map(|_| c64::new(3.0 * self.normal(), 3.0 * self.normal())).collect()
    }

    /// A state with this symplectic spectrum, by passive · squeezers · passive.
    pub(crate) fn with_spectrum(&mut self, nu: &[f64], squeezing: f64) -> Snapshot {
        let n = nu.len();
        let covariance = RMatrix::from_fn(2 * n, 2 * n, |i, j| if i == j { nu[i / 2] } else { 0.0 });
        let s = &(&self.passive(n) * &self.squeezers(n, squeezing)) * &self.passive(n);
        let mean = self.means(n);
        Snapshot { mean: mean.clone(), ..apply(&s, &Snapshot { mean, covariance }) }
    }

    /// Any physical state, from nearly pure to hot, from unsqueezed to strongly squeezed.
    pub(crate) fn physical(&mut self, n: usize) -> Snapshot {
        let heat = 2.0 * self.uniform().powi(4);
        let nu: Vec<f64> = (0..n).map(|_| 0.5 + heat * self.exponential()).collect();
        let squeezing = 0.8 * self.uniform();
        self.with_spectrum(&nu, squeezing)
    }

    /// A state with a positive P function: V − ½ ≥ 0.
    pub(crate) fn p_positive(&mut self, n: usize) -> Snapshot {
        let size = 0.7 * self.uniform().powi(2);
        let g = RMatrix::from_fn(2 * n, 2 * n, |_, _| size * self.normal());
        let excess = &g * &g.transpose();
        let mean = self.means(n);
        Snapshot { mean, covariance: &RMatrix::identity(2 * n).scale(0.5) + &excess }
    }
}
