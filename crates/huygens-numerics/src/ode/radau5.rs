//! Radau IIA of order 5 for stiff problems.

// the digits of the published tables
#![allow(clippy::excessive_precision)]

use super::control::{hopeless, same_time, trial};
use super::dense::{Basis, Dense};
use super::kernels::{Block, blocks, load, zeros};
use super::{Norm, State, Statistics, StepOutcome, Stepper, StopReason, System, Tolerance};
use crate::c64;
use crate::linalg::{Lu, Matrix};

const S6: f64 = 2.449489742783178;
const C: [f64; 3] = [(4.0 - S6) / 10.0, (4.0 + S6) / 10.0, 1.0];
/// Weights of the error estimate.
const E: [f64; 3] = [(-13.0 - 7.0 * S6) / 3.0, (-13.0 + 7.0 * S6) / 3.0, -1.0 / 3.0];
/// Eigenvalues of the inverse of the coefficient matrix.
const MU_REAL: f64 = 3.6378342527444957;
const MU_COMPLEX: c64 = c64::new(2.6810828736277523, -3.050430199247411);
/// Transformation that diagonalises it, and its inverse.
const T: [[f64; 3]; 3] = [
    [0.09443876248897524, -0.14125529502095421, 0.03002919410514742],
    [0.25021312296533332, 0.20412935229379994, -0.38294211275726192],
    [1.0, 1.0, 0.0],
];
const TI: [[f64; 3]; 3] = [
    [4.17871859155190428, 0.32768282076106237, 0.52337644549944951],
    [-4.17871859155190428, -0.32768282076106237, 0.47662355450055044],
    [0.50287263494578682, -2.57192694985560522, 0.59603920482822492],
];
/// Coefficients of the collocation polynomial: `P[i][m]` of stage `i` in `θ^(m+1)`.
const P: [[f64; 3]; 3] = [
    [13.0 / 3.0 + 7.0 * S6 / 3.0, -23.0 / 3.0 - 22.0 * S6 / 3.0, 10.0 / 3.0 + 5.0 * S6],
    [13.0 / 3.0 - 7.0 * S6 / 3.0, -23.0 / 3.0 + 22.0 * S6 / 3.0, 10.0 / 3.0 - 5.0 * S6],
    [1.0 / 3.0, -8.0 / 3.0, 10.0 / 3.0],
];
/// Most Newton iterations in a step.
const NEWTON: usize = 7;

/// Three-stage Radau IIA method: implicit, order 5, L-stable, with an error estimate of order 3 and the collocation polynomial
/// as dense output of order 3 (E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., sec. IV.8).
///
/// For stiff problems of up to a few hundred components: a step factorises one real and one complex matrix of the size of the
/// system. The Jacobian comes from [`System::jacobian`] or from finite differences.
#[derive(Clone, Debug)]
pub struct Radau5 {
    dim: usize,
    tol: Tolerance,
    newton_tol: f64,
    stats: Statistics,
    h_next: f64,
    h_max: f64,
    /// Step size and error of the last accepted step, for the predictive control.
    last: Option<(f64, f64)>,
    jacobian: Vec<f64>,
    jacobian_fresh: bool,
    have_jacobian: bool,
    real: Lu<f64>,
    complex: Lu<c64>,
    /// Signed step size that the factors belong to; 0 = none.
    factored: f64,
    real_matrix: Vec<f64>,
    complex_matrix: Vec<c64>,
    f: Vec<f64>,
    f_end: Vec<f64>,
    z: [Vec<f64>; 3],
    w: [Vec<f64>; 3],
    stage: [Vec<f64>; 3],
    y_work: Vec<f64>,
    y_end: Vec<f64>,
    scale: Vec<f64>,
    rhs_real: Vec<f64>,
    rhs_complex: Vec<c64>,
    error: Vec<f64>,
    base: Vec<Block>,
    vectors: Vec<Block>,
    t_old: f64,
    t_new: f64,
    primed: bool,
    stepped: bool,
}

