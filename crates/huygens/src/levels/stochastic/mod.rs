//! The stochastic level: trajectories of the phase-space variables.
//!
//! [`langevin`] derives drift and noise from a model, in Weyl order (truncated Wigner) or as classical Langevin equations;
//! [`linear`] makes steps of any length without error where the equations are linear; [`stepper`] integrates the others;
//! [`weighted`] runs populations whose members weigh as an anti-Hermitian part makes them; [`ensemble`] runs thousands of trajectories in SIMD lanes and threads; [`moments`] streams their statistics and [`ticks`]
//! their events.
//!
//! Variables are the quadratures (q₁, p₁, q₂, p₂, …), z = (q + ip)/√2, vacuum variance ½. Random numbers come from streams
//! that belong to the trajectory ([`huygens_numerics::random`]), and statistics are added up in blocks that depend on the
//! number of trajectories alone: the same seed gives the same bytes on any number of threads and in any division into shards.

pub mod ensemble;
pub mod langevin;
pub mod linear;
pub mod moments;
pub mod record;
pub mod stepper;
pub mod ticks;
pub mod weighted;

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod tests_nonhermitian;
#[cfg(test)]
mod tests_nonlinear;
