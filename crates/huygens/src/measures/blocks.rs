//! The 2×2 blocks that a measure of one or two modes is made of.

use huygens_numerics::c64;

use super::Moments;

/// Covariance of (q, p) of one mode with (q, p) of another.
pub type Block = [[f64; 2]; 2];

/// Below this |⟨a⟩| a mode has no phase: its mean is far inside the vacuum fluctuations and its direction is rounding.
const NO_MEAN: f64 = 1e-10;

/// The blocks of two modes: V_kk, V_ll and V_kl.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) a: Block,
    pub(crate) b: Block,
    pub(crate) c: Block,
}

impl Pair {
    pub(crate) fn of(state: &dyn Moments, k: usize, l: usize) -> Self {
        Self { a: state.covariance(k, k), b: state.covariance(l, l), c: state.covariance(k, l) }
    }

    /// Every mode in the frame of its own mean phase: q' = q cos φ + p sin φ, p' = p cos φ − q sin φ.
    pub(crate) fn rotated(&self, first: c64, second: c64) -> Self {
        Self { a: rotate(&self.a, first, first), b: rotate(&self.b, second, second), c: rotate(&self.c, first, second) }
    }

    /// Variances of q₋ = (q_k − q_l)/√2 and p₋ = (p_k − p_l)/√2.
    pub(crate) fn difference(&self) -> [f64; 2] {
        [0, 1].map(|i| 0.5 * (self.a[i][i] + self.b[i][i]) - self.c[i][i])
    }
}

/// e^{iφ} = ⟨a⟩/|⟨a⟩|; `None` where the mode has no mean.
pub(crate) fn direction(state: &dyn Moments, k: usize) -> Option<c64> {
    let mean = state.mean(k);
    let radius = mean.norm();
    (radius >= NO_MEAN).then(|| mean / radius)
}

/// R(φ_k) V R(φ_l)ᵀ with R(φ) = [[cos φ, sin φ], [−sin φ, cos φ]].
fn rotate(v: &Block, first: c64, second: c64) -> Block {
    let (c, s) = (first.re, first.im);
    let half = [
        [c * v[0][0] + s * v[1][0], c * v[0][1] + s * v[1][1]],
        [c * v[1][0] - s * v[0][0], c * v[1][1] - s * v[0][1]],
    ];
    let (c, s) = (second.re, second.im);
    half.map(|[x, y]| [x * c + y * s, y * c - x * s])
}

/// 1/x for a variance x. A covariance on a cycle with the collective phase removed need not be positive; where it gives a
/// "variance" that is not, the measure is undefined and not negative.
pub(crate) fn inverse_variance(x: f64) -> f64 {
    if x > 0.0 { x.recip() } else { f64::NAN }
}

/// ⟨q² + p²⟩/2 = |⟨a⟩|² + (V_qq + V_pp)/2 = ⟨a†a⟩ + ½.
pub(crate) fn energy(state: &dyn Moments, k: usize) -> f64 {
    let v = state.energy_covariance(k);
    state.mean(k).norm_sqr() + 0.5 * (v[0][0] + v[1][1])
}
