//! The fock level: density matrices in number states.
//!
//! Operators are shifted diagonals, applied without a matrix ([`Generator`]); of the density matrix only the elements that the
//! symmetries of the model let be populated are stored ([`Layout`]).

mod generator;
mod lattice;
mod layout;
mod shifted;
mod space;

pub use generator::{Extent, Generator, GeneratorError, Operators};
pub use layout::{Layout, Population};
pub use shifted::Shifted;
pub use space::{Cutoff, MAX_STATES, Space, SpaceError};

mod density;
mod evolve;
mod start;

pub use density::{Density, DensityBlock, FockMoments};
pub use evolve::{Evolution, EvolveError, Work};

mod problem;

pub use problem::{FockError, Problem};
pub(crate) use start::needed;

#[cfg(test)]
pub(crate) mod tests;
