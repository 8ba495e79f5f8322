//! NPY arrays of real numbers, versions 1 to 3.

use super::{Column, Result, SignalError};

/// An array of one or two dimensions.
#[derive(Clone, Debug)]
pub(super) struct Array {
    /// Series of equal length: one, or the columns of two dimensions.
    series: Vec<Vec<f64>>,
    /// Whether there was one dimension.
    flat: bool,
    /// What was decided.
    pub(super) notes: Vec<String>,
}

impl Array {
    /// The columns, named after the array where it has a name.
    pub(super) fn columns(&self, name: Option<&str>) -> Vec<Column> {
        let flat = self.flat;
        let named = |k: usize| name.map(|n| if flat { n.to_owned() } else { format!("{n}[{k}]") });
        self.series
            .iter()
            .enumerate()
            .map(|(k, values)| Column { name: named(k), number: k + 1, values: values.clone(), text: None })
            .collect()
    }

    /// Its only number, of an array of one.
    pub(super) fn single(&self) -> Option<f64> {
        match &self.series[..] {
            [only] if only.len() == 1 => Some(only[0]),
            _ => None,
        }
    }
}

/// Reads an array of one or two dimensions; the longer axis of two is the time.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Array> {
    let fail = |message: String, help: &str| Err(SignalError::new(file, message, help));
    let broken = "the file is damaged: write it again with numpy.save";
    let Some((header, data)) = split(bytes) else {
        return fail("the NPY header is cut off".into(), broken);
    };
    let value = |key: &str| -> Option<&str> {
        let after = &header[header.find(&format!("'{key}'"))? + key.len() + 2..];
        Some(after.trim_start().strip_prefix(':')?.trim_start())
    };
    let (Some(descr), Some(order), Some(shape)) = (value("descr"), value("fortran_order"), value("shape")) else {
        return fail("the NPY header lacks descr, fortran_order or shape".into(), broken);
    };
    let Some(kind) = descr.strip_prefix('\'').and_then(|d| d.split('\'').next()) else {
        return fail("the array has named fields".into(), "save plain numbers: one array a field");
    };
    let (big, code) = match kind.split_at_checked(1) {
        Some((">", code)) => (true, code),
        Some(("<" | "|" | "=", code)) => (false, code),
        _ => (false, kind),
    };
    let Some((size, convert)) = converter(code) else {
        let help = "save real numbers, such as array.astype('f8')";
        return fail(format!("the array holds `{kind}`, expected floating point or whole numbers"), help);
    };
    let sizes: Option<Vec<usize>> = shape
        .strip_prefix('(')
        .and_then(|s| s.split(')').next())
        .map(|s| s.split(',').map(str::trim).filter(|s| !s.is_empty()))
        .and_then(|parts| parts.map(|s| s.parse().ok()).collect());
    let Some(sizes) = sizes else {
        return fail("the shape in the NPY header is not readable".into(), broken);
    };
    let count = sizes.iter().try_fold(1usize, |n, s| n.checked_mul(*s));
    let Some(count) = count.filter(|n| n.checked_mul(size).is_some_and(|b| b <= data.len())) else {
        let bytes = data.len();
        return fail(format!("the array of shape {sizes:?} needs more than the {bytes} bytes that follow"), broken);
    };
    let mut flipped = [0u8; 8];
    let mut numbers = data[..count * size].chunks_exact(size).map(|chunk| {
        if big {
            for (to, from) in flipped.iter_mut().zip(chunk.iter().rev()) {
                *to = *from;
            }
            convert(&flipped[..size])
        } else {
            convert(chunk)
        }
    });
    let mut notes = Vec::new();
    let (series, flat) = match sizes[..] {
        [] | [_] => (vec![numbers.collect()], true),
        [a, b] => {
            if a == 0 || b == 0 {
                return fail(format!("the array of shape {sizes:?} is empty"), "");
            }
            let values: Vec<f64> = numbers.by_ref().collect();
            let fortran = order.starts_with("True");
            let at = |i: usize, j: usize| values[if fortran { i + j * a } else { i * b + j }];
            let rows_are_times = a >= b;
            let (length, channels) = if rows_are_times { (a, b) } else { (b, a) };
            if channels > 4096 {
                return fail(format!("an array of shape {sizes:?} is no set of signals"), "save one column a signal");
            }
            if !rows_are_times {
                notes.push(format!("{file}: shape {a}×{b}: each row is taken as a signal"));
            }
            let pick = |c: usize, k: usize| if rows_are_times { at(k, c) } else { at(c, k) };
            ((0..channels).map(|c| (0..length).map(|k| pick(c, k)).collect()).collect(), false)
        }
        _ => {
            return fail(
                format!("the array has {} dimensions, expected 1 or 2 (samples × channels)", sizes.len()),
                "reshape it before saving",
            );
        }
    };
    let infinite = |s: &Vec<f64>| s.iter().position(|x| x.is_infinite());
    if let Some((column, at)) = series.iter().enumerate().find_map(|(c, s)| Some((c, infinite(s)?))) {
        let message = format!("sample {} is infinite, expected a finite number or NaN", at + 1);
        return Err(SignalError::new(file, message, "write NaN where a value is missing").at_column(column + 1));
    }
    Ok(Array { series, flat, notes })
}

/// Header text and data.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let begin: usize = if *bytes.get(6)? == 1 { 10 } else { 12 };
    let length = match begin {
        10 => usize::from(u16::from_le_bytes(bytes.get(8..10)?.try_into().ok()?)),
        _ => u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?) as usize,
    };
    let end = begin.checked_add(length)?;
    Some((std::str::from_utf8(bytes.get(begin..end)?).ok()?, &bytes[end..]))
}

/// Bytes of a number, and how they become one.
fn converter(code: &str) -> Option<(usize, fn(&[u8]) -> f64)> {
    fn part<const N: usize>(b: &[u8]) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&b[..N]);
        bytes
    }
    Some(match code {
        "f8" => (8, |b| f64::from_le_bytes(part(b))),
        "f4" => (4, |b| f64::from(f32::from_le_bytes(part(b)))),
        "f2" => (2, |b| half(u16::from_le_bytes(part(b)))),
        "i8" => (8, |b| i64::from_le_bytes(part(b)) as f64),
        "i4" => (4, |b| f64::from(i32::from_le_bytes(part(b)))),
        "i2" => (2, |b| f64::from(i16::from_le_bytes(part(b)))),
        "i1" => (1, |b| f64::from(i8::from_le_bytes(part(b)))),
        "u8" => (8, |b| u64::from_le_bytes(part(b)) as f64),
        "u4" => (4, |b| f64::from(u32::from_le_bytes(part(b)))),
        "u2" => (2, |b| f64::from(u16::from_le_bytes(part(b)))),
        "u1" | "b1" => (1, |b| f64::from(b[0])),
        _ => return None,
    })
}

/// IEEE 754 half precision.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}
