//! The gaussian level: linearised quantum fluctuations around the mean field.

pub mod batch;
pub mod bloch;
pub mod direct;
pub mod expansion;
pub mod linear;
pub mod neutral;
pub mod nonhermitian;
pub mod orbit;
pub mod random;
pub mod shift;
