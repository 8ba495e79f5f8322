//! The timings of the fock level behind BENCHMARKS.md: `cargo xtask bench` runs this and the peer, and compares.
//!
//! Prints one line for each timing, `name<TAB>numbers…`. CPU times are those of all threads of the process.

use std::io::Write;
use std::time::Instant;

use huygens::levels::fock::{Cutoff, Density, Evolution, Generator, Problem, Stationary, SteadyMethod, steady_state};
use huygens::measures::Moments;
use huygens::model::Model;
use huygens_lab::file;
use multiversion::multiversion;

fn tell(name: &str, numbers: &[f64]) {
    let mut line = name.to_owned();
    for number in numbers {
        line.push_str(&format!("\t{number:.10e}"));
    }
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn model(name: &str) -> Model {
    file::load(name).expect("a built-in model").model
}

fn distance(state: &Density) -> f64 {
    let m = state.moments();
    let n = |k: usize| m.covariance(k, k)[0][0] + m.covariance(k, k)[1][1];
    let c = m.covariance(0, 1);
    (1.0 - 2.0 * (c[0][0] + c[1][1]) / (n(0) + n(1))).sqrt()
}

fn run(name: &str, k: f64, cutoff: &Cutoff, until: f64, tolerance: f64, repeats: usize) {
    let model = model("waveguide-dimer");
    let binding = model.bind(&[("k", k)]).expect("a good value");
    let mut best = f64::INFINITY;
    let mut prepared = f64::INFINITY;
    let mut facts = Vec::new();
    for _ in 0..repeats {
        let begin = Instant::now();
        let problem = Problem::new(&model, &binding, cutoff.clone(), 4e9).expect("fits");
        prepared = prepared.min(begin.elapsed().as_secs_f64());
        let elements = problem.start.layout().len() as f64;
        let mut state = problem.start;
        let mut evolution = Evolution::new(problem.generator, tolerance);
        evolution.advance(&mut state, 0.0, until).expect("runs");
        best = best.min(begin.elapsed().as_secs_f64());
        let work = evolution.work();
        facts = vec![distance(&state), elements, work.steps as f64, work.applications as f64];
    }
    let mut numbers = vec![best, prepared];
    numbers.extend(facts);
    tell(name, &numbers);
}

/// Elements of the kernel that shows the limit of the arithmetic: all its vectors together fill half of a first cache of 32 KiB.
const SHORT: usize = 64;

/// Vectors that begin with a line of the cache.
#[repr(align(64))]
struct Aligned<const N: usize>([[f64; 2 * SHORT]; N]);

/// The operations that one element of the dimer asks of the generator (26 multiplications, 21 additions, 29 loads: the diagonal part,
/// one job without a table, six with one, one with two), here on few elements in the first cache, aligned, without rows and jobs.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn arithmetic(Aligned(x): &Aligned<9>, Aligned(tables): &Aligned<5>, v: &[f64; 9], out: &mut Aligned<1>) {
    const L: usize = 32;
    let lane = |list: &[f64], from: usize| -> [f64; L] { *list[from..].first_chunk().expect("a whole lane") };
    for at in (0..SHORT).step_by(L) {
        let table = |job: usize| lane(&tables[job / 2], job % 2 * SHORT + at);
        let (ket, bra) = (table(8), table(9));
        let (one, two) = (lane(&x[8], at), lane(&x[8], SHORT + at));
        let (mut re, mut im) = ([0.0; L], [0.0; L]);
        for i in 0..L {
            let d = ket[i] + bra[i];
            re[i] = d * one[i] - v[8] * two[i];
            im[i] = d * two[i] + v[8] * one[i];
        }
        let (one, two) = (lane(&x[0], at), lane(&x[0], SHORT + at));
        for i in 0..L {
            re[i] += v[0] * one[i];
            im[i] += v[0] * two[i];
        }
        for job in 1..7 {
            let (f, one, two) = (table(job), lane(&x[job], at), lane(&x[job], SHORT + at));
            for i in 0..L {
                let t = v[job] * f[i];
                re[i] += t * one[i];
                im[i] += t * two[i];
            }
        }
        let (f, g) = (table(0), table(7));
        let (one, two) = (lane(&x[7], at), lane(&x[7], SHORT + at));
        for i in 0..L {
            let t = v[7] * f[i] * g[i];
            re[i] += t * one[i];
            im[i] += t * two[i];
        }
        out.0[0][at..at + L].copy_from_slice(&re);
        out.0[0][SHORT + at..SHORT + at + L].copy_from_slice(&im);
    }
}

/// Nanoseconds an element of [`arithmetic`].
fn limit() -> f64 {
    let (x, tables) = (Box::new(Aligned([[0.5; 2 * SHORT]; 9])), Box::new(Aligned([[0.25; 2 * SHORT]; 5])));
    let weights = std::hint::black_box([0.1; 9]);
    let mut out = Box::new(Aligned([[0.0; 2 * SHORT]]));
    let mut best = f64::INFINITY;
    for _ in 0..200 {
        let begin = Instant::now();
        for _ in 0..400 {
            arithmetic(std::hint::black_box(&x), std::hint::black_box(&tables), &weights, &mut out);
            std::hint::black_box(&mut out);
        }
        best = best.min(begin.elapsed().as_secs_f64());
    }
    1e9 * best / (400 * SHORT) as f64
}

