//! `huygens run`.

use std::path::{Path, PathBuf};

use huygens::experiment::Level;
use huygens::report::Status;
use huygens_lab::record::{Record, Shard};
use huygens_lab::runs::{Problem, RunError, forget_parts, run_figures};

use crate::Outcome;
use crate::args::{Format, Run};
use crate::output::{Terminal, print};

use super::{command, folder_name, leave_nothing, load, options, result_folder};

pub(crate) fn run(a: &Run) -> Result<Outcome, RunError> {
    let terminal = Terminal::new();
    let loaded = load(&a.model, a.method.quiet)?;
    let mut options = options(&loaded, &a.method)?;
    let direct = options.window.is_some();
    options.starts = if direct { 0 } else { a.output.starts };
    options.control = !a.output.no_control
        && match options.level {
            Level::Gaussian => !direct,
            Level::Fock | Level::Response => true,
            _ => false,
        };
    let shard = a.shard.as_ref().map(|text| Shard::parse(text).map_err(|e| RunError::input(e.to_string(), "")));
    let shard = shard.transpose()?;
    if shard.is_some() && options.level != Level::Stochastic {
        let help = "add --level stochastic; `huygens sweep` divides a sweep";
        return Err(RunError::input("--shard divides an ensemble of trajectories", help));
    }
    if options.level == Level::Fock
        && let Some(threads) = a.method.threads
    {
        // Fails only where the pool exists already, and then it has its threads.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global();
    }
    let problem = Problem::new(loaded, &a.method.measures, options)?;
    let folder = result_folder(&a.output, || folder_name(&problem.model().name))?;
    let refused = |error: RunError| {
        folder.iter().for_each(|folder| leave_nothing(folder));
        error
    };
    let record = match (shard, &folder) {
        (Some(shard), Some(folder)) => {
            let Some(record) = problem.record_part(&command(), shard, folder).map_err(refused)? else {
                if !a.method.quiet {
                    let text =
                        format!("part {shard} is in {}; the last part to come writes the record", folder.display());
                    terminal.remark(&text);
                }
                return Ok(Outcome::Fine);
            };
            record
        }
        _ => problem.record(&command()).map_err(refused)?,
    };
    match a.output.format {
        Format::Table if a.method.quiet => {}
        Format::Table => terminal.say(&record.table(terminal.style())),
        Format::Json => print(&record.json())?,
        Format::Csv => print(&record.csv())?,
    }
    if let Some(folder) = folder {
        let files = write(&problem, &record, &folder)?;
        if shard.is_some() {
            forget_parts(&folder);
        }
        if !a.method.quiet {
            let names: Vec<_> = files.iter().filter_map(|f| f.file_name()).map(|n| n.to_string_lossy()).collect();
            terminal.remark(&format!("\nwritten to {}: {}", folder.display(), names.join(", ")));
        }
    }
    Ok(if record.report.status() == Status::Fail { Outcome::CheckFailed } else { Outcome::Fine })
}

fn write(problem: &Problem, record: &Record, folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    let mut files = record.write(folder)?;
    for (name, figure) in run_figures(problem, record) {
        files.extend(figure.save(folder, name)?);
    }
    Ok(files)
}
