//! Searches over the parameters of built-in models.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};

use huygens::experiment::Options;
use huygens::report::Status;
use huygens_lab::file;
use huygens_lab::runs::{Optimum, Quest, RunError, Wish};
use huygens_lab::study::{Progress, SearchOptions, Silent};
use huygens_numerics::optimize::End;

fn wish(over: &[&str], maximize: &str, minimize: &str, subject: &[&str]) -> Wish {
    let own = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
    let one = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    Wish { over: own(over), maximize: one(maximize), minimize: one(minimize), subject: own(subject), ..Wish::default() }
}

fn quest(model: &str, wish: &Wish, points: usize) -> Result<Quest, RunError> {
    let search = SearchOptions { points: Some(points), ..SearchOptions::default() };
    Quest::new(file::load(model)?, wish, Options::default(), (0, false), search)
}

fn found(model: &str, wish: &Wish, points: usize, threads: usize) -> Optimum {
    let quest = quest(model, wish, points).unwrap_or_else(|e| panic!("{}", e.render(false)));
    Optimum::find(quest, NonZero::new(threads), &Silent, &AtomicBool::new(false), "").unwrap().expect("to its end")
}

/// The membranes' landmarks, from arithmetic with 50 digits.
#[test]
fn landmarks_of_the_membranes() {
    let correlation = "pearson(q(b1),q(b2))";
    let dearest = found("membranes", &wish(&["g=0.005:0.05:log"], "entropy_production", "", &[]), 41, 2);
    let best = dearest.best().expect("a maximum");
    assert!((best.x[0] / 0.015276227397592643 - 1.0).abs() < 1e-9, "{best:?}");
    assert!((best.x[0] - 0.015276227397592643).abs() < 20.0 * best.error[0] + 1e-12 * best.x[0], "{best:?}");
    let half = found("membranes", &wish(&["g=0.008:0.1"], "", "g", &[&format!("{correlation} >= 1/2")]), 41, 2);
    let best = half.best().expect("a crossing");
    assert!((best.x[0] / 0.015306482525212325 - 1.0).abs() < 1e-10, "{best:?}");
    assert!((half.record.report.value(correlation).expect("a number") - 0.5).abs() < 1e-12);
    let zero = found("membranes", &wish(&["g=0.004:0.02"], "g", "", &[&format!("{correlation} <= 0")]), 41, 2);
    assert!((zero.best().expect("a zero").x[0] / 0.005973637439253115 - 1.0).abs() < 1e-9);
}

/// The cheapest lock: entropy production rises to a maximum and falls again, so that the cheapest coupling with C ≥ 1/2 is the
/// strongest one; below the maximum of the cost it is the weakest that reaches 1/2.
#[test]
fn cheapest_synchronization_of_the_membranes() {
    let subject = ["pearson(q(b1),q(b2)) >= 0.3"];
    let all = found("membranes", &wish(&["g=0.001:0.1:log"], "", "entropy_production", &subject), 41, 2);
    assert_eq!(all.best().expect("one").x, [0.1]);
    assert!(all.record.report.checks.iter().any(|c| c.name == "range of g" && c.status == Status::Note));
    let weak = found("membranes", &wish(&["g=0.001:0.015:log"], "", "entropy_production", &subject), 41, 2);
    let best = weak.best().expect("one");
    assert!(best.active == [0] && (weak.record.report.value("pearson(q(b1),q(b2))").unwrap() - 0.3).abs() < 1e-12);
    // Two parameters: the farthest detuning of the range, and on it the weakest coupling that reaches 0.3.
    let two = wish(&["g=0.004:0.012:log", "Delta=-2*pi*6e5:-2*pi*2e5"], "", "entropy_production", &subject);
    let two = found("membranes", &two, 100, 2);
    let best = two.best().expect("one");
    assert!(best.active == [0] && best.ends == [None, Some(End::Start)], "{best:?}");
    assert!((two.record.report.value("pearson(q(b1),q(b2))").unwrap() - 0.3).abs() < 1e-11);
    assert!(two.value().unwrap() < weak.value().unwrap(), "a second parameter cannot make it dearer");
    let csv = two.csv();
    assert!(
        csv.contains("\ng,Delta,entropy_production,\"pearson(q(b1),q(b2))\",feasible,front,status,message\n"),
        "{csv}"
    );
    assert_eq!(csv.lines().filter(|l| !l.starts_with('#')).count(), 101);
    assert!(two.figure().expect("a map").svg().unwrap().starts_with("<svg"));
}

#[test]
fn the_best_coupling_of_the_optomechanical_pair() {
    let best = found("optomechanical-pair", &wish(&["mu=0.012:0.035"], "complete_sync(b1,b2)", "", &[]), 9, 2);
    let optimum = best.best().expect("a maximum");
    assert!((optimum.x[0] - 0.0217777).abs() < 1e-6 && optimum.error[0] < 1e-9, "{optimum:?}");
    assert!((best.value().unwrap() - 0.2793430468).abs() < 1e-9 && best.status() < Status::Fail);
}

