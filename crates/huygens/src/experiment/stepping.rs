//! The step of trajectories: chosen so that its error is below the statistical one, and measured.
//!
//! A step that is accurate at the start of a trajectory need not be so on its way (the frequency of a cavity follows the mirror),
//! and how accurate it must be depends on what is asked: the radius of a large orbit is known to a relative 10⁻⁵ where the
//! covariances have errors of per cent. So a pilot ensemble is run with the step and with twice the step on the same noise. The
//! difference of the measures, divided by what the order of the stepper says, is the error by the step, far less noisy than the
//! measures themselves as long as neighbouring trajectories stay neighbours. Where they part, it is known to a few standard errors
//! only, and the check says so.

use huygens_numerics::c64;
use huygens_numerics::linalg::eigenvalues;
use huygens_numerics::ode::Tolerance;
use huygens_numerics::special::student_quantile;

use super::stochastic::{moments, options};
use super::{Experiment, ExperimentError};
use crate::levels::mean_field::integrate::Stretch;
use crate::levels::mean_field::systems::Flow;
use crate::levels::stochastic::ensemble::{Plan, Sampling, Watch};
use crate::levels::stochastic::moments::Estimate;
use crate::levels::stochastic::stepper::{Method, Stepped};
use crate::measures::{Moments, Request};
use crate::model::Binding;
use crate::report::{Check, Status};

/// Fewest and most trajectories of a pilot ensemble; between them an eighth of the ensemble. The most at once where fewer tell
/// too little.
const PILOT: (u64, u64) = (256, 1024);

/// A step is short enough when its error is at most this part of the standard error.
const ENOUGH: f64 = 0.5;

/// Errors below this part of a value are no reason for a shorter step, however small the noise.
const RELATIVE: f64 = 1e-5;

/// From here on, in standard errors, the error by the step makes a result worthless.
const WORTHLESS: f64 = 3.0;

/// How often the first step is halved at most.
const HALVINGS: usize = 8;

/// The step and how it was tried.
pub(super) struct StepChoice {
    pub(super) step: f64,
    pub(super) pilot: Option<Pilot>,
}

/// What twice the step changes, by the place of the measure among the requests.
#[derive(Clone, Debug)]
pub(super) struct Pilot {
    step: f64,
    /// Value and standard error of the pilot itself.
    values: Vec<Estimate>,
    /// Value with twice the step less that with the step.
    differences: Vec<Estimate>,
    /// How many times smaller the error is than the difference.
    gains: Vec<f64>,
    /// Deviations of a difference, in its own standard errors, that chance explains.
    chance: f64,
    trajectories: u64,
    /// Trajectories that diverge with one of the steps only.
    astray: u64,
    /// Whether the step was given.
    given: bool,
}

impl Pilot {
    /// Error by the step of measure `k` in units of `error`, beyond what chance explains, and how well it is known.
    fn ratio(&self, k: usize, error: f64) -> Option<(f64, f64)> {
        let (difference, value) = (&self.differences[k], self.values[k].value);
        let unit = self.gains[k] * error.max(RELATIVE * value.abs()).max(f64::MIN_POSITIVE);
        let blur = if difference.error.is_finite() { self.chance * difference.error } else { 0.0 };
        let ratio = ((difference.value.abs() - blur).max(0.0) / unit, blur / unit);
        (ratio.0.is_finite() && ratio.1.is_finite()).then_some(ratio)
    }

    /// The measure with the largest error by the step in units of these standard errors: its place, the error and its blur.
    fn worst(&self, errors: impl Iterator<Item = f64>) -> Option<(usize, f64, f64)> {
        let all = errors.enumerate().filter_map(|(k, e)| self.ratio(k, e).map(|(r, blur)| (k, r, blur)));
        all.max_by(|a, b| (a.1, a.1 + a.2).partial_cmp(&(b.1, b.1 + b.2)).unwrap_or(std::cmp::Ordering::Equal))
    }

    /// Standard errors that an ensemble of this many trajectories will have.
    fn errors(&self, trajectories: u64) -> impl Iterator<Item = f64> {
        let shrink = (self.trajectories as f64 / trajectories as f64).sqrt();
        self.values.iter().map(move |v| if v.error.is_finite() { v.error * shrink } else { 0.0 })
    }

