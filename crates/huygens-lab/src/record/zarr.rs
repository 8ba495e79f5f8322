//! The little of Zarr v3 that a sweep needs: metadata of arrays and groups, and chunks that are written whole or not at all.
//!
//! Why not the crate `zarrs`: its filesystem store (0.3.14) truncates a chunk's file and then writes into it, so that
//! a process killed in between leaves half a chunk; a store that survives `kill -9` would need our own storage layer under it,
//! and consolidated metadata, without which `xarray.open_zarr` warns, our own on top. What remains, little-endian numbers with
//! a checksum, is this file. With its fewest features `zarrs` 0.23 adds 73 packages and 197 CPU seconds to a clean release
//! build; this adds none.
//!
//! A chunk is the array's little-endian bytes followed by their CRC-32C (codecs `bytes`, `crc32c`), strings are stored by
//! `vlen-utf8`. A damaged chunk is therefore noticed, by this reader and by Zarr-Python alike.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use super::{RecordError, Result};

/// What the elements of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64-bit floating-point numbers; a missing one is NaN.
    Float,
    /// 16-bit signed integers; a missing one is −1.
    Short,
    /// 8-bit signed integers; a missing one is 0.
    Byte,
    /// Text; a missing one is empty.
    Text,
}

/// The description of one array: what stands in its `zarr.json`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArrayMeta {
    pub(crate) name: String,
    pub(crate) shape: Vec<u64>,
    pub(crate) chunk: Vec<u64>,
    pub(crate) kind: Kind,
    pub(crate) dimensions: Vec<String>,
    pub(crate) attributes: Map<String, Value>,
}

impl ArrayMeta {
    /// The contents of the array's `zarr.json`.
    pub(crate) fn json(&self) -> Value {
        let (data_type, fill, codec) = match self.kind {
            Kind::Float => ("float64", json!("NaN"), json!({"name": "bytes", "configuration": {"endian": "little"}})),
            Kind::Short => ("int16", json!(-1), json!({"name": "bytes", "configuration": {"endian": "little"}})),
            Kind::Byte => ("int8", json!(0), json!({"name": "bytes"})),
            Kind::Text => ("string", json!(""), json!({"name": "vlen-utf8"})),
        };
        json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": self.shape,
            "data_type": data_type,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": self.chunk}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": fill,
            "codecs": [codec, {"name": "crc32c"}],
            "attributes": self.attributes,
            "dimension_names": self.dimensions,
            "storage_transformers": [],
        })
    }

    /// Reads an array's metadata back; `None` where it is not such an array as this file writes.
    pub(crate) fn from_json(name: &str, value: &Value) -> Option<Self> {
        let numbers = |v: &Value| v.as_array()?.iter().map(Value::as_u64).collect::<Option<Vec<_>>>();
        let kind = match value["data_type"].as_str()? {
            "float64" => Kind::Float,
            "int16" => Kind::Short,
            "int8" => Kind::Byte,
            "string" => Kind::Text,
            _ => return None,
        };
        let dimensions = value["dimension_names"].as_array()?;
        let meta = Self {
            name: name.into(),
            shape: numbers(&value["shape"])?,
            chunk: numbers(&value["chunk_grid"]["configuration"]["chunk_shape"])?,
            kind,
            dimensions: dimensions.iter().map(|d| d.as_str().map(String::from)).collect::<Option<_>>()?,
            attributes: value["attributes"].as_object()?.clone(),
        };
        let sound = meta.shape.len() == meta.chunk.len()
            && meta.shape.len() == meta.dimensions.len()
            && meta.chunk.iter().all(|&c| c > 0)
            && normalised(&meta.json()) == normalised(value);
        sound.then_some(meta)
    }

    /// The path of a chunk, from the root of the store.
    pub(crate) fn chunk_path(&self, coordinates: &[u64]) -> PathBuf {
        let mut path = Path::new(&self.name).join("c");
        path.extend(coordinates.iter().map(u64::to_string));
        path
    }
}

