//! The best point of a range of parameters.

use std::collections::HashMap;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use huygens::report::Status;
use huygens_numerics::optimize::{Landscape, OptimizeError, Options, Range, Sample, Search, search};
use rayon::prelude::*;

use super::progress::Progress;
use super::sweep::{Evaluation, Point, PointEvaluator, StudyError, locked, panic_text};

/// What is to be best: a column of the evaluator, or its ratio to another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// The column.
    pub column: usize,
    /// The column it is divided by: a cost. Points at which that is not positive have no value.
    pub per: Option<usize>,
    /// Whether the largest value is best.
    pub largest: bool,
}

impl Goal {
    /// The value of the goal at a point, `None` where it has none.
    pub fn value(&self, values: &[f64]) -> Option<f64> {
        let value = values[self.column];
        let value = match self.per {
            Some(per) if values[per] > 0.0 => value / values[per],
            Some(_) => return None,
            None => value,
        };
        Some(value).filter(|v| v.is_finite())
    }
}

/// Which side of a bound is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The bound or more.
    AtLeast,
    /// The bound or less.
    AtMost,
}

/// A bound on a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The column.
    pub column: usize,
    /// Which side is allowed.
    pub relation: Relation,
    /// The bound.
    pub bound: f64,
}

impl Bound {
    /// How far a point is on the allowed side; negative beyond the bound.
    pub fn margin(&self, values: &[f64]) -> f64 {
        match self.relation {
            Relation::AtLeast => values[self.column] - self.bound,
            Relation::AtMost => self.bound - values[self.column],
        }
    }
}

/// A search for the best point (see [`huygens_numerics::optimize`]).
///
/// ```
/// use huygens_lab::study::{Bound, Column, Evaluation, Goal, Optimization, Point, PointEvaluator, Relation, Silent};
/// use huygens_numerics::optimize::{Outcome, Range};
///
/// /// x and √x.
/// struct Root;
/// impl PointEvaluator for Root {
///     fn columns(&self) -> Vec<Column> {
///         vec![Column::number("x", "1", ""), Column::number("root", "1", "")]
///     }
///     fn evaluate(&self, point: Point<'_>) -> Result<Evaluation, String> {
///         let x = point.values[0];
///         if x < 0.0 { Err("no root".into()) } else { Ok(vec![x, x.sqrt()].into()) }
///     }
/// }
///
/// let goal = Goal { column: 0, per: None, largest: false };
/// let bound = Bound { column: 1, relation: Relation::AtLeast, bound: 0.5 };
/// let found = Optimization::new(vec![Range::new(-1.0, 1.0, false)?], goal, vec![bound])
///     .run(&Root, &Silent, &false.into())?
///     .expect("not interrupted");
/// let Outcome::Found { best, .. } = found.search.outcome else { panic!("there is one") };
/// assert!((best.x[0] - 0.25).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Optimization {
    ranges: Vec<Range>,
    goal: Goal,
    bounds: Vec<Bound>,
    options: Options,
    threads: Option<NonZero<usize>>,
}

/// A point of the first look.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The parameters.
    pub point: Vec<f64>,
    /// What the evaluator found.
    pub result: Result<Evaluation, String>,
}

impl Seen {
    /// The values of the columns, where there are any that can be trusted.
    pub fn values(&self) -> Option<&[f64]> {
        self.result.as_ref().ok().filter(|e| e.status != Status::Fail).map(|e| e.values.as_slice())
    }

