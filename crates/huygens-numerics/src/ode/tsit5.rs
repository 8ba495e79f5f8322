//! Tsit5: explicit Runge–Kutta method of order 5(4) by Tsitouras.

// the digits of the published tables
#![allow(clippy::excessive_precision)]

use multiversion::multiversion;

use super::control::{Controller, first_step, hopeless, same_time, trial};
use super::dense::{Basis, Dense};
use super::kernels::{
    Block, LANES, block_sum, blocks, combine, flat, larger, load, norm_of_squares, opaque, pick, zeros,
};
use super::{Norm, State, Statistics, StepOutcome, Stepper, StopReason, System, Tolerance};

const C: [f64; 7] = [0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0];
const A1: [f64; 1] = [0.161];
const A2: [f64; 2] = [-0.008480655492356989, 0.335480655492357];
const A3: [f64; 3] = [2.8971530571054935, -6.359448489975075, 4.3622954328695815];
const A4: [f64; 4] = [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525];
const A5: [f64; 5] =
    [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383];
const B: [f64; 6] =
    [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774];
/// Weights of the error, over the six stages and the derivative at the end.
const E: [f64; 7] = [
    -0.00178001105222577714,
    -0.0008164344596567469,
    0.007880878010261995,
    -0.1447110071732629,
    0.5823571654525552,
    -0.45808210592918697,
    0.015151515151515152,
];

/// Polynomials `b_i(θ) = Σ_m DENSE[i][m] θ^(m+1)` of the dense output.
pub(super) const DENSE: [[f64; 4]; 7] = {
    // b1 = k θ (θ − a)(θ² − b θ + c)
    const K: f64 = -1.0530884977290216;
    const A: f64 = 1.3299890189751412;
    const BB: f64 = 1.4364028541716351;
    const CC: f64 = 0.7139816917074209;
    [
        [-K * A * CC, K * (CC + A * BB), -K * (A + BB), K],
        quartic(0.1017, 2.1966568338249754, 1.2949852507374631),
        quartic(2.490627285651252793, 2.38535645472061657, 1.57803468208092486),
        quartic(
            -16.54810288924490272,
            1.21712927295533244 + 0.61620406037800089,
            1.21712927295533244 * 0.61620406037800089,
        ),
        quartic(
            47.37952196281928122,
            1.203071208372362603 + 0.658047292653547382,
            1.203071208372362603 * 0.658047292653547382,
        ),
        quartic(-34.87065786149660974, 1.2 + 2.0 / 3.0, 0.8),
        quartic(2.5, 1.6, 0.6),
    ]
};

/// `k θ² (θ² − s θ + p)`.
const fn quartic(k: f64, s: f64, p: f64) -> [f64; 4] {
    [0.0, k * p, -k * s, k]
}

/// Explicit Runge–Kutta method of order 5 with an embedded error estimate of order 4 and dense output of order 4
/// (Ch. Tsitouras, Comput. Math. Appl. 62, 770 (2011)).
///
/// Six evaluations of the right-hand side a step: the method of choice for tolerances above 1e-6, for right-hand sides that are not
/// very smooth, and for frequent output, which is free.
#[derive(Clone, Debug)]
pub struct Tsit5 {
    dim: usize,
    tol: Tolerance,
    control: Controller,
    stats: Statistics,
    /// Stages 0 to 6; 6 is the derivative at the end of the step.
    k: Vec<Block>,
    y_old: Vec<Block>,
    y_stage: Vec<Block>,
    y_new: Vec<Block>,
    t_old: f64,
    t_new: f64,
    primed: bool,
    stepped: bool,
}

impl Tsit5 {
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
            control: Controller::new(5.0, 0.04, 0.2, 10.0),
            stats: Statistics::default(),
            k: zeros(nb, 7),
            y_old: zeros(nb, 1),
            y_stage: zeros(nb, 1),
            y_new: zeros(nb, 1),
            t_old: 0.0,
            t_new: 0.0,
            primed: false,
            stepped: false,
        }
    }

    /// Advances `y` from `t` by exactly `h` without error control and returns the error norm the step would have been judged
    /// by (1 = at tolerance); NaN when the step is not finite.
    ///
    /// # Panics
    /// When `y` has another length than the stepper.
    #[track_caller]
    pub fn fixed_step<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, y: &mut [f64], h: f64) -> f64 {
        self.begin(sys, t, y);
        let error = self.attempt(sys, t, h);
        self.finish(t, t + h);
        y.copy_from_slice(&flat(&self.y_new)[..self.dim]);
        self.stats.accepted += 1;
        error
    }

    #[track_caller]
    fn begin<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, y: &[f64]) {
        assert_eq!(y.len(), self.dim, "the state and the stepper differ in length");
        assert_eq!(sys.dim(), self.dim, "the system and the stepper differ in length");
        let nb = self.y_new.len();
        self.stepped = false;
        if self.primed && same_time(t, self.t_new, self.t_old) && y == &flat(&self.y_new)[..self.dim] {
            std::mem::swap(&mut self.y_old, &mut self.y_new);
            self.k.copy_within(6 * nb..7 * nb, 0);
        } else {
            load(&mut self.y_old, y);
            sys.rhs(t, y, &mut self.k[..nb].as_flattened_mut()[..self.dim]);
            self.stats.evaluations += 1;
        }
        self.primed = false;
    }

    fn attempt<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, h: f64) -> f64 {
        self.stats.evaluations += 6;
        attempt(sys, &self.tol, self.dim, t, h, &self.y_old, &mut self.k, &mut self.y_stage, &mut self.y_new)
    }

    fn finish(&mut self, t: f64, t_new: f64) {
        self.t_old = t;
        self.t_new = t_new;
        self.primed = true;
        self.stepped = true;
    }
}