#[test]
fn threads_change_nothing_and_nothing_is_made_up() {
    let asked =
        Wish { per: Some("entropy_production".into()), ..wish(&["g=0.01:0.3"], "pearson(q(b1),q(b2))", "", &[]) };
    let one = found("membranes", &asked, 25, 1);
    for threads in [2, 7] {
        let other = found("membranes", &asked, 25, threads);
        assert_eq!(one.json(), other.json());
        assert_eq!(one.csv(), other.csv());
    }
    let object: serde_json::Value = serde_json::from_str(&one.json()).unwrap();
    for key in ["model", "level", "parameters", "objective", "optimum", "values", "checks", "tradeoff", "provenance"] {
        assert!(!object[key].is_null(), "{key}");
    }
    let ratio = object["values"]["pearson(q(b1),q(b2))"]["value"].as_f64().unwrap()
        / object["values"]["entropy_production"]["value"].as_f64().unwrap();
    assert!((object["objective"]["value"].as_f64().unwrap() / ratio - 1.0).abs() < 1e-12);
    assert_eq!(object["parameters"]["g"], object["optimum"]["at"]["g"]["value"]);
}

#[test]
fn what_cannot_be_reached_is_a_verdict() {
    let impossible = wish(&["g=0.001:0.1"], "", "entropy_production", &["pearson(q(b1),q(b2)) >= 1.5"]);
    let none = found("membranes", &impossible, 11, 2);
    assert!(none.best().is_none() && none.status() == Status::Fail && none.value().is_none());
    let check = &none.record.report.checks[0];
    assert!(check.note.contains("no point of the range satisfies") && check.note.contains("g = 0.1"), "{check:?}");
    let object: serde_json::Value = serde_json::from_str(&none.json()).unwrap();
    assert!(object["objective"]["value"].is_null() && object["optimum"]["outcome"] == "infeasible");
}

#[test]
fn wishes_that_mean_nothing_are_refused_with_a_cure() {
    let said = |over: &[&str], maximize: &str, minimize: &str, subject: &[&str], words: &[&str]| {
        let error = quest("membranes", &wish(over, maximize, minimize, subject), 11).expect_err("refused");
        let text = error.render(false);
        for word in words {
            assert!(text.contains(word), "`{word}` in\n{text}");
        }
    };
    let over = ["g=0.001:0.1"];
    said(&[], "n(a)", "", &[], &["nothing to search over", "--over"]);
    said(&over, "", "", &[], &["no goal", "--maximize"]);
    said(&over, "n(a)", "n(b1)", &[], &["two goals", "--subject"]);
    said(&["g=0.1:0.1"], "n(a)", "", &[], &["empty", "START must be less than STOP"]);
    said(&["g=-1:0.1:log"], "n(a)", "", &[], &["must be positive"]);
    said(&["g=0.1"], "n(a)", "", &[], &["NAME=START:STOP", "^"]);
    said(&["g=0:1", "g=0:2"], "n(a)", "", &[], &["searched over twice"]);
    said(&over, "m(a)", "", &[], &["unknown measure `m`", "--maximize", "^"]);
    said(&over, "n(a)", "", &["n(b1) >= 2 >= 1"], &["two relations", "^"]);
    said(&over, "n(a)", "", &["n(b1) = 2"], &["`=`", "^"]);
    said(&over, "n(a)", "", &[">= 2"], &["lacks a side", "^"]);
    said(&over, "n(a)", "", &["n(b1) >= G1"], &["depends on `g`", "^"]);
    said(&over, "kappa", "", &[], &["the same at every point", "^"]);
    // G1 follows g: it varies, and may be asked for.
    assert!(quest("membranes", &wish(&over, "G1", "", &[]), 11).is_ok());
    assert!(quest("membranes", &wish(&over, "n(a)", "", &[]), 2).is_err(), "too few points");
}

#[test]
fn a_search_can_be_interrupted() {
    struct StopAt(AtomicBool);
    impl Progress for StopAt {
        fn start(&self, _total: u64, _done: u64) {}
        fn advance(&self) {
            self.0.store(true, Ordering::Relaxed);
        }
        fn finish(&self, interrupted: bool) {
            assert!(interrupted);
        }
    }
    let progress = StopAt(AtomicBool::new(false));
    let quest = quest("membranes", &wish(&["g=0.001:0.1"], "n(a)", "", &[]), 500).unwrap();
    assert!(Optimum::find(quest, NonZero::new(2), &progress, &progress.0, "").unwrap().is_none());
}
