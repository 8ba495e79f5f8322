use std::f64::consts::PI;

use approx::assert_relative_eq;
use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, RMatrix};

use super::*;
use crate::costs::ergotropy::{ergotropy, relative_entropy_to_gibbs};
use crate::levels::tests::model;
use crate::measures::Snapshot;
use crate::measures::correlations::symplectic::entropy;
use crate::measures::testing::{Random, evaluate};

/// The two waveguides of Aifer et al., their two-photon jumps switched off.
fn dimer() -> Model {
    let occupation = |w: &str| format!("1/(exp(beta*{w}) - 1)");
    let (n1, n2) = (occupation("omega1"), occupation("omega2"));
    model(
        &["a1", "a2"],
        &[("omega1", "2*pi"), ("omega2", "3*pi"), ("k", "1"), ("beta", "0.05"), ("gamma", "0")],
        "omega1*(n(a1) + 1/2) + omega2*(n(a2) + 1/2)",
        "k/2*(dag(a1)*a2 + h.c.)",
        &["sqrt(gamma)*a1^2", "sqrt(gamma)*dag(a2)^2"],
        &[["a1", "0", &n1, "0", "0"], ["a2", "0", &n2, "0", "0"]],
    )
}

const OMEGA: [f64; 2] = [2.0 * PI, 3.0 * PI];

/// Independent values of D, n₁, n₂, χ and L; the general flow gives the same covariance; k → −k maps D² to 2 − D².
#[test]
fn the_dimer_without_jumps_meets_the_references() {
    let model = dimer();
    let cases = [
        (
            5.0,
            0.05,
            [0.6112335687245729, 5.025349740467972, 3.2209286114851032, 0.5418290140874049, 0.9090786371253614],
        ),
        (1.0, 0.2, [0.7286685299594878, 3.8345624769157065, 2.419018396337635, 0.3002157986431886, 0.4037013126282072]),
    ];
    for (k, t, [d, n1, n2, chi, l]) in cases {
        let binding = model.bind(&[("k", k)]).unwrap();
        let flow = NumberFlow::of_model(&model, &binding).unwrap();
        let start = NumberState::of_model(&model, &binding).unwrap();
        let initial = start.correlations();
        assert_relative_eq!(initial[(0, 0)].re, 2.709235837292568, max_relative = 1e-12);
        assert_relative_eq!(initial[(1, 1)].re, 1.661191238362023, max_relative = 1e-12);
        let state = flow.at(&start, t).unwrap();
        let snapshot = state.snapshot();
        let n = [state.correlations()[(0, 0)].re, state.correlations()[(1, 1)].re];
        let distance = evaluate("sync_distance", &snapshot);
        assert_relative_eq!(distance, d, max_relative = 1e-9);
        assert_relative_eq!(n[0], n1, max_relative = 1e-9);
        assert_relative_eq!(n[1], n2, max_relative = 1e-9);
        let energy = OMEGA[0] * n[0] + OMEGA[1] * n[1];
        assert_relative_eq!(ergotropy(&OMEGA, energy, state.entropy()).unwrap(), chi, max_relative = 1e-9);
        let relative = relative_entropy_to_gibbs(&OMEGA, 0.05, energy, state.entropy()).unwrap();
        assert_relative_eq!(relative, l, max_relative = 1e-9);
        assert_relative_eq!(entropy(&snapshot.covariance), state.entropy(), max_relative = 1e-10);

        let general = QuadraticFlow::of_model(&model, &binding).unwrap();
        let other = general.at(&start.snapshot(), t).unwrap();
        assert!((&other.covariance - &snapshot.covariance).norm_max() < 1e-10 * snapshot.covariance.norm_max());

        let mirrored = NumberFlow::of_model(&model, &model.bind(&[("k", -k)]).unwrap()).unwrap();
        let opposite = evaluate("sync_distance", &mirrored.at(&start, t).unwrap().snapshot());
        assert_relative_eq!(opposite * opposite + distance * distance, 2.0, max_relative = 1e-12);
    }
}

