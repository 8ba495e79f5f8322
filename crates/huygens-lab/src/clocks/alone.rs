//! What one clock says by itself.

use std::ops::Range;

use huygens::measures::clocks::accuracy::accuracy;
use huygens::measures::clocks::allan;
use huygens::measures::clocks::ticks::{self, Peaks, Ticks};
use huygens::measures::phases::{EventPhase, Orbit, PhaseError, PhaseTransform, Rate, Winding, mean_rate};
use huygens::report::{Check, Quantity, Series, Status};

use super::clock::{Clock, Source};
use super::{ClocksError, Definition, Options};

/// Harmonics of the transform from protophase to phase.
const HARMONICS: usize = 48;
/// Least number of peaks or ticks of a clock.
const LEAST_TICKS: usize = 5;
/// Distance from the centre, as a share of the mean distance, below which an orbit passes too near.
const NEAR_CENTRE: f64 = 0.1;

/// A clock with its ticks and, where it was sampled, its angles.
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) ticks: Vec<f64>,
    pub(super) sampled: Option<Sampled>,
    /// Mean rate by the ticks.
    pub(super) rate: f64,
    /// Allan deviation of the fractional frequency over averaging times.
    pub(super) stability: Vec<Stability>,
}

/// One point of the Allan deviation, with its confidence interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stability {
    pub(super) tau: f64,
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Exponent α of the noise, S_y ∝ f^α, that the interval is for.
    noise: Option<i32>,
}

/// A sampled signal with its phases.
pub(super) struct Sampled {
    pub(super) start: f64,
    pub(super) step: f64,
    pub(super) values: Vec<f64>,
    hilbert: Vec<f64>,
    protophase: Vec<f64>,
    winding: Winding,
    /// Samples that do not feel the ends of the record.
    inner: Range<usize>,
    /// Numbers of peaks at ¾, 1 and 5/4 of the least prominence.
    peaks: [usize; 3],
    /// Peaks left out because a higher one is nearer than a quarter of the median interval.
    doubles: usize,
}

impl Sampled {
    /// First and last time at which the angles can be trusted.
    pub(super) fn trusted(&self) -> (f64, f64) {
        (self.time(self.inner.start), self.time(self.inner.end - 1))
    }

    pub(super) fn time(&self, k: usize) -> f64 {
        self.start + self.step * k as f64
    }

    /// A list that belongs to the samples, between them.
    pub(super) fn between(&self, list: &[f64], time: f64) -> f64 {
        let at = ((time - self.start) / self.step).clamp(0.0, (list.len() - 1) as f64);
        let k = (at as usize).min(list.len() - 2);
        let share = at - k as f64;
        list[k] + share * (list[k + 1] - list[k])
    }
}

/// Peaks of a signal, in units of samples, with at least `share` of the range as prominence, and how many were left out because
/// they stand nearer than a quarter of the median interval to a higher one: an artefact, not a cycle.
pub(super) fn peaks(values: &[f64], share: f64) -> (Vec<f64>, usize) {
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
    let times: Vec<f64> = (0..values.len()).map(|k| k as f64).collect();
    let find = |distance: f64| {
        let options = Peaks { prominence: Some(share * (high - low)), distance, ..Peaks::default() };
        ticks::peaks(&times, values, &options).map(|t| t.times).unwrap_or_default()
    };
    let all = find(0.0);
    if all.len() < 3 {
        return (all, 0);
    }
    let least = 0.25 * median(all.windows(2).map(|w| w[1] - w[0]).collect());
    if all.windows(2).all(|w| w[1] - w[0] >= least) {
        return (all, 0);
    }
    let kept = find(least);
    let doubles = all.len() - kept.len();
    (kept, doubles)
}

/// Median of a list that is not empty.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

