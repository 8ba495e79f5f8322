//! DOP853: explicit Runge–Kutta method of order 8 by Dormand and Prince.

use multiversion::multiversion;

use super::control::{Controller, first_step, hopeless, same_time, trial};
use super::dense::{Basis, Dense};
use super::dop853_tableau as tab;
use super::kernels::{
    Block, LANES, block_sum, blocks, combine, flat, larger, load, norm_of_squares, opaque, pick, weighted_sum, zeros,
};
use super::{Norm, State, Statistics, StepOutcome, Stepper, StopReason, System, Tolerance};

/// Explicit Runge–Kutta method of order 8 with a 5th- and 3rd-order error estimate and dense output of order 7
/// (Dormand and Prince; Hairer, Nørsett, Wanner, *Solving Ordinary Differential Equations I*, sec. II.5 and II.6).
///
/// The method of choice for smooth, non-stiff problems at tolerances of 1e-6 and below. A step costs 12 evaluations
/// of the right-hand side, the dense output 3 more (only when it is asked for). Nothing is allocated in a step.
#[derive(Clone, Debug)]
pub struct Dop853 {
    dim: usize,
    tol: Tolerance,
    control: Controller,
    stats: Statistics,
    /// Stages 0 to 15; 12 is the derivative at the end of the step.
    k: Vec<Block>,
    y_old: Vec<Block>,
    y_stage: Vec<Block>,
    y_new: Vec<Block>,
    /// Vectors of the dense output.
    dense: Vec<Block>,
    dense_ready: bool,
    t_old: f64,
    t_new: f64,
    /// `y_new` and stage 12 belong to `t_new`.
    primed: bool,
    /// `y_old`, `y_new` and the stages belong to a step.
    stepped: bool,
    stiff: StiffnessCount,
}

/// Counts the signs of stiffness (Hairer, Wanner II, sec. IV.2).
#[derive(Clone, Copy, Debug, Default)]
struct StiffnessCount {
    suspicious: usize,
    innocent: usize,
    detected: bool,
}

impl Dop853 {
    /// Stepper for `dim` components.
    ///
    /// # Panics
    /// When `dim` is zero.
    #[track_caller]
    pub fn new(dim: usize, tol: Tolerance) -> Self {
        assert!(dim > 0, "an integrator needs at least one component");
        let nb = blocks(dim);
        Self {
            dim,
            tol,
            control: Controller::new(8.0, 0.02, 1.0 / 3.0, 6.0),
            stats: Statistics::default(),
            k: zeros(nb, 16),
            y_old: zeros(nb, 1),
            y_stage: zeros(nb, 1),
            y_new: zeros(nb, 1),
            dense: zeros(nb, 7),
            dense_ready: false,
            t_old: 0.0,
            t_new: 0.0,
            primed: false,
            stepped: false,
            stiff: StiffnessCount::default(),
        }
    }

    /// True once the problem has looked stiff over 15 steps: `h · |largest eigenvalue|` stayed at the boundary of the
    /// stability region (about 6.1). An implicit method will then be faster.
    pub fn looks_stiff(&self) -> bool {
        self.stiff.detected
    }