/// T_c of the references, by both routes, and none below |Δ|.
#[test]
fn divergence_times() {
    let model = dimer();
    for (k, time) in [(5.0, 0.07706), (3.0, 0.12899), (1.0, 0.41213)] {
        let binding = model.bind(&[("k", k)]).unwrap();
        let flow = NumberFlow::of_model(&model, &binding).unwrap();
        let start = NumberState::of_model(&model, &binding).unwrap();
        let horizon = flow.horizon().unwrap();
        assert_eq!(horizon.is_infinite(), k > PI);
        let found = flow.divergence(&start, horizon).unwrap();
        let at = found.time.unwrap();
        assert!((at - time).abs() < 6e-6, "{at}");
        let x = flow.at(&start, at * (1.0 - 1e-9)).unwrap();
        assert!(*x.spectrum().last().unwrap() > 1.0 - 1e-6);
        assert!(matches!(flow.at(&start, at + 1e-9), Err(NonHermitianError::Diverged { .. })));
        let general = QuadraticFlow::of_model(&model, &binding).unwrap();
        let other = general.divergence(&start.snapshot(), 1.0).unwrap();
        assert_relative_eq!(other.time.unwrap(), at, max_relative = 1e-9);
        // A time before it is no divergence, and the supremum is at the end.
        let before = flow.divergence(&start, 0.9 * at).unwrap();
        assert!(before.time.is_none() && before.supremum < 1.0 && before.at == 0.9 * at);
    }
    let binding = model.bind(&[("k", 0.5)]).unwrap();
    let flow = NumberFlow::of_model(&model, &binding).unwrap();
    let start = NumberState::of_model(&model, &binding).unwrap();
    let horizon = flow.horizon().unwrap();
    let found = flow.divergence(&start, horizon).unwrap();
    assert_eq!(found.time, None);
    assert!((found.supremum - 0.940).abs() < 5e-4, "{found:?}");
    let later = flow.divergence(&start, 3.0 * horizon).unwrap();
    assert_relative_eq!(later.supremum, found.supremum, max_relative = 1e-9);
    let general = QuadraticFlow::of_model(&model, &binding).unwrap();
    let other = general.divergence(&start.snapshot(), horizon).unwrap();
    assert_eq!(other.time, None);
    assert_relative_eq!(other.supremum, found.supremum, max_relative = 1e-8);
}

/// A matrix of a truncated mode.
fn ladder(size: usize) -> CMatrix {
    CMatrix::from_fn(size, size, |i, j| c64::new(if j == i + 1 { (j as f64).sqrt() } else { 0.0 }, 0.0))
}

