//! Of the mean field alone: phase difference, radius, Kuramoto's order parameter.

use huygens_numerics::c64;

use super::super::blocks::direction;
use super::super::{Argument, Average, Collective, Definition, Evaluate, MEANS, Moments, Signature, arguments};

/// φ₁ − φ₂.
pub(crate) const PHASE_DIFFERENCE: Definition = Definition {
    name: "phase_difference",
    signature: Signature::Modes(2),
    formula: "φ₁ − φ₂, φ = arg⟨a⟩ = atan2(⟨p⟩, ⟨q⟩), of spins arg⟨J₋⟩; averages are taken around the circular mean",
    range: "(−π, π]",
    unit: "rad",
    levels: MEANS,
    source: "Mari et al., PRL 111, 103605 (2013), text before eq. 1",
    collective: Collective::Blind,
    average: Average::Angle,
    evaluate: Evaluate::Moments(phase_difference),
};

/// √2 |⟨a⟩|.
pub(crate) const RADIUS: Definition = Definition {
    name: "radius",
    signature: Signature::Modes(1),
    formula: "R = √(⟨q⟩² + ⟨p⟩²) = √2 |⟨a⟩|",
    range: "[0, ∞)",
    unit: "1",
    levels: MEANS,
    source: "Mari et al., PRL 111, 103605 (2013), note 36",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Moments(radius),
};

/// |Σ e^{iφ}|/N.
pub(crate) const ORDER_PARAMETER: Definition = Definition {
    name: "order_parameter",
    signature: Signature::Oscillators(2),
    formula: "r = |Σ_j e^{iφ_j}|/N, φ_j = arg⟨a_j⟩, of spins arg⟨J₋⟩",
    range: "[0, 1]; 1 when all phases agree",
    unit: "1",
    levels: MEANS,
    source: "Kuramoto, Chemical Oscillations, Waves, and Turbulence (1984), sec. 5.4",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Moments(order_parameter),
};

fn phase_difference(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let (k, l) = arguments::two(arguments);
    match (direction(state, k), direction(state, l)) {
        (Some(first), Some(second)) => (first * second.conj()).arg(),
        _ => f64::NAN,
    }
}

fn radius(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    std::f64::consts::SQRT_2 * state.mean(arguments::one(arguments)).norm()
}

fn order_parameter(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let sum: Option<c64> = arguments.iter().map(|a| direction(state, a.mode())).sum();
    sum.map_or(f64::NAN, |sum| sum.norm() / arguments.len() as f64)
}

#[cfg(test)]
mod tests {
    use crate::measures::testing::{coherent, evaluate};
    use approx::assert_relative_eq;
    use huygens_numerics::c64;
    use std::f64::consts::{PI, TAU};

    #[test]
    fn phases_by_atan2() {
        for (first, second) in [(0.3, 0.1), (3.0, -3.0), (-2.0, 1.0), (PI, 0.0)] {
            let state = coherent(&[c64::from_polar(2.0, first), c64::from_polar(0.01, second)]);
            let d = evaluate("phase_difference(b1,b2)", &state);
            assert!(-PI < d && d <= PI);
            assert!((d - (first - second)).sin().abs() < 1e-14 && (d - (first - second)).cos() > 0.0);
            assert_relative_eq!(evaluate("radius(b1)", &state), 8f64.sqrt(), max_relative = 1e-15);
        }
        let state = coherent(&[c64::new(1.0, 0.0), c64::new(0.0, 0.0)]);
        assert!(evaluate("phase_difference(b1,b2)", &state).is_nan());
        assert_eq!(evaluate("radius(b2)", &state), 0.0);
    }

    #[test]
    fn order_parameter_of_equal_spread_and_lagging_phases() {
        let phases = |list: &[f64]| coherent(&list.iter().map(|&x| c64::from_polar(3.0, x)).collect::<Vec<_>>());
        assert_relative_eq!(evaluate("order_parameter", &phases(&[0.4; 5])), 1.0, max_relative = 1e-15);
        let ring: Vec<f64> = (0..7).map(|j| TAU * j as f64 / 7.0).collect();
        assert!(evaluate("order_parameter", &phases(&ring)) < 1e-15);
        assert_relative_eq!(evaluate("order_parameter", &phases(&[0.0, 1.0])), 0.5f64.cos(), max_relative = 1e-15);
        assert_relative_eq!(
            evaluate("order_parameter(b1,b3)", &phases(&[0.0, 2.0, 1.0])),
            0.5f64.cos(),
            max_relative = 1e-15
        );
    }
}
