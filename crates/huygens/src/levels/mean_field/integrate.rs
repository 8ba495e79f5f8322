//! Stretches of orbit: a thin driver over the eighth-order stepper.

use huygens_numerics::ode::{Dop853, State, Stepper, StopReason, System, Tolerance};

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

/// An integration in progress.
pub struct Stretch {
    stepper: Dop853,
    state: State,
    bound: f64,
    /// Accepted steps so far.
    pub steps: usize,
}

impl Stretch {
    /// Starts at (t, y). `bound` is the largest |y| that still counts as finite.
    pub fn new(tolerance: Tolerance, t: f64, y: &[f64], bound: f64) -> Self {
        Self { stepper: Dop853::new(y.len(), tolerance), state: State::new(t, y.to_vec()), bound, steps: 0 }
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
