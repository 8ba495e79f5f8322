//! Runs of whole models: what is reported, and what the certificate says.

use std::sync::Arc;

use approx::assert_relative_eq;

use super::*;
use crate::experiment::{Level, Options};
use crate::levels::fock::tests::dimer;
use crate::report::Status;

fn run(k: f64, cutoff: Option<Cutoff>, at: &[f64], measures: &[&str]) -> Report {
    let (model, binding) = dimer(&[("k", k)]);
    let truncation = Truncation { certify: cutoff.is_none(), cutoff, at: at.to_vec(), ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
    Experiment::new(Arc::new(model), &measures, options).unwrap().run(&binding).unwrap()
}

/// Eqs. 22 and 23 of Aifer et al. at k = 3, K = 30, t = 0.2, against numbers computed independently; and the rate against the
/// difference quotient of L.
#[test]
fn the_speed_limit_and_its_terms() {
    let measures = ["relative_entropy_rate", "speed_limit_printed", "speed_limit", "speed_limit_tight"];
    let report = run(3.0, Some(Cutoff::Total(30)), &[0.2], &measures);
    let reference = [41.63864, 142.23616660356805, 142.2873151742646, 49.46426627067852];
    for (name, value) in measures.iter().zip(reference) {
        assert_relative_eq!(report.value(name).unwrap(), value, max_relative = 1e-5);
    }
    let h = 1e-4;
    let l = run(3.0, Some(Cutoff::Total(30)), &[0.2 - h, 0.2 + h], &["relative_entropy_of_sync"]);
    let quotient = (l.series[0].values[1] - l.series[0].values[0]) / (2.0 * h);
    assert_relative_eq!(report.value("relative_entropy_rate").unwrap(), quotient, max_relative = 1e-5);
    let negative = run(
        5.0,
        Some(Cutoff::Total(20)),
        &[7.7],
        &["speed_limit_radicand_printed", "speed_limit_radicand", "speed_limit_printed"],
    );
    assert_relative_eq!(
        negative.value("speed_limit_radicand_printed").unwrap(),
        -1697.6315670259946,
        max_relative = 1e-3
    );
    assert_relative_eq!(negative.value("speed_limit_radicand").unwrap(), 684.0215372287034, max_relative = 1e-3);
    let undefined = negative.quantity("speed_limit_printed").unwrap();
    assert!(undefined.value.is_none() && undefined.note.as_ref().unwrap().contains("imaginary"));
}

/// Without times the steady state: a driven cavity is coherent, |α|² = F²/(κ²/4 + Δ²), and its slowest decay κ/2.
#[test]
fn without_times_the_steady_state() {
    let h = "-0.3*n(a) + 0.6*i*(dag(a) - a)";
    let model = Arc::new(crate::levels::tests::model(&["a"], &[], h, "", &["a"], &[]));
    let binding = model.bind(&[]).unwrap();
    let options = Options { level: Level::Fock, ..Options::default() };
    let measures = ["n(a)", "purity(a)", "liouvillian_gap"].map(String::from);
    let report = Experiment::new(model, &measures, options).unwrap().run(&binding).unwrap();
    assert_relative_eq!(report.value("n(a)").unwrap(), 0.36 / 0.34, max_relative = 1e-6);
    assert_relative_eq!(report.value("purity(a)").unwrap(), 1.0, max_relative = 1e-6);
    assert_relative_eq!(report.value("liouvillian_gap").unwrap(), 0.5, max_relative = 1e-4);
    assert!(report.series.is_empty() && report.checks.iter().any(|c| c.name == "unique"));
    assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:#?}", report.checks);
    let runaway = Arc::new(crate::levels::tests::model(&["a"], &[], "n(a)", "", &["dag(a)"], &[]));
    let binding = runaway.bind(&[]).unwrap();
    let truncation = Truncation { cutoff: Some(Cutoff::Product(vec![20])), ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let report = Experiment::new(runaway, &["n(a)".to_owned()], options).unwrap().run(&binding).unwrap();
    assert!(report.checks.iter().any(|c| c.name == "edge" && c.status == Status::Fail), "{:#?}", report.checks);
}

/// χ and L without a cut-off given: it grows until the numbers stand (dimer.json: conv_k3_t0.08).
#[test]
fn a_growing_cut_off_ends_where_nothing_changes() {
    let report = run(3.0, None, &[0.08], &["sync_distance(a1,a2)", "ergotropy_of_sync", "relative_entropy_of_sync"]);
    assert_relative_eq!(report.value("sync_distance(a1,a2)").unwrap(), 0.6350315213528498, max_relative = 1e-5);
    assert_relative_eq!(report.value("ergotropy_of_sync").unwrap(), 0.48425832726333606, max_relative = 1e-4);
    assert_relative_eq!(report.value("relative_entropy_of_sync").unwrap(), 0.77147260088402, max_relative = 1e-4);
    assert!(report.checks.iter().all(|c| c.status != crate::report::Status::Fail), "{:#?}", report.checks);
}

/// Product cut-offs do not converge (k = 0.5 moves away from the truth), and the certificate says so.
#[test]
fn a_product_cut_off_is_shown_not_to_converge() {
    let (model, binding) = dimer(&[("k", 0.5)]);
    let truncation =
        Truncation { cutoff: Some(Cutoff::Product(vec![20, 20])), at: vec![0.5, 10.0], ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let measures = ["sync_distance(a1,a2)".to_owned(), "ergotropy_of_sync".to_owned()];
    let report = Experiment::new(Arc::new(model), &measures, options).unwrap().run(&binding).unwrap();
    assert_relative_eq!(report.value("sync_distance(a1,a2)").unwrap(), 0.6425462735003019, max_relative = 1e-5);
    assert_relative_eq!(report.value("ergotropy_of_sync").unwrap(), 6.1098828670701035, max_relative = 1e-4);
    let failed: Vec<&str> =
        report.checks.iter().filter(|c| c.status == crate::report::Status::Fail).map(|c| c.name.as_str()).collect();
    assert!(failed.contains(&"cut-off") && failed.contains(&"edge"), "{failed:?}");
    assert!(report.checks.iter().any(|c| c.name == "kind of cut-off"));
}

/// Without times the state of the largest growth: two levels of gain and loss have p₁ = 1 − γ/2h and λ = 2h − γ, whatever the cut-off
/// of a saturating model says; the dimer below product cut-offs has one for each, and the certificate says that it does not converge.
#[test]
fn without_times_the_state_of_the_largest_growth() {
    let (model, binding) = dimer(&[("k", 0.5)]);
    let truncation = Truncation { cutoff: Some(Cutoff::Product(vec![8, 8])), ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let measures = ["sync_distance(a1,a2)".to_owned(), "liouvillian_gap".to_owned()];
    let report = Experiment::new(Arc::new(model), &measures, options).unwrap().run(&binding).unwrap();
    let failed = |name: &str| report.checks.iter().any(|c| c.name == name && c.status == Status::Fail);
    assert!(failed("cut-off") && failed("edge") && !failed("residual") && !failed("unique"), "{:#?}", report.checks);
    let growth = report.checks.iter().find(|c| c.name == "growth rate").unwrap();
    assert!(growth.value.unwrap() > 0.0 && report.value("sync_distance(a1,a2)").is_some());
    assert!(report.quantity("liouvillian_gap").unwrap().note.as_ref().unwrap().contains("Lindblad"));
    let saturating = Arc::new(crate::levels::tests::model(
        &["a"],
        &[],
        "n(a)",
        "0.3*n(a)",
        &["0.7*a", "0.8*a^2"],
        &[["a", "0", "0.5", "0", "0"]],
    ));
    let binding = saturating.bind(&[]).unwrap();
    let options = Options { level: Level::Fock, ..Options::default() };
    let report = Experiment::new(saturating, &["n(a)".to_owned()], options).unwrap().run(&binding).unwrap();
    assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:#?}", report.checks);
}

/// Without times the state that the kept runs end in: a driven cavity observed with a part of its clicks lost, its growth rate that of
/// discarding; and at q = 1 the steady state, to the last digit.
#[test]
fn without_times_the_state_of_the_kept_runs() {
    let of = |jump: &str| {
        let h = "0.3*n(a) + 0.1*dag(a)^2*a^2 + 0.6*(a + dag(a))";
        Arc::new(crate::levels::tests::model(&["a"], &[("z", "0.5")], h, "", &[jump], &[]))
    };
    let run = |model: &Arc<crate::model::Model>, z: f64, measure: &str| {
        let options = Options { level: Level::Fock, ..Options::default() };
        let experiment = Experiment::new(model.clone(), &[measure.to_owned()], options).unwrap();
        experiment.run(&model.bind(&[("z", z)]).unwrap()).unwrap()
    };
    let (selected, plain) = (of("sqrt(0.8)*a kept z"), of("sqrt(0.8)*a"));
    let half = run(&selected, 0.5, "n(a)");
    assert!(half.checks.iter().all(|c| c.status != Status::Fail), "{:#?}", half.checks);
    let growth = half.checks.iter().find(|c| c.name == "growth rate").unwrap();
    assert!(growth.note.contains("discarded"));
    assert_relative_eq!(growth.value.unwrap(), -0.5 * 0.8 * half.value("n(a)").unwrap(), max_relative = 1e-6);
    let all = run(&selected, 1.0, "n(a)");
    assert_eq!(all.value("n(a)"), run(&plain, 1.0, "n(a)").value("n(a)"));
    assert!(all.checks.iter().all(|c| c.name != "growth rate"));
    let survival = run(&selected, 0.5, "survival");
    assert!(survival.quantity("survival").unwrap().note.as_ref().unwrap().contains("growth rate"));
}

/// What grows beyond every cut-off is told to, with the time up to which the result holds.
#[test]
fn runaway_growth_is_a_verdict() {
    let (model, binding) = dimer(&[("k", 5.0)]);
    let truncation = Truncation { memory: 3e7, at: vec![0.02, 0.05, 1.0], ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let report =
        Experiment::new(Arc::new(model), &["sync_distance(a1,a2)".to_owned()], options).unwrap().run(&binding).unwrap();
    let quantity = &report.quantities[0];
    assert!(quantity.value.is_none() && quantity.note.as_ref().unwrap().contains("outgrows"), "{quantity:?}");
    let check = report.checks.iter().find(|c| c.name == "holds to the end").unwrap();
    assert_eq!(check.value, Some(0.05));
}