/// The contents of the root's `zarr.json`, with the metadata of the arrays consolidated in it.
pub(crate) fn group_json(attributes: &Map<String, Value>, arrays: &[ArrayMeta]) -> Value {
    let metadata: Map<String, Value> = arrays.iter().map(|a| (a.name.clone(), a.json())).collect();
    json!({
        "zarr_format": 3,
        "node_type": "group",
        "attributes": attributes,
        "consolidated_metadata": {"kind": "inline", "must_understand": false, "metadata": metadata},
    })
}

/// The value as it is after a journey through text: the form in which metadata can be compared.
pub(crate) fn normalised(value: &Value) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or(Value::Null)
}

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) of the bytes: the codec `crc32c`.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc32(&CASTAGNOLI, bytes)
}

/// CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320) of the bytes: the checksum of a ZIP archive.
pub(crate) fn crc32_ieee(bytes: &[u8]) -> u32 {
    crc32(&IEEE, bytes)
}

static CASTAGNOLI: [u32; 256] = crc_table(0x82F6_3B78);
static IEEE: [u32; 256] = crc_table(0xEDB8_8320);

const fn crc_table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut r = i as u32;
        let mut bit = 0;
        while bit < 8 {
            r = if r & 1 == 1 { (r >> 1) ^ polynomial } else { r >> 1 };
            bit += 1;
        }
        table[i] = r;
        i += 1;
    }
    table
}

fn crc32(table: &[u32; 256], bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &b| table[((crc ^ u32::from(b)) & 0xFF) as usize] ^ (crc >> 8))
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// The payload of a chunk whose checksum is right.
fn opened(bytes: &[u8]) -> Option<&[u8]> {
    let (payload, crc) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    (crc32c(payload).to_le_bytes() == crc).then_some(payload)
}

/// Bytes of a chunk of numbers.
pub(crate) fn encode_floats(values: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * 8 + 4);
    values.iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
    sealed(bytes)
}

/// Bytes of a chunk of small integers, given as floating-point numbers; what is no such integer becomes the fill value −1.
pub(crate) fn encode_shorts(values: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * 2 + 4);
    for &v in values {
        let short = if v.fract() == 0.0 && (0.0..=f64::from(i16::MAX)).contains(&v) { v as i16 } else { -1 };
        bytes.extend_from_slice(&short.to_le_bytes());
    }
    sealed(bytes)
}

/// Bytes of a chunk of status codes.
pub(crate) fn encode_bytes(values: &[i8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() + 4);
    bytes.extend(values.iter().map(|&v| v as u8));
    sealed(bytes)
}

