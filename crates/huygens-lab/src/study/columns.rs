//! From the report of one point to the columns of a sweep.

use std::collections::HashSet;

use huygens::report::{Report, Status};

use super::sweep::Evaluation;
use crate::record::Column;

/// The columns that a list of measures fills: for each measure its value and, under `name.min`, `name.max` and `name.error`,
/// the extremes over the period or window and the numerical error.
///
/// ```
/// use huygens::report::{Quantity, Report};
/// use huygens_lab::study::ReportColumns;
/// let columns = ReportColumns::new([("period", "1/omega1", "period of the cycle")], &["error"]);
/// let mut quantity = Quantity::new("period", 6.25, "1/omega1");
/// quantity.error = Some(1e-12);
/// let report = Report { quantities: vec![quantity], ..Report::default() };
/// assert_eq!(columns.evaluation(&report).values, [6.25, 1e-12]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportColumns {
    measures: Vec<(String, String, String)>,
    extras: Vec<String>,
}

impl ReportColumns {
    /// Columns for measures given by name, unit and description, with those of the extras `min`, `max` and `error` that are
    /// wanted; `extras` may also name an alternative convention of a measure. Measures named twice count once.
    pub fn new<'a>(measures: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>, extras: &[&str]) -> Self {
        let mut seen = HashSet::new();
        let own = |(name, unit, description): (&str, &str, &str)| (name.into(), unit.into(), description.into());
        Self {
            measures: measures.into_iter().filter(|m| seen.insert(m.0)).map(own).collect(),
            extras: extras.iter().map(|e| (*e).into()).collect(),
        }
    }

    /// The columns, measure by measure.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        for (name, unit, description) in &self.measures {
            columns.push(Column::number(name, unit, description));
            for extra in &self.extras {
                let what = match extra.as_str() {
                    "min" => format!("smallest value of {name}"),
                    "max" => format!("largest value of {name}"),
                    "error" => format!("numerical error of {name}"),
                    convention => format!("{name}, {convention}"),
                };
                columns.push(Column::number(format!("{name}.{extra}"), unit, what));
            }
        }
        columns
    }

    /// The values of the columns where each measure has a value and nothing else, as at a fixed point.
    pub fn of_values(&self, value: impl Fn(&str) -> f64) -> Vec<f64> {
        let nothing = std::iter::repeat_n(f64::NAN, self.extras.len());
        self.measures.iter().flat_map(|(name, ..)| std::iter::once(value(name)).chain(nothing.clone())).collect()
    }

    /// The values of the columns in a report; the status is the worst of its checks, and the message names the checks that failed.
    pub fn evaluation(&self, report: &Report) -> Evaluation {
        let mut values = Vec::with_capacity(self.measures.len() * (1 + self.extras.len()));
        for (name, ..) in &self.measures {
            let quantity = report.quantity(name);
            let mut push = |x: Option<f64>| values.push(x.filter(|x| x.is_finite()).unwrap_or(f64::NAN));
            push(quantity.and_then(|q| q.value));
            for extra in &self.extras {
                push(quantity.and_then(|q| match extra.as_str() {
                    "min" => q.min,
                    "max" => q.max,
                    "error" => q.error,
                    convention => q.alternatives.iter().find(|(n, _)| n == convention).map(|(_, x)| *x),
                }));
            }
        }
        let failed: Vec<String> = (report.checks.iter())
            .filter(|c| c.status == Status::Fail)
            .map(|c| if c.note.is_empty() { c.name.clone() } else { format!("{}: {}", c.name, c.note) })
            .collect();
        Evaluation { values, status: report.status(), message: failed.join("; ") }
    }
}
