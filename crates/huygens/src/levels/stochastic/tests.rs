use std::sync::atomic::{AtomicBool, Ordering};

use approx::assert_relative_eq;
use huygens_numerics::linalg::RMatrix;

use super::ensemble::{Cancelled, Plan, Sampling, Watch, run};
use super::linear::{Exact, GaussianStart, LinearError, LinearModel, factor};
use super::moments::{BlockMoments, EnsembleMoments};
use super::ticks::{Clock, Tick, TickObserver};

pub(crate) fn moments_of(dynamics: &impl super::ensemble::Dynamics, plan: &Plan) -> EnsembleMoments {
    let samples = plan.sampling.count;
    let n = dynamics.dimension();
    let blocks = run(dynamics, plan, Watch::default(), |_| BlockMoments::new(n, samples)).unwrap();
    EnsembleMoments::new(blocks, samples)
}

/// Two oscillators of very different damping with a coupling, in the numbers of a cavity and a membrane (rad/s), and their bath.
/// `momentum`: damping and noise of the membrane on its momentum alone.
fn cavity_and_membrane(momentum: bool) -> LinearModel {
    let tau = std::f64::consts::TAU;
    let (kappa, delta, omega, gamma, g, n) = (tau * 2e6, -tau * 3e5, tau * 4e5, tau * 7.0, tau * 8e4, 1e9);
    let (q, p) = if momentum { (0.0, gamma) } else { (gamma / 2.0, gamma / 2.0) };
    let drift = RMatrix::from_rows(&[
        &[-kappa / 2.0, -delta, 0.0, 0.0],
        &[delta, -kappa / 2.0, g, 0.0],
        &[0.0, 0.0, -q, omega],
        &[g, 0.0, -omega, -p],
    ]);
    let heat = 2.0 * (n + 0.5);
    LinearModel::new(drift, RMatrix::from_diagonal(&[kappa / 2.0, kappa / 2.0, q * heat, p * heat]))
}

#[test]
fn a_step_is_the_composition_of_shorter_ones() {
    let turning = RMatrix::from_rows(&[&[-0.3, 2.0, 0.0], &[-2.0, 0.1, 0.7], &[0.0, 0.4, -40.0]]);
    let mut model =
        LinearModel::new(turning, RMatrix::from_rows(&[&[1.0, 0.3, 0.0], &[0.3, 0.2, 0.0], &[0.0, 0.0, 0.0]]));
    model.drive = vec![0.2, -1.0, 3.0];
    for (model, h) in [(model, 0.8), (cavity_and_membrane(false), 1e-6), (cavity_and_membrane(true), 1e-6)] {
        let (long, a, b) = (model.step(h).unwrap(), model.step(0.3 * h).unwrap(), model.step(0.7 * h).unwrap());
        let near = |x: &RMatrix, y: &RMatrix| {
            for i in 0..x.rows() {
                for j in 0..x.cols() {
                    let scale = (x[(i, i)].abs() * x[(j, j)].abs()).sqrt().max(x[(i, j)].abs());
                    assert!((x[(i, j)] - y[(i, j)]).abs() <= 1e-12 * scale, "{x:?}\n{y:?}");
                }
            }
        };
        near(&(&b.propagator * &a.propagator), &long.propagator);
        near(&(&b.covariance + &b.propagator.sandwich(&a.covariance)), &long.covariance);
        let moved = b.propagator.mul_vec(&a.drive);
        for i in 0..long.drive.len() {
            assert_relative_eq!(moved[i] + b.drive[i], long.drive[i], max_relative = 1e-12, epsilon = 1e-13);
        }
    }
}

