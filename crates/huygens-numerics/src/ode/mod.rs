//! Initial value problems `dy/dt = f(t, y)`.
//!
//! The parts are kept apart: a [`System`] is the right-hand side, a [`State`] is the plain point `(t, y)`, a
//! [`Stepper`] advances it by one accepted step and says why it stopped, and [`integrate`] is the loop with output
//! times, events and a step limit.
//!
//! Complex states are slices of `[c64]` seen as `[f64]`: [`as_real`] and [`as_complex`] convert without copying.

mod control;
mod dense;
mod dop853;
mod dop853_tableau;
mod driver;
mod kernels;
mod radau5;
mod solver;
mod tsit5;

pub use dense::Dense;
pub use dop853::Dop853;
pub use dop853_tableau::{DOP853, Stages};
pub use driver::{Accepted, Direction, Event, EventHit, Integration, Options, integrate, integrate_events, sample};
pub use radau5::Radau5;
pub use solver::{Method, Solver};
pub use tsit5::Tsit5;

use crate::c64;

/// Right-hand side of `dy/dt = f(t, y)`.
///
/// `rhs` takes `&mut self`, so that a system can own its workspace.
pub trait System {
    /// Number of real components of `y`.
    fn dim(&self) -> usize;

    /// Writes `f(t, y)` into `dy`; both slices have [`System::dim`] elements. `dy` holds old values on entry.
    fn rhs(&mut self, t: f64, y: &[f64], dy: &mut [f64]);

    /// Writes the Jacobian `∂f_i/∂y_j` into `jacobian[i * dim + j]` and returns `true`; the default returns `false`,
    /// and the stiff method then takes finite differences.
    fn jacobian(&mut self, _t: f64, _y: &[f64], _jacobian: &mut [f64]) -> bool {
        false
    }
}

/// A closure `f(t, y, dy)` as a [`System`].
///
/// ```
/// use huygens_numerics::ode::{Dop853, Function, State, Stepper, Tolerance};
///
/// let mut decay = Function::new(1, |_t, y: &[f64], dy: &mut [f64]| dy[0] = -y[0]);
/// let mut stepper = Dop853::new(1, Tolerance::new(1e-10, 1e-12));
/// let mut state = State::new(0.0, vec![1.0]);
/// while state.t < 2.0 {
///     assert!(stepper.step(&mut decay, &mut state, 2.0).reason.is_fine());
/// }
/// assert!((state.y[0] - (-2.0f64).exp()).abs() < 1e-10);
/// ```
#[derive(Clone, Debug)]
pub struct Function<F> {
    dim: usize,
    f: F,
}

impl<F: FnMut(f64, &[f64], &mut [f64])> Function<F> {
    /// Wraps a closure that writes the derivative of `dim` components.
    pub fn new(dim: usize, f: F) -> Self {
        Self { dim, f }
    }
}

impl<F: FnMut(f64, &[f64], &mut [f64])> System for Function<F> {
    fn dim(&self) -> usize {
        self.dim
    }

    #[inline]
    fn rhs(&mut self, t: f64, y: &[f64], dy: &mut [f64]) {
        (self.f)(t, y, dy);
    }
}

/// The point `(t, y)` an integration has reached. Plain data: clone it for a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Time.
    pub t: f64,
    /// Components of the state.
    pub y: Vec<f64>,
}

impl State {
    /// The point `(t, y)`.
    pub fn new(t: f64, y: Vec<f64>) -> Self {
        Self { t, y }
    }
}

/// How the errors of the components are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Norm {
    /// The largest weighted error over all components: every component keeps the tolerance.
    #[default]
    Max,
    /// The root mean square of the weighted errors, as in the codes of Hairer and Wanner: cheaper steps, but a single
    /// component may exceed the tolerance by `√dim`.
    Rms,
}

/// Local error bound: component `i` may err by `atol + rtol · max(|y_i(t)|, |y_i(t+h)|)` in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Relative tolerance, at least 4e-16 or so to be reachable.
    pub rtol: f64,
    /// Absolute tolerance in the units of the state; must be positive unless no component ever vanishes.
    pub atol: f64,
    /// Norm over the components.
    pub norm: Norm,
}

impl Tolerance {
    /// Relative and absolute tolerance in the maximum norm.
    ///
    /// # Panics
    /// When a tolerance is negative or not finite, or both vanish.
    #[track_caller]
    pub fn new(rtol: f64, atol: f64) -> Self {
        assert!(
            rtol >= 0.0 && atol >= 0.0 && rtol.is_finite() && atol.is_finite() && rtol + atol > 0.0,
            "tolerances must be finite, non-negative and not both zero: rtol = {rtol}, atol = {atol}"
        );
        Self { rtol, atol, norm: Norm::Max }
    }

    /// The same tolerances in another norm.
    pub fn with_norm(self, norm: Norm) -> Self {
        Self { norm, ..self }
    }
}

impl Default for Tolerance {
    /// `rtol = 1e-9`, `atol = 1e-12`, maximum norm.
    fn default() -> Self {
        Self { rtol: 1e-9, atol: 1e-12, norm: Norm::Max }
    }
}

