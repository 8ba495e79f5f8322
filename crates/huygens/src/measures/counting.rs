//! Counting statistics of jumps in a steady state, and what a precise current costs: see [`crate::levels::fock::Counting`].

use super::{Average, Collective, Definition, Evaluate, Signature};

/// What is asked of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountingMeasure {
    /// Its mean rate.
    Mean,
    /// Growth of its variance.
    Noise,
    /// Growth of its third cumulant.
    Skewness,
    /// Noise times dissipation over the square of the mean.
    Uncertainty,
    /// Entropy that all jumps carry away.
    Dissipation,
}

impl CountingMeasure {
    /// That of a measure, if it is one.
    pub(crate) fn of(definition: &Definition) -> Option<Self> {
        let all = [
            (CURRENT, CountingMeasure::Mean),
            (CURRENT_NOISE, CountingMeasure::Noise),
            (CURRENT_SKEWNESS, CountingMeasure::Skewness),
            (TUR, CountingMeasure::Uncertainty),
            (DISSIPATION, CountingMeasure::Dissipation),
        ];
        all.into_iter().find(|(d, _)| d.name == definition.name).map(|(_, measure)| measure)
    }
}

/// Mean current.
pub(crate) const CURRENT: Definition = Definition {
    name: "current",
    signature: Signature::Channel,
    formula: "J = λ′(0) = Σ_j ν_j ⟨L_j†L_j⟩, events per time: of a bath, quanta into it less those out of it (ν = ±1); of a jump, its \
              events. λ(s) is the leading eigenvalue of G + Σ_j (e^{sν_j} − 1) L_j · L_j†. With --trajectories the mean of the count over its time",
    range: "real",
    unit: "1/time",
    levels: &["fock"],
    source: "Landi, Kewming, Mitchison and Potts, PRX Quantum 5, 020201 (2024), sec. III",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(|_, _| {
        Err("a property of the steady state: run without --until and --at, or count jumps with --trajectories".into())
    }),
};

/// Zero-frequency noise.
pub(crate) const CURRENT_NOISE: Definition = Definition {
    name: "current_noise",
    formula: "λ″(0), the rate at which the variance of the count of `current` grows; J for independent events",
    range: "[0, ∞)",
    ..CURRENT
};

/// Third cumulant.
pub(crate) const CURRENT_SKEWNESS: Definition = Definition {
    name: "current_skewness",
    formula: "λ‴(0), the rate at which the third cumulant of the count of `current` grows; J for independent events",
    source: "Flindt, Novotný, Braggio, Sassetti and Jauho, PRL 100, 150601 (2008)",
    ..CURRENT
};

/// Thermodynamic uncertainty.
pub(crate) const TUR: Definition = Definition {
    name: "tur",
    formula: "λ″σ/J² with the count of `current` and σ = dissipation: at least 2 for classical jumps between states; below 2 coherence \
              makes the current more precise than that",
    range: "[0, ∞)",
    unit: "1",
    source: "Barato and Seifert, PRL 114, 158101 (2015); Ptaszyński, PRB 98, 085425 (2018)",
    ..CURRENT
};

/// Entropy carried away by jumps.
pub(crate) const DISSIPATION: Definition = Definition {
    name: "dissipation",
    signature: Signature::None,
    formula: "σ = Σ_j ln(Γ_j/Γ_j̃) ⟨L_j†L_j⟩ over all jumps, each with its reverse L_j̃ ∝ L_j† and rates Γ ∝ |L|²: the entropy that \
              the steady state sends into its baths, ln((n̄ + 1)/n̄) with each quantum. At the response level σ = −Σ_ν J_ν/T_ν over all baths, \
              J = heat_current",
    levels: &["fock", "response"],
    range: "[0, ∞)",
    unit: "nats/time",
    source: "Horowitz and Parrondo, New J. Phys. 15, 085028 (2013)",
    ..CURRENT
};