impl Radau5 {
    /// Stepper for `dim` components.
    ///
    /// # Panics
    /// When `dim` is zero.
    #[track_caller]
    pub fn new(dim: usize, tol: Tolerance) -> Self {
        assert!(dim > 0, "an integrator needs at least one component");
        let vector = || vec![0.0; dim];
        let nb = blocks(dim);
        let rtol = tol.rtol.max(1e-15);
        let unit_real = Lu::new(&Matrix::<f64>::identity(dim)).expect("the identity has an inverse");
        let unit_complex = Lu::new(&Matrix::<c64>::identity(dim)).expect("the identity has an inverse");
        Self {
            dim,
            tol,
            newton_tol: (10.0 * f64::EPSILON / rtol).max(rtol.sqrt().min(0.03)),
            stats: Statistics::default(),
            h_next: 0.0,
            h_max: f64::INFINITY,
            last: None,
            jacobian: vec![0.0; dim * dim],
            jacobian_fresh: false,
            have_jacobian: false,
            real: unit_real,
            complex: unit_complex,
            factored: 0.0,
            real_matrix: vec![0.0; dim * dim],
            complex_matrix: vec![c64::new(0.0, 0.0); dim * dim],
            f: vector(),
            f_end: vector(),
            z: [vector(), vector(), vector()],
            w: [vector(), vector(), vector()],
            stage: [vector(), vector(), vector()],
            y_work: vector(),
            y_end: vector(),
            scale: vector(),
            rhs_real: vector(),
            rhs_complex: vec![c64::new(0.0, 0.0); dim],
            error: vector(),
            base: zeros(nb, 1),
            vectors: zeros(nb, 3),
            t_old: 0.0,
            t_new: 0.0,
            primed: false,
            stepped: false,
        }
    }

    /// Iterates the stages until the correction is below `newton` in units of the tolerance. The default is `√rtol`, between 10ε/rtol
    /// and 0.03.
    pub fn with_newton_tolerance(self, newton: f64) -> Self {
        Self { newton_tol: newton, ..self }
    }

