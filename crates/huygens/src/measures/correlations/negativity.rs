//! Entanglement of two modes.

use super::super::{Argument, Average, Collective, Definition, Evaluate, FLUCTUATIONS, Moments, Signature, arguments};
use super::symplectic::{TwoModes, negativity_of};

/// Logarithmic negativity.
pub(crate) const LOG_NEGATIVITY: Definition = Definition {
    name: "log_negativity",
    signature: Signature::Modes(2),
    formula: "E_N = max(0, −ln 2ν̃₋), ν̃₋ the smallest symplectic eigenvalue of the partial transpose, vacuum ½",
    range: "[0, ∞); > 0 exactly for entangled Gaussian states",
    unit: "nats",
    levels: FLUCTUATIONS,
    source: "Vidal and Werner, PRA 65, 032314 (2002)",
    collective: Collective::Diffused,
    average: Average::Mean,
    evaluate: Evaluate::Moments(log_negativity),
};

fn log_negativity(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let (k, l) = arguments::two(arguments);
    TwoModes::of(state, k, l).map_or(f64::NAN, |two| negativity_of(two.transposed[0]))
}

#[cfg(test)]
mod tests {
    use crate::measures::testing::{Random, coherent, evaluate, two_mode_squeezed};
    use approx::assert_relative_eq;
    use huygens_numerics::c64;

    #[test]
    fn two_mode_squeezing_is_measured_exactly() {
        for r in [0.01, 0.4, 1.0, 2.0] {
            assert_relative_eq!(
                evaluate("log_negativity(b1,b2)", &two_mode_squeezed(r)),
                2.0 * r,
                max_relative = 1e-12
            );
        }
        assert!(evaluate("log_negativity(b1,b2)", &coherent(&[c64::new(2.0, 0.0); 2])) < 1e-15);
    }

    /// A positive P function is a mixture of coherent states: separable.
    #[test]
    fn classical_states_have_none() {
        let mut random = Random::new(31);
        let mut entangled = 0;
        for _ in 0..2000 {
            assert!(evaluate("log_negativity(b1,b2)", &random.p_positive(2)) < 1e-12);
            entangled += usize::from(evaluate("log_negativity(b1,b2)", &random.physical(2)) > 0.01);
        }
        assert!(entangled > 100);
    }
}
