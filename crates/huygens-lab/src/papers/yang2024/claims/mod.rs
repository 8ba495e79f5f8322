//! The claims, by the part of the paper that makes them.

pub(super) mod clocks;
pub(super) mod degree;
pub(super) mod entropy;
pub(super) mod modes;
pub(super) mod transient;
