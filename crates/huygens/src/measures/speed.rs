//! How fast synchronization can be, and what it dissipates: the terms of the rate of L = S(ρ‖ρ_β) at the fock level.
//!
//! With K = H_c − ⟨H_c⟩, surprisal −ln ρ and the dissipator D\[ρ\] of all jumps (M. Aifer, J. Thingna and S. Deffner,
//! PRL 133, 020401 (2024)),
//!
//! L̇ = 2 tr(K ρ ln ρ) + 2β C_CE − σ₀,   C_CE = ½⟨{H₀, H_c}⟩ − ⟨H₀⟩⟨H_c⟩,   σ₀ = −tr D\[ρ\](ln ρ + βH₀)   (Eq. 22),
//! L̇ ≤ 2Δ_C √(ℰ + S_G²) + 2β √(Δ_E²Δ_C² − ¼|⟨\[H₀, H_c\]⟩|²) − σ₀,   ℰ = tr ρ ln²ρ − S²   (Eq. 23).
//!
//! Eq. 22 is printed without the anticommutator. Eq. 23 is printed with ½ in the place of ¼, against the uncertainty relation of
//! Robertson and Schrödinger: its radicand can then be negative. The first term can be 2Δ_C √ℰ, which is far tighter.

use huygens_numerics::linalg::hermitian_eigen;
use huygens_numerics::{c64, linalg::CMatrix};

use super::{Argument, Average, Collective, Definition, DensityView, Equilibrium, Evaluate, Reading, Signature};
use crate::costs::ergotropy::gibbs;
use crate::levels::fock::{Density, Generator, Shifted};

/// What the rates are computed from, beside the state.
#[derive(Clone, Debug)]
pub struct Dynamics {
    /// H₀.
    pub hamiltonian: Shifted,
    /// H_c.
    pub antihermitian: Shifted,
    /// H₀², H_c², H₀H_c and H_cH₀ in the truncated space.
    pub products: [Shifted; 4],
    /// The jumps alone.
    pub dissipator: Generator,
}

impl Dynamics {
    /// From H₀, H_c and the jumps in one space.
    pub fn new(hamiltonian: Shifted, antihermitian: Shifted, dissipator: Generator) -> Self {
        let space = dissipator.layout().space().clone();
        let products = [
            hamiltonian.mul(&space, &hamiltonian),
            antihermitian.mul(&space, &antihermitian),
            hamiltonian.mul(&space, &antihermitian),
            antihermitian.mul(&space, &hamiltonian),
        ];
        Self { hamiltonian, antihermitian, products, dissipator }
    }
}

/// All terms at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// 2 tr(K ρ ln ρ).
    pub information: f64,
    /// C_CE.
    pub covariance: f64,
    /// σ₀.
    pub production: f64,
    /// ℰ.
    pub capacity: f64,
    /// S_G of the Gibbs state of this energy.
    pub gibbs_entropy: f64,
    /// Δ_C².
    pub spread: f64,
    /// Δ_E².
    pub energy_spread: f64,
    /// |⟨\[H₀, H_c\]⟩|².
    pub commutator: f64,
    /// β.
    pub beta: f64,
}

