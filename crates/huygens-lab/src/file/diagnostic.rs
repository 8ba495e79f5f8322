//! Reports that point at the line and the word.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// The input can be used; the reader should know nevertheless.
    Warning,
}

/// A stretch of a text that a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// Name of the file, or of what stands for one (`-s mu=…`).
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
    /// The bytes pointed at.
    pub span: Range<usize>,
    /// What to write beside the caret; may be empty.
    pub label: String,
}

/// One message: what is wrong, where, and the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub title: String,
    /// Where, if it is at one place of a text.
    pub pointer: Option<Pointer>,
    /// The cure.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(title: impl Into<String>) -> Self {
        Self { severity: Severity::Error, title: title.into(), pointer: None, help: None }
    }

    /// The same with a cure.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, pointing at a stretch of text.
    pub fn with_pointer(mut self, pointer: Pointer) -> Self {
        self.pointer = Some(pointer);
        self
    }

    /// Line and column (in characters), both counted from 1, of the place pointed at.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        self.pointer.as_ref().map(|p| line_column(&p.text, p.span.start))
    }

    /// The report as text, with the line, the caret and the cure; `color` adds terminal colours.
    pub fn render(&self, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(shorten(&self.title, 600)));
        let excerpt = self.pointer.as_ref().map(|p| (p, Excerpt::around(&p.text, &p.span)));
        if let Some((pointer, excerpt)) = &excerpt {
            let mut annotation = AnnotationKind::Primary.span(excerpt.span.clone());
            if !pointer.label.is_empty() {
                annotation = annotation.label(shorten(&pointer.label, 300));
            }
            group = group.element(
                Snippet::source(excerpt.text.as_str())
                    .path(pointer.path.as_str())
                    .line_start(excerpt.line)
                    .annotation(annotation),
            );
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(shorten(help, 900)));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let report = renderer.term_width(160).render(&[group]);
        let Some((pointer, excerpt)) = &excerpt else {
            return report;
        };
        // In a line that was cut the renderer counts columns from the cut.
        let (line, column) = line_column(&pointer.text, pointer.span.start);
        let (_, shown) = line_column(&excerpt.text, excerpt.span.start);
        if column == shown {
            return report;
        }
        report.replacen(&format!("{}:{line}:{shown}", pointer.path), &format!("{}:{line}:{column}", pointer.path), 1)
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// Line and column (in characters) of a byte, both counted from 1.
pub(crate) fn line_column(text: &str, at: usize) -> (usize, usize) {
    let at = floor_boundary(text, at);
    let line = text[..at].bytes().filter(|&b| b == b'\n').count() + 1;
    let begin = text[..at].rfind('\n').map_or(0, |k| k + 1);
    (line, text[begin..at].chars().count() + 1)
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

fn shorten(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.into();
    }
    format!("{}…", &text[..floor_boundary(text, most)])
}

/// The few lines around a place, with overlong lines cut to a window, so that a report stays readable whatever the input.
struct Excerpt {
    text: String,
    line: usize,
    span: Range<usize>,
}

impl Excerpt {
    /// Characters kept before and after the place in an overlong line.
    const BEFORE: usize = 60;
    const AFTER: usize = 80;

    fn around(text: &str, span: &Range<usize>) -> Self {
        let start = floor_boundary(text, span.start);
        let begin = text[..start].rfind('\n').map_or(0, |k| k + 1);
        let line = text[..start].bytes().filter(|&b| b == b'\n').count() + 1;
        // A place that runs over several lines is shown by its first line.
        let line_end = text[start..].find('\n').map_or(text.len(), |k| start + k);
        let line_end = if text[..line_end].ends_with('\r') && line_end > start { line_end - 1 } else { line_end };
        let end = ceil_boundary(text, span.end.max(start)).clamp(start, line_end.max(start));
        let window = begin.max(floor_boundary(text, start.saturating_sub(Self::BEFORE)))
            ..line_end.min(ceil_boundary(text, end.min(start + Self::AFTER) + Self::AFTER));
        let end = end.min(window.end);
        let (mut head, mut tail) = ("", "");
        if window.start > begin {
            head = "… ";
        }
        if window.end < line_end {
            tail = " …";
        }
        // Control characters would upset the terminal and the columns: each becomes a visible stand-in.
        let clean = |piece: &str| -> String {
            piece.chars().map(|c| if c.is_control() && c != '\t' { '\u{FFFD}' } else { c }).collect()
        };
        let before = format!("{head}{}", clean(&text[window.start..start]));
        let inside = clean(&text[start..end]);
        let after = clean(&text[end..window.end]);
        let span = before.len()..before.len() + inside.len();
        Self { text: format!("{before}{inside}{after}{tail}"), line, span }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointing(text: &str, span: Range<usize>) -> String {
        let pointer = Pointer { path: "model.toml".into(), text: text.into(), span, label: "here".into() };
        Diagnostic::error("something is wrong").with_pointer(pointer).with_help("do this").render(false)
    }

    #[test]
    fn a_report_shows_the_line_the_caret_and_the_cure() {
        let text = "[modes]\na = \"boson\"\nb = \"bosom\"\n";
        insta::assert_snapshot!(pointing(text, 25..30));
    }

    #[test]
    fn a_line_of_ten_megabytes_is_shown_by_a_window() {
        let text = format!("H = \"{}x{}\"\n", "a+".repeat(2_500_000), "+a".repeat(2_500_000));
        let at = 5 + 5_000_000;
        let report = pointing(&text, at..at + 1);
        assert!(report.len() < 800, "{}", report.len());
        insta::assert_snapshot!(report);
    }

    #[test]
    fn any_span_of_any_text_can_be_rendered() {
        for text in ["", "\n", "é\r\nü", "a\u{0}b\u{1b}[31m", "one\n\ntwo"] {
            for start in 0..=text.len() + 1 {
                for end in start..=text.len() + 2 {
                    assert!(pointing(text, start..end).contains("something is wrong"));
                }
            }
        }
    }
}
