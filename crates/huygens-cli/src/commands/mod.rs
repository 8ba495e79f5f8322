//! One file a command.

pub(crate) mod check;
pub(crate) mod clocks;
pub(crate) mod continuation;
pub(crate) mod equations;
pub(crate) mod list;
pub(crate) mod optimize;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod show;
pub(crate) mod sweep;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use huygens::experiment::{Level, Options, Trajectories, Truncation};
use huygens::levels::fock::{Cutoff, MAX_STATES};
use huygens::levels::stochastic::langevin::Ordering;
use huygens_lab::file::{self, LoadedModel};
use huygens_lab::record::portable_command;
use huygens_lab::runs::{self, RunError};

use crate::args::{Format, Method, Model, Output};
use crate::output::{Terminal, watched};

/// Loads the model with the values given, and tells its warnings.
fn load(model: &Model, quiet: bool) -> Result<LoadedModel, RunError> {
    let mut values = model.values.iter().map(|text| file::parse_override(text)).collect::<Result<Vec<_>, _>>()?;
    values.extend(model.transforms.iter().map(|step| (file::TRANSFORM.to_owned(), step.clone())));
    let loaded = file::load_with(&model.model, &values)?;
    if !quiet {
        let terminal = Terminal::new();
        for warning in &loaded.warnings {
            terminal.say(&warning.render(terminal.color()));
        }
    }
    Ok(loaded)
}

/// What the arguments say about the method.
fn options(loaded: &LoadedModel, method: &Method) -> Result<Options, RunError> {
    const RTOL: std::ops::RangeInclusive<f64> = 1e-14..=1e-2;
    if !RTOL.contains(&method.rtol) {
        let message = format!("--rtol {} is out of range", method.rtol);
        return Err(RunError::input(
            message,
            format!("give a relative tolerance between {:e} and {:e}", RTOL.start(), RTOL.end()),
        ));
    }
    let mut options = Options {
        level: match method.level {
            Some(level) => level.into(),
            None if !loaded.model.antihermitian.is_zero() || loaded.model.first_spin().is_some() => Level::Fock,
            None if !loaded.model.structured.is_empty() => Level::Response,
            None => Level::Gaussian,
        },
        tolerance: method.rtol,
        seed: method.seed,
        bloch: !method.no_bloch,
        order: method.order.into(),
        ..Options::default()
    };
    options.search.tolerance = method.rtol;
    options.search.method = method.integrator.into();
    if let Some(text) = &method.transient {
        let transient = runs::value(loaded, "--transient", text)?;
        if transient <= 0.0 {
            return Err(RunError::input(
                format!("--transient {transient} is not positive"),
                "give a time, such as --transient 500",
            ));
        }
        options.search.transient = Some(transient);
    }
    options.trajectories = trajectories(loaded, method, options.level)?;
    options.truncation = truncation(loaded, method, options.level)?;
    options.eliminate.clone_from(&method.eliminate);
    if !method.quench.is_empty() {
        options.quench = Some(runs::quench(
            loaded,
            &method.quench,
            method.at.as_deref(),
            method.until.as_deref(),
            method.samples.unwrap_or(1200),
        )?);
        return Ok(options);
    }
    let direct = method.until.is_some() || method.window.is_some();
    let samples = method.samples.unwrap_or(match (options.level, direct) {
        (Level::Stochastic, _) => 400,
        (Level::Fock | Level::OptimalPath, _) => 100,
        (_, true) => 4000,
        (_, false) => options.samples,
    });
    options.window = runs::window(loaded, method.until.as_deref(), method.window.as_deref(), samples)?;
    if options.level == Level::Stochastic && !direct {
        let help = "give --until T, such as --until 200*2*pi, and where to average, such as --window 100*2*pi:200*2*pi";
        return Err(RunError::input("the stochastic level follows trajectories in time", help));
    }
    if !direct {
        if !(8..=65536).contains(&samples) {
            return Err(RunError::input(format!("{samples} samples over a period"), "give between 8 and 65536"));
        }
        options.samples = samples;
    }
    Ok(options)
}

