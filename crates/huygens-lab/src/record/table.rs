//! A record as a table for people.

use std::fmt::Write as _;
use std::io::IsTerminal;

use huygens::report::{Check, Quantity, Status};

use super::{Record, finite};

/// How a table looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Longest line, in characters; at least 72.
    pub width: usize,
    /// Whether to use colours (ANSI escape sequences).
    pub colour: bool,
}

impl Default for Style {
    /// 96 columns without colour.
    fn default() -> Self {
        Self { width: 96, colour: false }
    }
}

impl Style {
    /// The style for a stream that may be a terminal: 96 columns, colours only on a terminal and unless `NO_COLOR` is set.
    pub fn for_stream(stream: &impl IsTerminal) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self { colour: stream.is_terminal() && !no_color, ..Self::default() }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// `x` with `digits` significant digits; trailing zeros are dropped.
pub(crate) fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let text = format!("{x:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |t: &str| {
        if t.contains('.') { t.trim_end_matches('0').trim_end_matches('.').to_owned() } else { t.into() }
    };
    if (-4..12).contains(&exponent) && exponent < digits.max(4) as i32 {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        trimmed(&format!("{x:.decimals$}"))
    } else {
        format!("{}e{exponent}", trimmed(mantissa))
    }
}

/// The value with as many digits as its error supports, ten at most.
fn value_text(q: &Quantity) -> String {
    let Some(value) = finite(q.value) else {
        return "—".into();
    };
    let digits = match finite(q.error) {
        Some(error) if error > 0.0 && value != 0.0 => {
            let known = value.abs().log10().floor() - error.log10().floor() + 1.0;
            known.clamp(2.0, 10.0) as usize
        }
        _ => 10,
    };
    significant(value, digits)
}

