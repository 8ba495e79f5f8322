//! The timings behind BENCHMARKS.md: `cargo xtask bench` runs this and the peers, and compares.
//!
//! Prints one line for each timing, `name<TAB>numbers…`. CPU times are those of the thread, the least of several repeats:
//! what other programs do on the machine adds to a time and never takes from it.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use huygens::experiment::{Experiment, Options};
use huygens::levels::gaussian::direct;
use huygens::measures::resolve;
use huygens::model::Model;
use huygens_lab::file;
use huygens_lab::record::{Axis, Grid, Provenance};
use huygens_lab::runs::SweepPoints;
use huygens_lab::study::{Silent, Sweep};
use huygens_numerics::ode::Tolerance;

/// CPU seconds of this thread; wall-clock time where the system does not tell.
fn cpu() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    match nanoseconds {
        Some(n) => n as f64 * 1e-9,
        None => {
            static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
            BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64()
        }
    }
}

/// CPU seconds of one call: the least of a few batches, each long enough for the clock of the system, which ticks every few
/// milliseconds.
fn least<T>(batches: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    const BATCH: f64 = 0.1;
    let mut best = f64::INFINITY;
    let mut last = None;
    for _ in 0..batches {
        let begin = cpu();
        let mut calls = 0;
        let mut spent = 0.0;
        while spent < BATCH {
            last = Some(std::hint::black_box(work()));
            calls += 1;
            spent = cpu() - begin;
        }
        best = best.min(spent / f64::from(calls));
    }
    (best, last.expect("at least one call"))
}

fn tell(name: &str, numbers: &[f64]) {
    let mut line = name.to_owned();
    for number in numbers {
        line.push_str(&format!("\t{number:.16e}"));
    }
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn model(name: &str, values: &[(&str, &str)]) -> Model {
    let values: Vec<_> = values.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    file::load_with(name, &values).expect("a built-in model").model
}

fn experiment(model: Model) -> Experiment {
    Experiment::new(Arc::new(model), &[], Options::default()).expect("the measures of a built-in model")
}

/// Mean field and covariance of the pair from rest over 200 periods; the mean of S_c over the second half.
fn direct_run() {
    let pair = experiment(model("optomechanical-pair", &[]));
    let binding = pair.model().parameters.defaults();
    let bound = pair.bind(&binding).expect("defaults");
    let start = pair.model().start_values(&binding).expect("defaults");
    let names: Vec<String> = pair.model().modes.iter().map(|m| m.name.clone()).collect();
    let measure = resolve("complete_sync(b1,b2)", &names, &[1, 3]).expect("a measure of the pair");
    let end = 200.0 * std::f64::consts::TAU;
    let times: Vec<f64> = (0..4096).map(|j| end / 2.0 + f64::from(j) * (end / 2.0) / 4096.0).collect();
    for rtol in [1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12] {
        let (seconds, mean) = least(5, || {
            let mut sum = 0.0;
            let vacuum = direct::vacuum(start.len());
            direct::run(&bound, &start, &vacuum, &times, Tolerance::new(rtol, rtol), 1e12, |_, state| {
                sum += measure.of(state).unwrap_or(f64::NAN);
            })
            .expect("a regular orbit");
            sum / times.len() as f64
        });
        tell("direct", &[rtol, seconds, mean]);
    }
}

/// Attractor, periodic covariance and the measures of the model file.
fn attractors() {
    for (name, sizes) in [("optomechanical-pair", vec![0]), ("optomechanical-ring", vec![20, 400])] {
        for size in sizes {
            let text = size.to_string();
            let values = if size > 0 { vec![("N", text.as_str())] } else { vec![] };
            let experiment = experiment(model(name, &values));
            let binding = experiment.model().parameters.defaults();
            let (seconds, report) = least(10, || experiment.run(&binding).expect("defaults"));
            let first = report.quantities.first().and_then(|q| q.value).unwrap_or(f64::NAN);
            tell("attractor", &[f64::from(size), seconds, first]);
        }
    }
}

fn points(count: u64, measures: &[&str]) -> (Grid, SweepPoints) {
    let mut axes = vec![Axis::parse(&format!("mu=0.002:0.0775:{count}")).expect("an axis")];
    let loaded = file::load("optomechanical-pair").expect("a built-in model");
    let asked: Vec<String> = measures.iter().map(|m| m.to_string()).collect();
    let points = SweepPoints::new(loaded, &asked, Options::default(), &mut axes).expect("a sweep");
    (Grid::new(axes).expect("a grid"), points)
}

/// 400 values of mu on two threads: wall-clock time, and CPU time of the process. For S_c and S_p, and for all measures of the
/// model file.
fn sweep() {
    for measures in [vec!["complete_sync(b1,b2)", "phase_sync(b1,b2)"], vec![]] {
        let (grid, points) = points(400, &measures);
        let study = Sweep::new(grid).threads(std::num::NonZero::new(2));
        let (mut best, mut spent) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..3 {
            let begin = process_cpu();
            let (_, summary) = study.in_memory(&points, &Silent, &false.into()).expect("a sweep");
            best = best.min(summary.elapsed.as_secs_f64());
            spent = spent.min(process_cpu() - begin);
        }
        tell("sweep", &[measures.len() as f64, best, spent]);
    }
}

/// CPU seconds of all threads of this process, in hundredths; NaN where the system does not tell.
fn process_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold spaces: count from behind it.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<f64> = rest.split_whitespace().skip(11).take(2).filter_map(|w| w.parse().ok()).collect();
    if ticks.len() == 2 { (ticks[0] + ticks[1]) / 100.0 } else { f64::NAN }
}

