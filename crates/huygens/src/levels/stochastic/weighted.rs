//! Trajectories with weights: populations that are resampled.
//!
//! An anti-Hermitian part gives each trajectory the weight e^{2∫h dt} ([`Langevin::weight`](super::langevin::Langevin::weight)). Its
//! logarithm is one more variable of the trajectory, integrated with the others. Each block of the ensemble is a population of its own: where
//! the weights leave fewer than half of it effective, (Σw)²/Σw² < M/2, trajectories are chosen anew with probabilities ∝ w by one uniform
//! number (systematic resampling; P. Del Moral, *Feynman–Kac Formulae* (2004); J. Carpenter, P. Clifford, P. Fearnhead, IEE Proc. 146, 2
//! (1999)) and go on with equal weights, while the mean weight goes into the norm of the block, an unbiased estimate of ∫f. Blocks are put
//! together with their norms, never mixed: the same numbers on any number of threads.
//!
//! No population holds what was not in its start. Two figures of the weights W_a of all that descends from start a say whether the
//! averages can be believed. From how many starts they descend, 1/ΣW_a² ([`Outcome::ancestors`]); and how heavy the tail of the weights is
//! ([`Outcome::tail`]): where they fall off as a power, P(W > w) ~ w^{−1/k}, variances are infinite from k = ½ on and means at k = 1, which is
//! where the norm diverges. Up to k ≈ 0.7 averages can be had; beyond, their errors look small because what matters was never drawn (A.
//! Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, J. Mach. Learn. Res. 25, 72 (2024)).

use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use huygens_numerics::random::{Lanes, Stream, Streams};

use super::ensemble::{Cancelled, Dynamics, LANES, Lane, Plan, Watch, on_threads};
use super::moments::{EnsembleMoments, Sum};
use super::stepper::{Stepped, SteppedWork};

/// Steps between two looks at the weights.
const STRIDE: usize = 4;

/// Samples at which the tail of the weights is looked at, about.
const TAILS: usize = 8;

/// What a population of weighted trajectories gives.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Weighted means and covariances at every sample.
    pub moments: EnsembleMoments,
    /// ln ∫f at every sample: 0 at the start.
    pub log_norm: Vec<f64>,
    /// Effective number of starts that the averages at each sample descend from.
    pub ancestors: Vec<f64>,
    /// Largest tail index k of the weights of the starts, of a few samples up to the last; `None` where too few are left to tell.
    pub tail: Option<f64>,
    /// How many times a block was resampled, on average.
    pub resampled: f64,
    /// Trajectories that were not finite.
    pub lost: u64,
}

/// A block at one sample.
#[derive(Clone, Debug)]
struct View {
    /// ln of the mean weight.
    log_norm: f64,
    /// Moments with weights that add up to 1; to 0 where no trajectory is left.
    sum: Sum,
    /// Σ_a W_a² over the starts of the block.
    concentration: f64,
    /// W_a of those that have any, at the samples whose tail is looked at.
    families: Vec<f64>,
}

/// The trajectories of one block.
struct Block {
    noise: Vec<Lanes<LANES>>,
    state: Vec<Vec<Lane>>,
    /// The start that each trajectory descends from.
    roots: Vec<u32>,
    weights: Vec<f64>,
    chance: Stream,
    /// ln of the mean weights of all resamplings.
    log_norm: f64,
    resampled: usize,
    lost: u64,
}

/// What the weights add up to.
struct Total {
    /// ln of the mean weight.
    log_mean: f64,
    sum: f64,
    squares: f64,
    lost: u64,
}

impl Block {
    fn new(dynamics: &Stepped, plan: &Plan, range: &Range<u64>, work: &mut SteppedWork) -> Self {
        let size = (range.end - range.start) as usize;
        let streams = Streams { seed: plan.seed };
        let (mut noise, mut state) = (Vec::new(), Vec::new());
        for first in range.clone().step_by(LANES) {
            let mut lanes = streams.lanes::<LANES>(first);
            let mut here = vec![[0.0; LANES]; dynamics.dimension()];
            dynamics.start(&mut lanes, &mut here, work);
            noise.push(lanes);
            state.push(here);
        }
        Self {
            noise,
            state,
            roots: (0..size as u32).collect(),
            weights: vec![0.0; size],
            // The uniform numbers of the first trajectory, which its steps do not use.
            chance: streams.trajectory(range.start),
            log_norm: 0.0,
            resampled: 0,
            lost: 0,
        }
    }