/// Q = V − Φ V Φᵀ, for steps from far below to far above the cavity's decay time, where e^{+κh/2} is beyond all numbers.
#[test]
fn noise_of_a_step_is_scale_safe() {
    for momentum in [false, true] {
        let model = cavity_and_membrane(momentum);
        let (_, v) = model.stationary().unwrap();
        for h in [1e-9, 156e-9, 1e-5, 1e-3, 0.5] {
            let step = model.step(h).unwrap();
            let want = &v - &step.propagator.sandwich(&v);
            for i in 0..4 {
                for j in 0..4 {
                    // The difference of two large numbers is the less exact of the two.
                    let scale = (v[(i, i)] * v[(j, j)]).sqrt();
                    assert!((step.covariance[(i, j)] - want[(i, j)]).abs() < 1e-9 * scale, "h = {h}");
                }
            }
            let g = factor(&step.covariance, "noise").unwrap();
            let back = &g * &g.transpose();
            for i in 0..4 {
                let want = step.covariance[(i, i)];
                assert_relative_eq!(back[(i, i)], want, max_relative = 1e-12);
            }
        }
    }
    // A free particle in the wind, dq = p dt, dp = dW: no stationary state, Q = [[h³/3, h²/2], [h²/2, h]].
    let free = LinearModel::new(RMatrix::from_rows(&[&[0.0, 1.0], &[0.0, 0.0]]), RMatrix::from_diagonal(&[0.0, 1.0]));
    assert_eq!(free.stationary(), Err(LinearError::NotDamped));
    let q = free.step(6.0).unwrap().covariance;
    for (i, j, want) in [(0, 0, 72.0), (0, 1, 18.0), (1, 1, 6.0)] {
        assert_relative_eq!(q[(i, j)], want, max_relative = 1e-14);
    }
}

#[test]
fn factors_stop_at_the_rank_and_refuse_the_indefinite() {
    let v = RMatrix::from_rows(&[&[4e12, 2e6, 0.0], &[2e6, 1.0, 0.0], &[0.0, 0.0, 0.0]]);
    let g = factor(&v, "test").unwrap();
    assert_eq!(g.cols(), 1);
    let back = &g * &g.transpose();
    for i in 0..3 {
        for j in 0..3 {
            assert_relative_eq!(back[(i, j)], v[(i, j)], max_relative = 1e-14);
        }
    }
    let wrong = RMatrix::from_rows(&[&[1.0, 2.0], &[2.0, 1.0]]);
    assert!(matches!(factor(&wrong, "test"), Err(LinearError::NotPositive { .. })));
    assert!(factor(&RMatrix::from_rows(&[&[0.0, 1.0], &[1.0, 1.0]]), "test").is_err());
    assert_eq!(factor(&RMatrix::zeros(2, 2), "test").unwrap().cols(), 0);
}

/// Ornstein and Uhlenbeck (1930): ⟨x⟩ = x₀e^{−γt} + (c/γ)(1 − e^{−γt}), var = (D/2γ)(1 − e^{−2γt}) + v₀e^{−2γt}, for samples
/// far apart and close together.
#[test]
fn ornstein_uhlenbeck_in_closed_form() {
    let (gamma, d, c, x0, v0) = (0.7, 1.3, 0.4, 5.0, 0.2);
    let mut model = LinearModel::new(
        RMatrix::from_diagonal(&[-gamma, -2.0 * gamma]),
        RMatrix::from_rows(&[&[d, 0.5 * d], &[0.5 * d, d]]),
    );
    model.drive = vec![c, 0.0];
    let start = GaussianStart::new(vec![x0, 0.0], &RMatrix::from_diagonal(&[v0, 0.0])).unwrap();
    for every in [0.05, 4.0] {
        let sampling = Sampling { from: 0.3, every, count: 6 };
        let exact = Exact::new(model.clone(), start.clone(), &sampling).unwrap();
        let moments = moments_of(&exact, &Plan::new(11, 20_000, sampling));
        let estimates = moments.estimate(
            3,
            |m, out| {
                let v = m.covariance(0, 0);
                out.copy_from_slice(&[m.mean(0).re * std::f64::consts::SQRT_2, v[0][0], v[0][1]]);
            },
            |_, series| series[3],
        );
        let t = sampling.time(3);
        let (one, two, three) = ((-gamma * t).exp(), (-2.0 * gamma * t).exp(), (-3.0 * gamma * t).exp());
        let want = [
            x0 * one + c / gamma * (1.0 - one),
            d / (2.0 * gamma) * (1.0 - two) + v0 * two,
            0.5 * d / (3.0 * gamma) * (1.0 - three),
        ];
        for ((_, estimate), want) in estimates.iter().zip(want) {
            assert!(estimate.error > 0.0 && estimate.error < 0.02);
            assert!((estimate.value - want).abs() < 4.5 * estimate.error, "{estimate:?} {want}");
        }
    }
}

