//! Tables of text: columns separated by commas, semicolons, tabs or spaces.

use std::ops::Range;
use std::sync::Arc;

use super::{Column, Result, Rows, SignalError, Table};

/// Cells that stand for a missing value.
const MISSING: [&str; 8] = ["", "nan", "na", "n/a", "null", "none", "-", "--"];

/// Reads a table. Lines that start with `#`, `%` or `//` and empty lines are skipped; a first row with a word in it is a header.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Table> {
    let text: Arc<str> = decode(file, bytes)?.into();
    let lines = lines(&text);
    let separator = separator(&text, &lines);
    let fail =
        |span: Range<usize>, message: String, help: &str| Err(SignalError::new(file, message, help).at(&text, span));
    let mut rows = lines.into_iter().peekable();
    let Some(first) = rows.peek().cloned() else {
        return Err(SignalError::new(file, "the table holds no numbers", "give columns of numbers, one row a sample"));
    };
    let head = cells(&text, first.clone(), separator);
    let word = |cell: &Range<usize>| number(&text[cell.clone()], separator).is_none();
    // A header begins with a word; a word behind a number is a cell that went wrong.
    let is_header = head.first().is_some_and(word) || (head.iter().any(word) && text[head[0].clone()].is_empty());
    if is_header {
        rows.next();
    }
    let width = head.len();
    let mut columns: Vec<Column> = head
        .iter()
        .enumerate()
        .map(|(k, cell)| {
            let name = text[cell.clone()].trim_matches(['"', '\'', ' ']).to_owned();
            let name = (is_header && !name.is_empty()).then_some(name);
            Column { name, number: k + 1, values: Vec::new(), text: None }
        })
        .collect();
    let mut spans = Vec::new();
    for line in rows {
        let row = cells(&text, line.clone(), separator);
        if row.len() != width {
            let cells = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
            return fail(
                line,
                format!("this row has {}, the first row {}", cells(row.len()), cells(width)),
                "give every row the same number of cells; leave a cell empty (or write nan) where a value is missing",
            );
        }
        for (column, cell) in columns.iter_mut().zip(row) {
            let value = match number(&text[cell.clone()], separator) {
                Some(x) if x.is_infinite() => {
                    return fail(
                        cell,
                        "a sample must be a finite number".into(),
                        "leave the cell empty (or write nan) where a value is missing",
                    );
                }
                Some(x) => x,
                None => {
                    column.text.get_or_insert(cell);
                    f64::NAN
                }
            };
            column.values.push(value);
        }
        spans.push(line);
    }
    if spans.is_empty() {
        return fail(first, "there are no numbers below the header".into(), "add one row a sample");
    }
    Ok(Table { columns, rate: None, rows: Some(Rows { text: text.clone(), spans }), notes: Vec::new() })
}

fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str> {
    let formats = "give a table of text (CSV, TSV), NPY, NPZ or WAV";
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(SignalError::new(file, "the text is in UTF-16", "save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let control = |b: &u8| *b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0c | 0x1a);
    if let Some(at) = bytes.iter().position(control) {
        let message = format!("byte {at} is no text (0x{:02x}), and the file has no known binary format", bytes[at]);
        return Err(SignalError::new(file, message, formats));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let message = format!("byte {} is not UTF-8 text", error.valid_up_to());
            Err(SignalError::new(file, message, format!("{formats}; save text as UTF-8")))
        }
    }
}

/// Byte ranges of the lines that hold data, without their ends.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let content = line.trim_end_matches(['\n', '\r', '\x1a']);
        let trimmed = content.trim_start();
        let skip =
            trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with('%') || trimmed.starts_with("//");
        if !skip {
            found.push(at..at + content.len());
        }
        at += line.len();
    }
    found
}

/// Tab, semicolon or comma, if the first lines hold one; otherwise blanks.
fn separator(text: &str, lines: &[Range<usize>]) -> Option<char> {
    ['\t', ';', ','].into_iter().find(|&c| lines.iter().take(20).any(|line| text[line.clone()].contains(c)))
}

/// Byte ranges of the trimmed cells of a line; a separator within double quotes belongs to the cell.
fn cells(text: &str, line: Range<usize>, separator: Option<char>) -> Vec<Range<usize>> {
    let content = &text[line.clone()];
    let mut found = Vec::new();
    let mut push = |from: usize, to: usize| {
        let piece = &content[from..to];
        let begin = line.start + from + (piece.len() - piece.trim_start().len());
        found.push(begin..begin + piece.trim().len());
    };
    match separator {
        None => {
            let mut begin = None;
            for (k, c) in content.char_indices() {
                match (c.is_whitespace(), begin) {
                    (true, Some(from)) => {
                        push(from, k);
                        begin = None;
                    }
                    (false, None) => begin = Some(k),
                    _ => {}
                }
            }
            if let Some(from) = begin {
                push(from, content.len());
            }
        }
        Some(separator) => {
            let (mut from, mut quoted) = (0, false);
            for (k, c) in content.char_indices() {
                if c == '"' {
                    quoted = !quoted;
                } else if c == separator && !quoted {
                    push(from, k);
                    from = k + c.len_utf8();
                }
            }
            push(from, content.len());
        }
    }
    found
}

/// A number, NaN for a missing one, `None` for a word. Beside semicolons and tabs a comma is a decimal point.
fn number(cell: &str, separator: Option<char>) -> Option<f64> {
    if let Ok(x) = cell.parse::<f64>() {
        return Some(x);
    }
    let cell = cell.trim_matches('"').trim();
    if MISSING.iter().any(|m| cell.eq_ignore_ascii_case(m)) {
        return Some(f64::NAN);
    }
    if matches!(separator, Some(';' | '\t')) && cell.matches(',').count() == 1 && !cell.contains('.') {
        return cell.replace(',', ".").parse().ok();
    }
    cell.parse().ok()
}
