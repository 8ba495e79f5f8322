//! The store of a sweep: a Zarr v3 group that `xarray.open_zarr` opens as one data set.
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

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::axis::{Axis, Grid, Shard, Spacing};
use super::zarr::{self, ArrayMeta, AtomicWriter, Kind};
use super::{Provenance, RecordError, Result};

const FORMAT: &str = "sweep 1";
const WORK: &str = ".work";
const STATUS: &str = "status";
const MESSAGE: &str = "message";
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
    pub fn number(
        name: impl Into<String>,
        unit: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            unit: unit.into(),
            description: description.into(),
            kind: ColumnKind::Number,
        }
    }

    /// A column of labels.
    pub fn category(
        name: impl Into<String>,
        labels: Vec<String>,
        description: impl Into<String>,
    ) -> Self {
        let kind = ColumnKind::Category(labels);
        Self {
            name: name.into(),
            unit: "1".into(),
            description: description.into(),
            kind,
        }
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
        [
            Self::Missing,
            Self::Pass,
            Self::Note,
            Self::Fail,
            Self::Error,
        ]
        .into_iter()
        .find(|s| *s as i8 == code)
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
    grid: Grid,
    columns: Vec<Column>,
    attributes: Map<String, Value>,
}

impl Layout {
    /// A sweep over `grid` that computes `columns`, under the name of its model and its provenance.
    pub fn new(grid: Grid, columns: Vec<Column>, model: &str, provenance: &Provenance) -> Self {
        let mut attributes = Map::new();
        let Value::Object(entries) = provenance.json() else {
            unreachable!("provenance is a JSON object")
        };
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
        attributes.insert(
            "sweep".into(),
            grid.axes().iter().map(|a| json!(a.to_string())).collect(),
        );
        Self {
            grid,
            columns,
            attributes,
        }
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
    fn arrays(&self) -> Vec<ArrayMeta> {
        let mut names = Names::default();
        let dimensions: Vec<String> = self
            .grid
            .axes()
            .iter()
            .map(|a| names.unique(a.name()))
            .collect();
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
        for column in &self.columns {
            let mut attributes = described(&column.name, &column.unit, &column.description);
            let kind = match &column.kind {
                ColumnKind::Number => Kind::Float,
                ColumnKind::Category(labels) => {
                    let words: Vec<String> = labels
                        .iter()
                        .map(|l| l.replace(char::is_whitespace, "_"))
                        .collect();
                    attributes.insert("flag_values".into(), (0..labels.len()).collect());
                    attributes.insert("flag_meanings".into(), json!(words.join(" ")));
                    Kind::Short
                }
            };
            on_grid(names.unique(&column.name), kind, attributes);
        }
        let mut status = described("state of the point", "1", "");
        status.insert("flag_values".into(), json!([0, 1, 2, 3, 4]));
        status.insert(
            "flag_meanings".into(),
            json!("not_computed pass note check_failed no_result"),
        );
        on_grid(STATUS.into(), Kind::Byte, status);
        on_grid(
            MESSAGE.into(),
            Kind::Text,
            described("why there is no result, or which check failed", "", ""),
        );
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
            if c.is_control() || r#"/\:*?"<>|"#.contains(c) {
                '_'
            } else {
                c
            }
        };
        let mut clean: String = name.chars().map(safe).collect();
        clean.truncate(clean.trim_end_matches(['.', ' ']).len());
        if clean.is_empty() || clean.starts_with("__") || clean.starts_with('.') {
            clean.insert_str(0, "x");
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
    columns: Vec<Vec<f64>>,
    status: Vec<i8>,
    messages: Vec<(usize, String)>,
}

impl ChunkData {
    /// An empty chunk of `columns` columns and `len` places.
    pub fn new(columns: usize, len: usize) -> Self {
        Self {
            columns: vec![vec![f64::NAN; len]; columns],
            status: vec![0; len],
            messages: Vec::new(),
        }
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

/// A store that is being filled by this process.
#[derive(Debug)]
pub struct StoreWriter {
    root: PathBuf,
    grid: Grid,
    /// The columns' arrays.
    columns: Vec<ArrayMeta>,
    status: ArrayMeta,
    message: ArrayMeta,
    drafts: AtomicWriter,
    /// Held while the sweep runs: its lock is the claim.
    _claim: File,
}

impl StoreWriter {
    /// Opens the store at `root` for computing `shard` of the sweep, and makes it where it is not there yet.
    ///
    /// Without `resume` the shard must not have been begun. With it, what is done stays, and the rest is computed; a process
    /// that continues alone may take over what killed shards left.
    ///
    /// # Errors
    /// [`RecordError::Exists`], [`RecordError::OtherSweep`], [`RecordError::NotAStore`], [`RecordError::ShardBegun`],
    /// [`RecordError::ShardOverlap`], [`RecordError::ShardRunning`], [`RecordError::Write`].
    pub fn begin(root: &Path, layout: &Layout, shard: Shard, resume: bool) -> Result<Self> {
        let arrays = layout.arrays();
        let begun = inspect(root, layout, &arrays)?;
        if begun && !resume && shard == Shard::WHOLE {
            return Err(RecordError::Exists { path: root.into() });
        }
        let work = root.join(WORK);
        let fail = |e| RecordError::write(root, e);
        fs::create_dir_all(&work).map_err(fail)?;
        let gate = open_for_lock(&work.join("gate")).map_err(fail)?;
        unsupported_is_fine(gate.lock()).map_err(fail)?;
        // Another process may have come first.
        if inspect(root, layout, &arrays)? {
            if !begun && !resume && shard == Shard::WHOLE {
                return Err(RecordError::Exists { path: root.into() });
            }
        } else {
            initialise(
                root,
                layout,
                &arrays,
                &AtomicWriter::new(work.join("draft")).map_err(fail)?,
            )
            .map_err(fail)?;
        }
        let claimed = claim(root, &work, layout, &arrays, shard, resume);
        if claimed.is_err() && claims(&work).is_empty() {
            let _ = fs::remove_dir_all(&work);
        }
        let claim = claimed?;
        let drafts =
            AtomicWriter::new(work.join(format!("draft-{}-of-{}", shard.number(), shard.of())))
                .map_err(fail)?;
        let n = layout.grid.axes().len();
        let mut arrays = arrays;
        let (message, status) = (arrays.pop(), arrays.pop());
        let (Some(message), Some(status)) = (message, status) else {
            unreachable!("a layout has a status and a message")
        };
        Ok(Self {
            root: root.into(),
            grid: layout.grid.clone(),
            columns: arrays.split_off(n),
            status,
            message,
            drafts,
            _claim: claim,
        })
    }

    /// The status codes of a chunk that is done, `None` where it is not there, not whole, or damaged.
    ///
    /// # Errors
    /// [`RecordError::Read`] where a file is there but cannot be read.
    pub fn done(&self, chunk: u64) -> Result<Option<Vec<i8>>> {
        let at = self.grid.chunk_coordinates(chunk);
        let n = self.grid.chunk_len();
        let read = |array: &ArrayMeta| read_if_there(&self.root.join(array.chunk_path(&at)));
        let Some(status) = read(&self.status)?.and_then(|bytes| zarr::decode_bytes(&bytes, n))
        else {
            return Ok(None);
        };
        if self
            .grid
            .chunk_points(chunk)
            .any(|(place, _)| !(1..=4).contains(&status[place]))
        {
            return Ok(None);
        }
        for column in &self.columns {
            let sound = match (read(column)?, column.kind) {
                (None, _) => false,
                (Some(bytes), Kind::Short) => zarr::decode_shorts(&bytes, n).is_some(),
                (Some(bytes), _) => zarr::decode_floats(&bytes, n).is_some(),
            };
            if !sound {
                return Ok(None);
            }
        }
        match read(&self.message)? {
            Some(bytes) if zarr::decode_texts(&bytes, n).is_none() => Ok(None),
            _ => Ok(Some(status)),
        }
    }

    /// Writes a chunk; when this returns, the chunk is done.
    ///
    /// # Errors
    /// [`RecordError::Write`], for example when the disk is full.
    pub fn write(&self, chunk: u64, data: &ChunkData) -> Result<()> {
        let at = self.grid.chunk_coordinates(chunk);
        let write = |array: &ArrayMeta, bytes: &[u8]| {
            let path = self.root.join(array.chunk_path(&at));
            self.drafts
                .write(&path, bytes)
                .map_err(|e| RecordError::write(&path, e))
        };
        for (array, values) in self.columns.iter().zip(&data.columns) {
            let bytes = match array.kind {
                Kind::Short => zarr::encode_shorts(values),
                _ => zarr::encode_floats(values),
            };
            write(array, &bytes)?;
        }
        if data.messages.is_empty() {
            // What a damaged store may have left; it would be read as this chunk's.
            let stale = self.root.join(self.message.chunk_path(&at));
            match fs::remove_file(&stale) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(RecordError::write(&stale, e));
                }
                _ => {}
            }
        } else {
            let mut texts = vec![String::new(); data.status.len()];
            data.messages
                .iter()
                .for_each(|(place, text)| texts[*place].clone_from(text));
            write(&self.message, &zarr::encode_texts(&texts))?;
        }
        write(&self.status, &zarr::encode_bytes(&data.status))
    }