    /// Advances `y` from `t` by exactly `h` without error control and returns the error norm the step would have been judged
    /// by (1 = at tolerance); NaN when the step is not finite. On a grid of steps the derivative at the end of one step
    /// is reused by the next; [`Stepper::dense`] serves the step as well.
    ///
    /// # Panics
    /// When `y` has another length than the stepper.
    #[track_caller]
    pub fn fixed_step<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, y: &mut [f64], h: f64) -> f64 {
        self.begin(sys, t, y);
        let error = self.attempt(sys, t, h);
        self.finish(sys, t, t + h);
        y.copy_from_slice(&flat(&self.y_new)[..self.dim]);
        self.stats.accepted += 1;
        error
    }

    /// Derivative at the end of the last step.
    pub fn end_derivative(&self) -> &[f64] {
        let nb = self.y_new.len();
        &flat(&self.k[12 * nb..13 * nb])[..self.dim]
    }

    /// Makes `y_old` and stage 0 belong to `(t, y)`.
    #[track_caller]
    fn begin<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, y: &[f64]) {
        assert_eq!(y.len(), self.dim, "the state and the stepper differ in length");
        assert_eq!(sys.dim(), self.dim, "the system and the stepper differ in length");
        let nb = self.y_new.len();
        self.dense_ready = false;
        self.stepped = false;
        if self.primed && same_time(t, self.t_new, self.t_old) && y == &flat(&self.y_new)[..self.dim] {
            std::mem::swap(&mut self.y_old, &mut self.y_new);
            self.k.copy_within(12 * nb..13 * nb, 0);
        } else {
            load(&mut self.y_old, y);
            sys.rhs(t, y, &mut self.k[..nb].as_flattened_mut()[..self.dim]);
            self.stats.evaluations += 1;
        }
        self.primed = false;
    }

    fn attempt<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, h: f64) -> f64 {
        self.stats.evaluations += 11;
        attempt(
            sys,
            &self.tol,
            self.dim,
            t,
            h,
            &self.y_old,
            &mut self.k,
            &mut self.y_stage,
            &mut self.y_new,
            &mut self.dense,
        )
    }

    /// Takes the trial step: derivative at its end.
    fn finish<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, t_new: f64) {
        let nb = self.y_new.len();
        sys.rhs(t_new, &flat(&self.y_new)[..self.dim], &mut self.k[12 * nb..13 * nb].as_flattened_mut()[..self.dim]);
        self.stats.evaluations += 1;
        self.t_old = t;
        self.t_new = t_new;
        self.primed = true;
        self.stepped = true;
    }

    /// Estimates `h |λ|` from the last two stages, which are both evaluated at the end of the step.
    fn watch_stiffness(&mut self, h: f64) {
        if !self.stats.accepted.is_multiple_of(64) && self.stiff.suspicious == 0 {
            return;
        }
        let nb = self.y_new.len();
        let (mut df, mut dy) = (0.0, 0.0);
        let f = flat(&self.k[12 * nb..13 * nb]).iter().zip(flat(&self.k[11 * nb..12 * nb]));
        for (f1, f0) in f.take(self.dim) {
            df += (f1 - f0) * (f1 - f0);
        }
        for (y1, y0) in flat(&self.y_new).iter().zip(flat(&self.y_stage)).take(self.dim) {
            dy += (y1 - y0) * (y1 - y0);
        }
        let count = &mut self.stiff;
        if dy > 0.0 && h * h * df > 6.1 * 6.1 * dy {
            count.innocent = 0;
            count.suspicious += 1;
            if count.suspicious >= 15 {
                count.detected = true;
            }
        } else {
            count.innocent += 1;
            if count.innocent >= 6 {
                count.suspicious = 0;
            }
        }
    }
}

impl Stepper for Dop853 {
    fn dim(&self) -> usize {
        self.dim
    }

    fn order(&self) -> usize {
        8
    }

    fn step<S: System + ?Sized>(&mut self, sys: &mut S, state: &mut State, t_limit: f64) -> StepOutcome {
        let t = state.t;
        let mut outcome = StepOutcome { reason: StopReason::ReachedLimit, h: 0.0, error: 0.0, rejected: 0 };
        if t == t_limit {
            return outcome;
        }
        self.begin(sys, t, &state.y);
        if self.control.h == 0.0 {
            let nb = self.y_new.len();
            let (f, rest) = self.k.split_at_mut(nb);
            self.control.h = first_step(
                sys,
                &self.tol,
                8,
                t,
                1f64.copysign(t_limit - t),
                self.control.h_max.min((t_limit - t).abs()),
                &self.y_old,
                f,
                &mut self.y_stage,
                &mut rest[..nb],
                &mut self.stats,
            );
        }
        let mut h_try = self.control.h.min(self.control.h_max);
        loop {
            let (h, last) = trial(t, t_limit, h_try);
            let error = self.attempt(sys, t, h);
            if error <= 1.0 {
                let t_new = if last { t_limit } else { t + h };
                self.finish(sys, t, t_new);
                let proposed = self.control.accept(h.abs(), error, outcome.rejected > 0);
                // a step cut short by the limit says nothing against the size it was cut from
                self.control.h = if h.abs() < h_try { proposed.max(h_try) } else { proposed };
                state.t = t_new;
                state.y.copy_from_slice(&flat(&self.y_new)[..self.dim]);
                self.watch_stiffness(h);
                self.stats.accepted += 1;
                outcome.reason = if last { StopReason::ReachedLimit } else { StopReason::Step };
                outcome.h = h;
                outcome.error = error;
                return outcome;
            }
            outcome.rejected += 1;
            self.stats.rejected += 1;
            if let Some(reason) = hopeless(t, h, outcome.rejected, error) {
                outcome.reason = reason;
                return outcome;
            }
            h_try = self.control.reject(h.abs(), error);
        }
    }

