//! The shift of the mean by the fluctuations: the next order of the expansion about the mean field.
//!
//! With ż = f(z) and V̇ = MV + VMᵀ + D, the mean is z + y with
//!
//! ẏ = M y + ½ f″:⟨δz δz⟩
//!
//! (N. G. van Kampen, Stochastic Processes in Physics and Chemistry, ch. X). It is what an energy balance needs beside V: both
//! are of the same order, and for a nonlinear flow neither alone conserves energy. y = 0 in a linear model.
//!
//! Where the state may drift freely along neutral directions v_r (a limit cycle along its velocity, a symmetry along its
//! generator), the growing covariance c_rs v_r v_sᵀ is the spread over the orbit, and y is what is left of the shift beside the
//! curvature ½ c_rs ∂_r v_s of that spread and a steady change s of the velocity:
//!
//! ẏ = M y + ½ f″:⟨δz δz⟩_{c=0} − ½ ċ_rs ∂_r v_s − s_r v_r.

use bytemuck::{cast_slice, cast_slice_mut};
use huygens_numerics::c64;
use huygens_numerics::linalg::{self, RMatrix};
use huygens_numerics::ode::System;

use super::expansion::{Expanded, Point};
use crate::levels::kernel::{Bound, Workspace, covariance_rate};
use crate::levels::mean_field::cycle::ClosedOrbit;
use crate::levels::mean_field::integrate::{Scheme, Stop, Stretch};

/// Why the shift cannot be given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ShiftError {
    /// The linear system is singular.
    #[error("the mean has no definite shift by the fluctuations: a further neutral direction exists ({0})")]
    Singular(#[from] linalg::LinalgError),
    /// The orbit broke off.
    #[error("the orbit cannot be followed with its fluctuations beyond t = {0}: they grow without bound")]
    Stopped(f64),
}

impl From<Stop> for ShiftError {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop.time())
    }
}

/// (z, V, y) as one system: 2n + 4n² + 2n real numbers.
pub struct Shifted<'a> {
    bound: &'a Bound,
    work: Workspace,
    flow: Expanded<'a>,
    scratch: Vec<f64>,
    /// ċ along the cycle.
    growth: f64,
    /// s: change of the velocity along the cycle.
    velocity: f64,
}

impl<'a> Shifted<'a> {
    /// `flow` holds the flow of the same model, mode by mode.
    pub fn new(bound: &'a Bound, flow: Expanded<'a>, growth: f64, velocity: f64) -> Self {
        let n = 2 * bound.modes();
        Self { bound, work: bound.workspace(), flow, scratch: vec![0.0; n * n], growth, velocity }
    }

    /// The state at z with covariance V and shift y.
    pub fn state(mean: &[c64], covariance: &RMatrix, shift: &[c64]) -> Vec<f64> {
        [cast_slice(mean), covariance.as_slice(), cast_slice(shift)].concat()
    }

    /// What a state of `modes` modes holds.
    pub fn point(modes: usize, y: &[f64]) -> Point<'_> {
        let n = 2 * modes;
        let (mean, rest) = y.split_at(n);
        let (covariance, shift) = rest.split_at(n * n);
        Point { mean: cast_slice(mean), shift: cast_slice(&shift[..n]), covariance }
    }
}

impl System for Shifted<'_> {
    fn dim(&self) -> usize {
        let n = 2 * self.bound.modes();
        2 * n + n * n
    }

    fn rhs(&mut self, t: f64, y: &[f64], dy: &mut [f64]) {
        let modes = self.bound.modes();
        let n = 2 * modes;
        let point = Self::point(modes, y);
        let (dz, rest) = dy.split_at_mut(n);
        let (dv, dshift) = rest.split_at_mut(n * n);
        let dz: &mut [c64] = cast_slice_mut(dz);
        self.bound.linearise(t, point.mean, dz, &mut self.work);
        let kernel = self.bound.kernel();
        let (drift, diffusion) = (kernel.drift_pattern(), kernel.diffusion_pattern());
        let (m, d) = (&self.work.drift, &self.work.diffusion);
        covariance_rate(drift, m, diffusion, d, point.covariance, n, &mut self.scratch, dv);
        let along: &[f64] = cast_slice(dz);
        if self.growth != 0.0 {
            // v = √2 ż in quadratures.
            for i in 0..n {
                for j in 0..n {
                    dv[i * n + j] -= 2.0 * self.growth * along[i] * along[j];
                }
            }
        }
        self.flow.at(t);
        let turning = Point { shift: dz, ..point };
        for (k, out) in cast_slice_mut::<f64, c64>(&mut dshift[..n]).iter_mut().enumerate() {
            let orders = self.flow.orders(k, &point);
            *out = orders.shift + orders.fluctuations;
            if self.growth != 0.0 || self.velocity != 0.0 {
                let acceleration = self.flow.orders(k, &turning).shift;
                *out -= 0.5 * self.growth * acceleration + self.velocity * dz[k];
            }
        }
    }
}

