//! `huygens clocks`: recorded signals in, numbers and a figure out; what cannot be used is refused with place and cure.

mod support;

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use support::{code, command, err, huygens, out};

/// Random numbers for the tests: uniform in (0, 1).
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0 * 16807 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// Two noisy clocks of rates 1 and 1.03, sampled 25 times a second for 200 s.
fn pair(coupling: f64) -> Vec<[f64; 3]> {
    let mut chance = Chance(12345);
    let (mut x, mut y) = (0.0f64, 0.3f64);
    let kick = 0.01 * 0.2f64.sqrt();
    let mut rows = Vec::new();
    for k in 0..20_000 {
        let pull = coupling * (TAU * (y - x)).sin();
        x += 0.01 * (1.0 + pull) + kick * chance.normal();
        y += 0.01 * (1.03 - pull) + kick * chance.normal();
        if k % 4 == 0 {
            rows.push([0.01 * f64::from(k), (TAU * x).cos(), (TAU * y).cos()]);
        }
    }
    rows
}

fn csv(rows: &[[f64; 3]]) -> String {
    let mut text = String::from("t,left,right\n");
    for [t, a, b] in rows {
        let _ = writeln!(text, "{t:.2},{a:.5},{b:.5}");
    }
    text
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(folder.join(name), bytes).expect("a file");
}

fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let mut all = vec!["clocks"];
    all.extend(arguments);
    all.extend(["--format", "json"]);
    let output = huygens(folder, &all);
    let value = serde_json::from_str(&out(&output)).unwrap_or_else(|e| panic!("{e}: {}", err(&output)));
    (code(&output), value)
}

#[test]
fn coupled_clocks_are_told_from_free_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    write(at, "coupled.csv", csv(&pair(0.06)));
    write(at, "free.csv", csv(&pair(0.0)));
    let (status, coupled) = json(at, &["coupled.csv"]);
    assert_eq!(status, 0, "{coupled}");
    let value = |record: &Value, name: &str| record["values"][name]["value"].as_f64().expect("a value");
    assert!(value(&coupled, "sync_index(left,right)") > 0.8);
    assert!(value(&coupled, "p_value(left,right)") <= 0.05);
    assert_eq!(value(&coupled, "ratio(left,right)"), 1.0);
    assert_eq!(coupled["values"]["rate(left)"]["unit"], "Hz");
    assert!(coupled["values"]["rate(left)"]["error"].as_f64().expect("an error") > 0.0);
    for key in ["model", "level", "parameters", "values", "checks", "provenance"] {
        assert!(!coupled[key].is_null(), "{key}");
    }
    assert_eq!(coupled["provenance"]["command"], "huygens clocks coupled.csv");
    let (status, free) = json(at, &["free.csv"]);
    assert_eq!(status, 0);
    assert!(value(&free, "p_value(left,right)") > 0.05 && value(&free, "slips(left,right)") >= 4.0, "{free}");
    assert!(free["provenance"]["dynamics"].as_str().expect("text").contains("no locking shown"));
    // the same null hypothesis by other surrogates
    for kind in ["ar", "twin"] {
        let (_, other) = json(at, &["coupled.csv", "--kind", kind, "--surrogates", "39"]);
        assert!(value(&other, "p_value(left,right)") <= 0.05, "{kind}: {other}");
    }
    // a pipe, and a choice of measures
    let mut child = command(at, &["clocks", "-", "--format", "csv", "-m", "slips", "-m", "sync_index(left,right)"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(csv(&pair(0.06)).as_bytes()).expect("written");
    let output = child.wait_with_output().expect("an end");
    let text = out(&output);
    let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(lines[1].starts_with("\"slips(left,right)\",0,cycles"), "{text}");
    assert!(text.contains("sync_index(left,right)") && !text.contains("\n\"p_value"), "{text}");
    assert_eq!(std::fs::read_dir(at).expect("the folder").count(), 2, "no files with --format json or csv");
}

#[test]
fn files_and_a_figure_are_written_and_repeat_to_the_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    write(at, "pair.csv", csv(&pair(0.06)));
    for out in ["first", "second"] {
        let output = huygens(at, &["clocks", "pair.csv", "--out", out, "--seed", "7"]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(support::out(&output).is_empty());
        assert!(err(&output).contains("locked 1:1") && err(&output).contains("sync_index"), "{}", err(&output));
    }
    for file in ["record.json", "values.csv", "series.csv", "record.npz", "clocks.svg", "clocks.png"] {
        let [a, b] = ["first", "second"].map(|d| std::fs::read(at.join(d).join(file)).expect("a file"));
        assert!(!a.is_empty() && a == b, "{file}");
    }
    // another seed, other surrogates
    let (_, a) = json(at, &["pair.csv", "--seed", "7"]);
    let (_, b) = json(at, &["pair.csv", "--seed", "8"]);
    let mean = |r: &Value| r["values"]["p_value(left,right)"]["alternatives"]["mean index by chance"].clone();
    assert_ne!(mean(&a), mean(&b));
}

#[test]
fn tick_lists_give_asynchronies() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let mut chance = Chance(99);
    let mut text = String::from("bar,drum,bass\n");
    let mut t = 0.0;
    for k in 0..300 {
        t += 0.5 + 0.02 * chance.normal();
        let bass = if k % 3 == 0 { String::new() } else { format!("{:.4}", t + 0.015 + 0.01 * chance.normal()) };
        let _ = writeln!(text, "{k},{t:.4},{bass}");
    }
    write(at, "band.csv", text);
    let (status, record) = json(at, &["band.csv", "--ticks", "--columns", "drum,bass"]);
    assert_eq!(status, 0, "{record}");
    let value = |name: &str| record["values"][name]["value"].as_f64().expect("a value");
    assert!((value("asynchrony(drum,bass)") - 0.015).abs() < 0.003, "{record}");
    assert!((value("asynchrony_spread(drum,bass)") - 0.01).abs() < 0.002);
    assert!(value("asynchrony_p_value(drum,bass)") <= 0.05);
    assert_eq!(record["values"]["asynchrony(drum,bass)"]["unit"], "s");
}

