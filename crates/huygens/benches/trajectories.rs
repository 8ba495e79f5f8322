//! The timings of the stochastic level behind BENCHMARKS.md: `cargo xtask bench` runs this and the peer, and compares.
//!
//! Prints one line for each timing, `name<TAB>numbers…`. CPU times are those of all threads of the process.

use std::io::Write;
use std::time::Instant;

use huygens::algebra::{ModeId, Names, Operator, Scalar};
use huygens::levels::stochastic::ensemble::{Dynamics, Plan, Sampling, Watch, run};
use huygens::levels::stochastic::langevin::{BoundLangevin, Langevin, LangevinKernel, Ordering};
use huygens::levels::stochastic::linear::{Exact, GaussianStart, LinearModel};
use huygens::levels::stochastic::moments::{BlockMoments, EnsembleMoments};
use huygens::levels::stochastic::stepper::{Method, Stepped, Stepping};
use huygens::levels::stochastic::ticks::{Clock, Intervals, Tick, TickObserver};
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::random::Streams;

/// CPU seconds of all threads of this process; wall-clock time where the system does not tell.
fn cpu() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |task: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    let nanoseconds: f64 = tasks.filter_map(of).sum();
    if nanoseconds > 0.0 {
        return nanoseconds * 1e-9;
    }
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64()
}

