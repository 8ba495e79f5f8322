//! Of one mode: number of quanta, variance of a quadrature.

use super::{Argument, Average, Collective, Definition, Evaluate, MOMENTS, Moments, Signature, arguments, blocks};

/// Mean number of quanta.
pub(super) const NUMBER: Definition = Definition {
    name: "n",
    signature: Signature::Modes(1),
    formula: "⟨a†a⟩ = |⟨a⟩|² + (V_qq + V_pp − 1)/2: coherent part and fluctuations; ⟨|z|²⟩ of classical trajectories",
    range: "[0, ∞)",
    unit: "1",
    levels: MOMENTS,
    source: "definition",
    collective: Collective::Removed,
    average: Average::Mean,
    evaluate: Evaluate::Moments(number),
};

/// Variance of a quadrature.
pub(super) const VARIANCE: Definition = Definition {
    name: "variance",
    signature: Signature::Quadratures(1),
    formula: "⟨x²⟩ − ⟨x⟩² of x = q = (a + a†)/√2 or x = p = (a − a†)/(i√2), vacuum ½; of spins x = jx(s), jy(s), jz(s)",
    range: "(0, ∞)",
    unit: "1",
    levels: MOMENTS,
    source: "definition",
    collective: Collective::Removed,
    average: Average::Mean,
    evaluate: Evaluate::Moments(variance),
};

fn number(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    blocks::energy(state, arguments::one(arguments)) - state.vacuum()
}

fn variance(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let [x] = arguments else { panic!("variance takes one quadrature, {} arguments given", arguments.len()) };
    arguments::quadrature(state, *x).map_or(f64::NAN, |(k, i, scale)| state.covariance(k, k)[i][i] / (scale * scale))
}

#[cfg(test)]
mod tests {
    use crate::measures::testing::{coherent, evaluate, gaussian, squeezed};
    use approx::assert_relative_eq;
    use huygens_numerics::c64;

    #[test]
    fn quanta_of_coherent_squeezed_and_thermal_states() {
        let state = coherent(&[c64::new(3.0, -4.0), c64::new(0.0, 0.0)]);
        assert_eq!(evaluate("n(b1)", &state), 25.0);
        assert_eq!(evaluate("n(b2)", &state), 0.0);
        // ⟨a†a⟩ = sinh² r of a squeezed vacuum with variances e^{∓2r}/2.
        let r: f64 = 0.7;
        let state = squeezed(0.5 * (-2.0 * r).exp());
        assert_relative_eq!(evaluate("n(b1)", &state), 25.0 + r.sinh().powi(2), max_relative = 1e-14);
        assert_relative_eq!(evaluate("variance(q(b1))", &state), 0.5 * (2.0 * r).exp(), max_relative = 1e-14);
        assert_relative_eq!(evaluate("variance(p(b1))", &state), 0.5 * (-2.0 * r).exp(), max_relative = 1e-14);
        let thermal =
            gaussian(&[&[3.5, 0.0, 0.0, 0.0], &[0.0, 3.5, 0.0, 0.0], &[0.0, 0.0, 0.5, 0.0], &[0.0, 0.0, 0.0, 0.5]]);
        assert_eq!(evaluate("n(b1)", &thermal), 3.0);
    }
}
