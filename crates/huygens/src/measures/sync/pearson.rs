//! Pearson's correlation of two quadratures.

use super::super::{Argument, Average, Collective, Definition, Evaluate, MOMENTS, Moments, Signature, arguments};

/// Pearson's coefficient.
pub(crate) const PEARSON: Definition = Definition {
    name: "pearson",
    signature: Signature::Quadratures(2),
    formula: "C = ⟨δx δy⟩_sym/√(⟨δx²⟩⟨δy²⟩) of the fluctuations of two quadratures, or components of spins as in pearson(jx(s),jx(u))",
    range: "[−1, 1]",
    unit: "1",
    levels: MOMENTS,
    source: "Galve, Giorgi and Zambrini, in Lectures on General Quantum Correlations and their Applications (Springer, 2017)",
    collective: Collective::Removed,
    average: Average::Mean,
    evaluate: Evaluate::Moments(pearson),
};

fn pearson(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let [x, y] = arguments else { panic!("pearson takes two quadratures, {} arguments given", arguments.len()) };
    let (Some((k, i, up)), Some((l, j, down))) = (arguments::quadrature(state, *x), arguments::quadrature(state, *y))
    else {
        return f64::NAN;
    };
    let (first, second) = (state.covariance(k, k)[i][i], state.covariance(l, l)[j][j]);
    let sign = up.signum() * down.signum();
    if first > 0.0 && second > 0.0 {
        sign * state.covariance(k, l)[i][j] / (first.sqrt() * second.sqrt())
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use crate::measures::testing::{Random, evaluate, gaussian, two_mode_squeezed};
    use approx::assert_relative_eq;

    #[test]
    fn of_a_two_mode_squeezed_state_and_of_any_other() {
        let state = two_mode_squeezed(0.8);
        assert_relative_eq!(evaluate("pearson(q(b1),q(b2))", &state), 1.6f64.tanh(), max_relative = 1e-14);
        assert_relative_eq!(evaluate("pearson(p(b1),p(b2))", &state), -1.6f64.tanh(), max_relative = 1e-14);
        assert_eq!(evaluate("pearson(q(b1),p(b2))", &state), 0.0);
        let mut random = Random::new(3);
        for _ in 0..1000 {
            assert!(evaluate("pearson(q(b1),p(b2))", &random.physical(2)).abs() <= 1.0);
        }
    }

    #[test]
    fn rows_and_columns_are_not_mixed_up() {
        let state =
            gaussian(&[&[1.0, 0.1, 0.2, 0.3], &[0.1, 4.0, 0.5, 0.6], &[0.2, 0.5, 9.0, 0.7], &[0.3, 0.6, 0.7, 16.0]]);
        assert_relative_eq!(evaluate("pearson(q(b1),p(b2))", &state), 0.3 / 4.0, max_relative = 1e-15);
        assert_relative_eq!(evaluate("pearson(p(b1),q(b2))", &state), 0.5 / 6.0, max_relative = 1e-15);
        assert_relative_eq!(evaluate("pearson(p(b2),q(b1))", &state), 0.3 / 4.0, max_relative = 1e-15);
        assert_relative_eq!(evaluate("pearson(q(b1),p(b1))", &state), 0.1 / 2.0, max_relative = 1e-15);
    }
}
