//! Driven couplings to all orders: powers, heat, their noise and the periodic covariance as integrals over the harmonics of [`harmonics`].
//!
//! Exact for this linear system, but for the number of harmonics and the quadrature: means and fluctuations are products of rows of
//! amplitudes by Wick's theorem.
//!
//! [`harmonics`]: super

use std::f64::consts::TAU;

use huygens_numerics::linalg::{CMatrix, RMatrix};
use rayon::prelude::*;

use super::ResponseError;
use super::bath::Kernel;
use super::currents::{Currents, Sums};
use super::exponents::Exponents;
use super::harmonics::Frame;
use super::lowest::Machine;
use super::statics::Statics;

/// Most harmonics on each side.
const MOST: usize = 40;
/// Wanted agreement between two numbers of harmonics.
const TOLERANCE: f64 = 1e-8;
/// Lengths of panels of the mesh over their distance from singularities: for the number of harmonics, and for the result (1e-12).
const COARSE: f64 = 5.0;
const FINE: f64 = 1.0;
/// Frequencies that are summed together: a part of the sum that one thread does.
const PART: usize = 128;

/// The driven system to all orders at one set of values.
#[derive(Clone, Debug)]
pub struct AllOrders {
    /// Powers, heat and fluctuations.
    pub machine: Machine,
    /// Harmonics kept on each side.
    pub harmonics: usize,
    /// Largest relative change of a power or a fluctuation by the last harmonic.
    pub change: f64,
    /// |P + Σ J| over the largest of them: the first law, with all currents computed by themselves.
    pub balance: f64,
    /// ∫₀^∞ ⟨{δX(t), δY(t−τ)}⟩ dτ averaged over the period between all currents: the powers of the drives of each mode, then the heat out of
    /// each structured bath of the model.
    pub noise: RMatrix,
    /// The largest sum of a row of `noise` over its largest element: the first law of the fluctuations, for the energy of the oscillators
    /// is bounded.
    pub noise_balance: f64,
    /// ½⟨{x_a, x_b}⟩ of the driven quadratures: its harmonics n = 0, 1, … of e^{−inΩt}.
    pub covariance: Vec<CMatrix>,
}

impl AllOrders {
    /// The driven system in its periodic state.
    ///
    /// # Errors
    /// [`ResponseError`] for a driven bath without a cut-off, an unstable drive, or harmonics that do not converge.
    pub fn new(statics: &Statics) -> Result<Self, ResponseError> {
        Self::with_exponents(statics, Exponents::new(statics.bound()).as_ref())
    }

    /// The same with the Floquet exponents of the system, where they are known.
    ///
    /// # Errors
    /// As [`AllOrders::new`].
    pub fn with_exponents(statics: &Statics, exponents: Option<&Exponents>) -> Result<Self, ResponseError> {
        let bound = statics.bound();
        if bound.driven.iter().any(|d| matches!(d.kernel, Kernel::Ohmic { .. })) {
            return Err(ResponseError::Divergent(
                "a driven coupling to a strictly Ohmic bath exchanges an infinite power (its counter-term is infinite): give the bath a cut-off, density = \"drude\"".into(),
            ));
        }
        if let Some(found) = exponents.filter(|e| e.largest() > 0.0) {
            return Err(ResponseError::NoSteadyState(format!(
                "the drive makes the oscillators unstable: the largest Floquet exponent has the real part {:.6}, and amplitudes grow as exp of that times the time",
                found.largest()
            )));
        }
        if bound.forms.is_empty() {
            return Self::with(statics, None, 0, FINE);
        }
        // How many harmonics: on a coarse mesh, whose errors are the same for both numbers.
        let mut side = 2 * bound.driven.iter().map(super::system::Driven::highest).max().unwrap_or(0);
        let mut before = Self::with(statics, exponents, side, COARSE)?;
        loop {
            let now = Self::with(statics, exponents, side + 1, COARSE)?;
            let scale = now.machine.power.iter().fold(0.0_f64, |m, p| m.max(p.abs()));
            let mut change = 0.0_f64;
            for (a, b) in now.machine.power.iter().zip(&before.machine.power) {
                change = change.max((a - b).abs() / a.abs().max(1e-6 * scale));
            }
            for (a, b) in now.machine.noise.as_slice().iter().zip(before.machine.noise.as_slice()) {
                change = change.max((a - b).abs() / now.machine.noise.norm_max().max(f64::MIN_POSITIVE));
            }
            // One more takes the change well below it.
            if change < TOLERANCE {
                let mut found = Self::with(statics, exponents, side + 1, FINE)?;
                found.change = change;
                return Ok(found);
            }
            side += 1;
            if side >= MOST || !change.is_finite() {
                return Err(ResponseError::NoSteadyState(format!(
                    "{side} harmonics on each side do not converge (the last changes the result by {change:.1e}): the drive is too strong or too slow for the harmonic balance"
                )));
            }
            before = now;
        }
    }

