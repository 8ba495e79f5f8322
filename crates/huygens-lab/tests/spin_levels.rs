//! Mean field and linearised fluctuations of spins against density matrices and closed forms.

use approx::assert_relative_eq;
use huygens::experiment::{Experiment, ExperimentError, Level, Options, Trajectories, Truncation, Window};
use huygens::report::{Report, Status};
use huygens_lab::file;

/// A run of a model file at a level; at a time, or of the attractor (the steady state) without one.
fn run(
    text: &str,
    level: Level,
    values: &[(&str, f64)],
    at: Option<f64>,
    measures: &[&str],
) -> Result<Report, ExperimentError> {
    let model = file::parse("model.toml", text, None, &[]).unwrap_or_else(|e| panic!("{e}")).model;
    let binding = model.bind(values).unwrap();
    let mut options = Options { level, ..Options::default() };
    match level {
        Level::Fock => {
            options.truncation = Truncation { at: at.into_iter().collect(), memory: 1e9, ..Truncation::default() };
        }
        Level::Stochastic => {
            options.trajectories = Trajectories { count: 4000, ..Trajectories::default() };
            options.window = at.map(|t| Window { from: t, to: t + 1e-9, samples: 1 });
        }
        _ => options.window = at.map(|t| Window { from: t, to: t + 1e-9, samples: 1 }),
    }
    let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
    Experiment::new(model.into(), &measures, options)?.run(&binding)
}

fn value(report: &Report, name: &str) -> f64 {
    report.value(name).unwrap_or_else(|| panic!("{name}: {report:?}"))
}

fn passes(report: &Report) {
    assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:?}", report.checks);
}

const ATOM: &str = r#"
name = "atom"
[modes]
s = "spin 1/2"
[parameters]
Delta = 0.4
Omega = 0.9
gamma = 0.7
up = 0.2
phi = 0.3
[hamiltonian]
H = "Delta*jz(s) + Omega*jx(s)"
[[jump]]
L = "sqrt(gamma)*jm(s)"
[[jump]]
L = "sqrt(up)*jp(s)"
[[jump]]
L = "sqrt(phi)*jz(s)"
"#;

/// The Bloch equations of one spin ½ are exact, in time and at rest, and so are its fluctuations.
#[test]
fn bloch_equations_are_exact() {
    let means = ["jx(s)", "jy(s)", "jz(s)"];
    let all = [
        "jx(s)",
        "jy(s)",
        "jz(s)",
        "variance(jx(s))",
        "variance(jz(s))",
        "pearson(jx(s),jy(s))",
        "spin_squeezing(s)",
        "spin_squeezing_variance(s)",
    ];
    for at in [Some(0.7), Some(3.0), None] {
        let exact = run(ATOM, Level::Fock, &[], at, &all).unwrap();
        let mean = run(ATOM, Level::MeanField, &[], at, &means).unwrap();
        let gaussian = run(ATOM, Level::Gaussian, &[], at, &all).unwrap();
        passes(&gaussian);
        for name in means {
            assert!(
                (value(&mean, name) - value(&exact, name)).abs() < 1e-9,
                "{name}: {} {}",
                value(&mean, name),
                value(&exact, name)
            );
        }
        for name in all {
            assert!(
                (value(&gaussian, name) - value(&exact, name)).abs() < 3e-8,
                "{name} {at:?}: {} {}",
                value(&gaussian, name),
                value(&exact, name)
            );
        }
    }
    // Three exponents and no more: the phantom direction of ⟨J_z⟩ is not there.
    let report = run(ATOM, Level::MeanField, &[], None, &["lyapunov"]).unwrap();
    let list = report.quantity("lyapunov").unwrap().list.clone().unwrap();
    assert_eq!(list.len(), 3);
    assert!(list.iter().all(|l| l[0] < -0.1), "{list:?}");
}