    /// Norm of `v` weighted by the current scale.
    fn norm<'a>(&self, v: impl Iterator<Item = &'a f64>) -> f64 {
        let mut sum = 0.0;
        let mut largest = 0.0;
        let mut count = 0usize;
        for (v, s) in v.zip(self.scale.iter().cycle()) {
            let r = v / s;
            sum += r * r;
            if r.abs() > largest {
                largest = r.abs();
            }
            count += 1;
        }
        match self.tol.norm {
            _ if !sum.is_finite() => f64::NAN,
            Norm::Max => largest,
            Norm::Rms => (sum / count as f64).sqrt(),
        }
    }

    fn update_jacobian<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, y: &[f64]) {
        let n = self.dim;
        self.stats.jacobians += 1;
        self.have_jacobian = true;
        self.jacobian_fresh = true;
        self.factored = 0.0;
        if sys.jacobian(t, y, &mut self.jacobian) {
            return;
        }
        self.y_work.copy_from_slice(y);
        for j in 0..n {
            let step = (f64::EPSILON * y[j].abs().max(1e-5)).sqrt();
            // a step towards the derivative stays in the domain more often
            let step = step.copysign(self.f[j]);
            let moved = y[j] + step;
            let step = moved - y[j];
            self.y_work[j] = moved;
            sys.rhs(t, &self.y_work, &mut self.error);
            for i in 0..n {
                self.jacobian[i * n + j] = (self.error[i] - self.f[i]) / step;
            }
            self.y_work[j] = y[j];
        }
        self.stats.evaluations += n;
    }

    /// Factors of `μ/h − J`; false when singular.
    fn factorise(&mut self, h: f64) -> bool {
        let n = self.dim;
        self.stats.factorisations += 1;
        for (r, j) in self.real_matrix.iter_mut().zip(&self.jacobian) {
            *r = -j;
        }
        for (c, j) in self.complex_matrix.iter_mut().zip(&self.jacobian) {
            *c = c64::new(-j, 0.0);
        }
        for i in 0..n {
            self.real_matrix[i * n + i] += MU_REAL / h;
            self.complex_matrix[i * n + i] += MU_COMPLEX / h;
        }
        let good = self.real.refactor(&self.real_matrix).is_ok() && self.complex.refactor(&self.complex_matrix).is_ok();
        self.factored = if good { h } else { 0.0 };
        good
    }

    /// Simplified Newton iteration for the stages; the number of iterations and the last rate when it converges.
    fn newton<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, h: f64, y: &[f64]) -> Option<(usize, f64)> {
        let n = self.dim;
        let (m_real, m_complex) = (MU_REAL / h, MU_COMPLEX / h);
        for i in 0..n {
            let z = [self.z[0][i], self.z[1][i], self.z[2][i]];
            for s in 0..3 {
                self.w[s][i] = TI[s][0] * z[0] + TI[s][1] * z[1] + TI[s][2] * z[2];
            }
        }
        let mut old = None;
        let mut rate = 0.0f64;
        for k in 0..NEWTON {
            for s in 0..3 {
                for i in 0..n {
                    self.y_work[i] = y[i] + self.z[s][i];
                }
                sys.rhs(t + C[s] * h, &self.y_work, &mut self.stage[s]);
            }
            self.stats.evaluations += 3;
            for i in 0..n {
                let f = [self.stage[0][i], self.stage[1][i], self.stage[2][i]];
                let of = |r: [f64; 3]| r[0] * f[0] + r[1] * f[1] + r[2] * f[2];
                self.rhs_real[i] = of(TI[0]) - m_real * self.w[0][i];
                self.rhs_complex[i] = c64::new(of(TI[1]), of(TI[2])) - m_complex * c64::new(self.w[1][i], self.w[2][i]);
            }
            self.real.solve_in_place(&mut self.rhs_real);
            self.complex.solve_in_place(&mut self.rhs_complex);
            let (mut sum, mut largest) = (0.0, 0.0f64);
            for i in 0..n {
                let c = self.rhs_complex[i];
                for d in [self.rhs_real[i], c.re, c.im] {
                    let r = d / self.scale[i];
                    sum += r * r;
                    if r.abs() > largest {
                        largest = r.abs();
                    }
                }
            }
            let size = match self.tol.norm {
                Norm::Max => largest,
                Norm::Rms => (sum / (3 * n) as f64).sqrt(),
            };
            if !sum.is_finite() {
                return None;
            }
            if let Some(old) = old {
                rate = size / old;
                let left = (NEWTON - k) as i32;
                if rate >= 1.0 || rate.powi(left) / (1.0 - rate) * size > self.newton_tol {
                    return None;
                }
            }
            for i in 0..n {
                self.w[0][i] += self.rhs_real[i];
                self.w[1][i] += self.rhs_complex[i].re;
                self.w[2][i] += self.rhs_complex[i].im;
                let w = [self.w[0][i], self.w[1][i], self.w[2][i]];
                for s in 0..3 {
                    self.z[s][i] = T[s][0] * w[0] + T[s][1] * w[1] + T[s][2] * w[2];
                }
            }
            if size == 0.0 || (old.is_some() && rate / (1.0 - rate) * size < self.newton_tol) {
                return Some((k + 1, rate));
            }
            old = Some(size);
        }
        None
    }

    /// Stage values predicted by the polynomial of the last step.
    fn predict(&mut self, t: f64, h: f64, y: &[f64]) {
        if self.last.is_none() || !self.stepped {
            for z in &mut self.z {
                z.fill(0.0);
            }
            return;
        }
        for s in 0..3 {
            let dense = Dense {
                basis: Basis::Radau5,
                dim: self.dim,
                t0: self.t_old,
                t1: self.t_new,
                base: &self.base,
                vectors: &self.vectors,
            };
            dense.eval(t + C[s] * h, &mut self.z[s]);
            for (z, y) in self.z[s].iter_mut().zip(y) {
                *z -= y;
            }
        }
    }

    /// First step: the explicit error of a first-order method.
    fn first_step<S: System + ?Sized>(&mut self, sys: &mut S, t: f64, y: &[f64], direction: f64, h_max: f64) -> f64 {
        for (s, y) in self.scale.iter_mut().zip(y) {
            *s = self.tol.atol + self.tol.rtol * y.abs();
        }
        let d0 = self.norm(y.iter());
        let d1 = self.norm(self.f.iter());
        let h0 = if d0 <= 1e-5 || d1 <= 1e-5 { 1e-6 } else { 0.01 * d0 / d1 }.min(h_max);
        for i in 0..self.dim {
            self.y_work[i] = y[i] + direction * h0 * self.f[i];
        }
        let mut f = std::mem::take(&mut self.error);
        sys.rhs(t + direction * h0, &self.y_work, &mut f);
        self.stats.evaluations += 1;
        for (e, f) in f.iter_mut().zip(&self.f) {
            *e -= f;
        }
        let d2 = self.norm(f.iter()) / h0;
        self.error = f;
        let d = d1.max(d2);
        let h1 = if !d.is_finite() {
            h0
        } else if d <= 1e-15 {
            (h0 * 1e-3).max(1e-6)
        } else {
            (0.01 / d).powf(0.25)
        };
        h1.min(100.0 * h0).min(h_max)
    }
}