    /// One number of harmonics on each side, on a mesh of panels `ratio` times as long as their distance from the singularities.
    fn with(statics: &Statics, exponents: Option<&Exponents>, side: usize, ratio: f64) -> Result<Self, ResponseError> {
        let frame = Frame::new(statics, side);
        let bound = statics.bound();
        let currents = Currents::new(&frame, ratio <= FINE);
        let nodes = frame.nodes(exponents, ratio);
        let parts: Result<Vec<Sums>, f64> = nodes
            .par_chunks(PART)
            .map(|part| {
                let mut sums = currents.zero();
                for &(omega, weight) in part {
                    let window = frame.window(omega).ok_or(omega)?;
                    currents.add(&window, weight / TAU, &mut sums);
                }
                Ok(sums)
            })
            .collect();
        let parts = parts.map_err(|omega| {
            let text = format!("the harmonics are singular at the frequency {omega}: an undamped response");
            ResponseError::NoSteadyState(text)
        })?;
        let mut sums = currents.zero();
        parts.iter().for_each(|part| sums.merge(part));
        let Sums { power, heat, mut noise, covariance } = sums;
        let size = noise.rows();
        for i in 0..size {
            for j in 0..i {
                noise[(i, j)] = noise[(j, i)];
            }
        }
        let total: f64 = power.iter().sum::<f64>() + heat.iter().sum::<f64>();
        let largest = power.iter().chain(&heat).fold(0.0_f64, |m, x| m.max(x.abs()));
        let balance = if largest > 0.0 { total.abs() / largest } else { 0.0 };
        let sums = (0..size).map(|i| noise.row(i).iter().sum::<f64>().abs());
        let noise_balance = sums.fold(0.0, f64::max) / noise.norm_max().max(f64::MIN_POSITIVE);
        let temperatures = bound
            .reservoirs
            .iter()
            .map(|r| (r.index, r.temperature))
            .chain(bound.driven.iter().map(|d| (d.index, d.temperature)));
        // A bath at T = 0 that exchanges nothing produces nothing.
        let produced = temperatures.filter(|(k, _)| heat[*k] != 0.0).map(|(k, t)| heat[k] / t);
        let dissipation = -produced.sum::<f64>();
        let modes = power.len();
        let machine = Machine {
            frequency: bound.frequency,
            noise: RMatrix::from_fn(modes, modes, |i, j| noise[(i, j)]),
            power,
            heat,
            dissipation,
            error: 0.0,
        };
        Ok(Self { machine, harmonics: side, change: f64::INFINITY, balance, noise, noise_balance, covariance })
    }

    /// The zero-frequency noise of the heat out of a bath of the model.
    pub fn heat_noise(&self, bath: usize) -> f64 {
        let k = self.machine.power.len() + bath;
        self.noise[(k, k)]
    }
}
