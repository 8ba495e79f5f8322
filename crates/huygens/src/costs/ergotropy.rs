//! The ergotropy of synchronization: how far a state is from every Gibbs state of the uncoupled oscillators.
//!
//! For oscillators of frequencies ω_j the Gibbs state at inverse temperature β holds n_j = 1/(e^{βω_j} − 1) quanta each. The
//! relative entropy of ρ to it, βE + ln Z(β) − S(ρ), is smallest at the β_E at which it has the energy E of ρ, so that
//!
//! χ = S_G(E) − S(ρ),  S_G = Σ_j g(n_j(β_E)),  g(n) = (n+1) ln(n+1) − n ln n
//!
//! (M. Aifer, J. Thingna and S. Deffner, PRL 133, 020401 (2024), Eq. 10). Relative to one β, L = βE + ln Z(β) − S (Eq. 14), and
//! L ≥ χ ≥ 0. Classically S_G(E) = Σ_j ln(2πe T/ω_j) with T = E/N, and the entropy of a Gaussian density with covariance V is
//! ln det(2πe V)/2. Entropies are in nats.
//!
//! Energies are counted from the ground state, E = Σ_j ω_j⟨a_j†a_j⟩: what is near the vacuum keeps its digits.

use crate::measures::correlations::symplectic::mode_entropy;

/// Why a state has no ergotropy of synchronization.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErgotropyError {
    /// A frequency that gives no Gibbs state.
    #[error("the frequency ω_{index} = {value} is not positive: the uncoupled oscillator has no Gibbs state")]
    Frequency {
        /// Which mode, counted from 1.
        index: usize,
        /// Its frequency.
        value: f64,
    },
    /// Energy below the ground state, or not finite.
    #[error(
        "the energy {excess} above the ground state is negative or not finite: this is no state, or a frequency is wrong"
    )]
    Energy {
        /// E − Σω/2.
        excess: f64,
    },
    /// β.
    #[error("the inverse temperature {beta} is not positive")]
    Beta {
        /// β.
        beta: f64,
    },
    /// The equation for β_E was not solved.
    #[error(
        "no inverse temperature found for the energy {excess}: the frequencies differ by too many orders of magnitude"
    )]
    NoConvergence {
        /// E − Σω/2.
        excess: f64,
    },
}

/// The Gibbs state of uncoupled oscillators at some energy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gibbs {
    /// Inverse temperature β_E; infinite at the ground state.
    pub beta: f64,
    /// Entropy S_G in nats.
    pub entropy: f64,
}

fn frequencies_fine(frequencies: &[f64]) -> Result<(), ErgotropyError> {
    match frequencies.iter().position(|w| !(*w > 0.0 && w.is_finite())) {
        Some(k) => Err(ErgotropyError::Frequency { index: k + 1, value: frequencies[k] }),
        None => Ok(()),
    }
}

fn energy_fine(excess: f64) -> Result<(), ErgotropyError> {
    if excess >= 0.0 && excess.is_finite() { Ok(()) } else { Err(ErgotropyError::Energy { excess }) }
}

/// The Gibbs state whose energy above the ground state is `excess` = Σ_j ω_j n_j.
///
/// β_E solves Σ_j ω_j n_j(β) = E. Newton's method on h(β) = ln(1 + Σω/E(β)), which is nearly straight from β → 0, where it is
/// β Σω/N, to β → ∞, where its slope is the smallest frequency: three or four steps.
///
/// # Errors
/// A frequency that is not positive; a negative energy.
pub fn gibbs(frequencies: &[f64], excess: f64) -> Result<Gibbs, ErgotropyError> {
    frequencies_fine(frequencies)?;
    energy_fine(excess)?;
    if excess == 0.0 || frequencies.is_empty() {
        return Ok(Gibbs { beta: f64::INFINITY, entropy: 0.0 });
    }
    let total: f64 = frequencies.iter().sum();
    let target = (total / excess).ln_1p();
    let mut beta = target * frequencies.len() as f64 / total;
    for _ in 0..100 {
        let (mut energy, mut slope) = (0.0, 0.0);
        for &w in frequencies {
            let n = (beta * w).exp_m1().recip();
            energy += w * n;
            slope += w * w * n * (n + 1.0);
        }
        let miss = target - (total / energy).ln_1p();
        let step = miss * energy * (energy + total) / (total * slope);
        if !step.is_finite() {
            break;
        }
        // From above the concave h sends Newton below zero at worst once.
        beta = if beta + step > 0.0 { beta + step } else { 0.5 * beta };
        // The entropy at its fixed energy is stationary in β: an error of 1e-9 is one of 1e-18 in S.
        if step.abs() <= 1e-12 * beta {
            let entropy = frequencies.iter().map(|w| mode_entropy((beta * w).exp_m1().recip() + 0.5)).sum();
            return Ok(Gibbs { beta, entropy });
        }
    }
    Err(ErgotropyError::NoConvergence { excess })
}

