//! What a sweep is: columns, status of its points, and the arrays that its store holds.

use serde_json::{Map, Value, json};

use super::Provenance;
use super::axis::{Axis, Grid};
use super::zarr::{ArrayMeta, Kind};

pub(super) const FORMAT: &str = "sweep 1";
pub(super) const STATUS: &str = "status";
pub(super) const MESSAGE: &str = "message";
/// Coordinates are written in pieces of this many values.
const COORDINATE_CHUNK: u64 = 65_536;
/// Longer messages are cut.
const MESSAGE_BYTES: usize = 600;

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Real numbers.
    Number,
    /// The numbers 0, 1, 2, … of these labels (at most 32768 of them), such as the kinds of attractor.
    Category(Vec<String>),
}

/// One column of a sweep: a number for each of its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The text by which it was asked.
    pub name: String,
    /// Unit, `1` for a pure number.
    pub unit: String,
    /// What it is, in a sentence; may be empty.
    pub description: String,
    /// What its values are.
    pub kind: ColumnKind,
}

impl Column {
    /// A column of real numbers.
    pub fn number(name: impl Into<String>, unit: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), unit: unit.into(), description: description.into(), kind: ColumnKind::Number }
    }

    /// A column of labels.
    pub fn category(name: impl Into<String>, labels: Vec<String>, description: impl Into<String>) -> Self {
        let kind = ColumnKind::Category(labels);
        Self { name: name.into(), unit: "1".into(), description: description.into(), kind }
    }
}

/// What is known about one point of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum PointStatus {
    /// Not computed yet.
    Missing = 0,
    /// Computed; all checks passed.
    Pass = 1,
    /// Computed; a check has a note for the reader.
    Note = 2,
    /// Computed; a check failed.
    Fail = 3,
    /// The computation gave no result.
    Error = 4,
}

impl PointStatus {
    /// The status of a code in the store.
    pub fn from_code(code: i8) -> Option<Self> {
        [Self::Missing, Self::Pass, Self::Note, Self::Fail, Self::Error].into_iter().find(|s| *s as i8 == code)
    }
}

impl From<huygens::report::Status> for PointStatus {
    fn from(status: huygens::report::Status) -> Self {
        match status {
            huygens::report::Status::Pass => Self::Pass,
            huygens::report::Status::Note => Self::Note,
            huygens::report::Status::Fail => Self::Fail,
        }
    }
}

/// How many points have which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not computed yet.
    pub missing: u64,
    /// All checks passed.
    pub pass: u64,
    /// A note for the reader.
    pub note: u64,
    /// A check failed.
    pub fail: u64,
    /// No result.
    pub error: u64,
}

impl Counts {
    /// Counts one more point with this status code.
    pub(crate) fn add(&mut self, code: i8) {
        match PointStatus::from_code(code) {
            Some(PointStatus::Pass) => self.pass += 1,
            Some(PointStatus::Note) => self.note += 1,
            Some(PointStatus::Fail) => self.fail += 1,
            Some(PointStatus::Error) => self.error += 1,
            Some(PointStatus::Missing) | None => self.missing += 1,
        }
    }

    /// Number of points that were computed, with or without a result.
    pub fn computed(&self) -> u64 {
        self.pass + self.note + self.fail + self.error
    }
}

/// What a sweep is: everything that its store must agree on.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub(super) grid: Grid,
    columns: Vec<Column>,
    pub(super) attributes: Map<String, Value>,
}

impl Layout {
    /// A sweep over `grid` that computes `columns`, under the name of its model and its provenance.
    pub fn new(grid: Grid, columns: Vec<Column>, model: &str, provenance: &Provenance) -> Self {
        let mut attributes = Map::new();
        let Value::Object(entries) = provenance.json() else { unreachable!("provenance is a JSON object") };
        for (key, value) in entries {
            match value {
                Value::Null => {}
                // NetCDF, to which people convert, knows no nested attributes.
                Value::Object(_) => drop(attributes.insert(key, Value::String(value.to_string()))),
                _ => drop(attributes.insert(key, value)),
            }
        }
        attributes.insert("model".into(), json!(model));
        attributes.insert("huygens_format".into(), json!(FORMAT));
        let axes: Vec<String> = grid.axes().iter().map(Axis::to_string).collect();
        attributes.insert("sweep".into(), json!(axes.join(" ")));
        Self { grid, columns, attributes }
    }