    /// Whether the step is short enough for an ensemble of this many trajectories.
    fn enough(&self, trajectories: u64) -> bool {
        self.astray == 0 && self.worst(self.errors(trajectories)).is_none_or(|(_, ratio, _)| ratio <= ENOUGH)
    }

    /// Whether errors that make a result of this many trajectories worthless could go unseen.
    fn blurred(&self, trajectories: u64) -> bool {
        let unseen = |(k, error)| self.ratio(k, error).is_some_and(|(_, blur)| blur > WORTHLESS);
        self.errors(trajectories).enumerate().any(unseen)
    }

    /// The verdict on the ensemble with these values.
    pub(super) fn check(&self, requests: &[Request], estimates: impl Iterator<Item = Estimate>) -> Check {
        let name = "step error";
        let cure = if self.given { "take a shorter --step, or leave it out" } else { "give a shorter --step" };
        if self.astray > 0 {
            let note = format!(
                "{} of {} trajectories diverge with steps of {:.3e} or of twice that, but not with both: the step is too long; {cure}",
                self.astray, self.trajectories, self.step
            );
            return Check::fail(name, None, note);
        }
        let errors = estimates.map(|e| if e.error.is_finite() { e.error } else { 0.0 });
        let Some((k, ratio, blur)) = self.worst(errors) else {
            return Check::note(name, None, "no measure has a value with twice the step: the error is not known");
        };
        let text = &requests[k].text;
        let known = format!("from {} trajectories with twice the step on the same noise", self.trajectories);
        if ratio <= 1.0 {
            let resolved =
                if ratio + blur > 1.0 { format!(", which tells no less than {blur:.1}") } else { String::new() };
            let note = format!("largest error by the step, in standard errors (of {text}), {known}{resolved}");
            return Check::at_most(name, ratio, 1.0, note);
        }
        let note = format!(
            "the step, not the number of trajectories, limits {text}: the error by the step in standard errors, {known}; {cure}"
        );
        let mut check = Check::at_most(name, ratio, 1.0, note);
        check.status = if ratio > WORTHLESS { Status::Fail } else { Status::Note };
        check
    }
}

impl Experiment {
    /// The step that was asked for, or the longest of a sequence of halves that is short enough; `make` gives the dynamics with a
    /// step, of one or of two increments of the noise.
    pub(super) fn choose_step(
        &self,
        binding: &Binding,
        start: &[f64],
        plan: &Plan,
        watch: Watch<'_>,
        multiplicative: bool,
        make: impl Fn(f64, usize) -> Stepped,
    ) -> Result<StepChoice, ExperimentError> {
        let asked = &self.options.trajectories;
        let quiet = Watch { progress: &|_| {}, ..watch };
        if !asked.step_error {
            let step = match asked.step {
                Some(step) => step,
                None => self.step_by_rates(binding, start, &plan.sampling, true)?,
            };
            return Ok(StepChoice { step, pilot: None });
        }
        let few = (plan.trajectories / 8).clamp(PILOT.0, PILOT.1).min(plan.trajectories);
        let many = PILOT.1.min(plan.trajectories);
        let run = |step, trajectories, longer: Option<&Pilot>| {
            self.pilot(binding, plan, quiet, multiplicative, (step, trajectories), longer, &make)
        };
        if let Some(step) = asked.step {
            let mut pilot = run(step, few, None)?;
            if few < many && pilot.blurred(plan.trajectories) {
                pilot = run(step, many, None)?;
            }
            return Ok(StepChoice { step, pilot: Some(pilot) });
        }
        // A step beyond the samples is cut to them: halving must begin below.
        let rates = self.step_by_rates(binding, start, &plan.sampling, false)?;
        let first = make(rates, 1).longest();
        let mut pilot = run(first, few, None)?;
        let mut trajectories = few;
        for _ in 0..HALVINGS {
            if pilot.enough(plan.trajectories) {
                if trajectories == many || !pilot.blurred(plan.trajectories) {
                    break;
                }
                trajectories = many;
                pilot = run(pilot.step, many, None)?;
            } else {
                pilot = run(0.5 * pilot.step, trajectories, Some(&pilot))?;
            }
        }
        Ok(StepChoice { step: pilot.step, pilot: Some(pilot) })
    }

