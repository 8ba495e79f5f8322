//! Powers of driven couplings to structured baths, what they cost and how precise they are: see [`crate::levels::response`].

use super::{Average, Collective, Definition, Evaluate, Signature};

/// What is asked of a driven machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MachineMeasure {
    HeatCurrent,
    HeatNoise,
    HeatUncertainty,
    Dissipative,
    Exchange,
    Noise,
    Uncertainty,
    Bound,
    BoundTotal,
    Efficiency,
    Literal,
    Adiabatic,
    AdiabaticExchange,
    Diabatic,
    DiabaticExchange,
    UncertaintyThreshold,
    PowerThreshold,
    Poles,
    Spectrum,
    CrossSpectrum,
    Absorption,
}

impl MachineMeasure {
    const ALL: [(&'static str, MachineMeasure); 21] = [
        (HEAT_CURRENT.name, MachineMeasure::HeatCurrent),
        (HEAT_NOISE.name, MachineMeasure::HeatNoise),
        (HEAT_TUR.name, MachineMeasure::HeatUncertainty),
        (POWER_DISSIPATIVE.name, MachineMeasure::Dissipative),
        (POWER_EXCHANGE.name, MachineMeasure::Exchange),
        (POWER_NOISE.name, MachineMeasure::Noise),
        (POWER_TUR.name, MachineMeasure::Uncertainty),
        (POWER_BOUND.name, MachineMeasure::Bound),
        (POWER_BOUND_TOTAL.name, MachineMeasure::BoundTotal),
        (WORK_EFFICIENCY.name, MachineMeasure::Efficiency),
        (POWER_LITERAL.name, MachineMeasure::Literal),
        (ALPHA_ADIABATIC.name, MachineMeasure::Adiabatic),
        (DELTA_ALPHA_ADIABATIC.name, MachineMeasure::AdiabaticExchange),
        (ALPHA_DIABATIC.name, MachineMeasure::Diabatic),
        (DELTA_ALPHA_DIABATIC.name, MachineMeasure::DiabaticExchange),
        (TUR_THRESHOLD.name, MachineMeasure::UncertaintyThreshold),
        (POWER_THRESHOLD.name, MachineMeasure::PowerThreshold),
        (RESPONSE_POLES.name, MachineMeasure::Poles),
        (SPECTRUM.name, MachineMeasure::Spectrum),
        (CROSS_SPECTRUM.name, MachineMeasure::CrossSpectrum),
        (ABSORPTION.name, MachineMeasure::Absorption),
    ];

    /// That of a measure, if it is one.
    pub(crate) fn of(definition: &Definition) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == definition.name).map(|(_, measure)| measure)
    }

    /// Whether a measure is a current of heat, its noise, or made of them.
    pub(crate) fn is_current(definition: &Definition) -> bool {
        matches!(Self::of(definition), Some(Self::HeatCurrent | Self::HeatNoise | Self::HeatUncertainty))
    }
}

/// Heat out of a bath.
pub(super) const HEAT_CURRENT: Definition = Definition {
    name: "heat_current",
    signature: Signature::Channel,
    formula: "J_ν = −⟨dH_ν/dt⟩, averaged over the period: energy out of a structured bath, by its label, into the oscillators. \
              P + ΣJ = 0 with P = power",
    range: "real",
    unit: "rad²/time²",
    levels: &["response"],
    source: "Razzoli et al., text after Eq. (5) and Eq. (17)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(|_, _| Err("a property of driven or static baths with spectral densities".into())),
};

/// D of the heat out of a bath.
pub(super) const HEAT_NOISE: Definition = Definition {
    name: "heat_noise",
    formula: "D = ∫₀^∞ ⟨{δJ_ν(t), δJ_ν(t−τ)}⟩ dτ averaged over the period: the rate at which the variance of the heat out of a structured \
              bath grows; to all orders of the coupling",
    range: "[0, ∞)",
    unit: "rad³/time³",
    source: "the second cumulant of Saito and Dhar, PRL 99, 180601 (2007), with driven couplings too",
    ..HEAT_CURRENT
};