/// A spin of any length precesses as a coherent state, exactly.
#[test]
fn precession_of_coherent_states_is_exact() {
    let text = r#"
name = "gyroscope"
[modes]
s = "spin N/2"
[parameters]
N = 9
[hamiltonian]
H = "0.7*jz(s) + 0.5*jx(s) - 0.2*jy(s)"
"#;
    let all =
        ["jx(s)", "jy(s)", "jz(s)", "variance(jx(s))", "variance(jz(s))", "pearson(jy(s),jz(s))", "spin_squeezing(s)"];
    let exact = run(text, Level::Fock, &[], Some(2.3), &all).unwrap();
    let gaussian = run(text, Level::Gaussian, &[], Some(2.3), &all).unwrap();
    passes(&gaussian);
    for name in all {
        assert!(
            (value(&gaussian, name) - value(&exact, name)).abs() < 1e-8,
            "{name}: {} {}",
            value(&gaussian, name),
            value(&exact, name)
        );
    }
    assert_relative_eq!(value(&gaussian, "spin_squeezing(s)"), 1.0, max_relative = 1e-9);
}

/// One-axis twisting about x from the lowest state: ξ² of the linearised level against the closed form of Kitagawa and Ueda,
/// ξ_S² = 1 + (N − 1)/4 (A − √(A² + B²)), A = 1 − cos^{N−2}(2χt), B = 4 sin(χt) cos^{N−2}(χt), and against the density matrix.
#[test]
fn one_axis_twisting_squeezes() {
    let text = r#"
name = "twisting"
[modes]
s = "spin N/2"
[parameters]
N = 200
chi = 1.0
[hamiltonian]
H = "chi*jx(s)^2"
"#;
    let n: f64 = 200.0;
    for t in [1e-3_f64, 5e-3] {
        let (a, b) = (1.0 - (2.0 * t).cos().powf(n - 2.0), 4.0 * t.sin() * t.cos().powf(n - 2.0));
        let closed = 1.0 + (n - 1.0) / 4.0 * (a - (a * a + b * b).sqrt());
        let measures = ["spin_squeezing_variance(s)", "spin_squeezing(s)", "jz(s)"];
        let exact = run(text, Level::Fock, &[], Some(t), &measures).unwrap();
        assert_relative_eq!(value(&exact, measures[0]), closed, max_relative = 1e-6);
        let gaussian = run(text, Level::Gaussian, &[], Some(t), &measures).unwrap();
        passes(&gaussian);
        assert_relative_eq!(value(&gaussian, measures[0]), closed, max_relative = 0.03);
    }
}

/// Collective decay of a tilted spin 50: means to 1/N, fluctuations to leading order, and the length that a long spin keeps to the same order.
#[test]
fn superradiance_of_a_tilted_spin() {
    let text = r#"
name = "superradiance"
[modes]
s = "spin N/2"
[parameters]
N = 100
[hamiltonian]
H = "0.3*jz(s)"
[[jump]]
L = "jm(s)/sqrt(N)"
[start]
s = { x = "sin(0.8)", z = "cos(0.8)" }
"#;
    for t in [0.5, 2.0] {
        let names = ["jx(s)", "jy(s)", "jz(s)", "variance(jz(s))", "variance(jx(s))", "pearson(jx(s),jz(s))"];
        let exact = run(text, Level::Fock, &[], Some(t), &names).unwrap();
        let gaussian = run(text, Level::Gaussian, &[], Some(t), &names).unwrap();
        for (name, within) in names.into_iter().zip([1.0, 1.0, 1.0, 5.0, 5.0, 0.1]) {
            let (x, y) = (value(&exact, name), value(&gaussian, name));
            assert!((x - y).abs() < within, "{name}: {x} {y}");
        }
    }
}

