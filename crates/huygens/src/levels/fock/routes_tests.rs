//! Which way a steady state and a slow decay are found, and that all ways end at the same numbers.

use approx::assert_relative_eq;
use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, RMatrix, eigenvalues};
use proptest::prelude::*;

use super::dominant::slowest;
use super::*;
use crate::levels::tests::model;

const MEMORY: f64 = 2e9;

fn one(h: &str, hc: &str, jumps: &[&str], dim: usize) -> Stationary {
    let model = model(&["a"], &[], h, hc, jumps, &[]);
    Stationary::new(&model, &model.bind(&[]).unwrap(), Cutoff::Product(vec![dim]), MEMORY).unwrap()
}

/// The largest distance of two states of one layout, element by element.
fn apart(a: &Density, b: &Density) -> f64 {
    a.data().iter().zip(b.data()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

/// Two coupled oscillators below `dim` quanta each, driven and coupled faster than they decay: their diagonals alone say nothing of the
/// steady state.
fn hard(dim: usize) -> Stationary {
    let h = "0.5*n(a) - 0.4*n(b) + 0.3*dag(a)^2*a^2 + 0.2*dag(b)^2*b^2 + 1.2*(a + dag(a)) + 0.9*(dag(a)*b + h.c.)";
    let model = model(&["a", "b"], &[], h, "", &["0.3*a", "0.24*b"], &[]);
    Stationary::new(&model, &model.bind(&[]).unwrap(), Cutoff::Product(vec![dim, dim]), MEMORY).unwrap()
}

/// Sparse factors for few unknowns, GMRES with the diagonals for many, with the evolution between jumps where that stalls: each is
/// taken, and ends at the state that another method finds.
#[test]
fn the_automatic_method_goes_on_until_one_holds() {
    let driven = |dim: usize| one("-0.8*n(a) + 0.25*dag(a)^2*a^2 + 1.5*i*(dag(a) - a)", "", &["a"], dim);
    // Sparse factors of more than 5800 unknowns take more.
    let little = 5e7;
    for (problem, memory, taken, other) in [
        (driven(16), MEMORY, SteadyMethod::Direct, SteadyMethod::Flow),
        (driven(24), MEMORY, SteadyMethod::Iterative, SteadyMethod::Direct),
        (hard(5), MEMORY, SteadyMethod::NoJump, SteadyMethod::Flow),
        (hard(9), little, SteadyMethod::NoJump, SteadyMethod::Direct),
    ] {
        let found = steady_state(&problem.generator, SteadyMethod::Automatic, memory).unwrap();
        assert_eq!(found.method, taken);
        let reference = steady_state(&problem.generator, other, MEMORY).unwrap();
        assert_eq!(reference.method, other);
        let apart = apart(&found.density, &reference.density);
        assert!(apart < 1e-9, "{taken:?} {other:?}: {apart:e}");
    }
    let refused = |dim: usize, method: SteadyMethod| steady_state(&hard(dim).generator, method, little).unwrap_err();
    assert!(matches!(refused(5, SteadyMethod::Iterative), SteadyError::NoConvergence { .. }));
    assert!(matches!(refused(9, SteadyMethod::Iterative), SteadyError::NoConvergence { .. }));
    assert!(matches!(refused(9, SteadyMethod::Direct), SteadyError::Memory { .. }));
}

/// All eigenvalues of the Liouvillian of one mode below `dim` quanta as a dense matrix, K ⊗ 1 + 1 ⊗ K* + Σ L ⊗ L* on the elements by
/// rows, with K = −iH + H_c − ½ Σ L†L of truncated matrices; the largest real part first. Each occurs twice, as the real form has them.
fn liouvillian(h: &CMatrix, hc: &CMatrix, jumps: &[CMatrix]) -> Vec<c64> {
    let d = h.rows();
    let mut k = &h.scale(c64::new(0.0, -1.0)) + hc;
    for jump in jumps {
        k.add_scaled(c64::new(-0.5, 0.0), &(&jump.adjoint() * jump));
    }
    let delta = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
    let entry = |(i, j): (usize, usize), (m, n): (usize, usize)| {
        let jumps: c64 = jumps.iter().map(|l| l[(i, m)] * l[(j, n)].conj()).sum();
        k[(i, m)] * delta(j, n) + k[(j, n)].conj() * delta(i, m) + jumps
    };
    let n = d * d;
    let real = RMatrix::from_fn(2 * n, 2 * n, |row, column| {
        let z = entry((row % n / d, row % d), (column % n / d, column % d));
        match (row < n, column < n) {
            (true, true) | (false, false) => z.re,
            (true, false) => -z.im,
            (false, true) => z.im,
        }
    });
    let mut values = eigenvalues(&real).unwrap();
    values.sort_by(|a, b| b.re.total_cmp(&a.re));
    values
}

/// A driven Kerr oscillator with gain, loss and pair loss: its model, and its dense spectrum.
fn kerr([delta, kerr, drive, gain, loss, pairs]: [f64; 6], dim: usize) -> (Stationary, Vec<c64>) {
    let h = format!("({delta})*n(a) + ({kerr})*dag(a)^2*a^2 + ({drive})*(a + dag(a))");
    let hc = if gain == 0.0 { String::new() } else { format!("({gain})*n(a)") };
    let jumps = [format!("sqrt({loss})*a"), format!("sqrt({pairs})*a^2")];
    let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
    let a = CMatrix::from_fn(dim, dim, |i, j| c64::new(if i + 1 == j { (j as f64).sqrt() } else { 0.0 }, 0.0));
    let number = CMatrix::from_fn(dim, dim, |i, j| c64::new(if i == j { i as f64 } else { 0.0 }, 0.0));
    let two = &a * &a;
    let mut hamiltonian = number.scale(delta.into());
    hamiltonian.add_scaled(kerr.into(), &(&two.adjoint() * &two));
    hamiltonian.add_scaled(drive.into(), &(&a + &a.adjoint()));
    let values = liouvillian(
        &hamiltonian,
        &number.scale(gain.into()),
        &[a.scale(loss.sqrt().into()), two.scale(pairs.sqrt().into())],
    );
    (one(&h, &hc, &jumps, dim), values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// The slowest decay of a detuned, weakly driven oscillator is that of its coherences, a pair that turns: dense matrices, sparse
    /// factors, the flow and the gap agree on its decay, and all but the gap on how fast it turns.
    #[test]
    fn a_pair_that_turns_decays_most_slowly(
        delta in 0.6_f64..1.5, nonlinear in -0.05_f64..0.05, drive in 0.08_f64..0.25, loss in 0.3_f64..1.0, pairs in 0.0_f64..0.1,
    ) {
        let (problem, dense) = kerr([delta, nonlinear, drive, 0.0, loss, pairs], 6);
        // The steady state twice, then the pair twice.
        let exact = dense[2];
        prop_assert!(dense[1].norm() < 1e-9 && exact.re < -1e-3 && exact.im.abs() > 0.3, "{:?}", &dense[..6]);
        let steady = steady_state(&problem.generator, SteadyMethod::Automatic, MEMORY).unwrap().density;
        let (flow, error) = slowest(&problem.generator, Some(&steady), MEMORY).unwrap().unwrap();
        prop_assert!(error < 1e-5, "{error}");
        prop_assert!((flow.re - exact.re).abs() < 1e-5 * exact.re.abs(), "{flow} {exact}");
        prop_assert!((flow.im.abs() - exact.im.abs()).abs() < 1e-5, "{flow} {exact}");
        let modes = slow_modes(&problem.generator, Some(&steady), 30, MEMORY).unwrap();
        prop_assert!((modes[0].value.re - exact.re).abs() < 1e-7, "{:?} {exact}", modes[0]);
        prop_assert!((modes[0].value.im.abs() - exact.im.abs()).abs() < 1e-7, "{:?} {exact}", modes[0]);
        prop_assert!((modes[0].value - modes[1].value.conj()).norm() < 1e-7, "{:?} {:?}", modes[0], modes[1]);
        let gap = problem.gap(&steady, MEMORY).unwrap();
        prop_assert!((gap + exact.re).abs() < 1e-5 * gap, "{gap} {exact}");
    }

    /// The same for a normalised flow: the next state after the one that grows fastest, a pair that turns about it.
    #[test]
    fn the_next_state_turns(
        delta in 0.6_f64..1.5, nonlinear in -0.05_f64..0.05, drive in 0.08_f64..0.25, gain in 0.02_f64..0.1, loss in 0.4_f64..1.0,
    ) {
        let (problem, dense) = kerr([delta, nonlinear, drive, gain, loss, 0.05], 6);
        let found = dominant_state(&problem.generator, MEMORY).unwrap();
        let exact = dense[2] - dense[0];
        prop_assert!(dense[0].im.abs() < 1e-9 && exact.re < -1e-3 && exact.im.abs() > 0.3, "{:?}", &dense[..6]);
        prop_assert!((found.growth - dense[0].re).abs() < 1e-9, "{} {}", found.growth, dense[0]);
        let (next, error) = found.next.unwrap();
        prop_assert!(error < 1e-5, "{error}");
        prop_assert!((next.re - exact.re).abs() < 1e-5 * exact.re.abs(), "{next} {exact}");
        prop_assert!((next.im.abs() - exact.im.abs()).abs() < 1e-5, "{next} {exact}");
    }
}

/// Without a drive the coherences lie in sectors of their own, ⟨n|ρ|n + m⟩ decays at |m|κ/2 and turns at mδ: the gap looks there, too.
#[test]
fn a_pair_of_another_sector() {
    let (problem, dense) = kerr([0.9, 0.0, 0.0, 0.0, 0.5, 0.0], 6);
    assert!((dense[2].re + 0.25).abs() < 1e-10 && (dense[2].im.abs() - 0.9).abs() < 1e-10, "{}", dense[2]);
    let sector = problem.sector(&[1], MEMORY).unwrap();
    let (flow, error) = slowest(&sector, None, MEMORY).unwrap().unwrap();
    assert!(error < 1e-6 && (flow.re + 0.25).abs() < 1e-6 && (flow.im.abs() - 0.9).abs() < 1e-6, "{flow} {error}");
    let steady = steady_state(&problem.generator, SteadyMethod::Automatic, MEMORY).unwrap().density;
    assert_relative_eq!(problem.gap(&steady, MEMORY).unwrap(), 0.25, max_relative = 1e-6);
}