    /// Ends the work of this process, and says whether the whole store is complete now; a complete store is left with nothing
    /// but its data in it.
    pub fn finish(self) -> bool {
        self.drafts.close();
        let there = |chunk| {
            self.root
                .join(self.status.chunk_path(&self.grid.chunk_coordinates(chunk)))
                .exists()
        };
        let complete = (0..self.grid.chunks()).all(there);
        if complete {
            // Another shard that finishes now does the same; whoever comes second finds nothing to remove.
            let _ = fs::remove_dir_all(self.root.join(WORK));
        }
        complete
    }
}

/// Whether a store of this sweep is at `root`; an error where something else is.
fn inspect(root: &Path, layout: &Layout, arrays: &[ArrayMeta]) -> Result<bool> {
    let foreign = |why: &str| RecordError::NotAStore {
        path: root.into(),
        why: why.into(),
    };
    match fs::metadata(root) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(RecordError::write(root, e)),
        Ok(meta) if !meta.is_dir() => return Err(foreign("it is a file")),
        Ok(_) => {}
    }
    let Some(bytes) = read_if_there(&root.join("zarr.json"))? else {
        if root.join(WORK).is_dir() {
            return Ok(false);
        }
        let mut entries = fs::read_dir(root).map_err(|e| RecordError::read(root, e))?;
        return if entries.next().is_none() {
            Ok(false)
        } else {
            Err(foreign("it is a folder with other files in it"))
        };
    };
    let stored: Value = serde_json::from_slice(&bytes)
        .map_err(|e| foreign(&format!("its zarr.json cannot be read: {e}")))?;
    let fresh = zarr::normalised(&zarr::group_json(&layout.attributes, arrays));
    let differences = differences(&stored, &fresh);
    if differences.is_empty() {
        Ok(true)
    } else {
        Err(RecordError::OtherSweep {
            path: root.into(),
            differences: differences.join("; "),
        })
    }
}