    #[track_caller]
    fn dense<S: System + ?Sized>(&mut self, sys: &mut S) -> Dense<'_> {
        assert!(self.stepped, "dense output needs an accepted step");
        if !self.dense_ready {
            prepare_dense(
                sys,
                self.dim,
                self.t_old,
                self.t_new - self.t_old,
                &self.y_old,
                &self.y_new,
                &mut self.k,
                &mut self.y_stage,
                &mut self.dense,
            );
            self.stats.evaluations += 3;
            self.dense_ready = true;
        }
        Dense {
            basis: Basis::Dop853,
            dim: self.dim,
            t0: self.t_old,
            t1: self.t_new,
            base: &self.y_old,
            vectors: &self.dense,
        }
    }

    fn restart(&mut self) {
        self.control.reset();
        self.primed = false;
        self.stepped = false;
        self.stats = Statistics::default();
        self.stiff = StiffnessCount::default();
    }

    fn statistics(&self) -> Statistics {
        self.stats
    }

    fn next_step(&self) -> Option<f64> {
        (self.control.h > 0.0).then_some(self.control.h)
    }

    fn set_next_step(&mut self, h: f64) {
        self.control.h = h.abs();
    }

    fn set_max_step(&mut self, h: f64) {
        self.control.h_max = h.abs();
    }
}

/// The eleven stages, the result in `y_new` and its error norm. The right-hand side is compiled with the step for each
/// instruction set.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn attempt<S: System + ?Sized>(
    sys: &mut S,
    tol: &Tolerance,
    dim: usize,
    t: f64,
    h: f64,
    y: &[Block],
    k: &mut [Block],
    stage: &mut [Block],
    y_new: &mut [Block],
    scratch: &mut [Block],
) -> f64 {
    let nb = y.len();
    let stage = &mut stage[..nb];
    macro_rules! stage {
        ($s:literal, $at:expr, $a:expr) => {
            combine(stage, y, k, $at, $a, h);
            sys.rhs(t + tab::C[$s] * h, &flat(stage)[..dim], &mut k[$s * nb..($s + 1) * nb].as_flattened_mut()[..dim]);
        };
    }
    stage!(1, tab::A1_AT, tab::A1);
    stage!(2, tab::A2_AT, tab::A2);
    stage!(3, tab::A3_AT, tab::A3);
    stage!(4, tab::A4_AT, tab::A4);
    stage!(5, tab::A5_AT, tab::A5);
    stage!(6, tab::A6_AT, tab::A6);
    stage!(7, tab::A7_AT, tab::A7);
    stage!(8, tab::A8_AT, tab::A8);
    stage!(9, tab::A9_AT, tab::A9);
    stage!(10, tab::A10_AT, tab::A10);
    stage!(11, tab::A11_AT, tab::A11);

    let v = pick(k, &tab::B_AT, nb);
    // stages 0, 8 and 11 are the places 0, 4 and 7 in the list of B
    let low = [v[0], v[4], v[7]];
    let y_new = &mut y_new[..nb];
    let (fifth, third) = scratch.split_at_mut(nb);
    let third = &mut third[..nb];
    for b in 0..nb {
        let b = opaque(b);
        let up = block_sum(&v, &tab::B, b);
        let e5 = block_sum(&v, &tab::E5, b);
        let low = block_sum(&low, &tab::BHH, b);
        let (old, new, r5, r3) = (&y[b], &mut y_new[b], &mut fifth[b], &mut third[b]);
        for l in 0..LANES {
            let value = old[l] + h * up[l];
            let w = 1.0 / (tol.atol + tol.rtol * larger(old[l].abs(), value.abs()));
            let (a, c) = (e5[l] * w, (up[l] - low[l]) * w);
            new[l] = value;
            r5[l] = a * a;
            r3[l] = c * c;
        }
    }
    let max = tol.norm == Norm::Max;
    let (s5, s3) = (norm_of_squares(fifth, max), norm_of_squares(third, max));
    let weight = (s5 + 0.01 * s3) * if max { 1.0 } else { dim as f64 };
    // NaN stays NaN
    if weight == 0.0 { 0.0 } else { h.abs() * s5 / weight.sqrt() }
}

