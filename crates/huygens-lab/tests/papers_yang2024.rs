//! The audit of Yang, Sheng and Wu: the reference numbers that its claims must give, and what it says of the paper.

use huygens::measures::clocks::deviation::phase_variance;
use huygens_lab::papers::{Claim, Verdict, Watch, claims_json, find};
use serde_json::Value;

fn reference(id: &str) -> (f64, f64) {
    let file: Value = serde_json::from_str(include_str!("data/membranes.json")).expect("JSON");
    let list = file["entries"].as_array().expect("a list");
    let entry = list.iter().find(|e| e["id"] == id).unwrap_or_else(|| panic!("no entry {id}"));
    (entry["value"].as_f64().expect("a number"), entry["rel_tol"].as_f64().expect("a tolerance"))
}

fn claims(ids: &[&str]) -> Vec<Claim> {
    find("yang2024").unwrap().claims_of(ids, &Watch::silent()).unwrap()
}

#[track_caller]
fn claim<'a>(claims: &'a [Claim], id: &str) -> &'a Claim {
    claims.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no claim {id}"))
}

/// Every number meets its reference within the reference's own tolerance.
#[track_caller]
fn meet(claims: &[Claim], list: &[(&str, &str, &str)]) {
    for (entry, id, name) in list {
        let (expected, tolerance) = reference(entry);
        let found = claim(claims, id);
        let value = found.number(name).unwrap_or_else(|| panic!("{id} has no `{name}`: {:?}", found.values));
        let error = (value / expected - 1.0).abs();
        assert!(error <= tolerance, "{entry}: {value} against {expected}, off by {error:.1e}, allowed {tolerance:.1e}");
    }
}

#[test]
fn printed_formulas_and_routes() {
    let found = claims(&["effective-coupling", "eigenvalues", "cross-correlation"]);
    meet(
        &found,
        &[
            ("chi_re", "effective-coupling", "Re chi_c"),
            ("P1_g0.013_wplus_paper", "eigenvalues", "omega_+/2pi at g = 0.013, printed"),
            ("P1_g0.04_wplus_paper", "eigenvalues", "omega_+/2pi at g = 0.04, printed"),
            ("P1_g0.1_wplus_paper", "eigenvalues", "omega_+/2pi at g = 0.1, printed"),
            ("P1_g0.001_gplus_paper", "eigenvalues", "gamma_+/2pi at g = 0.001, printed"),
            ("P1_g0.005_gminus_paper", "eigenvalues", "gamma_-/2pi at g = 0.005, printed"),
            ("P1_g0.1_gplus_paper", "eigenvalues", "gamma_+/2pi at g = 0.1, printed"),
            ("P1_g0.013_wplus_full", "eigenvalues", "omega_+/2pi at g = 0.013, full"),
            ("P1_g0.01_na_cross", "cross-correlation", "n_a at g = 0.01"),
            ("P1_g0.02_na_cross", "cross-correlation", "n_a at g = 0.02"),
            ("P1_g0.04_na_cross", "cross-correlation", "n_a at g = 0.04"),
        ],
    );
    for id in ["effective-coupling", "eigenvalues", "cross-correlation"] {
        assert_eq!(claim(&found, id).verdict, Verdict::Conditional, "{id}");
    }
}

