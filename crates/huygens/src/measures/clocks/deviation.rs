//! Deviation of two clocks from each other, from their ticks and in closed form.
//!
//! Yang, Sheng and Wu (2024) measure clock synchronization by D = ⟨(τ − ⟨τ⟩)²⟩/⟨(t₁ + t₂)/2⟩². Two readings of τ differ by orders of
//! magnitude and are kept apart here:
//!
//! * [`literal_deviation`]: τ = t₂ − t₁ is the difference of two simultaneous *intervals*. It does not know the phase between
//!   the clocks: for independent intervals D = 1/N₁ + 1/N₂, whether they are synchronized or not.
//! * [`nearest_tick_deviation`]: τ is the time from a tick of one clock to the *nearest tick* of the other. It is 1/12 for clocks without
//!   common phase and goes to zero when they lock.
//!
//! The closed forms hold for oscillators driven to complex-Gaussian amplitudes b₁, b₂ with correlation
//! ρ = ⟨b₁†b₂⟩/√(⟨b₁†b₁⟩⟨b₂†b₂⟩), written by ε = 1 − |ρ|², which keeps its digits when the clocks lock, and arg ρ.

use std::f64::consts::{PI, TAU};

use huygens_numerics::special::dilogarithm;

use super::resample::{FEWEST_BLOCKS, block_length, correlation_time, studentised};
use super::ticks::Ticks;
use super::{ClockError, finite, moments};

