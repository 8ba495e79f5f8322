//! The engine of sweeps.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use huygens::report::Status;
use serde_json::Map;
use thiserror::Error;

use super::progress::{Progress, duration, rate};
use crate::record::{
    AxisError, ChunkData, Column, Counts, Grid, Layout, PointStatus, Provenance, RecordError, Shard, StoreWriter,
    StoredAxis, SweepData,
};

/// What can go wrong with a study. What goes wrong at one point does not end a sweep: it is that point's result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The axes do not span a grid.
    #[error(transparent)]
    Axis(#[from] AxisError),
    /// The store cannot be written or belongs to something else.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An evaluator that asks for nothing.
    #[error("the sweep computes nothing: ask for at least one measure")]
    NoColumns,
    /// An evaluator that does not keep its promise.
    #[error("the evaluator announced {expected} columns and gave {given} values: this is a mistake in the program")]
    Columns {
        /// Number of columns announced.
        expected: usize,
        /// Number of values given.
        given: usize,
    },
    /// A search that cannot be made.
    #[error(transparent)]
    Search(#[from] huygens_numerics::optimize::OptimizeError),
    /// The machine gives no more threads.
    #[error("cannot start {threads} threads: {source}; use fewer (--threads)")]
    Threads {
        /// Number of threads asked for.
        threads: usize,
        /// Why they cannot be started.
        source: std::io::Error,
    },
}

/// A point of a sweep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<'a> {
    /// Its number in the grid; a random stream of this number makes the result independent of threads and shards.
    pub index: u64,
    /// The values of the swept parameters, in the order of the axes.
    pub values: &'a [f64],
}

/// What was found at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// One value a column, NaN where the column has no value at this point.
    pub values: Vec<f64>,
    /// The worst of the checks.
    pub status: Status,
    /// Why a check failed; may be empty.
    pub message: String,
}

impl From<Vec<f64>> for Evaluation {
    /// Values that passed all checks.
    fn from(values: Vec<f64>) -> Self {
        Self { values, status: Status::Pass, message: String::new() }
    }
}

/// What a sweep asks at each of its points.
///
/// The result must depend on the point alone: it is computed by any thread, on any machine, at any time.
pub trait PointEvaluator: Sync {
    /// The columns, in the order of the values.
    fn columns(&self) -> Vec<Column>;

    /// The values at a point.
    ///
    /// # Errors
    /// The reason, in words, why there is no result at this point. The sweep goes on, and the reason goes into the store.
    fn evaluate(&self, point: Point<'_>) -> Result<Evaluation, String>;

    /// How many points are best evaluated together.
    fn batch(&self) -> usize {
        1
    }

    /// The values at several points: the same, point by point, as [`PointEvaluator::evaluate`] gives, whichever points come
    /// together.
    fn evaluate_all(&self, points: &[Point<'_>]) -> Vec<Result<Evaluation, String>> {
        points.iter().map(|point| self.evaluate(*point)).collect()
    }
}

/// What a sweep has done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Number of points of the whole grid.
    pub points: u64,
    /// Number of points that this process was to compute: those of its shard.
    pub share: u64,
    /// Number of its points that were done before.
    pub resumed: u64,
    /// Status of its points, those done before included.
    pub counts: Counts,
    /// The first messages: number of the point, its parameters, its status and the message. Five at most.
    pub messages: Vec<(u64, Vec<f64>, PointStatus, String)>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// Whether all shards of the store are done (for a sweep in memory: whether it is).
    pub complete: bool,
    /// Time it took.
    pub elapsed: Duration,
    /// Number of threads.
    pub threads: usize,
}

impl Summary {
    /// The worst status of the points that were computed; [`PointStatus::Missing`] where none was.
    pub fn worst(&self) -> PointStatus {
        let counts = [
            (self.counts.error, PointStatus::Error),
            (self.counts.fail, PointStatus::Fail),
            (self.counts.note, PointStatus::Note),
            (self.counts.pass, PointStatus::Pass),
        ];
        counts.into_iter().find(|(n, _)| *n > 0).map_or(PointStatus::Missing, |(_, status)| status)
    }
}

/// One line: how many points, in which time, with which result.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let computed = self.counts.computed() - self.resumed;
        let seconds = self.elapsed.as_secs_f64();
        let time = duration(seconds);
        write!(f, "{computed} points in {time} on {} threads", self.threads)?;
        if seconds > 0.0 && computed > 0 {
            write!(f, " ({})", rate(computed as f64 / seconds))?;
        }
        if self.resumed > 0 {
            write!(f, ", {} done before", self.resumed)?;
        }
        for (n, what) in [
            (self.counts.note, "with a note"),
            (self.counts.fail, "with a failed check"),
            (self.counts.error, "without a result"),
        ] {
            if n > 0 {
                write!(f, ", {n} {what}")?;
            }
        }
        if self.interrupted {
            write!(f, "; interrupted, {} points are missing", self.counts.missing)?;
        } else if !self.complete {
            f.write_str("; this shard is done, others are not")?;
        }
        Ok(())
    }
}

