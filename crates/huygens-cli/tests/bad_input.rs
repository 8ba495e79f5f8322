//! Input that cannot be used: exit code 2, a message that names the place and the cure, nothing on standard output.

mod support;

use std::path::Path;

use support::{code, err, huygens, out};

/// The command must refuse, and say all of these words.
fn refused(folder: &Path, arguments: &[&str], words: &[&str]) {
    let output = huygens(folder, arguments);
    let text = err(&output);
    assert_eq!(code(&output), 2, "{arguments:?}\n{text}");
    assert!(out(&output).is_empty(), "{arguments:?}");
    for word in words {
        assert!(text.contains(word), "{arguments:?} should say `{word}`:\n{text}");
    }
    assert!(!text.contains("panicked") && !text.contains("internal error"), "{text}");
}

fn model(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file");
}

const OSCILLATOR: &str = r#"
measures = ["n(a)"]
[modes]
a = "boson"
[parameters]
omega = 1.0
gamma = 0.1
[hamiltonian]
H = "omega*n(a)"
[[jump]]
L = "sqrt(gamma)*a"
"#;

#[test]
fn names_that_stand_for_nothing_get_the_nearest_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    refused(
        at,
        &["run", "optomechanical-par"],
        &["neither a file nor a built-in model", "did you mean `optomechanical-pair`?"],
    );
    refused(
        at,
        &["run", "optomechanical-pair", "-s", "kapa=0.1"],
        &["parameter named `kapa`", "did you mean `kappa`?"],
    );
    refused(at, &["run", "optomechanical-pair", "-s", "mu"], &["has no `=`", "NAME=VALUE"]);
    refused(at, &["run", "optomechanical-pair", "-s", "mu=2*omga1"], &["omga1", "omega1"]);
    refused(
        at,
        &["run", "optomechanical-pair", "-m", "complet_sync(b1,b2)"],
        &["unknown measure `complet_sync`", "complete_sync", "^"],
    );
    refused(at, &["run", "optomechanical-pair", "-m", "complete_sync(b1,b3)"], &["unknown mode `b3`", "^"]);
    refused(
        at,
        &["run", "optomechanical-pair", "-m", "discord(b1,b2)", "--level", "mean_field"],
        &["discord", "gaussian"],
    );
    refused(at, &["run", "optomechanical-pair", "--level", "number"], &["number", "fock"]);
    refused(at, &["run", "kerr-pair", "--cutoff", "8"], &["--cutoff 8", "--level fock"]);
    refused(at, &["run", "kerr-pair", "--level", "fock", "--until", "1", "--cutoff", "8x8"], &["8x8", "total:100"]);
    refused(at, &["run", "waveguide-dimer", "--at", "1", "--cutoff", "total:900"], &["GB", "--memory"]);
    refused(at, &["run", "waveguide-dimer", "--at", "1", "--cutoff", "2"], &["probability", "raise it"]);
    refused(
        at,
        &["run", "waveguide-dimer", "--level", "gaussian", "--at", "1"],
        &["no exact Gaussian solution", "`fock`"],
    );
    refused(
        at,
        &["sweep", "optomechanical-pair", "--over", "nu=0:1:3"],
        &["parameter named `nu`", "did you mean `mu`?"],
    );
    refused(at, &["show", "complete_synk"], &["did you mean `complete_sync`?"]);
    refused(at, &["reproduce", "mari2012"], &["did you mean `mari2013`?"]);
    refused(at, &["reproduce", "mari2013", "9z"], &["no figure `9z`", "2a"]);
    refused(at, &["rum", "optomechanical-pair"], &["rum", "run"]);
    assert_eq!(std::fs::read_dir(at).expect("the folder").count(), 0, "a refused command leaves nothing behind");
}

#[test]
fn model_files_are_read_with_a_caret_at_the_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let with = |from: &str, to: &str| {
        assert!(OSCILLATOR.contains(from));
        model(at, "m.toml", &OSCILLATOR.replace(from, to));
    };
    with("omega*n(a)", "omega*(n(a)");
    refused(at, &["run", "m.toml"], &["m.toml:9", "^"]);
    with("omega*n(a)", "omega*a");
    refused(at, &["run", "m.toml"], &["not Hermitian", "h.c.", "m.toml:9", "^"]);
    with("omega*n(a)", "omega*n(b)");
    refused(at, &["run", "m.toml"], &["`b`", "m.toml:9", "^"]);
    with("gamma = 0.1", "gamma = -0.1");
    refused(at, &["check", "m.toml"], &["gamma", "-0.1", "m.toml", "^"]);
    with("gamma = 0.1", "gamma = inf");
    refused(at, &["check", "m.toml"], &["gamma", "finite", "m.toml:7"]);
    with("gamma = 0.1", "gamma = nan");
    refused(at, &["run", "m.toml"], &["gamma", "finite", "m.toml:7"]);
    with("n(a)\"]", "m(a)\"]");
    refused(at, &["check", "m.toml"], &["unknown measure `m`", "m.toml:2", "^"]);
    with("[[jump]]", "[[bath]]\non = \"a\"\nrate = \"-gamma\"\noccupation = 0\n[[jump]]");
    refused(at, &["run", "m.toml"], &["rate", "must not be negative", "m.toml", "^"]);
    model(at, "garbage.toml", "\u{0}\u{1}[[[\u{7f}]");
    refused(at, &["run", "garbage.toml"], &["garbage.toml"]);
    std::fs::write(at.join("bytes.toml"), [0xff, 0xfe, 0x00, 0x93, 0x0a]).expect("a file");
    refused(at, &["run", "bytes.toml"], &["not text", "UTF-8"]);
    let long = "n(a) + ".repeat(10_000_000 / 7) + "n(a)";
    with("omega*n(a)", &long);
    refused(at, &["run", "m.toml"], &["1"]);
}

