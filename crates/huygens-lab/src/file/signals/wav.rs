//! WAV files: PCM of 8, 16, 24 and 32 bits and floating point.

use super::{Column, Result, SignalError, Table};

/// Reads all channels; whole numbers are scaled to [−1, 1).
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Table> {
    let fail = |message: String, help: &str| Err(SignalError::new(file, message, help));
    let export = "export it as WAV with PCM of 16 or 24 bits, or floating point";
    if !bytes.starts_with(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return fail("a RIFF file, but not a WAV file of the common kind".into(), export);
    }
    let (mut format, mut data, mut at) = (None, None, 12usize);
    while let Some(head) = bytes.get(at..at + 8) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let begin = at + 8;
        // Recorders that were cut off leave a size that is too large (or 0xFFFFFFFF when streaming).
        let end = begin.saturating_add(size).min(bytes.len());
        match &head[..4] {
            b"fmt " => format = Some(&bytes[begin..end]),
            b"data" => {
                data = Some(&bytes[begin..end]);
                break;
            }
            _ => {}
        }
        at = end + (size & 1);
    }
    let (Some(format), Some(data)) = (format.filter(|f| f.len() >= 16), data) else {
        return fail(
            "the WAV file lacks its format or its data".into(),
            "the file is damaged: record or copy it again",
        );
    };
    let short = |k: usize| u16::from_le_bytes([format[k], format[k + 1]]);
    let channels = usize::from(short(2));
    let rate = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
    let bits = short(14);
    // WAVE_FORMAT_EXTENSIBLE tells the true code in the first bytes of its sub-format.
    let code = if short(0) == 0xFFFE && format.len() >= 26 { short(24) } else { short(0) };
    let convert: fn(&[u8]) -> f64 = match (code, bits) {
        (1, 8) => |b| (f64::from(b[0]) - 128.0) / 128.0,
        (1, 16) => |b| f64::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0,
        (1, 24) => |b| f64::from(i32::from_le_bytes([0, b[0], b[1], b[2]])) / 2_147_483_648.0,
        (1, 32) => |b| f64::from(i32::from_le_bytes([b[0], b[1], b[2], b[3]])) / 2_147_483_648.0,
        (3, 32) => |b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        (3, 64) => |b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]),
        _ => return fail(format!("WAV with format {code} and {bits} bits is not read"), export),
    };
    if channels == 0 || rate == 0 {
        return fail(format!("the WAV file tells of {channels} channels at {rate} Hz"), "the file is damaged");
    }
    let size = usize::from(bits / 8);
    let frames = data.len() / (size * channels);
    let names = |k: usize| match (channels, k) {
        (1, _) => None,
        (2, 0) => Some("left".to_owned()),
        (2, 1) => Some("right".to_owned()),
        _ => Some(format!("channel{}", k + 1)),
    };
    let columns = (0..channels)
        .map(|k| {
            let values = (0..frames)
                .map(|i| convert(&data[(i * channels + k) * size..]))
                .map(|x| if x.is_finite() { x } else { f64::NAN });
            Column { name: names(k), number: k + 1, values: values.collect(), text: None }
        })
        .collect();
    Ok(Table { columns, rate: Some(f64::from(rate)), ..Table::default() })
}
