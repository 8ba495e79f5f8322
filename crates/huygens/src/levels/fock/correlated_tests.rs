//! Correlated Gaussian starts: closed forms, symplectic formulas, the gaussian level.

use approx::assert_relative_eq;
use huygens_numerics::c64;
use huygens_numerics::random::Streams;

use super::generating::{Generating, Mixture};
use super::*;
use crate::levels::gaussian::direct;
use crate::levels::tests::{correlated, mixed, squeezed};
use crate::measures::correlations::symplectic::{mode_entropy, symplectic_eigenvalues};
use crate::measures::{Moments, Snapshot, resolve};
use crate::model::{CorrelationSource, Model};

const MEMORY: f64 = 2e9;

fn start(model: &Model, cutoff: Cutoff) -> Problem {
    Problem::new(model, &model.bind(&[]).unwrap(), cutoff, MEMORY).unwrap()
}

fn pair(starts: &[[&str; 5]], correlations: &[CorrelationSource]) -> Model {
    correlated(&["a", "b"], &[], "n(a) + n(b)", "", &[], starts, correlations)
}

/// exp(ζ*ab − ζa†b†)|0⟩ = Σ (−e^{iφ} tanh r)ⁿ |n, n⟩/cosh r; only elements of equal numbers are stored.
#[test]
fn a_two_mode_squeezed_vacuum() {
    let (r, phi) = (0.7_f64, 0.4);
    let model = pair(&[], &[squeezed(["a", "b"], "0.7", "0.4")]);
    let problem = start(&model, Cutoff::Product(vec![40, 40]));
    let state = &problem.start;
    assert_eq!(state.layout().len(), 40 * 41 / 2);
    let amplitude = |n: i32| c64::from_polar(r.tanh(), phi + std::f64::consts::PI).powi(n) / r.cosh();
    for n in 0..12 {
        for m in 0..12 {
            let exact = amplitude(n) * amplitude(m).conj();
            assert!((state.element(&[n, n], &[m, m]) - exact).norm() < 1e-13, "{n} {m}");
        }
    }
    assert_relative_eq!(state.log_negativity(&[1]).unwrap(), 2.0 * r, max_relative = 1e-6);
    assert_relative_eq!(state.purity(), 1.0, max_relative = 1e-12);
    let n = r.sinh().powi(2);
    assert_relative_eq!(state.partial_trace(&[0]).entropy().unwrap(), mode_entropy(n + 0.5), max_relative = 1e-9);
    let small = start(&model, Cutoff::Product(vec![12, 12]));
    assert_relative_eq!(small.lost, r.tanh().powi(24), max_relative = 1e-9);
}

/// Thermal states through a beam splitter: ⟨a†b⟩ = (n_b − n_a) sin θ cos θ e^{iφ}, the spectrum that of the product, a total number that
/// keeps its sectors; equal occupations are not correlated at all.
#[test]
fn thermal_states_through_a_beam_splitter() {
    let starts = [["a", "0", "0.5", "0", "0"], ["b", "0", "0.1", "0", "0"]];
    let model = pair(&starts, &[mixed(["a", "b"], "0.6", "0.9")]);
    let problem = start(&model, Cutoff::Total(24));
    let state = &problem.start;
    let blocks: usize = (0..=24).map(|n| (n + 1) * (n + 2) / 2).sum();
    assert_eq!(state.layout().len(), blocks);
    let entropy = mode_entropy(1.0) + mode_entropy(0.6);
    assert_relative_eq!(state.entropy().unwrap(), entropy, max_relative = 1e-8);
    assert_relative_eq!(state.purity(), 1.0 / (2.0 * 1.2), max_relative = 1e-9);
    let v = state.moments().covariance(0, 1);
    // ⟨a†b⟩ = ½(V_qq + V_pp + i(V_qp − V_pq)) of the pair.
    let cross = 0.5 * c64::new(v[0][0] + v[1][1], v[0][1] - v[1][0]);
    let exact = c64::from_polar((0.1 - 0.5) * 0.6_f64.sin() * 0.6_f64.cos(), -0.9);
    assert!((cross - exact).norm() < 1e-8, "{cross} {exact}");
    let equal = pair(&[["a", "0", "0.3", "0", "0"], ["b", "0", "0.3", "0", "0"]], &[mixed(["a", "b"], "0.6", "0.9")]);
    let product = pair(&[["a", "0", "0.3", "0", "0"], ["b", "0", "0.3", "0", "0"]], &[]);
    let (one, two) = (start(&equal, Cutoff::Total(12)).start, start(&product, Cutoff::Total(12)).start);
    // One number state for each element of the product, none of the coherences that a beam splitter may make.
    assert_eq!(one.layout().len(), two.layout().len());
    for (x, y) in one.data().iter().zip(two.data()) {
        assert!((x - y).abs() < 1e-14);
    }
}

