//! Integrators against exact solutions, measured orders, stiff problems, events.

use std::ops::ControlFlow;

use huygens_numerics::c64;
use huygens_numerics::ode::{
    Direction, Dop853, Event, Function, Method, Norm, OdeError, Options, Radau5, Solver, State, Stepper, StopReason,
    System, Tolerance, Tsit5, as_complex, as_complex_mut, as_real, integrate, integrate_events, sample,
};
use proptest::prelude::*;

/// Kepler orbit of eccentricity `e` from the pericentre.
fn kepler() -> Function<impl FnMut(f64, &[f64], &mut [f64])> {
    Function::new(4, |_t, y: &[f64], dy: &mut [f64]| {
        let r3 = (y[0] * y[0] + y[1] * y[1]).powf(1.5);
        dy[0] = y[2];
        dy[1] = y[3];
        dy[2] = -y[0] / r3;
        dy[3] = -y[1] / r3;
    })
}

fn kepler_start(e: f64) -> [f64; 4] {
    [1.0 - e, 0.0, 0.0, ((1.0 + e) / (1.0 - e)).sqrt()]
}

fn ignore<S: ?Sized>(_: &mut huygens_numerics::ode::Accepted<'_, S>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn run<S: System + ?Sized>(sys: &mut S, y0: &[f64], t1: f64, options: &Options) -> huygens_numerics::ode::Integration {
    integrate(sys, 0.0, y0, t1, options, ignore).into_result().unwrap()
}

fn with(method: Method, rtol: f64, atol: f64) -> Options {
    Options { method, ..Options::new(rtol, atol) }
}

#[test]
fn kepler_orbit_closes() {
    let y0 = kepler_start(0.5);
    for (method, factor) in [(Method::Dop853, 1e3), (Method::Tsit5, 1e3), (Method::Auto, 1e3), (Method::Radau5, 1e4)] {
        for tol in [1e-6, 1e-9, 1e-11] {
            if method == Method::Radau5 && tol < 1e-10 {
                continue;
            }
            let end = run(&mut kepler(), &y0, std::f64::consts::TAU, &with(method, tol, tol));
            let error = end.state.y.iter().zip(&y0).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error < factor * tol, "{method:?} at {tol:e}: {error:e}");
            assert_eq!(end.state.t, std::f64::consts::TAU);
            assert_eq!(end.reason, StopReason::ReachedLimit);
        }
    }
}

#[test]
fn tighter_tolerances_give_smaller_errors_and_backwards_returns() {
    let y0 = kepler_start(0.3);
    for method in [Method::Dop853, Method::Tsit5] {
        let mut last = f64::INFINITY;
        for tol in [1e-5, 1e-7, 1e-9, 1e-11] {
            let options = with(method, tol, tol);
            let there = run(&mut kepler(), &y0, 3.0, &options);
            let back = integrate(&mut kepler(), 3.0, &there.state.y, 0.0, &options, ignore).into_result().unwrap();
            let error = back.state.y.iter().zip(&y0).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error < 0.3 * last, "{method:?} at {tol:e}: {error:e} after {last:e}");
            last = error;
        }
    }
}

