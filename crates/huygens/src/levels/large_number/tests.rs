use std::f64::consts::PI;

use approx::assert_relative_eq;
use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, hermitian_eigen};

use super::*;
use crate::costs::ergotropy::{ergotropy, relative_entropy_to_gibbs};
use crate::levels::stochastic::langevin::Noise;
use crate::levels::tests::{dimer as waveguides, model, thermal};
use crate::measures::testing::evaluate;
use crate::model::Model;

/// The two waveguides of Aifer et al.; `scale` multiplies their two-photon rates.
fn dimer() -> Model {
    dimer_from(&thermal)
}

/// The same from other occupations, given the frequency.
fn dimer_from(start: &dyn Fn(&str) -> String) -> Model {
    waveguides([["0", &start("omega1")], ["0", &start("omega2")]])
}

fn instanton(model: &Model, values: &[(&str, f64)]) -> Instanton {
    Instanton::of_model(model, &model.bind(values).unwrap()).unwrap()
}

const OMEGA: [f64; 2] = [2.0 * PI, 3.0 * PI];

/// D, χ and L at t = 10 against independent values (those of D extrapolate number bases to larger numbers), the growth rate against its
/// closed form λ = k²/(2u₁u₂) − Δ²/(s₁ + s₂ + (u₁ + u₂)²/2), which neglects (βΔ)².
#[test]
fn the_dimer_at_large_numbers() {
    let model = dimer();
    let options = Options::default();
    let rates = |gamma: f64, w: f64| {
        let n = 1.0 / ((0.1 * w).exp() - 1.0);
        ((gamma * (n + 1.0)).sqrt(), (gamma * n).sqrt())
    };
    let ((d1, u1), (d2, u2)) = (rates(0.00087, OMEGA[0]), rates(0.0016, OMEGA[1]));
    let (narrow, wide) = ([d1 - u1, d2 - u2], [(d1 + u1).powi(2), (d2 + u2).powi(2)]);
    let rise = 1.0 / (2.0 * narrow[0] * narrow[1]);
    let fall = 1.0 / (wide[0] + wide[1] + 0.5 * (narrow[0] + narrow[1]).powi(2));
    assert_relative_eq!(rise, 2232.1727298372543, max_relative = 1e-10);
    assert_relative_eq!(fall, 77.06098302291143, max_relative = 1e-10);
    for (k, d, chi, l, most) in [
        (5.0, 0.2037, 11.442, 4288.0, 23000.0),
        (3.0, 0.2455, 10.666, 2557.0, 13800.0),
        (1.0, 0.5549, 8.882, 789.6, 4580.0),
    ] {
        let instanton = instanton(&model, &[("k", k)]);
        assert_eq!(instanton.charges(), [[1.0, 1.0]]);
        let branch = instanton.branch(10.0, &options).unwrap();
        let path = branch.dominant().unwrap();
        assert!(path.residual < 1e-9 && path.duration == 10.0);
        // To leading order, and with the correction of relative order 1/N.
        assert_relative_eq!(evaluate("sync_distance", &path.snapshot()), d, max_relative = 3e-3);
        let c = instanton.correlations(path, &options).unwrap();
        let corrected = 1.0 - 2.0 * c[(0, 1)].re / (c[(0, 0)].re + c[(1, 1)].re + 1.0);
        assert_relative_eq!(corrected.sqrt(), d, max_relative = 3e-4);
        assert_relative_eq!(path.numbers().into_iter().fold(0.0, f64::max), most, max_relative = 0.01);
        assert_relative_eq!(path.generator, rise * k * k - fall * PI * PI, max_relative = 3e-3);
        for z in &path.nodes {
            assert_relative_eq!(instanton.generator(z).unwrap(), path.generator, max_relative = 1e-6);
        }
        let fluctuations = instanton.fluctuations(path, &options).unwrap();
        assert!(fluctuations.asymmetry < 1e-9, "{}", fluctuations.asymmetry);
        let energy = path.amplitudes().iter().zip(OMEGA).map(|(a, w)| w * a.norm_sqr()).sum();
        assert_relative_eq!(ergotropy(&OMEGA, energy, fluctuations.entropy).unwrap(), chi, max_relative = 1e-4);
        let relative = relative_entropy_to_gibbs(&OMEGA, 0.05, energy, fluctuations.entropy).unwrap();
        assert_relative_eq!(relative, l, max_relative = 2e-4);
        // The action is the integral of the growth rate along the branch: the trapezium of the last two points.
        let [.., a, b] = &branch.paths[..] else { panic!("a branch of one point") };
        let slope = (b.action - a.action) / (b.duration - a.duration);
        assert_relative_eq!(slope, 0.5 * (a.generator + b.generator), max_relative = 1e-6);
    }
}