/// A cavity with a long spin: Tavis and Cummings, weakly driven. To leading order in 1/N the spin is a boson.
#[test]
fn tavis_cummings_near_the_ground_state() {
    let text = r#"
name = "tavis-cummings"
[modes]
a = "boson"
s = "spin N/2"
[parameters]
N = 40
g = 0.6
kappa = 0.5
gamma = 0.3
E = 0.15
[hamiltonian]
H = "0.2*n(a) + 0.1*jz(s) + g/sqrt(N)*(a*jp(s) + h.c.) + E*(a + dag(a))"
[[jump]]
L = "sqrt(2*kappa)*a"
[[jump]]
L = "sqrt(gamma/N)*jm(s)"
"#;
    let all = ["jx(s)", "jy(s)", "jz(s)", "n(a)", "variance(jx(s))", "phase_difference(a,s)"];
    let exact = run(text, Level::Fock, &[], None, &all).unwrap();
    let gaussian = run(text, Level::Gaussian, &[], None, &all).unwrap();
    passes(&gaussian);
    for (name, within) in [
        ("jx(s)", 0.01),
        ("jy(s)", 0.01),
        ("jz(s)", 0.002),
        ("n(a)", 0.01),
        ("variance(jx(s))", 0.01),
        ("phase_difference(a,s)", 0.01),
    ] {
        let (x, y) = (value(&exact, name), value(&gaussian, name));
        assert!((x - y).abs() < within * x.abs().max(0.1), "{name}: {x} {y}");
    }
}

/// Dicke's model in the file: above the transition the mean field breaks the parity, and its spin points as Dimer et al. say.
#[test]
fn the_dicke_model_turns_superradiant() {
    let model = std::sync::Arc::new(file::load("dicke").unwrap_or_else(|e| panic!("{e}")).model);
    let at = |lambda: f64, level: Level, names: &[&str]| {
        let binding = model.bind(&[("lambda", lambda)]).unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let options = Options { level, starts: if level == Level::MeanField { 6 } else { 0 }, ..Options::default() };
        Experiment::new(model.clone(), &names, options).unwrap().run(&binding).unwrap()
    };
    let critical = 0.5 * (1.25_f64).sqrt();
    let report = at(0.8, Level::MeanField, &["jz(s)", "jx(s)", "lyapunov"]);
    passes(&report);
    assert_relative_eq!(value(&report, "jz(s)"), -10.0 * (critical / 0.8).powi(2), max_relative = 1e-9);
    assert_eq!(report.quantity("lyapunov").unwrap().list.as_ref().unwrap().len(), 4);
    assert!(report.checks.iter().any(|c| c.name == "coexisting attractors"), "{:?}", report.checks);
    // Below it the fluctuations are those of the density matrix to leading order in 1/N.
    let names = ["jz(s)", "n(a)", "spin_squeezing_variance(s)"];
    let (gaussian, exact) = (at(0.25, Level::Gaussian, &names), at(0.25, Level::Fock, &names));
    passes(&gaussian);
    assert_relative_eq!(value(&gaussian, "jz(s)"), -10.0, max_relative = 1e-12);
    for name in &names[1..] {
        assert_relative_eq!(value(&gaussian, name), value(&exact, name), max_relative = 0.1);
    }
}

/// Two spins 25 on limit cycles along their equators, with J_z shifting their frequencies by χ J_z/j and driven by the exchange: the phase
/// difference obeys d Δφ/dt = δ ± K sin Δφ, K = χε/γ, to leading order in ε/γ. They lock below K and not above.
#[test]
fn spins_on_limit_cycles_lock() {
    let text = r#"
name = "two equators"
[modes]
s = "spin N/2"
u = "spin N/2"
[parameters]
N = 50
delta = 0.2
chi = 2
epsilon = 0.2
gamma = 1
[hamiltonian]
H = "delta/2*(jz(s) - jz(u)) + chi/N*(jz(s)^2 + jz(u)^2) + epsilon/N*(jp(s)*jm(u) + jm(s)*jp(u))"
[[jump]]
L = "sqrt(gamma/N)*jp(s)*(1 - 2*jz(s)/N)"
[[jump]]
L = "sqrt(gamma/N)*jm(s)*(1 + 2*jz(s)/N)"
[[jump]]
L = "sqrt(gamma/N)*jp(u)*(1 - 2*jz(u)/N)"
[[jump]]
L = "sqrt(gamma/N)*jm(u)*(1 + 2*jz(u)/N)"
[start]
s = { x = 1 }
u = { x = 0.8, y = 0.6 }
"#;
    let names = ["phase_difference(s,u)", "order_parameter(s,u)", "jz(s)"];
    let locked = run(text, Level::MeanField, &[], None, &names).unwrap();
    passes(&locked);
    assert!(locked.dynamics.contains("circle of symmetry"), "{}", locked.dynamics);
    let sine = value(&locked, "phase_difference(s,u)").sin().abs();
    assert!((sine - 0.5).abs() < 0.05, "{sine}");
    let free = run(text, Level::MeanField, &[("delta", 1.0)], None, &names).unwrap();
    assert!(free.dynamics.contains("torus"), "{}", free.dynamics);
    assert!(value(&free, "order_parameter(s,u)") < 0.8);
}

