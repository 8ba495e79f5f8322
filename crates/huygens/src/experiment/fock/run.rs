//! One evolution or one steady state below one cut-off, and what is read off it.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::random::Streams;

use super::super::{Experiment, ExperimentError};
use super::cutoff::WHOLE;
use crate::algebra::{ModeId, Operator};
use crate::levels::fock::{
    Correlation, Cutoff, Density, Evolution, FockMoments, Generator, Layout, Operators, Problem, Shifted, Spectrum,
    Stationary, SteadyError, SteadyMethod, dominant_state, steady_state,
};
use crate::measures::{CountingMeasure, DensityView, Dynamics, Equilibrium, Evaluate, Moments, exact};
use crate::model::Binding;
use crate::report::Orbit;

/// A growing cut-off gives up a run when the edge holds this much: what follows would be wrong.
const FULL: f64 = 1e-3;

/// What one evolution or one steady state gave.
pub(in super::super) struct Run {
    pub(super) cutoff: Cutoff,
    /// Values of each request at each time reached, or in the steady state.
    pub(in super::super) values: Vec<Vec<f64>>,
    /// A list that goes with the last value.
    pub(in super::super) lists: Vec<Option<Vec<[f64; 2]>>>,
    /// What made a value undefined.
    pub(in super::super) reasons: Vec<Option<String>>,
    pub(in super::super) orbits: Vec<Orbit>,
    pub(super) edge: f64,
    pub(super) smallest: f64,
    pub(super) lost: f64,
    /// Whether nothing leads out of the cut-off.
    pub(super) closed: bool,
    pub(super) log_trace: f64,
    pub(super) elements: usize,
    /// How it was computed.
    pub(super) how: String,
    /// Applications of the generator.
    pub(super) applications: usize,
    /// Residual of a steady state.
    pub(super) residual: Option<f64>,
    /// Growth of the trace in a stationary state of a normalised flow, and how fast it is approached.
    pub(super) growth: Option<(f64, Option<(c64, f64)>)>,
    /// Largest displacement of the number states, where they are displaced.
    pub(super) displacement: Option<f64>,
    /// Times reached.
    pub(in super::super) reached: usize,
    pub(super) stopped: Option<String>,
}

impl Run {
    /// Whether the cut-off leaves out nothing but a part of the initial state that does not matter.
    pub(super) fn is_exact(&self) -> bool {
        self.closed && self.lost <= WHOLE && self.stopped.is_none()
    }

    /// The value of a measure of the generator rather than of the state.
    pub(in super::super) fn put(&mut self, k: usize, value: Result<f64, String>) {
        match value {
            Ok(value) => (self.values[k], self.reasons[k]) = (vec![value], None),
            Err(reason) => self.reasons[k] = Some(reason),
        }
    }
}

impl Experiment {
    pub(in super::super) fn blank_run(&self, cutoff: &Cutoff, elements: usize) -> Run {
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

    pub(super) fn follow_density(
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

    /// The steady state below a cut-off; one that is not found is a run that says so. A control needs no measures of the generator.
    pub(super) fn rest_density(
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

    /// What rates of change are computed from.
    pub(in super::super) fn dynamics(
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

    pub(in super::super) fn look(
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
    pub(in super::super) fn look_at_moments(&self, moments: &FockMoments, run: &mut Run) {
        for (k, request) in self.requests.iter().enumerate() {
            match request.definition.evaluate {
                Evaluate::Moments(of) => run.values[k].push(of(moments, &request.arguments)),
                _ => run.values[k].push(f64::NAN),
            }
        }
        put_orbits(moments, run);
    }
}

fn put_orbits(moments: &FockMoments, run: &mut Run) {
    for (k, orbit) in run.orbits.iter_mut().enumerate() {
        let z = moments.mean(k);
        orbit.re.push(z.re);
        orbit.im.push(z.im);
    }
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
