//! Measures of clocks, from sampled signals or lists of ticks.
//!
//! Data in, typed results out: the functions take slices of times and values, know no files, and say in `notes` what a reader
//! must know. Missing samples are NaN; nothing is computed across a gap.
//!
//! * [`ticks`]: ticks of a signal (upward crossings with hysteresis, peaks), interpolated.
//! * [`accuracy`]: N = ⟨t⟩²/var t of the tick intervals with a confidence interval that knows heavy tails; phase diffusion.
//! * [`deviation`]: how far two clocks stray from each other, literally and tick by nearest tick, with the closed forms of noisy
//!   linear oscillators.
//! * [`allan`]: frequency stability over averaging times: the Allan family, with confidence intervals and gaps.
//! * [`asynchrony`]: who leads and who lags among players that tick together.
//! * [`pearson`]: correlation of two signals with the error of their effective number of samples.

use std::ops::Range;

pub mod accuracy;
pub mod allan;
pub mod asynchrony;
pub mod deviation;
pub mod pearson;
pub mod ticks;

mod resample;

/// What keeps a clock measure from a result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// Times and values differ in number.
    #[error("{times} times but {values} values: give one time a value")]
    Lengths {
        /// Number of times.
        times: usize,
        /// Number of values.
        values: usize,
    },
    /// A time is not finite or does not increase.
    #[error("time {index} (counted from 0) is {time}, the one before {before}: times must be finite and increase")]
    Times {
        /// Index of the time.
        index: usize,
        /// The time.
        time: f64,
        /// The time before it.
        before: f64,
    },
    /// Too little data.
    #[error("{needed} {what} are needed, here are {found}: {cure}")]
    TooFew {
        /// What is counted, such as `tick intervals`.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
        /// What to do.
        cure: &'static str,
    },
    /// Nothing varies.
    #[error("{what} is constant: {cure}")]
    Constant {
        /// What is constant, such as `the signal`.
        what: &'static str,
        /// What to do.
        cure: &'static str,
    },
    /// An option outside its range.
    #[error("{name} = {value} cannot be: {expected}")]
    Option {
        /// Name of the option.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// Numbers so large or so small that their squares leave the range of double precision.
    #[error("{what} leaves the range of numbers: scale the data")]
    Range {
        /// What overflowed.
        what: &'static str,
    },
}

/// A result of a measure, refused where it is not finite.
fn finite(what: &'static str, value: f64) -> Result<f64, ClockError> {
    if value.is_finite() { Ok(value) } else { Err(ClockError::Range { what }) }
}

/// An option that must be positive and finite.
fn positive(name: &'static str, value: f64) -> Result<f64, ClockError> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(ClockError::Option { name, value, expected: "a positive number" })
    }
}

/// Stretches of consecutive samples that hold finite values and no step of time longer than `max_step` (infinite: any).
///
/// # Errors
/// [`ClockError::Lengths`]; [`ClockError::Times`] where time stands still, runs backwards or is not finite.
pub fn stretches(times: &[f64], values: &[f64], max_step: f64) -> Result<Vec<Range<usize>>, ClockError> {
    if times.len() != values.len() {
        return Err(ClockError::Lengths { times: times.len(), values: values.len() });
    }
    let mut stretches = Vec::new();
    let mut begin = None;
    for i in 0..times.len() {
        let before = if i > 0 { times[i - 1] } else { f64::NEG_INFINITY };
        if !(times[i].is_finite() && times[i] > before) {
            return Err(ClockError::Times { index: i, time: times[i], before });
        }
        if i > 0 && times[i] - before > max_step {
            stretches.extend(begin.take().map(|b| b..i));
        }
        if values[i].is_finite() {
            begin.get_or_insert(i);
        } else {
            stretches.extend(begin.take().map(|b| b..i));
        }
    }
    stretches.extend(begin.map(|b| b..times.len()));
    Ok(stretches)
}

/// Mean and variance (divisor n − 1) in two passes; the variance of fewer than two numbers is 0.
fn moments(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    // Differences from the first value keep the digits of data far from zero.
    let origin = values.first().copied().unwrap_or(0.0);
    let shift = values.iter().map(|v| v - origin).sum::<f64>() / n.max(1.0);
    let mean = origin + shift;
    let square: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    [mean, if values.len() > 1 { square / (n - 1.0) } else { 0.0 }]
}

/// Quantile `p` of sorted numbers, interpolated linearly. NaN for no values.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = p.clamp(0.0, 1.0) * last as f64;
    let k = (at as usize).min(last);
    let next = sorted[(k + 1).min(last)];
    sorted[k] + (at - k as f64) * (next - sorted[k])
}
