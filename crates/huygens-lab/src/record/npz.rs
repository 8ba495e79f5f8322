//! Arrays as a NumPy archive: `numpy.load` reads it without pickle.

use super::zarr::crc32_ieee;
use super::{Record, RecordError, Result};

/// An NPZ archive in the making: a ZIP file of uncompressed NPY arrays (format 1.0, or 2.0 for long headers).
///
/// ```
/// use huygens_lab::record::Npz;
/// let mut npz = Npz::new();
/// npz.real("x", &[2], &[0.5, 1.5]).unwrap();
/// assert_eq!(&npz.finish().unwrap()[..4], b"PK\x03\x04");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Npz {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    names: Vec<String>,
}

impl Npz {
    /// An empty archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds real numbers in row-major order.
    ///
    /// # Errors
    /// [`RecordError::TooLarge`].
    #[track_caller]
    pub fn real(&mut self, name: &str, shape: &[usize], values: &[f64]) -> Result<()> {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "shape {shape:?} of `{name}`");
        self.array(name, "<f8", shape, values.iter().flat_map(|x| x.to_le_bytes()))
    }

    /// Adds complex numbers, given by their real and imaginary parts, in row-major order.
    ///
    /// # Errors
    /// [`RecordError::TooLarge`].
    #[track_caller]
    pub fn complex(&mut self, name: &str, shape: &[usize], re: &[f64], im: &[f64]) -> Result<()> {
        assert_eq!(shape.iter().product::<usize>(), re.len(), "shape {shape:?} of `{name}`");
        assert_eq!(re.len(), im.len(), "real and imaginary parts of `{name}`");
        let pairs = re.iter().zip(im).flat_map(|(x, y)| [x.to_le_bytes(), y.to_le_bytes()]);
        self.array(name, "<c16", shape, pairs.flatten())
    }

    /// Adds texts; an empty `shape` makes a single one.
    ///
    /// # Errors
    /// [`RecordError::TooLarge`].
    #[track_caller]
    pub fn text(&mut self, name: &str, shape: &[usize], values: &[&str]) -> Result<()> {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "shape {shape:?} of `{name}`");
        let width = values.iter().map(|t| t.chars().count()).max().unwrap_or(0).max(1);
        let letters = values.iter().flat_map(|t| t.chars().map(u32::from).chain(std::iter::repeat(0)).take(width));
        self.array(name, &format!("<U{width}"), shape, letters.flat_map(u32::to_le_bytes))
    }

    fn array(&mut self, name: &str, dtype: &str, shape: &[usize], data: impl Iterator<Item = u8>) -> Result<()> {
        let mut clean = name.replace(['/', '\\', '\0'], "_");
        while self.names.contains(&clean) {
            clean.push('_');
        }
        let sides: String = shape.iter().map(|n| format!("{n}, ")).collect();
        let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({}), }}", sides.trim_end());
        // Magic, version and length take 10 bytes (12 in version 2.0); the header ends in a newline at a multiple of 64.
        let long = header.len() + 1 + 10 > usize::from(u16::MAX);
        let prefix = if long { 12 } else { 10 };
        let total = (prefix + header.len() + 1).next_multiple_of(64);
        header.push_str(&" ".repeat(total - prefix - header.len() - 1));
        header.push('\n');
        let mut npy = b"\x93NUMPY".to_vec();
        if long {
            npy.extend_from_slice(&[2, 0]);
            npy.extend_from_slice(&(header.len() as u32).to_le_bytes());
        } else {
            npy.extend_from_slice(&[1, 0]);
            npy.extend_from_slice(&(header.len() as u16).to_le_bytes());
        }
        npy.extend_from_slice(header.as_bytes());
        npy.extend(data);
        self.file(&format!("{clean}.npy"), &npy).ok_or_else(|| RecordError::TooLarge { name: name.into() })?;
        self.names.push(clean);
        Ok(())
    }

    fn file(&mut self, name: &str, data: &[u8]) -> Option<()> {
        let offset = u32::try_from(self.bytes.len()).ok()?;
        let size = u32::try_from(data.len()).ok()?;
        let name_length = u16::try_from(name.len()).ok()?;
        let mut common = Vec::new();
        common.extend_from_slice(&20u16.to_le_bytes()); // version needed
        common.extend_from_slice(&(1u16 << 11).to_le_bytes()); // the name is UTF-8
        common.extend_from_slice(&0u16.to_le_bytes()); // stored, not compressed
        common.extend_from_slice(&0u16.to_le_bytes()); // midnight
        common.extend_from_slice(&0x21u16.to_le_bytes()); // of 1 January 1980, always
        common.extend_from_slice(&crc32_ieee(data).to_le_bytes());
        common.extend_from_slice(&size.to_le_bytes());
        common.extend_from_slice(&size.to_le_bytes());
        common.extend_from_slice(&name_length.to_le_bytes());
        common.extend_from_slice(&0u16.to_le_bytes()); // no extra field

        self.bytes.extend_from_slice(b"PK\x03\x04");
        self.bytes.extend_from_slice(&common);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(data);

        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend_from_slice(&20u16.to_le_bytes()); // version that made it
        self.directory.extend_from_slice(&common);
        self.directory.extend_from_slice(&[0; 10]); // no comment, first disk, no attributes
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        Some(())
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// [`RecordError::TooLarge`].
    pub fn finish(self) -> Result<Vec<u8>> {
        let too_large = || RecordError::TooLarge { name: self.names.last().cloned().unwrap_or_default() };
        let offset = u32::try_from(self.bytes.len()).map_err(|_| too_large())?;
        let size = u32::try_from(self.directory.len()).map_err(|_| too_large())?;
        let count = u16::try_from(self.names.len()).map_err(|_| too_large())?;
        let mut bytes = self.bytes;
        bytes.extend_from_slice(&self.directory);
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&0u16.to_le_bytes());
        Ok(bytes)
    }
}