/// How a density matrix is stored.
fn truncation(loaded: &LoadedModel, method: &Method, level: Level) -> Result<Truncation, RunError> {
    let fock = level == Level::Fock;
    let timed = match level {
        Level::Fock | Level::OptimalPath => true,
        Level::Gaussian => !loaded.model.antihermitian.is_zero(),
        _ => false,
    };
    let wrong = |text: &str| {
        let help = "write --cutoff 24 for all modes, --cutoff 24,16 mode by mode, or --cutoff total:100 for their sum";
        RunError::input(format!("--cutoff {text} is no cut-off"), help)
    };
    if !fock && let Some(text) = &method.cutoff {
        let help = "number states belong to the density matrix: add --level fock";
        return Err(RunError::input(format!("--cutoff {text} without the fock level"), help));
    }
    if !fock && method.displaced {
        let help = "number states belong to the density matrix: add --level fock";
        return Err(RunError::input("--displaced without the fock level", help));
    }
    if !timed
        && method.quench.is_empty()
        && let Some(text) = &method.at
    {
        let help = "times belong to a relaxation (--quench NAME=VALUE), or to states at --level fock or optimal_path";
        return Err(RunError::input(format!("--at {text} without a quench"), help));
    }
    if let (false, Some(count)) = (fock || level == Level::Stochastic, method.trajectories) {
        let help =
            "add --level stochastic for truncated Wigner or Langevin trajectories, or --level fock for quantum jumps";
        return Err(RunError::input(format!("--trajectories {count} at the level {}", level.name()), help));
    }
    if !(method.memory > 0.0 && method.memory.is_finite()) {
        let message = format!("--memory {} is not positive", method.memory);
        return Err(RunError::input(message, "give gigabytes, such as --memory 2"));
    }
    let number =
        |text: &str, least: usize| text.trim().parse::<usize>().ok().filter(|n| (least..=MAX_STATES).contains(n));
    let cutoff = match &method.cutoff {
        None => None,
        Some(text) => Some(match text.split_once(':') {
            Some(("total", most)) => Cutoff::Total(number(most, 0).ok_or_else(|| wrong(text))?),
            Some(_) => return Err(wrong(text)),
            None => {
                let dims: Option<Vec<usize>> = text.split(',').map(|n| number(n, 1)).collect();
                match dims.ok_or_else(|| wrong(text))?.as_slice() {
                    [all] => Cutoff::Product(vec![*all; loaded.model.len()]),
                    each => Cutoff::Product(each.to_vec()),
                }
            }
        }),
    };
    let at = match (&method.at, timed && method.quench.is_empty()) {
        (Some(text), true) => runs::times(loaded, "--at", text)?,
        _ => Vec::new(),
    };
    Ok(Truncation {
        cutoff,
        memory: 1e9 * method.memory,
        tolerance: method.rtol.max(1e-13),
        certify: !method.no_certificate,
        at,
        jumps: method.trajectories.filter(|_| fock).map(NonZero::get),
        displaced: method.displaced,
    })
}

/// How trajectories are run.
fn trajectories(loaded: &LoadedModel, method: &Method, level: Level) -> Result<Trajectories, RunError> {
    let step = method.step.as_ref().map(|text| runs::value(loaded, "--step", text)).transpose()?;
    if let Some(step) = step.filter(|h| !(*h > 0.0 && h.is_finite())) {
        return Err(RunError::input(format!("--step {step} is not positive"), "give a time, such as --step 0.05"));
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    Ok(Trajectories {
        count: method.trajectories.map_or(1000, NonZero::get),
        step,
        ordering: match method.ordering {
            Some(ordering) => ordering.into(),
            None if !loaded.model.antihermitian.is_zero() && level == Level::Stochastic => Ordering::Classical,
            None => Ordering::Wigner,
        },
        noise: method.noise.map(Into::into),
        weights: method.weights.into(),
        method: method.stepper.into(),
        start: method.start.into(),
        threads: method.threads.map_or(cores, NonZero::get),
        step_error: !method.no_step_error,
    })
}

/// The command as the provenance keeps it.
fn command() -> String {
    portable_command(std::env::args())
}

/// A name as a folder on every system.
fn folder_name(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    let clean = clean.trim_matches(['.', '-']).to_owned();
    if clean.is_empty() { "model".into() } else { clean }
}

/// Makes a folder before anything is computed for it.
fn make_folder(path: &Path) -> Result<PathBuf, RunError> {
    let wrong = |source| huygens_lab::record::RecordError::Write { path: path.into(), source };
    std::fs::create_dir_all(path).map_err(wrong)?;
    let probe = path.join(".huygens-probe");
    std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(wrong)?;
    Ok(path.into())
}

/// Takes the folder of a run that was refused away again, and `huygens-out` around it, where they are empty.
fn leave_nothing(folder: &Path) {
    // What holds something stays.
    if std::fs::remove_dir(folder).is_ok()
        && let Some(around) = folder.parent()
        && around.ends_with("huygens-out")
    {
        let _ = std::fs::remove_dir(around);
    }
}

/// The folder asked for; for a table without one, huygens-out/NAME; none otherwise.
fn result_folder(output: &Output, name: impl FnOnce() -> String) -> Result<Option<PathBuf>, RunError> {
    match (&output.out, output.format) {
        (Some(out), _) => make_folder(out).map(Some),
        (None, Format::Table) => make_folder(&Path::new("huygens-out").join(name())).map(Some),
        (None, _) => Ok(None),
    }
}

/// The first Ctrl-C asks a long computation to stop, the second ends the program.
fn listen(stop: &Arc<AtomicBool>, terminal: Terminal) {
    let stop = stop.clone();
    let handler = move || {
        if stop.swap(true, std::sync::atomic::Ordering::Relaxed) {
            std::process::exit(130);
        }
        if watched() {
            terminal.say("\nstopping: the points in flight are finished first (Ctrl-C again to leave at once)");
        }
    };
    // Without a handler Ctrl-C ends the program at once, which the store survives as well.
    let _ = ctrlc::set_handler(handler);
}