impl Rates {
    /// All terms for one state.
    ///
    /// # Errors
    /// A model without the equilibrium that L refers to; elements that are not finite.
    pub fn of(view: &DensityView<'_>) -> Result<Self, String> {
        let dynamics = view.dynamics.ok_or("needs the operators of the model")?;
        let frequencies = view.equilibrium.frequencies.as_ref().map_err(Clone::clone)?;
        let beta = *view.equilibrium.beta.as_ref().map_err(Clone::clone)?;
        let density = view.density;
        let expect = |operator: &Shifted| density.expect(operator);
        let (energy, pull) = (expect(&dynamics.hamiltonian).re, expect(&dynamics.antihermitian).re);
        let [h2, c2, hc, ch] = [0, 1, 2, 3].map(|k| expect(&dynamics.products[k]));
        // The dissipator applied to ρ, as an operator on the same layout.
        let mut flow = vec![0.0; dynamics.dissipator.len()];
        dynamics.dissipator.apply(density.data(), &mut flow);
        let flow = Density::from_planes(density.layout().clone(), flow);
        let (mut information, mut entropy, mut square, mut production) = (0.0, 0.0, 0.0, 0.0);
        for (block, change) in density.blocks().into_iter().zip(flow.blocks()) {
            let (values, vectors) = hermitian_eigen(&block.matrix).map_err(|e| e.to_string())?;
            let n = values.len();
            let logs: Vec<f64> = values.iter().map(|p| p.max(1e-290).ln()).collect();
            for (p, log) in values.iter().zip(&logs).filter(|(p, _)| **p > 0.0) {
                entropy -= p * log;
                square += p * log * log;
            }
            // ρ ln ρ, and ln ρ in its eigenbasis against the flow.
            let mut product = CMatrix::zeros(n, n);
            for k in 0..n {
                let weight = if values[k] > 0.0 { values[k] * logs[k] } else { 0.0 };
                let mut moved = c64::new(0.0, 0.0);
                for i in 0..n {
                    let mut row = c64::new(0.0, 0.0);
                    for j in 0..n {
                        row += change.matrix[(i, j)] * vectors[(j, k)];
                        product[(i, j)] += weight * vectors[(i, k)] * vectors[(j, k)].conj();
                    }
                    moved += vectors[(i, k)].conj() * row;
                }
                production -= moved.re * logs[k];
            }
            information += block.trace_with(&dynamics.antihermitian, density.layout().space(), &product).re;
        }
        production -= beta * flow.expect(&dynamics.hamiltonian).re;
        let excess = Equilibrium::excess(frequencies, &view.moments);
        Ok(Self {
            information: 2.0 * (information + pull * entropy),
            covariance: 0.5 * (hc + ch).re - energy * pull,
            production,
            capacity: (square - entropy * entropy).max(0.0),
            gibbs_entropy: gibbs(frequencies, excess).map_err(|e| e.to_string())?.entropy,
            spread: (c2.re - pull * pull).max(0.0),
            energy_spread: (h2.re - energy * energy).max(0.0),
            commutator: (hc - ch).norm_sqr(),
            beta,
        })
    }

    /// L̇, Eq. 22.
    pub fn rate(&self) -> f64 {
        self.information + 2.0 * self.beta * self.covariance - self.production
    }

    /// Δ_E²Δ_C² − `share` |⟨\[H₀, H_c\]⟩|².
    pub fn radicand(&self, share: f64) -> f64 {
        self.energy_spread * self.spread - share * self.commutator
    }

    /// The right side of Eq. 23 with ¼ or, as printed, ½ before the commutator; with S_G in the first term or without.
    ///
    /// # Errors
    /// A negative radicand.
    pub fn limit(&self, share: f64, with_entropy: bool) -> Result<f64, String> {
        let radicand = self.radicand(share);
        // Rounding can leave a state at the limit of the uncertainty relation a little below zero.
        if radicand < -1e-12 * self.energy_spread * self.spread {
            return Err(format!("the root is imaginary: its radicand is {radicand:.6e}"));
        }
        let entropy = if with_entropy { self.gibbs_entropy.powi(2) } else { 0.0 };
        let first = 2.0 * (self.spread * (self.capacity + entropy)).sqrt();
        Ok(first + 2.0 * self.beta * radicand.max(0.0).sqrt() - self.production)
    }
}

/// L̇.
pub(crate) const SYNC_RATE: Definition = Definition {
    name: "relative_entropy_rate",
    signature: Signature::None,
    formula: "dL/dt = 2 tr((H_c − ⟨H_c⟩) ρ ln ρ) + 2β C_CE − σ₀, C_CE = ½⟨{H₀, H_c}⟩ − ⟨H₀⟩⟨H_c⟩",
    range: "(−∞, ∞)",
    unit: "nats/time",
    levels: &["fock"],
    source: "Aifer, Thingna and Deffner, PRL 133, 020401 (2024), eq. 22 (with the anticommutator that print has lost)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(|view, _| Rates::of(view).map(|r| r.rate().into())),
};

