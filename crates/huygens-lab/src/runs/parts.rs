//! An ensemble computed in parts by several processes, which meet in a folder.
//!
//! Each part leaves the sums of its blocks in `.ensemble/part-I-of-N` of the folder: a line of JSON that says whose they are, and the
//! numbers as little-endian doubles. Whoever finds all parts there puts them together; the record is that of one run, to the
//! last byte.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use huygens::experiment::{Part, Watch};
use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::problem::Problem;
use crate::record::{AtomicWriter, Record, RecordError, Shard, text_hash};

/// Where parts wait for the others.
const FOLDER: &str = ".ensemble";

/// The line before the numbers.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Header {
    /// Hash of everything that the numbers depend on.
    ensemble: String,
    /// First block.
    first: usize,
    /// How many numbers each block has.
    lengths: Vec<usize>,
}

impl Problem {
    /// Computes a part of the ensemble of a stochastic experiment and leaves it in `folder`, which exists. The record where this was
    /// the last part to come; `None` before.
    ///
    /// # Errors
    /// As [`Problem::record`]; parts of another ensemble in the folder; files that cannot be written or read.
    pub fn record_part(&self, command: &str, shard: Shard, folder: &Path) -> Result<Option<Record>, RunError> {
        let identity = self.ensemble_identity(shard);
        let mut fault = None;
        let mut exchange = |part: Part| {
            let met = leave(folder, shard, &identity, &part).and_then(|()| collect(folder, shard, &identity));
            met.unwrap_or_else(|error| {
                fault = Some(error);
                None
            })
        };
        let place = (shard.number() as usize - 1, shard.of() as usize);
        let binding = self.binding()?;
        let report = self.experiment().run_part(&binding, Watch::default(), place, &mut exchange);
        if let Some(error) = fault {
            return Err(error);
        }
        let Some(report) = report.map_err(|e| self.error(e))? else { return Ok(None) };
        Ok(Some(self.recorded(report, &binding, command)))
    }

    fn ensemble_identity(&self, shard: Shard) -> String {
        let mut options = self.experiment().options().clone();
        options.trajectories.threads = 1;
        let measures: Vec<&str> = self.experiment().requests().iter().map(|r| r.text.as_str()).collect();
        let provenance = self.provenance("", &[]).json();
        text_hash(&format!("{provenance}\n{options:?}\n{measures:?}\n{}", shard.of()))
    }
}

/// Removes what the parts left in `folder`, once the record is written.
pub fn forget_parts(folder: &Path) {
    let _ = fs::remove_dir_all(folder.join(FOLDER));
}

fn place(folder: &Path, number: u64, of: u64) -> PathBuf {
    folder.join(FOLDER).join(format!("part-{number}-of-{of}"))
}

fn leave(folder: &Path, shard: Shard, identity: &str, part: &Part) -> Result<(), RunError> {
    let header = Header {
        ensemble: identity.into(),
        first: part.blocks.start,
        lengths: part.numbers.iter().map(Vec::len).collect(),
    };
    let path = place(folder, shard.number(), shard.of());
    let failed = |source: io::Error| RecordError::Write { path: path.clone(), source };
    let mut bytes = serde_json::to_vec(&header).map_err(|e| failed(e.into()))?;
    bytes.push(b'\n');
    bytes.extend(part.numbers.iter().flatten().flat_map(|x| x.to_le_bytes()));
    let drafts = folder.join(FOLDER).join(format!("draft-{}-of-{}", shard.number(), shard.of()));
    let writer = AtomicWriter::new(drafts).map_err(failed)?;
    let written = writer.write(&path, &bytes).map_err(failed);
    writer.close();
    Ok(written?)
}

/// All parts; `None` while one is missing.
fn collect(folder: &Path, shard: Shard, identity: &str) -> Result<Option<Vec<Part>>, RunError> {
    let mut parts = Vec::new();
    for number in 1..=shard.of() {
        let path = place(folder, number, shard.of());
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(RecordError::Read { path, source }.into()),
        };
        let Some((header, part)) = read(&bytes) else {
            let message = format!("{} is no part of an ensemble, or damaged", path.display());
            return Err(RunError::input(message, format!("remove it and run --shard {number}/{} again", shard.of())));
        };
        if header.ensemble != identity {
            let message = format!("{} belongs to another ensemble", path.display());
            let help = "all parts need the same model, values and options: choose another --out, or remove this file";
            return Err(RunError::input(message, help));
        }
        parts.push(part);
    }
    Ok(Some(parts))
}

fn read(bytes: &[u8]) -> Option<(Header, Part)> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let header: Header = serde_json::from_slice(&bytes[..end]).ok()?;
    let (numbers, rest) = bytes[end + 1..].as_chunks::<8>();
    let total = header.lengths.iter().try_fold(0usize, |sum, n| sum.checked_add(*n))?;
    if !rest.is_empty() || numbers.len() != total {
        return None;
    }
    let mut numbers = numbers.iter().map(|b| f64::from_le_bytes(*b));
    let lists = header.lengths.iter().map(|n| numbers.by_ref().take(*n).collect()).collect();
    let blocks = header.first..header.first.checked_add(header.lengths.len())?;
    Some((header, Part { blocks, numbers: lists }))
}
