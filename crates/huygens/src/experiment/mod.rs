//! One experiment: a model, a level, the measures asked; run at as many parameter values as wanted.
//!
//! [`Experiment::new`] derives and compiles everything that does not depend on numbers; [`Experiment::run`] takes one set of
//! parameter values and gives a [`Report`]. An experiment is immutable and shared between threads.

mod beyond;
mod counting;
mod direct;
mod displaced;
mod energy;
mod ensembles;
mod fock;
mod jumps;
mod quench;
mod response;
mod search;
mod spins;
mod steady;
mod stepping;
mod stochastic;
mod summary;

use std::sync::Arc;

use huygens_numerics::c64;

use crate::algebra::{self, EvalError, Monomial, Operator};
use crate::costs::energy::Energetics;
use crate::costs::{Contacts, CostError, reverses};
use crate::levels::equations::{Equations, Ring};
use crate::levels::kernel::{Bound, Kernel};
use crate::levels::mean_field::attractor::{self, Attractor, Found, Options as SearchOptions};
use crate::levels::response::System;
pub use crate::levels::stochastic::ensemble::Watch;
use crate::levels::stochastic::langevin::Ordering;
use crate::measures::{CountingMeasure, Evaluate, MeasureError, Request, resolve};
use crate::model::{Binding, Model, ModelError};
use crate::report::{Check, Report, Status};

pub use fock::Truncation;
pub use quench::Quench;
pub use response::Order;
pub use search::Coexisting;
pub use steady::SteadySolver;
use stochastic::Exchange;
pub use stochastic::{Part, StartAt, Trajectories, Weights};

/// Level of description of an experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Classical flow alone.
    MeanField,
    /// Linearised quantum fluctuations around it.
    #[default]
    Gaussian,
    /// Ensembles of trajectories: truncated Wigner, or classical Langevin equations.
    Stochastic,
    /// The density matrix in number states.
    Fock,
    /// The optimal path of a weakly nonlinear model with many quanta, to one loop.
    OptimalPath,
    /// Linear oscillators with structured baths and driven couplings, by their response.
    Response,
}

impl Level {
    /// All levels, by the names of the command line.
    pub const ALL: [(&'static str, Level); 6] = [
        ("mean_field", Level::MeanField),
        ("gaussian", Level::Gaussian),
        ("stochastic", Level::Stochastic),
        ("fock", Level::Fock),
        ("optimal_path", Level::OptimalPath),
        ("response", Level::Response),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Level::MeanField => "mean_field",
            Level::Gaussian => "gaussian",
            Level::Stochastic => "stochastic",
            Level::Fock => "fock",
            Level::OptimalPath => "optimal_path",
            Level::Response => "response",
        }
    }
}

/// A window of a direct run from the model's start.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// First time averaged over.
    pub from: f64,
    /// Last time.
    pub to: f64,
    /// Number of samples, at from + j (to − from)/samples, j = 0 … samples − 1.
    pub samples: usize,
}

/// What to do beside the attractor itself.
#[derive(Clone, Debug)]
pub struct Options {
    /// Level of description.
    pub level: Level,
    /// Relative tolerance of everything after the transient.
    pub tolerance: f64,
    /// Samples over one period, before refinement.
    pub samples: usize,
    /// Random starts that look for coexisting attractors; 0 for none.
    pub starts: usize,
    /// Seed of the random starts.
    pub seed: u64,
    /// Whether the uncoupled control is run.
    pub control: bool,
    /// A direct run instead of the attractor.
    pub window: Option<Window>,
    /// A quench instead of the attractor.
    pub quench: Option<Quench>,
    /// Fast modes to eliminate at a fixed point, by name.
    pub eliminate: Vec<String>,
    /// Whether a translation-invariant ring may be reduced to its unit cell.
    pub bloch: bool,
    /// The search for the attractor.
    pub search: SearchOptions,
    /// The ensemble of the stochastic level.
    pub trajectories: Trajectories,
    /// Storage and certificate of the fock level.
    pub truncation: Truncation,
    /// Order in the driven couplings at the response level.
    pub order: Order,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            level: Level::Gaussian,
            tolerance: 1e-11,
            samples: 128,
            starts: 0,
            seed: 1,
            control: false,
            window: None,
            quench: None,
            eliminate: Vec::new(),
            bloch: true,
            search: SearchOptions::default(),
            trajectories: Trajectories::default(),
            truncation: Truncation::default(),
            order: Order::default(),
        }
    }
}

