//! From an attractor to a report.

use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::fourier::Periodic;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::ode::{Method, Tolerance};

use super::{Experiment, ExperimentError, Level, Prepared};
use crate::checks;
use crate::costs::Contact;
use crate::costs::energy::Flows;
use crate::levels::gaussian::bloch::{self, RingOrbit};
use crate::levels::gaussian::linear;
use crate::levels::gaussian::orbit::{self, GaussianOrbit, Sample, Treatment, View};
use crate::levels::kernel::Bound;
use crate::levels::mean_field::attractor::{Attractor, FixedPoint, Found, Rotating, Wandering, rotate_drift};
use crate::levels::mean_field::cycle::{self, ClosedOrbit};
use crate::levels::mean_field::integrate::Scheme;
use crate::measures::{
    Argument, AttractorMeasure, Average, Collective, Evaluate, Moments, Reading, Request, Stationary,
};
use crate::model::Binding;
use crate::report::{Check, Orbit, Quantity, Report, Series};

/// The state over one period, in whichever form it was computed.
pub(super) enum States {
    /// Full covariance matrices.
    Full(GaussianOrbit),
    /// Bloch blocks of a ring.
    Ring(RingOrbit),
}

impl States {
    pub(super) fn times(&self) -> &[f64] {
        match self {
            States::Full(orbit) => &orbit.times,
            States::Ring(ring) => &ring.blocks[0].times,
        }
    }

    fn period(&self) -> f64 {
        self.first().period
    }

    /// The orbit that carries the neutral direction.
    pub(super) fn first(&self) -> &GaussianOrbit {
        match self {
            States::Full(orbit) => orbit,
            States::Ring(ring) => &ring.blocks[0],
        }
    }

    /// Growth of the collective coordinate per unit time, of all cells together.
    pub(super) fn growth(&self) -> Option<f64> {
        let growth = &self.first().growth;
        let cells = match self {
            States::Full(_) => 1,
            States::Ring(ring) => ring.cells,
        };
        (growth.rows() > 0).then(|| growth[(0, 0)] / cells as f64)
    }

    fn closure(&self) -> f64 {
        match self {
            States::Full(orbit) => orbit.closure,
            States::Ring(ring) => ring.blocks.iter().map(|b| b.closure).fold(0.0, f64::max),
        }
    }

    /// c for which c V Vᵀ is `factor` times the rest of the covariance.
    fn diffused(&self, factor: f64) -> f64 {
        let first = self.first();
        let scale =
            |sample: &Sample| factor * sample.base.norm_max() / sample.right.norm_max().powi(2).max(f64::MIN_POSITIVE);
        first.samples.iter().map(scale).fold(0.0, f64::max)
    }

    fn has_neutral(&self) -> bool {
        self.first().growth.rows() > 0
    }
}

/// Relative size up to which the change of a direction is rounding.
const NEUTRAL: f64 = 1e-7;
/// Relative rate below which fluctuations do not decay.
const DECAYS: f64 = 1e-9;

impl Prepared {
    /// Drift and diffusion around a fixed point, and the directions in which nothing drives the fluctuations back.
    fn around_point<'a>(&'a self, bound: &'a Bound, point: &FixedPoint) -> (&'a Bound, FixedPoint) {
        let Some(own) = &self.fluctuations else { return (bound, point.clone()) };
        let drift = own.drift_matrix(0.0, &point.point);
        (own, FixedPoint { neutral: still_neutral(&drift, &point.neutral), ..point.clone() })
    }

    /// The same around a uniform rotation.
    fn around_rotation<'a>(&'a self, bound: &'a Bound, rotating: &Rotating) -> (&'a Bound, Rotating) {
        let Some(own) = &self.fluctuations else { return (bound, rotating.clone()) };
        let drift = rotate_drift(own.drift_matrix(0.0, &rotating.point), &rotating.frequencies);
        (own, Rotating { neutral: still_neutral(&drift, &rotating.neutral), ..rotating.clone() })
    }

    /// Whether fluctuations along a cycle are not kept by a drift of their own, as if the cycle were driven: what is held fixed
    /// moves with the period of the cycle.
    fn leaves_cycle(&self, orbit: &ClosedOrbit, scheme: Scheme) -> bool {
        let Some(own) = &self.fluctuations else { return false };
        let velocity = cycle::velocity(own, 0.0, &orbit.start);
        let size = velocity.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        match cycle::transport(own, &orbit.start, orbit.period, scheme, f64::MAX) {
            Ok((_, monodromy, _)) => {
                let along = RMatrix::from_vec(velocity.len(), 1, velocity);
                (&(&monodromy * &along) - &along).norm_max() > 1e-6 * size
            }
            Err(_) => true,
        }
    }
}