/// What a stored group says differently, in words, at most three points.
fn differences(stored: &Value, fresh: &Value) -> Vec<String> {
    let empty = Map::new();
    let object = |v: &'_ Value| v.as_object().cloned().unwrap_or_default();
    let mut out = Vec::new();
    let (a, b) = (object(&stored["attributes"]), object(&fresh["attributes"]));
    if !a.contains_key("huygens_format") {
        return vec!["it is not a sweep of Huygens".into()];
    }
    // The model first: where it differs, the rest does too.
    let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.sort_by_key(|k| (*k != "model", *k != "model_hash"));
    for key in keys {
        // Two commands may ask for the same sweep in different words.
        if key != "command" {
            compare(key, a.get(key), b.get(key), &mut out);
        }
    }
    let metadata = |v: &Value| {
        v["consolidated_metadata"]["metadata"]
            .as_object()
            .unwrap_or(&empty)
            .clone()
    };
    let (a, b) = (metadata(stored), metadata(fresh));
    for name in a.keys().filter(|name| !b.contains_key(*name)) {
        out.push(format!(
            "the store has `{name}`, which this sweep does not ask for"
        ));
    }
    for (name, array) in &b {
        match a.get(name) {
            None => out.push(format!(
                "this sweep asks for `{name}`, which the store has not"
            )),
            Some(other) if other != array => {
                let what = if other["shape"] != array["shape"] {
                    "number of points"
                } else if other["chunk_grid"] != array["chunk_grid"] {
                    "division into chunks"
                } else if other["attributes"] != array["attributes"] {
                    "unit, range or description"
                } else {
                    "form"
                };
                out.push(format!("`{name}` has another {what} in the store"));
            }
            Some(_) => {}
        }
    }
    if stored != fresh && out.is_empty() {
        let same_but_command = {
            let mut s = stored.clone();
            s["attributes"]["command"] = fresh["attributes"]["command"].clone();
            let mut f = fresh.clone();
            f["attributes"]["command"] = s["attributes"]["command"].clone();
            s == f
        };
        if !same_but_command {
            out.push("its metadata were written by another program".into());
        }
    }
    if out.len() > 3 {
        let more = out.len() - 3;
        out.truncate(3);
        out.push(format!("and {more} more differences"));
    }
    out
}

