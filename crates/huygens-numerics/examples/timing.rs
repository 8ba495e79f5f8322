//! Measures the cost of the kernels: `cargo run --release -p huygens-numerics --example timing`.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use huygens_numerics::c64;
use huygens_numerics::linalg::{
    RMatrix, eigen, eigen_complex, eigenvalues, eigenvalues_complex, expm, lyapunov, schur, solve, stein,
    symmetric_eigen,
};
use huygens_numerics::ode::{Dop853, Function, Norm, State, Stepper, Tolerance};

/// Smallest wall time of one call in nanoseconds, over batches short enough to run without interruption.
fn time<R>(mut f: impl FnMut() -> R) -> f64 {
    let mut batch = |calls: usize| {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(f());
        }
        start.elapsed().as_secs_f64()
    };
    let mut calls = 1usize;
    while batch(calls) < 1e-4 {
        calls *= 2;
    }
    (0..400).map(|_| batch(calls) / calls as f64).fold(f64::INFINITY, f64::min) * 1e9
}

fn report(name: &str, ns: f64) {
    if ns < 1e4 { println!("{name:<44}{ns:>10.0} ns") } else { println!("{name:<44}{:>10.1} µs", ns * 1e-3) }
}

fn main() {
    for dim in [8usize, 24, 44, 72, 80, 200] {
        let mut sys = Function::new(dim, |_t, y: &[f64], dy: &mut [f64]| {
            for (d, y) in dy.iter_mut().zip(y) {
                *d = -0.01 * y;
            }
        });
        let start = vec![1.0; dim];
        let rhs = {
            let mut dy = vec![0.0; dim];
            time(|| {
                use huygens_numerics::ode::System;
                sys.rhs(0.0, black_box(&start), &mut dy);
            })
        };
        report(&format!("right-hand side alone, dim {dim}"), rhs);
        for norm in [Norm::Max, Norm::Rms] {
            let mut stepper = Dop853::new(dim, Tolerance::new(1e-9, 1e-12).with_norm(norm));
            let mut y = start.clone();
            let mut t = 0.0;
            let fixed = time(|| {
                let e = stepper.fixed_step(&mut sys, t, &mut y, 1e-3);
                t += 1e-3;
                e
            });
            report(&format!("DOP853 fixed step, dim {dim}, {norm:?}"), fixed);
            let mut stepper = Dop853::new(dim, Tolerance::new(1e-9, 1e-12).with_norm(norm));
            stepper.set_max_step(1e-3);
            let mut state = State::new(0.0, start.clone());
            let step = time(|| {
                // backwards and forwards, so that nothing decays or grows for ever
                stepper.step(&mut sys, &mut state, f64::INFINITY)
            });
            report(&format!("DOP853 adaptive step, dim {dim}, {norm:?}"), step);
        }
    }
    for n in [4usize, 8, 12, 16, 24, 40, 60] {
        let mut seed = 1u64;
        let mut next = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        };
        let mut a = RMatrix::from_fn(n, n, |_, _| next());
        for i in 0..n {
            a[(i, i)] -= (2.0 * n as f64).sqrt();
        }
        let z = a.map(|x| c64::new(x, 0.3 * x * x));
        let q = RMatrix::identity(n);
        let m = a.scale(0.15);
        println!("n = {n}");
        report("  product", time(|| &a * &m));
        report("  solve, n right-hand sides", time(|| solve(&a, &m)));
        report("  solve complex, n right-hand sides", time(|| solve(&z, &z)));
        report("  eigenvalues", time(|| eigenvalues(&a)));
        report("  eigen, both sides", time(|| eigen(&a)));
        report("  eigenvalues complex", time(|| eigenvalues_complex(&z)));
        report("  eigen complex, both sides", time(|| eigen_complex(&z)));
        report("  Schur", time(|| schur(&z)));
        report("  expm", time(|| expm(&a)));
        report("  Lyapunov", time(|| lyapunov(&a, &q)));
        report("  Stein", time(|| stein(&m, &q)));
        report("  symmetric eigen", time(|| symmetric_eigen(&q)));
    }
}