fn short(x: Option<f64>, digits: usize) -> String {
    finite(x).map_or_else(String::new, |x| significant(x, digits))
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Breaks a text into lines of at most `width` characters; a longer word is cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        if !line.is_empty() && line.chars().count() + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
        }
        while word.len() > width {
            let rest = word.split_off(width);
            lines.push(word.iter().collect());
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Appends `text`, wrapped, after `first` on its first line and indented as far on the others.
fn hanging(out: &mut String, first: &str, first_width: usize, text: &str, style: Style, code: &str) {
    let lines = wrap(text, style.width.saturating_sub(first_width).max(20));
    if lines.is_empty() {
        let _ = writeln!(out, "{}", first.trim_end());
    }
    for (i, line) in lines.iter().enumerate() {
        let painted = if code.is_empty() { line.clone() } else { style.paint(code, line) };
        if i == 0 {
            let _ = writeln!(out, "{first}{painted}");
        } else {
            let _ = writeln!(out, "{}{painted}", " ".repeat(first_width));
        }
    }
}

impl Record {
    /// The record as a table: what the dynamics does, the parameters, the measures with their units, and the checks with ✓ (pass),
    /// • (note) or ✗ (fail).
    pub fn table(&self, style: Style) -> String {
        let style = Style { width: style.width.max(72), ..style };
        let report = &self.report;
        let mut out = String::new();
        let title =
            if report.level.is_empty() { self.model.clone() } else { format!("{} · {}", self.model, report.level) };
        let _ = writeln!(out, "{}", style.paint(BOLD, &title));
        if !report.dynamics.is_empty() {
            hanging(&mut out, "", 0, &report.dynamics, style, "");
        }
        if !self.provenance.parameters.is_empty() {
            let values = self.provenance.parameters.iter();
            let text: Vec<String> = values.map(|p| format!("{} = {}", p.name, significant(p.value, 10))).collect();
            list(&mut out, &text, style);
        }
        if !report.quantities.is_empty() {
            out.push('\n');
            measures(&mut out, &report.quantities, style);
        }
        if !report.checks.is_empty() {
            out.push('\n');
            checks(&mut out, &report.checks, style);
        }
        out
    }
}

/// A list that breaks only between its members.
fn list(out: &mut String, members: &[String], style: Style) {
    let mut line = String::new();
    for (i, member) in members.iter().enumerate() {
        let last = i + 1 == members.len();
        let piece = if last { member.clone() } else { format!("{member}, ") };
        if !line.is_empty() && width(&line) + width(piece.trim_end()) > style.width {
            let _ = writeln!(out, "{}", style.paint(DIM, line.trim_end()));
            line.clear();
        }
        line.push_str(&piece);
    }
    if !line.is_empty() {
        let _ = writeln!(out, "{}", style.paint(DIM, line.trim_end()));
    }
}

/// Longer lists are functions, and drawn.
pub(crate) const LONGEST_LIST: usize = 40;

fn measures(out: &mut String, quantities: &[Quantity], style: Style) {
    let heads = ["measure", "value", "min", "max", "error", "unit"];
    let mut rows: Vec<[String; 6]> = Vec::new();
    // After a row: its note and list, which stand below it.
    let mut below: Vec<Vec<String>> = Vec::new();
    for q in quantities {
        let unit = if q.unit == "1" { String::new() } else { q.unit.clone() };
        let value = if q.list.is_some() && q.value.is_none() { String::new() } else { value_text(q) };
        rows.push([q.name.clone(), value, short(q.min, 6), short(q.max, 6), short(q.error, 2), unit.clone()]);
        let mut notes = Vec::new();
        if let Some(list) = &q.list {
            let member = |[re, im]: &[f64; 2]| {
                let re = significant(*re, 8);
                if *im == 0.0 {
                    re
                } else if q.name != "multipliers" {
                    format!("({re}, {})", significant(*im, 8))
                } else {
                    format!("{re} {} {}i", if *im < 0.0 { '-' } else { '+' }, significant(im.abs(), 8))
                }
            };
            notes.push(match list.len() {
                n if n > LONGEST_LIST => format!("a function: {n} points in record.json and in the figure `functions`"),
                _ => list.iter().map(member).collect::<Vec<_>>().join(",  "),
            });
        }
        notes.extend(q.note.clone().filter(|n| !n.is_empty()));
        below.push(if q.alternatives.is_empty() { notes.clone() } else { Vec::new() });
        for (i, (name, x)) in q.alternatives.iter().enumerate() {
            let x = if x.is_finite() { significant(*x, 10) } else { "—".into() };
            rows.push([format!("  {name}"), x, String::new(), String::new(), String::new(), unit.clone()]);
            below.push(if i + 1 == q.alternatives.len() { notes.clone() } else { Vec::new() });
        }
    }
    let column = |k: usize| rows.iter().map(|r| width(&r[k])).max().unwrap_or(0);
    let used: Vec<bool> = (0..6).map(|k| k == 0 || column(k) > 0).collect();
    let wide: Vec<usize> = (0..6).map(|k| if used[k] { column(k).max(width(heads[k])) } else { 0 }).collect();
    let others: usize = (1..6).filter(|&k| used[k]).map(|k| wide[k] + 2).sum();
    let name_width = wide[0].min(style.width.saturating_sub(2 + others).max(16));
    let line = |out: &mut String, row: &[String; 6], head: bool| {
        let mut text = String::new();
        if width(&row[0]) > name_width {
            let _ = writeln!(out, "  {}", row[0]);
            let _ = write!(text, "  {:name_width$}", "");
        } else {
            let _ = write!(text, "  {:name_width$}", row[0]);
        }
        for k in (1..6).filter(|&k| used[k]) {
            if k == 5 {
                let _ = write!(text, "  {}", row[k]);
            } else {
                let _ = write!(text, "  {:>w$}", row[k], w = wide[k]);
            }
        }
        let text = text.trim_end();
        let _ = writeln!(out, "{}", if head { style.paint(DIM, text) } else { text.to_owned() });
    };
    line(out, &heads.map(String::from), true);
    for (row, notes) in rows.iter().zip(&below) {
        line(out, row, false);
        for note in notes {
            hanging(out, "      ", 6, note, style, DIM);
        }
    }
}

fn checks(out: &mut String, checks: &[Check], style: Style) {
    let number = |check: &Check| {
        let mut text = short(check.value, 4);
        if let (Some(value), Some(limit)) = (finite(check.value), finite(check.limit)) {
            let relation = if value <= limit { '≤' } else { '>' };
            let _ = write!(text, " {relation} {}", significant(limit, 4));
        }
        text
    };
    let widest = |text: &dyn Fn(&Check) -> String| checks.iter().map(|c| width(&text(c))).max().unwrap_or(0);
    let name_width = widest(&|c| c.name.clone()).min(style.width / 3);
    let number_width = widest(&number);
    let indent = 4 + name_width + 2 + if number_width > 0 { number_width + 2 } else { 0 };
    for check in checks {
        let (mark, code) = match check.status {
            Status::Pass => ("✓", GREEN),
            Status::Note => ("•", YELLOW),
            Status::Fail => ("✗", RED),
        };
        let mark = style.paint(code, mark);
        let name = if check.status == Status::Fail { style.paint(RED, &check.name) } else { check.name.clone() };
        let number = number(check);
        if width(&check.name) > name_width {
            let _ = writeln!(out, "  {mark} {name}");
            let _ = write!(out, "{:w$}", "", w = 4 + name_width + 2);
        } else {
            let _ = write!(out, "  {mark} {name}{:w$}", "", w = name_width - width(&check.name) + 2);
        }
        let pad = indent - (4 + name_width + 2) - width(&number);
        hanging(out, &format!("{number}{}", " ".repeat(pad)), indent, &check.note, style, "");
    }
    let failed = checks.iter().filter(|c| c.status == Status::Fail).count();
    if failed > 0 {
        let verdict = format!("{failed} of {} checks failed", checks.len());
        let _ = writeln!(out, "\n{}", style.paint(RED, &verdict));
    }
}