#[test]
fn turning_points_and_crossings() {
    let found = claims(&[
        "fig2a-correlation",
        "fig2b-ratio",
        "fig2b-narrow",
        "critical-coupling",
        "parameters",
        "fig2c-membranes",
        "fig2c-light",
        "fig2c-terahertz",
        "one-turning-point",
    ]);
    meet(
        &found,
        &[
            ("P1_C_zero", "fig2a-correlation", "C vanishes at g"),
            ("P1_C_half", "fig2a-correlation", "C = 1/2 at g"),
            ("paper_Csat", "fig2a-correlation", "C at g = 0.04"),
            ("P1_ratio_max", "fig2b-ratio", "largest, printed formula"),
            ("P1_Gt_gamma_full", "fig2b-narrow", "g at the maximum of gamma_+"),
            ("P2_Gt_gamma", "fig2b-narrow", "the same at Delta/2pi = -400 kHz"),
            ("paper_Gt", "fig2b-narrow", "g at the maximum of gamma_+"),
            ("paper_Gc", "critical-coupling", "g at the maximum of gamma_+/gamma_-"),
            ("P1_ext_mub1", "fig2c-membranes", "mu_b1 there"),
            ("P1_Gt_mub2", "fig2c-membranes", "g at the smallest mu_b2"),
            ("P1_Gt_Pi", "fig2c-light", "g at the largest Pi"),
            ("P2_Gt_mua", "one-turning-point", "mu_a with these"),
        ],
    );
    let detuning = claim(&found, "parameters");
    assert!((detuning.number("|Delta|/2pi for G_t/kappa = 0.013").unwrap() - 297.75).abs() < 0.1);
    assert!((detuning.number("|Delta|/2pi for G_c/kappa = 0.005").unwrap() - 306.58).abs() < 0.1);
    for (id, verdict) in [
        ("fig2a-correlation", Verdict::Holds),
        ("fig2b-ratio", Verdict::Conditional),
        ("fig2b-narrow", Verdict::Holds),
        ("fig2c-membranes", Verdict::Conditional),
        ("fig2c-terahertz", Verdict::Conditional),
    ] {
        assert_eq!(claim(&found, id).verdict, verdict, "{id}");
    }
}

/// Closed forms against the references, ticks of simulated trajectories against both.
#[test]
fn deviation_and_accuracy_of_the_clocks() {
    for (id, eps) in [("sigma2_eps0.5", 0.5), ("sigma2_eps1", 1.0)] {
        let (expected, tolerance) = reference(id);
        assert!((phase_variance(eps).unwrap() / expected - 1.0).abs() <= tolerance, "{id}");
    }
    let found = claims(&["fig2a-deviation-literal", "fig2a-deviation-nearest", "deviation-origin", "fig3bc-linear"]);
    meet(
        &found,
        &[
            ("Dnear_G0", "fig2a-deviation-nearest", "D at g = 0"),
            ("P1_g0.001_Dnear", "fig2a-deviation-nearest", "D at g = 0.001"),
            ("P1_g0.005_Dnear", "fig2a-deviation-nearest", "D at g = 0.005"),
            ("P1_g0.01_Dnear", "fig2a-deviation-nearest", "D at g = 0.01"),
            ("P1_g0.02_Dnear", "fig2a-deviation-nearest", "D at g = 0.02"),
            ("P1_g0.04_Dnear", "fig2a-deviation-nearest", "D at g = 0.04"),
            ("P1_g0.1_Dnear", "fig2a-deviation-nearest", "D at g = 0.1"),
            ("MC_g0_Dnear", "fig2a-deviation-nearest", "D from ticks at g = 0"),
            ("MC_g0.005_Dnear", "fig2a-deviation-nearest", "D from ticks at g = 0.005"),
            ("MC_g0.013_Dlit", "fig2a-deviation-literal", "D at g = 0.013"),
            ("MC_g0_N2", "fig3bc-linear", "N_2 at g = 0, from ticks"),
            ("MC_g0.005_N1", "fig3bc-linear", "N_1 at g = 0.005, from ticks"),
        ],
    );
    assert_eq!(claim(&found, "fig2a-deviation-literal").verdict, Verdict::Fails);
    assert_eq!(claim(&found, "fig2a-deviation-nearest").verdict, Verdict::Conditional);
    assert_eq!(claim(&found, "deviation-origin").verdict, Verdict::Fails);
    let line = claim(&found, "fig3bc-linear");
    assert!((line.number("R^2 of N_1 over mu_b1, closed form").unwrap() - 0.9993).abs() < 1e-3, "{line:?}");
    assert!((line.number("R^2 of N_2 over mu_b2, closed form").unwrap() - 0.9995).abs() < 1e-3, "{line:?}");
    assert_eq!(line.verdict, Verdict::Holds);
}

