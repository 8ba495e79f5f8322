//! The claims, chapter by chapter.

pub(super) mod bases;
pub(super) mod bounds;
pub(super) mod distance;
pub(super) mod fig1;
pub(super) mod fig2;
pub(super) mod fig3;
pub(super) mod speed;
pub(super) mod work;
