//! The audit of Mari et al. 2013: what it says of the paper, and the files it writes.

use std::path::Path;

use huygens_lab::papers::{Claim, Verdict, Watch, claims_json, find};
use serde_json::Value;

fn reference(id: &str) -> (Vec<f64>, f64) {
    let file: Value = serde_json::from_str(include_str!("data/optomechanics.json")).expect("JSON");
    let entry = file["entries"].as_array().expect("a list").iter().find(|e| e["id"] == id).expect("the entry").clone();
    let values = match &entry["value"] {
        Value::Array(list) => list.iter().filter_map(Value::as_f64).collect(),
        value => value.as_f64().into_iter().collect(),
    };
    (values, entry["rel_tol"].as_f64().expect("a tolerance"))
}

#[track_caller]
fn claim<'a>(claims: &'a [Claim], id: &str) -> &'a Claim {
    claims.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no claim {id}"))
}

/// The numbers that the paper itself gives, right or wrong.
#[test]
fn quoted_numbers_are_judged() {
    let paper = find("mari2013").unwrap();
    let ids = ["heisenberg-bound", "classical-phase-bound", "drive-literal", "radius", "note36"];
    let claims = paper.claims_of(&ids, &Watch::silent()).unwrap();
    assert_eq!(claims.len(), ids.len());

    let (radius, tolerance) = reference("paper-R");
    let found = claim(&claims, "radius");
    for name in ["R_1 at mu = 0.02", "R_2 at mu = 0.02"] {
        assert!((found.number(name).unwrap() / radius[0] - 1.0).abs() < tolerance, "{found:?}");
    }
    assert_eq!(found.verdict, Verdict::Conditional);
    let literal = claim(&claims, "drive-literal");
    assert_eq!(literal.verdict, Verdict::Fails);
    let exponent = literal.number("largest Lyapunov exponent").unwrap();
    assert!((0.3..0.45).contains(&exponent), "{exponent}");
    let chaotic = literal.number("mean radius").unwrap();
    assert!((2400.0..3200.0).contains(&chaotic), "{chaotic}");

    let (quoted, tolerance) = reference("paper-Sc-mu0");
    let found = claim(&claims, "note36");
    let sync = found.number("S_c = 2/<q_1^2 + p_1^2 + q_2^2 + p_2^2>").unwrap();
    assert!((sync / quoted[0] - 1.0).abs() > tolerance && (sync / 4.088e-6 - 1.0).abs() < 1e-3, "{sync}");
    assert_eq!(found.verdict, Verdict::Fails);

    for (id, entry, name) in [
        ("heisenberg-bound", "paper-bound-Sc", "largest S_c"),
        ("classical-phase-bound", "paper-bound-Sp", "largest S_p"),
    ] {
        let found = claim(&claims, id);
        let largest = found.number(name).unwrap();
        let bound = reference(entry).0[0];
        assert!(largest <= bound + 1e-12 && largest > 0.9 * bound, "{id}: {largest}");
        assert_eq!(found.verdict, Verdict::Holds);
    }
    let json: Value = serde_json::from_str(&claims_json(paper, &claims)).unwrap();
    assert_eq!(json["paper"], "mari2013");
    assert_eq!(json["claims"][0]["verdict"], "holds");
}

#[test]
fn what_holds_only_in_part_is_said_so() {
    let paper = find("mari2013").unwrap();
    let ids = [
        "fig2a-plateau",
        "fig2a-asymptotic-mean",
        "eq7-late",
        "eq7-beyond",
        "eq6-beyond",
        "fig2d-exponential",
        "linearisation",
    ];
    let claims = paper.claims_of(&ids, &Watch::silent()).unwrap();
    let expected = [
        ("fig2a-plateau", Verdict::Conditional),
        ("fig2a-asymptotic-mean", Verdict::Fails),
        ("eq7-late", Verdict::Fails),
        ("eq7-beyond", Verdict::Fails),
        ("eq6-beyond", Verdict::Fails),
        ("fig2d-exponential", Verdict::Fails),
        ("linearisation", Verdict::NotTestable),
    ];
    for (id, verdict) in expected {
        assert_eq!(claim(&claims, id).verdict, verdict, "{id}");
    }
    let (half, tolerance) = reference("long-half");
    let found = claim(&claims, "fig2a-asymptotic-mean").number("S_c is half of its plateau at").unwrap();
    assert!((found / half[0] - 1.0).abs() < tolerance, "{found}");
}

#[test]
fn a_figure_is_saved_with_its_numbers() {
    let figure = find("mari2013").unwrap().figure("2d", &Watch::silent()).unwrap();
    let column = figure.tables[0].columns.iter().find(|c| c.name == "S_c at mu=0.02").unwrap();
    let (expected, tolerance) = reference("chain-Sc");
    for (x, y) in column.values.iter().zip(&expected) {
        assert!((x / y - 1.0).abs() < tolerance, "{x} against {y}");
    }
    let folder = tempfile::tempdir().unwrap();
    let files = figure.save(folder.path()).unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut names: Vec<String> = files.iter().map(|f| name(f)).collect();
    names.sort();
    assert_eq!(
        names,
        ["mari2013-fig2d-distance.csv", "mari2013-fig2d.json", "mari2013-fig2d.png", "mari2013-fig2d.svg"]
    );
    for file in &files {
        assert!(std::fs::metadata(file).unwrap().len() > 200, "{}", file.display());
    }
}
