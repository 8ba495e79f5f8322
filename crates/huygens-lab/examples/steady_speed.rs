//! How long one steady state of `membranes` with its measures takes in a sweep, one core:
//! `cargo run --release -p huygens-lab --example steady_speed`.

#![allow(clippy::print_stderr)]

use std::sync::Arc;
use std::time::Instant;

use huygens::experiment::{Experiment, Options};
use huygens_lab::file;

fn main() {
    let model = Arc::new(file::load("membranes").unwrap_or_else(|e| panic!("{e}")).model);
    let measures: Vec<String> = [
        "pearson(q(b1),q(b2))",
        "n(a)",
        "n(b1)",
        "n(b2)",
        "entropy_flux(a)",
        "entropy_flux(b1)",
        "entropy_flux(b2)",
        "entropy_production",
    ]
    .map(String::from)
    .into();
    let experiment = Experiment::new(model.clone(), &measures, Options::default()).expect("measures of the model");
    let mut binding = model.bind(&[]).expect("defaults");
    let mut solver = experiment.steady_solver(&binding).expect("a linear model at rest");
    let id = model.parameters.id("g").expect("a parameter");
    let count = 200_000;
    let mut best = f64::INFINITY;
    let mut sum = 0.0;
    for _ in 0..5 {
        let (mut rows, mut solved) = (Vec::new(), Vec::new());
        let start = Instant::now();
        let mut values = Vec::with_capacity(64);
        for k in 0..count {
            let g = 0.001 + 0.099 * k as f64 / count as f64;
            model.parameters.set(&mut binding, id, g).expect("a value");
            values.push(binding.values.clone());
            if values.len() == 64 || k + 1 == count {
                rows.clear();
                solved.clear();
                solver.solve(values.iter().map(Vec::as_slice), &mut rows, &mut solved);
                sum += rows[0] + f64::from(u8::from(solved[0]));
                values.clear();
            }
        }
        best = best.min(start.elapsed().as_secs_f64() / count as f64);
    }
    eprintln!("{:.3} µs a point ({sum:.1})", best * 1e6);
}
