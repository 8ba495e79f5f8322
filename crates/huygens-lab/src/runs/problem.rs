//! A model with the measures asked of it, ready to run.

use std::collections::BTreeSet;
use std::sync::Arc;

use huygens::algebra::ParamId;
use huygens::algebra::parse::{self, Symbol, Symbols};
use huygens::experiment::{Experiment, ExperimentError, Level, Options, Order, Quench, Weights, Window};
use huygens::measures::{self, MeasureError};
use huygens::model::{Binding, Model};
use huygens::report::Report;

use super::error::RunError;
use crate::file::{Diagnostic, LoadedModel, Pointer};
use crate::record::{Parameter, Provenance, Record, text_hash};

/// A loaded model, the measures, and the experiment that was derived from both.
#[derive(Debug)]
pub struct Problem {
    loaded: LoadedModel,
    experiment: Experiment,
}

impl Problem {
    /// Derives the experiment. No measures given means those of the model file that the level can give; `b[*]` in a measure
    /// of fixed arguments runs through the array.
    ///
    /// # Errors
    /// [`RunError::File`] for a measure that does not exist or does not fit (with a caret), [`RunError::Experiment`].
    pub fn new(loaded: LoadedModel, asked: &[String], options: Options) -> Result<Self, RunError> {
        let modes: Vec<String> = loaded.model.modes.iter().map(|m| m.name.clone()).collect();
        let oscillators: Vec<usize> = loaded.model.oscillators.iter().map(|m| m.0 as usize).collect();
        let level = options.level.name();
        let mut texts = Vec::new();
        let own = asked.is_empty();
        for (k, text) in if own { &loaded.model.measures } else { asked }.iter().enumerate() {
            let wrong = |error: MeasureError| match own.then(|| loaded.source.measures.get(k)).flatten() {
                Some(source) => {
                    let help = error.help();
                    loaded.point(&source.place, Some(error.span()), &error.to_string(), help.as_deref()).into()
                }
                None => measure_error("-m", text, 0, &error),
            };
            for text in measures::expand(text, &modes).map_err(wrong)? {
                let request = measures::resolve(&text, &modes, &oscillators).map_err(wrong)?;
                if request.definition.levels.contains(&level) {
                    texts.push(text);
                } else if !own {
                    let message = format!("the level {level} does not give `{}`", request.definition.name);
                    let help = format!("it is given at: --level {}", request.definition.levels.join(", --level "));
                    return Err(RunError::input(message, help));
                }
            }
        }
        if texts.is_empty() {
            let message = if own {
                "the model file names no measures that this level gives"
            } else {
                "no measures are asked for"
            };
            return Err(RunError::input(
                message,
                "ask for some with -m, such as -m period; `huygens list measures` explains each",
            ));
        }
        let experiment = Experiment::new(Arc::new(loaded.model.clone()), &texts, options)?;
        Ok(Self { loaded, experiment })
    }

    /// The model with the text it came from.
    pub fn loaded(&self) -> &LoadedModel {
        &self.loaded
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.loaded.model
    }

    /// The experiment.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// All parameters at the values of the model file and those given for it.
    ///
    /// # Errors
    /// Values that the model does not accept.
    pub fn binding(&self) -> Result<Binding, RunError> {
        self.model().bind(&[]).map_err(|e| self.loaded.diagnostic(&e).into())
    }

    /// Runs the experiment at the values of [`Problem::binding`].
    ///
    /// # Errors
    /// Values that the model does not accept.
    pub fn run(&self) -> Result<Report, RunError> {
        self.run_at(&self.binding()?)
    }

    /// Runs the experiment at other values.
    ///
    /// # Errors
    /// Values that the model does not accept.
    pub fn run_at(&self, binding: &Binding) -> Result<Report, RunError> {
        let report = self.experiment.run(binding).map_err(|e| self.error(e))?;
        Ok(self.with_units(report))
    }

    /// The report in the units of the model.
    fn with_units(&self, mut report: Report) -> Report {
        for quantity in &mut report.quantities {
            quantity.unit = self.unit(&quantity.unit);
        }
        for series in &mut report.series {
            series.unit = self.unit(&series.unit);
        }
        report
    }

