//! Measured clocks, where they are at hand.

#![allow(clippy::print_stderr)]

use std::path::PathBuf;

use huygens::report::Status;
use huygens_lab::clocks::{Analysis, Definition, Options, Reading, analyse, read};
use huygens_lab::file::signals;

/// The folder of measured data: `HUYGENS_DATA`, or `shared/data` beside the repository.
fn data(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HUYGENS_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let file = folder.join(path);
    if !file.exists() {
        eprintln!("skipped: {} is not there", file.display());
        return None;
    }
    Some(file)
}

fn electrochemical(name: &str, options: &Options) -> Option<Analysis> {
    analysed(&[&format!("electrochemical/{name}")], &Reading::default(), options)
}

fn analysed(files: &[&str], reading: &Reading, options: &Options) -> Option<Analysis> {
    let files: Option<Vec<String>> = files.iter().map(|f| Some(data(f)?.display().to_string())).collect();
    let recorded = read(&files?, reading).expect("a recording");
    Some(analyse(&recorded.clocks, options).expect("an analysis"))
}

#[test]
fn electrochemical_oscillators_by_their_peaks() {
    for (file, r, slips, rates) in
        [("Izero.txt", 0.10, 6.0, [1.210, 1.197]), ("I0_08.txt", 0.92, 0.0, [1.2017, 1.2024])]
    {
        let Some(analysis) = electrochemical(file, &Options::default()) else {
            return;
        };
        let value = |name: &str| analysis.report.value(name).expect("a value");
        assert!((value("sync_index(x2,x3)") - r).abs() < 0.006, "{}", value("sync_index(x2,x3)"));
        assert_eq!(value("slips(x2,x3)"), slips);
        assert!((value("rate(x2)") - rates[0]).abs() < 1e-3 && (value("rate(x3)") - rates[1]).abs() < 1e-3);
        // the warning about the Hilbert phase
        let check = |name: &str| analysis.report.checks.iter().find(|c| c.name.starts_with(name)).expect("a check");
        assert_eq!(analysis.status(), Status::Note);
        let index = analysis.report.quantity("sync_index(x2,x3)").expect("an index");
        let hilbert = index.alternatives.iter().find(|a| a.0 == "hilbert").expect("the other definition").1;
        assert!((hilbert - if slips == 0.0 { 0.770 } else { 0.055 }).abs() < 1e-3, "{hilbert}");
        if file == "I0_08.txt" {
            assert_eq!(check("orbit of x3").status, Status::Note);
            let note = &check("definitions").note;
            assert!(
                note.contains("hilbert over the whole record R = 0.77") && note.contains("drift of -1.0"),
                "{note}"
            );
            assert!(value("p_value(x2,x3)") <= 0.05);
        } else {
            assert!(value("p_value(x2,x3)") > 0.05);
        }
    }
}

#[test]
fn a_hilbert_phase_that_is_none_fails_its_check() {
    let options = Options { phase: Definition::Hilbert, surrogates: 19, ..Options::default() };
    if let Some(analysis) = electrochemical("I0_08.txt", &options) {
        assert_eq!(analysis.status(), Status::Fail);
    }
}

#[test]
fn heart_and_breath() {
    let signals = signals::Reading { rate: Some(1000.0), ..Default::default() };
    let files = ["cardiorespiratory/ecg2.npy", "cardiorespiratory/resp2_airflow.npy"];
    let reading = Reading { signals, ticks: false };
    let Some(analysis) = analysed(&files, &reading, &Options::default()) else {
        return;
    };
    let value = |name: &str| analysis.report.value(name).expect("a value");
    let pair = "(ecg2,resp2_airflow)";
    assert!((value("rate(ecg2)") - 1.275).abs() < 2e-3 && (value("rate(resp2_airflow)") - 0.133).abs() < 2e-3);
    // about 9.5 beats a breath: weak, intermittent locking, and the breath sets the pace of the heart (sinus arrhythmia)
    let ratio = value(&format!("ratio{pair}"));
    assert!((1.0 / ratio - 9.5).abs() < 0.6, "{ratio}");
    assert!(value(&format!("sync_index{pair}")) < 0.4 && value(&format!("p_value{pair}")) <= 0.05);
    assert!(value(&format!("direction{pair}")) < -0.5);
    assert_eq!(analysis.status(), Status::Note);
}

#[test]
fn musicians_play_together_within_tens_of_milliseconds() {
    let columns = ["Clave", "Bass", "Guitar"].map(String::from).to_vec();
    let reading = Reading { signals: signals::Reading { columns, ..Default::default() }, ticks: true };
    let Some(analysis) = analysed(&["salsa_onsets/Asere_OU_2.csv"], &reading, &Options::default()) else {
        return;
    };
    // the mean and the standard deviation over the rows of the table in which both play
    for (pair, mean, spread) in
        [("(Clave,Bass)", -0.0165, 0.0195), ("(Clave,Guitar)", -0.0025, 0.0234), ("(Bass,Guitar)", 0.0160, 0.0265)]
    {
        let value = |name: &str| analysis.report.value(&format!("{name}{pair}")).expect("a value");
        assert!((value("asynchrony") - mean).abs() < 1e-3, "{pair} {}", value("asynchrony"));
        assert!((value("asynchrony_spread") - spread).abs() < 1e-3, "{pair} {}", value("asynchrony_spread"));
        assert!(value("asynchrony_p_value") <= 0.01);
    }
    assert!(analysis.report.value("slips(Bass,Guitar)").is_none());
    assert_eq!(analysis.status(), Status::Note);
}