/// Random states of two and three modes: the recurrence of products, moments, purity, entropy and negativity against the symplectic
/// formulas; pure members of the mixture that the quantum jumps draw from.
#[test]
fn random_gaussian_states_have_the_properties_of_their_covariance() {
    let mut stream = Streams { seed: 77 }.trajectory(0);
    let mut number = |size: f64| format!("{}", size * (2.0 * stream.uniform() - 1.0));
    for modes in [2, 2, 2, 3] {
        let names = &["a", "b", "c"][..modes];
        let values: Vec<[String; 4]> = (0..modes)
            .map(|_| {
                let z = format!("{} + i*({})", number(0.3), number(0.3));
                [z, format!("abs({})", number(0.1)), number(0.2), number(3.0)]
            })
            .collect();
        let starts: Vec<[&str; 5]> =
            names.iter().zip(&values).map(|(n, [z, o, s, t])| [*n, z.as_str(), o, s, t]).collect();
        let steps: Vec<String> = (0..6).map(|k| number(if k == 2 { 1.5 } else { 0.2 })).collect();
        let last = names[modes - 1];
        let steps = [
            squeezed(["a", "b"], &steps[0], &steps[1]),
            mixed(["b", if modes == 3 { last } else { "a" }], &steps[2], &steps[3]),
            squeezed([last, "a"], &steps[4], &steps[5]),
        ];
        let model = correlated(names, &[], "n(a)", "", &[], &starts, &steps);
        let binding = model.bind(&[]).unwrap();
        let (mean, v) = (model.start_values(&binding).unwrap(), model.start_covariance(&binding).unwrap());
        let cutoff = Cutoff::Total(if modes == 3 { 13 } else { 26 });
        let problem = start(&model, cutoff);
        let state = &problem.start;
        let loose = if modes == 3 { 2e-3 } else { 1e-6 };
        assert!(problem.lost < loose, "{}", problem.lost);
        let moments = state.moments();
        assert!((0..modes).all(|k| (moments.mean[k] - mean[k]).norm() < 10.0 * loose));
        assert!((&moments.covariance - &v).norm_max() < 50.0 * loose);
        let nu = symplectic_eigenvalues(&v).unwrap();
        let purity: f64 = nu.iter().map(|x| 0.5 / x).product();
        assert_relative_eq!(state.purity(), purity, max_relative = 10.0 * loose);
        // Members of the mixture are pure: T = 0.
        let mixture = Mixture::new(&mean, &v).unwrap();
        assert!((0..modes * modes).all(|k| mixture.pure.exchange(k / modes, k % modes).norm() < 1e-12));
        if modes == 2 {
            let entropy: f64 = nu.iter().map(|x| mode_entropy(*x)).sum();
            assert_relative_eq!(state.entropy().unwrap(), entropy, max_relative = 1e-4);
            let names = names.iter().map(ToString::to_string).collect::<Vec<_>>();
            let snapshot = Snapshot { mean: mean.clone(), covariance: v.clone() };
            let negativity = resolve("log_negativity(a,b)", &names, &[0, 1]).unwrap().of(&snapshot).unwrap();
            assert!((state.log_negativity(&[1]).unwrap().max(0.0) - negativity).abs() < 1e-3);
        }
    }
}

