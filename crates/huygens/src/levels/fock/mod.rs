//! The fock level: density matrices in number states.
//!
//! Operators are shifted diagonals, applied without a matrix ([`Generator`]); of the density matrix only the elements that the
//! symmetries of the model let be populated are stored ([`Layout`]).

mod generating;
mod generator;
mod initial;
mod lattice;
mod layout;
mod shifted;
mod space;

pub use generator::{Extent, Generator, GeneratorError, Operators};
pub use layout::{Layout, Population};
pub use shifted::Shifted;
pub use space::{Cutoff, MAX_STATES, Space, SpaceError};

mod components;
mod correlation;
mod density;
mod displaced;
mod evolve;
mod frame;
pub mod jumps;
mod phase_space;
mod start;

pub use correlation::{Correlation, CorrelationError, Spectrum};
pub use density::{Density, DensityBlock, FockMoments};
pub(crate) use displaced::displaced;
pub use evolve::{Evolution, EvolveError, Work};
pub use frame::Frame;

mod counting;
mod dominant;
mod no_jump;
mod spectrum;
mod steady;

pub use counting::{Counting, Cumulants};
pub use dominant::{Dominant, dominant_state};
pub use spectrum::{Mode, slow_modes};
pub use steady::{Steady, SteadyError, SteadyMethod, require_unique, steady_state};

mod problem;

pub(crate) use problem::start_population;
pub use problem::{FockError, Problem, Stationary};
pub(crate) use start::needed;

#[cfg(test)]
mod correlated_tests;
#[cfg(test)]
mod counting_tests;
#[cfg(test)]
mod dominant_tests;
#[cfg(test)]
mod frame_tests;
#[cfg(test)]
mod kept_tests;
#[cfg(test)]
mod routes_tests;
#[cfg(test)]
mod steady_tests;
#[cfg(test)]
pub(crate) mod tests;
