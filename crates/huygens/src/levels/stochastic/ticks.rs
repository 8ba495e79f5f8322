//! Ticks of trajectories while they run: upward crossings of a level, or peaks, of one quadrature.
//!
//! Between two samples the signal is the cubic with the values and the slopes (the drift) at both ends; the tick is its zero, or
//! the zero of its derivative. For exact samples of a smooth signal the error falls as the fourth power of the sampling interval.
//! Damping with noise on the position itself (the Lindblad bath) makes trajectories that are nowhere differentiable, whose
//! crossings multiply without limit as the samples become denser: take momentum damping for ticks, or samples far apart on the
//! scale of the noise.

use multiversion::multiversion;

use super::ensemble::{Dynamics, LANES, Lane, Observer};
use crate::measures::clocks::ticks::hermite_root;

/// What counts as a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tick {
    /// The signal crosses this level upwards.
    Upward(f64),
    /// The signal has a maximum.
    Peak,
}

/// A clock: a real variable of the trajectories and what its ticks are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Index of the variable: 2k for q of mode k, 2k + 1 for p.
    pub variable: usize,
    /// Its ticks.
    pub tick: Tick,
}

/// Number, mean and sum of squared deviations of the intervals between ticks of one clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Intervals {
    /// Ticks seen.
    pub ticks: u64,
    /// Intervals between ticks of one trajectory.
    pub count: f64,
    /// Mean interval.
    pub mean: f64,
    /// Σ (τ − τ̄)².
    pub squares: f64,
}

impl Intervals {
    fn push(&mut self, interval: f64) {
        self.count += 1.0;
        let before = interval - self.mean;
        self.mean += before / self.count;
        self.squares += before * (interval - self.mean);
    }

    /// Adds those of another block.
    pub fn merge(&mut self, other: &Intervals) {
        self.ticks += other.ticks;
        if other.count > 0.0 {
            let total = self.count + other.count;
            let difference = other.mean - self.mean;
            self.squares += other.squares + difference * difference * (self.count * other.count / total);
            self.mean += difference * (other.count / total);
            self.count = total;
        }
    }

    /// Variance of the intervals.
    pub fn variance(&self) -> f64 {
        self.squares / (self.count - 1.0)
    }

    /// Accuracy N = τ̄²/var τ.
    pub fn accuracy(&self) -> f64 {
        self.mean * self.mean / self.variance()
    }
}

/// What the ticks of two clocks on the same trajectories have to do with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairTicks {
    /// Number of pairs of simultaneous intervals.
    pub count: f64,
    /// Mean intervals t₁ and t₂.
    pub means: [f64; 2],
    /// Σ δt₁², Σ δt₁ δt₂, Σ δt₂².
    pub comoments: [f64; 3],
    /// Ticks of the first clock that lie between two of the second.
    pub placed: f64,
    /// Mean of their phases φ in (−π, π].
    pub phase: f64,
    /// Σ (φ − φ̄)².
    pub squares: f64,
}

impl PairTicks {
    fn push_intervals(&mut self, [x, y]: [f64; 2]) {
        self.count += 1.0;
        let before = [x - self.means[0], y - self.means[1]];
        self.means[0] += before[0] / self.count;
        self.means[1] += before[1] / self.count;
        let after = [x - self.means[0], y - self.means[1]];
        self.comoments[0] += before[0] * after[0];
        self.comoments[1] += before[0] * after[1];
        self.comoments[2] += before[1] * after[1];
    }

    fn push_phase(&mut self, phase: f64) {
        self.placed += 1.0;
        let before = phase - self.phase;
        self.phase += before / self.placed;
        self.squares += before * (phase - self.phase);
    }

    /// All pairs of one trajectory: each interval of the first clock with that of the second that begins nearest to it, and the
    /// phase of each of its ticks between two of the second.
    fn push_lists(&mut self, first: &[f64], second: &[f64]) {
        let mut j = 0;
        for (k, &t) in first.iter().enumerate() {
            while j < second.len() && second[j] <= t {
                j += 1;
            }
            // second[j − 1] ≤ t < second[j].
            if j == 0 || j == second.len() {
                continue;
            }
            let share = (t - second[j - 1]) / (second[j] - second[j - 1]);
            self.push_phase(std::f64::consts::TAU * if share > 0.5 { share - 1.0 } else { share });
            let near = if share > 0.5 { j } else { j - 1 };
            if let (Some(next), Some(end)) = (first.get(k + 1), second.get(near + 1)) {
                self.push_intervals([next - t, end - second[near]]);
            }
        }
    }

    /// Adds those of another block.
    pub fn merge(&mut self, other: &PairTicks) {
        if other.count > 0.0 {
            let total = self.count + other.count;
            let (share, weight) = (other.count / total, self.count * other.count / total);
            let d = [other.means[0] - self.means[0], other.means[1] - self.means[1]];
            for (k, product) in [d[0] * d[0], d[0] * d[1], d[1] * d[1]].into_iter().enumerate() {
                self.comoments[k] += other.comoments[k] + weight * product;
            }
            self.means[0] += d[0] * share;
            self.means[1] += d[1] * share;
            self.count = total;
        }
        if other.placed > 0.0 {
            let total = self.placed + other.placed;
            let d = other.phase - self.phase;
            self.squares += other.squares + d * d * (self.placed * other.placed / total);
            self.phase += d * (other.placed / total);
            self.placed = total;
        }
    }

