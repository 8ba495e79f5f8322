//! Phase from ticks or peaks.

use std::f64::consts::TAU;

use super::PhaseError;

/// The phase of a list of ticks: φ = 2πk at tick k, linear between ticks. One cycle a tick, whatever the waveform: the phase
/// of choice for spiking, relaxing and chaotic oscillators with one well marked event a cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventPhase<'a> {
    ticks: &'a [f64],
}

impl<'a> EventPhase<'a> {
    /// Of ticks in increasing order.
    ///
    /// # Errors
    /// [`PhaseError::TooFew`] below 2 ticks, [`PhaseError::NotFinite`], [`PhaseError::NotIncreasing`].
    pub fn new(ticks: &'a [f64]) -> Result<Self, PhaseError> {
        if ticks.len() < 2 {
            return Err(PhaseError::TooFew { what: "ticks", found: ticks.len(), needed: 2 });
        }
        if let Some(index) = ticks.iter().position(|t| !t.is_finite()) {
            return Err(PhaseError::NotFinite { index });
        }
        match ticks.windows(2).position(|w| w[1] <= w[0]) {
            Some(k) => Err(PhaseError::NotIncreasing { index: k + 1, time: ticks[k + 1] }),
            None => Ok(Self { ticks }),
        }
    }

    /// First and last tick: the phase is known between them.
    pub fn span(&self) -> (f64, f64) {
        (self.ticks[0], self.ticks[self.ticks.len() - 1])
    }

    /// The phase at a time, `None` outside of the ticks.
    pub fn at(&self, time: f64) -> Option<f64> {
        let (first, last) = self.span();
        if !(first..=last).contains(&time) {
            return None;
        }
        let k = self.ticks.partition_point(|&t| t <= time).clamp(1, self.ticks.len() - 1) - 1;
        let share = (time - self.ticks[k]) / (self.ticks[k + 1] - self.ticks[k]);
        Some(TAU * (k as f64 + share))
    }

    /// The phase at each of the times that lie between the first and the last tick; the others are skipped.
    pub fn sample(&self, times: &[f64]) -> Vec<f64> {
        times.iter().filter_map(|&t| self.at(t)).collect()
    }
}
