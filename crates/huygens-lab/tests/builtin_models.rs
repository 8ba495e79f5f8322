//! The built-in models load, and say what the papers say.

mod common;

use common::flow;
use huygens::algebra::{ModeId, Operator, heisenberg};
use huygens_lab::file::{BUILTINS, load, load_with};
use num_complex::Complex64 as c64;

fn given(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect()
}

#[test]
fn every_built_in_model_loads_without_a_warning() {
    for builtin in BUILTINS {
        let loaded = load(builtin.name).unwrap_or_else(|e| panic!("{e}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings[0]);
        assert_eq!(loaded.model.name, builtin.name);
        assert!(builtin.summary().len() > 20, "{}", builtin.summary());
        assert!(!loaded.model.measures.is_empty() && !loaded.model.uncoupled.is_empty());
        assert!(!loaded.model.reference.is_empty() && !loaded.model.time_unit.is_empty());
        for (_, p) in loaded.model.parameters.iter() {
            assert!(!p.note.is_empty(), "{} of {} has no note", p.name, builtin.name);
        }
    }
}

#[test]
fn the_optomechanical_pair_moves_by_equation_9() {
    let model = load("optomechanical-pair").unwrap().model;
    let binding = model.bind(&[]).unwrap();
    let names: Vec<&str> = model.modes.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["a1", "b1", "a2", "b2"]);
    let z = [c64::new(3.0, -2.0), c64::new(-40.0, 15.0), c64::new(0.5, 7.0), c64::new(22.0, 31.0)];
    let f = flow(&model, &binding.values, &z);
    let (kappa, gamma, g, mu, drive) = (0.15, 0.005, 0.005, 0.02, 48.0);
    let i = c64::i();
    for (j, (omega, delta)) in [(1.0, 1.0), (1.005, 1.005)].into_iter().enumerate() {
        let (a, b, other) = (z[2 * j], z[2 * j + 1], z[3 - 2 * j]);
        let da = (c64::from(-kappa) + i * (delta + 2.0 * g * b.re)) * a + drive;
        let db = -(c64::from(gamma) + i * omega) * b + i * g * a.norm_sqr() + i * mu * other;
        assert!((f[2 * j] - da).norm() < 1e-12 * da.norm(), "{} {da}", f[2 * j]);
        assert!((f[2 * j + 1] - db).norm() < 1e-12 * db.norm(), "{} {db}", f[2 * j + 1]);
    }
    assert_eq!(model.baths.len(), 4);
    assert_eq!(model.oscillators, [ModeId(1), ModeId(3)]);
}

#[test]
fn the_ring_of_any_length_is_the_pair_cell_by_cell() {
    let loaded = load_with("optomechanical-ring", &given(&[("N", "5")])).unwrap();
    let model = &loaded.model;
    assert_eq!(model.len(), 10);
    let binding = model.bind(&[("mu", 0.03)]).unwrap();
    let z: Vec<c64> = (0..10).map(|k| c64::new((k as f64).sin() * 5.0, (k as f64 * 1.7).cos() * 5.0)).collect();
    let f = flow(model, &binding.values, &z);
    for j in 0..5 {
        let (left, right) = (z[5 + (j + 4) % 5], z[5 + (j + 1) % 5]);
        let (a, b) = (z[j], z[5 + j]);
        let db = -c64::new(0.005, 1.0) * b + c64::i() * 0.005 * a.norm_sqr() + c64::i() * 0.03 * (left + right);
        assert!((f[5 + j] - db).norm() < 1e-12 * db.norm());
    }
    assert!(model.needs_rebuild("N") && !model.needs_rebuild("mu"));
    assert!(model.bind(&[("N", 6.0)]).is_err());
    assert!(model.bind(&[("N", 5.0)]).is_ok());
    let again = loaded.rebuild(&given(&[("N", "7")])).unwrap();
    assert_eq!(again.model.len(), 14);
}

#[test]
fn dependent_parameters_follow_until_they_are_given() {
    let model = load("optomechanical-pair").unwrap().model;
    let id = |n: &str| model.parameters.id(n).unwrap();
    let mut binding = model.bind(&[("omega1", 1.5)]).unwrap();
    assert_eq!(binding.value(id("Delta1")), 1.5);
    assert_eq!(binding.value(id("Delta2")), 1.005);
    model.parameters.set(&mut binding, id("Delta1"), 0.9).unwrap();
    model.parameters.set(&mut binding, id("omega1"), 2.0).unwrap();
    assert_eq!(binding.value(id("Delta1")), 0.9);
    // A value given as an expression follows, too.
    let model =
        load_with("optomechanical-pair", &given(&[("Delta1", "2*omega2"), ("drive", "kappa*320")])).unwrap().model;
    let binding = model.bind(&[("omega2", 0.25), ("kappa", 0.1)]).unwrap();
    assert_eq!(binding.value(model.parameters.id("Delta1").unwrap()), 0.5);
    assert!((binding.value(model.parameters.id("drive").unwrap()) - 32.0).abs() < 1e-12);
}

/// A plain fourth-order step, enough to see where a model goes.
fn relax(model: &huygens::model::Model, values: &[f64], z: &mut [c64], dt: f64, steps: usize) {
    let jumps: Vec<Operator> = model.jumps.iter().map(|j| j.operator.clone()).collect();
    let symbols: Vec<_> = (0..model.len())
        .map(|k| heisenberg(&model.hamiltonian, &jumps, &Operator::annihilation(ModeId(k as u32))).normal_symbol())
        .collect();
    let f = |z: &[c64]| -> Vec<c64> { symbols.iter().map(|s| s.eval(z, values, 0.0).unwrap()).collect() };
    let shifted = |z: &[c64], k: &[c64], h: f64| -> Vec<c64> { z.iter().zip(k).map(|(z, k)| z + k * h).collect() };
    for _ in 0..steps {
        let k1 = f(z);
        let k2 = f(&shifted(z, &k1, dt / 2.0));
        let k3 = f(&shifted(z, &k2, dt / 2.0));
        let k4 = f(&shifted(z, &k3, dt));
        for (k, z) in z.iter_mut().enumerate() {
            *z += (k1[k] + 2.0 * k2[k] + 2.0 * k3[k] + k4[k]) * (dt / 6.0);
        }
    }
}

#[test]
fn the_van_der_pol_pair_locks_within_its_tongue_and_not_outside() {
    let model = load("van-der-pol-pair").unwrap().model;
    let lag = |detuning: f64, coupling: f64| {
        let binding = model.bind(&[("Delta", detuning), ("V", coupling)]).unwrap();
        let mut z = model.start_values(&binding).unwrap();
        relax(&model, &binding.values, &mut z, 0.1, 8000);
        let first = (z[0] * z[1].conj()).arg();
        let radius = z[0].norm();
        relax(&model, &binding.values, &mut z, 0.1, 300);
        (first, (z[0] * z[1].conj()).arg() - first, radius)
    };
    let (phase, drift, radius) = lag(0.02, 0.05);
    assert!(drift.abs() < 1e-6, "drifts by {drift}");
    // By symmetry |b1| = |b2|, so that sin φ = Δ/V exactly, and |b|² = (γ₁ − V(1 − cos φ))/(2γ₂).
    assert!((phase.sin() - 0.02 / 0.05).abs() < 1e-6, "{}", phase.sin());
    let expected = ((0.2 - 0.05 * (1.0 - phase.cos())) / 0.004).sqrt();
    assert!((radius - expected).abs() < 1e-6 * expected, "{radius} {expected}");
    let (_, drift, _) = lag(0.08, 0.05);
    assert!(drift.abs() > 0.1, "does not drift: {drift}");
}

#[test]
fn the_driven_van_der_pol_oscillator_rests_in_the_frame_of_its_drive() {
    let model = load("van-der-pol-driven").unwrap().model;
    let binding = model.bind(&[]).unwrap();
    let mut z = model.start_values(&binding).unwrap();
    relax(&model, &binding.values, &mut z, 0.02, 5000);
    assert!(flow(&model, &binding.values, &z)[0].norm() < 1e-9);
    let free = model.uncoupled_binding(&binding).unwrap().unwrap();
    let mut z = model.start_values(&free).unwrap();
    relax(&model, &free.values, &mut z, 0.02, 5000);
    assert!((z[0].norm_sqr() - 10.0).abs() < 1e-6);
    assert!(flow(&model, &free.values, &z)[0].norm() > 0.1);
}

#[test]
fn the_stuart_landau_ring_locks_and_its_frequencies_follow_the_rule() {
    let model = load("stuart-landau-network").unwrap().model;
    let binding = model.bind(&[]).unwrap();
    let mut z = model.start_values(&binding).unwrap();
    relax(&model, &binding.values, &mut z, 0.1, 20000);
    let phases = |z: &[c64]| -> Vec<f64> { (1..10).map(|k| (z[k] * z[0].conj()).arg()).collect() };
    let before = phases(&z);
    relax(&model, &binding.values, &mut z, 0.1, 500);
    for (a, b) in before.iter().zip(phases(&z)) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    let mean: c64 = z.iter().map(|z| z / z.norm()).sum::<c64>() / 10.0;
    assert!(mean.norm() > 0.8, "{}", mean.norm());
    // Alone, node j turns at omega + spread*(2(j−1)/(N−1) − 1).
    let alone = model.bind(&[("V", 0.0), ("gamma1", 0.0), ("gamma2", 0.0)]).unwrap();
    let z = vec![c64::from(1.0); 10];
    for (j, f) in flow(&model, &alone.values, &z).iter().enumerate() {
        let omega = 1.0 + 0.01 * (2.0 * j as f64 / 9.0 - 1.0);
        assert!((f + c64::i() * omega).norm() < 1e-12);
    }
}

#[test]
fn the_kerr_pair_settles_on_one_bright_state() {
    let model = load("kerr-pair").unwrap().model;
    let binding = model.bind(&[]).unwrap();
    let mut settled = Vec::new();
    for start in [0.0, 3.0, -8.0] {
        let mut z = vec![c64::from(start), c64::new(0.0, start)];
        relax(&model, &binding.values, &mut z, 0.02, 5000);
        assert!(flow(&model, &binding.values, &z).iter().all(|f| f.norm() < 1e-9), "{z:?}");
        settled.push(z);
    }
    assert!(settled.iter().all(|z| (z[0] - settled[0][0]).norm() < 1e-8), "{settled:?}");
    assert!(settled[0][0].norm_sqr() > 5.0, "{}", settled[0][0].norm_sqr());
}

#[test]
fn a_ring_of_four_hundred_is_built_and_bound_quickly() {
    let clock = std::time::Instant::now();
    let model = load_with("optomechanical-ring", &given(&[("N", "400")])).unwrap().model;
    let built = clock.elapsed().as_secs_f64();
    assert_eq!((model.len(), model.jumps.len()), (800, 1200));
    let clock = std::time::Instant::now();
    let rounds = 20;
    for k in 0..rounds {
        model.bind(&[("mu", 0.01 + 1e-3 * k as f64)]).unwrap();
    }
    let bound = clock.elapsed().as_secs_f64() / rounds as f64;
    assert!(built < 3.0 && bound < 5e-3, "built in {built} s, bound in {bound} s");
}
