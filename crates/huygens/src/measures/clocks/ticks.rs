//! Ticks of a sampled signal: upward crossings with hysteresis, and peaks, interpolated between the samples.

use super::{ClockError, positive, quantile, stretches};

/// Times at which a clock ticked, in order, with the places where ticks may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    /// Times, increasing.
    pub times: Vec<f64>,
    /// Indices `i` for which the time from tick `i − 1` to tick `i` spans a gap and is no interval, increasing.
    pub breaks: Vec<usize>,
}

impl Ticks {
    /// Ticks from a list of times; a NaN stands for a tick that is missing, and no interval is formed across it.
    ///
    /// # Errors
    /// [`ClockError::Times`] where the times do not increase.
    pub fn from_times(times: &[f64]) -> Result<Self, ClockError> {
        let mut ticks = Self::default();
        for (index, &time) in times.iter().enumerate() {
            if time.is_nan() {
                ticks.interrupt();
                continue;
            }
            let before = ticks.times.last().copied().unwrap_or(f64::NEG_INFINITY);
            if time.is_infinite() || time <= before {
                return Err(ClockError::Times { index, time, before });
            }
            ticks.times.push(time);
        }
        ticks.breaks.retain(|&i| i < ticks.times.len());
        Ok(ticks)
    }

    /// Marks that the next tick does not follow the last one.
    fn interrupt(&mut self) {
        let i = self.times.len();
        if i > 0 && self.breaks.last() != Some(&i) {
            self.breaks.push(i);
        }
    }

    /// Number of ticks.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no tick.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Unbroken runs of ticks.
    pub fn runs(&self) -> impl Iterator<Item = &[f64]> {
        let begins = std::iter::once(0).chain(self.breaks.iter().copied());
        let ends = self.breaks.iter().copied().chain(std::iter::once(self.times.len()));
        begins.zip(ends).map(|(a, b)| &self.times[a..b]).filter(|run| !run.is_empty())
    }

    /// Intervals between consecutive ticks.
    pub fn intervals(&self) -> Vec<f64> {
        self.spans(1)
    }

    /// Times `t_{i+m} − t_i` of `m` intervals each, for every `i` (overlapping), within runs.
    ///
    /// # Panics
    /// For `m = 0`.
    #[track_caller]
    pub fn spans(&self, m: usize) -> Vec<f64> {
        assert!(m > 0, "a span of ticks needs at least one interval");
        self.runs().flat_map(|run| run.windows(m + 1).map(|w| w[m] - w[0])).collect()
    }

    /// Mean interval over all runs.
    ///
    /// # Errors
    /// [`ClockError::TooFew`] without an interval.
    pub fn mean_interval(&self) -> Result<f64, ClockError> {
        let (mut time, mut count) = (0.0, 0usize);
        for run in self.runs() {
            time += run[run.len() - 1] - run[0];
            count += run.len() - 1;
        }
        if count == 0 {
            return Err(ClockError::TooFew {
                what: "tick intervals",
                found: 0,
                needed: 1,
                cure: "give a longer signal, or another definition of ticks",
            });
        }
        Ok(time / count as f64)
    }
}

