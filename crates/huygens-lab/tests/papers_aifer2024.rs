//! The audit of Aifer, Thingna and Deffner: the reference numbers that its claims must give, and what it says of the paper.

use huygens_lab::papers::{Claim, Verdict, Watch, claims_json, find};
use serde_json::Value;

fn reference(id: &str) -> (Vec<f64>, f64) {
    let file: Value = serde_json::from_str(include_str!("data/aifer2024.json")).expect("JSON");
    let list = file["entries"].as_array().expect("a list");
    let entry = list.iter().find(|e| e["id"] == id).unwrap_or_else(|| panic!("no entry {id}"));
    let values = entry["value"].as_array().expect("numbers").iter().map(|v| v.as_f64().expect("a number"));
    (values.collect(), entry["rel_tol"].as_f64().expect("a tolerance"))
}

fn claims(ids: &[&str]) -> Vec<Claim> {
    find("aifer2024").unwrap().claims_of(ids, &Watch::silent()).unwrap()
}

#[track_caller]
fn claim<'a>(claims: &'a [Claim], id: &str) -> &'a Claim {
    claims.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no claim {id}"))
}

#[track_caller]
fn number(claims: &[Claim], id: &str, name: &str) -> f64 {
    let found = claim(claims, id);
    found.number(name).unwrap_or_else(|| panic!("{id} has no `{name}`: {:?}", found.values))
}

/// The numbers of an entry against those of a claim, within the tolerance of the entry.
#[track_caller]
fn meet(claims: &[Claim], entry: &str, id: &str, names: &[&str]) {
    let (expected, tolerance) = reference(entry);
    assert_eq!(expected.len(), names.len(), "{entry}");
    for (expected, name) in expected.iter().zip(names) {
        let value = number(claims, id, name);
        let error = (value / expected - 1.0).abs();
        assert!(error <= tolerance, "{entry}: {value} against {expected}, off by {error:.1e}, allowed {tolerance:.1e}");
    }
}

#[track_caller]
fn verdicts(claims: &[Claim], list: &[(&str, Verdict)]) {
    for (id, verdict) in list {
        assert_eq!(claim(claims, id).verdict, *verdict, "{:?}", claim(claims, id));
    }
}

#[test]
fn definitions_and_bounds() {
    let ids = ["eq2-range", "eq3-identity", "eq3-both", "eq6", "eq11-two", "eq11-many", "eq19", "eq20", "eq21"];
    let found = claims(&[&ids[..], &["many-oscillators", "extensive"]].concat());
    meet(&found, "eq11_printed_N3", "eq11-many", &["Eq. 11 as printed"]);
    meet(&found, "classical_N3", "eq11-many", &["classical bound for N = 3"]);
    meet(&found, "hot_N3", "eq11-many", &["their chi"]);
    meet(&found, "eq20_ratio", "eq20", &["ratio at N = 1e3", "ratio at N = 1e6"]);
    verdicts(
        &found,
        &[
            ("eq2-range", Verdict::Holds),
            ("eq3-identity", Verdict::Holds),
            ("eq3-both", Verdict::Holds),
            ("eq6", Verdict::Conditional),
            ("eq11-two", Verdict::Holds),
            ("eq11-many", Verdict::Fails),
            ("eq19", Verdict::Fails),
            ("eq20", Verdict::Conditional),
            ("eq21", Verdict::Conditional),
            ("many-oscillators", Verdict::Fails),
            ("extensive", Verdict::Holds),
        ],
    );
}

#[test]
fn random_states_leave_no_region_for_an_advantage() {
    let found = claims(&["eq12", "eq13", "fig1-numbers", "fig1-hull", "quantum-region"]);
    meet(&found, "eq12_D0.5", "fig1-numbers", &["Eq. 12 at kappa = 1", "Eq. 12 at kappa = 2/3"]);
    meet(&found, "eq13_D0.5", "fig1-numbers", &["Eq. 13 at kappa = 1", "Eq. 13 at kappa = 2/3"]);
    assert!((number(&found, "fig1-hull", "quantum and classical hull at D = 0.5, kappa = 1[1]") - 0.8278).abs() < 2e-3);
    verdicts(
        &found,
        &[
            ("eq12", Verdict::Holds),
            ("eq13", Verdict::Holds),
            ("fig1-numbers", Verdict::Conditional),
            ("fig1-hull", Verdict::Holds),
            ("quantum-region", Verdict::Fails),
        ],
    );
    let json: Value = serde_json::from_str(&claims_json(find("aifer2024").unwrap(), &found)).unwrap();
    assert_eq!(json["paper"], "aifer2024");
}

#[test]
fn work_and_its_second_law() {
    let found = claims(&["start", "stationary", "eq15", "separable", "eq17", "eq18"]);
    meet(&found, "init_n", "start", &["<n_1>, <n_2> below 60 quanta[1]", "<n_1>, <n_2> below 60 quanta[2]"]);
    assert!((number(&found, "start", "chi at t = 0 in ten levels") - 0.044).abs() < 1e-3);
    verdicts(
        &found,
        &[
            ("start", Verdict::Holds),
            ("stationary", Verdict::Holds),
            ("eq15", Verdict::Holds),
            ("separable", Verdict::Conditional),
            ("eq17", Verdict::Conditional),
            ("eq18", Verdict::Holds),
        ],
    );
}