/// The recurrence for all modes together and that of one mode after the other are the same numbers.
#[test]
fn the_recurrence_of_all_modes_is_that_of_each_for_products() {
    let starts = [["a", "0.7 - 0.4*i", "0.3", "0.4", "0.9"], ["b", "-0.2*i", "0.1", "-0.2", "0.3"]];
    let model = pair(&starts, &[]);
    let binding = model.bind(&[]).unwrap();
    let problem = start(&model, Cutoff::Product(vec![14, 9]));
    let (mean, v) = (model.start_values(&binding).unwrap(), model.start_covariance(&binding).unwrap());
    let layout = problem.start.layout();
    let mut values = Generating::new(&v).unwrap().elements(&mean, layout).into_iter();
    let (other, kept) = Density::from_fn(layout.clone(), |_, _| values.next().unwrap());
    assert!((kept - (1.0 - problem.lost)).abs() < 1e-13);
    for (x, y) in problem.start.data().iter().zip(other.data()) {
        assert!((x - y).abs() < 1e-14, "{x} {y}");
    }
}

/// A correlated start under a quadratic model, against the gaussian level.
#[test]
fn correlated_starts_move_as_at_the_gaussian_level() {
    let starts = [["a", "0.3", "0.1", "0.1", "0.4"], ["b", "-0.2*i", "0", "0", "0"]];
    let model = correlated(
        &["a", "b"],
        &[],
        "0.9*n(a) - 0.4*n(b) + 0.3*(dag(a)*b + h.c.) + 0.1*i*(a*b - dag(a)*dag(b))",
        "",
        &["sqrt(0.5)*a", "sqrt(0.7)*b", "0.3*dag(b)"],
        &starts,
        &[squeezed(["a", "b"], "0.3", "0.5"), mixed(["b", "a"], "0.7", "-1")],
    );
    let binding = model.bind(&[]).unwrap();
    let problem = start(&model, Cutoff::Product(vec![16, 16]));
    let mut state = problem.start;
    Evolution::new(problem.generator, 1e-10).advance(&mut state, 0.0, 1.1).unwrap();
    let kernel = crate::levels::kernel::Kernel::new(&crate::levels::equations::Equations::derive(&model));
    let bound = std::sync::Arc::new(kernel).bind(&binding.values).unwrap();
    let (mean, covariance) = (model.start_values(&binding).unwrap(), model.start_covariance(&binding).unwrap());
    let tolerance = huygens_numerics::ode::Tolerance::new(1e-11, 1e-11);
    let found = state.moments();
    let mut seen = false;
    direct::run(&bound, &mean, &covariance, &[1.1], tolerance, 1e9, |_, exact| {
        seen = true;
        for k in 0..2 {
            assert!((found.mean(k) - exact.mean(k)).norm() < 1e-4);
            for l in 0..2 {
                let (mine, theirs) = (found.covariance(k, l), exact.covariance(k, l));
                for (x, y) in mine.iter().flatten().zip(theirs.iter().flatten()) {
                    assert!((x - y).abs() < 1e-3, "{k} {l}: {x} {y}");
                }
            }
        }
    })
    .unwrap();
    assert!(seen);
}

/// Trajectories from a mixed and correlated start have the moments of the start.
#[test]
fn quantum_jumps_begin_in_the_correlated_state() {
    let starts = [["a", "0.2", "0.4", "0", "0"], ["b", "0", "0.1", "0.2", "0"]];
    let steps = [squeezed(["a", "b"], "0.3", "0.5"), mixed(["a", "b"], "0.4", "0")];
    let model = correlated(&["a", "b"], &[], "n(a)", "", &["a"], &starts, &steps);
    let binding = model.bind(&[]).unwrap();
    let jumps = jumps::Jumps::new(&model, &binding, Cutoff::Total(12)).unwrap();
    let exact = start(&model, Cutoff::Total(12)).start.moments();
    let outcome = jumps::run(&jumps, &jumps::Plan::new(9, 4000, vec![0.0]), Default::default()).unwrap();
    let found = outcome.sums(0).moments(2);
    for k in 0..4 {
        for l in 0..4 {
            // Fluctuations of a product of two variables of unit size, at most.
            let (x, y) = (found.covariance[(k, l)], exact.covariance[(k, l)]);
            assert!((x - y).abs() < 4.5 * 1.3 / 4000_f64.sqrt(), "{k} {l}: {x} {y}");
        }
    }
    assert!((exact.covariance[(0, 2)]).abs() > 0.15);
}
