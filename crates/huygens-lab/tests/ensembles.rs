//! Ensembles of spins ½ that nothing tells apart, against chains of the same spins one by one, and against exact solutions.

use approx::assert_relative_eq;
use huygens::experiment::{Experiment, ExperimentError, Level, Options, Truncation};
use huygens::report::Report;
use huygens_lab::file;

fn run_at(
    text: &str,
    values: &[(&str, &str)],
    at: &[f64],
    measures: &[&str],
    level: Level,
) -> Result<Report, ExperimentError> {
    let given: Vec<(String, String)> = values.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let model =
        if text.contains('\n') { file::parse("model.toml", text, None, &given) } else { file::load_with(text, &given) };
    let model = model.unwrap_or_else(|e| panic!("{e}")).model;
    let binding = model.bind(&[]).unwrap();
    let truncation = Truncation { at: at.to_vec(), memory: 1e9, ..Truncation::default() };
    let options = Options { level, truncation, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
    Experiment::new(model.into(), &measures, options)?.run(&binding)
}

fn run(text: &str, values: &[(&str, &str)], at: &[f64], measures: &[&str]) -> Report {
    run_at(text, values, at, measures, Level::Fock).unwrap_or_else(|e| panic!("{e}"))
}

fn value(report: &Report, name: &str) -> f64 {
    report.value(name).unwrap_or_else(|| panic!("{name}: {report:?}"))
}

/// Every kind of jump of members, alone and in superposition, with drives, squeezing and collective decay, from mixed and from pure
/// starts: as the members one by one.
#[test]
fn an_ensemble_is_its_members() {
    for members in [1, 2, 3, 4] {
        for (start, jump) in [
            ("x = 0.4, y = -0.3, z = 0.5", "0.5*jm(S)"),
            ("x = 0.6, z = -0.8", "0.3*jp(S) + (0.2 + 0.4*i)*jz(S)"),
            ("z = 1", "0.4*jm(S) - 0.5*jp(S) + 0.3*i*jz(S)"),
            ("z = 0.2", "0.7*jz(S)"),
            ("z = -1", "0.6*jp(S) + 0.2*jm(S)"),
        ] {
            let of = |name: &str| jump.replace('S', name);
            let ensemble = format!(
                "name = \"e\"\n[modes]\nA = \"ensemble {members}\"\n[hamiltonian]\nH = \"0.4*jz(A) + 0.3*jx(A) + 0.2*jz(A)^2\"\n\
                 [[jump]]\nL = \"{}\"\nmembers = true\nlabel = \"own\"\n[[jump]]\nL = \"0.4*jm(A)\"\nlabel = \"shared\"\n[start]\nA = {{ {start} }}\n",
                of("A")
            );
            let sum = |what: &str| format!("sum(j in 1..{members}, {what}(s[j]))");
            let (x, z, m) = (sum("jx"), sum("jz"), sum("jm"));
            let chain = format!(
                "name = \"c\"\n[modes]\n\"s[1..{members}]\" = \"spin 1/2\"\n[hamiltonian]\nH = \"0.4*{z} + 0.3*{x} + 0.2*({z})^2\"\n\
                 [[jump]]\nL = \"{}\"\nfor = \"j in 1..{members}\"\nlabel = \"own\"\n[[jump]]\nL = \"0.4*{m}\"\nlabel = \"shared\"\n[start]\n\"s[j]\" = {{ {start} }}\n",
                of("s[j]")
            );
            let times = [0.4, 1.1];
            let one =
                run(&ensemble, &[], &times, &["jx(A)", "jy(A)", "jz(A)", "current(\"own\")", "current(\"shared\")"]);
            let names: Vec<String> =
                ["jx", "jy", "jz"].iter().flat_map(|j| (1..=members).map(move |k| format!("{j}(s[{k}])"))).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let all = run(&chain, &[], &times, &names);
            for (j, axis) in ["jx", "jy", "jz"].iter().enumerate() {
                let total: f64 = names[j * members..(j + 1) * members].iter().map(|n| value(&all, n)).sum();
                let found = value(&one, &format!("{axis}(A)"));
                assert!((total - found).abs() < 1e-8, "{members}, {start}, {jump}, {axis}: {total} {found}");
            }
            if members < 4 {
                // The steady state and what is emitted in it, by all members and by each.
                let current = ["current(\"shared\")"];
                let (a, b) = (run(&ensemble, &[], &[], &current), run(&chain, &[], &[], &current));
                assert!((value(&a, current[0]) - value(&b, current[0])).abs() < 1e-8, "{members}, {start}, {jump}");
            }
        }
    }
}

/// Two ensembles and a boson: the same as the members, correlations and all.
#[test]
fn two_ensembles_and_a_mode() {
    let ensemble = r#"
name = "e"
[modes]
a = "boson"
A = "ensemble 2"
B = "ensemble 3"
[hamiltonian]
H = "0.3*(a*jp(A) + 0.7*a*jp(B) + h.c.) + 0.2*jz(A) - 0.4*jz(B)"
[[jump]]
L = "0.5*a"
[[jump]]
L = "0.4*jp(A)"
members = true
[[jump]]
L = "0.3*jm(B) + 0.2*jz(B)"
members = true
[start]
B = { z = 1 }
"#;
    let chain = r#"
name = "c"
[modes]
a = "boson"
"s[1..2]" = "spin 1/2"
"u[1..3]" = "spin 1/2"
[hamiltonian]
H = """0.3*(a*sum(j in 1..2, jp(s[j])) + 0.7*a*sum(j in 1..3, jp(u[j])) + h.c.) + 0.2*sum(j in 1..2, jz(s[j])) - 0.4*sum(j in 1..3, jz(u[j]))"""
[[jump]]
L = "0.5*a"
[[jump]]
L = "0.4*jp(s[j])"
for = "j in 1..2"
[[jump]]
L = "0.3*jm(u[j]) + 0.2*jz(u[j])"
for = "j in 1..3"
[start]
"u[j]" = { z = 1 }
"#;
    let one = run(ensemble, &[], &[1.5], &["n(a)", "jz(A)", "jz(B)"]);
    let all = run(chain, &[], &[1.5], &["n(a)", "jz(s[1])", "jz(u[1])"]);
    assert_relative_eq!(value(&one, "n(a)"), value(&all, "n(a)"), epsilon = 1e-7);
    assert_relative_eq!(value(&one, "jz(A)"), 2.0 * value(&all, "jz(s[1])"), epsilon = 1e-7);
    assert_relative_eq!(value(&one, "jz(B)"), 3.0 * value(&all, "jz(u[1])"), epsilon = 1e-7);
}

/// A hundred atoms that are pumped and decay each by itself: N copies of one, binomial in every respect.
#[test]
fn members_alone_are_independent() {
    let model = r#"
name = "e"
[modes]
A = "ensemble N"
[parameters]
N = 100
w = 0.3
[[jump]]
L = "jm(A)"
members = true
label = "decay"
[[jump]]
L = "sqrt(w)*jp(A)"
members = true
"#;
    let report = run(model, &[], &[], &["jz(A)", "current(\"decay\")", "spin_squeezing(A)"]);
    let p = 0.3 / 1.3;
    assert_relative_eq!(value(&report, "jz(A)"), 100.0 * (p - 0.5), max_relative = 1e-8);
    assert_relative_eq!(value(&report, "current(\"decay\")"), 100.0 * p, max_relative = 1e-8);
    // Var(J_x) = N/4 across ⟨J_z⟩.
    assert_relative_eq!(value(&report, "spin_squeezing(A)"), 1.0 / (1.0 - 2.0 * p).powi(2), max_relative = 1e-7);
    assert!(report.checks.iter().all(|c| c.status != huygens::report::Status::Fail), "{:?}", report.checks);
    let early = run(model, &[("N", "40")], &[0.7], &["jz(A)"]);
    let p = 0.3 / 1.3 * (1.0 - (-1.3_f64 * 0.7).exp());
    assert_relative_eq!(value(&early, "jz(A)"), 40.0 * (p - 0.5), max_relative = 1e-7);
}

/// Steady superradiance (Meiser and Holland, PRA 81, 033847 (2010)): at w = NΓ/2 the light is NN/8 Γ to leading order, and without a pump there is none.
#[test]
fn pumped_atoms_radiate_together() {
    let model = r#"
name = "laser"
[modes]
A = "ensemble N"
[parameters]
N = 60
w = 30
[[jump]]
L = "jm(A)"
label = "light"
[[jump]]
L = "sqrt(w)*jp(A)"
members = true
"#;
    let light = |n: &str, w: &str| {
        value(&run(model, &[("N", n), ("w", w)], &[], &["current(\"light\")"]), "current(\"light\")")
    };
    for n in [30.0_f64, 120.0] {
        let found = light(&n.to_string(), &(0.5 * n).to_string()) / (n * n / 8.0);
        assert!((found - 1.0).abs() < 0.03, "{n}: {found}");
    }
}

/// Mean field and fluctuations: exact where the members are independent, with detuning, driven, pumped and dephased, and of a laser to a
/// few per cent in 1/N.
#[test]
fn means_and_fluctuations_of_members() {
    let text = r#"
name = "e"
[modes]
A = "ensemble 7"
[hamiltonian]
H = "0.4*jz(A) + 0.9*jx(A)"
[[jump]]
L = "0.6*jm(A) + 0.3*jz(A)"
members = true
[[jump]]
L = "0.5*jp(A)"
members = true
[start]
A = { x = 0.3, z = 0.6 }
"#;
    let names = ["jx(A)", "jy(A)", "jz(A)", "variance(jx(A))", "variance(jz(A))"];
    let exact = run_at(text, &[], &[], &names, Level::Fock).unwrap();
    let found = run_at(text, &[], &[], &names, Level::Gaussian).unwrap();
    for name in names {
        assert_relative_eq!(value(&exact, name), value(&found, name), epsilon = 1e-7);
    }
    let laser = |n: &str, level: Level| {
        let text = r#"
name = "laser"
[modes]
A = "ensemble N"
[parameters]
N = 60
[[jump]]
L = "jm(A)/sqrt(N)"
[[jump]]
L = "sqrt(0.5)*jp(A)"
members = true
[start]
A = { x = 0.5, z = 0.2 }
"#;
        value(&run_at(text, &[("N", n)], &[], &["jz(A)"], level).unwrap(), "jz(A)") / n.parse::<f64>().unwrap()
    };
    let (exact, mean) = (laser("120", Level::Fock), laser("120", Level::MeanField));
    assert!((exact - mean).abs() < 0.02 && (exact - 0.25).abs() < 0.02, "{exact} {mean}");
}

#[test]
fn two_ensembles_of_atoms() {
    let given = [("N", "3")];
    let report = run("superradiant-ensembles", &given, &[], &["jz(A)", "jz(B)", "current(\"cavity\")"]);
    assert_relative_eq!(value(&report, "jz(A)"), value(&report, "jz(B)"), max_relative = 1e-8);
    assert!(value(&report, "current(\"cavity\")") > 0.0);
}

#[test]
fn what_ensembles_do_not_take_is_refused() {
    let refused = |measure: &str, level: Level, words: &str| {
        let error = run_at("superradiant-ensembles", &[], &[], &[measure], level)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        assert!(error.contains(words), "{measure}: {error}");
    };
    refused("entropy(A)", Level::Fock, "permutations");
    refused("spin_locking(A)", Level::Fock, "permutations");
    let text = |jump: &str, extra: &str| {
        format!(
            "name = \"e\"\n[modes]\nA = \"ensemble 3\"\ns = \"spin 1\"\n[hamiltonian]\nH = \"jz(A) + jz(s)\"\n[[jump]]\nL = \"{jump}\"\nmembers = true\n{extra}\n"
        )
    };
    for (jump, extra, words) in [
        ("jm(s)", "", "no ensemble"),
        ("jm(A)*jz(A)", "", "no operator of one spin 1/2"),
        ("jm(A) + 1", "", "no operator of one spin 1/2"),
        ("jm(A) + jm(s)", "", "several modes"),
        ("jm(A)", "kept = 0.5", "all kept"),
    ] {
        let error =
            file::parse("m.toml", &text(jump, extra), None, &[]).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(words), "{jump}: {error}");
    }
    for kind in ["ensemble 0", "ensemble x", "ensemble 1.5"] {
        let text = format!("name = \"m\"\n[modes]\ns = \"{kind}\"\n[hamiltonian]\nH = \"jz(s)\"\n");
        let error = file::parse("m.toml", &text, None, &[]).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("members of the ensemble"), "{kind}: {error}");
    }
}