/// The squared deviations of many small ensembles, in units of the standard errors they state, are 1 on average.
#[test]
fn standard_errors_are_what_they_say() {
    let model = LinearModel::new(RMatrix::from_diagonal(&[-1.0, -3.0]), RMatrix::identity(2));
    let (mean, v) = model.stationary().unwrap();
    let sampling = Sampling { from: 0.0, every: 1.0, count: 2 };
    let exact = Exact::new(model, GaussianStart::new(mean, &v).unwrap(), &sampling).unwrap();
    let (mut chi, ensembles) = ([0.0; 2], 200);
    for seed in 0..ensembles {
        let moments = moments_of(&exact, &Plan::new(seed, 512, sampling));
        let variances = |m: &dyn crate::measures::Moments, out: &mut [f64]| {
            let v = m.covariance(0, 0);
            out.copy_from_slice(&[v[0][0], v[1][1]]);
        };
        let last = |_: usize, series: &[f64]| series[1];
        for (k, (_, e)) in moments.estimate(2, variances, last).iter().enumerate() {
            chi[k] += ((e.value - [0.5, 1.0 / 6.0][k]) / e.error).powi(2) / ensembles as f64;
        }
    }
    // Student's t of 31 degrees: mean square 31/29, spread over 200 ensembles 0.11.
    assert!(chi.iter().all(|x| (0.65..1.5).contains(x)), "{chi:?}");
}

/// The same bytes on 1, 2 and 7 threads, and from shards put together.
#[test]
fn threads_and_shards_change_nothing() {
    let model = cavity_and_membrane(true);
    let sampling = Sampling { from: 0.0, every: 156e-9, count: 40 };
    let (mean, v) = model.stationary().unwrap();
    let exact = Exact::new(model, GaussianStart::new(mean, &v).unwrap(), &sampling).unwrap();
    for trajectories in [5, 600, 1003] {
        let plan = Plan::new(3, trajectories, sampling);
        let observer = |_| BlockMoments::new(4, sampling.count);
        let bytes = |blocks: Vec<BlockMoments>| {
            let all = EnsembleMoments::new(blocks, sampling.count);
            assert_eq!(all.finite(), trajectories);
            let numbers: Vec<u64> = (0..sampling.count)
                .flat_map(|j| {
                    let s = all.sum(j);
                    s.mean.into_iter().chain(s.comoment).map(f64::to_bits).collect::<Vec<_>>()
                })
                .collect();
            numbers
        };
        let one = bytes(run(&exact, &plan, Watch::default(), observer).unwrap());
        for threads in [2, 7] {
            assert_eq!(bytes(run(&exact, &plan.clone().threads(threads), Watch::default(), observer).unwrap()), one);
        }
        let mut parts = Vec::new();
        for part in 0..3 {
            parts.extend(run(&exact, &plan.clone().part(part, 3), Watch::default(), observer).unwrap());
        }
        assert_eq!(bytes(parts), one);
    }
}

#[test]
fn runs_can_be_watched_and_stopped() {
    let model = LinearModel::new(RMatrix::from_diagonal(&[-1.0, -1.0]), RMatrix::identity(2));
    let sampling = Sampling { from: 0.0, every: 0.1, count: 10 };
    let exact = Exact::new(model, GaussianStart::new(vec![0.0; 2], &RMatrix::zeros(2, 2)).unwrap(), &sampling).unwrap();
    let cancel = AtomicBool::new(false);
    let most = std::sync::atomic::AtomicU64::new(0);
    let progress = |through| {
        most.fetch_max(through, Ordering::Relaxed);
        cancel.store(through > 100, Ordering::Relaxed);
    };
    let watch = Watch { cancel: &cancel, progress: &progress };
    let plan = Plan::new(1, 1000, sampling);
    assert_eq!(run(&exact, &plan, watch, |_| BlockMoments::new(2, 10)).map(|b| b.len()), Err(Cancelled));
    assert!((100..200).contains(&most.load(Ordering::Relaxed)));
}

/// A trajectory that leaves the numbers is counted, not averaged.
#[test]
fn diverging_trajectories_are_left_out() {
    let model = LinearModel::new(RMatrix::from_diagonal(&[700.0, -1.0]), RMatrix::zeros(2, 2));
    let sampling = Sampling { from: 0.0, every: 1.0, count: 4 };
    let start = GaussianStart::new(vec![0.0; 2], &RMatrix::from_diagonal(&[1.0, 1.0])).unwrap();
    let exact = Exact::new(model, start, &sampling).unwrap();
    let moments = moments_of(&exact, &Plan::new(1, 100, sampling));
    assert_eq!(moments.sum(0).count, 100.0);
    assert_eq!(moments.finite(), 0);
}