    /// The grid of parameters.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Coordinates, columns, status and messages, in this order.
    pub(super) fn arrays(&self) -> Vec<ArrayMeta> {
        let mut names = Names::default();
        let dimensions: Vec<String> = self.grid.axes().iter().map(|a| names.unique(a.name())).collect();
        names.unique(STATUS);
        names.unique(MESSAGE);
        let mut arrays = Vec::new();
        for (axis, name) in self.grid.axes().iter().zip(&dimensions) {
            let mut attributes = described(axis.name(), &axis.unit, &axis.description);
            attributes.insert("sweep".into(), json!(axis.to_string()));
            arrays.push(ArrayMeta {
                name: name.clone(),
                shape: vec![axis.count()],
                chunk: vec![axis.count().min(COORDINATE_CHUNK)],
                kind: Kind::Float,
                dimensions: vec![name.clone()],
                attributes,
            });
        }
        let mut on_grid = |name: String, kind: Kind, attributes: Map<String, Value>| {
            arrays.push(ArrayMeta {
                name,
                shape: self.grid.shape(),
                chunk: self.grid.chunk_shape().to_vec(),
                kind,
                dimensions: dimensions.clone(),
                attributes,
            });
        };
        for (place, column) in self.columns.iter().enumerate() {
            let mut attributes = described(&column.name, &column.unit, &column.description);
            attributes.insert("column".into(), json!(place));
            let kind = match &column.kind {
                ColumnKind::Number => Kind::Float,
                ColumnKind::Category(labels) => {
                    let words: Vec<String> = labels.iter().map(|l| l.replace(char::is_whitespace, "_")).collect();
                    attributes.insert("flag_values".into(), (0..labels.len()).collect());
                    attributes.insert("flag_meanings".into(), json!(words.join(" ")));
                    Kind::Short
                }
            };
            on_grid(names.unique(&column.name), kind, attributes);
        }
        let mut status = described("state of the point", "1", "");
        status.insert("flag_values".into(), json!([0, 1, 2, 3, 4]));
        status.insert("flag_meanings".into(), json!("not_computed pass note check_failed no_result"));
        on_grid(STATUS.into(), Kind::Byte, status);
        on_grid(MESSAGE.into(), Kind::Text, described("why there is no result, or which check failed", "", ""));
        arrays
    }
}

/// Attributes that xarray and CF readers know.
fn described(name: &str, unit: &str, description: &str) -> Map<String, Value> {
    let mut attributes = Map::new();
    attributes.insert("long_name".into(), json!(name));
    // xarray turns numbers with these units into time intervals, with a warning; the symbols are left alone.
    let unit = match unit {
        "days" => "d",
        "hours" => "h",
        "minutes" => "min",
        "seconds" => "s",
        "milliseconds" => "ms",
        "microseconds" => "us",
        "nanoseconds" => "ns",
        other => other,
    };
    for (key, text) in [("units", unit), ("description", description)] {
        if !text.is_empty() {
            attributes.insert(key.into(), json!(text));
        }
    }
    attributes
}

/// Names of arrays: folders on every file system, no two the same.
#[derive(Default)]
struct Names {
    taken: Vec<String>,
}

impl Names {
    fn unique(&mut self, name: &str) -> String {
        let safe = |c: char| {
            if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c }
        };
        let mut clean: String = name.chars().map(safe).collect();
        clean.truncate(clean.trim_end_matches(['.', ' ']).len());
        if clean.is_empty() || clean.starts_with("__") || clean.starts_with('.') {
            clean.insert(0, 'x');
        }
        let mut candidate = clean.clone();
        let mut n = 2;
        // File systems of some machines do not tell capitals from small letters.
        while self.taken.contains(&candidate.to_lowercase()) {
            candidate = format!("{clean}_{n}");
            n += 1;
        }
        self.taken.push(candidate.to_lowercase());
        candidate
    }
}

/// The results of one chunk on their way to the store.
#[derive(Clone, Debug)]
pub struct ChunkData {
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) status: Vec<i8>,
    pub(super) messages: Vec<(usize, String)>,
}

impl ChunkData {
    /// An empty chunk of `columns` columns and `len` places.
    pub fn new(columns: usize, len: usize) -> Self {
        Self { columns: vec![vec![f64::NAN; len]; columns], status: vec![0; len], messages: Vec::new() }
    }

    /// Sets the result of the point at `place`: one value a column (none where there is no result), its status and a message.
    pub fn set(&mut self, place: usize, values: &[f64], status: PointStatus, message: &str) {
        for (column, &value) in self.columns.iter_mut().zip(values) {
            // All NaN are stored as one, or the bytes would depend on the machine.
            column[place] = if value.is_nan() { f64::NAN } else { value };
        }
        self.status[place] = status as i8;
        if !message.is_empty() {
            let end = message.floor_char_boundary(MESSAGE_BYTES);
            self.messages.push((place, message[..end].to_owned()));
        }
    }

    /// The values of a column, NaN where there are none.
    pub fn column(&self, column: usize) -> &[f64] {
        &self.columns[column]
    }

    /// The status codes of the places; zero where a place lies beyond the rim of the grid.
    pub fn status(&self) -> &[i8] {
        &self.status
    }

    /// The messages with their places.
    pub fn messages(&self) -> &[(usize, String)] {
        &self.messages
    }
}
