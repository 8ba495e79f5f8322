//! What the command gives out: the contract with scripts.

mod support;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{code, command, err, huygens, out};

/// A model that costs little: a damped resonator under a constant drive.
const CHEAP: &str = r#"
description = "A driven, damped resonator."
measures = ["n(a)", "radius(a)"]
oscillators = ["a"]
[modes]
a = "boson"
[parameters]
omega = { value = 1.0, unit = "omega", note = "frequency" }
F = { value = 0.5, unit = "omega", note = "drive" }
[hamiltonian]
H = "omega*n(a) + i*F*(dag(a) - a)"
[[bath]]
on = "a"
rate = 0.2
occupation = 0.5
"#;

fn with_cheap() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("cheap.toml"), CHEAP).expect("a file");
    folder
}

#[test]
fn json_is_one_object_with_the_keys_of_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = [
        "run",
        "optomechanical-pair",
        "-m",
        "complete_sync(b1,b2)",
        "-m",
        "period",
        "--format",
        "json",
        "--starts",
        "0",
    ];
    let output = huygens(folder.path(), &arguments);
    assert!(code(&output) == 0 || code(&output) == 1, "{}", err(&output));
    let object: Value = serde_json::from_str(&out(&output)).expect("one JSON object and nothing else");
    for key in ["model", "level", "parameters", "values", "checks", "provenance"] {
        assert!(!object[key].is_null(), "{key}");
    }
    assert_eq!(object["model"], "optomechanical-pair");
    assert_eq!(object["level"], "gaussian");
    assert_eq!(object["parameters"]["mu"], 0.02);
    assert_eq!(object["parameters"]["Delta2"], 1.005);
    let sync = &object["values"]["complete_sync(b1,b2)"];
    assert!((sync["value"].as_f64().expect("a number") - 0.2784251012).abs() < 1e-8, "{sync}");
    for key in ["value", "unit", "min", "max", "error"] {
        assert!(sync.get(key).is_some(), "{key}");
    }
    assert!((object["values"]["period"]["value"].as_f64().expect("a number") - 6.438748164).abs() < 1e-6);
    let checks = object["checks"].as_array().expect("a list");
    assert!(checks.len() >= 4);
    let failed = checks.iter().any(|c| c["status"] == "fail");
    assert_eq!(code(&output), i32::from(failed));
    for check in checks {
        assert!(["pass", "note", "fail"].contains(&check["status"].as_str().expect("a word")));
        for key in ["name", "value", "limit", "note"] {
            assert!(check.get(key).is_some(), "{key} of {check}");
        }
    }
    assert!(object["provenance"]["model_hash"].as_str().is_some_and(|h| h.len() == 64));
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "nothing is written");
    let again = huygens(folder.path(), &arguments);
    assert_eq!(out(&again), out(&output), "the same run gives the same bytes");
}

#[test]
fn a_table_goes_to_the_reader_and_its_files_to_a_folder() {
    let folder = with_cheap();
    let output = huygens(folder.path(), &["run", "cheap.toml", "-s", "F=2*omega", "--seed", "7", "--threads", "1"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).is_empty());
    let text = err(&output);
    for word in ["fixed point", "n(a)", "✓", "written to"] {
        assert!(text.contains(word), "{text}");
    }
    assert!(!text.contains('\x1b'), "no colours in a pipe");
    let results = folder.path().join("huygens-out/cheap");
    for file in ["record.json", "values.csv", "record.npz", "orbits.svg", "orbits.png"] {
        assert!(results.join(file).exists(), "{file}");
    }
    let record: Value =
        serde_json::from_str(&std::fs::read_to_string(results.join("record.json")).expect("a record")).expect("JSON");
    // |<a>|² + occupation: F²/(ω² + γ²/4) + 1/2
    let n = record["values"]["n(a)"]["value"].as_f64().expect("a number");
    assert!((n - (4.0 / 1.01 + 0.5)).abs() < 1e-9, "{n}");
    let quiet = huygens(folder.path(), &["run", "cheap.toml", "--quiet", "--out", "elsewhere"]);
    assert!(err(&quiet).is_empty() && out(&quiet).is_empty() && folder.path().join("elsewhere/record.json").exists());
    let csv = huygens(folder.path(), &["run", "cheap.toml", "--format", "csv"]);
    assert!(out(&csv).contains("\nmeasure,value,unit,min,max,error,note\n"), "{}", out(&csv));
}