/// A spin that turns along its equator: its phase diffuses without bound, so that the least variance across its mean is that of J_z.
#[test]
fn squeezing_of_a_spin_whose_phase_diffuses() {
    let text = r#"
name = "equator"
[modes]
s = "spin 25"
[hamiltonian]
H = "jz(s)"
[[jump]]
L = "sqrt(1/50)*jp(s)*(1 - jz(s)/25)"
[[jump]]
L = "sqrt(1/50)*jm(s)*(1 + jz(s)/25)"
[start]
s = { x = 1 }
"#;
    let names = ["spin_squeezing(s)", "variance(jz(s))", "jx(s)", "phase_diffusion", "period"];
    let report = run(text, Level::Gaussian, &[], None, &names).unwrap();
    passes(&report);
    assert!(report.dynamics.contains("uniform rotation"), "{}", report.dynamics);
    assert_relative_eq!(value(&report, "period"), std::f64::consts::TAU, max_relative = 1e-9);
    let longest = report.quantity("jx(s)").unwrap().max.unwrap();
    let expected = 50.0 * value(&report, "variance(jz(s))") / (longest * longest);
    assert_relative_eq!(value(&report, "spin_squeezing(s)"), expected, max_relative = 1e-5);
    assert!(value(&report, "phase_diffusion") > 0.0);
}

/// Two superradiant ensembles lock where the pump w is faster than their detuning δ: then tan(Δφ/2) = −δ/w up to the sign and
/// ⟨J_z⟩ = (w² + δ²)/(4wΓ) in the mean field of N → ∞; beyond it they turn apart.
#[test]
fn superradiant_ensembles_lock_within_the_pump() {
    let given = |n: &str| vec![("N".to_owned(), n.to_owned())];
    let model = file::load_with("superradiant-ensembles", &given("100000")).unwrap_or_else(|e| panic!("{e}")).model;
    let model = std::sync::Arc::new(model);
    let at = |w: f64, delta: f64| {
        let binding = model.bind(&[("w", w), ("delta", delta)]).unwrap();
        let names = ["phase_difference(A,B)", "order_parameter(A,B)", "jz(A)"].map(String::from);
        let options = Options { level: Level::MeanField, ..Options::default() };
        Experiment::new(model.clone(), &names, options).unwrap().run(&binding).unwrap()
    };
    let (n, w) = (1e5, 3e4);
    for ratio in [0.3, 0.8] {
        let report = at(w, ratio * w);
        passes(&report);
        let z = w * (1.0 + ratio * ratio) / 4.0;
        assert_relative_eq!(value(&report, "jz(A)") / n, z / n, max_relative = 1e-3);
        let half = 0.5 * value(&report, "phase_difference(A,B)");
        assert_relative_eq!(half.tan().abs(), ratio, max_relative = 1e-3);
    }
    let apart = at(w, 1.5 * w);
    assert!(apart.value("order_parameter(A,B)").is_none_or(|r| r < 0.9), "{apart:?}");
    assert!(!apart.dynamics.contains("circle of symmetry"), "{}", apart.dynamics);
}

