//! What a state costs.
//!
//! * Wigner entropy production and flux of a Gaussian state in contact with thermal baths: [`entropy_balance`], derived below.
//! * [`ergotropy`]: the distance of a state from the Gibbs states of its uncoupled oscillators, quantum and classical.
//! * [`bounds`]: what a distance of oscillators costs at least in that currency, as printed and corrected.
//!
//! # Entropy production
//! A thermal contact b damps one mode k with drift A_b = −(γ/2)·1 and diffusion D_b = D·1 on (q_k, p_k), where γ = r↓ − r↑ and
//! D = (r↓ + r↑)/2 for the rates r↓ of a and r↑ of a†; a bath of rate γ and occupation n̄ has r↓ = γ(n̄+1), r↑ = γn̄, hence
//! D = γ(n̄+½). The Wigner function W of a Gaussian state with mean r̄ and covariance V obeys
//!
//! ```text
//! ∂W/∂t = {H, W} − Σ_b ∇·J_b,    J_b = A_b r W − ½ D_b ∇W = (A_b r + ½ D_b V⁻¹(r − r̄)) W,
//! ```
//!
//! and the entropy S = −∫W ln W = ½ ln det V + const changes by the contacts alone, for a Hamiltonian flow keeps phase-space
//! volume. Splitting dS/dt = Π − Φ into a part that is never negative and the rest,
//!
//! ```text
//! Π = Σ_b 2∫ J_bᵀ D_b⁻¹ J_b / W = Σ_b [ 2 tr(A_bᵀ D_b⁻¹ A_b ⟨r rᵀ⟩) + 2 tr A_b + ½ tr(V⁻¹ D_b) ],    ⟨r rᵀ⟩ = V + r̄ r̄ᵀ,
//! Φ = Σ_b [ 2 tr(A_bᵀ D_b⁻¹ A_b ⟨r rᵀ⟩) + tr A_b ] = Σ_b γ_b [ (⟨a†a⟩ + ½)/(n̄_b + ½) − 1 ],
//! dS/dt = Σ_b [ tr A_b + ½ tr(V⁻¹ D_b) ].
//! ```
//!
//! Π is also Spohn's form: −Σ_b dK(W‖W_b)/dt, each derivative along contact b alone, of the relative entropy K to the equilibrium
//! W_b of that contact. Several contacts on one mode count each for itself: two baths of different temperature on one mode
//! produce entropy in the steady state although their sum looks like one bath between them.
//!
//! The split and the flux follow Santos, Landi and Paternostro, PRL 118, 220601 (2017), and Brunelli et al., PRL 121, 160604
//! (2018). Entropies here are of the Wigner function (Rényi-2 up to a constant), not von Neumann's: the flux stays finite for a
//! bath at zero temperature.
//!
//! On a limit cycle whose collective phase has diffused, V⁻¹ is that of the diffused covariance, and ⟨r rᵀ⟩ is taken without
//! the growth along the cycle ([`Moments::energy_covariance`]), which changes no energy. The mean of dS/dt over a period is then
//! zero, and that of Π equals that of Φ.

pub mod bounds;
mod contacts;
pub mod energy;
pub mod ergotropy;
pub mod reverses;

pub use contacts::{Contacts, contacts};

use std::sync::Arc;

use crate::measures::Moments;
use crate::measures::correlations::symplectic::{cholesky, gather};

/// A thermal contact of one mode: loss and gain of single quanta.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// The mode.
    pub mode: usize,
    /// Energy rate γ = r↓ − r↑, loss minus gain; negative where gain prevails.
    pub rate: f64,
    /// Diffusion D = (r↓ + r↑)/2 in dV/dt = −γV + D·1 of the mode's block.
    pub diffusion: f64,
    /// Share s of momentum damping: drift −(γ/2) diag(1 − s, 1 + s) and diffusion D diag(1 − s, 1 + s).
    pub momentum: f64,
    /// Name for tables.
    pub name: Arc<str>,
}

