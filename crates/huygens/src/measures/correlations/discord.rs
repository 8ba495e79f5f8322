//! Gaussian quantum discord of two modes.
//!
//! D = S(ρ₂) − S(ρ₁₂) + min S(ρ₁ | measurement of mode 2), the minimum over Gaussian measurements of the second mode. By
//! local symplectic transformations the state is in standard form, mode 1 with variances a, mode 2 with b, correlations
//! diag(c, d) (here with vacuum 1, σ = 2V). A measurement that projects on a state squeezed by λ along these axes leaves mode 1
//! with the determinant
//!
//! ```text
//! E(λ) = (a − c²/(b+λ)) (a − d²/(b+1/λ)) = (x + aλ)(a + yλ) / ((b+λ)(1+bλ)),    x = ab − c², y = ab − d²,
//! ```
//!
//! and Adesso and Datta show that nothing is gained by other axes. dE/dλ = 0 is a quadratic equation: a minimum inside is their
//! first branch (heterodyne, λ = 1, among it), λ = 0 or ∞ is their second (homodyne). In this form no two terms cancel: neither
//! as b → 1, where their E_inf is 0/0, nor on a limit cycle whose phase has diffused, where x ≪ ab.

use super::super::blocks::Pair;
use super::super::{Argument, Average, Collective, Definition, Evaluate, GAUSSIAN, Moments, Signature, arguments};
use super::symplectic::{TwoModes, mode_entropy};

/// Adesso–Datta discord.
pub(crate) const DISCORD: Definition = Definition {
    name: "discord",
    signature: Signature::Modes(2),
    formula: "D = f(√det B) − f(ν₋) − f(ν₊) + f(√E), f the entropy of a mode, B the block of the second mode, which is measured, \
              E the smallest determinant that a Gaussian measurement of it leaves for the first",
    range: "[0, ∞); > 0 for every correlated Gaussian state",
    unit: "nats",
    levels: GAUSSIAN,
    source: "Adesso and Datta, PRL 105, 030501 (2010), eqs. 6 and 7",
    collective: Collective::Diffused,
    average: Average::Mean,
    evaluate: Evaluate::Moments(discord),
};

fn discord(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    let (k, l) = arguments::two(arguments);
    let pair = Pair::of(state, k, l);
    let Some(two) = TwoModes::from_pair(&pair) else {
        return f64::NAN;
    };
    let left = 0.5 * smallest_determinant(&two).sqrt();
    let discord = mode_entropy(two.local[1]) - mode_entropy(two.nu[0]) - mode_entropy(two.nu[1]) + mode_entropy(left);
    if discord < 0.0 && discord > -1e-7 { 0.0 } else { discord }
}

/// Discord of the standard form σ = \[\[a, C\], \[Cᵀ, b\]\] with C = diag(c, d), vacuum 1, mode 2 measured, as a formula: that the
/// numbers belong to a state is not asked, and a symplectic eigenvalue below 1 enters as 1. The measure `discord` gives NaN there.
pub fn standard_form(a: f64, b: f64, c: f64, d: f64) -> f64 {
    let diagonal = |x: f64, y: f64| [[0.5 * x, 0.0], [0.0, 0.5 * y]];
    let pair = Pair { a: diagonal(a, a), b: diagonal(b, b), c: diagonal(c, d) };
    let Some(two) = TwoModes::from_pair(&pair) else {
        return f64::NAN;
    };
    let entropy = |nu: f64| if nu < 0.5 { 0.0 } else { mode_entropy(nu) };
    entropy(0.5 * b) - entropy(two.nu[0]) - entropy(two.nu[1]) + entropy(0.5 * smallest_determinant(&two).sqrt())
}

