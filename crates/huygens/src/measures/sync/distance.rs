//! Distance of oscillators relative to their radius in phase space.
//!
//! For two modes D² = ⟨(r₁ − r₂)²⟩/⟨r₁² + r₂²⟩ = 1 − 2⟨r₁·r₂⟩/⟨r₁² + r₂²⟩, between 0 and 2, with 1 for independent oscillators
//! of zero mean. For N modes D² = 2(1 − ⟨(Σ r_j/N)²⟩/m) with the mean square m = Σ⟨r_j²⟩/N (the paper prints /N², with which
//! N = 2 would not give its Eq. 2 back). Means are included, so amplitude death does not count as agreement.

use super::super::blocks::energy;
use super::super::{Argument, Average, Collective, Definition, Evaluate, MOMENTS, Moments, Signature};

/// D of Aifer, Thingna and Deffner.
pub(crate) const SYNC_DISTANCE: Definition = Definition {
    name: "sync_distance",
    signature: Signature::Oscillators(2),
    formula: "D, D² = 2(1 − ⟨(Σ_j r_j/N)²⟩/(Σ_j⟨r_j²⟩/N)), r = (q, p) with its mean; N = 2: ⟨(r₁ − r₂)²⟩/⟨r₁² + r₂²⟩",
    range: "[0, √2]; < 1 synchronized, 1 independent with zero mean, > 1 anti-synchronized (N = 2)",
    unit: "1",
    levels: MOMENTS,
    source: "Aifer, Thingna and Deffner, PRL 133, 020401 (2024), eqs. 2 and 6 (⟨r²⟩/N where eq. 6 prints ⟨r²⟩/N²)",
    collective: Collective::Removed,
    average: Average::Mean,
    evaluate: Evaluate::Moments(distance),
};

fn distance(state: &dyn Moments, arguments: &[Argument]) -> f64 {
    // 2(1 − r̄²/mean square) = 2 Σ_{j<k} ⟨(r_j − r_k)²⟩ / (N Σ⟨r_j²⟩), by pairs: no cancellation near D = 0.
    let mut apart = 0.0;
    let mut radii = 0.0;
    for (i, first) in arguments.iter().enumerate() {
        let k = first.mode();
        radii += 2.0 * energy(state, k);
        let own = state.covariance(k, k);
        for second in &arguments[i + 1..] {
            let l = second.mode();
            let (other, cross) = (state.covariance(l, l), state.covariance(k, l));
            apart += own[0][0] + other[0][0] - 2.0 * cross[0][0] + own[1][1] + other[1][1] - 2.0 * cross[1][1];
            apart += 2.0 * (state.mean(k) - state.mean(l)).norm_sqr();
        }
    }
    let square = 2.0 * apart / (arguments.len() as f64 * radii);
    if square >= 0.0 { square.sqrt() } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use crate::measures::testing::{Random, coherent, evaluate};
    use crate::measures::{Moments, Snapshot};
    use approx::assert_relative_eq;
    use huygens_numerics::c64;

    fn squares(state: &Snapshot, n: usize) -> (f64, f64) {
        let second = |k: usize, l: usize| {
            let v = state.covariance(k, l);
            v[0][0] + v[1][1] + 2.0 * (state.mean(k) * state.mean(l).conj()).re
        };
        let all: f64 = (0..n).flat_map(|k| (0..n).map(move |l| (k, l))).map(|(k, l)| second(k, l)).sum();
        (all / (n * n) as f64, (0..n).map(|k| second(k, k)).sum::<f64>() / n as f64)
    }

    /// Eq. 6 as it must be read, for any number of modes, and Eq. 3, D² = 1 − S_r S_θ, for two.
    #[test]
    fn both_equations_of_the_paper() {
        let mut random = Random::new(4);
        for n in [2, 3, 5] {
            for _ in 0..100 {
                let state = random.physical(n);
                let (of_mean, mean) = squares(&state, n);
                let d = evaluate("sync_distance", &state);
                assert_relative_eq!(d * d, 2.0 * (1.0 - of_mean / mean), max_relative = 1e-10, epsilon = 1e-12);
                assert!((0.0..=2f64.sqrt()).contains(&d));
            }
        }
    }

    #[test]
    fn limits() {
        // Coherent states of equal mean α: 2·½·2/(2(2|α|² + 1)).
        let alpha = c64::new(3.0, 4.0);
        let d = evaluate("sync_distance(b1,b2)", &coherent(&[alpha, alpha]));
        assert_relative_eq!(d * d, 1.0 / 51.0, max_relative = 1e-14);
        let d = evaluate("sync_distance(b1,b2)", &coherent(&[alpha, -alpha]));
        assert_relative_eq!(d * d, 2.0 - 1.0 / 51.0, max_relative = 1e-14);
        assert_relative_eq!(
            evaluate("sync_distance(b1,b2)", &coherent(&[c64::new(0.0, 0.0); 2])),
            1.0,
            max_relative = 1e-15
        );
    }
}