    fn size(&self) -> usize {
        self.weights.len()
    }

    /// Fills in the weights relative to the largest.
    fn weigh(&mut self) -> Total {
        let row = self.state[0].len() - 2;
        let mut lost = 0;
        for (i, weight) in self.weights.iter_mut().enumerate() {
            let (group, lane) = (&self.state[i / LANES], i % LANES);
            let finite = group.iter().all(|x| x[lane].is_finite());
            lost += u64::from(!finite);
            *weight = if finite { group[row][lane] } else { f64::NEG_INFINITY };
        }
        let largest = self.weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            self.weights.fill(0.0);
            return Total { log_mean: f64::NEG_INFINITY, sum: 0.0, squares: 0.0, lost };
        }
        let (mut sum, mut squares) = (0.0, 0.0);
        for weight in &mut self.weights {
            *weight = (*weight - largest).exp();
            sum += *weight;
            squares += *weight * *weight;
        }
        Total { log_mean: largest + (sum / self.weights.len() as f64).ln(), sum, squares, lost }
    }

    /// Chooses trajectories anew with probabilities ∝ their weights, by one uniform number.
    fn resample(&mut self, total: &Total) {
        let (size, dimension) = (self.size(), self.state[0].len());
        let mut state = vec![vec![[0.0; LANES]; dimension]; self.state.len()];
        let mut roots = Vec::with_capacity(size);
        let step = total.sum / size as f64;
        let mut position = step * self.chance.uniform();
        let (mut chosen, mut reached) = (0, self.weights[0]);
        for i in 0..size {
            while reached <= position && chosen + 1 < size {
                chosen += 1;
                reached += self.weights[chosen];
            }
            let (from, to) = (&self.state[chosen / LANES], &mut state[i / LANES]);
            for (x, y) in from.iter().zip(to.iter_mut()) {
                y[i % LANES] = x[chosen % LANES];
            }
            to[dimension - 2][i % LANES] = 0.0;
            roots.push(self.roots[chosen]);
            position += step;
        }
        (self.state, self.roots) = (state, roots);
        self.log_norm += total.log_mean;
        self.resampled += 1;
        self.lost += total.lost;
    }

    fn look(&mut self, keep: bool) -> View {
        let total = self.weigh();
        let variables = self.state[0].len() - 2;
        let mut sum =
            Sum { count: 1.0, mean: vec![0.0; variables], comoment: vec![0.0; variables * (variables + 1) / 2] };
        if total.sum == 0.0 {
            sum.count = 0.0;
            return View { log_norm: f64::NEG_INFINITY, sum, concentration: 1.0, families: Vec::new() };
        }
        let mut families = vec![0.0; self.size()];
        let value = |i: usize, k: usize| self.state[i / LANES][k][i % LANES];
        let weighted = || self.weights.iter().enumerate().filter(|(_, w)| **w > 0.0);
        for (i, w) in weighted() {
            let share = w / total.sum;
            families[self.roots[i] as usize] += share;
            for (k, mean) in sum.mean.iter_mut().enumerate() {
                *mean += share * value(i, k);
            }
        }
        for (i, w) in weighted() {
            let share = w / total.sum;
            let mut entry = 0;
            for k in 0..variables {
                let d = share * (value(i, k) - sum.mean[k]);
                for l in k..variables {
                    sum.comoment[entry] += d * (value(i, l) - sum.mean[l]);
                    entry += 1;
                }
            }
        }
        let concentration = families.iter().map(|w| w * w).sum();
        families.retain(|w| keep && *w > 0.0);
        View { log_norm: self.log_norm + total.log_mean, sum, concentration, families }
    }
}

