//! The timings of the response level behind BENCHMARKS.md: `cargo xtask bench` runs this and the peer, and compares.
//!
//! Prints one line for each timing, `name<TAB>numbers…`.

use std::io::Write;
use std::time::Instant;

use huygens::levels::response::batch::{Amplitudes, Batch, Outcome, Point};
use huygens::levels::response::lowest::Integrals;
use huygens::levels::response::{AllOrders, LowestOrder, Statics, System};
use huygens_lab::file;
use huygens_numerics::c64;
use rayon::prelude::*;

fn tell(name: &str, numbers: &[f64]) {
    let mut line = name.to_owned();
    for number in numbers {
        line.push_str(&format!("\t{number:.10e}"));
    }
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Best of some repeats, seconds.
fn best(repeats: usize, mut work: impl FnMut()) -> f64 {
    let times = (0..repeats).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

fn main() {
    let model = file::load("thermal-machine").expect("a built-in model").model;
    let system = System::derive(&model).expect("a linear model");
    let at = |values: &[(&str, f64)]| {
        let binding = model.bind(values).expect("good values");
        Statics::new(&system.bind(&binding.values).expect("values")).expect("a steady state")
    };
    let statics = at(&[]);
    // The map of Fig. 3: 260 frequencies, 160 temperatures, all observables.
    let (columns, rows) = (260, 160);
    let (mut points, mut amplitudes) = (Vec::new(), Vec::new());
    let g = |w: f64| c64::new(0.0, -0.5 / w.sqrt());
    for j in 0..rows {
        let t = 0.01 * 200.0_f64.powf(j as f64 / (rows - 1) as f64);
        for i in 0..columns {
            points.push(Point { frequency: 1e-2 * 1e5_f64.powf(i as f64 / (columns - 1) as f64), hot: t, cold: t });
            amplitudes.push(Amplitudes { values: [c64::new(0.5, 0.0), g(0.6)], slopes: [c64::new(0.0, 0.0); 2] });
        }
    }
    let batch = Batch::new(&statics).expect("two oscillators and a Drude bath");
    let count = points.len() as f64;
    let one = best(20, || {
        let (mut scratch, mut out) = (Vec::new(), Vec::with_capacity(points.len()));
        batch.outcomes(&points, &amplitudes, &mut scratch, &mut out);
        std::hint::black_box(&out);
    });
    let mut sum = 0.0;
    let all = best(20, || {
        let parts: Vec<Vec<Outcome>> = points
            .par_chunks(columns)
            .zip(amplitudes.par_chunks(columns))
            .map(|(points, amplitudes)| {
                let (mut scratch, mut out) = (Vec::new(), Vec::with_capacity(points.len()));
                batch.outcomes(points, amplitudes, &mut scratch, &mut out);
                out
            })
            .collect();
        sum = parts.iter().flatten().filter(|o| o.good).map(|o| o.power[0]).sum();
    });
    let good = {
        let (mut scratch, mut out) = (Vec::new(), Vec::new());
        batch.outcomes(&points, &amplitudes, &mut scratch, &mut out);
        out.iter().filter(|o| o.good).count() as f64
    };
    tell("response_map", &[count, all, 1e6 * one / count, good, sum]);
    let reference = LowestOrder::new(&statics, Integrals::Automatic).expect("a machine");
    let single = best(50, || {
        std::hint::black_box(LowestOrder::new(&statics, Integrals::Automatic).expect("a machine"));
    });
    let plain = best(5, || {
        std::hint::black_box(LowestOrder::new(&statics, Integrals::Plain).expect("a machine"));
    });
    tell("response_point", &[1e6 * single, 1e6 * plain, reference.machine.power[0]]);
    for (omega, gamma) in [(200.0, 1e-4), (50.0, 1e-2), (3.0, 1e-2)] {
        let statics = at(&[("Omega", omega), ("gamma1", gamma)]);
        let mut found = None;
        let time = best(3, || found = AllOrders::new(&statics).ok());
        let found = found.expect("all orders");
        tell("response_all", &[omega, gamma, time, found.harmonics as f64, found.machine.uncertainty(Some(0))]);
    }
}