#[test]
fn measured_orders() {
    // nonlinear, not autonomous: y = tan(t²/2 + …) is avoided; y' = −2 t y², y = 1/(1 + t²)
    let exact = |t: f64| 1.0 / (1.0 + t * t);
    let mut sys = Function::new(1, |t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -2.0 * t * y[0] * y[0]);
    let tol = Tolerance::new(1e-3, 1e-3);
    let order = |errors: &[f64]| (errors[0] / errors[1]).log2();

    let mut fixed5 = vec![];
    let mut dense5 = vec![];
    for n in [20usize, 40] {
        let mut stepper = Tsit5::new(1, tol);
        let h = 2.0 / n as f64;
        let mut y = [1.0];
        let mut worst = 0.0f64;
        let mut out = [0.0];
        for i in 0..n {
            let t = i as f64 * h;
            let off = y[0] - exact(t);
            stepper.fixed_step(&mut sys, t, &mut y, h);
            stepper.dense(&mut sys).eval(t + 0.37 * h, &mut out);
            worst = worst.max((out[0] - exact(t + 0.37 * h) - off).abs());
        }
        fixed5.push((y[0] - exact(2.0)).abs());
        dense5.push(worst);
    }
    assert!((4.5..6.0).contains(&order(&fixed5)), "Tsit5: {} {fixed5:?}", order(&fixed5));
    assert!((3.8..5.8).contains(&order(&dense5)), "Tsit5 dense output: {} {dense5:?}", order(&dense5));

    // Radau5 has no fixed-step entry: force the size, with a tolerance that never objects
    let mut radau = vec![];
    for n in [10usize, 20] {
        let mut stepper = Radau5::new(1, Tolerance::new(1e-9, 1e-1).with_norm(Norm::Rms)).with_newton_tolerance(1e-11);
        let h = 2.0 / n as f64;
        stepper.set_next_step(h);
        stepper.set_max_step(h);
        let mut state = State::new(0.0, vec![1.0]);
        while state.t < 2.0 {
            stepper.set_next_step(h);
            let limit = ((state.t / h).round() + 1.0) * h;
            assert!(stepper.step(&mut sys, &mut state, limit).reason.is_fine());
        }
        radau.push((state.y[0] - exact(2.0)).abs());
    }
    assert!((4.5..6.2).contains(&order(&radau)), "Radau5: {} {radau:?}", order(&radau));
}

#[test]
fn dense_output_has_the_accuracy_of_the_steps() {
    for (method, bound) in [(Method::Dop853, 1e-9), (Method::Tsit5, 1e-8), (Method::Radau5, 1e-6)] {
        let mut sys = Function::new(2, |_t, y: &[f64], dy: &mut [f64]| {
            dy[0] = y[1];
            dy[1] = -y[0];
        });
        let (mut worst, mut slope) = (0.0f64, 0.0f64);
        let mut out = [0.0; 2];
        integrate(&mut sys, 0.0, &[0.0, 1.0], 20.0, &with(method, 1e-10, 1e-10), |step| {
            let (a, b) = (step.t0, step.t);
            let dense = step.dense();
            for x in [0.0, 0.1, 0.35, 0.5, 0.81, 1.0] {
                let t = a + x * (b - a);
                dense.eval(t, &mut out);
                worst = worst.max((out[0] - t.sin()).abs().max((out[1] - t.cos()).abs()));
                assert_eq!(dense.component(1, t).to_bits(), out[1].to_bits());
                dense.derivative(t, &mut out);
                slope = slope.max((out[0] - t.cos()).abs().max((out[1] + t.sin()).abs()));
            }
            ControlFlow::Continue(())
        })
        .into_result()
        .unwrap();
        assert!(worst < bound, "{method:?}: {worst:e}");
        assert!(slope < 300.0 * bound, "{method:?}, derivative: {slope:e}");
    }
}

#[test]
fn complex_states_and_output_times() {
    // z' = (i ω − κ) z + drive
    let (omega, kappa, drive) = (2.0, 0.1, 0.5);
    let rate = c64::new(-kappa, omega);
    let mut sys = Function::new(2, |_t, y: &[f64], dy: &mut [f64]| {
        as_complex_mut(dy)[0] = rate * as_complex(y)[0] + drive;
    });
    let z0 = [c64::new(1.0, -1.0)];
    let times: Vec<f64> = (0..=50).map(|i| 0.31 * f64::from(i)).collect();
    for method in [Method::Auto, Method::Tsit5] {
        let rows = sample(&mut sys, 0.0, as_real(&z0), &times, &with(method, 1e-11, 1e-12)).unwrap();
        for (i, &t) in times.iter().enumerate() {
            let want = (z0[0] + drive / rate) * (rate * t).exp() - drive / rate;
            assert!((as_complex(rows.row(i))[0] - want).norm() < 1e-9, "{method:?}, t = {t}");
        }
    }
    // backwards, ending between the steps
    let rows = sample(&mut sys, 1.0, as_real(&z0), &[0.7, 0.2, -1.0], &Options::new(1e-11, 1e-12)).unwrap();
    let want = (z0[0] + drive / rate) * (rate * -2.0).exp() - drive / rate;
    assert!((as_complex(rows.row(2))[0] - want).norm() < 1e-8);
}