/// At two hundred times the rates a number basis still reaches: S = 5.145 and Var N = 159.1 there, with 57 quanta.
#[test]
fn fluctuations_are_those_of_the_density_matrix() {
    let model = dimer();
    let instanton = instanton(&model, &[("k", 5.0), ("scale", 200.0)]);
    let options = Options::default();
    let path = instanton.branch(3.0, &options).unwrap().paths.pop().unwrap();
    let fluctuations = instanton.fluctuations(&path, &options).unwrap();
    assert_relative_eq!(fluctuations.entropy, 5.145, max_relative = 5e-3);
    assert_relative_eq!(fluctuations.numbers[(0, 0)], 159.1, max_relative = 0.01);
    assert_eq!(fluctuations.symplectic.len(), 1);
}

/// Below the threshold the branch does not come from the state at rest; followed there from k = 1 its action is negative and so is
/// its growth rate: k_c = 0.5833.
#[test]
fn below_the_threshold_the_vacuum_wins() {
    let model = dimer();
    let options = Options::default();
    let none = instanton(&model, &[("k", 0.5)]).branch(10.0, &options).unwrap();
    assert!(none.dominant().is_none() && none.paths.is_empty());
    assert!((none.departure.supremum - 0.940).abs() < 5e-4);
    let mut path = instanton(&model, &[("k", 1.0)]).branch(3.0, &options).unwrap().paths.pop().unwrap();
    let mut growth = Vec::new();
    for k in [0.9, 0.8, 0.7, 0.65, 0.62, 0.6, 0.59, 0.58, 0.57, 0.55, 0.53] {
        path = instanton(&model, &[("k", k)]).solve(&path, 3.0, &options).unwrap();
        growth.push((k, path.generator));
    }
    assert!(path.action < -200.0 && path.verdict() == Verdict::Rest);
    let zero = growth.windows(2).find(|w| w[0].1 > 0.0 && w[1].1 <= 0.0).unwrap();
    let threshold = zero[0].0 + (zero[1].0 - zero[0].0) * zero[0].1 / (zero[0].1 - zero[1].1);
    assert!((threshold - 0.5833).abs() < 5e-4, "{threshold}");
}

/// One mode with gain and two-photon loss is a birth-and-death chain: numbers, variances and entropies approach those of its
/// exact solution as 1/N, with one loop numbers and norms as 1/N in absolute value.
#[test]
fn one_mode_against_its_number_distribution() {
    let duration = 2.0;
    for gamma in [0.02f64, 0.01] {
        let jump = format!("sqrt({gamma})*a^2");
        let model = model(&["a"], &[], "1.3*n(a)", "n(a)", &[&jump], &[["a", "0", "0.2", "0", "0"]]);
        let instanton = instanton(&model, &[]);
        let options = Options::default();
        let branch = instanton.branch(duration, &options).unwrap();
        assert_relative_eq!(branch.departure.time.unwrap(), 0.5 * 6f64.ln(), max_relative = 1e-10);
        let path = branch.dominant().unwrap();
        let fluctuations = instanton.fluctuations(path, &options).unwrap();
        // Ṙ_n = 2nR_n + γ[(n+2)(n+1)R_{n+2} − n(n−1)R_n] from a thermal start.
        let size = (5.0 / gamma) as usize;
        let mut r: Vec<f64> = (0..size).map(|n| 6f64.recip().powi(n as i32) * 5.0 / 6.0).collect();
        let steps = (duration * gamma * (size * size) as f64).ceil();
        let dt = duration / steps;
        let rate = |r: &[f64]| -> Vec<f64> {
            (0..size)
                .map(|n| {
                    let x = n as f64;
                    let fed = if n + 2 < size { gamma * (x + 2.0) * (x + 1.0) * r[n + 2] } else { 0.0 };
                    fed + (2.0 - gamma * (x - 1.0)) * x * r[n]
                })
                .collect()
        };
        let moved = |r: &[f64], k: &[f64], h: f64| -> Vec<f64> { r.iter().zip(k).map(|(r, k)| r + h * k).collect() };
        let mut log_norm = 0.0;
        for _ in 0..steps as usize {
            let k1 = rate(&r);
            let k2 = rate(&moved(&r, &k1, 0.5 * dt));
            let k3 = rate(&moved(&r, &k2, 0.5 * dt));
            let k4 = rate(&moved(&r, &k3, dt));
            for n in 0..size {
                r[n] += dt / 6.0 * (k1[n] + 2.0 * (k2[n] + k3[n]) + k4[n]);
            }
            let norm: f64 = r.iter().sum();
            log_norm += norm.ln();
            r.iter_mut().for_each(|x| *x /= norm);
        }
        let mean: f64 = r.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
        let variance: f64 = r.iter().enumerate().map(|(n, p)| (n as f64 - mean).powi(2) * p).sum();
        let entropy: f64 = r.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let small = 1.0 / mean;
        assert_relative_eq!(path.amplitudes()[0].norm_sqr(), mean, max_relative = 0.5 * small);
        assert_relative_eq!(fluctuations.numbers[(0, 0)], variance, max_relative = 0.3 * small);
        assert_relative_eq!(fluctuations.entropy, entropy, epsilon = 0.15 * small);
        // Quieter than a coherent state: the P function is no density, the state is one.
        assert!(fluctuations.numbers[(0, 0)] < 0.6 * path.amplitudes()[0].norm_sqr());
        assert_relative_eq!(instanton.log_norm(path, &options).unwrap(), log_norm, epsilon = 0.2 * small);
        assert_relative_eq!(instanton.correlations(path, &options).unwrap()[(0, 0)].re, mean, epsilon = 0.06 * small);
    }
}