/// Q of the heat.
pub(super) const HEAT_TUR: Definition = Definition {
    name: "heat_tur",
    formula: "Q = σD/J_ν² with σ = dissipation, D = heat_noise, J_ν = heat_current of the bath: the standard uncertainty relation says Q ≥ 2",
    unit: "1",
    source: "Razzoli et al., Eq. (7), for the heat current",
    ..HEAT_NOISE
};

/// P⁽⁰⁾.
pub(super) const POWER_DISSIPATIVE: Definition = Definition {
    name: "power_dissipative",
    signature: Signature::OptionalMode,
    formula: "P⁽⁰⁾ of the drives of the mode's couplings, the part of the power in lowest order that is even under time reversal",
    source: "Razzoli et al., Eq. (14)",
    ..HEAT_CURRENT
};

/// δP.
pub(super) const POWER_EXCHANGE: Definition = Definition {
    name: "power_exchange",
    signature: Signature::Modes(1),
    formula: "δP, the part of the power in lowest order that drives with a phase between them hand to each other: it adds to 0 over all modes",
    source: "Razzoli et al., Eq. (15)",
    ..HEAT_CURRENT
};

/// D.
pub(super) const POWER_NOISE: Definition = Definition {
    name: "power_noise",
    signature: Signature::OptionalMode,
    formula: "D = ∫₀^∞ ⟨{δP(t), δP(t−τ)}⟩ dτ averaged over the period: the rate at which the variance of the work grows",
    range: "[0, ∞)",
    unit: "rad³/time³",
    source: "Razzoli et al., Eqs. (6), (18)",
    ..HEAT_CURRENT
};

/// Q.
pub(super) const POWER_TUR: Definition = Definition {
    name: "power_tur",
    signature: Signature::OptionalMode,
    formula: "Q = σD/P² with σ = dissipation, D = power_noise, P = power of the same mode or of all: the standard uncertainty relation \
              says Q ≥ 2, and always holds for the total power in lowest order",
    range: "[0, ∞)",
    unit: "1",
    source: "Razzoli et al., Eqs. (7), (20)",
    ..HEAT_CURRENT
};

/// V at fixed protocol.
pub(super) const POWER_BOUND: Definition = Definition {
    name: "power_bound",
    signature: Signature::OptionalMode,
    formula: "V = 2(1 − Ω ∂_Ω P/P)², the derivative at fixed protocol (fixed functions of Ωt): Q ≥ V for periodic driving",
    range: "[0, ∞)",
    unit: "1",
    source: "Koyuk and Seifert, PRL 125, 260604 (2020)",
    ..HEAT_CURRENT
};

/// V with amplitudes that depend on Ω.
pub(super) const POWER_BOUND_TOTAL: Definition = Definition {
    name: "power_bound_total",
    formula: "V = 2(1 − Ω dP/dΩ/P)² with the derivative acting on amplitudes that depend on Ω too, such as f_B(Ω) of Razzoli et al.",
    source: "Razzoli et al., Eq. (26)",
    ..POWER_BOUND
};

/// η.
pub(super) const WORK_EFFICIENCY: Definition = Definition {
    name: "work_efficiency",
    signature: Signature::None,
    formula: "η = Σ_{P<0} |P|/Σ_{P>0} P over the powers of the modes: work given over work taken",
    range: "[0, ∞); at most 1 where all baths have one temperature",
    unit: "1",
    source: "Razzoli et al., Eq. (F1)",
    ..HEAT_CURRENT
};

/// P with the counter-term split as it is written.
pub(super) const POWER_LITERAL: Definition = Definition {
    name: "power_literal",
    signature: Signature::Modes(1),
    formula: "tr(ρ ∂H_int,l/∂t) with each mixed counter-term (μ/2) g_l g_l′ r_l r_l′ shared out between the modes as it is written; `power` \
              gives the mode what moving g_l costs, −⟨ġ_l r_l F⟩",
    source: "Razzoli et al., Eqs. (5), (A2) taken literally",
    ..HEAT_CURRENT
};