/// Zero of the cubic Hermite polynomial on `[t0, t1]` with values `y0`, `y1` of opposite sign (or zero) and slopes `d0`, `d1` per unit
/// of time: Newton's method inside a bracket. For exact values and slopes the error falls as the fourth power of the step.
pub fn hermite_root(t0: f64, t1: f64, [y0, y1]: [f64; 2], [d0, d1]: [f64; 2]) -> f64 {
    let h = t1 - t0;
    // p(s) = y0 + s (a + s (b + s c)) on 0 ≤ s ≤ 1.
    let (a, e) = (h * d0, h * d1);
    let b = 3.0 * (y1 - y0) - 2.0 * a - e;
    let c = a + e - 2.0 * (y1 - y0);
    let sign = if y0 < 0.0 || y1 > 0.0 { 1.0 } else { -1.0 };
    let (mut low, mut high) = (0.0, 1.0);
    let mut s = if y1 == y0 { 0.5 } else { (y0 / (y0 - y1)).clamp(0.0, 1.0) };
    for _ in 0..60 {
        let p = sign * (y0 + s * (a + s * (b + s * c)));
        if p > 0.0 {
            high = s;
        } else {
            low = s;
        }
        let slope = sign * (a + s * (2.0 * b + 3.0 * c * s));
        let mut next = s - p / slope;
        if !(next >= low && next <= high) {
            next = 0.5 * (low + high);
        }
        if (next - s).abs() <= 1e-16 {
            s = next;
            break;
        }
        s = next;
    }
    t0 + h * s
}

/// How upward crossings are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossings {
    /// The level that is crossed.
    pub level: f64,
    /// A crossing counts only after the signal has been below `level − hysteresis`: noise at the level makes one tick, not many.
    /// Zero for every crossing.
    pub hysteresis: f64,
    /// Longest step between samples that is no gap.
    pub max_step: f64,
}

impl Default for Crossings {
    fn default() -> Self {
        Self { level: 0.0, hysteresis: 0.0, max_step: f64::INFINITY }
    }
}

/// Ticks where the signal crosses a level upwards, at the zero of the cubic through the four samples around the crossing.
///
/// NaN values and steps longer than `max_step` are gaps: no tick lies in one, and the ticks on its sides form no interval.
///
/// # Errors
/// [`ClockError::Lengths`], [`ClockError::Times`], [`ClockError::Option`] for a negative hysteresis.
pub fn upward_crossings(times: &[f64], values: &[f64], options: &Crossings) -> Result<Ticks, ClockError> {
    if !(options.hysteresis >= 0.0 && options.hysteresis.is_finite()) {
        return Err(ClockError::Option {
            name: "hysteresis",
            value: options.hysteresis,
            expected: "zero or a positive number",
        });
    }
    if !options.level.is_finite() {
        return Err(ClockError::Option { name: "level", value: options.level, expected: "a finite number" });
    }
    let mut ticks = Ticks::default();
    for stretch in stretches(times, values, options.max_step)? {
        ticks.interrupt();
        let (begin, end) = (stretch.start, stretch.end);
        let mut armed = false;
        for i in stretch {
            let x = values[i] - options.level;
            if armed && x >= 0.0 {
                // Four samples around the step, or as many as there are.
                let around = i.saturating_sub(2).max(begin)..(i + 2).min(end);
                let slopes = slopes(&times[around.clone()], &values[around.clone()], i - 1 - around.start);
                let heights = [values[i - 1] - options.level, x];
                ticks.times.push(hermite_root(times[i - 1], times[i], heights, slopes));
                armed = false;
            } else if x < -options.hysteresis || (options.hysteresis == 0.0 && x < 0.0) {
                armed = true;
            }
        }
    }
    finish(ticks)
}

/// Breaks at the end mark nothing.
fn finish(mut ticks: Ticks) -> Result<Ticks, ClockError> {
    let n = ticks.times.len();
    ticks.breaks.retain(|&i| i < n);
    Ok(ticks)
}

/// Slopes at the points `k` and `k + 1` of the polynomial through two to four points.
fn slopes(t: &[f64], x: &[f64], k: usize) -> [f64; 2] {
    let n = t.len();
    // Newton's divided differences in place: c[j] = x[t_0 … t_j].
    let mut c = [0.0; 4];
    c[..n].copy_from_slice(x);
    for order in 1..n {
        for j in (order..n).rev() {
            c[j] = (c[j] - c[j - 1]) / (t[j] - t[j - order]);
        }
    }
    [k, k + 1].map(|i| {
        // Derivative of c0 + (t−t0)(c1 + (t−t1)(c2 + (t−t2) c3)).
        let (mut value, mut slope) = (c[n - 1], 0.0);
        for j in (0..n - 1).rev() {
            slope = slope * (t[i] - t[j]) + value;
            value = value * (t[i] - t[j]) + c[j];
        }
        slope
    })
}

