//! Ensembles of trajectories: measures with standard errors over a window, from a start or a quench; ticks; parts of an ensemble.

use std::ops::Range;

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::special::student_quantile;

use super::stepping::{Pilot, StepChoice};
use super::summary::window_mean;
use super::{Experiment, ExperimentError, Window};
use crate::checks;
use crate::costs::Contact;
use crate::levels::gaussian::direct;
use crate::levels::mean_field::attractor::{self, Attractor};
use crate::levels::stochastic::ensemble::{self, Dynamics, Plan, Sampling, Watch};
use crate::levels::stochastic::langevin::{Langevin, LangevinKernel, Noise, Ordering};
use crate::levels::stochastic::linear::{Exact, GaussianStart, LinearModel};
use crate::levels::stochastic::moments::{BlockMoments, EnsembleMoments, jackknife};
use crate::levels::stochastic::stepper::{Method, Stepped, Stepping};
use crate::levels::stochastic::ticks::{Clock, Tick, TickObserver, TickSums};
use crate::levels::stochastic::weighted;
use crate::measures::correlations::symplectic;
use crate::measures::{Block, Evaluate, Moments, Request, TickMeasure};
use crate::model::Binding;
use crate::report::{Check, Orbit, Quantity, Report, Series, Status};

/// Where trajectories start; the quantum noise of a coherent state comes on top in Weyl order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartAt {
    /// At the model's start: at rest where it names none.
    #[default]
    Model,
    /// On the mean-field attractor that the model's start leads to.
    Attractor,
}

impl StartAt {
    /// All by name.
    pub const ALL: [(&'static str, StartAt); 2] = [("model", StartAt::Model), ("attractor", StartAt::Attractor)];
}

/// The weight e^{2∫(H_c − ⟨H_c⟩)dt} that an anti-Hermitian part gives to a trajectory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// It counts.
    #[default]
    Keep,
    /// It is left out: the Langevin equations stand alone, as in the classical limit that Aifer, Thingna and Deffner draw.
    Drop,
}

impl Weights {
    /// Both by name.
    pub const ALL: [(&'static str, Weights); 2] = [("keep", Weights::Keep), ("drop", Weights::Drop)];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Weights::Keep => "keep",
            Weights::Drop => "drop",
        }
    }
}

/// How an ensemble is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories {
    /// Number of trajectories.
    pub count: u64,
    /// Largest step of the nonlinear steppers; `None`: chosen so that its error is below the statistical one.
    pub step: Option<f64>,
    /// The ordering.
    pub ordering: Ordering,
    /// The noise; `None`: that of the ordering.
    pub noise: Option<Noise>,
    /// What becomes of the weights of a model with an anti-Hermitian part.
    pub weights: Weights,
    /// The stepper of nonlinear models.
    pub method: Method,
    /// Where they start.
    pub start: StartAt,
    /// Number of threads; no result depends on it.
    pub threads: usize,
    /// Whether a pilot ensemble at the step and at twice the step on the same noise measures the error by the step; without it a
    /// step that is not given follows from the rates of the mean field alone.
    pub step_error: bool,
}

impl Default for Trajectories {
    fn default() -> Self {
        Self {
            count: 1000,
            step: None,
            ordering: Ordering::default(),
            noise: None,
            weights: Weights::default(),
            method: Method::default(),
            start: StartAt::default(),
            threads: 1,
            step_error: true,
        }
    }
}

impl Trajectories {
    /// The noise in force.
    pub fn noise(&self) -> Noise {
        self.noise.unwrap_or(self.ordering.noise())
    }
}

/// Classical trajectories have no vacuum in their averages.
struct Classical<'a>(&'a dyn Moments);

impl Moments for Classical<'_> {
    fn modes(&self) -> usize {
        self.0.modes()
    }

    fn mean(&self, k: usize) -> c64 {
        self.0.mean(k)
    }

    fn covariance(&self, k: usize, l: usize) -> Block {
        self.0.covariance(k, l)
    }

    fn vacuum(&self) -> f64 {
        0.0
    }
}