fn compare(key: &str, stored: Option<&Value>, fresh: Option<&Value>, out: &mut Vec<String>) {
    if stored == fresh {
        return;
    }
    // Parameters are kept as one JSON text: name the ones that differ.
    let parsed = |v: Option<&Value>| -> Option<Map<String, Value>> {
        serde_json::from_str(v?.as_str()?).ok()
    };
    if let (Some(a), Some(b)) = (parsed(stored), parsed(fresh)) {
        let before = out.len();
        let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            compare(name, a.get(name), b.get(name), out);
        }
        if out.len() > before {
            return;
        }
    }
    let show = |v: Option<&Value>| v.map_or("nothing".into(), Value::to_string);
    out.push(format!(
        "`{key}` is {} in the store and {} here",
        show(stored),
        show(fresh)
    ));
}

/// Writes the metadata and the coordinates; the root's metadata last, because it says that the store is there.
fn initialise(
    root: &Path,
    layout: &Layout,
    arrays: &[ArrayMeta],
    drafts: &AtomicWriter,
) -> io::Result<()> {
    for (axis, array) in layout.grid.axes().iter().zip(arrays) {
        let side = array.chunk[0];
        for piece in 0..axis.count().div_ceil(side) {
            let place = |i: u64| {
                if i < axis.count() {
                    axis.value(i)
                } else {
                    f64::NAN
                }
            };
            let values: Vec<f64> = (piece * side..(piece + 1) * side).map(place).collect();
            drafts.write(
                &root.join(array.chunk_path(&[piece])),
                &zarr::encode_floats(&values),
            )?;
        }
    }
    for array in arrays {
        drafts.write(
            &root.join(&array.name).join("zarr.json"),
            pretty(&array.json()).as_bytes(),
        )?;
    }
    drafts.write(
        &root.join("zarr.json"),
        pretty(&zarr::group_json(&layout.attributes, arrays)).as_bytes(),
    )?;
    drafts.close();
    Ok(())
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn open_for_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// File systems without locks exist; on them two processes may compute the same chunk, to the same bytes.
fn unsupported_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::Unsupported => Ok(()),
        other => other,
    }
}

/// The shards that have begun, with the files of their claims.
fn claims(work: &Path) -> Vec<(Shard, PathBuf)> {
    let entries = fs::read_dir(work).into_iter().flatten().flatten();
    let shard = |name: &str| {
        let (number, of) = name.strip_prefix("shard-")?.split_once("-of-")?;
        Shard::new(number.parse().ok()?, of.parse().ok()?).ok()
    };
    let mut found: Vec<_> = entries
        .filter_map(|e| Some((shard(e.file_name().to_str()?)?, e.path())))
        .collect();
    found.sort_by_key(|(s, _)| (s.of(), s.number()));
    found
}

