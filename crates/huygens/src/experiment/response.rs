//! Structured baths: the static response, and driven couplings in lowest order or to all orders.

use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::roots::brent;

use super::{Experiment, ExperimentError};
use crate::levels::response::lowest::{Asymptotics, Integrals, literal_split};
use crate::levels::response::{AllOrders, Exponents, LowestOrder, ResponseError, Spectra, Statics, System};
use crate::measures::{Argument, Evaluate, MachineMeasure, Request, Snapshot};
use crate::model::Binding;
use crate::report::{Check, Quantity, Report, Series, Status};

/// In which order of the driven couplings a response is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The lowest.
    #[default]
    Lowest,
    /// All of them.
    All,
}

/// Largest relative difference between the lowest order and all orders for which the lowest is called good.
const GOOD_ORDER: f64 = 0.05;
/// Phases of a period at which a periodic covariance is seen.
const PHASES: usize = 64;
/// Points of a scan for thresholds, and its range in units of the fastest oscillator.
const SCAN: usize = 480;
const RANGE: [f64; 2] = [1e-3, 1e6];

/// What was solved.
struct Solved {
    statics: Statics,
    exponents: Option<Exponents>,
    lowest: Option<Result<LowestOrder, String>>,
    /// The driven system to all orders, where that was asked.
    all: Option<AllOrders>,
    /// Currents without a drive, where they were asked.
    still: Option<AllOrders>,
}

fn wrong(error: ResponseError) -> ExperimentError {
    ExperimentError::Options(error.to_string())
}

impl Experiment {
    pub(super) fn run_response(&self, binding: &Binding) -> Result<Report, ExperimentError> {
        let Some(system) = &self.response else {
            return Err(ExperimentError::Options("the model was not prepared for the response level".into()));
        };
        let bound = system.bind(&binding.values).map_err(wrong)?;
        let statics = Statics::new(&bound).map_err(wrong)?;
        let driven = !bound.driven.is_empty();
        let order = self.options.order;
        // Of the lowest order they decide about validity alone, which a sweep does not ask.
        let certified = order == Order::All || self.options.control;
        let exponents = if certified { Exponents::new(&bound) } else { None };
        if let Some(found) = exponents.as_ref().filter(|e| e.largest() > 0.0 && order == Order::All) {
            return Ok(self.unstable(found));
        }
        let all = match order {
            Order::All if driven => Some(AllOrders::with_exponents(&statics, exponents.as_ref()).map_err(wrong)?),
            _ => None,
        };
        let lowest = driven.then(|| LowestOrder::new(&statics, Integrals::Automatic).map_err(|e| e.to_string()));
        if let (Order::Lowest, Some(Err(reason))) = (order, &lowest) {
            return Err(ExperimentError::Options(reason.clone()));
        }
        let currents = |r: &Request| r.definition.name == "dissipation" || MachineMeasure::is_current(r.definition);
        let still = if !driven && self.requests.iter().any(currents) {
            Some(AllOrders::new(&statics).map_err(wrong)?)
        } else {
            None
        };
        let solved = Solved { statics, exponents, lowest, all, still };
        let mut report = self.blank();
        report.ordering = "symmetrised".into();
        report.dynamics = if driven {
            format!("periodic state of driven couplings, Omega = {:.10}", bound.frequency)
        } else {
            "steady state of the static baths".into()
        };
        report.method = match &solved.all {
            Some(all) => format!(
                "all orders of the driven couplings: harmonic balance with {} harmonics on each side, graded quadrature",
                all.harmonics
            ),
            None if driven => {
                let how = match &solved.lowest {
                    Some(Ok(l)) if l.by_quadrature => "graded quadrature where the closed form would lose digits",
                    _ => "closed form by residues and digamma functions",
                };
                format!("lowest order of the driven couplings, static baths to all orders: {how}")
            }
            None => "static baths to all orders".into(),
        };
        let times = self.phases(&solved, &mut report);
        for request in &self.requests {
            let quantity = self.respond(system, binding, &solved, request, &times, &mut report);
            report.quantities.push(quantity);
        }
        self.certify_response(&solved, &mut report);
        if certified && driven {
            self.certify_drive(&solved, &mut report);
        }
        Ok(report)
    }

