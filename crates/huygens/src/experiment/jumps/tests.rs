//! Ensembles of quantum jumps against the density matrix, and what their checks say.

use super::*;
use crate::experiment::{Level, Options, Truncation, Window};
use crate::levels::tests::model;

/// A driven Kerr oscillator beside a damped one, from a thermal start.
fn options(jumps: Option<u64>) -> Options {
    let truncation = Truncation { jumps, cutoff: Some(Cutoff::Product(vec![10, 8])), ..Truncation::default() };
    let window = Some(Window { from: 0.0, to: 3.0, samples: 3 });
    Options { level: Level::Fock, truncation, window, seed: 4, ..Options::default() }
}

fn report(measures: &[&str], options: Options) -> Result<Report, ExperimentError> {
    let model = model(
        &["a", "b"],
        &[],
        "0.2*n(a) + 0.1*dag(a)^2*a^2 + 0.3*(a + dag(a)) + 0.4*(dag(a)*b + h.c.)",
        "",
        &["sqrt(0.5)*a", "sqrt(0.4)*b", "sqrt(0.1)*dag(b)"],
        &[["a", "0", "0.1", "0", "0"], ["b", "0", "0", "0", "0"]],
    );
    let binding = model.bind(&[]).unwrap();
    let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
    Experiment::new(Arc::new(model), &measures, options)?.run(&binding)
}

/// Measures of moments and of the density matrix over a window, linear ones and others, within their errors of the density matrix.
#[test]
fn measures_agree_with_the_density_matrix_within_their_errors() {
    let moments = ["n(a)", "pearson(q(a),q(b))", "complete_sync(a,b)"];
    let states = ["n(b)", "purity(b)", "phase_coherence(a,b)", "mutual_information(a,b)"];
    for measures in [&moments[..], &states[..]] {
        let exact = report(measures, options(None)).unwrap();
        let jumps = report(measures, options(Some(1000))).unwrap();
        assert_eq!(jumps.series.len(), measures.len());
        for name in measures {
            let (q, value) = (jumps.quantity(name).unwrap(), exact.value(name).unwrap());
            let error = q.error.unwrap();
            assert!(error > 0.0 && error < 0.1, "{name}: {error}");
            assert!((q.value.unwrap() - value).abs() < 4.0 * error, "{name}: {q:?} {value}");
        }
        let failed: Vec<&Check> = jumps.checks.iter().filter(|c| c.status == Status::Fail).collect();
        // This cut-off is small, for both.
        assert!(failed.iter().all(|c| ["edge", "initial state", "cut-off"].contains(&c.name.as_str())), "{failed:?}");
    }
}

/// Entropies of a few trajectories are too small, and the check says so; counts need no state.
#[test]
fn a_small_ensemble_is_told_apart_and_counts_are_counted() {
    let hot = ["sqrt(1.0)*a", "sqrt(0.6)*dag(a)", "sqrt(1.0)*b", "sqrt(0.6)*dag(b)"];
    let hot = model(&["a", "b"], &[], "0.2*n(a) + 0.3*n(b)", "", &hot, &[]);
    let binding = hot.bind(&[]).unwrap();
    let entropy = |jumps: Option<u64>| {
        let experiment = Experiment::new(Arc::new(hot.clone()), &["entropy(a,b)".to_owned()], options(jumps));
        experiment.unwrap().run(&binding).unwrap()
    };
    let (few, exact) = (entropy(Some(80)), entropy(None).value("entropy(a,b)").unwrap());
    let bias = few.checks.iter().find(|c| c.name == "finite ensemble").unwrap();
    let (value, error) = (few.value("entropy(a,b)").unwrap(), few.quantity("entropy(a,b)").unwrap().error.unwrap());
    assert!(value < exact - 2.0 * error, "{value} ± {error}, {exact}");
    assert_eq!(bias.status, Status::Fail, "{bias:?} {value} {error} {exact}");
    let names = ["current(\"sqrt(0.5)*a\")", "current_noise(\"sqrt(0.4)*b\")", "n(a)"];
    let counted = report(&names, options(Some(400))).unwrap();
    let exact = report(&["n(a)"], options(None)).unwrap();
    // ∫₀³ 0.5 n dt by Simpson's rule over the four samples.
    let n = &exact.series[0].values;
    let quanta = 0.5 * 3.0 / 8.0 * (n[0] + 3.0 * n[1] + 3.0 * n[2] + n[3]);
    let current = counted.quantity(names[0]).unwrap();
    assert!(
        (3.0 * current.value.unwrap() - quanta).abs() < 4.0 * 3.0 * current.error.unwrap() + 0.02,
        "{current:?} {quanta}"
    );
    assert!(counted.value(names[1]).unwrap() > 0.0);
    assert!(current.note.as_ref().unwrap().contains("counted from t = 0"));
    assert!(counted.series.iter().all(|s| s.name == "n(a)"));
}

/// A cut-off that grows, and what is refused.
#[test]
fn a_growing_cut_off_and_bad_input() {
    let mut wide = options(Some(40));
    wide.truncation.cutoff = None;
    let grown = report(&["n(a)"], wide).unwrap();
    assert!(grown.checks.iter().all(|c| c.status != Status::Fail), "{:?}", grown.checks);
    let error = |options: Options| report(&["entropy(a)"], options).unwrap_err().to_string();
    assert!(error(options(Some(1))).contains("at least 2"));
    assert!(error(Options { window: None, ..options(Some(10)) }).contains("followed in time"));
    let mut tight = options(Some(100));
    tight.truncation.memory = 1e6;
    assert!(error(tight).contains("fewer times"));
}

