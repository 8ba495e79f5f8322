//! The optomechanical clocks against numbers that were computed independently of Huygens (`data/optomechanics.json`).
//!
//! Every entry is met within its own tolerance by the general engine on the built-in model files; entries of trajectories
//! (`twa-…`) belong to the stochastic level. Entries that quote the paper are compared with what its audit says.

use std::collections::BTreeSet;
use std::f64::consts::TAU;
use std::sync::Arc;

use huygens::experiment::{Experiment, Options, Window};
use huygens::levels::gaussian::{direct, orbit};
use huygens::levels::mean_field::attractor::{self, Attractor};
use huygens::levels::mean_field::continuation::{self, Kind, follow};
use huygens::levels::mean_field::cycle::{self, ClosedOrbit};
use huygens::measures::correlations::{discord, symplectic};
use huygens::measures::{Snapshot, resolve};
use huygens::model::Model;
use huygens::report::Report;
use huygens_lab::file;
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::ode::Tolerance;
use huygens_numerics::roots::brent;
use serde_json::Value;

/// Which test meets which entry.
const MET: [(&str, &[&str]); 8] = [
    (
        "direct_run",
        &[
            "dir-S-t100",
            "dir-S-t200",
            "dir-S-t400",
            "dir-S-t600",
            "dir-mf-t600",
            "dir-window-100-200",
            "dir-discord-200tau",
        ],
    ),
    (
        "limit_cycle",
        &[
            "flo-T",
            "flo-Sp-min",
            "flo-Sp-max",
            "flo-SpA-mean",
            "flo-R1-mean",
            "flo-R2-mean",
            "flo-Dtau",
            "flo-Dphi",
            "flo-Sabs",
            "flo-lead",
            "flo2pi-Sp-mean",
            "flo2pi-Dphi",
            "nb10",
        ],
    ),
    (
        "couplings",
        &["mu0.015", "mu0.01", "mu0.04", "mu0.06", "mu0.07", "eq7-violation-mu0.17", "eq7-violation-mu0.195"],
    ),
    ("squeezing_beyond_the_threshold", &["eq6-exceeded-mu0.195"]),
    ("bifurcations", &["muSN", "muNS", "muNS2", "muNS-angle"]),
    ("half_life", &["long-half"]),
    ("ring", &["chain-T", "chain-Sc", "chain-Sp", "chain-mu0.005-Sc", "chain4"]),
    ("examples", &["ex-sq-Sc", "ex-discord-homodyne"]),
];

/// Entries that quote the paper.
const QUOTED: [&str; 4] = ["paper-R", "paper-Sc-mu0", "paper-bound-Sc", "paper-bound-Sp"];

fn entries() -> Vec<Value> {
    let text = include_str!("data/optomechanics.json");
    let file: Value = serde_json::from_str(text).expect("the reference numbers are JSON");
    file["entries"].as_array().expect("a list of entries").clone()
}

fn entry(id: &str) -> (Vec<f64>, f64) {
    let entries = entries();
    let entry = entries.iter().find(|e| e["id"] == id).unwrap_or_else(|| panic!("no entry {id}"));
    let values = match &entry["value"] {
        Value::Array(list) => list.iter().map(|v| v.as_f64().expect("a number")).collect(),
        value => vec![value.as_f64().expect("a number")],
    };
    (values, entry["rel_tol"].as_f64().expect("a tolerance"))
}

/// Compares with the entry, number by number.
#[track_caller]
fn meets(id: &str, found: &[f64]) {
    let (expected, tolerance) = entry(id);
    assert_eq!(expected.len(), found.len(), "{id}");
    for (k, (x, y)) in found.iter().zip(&expected).enumerate() {
        let scale = if *y == 0.0 { 1.0 } else { y.abs() };
        let error = (x - y).abs() / scale;
        assert!(error <= tolerance, "{id}[{k}]: {x} against {y}, off by {error:.1e}, allowed {tolerance:.1e}");
    }
}

fn model(name: &str, sizes: &[(&str, &str)]) -> Arc<Model> {
    let overrides: Vec<(String, String)> = sizes.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    Arc::new(file::load_with(name, &overrides).unwrap_or_else(|e| panic!("{e}")).model)
}

