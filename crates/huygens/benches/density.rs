//! The timings of the fock level behind BENCHMARKS.md: `cargo xtask bench` runs this and the peer, and compares.
//!
//! Prints one line for each timing, `name<TAB>numbers…`. CPU times are those of all threads of the process.

use std::io::Write;
use std::time::Instant;

use huygens::levels::fock::{Cutoff, Density, Evolution, Problem};
use huygens::measures::Moments;
use huygens::model::{JumpSource, ModeSource, Model, ModelSource, ParameterSource, StartSource, TermSource, Text};

fn tell(name: &str, numbers: &[f64]) {
    let mut line = name.to_owned();
    for number in numbers {
        line.push_str(&format!("\t{number:.10e}"));
    }
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn text(text: &str) -> Text {
    Text::new(text, text)
}

/// The dimer of Aifer, Thingna and Deffner (2024).
fn dimer() -> Model {
    let parameters = [
        ("omega1", "2*pi"),
        ("omega2", "3*pi"),
        ("k", "1"),
        ("gamma1", "0.00087"),
        ("gamma2", "0.0016"),
        ("beta", "0.05"),
        ("n1", "1/(exp(2*beta*omega1)-1)"),
        ("n2", "1/(exp(2*beta*omega2)-1)"),
    ];
    let jumps = [
        "sqrt(gamma1*(n1+1))*a1^2",
        "sqrt(gamma1*n1)*dag(a1)^2",
        "sqrt(gamma2*(n2+1))*a2^2",
        "sqrt(gamma2*n2)*dag(a2)^2",
    ];
    let start = |mode: &str, occupation: &str| StartSource {
        mode: text(mode),
        amplitude: None,
        occupation: Some(text(occupation)),
        squeezing: None,
        angle: None,
    };
    let source = ModelSource {
        name: "dimer".into(),
        modes: ["a1", "a2"].map(|m| ModeSource { name: text(m), kind: text("boson") }).into(),
        parameters: parameters
            .iter()
            .map(|(n, v)| ParameterSource { name: text(n), value: text(v), unit: String::new(), note: String::new() })
            .collect(),
        hamiltonian: vec![TermSource { name: text("H"), expression: text("omega1*n(a1) + omega2*n(a2)") }],
        antihermitian: vec![TermSource { name: text("Hc"), expression: text("k/2*(dag(a1)*a2 + h.c.)") }],
        jumps: jumps.iter().map(|l| JumpSource { operator: text(l), each: None, label: String::new() }).collect(),
        start: vec![start("a1", "1/(exp(beta*omega1)-1)"), start("a2", "1/(exp(beta*omega2)-1)")],
        ..ModelSource::default()
    };
    Model::build(&source, &[]).expect("a good model")
}

fn distance(state: &Density) -> f64 {
    let m = state.moments();
    let n = |k: usize| m.covariance(k, k)[0][0] + m.covariance(k, k)[1][1];
    let c = m.covariance(0, 1);
    (1.0 - 2.0 * (c[0][0] + c[1][1]) / (n(0) + n(1))).sqrt()
}

fn run(name: &str, k: f64, cutoff: &Cutoff, until: f64, tolerance: f64, repeats: usize) {
    let model = dimer();
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

/// Elements, nanoseconds an element, and GB/s of one application of the generator; GB/s of a STREAM-like sum of vectors of the
/// same size. On one thread each.
fn apply(cutoff: usize) {
    let model = dimer();
    let binding = model.bind(&[]).expect("a good value");
    let problem = Problem::new(&model, &binding, Cutoff::Total(cutoff), 8e9).expect("fits");
    let elements = problem.start.layout().len() as f64;
    let x = problem.start.data().to_vec();
    let mut out = vec![0.0; x.len()];
    let best = |work: &mut dyn FnMut()| {
        let times = (0..20).map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed().as_secs_f64()
        });
        times.fold(f64::INFINITY, f64::min)
    };
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let generator = one.install(|| problem.operators.clone());
    let generator = one.install(|| huygens::levels::fock::Generator::new(&generator, problem.start.layout().clone()));
    let applied = best(&mut || generator.apply(std::hint::black_box(&x), std::hint::black_box(&mut out)));
    let (a, b) = (x.clone(), x.clone());
    let summed = best(&mut || {
        for ((o, a), b) in out.iter_mut().zip(&a).zip(&b) {
            *o = a + 0.5 * b;
        }
        std::hint::black_box(&mut out);
    });
    // One vector read and one written; the sum reads two.
    tell("apply", &[elements, 1e9 * applied / elements, 32e-9 * elements / applied, 48e-9 * elements / summed]);
}

fn main() {
    apply(60);
    apply(160);
    run("dimer_product_24", 1.0, &Cutoff::Product(vec![24, 24]), 0.5, 1e-9, 20);
    run("dimer_total_100", 0.5, &Cutoff::Total(100), 10.0, 1e-9, 1);
}
