//! A figure of a paper: its data, its drawing, and the files it becomes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use huygens::report::{Report, Status};
use serde::Serialize;

use super::{Paper, PaperError};
use crate::figures::Figure;

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableColumn {
    /// Name.
    pub name: String,
    /// Unit, `1` for a pure number.
    pub unit: String,
    /// What it is.
    pub note: String,
    /// The numbers; not finite where there is none (`null` in JSON, empty in CSV).
    pub values: Vec<f64>,
}

/// Columns of equal length.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// Name, part of the file's.
    pub name: String,
    /// The columns, the variable first.
    pub columns: Vec<TableColumn>,
}

impl Table {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.into(), columns: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, unit: &str, note: &str, values: impl Into<Vec<f64>>) -> Self {
        let column = TableColumn { name: name.into(), unit: unit.into(), note: note.into(), values: values.into() };
        debug_assert!(self.columns.first().is_none_or(|c| c.values.len() == column.values.len()), "{name}");
        self.columns.push(column);
        self
    }

    /// Comma-separated values: a line of names (with units in brackets), then a line a row.
    pub fn csv(&self) -> String {
        let header: Vec<String> = self
            .columns
            .iter()
            .map(|c| {
                let name = if c.unit == "1" { c.name.clone() } else { format!("{} [{}]", c.name, c.unit) };
                if name.contains(',') { format!("\"{name}\"") } else { name }
            })
            .collect();
        let mut out = header.join(",");
        out.push('\n');
        for row in 0..self.columns.first().map_or(0, |c| c.values.len()) {
            for (k, column) in self.columns.iter().enumerate() {
                if k > 0 {
                    out.push(',');
                }
                let value = column.values[row];
                if value.is_finite() {
                    let _ = write!(out, "{value:?}");
                }
            }
            out.push('\n');
        }
        out
    }
}

/// A single number that belongs to a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Number {
    /// Name.
    pub name: String,
    /// Value.
    pub value: f64,
    /// Unit.
    pub unit: String,
}

/// A figure of a paper, drawn again.
#[derive(Clone, Debug)]
pub struct PaperFigure {
    /// The paper.
    pub paper: &'static str,
    /// Name within the paper.
    pub name: &'static str,
    /// What it shows.
    pub title: String,
    /// The drawing.
    pub drawing: Figure,
    /// All numbers that are drawn.
    pub tables: Vec<Table>,
    /// Numbers marked in it: means, bifurcations, coefficients of fits.
    pub numbers: Vec<Number>,
}

impl PaperFigure {
    /// A figure of a paper, by its name there.
    pub(super) fn of(
        paper: &Paper,
        name: &'static str,
        drawing: Figure,
        tables: Vec<Table>,
        numbers: Vec<Number>,
    ) -> Self {
        let title = paper.figures.iter().find(|f| f.name == name).map_or("", |f| f.title).to_owned();
        Self { paper: paper.name, name, title, drawing, tables, numbers }
    }

    /// File name without extension.
    pub fn stem(&self) -> String {
        format!("{}-fig{}", self.paper, self.name)
    }

    /// The data as JSON.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct Data<'a> {
            paper: &'a str,
            figure: &'a str,
            title: &'a str,
            version: &'a str,
            tables: &'a [Table],
            numbers: &'a [Number],
        }
        let data = Data {
            paper: self.paper,
            figure: self.name,
            title: &self.title,
            version: env!("CARGO_PKG_VERSION"),
            tables: &self.tables,
            numbers: &self.numbers,
        };
        serde_json::to_string(&data).unwrap_or_default()
    }

    /// Writes the drawing (SVG and PNG), the data (JSON) and each table (CSV) into a folder, which is made if need be.
    ///
    /// # Errors
    /// [`PaperError::Figure`] or [`PaperError::Write`].
    pub fn save(&self, folder: &Path) -> Result<Vec<PathBuf>, PaperError> {
        let mut files = self.drawing.save(folder, &self.stem())?.to_vec();
        let mut write = |name: String, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|source| PaperError::Write { path: path.clone(), source })?;
            files.push(path);
            Ok::<(), PaperError>(())
        };
        write(format!("{}.json", self.stem()), self.json())?;
        for table in &self.tables {
            write(format!("{}-{}.csv", self.stem(), table.name), table.csv())?;
        }
        Ok(files)
    }
}

/// Puts the checks that failed on the drawing.
pub(super) fn with_failures<'a>(
    mut drawing: Figure,
    reports: impl IntoIterator<Item = (String, &'a Report)>,
) -> Figure {
    for (place, report) in reports {
        for check in report.checks.iter().filter(|c| c.status == Status::Fail) {
            drawing = drawing.failed_check(format!("{place}: {}: {}", check.name, check.note));
        }
    }
    drawing
}

/// A number with its unit.
pub(super) fn number(name: &str, value: f64, unit: &str) -> Number {
    Number { name: name.into(), value, unit: unit.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_leave_gaps_where_there_is_no_number() {
        let table = Table::new("t").with("mu", "omega_1", "", [0.1, 0.2]).with("S_c", "1", "", [f64::NAN, 0.25]);
        assert_eq!(table.csv(), "mu [omega_1],S_c\n0.1,\n0.2,0.25\n");
        let json = serde_json::to_value(&table).unwrap();
        assert!(json["columns"][1]["values"][0].is_null());
    }
}