#[test]
fn the_best_point_is_found_told_and_drawn() {
    let folder = with_cheap();
    // |<a>|² = F²/(ω² + γ²/4) at ω = 1 and occupation ½: n = 1 where F² = 1.01/2.
    let search =
        ["optimize", "cheap.toml", "--over", "F=0:2", "--minimize", "F", "--subject", "n(a) >= 1", "--points", "21"];
    let output = huygens(folder.path(), &[&search[..], &["--format", "json", "-m", "radius(a)"]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    let object: Value = serde_json::from_str(&out(&output)).expect("one JSON object and nothing else");
    let force = object["optimum"]["at"]["F"]["value"].as_f64().expect("a number");
    assert!((force - 0.505f64.sqrt()).abs() < 1e-12, "{force}");
    assert!(object["objective"]["value"] == object["parameters"]["F"] && object["constraints"][0]["active"] == true);
    assert!(object["values"]["radius(a)"]["value"].is_number());
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is written");
    let output = huygens(folder.path(), &search);
    assert!(code(&output) == 0 && out(&output).is_empty());
    assert!(err(&output).contains("smallest F = 0.7106335202 where n(a) >= 1"), "{}", err(&output));
    for file in ["optimum.json", "curve.csv", "optimum.png", "optimum.svg"] {
        assert!(folder.path().join("huygens-out/cheap-F-optimum").join(file).exists(), "{file}");
    }
    let none = [
        "optimize",
        "cheap.toml",
        "--over",
        "F=0:2",
        "--minimize",
        "F",
        "--subject",
        "n(a) >= 100",
        "--format",
        "json",
    ];
    let output = huygens(folder.path(), &none);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let object: Value = serde_json::from_str(&out(&output)).expect("JSON");
    assert!(object["objective"]["value"].is_null() && object["optimum"]["at"]["F"]["value"] == 2.0);
    let csv = huygens(folder.path(), &[&search[..], &["--format", "csv"]].concat());
    let rows = out(&csv);
    let rows: Vec<&str> = rows.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(rows[0] == "F,n(a),feasible,front,status,message" && rows.len() == 22, "{rows:?}");
    assert!(
        rows[1].starts_with("0,0.") && rows[1].ends_with(",0,1,pass,") && rows[21].ends_with(",1,1,pass,"),
        "{rows:?}"
    );
}

#[test]
fn a_diverging_model_ends_in_a_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = CHEAP.replace("[[bath]]\non = \"a\"\nrate = 0.2\noccupation = 0.5", "[[jump]]\nL = \"dag(a)\"");
    std::fs::write(folder.path().join("gain.toml"), text).expect("a file");
    let output = huygens(folder.path(), &["run", "gain.toml", "--format", "json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let text = out(&output);
    assert!(!text.contains("NaN") && !text.contains("Infinity"), "{text}");
    let object: Value = serde_json::from_str(&text).expect("JSON");
    assert!(object["values"]["n(a)"]["value"].is_null());
    assert!(object["provenance"]["dynamics"].as_str().expect("a sentence").contains("diverges"), "{text}");
    assert!(object["checks"].as_array().expect("a list").iter().any(|c| c["status"] == "fail"));
}

#[test]
fn a_direct_run_averages_over_its_window() {
    let folder = with_cheap();
    let output = huygens(
        folder.path(),
        &["run", "cheap.toml", "--until", "400/omega", "--window", "300:400", "--samples", "200", "--format", "json"],
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
    let object: Value = serde_json::from_str(&out(&output)).expect("JSON");
    let n = object["values"]["n(a)"]["value"].as_f64().expect("a number");
    assert!((n - (0.25 / 1.01 + 0.5)).abs() < 1e-6, "{n}");
    assert!(object["provenance"]["method"].as_str().is_some());
}

#[test]
fn equations_are_those_a_physicist_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = huygens(folder.path(), &["equations", "optomechanical-pair", "--format", "latex"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    for part in
        [r"\begin{align}", r"\dot{\alpha}_1", r"\dot{b}_2", r"\kappa", r"\Delta_1", r"|\alpha_1|^2", r"\mathrm{in}"]
    {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert_eq!(text.matches(r"\begin{align}").count(), text.matches(r"\end{align}").count());
    let output = huygens(folder.path(), &["equations", "van-der-pol-pair", "--level", "mean_field"]);
    assert!(out(&output).contains("d/dt") && !out(&output).contains("Langevin"), "{}", out(&output));
}

#[test]
fn lists_and_descriptions() {
    let folder = with_cheap();
    let text = |arguments: &[&str]| {
        let output = huygens(folder.path(), arguments);
        assert_eq!(code(&output), 0, "{}", err(&output));
        out(&output)
    };
    let models = text(&["list", "models"]);
    assert!(models.lines().count() >= 6 && models.contains("kerr-pair"));
    let measures = text(&["list", "measures"]);
    for word in ["complete_sync", "formula", "range", "source", "levels"] {
        assert!(measures.contains(word), "{word}");
    }
    assert!(text(&["list", "papers"]).contains("mari2013"));
    let shown = text(&["show", "optomechanical-pair"]);
    assert!(shown.contains("Delta1") && shown.contains("omega1 = 1") && shown.contains("H = "), "{shown}");
    assert!(text(&["show", "complete_sync"]).contains("formula"));
    assert!(text(&["show", "mari2013"]).contains("2a"));
    let checked = text(&["check", "cheap.toml"]);
    assert!(checked.contains("no faults found") && checked.contains("linear"), "{checked}");
    let help = text(&["--help"]);
    for name in ["run", "sweep", "continue", "reproduce", "clocks", "equations"] {
        assert!(help.contains(&format!("\n  {name} ")), "{help}");
        text(&[name, "--help"]);
    }
    text(&["--version"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(folder.path(), &["list", "measures"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let mut text = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut text).expect("text");
    let status = child.wait().expect("ends");
    assert!(status.code() == Some(0) && text.is_empty(), "{status} {text}");
}

/// All files of a folder with their bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(here) = open.pop() {
        for entry in std::fs::read_dir(&here).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("a file");
                found.push((path.strip_prefix(folder).expect("below").to_owned(), bytes));
            }
        }
    }
    found.sort();
    found
}

fn same(a: &Path, b: &Path) {
    let (a, b) = (files(a), files(b));
    let names = |list: &[(PathBuf, Vec<u8>)]| list.iter().map(|(p, _)| p.clone()).collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for ((path, left), (_, right)) in a.iter().zip(&b) {
        assert!(left == right, "{} differs", path.display());
    }
}

const OVER: &str = "F=0.1:2:6000";

#[test]
fn a_killed_sweep_is_completed_to_the_same_bytes() {
    let folder = with_cheap();
    let at = folder.path();
    let sweep = |out: &str| {
        ["sweep", "cheap.toml", "--over", OVER, "--no-figure", "--quiet", "--out", out].map(String::from).to_vec()
    };
    let run = |arguments: &[String], more: &[&str]| {
        let words: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        huygens(at, &words)
    };
    let whole = run(&sweep("whole.zarr"), &[]);
    assert_eq!(code(&whole), 0, "{}", err(&whole));

    let words = sweep("killed.zarr");
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--threads", "1"]).collect();
    let mut child = command(at, &words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let chunks = |store: &str| {
        files(&at.join(store)).iter().filter(|(p, _)| p.components().any(|c| c.as_os_str() == "status")).count()
    };
    let begin = Instant::now();
    while !at.join("killed.zarr/status").exists() || chunks("killed.zarr") < 3 {
        assert!(begin.elapsed() < Duration::from_secs(60), "the sweep does not begin");
        std::thread::sleep(Duration::from_millis(1));
    }
    // SIGKILL on Unix: no handler sees it.
    child.kill().expect("killed");
    child.wait().expect("ends");
    assert!(chunks("killed.zarr") < chunks("whole.zarr"), "the sweep was over before it was killed");

    let refused = run(&sweep("killed.zarr"), &[]);
    assert_eq!(code(&refused), 2);
    assert!(err(&refused).contains("--resume"), "{}", err(&refused));
    let other =
        huygens(at, &["sweep", "cheap.toml", "-s", "omega=1.5", "--over", OVER, "--resume", "--out", "killed.zarr"]);
    assert_eq!(code(&other), 2);
    assert!(err(&other).contains("another sweep"), "{}", err(&other));
    let foreign = huygens(at, &["sweep", "kerr-pair", "--over", "K=0.1:0.2:5", "--resume", "--out", "killed.zarr"]);
    assert_eq!(code(&foreign), 2);
    assert!(err(&foreign).contains("another sweep"), "{}", err(&foreign));

    let resumed = run(&sweep("killed.zarr"), &["--resume"]);
    assert_eq!(code(&resumed), 0, "{}", err(&resumed));
    same(&at.join("whole.zarr"), &at.join("killed.zarr"));
}

#[test]
fn shards_make_one_store() {
    let folder = with_cheap();
    let at = folder.path();
    let sweep = |out: &str, more: &[&str]| {
        let words =
            ["sweep", "cheap.toml", "--over", "F=0.1:2:300", "--over", "omega=0.5:1.5:2", "--no-figure", "--out", out];
        huygens(at, &words.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    assert_eq!(code(&sweep("whole.zarr", &[])), 0);
    for shard in ["3/3", "1/3"] {
        let output = sweep("parts.zarr", &["--shard", shard]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(err(&output).contains("not all done"), "{}", err(&output));
    }
    let twice = sweep("parts.zarr", &["--shard", "1/3"]);
    assert_eq!(code(&twice), 2);
    assert!(err(&twice).contains("begun before"), "{}", err(&twice));
    let overlapping = sweep("parts.zarr", &["--shard", "1/2"]);
    assert_eq!(code(&overlapping), 2);
    assert!(err(&overlapping).contains("overlaps"), "{}", err(&overlapping));
    assert_eq!(code(&sweep("parts.zarr", &["--shard", "4/3"])), 2);
    assert_eq!(code(&sweep("parts.zarr", &["--shard", "2/3"])), 0);
    same(&at.join("whole.zarr"), &at.join("parts.zarr"));
}

/// Same seed: the same files byte for byte on 1 and on 2 threads, in one run and in parts, for a linear and a nonlinear model.
#[test]
fn an_ensemble_is_the_same_bytes_however_it_is_computed() {
    let folder = with_cheap();
    let at = folder.path();
    for (model, measures) in
        [("cheap.toml", ["n(a)", "radius(a)"]), ("van-der-pol-pair", ["simulated_deviation(b1,b2)", "radius(b1)"])]
    {
        let ensemble = |out: &str, more: &[&str]| {
            let words =
                ["run", model, "--level", "stochastic", "--trajectories", "300", "--until", "20", "--samples", "100"];
            let words = words.into_iter().chain(["--seed", "5", "-m", measures[0], "-m", measures[1], "--out", out]);
            huygens(at, &words.chain(more.iter().copied()).collect::<Vec<_>>())
        };
        let one = ensemble("one", &["--threads", "1"]);
        assert_eq!(code(&one), 0, "{}", err(&one));
        assert_eq!(code(&ensemble("two", &["--threads", "2"])), 0);
        for shard in ["2/3", "3/3"] {
            let output = ensemble("parts", &["--shard", shard, "--threads", "2"]);
            assert_eq!(code(&output), 0, "{}", err(&output));
            assert!(err(&output).contains("last part"), "{}", err(&output));
            assert!(!at.join("parts/record.json").exists());
        }
        assert_eq!(code(&ensemble("parts", &["--shard", "1/3"])), 0);
        same(&at.join("one"), &at.join("two"));
        same(&at.join("one"), &at.join("parts"));
        assert_eq!(code(&ensemble("parts", &["--shard", "4/3"])), 2);
        for name in ["one", "two", "parts"] {
            std::fs::remove_dir_all(at.join(name)).expect("a folder");
        }
    }
    let refused = huygens(at, &["run", "cheap.toml", "--out", "gaussian", "--shard", "1/2"]);
    assert_eq!(code(&refused), 2);
    assert!(err(&refused).contains("stochastic") && !at.join("gaussian").exists(), "{}", err(&refused));
}

/// The same of quantum jumps on 1, 2 and 7 threads.
#[test]
fn quantum_jumps_are_the_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let ensemble = |threads: &str, out: &str| {
        let words = ["run", "van-der-pol-driven", "--level", "fock", "--trajectories", "60", "--until", "3"];
        let more = ["--samples", "4", "-m", "n(b)", "-m", "phase_coherence(b)", "--threads", threads, "--out", out];
        huygens(at, &[&words[..], &more[..]].concat())
    };
    for (threads, out) in [("1", "one"), ("2", "two"), ("7", "seven")] {
        let output = ensemble(threads, out);
        assert!(code(&output) < 2, "{}", err(&output));
        assert!(err(&output).contains("60 quantum-jump trajectories"), "{}", err(&output));
    }
    same(&at.join("one"), &at.join("two"));
    same(&at.join("one"), &at.join("seven"));
}

#[test]
fn a_sweep_is_told_drawn_and_printed() {
    let folder = with_cheap();
    let at = folder.path();
    let output = huygens(at, &["sweep", "cheap.toml", "--over", "F=0:1:11", "--over", "omega=0.5:1:5"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).is_empty());
    assert!(err(&output).contains("55 points") && err(&output).contains("largest at F = 1"), "{}", err(&output));
    for file in ["cheap-F-omega.zarr/zarr.json", "cheap-F-omega.png", "cheap-F-omega.svg"] {
        assert!(at.join("huygens-out").join(file).exists(), "{file}");
    }
    let output = huygens(at, &["sweep", "cheap.toml", "--over", "F=0:1:3", "--format", "json", "-m", "n(a)"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let object: Value = serde_json::from_str(&out(&output)).expect("one object");
    assert_eq!(object["axes"]["F"]["values"], serde_json::json!([0.0, 0.5, 1.0]));
    let values = object["values"]["n(a)"]["values"].as_array().expect("a list");
    assert!((values[2].as_f64().expect("a number") - (1.0 / 1.01 + 0.5)).abs() < 1e-9);
    assert_eq!(object["status"], serde_json::json!(["pass", "pass", "pass"]));
    let output =
        huygens(at, &["sweep", "cheap.toml", "--over", "F=0:1:3", "--format", "csv", "--figure", "pictures/one.png"]);
    assert!(out(&output).lines().any(|l| l.starts_with("F,n(a),")), "{}", out(&output));
    assert!(at.join("pictures/one.png").exists() && at.join("pictures/one.svg").exists());
}

#[test]
fn the_size_of_a_model_can_be_swept() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = [
        "sweep",
        "stuart-landau-network",
        "--over",
        "N=4:6:3",
        "-m",
        "order_parameter",
        "-s",
        "spread=0",
        "--format",
        "json",
    ];
    let output = huygens(folder.path(), &arguments);
    assert!(code(&output) == 0 || code(&output) == 1, "{}", err(&output));
    let object: Value = serde_json::from_str(&out(&output)).expect("one object");
    assert_eq!(object["axes"]["N"]["values"], serde_json::json!([4.0, 5.0, 6.0]));
    let values = object["values"]["order_parameter"]["values"].as_array().expect("a list");
    assert!(values.iter().all(|v| (v.as_f64().expect("a number") - 1.0).abs() < 1e-6), "{values:?}");
}
