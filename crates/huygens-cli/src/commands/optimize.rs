//! `huygens optimize`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use huygens::experiment::Level;
use huygens::report::Status;
use huygens_lab::runs::{Optimum, Quest, RunError, Wish};
use huygens_lab::study::{Progress, SearchOptions, Silent, for_stderr};

use crate::Outcome;
use crate::args::{Format, Optimize};
use crate::output::{Terminal, print};

use super::{command, folder_name, listen, load, options, result_folder};

/// More points belong into a sweep.
const MAX_POINTS: usize = 1_000_000;

pub(crate) fn optimize(a: &Optimize) -> Result<Outcome, RunError> {
    let terminal = Terminal::new();
    let loaded = load(&a.model, a.method.quiet)?;
    let options = options(&loaded, &a.method)?;
    let direct = options.window.is_some() || options.quench.is_some();
    let starts = if direct { 0 } else { a.output.starts };
    let control = !a.output.no_control && !direct && options.level == Level::Gaussian;
    if a.points.is_some_and(|points| points > MAX_POINTS) {
        let help = format!("give at most {MAX_POINTS}: the first look need only show where to look closer");
        return Err(RunError::input(format!("--points {} is too many", a.points.unwrap_or(0)), help));
    }
    let search = SearchOptions { points: a.points, seed: a.method.seed, ..SearchOptions::default() };
    let wish = Wish {
        over: a.over.clone(),
        maximize: a.maximize.clone(),
        minimize: a.minimize.clone(),
        per: a.per.clone(),
        subject: a.subject.clone(),
        measures: a.method.measures.clone(),
    };
    let quest = Quest::new(loaded, &wish, options, (starts, control), search)?;
    let folder =
        result_folder(&a.output, || format!("{}-{}-optimum", folder_name(quest.model()), quest.names().join("-")))?;
    let progress: Box<dyn Progress> = if a.method.quiet { Box::new(Silent) } else { for_stderr(a.progress) };
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop, terminal);
    let found = Optimum::find(quest, a.method.threads, &*progress, &stop, &command())?;
    let Some(found) = found else {
        if !a.method.quiet {
            terminal.say("interrupted: nothing was written");
        }
        return Ok(Outcome::Interrupted);
    };
    match a.output.format {
        Format::Table if a.method.quiet => {}
        Format::Table => terminal.say(&found.table(terminal.style())),
        Format::Json => print(&found.json())?,
        Format::Csv => print(&found.csv())?,
    }
    if let Some(folder) = folder {
        let files = found.write(&folder)?;
        if !a.method.quiet {
            let names: Vec<_> = files.iter().filter_map(|f| f.file_name()).map(|n| n.to_string_lossy()).collect();
            terminal.remark(&format!("\nwritten to {}: {}", folder.display(), names.join(", ")));
        }
    }
    Ok(if found.status() == Status::Fail { Outcome::CheckFailed } else { Outcome::Fine })
}
