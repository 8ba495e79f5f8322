//! Models as a user writes them.

mod common;

use std::collections::BTreeSet;

use common::flow;
use huygens::algebra::{ModeId, Operator, Scalar, heisenberg};
use huygens_lab::file::{LoadedModel, load, load_with, parse};
use num_complex::Complex64 as c64;

fn user(name: &str) -> LoadedModel {
    let path = format!("{}/tests/models/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let loaded = load(&path).unwrap_or_else(|e| panic!("{e}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings[0]);
    loaded
}

#[test]
fn three_resonators_with_mixed_couplings() {
    let loaded = user("three-resonators");
    let model = &loaded.model;
    assert_eq!((model.name.as_str(), model.len(), model.baths.len()), ("three-resonators", 3, 3));
    // One jump of the cold bath, two of each warm one, and the common loss.
    assert_eq!(model.jumps.len(), 6);
    let binding = model.bind(&[("warm", 0.25)]).unwrap();
    assert_eq!(binding.value(model.parameters.id("hot").unwrap()), 1.0);
    let z = [c64::new(0.4, -1.0), c64::new(-0.3, 0.2), c64::new(1.5, 0.7)];
    let f = flow(model, &binding.values, &z);
    let i = c64::i();
    let (gamma, common, phase) = (0.1, 0.05, c64::cis(std::f64::consts::PI / 3.0));
    let q = |z: c64| std::f64::consts::SQRT_2 * z.re;
    let pull = -common / 2.0 * (z[0] + phase * z[1]);
    let dx = -i * z[0] - i * 0.12 * z[1] - i * 0.08 * q(z[2]) / std::f64::consts::SQRT_2 - i * 0.3 - gamma / 2.0 * z[0]
        + pull;
    let dy = -i * 1.05 * z[1] - i * 0.12 * z[0] + 0.03 * z[2].conj() - gamma / 2.0 * z[1] + phase.conj() * pull;
    let dz = -i * 0.95 * z[2] + 0.03 * z[1].conj() - i * 0.08 * q(z[0]) / std::f64::consts::SQRT_2 - gamma * z[2];
    for (f, d) in f.iter().zip([dx, dy, dz]) {
        assert!((f - d).norm() < 1e-14, "{f} {d}");
    }
    assert_eq!(model.uncoupled.len(), 4);
    assert!(model.start.is_none());
}

#[test]
fn kerr_pair_with_two_photon_loss() {
    let loaded = user("kerr-two-photon");
    let model = &loaded.model;
    assert_eq!(model.modes[1].array, Some(("a".to_string(), 2)));
    let binding = model.bind(&[]).unwrap();
    let z = model.start_values(&binding).unwrap();
    assert_eq!(z, [c64::new(1.0, -1.0), c64::new(0.9, -1.2)]);
    let f = flow(model, &binding.values, &z);
    let i = c64::i();
    for (j, k) in [(0, 1), (1, 0)] {
        let a = z[j];
        let d = -i * 0.3 * a - i * 0.1 * a.norm_sqr() * a - i * 1.2 * a.conj() + i * 0.15 * z[k]
            - 0.2 * a
            - 0.05 * a.norm_sqr() * a;
        assert!((f[j] - d).norm() < 1e-14, "{} {d}", f[j]);
    }
}

#[test]
fn fifty_oscillators_on_a_network_from_a_table() {
    let loaded = user("stuart-landau-50");
    let model = &loaded.model;
    assert_eq!(model.len(), 50);
    assert_eq!(loaded.attachments.len(), 1);
    let network = &model.networks[0];
    assert!(network.is_symmetric() && network.size() == 50);
    assert_eq!(model.jumps.len(), 100 + network.links().len());
    let labels: BTreeSet<&str> = model.jumps.iter().map(|j| j.label.as_str()).collect();
    assert_eq!(labels.len(), model.jumps.len(), "labels tell the jumps apart");
    let binding = model.bind(&[]).unwrap();
    let z = model.start_values(&binding).unwrap();
    let f = flow(model, &binding.values, &z);
    let i = c64::i();
    for j in 1..=50 {
        let a = z[j - 1];
        assert!((a - 5.0 * c64::cis(2.0 * (j as f64).sin())).norm() < 1e-12);
        let omega = 1.0 + 0.02 * (17.0 * j as f64).sin();
        let mut d = -i * omega * a + 0.1 * a - 0.002 * a.norm_sqr() * a;
        for k in 1..=50 {
            let w = network.weight(j, k);
            d += 0.04 * w * (z[k - 1] - a) - i * 0.01 * w * z[k - 1];
        }
        assert!((f[j - 1] - d).norm() < 1e-12 * d.norm(), "{j}: {} {d}", f[j - 1]);
    }
    // The identity of the model takes in the table.
    assert!(loaded.identity().contains("spread*sin(17*j)") && loaded.identity().len() > loaded.text.len() + 5000);
}

