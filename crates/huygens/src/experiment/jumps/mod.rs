//! Runs of quantum jumps: ensembles of pure states in number states, with standard errors and counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fock::{EDGE, PATIENCE, Run};
use super::{Experiment, ExperimentError};
use crate::costs::reverses;
use crate::levels::fock::jumps::{self, BATCH, JumpError, Jumps, LOCATED, Outcome, Plan, Sums};
use crate::levels::fock::{Cutoff, FockError, Layout};
use crate::levels::stochastic::ensemble::Watch;
use crate::levels::stochastic::moments::jackknife;
use crate::measures::{CountingMeasure, Equilibrium, Evaluate, Request, exact};
use crate::model::{Binding, Model};
use crate::report::{Check, Quantity, Report, Series, Status};

#[cfg(test)]
mod tests;

/// Most blocks where the density matrix of each is kept.
const FEW_BLOCKS: usize = 10;
/// Trajectories of the ensemble that shows whether a cut-off holds, and fewest that are followed below a larger one.
const PILOT: u64 = 64;
/// Bias in standard errors that is told, and that makes a result worthless: where it falls more slowly than 1/N, as that of entropies
/// of states with long tails, the jackknife finds a third of it.
const BIAS: [f64; 2] = [0.25, 0.75];
/// Relative error of a step below which nothing is gained beside the statistical error.
const FINE: f64 = 1e-9;
/// Fewest runs of equal weight whose averages are believed.
const SURVIVORS: f64 = 32.0;
/// Channels whose counts are listed.
const LISTED: usize = 8;

/// Whether a measure needs the density matrix of the ensemble, and not its moments or counts alone.
fn needs_density(model: &Model, request: &Request) -> bool {
    // The moments of an ensemble are those of bosons.
    let moments = matches!(request.definition.evaluate, Evaluate::Moments(_)) && model.first_spin().is_none();
    let follows = CountingMeasure::of(request.definition).is_none() && request.definition.name != "survival";
    follows && (exact(request.definition.name).is_some() || !moments)
}

fn wrong(error: JumpError) -> ExperimentError {
    ExperimentError::Options(error.to_string())
}

/// What an ensemble is evaluated with.
struct Setting {
    jumps: Jumps,
    plan: Plan,
    outcome: Outcome,
    cutoff: Cutoff,
}

impl Experiment {
    pub(super) fn run_jumps(&self, binding: &Binding, count: u64, watch: Watch<'_>) -> Result<Report, ExperimentError> {
        let options = |text: String| ExperimentError::Options(text);
        if count < 2 {
            return Err(options("an ensemble needs at least 2 trajectories; give --trajectories 1000".into()));
        }
        let Some(times) = self.times_asked() else {
            return Err(options(
                "quantum jumps are followed in time: say how long with --until T, or when to look with --at T,...; without --trajectories the steady state itself is computed"
                    .into(),
            ));
        };
        if times.last().is_none_or(|t| *t <= 0.0) {
            return Err(options("quantum jumps take time: give --until or --at a time after 0".into()));
        }
        let asked = &self.options.truncation;
        let setting = match &asked.cutoff {
            Some(cutoff) => self.ensemble_below(binding, cutoff, count, &times, watch)?,
            None => self.growing_ensemble(binding, count, &times, watch)?,
        };
        if let Some(j) = (0..times.len()).find(|j| setting.outcome.sums(*j).count <= 0.0) {
            return Err(options(format!(
                "none of {count} runs is kept up to t = {:.6}: ask for more --trajectories or an earlier time, or leave out --trajectories: the density matrix follows the rarest records",
                times[j]
            )));
        }
        let equilibrium = self.equilibrium(binding)?;
        let mut report = self.blank();
        report.ordering = "exact: quantum jumps of pure states in number states".into();
        report.tolerance = setting.plan.tolerance;
        report.times.clone_from(&times);
        let seen = match times.as_slice() {
            [only] => format!("seen at t = {only:.6}"),
            [first, .., last] => format!("seen over [{first:.6}, {last:.6}]"),
            [] => String::new(),
        };
        report.dynamics = format!("ensemble of {count} quantum-jump trajectories from the start, {seen}");
        let blocks = &setting.outcome.blocks;
        let (steps, applications) = blocks.iter().fold((0, 0), |(s, a), b| (s + b.work.0, a + b.work.1));
        let stepper = match setting.jumps.operators.depends_on_time() {
            true => "Dormand-Prince 8(5,3)",
            false => "Taylor series",
        };
        report.method = format!(
            "{}, {} states, {stepper}: {steps} steps of {BATCH} trajectories, {applications} applications; {} blocks",
            setting.cutoff,
            setting.jumps.operators.space.len(),
            blocks.len()
        );
        self.jump_checks(&mut report, &setting);
        self.jump_measures(&mut report, binding, &setting, &equilibrium)?;
        if self.options.control
            && let Some(control) = self.model.uncoupled_binding(binding)?
        {
            let alone = self.ensemble_below(&control, &setting.cutoff, count, &times, watch)?;
            let run = self.evaluated(&control, &alone, &equilibrium, None)?;
            let values: Vec<Option<f64>> =
                (0..self.requests.len()).map(|k| self.reduced(k, &run.values[k]).value).collect();
            self.control_checks(&mut report, &values);
        }
        let compared = self.compared(binding, setting, &equilibrium, PATIENCE, watch)?;
        let after = report.checks.iter().position(|check| check.name == "initial state").map_or(0, |k| k + 1);
        report.checks.insert(after, compared);
        Ok(report)
    }

