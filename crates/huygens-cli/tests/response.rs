//! Structured baths from the command line: a model of one's own, verdicts, and what is refused with a cure.

mod support;

use std::path::Path;

use serde_json::Value;
use support::{code, err, huygens, out};

/// Three oscillators between two structured baths, the middle one also driven by a third with two harmonics.
const THREE: &str = r#"
measures = ["dissipation", "heat_current(\"left\")", "heat_current(\"right\")", "power", "n(a[2])"]
time_unit = "1/omega"
[modes]
"a[1..3]" = "boson"
[parameters]
k = { value = 0.2, unit = "omega", note = "spring" }
T = { value = 0.8, unit = "omega", note = "temperature of the left bath" }
g = { value = 0.02, unit = "omega", note = "strength of the driven bath" }
W = { value = 0.7, unit = "omega", note = "frequency of the drive" }
[hamiltonian]
oscillators = "sum(j in 1..3, n(a[j]))"
springs = "k/2*(q(a[1]) - q(a[2]))^2 + k/2*(q(a[2]) - q(a[3]))^2"
[[bath]]
label = "left"
coupling = "q(a[1])"
temperature = "T"
density = "peak"
strength = 0.3
frequency = 1.2
width = 0.8
[[bath]]
label = "right"
coupling = "q(a[3])"
temperature = 0.2
density = "drude"
strength = 0.2
cutoff = 4
[[bath]]
label = "driven"
coupling = "(0.3 + cos(W*t) + 0.2*sin(2*W*t))*q(a[2])"
temperature = 0.5
density = "drude"
strength = "g"
cutoff = 2
"#;

fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let mut all = vec!["run"];
    all.extend(arguments);
    all.extend(["--format", "json", "--quiet"]);
    let output = huygens(folder, &all);
    let object = serde_json::from_str(&out(&output)).unwrap_or_else(|e| panic!("{e}: {}", err(&output)));
    (code(&output), object)
}

fn value(object: &Value, measure: &str) -> f64 {
    object["values"][measure]["value"].as_f64().unwrap_or_else(|| panic!("{measure}: {object:#}"))
}

fn check<'a>(object: &'a Value, name: &str) -> &'a Value {
    let list = object["checks"].as_array().expect("checks");
    list.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("{name}: {object:#}"))
}

#[test]
fn a_model_of_ones_own_obeys_both_laws_to_all_orders() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("three.toml"), THREE).expect("a file");
    let (status, found) = json(
        folder.path(),
        &[
            "three.toml",
            "--order",
            "all",
            "-m",
            "heat_current(\"driven\")",
            "-m",
            "power",
            "-m",
            "heat_current(\"left\")",
            "-m",
            "heat_current(\"right\")",
            "-m",
            "dissipation",
            "-m",
            "heat_noise(\"left\")",
            "-m",
            "heat_tur(\"left\")",
        ],
    );
    assert_eq!(status, 0, "{found:#}");
    let [left, right, driven, power] =
        ["heat_current(\"left\")", "heat_current(\"right\")", "heat_current(\"driven\")", "power"]
            .map(|m| value(&found, m));
    assert!((left + right + driven + power).abs() < 1e-6 * left.abs(), "{found:#}");
    assert!(left > 0.0 && right < 0.0 && value(&found, "dissipation") > 0.0);
    assert_eq!(check(&found, "first law of the noise")["status"], "pass", "{found:#}");
    let tur = value(&found, "heat_tur(\"left\")");
    let expected = value(&found, "dissipation") * value(&found, "heat_noise(\"left\")") / (left * left);
    assert!((tur / expected - 1.0).abs() < 1e-12);
    // Static baths at two temperatures have no lowest order.
    let refused = huygens(folder.path(), &["run", "three.toml"]);
    assert_eq!(code(&refused), 2);
    assert!(err(&refused).contains("--order all"), "{}", err(&refused));
    // Without the temperature difference they have, and it is the limit of a weak drive.
    let arguments = ["three.toml", "-s", "T=0.2", "-s", "g=1e-5", "-m", "power", "-m", "power_noise"];
    let (status, lowest) = json(folder.path(), &arguments);
    assert_eq!(status, 0, "{lowest:#}");
    let all: Vec<&str> = arguments.into_iter().chain(["--order", "all"]).collect();
    let (_, all) = json(folder.path(), &all);
    for measure in ["power", "power_noise"] {
        let (one, two) = (value(&lowest, measure), value(&all, measure));
        assert!((one / two - 1.0).abs() < 1e-3, "{measure}: {one} {two}");
    }
}

