//! States that need no number basis: the exact Gaussian solution under an anti-Hermitian part, and the optimal path of a weakly
//! nonlinear model with many quanta.

use huygens_numerics::linalg::CMatrix;

use super::{Experiment, ExperimentError};
use crate::levels::gaussian::nonhermitian::{NonHermitianError, QuadraticFlow};
use crate::levels::large_number::{Instanton, InstantonError, Options as PathOptions, Verdict};
use crate::levels::stochastic::langevin::Ordering;
use crate::measures::correlations::symplectic::entropy;
use crate::measures::{Evaluate, Moments, Snapshot, arguments};
use crate::model::Binding;
use crate::report::{Check, Orbit, Quantity, Report, Series};

/// Largest correction of relative order 1/N, of any ⟨a_i†a_j⟩, for which what is beyond it is called small.
const ONE_LOOP: f64 = 0.05;

/// A state known by its moments and its entropy.
struct Known {
    moments: Snapshot,
    /// Its entropy, or why it has none.
    entropy: Result<f64, String>,
    /// Whether it is Gaussian.
    gaussian: bool,
}

/// States up to some time, and why there are none after it.
struct States {
    known: Vec<Known>,
    ended: Option<String>,
}

impl Experiment {
    /// The exact Gaussian state of a quadratic model with an anti-Hermitian part.
    pub(super) fn run_exact_gaussian(&self, binding: &Binding) -> Result<Report, ExperimentError> {
        let times = self.times_of_states()?;
        let wrong = |error: NonHermitianError| {
            let cure = match error {
                NonHermitianError::NotQuadratic { .. } => {
                    ", and its classical limit is --level stochastic; with many quanta --level optimal_path"
                }
                _ => "",
            };
            ExperimentError::Options(format!("`{}`: {error}{cure}", self.model.name))
        };
        let flow = QuadraticFlow::of_model(&self.model, binding).map_err(wrong)?;
        let start =
            Snapshot { mean: self.model.start_values(binding)?, covariance: self.model.start_covariance(binding)? };
        let last = times[times.len() - 1];
        let divergence = flow.divergence(&start, last).map_err(wrong)?;
        let mut known = Vec::new();
        for &t in times.iter().take_while(|t| divergence.time.is_none_or(|end| **t < end)) {
            let moments = flow.at(&start, t).map_err(wrong)?;
            let entropy = entropy(&moments.covariance);
            known.push(Known { moments, entropy: Ok(entropy), gaussian: true });
        }
        let ended =
            divergence.time.map(|t| format!("the norm of the state diverges at t = {t:.9}: there is none after"));
        let mut report = self.report_states(binding, &times, &States { known, ended })?;
        report.ordering = "exact: Gaussian state".into();
        report.method = "mean and covariance by the linear flow behind their Riccati equation".into();
        let note = format!(
            "(v - 1/2)/(v + 1/2) of the largest variance v up to t = {:.6}, largest at t = {:.6}: the state exists while it is below 1",
            divergence.horizon, divergence.at
        );
        let exists = Check::at_most("existence", divergence.supremum, 1.0 - 1e-12, note);
        report.checks.push(match divergence.time {
            None => exists,
            Some(t) => Check::fail("existence", Some(t), format!("the norm of the state diverges at t = {t:.9}")),
        });
        Ok(report)
    }

