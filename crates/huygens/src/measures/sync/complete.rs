//! Complete synchronization: how close two oscillators are in phase space.
//!
//! With q₋ = (q₁ − q₂)/√2 and p₋ = (p₁ − p₂)/√2, S_c = 1/⟨q₋² + p₋²⟩. The two are a position and a momentum of one mode, so
//! Heisenberg's ⟨q₋²⟩⟨p₋²⟩ ≥ ¼ gives S_c ≤ 1, with equality for a vacuum of that mode such as two equal coherent states.
//! The *relative* measure leaves the means out (Mari's Eq. 3), the *absolute* one keeps them; the relative one is never the
//! smaller.

use super::super::blocks::{Pair, inverse_variance};
use super::super::{Argument, Average, Collective, Definition, Evaluate, FLUCTUATIONS, Moments, Signature, arguments};

/// S_c of the fluctuations.
pub(crate) const RELATIVE: Definition = Definition {
    name: "complete_sync",
    signature: Signature::Modes(2),
    formula: "S_c = 1/⟨δq₋² + δp₋²⟩, q₋ = (q₁ − q₂)/√2, p₋ = (p₁ − p₂)/√2, δ: less the mean (relative)",
    range: "(0, 1], by Heisenberg",
    unit: "1",
    levels: FLUCTUATIONS,
    source: "Mari et al., PRL 111, 103605 (2013), eqs. 1–3",
    collective: Collective::Removed,
    average: Average::Mean,
    evaluate: Evaluate::Moments(relative),
};

/// S_c with the difference of the means.
pub(crate) const ABSOLUTE: Definition = Definition {
    name: "complete_sync_absolute",
    formula: "1/⟨q₋² + p₋²⟩ = 1/(|⟨a₁⟩ − ⟨a₂⟩|² + ⟨δq₋² + δp₋²⟩), q₋ = (q₁ − q₂)/√2, p₋ = (p₁ − p₂)/√2",
    source: "Mari et al., PRL 111, 103605 (2013), eq. 1",
    evaluate: Evaluate::Moments(absolute),
    ..RELATIVE
};

fn spread(state: &dyn Moments, k: usize, l: usize) -> f64 {
    let [q, p] = Pair::of(state, k, l).difference();
    q + p
}

fn relative(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let (k, l) = arguments::two(arguments);
    inverse_variance(spread(state, k, l))
}

fn absolute(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let (k, l) = arguments::two(arguments);
    inverse_variance((state.mean(k) - state.mean(l)).norm_sqr() + spread(state, k, l))
}

#[cfg(test)]
mod tests {
    use crate::measures::testing::{Random, coherent, evaluate, squeezed, two_mode_squeezed};
    use approx::assert_relative_eq;
    use huygens_numerics::c64;

    #[test]
    fn coherent_states_reach_heisenbergs_bound() {
        let state = coherent(&[c64::new(3.0, 1.0), c64::new(-2.0, 5.0)]);
        assert_eq!(evaluate("complete_sync(b1,b2)", &state), 1.0);
        assert_relative_eq!(evaluate("complete_sync_absolute(b1,b2)", &state), 1.0 / 42.0, max_relative = 1e-15);
    }

    /// References `ex-sq-Sc`: two states squeezed to ⟨p²⟩ = ε along their clock hands.
    #[test]
    fn squeezed_states() {
        for eps in [0.1, 0.02, 0.5] {
            let expected = 1.0 / (eps + 0.25 / eps);
            assert_relative_eq!(evaluate("complete_sync(b1,b2)", &squeezed(eps)), expected, max_relative = 1e-14);
        }
        assert_relative_eq!(evaluate("complete_sync(b1,b2)", &squeezed(0.1)), 0.3846153846153846, max_relative = 1e-14);
    }

    #[test]
    fn entanglement_of_epr_type_is_no_synchronization() {
        for r in [0.0, 0.3, 1.0, 2.5] {
            let state = two_mode_squeezed(r);
            assert_relative_eq!(evaluate("complete_sync(b1,b2)", &state), 1.0 / (2.0 * r).cosh(), max_relative = 1e-13);
            // q₋ and p₊ are what it squeezes: mixed synchronization e^{2r}.
            let v = &state.covariance;
            let mixed = 0.5 * (v[(0, 0)] + v[(2, 2)] + v[(1, 1)] + v[(3, 3)]) - v[(0, 2)] + v[(1, 3)];
            assert_relative_eq!(1.0 / mixed, (2.0 * r).exp(), max_relative = 1e-11);
        }
    }

    #[test]
    fn heisenberg_bounds_it_for_20000_random_states() {
        let mut random = Random::new(1);
        let mut largest: f64 = 0.0;
        for _ in 0..20_000 {
            let state = random.physical(2);
            let relative = evaluate("complete_sync(b1,b2)", &state);
            let absolute = evaluate("complete_sync_absolute(b1,b2)", &state);
            assert!(relative <= 1.0 + 1e-12 && 0.0 < absolute && absolute <= relative, "{relative} {absolute}");
            largest = largest.max(relative);
        }
        assert!(largest > 0.9, "the bound is not approached: {largest}");
    }
}
