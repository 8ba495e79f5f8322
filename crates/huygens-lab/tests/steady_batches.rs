//! Many steady states at a time against one at a time.

use std::sync::Arc;

use huygens::experiment::{Experiment, Options};
use huygens_lab::file;

const MEASURES: [&str; 9] = [
    "pearson(q(b1),q(b2))",
    "coherence(b1,b2)",
    "n(a)",
    "n(b1)",
    "n(b2)",
    "entropy_flux(a)",
    "entropy_flux(b1)",
    "entropy_flux(b2)",
    "entropy_production",
];

/// A value in [0, 1) for each number: the fractional parts of multiples of the golden ratio and its like.
fn spread(k: usize, which: f64) -> f64 {
    ((k as f64 + 0.5) * which).fract()
}

#[test]
fn a_batch_gives_the_numbers_of_single_runs() {
    let model = Arc::new(file::load("membranes").unwrap().model);
    let measures: Vec<String> = MEASURES.iter().map(|m| (*m).into()).collect();
    let experiment = Experiment::new(model.clone(), &measures, Options::default()).unwrap();
    let mut solver = experiment.steady_solver(&model.bind(&[]).unwrap()).expect("a linear model at rest");
    let bindings: Vec<_> = (0..203)
        .map(|k| {
            let g = 10f64.powf(-5.0 + 4.0 * spread(k, 0.618_033_988_749_895));
            let detuning = -std::f64::consts::TAU * 1e5 * (0.5 + 9.0 * spread(k, 0.754_877_666_246_693));
            let n2 = 10f64.powf(10.0 * spread(k, 0.569_840_290_998_053));
            model.bind(&[("g", g), ("Delta", detuning), ("n_th2", n2)]).unwrap()
        })
        .collect();
    let (mut rows, mut solved) = (Vec::new(), Vec::new());
    solver.solve(bindings.iter().map(|b| b.values.as_slice()), &mut rows, &mut solved);
    assert_eq!((rows.len(), solved.len()), (bindings.len() * MEASURES.len(), bindings.len()));
    assert!(solved.iter().filter(|s| **s).count() >= 200, "{solved:?}");
    for (k, binding) in bindings.iter().enumerate().filter(|(k, _)| solved[*k]) {
        let report = experiment.run(binding).unwrap();
        for (m, measure) in MEASURES.iter().enumerate() {
            let (one, batch) = (report.value(measure).unwrap(), rows[k * MEASURES.len() + m]);
            assert!((batch - one).abs() <= 2e-9 * one.abs(), "{measure} at {k}: {batch} {one}");
        }
    }
}

#[test]
fn what_has_no_steady_state_is_left_to_the_general_route() {
    let model = Arc::new(file::load("membranes").unwrap().model);
    let measures: Vec<String> = MEASURES.iter().map(|m| (*m).into()).collect();
    let experiment = Experiment::new(model.clone(), &measures, Options::default()).unwrap();
    // On the blue side the light heats: beyond a small coupling nothing is stable.
    let blue = std::f64::consts::TAU * 4e5;
    let list: Vec<_> =
        [-blue, blue, -blue, blue].iter().map(|d| model.bind(&[("Delta", *d), ("g", 0.03)]).unwrap()).collect();
    let mut solver = experiment.steady_solver(&list[0]).unwrap();
    let (mut rows, mut solved) = (Vec::new(), Vec::new());
    solver.solve(list.iter().map(|b| b.values.as_slice()), &mut rows, &mut solved);
    assert_eq!(solved, [true, false, true, false]);
    assert_eq!(rows[..MEASURES.len()], rows[2 * MEASURES.len()..3 * MEASURES.len()]);
    // Nonlinear, driven or displaced models have no such solver.
    for name in ["optomechanical-pair", "van-der-pol-driven", "kerr-pair"] {
        let model = Arc::new(file::load(name).unwrap().model);
        let experiment = Experiment::new(model.clone(), &["n(b1)".into()], Options::default());
        if let Ok(experiment) = experiment {
            assert!(experiment.steady_solver(&model.bind(&[]).unwrap()).is_none(), "{name}");
        }
    }
}
