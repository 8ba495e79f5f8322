//! The two spin chains of Ghildiyal et al. as two bosonic modes, with the equations that follow from their Hamiltonian and jumps: exact density
//! matrices against numbers computed independently, and what is left of the synchronization.

use approx::assert_relative_eq;
use huygens::experiment::{Experiment, Level, Options, Truncation};
use huygens::levels::fock::Cutoff;
use huygens::report::Report;
use huygens_lab::file;

fn run(values: &[(&str, f64)], at: &[f64], level: Level, measures: &[&str]) -> Report {
    let model = file::load(match level {
        Level::Fock => "spin-chains-fixed",
        _ => "spin-chains",
    })
    .unwrap_or_else(|e| panic!("{e}"))
    .model;
    let binding = model.bind(values).unwrap();
    let cutoff = (level == Level::Fock).then_some(Cutoff::Total(12));
    let truncation = Truncation { cutoff, at: at.to_vec(), certify: false, ..Truncation::default() };
    let options = Options { level, truncation, control: level == Level::Gaussian, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
    Experiment::new(model.into(), &measures, options).unwrap().run(&binding).unwrap()
}

/// ⟨b₁⟩ at t = 100 and S_q^φ at t = 1000 with λ = 0.2, from an independent integration of the same master equation.
#[test]
fn exact_dynamics() {
    let report = run(&[("lambda", 0.2)], &[100.0, 1000.0], Level::Fock, &["phi_sync(b1,b2)", "log_negativity(b1,b2)"]);
    assert_relative_eq!(report.value("phi_sync(b1,b2)").unwrap(), 0.998_627_463_512_425_6, max_relative = 1e-8);
    let orbit = &report.orbits[0];
    assert_relative_eq!(orbit.re[0], -0.187_656_563_386_741_55, max_relative = 1e-5);
    assert_relative_eq!(orbit.im[0], -0.317_686_385_074_646_3, max_relative = 1e-5);
    // Entangled on the way, and no more in the end.
    let early = run(&[], &[150.0], Level::Fock, &["log_negativity(b1,b2)"]);
    assert!(early.value("log_negativity(b1,b2)").unwrap() > 0.3);
    let late = run(&[], &[1e4], Level::Fock, &["log_negativity(b1,b2)"]);
    assert!(late.value("log_negativity(b1,b2)").unwrap() < 1e-6);
}

/// The attractor is the vacuum: S_q = 1, as high without coupling.
#[test]
fn the_synchronization_is_that_of_the_vacuum() {
    let report = run(&[], &[], Level::Gaussian, &["complete_sync(b1,b2)", "n(b1)"]);
    assert_relative_eq!(report.value("complete_sync(b1,b2)").unwrap(), 1.0, max_relative = 1e-9);
    assert!(report.value("n(b1)").unwrap().abs() < 1e-9);
    let control = report.checks.iter().find(|c| c.name.starts_with("control of complete_sync")).expect("a control");
    assert_eq!(control.status, huygens::report::Status::Fail);
    assert!(control.note.contains("as high without"), "{}", control.note);
}

/// The central spin and both chains without any elimination: ⟨σ_z⟩ leaves −0.1 for −1, by an independent integration to t = 2·10⁴.
#[test]
fn the_central_spin_does_not_keep_its_inversion() {
    let model = file::load("central-spin").unwrap_or_else(|e| panic!("{e}")).model;
    let binding = model.bind(&[]).unwrap();
    let truncation = Truncation { at: vec![100.0, 2e4], ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let report = Experiment::new(model.into(), &["jz(c)".to_owned()], options).unwrap().run(&binding).unwrap();
    assert_relative_eq!(2.0 * report.series[0].values[0], -0.234, epsilon = 5e-4);
    assert_relative_eq!(2.0 * report.value("jz(c)").unwrap(), -0.885_079_7, max_relative = 1e-7);
    assert!(report.checks.iter().all(|c| c.status != huygens::report::Status::Fail), "{:?}", report.checks);
}