/// Why a step or an integration ended.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum StopReason {
    /// One step was accepted; the time limit is not reached.
    Step,
    /// The time limit is reached exactly.
    ReachedLimit,
    /// A terminal event was found; the state is at the event.
    Event {
        /// Index of the event in the list that was given.
        index: usize,
        /// Time of the event.
        t: f64,
    },
    /// The observer asked for the end.
    Observer,
    /// The right-hand side is not finite at `t` or anywhere near it: the solution runs away, or the model divides by zero.
    NonFinite {
        /// Time of the last good point.
        t: f64,
    },
    /// The error test fails even at the smallest step the clock resolves: a singularity, a jump in the right-hand side, or a
    /// tolerance below rounding.
    StepTooSmall {
        /// Time of the last good point.
        t: f64,
    },
    /// The number of steps allowed was spent.
    TooManySteps {
        /// Time of the last good point.
        t: f64,
    },
    /// The Newton iteration of an implicit method does not converge, or its matrix is singular, at any step size.
    NewtonFailed {
        /// Time of the last good point.
        t: f64,
    },
}

impl StopReason {
    /// True when nothing went wrong.
    pub fn is_fine(&self) -> bool {
        matches!(self, Self::Step | Self::ReachedLimit | Self::Event { .. } | Self::Observer)
    }

    /// The reason as an error where it is one.
    ///
    /// # Errors
    /// [`OdeError`] for every reason that is not [fine](Self::is_fine).
    pub fn into_result(self) -> Result<Self, OdeError> {
        match self {
            Self::NonFinite { t } => Err(OdeError::NonFinite { t }),
            Self::StepTooSmall { t } => Err(OdeError::StepTooSmall { t }),
            Self::TooManySteps { t } => Err(OdeError::TooManySteps { t }),
            Self::NewtonFailed { t } => Err(OdeError::NewtonFailed { t }),
            fine => Ok(fine),
        }
    }
}

/// An integration that could not reach its end.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OdeError {
    /// See [`StopReason::NonFinite`].
    #[error(
        "the equations of motion are not finite beyond t = {t}: the solution runs away or an expression divides by zero; check signs of damping and drive"
    )]
    NonFinite {
        /// Time of the last good point.
        t: f64,
    },
    /// See [`StopReason::StepTooSmall`].
    #[error(
        "the step size vanishes at t = {t}: the tolerance is below rounding, or the equations jump or diverge there; raise rtol or split the time at the jump"
    )]
    StepTooSmall {
        /// Time of the last good point.
        t: f64,
    },
    /// See [`StopReason::TooManySteps`].
    #[error(
        "the step limit was spent at t = {t}: the problem may be stiff (use a stiff method), or the limit needs raising"
    )]
    TooManySteps {
        /// Time of the last good point.
        t: f64,
    },
    /// See [`StopReason::NewtonFailed`].
    #[error("the implicit step does not converge at t = {t}: check the Jacobian, or loosen the tolerance")]
    NewtonFailed {
        /// Time of the last good point.
        t: f64,
    },
}

/// What one call of [`Stepper::step`] did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepOutcome {
    /// Why the call returned.
    pub reason: StopReason,
    /// Size of the accepted step; 0 when none was accepted.
    pub h: f64,
    /// Error norm of the accepted step, at most 1.
    pub error: f64,
    /// Trial steps that failed the error test before this one.
    pub rejected: usize,
}

/// Work done by a stepper since it was made or [restarted](Stepper::restart).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Accepted steps.
    pub accepted: usize,
    /// Rejected trial steps.
    pub rejected: usize,
    /// Calls of the right-hand side.
    pub evaluations: usize,
    /// Jacobians evaluated (implicit methods).
    pub jacobians: usize,
    /// Matrix factorisations (implicit methods).
    pub factorisations: usize,
}

/// One-step integrator with error control and dense output.
pub trait Stepper {
    /// Number of components.
    fn dim(&self) -> usize;

    /// Order of the solution that is carried on.
    fn order(&self) -> usize;

    /// Advances `state` by one accepted step, not beyond `t_limit` (which may lie before `state.t`: then time runs
    /// backwards). The last step lands on `t_limit` exactly. On failure `state` is untouched.
    ///
    /// The derivative at the end of a step is reused when `state` comes back unchanged; a changed state is noticed, a
    /// change inside the system (new parameters) is not: call [`Stepper::restart`] then.
    fn step<S: System + ?Sized>(&mut self, sys: &mut S, state: &mut State, t_limit: f64) -> StepOutcome;

    /// Dense output over the last accepted step.
    ///
    /// # Panics
    /// When no step was accepted since the last restart.
    fn dense<S: System + ?Sized>(&mut self, sys: &mut S) -> Dense<'_>;

    /// Forgets the derivative, the step size and the last step.
    fn restart(&mut self);

    /// Work done so far.
    fn statistics(&self) -> Statistics;

    /// Size (positive) the next step will try first; `None` before the first step.
    fn next_step(&self) -> Option<f64>;

    /// Sets the size the next step tries first.
    fn set_next_step(&mut self, h: f64);

    /// Largest step allowed (positive; infinite by default).
    fn set_max_step(&mut self, h: f64);
}

/// Complex vector seen as real numbers (re, im, re, im, …), without copying.
#[inline]
pub fn as_real(z: &[c64]) -> &[f64] {
    bytemuck::cast_slice(z)
}

/// As [`as_real`], mutable.
#[inline]
pub fn as_real_mut(z: &mut [c64]) -> &mut [f64] {
    bytemuck::cast_slice_mut(z)
}

/// Pairs of real numbers seen as complex numbers, without copying.
///
/// # Panics
/// When the length is odd.
#[inline]
#[track_caller]
pub fn as_complex(x: &[f64]) -> &[c64] {
    bytemuck::cast_slice(x)
}

/// As [`as_complex`], mutable.
///
/// # Panics
/// When the length is odd.
#[inline]
#[track_caller]
pub fn as_complex_mut(x: &mut [f64]) -> &mut [c64] {
    bytemuck::cast_slice_mut(x)
}