/// Whether two shards of a sweep of `chunks` chunks own a chunk together.
fn overlap(a: Shard, b: Shard, chunks: u64) -> bool {
    fn gcd(a: u64, b: u64) -> u64 {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    if !a
        .number()
        .abs_diff(b.number())
        .is_multiple_of(gcd(a.of(), b.of()))
    {
        return false;
    }
    // They meet in one residue class; is a member of it below the number of chunks?
    let (wide, narrow) = if a.of() >= b.of() { (a, b) } else { (b, a) };
    wide.chunks(chunks)
        .take(usize::try_from(narrow.of()).unwrap_or(usize::MAX))
        .any(|c| c % narrow.of() == narrow.number() - 1)
}

/// Takes the claim of `shard`, or says who has it.
fn claim(
    root: &Path,
    work: &Path,
    layout: &Layout,
    arrays: &[ArrayMeta],
    shard: Shard,
    resume: bool,
) -> Result<File> {
    let path = root.to_path_buf();
    let chunks = layout.grid.chunks();
    let fail = |e| RecordError::write(work, e);
    let mut superseded = Vec::new();
    for (other, file) in claims(work) {
        if !overlap(shard, other, chunks) && other != shard {
            continue;
        }
        let running = match open_for_lock(&file).map_err(fail)?.try_lock() {
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(e)) => {
                unsupported_is_fine(Err(e)).map(|()| false).map_err(fail)?
            }
            Ok(()) => false,
        };
        if running {
            return Err(RecordError::ShardRunning { path, shard: other });
        }
        if other == shard {
            if !resume {
                return Err(RecordError::ShardBegun { path, shard });
            }
        } else if resume && (shard == Shard::WHOLE || other == Shard::WHOLE) {
            superseded.push(file);
        } else {
            return Err(RecordError::ShardOverlap { path, shard, other });
        }
    }
    let status = &arrays[arrays.len() - 2];
    let done = |chunk| {
        root.join(status.chunk_path(&layout.grid.chunk_coordinates(chunk)))
            .exists()
    };
    if !resume && shard.chunks(chunks).any(done) {
        return Err(RecordError::ShardBegun { path, shard });
    }
    for file in superseded {
        fs::remove_file(file).map_err(fail)?;
    }
    let name = work.join(format!("shard-{}-of-{}", shard.number(), shard.of()));
    let mut claim = open_for_lock(&name).map_err(fail)?;
    match claim.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(RecordError::ShardRunning { path, shard }),
        Err(TryLockError::Error(e)) => unsupported_is_fine(Err(e)).map_err(fail)?,
        Ok(()) => {}
    }
    claim
        .set_len(0)
        .and_then(|()| writeln!(claim, "process {}", std::process::id()))
        .map_err(fail)?;
    Ok(claim)
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(e) => Err(RecordError::read(path, e)),
    }
}

/// A store that is there, complete or not.
#[derive(Clone, Debug)]
pub struct SweepStore {
    root: PathBuf,
    attributes: Map<String, Value>,
    grid: Grid,
    axes: Vec<StoredAxis>,
    columns: Vec<(Column, ArrayMeta)>,
    status: ArrayMeta,
    message: ArrayMeta,
}

/// An axis as it was swept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAxis {
    /// Name of the parameter.
    pub name: String,
    /// Unit, empty where it is not known.
    pub unit: String,
    /// What the parameter is; may be empty.
    pub description: String,
    /// Spacing of the values.
    pub spacing: Spacing,
    /// The values.
    pub values: Vec<f64>,
}

impl StoredAxis {
    /// The values of an axis.
    pub fn of(axis: &Axis) -> Self {
        Self {
            name: axis.name().into(),
            unit: axis.unit.clone(),
            description: axis.description.clone(),
            spacing: axis.spacing(),
            values: axis.values().collect(),
        }
    }
}

