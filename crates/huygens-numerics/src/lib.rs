//! Linear algebra, integrators, roots and Fourier series for Huygens.
//!
//! This crate knows no physics. It is written for the sizes that synchronization problems have: matrices of
//! 4 to 40 rows, states of 8 to a few hundred numbers, periodic series of some thousand samples.
//!
//! * [`linalg`]: [`linalg::Matrix`] with solves, eigenvalues with left vectors, Schur form, exponential and the
//!   Lyapunov, Stein and Sylvester equations.
//! * [`ode`]: explicit and stiff integrators with dense output and events.
//! * [`random`]: counter-based random streams.
//! * [`roots`]: zeros of scalar functions and of systems.
//! * [`optimize`]: best points of a function over a bounded range, under constraints.
//! * [`fourier`]: trigonometric interpolation of periodic samples.
//! * [`chebyshev`]: interpolants of smooth functions.
//! * [`elementary`]: exponential and logarithm for vector loops.
//! * [`hull`]: convex hulls of points in the plane.
//! * [`quad`]: quadrature graded towards known singularities.
//! * [`special`]: dilogarithm, gamma functions, the complex digamma function and the quantiles of statistics.
//!
//! Mistakes of the caller in shapes panic; everything that the numbers can cause is an error with its diagnosis.

pub mod chebyshev;
pub mod elementary;
pub mod fourier;
pub mod hull;
pub mod linalg;
pub mod ode;
pub mod optimize;
pub mod quad;
pub mod random;
pub mod roots;
pub mod special;

/// Complex double precision number.
#[allow(non_camel_case_types)]
pub type c64 = num_complex::Complex64;