/// Why an experiment cannot be run.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// A measure that does not exist or does not fit the model.
    #[error("measure `{text}`: {source}")]
    Measure {
        /// As asked.
        text: String,
        /// What is wrong.
        source: MeasureError,
    },
    /// A value that the model does not accept.
    #[error("{0}")]
    Model(#[from] ModelError),
    /// An expression without a value.
    #[error("{0}")]
    Value(String),
    /// The model would not fit into memory at this level.
    #[error(
        "{modes} modes need {gigabytes:.1} GB for the transition matrices of one period; the limit is {limit:.1} GB: use fewer modes, or --level mean_field"
    )]
    TooLarge {
        /// Number of modes.
        modes: usize,
        /// Memory.
        gigabytes: f64,
        /// Limit.
        limit: f64,
    },
    /// The density matrix cannot be treated.
    #[error("{0}")]
    Fock(crate::levels::fock::FockError),
    /// Options that contradict each other or the model.
    #[error("{0}")]
    Options(String),
}

/// A prepared experiment.
#[derive(Debug)]
pub struct Experiment {
    model: Arc<Model>,
    kernel: Arc<Kernel>,
    /// The fluctuations around the mean field, where their drift is not the Jacobian of its flow.
    fluctuations: Option<Arc<Kernel>>,
    ring: Option<(Ring, Arc<Kernel>)>,
    charges: Vec<Vec<i64>>,
    requests: Vec<Request>,
    contacts: Result<Contacts, CostError>,
    /// Heat and work, where they are asked for.
    energetics: Option<Energetics>,
    /// Whether the gaussian level is exact: linear flow, constant diffusion.
    linear: bool,
    /// Whether rest is a solution: no term of the flow without an amplitude.
    undisplaced: bool,
    /// Modes to eliminate.
    fast: Vec<usize>,
    /// The model as the response level sees it.
    response: Option<System>,
    options: Options,
}

/// What a parameter set starts from.
struct Prepared {
    bound: Bound,
    /// Drift and diffusion of the fluctuations, where that drift is not the Jacobian of the flow.
    fluctuations: Option<Bound>,
    start: Vec<c64>,
    /// The unit cell and its start, where the start is the same in every cell.
    cell: Option<(Bound, Vec<c64>)>,
}

const MEMORY_LIMIT: f64 = 4.0;

/// Why a level without trajectories has no ticks.
const OF_TRAJECTORIES: &str = "a property of trajectories: ask at --level stochastic";

/// Models with more modes are not started at random: each start integrates the transition matrix of all modes.
const LARGEST_SEARCH: usize = 64;

/// What a point in phase space leaves out of an anti-Hermitian part.
const OF_A_POINT: &str = "the motion of a coherent state: the anti-Hermitian part moves it by ∂H_c/∂α*; its reweighting 2(H_c − ⟨H_c⟩) of a \
                          state that is spread, from the start or by noise, acts on differences that a point does not have";

/// Whether a model with an anti-Hermitian part can be treated in the way asked for.
fn weighed(model: &Model, requests: &[Request], options: &Options) -> Result<(), ExperimentError> {
    let name = &model.name;
    let of_jumps = match model.post_selects() {
        true => " (a jump L with `kept` = q has one, -(1 - q)/2 L†L)",
        false => "",
    };
    let wrong = |text: String| Err(ExperimentError::Options(format!("{text}{of_jumps}")));
    match options.level {
        Level::Fock | Level::OptimalPath | Level::Response => return Ok(()),
        Level::Gaussian => {
            let of_state = |r: &&Request| matches!(r.definition.evaluate, Evaluate::Moments(_) | Evaluate::Density(_));
            if let Some(request) = requests.iter().find(|r| !of_state(r)) {
                return wrong(format!(
                    "`{}` is not a property of a state: with the anti-Hermitian part of `{name}` the gaussian level gives its exact state at the times of --at, and what can be said of that",
                    request.text
                ));
            }
        }
        Level::Stochastic => {
            let asked = &options.trajectories;
            if asked.ordering == Ordering::Wigner {
                return wrong(format!(
                    "`{name}` has an anti-Hermitian part, under which the Wigner function diffuses with either sign: it has no trajectories; write --ordering classical for those of the classical limit"
                ));
            }
            let ticks = requests.iter().find(|r| matches!(r.definition.evaluate, Evaluate::Ticks(_)));
            if let (Weights::Keep, Some(request)) = (asked.weights, ticks) {
                return wrong(format!(
                    "`{}`: weighted trajectories are replaced by one another and have no ticks; write --weights drop for the Langevin equations alone",
                    request.text
                ));
            }
        }
        Level::MeanField => {}
    }
    if options.quench.is_some() {
        return wrong(format!(
            "`{name}` has an anti-Hermitian part: it has no steady state before a quench; leave out --quench and give --until"
        ));
    }
    if let Some(request) = requests.iter().find(|r| matches!(r.definition.evaluate, Evaluate::Energy(_))) {
        return wrong(format!(
            "`{}`: the anti-Hermitian part of `{name}` gives and takes energy beside baths and drives: there is no such balance",
            request.text
        ));
    }
    Ok(())
}