/// The right side of Eq. 23, corrected.
pub(crate) const SPEED_LIMIT: Definition = Definition {
    name: "speed_limit",
    formula: "dL/dt ≤ 2Δ_C √(ℰ + S_G²) + 2β √(Δ_E²Δ_C² − ¼|⟨[H₀, H_c]⟩|²) − σ₀",
    source: "Aifer, Thingna and Deffner, PRL 133, 020401 (2024), eq. 23 with ¼ (Robertson and Schrödinger) for the printed ½",
    evaluate: Evaluate::Density(|view, _| Rates::of(view)?.limit(0.25, true).map(Reading::from)),
    ..SYNC_RATE
};

/// The right side of Eq. 23 as printed.
pub(crate) const SPEED_LIMIT_PRINTED: Definition = Definition {
    name: "speed_limit_printed",
    formula: "2Δ_C √(ℰ + S_G²) + 2β √(Δ_E²Δ_C² − ½|⟨[H₀, H_c]⟩|²) − σ₀: undefined where the radicand is negative",
    source: "Aifer, Thingna and Deffner, PRL 133, 020401 (2024), eq. 23 as printed",
    evaluate: Evaluate::Density(|view, _| Rates::of(view)?.limit(0.5, true).map(Reading::from)),
    ..SYNC_RATE
};

/// The tight variant.
pub(crate) const SPEED_LIMIT_TIGHT: Definition = Definition {
    name: "speed_limit_tight",
    formula: "dL/dt ≤ 2Δ_C √ℰ + 2β √(Δ_E²Δ_C² − ¼|⟨[H₀, H_c]⟩|²) − σ₀",
    source: "as speed_limit, by Cauchy and Schwarz with the surprisal less its mean",
    evaluate: Evaluate::Density(|view, _| Rates::of(view)?.limit(0.25, false).map(Reading::from)),
    ..SYNC_RATE
};

/// The radicand of Eq. 23 with ¼; as printed in the list.
pub(crate) const SPEED_LIMIT_RADICAND: Definition = Definition {
    name: "speed_limit_radicand",
    formula: "Δ_E²Δ_C² − ¼|⟨[H₀, H_c]⟩|²",
    range: "[0, ∞), by Robertson and Schrödinger",
    unit: "1/time^4",
    evaluate: Evaluate::Density(|view, _| Rates::of(view).map(|r| r.radicand(0.25).into())),
    ..SPEED_LIMIT
};

/// The radicand of Eq. 23 as printed.
pub(crate) const SPEED_LIMIT_RADICAND_PRINTED: Definition = Definition {
    name: "speed_limit_radicand_printed",
    formula: "Δ_E²Δ_C² − ½|⟨[H₀, H_c]⟩|²",
    range: "(−∞, ∞); negative where the printed bound is undefined",
    unit: "1/time^4",
    evaluate: Evaluate::Density(|view, _| Rates::of(view).map(|r| r.radicand(0.5).into())),
    ..SPEED_LIMIT_PRINTED
};

/// σ₀.
pub(crate) const SPOHN_PRODUCTION: Definition = Definition {
    name: "spohn_entropy_production",
    formula: "σ₀ = −tr D[ρ](ln ρ − ln ρ_β), D the dissipator of all jumps",
    range: "[0, ∞) where every jump leaves ρ_β in detailed balance",
    source: "Spohn, J. Math. Phys. 19, 1227 (1978)",
    evaluate: Evaluate::Density(|view, _| Rates::of(view).map(|r| r.production.into())),
    ..SYNC_RATE
};

/// ℰ.
pub(crate) const CAPACITY: Definition = Definition {
    name: "capacity_of_entanglement",
    formula: "ℰ = tr ρ ln²ρ − S²: the variance of the surprisal −ln ρ",
    range: "[0, ∞); 0 for flat spectra",
    unit: "nats^2",
    source: "Shrimali et al., PRA 106, 042419 (2022)",
    evaluate: Evaluate::Density(capacity),
    ..SYNC_RATE
};

fn capacity(view: &DensityView<'_>, _: &[Argument]) -> Result<Reading, String> {
    let (mut first, mut second) = (0.0, 0.0);
    for p in view.spectrum()?.iter().filter(|p| **p > 0.0) {
        first += p * p.ln();
        second += p * p.ln().powi(2);
    }
    Ok((second - first * first).max(0.0).into())
}