/// The most memory that the sums of an ensemble may take, in bytes.
const MEMORY: usize = 4 << 30;

/// Part of an ensemble: the sums of some of its blocks, as numbers that can be kept in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The blocks, of those of the whole ensemble.
    pub blocks: Range<usize>,
    /// The numbers of each block.
    pub numbers: Vec<Vec<f64>>,
}

/// What trajectories of equal weight leave out.
const DROPPED: &str = "the weight exp(2∫(H_c − ⟨H_c⟩)dt) of each trajectory is left out (--weights drop): these are the Langevin equations \
                       without the reweighting of the state by the anti-Hermitian part, not the classical limit of the whole equation";

/// How a part meets the others.
pub(super) struct Exchange<'a> {
    pub(super) index: usize,
    pub(super) of: usize,
    pub(super) with: &'a mut dyn FnMut(Part) -> Option<Vec<Part>>,
}

/// Which ticks are asked for.
#[derive(Clone, Debug, Default)]
struct Ticking {
    clocks: Vec<Clock>,
    pairs: Vec<(usize, usize)>,
}

impl Ticking {
    fn of(requests: &[Request]) -> Self {
        let mut ticking = Self::default();
        for request in requests.iter().filter(|r| matches!(r.definition.evaluate, Evaluate::Ticks(_))) {
            let places: Vec<usize> = request.arguments.iter().map(|a| ticking.clock(a.mode())).collect();
            if let [first, second] = places[..]
                && !ticking.pairs.contains(&(first, second))
            {
                ticking.pairs.push((first, second));
            }
        }
        ticking
    }

    /// The place of a mode's clock, which is made where it is not there.
    fn clock(&mut self, mode: usize) -> usize {
        let variable = 2 * mode;
        self.clocks.iter().position(|c| c.variable == variable).unwrap_or_else(|| {
            self.clocks.push(Clock { variable, tick: Tick::Upward(0.0) });
            self.clocks.len() - 1
        })
    }

    /// A measure of these sums; NaN where there are too few ticks.
    fn value(&self, measure: TickMeasure, modes: &[usize], sums: &TickSums) -> f64 {
        let place = |k: usize| self.clocks.iter().position(|c| c.variable == 2 * modes[k]);
        let clock = || place(0).map(|c| sums.intervals[c]);
        let pair = || {
            let wanted = (place(0)?, place(1)?);
            self.pairs.iter().position(|p| *p == wanted).map(|p| sums.pairs[p])
        };
        let value = match measure {
            TickMeasure::Period => clock().map(|i| if i.count > 0.0 { i.mean } else { f64::NAN }),
            TickMeasure::Accuracy => clock().map(|i| i.accuracy()),
            TickMeasure::PhaseDeviation => pair().map(|p| p.phase_deviation()),
            TickMeasure::IntervalDeviation => pair().map(|p| p.interval_deviation()),
        };
        value.unwrap_or(f64::NAN)
    }
}

/// The ensemble of one report.
struct Ensembles {
    fine: EnsembleMoments,
    ticking: Ticking,
    /// The ticks, block by block; empty where none are asked for.
    ticks: Vec<TickSums>,
    /// The diffusion of each quadrature.
    noise: Vec<f64>,
    /// What the step does to it; `None` for exact steps, or where it was not asked.
    pilot: Option<Pilot>,
    diverged: u64,
    /// What became of the weights, where there are any.
    population: Option<Population>,
    method: String,
}

/// A population of weighted trajectories.
struct Population {
    /// Smallest effective number of starts that an average descends from.
    ancestors: f64,
    /// Tail index of the weights of the starts.
    tail: Option<f64>,
    /// ln tr R at the last sample.
    log_norm: f64,
    resampled: f64,
}

/// Averages that descend from fewer starts than this are worthless, from fewer than ten times as many are coarse.
const FEWEST: f64 = 32.0;