/// The neutral directions, if the drift leaves all of them alone.
fn still_neutral(drift: &RMatrix, neutral: &RMatrix) -> RMatrix {
    let moved = (drift * neutral).norm_max();
    let kept = moved <= NEUTRAL * drift.norm_max() * neutral.norm_max();
    if kept { neutral.clone() } else { RMatrix::zeros(neutral.rows(), 0) }
}

impl Experiment {
    /// Calls `look` with the moments at every sample.
    pub(super) fn each(&self, states: &States, treatment: Treatment, look: impl FnMut(usize, &dyn Moments)) {
        self.every(states, treatment, 1, look);
    }

    /// The same at every `stride`-th sample.
    fn every(&self, states: &States, treatment: Treatment, stride: usize, mut look: impl FnMut(usize, &dyn Moments)) {
        match states {
            States::Full(orbit) => {
                for (j, sample) in orbit.samples.iter().enumerate().step_by(stride) {
                    self.with_its_spins(&View::new(sample, treatment), |moments| look(j, moments));
                }
            }
            States::Ring(ring_orbit) => {
                let (ring, _) = self.ring.as_ref().expect("Bloch blocks come from rings");
                for j in (0..ring_orbit.blocks[0].samples.len()).step_by(stride) {
                    look(j, &ring_orbit.view(j, ring, treatment));
                }
            }
        }
    }

    pub(super) fn summarise(
        &self,
        prepared: &Prepared,
        binding: &Binding,
        found: &Found,
        period: Option<f64>,
    ) -> Result<Report, ExperimentError> {
        let mut report = self.blank();
        report.method = format!("{}, transient {:.4}, {} steps", self.method_name(), found.transient, found.steps);
        let (bound, cells) = match &prepared.cell {
            Some((cell, _)) => (cell, self.ring.as_ref().map(|(ring, _)| ring.cells)),
            None => (&prepared.bound, None),
        };
        let unit = match self.model.time_unit.as_str() {
            "" => String::new(),
            unit => format!(" {unit}"),
        };
        match &found.attractor {
            Attractor::Diverging { time } => {
                report.dynamics = format!("diverges: the mean field passes every bound at t = {time:.4}");
                report.checks.push(Check::fail(
                    "bounded",
                    Some(*time),
                    "the mean field diverges; check the signs of gain, loss and drive",
                ));
                self.missing(&mut report, "the mean field diverges");
                Ok(report)
            }
            Attractor::Chaos(w) => {
                report.dynamics = format!(
                    "chaos: largest Lyapunov exponent {:.4} ± {:.1e}",
                    w.exponents.values[0], w.exponents.error
                );
                let note = format!(
                    "chaotic (largest Lyapunov exponent {:.3}): linearised fluctuations grow without bound and have no stationary value",
                    w.exponents.values[0]
                );
                report.checks.push(Check::fail("attractor regular", Some(w.exponents.values[0]), note));
                self.wandering(
                    &mut report,
                    bound,
                    w,
                    "the attractor is chaotic: linearised fluctuations grow without bound",
                );
                Ok(report)
            }
            Attractor::Torus(w) => {
                report.dynamics = "torus: quasi-periodic, more than one frequency".into();
                report.checks.push(Check::note(
                    "attractor periodic",
                    Some(w.exponents.values[0]),
                    "quasi-periodic: the oscillators are not locked; fluctuations along each phase diffuse",
                ));
                self.wandering(
                    &mut report,
                    bound,
                    w,
                    "quasi-periodic: the covariance has no periodic state; ask for a direct run with --until",
                );
                Ok(report)
            }
            Attractor::Undecided(w) => {
                report.dynamics = format!(
                    "not settled after {:.0}: exponents {:.2e}, {:.2e}",
                    w.time,
                    w.exponents.values[0],
                    w.exponents.values.get(1).copied().unwrap_or(0.0)
                );
                report.checks.push(Check::fail(
                    "settled",
                    Some(w.time),
                    "no attractor was recognised in the time allowed; give --transient a larger value",
                ));
                self.wandering(&mut report, bound, w, "no attractor was recognised");
                Ok(report)
            }
            Attractor::FixedPoint(point) => {
                let mut drift = None;
                let (bound, point) = &prepared.around_point(bound, point);
                let states = match cells {
                    Some(n) => bloch::at_fixed_point(bound, n, point).map(States::Ring).map_err(|e| e.to_string()),
                    None if self.fast.is_empty() => {
                        drift = Some(bound.drift_matrix(0.0, &point.point));
                        orbit::at_fixed_point(bound, point).map(States::Full).map_err(|e| e.to_string())
                    }
                    None => self.without_fast(bound, point).map(|(matrix, orbit)| {
                        drift = Some(matrix);
                        States::Full(orbit)
                    }),
                };
                report.dynamics = if point.neutral.cols() > 0 {
                    "fixed point on a circle of symmetry".into()
                } else {
                    "fixed point".into()
                };
                if !self.fast.is_empty() && drift.is_some() {
                    report.frame.push_str(&format!("; {} eliminated", self.options.eliminate.join(", ")));
                }
                self.measured(report, binding, states, found, drift)
            }
            Attractor::Rotating(rotating) => {
                let (bound, rotating) = &prepared.around_rotation(bound, rotating);
                let states = match cells {
                    // The blocks of a rotating ring: drift in the co-rotating frame.
                    Some(n) => self.rotating_ring(bound, n, rotating).map_err(|e| e.to_string()),
                    None => orbit::rotating(bound, rotating, self.options.samples)
                        .map(States::Full)
                        .map_err(|e| e.to_string()),
                };
                let slowest =
                    rotating.frequencies.iter().map(|w| w.abs()).filter(|w| *w > 0.0).fold(f64::INFINITY, f64::min);
                report.dynamics = format!("limit cycle (uniform rotation), period {:.10}{unit}", TAU / slowest);
                self.measured(report, binding, states, found, None)
            }
            Attractor::Cycle(orbit) => {
                report.checks.push(checks::cycle_closed(orbit.closure));
                let scheme = self.scheme(self.options.tolerance);
                let driven = period.is_some() || prepared.leaves_cycle(orbit, scheme);
                let bound = prepared.fluctuations.as_ref().unwrap_or(bound);
                let mut count = self.options.samples;
                let states = loop {
                    let states = match cells {
                        Some(n) => bloch::on_cycle(bound, n, orbit, driven, count, scheme)
                            .map(States::Ring)
                            .map_err(|e| e.to_string()),
                        None => orbit::on_cycle(bound, orbit, driven, count, scheme)
                            .map(States::Full)
                            .map_err(|e| e.to_string()),
                    };
                    // Sharp orbits need more samples: double until the mean field is resolved.
                    let tail = states.as_ref().map_or(0.0, mean_tail);
                    if tail < 1e-9 || count >= 16 * self.options.samples {
                        break states;
                    }
                    count *= 2;
                };
                report.dynamics = format!("limit cycle, period {:.10}{unit}", orbit.period);
                self.measured(report, binding, states, found, None)
            }
        }
    }