fn run(model: &Arc<Model>, measures: &[&str], options: Options, values: &[(&str, f64)]) -> Report {
    let measures: Vec<String> = measures.iter().map(|m| (*m).to_owned()).collect();
    let experiment = Experiment::new(model.clone(), &measures, options).unwrap();
    experiment.run(&model.bind(values).unwrap()).unwrap()
}

#[track_caller]
fn value(report: &Report, name: &str) -> f64 {
    report.value(name).unwrap_or_else(|| panic!("no {name}: {:?}, {}", report.quantity(name), report.dynamics))
}

const SC: &str = "complete_sync(b1,b2)";
const SP: &str = "phase_sync(b1,b2)";

fn window(from: f64, to: f64, samples: usize) -> Options {
    Options { window: Some(Window { from, to, samples }), tolerance: 1e-12, ..Options::default() }
}

#[test]
fn direct_run() {
    let pair = model("optomechanical-pair", &[]);
    // 100, 200, …, 600.
    let report = run(&pair, &[SC, SP], window(100.0, 700.0, 6), &[]);
    for (k, t) in [(0, 100), (1, 200), (3, 400), (5, 600)] {
        let at: Vec<f64> = report.series.iter().map(|s| s.values[k]).collect();
        meets(&format!("dir-S-t{t}"), &at);
    }
    let mean = |mode: &str| {
        let orbit = report.orbits.iter().find(|o| o.mode == mode).unwrap();
        [orbit.re[5], orbit.im[5]]
    };
    meets("dir-mf-t600", &[mean("b1"), mean("b2"), mean("a1")].concat());

    let report = run(&pair, &[SC, SP], window(100.0 * TAU, 200.0 * TAU, 3200), &[]);
    meets("dir-window-100-200", &[value(&report, SC), value(&report, SP)]);

    let discords = ["discord(b1,b2)", "discord(b2,b1)"];
    let report = run(&pair, &discords, window(200.0 * TAU, 201.0 * TAU, 1), &[]);
    let experiment = Experiment::new(pair.clone(), &[], Options::default()).unwrap();
    let bound = experiment.bind(&pair.bind(&[]).unwrap()).unwrap();
    let mut smallest = f64::NAN;
    let tolerance = Tolerance::new(1e-11, 1e-11);
    direct::run(&bound, &[c64::new(0.0, 0.0); 4], &direct::vacuum(4), &[200.0 * TAU], tolerance, 1e12, |_, state| {
        let mechanical = symplectic::gather(state, &[1, 3]);
        let spectrum = symplectic::partially_transposed(&mechanical, &[1]).unwrap();
        smallest = spectrum.iter().copied().fold(f64::INFINITY, f64::min);
    })
    .unwrap();
    meets("dir-discord-200tau", &[value(&report, discords[0]), value(&report, discords[1]), 2.0 * smallest]);
}

#[test]
fn limit_cycle() {
    let pair = model("optomechanical-pair", &[]);
    let absolute = "complete_sync_absolute(b1,b2)";
    let measures = [SC, SP, absolute, "radius(b1)", "radius(b2)", "period", "multipliers", "phase_diffusion"];
    let report = run(&pair, &measures, Options::default(), &[]);
    assert!((value(&report, SC) / 0.2784251012 - 1.0).abs() < 1e-8);
    meets("flo-T", &[value(&report, "period")]);
    let sp = report.quantity(SP).unwrap();
    meets("flo-Sp-min", &[sp.min.unwrap()]);
    meets("flo-Sp-max", &[sp.max.unwrap()]);
    let transverse = sp.alternatives.iter().find(|(name, _)| name == "transverse").unwrap().1;
    meets("flo-SpA-mean", &[transverse]);
    meets("flo-R1-mean", &[value(&report, "radius(b1)")]);
    meets("flo-R2-mean", &[value(&report, "radius(b2)")]);
    let (diffusion, period) = (value(&report, "phase_diffusion"), value(&report, "period"));
    meets("flo-Dphi", &[diffusion]);
    meets("flo-Dtau", &[diffusion * (period / TAU).powi(2)]);
    meets("flo-Sabs", &[value(&report, absolute)]);
    let [re, im] = report.quantity("multipliers").unwrap().list.as_ref().unwrap()[0];
    meets("flo-lead", &[re, im.abs()]);

    let report = run(&pair, &[SP, "phase_diffusion"], Options::default(), &[("drive", 320.0 / TAU)]);
    meets("flo2pi-Sp-mean", &[value(&report, SP)]);
    meets("flo2pi-Dphi", &[value(&report, "phase_diffusion")]);

    let measures = [SC, SP, "phase_diffusion"];
    let report = run(&pair, &measures, Options::default(), &[("n_b", 10.0)]);
    meets("nb10", &measures.map(|m| value(&report, m)));
}

