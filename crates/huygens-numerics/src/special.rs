//! Special functions: the dilogarithm, the gamma function with the quantiles that statistics needs, and the digamma function of
//! a complex argument.

mod polygamma;

use std::f64::consts::PI;

pub use polygamma::{POLYGAMMA_SERIES, digamma, polygamma};

/// Dilogarithm `Li₂(x) = −∫₀ˣ ln(1−t)/t dt = Σ xᵏ/k²` for real `x ≤ 1`, to rounding (relative error below 1e-15 for `x ≥ 0`).
///
/// Reflection and inversion bring the argument to `[−1, ½]`, where the series in `u = −ln(1−x)` with the Bernoulli numbers,
/// `Li₂ = u − u²/4 + Σ B₂ₙ u²ⁿ⁺¹/(2n+1)!`, gains two digits a term (D. Zagier, *The Dilogarithm Function*, 2007, sec. I.1;
/// G. 't Hooft and M. Veltman, Nucl. Phys. B 153, 365 (1979), appendix A).
///
/// NaN for `x > 1`, where the function is complex.
///
/// ```
/// use huygens_numerics::special::dilogarithm;
/// let pi = std::f64::consts::PI;
/// assert!((dilogarithm(1.0) - pi * pi / 6.0).abs() < 1e-15);
/// assert!((dilogarithm(-1.0) + pi * pi / 12.0).abs() < 1e-15);
/// ```
pub fn dilogarithm(x: f64) -> f64 {
    const ZETA_2: f64 = PI * PI / 6.0;
    if x.is_nan() || x > 1.0 {
        f64::NAN
    } else if x == 1.0 {
        ZETA_2
    } else if x > 0.5 {
        ZETA_2 - x.ln() * (-x).ln_1p() - dilogarithm_series(1.0 - x)
    } else if x >= -1.0 {
        dilogarithm_series(x)
    } else {
        let log = (-x).ln();
        -ZETA_2 - 0.5 * log * log - dilogarithm_series(1.0 / x)
    }
}

/// `Li₂` on `[−1, ½]`.
fn dilogarithm_series(x: f64) -> f64 {
    // B₂ₙ/(2n+1)! for n = 1, 2, …
    const C: [f64; 11] = [
        1.0 / 36.0,
        -1.0 / 3600.0,
        1.0 / 211_680.0,
        -1.0 / 10_886_400.0,
        1.0 / 526_901_760.0,
        -4.064_761_645_144_225_5e-11,
        8.921_691_020_456_452e-13,
        -1.993_929_586_072_107_6e-14,
        4.518_980_029_619_918e-16,
        -1.035_651_761_218_124_6e-17,
        2.395_218_621_026_186_7e-19,
    ];
    let u = -(-x).ln_1p();
    let s = u * u;
    let tail = C.iter().rev().fold(0.0, |sum, c| sum * s + c);
    u - 0.25 * s + u * s * tail
}

