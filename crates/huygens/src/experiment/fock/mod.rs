//! Runs of the density matrix, with the certificate of the cut-off.

use super::summary::window_mean;
use super::{Experiment, ExperimentError};
use crate::algebra::{Operator, Word};
use crate::checks;
use crate::levels::fock::{Cutoff, FockError, SteadyError};
use crate::measures::Equilibrium;
use crate::model::Binding;
use crate::report::{Check, Orbit, Quantity, Report, Series};

mod cutoff;
mod run;
#[cfg(test)]
mod tests;

use cutoff::{CHANGE, change, grows};
pub(super) use run::Run;

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

/// Largest weight at the edge of the cut-off that is called converged.
pub(super) const EDGE: f64 = 1e-6;
/// Elements times applications of the generator after which a growing cut-off grows no more: about a minute.
pub(super) const PATIENCE: f64 = 2e10;
/// Disturbance of the start that shows how much rounding grows.
const DISTURBANCE: f64 = 1e-9;

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

    /// The orbits of bosonic modes: the mean ⟨a⟩ of a spin means nothing.
    pub(super) fn bosonic(&self, orbits: Vec<Orbit>) -> Vec<Orbit> {
        let spins = self.model.spins();
        orbits.into_iter().zip(spins).filter(|(_, s)| s.is_none()).map(|(o, _)| o).collect()
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
}