#[test]
fn couplings() {
    let pair = model("optomechanical-pair", &[]);
    let measures = [SC, SP, "period", "phase_difference(b1,b2)", "multipliers"];
    for mu in [0.015, 0.01, 0.04, 0.06, 0.07] {
        let report = run(&pair, &measures, Options::default(), &[("mu", mu)]);
        meets(&format!("mu{mu}"), &measures.map(|m| value(&report, m)));
    }
    let measures = [SC, SP, "phase_error(b1,b2)", "amplitude_error(b1,b2)"];
    for mu in [0.17, 0.195] {
        let report = run(&pair, &measures, Options::default(), &[("mu", mu)]);
        meets(&format!("eq7-violation-mu{mu}"), &measures.map(|m| value(&report, m)));
    }
}

#[test]
fn squeezing_beyond_the_threshold() {
    let pair = model("optomechanical-pair", &[]);
    // From 150 to 200 periods of the first resonator, both ends included.
    let options = window(150.0 * TAU, 200.0 * TAU + TAU / 64.0, 3201);
    let report = run(&pair, &[SC, SP], options, &[("mu", 0.195)]);
    let last = |k: usize| *report.series[k].values.last().unwrap();
    meets("eq6-exceeded-mu0.195", &[last(1), last(0), report.quantity(SP).unwrap().max.unwrap()]);
}

/// The in-phase cycle reached from rest.
fn cycle_from_rest(experiment: &Experiment, mu: f64) -> ClosedOrbit {
    let pair = experiment.model();
    let bound = experiment.bind(&pair.bind(&[("mu", mu)]).unwrap()).unwrap();
    let found = attractor::find(&bound, &[], None, &[c64::new(0.0, 0.0); 4], &attractor::Options::default());
    match found.attractor {
        Attractor::Cycle(cycle) => cycle,
        other => panic!("mu = {mu}: {other:?}"),
    }
}

#[test]
fn bifurcations() {
    let pair = model("optomechanical-pair", &[]);
    let experiment = Experiment::new(pair.clone(), &[], Options::default()).unwrap();
    let bind = |mu: f64| {
        let values = pair.bind(&[("mu", mu)]).map_err(|e| e.to_string())?;
        experiment.bind(&values).map_err(|e| e.to_string())
    };
    let start = cycle_from_rest(&experiment, 0.02);
    let up = follow(&bind, &start, 0.02, 0.16, &continuation::Options::default()).unwrap();
    let torus: Vec<_> = up.bifurcations.iter().filter(|b| b.kind == Kind::NeimarkSacker).collect();
    meets("muNS", &[torus[0].parameter]);
    meets("muNS-angle", &[torus[0].angle]);
    meets("muNS2", &[torus[1].parameter]);
    let options = continuation::Options { stop_at_fold: true, ..continuation::Options::default() };
    let down = follow(&bind, &start, 0.02, 0.0005, &options).unwrap();
    let fold = down.bifurcations.iter().find(|b| b.kind == Kind::SaddleNode).expect("a fold");
    meets("muSN", &[fold.parameter]);
}

