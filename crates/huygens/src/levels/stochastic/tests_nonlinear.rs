use approx::assert_relative_eq;
use huygens_numerics::c64;
use huygens_numerics::linalg::{Lu, RMatrix};
use huygens_numerics::random::Streams;

use super::ensemble::{Dynamics, LANES, Lane, Plan, Sampling, Watch, run};
use super::langevin::{BoundLangevin, Langevin, LangevinKernel, Ordering};
use super::linear::{GaussianStart, LinearModel};
use super::record::Recorder;
use super::stepper::{Method, Stepped, Stepping};
use super::tests::moments_of;
use crate::algebra::{ModeId, Names, Operator, Scalar};
use crate::levels::equations::Equations;
use crate::levels::kernel::Kernel;

fn a(k: u32) -> Operator {
    Operator::annihilation(ModeId(k))
}

fn number(k: u32) -> Operator {
    Operator::n(ModeId(k))
}

fn times(x: f64, operator: &Operator) -> Operator {
    operator.scale(&Scalar::real(x))
}

fn names(n: usize) -> Names {
    Names { parameters: Vec::new(), modes: (1..=n).map(|k| format!("b{k}")).collect() }
}

fn derive(n: usize, h: &Operator, jumps: &[Operator], ordering: Ordering) -> Langevin {
    let named: Vec<(String, Operator)> = jumps.iter().enumerate().map(|(k, l)| (format!("L{k}"), l.clone())).collect();
    Langevin::from_operators(n, h, &named, ordering, &names(n))
}

fn bind(n: usize, h: &Operator, jumps: &[Operator], ordering: Ordering) -> BoundLangevin {
    LangevinKernel::new(&derive(n, h, jumps, ordering)).bind(&[]).unwrap()
}

fn point(z: &[c64]) -> GaussianStart {
    let mean: Vec<f64> = z.iter().flat_map(|z| [z.re, z.im]).map(|x| x * std::f64::consts::SQRT_2).collect();
    let n = mean.len();
    GaussianStart::new(mean, &RMatrix::zeros(n, n)).unwrap()
}

fn drift(bound: &BoundLangevin, z: &[c64]) -> Vec<c64> {
    let sampling = Sampling { from: 0.0, every: 1.0, count: 1 };
    let stepping = Stepping { method: Method::EulerMaruyama, step: 1.0, refine: 1 };
    let stepped = Stepped::new(bound.clone(), point(z), sampling, stepping);
    let root = std::f64::consts::SQRT_2;
    let state: Vec<Lane> = z.iter().flat_map(|z| [[root * z.re; LANES], [root * z.im; LANES]]).collect();
    let mut out = state.clone();
    stepped.drift(0.0, &state, &mut out, &mut stepped.work());
    out.as_chunks::<2>().0.iter().map(|[q, p]| c64::new(q[3], p[3]) / root).collect()
}

/// For quadratic models drift and diffusion are those of the gaussian level; the classical ordering has no vacuum noise.
#[test]
fn quadratic_models_agree_with_the_gaussian_level() {
    let hop = a(0).mul(&a(1).adjoint());
    let squeeze = a(1).mul(&a(1)).scale(&Scalar::number(c64::new(0.2, 0.1)));
    let h = times(0.7, &number(0)).add(&times(-1.3, &number(1)));
    let h = h.add(&times(0.4, &hop.add(&hop.adjoint()))).add(&squeeze.add(&squeeze.adjoint()));
    let drive = a(0).scale(&Scalar::number(c64::new(0.3, -0.2)));
    let h = h.add(&drive).add(&drive.adjoint());
    let jumps = [
        times(1.1, &a(0)),
        times(0.4, &a(0).adjoint()),
        a(0).add(&times(0.5, &a(1))),
        a(1).scale(&Scalar::number(c64::new(0.3, 0.6))).add(&times(0.2, &a(0).adjoint())),
    ];
    let equations = Equations::from_operators(2, 0, &h, &jumps);
    let gaussian = std::sync::Arc::new(Kernel::new(&equations)).bind(&[]).unwrap();
    let wigner = derive(2, &h, &jumps, Ordering::Wigner);
    assert!(wigner.neglected.is_empty() && !wigner.multiplicative());
    let bound = LangevinKernel::new(&wigner).bind(&[]).unwrap();
    let z = [c64::new(0.3, -1.2), c64::new(2.0, 0.7)];
    let want = gaussian.diffusion_matrix(0.0, &z);
    for i in 0..4 {
        for j in 0..4 {
            assert_relative_eq!(bound.diffusion[(i, j)], want[(i, j)], epsilon = 1e-14);
        }
    }
    let mut flow = [c64::new(0.0, 0.0); 2];
    gaussian.flow(0.0, &z, &mut flow, &mut gaussian.workspace());
    for (x, y) in drift(&bound, &z).iter().zip(flow) {
        assert!((x - y).norm() < 1e-14, "{x} {y}");
    }
    // Loss at zero temperature is silent classically; γn̄ heats.
    let classical = bind(2, &h, &jumps[..2], Ordering::Classical);
    assert_relative_eq!(classical.diffusion[(0, 0)], 0.16, epsilon = 1e-15);
    assert_eq!(classical.diffusion[(2, 2)], 0.0);
}

