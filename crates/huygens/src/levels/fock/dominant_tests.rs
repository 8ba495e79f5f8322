//! Stationary states of normalised flows: closed forms, long evolutions, dense matrices.

use approx::assert_relative_eq;
use huygens_numerics::c64;
use huygens_numerics::linalg::{RMatrix, eigenvalues};
use proptest::prelude::*;

use super::tests::dimer;
use super::*;
use crate::levels::tests::model;
use crate::model::Model;

const MEMORY: f64 = 2e9;

fn found(model: &Model, given: &[(&str, f64)], cutoff: Cutoff) -> Result<Dominant, SteadyError> {
    let problem = Stationary::new(model, &model.bind(given).unwrap(), cutoff, MEMORY).unwrap();
    assert!(!problem.lindblad);
    dominant_state(&problem.generator, MEMORY)
}

/// Two levels that gain h and lose γ: λ p₁ = (2h − γ) p₁ and λ p₀ = γ p₁ give λ = 2h − γ and p₀ : p₁ = γ : 2h − γ.
#[test]
fn two_levels_of_gain_and_loss() {
    let (h, gamma) = (0.7, 0.5);
    let hc = format!("{h}*n(a)");
    let jump = format!("sqrt({gamma})*a");
    let model = model(&["a"], &[], "0.3*n(a)", &hc, &[&jump], &[["a", "0", "0.5", "0", "0"]]);
    let state = found(&model, &[], Cutoff::Product(vec![2])).unwrap();
    let populations = state.density.populations();
    assert_relative_eq!(state.growth, 2.0 * h - gamma, max_relative = 1e-12);
    assert_relative_eq!(populations[0], gamma / (2.0 * h), max_relative = 1e-12);
    let (next, error) = state.next.unwrap();
    assert!((next.re + 2.0 * h - gamma).abs() < 1e-9 && error < 1e-6, "{next} {error}");
}

/// Two levels without jumps, driven: the state of the eigenvalue κ of K = −iH + H_c with the largest real part, λ = 2 Re κ.
#[test]
fn two_driven_levels() {
    let (delta, drive, gain) = (0.4, 0.9, 0.6);
    let h = format!("{delta}*n(a) + {drive}*(a + dag(a))");
    let model = model(&["a"], &[], &h, &format!("{gain}*n(a)"), &[], &[]);
    let state = found(&model, &[], Cutoff::Product(vec![2])).unwrap();
    let (corner, off) = (c64::new(gain, -delta), c64::new(0.0, -drive));
    let root = (corner * corner * 0.25 + off * off).sqrt();
    let (plus, minus) = (0.5 * corner + root, 0.5 * corner - root);
    let (kappa, other) = if plus.re > minus.re { (plus, minus) } else { (minus, plus) };
    // (0 − κ) v₀ + off v₁ = 0.
    let v = [off / kappa, c64::new(1.0, 0.0)];
    let norm = v[0].norm_sqr() + v[1].norm_sqr();
    assert_relative_eq!(state.growth, 2.0 * kappa.re, max_relative = 1e-11);
    for i in 0..2 {
        for j in 0..2 {
            let exact = v[i] * v[j].conj() / norm;
            assert!((state.density.element(&[i as i32], &[j as i32]) - exact).norm() < 1e-11);
        }
    }
    let (next, _) = state.next.unwrap();
    assert!((next.re - (other.re - kappa.re)).abs() < 1e-6, "{next}");
}

/// The dimer without jumps and with them below a product cut-off: where a long evolution ends, and how its trace grows.
#[test]
fn the_dimer_below_a_product_cut_off() {
    for given in [vec![("k", 0.8), ("gamma1", 0.0), ("gamma2", 0.0)], vec![("k", 0.8)]] {
        let (model, binding) = dimer(&given);
        let cutoff = Cutoff::Product(vec![7, 7]);
        let state = found(&model, &given, cutoff.clone()).unwrap();
        assert!(state.residual < 1e-10, "{}", state.residual);
        let problem = Problem::new(&model, &binding, cutoff, MEMORY).unwrap();
        let (mut long, mut evolution) = (problem.start, Evolution::new(problem.generator, 1e-11));
        evolution.advance(&mut long, 0.0, 60.0).unwrap();
        let before = long.log_trace();
        evolution.advance(&mut long, 60.0, 70.0).unwrap();
        assert_relative_eq!(state.growth, (long.log_trace() - before) / 10.0, max_relative = 1e-9);
        for (a, b) in state.density.populations().iter().zip(long.populations()) {
            assert!((a - b).abs() < 1e-9, "{given:?}: {a} {b}");
        }
        let apart = state.density.element(&[0, 1], &[1, 0]) - long.element(&[0, 1], &[1, 0]);
        assert!(apart.norm() < 1e-9 && state.density.spectrum().unwrap()[0] > -1e-10);
    }
}

