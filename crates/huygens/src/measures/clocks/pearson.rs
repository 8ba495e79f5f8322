//! Pearson's correlation of two recorded signals, with an error that knows how few independent samples an oscillation holds.

use huygens_numerics::c64;
use huygens_numerics::fourier::{fft, ifft};
use huygens_numerics::special::{normal_distribution, normal_quantile};

use super::{ClockError, moments};

/// Pearson's correlation of two signals.
#[derive(Clone, Debug, PartialEq)]
pub struct Pearson {
    /// C = ⟨δx δy⟩/√(⟨δx²⟩⟨δy²⟩).
    pub value: f64,
    /// Confidence interval, by Fisher's transform with the effective number of samples; `None` where that is 3 or less.
    pub interval: Option<[f64; 2]>,
    /// Number of samples present in both signals.
    pub count: usize,
    /// Number of independent samples they are worth.
    pub effective: f64,
    /// Two-sided probability of such a correlation between independent signals with these autocorrelations.
    pub p_value: f64,
}

/// Correlation at lag zero of two signals sampled together; samples missing in either (NaN) are left out.
///
/// The variance of the sample correlation of independent signals is Σ_k ρ_x(k) ρ_y(k)/n (M. S. Bartlett, J. R. Stat. Soc. 98, 536 (1935)),
/// so the effective number of samples is n/(1 + 2Σ ρ_x ρ_y); the sum is ended at the first lag beyond five times its own value (A. Sokal's
/// window). O(n log n).
///
/// # Errors
/// [`ClockError::Lengths`], [`ClockError::TooFew`] below four common samples, [`ClockError::Constant`], [`ClockError::Option`].
pub fn pearson(x: &[f64], y: &[f64], confidence: f64) -> Result<Pearson, ClockError> {
    if x.len() != y.len() {
        return Err(ClockError::Lengths { times: x.len(), values: y.len() });
    }
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(ClockError::Option { name: "confidence", value: confidence, expected: "a number between 0 and 1" });
    }
    let common = || x.iter().zip(y).filter(|(a, b)| a.is_finite() && b.is_finite());
    let count = common().count();
    if count < 4 {
        return Err(ClockError::TooFew {
            what: "samples present in both signals",
            found: count,
            needed: 4,
            cure: "give longer signals recorded at the same times",
        });
    }
    let n = count as f64;
    let mean = [
        moments(&common().map(|(a, _)| *a).collect::<Vec<_>>())[0],
        moments(&common().map(|(_, b)| *b).collect::<Vec<_>>())[0],
    ];
    // Missing samples count as zero deviations: they add nothing to any sum.
    let present = |a: f64, b: f64| a.is_finite() && b.is_finite();
    let dx: Vec<f64> = x.iter().zip(y).map(|(a, b)| if present(*a, *b) { a - mean[0] } else { 0.0 }).collect();
    let dy: Vec<f64> = x.iter().zip(y).map(|(a, b)| if present(*a, *b) { b - mean[1] } else { 0.0 }).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (xx, yy) = (dot(&dx, &dx), dot(&dy, &dy));
    if !(xx.is_finite() && yy.is_finite()) {
        return Err(ClockError::Range { what: "the variance of a signal" });
    }
    if xx <= 0.0 || yy <= 0.0 {
        return Err(ClockError::Constant { what: "a signal", cure: "a correlation needs two signals that vary" });
    }
    let value = (dot(&dx, &dy) / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0);
    let (rho_x, rho_y) = autocorrelations(&dx, &dy);
    let mut sum = 1.0;
    for k in 1..rho_x.len() {
        sum += 2.0 * rho_x[k] * rho_y[k];
        if k as f64 > 5.0 * sum.max(1.0) {
            break;
        }
    }
    let effective = (n / sum.max(1.0)).max(1.0);
    let spread = (effective > 3.0).then(|| 1.0 / (effective - 3.0).sqrt());
    let z = value.clamp(-1.0 + 1e-15, 1.0 - 1e-15).atanh();
    let interval = spread.map(|s| {
        let half = s * normal_quantile(0.5 + 0.5 * confidence);
        [(z - half).tanh(), (z + half).tanh()]
    });
    let p_value = spread.map_or(1.0, |s| 2.0 * normal_distribution(-z.abs() / s));
    Ok(Pearson { value, interval, count, effective, p_value })
}

