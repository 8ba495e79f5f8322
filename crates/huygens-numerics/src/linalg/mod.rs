//! Linear algebra: dense for small matrices; band, sparse and Krylov for large ones.
//!
//! [`Matrix`] is a row-major matrix of `f64` or [`c64`]. Up to a few dozen rows everything runs on plain loops written for
//! that size; larger problems go to `faer`.

mod backend;
mod band;
mod eigen;
mod equations;
mod expm;
mod krylov;
mod lu;
mod matrix;
mod schur;
mod sparse;
mod svd;
mod symmetric;

pub use band::{Band, BandLu};
pub use eigen::{Eigen, eigen, eigen_complex, eigenvalues, eigenvalues_complex};
pub use equations::{lyapunov, stein, sylvester};
pub use expm::{expm, expm_complex};
pub use krylov::{Gmres, Solved, arnoldi, gmres, leading};
pub use lu::{Lu, det, inverse, log_det_spd, solve};
pub use matrix::{CMatrix, Matrix, RMatrix, Scalar};
pub use schur::{Schur, schur};
pub use sparse::SparseLu;
pub use svd::{Svd, null_space, singular_values, svd};
pub use symmetric::{hermitian_eigen, symmetric_eigen};

pub use crate::c64;

/// What can go wrong in a matrix computation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinalgError {
    /// An entry of the input is NaN or infinite, or the result overflows.
    #[error("{what} is not finite: an earlier result has diverged, or a parameter is infinite")]
    NotFinite {
        /// Which matrix.
        what: &'static str,
    },
    /// Elimination met a vanishing pivot.
    #[error("the matrix is singular: no pivot is left in column {column}; a direction is undetermined")]
    Singular {
        /// Column without a pivot.
        column: usize,
    },
    /// The Cholesky factorisation met a pivot that is not positive.
    #[error("the matrix is not positive definite: pivot {index} is {pivot}")]
    NotPositive {
        /// Index of the pivot.
        index: usize,
        /// Its value.
        pivot: f64,
    },
    /// The eigenvectors do not span the space.
    #[error(
        "the matrix is defective, or too close to it: condition number {condition:.1e} of the eigenvectors; move a parameter off the exceptional point or use the Schur form"
    )]
    Defective {
        /// Condition number of the matrix of eigenvectors (1-norm).
        condition: f64,
    },
    /// A Lyapunov, Stein or Sylvester equation has no unique solution.
    #[error(
        "the matrix equation has no unique solution: eigenvalues cancel to {separation:.1e} of the scale; the system is marginally stable, treat the neutral direction apart"
    )]
    NotUnique {
        /// Smallest relative distance from cancellation that was met.
        separation: f64,
    },
    /// More memory than the machine gives.
    #[error("{what} do not fit into the memory: the system is too large to be solved directly")]
    Memory {
        /// What.
        what: &'static str,
    },
    /// An iteration did not converge.
    #[error("{what} did not converge in {iterations} iterations")]
    NoConvergence {
        /// Which iteration.
        what: &'static str,
        /// How many were made.
        iterations: usize,
    },
}

/// Fails when an entry is NaN or infinite.
fn require_finite<T: Scalar>(a: &Matrix<T>, what: &'static str) -> Result<(), LinalgError> {
    if a.is_finite() { Ok(()) } else { Err(LinalgError::NotFinite { what }) }
}