#[test]
fn the_speed_limit() {
    let found = claims(&["eq22", "sigma0", "eq23-constant", "eq23", "eq23-entropy", "commutator"]);
    meet(&found, "eq22", "eq22", &["dL/dt by Eq. 22 at k = 3, N <= 30, t = 0.2"]);
    let limits = "limit printed, with 1/4, tight at k = 3, N <= 30, t = 0.2";
    for (k, wanted) in [142.23616660356805, 142.2873151742646, 49.46426627067852].iter().enumerate() {
        assert!((number(&found, "eq23", &format!("{limits}[{}]", k + 1)) / wanted - 1.0).abs() < 1e-5);
    }
    let printed = number(&found, "eq23-constant", "printed radicand at k = 5, N <= 20, t = 7.7");
    assert!((printed / -1697.63 - 1.0).abs() < 1e-3, "{printed}");
    verdicts(
        &found,
        &[
            ("eq22", Verdict::Conditional),
            ("sigma0", Verdict::Holds),
            ("eq23-constant", Verdict::Fails),
            ("eq23", Verdict::Conditional),
            ("eq23-entropy", Verdict::Conditional),
            ("commutator", Verdict::Conditional),
        ],
    );
}

#[test]
fn bases_and_what_lies_beyond_them() {
    let found = claims(&["product-basis", "total-basis", "divergence", "threshold", "symmetry"]);
    let times = "T_c without jumps at k = 5, 3, 1";
    meet(&found, "T_c", "divergence", &[1, 2, 3].map(|k| format!("{times}[{k}]")).each_ref().map(String::as_str));
    let coefficients = "A k^2 - B Delta^2 with A, B";
    meet(&found, "lambda", "threshold", &[&format!("{coefficients}[1]"), &format!("{coefficients}[2]")]);
    meet(&found, "k_c", "threshold", &["k_c at Delta = pi from paths", "in closed form"]);
    assert!((number(&found, "product-basis", "by the optimal path") - reference("large_N_D").0[2]).abs() < 2e-4);
    assert!((number(&found, "total-basis", "by the optimal path") - reference("large_N_D").0[0]).abs() < 2e-4);
    verdicts(
        &found,
        &[
            ("product-basis", Verdict::Fails),
            ("total-basis", Verdict::Fails),
            ("divergence", Verdict::Conditional),
            ("threshold", Verdict::Holds),
            ("symmetry", Verdict::Holds),
        ],
    );
}

#[test]
fn three_columns_of_figure_2() {
    let ids =
        ["fig2a-bounds", "fig2a-order", "gaussian", "fig2b-faster", "fig2b-order", "fig2b-monotone", "fig2-waste"];
    let found = claims(&ids);
    let (shown, real) = ("D(10) in ten levels for each mode", "D(10) converged, or by the optimal path");
    for (k, wanted) in reference("large_N_D").0.iter().enumerate() {
        assert!((number(&found, "fig2a-order", &format!("{real}[{}]", k + 1)) - wanted).abs() < 2e-4);
    }
    for (k, wanted) in [0.4510, 0.4725, 0.6356, 0.8119].iter().enumerate() {
        assert!((number(&found, "fig2a-order", &format!("{shown}[{}]", k + 1)) - wanted).abs() < 1e-4);
    }
    let chi = "chi(10) converged, or by the optimal path";
    meet(
        &found,
        "large_N_chi",
        "fig2b-order",
        &[1, 2, 3].map(|k| format!("{chi}[{k}]")).each_ref().map(String::as_str),
    );
    verdicts(
        &found,
        &[
            ("fig2a-bounds", Verdict::Holds),
            ("fig2a-order", Verdict::Conditional),
            ("gaussian", Verdict::Conditional),
            ("fig2b-faster", Verdict::Holds),
            ("fig2b-order", Verdict::Conditional),
            ("fig2b-monotone", Verdict::Conditional),
            ("fig2-waste", Verdict::Conditional),
        ],
    );
}

#[test]
fn quantum_and_classical_wedge() {
    let ids = ["fig3b-wedge", "stuart-landau", "stuart-landau-noise", "fig3a-beyond", "fig3-advantage", "unstated"];
    let found = claims(&ids);
    let cells = "D(10) at (k, Delta) = (5, pi), (3, 1), (3, pi), (1, pi)";
    meet(&found, "fig3b", "fig3b-wedge", &[&format!("{cells}[1]"), &format!("{cells}[2]")]);
    meet(&found, "weighed", "fig3-advantage", &["classical, with the weights of the trajectories"]);
    verdicts(
        &found,
        &[
            ("fig3b-wedge", Verdict::Holds),
            ("stuart-landau", Verdict::Holds),
            ("stuart-landau-noise", Verdict::Fails),
            ("fig3a-beyond", Verdict::Conditional),
            ("fig3-advantage", Verdict::Fails),
            ("unstated", Verdict::NotTestable),
        ],
    );
}

#[test]
fn the_figure_of_random_states_is_saved_with_its_numbers() {
    let figure = find("aifer2024").unwrap().figure("1", &Watch::silent()).unwrap();
    assert_eq!(figure.tables.len(), 8);
    let folder = tempfile::tempdir().unwrap();
    for file in figure.save(folder.path()).unwrap() {
        assert!(std::fs::metadata(&file).unwrap().len() > 200, "{}", file.display());
    }
}
