//! Time errors of a clock, with gaps.

use super::super::ticks::Ticks;
use super::super::{ClockError, positive};

/// Time errors x of a clock at equal steps τ₀.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// x in units of time; NaN where missing.
    phase: Vec<f64>,
    /// Where a new piece begins whose phase has no relation to the one before (frequency data lost), increasing.
    pieces: Vec<usize>,
    tau0: f64,
}

impl Series {
    /// From time errors (phase in units of time) at steps `tau0`; NaN where one is missing. The phase goes on behind a gap, so
    /// differences may step over it.
    ///
    /// # Errors
    /// [`ClockError::Option`] for a step that is not positive; [`ClockError::Range`] for an infinite value.
    pub fn from_phase(phase: &[f64], tau0: f64) -> Result<Self, ClockError> {
        positive("tau0", tau0)?;
        if phase.iter().any(|x| x.is_infinite()) {
            return Err(ClockError::Range { what: "the phase" });
        }
        Ok(Self { phase: phase.to_vec(), pieces: Vec::new(), tau0 })
    }

    /// From fractional frequency errors averaged over successive intervals `tau0`; NaN where one is missing. The phase is lost in a gap,
    /// and no difference steps over it.
    ///
    /// # Errors
    /// As [`Series::from_phase`].
    pub fn from_frequency(frequency: &[f64], tau0: f64) -> Result<Self, ClockError> {
        positive("tau0", tau0)?;
        if frequency.iter().any(|y| y.is_infinite()) {
            return Err(ClockError::Range { what: "the frequency" });
        }
        // A common offset does not matter; without it the sums keep their digits.
        let (sum, count) = frequency.iter().filter(|y| y.is_finite()).fold((0.0, 0), |(s, n), y| (s + y, n + 1));
        let mean = if count > 0 { sum / f64::from(count) } else { 0.0 };
        let mut phase = vec![0.0];
        let mut pieces = Vec::new();
        let (mut x, mut offset) = (0.0, 0.0);
        for (k, y) in frequency.iter().enumerate() {
            if y.is_nan() {
                pieces.push(k + 1);
                (x, offset) = (0.0, 0.0);
            } else {
                x += (y - mean) * tau0;
                offset += mean * tau0;
            }
            phase.push(x + offset);
        }
        Ok(Self { phase, pieces, tau0 })
    }

    /// From ticks: x_k = t_k − t_0 − kτ₀ in the mean interval τ₀, so that τ counts in mean periods and y is the relative error of a
    /// period. Missing ticks break the count: no difference steps over them.
    ///
    /// # Errors
    /// [`ClockError::TooFew`] without an interval.
    pub fn from_ticks(ticks: &Ticks) -> Result<Self, ClockError> {
        let tau0 = positive("the mean tick interval", ticks.mean_interval()?)?;
        let mut phase = Vec::with_capacity(ticks.len());
        for run in ticks.runs() {
            phase.extend(run.iter().enumerate().map(|(k, t)| (t - run[0]) - k as f64 * tau0));
        }
        Ok(Self { phase, pieces: ticks.breaks.clone(), tau0 })
    }

    /// Number of phases, with missing ones.
    pub fn len(&self) -> usize {
        self.phase.len()
    }

    /// Whether there is no phase.
    pub fn is_empty(&self) -> bool {
        self.phase.is_empty()
    }

    /// The step τ₀.
    pub fn tau0(&self) -> f64 {
        self.tau0
    }

    pub(super) fn prepare(&self) -> Prepared<'_> {
        let n = self.phase.len();
        let mut piece = vec![0u32; n];
        let mut count = 0;
        let mut next = self.pieces.iter().peekable();
        for (k, p) in piece.iter_mut().enumerate() {
            while next.next_if(|b| **b <= k).is_some() {
                count += 1;
            }
            *p = count;
        }
        // Stretches of present phases in one piece.
        let mut stretches = Vec::new();
        let mut begin = 0;
        for k in 0..=n {
            let ends = k == n || self.phase[k].is_nan() || (k > begin && piece[k] != piece[k - 1]);
            if ends {
                if k > begin {
                    stretches.push(begin..k);
                }
                begin = if k < n && self.phase[k].is_nan() { k + 1 } else { k };
            }
        }
        let broken = stretches.len() != 1 || stretches[0].len() != n;
        // Second differences do not see a straight line; without it sums keep their digits.
        let mut flat = self.phase.clone();
        for id in 0..=count {
            let members = || (0..n).filter(|&k| piece[k] == id && self.phase[k].is_finite());
            if let (true, Some(a), Some(b)) = (count < 1000, members().next(), members().next_back()) {
                let slope = if b > a { (self.phase[b] - self.phase[a]) / (b - a) as f64 } else { 0.0 };
                for k in a..=b {
                    flat[k] = (self.phase[k] - self.phase[a]) - slope * (k - a) as f64;
                }
            }
        }
        let mut sums = Vec::with_capacity(n + 1);
        let mut lost = Vec::with_capacity(n + 1);
        let (mut sum, mut gaps) = (0.0, 0u32);
        sums.push(0.0);
        lost.push(0);
        for x in &flat {
            if x.is_nan() {
                gaps += 1;
            } else {
                sum += x;
            }
            sums.push(sum);
            lost.push(gaps);
        }
        Prepared { phase: &self.phase, flat, piece, stretches, sums, lost, broken, tau0: self.tau0 }
    }
}

/// A series made ready for all statistics.
pub(super) struct Prepared<'a> {
    /// Phases as given.
    pub(super) phase: &'a [f64],
    /// Phases without the straight line between the ends of each piece.
    pub(super) flat: Vec<f64>,
    /// Number of the piece of each phase.
    pub(super) piece: Vec<u32>,
    /// Stretches without a gap.
    pub(super) stretches: Vec<std::ops::Range<usize>>,
    /// Sums of `flat` before each index.
    pub(super) sums: Vec<f64>,
    /// Numbers of missing phases before each index.
    pub(super) lost: Vec<u32>,
    /// Whether there is any gap.
    pub(super) broken: bool,
    pub(super) tau0: f64,
}

impl Prepared<'_> {
    /// Length of the longest stretch.
    pub(super) fn longest(&self) -> usize {
        self.stretches.iter().map(ExactSizeIterator::len).max().unwrap_or(0)
    }
}