    /// An ensemble below a cut-off that holds what the trajectories reach.
    fn growing_ensemble(
        &self,
        binding: &Binding,
        count: u64,
        times: &[f64],
        watch: Watch<'_>,
    ) -> Result<Setting, ExperimentError> {
        let mut cutoff = self.first_cutoff(binding, false)?;
        let edge = |setting: &Setting| {
            (0..times.len()).map(|j| setting.outcome.sums(j).edge()).fold(setting.outcome.lost(), f64::max)
        };
        let mut spent = 0.0;
        loop {
            let quiet = Watch { progress: &|_| {}, ..watch };
            let pilot = self.ensemble_below(binding, &cutoff, count.min(PILOT), times, quiet)?;
            let work: u64 = pilot.outcome.blocks.iter().map(|b| b.work.1).sum();
            spent += (work as f64) * (BATCH * pilot.jumps.operators.space.len()) as f64;
            let full = edge(&pilot) > EDGE;
            if !full || spent > PATIENCE {
                let setting = self.ensemble_below(binding, &cutoff, count, times, watch)?;
                if edge(&setting) <= EDGE || spent > PATIENCE {
                    return Ok(setting);
                }
            }
            let next = self.larger(&cutoff);
            if next == cutoff {
                return self.ensemble_below(binding, &cutoff, count, times, watch);
            }
            cutoff = next;
        }
    }

    fn ensemble_below(
        &self,
        binding: &Binding,
        cutoff: &Cutoff,
        count: u64,
        times: &[f64],
        watch: Watch<'_>,
    ) -> Result<Setting, ExperimentError> {
        let (jumps, plan) = self.prepared(binding, cutoff, count, times, FEW_BLOCKS)?;
        let outcome = jumps::run(&jumps, &plan, watch).map_err(wrong)?;
        Ok(Setting { jumps, plan, outcome, cutoff: cutoff.clone() })
    }

    /// What an ensemble below a cut-off needs, if that fits into the memory; density matrices are added up in so many `blocks`.
    fn prepared(
        &self,
        binding: &Binding,
        cutoff: &Cutoff,
        count: u64,
        times: &[f64],
        blocks: usize,
    ) -> Result<(Jumps, Plan), ExperimentError> {
        let asked = &self.options.truncation;
        let jumps = Jumps::new(&self.model, binding, cutoff.clone()).map_err(wrong)?;
        let too_large =
            || ExperimentError::Fock(FockError::Memory { cutoff: cutoff.clone(), limit: asked.memory / 1e9 });
        if (jumps.bytes() * self.options.trajectories.threads.max(1)) as f64 > asked.memory {
            return Err(too_large());
        }
        let mut plan = Plan::new(self.options.seed, count, times.to_vec());
        plan.tolerance = asked.tolerance.max(FINE);
        plan.threads = self.options.trajectories.threads;
        if self.options.window.is_some() && asked.at.is_empty() {
            plan.count_from = times[0];
        }
        let dense: Vec<&str> =
            self.requests.iter().filter(|r| needs_density(&self.model, r)).map(|r| r.text.as_str()).collect();
        if !dense.is_empty() {
            plan.blocks = blocks;
            let copies = (times.len() * plan.blocks() + 2) as f64;
            let layout = jumps.layout(&self.model, binding, asked.memory / copies).map_err(ExperimentError::Fock)?;
            let Some(layout) = layout else {
                return Err(ExperimentError::Options(format!(
                    "{} need{} the density matrices of {} times in {} blocks, more than {} GB: look at fewer times with --at or --samples, allow more with --memory, or ask for measures of moments",
                    dense.join(", "),
                    if dense.len() == 1 { "s" } else { "" },
                    times.len(),
                    plan.blocks(),
                    asked.memory / 1e9
                )));
            };
            plan.density = Some(layout);
        }
        Ok((jumps, plan))
    }