    /// The fixed point without its fast modes: drift of the slow ones, and a state in which each fast mode stands in thermal
    /// equilibrium by itself; nothing that is measured looks at it.
    fn without_fast(&self, bound: &Bound, point: &FixedPoint) -> Result<(RMatrix, GaussianOrbit), String> {
        let drift = bound.drift_matrix(0.0, &point.point);
        let diffusion = bound.diffusion_matrix(0.0, &point.point);
        let reduced = linear::eliminate(&drift, &diffusion, &self.fast, None).map_err(|e| e.to_string())?;
        let place: Vec<usize> = reduced.slow.iter().flat_map(|k| [2 * k, 2 * k + 1]).collect();
        let n = drift.rows();
        let mut wide = [RMatrix::zeros(n, n), RMatrix::zeros(n, n)];
        for k in 0..n {
            if !place.contains(&k) {
                wide[0][(k, k)] = drift[(k, k)];
                wide[1][(k, k)] = diffusion[(k, k)];
            }
        }
        for (matrix, small) in wide.iter_mut().zip([&reduced.drift, &reduced.diffusion]) {
            for (i, &row) in place.iter().enumerate() {
                for (j, &column) in place.iter().enumerate() {
                    matrix[(row, column)] = small[(i, j)];
                }
            }
        }
        let [drift, diffusion] = wide;
        let orbit = orbit::stationary(&point.point, &drift, &diffusion, &point.neutral).map_err(|e| e.to_string())?;
        Ok((drift, orbit))
    }

    fn stationary(&self, drift: RMatrix, sample: &Sample) -> Stationary {
        let root2 = std::f64::consts::SQRT_2;
        Stationary {
            drift,
            mean: sample.mean.iter().flat_map(|z| [root2 * z.re, root2 * z.im]).collect(),
            covariance: sample.base.clone(),
            oscillators: self
                .model
                .oscillators
                .iter()
                .map(|m| m.0 as usize)
                .filter(|k| !self.fast.contains(k))
                .collect(),
        }
    }

    fn rotating_ring(&self, bound: &Bound, cells: usize, rotating: &Rotating) -> Result<States, bloch::RingError> {
        let mut blocks = Vec::new();
        for index in 0..=cells / 2 {
            let at_wave = bound.with_wave(TAU * index as f64 / cells as f64).map_err(bloch::RingError::Parameters)?;
            let neutral =
                if index == 0 { rotating.neutral.clone() } else { RMatrix::zeros(rotating.neutral.rows(), 0) };
            let point = Rotating { neutral, ..rotating.clone() };
            blocks.push(
                orbit::rotating(&at_wave, &point, self.options.samples).map_err(|source| bloch::RingError::Block {
                    index,
                    cells,
                    source,
                })?,
            );
        }
        Ok(States::Ring(RingOrbit::new(cells, blocks)))
    }

