//! Operators of bosons and spins as polynomials with exact symbolic coefficients.
//!
//! * [`Scalar`] is a coefficient: an expression in parameters and the time, kept in a canonical form.
//!   [`Compiled`] turns many of them into one program for the inner loops.
//! * [`Operator`] is a normal-ordered polynomial in ladder operators; products, commutators, adjoints and the change
//!   between normal and Weyl order are exact. [`Polynomial`] is its symbol, a polynomial in amplitudes.
//! * [`Generator`] and [`heisenberg`] derive the equations of motion of an open system.
//! * [`parse`] reads the text of a model, [`Operator::text`] and [`Operator::latex`] write it.
//! * [`charges`] finds the U(1) symmetries.
//!
//! ```
//! use huygens::algebra::{Generator, ModeId, Names, Operator, ParamId, parse};
//!
//! // What the names mean: a mode a and two parameters.
//! let mut scope = parse::Symbols::new();
//! scope.insert("a", parse::Symbol::Mode(ModeId(0)));
//! scope.insert("K", parse::Symbol::Parameter(ParamId(0)));
//! scope.insert("kappa", parse::Symbol::Parameter(ParamId(1)));
//! let names = Names::new(vec!["K".into(), "kappa".into()], vec!["a".into()]);
//!
//! // A Kerr oscillator with loss, and its equation of motion in both orders.
//! let h = parse::operator(&parse::parse("K/2*dag(a)^2*a^2")?, &scope)?;
//! let jump = parse::operator(&parse::parse("sqrt(2*kappa)*a")?, &scope)?;
//! let rate = Generator::new(&h, &[jump]).apply(&Operator::annihilation(ModeId(0)));
//! assert_eq!(rate.text(&names), "-kappa*a - i*K*dag(a)*a^2");
//! assert_eq!(rate.normal_symbol().latex(&names), r"-\kappa \alpha - i K |\alpha|^2 \alpha");
//! assert_eq!(rate.weyl_symbol().text(&names), "(i*K - kappa)*alpha - i*K*abs(alpha)^2*alpha");
//! # Ok::<(), parse::ParseError>(())
//! ```
//!
//! ħ = 1, q = (a + a†)/√2, p = (a − a†)/(i√2).

mod compiled;
mod display;
mod drive;
mod field;
mod operator;
pub mod parse;
mod polynomial;
mod product;
mod scalar;
mod symmetry;
mod word;

pub use compiled::{Compiled, Scratch};
pub use display::Names;
pub use drive::{common_frequency, drive_period, drive_rates};
pub use field::{Field, Quantity};
pub use operator::{Generator, MAX_OPERATOR_TERMS, Operator, commutator, heisenberg};
pub use polynomial::{Factor, ModeId, Monomial, Polynomial};
pub use scalar::{EvalError, EvalErrorKind, ParamId, Scalar, ScalarError};
pub use symmetry::{charges, charges_with};
pub use word::{Site, Word};
pub(crate) use word::{added, times};

#[cfg(test)]
mod tests;