    /// D = var(t₂ − t₁)/⟨(t₁ + t₂)/2⟩² of simultaneous intervals.
    pub fn interval_deviation(&self) -> f64 {
        let [a, b, c] = self.comoments;
        let mean = 0.5 * (self.means[0] + self.means[1]);
        (a - 2.0 * b + c) / (self.count - 1.0) / (mean * mean)
    }

    /// D = var φ/(2π)² of the phases of nearest ticks.
    pub fn phase_deviation(&self) -> f64 {
        self.squares / (self.placed - 1.0) / (std::f64::consts::TAU * std::f64::consts::TAU)
    }
}

/// The statistics of the ticks of one block, or of several put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TickSums {
    /// Of each clock.
    pub intervals: Vec<Intervals>,
    /// Of each pair of clocks.
    pub pairs: Vec<PairTicks>,
}

impl TickSums {
    /// Adds those of another block with the same clocks and pairs.
    pub fn merge(&mut self, other: &TickSums) {
        if self.intervals.is_empty() {
            self.clone_from(other);
            return;
        }
        self.intervals.iter_mut().zip(&other.intervals).for_each(|(a, b)| a.merge(b));
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(a, b)| a.merge(b));
    }

    /// All numbers in a fixed order, to be kept in a file.
    pub fn numbers(&self) -> Vec<f64> {
        let clocks = self.intervals.iter().flat_map(|i| [i.ticks as f64, i.count, i.mean, i.squares]);
        let pairs = self.pairs.iter().flat_map(|p| {
            let ([x, y], [a, b, c]) = (p.means, p.comoments);
            [p.count, x, y, a, b, c, p.placed, p.phase, p.squares]
        });
        clocks.chain(pairs).collect()
    }

    /// The same back from [`TickSums::numbers`]; `None` where there are too many or too few.
    pub fn from_numbers(clocks: usize, pairs: usize, numbers: &[f64]) -> Option<Self> {
        if numbers.len() != 4 * clocks + 9 * pairs {
            return None;
        }
        let (first, second) = numbers.split_at(4 * clocks);
        let interval = |n: &[f64; 4]| Intervals { ticks: n[0] as u64, count: n[1], mean: n[2], squares: n[3] };
        let pair = |n: &[f64; 9]| PairTicks {
            count: n[0],
            means: [n[1], n[2]],
            comoments: [n[3], n[4], n[5]],
            placed: n[6],
            phase: n[7],
            squares: n[8],
        };
        Some(Self {
            intervals: first.as_chunks::<4>().0.iter().map(interval).collect(),
            pairs: second.as_chunks::<9>().0.iter().map(pair).collect(),
        })
    }
}

/// The [`Observer`] of the ticks of one block.
pub struct TickObserver<'a, D: Dynamics> {
    dynamics: &'a D,
    work: D::Work,
    clocks: Vec<Clock>,
    slopes: Vec<Lane>,
    /// Value and slope of each clock at the last sample.
    last: Vec<(Lane, Lane)>,
    previous: Option<f64>,
    lanes: usize,
    /// The last tick of each clock and lane.
    latest: Vec<[f64; LANES]>,
    sums: TickSums,
    pairs: Vec<(usize, usize)>,
    /// Ticks of the running trajectories, clock by clock within each lane; empty without pairs.
    current: Vec<Vec<f64>>,
    keep: u64,
    lists: Vec<TickList>,
    open: usize,
}

/// All ticks of one clock on one trajectory.
#[derive(Clone, Debug, PartialEq)]
pub struct TickList {
    /// Number of the trajectory.
    pub trajectory: u64,
    /// Index of the clock.
    pub clock: usize,
    /// Times, ascending.
    pub times: Vec<f64>,
}

impl<'a, D: Dynamics> TickObserver<'a, D> {
    /// Streams the statistics of the intervals of `clocks`; the ticks of the trajectories below `keep` are stored as lists.
    pub fn new(dynamics: &'a D, clocks: &[Clock], keep: u64) -> Self {
        Self {
            work: dynamics.work(),
            dynamics,
            clocks: clocks.to_vec(),
            slopes: vec![[0.0; LANES]; dynamics.dimension()],
            last: vec![([0.0; LANES], [0.0; LANES]); clocks.len()],
            previous: None,
            lanes: 0,
            latest: vec![[f64::NAN; LANES]; clocks.len()],
            sums: TickSums { intervals: vec![Intervals::default(); clocks.len()], pairs: Vec::new() },
            pairs: Vec::new(),
            current: Vec::new(),
            keep,
            lists: Vec::new(),
            open: 0,
        }
    }

    /// Compares the ticks of these pairs of clocks (by their places among the clocks) as well. The ticks of the trajectories that
    /// are running are kept for it.
    #[must_use]
    pub fn pairs(mut self, pairs: &[(usize, usize)]) -> Self {
        self.pairs = pairs.to_vec();
        self.sums.pairs = vec![PairTicks::default(); pairs.len()];
        self.current = vec![Vec::new(); if pairs.is_empty() { 0 } else { LANES * self.clocks.len() }];
        self
    }

