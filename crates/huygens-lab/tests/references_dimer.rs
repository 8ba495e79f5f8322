//! The waveguide dimer at the fock level against numbers that were computed independently of Huygens (`data/dimer.json`), by the general
//! engine on the built-in model file.

use std::sync::Arc;

use huygens::experiment::{Experiment, Level, Options, Truncation};
use huygens::levels::fock::Cutoff;
use huygens::report::Report;
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
        if SLOW.contains(&id) {
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
