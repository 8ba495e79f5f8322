//! Clock measures against the independent reference numbers (`data/membranes.json`), and on measured signals where they are at hand.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use huygens::experiment::{Experiment, Options};
use huygens::measures::clocks::accuracy::accuracy;
use huygens::measures::clocks::asynchrony::asynchrony;
use huygens::measures::clocks::deviation::{
    accuracy_of_crossings, literal_deviation, nearest_tick_deviation, nearest_tick_of_gaussian, phase_variance,
};
use huygens::measures::clocks::ticks::{Peaks, Ticks, peaks};
use huygens::measures::spectra::{Welch, welch};
use huygens_lab::file;
use huygens_lab::file::signals::{Reading, recording, tick_lists};
use serde_json::Value;

fn reference(id: &str) -> (f64, f64) {
    let file: Value =
        serde_json::from_str(include_str!("data/membranes.json")).expect("the reference numbers are JSON");
    let entries = file["entries"].as_array().expect("a list of entries");
    let entry = entries.iter().find(|e| e["id"] == id).unwrap_or_else(|| panic!("no entry {id}"));
    (entry["value"].as_f64().unwrap(), entry["rel_tol"].as_f64().unwrap())
}

fn check(id: &str, found: f64) {
    let (value, tolerance) = reference(id);
    assert!((found / value - 1.0).abs() <= tolerance, "{id}: {found} against {value}, allowed {tolerance:.0e}");
}

/// The nearest-tick deviation of the built-in model, from the steady state in closed form.
#[test]
fn nearest_tick_deviations_of_the_membranes() {
    check("sigma2_eps0.5", phase_variance(0.5).unwrap());
    check("sigma2_eps1", phase_variance(1.0).unwrap());
    check("Dnear_G0", nearest_tick_of_gaussian(1.0, 0.0).unwrap());
    let model = Arc::new(file::load("membranes").unwrap().model);
    let names = ["coherence(b1,b2)", "coherence_phase(b1,b2)", "n(b1)", "n(b2)"];
    let experiment = Experiment::new(model.clone(), &names.map(String::from), Options::default()).unwrap();
    for g in ["0.001", "0.005", "0.01", "0.02", "0.04", "0.1"] {
        let report = experiment.run(&model.bind(&[("g", g.parse().unwrap())]).unwrap()).unwrap();
        let [r, arg, n1, _] = names.map(|name| report.value(name).unwrap());
        let eps = (1.0 - r) * (1.0 + r);
        check(&format!("P1_g{g}_Dnear"), nearest_tick_of_gaussian(eps, arg).unwrap());
        if g == "0.005" {
            // One period of the first membrane against its damping and heating.
            let eps = TAU * 7.0 / 400_200.0 * 1e9 / n1;
            check("MC_g0.005_N1", accuracy_of_crossings(eps).unwrap());
        }
    }
    check("MC_g0_N2", accuracy_of_crossings(TAU * 14.0 / 400_000.0).unwrap());
}

/// The folder of measured signals beside the repository, or where `HUYGENS_DATA` says.
fn measured() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("HUYGENS_DATA").map_or(beside, PathBuf::from);
    if data.join("electrochemical").is_dir() {
        return Some(data);
    }
    #[allow(clippy::print_stderr)]
    {
        eprintln!("skipped: no measured signals at {}", data.display());
    }
    None
}

/// Two electrochemical oscillators: their rates from peaks, from spectra, and how their ticks stray (Kiss and Hudson 2002).
#[test]
fn ticks_of_the_electrochemical_pair() {
    let Some(data) = measured() else { return };
    for (name, rates, locked) in [("Izero.txt", [1.210, 1.197], false), ("I0_08.txt", [1.2017, 1.2024], true)] {
        let path = data.join("electrochemical").join(name);
        let pair = recording(&[path.to_string_lossy()], &Reading::default()).unwrap();
        let ticks: Vec<Ticks> = pair
            .channels
            .iter()
            .map(|c| peaks(&pair.times, &c.values, &Peaks { max_step: pair.max_step(), ..Peaks::default() }).unwrap())
            .collect();
        for (k, rate) in rates.iter().enumerate() {
            let found = 1.0 / ticks[k].mean_interval().unwrap();
            assert!((found - rate).abs() < 2e-3, "{name} {k}: {found} against {rate}, {} ticks", ticks[k].len());
            let n = accuracy(&ticks[k], 1, 0.95).unwrap();
            let [low, high] = n.interval.unwrap();
            assert!(n.value > 5.0 && n.value < 1000.0 && low < n.value && n.value < high, "{n:?}");
            let spectrum = welch(&pair.channels[k].values, 200.0, &Welch::default()).unwrap();
            let highest = &spectrum.peaks(1)[0];
            assert!((highest.frequency - rate).abs() < 0.1, "{highest:?}");
        }
        let near = nearest_tick_deviation(&ticks[0], &ticks[1], 0.95).unwrap();
        assert_eq!(near.centred < 0.02, locked, "{name}: {near:?}");
        let literal = literal_deviation(&ticks[0], &ticks[1], 1, 0.95).unwrap();
        assert!(literal.value > 0.0 && literal.count > 190);
    }
}

/// Musicians: nearly every onset of the clave has a partner, and the asynchronies are some ten milliseconds.
#[test]
fn asynchrony_of_musicians() {
    let Some(data) = measured() else { return };
    let path = data.join("salsa_onsets/CSS_IEMP_Palo_Santo.csv");
    let columns = ["Clave", "Bass", "Guitar", "Tres", "Bongo"].map(String::from).to_vec();
    let lists = tick_lists(&[path.to_string_lossy()], &Reading { columns, ..Reading::default() }).unwrap();
    let players: Vec<Vec<f64>> = lists.players.into_iter().map(|p| p.times).collect();
    let found = asynchrony(&players, None).unwrap();
    let spread = found.spread.unwrap();
    assert!((0.005..0.04).contains(&spread), "{spread}");
    for player in &found.players {
        assert!(player.lag.unwrap().abs() < 0.04 && player.error.unwrap() < 0.005, "{player:?}");
    }
    for pair in &found.pairs {
        assert!(pair.differences.len() > 100 && pair.mean.unwrap().abs() < 0.05, "{:?} {:?}", pair.players, pair.mean);
    }
}