/// Where finished chunks go.
trait Sink: Sync {
    fn done(&self, chunk: u64) -> Result<Option<Vec<i8>>, RecordError>;
    fn write(&self, chunk: u64, data: ChunkData) -> Result<(), RecordError>;
}

impl Sink for StoreWriter {
    fn done(&self, chunk: u64) -> Result<Option<Vec<i8>>, RecordError> {
        StoreWriter::done(self, chunk)
    }

    fn write(&self, chunk: u64, data: ChunkData) -> Result<(), RecordError> {
        StoreWriter::write(self, chunk, &data)
    }
}

/// A sweep over a grid of parameters.
///
/// ```
/// use huygens_lab::study::{Axis, Column, Evaluation, Grid, Point, PointEvaluator, Silent, Sweep};
///
/// struct Square;
/// impl PointEvaluator for Square {
///     fn columns(&self) -> Vec<Column> {
///         vec![Column::number("square", "1", "x squared")]
///     }
///     fn evaluate(&self, point: Point<'_>) -> Result<Evaluation, String> {
///         Ok(vec![point.values[0] * point.values[0]].into())
///     }
/// }
///
/// let grid = Grid::new(vec![Axis::parse("x=0:3:4")?])?;
/// let (data, summary) = Sweep::new(grid).in_memory(&Square, &Silent, &false.into())?;
/// assert!(summary.complete);
/// assert_eq!(data.column("square").unwrap(), [0.0, 1.0, 4.0, 9.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    grid: Grid,
    shard: Shard,
    resume: bool,
    threads: Option<NonZero<usize>>,
}

impl Sweep {
    /// A sweep over `grid` in one process, on all cores, from the beginning.
    pub fn new(grid: Grid) -> Self {
        Self { grid, shard: Shard::WHOLE, resume: false, threads: None }
    }