    /// Statistics of each clock.
    pub fn intervals(&self) -> &[Intervals] {
        &self.sums.intervals
    }

    /// Statistics of clocks and pairs.
    pub fn into_sums(self) -> TickSums {
        self.sums
    }

    /// The stored lists, clock by clock within each trajectory.
    pub fn into_lists(self) -> Vec<TickList> {
        self.lists
    }

    fn tick(&mut self, clock: usize, lane: usize, time: f64) {
        let before = std::mem::replace(&mut self.latest[clock][lane], time);
        self.sums.intervals[clock].ticks += 1;
        if before.is_finite() {
            self.sums.intervals[clock].push(time - before);
        }
        if !self.pairs.is_empty() {
            self.current[lane * self.clocks.len() + clock].push(time);
        }
        if lane < self.open {
            let at = self.lists.len() - (self.open - lane) * self.clocks.len() + clock;
            self.lists[at].times.push(time);
        }
    }
}

impl<D: Dynamics> Observer for TickObserver<'_, D> {
    fn begin(&mut self, first: u64, lanes: usize) {
        self.lanes = lanes;
        self.previous = None;
        self.latest.fill([f64::NAN; LANES]);
        self.current.iter_mut().for_each(Vec::clear);
        self.open = self.keep.saturating_sub(first).min(lanes as u64) as usize;
        for trajectory in first..first + self.open as u64 {
            for clock in 0..self.clocks.len() {
                self.lists.push(TickList { trajectory, clock, times: Vec::new() });
            }
        }
    }

    fn look(&mut self, _sample: usize, time: f64, state: &[Lane]) {
        self.dynamics.drift(time, state, &mut self.slopes, &mut self.work);
        for c in 0..self.clocks.len() {
            let Clock { variable, tick } = self.clocks[c];
            let (value, slope) = (state[variable], self.slopes[variable]);
            if let Some(before) = self.previous {
                let (y0, d0) = self.last[c];
                let mut hits = match tick {
                    Tick::Upward(level) => upward(&y0, &value, level),
                    Tick::Peak => downward(&d0, &slope),
                };
                hits &= u64::MAX >> (64 - self.lanes);
                while hits != 0 {
                    let l = hits.trailing_zeros() as usize;
                    hits &= hits - 1;
                    let at = match tick {
                        Tick::Upward(level) => {
                            hermite_root(before, time, [y0[l] - level, value[l] - level], [d0[l], slope[l]])
                        }
                        Tick::Peak => hermite_peak(before, time, [y0[l], value[l]], [d0[l], slope[l]]),
                    };
                    self.tick(c, l, at);
                }
            }
            self.last[c] = (value, slope);
        }
        self.previous = Some(time);
    }

    fn end(&mut self) {
        for (&(first, second), sums) in self.pairs.iter().zip(&mut self.sums.pairs) {
            for lists in self.current.chunks_exact(self.clocks.len()).take(self.lanes) {
                sums.push_lists(&lists[first], &lists[second]);
            }
        }
    }
}

/// The bits of the lanes.
const BITS: [u64; LANES] = {
    let mut bits = [0; LANES];
    let mut l = 0;
    while l < LANES {
        bits[l] = 1 << l;
        l += 1;
    }
    bits
};

/// One bit for each lane that goes from below `level` to it or above.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn upward(before: &Lane, now: &Lane, level: f64) -> u64 {
    let mut hits = 0;
    for l in 0..LANES {
        hits |= if (before[l] < level) & (now[l] >= level) { BITS[l] } else { 0 };
    }
    hits
}

/// One bit for each lane that goes from above zero to it or below.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn downward(before: &Lane, now: &Lane) -> u64 {
    let mut hits = 0;
    for l in 0..LANES {
        hits |= if (before[l] > 0.0) & (now[l] <= 0.0) { BITS[l] } else { 0 };
    }
    hits
}

/// Place of the maximum of the cubic Hermite polynomial on [t0, t1] with slopes d0 > 0 ≥ d1 per unit of time: the zero of its
/// derivative D₀ + s (6Δ − 4D₀ − 2D₁) + s² (3D₀ + 3D₁ − 6Δ), s in [0, 1].
pub fn hermite_peak(t0: f64, t1: f64, [y0, y1]: [f64; 2], [d0, d1]: [f64; 2]) -> f64 {
    let h = t1 - t0;
    let (d0, d1, rise) = (h * d0, h * d1, y1 - y0);
    let (a, b) = (3.0 * (d0 + d1) - 6.0 * rise, 6.0 * rise - 4.0 * d0 - 2.0 * d1);
    // The derivative is positive at 0 and not positive at 1: of its two zeros that with the stable denominator.
    let root = (b * b - 4.0 * a * d0).max(0.0).sqrt();
    let s = 2.0 * d0 / (root - b);
    t0 + h * if s.is_finite() { s.clamp(0.0, 1.0) } else { 0.5 }
}