/// An undamped oscillator from q = 1 crosses 0 upwards at 2π(k − ¼) and peaks at 2πk: the cubic finds both to a high
/// power of the sampling interval.
#[test]
fn ticks_of_a_cosine_are_where_they_are() {
    let model = LinearModel::new(RMatrix::from_rows(&[&[0.0, 1.0], &[-1.0, 0.0]]), RMatrix::zeros(2, 2));
    let start = GaussianStart::new(vec![1.0, 0.0], &RMatrix::zeros(2, 2)).unwrap();
    let clocks = [
        Clock { variable: 0, tick: Tick::Upward(0.0) },
        Clock { variable: 0, tick: Tick::Peak },
        Clock { variable: 0, tick: Tick::Upward(0.5) },
    ];
    let mut worst = Vec::new();
    for per_period in [16.0, 32.0] {
        let tau = std::f64::consts::TAU;
        let sampling = Sampling { from: 0.1, every: tau / per_period, count: 20 * per_period as usize };
        let exact = Exact::new(model.clone(), start.clone(), &sampling).unwrap();
        let plan = Plan::new(1, 3, sampling);
        let mut blocks = run(&exact, &plan, Watch::default(), |_| TickObserver::new(&exact, &clocks, 1)).unwrap();
        let block = blocks.remove(0);
        let intervals = block.intervals().to_vec();
        let lists = block.into_lists();
        let wants = [-0.25 * tau, 0.0, -tau / 6.0];
        let mut error = [0.0f64; 3];
        for (k, list) in lists.iter().enumerate() {
            assert_eq!((list.clock, list.trajectory), (k, 0));
            assert!(list.times.len() == 20 || list.times.len() == 19, "{}", list.times.len());
            for (j, t) in list.times.iter().enumerate() {
                error[k] = error[k].max((t - (wants[k] + tau * (j + 1) as f64)).abs());
            }
            assert_eq!(intervals[k].ticks, 3 * list.times.len() as u64);
            assert_relative_eq!(intervals[k].mean, tau, max_relative = 1e-6);
        }
        worst.push(error);
    }
    for k in 0..3 {
        let order = (worst[0][k] / worst[1][k]).log2();
        assert!(worst[1][k] < 2e-5 && order > 2.0, "{worst:?}");
    }
}

/// A resonator in a thermal bath that damps its momentum: N = 8π²/(ε(c − ln ε)) for zero crossings, ε = γT the loss of memory in
/// a period, c = 4.8 to 5.2 by Monte Carlo.
#[test]
fn accuracy_of_a_thermal_clock() {
    let gamma = 2e-3;
    let model = LinearModel::new(
        RMatrix::from_rows(&[&[0.0, 1.0], &[-1.0, -gamma]]),
        RMatrix::from_diagonal(&[0.0, 2.0 * gamma]),
    );
    let (mean, v) = model.stationary().unwrap();
    let sampling = Sampling { from: 0.0, every: std::f64::consts::TAU / 16.0, count: 16 * 12 };
    let exact = Exact::new(model, GaussianStart::new(mean, &v).unwrap(), &sampling).unwrap();
    let clocks = [Clock { variable: 0, tick: Tick::Upward(0.0) }];
    let plan = Plan::new(17, 60_000, sampling).threads(2);
    let blocks = run(&exact, &plan, Watch::default(), |_| TickObserver::new(&exact, &clocks, 0)).unwrap();
    let mut all = super::ticks::Intervals::default();
    blocks.iter().for_each(|b| all.merge(&b.intervals()[0]));
    assert!(all.ticks > 600_000);
    assert_relative_eq!(all.mean, std::f64::consts::TAU, max_relative = 1e-3);
    let epsilon = gamma * std::f64::consts::TAU;
    let want = |c: f64| 8.0 * std::f64::consts::PI.powi(2) / (epsilon * (c - epsilon.ln()));
    // Heavy tails: six hundred thousand intervals give N to a few per cent.
    assert!(
        all.accuracy() > 0.93 * want(5.2) && all.accuracy() < 1.07 * want(4.8),
        "{} {}",
        all.accuracy(),
        want(4.85)
    );
}