    /// The integrator at one tolerance, relative and absolute.
    pub(super) fn scheme(&self, tolerance: f64) -> Scheme {
        Scheme { method: self.options.search.method, tolerance: Tolerance::new(tolerance, tolerance) }
    }

    /// The integrator in words.
    pub(super) fn method_name(&self) -> &'static str {
        match self.options.search.method {
            Method::Auto => "Dormand–Prince 8(5,3), Radau IIA 5 where stiff",
            Method::Dop853 => "Dormand–Prince 8(5,3)",
            Method::Tsit5 => "Tsitouras 5(4)",
            Method::Radau5 => "Radau IIA 5",
        }
    }

    pub(super) fn blank(&self) -> Report {
        Report {
            level: self.options.level.name().into(),
            ordering: match self.kernel.spins().is_empty() {
                true => "normal (coherent-state substitution)".into(),
                false => "normal (coherent-state substitution); spins as 2j spins 1/2 in one state".into(),
            },
            frame: self.model.frame.clone(),
            tolerance: self.options.tolerance,
            seed: self.options.seed,
            ..Report::default()
        }
    }

    /// All measures without a value.
    fn missing(&self, report: &mut Report, reason: &str) {
        report.quantities =
            self.requests.iter().map(|r| Quantity::missing(&r.text, r.definition.unit, reason)).collect();
    }

    /// Thermal contacts at these values, or the reason why there are none.
    pub(super) fn contacts(&self, binding: &Binding) -> Result<Vec<Contact>, String> {
        let wanted = self
            .requests
            .iter()
            .any(|r| matches!(r.definition.evaluate, Evaluate::Thermal(_) | Evaluate::Transient(_)));
        if !wanted {
            return Ok(Vec::new());
        }
        let contacts = self.contacts.as_ref().map_err(ToString::to_string)?;
        contacts.bind(&binding.values, 0.0).map_err(|e| e.to_string())
    }

    fn measured(
        &self,
        mut report: Report,
        binding: &Binding,
        states: Result<States, String>,
        found: &Found,
        drift: Option<RMatrix>,
    ) -> Result<Report, ExperimentError> {
        let states = match states {
            Ok(states) => states,
            Err(reason) => {
                report.checks.push(Check::fail("covariance exists", None, reason.clone()));
                self.missing(&mut report, &reason);
                return Ok(report);
            }
        };
        if self.options.level == Level::Gaussian
            && !self.kernel.spins().is_empty()
            && let Some(reason) = self.keeps_its_start(&states.first().samples[0].mean)
        {
            report.orbits = self.orbits(&states);
            report.checks.push(Check::fail("covariance exists", None, reason.clone()));
            self.missing(&mut report, &reason);
            return Ok(report);
        }
        // Fluctuations with a drift of their own need not decay where the mean field is stable.
        if let (Some(_), Level::Gaussian, States::Full(orbit)) = (&self.fluctuations, self.options.level, &states) {
            let drift = self.bind_fluctuations(binding)?.drift_matrix(0.0, &orbit.samples[0].mean);
            let fixed = orbit.period == 0.0 || matches!(found.attractor, Attractor::Rotating(_));
            let (what, value, bounded) = match fixed {
                true => ("rate", growth_rate(orbit), growth_rate(orbit) < -DECAYS * drift.norm_max()),
                false => ("factor a period", leading(orbit), leading(orbit) < 1.0 - DECAYS),
            };
            if !bounded {
                let reason = format!(
                    "fluctuations around the attractor do not decay ({what} {value:.6}): there is no steady covariance"
                );
                report.orbits = self.orbits(&states);
                report.times = states.times().to_vec();
                report.checks.push(Check::fail("fluctuations bounded", Some(value), reason.clone()));
                self.missing(&mut report, &reason);
                return Ok(report);
            }
        }
        let (leading, wave) = match &states {
            States::Full(orbit) => (leading(orbit), 0),
            States::Ring(ring) => ring.leading(),
        };
        let fixed = states.period() == 0.0 || matches!(found.attractor, Attractor::Rotating(_));
        let stable = if fixed {
            // Exponents for points that rest or rotate uniformly.
            let rate = match &states {
                States::Full(orbit) => growth_rate(orbit),
                States::Ring(ring) => ring.blocks.iter().map(growth_rate).fold(f64::NEG_INFINITY, f64::max),
            };
            report.checks.push(checks::point_stable(rate));
            rate <= 0.0
        } else {
            let mut check = checks::cycle_stable(leading);
            if let (States::Ring(ring), true) = (&states, leading > 1.0) {
                check.note =
                    format!("the synchronous cycle is unstable to waves of number k = 2π·{wave}/{}", ring.cells);
            }
            report.checks.push(check);
            leading <= 1.0
        };
        report.dynamics.push_str(if stable { ", stable" } else { ", unstable" });
        report.times = states.times().to_vec();
        report.orbits = self.orbits(&states);
        report.checks.push(checks::covariance_closed(states.closure()));
        if self.options.level == Level::Gaussian {
            match &states {
                States::Full(orbit) => report.checks.push(checks::uncertainty_relation(orbit, 4)),
                // Blocks of different k are independent modes: each obeys the relation by itself.
                States::Ring(ring) => {
                    let worst = ring.blocks.iter().map(|b| checks::uncertainty_relation(b, 1));
                    let worst = worst.min_by(|a, b| a.value.unwrap_or(-1.0).total_cmp(&b.value.unwrap_or(-1.0)));
                    report.checks.extend(worst);
                }
            }
        }
        let contacts = self.contacts(binding);
        let stationary = match (drift, &states) {
            (Some(drift), States::Full(orbit)) if orbit.growth.rows() == 0 => {
                Ok(self.stationary(drift, &orbit.samples[0]))
            }
            _ => Err("a property of a stable fixed point that no symmetry moves: there is none here".to_owned()),
        };
        let eliminated = |arguments: &[Argument], all: usize| {
            let whole = arguments.is_empty() || arguments.len() == all;
            !self.fast.is_empty() && (whole || arguments.iter().any(|a| self.fast.contains(&a.mode())))
        };
        let energies = self.energetics.as_ref().map(|_| self.energies(binding, &states, found));
        let mut tail: f64 = 0.0;
        for request in &self.requests {
            let quantity = match request.definition.evaluate {
                Evaluate::Attractor(kind) => self.attractor_measure(request, kind, &states, fixed),
                Evaluate::Stationary(f) => stationary_measure(request, f, &stationary),
                Evaluate::Energy(kind) => {
                    let values = self.energy_series(request, kind, energies.as_ref());
                    self.energy_quantity(&mut report, request, kind, values, &mut tail)
                }
                Evaluate::Ticks(_) => Quantity::missing(&request.text, request.definition.unit, super::OF_TRAJECTORIES),
                Evaluate::Transient(_) => Quantity::missing(
                    &request.text,
                    request.definition.unit,
                    "a property of a relaxation: ask with --quench",
                ),
                _ if eliminated(&request.arguments, self.model.modes.len()) => Quantity::missing(
                    &request.text,
                    request.definition.unit,
                    "needs a mode that is eliminated: leave out --eliminate",
                ),
                _ => self.moments_measure(&mut report, request, &states, &contacts, &mut tail),
            };
            report.quantities.push(quantity);
        }
        if states.times().len() > 1 {
            report.checks.push(checks::resolved(tail));
        }
        if let Some(Ok(flows)) = &energies {
            let mean = |f: &dyn Fn(&Flows) -> f64| flows.iter().map(f).sum::<f64>() / flows.len() as f64;
            report.checks.push(checks::first_law(mean(&Flows::balance), mean(&|f| f.gross)));
        }
        for request in &self.requests {
            if matches!(request.definition.name, "complete_sync" | "phi_sync")
                && let Some(max) = report.quantity(&request.text).and_then(|q| q.max.or(q.value))
            {
                report.checks.push(checks::bounded_by_one(&request.text, max));
            }
            if matches!(request.definition.name, "complete_sync" | "phase_sync" | "phi_sync")
                && let Some(check) = self.half_life(request, &states, &report)
            {
                report.checks.push(check);
            }
        }
        Ok(report)
    }

    /// The measure at every sample.
    fn series(
        &self,
        request: &Request,
        states: &States,
        treatment: Treatment,
        contacts: &Result<Vec<Contact>, String>,
    ) -> Result<Vec<f64>, String> {
        self.series_every(request, states, treatment, contacts, 1)
    }

    /// The measure at every `stride`-th sample.
    fn series_every(
        &self,
        request: &Request,
        states: &States,
        treatment: Treatment,
        contacts: &Result<Vec<Contact>, String>,
        stride: usize,
    ) -> Result<Vec<f64>, String> {
        let mut values = Vec::with_capacity(states.times().len());
        match request.definition.evaluate {
            Evaluate::Moments(f) => {
                self.every(states, treatment, stride, |_, moments| values.push(f(moments, &request.arguments)))
            }
            Evaluate::Thermal(f) => {
                let contacts = contacts.as_ref().map_err(Clone::clone)?;
                let mut failure = None;
                self.every(states, treatment, stride, |_, moments| match f(moments, contacts, &request.arguments) {
                    Ok(value) => values.push(value),
                    Err(reason) => failure = Some(reason),
                });
                if let Some(reason) = failure {
                    return Err(reason);
                }
            }
            Evaluate::Attractor(_)
            | Evaluate::Stationary(_)
            | Evaluate::Transient(_)
            | Evaluate::Density(_)
            | Evaluate::Ticks(_)
            | Evaluate::Energy(_) => {
                return Err("a property of the attractor, not of a state".into());
            }
        }
        if values.iter().any(|v| !v.is_finite()) {
            return Err("undefined on part of the orbit (a mode without mean has no phase; a variance vanishes)".into());
        }
        Ok(values)
    }

    fn moments_measure(
        &self,
        report: &mut Report,
        request: &Request,
        states: &States,
        contacts: &Result<Vec<Contact>, String>,
        tail: &mut f64,
    ) -> Quantity {
        let definition = request.definition;
        let missing = |reason: String| Quantity::missing(&request.text, definition.unit, reason);
        let neutral = states.has_neutral();
        let mut note = None;
        let values = match definition.collective {
            Collective::Diffused if neutral => {
                // The limit c → ∞ by Richardson's extrapolation in 1/c.
                let c = states.diffused(1e6);
                let one = self.series(request, states, Treatment::Diffused(c), contacts);
                let four = self.series(request, states, Treatment::Diffused(4.0 * c), contacts);
                match (one, four) {
                    (Ok(one), Ok(four)) => {
                        let scale = four.iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
                        let change = one.iter().zip(&four).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                        if change > 1e-2 * scale {
                            return missing("keeps changing while the collective phase diffuses: no steady value; ask for a direct run with --until".into());
                        }
                        note = Some("collective phase fully diffused".to_owned());
                        Ok(one.iter().zip(&four).map(|(a, b)| b + (b - a) / 3.0).collect())
                    }
                    (Err(reason), _) | (_, Err(reason)) => Err(reason),
                }
            }
            _ => {
                if neutral && definition.collective == Collective::Removed {
                    note = Some("collective phase removed".to_owned());
                }
                self.series(request, states, Treatment::Removed, contacts)
            }
        };
        let values: Vec<f64> = match values {
            Ok(values) => values,
            Err(reason) => return missing(reason),
        };
        let mut quantity = averaged(&request.text, definition.unit, definition.average, &values, tail);
        quantity.note = quantity.note.or(note);
        // A mean needs half the samples that extremes need.
        let transverse_stride = if values.len() >= 128 { 2 } else { 1 };
        if neutral
            && definition.collective == Collective::Removed
            && let Ok(values) = self.series_every(request, states, Treatment::Transverse, contacts, transverse_stride)
            && let Some(value) = window_mean("", "", definition.average, &values).value
        {
            quantity.alternatives.push(("transverse".into(), value));
            let ratio = quantity.value.unwrap_or(value) / value;
            if definition.name.ends_with("_sync") && !(0.5..1.5).contains(&ratio) {
                let note = "removed and transverse values disagree: the collective phase mixes with the others (close to a saddle-node); neither is a steady value";
                report.checks.push(Check::note(format!("collective phase of {}", request.text), Some(ratio), note));
            }
        }
        if values.len() > 1 {
            let times = states.times().to_vec();
            report.series.push(Series { name: request.text.clone(), unit: definition.unit.into(), times, values });
        }
        quantity
    }

    fn attractor_measure(
        &self,
        request: &Request,
        kind: AttractorMeasure,
        states: &States,
        rotating: bool,
    ) -> Quantity {
        let definition = request.definition;
        let text = &request.text;
        let period = states.period();
        let missing = |reason: &str| Quantity::missing(text, definition.unit, reason);
        let spectrum: Vec<c64> = match states {
            States::Full(orbit) => orbit.spectrum.clone(),
            States::Ring(ring) => ring.blocks.iter().flat_map(|b| b.spectrum.iter().copied()).collect(),
        };
        let list = |values: &[c64]| Some(values.iter().map(|v| [v.re, v.im]).collect());
        match kind {
            AttractorMeasure::Period if period == 0.0 => missing("a fixed point has no period"),
            AttractorMeasure::Period => Quantity::new(text, period, definition.unit),
            AttractorMeasure::Multipliers if period == 0.0 => {
                let mut quantity = missing("a fixed point has exponents instead of multipliers: ask for `lyapunov`");
                quantity.list = list(&spectrum);
                quantity
            }
            AttractorMeasure::Multipliers => {
                // A uniform rotation has exponents in its own frame; over one turn they multiply.
                let mut multipliers: Vec<c64> =
                    if rotating { spectrum.iter().map(|v| (v * period).exp()).collect() } else { spectrum };
                multipliers.sort_by(|a, b| b.norm().total_cmp(&a.norm()));
                let mut quantity = Quantity::new(text, multipliers.first().map_or(0.0, |v| v.norm()), definition.unit);
                quantity.note = Some("largest modulus apart from the neutral one; the list gives (re, im)".into());
                quantity.list = list(&multipliers);
                quantity
            }
            AttractorMeasure::Lyapunov => {
                let rate = |v: &c64| if rotating || period == 0.0 { v.re } else { v.norm().max(1e-300).ln() / period };
                let neutral = states.first().growth.rows();
                let mut rates: Vec<f64> = spectrum.iter().map(rate).chain(std::iter::repeat_n(0.0, neutral)).collect();
                rates.sort_by(|a, b| b.total_cmp(a));
                let mut quantity = Quantity::new(text, rates.first().copied().unwrap_or(0.0), definition.unit);
                quantity.list = Some(rates.iter().map(|r| [*r, 0.0]).collect());
                quantity
            }
            AttractorMeasure::PhaseDiffusion => match states.growth() {
                None => missing("no collective phase: nothing diffuses without bound"),
                Some(growth) if rotating || period == 0.0 => {
                    let mut quantity = Quantity::new(text, growth, definition.unit);
                    quantity.note = Some("⟨δφ²⟩ = D t, φ the phase of the first symmetry".into());
                    quantity
                }
                Some(growth) => {
                    let mut quantity = Quantity::new(text, growth * (TAU / period).powi(2), definition.unit);
                    quantity.note = Some("⟨δφ²⟩ = D t, φ = 2π t/T".into());
                    quantity
                }
            },
        }
    }

    fn orbits(&self, states: &States) -> Vec<Orbit> {
        let mut orbits: Vec<Orbit> =
            self.model.modes.iter().map(|m| Orbit { mode: m.name.clone(), re: Vec::new(), im: Vec::new() }).collect();
        self.each(states, Treatment::Removed, |_, moments| {
            for (k, orbit) in orbits.iter_mut().enumerate() {
                let z = moments.mean(k);
                orbit.re.push(z.re);
                orbit.im.push(z.im);
            }
        });
        orbits
    }

    /// After how many periods a diffusing collective phase has halved the measure.
    fn half_life(&self, request: &Request, states: &States, report: &Report) -> Option<Check> {
        let growth = states.growth().filter(|g| *g > 0.0)?;
        let period = states.period();
        let full = report.value(&request.text).filter(|v| *v > 0.0)?;
        let Evaluate::Moments(measure) = request.definition.evaluate else { return None };
        // Sixteen samples tell a half-life to better than its meaning.
        let stride = (states.times().len() / 16).max(1);
        let mean = |c: f64| {
            let (mut sum, mut count) = (0.0, 0.0);
            self.every(states, Treatment::Diffused(c), stride, |_, moments| {
                sum += measure(moments, &request.arguments);
                count += 1.0;
            });
            let mean: f64 = sum / count;
            mean.is_finite().then_some(mean)
        };
        let unit = if period > 0.0 { period } else { 1.0 };
        if mean(1e9 * unit * growth)? >= 0.5 * full {
            return None;
        }
        // Bracket c, then bisect on its logarithm.
        let mut hi = states.diffused(1e-2);
        let mut lo = 0.0;
        for _ in 0..40 {
            if mean(hi)? < 0.5 * full {
                break;
            }
            lo = hi;
            hi *= 4.0;
        }
        if hi / growth / unit > 1e12 || mean(hi)? >= 0.5 * full {
            return None;
        }
        for _ in 0..30 {
            let middle = 0.5 * (lo + hi);
            if mean(middle)? < 0.5 * full { hi = middle } else { lo = middle }
        }
        Some(checks::no_steady_state(&request.text, hi / growth / unit))
    }

    /// Means over a long window for attractors without a periodic state.
    fn wandering(&self, report: &mut Report, bound: &Bound, wandering: &Wandering, reason: &str) {
        let rates = crate::levels::mean_field::attractor::rates(bound, 0.0, &wandering.exponents.end);
        let samples = 4096;
        let span = 400.0 * TAU / rates.0.max(1e-300);
        let times: Vec<f64> = (1..=samples).map(|j| span * j as f64 / samples as f64).collect();
        let tolerance = crate::levels::mean_field::attractor::tolerance(1e-8, &wandering.exponents.end);
        let path = cycle::sample(bound, &wandering.exponents.end, 0.0, &times, tolerance, f64::MAX);
        let Ok(path) = path else { return self.missing(report, reason) };
        let places = self.ring.as_ref().filter(|_| bound.modes() != self.kernel.modes()).map(|(ring, _)| &ring.places);
        let full: Vec<Vec<c64>> = match places {
            Some(places) => path.iter().map(|z| places.iter().map(|(array, _)| z[*array]).collect()).collect(),
            None => path,
        };
        report.times.clone_from(&times);
        report.orbits = (0..self.model.modes.len())
            .map(|k| Orbit {
                mode: self.model.modes[k].name.clone(),
                re: full.iter().map(|z| z[k].re).collect(),
                im: full.iter().map(|z| z[k].im).collect(),
            })
            .collect();
        for request in &self.requests {
            let definition = request.definition;
            let quantity = match definition.evaluate {
                Evaluate::Moments(f) if definition.collective == Collective::Blind => {
                    let value = |z: &Vec<c64>| self.with_its_spins(&MeansOnly(z), |m| f(m, &request.arguments));
                    let values: Vec<f64> = full.iter().map(value).collect();
                    let mut quantity = window_mean(&request.text, definition.unit, definition.average, &values);
                    quantity.note = Some(format!("mean over a window of {span:.0}"));
                    report.series.push(Series {
                        name: request.text.clone(),
                        unit: definition.unit.into(),
                        times: times.clone(),
                        values,
                    });
                    quantity
                }
                Evaluate::Attractor(AttractorMeasure::Lyapunov) => {
                    let exponents = &wandering.exponents;
                    let mut quantity = Quantity::new(&request.text, exponents.values[0], definition.unit);
                    quantity.error = Some(exponents.error);
                    quantity.list = Some(exponents.values.iter().map(|v| [*v, 0.0]).collect());
                    quantity
                }
                _ => Quantity::missing(&request.text, definition.unit, reason),
            };
            report.quantities.push(quantity);
        }
    }
}