/// `ln Γ(x)` for `x > 0` (Lanczos; relative error about 1e-15 away from its zeros). NaN elsewhere.
pub fn ln_gamma(x: f64) -> f64 {
    const G: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    if x < 0.5 {
        // Γ(x)Γ(1−x) = π/sin πx
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let sum = G[1..].iter().enumerate().fold(G[0], |sum, (k, g)| sum + g / (x + k as f64 + 1.0));
    let t = x + 7.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Regularised incomplete gamma functions `[P(a,x), Q(a,x)]`, `P = γ(a,x)/Γ(a)`, `Q = 1 − P`, each without cancellation, for
/// `a > 0`, `x ≥ 0` (series below `a + 1`, continued fraction above; NIST DLMF 8.11.4 and 8.9.2).
pub fn incomplete_gamma(a: f64, x: f64) -> [f64; 2] {
    if !(a > 0.0 && x >= 0.0) {
        return [f64::NAN; 2];
    }
    if x == 0.0 {
        return [0.0, 1.0];
    }
    if x.is_infinite() {
        return [1.0, 0.0];
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    // Near the maximum of the integrand both expansions need some multiple of √a terms.
    let most = 200 + (20.0 * a.sqrt()) as usize;
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for k in 1..most {
            term *= x / (a + k as f64);
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        let p = (front * sum).min(1.0);
        [p, 1.0 - p]
    } else {
        // Lentz.
        let tiny = 1e-300;
        let mut b = x + 1.0 - a;
        let (mut c, mut d) = (1.0 / tiny, 1.0 / b);
        let mut h = d;
        for k in 1..most {
            let an = -(k as f64) * (k as f64 - a);
            b += 2.0;
            d = 1.0 / guard(an * d + b, tiny);
            c = guard(b + an / c, tiny);
            let step = c * d;
            h *= step;
            if (step - 1.0).abs() < 1e-16 {
                break;
            }
        }
        let q = (front * h).min(1.0);
        [1.0 - q, q]
    }
}

fn guard(x: f64, tiny: f64) -> f64 {
    if x.abs() < tiny { tiny } else { x }
}

/// Quantile of the χ² distribution with `k > 0` degrees of freedom (any real number): the `x` with `P(k/2, x/2) = p`.
/// Zero for `p ≤ 0`, infinite for `p ≥ 1`.
pub fn chi_squared_quantile(p: f64, k: f64) -> f64 {
    if p.is_nan() || k.is_nan() || k <= 0.0 {
        return f64::NAN;
    }
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let a = 0.5 * k;
    // The smaller of the two tails keeps its digits.
    let excess = |x: f64| {
        let [low, high] = incomplete_gamma(a, x);
        if p < 0.5 { low - p } else { (1.0 - p) - high }
    };
    let (mut low, mut high) = (0.0, a + 1.0);
    while excess(high) < 0.0 {
        low = high;
        high *= 2.0;
    }
    // Wilson and Hilferty's guess, Newton inside a bracket. For small a the quantile behaves as (p Γ(a+1))^{1/a}.
    let z = normal_quantile(p);
    let c = 1.0 / (9.0 * a);
    let cube = 1.0 - c + z * c.sqrt();
    let small = ((p.ln() + ln_gamma(a + 1.0)) / a).exp();
    let mut x = if cube > 0.3 { a * cube.powi(3) } else { small };
    if !(x > low && x < high) {
        x = 0.5 * (low + high);
    }
    for _ in 0..200 {
        let f = excess(x);
        if f > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = ((a - 1.0) * x.ln() - x - ln_gamma(a)).exp();
        let mut next = x - f / density;
        if !(next > low && next < high) {
            next = if low > 0.0 { (low * high).sqrt() } else { 0.5 * high };
        }
        if (next - x).abs() <= 1e-14 * x || high - low <= 1e-15 * high {
            x = next;
            break;
        }
        x = next;
    }
    2.0 * x
}

/// Distribution function of the standard normal distribution, `Φ(z)`; small values keep their digits.
pub fn normal_distribution(z: f64) -> f64 {
    let [p, q] = incomplete_gamma(0.5, 0.5 * z * z);
    if z < 0.0 { 0.5 * q } else { 0.5 + 0.5 * p }
}

/// Quantile of the standard normal distribution: the `z` with `Φ(z) = p`.
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 0.5 {
        return 0.0;
    }
    // Abramowitz and Stegun 26.2.23 (4.5e-4), then Newton on ln Φ, which is concave.
    let t = (-2.0 * p.ln()).sqrt();
    let mut z =
        -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
    for _ in 0..4 {
        let phi = normal_distribution(z);
        let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        z -= (phi.ln() - p.ln()) * phi / density;
    }
    z
}

/// Quantile of Student's t distribution with `k` degrees of freedom by its expansion about the normal quantile (Abramowitz and
/// Stegun 26.7.5, four terms): for p from 0.0005 to 0.9995 good to 0.2 % from k = 7 on.
pub fn student_quantile(p: f64, k: f64) -> f64 {
    let z = normal_quantile(p);
    let x = z * z;
    let terms = [
        (x + 1.0) / 4.0,
        ((5.0 * x + 16.0) * x + 3.0) / 96.0,
        (((3.0 * x + 19.0) * x + 17.0) * x - 15.0) / 384.0,
        ((((79.0 * x + 776.0) * x + 1482.0) * x - 1920.0) * x - 945.0) / 92160.0,
    ];
    z * (1.0 + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / k))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use proptest::prelude::*;
    use std::f64::consts::LN_2;

    #[test]
    fn dilogarithm_at_known_arguments() {
        // Li₂(1/2) = π²/12 − ln²2/2, and the golden ratio's (Zagier 2007, sec. I.1).
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let l = golden.ln();
        for (x, value) in [
            (0.5, PI * PI / 12.0 - LN_2 * LN_2 / 2.0),
            (golden, PI * PI / 10.0 - l * l),
            (golden * golden, PI * PI / 15.0 - l * l),
            (-golden, -PI * PI / 15.0 + 0.5 * l * l),
            (-1.0 / golden, -PI * PI / 10.0 - l * l),
            (-1.0, -PI * PI / 12.0),
            (1.0, PI * PI / 6.0),
        ] {
            assert_relative_eq!(dilogarithm(x), value, max_relative = 2e-15);
        }
        assert_eq!(dilogarithm(0.0), 0.0);
        assert_relative_eq!(dilogarithm(1e-9), 1e-9 * (1.0 + 0.25e-9), max_relative = 1e-15);
        assert!(dilogarithm(1.0 + 1e-9).is_nan());
    }

    /// The power series itself, where it converges well.
    #[test]
    fn dilogarithm_equals_its_power_series() {
        for k in -60..=60 {
            let x = k as f64 / 100.0;
            let sum: f64 = (1..200).rev().map(|n| x.powi(n) / (n as f64).powi(2)).sum();
            assert_relative_eq!(dilogarithm(x), sum, max_relative = 2e-15);
        }
    }

    #[test]
    fn gamma_and_quantiles_at_tabulated_values() {
        assert_relative_eq!(ln_gamma(0.5), 0.5 * PI.ln(), max_relative = 1e-14);
        assert_relative_eq!(ln_gamma(10.0), 362_880f64.ln(), max_relative = 1e-15);
        assert_relative_eq!(ln_gamma(101.0), 363.739_375_555_563_5, max_relative = 1e-14);
        // Tables of χ²: 0.95 of 10, 0.025 of 1, 0.975 of 1, 0.05 of 100.
        for (p, k, x) in [
            (0.95, 10.0, 18.307_038_053_275_146),
            (0.975, 1.0, 5.023_886_187_314_888),
            (0.025, 1.0, 9.820_691_171_752_583e-4),
            (0.05, 100.0, 77.929_465_165_017_26),
            (0.5, 2.0, 2.0 * LN_2),
        ] {
            assert_relative_eq!(chi_squared_quantile(p, k), x, max_relative = 1e-11);
        }
        assert_relative_eq!(normal_quantile(0.975), 1.959_963_984_540_054, max_relative = 1e-12);
        assert_relative_eq!(normal_quantile(1e-10), -6.361_340_902_404_056, max_relative = 1e-11);
        assert_eq!(normal_quantile(0.5), 0.0);
        for (p, k, t) in
            [(0.975, 8.0, 2.306_004), (0.995, 15.0, 2.946_713), (0.9995, 31.0, 3.633_456), (0.9995, 7.0, 5.407_883)]
        {
            assert_relative_eq!(student_quantile(p, k), t, max_relative = 2e-3);
        }
    }

    proptest! {
        /// Abel's five-term relation in Landen's form: Li₂(x) + Li₂(x/(x−1)) = −½ ln²(1−x).
        #[test]
        fn dilogarithm_obeys_landen(x in -50.0f64..0.999) {
            let left = dilogarithm(x) + dilogarithm(x / (x - 1.0));
            let l = (-x).ln_1p();
            prop_assert!((left + 0.5 * l * l).abs() < 1e-14 * (1.0 + l * l));
        }

        #[test]
        fn quantiles_invert_the_distributions(p in 1e-6f64..0.999_999, k in 0.3f64..4000.0) {
            let x = chi_squared_quantile(p, k);
            let [low, _] = incomplete_gamma(0.5 * k, 0.5 * x);
            prop_assert!((low - p).abs() < 1e-10 * (1.0 + k.sqrt()), "{low} {p}");
            prop_assert!((normal_distribution(normal_quantile(p)) - p).abs() < 1e-13);
        }

        #[test]
        fn incomplete_gamma_is_a_distribution(a in 0.1f64..300.0, x in 0.0f64..600.0) {
            let [p, q] = incomplete_gamma(a, x);
            prop_assert!((p + q - 1.0).abs() < 1e-15 && (0.0..=1.0).contains(&p));
            // P(a,x) − P(a+1,x) = xᵃ e⁻ˣ/Γ(a+1)
            let [next, _] = incomplete_gamma(a + 1.0, x);
            let step = if x > 0.0 { (a * x.ln() - x - ln_gamma(a + 1.0)).exp() } else { 0.0 };
            prop_assert!((p - next - step).abs() < 1e-12);
        }
    }
}
