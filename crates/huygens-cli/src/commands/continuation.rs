//! `huygens continue`.

use std::path::Path;

use huygens::experiment::Level;
use huygens::levels::mean_field::continuation;
use huygens_lab::record::RecordError;
use huygens_lab::runs::{Along, Branch, Problem, RunError, value};

use crate::Outcome;
use crate::args::{Continue, Format};
use crate::output::{Terminal, print};

use super::{command, folder_name, load, make_folder};

pub(crate) fn follow(a: &Continue) -> Result<Outcome, RunError> {
    let terminal = Terminal::new();
    let loaded = load(&a.model, a.quiet)?;
    let along = Along::parse(&loaded, &a.along)?;
    for (name, value, range) in [("--rtol", a.rtol, 1e-14..=1e-6), ("--step", a.step, 1e-6..=0.5)] {
        if !range.contains(&value) {
            let help = format!("give a number between {:e} and {:e}", range.start(), range.end());
            return Err(RunError::input(format!("{name} {value} is out of range"), help));
        }
    }
    if a.points < 2 {
        return Err(RunError::input("a branch has at least two points", "give --points a larger number"));
    }
    let mut options = huygens::experiment::Options { level: Level::MeanField, ..Default::default() };
    options.search.transient = a.transient.as_deref().map(|text| value(&loaded, "--transient", text)).transpose()?;
    options.search.method = a.integrator.into();
    let branch_options = continuation::Options {
        method: a.integrator.into(),
        tolerance: a.rtol,
        first_step: a.step / 4.0,
        largest_step: a.step,
        points: a.points,
        stop_at_fold: a.stop_at_fold,
    };
    let problem = Problem::new(loaded, &["period".into()], options)?;
    let folder = match (&a.out, a.format) {
        (Some(out), _) => Some(make_folder(out)?),
        (None, Format::Table) => {
            let name = format!("{}-{}-branch", folder_name(&problem.model().name), along.name);
            Some(make_folder(&Path::new("huygens-out").join(name))?)
        }
        (None, _) => None,
    };
    let branch = Branch::follow(&problem, along, &branch_options, &command())?;
    match a.format {
        Format::Table if a.quiet => {}
        Format::Table => terminal.say(&branch.table(terminal.style())),
        Format::Json => print(&branch.json())?,
        Format::Csv => print(&branch.csv())?,
    }
    if let Some(folder) = folder {
        for (name, text) in [("branch.json", branch.json()), ("branch.csv", branch.csv())] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|source| RecordError::Write { path, source })?;
        }
        branch.figure().save(&folder, "branch")?;
        if !a.quiet {
            terminal
                .remark(&format!("\nwritten to {}: branch.json, branch.csv, branch.svg, branch.png", folder.display()));
        }
    }
    Ok(Outcome::Fine)
}
