//! Quenches: the state that belongs to other values of the parameters, let go at t = 0.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::direct::COVARIANCE_LIMIT;
use super::{Experiment, ExperimentError};
use crate::levels::gaussian::direct;
use crate::levels::gaussian::linear::Transient;
use crate::levels::gaussian::orbit::{Deviation, Sample, Treatment, View, deviation};
use crate::levels::mean_field::attractor::{self, Attractor};
use crate::measures::{Evaluate, Moments, Relaxing};
use crate::model::Binding;
use crate::report::{Check, Quantity, Report, Series};

/// Other values before t = 0, and the times to look at after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Quench {
    /// Parameters that change at t = 0, with their values before.
    pub before: Vec<(String, f64)>,
    /// Times, ascending from 0. None: from 0 to six times the slowest relaxation time, in 1200 steps.
    pub times: Vec<f64>,
}

impl Experiment {
    /// The steady state at the values before, followed at those after; the measures at each time.
    pub(super) fn run_quench(&self, binding: &Binding, quench: &Quench) -> Result<Report, ExperimentError> {
        let (mean, initial) = self.steady(&self.earlier(binding, quench)?)?;
        let bound = self.bind_fluctuations(binding)?;
        let linear = self.linear && !self.kernel.driven();
        let mut report = self.blank();
        let drift = bound.drift_matrix(0.0, &mean);
        let relaxation = linear
            .then(|| Transient::new(&drift, &bound.diffusion_matrix(0.0, &mean), &initial).map(Box::new))
            .transpose()
            .map_err(|e| ExperimentError::Options(format!("after the quench there is no steady state: {e}")))?;
        let times = if quench.times.is_empty() { self.relaxation_times(&drift) } else { quench.times.clone() };
        let contacts = self.contacts(binding);
        let mut values: Vec<Vec<Result<f64, String>>> = vec![Vec::with_capacity(times.len()); self.requests.len()];
        let mut lists = vec![None; self.requests.len()];
        let mut look = |time: f64, state: &dyn Moments| {
            for (r, request) in self.requests.iter().enumerate() {
                let value = match request.definition.evaluate {
                    Evaluate::Moments(f) => finite(f(state, &request.arguments)),
                    Evaluate::Thermal(f) => {
                        contacts.as_ref().map_err(Clone::clone).and_then(|c| f(state, c, &request.arguments))
                    }
                    Evaluate::Transient(f) => match (&relaxation, &contacts) {
                        (None, _) => Err("given for linear models: here the relaxation has no closed form".into()),
                        (Some(_), Err(reason)) => Err(reason.clone()),
                        // A property of the whole relaxation is computed once.
                        (Some(_), Ok(_)) if !request.definition.follows_time() && !values[r].is_empty() => {
                            values[r][0].clone()
                        }
                        (Some(transient), Ok(contacts)) => {
                            f(&Relaxing { transient, contacts, time }, &request.arguments).map(|reading| {
                                lists[r] = reading.list;
                                reading.value
                            })
                        }
                    },
                    Evaluate::Energy(_) => {
                        Err("given on attractors and direct runs: leave out --quench, or ask with --until".into())
                    }
                    Evaluate::Ticks(_) => Err(super::OF_TRAJECTORIES.into()),
                    Evaluate::Attractor(_) | Evaluate::Stationary(_) | Evaluate::Density(_) => {
                        Err("a property of the attractor: leave out --quench".into())
                    }
                };
                values[r].push(value);
            }
        };
        if let Some(transient) = &relaxation {
            let n = drift.rows();
            report.method = "linear relaxation in closed form from one eigendecomposition".into();
            let means = self.relaxing_means(&drift, &bound, &mean, &times)?;
            for (&t, mean) in times.iter().zip(means) {
                let state = transient.at(t);
                let empty = RMatrix::zeros(n, 0);
                let sample = Sample {
                    mean,
                    base: state.covariance(),
                    right: empty.clone(),
                    left: empty,
                    deviation: Some(state),
                };
                look(t, &View::new(&sample, Treatment::Removed));
            }
        } else {
            let scheme = self.scheme(self.options.tolerance.max(1e-12));
            let start = initial.covariance();
            let outcome =
                direct::run(&bound, &mean, &start, &times, scheme, COVARIANCE_LIMIT, |t, state| look(t, state));
            report.method = format!("{}, mean field and covariance together", self.method_name());
            if let Err(stop) = outcome {
                let note = "mean field or linearised covariance grow without bound: no value beyond this time";
                report.checks.push(Check::fail("bounded", Some(stop.time()), note));
            }
        }
        let before: Vec<String> = quench.before.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        report.dynamics = format!("quench at t = 0 from the steady state at {}", before.join(", "));
        report.times.clone_from(&times);
        for ((request, list), pairs) in self.requests.iter().zip(values).zip(lists) {
            let definition = request.definition;
            let known: Result<Vec<f64>, String> = list.into_iter().collect();
            let quantity = match known {
                Ok(known) if known.len() == times.len() => {
                    let last = *known.last().expect("a quench has times");
                    let mut quantity = Quantity::new(&request.text, last, definition.unit);
                    if times.len() > 1 && definition.follows_time() {
                        quantity.min = Some(known.iter().copied().fold(f64::INFINITY, f64::min));
                        quantity.max = Some(known.iter().copied().fold(f64::NEG_INFINITY, f64::max));
                        quantity.note = Some(format!("at t = {}", times[times.len() - 1]));
                        report.series.push(Series {
                            name: request.text.clone(),
                            unit: definition.unit.into(),
                            times: times.clone(),
                            values: known,
                        });
                    }
                    quantity.list = pairs;
                    quantity
                }
                Ok(_) => Quantity::missing(&request.text, definition.unit, "the run broke off"),
                Err(reason) => Quantity::missing(&request.text, definition.unit, reason),
            };
            report.quantities.push(quantity);
        }
        Ok(report)
    }