    /// Computes only this shard.
    #[must_use]
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = shard;
        self
    }

    /// Whether to continue what is in the store.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Number of threads; `None` for one a core.
    #[must_use]
    pub fn threads(mut self, threads: Option<NonZero<usize>>) -> Self {
        self.threads = threads;
        self
    }

    /// Computes the sweep into the store `root` (see [`StoreWriter::begin`]), until it is done or `stop` becomes true.
    ///
    /// The store is there, and can be written, before the first point is computed.
    ///
    /// # Errors
    /// [`StudyError::Record`] for a store that cannot be written or is not this sweep's; [`StudyError::NoColumns`],
    /// [`StudyError::Columns`], [`StudyError::Threads`].
    pub fn into_store(
        &self,
        root: &Path,
        model: &str,
        provenance: &Provenance,
        evaluator: &dyn PointEvaluator,
        progress: &dyn Progress,
        stop: &AtomicBool,
    ) -> Result<Summary, StudyError> {
        let columns = evaluator.columns();
        if columns.is_empty() {
            return Err(StudyError::NoColumns);
        }
        let width = columns.len();
        let layout = Layout::new(self.grid.clone(), columns, model, provenance);
        let store = StoreWriter::begin(root, &layout, self.shard, self.resume)?;
        let outcome = self.run(width, &store, evaluator, progress, stop);
        // Drafts go in every case.
        let complete = store.finish();
        let mut summary = outcome?;
        summary.complete = complete;
        Ok(summary)
    }

    /// Computes the sweep in memory, until it is done or `stop` becomes true. Shards and resume do not apply.
    ///
    /// # Errors
    /// [`StudyError::NoColumns`], [`StudyError::Columns`], [`StudyError::Threads`].
    pub fn in_memory(
        &self,
        evaluator: &dyn PointEvaluator,
        progress: &dyn Progress,
        stop: &AtomicBool,
    ) -> Result<(SweepData, Summary), StudyError> {
        struct Memory<'a> {
            grid: &'a Grid,
            data: Mutex<SweepData>,
        }
        impl Sink for Memory<'_> {
            fn done(&self, _chunk: u64) -> Result<Option<Vec<i8>>, RecordError> {
                Ok(None)
            }

            fn write(&self, chunk: u64, chunk_data: ChunkData) -> Result<(), RecordError> {
                let mut data = locked(&self.data);
                for (place, index) in self.grid.chunk_points(chunk) {
                    for (k, (_, values)) in data.columns.iter_mut().enumerate() {
                        values[index as usize] = chunk_data.column(k)[place];
                    }
                    data.status[index as usize] = chunk_data.status()[place];
                    let message = chunk_data.messages().iter().find(|(p, _)| *p == place);
                    data.messages.extend(message.map(|(_, text)| (index, text.clone())));
                }
                Ok(())
            }
        }
        let columns = evaluator.columns();
        if columns.is_empty() {
            return Err(StudyError::NoColumns);
        }
        let width = columns.len();
        let points = self.grid.len() as usize;
        let memory = Memory {
            grid: &self.grid,
            data: Mutex::new(SweepData {
                axes: self.grid.axes().iter().map(StoredAxis::of).collect(),
                columns: columns.into_iter().map(|c| (c, vec![f64::NAN; points])).collect(),
                status: vec![0; points],
                messages: BTreeMap::new(),
                attributes: Map::new(),
            }),
        };
        let whole = Self { shard: Shard::WHOLE, ..self.clone() };
        let mut summary = whole.run(width, &memory, evaluator, progress, stop)?;
        summary.complete = !summary.interrupted;
        Ok((memory.data.into_inner().unwrap_or_else(PoisonError::into_inner), summary))
    }

    fn run(
        &self,
        width: usize,
        sink: &dyn Sink,
        evaluator: &dyn PointEvaluator,
        progress: &dyn Progress,
        stop: &AtomicBool,
    ) -> Result<Summary, StudyError> {
        let started = Instant::now();
        let grid = &self.grid;
        let mut summary = Summary { points: grid.len(), ..Summary::default() };
        // One bit a chunk: the most points in the smallest default chunks make 32 kB.
        let mut done = BitSet::new(grid.chunks());
        for chunk in self.shard.chunks(grid.chunks()) {
            let status = if self.resume { sink.done(chunk)? } else { None };
            for (place, _) in grid.chunk_points(chunk) {
                summary.share += 1;
                if let Some(status) = &status {
                    summary.resumed += 1;
                    summary.counts.add(status[place]);
                }
            }
            if status.is_some() {
                done.insert(chunk);
            }
        }
        let left = summary.share - summary.resumed;
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        let threads = self.threads.map_or_else(cores, NonZero::get).min(left.max(1) as usize);
        summary.threads = threads;
        progress.start(summary.share, summary.resumed);
        let todo = self.shard.chunks(grid.chunks()).filter(|chunk| !done.contains(*chunk));
        // Enough open chunks that no thread waits for a straggler as long as a few points are left to each.
        let window = 2 + 4 * threads / grid.chunk_len();
        let work = Work {
            grid,
            width,
            sink,
            evaluator,
            progress,
            stop,
            window,
            state: Mutex::new(State {
                todo: Box::new(todo),
                open: BTreeMap::new(),
                points: None,
                opened: 0,
                error: None,
                counts: summary.counts,
                messages: BTreeMap::new(),
            }),
            freed: Condvar::new(),
        };
        thread::scope(|scope| {
            for _ in 0..threads {
                let builder = thread::Builder::new().name("sweep".into()).stack_size(8 << 20);
                if let Err(source) = builder.spawn_scoped(scope, || work.worker()) {
                    locked(&work.state).error = Some(StudyError::Threads { threads, source });
                    work.freed.notify_all();
                    return;
                }
            }
        });
        let state = work.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        summary.counts = state.counts;
        summary.interrupted = summary.counts.computed() < summary.share;
        summary.counts.missing = summary.share - summary.counts.computed();
        summary.messages = state
            .messages
            .into_iter()
            .map(|(index, (status, text))| (index, grid.point(index), status, text))
            .collect();
        summary.elapsed = started.elapsed();
        progress.finish(summary.interrupted);
        state.error.map_or(Ok(summary), Err)
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A set of small numbers.
struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    fn new(len: u64) -> Self {
        Self { words: vec![0; len.div_ceil(64) as usize] }
    }

    fn insert(&mut self, i: u64) {
        self.words[(i / 64) as usize] |= 1 << (i % 64);
    }

    fn contains(&self, i: u64) -> bool {
        self.words[(i / 64) as usize] >> (i % 64) & 1 == 1
    }
}

/// What the threads share.
struct Work<'a> {
    grid: &'a Grid,
    width: usize,
    sink: &'a dyn Sink,
    evaluator: &'a dyn PointEvaluator,
    progress: &'a dyn Progress,
    stop: &'a AtomicBool,
    /// The most chunks that may be open at once: it bounds the memory.
    window: usize,
    state: Mutex<State<'a>>,
    /// Told when a chunk is closed, and when the work ends.
    freed: Condvar,
}

struct State<'a> {
    todo: Box<dyn Iterator<Item = u64> + Send + 'a>,
    /// Chunks with points that are not done, in the order in which they were opened.
    open: BTreeMap<u64, Open>,
    /// The points of the newest open chunk that nobody has taken.
    points: Option<(u64, Box<dyn Iterator<Item = (usize, u64)> + Send + 'a>)>,
    opened: u64,
    error: Option<StudyError>,
    counts: Counts,
    messages: BTreeMap<u64, (PointStatus, String)>,
}

