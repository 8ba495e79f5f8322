//! Many trajectories: SIMD lanes, threads, and a division into blocks that depends on nothing but their number.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use huygens_numerics::random::{Lanes, Streams};

/// Trajectories that run side by side.
pub const LANES: usize = 32;

/// One variable of all trajectories that run side by side.
pub type Lane = [f64; LANES];

/// Most blocks: the unit of statistical errors (jackknife), of threads and of shards.
pub const BLOCKS: usize = 32;

/// The times at which trajectories are looked at: `from` + j · `every`, j = 0 … `count` − 1. Every trajectory starts at t = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// First time, not negative.
    pub from: f64,
    /// Distance of two times.
    pub every: f64,
    /// Number of times.
    pub count: usize,
}

impl Sampling {
    /// Time of sample j.
    pub fn time(&self, j: usize) -> f64 {
        self.from + j as f64 * self.every
    }

    /// Time from sample j − 1 (from the start, for j = 0) to sample j.
    pub fn interval(&self, j: usize) -> f64 {
        if j == 0 { self.from } else { self.every }
    }

    /// All times.
    pub fn times(&self) -> Vec<f64> {
        (0..self.count).map(|j| self.time(j)).collect()
    }
}

/// Something that moves [`LANES`] trajectories from sample to sample.
pub trait Dynamics: Sync {
    /// Scratch space of one thread.
    type Work: Send;

    /// Number of real variables.
    fn dimension(&self) -> usize;

    /// Scratch space.
    fn work(&self) -> Self::Work;

    /// Draws the states at t = 0.
    fn start(&self, noise: &mut Lanes<LANES>, state: &mut [Lane], work: &mut Self::Work);

    /// Moves the states to sample `sample` from the one before it; from t = 0 for the first.
    fn advance(&self, sample: usize, noise: &mut Lanes<LANES>, state: &mut [Lane], work: &mut Self::Work);

    /// The drift ẋ without noise at a state.
    fn drift(&self, time: f64, state: &[Lane], out: &mut [Lane], work: &mut Self::Work);
}

/// Something that looks at the trajectories of one block.
pub trait Observer: Send {
    /// Trajectories `first` … `first` + `lanes` − 1 begin; further lanes are to be left out.
    fn begin(&mut self, first: u64, lanes: usize);

    /// Their states at a sample.
    fn look(&mut self, sample: usize, time: f64, state: &[Lane]);

    /// They are through.
    fn end(&mut self) {}
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn begin(&mut self, first: u64, lanes: usize) {
        self.0.begin(first, lanes);
        self.1.begin(first, lanes);
    }

    fn look(&mut self, sample: usize, time: f64, state: &[Lane]) {
        self.0.look(sample, time, state);
        self.1.look(sample, time, state);
    }

    fn end(&mut self) {
        self.0.end();
        self.1.end();
    }
}

impl<T: Observer> Observer for Option<T> {
    fn begin(&mut self, first: u64, lanes: usize) {
        if let Some(observer) = self {
            observer.begin(first, lanes);
        }
    }

    fn look(&mut self, sample: usize, time: f64, state: &[Lane]) {
        if let Some(observer) = self {
            observer.look(sample, time, state);
        }
    }

    fn end(&mut self) {
        if let Some(observer) = self {
            observer.end();
        }
    }
}

/// How many trajectories, from which seed, seen when.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Chooses the random numbers.
    pub seed: u64,
    /// Number of trajectories of the whole ensemble.
    pub trajectories: u64,
    /// When they are seen.
    pub sampling: Sampling,
    /// Number of threads; 0 means one.
    pub threads: usize,
    /// The blocks to run, of [`Plan::blocks`]; all of them for the whole ensemble.
    pub shard: Range<usize>,
}

impl Plan {
    /// The whole ensemble on one thread.
    pub fn new(seed: u64, trajectories: u64, sampling: Sampling) -> Self {
        let mut plan = Self { seed, trajectories, sampling, threads: 1, shard: 0..0 };
        plan.shard = 0..plan.blocks();
        plan
    }

