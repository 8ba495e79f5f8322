//! Exact limits, the reference numbers of the dimer, and laws.

use approx::assert_relative_eq;
use huygens_numerics::c64;

use super::*;
use crate::levels::gaussian::direct;
use crate::levels::tests::{dimer as waveguides, model, thermal};
use crate::measures::Moments;
use crate::model::Model;

pub(crate) fn dimer(given: &[(&str, f64)]) -> (Model, crate::model::Binding) {
    let model = waveguides([["0", &thermal("omega1")], ["0", &thermal("omega2")]]);
    let binding = model.bind(given).unwrap();
    (model, binding)
}

const MEMORY: f64 = 2e9;

fn distance(state: &Density) -> f64 {
    let m = state.moments();
    let n = |k: usize| m.covariance(k, k)[0][0] + m.covariance(k, k)[1][1];
    let c = m.covariance(0, 1);
    (1.0 - 2.0 * (c[0][0] + c[1][1]) / (n(0) + n(1))).sqrt()
}

/// dimer.json: prod10_k3_D, prod20_k-3_D, total40_k5_D, conv_k5_t0.05.
#[test]
fn the_dimer_below_both_cut_offs() {
    let run = |k: f64, cutoff: Cutoff, times: &[f64]| {
        let (model, binding) = dimer(&[("k", k)]);
        let problem = Problem::new(&model, &binding, cutoff, MEMORY).unwrap();
        let mut state = problem.start;
        let mut evolution = Evolution::new(problem.generator, 1e-11);
        let mut now = 0.0;
        let values: Vec<f64> = times
            .iter()
            .map(|&t| {
                evolution.advance(&mut state, now, t).unwrap();
                now = t;
                distance(&state)
            })
            .collect();
        (values, state)
    };
    let times = [0.1, 0.5, 1.0, 2.0, 10.0];
    for (k, cutoff, reference) in [
        (
            3.0,
            Cutoff::Product(vec![10, 10]),
            [0.65621451246266, 0.4756245280949772, 0.47480326096768966, 0.47295371543412007, 0.4725169636056376],
        ),
        (
            -3.0,
            Cutoff::Product(vec![20, 20]),
            [1.3013512456035288, 1.3657512044929376, 1.36584698100475, 1.36556017344893, 1.3646306949954938],
        ),
        (
            5.0,
            Cutoff::Total(40),
            [0.2943783189072879, 0.40538628081602346, 0.4734513231291453, 0.4841897279838067, 0.48437421800089786],
        ),
    ] {
        for (value, exact) in run(k, cutoff, &times).0.iter().zip(reference) {
            assert_relative_eq!(*value, exact, max_relative = 1e-5);
        }
    }
    let (values, state) = run(5.0, Cutoff::Total(140), &[0.05]);
    assert_relative_eq!(values[0], 0.6113924038818477, max_relative = 1e-6);
    let m = state.moments();
    assert_relative_eq!(
        0.5 * (m.covariance(0, 0)[0][0] + m.covariance(0, 0)[1][1]) - 0.5,
        5.022672119125013,
        max_relative = 1e-6
    );
}

/// Displaced squeezed thermal states have the moments of their parameters.
#[test]
fn gaussian_starts_have_their_moments() {
    let model = model(
        &["a", "b"],
        &[],
        "n(a) + n(b)",
        "",
        &[],
        &[["a", "0.7 - 0.4*i", "0.3", "0.4", "0.9"], ["b", "-0.2*i", "0.1", "-0.2", "0.3"]],
    );
    let binding = model.bind(&[]).unwrap();
    let problem = Problem::new(&model, &binding, Cutoff::Product(vec![40, 25]), MEMORY).unwrap();
    let moments = problem.start.moments();
    let (mean, covariance) = (model.start_values(&binding).unwrap(), model.start_covariance(&binding).unwrap());
    for k in 0..2 {
        assert!((moments.mean[k] - mean[k]).norm() < 1e-6);
    }
    assert!((&moments.covariance - &covariance).norm_max() < 1e-4, "{:?} {:?}", moments.covariance, covariance);
}