/// Tail indices of the weights above which averages look more accurate than they are.
const HEAVY: f64 = 0.7;

/// What to do where weighted trajectories end.
const BEYOND: &str = "take a shorter --until or more --trajectories, the optimal path of many quanta (--level optimal_path --ordering \
                      classical), or --weights drop for the Langevin equations alone";

impl Population {
    fn checks(&self, trajectories: u64) -> Vec<Check> {
        let note = format!(
            "kept: each trajectory weighs exp(2∫(H_c − ⟨H_c⟩)dt), blocks resampled {:.1} times; the value is ln tr R at the last time",
            self.resampled
        );
        let weights = Check::note("weights", Some(self.log_norm), note);
        let mut check = Check::at_most("population", -self.ancestors, -FEWEST, "");
        (check.value, check.limit) = (Some(self.ancestors), Some(FEWEST));
        let from = format!("the averages descend from effectively {:.0} of {trajectories} starts", self.ancestors);
        check.note = match check.status {
            Status::Fail => format!(
                "{from}: the weight has run away to the tail of the start, or to a few histories of a long run; {BEYOND}"
            ),
            _ if self.ancestors < 10.0 * FEWEST => {
                check.status = Status::Note;
                format!("{from}: take more --trajectories for more digits")
            }
            _ => from,
        };
        let name = "tail of the weights";
        // Weights that all are equal have no tail: an index of any negative size.
        let tail = match self.tail.map(|k| k.max(-1.0)) {
            Some(k) if k > HEAVY => {
                let note = format!(
                    "the weights of the starts fall off as w^(-{:.2}): from -1 on the norm diverges, and before that averages miss what was never drawn while their errors look small; {BEYOND}",
                    1.0 / k
                );
                Check::at_most(name, k, HEAVY, note)
            }
            Some(k) => {
                let note = "index k of a power law w^(-1/k) through the largest weights of the starts: 1 where the norm diverges, infinite variance from 1/2 on";
                let mut check = Check::at_most(name, k, HEAVY, note);
                if k > 0.5 {
                    check.status = Status::Note;
                }
                check
            }
            None => Check::note(name, None, "too few starts are left to tell how heavy the tail of their weights is"),
        };
        vec![weights, check, tail]
    }
}

