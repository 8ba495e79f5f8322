//! What a computation hands back: named quantities with units and the checks they passed.

use std::fmt;

/// One measure, as it was asked for.
///
/// `value` is the mean over one period on a limit cycle, the value itself at a fixed point, and the mean over the stated
/// window of a direct run. It is `None`, with the reason in `note`, where the measure has no finite value.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// The text by which the measure was asked, such as `complete_sync(b1,b2)`.
    pub name: String,
    /// Value, or `None` where there is none (the note says why).
    pub value: Option<f64>,
    /// Smallest value over the period or window.
    pub min: Option<f64>,
    /// Largest value over the period or window.
    pub max: Option<f64>,
    /// Estimated absolute numerical error of `value`.
    pub error: Option<f64>,
    /// Unit, `1` for a pure number.
    pub unit: String,
    /// What a reader must know to use the number.
    pub note: Option<String>,
    /// The members of a list-valued measure (multipliers, exponents) as pairs (re, im).
    pub list: Option<Vec<[f64; 2]>>,
    /// The same measure under another, named convention (for example `transverse`).
    pub alternatives: Vec<(String, f64)>,
}

impl Quantity {
    /// A quantity with a value and a unit and nothing else.
    pub fn new(name: impl Into<String>, value: f64, unit: impl Into<String>) -> Self {
        let mut quantity = Self::missing(name, unit, "");
        quantity.note = None;
        if value.is_finite() {
            quantity.value = Some(value);
        } else {
            quantity.note = Some("not finite".into());
        }
        quantity
    }

    /// A quantity that has no finite value, with the reason.
    pub fn missing(name: impl Into<String>, unit: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: None,
            min: None,
            max: None,
            error: None,
            unit: unit.into(),
            note: Some(reason.into()),
            list: None,
            alternatives: Vec::new(),
        }
    }
}

/// The verdict of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The number can be trusted in this respect.
    Pass,
    /// Something the reader must know.
    Note,
    /// The result cannot be trusted, or does not mean what its name says.
    Fail,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Pass => "pass",
            Status::Note => "note",
            Status::Fail => "fail",
        })
    }
}

/// One check of a result, with its number.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Short name, such as `cycle closed`.
    pub name: String,
    /// Verdict.
    pub status: Status,
    /// The number that was compared.
    pub value: Option<f64>,
    /// What it was compared with.
    pub limit: Option<f64>,
    /// One sentence for the reader.
    pub note: String,
}

impl Check {
    /// A check that passes when `value <= limit`; non-finite values fail.
    pub fn at_most(name: impl Into<String>, value: f64, limit: f64, note: impl Into<String>) -> Self {
        let status = if value.is_finite() && value <= limit { Status::Pass } else { Status::Fail };
        Self { name: name.into(), status, value: finite(value), limit: finite(limit), note: note.into() }
    }

    /// A remark with an optional number.
    pub fn note(name: impl Into<String>, value: Option<f64>, note: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Note, value: value.and_then(finite), limit: None, note: note.into() }
    }

    /// A failure with an optional number.
    pub fn fail(name: impl Into<String>, value: Option<f64>, note: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Fail, value: value.and_then(finite), limit: None, note: note.into() }
    }
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// A measure sampled in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The text by which the measure was asked.
    pub name: String,
    /// Unit of the values.
    pub unit: String,
    /// Times, in the model's unit.
    pub times: Vec<f64>,
    /// Values, one a time.
    pub values: Vec<f64>,
}

/// The mean-field orbit of one mode, for phase-space figures: α = ⟨a⟩ at the times of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Orbit {
    /// Name of the mode.
    pub mode: String,
    /// Re α.
    pub re: Vec<f64>,
    /// Im α.
    pub im: Vec<f64>,
}

/// The result of one run: what was found, what was measured, how far it can be trusted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Level of description.
    pub level: String,
    /// One line on what the dynamics does, such as `limit cycle, period 6.4387, stable`.
    pub dynamics: String,
    /// Operator ordering of the equations that were solved.
    pub ordering: String,
    /// Frame of the results.
    pub frame: String,
    /// Method and its cost, one line.
    pub method: String,
    /// Relative tolerance of the integration.
    pub tolerance: f64,
    /// Seed of the random starts.
    pub seed: u64,
    /// The measures in the order asked.
    pub quantities: Vec<Quantity>,
    /// The checks.
    pub checks: Vec<Check>,
    /// Times of the series and orbits: one period of a cycle, or the window of a direct run.
    pub times: Vec<f64>,
    /// The measures over `times`.
    pub series: Vec<Series>,
    /// The mean field over `times`.
    pub orbits: Vec<Orbit>,
}

impl Report {
    /// The worst verdict among the checks.
    pub fn status(&self) -> Status {
        self.checks.iter().map(|c| c.status).max().unwrap_or(Status::Pass)
    }

    /// The quantity asked for under this text.
    pub fn quantity(&self, name: &str) -> Option<&Quantity> {
        self.quantities.iter().find(|q| q.name == name)
    }

    /// The value of the quantity asked for under this text.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.quantity(name).and_then(|q| q.value)
    }
}