/// Spectra are functions, of the static state in lowest order; the noise of the heat is not of the lowest order.
#[test]
fn spectra_are_functions_with_a_figure() {
    let folder = tempfile::tempdir().expect("a folder");
    let measures = ["-m", "spectrum(q(A))", "-m", "absorption(q(B))", "-m", "heat_noise(\"driven\")"];
    let (_, found) = json(folder.path(), &[&["thermal-machine", "-s", "gamma1=1e-5"], &measures[..]].concat());
    // The narrow line of the difference coordinate: the two know of each other by the strong bath alone.
    let (line, absorbed) = (value(&found, "spectrum(q(A))"), value(&found, "absorption(q(B))"));
    assert!((line - 0.824_6).abs() < 1e-3 && (line / absorbed - 1.0).abs() < 1e-3, "{line} {absorbed}");
    let note = found["values"]["heat_noise(\"driven\")"]["note"].as_str().unwrap_or_default();
    assert!(note.contains("--order all"), "{found:#}");
    huygens(folder.path(), &["run", "thermal-machine", "-m", "spectrum(q(A))"]);
    assert!(folder.path().join("huygens-out/thermal-machine/functions.png").exists());
}

#[test]
fn the_lowest_order_is_told_where_it_fails_and_an_unstable_drive_is_a_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let (status, found) = json(folder.path(), &["thermal-machine", "-m", "power_tur(A)"]);
    assert_eq!(status, 1);
    assert_eq!(check(&found, "lowest order")["status"], "fail");
    assert!((value(&found, "power_tur(A)") - 0.418_487).abs() < 1e-6);
    let (status, found) = json(folder.path(), &["thermal-machine", "-s", "gamma1=1e-5", "-m", "power_tur(A)"]);
    assert_eq!((status, check(&found, "lowest order")["status"].as_str()), (0, Some("pass")), "{found:#}");
    let unstable = ["thermal-machine", "-s", "gamma1=0.05", "-s", "Omega=2.5", "--order", "all"];
    let (status, found) = json(folder.path(), &unstable);
    assert_eq!(status, 1);
    assert_eq!(check(&found, "stable")["status"], "fail");
    assert!(found["values"]["power"]["value"].is_null(), "{found:#}");
}

#[test]
fn what_cannot_be_is_refused_with_the_place_and_the_cure() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = huygens(at, arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", err(&output));
        for word in words {
            assert!(err(&output).contains(word), "{arguments:?}: no `{word}` in {}", err(&output));
        }
    };
    let run = |more: &[&'static str]| [&["run", "thermal-machine"][..], more].concat();
    refused(&run(&["-s", "T1=-0.1"]), &["temperature", "must not be negative", "^"]);
    refused(&run(&["-s", "omega_c=0"]), &["cutoff", "must be positive", "ohmic"]);
    refused(&run(&["-s", "omega_B=1"]), &["dissipation-free", "detune"]);
    refused(&run(&["-s", "omega_B=-0.6"]), &["sqrt"]);
    refused(&run(&["-s", "gamma2=0"]), &["no static bath"]);
    refused(&run(&["--level", "gaussian"]), &["spectral density", "--level response"]);
    refused(&run(&["--until", "10"]), &["--until"]);
    refused(&run(&["-m", "heat_current(\"cold\")"]), &["\"cold\"", "\"driven\""]);
    refused(&["run", "kerr-pair", "--level", "response"], &["no bath with a spectral density", "--level gaussian"]);
    let with = |from: &str, to: &str| {
        assert!(THREE.contains(from), "{from}");
        std::fs::write(at.join("m.toml"), THREE.replace(from, to)).expect("a file");
    };
    let broken = |words: &[&str]| refused(&["check", "m.toml"], words);
    with("density = \"peak\"", "density = \"peek\"");
    broken(&["peek", "did you mean `peak`", "^"]);
    with("width = 0.8\n", "");
    broken(&["needs a width", "m.toml:"]);
    with("cutoff = 4", "cutoff = 4\nwidth = 1");
    broken(&["has no width", "cutoff"]);
    with("coupling = \"q(a[1])\"", "coupling = \"a[1]\"");
    broken(&["not Hermitian", "h.c."]);
    with("coupling = \"q(a[1])\"", "coupling = \"q(a[1])^2\"");
    broken(&["not linear", "q(A)/sqrt(omega_A)"]);
    with("temperature = 0.2\n", "");
    broken(&["no entry `temperature`"]);
    with("temperature = 0.2", "temperature = \"cos(t)\"");
    broken(&["depends on the time"]);
    with("density = \"drude\"\nstrength = 0.2\ncutoff = 4", "density = \"table\"\ntable = [[1, 0.3], [0.5, 0]]");
    broken(&["do not rise"]);
    with("density = \"drude\"\nstrength = 0.2\ncutoff = 4", "density = \"table\"\ntable = [[1, 0.3], [2, 0.1]]");
    broken(&["J = 0"]);
    with("cutoff = 2\n", "cutoff = 2\n[[jump]]\nL = \"a[1]\"\n");
    refused(&["run", "m.toml"], &["jump", "ohmic"]);
    with("springs = \"", "springs = \"n(a[1])^2 + ");
    refused(&["run", "m.toml"], &["not linear", "--level fock"]);
    with("cos(W*t)", "cos(W*t) + cos(1.4142135623730951*W*t)");
    refused(&["run", "m.toml", "--order", "all"], &["common period"]);
}