    /// The verdict on a drive without a periodic state.
    fn unstable(&self, exponents: &Exponents) -> Report {
        let mut report = self.blank();
        report.dynamics = "diverges: the drive makes the oscillators unstable".into();
        report.method = "Floquet exponents of the driven system with the inner variables of its baths".into();
        let reason = "the oscillators have no periodic state: the drive makes them unstable";
        let missing = |r: &Request| Quantity::missing(&r.text, r.definition.unit, reason);
        report.quantities = self.requests.iter().map(missing).collect();
        let note = format!(
            "largest real part of the Floquet exponents: perturbations double in a time of {:.6}",
            std::f64::consts::LN_2 / exponents.largest()
        );
        report.checks.push(Check::at_most("stable", exponents.largest(), 0.0, note));
        report
    }

    /// The covariances over a period, as the moments see them: one for a stationary state. Unknown entries are NaN.
    fn phases(&self, solved: &Solved, report: &mut Report) -> Vec<Snapshot> {
        let dim = 2 * self.model.modes.len();
        let mean = vec![c64::new(0.0, 0.0); dim / 2];
        let Some(all) = &solved.all else {
            let (covariance, error) = solved.statics.covariance();
            let note = "estimated relative error of the covariance of the static state";
            report.checks.push(Check::at_most("covariance", error, 1e-8, note));
            return vec![Snapshot { mean, covariance }];
        };
        let bound = solved.statics.bound();
        let period = TAU / bound.frequency;
        report.times = (0..=PHASES).map(|k| k as f64 * period / PHASES as f64).collect();
        report
            .times
            .iter()
            .map(|t| {
                let mut covariance = RMatrix::from_fn(dim, dim, |_, _| f64::NAN);
                for (a, &i) in bound.forms.iter().enumerate() {
                    for (b, &j) in bound.forms.iter().enumerate() {
                        covariance[(i, j)] = all
                            .covariance
                            .iter()
                            .enumerate()
                            .map(|(n, c)| {
                                let turn = c64::from_polar(1.0, -(n as f64) * bound.frequency * t);
                                if n == 0 { c[(a, b)].re } else { 2.0 * (c[(a, b)] * turn).re }
                            })
                            .sum();
                    }
                }
                Snapshot { mean: mean.clone(), covariance }
            })
            .collect()
    }