/// Runs the populations of `plan`; the last but one variable of `dynamics` is the logarithm of the weight
/// ([`Langevin::weighed`](super::langevin::Langevin::weighed)). Memory grows with the number of trajectories that the threads hold.
///
/// # Errors
/// [`Cancelled`].
pub fn run(dynamics: &Stepped, plan: &Plan, watch: Watch<'_>) -> Result<Outcome, Cancelled> {
    let count = plan.blocks();
    let next = AtomicUsize::new(0);
    let through = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Block, Vec<View>)>> = Mutex::new(Vec::with_capacity(count));
    let worker = || {
        let mut work = dynamics.work();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            let range = plan.block(index);
            let Some((mut block, views)) = follow(dynamics, plan, &range, watch, &mut work) else { return };
            let trajectories = block.size();
            block.state = Vec::new();
            (watch.progress)((through.fetch_add(trajectories, Ordering::Relaxed) + trajectories) as u64);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, block, views));
        }
    };
    on_threads(plan.threads.clamp(1, count.max(1)), worker);
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if done.len() < count {
        return Err(Cancelled);
    }
    done.sort_by_key(|(index, ..)| *index);
    Ok(together(plan, done))
}

fn follow(
    dynamics: &Stepped,
    plan: &Plan,
    range: &Range<u64>,
    watch: Watch<'_>,
    work: &mut SteppedWork,
) -> Option<(Block, Vec<View>)> {
    let mut block = Block::new(dynamics, plan, range, work);
    let mut views = Vec::with_capacity(plan.sampling.count);
    for sample in 0..plan.sampling.count {
        let steps = if plan.sampling.interval(sample) > 0.0 { dynamics.steps(sample) } else { 0 };
        for first in (0..steps).step_by(STRIDE) {
            if watch.cancel.load(Ordering::Relaxed) {
                return None;
            }
            for (noise, state) in block.noise.iter_mut().zip(&mut block.state) {
                dynamics.forget(work);
                dynamics.part(sample, first..(first + STRIDE).min(steps), noise, state, work);
            }
            let total = block.weigh();
            let half = 0.5 * block.size() as f64;
            if total.sum > 0.0 && (total.lost > 0 || total.sum * total.sum < half * total.squares) {
                block.resample(&total);
            }
        }
        let keep = (plan.sampling.count - 1 - sample).is_multiple_of((plan.sampling.count / TAILS).max(1));
        views.push(block.look(keep));
    }
    Some((block, views))
}

/// The blocks with their norms.
fn together(plan: &Plan, done: Vec<(usize, Block, Vec<View>)>) -> Outcome {
    let samples = plan.sampling.count;
    let sizes: Vec<f64> = done.iter().map(|(_, b, _)| b.size() as f64).collect();
    let all: f64 = sizes.iter().sum();
    let resampled = done.iter().map(|(_, b, _)| b.resampled as f64).sum::<f64>() / sizes.len() as f64;
    let lost = done.iter().map(|(_, b, _)| b.lost).sum();
    let mut views: Vec<Vec<View>> = done.into_iter().map(|(.., views)| views).collect();
    let mut tail: Option<f64> = None;
    let (mut log_norm, mut ancestors) = (Vec::with_capacity(samples), Vec::with_capacity(samples));
    for sample in 0..samples {
        let largest = views.iter().map(|v| v[sample].log_norm).fold(f64::NEG_INFINITY, f64::max);
        let weight = |b: usize, v: &View| {
            if v.log_norm == f64::NEG_INFINITY { 0.0 } else { sizes[b] / all * (v.log_norm - largest).exp() }
        };
        let weights: Vec<f64> = views.iter().enumerate().map(|(b, v)| weight(b, &v[sample])).collect();
        let total: f64 = weights.iter().sum();
        let concentration: f64 =
            weights.iter().zip(&views).map(|(w, v)| (w / total).powi(2) * v[sample].concentration).sum();
        let families: Vec<f64> = weights
            .iter()
            .zip(&views)
            .flat_map(|(w, v)| v[sample].families.iter().map(move |x| x * w / total))
            .collect();
        if let Some(k) = tail_index(families, all) {
            tail = Some(tail.map_or(k, |t| t.max(k)));
        }
        for (w, v) in weights.iter().zip(&mut views) {
            let factor = if total > 0.0 { all * w / total } else { 0.0 };
            let sum = &mut v[sample].sum;
            sum.count *= factor;
            sum.comoment.iter_mut().for_each(|x| *x *= factor);
        }
        log_norm.push(if total > 0.0 { largest + total.ln() } else { f64::NEG_INFINITY });
        ancestors.push(if concentration > 0.0 { 1.0 / concentration } else { 0.0 });
    }
    let sums = views.into_iter().map(|block| block.into_iter().map(|v| v.sum).collect()).collect();
    Outcome { moments: EnsembleMoments::weighted(sums, samples), log_norm, ancestors, tail, resampled, lost }
}

