//! Filling a store: one process among several, which may be killed at any moment.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::axis::{Grid, Shard};
use super::layout::{ChunkData, Layout};
use super::zarr::{self, ArrayMeta, AtomicWriter, Kind, read_if_there};
use super::{RecordError, Result};

const WORK: &str = ".work";

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
            initialise(root, layout, &arrays, &AtomicWriter::new(work.join("draft")).map_err(fail)?).map_err(fail)?;
        }
        let claimed = claim(root, &work, layout, &arrays, shard, resume);
        if claimed.is_err() && claims(&work).is_empty() {
            let _ = fs::remove_dir_all(&work);
        }
        let claim = claimed?;
        let drafts =
            AtomicWriter::new(work.join(format!("draft-{}-of-{}", shard.number(), shard.of()))).map_err(fail)?;
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
        let Some(status) = read(&self.status)?.and_then(|bytes| zarr::decode_bytes(&bytes, n)) else {
            return Ok(None);
        };
        if self.grid.chunk_points(chunk).any(|(place, _)| !(1..=4).contains(&status[place])) {
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
            self.drafts.write(&path, bytes).map_err(|e| RecordError::write(&path, e))
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
            data.messages.iter().for_each(|(place, text)| texts[*place].clone_from(text));
            write(&self.message, &zarr::encode_texts(&texts))?;
        }
        write(&self.status, &zarr::encode_bytes(&data.status))
    }

    /// Ends the work of this process, and says whether the whole store is complete now; a complete store is left with nothing
    /// but its data in it.
    pub fn finish(self) -> bool {
        self.drafts.close();
        let there = |chunk| self.root.join(self.status.chunk_path(&self.grid.chunk_coordinates(chunk))).exists();
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
    let foreign = |why: &str| RecordError::NotAStore { path: root.into(), why: why.into() };
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
    let stored: Value =
        serde_json::from_slice(&bytes).map_err(|e| foreign(&format!("its zarr.json cannot be read: {e}")))?;
    let fresh = zarr::normalised(&zarr::group_json(&layout.attributes, arrays));
    let differences = differences(&stored, &fresh);
    if differences.is_empty() {
        Ok(true)
    } else {
        Err(RecordError::OtherSweep { path: root.into(), differences: differences.join("; ") })
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
    let metadata = |v: &Value| v["consolidated_metadata"]["metadata"].as_object().unwrap_or(&empty).clone();
    let (a, b) = (metadata(stored), metadata(fresh));
    for name in a.keys().filter(|name| !b.contains_key(*name)) {
        out.push(format!("the store has `{name}`, which this sweep does not ask for"));
    }
    for (name, array) in &b {
        match a.get(name) {
            None => out.push(format!("this sweep asks for `{name}`, which the store has not")),
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
    let parsed = |v: Option<&Value>| -> Option<Map<String, Value>> { serde_json::from_str(v?.as_str()?).ok() };
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
    out.push(format!("`{key}` is {} in the store and {} here", show(stored), show(fresh)));
}

/// Writes the metadata and the coordinates; the root's metadata last, because it says that the store is there.
fn initialise(root: &Path, layout: &Layout, arrays: &[ArrayMeta], drafts: &AtomicWriter) -> io::Result<()> {
    for (axis, array) in layout.grid.axes().iter().zip(arrays) {
        let side = array.chunk[0];
        for piece in 0..axis.count().div_ceil(side) {
            let place = |i: u64| {
                if i < axis.count() { axis.value(i) } else { f64::NAN }
            };
            let values: Vec<f64> = (piece * side..(piece + 1) * side).map(place).collect();
            drafts.write(&root.join(array.chunk_path(&[piece])), &zarr::encode_floats(&values))?;
        }
    }
    for array in arrays {
        drafts.write(&root.join(&array.name).join("zarr.json"), pretty(&array.json()).as_bytes())?;
    }
    drafts.write(&root.join("zarr.json"), pretty(&zarr::group_json(&layout.attributes, arrays)).as_bytes())?;
    drafts.close();
    Ok(())
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn open_for_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
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
    let mut found: Vec<_> = entries.filter_map(|e| Some((shard(e.file_name().to_str()?)?, e.path()))).collect();
    found.sort_by_key(|(s, _)| (s.of(), s.number()));
    found
}

/// Whether two shards of a sweep of `chunks` chunks own a chunk together.
fn overlap(a: Shard, b: Shard, chunks: u64) -> bool {
    fn gcd(a: u64, b: u64) -> u64 {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    if !a.number().abs_diff(b.number()).is_multiple_of(gcd(a.of(), b.of())) {
        return false;
    }
    // They meet in one residue class; is a member of it below the number of chunks?
    let (wide, narrow) = if a.of() >= b.of() { (a, b) } else { (b, a) };
    wide.chunks(chunks)
        .take(usize::try_from(narrow.of()).unwrap_or(usize::MAX))
        .any(|c| c % narrow.of() == narrow.number() - 1)
}

/// Takes the claim of `shard`, or says who has it.
fn claim(root: &Path, work: &Path, layout: &Layout, arrays: &[ArrayMeta], shard: Shard, resume: bool) -> Result<File> {
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
            Err(TryLockError::Error(e)) => unsupported_is_fine(Err(e)).map(|()| false).map_err(fail)?,
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
    let done = |chunk| root.join(status.chunk_path(&layout.grid.chunk_coordinates(chunk))).exists();
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
    claim.set_len(0).and_then(|()| writeln!(claim, "process {}", std::process::id())).map_err(fail)?;
    Ok(claim)
}
