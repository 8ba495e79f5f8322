//! Measured signals and tick lists: tables of text, NPY, NPZ and WAV files, or a pipe.
//!
//! [`recording`] reads files into a [`Recording`]: channels of samples over common times. [`tick_lists`] reads columns of times. What
//! the bytes are is found from the bytes, not from the name. Whatever was decided on the way (which column is the time, what was left
//! out) stands in `notes`.
//!
//! ```
//! use huygens_lab::file::signals::{Input, Reading, Sampling, assemble};
//! let text = "t,left,right\n0.0,1.0,2.0\n0.1,1.5,\n0.2,0.5,1.0\n0.3,1.0,2.0\n";
//! let recording = assemble(&[Input::new("pair.csv", text)], &Reading::default()).unwrap();
//! assert_eq!(recording.channels[1].name, "right");
//! assert!(recording.channels[1].values[1].is_nan());
//! assert!(matches!(recording.sampling, Sampling::Uniform { rate } if (rate - 10.0).abs() < 1e-9));
//! ```

mod assemble;
mod npy;
mod npz;
mod text;
mod times;
mod wav;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::sync::Arc;

use super::{Diagnostic, Pointer};

pub use assemble::{assemble, assemble_ticks};

/// Largest file that is read, and largest size of what a compressed one may hold.
pub const MAX_SIGNAL_FILE: u64 = 1 << 30;

/// How files are to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Samples per unit of time; overrides columns of times and what a file says of itself.
    pub rate: Option<f64>,
    /// The column of times: its name, or its number counted from 1. Found by its name (`t`, `time`, …), or by being an increasing
    /// first column, where it is not given.
    pub time: Option<String>,
    /// The columns (of any of the files) to be read, by name or by number; empty for all.
    pub columns: Vec<String>,
}

/// A named series of samples; NaN where one is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Name: of its column, or of its file where that holds one column.
    pub name: String,
    /// Samples, one a time.
    pub values: Vec<f64>,
}

/// How the times lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampling {
    /// Equal steps (but for gaps).
    Uniform {
        /// Samples per unit of time.
        rate: f64,
    },
    /// Steps of their own.
    Irregular {
        /// Median step.
        step: f64,
    },
}

impl Sampling {
    /// The step, or the median step.
    pub fn step(self) -> f64 {
        match self {
            Sampling::Uniform { rate } => 1.0 / rate,
            Sampling::Irregular { step } => step,
        }
    }
}

/// A stretch of time without samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Index of the first sample behind it.
    pub index: usize,
    /// Time of the last sample before it.
    pub from: f64,
    /// Time of the first sample behind it.
    pub to: f64,
}

/// Signals recorded together.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The signals, all of one length.
    pub channels: Vec<Channel>,
    /// Times of the samples, increasing.
    pub times: Vec<f64>,
    /// How the times lie.
    pub sampling: Sampling,
    /// Jumps of the time column. (A missing value in one channel is a NaN there, not a gap of the recording.)
    pub gaps: Vec<Gap>,
    /// What was decided in reading.
    pub notes: Vec<String>,
}

/// A recording on equidistant times: see [`Recording::uniform`].
#[derive(Clone, Debug, PartialEq)]
pub struct Uniform {
    /// Time of the first sample.
    pub start: f64,
    /// Step.
    pub step: f64,
    /// The signals; NaN in gaps.
    pub channels: Vec<Channel>,
}

/// Times at which a player ticked.
#[derive(Clone, Debug, PartialEq)]
pub struct TickList {
    /// Name of the player.
    pub name: String,
    /// Times in increasing order; NaN where a tick is missing (rows of the table stay aligned between players).
    pub times: Vec<f64>,
}

/// Tick lists of players together.
#[derive(Clone, Debug, PartialEq)]
pub struct TickLists {
    /// The players.
    pub players: Vec<TickList>,
    /// What was decided in reading.
    pub notes: Vec<String>,
}

/// One file's name and bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Name, as errors and channels call it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Input {
    /// Bytes under a name.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// [`SignalError`] for a missing file, a folder, an empty or a too large one.
    pub fn read(path: &str) -> Result<Self> {
        let fail = |message: String, help: &str| Err(SignalError::new(path, message, help));
        let mut bytes = Vec::new();
        let limited = |source: &mut dyn std::io::Read, bytes: &mut Vec<u8>| {
            source.take(MAX_SIGNAL_FILE + 1).read_to_end(bytes).map(drop)
        };
        let name = if path == "-" { "standard input" } else { path };
        let outcome = if path == "-" {
            limited(&mut std::io::stdin().lock(), &mut bytes)
        } else {
            match std::fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => {
                    return fail("this is a folder".into(), "name the files in it");
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return fail("there is no such file".into(), "check the path");
                }
                _ => File::open(path).and_then(|mut file| limited(&mut file, &mut bytes)),
            }
        };
        if let Err(error) = outcome {
            return fail(format!("cannot be read: {error}"), "");
        }
        if bytes.len() as u64 > MAX_SIGNAL_FILE {
            return fail(format!("is larger than {} MiB", MAX_SIGNAL_FILE >> 20), "cut or thin out the recording");
        }
        Ok(Self { name: name.into(), bytes })
    }

    /// The name without folder and ending.
    fn stem(&self) -> String {
        let name = std::path::Path::new(&self.name);
        name.file_stem().map_or_else(|| self.name.clone(), |s| s.to_string_lossy().into_owned())
    }
}

