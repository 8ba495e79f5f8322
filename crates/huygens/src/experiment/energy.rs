//! Heat and work on attractors and along direct runs.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::ode::System;

use super::Experiment;
use super::direct::COVARIANCE_LIMIT;
use super::summary::{States, averaged};
use crate::checks;
use crate::costs::energy::{BoundEnergetics, Energetics, Flows, Party};
use crate::levels::gaussian::expansion::Point;
use crate::levels::gaussian::orbit::Treatment;
use crate::levels::gaussian::shift::{self, Shifted};
use crate::levels::mean_field::attractor::{Attractor, Found, rotate_drift};
use crate::levels::mean_field::cycle::{self, ClosedOrbit};
use crate::levels::mean_field::integrate::Stretch;
use crate::measures::correlations::symplectic::gather;
use crate::measures::{EnergyMeasure, Request};
use crate::model::Binding;
use crate::report::{Check, Quantity, Report, Series};

/// (z, V, y) and the energy that has flowed in, ∫ (P − ΣJ) dt, as one system.
struct Ledger<'a> {
    state: Shifted<'a>,
    energetics: BoundEnergetics<'a>,
    modes: usize,
}

impl System for Ledger<'_> {
    fn dim(&self) -> usize {
        self.state.dim() + 1
    }

    fn rhs(&mut self, t: f64, y: &[f64], dy: &mut [f64]) {
        let n = self.state.dim();
        self.state.rhs(t, &y[..n], &mut dy[..n]);
        dy[n] = self.energetics.flows(t, &Shifted::point(self.modes, &y[..n])).balance();
    }
}