    /// The values before the quench.
    fn earlier(&self, binding: &Binding, quench: &Quench) -> Result<Binding, ExperimentError> {
        let mut earlier = binding.clone();
        for (name, value) in &quench.before {
            let id = self.model.parameters.find(name)?;
            self.model.parameters.set(&mut earlier, id, *value)?;
        }
        self.model.validate(&earlier)?;
        Ok(earlier)
    }

    /// Mean and covariance of the steady state before the quench.
    pub(super) fn before(&self, binding: &Binding, quench: &Quench) -> Result<(Vec<c64>, RMatrix), ExperimentError> {
        let (mean, state) = self.steady(&self.earlier(binding, quench)?)?;
        Ok((mean, state.covariance()))
    }

    /// Mean and covariance of the steady state at these values.
    fn steady(&self, binding: &Binding) -> Result<(Vec<c64>, Deviation), ExperimentError> {
        let bound = self.bind(binding)?;
        let start = self.model.start_values(binding)?;
        let period = self.drive_period(binding)?;
        let found = attractor::find(&bound, &self.charges, period, &start, &self.options.search);
        let Attractor::FixedPoint(point) = found.attractor else {
            return Err(ExperimentError::Options(
                "before the quench the model has no stable fixed point to start from: give --quench other values"
                    .into(),
            ));
        };
        if point.neutral.cols() > 0 {
            return Err(ExperimentError::Options(
                "before the quench the phase of the state is free: its covariance grows without bound".into(),
            ));
        }
        let bound = self.bind_fluctuations(binding)?;
        let drift = bound.drift_matrix(0.0, &point.point);
        let state = deviation(&drift, &bound.diffusion_matrix(0.0, &point.point))
            .map_err(|e| ExperimentError::Options(format!("before the quench there is no steady state: {e}")))?;
        Ok((point.point, state))
    }

    /// Six slowest relaxation times in 1200 steps.
    fn relaxation_times(&self, drift: &RMatrix) -> Vec<f64> {
        let slowest = huygens_numerics::linalg::eigenvalues(drift)
            .map(|list| list.iter().map(|v| -v.re).filter(|r| *r > 0.0).fold(f64::INFINITY, f64::min))
            .unwrap_or(f64::INFINITY);
        let end = if slowest.is_finite() { 6.0 / slowest } else { 1.0 };
        (0..=1200).map(|j| end * f64::from(j) / 1200.0).collect()
    }

    /// Means of a linear model: r̄∞ + e^{At}(r̄₀ − r̄∞), at rest where they start at their end.
    fn relaxing_means(
        &self,
        drift: &RMatrix,
        bound: &crate::levels::kernel::Bound,
        start: &[c64],
        times: &[f64],
    ) -> Result<Vec<Vec<c64>>, ExperimentError> {
        let velocity = crate::levels::mean_field::cycle::velocity(bound, 0.0, start);
        let mut out = Vec::with_capacity(times.len());
        if velocity.iter().all(|v| *v == 0.0) {
            return Ok(vec![start.to_vec(); times.len()]);
        }
        let wrong = |e: huygens_numerics::linalg::LinalgError| ExperimentError::Options(e.to_string());
        let eigen = huygens_numerics::linalg::eigen(drift).map_err(wrong)?;
        let n = drift.rows();
        let modal: Vec<c64> =
            (0..n).map(|j| (0..n).map(|i| eigen.left[(i, j)].conj() * velocity[i]).sum::<c64>()).collect();
        for &t in times {
            // r̄(t) − r̄₀ = ∫₀ᵗ e^{As} ṙ₀ ds.
            let moved: Vec<f64> = (0..n)
                .map(|i| {
                    (0..n)
                        .map(|j| {
                            let rate = eigen.values[j];
                            let grown =
                                if rate.norm() * t < 1e-8 { c64::new(t, 0.0) } else { ((rate * t).exp() - 1.0) / rate };
                            (eigen.right[(i, j)] * modal[j] * grown).re
                        })
                        .sum()
                })
                .collect();
            let scale = std::f64::consts::FRAC_1_SQRT_2;
            out.push((0..n / 2).map(|k| start[k] + c64::new(moved[2 * k], moved[2 * k + 1]) * scale).collect());
        }
        Ok(out)
    }
}

fn finite(value: f64) -> Result<f64, String> {
    if value.is_finite() { Ok(value) } else { Err("undefined at some of the times".into()) }
}