/// Deviation of simultaneous intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct LiteralDeviation {
    /// D = ⟨(τ − ⟨τ⟩)²⟩/⟨(t₁ + t₂)/2⟩², τ = t₂ − t₁.
    pub value: f64,
    /// Confidence interval; `None` where the record is too short.
    pub interval: Option<[f64; 2]>,
    /// ⟨τ⟩.
    pub difference: f64,
    /// ⟨(t₁ + t₂)/2⟩.
    pub period: f64,
    /// Pearson's correlation of t₁ and t₂.
    pub correlation: f64,
    /// Number m of tick intervals in t₁ and t₂.
    pub multiple: usize,
    /// Number of pairs.
    pub count: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Deviation of the nearest ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct NearestTickDeviation {
    /// D = Var(φ)/(2π)², φ in (−π, π] the phase of the second clock's nearest tick against the first, wrapped about 0.
    pub value: f64,
    /// Confidence interval; `None` where the record is too short.
    pub interval: Option<[f64; 2]>,
    /// The same with φ wrapped about its circular mean: a constant phase difference near π does not count as deviation.
    pub centred: f64,
    /// The same in time: Var(nearest-tick time difference)/⟨(t₁ + t₂)/2⟩².
    pub in_time: f64,
    /// Circular mean of φ, in (−π, π]; positive where the first clock ticks behind the second.
    pub phase: f64,
    /// |⟨e^{iφ}⟩|.
    pub resultant: f64,
    /// Number of ticks of the first clock that lie between two ticks of the second.
    pub count: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Literal deviation of spans of `m` intervals, paired by time: each span of the first clock with that of the second whose middle is
/// nearest. (Pairing by running index would compare ever more distant times when the rates differ.)
///
/// # Errors
/// [`ClockError::TooFew`] below three pairs, [`ClockError::Constant`] where τ never changes, [`ClockError::Option`].
pub fn literal_deviation(
    first: &Ticks,
    second: &Ticks,
    m: usize,
    confidence: f64,
) -> Result<LiteralDeviation, ClockError> {
    check(m, confidence)?;
    let spans = |ticks: &Ticks| -> Vec<[f64; 2]> {
        ticks.runs().flat_map(|run| run.windows(m + 1).map(|w| [0.5 * (w[0] + w[m]), w[m] - w[0]])).collect()
    };
    let (ours, theirs) = (spans(first), spans(second));
    let apart = 0.75 * first.mean_interval()?.max(second.mean_interval()?);
    let mut pairs = Vec::with_capacity(ours.len());
    let mut k = 0;
    for [middle, t1] in &ours {
        while k + 1 < theirs.len() && (theirs[k + 1][0] - middle).abs() <= (theirs[k][0] - middle).abs() {
            k += 1;
        }
        if theirs.get(k).is_some_and(|other| (other[0] - middle).abs() <= apart) {
            pairs.push([*t1, theirs[k][1]]);
        }
    }
    let n = pairs.len();
    if n < 3 {
        return Err(few_pairs(n));
    }
    let differences: Vec<f64> = pairs.iter().map(|[a, b]| b - a).collect();
    let halves: Vec<f64> = pairs.iter().map(|[a, b]| 0.5 * (a + b)).collect();
    let [difference, variance] = moments(&differences);
    let [period, _] = moments(&halves);
    if variance == 0.0 {
        return Err(ClockError::Constant {
            what: "the difference of the intervals",
            cure: "two copies of one clock do not deviate",
        });
    }
    let value = finite("the deviation", variance / (period * period))?;
    let squares: Vec<f64> = differences.iter().map(|d| (d - difference) * (d - difference)).collect();
    let length = block_length(n, correlation_time(&squares), 2 * m * usize::from(m > 1));
    let blocks = relative_sums(&differences, difference, period, length);
    let interval = interval(&blocks, confidence);
    let [t1, v1] = moments(&pairs.iter().map(|p| p[0]).collect::<Vec<_>>());
    let [t2, v2] = moments(&pairs.iter().map(|p| p[1]).collect::<Vec<_>>());
    let covariance = pairs.iter().map(|[a, b]| (a - t1) * (b - t2)).sum::<f64>() / (n - 1) as f64;
    let correlation = if v1 > 0.0 && v2 > 0.0 { covariance / (v1.sqrt() * v2.sqrt()) } else { 0.0 };
    let mut notes = vec!["knows the intervals, not the phase between the clocks".to_owned()];
    notes.extend(too_short(blocks.len()));
    Ok(LiteralDeviation { value, interval, difference, period, correlation, multiple: m, count: n, notes })
}

/// Nearest-tick deviation: each tick of the first clock is placed between the two ticks of the second around it, at the phase
/// φ = 2π (t − t_j)/(t_{j+1} − t_j), wrapped to (−π, π]. Ticks where the second clock has a gap are left out.
///
/// # Errors
/// [`ClockError::TooFew`] below three ticks, [`ClockError::Option`].
pub fn nearest_tick_deviation(
    first: &Ticks,
    second: &Ticks,
    confidence: f64,
) -> Result<NearestTickDeviation, ClockError> {
    check(1, confidence)?;
    let mut phases = Vec::new();
    let mut distances = Vec::new();
    for run in second.runs() {
        let mut j = 0;
        let (Some(&begin), Some(&end)) = (run.first(), run.last()) else {
            continue;
        };
        let from = first.times.partition_point(|t| *t < begin);
        for &t in first.times[from..].iter().take_while(|t| **t < end) {
            while run[j + 1] <= t {
                j += 1;
            }
            let share = (t - run[j]) / (run[j + 1] - run[j]);
            phases.push(TAU * if share > 0.5 { share - 1.0 } else { share });
            distances.push(if share > 0.5 { t - run[j + 1] } else { t - run[j] });
        }
    }
    let n = phases.len();
    if n < 3 {
        return Err(few_pairs(n));
    }
    let (s, c) = phases.iter().fold((0.0, 0.0), |(s, c), f| (s + f.sin(), c + f.cos()));
    let phase = s.atan2(c);
    let resultant = s.hypot(c) / n as f64;
    let [mean, variance] = moments(&phases);
    let centred: Vec<f64> = phases.iter().map(|f| wrap(f - phase)).collect();
    let unit = TAU * TAU;
    let period = 0.5 * (first.mean_interval()? + second.mean_interval()?);
    let squares: Vec<f64> = phases.iter().map(|f| (f - mean) * (f - mean)).collect();
    // Steady drift between the clocks correlates the phases themselves, where their squares look independent.
    let tau = correlation_time(&squares).max(correlation_time(&phases));
    let blocks = relative_sums(&phases, mean, TAU, block_length(n, tau, 1));
    let mut notes = Vec::new();
    if resultant > 0.5 && phase.abs() > 0.5 * PI {
        notes.push(format!(
            "the clocks tick at a phase of {phase:.2} rad: wrapped about 0 their ticks fall on both sides of the cut; the centred value \
             is {:.2e}",
            moments(&centred)[1] / unit
        ));
    }
    notes.extend(too_short(blocks.len()));
    Ok(NearestTickDeviation {
        value: variance / unit,
        interval: interval(&blocks, confidence),
        centred: moments(&centred)[1] / unit,
        in_time: finite("the deviation", moments(&distances)[1] / (period * period))?,
        phase,
        resultant,
        count: n,
        notes,
    })
}

fn check(m: usize, confidence: f64) -> Result<(), ClockError> {
    if m == 0 {
        return Err(ClockError::Option { name: "multiple", value: 0.0, expected: "at least one tick interval" });
    }
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(ClockError::Option { name: "confidence", value: confidence, expected: "a number between 0 and 1" });
    }
    Ok(())
}