impl Experiment {
    /// Ensemble over the window or after the quench.
    pub(super) fn run_stochastic(
        &self,
        binding: &Binding,
        watch: Watch<'_>,
        exchange: Option<Exchange<'_>>,
    ) -> Result<Option<Report>, ExperimentError> {
        let asked = &self.options.trajectories;
        let sampling = self.sampling()?;
        let n = 2 * self.kernel.modes();
        let plan = Plan::new(self.options.seed, asked.count, sampling).threads(asked.threads);
        if asked.count < 2 {
            let text = "an ensemble needs at least 2 trajectories; give --trajectories 1000";
            return Err(ExperimentError::Options(text.into()));
        }
        let bytes = BlockMoments::bytes(n, sampling.count, plan.blocks());
        if bytes > MEMORY {
            return Err(ExperimentError::Options(format!(
                "the statistics of {} variables at {} times take {:.1} GB: ask for fewer --samples",
                n,
                sampling.count,
                bytes as f64 / 1e9
            )));
        }
        let (start, from) = self.start_state(binding)?;
        let mut report = self.blank();
        report.ordering = match asked.ordering {
            Ordering::Wigner if self.kernel.spins().is_empty() => "Weyl (truncated Wigner)".into(),
            Ordering::Wigner => "symmetric (truncated Wigner; spins as sampled classical vectors)".into(),
            Ordering::Classical => format!("normal, {} (classical Langevin)", asked.noise().describe()),
        };
        report.tolerance = 0.0;
        let mut neglected = Vec::new();
        let exact = self.linear
            && !self.kernel.driven()
            && (asked.ordering, asked.noise()) == (Ordering::Wigner, Noise::Symmetric);
        let ensembles = if exact {
            let model = LinearModel::of(&self.bind(binding)?).map_err(options)?;
            let noise = (0..n).map(|i| model.diffusion[(i, i)]).collect();
            let dynamics = Exact::new(model, start, &sampling).map_err(options)?;
            let method = format!("exact steps of {:.6} (linear model)", sampling.every);
            let found = ensembles(&plan, watch, &dynamics, Ticking::of(&self.requests), exchange)?;
            found.map(|e| Ensembles { method, noise, ..e })
        } else {
            let equations = Langevin::with_noise(&self.model, asked.ordering, asked.noise());
            neglected.clone_from(&equations.neglected);
            let multiplicative = equations.multiplicative();
            let bound = LangevinKernel::new(&equations).bind(&binding.values).map_err(options)?;
            let make = |step, refine| {
                let stepping = Stepping { method: asked.method, step, refine };
                Stepped::new(bound.clone(), start.clone(), sampling, stepping)
            };
            let StepChoice { step, pilot } =
                self.choose_step(binding, start.mean(), &plan, watch, multiplicative, make)?;
            let dynamics = make(step, 1);
            let method = format!("{}, steps of {:.6}", asked.method.describe(multiplicative), dynamics.longest());
            let noise = (0..n).map(|i| bound.diffusion[(i, i)]).collect();
            if self.weighed() {
                if exchange.is_some() {
                    let text = "weighted trajectories are chosen among one another and cannot be computed in parts: leave out --shard, or write --weights drop";
                    return Err(ExperimentError::Options(text.into()));
                }
                let bound = LangevinKernel::new(&equations.weighed()).bind(&binding.values).map_err(options)?;
                let stepping = Stepping { method: asked.method, step, refine: 1 };
                let dynamics = Stepped::new(bound, start.clone().with_still(2), sampling, stepping);
                let weighted::Outcome { moments, log_norm, ancestors, tail, resampled, lost } =
                    weighted::run(&dynamics, &plan, watch).map_err(options)?;
                let population = Some(Population {
                    ancestors: ancestors.into_iter().fold(f64::INFINITY, f64::min),
                    log_norm: log_norm.last().copied().unwrap_or(0.0),
                    tail,
                    resampled,
                });
                let (ticking, ticks) = (Ticking::default(), Vec::new());
                Some(Ensembles { fine: moments, ticking, ticks, noise, pilot, diverged: lost, population, method })
            } else {
                let found = ensembles(&plan, watch, &dynamics, Ticking::of(&self.requests), exchange)?;
                found.map(|e| Ensembles { method, noise, pilot, ..e })
            }
        };
        let Some(ensembles) = ensembles else { return Ok(None) };
        let weights = match (self.model.antihermitian.is_zero(), asked.weights) {
            (true, _) => "",
            (false, Weights::Keep) => ", weights kept",
            (false, Weights::Drop) => ", weights dropped",
        };
        report.method = format!(
            "{}, {} trajectories in {} blocks{weights}",
            ensembles.method,
            asked.count,
            ensembles.fine.blocks()
        );
        report.dynamics = format!(
            "ensemble of {} trajectories from {from}, averaged over [{:.6}, {:.6}]",
            asked.count,
            sampling.from,
            sampling.time(sampling.count)
        );
        report.times = sampling.times();
        self.ensemble_checks(&mut report, &ensembles, &neglected);
        self.ensemble_measures(&mut report, binding, &ensembles);
        self.ensemble_orbits(&mut report, &ensembles.fine);
        report.checks.extend(self.mixed_start(binding)?);
        Ok(Some(report))
    }

    /// Whether trajectories carry weights that are kept.
    fn weighed(&self) -> bool {
        !self.model.antihermitian.is_zero() && self.options.trajectories.weights == Weights::Keep
    }