/// From rest and the vacuum: when the mean of S_c over a period has fallen to half of what it is with the collective phase
/// removed. The phase starts with the variance that the transient has left behind and then diffuses.
#[test]
fn half_life() {
    let pair = model("optomechanical-pair", &[]);
    let experiment = Experiment::new(pair.clone(), &[], Options::default()).unwrap();
    let bound = experiment.bind(&pair.bind(&[]).unwrap()).unwrap();
    let late = 400.0 * TAU;
    let (mut means, mut covariance) = (Vec::new(), RMatrix::zeros(8, 8));
    let tolerance = Tolerance::new(1e-10, 1e-10);
    direct::run(&bound, &[c64::new(0.0, 0.0); 4], &direct::vacuum(4), &[late], tolerance, 1e12, |_, state| {
        means = state.means().to_vec();
        covariance = state.matrix();
    })
    .unwrap();
    let period = entry("flo-T").0[0];
    let closed = cycle::shoot(&bound, &means, period, false, tolerance, 1e-10).unwrap();
    let state = orbit::on_cycle(&bound, &closed, false, 128, tolerance).unwrap();
    let left = &state.samples[0].left;
    let c = (&(&left.transpose() * &covariance) * left)[(0, 0)];
    let growth = state.growth[(0, 0)];
    let names: Vec<String> = pair.modes.iter().map(|m| m.name.clone()).collect();
    let sc = resolve(SC, &names, &[1, 3]).unwrap();
    let mean = |c: f64| {
        let at = |s| sc.of(&orbit::View::new(s, orbit::Treatment::Diffused(c))).unwrap();
        state.samples.iter().map(at).sum::<f64>() / state.samples.len() as f64
    };
    let half = brent(|t: f64| mean(c + growth * (t - late)) - 0.5 * mean(0.0), late, 1e5, 1e-6).unwrap();
    meets("long-half", &[half / TAU]);
}

#[test]
fn ring() {
    let pairs =
        |name: &str, n: usize| -> Vec<String> { (1..=n).map(|h| format!("{name}(b[1],b[{}])", h + 1)).collect() };
    let values = |model: &Arc<Model>, measures: &[String], given: &[(&str, f64)]| -> Vec<f64> {
        let names: Vec<&str> = measures.iter().map(String::as_str).collect();
        let report = run(model, &names, Options::default(), given);
        measures.iter().map(|m| value(&report, m)).collect()
    };
    let (sc, sp) = (pairs("complete_sync", 10), pairs("phase_sync", 10));
    let twenty = model("optomechanical-ring", &[]);
    let all = values(&twenty, &[sc.clone(), sp, vec!["period".into()]].concat(), &[]);
    meets("chain-Sc", &all[..10]);
    meets("chain-Sp", &all[10..20]);
    meets("chain-T", &all[20..]);
    meets("chain-mu0.005-Sc", &values(&twenty, &sc, &[("mu", 0.005)]));
    let four = model("optomechanical-ring", &[("N", "4")]);
    meets("chain4", &values(&four, &[pairs("complete_sync", 2), pairs("phase_sync", 2)].concat(), &[]));
}

#[test]
fn examples() {
    let eps: f64 = 0.1;
    let diagonal = [0.25 / eps, eps, 0.25 / eps, eps];
    let state = Snapshot {
        mean: vec![c64::new(5.0, 0.0); 2],
        covariance: RMatrix::from_fn(4, 4, |i, j| if i == j { diagonal[i] } else { 0.0 }),
    };
    let sc = resolve(SC, &["b1".to_owned(), "b2".to_owned()], &[0, 1]).unwrap();
    meets("ex-sq-Sc", &[sc.of(&state).unwrap()]);
    // The entry is no physical state, which the formula does not mind and the measure refuses.
    meets("ex-discord-homodyne", &[discord::standard_form(3.0, 2.0, 2.0, 0.1)]);
}

#[test]
fn every_entry_is_met() {
    let met: BTreeSet<String> =
        MET.iter().flat_map(|(_, ids)| ids.iter()).chain(&QUOTED).map(|id| (*id).to_owned()).collect();
    let asked: BTreeSet<String> = entries().iter().map(|e| e["id"].as_str().expect("an id").to_owned()).collect();
    let missing: Vec<_> = asked.difference(&met).filter(|id| !id.starts_with("twa-")).collect();
    assert!(missing.is_empty(), "not met by any test: {missing:?}");
    assert!(met.difference(&asked).next().is_none(), "no such entries");
}
