//! Entropy, purity and mutual information of Gaussian states.

use super::super::{
    Argument, Average, Collective, Definition, Evaluate, FLUCTUATIONS, GAUSSIAN, MOMENTS, Moments, Signature, arguments,
};
use super::symplectic::{self, TwoModes, mode_entropy};

/// Von Neumann entropy.
pub(crate) const ENTROPY: Definition = Definition {
    name: "entropy",
    signature: Signature::AnyModes,
    formula: "S = −tr ρ ln ρ = Σ_k [(ν_k+½) ln(ν_k+½) − (ν_k−½) ln(ν_k−½)], ν_k the symplectic eigenvalues of these modes",
    range: "[0, ∞); grows as ½ ln t on a limit cycle, whose phase diffuses",
    unit: "nats",
    levels: MOMENTS,
    source: "Holevo, Sohma and Hirota, PRA 59, 1820 (1999)",
    collective: Collective::Diffused,
    average: Average::Mean,
    evaluate: Evaluate::Moments(entropy),
};

/// tr ρ².
pub(crate) const PURITY: Definition = Definition {
    name: "purity",
    formula: "tr ρ² = 2⁻ⁿ/√det V of these n modes",
    range: "(0, 1]; on a limit cycle 0, since the collective phase is unknown",
    unit: "1",
    levels: FLUCTUATIONS,
    source: "Weedbrook et al., Rev. Mod. Phys. 84, 621 (2012)",
    evaluate: Evaluate::Moments(purity),
    ..ENTROPY
};

/// Smallest symplectic eigenvalue.
pub(crate) const MIN_SYMPLECTIC: Definition = Definition {
    name: "min_symplectic",
    formula: "smallest symplectic eigenvalue of V of these modes, vacuum ½",
    range: "[½, ∞), by Heisenberg",
    unit: "1",
    source: "Simon, Mukunda and Dutta, PRA 49, 1567 (1994)",
    levels: GAUSSIAN,
    evaluate: Evaluate::Moments(min_symplectic),
    ..ENTROPY
};

/// S₁ + S₂ − S₁₂.
pub(crate) const MUTUAL_INFORMATION: Definition = Definition {
    name: "mutual_information",
    signature: Signature::Modes(2),
    formula: "I = S(ρ₁) + S(ρ₂) − S(ρ₁₂), von Neumann entropies",
    range: "[0, ∞); grows as ½ ln t on a limit cycle, whose diffusing phase both modes share",
    levels: FLUCTUATIONS,
    source: "Weedbrook et al., Rev. Mod. Phys. 84, 621 (2012)",
    evaluate: Evaluate::Moments(mutual_information),
    ..ENTROPY
};

/// The symplectic spectrum of the modes: one and two without allocation.
fn fold<T>(state: &dyn Moments, arguments: &[Argument], of: impl Fn(&[f64]) -> T, none: T) -> T {
    match arguments {
        [k] => symplectic::one_mode(&state.covariance(k.mode(), k.mode())).map_or(none, |nu| of(&[nu])),
        [k, l] => TwoModes::of(state, k.mode(), l.mode()).map_or(none, |two| of(&two.nu)),
        _ => {
            let v = symplectic::gather(state, &arguments::modes(arguments));
            symplectic::symplectic_eigenvalues(&v).map_or(none, |nu| of(&nu))
        }
    }
}

fn entropy(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    fold(state, arguments, |nu| nu.iter().copied().map(mode_entropy).sum(), f64::NAN)
}

fn purity(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    match arguments {
        [_] | [_, _] => fold(state, arguments, |nu| nu.iter().map(|x| 0.5 / x).product(), f64::NAN),
        _ => symplectic::purity(&symplectic::gather(state, &arguments::modes(arguments))),
    }
}

fn min_symplectic(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    fold(state, arguments, |nu| nu[0], f64::NAN)
}

fn mutual_information(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let (k, l) = arguments::two(arguments);
    TwoModes::of(state, k, l).map_or(f64::NAN, |two| {
        let [first, second] = two.local.map(mode_entropy);
        let information = first + second - mode_entropy(two.nu[0]) - mode_entropy(two.nu[1]);
        // Not `max`, which would turn NaN into 0.
        if information < 0.0 && information > -1e-12 * (1.0 + first + second) { 0.0 } else { information }
    })
}

#[cfg(test)]
mod tests {
    use crate::measures::correlations::symplectic::mode_entropy;
    use crate::measures::testing::{Random, apply, evaluate, gaussian, squeezed, two_mode_squeezed};
    use approx::assert_relative_eq;

    #[test]
    fn thermal_states() {
        for nbar in [0.0, 0.25, 7.0] {
            let v = nbar + 0.5;
            let state = gaussian(&[&[v, 0.0], &[0.0, v]]);
            let expected = if nbar > 0.0 { (nbar + 1.0) * f64::ln(nbar + 1.0) - nbar * nbar.ln() } else { 0.0 };
            assert_relative_eq!(evaluate("entropy(b1)", &state), expected, max_relative = 1e-14);
            assert_relative_eq!(evaluate("purity(b1)", &state), 1.0 / (2.0 * nbar + 1.0), max_relative = 1e-15);
            assert_relative_eq!(evaluate("min_symplectic(b1)", &state), v, max_relative = 1e-15);
        }
    }

    #[test]
    fn pure_states() {
        let state = squeezed(0.05);
        assert!(evaluate("entropy", &state) < 1e-12);
        assert_relative_eq!(evaluate("purity", &state), 1.0, max_relative = 1e-14);
        let r: f64 = 0.9;
        let state = two_mode_squeezed(r);
        let local = mode_entropy(0.5 * (2.0 * r).cosh());
        assert_relative_eq!(evaluate("mutual_information(b1,b2)", &state), 2.0 * local, max_relative = 1e-11);
        assert_relative_eq!(evaluate("entropy(b1)", &state), local, max_relative = 1e-13);
        assert_relative_eq!(evaluate("purity(b2)", &state), 1.0 / (2.0 * r).cosh(), max_relative = 1e-13);
        assert_relative_eq!(evaluate("purity(b1,b2)", &state), 1.0, max_relative = 1e-12);
    }

    /// Subadditivity, Araki–Lieb, additivity over products; invariance under local symplectic transformations.
    #[test]
    fn laws_of_entropy() {
        let mut random = Random::new(21);
        for _ in 0..200 {
            let state = random.physical(3);
            let [s1, s12, s123] = ["entropy(b1)", "entropy(b1,b2)", "entropy"].map(|m| evaluate(m, &state));
            let [s2, s3] = ["entropy(b2)", "entropy(b3)"].map(|m| evaluate(m, &state));
            let information = evaluate("mutual_information(b1,b2)", &state);
            assert_relative_eq!(information, s1 + s2 - s12, epsilon = 1e-9, max_relative = 1e-9);
            assert!(information >= 0.0 && s12 >= (s1 - s2).abs() - 1e-9);
            assert!(s123 <= s12 + s3 + 1e-9 && s123 >= (s12 - s3).abs() - 1e-9);
            let local = random.local_symplectic(3);
            let moved = apply(&local, &state);
            for measure in
                ["entropy(b1,b2)", "mutual_information(b1,b2)", "purity", "min_symplectic", "log_negativity(b1,b2)"]
            {
                let (before, after) = (evaluate(measure, &state), evaluate(measure, &moved));
                assert_relative_eq!(before, after, epsilon = 1e-9, max_relative = 1e-8);
            }
        }
    }
}