/// How peaks are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peaks {
    /// A peak must stand this much above the valleys on both of its sides; `None` takes [`usual_prominence`].
    pub prominence: Option<f64>,
    /// Of two peaks nearer to each other in time than this, the lower one does not count.
    pub distance: f64,
    /// Samples on each side of the highest one through which a parabola is laid (least squares) to find the time of the peak: 1
    /// for clean signals, more against noise.
    pub half_width: usize,
    /// Longest step between samples that is no gap.
    pub max_step: f64,
}

impl Default for Peaks {
    fn default() -> Self {
        Self { prominence: None, distance: 0.0, half_width: 1, max_step: f64::INFINITY }
    }
}

/// The prominence taken where none is given: a quarter of the distance between the 2.5 % and the 97.5 % quantile of the values.
///
/// # Errors
/// [`ClockError::Constant`] where that distance is zero.
pub fn usual_prominence(values: &[f64]) -> Result<f64, ClockError> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let range = quantile(&sorted, 0.975) - quantile(&sorted, 0.025);
    if range > 0.0 && range.is_finite() {
        Ok(0.25 * range)
    } else {
        Err(ClockError::Constant { what: "the signal", cure: "peaks need a signal that rises and falls" })
    }
}

/// Ticks at the maxima of a signal, one for each rise and fall by at least the prominence, at the vertex of a parabola.
///
/// One pass, O(N): a maximum is confirmed when the signal has fallen from it by the prominence, a minimum when it has risen by it,
/// so wiggles smaller than the prominence make no peak. The ends of a record and of its gaps are no peaks.
///
/// # Errors
/// [`ClockError::Lengths`], [`ClockError::Times`], [`ClockError::Option`], [`ClockError::Constant`].
pub fn peaks(times: &[f64], values: &[f64], options: &Peaks) -> Result<Ticks, ClockError> {
    let pieces = stretches(times, values, options.max_step)?;
    let prominence = match options.prominence {
        Some(p) => positive("prominence", p)?,
        None => usual_prominence(values)?,
    };
    if options.distance.is_nan() || options.distance < 0.0 {
        return Err(ClockError::Option {
            name: "distance",
            value: options.distance,
            expected: "zero or a positive time",
        });
    }
    let mut ticks = Ticks::default();
    for stretch in pieces {
        ticks.interrupt();
        let mut found = zigzag(&values[stretch.clone()], prominence);
        found.iter_mut().for_each(|k| *k += stretch.start);
        thin(&mut found, times, values, options.distance);
        for k in found {
            let low = k.saturating_sub(options.half_width.max(1)).max(stretch.start);
            let high = (k + options.half_width.max(1) + 1).min(stretch.end);
            let time = vertex(&times[low..high], &values[low..high], k - low);
            // The parabolas of neighbours may not disorder the ticks.
            if ticks.times.last().is_none_or(|&last| time > last) {
                ticks.times.push(time);
            }
        }
    }
    finish(ticks)
}

/// Indices of the maxima of a zigzag whose legs are at least `prominence` high.
pub(crate) fn zigzag(x: &[f64], prominence: f64) -> Vec<usize> {
    let mut peaks = Vec::new();
    let (mut lowest, mut highest) = (f64::INFINITY, 0);
    let mut rising = false;
    for (i, &v) in x.iter().enumerate() {
        if rising {
            if v > x[highest] {
                highest = i;
            } else if x[highest] - v >= prominence {
                // The middle of a plateau.
                let flat = x[highest..i].iter().take_while(|&&w| w == x[highest]).count();
                peaks.push(highest + (flat - 1) / 2);
                (rising, lowest) = (false, v);
            }
        } else {
            lowest = lowest.min(v);
            if v - lowest >= prominence {
                (rising, highest) = (true, i);
            }
        }
    }
    peaks
}

