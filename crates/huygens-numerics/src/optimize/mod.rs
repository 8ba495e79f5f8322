//! Best points of a function over a bounded range, under constraints.
//!
//! What is searched is a [`Landscape`]: an objective, of which less is better, and constraints, which hold where they are not
//! negative. It may have no value at some points; they are left out, never taken for numbers. [`search`] looks at it on a grid
//! first, then refines what the grid has found:
//!
//! * **One coordinate.** The ends of the stretches on which all constraints hold are located to rounding by Chandrupatla's method
//!   (T. R. Chandrupatla, *Adv. Eng. Softw.* **28**, 145 (1997)). Each minimum of the grid is refined by Brent's method
//!   (*Algorithms for Minimization without Derivatives*, 1973, ch. 5), which comparing values cannot bring closer than the
//!   square root of rounding; then by the zero of the derivative of a Chebyshev interpolant around it, which comes within
//!   rounding times the ratio of the function's scale to the width of the interpolant. All local minima are given.
//! * **Several coordinates.** From the best minima of the first look, quadratic models of objective and constraints on a
//!   stencil are minimised within a trust region (sequential quadratic programming with an exact penalty), and the best point of
//!   the stencil is taken where the model fails, so that kinks and edges only slow the search down. The last steps are Newton's
//!   on the optimality conditions, with gradients from Chebyshev interpolants along each coordinate.
//!
//! Whatever lies between the points of the first look and shows on none of them is not found: look at more points for narrower
//! features. The result depends on the landscape and the options alone, not on the order in which points are computed.
//!
//! ```
//! use huygens_numerics::optimize::{Options, Outcome, Range, Sample, search};
//! // The least of cos x on [0, 10] where x <= 9: at 3π the constraint forbids it, so that π is left.
//! let landscape = |x: &[f64]| Some(Sample { objective: x[0].cos(), constraints: vec![9.0 - x[0]] });
//! let found = search(&[Range::new(0.0, 10.0, false)?], 1, &landscape, &Options::default())?;
//! let Outcome::Found { best, .. } = found.outcome else { panic!("there is one") };
//! assert!((best.x[0] - std::f64::consts::PI).abs() < 1e-12);
//! # Ok::<(), huygens_numerics::optimize::OptimizeError>(())
//! ```

mod line;
mod quadratic;
mod series;
mod space;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most coordinates of a search.
pub const MAX_COORDINATES: usize = 6;

/// What can be wrong with a search.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizeError {
    /// A range without an inside.
    #[error("the range from {start} to {stop} is empty: START must be less than STOP, both finite")]
    Empty {
        /// Lower end.
        start: f64,
        /// Upper end.
        stop: f64,
    },
    /// Logarithm of a non-positive end.
    #[error(
        "the logarithmic range from {start} to {stop} must be positive: give a positive START, or leave out `:log`"
    )]
    NotPositive {
        /// Lower end.
        start: f64,
        /// Upper end.
        stop: f64,
    },
    /// No coordinate or too many.
    #[error("a search over {count} coordinates: it takes 1 to {MAX_COORDINATES}; sweep over the others")]
    Coordinates {
        /// Number of coordinates.
        count: usize,
    },
    /// A first look that sees nothing.
    #[error("a first look at {points} points: give at least {least}")]
    Points {
        /// Number of points asked for.
        points: usize,
        /// Fewest points.
        least: usize,
    },
    /// The landscape asked to stop.
    #[error("the search was interrupted")]
    Interrupted,
}

/// The range of one coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    start: f64,
    stop: f64,
    log: bool,
}

impl Range {
    /// From `start` to `stop`, both included; `log` searches in the logarithm.
    ///
    /// # Errors
    /// [`OptimizeError::Empty`], [`OptimizeError::NotPositive`].
    pub fn new(start: f64, stop: f64, log: bool) -> Result<Self, OptimizeError> {
        if !(start.is_finite() && stop.is_finite() && (stop - start).is_finite() && start < stop) {
            return Err(OptimizeError::Empty { start, stop });
        }
        if log && start <= 0.0 {
            return Err(OptimizeError::NotPositive { start, stop });
        }
        Ok(Self { start, stop, log })
    }