    /// The state by the optimal path to each time, with its fluctuations; in the classical ordering by that of the classical master
    /// equation, to leading order alone.
    pub(super) fn run_optimal_path(&self, binding: &Binding) -> Result<Report, ExperimentError> {
        let times = self.times_of_states()?;
        let wrong = |error: InstantonError| ExperimentError::Options(format!("`{}`: {error}", self.model.name));
        let options = PathOptions::default();
        let classical = self.options.trajectories.ordering == Ordering::Classical;
        let noise = self.options.trajectories.noise();
        let instanton = match classical {
            true => Instanton::classical(&self.model, binding, noise),
            false => Instanton::of_model(&self.model, binding),
        };
        let instanton = instanton.map_err(wrong)?;
        let n = instanton.modes();
        let charged = |i: usize, j: usize| instanton.charges().iter().any(|q| q[i] + q[j] != 0.0);
        if (0..n).any(|i| (0..n).any(|j| !charged(i, j))) {
            return Err(ExperimentError::Options(format!(
                "`{}` conserves no number of quanta, which the moments at this level rely on: run it at --level fock",
                self.model.name
            )));
        }
        let branch = instanton.branch(times[times.len() - 1], &options).map_err(wrong)?;
        let (mut residual, mut correction, mut asymmetry) = (0.0_f64, 0.0_f64, 0.0_f64);
        let mut reasons: Vec<Option<String>> = Vec::new();
        let mut known = Vec::new();
        let mut least = f64::INFINITY;
        for &t in &times {
            let near = "the state is the one near the start, which --level fock gives";
            let Some(path) = instanton.at(&branch, t, &options).map_err(wrong)? else {
                let from = branch.departure.time.map_or_else(String::new, |t| format!(", which begins at t = {t:.6}"));
                reasons.push(Some(format!("at t = {t:.6} there is no path with many quanta{from}: {near}")));
                continue;
            };
            least = least.min(path.action);
            if path.verdict() == Verdict::Rest {
                let weight = path.action;
                reasons
                    .push(Some(format!("at t = {t:.6} the path weighs exp({weight:.3}) of the state at rest: {near}")));
                continue;
            }
            let alpha = path.amplitudes();
            residual = residual.max(path.residual);
            if classical {
                let quanta: f64 = alpha.iter().map(|a| a.norm_sqr()).sum();
                correction = correction.max(1.0 / quanta);
                let moments = Snapshot::passive(&CMatrix::from_fn(n, n, |i, j| alpha[i] * alpha[j].conj()));
                let entropy = Err("fluctuations are those of the quantum path: leave out --ordering".to_owned());
                known.push(Known { moments, entropy, gaussian: false });
                reasons.push(None);
                continue;
            }
            let one_loop = instanton.correlations(&path, &options).map_err(wrong)?;
            let fluctuations = instanton.fluctuations(&path, &options).map_err(wrong)?;
            let largest = alpha.iter().map(|a| a.norm_sqr()).fold(0.0, f64::max);
            for i in 0..n {
                for j in 0..n {
                    correction = correction.max((one_loop[(i, j)] - alpha[i].conj() * alpha[j]).norm() / largest);
                }
            }
            asymmetry = asymmetry.max(fluctuations.asymmetry);
            let moments = Snapshot::passive(&one_loop.transpose());
            known.push(Known { moments, entropy: Ok(fluctuations.entropy), gaussian: false });
            reasons.push(None);
        }
        // Values belong to the times at the end, where the path gives the state.
        let first = reasons.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let ended = (first == times.len()).then(|| reasons.into_iter().flatten().next_back()).flatten();
        let skipped = known.len() - (times.len() - first);
        known.drain(..skipped);
        let mut report = self.report_states(binding, &times[first..], &States { known, ended })?;
        report.ordering = match classical {
            true => format!("normal, {} (classical master equation), to leading order", noise.describe()),
            false => "normal (P representation), to one loop".into(),
        };
        report.method = format!("optimal path by multiple shooting, {} points of the branch", branch.paths.len());
        if first > 0 && first < times.len() {
            let note =
                format!("before t = {:.6} the state is the one near the start, which --level fock gives", times[first]);
            report.checks.push(Check::note("begins", Some(times[first]), note));
        }
        if first == times.len() {
            let note = "no path outweighs the state near the start: run it at --level fock";
            report.checks.push(Check::fail("dominant branch", least.is_finite().then_some(least), note));
            return Ok(report);
        }
        let note = "ln of the weight of the path over that of the state at rest, least of all times: the path gives the state where it is positive";
        report.checks.push(Check::note("dominant branch", Some(least), note));
        report.checks.push(Check::at_most("path", residual, 1e-6, "largest gap between segments of the path"));
        if classical {
            let note = "1/N, the relative order of what is left out: the classical path has no one-loop correction";
            report.checks.push(Check::at_most("leading order", correction, ONE_LOOP, note));
            return Ok(report);
        }
        report.checks.push(Check::at_most("Hessian", asymmetry, 1e-4, "asymmetry of the fluctuations about the path"));
        let note = "correction of relative order 1/N that is included: what is left out is of the order of its square";
        report.checks.push(Check::at_most("one loop", correction, ONE_LOOP, note));
        Ok(report)
    }

