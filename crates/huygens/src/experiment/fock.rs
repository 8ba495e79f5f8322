//! Runs of the density matrix, with the certificate of the cut-off.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::random::Streams;

use super::summary::window_mean;
use super::{Experiment, ExperimentError};
use crate::algebra::{ModeId, Operator, Word};
use crate::checks;
use crate::levels::fock::{
    Correlation, Cutoff, Density, Evolution, FockError, FockMoments, Generator, Layout, Operators, Problem, Shifted,
    Spectrum, Stationary, SteadyError, SteadyMethod, dominant_state, require_unique, steady_state,
};
use crate::measures::{CountingMeasure, DensityView, Dynamics, Equilibrium, Evaluate, Moments, exact};
use crate::model::Binding;
use crate::report::{Check, Orbit, Quantity, Report, Series, Status};

/// How the density matrix is stored and what is done to certify it.
#[derive(Clone, Debug, PartialEq)]
pub struct Truncation {
    /// The cut-off; none stands for one that grows until nothing changes.
    pub cutoff: Option<Cutoff>,
    /// Most memory in bytes.
    pub memory: f64,
    /// Relative tolerance of an element in a step.
    pub tolerance: f64,
    /// Whether a second cut-off and a disturbed start are run for comparison.
    pub certify: bool,
    /// Times to report instead of an average over a window.
    pub at: Vec<f64>,
    /// Number of trajectories with quantum jumps to run in the place of the density matrix.
    pub jumps: Option<u64>,
    /// Whether number states are displaced: those of a frame that follows the mean, and of a steady state about the centre of the mean
    /// field.
    pub displaced: bool,
}

impl Default for Truncation {
    fn default() -> Self {
        Self {
            cutoff: None,
            memory: 2.5e8,
            tolerance: 1e-10,
            certify: true,
            at: Vec::new(),
            jumps: None,
            displaced: false,
        }
    }
}

/// Largest relative change of a measure by the cut-off that is called converged.
const CHANGE: f64 = 1e-4;
/// Largest weight at the edge of the cut-off that is called converged.
pub(super) const EDGE: f64 = 1e-6;
/// Probability of the initial state beyond a cut-off that nothing leads out of, below which nothing larger is tried.
const WHOLE: f64 = 1e-9;
/// A growing cut-off gives up a run when the edge holds this much: what follows would be wrong.
const FULL: f64 = 1e-3;
/// Largest residual of a steady state, in units of its slowest rate, that is called solved.
const RESIDUAL: f64 = 1e-9;
/// Elements times applications of the generator after which a growing cut-off grows no more: about a minute.
pub(super) const PATIENCE: f64 = 2e10;
/// Disturbance of the start that shows how much rounding grows.
const DISTURBANCE: f64 = 1e-9;

/// What one evolution or one steady state gave.
pub(super) struct Run {
    cutoff: Cutoff,
    /// Values of each request at each time reached, or in the steady state.
    pub(super) values: Vec<Vec<f64>>,
    /// A list that goes with the last value.
    pub(super) lists: Vec<Option<Vec<[f64; 2]>>>,
    /// What made a value undefined.
    pub(super) reasons: Vec<Option<String>>,
    pub(super) orbits: Vec<Orbit>,
    edge: f64,
    smallest: f64,
    lost: f64,
    /// Whether nothing leads out of the cut-off.
    closed: bool,
    log_trace: f64,
    elements: usize,
    /// How it was computed.
    how: String,
    /// Applications of the generator.
    applications: usize,
    /// Residual of a steady state.
    residual: Option<f64>,
    /// Growth of the trace in a stationary state of a normalised flow, and how fast it is approached.
    growth: Option<(f64, Option<(c64, f64)>)>,
    /// Largest displacement of the number states, where they are displaced.
    displacement: Option<f64>,
    /// Times reached.
    pub(super) reached: usize,
    stopped: Option<String>,
}

impl Run {
    /// Whether the cut-off leaves out nothing but a part of the initial state that does not matter.
    fn is_exact(&self) -> bool {
        self.closed && self.lost <= WHOLE && self.stopped.is_none()
    }

    /// The value of a measure of the generator rather than of the state.
    pub(super) fn put(&mut self, k: usize, value: Result<f64, String>) {
        match value {
            Ok(value) => (self.values[k], self.reasons[k]) = (vec![value], None),
            Err(reason) => self.reasons[k] = Some(reason),
        }
    }
}

