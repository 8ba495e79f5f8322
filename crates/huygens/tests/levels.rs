//! The mean-field and gaussian levels against exact results and independent integration.

use std::sync::Arc;

use huygens::algebra::{ModeId, Operator, Scalar};
use huygens::levels::equations::Equations;
use huygens::levels::gaussian::{direct, orbit};
use huygens::levels::kernel::{Bound, Kernel};
use huygens::levels::mean_field::attractor::{self, Attractor};
use huygens::levels::mean_field::cycle;
use huygens::levels::mean_field::integrate::{Method, Scheme, Stretch};
use huygens::levels::mean_field::systems::Flow;
use huygens_numerics::c64;
use huygens_numerics::linalg::{self, CMatrix, RMatrix};
use huygens_numerics::ode::Tolerance;
use proptest::prelude::*;

fn a(k: u32) -> Operator {
    Operator::annihilation(ModeId(k))
}

fn ad(k: u32) -> Operator {
    Operator::creation(ModeId(k))
}

fn num(x: f64) -> Scalar {
    Scalar::real(x)
}

fn complex(re: f64, im: f64) -> Scalar {
    Scalar::number(c64::new(re, im))
}

fn bind(modes: usize, h: &Operator, jumps: &[Operator]) -> Bound {
    Arc::new(Kernel::new(&Equations::from_operators(modes, 0, h, jumps))).bind(&[]).unwrap()
}

fn rest(modes: usize) -> Vec<c64> {
    vec![c64::new(0.0, 0.0); modes]
}

/// An endless supply from a list of random numbers in [-1, 1].
struct Numbers(Vec<f64>, usize);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.1 = (self.1 + 1) % self.0.len();
        self.0[self.1]
    }
}

/// A random quadratic model of `n` modes, damped enough to be stable most of the time.
fn quadratic(n: u32, x: &mut Numbers) -> (Operator, Vec<Operator>) {
    let mut h = Operator::zero();
    let mut jumps = Vec::new();
    for k in 0..n {
        h = h.add(&Operator::n(ModeId(k)).scale(&num(x.next())));
        let drive = ad(k).scale(&complex(x.next(), x.next()));
        h = h.add(&drive).add(&drive.adjoint());
        for l in k..n {
            let hop = a(k).mul(&ad(l)).scale(&complex(x.next(), x.next()));
            let pair = a(k).mul(&a(l)).scale(&complex(0.2 * x.next(), 0.2 * x.next()));
            h = h.add(&hop).add(&hop.adjoint()).add(&pair).add(&pair.adjoint());
        }
        jumps.push(a(k).scale(&num(1.5 + 0.3 * x.next())));
        jumps.push(ad(k).scale(&num(0.4 * x.next())));
        let mixed = ad((k + 1) % n).scale(&num(0.3 * x.next()));
        jumps.push(a(k).scale(&complex(0.3 * x.next(), 0.3 * x.next())).add(&mixed));
    }
    (h, jumps)
}