    fn sampling(&self) -> Result<Sampling, ExperimentError> {
        match (&self.options.quench, &self.options.window) {
            (Some(quench), _) => {
                let times = &quench.times;
                let wrong = "an ensemble is seen at equal intervals: give the end of the quench with --until";
                let [first, second, ..] = times.as_slice() else {
                    return Err(ExperimentError::Options(wrong.into()));
                };
                let every = second - first;
                let even =
                    |(j, t): (usize, &f64)| (t - (first + j as f64 * every)).abs() < 1e-9 * every * times.len() as f64;
                if !times.iter().enumerate().all(even) {
                    return Err(ExperimentError::Options(wrong.into()));
                }
                Ok(Sampling { from: *first, every, count: times.len() })
            }
            (None, Some(Window { from, to, samples })) if *from >= 0.0 && to > from && *samples > 0 => {
                Ok(Sampling { from: *from, every: (to - from) / *samples as f64, count: *samples })
            }
            _ => Err(ExperimentError::Options(
                "the stochastic level follows trajectories in time: say how long with --until T".into(),
            )),
        }
    }

    /// Mean and covariance at t = 0, and what they are in words.
    fn start_state(&self, binding: &Binding) -> Result<(GaussianStart, String), ExperimentError> {
        let asked = &self.options.trajectories;
        let modes = self.kernel.modes();
        let quiet = match asked.ordering {
            Ordering::Wigner => direct::vacuum(modes),
            Ordering::Classical => RMatrix::zeros(2 * modes, 2 * modes),
        };
        let (mean, covariance, text) = if let Some(quench) = &self.options.quench {
            let (mean, covariance) = self.before(binding, quench)?;
            let covariance = match asked.ordering {
                Ordering::Wigner => covariance,
                Ordering::Classical => &covariance - &direct::vacuum(modes),
            };
            (mean, covariance, "the steady state before the quench".to_owned())
        } else {
            let start = self.start_point(binding)?;
            match asked.start {
                StartAt::Model => {
                    let spread = &self.start_spread(binding)? - &direct::vacuum(modes);
                    (start, &quiet + &spread, "the model's start".to_owned())
                }
                StartAt::Attractor => {
                    (self.attractor_point(binding, &start)?, quiet, "a point of the attractor".to_owned())
                }
            }
        };
        let noise = match asked.ordering {
            Ordering::Wigner if self.options.quench.is_none() => " with the noise of the vacuum",
            _ => "",
        };
        let flat = mean.iter().flat_map(|z| [z.re, z.im]).map(|x| x * std::f64::consts::SQRT_2).collect();
        let spins = self.sampled_spins(&mean);
        let mut covariance = covariance;
        for place in spins.iter().flat_map(|s| s.places.map(|p| p / 2)) {
            for i in [2 * place, 2 * place + 1] {
                for j in 0..covariance.rows() {
                    covariance[(i, j)] = 0.0;
                    covariance[(j, i)] = 0.0;
                }
            }
        }
        let noise = if spins.is_empty() { noise.to_owned() } else { format!("{noise}, spins sampled") };
        Ok((GaussianStart::new(flat, &covariance).map_err(options)?.with_spins(spins), text + &noise))
    }

    fn attractor_point(&self, binding: &Binding, start: &[c64]) -> Result<Vec<c64>, ExperimentError> {
        let period = self.drive_period(binding)?;
        let found = attractor::find(&self.bind(binding)?, &self.charges, period, start, &self.options.search);
        match found.attractor {
            Attractor::FixedPoint(p) => Ok(p.point),
            Attractor::Rotating(r) => Ok(r.point),
            Attractor::Cycle(c) => Ok(c.start),
            Attractor::Torus(_) | Attractor::Chaos(_) | Attractor::Undecided(_) => Ok(found.last),
            Attractor::Diverging { time } => Err(ExperimentError::Options(format!(
                "the mean field diverges at t = {time:.4}: there is no attractor to start on; leave out --start attractor"
            ))),
        }
    }