impl Experiment {
    pub(super) fn run_fock(&self, binding: &Binding) -> Result<Report, ExperimentError> {
        let asked = &self.options.truncation;
        // Without times the steady state is asked for.
        let given = self.times_asked();
        let rests = given.is_none();
        let times = given.unwrap_or_default();
        let equilibrium = self.equilibrium(binding)?;
        let origin = match (rests, asked.displaced) {
            (true, true) => Some(self.centre(binding)?),
            (true, false) => self.better_origin(binding),
            _ => None,
        };
        let origin = origin.as_deref();
        let follow = |cutoff: &Cutoff, disturbance: f64, patient: bool| {
            if rests {
                return self.rest_density(binding, &equilibrium, cutoff, origin, false);
            }
            self.follow_density(binding, &equilibrium, cutoff, &times, disturbance, patient)
        };
        let (run, other) = match &asked.cutoff {
            Some(cutoff) => {
                let run = follow(cutoff, 0.0, true)?;
                let next = self.larger(cutoff);
                let compared = asked.certify && next != *cutoff && !run.is_exact();
                let other = if compared { self.optional(follow(&next, 0.0, true))? } else { None };
                (run, other)
            }
            None => {
                let mut cutoff = self.first_cutoff(binding, origin.is_some() || asked.displaced)?;
                let mut last = follow(&cutoff, 0.0, false)?;
                let mut spent = 0.0;
                loop {
                    let next = self.larger(&cutoff);
                    if next == cutoff || last.is_exact() {
                        break (last, None);
                    }
                    cutoff = next;
                    let Some(next) = self.optional(follow(&cutoff, 0.0, false))? else { break (last, None) };
                    let done = last.reached == times.len()
                        && last.stopped.is_none()
                        && change(&last, &next).0 <= CHANGE
                        && next.edge <= EDGE;
                    if done || !asked.certify && next.reached == times.len() && next.edge <= EDGE {
                        break (next, Some(last));
                    }
                    spent += next.applications as f64 * next.elements as f64;
                    if rests && next.stopped.is_some() || spent > PATIENCE {
                        break (next, Some(last));
                    }
                    last = next;
                }
            }
        };
        let mut report = self.blank();
        report.ordering = "exact: density matrix in number states".into();
        report.tolerance = asked.tolerance;
        report.times = times[..run.reached].to_vec();
        report.dynamics = match times.as_slice() {
            [only] => format!("density matrix at t = {only:.6}"),
            [first, .., last] => format!("density matrix from the start, seen over [{first:.6}, {last:.6}]"),
            [] if self.model.keeps_trace(binding) => "steady state of the density matrix".into(),
            [] => "stationary state of the normalised flow".into(),
        };
        report.method = format!("{}, {} elements, {}", run.cutoff, run.elements, run.how);
        if let Some(far) = run.displacement {
            let of = if rests { "about the centre of the mean field" } else { "that follow the mean" };
            report.method = format!("displaced number states, {}", report.method);
            let note = format!("largest |alpha| of the number states D(alpha)|n> {of}");
            report.checks.push(Check::note("displacement", Some(far), note));
        }
        if let Some((growth, next)) = run.growth {
            report.checks.extend(grows(growth, next, self.model.post_selects()));
        } else if rests && run.stopped.is_none() && asked.certify {
            let smaller = match &other {
                Some(other) if other.elements < run.elements => &other.cutoff,
                _ => &run.cutoff,
            };
            report.checks.push(self.alone(binding, smaller, origin)?);
        }
        self.cutoff_checks(&mut report, binding, &run, other.as_ref(), &times);
        if asked.certify && !rests && !self.model.keeps_trace(binding) && run.stopped.is_none() {
            let disturbed = follow(&run.cutoff, DISTURBANCE, true)?;
            let grown = change(&run, &disturbed).0 * f64::EPSILON / DISTURBANCE;
            report.checks.push(Check::at_most(
                "digits",
                grown,
                1e-6,
                "error of a measure by rounding of the start, from the growth of a disturbance",
            ));
        }
        for (k, request) in self.requests.iter().enumerate() {
            let definition = request.definition;
            let mut quantity = if run.reached < times.len() {
                let reason = match run.reached {
                    0 => "the state outgrows every cut-off within the memory and a minute of work at once".to_owned(),
                    n => format!(
                        "the state outgrows every cut-off within the memory and a minute of work after t = {:.6}, where it was {:.10}",
                        times[n - 1],
                        run.values[k][n - 1]
                    ),
                };
                Quantity::missing(&request.text, definition.unit, reason)
            } else if let Some(reason) = &run.reasons[k] {
                Quantity::missing(&request.text, definition.unit, reason.clone())
            } else {
                self.reduced(k, &run.values[k])
            };
            if let Some(value) = quantity.value {
                quantity.list.clone_from(&run.lists[k]);
                // The other cut-off tells the error where it came as far.
                let other = other.as_ref().filter(|other| other.values[k].len() == run.values[k].len());
                quantity.error = other.and_then(|o| self.reduced(k, &o.values[k]).value).map(|v| (v - value).abs());
            }
            if run.reached > 0 && run.reasons[k].is_none() {
                report.series.push(Series {
                    name: request.text.clone(),
                    unit: definition.unit.into(),
                    times: report.times.clone(),
                    values: run.values[k].clone(),
                });
            }
            report.quantities.push(quantity);
        }
        report.orbits = self.bosonic(run.orbits);
        if self.options.control
            && let Some(control) = self.model.uncoupled_binding(binding)?
        {
            let alone = if rests {
                let origin = origin.map(|_| self.centre(&control)).transpose()?;
                self.rest_density(&control, &equilibrium, &run.cutoff, origin.as_deref(), true)?
            } else {
                self.follow_density(&control, &equilibrium, &run.cutoff, &times, 0.0, true)?
            };
            let values: Vec<Option<f64>> =
                (0..self.requests.len()).map(|k| self.reduced(k, &alone.values[k]).value).collect();
            self.control_checks(&mut report, &values);
        }
        Ok(report)
    }

    /// The measures of synchronization beside their values without the coupling.
    pub(super) fn control_checks(&self, report: &mut Report, alone: &[Option<f64>]) {
        let same = [
            "sync_distance",
            "pearson",
            "mutual_information",
            "phase_coherence",
            "complete_sync",
            "spin_locking",
            "spin_coherence",
            "sync_entropy",
            "sync_bures",
        ];
        for (k, request) in self.requests.iter().enumerate() {
            if same.contains(&request.definition.name)
                && let Some(coupled) = report.quantities[k].value
            {
                report.checks.push(match alone[k] {
                    // A distance is small where others are large.
                    Some(apart) if request.definition.name == "sync_distance" => Check::at_most(
                        format!("control of {}", request.text),
                        coupled,
                        apart,
                        "distance with the coupling, at most that without it",
                    ),
                    uncoupled => checks::control(&request.text, coupled, uncoupled),
                });
            }
        }
    }