/// A random polynomial model: quartic and cubic terms, two-photon, mixed and dephasing jumps.
fn nonlinear(n: u32, x: &mut Numbers) -> (Operator, Vec<Operator>) {
    let (mut h, mut jumps) = quadratic(n, x);
    for k in 0..n {
        let l = (k + 1) % n;
        h = h.add(&ad(k).mul(&ad(k)).mul(&a(k)).mul(&a(k)).scale(&num(0.2 * x.next())));
        let cubic = ad(k).mul(&a(l)).mul(&a(l)).scale(&complex(0.2 * x.next(), 0.2 * x.next()));
        h = h.add(&cubic).add(&cubic.adjoint());
        jumps.push(a(k).mul(&a(k)).scale(&num(0.4)));
        jumps.push(a(k).mul(&a(l)).scale(&num(0.3 * x.next())));
        jumps.push(Operator::n(ModeId(k)).scale(&num(0.3 * x.next())));
    }
    (h, jumps)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// The compiled drift is the exact Jacobian of the compiled flow.
    #[test]
    fn drift_is_the_jacobian(values in prop::collection::vec(-1.0..1.0f64, 97), n in 1u32..4) {
        let mut x = Numbers(values, 0);
        let (h, jumps) = nonlinear(n, &mut x);
        prop_assert!(h.is_hermitian());
        let bound = bind(n as usize, &h, &jumps);
        let z: Vec<c64> = (0..n).map(|_| c64::new(x.next(), x.next())).collect();
        let drift = bound.drift_matrix(0.0, &z);
        let step = 1e-5;
        for j in 0..2 * n as usize {
            let shifted = |sign: f64| {
                let mut z = z.clone();
                // δq = √2 δ(Re z).
                let d = sign * step / std::f64::consts::SQRT_2;
                z[j / 2] += if j % 2 == 0 { c64::new(d, 0.0) } else { c64::new(0.0, d) };
                cycle::velocity(&bound, 0.0, &z)
            };
            let (plus, minus) = (shifted(1.0), shifted(-1.0));
            for i in 0..2 * n as usize {
                let numeric = (plus[i] - minus[i]) / (2.0 * step);
                let exact = drift[(i, j)];
                prop_assert!((numeric - exact).abs() < 1e-8 * (1.0 + numeric.abs()), "({i},{j}): {numeric} {exact}");
            }
        }
    }

    /// With linear jumps D + i(MΩ + ΩMᵀ)/2 ≥ 0: the generator keeps every state physical.
    #[test]
    fn diffusion_keeps_states_physical(values in prop::collection::vec(-1.0..1.0f64, 97), n in 1u32..4) {
        let mut x = Numbers(values, 0);
        let (h, jumps) = quadratic(n, &mut x);
        let bound = bind(n as usize, &h, &jumps);
        let z: Vec<c64> = (0..n).map(|_| c64::new(x.next(), x.next())).collect();
        let (m, d) = (bound.drift_matrix(0.0, &z), bound.diffusion_matrix(0.0, &z));
        let size = 2 * n as usize;
        let omega = RMatrix::from_fn(size, size, |i, j| {
            if i / 2 != j / 2 || i == j { 0.0 } else if i < j { 1.0 } else { -1.0 }
        });
        let commutator = &(&m * &omega) + &(&omega * &m.transpose());
        let matrix = CMatrix::from_fn(size, size, |i, j| c64::new(d[(i, j)], -0.5 * commutator[(i, j)]));
        let (values, _) = linalg::hermitian_eigen(&matrix).unwrap();
        prop_assert!(values[0] > -1e-10, "{values:?}");
    }

    /// Quadratic models: the stationary state is where an independent fixed-step integration of the moments ends.
    #[test]
    fn stationary_state_of_quadratic_models(values in prop::collection::vec(-1.0..1.0f64, 97), n in 1u32..4) {
        let mut x = Numbers(values, 0);
        let (h, jumps) = quadratic(n, &mut x);
        let bound = bind(n as usize, &h, &jumps);
        let found = attractor::find(&bound, &[], None, &rest(n as usize), &attractor::Options::default());
        match found.attractor {
            Attractor::FixedPoint(point) => {
                let state = orbit::at_fixed_point(&bound, &point).unwrap();
                let slow = state.spectrum.iter().map(|v| -v.re).fold(f64::INFINITY, f64::min);
                prop_assume!(slow > 0.05);
                let zero = rest(n as usize);
                let (m, d) = (bound.drift_matrix(0.0, &zero), bound.diffusion_matrix(0.0, &zero));
                let mut v = direct::vacuum(n as usize);
                let rate = |v: &RMatrix| {
                    let mv = &m * v;
                    &(&mv + &mv.transpose()) + &d
                };
                let h = 0.02;
                for _ in 0..(30.0 / slow / h) as usize {
                    let k1 = rate(&v);
                    let k2 = rate(&(&v + &k1.scale(h / 2.0)));
                    let k3 = rate(&(&v + &k2.scale(h / 2.0)));
                    let k4 = rate(&(&v + &k3.scale(h)));
                    v = &v + &(&(&k1 + &k2.scale(2.0)) + &(&k3.scale(2.0) + &k4)).scale(h / 6.0);
                }
                let error = (&v - &state.samples[0].base).norm_max();
                prop_assert!(error < 1e-8 * (1.0 + v.norm_max()), "{error}");
            }
            Attractor::Diverging { .. } => {}
            other => prop_assert!(false, "a linear model cannot do this: {other:?}"),
        }
    }
}