    fn ensemble_checks(&self, report: &mut Report, ensembles: &Ensembles, neglected: &[String]) {
        let asked = &self.options.trajectories;
        report.checks.push(if ensembles.diverged == 0 {
            Check::at_most("trajectories finite", 0.0, 0.0, "none diverged")
        } else {
            let note = format!(
                "{} of {} trajectories diverged and are left out of all averages: take a shorter --step, or the model is unstable",
                ensembles.diverged, asked.count
            );
            Check::fail("trajectories finite", Some(ensembles.diverged as f64), note)
        });
        if let Some(population) = &ensembles.population {
            report.checks.extend(population.checks(asked.count));
        } else if !self.model.antihermitian.is_zero() {
            report.checks.push(Check::note("weights", None, DROPPED));
        }
        if !neglected.is_empty() {
            report.checks.push(Check::note("truncation", None, format!("left out: {}", neglected.join("; "))));
        }
        let samples = ensembles.fine.samples();
        let finite = ensembles.fine.finite() as f64;
        let n = 2.0 * self.model.modes.len() as f64;
        // The smallest eigenvalue of spins is as uncertain as their largest variance, and more than the truncation allows for.
        if asked.ordering == Ordering::Wigner && finite > 4.0 * n && self.kernel.spins().is_empty() {
            let all: Vec<usize> = (0..self.model.modes.len()).collect();
            let worst = (0..samples)
                .step_by((samples / 8).max(1))
                .map(|j| symplectic::uncertainty_margin(&symplectic::gather(&ensembles.fine.snapshot(j), &all)))
                .fold(f64::INFINITY, f64::min);
            // The smallest eigenvalue of a sample covariance lies below the true one by the edge of the Wishart spectrum.
            let edge = 0.5 * (1.0 - (1.0 - (n / finite).sqrt()).powi(2)) + 2.0 * (0.5 / finite).sqrt();
            report.checks.push(Check::at_most(
                "uncertainty relation",
                -worst,
                edge,
                "how far V + iΩ/2 goes below zero, against the statistical error of the covariance",
            ));
        }
    }

    /// Values of the measures that are functions of the moments, by their place among the requests; NaN for the others.
    pub(super) fn measure_moments(
        &self,
        state: &dyn Moments,
        contacts: &Result<Vec<Contact>, String>,
        out: &mut [f64],
    ) {
        self.with_its_spins(state, |state| self.measure_state(state, contacts, out));
    }

    fn measure_state(&self, state: &dyn Moments, contacts: &Result<Vec<Contact>, String>, out: &mut [f64]) {
        let classical = Classical(state);
        let state = if self.options.trajectories.ordering == Ordering::Classical { &classical } else { state };
        for (value, request) in out.iter_mut().zip(&self.requests) {
            *value = match request.definition.evaluate {
                Evaluate::Moments(f) => f(state, &request.arguments),
                Evaluate::Thermal(f) => {
                    contacts.as_ref().ok().and_then(|c| f(state, c, &request.arguments).ok()).unwrap_or(f64::NAN)
                }
                _ => f64::NAN,
            };
        }
    }

    /// The mean of a series of measure `k` over the window.
    pub(super) fn over_window(&self, k: usize, series: &[f64]) -> f64 {
        window_mean("", "", self.requests[k].definition.average, series).value.unwrap_or(f64::NAN)
    }

