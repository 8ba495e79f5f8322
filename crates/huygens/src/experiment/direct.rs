//! Direct runs from the model's start, and the uncoupled control.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::summary::window_mean;
use super::{Experiment, ExperimentError, Level, Window};
use crate::checks;
use crate::levels::gaussian::direct;
use crate::levels::mean_field::attractor::{self, Attractor};
use crate::levels::mean_field::cycle::velocity;
use crate::levels::mean_field::integrate::Stop;
use crate::measures::correlations::symplectic;
use crate::measures::{Evaluate, Moments, Request};
use crate::model::Binding;
use crate::report::{Check, Orbit, Quantity, Report, Series};

/// Beyond this covariance (in units of the vacuum) the linearisation has lost its meaning.
pub(super) const COVARIANCE_LIMIT: f64 = 1e12;

/// The measures that the uncoupled control is made for.
const CONTROLLED: [&str; 6] =
    ["complete_sync", "phase_sync", "phi_sync", "pearson", "mutual_information", "order_parameter"];

impl Window {
    fn times(&self) -> Vec<f64> {
        (0..self.samples).map(|j| self.from + j as f64 * (self.to - self.from) / self.samples as f64).collect()
    }
}

impl Experiment {
    /// Mean and covariance from the model's start; measures averaged over the window.
    pub(super) fn run_window(&self, binding: &Binding, window: &Window) -> Result<Report, ExperimentError> {
        let mut report = self.blank();
        let times = window.times();
        let contacts = self.contacts(binding);
        let mut values: Vec<Vec<f64>> = vec![Vec::with_capacity(times.len()); self.requests.len()];
        let mut orbits: Vec<Orbit> =
            self.model.modes.iter().map(|m| Orbit { mode: m.name.clone(), re: Vec::new(), im: Vec::new() }).collect();
        let mut smallest = f64::INFINITY;
        let stride = (times.len() / 8).max(1);
        let mut index = 0;
        let start = self.start_point(binding)?;
        let energies = self.energetics.as_ref().map(|_| self.energies_along(binding, &start, &times));
        let outcome = self.follow(binding, &start, &times, self.options.tolerance.max(1e-12), |state| {
            for (list, request) in values.iter_mut().zip(&self.requests) {
                list.push(match request.definition.evaluate {
                    Evaluate::Moments(f) => f(state, &request.arguments),
                    Evaluate::Thermal(f) => {
                        contacts.as_ref().ok().and_then(|c| f(state, c, &request.arguments).ok()).unwrap_or(f64::NAN)
                    }
                    Evaluate::Attractor(_)
                    | Evaluate::Stationary(_)
                    | Evaluate::Transient(_)
                    | Evaluate::Density(_)
                    | Evaluate::Ticks(_)
                    | Evaluate::Energy(_) => f64::NAN,
                });
            }
            for (k, orbit) in orbits.iter_mut().enumerate() {
                let z = state.mean(k);
                orbit.re.push(z.re);
                orbit.im.push(z.im);
            }
            if index % stride == 0 {
                smallest = smallest.min(symplectic::margin_with_spins(state, self.kernel.spins()));
            }
            index += 1;
        })?;
        report.dynamics = format!("direct run from the start, averaged over [{:.6}, {:.6}]", window.from, window.to);
        report.times.clone_from(&times);
        match outcome {
            Ok(steps) => {
                report.method = format!("{}, mean field and covariance together, {steps} steps", self.method_name());
                let uncertainty = Check::at_most(
                    "uncertainty relation",
                    -smallest,
                    1e-7,
                    match self.kernel.spins().is_empty() {
                        true => "½ minus the smallest symplectic eigenvalue, over the window",
                        false => "minus the smallest eigenvalue of C + ½⟨[R, R]⟩, over the window",
                    },
                );
                if self.model.antihermitian.is_zero() {
                    report.checks.push(uncertainty);
                }
            }
            Err(Stop::Diverged { t } | Stop::Stuck { t }) => {
                let note = "mean field or linearised covariance grow without bound (chaos, or an unstable orbit): no value beyond this time";
                report.checks.push(Check::fail("bounded", Some(t), note));
                report.dynamics = format!("diverges at t = {t:.4}");
                report.quantities = self
                    .requests
                    .iter()
                    .map(|r| Quantity::missing(&r.text, r.definition.unit, format!("diverges at t = {t:.4}")))
                    .collect();
                return Ok(report);
            }
        }
        let (energies, law) = match energies {
            Some(Ok((flows, law))) => (Some(Ok(flows)), Some(law)),
            Some(Err(reason)) => (Some(Err(reason)), None),
            None => (None, None),
        };
        for (request, mut list) in self.requests.iter().zip(values) {
            let definition = request.definition;
            if let Evaluate::Energy(kind) = definition.evaluate {
                match self.energy_series(request, kind, energies.as_ref()) {
                    Ok(values) => list = values,
                    Err(reason) => {
                        report.quantities.push(Quantity::missing(&request.text, definition.unit, reason));
                        continue;
                    }
                }
            }
            let quantity = match (&definition.evaluate, &contacts) {
                (Evaluate::Transient(_), _) => {
                    Quantity::missing(&request.text, definition.unit, "a property of a relaxation: ask with --quench")
                }
                (Evaluate::Ticks(_), _) => Quantity::missing(&request.text, definition.unit, super::OF_TRAJECTORIES),
                (Evaluate::Attractor(_) | Evaluate::Stationary(_), _) => {
                    Quantity::missing(&request.text, definition.unit, "a property of the attractor: leave out --until")
                }
                (Evaluate::Thermal(_), Err(reason)) => {
                    Quantity::missing(&request.text, definition.unit, reason.clone())
                }
                _ => window_mean(&request.text, definition.unit, definition.average, &list),
            };
            if quantity.value.is_some() {
                report.series.push(Series {
                    name: request.text.clone(),
                    unit: definition.unit.into(),
                    times: times.clone(),
                    values: list,
                });
            }
            if definition.name == "complete_sync"
                && let Some(max) = quantity.max
            {
                report.checks.push(checks::bounded_by_one(&request.text, max));
            }
            report.quantities.push(quantity);
        }
        report.checks.extend(law);
        report.orbits = orbits;
        Ok(report)
    }

