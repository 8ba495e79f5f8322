//! Counting statistics against closed forms and against the eigenvalue of the tilted generator.

use std::sync::Arc;

use approx::assert_relative_eq;
use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, eigenvalues_complex};
use proptest::prelude::*;

use super::*;
use crate::experiment::{Experiment, Level, Options, Truncation};
use crate::levels::tests::model;
use crate::model::{BathSource, ModeSource, Model, ModelSource, ParameterSource, TermSource, Text};
use crate::report::Report;

const MEMORY: f64 = 2e9;

fn cumulants(model: &Model, cutoff: Cutoff, weights: &[&[f64]]) -> Vec<Cumulants> {
    let problem = Stationary::new(model, &model.bind(&[]).unwrap(), cutoff, MEMORY).unwrap();
    let steady = steady_state(&problem.generator, SteadyMethod::Automatic, MEMORY).unwrap();
    let mut counting = Counting::new(&problem, &steady.density, MEMORY);
    weights.iter().map(|w| counting.cumulants(w).unwrap()).collect()
}

/// λ(s) = ½(d − u − √((d + u)² − 4(A + Be^s + Ce^{−s}))) with d − u = Γ, and its derivatives at 0.
fn closed(gamma: f64, b: f64, c: f64) -> [f64; 3] {
    let f = [-4.0 * (b - c), -4.0 * (b + c), -4.0 * (b - c)];
    let r = gamma;
    [
        -0.5 * f[0] / (2.0 * r),
        -0.5 * (f[1] / (2.0 * r) - f[0] * f[0] / (4.0 * r.powi(3))),
        -0.5 * (f[2] / (2.0 * r) - 3.0 * f[0] * f[1] / (4.0 * r.powi(3)) + 3.0 * f[0].powi(3) / (8.0 * r.powi(5))),
    ]
}

fn assert_cumulants(found: &Cumulants, wanted: [f64; 3], tolerance: f64) {
    for (found, wanted) in [found.mean, found.noise, found.skewness].into_iter().zip(wanted) {
        assert_relative_eq!(found, wanted, max_relative = tolerance, epsilon = 1e-12);
    }
    assert!(found.residual < 1e-9, "{found:?}");
}

/// A damped oscillator between two baths: counting maps it to a birth-and-death chain whose tilted generator has the eigenvector xⁿ,
/// Dx² − (d + u)x + U = 0, λ = Dx − u, with d, u the rates down and up and D, U those with their counting factors.
#[test]
fn an_oscillator_between_two_baths() {
    let (g1, n1, g2, n2) = (0.7, 0.5, 0.4, 0.15);
    let jumps: Vec<String> = [g1 * (n1 + 1.0), g1 * n1, g2 * (n2 + 1.0), g2 * n2]
        .iter()
        .zip(["a", "dag(a)", "a", "dag(a)"])
        .map(|(rate, operator)| format!("sqrt({rate})*{operator}"))
        .collect();
    let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
    let model = model(&["a"], &[], "0.9*n(a)", "", &jumps, &[]);
    let found = cumulants(
        &model,
        Cutoff::Product(vec![60]),
        &[&[1.0, -1.0, 0.0, 0.0], &[0.0, 0.0, 1.0, -1.0], &[1.0, 0.0, 1.0, 0.0], &[1.0, 0.0, 0.0, 0.0]],
    );
    // Net quanta into the first bath, and into the second: the same backwards.
    let (b, c) = (g1 * (n1 + 1.0) * g2 * n2, g1 * n1 * g2 * (n2 + 1.0));
    let net = closed(g1 + g2, b, c);
    assert_cumulants(&found[0], net, 1e-9);
    assert_cumulants(&found[1], [-net[0], net[1], -net[2]], 1e-9);
    // All emissions, and those into the first bath.
    let up = g1 * n1 + g2 * n2;
    assert_cumulants(&found[2], closed(g1 + g2, (g1 * (n1 + 1.0) + g2 * (n2 + 1.0)) * up, 0.0), 1e-9);
    assert_cumulants(&found[3], closed(g1 + g2, g1 * (n1 + 1.0) * up, 0.0), 1e-9);
}

/// A coherent state emits independent quanta.
#[test]
fn a_driven_cavity_is_poissonian() {
    let model = model(&["a"], &[], "-0.3*n(a) + 0.6*i*(dag(a) - a)", "", &["a"], &[]);
    let rate = (0.6 / c64::new(0.5, -0.3)).norm_sqr();
    assert_cumulants(&cumulants(&model, Cutoff::Product(vec![30]), &[&[1.0]])[0], [rate; 3], 1e-8);
}