    /// Where the quadratic part of a model with an anti-Hermitian part ends before `horizon`: what lies beyond every cut-off there,
    /// and what gives it.
    pub(super) fn quadratic_end(&self, binding: &Binding, horizon: f64) -> Option<String> {
        if self.model.antihermitian.is_zero() {
            return None;
        }
        let exact = QuadraticFlow::of_model(&self.model, binding).is_ok();
        let end = Instanton::of_model(&self.model, binding).ok()?.departure(horizon).ok()?.time?;
        Some(if exact {
            format!(". The norm of the state diverges at t = {end:.6}, as --level gaussian shows: there is none after")
        } else {
            format!(
                ". Without its nonlinear terms the state would diverge at t = {end:.6}; after that they hold it at many quanta, which --level optimal_path gives"
            )
        })
    }

    fn times_of_states(&self) -> Result<Vec<f64>, ExperimentError> {
        self.times_asked().ok_or_else(|| {
            ExperimentError::Options(
                "a state at a time is asked for: give times with --at, or --until and where to average with --window"
                    .into(),
            )
        })
    }

    fn report_states(&self, binding: &Binding, times: &[f64], states: &States) -> Result<Report, ExperimentError> {
        let equilibrium = self.equilibrium(binding)?;
        let reached = states.known.len();
        let mut report = self.blank();
        report.times = times[..reached].to_vec();
        report.dynamics = match times {
            [] => "no state at the times asked for".into(),
            [only] => format!("state at t = {only:.6}"),
            [first, .., last] => format!("state from the start, seen over [{first:.6}, {last:.6}]"),
        };
        for (k, request) in self.requests.iter().enumerate() {
            let definition = request.definition;
            let whole = arguments::modes(&request.arguments).len() == self.model.len();
            let mut reason = None;
            let mut values = Vec::new();
            for state in &states.known {
                let value = match (definition.name, definition.evaluate) {
                    ("ergotropy_of_sync", _) => equilibrium.ergotropy(&state.moments, || state.entropy.clone()),
                    ("relative_entropy_of_sync", _) => {
                        equilibrium.relative_entropy(&state.moments, || state.entropy.clone())
                    }
                    ("entropy", _) if whole => state.entropy.clone(),
                    ("entropy", _) if !state.gaussian => Err("known of the whole system only".to_owned()),
                    (_, Evaluate::Moments(of)) => Ok(of(&state.moments, &request.arguments)),
                    _ => Err("not a property of the moments of this state".to_owned()),
                };
                values.push(value.unwrap_or_else(|why| {
                    reason.get_or_insert(why);
                    f64::NAN
                }));
            }
            let missing = |why: String| Quantity::missing(&request.text, definition.unit, why);
            report.quantities.push(match (reason, &states.ended) {
                (Some(why), _) => missing(why),
                (None, Some(why)) if reached < times.len() || times.is_empty() => missing(why.clone()),
                _ => self.reduced(k, &values),
            });
            if reached > 0 && values.iter().all(|v| v.is_finite()) {
                report.series.push(Series {
                    name: request.text.clone(),
                    unit: definition.unit.into(),
                    times: report.times.clone(),
                    values,
                });
            }
        }
        for (k, mode) in self.model.modes.iter().enumerate() {
            let mean = |s: &Known| s.moments.mean(k);
            report.orbits.push(Orbit {
                mode: mode.name.clone(),
                re: states.known.iter().map(|s| mean(s).re).collect(),
                im: states.known.iter().map(|s| mean(s).im).collect(),
            });
        }
        Ok(report)
    }
}