/// α^ad.
pub(super) const ALPHA_ADIABATIC: Definition = Definition {
    name: "alpha_adiabatic",
    signature: Signature::Modes(1),
    formula: "lim P⁽⁰⁾/Ω² for Ω → 0, with the amplitudes of the couplings as they are",
    unit: "1",
    source: "Razzoli et al., Eq. (D2)",
    ..HEAT_CURRENT
};

/// δα^ad.
pub(super) const DELTA_ALPHA_ADIABATIC: Definition = Definition {
    name: "delta_alpha_adiabatic",
    formula: "lim δP/Ω for Ω → 0, with the amplitudes of the couplings as they are",
    unit: "rad/time",
    source: "Razzoli et al., Eq. (D4)",
    ..ALPHA_ADIABATIC
};

/// α^dia.
pub(super) const ALPHA_DIABATIC: Definition = Definition {
    name: "alpha_diabatic",
    formula: "lim P⁽⁰⁾/(Ω J(Ω)) for Ω → ∞, J the density of the driven bath",
    unit: "time/rad",
    source: "Razzoli et al., Eq. (D7)",
    ..ALPHA_ADIABATIC
};

/// δα^dia.
pub(super) const DELTA_ALPHA_DIABATIC: Definition = Definition {
    name: "delta_alpha_diabatic",
    formula: "lim −δP/(Ω Re ζ(Ω)) for Ω → ∞, which is δP ω_c/(Ω² J(Ω)) with a Drude cut-off",
    source: "Razzoli et al., Eq. (D9)",
    ..ALPHA_DIABATIC
};

/// Where Q = 2.
pub(super) const TUR_THRESHOLD: Definition = Definition {
    name: "tur_threshold",
    signature: Signature::Modes(1),
    formula: "the frequencies Ω at which Q = 2 in lowest order, all other parameters fixed; the value is the highest, below 1e6 of the \
              fastest oscillator",
    unit: "rad/time",
    range: "(0, ∞)",
    source: "Razzoli et al., Figs. 3, 5, 10",
    ..HEAT_CURRENT
};

/// Where P = 0.
pub(super) const POWER_THRESHOLD: Definition = Definition {
    name: "power_threshold",
    formula: "the frequencies Ω at which the power of the mode passes through 0 in lowest order; the value is the highest",
    ..TUR_THRESHOLD
};

/// Poles of the response.
pub(super) const RESPONSE_POLES: Definition = Definition {
    name: "response_poles",
    signature: Signature::None,
    formula: "(|Re λ|, 2|Im λ|) of the poles λ of the static response, slowest first: frequencies and energy decay rates of the effective \
              normal modes. The value is their number",
    range: "a list of pairs",
    unit: "1",
    source: "Razzoli et al., Eq. (10)",
    ..HEAT_CURRENT
};

/// S_xx.
pub(super) const SPECTRUM: Definition = Definition {
    name: "spectrum",
    signature: Signature::Quadratures(1),
    formula: "S(ω) = ½∫dt e^{iωt} ⟨{x(t), x(0)}⟩ of a quadrature over ω > 0, averaged over the period of a drive; ∫ S dω/2π over all ω is \
              its variance. The value is the frequency of the maximum",
    range: "a function; the value (0, ∞)",
    unit: "rad/time",
    source: "fluctuation–dissipation theorem; Weiss, Quantum Dissipative Systems, ch. 6",
    ..HEAT_CURRENT
};

/// Re S_xy.
pub(super) const CROSS_SPECTRUM: Definition = Definition {
    name: "cross_spectrum",
    signature: Signature::Quadratures(2),
    formula: "Re S(ω), S(ω) = ½∫dt e^{iωt} ⟨{x(t), y(0)}⟩ of two quadratures over ω > 0: positive where they move in phase, negative in \
              antiphase; ∫ dω/2π over all ω is their covariance. The value is the frequency of the largest modulus",
    ..SPECTRUM
};

/// χ″.
pub(super) const ABSORPTION: Definition = Definition {
    name: "absorption",
    formula: "χ″(ω) of a quadrature with the static baths, over ω > 0: a force f cos ωt on it is absorbed at the rate ½ω f² χ″. The value is \
              the frequency of the maximum",
    source: "Razzoli et al., Eq. (10), Fig. 2a",
    ..SPECTRUM
};