impl SweepStore {
    /// Opens a store that a sweep has written.
    ///
    /// # Errors
    /// [`RecordError::NotAStore`] where there is none, [`RecordError::Read`] where it cannot be read.
    pub fn open(root: &Path) -> Result<Self> {
        let foreign = |why: &str| RecordError::NotAStore {
            path: root.into(),
            why: why.into(),
        };
        let Some(bytes) = read_if_there(&root.join("zarr.json"))? else {
            return Err(foreign(if root.exists() {
                "it has no zarr.json"
            } else {
                "there is nothing"
            }));
        };
        let group: Value = serde_json::from_slice(&bytes)
            .map_err(|e| foreign(&format!("its zarr.json cannot be read: {e}")))?;
        let attributes = group["attributes"].as_object().cloned().unwrap_or_default();
        if attributes.get("huygens_format") != Some(&json!(FORMAT)) {
            return Err(foreign(
                "it is no sweep of Huygens, or one of another version",
            ));
        }
        let damaged = || foreign("its metadata are damaged");
        let texts = attributes
            .get("sweep")
            .and_then(Value::as_array)
            .ok_or_else(damaged)?;
        let axes: Option<Vec<Axis>> = texts
            .iter()
            .map(|t| Axis::parse(t.as_str()?).ok())
            .collect();
        let grid = Grid::new(axes.ok_or_else(damaged)?).map_err(|_| damaged())?;
        let metadata = group["consolidated_metadata"]["metadata"]
            .as_object()
            .ok_or_else(damaged)?;
        let array = |name: &str| {
            metadata
                .get(name)
                .and_then(|value| ArrayMeta::from_json(name, value))
        };
        let status = array(STATUS)
            .filter(|a| a.shape == grid.shape() && a.kind == Kind::Byte)
            .ok_or_else(damaged)?;
        let message = array(MESSAGE)
            .filter(|a| a.shape == grid.shape() && a.kind == Kind::Text)
            .ok_or_else(damaged)?;
        let grid = grid.with_chunk_shape(&status.chunk);
        let text = |a: &ArrayMeta, key: &str| {
            a.attributes
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned()
        };
        let mut stored = Vec::new();
        for (axis, name) in grid.axes().iter().zip(&status.dimensions) {
            let meta = array(name)
                .filter(|a| a.shape == [axis.count()] && a.kind == Kind::Float)
                .ok_or_else(damaged)?;
            let mut values = Vec::new();
            for piece in 0..axis.count().div_ceil(meta.chunk[0]) {
                let path = root.join(meta.chunk_path(&[piece]));
                let chunk = read_if_there(&path)?
                    .and_then(|bytes| zarr::decode_floats(&bytes, meta.chunk[0] as usize));
                values.extend(chunk.ok_or_else(|| RecordError::Damaged { path })?);
            }
            values.truncate(axis.count() as usize);
            stored.push(StoredAxis {
                name: axis.name().into(),
                unit: text(&meta, "units"),
                description: text(&meta, "description"),
                spacing: axis.spacing(),
                values,
            });
        }
        let mut columns = Vec::new();
        for name in metadata
            .keys()
            .filter(|n| *n != STATUS && *n != MESSAGE && !status.dimensions.contains(n))
        {
            let meta = array(name)
                .filter(|a| a.shape == grid.shape() && a.chunk == status.chunk)
                .ok_or_else(damaged)?;
            let kind = if meta.kind == Kind::Short {
                ColumnKind::Category(
                    text(&meta, "flag_meanings")
                        .split(' ')
                        .map(String::from)
                        .collect(),
                )
            } else {
                ColumnKind::Number
            };
            let column = Column {
                name: text(&meta, "long_name"),
                unit: text(&meta, "units"),
                description: text(&meta, "description"),
                kind,
            };
            columns.push((column, meta));
        }
        Ok(Self {
            root: root.into(),
            attributes,
            grid,
            axes: stored,
            columns,
            status,
            message,
        })
    }

    /// Provenance: the attributes of the data set.
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The axes with their values.
    pub fn axes(&self) -> &[StoredAxis] {
        &self.axes
    }