#[test]
fn a_model_can_be_built_from_text_alone_and_driven_in_time() {
    let text = r#"
        [modes]
        a = "boson"
        [parameters]
        Omega = 0.7
        F = 2
        kappa = 0.1
        [hamiltonian]
        H = "n(a) + F*cos(Omega*t)*(a + dag(a))"
        [[jump]]
        L = "sqrt(kappa)*a"
    "#;
    let loaded = parse("driven", text, None, &[]).unwrap();
    let model = &loaded.model;
    assert!(model.depends_on_time());
    assert_eq!(model.name, "driven");
    assert_eq!(model.oscillators, [ModeId(0)]);
    let binding = model.bind(&[("F", 3.0)]).unwrap();
    let jumps: Vec<Operator> = model.jumps.iter().map(|j| j.operator.clone()).collect();
    let f = heisenberg(&model.hamiltonian, &jumps, &Operator::annihilation(ModeId(0))).normal_symbol();
    let value = f.eval(&[c64::new(0.0, 0.0)], &binding.values, 2.0).unwrap();
    assert!((value + c64::i() * 3.0 * (0.7_f64 * 2.0).cos()).norm() < 1e-14);
}

#[test]
fn start_values_can_be_given_mode_by_mode_or_for_a_whole_array() {
    let with = |start: &str| {
        let text = format!(
            "[modes]\n\"b[1..3]\" = \"boson\"\n[parameters]\nj = 2\nr = 2\n[hamiltonian]\nH = \"sum(k in 1..3, j*n(b[k]))\"\n[start]\n{start}\n"
        );
        let loaded = parse("m", &text, None, &[]).unwrap_or_else(|e| panic!("{e}"));
        let binding = loaded.model.bind(&[("r", 3.0)]).unwrap();
        loaded.model.start_values(&binding).unwrap().iter().map(|z| (z.re, z.im)).collect::<Vec<_>>()
    };
    assert_eq!(with("\"b[m]\" = \"r*m\""), [(3.0, 0.0), (6.0, 0.0), (9.0, 0.0)]);
    assert_eq!(with("b = \"i*r\""), [(0.0, 3.0), (0.0, 3.0), (0.0, 3.0)]);
    assert_eq!(with("\"b[3]\" = 1\n\"b[1]\" = \"r\""), [(3.0, 0.0), (0.0, 0.0), (1.0, 0.0)]);
}

#[test]
fn rebinding_one_parameter_costs_less_than_a_microsecond() {
    let model = load("optomechanical-pair").unwrap().model;
    let mut binding = model.bind(&[]).unwrap();
    let cost = |name: &str, binding: &mut huygens::model::Binding| {
        let id = model.parameters.id(name).unwrap();
        let rounds = 20_000;
        (0..5)
            .map(|_| {
                let clock = std::time::Instant::now();
                for k in 0..rounds {
                    model.parameters.set(binding, id, 0.01 + 1e-9 * k as f64).unwrap();
                }
                clock.elapsed().as_secs_f64() / rounds as f64
            })
            .fold(f64::INFINITY, f64::min)
    };
    let (plain, dependent) = (cost("mu", &mut binding), cost("omega1", &mut binding));
    let whole = (0..5)
        .map(|_| {
            let clock = std::time::Instant::now();
            for k in 0..1000 {
                model.bind(&[("mu", 0.01 + 1e-6 * k as f64)]).unwrap();
            }
            clock.elapsed().as_secs_f64() / 1000.0
        })
        .fold(f64::INFINITY, f64::min);
    // The whole binding is checked as well: every coefficient has a value, no rate is negative.
    assert!(plain < 1e-6 && dependent < 2e-6 && whole < 1e-5, "{plain:e} {dependent:e} {whole:e}");
}

