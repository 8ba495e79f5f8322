//! The classical limit of an anti-Hermitian part.

use std::sync::Arc;

use approx::assert_relative_eq;
use huygens_numerics::c64;

use super::langevin::{Langevin, Noise, Ordering};
use crate::algebra::Polynomial;
use crate::experiment::{Experiment, Level, Options, StartAt, Trajectories, Truncation, Weights, Window};
use crate::levels::fock::Cutoff;
use crate::levels::gaussian::nonhermitian::{NumberFlow, NumberState};
use crate::levels::tests::{dimer as waveguides, model, thermal};
use crate::model::{Binding, Model};
use crate::report::{Report, Status};

/// The waveguides of Aifer et al. from coherent states, or from thermal ones where no amplitude is given.
pub(super) fn dimer(amplitudes: [&str; 2]) -> Model {
    let [n1, n2] =
        if amplitudes == ["0", "0"] { [thermal("omega1"), thermal("omega2")] } else { ["0".into(), "0".into()] };
    waveguides([[amplitudes[0], &n1], [amplitudes[1], &n2]])
}

pub(super) fn run(model: &Model, binding: &Binding, measures: &[&str], options: Options) -> Report {
    let measures: Vec<String> = measures.iter().map(|m| (*m).to_owned()).collect();
    Experiment::new(Arc::new(model.clone()), &measures, options).unwrap().run(binding).unwrap()
}

fn value(p: &Polynomial, z: &[c64], binding: &Binding) -> c64 {
    p.eval(z, &binding.values, 0.0).unwrap()
}

/// ż = −iωz + (k/2)z' − γ|z|²z − 2i√γ z*ξ in the sense of Stratonovich, ⟨ξξ*⟩ = n̄(2ω) + ½, n̄ or 0; the Itô drift is then larger by
/// 2γ⟨ξξ*⟩z, and the printed noise does not know where it is.
#[test]
fn stuart_landau_equations_follow_from_the_operators() {
    let model = dimer(["0", "0"]);
    let binding = model.bind(&[("k", 3.0), ("gamma1", 0.02)]).unwrap();
    let z = [c64::new(0.7, -1.9), c64::new(-2.2, 0.4)];
    let omega = [std::f64::consts::TAU, 1.5 * std::f64::consts::TAU];
    let gamma = [0.02, 0.0016];
    for (noise, vacuum) in [(Noise::Symmetric, 0.5), (Noise::Thermal, 0.0), (Noise::Additive, 0.5), (Noise::Off, 0.0)] {
        let equations = Langevin::with_noise(&model, Ordering::Classical, noise);
        for j in 0..2 {
            let linear = c64::new(0.0, -omega[j]) * z[j] + 1.5 * z[1 - j];
            let wanted = linear - gamma[j] * z[j].norm_sqr() * z[j];
            let found = value(&equations.stratonovich[j], &z, &binding);
            assert!((found - wanted).norm() < 1e-12 * wanted.norm());
            let strength = if noise == Noise::Off { 0.0 } else { 1.0 / ((0.1 * omega[j]).exp() - 1.0) + vacuum };
            let heated = if noise == Noise::Additive { 0.0 } else { 2.0 * gamma[j] * strength };
            assert!((value(&equations.ito[j], &z, &binding) - wanted - heated * z[j]).norm() < 1e-12 * wanted.norm());
            let radius = if noise == Noise::Additive { 1.0 } else { z[j].norm_sqr() };
            let (mut normal, mut anomalous) = (0.0, c64::new(0.0, 0.0));
            for field in equations.fields.iter().chain(&equations.constant) {
                let v = value(&field[j], &z, &binding);
                normal += v.norm_sqr();
                anomalous += v * v;
                assert_eq!(value(&field[1 - j], &z, &binding).norm() * v.norm(), 0.0);
            }
            assert_relative_eq!(normal, 4.0 * gamma[j] * radius * strength, max_relative = 1e-12);
            assert!(anomalous.norm() < 1e-12);
        }
        let weight = 2.0 * 3.0 * (z[0].conj() * z[1]).re;
        assert_relative_eq!(value(&equations.weight, &z, &binding).re, weight, max_relative = 1e-14);
    }
}

