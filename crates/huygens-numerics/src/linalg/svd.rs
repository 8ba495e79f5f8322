//! Singular values and null spaces.

use super::{LinalgError, Matrix, Scalar, require_finite};

/// `A = U diag(s) V†` with unitary `U` (rows × rows) and `V` (cols × cols).
#[derive(Clone, Debug)]
pub struct Svd<T> {
    /// Left singular vectors as columns.
    pub u: Matrix<T>,
    /// Singular values, descending.
    pub s: Vec<f64>,
    /// Right singular vectors as columns.
    pub v: Matrix<T>,
}

/// Singular value decomposition.
///
/// # Errors
/// [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`].
pub fn svd<T: Scalar>(a: &Matrix<T>) -> Result<Svd<T>, LinalgError> {
    require_finite(a, "the matrix of a singular value decomposition")?;
    let (u, s, v) = T::svd(a)?;
    Ok(Svd { u, s, v })
}

/// Singular values, descending.
///
/// # Errors
/// As [`svd`].
pub fn singular_values<T: Scalar>(a: &Matrix<T>) -> Result<Vec<f64>, LinalgError> {
    Ok(svd(a)?.s)
}

/// Orthonormal basis (as columns) of the vectors with `A x = 0`: right singular vectors whose singular value is at most
/// `rtol` times the largest.
///
/// # Errors
/// As [`svd`].
pub fn null_space<T: Scalar>(a: &Matrix<T>, rtol: f64) -> Result<Matrix<T>, LinalgError> {
    let parts = svd(a)?;
    let limit = rtol * parts.s.first().copied().unwrap_or(0.0);
    let rank = parts.s.iter().filter(|&&s| s > limit).count();
    let columns: Vec<usize> = (rank..a.cols()).collect();
    let rows: Vec<usize> = (0..a.cols()).collect();
    Ok(parts.v.select(&rows, &columns))
}
