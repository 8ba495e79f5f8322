//! Studies: one model computed at many points, on all cores, with progress, cancel, resume and shards.
//!
//! A [`Sweep`] walks over a grid of parameters and asks a [`PointEvaluator`] for each point. It knows no physics. What it
//! computes goes into a store ([`Sweep::into_store`]) or, for figures, into memory ([`Sweep::in_memory`]).
//!
//! An [`Optimization`] asks the same evaluator where in a range of parameters one of its columns is largest or smallest, under
//! bounds on others.
//!
//! * The points are cut into chunks by the grid alone. Threads take points one by one in the grid's order, so that costly points
//!   do not hold up a whole chunk, and a chunk is stored when its last point is there. Memory holds the few chunks in flight: it
//!   does not grow with the sweep.
//! * A point's result depends on the point alone; hence the store depends on neither threads, shards nor interruptions.
//! * A process may be stopped by Ctrl-C or killed at any moment: what is lost are the chunks in flight.

mod columns;
mod optimize;
mod progress;
mod sweep;

pub use columns::ReportColumns;
pub use huygens_numerics::optimize::Options as SearchOptions;
pub use optimize::{Bound, Found, Goal, Optimization, Relation, Seen};
pub use progress::{Bar, Lines, Progress, Silent, for_stderr};
pub use sweep::{Evaluation, Point, PointEvaluator, StudyError, Summary, Sweep};

pub use crate::record::{Axis, AxisError, Column, Grid, PointStatus, Shard, ShardError, Spacing};
