//! Frequency stability: the Allan family, from phase, frequency or ticks, with gaps.
//!
//! x(t) is the time error of a clock (its phase in units of time), y = dx/dt its fractional frequency error, τ = mτ₀. Definitions and
//! test values: W. J. Riley, *Handbook of Frequency Stability Analysis*, NIST Special Publication 1065 (2008).
//!
//! ```
//! use huygens::measures::clocks::allan::{Options, Series, Statistic, Taus, stability};
//! // A clock with independent errors of its intervals: white frequency noise, σ_y(τ) ∝ τ^(−1/2).
//! let mut random = huygens_numerics::random::Streams { seed: 1 }.trajectory(0);
//! let y: Vec<f64> = (0..20_000).map(|_| 1e-3 * random.normal()).collect();
//! let series = Series::from_frequency(&y, 1.0).unwrap();
//! let found = stability(&series, Statistic::Oadev, &Taus::Decade, &Options::default()).unwrap();
//! let at_100 = &found.points[2];
//! assert!((at_100.value / 1e-4 - 1.0).abs() < 0.2);
//! assert_eq!(at_100.noise, Some(0));
//! let [low, high] = at_100.interval.unwrap();
//! assert!(low < at_100.value && at_100.value < high);
//! ```

mod freedom;
mod interval_error;
mod noise;
mod series;
mod theo;
mod total;
mod variances;

#[cfg(test)]
mod tests;

pub use noise::identify;
pub use series::Series;

use huygens_numerics::special::chi_squared_quantile;

use super::{ClockError, finite};

/// A member of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Allan deviation from adjacent averages (SP 1065 eq. 9).
    Adev,
    /// Overlapping Allan deviation (eq. 11).
    Oadev,
    /// Modified Allan deviation (eq. 14).
    Mdev,
    /// Time deviation τ MDEV/√3 (eq. 15).
    Tdev,
    /// Hadamard deviation (eq. 17).
    Hdev,
    /// Overlapping Hadamard deviation (eq. 19).
    Ohdev,
    /// Total deviation (eq. 25).
    Totdev,
    /// Modified total deviation (eq. 27).
    Mtot,
    /// Time total deviation τ MTOT/√3 (eq. 28).
    Ttot,
    /// Hadamard total deviation (eq. 29).
    Htot,
    /// Thêo1 deviation (eq. 30), at τ = 0.75 mτ₀.
    Theo1,
    /// Maximum time interval error (eq. 34).
    Mtie,
    /// Root mean square of the time interval error (eq. 33).
    TieRms,
}

impl Statistic {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Adev,
        Self::Oadev,
        Self::Mdev,
        Self::Tdev,
        Self::Hdev,
        Self::Ohdev,
        Self::Totdev,
        Self::Mtot,
        Self::Ttot,
        Self::Htot,
        Self::Theo1,
        Self::Mtie,
        Self::TieRms,
    ];

    /// `adev`, `oadev`, ….
    pub fn name(self) -> &'static str {
        match self {
            Self::Adev => "adev",
            Self::Oadev => "oadev",
            Self::Mdev => "mdev",
            Self::Tdev => "tdev",
            Self::Hdev => "hdev",
            Self::Ohdev => "ohdev",
            Self::Totdev => "totdev",
            Self::Mtot => "mtot",
            Self::Ttot => "ttot",
            Self::Htot => "htot",
            Self::Theo1 => "theo1",
            Self::Mtie => "mtie",
            Self::TieRms => "tie_rms",
        }
    }

    /// The statistic of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Whether the value is a time (x) and not a fractional frequency (y).
    pub fn is_time(self) -> bool {
        matches!(self, Self::Tdev | Self::Ttot | Self::Mtie | Self::TieRms)
    }

    /// Order of the phase differences: Hadamard statistics tell noise of α down to −4 and do not see a frequency drift.
    fn order(self) -> usize {
        if matches!(self, Self::Hdev | Self::Ohdev | Self::Htot) { 3 } else { 2 }
    }

    /// Largest averaging factor for `n` phases.
    fn largest(self, n: usize) -> usize {
        match self {
            Self::Adev | Self::Oadev | Self::Totdev => n.saturating_sub(1) / 2,
            Self::Mdev | Self::Tdev | Self::Mtot | Self::Ttot => n / 3,
            Self::Hdev | Self::Ohdev | Self::Htot => n.saturating_sub(1) / 3,
            Self::Theo1 | Self::Mtie | Self::TieRms => n.saturating_sub(1),
        }
    }
}