/// Three more stages and the seven vectors of the dense output.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn prepare_dense<S: System + ?Sized>(
    sys: &mut S,
    dim: usize,
    t: f64,
    h: f64,
    y: &[Block],
    y_new: &[Block],
    k: &mut [Block],
    stage: &mut [Block],
    dense: &mut [Block],
) {
    let nb = y.len();
    let stage = &mut stage[..nb];
    macro_rules! stage {
        ($s:literal, $at:expr, $a:expr) => {
            combine(stage, y, k, $at, $a, h);
            sys.rhs(t + tab::C[$s] * h, &flat(stage)[..dim], &mut k[$s * nb..($s + 1) * nb].as_flattened_mut()[..dim]);
        };
    }
    stage!(13, tab::A13_AT, tab::A13);
    stage!(14, tab::A14_AT, tab::A14);
    stage!(15, tab::A15_AT, tab::A15);

    let (first, rest) = dense.split_at_mut(3 * nb);
    {
        let n = nb * LANES;
        let (d0, d) = first.as_flattened_mut().split_at_mut(n);
        let (d1, d2) = d.split_at_mut(n);
        let (d1, d2) = (&mut d1[..n], &mut d2[..n]);
        let (f0, f1) = (&flat(k)[..n], &flat(k)[12 * n..][..n]);
        let (y, y_new) = (&flat(y)[..n], &flat(y_new)[..n]);
        for i in 0..n {
            let step = y_new[i] - y[i];
            let (s0, s1) = (h * f0[i], h * f1[i]);
            d0[i] = step;
            d1[i] = s0 - step;
            d2[i] = 2.0 * step - (s1 + s0);
        }
    }
    weighted_sum(&mut rest[..nb], k, tab::D0_AT, tab::D0, h);
    weighted_sum(&mut rest[nb..2 * nb], k, tab::D1_AT, tab::D1, h);
    weighted_sum(&mut rest[2 * nb..3 * nb], k, tab::D2_AT, tab::D2, h);
    weighted_sum(&mut rest[3 * nb..4 * nb], k, tab::D3_AT, tab::D3, h);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ode::Function;

    #[test]
    fn tableau_is_consistent() {
        let rows: [(&[usize], &[f64], usize); 14] = [
            (&tab::A1_AT, &tab::A1, 1),
            (&tab::A2_AT, &tab::A2, 2),
            (&tab::A3_AT, &tab::A3, 3),
            (&tab::A4_AT, &tab::A4, 4),
            (&tab::A5_AT, &tab::A5, 5),
            (&tab::A6_AT, &tab::A6, 6),
            (&tab::A7_AT, &tab::A7, 7),
            (&tab::A8_AT, &tab::A8, 8),
            (&tab::A9_AT, &tab::A9, 9),
            (&tab::A10_AT, &tab::A10, 10),
            (&tab::A11_AT, &tab::A11, 11),
            (&tab::A13_AT, &tab::A13, 13),
            (&tab::A14_AT, &tab::A14, 14),
            (&tab::A15_AT, &tab::A15, 15),
        ];
        for (at, a, s) in rows {
            assert!((a.iter().sum::<f64>() - tab::C[s]).abs() < 2e-14, "row sum of stage {s}");
            assert!(at.iter().all(|&j| j < s), "stage {s} is explicit");
        }
        // quadrature conditions Σ b c^(q−1) = 1/q up to order 8, and an error of at most 5th order
        for q in 1..=8 {
            let sum: f64 = tab::B.iter().zip(tab::B_AT).map(|(b, j)| b * tab::C[j].powi(q - 1)).sum();
            assert!((sum - 1.0 / f64::from(q)).abs() < 1e-14, "order condition {q}");
            let e5: f64 = tab::E5.iter().zip(tab::B_AT).map(|(b, j)| b * tab::C[j].powi(q - 1)).sum();
            assert_eq!(e5.abs() < 1e-13, q <= 5, "5th-order estimate, condition {q}: {e5}");
        }
    }

    #[test]
    fn orders_of_solution_and_dense_output() {
        // y'' = −y with a driven phase: y = (cos t², sin t²)
        let mut sys = Function::new(2, |t: f64, y: &[f64], dy: &mut [f64]| {
            dy[0] = -2.0 * t * y[1];
            dy[1] = 2.0 * t * y[0];
        });
        let mut errors = vec![];
        for n in [16usize, 32] {
            let mut stepper = Dop853::new(2, Tolerance::default());
            let h = 2.0 / n as f64;
            let mut y = [1.0, 0.0];
            let (mut end, mut inside) = (0.0f64, 0.0f64);
            let mut out = [0.0; 2];
            for i in 0..n {
                let t = i as f64 * h;
                let before = y;
                stepper.fixed_step(&mut sys, t, &mut y, h);
                let dense = stepper.dense(&mut sys);
                // local error of the interpolant only: take the flow from the numerical point
                let start = before[1].atan2(before[0]);
                for x in [0.2, 0.5, 0.83] {
                    let s = t + x * h;
                    let phi = start + s * s - t * t;
                    dense.eval(s, &mut out);
                    inside = inside.max((out[0] - phi.cos()).hypot(out[1] - phi.sin()));
                }
                end = end.max((y[0] - (t + h).powi(2).cos()).hypot(y[1] - (t + h).powi(2).sin()));
            }
            errors.push((end, inside));
        }
        let order = (errors[0].0 / errors[1].0).log2();
        let order_dense = (errors[0].1 / errors[1].1).log2();
        assert!((7.5..9.5).contains(&order), "order {order}: {errors:?}");
        assert!((7.4..9.5).contains(&order_dense), "order of the dense output {order_dense}: {errors:?}");
    }
}
