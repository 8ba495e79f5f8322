//! The waveguide dimer at the fock level against numbers that were computed independently of Huygens (`data/dimer.json`), by the general
//! engine on the built-in model file.

use std::sync::Arc;

use huygens::experiment::{Experiment, Level, Options, Trajectories, Truncation, Weights, Window};
use huygens::levels::fock::Cutoff;
use huygens::levels::stochastic::langevin::{Noise, Ordering};
use huygens::report::{Quantity, Report};
use huygens_lab::file;
use serde_json::Value;

/// Entries that need more time than a test may take.
const SLOW: [&str; 3] = ["conv_k0.5_t5", "conv_k3_t0.08", "total40_k5_D"];

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_f64).collect(),
        other => other.as_f64().into_iter().collect(),
    }
}

fn run(parameters: &Value, cutoff: Cutoff, at: Vec<f64>, measures: &[&str]) -> Report {
    let model = Arc::new(file::load("waveguide-dimer").unwrap_or_else(|e| panic!("{e}")).model);
    let mut values = Vec::new();
    for (key, name) in [("k", "k"), ("beta", "beta"), ("g1", "gamma1"), ("g2", "gamma2"), ("delta", "Delta")] {
        if let Some(value) = parameters[key].as_f64() {
            values.push((name, value));
        }
    }
    let truncation = Truncation { cutoff: Some(cutoff), certify: false, at, ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(|m| (*m).to_owned()).collect();
    let experiment = Experiment::new(model.clone(), &measures, options).unwrap();
    experiment.run(&model.bind(&values).unwrap()).unwrap()
}

#[test]
fn every_entry_of_a_cut_off_is_met() {
    let file: Value = serde_json::from_str(include_str!("data/dimer.json")).expect("the reference numbers are JSON");
    let mut met = 0;
    for entry in file["entries"].as_array().expect("a list of entries") {
        let id = entry["id"].as_str().expect("an id");
        if SLOW.contains(&id) || id.starts_with("fig3b") {
            continue;
        }
        let parameters = &entry["params"];
        let tolerance = entry["rel_tol"].as_f64().expect("a tolerance");
        let wanted = numbers(&entry["value"]);
        let whole = |key: &str| parameters[key].as_u64().map(|n| n as usize);
        let times =
            parameters["times"].as_array().map(|list| list.iter().filter_map(Value::as_f64).collect::<Vec<f64>>());
        let product = whole("d").or_else(|| id.starts_with("fig3a_prod10").then_some(10));
        let cutoff = match (product, whole("K")) {
            (Some(d), _) => Cutoff::Product(vec![d, d]),
            (None, Some(most)) => Cutoff::Total(most),
            // Converged values: a cut-off that holds them.
            (None, None) => Cutoff::Total(150),
        };
        let found: Vec<f64> = if id.starts_with("conv") {
            let at = vec![parameters["t"].as_f64().expect("a time")];
            let measures = ["sync_distance(a1,a2)", "n(a1)", "n(a2)", "ergotropy_of_sync", "relative_entropy_of_sync"];
            let report = run(parameters, cutoff, at, &measures);
            measures.iter().map(|m| report.value(m).unwrap()).collect()
        } else if id.starts_with("rhs23_k3") {
            let measures = ["speed_limit_printed", "speed_limit", "speed_limit_tight"];
            let report = run(parameters, cutoff, vec![parameters["t"].as_f64().expect("a time")], &measures);
            measures.iter().map(|m| report.value(m).unwrap()).collect()
        } else if id.starts_with("rhs23") {
            let measures = ["speed_limit_radicand_printed", "speed_limit_radicand"];
            let report = run(parameters, cutoff, vec![parameters["t"].as_f64().expect("a time")], &measures);
            measures.iter().map(|m| report.value(m).unwrap()).collect()
        } else {
            let measure = if id.ends_with("chi") { "ergotropy_of_sync" } else { "sync_distance(a1,a2)" };
            let at = times.unwrap_or_else(|| vec![10.0]);
            run(parameters, cutoff, at, &[measure]).series[0].values.clone()
        };
        assert_eq!(found.len(), wanted.len(), "{id}");
        for (value, wanted) in found.iter().zip(&wanted) {
            assert!((value - wanted).abs() <= tolerance * wanted.abs(), "{id}: {value} against {wanted}");
        }
        met += 1;
    }
    assert!(met >= 11, "{met}");
}

/// D at t = 10 of the Langevin equations alone, from equipartition: Fig. 3b.
fn classical(k: f64, delta: f64, noise: Noise) -> Quantity {
    let model = Arc::new(file::load("waveguide-dimer").unwrap_or_else(|e| panic!("{e}")).model);
    let trajectories = Trajectories {
        count: 8000,
        ordering: Ordering::Classical,
        noise: Some(noise),
        weights: Weights::Drop,
        step: Some(0.01),
        step_error: false,
        threads: 2,
        ..Trajectories::default()
    };
    let window = Some(Window { from: 10.0, to: 10.1, samples: 1 });
    let options = Options { level: Level::Stochastic, trajectories, window, ..Options::default() };
    let experiment = Experiment::new(model.clone(), &["sync_distance(a1,a2)".into()], options).unwrap();
    let omega = std::f64::consts::TAU;
    let values = [("k", k), ("Delta", delta), ("n_th1", 20.0 / omega), ("n_th2", 20.0 / (omega + delta))];
    let report = experiment.run(&model.bind(&values).unwrap()).unwrap();
    report.quantities[0].clone()
}

#[test]
fn classical_trajectories_of_figure_3b() {
    let file: Value = serde_json::from_str(include_str!("data/dimer.json")).expect("the reference numbers are JSON");
    let entries = file["entries"].as_array().expect("a list of entries");
    let entry = entries.iter().find(|e| e["id"] == "fig3b_k3_d1.000").expect("the entry of Fig. 3b");
    let (wanted, tolerance) = (entry["value"].as_f64().unwrap(), entry["rel_tol"].as_f64().unwrap());
    let distance = classical(3.0, 1.0, Noise::Symmetric).value.unwrap();
    assert!((distance - wanted).abs() < tolerance * wanted, "{distance} against {wanted}");
    // Below and above the line k = |Delta|, to the digits that are known.
    for (k, wanted, half) in [(5.0, 0.475, 0.001), (1.0, 1.13, 0.012), (3.0, 0.987, 0.002)] {
        let found = classical(k, std::f64::consts::PI, Noise::Symmetric);
        let (value, error) = (found.value.unwrap(), found.error.unwrap());
        assert!((value - wanted).abs() < half + 3.0 * error, "{k}: {value} ± {error} against {wanted}");
    }
    // As printed, and without any noise: the same map.
    for noise in [Noise::Additive, Noise::Off] {
        let distance = classical(3.0, 1.0, noise).value.unwrap();
        assert!((distance - wanted).abs() < 0.01 * wanted, "{distance} against {wanted}");
    }
}