/// Pairing in H_c leaves no U(1): two paths ±α, against the density matrix. Its entropy is larger by ln 2, and moments differ by
/// terms of order 1.
#[test]
fn pairing_against_the_density_matrix() {
    let duration = 2.0;
    for gamma in [0.1f64, 0.05] {
        let jump = format!("sqrt({gamma})*a^2");
        let model =
            model(&["a"], &[], "0.7*n(a)", "0.6*n(a) + 0.3*(a^2 + h.c.)", &[&jump], &[["a", "0", "0.2", "0", "0"]]);
        let instanton = instanton(&model, &[]);
        assert!(instanton.charges().is_empty());
        let options = Options::default();
        let branch = instanton.branch(duration, &options).unwrap();
        let path = branch.dominant().unwrap();
        let fluctuations = instanton.fluctuations(path, &options).unwrap();
        let size = (4.0 / gamma) as usize + 16;
        let root: Vec<f64> = (0..size + 2).map(|n| (n as f64).sqrt()).collect();
        let mut r = CMatrix::zeros(size, size);
        for n in 0..size {
            r[(n, n)].re = 6f64.recip().powi(n as i32) * 5.0 / 6.0;
        }
        let rate = |r: &CMatrix| {
            CMatrix::from_fn(size, size, |i, j| {
                let (x, y) = (i as f64, j as f64);
                let own = 0.6 * (x + y) - 0.5 * gamma * (x * (x - 1.0) + y * (y - 1.0));
                let mut sum = r[(i, j)] * c64::new(own, -0.7 * (x - y));
                let (up, left) = (i + 2 < size, j + 2 < size);
                if up {
                    sum += r[(i + 2, j)] * (0.3 * root[i + 1] * root[i + 2]);
                }
                if i >= 2 {
                    sum += r[(i - 2, j)] * (0.3 * root[i] * root[i - 1]);
                }
                if left {
                    sum += r[(i, j + 2)] * (0.3 * root[j + 1] * root[j + 2]);
                }
                if j >= 2 {
                    sum += r[(i, j - 2)] * (0.3 * root[j] * root[j - 1]);
                }
                if up && left {
                    sum += r[(i + 2, j + 2)] * (gamma * root[i + 1] * root[i + 2] * root[j + 1] * root[j + 2]);
                }
                sum
            })
        };
        let steps = (duration * gamma * (size * size) as f64).ceil();
        let dt = duration / steps;
        let real = |x: f64| c64::new(x, 0.0);
        let mut log_norm = 0.0;
        for _ in 0..steps as usize {
            let k1 = rate(&r);
            let k2 = rate(&(&r + &k1.scale(real(0.5 * dt))));
            let k3 = rate(&(&r + &k2.scale(real(0.5 * dt))));
            let k4 = rate(&(&r + &k3.scale(real(dt))));
            for (k, w) in [(k1, 1.0), (k2, 2.0), (k3, 2.0), (k4, 1.0)] {
                r.add_scaled(real(w * dt / 6.0), &k);
            }
            let norm = r.trace().re;
            log_norm += norm.ln();
            r = r.scale(real(1.0 / norm));
        }
        r.symmetrize();
        let number: f64 = (0..size).map(|n| n as f64 * r[(n, n)].re).sum();
        let pair: c64 = (0..size - 2).map(|n| r[(n + 2, n)] * (root[n + 1] * root[n + 2])).sum();
        let (weights, _) = hermitian_eigen(&r).unwrap();
        let entropy: f64 = weights.iter().filter(|x| **x > 0.0).map(|x| -x * x.ln()).sum();
        let alpha = path.amplitudes()[0];
        assert!((alpha.norm_sqr() - number).abs() < 0.1);
        assert!((alpha * alpha - pair).norm() < 0.15);
        let corrected = instanton.correlations(path, &options).unwrap()[(0, 0)];
        assert!((corrected.re - number).abs() < 0.02 * gamma && corrected.im == 0.0);
        assert!((instanton.log_norm(path, &options).unwrap() + 2f64.ln() - log_norm).abs() < 0.02 * gamma);
        assert!((fluctuations.entropy + 2f64.ln() - entropy).abs() < 0.1 * gamma, "{fluctuations:?} {entropy}");
        let earlier = instanton.at(&branch, 1.0, &options).unwrap().unwrap();
        assert!(earlier.duration == 1.0 && earlier.action < path.action);
        assert_eq!(instanton.at(&branch, 0.5, &options).unwrap(), None);
    }
}