/// Pairing, displacement, squeezed start and linear jumps of one mode against the density matrix in a number basis that is
/// large enough not to matter.
#[test]
fn the_general_flow_is_that_of_the_density_matrix() {
    let (h_text, hc_text) = (
        "1.3*n(a) + 0.2*(a^2 + h.c.) + 0.3*i*(a - dag(a))",
        "-0.25*n(a) + 0.1*(a^2 + h.c.) + 0.05*i*(dag(a)^2 - a^2) + 0.15*(a + dag(a)) + 0.7",
    );
    let model = model(
        &["a"],
        &[],
        h_text,
        hc_text,
        &["sqrt(0.3)*a + 0.1", "sqrt(0.1)*dag(a)"],
        &[["a", "0.4 - 0.2*i", "0.15", "0.25", "0.6"]],
    );
    let binding = model.bind(&[]).unwrap();
    let flow = QuadraticFlow::of_model(&model, &binding).unwrap();
    let start =
        Snapshot { mean: model.start_values(&binding).unwrap(), covariance: model.start_covariance(&binding).unwrap() };

    let size = 44;
    let a = ladder(size);
    let ad = a.adjoint();
    let one = CMatrix::identity(size);
    let real = |x: f64| c64::new(x, 0.0);
    let imaginary = |x: f64| c64::new(0.0, x);
    let sum = |terms: &[(c64, &CMatrix)]| {
        let mut total = CMatrix::zeros(size, size);
        for (c, m) in terms {
            total.add_scaled(*c, m);
        }
        total
    };
    let (aa, dd, n) = (&a * &a, &ad * &ad, &ad * &a);
    let h = sum(&[(real(1.3), &n), (real(0.2), &aa), (real(0.2), &dd), (imaginary(0.3), &a), (imaginary(-0.3), &ad)]);
    let hc = sum(&[
        (real(-0.25), &n),
        (c64::new(0.1, -0.05), &aa),
        (c64::new(0.1, 0.05), &dd),
        (real(0.15), &a),
        (real(0.15), &ad),
    ]);
    let jumps = [sum(&[(real(0.3f64.sqrt()), &a), (real(0.1), &one)]), sum(&[(real(0.1f64.sqrt()), &ad)])];
    // −iH + H_c − ½ΣL†L acts from the left, its adjoint from the right.
    let mut left = sum(&[(imaginary(-1.0), &h), (real(1.0), &hc)]);
    for l in &jumps {
        left.add_scaled(real(-0.5), &(&l.adjoint() * l));
    }
    // The start: thermal, squeezed by exp(½(ξ* a² − ξ a†²)) with ξ = r e^{2iθ}, displaced.
    let (nbar, r, theta, alpha) = (0.15f64, 0.25, 0.6, c64::new(0.4, -0.2));
    let thermal: Vec<c64> = (0..size).map(|k| real((nbar / (nbar + 1.0)).powi(k as i32) / (nbar + 1.0))).collect();
    let xi = c64::from_polar(r, 2.0 * theta);
    let squeeze = huygens_numerics::linalg::expm_complex(&sum(&[(xi.conj() * 0.5, &aa), (-xi * 0.5, &dd)])).unwrap();
    let displace = huygens_numerics::linalg::expm_complex(&sum(&[(alpha, &ad), (-alpha.conj(), &a)])).unwrap();
    let make = &displace * &squeeze;
    let mut rho = &(&make * &CMatrix::from_diagonal(&thermal)) * &make.adjoint();
    let rate = |rho: &CMatrix| {
        let half = &left * rho;
        let mut out = &half + &half.adjoint();
        for l in &jumps {
            out.add_scaled(real(1.0), &(&(l * rho) * &l.adjoint()));
        }
        out
    };
    let moments = |rho: &CMatrix| {
        let mean = |m: &CMatrix| (m * rho).trace() / rho.trace();
        [mean(&a), mean(&aa), mean(&n)]
    };
    let expected = |s: &Snapshot| {
        let (v, m) = (&s.covariance, s.mean[0]);
        let pair = c64::new(0.5 * (v[(0, 0)] - v[(1, 1)]), v[(0, 1)]);
        [m, pair + m * m, real(0.5 * (v[(0, 0)] + v[(1, 1)]) - 0.5 + m.norm_sqr())]
    };
    let (dt, steps) = (0.005, 160);
    for step in 0..=steps {
        if step % 80 == 0 {
            let state = flow.at(&start, dt * f64::from(step)).unwrap();
            for (x, y) in moments(&rho).iter().zip(expected(&state)) {
                assert!((x - y).norm() < 2e-7, "t = {}: {x} {y}", dt * f64::from(step));
            }
        }
        let k1 = rate(&rho);
        let at = |k: &CMatrix, h: f64| &rho + &k.scale(real(h));
        let k2 = rate(&at(&k1, 0.5 * dt));
        let k3 = rate(&at(&k2, 0.5 * dt));
        let k4 = rate(&at(&k3, dt));
        for (k, w) in [(k1, 1.0), (k2, 2.0), (k3, 2.0), (k4, 1.0)] {
            rho.add_scaled(real(w * dt / 6.0), &k);
        }
    }
}

/// The rates of change are those of the Riccati equation, from random states of two modes; two steps are one.
#[test]
fn flows_obey_their_differential_equation() {
    let mut random = Random::new(5);
    for _ in 0..20 {
        let symmetric = |random: &mut Random, size: f64| {
            let m = RMatrix::from_fn(4, 4, |_, _| size * random.normal());
            &m + &m.transpose()
        };
        let omega = RMatrix::from_fn(4, 4, |i, j| if i / 2 != j / 2 || i == j { 0.0 } else { j as f64 - i as f64 });
        let (f, g) = (symmetric(&mut random, 0.5), symmetric(&mut random, 0.1));
        let drift = &omega * &f;
        let noise = RMatrix::from_fn(4, 4, |_, _| 0.3 * random.normal());
        let diffusion = &noise * &noise.transpose();
        let force: Vec<f64> = (0..4).map(|_| random.normal()).collect();
        let gain_force: Vec<f64> = (0..4).map(|_| 0.3 * random.normal()).collect();
        let flow = QuadraticFlow::new(drift.clone(), force.clone(), &diffusion, g.clone(), &gain_force).unwrap();
        let start = random.physical(2);
        let h = 1e-4;
        let Ok(middle) = flow.at(&start, h) else { continue };
        let end = flow.at(&start, 2.0 * h).unwrap();
        let again = flow.at(&middle, h).unwrap();
        assert!((&again.covariance - &end.covariance).norm_max() < 1e-10 * end.covariance.norm_max());
        let v = &middle.covariance;
        let mut rate = &(&drift * v) + &(v * &drift.transpose());
        rate.add_scaled(1.0, &diffusion);
        rate.add_scaled(-0.5, &(&(&omega.transpose() * &g) * &omega));
        rate.add_scaled(2.0, &(&(v * &g) * v));
        let difference = (&end.covariance - &start.covariance).scale(0.5 / h);
        assert!((&difference - &rate).norm_max() < 1e-4 * rate.norm_max().max(1.0));
        let root = std::f64::consts::SQRT_2;
        let quadratures = |s: &Snapshot| s.mean.iter().flat_map(|a| [a.re * root, a.im * root]).collect::<Vec<f64>>();
        let m = quadratures(&middle);
        let pull: Vec<f64> = g.mul_vec(&m).iter().zip(&gain_force).map(|(x, y)| x + y).collect();
        let (own, pulled) = (drift.mul_vec(&m), v.mul_vec(&pull));
        let (a, b) = (quadratures(&start), quadratures(&end));
        for i in 0..4 {
            let rate = own[i] + force[i] + 2.0 * pulled[i];
            assert!(((b[i] - a[i]) * 0.5 / h - rate).abs() < 1e-4 * (1.0 + rate.abs()), "{rate}");
        }
    }
}