impl Experiment {
    fn bound_energetics(&self, binding: &Binding) -> Result<BoundEnergetics<'_>, String> {
        let energetics = self.energetics.as_ref().ok_or("heat and work were not asked for")?;
        energetics.bind(&binding.values).map_err(|e| e.message(&self.model.names()))
    }

    /// Heat and work at every sample of an attractor.
    pub(super) fn energies(&self, binding: &Binding, states: &States, found: &Found) -> Result<Vec<Flows>, String> {
        if !self.fast.is_empty() {
            return Err("needs the modes that are eliminated: leave out --eliminate".into());
        }
        let mut energetics = self.bound_energetics(binding)?;
        let bound = self.bind(binding).map_err(|e| e.to_string())?;
        let modes = self.model.modes.len();
        let all: Vec<usize> = (0..modes).collect();
        let (mut means, mut covariances) = (Vec::new(), Vec::new());
        self.each(states, Treatment::Removed, |_, moments| {
            means.push(all.iter().map(|&k| moments.mean(k)).collect::<Vec<c64>>());
            covariances.push(gather(moments, &all));
        });
        let (mean, covariance) = (&means[0], &covariances[0]);
        let period = states.first().period;
        let times = states.times();
        match &found.attractor {
            Attractor::Cycle(_) if self.linear => {
                let rest = vec![c64::new(0.0, 0.0); modes];
                let flows = times.iter().zip(&means).zip(&covariances).map(|((&t, mean), covariance)| {
                    energetics.flows(t, &Point { mean, shift: &rest, covariance: covariance.as_slice() })
                });
                Ok(flows.collect())
            }
            Attractor::Cycle(_) => {
                let scheme = self.scheme(self.options.tolerance);
                let (_, monodromy, size) = cycle::transport(&bound, mean, period, scheme, f64::MAX)
                    .map_err(|stop| format!("the orbit cannot be followed ({stop:?})"))?;
                let orbit = ClosedOrbit { start: mean.clone(), period, closure: 0.0, monodromy, size };
                let path = shift::on_cycle(
                    &bound,
                    energetics.flow(),
                    &orbit,
                    covariance,
                    states.growth(),
                    times.len(),
                    scheme,
                )
                .map_err(|e| e.to_string())?;
                Ok(times.iter().zip(&path).map(|(&t, y)| energetics.flows(t, &Shifted::point(modes, y))).collect())
            }
            attractor => {
                let first = states.first();
                let cells = modes / first.samples[0].mean.len();
                // The cell of a ring is repeated all around it.
                let place = |k: usize| match &self.ring {
                    Some((ring, _)) if cells > 1 => ring.places[k].0,
                    _ => k,
                };
                let right = &first.samples[0].right;
                let right = RMatrix::from_fn(2 * modes, right.cols(), |i, j| right[(2 * place(i / 2) + i % 2, j)]);
                let growth = first.growth.scale(1.0 / cells as f64);
                let mut drift = bound.drift_matrix(0.0, mean);
                if let Attractor::Rotating(rotating) = attractor {
                    let frequencies: Vec<f64> = all.iter().map(|&k| rotating.frequencies[place(k)]).collect();
                    drift = rotate_drift(drift, &frequencies);
                }
                let shift = if self.linear && right.cols() == 0 {
                    vec![c64::new(0.0, 0.0); modes]
                } else {
                    shift::at_rest(energetics.flow(), mean, covariance, &drift, &right, &growth)
                        .map_err(|e| e.to_string())?
                };
                let point = Point { mean, shift: &shift, covariance: covariance.as_slice() };
                Ok(vec![energetics.flows(0.0, &point); times.len()])
            }
        }
    }

    /// Heat and work at the times of a direct run from the model's start, with the first law from t = 0 to the last.
    pub(super) fn energies_along(
        &self,
        binding: &Binding,
        start: &[c64],
        times: &[f64],
    ) -> Result<(Vec<Flows>, Check), String> {
        let mut energetics = self.bound_energetics(binding)?;
        let bound = self.bind(binding).map_err(|e| e.to_string())?;
        let modes = start.len();
        let state = Shifted::new(&bound, energetics.flow().clone(), 0.0, 0.0);
        let mut ledger = Ledger { state, energetics: energetics.clone(), modes };
        let covariance = self.model.start_covariance(binding).map_err(|e| e.to_string())?;
        let mut y = Shifted::state(start, &covariance, &vec![c64::new(0.0, 0.0); modes]);
        y.push(0.0);
        let before = energetics.flows(0.0, &Shifted::point(modes, &y));
        let scheme = self.scheme(self.options.tolerance.max(1e-12));
        let mut stretch = Stretch::new(scheme, 0.0, &y, f64::MAX);
        let mut flows = Vec::with_capacity(times.len());
        for &t in times {
            stretch.run(&mut ledger, t).map_err(|stop| format!("diverges at t = {:.4}", stop.time()))?;
            let covariance = Shifted::point(modes, stretch.y()).covariance;
            if covariance.iter().any(|v| v.abs() > COVARIANCE_LIMIT) {
                return Err(format!("diverges at t = {t:.4}"));
            }
            flows.push(energetics.flows(t, &Shifted::point(modes, stretch.y())));
        }
        let flowed = stretch.y()[y.len() - 1];
        let last = flows.last().unwrap_or(&before);
        let (change, span) = (last.energy - before.energy, stretch.t());
        let gross = flows.iter().chain([&before]).map(|f| f.gross).fold(0.0, f64::max) * span;
        Ok((flows, checks::first_law(flowed - change, gross + change.abs())))
    }

    /// One of the two measures at every sample.
    pub(super) fn energy_series(
        &self,
        request: &Request,
        kind: EnergyMeasure,
        energies: Option<&Result<Vec<Flows>, String>>,
    ) -> Result<Vec<f64>, String> {
        let (Some(energetics), Some(flows)) = (&self.energetics, energies) else {
            return Err("heat and work were not asked for".into());
        };
        let mode = request.arguments.first().map(|a| a.mode());
        let chosen = self.chosen(energetics, kind, mode)?;
        let flows = flows.as_ref().map_err(Clone::clone)?;
        let values: Vec<f64> = flows
            .iter()
            .map(|f| {
                let list = if kind == EnergyMeasure::Heat { &f.heat } else { &f.power };
                chosen.iter().map(|&k| list[k]).sum()
            })
            .collect();
        if values.iter().any(|v| !v.is_finite()) {
            return Err("not finite on part of the orbit".into());
        }
        Ok(values)
    }

    /// Which reservoirs or drives act on the mode alone; all of them where none is named.
    fn chosen(&self, energetics: &Energetics, kind: EnergyMeasure, mode: Option<usize>) -> Result<Vec<usize>, String> {
        let heat = kind == EnergyMeasure::Heat;
        let parties: &[Party] = if heat { energetics.reservoirs() } else { energetics.drives() };
        let Some(mode) = mode else { return Ok((0..parties.len()).collect()) };
        let measure = if heat { "heat_flow" } else { "power" };
        if let Some(shared) = parties.iter().find(|p| p.modes.len() > 1 && p.modes.contains(&mode)) {
            return Err(format!(
                "`{}` acts on several modes at once, its energy belongs to none of them: ask {measure} without an argument",
                shared.name
            ));
        }
        let list: Vec<usize> = (0..parties.len()).filter(|&k| parties[k].modes == [mode]).collect();
        if heat && list.is_empty() {
            return Err(format!(
                "no bath and no jump acts on `{}`: nothing takes heat there",
                self.model.modes[mode].name
            ));
        }
        Ok(list)
    }

    /// The mean of a series of heat or work, with its remarks.
    pub(super) fn energy_quantity(
        &self,
        report: &mut Report,
        request: &Request,
        kind: EnergyMeasure,
        values: Result<Vec<f64>, String>,
        tail: &mut f64,
    ) -> Quantity {
        let definition = request.definition;
        let values = match values {
            Ok(values) => values,
            Err(reason) => return Quantity::missing(&request.text, definition.unit, reason),
        };
        let constant = values.iter().all(|v| *v == values[0]);
        let mut quantity = if constant {
            Quantity::new(&request.text, values[0], definition.unit)
        } else {
            averaged(&request.text, definition.unit, definition.average, &values, tail)
        };
        if kind == EnergyMeasure::Power && !self.model.hamiltonian.depends_on_time() {
            quantity.note = Some(
                "H is constant in this frame: no work by definition; the power of a drive that the frame holds still is not seen"
                    .into(),
            );
        }
        if values.len() > 1 {
            let times = report.times.clone();
            report.series.push(Series { name: request.text.clone(), unit: definition.unit.into(), times, values });
        }
        quantity
    }
}