fn stationary_measure(
    request: &Request,
    measure: fn(&Stationary, &[Argument]) -> Result<Reading, String>,
    state: &Result<Stationary, String>,
) -> Quantity {
    let unit = request.definition.unit;
    match state.as_ref().map_err(Clone::clone).and_then(|state| measure(state, &request.arguments)) {
        Ok(reading) if reading.value.is_finite() => {
            let mut quantity = Quantity::new(&request.text, reading.value, unit);
            quantity.list = reading.list;
            quantity
        }
        Ok(_) => Quantity::missing(&request.text, unit, "undefined for this state"),
        Err(reason) => Quantity::missing(&request.text, unit, reason),
    }
}

/// Means without fluctuations.
struct MeansOnly<'a>(&'a [c64]);

impl Moments for MeansOnly<'_> {
    fn modes(&self) -> usize {
        self.0.len()
    }

    fn mean(&self, k: usize) -> c64 {
        self.0[k]
    }

    fn covariance(&self, _: usize, _: usize) -> [[f64; 2]; 2] {
        [[f64::NAN; 2]; 2]
    }
}

fn leading(orbit: &GaussianOrbit) -> f64 {
    orbit.spectrum.iter().map(|v| v.norm()).fold(0.0, f64::max)
}

fn growth_rate(orbit: &GaussianOrbit) -> f64 {
    orbit.spectrum.iter().map(|v| v.re).fold(f64::NEG_INFINITY, f64::max)
}

