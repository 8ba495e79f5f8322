//! `huygens equations`.

use huygens_lab::runs::{self, RunError};

use crate::Outcome;
use crate::args::{Equations, Notation};
use crate::output::print;

use super::load;

pub(crate) fn equations(a: &Equations) -> Result<Outcome, RunError> {
    let loaded = load(&a.model, true)?;
    let notation = match a.format {
        Notation::Text => runs::Notation::Text,
        Notation::Latex => runs::Notation::Latex,
    };
    print(&runs::equations(&loaded.model, a.level.into(), notation, a.all))?;
    Ok(Outcome::Fine)
}
