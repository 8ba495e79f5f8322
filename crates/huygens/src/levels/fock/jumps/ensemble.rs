//! Many trajectories: blocks, threads, sums.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use huygens_numerics::c64;

use super::super::layout::Layout;
use super::look::{Observables, Sums};
use super::trajectory::{Event, Group};
use super::{BATCH, JumpError, Jumps};
use crate::levels::stochastic::ensemble::{Cancelled, Watch, on_threads};

/// How many trajectories, from which seed, seen when.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Chooses the random numbers.
    pub seed: u64,
    /// Number of trajectories.
    pub trajectories: u64,
    /// When they are seen, ascending from 0.
    pub times: Vec<f64>,
    /// Jumps are counted from this time on, to the last one.
    pub count_from: f64,
    /// Relative tolerance of a step.
    pub tolerance: f64,
    /// Elements of the density matrix to add up; none for moments alone.
    pub density: Option<Arc<Layout>>,
    /// Most blocks: the unit of statistical errors (jackknife) and of threads.
    pub blocks: usize,
    /// Whether the jumps of every trajectory are kept.
    pub events: bool,
    /// Number of threads.
    pub threads: usize,
}

impl Plan {
    /// Moments of `trajectories` at `times`, on one thread.
    pub fn new(seed: u64, trajectories: u64, times: Vec<f64>) -> Self {
        Self {
            seed,
            trajectories,
            times,
            count_from: 0.0,
            tolerance: 1e-10,
            density: None,
            blocks: 32,
            events: false,
            threads: 1,
        }
    }

    /// Number of blocks; it depends on the number of trajectories alone.
    pub fn blocks(&self) -> usize {
        (self.trajectories.div_ceil(BATCH as u64) as usize).clamp(1, self.blocks.max(1))
    }

    /// The trajectories of a block.
    fn block(&self, index: usize) -> std::ops::Range<u64> {
        let groups = self.trajectories.div_ceil(BATCH as u64);
        let edge = |b: usize| (b as u64 * groups / self.blocks() as u64 * BATCH as u64).min(self.trajectories);
        edge(index)..edge(index + 1)
    }
}

/// The sums of one block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// At each time.
    pub sums: Vec<Sums>,
    /// Events of each jump of the model in the time counted over: one row a trajectory.
    pub counts: Vec<Vec<u32>>,
    /// All jumps of each trajectory, where they are kept.
    pub events: Vec<Vec<Event>>,
    /// What the cut-off left of the draws of initial states, and their number.
    pub kept: (f64, u64),
    /// Steps, and applications of K, of a batch.
    pub work: (u64, u64),
}

/// A whole ensemble.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
}

impl Outcome {
    /// The sums of all blocks at a time.
    pub fn sums(&self, time: usize) -> Sums {
        let (first, rest) = self.blocks.split_first().expect("at least one block");
        let mut all = first.sums[time].clone();
        rest.iter().for_each(|block| all.merge(&block.sums[time], 1.0));
        all
    }

    /// The counts of all trajectories, in their order.
    pub fn counts(&self) -> impl Iterator<Item = &Vec<u32>> {
        self.blocks.iter().flat_map(|block| &block.counts)
    }

    /// Share of the initial state that the cut-off left out.
    pub fn lost(&self) -> f64 {
        let (kept, draws) = self.blocks.iter().fold((0.0, 0), |(k, d), block| (k + block.kept.0, d + block.kept.1));
        (1.0 - kept / draws as f64).max(0.0)
    }
}

/// Runs an ensemble.
///
/// # Errors
/// [`JumpError`].
pub fn run(jumps: &Jumps, plan: &Plan, watch: Watch<'_>) -> Result<Outcome, JumpError> {
    run_in_batches::<BATCH>(jumps, plan, watch)
}

/// The same with L trajectories side by side.
pub(super) fn run_in_batches<const L: usize>(
    jumps: &Jumps,
    plan: &Plan,
    watch: Watch<'_>,
) -> Result<Outcome, JumpError> {
    let observables = Observables::new(&jumps.operators.space);
    let blocks = plan.blocks();
    let next = AtomicUsize::new(0);
    let through = AtomicU64::new(0);
    let failed = AtomicBool::new(false);
    let done: Mutex<Vec<(usize, Result<Block, JumpError>)>> = Mutex::new(Vec::with_capacity(blocks));
    let worker = || {
        let mut group = Group::<L>::new(jumps, plan.tolerance);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= blocks || failed.load(Ordering::Relaxed) {
                return;
            }
            let block = one_block(jumps, plan, &observables, &mut group, plan.block(index), &through, watch);
            if block.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, block));
        }
    };
    on_threads(plan.threads.clamp(1, blocks), worker);
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    let blocks = done.into_iter().map(|(_, block)| block).collect::<Result<Vec<_>, _>>()?;
    Ok(Outcome { blocks })
}

fn one_block<const L: usize>(
    jumps: &Jumps,
    plan: &Plan,
    observables: &Observables,
    group: &mut Group<'_, L>,
    range: std::ops::Range<u64>,
    through: &AtomicU64,
    watch: Watch<'_>,
) -> Result<Block, JumpError> {
    let sums = Sums::new(observables.width(), plan.density.as_deref());
    let before = group.work();
    let mut block = Block {
        sums: vec![sums; plan.times.len()],
        counts: Vec::new(),
        events: Vec::new(),
        kept: (0.0, 0),
        work: (0, 0),
    };
    let mut one = vec![c64::new(0.0, 0.0); if plan.density.is_some() { jumps.effective.states() } else { 0 }];
    for first in range.clone().step_by(L) {
        let lanes = (range.end - first).min(L as u64) as usize;
        group.begin(plan.seed, first, lanes, &mut block.kept)?;
        for (sums, &time) in block.sums.iter_mut().zip(&plan.times) {
            if watch.cancel.load(Ordering::Relaxed) {
                return Err(Cancelled.into());
            }
            group.advance(time)?;
            let (psi, norms) = group.states();
            let weights = group.weights();
            observables.add(psi, &norms, &weights[..lanes], &mut sums.numbers);
            sums.add_weights(&weights[..lanes]);
            if let Some(layout) = &plan.density {
                for l in 0..lanes {
                    one.iter_mut().zip(psi).for_each(|(z, x)| *z = c64::new(x[0][l], x[1][l]));
                    sums.add_state(layout, &one, weights[l] / norms[l]);
                }
            }
        }
        for l in 0..lanes {
            let events = group.events(l);
            let mut counts = vec![0; jumps.count];
            events.iter().filter(|e| e.time >= plan.count_from).for_each(|e| counts[e.jump] += 1);
            block.counts.push(counts);
            if plan.events {
                block.events.push(events);
            }
        }
        (watch.progress)(through.fetch_add(lanes as u64, Ordering::Relaxed) + lanes as u64);
    }
    let after = group.work();
    block.work = (after.0 - before.0, after.1 - before.1);
    Ok(block)
}