/// Which averaging factors m.
#[derive(Clone, Debug, PartialEq)]
pub enum Taus {
    /// 1, 2, 4, 8, …
    Octave,
    /// 1, 10, 100, …
    Decade,
    /// So many a decade, equally spaced in the logarithm.
    PerDecade(usize),
    /// Every factor.
    All,
    /// These; those too large for the record are left out.
    Factors(Vec<usize>),
}

impl Taus {
    fn factors(&self, largest: usize) -> Vec<usize> {
        let geometric = |ratio: f64| {
            let mut list = Vec::new();
            let mut k = 0;
            loop {
                let m = ratio.powi(k).round() as usize;
                if m > largest {
                    break list;
                }
                if list.last() != Some(&m) {
                    list.push(m);
                }
                k += 1;
            }
        };
        match self {
            Taus::Octave => geometric(2.0),
            Taus::Decade => geometric(10.0),
            Taus::PerDecade(n) => geometric(10f64.powf(1.0 / (*n).clamp(1, 10_000) as f64)),
            Taus::All => (1..=largest).collect(),
            Taus::Factors(list) => list.iter().copied().filter(|m| (1..=largest).contains(m)).collect(),
        }
    }
}

/// How errors and biases are treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Exponent α of the noise, S_y ∝ f^α, from 2 (white phase) over 0 (white frequency) to −2 (random walk of frequency; −4 for Hadamard
    /// statistics); identified at every τ where it is not given.
    pub noise: Option<i32>,
    /// Whether the total statistics and Thêo1 are divided by their known bias for that noise.
    pub correct_bias: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { confidence: 0.95, noise: None, correct_bias: true }
    }
}

/// One deviation.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Averaging factor m.
    pub factor: usize,
    /// Averaging time τ.
    pub tau: f64,
    /// The deviation: a fractional frequency, or a time.
    pub value: f64,
    /// Confidence interval from χ² with the equivalent degrees of freedom; `None` for MTIE and TIE rms.
    pub interval: Option<[f64; 2]>,
    /// Equivalent degrees of freedom.
    pub freedom: Option<f64>,
    /// Exponent α of the noise the interval and the bias were computed for.
    pub noise: Option<i32>,
    /// Expectation of the uncorrected variance over the Allan (Hadamard, …) variance; `value` is corrected for it where asked.
    pub bias: f64,
    /// Number of terms averaged.
    pub terms: usize,
}