/// Gain and two-photon loss: |z|² = γ₁/(2γ₂), radial variance and phase diffusion in closed form, by both routes: as a
/// rotating fixed point (the U(1) charge known) and as a limit cycle (not known).
#[test]
fn van_der_pol_cycle_is_exact() {
    let (omega, gain, loss): (f64, f64, f64) = (1.0, 0.4, 0.02);
    let h = Operator::n(ModeId(0)).scale(&num(omega));
    let jumps = [ad(0).scale(&num(gain.sqrt())), a(0).mul(&a(0)).scale(&num(loss.sqrt()))];
    let bound = bind(1, &h, &jumps);
    for charges in [vec![], vec![vec![1]]] {
        let found = attractor::find(&bound, &charges, None, &rest(1), &attractor::Options::default());
        let radius = gain / (2.0 * loss);
        let state = match &found.attractor {
            Attractor::Rotating(r) => {
                assert!(!charges.is_empty());
                assert!((r.frequencies[0] - omega).abs() < 1e-12);
                orbit::rotating(&bound, r, 64).unwrap()
            }
            Attractor::Cycle(c) => {
                assert!(charges.is_empty());
                assert!((c.period - std::f64::consts::TAU).abs() < 1e-9);
                orbit::on_cycle(&bound, c, false, 64, Tolerance::new(1e-11, 1e-11)).unwrap()
            }
            other => panic!("{other:?}"),
        };
        let sample = &state.samples[0];
        assert!((sample.mean[0].norm_sqr() / radius - 1.0).abs() < 1e-9);
        // ṙ = (γ₁/2) r − γ₂ r³ relaxes at γ₁; noise γ₁/2 from the gain and 2γ₂|z|² = γ₁ from the loss.
        let variance = 1.5 * gain / (2.0 * gain);
        let (s, c) = sample.mean[0].arg().sin_cos();
        let v = &sample.base;
        let radial = c * c * v[(0, 0)] + 2.0 * s * c * v[(0, 1)] + s * s * v[(1, 1)];
        assert!((radial - variance).abs() < 1e-8, "{radial} {variance}");
        // Noise per unit time over the squared radius 2|z|²; in units of time for a cycle, so times ω².
        let diffusion = 1.5 * gain / (2.0 * radius);
        let scale = if charges.is_empty() { omega * omega } else { 1.0 };
        assert!((state.growth[(0, 0)] * scale / diffusion - 1.0).abs() < 1e-8, "{} {diffusion}", state.growth[(0, 0)]);
    }
}

/// Gain without saturation runs away, and the search says so.
#[test]
fn divergence_is_a_verdict() {
    let bound = bind(1, &Operator::n(ModeId(0)), &[ad(0)]);
    let found = attractor::find(&bound, &[vec![1]], None, &rest(1), &attractor::Options::default());
    assert!(matches!(found.attractor, Attractor::Diverging { .. }), "{:?}", found.attractor);
}

/// Two uncoupled self-oscillators of different frequency are a torus; one cell at the literal drive of Mari et al. is chaotic.
/// A parametric oscillator just above its threshold grows slowly and without end: that is no chaos, although neighbouring orbits part.
#[test]
fn slow_growth_is_no_chaos() {
    for gain in [1e-3, 1e-2] {
        // H = ω a†a + iκ(a†² − a²)/2 with loss γ: grows at κ − γ/2 where ω < κ.
        let pump = ad(0).mul(&ad(0)).scale(&complex(0.0, 0.05));
        let h = Operator::n(ModeId(0)).scale(&num(0.02)).add(&pump).add(&pump.adjoint());
        let rate = (0.1f64 * 0.1 - 0.02 * 0.02).sqrt();
        let jump = a(0).scale(&num((2.0 * (rate - gain)).sqrt()));
        let bound = bind(1, &h, &[jump]);
        let found = attractor::find(&bound, &[], None, &[c64::new(0.1, 0.05)], &attractor::Options::default());
        assert!(matches!(found.attractor, Attractor::Diverging { .. }), "{:?}", found.attractor);
    }
}