/// Why a cost cannot be given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CostError {
    /// A jump that is no exchange of single quanta with a thermal bath.
    #[error(
        "the jump `{jump}` is not thermal: entropy production is defined here for baths and for jumps c·a or c·a† of one mode"
    )]
    NotThermal {
        /// Its label.
        jump: String,
    },
    /// Nothing is damped.
    #[error("no thermal contact: the model has no bath and no jump c·a or c·a†, nothing produces entropy")]
    NoContact,
    /// More loss than its noise allows: |γ| ≤ 2D for any rates r↓, r↑ ≥ 0.
    #[error(
        "the contact `{name}` has rate {rate} and diffusion {diffusion}: no loss and gain rates give less noise than |rate|/2"
    )]
    TooQuiet {
        /// Its name.
        name: String,
        /// γ.
        rate: f64,
        /// D.
        diffusion: f64,
    },
    /// The covariance is not that of a state.
    #[error("the covariance matrix is not positive definite: this is no state, and it has no entropy")]
    NotPositive,
    /// A coefficient has no value.
    #[error("the contact `{name}` has no rate: {message}")]
    Evaluation {
        /// Its name.
        name: String,
        /// What went wrong.
        message: String,
    },
}

impl Contact {
    /// A thermal bath of energy rate γ and mean occupation n̄.
    pub fn thermal(mode: usize, rate: f64, occupation: f64, name: impl Into<Arc<str>>) -> Self {
        Self { mode, rate, diffusion: rate * (occupation + 0.5), momentum: 0.0, name: name.into() }
    }

    /// From the rates r↓ of a and r↑ of a†.
    pub fn exchange(mode: usize, down: f64, up: f64, name: impl Into<Arc<str>>) -> Self {
        Self { mode, rate: down - up, diffusion: 0.5 * (down + up), momentum: 0.0, name: name.into() }
    }

    /// Mean occupation n̄ = D/γ − ½ of the bath; at most −1 where gain prevails, infinite where loss and gain are equal.
    pub fn occupation(&self) -> f64 {
        self.diffusion / self.rate - 0.5
    }

    fn admissible(&self) -> Result<(), CostError> {
        // NaN fails the comparison too.
        if self.diffusion.is_finite() && self.rate.abs() <= 2.0 * self.diffusion * (1.0 + 1e-12) {
            return Ok(());
        }
        Err(CostError::TooQuiet { name: self.name.to_string(), rate: self.rate, diffusion: self.diffusion })
    }

    /// The weights 1 − s and 1 + s of q and p in drift and diffusion.
    pub fn weights(&self) -> [f64; 2] {
        [1.0 - self.momentum, 1.0 + self.momentum]
    }

    /// Variance D/γ of a quadrature in equilibrium with this contact alone.
    pub fn variance(&self) -> f64 {
        self.diffusion / self.rate
    }

    /// Entropy flux into this contact, Φ = γ\[(⟨a†a⟩+½)/(n̄+½) − 1\] in nats per unit of time; with momentum damping
    /// γ\[((1−s)⟨q²⟩ + (1+s)⟨p²⟩)/(2n̄+1) − 1\]. It is computed from the excess over equilibrium: where the state knows that
    /// excess by itself, no digit is lost however small it is.
    ///
    /// # Errors
    /// A contact whose noise is below |γ|/2.
    pub fn entropy_flux(&self, state: &dyn Moments) -> Result<f64, CostError> {
        self.admissible()?;
        if self.rate == 0.0 {
            return Ok(0.0);
        }
        let [q, p] = state.excess(self.mode, self.variance());
        let [of_q, of_p] = self.weights();
        Ok(self.rate * (0.5 * (of_q * q + of_p * p) / self.variance()))
    }
}

/// The entropy balance dS/dt = Π − Φ of a state, in nats per unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    /// Entropy production Π ≥ 0.
    pub production: f64,
    /// Entropy flux Φ into the contacts.
    pub flux: f64,
    /// Rate of change dS/dt of the Wigner entropy; 0 in a steady state.
    pub change: f64,
}