impl Prepared {
    pub(super) fn new(clock: &Clock, options: &Options) -> Result<Self, ClocksError> {
        let wrong = |source| ClocksError::Signal { name: clock.name.clone(), source };
        let few = |found| ClocksError::TooFewPeaks {
            name: clock.name.clone(),
            found,
            needed: LEAST_TICKS,
            share: 100.0 * options.prominence,
        };
        let (ticks, sampled) = match &clock.source {
            Source::Ticks(ticks) => {
                if ticks.len() < LEAST_TICKS {
                    return Err(wrong(PhaseError::TooFew { what: "ticks", found: ticks.len(), needed: LEAST_TICKS }));
                }
                (ticks.clone(), None)
            }
            Source::Sampled { start, step, values } => {
                let (found, doubles) = peaks(values, options.prominence);
                if found.len() < LEAST_TICKS {
                    return Err(few(found.len()));
                }
                let count = |factor: f64| peaks(values, factor * options.prominence).0.len();
                let orbit = Orbit::hilbert(values, None).map_err(wrong)?;
                let hilbert = orbit.protophase();
                let starts: Vec<usize> = found.iter().map(|p| p.round() as usize).collect();
                let inner = orbit.inner(1.0);
                let protophase = match PhaseTransform::fit(&hilbert[inner.clone()], HARMONICS) {
                    Ok(transform) => transform.apply(&hilbert),
                    Err(_) => hilbert.clone(),
                };
                let sampled = Sampled {
                    start: *start,
                    step: *step,
                    values: values.clone(),
                    winding: orbit.winding(&starts),
                    peaks: [count(0.75), found.len(), count(1.25)],
                    doubles,
                    hilbert,
                    protophase,
                    inner,
                };
                (found.iter().map(|p| start + step * p).collect(), Some(sampled))
            }
        };
        let rate = (ticks.len() - 1) as f64 / (ticks[ticks.len() - 1] - ticks[0]);
        let stability = stability(&ticks);
        Ok(Self { name: clock.name.clone(), ticks, sampled, rate, stability })
    }

    /// The phase by a definition at times within the ticks; `None` where the definition needs a signal and there is none.
    pub(super) fn phase(&self, definition: Definition, times: &[f64]) -> Option<Vec<f64>> {
        match definition {
            Definition::Peaks => {
                let phase = EventPhase::new(&self.ticks).ok()?;
                Some(times.iter().map(|&t| phase.at(t).unwrap_or(0.0)).collect())
            }
            _ => {
                let sampled = self.sampled.as_ref()?;
                let list = if definition == Definition::Hilbert { &sampled.hilbert } else { &sampled.protophase };
                Some(times.iter().map(|&t| sampled.between(list, t)).collect())
            }
        }
    }

    /// The angle of the analytic signal over the whole record.
    pub(super) fn plain_hilbert(&self) -> Option<&[f64]> {
        self.sampled.as_ref().map(|s| s.hilbert.as_slice())
    }

    /// The mean rate by a definition.
    pub(super) fn rate(&self, definition: Definition) -> Option<Rate> {
        match (definition, &self.sampled) {
            (Definition::Peaks, _) => {
                let phase: Vec<f64> = (0..self.ticks.len()).map(|k| std::f64::consts::TAU * k as f64).collect();
                mean_rate(&self.ticks, &phase).ok()
            }
            (_, Some(sampled)) => {
                let times: Vec<f64> = sampled.inner.clone().map(|k| sampled.time(k)).collect();
                let phase = self.phase(definition, &times)?;
                mean_rate(&times, &phase).ok()
            }
            _ => None,
        }
    }

    /// Whether it is a list of ticks that are no even beat: rhythms, spikes, onsets.
    pub(super) fn irregular(&self) -> bool {
        self.sampled.is_none() && self.irregularity() > 0.25
    }

    /// Standard deviation of the intervals divided by their mean.
    fn irregularity(&self) -> f64 {
        let intervals: Vec<f64> = self.ticks.windows(2).map(|w| w[1] - w[0]).collect();
        let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
        let variance = intervals.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / intervals.len() as f64;
        variance.sqrt() / mean
    }

    pub(super) fn quantities(&self, options: &Options) -> Vec<Quantity> {
        let name = |measure: &str| format!("{measure}({})", self.name);
        let per = if options.unit == "s" { "Hz".to_owned() } else { format!("1/{}", options.unit) };
        let mut out = Vec::new();
        let chosen = if self.sampled.is_some() { options.phase } else { Definition::Peaks };
        if let Some(rate) = self.rate(chosen) {
            let mut quantity = Quantity::new(name("rate"), rate.rate, per);
            quantity.error = Some(rate.error).filter(|e| e.is_finite());
            if self.sampled.is_some() {
                for other in Definition::ALL.into_iter().filter(|d| *d != chosen) {
                    quantity.alternatives.extend(self.rate(other).map(|r| (other.name().to_owned(), r.rate)));
                }
            }
            out.push(quantity);
        }
        let mut period = Quantity::new(name("period"), 1.0 / self.rate, options.unit.clone());
        let intervals = self.ticks.windows(2).map(|w| w[1] - w[0]);
        period.min = intervals.clone().reduce(f64::min);
        period.max = intervals.reduce(f64::max);
        out.push(period);
        out.push(self.accuracy(&name("accuracy")));
        out.push(self.allan(&name("allan_deviation"), &options.unit));
        out
    }