    /// Runs the pilot ensemble with a step and with twice the step.
    #[allow(clippy::too_many_arguments)]
    fn pilot(
        &self,
        binding: &Binding,
        plan: &Plan,
        watch: Watch<'_>,
        multiplicative: bool,
        (step, trajectories): (f64, u64),
        longer: Option<&Pilot>,
        make: impl Fn(f64, usize) -> Stepped,
    ) -> Result<Pilot, ExperimentError> {
        let part = Plan::new(plan.seed, trajectories, plan.sampling).threads(plan.threads);
        let fine = moments(&part, watch, &make(step, 1))?;
        let coarse = moments(&part, watch, &make(step, 2))?;
        let contacts = self.contacts(binding);
        let measure = |state: &dyn Moments, out: &mut [f64]| self.measure_moments(state, &contacts, out);
        let reduce = |k: usize, series: &[f64]| self.over_window(k, series);
        let apart = |k: usize, a: f64, b: f64| self.requests[k].definition.average.difference(a, b);
        let count = self.requests.len();
        let values: Vec<Estimate> = fine.estimate(count, measure, reduce).into_iter().map(|(_, e)| e).collect();
        let differences = fine.differences(&coarse, count, measure, reduce, apart);
        // One alarm in a hundred runs by chance, whatever the number of measures.
        let chance = student_quantile(1.0 - 0.005 / count as f64, (fine.blocks().max(3) - 1) as f64);
        let method = self.options.trajectories.method;
        let least = 2f64.powi(method.weak_order(multiplicative));
        let gain = |k: usize| {
            // What the last halving did to the difference shows the order that rules here, where it is higher than the weak one.
            let fell = longer.map_or(0.0, |longer| {
                let now = differences[k].value.abs() + chance * differences[k].error;
                longer.differences[k].value.abs() / now
            });
            fell.clamp(least, least.max(highest(method))) - 1.0
        };
        Ok(Pilot {
            step,
            values,
            gains: (0..count).map(gain).collect(),
            differences,
            chance,
            trajectories,
            astray: fine.finite().abs_diff(coarse.finite()),
            given: self.options.trajectories.step.is_some(),
        })
    }

    /// A step from the linearised drift along the mean-field path: half the inverse of the fastest rate. `damped`: an eighth, and
    /// short enough that what the stepper adds to the damping at the start is at most a hundredth of it (but no shorter than a
    /// sixteenth of that).
    fn step_by_rates(
        &self,
        binding: &Binding,
        start: &[f64],
        sampling: &Sampling,
        damped: bool,
    ) -> Result<f64, ExperimentError> {
        let bound = self.bind(binding)?;
        let rates_at = |t: f64, y: &[f64]| eigenvalues(&bound.drift_matrix(t, bytemuck::cast_slice::<f64, c64>(y)));
        let y: Vec<f64> = start.iter().map(|x| x * std::f64::consts::FRAC_1_SQRT_2).collect();
        let first = rates_at(0.0, &y).map_err(options)?;
        let mut fastest = first.iter().map(|r| r.norm()).fold(0.0, f64::max);
        let looks = (8192 / (start.len() * start.len()).max(1)).clamp(1, 32);
        let end = sampling.time(sampling.count.saturating_sub(1));
        let mut system = Flow::new(&bound);
        let mut stretch = Stretch::new(Tolerance::new(1e-6, 1e-6), 0.0, &y, 1e12);
        for look in 1..=looks {
            // Where the mean field diverges, its rates up to there are what there is.
            if end <= 0.0 || stretch.run(&mut system, end * look as f64 / looks as f64).is_err() {
                break;
            }
            let rates = rates_at(stretch.t(), stretch.y()).unwrap_or_default();
            fastest = rates.iter().map(|r| r.norm()).fold(fastest, f64::max);
        }
        if fastest == 0.0 {
            return Ok(f64::INFINITY);
        }
        if !damped {
            return Ok(0.5 / fastest);
        }
        let mut step = 0.125 / fastest;
        let heats = |step: f64, rate: &c64| {
            rate.re < 0.0 && (self.options.trajectories.method.damping(*rate, step) / rate.re - 1.0).abs() > 0.01
        };
        for _ in 0..4 {
            if first.iter().any(|rate| heats(step, rate)) {
                step *= 0.5;
            }
        }
        Ok(step)
    }
}

/// By how much halving the step can lessen its error: the order of the deterministic part.
fn highest(method: Method) -> f64 {
    match method {
        Method::EulerMaruyama => 2.0,
        Method::Heun => 4.0,
        Method::Splitting => 16.0,
    }
}
