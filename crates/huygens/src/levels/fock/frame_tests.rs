//! Displaced number states: exact solutions, and the same numbers as about the origin.

use approx::assert_relative_eq;
use huygens_numerics::c64;
use proptest::prelude::*;

use super::initial::Initial;
use super::problem::begin;
use super::*;
use crate::algebra::{ModeId, Operator};
use crate::levels::tests::{correlated, model, squeezed};
use crate::measures::Moments;
use crate::model::Model;

const MEMORY: f64 = 1e9;

fn evolved(problem: &Problem, t: f64) -> Density {
    let mut state = problem.start.clone();
    let mut evolution = Evolution::new(problem.generator.clone(), 1e-11).following(problem.frame.clone());
    evolution.advance(&mut state, 0.0, t).unwrap();
    state
}

/// Both states of a model at one time: about the origin and about the mean.
fn both(model: &Model, plain: &[usize], displaced: &[usize], t: f64) -> [Density; 2] {
    let binding = model.bind(&[]).unwrap();
    let of = |dims: &[usize]| Cutoff::Product(dims.to_vec());
    [
        evolved(&Problem::new(model, &binding, of(plain), MEMORY).unwrap(), t),
        evolved(&Problem::displaced(model, &binding, of(displaced), MEMORY).unwrap(), t),
    ]
}

/// The largest difference of two states in their moments, ⟨a†²a²⟩, purity, entropy, Wigner and Husimi functions.
fn difference(one: &Density, two: &Density) -> f64 {
    let (a, b) = (one.moments(), two.moments());
    let mut largest = (&a.covariance - &b.covariance).norm_max();
    largest = largest.max((one.purity() - two.purity()).abs());
    largest = largest.max((one.entropy().unwrap() - two.entropy().unwrap()).abs());
    for k in 0..a.mean.len() {
        largest = largest.max((a.mean[k] - b.mean[k]).norm());
        let mode = Operator::annihilation(ModeId(k as u32));
        let pair = mode.mul(&mode);
        let pairs = pair.adjoint().mul(&pair);
        let of = |state: &Density| state.average(&pairs, &[], 0.0).unwrap().re;
        largest = largest.max((of(one) - of(two)).abs() / of(one).max(1.0));
        let [q, p] = [a.mean[k].re, a.mean[k].im].map(|x| x * std::f64::consts::SQRT_2);
        let points = [[q, p], [q + 0.8, p - 0.3], [q - 0.2, p + 1.1]];
        for (x, y) in one.wigner(k, &points).iter().zip(two.wigner(k, &points)) {
            largest = largest.max((x - y).abs());
        }
        for (x, y) in one.husimi(k, &points).iter().zip(two.husimi(k, &points)) {
            largest = largest.max((x - y).abs());
        }
        // On different grids, fine enough that the kinks of |W| do not tell them apart.
        let negative = |state: &Density| state.wigner_negativity(k, 240).0;
        assert!((negative(one) - negative(two)).abs() < 1e-3 * negative(one).max(0.1));
    }
    largest
}

/// A coherent state of 900 quanta that turns, is driven and decays below six displaced states: it stays coherent, with
/// α(t) = α_s + (α − α_s) e^{−(iω + γ/2)t}.
#[test]
fn a_coherent_state_far_away() {
    let model = model(&["a"], &[], "1.3*n(a) + 2*(a + dag(a))", "", &["sqrt(0.4)*a"], &[["a", "30*i", "0", "0", "0"]]);
    let binding = model.bind(&[]).unwrap();
    let problem = Problem::displaced(&model, &binding, Cutoff::Product(vec![6]), MEMORY).unwrap();
    assert!(problem.lost < 1e-15);
    for t in [0.3, 3.0, 9.0] {
        let state = evolved(&problem, t);
        let rate = c64::new(0.2, 1.3);
        let rest = c64::new(0.0, -2.0) / rate;
        let exact = rest + (c64::new(0.0, 30.0) - rest) * (-rate * t).exp();
        let moments = state.moments();
        assert!((moments.mean[0] - exact).norm() < 1e-9, "{t}: {} {exact}", moments.mean[0]);
        assert!((moments.covariance(0, 0)[0][0] - 0.5).abs() < 1e-9);
        assert_relative_eq!(state.purity(), 1.0, epsilon = 1e-9);
        assert!(state.edge_weight() < 1e-18 && state.log_trace().abs() < 1e-9);
        let [q, p] = [exact.re, exact.im].map(|x| x * std::f64::consts::SQRT_2);
        assert_relative_eq!(state.wigner(0, &[[q, p]])[0], std::f64::consts::FRAC_1_PI, epsilon = 1e-9);
    }
}