    /// N = ⟨t⟩²/var t.
    fn accuracy(&self, name: &str) -> Quantity {
        let found = Ticks::from_times(&self.ticks).and_then(|ticks| accuracy(&ticks, 1, 0.95));
        let found = match found {
            Ok(found) => found,
            Err(why) => return Quantity::missing(name, "1", why.to_string()),
        };
        let mut quantity = Quantity::new(name, found.value, "1");
        let mut notes = found.notes;
        if let Some([low, high]) = found.interval {
            notes.insert(0, format!("95 % interval {} to {}", digits(low), digits(high)));
            quantity.alternatives = vec![("low".into(), low), ("high".into(), high)];
        }
        quantity.note = Some(notes.join("; ")).filter(|n| !n.is_empty());
        quantity
    }

    /// The Allan deviation at the longest averaging time with at least ten times as much record.
    fn allan(&self, name: &str, unit: &str) -> Quantity {
        let span = self.ticks[self.ticks.len() - 1] - self.ticks[0];
        let Some(point) = self.stability.iter().rfind(|p| 10.0 * p.tau <= span).or(self.stability.first()) else {
            return Quantity::missing(name, "1", "the ticks are even to rounding, or too few");
        };
        let mut quantity = Quantity::new(name, point.value, "1");
        quantity.alternatives = vec![("low".into(), point.low), ("high".into(), point.high)];
        let noise = match point.noise {
            Some(2 | 1) => "phase noise",
            Some(-1) => "flicker frequency noise",
            Some(n) if n < -1 => "random-walk frequency noise",
            _ => "white frequency noise",
        };
        quantity.note = Some(format!(
            "overlapping, averaged over {} {unit}; 95 % interval {} to {} for {noise}",
            digits(point.tau),
            digits(point.low),
            digits(point.high)
        ));
        quantity
    }

    pub(super) fn series(&self) -> Vec<Series> {
        vec![Series {
            name: format!("allan_deviation({})", self.name),
            unit: "1".into(),
            times: self.stability.iter().map(|p| p.tau).collect(),
            values: self.stability.iter().map(|p| p.value).collect(),
        }]
    }

    pub(super) fn checks(&self, options: &Options) -> Vec<Check> {
        let mut checks = Vec::new();
        let name = |what: &str| format!("{what} of {}", self.name);
        let cycles = self.ticks.len() - 1;
        let status = match cycles {
            0..10 => Status::Fail,
            10..50 => Status::Note,
            _ => Status::Pass,
        };
        let note = match status {
            Status::Pass => "cycles in the record",
            Status::Note => "cycles in the record: few; errors and p-values are rough",
            Status::Fail => "cycles in the record: too few for any statement on locking",
        };
        checks.push(Check { name: name("cycles"), status, value: Some(cycles as f64), limit: None, note: note.into() });
        if self.irregular() {
            let note = "standard deviation of the intervals over their mean: no even beat. Phases between such ticks say little; trust the asynchronies";
            checks.push(Check::note(name("ticks"), Some(self.irregularity()), note));
        }
        let Some(sampled) = &self.sampled else {
            return checks;
        };
        let [more, found, fewer] = sampled.peaks.map(|n| n as f64);
        let change = (more - found).abs().max((fewer - found).abs()) / found;
        let mut check = Check::at_most(
            name("peaks"),
            change,
            0.02,
            format!("{found} peaks; {more} and {fewer} with ¾ and 5/4 of the prominence asked for"),
        );
        if check.status == Status::Fail {
            check.status = Status::Note;
            check.note += ": which of them are cycles is a choice, see --prominence";
        }
        if sampled.doubles > 0 {
            check.status = Status::Note;
            check.note += &format!("; {} beside a higher one left out", plural(sampled.doubles as i64, "peak"));
        }
        checks.push(check);
        let dense = 1.0 / (self.rate * sampled.step);
        if dense < 10.0 {
            let status = if dense < 4.0 { Status::Fail } else { Status::Note };
            let note = "samples a cycle: too few to place peaks well; record at a higher rate";
            checks.push(Check {
                name: name("sampling"),
                status,
                value: Some(dense),
                limit: Some(10.0),
                note: note.into(),
            });
        }
        checks.push(self.winding(sampled, options));
        checks
    }