#[test]
fn what_fails_and_what_holds_in_part_is_said_so() {
    let expected = [
        ("fig1-uncoupled", Verdict::Holds),
        ("fig1-synchronised", Verdict::Holds),
        ("level-attraction", Verdict::Fails),
        ("damping-repulsion", Verdict::Holds),
        ("in-phase", Verdict::Holds),
        ("dissipative-mechanism", Verdict::Holds),
        ("coherent-coupling", Verdict::Holds),
        ("eq1", Verdict::Holds),
        ("second-law", Verdict::Holds),
        ("heat-to-light", Verdict::Holds),
        ("fig3a-two-valued", Verdict::Holds),
        ("fig3a-minimum-cost", Verdict::Conditional),
        ("parameters-unstated", Verdict::NotTestable),
    ];
    let ids: Vec<&str> = expected.iter().map(|e| e.0).collect();
    let found = claims(&ids);
    for (id, verdict) in expected {
        assert_eq!(claim(&found, id).verdict, verdict, "{:?}", claim(&found, id));
    }
    let clocks = claim(&found, "fig1-synchronised");
    assert!((clocks.number("peak of clock 1 above omega_2").unwrap() - 104.98).abs() < 0.01);
    assert!((clocks.number("peak of clock 2").unwrap() - 105.00).abs() < 0.01);
    let json: Value = serde_json::from_str(&claims_json(find("yang2024").unwrap(), &found)).unwrap();
    assert_eq!(json["paper"], "yang2024");
}

#[test]
fn the_transient_is_timed_and_paid() {
    let found = claims(&["fig4a-overshoot", "fig4a-rise", "fig4b-fluxes", "fig4c-time", "time-energy"]);
    let at = |id: &str, name: &str| {
        let c = claim(&found, id);
        c.number(name).unwrap_or_else(|| panic!("{id} has no {name}: {:?}", c.values))
    };
    for (entry, id) in [("P1_g0.01_tmax", "fig4a-overshoot"), ("P1_g0.04_tmax", "fig4a-rise")] {
        let (expected, tolerance) = reference(entry);
        assert!((at(id, "maximum of R at") / (1e3 * expected) - 1.0).abs() < tolerance, "{entry}");
    }
    assert!((at("fig4c-time", "jump at g") - 0.0127).abs() < 1e-4);
    assert!((at("fig4b-fluxes", "largest mu_a") - 134.0).abs() < 1.0);
    let cost = |g: &str| at("time-energy", &format!("entropy until then at g = {g}"));
    assert!(cost("0.013") > 1.8 * cost("0.0125") && cost("0.1") < cost("0.04") && cost("0.01") < cost("0.04"));
    for id in ["fig4b-fluxes", "fig4c-time", "time-energy"] {
        assert_eq!(claim(&found, id).verdict, Verdict::Conditional, "{id}");
    }
}

/// A figure with trajectories in it: the same numbers on any number of threads.
#[test]
fn a_figure_is_saved_with_its_numbers_and_does_not_depend_on_threads() {
    let draw = || find("yang2024").unwrap().figure("4a", &Watch::silent()).unwrap();
    let pool = |n: usize| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
    let (one, two) = (pool(1).install(draw), pool(3).install(draw));
    assert_eq!(one.json(), two.json());
    let exact = one.tables[0].columns.iter().find(|c| c.name == "R at g=0.04").unwrap();
    let (expected, tolerance) = reference("P1_g0.04_t0.003_R");
    assert!((exact.values[300] / expected - 1.0).abs() < tolerance);
    let folder = tempfile::tempdir().unwrap();
    let files = one.save(folder.path()).unwrap();
    assert_eq!(files.len(), 5);
    for file in &files {
        assert!(std::fs::metadata(file).unwrap().len() > 200, "{}", file.display());
    }
}