/// A coherent state follows the mean-field equations: its radii from the density matrix and from the flow part as t².
#[test]
fn coherent_states_follow_the_flow() {
    let model = dimer(["0.9", "0.5 - 0.6*i"]);
    let binding = model.bind(&[("k", 3.0), ("gamma1", 0.05), ("gamma2", 0.08)]).unwrap();
    let measures = ["radius(a1)", "radius(a2)", "phase_difference(a1,a2)"];
    let mut apart = Vec::new();
    for t in [2e-3, 1e-3] {
        let truncation = Truncation { at: vec![t], certify: false, ..Truncation::default() };
        let exact = run(&model, &binding, &measures, Options { level: Level::Fock, truncation, ..Options::default() });
        let window = Some(Window { from: t, to: 2.0 * t, samples: 1 });
        let options = Options { level: Level::MeanField, window, ..Options::default() };
        let flow = run(&model, &binding, &measures, options);
        assert!(flow.checks.iter().any(|c| c.name == "reweighting" && c.status == Status::Note));
        apart.push(measures.map(|m| exact.value(m).unwrap() - flow.value(m).unwrap()));
    }
    for (long, short) in apart[0].iter().zip(apart[1]) {
        assert!(long.abs() < 1e-4 && (long / short - 4.0).abs() < 0.1, "{long} {short}");
    }
}

/// Without noise and from one point all trajectories are the mean field.
#[test]
fn quiet_trajectories_are_the_mean_field() {
    let model = dimer(["2", "0.5 - 0.6*i"]);
    // At zero temperature, where the drift of a coherent state has no share of the noise.
    let binding = model.bind(&[("k", 4.0), ("beta", 40.0)]).unwrap();
    let window = Some(Window { from: 0.0, to: 6.0, samples: 40 });
    let trajectories = Trajectories {
        count: 32,
        ordering: Ordering::Classical,
        noise: Some(Noise::Off),
        weights: Weights::Drop,
        start: StartAt::Model,
        step: Some(2e-3),
        ..Trajectories::default()
    };
    let measures = ["radius(a1)", "phase_difference(a1,a2)"];
    let options = Options { level: Level::MeanField, window: window.clone(), ..Options::default() };
    let flow = run(&model, &binding, &measures, options);
    let options = Options { level: Level::Stochastic, window, trajectories, ..Options::default() };
    let ensemble = run(&model, &binding, &measures, options);
    for (a, b) in flow.series.iter().zip(&ensemble.series) {
        for (a, b) in a.values.iter().zip(&b.values) {
            assert!((a - b).abs() < 1e-7 * a.abs().max(1.0), "{a} {b}");
        }
    }
    assert!(ensemble.checks.iter().any(|c| c.name == "weights" && c.status == Status::Note));
}

/// A refusal names the way out.
#[test]
fn what_cannot_be_asked() {
    let model = Arc::new(dimer(["0", "0"]));
    let classical = Trajectories { ordering: Ordering::Classical, ..Trajectories::default() };
    let window = Some(Window { from: 0.0, to: 1.0, samples: 2 });
    let wigner = Trajectories::default();
    let options =
        Options { level: Level::Stochastic, trajectories: wigner, window: window.clone(), ..Options::default() };
    let text = Experiment::new(model, &["n(a1)".into()], options).unwrap_err().to_string();
    assert!(text.contains("Wigner") && text.contains("--ordering classical"), "{text}");
    let plain = Arc::new(crate::levels::tests::model(&["a"], &[], "n(a)", "0", &["a"], &[]));
    let wigner = Trajectories { ordering: Ordering::Wigner, noise: Some(Noise::Thermal), ..classical };
    let options = Options { level: Level::Stochastic, trajectories: wigner, window, ..Options::default() };
    let text = Experiment::new(plain, &["n(a)".into()], options).unwrap_err().to_string();
    assert!(text.contains("--ordering classical"), "{text}");
}

/// ⟨|z|²⟩ of classical trajectories has no vacuum in it.
#[test]
fn numbers_of_classical_trajectories() {
    let model = dimer(["0", "0"]);
    let binding = model.bind(&[("k", 0.0), ("gamma1", 0.0), ("gamma2", 0.0)]).unwrap();
    let trajectories = Trajectories {
        count: 20_000,
        ordering: Ordering::Classical,
        weights: Weights::Drop,
        step_error: false,
        ..Trajectories::default()
    };
    let window = Some(Window { from: 0.0, to: 0.1, samples: 1 });
    let options = Options { level: Level::Stochastic, window, trajectories, ..Options::default() };
    let report = run(&model, &binding, &["n(a1)"], options);
    let quantity = report.quantity("n(a1)").unwrap();
    let wanted = 1.0 / ((0.1 * std::f64::consts::PI).exp() - 1.0);
    assert!((quantity.value.unwrap() - wanted).abs() < 4.0 * quantity.error.unwrap());
}