#[test]
fn what_has_no_path_says_why() {
    let refused = |h: &str, start: [&str; 5]| {
        let model = model(&["a"], &[], h, "n(a)", &["0.1*a^2"], &[start]);
        Instanton::of_model(&model, &model.bind(&[]).unwrap())
    };
    assert!(matches!(refused("n(a) + cos(t)*(a^2 + h.c.)", ["a", "0", "0.2", "0", "0"]), Err(InstantonError::Driven)));
    assert!(matches!(refused("n(a)", ["a", "1", "0.2", "0", "0"]), Err(InstantonError::Quadratic(_))));
    let displaced = refused("n(a) + a + dag(a)", ["a", "0", "0.2", "0", "0"]).unwrap();
    assert!(matches!(displaced.branch(1.0, &Options::default()), Err(InstantonError::Displaced)));
    let fine = refused("n(a)", ["a", "0", "0.2", "0", "0"]).unwrap();
    for duration in [0.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(fine.branch(duration, &Options::default()), Err(InstantonError::Duration { .. })));
    }
    let few = Options { points: 3, ..Options::default() };
    assert!(matches!(fine.branch(3.0, &few), Err(InstantonError::NotReached { points: 3, .. })));
    // The vacuum has no tail that a gain could lift.
    let cold = refused("n(a)", ["a", "0", "0", "0", "0"]).unwrap();
    assert!(cold.branch(10.0, &Options::default()).unwrap().paths.is_empty());
}

/// The classical master equation with its reweighting synchronizes as the quantum one does: at k = 1, where the Langevin equations alone
/// stay apart (D = 1.13), D = 0.451 beside 0.554. The start is forgotten; the noise is not, for it feeds what the weights amplify.
#[test]
fn the_classical_dimer_synchronizes_once_its_weights_are_kept() {
    let options = Options::default();
    for (start, noise, wanted) in [
        ("1/(beta*{})", Noise::Symmetric, 0.451),
        ("1/(exp(beta*{}) - 1)", Noise::Symmetric, 0.451),
        ("1/(exp(beta*{}) - 1)", Noise::Thermal, 0.652),
    ] {
        let model = dimer_from(&|w| start.replace("{}", w));
        let binding = model.bind(&[("k", 1.0)]).unwrap();
        let instanton = Instanton::classical(&model, &binding, noise).unwrap();
        let branch = instanton.branch(10.0, &options).unwrap();
        let path = branch.dominant().unwrap();
        assert_relative_eq!(evaluate("sync_distance", &path.snapshot()), wanted, max_relative = 2e-3);
        for z in &path.nodes {
            assert_relative_eq!(instanton.generator(z).unwrap(), path.generator, max_relative = 1e-6);
        }
        assert!(matches!(instanton.log_norm(path, &options), Err(InstantonError::Classical { .. })));
        assert!(matches!(instanton.fluctuations(path, &options), Err(InstantonError::Classical { .. })));
    }
}

/// Where the model is quadratic the P function has no terms beyond the second derivative: classical and quantum path are one.
#[test]
fn linear_jumps_have_one_path() {
    let model = model(
        &["a", "b"],
        &[],
        "1.3*n(a) + 2*n(b)",
        "0.4*n(a) + 0.7*(dag(a)*b + h.c.)",
        &["sqrt(0.6)*a", "sqrt(0.2)*dag(a)", "sqrt(0.3)*b"],
        &[["a", "0", "0.5", "0", "0"], ["b", "0", "0.2", "0", "0"]],
    );
    let binding = model.bind(&[]).unwrap();
    let quantum = Instanton::of_model(&model, &binding).unwrap();
    let classical = Instanton::classical(&model, &binding, Noise::Thermal).unwrap();
    let z = [c64::new(0.3, -0.8), c64::new(1.1, 0.4), c64::new(-0.6, 0.9), c64::new(0.2, 0.7)];
    assert_relative_eq!(quantum.generator(&z).unwrap(), classical.generator(&z).unwrap(), max_relative = 1e-12);
    assert_eq!(quantum.departure(9.0).unwrap(), classical.departure(9.0).unwrap());
}
