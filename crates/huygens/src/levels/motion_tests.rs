//! Coefficients that depend on the mean field, and equations of motion written as such.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use proptest::prelude::*;

use super::equations::Equations;
use super::kernel::{Bound, Kernel};
use super::tests::model;
use crate::experiment::{Experiment, Level, Options, Window};
use crate::model::{EntrySource, ModeSource, Model, ModelSource, TermSource, Text};
use crate::report::{Report, Status};

fn text(x: &str) -> Text {
    Text::new(x, "test")
}

fn term(name: &str, expression: &str) -> TermSource {
    TermSource { name: text(name), expression: text(expression) }
}

/// A model of modes a and b by its equations, elements of the drift and of the diffusion as row, column and value.
fn written(
    definitions: &[(&str, &str)],
    equations: &[(&str, &str)],
    fluctuations: &[[&str; 3]],
    diffusion: &[[&str; 3]],
) -> ModelSource {
    let entries = |list: &[[&str; 3]]| {
        list.iter().map(|[r, c, v]| EntrySource { row: text(r), column: text(c), value: text(v) }).collect()
    };
    ModelSource {
        name: "test".into(),
        modes: ["a", "b"].map(|m| ModeSource { name: text(m), kind: text("boson") }).to_vec(),
        definitions: definitions.iter().map(|(n, e)| term(n, e)).collect(),
        equations: equations.iter().map(|(n, e)| term(n, e)).collect(),
        fluctuations: entries(fluctuations),
        diffusion: entries(diffusion),
        ..ModelSource::default()
    }
}

fn bound(equations: &Equations) -> Bound {
    Arc::new(Kernel::new(equations)).bind(&[]).unwrap()
}

fn flow(bound: &Bound, t: f64, z: &[c64]) -> Vec<c64> {
    let mut out = vec![c64::new(0.0, 0.0); z.len()];
    bound.flow(t, z, &mut out, &mut bound.workspace());
    out
}

/// The Jacobian of the flow in quadratures by central differences.
fn differences(bound: &Bound, t: f64, z: &[c64]) -> RMatrix {
    let n = 2 * z.len();
    let h = 1e-5;
    RMatrix::from_fn(n, n, |i, j| {
        let step = if j % 2 == 0 { c64::new(h, 0.0) } else { c64::new(0.0, h) };
        let (mut up, mut down) = (z.to_vec(), z.to_vec());
        up[j / 2] += step;
        down[j / 2] -= step;
        let change = (flow(bound, t, &up)[i / 2] - flow(bound, t, &down)[i / 2]) / (2.0 * h);
        if i % 2 == 0 { change.re } else { change.im }
    })
}

fn close(a: &RMatrix, b: &RMatrix) -> bool {
    (a - b).norm_max() <= 1e-7 * (1.0 + b.norm_max())
}

