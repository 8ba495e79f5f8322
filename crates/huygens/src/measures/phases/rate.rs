//! Mean rates.

use std::f64::consts::TAU;

use super::PhaseError;

/// A mean rate with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Cycles a unit of time.
    pub rate: f64,
    /// Standard error of the rate, from the scatter of the rates of blocks of the record.
    pub error: f64,
    /// Number of blocks.
    pub blocks: usize,
}

/// The mean rate (φ(t_N) − φ(t_0))/(2π(t_N − t_0)) of a phase, cycles a unit of time.
///
/// The error comes from the rates of up to 16 blocks of equal length of at least 4 cycles: their standard deviation divided by
/// the square root of their number. A rate that wanders more slowly than a block makes it too small. With fewer than 3 blocks it
/// is infinite.
///
/// # Errors
/// [`PhaseError::TooFew`] below 2 samples.
///
/// # Panics
/// When the lists have different lengths.
#[track_caller]
pub fn mean_rate(times: &[f64], phase: &[f64]) -> Result<Rate, PhaseError> {
    assert_eq!(times.len(), phase.len(), "a time for each phase");
    let n = times.len();
    if n < 2 {
        return Err(PhaseError::TooFew { what: "samples", found: n, needed: 2 });
    }
    let between = |a: usize, b: usize| (phase[b] - phase[a]) / (TAU * (times[b] - times[a]));
    let rate = between(0, n - 1);
    let cycles = ((phase[n - 1] - phase[0]) / TAU).abs();
    let blocks = ((cycles / 4.0) as usize).min(16).min(n - 1);
    if blocks < 3 {
        return Ok(Rate { rate, error: f64::INFINITY, blocks });
    }
    let edge = |b: usize| b * (n - 1) / blocks;
    let rates: Vec<f64> = (0..blocks).map(|b| between(edge(b), edge(b + 1))).collect();
    let mean = rates.iter().sum::<f64>() / blocks as f64;
    let variance = rates.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (blocks - 1) as f64;
    Ok(Rate { rate, error: (variance / blocks as f64).sqrt(), blocks })
}
