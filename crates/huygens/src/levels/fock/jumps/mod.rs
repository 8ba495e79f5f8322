//! Quantum jumps: the master equation as an ensemble of pure states (Monte Carlo wave functions).
//!
//! Between jumps ψ̇ = K ψ with K = −iH − ½ Σ_j L_j†L_j, so that |ψ|² falls; where it has fallen to a number u drawn from (0, 1), one jump
//! ψ → L_j ψ/|L_j ψ| happens, j with the probability of its rate |L_j ψ|² (J. Dalibard, Y. Castin, K. Mølmer, PRL 68, 580 (1992); R. Dum,
//! P. Zoller, H. Ritsch, PRA 45, 4879 (1992)). The mean of |ψ⟩⟨ψ|/⟨ψ|ψ⟩ over trajectories solves the master equation of
//! [`Generator`](super::Generator) below the same cut-off, and the jumps have its counting statistics. A trajectory takes the memory of a
//! state, not that of a density matrix.
//!
//! Where runs are discarded after a jump, each is kept with its probability q: the trajectories are those of all runs, and one has the weight
//! Π q over its jumps. The mean weight is the probability of a record that is kept.
//!
//! Several trajectories stand side by side, each with a time and a step of its own. Trajectory i of a seed takes its random numbers from a
//! stream of its own: it is the same, to the last bit, in any ensemble, in a batch of any size and on any number of threads.

mod apply;
mod ensemble;
mod look;
mod step;
#[cfg(test)]
mod tests;
mod trajectory;

use std::sync::Arc;

use super::generator::{GeneratorError, Operators};
use super::initial::{Initial, Start};
use super::problem::FockError;
use super::space::{Cutoff, Space};
use crate::algebra::EvalError;
use crate::model::{Binding, Model, ModelError};
use apply::{Effective, Ladder};

pub use ensemble::{Block, Outcome, Plan, run};
pub use look::Sums;
pub use trajectory::Event;

/// A jump is located where |ln |ψ|² − ln u| falls below this.
pub const LOCATED: f64 = 1e-9;

/// Trajectories that run side by side.
pub const BATCH: usize = 8;

/// Why there are no trajectories.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JumpError {
    /// A cut-off without a usable space.
    #[error("{0}")]
    Space(#[from] super::SpaceError),
    /// A model without a generator.
    #[error("{0}")]
    Generator(#[from] GeneratorError),
    /// A value that the model does not accept.
    #[error("{0}")]
    Model(#[from] ModelError),
    /// A coefficient without a value.
    #[error("{0}")]
    Value(EvalError),
    /// Trajectories with weights.
    #[error(
        "the anti-Hermitian part of `{0}` would give quantum jumps weights that grow apart without bound: leave out --trajectories, the density matrix has none"
    )]
    AntiHermitian(String),
    /// A covariance that no root can be drawn of.
    #[error("the initial covariance has no decomposition into pure states: {0}")]
    Covariance(huygens_numerics::linalg::LinalgError),
    /// An initial state without a form in number states.
    #[error("{0}")]
    Initial(Box<FockError>),
    /// The cut-off holds nothing of the initial state.
    #[error("the cut-off holds next to nothing of the initial state: raise it")]
    Start,
    /// The step vanishes.
    #[error(
        "a trajectory does not get beyond t = {t}: the step vanishes; lower the cut-off, or loosen the tolerance with --rtol"
    )]
    Stalled {
        /// Time reached.
        t: f64,
    },
    /// Stopped from outside.
    #[error("{0}")]
    Cancelled(#[from] crate::levels::stochastic::ensemble::Cancelled),
}

impl From<EvalError> for JumpError {
    fn from(error: EvalError) -> Self {
        Self::Value(error)
    }
}

/// A model below a cut-off at one set of values, as trajectories need it.
#[derive(Clone, Debug)]
pub struct Jumps {
    /// All operators.
    pub operators: Operators,
    effective: Effective,
    /// The summands of each jump with the number of their coefficient, in the order of the operators.
    channels: Vec<Vec<(u32, Vec<Ladder>)>>,
    start: Start,
    /// The probability with which a run is kept after each jump, in the order of the operators.
    kept: Vec<f64>,
    /// Number of jumps of the model, vanishing ones included.
    count: usize,
}

impl Jumps {
    /// Everything that trajectories from the model's start need.
    ///
    /// # Errors
    /// [`JumpError`].
    pub fn new(model: &Model, binding: &Binding, cutoff: Cutoff) -> Result<Self, JumpError> {
        if !model.own_antihermitian.is_zero() {
            return Err(JumpError::AntiHermitian(model.name.clone()));
        }
        let shares = model.jumps.iter().map(|jump| match &jump.kept {
            Some(kept) => kept.share.eval(&binding.values, 0.0).map(|z| z.re),
            None => Ok(1.0),
        });
        let shares = shares.collect::<Result<Vec<f64>, EvalError>>()?;
        let whole = model.post_selects().then(|| model.unselected());
        let model = whole.as_ref().unwrap_or(model);
        let space = Arc::new(Space::of(model, cutoff)?);
        let operators = Operators::new(model, binding, space.clone())?;
        let ladders = |(at, part): &(u32, super::Shifted)| (*at, Ladder::all(&space, part));
        let channels = operators.jumps.iter().map(|jump| jump.iter().map(ladders).collect()).collect();
        let start = Initial::new(model, binding, &space)
            .map_err(|e| JumpError::Initial(Box::new(e)))?
            .mixture()
            .map_err(JumpError::Covariance)?;
        let effective = Effective::new(&operators);
        let kept = operators.origin.iter().map(|jump| shares[*jump]).collect();
        Ok(Self { effective, channels, start, kept, operators, count: model.jumps.len() })
    }

    /// Whether all trajectories start in one state.
    pub fn starts_pure(&self) -> bool {
        self.start.is_pure()
    }

    /// Bytes of the vectors of one batch of trajectories.
    pub fn bytes(&self) -> usize {
        let vectors = if self.operators.depends_on_time() { 16 } else { 6 };
        vectors * 16 * BATCH * self.effective.states()
    }
}
