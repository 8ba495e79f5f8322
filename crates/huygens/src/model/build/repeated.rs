//! What a `for` writes out.

use super::super::error::{Fault, ModelError};
use super::super::scope::Uses;
use super::super::source::Text;
use super::names::wrong;
use crate::algebra::ModeId;
use crate::algebra::parse::{Expr, Node, Ranges, Scope, WithIndices, parse_ranges};

/// Most jumps or baths that a `for` may write out.
const MAX_COPIES: u64 = 4_000_000;

/// A jump or bath with its indices written out.
pub(in super::super) struct Repeated<'a> {
    each: Option<&'a Text>,
    ranges: Vec<Ranges>,
    pub(in super::super) indices: Vec<String>,
}

impl<'a> Repeated<'a> {
    pub(in super::super) fn read(each: Option<&'a Text>, uses: &mut Uses) -> Result<Self, ModelError> {
        let Some(text) = each else {
            return Ok(Self { each, ranges: Vec::new(), indices: Vec::new() });
        };
        let ranges = parse_ranges(&text.text).map_err(|e| wrong(text, e))?;
        let indices = uses.ranges(&ranges);
        Ok(Self { each, ranges, indices })
    }

    /// All values of the indices.
    pub(in super::super) fn assignments(
        &self,
        scope: &dyn Scope,
        what: &'static str,
    ) -> Result<Vec<Vec<(String, i64)>>, ModelError> {
        let mut list: Vec<Vec<(String, i64)>> = vec![Vec::new()];
        let Some(text) = self.each else {
            return Ok(list);
        };
        for clause in &self.ranges {
            let mut next = Vec::new();
            for given in &list {
                let inner = WithIndices { scope, indices: given };
                for more in clause.assignments(&inner).map_err(|e| wrong(text, e))? {
                    next.push(given.iter().cloned().chain(more).collect());
                }
                if next.len() as u64 > MAX_COPIES {
                    let fault = Fault::TooManyCopies { what, count: next.len() as u64, limit: MAX_COPIES };
                    return Err(ModelError::at(&text.place, fault));
                }
            }
            list = next;
        }
        Ok(list)
    }

    pub(in super::super) fn label(&self, base: &str, given: &[(String, i64)]) -> String {
        if given.is_empty() {
            return base.to_owned();
        }
        let values: Vec<String> = given.iter().map(|(n, v)| format!("{n}={v}")).collect();
        format!("{base} [{}]", values.join(", "))
    }
}

/// The index j of an entry `b[j]` that stands for all members of an array: one that is no parameter.
pub(in super::super) fn running(key: &Expr, declared: &dyn Fn(&str) -> bool) -> Option<String> {
    match &key.node {
        Node::Index { indices, .. } => match indices.as_slice() {
            [Expr { node: Node::Name(index), .. }] if !declared(index) => Some(index.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The members of an array, each with its value of the running index.
pub(in super::super) fn each_of(all: &[ModeId], index: Option<&String>) -> Vec<(ModeId, Vec<(String, i64)>)> {
    let given = |k: usize| index.map(|i| (i.clone(), k as i64 + 1)).into_iter().collect();
    all.iter().enumerate().map(|(k, &mode)| (mode, given(k))).collect()
}