#[test]
fn the_labels_of_a_bath_lead_to_its_jumps() {
    let model = load_with("optomechanical-pair", &[("n_b".into(), "2".into())]).unwrap().model;
    let of_bath: Vec<&str> = model.jumps.iter().filter(|j| j.bath == Some(1)).map(|j| j.label.as_str()).collect();
    assert_eq!(of_bath, ["mechanics 1, loss", "mechanics 1, gain"]);
    assert_eq!(model.baths[0].occupation, Scalar::zero());
    assert_eq!(model.jumps.iter().filter(|j| j.bath == Some(0)).count(), 1);
}

/// `[[correlate]]` in all its forms, and three levels of one quadratic model from the correlated start.
#[test]
fn correlated_starts_are_the_same_at_every_level() {
    use huygens::experiment::{Experiment, Level, Options, Truncation, Window};
    use huygens::levels::fock::Cutoff;
    use std::sync::Arc;

    let text = r#"
[modes]
"a[1..2]" = "boson"
c = "boson"

[parameters]
r = 0.2
kappa = 0.5

[hamiltonian]
H = "sum(j in 1..2, n(a[j])) + 0.2*(dag(a[1])*c + h.c.)"

[[jump]]
L = "sqrt(kappa)*a[j]"
for = "j in 1..2"

[[jump]]
L = "sqrt(kappa)*c"

[start]
"a[1]" = { amplitude = 0.4, occupation = 0.1 }

[[correlate]]
modes = ["a[j]", "c"]
for = "j in 1..2"
squeezing = "r"
phase = "pi*j/3"

[[correlate]]
modes = ["a[1]", "a[2]"]
mixing = "pi/4"
"#;
    let loaded = parse("model.toml", text, None, &[]).unwrap_or_else(|e| panic!("{e}"));
    let model = loaded.model;
    assert_eq!(model.correlations.len(), 3);
    let binding = model.bind(&[]).unwrap();
    let v = model.start_covariance(&binding).unwrap();
    // Half of each arm on either side of the beam splitter.
    assert!(v[(0, 4)].hypot(v[(1, 4)]) > 0.05 && v[(2, 4)].hypot(v[(3, 4)]) > 0.05);
    // The same covariance as numbers.
    let rows: Vec<String> = (0..6).map(|i| format!("{:?}", (0..6).map(|j| v[(i, j)]).collect::<Vec<_>>())).collect();
    let given = format!(
        "{}\n[[correlate]]\nmodes = [\"a[1]\", \"a[2]\", \"c\"]\ncovariance = [{}]\n",
        &text[..text.find("[[correlate]]").unwrap()],
        rows.join(", ")
    );
    let other = parse("model.toml", &given, None, &[]).unwrap_or_else(|e| panic!("{e}")).model;
    assert!((&other.start_covariance(&other.bind(&[]).unwrap()).unwrap() - &v).norm_max() < 1e-15);
    let names = ["n(c)", "pearson(q(a[1]),q(c))", "complete_sync(a[1],a[2])"].map(String::from);
    let window = Some(Window { from: 0.0, to: 1.0, samples: 2 });
    let report = |level: Level| {
        let truncation = Truncation { cutoff: Some(Cutoff::Total(13)), ..Truncation::default() };
        let mut options = Options { level, truncation, window: window.clone(), ..Options::default() };
        options.truncation.certify = false;
        options.truncation.memory = 2e9;
        options.trajectories.count = 20_000;
        let series = Experiment::new(Arc::new(model.clone()), &names, options).unwrap().run(&binding).unwrap().series;
        series.iter().map(|s| s.values[..2].to_vec()).collect::<Vec<_>>()
    };
    let exact = report(Level::Gaussian);
    for (level, allowed) in [(Level::Fock, 2e-3), (Level::Stochastic, 0.03)] {
        for (values, exact) in report(level).iter().flatten().zip(exact.iter().flatten()) {
            assert!((values - exact).abs() < allowed, "{level:?}: {values} {exact}");
        }
    }
}

