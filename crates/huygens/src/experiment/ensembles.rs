//! What is given of ensembles, whose states are known but for permutations of their members.

use super::{ExperimentError, Level, Options};
use crate::measures::Request;
use crate::model::{ModeKind, Model};

/// Measures that need more of the state than is kept.
const OF_ALL_MEMBERS: [&str; 10] = [
    "sync_entropy",
    "sync_bures",
    "entropy",
    "purity",
    "mutual_information",
    "log_negativity",
    "negativity",
    "concurrence",
    "relative_entropy_of_sync",
    "relative_entropy",
];

/// Measures of spins that need one length.
const OF_ONE_LENGTH: [&str; 2] = ["spin_phase_distribution", "spin_locking"];

/// Whether a measure is given for a model with an ensemble.
pub(super) fn given(model: &Model, request: &Request) -> Result<(), ExperimentError> {
    let Some(ensemble) = model.first_ensemble() else { return Ok(()) };
    let (name, text) = (request.definition.name, &request.text);
    if OF_ALL_MEMBERS.contains(&name)
        || OF_ONE_LENGTH.contains(&name) && request.arguments.iter().any(|a| is_one(model, a.mode()))
    {
        let text = format!(
            "measure `{text}`: `{ensemble}` is an ensemble, whose state is kept but for permutations of its members: {name} is not given for it; jx, jy, jz and spin_squeezing are"
        );
        return Err(ExperimentError::Options(text));
    }
    Ok(())
}

fn is_one(model: &Model, mode: usize) -> bool {
    matches!(model.modes[mode].kind, ModeKind::Ensemble { .. })
}

/// Whether a level treats the ensembles of a model.
pub(super) fn treatable(model: &Model, options: &Options) -> Result<(), ExperimentError> {
    let Some(ensemble) = model.first_ensemble() else { return Ok(()) };
    let what = match options.level {
        Level::Fock if options.truncation.jumps.is_some() => {
            "trajectories (--trajectories) are not given for it: leave them out"
        }
        Level::Fock | Level::MeanField | Level::Gaussian => return Ok(()),
        _ => {
            "this level does not treat it: ask at --level mean_field or gaussian, or at --level fock, where it is exact"
        }
    };
    Err(ExperimentError::Options(format!("`{ensemble}` is an ensemble, and {what}")))
}