/// Bytes of a chunk of texts.
pub(crate) fn encode_texts(values: &[String]) -> Vec<u8> {
    let mut bytes = (values.len() as u32).to_le_bytes().to_vec();
    for text in values {
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    sealed(bytes)
}

/// Numbers of a chunk of `n` elements, `None` where it is damaged.
pub(crate) fn decode_floats(bytes: &[u8], n: usize) -> Option<Vec<f64>> {
    let payload = opened(bytes).filter(|p| p.len() == 8 * n)?;
    Some(payload.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect())
}

/// Small integers of a chunk of `n` elements as floating-point numbers (−1 becomes NaN), `None` where it is damaged.
pub(crate) fn decode_shorts(bytes: &[u8], n: usize) -> Option<Vec<f64>> {
    let payload = opened(bytes).filter(|p| p.len() == 2 * n)?;
    let number = |s: i16| if s < 0 { f64::NAN } else { f64::from(s) };
    Some(payload.as_chunks().0.iter().map(|&b| number(i16::from_le_bytes(b))).collect())
}

/// Status codes of a chunk of `n` elements, `None` where it is damaged.
pub(crate) fn decode_bytes(bytes: &[u8], n: usize) -> Option<Vec<i8>> {
    let payload = opened(bytes).filter(|p| p.len() == n)?;
    Some(payload.iter().map(|&b| b as i8).collect())
}

/// Texts of a chunk of `n` elements, `None` where it is damaged.
pub(crate) fn decode_texts(bytes: &[u8], n: usize) -> Option<Vec<String>> {
    let payload = opened(bytes)?;
    if u32::from_le_bytes(*payload.first_chunk::<4>()?) as usize != n {
        return None;
    }
    let mut texts = Vec::with_capacity(n);
    let mut at = 4;
    for _ in 0..n {
        let length = u32::from_le_bytes(*payload.get(at..)?.first_chunk::<4>()?) as usize;
        let text = payload.get(at + 4..(at + 4).checked_add(length)?)?;
        texts.push(String::from_utf8(text.to_vec()).ok()?);
        at += 4 + length;
    }
    (at == payload.len()).then_some(texts)
}

/// Writes files in two steps, into a folder of its own and then by renaming, so that a file is there whole or not at all.
///
/// A process may be killed at any moment. A failure of the machine's power may leave an empty or damaged file behind, which
/// its checksum gives away.
#[derive(Debug)]
pub(crate) struct AtomicWriter {
    folder: PathBuf,
    next: AtomicU64,
}

impl AtomicWriter {
    /// A writer that keeps its unfinished files in `folder`, which must be on the file system of the targets. What a killed
    /// process left there is removed.
    pub(crate) fn new(folder: PathBuf) -> io::Result<Self> {
        match fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, next: AtomicU64::new(0) })
    }

    /// Writes `bytes` as the file `target`; folders on the way are made.
    pub(crate) fn write(&self, target: &Path, bytes: &[u8]) -> io::Result<()> {
        let draft = self.folder.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let result = fs::write(&draft, bytes).and_then(|()| match fs::rename(&draft, target) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if let Some(parent) = target.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::rename(&draft, target)
            }
            other => other,
        });
        if result.is_err() {
            let _ = fs::remove_file(&draft);
        }
        result
    }

    /// Removes the folder of unfinished files.
    pub(crate) fn close(&self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The bytes of a file, `None` where there is none.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(RecordError::read(path, e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_have_their_published_check_values() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32_ieee(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn chunks_come_back_and_damage_is_noticed() {
        let floats = [0.1, -1e300, f64::MIN_POSITIVE, f64::INFINITY];
        let bytes = encode_floats(&floats);
        assert_eq!(decode_floats(&bytes, 4).unwrap(), floats);
        assert!(decode_floats(&bytes, 3).is_none());
        for i in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[i] ^= 4;
            assert!(decode_floats(&damaged, 4).is_none());
            assert!(decode_floats(&bytes[..i], 4).is_none());
        }
        let texts = ["", "größer", "x\ny"].map(String::from);
        assert_eq!(decode_texts(&encode_texts(&texts), 3).unwrap(), texts);
        assert!(decode_texts(&encode_texts(&texts), 2).is_none());
        assert_eq!(decode_bytes(&encode_bytes(&[0, 1, -4]), 3).unwrap(), [0, 1, -4]);
        let shorts = decode_shorts(&encode_shorts(&[0.0, 7.0, f64::NAN, 0.5, 1e9]), 5).unwrap();
        assert_eq!(&shorts[..2], [0.0, 7.0]);
        assert!(shorts[2..].iter().all(|s| s.is_nan()));
    }

    #[test]
    fn metadata_comes_back() {
        let meta = ArrayMeta {
            name: "complete_sync(b1,b2)".into(),
            shape: vec![7, 5],
            chunk: vec![1, 5],
            kind: Kind::Float,
            dimensions: vec!["mu".into(), "g".into()],
            attributes: [("units".to_string(), json!("1"))].into_iter().collect(),
        };
        let text = meta.json().to_string();
        let back = ArrayMeta::from_json(&meta.name, &serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(back, meta);
        assert_eq!(meta.chunk_path(&[3, 0]), Path::new("complete_sync(b1,b2)/c/3/0"));
        assert!(ArrayMeta::from_json("x", &json!({"data_type": "complex64"})).is_none());
    }
}