fn tell(name: &str, numbers: &[f64]) {
    let mut line = name.to_owned();
    for number in numbers {
        line.push_str(&format!("\t{number:.10e}"));
    }
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The least of some repeats, on one thread.
fn least<T>(repeats: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut best = f64::INFINITY;
    let mut last = None;
    for _ in 0..repeats {
        let begin = cpu();
        last = Some(std::hint::black_box(work()));
        best = best.min(cpu() - begin);
    }
    (best, last.expect("at least one repeat"))
}

/// Two membranes and their cavity (rad/s), damping and noise of the membranes on their momenta.
fn membranes() -> LinearModel {
    let tau = std::f64::consts::TAU;
    let (kappa, delta, n) = (tau * 2e6, -tau * 3e5, 1e9 + 0.5);
    let (omega, gamma, g) = ([tau * 400_200.0, tau * 400_000.0], [tau * 7.0, tau * 14.0], 0.04 * kappa);
    let mut drift = RMatrix::zeros(6, 6);
    (drift[(0, 0)], drift[(0, 1)], drift[(1, 0)], drift[(1, 1)]) = (-kappa / 2.0, -delta, delta, -kappa / 2.0);
    let mut noise = vec![kappa / 2.0; 2];
    for (j, sign) in [1.0, -1.0].into_iter().enumerate() {
        let (q, p) = (2 + 2 * j, 3 + 2 * j);
        drift[(1, q)] = sign * g;
        drift[(p, 0)] = sign * g;
        drift[(q, p)] = omega[j];
        drift[(p, q)] = -omega[j];
        drift[(p, p)] = -gamma[j];
        noise.extend([0.0, 2.0 * gamma[j] * n]);
    }
    LinearModel::new(drift, RMatrix::from_diagonal(&noise))
}

/// The optomechanical pair of Mari et al. (2013) in Weyl order; modes a1, b1, a2, b2.
fn pair() -> BoundLangevin {
    let (w, kappa, gamma, g, mu, drive): ([f64; 2], f64, f64, f64, f64, f64) =
        ([1.0, 1.005], 0.15, 0.005, 0.005, 0.02, 48.0);
    let real = |x: f64| Scalar::real(x);
    let mut h = Operator::zero();
    let mut jumps = Vec::new();
    for j in 0..2 {
        let (a, b) = (ModeId(2 * j as u32), ModeId(2 * j as u32 + 1));
        h = h.add(&Operator::n(a).scale(&real(-w[j]))).add(&Operator::n(b).scale(&real(w[j])));
        let x = Operator::annihilation(b).add(&Operator::creation(b));
        h = h.sub(&Operator::n(a).mul(&x).scale(&real(g)));
        let kick = Operator::creation(a).sub(&Operator::annihilation(a)).scale(&Scalar::number(c64::new(0.0, drive)));
        h = h.add(&kick);
        jumps.push((format!("light {j}"), Operator::annihilation(a).scale(&real((2.0 * kappa).sqrt()))));
        jumps.push((format!("mechanics {j}"), Operator::annihilation(b).scale(&real((2.0 * gamma).sqrt()))));
    }
    let hop = Operator::annihilation(ModeId(1)).mul(&Operator::creation(ModeId(3)));
    h = h.sub(&hop.add(&hop.adjoint()).scale(&real(mu)));
    let names = Names { parameters: Vec::new(), modes: ["a1", "b1", "a2", "b2"].map(String::from).to_vec() };
    let langevin = Langevin::from_operators(4, &h, &jumps, Ordering::Wigner, &names);
    LangevinKernel::new(&langevin).bind(&[]).expect("numbers")
}

fn moments<D: Dynamics>(dynamics: &D, plan: &Plan) -> EnsembleMoments {
    let (n, samples) = (dynamics.dimension(), plan.sampling.count);
    let blocks = run(dynamics, plan, Watch::default(), |_| BlockMoments::new(n, samples)).expect("not stopped");
    EnsembleMoments::new(blocks, samples)
}

fn normals() {
    let mut lanes = Streams { seed: 1 }.lanes::<16>(0);
    let mut out = vec![[0.0; 16]; 96];
    let rounds = 2000;
    let (seconds, ()) = least(5, || {
        for _ in 0..rounds {
            lanes.fill_normals(&mut out);
            std::hint::black_box(&out);
        }
    });
    tell("normals", &[seconds / f64::from(rounds) / (16.0 * 96.0)]);
}

/// 600 trajectories × 1200 exact samples of six variables, with means and covariances.
fn exact() {
    let model = membranes();
    let (mean, v) = model.stationary().expect("damped");
    let sampling = Sampling { from: 0.0, every: 2.5e-6, count: 1200 };
    let start = GaussianStart::new(mean, &v).expect("a covariance");
    let exact = Exact::new(model, start, &sampling).expect("a linear model");
    let (seconds, _) = least(20, || moments(&exact, &Plan::new(1, 600, sampling)));
    tell("exact", &[600.0, 1200.0, seconds]);
}

/// One simulated second of two clocks in 32 stationary pieces, 16 exact samples a period.
fn ticks() {
    let model = membranes();
    let (mean, v) = model.stationary().expect("damped");
    let every = 1.0 / 400_000.0 / 16.0;
    let sampling = Sampling { from: 0.0, every, count: 200_000 };
    let start = GaussianStart::new(mean, &v).expect("a covariance");
    let exact = Exact::new(model, start, &sampling).expect("a linear model");
    let clocks = [2, 4].map(|variable| Clock { variable, tick: Tick::Upward(0.0) });
    let (seconds, blocks) = least(3, || {
        let plan = Plan::new(1, 32, sampling);
        run(&exact, &plan, Watch::default(), |_| TickObserver::new(&exact, &clocks, 0)).expect("not stopped")
    });
    let mut all = Intervals::default();
    blocks.iter().for_each(|b| all.merge(&b.intervals()[0]));
    tell("ticks", &[all.ticks as f64, seconds, all.accuracy()]);
}

/// Truncated Wigner of the pair from rest: CPU time, and S_c at the end.
fn wigner() {
    let bound = pair();
    let vacuum = RMatrix::identity(8).scale(0.5);
    let start = GaussianStart::new(vec![0.0; 8], &vacuum).expect("a covariance");
    let sampling = Sampling { from: 1000.0, every: 1.0, count: 1 };
    for step in [0.05, 0.1] {
        let stepping = Stepping { method: Method::Splitting, step, refine: 1 };
        let stepped = Stepped::new(bound.clone(), start.clone(), sampling, stepping);
        let (seconds, all) = least(2, || moments(&stepped, &Plan::new(1, 4000, sampling)));
        let v = all.snapshot(0).covariance;
        let part = |i: usize| 0.5 * (v[(2 + i, 2 + i)] + v[(6 + i, 6 + i)]) - v[(2 + i, 6 + i)];
        tell("wigner", &[step, seconds, 1.0 / (part(0) + part(1))]);
    }
}

/// Largest resident memory of this process so far, in bytes.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kilobytes| 1024.0 * kilobytes)
}

/// An ensemble of `count` trajectories in a process of its own.
fn memory(count: u64) {
    let model = membranes();
    let (mean, v) = model.stationary().expect("damped");
    let sampling = Sampling { from: 0.0, every: 2.5e-6, count: 100 };
    let exact = Exact::new(model, GaussianStart::new(mean, &v).expect("a covariance"), &sampling).expect("linear");
    let all = moments(&exact, &Plan::new(1, count, sampling));
    assert_eq!(all.finite(), count);
    tell("ensemble_memory", &[count as f64, peak()]);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--memory") {
        memory(arguments[at + 1].parse().expect("a number of trajectories"));
        return;
    }
    normals();
    exact();
    ticks();
    wigner();
    let own = std::env::current_exe().expect("this program");
    for count in ["1000", "100000"] {
        let _ = std::process::Command::new(&own).args(["--memory", count]).status();
    }
}