    /// The values of a measure at the times looked at as one: the last where times were asked for, the mean over a window, the only
    /// one of a steady state.
    pub(super) fn reduced(&self, k: usize, values: &[f64]) -> Quantity {
        let (request, definition) = (&self.requests[k], self.requests[k].definition);
        let mut quantity = window_mean(&request.text, definition.unit, definition.average, values);
        if quantity.value.is_none() {
            if self.times_asked().is_none() {
                quantity.note = Some("undefined in the steady state".into());
            }
            return quantity;
        }
        if let Some(t) = self.options.truncation.at.last() {
            quantity.value = values.last().copied();
            quantity.note = Some(format!("at t = {t}"));
        } else if self.options.window.is_none() {
            // One value has no range.
            (quantity.min, quantity.max) = (None, None);
        }
        quantity
    }

    /// When to look; none for the steady state.
    pub(super) fn times_asked(&self) -> Option<Vec<f64>> {
        let asked = &self.options.truncation;
        if !asked.at.is_empty() {
            return Some(asked.at.clone());
        }
        let w = self.options.window.as_ref()?;
        let step = (w.to - w.from) / w.samples as f64;
        Some((0..=w.samples).map(|j| if j == w.samples { w.to } else { w.from + j as f64 * step }).collect())
    }

    /// Frequencies of H where it is a sum of oscillators, and the temperature of the start where it has one.
    pub(super) fn equilibrium(&self, binding: &Binding) -> Result<Equilibrium, ExperimentError> {
        let modes = self.model.modes.len();
        let mut frequencies = vec![0.0; modes];
        let mut other = None;
        for (monomial, coefficient) in self.model.hamiltonian.iter() {
            let mode = match monomial.factors() {
                [] => continue,
                [f] if f.word == Word::boson(1, 1) => f.mode.0 as usize,
                _ => {
                    other = Some(Operator::term(monomial.clone(), coefficient.clone()).text(&self.model.names()));
                    break;
                }
            };
            if coefficient.depends_on_time() {
                other = Some("a frequency that depends on the time".to_owned());
                break;
            }
            frequencies[mode] = coefficient.eval(&binding.values, 0.0).map_err(|e| self.value_error(&e))?.re;
        }
        let frequencies = match other {
            Some(term) => Err(format!("needs H = Σ ω_k a_k†a_k, whose Gibbs states are known; this one has {term}")),
            None => Ok(frequencies),
        };
        let means = self.model.start_values(binding)?;
        let spreads = self.model.start_spreads(binding)?;
        let correlated = !self.model.correlations.is_empty();
        let beta = frequencies.clone().and_then(|w| {
            if correlated {
                return Err("needs a start in thermal equilibrium; its modes are correlated".to_owned());
            }
            let mut betas = Vec::new();
            for (k, (mean, [occupation, squeezing, _])) in means.iter().zip(&spreads).enumerate() {
                if mean.norm_sqr() > 0.0 || *squeezing != 0.0 || *occupation <= 0.0 || w[k] <= 0.0 {
                    let name = &self.model.modes[k].name;
                    return Err(format!("needs a start in thermal equilibrium; `{name}` does not start in it"));
                }
                betas.push((1.0 / occupation).ln_1p() / w[k]);
            }
            let first = betas[0];
            if betas.iter().any(|b| (b - first).abs() > 1e-9 * first) {
                return Err(format!("needs a start at one temperature; the modes have β = {betas:.6?}"));
            }
            Ok(first)
        });
        Ok(Equilibrium { frequencies, beta })
    }

    /// A cut-off that holds the start, its fluctuations alone where number states are `displaced`; of the total number where the Hamiltonian conserves it.
    pub(super) fn first_cutoff(&self, binding: &Binding, displaced: bool) -> Result<Cutoff, ExperimentError> {
        let conserved = self
            .model
            .whole_hamiltonian()
            .iter()
            .all(|(m, _)| m.factors().iter().map(|f| f.word.charge()).sum::<i64>() == 0);
        let modes = self.model.modes.len();
        let empty = if conserved && modes > 1 { Cutoff::Total(0) } else { Cutoff::Product(vec![1; modes]) };
        let (mut means, covariance) = (self.model.start_values(binding)?, self.model.start_covariance(binding)?);
        let least = match displaced {
            true => {
                means.fill(c64::new(0.0, 0.0));
                6
            }
            false => 10,
        };
        let needed = crate::levels::fock::needed(&means, &covariance, &empty, 1e-7).max(least);
        // A spin that does not point down may start with all its quanta.
        let spins = self.model.spins().into_iter().zip(self.model.start_bloch(binding)?);
        let raised: usize = spins
            .filter(|(_, v)| v.is_some_and(|v| v != [0.0, 0.0, -1.0]))
            .filter_map(|(s, _)| s)
            .map(|s| s as usize)
            .sum();
        Ok(self.fitted(match empty {
            Cutoff::Total(_) => Cutoff::Total(needed + raised),
            Cutoff::Product(_) => Cutoff::Product(vec![needed; modes]),
        }))
    }

    /// The orbits of bosonic modes: the mean ⟨a⟩ of a spin means nothing.
    pub(super) fn bosonic(&self, orbits: Vec<Orbit>) -> Vec<Orbit> {
        let spins = self.model.spins();
        orbits.into_iter().zip(spins).filter(|(_, s)| s.is_none()).map(|(o, _)| o).collect()
    }

    /// A cut-off in which every spin has all its states; of the total number no more than spins alone can have.
    pub(super) fn fitted(&self, cutoff: Cutoff) -> Cutoff {
        let spins = self.model.spins();
        match cutoff {
            Cutoff::Product(dims) => {
                let fit = dims.iter().zip(&spins).map(|(d, s)| s.map_or(*d, |s| s as usize + 1));
                Cutoff::Product(fit.collect())
            }
            Cutoff::Total(most) => {
                let all: Option<usize> = spins.iter().map(|s| s.map(|s| s as usize)).sum();
                Cutoff::Total(all.map_or(most, |all| most.min(all)))
            }
        }
    }

