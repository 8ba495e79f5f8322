//! Exact Gaussian states under a quadratic Hamiltonian with an anti-Hermitian part.
//!
//! ρ̇ = −i\[H, ρ\] + {H_c, ρ} − 2⟨H_c⟩ρ + Σ D\[L\]ρ is ρ = R/tr R with a linear flow of R. With H and H_c quadratic and L linear in
//! the ladder operators a Gaussian R stays Gaussian:
//!
//! * [`NumberFlow`]: without jumps and with a_i†a_j terms alone, by N×N matrices in closed form;
//! * [`QuadraticFlow`]: everything quadratic (pairing, squeezing, displacements, linear jumps), by the linear flow behind a Riccati
//!   equation.
//!
//! A gain H_c > 0 against a thermal tail can make tr R infinite at a finite time; the state then ceases to exist, whatever a
//! truncated basis may show. Both flows find the first such time: a step never is longer than the fastest possible approach
//! to it, so that no earlier one is passed over.

mod number;
mod quadratic;

pub use number::{NumberFlow, NumberState};
pub use quadratic::QuadraticFlow;

use huygens_numerics::linalg::LinalgError;
use huygens_numerics::roots::brent;

use crate::algebra::{EvalError, Operator};
use crate::model::{Binding, Model, ModelError};

/// Why there is no exact Gaussian solution.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NonHermitianError {
    /// Something is not quadratic.
    #[error(
        "{what} is not {wanted} in the ladder operators: there is no exact Gaussian solution; the level `fock` treats this model"
    )]
    NotQuadratic {
        /// H, H_c or a jump.
        what: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A term changes the number of quanta.
    #[error("{what} does not conserve the number of quanta: `QuadraticFlow` treats it")]
    Number {
        /// H or H_c.
        what: String,
    },
    /// A jump operator where none can be.
    #[error("the jump `{jump}` is not zero: without jumps alone X(t) = M X(0) M†; `QuadraticFlow` treats linear ones")]
    Jump {
        /// Its label.
        jump: String,
    },
    /// A coefficient depends on time.
    #[error("{what} depends on time: the closed solution needs constant coefficients")]
    Driven {
        /// H, H_c or a jump.
        what: String,
    },
    /// The matrices do not fit or are not Hermitian.
    #[error("{what} is not a Hermitian matrix of the number of modes")]
    Shape {
        /// Which.
        what: &'static str,
    },
    /// The start is no normalisable state.
    #[error("the start is no state: {what} = {value}, but it must be {wanted}")]
    Start {
        /// What is wrong.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        wanted: &'static str,
    },
    /// The squeezing of the start.
    #[error(
        "the start of mode {mode} is squeezed or displaced: it is not of the form exp(a†(ln X)a); `QuadraticFlow` treats it"
    )]
    NotThermal {
        /// Its index, from 0.
        mode: usize,
    },
    /// The state has ceased to exist.
    #[error("no state at t = {t}: its norm has diverged at t = {divergence}")]
    Diverged {
        /// The time asked for.
        t: f64,
        /// When it happened.
        divergence: f64,
    },
    /// A time that cannot be asked for.
    #[error("the time {t} must be finite and not negative")]
    Time {
        /// The time.
        t: f64,
    },
    /// The search for a divergence took too many steps.
    #[error("the search for a divergence stopped at t = {t}, where x = {x}: give a nearer horizon")]
    Search {
        /// Time reached.
        t: f64,
        /// Largest eigenvalue there.
        x: f64,
    },
    /// A coefficient has no value.
    #[error("{what} has no value: {message}")]
    Evaluation {
        /// Which operator.
        what: String,
        /// What went wrong.
        message: String,
    },
    /// The start of the model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Linear algebra failed.
    #[error(transparent)]
    Linalg(#[from] LinalgError),
}

/// Whether and when the norm of a state diverges.
///
/// x is the largest eigenvalue of X for a state ∝ exp(a†(ln X)a), and (v − ½)/(v + ½) with the largest variance v of any
/// quadrature in general, which is the same there. The state exists while x < 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// The first time at which x = 1; `None` where there is none up to the horizon.
    pub time: Option<f64>,
    /// The largest x up to then: 1 at a divergence.
    pub supremum: f64,
    /// When that is.
    pub at: f64,
    /// The time up to which was looked.
    pub horizon: f64,
}

/// How far a state is from divergence: positive while it exists, and its time derivative.
#[derive(Clone, Copy, Debug)]
struct Gap {
    value: f64,
    slope: f64,
}