/// Weyl order shifts frequencies: H = (K/2) a†²a² turns z at K(|z|² − 1), and the optomechanical force is g(|α|² − ½).
#[test]
fn drift_is_in_weyl_order_and_the_rest_is_named() {
    let kerr = times(0.5, &a(0).adjoint().mul(&a(0).adjoint()).mul(&a(0)).mul(&a(0)));
    let z = [c64::new(1.5, -0.4)];
    let f = drift(&bind(1, &kerr, &[], Ordering::Wigner), &z)[0];
    let want = c64::new(0.0, -1.0) * z[0] * (z[0].norm_sqr() - 1.0);
    assert!((f - want).norm() < 1e-14);
    let f = drift(&bind(1, &kerr, &[], Ordering::Classical), &z)[0];
    assert!((f - c64::new(0.0, -1.0) * z[0] * z[0].norm_sqr()).norm() < 1e-14);
    let pressure = times(-0.3, &number(0).mul(&a(1).add(&a(1).adjoint())));
    let z = [c64::new(2.0, 1.0), c64::new(0.0, 0.0)];
    let f = drift(&bind(2, &pressure, &[], Ordering::Wigner), &z)[1];
    assert!((f - c64::new(0.0, 0.3 * 4.5)).norm() < 1e-14, "{f}");
    let two = a(0).mul(&a(0));
    let neglected = derive(2, &pressure, &[times(0.5, &two)], Ordering::Wigner).neglected;
    let all = neglected.join("\n");
    assert!(all.contains("third derivatives") && all.contains("abs(beta1)^2"), "{all}");
    assert!(
        all.contains("the diffusion from the jump L0")
            && all.contains("derivatives of the Wigner function from the jump L0"),
        "{all}"
    );
    // Dephasing is a Fokker–Planck equation without remainder.
    assert!(derive(1, &number(0), &[number(0)], Ordering::Wigner).neglected.is_empty());
}

/// Dephasing, L = √Γ a†a: dz = −(Γ/2) z dt + i√Γ z dW (Itô), so |z| stays and ⟨z⟩ = z₀e^{−Γt/2}. Every stepper, each in its own
/// sense, must find both; without the correction from Itô to Stratonovich ⟨z⟩ would decay twice as fast.
#[test]
fn dephasing_is_exact_in_either_sense() {
    let rate = 0.8;
    let bound = bind(1, &Operator::zero(), &[times(f64::sqrt(rate), &number(0))], Ordering::Wigner);
    let sampling = Sampling { from: 0.0, every: 0.5, count: 3 };
    for (method, step, radius) in
        [(Method::Splitting, 0.05, 1e-3), (Method::Heun, 0.0025, 2e-2), (Method::EulerMaruyama, 0.0025, 0.1)]
    {
        let stepping = Stepping { method, step, refine: 1 };
        let stepped = Stepped::new(bound.clone(), point(&[c64::new(3.0, 4.0)]), sampling, stepping);
        let plan = Plan::new(9, 4000, sampling);
        let moments = moments_of(&stepped, &plan);
        let estimates = moments.estimate(
            2,
            |m, out| {
                let v = m.covariance(0, 0);
                out[0] = (m.mean(0) / c64::new(3.0, 4.0)).re;
                out[1] = m.mean(0).norm_sqr() + 0.5 * (v[0][0] + v[1][1]);
            },
            |_, s| s[2],
        );
        let mean = estimates[0].1;
        assert!((mean.value - (-0.5 * rate).exp()).abs() < 4.5 * mean.error, "{method:?} {mean:?}");
        assert!((estimates[1].1.value - 25.0).abs() < 25.0 * radius, "{method:?} {:?}", estimates[1]);
    }
}

