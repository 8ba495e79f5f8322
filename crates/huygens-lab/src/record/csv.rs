//! Records and sweeps as comma-separated values (RFC 4180).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use super::{PointStatus, Record, RecordError, Result, SweepData, finite};

/// A field, in quotes where it needs them.
pub(crate) fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r', '#']) || text.trim() != text {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// The shortest digits that read back as the same number, nothing where there is no finite number.
pub(crate) fn number(x: Option<f64>) -> String {
    finite(x).map_or_else(String::new, |x| {
        if x != 0.0 && !(1e-5..1e16).contains(&x.abs()) { format!("{x:e}") } else { format!("{x}") }
    })
}

/// Comment lines that say what the numbers are.
pub(crate) fn header(entries: impl IntoIterator<Item = (String, String)>) -> String {
    let mut out = String::new();
    for (key, text) in entries {
        for line in text.lines() {
            let _ = writeln!(out, "# {key}: {line}");
        }
    }
    out
}

pub(crate) fn attributes(object: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), String::from);
    object.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
}

impl Record {
    fn csv_header(&self) -> String {
        let mut entries = vec![("model".to_owned(), self.model.clone())];
        entries.push(("dynamics".into(), self.report.dynamics.clone()));
        entries.extend(attributes(&self.provenance.json()));
        for check in &self.report.checks {
            let mut text = format!("{}: {}", check.status, check.name);
            for (name, x) in [("value", check.value), ("limit", check.limit)] {
                if let Some(x) = finite(x) {
                    let _ = write!(text, ", {name} {}", number(Some(x)));
                }
            }
            if !check.note.is_empty() {
                let _ = write!(text, ": {}", check.note);
            }
            entries.push(("check".into(), text));
        }
        header(entries)
    }

    /// The values as CSV: comment lines (`#`) with the provenance and the checks, a line of names
    /// `measure,value,unit,min,max,error,note`, and a line for each measure. The members of a list follow as `name[i].re` and
    /// `name[i].im`, values under another convention as `name.convention`.
    ///
    /// `pandas.read_csv(file, comment="#")` reads it.
    pub fn csv(&self) -> String {
        let mut out = self.csv_header();
        out.push_str("measure,value,unit,min,max,error,note\n");
        for q in &self.report.quantities {
            let note = q.note.as_deref().unwrap_or("").replace(['\n', '\r'], " ");
            let (value, min, max, error) = (number(q.value), number(q.min), number(q.max), number(q.error));
            let _ = writeln!(out, "{},{value},{},{min},{max},{error},{}", field(&q.name), field(&q.unit), field(&note));
            let mut more = |name: String, x: f64| {
                let _ = writeln!(out, "{},{},{},,,,", field(&name), number(Some(x)), field(&q.unit));
            };
            for (name, x) in &q.alternatives {
                more(format!("{}.{name}", q.name), *x);
            }
            for (i, [re, im]) in q.list.iter().flatten().enumerate() {
                more(format!("{}[{}].re", q.name, i + 1), *re);
                more(format!("{}[{}].im", q.name, i + 1), *im);
            }
        }
        out
    }

    /// The measures and the mean field over time as CSV: comment lines as in [`Record::csv`], then `t`, each measure, and
    /// `re(mode)`, `im(mode)` of each mode's amplitude α = ⟨a⟩.
    ///
    /// A series that was sampled at other times than the report's has its own block of two columns, `t(name)` and the name.
    pub fn series_csv(&self) -> String {
        let report = &self.report;
        let mut columns: Vec<(String, &[f64])> = vec![("t".into(), &report.times)];
        for series in &report.series {
            if series.times != report.times {
                columns.push((format!("t({})", series.name), &series.times));
            }
            columns.push((series.name.clone(), &series.values));
        }
        for orbit in &report.orbits {
            columns.push((format!("re({})", orbit.mode), &orbit.re));
            columns.push((format!("im({})", orbit.mode), &orbit.im));
        }
        let mut out = self.csv_header();
        let names: Vec<_> = columns.iter().map(|(name, _)| field(name)).collect();
        let _ = writeln!(out, "{}", names.join(","));
        let rows = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        for row in 0..rows {
            let cells: Vec<_> = columns.iter().map(|(_, values)| number(values.get(row).copied())).collect();
            let _ = writeln!(out, "{}", cells.join(","));
        }
        out
    }
}

impl SweepData {
    /// Writes the sweep as CSV, one line a point: comment lines with the provenance, then the axes, the columns, `status` and
    /// `message`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(header(attributes(&Value::Object(self.attributes.clone()))).as_bytes())?;
        let axes = self.axes.iter().map(|a| field(&a.name));
        let columns = self.columns.iter().map(|(c, _)| field(&c.name));
        let names: Vec<_> = axes.chain(columns).chain(["status".into(), "message".into()]).collect();
        writeln!(out, "{}", names.join(","))?;
        for (index, &code) in self.status.iter().enumerate() {
            let mut rest = index;
            let mut point = vec![0.0; self.axes.len()];
            for (value, axis) in point.iter_mut().zip(&self.axes).rev() {
                *value = axis.values[rest % axis.values.len()];
                rest /= axis.values.len();
            }
            let status = match PointStatus::from_code(code) {
                Some(PointStatus::Pass) => "pass",
                Some(PointStatus::Note) => "note",
                Some(PointStatus::Fail) => "fail",
                Some(PointStatus::Error) => "error",
                Some(PointStatus::Missing) | None => "missing",
            };
            let message = self.messages.get(&(index as u64)).map_or("", String::as_str);
            let message = message.replace(['\n', '\r'], " ");
            let values = self.columns.iter().map(|(_, values)| values[index]);
            let cells: Vec<_> = point.into_iter().chain(values).map(|x| number(Some(x))).collect();
            writeln!(out, "{},{status},{}", cells.join(","), field(&message))?;
        }
        Ok(())
    }

    /// Writes the sweep into the file `path` as CSV.
    ///
    /// # Errors
    /// [`RecordError::Write`].
    pub fn save_csv(&self, path: &Path) -> Result<()> {
        let write = || -> io::Result<()> {
            let mut out = io::BufWriter::new(std::fs::File::create(path)?);
            self.write_csv(&mut out)?;
            out.flush()
        };
        write().map_err(|e| RecordError::write(path, e))
    }
}
