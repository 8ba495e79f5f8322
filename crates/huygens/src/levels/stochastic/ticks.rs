//! Ticks of trajectories while they run: upward crossings of a level, or peaks, of one quadrature.
//!
//! Between two samples the signal is the cubic with the values and the slopes (the drift) at both ends; the tick is its zero, or
//! the zero of its derivative. For exact samples of a smooth signal the error falls as the fourth power of the sampling interval.
//! Damping with noise on the position itself (the Lindblad bath) makes trajectories that are nowhere differentiable, whose
//! crossings multiply without limit as the samples become denser: take momentum damping for ticks, or samples far apart on the
//! scale of the noise.

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
    intervals: Vec<Intervals>,
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
            intervals: vec![Intervals::default(); clocks.len()],
            keep,
            lists: Vec::new(),
            open: 0,
        }
    }

    /// Statistics of each clock.
    pub fn intervals(&self) -> &[Intervals] {
        &self.intervals
    }

    /// The stored lists, clock by clock within each trajectory.
    pub fn into_lists(self) -> Vec<TickList> {
        self.lists
    }

    fn tick(&mut self, clock: usize, lane: usize, time: f64) {
        let before = std::mem::replace(&mut self.latest[clock][lane], time);
        self.intervals[clock].ticks += 1;
        if before.is_finite() {
            self.intervals[clock].push(time - before);
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
                // One bit a lane: most samples hold no tick.
                let mut hits = 0u64;
                match tick {
                    Tick::Upward(level) => {
                        for l in 0..LANES {
                            hits |= u64::from(y0[l] < level && value[l] >= level) << l;
                        }
                    }
                    Tick::Peak => {
                        for l in 0..LANES {
                            hits |= u64::from(d0[l] > 0.0 && slope[l] <= 0.0) << l;
                        }
                    }
                }
                hits &= (1 << self.lanes) - 1;
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