impl Stepper for Tsit5 {
    fn dim(&self) -> usize {
        self.dim
    }

    fn order(&self) -> usize {
        5
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
                5,
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
                self.finish(t, t_new);
                let proposed = self.control.accept(h.abs(), error, outcome.rejected > 0);
                self.control.h = if h.abs() < h_try { proposed.max(h_try) } else { proposed };
                state.t = t_new;
                state.y.copy_from_slice(&flat(&self.y_new)[..self.dim]);
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
    fn dense<S: System + ?Sized>(&mut self, _sys: &mut S) -> Dense<'_> {
        assert!(self.stepped, "dense output needs an accepted step");
        Dense {
            basis: Basis::Tsit5,
            dim: self.dim,
            t0: self.t_old,
            t1: self.t_new,
            base: &self.y_old,
            vectors: &self.k,
        }
    }

    fn restart(&mut self) {
        self.control.reset();
        self.primed = false;
        self.stepped = false;
        self.stats = Statistics::default();
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

/// The stages, the result in `y_new`, the derivative there in stage 6, and the error norm.
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
) -> f64 {
    let nb = y.len();
    let stage = &mut stage[..nb];
    macro_rules! stage {
        ($out:expr, $s:literal, $at:expr, $a:expr) => {
            combine($out, y, k, $at, $a, h);
            sys.rhs(t + C[$s] * h, &flat($out)[..dim], &mut k[$s * nb..($s + 1) * nb].as_flattened_mut()[..dim]);
        };
    }
    stage!(stage, 1, [0], A1);
    stage!(stage, 2, [0, 1], A2);
    stage!(stage, 3, [0, 1, 2], A3);
    stage!(stage, 4, [0, 1, 2, 3], A4);
    stage!(stage, 5, [0, 1, 2, 3, 4], A5);
    let y_new = &mut y_new[..nb];
    stage!(y_new, 6, [0, 1, 2, 3, 4, 5], B);
    let v = pick(k, &[0, 1, 2, 3, 4, 5, 6], nb);
    let y_new = &*y_new;
    for b in 0..nb {
        let b = opaque(b);
        let e = block_sum(&v, &E, b);
        // the last stage's place is free now
        let (old, new, squares) = (&y[b], &y_new[b], &mut stage[b]);
        for l in 0..LANES {
            let r = h * e[l] / (tol.atol + tol.rtol * larger(old[l].abs(), new[l].abs()));
            squares[l] = r * r;
        }
    }
    let max = tol.norm == Norm::Max;
    let error = norm_of_squares(stage, max);
    if max { error.sqrt() } else { (error / dim as f64).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tableau_is_consistent() {
        let rows: [&[f64]; 6] = [&A1, &A2, &A3, &A4, &A5, &B];
        for (i, row) in rows.iter().enumerate() {
            assert!((row.iter().sum::<f64>() - C[i + 1]).abs() < 1e-14, "row {i}");
        }
        for q in 1..=5 {
            let sum: f64 = B.iter().zip(C).map(|(b, c)| b * c.powi(q - 1)).sum();
            assert!((sum - 1.0 / f64::from(q)).abs() < 1e-14, "condition {q}");
            let e: f64 = E.iter().zip(C).map(|(b, c)| b * c.powi(q - 1)).sum();
            assert_eq!(e.abs() < 1e-14, q <= 4, "error estimate, condition {q}: {e:e}");
        }
        for (i, p) in DENSE.iter().enumerate() {
            let end: f64 = p.iter().sum();
            let want = B.get(i).copied().unwrap_or(0.0);
            assert!((end - want).abs() < 1e-13, "dense output of stage {i}: {end} instead of {want}");
        }
        for theta in [0.2, 0.7] {
            for q in 1..=4i32 {
                let sum: f64 = (0..7)
                    .map(|i| {
                        let b: f64 = (0..4).map(|m| DENSE[i][m] * f64::powi(theta, m as i32 + 1)).sum();
                        b * C[i].powi(q - 1)
                    })
                    .sum();
                assert!((sum - f64::powi(theta, q) / f64::from(q)).abs() < 1e-13, "dense condition {q} at {theta}");
            }
        }
    }
}