/// Fewest weights that tell a tail.
const FEWEST: usize = 25;

/// The index k of the generalised Pareto distribution of the largest of these weights, of `all` with those that vanish: the largest fifth, at
/// most 3√N (J. Zhang, M. A. Stephens, Technometrics 51, 316 (2009), with the weak prior of Vehtari et al.).
fn tail_index(mut weights: Vec<f64>, all: f64) -> Option<f64> {
    let count = (0.2 * weights.len() as f64).min(3.0 * all.sqrt()) as usize;
    if count < FEWEST {
        return None;
    }
    weights.sort_by(f64::total_cmp);
    let (rest, top) = weights.split_at(weights.len() - count);
    let threshold = rest[rest.len() - 1];
    let x: Vec<f64> = top.iter().map(|w| w - threshold).collect();
    let (largest, quarter) = (x[count - 1], x[(count as f64 / 4.0 + 0.5) as usize - 1]);
    if quarter <= 0.0 {
        // Equal weights have no tail.
        return Some(f64::NEG_INFINITY);
    }
    let n = count as f64;
    let grid = 30 + n.sqrt() as usize;
    let shape = |b: f64| x.iter().map(|x| (-b * x).ln_1p()).sum::<f64>() / n;
    let candidates: Vec<(f64, f64)> = (1..=grid)
        .map(|j| {
            let b = 1.0 / largest + (1.0 - (grid as f64 / (j as f64 - 0.5)).sqrt()) / (3.0 * quarter);
            let k = shape(b);
            (b, n * ((-b / k).ln() - k - 1.0))
        })
        .filter(|(_, likelihood)| likelihood.is_finite())
        .collect();
    let best = candidates.iter().map(|c| c.1).fold(f64::NEG_INFINITY, f64::max);
    let (sum, total) = candidates.iter().fold((0.0, 0.0), |(sum, total), (b, l)| {
        let weight = (l - best).exp();
        (sum + weight * b, total + weight)
    });
    let k = shape(sum / total);
    k.is_finite().then_some((n * k + 5.0) / (n + 10.0))
}

#[cfg(test)]
mod tests {
    use super::tail_index;

    /// Weights at the quantiles of power laws, of an exponential and of a uniform distribution.
    #[test]
    fn tails_of_known_distributions() {
        let n = 20_000;
        let quantiles = |f: &dyn Fn(f64) -> f64| (0..n).map(|j| f((f64::from(j) + 0.5) / f64::from(n))).collect();
        for k in [0.3, 0.5, 0.7, 0.9] {
            let found = tail_index(quantiles(&|u: f64| (1.0 - u).powf(-k)), f64::from(n)).unwrap();
            assert!((found - k).abs() < 0.05, "{found} {k}");
        }
        assert!(tail_index(quantiles(&|u: f64| -(1.0 - u).ln()), f64::from(n)).unwrap().abs() < 0.05);
        assert!(tail_index(quantiles(&|u: f64| u), f64::from(n)).unwrap() < -0.8);
        assert_eq!(tail_index(vec![1.0; 1000], 1000.0), Some(f64::NEG_INFINITY));
        assert_eq!(tail_index(vec![1.0; 100], 1e5), None);
    }
}