fn few_pairs(found: usize) -> ClockError {
    ClockError::TooFew {
        what: "ticks of both clocks at the same time",
        found,
        needed: 3,
        cure: "give records that overlap in time",
    }
}

fn too_short(blocks: usize) -> Option<String> {
    (blocks < FEWEST_BLOCKS).then(|| {
        format!("no confidence interval: the record holds only {blocks} stretches longer than its correlation")
    })
}

/// Count, sum and sum of squares of (x − mean)/unit over blocks.
fn relative_sums(values: &[f64], mean: f64, unit: f64, length: usize) -> Vec<[f64; 3]> {
    values
        .chunks_exact(length)
        .map(|block| {
            block.iter().fold([0.0; 3], |[c, s, q], x| {
                let d = (x - mean) / unit;
                [c + 1.0, s + d, q + d * d]
            })
        })
        .collect()
}

/// Interval of a variance from such blocks.
fn interval(blocks: &[[f64; 3]], confidence: f64) -> Option<[f64; 2]> {
    let log = |&[c, s, q]: &[f64; 3]| ((q - s * s / c) / (c - 1.0)).ln();
    let [low, high] = studentised(blocks, log, confidence)?.map(f64::exp);
    high.is_finite().then_some([low, high])
}

/// An angle in (−π, π].
fn wrap(x: f64) -> f64 {
    let y = x - TAU * (x / TAU).round();
    if y <= -PI { y + TAU } else { y }
}

/// Checks 0 < ε ≤ 1.
fn epsilon(eps: f64) -> Result<f64, ClockError> {
    if eps > 0.0 && eps <= 1.0 {
        Ok(eps)
    } else {
        Err(ClockError::Option { name: "eps", value: eps, expected: "1 − |ρ|², above 0 and at most 1" })
    }
}

/// ½ [ln ε ln(1−ε) + Li₂(ε)], the part of the phase variance that does not depend on arg ρ.
fn logarithms(eps: f64) -> f64 {
    let product = if eps == 1.0 { 0.0 } else { eps.ln() * (-eps).ln_1p() };
    0.5 * (product + dilogarithm(eps))
}

/// Variance of the phase difference of two complex Gaussian amplitudes with |ρ|² = 1 − ε, measured from arg ρ:
/// σ² = asin²√ε + ½ [ln ε ln(1−ε) + Li₂(ε)], π²/3 at ε = 1 and ½ ε (3 − ln ε) for small ε. To rounding for every ε.
///
/// # Errors
/// [`ClockError::Option`] outside 0 < ε ≤ 1.
pub fn phase_variance(eps: f64) -> Result<f64, ClockError> {
    let eps = epsilon(eps)?;
    // asin √ε without loss at ε → 1.
    let angle = eps.sqrt().atan2((1.0 - eps).sqrt());
    Ok(angle * angle + logarithms(eps))
}

/// Probability density of the phase difference f of two complex Gaussian amplitudes,
/// p(f) = ε/2π [1/(1−b²) + b (π/2 + asin b)/(1−b²)^{3/2}], b = |ρ| cos(f − arg ρ)
/// (S. O. Rice's result; J. W. Goodman, *Statistical Optics*, 2015, sec. 2.9).
///
/// # Errors
/// [`ClockError::Option`] outside 0 < ε ≤ 1.
pub fn phase_density(f: f64, eps: f64, arg: f64) -> Result<f64, ClockError> {
    let eps = epsilon(eps)?;
    let r2 = 1.0 - eps;
    let (sin, cos) = (f - arg).sin_cos();
    let b = r2.sqrt() * cos;
    // 1 − b² without cancellation.
    let q = eps + r2 * sin * sin;
    let angle = q.sqrt().atan2(-b);
    Ok(eps / TAU * (1.0 + b * angle / q.sqrt()) / q)
}

/// Nearest-tick deviation of two clocks with complex Gaussian amplitudes, in closed form: with c = |ρ| cos arg ρ,
/// (2π)² D = ε acos²(c)/(1 − c²) + ½ [ln ε ln(1−ε) + Li₂(ε)].
///
/// It is the variance of the phase difference wrapped to (−π, π] about 0; the integral over p(f) can be done because
/// p = (1 + d/dψ [|ρ| sin ψ acos(−b)/√(1−b²)])/2π. D = 1/12 at ε = 1 and σ²(ε)/(2π)² at arg ρ = 0.
///
/// # Errors
/// [`ClockError::Option`] outside 0 < ε ≤ 1 or for an angle that is not finite.
pub fn nearest_tick_of_gaussian(eps: f64, arg: f64) -> Result<f64, ClockError> {
    let eps = epsilon(eps)?;
    if !arg.is_finite() {
        return Err(ClockError::Option { name: "arg", value: arg, expected: "an angle" });
    }
    let r2 = 1.0 - eps;
    let (sin, cos) = arg.sin_cos();
    let q = eps + r2 * sin * sin;
    let angle = q.sqrt().atan2(r2.sqrt() * cos);
    Ok((eps * angle * angle / q + logarithms(eps)) / (TAU * TAU))
}

