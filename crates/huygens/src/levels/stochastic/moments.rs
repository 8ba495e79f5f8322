//! Means and covariances of an ensemble, streamed, with standard errors from blocks.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use multiversion::multiversion;

use super::ensemble::{LANES, Lane, Observer};
use crate::measures::{Moments, Snapshot};

/// Number of trajectories, mean and co-moment M₂ = Σ (x − x̄)(x − x̄)ᵀ (upper triangle by rows) at one sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sum {
    /// Number of trajectories.
    pub count: f64,
    /// x̄.
    pub mean: Vec<f64>,
    /// M₂.
    pub comoment: Vec<f64>,
}

impl Sum {
    /// Adds the trajectories of `other` (T. F. Chan, G. H. Golub, R. J. LeVeque, Am. Stat. 37, 242 (1983)).
    pub fn merge(&mut self, other: &Sum) {
        if other.count == 0.0 {
            return;
        }
        if self.count == 0.0 {
            self.clone_from(other);
            return;
        }
        let total = self.count + other.count;
        let weight = self.count * other.count / total;
        let mut k = 0;
        for i in 0..self.mean.len() {
            let di = other.mean[i] - self.mean[i];
            for j in i..self.mean.len() {
                self.comoment[k] += other.comoment[k] + weight * di * (other.mean[j] - self.mean[j]);
                k += 1;
            }
        }
        for (x, y) in self.mean.iter_mut().zip(&other.mean) {
            *x += (y - *x) * (other.count / total);
        }
        self.count = total;
    }

    /// Takes the trajectories of `other`, which must be among them, out again.
    fn without(&self, other: &Sum) -> Sum {
        let count = self.count - other.count;
        if other.count == 0.0 || count <= 0.0 {
            return Sum { count: count.max(0.0), ..self.clone() };
        }
        let mean: Vec<f64> =
            self.mean.iter().zip(&other.mean).map(|(x, y)| x + (x - y) * (other.count / count)).collect();
        let weight = count * other.count / self.count;
        let mut comoment = Vec::with_capacity(self.comoment.len());
        let mut k = 0;
        for i in 0..mean.len() {
            for j in i..mean.len() {
                let between = weight * (other.mean[i] - mean[i]) * (other.mean[j] - mean[j]);
                comoment.push(self.comoment[k] - other.comoment[k] - between);
                k += 1;
            }
        }
        Sum { count, mean, comoment }
    }

    /// ⟨a_k⟩ = (q̄_k + i p̄_k)/√2 and the covariance, unbiased (divided by the number of trajectories less one).
    pub fn snapshot(&self) -> Snapshot {
        self.over(self.count - 1.0)
    }

    /// The same with the co-moment divided by `number`.
    fn over(&self, number: f64) -> Snapshot {
        let n = self.mean.len();
        let mean = self
            .mean
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[q, p]| c64::new(*q, *p) * std::f64::consts::FRAC_1_SQRT_2)
            .collect();
        let mut covariance = RMatrix::zeros(n, n);
        let mut k = 0;
        for i in 0..n {
            for j in i..n {
                covariance[(i, j)] = self.comoment[k] / number;
                covariance[(j, i)] = covariance[(i, j)];
                k += 1;
            }
        }
        Snapshot { mean, covariance }
    }
}

/// The [`Observer`] of one block: adds up every trajectory that is finite.
#[derive(Clone, Debug)]
pub struct BlockMoments {
    dimension: usize,
    /// One group of numbers a sample: count, reference, sums and products of the deviations from the reference.
    sums: Vec<f64>,
    fresh: bool,
    lanes: usize,
    deviations: Vec<Lane>,
}

fn triangle(n: usize) -> usize {
    n * (n + 1) / 2
}

impl BlockMoments {
    /// Numbers kept a sample.
    fn width(n: usize) -> usize {
        1 + 2 * n + triangle(n)
    }

    /// Bytes that an ensemble with this many blocks keeps, whatever the number of trajectories.
    pub fn bytes(dimension: usize, samples: usize, blocks: usize) -> usize {
        8 * Self::width(dimension) * samples * blocks
    }

    /// For `dimension` variables at `samples` times.
    pub fn new(dimension: usize, samples: usize) -> Self {
        let sums = vec![0.0; Self::width(dimension) * samples];
        Self { dimension, sums, fresh: true, lanes: 0, deviations: vec![[0.0; LANES]; dimension] }
    }

    /// All numbers of the block, to be kept in a file.
    pub fn numbers(&self) -> &[f64] {
        &self.sums
    }

    /// A finished block back from [`BlockMoments::numbers`]; `None` where there are too many or too few.
    pub fn from_numbers(dimension: usize, samples: usize, numbers: &[f64]) -> Option<Self> {
        let mut block = Self::new(dimension, samples);
        if numbers.len() != block.sums.len() {
            return None;
        }
        block.sums.copy_from_slice(numbers);
        block.fresh = false;
        Some(block)
    }