/// Quadratic models: moments as the gaussian level has them, displaced, squeezed and driven, with jumps of several terms.
#[test]
fn quadratic_models_agree_with_the_gaussian_level() {
    let model = model(
        &["a", "b"],
        &[("F", "0.4")],
        "0.9*n(a) - 0.4*n(b) + 0.3*(dag(a)*b + h.c.) + 0.15*i*(a^2 - dag(a)^2) + F*cos(1.3*t)*(a + dag(a)) + 0.2*(b + dag(b))",
        "",
        &["sqrt(0.5)*(a - b)", "0.3*dag(b)", "sqrt(0.7)*b"],
        &[["a", "0.3 - 0.2*i", "0.05", "0.1", "0.4"], ["b", "0.1", "0", "0", "0"]],
    );
    let driven = model;
    for f in [0.4, 0.0] {
        let binding = driven.bind(&[("F", f)]).unwrap();
        let problem = Problem::new(&driven, &binding, Cutoff::Product(vec![16, 16]), MEMORY).unwrap();
        let mut state = problem.start;
        let mut evolution = Evolution::new(problem.generator, 1e-9);
        evolution.advance(&mut state, 0.0, 1.5).unwrap();
        let moments = state.moments();
        let kernel = crate::levels::kernel::Kernel::new(&crate::levels::equations::Equations::derive(&driven));
        let bound = std::sync::Arc::new(kernel).bind(&binding.values).unwrap();
        let mut last = None;
        direct::run(
            &bound,
            &driven.start_values(&binding).unwrap(),
            &driven.start_covariance(&binding).unwrap(),
            &[1.5],
            crate::levels::mean_field::integrate::Scheme {
                method: huygens_numerics::ode::Method::Dop853,
                tolerance: huygens_numerics::ode::Tolerance::new(1e-11, 1e-11),
            },
            1e9,
            |_, s| last = Some((s.mean(0), s.mean(1), s.covariance(0, 1), s.covariance(0, 0))),
        )
        .unwrap();
        let (a, b, cross, own) = last.unwrap();
        assert!((moments.mean[0] - a).norm() < 2e-4, "{} {a}", moments.mean[0]);
        assert!((moments.mean[1] - b).norm() < 2e-4);
        for (mine, theirs) in [(moments.covariance(0, 1), cross), (moments.covariance(0, 0), own)] {
            for i in 0..2 {
                for j in 0..2 {
                    assert!((mine[i][j] - theirs[i][j]).abs() < 1e-3, "{mine:?} {theirs:?}");
                }
            }
        }
        assert!(state.spectrum().unwrap()[0] > -1e-9);
    }
}

/// A damped Kerr oscillator from a coherent state (Milburn and Holmes, PRL 56, 2237 (1986)):
/// ⟨a⟩ = α e^{−iωt − γt/2} exp(−|α|² (1 − e^{−(γ + iK)t})/(1 − iγ/K)) for H = ω n + K/2 a†²a² and the jump √γ a.
#[test]
fn a_damped_kerr_oscillator() {
    let model =
        model(&["a"], &[], "0.3*n(a) + 0.35*dag(a)^2*a^2", "", &["sqrt(0.2)*a"], &[["a", "1.4", "0", "0", "0"]]);
    let binding = model.bind(&[]).unwrap();
    let problem = Problem::new(&model, &binding, Cutoff::Product(vec![30]), MEMORY).unwrap();
    let mut state = problem.start;
    let mut evolution = Evolution::new(problem.generator, 1e-12);
    let (omega, kerr, gamma, alpha) = (0.3, 0.7, 0.2, 1.4_f64);
    let i = c64::new(0.0, 1.0);
    let mut now = 0.0;
    for t in [0.4, 2.0, 7.0] {
        evolution.advance(&mut state, now, t).unwrap();
        now = t;
        let damped = c64::new(gamma, kerr);
        let exact = alpha
            * (-i * omega * t - 0.5 * gamma * t).exp()
            * (-alpha * alpha * (1.0 - (-damped * t).exp()) / (1.0 - i * gamma / kerr)).exp();
        let mean = state.moments().mean[0];
        assert!((mean - exact).norm() < 1e-9, "{t}: {mean} {exact}");
        assert_relative_eq!(state.log_trace(), 0.0, epsilon = 1e-11);
    }
}