/// What decays to rest in a model with a free phase is rest, without a free phase.
#[test]
fn an_amplitude_that_has_decayed_has_no_phase() {
    let h = Operator::n(ModeId(0)).scale(&num(0.3)).add(&ad(0).mul(&ad(0)).mul(&a(0)).mul(&a(0)).scale(&num(0.01)));
    let bound = bind(1, &h, &[a(0).scale(&num(0.1))]);
    let found = attractor::find(&bound, &[vec![1]], None, &[c64::new(0.5, 0.1)], &attractor::Options::default());
    let Attractor::FixedPoint(point) = found.attractor else { panic!("{:?}", found.attractor) };
    assert_eq!((point.point[0], point.neutral.cols()), (c64::new(0.0, 0.0), 0));
}

#[test]
fn torus_and_chaos_are_told_apart() {
    let optomechanics = |drive: f64, cells: u32| {
        let (kappa, gamma, g): (f64, f64, f64) = (0.15, 0.005, 0.005);
        let mut h = Operator::zero();
        let mut jumps = Vec::new();
        for j in 0..cells {
            let w = [1.0, 1.005][j as usize];
            let (light, mech) = (2 * j, 2 * j + 1);
            h = h.add(&Operator::n(ModeId(light)).scale(&num(-w))).add(&Operator::n(ModeId(mech)).scale(&num(w)));
            h = h.sub(&Operator::n(ModeId(light)).mul(&a(mech).add(&ad(mech))).scale(&num(g)));
            h = h.add(&ad(light).sub(&a(light)).scale(&complex(0.0, drive)));
            jumps.push(a(light).scale(&num((2.0 * kappa).sqrt())));
            jumps.push(a(mech).scale(&num((2.0 * gamma).sqrt())));
        }
        bind(2 * cells as usize, &h, &jumps)
    };
    let found = attractor::find(&optomechanics(48.0, 2), &[], None, &rest(4), &attractor::Options::default());
    assert!(matches!(found.attractor, Attractor::Torus(_)), "{:?}", found.attractor);
    let found = attractor::find(&optomechanics(320.0, 1), &[], None, &rest(2), &attractor::Options::default());
    match found.attractor {
        Attractor::Chaos(w) => assert!((w.exponents.values[0] - 0.34).abs() < 0.05, "{:?}", w.exponents),
        other => panic!("{other:?}"),
    }
}

/// A sinusoidal drive: the forced linear oscillator has the period of the drive and the amplitude of linear response.
#[test]
fn driven_cycles_have_the_period_of_the_drive() {
    let (omega, kappa, force, drive): (f64, f64, f64, f64) = (1.0, 0.1, 0.7, 1.3);
    let wave = Scalar::real(drive).mul(&Scalar::time()).cos().unwrap().mul(&num(force));
    let h = Operator::n(ModeId(0)).scale(&num(omega)).add(&a(0).add(&ad(0)).scale(&wave));
    let bound = bind(1, &h, &[a(0).scale(&num((2.0 * kappa).sqrt()))]);
    let period = std::f64::consts::TAU / drive;
    let found = attractor::find(&bound, &[], Some(period), &rest(1), &attractor::Options::default());
    let Attractor::Cycle(cycle) = &found.attractor else { panic!("{:?}", found.attractor) };
    assert!((cycle.period - period).abs() < 1e-12);
    // ż = −(κ + iω) z − i f cos Ωt.
    let response = |w: f64| c64::new(0.0, -0.5 * force) / c64::new(kappa, omega + w);
    let expected = response(drive) + response(-drive);
    assert!((cycle.start[0] - expected).norm() < 1e-9, "{} {expected}", cycle.start[0]);
    let state = orbit::on_cycle(&bound, cycle, true, 32, Tolerance::new(1e-11, 1e-11)).unwrap();
    for sample in &state.samples {
        assert!((&sample.base - &direct::vacuum(1)).norm_max() < 1e-9);
    }
}