    /// The statistics of one sample.
    pub fn sum(&self, sample: usize) -> Sum {
        let n = self.dimension;
        let part = &self.sums[sample * Self::width(n)..(sample + 1) * Self::width(n)];
        let count = part[0];
        let (reference, rest) = part[1..].split_at(n);
        let (sums, products) = rest.split_at(n);
        if count == 0.0 {
            return Sum { count, mean: vec![0.0; n], comoment: vec![0.0; triangle(n)] };
        }
        let shift: Vec<f64> = sums.iter().map(|s| s / count).collect();
        let mut comoment = Vec::with_capacity(products.len());
        let mut k = 0;
        for i in 0..n {
            for j in i..n {
                comoment.push(products[k] - count * shift[i] * shift[j]);
                k += 1;
            }
        }
        Sum { count, mean: reference.iter().zip(&shift).map(|(r, s)| r + s).collect(), comoment }
    }
}

impl Observer for BlockMoments {
    fn begin(&mut self, _first: u64, lanes: usize) {
        self.lanes = lanes;
    }

    fn look(&mut self, sample: usize, _time: f64, state: &[Lane]) {
        let n = self.dimension;
        let width = Self::width(n);
        accumulate(
            state,
            self.lanes,
            self.fresh,
            &mut self.deviations,
            &mut self.sums[sample * width..(sample + 1) * width],
        );
    }

    fn end(&mut self) {
        self.fresh = false;
    }
}

#[inline(always)]
fn total(x: &Lane) -> f64 {
    // A fixed tree: the order of the additions does not depend on the processor.
    let mut a = [0.0; 8];
    for l in 0..8 {
        a[l] = (x[l] + x[l + 8]) + (x[l + 16] + x[l + 24]);
    }
    let b = [a[0] + a[4], a[1] + a[5], a[2] + a[6], a[3] + a[7]];
    (b[0] + b[2]) + (b[1] + b[3])
}

/// Adds one group of lanes to the sums of a sample; the first group of a block sets the reference.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn accumulate(state: &[Lane], lanes: usize, fresh: bool, deviations: &mut [Lane], sums: &mut [f64]) {
    let n = state.len();
    // 0 for a finite trajectory, NaN for one that is not.
    let mut trace = [0.0; LANES];
    for x in state {
        for l in 0..LANES {
            trace[l] += 0.0 * x[l];
        }
    }
    let mut weight = [0.0; LANES];
    for l in 0..LANES {
        weight[l] = if l < lanes && trace[l] == 0.0 { 1.0 } else { 0.0 };
    }
    let (count, rest) = sums.split_first_mut().expect("a sample has a count");
    let (reference, rest) = rest.split_at_mut(n);
    let (first, second) = rest.split_at_mut(n);
    let here = total(&weight);
    if fresh {
        for (r, x) in reference.iter_mut().zip(state) {
            let mut kept = [0.0; LANES];
            for l in 0..LANES {
                kept[l] = if weight[l] > 0.0 { x[l] } else { 0.0 };
            }
            *r = if here > 0.0 { total(&kept) / here } else { 0.0 };
        }
    }
    *count += here;
    for ((d, x), (r, s)) in deviations.iter_mut().zip(state).zip(reference.iter().zip(first)) {
        for l in 0..LANES {
            d[l] = if weight[l] > 0.0 { x[l] - r } else { 0.0 };
        }
        *s += total(d);
    }
    let mut k = 0;
    for i in 0..n {
        let a = deviations[i];
        for b in &deviations[i..n] {
            let mut product = [0.0; LANES];
            for l in 0..LANES {
                product[l] = a[l] * b[l];
            }
            second[k] += total(&product);
            k += 1;
        }
    }
}

/// A number with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Value from all trajectories.
    pub value: f64,
    /// Standard error by the jackknife over blocks; NaN with fewer than two blocks.
    pub error: f64,
}

/// Moments of a whole ensemble at every sample, block by block.
#[derive(Clone, Debug)]
pub struct EnsembleMoments {
    blocks: Blocks,
    samples: usize,
}

/// Blocks in order, one list of samples each.
#[derive(Clone, Debug)]
enum Blocks {
    /// Of trajectories of equal weight.
    Equal(Vec<BlockMoments>),
    /// Of weighted ones; the weights of each sample add up to the number of trajectories.
    Weighted(Vec<Vec<Sum>>),
}

impl EnsembleMoments {
    /// From the blocks of [`super::ensemble::run`], in order; those of several shards one after the other.
    pub fn new(blocks: Vec<BlockMoments>, samples: usize) -> Self {
        Self { blocks: Blocks::Equal(blocks), samples }
    }

    /// From the weighted sums of each block at each sample, whose counts are the weights of the blocks.
    pub(crate) fn weighted(blocks: Vec<Vec<Sum>>, samples: usize) -> Self {
        Self { blocks: Blocks::Weighted(blocks), samples }
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        match &self.blocks {
            Blocks::Equal(blocks) => blocks.len(),
            Blocks::Weighted(blocks) => blocks.len(),
        }
    }

    /// The statistics of all trajectories at one sample.
    pub fn sum(&self, sample: usize) -> Sum {
        let mut all = Sum::default();
        match &self.blocks {
            Blocks::Equal(blocks) => blocks.iter().for_each(|block| all.merge(&block.sum(sample))),
            Blocks::Weighted(blocks) => blocks.iter().for_each(|block| all.merge(&block[sample])),
        }
        all
    }

