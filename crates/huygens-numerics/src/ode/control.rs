//! What all steppers share: step-size control, the first step, and how a step ends.

use super::kernels::{Block, LANES, flat, larger, max_lanes, sum_lanes};
use super::{Norm, Statistics, StopReason, System, Tolerance};

/// Consecutive rejections after which a step is given up.
const PATIENCE: usize = 100;

/// Factor on the step after a trial that was not finite.
const RETREAT: f64 = 0.1;

/// Proportional–integral control of the step size: K. Gustafsson, ACM Trans. Math. Softw. 17, 533 (1991);
/// Hairer, Nørsett, Wanner I, sec. II.4.
#[derive(Clone, Debug)]
pub(super) struct Controller {
    exponent: f64,
    beta: f64,
    shrink: f64,
    grow: f64,
    last_error: f64,
    /// Size to try next; 0 = not known yet.
    pub(super) h: f64,
    pub(super) h_max: f64,
}

impl Controller {
    /// For an error estimate that scales as `h^power`.
    pub(super) fn new(power: f64, beta: f64, shrink: f64, grow: f64) -> Self {
        Self { exponent: 1.0 / power - beta * 0.75, beta, shrink, grow, last_error: 1e-4, h: 0.0, h_max: f64::INFINITY }
    }

    pub(super) fn reset(&mut self) {
        self.last_error = 1e-4;
        self.h = 0.0;
    }

    /// New step size after an accepted step of size `h`.
    pub(super) fn accept(&mut self, h: f64, error: f64, after_rejection: bool) -> f64 {
        let mut factor = 0.9 * error.powf(-self.exponent) * self.last_error.powf(self.beta);
        // error = 0 gives an infinite factor
        factor = factor.clamp(self.shrink, self.grow);
        if after_rejection {
            factor = factor.min(1.0);
        }
        self.last_error = error.max(1e-4);
        h * factor
    }

    /// New step size after a rejected step of size `h`.
    pub(super) fn reject(&self, h: f64, error: f64) -> f64 {
        if error.is_finite() { h * (0.9 * error.powf(-self.exponent)).clamp(self.shrink, 0.95) } else { h * RETREAT }
    }
}

/// The step that is to be tried from `t` towards `t_limit`: (signed size, does it end on the limit).
pub(super) fn trial(t: f64, t_limit: f64, h: f64) -> (f64, bool) {
    let left = t_limit - t;
    if h >= left.abs() * (1.0 - 1e-12) {
        (left, true)
    } else if 2.0 * h > left.abs() {
        // two equal steps instead of a long and a tiny one
        (0.5 * left, false)
    } else {
        (h.copysign(left), false)
    }
}

/// The reason to give up after a rejected trial, if there is one.
pub(super) fn hopeless(t: f64, h: f64, rejected: usize, error: f64) -> Option<StopReason> {
    if t + 0.1 * h == t || rejected >= PATIENCE {
        Some(if error.is_finite() { StopReason::StepTooSmall { t } } else { StopReason::NonFinite { t } })
    } else {
        None
    }
}

/// Weighted sum or maximum of squares of a blocked vector: `Σ (v/s)²/dim` or `max (v/s)²` with
/// `s = atol + rtol |y|`.
pub(super) fn mean_square(tol: &Tolerance, dim: usize, v: &[Block], y: &[Block]) -> f64 {
    let mut acc = [0.0; LANES];
    for (v, y) in v.iter().zip(y) {
        for l in 0..LANES {
            let r = v[l] / (tol.atol + tol.rtol * y[l].abs());
            match tol.norm {
                Norm::Max => acc[l] = larger(r * r, acc[l]),
                Norm::Rms => acc[l] += r * r,
            }
        }
    }
    match tol.norm {
        Norm::Max => max_lanes(&acc),
        Norm::Rms => sum_lanes(&acc) / dim as f64,
    }
}

/// Size of the first step: Hairer, Nørsett, Wanner I, sec. II.4, "starting step size". `f` is the derivative at `(t, y)`;
/// `y1` and `f1` are workspace. One call of the right-hand side.
pub(super) fn first_step<S: System + ?Sized>(
    sys: &mut S,
    tol: &Tolerance,
    order: usize,
    t: f64,
    direction: f64,
    h_max: f64,
    y: &[Block],
    f: &[Block],
    y1: &mut [Block],
    f1: &mut [Block],
    stats: &mut Statistics,
) -> f64 {
    let dim = sys.dim();
    let d0 = mean_square(tol, dim, y, y).sqrt();
    let d1 = mean_square(tol, dim, f, y).sqrt();
    let h0 = if d0 <= 1e-5 || d1 <= 1e-5 { 1e-6 } else { 0.01 * d0 / d1 }.min(h_max);
    for ((y1, y), f) in y1.iter_mut().zip(y).zip(f) {
        for l in 0..LANES {
            y1[l] = y[l] + direction * h0 * f[l];
        }
    }
    sys.rhs(t + direction * h0, &flat(y1)[..dim], &mut f1.as_flattened_mut()[..dim]);
    stats.evaluations += 1;
    for (f1, f) in f1.iter_mut().zip(f) {
        for l in 0..LANES {
            f1[l] -= f[l];
        }
    }
    let d2 = mean_square(tol, dim, f1, y).sqrt() / h0;
    let d = d1.max(d2);
    let h1 = if !d.is_finite() {
        h0
    } else if d <= 1e-15 {
        (h0 * 1e-3).max(1e-6)
    } else {
        (0.01 / d).powf(1.0 / order as f64)
    };
    h1.min(100.0 * h0).min(h_max)
}

/// True when `t` is the end `t1` of the last step up to a few roundings: grids `t0 + i h` and sums `t + h` differ by that.
pub(super) fn same_time(t: f64, t1: f64, t0: f64) -> bool {
    (t - t1).abs() <= 8.0 * f64::EPSILON * t1.abs().max(t0.abs())
}
