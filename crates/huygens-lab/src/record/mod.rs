//! Results with names, units, axes and provenance, and how they are written and read.
//!
//! A single run is a [`Record`]: as JSON ([`Record::json`]), CSV ([`Record::csv`], [`Record::series_csv`]), NPZ
//! ([`Record::npz`]) or a table for people ([`Record::table`]). A sweep is a Zarr v3 store ([`StoreWriter`], [`SweepStore`]),
//! which xarray opens.
//!
//! Every number leaves with the shortest digits that read back as the same number. What has no finite value is `null` in JSON,
//! empty in CSV and NaN in arrays, never a made-up number. No output holds the time or the machine: the same run gives the same
//! bytes.
//!
//! # The store of a sweep
//!
//! It is a Zarr v3 group, which `xarray.open_zarr` opens as one data set (Zarr-Python 3.1 or later):
//!
//! ```text
//! STORE/zarr.json                 names, units, provenance; metadata of all arrays (consolidated)
//! STORE/mu/c/0                    one coordinate array for each axis
//! STORE/complete_sync(b1,b2)/c/…  one array for each column, NaN where a point has no value
//! STORE/status/c/…                int8: 0 not computed, 1 pass, 2 note, 3 a check failed, 4 no result
//! STORE/message/c/…               text: why a point has no result, or which check failed
//! STORE/.work/…                   drafts and claims of running sweeps; gone when the store is complete
//! ```
//!
//! A chunk counts as done when its `status` is there and all its columns are there with the right length and checksum; `status`
//! is written last. All files appear by renaming, so a killed process leaves a chunk done or not done, never half done, and what
//! stands in the store depends on the sweep alone: not on threads, shards, interruptions or the clock.
//!
//! A running process holds a lock on its claim `.work/shard-I-of-N`, which the operating system releases with the process, however it ends.

mod axis;
mod csv;
mod json;
mod layout;
mod npz;
mod reader;
pub(crate) mod table;
mod writer;
mod zarr;

pub(crate) use zarr::{AtomicWriter, crc32_ieee};

use std::io;
use std::path::{Path, PathBuf};

use huygens::report::Report;
use serde_json::{Map, Value, json};
use thiserror::Error;

pub use axis::{Axis, AxisError, Grid, MAX_POINTS, Shard, ShardError, Spacing};
pub(crate) use csv::{attributes, field, header, number};
pub use layout::{ChunkData, Column, ColumnKind, Counts, Layout, PointStatus};
pub use npz::Npz;
pub use reader::{StoredAxis, SweepData, SweepStore};
pub use table::Style;
pub(crate) use table::significant;
pub use writer::StoreWriter;

/// What can go wrong with files of results.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}; choose another --out, or make room there", path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// The store is there already.
    #[error(
        "{} already holds this sweep, wholly or in part: continue it with --resume, or choose another --out", path.display()
    )]
    Exists {
        /// The store.
        path: PathBuf,
    },
    /// The store belongs to another sweep.
    #[error(
        "{} holds another sweep: {differences}; repeat the sweep as it was begun, or choose another --out", path.display()
    )]
    OtherSweep {
        /// The store.
        path: PathBuf,
        /// What differs.
        differences: String,
    },
    /// Something else is there.
    #[error("{} is not a store of a sweep: {why}; name a store that `huygens sweep` has written, or, to write one, a new folder", path.display())]
    NotAStore {
        /// The path.
        path: PathBuf,
        /// What is there.
        why: String,
    },
    /// The shard has been begun before.
    #[error(
        "shard {shard} of {} has been begun before: continue it with --resume; no other process may compute the same shard",
        path.display()
    )]
    ShardBegun {
        /// The store.
        path: PathBuf,
        /// The shard.
        shard: Shard,
    },
    /// Two ways of dividing the sweep.
    #[error(
        "shard {shard} of {} overlaps with shard {other}, which has been begun: keep to shards I/{}, or, when none of them \
         runs any more, let one process finish with --resume and no --shard", path.display(), other.of()
    )]
    ShardOverlap {
        /// The store.
        path: PathBuf,
        /// The shard that was asked for.
        shard: Shard,
        /// The shard that was begun.
        other: Shard,
    },
    /// Another process computes these points at this moment.
    #[error("shard {shard} of {} is being computed by another process: wait for it or stop it, then use --resume", path.display())]
    ShardRunning {
        /// The store.
        path: PathBuf,
        /// The running shard.
        shard: Shard,
    },
    /// A chunk with a wrong length or checksum.
    #[error("{} is damaged (its length or checksum is wrong): `huygens sweep … --resume` computes it again", path.display())]
    Damaged {
        /// The chunk.
        path: PathBuf,
    },
    /// A column that is not there.
    #[error("{} has no column `{name}`; it has {names}", path.display())]
    NoColumn {
        /// The store.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        names: String,
    },
    /// An archive above the size that the ZIP format allows.
    #[error("the array `{name}` makes the NPZ archive larger than 4 GB: record fewer samples")]
    TooLarge {
        /// The array.
        name: String,
    },
}