    fn ensemble_measures(&self, report: &mut Report, binding: &Binding, ensembles: &Ensembles) {
        let contacts = self.contacts(binding);
        let times = report.times.clone();
        let measure = |state: &dyn Moments, out: &mut [f64]| self.measure_moments(state, &contacts, out);
        let estimates = ensembles.fine.estimate(self.requests.len(), measure, |k, series| self.over_window(k, series));
        if let Some(pilot) = &ensembles.pilot {
            report.checks.push(pilot.check(&self.requests, estimates.iter().map(|(_, e)| *e)));
        }
        for (request, (series, estimate)) in self.requests.iter().zip(estimates) {
            let definition = request.definition;
            if let Evaluate::Ticks(measure) = definition.evaluate {
                report.quantities.push(self.tick_quantity(request, measure, ensembles));
                continue;
            }
            let mut quantity = match (&definition.evaluate, &contacts) {
                (Evaluate::Thermal(_), Err(reason)) => {
                    Quantity::missing(&request.text, definition.unit, reason.clone())
                }
                _ => window_mean(&request.text, definition.unit, definition.average, &series),
            };
            if quantity.value.is_some() {
                if estimate.error.is_finite() {
                    quantity.error = Some(estimate.error);
                    quantity.note = Some(format!("error: standard error from {} blocks", ensembles.fine.blocks()));
                }
                report.series.push(Series {
                    name: request.text.clone(),
                    unit: definition.unit.into(),
                    times: times.clone(),
                    values: series,
                });
            }
            if definition.name == "complete_sync"
                && self.options.trajectories.ordering == Ordering::Wigner
                && let Some(value) = quantity.value
            {
                let error = quantity.error.unwrap_or(0.0);
                report.checks.push(checks::bounded_by_one(&request.text, value - 5.0 * error));
            }
            report.quantities.push(quantity);
        }
    }

    /// A measure of the ticks. The intervals of a noisy oscillator have heavy tails: the error is that of the logarithm by the
    /// jackknife over blocks of independent trajectories, and the interval is Student's.
    fn tick_quantity(&self, request: &Request, measure: TickMeasure, ensembles: &Ensembles) -> Quantity {
        let (ticking, blocks) = (&ensembles.ticking, &ensembles.ticks);
        let unit = request.definition.unit;
        let modes: Vec<usize> = request.arguments.iter().map(|a| a.mode()).collect();
        let without = |b: Option<usize>| {
            let mut sums = TickSums::default();
            blocks.iter().enumerate().filter(|(k, _)| Some(*k) != b).for_each(|(_, block)| sums.merge(block));
            ticking.value(measure, &modes, &sums)
        };
        let value = without(None);
        if !(value.is_finite() && value > 0.0) {
            let reason = "too few ticks: follow several periods, with a dozen samples or more in each";
            return Quantity::missing(&request.text, unit, reason);
        }
        let mut quantity = Quantity::new(&request.text, value, unit);
        let mut notes = Vec::new();
        let parts: Vec<f64> = (0..blocks.len()).map(|b| without(Some(b)).ln()).collect();
        if parts.len() > 1 && parts.iter().all(|x| x.is_finite()) {
            let spread = jackknife(value.ln(), &parts).error;
            let reach = spread * student_quantile(0.975, (parts.len() - 1) as f64);
            quantity.error = Some(value * spread);
            let [low, high] = [-reach, reach].map(|x| value * x.exp());
            notes.push(format!("95 % interval {low:.4e} to {high:.4e}, from {} blocks", parts.len()));
        }
        let noisy = modes.iter().filter(|k| ensembles.noise[2 * **k] > 0.0);
        let names: Vec<&str> = noisy.map(|k| self.model.modes[*k].name.as_str()).collect();
        if !names.is_empty() {
            notes.push(format!(
                "the bath shakes the position of {} itself: zero crossings multiply with the density of the samples",
                names.join(" and ")
            ));
        }
        quantity.note = (!notes.is_empty()).then(|| notes.join("; "));
        quantity
    }

    fn ensemble_orbits(&self, report: &mut Report, moments: &EnsembleMoments) {
        let mut orbits: Vec<Orbit> =
            self.model.modes.iter().map(|m| Orbit { mode: m.name.clone(), re: Vec::new(), im: Vec::new() }).collect();
        for sample in 0..moments.samples() {
            let sum = moments.sum(sample);
            for (orbit, [q, p]) in orbits.iter_mut().zip(sum.mean.as_chunks::<2>().0) {
                orbit.re.push(q * std::f64::consts::FRAC_1_SQRT_2);
                orbit.im.push(p * std::f64::consts::FRAC_1_SQRT_2);
            }
        }
        report.orbits = self.bosonic(orbits);
    }
}