    /// The unit of a measure with the model's unit of time in the place of `time`: `1/time` becomes `omega_1` where times are
    /// counted in `1/omega_1`, and `1/s` where they are counted in `s`.
    pub fn unit(&self, unit: &str) -> String {
        let time = self.model().time_unit.as_str();
        if time.is_empty() {
            return unit.to_owned();
        }
        let frequency = time.strip_prefix("1/");
        match unit {
            "time" => time.to_owned(),
            "1/time" => frequency.map_or_else(|| format!("1/{time}"), str::to_owned),
            "rad/time" => frequency.map_or_else(|| format!("rad/{time}"), str::to_owned),
            "rad²/time²" => frequency.map_or_else(|| format!("rad²/{time}²"), |f| format!("{f}²")),
            "rad³/time³" => frequency.map_or_else(|| format!("rad³/{time}³"), |f| format!("{f}³")),
            "time/rad" => frequency.map_or_else(|| format!("{time}/rad"), |f| format!("1/{f}")),
            "nats/time" => frequency.map_or_else(|| format!("nats/{time}"), |f| format!("nats*{f}")),
            other => other.to_owned(),
        }
    }

    /// Runs and adds the provenance; `command` is what was typed (see [`portable_command`](crate::record::portable_command)).
    ///
    /// # Errors
    /// As [`Problem::run`].
    pub fn record(&self, command: &str) -> Result<Record, RunError> {
        self.record_at(&self.binding()?, command)
    }

    /// The same at other values.
    ///
    /// # Errors
    /// As [`Problem::run_at`].
    pub fn record_at(&self, binding: &Binding, command: &str) -> Result<Record, RunError> {
        let report = self.experiment.run(binding).map_err(|e| self.error(e))?;
        Ok(self.recorded(report, binding, command))
    }

    /// A report of the experiment as a record.
    pub(super) fn recorded(&self, report: Report, binding: &Binding, command: &str) -> Record {
        let report = self.with_units(report);
        let mut provenance = self.provenance(command, &[]);
        for parameter in &mut provenance.parameters {
            if let Some(id) = self.model().parameters.id(&parameter.name) {
                parameter.value = binding.value(id);
            }
        }
        Record::new(self.model().name.clone(), report, provenance)
    }

    /// What another person needs to compute the same again; the parameters named in `swept`, and those that follow them, are
    /// left out.
    pub fn provenance(&self, command: &str, swept: &[&str]) -> Provenance {
        let model = self.model();
        let options = self.experiment.options();
        let mut left_out: Vec<_> = swept.iter().filter_map(|name| model.parameters.id(name)).collect();
        for id in left_out.clone() {
            left_out.extend(model.parameters.dependents(id));
        }
        let parameters = model.parameters.iter().filter(|(id, _)| !left_out.contains(id));
        let method = match (&options.quench, &options.window) {
            (Some(quench), _) => {
                let before: Vec<String> = quench.before.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("quench at t = 0 from the steady state at {}", before.join(", "))
            }
            (None, Some(w)) if options.level == Level::Stochastic => format!(
                "ensemble of {} trajectories ({}{}, {} noise, {} stepper), averaged over {} samples of [{}, {}]",
                options.trajectories.count,
                options.trajectories.ordering.name(),
                match (model.antihermitian.is_zero(), options.trajectories.weights) {
                    (true, _) => "",
                    (false, Weights::Keep) => ", weights kept",
                    (false, Weights::Drop) => ", weights dropped",
                },
                options.trajectories.noise().name(),
                options.trajectories.method.name(),
                w.samples,
                w.from,
                w.to
            ),
            _ if options.level == Level::Fock && options.truncation.jumps.is_some() => format!(
                "{} trajectories with quantum jumps in number states, {}, Taylor series or Dormand-Prince 8(5,3)",
                options.truncation.jumps.unwrap_or_default(),
                options.truncation.cutoff.as_ref().map_or("growing cut-off".to_owned(), ToString::to_string)
            ),
            _ if options.level == Level::Fock => format!(
                "master equation in {}number states, {}, Faber series or Dormand-Prince 8(5,3)",
                if options.truncation.displaced { "displaced " } else { "" },
                options.truncation.cutoff.as_ref().map_or("growing cut-off".to_owned(), ToString::to_string)
            ),
            _ if options.level == Level::Response => match options.order {
                Order::Lowest => "static response to all orders, driven couplings in lowest order".into(),
                Order::All => "harmonic balance of the driven couplings to all orders".into(),
            },
            _ if options.level == Level::OptimalPath => {
                "optimal path of the P representation by multiple shooting, fluctuations to one loop".into()
            }
            _ if options.level == Level::Gaussian && !model.antihermitian.is_zero() => {
                "exact Gaussian state by the linear flow behind its Riccati equation".into()
            }
            (None, Some(w)) => format!(
                "direct run from the start and the vacuum, averaged over {} samples of [{}, {}]",
                w.samples, w.from, w.to
            ),
            (None, None) => "attractor by Newton shooting or relaxation, periodic covariance by Floquet theory".into(),
        };
        Provenance {
            command: command.into(),
            model_hash: text_hash(&self.loaded.identity()),
            level: options.level.name().into(),
            ordering: match options.level {
                Level::Stochastic => options.trajectories.ordering.name().into(),
                Level::Fock => "exact".into(),
                Level::Response => "symmetrised".into(),
                Level::OptimalPath => "normal (P representation), to one loop".into(),
                Level::Gaussian if !model.antihermitian.is_zero() => "exact".into(),
                _ => "normal (coherent-state substitution)".into(),
            },
            frame: model.frame.clone(),
            baths: if model.structured.is_empty() {
                "Markovian: Lindblad jumps with the rates and occupations of the model file".into()
            } else {
                "Caldeira-Leggett: oscillators with the spectral densities of the model file, counter-terms included"
                    .into()
            },
            method,
            tolerance: options.tolerance,
            seed: options.seed,
            parameters: parameters
                .map(|(_, p)| Parameter { name: p.name.clone(), value: p.default, unit: p.unit.clone() })
                .collect(),
            ..Provenance::default()
        }
    }