/// Accuracy N = (2π)²/σ²(ε) of a clock that ticks when the phase of its complex Gaussian amplitude passes a mark, where |ρ|² = 1 − ε
/// is the autocorrelation over one period: ε = γT (n_th + ½)/(n + ½) for a thermal oscillator. About 8π²/(ε(3 − ln ε)).
///
/// # Errors
/// [`ClockError::Option`] outside 0 < ε ≤ 1.
pub fn accuracy_of_phase(eps: f64) -> Result<f64, ClockError> {
    Ok(TAU * TAU / phase_variance(eps)?)
}

/// Accuracy of a clock that ticks at the upward zero crossings of a quadrature, N = 8π²/(ε(4.85 − ln ε)): a fit to simulations of
/// thermal oscillators at ε near 1e-4 (the constant lies between 4.8 and 5.2), not an exact result.
///
/// # Errors
/// [`ClockError::Option`] outside 0 < ε ≤ 1.
pub fn accuracy_of_crossings(eps: f64) -> Result<f64, ClockError> {
    let eps = epsilon(eps)?;
    Ok(2.0 * TAU * TAU / (eps * (4.85 - eps.ln())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use huygens_numerics::random::Streams;
    use proptest::prelude::*;

    fn ticks(times: impl Iterator<Item = f64>) -> Ticks {
        Ticks { times: times.collect(), breaks: Vec::new() }
    }

    /// Values computed with 30 digits from the definitions (polylogarithms).
    #[test]
    fn phase_variance_has_its_digits_everywhere() {
        for (eps, value) in [
            (1.0, PI * PI / 3.0),
            (0.5, 1.148_197_045_259_692),
            (1e-3, 0.004_956_064_297_279_825),
            (1e-8, 1.071_034_042_261_121_8e-7),
        ] {
            assert_relative_eq!(phase_variance(eps).unwrap(), value, max_relative = 1e-14);
        }
        let tiny = 1e-200;
        assert_relative_eq!(phase_variance(tiny).unwrap(), 0.5 * tiny * (3.0 - tiny.ln()), max_relative = 1e-14);
        assert!(phase_variance(0.0).is_err() && phase_variance(1.1).is_err() && phase_variance(f64::NAN).is_err());
        assert_relative_eq!(
            accuracy_of_phase(1e-6).unwrap() * 1e-6 * (3.0 + 6.0 * 10f64.ln()) / (2.0 * TAU * TAU),
            1.0,
            max_relative = 1e-5
        );
    }

    /// Two membranes at g = 0.005: ⟨b₁†b₂⟩ and D as integrated numerically by an independent program to 1e-6 and better.
    #[test]
    fn nearest_tick_deviation_of_the_membranes() {
        let r: f64 = 0.081_239_092_722_017_61;
        let d = nearest_tick_of_gaussian(1.0 - r * r, 1.614_707_727_559_162_8).unwrap();
        assert_relative_eq!(d, 0.083_120_148_960_980_43, max_relative = 1e-13);
        assert_relative_eq!(nearest_tick_of_gaussian(1.0, 0.3).unwrap(), 1.0 / 12.0, max_relative = 1e-15);
    }

    /// ∫ g(f) p(f) df over the circle by the trapezoidal rule on a grid that is fine where p is.
    fn average(eps: f64, arg: f64, g: impl Fn(f64) -> f64) -> f64 {
        // ψ = 2 atan(√ε sinh u) resolves the peak of width √ε.
        let n = 60_000;
        let most = (1e9 / eps.sqrt()).asinh();
        let h = 2.0 * most / f64::from(n);
        let sum: f64 = (0..n)
            .map(|k| {
                let u = -most + h * (f64::from(k) + 0.5);
                let s = eps.sqrt() * u.sinh();
                let psi = 2.0 * s.atan();
                let jacobian = 2.0 * eps.sqrt() * u.cosh() / (1.0 + s * s);
                g(wrap(psi + arg)) * phase_density(psi + arg, eps, arg).unwrap() * jacobian
            })
            .sum();
        sum * h
    }

    #[test]
    fn closed_forms_equal_quadrature() {
        for eps in [1.0, 0.7, 0.1, 1e-3, 1e-6] {
            assert_relative_eq!(average(eps, 0.0, |_| 1.0), 1.0, max_relative = 1e-7);
            assert_relative_eq!(average(eps, 0.0, |f| f * f), phase_variance(eps).unwrap(), max_relative = 1e-6);
            // The jump at ±π costs the trapezoidal rule digits where p is large there.
            for arg in [0.4, -1.3, 2.0, 3.0] {
                let mean = average(eps, arg, |f| f);
                let square = average(eps, arg, |f| f * f);
                let d = nearest_tick_of_gaussian(eps, arg).unwrap();
                assert!((d - (square - mean * mean) / (TAU * TAU)).abs() < 2e-3 * d, "{eps} {arg}: {d}");
            }
        }
    }

    #[test]
    fn locked_and_free_clocks_are_told_apart_by_nearest_ticks_only() {
        let mut random = Streams { seed: 8 }.trajectory(0);
        let n = 4000;
        // Independent random walks.
        let mut free = || {
            let mut t = 0.0;
            ticks((0..n).map(|_| {
                t += 1.0 + 0.05 * random.normal();
                t
            }))
        };
        let (a, b) = (free(), free());
        let d = nearest_tick_deviation(&a, &b, 0.95).unwrap();
        assert!((d.value - 1.0 / 12.0).abs() < 0.02, "{d:?}");
        let literal = literal_deviation(&a, &b, 1, 0.95).unwrap();
        assert_relative_eq!(literal.value, 2.0 * 0.0025, max_relative = 0.1);
        let [low, high] = literal.interval.unwrap();
        assert!(low < 0.005 && 0.005 < high && literal.correlation.abs() < 0.06);
        // One walk with private jitter of each clock, half a period apart.
        let other = ticks(a.times.iter().map(|t| t + 0.5 + 0.01 * random.normal()));
        let locked = nearest_tick_deviation(&a, &other, 0.95).unwrap();
        assert!(locked.centred < 1e-3 && locked.resultant > 0.98 && locked.value > 0.1, "{locked:?}");
        assert!(locked.notes[0].contains("both sides of the cut"));
        let near = ticks(a.times.iter().map(|t| t + 0.01 * random.normal()));
        let locked = nearest_tick_deviation(&a, &near, 0.95).unwrap();
        assert_relative_eq!(locked.value, 1e-4, max_relative = 0.15);
        assert_relative_eq!(locked.in_time, locked.value, max_relative = 0.1);
        let [low, high] = locked.interval.unwrap();
        assert!(low < 1e-4 && 1e-4 < high);
    }

    #[test]
    fn pairs_are_made_by_time_and_not_across_gaps() {
        // Rates that differ by a tenth, a gap in the second clock.
        let a = ticks((0..1000).map(f64::from));
        let mut b = ticks((0..1100).map(|k| f64::from(k) / 1.1 + 0.01 * f64::from(k % 2)));
        b.times.drain(500..520);
        b.breaks.push(500);
        let literal = literal_deviation(&a, &b, 1, 0.95).unwrap();
        assert_relative_eq!(literal.difference, 1.0 / 1.1 - 1.0, max_relative = 2e-3);
        assert!(literal.count < 985 && literal.value < 5e-4);
        let near = nearest_tick_deviation(&a, &b, 0.95).unwrap();
        assert_relative_eq!(near.value, 1.0 / 12.0, max_relative = 0.02);
        assert!((975..=981).contains(&near.count), "{}", near.count);
        let late = ticks((0..10).map(|k| 5000.0 + f64::from(k)));
        assert!(nearest_tick_deviation(&a, &late, 0.95).unwrap_err().to_string().contains("overlap"));
    }

    proptest! {
        /// p is a density; D lies between the clocks' best and worst, and knows no sign of the angle.
        #[test]
        fn closed_forms_are_variances(eps in 1e-9f64..1.0, arg in -10.0f64..10.0) {
            let d = nearest_tick_of_gaussian(eps, arg).unwrap();
            prop_assert!((d / nearest_tick_of_gaussian(eps, -arg).unwrap() - 1.0).abs() < 1e-12);
            prop_assert!(d >= phase_variance(eps).unwrap() / (TAU * TAU) * (1.0 - 1e-12) && d <= 0.25);
            prop_assert!(phase_density(arg, eps, 0.3).unwrap() >= 0.0);
        }
    }
}