/// A pump leads two spins along their axes onto the pole above, which the cavity that they feed together makes unstable: the search leaves it.
#[test]
fn no_orbit_rests_on_an_unstable_pole() {
    let text = r#"
name = "pole"
[modes]
a = "boson"
s = "spin 25"
u = "spin 25"
[hamiltonian]
H = "0.025*(jz(s) - jz(u)) + 0.1*(a*jp(s) + a*jp(u) + h.c.)"
[[jump]]
L = "sqrt(2)*a"
[[jump]]
L = "sqrt(0.02)*jp(s)"
[[jump]]
L = "sqrt(0.02)*jp(u)"
[[jump]]
L = "sqrt(0.2)*jz(s)"
[[jump]]
L = "sqrt(0.2)*jz(u)"
"#;
    let report = run(text, Level::MeanField, &[], None, &["jz(s)", "lyapunov"]).unwrap();
    assert!(!report.dynamics.contains("chaos"), "{}", report.dynamics);
    assert!(value(&report, "jz(s)") < 24.0, "{report:?}");
}

/// Value of a measure by trajectories against the exact one: within `errors` standard errors and `bias`.
fn agrees(sampled: &Report, exact: &Report, name: &str, errors: f64, bias: f64) {
    let quantity = sampled.quantity(name).unwrap();
    let (x, error) = (quantity.value.unwrap(), quantity.error.unwrap());
    let off = (x - value(exact, name)).abs();
    assert!(off < errors * error + bias, "{name}: {x} ± {error}, exact {}", value(exact, name));
}

/// Ising: the sampled spins ½ have the exact means of single spins at all times (Schachenmayer, Pikovski and Rey 2015, sec. III).
#[test]
fn ising_chain_by_trajectories() {
    let text = r#"
name = "ising"
[modes]
"s[1..5]" = "spin 1/2"
[hamiltonian]
H = "sum(k in 1..4, jx(s[k])*jx(s[k + 1])) + 0.4*jx(s[1])*jx(s[4])"
"#;
    for t in [0.5, 2.0] {
        let names = ["jz(s[1])", "jz(s[2])", "jz(s[5])"];
        let exact = run(text, Level::Fock, &[], Some(t), &names).unwrap();
        let sampled = run(text, Level::Stochastic, &[], Some(t), &names).unwrap();
        passes(&sampled);
        names.iter().for_each(|name| agrees(&sampled, &exact, name, 4.0, 1e-9));
    }
    // Correlations of first order in the coupling, which the mean field does not have.
    let names = ["pearson(jx(s[1]),jy(s[2]))", "pearson(jy(s[1]),jy(s[2]))"];
    let exact = run(text, Level::Fock, &[], Some(0.8), &names).unwrap();
    let sampled = run(text, Level::Stochastic, &[], Some(0.8), &names).unwrap();
    names.iter().for_each(|name| agrees(&sampled, &exact, name, 4.0, 0.03));
}

/// A driven chain with exchange, at short times: both components of every spin.
#[test]
fn exchange_chain_by_trajectories() {
    let text = r#"
name = "exchange"
[modes]
"s[1..4]" = "spin 1/2"
[hamiltonian]
H = "0.8*sum(k in 1..4, jx(s[k])) + 0.5*jz(s[1]) + sum(k in 1..3, jp(s[k])*jm(s[k + 1]) + jm(s[k])*jp(s[k + 1]))/2"
"#;
    for (t, bias) in [(0.5, 2e-3), (1.5, 0.03)] {
        let names = ["jz(s[1])", "jy(s[1])", "jz(s[2])", "jy(s[2])", "jx(s[2])"];
        let exact = run(text, Level::Fock, &[], Some(t), &names).unwrap();
        let sampled = run(text, Level::Stochastic, &[], Some(t), &names).unwrap();
        passes(&sampled);
        names.iter().for_each(|name| agrees(&sampled, &exact, name, 4.0, bias));
    }
}

/// One-axis twisting beyond the best squeezing, where the linearised level has lost its way.
#[test]
fn twisting_by_trajectories() {
    let text = r#"
name = "twisting"
[modes]
s = "spin N/2"
[parameters]
N = 100
[hamiltonian]
H = "jx(s)^2"
"#;
    for (t, bias) in [(0.01, 0.01), (0.05, 0.05), (0.15, 0.3)] {
        let names = ["spin_squeezing_variance(s)", "jz(s)"];
        let exact = run(text, Level::Fock, &[], Some(t), &names).unwrap();
        let sampled = run(text, Level::Stochastic, &[], Some(t), &names).unwrap();
        passes(&sampled);
        names.iter().for_each(|name| agrees(&sampled, &exact, name, 4.0, bias));
    }
}

