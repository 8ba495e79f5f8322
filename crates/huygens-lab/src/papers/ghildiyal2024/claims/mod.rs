//! The claims, by what they are about.

pub(super) mod damping;
pub(super) mod elements;
pub(super) mod fluctuations;
pub(super) mod means;
pub(super) mod spins;