    fn respond(
        &self,
        system: &System,
        binding: &Binding,
        solved: &Solved,
        request: &Request,
        states: &[Snapshot],
        report: &mut Report,
    ) -> Quantity {
        let definition = request.definition;
        let missing = |why: &str| Quantity::missing(&request.text, definition.unit, why);
        let number = |value: f64, why: &str| {
            if value.is_finite() { Quantity::new(&request.text, value, definition.unit) } else { missing(why) }
        };
        let mode = request.arguments.first().map(|a| a.mode());
        if let Evaluate::Moments(of) = definition.evaluate {
            let values: Vec<f64> = states.iter().map(|s| of(s, &request.arguments)).collect();
            if values.iter().any(|v| !v.is_finite()) {
                return missing(if solved.all.is_some() {
                    "known of the driven quadratures only to all orders; the lowest order gives the static state"
                } else {
                    "⟨p²⟩ diverges as the logarithm of the cut-off: a strictly Ohmic bath shakes the momentum at all frequencies; give it a cut-off"
                });
            }
            let (first, rest) = (values[0], &values[..values.len().max(2) - 1]);
            if values.len() == 1 {
                let mut quantity = number(first, "");
                quantity.note = solved.lowest.is_some().then(|| "of the static state".to_owned());
                return quantity;
            }
            let mut quantity = number(rest.iter().sum::<f64>() / rest.len() as f64, "");
            quantity.min = rest.iter().copied().reduce(f64::min);
            quantity.max = rest.iter().copied().reduce(f64::max);
            report.series.push(Series {
                name: request.text.clone(),
                unit: definition.unit.into(),
                times: report.times.clone(),
                values,
            });
            return quantity;
        }
        let at_rest = "no coupling of this model is driven: no work is done";
        // What gives all currents and their noise.
        let exact = solved.all.as_ref().or(solved.still.as_ref());
        let machine = match (exact, &solved.lowest) {
            (Some(all), _) => Some(&all.machine),
            (None, Some(Ok(lowest))) => Some(&lowest.machine),
            _ => None,
        };
        let lowest = match &solved.lowest {
            Some(Ok(lowest)) => Ok(lowest),
            Some(Err(reason)) => Err(reason.as_str()),
            None => Err(at_rest),
        };
        let to_all_orders = solved.all.is_some();
        let of_order = |mut quantity: Quantity| {
            if to_all_orders {
                quantity.note = Some("of the lowest order".into());
            }
            quantity
        };
        match (definition.name, MachineMeasure::of(definition)) {
            ("power", _) => match (machine, &solved.lowest) {
                (Some(_), Some(Ok(lowest))) if !to_all_orders => number(lowest.power_of(mode), ""),
                (Some(machine), _) => number(machine.power_of(mode), ""),
                _ => number(0.0, ""),
            },
            ("dissipation", _) => match machine {
                Some(machine) => number(machine.dissipation, "infinite: a bath at zero temperature takes heat"),
                None => missing("not computed"),
            },
            (
                _,
                Some(
                    kind @ (MachineMeasure::HeatCurrent | MachineMeasure::HeatNoise | MachineMeasure::HeatUncertainty),
                ),
            ) => {
                let label = request.channel.as_deref().unwrap_or_default();
                let Some(index) = self.model.structured.iter().position(|b| b.label == label) else {
                    return missing("no bath of this label");
                };
                let heat = machine.and_then(|m| m.heat.get(index).copied()).unwrap_or(0.0);
                match (kind, exact) {
                    (MachineMeasure::HeatCurrent, _) => number(
                        heat,
                        "this order fixes only the sum of the currents of several static baths: ask with --order all",
                    ),
                    (_, None) => missing("the lowest order has no noise of the heat: ask with --order all"),
                    (MachineMeasure::HeatNoise, Some(all)) => number(all.heat_noise(index), ""),
                    (_, Some(all)) => {
                        let tur = all.machine.dissipation * all.heat_noise(index) / (heat * heat);
                        number(tur, "no heat flows, or a bath at zero temperature takes it")
                    }
                }
            }
            (
                _,
                Some(kind @ (MachineMeasure::Spectrum | MachineMeasure::CrossSpectrum | MachineMeasure::Absorption)),
            ) => self.spectrum_of(solved, request, kind),
            (_, Some(MachineMeasure::Poles)) => {
                let mut list: Vec<[f64; 2]> =
                    solved.statics.places().iter().map(|p| [p.re.abs(), -2.0 * p.im]).collect();
                list.sort_by(|a, b| a[1].total_cmp(&b[1]));
                let mut quantity = number(list.len() as f64, "");
                quantity.list = Some(list);
                quantity
            }
            (_, Some(MachineMeasure::Noise)) => match machine {
                Some(machine) => number(machine.fluctuations(mode), ""),
                None => missing(at_rest),
            },
            (_, Some(MachineMeasure::Uncertainty)) => match (machine, lowest) {
                (Some(_), Ok(lowest)) if !to_all_orders => number(lowest.uncertainty(mode), "the power is 0"),
                (Some(machine), _) => number(machine.uncertainty(mode), "the power is 0"),
                _ => missing(at_rest),
            },
            (_, Some(MachineMeasure::Efficiency)) => match machine {
                Some(machine) => number(machine.efficiency(), "no drive does work on the oscillators"),
                None => missing(at_rest),
            },
            (_, Some(kind)) => {
                let lowest = match lowest {
                    Ok(lowest) => lowest,
                    Err(reason) => return missing(reason),
                };
                let k = mode.unwrap_or(0);
                let one_scale =
                    "the frequency of the drives is not set by one parameter: say power_bound, at fixed protocol";
                match kind {
                    MachineMeasure::Dissipative => of_order(number(
                        mode.map_or_else(|| lowest.dissipative.iter().sum(), |k| lowest.dissipative[k]),
                        "",
                    )),
                    MachineMeasure::Exchange => of_order(number(lowest.exchange[k], "")),
                    MachineMeasure::Bound => {
                        of_order(number(lowest.bound(mode, false).unwrap_or(f64::NAN), "the power is 0"))
                    }
                    MachineMeasure::BoundTotal => match lowest.bound(mode, true) {
                        Some(value) => of_order(number(value, "the power is 0")),
                        None => missing(one_scale),
                    },
                    MachineMeasure::Literal => {
                        let (covariance, _) = solved.statics.covariance();
                        let moved = literal_split(solved.statics.bound(), &covariance);
                        let power = lowest.machine.power[k] + moved[k];
                        of_order(number(power, "the counter-term of the driven bath is infinite"))
                    }
                    MachineMeasure::Adiabatic
                    | MachineMeasure::AdiabaticExchange
                    | MachineMeasure::Diabatic
                    | MachineMeasure::DiabaticExchange => match Asymptotics::new(&solved.statics) {
                        Err(error) => missing(&error.to_string()),
                        Ok(found) => {
                            let list = match kind {
                                MachineMeasure::Adiabatic => &found.adiabatic,
                                MachineMeasure::AdiabaticExchange => &found.adiabatic_exchange,
                                MachineMeasure::Diabatic => &found.diabatic,
                                _ => &found.diabatic_exchange,
                            };
                            number(list[k], "the limit does not exist")
                        }
                    },
                    _ => {
                        let found = self.thresholds(system, binding, kind, k);
                        match found {
                            Err(reason) => missing(&reason),
                            Ok(list) if list.is_empty() => missing("none in the range looked at"),
                            Ok(list) => {
                                let mut quantity = number(list[list.len() - 1], "");
                                quantity.list = Some(list.iter().map(|w| [*w, 0.0]).collect());
                                of_order(quantity)
                            }
                        }
                    }
                }
            }
            _ => missing("not a property of the response"),
        }
    }

