//! Phases of recorded oscillations, and what they say about synchronization.
//!
//! Data in, numbers out: every function takes slices and knows no files. A *phase* is a list of radians, one a sample, that
//! grows by 2π a cycle and is not wrapped; [`unwrap`] makes it from angles.
//!
//! * From a signal to its phase: [`Orbit`] (the analytic signal and other planar embeddings), [`PhaseTransform`] (from the
//!   angle seen from the centre to a phase that grows uniformly), [`EventPhase`] (from ticks or peaks). [`Winding`] tells
//!   whether an orbit circles its centre at all: where it does not, its angle is no phase.
//! * Two phases: [`scan`] (which n:m locking, how strong), [`difference`], [`slips`], [`locked_fraction`].
//! * Is it more than chance? [`Surrogates`] and [`p_value`]: named null models with a seed.
//! * Who leads? [`Directionality`].
//! * Many phases: [`order_parameter`].
//!
//! ```
//! use huygens::measures::phases::{EventPhase, Ratio, index};
//! // Two clocks, the second three times as fast; 2 of the first are 6 of the second.
//! let slow: Vec<f64> = (0..50).map(f64::from).collect();
//! let fast: Vec<f64> = (0..150).map(|k| 0.1 + f64::from(k) / 3.0).collect();
//! let times: Vec<f64> = (0..2000).map(|k| 0.5 + 0.02 * f64::from(k)).collect();
//! let slow = EventPhase::new(&slow)?.sample(&times);
//! let fast = EventPhase::new(&fast)?.sample(&times);
//! let locked = index(&slow, &fast, Ratio { n: 3, m: 1 });
//! assert!((locked.norm() - 1.0).abs() < 1e-12);
//! assert!(index(&slow, &fast, Ratio { n: 2, m: 1 }).norm() < 0.05);
//! # Ok::<(), huygens::measures::phases::PhaseError>(())
//! ```

use thiserror::Error;

mod direction;
mod events;
mod locking;
mod orbit;
mod order;
mod rate;
mod surrogates;
mod transform;
mod winding;

pub use direction::{Directionality, directionality};
pub use events::EventPhase;
pub use locking::{
    Locking, Ratio, Slip, difference, index, index_without_bias, locked_fraction, locking, moving_mean, ratios, scan,
    slips,
};
pub use orbit::{Orbit, analytic_signal};
pub use order::{Order, order_parameter};
pub use rate::{Rate, mean_rate};
pub use surrogates::{
    Autoregressive, Surrogates, Twins, correlate_shifts, p_value, phase_randomised, random_shifts, shifted,
};
pub use transform::PhaseTransform;
pub use winding::Winding;

/// Why a phase, or what follows from it, could not be computed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum PhaseError {
    /// Too little data.
    #[error("{found} {what} are too few: {needed} are needed; record for longer")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// Nothing oscillates.
    #[error("the signal is constant ({value}): it has no phase; give a signal that oscillates")]
    Constant {
        /// Its value.
        value: f64,
    },
    /// A number that is none.
    #[error("sample {index} (counted from 0) is not a finite number: cut the gap out or fill it first")]
    NotFinite {
        /// Where.
        index: usize,
    },
    /// Ticks that do not follow one another.
    #[error(
        "tick {index} (counted from 0) at {time} does not come after the one before: sort the list and drop doubles"
    )]
    NotIncreasing {
        /// Which.
        index: usize,
        /// Its time.
        time: f64,
    },
    /// Phases that cannot be told apart.
    #[error(
        "the two phases are so tightly locked that the influence of one on the other cannot be told from its own motion"
    )]
    Degenerate,
}

/// Angles (radians) made continuous: each step is taken the short way round, in (−π, π].
pub fn unwrap(angles: &[f64]) -> Vec<f64> {
    use std::f64::consts::{PI, TAU};
    let mut turns = 0.0;
    let mut out = Vec::with_capacity(angles.len());
    for (k, &angle) in angles.iter().enumerate() {
        if k > 0 {
            let step = angle - angles[k - 1];
            turns -= ((step + PI) / TAU).ceil() - 1.0;
        }
        out.push(angle + TAU * turns);
    }
    out
}

/// All samples finite, at least `needed` of them.
fn finite(samples: &[f64], needed: usize) -> Result<(), PhaseError> {
    if samples.len() < needed {
        return Err(PhaseError::TooFew { what: "samples", found: samples.len(), needed });
    }
    match samples.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(PhaseError::NotFinite { index }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests;