/// Reads signals from files; `-` is standard input.
///
/// # Errors
/// [`SignalError`]: place, what was expected, cure.
pub fn recording<S: AsRef<str>>(files: &[S], reading: &Reading) -> Result<Recording> {
    assemble(&read_all(files)?, reading)
}

/// Reads tick lists from files; `-` is standard input.
///
/// # Errors
/// [`SignalError`]: place, what was expected, cure.
pub fn tick_lists<S: AsRef<str>>(files: &[S], reading: &Reading) -> Result<TickLists> {
    assemble_ticks(&read_all(files)?, reading)
}

fn read_all<S: AsRef<str>>(files: &[S]) -> Result<Vec<Input>> {
    if files.is_empty() {
        return Err(SignalError::new("", "no file is given", "name one or more files, or - for standard input"));
    }
    if files.iter().filter(|f| f.as_ref() == "-").count() > 1 {
        return Err(SignalError::new("-", "standard input can be read once only", "give - once"));
    }
    files.iter().map(|f| Input::read(f.as_ref())).collect()
}

/// Why a file holds no usable signal: where, what was expected and the cure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.diagnostic().title)]
pub struct SignalError {
    /// The file; empty where none is to blame.
    pub file: String,
    /// Line counted from 1, in a table of text.
    pub line: Option<usize>,
    /// Column of the table counted from 1, where one is to blame.
    pub column: Option<usize>,
    /// What is wrong, and what was expected.
    pub message: String,
    /// The cure; may be empty.
    pub help: String,
    /// The bytes of the text pointed at.
    place: Option<Box<(Arc<str>, Range<usize>)>>,
}

type Result<T> = std::result::Result<T, SignalError>;

impl SignalError {
    fn new(file: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (message.into(), help.into());
        Self { file: file.into(), line: None, column: None, message, help, place: None }
    }

    fn at_column(mut self, column: usize) -> Self {
        self.column = Some(column);
        self
    }

    /// Points at bytes of a text.
    fn at(mut self, text: &str, span: Range<usize>) -> Self {
        self.line = Some(super::diagnostic::line_column(text, span.start).0);
        self.place = Some(Box::new((text.into(), span)));
        self
    }

    /// The error as a report that points at the line and the word.
    pub fn diagnostic(&self) -> Diagnostic {
        let mut title = String::new();
        if !self.file.is_empty() {
            title = format!("{}: ", self.file);
        }
        if let Some(line) = self.line {
            title += &format!("line {line}: ");
        }
        if let Some(column) = self.column {
            title += &format!("column {column}: ");
        }
        title += &self.message;
        let mut diagnostic = Diagnostic::error(title);
        if !self.help.is_empty() {
            diagnostic = diagnostic.with_help(self.help.clone());
        }
        if let Some((text, span)) = self.place.as_deref() {
            let pointer =
                Pointer { path: self.file.clone(), text: text.clone(), span: span.clone(), label: String::new() };
            diagnostic = diagnostic.with_pointer(pointer);
        }
        diagnostic
    }
}

/// What one file holds, whatever its format.
#[derive(Clone, Debug, Default)]
struct Table {
    /// Columns of numbers.
    columns: Vec<Column>,
    /// Samples per unit of time, where the file says it.
    rate: Option<f64>,
    /// Where the rows of a text stand, for errors.
    rows: Option<Rows>,
    /// What was decided in reading.
    notes: Vec<String>,
}

/// A column of a table.
#[derive(Clone, Debug)]
struct Column {
    /// Name; `None` without a header.
    name: Option<String>,
    /// Number counted from 1.
    number: usize,
    /// Values; NaN where missing.
    values: Vec<f64>,
    /// The first cell that is no number, where there is one: such a column cannot be used.
    text: Option<Range<usize>>,
}

/// A text and where its rows of numbers begin.
#[derive(Clone, Debug)]
struct Rows {
    text: Arc<str>,
    /// Byte range of each row.
    spans: Vec<Range<usize>>,
}

/// Recognises the format from the bytes.
fn table(input: &Input) -> Result<Table> {
    let bytes = &input.bytes[..];
    if bytes.is_empty() {
        let (message, help) = if input.name == "standard input" {
            ("nothing came through the pipe", "check the command before it")
        } else {
            ("the file is empty", "")
        };
        return Err(SignalError::new(&input.name, message, help));
    }
    if bytes.starts_with(b"\x93NUMPY") {
        let array = npy::parse(&input.name, bytes)?;
        Ok(Table { columns: array.columns(None), notes: array.notes, ..Table::default() })
    } else if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        npz::parse(&input.name, bytes)
    } else if bytes.starts_with(b"RIFF") || bytes.starts_with(b"RIFX") || bytes.starts_with(b"RF64") {
        wav::parse(&input.name, bytes)
    } else {
        text::parse(&input.name, bytes)
    }
}