fn run(model: Model, level: Level, measures: &[&str], window: Option<f64>) -> Report {
    let window = window.map(|t| Window { from: t, to: t + 1e-9, samples: 1 });
    let options = Options { level, window, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(|m| (*m).to_owned()).collect();
    let binding = model.parameters.defaults();
    Experiment::new(model.into(), &measures, options).unwrap().run(&binding).unwrap()
}

proptest! {
    /// Functions of amplitudes are differentiated exactly, through definitions, denominators and the time.
    #[test]
    fn the_drift_of_written_equations_is_their_jacobian(
        re in prop::collection::vec(-1.0..1.0_f64, 2), im in prop::collection::vec(-1.0..1.0_f64, 2), t in 0.0..3.0_f64,
    ) {
        let source = written(
            &[("A", "1 - abs2(a)/4"), ("phase", "exp(i*t*(1 + 2*abs2(b)))")],
            &[
                ("a", "-i*a*A^2 + dag(b)*phase*a^2/(3 + n(b)) - sin(q(a))*b"),
                ("b", "sqrt(2 + re(a))*conj(b)^2 + tanh(im(a*b)) - b*abs(a)"),
            ],
            &[],
            &[],
        );
        let equations = Equations::derive(&Model::build(&source, &[]).unwrap());
        prop_assert!(equations.driven() && !equations.linear() && equations.of_mean_field().is_none());
        let z: Vec<c64> = re.iter().zip(&im).map(|(x, y)| c64::new(*x, *y)).collect();
        let bound = bound(&equations);
        prop_assert!(close(&bound.drift_matrix(t, &z), &differences(&bound, t, &z)));
    }

    /// What is held stands still in the drift of the fluctuations, not in the Jacobian of the flow.
    #[test]
    fn a_mean_is_held_by_fluctuations_only(x in -1.0..1.0_f64, y in -1.0..1.0_f64) {
        let build = |h: &str| model(&["a", "b"], &[], h, "", &["a", "0.3*b^2"], &[]);
        let (follows, live) = (
            Equations::derive(&build("(2 + mean(n(b)))*n(a) + mean(q(a))*(a + dag(a)) + 1/(3 + mean(n(a)))*(dag(a)*b + h.c.)")),
            // The same flow, with nothing held.
            Equations::derive(
                &Model::build(
                    &written(
                        &[],
                        &[
                            ("a", "-i*(2 + n(b))*a - i*q(a) - i*b/(3 + n(a)) - a/2"),
                            ("b", "-i*a/(3 + n(a)) - 0.09*dag(b)*b^2"),
                        ],
                        &[],
                        &[],
                    ),
                    &[],
                )
                .unwrap(),
            ),
        );
        let z = [c64::new(x, y), c64::new(y, 0.5)];
        let mean = bound(&follows.of_mean_field().unwrap());
        let written = bound(&live);
        for (f, g) in flow(&mean, 0.0, &z).iter().zip(flow(&written, 0.0, &z)) {
            prop_assert!((f - g).norm() < 1e-13);
        }
        prop_assert!(close(&mean.drift_matrix(0.0, &z), &written.drift_matrix(0.0, &z)));
        prop_assert!(close(&mean.drift_matrix(0.0, &z), &differences(&mean, 0.0, &z)));
        // At fixed means the model is quadratic but for its two-photon loss.
        let frozen = model(
            &["a", "b"],
            &[],
            &format!("(2 + {})*n(a) + {}*(a + dag(a)) + 1/(3 + {})*(dag(a)*b + h.c.)", z[1].norm_sqr(), z[0].re * 2f64.sqrt(), z[0].norm_sqr()),
            "",
            &["a", "0.3*b^2"],
            &[],
        );
        prop_assert!(close(&bound(&follows).drift_matrix(0.0, &z), &bound(&Equations::derive(&frozen)).drift_matrix(0.0, &z)));
    }

    /// Noise and damping of any jumps keep [δa, δa†] = 1: the covariance of a pure state stays that of a state.
    #[test]
    fn noise_of_nonlinear_jumps_keeps_the_uncertainty_relation(x in -1.5..1.5_f64, y in -1.5..1.5_f64, g in 0.05..0.6_f64) {
        let jumps = [format!("{g}*n(a)"), format!("a + {g}*dag(a)*a^2"), format!("{g}*dag(a)^2"), "0.2*dag(a) + 0.1*a^2".to_owned()];
        let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
        let equations = Equations::derive(&model(&["a"], &[], "0.7*n(a)", "", &jumps, &[]));
        let bound = bound(&equations);
        let z = [c64::new(x, y)];
        let (m, d) = (bound.drift_matrix(0.0, &z), bound.diffusion_matrix(0.0, &z));
        // d/dt det V at V = ½ in the first step, and D + (i/2)(MΩ + ΩMᵀ) ≥ 0.
        let loss = m[(0, 0)] + m[(1, 1)];
        let det = d[(0, 0)] * d[(1, 1)] - d[(0, 1)] * d[(0, 1)];
        prop_assert!(det - 0.25 * loss * loss >= -1e-9 * det.abs().max(1.0), "{det} {loss}");
    }
}

/// Dephasing: D(a, a†) = n + ½, with which C(a, a†) − |a|² moves as the exact equation says.
#[test]
fn dephasing_has_the_noise_of_its_commutator() {
    let bound = bound(&Equations::derive(&model(&["a"], &[], "0", "", &["n(a)"], &[])));
    let z = [c64::new(0.6, -0.3)];
    let d = bound.diffusion_matrix(0.0, &z);
    let number = z[0].norm_sqr();
    // D(a, a†) = (D_qq + D_pp)/2, D(a, a) = −a².
    assert!((0.5 * (d[(0, 0)] + d[(1, 1)]) - number - 0.5).abs() < 1e-14);
    let square = c64::new(0.5 * (d[(0, 0)] - d[(1, 1)]), d[(0, 1)]);
    assert!((square + z[0] * z[0]).norm() < 1e-14, "{square}");
}

/// A self-consistent frequency: |a| decays as without it, and the phase is the integral of what it follows.
#[test]
fn the_mean_field_follows_itself() {
    let rate = 0.4;
    let report = run(
        model(&["a"], &[], "(1 + 2*mean(n(a)))*n(a)", "", &["sqrt(0.4)*a"], &[["a", "1.5", "0", "0", "0"]]),
        Level::Gaussian,
        &["n(a)"],
        Some(3.0),
    );
    let (z, decay) = (c64::new(report.orbits[0].re[0], report.orbits[0].im[0]), (-rate * 3.0_f64).exp());
    let phase = 3.0 + 2.0 * 2.25 * (1.0 - decay) / rate;
    let wanted = c64::from_polar(1.5 * decay.sqrt(), -phase);
    assert!((z - wanted).norm() < 1e-9, "{z} {wanted}");
    // Held fixed, it turns the fluctuations without squeezing them: the state stays coherent.
    assert!((report.value("n(a)").unwrap() - wanted.norm_sqr()).abs() < 1e-9);
}

/// A limit cycle whose gain follows the mean number: the mean field is stable, and gain held fixed restores nothing.
#[test]
fn fluctuations_around_a_held_cycle_are_judged_by_their_own_drift() {
    let build = || {
        model(
            &["a"],
            &[("G", "0.3")],
            "n(a)",
            "",
            &["sqrt(G)*dag(a)", "sqrt(0.1*mean(n(a)))*a"],
            &[["a", "0.5", "0", "0", "0"]],
        )
    };
    let mean = run(build(), Level::MeanField, &["radius(a)"], None);
    assert!((mean.value("radius(a)").unwrap() - 6f64.sqrt()).abs() < 1e-6);
    assert!(mean.checks.iter().all(|c| c.status != Status::Fail), "{:?}", mean.checks);
    let gaussian = run(build(), Level::Gaussian, &["radius(a)", "n(a)"], None);
    assert!(gaussian.value("n(a)").is_none(), "{:?} {:?}", gaussian.quantities, gaussian.checks);
}

/// A drift that is given replaces the derivative, and an unstable one is told from a stable mean field.
#[test]
fn a_given_drift_is_taken_as_it_is() {
    let source = written(
        &[],
        &[("a", "-0.1*a - i*a"), ("b", "-0.2*b + 0.1*a")],
        &[["a", "a", "-0.1 - i"], ["a", "dag(a)", "0.3"]],
        &[["a", "dag(a)", "0.1"], ["b", "dag(b)", "0.2"], ["a", "b", "0.02*i"]],
    );
    let equations = Equations::derive(&Model::build(&source, &[]).unwrap());
    // Constant, and still not that of the flow: nothing that takes the model for linear may be used.
    assert!(!equations.linear());
    let z = [c64::new(0.2, 0.1), c64::new(0.0, 0.4)];
    let (drift, mean) =
        (bound(&equations).drift_matrix(0.0, &z), bound(&equations.of_mean_field().unwrap()).drift_matrix(0.0, &z));
    assert!((drift[(0, 0)] - 0.2).abs() < 1e-15 && (mean[(0, 0)] + 0.1).abs() < 1e-15);
    // Rows that are not given are those of the flow.
    assert_eq!((drift[(2, 0)], drift[(2, 2)]), (mean[(2, 0)], mean[(2, 2)]));
    let d = bound(&equations).diffusion_matrix(0.0, &z);
    assert_eq!((d[(0, 3)], d[(3, 0)], d[(0, 2)]), (0.02, 0.02, 0.0));
    // d<a²> with the anomalous drift 0.3 squeezes: the covariance of the run is that of the given drift.
    let mut stable = source.clone();
    stable.fluctuations[1].value = text("0.05");
    let report = run(Model::build(&stable, &[]).unwrap(), Level::Gaussian, &["n(a)"], None);
    let drift = bound(&Equations::derive(&Model::build(&stable, &[]).unwrap()));
    let (m, d) = (drift.drift_matrix(0.0, &z), drift.diffusion_matrix(0.0, &z));
    let v = huygens_numerics::linalg::lyapunov(&m, &d).unwrap();
    let number = 0.5 * (v[(0, 0)] + v[(1, 1)] - 1.0);
    assert!((report.value("n(a)").unwrap() - number).abs() < 1e-9, "{number} {:?}", report.quantities);
    let mut growing = source.clone();
    growing.fluctuations[0].value = text("0.05 - i");
    let report = run(Model::build(&growing, &[]).unwrap(), Level::Gaussian, &["n(a)"], None);
    let check = report.checks.iter().find(|c| c.name == "fluctuations bounded").expect("a check");
    assert_eq!(check.status, Status::Fail);
    assert!((check.value.unwrap() - 0.05).abs() < 1e-12, "{check:?}");
    assert!(report.value("n(a)").is_none());
}

/// Renaming modes renames the means in coefficients.
#[test]
fn means_follow_their_modes() {
    use crate::algebra::{Field, ModeId, Operator, Quantity, Scalar};
    let mean = |k: u32| Scalar::field(Field { mode: ModeId(k), quantity: Quantity::Number, held: true });
    let of = |k: u32| Operator::n(ModeId(k)).scale(&mean(1 - k));
    let swap = |m: ModeId| ModeId(1 - m.0);
    assert_eq!(of(0).map_modes(&swap), of(1));
    assert_eq!(of(0).normal_symbol().map_modes(&swap), of(1).normal_symbol());
}

/// Levels that follow no mean field say so and name one that does; texts without a meaning are refused at their place.
#[test]
fn what_cannot_be_is_refused_with_the_cure() {
    let refusal = |model: Model, level: Level| {
        let options = Options { level, ..Options::default() };
        match Experiment::new(model.into(), &["n(a)".into()], options) {
            Err(e) => e.to_string(),
            Ok(_) => panic!("{} takes it", level.name()),
        }
    };
    let follows = || model(&["a"], &[], "mean(n(a))*n(a)", "", &["a"], &[]);
    for level in [Level::Stochastic, Level::Fock] {
        let error = refusal(follows(), level);
        assert!(error.contains("mean(…)") && error.contains("--level gaussian"), "{error}");
        let source = written(&[], &[("a", "-a"), ("b", "-b")], &[], &[]);
        let error = refusal(Model::build(&source, &[]).unwrap(), level);
        assert!(error.contains("equations of motion") && error.contains("--level gaussian"), "{error}");
    }
    let error = follows().transformed(&["rotating_frame(1)"]).unwrap_err().to_string();
    assert!(error.contains("mean(…)") && error.contains("put a parameter"), "{error}");
    let fault = |source: ModelSource| Model::build(&source, &[]).unwrap_err()[0].to_string();
    let twice = written(&[], &[("a", "-a"), ("a", "-2*a")], &[], &[]);
    assert!(fault(twice).contains("an equation"));
    let complex = written(&[], &[("a", "-a")], &[], &[["a", "dag(a)", "1 + i"]]);
    assert!(fault(complex).contains("is real"));
    let circle = written(&[("x", "y + 1"), ("y", "2")], &[("a", "-x*a")], &[], &[]);
    assert!(fault(circle).contains("unknown name `y`"));
    let pole = written(&[], &[("a", "-a/n(b)")], &[], &[]);
    assert!(fault(pole).contains("division by"));
    let mut operators = written(&[("x", "exp(n(a))")], &[("a", "-x*a")], &[], &[]);
    operators.hamiltonian = vec![term("H", "x*n(a)")];
    assert!(fault(operators).contains("in the definition of `x`"));
}
