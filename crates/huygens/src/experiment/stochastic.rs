//! Ensembles of trajectories: measures with standard errors over a window, from a start or a quench.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::stepping::{Pilot, StepChoice};
use super::summary::window_mean;
use super::{Experiment, ExperimentError, Window};
use crate::checks;
use crate::costs::Contact;
use crate::levels::gaussian::direct;
use crate::levels::mean_field::attractor::{self, Attractor};
use crate::levels::stochastic::ensemble::{self, Dynamics, Plan, Sampling, Watch};
use crate::levels::stochastic::langevin::{Langevin, LangevinKernel, Ordering};
use crate::levels::stochastic::linear::{Exact, GaussianStart, LinearModel};
use crate::levels::stochastic::moments::{BlockMoments, EnsembleMoments};
use crate::levels::stochastic::stepper::{Method, Stepped, Stepping};
use crate::measures::correlations::symplectic;
use crate::measures::{Evaluate, Moments};
use crate::model::Binding;
use crate::report::{Check, Orbit, Quantity, Report, Series};

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

/// How an ensemble is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories {
    /// Number of trajectories.
    pub count: u64,
    /// Largest step of the nonlinear steppers; `None`: chosen so that its error is below the statistical one.
    pub step: Option<f64>,
    /// The ordering.
    pub ordering: Ordering,
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
            method: Method::default(),
            start: StartAt::default(),
            threads: 1,
            step_error: true,
        }
    }
}

/// The most memory that the sums of an ensemble may take, in bytes.
const MEMORY: usize = 4 << 30;

/// The ensemble of one report.
struct Ensembles {
    fine: EnsembleMoments,
    /// What the step does to it; `None` for exact steps, or where it was not asked.
    pilot: Option<Pilot>,
    diverged: u64,
    method: String,
}

impl Experiment {
    /// Ensemble over the window or after the quench.
    pub(super) fn run_stochastic(&self, binding: &Binding, watch: Watch<'_>) -> Result<Report, ExperimentError> {
        let asked = &self.options.trajectories;
        let sampling = self.sampling()?;
        let n = 2 * self.model.modes.len();
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
            Ordering::Wigner => "Weyl (truncated Wigner)".into(),
            Ordering::Classical => "normal, without the noise of the vacuum (classical Langevin)".into(),
        };
        report.tolerance = 0.0;
        let mut neglected = Vec::new();
        let exact = self.linear && !self.kernel.driven() && asked.ordering == Ordering::Wigner;
        let ensembles = if exact {
            let model = LinearModel::of(&self.bind(binding)?).map_err(options)?;
            let dynamics = Exact::new(model, start, &sampling).map_err(options)?;
            let method = format!("exact steps of {:.6} (linear model)", sampling.every);
            ensembles(&plan, watch, method, &dynamics, None)?
        } else {
            let equations = Langevin::derive(&self.model, asked.ordering);
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
            ensembles(&plan, watch, method, &dynamics, pilot)?
        };
        report.method =
            format!("{}, {} trajectories in {} blocks", ensembles.method, asked.count, ensembles.fine.blocks());
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
        Ok(report)
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
        let modes = self.model.modes.len();
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
            let start = self.model.start_values(binding)?;
            match asked.start {
                StartAt::Model => {
                    let spread = &self.model.start_covariance(binding)? - &direct::vacuum(modes);
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
        Ok((GaussianStart::new(flat, &covariance).map_err(options)?, text + noise))
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
        if !neglected.is_empty() {
            report.checks.push(Check::note("truncation", None, format!("left out: {}", neglected.join("; "))));
        }
        let samples = ensembles.fine.samples();
        let finite = ensembles.fine.finite() as f64;
        let n = 2.0 * self.model.modes.len() as f64;
        if asked.ordering == Ordering::Wigner && finite > 4.0 * n {
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
        report.orbits = orbits;
    }
}

fn ensembles<D: Dynamics>(
    plan: &Plan,
    watch: Watch<'_>,
    method: String,
    dynamics: &D,
    pilot: Option<Pilot>,
) -> Result<Ensembles, ExperimentError> {
    let fine = moments(plan, watch, dynamics)?;
    let diverged = plan.trajectories - fine.finite();
    Ok(Ensembles { fine, pilot, diverged, method })
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
