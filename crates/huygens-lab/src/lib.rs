//! Experiments on the library: model files, studies, records, figures and the audits of papers.

pub mod clocks;
pub mod figures;
pub mod file;
pub mod papers;
pub mod record;
pub mod runs;
pub mod study;