/// A driven, damped oscillator, |α| → 1.6: the same trajectories below a larger cut-off end elsewhere where it is too small, and
/// nowhere else where it is not; all of them, or as many blocks as are worth it.
#[test]
fn a_cut_off_is_compared_with_a_larger_one() {
    let driven = model(&["a"], &[], "0.2*n(a) + 0.8*(a + dag(a))", "", &["a", "sqrt(0.1)*dag(a)"], &[]);
    let binding = driven.bind(&[]).unwrap();
    let experiment = |cutoff: usize, certify: bool, measure: &str, memory: f64| {
        let truncation = Truncation {
            memory,
            jumps: Some(300),
            cutoff: Some(Cutoff::Product(vec![cutoff])),
            certify,
            ..Truncation::default()
        };
        let window = Some(Window { from: 0.0, to: 6.0, samples: 3 });
        let options = Options { level: Level::Fock, truncation, window, seed: 2, ..Options::default() };
        Experiment::new(Arc::new(driven.clone()), &[measure.to_owned(), "n(a)".to_owned()], options).unwrap()
    };
    let check = |cutoff: usize, certify: bool| {
        let report = experiment(cutoff, certify, "current(\"a\")", 1e8).run(&binding).unwrap();
        report.checks.into_iter().find(|c| c.name == "cut-off").unwrap()
    };
    let small = check(6, true);
    assert_eq!(small.status, Status::Fail, "{small:?}");
    assert!(small.value.unwrap() > 1e-2, "{small:?}");
    assert!(small.note.contains("product cut-off 6") && small.note.contains("all 300 trajectories"), "{small:?}");
    let large = check(30, true);
    assert_eq!(large.status, Status::Pass, "{large:?}");
    assert!(large.value.unwrap() < 1e-6, "{large:?}");
    let asked = check(30, false);
    assert!(asked.status == Status::Note && asked.value.is_none(), "{asked:?}");
    // Where the density matrices of ten blocks fit into the memory, those of fewer do below the larger cut-off.
    let tight = experiment(30, true, "purity(a)", 4e5).run(&binding).unwrap();
    let tight = tight.checks.iter().find(|c| c.name == "cut-off").unwrap();
    assert!(tight.status == Status::Pass && tight.value.unwrap() < 1e-6, "{tight:?}");
    // No patience: the first blocks that hold 64 trajectories, and the same ones at both cut-offs.
    let experiment = experiment(30, true, "current(\"a\")", 1e8);
    let watch = Watch::default();
    let times = experiment.times_asked().unwrap();
    let setting = experiment.ensemble_below(&binding, &Cutoff::Product(vec![30]), 300, &times, watch).unwrap();
    let equilibrium = experiment.equilibrium(&binding).unwrap();
    let few = experiment.compared(&binding, setting, &equilibrium, 0.0, watch).unwrap();
    assert!(few.status == Status::Pass && few.value.unwrap() < 1e-6, "{few:?}");
    let count: u64 = few.note.split("first ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((64..100).contains(&count), "{few:?}");
}

/// Runs of which a part is kept: measures and the probability of the record within their errors of the density matrix.
#[test]
fn a_part_of_the_runs_is_kept() {
    let jumps = ["sqrt(0.5)*a kept 0.3", "sqrt(0.4)*b", "sqrt(0.1)*dag(b) kept 0"];
    let h = "0.2*n(a) + 0.1*dag(a)^2*a^2 + 0.3*(a + dag(a)) + 0.4*(dag(a)*b + h.c.)";
    let start = [["a", "0.5", "0.1", "0", "0"]];
    let model = Arc::new(model(&["a", "b"], &[], h, "", &jumps, &start));
    let binding = model.bind(&[]).unwrap();
    let run = |measures: &[&str], options: Options| {
        let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
        Experiment::new(model.clone(), &measures, options).and_then(|e| e.run(&binding))
    };
    for measures in [&["survival", "n(a)", "pearson(q(a),q(b))"][..], &["survival", "purity(b)"]] {
        let exact = run(measures, options(None)).unwrap();
        let jumps = run(measures, Options { seed: 5, ..options(Some(2000)) }).unwrap();
        for name in measures {
            let (q, value) = (jumps.quantity(name).unwrap(), exact.value(name).unwrap());
            let error = q.error.unwrap();
            assert!(error > 0.0 && error < 0.1, "{name}: {error}");
            assert!((q.value.unwrap() - value).abs() < 4.0 * error, "{name}: {q:?} {value}");
        }
        let survivors = jumps.checks.iter().find(|c| c.name == "survivors").unwrap();
        assert!(survivors.status == Status::Pass && survivors.value.unwrap() < 1900.0, "{survivors:?}");
    }
    let late = Options { window: Some(Window { from: 0.0, to: 400.0, samples: 2 }), ..options(Some(20)) };
    assert!(run(&["n(a)"], late).unwrap_err().to_string().contains("none of 20 runs is kept"));
    let error =
        |measure: &str, level: Level| run(&[measure], Options { level, ..options(None) }).unwrap_err().to_string();
    assert!(error("dissipation", Level::Fock).contains("some are discarded"));
    assert!(error("relative_entropy_rate", Level::Fock).contains("a trace that is kept"));
    assert!(error("heat_flow", Level::Gaussian).contains("balance of all runs"));
    assert!(error("entropy_production", Level::Gaussian).contains("balance of all runs"));
}