/// H_c = −κ a†a cools: n̄/(n̄+1) falls as e^{−2κt}, whatever route; a positive one diverges at ln((n̄+1)/n̄)/2κ.
#[test]
fn one_mode_in_closed_form() {
    for kappa in [0.3, -0.2] {
        let gain = CMatrix::from_diagonal(&[c64::new(-kappa, 0.0)]);
        let flow = NumberFlow::new(CMatrix::from_diagonal(&[c64::new(2.0, 0.0)]), gain).unwrap();
        let start = NumberState::thermal(&[0.5], 1.0).unwrap();
        let found = flow.divergence(&start, 10.0).unwrap();
        if kappa > 0.0 {
            assert_eq!((found.time, found.at), (None, 0.0));
            let x = (-0.5f64 - 2.0 * kappa * 3.0).exp();
            assert_relative_eq!(
                flow.at(&start, 3.0).unwrap().correlations()[(0, 0)].re,
                x / (1.0 - x),
                max_relative = 1e-12
            );
            assert_relative_eq!(flow.growth().unwrap(), -kappa, max_relative = 1e-12);
            assert!(flow.horizon().unwrap() > 100.0);
        } else {
            assert_relative_eq!(found.time.unwrap(), 0.5 / (-2.0 * kappa), max_relative = 1e-10);
        }
    }
}

#[test]
fn what_has_no_gaussian_solution_says_why() {
    let dimer = dimer();
    let jumping = dimer.bind(&[("gamma", 0.01)]).unwrap();
    assert!(matches!(NumberFlow::of_model(&dimer, &jumping), Err(NonHermitianError::Jump { .. })));
    let error = QuadraticFlow::of_model(&dimer, &jumping).unwrap_err();
    assert!(matches!(error, NonHermitianError::NotQuadratic { .. }) && error.to_string().contains("fock"), "{error}");
    let driven = model(&["a"], &[], "n(a) + cos(2*t)*(a + dag(a))", "0", &[], &[]);
    let binding = driven.bind(&[]).unwrap();
    assert!(matches!(QuadraticFlow::of_model(&driven, &binding), Err(NonHermitianError::Driven { .. })));
    let squeezed = model(&["a"], &[], "n(a) + 0.1*(a^2 + h.c.)", "0", &[], &[["a", "0", "0", "0.3", "0"]]);
    let binding = squeezed.bind(&[]).unwrap();
    assert!(matches!(NumberFlow::of_model(&squeezed, &binding), Err(NonHermitianError::Number { .. })));
    assert!(matches!(NumberState::of_model(&squeezed, &binding), Err(NonHermitianError::NotThermal { mode: 0 })));
    assert!(matches!(NumberState::thermal(&[1.0, 0.0], 1.0), Err(NonHermitianError::Start { .. })));
    let flow = QuadraticFlow::of_model(&squeezed, &binding).unwrap();
    let impossible = Snapshot { mean: vec![c64::new(0.0, 0.0)], covariance: RMatrix::identity(2).scale(0.2) };
    assert!(matches!(flow.at(&impossible, 1.0), Err(NonHermitianError::Start { .. })));
    let vacuum = Snapshot { mean: vec![c64::new(0.0, 0.0)], covariance: RMatrix::identity(2).scale(0.5) };
    assert!(matches!(flow.at(&vacuum, f64::NAN), Err(NonHermitianError::Time { .. })));
    assert!(matches!(flow.at(&vacuum, -1.0), Err(NonHermitianError::Time { .. })));
}