#[test]
fn fixed_steps_agree_with_adaptive_ones_and_reuse_the_derivative() {
    let mut calls = 0;
    let mut sys = Function::new(3, |_t, y: &[f64], dy: &mut [f64]| {
        calls += 1;
        dy[0] = y[1];
        dy[1] = -y[0];
        dy[2] = y[0] * y[1];
    });
    let mut stepper = Dop853::new(3, Tolerance::new(1e-12, 1e-12));
    let mut y = [1.0, 0.0, 0.0];
    for i in 0..100 {
        let error = stepper.fixed_step(&mut sys, 0.1 * f64::from(i), &mut y, 0.1);
        assert!(error < 1.0, "{error}");
    }
    assert!((y[0] - 10f64.cos()).abs() < 1e-12);
    // a state changed by hand is noticed
    y[0] += 1.0;
    let before = stepper.statistics().evaluations;
    stepper.fixed_step(&mut sys, 10.0, &mut y, 0.1);
    assert_eq!(stepper.statistics().evaluations - before, 13);
    assert_eq!(calls, 100 * 12 + 1 + 13);
}

struct Robertson;

impl System for Robertson {
    fn dim(&self) -> usize {
        3
    }
    fn rhs(&mut self, _t: f64, y: &[f64], dy: &mut [f64]) {
        let (a, b, c) = (0.04 * y[0], 3e7 * y[1] * y[1], 1e4 * y[1] * y[2]);
        dy[0] = -a + c;
        dy[1] = a - c - b;
        dy[2] = b;
    }
    fn jacobian(&mut self, _t: f64, y: &[f64], j: &mut [f64]) -> bool {
        j.copy_from_slice(&[
            -0.04,
            1e4 * y[2],
            1e4 * y[1],
            0.04,
            -1e4 * y[2] - 6e7 * y[1],
            -1e4 * y[1],
            0.0,
            6e7 * y[1],
            0.0,
        ]);
        true
    }
}