    /// The next larger cut-off of the same kind; the same where nothing is left out.
    pub(super) fn larger(&self, cutoff: &Cutoff) -> Cutoff {
        let more = |n: usize| n + n / 4 + 2;
        self.fitted(match cutoff {
            Cutoff::Product(dims) => Cutoff::Product(dims.iter().map(|d| more(*d)).collect()),
            Cutoff::Total(most) => Cutoff::Total(more(*most)),
        })
    }

    /// A run for comparison that may not fit into memory.
    fn optional(&self, run: Result<Run, ExperimentError>) -> Result<Option<Run>, ExperimentError> {
        match run {
            Ok(run) => Ok(Some(run)),
            Err(ExperimentError::Fock(
                FockError::Memory { .. } | FockError::Space(_) | FockError::Steady(SteadyError::Memory { .. }),
            )) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn follow_density(
        &self,
        binding: &Binding,
        equilibrium: &Equilibrium,
        cutoff: &Cutoff,
        times: &[f64],
        disturbance: f64,
        patient: bool,
    ) -> Result<Run, ExperimentError> {
        let asked = &self.options.truncation;
        let problem = if asked.displaced { Problem::displaced } else { Problem::new };
        let problem = problem(&self.model, binding, cutoff.clone(), asked.memory).map_err(ExperimentError::Fock)?;
        let rates = self.requests.iter().any(|r| r.definition.needs_dynamics());
        let dynamics =
            if rates { Some(self.dynamics(binding, &problem.operators, problem.start.layout())?) } else { None };
        let mut state = problem.start;
        if disturbance > 0.0 {
            state.disturb(disturbance, Streams { seed: self.options.seed }.trajectory(0));
        }
        let mut run = self.blank_run(cutoff, state.layout().len());
        (run.lost, run.closed) = (problem.lost, problem.closed);
        let mut evolution = Evolution::new(problem.generator, asked.tolerance).following(problem.frame);
        let mut now = 0.0;
        // Eigenvalues cost more than steps: look at a few of the times only.
        let stride = (times.len() / 6).max(1);
        for (j, &t) in times.iter().enumerate() {
            if let Err(error) = evolution.advance(&mut state, now, t) {
                run.stopped = Some(error.to_string());
                break;
            }
            now = t;
            let edge = state.edge_weight();
            if !patient && edge > FULL {
                run.stopped = Some(format!("the edge of the {cutoff} fills at t = {t:.6}"));
                break;
            }
            run.edge = run.edge.max(edge);
            self.look(&state, equilibrium, dynamics.as_ref(), &mut run, j % stride == 0 || j + 1 == times.len());
            run.reached = j + 1;
        }
        run.log_trace = state.log_trace();
        let work = evolution.work();
        run.applications = work.applications;
        run.how = format!("{} steps, {} applications of the generator", work.steps, work.applications);
        Ok(run)
    }

    pub(super) fn blank_run(&self, cutoff: &Cutoff, elements: usize) -> Run {
        let orbit = |name: &str| Orbit { mode: name.to_owned(), re: Vec::new(), im: Vec::new() };
        Run {
            cutoff: cutoff.clone(),
            values: vec![Vec::new(); self.requests.len()],
            lists: vec![None; self.requests.len()],
            reasons: vec![None; self.requests.len()],
            orbits: self.model.modes.iter().map(|m| orbit(&m.name)).collect(),
            edge: 0.0,
            smallest: 0.0,
            lost: 0.0,
            closed: false,
            log_trace: 0.0,
            elements,
            how: String::new(),
            applications: 0,
            residual: None,
            growth: None,
            displacement: None,
            reached: 0,
            stopped: None,
        }
    }

    /// The steady state below a cut-off; one that is not found is a run that says so. A control needs no measures of the generator.
    fn rest_density(
        &self,
        binding: &Binding,
        equilibrium: &Equilibrium,
        cutoff: &Cutoff,
        origin: Option<&[c64]>,
        control: bool,
    ) -> Result<Run, ExperimentError> {
        let memory = self.options.truncation.memory;
        let problem = self.resting(binding, cutoff, origin)?;
        let mut run = self.blank_run(cutoff, problem.generator.layout().len());
        let found = if problem.lindblad {
            steady_state(&problem.generator, SteadyMethod::Automatic, memory).map(|steady| {
                let method = match steady.method {
                    SteadyMethod::Direct => "sparse elimination, inverse iteration",
                    SteadyMethod::Flow => "Arnoldi on the exponential",
                    SteadyMethod::NoJump => "GMRES, evolution between jumps inverted",
                    _ => "GMRES, diagonals eliminated",
                };
                run.how = format!("{method}, {} applications", steady.iterations);
                run.residual = Some(steady.residual);
                steady.density
            })
        } else {
            dominant_state(&problem.generator, memory).map(|found| {
                run.how = format!("Arnoldi on the exponential, {} applications", found.applications);
                run.applications = found.applications;
                run.residual = Some(found.residual);
                run.growth = Some((found.growth, found.next));
                found.density
            })
        };
        match found {
            Ok(density) => {
                let density = match origin {
                    Some(alpha) => density.displaced(alpha.to_vec()),
                    None => density,
                };
                run.edge = density.edge_weight();
                let rates = self.requests.iter().any(|r| r.definition.needs_dynamics());
                let layout = density.layout();
                let dynamics = if rates { Some(self.dynamics(binding, &problem.operators, layout)?) } else { None };
                self.look(&density, equilibrium, dynamics.as_ref(), &mut run, true);
                if !control {
                    self.of_generator(binding, &problem, &density, &mut run);
                }
            }
            Err(error @ SteadyError::Memory { .. }) => return Err(ExperimentError::Fock(error.into())),
            Err(error) => {
                run.how = "no steady state found".into();
                run.stopped = Some(error.to_string());
                run.reasons.fill(Some(error.to_string()));
            }
        }
        Ok(run)
    }

    /// Measures of the generator about its steady state: counts, lines and the gap.
    fn of_generator(&self, binding: &Binding, problem: &Stationary, steady: &Density, run: &mut Run) {
        let memory = self.options.truncation.memory;
        if !problem.lindblad {
            for (k, request) in self.requests.iter().enumerate() {
                let name = request.definition.name;
                let counted = CountingMeasure::of(request.definition).is_some();
                if counted || name.starts_with("emission_") || name == "liouvillian_gap" {
                    run.put(k, Err(SteadyError::AntiHermitian.to_string()));
                }
                if name == "survival" {
                    let reason = "falls for ever in the stationary state, at minus the growth rate: ask at a time with --until or --at";
                    run.put(k, Err(reason.into()));
                }
            }
            return;
        }
        for (k, value) in self.counts(binding, problem, steady) {
            run.put(k, value);
        }
        let mut lines: Vec<(usize, Result<Spectrum, String>)> = Vec::new();
        for (k, request) in self.requests.iter().enumerate() {
            if request.definition.name.starts_with("emission_") {
                let mode = request.arguments[0].mode();
                let at = lines.iter().position(|(m, _)| *m == mode).unwrap_or_else(|| {
                    lines.push((mode, emission(problem, steady, mode, memory)));
                    lines.len() - 1
                });
                let line = lines[at].1.as_ref().map_err(Clone::clone);
                if request.definition.name == "emission_linewidth" {
                    run.put(k, line.map(|line| line.width));
                } else {
                    run.lists[k] = line.as_ref().ok().map(|line| line.points.clone());
                    run.put(k, line.map(|line| line.peak));
                }
            }
            if request.definition.name == "liouvillian_gap" {
                run.put(k, problem.gap(steady, memory).map_err(|e| e.to_string()));
            }
        }
    }

    /// Whether the steady state below a cut-off is the only one.
    fn alone(&self, binding: &Binding, cutoff: &Cutoff, origin: Option<&[c64]>) -> Result<Check, ExperimentError> {
        let memory = self.options.truncation.memory;
        let problem = self.resting(binding, cutoff, origin)?;
        let sectors = match problem.sectors {
            1 => String::new(),
            n => format!("; a conserved quantity cuts the space in {n} sectors, this is that of the start"),
        };
        let found = steady_state(&problem.generator, SteadyMethod::Automatic, memory)
            .and_then(|steady| require_unique(&problem.generator, &steady, memory));
        Ok(match found {
            Ok(()) => {
                let note = format!("no other state of the populated sector is stationary{sectors}");
                Check { name: "unique".into(), status: Status::Pass, value: None, limit: None, note }
            }
            Err(error) => Check::fail("unique", None, error.to_string()),
        })
    }

    /// What rates of change are computed from.
    pub(super) fn dynamics(
        &self,
        binding: &Binding,
        operators: &Operators,
        layout: &Arc<Layout>,
    ) -> Result<Dynamics, ExperimentError> {
        let space = &operators.space;
        let of = |operator| Shifted::new(space, operator, &binding.values, 0.0).map_err(|e| self.value_error(&e));
        let dissipator = Generator::new(&operators.dissipator(), layout.clone());
        Ok(Dynamics::new(of(&self.model.hamiltonian)?, of(&self.model.antihermitian)?, dissipator))
    }

    pub(super) fn look(
        &self,
        state: &Density,
        equilibrium: &Equilibrium,
        dynamics: Option<&Dynamics>,
        run: &mut Run,
        spectrum: bool,
    ) {
        let view = DensityView::new(state, equilibrium, dynamics);
        for (k, request) in self.requests.iter().enumerate() {
            let value = match (exact(request.definition.name), request.definition.evaluate) {
                (Some(of), _) | (None, Evaluate::Density(of)) => match of(&view, &request.arguments) {
                    Ok(reading) => {
                        run.lists[k] = reading.list;
                        reading.value
                    }
                    Err(reason) => {
                        run.reasons[k].get_or_insert(reason);
                        f64::NAN
                    }
                },
                (None, Evaluate::Moments(of)) => view.with_spins(|moments| of(moments, &request.arguments)),
                (None, _) => {
                    run.reasons[k].get_or_insert("not a property of a density matrix".into());
                    f64::NAN
                }
            };
            run.values[k].push(value);
        }
        put_orbits(&view.moments, run);
        if let Some(alpha) = state.displacement() {
            let far = alpha.iter().map(|z| z.norm()).fold(0.0, f64::max);
            run.displacement = Some(run.displacement.map_or(far, |before| before.max(far)));
        }
        if spectrum && let Ok([smallest, ..]) = view.spectrum() {
            run.smallest = run.smallest.min(*smallest);
        }
    }

    /// The same where nothing but the moments of the state is known.
    pub(super) fn look_at_moments(&self, moments: &FockMoments, run: &mut Run) {
        for (k, request) in self.requests.iter().enumerate() {
            match request.definition.evaluate {
                Evaluate::Moments(of) => run.values[k].push(of(moments, &request.arguments)),
                _ => run.values[k].push(f64::NAN),
            }
        }
        put_orbits(moments, run);
    }

    fn cutoff_checks(&self, report: &mut Report, binding: &Binding, run: &Run, other: Option<&Run>, times: &[f64]) {
        let checks = &mut report.checks;
        let rests = times.is_empty();
        if let Some(residual) = run.residual {
            let note = "|G rho| of the steady state, or |G rho - lambda rho| at its growth rate, in units of |rho| and of the slowest rate of a population";
            checks.push(Check::at_most("residual", residual, RESIDUAL, note));
        } else if !rests {
            checks.push(Check::at_most(
                "initial state",
                run.lost,
                EDGE,
                "probability of the initial state beyond the cut-off, left out of the normalised start",
            ));
        }
        match other {
            Some(_) if rests && run.stopped.is_some() => {}
            None if run.stopped.is_some() => {}
            other => checks.push(self.cutoff_check(run, other, times, "")),
        }
        checks.push(Check::at_most("edge", run.edge, EDGE, "largest weight of the states at the edge of the cut-off"));
        if let Cutoff::Product(_) = run.cutoff
            && self.model.antihermitian.iter().any(|(m, _)| m.factors().len() > 1)
            && self.charges.iter().any(|c| c.iter().filter(|x| **x != 0).count() > 1)
        {
            let note = "a product cut-off cuts the multiplets of the conserved number in two, which an anti-Hermitian coupling amplifies: such results need not converge; take --cutoff total:K";
            checks.push(Check::note("kind of cut-off", None, note));
        }
        checks.push(Check::at_most(
            "positivity",
            -run.smallest,
            1e-9,
            "how far the smallest eigenvalue lies below zero",
        ));
        if self.model.keeps_trace(binding) && !rests {
            checks.push(Check::at_most("trace", run.log_trace.abs(), 1e-8, "drift of ln tr ρ"));
        }
        if let Some(reason) = &run.stopped {
            let beyond = times.last().and_then(|t| self.quadratic_end(binding, *t)).unwrap_or_default();
            let at = run.reached.checked_sub(1).map(|n| times[n]);
            let note = match at {
                Some(t) => format!("{reason}; the result holds up to t = {t:.6}{beyond}"),
                None => format!("{reason}{beyond}"),
            };
            checks.push(Check::fail(if rests { "steady state" } else { "holds to the end" }, at, note));
        }
    }
}

impl Experiment {
    /// The measures of one run and of another below a different cut-off, if there is one; `of` says what both are runs of.
    pub(super) fn cutoff_check(&self, run: &Run, other: Option<&Run>, times: &[f64], of: &str) -> Check {
        let Some(other) = other else {
            if self.larger(&run.cutoff) == run.cutoff {
                return Check::note("cut-off", None, "none: spins alone have finitely many states");
            }
            if run.is_exact() {
                let note = "nothing leads out of it: it leaves out this much of the initial state, and no more";
                return Check::at_most("cut-off", run.lost, WHOLE, note);
            }
            if !self.options.truncation.certify {
                return Check::note("cut-off", None, "not compared with a larger one");
            }
            return Check::fail(
                "cut-off",
                None,
                "a larger one does not fit into the memory, so that nothing shows convergence: allow more with --memory",
            );
        };
        let (size, until) = change(run, other);
        let mut note = format!("largest relative change of a measure between {} and {}{of}", run.cutoff, other.cutoff);
        if size > CHANGE && !times.is_empty() {
            note.push_str(&match until {
                0 => "; no time agrees".to_owned(),
                n => format!("; they agree up to t = {:.6}", times[n - 1]),
            });
        }
        Check::at_most("cut-off", size, CHANGE, note)
    }
}

fn put_orbits(moments: &FockMoments, run: &mut Run) {
    for (k, orbit) in run.orbits.iter_mut().enumerate() {
        let z = moments.mean(k);
        orbit.re.push(z.re);
        orbit.im.push(z.im);
    }
}

/// Growth of a stationary state of a normalised flow, and that no other grows as fast.
fn grows(growth: f64, next: Option<(c64, f64)>, selected: bool) -> [Check; 2] {
    let note = match selected {
        true => {
            "the trace of the linear flow grows at this rate in the stationary state: runs are discarded at minus this rate"
        }
        false => "the trace of the linear flow grows at this rate in the stationary state",
    };
    let growth = Check::note("growth rate", Some(growth), note);
    let (value, note) = match next {
        None => (None, "no other state grows or decays".to_owned()),
        Some((next, error)) if error <= 0.1 => {
            let turn = if next.im == 0.0 { String::new() } else { format!(", turning at {:.4}", next.im.abs()) };
            (Some(-next.re), format!("how much slower any other state of the populated sector grows{turn}"))
        }
        Some((next, _)) => {
            let note = format!(
                "the next state is not resolved: it grows more slowly by about {:.1e} at most, and is approached as slowly",
                -next.re
            );
            return [growth, Check::note("unique", None, note)];
        }
    };
    [growth, Check { name: "unique".into(), status: Status::Pass, value, limit: None, note }]
}

/// The line that a mode of a steady state emits.
fn emission(problem: &Stationary, steady: &Density, mode: usize, memory: f64) -> Result<Spectrum, String> {
    let space = &problem.operators.space;
    let lowering = Operator::annihilation(ModeId(mode as u32));
    let of = |operator: &Operator| Shifted::new(space, operator, &[], 0.0).map_err(|_| "has no value".to_owned());
    let (left, right) = (of(&lowering.adjoint())?, of(&lowering)?);
    let correlation = Correlation::new(problem, steady, &left, &right, memory).map_err(|e| e.to_string())?;
    correlation.spectrum().map_err(|e| e.to_string())
}

/// The largest change of a measure in units of its largest value, and the number of times up to which all changes are small.
fn change(one: &Run, two: &Run) -> (f64, usize) {
    let mut largest = 0.0_f64;
    let mut until = one.reached.min(two.reached);
    for ((a, b), reason) in one.values.iter().zip(&two.values).zip(&one.reasons) {
        if reason.is_some() {
            continue;
        }
        let scale = a.iter().chain(b).filter(|x| x.is_finite()).map(|x| x.abs()).fold(1e-9, f64::max);
        for (j, (x, y)) in a.iter().zip(b).enumerate() {
            if x.is_nan() && y.is_nan() {
                continue;
            }
            let size = if x.is_finite() && y.is_finite() { (x - y).abs() / scale } else { f64::MAX };
            largest = largest.max(size);
            if size > CHANGE {
                until = until.min(j);
            }
        }
    }
    (largest, until)
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;
    use crate::experiment::{Level, Options};
    use crate::levels::fock::tests::dimer;

    fn run(k: f64, cutoff: Option<Cutoff>, at: &[f64], measures: &[&str]) -> Report {
        let (model, binding) = dimer(&[("k", k)]);
        let truncation = Truncation { certify: cutoff.is_none(), cutoff, at: at.to_vec(), ..Truncation::default() };
        let options = Options { level: Level::Fock, truncation, ..Options::default() };
        let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
        Experiment::new(Arc::new(model), &measures, options).unwrap().run(&binding).unwrap()
    }

    /// Eqs. 22 and 23 of Aifer et al. at k = 3, K = 30, t = 0.2, against numbers computed independently; and the rate against the
    /// difference quotient of L.
    #[test]
    fn the_speed_limit_and_its_terms() {
        let measures = ["relative_entropy_rate", "speed_limit_printed", "speed_limit", "speed_limit_tight"];
        let report = run(3.0, Some(Cutoff::Total(30)), &[0.2], &measures);
        let reference = [41.63864, 142.23616660356805, 142.2873151742646, 49.46426627067852];
        for (name, value) in measures.iter().zip(reference) {
            assert_relative_eq!(report.value(name).unwrap(), value, max_relative = 1e-5);
        }
        let h = 1e-4;
        let l = run(3.0, Some(Cutoff::Total(30)), &[0.2 - h, 0.2 + h], &["relative_entropy_of_sync"]);
        let quotient = (l.series[0].values[1] - l.series[0].values[0]) / (2.0 * h);
        assert_relative_eq!(report.value("relative_entropy_rate").unwrap(), quotient, max_relative = 1e-5);
        let negative = run(
            5.0,
            Some(Cutoff::Total(20)),
            &[7.7],
            &["speed_limit_radicand_printed", "speed_limit_radicand", "speed_limit_printed"],
        );
        assert_relative_eq!(
            negative.value("speed_limit_radicand_printed").unwrap(),
            -1697.6315670259946,
            max_relative = 1e-3
        );
        assert_relative_eq!(negative.value("speed_limit_radicand").unwrap(), 684.0215372287034, max_relative = 1e-3);
        let undefined = negative.quantity("speed_limit_printed").unwrap();
        assert!(undefined.value.is_none() && undefined.note.as_ref().unwrap().contains("imaginary"));
    }

    /// Without times the steady state: a driven cavity is coherent, |α|² = F²/(κ²/4 + Δ²), and its slowest decay κ/2.
    #[test]
    fn without_times_the_steady_state() {
        let h = "-0.3*n(a) + 0.6*i*(dag(a) - a)";
        let model = Arc::new(crate::levels::tests::model(&["a"], &[], h, "", &["a"], &[]));
        let binding = model.bind(&[]).unwrap();
        let options = Options { level: Level::Fock, ..Options::default() };
        let measures = ["n(a)", "purity(a)", "liouvillian_gap"].map(String::from);
        let report = Experiment::new(model, &measures, options).unwrap().run(&binding).unwrap();
        assert_relative_eq!(report.value("n(a)").unwrap(), 0.36 / 0.34, max_relative = 1e-6);
        assert_relative_eq!(report.value("purity(a)").unwrap(), 1.0, max_relative = 1e-6);
        assert_relative_eq!(report.value("liouvillian_gap").unwrap(), 0.5, max_relative = 1e-4);
        assert!(report.series.is_empty() && report.checks.iter().any(|c| c.name == "unique"));
        assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:#?}", report.checks);
        let runaway = Arc::new(crate::levels::tests::model(&["a"], &[], "n(a)", "", &["dag(a)"], &[]));
        let binding = runaway.bind(&[]).unwrap();
        let truncation = Truncation { cutoff: Some(Cutoff::Product(vec![20])), ..Truncation::default() };
        let options = Options { level: Level::Fock, truncation, ..Options::default() };
        let report = Experiment::new(runaway, &["n(a)".to_owned()], options).unwrap().run(&binding).unwrap();
        assert!(report.checks.iter().any(|c| c.name == "edge" && c.status == Status::Fail), "{:#?}", report.checks);
    }

    /// χ and L without a cut-off given: it grows until the numbers stand (dimer.json: conv_k3_t0.08).
    #[test]
    fn a_growing_cut_off_ends_where_nothing_changes() {
        let report =
            run(3.0, None, &[0.08], &["sync_distance(a1,a2)", "ergotropy_of_sync", "relative_entropy_of_sync"]);
        assert_relative_eq!(report.value("sync_distance(a1,a2)").unwrap(), 0.6350315213528498, max_relative = 1e-5);
        assert_relative_eq!(report.value("ergotropy_of_sync").unwrap(), 0.48425832726333606, max_relative = 1e-4);
        assert_relative_eq!(report.value("relative_entropy_of_sync").unwrap(), 0.77147260088402, max_relative = 1e-4);
        assert!(report.checks.iter().all(|c| c.status != crate::report::Status::Fail), "{:#?}", report.checks);
    }

    /// Product cut-offs do not converge (k = 0.5 moves away from the truth), and the certificate says so.
    #[test]
    fn a_product_cut_off_is_shown_not_to_converge() {
        let (model, binding) = dimer(&[("k", 0.5)]);
        let truncation =
            Truncation { cutoff: Some(Cutoff::Product(vec![20, 20])), at: vec![0.5, 10.0], ..Truncation::default() };
        let options = Options { level: Level::Fock, truncation, ..Options::default() };
        let measures = ["sync_distance(a1,a2)".to_owned(), "ergotropy_of_sync".to_owned()];
        let report = Experiment::new(Arc::new(model), &measures, options).unwrap().run(&binding).unwrap();
        assert_relative_eq!(report.value("sync_distance(a1,a2)").unwrap(), 0.6425462735003019, max_relative = 1e-5);
        assert_relative_eq!(report.value("ergotropy_of_sync").unwrap(), 6.1098828670701035, max_relative = 1e-4);
        let failed: Vec<&str> =
            report.checks.iter().filter(|c| c.status == crate::report::Status::Fail).map(|c| c.name.as_str()).collect();
        assert!(failed.contains(&"cut-off") && failed.contains(&"edge"), "{failed:?}");
        assert!(report.checks.iter().any(|c| c.name == "kind of cut-off"));
    }

    /// Without times the state of the largest growth: two levels of gain and loss have p₁ = 1 − γ/2h and λ = 2h − γ, whatever the cut-off
    /// of a saturating model says; the dimer below product cut-offs has one for each, and the certificate says that it does not converge.
    #[test]
    fn without_times_the_state_of_the_largest_growth() {
        let (model, binding) = dimer(&[("k", 0.5)]);
        let truncation = Truncation { cutoff: Some(Cutoff::Product(vec![8, 8])), ..Truncation::default() };
        let options = Options { level: Level::Fock, truncation, ..Options::default() };
        let measures = ["sync_distance(a1,a2)".to_owned(), "liouvillian_gap".to_owned()];
        let report = Experiment::new(Arc::new(model), &measures, options).unwrap().run(&binding).unwrap();
        let failed = |name: &str| report.checks.iter().any(|c| c.name == name && c.status == Status::Fail);
        assert!(
            failed("cut-off") && failed("edge") && !failed("residual") && !failed("unique"),
            "{:#?}",
            report.checks
        );
        let growth = report.checks.iter().find(|c| c.name == "growth rate").unwrap();
        assert!(growth.value.unwrap() > 0.0 && report.value("sync_distance(a1,a2)").is_some());
        assert!(report.quantity("liouvillian_gap").unwrap().note.as_ref().unwrap().contains("Lindblad"));
        let saturating = Arc::new(crate::levels::tests::model(
            &["a"],
            &[],
            "n(a)",
            "0.3*n(a)",
            &["0.7*a", "0.8*a^2"],
            &[["a", "0", "0.5", "0", "0"]],
        ));
        let binding = saturating.bind(&[]).unwrap();
        let options = Options { level: Level::Fock, ..Options::default() };
        let report = Experiment::new(saturating, &["n(a)".to_owned()], options).unwrap().run(&binding).unwrap();
        assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:#?}", report.checks);
    }

    /// Without times the state that the kept runs end in: a driven cavity observed with a part of its clicks lost, its growth rate that of
    /// discarding; and at q = 1 the steady state, to the last digit.
    #[test]
    fn without_times_the_state_of_the_kept_runs() {
        let of = |jump: &str| {
            let h = "0.3*n(a) + 0.1*dag(a)^2*a^2 + 0.6*(a + dag(a))";
            Arc::new(crate::levels::tests::model(&["a"], &[("z", "0.5")], h, "", &[jump], &[]))
        };
        let run = |model: &Arc<crate::model::Model>, z: f64, measure: &str| {
            let options = Options { level: Level::Fock, ..Options::default() };
            let experiment = Experiment::new(model.clone(), &[measure.to_owned()], options).unwrap();
            experiment.run(&model.bind(&[("z", z)]).unwrap()).unwrap()
        };
        let (selected, plain) = (of("sqrt(0.8)*a kept z"), of("sqrt(0.8)*a"));
        let half = run(&selected, 0.5, "n(a)");
        assert!(half.checks.iter().all(|c| c.status != Status::Fail), "{:#?}", half.checks);
        let growth = half.checks.iter().find(|c| c.name == "growth rate").unwrap();
        assert!(growth.note.contains("discarded"));
        assert_relative_eq!(growth.value.unwrap(), -0.5 * 0.8 * half.value("n(a)").unwrap(), max_relative = 1e-6);
        let all = run(&selected, 1.0, "n(a)");
        assert_eq!(all.value("n(a)"), run(&plain, 1.0, "n(a)").value("n(a)"));
        assert!(all.checks.iter().all(|c| c.name != "growth rate"));
        let survival = run(&selected, 0.5, "survival");
        assert!(survival.quantity("survival").unwrap().note.as_ref().unwrap().contains("growth rate"));
    }

    /// What grows beyond every cut-off is told to, with the time up to which the result holds.
    #[test]
    fn runaway_growth_is_a_verdict() {
        let (model, binding) = dimer(&[("k", 5.0)]);
        let truncation = Truncation { memory: 3e7, at: vec![0.02, 0.05, 1.0], ..Truncation::default() };
        let options = Options { level: Level::Fock, truncation, ..Options::default() };
        let report = Experiment::new(Arc::new(model), &["sync_distance(a1,a2)".to_owned()], options)
            .unwrap()
            .run(&binding)
            .unwrap();
        let quantity = &report.quantities[0];
        assert!(quantity.value.is_none() && quantity.note.as_ref().unwrap().contains("outgrows"), "{quantity:?}");
        let check = report.checks.iter().find(|c| c.name == "holds to the end").unwrap();
        assert_eq!(check.value, Some(0.05));
    }
}
