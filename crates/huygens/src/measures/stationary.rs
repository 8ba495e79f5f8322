//! What belongs to a stationary state with its linear dynamics: normal modes, the memory of a clock.

use huygens_numerics::c64;
use huygens_numerics::linalg::{self, RMatrix};

use super::clocks::deviation::{accuracy_of_crossings, accuracy_of_phase};
use super::{Average, Collective, Definition, Evaluate, LINEARISED, Signature};
use crate::levels::gaussian::linear::{NormalMode, normal_modes_of};

/// A fixed point with the dynamics of its fluctuations, ṙ = A r + ξ.
#[derive(Clone, Debug)]
pub struct Stationary {
    /// A, 2n × 2n, order (q₁, p₁, …).
    pub drift: RMatrix,
    /// Mean quadratures r̄.
    pub mean: Vec<f64>,
    /// Covariance V.
    pub covariance: RMatrix,
    /// The model's oscillators, as indices of modes.
    pub oscillators: Vec<usize>,
}

/// A number with what stands behind it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The number.
    pub value: f64,
    /// More numbers, in pairs.
    pub list: Option<Vec<[f64; 2]>>,
}

impl From<f64> for Reading {
    fn from(value: f64) -> Self {
        Self { value, list: None }
    }
}

const NARROW: Definition = Definition {
    name: "linewidth_narrow",
    signature: Signature::None,
    formula: "γ₊ = −2 Re λ of the least damped normal mode of the oscillators; λ eigenvalue of the drift",
    range: "(0, ∞) where stable",
    unit: "rad/time",
    levels: LINEARISED,
    source: "Yang, Sheng and Wu, text before Fig. 2; Agudo-Canalejo et al., PRL 127, 208103 (2021)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Stationary(|s, _| Ok(normal(s)?[0].linewidth.into())),
};

/// γ of the least damped normal mode.
pub(super) const LINEWIDTH_NARROW: Definition = NARROW;

/// γ of the most damped normal mode of the oscillators.
pub(super) const LINEWIDTH_WIDE: Definition = Definition {
    name: "linewidth_wide",
    formula: "γ₋ = −2 Re λ of the most damped normal mode of the oscillators",
    evaluate: Evaluate::Stationary(|s, _| Ok(normal(s)?.last().map_or(f64::NAN, |m| m.linewidth).into())),
    ..NARROW
};

/// γ₊/γ₋.
pub(super) const LINEWIDTH_RATIO: Definition = Definition {
    name: "linewidth_ratio",
    formula: "γ₊/γ₋: small where one normal mode outlives the others and the oscillators move as it does",
    range: "(0, 1]",
    unit: "1",
    evaluate: Evaluate::Stationary(|s, _| {
        let modes = normal(s)?;
        Ok((modes[0].linewidth / modes[modes.len() - 1].linewidth).into())
    }),
    ..NARROW
};

/// ω of the least damped normal mode.
pub(super) const FREQUENCY_NARROW: Definition = Definition {
    name: "frequency_narrow",
    formula: "ω₊ = |Im λ| of the least damped normal mode of the oscillators",
    range: "(0, ∞)",
    evaluate: Evaluate::Stationary(|s, _| Ok(normal(s)?[0].frequency.into())),
    ..NARROW
};

/// ω of the most damped normal mode of the oscillators.
pub(super) const FREQUENCY_WIDE: Definition = Definition {
    name: "frequency_wide",
    formula: "ω₋ = |Im λ| of the most damped normal mode of the oscillators",
    range: "(0, ∞)",
    evaluate: Evaluate::Stationary(|s, _| Ok(normal(s)?.last().map_or(f64::NAN, |m| m.frequency).into())),
    ..NARROW
};

/// All of them.
pub(super) const NORMAL_MODES: Definition = Definition {
    name: "normal_modes",
    formula: "(ω, γ) of the normal modes that live most on the oscillators, narrowest first. The value is their number",
    range: "a list of pairs",
    unit: "1",
    evaluate: Evaluate::Stationary(|s, _| {
        let list: Vec<[f64; 2]> = normal(s)?.iter().map(|m| [m.frequency, m.linewidth]).collect();
        Ok(Reading { value: list.len() as f64, list: Some(list) })
    }),
    ..NARROW
};

/// Loss of memory over one period.
pub(super) const DEPHASING: Definition = Definition {
    name: "dephasing",
    signature: Signature::Modes(1),
    formula: "ε = 1 − |ρ_T|², ρ_T = ⟨b†(0)b(T)⟩/(⟨b†b⟩ + ½) over the period T = 2π/|A_qp| of the mode by itself. For a \
              thermal oscillator ε = γT(n_th + ½)/(n + ½) while small",
    range: "[0, 1]",
    unit: "1",
    source: "complex-Gaussian phase statistics; Goodman, Speckle Phenomena in Optics (2007), ch. 2",
    evaluate: Evaluate::Stationary(|s, a| Ok(dephasing(s, a[0].mode())?.into())),
    ..NARROW
};

/// Accuracy of a clock that ticks when a noisy oscillation passes zero.
pub(super) const TICK_ACCURACY: Definition = Definition {
    name: "tick_accuracy",
    formula: "N = ⟨t⟩²/Var(t) of the periods t between upward zero crossings, N = 8π²/[ε(4.85 − ln ε)] with ε = dephasing: a \
              law fitted to simulations, good to 3 %",
    range: "(0, ∞)",
    source: "Pearson et al., PRX 11, 021029 (2021) for N; the fit of Huygens' own simulations",
    evaluate: Evaluate::Stationary(|s, a| {
        accuracy_of_crossings(dephasing(s, a[0].mode())?).map(Reading::from).map_err(|e| e.to_string())
    }),
    ..DEPHASING
};

/// Accuracy of a clock that is read by its phase.
pub(super) const PHASE_ACCURACY: Definition = Definition {
    name: "phase_accuracy",
    formula: "N = 4π²/σ²(ε), σ² = asin²√ε + [ln ε ln(1−ε) + Li₂(ε)]/2 the variance of the phase gained over a period beyond \
              2π, ε = dephasing",
    range: "(0, ∞)",
    evaluate: Evaluate::Stationary(|s, a| {
        accuracy_of_phase(dephasing(s, a[0].mode())?).map(Reading::from).map_err(|e| e.to_string())
    }),
    ..DEPHASING
};

fn normal(state: &Stationary) -> Result<Vec<NormalMode>, String> {
    let modes = normal_modes_of(&state.drift, &state.oscillators).map_err(|e| e.to_string())?;
    if modes.is_empty() {
        return Err("every mode is overdamped: nothing oscillates here".into());
    }
    Ok(modes)
}

fn dephasing(state: &Stationary, k: usize) -> Result<f64, String> {
    let turning = 0.5 * (state.drift[(2 * k, 2 * k + 1)] - state.drift[(2 * k + 1, 2 * k)]).abs();
    if turning == 0.0 {
        return Err("the mode does not oscillate by itself: it has no period".into());
    }
    let period = std::f64::consts::TAU / turning;
    // C(T) = e^{AT} V: the correlation of r(T) with r(0).
    let later = &linalg::expm(&state.drift.scale(period)).map_err(|e| e.to_string())? * &state.covariance;
    let (i, j) = (2 * k, 2 * k + 1);
    let rho = c64::new(later[(i, i)] + later[(j, j)], later[(j, i)] - later[(i, j)]);
    let energy = state.covariance[(i, i)] + state.covariance[(j, j)];
    Ok(1.0 - (rho / energy).norm_sqr())
}
