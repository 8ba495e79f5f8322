//! Two spin chains as two bosonic modes (Ghildiyal et al., arXiv:2408.06126) against numbers that were computed independently of Huygens
//! (`data/spin-chains.json`): the equations as printed, as repaired, and as derived with three ways to order what is linearised.

use std::sync::Arc;

use huygens::experiment::{Experiment, Level, Options, Window};
use huygens::levels::equations::Equations;
use huygens::levels::kernel::{Bound, Kernel};
use huygens::model::Model;
use huygens::report::Report;
use huygens_lab::file;
use huygens_numerics::{c64, linalg};
use serde_json::Value;

/// Which equations an entry is about, by its name.
fn model(id: &str) -> Model {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/");
    let name = match id {
        _ if id.contains("printed") => "spin-chains-printed".to_owned(),
        _ if id.contains("repaired") => "spin-chains-repaired".to_owned(),
        _ if id.contains("derived_classical") => format!("{folder}spin-chains-classical.toml"),
        _ if id.contains("derived_normal") => format!("{folder}spin-chains-normal.toml"),
        _ => "spin-chains".to_owned(),
    };
    file::load(&name).unwrap_or_else(|e| panic!("{e}")).model
}

fn values(entry: &Value) -> Vec<(&'static str, f64)> {
    let names = [
        ("N1", "N1"),
        ("N2", "N2"),
        ("lam", "lambda"),
        ("g1", "g1"),
        ("g2", "g2"),
        ("sz", "sigma_z"),
        ("w1", "omega1"),
        ("w2", "omega2"),
        ("gl", "gamma_l"),
        ("gnl", "gamma_nl"),
        ("nm", "n_m"),
    ];
    names.iter().filter_map(|(key, name)| entry["params"][*key].as_f64().map(|x| (*name, x))).collect()
}

/// The state at one time of a direct run.
fn at(model: &Arc<Model>, values: &[(&str, f64)], t: f64, measure: &str) -> Report {
    let window = Some(Window { from: t, to: t + 1e-9, samples: 1 });
    let options = Options { level: Level::Gaussian, window, tolerance: 1e-11, ..Options::default() };
    let experiment = Experiment::new(model.clone(), &[measure.to_owned()], options).unwrap();
    experiment.run(&model.bind(values).unwrap()).unwrap()
}

/// The equations of the fluctuations.
fn bound(model: &Model, values: &[(&str, f64)]) -> Bound {
    let binding = model.bind(values).unwrap();
    Arc::new(Kernel::new(&Equations::derive(model))).bind(&binding.values).unwrap()
}

/// (E₁ … E₄) or the like: row k of δż = A δz + B δz* from the real matrix.
fn complex_entry(m: &linalg::RMatrix, k: usize, l: usize) -> [c64; 2] {
    let at = |i: usize, j: usize| m[(2 * k + i, 2 * l + j)];
    [c64::new(at(0, 0) + at(1, 1), at(1, 0) - at(0, 1)) * 0.5, c64::new(at(0, 0) - at(1, 1), at(1, 0) + at(0, 1)) * 0.5]
}

/// The eigenvalues of the motion of amplitudes near the vacuum, with the ratio b₁/b₂, by rising frequency.
fn normal_modes(model: &Model, values: &[(&str, f64)]) -> Vec<(c64, f64)> {
    let m = bound(model, values).drift_matrix(0.0, &[c64::new(0.0, 0.0); 2]);
    let a = linalg::CMatrix::from_fn(2, 2, |k, l| complex_entry(&m, k, l)[0]);
    let (mean, det) = ((a[(0, 0)] + a[(1, 1)]) * 0.5, a[(0, 0)] * a[(1, 1)] - a[(0, 1)] * a[(1, 0)]);
    let root = (mean * mean - det).sqrt();
    let mut list: Vec<(c64, f64)> = [mean + root, mean - root].map(|s| (s, (a[(0, 1)] / (s - a[(0, 0)])).re)).to_vec();
    list.sort_by(|x, y| (-x.0.im).total_cmp(&-y.0.im));
    list
}

#[test]
fn every_entry_is_met() {
    let file: Value =
        serde_json::from_str(include_str!("data/spin-chains.json")).expect("the reference numbers are JSON");
    let mut met = 0;
    for entry in file["entries"].as_array().expect("a list of entries") {
        let id = entry["id"].as_str().expect("an id");
        // Quoted from the paper, or about density matrices (tests/spin_chains.rs) and the spins themselves.
        if id.starts_with("paper") || id.starts_with("lind") || id.starts_with("spin") {
            continue;
        }
        let wanted: Vec<f64> = match &entry["value"] {
            Value::Array(list) => list.iter().filter_map(Value::as_f64).collect(),
            other => other.as_f64().into_iter().collect(),
        };
        let tolerance = entry["rel_tol"].as_f64().expect("a tolerance");
        let (model, values) = (Arc::new(model(id)), values(entry));
        let time = entry["params"]["t"].as_f64().unwrap_or(0.0);
        let found: Vec<f64> = if id.starts_with("modefreq") {
            let modes = normal_modes(&model, &values);
            assert!(modes.iter().all(|(s, _)| (s.re + 0.5e-3).abs() < 1e-12), "{id}: both decay at gamma_l/2");
            modes.iter().map(|(s, _)| -s.im).collect()
        } else if id.starts_with("moderatio") {
            vec![normal_modes(&model, &values)[1].1]
        } else if id.starts_with("printed_growth") {
            let m = bound(&model, &values).drift_matrix(0.0, &[c64::new(0.0, 0.0); 2]);
            vec![linalg::eigenvalues(&m).unwrap().iter().map(|v| v.re).fold(f64::NEG_INFINITY, f64::max)]
        } else if id.starts_with("E2") {
            let m = bound(&model, &values).drift_matrix(0.0, &[c64::new(0.0, 0.0); 2]);
            vec![complex_entry(&m, 0, 0)[1].im]
        } else if id.starts_with("Sq_ss") {
            let options = Options { level: Level::Gaussian, ..Options::default() };
            let binding = model.bind(&values).unwrap();
            let experiment = Experiment::new(model, &["complete_sync(b1,b2)".into()], options).unwrap();
            experiment.run(&binding).unwrap().value("complete_sync(b1,b2)").into_iter().collect()
        } else if id.starts_with("mf") {
            let report = at(&model, &values, time, "phi_sync(b1,b2)");
            report.orbits.iter().flat_map(|o| [o.re[0], o.im[0]]).collect()
        } else {
            let measure = if id.starts_with("Sq0") { "complete_sync(b1,b2)" } else { "phi_sync(b1,b2)" };
            at(&model, &values, time, measure).value(measure).into_iter().collect()
        };
        assert_eq!(found.len(), wanted.len(), "{id}: {found:?}");
        for (x, y) in found.iter().zip(&wanted) {
            let scale = wanted.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            assert!((x - y).abs() <= tolerance * scale, "{id}: {found:?}, wanted {wanted:?}");
        }
        met += 1;
    }
    assert_eq!(met, 26);
}