/// Whether a model whose coefficients depend on the mean field, or that is given by equations of motion, can be treated in the way
/// asked for.
fn followed(model: &Model, requests: &[Request], options: &Options) -> Result<(), ExperimentError> {
    let (mean, written) = (model.follows_mean(), model.motion.is_some());
    if !mean && !written {
        return Ok(());
    }
    let name = &model.name;
    let wrong = |text: String| Err(ExperimentError::Options(text));
    let variants = match model.variants.as_slice() {
        [] => String::new(),
        list => format!(" (variants of the model: -s variant={})", list.join(", -s variant=")),
    };
    let level = options.level;
    if !matches!(level, Level::MeanField | Level::Gaussian) {
        return wrong(match written {
            true => format!(
                "`{name}` is given by equations of motion, and the {} level needs a Hamiltonian and jumps: use --level gaussian or mean_field{variants}",
                level.name()
            ),
            false => format!(
                "`{name}` has coefficients with mean(…), numbers of the mean field that the {} level does not follow: use --level gaussian or mean_field, or put a parameter in the place of mean(…){variants}",
                level.name()
            ),
        });
    }
    if !model.antihermitian.is_zero() && (written || level == Level::Gaussian) {
        return wrong(format!(
            "`{name}` has an anti-Hermitian part, under which the mean field moves with the covariance: it goes with neither mean(…) nor [equations]"
        ));
    }
    for request in requests {
        match request.definition.evaluate {
            Evaluate::Energy(_) => {
                return wrong(format!(
                    "`{}`: energies are those of a Hamiltonian; of mean(…) and [equations] there is no such balance",
                    request.text
                ));
            }
            Evaluate::Thermal(_) | Evaluate::Transient(_) if written => {
                return wrong(format!(
                    "`{}` needs all dissipation as thermal baths, and [equations] of `{name}` are none",
                    request.text
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the records that some jumps select can give what is asked.
fn selected(model: &Model, requests: &[Request]) -> Result<(), ExperimentError> {
    for request in requests {
        let definition = request.definition;
        let reason = match definition.evaluate {
            _ if definition.name == "survival" && !model.own_antihermitian.is_zero() => {
                "the trace under an anti-Hermitian part is no probability: ask without one, with `kept` at the jumps"
            }
            _ if !model.post_selects() => continue,
            Evaluate::Thermal(_) | Evaluate::Energy(_) => {
                "is a balance of all runs, and some are discarded: ask with `kept` = 1"
            }
            _ if CountingMeasure::of(definition).is_some() => {
                "counts the clicks of all runs, and some are discarded: ask with `kept` = 1"
            }
            _ if definition.needs_dynamics() => {
                "relies on a trace that is kept, and runs are discarded: ask with `kept` = 1"
            }
            _ => continue,
        };
        return Err(ExperimentError::Options(format!("`{}`: {reason}", request.text)));
    }
    Ok(())
}

/// The model as the response level sees it, where the options fit that.
fn response_system(model: &Model, options: &Options) -> Result<System, ExperimentError> {
    let wrong = |text: &str| Err(ExperimentError::Options(text.into()));
    if options.window.is_some() || !options.truncation.at.is_empty() || options.quench.is_some() {
        return wrong(
            "the response level gives the stationary or periodic state: leave out --until, --window, --at and --quench",
        );
    }
    if !options.eliminate.is_empty() {
        return wrong("the response level eliminates nothing: leave out --eliminate");
    }
    System::derive(model).map_err(|e| ExperimentError::Options(e.to_string()))
}

impl Experiment {
    /// Prepares an experiment. No measures given means the model's own.
    ///
    /// # Errors
    /// [`ExperimentError::Measure`] for a measure that does not exist or does not fit.
    pub fn new(model: Arc<Model>, measures: &[String], options: Options) -> Result<Self, ExperimentError> {
        let names: Vec<String> = model.modes.iter().map(|m| m.name.clone()).collect();
        let oscillators: Vec<usize> = model.oscillators.iter().map(|m| m.0 as usize).collect();
        let asked = if measures.is_empty() { &model.measures } else { measures };
        let mut requests = Vec::new();
        for text in asked {
            let request = resolve(text, &names, &oscillators)
                .map_err(|source| ExperimentError::Measure { text: text.clone(), source })?;
            if !request.definition.levels.contains(&options.level.name()) {
                let levels = request.definition.levels.join(", ");
                let text = format!(
                    "`{text}` is not a measure of the {} level; it is given at: {levels}",
                    options.level.name()
                );
                return Err(ExperimentError::Options(text));
            }
            if let (Some(label), Level::Response) = (&request.channel, options.level) {
                let labels: Vec<&str> = model.structured.iter().map(|b| b.label.as_str()).collect();
                if !labels.contains(&label.as_str()) {
                    let known = labels.join("\", \"");
                    let text = format!("measure `{text}`: there is no bath \"{label}\"; there are: \"{known}\"");
                    return Err(ExperimentError::Options(text));
                }
            } else if let Some(label) = &request.channel {
                reverses::counted(&model, label)
                    .map_err(|reason| ExperimentError::Options(format!("measure `{text}`: {reason}")))?;
            }
            spins::with_spins(&model, &request, options.level)?;
            ensembles::given(&model, &request)?;
            requests.push(request);
        }
        ensembles::treatable(&model, &options)?;
        spins::treatable(&model, &options)?;
        if options.level == Level::Gaussian
            && model.antihermitian.is_zero()
            && let Some(request) = requests.iter().find(|r| matches!(r.definition.evaluate, Evaluate::Density(_)))
        {
            let text = format!(
                "`{}` is given at the gaussian level for models with an anti-Hermitian part only: ask at --level fock",
                request.text
            );
            return Err(ExperimentError::Options(text));
        }
        selected(&model, &requests)?;
        followed(&model, &requests, &options)?;
        if !model.antihermitian.is_zero() {
            weighed(&model, &requests, &options)?;
        }
        if options.truncation.displaced {
            displaced::displaceable(&requests, &options)?;
        }
        let response = match options.level {
            Level::Response => Some(response_system(&model, &options)?),
            level if !model.structured.is_empty() => {
                return Err(ExperimentError::Options(format!(
                    "`{}` has a bath with a spectral density (`{}`), which the {} level does not treat: use --level response",
                    model.name,
                    model.structured[0].label,
                    level.name()
                )));
            }
            _ => None,
        };
        let asked = &options.trajectories;
        if matches!(options.level, Level::Stochastic | Level::OptimalPath)
            && asked.ordering == Ordering::Wigner
            && asked.noise() != Ordering::Wigner.noise()
        {
            let text = format!(
                "{} noise is that of classical equations: quantum ones take the symmetric one; write --ordering classical, or leave out --noise",
                asked.noise().name()
            );
            return Err(ExperimentError::Options(text));
        }
        let equations = Equations::derive(&model);
        let (kernel, fluctuations) = match equations.of_mean_field() {
            Some(mean) => (Kernel::new(&mean), Some(Arc::new(Kernel::new(&equations)))),
            None => (Kernel::new(&equations), None),
        };
        let kernel = Arc::new(kernel);
        let written = model.motion.is_some() || fluctuations.is_some();
        let ring = Ring::of(&model).filter(|_| options.bloch && !written).and_then(|ring| {
            let cell = equations.unit_cell(&ring)?;
            Some((ring, Arc::new(Kernel::new(&cell))))
        });
        let jumps: Vec<_> = model.jumps.iter().map(|j| j.operator.clone()).collect();
        let flow = model.motion.as_ref().map_or(&[][..], |motion| &motion.flow);
        let mut charges = algebra::charges_with(model.modes.len(), &model.whole_hamiltonian(), &jumps, flow);
        // No charge turns ⟨J_z⟩.
        charges.iter_mut().for_each(|m| m.resize(kernel.modes(), 0));
        let contacts = Contacts::of(&model);
        let energies = requests.iter().any(|r| matches!(r.definition.evaluate, Evaluate::Energy(_)));
        let energetics = energies.then(|| Energetics::of(&model));
        let mut fast = Vec::new();
        for name in &options.eliminate {
            fast.push(model.mode(name)?.0 as usize);
        }
        if fast.len() == model.modes.len() {
            return Err(ExperimentError::Options("every mode is eliminated: leave the slow ones".into()));
        }
        let linear = equations.linear();
        let undisplaced = equations.flow.iter().all(|f| f.coefficient(&Monomial::one()).is_zero());
        let experiment = Self {
            model,
            kernel,
            fluctuations,
            ring,
            charges,
            requests,
            contacts,
            energetics,
            linear,
            undisplaced,
            fast,
            response,
            options,
        };
        experiment.fits()?;
        Ok(experiment)
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The measures, resolved.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// U(1) charges of the model, by the variables of the mean field.
    pub fn charges(&self) -> &[Vec<i64>] {
        &self.charges
    }

    /// Whether the model is a ring that is treated cell by cell.
    pub fn is_ring(&self) -> bool {
        self.ring.is_some()
    }

    /// The compiled equations with the numbers of `binding`.
    ///
    /// # Errors
    /// When an expression has no value.
    pub fn bind(&self, binding: &Binding) -> Result<Bound, ExperimentError> {
        self.kernel.bind(&binding.values).map_err(|e| self.value_error(&e))
    }

    /// The drift and diffusion of the fluctuations with the numbers of `binding`, of which the flow is that of [`Experiment::bind`].
    fn bind_fluctuations(&self, binding: &Binding) -> Result<Bound, ExperimentError> {
        let kernel = self.fluctuations.as_ref().unwrap_or(&self.kernel);
        kernel.bind(&binding.values).map_err(|e| self.value_error(&e))
    }

    fn value_error(&self, error: &EvalError) -> ExperimentError {
        ExperimentError::Value(error.message(&self.model.names()))
    }

    fn fits(&self) -> Result<(), ExperimentError> {
        if self.options.level == Level::Gaussian && self.ring.is_none() {
            let n = 2.0 * self.kernel.modes() as f64;
            let gigabytes = 3.0 * n * n * 8.0 * self.options.samples as f64 / 1e9;
            if gigabytes > MEMORY_LIMIT {
                return Err(ExperimentError::TooLarge {
                    modes: self.model.modes.len(),
                    gigabytes,
                    limit: MEMORY_LIMIT,
                });
            }
        }
        Ok(())
    }

    fn prepare(&self, binding: &Binding) -> Result<Prepared, ExperimentError> {
        let bound = self.bind(binding)?;
        let start = self.start_point(binding)?;
        let cell = match &self.ring {
            Some((ring, kernel)) if ring.members.iter().all(|m| m.iter().all(|&k| start[k] == start[m[0]])) => {
                let cell = kernel.bind(&binding.values).map_err(|e| self.value_error(&e))?;
                Some((cell, ring.members.iter().map(|m| start[m[0]]).collect()))
            }
            _ => None,
        };
        let fluctuations = match (&self.fluctuations, self.options.level) {
            (Some(_), Level::Gaussian) => Some(self.bind_fluctuations(binding)?),
            _ => None,
        };
        Ok(Prepared { bound, fluctuations, start, cell })
    }

    /// Period of the model's drives at these values, where it has any.
    fn drive_period(&self, binding: &Binding) -> Result<Option<f64>, ExperimentError> {
        if !self.kernel.driven() {
            return Ok(None);
        }
        let polynomials = self.model.motion.iter().flat_map(|motion| motion.polynomials());
        let written: Vec<Operator> = polynomials.map(Operator::from_normal).collect();
        match algebra::drive_period(self.model.operators().chain(&written), &binding.values) {
            Some(period) => Ok(Some(period)),
            None => Err(ExperimentError::Options(
                "the drives of this model have no common period: write them as sin and cos of a multiple of one frequency times t, or ask for a direct run with --until".into(),
            )),
        }
    }

    /// Runs the experiment at one set of values.
    ///
    /// # Errors
    /// Only for values that the model cannot take; whatever the dynamics does is a report with its verdict.
    pub fn run(&self, binding: &Binding) -> Result<Report, ExperimentError> {
        self.run_watched(binding, Watch::default())
    }

    /// The same; an ensemble of trajectories can be watched and stopped.
    ///
    /// # Errors
    /// As [`Experiment::run`]; [`ExperimentError::Options`] when stopped.
    pub fn run_watched(&self, binding: &Binding, watch: Watch<'_>) -> Result<Report, ExperimentError> {
        if self.options.level == Level::Fock {
            return match self.options.truncation.jumps {
                Some(count) => self.run_jumps(binding, count, watch),
                None => self.run_fock(binding),
            };
        }
        if self.options.level == Level::Stochastic {
            let report = self.run_stochastic(binding, watch, None)?;
            return report.ok_or_else(|| ExperimentError::Options("the ensemble is not whole".into()));
        }
        if self.options.level == Level::OptimalPath {
            return self.run_optimal_path(binding);
        }
        if self.options.level == Level::Response {
            return self.run_response(binding);
        }
        if self.options.level == Level::Gaussian && !self.model.antihermitian.is_zero() {
            return self.run_exact_gaussian(binding);
        }
        let mut report = self.run_mean(binding)?;
        if !self.model.antihermitian.is_zero() {
            report.checks.push(Check::note("reweighting", None, OF_A_POINT));
        }
        report.orbits = self.bosonic(report.orbits);
        report.checks.extend(self.mixed_start(binding)?);
        Ok(report)
    }

    /// The mean field and its fluctuations.
    fn run_mean(&self, binding: &Binding) -> Result<Report, ExperimentError> {
        if let Some(quench) = &self.options.quench {
            return self.run_quench(binding, quench);
        }
        if let Some(window) = &self.options.window {
            return self.run_window(binding, window);
        }
        let (mut report, found, prepared, period) = self.attract(binding)?;
        if self.options.control
            && matches!(found.attractor, Attractor::Cycle(_) | Attractor::Rotating(_) | Attractor::FixedPoint(_))
        {
            report.checks.extend(self.control(binding, &report, &found.attractor)?);
        }
        if self.options.starts > 0 {
            report.checks.push(if self.linear && matches!(found.attractor, Attractor::FixedPoint(_)) {
                let note = "the model is linear: every start ends here".into();
                Check { name: "coexisting attractors".into(), status: Status::Pass, value: None, limit: None, note }
            } else if self.model.modes.len() <= LARGEST_SEARCH {
                self.coexisting(&prepared, period, &found)?.check()
            } else {
                let note = format!("not looked for: more than {LARGEST_SEARCH} modes make each random start costly");
                Check::note("coexisting attractors", None, note)
            });
        }
        Ok(report)
    }

    /// Part `index` = 0 … `of` − 1 of the ensemble of a stochastic experiment. `exchange` is given this part, keeps it where the others
    /// are, and returns all of them in any order once they are there; then this returns the report, the same to the last bit as
    /// [`Experiment::run`] of the whole ensemble. The pilot that measures the error by the step is run with every part.
    ///
    /// # Errors
    /// As [`Experiment::run_watched`]; [`ExperimentError::Options`] at another level, for an `index` that is none, and for parts that
    /// do not make the whole.
    pub fn run_part(
        &self,
        binding: &Binding,
        watch: Watch<'_>,
        (index, of): (usize, usize),
        exchange: &mut dyn FnMut(Part) -> Option<Vec<Part>>,
    ) -> Result<Option<Report>, ExperimentError> {
        if self.options.level != Level::Stochastic {
            let text = "parts are those of an ensemble of trajectories: ask at --level stochastic";
            return Err(ExperimentError::Options(text.into()));
        }
        if index >= of {
            return Err(ExperimentError::Options(format!("part {index} of {of}: parts count from 0 to one less")));
        }
        self.run_stochastic(binding, watch, Some(Exchange { index, of, with: exchange }))
    }

    /// The attractor reached from the model's start and what is measured there.
    fn attract(&self, binding: &Binding) -> Result<(Report, Found, Prepared, Option<f64>), ExperimentError> {
        let prepared = self.prepare(binding)?;
        let period = self.drive_period(binding)?;
        let (bound, charges, start) = match &prepared.cell {
            Some((cell, start)) => (cell, self.cell_charges(), start),
            None => (&prepared.bound, self.charges.clone(), &prepared.start),
        };
        let found = attractor::find(bound, &charges, period, start, &self.options.search);
        let report = self.summarise(&prepared, binding, &found, period)?;
        Ok((report, found, prepared, period))
    }

    /// Charges of one cell: those that are the same in every cell.
    fn cell_charges(&self) -> Vec<Vec<i64>> {
        let Some((ring, _)) = &self.ring else { return Vec::new() };
        let uniform = |m: &Vec<i64>| ring.members.iter().all(|array| array.iter().all(|&k| m[k] == m[array[0]]));
        self.charges
            .iter()
            .filter(|m| uniform(m))
            .map(|m| ring.members.iter().map(|array| m[array[0]]).collect())
            .collect()
    }
}
