//! Recorded clocks: from measured signals or tick lists to rates, locking, significance and a figure.
//!
//! [`analyse`] takes the [`Clock`]s of a recording and hands back an [`Analysis`]: a report with quantities and checks, as a run of a
//! model gives, and what the figure draws. The measures themselves are the library's ([`huygens::measures::phases`],
//! [`huygens::measures::clocks`]); this room decides which of them are asked, on what grid of times, and which warnings their numbers
//! deserve.
//!
//! ```
//! use huygens_lab::clocks::{Clock, Options, analyse};
//! // Two tick lists: the second clock follows the first by 20 ms, with some jitter.
//! let first: Vec<f64> = (0..200).map(f64::from).collect();
//! let second: Vec<f64> = (0..200).map(|k| f64::from(k) + 0.02 + 0.004 * (1.7 * f64::from(k)).sin()).collect();
//! let clocks = [Clock::ticking("a", first)?, Clock::ticking("b", second)?];
//! let analysis = analyse(&clocks, &Options::default())?;
//! assert!((analysis.report.value("asynchrony(a,b)").unwrap() - 0.02).abs() < 1e-3);
//! assert!(analysis.report.value("sync_index(a,b)").unwrap() > 0.99);
//! # Ok::<(), huygens_lab::clocks::ClocksError>(())
//! ```

mod alone;
mod analysis;
mod catalogue;
mod clock;
mod input;
mod pair;
mod picture;
mod significance;
mod together;

pub use analysis::{Analysis, analyse};
pub use catalogue::{MEASURES, Measure, choose};
pub use clock::Clock;
pub use input::{Reading, Recorded, read};

use huygens::measures::phases::{PhaseError, Surrogates};
use thiserror::Error;

/// How a signal becomes a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Definition {
    /// One cycle a peak, linear between peaks: needs one well marked peak a cycle and nothing else.
    #[default]
    Peaks,
    /// The angle of the analytic signal about the mean.
    Hilbert,
    /// That angle, made uniform by the transform of Kralemann et al. (2008).
    Protophase,
}

impl Definition {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Peaks, Self::Hilbert, Self::Protophase];

    /// `peaks`, `hilbert` or `protophase`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Peaks => "peaks",
            Self::Hilbert => "hilbert",
            Self::Protophase => "protophase",
        }
    }
}

/// What is asked of an analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Definition of the phase that the measures use; the others are compared with it.
    pub phase: Definition,
    /// Number of surrogates; 0 for none.
    pub surrogates: usize,
    /// Null model.
    pub kind: Surrogates,
    /// Seed of the surrogates.
    pub seed: u64,
    /// Least prominence of a peak, as a share of the range of the signal.
    pub prominence: f64,
    /// Largest value of the smaller of n and m in n:m locking.
    pub largest: u32,
    /// Unit of time, `s` unless the rate is not known.
    pub unit: String,
    /// Measures to keep, as [`choose`] reads them; empty for all.
    pub measures: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            phase: Definition::Peaks,
            surrogates: 199,
            kind: Surrogates::Shifted,
            seed: 1,
            prominence: 0.2,
            largest: 3,
            unit: "s".into(),
            measures: Vec::new(),
        }
    }
}

/// Why recorded clocks could not be analysed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClocksError {
    /// Fewer than two clocks.
    #[error("{found} signal: synchronization needs two or more; name more files, or more columns with --columns")]
    TooFewClocks {
        /// How many there are.
        found: usize,
    },
    /// A signal of which a phase cannot be made.
    #[error("signal `{name}`: {source}")]
    Signal {
        /// The signal.
        name: String,
        /// Why.
        source: PhaseError,
    },
    /// A signal without peaks.
    #[error(
        "signal `{name}` has {found} peaks of at least {share} % of its range: {needed} are needed; record for longer, or lower --prominence"
    )]
    TooFewPeaks {
        /// The signal.
        name: String,
        /// How many peaks it has.
        found: usize,
        /// How many are needed.
        needed: usize,
        /// The threshold.
        share: f64,
    },
    /// Signals of different lengths or times.
    #[error(
        "signals `{first}` and `{second}` were not recorded together: {why}; cut them to the same times, or give tick lists with --ticks"
    )]
    Apart {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// What differs.
        why: String,
    },
    /// Two clocks that do not run at the same time.
    #[error("`{first}` and `{second}` tick at the same time for {cycles:.1} cycles only: {needed} are needed")]
    NoOverlap {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// Common cycles of the slower one.
        cycles: f64,
        /// How many are needed.
        needed: usize,
    },
    /// Something that does not go together.
    #[error("{message}")]
    Option {
        /// What, and the cure.
        message: String,
    },
    /// A measure that there is not.
    #[error("unknown measure `{name}`{hint}; there are {all}")]
    Measure {
        /// As it was asked for.
        name: String,
        /// The nearest.
        hint: String,
        /// All.
        all: String,
    },
}