/// A part of the clicks that is kept is read with its indices, shown with the equations, and refused where it is no probability.
#[test]
fn jumps_may_keep_a_part_of_the_runs() {
    use huygens::experiment::Level;
    use huygens_lab::runs::{Notation, equations};
    let text = |kept: &str| {
        format!(
            "[modes]\n\"a[1..2]\" = \"boson\"\n[parameters]\nseen = 0.3\n[hamiltonian]\nH = \"a[1] + dag(a[1]) + n(a[2])\"\n\
             [[jump]]\nfor = \"j in 1..2\"\nL = \"sqrt(0.6)*a[j]\"\nkept = {kept}\n"
        )
    };
    let model = parse("observed.toml", &text("\"(1 - seen)/j\""), None, &[]).unwrap().model;
    let binding = model.bind(&[]).unwrap();
    // √q L, and −½(1 − q) L†L with q = 0.7 and 0.35.
    for (mode, q) in [(0, 0.7), (1, 0.35)] {
        let (a, n) = (Operator::annihilation(ModeId(mode)), Operator::n(ModeId(mode)));
        let (of_jump, of_part) = (&model.jumps[mode as usize].operator, &model.antihermitian);
        let value = |operator: &Operator, term: &Operator| {
            let monomial = term.iter().next().unwrap().0;
            operator.coefficient(monomial).eval(&binding.values, 0.0).unwrap().re
        };
        assert!((value(of_jump, &a) - (0.6_f64 * q).sqrt()).abs() < 1e-15);
        assert!((value(of_part, &n) + 0.3 * (1.0 - q)).abs() < 1e-15);
    }
    let shown = equations(&model, Level::Fock, Notation::Text, false);
    assert!(shown.contains("(kept 1 - seen of sqrt(0.6)*a[1])"), "{shown}");
    for (kept, message) in [
        ("1.5", "no number from 0 to 1"),
        ("\"0.5 + 0.1*sin(t)\"", "depends on the time"),
        ("\"i*seen\"", "not real"),
        ("\"senn\"", "unknown name"),
    ] {
        let error = parse("observed.toml", &text(kept), None, &[]).unwrap_err().to_string();
        assert!(error.contains(message), "{kept}: {error}");
    }
}

