//! Trajectories of the membranes: traces, ticks from upward zero crossings, correlations of a few hundred runs.

use huygens::levels::stochastic::ensemble::{LANES, Lane, Observer, Plan, Sampling, Watch as Stop, run};
use huygens::levels::stochastic::linear::{Exact, GaussianStart, LinearModel};
use huygens::measures::clocks::ticks::hermite_root;
use std::f64::consts::TAU;

use super::laboratory::{Bench, trouble};
use crate::papers::PaperError;

/// The model at these values with the state to start from: the stationary one of `before`.
fn prepared(
    bench: &Bench,
    values: &[(&str, f64)],
    before: &[(&str, f64)],
    sampling: Sampling,
) -> Result<(LinearModel, Exact), PaperError> {
    let wrong = |e: huygens::levels::stochastic::linear::LinearError| trouble("the trajectories", e.to_string());
    let at = |values: &[(&str, f64)]| -> Result<LinearModel, PaperError> {
        LinearModel::of(&bench.experiment.bind(&bench.model.bind(values)?)?).map_err(wrong)
    };
    let (mean, covariance) = at(before)?.stationary().map_err(wrong)?;
    let model = at(values)?;
    let start = GaussianStart::new(mean, &covariance).map_err(wrong)?;
    let exact = Exact::new(model.clone(), start, &sampling).map_err(wrong)?;
    Ok((model, exact))
}

fn observe<O: Observer>(dynamics: &Exact, plan: &Plan, make: impl Fn(usize) -> O + Sync) -> Result<Vec<O>, PaperError> {
    run(dynamics, plan, Stop::default(), make).map_err(|_| PaperError::Interrupted)
}

/// Displacements of both membranes of one run of the stationary state, exact at the times asked for.
pub(super) struct Trace {
    pub times: Vec<f64>,
    pub q: [Vec<f64>; 2],
}

struct Record(Trace);

impl Observer for Record {
    fn begin(&mut self, _: u64, _: usize) {}

    fn look(&mut self, _: usize, time: f64, state: &[Lane]) {
        self.0.times.push(time);
        for (k, q) in self.0.q.iter_mut().enumerate() {
            q.push(state[2 * k + 2][0]);
        }
    }
}

pub(super) fn trace(bench: &Bench, values: &[(&str, f64)], seed: u64, sampling: Sampling) -> Result<Trace, PaperError> {
    let (_, exact) = prepared(bench, values, values, sampling)?;
    let make = |_| Record(Trace { times: Vec::new(), q: [Vec::new(), Vec::new()] });
    let record = observe(&exact, &Plan::new(seed, 1, sampling), make)?.into_iter().next();
    record.map(|r| r.0).ok_or_else(|| trouble("a trace", "no trajectory was run"))
}

/// Mean and standard error from the parts of an ensemble (jackknife).
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate {
    pub value: f64,
    pub error: f64,
}

/// What the ticks of many short stretches of the stationary state give.
#[derive(Clone, Debug)]
pub(super) struct TickStatistics {
    /// Accuracies ⟨t⟩²/var t of single periods.
    pub accuracy: [Estimate; 2],
    /// D literally: var(t₂ − t₁)/⟨(t₁ + t₂)/2⟩² of simultaneous periods.
    pub literal: Estimate,
    /// D as variance of the time between nearest ticks, in squared periods.
    pub nearest: Estimate,
    /// Correlation of simultaneous periods.
    pub correlation: Estimate,
    /// ⟨(t₁ + t₂)/2⟩.
    pub period: f64,
    /// Number of periods.
    pub count: f64,
}

/// Sums over ticks: count, t₁, t₂ less the nominal period and their squares and product; nearest ticks likewise.
#[derive(Clone, Copy, Default)]
struct Sums([f64; 9]);

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
    }

    fn less(&self, other: &Sums) -> Sums {
        let mut out = *self;
        out.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a -= b);
        out
    }

    /// N₁, N₂, literal D, nearest D, correlation of periods; and the mean period over the nominal one.
    fn statistics(&self) -> ([f64; 5], f64) {
        let [n, x, y, xx, yy, xy, m, d, dd] = self.0;
        let (mx, my) = (x / n, y / n);
        let (vx, vy, cxy) = (xx / n - mx * mx, yy / n - my * my, xy / n - mx * my);
        let mean = 1.0 + 0.5 * (mx + my);
        let accuracies = [(1.0 + mx) * (1.0 + mx) / vx, (1.0 + my) * (1.0 + my) / vy];
        let literal = (vx + vy - 2.0 * cxy) / (mean * mean);
        let nearest = (dd / m - (d / m) * (d / m)) / (mean * mean);
        ([accuracies[0], accuracies[1], literal, nearest, cxy / (vx * vy).sqrt()], mean)
    }
}

/// Finds the ticks of both clocks of all lanes.
struct TickObserver<'a> {
    /// Rows of the drift that move the displacements.
    slopes: &'a [Vec<f64>; 2],
    nominal: f64,
    lanes: usize,
    /// The sample before, with its time.
    before: Option<(f64, Vec<Lane>)>,
    ticks: Vec<[Vec<f64>; 2]>,
    sums: Sums,
}

