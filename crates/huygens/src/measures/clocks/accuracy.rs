//! Accuracy of a clock from its tick intervals, and the diffusion of its phase.

use std::f64::consts::TAU;

use super::resample::{FEWEST_BLOCKS, block_length, correlation_time, studentised};
use super::ticks::Ticks;
use super::{ClockError, finite, moments};

/// Accuracy of a clock over `m` ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracy {
    /// N = ⟨t_m⟩²/var t_m: after N intervals the clock has strayed by about one.
    pub value: f64,
    /// Confidence interval of `value`; `None` where the record is too short for one.
    pub interval: Option<[f64; 2]>,
    /// Confidence of that interval.
    pub confidence: f64,
    /// Number m of tick intervals in t_m.
    pub multiple: usize,
    /// Number of (overlapping) times t_m used.
    pub count: usize,
    /// ⟨t_m⟩.
    pub mean: f64,
    /// √var t_m.
    pub deviation: f64,
    /// Share of the largest single term in Σ (t_m − ⟨t_m⟩)².
    pub largest_share: f64,
    /// Smallest number of terms that make up half of Σ (t_m − ⟨t_m⟩)².
    pub half_of_variance: usize,
    /// Kurtosis of t_m (3 for a normal distribution).
    pub kurtosis: f64,
    /// Autocorrelation time of (t_m − ⟨t_m⟩)², in ticks (½: independent).
    pub correlation_time: f64,
    /// Number of independent blocks behind the interval.
    pub blocks: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Accuracy N = ⟨t⟩²/var t of the intervals of `m` ticks each (m = 1: the clock accuracy; Barato and Seifert, Phys. Rev. X 6, 041053
/// (2016), Meier et al., Nat. Phys. 21, 1147 (2025)), with a confidence interval at the stated confidence.
///
/// The intervals of a noisy oscillator have a tail falling as |δt|⁻³ from dropouts of its amplitude, so the variance is dominated by
/// rare events and the usual error of a variance is far too small. The interval here is a bootstrap-t of ln N over blocks longer
/// than the autocorrelation of the squared deviations; where few intervals carry the variance it becomes wide, and a note says so.
///
/// # Errors
/// [`ClockError::TooFew`] below three intervals, [`ClockError::Constant`] where all intervals are equal to rounding (the accuracy is
/// infinite), [`ClockError::Option`].
pub fn accuracy(ticks: &Ticks, m: usize, confidence: f64) -> Result<Accuracy, ClockError> {
    if m == 0 {
        return Err(ClockError::Option { name: "multiple", value: 0.0, expected: "at least one tick interval" });
    }
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(ClockError::Option { name: "confidence", value: confidence, expected: "a number between 0 and 1" });
    }
    let spans = ticks.spans(m);
    let n = spans.len();
    if n < 3 {
        return Err(ClockError::TooFew {
            what: "tick intervals",
            found: n,
            needed: 3,
            cure: "give a longer record or a definition that finds more ticks",
        });
    }
    let [mean, variance] = moments(&spans);
    let largest_time = ticks.times.iter().fold(0.0, |a: f64, t| a.max(t.abs()));
    let resolution = 4.0 * f64::EPSILON * largest_time;
    if variance <= resolution * resolution {
        return Err(ClockError::Constant {
            what: "the tick interval",
            cure: "all intervals are equal to rounding, the accuracy ⟨t⟩²/var t is infinite",
        });
    }
    let value = finite("the accuracy", mean * mean / variance)?;

    let mut squares: Vec<f64> = spans.iter().map(|t| (t - mean) * (t - mean)).collect();
    let tau = correlation_time(&squares);
    let length = block_length(n, tau, 2 * m * usize::from(m > 1));
    let blocks: Vec<[f64; 3]> = spans
        .chunks_exact(length)
        .map(|block| {
            block.iter().fold([0.0; 3], |[c, s, q], t| {
                let d = (t - mean) / mean;
                [c + 1.0, s + d, q + d * d]
            })
        })
        .collect();
    // ln N from count, sum and sum of squares of the relative deviations.
    let statistic = |&[c, s, q]: &[f64; 3]| {
        let shift = s / c;
        2.0 * (1.0 + shift).ln() - ((q - c * shift * shift) / (c - 1.0)).ln()
    };
    let interval = studentised(&blocks, statistic, confidence)
        .map(|[low, high]| [low.exp(), high.exp()])
        .filter(|[_, high]| high.is_finite());

    let fourth: f64 = squares.iter().map(|s| s * s).sum();
    let total: f64 = squares.iter().sum();
    squares.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut sum = 0.0;
    let half = squares.iter().take_while(|s| {
        let go_on = sum < 0.5 * total;
        sum += **s;
        go_on
    });
    let half_of_variance = half.count();
    let mut notes = Vec::new();
    // A normal distribution has half of its variance in its 12 % largest deviations.
    if (half_of_variance as f64) < 0.02 * n as f64 || half_of_variance < 10 {
        notes.push(format!(
            "half of the variance comes from {half_of_variance} of {n} intervals (the largest holds {:.0} %): the accuracy depends on \
             rare events, and a longer record may lower it",
            100.0 * squares[0] / total
        ));
    }
    if blocks.len() < FEWEST_BLOCKS {
        notes.push(format!(
            "no confidence interval: {n} intervals hold only {} stretches longer than their correlation",
            blocks.len()
        ));
    } else if interval.is_none() {
        notes.push("no confidence interval: the resampled accuracies have no finite upper limit".into());
    }
    Ok(Accuracy {
        value,
        interval,
        confidence,
        multiple: m,
        count: n,
        mean,
        deviation: variance.sqrt(),
        largest_share: squares[0] / total,
        half_of_variance,
        kurtosis: finite("the kurtosis", n as f64 * (fourth / total) / total)?,
        correlation_time: tau,
        blocks: blocks.len(),
        notes,
    })
}