    /// Lower end.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Upper end.
    pub fn stop(&self) -> f64 {
        self.stop
    }

    /// Whether the search runs in the logarithm.
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// The value at a fraction 0 ≤ u ≤ 1 of the range; both ends are exact.
    pub fn at(&self, u: f64) -> f64 {
        if u <= 0.0 {
            return self.start;
        }
        if u >= 1.0 {
            return self.stop;
        }
        let x = if self.log {
            self.start * (u * (self.stop / self.start).ln()).exp()
        } else {
            self.start + u * (self.stop - self.start)
        };
        x.clamp(self.start, self.stop)
    }

    /// dx/du.
    fn slope(&self, u: f64) -> f64 {
        if self.log { self.at(u) * (self.stop / self.start).ln() } else { self.stop - self.start }
    }
}

/// The landscape at one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What is to be small. A sample whose objective or a constraint is not finite counts as no value.
    pub objective: f64,
    /// What must not be negative.
    pub constraints: Vec<f64>,
}

/// What is searched. Calls come from several threads where [`Landscape::each`] uses them; the value must depend on the point
/// alone.
pub trait Landscape: Sync {
    /// The values at a point, `None` where there are none.
    fn at(&self, x: &[f64]) -> Option<Sample>;

    /// Does the tasks 0 … count − 1, in any order and on any threads. Tasks may call this again.
    fn each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(task);
    }

    /// Whether to give up.
    fn stopped(&self) -> bool {
        false
    }
}

impl<F: Fn(&[f64]) -> Option<Sample> + Sync> Landscape for F {
    fn at(&self, x: &[f64]) -> Option<Sample> {
        self(x)
    }
}

/// How a search goes about.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Points of the first look: 201 for one coordinate unless given, a square grid of 576 for two, 1000 points of an additive
    /// low-discrepancy sequence (M. Roberts 2018) for more.
    pub points: Option<usize>,
    /// Most minima of the first look that are refined.
    pub starts: usize,
    /// Shifts the points of a low-discrepancy first look.
    pub seed: u64,
}

impl Options {
    /// Number of points of the first look over this many coordinates.
    ///
    /// # Errors
    /// [`OptimizeError::Coordinates`], [`OptimizeError::Points`].
    pub fn points_over(&self, coordinates: usize) -> Result<usize, OptimizeError> {
        if !(1..=MAX_COORDINATES).contains(&coordinates) {
            return Err(OptimizeError::Coordinates { count: coordinates });
        }
        let points = self.points.unwrap_or([201, 576, 1000][coordinates.min(3) - 1]);
        let least = if coordinates == 1 { 3 } else { 9 };
        if points < least { Err(OptimizeError::Points { points, least }) } else { Ok(points) }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { points: None, starts: 12, seed: 1 }
    }
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The lower one.
    Start,
    /// The upper one.
    Stop,
}

/// What makes a point an optimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The objective is stationary, along the constraints and ends of ranges that hold it.
    Stationary,
    /// Nothing is left to vary: constraints and ends of ranges hold the point.
    Corner,
    /// Beyond this point the landscape has no value.
    Edge,
    /// Beyond this point a constraint jumps from met to broken.
    Jump,
    /// The objective has a kink or a jump here, or is noisy.
    Rough,
    /// The objective is the same, up to rounding, all around.
    Plateau,
}

