//! Spins at the fock level against exact solutions, and what is refused.

use std::f64::consts::{PI, SQRT_2};

use approx::assert_relative_eq;
use huygens::experiment::{Experiment, ExperimentError, Level, Options, Truncation};
use huygens::report::Report;
use huygens_lab::file;

/// A run of a model file or of a built-in model; without times the steady state.
fn run(model: &str, values: &[(&str, f64)], at: &[f64], measures: &[&str]) -> Result<Report, ExperimentError> {
    let loaded = if model.contains('\n') { file::parse("model.toml", model, None, &[]) } else { file::load(model) };
    let model = loaded.unwrap_or_else(|e| panic!("{e}")).model;
    let binding = model.bind(values).unwrap();
    let truncation = Truncation { at: at.to_vec(), memory: 1e9, ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
    Experiment::new(model.into(), &measures, options)?.run(&binding)
}

fn value(report: &Report, name: &str) -> f64 {
    report.value(name).unwrap_or_else(|| panic!("{name}: {report:?}"))
}

/// A driven two-level system: ⟨J_z⟩ = −½ (γ² + 4Δ²)/(γ² + 4Δ² + 2Ω²) (resonance fluorescence), and no cut-off to be checked.
#[test]
fn a_driven_two_level_system() {
    let model = r#"
name = "atom"
[modes]
s = "spin 1/2"
[parameters]
Delta = 0.4
Omega = 0.9
gamma = 0.7
[hamiltonian]
H = "Delta*jz(s) + Omega*jx(s)"
[[jump]]
L = "sqrt(gamma)*jm(s)"
label = "decay"
"#;
    for (delta, omega, gamma) in [(0.4, 0.9, 0.7), (0.0, 3.0, 0.2), (-2.0, 0.5, 1.0)] {
        let given = [("Delta", delta), ("Omega", omega), ("gamma", gamma)];
        let report = run(model, &given, &[], &["jz(s)", "jx(s)", "jy(s)", "current(\"decay\")", "purity(s)"]).unwrap();
        let width = gamma * gamma + 4.0 * delta * delta;
        let z = -0.5 * width / (width + 2.0 * omega * omega);
        assert_relative_eq!(value(&report, "jz(s)"), z, max_relative = 1e-9);
        assert_relative_eq!(value(&report, "current(\"decay\")"), gamma * (0.5 + z), max_relative = 1e-8);
        let [x, y] = ["jx(s)", "jy(s)"].map(|m| value(&report, m));
        let purity = 0.5 + 2.0 * (x * x + y * y + z * z);
        assert_relative_eq!(value(&report, "purity(s)"), purity, max_relative = 1e-9);
        assert!(report.checks.iter().all(|c| c.status != huygens::report::Status::Fail), "{:?}", report.checks);
    }
}

/// Rabi oscillations in a coherent field: P(t) = Σ_n p_n sin²(g√n t), from the lowest state of the spin.
#[test]
fn a_spin_and_a_mode() {
    let model = r#"
name = "jaynes-cummings"
[modes]
a = "boson"
s = "spin 1/2"
[hamiltonian]
H = "0.8*(jp(s)*a + h.c.)"
[start]
a = 1.5
"#;
    let times = [0.4, 1.3, 2.9];
    let report = run(model, &[], &times, &["jz(s)", "n(a)", "mutual_information(a,s)"]).unwrap();
    let series = report.series.iter().find(|s| s.name == "jz(s)").unwrap();
    for (t, found) in times.iter().zip(&series.values) {
        let (mut p, mut sum) = ((-2.25_f64).exp(), 0.0);
        for n in 1..60 {
            p *= 2.25 / f64::from(n);
            sum += p * (0.8 * f64::from(n).sqrt() * t).sin().powi(2);
        }
        assert_relative_eq!(*found, sum - 0.5, epsilon = 1e-6);
    }
    // Excitations move between the two.
    assert_relative_eq!(value(&report, "n(a)") + value(&report, "jz(s)"), 2.25 - 0.5, epsilon = 1e-6);
    assert!(value(&report, "mutual_information(a,s)") > 0.1);
}

/// A spin of any length in a thermal bath: the populations fall by r = n̄/(n̄ + 1) from step to step.
#[test]
fn collective_spins_come_to_thermal_equilibrium() {
    let model = r#"
name = "dicke"
[modes]
s = "spin N/2"
[parameters]
N = 5
n_b = 0.6
[hamiltonian]
H = "jz(s)"
[[jump]]
L = "sqrt(n_b + 1)*jm(s)"
[[jump]]
L = "sqrt(n_b)*jp(s)"
"#;
    let report = run(model, &[], &[], &["jz(s)", "entropy(s)", "spin_squeezing(s)", "spin_locking(s)"]).unwrap();
    let r = 0.6_f64 / 1.6;
    let weights: Vec<f64> = (0..6).map(|n| r.powi(n)).collect();
    let total: f64 = weights.iter().sum();
    let mean =
        |f: &dyn Fn(f64) -> f64| weights.iter().enumerate().map(|(n, w)| w / total * f(n as f64 - 2.5)).sum::<f64>();
    let z = mean(&|m| m);
    assert_relative_eq!(value(&report, "jz(s)"), z, max_relative = 1e-10);
    let entropy: f64 = weights.iter().map(|w| -w / total * (w / total).ln()).sum();
    assert_relative_eq!(value(&report, "entropy(s)"), entropy, max_relative = 1e-10);
    // Across the axis ⟨J_x²⟩ = (j(j + 1) − ⟨m²⟩)/2.
    let across = 0.5 * (8.75 - mean(&|m| m * m));
    assert_relative_eq!(value(&report, "spin_squeezing(s)"), 5.0 * across / (z * z), max_relative = 1e-9);
    assert!(value(&report, "spin_locking(s)").abs() < 1e-12);
}

/// A rotating spin stays coherent: ⟨J⟩ turns, ξ² = 1, the phase is that of ⟨J_x + iJ_y⟩; for j = ½, P(φ) = 1/2π + sin θ cos φ/8.
#[test]
fn rotations_keep_spins_coherent() {
    let model =
        |length: &str| format!("name = \"turn\"\n[modes]\ns = \"spin {length}\"\n[hamiltonian]\nH = \"jy(s)\"\n");
    for (length, j) in [("1/2", 0.5), ("3", 3.0), ("7/2", 3.5)] {
        let t = 0.5 * PI - 0.3;
        let measures = ["jx(s)", "jz(s)", "spin_squeezing(s)", "spin_phase_distribution(s)", "spin_locking(s)"];
        let report = run(&model(length), &[], &[t], &measures).unwrap();
        // H = J_y turns J_z into J_x.
        let (x, z) = (value(&report, "jx(s)"), value(&report, "jz(s)"));
        assert_relative_eq!(z, -j * t.cos(), epsilon = 1e-8);
        assert_relative_eq!(x.abs(), j * t.sin(), epsilon = 1e-8);
        assert_relative_eq!(value(&report, "spin_squeezing(s)"), 1.0, epsilon = 1e-6);
        let quantity = report.quantities.iter().find(|q| q.name == "spin_phase_distribution(s)").unwrap();
        let list = quantity.list.as_ref().unwrap();
        let step = 2.0 * PI / (list.len() - 1) as f64;
        let total: f64 = list[1..].iter().map(|p| p[1] * step).sum();
        assert_relative_eq!(total, 1.0, epsilon = 1e-9);
        let peak = list.iter().max_by(|a, b| a[1].total_cmp(&b[1])).unwrap()[0];
        let expected: f64 = if x > 0.0 { 0.0 } else { PI };
        assert!((peak.abs() - expected).abs() < 1.5 * step, "{peak} {x}");
        if j == 0.5 {
            assert_relative_eq!(value(&report, "spin_locking(s)"), t.sin() / 8.0, epsilon = 1e-8);
        }
    }
}

/// Roulet and Bruder: to first order in the signal ρ₁₀ = −iε/√2/(γ_d + iΔ) and ρ₀₋₁ = iε/√2/(γ_g + iΔ), and
/// S_max = 3/(8√2)·|ρ₁₀ + ρ₀₋₁|: none where both rates are equal (interference blockade).
#[test]
fn the_smallest_system_that_synchronizes() {
    for (gain, detuning) in [(0.1, 0.0), (0.1, 0.3), (4.0, 0.5), (1.0, 0.2)] {
        let epsilon = 1e-3;
        let values = [("gamma_g", gain), ("Delta", detuning), ("epsilon", epsilon)];
        let report = run("spin-one-driven", &values, &[], &["spin_locking(s)", "jz(s)", "purity(s)"]).unwrap();
        let inverse = |g: f64| {
            let size = g * g + detuning * detuning;
            [g / size, -detuning / size]
        };
        let (a, b) = (inverse(gain), inverse(1.0));
        let size = epsilon / SQRT_2 * (a[0] - b[0]).hypot(a[1] - b[1]);
        assert_relative_eq!(
            value(&report, "spin_locking(s)"),
            3.0 / (8.0 * SQRT_2) * size,
            epsilon = 0.2 * epsilon * epsilon / gain.min(1.0).powi(2)
        );
    }
    // The rates feed the limit cycle m = 0, and the stronger one does not shift it.
    let alone = run("spin-one-driven", &[("epsilon", 0.0)], &[], &["jz(s)", "purity(s)", "spin_locking(s)"]).unwrap();
    assert_relative_eq!(value(&alone, "purity(s)"), 1.0, epsilon = 1e-9);
    assert!(value(&alone, "spin_locking(s)").abs() < 1e-10 && value(&alone, "jz(s)").abs() < 1e-10);
}

/// Two spins lock to each other, and not without the exchange: the control stands beside the value.
#[test]
fn two_spins_lock() {
    let report = run("two-spin-one", &[], &[], &["spin_locking(s[1],s[2])", "log_negativity(s[1],s[2])"]).unwrap();
    assert!(value(&report, "spin_locking(s[1],s[2])") > 0.003, "{:?}", report.quantities);
    assert!(value(&report, "log_negativity(s[1],s[2])") > 0.0);
    let apart = run("two-spin-one", &[("epsilon", 0.0)], &[], &["spin_locking(s[1],s[2])"]).unwrap();
    assert!(value(&apart, "spin_locking(s[1],s[2])").abs() < 1e-10);
}

#[test]
fn what_spins_do_not_take_is_refused() {
    let refused = |level: Level, measure: &str, words: &[&str]| {
        let model = file::load("spin-one-driven").unwrap_or_else(|e| panic!("{e}")).model;
        let options = Options { level, ..Options::default() };
        let error = Experiment::new(model.into(), &[measure.to_owned()], options)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        for word in words {
            assert!(error.contains(word), "{measure}: {error}");
        }
    };
    refused(Level::Fock, "n(s)", &["is a spin", "jz"]);
    refused(Level::Fock, "phase_distribution(s)", &["is a spin", "spin_phase_distribution"]);
    refused(Level::Fock, "ergotropy_of_sync", &["not given for models with spins"]);
    for level in [Level::Gaussian, Level::MeanField, Level::Stochastic, Level::OptimalPath] {
        refused(level, "entropy", &[]);
    }
    refused(Level::Gaussian, "entropy", &["`s` is a spin", "--level fock"]);
    let model = file::load("kerr-pair").unwrap_or_else(|e| panic!("{e}")).model;
    let options = Options { level: Level::Fock, ..Options::default() };
    let mode = model.modes[0].name.clone();
    let error = Experiment::new(model.into(), &[format!("jz({mode})")], options).err().unwrap().to_string();
    assert!(error.contains("measure of spins"), "{error}");
    for (kind, words) in [("spin", "no kind"), ("spin 1/3", "whole"), ("spin -1", "out of range"), ("spin x", "x")] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.toml");
        std::fs::write(&path, format!("name = \"m\"\n[modes]\ns = \"{kind}\"\n[hamiltonian]\nH = \"jz(s)\"\n"))
            .unwrap();
        let error = file::load(path.to_str().unwrap()).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(words), "{kind}: {error}");
    }
}