/// A bad cavity, damped 1e6 times faster than the van der Pol oscillator that it is coupled to: the explicit method crawls, the
/// implicit one does not, and both find the same cycle.
#[test]
fn a_stiff_flow_is_solved_by_the_implicit_method() {
    let (gain, loss, kappa, g) = (0.2, 0.02, 2e5, 20.0);
    let h = Operator::n(ModeId(0)).add(&a(0).mul(&ad(1)).add(&ad(0).mul(&a(1))).scale(&num(g)));
    let root = |x: f64| num(x.sqrt());
    // A weak drive breaks the symmetry of phase, so that the cycle has to be found by shooting.
    let push = a(0).mul(&a(0)).add(&ad(0).mul(&ad(0))).scale(&num(0.02));
    let jumps = [ad(0).scale(&root(gain)), a(0).mul(&a(0)).scale(&root(loss)), a(1).scale(&root(2.0 * kappa))];
    let bound = bind(2, &h.add(&push), &jumps);
    let run = |method: Method| {
        let scheme = Scheme { method, tolerance: Tolerance::new(1e-9, 1e-9) };
        let start = [c64::new(1.0, 0.0), c64::new(0.0, 0.0)];
        let mut stretch = Stretch::new(scheme, 0.0, bytemuck::cast_slice(&start), 1e9);
        stretch.run(&mut Flow::new(&bound), 20.0).unwrap();
        (stretch.y().to_vec(), stretch.steps)
    };
    let (implicit, few) = run(Method::Radau5);
    let (chosen, some) = run(Method::Auto);
    assert!(few < 2000 && some < 20_000, "{few} and {some} steps");
    for (x, y) in implicit.iter().zip(&chosen) {
        assert!((x - y).abs() < 1e-6, "{implicit:?} {chosen:?}");
    }
    // The cavity follows adiabatically: b = −i g a/κ, and damps the oscillator by g²/κ.
    let (z, b) = (c64::new(implicit[0], implicit[1]), c64::new(implicit[2], implicit[3]));
    assert!((b + c64::i() * z * g / kappa).norm() < 1e-4 * b.norm());
    let options = attractor::Options { method: Method::Radau5, ..Default::default() };
    let found = attractor::find(&bound, &[], None, &[c64::new(1.0, 0.0), c64::new(0.0, 0.0)], &options);
    let Attractor::Cycle(cycle) = found.attractor else { panic!("{:?}", found.attractor) };
    let scheme = Scheme { method: Method::Radau5, tolerance: Tolerance::new(1e-9, 1e-9) };
    let state = orbit::on_cycle(&bound, &cycle, false, 32, scheme).unwrap();
    assert!(state.closure < 1e-6);
    // |z|² ≈ (gain − 2 g²/κ)/(2 loss), up to the weak drive.
    let mean = state.samples.iter().map(|s| s.mean[0].norm_sqr()).sum::<f64>() / 32.0;
    assert!((mean / ((gain - 2.0 * g * g / kappa) / (2.0 * loss)) - 1.0).abs() < 0.02, "{mean}");
}

/// Outside the tongue the beat is a torus, also where its two frequencies happen to stand in a ratio of small integers
/// (here 65 : 2) and every orbit closes.
#[test]
fn a_chance_ratio_of_frequencies_is_still_a_torus() {
    let (gain, loss, v, delta) = (0.2, 0.002, 0.04, -0.05);
    let root = |x: f64| num(x.sqrt());
    let h = Operator::n(ModeId(0)).add(&Operator::n(ModeId(1)).scale(&num(1.0 + delta)));
    let mut jumps = vec![a(0).sub(&a(1)).scale(&root(v))];
    for k in 0..2 {
        jumps.extend([ad(k).scale(&root(gain)), a(k).mul(&a(k)).scale(&root(loss))]);
    }
    let bound = bind(2, &h, &jumps);
    let start = [c64::new(5.0, 0.0), c64::new(0.0, 5.0)];
    let found = attractor::find(&bound, &[vec![1, 1]], None, &start, &attractor::Options::default());
    assert!(matches!(found.attractor, Attractor::Torus(_)), "{:?}", found.attractor);
}