/// Final states of all trajectories.
fn ends(stepped: &Stepped, plan: &Plan) -> Vec<Vec<f64>> {
    let n = stepped.dimension();
    let blocks = run(stepped, plan, Watch::default(), |_| Recorder::new(u64::MAX, n)).unwrap();
    Recorder::paths(blocks).into_iter().map(|(_, path)| path[path.len() - n..].to_vec()).collect()
}

/// Exponents p of error ∝ hᵖ from two steps of `coarse` increments against one of a single increment: strong (mean distance of
/// paths) and weak (mean difference of ⟨q²⟩), all on the same noise.
fn orders(bound: &BoundLangevin, method: Method, increment: f64, coarse: [usize; 2], trajectories: u64) -> (f64, f64) {
    let sampling = Sampling { from: 1.28, every: 1.0, count: 1 };
    let plan = Plan::new(4, trajectories, sampling);
    let end = |refine: usize| {
        let stepping = Stepping { method, step: increment, refine };
        ends(&Stepped::new(bound.clone(), point(&[c64::new(1.0, 0.6)]), sampling, stepping), &plan)
    };
    let reference = end(1);
    let errors = coarse.map(|refine| {
        let (mut strong, mut weak) = (0.0, 0.0);
        for (x, y) in end(refine).iter().zip(&reference) {
            strong += (x[0] - y[0]).hypot(x[1] - y[1]);
            weak += x[0].powi(2) - y[0].powi(2);
        }
        (strong, weak.abs())
    });
    let steps = (coarse[1] as f64 / coarse[0] as f64).ln();
    ((errors[1].0 / errors[0].0).ln() / steps, (errors[1].1 / errors[0].1).ln() / steps)
}

/// What the steps of one leg do to a linear model, exactly: the state is R x + B w with the standard normals w of the stream. R is
/// the difference of runs from unit vectors and from the origin on the same noise, B B^T the covariance that the noise adds.
fn leg(bound: &BoundLangevin, method: Method, step: f64) -> (RMatrix, RMatrix) {
    let (steps, noises) = (2, bound.constant_count);
    let (n, columns) = (2 * bound.modes, steps * noises);
    let sampling = Sampling { from: steps as f64 * step, every: 1.0, count: 1 };
    let plan = Plan::new(12, columns as u64, sampling);
    let from = |mean: Vec<f64>| {
        let start = GaussianStart::new(mean, &RMatrix::zeros(n, n)).unwrap();
        ends(&Stepped::new(bound.clone(), start, sampling, Stepping { method, step, refine: 1 }), &plan)
    };
    let origin = from(vec![0.0; n]);
    let mut map = RMatrix::zeros(n, n);
    for j in 0..n {
        let end = &from((0..n).map(|i| f64::from(u8::from(i == j))).collect())[0];
        (0..n).for_each(|i| map[(i, j)] = end[i] - origin[0][i]);
    }
    // Rows of w Bᵀ = x, one for each trajectory.
    let mut normals = RMatrix::zeros(columns, columns);
    for trajectory in 0..columns {
        let mut stream = Streams { seed: plan.seed }.trajectory(trajectory as u64);
        (0..columns).for_each(|k| normals[(trajectory, k)] = stream.normal());
    }
    let lu = Lu::new(&normals).unwrap();
    let response: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let mut column: Vec<f64> = origin.iter().map(|x| x[i]).collect();
            lu.solve_in_place(&mut column);
            column
        })
        .collect();
    let dot = |i: usize, j: usize| response[i].iter().zip(&response[j]).map(|(x, y)| x * y).sum();
    (map, RMatrix::from_fn(n, n, dot))
}

