//! Bosonic operators as polynomials with exact symbolic coefficients.
//!
//! * [`Scalar`] is a coefficient: an expression in parameters and the time, kept in a canonical form.
//!   [`Compiled`] turns many of them into one program for the inner loops.
//! * [`Operator`] is a normal-ordered polynomial in ladder operators; products, commutators, adjoints and the change
//!   between normal and Weyl order are exact. [`Polynomial`] is its symbol, a polynomial in amplitudes.
//! * [`Generator`] and [`heisenberg`] derive the equations of motion of an open system.
//! * [`parse`] reads the text of a model, [`Operator::text`] and [`Operator::latex`] write it.
//! * [`charges`] and [`translation_invariant`] find the symmetries.
//!
//! ħ = 1, q = (a + a†)/√2, p = (a − a†)/(i√2).

mod boson;
mod compiled;
mod display;
mod drive;
mod operator;
pub mod parse;
mod polynomial;
mod scalar;
mod symmetry;

pub use boson::Boson;
pub use compiled::{Compiled, Scratch};
pub use display::Names;
pub use drive::drive_period;
pub use operator::{Generator, MAX_OPERATOR_TERMS, Operator, commutator, heisenberg};
pub use polynomial::{Factor, ModeId, Monomial, Polynomial};
pub use scalar::{EvalError, EvalErrorKind, ParamId, Scalar, ScalarError};
pub use symmetry::{charges, translation_invariant};

#[cfg(test)]
mod tests;
