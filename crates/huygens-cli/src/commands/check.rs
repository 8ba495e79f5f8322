//! `huygens check`.

use huygens::experiment::Options;
use huygens_lab::runs::{Problem, RunError, examine};

use crate::Outcome;
use crate::args::Check;
use crate::output::print;

use super::load;

pub(crate) fn check(a: &Check) -> Result<Outcome, RunError> {
    let loaded = load(&a.model, false)?;
    let problem = Problem::new(loaded, &a.measures, Options::default())?;
    problem.binding()?;
    print(&format!("{}no faults found\n", examine(&problem)))?;
    Ok(Outcome::Fine)
}