/// Diffusion of the phase of a clock, from its ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseDiffusion {
    /// D in ⟨δφ²⟩ = D t, rad² per unit of time, with φ = 2π × number of ticks.
    pub value: f64,
    /// Standard error, from the scatter over independent parts of the record.
    pub error: f64,
    /// Standard deviation of an independent error of each single tick (jitter that does not add up), in time; 0 where none shows.
    pub jitter: f64,
    /// Exponent of var t_m ∝ mˣ over the longer spans: 1 for diffusion.
    pub exponent: f64,
    /// Numbers m of intervals and the variances of t_m about m⟨t⟩ used.
    pub variances: Vec<(usize, f64)>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Number of parts into which the record is cut for the error.
const PARTS: usize = 16;

/// Phase diffusion from the growth of the variance of the time of `m` intervals, var t_m = 2j² + m s²: D = (2π)² s²/⟨t⟩³.
///
/// A straight line is laid through m = 1, 2, 4, … up to 1/64 of the record, each variance weighted by the number of independent
/// spans behind it; the error is the scatter over 16 parts of the record. Consistent with the measure `phase_diffusion`: ⟨δφ²⟩ = D t, without a factor 2.
///
/// # Errors
/// [`ClockError::TooFew`] below 128 intervals in one run of ticks.
pub fn phase_diffusion(ticks: &Ticks) -> Result<PhaseDiffusion, ClockError> {
    let period = ticks.mean_interval()?;
    // Runs shorter than 64 intervals know nothing of the longer spans.
    let run = ticks.runs().max_by_key(|run| run.len()).unwrap_or_default();
    let n = run.len().saturating_sub(1);
    if n < 128 {
        return Err(ClockError::TooFew {
            what: "consecutive tick intervals",
            found: n,
            needed: 128,
            cure: "phase diffusion needs a longer record without gaps",
        });
    }
    let factors: Vec<usize> = (0..).map(|k| 1 << k).take_while(|m| m * 64 <= n).collect();
    // parts[p][k]: mean square of t_m − m⟨t⟩ over the spans that begin in part p.
    let mean = (run[n] - run[0]) / n as f64;
    let parts: Vec<Vec<f64>> = (0..PARTS)
        .map(|p| {
            factors
                .iter()
                .map(|&m| {
                    let count = n + 1 - m;
                    let (a, b) = (p * count / PARTS, (p + 1) * count / PARTS);
                    let sum: f64 = (a..b).map(|i| (run[i + m] - run[i] - m as f64 * mean).powi(2)).sum();
                    sum / (b - a) as f64
                })
                .collect()
        })
        .collect();
    let average: Vec<f64> =
        (0..factors.len()).map(|k| parts.iter().map(|p| p[k]).sum::<f64>() / PARTS as f64).collect();
    if average.iter().any(|v| !(v.is_finite())) {
        return Err(ClockError::Range { what: "the variance of the ticks" });
    }
    let notes_of = |exponent: f64, runs: usize| {
        let mut notes = Vec::new();
        if (exponent - 1.0).abs() > 0.3 {
            notes.push(format!(
                "the variance of the tick times grows as m^{exponent:.2}, not as m: the phase does not simply diffuse"
            ));
        }
        if runs > 1 {
            notes.push(format!("from the longest of {runs} runs of ticks between gaps, {n} intervals"));
        }
        notes
    };
    let runs = ticks.runs().count();
    if average[0] == 0.0 {
        let variances = factors.iter().copied().zip(average).collect();
        let notes = vec!["all intervals are equal: no diffusion".to_owned()];
        return Ok(PhaseDiffusion { value: 0.0, error: 0.0, jitter: 0.0, exponent: 0.0, variances, notes });
    }
    let weights: Vec<f64> = factors.iter().zip(&average).map(|(&m, v)| 1.0 / (m as f64 * v * v)).collect();
    let largest = weights.iter().fold(0.0, |a: f64, w| a.max(*w));
    let line = |y: &dyn Fn(usize) -> f64, x: &dyn Fn(usize) -> f64, w: &dyn Fn(usize) -> f64, from: usize| {
        let (mut s, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for k in from..factors.len() {
            let (x, y, w) = (x(k), y(k), w(k));
            s += w;
            sx += w * x;
            sy += w * y;
            sxx += w * x * x;
            sxy += w * x * y;
        }
        let slope = (s * sxy - sx * sy) / (s * sxx - sx * sx);
        [(sy - slope * sx) / s, slope]
    };
    let m = |k: usize| factors[k] as f64;
    let w = |k: usize| weights[k] / largest;
    let [intercept, slope] = line(&|k| average[k], &m, &w, 0);
    let slopes: Vec<f64> = parts.iter().map(|p| line(&|k| p[k], &m, &w, 0)[1]).collect();
    let [_, scatter] = moments(&slopes);
    let from = (factors.len() / 2).min(factors.len().saturating_sub(2));
    let [_, exponent] = line(&|k| average[k].max(f64::MIN_POSITIVE).ln(), &|k| m(k).ln(), &|k| 1.0 / m(k), from);
    let unit = TAU * TAU / period.powi(3);
    Ok(PhaseDiffusion {
        value: finite("the phase diffusion", unit * slope)?,
        error: finite("the error of the phase diffusion", unit * (scatter / PARTS as f64).sqrt())?,
        jitter: (0.5 * intercept.max(0.0)).sqrt(),
        exponent,
        variances: factors.iter().copied().zip(average.iter().copied()).collect(),
        notes: notes_of(exponent, runs),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use huygens_numerics::random::{Stream, Streams};
    use proptest::prelude::*;

    fn random(seed: u64) -> Stream {
        Streams { seed }.trajectory(0)
    }

    fn clock(n: usize, mut interval: impl FnMut(usize) -> f64) -> Ticks {
        let mut t = 0.0;
        let mut times = vec![0.0];
        for k in 0..n {
            t += interval(k);
            times.push(t);
        }
        Ticks { times, breaks: Vec::new() }
    }

    #[test]
    fn a_random_walk_of_known_step_has_its_accuracy_for_every_number_of_ticks() {
        let mut normal = random(11);
        let ticks = clock(40_000, |_| 2.0 + 0.02 * normal.normal());
        for (m, tolerance) in [(1, 0.03), (10, 0.1), (100, 0.3)] {
            let n = accuracy(&ticks, m, 0.95).unwrap();
            let exact = 1e4 * m as f64;
            assert_relative_eq!(n.value, exact, max_relative = tolerance);
            let [low, high] = n.interval.unwrap();
            assert!(low < exact && exact < high && high / low < 1.0 + 3.0 * tolerance, "{m}: {low} {high}");
            assert!(n.notes.is_empty(), "{:?}", n.notes);
        }
        let diffusion = phase_diffusion(&ticks).unwrap();
        let exact = TAU * TAU * 0.02f64.powi(2) / 8.0;
        assert!((diffusion.value - exact).abs() < 3.0 * diffusion.error, "{diffusion:?}");
        assert!(diffusion.error < 0.05 * exact && (diffusion.exponent - 1.0).abs() < 0.2);
        assert!(diffusion.jitter < 0.003);
    }

    #[test]
    fn jitter_and_drift_are_told_from_diffusion() {
        let mut normal = random(5);
        let mut walk = 0.0;
        let times = (0..20_000)
            .map(|k| {
                walk += 0.01 * normal.normal();
                f64::from(k) + walk + 0.05 * normal.normal()
            })
            .collect();
        let d = phase_diffusion(&Ticks { times, breaks: Vec::new() }).unwrap();
        let exact = TAU * TAU * 1e-4;
        assert!((d.value - exact).abs() < 3.0 * d.error && d.error < 0.2 * exact, "{d:?}");
        assert_relative_eq!(d.jitter, 0.05, max_relative = 0.05);
        let drifting = clock(20_000, |k| 1.0 + 1e-5 * k as f64 + 1e-3 * normal.normal());
        let d = phase_diffusion(&drifting).unwrap();
        assert!(d.notes[0].contains("does not simply diffuse"), "{d:?}");
    }

    /// Intervals whose deviations have the density ∝ |δ|⁻³ of dropouts, cut at a hundred times their width: the interval
    /// must hold the true accuracy about as often as it says, where the usual error (normal theory) fails half of the time.
    #[test]
    fn intervals_cover_heavy_tails() {
        let cut: f64 = 100.0;
        // δ = ±(u^{−1/2} − …): P(|δ| > d) = d⁻² for 1 ≤ d ≤ cut, renormalised.
        let floor = cut.powi(-2);
        let variance = 2.0 * cut.ln() / (1.0 - floor);
        let mut noise = random(2024);
        let (mut covered, mut normal_theory, trials, n) = (0, 0, 200, 4000);
        for _ in 0..trials {
            let ticks = clock(n, |_| {
                let d = (floor + (1.0 - floor) * noise.uniform()).powf(-0.5);
                1.0 + 1e-4 * if noise.uniform() < 0.5 { d } else { -d }
            });
            let found = accuracy(&ticks, 1, 0.95).unwrap();
            let truth = 1e8 / variance;
            let [low, high] = found.interval.unwrap();
            covered += usize::from(low < truth && truth < high);
            let half = 1.96 * (2.0 / n as f64).sqrt();
            normal_theory += usize::from((found.value / truth).ln().abs() < half);
        }
        assert!(covered * 100 >= 85 * trials, "covered {covered} of {trials}");
        assert!(normal_theory * 100 < 60 * trials, "{normal_theory}");
    }

    #[test]
    fn rare_events_are_named_and_perfect_clocks_refused() {
        let mut normal = random(1);
        let ticks = clock(5000, |k| 1.0 + 1e-3 * normal.normal() + if k == 77 { 0.5 } else { 0.0 });
        let n = accuracy(&ticks, 1, 0.95).unwrap();
        assert!(n.largest_share > 0.9 && n.half_of_variance == 1);
        assert!(n.notes[0].starts_with("half of the variance comes from 1 of 5000 intervals"), "{:?}", n.notes);
        assert!(n.interval.unwrap()[1] > 10.0 * n.value, "{n:?}");
        let error = accuracy(&clock(100, |_| 0.1), 1, 0.95).unwrap_err().to_string();
        assert!(error.contains("infinite"), "{error}");
        assert!(accuracy(&clock(2, |k| 1.0 + k as f64), 1, 0.95).is_err());
    }

    proptest! {
        /// N has no unit: it does not know the unit of time, nor its origin, and lies in its interval.
        #[test]
        fn accuracy_has_no_unit(seed in 0u64..1000, scale in 1e-6f64..1e6) {
            let mut normal = random(seed);
            let ticks = clock(300, |_| 1.0 + 0.05 * normal.normal().clamp(-4.0, 4.0));
            let other = Ticks { times: ticks.times.iter().map(|t| scale * t).collect(), breaks: vec![] };
            let (a, b) = (accuracy(&ticks, 1, 0.9).unwrap(), accuracy(&other, 1, 0.9).unwrap());
            prop_assert!((a.value / b.value - 1.0).abs() < 1e-9);
            let [low, high] = a.interval.unwrap();
            prop_assert!(low < a.value && a.value < high);
        }
    }
}
