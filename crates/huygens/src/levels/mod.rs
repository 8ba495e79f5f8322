//! Levels of description. Each derives its own equations from the model.

pub mod equations;
pub mod fock;
pub mod gaussian;
pub mod kernel;
pub mod large_number;
pub mod mean_field;
pub mod response;
pub mod stochastic;

#[cfg(test)]
mod motion_tests;
#[cfg(test)]
pub(crate) mod tests;