/// States (z, V, y) at the times t_j = jT/count of a cycle with covariance V₀ at t = 0, to be read by [`Shifted::point`];
/// `growth` is the mean of ċ over the period, `None` where a drive holds the phase.
///
/// # Errors
/// [`ShiftError`].
pub fn on_cycle(
    bound: &Bound,
    flow: &Expanded<'_>,
    orbit: &ClosedOrbit,
    covariance: &RMatrix,
    growth: Option<f64>,
    count: usize,
    scheme: Scheme,
) -> Result<Vec<Vec<f64>>, ShiftError> {
    let modes = bound.modes();
    let n = 2 * modes;
    let rate = growth.unwrap_or(0.0);
    let rest = vec![c64::new(0.0, 0.0); modes];
    let follow = |shift: &[c64], velocity: f64, times: &[f64]| -> Result<Vec<Vec<f64>>, Stop> {
        let mut system = Shifted::new(bound, flow.clone(), rate, velocity);
        let mut stretch = Stretch::new(scheme, 0.0, &Shifted::state(&orbit.start, covariance, shift), f64::MAX);
        let mut out = Vec::with_capacity(times.len());
        for &t in times {
            stretch.run(&mut system, t)?;
            out.push(stretch.y().to_vec());
        }
        Ok(out)
    };
    // (M − 1) y₀ − s T ż₀ = −y_p(T), with y₀ across the flow.
    let end = follow(&rest, 0.0, &[orbit.period])?.remove(0);
    let end = &end[n + n * n..];
    let border = usize::from(growth.is_some());
    let mut velocity = vec![c64::new(0.0, 0.0); modes];
    bound.flow(0.0, &orbit.start, &mut velocity, &mut bound.workspace());
    let velocity: &[f64] = cast_slice(&velocity);
    let matrix = RMatrix::from_fn(n + border, n + border, |i, j| match (i < n, j < n) {
        (true, true) => orbit.monodromy[(i, j)] - f64::from(u8::from(i == j)),
        (true, false) => -orbit.period * velocity[i],
        (false, true) => velocity[j],
        (false, false) => 0.0,
    });
    let rhs = RMatrix::from_fn(n + border, 1, |i, _| if i < n { -end[i] } else { 0.0 });
    let solution = linalg::solve(&matrix, &rhs)?;
    let start: Vec<f64> = (0..n).map(|i| solution[(i, 0)]).collect();
    let change = if border == 1 { solution[(n, 0)] } else { 0.0 };
    let times: Vec<f64> = (0..count).map(|j| orbit.period * j as f64 / count as f64).collect();
    Ok(follow(cast_slice(&start), change, &times)?)
}

/// y at a point that rests in the frame in which `drift` is its drift, with neutral directions `right` (√2 ∂_r z in quadratures)
/// whose coordinates spread as ċ = `growth`.
///
/// # Errors
/// [`ShiftError::Singular`].
pub fn at_rest(
    flow: &Expanded<'_>,
    mean: &[c64],
    covariance: &RMatrix,
    drift: &RMatrix,
    right: &RMatrix,
    growth: &RMatrix,
) -> Result<Vec<c64>, ShiftError> {
    let (n, r) = (2 * mean.len(), right.cols());
    let rest = vec![c64::new(0.0, 0.0); mean.len()];
    let point = Point { mean, shift: &rest, covariance: covariance.as_slice() };
    let source: Vec<c64> = (0..mean.len())
        .map(|k| {
            // A generator i m_r z of a symmetry acts twice as w_r w_s/z.
            let w = |c: usize| c64::new(right[(2 * k, c)], right[(2 * k + 1, c)]) / std::f64::consts::SQRT_2;
            let mut bend = c64::new(0.0, 0.0);
            if mean[k].norm_sqr() > 0.0 {
                for (i, j) in (0..r).flat_map(|i| (0..r).map(move |j| (i, j))) {
                    bend += growth[(i, j)] * w(i) * w(j) / mean[k];
                }
            }
            flow.orders(k, &point).fluctuations - 0.5 * bend
        })
        .collect();
    let source: &[f64] = cast_slice(&source);
    let matrix = RMatrix::from_fn(n + r, n + r, |i, j| match (i < n, j < n) {
        (true, true) => drift[(i, j)],
        (true, false) => right[(i, j - n)],
        (false, true) => right[(j, i - n)],
        (false, false) => 0.0,
    });
    let rhs = RMatrix::from_fn(n + r, 1, |i, _| if i < n { -source[i] } else { 0.0 });
    let solution = linalg::solve(&matrix, &rhs)?;
    Ok((0..mean.len()).map(|k| c64::new(solution[(2 * k, 0)], solution[(2 * k + 1, 0)])).collect())
}
