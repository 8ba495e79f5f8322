//! The mean-field level: classical flow of a model, its attractors, their stability and their continuation.

pub mod attractor;
pub mod continuation;
pub mod cycle;
pub mod integrate;
pub mod lyapunov;
pub mod systems;
pub mod tangent;

pub use attractor::{Attractor, Found, Options, find};
