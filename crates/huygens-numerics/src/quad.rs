//! Quadrature of functions whose singularities in the complex plane are known: Gauss–Legendre panels graded towards them.

/// Nodes of a panel.
const NODES: usize = 10;

/// Positive nodes and weights of the Gauss–Legendre rule of ten points on \[−1, 1\].
const RULE: [(f64, f64); NODES / 2] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

/// Length of a panel over its distance from the nearest singularity: ten nodes then err by some 1e-15 of the integrand.
const RATIO: f64 = 0.7;

/// A singularity of an integrand in the complex plane: a pole, a branch point or the first pole of a hyperbolic cotangent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Singularity {
    /// Its real part.
    pub at: f64,
    /// Its distance from the real axis; 0 for a kink or an integrable singularity on it.
    pub width: f64,
    /// s > 0 where the integrand rises towards it as |x|^(s−1): panels shrink until the rest, |x|^s, is nothing. 1 without a rise.
    pub power: f64,
}

impl Singularity {
    /// A singularity at `at ± i width`.
    pub fn new(at: f64, width: f64) -> Self {
        Self { at, width: width.abs(), power: 1.0 }
    }

    /// A singularity at 0 on the axis towards which the integrand may rise as |x|^(s−1), 0 < s ≤ 1.
    pub fn rising(power: f64) -> Self {
        Self { at: 0.0, width: 0.0, power }
    }
}

/// Nodes and weights `(x, w)` on \[−`limit`, `limit`\] for an integrand that is analytic but for the given singularities.
///
/// Every panel is at most 0.7 times as long as its distance from the nearest of them, so that the ten-point rule on it converges like
/// 6⁻²⁰ whatever the widths are; towards a singularity on the axis the panels shrink geometrically down to `limit · 1e-26` (further
/// where the integrand rises) or the spacing of numbers there. The cost grows as the sum of ln(limit/width).
///
/// ```
/// use huygens_numerics::quad::{Singularity, graded};
/// // A Lorentzian of width 1e-4 at 1.
/// let nodes = graded(&[Singularity::new(1.0, 1e-4)], 1e9);
/// let sum: f64 = nodes.iter().map(|(x, w)| w * 1e-4 / ((x - 1.0).powi(2) + 1e-8)).sum();
/// assert!((sum - std::f64::consts::PI).abs() < 1e-11);
/// ```
pub fn graded(singularities: &[Singularity], limit: f64) -> Vec<(f64, f64)> {
    graded_by(singularities, limit, RATIO)
}

/// The same with panels at most `ratio` times as long as their distance from the nearest singularity: 0.7 errs by some 1e-15, 1 by 1e-12,
/// 3 by a percent.
pub fn graded_by(singularities: &[Singularity], limit: f64, ratio: f64) -> Vec<(f64, f64)> {
    let mut list: Vec<Singularity> = singularities.iter().copied().filter(|s| s.at.abs() < limit).collect();
    list.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut edges: Vec<f64> = vec![-limit];
    edges.extend(list.iter().map(|s| s.at));
    edges.push(limit);
    edges.dedup();
    let power = list.iter().map(|s| s.power).fold(1.0, f64::min);
    let smallest = limit * 10f64.powf(-26.0 / power).max(1e-250);
    let mut nodes = Vec::new();
    let distance =
        |x: f64| list.iter().map(|s| (x - s.at).hypot(s.width)).fold(f64::INFINITY, f64::min).min(2.0 * limit);
    for pair in edges.windows(2) {
        // From both ends towards the middle, so that a panel is always measured at its end next to the singularity.
        let (a, b) = (pair[0], pair[1]);
        let middle = 0.5 * (a + b);
        for (from, to) in [(a, middle), (b, middle)] {
            let direction = (to - from).signum();
            let mut x = from;
            while (to - x) * direction > 0.0 {
                let floor = smallest.max(4.0 * f64::EPSILON * x.abs());
                let mut length = (ratio * distance(x)).max(floor);
                // The far end of the panel may be nearer to another singularity.
                let far = ratio * distance(x + direction * length);
                if far < length {
                    length = far.max(length / (1.0 + 2.0 * ratio)).max(floor);
                }
                let rest = (to - x) * direction;
                if length > 0.6 * rest {
                    length = if length >= rest { rest } else { 0.5 * rest };
                }
                panel(x, x + direction * length, &mut nodes);
                let next = x + direction * length;
                if next == x {
                    break;
                }
                x = next;
            }
        }
    }
    nodes
}

/// The ten nodes of one panel.
fn panel(a: f64, b: f64, nodes: &mut Vec<(f64, f64)>) {
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    for (x, w) in RULE {
        let weight = w * half.abs();
        nodes.push((middle - half * x, weight));
        nodes.push((middle + half * x, weight));
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;

    use super::*;

    fn integral(nodes: &[(f64, f64)], f: impl Fn(f64) -> f64) -> f64 {
        nodes.iter().map(|&(x, w)| w * f(x)).sum()
    }

    #[test]
    fn the_rule_is_exact_for_polynomials_of_degree_nineteen() {
        let mut nodes = Vec::new();
        panel(0.0, 2.0, &mut nodes);
        for degree in [0, 7, 18, 19] {
            let exact = 2.0_f64.powi(degree + 1) / f64::from(degree + 1);
            assert!((integral(&nodes, |x| x.powi(degree)) / exact - 1.0).abs() < 1e-14, "{degree}");
        }
    }

    #[test]
    fn kinks_and_roots_on_the_axis() {
        let nodes = graded(&[Singularity::new(0.0, 0.0), Singularity::new(0.0, 1.0)], 1e9);
        // Beyond the limit 1e9 there are 4/√1e9.
        let root = integral(&nodes, |x| x.abs().sqrt() / (1.0 + x * x)) + 4.0 / 1e9_f64.sqrt();
        assert!((root - PI * 2.0_f64.sqrt()).abs() < 1e-11);
        assert!((integral(&nodes, |x| x.abs() / (1.0 + x * x).powi(2)) - 1.0).abs() < 1e-13);
    }

    proptest! {
        /// Two Lorentzians anywhere, and their product, in closed form. (The spacing of numbers at 3 resolves a width of 1e-4 to
        /// eleven digits.)
        #[test]
        fn lorentzians(a in -3.0..3.0_f64, b in -3.0..3.0_f64, p in -4.0..2.0_f64, q in -4.0..2.0_f64) {
            let (p, q) = (10.0_f64.powf(p), 10.0_f64.powf(q));
            let nodes = graded(&[Singularity::new(a, p), Singularity::new(b, q)], 1e10);
            let f = |x: f64| p / ((x - a).powi(2) + p * p);
            let g = |x: f64| q / ((x - b).powi(2) + q * q);
            let product = PI * (p + q) / ((a - b).powi(2) + (p + q).powi(2));
            prop_assert!((integral(&nodes, |x| f(x) * g(x)) / product - 1.0).abs() < 3e-11);
        }
    }
}