/// `variant=NAME` takes another model in the place of one that names it, with the other values given.
#[test]
fn variants_are_other_models() {
    let given = |variant: &str, more: &[(&str, &str)]| -> Vec<(String, String)> {
        let all = std::iter::once(("variant", variant)).chain(more.iter().copied());
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let printed = load_with("spin-chains", &given("printed", &[("lambda", "0.2")])).unwrap().model;
    assert_eq!(printed.name, "spin-chains-printed");
    let lambda = printed.parameters.find("lambda").unwrap();
    assert_eq!(printed.parameters.defaults().value(lambda), 0.2);
    // The model itself has a name among them, with or without other values.
    let derived = load_with("spin-chains", &given("derived", &[("lambda", "0.1")])).unwrap().model;
    assert_eq!((derived.name.as_str(), derived.parameters.defaults().value(lambda)), ("spin-chains", 0.1));
    assert!(!derived.variants.contains(&"derived".to_owned()) && derived.variants.contains(&"printed".to_owned()));
    let error = load_with("spin-chains", &given("prnted", &[])).unwrap_err().to_string();
    assert!(error.contains("no variant of `spin-chains`") && error.contains("did you mean `printed`?"), "{error}");
    let error = load_with("kerr-pair", &given("printed", &[])).unwrap_err().to_string();
    assert!(error.contains("no parameter named `variant`"), "{error}");
    // Beside the file that names it, and as a parameter where there is one of that name.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.toml");
    let body = "[modes]\na = \"boson\"\n[equations]\na = \"-x*a\"\n";
    std::fs::write(&path, format!("[variants]\nother = \"two.toml\"\n[parameters]\nx = 1\n{body}")).unwrap();
    std::fs::write(folder.path().join("two.toml"), format!("[parameters]\nx = 2\n{body}")).unwrap();
    let other = load_with(path.to_str().unwrap(), &given("other", &[])).unwrap().model;
    assert_eq!((other.name.as_str(), other.parameters.defaults().values[0]), ("two", 2.0));
    std::fs::write(
        &path,
        format!("[variants]\nother = \"two.toml\"\n[parameters]\nx = \"variant\"\nvariant = 3\n{body}"),
    )
    .unwrap();
    let own = load_with(path.to_str().unwrap(), &given("4", &[])).unwrap().model;
    assert_eq!(own.parameters.defaults().values, [4.0, 4.0]);
}

/// Sections of equations say what is wrong in them at its place.
#[test]
fn faults_of_written_equations_have_their_places() {
    let fault = |text: &str| {
        let text = format!("[modes]\na = \"boson\"\nb = \"boson\"\n[parameters]\nw = 1\n{text}");
        parse("x.toml", &text, None, &[]).unwrap_err().to_string()
    };
    for (text, words) in [
        ("[equations]\nc = \"-w*a\"", &["unknown name `c`", "x.toml:7"][..]),
        ("[equations]\na = \"-w*e\"", &["unknown name `e`", "x.toml:7"]),
        ("[equations]\na = \"-w/n(b)*a\"", &["division by", "the equation of motion"]),
        ("[equations]\na = \"-w*a\"\n[fluctuations]\na = \"-w\"", &["`fluctuations.a` is a text", "a table such as"]),
        ("[equations]\na = \"-w*a\"\n[fluctuations]\na = { c = \"-w\" }", &["unknown name `c`"]),
        ("[equations]\na = \"-w*a\"\n[diffusion]\na = { b = 1 }\nb = { a = 1 }", &["a diffusion"]),
        ("[definitions]\nw = \"2\"\n[equations]\na = \"-w*a\"", &["a definition", "a parameter"]),
        ("[definitions]\nx = \"n(a\"\n[equations]\na = \"-w*a\"", &["never closed", "x.toml:7"]),
        ("[variants]\nx = 3\n[equations]\na = \"-w*a\"", &["`variants.x` is a whole number"]),
    ] {
        let error = fault(text);
        assert!(words.iter().all(|w| error.contains(w)), "{text}\n{error}");
    }
    // mean(…) is for coefficients, not for parameters.
    let error = fault("g = \"mean(n(a))\"\n[equations]\na = \"-w*a - g*a\"");
    assert!(error.contains("`a`"), "{error}");
}

/// Transformations given beside the model: after its own, each at its own text where it is wrong.
#[test]
fn transformations_are_given_beside_the_model() {
    let steps = |list: &[&str]| -> Vec<(String, String)> {
        list.iter().map(|step| (huygens_lab::file::TRANSFORM.to_owned(), (*step).to_owned())).collect()
    };
    let first = "holstein_primakoff(s1, 1)";
    let loaded = load_with("central-spin", &steps(&[first, "holstein_primakoff(s2, 1)"])).unwrap();
    assert_eq!(loaded.model.applied.len(), 2);
    assert!(loaded.model.frame.contains(first) && loaded.identity().contains(first));
    let bosons = loaded.model.spins().iter().filter(|s| s.is_none()).count();
    assert_eq!(bosons, 2);
    // Rebuilt with other values it is transformed again.
    let mut values = loaded.overrides.clone();
    values.push(("lambda".into(), "0.3".into()));
    assert_eq!(loaded.rebuild(&values).unwrap().model.applied.len(), 2);
    let error = load_with("central-spin", &steps(&[first, "holstein_primakoff(c2, 1)"])).unwrap_err().to_string();
    assert!(error.contains("no mode `c2`") && error.contains("transform=holstein_primakoff(c2, 1)"), "{error}");
    // A coherent chain is a coherent boson.
    let binding = loaded.model.bind(&[]).unwrap();
    let z = loaded.model.start_values(&binding).unwrap();
    assert!((z[1].norm_sqr() - 0.25).abs() < 1e-12, "{z:?}");
}