    /// The columns, in alphabetical order.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().map(|(column, _)| column)
    }

    /// Goes through the chunks of an array; `None` for a chunk that is not there.
    fn each_chunk<T>(
        &self,
        array: &ArrayMeta,
        decode: impl Fn(&[u8], usize) -> Option<Vec<T>>,
        mut visit: impl FnMut(u64, Option<Vec<T>>),
    ) -> Result<()> {
        for chunk in 0..self.grid.chunks() {
            let path = self
                .root
                .join(array.chunk_path(&self.grid.chunk_coordinates(chunk)));
            let values = match read_if_there(&path)? {
                None => None,
                Some(bytes) => Some(
                    decode(&bytes, self.grid.chunk_len())
                        .ok_or_else(|| RecordError::Damaged { path })?,
                ),
            };
            visit(chunk, values);
        }
        Ok(())
    }

    fn gather<T: Clone>(
        &self,
        array: &ArrayMeta,
        fill: T,
        decode: impl Fn(&[u8], usize) -> Option<Vec<T>>,
    ) -> Result<Vec<T>> {
        let mut out = vec![fill; self.grid.len() as usize];
        self.each_chunk(array, decode, |chunk, values| {
            if let Some(values) = values {
                for (place, index) in self.grid.chunk_points(chunk) {
                    out[index as usize] = values[place].clone();
                }
            }
        })?;
        Ok(out)
    }

    /// A column over the whole grid in row-major order, NaN where there is no value.
    ///
    /// # Errors
    /// [`RecordError::NoColumn`] for a name that is not there, [`RecordError::Damaged`] or [`RecordError::Read`] for a chunk
    /// that cannot be read.
    pub fn column(&self, name: &str) -> Result<Vec<f64>> {
        let Some((_, array)) = self.columns.iter().find(|(column, _)| column.name == name) else {
            let names = self
                .columns
                .iter()
                .map(|(c, _)| format!("`{}`", c.name))
                .collect::<Vec<_>>()
                .join(", ");
            return Err(RecordError::NoColumn {
                path: self.root.clone(),
                name: name.into(),
                names,
            });
        };
        match array.kind {
            Kind::Short => self.gather(array, f64::NAN, zarr::decode_shorts),
            _ => self.gather(array, f64::NAN, zarr::decode_floats),
        }
    }

    /// The status codes over the whole grid in row-major order (see [`PointStatus`]).
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn status(&self) -> Result<Vec<i8>> {
        self.gather(&self.status, 0, zarr::decode_bytes)
    }

    /// The messages that there are, by the number of the point.
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn messages(&self) -> Result<BTreeMap<u64, String>> {
        let mut out = BTreeMap::new();
        self.each_chunk(&self.message, zarr::decode_texts, |chunk, texts| {
            if let Some(texts) = texts {
                let there = self
                    .grid
                    .chunk_points(chunk)
                    .filter(|(place, _)| !texts[*place].is_empty());
                out.extend(there.map(|(place, index)| (index, texts[place].clone())));
            }
        })?;
        Ok(out)
    }

    /// How many points have which status, without reading the values.
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn counts(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        self.each_chunk(&self.status, zarr::decode_bytes, |chunk, status| {
            let points = self.grid.chunk_points(chunk);
            points.for_each(|(place, _)| counts.add(status.as_ref().map_or(0, |s| s[place])));
        })?;
        Ok(counts)
    }

    /// The numbers of the points that are not computed yet, in the grid's order; [`Grid::point`] gives their parameters.
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn missing(&self) -> Result<Vec<u64>> {
        let status = self.status()?;
        Ok(status
            .iter()
            .enumerate()
            .filter(|(_, s)| **s == 0)
            .map(|(i, _)| i as u64)
            .collect())
    }

    /// Everything in the store, in memory.
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn load(&self) -> Result<SweepData> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (column, _) in &self.columns {
            columns.push((column.clone(), self.column(&column.name)?));
        }
        Ok(SweepData {
            axes: self.axes.clone(),
            columns,
            status: self.status()?,
            messages: self.messages()?,
            attributes: self.attributes.clone(),
        })
    }
}

/// A sweep in memory: what figures are drawn from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepData {
    /// The axes; the last runs fastest.
    pub axes: Vec<StoredAxis>,
    /// The columns with their values in row-major order, NaN where there are none.
    pub columns: Vec<(Column, Vec<f64>)>,
    /// The status code of each point (see [`PointStatus`]).
    pub status: Vec<i8>,
    /// Why a point has no result, or which check failed, by the number of the point.
    pub messages: BTreeMap<u64, String>,
    /// Provenance.
    pub attributes: Map<String, Value>,
}

impl SweepData {
    /// Number of points on each axis.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|a| a.values.len()).collect()
    }

    /// The values of the axis of this name.
    pub fn axis(&self, name: &str) -> Option<&StoredAxis> {
        self.axes.iter().find(|a| a.name == name)
    }

    /// The values of the column of this name, in row-major order.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.columns
            .iter()
            .find(|(c, _)| c.name == name)
            .map(|(_, values)| values.as_slice())
    }

    /// How many points have which status.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.status.iter().for_each(|&s| counts.add(s));
        counts
    }
}
