//! Columns of times: which one it is, how it is sampled, where it has gaps, and equidistant grids.

use super::{Channel, Gap, Recording, Result, Sampling, SignalError, Uniform};

/// Whether a column of this name is the time: `t`, `time`, `Time (s)`, `t_s`, `seconds`, `timestamp`, ….
pub(super) fn is_time_name(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    let word = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    matches!(word, "t" | "time" | "times" | "timestamp" | "timestamps" | "sec" | "secs" | "second" | "seconds")
}

/// Largest deviation of a sample from its place on a uniform grid, in steps.
const UNIFORM: f64 = 0.02;

/// How increasing times are sampled, and where they jump.
///
/// Where three steps of four are within a quarter of the median step, a step longer than 1.5 medians is a gap; otherwise one of more
/// than ten.
pub(super) fn sampling(times: &[f64]) -> (Sampling, Vec<Gap>) {
    let mut steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    let n = steps.len();
    let (_, &mut median, _) = steps.select_nth_unstable_by(n / 2, f64::total_cmp);
    let regular = steps.iter().filter(|s| (**s - median).abs() < 0.25 * median).count() * 4 >= 3 * n;
    let longest = if regular { 1.5 } else { 10.0 } * median;
    let gaps: Vec<Gap> = times
        .windows(2)
        .enumerate()
        .filter(|(_, w)| w[1] - w[0] > longest)
        .map(|(k, w)| Gap { index: k + 1, from: w[0], to: w[1] })
        .collect();
    let mut stretches = Vec::new();
    let mut begin = 0;
    for end in gaps.iter().map(|g| g.index).chain([times.len()]) {
        stretches.push(&times[begin..end]);
        begin = end;
    }
    let (span, count) = stretches.iter().fold((0.0, 0), |(t, n), s| (t + s[s.len() - 1] - s[0], n + s.len() - 1));
    let step = if count > 0 { span / count as f64 } else { median };
    let uniform = stretches.iter().all(|s| {
        let own = if s.len() > 1 { (s[s.len() - 1] - s[0]) / (s.len() - 1) as f64 } else { step };
        let drift = (own - step).abs() * s.len() as f64;
        drift < 0.5 * step && s.iter().enumerate().all(|(k, t)| (t - s[0] - k as f64 * own).abs() <= UNIFORM * step)
    });
    (if uniform { Sampling::Uniform { rate: 1.0 / step } } else { Sampling::Irregular { step: median } }, gaps)
}

impl Recording {
    /// Longest step between samples that is no gap, for measures that take times and a `max_step`.
    pub fn max_step(&self) -> f64 {
        let longest = self.gaps.iter().map(|g| g.to - g.from).fold(f64::INFINITY, f64::min);
        if longest.is_finite() { longest * (1.0 - 1e-9) } else { f64::INFINITY }
    }

    /// The signals on equidistant times. Uniform samples keep their values, with NaN for those missing in gaps; irregular ones are
    /// interpolated linearly at the median step, with NaN in gaps and beside missing values.
    ///
    /// # Errors
    /// [`SignalError`] where the gaps would make the grid more than ten times longer than the samples.
    pub fn uniform(&self) -> Result<Uniform> {
        let step = self.sampling.step();
        let (start, end) = (self.times[0], self.times[self.times.len() - 1]);
        let length = ((end - start) / step).round() + 1.0;
        if length > 10.0 * self.times.len() as f64 + 1000.0 {
            return Err(SignalError::new(
                "",
                format!("{} samples are spread over {length:.0} steps: the gaps are too long", self.times.len()),
                "cut the recording into its parts",
            ));
        }
        let length = length as usize;
        let fill = |values: &[f64]| -> Vec<f64> {
            let mut grid = vec![f64::NAN; length];
            match self.sampling {
                Sampling::Uniform { .. } => {
                    for (t, v) in self.times.iter().zip(values) {
                        let k = (((t - start) / step).round() as usize).min(length - 1);
                        grid[k] = *v;
                    }
                }
                Sampling::Irregular { .. } => {
                    let longest = self.max_step();
                    let mut k = 0;
                    for (i, cell) in grid.iter_mut().enumerate() {
                        let t = (start + i as f64 * step).min(end);
                        while k + 2 < self.times.len() && self.times[k + 1] < t {
                            k += 1;
                        }
                        let (a, b) = (self.times[k], self.times[k + 1]);
                        if b - a <= longest {
                            let s = (t - a) / (b - a);
                            // At a sample its neighbour does not matter.
                            *cell = match s {
                                0.0 => values[k],
                                1.0 => values[k + 1],
                                s => values[k] + s * (values[k + 1] - values[k]),
                            };
                        }
                    }
                }
            }
            grid
        };
        let channels =
            self.channels.iter().map(|c| Channel { name: c.name.clone(), values: fill(&c.values) }).collect();
        Ok(Uniform { start, step, channels })
    }
}
