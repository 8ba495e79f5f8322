//! The thermal machine at the response level against numbers that were computed independently of Huygens
//! (`data/thermal-machine.json`), by the general engine on the built-in model file.

use std::sync::Arc;

use huygens::experiment::{Experiment, Level, Options, Order};
use huygens::report::Report;
use huygens_lab::file;
use serde_json::Value;

fn run(parameters: &Value, order: Order, measures: &[&str]) -> Report {
    let model = Arc::new(file::load("thermal-machine").unwrap_or_else(|e| panic!("{e}")).model);
    let mut values = Vec::new();
    for (key, name) in [
        ("wA", "omega_A"),
        ("wB", "omega_B"),
        ("g1", "gamma1"),
        ("g2", "gamma2"),
        ("wc", "omega_c"),
        ("Om", "Omega"),
        ("T1", "T1"),
        ("T2", "T2"),
        ("r", "r"),
    ] {
        if let Some(value) = parameters[key].as_f64() {
            values.push((name, value));
        }
    }
    if let Some(t) = parameters["T"].as_f64() {
        values.extend([("T1", t), ("T2", t)]);
    }
    let options = Options { level: Level::Response, order, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(|m| (*m).to_owned()).collect();
    let experiment = Experiment::new(model.clone(), &measures, options).unwrap();
    experiment.run(&model.bind(&values).unwrap()).unwrap()
}

/// The measure of an entry.
fn measure(id: &str, what: &str) -> Option<(&'static str, Order)> {
    let order = if id.starts_with("exactg1") { Order::All } else { Order::Lowest };
    let quantity = if let Some((quantity, _)) = what.split_once(" all orders") { quantity } else { what };
    Some((
        match quantity {
            "Pearson coefficient (11)" => "pearson(q(A),q(B))",
            "PA" => "power(A)",
            "PB" => "power(B)",
            "P" => "power",
            "PA0" => "power_dissipative(A)",
            "PB0" => "power_dissipative(B)",
            "J1" => "heat_current(\"driven\")",
            "QPA" => "power_tur(A)",
            "QPB" => "power_tur(B)",
            "VPA" => "power_bound_total(A)",
            "eta" => "work_efficiency",
            "DPA" => "power_noise(A)",
            "alpha_A^(ad) (D2), T1=T2=0.1" => "alpha_adiabatic(A)",
            "delta alpha_A^(ad) (D4)" => "delta_alpha_adiabatic(A)",
            text if text.starts_with("diabatic threshold") => "tur_threshold(A)",
            text if text.starts_with("adiabatic boundary") => "tur_threshold(A)",
            text if text.starts_with("P_A=0") => "power_threshold(A)",
            _ => return None,
        },
        order,
    ))
}

#[test]
#[allow(clippy::print_stdout)]
fn every_entry_of_the_model_is_met() {
    let entries: Value = serde_json::from_str(include_str!("data/thermal-machine.json")).expect("JSON");
    let mut met = 0;
    for entry in entries.as_array().expect("a list of entries") {
        let (id, what) = (entry["id"].as_str().expect("an id"), entry["what"].as_str().expect("a text"));
        let Some((measure, order)) = measure(id, what) else { continue };
        let (wanted, tolerance) = (entry["value"].as_f64().unwrap(), entry["rel_tol"].as_f64().unwrap());
        let report = run(&entry["params"], order, &[measure]);
        let quantity = report.quantity(measure).unwrap();
        // Of several thresholds an entry names one.
        let found = match (&quantity.list, what.contains("lower")) {
            (Some(list), true) => list[0][0],
            _ => quantity.value.unwrap_or_else(|| panic!("{id}: {quantity:?}")),
        };
        assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{id}: {found} instead of {wanted}");
        met += 1;
    }
    println!("{met} entries met");
    assert!(met >= 29, "{met}");
}

/// The slopes of the minimum of Fig. 10: the threshold over the gradient has its minimum where an entry says.
#[test]
fn the_lowest_threshold_over_the_gradient() {
    let model = Arc::new(file::load("thermal-machine").unwrap_or_else(|e| panic!("{e}")).model);
    let options = Options { level: Level::Response, ..Options::default() };
    let experiment = Experiment::new(model.clone(), &["tur_threshold(A)".to_owned()], options).unwrap();
    let threshold = |gradient: f64| {
        let mean = 0.2;
        let values = [("T1", mean * (1.0 + 0.5 * gradient)), ("T2", mean * (1.0 - 0.5 * gradient))];
        experiment.run(&model.bind(&values).unwrap()).unwrap().value("tur_threshold(A)").unwrap()
    };
    let near = threshold(1.6321);
    assert!((near / 13.091_180_222_488_926 - 1.0).abs() < 1e-7, "{near}");
    assert!(threshold(1.60) > near && threshold(1.66) > near);
}
