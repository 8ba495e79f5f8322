//! Text to tokens with spans.

use super::ParseError;
use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    Plus,
    Minus,
    Times,
    Divide,
    Power,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Comma,
    /// `..`
    Range,
    /// `h.c.`
    HermitianConjugate,
    /// `†` after an operator.
    Dagger,
    End,
}

impl Token {
    /// How the token is called in a message.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Number(x) => format!("the number {x}"),
            Token::Name(n) => format!("`{n}`"),
            Token::Plus => "`+`".into(),
            Token::Minus => "`-`".into(),
            Token::Times => "`*`".into(),
            Token::Divide => "`/`".into(),
            Token::Power => "`^`".into(),
            Token::Open => "`(`".into(),
            Token::Close => "`)`".into(),
            Token::OpenIndex => "`[`".into(),
            Token::CloseIndex => "`]`".into(),
            Token::Comma => "`,`".into(),
            Token::Range => "`..`".into(),
            Token::HermitianConjugate => "`h.c.`".into(),
            Token::Dagger => "`†`".into(),
            Token::End => "the end of the text".into(),
        }
    }
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}
fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the text is one name.
pub(super) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(starts_name) && text.chars().all(continues_name)
}

pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, ParseError> {
    let mut list = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        let rest = &text[at..];
        let token = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if rest.starts_with("h.c.") || rest.starts_with("H.c.") {
            at += 4;
            Token::HermitianConjugate
        } else if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) {
            let (value, length) = number(rest, at)?;
            at += length;
            Token::Number(value)
        } else if starts_name(c) {
            let length = rest.find(|d| !continues_name(d)).unwrap_or(rest.len());
            at += length;
            Token::Name(rest[..length].to_string())
        } else if rest.starts_with("..") {
            at += 2;
            if text[at..].starts_with('=') {
                at += 1;
            }
            Token::Range
        } else if rest.starts_with("**") {
            at += 2;
            Token::Power
        } else {
            at += c.len_utf8();
            match c {
                '+' => Token::Plus,
                '-' | '−' => Token::Minus,
                '*' | '·' | '×' => Token::Times,
                '/' => Token::Divide,
                '^' => Token::Power,
                '(' => Token::Open,
                ')' => Token::Close,
                '[' => Token::OpenIndex,
                ']' => Token::CloseIndex,
                ',' => Token::Comma,
                '†' => Token::Dagger,
                _ => return Err(unexpected_character(c, start..at)),
            }
        };
        list.push((token, start..at));
    }
    list.push((Token::End, text.len()..text.len()));
    Ok(list)
}

fn unexpected_character(c: char, span: Range<usize>) -> ParseError {
    let help = match c {
        '{' | '}' => Some("brackets are round: ( )".to_string()),
        '=' | '<' | '>' => Some("an expression has no equation or comparison in it".to_string()),
        '|' => Some("the size of a number is abs(x)".to_string()),
        '\'' | '"' | '`' => Some("names are written without quotes".to_string()),
        ';' | ':' => Some("an expression is one sum; separate entries go into separate fields".to_string()),
        '.' => Some("a range is written 1..N, the Hermitian conjugate h.c.".to_string()),
        _ => None,
    };
    let shown = if c.is_control() { c.escape_unicode().to_string() } else { c.to_string() };
    ParseError { span, message: format!("the character `{shown}` has no meaning here"), help }
}

/// The number at the start of `rest` and its length in bytes.
fn number(rest: &str, at: usize) -> Result<(f64, usize), ParseError> {
    let bytes = rest.as_bytes();
    let digits = |mut k: usize| {
        while k < bytes.len() && bytes[k].is_ascii_digit() {
            k += 1;
        }
        k
    };
    let mut end = digits(0);
    if end < bytes.len() && bytes[end] == b'.' && bytes.get(end + 1) != Some(&b'.') {
        end = digits(end + 1);
    }
    if end < bytes.len() && (bytes[end] == b'e' || bytes[end] == b'E') {
        let mut k = end + 1;
        if k < bytes.len() && (bytes[k] == b'+' || bytes[k] == b'-') {
            k += 1;
        }
        if digits(k) > k {
            end = digits(k);
        }
    }
    match rest[..end].parse::<f64>() {
        Ok(x) if x.is_finite() => Ok((x, end)),
        _ => Err(ParseError {
            span: at..at + end,
            message: "this number is too large".into(),
            help: Some("numbers go up to about 1.8e308".into()),
        }),
    }
}