impl RecordError {
    fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.into(), source }
    }

    fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.into(), source }
    }
}

/// Result of the record room.
pub type Result<T> = std::result::Result<T, RecordError>;

/// A parameter with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// Value.
    pub value: f64,
    /// Unit, empty where it is not known.
    pub unit: String,
}

/// Where a result comes from: what another person needs to compute it again.
///
/// Empty texts are left out of what is written. In a sweep every entry but `command` must agree between the processes that
/// write one store.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// Version of Huygens.
    pub version: String,
    /// The command (see [`portable_command`]).
    pub command: String,
    /// SHA-256 of the model's text.
    pub model_hash: String,
    /// Level of description.
    pub level: String,
    /// Operator ordering of the equations that were solved.
    pub ordering: String,
    /// Frame of the results.
    pub frame: String,
    /// Model of the baths.
    pub baths: String,
    /// Method.
    pub method: String,
    /// Relative tolerance; zero where none was used.
    pub tolerance: f64,
    /// Seed.
    pub seed: u64,
    /// The parameters of a run; in a sweep, those that are not swept.
    pub parameters: Vec<Parameter>,
}

impl Default for Provenance {
    /// This version of Huygens, and nothing else.
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            command: String::new(),
            model_hash: String::new(),
            level: String::new(),
            ordering: String::new(),
            frame: String::new(),
            baths: String::new(),
            method: String::new(),
            tolerance: 0.0,
            seed: 0,
            parameters: Vec::new(),
        }
    }
}

impl Provenance {
    /// The entries as a JSON object, without those that are empty.
    pub fn json(&self) -> Value {
        let mut object = Map::new();
        let texts = [
            ("version", &self.version),
            ("command", &self.command),
            ("model_hash", &self.model_hash),
            ("level", &self.level),
            ("ordering", &self.ordering),
            ("frame", &self.frame),
            ("baths", &self.baths),
            ("method", &self.method),
        ];
        for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            object.insert(key.into(), json!(text));
        }
        if self.tolerance.is_finite() && self.tolerance > 0.0 {
            object.insert("tolerance".into(), json!(self.tolerance));
        }
        object.insert("seed".into(), json!(self.seed));
        if !self.parameters.is_empty() {
            let values: Map<String, Value> = self.parameters.iter().map(|p| (p.name.clone(), json!(p.value))).collect();
            object.insert("parameters".into(), Value::Object(values));
            let with_unit = self.parameters.iter().filter(|p| !p.unit.is_empty());
            let units: Map<String, Value> = with_unit.map(|p| (p.name.clone(), json!(p.unit))).collect();
            if !units.is_empty() {
                object.insert("parameter_units".into(), Value::Object(units));
            }
        }
        Value::Object(object)
    }
}