fn weighted(count: u64, seed: u64, threads: usize, until: f64, samples: usize) -> Options {
    let trajectories = Trajectories {
        count,
        ordering: Ordering::Classical,
        weights: Weights::Keep,
        step_error: false,
        threads,
        ..Trajectories::default()
    };
    // The last of the samples is at `until`.
    let every = until / samples as f64;
    let window = Some(Window { from: every, to: until + every, samples });
    Options { level: Level::Stochastic, seed, window, trajectories, ..Options::default() }
}

fn check<'a>(report: &'a Report, name: &str) -> &'a crate::report::Check {
    report.checks.iter().find(|c| c.name == name).unwrap()
}

/// Without jumps the P function of a thermal start stays Gaussian, and classical and quantum state are one: numbers, coherence and norm
/// of the weighted population against the closed form.
#[test]
fn weights_against_the_closed_form() {
    let model = dimer(["0", "0"]);
    let binding = model.bind(&[("k", 1.0), ("gamma1", 0.0), ("gamma2", 0.0)]).unwrap();
    let mut linear = model.clone();
    linear.jumps.clear();
    let flow = NumberFlow::of_model(&linear, &binding).unwrap();
    let start = NumberState::of_model(&model, &binding).unwrap();
    for (t, least) in [(0.1, 3000.0), (0.2, 300.0)] {
        let exact = flow.at(&start, t).unwrap();
        let report = run(&model, &binding, &["n(a1)", "n(a2)", "sync_distance"], weighted(64_000, 3, 2, t, 1));
        let correlations = exact.correlations();
        let (n, m) = (correlations[(0, 0)].re, correlations[(1, 1)].re);
        let d = (1.0 - 2.0 * correlations[(0, 1)].re / (n + m)).sqrt();
        for (quantity, wanted) in report.quantities.iter().zip([n, m, d]) {
            let (value, error) = (quantity.value.unwrap(), quantity.error.unwrap());
            assert!(
                error < 0.05 * wanted && (value - wanted).abs() < 4.0 * error,
                "{value} ± {error} against {wanted}"
            );
        }
        let grown = exact.log_norm() - start.log_norm();
        assert!((check(&report, "weights").value.unwrap() - grown).abs() < 0.02);
        assert!(check(&report, "population").value.unwrap() > least);
    }
}

/// Gain gn and two-photon loss γ move I = |z|² by İ = 2gI − 2γI², and e^{2g∫I} is (1 + γI₀(e^{2gt} − 1)/g)^{g/γ}: a quadrature over the
/// start.
#[test]
fn nonlinear_weights_against_a_quadrature() {
    let model = model(&["a"], &[], "1.3*n(a)", "0.5*n(a)", &["sqrt(0.1)*a^2"], &[["a", "0", "0.8", "0", "0"]]);
    let binding = model.bind(&[]).unwrap();
    let (g, gamma, n) = (0.5, 0.1, 0.8);
    let t: f64 = 2.0;
    let c = gamma / g * ((2.0 * g * t).exp() - 1.0);
    let (mut norm, mut mean) = (0.0, 0.0);
    let h = 1e-3;
    for j in 0..40_000 {
        let start = (j as f64 + 0.5) * h;
        let weight = (-start / n).exp() / n * (1.0 + c * start).powf(g / gamma) * h;
        norm += weight;
        mean += weight * start * (2.0 * g * t).exp() / (1.0 + c * start);
    }
    let report = run(&model, &binding, &["n(a)"], weighted(64_000, 5, 2, t, 1));
    let quantity = &report.quantities[0];
    let (value, error) = (quantity.value.unwrap(), quantity.error.unwrap());
    assert!(error < 0.05 && (value - mean / norm).abs() < 4.0 * error);
    let ancestors = check(&report, "population").value.unwrap();
    assert!((check(&report, "weights").value.unwrap() - f64::ln(norm)).abs() < 4.0 / ancestors.sqrt());
    // Equal weights would say something else.
    let mut options = weighted(2000, 5, 1, t, 1);
    options.trajectories.weights = Weights::Drop;
    assert!((run(&model, &binding, &["n(a)"], options).quantities[0].value.unwrap() - mean / norm).abs() > 0.1);
}