/// A spin starts where it is put: a mixed spin precesses with its length, superposed and beside another, and trajectories of its
/// eigenstates give the same.
#[test]
fn spins_start_by_their_bloch_vector() {
    let model = r#"
name = "start"
[modes]
s = "spin 3/2"
c = "spin 1/2"
[parameters]
v = 0.6
gamma = 0.5
[hamiltonian]
H = "2*jz(s)"
[[jump]]
L = "sqrt(gamma)*jm(c)"
[start]
s = { x = "v", y = 0.2, z = -0.3 }
c = { z = 1 }
"#;
    let times = [0.3, 0.9];
    let measures = ["jx(s)", "jy(s)", "jz(s)", "jz(c)", "purity(c)"];
    let report = run(model, &[], &times, &measures).unwrap();
    let series = |report: &Report, name: &str| report.series.iter().find(|s| s.name == name).unwrap().values.clone();
    for (k, t) in times.iter().enumerate() {
        let (sin, cos) = (2.0 * t).sin_cos();
        assert_relative_eq!(series(&report, "jx(s)")[k], 1.5 * (0.6 * cos - 0.2 * sin), epsilon = 1e-9);
        assert_relative_eq!(series(&report, "jy(s)")[k], 1.5 * (0.2 * cos + 0.6 * sin), epsilon = 1e-9);
        assert_relative_eq!(series(&report, "jz(s)")[k], -0.45, epsilon = 1e-9);
        let up = (-0.5 * t).exp();
        assert_relative_eq!(series(&report, "jz(c)")[k], up - 0.5, epsilon = 1e-8);
    }
    let loaded = file::parse("model.toml", model, None, &[]).unwrap_or_else(|e| panic!("{e}")).model;
    let binding = loaded.bind(&[]).unwrap();
    let truncation = Truncation { at: times.to_vec(), memory: 1e9, jumps: Some(4000), ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let names: Vec<String> = measures[..4].iter().map(ToString::to_string).collect();
    let drawn = Experiment::new(loaded.into(), &names, options).unwrap().run(&binding).unwrap();
    for name in &measures[..4] {
        let (exact, mean) = (series(&report, name)[1], series(&drawn, name)[1]);
        assert!((exact - mean).abs() < 0.08, "{name}: {exact} {mean}");
    }
}

/// From all up, the superradiant decay of a Dicke spin: the populations obey ṗ_m = −γ(j + m)(j − m + 1) p_m + γ(j + m + 1)(j − m) p_{m+1}.
#[test]
fn a_raised_spin_decays() {
    let model = r#"
name = "superradiance"
[modes]
s = "spin 4"
[[jump]]
L = "jm(s)"
[start]
s = { z = 1 }
"#;
    let report = run(model, &[], &[0.2], &["jz(s)"]).unwrap();
    // Exact to the order of a fine midpoint rule.
    let (j, steps) = (4.0_f64, 20_000);
    let mut p = [0.0; 9];
    p[8] = 1.0;
    let rate = |p: &[f64; 9]| {
        let mut out = [0.0; 9];
        for (n, &weight) in p.iter().enumerate().skip(1) {
            let m = n as f64 - j;
            let flow = (j + m) * (j - m + 1.0) * weight;
            out[n] -= flow;
            out[n - 1] += flow;
        }
        out
    };
    let h = 0.2 / f64::from(steps);
    for _ in 0..steps {
        let k = rate(&p);
        let middle = std::array::from_fn(|n| p[n] + 0.5 * h * k[n]);
        let k = rate(&middle);
        p.iter_mut().zip(k).for_each(|(p, k)| *p += h * k);
    }
    let z: f64 = p.iter().enumerate().map(|(n, p)| (n as f64 - j) * p).sum();
    assert_relative_eq!(value(&report, "jz(s)"), z, epsilon = 1e-6);
}

/// Where nothing raises the number, a cut-off leaves out a part of the start only: it is not compared with a larger one.
#[test]
fn a_cut_off_that_nothing_leads_out_of() {
    let model = r#"
name = "decay"
[modes]
a = "boson"
s = "spin 3"
[parameters]
n_m = 0
[hamiltonian]
H = "a*jp(s) + h.c."
[[jump]]
L = "sqrt(0.2*(n_m + 1))*a"
[[jump]]
L = "sqrt(0.2*n_m)*dag(a)"
[start]
a = 0.5
s = { x = 0.6, z = -0.8 }
"#;
    let check = |n_m: f64| {
        let report = run(model, &[("n_m", n_m)], &[1.0], &["jz(s)"]).unwrap();
        report.checks.into_iter().find(|c| c.name == "cut-off").unwrap()
    };
    let closed = check(0.0);
    assert!(closed.note.contains("nothing leads out") && closed.status == huygens::report::Status::Pass, "{closed:?}");
    assert!(!check(0.1).note.contains("nothing leads out"));
}

#[test]
fn wrong_starts_of_spins_are_refused() {
    let text = |start: &str| {
        format!(
            "name = \"m\"\n[modes]\ns = \"spin 1\"\nb = \"boson\"\n[hamiltonian]\nH = \"jz(s) + n(b)\"\n[start]\n{start}\n"
        )
    };
    for (start, words) in [
        ("s = 0.5", vec!["is a spin", "x = 0, y = 0, z = -1"]),
        ("s = { occupation = 1 }", vec!["is a spin"]),
        ("b = { z = 1 }", vec!["is a boson", "amplitude"]),
        ("s = { x = 0.9, z = 0.9 }", vec!["Bloch vector of `s`", "1.27", "sum of their squares"]),
        ("s = { w = 1 }", vec!["w", "x"]),
        ("s = { x = 1 }\nb = { occupation = -1 }", vec!["must not be negative"]),
    ] {
        let error = file::parse("m.toml", &text(start), None, &[]).err().map(|e| e.to_string()).unwrap_or_default();
        for word in words {
            assert!(error.contains(word), "{start}: {error}");
        }
    }
}

/// Two spins ½ that exchange one excitation and lose it: C = p|sin 2gt| with p = e^{−γt}, one phase between their light; none of both where each
/// stands by itself.
#[test]
fn pairs_of_spins() {
    let model = r#"
name = "pair"
[modes]
s = "spin 1/2"
u = "spin 1/2"
[parameters]
g = 0.6
[hamiltonian]
H = "g*(jp(s)*jm(u) + h.c.)"
[[jump]]
L = "0.5*jm(s)"
[[jump]]
L = "0.5*jm(u)"
[start]
s = { z = 1 }
"#;
    let names = ["concurrence(s,u)", "spin_coherence(s,u)", "log_negativity(s,u)", "sync_entropy(s,u)"];
    for t in [0.3, 1.0, 2.2] {
        let report = run(model, &[], &[t], &names).unwrap();
        let p = (-0.25_f64 * t).exp();
        assert_relative_eq!(value(&report, names[0]), p * (1.2 * t).sin().abs(), epsilon = 1e-7);
        assert_relative_eq!(value(&report, names[1]), 1.0, epsilon = 1e-7);
        // Averaged over the relative phase the excitation is in one spin or the other.
        let a = (0.6 * t).cos().powi(2);
        let mixing = -a * a.ln() - (1.0 - a) * (1.0 - a).ln();
        assert_relative_eq!(value(&report, names[3]), p * mixing, epsilon = 1e-7);
    }
    let alone = "name = \"pair\"\n[modes]\ns = \"spin 1/2\"\nu = \"spin 1/2\"\n[hamiltonian]\nH = \"jz(s) + jz(u)\"\n[start]\ns = { x = 0.6, z = 0.3 }\nu = { z = 0.5 }\n";
    let report = run(alone, &[], &[1.0], &["concurrence(s,u)", "spin_coherence(s,u)", "sync_bures(s,u)"]).unwrap();
    assert!(report.quantities.iter().all(|q| q.value.unwrap().abs() < 1e-7), "{:?}", report.quantities);
    let longer = run("two-spin-one", &[], &[], &["concurrence(s[1],s[2])"]).unwrap();
    assert!(longer.quantities[0].note.as_ref().unwrap().contains("log_negativity"), "{:?}", longer.quantities);
}

/// The nearest state without a phase: of a pure state the entropy of its numbers and √F = max |ψ_n|; of a mixed spin ½ by a search.
#[test]
fn distances_to_the_nearest_limit_cycle() {
    let start = |length: &str, start: &str| {
        format!(
            "name = \"m\"\n[modes]\ns = \"spin {length}\"\n[hamiltonian]\nH = \"0.3*jz(s)\"\n[start]\ns = {{ {start} }}\n"
        )
    };
    let names = ["sync_entropy(s)", "sync_bures(s)"];
    // Spin 2, coherent at cos θ = 0.28: binomial numbers.
    let report = run(&start("2", "x = 0.96, z = 0.28"), &[], &[0.5], &names).unwrap();
    let up = 0.64_f64;
    let choose = [1.0, 4.0, 6.0, 4.0, 1.0];
    let p: Vec<f64> = (0..5).map(|k| choose[k] * up.powi(k as i32) * (1.0 - up).powi(4 - k as i32)).collect();
    let entropy: f64 = p.iter().map(|p| -p * p.ln()).sum();
    let largest = p.iter().copied().fold(0.0, f64::max).sqrt();
    assert_relative_eq!(value(&report, names[0]), entropy, epsilon = 1e-8);
    assert_relative_eq!(value(&report, names[1]), (2.0 - 2.0 * largest).sqrt(), epsilon = 1e-6);
    for (x, z) in [(0.5, 0.3), (0.9, -0.1), (0.2, -0.9)] {
        let report = run(&start("1/2", &format!("x = {x}, z = {z}")), &[], &[0.5], &names).unwrap();
        // F(ρ, σ) = tr ρσ + 2 √(det ρ det σ).
        let det = 0.25 * (1.0 - x * x - z * z);
        let fidelity = |p: f64| {
            let overlap = p * 0.5 * (1.0 + z) + (1.0 - p) * 0.5 * (1.0 - z);
            overlap + 2.0 * (det * p * (1.0 - p)).sqrt()
        };
        let best = (0..=1_000_000).map(|k| fidelity(f64::from(k) * 1e-6)).fold(0.0, f64::max);
        assert_relative_eq!(value(&report, names[1]), (2.0 - 2.0 * best.sqrt()).sqrt(), epsilon = 1e-6);
    }
    // Without a signal the cycle has no phase, with one it has.
    let report = run("spin-one-driven", &[("epsilon", 0.0)], &[], &names).unwrap();
    assert!(names.iter().all(|n| value(&report, n).abs() < 1e-6), "{:?}", report.quantities);
    let report = run("spin-one-driven", &[("epsilon", 0.1)], &[], &names).unwrap();
    assert!(names.iter().all(|n| value(&report, n) > 1e-3), "{:?}", report.quantities);
}

/// A spin ½ fed and damped at equal rates has no cycle but the fully mixed state, which no signal turns: no locking whatever its strength, where
/// a spin 1 locks (Roulet and Bruder).
#[test]
fn a_spin_one_half_does_not_lock() {
    let model = r#"
name = "half"
[modes]
s = "spin 1/2"
[parameters]
epsilon = 0.1
Delta = 0
[hamiltonian]
H = "Delta*jz(s) + epsilon*jx(s)"
[[jump]]
L = "jp(s)"
[[jump]]
L = "jm(s)"
"#;
    for (epsilon, detuning) in [(0.1, 0.0), (0.5, 0.3), (3.0, -1.0)] {
        let values = [("epsilon", epsilon), ("Delta", detuning)];
        let report = run(model, &values, &[], &["spin_locking(s)", "purity(s)", "sync_entropy(s)"]).unwrap();
        assert!(value(&report, "spin_locking(s)").abs() < 1e-12 && value(&report, "sync_entropy(s)").abs() < 1e-12);
        assert_relative_eq!(value(&report, "purity(s)"), 0.5, epsilon = 1e-12);
        let one = run("spin-one-driven", &values, &[], &["spin_locking(s)", "sync_entropy(s)"]).unwrap();
        assert!(value(&one, "spin_locking(s)") > 1e-3 && value(&one, "sync_entropy(s)") > 1e-4, "{:?}", one.quantities);
    }
}
