//! How well oscillators agree.

pub(super) mod coherence;
pub(super) mod complete;
pub(super) mod distance;
pub(super) mod mean;
pub(super) mod pearson;
pub(super) mod phase;