    /// The first trajectories again below a larger cut-off, with the same random numbers: as many blocks of them as cost no more than
    /// `patience`, states times applications, and [`PILOT`] at least. What the ensemble holds is let go before.
    fn compared(
        &self,
        binding: &Binding,
        mut setting: Setting,
        equilibrium: &Equilibrium,
        patience: f64,
        watch: Watch<'_>,
    ) -> Result<Check, ExperimentError> {
        let times = setting.plan.times.clone();
        let cutoff = self.larger(&setting.cutoff);
        // Errors are wants of memory: what else can be wrong was so before. The density matrices take less in fewer blocks.
        let prepared = |count: u64| {
            [FEW_BLOCKS, 3, 1]
                .into_iter()
                .find_map(|blocks| self.prepared(binding, &cutoff, count, &times, blocks).ok())
        };
        let wanted = (self.options.truncation.certify && cutoff != setting.cutoff).then_some(PILOT);
        let Some((jumps, _)) = wanted.and_then(prepared) else {
            return Ok(self.cutoff_check(&self.blank_run(&setting.cutoff, 0), None, &times, ""));
        };
        let all = setting.outcome.blocks.len();
        let states = |jumps: &Jumps| jumps.operators.space.len() as f64;
        // Larger spaces take shorter steps, as the rates grow: by about the ratio of states once more.
        let dearer = states(&jumps).powi(2) / states(&setting.jumps) * BATCH as f64;
        let (mut count, mut work) = (0, 0.0);
        let worth = setting.outcome.blocks.iter().take_while(|block| {
            work += dearer * block.work.1 as f64;
            let taken = count < PILOT || work <= patience;
            count += if taken { block.counts.len() as u64 } else { 0 };
            taken
        });
        let worth = worth.count();
        setting.outcome.blocks.truncate(worth);
        let run = self.evaluated(binding, &setting, equilibrium, None)?;
        drop(setting);
        let Some((jumps, plan)) = prepared(count) else { return Ok(self.cutoff_check(&run, None, &times, "")) };
        let outcome = jumps::run(&jumps, &plan, Watch { progress: &|_| {}, ..watch }).map_err(wrong)?;
        let other = self.evaluated(binding, &Setting { jumps, plan, outcome, cutoff }, equilibrium, None)?;
        let which = if worth == all { "all" } else { "the first" };
        let of = format!(", of {which} {count} trajectories with the same random numbers");
        Ok(self.cutoff_check(&run, Some(&other), &times, &of))
    }

