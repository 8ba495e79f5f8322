//! Phase synchronization: agreement of the clock hands, whatever the amplitudes.
//!
//! Every mode is seen from the frame of its own mean phase φ = arg⟨a⟩: q' = q cos φ + p sin φ points along the hand
//! (amplitude), p' = p cos φ − q sin φ across it (phase). A constant phase lag between the means therefore costs nothing.

use super::super::blocks::{Pair, direction, inverse_variance};
use super::super::{Argument, Average, Collective, Definition, Evaluate, FLUCTUATIONS, Moments, Signature, arguments};

/// S_p = ½/⟨p'₋²⟩.
pub(crate) const PHASE_SYNC: Definition = Definition {
    name: "phase_sync",
    signature: Signature::Modes(2),
    formula: "S_p = 1/(2⟨δp'₋²⟩), p'₋ = (p'₁ − p'₂)/√2, p' = p cos φ − q sin φ, φ = arg⟨a⟩",
    range: "(0, ∞); ≤ 1 for a positive P function",
    unit: "1",
    levels: FLUCTUATIONS,
    source: "Mari et al., PRL 111, 103605 (2013), eqs. 4–6",
    collective: Collective::Removed,
    average: Average::Mean,
    evaluate: Evaluate::Moments(phase_sync),
};

/// S_φ: complete synchronization up to a phase lag.
pub(crate) const PHI_SYNC: Definition = Definition {
    name: "phi_sync",
    formula: "S_φ = 1/⟨δq'₋² + δp'₋²⟩, each mode in the frame of its own mean phase φ = arg⟨a⟩: q' = q cos φ + p sin φ, \
              p' = p cos φ − q sin φ",
    range: "(0, 1], by Heisenberg",
    source: "Qiao et al., Quantum φ synchronization, arXiv:2001.10793",
    evaluate: Evaluate::Moments(phi_sync),
    ..PHASE_SYNC
};

/// ⟨p'₋²⟩.
pub(crate) const PHASE_ERROR: Definition = Definition {
    name: "phase_error",
    formula: "⟨δp'₋²⟩ = 1/(2 S_p), p'₋ = (p'₁ − p'₂)/√2, p' = p cos φ − q sin φ, φ = arg⟨a⟩; coherent states ½",
    range: "(0, ∞); < ½ is squeezed",
    source: "Mari et al., PRL 111, 103605 (2013), eq. 5",
    evaluate: Evaluate::Moments(phase_error),
    ..PHASE_SYNC
};

/// ⟨q'₋²⟩.
pub(crate) const AMPLITUDE_ERROR: Definition = Definition {
    name: "amplitude_error",
    formula: "⟨δq'₋²⟩, q'₋ = (q'₁ − q'₂)/√2, q' = q cos φ + p sin φ, φ = arg⟨a⟩; coherent states ½",
    range: "(0, ∞); < ½ is squeezed",
    source: "Mari et al., PRL 111, 103605 (2013), eq. 4 and text before eq. 7",
    evaluate: Evaluate::Moments(amplitude_error),
    ..PHASE_SYNC
};

/// Variances of q'₋ and p'₋, NaN where a mode has no mean phase.
fn errors(state: &dyn Moments, arguments: &[Argument]) -> [f64; 2] {
    let (k, l) = arguments::two(arguments);
    let (Some(first), Some(second)) = (direction(state, k), direction(state, l)) else {
        return [f64::NAN; 2];
    };
    Pair::of(state, k, l).rotated(first, second).difference()
}

fn phase_sync(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    0.5 * inverse_variance(errors(state, arguments)[1])
}

fn phi_sync(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let [q, p] = errors(state, arguments);
    inverse_variance(q + p)
}

fn phase_error(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    errors(state, arguments)[1]
}

fn amplitude_error(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    errors(state, arguments)[0]
}

#[cfg(test)]
mod tests {
    use crate::measures::testing::{Random, coherent, evaluate, rotate_modes, squeezed};
    use approx::assert_relative_eq;
    use huygens_numerics::c64;

    /// Phase squeezing is not bounded by Heisenberg: S_p = 1/(2ε), without any entanglement.
    #[test]
    fn squeezed_clock_hands() {
        for eps in [0.1, 0.01, 0.5] {
            let mut state = squeezed(eps);
            for lag in [0.0, 0.4, 3.0] {
                assert_relative_eq!(evaluate("phase_sync(b1,b2)", &state), 0.5 / eps, max_relative = 1e-13);
                assert_relative_eq!(evaluate("phase_error(b1,b2)", &state), eps, max_relative = 1e-13);
                assert_relative_eq!(evaluate("amplitude_error(b1,b2)", &state), 0.25 / eps, max_relative = 1e-13);
                assert_relative_eq!(
                    evaluate("phi_sync(b1,b2)", &state),
                    1.0 / (eps + 0.25 / eps),
                    max_relative = 1e-13
                );
                assert!(evaluate("log_negativity(b1,b2)", &state) < 1e-12);
                assert!(evaluate("entropy", &state).abs() < 1e-12);
                state = rotate_modes(&state, &[0.0, lag]);
            }
        }
    }

    #[test]
    fn coherent_states_have_one_and_no_mean_has_none() {
        let state = coherent(&[c64::new(1.0, 2.0), c64::new(-3.0, 0.5)]);
        assert_relative_eq!(evaluate("phase_sync(b1,b2)", &state), 1.0, max_relative = 1e-14);
        assert_relative_eq!(evaluate("phi_sync(b1,b2)", &state), 1.0, max_relative = 1e-14);
        let state = coherent(&[c64::new(1.0, 2.0), c64::new(0.0, 0.0)]);
        for measure in ["phase_sync(b1,b2)", "phi_sync(b1,b2)", "phase_error(b1,b2)", "amplitude_error(b1,b2)"] {
            assert!(evaluate(measure, &state).is_nan(), "{measure}");
        }
    }

    #[test]
    fn positive_p_function_bounds_it_and_squeezing_does_not() {
        let mut random = Random::new(2);
        let (mut classical, mut quantum): (f64, f64) = (0.0, 0.0);
        for _ in 0..20_000 {
            let s = evaluate("phase_sync(b1,b2)", &random.p_positive(2));
            assert!(0.0 < s && s <= 1.0 + 1e-12, "{s}");
            classical = classical.max(s);
            let state = random.physical(2);
            quantum = quantum.max(evaluate("phase_sync(b1,b2)", &state));
            assert!(evaluate("phi_sync(b1,b2)", &state) <= 1.0 + 1e-12);
        }
        assert!(classical > 0.9 && quantum > 3.0, "{classical} {quantum}");
    }
}