/// Smallest determinant of the first mode, vacuum 1, after a Gaussian measurement of the second.
fn smallest_determinant(two: &TwoModes) -> f64 {
    let [a, b] = two.local.map(|nu| 2.0 * nu);
    let [x, y] = two.unknown.map(|part| a * b * part);
    let after = |lambda: f64| (x + a * lambda) * (a + y * lambda) / ((b + lambda) * (1.0 + b * lambda));
    // Homodyne detection of the quadrature that is correlated most.
    let mut least = after(0.0);
    // N'D − ND' = q₀ + 2 q₁ λ + q₂ λ² = 0 for E = N/D.
    let middle = b * (x * y + a * a);
    let [q0, q1, q2] = [middle - a * x * (1.0 + b * b), a * b * (y - x), a * y * (1.0 + b * b) - middle];
    let discriminant = q1 * q1 - q0 * q2;
    if discriminant >= 0.0 {
        let w = -(q1 + discriminant.sqrt().copysign(q1));
        for lambda in [w / q2, q0 / w] {
            if lambda.is_finite() && lambda > 0.0 {
                least = least.min(after(lambda));
            }
        }
    }
    // Equal correlations make E(λ) = E(1/λ): heterodyne detection.
    least.min(after(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Snapshot;
    use crate::measures::testing::{Random, apply, evaluate, gaussian, two_mode_squeezed};
    use approx::assert_relative_eq;
    use huygens_numerics::linalg::RMatrix;
    use std::f64::consts::PI;

    /// Standard form in units of vacuum ½ from one in units of vacuum 1.
    fn standard(a: f64, b: f64, c: f64, d: f64) -> Snapshot {
        let [a, b, c, d] = [a, b, c, d].map(|x| 0.5 * x);
        gaussian(&[&[a, 0.0, c, 0.0], &[0.0, a, 0.0, d], &[c, 0.0, b, 0.0], &[0.0, d, 0.0, b]])
    }

    /// Eq. 7 as printed.
    fn printed(a: f64, b: f64, c: f64, d: f64) -> f64 {
        let (alpha, beta, gamma, delta) = (a * a, b * b, c * d, (a * b - c * c) * (a * b - d * d));
        if (delta - alpha * beta).powi(2) <= (1.0 + beta) * gamma * gamma * (alpha + delta) {
            let root = (gamma * gamma + (beta - 1.0) * (delta - alpha)).sqrt();
            (2.0 * gamma * gamma + (beta - 1.0) * (delta - alpha) + 2.0 * gamma.abs() * root) / (beta - 1.0).powi(2)
        } else {
            let root =
                (gamma.powi(4) + (delta - alpha * beta).powi(2) - 2.0 * gamma * gamma * (alpha * beta + delta)).sqrt();
            (alpha * beta - gamma * gamma + delta - root) / (2.0 * beta)
        }
    }

    /// E by brute force: all pure single-mode Gaussian measurements, squeezing and angle, on the covariance as it stands.
    fn brute_force(state: &Snapshot) -> f64 {
        let v = &state.covariance;
        let after = |s: f64, angle: f64| {
            let (cos, sin) = (angle.cos(), angle.sin());
            let (x, y) = (0.5 * s.exp(), 0.5 * (-s).exp());
            let m = [
                [x * cos * cos + y * sin * sin, (x - y) * cos * sin],
                [(x - y) * cos * sin, x * sin * sin + y * cos * cos],
            ];
            let b = [[v[(2, 2)] + m[0][0], v[(2, 3)] + m[0][1]], [v[(3, 2)] + m[1][0], v[(3, 3)] + m[1][1]]];
            // det(B + M) with det M = ¼: no cancellation between the large entries of a sharp measurement.
            let det_b = v[(2, 2)] * v[(3, 3)] - v[(2, 3)] * v[(3, 2)];
            let det = det_b + 0.25 + v[(2, 2)] * m[1][1] + v[(3, 3)] * m[0][0] - 2.0 * v[(2, 3)] * m[0][1];
            let inverse = [[b[1][1] / det, -b[0][1] / det], [-b[1][0] / det, b[0][0] / det]];
            let mut left = [[v[(0, 0)], v[(0, 1)]], [v[(1, 0)], v[(1, 1)]]];
            for i in 0..2 {
                for j in 0..2 {
                    for k in 0..2 {
                        for l in 0..2 {
                            left[i][j] -= v[(i, 2 + k)] * inverse[k][l] * v[(j, 2 + l)];
                        }
                    }
                }
            }
            4.0 * (left[0][0] * left[1][1] - left[0][1] * left[1][0])
        };
        // λ = e^{−s}, up to homodyne detection to 1e-13; the angle inside, the squeezing outside.
        minimum(0.0, 30.0, 60, &|s| minimum(0.0, PI, 40, &|angle| after(s, angle)))
    }

    /// Smallest value on an interval: a grid, then golden sections around its best point.
    fn minimum(from: f64, to: f64, points: usize, f: &dyn Fn(f64) -> f64) -> f64 {
        let step = (to - from) / points as f64;
        let at = |i: usize| from + step * i as f64;
        let best = (0..=points).map(|i| (f(at(i)), i)).min_by(|x, y| x.0.total_cmp(&y.0)).unwrap();
        let (mut low, mut high) = (at(best.1) - step, (at(best.1) + step).min(to));
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let mut least = best.0;
        for _ in 0..45 {
            let (x, y) = (high - golden * (high - low), low + golden * (high - low));
            let (fx, fy) = (f(x), f(y));
            least = least.min(fx).min(fy);
            if fx < fy { high = y } else { low = x }
        }
        least
    }

    /// Reference `ex-discord-homodyne`. Its numbers are not those of a state (ν₋ = 0.9815 < 1), which the formula does not mind.
    #[test]
    fn homodyne_branch() {
        assert_relative_eq!(standard_form(3.0, 2.0, 2.0, 0.1), 0.19527441707656523, max_relative = 1e-13);
        assert!(evaluate("discord(b1,b2)", &standard(3.0, 2.0, 2.0, 0.1)).is_nan());
        // Its neighbour with det C < 0 is a state; by the printed formula in 50 digits:
        let expected = 0.18169108256846994;
        assert_relative_eq!(standard_form(3.0, 2.0, 2.0, -0.1), expected, max_relative = 1e-13);
        assert_relative_eq!(evaluate("discord(b1,b2)", &standard(3.0, 2.0, 2.0, -0.1)), expected, max_relative = 1e-13);
        assert_relative_eq!(evaluate("discord(b2,b1)", &standard(2.0, 3.0, -0.1, 2.0)), expected, max_relative = 1e-13);
    }

    /// Squeezed thermal states, measured by heterodyne detection: √E = a − c²/(b + 1).
    #[test]
    fn heterodyne_branch_and_pure_states() {
        for (a, b, c) in [(3.0, 2.0, 1.5f64), (1.5, 4.0, 0.7)] {
            let two = TwoModes::of(&standard(a, b, c, c), 0, 1).unwrap();
            assert_relative_eq!(smallest_determinant(&two), (a - c * c / (b + 1.0)).powi(2), max_relative = 1e-14);
        }
        for r in [0.2f64, 1.0, 2.0] {
            let expected = mode_entropy(0.5 * (2.0 * r).cosh());
            assert_relative_eq!(evaluate("discord(b1,b2)", &two_mode_squeezed(r)), expected, max_relative = 1e-10);
        }
    }

    #[test]
    fn agrees_with_the_printed_formula_and_with_brute_force() {
        let mut random = Random::new(41);
        let mut branches = [0; 2];
        for _ in 0..60 {
            let nu = [0.5 + random.exponential(), 0.5 + 0.3 * random.exponential()];
            let state = random.with_spectrum(&nu, 0.4);
            let two = TwoModes::of(&state, 0, 1).unwrap();
            let e = smallest_determinant(&two);
            let [a, b] = two.local.map(|nu| 2.0 * nu);
            let [c, d] = two.unknown.map(|part| (a * b * (1.0 - part)).sqrt());
            assert_relative_eq!(e, printed(a, b, c, d), max_relative = 1e-8);
            assert_relative_eq!(e, brute_force(&state), max_relative = 1e-10);
            branches[usize::from(e < a * a * two.unknown[0] * (1.0 - 1e-9))] += 1;
        }
        assert!(branches[0] > 3 && branches[1] > 3, "both branches are met: {branches:?}");
    }

    #[test]
    fn product_states_have_none_and_b_may_reach_the_vacuum() {
        assert_eq!(evaluate("discord(b1,b2)", &standard(3.0, 2.0, 0.0, 0.0)), 0.0);
        assert_eq!(evaluate("discord(b1,b2)", &standard(3.0, 1.0, 0.0, 0.0)), 0.0);
        assert_eq!(evaluate("discord(b1,b2)", &standard(1.0, 1.0, 0.0, 0.0)), 0.0);
        // A thermal mode and a vacuum on a beam splitter of transmission 1 − ε: b = 1 + 2n̄ε.
        let nbar = 2.0;
        let mut last = f64::INFINITY;
        for eps in [1e-3, 1e-6, 1e-9, 1e-12, 1e-15] {
            let c = 2.0 * nbar * f64::sqrt(eps * (1.0 - eps));
            let state = standard(1.0 + 2.0 * nbar * (1.0 - eps), 1.0 + 2.0 * nbar * eps, c, c);
            let d = evaluate("discord(b1,b2)", &state);
            assert!((0.0..last.max(1e-12)).contains(&d), "{eps}: {d}");
            last = d;
        }
    }

    /// A limit cycle whose collective phase diffuses: V = V₀ + c v vᵀ. D converges as 1/c, without noise from the growing entries.
    #[test]
    fn diffused_phase() {
        let mut random = Random::new(43);
        for _ in 0..20 {
            let base = random.with_spectrum(&[1.2, 3.4], 0.3);
            let v: Vec<f64> = (0..4).map(|_| random.normal()).collect();
            let at = |c: f64| {
                let covariance = RMatrix::from_fn(4, 4, |i, j| base.covariance[(i, j)] + c * v[i] * v[j]);
                evaluate("discord(b1,b2)", &Snapshot { mean: base.mean.clone(), covariance })
            };
            let [d4, d5, d6] = [1e4, 1e5, 1e6].map(at);
            let defect = (d4 - d5) - 10.0 * (d5 - d6);
            assert!(defect.abs() < 1e-2 * (d4 - d5).abs() + 1e-8, "{d4} {d5} {d6}");
        }
    }

    /// 0 ≤ D ≤ I, and nothing that is done to one mode alone changes D.
    #[test]
    fn bounds_and_invariance() {
        let mut random = Random::new(42);
        for _ in 0..300 {
            let state = random.physical(2);
            let d = evaluate("discord(b1,b2)", &state);
            assert!(d >= 0.0 && d <= evaluate("mutual_information(b1,b2)", &state) + 1e-9);
            let moved = apply(&random.local_symplectic(2), &state);
            assert_relative_eq!(evaluate("discord(b1,b2)", &moved), d, epsilon = 1e-7, max_relative = 1e-7);
        }
    }
}
