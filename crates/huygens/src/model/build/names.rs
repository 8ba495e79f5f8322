//! Expressions, names and kinds of modes as they are written.

use std::ops::Range;

use super::super::ModeKind;
use super::super::error::{Fault, ModelError};
use super::super::source::Text;
use crate::algebra::parse::{self, Expr, Node, ParseError, Symbols, parse as read};

/// Largest 2j.
const LONGEST_SPIN: i64 = 1 << 20;

fn expression_fault(error: ParseError) -> Fault {
    Fault::Expression { message: error.message, help: error.help }
}

pub(in super::super) fn parsed(text: &Text, result: Result<Expr, ParseError>) -> Result<Expr, ModelError> {
    result.map_err(|e| wrong(text, e))
}

pub(in super::super) fn wrong(text: &Text, error: ParseError) -> ModelError {
    ModelError::within(&text.place, error.span.clone(), expression_fault(error))
}

fn shifted(mut error: ParseError, by: usize) -> ParseError {
    error.span = error.span.start + by..error.span.end + by;
    error
}

/// A text that is a number by itself, NaN and infinities included.
pub(super) fn plain_number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// `b[1..N]` taken apart: name, length, and where the length stands.
pub(super) enum ModeName {
    Single,
    Array { name: String, last: Expr },
}

/// The kind of a mode as it is written.
pub(super) enum Kind {
    Boson,
    /// A spin of `length`, or half of it.
    Spin {
        length: Expr,
        half: bool,
    },
    /// So many spins ½.
    Ensemble(Expr),
}

pub(super) fn kind_of(text: &Text) -> Result<Kind, ModelError> {
    let words = text.text.trim();
    if words == "boson" {
        return Ok(Kind::Boson);
    }
    if let Some(members) = words.strip_prefix("ensemble").map(str::trim).filter(|l| !l.is_empty()) {
        return Ok(Kind::Ensemble(read(members).map_err(|e| ensemble_fault(text, &e.to_string()))?));
    }
    let Some(length) = words.strip_prefix("spin").map(str::trim).filter(|l| !l.is_empty()) else {
        return Err(ModelError::at(&text.place, Fault::UnknownKind { kind: text.text.clone() }));
    };
    let half = length.strip_suffix("/2").map(str::trim);
    let length = read(half.unwrap_or(length)).map_err(|e| spin_fault(text, &e.to_string()))?;
    Ok(Kind::Spin { length, half: half.is_some() })
}

fn spin_fault(text: &Text, message: &str) -> ModelError {
    let help =
        Some("write \"spin 1/2\", \"spin 1\", or \"spin N/2\" with a whole number N among the parameters".to_owned());
    ModelError::at(&text.place, Fault::Expression { message: format!("the length of the spin: {message}"), help })
}

fn ensemble_fault(text: &Text, message: &str) -> ModelError {
    let help = Some("write \"ensemble 20\", or \"ensemble N\" with a whole number N among the parameters".to_owned());
    ModelError::at(&text.place, Fault::Expression { message: format!("the members of the ensemble: {message}"), help })
}

impl Kind {
    pub(super) fn value(&self, text: &Text, symbols: &Symbols) -> Result<ModeKind, ModelError> {
        let (length, half) = match self {
            Kind::Boson => return Ok(ModeKind::Boson),
            Kind::Spin { length, half } => (length, half),
            Kind::Ensemble(members) => {
                let whole = parse::integer(members, symbols).map_err(|e| ensemble_fault(text, &e.to_string()))?;
                if !(1..=LONGEST_SPIN).contains(&whole) {
                    return Err(ensemble_fault(text, &format!("{whole} is out of range")));
                }
                return Ok(ModeKind::Ensemble { members: whole as u32 });
            }
        };
        let whole = parse::integer(length, symbols).map_err(|e| spin_fault(text, &e.to_string()))?;
        let twice = if *half { Some(whole) } else { whole.checked_mul(2) };
        match twice {
            Some(twice @ 1..=LONGEST_SPIN) => Ok(ModeKind::Spin { twice: twice as u32 }),
            _ => Err(spin_fault(text, &format!("{whole}{} is out of range", if *half { "/2" } else { "" }))),
        }
    }
}

pub(super) fn mode_name(text: &Text) -> Result<ModeName, ModelError> {
    let Some(open) = text.text.find('[') else {
        return Ok(ModeName::Single);
    };
    let fault = |span: Range<usize>, message: &str| {
        let help = Some("an array of modes is written  \"b[1..N]\" = \"boson\"".to_owned());
        Err(ModelError::within(&text.place, span, Fault::Expression { message: message.into(), help }))
    };
    let inner = open + 1;
    let trimmed = text.text.trim_end();
    if !trimmed.ends_with(']') {
        return fault(open..text.text.len(), "this bracket is not closed");
    }
    let close = trimmed.len() - 1;
    let range = &text.text[inner..close];
    let Some(dots) = range.find("..") else {
        return fault(inner..close, "an array needs a first and a last index");
    };
    let first = &range[..dots];
    if first.trim() != "1" {
        return fault(inner..inner + dots, "an array starts with the index 1");
    }
    let at = inner + dots + 2;
    let last = read(&text.text[at..close]).map_err(|e| wrong(text, shifted(e, at)))?;
    Ok(ModeName::Array { name: text.text[..open].trim().to_owned(), last: shift(last, at) })
}

/// An expression with all its places moved.
fn shift(mut expr: Expr, by: usize) -> Expr {
    expr.span = expr.span.start + by..expr.span.end + by;
    expr.node = match expr.node {
        Node::Index { name, indices } => {
            Node::Index { name, indices: indices.into_iter().map(|e| shift(e, by)).collect() }
        }
        Node::Call { name, name_span, arguments } => Node::Call {
            name,
            name_span: name_span.start + by..name_span.end + by,
            arguments: arguments.into_iter().map(|e| shift(e, by)).collect(),
        },
        Node::Sum(list) => Node::Sum(list.into_iter().map(|(s, e)| (s, shift(e, by))).collect()),
        Node::Product(list) => Node::Product(list.into_iter().map(|(s, e)| (s, shift(e, by))).collect()),
        Node::Negative(e) => Node::Negative(Box::new(shift(*e, by))),
        Node::Power(a, b) => Node::Power(Box::new(shift(*a, by)), Box::new(shift(*b, by))),
        other => other,
    };
    expr
}