/// One parameter set again, and the compiled equations with it.
fn rebinding() {
    let pair = experiment(model("optomechanical-pair", &[]));
    let parameters = &pair.model().parameters;
    let mut binding = parameters.defaults();
    let mut bound = pair.bind(&binding).expect("defaults");
    let mu = parameters.id("mu").expect("a parameter of the pair");
    let count = 20_000;
    let (seconds, ()) = least(5, || {
        for k in 0..count {
            parameters.set(&mut binding, mu, 0.02 + 1e-9 * f64::from(k)).expect("a number");
            bound.rebind(&binding.values).expect("numbers");
        }
    });
    tell("rebind", &[seconds / f64::from(count)]);
}

/// Steady states of the membranes with all (eight) measures at many values of g, as a sweep asks for them: CPU seconds a point, and
/// the correlation of the displacements at g = 0.04.
fn steady() {
    let model = Arc::new(model("membranes", &[]));
    let measures = [
        "pearson(q(b1),q(b2))",
        "n(a)",
        "n(b1)",
        "n(b2)",
        "entropy_flux(a)",
        "entropy_flux(b1)",
        "entropy_flux(b2)",
        "entropy_production",
    ];
    let asked: Vec<String> = measures.map(String::from).into();
    let experiment = Experiment::new(model.clone(), &asked, Options::default()).expect("measures of the model");
    let mut binding = model.bind(&[]).expect("defaults");
    let mut solver = experiment.steady_solver(&binding).expect("a linear model at rest");
    let g = model.parameters.id("g").expect("a parameter");
    let (count, together) = (20_000, 64);
    let (mut rows, mut solved, mut values) = (Vec::new(), Vec::new(), Vec::with_capacity(together));
    let (seconds, last) = least(5, || {
        for k in 1..=count {
            let value = if k == count { 0.04 } else { 0.001 + 0.099 * f64::from(k) / f64::from(count) };
            model.parameters.set(&mut binding, g, value).expect("a value");
            values.push(binding.values.clone());
            if values.len() == together || k == count {
                rows.clear();
                solved.clear();
                solver.solve(values.iter().map(Vec::as_slice), &mut rows, &mut solved);
                assert!(solved.iter().all(|s| *s), "a stable model");
                values.clear();
            }
        }
        rows[rows.len() - measures.len()]
    });
    tell("steady", &[measures.len() as f64, seconds / f64::from(count), last]);
}

/// Largest resident memory of this process so far, in bytes.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kilobytes| 1024.0 * kilobytes)
}

/// A sweep of `count` points into a store, in a process of its own.
fn memory(count: u64) {
    let (grid, points) = points(count, &[]);
    let folder = std::env::temp_dir().join(format!("huygens-bench-{}", std::process::id()));
    let study = Sweep::new(grid).threads(std::num::NonZero::new(2));
    let done = study.into_store(&folder, "bench", &Provenance::default(), &points, &Silent, &false.into());
    let _ = std::fs::remove_dir_all(&folder);
    done.expect("a sweep");
    tell("memory", &[count as f64, peak()]);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--memory") {
        memory(arguments[at + 1].parse().expect("a number of points"));
        return;
    }
    direct_run();
    attractors();
    sweep();
    rebinding();
    steady();
    let own = std::env::current_exe().expect("this program");
    for count in ["1000", "8000"] {
        let _ = std::process::Command::new(&own).args(["--memory", count]).status();
    }
}