struct Open {
    chunk: u64,
    data: ChunkData,
    left: usize,
}

/// A point to compute: its chunk (by order of opening), its place there and its number.
struct Task {
    key: u64,
    place: usize,
    index: u64,
}

impl Work<'_> {
    /// What one thread does.
    fn worker(&self) {
        let axes = self.grid.axes().len();
        let batch = self.evaluator.batch().max(1);
        let mut values = vec![0.0; axes * batch];
        let mut tasks = Vec::with_capacity(batch);
        while let Some(first) = self.take() {
            tasks.push(first);
            while tasks.len() < batch
                && let Some(task) = self.take_at_hand()
            {
                tasks.push(task);
            }
            for (task, values) in tasks.iter().zip(values.chunks_mut(axes.max(1))) {
                self.grid.write_point(task.index, values);
            }
            let points: Vec<Point<'_>> = tasks
                .iter()
                .zip(values.chunks(axes.max(1)))
                .map(|(task, values)| Point { index: task.index, values })
                .collect();
            let guarded = |point: Point<'_>| {
                catch_unwind(AssertUnwindSafe(|| self.evaluator.evaluate(point)))
                    .unwrap_or_else(|panic| Err(panic_text(panic.as_ref())))
            };
            let together = (points.len() > 1)
                .then(|| catch_unwind(AssertUnwindSafe(|| self.evaluator.evaluate_all(&points))).ok())
                .flatten()
                .filter(|results| results.len() == points.len());
            let results = together.unwrap_or_else(|| points.iter().map(|point| guarded(*point)).collect());
            for (task, result) in tasks.drain(..).zip(results) {
                self.put(&task, result);
            }
        }
        self.freed.notify_all();
    }

    /// The next point of the newest open chunk, if one is left.
    fn take_at_hand(&self) -> Option<Task> {
        let mut state = locked(&self.state);
        if state.error.is_some() || self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let (key, points) = state.points.as_mut()?;
        let key = *key;
        points.next().map(|(place, index)| Task { key, place, index })
    }

    /// The next point in the grid's order; waits while too many chunks are open. `None` when there is nothing more to do.
    fn take(&self) -> Option<Task> {
        let mut state = locked(&self.state);
        loop {
            if state.error.is_some() || self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some((key, points)) = &mut state.points {
                let key = *key;
                if let Some((place, index)) = points.next() {
                    return Some(Task { key, place, index });
                }
                state.points = None;
            }
            if state.open.len() >= self.window {
                // The timeout is for `stop`, which tells nobody.
                let wait = self.freed.wait_timeout(state, Duration::from_millis(100));
                state = wait.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let chunk = state.todo.next()?;
            let key = state.opened;
            state.opened += 1;
            let left = self.grid.chunk_points(chunk).count();
            state.open.insert(key, Open { chunk, data: ChunkData::new(self.width, self.grid.chunk_len()), left });
            state.points = Some((key, Box::new(self.grid.chunk_points(chunk))));
        }
    }

    /// Puts a result in its chunk, and the chunk into the store when it was the last one.
    fn put(&self, task: &Task, result: Result<Evaluation, String>) {
        let mut state = locked(&self.state);
        let (values, status, message) = match result {
            Ok(found) => {
                if found.values.len() != self.width {
                    let error = StudyError::Columns { expected: self.width, given: found.values.len() };
                    state.error.get_or_insert(error);
                    return;
                }
                (found.values, PointStatus::from(found.status), found.message)
            }
            Err(reason) => (Vec::new(), PointStatus::Error, reason),
        };
        if status >= PointStatus::Fail {
            state.messages.insert(task.index, (status, message.clone()));
            if state.messages.len() > 5 {
                state.messages.pop_last();
            }
        }
        let Some(open) = state.open.get_mut(&task.key) else {
            unreachable!("a chunk is open until its last point is there")
        };
        open.data.set(task.place, &values, status, &message);
        open.left -= 1;
        let full = open.left == 0;
        let closed = if full { state.open.remove(&task.key) } else { None };
        drop(state);
        if let Some(open) = closed {
            let codes: Vec<i8> =
                self.grid.chunk_points(open.chunk).map(|(place, _)| open.data.status()[place]).collect();
            let written = self.sink.write(open.chunk, open.data);
            let mut state = locked(&self.state);
            match written {
                Ok(()) => codes.into_iter().for_each(|code| state.counts.add(code)),
                Err(e) => drop(state.error.get_or_insert(e.into())),
            }
            drop(state);
            self.freed.notify_all();
        }
        self.progress.advance();
    }
}

pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = (panic.downcast_ref::<&str>().copied()).or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the program failed here (please report it): {}", text.unwrap_or("no message"))
}