/// Shortly before the norm diverges, at 0.412, averages are far off and their errors small: the tail of the weights tells.
#[test]
fn the_tail_of_the_weights_gives_a_wrong_average_away() {
    let model = dimer(["0", "0"]);
    let binding = model.bind(&[("k", 1.0), ("gamma1", 0.0), ("gamma2", 0.0)]).unwrap();
    for seed in [1, 2] {
        for t in [0.37, 0.4] {
            let report = run(&model, &binding, &["n(a1)"], weighted(20_000, seed, 2, t, 1));
            let found = &report.quantities[0];
            assert!(t < 0.4 || found.value.unwrap() + 5.0 * found.error.unwrap() < 62.49, "{found:?}");
            assert_eq!(check(&report, "tail of the weights").status, Status::Fail, "{:?}", report.checks);
        }
        let report = run(&model, &binding, &["n(a1)"], weighted(20_000, seed, 2, 0.15, 1));
        assert!(check(&report, "tail of the weights").status != Status::Fail, "{:?}", report.checks);
    }
}

/// Beyond the divergence of the norm no population holds the weight, and the check fails.
#[test]
fn a_population_that_has_collapsed_says_so() {
    let model = dimer(["0", "0"]);
    let binding = model.bind(&[("k", 5.0)]).unwrap();
    let report = run(&model, &binding, &["sync_distance"], weighted(4000, 1, 2, 0.3, 3));
    let check = check(&report, "population");
    assert!(check.status == Status::Fail && check.value.unwrap() < 32.0, "{check:?}");
    assert!(report.quantities[0].value.is_none_or(f64::is_finite));
}

#[test]
fn weights_do_not_depend_on_the_threads() {
    let model = dimer(["0", "0"]);
    let binding = model.bind(&[("k", 3.0)]).unwrap();
    let all: Vec<Report> =
        [1, 2, 7].map(|n| run(&model, &binding, &["n(a1)", "n(a2)"], weighted(500, 11, n, 0.2, 4))).into();
    assert!(check(&all[0], "weights").note.contains("resampled"));
    for other in &all[1..] {
        assert_eq!(all[0].quantities, other.quantities);
        assert_eq!(all[0].checks, other.checks);
    }
}

/// The path of the classical equation: numbers and distance to leading order, no entropy.
#[test]
fn the_classical_path_as_a_level() {
    let model = dimer(["0", "0"]);
    let binding = model.bind(&[("k", 1.0)]).unwrap();
    let trajectories =
        Trajectories { ordering: Ordering::Classical, noise: Some(Noise::Symmetric), ..Trajectories::default() };
    let truncation = Truncation { at: vec![10.0], ..Truncation::default() };
    let options = Options { level: Level::OptimalPath, truncation, trajectories, ..Options::default() };
    let report = run(&model, &binding, &["sync_distance", "n(a1)", "entropy"], options);
    assert!((report.value("sync_distance").unwrap() - 0.451).abs() < 5e-4);
    assert!(report.value("n(a1)").unwrap() > 1000.0);
    assert!(report.quantity("entropy").unwrap().note.as_ref().unwrap().contains("--ordering"));
    assert!(report.ordering.contains("classical") && check(&report, "leading order").status == Status::Pass);
}

/// Early on, where the density matrix fits below a cut-off, the weighted population agrees with it: without its weights it
/// does not.
#[test]
fn weighted_trajectories_beside_the_density_matrix() {
    let model = dimer(["0", "0"]);
    let binding = model.bind(&[("k", 3.0)]).unwrap();
    let t = 0.05;
    let measures = ["n(a1)", "n(a2)", "sync_distance"];
    let classical = run(&model, &binding, &measures, weighted(64_000, 2, 2, t, 1));
    let truncation =
        Truncation { at: vec![t], cutoff: Some(Cutoff::Total(60)), certify: false, ..Truncation::default() };
    let exact = run(&model, &binding, &measures, Options { level: Level::Fock, truncation, ..Options::default() });
    let mut options = weighted(64_000, 2, 2, t, 1);
    options.trajectories.weights = Weights::Drop;
    let unweighted = run(&model, &binding, &measures, options);
    for name in &measures[..2] {
        let (found, wanted) = (classical.quantity(name).unwrap(), exact.value(name).unwrap());
        let error = found.error.unwrap();
        assert!((found.value.unwrap() - wanted).abs() < 4.0 * error + 2e-3 * wanted, "{name}: {found:?} {wanted}");
        assert!((unweighted.value(name).unwrap() - wanted).abs() > 10.0 * error);
    }
}
