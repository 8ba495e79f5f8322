//! Runs: from the text of a model to records, sweeps, figures and equations.
//!
//! This room connects the others. A [`Problem`] is a model file with the measures asked of it, ready to run; its
//! [`Problem::record`] is one run with its provenance. [`SweepPoints`] asks the same at each point of a sweep, and rebuilds
//! the model where a swept parameter fixes its size. An [`Optimum`] is where a measure is best, found by a [`Quest`]. A [`Branch`] follows a limit
//! cycle through a parameter. [`run_figures`] and [`sweep_figure`] draw the results, [`equations`] writes the equations of a model,
//! [`describe`] the model itself.
//!
//! ```
//! use huygens::experiment::Options;
//! use huygens_lab::{file, runs::Problem};
//!
//! let model = file::load("van-der-pol-pair")?;
//! let problem = Problem::new(model, &["radius(b1)".into()], Options::default())?;
//! let record = problem.record("")?;
//! assert!(record.report.value("radius(b1)").is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod branch;
mod describe;
mod equations;
mod error;
mod labels;
mod optimum;
mod parts;
mod pictures;
mod points;
mod problem;

pub use branch::{Along, Branch};
pub use describe::{describe, examine};
pub use equations::{Notation, equations};
pub use error::RunError;
pub use labels::{measure_label, name_label, unit_label};
pub use optimum::{Optimum, Quest, Wish};
pub use parts::forget_parts;
pub use pictures::{MAX_DRAWN_POINTS, run_figures, sweep_figure};
pub use points::{ATTRACTORS, SweepPoints};
pub use problem::{MAX_SAMPLES, Problem, quench, times, value, window};