/// States that grow alike: at rest the start decides, and with a hopping they turn around each other.
#[test]
fn what_grows_alike_is_told() {
    let of = |h: &str, amplitude: &str| {
        let start = [["a", amplitude, "0.5", "0", "0"], ["b", "0", "0.5", "0", "0"]];
        found(&model(&["a", "b"], &[], h, "0.5*(n(a) + n(b))", &[], &start), &[], Cutoff::Total(3)).unwrap_err()
    };
    match of("n(a)", "0") {
        SteadyError::SameGrowth { growth, frequency } => {
            assert_relative_eq!(growth, 3.0, max_relative = 1e-9);
            assert_eq!(frequency, 0.0);
        }
        other => panic!("{other}"),
    }
    assert!(of("0.3*(dag(a)*b + h.c.)", "0").to_string().contains("growth rate"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Random models of one mode: λ and the next real part from the dense matrix, the state where it is an eigenvector and positive.
    #[test]
    fn the_largest_real_part_of_the_dense_spectrum(
        delta in -1.0_f64..1.0, kerr in -0.5_f64..0.5, drive in -0.6_f64..0.6, gain in -0.3_f64..0.3, pull in -0.3_f64..0.3,
        loss in 0.1_f64..1.0, pairs in 0.0_f64..0.4,
    ) {
        let h = format!("({delta})*n(a) + ({kerr})*dag(a)^2*a^2 + ({drive})*(a + dag(a))");
        let hc = format!("({gain})*n(a) + ({pull})*i*(a - dag(a))");
        let jumps = [format!("sqrt({loss})*a"), format!("sqrt({pairs})*a^2"), "0.3*dag(a)".to_owned()];
        let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
        let model = model(&["a"], &[], &h, &hc, &jumps, &[]);
        let problem = Stationary::new(&model, &model.bind(&[]).unwrap(), Cutoff::Product(vec![6]), MEMORY).unwrap();
        let state = dominant_state(&problem.generator, MEMORY).unwrap();
        let zero = problem.operators.population(&[0], []);
        let layout = Layout::new(problem.operators.space.clone(), &zero, false, usize::MAX).unwrap();
        let generator = Generator::new(&problem.operators, std::sync::Arc::new(layout));
        let n = generator.layout().len();
        let mut dense = RMatrix::zeros(2 * n, 2 * n);
        generator.entries(|row, column, _, z| {
            dense[(row, column)] += z.re;
            dense[(row + n, column + n)] += z.re;
            dense[(row, column + n)] -= z.im;
            dense[(row + n, column)] += z.im;
        });
        // Each eigenvalue occurs twice.
        let mut values: Vec<c64> = eigenvalues(&dense).unwrap();
        values.sort_by(|a, b| b.re.total_cmp(&a.re));
        prop_assert!((state.growth - values[0].re).abs() < 1e-9, "{} {}", state.growth, values[0]);
        let (next, error) = state.next.unwrap();
        let gap = values[0].re - values[2].re;
        prop_assert!((next.re + gap).abs() < 0.02 * gap + error.min(0.1) * gap, "{next} {gap} {error}");
        prop_assert!(state.residual < 1e-9 && state.density.spectrum().unwrap()[0] > -1e-10);
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let again = pool.install(|| dominant_state(&problem.generator, MEMORY)).unwrap();
            prop_assert_eq!(again.growth, state.growth);
            prop_assert_eq!(again.density.data(), state.density.data());
        }
    }
}
