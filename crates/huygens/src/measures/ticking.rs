//! Clocks as trajectories show them: a tick is an upward zero crossing of q, placed between samples by a cubic.

use super::{Average, Collective, Definition, Evaluate, Signature, TickMeasure};

/// Mean interval between ticks.
pub(super) const SIMULATED_PERIOD: Definition = Definition {
    name: "simulated_period",
    signature: Signature::Modes(1),
    formula: "⟨t⟩ of the intervals t between upward zero crossings of q on the trajectories of the ensemble, over the window",
    range: "(0, ∞)",
    unit: "time",
    levels: &["stochastic"],
    source: "Yang, Sheng and Wu, text before Fig. 2",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Ticks(TickMeasure::Period),
};

/// Accuracy of the clock.
pub(super) const SIMULATED_ACCURACY: Definition = Definition {
    name: "simulated_accuracy",
    formula: "N = ⟨t⟩²/Var(t) of the intervals t between upward zero crossings of q on the trajectories of the ensemble",
    unit: "1",
    source: "Pearson et al., PRX 11, 021029 (2021); Barato and Seifert, PRX 6, 041053 (2016)",
    evaluate: Evaluate::Ticks(TickMeasure::Accuracy),
    ..SIMULATED_PERIOD
};

/// Deviation of two clocks by nearest ticks.
pub(super) const SIMULATED_DEVIATION: Definition = Definition {
    name: "simulated_deviation",
    signature: Signature::Modes(2),
    formula: "D = Var(φ)/(2π)², φ in (−π, π] the phase of a tick of the first clock against the nearest of the second",
    range: "[0, 1/4]; 1/12 for independent clocks",
    source: "Yang, Sheng and Wu, Fig. 2a, read as nearest ticks",
    evaluate: Evaluate::Ticks(TickMeasure::PhaseDeviation),
    ..SIMULATED_ACCURACY
};

/// Deviation of two clocks by their simultaneous intervals.
pub(super) const SIMULATED_INTERVAL_DEVIATION: Definition = Definition {
    name: "simulated_interval_deviation",
    formula: "D = Var(t₂ − t₁)/⟨(t₁ + t₂)/2⟩² of simultaneous intervals: it does not know the phase between the clocks",
    range: "(0, ∞); 1/N₁ + 1/N₂ for independent clocks",
    source: "Yang, Sheng and Wu, text before Fig. 2, read literally",
    evaluate: Evaluate::Ticks(TickMeasure::IntervalDeviation),
    ..SIMULATED_DEVIATION
};