/// Elements, nanoseconds an element, and GB/s of one application of the generator; GB/s of a STREAM-like sum of vectors of the
/// same size, and nanoseconds an element of the arithmetic alone. On one thread each.
fn apply(cutoff: usize) {
    let model = model("waveguide-dimer");
    let binding = model.bind(&[]).expect("a good value");
    let problem = Problem::new(&model, &binding, Cutoff::Total(cutoff), 8e9).expect("fits");
    let elements = problem.start.layout().len() as f64;
    let x = problem.start.data().to_vec();
    let mut out = vec![0.0; x.len()];
    let best = |work: &mut dyn FnMut()| {
        let times = (0..60).map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed().as_secs_f64()
        });
        times.fold(f64::INFINITY, f64::min)
    };
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let generator = one.install(|| problem.operators.clone());
    let generator = one.install(|| Generator::new(&generator, problem.start.layout().clone()));
    let applied = best(&mut || generator.apply(std::hint::black_box(&x), std::hint::black_box(&mut out)));
    let (a, b) = (x.clone(), x.clone());
    let summed = best(&mut || {
        for ((o, a), b) in out.iter_mut().zip(&a).zip(&b) {
            *o = a + 0.5 * b;
        }
        std::hint::black_box(&mut out);
    });
    // One vector read and one written; the sum reads two.
    let rates = [32e-9 * elements / applied, 48e-9 * elements / summed];
    tell("apply", &[elements, 1e9 * applied / elements, rates[0], rates[1], limit()]);
}

/// Most memory that the process has held so far, in MB; 0 where the system does not tell.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(0.0, |kb| kb / 1e3)
}

/// The steady state of two oscillators below `n` quanta each: wall seconds from the model on, elements, residual, ⟨n⟩ of the first, and
/// the peak of the memory.
fn steady(name: &str, system: &str, values: &[(&str, f64)], n: usize, repeats: usize) {
    let model = model(system);
    let binding = model.bind(values).expect("good values");
    let mut best = f64::INFINITY;
    let mut facts = Vec::new();
    for _ in 0..repeats {
        let begin = Instant::now();
        let problem = Stationary::new(&model, &binding, Cutoff::Product(vec![n, n]), 4e9).expect("fits");
        let found = steady_state(&problem.generator, SteadyMethod::Automatic, 4e9).expect("there is one");
        best = best.min(begin.elapsed().as_secs_f64());
        let moments = found.density.moments();
        let v = moments.covariance(0, 0);
        let number = 0.5 * (v[0][0] + v[1][1] - 1.0) + moments.mean(0).norm_sqr();
        facts = vec![problem.generator.layout().len() as f64, found.residual, number];
    }
    let mut numbers = vec![best];
    numbers.extend(facts);
    numbers.push(peak());
    tell(&format!("{name}_{n}"), &numbers);
}

/// Two chains of `members` spins and a central one to t = 2·10⁴, from chains that are thermal about the mean number of a twentieth: wall
/// seconds from the model to the end, ⟨σ_z⟩, states, elements and applications.
fn central(members: usize) {
    let given: Vec<(String, String)> =
        [("N1", members), ("N2", members)].map(|(name, n)| (name.to_owned(), n.to_string())).to_vec();
    let begin = Instant::now();
    let model = file::load_with("central-spin", &given).expect("a built-in model").model;
    let binding = model.bind(&[("x_0", 0.0)]).expect("a good value");
    let all = Cutoff::Total(2 * members + 1);
    let problem = Problem::new(&model, &binding, all, 4e9).expect("fits");
    let (states, elements) = (problem.operators.space.len(), problem.start.layout().len());
    let mut state = problem.start;
    let mut evolution = Evolution::new(problem.generator, 1e-9);
    evolution.advance(&mut state, 0.0, 2e4).expect("runs");
    let seconds = begin.elapsed().as_secs_f64();
    // The central spin is the first mode: its states up come last.
    let populations = state.populations();
    let mut up = 0.0;
    problem.operators.space.each(|at, n| up += f64::from(n[0]) * populations[at]);
    let facts = [seconds, 2.0 * up - 1.0, states as f64, elements as f64, evolution.work().applications as f64];
    tell(&format!("central_{members}"), &facts);
}

fn main() {
    central(5);
    central(10);
    steady("steady", "van-der-pol-pair", &[("gamma2", 0.05)], 16, 20);
    steady("steady", "van-der-pol-pair", &[("gamma2", 0.01)], 40, 2);
    let weak = [("kappa", 0.1), ("K", 0.2), ("F1", 0.3)];
    steady("driven", "kerr-pair", &weak, 12, 5);
    steady("driven", "kerr-pair", &weak, 20, 2);
    apply(60);
    apply(160);
    run("dimer_product_24", 1.0, &Cutoff::Product(vec![24, 24]), 0.5, 1e-9, 20);
    run("dimer_total_100", 0.5, &Cutoff::Total(100), 10.0, 1e-9, 1);
}