    /// An error of the library with a caret where it is about the model file.
    pub(super) fn error(&self, error: ExperimentError) -> RunError {
        match error {
            ExperimentError::Model(error) => self.loaded.diagnostic(&error).into(),
            other => other.into(),
        }
    }
}

/// A measure that cannot be resolved, with a caret into the option that asked for it, in whose text it begins at `from`.
pub(super) fn measure_error(option: &str, text: &str, from: usize, error: &MeasureError) -> RunError {
    let span = error.span();
    let span = span.start + from..span.end + from;
    let pointer = Pointer { path: option.into(), text: text.into(), span, label: String::new() };
    let diagnostic = Diagnostic::error(error.to_string()).with_pointer(pointer);
    match error.help() {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
    .into()
}

/// The value of an expression in the parameters of a model, such as `200*2*pi/omega1`; `option` names where it was given.
///
/// # Errors
/// [`RunError::File`] with a caret into the expression.
pub fn value(loaded: &LoadedModel, option: &str, text: &str) -> Result<f64, RunError> {
    Ok(value_of(loaded, option, text)?.0)
}

/// The same with the parameters that the expression uses.
pub(super) fn value_of(loaded: &LoadedModel, option: &str, text: &str) -> Result<(f64, BTreeSet<ParamId>), RunError> {
    let pointer = |span| Pointer { path: option.into(), text: text.into(), span, label: String::new() };
    let mut symbols = Symbols::new();
    for (id, parameter) in loaded.model.parameters.iter() {
        symbols.insert(&parameter.name, Symbol::Parameter(id));
    }
    let scalar = parse::parse(text).and_then(|expression| parse::scalar(&expression, &symbols)).map_err(|e| {
        let diagnostic = Diagnostic::error(e.message).with_pointer(pointer(e.span));
        match e.help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    })?;
    let whole = || pointer(0..text.len());
    if scalar.depends_on_time() {
        return Err(Diagnostic::error(format!("{option} must not depend on the time")).with_pointer(whole()).into());
    }
    let values = &loaded.model.parameters.defaults().values;
    let z = scalar.eval(values, 0.0).map_err(|e| {
        Diagnostic::error(format!("{option} has no value: {}", e.message(&loaded.model.names()))).with_pointer(whole())
    })?;
    if z.im != 0.0 || !z.re.is_finite() {
        return Err(Diagnostic::error(format!("{option} must be a real, finite number")).with_pointer(whole()).into());
    }
    Ok((z.re, scalar.params()))
}

/// The window of a direct run from the texts of `--until T`, `--window FROM:TO` and the number of samples.
///
/// `--until` alone averages from the start to T; `--window` alone runs to its end.
///
/// # Errors
/// Expressions without a value, and times that do not ascend.
pub fn window(
    loaded: &LoadedModel,
    until: Option<&str>,
    window: Option<&str>,
    samples: usize,
) -> Result<Option<Window>, RunError> {
    let until = until.map(|text| value(loaded, "--until", text)).transpose()?;
    let (from, to) = match (window, until) {
        (None, None) => return Ok(None),
        (None, Some(until)) => (0.0, until),
        (Some(text), until) => {
            let Some((from, to)) = text.split_once(':') else {
                return Err(RunError::input(
                    format!("--window {text} has no `:`"),
                    "write --window FROM:TO, such as --window 100:200",
                ));
            };
            let (from, to) = (value(loaded, "--window", from)?, value(loaded, "--window", to)?);
            if until.is_some_and(|until| until < to) {
                let message = format!("--window ends at {to}, after --until");
                return Err(RunError::input(message, "end the window before the run, or leave out --until"));
            }
            (from, to)
        }
    };
    if !(from >= 0.0 && to > from) {
        let message = format!("a direct run from {from} to {to}: times must ascend from 0");
        return Err(RunError::input(message, "write --until T with T > 0, or --window FROM:TO with 0 ≤ FROM < TO"));
    }
    if samples == 0 || samples > MAX_SAMPLES {
        let message = format!("{samples} samples: a direct run takes from 1 to {MAX_SAMPLES}");
        return Err(RunError::input(message, "several thousand resolve every period of a few hundred"));
    }
    Ok(Some(Window { from, to, samples }))
}

/// A quench from the texts of `--quench NAME=VALUE …`, `--at T,…` or `--until T`, and the number of steps.
///
/// # Errors
/// Parameters that the model lacks, expressions without a value, and times that do not ascend.
pub fn quench(
    loaded: &LoadedModel,
    before: &[String],
    at: Option<&str>,
    until: Option<&str>,
    samples: usize,
) -> Result<Quench, RunError> {
    let mut pairs = Vec::new();
    for text in before {
        let Some((name, number)) = text.split_once('=') else {
            let help = "write --quench NAME=VALUE with the value before t = 0, such as --quench g=0";
            return Err(RunError::input(format!("--quench {text} has no `=`"), help));
        };
        let name = name.trim();
        loaded.model.parameters.find(name).map_err(|e| loaded.diagnostic(&e))?;
        if loaded.model.needs_rebuild(name) {
            let help = "it changes the number of modes: quench another parameter";
            return Err(RunError::input(format!("`{name}` cannot change in time"), help));
        }
        pairs.push((name.to_owned(), value(loaded, "--quench", number)?));
    }
    if samples == 0 || samples > MAX_SAMPLES {
        let message = format!("{samples} samples after the quench: give from 1 to {MAX_SAMPLES}");
        return Err(RunError::input(message, "a thousand resolve a relaxation"));
    }
    let listed = at.map(|text| times(loaded, "--at", text)).transpose()?;
    let times = match (listed, until) {
        (Some(times), _) => times,
        (None, Some(until)) => {
            let end = value(loaded, "--until", until)?;
            (0..=samples).map(|j| end * j as f64 / samples as f64).collect()
        }
        (None, None) => Vec::new(),
    };
    if times.iter().any(|t| *t < 0.0) || times.windows(2).any(|pair| pair[1] <= pair[0]) {
        let message = "the times after the quench do not ascend from 0";
        return Err(RunError::input(message, "write --at 1e-3,3e-3 with t ≥ 0, or --until T with T > 0"));
    }
    Ok(Quench { before: pairs, times })
}

/// A list of times, such as `0.1,2*pi,10`, ascending from 0.
///
/// # Errors
/// Expressions without a value, and times that do not ascend.
pub fn times(loaded: &LoadedModel, option: &str, text: &str) -> Result<Vec<f64>, RunError> {
    let times = text.split(',').map(|t| value(loaded, option, t)).collect::<Result<Vec<f64>, _>>()?;
    if times.iter().any(|t| *t < 0.0) || times.windows(2).any(|pair| pair[1] <= pair[0]) {
        let message = format!("the times of {option} {text} do not ascend from 0");
        return Err(RunError::input(message, format!("write {option} 1e-3,3e-3 with t ≥ 0")));
    }
    Ok(times)
}

/// Most samples of a direct run.
pub const MAX_SAMPLES: usize = 1_000_000;