/// A damped Kerr oscillator of 400 quanta against the closed form of Milburn and Holmes, as it begins to smear out.
#[test]
fn a_kerr_oscillator_far_away() {
    let model =
        model(&["a"], &[], "0.3*n(a) + 0.001*dag(a)^2*a^2", "", &["sqrt(0.2)*a"], &[["a", "20", "0", "0", "0"]]);
    let binding = model.bind(&[]).unwrap();
    let problem = Problem::displaced(&model, &binding, Cutoff::Product(vec![60]), MEMORY).unwrap();
    let (omega, kerr, gamma, alpha, t) = (0.3, 0.002, 0.2, 20.0_f64, 1.0);
    let i = c64::new(0.0, 1.0);
    let exact = alpha
        * (-i * omega * t - 0.5 * gamma * t).exp()
        * (-alpha * alpha * (1.0 - (-c64::new(gamma, kerr) * t).exp()) / (1.0 - i * gamma / kerr)).exp();
    let state = evolved(&problem, t);
    let mean = state.moments().mean[0];
    // The mean field would be off by more than this.
    assert!((mean - exact).norm() < 1e-8, "{mean} {exact}");
    assert!(state.purity() < 0.999 && state.edge_weight() < 1e-9, "{} {}", state.purity(), state.edge_weight());
}

/// A driven Kerr oscillator with two-photon loss, a squeezed thermal start, and time in the drive and in a jump.
#[test]
fn a_driven_kerr_oscillator() {
    let model = model(
        &["a"],
        &[],
        "0.4*n(a) + 0.1*dag(a)^2*a^2 + 0.7*cos(1.1*t)*(a + dag(a))",
        "",
        &["sqrt(0.3)*a", "sqrt(0.05)*a^2", "0.2*(1 + 0.5*sin(t))*dag(a)"],
        &[["a", "1.3 - 0.6*i", "0.1", "0.3", "0.5"]],
    );
    let [plain, displaced] = both(&model, &[70], &[52], 1.5);
    let size = difference(&plain, &displaced);
    assert!(size < 1e-7, "{size}");
    // It moved, and it is not where the origin is.
    assert!(displaced.displacement().unwrap()[0].norm() > 0.3);
    assert!((displaced.displacement().unwrap()[0] - plain.moments().mean[0]).norm() < 1e-7);
}

/// An optomechanical pair, and the entanglement of its modes.
#[test]
fn an_optomechanical_pair() {
    let model = model(
        &["a", "b"],
        &[],
        "0.5*n(a) + n(b) - 0.3*n(a)*(b + dag(b)) + 0.9*i*(dag(a) - a)",
        "",
        &["sqrt(0.6)*a", "sqrt(0.1)*b", "sqrt(0.02)*dag(b)"],
        &[["a", "0.5", "0", "0", "0"], ["b", "1", "0.05", "0", "0"]],
    );
    let [plain, displaced] = both(&model, &[13, 19], &[12, 14], 1.2);
    let size = difference(&plain, &displaced);
    assert!(size < 2e-6, "{size}");
    let negativity = |state: &Density| state.log_negativity(&[1]).unwrap();
    assert_relative_eq!(negativity(&plain), negativity(&displaced), epsilon = 3e-5);
    assert!(negativity(&plain) > 0.01);
    let part = displaced.partial_trace(&[1]);
    assert!((part.moments().mean[0] - plain.moments().mean[1]).norm() < 1e-6);
}

/// Anti-Hermitian parts: the normalised state, and the trace that the linear flow has.
#[test]
fn anti_hermitian_parts_and_correlated_starts() {
    let model = correlated(
        &["a", "b"],
        &[],
        "0.7*n(a) - 0.2*n(b) + 0.2*(dag(a)*b + h.c.)",
        "-0.15*n(a) + 0.1*(dag(a)*b + h.c.) + 0.1*(b + dag(b)) + 0.05",
        &["sqrt(0.2)*b"],
        &[["a", "0.9", "0", "0", "0"], ["b", "-0.4*i", "0", "0", "0"]],
        &[squeezed(["a", "b"], "0.2", "0.4")],
    );
    let [plain, displaced] = both(&model, &[15, 15], &[12, 12], 1.0);
    let size = difference(&plain, &displaced);
    assert!(size < 1e-6, "{size}");
    assert_relative_eq!(plain.log_trace(), displaced.log_trace(), epsilon = 1e-7);
}