    fn jump_checks(&self, report: &mut Report, setting: &Setting) {
        let Setting { plan, outcome, .. } = setting;
        let start = "probability of the initial state beyond the cut-off, from the states drawn; left out of the start";
        report.checks.push(Check::at_most("initial state", outcome.lost(), EDGE, start));
        let edge = (0..plan.times.len()).map(|j| outcome.sums(j).edge()).fold(0.0, f64::max);
        let note = "largest mean weight of the states at the edge of the cut-off";
        report.checks.push(Check::at_most("edge", edge, EDGE, note));
        let note = format!(
            "a jump is where ln |psi|^2 meets ln u to {LOCATED:e}; relative error of a step {:e}",
            plan.tolerance
        );
        report.checks.push(Check::note("jump times", None, note));
        if self.model.post_selects() {
            let sums = outcome.sums(plan.times.len() - 1);
            let note = format!(
                "runs of equal weight that the averages at the last time are worth; {:.4e} of all runs are kept",
                sums.survival()
            );
            let mut check = Check::note("survivors", Some(sums.effective()), note);
            check.limit = Some(SURVIVORS);
            check.status = if sums.effective() >= SURVIVORS { Status::Pass } else { Status::Fail };
            report.checks.push(check);
        }
        let n = outcome.counts().count() as f64;
        let mut lines = Vec::new();
        let mut total = 0.0;
        let mut labels: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for counts in outcome.counts() {
            for (jump, events) in counts.iter().enumerate() {
                let sums = labels.entry(jump).or_default();
                sums.0 += f64::from(*events);
                sums.1 += f64::from(*events).powi(2);
            }
        }
        for (jump, (first, second)) in &labels {
            let mean = first / n;
            total += mean;
            let variance = (second - n * mean * mean) / (n - 1.0);
            let label = &self.model.jumps[*jump].label;
            lines.push(format!("{label}: {mean:.4} ± {:.2}, variance {variance:.4}", (variance / n).sqrt()));
        }
        if lines.len() > LISTED {
            let more = lines.len() - LISTED;
            lines.truncate(LISTED);
            lines.push(format!("and {more} more"));
        }
        let duration = plan.times.last().copied().unwrap_or(0.0);
        let note = match lines.is_empty() {
            true => "the model has no jumps: every trajectory is the same".to_owned(),
            false => format!(
                "a trajectory{} from t = {:.6} to {duration:.6}, mean ± standard error: {}",
                if self.model.post_selects() { ", those of discarded runs included," } else { "" },
                plan.count_from,
                lines.join("; ")
            ),
        };
        report.checks.push(Check::note("jumps", Some(total), note));
    }

    /// Every measure at every time; without the block `left_out`.
    fn evaluated(
        &self,
        binding: &Binding,
        setting: &Setting,
        equilibrium: &Equilibrium,
        left_out: Option<usize>,
    ) -> Result<Run, ExperimentError> {
        let Setting { jumps, plan, outcome, cutoff } = setting;
        let layout = plan.density.as_ref();
        let mut run = self.blank_run(cutoff, layout.map_or(0, |l| l.len()));
        let modes = self.model.modes.len();
        let rates = self.requests.iter().any(|r| r.definition.needs_dynamics());
        let dynamics = match layout {
            Some(layout) if rates => Some(self.dynamics(binding, &jumps.operators, layout)?),
            _ => None,
        };
        for j in 0..plan.times.len() {
            let mut sums: Sums = outcome.sums(j);
            if let Some(b) = left_out {
                sums.merge(&outcome.blocks[b].sums[j], -1.0);
            }
            match layout {
                Some(layout) => self.look(&sums.state(layout), equilibrium, dynamics.as_ref(), &mut run, false),
                None => self.look_at_moments(&sums.moments(modes), &mut run),
            }
            for (k, _) in self.requests.iter().enumerate().filter(|(_, r)| r.definition.name == "survival") {
                run.reasons[k] = None;
                run.values[k].truncate(j);
                run.values[k].push(sums.survival());
            }
            run.reached = j + 1;
        }
        let counts =
            outcome.blocks.iter().enumerate().filter(|(b, _)| Some(*b) != left_out).flat_map(|(_, b)| &b.counts);
        let counts: Vec<&Vec<u32>> = counts.collect();
        let duration = plan.times.last().copied().unwrap_or(0.0) - plan.count_from;
        for (k, request) in self.requests.iter().enumerate() {
            if let Some(measure) = CountingMeasure::of(request.definition) {
                run.put(k, self.counted(binding, measure, request, &counts, duration));
            }
        }
        Ok(run)
    }

