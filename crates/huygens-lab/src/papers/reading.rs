//! What every audit does with reports: read their numbers, lay out grids, say what is missing.

use huygens::report::Report;

use super::PaperError;

pub(in crate::papers) fn trouble(what: &str, message: impl Into<String>) -> PaperError {
    PaperError::Computation { what: what.into(), message: message.into() }
}

/// The value of a measure, or why there is none.
pub(in crate::papers) fn value(report: &Report, name: &str) -> Result<f64, PaperError> {
    report.value(name).ok_or_else(|| {
        let note = report.quantity(name).and_then(|q| q.note.clone()).unwrap_or_default();
        trouble(name, format!("{note} ({})", report.dynamics))
    })
}

/// A measure over the times of the report.
pub(in crate::papers) fn series<'a>(report: &'a Report, name: &str) -> Result<&'a [f64], PaperError> {
    report
        .series
        .iter()
        .find(|s| s.name == name)
        .map(|s| s.values.as_slice())
        .ok_or_else(|| trouble(name, format!("no series ({})", report.dynamics)))
}

/// `count` values from `from` to `to`, both included.
pub(in crate::papers) fn grid(from: f64, to: f64, count: usize) -> Vec<f64> {
    (0..count).map(|k| from + (to - from) * k as f64 / (count - 1).max(1) as f64).collect()
}

/// The same, evenly spaced in the logarithm.
pub(in crate::papers) fn geometric(from: f64, to: f64, count: usize) -> Vec<f64> {
    grid(from.ln(), to.ln(), count).into_iter().map(f64::exp).collect()
}