#[test]
fn an_orbit_that_misses_its_centre_fails_with_the_hilbert_phase_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let mut text = String::from("t,a,b\n");
    for k in 0..6000 {
        let t = 0.02 * f64::from(k);
        // every third cycle is small and lies wholly below the mean
        let wave = |t: f64| (1.0 - (TAU * t).cos()) * if t.floor() % 3.0 == 2.0 { 0.3 } else { 1.0 };
        let _ = writeln!(text, "{t:.2},{:.5},{:.5}", wave(t), wave(1.01 * t));
    }
    write(at, "small.csv", text);
    let (status, record) = json(at, &["small.csv", "--prominence", "0.1", "--surrogates", "39"]);
    assert_eq!(status, 0, "{record}");
    let found = |record: &Value, status: &str| {
        let checks = record["checks"].as_array().expect("checks");
        checks.iter().any(|c| c["name"].as_str().is_some_and(|n| n.starts_with("orbit")) && c["status"] == status)
    };
    assert!(found(&record, "note"));
    let (status, record) = json(at, &["small.csv", "--prominence", "0.1", "--surrogates", "39", "--phase", "hilbert"]);
    assert_eq!(status, 1, "{record}");
    assert!(found(&record, "fail"));
}

/// The command must refuse, say all of these words, and leave nothing behind.
fn refused(folder: &Path, arguments: &[&str], words: &[&str]) {
    let files = || std::fs::read_dir(folder).expect("the folder").count();
    let before = files();
    let mut all = vec!["clocks"];
    all.extend(arguments);
    let output = huygens(folder, &all);
    let text = err(&output);
    assert_eq!(code(&output), 2, "{arguments:?}\n{text}");
    assert!(out(&output).is_empty(), "{arguments:?}");
    for word in words {
        assert!(text.contains(word), "{arguments:?} should say `{word}`:\n{text}");
    }
    assert!(!text.contains("panicked") && !text.contains("internal error"), "{text}");
    assert_eq!(files(), before, "{arguments:?} leaves nothing behind");
}