    /// On this many threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Part `index` = 0 … `of` − 1 of the ensemble; the observers of all parts, put together in order, are those of the whole.
    #[must_use]
    pub fn part(mut self, index: usize, of: usize) -> Self {
        let blocks = self.blocks();
        self.shard = index * blocks / of.max(1)..((index + 1) * blocks / of.max(1)).min(blocks);
        self
    }

    /// Number of blocks of the whole ensemble: as many as there are groups of lanes, at most [`BLOCKS`].
    pub fn blocks(&self) -> usize {
        (self.trajectories.div_ceil(LANES as u64) as usize).min(BLOCKS)
    }

    /// The trajectories of a block, a multiple of [`LANES`] but for the last.
    pub fn block(&self, index: usize) -> Range<u64> {
        let groups = self.trajectories.div_ceil(LANES as u64);
        let blocks = self.blocks().max(1) as u64;
        let edge = |b: u64| (b * groups / blocks * LANES as u64).min(self.trajectories);
        edge(index as u64)..edge(index as u64 + 1)
    }
}

/// The run was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped before all trajectories were through: nothing is reported")]
pub struct Cancelled;

/// A run that can be watched and stopped.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Set from outside to stop.
    pub cancel: &'a AtomicBool,
    /// Called with the number of trajectories that are through.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Default for Watch<'_> {
    fn default() -> Self {
        Self { cancel: &NEVER, progress: &|_| {} }
    }
}

/// Runs the blocks of `plan` and returns their observers in order; `observer` makes one for each block, given its number.
///
/// Threads take whole blocks; the cost is that of the trajectories, the memory that of the observers.
///
/// # Errors
/// [`Cancelled`].
pub fn run<D: Dynamics, O: Observer>(
    dynamics: &D,
    plan: &Plan,
    watch: Watch<'_>,
    observer: impl Fn(usize) -> O + Sync,
) -> Result<Vec<O>, Cancelled> {
    let wanted: Vec<usize> = plan.shard.clone().collect();
    let next = AtomicUsize::new(0);
    let through = AtomicU64::new(0);
    let done: Mutex<Vec<(usize, O)>> = Mutex::new(Vec::with_capacity(wanted.len()));
    let worker = || {
        let mut work = dynamics.work();
        let mut state = vec![[0.0; LANES]; dynamics.dimension()];
        while let Some(&block) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut eye = observer(block);
            let range = plan.block(block);
            for first in range.clone().step_by(LANES) {
                if watch.cancel.load(Ordering::Relaxed) {
                    return;
                }
                let lanes = (range.end - first).min(LANES as u64) as usize;
                let mut noise = Streams { seed: plan.seed }.lanes::<LANES>(first);
                dynamics.start(&mut noise, &mut state, &mut work);
                eye.begin(first, lanes);
                for sample in 0..plan.sampling.count {
                    if plan.sampling.interval(sample) > 0.0 {
                        dynamics.advance(sample, &mut noise, &mut state, &mut work);
                    }
                    eye.look(sample, plan.sampling.time(sample), &state);
                    if sample % 64 == 63 && watch.cancel.load(Ordering::Relaxed) {
                        return;
                    }
                }
                eye.end();
                (watch.progress)(through.fetch_add(lanes as u64, Ordering::Relaxed) + lanes as u64);
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push((block, eye));
        }
    };
    on_threads(plan.threads.clamp(1, wanted.len().max(1)), worker);
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if done.len() < wanted.len() {
        return Err(Cancelled);
    }
    done.sort_by_key(|(block, _)| *block);
    Ok(done.into_iter().map(|(_, eye)| eye).collect())
}

/// Runs the same worker on so many threads until all have returned; one thread is this one.
pub(crate) fn on_threads(threads: usize, worker: impl Fn() + Copy + Send) {
    if threads == 1 {
        worker();
        return;
    }
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
}