/// SHA-256 of a text, as 64 hexadecimal digits: `sha256sum` gives the same for the file.
///
/// ```
/// assert!(huygens_lab::record::text_hash("abc").starts_with("ba7816bf8f01cfea"));
/// ```
pub fn text_hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The command as it goes into a record: without what changes nothing in the result (where and in which form it is written, how
/// many threads or shards compute it, whether it was continued or drawn), so that equal results have equal records.
///
/// ```
/// let args = ["huygens", "sweep", "kerr-pair", "--out", "a.zarr", "--over", "mu=0:0.1:11", "--shard=1/4", "-q", "-m", "pearson(q(a), q(b))"];
/// let text = huygens_lab::record::portable_command(args.iter().map(|a| a.to_string()));
/// assert_eq!(text, "huygens sweep kerr-pair --over mu=0:0.1:11 -m 'pearson(q(a), q(b))'");
/// ```
pub fn portable_command(args: impl IntoIterator<Item = String>) -> String {
    const ALONE: [&str; 5] = ["--resume", "--progress", "--no-figure", "--quiet", "-q"];
    const WITH_VALUE: [&str; 5] = ["--out", "--shard", "--threads", "--format", "--figure"];
    let mut args = args.into_iter();
    let mut words = Vec::new();
    if args.next().is_some() {
        words.push("huygens".to_owned());
    }
    while let Some(arg) = args.next() {
        if ALONE.contains(&arg.as_str()) || arg.split_once('=').is_some_and(|(name, _)| WITH_VALUE.contains(&name)) {
            continue;
        }
        if WITH_VALUE.contains(&arg.as_str()) {
            args.next();
            continue;
        }
        let plain = |c: char| c.is_alphanumeric() || "_-+=:.,/@%^".contains(c);
        if !arg.is_empty() && arg.chars().all(plain) {
            words.push(arg);
        } else {
            words.push(format!("'{}'", arg.replace('\'', r"'\''")));
        }
    }
    words.join(" ")
}

/// The result of one run with everything that it needs to be understood and repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Name of the model.
    pub model: String,
    /// What was found.
    pub report: Report,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Record {
    /// A record of `report`: what the report says about level, ordering, frame, method, tolerance and seed goes into the
    /// provenance.
    pub fn new(model: impl Into<String>, report: Report, mut provenance: Provenance) -> Self {
        let fill = |to: &mut String, from: &str| {
            if !from.is_empty() {
                from.clone_into(to);
            }
        };
        fill(&mut provenance.level, &report.level);
        fill(&mut provenance.ordering, &report.ordering);
        fill(&mut provenance.frame, &report.frame);
        fill(&mut provenance.method, &report.method);
        provenance.tolerance = report.tolerance;
        provenance.seed = report.seed;
        Self { model: model.into(), report, provenance }
    }

    /// Writes the record into the folder `folder` as `record.json`, `values.csv`, `series.csv` and `record.npz`, and returns the
    /// paths. The series are left out where the report has none.
    ///
    /// # Errors
    /// [`RecordError::Write`], [`RecordError::TooLarge`].
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        std::fs::create_dir_all(folder).map_err(|e| RecordError::write(folder, e))?;
        let mut files = vec![("record.json", self.json().into_bytes()), ("values.csv", self.csv().into_bytes())];
        if !self.report.times.is_empty() || !self.report.series.is_empty() {
            files.push(("series.csv", self.series_csv().into_bytes()));
        }
        files.push(("record.npz", self.npz()?));
        let mut paths = Vec::with_capacity(files.len());
        for (name, bytes) in files {
            let path = folder.join(name);
            std::fs::write(&path, bytes).map_err(|e| RecordError::write(&path, e))?;
            paths.push(path);
        }
        Ok(paths)
    }
}

/// `x` where it is a finite number.
fn finite(x: Option<f64>) -> Option<f64> {
    x.filter(|x| x.is_finite())
}