/// Superradiance, upside down: an empty spin 50 pumped collectively from its lowest state, where only quantum noise starts it.
#[test]
fn superradiance_by_trajectories() {
    let text = r#"
name = "superradiance"
[modes]
s = "spin N/2"
[parameters]
N = 100
[hamiltonian]
H = "0"
[[jump]]
L = "jp(s)/sqrt(N)"
"#;
    for (t, bias, spread) in [(1.0, 0.1, 1.5), (4.0, 0.5, 15.0), (8.0, 0.5, 15.0)] {
        let exact = run(text, Level::Fock, &[], Some(t), &["jz(s)", "variance(jz(s))"]).unwrap();
        let sampled = run(text, Level::Stochastic, &[], Some(t), &["jz(s)", "variance(jz(s))"]).unwrap();
        passes(&sampled);
        agrees(&sampled, &exact, "jz(s)", 4.0, bias);
        agrees(&sampled, &exact, "variance(jz(s))", 4.0, spread);
    }
    // The noise of a linear jump turns the vector: its length stays that of the start, j(j + 1) in the mean.
    let names = ["jx(s)", "jy(s)", "jz(s)", "variance(jx(s))", "variance(jy(s))", "variance(jz(s))"];
    let sampled = run(text, Level::Stochastic, &[], Some(8.0), &names).unwrap();
    let values: Vec<f64> = names.iter().map(|name| value(&sampled, name)).collect();
    let square: f64 = values[..3].iter().map(|x| x * x).sum::<f64>() + values[3..].iter().sum::<f64>();
    assert_relative_eq!(square, 50.0 * 51.0, max_relative = 3e-3);
}

/// A driven spin ½ that loses its phase is exact: the noise turns it. The same numbers on any number of threads.
#[test]
fn dephasing_by_trajectories() {
    let text = r#"
name = "dephasing"
[modes]
s = "spin 1/2"
[hamiltonian]
H = "jx(s) + 0.3*jz(s)"
[[jump]]
L = "sqrt(0.5)*jz(s)"
"#;
    let names = ["jx(s)", "jy(s)", "jz(s)"];
    let exact = run(text, Level::Fock, &[], Some(2.0), &names).unwrap();
    let sampled = run(text, Level::Stochastic, &[], Some(2.0), &names).unwrap();
    passes(&sampled);
    names.iter().for_each(|name| agrees(&sampled, &exact, name, 4.0, 1e-3));
    let model = std::sync::Arc::new(file::parse("model.toml", text, None, &[]).unwrap().model);
    let on = |threads: usize| {
        let trajectories = Trajectories { count: 300, threads, step: Some(0.05), ..Trajectories::default() };
        let window = Some(Window { from: 0.0, to: 1.0, samples: 4 });
        let options = Options { level: Level::Stochastic, trajectories, window, ..Options::default() };
        let binding = model.bind(&[]).unwrap();
        let report = Experiment::new(model.clone(), &["jy(s)".to_owned()], options).unwrap().run(&binding).unwrap();
        report.series[0].values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    let one = on(1);
    assert!([2, 7].into_iter().all(|threads| on(threads) == one));
}

#[test]
fn what_is_refused() {
    let wrong = |level: Level, measures: &[&str]| run(ATOM, level, &[], None, measures).unwrap_err().to_string();
    let refused = |level, measure: &str, words: &str| {
        let text = wrong(level, &[measure]);
        assert!(text.contains(words), "{text}");
    };
    refused(Level::Gaussian, "n(s)", "is a spin");
    refused(Level::Gaussian, "variance(q(s))", "its components are jx(s)");
    refused(Level::Gaussian, "entropy(s)", "--level fock");
    refused(Level::Response, "jx(s)", "not a measure of the response level");
    refused(Level::MeanField, "spin_locking(s)", "not a measure of the mean_field level");
    refused(Level::Fock, "n(s)", "is a spin");
    refused(Level::Stochastic, "jx(s)", "moves a spin as short as `s`");
}
