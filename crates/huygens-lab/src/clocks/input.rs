//! From files to clocks.

use crate::file::signals::{self, Channel, Recording, Uniform};
use crate::runs::RunError;

use super::alone::plural;
use super::{Clock, ClocksError};

/// Most samples in a row that are filled in by a straight line; longer gaps divide a record.
const MOST_FILLED: usize = 3;

/// How files are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Rate and columns.
    pub signals: signals::Reading,
    /// The columns are lists of tick times.
    pub ticks: bool,
}

/// Clocks that were read from files, with what was decided on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The clocks.
    pub clocks: Vec<Clock>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Reads clocks from files; `-` is standard input.
///
/// A phase needs samples without gaps: up to three missing samples in a row are filled in by a straight line, and of a record with
/// longer gaps the longest stretch without one is taken. The notes say so.
///
/// # Errors
/// What the files lack, with place and cure.
pub fn read(files: &[String], reading: &Reading) -> Result<Recorded, RunError> {
    if reading.ticks {
        let lists = signals::tick_lists(files, &reading.signals).map_err(told)?;
        let clock =
            |p: signals::TickList| Clock::ticking(p.name, p.times.into_iter().filter(|t| t.is_finite()).collect());
        let clocks = lists.players.into_iter().map(clock).collect::<Result<Vec<_>, ClocksError>>()?;
        return enough(Recorded { clocks, notes: lists.notes });
    }
    let recording = signals::recording(files, &reading.signals).map_err(told)?;
    enough(sampled(&recording)?)
}

/// A single clock has nobody to be compared with: what was left out in reading may be why.
fn enough(recorded: Recorded) -> Result<Recorded, RunError> {
    let found = recorded.clocks.len();
    if found < 2 && !recorded.notes.is_empty() {
        return Err(RunError::input(ClocksError::TooFewClocks { found }.to_string(), recorded.notes.join("; ")));
    }
    Ok(recorded)
}

fn told(error: signals::SignalError) -> RunError {
    error.diagnostic().into()
}

fn sampled(recording: &Recording) -> Result<Recorded, RunError> {
    let Uniform { start, step, mut channels } = recording.uniform().map_err(told)?;
    let mut notes = recording.notes.clone();
    if let signals::Sampling::Irregular { step } = recording.sampling {
        notes.push(format!("samples at uneven times were interpolated at steps of {step}"));
    }
    let filled: usize = channels.iter_mut().map(|c| fill(&mut c.values)).sum();
    if filled > 0 {
        notes.push(format!("filled in by straight lines: {}", plural(filled as i64, "missing sample")));
    }
    let stretch = longest(&channels);
    let all = channels.first().map_or(0, |c| c.values.len());
    if stretch.len() < all {
        notes.push(format!(
            "gaps: of {all} samples the longest stretch without one is taken, {} to {} ({:.0} %)",
            start + step * stretch.start as f64,
            start + step * stretch.end.saturating_sub(1) as f64,
            100.0 * stretch.len() as f64 / all as f64
        ));
    }
    let first = start + step * stretch.start as f64;
    let clock = |c: Channel| Clock::sampled(c.name, first, step, c.values[stretch.clone()].to_vec());
    let clocks = channels.into_iter().map(clock).collect::<Result<Vec<_>, ClocksError>>()?;
    Ok(Recorded { clocks, notes })
}

/// Fills short gaps in place and tells how many samples that were.
fn fill(values: &mut [f64]) -> usize {
    let mut filled = 0;
    let mut k = 0;
    while k < values.len() {
        if values[k].is_finite() {
            k += 1;
            continue;
        }
        let end = values[k..].iter().position(|x| x.is_finite()).map_or(values.len(), |n| k + n);
        if k > 0 && end < values.len() && end - k <= MOST_FILLED {
            let (before, behind) = (values[k - 1], values[end]);
            for i in k..end {
                let share = (i + 1 - k) as f64 / (end + 1 - k) as f64;
                values[i] = before + share * (behind - before);
            }
            filled += end - k;
        }
        k = end;
    }
    filled
}

/// The longest range of samples in which no channel misses one.
fn longest(channels: &[Channel]) -> std::ops::Range<usize> {
    let samples = channels.iter().map(|c| c.values.len()).min().unwrap_or(0);
    let mut best = 0..0;
    let mut from = 0;
    for k in 0..=samples {
        if k == samples || channels.iter().any(|c| !c.values[k].is_finite()) {
            if k - from > best.len() {
                best = from..k;
            }
            from = k + 1;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_gaps_are_filled_and_long_ones_divide() {
        let nan = f64::NAN;
        let mut x = vec![nan, 1.0, nan, nan, 4.0, 5.0, nan, nan, nan, nan, 1.0, 2.0, nan];
        assert_eq!(fill(&mut x), 2);
        assert_eq!(x[1..6], [1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!(x[0].is_nan() && x[6].is_nan() && x[12].is_nan());
        let channel = |values: Vec<f64>| Channel { name: "a".into(), values };
        assert_eq!(longest(&[channel(x.clone())]), 1..6);
        assert_eq!(
            longest(&[
                channel(x.clone()),
                channel(vec![1.0, 1.0, nan, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
            ]),
            3..6
        );
        assert_eq!(longest(&[channel(vec![nan; 3])]), 0..0);
        assert_eq!(longest(&[]), 0..0);
    }
}
