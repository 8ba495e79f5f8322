//! `huygens clocks`.

use std::path::Path;

use huygens::measures::phases::Surrogates;
use huygens::report::Status;
use huygens_lab::clocks::{Definition, Options, Reading, analyse, read};
use huygens_lab::file::signals;
use huygens_lab::record::{Parameter, Provenance, Record};
use huygens_lab::runs::RunError;

use crate::Outcome;
use crate::args::{Clocks, Format, Kind, Phase};
use crate::output::{Terminal, print};

use super::{command, folder_name, make_folder};

/// Most surrogates: more take longer and tell nothing more.
const MOST_SURROGATES: usize = 1_000_000;

pub(crate) fn clocks(a: &Clocks) -> Result<Outcome, RunError> {
    let terminal = Terminal::new();
    let options = options(a)?;
    let signals = signals::Reading { rate: a.rate, time: a.time.clone(), columns: a.columns.clone() };
    let recorded = read(&a.files, &Reading { signals, ticks: a.ticks })?;
    let mut analysis = analyse(&recorded.clocks, &options)?;
    analysis.remark(&recorded.notes);
    let title = title(&a.files);
    let parameter = |name: &str, value: f64| Parameter { name: name.into(), value, unit: String::new() };
    let mut parameters = vec![parameter("surrogates", options.surrogates as f64)];
    if !a.ticks {
        parameters.insert(0, parameter("prominence", options.prominence));
    }
    let provenance = Provenance { command: command(), parameters, ..Provenance::default() };
    let record = Record::new(title.clone(), analysis.report.clone(), provenance);
    let folder = match (&a.out, a.format) {
        (Some(out), _) => Some(make_folder(out)?),
        (None, Format::Table) => Some(make_folder(&Path::new("huygens-out").join(folder_name(&title)))?),
        (None, _) => None,
    };
    match a.format {
        Format::Table if a.quiet => {}
        Format::Table => terminal.say(&record.table(terminal.style())),
        Format::Json => print(&record.json())?,
        Format::Csv => print(&record.csv())?,
    }
    if let Some(folder) = folder {
        let mut files = record.write(&folder)?;
        files.extend(analysis.figure(&title, &record.provenance.command).save(&folder, "clocks")?);
        if !a.quiet {
            let names: Vec<_> = files.iter().filter_map(|f| f.file_name()).map(|n| n.to_string_lossy()).collect();
            terminal.remark(&format!("\nwritten to {}: {}", folder.display(), names.join(", ")));
        }
    }
    Ok(if analysis.status() == Status::Fail { Outcome::CheckFailed } else { Outcome::Fine })
}

fn options(a: &Clocks) -> Result<Options, RunError> {
    if !(0.0..1.0).contains(&a.prominence) || a.prominence == 0.0 {
        return Err(RunError::input(
            format!("--prominence {} is out of range", a.prominence),
            "give a share of the range of the signal between 0 and 1, such as --prominence 0.2",
        ));
    }
    if a.surrogates > MOST_SURROGATES {
        return Err(RunError::input(
            format!("{} surrogates are too many", a.surrogates),
            format!("give {MOST_SURROGATES} at most; 199 show p = 0.005, 999 show p = 0.001"),
        ));
    }
    if !(1..=20).contains(&a.largest) {
        return Err(RunError::input(format!("--largest {} is out of range", a.largest), "give a number from 1 to 20"));
    }
    Ok(Options {
        phase: match a.phase {
            Phase::Peaks => Definition::Peaks,
            Phase::Hilbert => Definition::Hilbert,
            Phase::Protophase => Definition::Protophase,
        },
        kind: match a.kind {
            Kind::Shifted => Surrogates::Shifted,
            Kind::Ar => Surrogates::Autoregressive,
            Kind::Twin => Surrogates::Twin,
        },
        surrogates: a.surrogates,
        seed: a.seed,
        prominence: a.prominence,
        largest: a.largest,
        measures: a.measures.clone(),
        ..Options::default()
    })
}

/// The names of the files without folders and endings.
fn title(files: &[String]) -> String {
    let stem = |file: &String| match Path::new(file).file_stem() {
        Some(stem) if file != "-" => stem.to_string_lossy().into_owned(),
        _ => "standard input".to_owned(),
    };
    let mut names: Vec<String> = files.iter().map(stem).collect();
    names.dedup();
    names.join("-")
}