/// The entropy balance of a state. O(n²) for each contact after one factorisation of V.
///
/// # Errors
/// A contact whose noise is below |γ|/2; a covariance that is not positive definite.
pub fn entropy_balance(state: &dyn Moments, contacts: &[Contact]) -> Result<Balance, CostError> {
    let flux = entropy_flux(state, contacts)?;
    let mut inverse = Vec::new();
    let mut change = 0.0;
    for contact in contacts {
        let diagonal = match state.inverse_diagonal(contact.mode) {
            Some(diagonal) => diagonal,
            None => {
                if inverse.is_empty() {
                    inverse = inverse_diagonal(state)?;
                }
                inverse[contact.mode]
            }
        };
        let [of_q, of_p] = contact.weights();
        change += 0.5 * contact.diffusion * (of_q * diagonal[0] + of_p * diagonal[1]) - contact.rate;
    }
    Ok(Balance { production: flux + change, flux, change })
}

/// Diagonal of V⁻¹, mode by mode.
fn inverse_diagonal(state: &dyn Moments) -> Result<Vec<[f64; 2]>, CostError> {
    let all: Vec<usize> = (0..state.modes()).collect();
    let l = cholesky(&gather(state, &all)).ok_or(CostError::NotPositive)?;
    let n = l.rows();
    let mut column = vec![0.0; n];
    // (V⁻¹)_ii = |L⁻¹e_i|², and L⁻¹e_i starts at row i.
    let mut entry = |i: usize| {
        let mut sum = 0.0;
        for r in i..n {
            let known: f64 = l.row(r)[i..r].iter().zip(&column[i..r]).map(|(x, y)| x * y).sum();
            column[r] = (f64::from(u8::from(r == i)) - known) / l[(r, r)];
            sum += column[r] * column[r];
        }
        sum
    };
    Ok((0..n / 2).map(|k| [entry(2 * k), entry(2 * k + 1)]).collect())
}

/// Entropy production Π of a state, in nats per unit of time.
///
/// # Errors
/// As [`entropy_balance`]; no contact at all.
pub fn entropy_production(state: &dyn Moments, contacts: &[Contact]) -> Result<f64, CostError> {
    if contacts.is_empty() {
        return Err(CostError::NoContact);
    }
    entropy_balance(state, contacts).map(|balance| balance.production)
}