/// A mode whose mean vanishes by parity is not displaced, and keeps its symmetry.
#[test]
fn modes_without_a_mean_stay() {
    let model = model(
        &["a", "b"],
        &[],
        "0.5*n(a) + n(b) + 0.3*(dag(a)*b^2 + h.c.)",
        "",
        &["sqrt(0.6)*a", "sqrt(0.1)*b"],
        &[["a", "0.7", "0", "0", "0"], ["b", "0", "0.1", "0", "0"]],
    );
    let [plain, displaced] = both(&model, &[12, 16], &[10, 16], 1.0);
    let size = difference(&plain, &displaced);
    assert!(size < 1e-5, "{size}");
    assert_eq!(displaced.displacement().unwrap()[1], c64::new(0.0, 0.0));
    let binding = model.bind(&[]).unwrap();
    let elements = |problem: Problem| problem.start.layout().len();
    let cutoff = Cutoff::Product(vec![8, 8]);
    let half = elements(Problem::displaced(&model, &binding, cutoff, MEMORY).unwrap());
    assert!(half < 8 * 8 * (8 * 8 + 1) / 2 * 6 / 10, "{half}");
    // Nothing that moves: the same as about the origin.
    let still = crate::levels::tests::model(&["a"], &[], "n(a)", "", &["a"], &[["a", "0", "1", "0", "0"]]);
    let still = Problem::displaced(&still, &still.bind(&[]).unwrap(), Cutoff::Product(vec![9]), MEMORY).unwrap();
    assert!(still.frame.is_none() && still.start.displacement().is_none());
}

/// Any path of the frame gives the same state: here one that stays beside the mean.
#[test]
fn the_path_of_the_frame_does_not_matter() {
    let model = model(
        &["a"],
        &[],
        "0.4*n(a) + 0.1*dag(a)^2*a^2 + 0.7*(a + dag(a))",
        "",
        &["sqrt(0.3)*a", "sqrt(0.05)*a^2"],
        &[["a", "2", "0.1", "0", "0"]],
    );
    let binding = model.bind(&[]).unwrap();
    let mut problem = Problem::displaced(&model, &binding, Cutoff::Product(vec![40]), MEMORY).unwrap();
    let centred = evolved(&problem, 1.0);
    let offset = c64::new(0.4, -0.7);
    let initial = Initial::new(&model, &binding, problem.start.layout().space()).unwrap();
    let (start, _) = begin(&initial, &[offset], problem.start.layout()).unwrap();
    problem.start = start.displaced(vec![c64::new(2.0, 0.0) - offset]);
    let beside = evolved(&problem, 1.0);
    assert!((beside.displacement().unwrap()[0] + offset - centred.displacement().unwrap()[0]).norm() < 1e-8);
    let size = difference(&centred, &beside);
    assert!(size < 1e-7, "{size}");
}

/// Displaced operators average to what they are about the origin.
#[test]
fn polynomials_are_displaced_exactly() {
    let model =
        model(&["a"], &[], "(a + dag(a))^4 + n(a)^2 + i*(a^2 - dag(a)^2)", "", &[], &[["a", "3", "0", "0", "0"]]);
    let binding = model.bind(&[]).unwrap();
    let problem = Problem::displaced(&model, &binding, Cutoff::Product(vec![5]), MEMORY).unwrap();
    // Of a coherent state the normal symbol at its amplitude.
    let value = problem.start.average(&model.hamiltonian, &binding.values, 0.0).unwrap();
    let exact = model.hamiltonian.normal_symbol().eval(&[c64::new(3.0, 0.0)], &binding.values, 0.0).unwrap();
    assert!((value - exact).norm() < 1e-12 * exact.norm(), "{value} {exact}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Random quartic oscillators with random polynomial jumps and an anti-Hermitian part, for a short time.
    #[test]
    fn random_models_agree_with_those_about_the_origin(x in proptest::collection::vec(-1.0..1.0_f64, 12)) {
        let h = format!(
            "{}*n(a) + {}*dag(a)^2*a^2 + ({} + {}*i)*a + ({} - {}*i)*dag(a) + {}*(a^2 + dag(a)^2) + {}*cos(2*t)*(a + dag(a))",
            x[0], 0.2 * x[1], x[2], x[3], x[2], x[3], 0.2 * x[4], x[5]
        );
        let hc = format!("{}*n(a) + {}*(a + dag(a))", -0.2 * x[6].abs(), 0.2 * x[7]);
        let jumps = [format!("{}*a + {}*dag(a) + {}", x[8], 0.2 * x[9], x[10]), format!("{}*a^2 + {}*a", 0.3 * x[11], x[9])];
        let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
        let start = [format!("{} + {}*i", 1.5 * x[3], 1.5 * x[0]), format!("{}", 0.2 * x[2].abs())];
        let model = model(&["a"], &[], &h, &hc, &jumps, &[["a", &start[0], &start[1], "0.1", "0.3"]]);
        let [plain, displaced] = both(&model, &[64], &[60], 0.4);
        let size = difference(&plain, &displaced);
        prop_assert!(size < 1e-6, "{size} {h} {hc}");
        prop_assert!((plain.log_trace() - displaced.log_trace()).abs() < 1e-7);
    }
}