    /// Mean and covariance at one sample.
    pub fn snapshot(&self, sample: usize) -> Snapshot {
        self.of(&self.sum(sample))
    }

    fn of(&self, sum: &Sum) -> Snapshot {
        match self.blocks {
            Blocks::Equal(_) => sum.snapshot(),
            Blocks::Weighted(_) => sum.over(sum.count),
        }
    }

    /// Mean and covariance at one sample without block `b`; `all` is the sum of all.
    fn without(&self, all: &Sum, sample: usize, b: usize) -> Snapshot {
        match &self.blocks {
            Blocks::Equal(blocks) => all.without(&blocks[b].sum(sample)).snapshot(),
            // One block may have nearly all the weight: nothing is subtracted.
            Blocks::Weighted(blocks) => {
                let mut rest = Sum::default();
                blocks.iter().enumerate().filter(|(k, _)| *k != b).for_each(|(_, block)| rest.merge(&block[sample]));
                if rest.count == 0.0 {
                    rest = Sum {
                        mean: vec![f64::NAN; all.mean.len()],
                        comoment: vec![f64::NAN; all.comoment.len()],
                        ..rest
                    };
                }
                self.of(&rest)
            }
        }
    }

    /// Trajectories that are finite at the last sample, or their weight.
    pub fn finite(&self) -> u64 {
        if self.samples == 0 { 0 } else { self.sum(self.samples - 1).count as u64 }
    }

    /// Functions of the moments at every sample, and of each series as a whole one number, with its jackknife error: `measure` fills
    /// one value for each function, `reduce` makes a number of a series (its mean over the window, say).
    ///
    /// The error is √((B − 1)/B Σ_b (θ_b − θ̄)²), θ_b without block b (B. Efron, *The Jackknife*, 1982, eq. 3.6 for blocks).
    pub fn estimate(
        &self,
        functions: usize,
        measure: impl FnMut(&dyn Moments, &mut [f64]),
        reduce: impl Fn(usize, &[f64]) -> f64,
    ) -> Vec<(Vec<f64>, Estimate)> {
        let estimate = |r: Replicates| (r.series, jackknife(r.value, &r.without));
        self.replicates(functions, measure, reduce).into_iter().map(estimate).collect()
    }

    /// What `other` differs by, an ensemble on the same noise in the same blocks: θ' − θ of each function, with the jackknife error
    /// of this difference. `apart` subtracts two values (angles modulo 2π).
    pub fn differences(
        &self,
        other: &Self,
        functions: usize,
        mut measure: impl FnMut(&dyn Moments, &mut [f64]),
        reduce: impl Fn(usize, &[f64]) -> f64,
        apart: impl Fn(usize, f64, f64) -> f64,
    ) -> Vec<Estimate> {
        let here = self.replicates(functions, &mut measure, &reduce);
        let there = other.replicates(functions, &mut measure, &reduce);
        let pairs = here.iter().zip(&there).enumerate();
        pairs
            .map(|(k, (a, b))| {
                let parts: Vec<f64> = a.without.iter().zip(&b.without).map(|(x, y)| apart(k, *y, *x)).collect();
                jackknife(apart(k, b.value, a.value), &parts)
            })
            .collect()
    }

    fn replicates(
        &self,
        functions: usize,
        mut measure: impl FnMut(&dyn Moments, &mut [f64]),
        reduce: impl Fn(usize, &[f64]) -> f64,
    ) -> Vec<Replicates> {
        let left_out = if self.blocks() >= 2 { self.blocks() } else { 0 };
        // Row 0 with all trajectories, row b + 1 without block b.
        let mut series = vec![vec![Vec::with_capacity(self.samples); functions]; left_out + 1];
        let mut values = vec![0.0; functions];
        for sample in 0..self.samples {
            let all = self.sum(sample);
            for (row, lists) in series.iter_mut().enumerate() {
                let snapshot = if row == 0 { self.of(&all) } else { self.without(&all, sample, row - 1) };
                measure(&snapshot, &mut values);
                lists.iter_mut().zip(&values).for_each(|(list, v)| list.push(*v));
            }
        }
        let mut whole = series.remove(0);
        (0..functions)
            .map(|f| {
                let list = std::mem::take(&mut whole[f]);
                let without = series.iter().map(|lists| reduce(f, &lists[f])).collect();
                Replicates { value: reduce(f, &list), series: list, without }
            })
            .collect()
    }
}

/// One function: its series, the number made of it, and that number without each of the blocks.
struct Replicates {
    series: Vec<f64>,
    value: f64,
    without: Vec<f64>,
}

/// A value with the jackknife error from the values without each block.
pub(crate) fn jackknife(value: f64, parts: &[f64]) -> Estimate {
    let b = parts.len() as f64;
    let mean = parts.iter().sum::<f64>() / b;
    let spread: f64 = parts.iter().map(|x| (x - mean).powi(2)).sum();
    Estimate { value, error: ((b - 1.0) / b * spread).sqrt() }
}
