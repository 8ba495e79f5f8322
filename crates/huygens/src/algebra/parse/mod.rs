//! Reading expressions: text to a tree with spans, and the tree to operators, scalars, modes and whole numbers.
//!
//! ```text
//! numbers         2  0.5  1e-3  pi        imaginary unit  i        time  t
//! arithmetic      + - * / ^ (or **)       brackets ( )
//! modes           a1, b[j], b[j+1], b[mod1(j+1,N)]     (indices are taken as they are; mod1 wraps 1..N)
//! operators       dag(x) or x†, n(a) = dag(a)*a, q(a), p(a), comm(x,y) = x*y - y*x
//! mean field      mean(n(a)), mean(q(a)), mean(a): the value at the mean field, a number held fixed
//! normal order    normal(x)               the operators of x in normal order, :x:
//! functions       sqrt exp sin cos tan sinh cosh tanh ln abs abs2 conj re im      of scalars
//! adjoint         (x + h.c.)              the adjoint of the summands before it in the same bracket
//! sums            sum(j in 1..N, …)       both ends included
//!                 sum((j,k) in links, …)  edges of a network: each once if it is symmetric, else each directed entry
//!                 sum(k in links[j], …)   the neighbours of j
//! networks        links[j,k] weight,  degree(links,j) = sum of the weights of row j
//! ```
//!
//! [`polynomial`] reads the modes as amplitudes: c-numbers that commute and may stand in functions and denominators.
//!
//! An expression is parsed, never run: it can only ever become a polynomial.

mod elaborate;
mod grammar;
mod lexer;
mod scope;

pub use elaborate::{integer, mode, operator, polynomial, scalar, site};
pub use grammar::{Expr, MAX_LENGTH, MAX_NESTING, Node, Ranges, Source, parse, parse_ranges};
pub use scope::{FUNCTIONS, Network, RESERVED, Scope, Symbol, Symbols, WithIndices, is_reserved, nearest};

use std::ops::Range;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// The offending bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}