    /// Why there are none.
    pub fn reason(&self) -> Option<&str> {
        match &self.result {
            Ok(e) if e.status == Status::Fail => Some(&e.message),
            Ok(_) => None,
            Err(reason) => Some(reason),
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The outcome of the search.
    pub search: Search,
    /// The points of the first look, in their order.
    pub first: Vec<Seen>,
    /// Number of different points computed.
    pub evaluations: usize,
}

impl Optimization {
    /// A search over the product of `ranges`, one for each parameter of a point, on all cores.
    pub fn new(ranges: Vec<Range>, goal: Goal, bounds: Vec<Bound>) -> Self {
        Self { ranges, goal, bounds, options: Options::default(), threads: None }
    }

    /// How the search goes about.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Number of threads; `None` for one a core. The result does not depend on it.
    #[must_use]
    pub fn threads(mut self, threads: Option<NonZero<usize>>) -> Self {
        self.threads = threads;
        self
    }

    /// Searches. Points without a result, with a failed check, or without a value of the goal or of a bounded column, are left
    /// out. `None` when `stop` became true before the end.
    ///
    /// # Errors
    /// [`StudyError::Search`] for ranges or a number of points that cannot be searched, [`StudyError::Threads`].
    ///
    /// # Panics
    /// When the evaluator gives fewer values than the goal or a bound asks for.
    pub fn run(
        &self,
        evaluator: &dyn PointEvaluator,
        progress: &dyn Progress,
        stop: &AtomicBool,
    ) -> Result<Option<Found>, StudyError> {
        let threads =
            self.threads.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), NonZero::get);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(8 << 20)
            .thread_name(|_| "sweep".into())
            .build()
            .map_err(|e| StudyError::Threads { threads, source: std::io::Error::other(e) })?;
        let terrain = Terrain {
            study: self,
            evaluator,
            progress,
            stop,
            pool,
            known: Mutex::new(HashMap::new()),
            announced: AtomicU64::new(0),
            done: AtomicU64::new(0),
        };
        progress.start(0, 0);
        let outcome = search(&self.ranges, self.bounds.len(), &terrain, &self.options);
        let interrupted = matches!(outcome, Err(OptimizeError::Interrupted));
        progress.finish(interrupted);
        if interrupted {
            return Ok(None);
        }
        let search = outcome?;
        let known = terrain.known.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let first = search.first.iter().map(|point| {
            let result = known.get(&bits(point)).cloned();
            Seen { point: point.clone(), result: result.unwrap_or_else(|| Err("not computed".into())) }
        });
        let first = first.collect();
        Ok(Some(Found { search, first, evaluations: known.len() }))
    }
}

fn bits(point: &[f64]) -> Vec<u64> {
    point.iter().map(|x| x.to_bits()).collect()
}

/// The evaluator as a landscape; remembers what it has computed.
struct Terrain<'a> {
    study: &'a Optimization,
    evaluator: &'a dyn PointEvaluator,
    progress: &'a dyn Progress,
    stop: &'a AtomicBool,
    pool: rayon::ThreadPool,
    known: Mutex<HashMap<Vec<u64>, Result<Evaluation, String>>>,
    /// Points that the progress was told of.
    announced: AtomicU64,
    done: AtomicU64,
}

impl Landscape for Terrain<'_> {
    fn at(&self, x: &[f64]) -> Option<Sample> {
        let key = bits(x);
        let known = locked(&self.known).get(&key).cloned();
        let result = known.unwrap_or_else(|| {
            // All points share the number 0: where there is randomness they share it too, so that they can be compared.
            let point = Point { index: 0, values: x };
            let result = catch_unwind(AssertUnwindSafe(|| self.evaluator.evaluate(point)))
                .unwrap_or_else(|panic| Err(panic_text(panic.as_ref())));
            locked(&self.known).insert(key, result.clone());
            if self.done.fetch_add(1, Ordering::Relaxed) >= self.announced.load(Ordering::Relaxed) {
                self.progress.extend(1);
            }
            self.progress.advance();
            result
        });
        let values = result.ok().filter(|e| e.status != Status::Fail)?.values;
        let goal = self.study.goal.value(&values)?;
        let objective = if self.study.goal.largest { -goal } else { goal };
        Some(Sample { objective, constraints: self.study.bounds.iter().map(|b| b.margin(&values)).collect() })
    }

    fn each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        // The first look is the first thing that is done; nobody knows how much follows.
        if self.announced.compare_exchange(0, count as u64, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.progress.extend(count as u64);
        }
        self.pool.install(|| (0..count).into_par_iter().for_each(task));
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