    /// Integrates from `start` and the covariance of the model (none, where an anti-Hermitian part leaves the mean field alone) and shows every state; the inner result says where it broke off.
    fn follow(
        &self,
        binding: &Binding,
        start: &[c64],
        times: &[f64],
        rtol: f64,
        mut look: impl FnMut(&dyn Moments),
    ) -> Result<Result<usize, Stop>, ExperimentError> {
        let bound = self.bind_fluctuations(binding)?;
        let covariance = match self.model.antihermitian.is_zero() {
            true => self.start_spread(binding)?,
            false => RMatrix::zeros(2 * start.len(), 2 * start.len()),
        };
        Ok(direct::run(&bound, start, &covariance, times, self.scheme(rtol), COVARIANCE_LIMIT, |_, state| {
            self.with_its_spins(state, &mut look);
        }))
    }

    /// The measures with and without coupling: what coupling really does. Two fixed points are compared as they are; anything
    /// else from the same start over the same window.
    pub(super) fn control(
        &self,
        binding: &Binding,
        report: &Report,
        attractor: &Attractor,
    ) -> Result<Vec<Check>, ExperimentError> {
        if self.options.level != Level::Gaussian || self.model.modes.len() > 60 {
            return Ok(Vec::new());
        }
        let controlled: Vec<&Request> =
            self.requests.iter().filter(|r| CONTROLLED.contains(&r.definition.name)).collect();
        if controlled.is_empty() {
            return Ok(Vec::new());
        }
        let Some(uncoupled) = self.model.uncoupled_binding(binding)? else {
            let note = "the model file names no [uncoupled] values: the measures were not compared with those of the uncoupled system";
            return Ok(vec![Check::note("control", None, note)]);
        };
        let [coupled, without] = match attractor {
            Attractor::FixedPoint(_) => {
                let other = self.attract(&uncoupled)?.0;
                [report, &other].map(|r| Some(controlled.iter().map(|q| r.value(&q.text).map(f64::abs)).collect()))
            }
            _ => self.windowed_control(binding, &uncoupled, report, attractor, &controlled)?,
        };
        let defined = |list: &Option<Vec<Option<f64>>>, k: usize| list.as_ref().and_then(|l| l[k]);
        Ok(controlled
            .iter()
            .enumerate()
            .map(|(k, request)| match defined(&coupled, k) {
                Some(value) => checks::control(&request.text, value, defined(&without, k)),
                None => {
                    let note = "not compared with the uncoupled system: the measure has no value over the window of the comparison";
                    Check::note(format!("control of {}", request.text), None, note)
                }
            })
            .collect())
    }

    /// Means of the measures over one window, with and without coupling, from the same start: that of the model, or a point
    /// of the attractor where the model starts at rest, which symmetry may keep it from leaving.
    fn windowed_control(
        &self,
        binding: &Binding,
        uncoupled: &Binding,
        report: &Report,
        attractor: &Attractor,
        controlled: &[&Request],
    ) -> Result<[Option<Vec<Option<f64>>>; 2], ExperimentError> {
        let bound = self.bind(binding)?;
        let mut start = self.start_point(binding)?;
        let (fast, slow) = attractor::rates(&bound, 0.0, &start);
        let speed = velocity(&bound, 0.0, &start).iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        if speed <= 1e-12 * fast {
            start = match attractor {
                Attractor::FixedPoint(p) if !self.kernel.spins().is_empty() => p.point.clone(),
                Attractor::Rotating(r) if !self.kernel.spins().is_empty() => r.point.clone(),
                Attractor::Cycle(c) if !self.kernel.spins().is_empty() => c.start.clone(),
                _ => report.orbits.iter().map(|o| c64::new(o.re[0], o.im[0])).collect(),
            };
        }
        let period = report.value("period").unwrap_or(std::f64::consts::TAU / fast.max(1e-300));
        let settle = (6.0 / slow).clamp(40.0 * period, 400.0 * period);
        let window = Window { from: settle, to: settle + 40.0 * period, samples: 640 };
        let times = window.times();
        let mut means = [None, None];
        for (values, mean) in [binding, uncoupled].into_iter().zip(&mut means) {
            let mut sums = vec![0.0; controlled.len()];
            let outcome = self.follow(values, &start, &times, 1e-7, |state| {
                for (sum, request) in sums.iter_mut().zip(controlled) {
                    *sum += request.of(state).unwrap_or(f64::NAN).abs() / times.len() as f64;
                }
            })?;
            *mean = outcome.is_ok().then(|| sums.into_iter().map(|s| s.is_finite().then_some(s)).collect());
        }
        Ok(means)
    }
}