/// A local optimum.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// Where.
    pub x: Vec<f64>,
    /// Estimated error of each coordinate: from the rounding of the landscape, as its interpolant shows it.
    pub error: Vec<f64>,
    /// The landscape there.
    pub sample: Sample,
    /// The ends of ranges on which it lies.
    pub ends: Vec<Option<End>>,
    /// The constraints that hold with equality.
    pub active: Vec<usize>,
    /// What makes it an optimum.
    pub kind: Kind,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// There is a best point.
    Found {
        /// It.
        best: Optimum,
        /// Other local optima, best first.
        others: Vec<Optimum>,
    },
    /// No point was found that meets all constraints.
    Infeasible {
        /// The point that comes closest: the largest broken constraint, in units of its range over the first look, is smallest.
        x: Vec<f64>,
        /// The landscape there.
        sample: Sample,
        /// The constraints broken there.
        broken: Vec<usize>,
    },
    /// The landscape has a value nowhere.
    NoValue,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// How it ended.
    pub outcome: Outcome,
    /// The points of the first look: for two coordinates a grid, the last coordinate running fastest.
    pub first: Vec<Vec<f64>>,
    /// Number of points along each coordinate, where the first look was a grid.
    pub shape: Vec<usize>,
    /// Number of points computed in all.
    pub evaluations: usize,
    /// Number of those that had no value.
    pub without_value: usize,
}

/// The best point of a landscape with `constraints` constraints over the product of `ranges`.
///
/// # Errors
/// [`OptimizeError::Coordinates`], [`OptimizeError::Points`], [`OptimizeError::Interrupted`].
pub fn search(
    ranges: &[Range],
    constraints: usize,
    landscape: &dyn Landscape,
    options: &Options,
) -> Result<Search, OptimizeError> {
    let n = ranges.len();
    let points = options.points_over(n)?;
    let (grid, shape) = first_look(n, points, options.seed);
    let mut ground = Ground {
        ranges,
        constraints,
        landscape,
        scales: vec![1.0; constraints],
        size: 1.0,
        count: AtomicUsize::new(0),
        without: AtomicUsize::new(0),
    };
    let looked = ground.map(grid.len(), |k| ground.look(&grid[k]));
    let valued = || looked.iter().filter_map(|p| p.sample.as_ref());
    for (k, scale) in ground.scales.iter_mut().enumerate() {
        let largest = valued().fold(0.0, |m: f64, s| m.max(s.constraints[k].abs()));
        *scale = if largest > 0.0 { largest } else { 1.0 };
    }
    let largest = valued().fold(0.0, |m: f64, s| m.max(s.objective.abs()));
    ground.size = if largest > 0.0 { largest } else { 1.0 };
    let any = valued().next().is_some();
    let outcome = match (any, n) {
        (false, _) => Outcome::NoValue,
        (true, 1) => line::search(&ground, looked, options),
        (true, _) => space::search(&ground, looked, &shape, options),
    };
    if landscape.stopped() {
        return Err(OptimizeError::Interrupted);
    }
    Ok(Search {
        outcome,
        first: grid.iter().map(|u| ground.place(u)).collect(),
        shape,
        evaluations: ground.count.into_inner(),
        without_value: ground.without.into_inner(),
    })
}

/// Points of the first look in the unit cube, and the sides of their grid.
fn first_look(n: usize, points: usize, seed: u64) -> (Vec<Vec<f64>>, Vec<usize>) {
    let part = |i: usize, side: usize| i as f64 / (side - 1) as f64;
    match n {
        1 => ((0..points).map(|i| vec![part(i, points)]).collect(), vec![points]),
        2 => {
            let side = (points as f64).sqrt().floor() as usize;
            let grid = (0..side * side).map(|k| vec![part(k / side, side), part(k % side, side)]);
            (grid.collect(), vec![side, side])
        }
        _ => {
            // The corners belong to it: optima like to sit there. The rest is x_k = frac(s + k g^-i), g^(n+1) = g + 1.
            let mut g = 1.5f64;
            for _ in 0..60 {
                g = (1.0 + g).powf(1.0 / (n as f64 + 1.0));
            }
            let mut list: Vec<Vec<f64>> =
                (0..1usize << n).map(|c| (0..n).map(|i| (c >> i & 1) as f64).collect()).collect();
            let shift = seed as f64 * 0.618_033_988_749_894_9;
            list.truncate(points);
            for k in 1..=points - list.len() {
                list.push((1..=n).map(|i| (0.5 + shift + k as f64 * g.powi(-(i as i32))).fract()).collect());
            }
            (list, Vec::new())
        }
    }
}

