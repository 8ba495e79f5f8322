//! Correlations, classical and quantum, of Gaussian states.

pub mod discord;
pub mod symplectic;

pub(super) mod information;
pub(super) mod negativity;