/// Entropy flux Φ into all contacts, in nats per unit of time.
///
/// # Errors
/// A contact whose noise is below |γ|/2.
pub fn entropy_flux(state: &dyn Moments, contacts: &[Contact]) -> Result<f64, CostError> {
    contacts.iter().map(|contact| contact.entropy_flux(state)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Snapshot;
    use crate::measures::testing::{Random, coherent, gaussian};
    use approx::assert_relative_eq;
    use huygens_numerics::c64;
    use huygens_numerics::linalg::{RMatrix, inverse};

    fn contacts(random: &mut Random, modes: usize) -> Vec<Contact> {
        (0..2 * modes)
            .map(|i| {
                Contact::exchange(
                    i % modes,
                    random.exponential(),
                    random.exponential() * random.uniform(),
                    format!("{i}"),
                )
            })
            .collect()
    }

    #[test]
    fn equilibrium_costs_nothing() {
        for nbar in [0.0, 0.3, 1e6] {
            let v = nbar + 0.5;
            let state = gaussian(&[&[v, 0.0, 0.0, 0.0], &[0.0, v, 0.0, 0.0], &[0.0, 0.0, v, 0.0], &[0.0, 0.0, 0.0, v]]);
            let contacts = [Contact::thermal(0, 0.7, nbar, "first"), Contact::thermal(1, 3.0, nbar, "second")];
            let balance = entropy_balance(&state, &contacts).unwrap();
            for x in [balance.production, balance.flux, balance.change] {
                assert!(x.abs() < 1e-14, "{x}");
            }
        }
    }

    /// One mode between two baths, steady: n is their weighted mean and Π = Φ is known in closed form.
    #[test]
    fn two_baths_on_one_mode() {
        let baths = [Contact::thermal(0, 1.0, 0.2, "cold"), Contact::thermal(0, 2.0, 3.0, "hot")];
        let v = (1.0 * 0.7 + 2.0 * 3.5) / 3.0;
        let balance = entropy_balance(&gaussian(&[&[v, 0.0], &[0.0, v]]), &baths).unwrap();
        let expected = 1.0 * (v / 0.7 - 1.0) + 2.0 * (v / 3.5 - 1.0);
        assert_relative_eq!(balance.production, expected, max_relative = 1e-14);
        assert_relative_eq!(balance.flux, expected, max_relative = 1e-14);
        assert!(balance.change.abs() < 1e-14);
    }

    /// A driven cavity: coherent light of |α|² quanta leaving into the vacuum costs 2κ|α|² (membranes note, Eq. 1).
    #[test]
    fn coherent_light_into_the_vacuum() {
        let state = coherent(&[c64::new(3.0, -4.0)]);
        let kappa = 1.7;
        let balance = entropy_balance(&state, &[Contact::thermal(0, kappa, 0.0, "output")]).unwrap();
        assert_relative_eq!(balance.production, 2.0 * kappa * 25.0, max_relative = 1e-14);
        assert_relative_eq!(balance.flux, 2.0 * kappa * 25.0, max_relative = 1e-14);
    }

    /// The matrix formula as printed, with a general inverse; Π ≥ 0; Π − Φ = dS/dt.
    #[test]
    fn printed_formula_and_the_second_law() {
        let mut random = Random::new(51);
        for round in 0..400 {
            let n = 1 + round % 3;
            let state = random.physical(n);
            let contacts = contacts(&mut random, n);
            let balance = entropy_balance(&state, &contacts).unwrap();
            let v = &state.covariance;
            let inverse = inverse(v).unwrap();
            let (mut production, mut flux) = (0.0, 0.0);
            for contact in &contacts {
                let mut second = 0.0;
                for i in [2 * contact.mode, 2 * contact.mode + 1] {
                    second += v[(i, i)];
                    production += 0.5 * contact.diffusion * inverse[(i, i)];
                }
                second += 2.0 * state.mean[contact.mode].norm_sqr();
                let quadratic = 2.0 * (0.5 * contact.rate).powi(2) / contact.diffusion * second;
                production += quadratic - 2.0 * contact.rate;
                flux += quadratic - contact.rate;
            }
            assert_relative_eq!(balance.production, production, max_relative = 1e-9, epsilon = 1e-11);
            assert_relative_eq!(balance.flux, flux, max_relative = 1e-12, epsilon = 1e-12);
            assert!(balance.production >= -1e-11, "{}", balance.production);
            let scale = 1e-11 * (1.0 + balance.production.abs() + balance.flux.abs());
            assert!((balance.production - balance.flux - balance.change).abs() < scale);
        }
    }

    /// Relative entropy K(W‖W₀) of Gaussian Wigner functions.
    fn relative_entropy(state: &Snapshot, reference: &RMatrix) -> f64 {
        let n = reference.rows();
        let inverse = inverse(reference).unwrap();
        let mean: Vec<f64> = state.mean.iter().flat_map(|a| [2f64.sqrt() * a.re, 2f64.sqrt() * a.im]).collect();
        let log_det = |v: &RMatrix| {
            let l = cholesky(v).unwrap();
            (0..n).map(|i| 2.0 * l[(i, i)].ln()).sum::<f64>()
        };
        let mut trace = 0.0;
        for i in 0..n {
            for j in 0..n {
                trace += inverse[(i, j)] * (state.covariance[(i, j)] + mean[i] * mean[j]);
            }
        }
        0.5 * (trace - n as f64 + log_det(reference) - log_det(&state.covariance))
    }

    /// The state after a time t under one contact alone, exactly.
    fn under(contact: &Contact, state: &Snapshot, t: f64) -> Snapshot {
        let half = (-0.5 * contact.rate * t).exp();
        let in_mode = |i: usize| i / 2 == contact.mode;
        let noise = contact.diffusion / contact.rate * (1.0 - half * half);
        let v = &state.covariance;
        let covariance = RMatrix::from_fn(v.rows(), v.cols(), |i, j| {
            let damping = if in_mode(i) { half } else { 1.0 } * if in_mode(j) { half } else { 1.0 };
            v[(i, j)] * damping + if i == j && in_mode(i) { noise } else { 0.0 }
        });
        let mut mean = state.mean.clone();
        mean[contact.mode] *= half;
        Snapshot { mean, covariance }
    }

    /// Spohn's form: Π = −Σ_b dK(W‖W_b)/dt along b alone, by a central difference.
    #[test]
    fn spohns_form() {
        let mut random = Random::new(52);
        for _ in 0..40 {
            let n = 2;
            let state = random.physical(n);
            let contacts: Vec<Contact> = (0..3)
                .map(|i| Contact::thermal(i % n, 0.2 + random.uniform(), 2.0 * random.uniform(), format!("{i}")))
                .collect();
            let mut spohn = 0.0;
            for contact in &contacts {
                // The other mode is not touched by this contact: any reference there gives the same derivative.
                let equilibrium = contact.occupation() + 0.5;
                let reference = RMatrix::from_fn(2 * n, 2 * n, |i, j| match (i == j, i / 2 == contact.mode) {
                    (false, _) => 0.0,
                    (true, true) => equilibrium,
                    (true, false) => 1.3,
                });
                let h = 2e-4;
                let k = |t: f64| relative_entropy(&under(contact, &state, t), &reference);
                spohn -= (8.0 * (k(h) - k(-h)) - (k(2.0 * h) - k(-2.0 * h))) / (12.0 * h);
            }
            let production = entropy_production(&state, &contacts).unwrap();
            assert_relative_eq!(production, spohn, max_relative = 1e-7);
        }
    }

    /// On a limit cycle the covariance grows along the tangent and the energy does not: Π and Φ converge to one another.
    #[test]
    fn diffused_collective_phase() {
        struct Cycle(f64);
        impl Moments for Cycle {
            fn modes(&self) -> usize {
                1
            }
            fn mean(&self, _: usize) -> c64 {
                c64::new(5.0, 0.0)
            }
            fn covariance(&self, _: usize, _: usize) -> [[f64; 2]; 2] {
                [[0.8, 0.1], [0.1, 0.6 + self.0]]
            }
            fn energy_covariance(&self, _: usize) -> [[f64; 2]; 2] {
                [[0.8, 0.1], [0.1, 0.6]]
            }
        }
        let contacts = [Contact::thermal(0, 0.3, 0.4, "bath")];
        let [near, far] = [1e6, 1e9].map(|c| entropy_balance(&Cycle(c), &contacts).unwrap());
        assert_eq!(near.flux, far.flux);
        assert_relative_eq!(near.flux, 0.3 * ((25.0 + 0.7) / 0.9 - 1.0), max_relative = 1e-14);
        // V⁻¹ keeps the direction across the cycle alone.
        assert_relative_eq!(far.change, 0.5 * 0.3 * 0.9 / 0.8 - 0.3, max_relative = 1e-8);
        assert_relative_eq!(near.production, far.production, max_relative = 1e-6);
    }

    #[test]
    fn what_has_no_cost_says_why() {
        let state = coherent(&[c64::new(0.0, 0.0)]);
        assert_eq!(entropy_production(&state, &[]), Err(CostError::NoContact));
        let quiet = Contact { mode: 0, rate: 1.0, diffusion: 0.4, momentum: 0.0, name: "b".into() };
        assert!(matches!(quiet.entropy_flux(&state), Err(CostError::TooQuiet { .. })));
        let nan = Contact { mode: 0, rate: f64::NAN, diffusion: 0.4, momentum: 0.0, name: "b".into() };
        assert!(matches!(nan.entropy_flux(&state), Err(CostError::TooQuiet { .. })));
        let indefinite = gaussian(&[&[1.0, 2.0], &[2.0, 1.0]]);
        assert_eq!(entropy_production(&indefinite, &[Contact::thermal(0, 1.0, 0.0, "b")]), Err(CostError::NotPositive));
        // Loss and gain in balance: an infinitely hot bath takes no entropy, and a contact of zero strength does nothing.
        let hot = Contact::exchange(0, 1.0, 1.0, "hot");
        assert_eq!(hot.entropy_flux(&state), Ok(0.0));
        assert!(entropy_production(&state, &[hot]).unwrap() > 0.0);
        assert_eq!(entropy_production(&state, &[Contact::thermal(0, 0.0, 1.0, "off")]), Ok(0.0));
    }
}
