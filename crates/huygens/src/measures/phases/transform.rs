//! From a protophase to a phase.

use std::f64::consts::TAU;

use huygens_numerics::c64;

use super::{PhaseError, finite};

/// The transform from a protophase θ, such as the angle of an orbit, to the phase φ that grows uniformly in the mean:
/// dφ/dθ = 2π ρ(θ), with ρ the density of θ over the record. From the Fourier coefficients S_n = ⟨e^{−inθ}⟩,
///
/// φ = θ + 2 Im Σ_{n=1}^{N} (S_n/n)(e^{inθ} − 1)
///
/// (B. Kralemann et al., Phys. Rev. E 77, 066205 (2008), Eq. 16). Phases do not depend on the embedding any more, as
/// protophases do.
///
/// ```
/// use huygens::measures::phases::PhaseTransform;
/// let phase: Vec<f64> = (0..4000).map(|k| 0.1 * f64::from(k) * std::f64::consts::TAU / 40.0).collect();
/// let protophase: Vec<f64> = phase.iter().map(|p| p + 0.6 * p.sin()).collect();
/// let found = PhaseTransform::fit(&protophase, 40)?.apply(&protophase);
/// let start = found[0] - phase[0];
/// assert!(phase.iter().zip(&found).all(|(p, f)| (f - p - start).abs() < 5e-3));
/// # Ok::<(), huygens::measures::phases::PhaseError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseTransform {
    coefficients: Vec<c64>,
}

impl PhaseTransform {
    /// Fits the density of a protophase (unwrapped, equidistant in time) by `harmonics` harmonics. The mean is taken over a whole
    /// number of cycles. From the first of three harmonics in a row with |S_n| < 0.002 on they are left out: they would move
    /// the phase by a few thousandths of a radian, and in a noisy record they are noise.
    ///
    /// # Errors
    /// [`PhaseError::TooFew`] when there is not one whole cycle, [`PhaseError::NotFinite`].
    pub fn fit(protophase: &[f64], harmonics: usize) -> Result<Self, PhaseError> {
        finite(protophase, 8)?;
        let first = protophase[0];
        let sign = if protophase[protophase.len() - 1] < first { -1.0 } else { 1.0 };
        let turns = sign * (protophase[protophase.len() - 1] - first) / TAU;
        if turns < 1.0 {
            return Err(PhaseError::TooFew { what: "whole cycles", found: 0, needed: 1 });
        }
        // up to the last time at which a whole number of cycles is reached
        let whole = first + sign * TAU * turns.floor();
        let end = protophase.iter().rposition(|&p| sign * (p - whole) <= 0.0).map_or(protophase.len(), |k| k + 1);
        let window = &protophase[..end.max(2) - 1];
        let mut sums = vec![c64::new(0.0, 0.0); harmonics];
        for &theta in window {
            let z = c64::from_polar(1.0, -theta);
            let mut power = z;
            for sum in &mut sums {
                *sum += power;
                power *= z;
            }
        }
        for sum in &mut sums {
            *sum /= window.len() as f64;
        }
        let mut quiet = 0;
        for n in 0..sums.len() {
            quiet = if sums[n].norm() < 0.002 { quiet + 1 } else { 0 };
            if quiet == 3 {
                sums.truncate(n - 2);
                break;
            }
        }
        Ok(Self { coefficients: sums })
    }

    /// The coefficients S_1, S_2, ….
    pub fn coefficients(&self) -> &[c64] {
        &self.coefficients
    }

    /// dφ/dθ = 2πρ(θ) = 1 + 2 Re Σ S_n e^{inθ}. Negative values mean that the protophase does not grow steadily enough.
    pub fn density(&self, theta: f64) -> f64 {
        let z = c64::from_polar(1.0, theta);
        let sum = self.coefficients.iter().rev().fold(c64::new(0.0, 0.0), |sum, s| (sum + s) * z);
        1.0 + 2.0 * sum.re
    }

    /// The phase that belongs to a protophase.
    pub fn phase(&self, theta: f64) -> f64 {
        let z = c64::from_polar(1.0, theta);
        let mut power = c64::new(1.0, 0.0);
        let mut sum = 0.0;
        for (k, s) in self.coefficients.iter().enumerate() {
            power *= z;
            sum += (s * (power - 1.0)).im / (k + 1) as f64;
        }
        theta + 2.0 * sum
    }

    /// The phases of a list of protophases.
    pub fn apply(&self, protophase: &[f64]) -> Vec<f64> {
        protophase.iter().map(|&theta| self.phase(theta)).collect()
    }
}
