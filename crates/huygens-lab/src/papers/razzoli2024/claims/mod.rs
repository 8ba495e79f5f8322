//! The claims, chapter by chapter.

pub(super) mod adiabatic;
pub(super) mod beyond;
pub(super) mod bound;
pub(super) mod equations;
pub(super) mod gradient;
pub(super) mod others;
pub(super) mod synchronization;
pub(super) mod total;