impl Observer for TickObserver<'_> {
    fn begin(&mut self, _: u64, lanes: usize) {
        self.lanes = lanes;
        self.before = None;
        self.ticks.iter_mut().flatten().for_each(Vec::clear);
    }

    fn look(&mut self, _: usize, time: f64, state: &[Lane]) {
        let Some((earlier, before)) = &mut self.before else {
            self.before = Some((time, state.to_vec()));
            return;
        };
        for (k, row) in self.slopes.iter().enumerate() {
            let slope = |state: &[Lane], lane: usize| row.iter().zip(state).map(|(a, x)| a * x[lane]).sum::<f64>();
            let (old, new) = (&before[2 * k + 2], &state[2 * k + 2]);
            for lane in 0..self.lanes {
                if old[lane] < 0.0 && new[lane] >= 0.0 {
                    let slopes = [slope(before, lane), slope(state, lane)];
                    self.ticks[lane][k].push(hermite_root(*earlier, time, [old[lane], new[lane]], slopes));
                }
            }
        }
        before.copy_from_slice(state);
        *earlier = time;
    }

    fn end(&mut self) {
        for [first, second] in &self.ticks[..self.lanes] {
            for w in first.windows(2) {
                // The period of the other clock that begins nearest in time.
                let Some(j) = nearest(second, w[0]).filter(|j| j + 1 < second.len()) else { continue };
                let (x, y) = ((w[1] - w[0]) / self.nominal - 1.0, (second[j + 1] - second[j]) / self.nominal - 1.0);
                self.sums.add(&Sums([1.0, x, y, x * x, y * y, x * y, 0.0, 0.0, 0.0]));
            }
            for t in first {
                // At the ends of a stretch the nearest tick may lie outside of it.
                let Some(j) = nearest(second, *t).filter(|j| *j > 0 && j + 1 < second.len()) else { continue };
                let d = (second[j] - t) / self.nominal;
                let d = d - d.round();
                self.sums.add(&Sums([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, d, d * d]));
            }
        }
    }
}

/// Index of the time nearest to `t` in an ascending list.
fn nearest(times: &[f64], t: f64) -> Option<usize> {
    let after = times.partition_point(|x| *x < t);
    let candidates = [after.checked_sub(1), (after < times.len()).then_some(after)];
    candidates.into_iter().flatten().min_by(|a, b| (times[*a] - t).abs().total_cmp(&(times[*b] - t).abs()))
}

/// Samples in a period, and periods in a stretch of the stationary state.
const SAMPLES: usize = 16;
const PERIODS: usize = 12;

/// Ticks (upward zero crossings, cubic Hermite between exact samples) of independent stretches of the stationary state of
/// twelve periods each. The damping must act on the momenta alone: with noise on the displacement itself, ticks have no limit.
pub(super) fn tick_statistics(
    bench: &Bench,
    values: &[(&str, f64)],
    stretches: u64,
    seed: u64,
) -> Result<TickStatistics, PaperError> {
    let mut values = values.to_vec();
    values.push(("momentum", 1.0));
    let nominal = TAU / bench.parameter("omega2", &values)?;
    let sampling = Sampling { from: 0.0, every: nominal / SAMPLES as f64, count: SAMPLES * PERIODS + 1 };
    let (model, exact) = prepared(bench, &values, &values, sampling)?;
    let slopes = [model.drift.row(2).to_vec(), model.drift.row(4).to_vec()];
    let blocks = observe(&exact, &Plan::new(seed, stretches, sampling), |_| TickObserver {
        slopes: &slopes,
        nominal,
        lanes: 0,
        before: None,
        ticks: vec![[Vec::new(), Vec::new()]; LANES],
        sums: Sums::default(),
    })?;
    let mut all = Sums::default();
    blocks.iter().for_each(|b| all.add(&b.sums));
    let (values, mean) = all.statistics();
    let parts: Vec<[f64; 5]> = blocks.iter().map(|b| all.less(&b.sums).statistics().0).collect();
    let estimate = |k: usize| {
        let n = parts.len() as f64;
        let centre = parts.iter().map(|p| p[k]).sum::<f64>() / n;
        let spread: f64 = parts.iter().map(|p| (p[k] - centre).powi(2)).sum();
        Estimate { value: values[k], error: ((n - 1.0) / n * spread).sqrt() }
    };
    Ok(TickStatistics {
        accuracy: [estimate(0), estimate(1)],
        literal: estimate(2),
        nearest: estimate(3),
        correlation: estimate(4),
        period: mean * nominal,
        count: all.0[0],
    })
}

/// Σ q₁q₂, Σ q₁², Σ q₂² over trajectories, at each time.
struct Products(Vec<[f64; 3]>, usize);

impl Observer for Products {
    fn begin(&mut self, _: u64, lanes: usize) {
        self.1 = lanes;
    }

    fn look(&mut self, sample: usize, _: f64, state: &[Lane]) {
        for lane in 0..self.1 {
            let (x, y) = (state[2][lane], state[4][lane]);
            let sum = &mut self.0[sample];
            sum[0] += x * y;
            sum[1] += x * x;
            sum[2] += y * y;
        }
    }
}

/// R(t) of the paper over so many trajectories after the light is switched on.
pub(super) fn correlation(
    bench: &Bench,
    g: f64,
    trajectories: u64,
    seed: u64,
    sampling: Sampling,
) -> Result<Vec<f64>, PaperError> {
    let (_, exact) = prepared(bench, &[("g", g)], &[("g", 0.0)], sampling)?;
    let make = |_| Products(vec![[0.0; 3]; sampling.count], 0);
    let blocks = observe(&exact, &Plan::new(seed, trajectories, sampling), make)?;
    Ok((0..sampling.count)
        .map(|j| {
            let [xy, xx, yy] =
                blocks.iter().fold([0.0; 3], |s, b| [s[0] + b.0[j][0], s[1] + b.0[j][1], s[2] + b.0[j][2]]);
            xy / (xx * yy).sqrt()
        })
        .collect())
}