    /// Does the analytic signal circle the mean?
    fn winding(&self, sampled: &Sampled, options: &Options) -> Check {
        let w = &sampled.winding;
        let name = format!("orbit of {}", self.name);
        let used = options.phase != Definition::Peaks;
        let bad = if used { Status::Fail } else { Status::Note };
        let advice = if used { "use --phase peaks" } else { "the peaks do not have this fault" };
        if w.share() < 0.99 {
            let balance = match w.excess {
                0 => "gains and losses cancel".to_owned(),
                n if n < 0 => format!("it loses {} in all", plural(-n, "cycle")),
                n => format!("it gains {} in all", plural(n, "cycle")),
            };
            let note = format!(
                "the analytic signal does not circle the mean in {} of {} cycles ({balance}): its angle is no phase; {advice}",
                w.cycles - w.single,
                w.cycles,
            );
            return Check { name, status: bad, value: Some(w.share()), limit: Some(0.99), note };
        }
        if w.closest < NEAR_CENTRE {
            let note = format!(
                "the analytic signal comes as near to the mean as {:.1} % of its mean distance: it does not always circle it, and its angle jumps there; {advice}",
                100.0 * w.closest
            );
            return Check { name, status: bad, value: Some(w.closest), limit: Some(NEAR_CENTRE), note };
        }
        let note = "share of the cycles in which the analytic signal circles the mean once".into();
        Check { name, status: Status::Pass, value: Some(w.share()), limit: Some(0.99), note }
    }
}

/// `1 cycle`, `3 cycles`.
pub(super) fn plural(n: i64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// The overlapping Allan deviation of the times of ticks, five averaging times a decade; without points where it cannot be had (even
/// ticks, too few of them).
fn stability(ticks: &[f64]) -> Vec<Stability> {
    let series = Ticks::from_times(ticks).and_then(|ticks| allan::Series::from_ticks(&ticks));
    let found = series.and_then(|s| {
        allan::stability(&s, allan::Statistic::Oadev, &allan::Taus::PerDecade(5), &allan::Options::default())
    });
    let span = ticks[ticks.len() - 1] - ticks[0];
    // below the rounding of the times there is nothing to see
    let least = |tau: f64| 8.0 * f64::EPSILON * (ticks[0].abs() + span) / tau;
    let point = |p: allan::Point| {
        let [low, high] = p.interval.unwrap_or([p.value; 2]);
        (p.value > least(p.tau)).then_some(Stability { tau: p.tau, value: p.value, low, high, noise: p.noise })
    };
    // a point with a single degree of freedom says nothing
    let known = |p: &allan::Point| p.freedom.is_none_or(|f| f >= 2.0);
    found.map(|f| f.points.into_iter().filter(known).filter_map(point).collect()).unwrap_or_default()
}

/// Three significant digits.
pub(super) fn digits(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let exponent = x.abs().log10().floor() as i32;
    if (-4..6).contains(&exponent) { format!("{x:.*}", (2 - exponent).max(0) as usize) } else { format!("{x:.2e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allan_deviation_of_ticks() {
        // NIST SP 1065, Tables 30 and 31: nine frequencies, their overlapping deviations at m = 1 and 2, here in parts per million
        let y = [892.0, 809.0, 823.0, 798.0, 671.0, 644.0, 883.0, 903.0, 677.0];
        let mut ticks = vec![0.0];
        for v in y {
            ticks.push(ticks[ticks.len() - 1] + 1.0 + 1e-6 * v);
        }
        let mean = ticks[9] / 9.0;
        let found = stability(&ticks);
        assert!((found[0].value * mean * 1e6 - 91.22945).abs() < 1e-3, "{found:?}");
        assert!((found[1].value * mean * 1e6 - 85.95287).abs() < 1e-3, "{found:?}");
        assert!(found.iter().all(|p| p.low < p.value && p.value < p.high));
        let even: Vec<f64> = (0..50).map(f64::from).collect();
        assert!(stability(&even).is_empty());
    }

    #[test]
    fn artefacts_beside_a_peak_are_no_cycles() {
        let mut x: Vec<f64> = (0..400).map(|k| (std::f64::consts::TAU * f64::from(k) / 40.0).cos()).collect();
        assert_eq!(peaks(&x, 0.2).0.len(), 9);
        x[123] = -1.0;
        let (found, doubles) = peaks(&x, 0.2);
        assert_eq!((found.len(), doubles), (9, 1), "{found:?}");
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(
            (digits(0.0012345), digits(123.45), digits(9.87e7)),
            ("0.00123".into(), "123".into(), "9.87e7".into())
        );
    }
}