/// χ = S_G(E) − S in nats, of a state with energy E above the ground state and entropy S.
///
/// # Errors
/// As [`gibbs`].
pub fn ergotropy(frequencies: &[f64], excess: f64, entropy: f64) -> Result<f64, ErgotropyError> {
    Ok(gibbs(frequencies, excess)?.entropy - entropy)
}

/// L = S(ρ‖Gibbs state at β) = βE − Σ_j ln(1 − e^{−βω_j}) − S in nats, with E counted from the ground state.
///
/// # Errors
/// As [`gibbs`]; β not positive.
pub fn relative_entropy_to_gibbs(
    frequencies: &[f64],
    beta: f64,
    excess: f64,
    entropy: f64,
) -> Result<f64, ErgotropyError> {
    frequencies_fine(frequencies)?;
    energy_fine(excess)?;
    if !(beta > 0.0 && beta.is_finite()) {
        return Err(ErgotropyError::Beta { beta });
    }
    let log_partition: f64 = frequencies.iter().map(|w| -(-(-beta * w).exp_m1()).ln()).sum();
    Ok(beta * excess + log_partition - entropy)
}

/// The classical χ = Σ_j ln(E/(Nω_j)) − ½ ln det V of a Gaussian phase-space density, from its whole energy
/// E = Σ_j ω_j⟨q_j² + p_j²⟩/2 and ½ ln det V, which is Σ ln ν_k for symplectic eigenvalues ν_k.
///
/// # Errors
/// A frequency or an energy that is not positive.
pub fn classical_ergotropy(frequencies: &[f64], energy: f64, half_log_det: f64) -> Result<f64, ErgotropyError> {
    frequencies_fine(frequencies)?;
    if !(energy > 0.0 && energy.is_finite()) {
        return Err(ErgotropyError::Energy { excess: energy });
    }
    let per_mode = energy / frequencies.len() as f64;
    Ok(frequencies.iter().map(|w| (per_mode / w).ln()).sum::<f64>() - half_log_det)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_gibbs_state_is_found_back() {
        for frequencies in [vec![1.0], vec![1.0, 1.5], vec![0.03, 2.0, 40.0], vec![1.0; 12]] {
            for beta in [1e-6f64, 1e-3, 0.05, 1.0, 7.0, 200.0] {
                let occupations: Vec<f64> = frequencies.iter().map(|w| (beta * w).exp_m1().recip()).collect();
                let excess: f64 = frequencies.iter().zip(&occupations).map(|(w, n)| w * n).sum();
                if excess == 0.0 {
                    continue;
                }
                let found = gibbs(&frequencies, excess).unwrap();
                assert_relative_eq!(found.beta, beta, max_relative = 1e-11);
                let entropy: f64 = occupations.iter().map(|n| mode_entropy(n + 0.5)).sum();
                assert_relative_eq!(found.entropy, entropy, max_relative = 1e-12);
                let l = relative_entropy_to_gibbs(&frequencies, beta, excess, entropy).unwrap();
                assert!(l.abs() < 1e-11 * entropy.max(1.0), "{l}");
                // Any other temperature is farther: L ≥ χ = 0.
                assert!(relative_entropy_to_gibbs(&frequencies, 1.3 * beta, excess, entropy).unwrap() > 0.0);
            }
        }
        assert_eq!(gibbs(&[1.0, 2.0], 0.0).unwrap().entropy, 0.0);
    }

    /// At high temperature the quantum χ is the classical one.
    #[test]
    fn hot_states_are_classical() {
        let frequencies = [1.0, 1.5];
        let (nu, energy) = ([3e6, 8e5], 1.0 * 4e6 + 1.5 * 2e6);
        let quantum = ergotropy(&frequencies, energy - 1.25, nu.iter().map(|v| mode_entropy(*v)).sum()).unwrap();
        let classical = classical_ergotropy(&frequencies, energy, nu.iter().map(|v: &f64| v.ln()).sum()).unwrap();
        assert_relative_eq!(quantum, classical, epsilon = 1e-9);
    }

    #[test]
    fn what_is_no_state_is_an_error() {
        assert_eq!(gibbs(&[1.0, -2.0], 1.0), Err(ErgotropyError::Frequency { index: 2, value: -2.0 }));
        assert!(matches!(gibbs(&[1.0], -1e-3), Err(ErgotropyError::Energy { .. })));
        assert!(matches!(gibbs(&[1.0], f64::NAN), Err(ErgotropyError::Energy { .. })));
        assert!(relative_entropy_to_gibbs(&[1.0], 0.0, 1.0, 0.0).is_err());
        assert!(classical_ergotropy(&[1.0], 0.0, 0.0).is_err());
    }
}