impl Record {
    /// The record as the bytes of an NPZ archive.
    ///
    /// It holds `t` and, over it, each measure under its own text and the amplitude `alpha(mode)` of each mode (complex); a
    /// series with times of its own brings `t(name)`. `measures`, `units`, `value`, `min`, `max` and `error` hold the values
    /// (NaN where there is none), and `record` the JSON text of the whole record: `json.loads(str(npz["record"]))`.
    ///
    /// # Errors
    /// [`RecordError::TooLarge`].
    pub fn npz(&self) -> Result<Vec<u8>> {
        let report = &self.report;
        let mut npz = Npz::new();
        npz.text("record", &[], &[&self.json()])?;
        let q = &report.quantities;
        let n = [q.len()];
        npz.text("measures", &n, &q.iter().map(|q| q.name.as_str()).collect::<Vec<_>>())?;
        npz.text("units", &n, &q.iter().map(|q| q.unit.as_str()).collect::<Vec<_>>())?;
        let mut column = |name: &str, pick: &dyn Fn(usize) -> Option<f64>| {
            npz.real(name, &n, &(0..q.len()).map(|i| pick(i).unwrap_or(f64::NAN)).collect::<Vec<_>>())
        };
        column("value", &|i| q[i].value)?;
        column("min", &|i| q[i].min)?;
        column("max", &|i| q[i].max)?;
        column("error", &|i| q[i].error)?;
        npz.real("t", &[report.times.len()], &report.times)?;
        for series in &report.series {
            if series.times != report.times {
                npz.real(&format!("t({})", series.name), &[series.times.len()], &series.times)?;
            }
            npz.real(&series.name, &[series.values.len()], &series.values)?;
        }
        for orbit in &report.orbits {
            npz.complex(&format!("alpha({})", orbit.mode), &[orbit.re.len()], &orbit.re, &orbit.im)?;
        }
        npz.finish()
    }
}
