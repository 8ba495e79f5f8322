//! The built-in waveguide dimer where no number basis reaches: closed forms without its jumps, optimal paths with them.

use std::f64::consts::PI;

use huygens::costs::ergotropy::{ergotropy, relative_entropy_to_gibbs};
use huygens::experiment::{self, Experiment, Level, Truncation};
use huygens::levels::gaussian::nonhermitian::{NonHermitianError, NumberFlow, NumberState};
use huygens::levels::large_number::{Instanton, Options};
use huygens::report::{Report, Status};
use huygens_lab::file;

const OMEGA: [f64; 2] = [2.0 * PI, 3.0 * PI];

/// Independent values of n₁, n₂, χ and L at k = 5, t = 0.05 without jumps, and the times at which the norm diverges.
#[test]
fn without_jumps() {
    let model = file::load("waveguide-dimer").unwrap_or_else(|e| panic!("{e}")).model;
    let free = [("gamma1", 0.0), ("gamma2", 0.0)];
    for (k, divergence) in [(5.0, 0.07706), (3.0, 0.12899), (1.0, 0.41213)] {
        let binding = model.bind(&[("k", k), free[0], free[1]]).unwrap();
        let flow = NumberFlow::of_model(&model, &binding).unwrap();
        let start = NumberState::of_model(&model, &binding).unwrap();
        let found = flow.divergence(&start, flow.horizon().unwrap()).unwrap();
        assert!((found.time.unwrap() - divergence).abs() < 6e-6, "{found:?}");
        if k == 5.0 {
            let state = flow.at(&start, 0.05).unwrap();
            let g = state.correlations();
            let energy = OMEGA[0] * g[(0, 0)].re + OMEGA[1] * g[(1, 1)].re;
            let chi = ergotropy(&OMEGA, energy, state.entropy()).unwrap();
            let relative = relative_entropy_to_gibbs(&OMEGA, 0.05, energy, state.entropy()).unwrap();
            for (value, wanted) in [
                (g[(0, 0)].re, 5.025349740467972),
                (g[(1, 1)].re, 3.2209286114851032),
                (chi, 0.5418290140874049),
                (relative, 0.9090786371253614),
            ] {
                assert!((value / wanted - 1.0).abs() < 1e-9, "{value} {wanted}");
            }
        }
    }
    let jumping = model.bind(&[]).unwrap();
    assert!(matches!(NumberFlow::of_model(&model, &jumping), Err(NonHermitianError::Jump { .. })));
}

/// The state at t = 10 for k = 1: 2129 quanta, D = 0.5549.
#[test]
fn with_jumps() {
    let model = file::load("waveguide-dimer").unwrap_or_else(|e| panic!("{e}")).model;
    let instanton = Instanton::of_model(&model, &model.bind(&[("k", 1.0)]).unwrap()).unwrap();
    let options = Options::default();
    let branch = instanton.branch(10.0, &options).unwrap();
    let path = branch.dominant().expect("the path outweighs the vacuum");
    let c = instanton.correlations(path, &options).unwrap();
    let distance = (1.0 - 2.0 * c[(0, 1)].re / (c[(0, 0)].re + c[(1, 1)].re + 1.0)).sqrt();
    assert!((distance - 0.5549).abs() < 2e-4, "{distance}");
    let entropy = instanton.fluctuations(path, &options).unwrap().entropy;
    let energy = OMEGA[0] * c[(0, 0)].re + OMEGA[1] * c[(1, 1)].re;
    let chi = ergotropy(&OMEGA, energy, entropy).unwrap();
    assert!((chi - 8.882).abs() < 0.01, "{chi}");
}

fn run(level: Level, values: &[(&str, f64)], at: &[f64], measures: &[&str]) -> Report {
    let model = file::load("waveguide-dimer").unwrap_or_else(|e| panic!("{e}")).model;
    let binding = model.bind(values).unwrap();
    let truncation = Truncation { at: at.to_vec(), ..Truncation::default() };
    let options = experiment::Options { level, truncation, ..experiment::Options::default() };
    let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
    Experiment::new(model.into(), &measures, options).unwrap().run(&binding).unwrap()
}

/// The gaussian level is exact without jumps: independent values at k = 5, t = 0.05, and no state after the divergence.
#[test]
fn the_gaussian_level_without_jumps() {
    let values = [("k", 5.0), ("gamma1", 0.0), ("gamma2", 0.0)];
    let measures = ["n(a1)", "n(a2)", "ergotropy_of_sync", "relative_entropy_of_sync", "sync_distance(a1,a2)"];
    let report = run(Level::Gaussian, &values, &[0.05], &measures);
    let wanted = [5.025349740467972, 3.2209286114851032, 0.5418290140874049, 0.9090786371253614, 0.6112335687245729];
    for (name, wanted) in measures.iter().zip(wanted) {
        let value = report.value(name).unwrap();
        assert!((value / wanted - 1.0).abs() < 1e-9, "{name} {value} {wanted}");
    }
    assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:?}", report.checks);
    let late = run(Level::Gaussian, &values, &[0.05, 0.1], &measures);
    let check = late.checks.iter().find(|c| c.name == "existence").unwrap();
    assert!(check.status == Status::Fail && (check.value.unwrap() - 0.07706).abs() < 6e-6, "{check:?}");
    assert!(late.quantities.iter().all(|q| q.value.is_none()) && late.times == [0.05]);
}

/// Where the state has left every number basis the optimal path gives it, and says where it does not.
#[test]
fn the_level_of_the_optimal_path() {
    let measures = ["sync_distance(a1,a2)", "ergotropy_of_sync", "relative_entropy_of_sync", "entropy"];
    let report = run(Level::OptimalPath, &[("k", 1.0)], &[5.0, 10.0], &measures);
    assert!((report.value(measures[0]).unwrap() - 0.5549).abs() < 2e-4);
    assert!((report.value(measures[1]).unwrap() - 8.882).abs() < 0.01);
    assert!((report.value(measures[2]).unwrap() / 789.6 - 1.0).abs() < 0.01);
    assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:?}", report.checks);
    let early = run(Level::OptimalPath, &[("k", 1.0)], &[0.2], &measures);
    assert!(early.quantities[0].value.is_none());
    assert!(early.quantities[0].note.as_ref().unwrap().contains("--level fock"), "{early:?}");
}