#[test]
fn what_is_no_recording_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let good = csv(&pair(0.0));
    let line = |k: usize, new: &str| {
        let mut lines: Vec<&str> = good.lines().collect();
        lines[k] = new;
        lines.join("\n")
    };
    write(at, "good.csv", &good);
    write(at, "ragged.csv", line(7, "0.24,0.1"));
    refused(at, &["ragged.csv"], &["ragged.csv", "8"]);
    write(at, "text.csv", line(9, "0.32,oops,0.2"));
    refused(at, &["text.csv"], &["text.csv", "oops"]);
    write(at, "one.csv", "t,a,b\n0.0,1.0,2.0\n");
    refused(at, &["one.csv"], &["one.csv"]);
    let column = |f: &dyn Fn(usize) -> String| {
        (0..500).map(|k| format!("{:.2},{}\n", 0.04 * k as f64, f(k))).collect::<String>()
    };
    let wave = |k: usize| (0.25 * k as f64).cos();
    write(at, "constant.csv", format!("t,a,b\n{}", column(&|k| format!("{:.5},0.5", wave(k)))));
    refused(at, &["constant.csv"], &["constant.csv", "signal b", "constant"]);
    write(at, "short.csv", csv(&pair(0.0)[..300]));
    refused(at, &["good.csv", "short.csv"], &["short.csv"]);
    write(at, "back.csv", line(20, "0.10,0.1,0.2"));
    refused(at, &["back.csv"], &["back.csv", "backwards"]);
    let bare: String = (0..500).map(|k| format!("{:.5} {:.5}\n", wave(k), wave(k + 3))).collect();
    write(at, "bare.txt", bare);
    refused(at, &["bare.txt"], &["rate", "--rate"]);
    refused(at, &["bare.txt", "--rate", "0"], &["rate"]);
    write(at, "nan.csv", format!("t,a,b\n{}", column(&|k| format!("{:.5},nan", wave(k)))));
    refused(at, &["nan.csv"], &["b"]);
    write(at, "garbage.csv", [0xffu8, 0xfe, 0, 1, 2, 0x93, 7, 0, 0, 200].repeat(40));
    refused(at, &["garbage.csv"], &["garbage.csv"]);
    refused(at, &["-"], &["pipe"]);
    write(at, "empty.csv", "");
    refused(at, &["empty.csv"], &["empty"]);
    refused(at, &["absent.csv"], &["absent.csv"]);
    refused(at, &["."], &["folder"]);
    // one column is one clock
    refused(at, &["good.csv", "--columns", "left"], &["two or more"]);
    refused(at, &["good.csv", "--columns", "left,rihgt"], &["rihgt", "right"]);
    // a signal that never comes round
    write(at, "ramp.csv", format!("t,a,b\n{}", column(&|k| format!("{:.5},{k}", wave(k)))));
    refused(at, &["ramp.csv"], &["`b`", "peaks", "--prominence"]);
    // ticks that go back
    write(at, "ticks.csv", "a,b\n1,1.1\n2,2.1\n1.5,3.1\n4,4.1\n5,5.1\n6,6.1\n");
    refused(at, &["ticks.csv", "--ticks"], &["ticks.csv"]);
    // lists that do not overlap
    write(at, "apart.csv", "a,b\n1,21\n2,22\n3,23\n4,24\n5,25\n6,26\n7,27\n");
    refused(at, &["apart.csv", "--ticks"], &["`a` and `b`", "cycles"]);
    // options
    refused(at, &["good.csv", "-m", "sync_indx"], &["did you mean `sync_index`?"]);
    refused(at, &["good.csv", "--prominence", "2"], &["--prominence"]);
    refused(at, &["good.csv", "--prominence", "nan"], &["--prominence"]);
    refused(at, &["good.csv", "--largest", "0"], &["--largest"]);
    refused(at, &["good.csv", "--kind", "arma"], &["arma", "twin"]);
    refused(at, &["good.csv", "--rate", "25", "--time", "t"], &["rate"]);
    refused(at, &["ticks.csv", "--ticks", "--columns", "b", "--kind", "twin"], &["two or more"]);
    refused(at, &[], &["FILE"]);
}