/// Deviations over averaging times.
#[derive(Clone, Debug, PartialEq)]
pub struct Stability {
    /// Which deviation.
    pub statistic: Statistic,
    /// The deviations, by increasing τ.
    pub points: Vec<Point>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One statistic at the averaging times asked for.
///
/// Terms that a gap would enter are left out, and `terms` says how many remain. Cost: O(N) for each τ, but O(N m) for MTOT, TTOT, HTOT and
/// Thêo1.
///
/// # Errors
/// [`ClockError::TooFew`] where no averaging time fits the record, [`ClockError::Option`], [`ClockError::Range`].
pub fn stability(
    series: &Series,
    statistic: Statistic,
    taus: &Taus,
    options: &Options,
) -> Result<Stability, ClockError> {
    if !(options.confidence > 0.0 && options.confidence < 1.0) {
        return Err(ClockError::Option {
            name: "confidence",
            value: options.confidence,
            expected: "a number between 0 and 1",
        });
    }
    if let Some(alpha) = options.noise.filter(|a| !(-4..=2).contains(a)) {
        return Err(ClockError::Option {
            name: "noise",
            value: f64::from(alpha),
            expected: "an exponent from −4 to 2",
        });
    }
    let n = series.len();
    let data = series.prepare();
    let mut notes = Vec::new();
    let mut points = Vec::new();
    let (mut carried, mut guessed, mut previous) = (0, false, None);
    for m in taus.factors(statistic.largest(n)) {
        let Some((variance, terms)) = variance(&data, statistic, m) else {
            continue;
        };
        let tau = if statistic == Statistic::Theo1 { 0.75 } else { 1.0 } * m as f64 * data.tau0;
        if matches!(statistic, Statistic::Mtie | Statistic::TieRms) {
            let value = finite("the time interval error", variance)?;
            let (interval, freedom, noise) = (None, None, None);
            points.push(Point { factor: m, tau, value, interval, freedom, noise, bias: 1.0, terms });
            continue;
        }
        let lowest = if statistic.order() == 3 { -4 } else { -2 };
        let found = match options.noise {
            Some(alpha) => Some(alpha.max(lowest)),
            None => noise::of_longest_stretch(&data, m, statistic.order()).map(|a| a.clamp(lowest, 2)),
        };
        let alpha = match (found, previous) {
            (Some(alpha), _) => {
                previous = found;
                alpha
            }
            (None, Some(alpha)) => {
                carried += 1;
                alpha
            }
            (None, None) => {
                guessed = true;
                0
            }
        };
        let bias = total::bias(statistic, alpha, m, n);
        let corrected = if options.correct_bias { variance / bias } else { variance };
        let freedom = freedom::degrees(statistic, alpha, m, n, terms).filter(|f| f.is_finite() && *f > 0.0);
        let value = finite("the deviation", corrected.sqrt())?;
        let interval = freedom.map(|f| {
            let tail = 0.5 * (1.0 - options.confidence);
            let bound = |p: f64| value * (f / chi_squared_quantile(p, f)).sqrt();
            [bound(1.0 - tail), bound(tail)]
        });
        let interval = interval.filter(|[low, high]| low.is_finite() && high.is_finite());
        points.push(Point { factor: m, tau, value, interval, freedom, noise: Some(alpha), bias, terms });
    }
    if points.is_empty() {
        return Err(ClockError::TooFew {
            what: "phases without a gap",
            found: data.longest(),
            needed: if statistic == Statistic::Theo1 { 11 } else { statistic.order() + 1 },
            cure: "give a longer record or smaller averaging times",
        });
    }
    if carried > 0 {
        notes.push(format!("the noise at the longest {carried} averaging time(s) is taken from the shorter ones"));
    }
    if guessed {
        notes.push("the record is too short to tell the noise: white frequency noise is assumed".into());
    }
    if data.broken {
        notes.push("the record has gaps: only terms without a gap are used".into());
    }
    Ok(Stability { statistic, points, notes })
}

/// The variance (or time error) of one statistic, and the number of its terms; `None` where there is none.
fn variance(data: &series::Prepared, statistic: Statistic, m: usize) -> Option<(f64, usize)> {
    let time = |(v, n): (f64, usize)| {
        let tau = m as f64 * data.tau0;
        (v * tau * tau / 3.0, n)
    };
    match statistic {
        Statistic::Adev => variances::allan(data, m, m),
        Statistic::Oadev => variances::allan(data, m, 1),
        Statistic::Mdev => variances::modified(data, m),
        Statistic::Tdev => variances::modified(data, m).map(time),
        Statistic::Hdev => variances::hadamard(data, m, m),
        Statistic::Ohdev => variances::hadamard(data, m, 1),
        Statistic::Totdev => total::total(data, m),
        Statistic::Mtot => total::modified(data, m),
        Statistic::Ttot => total::modified(data, m).map(time),
        // At m = 1 the overlapping Hadamard variance takes the place of the total one (SP 1065, sec. 5.2.14).
        Statistic::Htot if m == 1 => variances::hadamard(data, 1, 1),
        Statistic::Htot => total::hadamard(data, m),
        Statistic::Theo1 => theo::theo1(data, m),
        Statistic::Mtie => interval_error::maximum(data, m),
        Statistic::TieRms => interval_error::mean_square(data, m).map(|(v, n)| (v.sqrt(), n)),
    }
}
