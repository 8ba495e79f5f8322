//! Initial states: products of displaced, squeezed thermal states in number states.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::space::Cutoff;

/// ⟨m|ρ|n⟩ for m, n ≤ top of the Gaussian state of one mode with ⟨a⟩ = `mean`, occupation n̄ and squeezing r at the angle θ,
/// row by row.
///
/// By the recurrence of the generating function (Quesada et al., Phys. Rev. A 100, 022341 (2019)): with the covariance of the Husimi
/// function Q = \[\[n + 1, s\], \[s*, n + 1\]\] of (a, a†), n = ⟨δa†δa⟩ and s = ⟨δa²⟩.
pub(super) fn gaussian(mean: c64, occupation: f64, squeezing: f64, angle: f64, top: usize) -> Vec<c64> {
    // V = R diag((n̄+½)e^{−2r}, (n̄+½)e^{2r}) Rᵀ: n + ½ = (n̄+½) cosh 2r, s = −(n̄+½) sinh 2r e^{2iθ}.
    let width = occupation + 0.5;
    let n = width * (2.0 * squeezing).cosh() - 0.5;
    let s = c64::from_polar(-width * (2.0 * squeezing).sinh(), 2.0 * angle);
    // Q^{-1} = [[d, −s], [−s*, d]]/det with d = n + 1.
    let d = n + 1.0;
    let det = d * d - s.norm_sqr();
    // ⟨z|ρ|w⟩ e^{(|z|²+|w|²)/2} = ρ_00 exp(u + v + ...) in z* (ket) and w (bra): quadratic form
    // t z*w + ½ p z*² + ½ p* w² with t = 1 − d/det, p = s/det, and linear terms.
    let t = 1.0 - d / det;
    let p = s / det;
    let linear = (mean * d - s * mean.conj()) / det;
    let vacuum = (-(d * mean.norm_sqr() - (s.conj() * mean * mean).re) / det).exp() / det.sqrt();
    let size = top + 1;
    let mut rho = vec![c64::new(0.0, 0.0); size * size];
    rho[0] = vacuum.into();
    for m in 0..size {
        for k in 0..size {
            if m == 0 && k == 0 {
                continue;
            }
            // Raise the larger index, so that the recurrence runs along short paths.
            let root = |x: usize| (x as f64).sqrt();
            rho[m * size + k] = if m >= k {
                let mut z = linear * rho[(m - 1) * size + k];
                if m >= 2 {
                    z += p * root(m - 1) * rho[(m - 2) * size + k];
                }
                if k >= 1 {
                    z += t * root(k) * rho[(m - 1) * size + k - 1];
                }
                z / root(m)
            } else {
                let mut z = linear.conj() * rho[m * size + k - 1];
                if k >= 2 {
                    z += p.conj() * root(k - 1) * rho[m * size + k - 2];
                }
                if m >= 1 {
                    z += t * root(m) * rho[(m - 1) * size + k - 1];
                }
                z / root(k)
            };
        }
    }
    rho
}

/// About the cut-off (of each mode, or of the total number) that leaves a share `lost` of a Gaussian state out.
pub(crate) fn needed(means: &[c64], covariance: &RMatrix, cutoff: &Cutoff, lost: f64) -> usize {
    // A displaced thermal state: mean number, and an exponential tail with the ratio n/(n + 1) beyond a few standard deviations.
    let one = |(k, mean): (usize, &c64)| {
        let [q, p, c] = [(0, 0), (1, 1), (0, 1)].map(|(i, j)| covariance[(2 * k + i, 2 * k + j)]);
        let n = 0.5 * (q + p) + (0.5 * (q - p)).hypot(c) - 0.5;
        let tail = if n > 1e-12 { lost.ln() / (n / (n + 1.0)).ln() } else { 0.0 };
        let alpha = mean.norm();
        (alpha * alpha + 5.0 * alpha * (2.0 * n + 1.0).sqrt() + tail).ceil() as usize + 1
    };
    let each = means.iter().enumerate().map(one);
    match cutoff {
        Cutoff::Product(_) => each.max().unwrap_or(1),
        Cutoff::Total(_) => each.sum(),
    }
}