#[test]
fn values_sizes_and_ranges_are_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    refused(at, &["run", "optomechanical-pair", "-s", "mu=1/0"], &["mu"]);
    refused(at, &["run", "optomechanical-pair", "-s", "mu=inf"], &["inf"]);
    refused(at, &["run", "optomechanical-pair", "-s", "gamma=-0.1"], &["must not be negative"]);
    refused(at, &["run", "optomechanical-ring", "-s", "N=0"], &["N"]);
    refused(
        at,
        &["run", "optomechanical-ring", "-s", "N=1000000"],
        &["GB", "need"].map(|w| if w == "GB" { "B" } else { w }),
    );
    refused(at, &["run", "optomechanical-ring", "-s", "N=2.5"], &["whole"]);
    refused(at, &["sweep", "optomechanical-pair", "--over", "mu=0:1:0"], &["empty", "at least one point"]);
    refused(at, &["sweep", "optomechanical-pair", "--over", "mu=0:nan:3"], &["STOP"]);
    refused(at, &["sweep", "optomechanical-pair", "--over", "mu=0:1"], &["COUNT", "NAME=START:STOP:COUNT"]);
    refused(at, &["sweep", "optomechanical-pair", "--over", "mu=0:1:3:log"], &["logarithmic", "positive"]);
    refused(at, &["sweep", "optomechanical-pair", "--over", "mu=0:1:3", "-s", "mu=0.1"], &["swept and also given"]);
    refused(at, &["sweep", "optomechanical-ring", "--over", "N=4:5:3"], &["whole numbers", "4.5"]);
    refused(at, &["run", "optomechanical-pair", "--until", "0"], &["--until"]);
    refused(at, &["run", "optomechanical-pair", "--window", "20:10"], &["ascend"]);
    refused(at, &["run", "optomechanical-pair", "--until", "2*pip"], &["pip", "^"]);
    refused(at, &["run", "optomechanical-pair", "--rtol", "0"], &["--rtol 0"]);
    refused(at, &["continue", "optomechanical-pair", "--in", "mu=0.02"], &["NAME=FROM:TO"]);
    refused(at, &["continue", "kerr-pair", "--in", "none=0:1"], &["parameter named `none`"]);
}

#[test]
fn searches_that_mean_nothing_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let tell = |arguments: &[&str], words: &[&str]| {
        refused(at, &[&["optimize", "optomechanical-pair"], arguments].concat(), words);
    };
    tell(&["--maximize", "period"], &["nothing to search over", "--over NAME=START:STOP"]);
    tell(&["--over", "mu=0.01:0.05"], &["no goal", "--maximize"]);
    tell(&["--over", "mu=0.01:0.05", "--maximize", "perod"], &["unknown measure `perod`", "`period`", "^"]);
    tell(&["--over", "mu=0.05:0.01", "--maximize", "period"], &["START must be less than STOP"]);
    tell(&["--over", "nu=0:1", "--maximize", "period"], &["parameter named `nu`", "did you mean `mu`?"]);
    tell(&["--over", "mu=0:1:5", "--maximize", "period"], &["COUNT", "^"]);
    tell(&["--over", "mu=0:1", "--maximize", "period", "--minimize", "mu"], &["two goals"]);
    tell(&["--over", "mu=0:1", "--minimize", "mu", "--subject", "period"], &["`>=`", "^"]);
    tell(&["--over", "mu=0:1", "--minimize", "mu", "--subject", "n(b3) >= 2"], &["unknown mode `b3`", "^"]);
    tell(&["--over", "mu=0:1", "--maximize", "period", "-m", "nothing"], &["unknown measure `nothing`"]);
    tell(&["--over", "mu=0:1", "--maximize", "period", "--points", "2"], &["at least 3"]);
    tell(&["--over", "mu=0:1", "--maximize", "period", "-s", "mu=2"], &["also given a value"]);
    tell(&["--over", "mu=0:1", "--maximize", "discord(b1,b2)", "--level", "mean_field"], &["gaussian"]);
    assert_eq!(std::fs::read_dir(at).expect("the folder").count(), 0);
}

#[test]
fn places_that_cannot_be_written_are_found_before_the_computation() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    std::fs::write(at.join("file"), "in the way").expect("a file");
    refused(at, &["run", "kerr-pair", "--out", "file/below"], &["cannot write", "--out"]);
    refused(at, &["sweep", "kerr-pair", "--over", "K=0.1:0.2:3", "--out", "file/below"], &["file"]);
    refused(at, &["sweep", "kerr-pair", "--over", "K=0.1:0.2:3", "--out", "file"], &["file"]);
}

#[test]
fn trajectories_need_a_level_and_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    model(at, "one.toml", OSCILLATOR);
    refused(at, &["run", "one.toml", "--trajectories", "10"], &["at the level gaussian", "--level fock"]);
    let jumps = ["run", "one.toml", "--level", "fock", "--trajectories", "10"];
    refused(at, &jumps, &["quantum jumps are followed in time", "--until"]);
    let gain = OSCILLATOR.replace("[[jump]]", "[antihermitian]\nHc = \"0.1*n(a)\"\n[[jump]]");
    model(at, "gain.toml", &gain);
    refused(
        at,
        &["run", "gain.toml", "--level", "fock", "--trajectories", "10", "--until", "1"],
        &["anti-Hermitian part", "leave out --trajectories"],
    );
}