/// Weak orders for additive noise without sampling noise: a damped oscillator whose momentum is shaken, from its vacuum to t = 3.2;
/// the covariance that each stepper gives, against the exact one.
#[test]
fn weak_orders_are_measured_to_two_digits() {
    let (omega, gamma): (f64, f64) = (1.5, 0.2);
    let shaken = [times(gamma.sqrt(), &a(0)), times(0.4, &a(0).add(&a(0).adjoint()))];
    let bound = bind(1, &times(omega, &number(0)), &shaken, Ordering::Wigner);
    let turning = RMatrix::from_rows(&[&[-0.5 * gamma, omega], &[-omega, -0.5 * gamma]]);
    let exact = LinearModel::new(turning, bound.diffusion.clone()).step(3.2).unwrap();
    let vacuum = RMatrix::identity(2).scale(0.5);
    let want = &exact.propagator.sandwich(&vacuum) + &exact.covariance;
    for (method, order) in [(Method::EulerMaruyama, 1.0), (Method::Heun, 2.0), (Method::Splitting, 2.0)] {
        let error = |legs: usize| {
            let (map, noise) = leg(&bound, method, 1.6 / legs as f64);
            let last = (0..legs).fold(vacuum.clone(), |v, _| &map.sandwich(&v) + &noise);
            (&last - &want).norm_max()
        };
        let measured = (error(2048) / error(4096)).log2();
        assert!((measured - order).abs() < 0.015, "{method:?}: {measured}");
    }
}

/// Weak orders for noise that depends on the state: a dephased oscillator, ⟨z⟩ = z₀ e^{−iωt − Γt/2}, and each path is known,
/// z₀ e^{−iωt + i√Γ W(t)}, whose mean difference from the steps is the weak error almost without sampling noise. The one noise commutes
/// with itself: the splitting, whose flow it follows to fourth order, keeps its order 2.
#[test]
fn weak_orders_for_multiplicative_noise() {
    let (omega, rate, end): (f64, f64, f64) = (1.0, 0.8, 2.0);
    let bound = bind(1, &times(omega, &number(0)), &[times(rate.sqrt(), &number(0))], Ordering::Wigner);
    let sampling = Sampling { from: end, every: 1.0, count: 1 };
    let (count, increments) = (262_144u64, 32);
    let increment = end / f64::from(increments);
    let plan = Plan::new(21, count, sampling);
    let z0 = c64::new(1.0, 0.0);
    let paths: Vec<c64> = (0..count)
        .map(|k| {
            let mut stream = Streams { seed: plan.seed }.trajectory(k);
            let w: f64 = (0..increments).map(|_| stream.normal()).sum::<f64>() * increment.sqrt();
            z0 * c64::from_polar(1.0, rate.sqrt() * w - omega * end)
        })
        .collect();
    // At these steps the next order of h adds 0.13, 0.12 and 0.04, by the mean of the steps in closed form; the sampling noise of the
    // last is 0.08.
    for (method, order) in [(Method::EulerMaruyama, 1.13), (Method::Heun, 1.12), (Method::Splitting, 2.04)] {
        let error = |refine: usize| {
            let stepping = Stepping { method, step: increment, refine };
            let list = ends(&Stepped::new(bound.clone(), point(&[z0]), sampling, stepping), &plan);
            let off = |(x, z): (&Vec<f64>, &c64)| c64::new(x[0], x[1]) * std::f64::consts::FRAC_1_SQRT_2 - z;
            (list.iter().zip(&paths).map(off).sum::<c64>() / count as f64).norm()
        };
        let measured = (error(4) / error(2)).log2();
        let within = if method == Method::Splitting { 0.25 } else { 0.05 };
        assert!((measured - order).abs() < within, "{method:?}: {measured}");
    }
}