/// What flows into one bath comes from the other: between two coupled oscillators their counts differ by a bounded number, and all
/// cumulants agree. Large enough for the iteration.
#[test]
fn counts_at_both_ends_agree() {
    let model = model(
        &["a", "b"],
        &[],
        "n(a) + 1.3*n(b) + 0.4*(dag(a)*b + h.c.) + 0.2*dag(a)^2*a^2",
        "",
        &["sqrt(0.5*1.6)*a", "sqrt(0.5*0.6)*dag(a)", "sqrt(0.8*1.1)*b", "sqrt(0.8*0.1)*dag(b)"],
        &[],
    );
    let found = cumulants(&model, Cutoff::Total(16), &[&[1.0, -1.0, 0.0, 0.0], &[0.0, 0.0, 1.0, -1.0]]);
    let first = &found[0];
    assert!(first.mean < -0.01);
    assert_cumulants(&found[1], [-first.mean, first.noise, -first.skewness], 1e-7);
}

/// The leading eigenvalue of the tilted generator as a dense matrix, built without anything of this library but its eigenvalues.
fn tilted(hamiltonian: &CMatrix, jumps: &[CMatrix], weights: &[f64], s: f64) -> f64 {
    let d = hamiltonian.rows();
    let one = CMatrix::identity(d);
    let kron = |a: &CMatrix, b: &CMatrix| CMatrix::from_fn(d * d, d * d, |i, j| a[(i / d, j / d)] * b[(i % d, j % d)]);
    let transposed = |a: &CMatrix| CMatrix::from_fn(d, d, |i, j| a[(j, i)]);
    let mut effective = hamiltonian.scale(c64::new(0.0, -1.0));
    for l in jumps {
        effective = &effective + &(&l.adjoint() * l).scale(c64::new(-0.5, 0.0));
    }
    // Row-major: AρB is (A ⊗ Bᵀ) ρ.
    let mut g = &kron(&effective, &one) + &kron(&one, &transposed(&effective.adjoint()));
    for (l, w) in jumps.iter().zip(weights) {
        g = &g + &kron(l, &transposed(&l.adjoint())).scale(c64::new((s * w).exp(), 0.0));
    }
    eigenvalues_complex(&g).unwrap().iter().map(|z| z.re).fold(f64::NEG_INFINITY, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn cumulants_are_derivatives_of_the_tilted_eigenvalue(
        d in 3usize..5,
        x in proptest::collection::vec(0.5f64..1.2, 6),
        weights in proptest::collection::vec(prop_oneof![Just(1.0), Just(-1.0), Just(0.0), Just(2.0)], 3),
    ) {
        let [w, f, kerr, k1, k2, k3] = [x[0], x[1], x[2], x[3], x[4], x[5]];
        let h = format!("{w}*n(a) + {f}*(a + dag(a)) + {kerr}*dag(a)^2*a^2");
        let jumps = [format!("{k1}*a"), format!("{k2}*dag(a) + 0.3*n(a)"), format!("{k3}*a^2")];
        let model = model(&["a"], &[], &h, "", &jumps.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
        let found = cumulants(&model, Cutoff::Product(vec![d]), &[&weights])[0];
        let real = |x: f64| c64::new(x, 0.0);
        let a = CMatrix::from_fn(d, d, |i, j| real(if j == i + 1 { (j as f64).sqrt() } else { 0.0 }));
        let up = a.adjoint();
        let number = CMatrix::from_fn(d, d, |i, j| real(if i == j { i as f64 } else { 0.0 }));
        let pairs = CMatrix::from_fn(d, d, |i, j| real(if i == j { (i * i.max(1) - i) as f64 } else { 0.0 }));
        let hamiltonian = &(&number.scale(real(w)) + &(&a + &up).scale(real(f))) + &pairs.scale(real(kerr));
        let operators = [
            a.scale(real(k1)),
            &up.scale(real(k2)) + &number.scale(real(0.3)),
            (&a * &a).scale(real(k3)),
        ];
        // Derivatives from seven points, to sixth order in their distance.
        let step = 0.01;
        let at = |x: f64| tilted(&hamiltonian, &operators, &weights, x);
        let apart = |x: f64| at(x) - at(-x);
        let odd = |k: i32| apart(step * f64::from(k));
        let even = |k: i32| at(step * f64::from(k)) + at(-step * f64::from(k)) - 2.0 * at(0.0);
        let first = (45.0 * odd(1) - 9.0 * odd(2) + odd(3)) / (60.0 * step);
        let second = (270.0 * even(1) - 27.0 * even(2) + 2.0 * even(3)) / (180.0 * step * step);
        // The third from twice as many, extrapolated in their distance: the seventh derivative may be large.
        let third = |step: f64| {
            (-13.0 * apart(step) + 8.0 * apart(2.0 * step) - apart(3.0 * step)) / (8.0 * step.powi(3))
        };
        let third = (16.0 * third(0.5 * step) - third(step)) / 15.0;
        let size = 1.0 + third.abs();
        prop_assert!((found.mean - first).abs() < 1e-7 * size, "{} {first}", found.mean);
        prop_assert!((found.noise - second).abs() < 1e-6 * size, "{} {second}", found.noise);
        prop_assert!((found.skewness - third).abs() < 1e-3 * size, "{} {third}", found.skewness);
    }
}

fn text(s: impl Into<String>) -> Text {
    Text { text: s.into(), ..Text::default() }
}

/// Two coupled oscillators, each with a bath.
fn machine(hot: f64) -> Model {
    let bath = |on: &str, rate: &str, occupation: &str, label: &str| BathSource {
        on: text(on),
        each: None,
        rate: text(rate),
        occupation: text(occupation),
        momentum: None,
        label: label.into(),
    };
    let parameter = |name: &str, value: &str| ParameterSource {
        name: text(name),
        value: text(value),
        unit: String::new(),
        note: String::new(),
    };
    let source = ModelSource {
        name: "machine".into(),
        modes: ["a", "b"].iter().map(|m| ModeSource { name: text(*m), kind: text("boson") }).collect(),
        parameters: vec![parameter("hot", &hot.to_string())],
        hamiltonian: vec![TermSource { name: text("H"), expression: text("n(a) + n(b) + 0.3*(dag(a)*b + h.c.)") }],
        baths: vec![bath("a", "0.4", "hot", "hot"), bath("b", "0.6", "0.1", "")],
        ..ModelSource::default()
    };
    Model::build(&source, &[]).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn run(model: &Model, level: Level, measures: &[&str]) -> Report {
    let truncation = Truncation { cutoff: Some(Cutoff::Total(26)), certify: false, ..Truncation::default() };
    let options = Options { level, truncation, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(|m| (*m).to_owned()).collect();
    let experiment = Experiment::new(Arc::new(model.clone()), &measures, options).unwrap();
    experiment.run(&model.bind(&[]).unwrap()).unwrap()
}

/// The current between two baths is that of the gaussian level, J = γ(⟨a†a⟩ − n̄); every quantum carries ln((n̄ + 1)/n̄) into its bath; and
/// J may not be more precise than 2/σ, which it nearly is close to equilibrium.
#[test]
fn currents_dissipation_and_their_uncertainty() {
    let measures = [
        "current(\"hot\")",
        "current(hot)",
        "current(b)",
        "current_noise(hot)",
        "current_noise(\"bath on b\")",
        "dissipation",
        "tur(hot)",
        "current(\"hot, loss\")",
        "current_skewness(hot)",
    ];
    for hot in [0.4, 0.101] {
        let model = machine(hot);
        let gaussian = run(&model, Level::Gaussian, &["n(a)", "n(b)"]);
        let report = run(&model, Level::Fock, &measures);
        let value = |name: &str| report.value(name).unwrap();
        let flow = 0.4 * (gaussian.value("n(a)").unwrap() - hot);
        assert_relative_eq!(value("current(hot)"), flow, max_relative = 1e-6);
        assert_eq!(value("current(hot)"), value("current(\"hot\")"));
        assert_relative_eq!(value("current(b)"), -flow, max_relative = 1e-6);
        assert_relative_eq!(value("current_noise(hot)"), value("current_noise(\"bath on b\")"), max_relative = 1e-6);
        let affinity = ((0.1f64 + 1.0) / 0.1).ln() - ((hot + 1.0) / hot).ln();
        assert_relative_eq!(value("dissipation"), -flow * affinity, max_relative = 1e-6);
        let uncertainty = value("current_noise(hot)") * value("dissipation") / (flow * flow);
        assert_relative_eq!(value("tur(hot)"), uncertainty, max_relative = 1e-6);
        assert!(value("tur(hot)") > 2.0);
        if hot < 0.2 {
            assert!(value("tur(hot)") < 2.0 + 1e-3, "{}", value("tur(hot)"));
        }
        assert!(value("current(\"hot, loss\")") > 0.0);
    }
}

#[test]
fn what_cannot_be_counted() {
    let model = Arc::new(machine(0.4));
    let options = || Options { level: Level::Fock, ..Options::default() };
    for (measure, words) in [
        ("current(hott)", ["no bath and no jump", "`hot`"]),
        ("current", ["1 bath or jump", "current(\"bath on b1\")"]),
        ("n(\"hot\")", ["takes modes", "n(b1)"]),
        ("current(\"hot)", ["never closed", "`\"`"]),
    ] {
        let error = Experiment::new(model.clone(), &[measure.to_owned()], options()).unwrap_err().to_string();
        assert!(words.iter().all(|w| error.contains(w)), "{measure}: {error}");
    }
    // Loss into the vacuum never runs backwards.
    let cold = machine(0.0);
    let report = run(&cold, Level::Fock, &["current(hot)", "dissipation", "tur(hot)"]);
    assert!(report.value("current(hot)").is_some());
    for name in ["dissipation", "tur(hot)"] {
        let note = report.quantity(name).unwrap().note.clone().unwrap();
        assert!(note.contains("never run backwards"), "{note}");
    }
}
