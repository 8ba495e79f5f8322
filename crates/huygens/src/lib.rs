//! Huygens: a laboratory for synchronization and what it costs.
//!
//! A [`model::Model`] is written once as operator polynomials ([`algebra`]); each level of description in [`levels`] derives
//! its own equations from that one text; [`measures`] and [`costs`] ask questions of the states that come out, and [`checks`]
//! say how far the answers can be trusted.
//!
//! Conventions, everywhere: ħ = k_B = 1; q = (a + a†)/√2, p = (a − a†)/(i√2), vacuum variance 1/2; quadrature order
//! (q₁, p₁, q₂, p₂, …); a jump operator L means D\[L\]ρ = LρL† − ½{L†L, ρ}, so rates are energy rates; logarithms are natural.

pub mod algebra;
pub mod checks;
pub mod costs;
pub mod experiment;
pub mod levels;
pub mod measures;
pub mod model;
pub mod report;