/// An anharmonic oscillator under a force noise (additive), and a van der Pol oscillator with two-photon loss (multiplicative).
#[test]
fn convergence_orders_are_as_stated() {
    let kerr = times(0.03, &a(0).adjoint().mul(&a(0).adjoint()).mul(&a(0)).mul(&a(0)));
    let shaken = [times(0.5, &a(0)), times(0.4, &a(0).add(&a(0).adjoint()))];
    let additive = bind(1, &times(1.5, &number(0)).add(&kerr), &shaken, Ordering::Wigner);
    for (method, coarse, strong, weak) in [
        (Method::EulerMaruyama, [4, 16], 1.0, 1.0),
        (Method::Heun, [4, 16], 1.0, 1.6),
        (Method::Splitting, [8, 32], 1.0, 1.6),
    ] {
        let (s, w) = orders(&additive, method, 0.01, coarse, 32_768);
        assert!((s - strong).abs() < 0.35 && w > weak - 0.2, "{method:?}: strong {s}, weak {w}");
    }
    let jumps = [times(0.7, &a(0).adjoint()), times(0.3, &a(0).mul(&a(0)))];
    let multiplicative = bind(1, &number(0), &jumps, Ordering::Wigner);
    for method in [Method::EulerMaruyama, Method::Heun, Method::Splitting] {
        let (s, w) = orders(&multiplicative, method, 0.0025, [8, 32], 8192);
        assert!(s > 0.4 && (w > 0.8 || method != Method::EulerMaruyama), "{method:?}: strong {s}, weak {w}");
    }
}

/// What a step adds to the damping of an oscillator of frequency ω: ω²h/2, ω⁴h³/8 and −ω⁶h⁵/144 (half of what the energy
/// gains); and an overdamped motion keeps its rate.
#[test]
fn damping_by_the_steps_is_what_the_polynomial_says() {
    let (omega, h): (f64, f64) = (1.3, 0.05);
    for (method, want) in [
        (Method::EulerMaruyama, omega.powi(2) * h / 2.0),
        (Method::Heun, omega.powi(4) * h.powi(3) / 8.0),
        (Method::Splitting, -omega.powi(6) * h.powi(5) / 144.0),
    ] {
        assert_relative_eq!(method.damping(c64::new(0.0, omega), h), want, max_relative = 0.01);
    }
    assert_relative_eq!(Method::Splitting.damping(c64::new(-0.2, 0.0), h), -0.2, max_relative = 1e-9);
}

/// A weakly damped oscillator in its stationary state: Heun's steps heat it, those of the splitting do not.
#[test]
fn the_splitting_does_not_heat() {
    let gamma: f64 = 0.01;
    let bound = bind(1, &number(0), &[times(gamma.sqrt(), &a(0))], Ordering::Wigner);
    let sampling = Sampling { from: 0.0, every: 500.0, count: 2 };
    let start = GaussianStart::new(vec![0.0; 2], &RMatrix::identity(2).scale(0.5)).unwrap();
    let energy = |method, step| {
        let stepping = Stepping { method, step, refine: 1 };
        let stepped = Stepped::new(bound.clone(), start.clone(), sampling, stepping);
        let moments = moments_of(&stepped, &Plan::new(2, 4000, sampling));
        let value = |m: &dyn crate::measures::Moments, out: &mut [f64]| {
            let v = m.covariance(0, 0);
            out[0] = 0.5 * (v[0][0] + v[1][1]);
        };
        moments.estimate(1, value, |_, s| s[1])[0].1
    };
    let split = energy(Method::Splitting, 0.2);
    assert!((split.value - 0.5).abs() < 4.5 * split.error, "{split:?}");
    // ω⁴h³/4 = 0.002 against γ = 0.01: a quarter too hot.
    let heun = energy(Method::Heun, 0.2);
    assert!(heun.value > 0.58, "{heun:?}");
}