    /// A measure of the counts of these trajectories over a time.
    fn counted(
        &self,
        binding: &Binding,
        measure: CountingMeasure,
        request: &Request,
        counts: &[&Vec<u32>],
        duration: f64,
    ) -> Result<f64, String> {
        if duration <= 0.0 {
            return Err("counted over no time: end --window after it begins".into());
        }
        let n = counts.len() as f64;
        let total = |weights: &[f64]| -> Vec<f64> {
            counts.iter().map(|c| c.iter().zip(weights).map(|(c, w)| f64::from(*c) * w).sum()).collect()
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
        let central = |values: &[f64], power: i32| {
            let centre = mean(values);
            values.iter().map(|x| (x - centre).powi(power)).sum::<f64>() / n
        };
        let dissipation =
            || -> Result<f64, String> { Ok(mean(&total(&reverses::entropies(&self.model, binding)?)) / duration) };
        let Some(label) = request.channel.as_deref() else { return dissipation() };
        let values = total(&reverses::counted(&self.model, label)?);
        let variance = central(&values, 2) * n / (n - 1.0);
        match measure {
            CountingMeasure::Mean => Ok(mean(&values) / duration),
            CountingMeasure::Noise => Ok(variance / duration),
            CountingMeasure::Skewness => Ok(central(&values, 3) * n * n / ((n - 1.0) * (n - 2.0)) / duration),
            CountingMeasure::Dissipation => dissipation(),
            CountingMeasure::Uncertainty => {
                let current = mean(&values);
                if current == 0.0 {
                    return Err("no mean current: nothing that its precision could be counted in".into());
                }
                Ok(variance * dissipation()? * duration / (current * current))
            }
        }
    }

    fn jump_measures(
        &self,
        report: &mut Report,
        binding: &Binding,
        setting: &Setting,
        equilibrium: &Equilibrium,
    ) -> Result<(), ExperimentError> {
        let blocks = setting.outcome.blocks.len();
        let whole = self.evaluated(binding, setting, equilibrium, None)?;
        let mut parts: Vec<Run> = Vec::new();
        if blocks > 1 {
            for b in 0..blocks {
                parts.push(self.evaluated(binding, setting, equilibrium, Some(b))?);
            }
        }
        let mut worst: Option<(f64, &str, f64)> = None;
        for (k, request) in self.requests.iter().enumerate() {
            let definition = request.definition;
            if let Some(reason) = &whole.reasons[k] {
                report.quantities.push(Quantity::missing(&request.text, definition.unit, reason.clone()));
                continue;
            }
            let counts = CountingMeasure::of(definition).is_some();
            let mut quantity = self.reduced(k, &whole.values[k]);
            let mut note = quantity.note.take().filter(|_| !counts);
            if counts {
                let end = setting.plan.times.last().copied().unwrap_or(0.0);
                note = Some(format!("counted from t = {:.6} to {end:.6}", setting.plan.count_from));
                (quantity.min, quantity.max) = (None, None);
            }
            if let Some(value) = quantity.value {
                quantity.list.clone_from(&whole.lists[k]);
                let without: Vec<f64> = parts
                    .iter()
                    .map(|run| self.reduced(k, &run.values[k]).value.unwrap_or(f64::NAN))
                    .map(|x| value + definition.average.difference(x, value))
                    .collect();
                let estimate = jackknife(value, &without);
                if !without.is_empty() && estimate.error.is_finite() {
                    quantity.error = Some(estimate.error);
                    let text = format!("error: standard error from {blocks} blocks");
                    note = Some(note.map_or(text.clone(), |n| format!("{n}; {text}")));
                    let b = without.len() as f64;
                    let bias = (b - 1.0) * (without.iter().sum::<f64>() / b - value);
                    // Of linear measures nothing but rounding is left.
                    let ratio = bias.abs() / estimate.error;
                    if ratio > 1e-6 && worst.is_none_or(|(w, ..)| ratio > w) {
                        worst = Some((ratio, request.text.as_str(), bias));
                    }
                }
                if !counts {
                    report.series.push(Series {
                        name: request.text.clone(),
                        unit: definition.unit.into(),
                        times: report.times.clone(),
                        values: whole.values[k].clone(),
                    });
                }
            }
            quantity.note = note.or(quantity.note);
            report.quantities.push(quantity);
        }
        if let Some((ratio, name, bias)) = worst {
            let note = format!(
                "largest bias of a finite ensemble in standard errors (jackknife): {:.3e} of {name}; more --trajectories make it smaller, the density matrix (without --trajectories) has none",
                bias
            );
            let mut check = Check::at_most("finite ensemble", ratio, BIAS[1], note);
            if check.status == Status::Pass && ratio > BIAS[0] {
                check.status = Status::Note;
            }
            report.checks.push(check);
        }
        report.orbits = self.bosonic(whole.orbits);
        Ok(())
    }
}

impl Jumps {
    /// The elements of the density matrix that the trajectories of a model populate in the mean; `None` where they take more than
    /// `memory` bytes.
    fn layout(
        &self,
        model: &crate::model::Model,
        binding: &Binding,
        memory: f64,
    ) -> Result<Option<Arc<Layout>>, FockError> {
        let population = crate::levels::fock::start_population(model, binding, &self.operators)?;
        Ok(Layout::new(self.operators.space.clone(), &population, true, (memory / 16.0) as usize).map(Arc::new))
    }
}