    /// A spectrum as a list, its value the frequency of the maximum.
    fn spectrum_of(&self, solved: &Solved, request: &Request, kind: MachineMeasure) -> Quantity {
        let unit = request.definition.unit;
        let rows: Vec<usize> = request
            .arguments
            .iter()
            .map(|a| match a {
                Argument::Quadrature(mode, axis) => 2 * mode + axis.row(),
                Argument::Mode(mode) => 2 * mode,
            })
            .collect();
        let [i, j] = [rows[0], rows[rows.len() - 1]];
        let absorption = kind == MachineMeasure::Absorption;
        let spectra = match &solved.all {
            Some(all) if !absorption => {
                Spectra::to_all_orders(&solved.statics, solved.exponents.as_ref(), all.harmonics)
            }
            _ => Spectra::of_statics(&solved.statics),
        };
        let found = if absorption {
            spectra.list(|w| Some(spectra.absorption(w, i)))
        } else {
            spectra.list(|w| spectra.noise(w, i, j).map(|z| z.re))
        };
        let Some((peak, list)) = found else {
            let why = "known of the driven quadratures only to all orders; the lowest order gives the static state";
            return Quantity::missing(&request.text, unit, why);
        };
        let mut quantity = Quantity::new(&request.text, peak, unit);
        quantity.list = Some(list);
        let of_static = absorption || solved.all.is_none();
        quantity.note = (of_static && solved.lowest.is_some()).then(|| "of the static state".to_owned());
        quantity
    }

    /// Frequencies of the drive at which ln(Q/2) or P of a mode changes sign, in lowest order.
    fn thresholds(
        &self,
        system: &System,
        binding: &Binding,
        kind: MachineMeasure,
        k: usize,
    ) -> Result<Vec<f64>, String> {
        let Some(parameter) = system.frequency_parameter() else {
            return Err("the frequency of the drives is not set by one parameter".into());
        };
        let bound = system.bind(&binding.values).map_err(|e| e.to_string())?;
        let fastest = bound.hessian.norm_max();
        // The parameter and the frequency are proportional.
        let scale = binding.value(parameter) / bound.frequency;
        let value = |ln: f64| -> Result<f64, String> {
            let mut there = binding.clone();
            self.model.parameters.set(&mut there, parameter, scale * ln.exp()).map_err(|e| e.to_string())?;
            let bound = system.bind(&there.values).map_err(|e| e.to_string())?;
            let statics = Statics::new(&bound).map_err(|e| e.to_string())?;
            let lowest = LowestOrder::new(&statics, Integrals::Automatic).map_err(|e| e.to_string())?;
            Ok(match kind {
                // Where P = 0 it is +∞ from both sides: no change of sign there.
                MachineMeasure::UncertaintyThreshold => (0.5 * lowest.uncertainty(Some(k))).ln().min(50.0),
                _ => lowest.machine.power[k] / lowest.machine.power.iter().fold(1e-300, |m: f64, p| m.max(p.abs())),
            })
        };
        let ends = RANGE.map(|x| (x * fastest).ln());
        let at = |j: usize| ends[0] + (ends[1] - ends[0]) * j as f64 / (SCAN - 1) as f64;
        let mut list = Vec::new();
        let mut before = value(at(0))?;
        for j in 1..SCAN {
            let now = value(at(j))?;
            if before.is_finite() && now.is_finite() && before * now < 0.0 {
                let root = brent(|x| value(x).unwrap_or(f64::NAN), at(j - 1), at(j), 1e-14);
                list.push(root.map_err(|e| e.to_string())?.exp());
            }
            before = now;
        }
        Ok(list)
    }