/// A van der Pol oscillator with amplitude² γ₁/2γ₂: noise ⟨|dz|²⟩ = (γ₁/2 + 2γ₂|z|²) dt gives var φ = (3/2) γ₂ t, as the gaussian
/// level says; the two-photon loss drives it by more than half.
#[test]
fn phase_diffusion_is_that_of_the_gaussian_level() {
    let (gain, loss): (f64, f64) = (1.0, 0.002);
    let jumps = [times(gain.sqrt(), &a(0).adjoint()), times(loss.sqrt(), &a(0).mul(&a(0)))];
    let h = times(0.3, &number(0));
    let bound = bind(1, &h, &jumps, Ordering::Wigner);
    let radius = (gain / (2.0 * loss)).sqrt();
    // The gaussian level: a point that rotates uniformly, with the phase as its neutral direction.
    let gaussian = std::sync::Arc::new(Kernel::new(&Equations::from_operators(1, 0, &h, &jumps))).bind(&[]).unwrap();
    let d = gaussian.diffusion_matrix(0.0, &[c64::new(radius, 0.0)]);
    let linear = d[(1, 1)] / (2.0 * radius * radius);
    assert_relative_eq!(linear, 1.5 * loss, max_relative = 1e-12);
    let sampling = Sampling { from: 10.0, every: 30.0, count: 2 };
    let stepping = Stepping { method: Method::Splitting, step: 0.05, refine: 1 };
    let stepped = Stepped::new(bound, point(&[c64::new(radius, 0.0)]), sampling, stepping);
    let blocks =
        run(&stepped, &Plan::new(8, 4000, sampling), Watch::default(), |_| Recorder::new(u64::MAX, 2)).unwrap();
    let spread: Vec<f64> = Recorder::paths(blocks)
        .iter()
        .map(|(_, path)| {
            let turn = (c64::new(path[2], path[3]) / c64::new(path[0], path[1])).arg() + 0.3 * 30.0;
            (turn + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI
        })
        .collect();
    let n = spread.len() as f64;
    let mean = spread.iter().sum::<f64>() / n;
    let variance = spread.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    // Relative error √(2/n) = 2.2 %; beyond the linear theory a per cent.
    assert!((variance / (linear * 30.0) - 1.0).abs() < 0.08, "{} {}", variance, linear * 30.0);
}

/// Identical oscillators with pure phase noise and all-to-all dissipative coupling: Kuramoto's order parameter obeys
/// r = I₁(Kr/D)/I₀(Kr/D) (H. Sakaguchi, Prog. Theor. Phys. 79, 39 (1988)), φ' = K r sin(ψ − φ) + √(2D) ξ.
#[test]
fn kuramoto_order_parameter_is_self_consistent() {
    let (n, coupling, noise, gain, loss): (u32, f64, f64, f64, f64) = (24, 0.2, 0.05, 4.0, 0.002);
    let mut jumps = Vec::new();
    for j in 0..n {
        jumps.push(times(gain.sqrt(), &a(j).adjoint()));
        jumps.push(times(loss.sqrt(), &a(j).mul(&a(j))));
        jumps.push(times((2.0 * noise).sqrt(), &number(j)));
        for k in 0..j {
            jumps.push(times((2.0 * coupling / f64::from(n)).sqrt(), &a(j).sub(&a(k))));
        }
    }
    let bound = bind(n as usize, &Operator::zero(), &jumps, Ordering::Wigner);
    let radius = (gain / (2.0 * loss)).sqrt();
    let sampling = Sampling { from: 60.0, every: 20.0, count: 4 };
    let stepping = Stepping { method: Method::Splitting, step: 0.05, refine: 1 };
    let start = point(&vec![c64::new(radius, 0.0); n as usize]);
    let stepped = Stepped::new(bound, start, sampling, stepping);
    let width = 2 * n as usize;
    let blocks =
        run(&stepped, &Plan::new(6, 64, sampling), Watch::default(), |_| Recorder::new(u64::MAX, width)).unwrap();
    let (mut sum, mut count) = (0.0, 0.0);
    for (_, path) in Recorder::paths(blocks) {
        for state in path.chunks_exact(width) {
            let hands: c64 = state.as_chunks::<2>().0.iter().map(|[q, p]| c64::from_polar(1.0, p.atan2(*q))).sum();
            // |Σ e^{iφ}|² = N + N(N − 1) r² for N independent phases about the mean one.
            sum += (hands.norm_sqr() - f64::from(n)) / f64::from(n * (n - 1));
            count += 1.0;
        }
    }
    let measured = f64::sqrt(sum / count);
    // All noise on the phase: dephasing, and that of gain, loss and coupling.
    let quantum = (0.5 * gain + 2.0 * loss * radius * radius + coupling) / (4.0 * radius * radius);
    let diffusion = noise + quantum;
    let bessel = |order: i32, x: f64| {
        let steps = 400;
        let f = |k: i32| {
            let t = std::f64::consts::PI * (f64::from(k) + 0.5) / f64::from(steps);
            (x * t.cos()).exp() * (f64::from(order) * t).cos()
        };
        (0..steps).map(f).sum::<f64>() / f64::from(steps)
    };
    let mut r = 0.9;
    for _ in 0..500 {
        let x = coupling * r / diffusion;
        r = bessel(1, x) / bessel(0, x);
    }
    assert!(r > 0.7 && r < 0.9, "{r}");
    assert!((measured - r).abs() < 0.03, "{measured} {r}");
}

/// A model that conserves a charge: the drift turns with the state, the noise is the same in all directions.
#[test]
fn rotations_commute_with_the_equations() {
    let hop = a(0).mul(&a(1).adjoint());
    let h = number(0).add(&times(0.3, &hop.add(&hop.adjoint())));
    let jumps = [times(0.6, &a(0).adjoint()), times(0.4, &a(0).mul(&a(0))), a(0).sub(&a(1)), times(0.5, &number(1))];
    let bound = bind(2, &h, &jumps, Ordering::Wigner);
    let z = [c64::new(0.4, 1.1), c64::new(-0.8, 0.3)];
    let turn = c64::from_polar(1.0, 0.9);
    let f = drift(&bound, &z);
    let g = drift(&bound, &z.map(|z| turn * z));
    for (f, g) in f.iter().zip(&g) {
        assert!((f * turn - g).norm() < 1e-13);
    }
    let d = &bound.diffusion;
    let rotation = {
        let (c, s) = (turn.re, turn.im);
        RMatrix::from_rows(&[&[c, -s, 0.0, 0.0], &[s, c, 0.0, 0.0], &[0.0, 0.0, c, -s], &[0.0, 0.0, s, c]])
    };
    assert!((&rotation.sandwich(d) - d).norm_max() < 1e-14);
    // Trajectories: rotated starts give rotated statistics.
    let sampling = Sampling { from: 1.0, every: 1.0, count: 1 };
    let stepping = Stepping { method: Method::Splitting, step: 0.05, refine: 1 };
    let of = |z: &[c64], seed| {
        let stepped = Stepped::new(bound.clone(), point(z), sampling, stepping);
        let moments = moments_of(&stepped, &Plan::new(seed, 4000, sampling));
        let values = |m: &dyn crate::measures::Moments, out: &mut [f64]| {
            let v = m.covariance(0, 1);
            // What a common rotation leaves alone.
            out.copy_from_slice(&[m.mean(0).norm(), (m.mean(0) * m.mean(1).conj()).im, v[0][0] + v[1][1]]);
        };
        moments.estimate(3, values, |_, s| s[0])
    };
    for ((_, x), (_, y)) in of(&z, 1).iter().zip(of(&z.map(|z| turn * z), 2)) {
        assert!((x.value - y.value).abs() < 4.5 * x.error.hypot(y.error), "{x:?} {y:?}");
    }
}

/// A drive that depends on time: q̇ = p, ṗ = −q + cos(Ωt), against its closed form, by every stepper at its order.
#[test]
fn drives_are_evaluated_in_time() {
    use crate::algebra::parse::{self, Symbol, Symbols};
    let mut scope = Symbols::new();
    scope.insert("b1", Symbol::Mode(ModeId(0)));
    let h = parse::operator(&parse::parse("n(b1) - q(b1)*cos(2*t)").unwrap(), &scope).unwrap();
    let bound = bind(1, &h, &[], Ordering::Wigner);
    let sampling = Sampling { from: 0.3, every: 1.1, count: 3 };
    for (method, tolerance) in [(Method::Splitting, 1e-7), (Method::Heun, 2e-4), (Method::EulerMaruyama, 2e-2)] {
        let stepping = Stepping { method, step: 0.01, refine: 1 };
        let stepped = Stepped::new(bound.clone(), point(&[c64::new(0.0, 0.0)]), sampling, stepping);
        let end = &ends(&stepped, &Plan::new(1, 1, sampling))[0];
        let t: f64 = 2.5;
        // q'' + q = cos 2t, at rest at t = 0.
        let q = (t.cos() - (2.0 * t).cos()) / 3.0;
        assert!((end[0] - q).abs() < tolerance, "{method:?}: {} {q}", end[0]);
    }
}