/// Autocorrelations at all lags up to half of the length, by one Fourier transform of both signals.
fn autocorrelations(x: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = x.len();
    let size = (2 * n).next_power_of_two();
    let mut buffer = vec![c64::new(0.0, 0.0); size];
    for (b, (x, y)) in buffer.iter_mut().zip(x.iter().zip(y)) {
        *b = c64::new(*x, *y);
    }
    fft(&mut buffer);
    let powers: Vec<c64> = (0..size)
        .map(|k| {
            let (a, b) = (buffer[k], buffer[(size - k) % size].conj());
            // Transforms of x and y apart; their powers as real and imaginary part.
            c64::new(0.25 * (a + b).norm_sqr(), 0.25 * (a - b).norm_sqr())
        })
        .collect();
    buffer.copy_from_slice(&powers);
    ifft(&mut buffer);
    let zero = buffer[0];
    let half = (n / 2).max(1);
    (buffer[..half].iter().map(|c| c.re / zero.re).collect(), buffer[..half].iter().map(|c| c.im / zero.im).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use huygens_numerics::random::Streams;
    use proptest::prelude::*;

    /// An autoregressive process of order one.
    fn process(seed: u64, trial: u64, n: usize, memory: f64) -> Vec<f64> {
        let mut random = Streams { seed }.trajectory(trial);
        let mut x = random.normal();
        (0..n)
            .map(|_| {
                x = memory * x + (1.0 - memory * memory).sqrt() * random.normal();
                x
            })
            .collect()
    }

    #[test]
    fn independent_signals_with_memory_are_not_called_correlated() {
        let (trials, n, memory) = (300, 2000, 0.95);
        let (mut false_alarms, mut naive) = (0, 0);
        for trial in 0..trials {
            let (x, y) = (process(1, trial, n, memory), process(2, trial, n, memory));
            let c = pearson(&x, &y, 0.95).unwrap();
            false_alarms += usize::from(c.p_value < 0.05);
            naive += usize::from(c.value.abs() > 1.96 / (n as f64).sqrt());
            // 1 + 2Σ a^{2k} = (1 + a²)/(1 − a²) = 19.5
            assert!((50.0..250.0).contains(&c.effective), "{}", c.effective);
        }
        assert!(false_alarms < 33, "{false_alarms} of {trials}");
        assert!(naive > 150, "{naive}");
    }

    #[test]
    fn a_known_correlation_lies_in_its_interval() {
        let (trials, n) = (200, 1500);
        let mut covered = 0;
        for trial in 0..trials {
            let (common, x, y) = (process(3, trial, n, 0.8), process(4, trial, n, 0.8), process(5, trial, n, 0.8));
            let mix = |own: &[f64]| common.iter().zip(own).map(|(c, o)| c + 0.5 * o).collect::<Vec<_>>();
            let c = pearson(&mix(&x), &mix(&y), 0.95).unwrap();
            let [low, high] = c.interval.unwrap();
            covered += usize::from(low < 0.8 && 0.8 < high);
        }
        assert!(covered >= 180, "{covered} of {trials}");
    }

    #[test]
    fn bad_signals_are_named() {
        assert!(matches!(pearson(&[1.0; 3], &[1.0; 4], 0.95), Err(ClockError::Lengths { .. })));
        assert!(matches!(pearson(&[1.0; 30], &[2.0; 30], 0.95), Err(ClockError::Constant { .. })));
        assert!(matches!(pearson(&[f64::NAN; 30], &[2.0; 30], 0.95), Err(ClockError::TooFew { .. })));
    }

    proptest! {
        /// C is bounded, symmetric, blind to units, and keeps its sign; missing samples leave it defined.
        #[test]
        fn correlations_are_bounded_and_symmetric(
            pairs in prop::collection::vec((-1.0f64..1.0, prop_oneof![9 => -1.0f64..1.0, 1 => Just(f64::NAN)]), 8..100),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            prop_assume!(y.iter().filter(|v| v.is_finite()).count() >= 4);
            let a = pearson(&x, &y, 0.9).unwrap();
            let b = pearson(&y, &x, 0.9).unwrap();
            prop_assert!((a.value - b.value).abs() < 1e-12 && a.value.abs() <= 1.0 && (0.0..=1.0).contains(&a.p_value));
            let z: Vec<f64> = y.iter().map(|v| 3.0 - 2.0 * v).collect();
            prop_assert!((pearson(&x, &z, 0.9).unwrap().value + a.value).abs() < 1e-12);
        }
    }
}