/// A point that was computed, in the unit cube.
#[derive(Clone, Debug)]
struct Looked {
    u: Vec<f64>,
    sample: Option<Sample>,
}

/// The landscape in the unit cube, with the sizes of its numbers.
struct Ground<'a> {
    ranges: &'a [Range],
    constraints: usize,
    landscape: &'a dyn Landscape,
    /// Size of each constraint over the first look.
    scales: Vec<f64>,
    /// Size of the objective.
    size: f64,
    count: AtomicUsize,
    without: AtomicUsize,
}

impl Ground<'_> {
    fn place(&self, u: &[f64]) -> Vec<f64> {
        u.iter().zip(self.ranges).map(|(u, r)| r.at(*u)).collect()
    }

    fn look(&self, u: &[f64]) -> Looked {
        let stopped = self.landscape.stopped();
        let sample = if stopped { None } else { self.landscape.at(&self.place(u)) };
        let finite = |s: &Sample| {
            assert_eq!(s.constraints.len(), self.constraints, "constraints of a sample");
            s.objective.is_finite() && s.constraints.iter().all(|c| c.is_finite())
        };
        let sample = sample.filter(finite);
        self.count.fetch_add(1, Ordering::Relaxed);
        if sample.is_none() {
            self.without.fetch_add(1, Ordering::Relaxed);
        }
        Looked { u: u.to_vec(), sample }
    }

    /// The values of `f` at 0 … count − 1, in order, wherever they are computed.
    fn map<T: Send>(&self, count: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let slots: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
        self.landscape.each(count, &|k| {
            let value = f(k);
            *slots[k].lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(value);
        });
        let done = slots.into_iter().map(|s| s.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
        done.map(|value| value.expect("`each` does every task")).collect()
    }

    /// The smallest constraint in units of its size, and which it is; +∞ where there are none.
    fn margin(&self, sample: &Sample) -> (f64, Option<usize>) {
        let scaled = sample.constraints.iter().zip(&self.scales).map(|(c, s)| c / s);
        scaled.enumerate().fold((f64::INFINITY, None), |m, (k, c)| if c < m.0 { (c, Some(k)) } else { m })
    }

    fn ends(&self, u: &[f64]) -> Vec<Option<End>> {
        u.iter()
            .map(|u| match *u {
                u if u <= 0.0 => Some(End::Start),
                u if u >= 1.0 => Some(End::Stop),
                _ => None,
            })
            .collect()
    }

    fn optimum(&self, u: &[f64], error: &[f64], sample: Sample, active: Vec<usize>, kind: Kind) -> Optimum {
        let x = self.place(u);
        let scale = |(k, e): (usize, &f64)| e * self.ranges[k].slope(u[k]).abs() + 2.0 * f64::EPSILON * x[k].abs();
        let ends = self.ends(u);
        let mut error: Vec<f64> = error.iter().enumerate().map(scale).collect();
        // The ends of a range are known.
        error.iter_mut().zip(&ends).filter(|(_, end)| end.is_some()).for_each(|(e, _)| *e = 0.0);
        Optimum { ends, x, error, sample, active, kind }
    }

    /// The point that comes closest to meeting the constraints.
    fn infeasible(&self, u: &[f64], sample: Sample) -> Outcome {
        let broken = (0..self.constraints).filter(|&k| sample.constraints[k] < 0.0).collect();
        Outcome::Infeasible { x: self.place(u), sample, broken }
    }
}

/// Best first; of equals, the one at the lower coordinates.
fn ranked(mut found: Vec<Optimum>) -> Option<(Optimum, Vec<Optimum>)> {
    found.sort_by(|a, b| {
        let places = a.x.iter().zip(&b.x).map(|(a, b)| a.total_cmp(b));
        a.sample.objective.total_cmp(&b.sample.objective).then(places.fold(std::cmp::Ordering::Equal, |o, p| o.then(p)))
    });
    let mut found = found.into_iter();
    found.next().map(|best| (best, found.collect()))
}