/// Drops the lower of two peaks nearer than `distance`, highest peaks first.
fn thin(peaks: &mut Vec<usize>, times: &[f64], values: &[f64], distance: f64) {
    if distance <= 0.0 {
        return;
    }
    let mut order: Vec<usize> = (0..peaks.len()).collect();
    order.sort_by(|&a, &b| values[peaks[b]].total_cmp(&values[peaks[a]]));
    let mut keep = vec![true; peaks.len()];
    for k in order {
        if !keep[k] {
            continue;
        }
        let here = times[peaks[k]];
        for j in (0..k).rev().take_while(|&j| here - times[peaks[j]] < distance) {
            keep[j] = false;
        }
        for j in (k + 1..peaks.len()).take_while(|&j| times[peaks[j]] - here < distance) {
            keep[j] = false;
        }
    }
    let mut k = 0;
    peaks.retain(|_| {
        k += 1;
        keep[k - 1]
    });
}

/// Vertex of the least-squares parabola through points around `k`, or `t[k]` where it has no maximum among them.
fn vertex(t: &[f64], x: &[f64], k: usize) -> f64 {
    let n = t.len();
    if n < 3 {
        return t[k];
    }
    let scale = 0.5 * (t[n - 1] - t[0]);
    // Sums of powers of s = (t − t_k)/scale and of powers times x.
    let mut m = [0.0; 5];
    let mut r = [0.0; 3];
    for (&t_i, &x_i) in t.iter().zip(x) {
        let s = (t_i - t[k]) / scale;
        let mut power = 1.0;
        for j in 0..5 {
            m[j] += power;
            if j < 3 {
                r[j] += power * (x_i - x[k]);
            }
            power *= s;
        }
    }
    // Cramer's rule for [[m0,m1,m2],[m1,m2,m3],[m2,m3,m4]] (a,b,c) = r.
    let linear =
        m[0] * (r[1] * m[4] - r[2] * m[3]) - r[0] * (m[1] * m[4] - m[2] * m[3]) + m[2] * (m[1] * r[2] - m[2] * r[1]);
    let square =
        m[0] * (m[2] * r[2] - m[3] * r[1]) - m[1] * (m[1] * r[2] - m[2] * r[1]) + r[0] * (m[1] * m[3] - m[2] * m[2]);
    let s = -0.5 * linear / square;
    let determinant =
        m[0] * (m[2] * m[4] - m[3] * m[3]) - m[1] * (m[1] * m[4] - m[2] * m[3]) + m[2] * (m[1] * m[3] - m[2] * m[2]);
    let time = t[k] + scale * s;
    if square * determinant < 0.0 && time >= t[0] && time <= t[n - 1] { time } else { t[k] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use huygens_numerics::random::Streams;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    fn sampled(rate: f64, n: usize, f: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
        let times: Vec<f64> = (0..n).map(|k| k as f64 / rate).collect();
        let values = times.iter().map(|&t| f(t)).collect();
        (times, values)
    }

    #[test]
    fn crossings_of_a_sine_fall_on_whole_periods_to_fourth_order() {
        let worst = |per_period: f64| {
            let (t, x) = sampled(per_period, (per_period * 50.3) as usize, |t| (TAU * (t - 0.123)).sin());
            let ticks = upward_crossings(&t, &x, &Crossings::default()).unwrap();
            assert_eq!(ticks.len(), 51, "one tick a period");
            assert!(ticks.breaks.is_empty());
            // The first and last ticks may lie beside the ends, where fewer samples are at hand.
            (1..50).map(|k| (ticks.times[k] - (k as f64 + 0.123)).abs()).fold(0.0, f64::max)
        };
        let (coarse, fine) = (worst(16.7), worst(33.4));
        assert!(coarse < 1e-4, "{coarse:e}");
        let order = (coarse / fine).log2();
        assert!(order > 3.6, "order {order}");
    }

    #[test]
    fn exact_slopes_make_the_hermite_root_fourth_order() {
        let error = |h: f64| {
            let (a, b) = (-0.3 * h, 0.7 * h);
            hermite_root(a, b, [a.sin(), b.sin()], [a.cos(), b.cos()]).abs()
        };
        let order = (error(0.4) / error(0.2)).log2();
        assert!(order > 3.9, "{order}");
        // Falling data and a zero at the end.
        assert_relative_eq!(hermite_root(0.0, 2.0, [1.0, -1.0], [-1.0, -1.0]), 1.0, max_relative = 1e-15);
        assert_relative_eq!(hermite_root(1.0, 2.0, [-1.0, 0.0], [1.0, 1.0]), 2.0, max_relative = 1e-15);
    }

    #[test]
    fn hysteresis_makes_one_tick_of_noise_at_the_level() {
        let mut random = Streams { seed: 7 }.trajectory(0);
        let mut noise = || 0.2 * (2.0 * random.uniform() - 1.0);
        let (t, mut x) = sampled(200.0, 20_000, |t| (TAU * (t - 0.25)).sin());
        x.iter_mut().for_each(|x| *x += noise());
        let all = upward_crossings(&t, &x, &Crossings::default()).unwrap();
        let clean = upward_crossings(&t, &x, &Crossings { hysteresis: 0.5, ..Crossings::default() }).unwrap();
        assert!(all.len() > 150, "{}", all.len());
        assert_eq!(clean.len(), 100);
        assert!(clean.intervals().iter().all(|i| (i - 1.0).abs() < 0.1));
    }

    #[test]
    fn no_interval_spans_a_gap() {
        let (t, mut x) = sampled(50.0, 1000, |t| (TAU * (t - 0.1)).sin());
        x[500..520].fill(f64::NAN);
        let ticks = upward_crossings(&t, &x, &Crossings::default()).unwrap();
        // The crossing at 10.1 s lies in the gap.
        assert_eq!((ticks.len(), ticks.breaks.as_slice()), (19, &[10][..]));
        assert!(ticks.intervals().iter().all(|i| (i - 1.0).abs() < 1e-4));
        assert_eq!(ticks.spans(3).len(), 7 + 6);
        // The same with the samples left out.
        let keep: Vec<usize> = (0..1000).filter(|k| !(500..520).contains(k)).collect();
        let pick = |v: &[f64]| keep.iter().map(|&k| v[k]).collect::<Vec<_>>();
        let options = Crossings { max_step: 0.05, ..Crossings::default() };
        assert_eq!(upward_crossings(&pick(&t), &pick(&x), &options).unwrap(), ticks);
    }

    #[test]
    fn peaks_of_a_noisy_cosine_with_a_slow_trend() {
        let mut random = Streams { seed: 3 }.trajectory(0);
        let (t, mut x) = sampled(100.0, 10_020, |t| (TAU * (t - 0.3)).cos() + 0.01 * t);
        let exact = peaks(&t, &x, &Peaks::default()).unwrap();
        assert_eq!(exact.len(), 100);
        // The trend moves the maximum by 0.01/(2π)².
        assert!(exact.times.iter().enumerate().all(|(k, t)| (t - 0.3 - 2.533e-4 - k as f64).abs() < 3e-5));
        x.iter_mut().for_each(|x| *x += 0.05 * random.normal());
        let rough = peaks(&t, &x, &Peaks::default()).unwrap();
        let smooth = peaks(&t, &x, &Peaks { half_width: 20, ..Peaks::default() }).unwrap();
        assert_eq!((rough.len(), smooth.len()), (100, 100));
        let scatter = |ticks: &Ticks| {
            let square: f64 = ticks.times.iter().enumerate().map(|(k, t)| (t - 0.3 - k as f64).powi(2)).sum();
            (square / 100.0).sqrt()
        };
        assert!(scatter(&smooth) < 0.005 && scatter(&smooth) < 0.3 * scatter(&rough), "{}", scatter(&smooth));
    }

    #[test]
    fn small_wiggles_and_near_neighbours_are_no_peaks() {
        let x = [0.0, 1.0, 0.9, 1.1, 0.0, 0.2, 0.1, 3.0, 3.0, 3.0, 0.0, 2.0, 0.0];
        let t: Vec<f64> = (0..x.len()).map(|k| k as f64).collect();
        let found = |prominence, distance| {
            peaks(&t, &x, &Peaks { prominence: Some(prominence), distance, ..Peaks::default() }).unwrap().times.len()
        };
        assert_eq!([found(0.05, 0.0), found(0.15, 0.0), found(0.5, 0.0), found(2.5, 0.0)], [5, 3, 3, 1]);
        assert_eq!(found(0.5, 4.0), 2);
    }

    #[test]
    fn bad_input_is_named() {
        let error = |t: &[f64], x: &[f64]| upward_crossings(t, x, &Crossings::default()).unwrap_err().to_string();
        assert_eq!(error(&[0.0, 1.0], &[0.0]), "2 times but 1 values: give one time a value");
        assert!(error(&[0.0, 1.0, 0.5], &[0.0; 3]).starts_with("time 2 (counted from 0) is 0.5, the one before 1"));
        assert!(peaks(&[0.0, 1.0], &[3.0, 3.0], &Peaks::default()).unwrap_err().to_string().contains("constant"));
        assert!(Ticks::from_times(&[1.0, 2.0, 2.0]).is_err());
        let list = Ticks::from_times(&[f64::NAN, 1.0, 2.0, f64::NAN, 4.0, 5.5, f64::NAN]).unwrap();
        assert_eq!((list.breaks.as_slice(), list.intervals()), (&[2][..], vec![1.0, 1.5]));
        assert_relative_eq!(list.mean_interval().unwrap(), 1.25);
    }

    proptest! {
        /// Ticks increase, lie inside the record and obey a change of units.
        #[test]
        fn ticks_are_ordered_and_scale(
            values in prop::collection::vec(prop_oneof![9 => -1.0f64..1.0, 1 => Just(f64::NAN)], 2..200),
            steps in prop::collection::vec(0.01f64..2.0, 200),
        ) {
            let mut t = 0.0;
            let times: Vec<f64> = values.iter().zip(&steps).map(|(_, s)| { t += s; t }).collect();
            let crossings = Crossings { level: 0.1, hysteresis: 0.2, max_step: 1.9 };
            let ticks = upward_crossings(&times, &values, &crossings).unwrap();
            let tops = peaks(&times, &values, &Peaks { prominence: Some(0.3), max_step: 1.9, ..Peaks::default() }).unwrap();
            for list in [&ticks, &tops] {
                prop_assert!(list.times.windows(2).all(|w| w[0] < w[1]));
                prop_assert!(list.times.iter().all(|t| *t >= times[0] && *t <= times[times.len() - 1]));
                prop_assert!(list.breaks.windows(2).all(|w| w[0] < w[1]));
                prop_assert!(list.breaks.iter().all(|&b| b > 0 && b < list.len()));
            }
            let slow: Vec<f64> = times.iter().map(|t| 4.0 * t).collect();
            let tall: Vec<f64> = values.iter().map(|v| 2.0 * v).collect();
            let options = Crossings { level: 0.2, hysteresis: 0.4, max_step: 7.6 };
            let other = upward_crossings(&slow, &tall, &options).unwrap();
            prop_assert_eq!(&other.breaks, &ticks.breaks);
            for (a, b) in ticks.times.iter().zip(&other.times) {
                prop_assert!((4.0 * a - b).abs() < 1e-9 * b);
            }
        }
    }
}