impl Stepper for Radau5 {
    fn dim(&self) -> usize {
        self.dim
    }

    fn order(&self) -> usize {
        5
    }

    #[track_caller]
    fn step<S: System + ?Sized>(&mut self, sys: &mut S, state: &mut State, t_limit: f64) -> StepOutcome {
        let n = self.dim;
        let t = state.t;
        let mut outcome = StepOutcome { reason: StopReason::ReachedLimit, h: 0.0, error: 0.0, rejected: 0 };
        if t == t_limit {
            return outcome;
        }
        assert_eq!(state.y.len(), n, "the state and the stepper differ in length");
        assert_eq!(sys.dim(), n, "the system and the stepper differ in length");
        let y = &state.y;
        if self.primed && same_time(t, self.t_new, self.t_old) && *y == self.y_end {
            std::mem::swap(&mut self.f, &mut self.f_end);
        } else {
            sys.rhs(t, y, &mut self.f);
            self.stats.evaluations += 1;
            self.stepped = false;
            self.last = None;
            self.have_jacobian = false;
        }
        self.primed = false;
        if self.f.iter().any(|x| !x.is_finite()) {
            outcome.reason = StopReason::NonFinite { t };
            return outcome;
        }
        if self.h_next == 0.0 {
            let h_max = self.h_max.min((t_limit - t).abs());
            self.h_next = self.first_step(sys, t, y, 1f64.copysign(t_limit - t), h_max);
        }
        if !self.have_jacobian {
            self.update_jacobian(sys, t, y);
        }
        let mut h_try = self.h_next.min(self.h_max);
        let mut newton_failed = false;
        loop {
            let (h, last) = trial(t, t_limit, h_try);
            if self.factored != h && !self.factorise(h) {
                h_try = 0.5 * h.abs();
                outcome.rejected += 1;
                newton_failed = true;
                if hopeless(t, h, outcome.rejected, 2.0).is_some() {
                    outcome.reason = StopReason::NewtonFailed { t };
                    self.stepped = false;
                    return outcome;
                }
                continue;
            }
            for (s, y) in self.scale.iter_mut().zip(y) {
                *s = self.tol.atol + self.tol.rtol * y.abs();
            }
            self.predict(t, h, y);
            let Some((iterations, rate)) = self.newton(sys, t, h, y) else {
                if self.jacobian_fresh {
                    h_try = 0.5 * h.abs();
                    outcome.rejected += 1;
                    self.stats.rejected += 1;
                    newton_failed = true;
                    if hopeless(t, h, outcome.rejected, 2.0).is_some() {
                        outcome.reason = StopReason::NewtonFailed { t };
                        self.stepped = false;
                        return outcome;
                    }
                } else {
                    self.update_jacobian(sys, t, y);
                }
                continue;
            };
            for i in 0..n {
                self.y_end[i] = y[i] + self.z[2][i];
                self.scale[i] = self.tol.atol + self.tol.rtol * y[i].abs().max(self.y_end[i].abs());
                // the part of the error that the stages know, for a second filtering
                self.y_work[i] = (E[0] * self.z[0][i] + E[1] * self.z[1][i] + E[2] * self.z[2][i]) / h;
                self.error[i] = self.f[i] + self.y_work[i];
            }
            self.real.solve_in_place(&mut self.error);
            let mut error = self.norm(self.error.iter());
            if error > 1.0 && (outcome.rejected > 0 || self.last.is_none()) {
                for i in 0..n {
                    self.rhs_real[i] = y[i] + self.error[i];
                }
                let mut f = std::mem::take(&mut self.stage[0]);
                sys.rhs(t, &self.rhs_real, &mut f);
                self.stats.evaluations += 1;
                for i in 0..n {
                    self.error[i] = f[i] + self.y_work[i];
                }
                self.stage[0] = f;
                self.real.solve_in_place(&mut self.error);
                error = self.norm(self.error.iter());
            }
            let safety = 0.9 * (2 * NEWTON + 1) as f64 / (2 * NEWTON + iterations) as f64;
            let plain = if error > 0.0 { error.powf(-0.25) } else { 10.0 };
            let factor = match self.last {
                Some((h_old, e_old)) if error > 0.0 => plain * (h.abs() / h_old * (e_old / error).powf(0.25)).min(1.0),
                _ => plain,
            };
            if error.is_nan() || error > 1.0 {
                outcome.rejected += 1;
                self.stats.rejected += 1;
                if let Some(reason) = hopeless(t, h, outcome.rejected, error) {
                    outcome.reason = reason;
                    self.stepped = false;
                    return outcome;
                }
                h_try = if error.is_finite() { h.abs() * (safety * factor).clamp(0.2, 0.95) } else { 0.1 * h.abs() };
                continue;
            }
            // accepted
            let t_new = if last { t_limit } else { t + h };
            load(&mut self.base, y);
            let nb = self.base.len();
            for m in 0..3 {
                let v = self.vectors[m * nb..(m + 1) * nb].as_flattened_mut();
                for i in 0..n {
                    v[i] = P[0][m] * self.z[0][i] + P[1][m] * self.z[1][i] + P[2][m] * self.z[2][i];
                }
            }
            self.t_old = t;
            self.t_new = t_new;
            sys.rhs(t_new, &self.y_end, &mut self.f_end);
            self.stats.evaluations += 1;
            self.stats.accepted += 1;
            self.primed = true;
            self.stepped = true;
            let mut grow = (safety * factor).clamp(0.2, 10.0);
            if newton_failed || outcome.rejected > 0 {
                grow = grow.min(1.0);
            }
            self.last = Some((h.abs(), error.max(1e-10)));
            self.jacobian_fresh = false;
            let slow = iterations > 2 && rate > 1e-3;
            if slow {
                // the Jacobian is renewed at the new point, before the next step
                self.have_jacobian = false;
            } else if (1.0..1.2).contains(&grow) {
                // keep the factors
                grow = 1.0;
            }
            let proposed = h.abs() * grow;
            self.h_next = if h.abs() < h_try { proposed.max(h_try) } else { proposed };
            outcome.reason = if last { StopReason::ReachedLimit } else { StopReason::Step };
            outcome.h = h;
            outcome.error = error;
            state.t = t_new;
            state.y.copy_from_slice(&self.y_end);
            return outcome;
        }
    }

    #[track_caller]
    fn dense<S: System + ?Sized>(&mut self, _sys: &mut S) -> Dense<'_> {
        assert!(self.stepped, "dense output needs an accepted step");
        Dense {
            basis: Basis::Radau5,
            dim: self.dim,
            t0: self.t_old,
            t1: self.t_new,
            base: &self.base,
            vectors: &self.vectors,
        }
    }

    fn restart(&mut self) {
        self.h_next = 0.0;
        self.last = None;
        self.have_jacobian = false;
        self.factored = 0.0;
        self.primed = false;
        self.stepped = false;
        self.stats = Statistics::default();
    }

    fn statistics(&self) -> Statistics {
        self.stats
    }

    fn next_step(&self) -> Option<f64> {
        (self.h_next > 0.0).then_some(self.h_next)
    }

    fn set_next_step(&mut self, h: f64) {
        self.h_next = h.abs();
    }

    fn set_max_step(&mut self, h: f64) {
        self.h_max = h.abs();
    }
}