/// Runs the ensemble, or its part; `None` where other parts are missing.
fn ensembles<D: Dynamics>(
    plan: &Plan,
    watch: Watch<'_>,
    dynamics: &D,
    ticking: Ticking,
    exchange: Option<Exchange<'_>>,
) -> Result<Option<Ensembles>, ExperimentError> {
    let (n, samples) = (dynamics.dimension(), plan.sampling.count);
    let look = |_| {
        let ticks = || TickObserver::new(dynamics, &ticking.clocks, 0).pairs(&ticking.pairs);
        (BlockMoments::new(n, samples), (!ticking.clocks.is_empty()).then(ticks))
    };
    let part = exchange.as_ref().map_or_else(|| plan.clone(), |e| plan.clone().part(e.index, e.of));
    let blocks = ensemble::run(dynamics, &part, watch, look).map_err(options)?;
    let blocks: Vec<(BlockMoments, TickSums)> =
        blocks.into_iter().map(|(m, t)| (m, t.map(TickObserver::into_sums).unwrap_or_default())).collect();
    let blocks = match exchange {
        None => blocks,
        Some(exchange) => {
            let numbers = blocks.iter().map(|(m, t)| [m.numbers(), &t.numbers()].concat()).collect();
            let Some(parts) = (exchange.with)(Part { blocks: part.shard, numbers }) else { return Ok(None) };
            together(parts, plan.blocks(), (n, samples), &ticking)?
        }
    };
    let (moments, ticks): (Vec<_>, Vec<_>) = blocks.into_iter().unzip();
    let fine = EnsembleMoments::new(moments, samples);
    let diverged = plan.trajectories - fine.finite();
    let ticks = if ticking.clocks.is_empty() { Vec::new() } else { ticks };
    Ok(Some(Ensembles {
        fine,
        ticking,
        ticks,
        noise: Vec::new(),
        pilot: None,
        diverged,
        population: None,
        method: String::new(),
    }))
}

/// The blocks of all parts, in order.
fn together(
    mut parts: Vec<Part>,
    blocks: usize,
    (dimension, samples): (usize, usize),
    ticking: &Ticking,
) -> Result<Vec<(BlockMoments, TickSums)>, ExperimentError> {
    let wrong = || ExperimentError::Options("the parts do not make the whole ensemble: run them all again".into());
    parts.sort_by_key(|p| (p.blocks.start, p.blocks.end));
    let mut all = Vec::with_capacity(blocks);
    for part in parts {
        if part.blocks.start != all.len() || part.blocks.len() != part.numbers.len() {
            return Err(wrong());
        }
        for numbers in &part.numbers {
            let ticks = 4 * ticking.clocks.len() + 9 * ticking.pairs.len();
            let (first, second) = numbers.split_at_checked(numbers.len().wrapping_sub(ticks)).ok_or_else(wrong)?;
            let moments = BlockMoments::from_numbers(dimension, samples, first).ok_or_else(wrong)?;
            let ticks = TickSums::from_numbers(ticking.clocks.len(), ticking.pairs.len(), second).ok_or_else(wrong)?;
            all.push((moments, ticks));
        }
    }
    if all.len() == blocks { Ok(all) } else { Err(wrong()) }
}

/// Means and covariances of an ensemble at every sample.
pub(super) fn moments<D: Dynamics>(
    plan: &Plan,
    watch: Watch<'_>,
    dynamics: &D,
) -> Result<EnsembleMoments, ExperimentError> {
    let (n, samples) = (dynamics.dimension(), plan.sampling.count);
    let blocks = ensemble::run(dynamics, plan, watch, |_| BlockMoments::new(n, samples)).map_err(options)?;
    Ok(EnsembleMoments::new(blocks, samples))
}

pub(super) fn options(error: impl std::fmt::Display) -> ExperimentError {
    ExperimentError::Options(error.to_string())
}
