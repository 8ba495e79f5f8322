//! Stretches of orbit: a thin driver over the steppers.

pub use huygens_numerics::ode::Method;
use huygens_numerics::ode::{Solver, State, Stepper, StopReason, System, Tolerance};

/// How an orbit is integrated. A bare [`Tolerance`] stands for the automatic choice of the method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scheme {
    /// The stepper: explicit of order 8 or 5, implicit for stiff flows, or chosen on the way.
    pub method: Method,
    /// Local error bound.
    pub tolerance: Tolerance,
}

impl From<Tolerance> for Scheme {
    fn from(tolerance: Tolerance) -> Self {
        Self { method: Method::Auto, tolerance }
    }
}

/// Why an orbit could not be continued.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// A value is not finite or has grown beyond the bound.
    Diverged {
        /// Time of the last good state.
        t: f64,
    },
    /// The step size fell to the rounding level.
    Stuck {
        /// Time of the last good state.
        t: f64,
    },
}

impl Stop {
    /// Time of the last good state.
    pub fn time(self) -> f64 {
        match self {
            Stop::Diverged { t } | Stop::Stuck { t } => t,
        }
    }
}

/// An integration in progress.
pub struct Stretch {
    stepper: Solver,
    state: State,
    bound: f64,
    /// Accepted steps so far.
    pub steps: usize,
}

impl Stretch {
    /// Starts at (t, y). `bound` is the largest |y| that still counts as finite.
    pub fn new(scheme: impl Into<Scheme>, t: f64, y: &[f64], bound: f64) -> Self {
        let Scheme { method, tolerance } = scheme.into();
        Self { stepper: Solver::new(method, y.len(), tolerance), state: State::new(t, y.to_vec()), bound, steps: 0 }
    }

    /// Time now.
    pub fn t(&self) -> f64 {
        self.state.t
    }

    /// State now.
    pub fn y(&self) -> &[f64] {
        &self.state.y
    }

    /// Changes the state (after a projection or an orthonormalisation); the step size is kept.
    pub fn replace(&mut self, y: impl FnOnce(&mut [f64])) {
        y(&mut self.state.y);
    }

    /// Starts the next step with this size.
    pub fn set_next_step(&mut self, h: f64) {
        self.stepper.set_next_step(h);
    }

    /// One accepted step, not beyond `limit`. Returns whether the limit was reached.
    ///
    /// # Errors
    /// When the orbit diverges or the step size collapses.
    pub fn step(&mut self, system: &mut impl System, limit: f64) -> Result<bool, Stop> {
        let outcome = self.stepper.step(system, &mut self.state, limit);
        self.steps += 1;
        let done = match outcome.reason {
            StopReason::Step => false,
            StopReason::ReachedLimit => true,
            StopReason::NonFinite { t } => return Err(Stop::Diverged { t }),
            _ => return Err(Stop::Stuck { t: self.state.t }),
        };
        if self.state.y.iter().any(|x| x.abs() > self.bound) {
            return Err(Stop::Diverged { t: self.state.t });
        }
        Ok(done)
    }

    /// Runs to `t_end`.
    ///
    /// # Errors
    /// As [`Stretch::step`].
    pub fn run(&mut self, system: &mut impl System, t_end: f64) -> Result<(), Stop> {
        while self.state.t < t_end {
            if self.step(system, t_end)? {
                break;
            }
        }
        Ok(())
    }

    /// The state inside the last step, by dense output.
    pub fn interpolate(&mut self, system: &mut impl System, t: f64, out: &mut [f64]) {
        self.stepper.dense(system).eval(t, out);
    }
}