/// Relative size of the highest harmonics of the mean field.
fn mean_tail(states: &States) -> f64 {
    let first = states.first();
    let count = first.samples.len();
    if count < 8 {
        return 0.0;
    }
    let mut worst: f64 = 0.0;
    for k in 0..first.samples[0].mean.len() {
        let values: Vec<f64> = first.samples.iter().map(|s| s.mean[k].re).collect();
        worst = worst.max(Periodic::new(&values).relative_tail());
    }
    worst
}

/// Mean, extremes and error of a periodic series, or the value itself where there is one sample.
pub(super) fn averaged(text: &str, unit: &str, average: Average, values: &[f64], tail: &mut f64) -> Quantity {
    if values.len() == 1 {
        return Quantity::new(text, values[0], unit);
    }
    let values = match average {
        Average::Mean => values.to_vec(),
        Average::Angle => unwrapped(values),
    };
    let series = Periodic::new(&values);
    let mean = series.mean();
    let (min, max) = (series.minimum().value, series.maximum().value);
    let mut quantity = Quantity::new(text, if average == Average::Angle { wrapped(mean) } else { mean }, unit);
    quantity.min = Some(min);
    quantity.max = Some(max);
    quantity.error = Some(series.tail().max(1e-15 * mean.abs()));
    *tail = tail.max(series.tail() / mean.abs().max(max.abs()).max(min.abs()).max(f64::MIN_POSITIVE));
    quantity
}

/// Plain mean and extremes over a window.
pub(super) fn window_mean(text: &str, unit: &str, average: Average, values: &[f64]) -> Quantity {
    if values.is_empty() || values.iter().any(|v| !v.is_finite()) {
        return Quantity::missing(text, unit, "undefined on part of the window");
    }
    let values = match average {
        Average::Mean => values.to_vec(),
        Average::Angle => unwrapped(values),
    };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let mut quantity = Quantity::new(text, if average == Average::Angle { wrapped(mean) } else { mean }, unit);
    quantity.min = Some(values.iter().copied().fold(f64::INFINITY, f64::min));
    quantity.max = Some(values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    quantity
}

/// Angles without jumps, near their circular mean.
fn unwrapped(values: &[f64]) -> Vec<f64> {
    let (s, c) = values.iter().fold((0.0, 0.0), |(s, c), v| (s + v.sin(), c + v.cos()));
    let centre = f64::atan2(s, c);
    values.iter().map(|v| centre + wrapped(v - centre)).collect()
}

fn wrapped(angle: f64) -> f64 {
    let turned = (angle + std::f64::consts::PI).rem_euclid(TAU) - std::f64::consts::PI;
    if turned == -std::f64::consts::PI { std::f64::consts::PI } else { turned }
}