/// Most steps of a search.
const MOST_STEPS: usize = 200_000;

/// The first zero of a gap. `safe(gap)` is a time before which a gap of this size cannot close; `longest` bounds the steps, so
/// that the smallest gap is found as well. `x(gap)` converts to the figure reported.
fn search(
    mut gap: impl FnMut(f64) -> Result<Gap, NonHermitianError>,
    safe: impl Fn(f64) -> f64,
    longest: f64,
    horizon: f64,
    x: impl Fn(f64) -> f64,
) -> Result<Divergence, NonHermitianError> {
    if horizon.is_nan() || horizon < 0.0 {
        return Err(NonHermitianError::Time { t: horizon });
    }
    let mut t = 0.0;
    let mut here = gap(0.0)?;
    let (mut smallest, mut at) = (here.value, 0.0);
    for _ in 0..MOST_STEPS {
        let mut found = None;
        if here.slope < 0.0 {
            // Where the gap is nearly closed it closes at a constant rate: look just beyond.
            let beyond = t - 1.5 * here.value / here.slope;
            if here.value < 1e-3 && beyond <= horizon && gap(beyond)?.value <= 0.0 {
                found = Some(beyond);
            }
        }
        if let Some(beyond) = found {
            let mut failed = None;
            let zero = brent(
                |s| match gap(s) {
                    Ok(g) => g.value,
                    Err(e) => {
                        failed = Some(e);
                        f64::NAN
                    }
                },
                t,
                beyond,
                0.0,
            );
            return match (zero, failed) {
                (_, Some(e)) => Err(e),
                (Ok(time), _) => Ok(Divergence { time: Some(time), supremum: 1.0, at: time, horizon }),
                (Err(_), _) => Err(NonHermitianError::Search { t, x: x(here.value) }),
            };
        }
        if t >= horizon {
            return Ok(Divergence { time: None, supremum: x(smallest), at, horizon });
        }
        let next = (t + safe(here.value).min(longest)).min(horizon);
        if next <= t {
            return Ok(Divergence { time: Some(t), supremum: 1.0, at: t, horizon });
        }
        let there = gap(next)?;
        // A smallest gap between two points, by its slope.
        if here.slope < 0.0 && there.slope > 0.0 && here.value.min(there.value) - smallest < 0.1 * smallest {
            let turning = brent(|s| gap(s).map_or(f64::NAN, |g| g.slope), t, next, 0.0).unwrap_or(next);
            let lowest = gap(turning)?;
            if lowest.value < smallest {
                (smallest, at) = (lowest.value, turning);
            }
        }
        if there.value < smallest {
            (smallest, at) = (there.value, next);
        }
        (t, here) = (next, there);
    }
    Err(NonHermitianError::Search { t, x: x(here.value) })
}

/// A model without the jumps that vanish at these parameters; time dependence is refused.
fn constant(model: &Model, binding: &Binding) -> Result<Model, NonHermitianError> {
    let mut model = model.clone();
    let mut vanishing = Vec::with_capacity(model.jumps.len());
    for jump in &model.jumps {
        let what = || format!("the jump `{}`", jump.label);
        vanishing.push(coefficients(&jump.operator, binding, &what, &model)?.iter().all(|c| c.norm_sqr() == 0.0));
    }
    let mut flags = vanishing.iter();
    model.jumps.retain(|_| flags.next() == Some(&false));
    for (what, operator) in parts(&model) {
        if operator.depends_on_time() {
            return Err(NonHermitianError::Driven { what });
        }
    }
    Ok(model)
}

/// H, H_c and the jumps with their names.
fn parts(model: &Model) -> impl Iterator<Item = (String, &Operator)> {
    let jumps = model.jumps.iter().map(|j| (format!("the jump `{}`", j.label), &j.operator));
    [("H".to_owned(), &model.hamiltonian), ("H_c".to_owned(), &model.antihermitian)].into_iter().chain(jumps)
}

fn coefficients(
    operator: &Operator,
    binding: &Binding,
    what: &dyn Fn() -> String,
    model: &Model,
) -> Result<Vec<huygens_numerics::c64>, NonHermitianError> {
    let fault = |e: EvalError| NonHermitianError::Evaluation { what: what(), message: e.message(&model.names()) };
    operator.iter().map(|(_, c)| c.eval(&binding.values, 0.0).map_err(fault)).collect()
}

#[cfg(test)]
pub(crate) mod tests;
