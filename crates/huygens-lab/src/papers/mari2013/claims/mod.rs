//! The claims, chapter by chapter.

pub(super) mod bifurcations;
pub(super) mod bounds;
pub(super) mod correlations;
pub(super) mod cycle;
pub(super) mod plateau;
pub(super) mod ring;