    fn certify_response(&self, solved: &Solved, report: &mut Report) {
        let machine = match (solved.all.as_ref().or(solved.still.as_ref()), &solved.lowest) {
            (Some(all), _) => &all.machine,
            (None, Some(Ok(lowest))) => &lowest.machine,
            _ => return,
        };
        let largest = machine.power.iter().chain(&machine.heat).fold(0.0_f64, |m, p| m.max(p.abs()));
        if solved.lowest.is_some() && solved.all.is_none() {
            let note = "estimated relative error of the integrals of the lowest order";
            report.checks.push(Check::at_most("integrals", machine.error, 1e-8, note));
        }
        if machine.dissipation.is_finite() {
            let coldest = self.coldest(solved);
            let value = machine.dissipation * coldest / largest.max(f64::MIN_POSITIVE);
            let status = if value >= -1e-8 { Status::Pass } else { Status::Fail };
            report.checks.push(Check {
                name: "second law".into(),
                status,
                value: Some(value),
                limit: Some(0.0),
                note: "entropy production times the lowest temperature, over the largest current: not negative".into(),
            });
        }
        if let Some(all) = solved.all.as_ref().or(solved.still.as_ref()) {
            let note = "P + ΣJ over the largest of them, each computed by itself";
            report.checks.push(Check::at_most("first law", all.balance, 1e-6, note));
            let note = "largest sum over all currents of their noise with one of them, over the largest noise: the energy of the oscillators is bounded";
            report.checks.push(Check::at_most("first law of the noise", all.noise_balance, 1e-6, note));
            if solved.all.is_some() {
                let note = "largest relative change by the last harmonic on each side";
                report.checks.push(Check::at_most("harmonics", all.change, 1e-6, note));
            }
        }
    }

    /// Whether the drive leaves a periodic state, and whether it is weak.
    fn certify_drive(&self, solved: &Solved, report: &mut Report) {
        let Some(exponents) = &solved.exponents else {
            let note = "the Floquet exponents of baths that are not rational are not computed: stability is not tested";
            report.checks.push(Check::note("stable", None, note));
            return;
        };
        report.checks.push(Check::at_most(
            "stable",
            exponents.largest(),
            0.0,
            "largest real part of the Floquet exponents: perturbations decay where it is negative",
        ));
        if let (Order::Lowest, Some(Ok(lowest))) = (self.options.order, &solved.lowest) {
            report.checks.push(self.validity(solved, lowest, exponents));
        }
    }

    fn coldest(&self, solved: &Solved) -> f64 {
        let bound = solved.statics.bound();
        let baths = bound.reservoirs.iter().map(|r| r.temperature).chain(bound.driven.iter().map(|d| d.temperature));
        baths.fold(f64::INFINITY, f64::min)
    }

    /// The lowest order against all orders, and its control parameter: how fast the driven baths by themselves would damp an oscillator,
    /// over the slowest rate of the oscillators on their static baths.
    fn validity(&self, solved: &Solved, lowest: &LowestOrder, exponents: &Exponents) -> Check {
        let bound = solved.statics.bound();
        let slowest = solved.statics.slowest();
        let at = solved.statics.places().iter().min_by(|a, b| a.im.abs().total_cmp(&b.im.abs()));
        let frequency = at.map_or(0.0, |p| p.re.abs());
        let mut damping = 0.0_f64;
        for driven in &bound.driven {
            for (a, &l) in bound.forms.iter().enumerate() {
                let square: f64 = driven.harmonics.iter().skip(1).map(|g| 4.0 * g[a].norm_sqr()).sum();
                // The inverse mass of a quadrature stands at its conjugate: ω for q.
                damping = damping.max(driven.kernel.damping(frequency) * square * bound.hessian[(l ^ 1, l ^ 1)]);
            }
        }
        let ratio = damping / slowest;
        let name = "lowest order";
        match AllOrders::with_exponents(&solved.statics, Some(exponents)) {
            Err(error) => Check::fail(name, None, format!("all orders were not found: {error}")),
            Ok(all) => {
                let mut worst = 0.0_f64;
                let total = lowest.machine.power.iter().fold(0.0_f64, |m, p| m.max(p.abs()));
                for k in 0..lowest.machine.power.len() {
                    let (one, two) = (lowest.machine.power[k], all.machine.power[k]);
                    worst = worst.max((one - two).abs() / two.abs().max(1e-6 * total));
                    let (one, two) = (lowest.machine.noise[(k, k)], all.machine.noise[(k, k)]);
                    if two != 0.0 {
                        worst = worst.max((one - two).abs() / two.abs());
                    }
                }
                let mut note = format!(
                    "largest relative difference of a power or its noise from all orders; control parameter: the driven bath by itself would damp at {damping:.1e}, {ratio:.1e} of the slowest rate of the oscillators, {slowest:.3e}"
                );
                if worst > GOOD_ORDER {
                    note.push_str(": the coupling is too strong for the lowest order, ask with --order all");
                }
                Check::at_most(name, worst, GOOD_ORDER, note)
            }
        }
    }
}