#[test]
fn robertson() {
    // reference at t = 40 and t = 1e5 (Radau IIA at rtol 1e-13 of an independent code)
    let cases = [
        (40.0, [0.715_827_068_719_40, 9.185_534_764_55e-6, 0.284_163_745_745_83]),
        (1e5, [1.786_592_114e-2, 7.274_751_468e-8, 0.982_134_006_12]),
    ];
    for (t, want) in cases {
        for numeric in [false, true] {
            let mut plain = Function::new(3, |t, y: &[f64], dy: &mut [f64]| Robertson.rhs(t, y, dy));
            let options = with(Method::Radau5, 1e-8, 1e-13);
            let end = if numeric {
                run(&mut plain, &[1.0, 0.0, 0.0], t, &options)
            } else {
                run(&mut Robertson, &[1.0, 0.0, 0.0], t, &options)
            };
            for (y, w) in end.state.y.iter().zip(want) {
                assert!((y / w - 1.0).abs() < 2e-7, "t = {t}, numeric Jacobian {numeric}: {:?}", end.state.y);
            }
            assert!((end.state.y.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(end.statistics.accepted < 700, "{:?}", end.statistics);
        }
    }
}

#[test]
fn stiff_van_der_pol_switches_the_method() {
    let mut sys = Function::new(2, |_t, y: &[f64], dy: &mut [f64]| {
        dy[0] = y[1];
        dy[1] = 1e4 * ((1.0 - y[0] * y[0]) * y[1]) - y[0];
    });
    let auto = run(&mut sys, &[2.0, 0.0], 5e3, &with(Method::Auto, 1e-7, 1e-9));
    let radau = run(&mut sys, &[2.0, 0.0], 5e3, &with(Method::Radau5, 1e-9, 1e-11));
    assert!((auto.state.y[0] - radau.state.y[0]).abs() < 1e-5, "{:?} {:?}", auto.state, radau.state);
    assert!(auto.statistics.jacobians > 0 && auto.statistics.accepted < 5000, "{:?}", auto.statistics);
    // an oscillation that is not stiff keeps the explicit method
    let mut oscillator = Function::new(2, |_t, y: &[f64], dy: &mut [f64]| {
        dy[0] = y[1];
        dy[1] = -y[0];
    });
    let mut solver = Solver::new(Method::Auto, 2, Tolerance::new(1e-8, 1e-10));
    let mut state = State::new(0.0, vec![1.0, 0.0]);
    while solver.step(&mut oscillator, &mut state, 2000.0).reason == StopReason::Step {}
    assert_eq!(solver.current(), Method::Dop853);
    assert_eq!(state.t, 2000.0);
}

#[test]
fn prothero_robinson_is_damped() {
    // y' = −1e6 (y − cos t) − sin t, from off the slow solution
    let mut sys = Function::new(1, |t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -1e6 * (y[0] - t.cos()) - t.sin());
    let end = run(&mut sys, &[2.0], 3.0, &with(Method::Radau5, 1e-8, 1e-10));
    assert!((end.state.y[0] - 3f64.cos()).abs() < 1e-7, "{}", end.state.y[0] - 3f64.cos());
    assert!(end.statistics.accepted < 300, "{:?}", end.statistics);
}

#[test]
fn event_times_to_twelve_digits() {
    let oscillator = || {
        Function::new(2, |_t, y: &[f64], dy: &mut [f64]| {
            dy[0] = y[1];
            dy[1] = -y[0];
        })
    };
    let options = Options { max_step: 0.5, ..with(Method::Dop853, 1e-14, 1e-15) };
    for (interior, direction, first, apart) in
        [(3, Direction::Any, 1.0, 1.0), (0, Direction::Rising, 2.0, 2.0), (0, Direction::Falling, 1.0, 2.0)]
    {
        let mut events = [Event::new(|_, y: &[f64]| y[0]).direction(direction).interior(interior)];
        let end = integrate_events(&mut oscillator(), 0.0, &[0.0, 1.0], 30.0, &options, &mut events, ignore);
        let pi = std::f64::consts::PI;
        for (k, hit) in end.events.iter().enumerate() {
            let want = pi * (first + apart * k as f64);
            assert!((hit.t - want).abs() < 1e-12, "{direction:?} {k}: {:e}", hit.t - want);
            assert!(hit.y[0].abs() < 1e-13);
        }
        assert_eq!(
            end.events.len(),
            if apart == 1.0 {
                9
            } else if first == 2.0 {
                4
            } else {
                5
            }
        );
    }
    // terminal: the earlier of two, also backwards in time
    for sign in [1.0, -1.0] {
        let mut events = [
            Event::new(|_, y: &[f64]| y[1] - 0.2).terminal(),
            Event::new(|t: f64, _| t.abs() - 0.7),
            Event::new(|_, y: &[f64]| y[0].abs() - 0.5).terminal(),
        ];
        let end = integrate_events(&mut oscillator(), 0.0, &[0.0, 1.0], 10.0 * sign, &options, &mut events, ignore);
        let want = sign * std::f64::consts::FRAC_PI_6;
        assert!(matches!(end.reason, StopReason::Event { index: 2, .. }), "{:?}", end.reason);
        assert!((end.state.t - want).abs() < 1e-12);
        assert!((end.state.y[0] - 0.5 * sign).abs() < 1e-13);
        assert_eq!(end.events.len(), 1);
    }
}

#[test]
fn reasons_for_stopping() {
    // y' = y² runs away at t = 1
    let mut blow = Function::new(1, |_t, y: &[f64], dy: &mut [f64]| dy[0] = y[0] * y[0]);
    for method in [Method::Dop853, Method::Tsit5, Method::Radau5] {
        let end = integrate(&mut blow, 0.0, &[1.0], 2.0, &with(method, 1e-8, 1e-10), ignore);
        let error = end.clone().into_result().unwrap_err();
        assert!(
            matches!(
                end.reason,
                StopReason::StepTooSmall { t } | StopReason::NonFinite { t } | StopReason::NewtonFailed { t }
                    if (t - 1.0).abs() < 1e-6
            ),
            "{method:?}: {:?} {error}",
            end.reason
        );
    }
    let mut nan = Function::new(1, |t: f64, _: &[f64], dy: &mut [f64]| dy[0] = (0.5 - t).sqrt());
    for method in [Method::Dop853, Method::Tsit5, Method::Radau5] {
        let end = integrate(&mut nan, 0.0, &[1.0], 2.0, &with(method, 1e-8, 1e-10), ignore);
        assert!(!end.reason.is_fine(), "{method:?}: {:?}", end.reason);
        assert!(end.state.t <= 0.5 && end.state.y[0].is_finite());
    }
    let mut start = Function::new(1, |_: f64, _: &[f64], dy: &mut [f64]| dy[0] = f64::NAN);
    let end = integrate(&mut start, 0.0, &[1.0], 2.0, &Options::default(), ignore);
    assert_eq!(end.into_result().unwrap_err(), OdeError::NonFinite { t: 0.0 });
    let mut flow = Function::new(1, |_: f64, _: &[f64], dy: &mut [f64]| dy[0] = 1.0);
    let few = Options { max_steps: 3, max_step: 0.1, first_step: Some(0.1), ..Options::default() };
    let end = integrate(&mut flow, 0.0, &[0.0], 2.0, &few, ignore);
    assert!(matches!(end.reason, StopReason::TooManySteps { .. }) && end.statistics.accepted == 3);
    let end = integrate(&mut flow, 0.0, &[0.0], 2.0, &few, |s| {
        if s.t > 0.05 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(end.reason, StopReason::Observer);
    // nothing to do, and nothing that moves
    assert_eq!(integrate(&mut flow, 1.0, &[0.0], 1.0, &few, ignore).reason, StopReason::ReachedLimit);
    let mut rest = Function::new(4, |_: f64, _: &[f64], dy: &mut [f64]| dy.fill(0.0));
    let end = run(&mut rest, &[0.0; 4], 1e6, &Options::default());
    assert!(end.statistics.accepted < 30, "{:?}", end.statistics);
}

#[test]
fn work_does_not_grow_unnoticed() {
    let mut sys = kepler();
    let count = |sys: &mut _, method, tol| run(sys, &kepler_start(0.5), 50.0, &with(method, tol, tol)).statistics;
    let s = count(&mut sys, Method::Dop853, 1e-9);
    assert!(s.accepted < 260 && s.rejected < 80 && s.evaluations < 3800, "{s:?}");
    let s = count(&mut sys, Method::Tsit5, 1e-6);
    assert!(s.accepted < 600 && s.rejected < 80 && s.evaluations < 4000, "{s:?}");
    let s = count(&mut sys, Method::Radau5, 1e-6);
    assert!(s.accepted < 850 && s.jacobians < 50 && s.factorisations < 450, "{s:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn linear_systems_follow_the_exponential(seed in 0u64..1_000_000, dim in 1usize..19, t in 0.1f64..4.0) {
        let mut x = seed;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        };
        let a = huygens_numerics::linalg::RMatrix::from_fn(dim, dim, |_, _| next());
        let y0: Vec<f64> = (0..dim).map(|_| next()).collect();
        let want = huygens_numerics::linalg::expm(&a.scale(t)).unwrap().mul_vec(&y0);
        let size = want.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        for (method, bound) in [(Method::Dop853, 1e-8), (Method::Tsit5, 1e-7), (Method::Radau5, 1e-6)] {
            for norm in [Norm::Max, Norm::Rms] {
                let mut sys = Function::new(dim, |_t, y: &[f64], dy: &mut [f64]| a.mul_vec_into(y, dy));
                let mut options = with(method, 1e-10, 1e-10);
                options.tolerance.norm = norm;
                let end = run(&mut sys, &y0, t, &options);
                for (y, w) in end.state.y.iter().zip(&want) {
                    prop_assert!((y - w).abs() < bound * size, "{method:?} {norm:?}: {:e}", (y - w).abs() / size);
                }
            }
        }
    }
}
