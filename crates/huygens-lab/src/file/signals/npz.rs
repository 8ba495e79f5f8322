//! NPZ archives: ZIP files of NPY arrays, stored or deflated.

use super::times::is_time_name;
use super::{Column, MAX_SIGNAL_FILE, Result, SignalError, Table, npy};
use crate::record::crc32_ieee;

/// Names under which an array of one number is the sampling rate.
const RATES: [&str; 7] = ["rate", "fs", "sampling_rate", "sample_rate", "samplerate", "sr", "frequency"];

/// Reads all arrays of real numbers. Where one is named as the time, arrays of other lengths are left out.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Table> {
    let damaged = || SignalError::new(file, "the NPZ archive is damaged", "write it again with numpy.savez");
    let mut table = Table::default();
    let mut space = MAX_SIGNAL_FILE;
    for member in members(bytes).ok_or_else(damaged)? {
        let Some(name) = member.name.strip_suffix(".npy") else {
            table.notes.push(format!("{file}: `{}` is no array and is left out", member.name));
            continue;
        };
        let inside = format!("{file}[{name}]");
        let data = match member.method {
            0 => member.data.to_vec(),
            8 => {
                let limit = usize::try_from(space.min(u64::from(member.size))).unwrap_or(usize::MAX);
                miniz_oxide::inflate::decompress_to_vec_with_limit(member.data, limit).map_err(|_| {
                    SignalError::new(&inside, "cannot be decompressed", "write the archive again with numpy.savez")
                })?
            }
            method => {
                let message = format!("is compressed by method {method}, expected stored or deflated");
                return Err(SignalError::new(&inside, message, "write it with numpy.savez or numpy.savez_compressed"));
            }
        };
        space = space.saturating_sub(data.len() as u64);
        if crc32_ieee(&data) != member.crc {
            return Err(SignalError::new(&inside, "the checksum is wrong", "copy or write the archive again"));
        }
        match npy::parse(&inside, &data) {
            Ok(array) => {
                if let Some(rate) = array.single() {
                    if RATES.iter().any(|r| name.eq_ignore_ascii_case(r)) {
                        table.rate = Some(rate);
                    } else {
                        table.notes.push(format!("{inside}: a single number, left out"));
                    }
                    continue;
                }
                table.notes.extend(array.notes.iter().cloned());
                table.columns.extend(array.columns(Some(name)));
            }
            Err(error) => table.notes.push(format!("{inside}: left out ({})", error.message)),
        }
    }
    let time = table.columns.iter().find(|c| c.name.as_deref().is_some_and(is_time_name)).map(|c| c.values.len());
    if let Some(length) = time {
        let (kept, others): (Vec<Column>, Vec<Column>) =
            table.columns.into_iter().partition(|c| c.values.len() == length);
        let names: Vec<String> = others.into_iter().filter_map(|c| c.name).collect();
        if !names.is_empty() {
            table.notes.push(format!("{file}: left out, not as long as the times: {}", names.join(", ")));
        }
        table.columns = kept;
    }
    for (k, column) in table.columns.iter_mut().enumerate() {
        column.number = k + 1;
    }
    if table.columns.is_empty() {
        let why = if table.notes.is_empty() { String::new() } else { format!(" ({})", table.notes.join("; ")) };
        return Err(SignalError::new(
            file,
            format!("the archive holds no array of real numbers{why}"),
            "save one array a signal, and `t` or `rate`",
        ));
    }
    Ok(table)
}

struct Member<'a> {
    name: String,
    method: u16,
    crc: u32,
    size: u32,
    data: &'a [u8],
}

/// The members, by the directory at the end of the archive. `None` where it does not fit the bytes.
fn members(bytes: &[u8]) -> Option<Vec<Member<'_>>> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let end = bytes.len().checked_sub(22)?;
    let end = (end.saturating_sub(65_535)..=end).rev().find(|&k| bytes[k..].starts_with(b"PK\x05\x06"))?;
    let count = usize::from(u16_at(end + 10)?);
    let mut at = u32_at(end + 16)? as usize;
    let mut found = Vec::new();
    for _ in 0..count {
        if !bytes.get(at..)?.starts_with(b"PK\x01\x02") {
            return None;
        }
        let method = u16_at(at + 10)?;
        let (crc, packed, size) = (u32_at(at + 16)?, u32_at(at + 20)? as usize, u32_at(at + 24)?);
        let (name, extra, comment) =
            (usize::from(u16_at(at + 28)?), usize::from(u16_at(at + 30)?), usize::from(u16_at(at + 32)?));
        let header = u32_at(at + 42)? as usize;
        let label = String::from_utf8_lossy(bytes.get(at + 46..at + 46 + name)?).into_owned();
        if !bytes.get(header..)?.starts_with(b"PK\x03\x04") {
            return None;
        }
        // The local header has lengths of its own.
        let skip = 30 + usize::from(u16_at(header + 26)?) + usize::from(u16_at(header + 28)?);
        let data = bytes.get(header + skip..(header + skip).checked_add(packed)?)?;
        found.push(Member { name: label, method, crc, size, data });
        at += 46 + name + extra + comment;
    }
    Some(found)
}
