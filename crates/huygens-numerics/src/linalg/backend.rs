//! Calls of `faer` for dense matrices; those for sparse ones are in `sparse`. Its kernels leave the upper halves of the vector registers dirty, which slows all code after it
//! several times; each function here ends in [`fence`].

use std::sync::Once;

use faer::{MatRef, Par, Side};

use super::{CMatrix, LinalgError, Matrix, Scalar};
use crate::c64;

/// Clears the upper halves of the vector registers.
#[inline(always)]
pub(super) fn fence() {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx") {
        // SAFETY: the instruction exists on every processor with AVX, which was just checked; it changes no value the
        // compiler keeps, because registers wider than 128 bits are not preserved across calls.
        #[allow(unsafe_code)]
        unsafe {
            clear_upper();
        }
    }
}

/// One `vzeroupper`.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
fn clear_upper() {
    std::arch::x86_64::_mm256_zeroupper();
}

/// Parallelism belongs to the sweeps above: faer works on the calling thread.
pub(super) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| faer::set_global_parallelism(Par::Seq));
}

fn view<T>(a: &Matrix<T>) -> MatRef<'_, T>
where
    T: Scalar,
{
    MatRef::from_row_major_slice(a.as_slice(), a.rows(), a.cols())
}

fn owned<T: Scalar>(m: MatRef<'_, T>) -> Matrix<T> {
    Matrix::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)])
}

/// Full singular value decomposition `A = U diag(s) V†`.
pub(super) type SvdParts<T> = (Matrix<T>, Vec<f64>, Matrix<T>);

/// What large matrices need from faer.
pub trait Backend: Sized {
    /// `out = a b`.
    fn product(a: &Matrix<Self>, b: &Matrix<Self>, out: &mut Matrix<Self>);
    /// `a⁻¹ b` by elimination with partial pivots, without a check.
    fn eliminate(a: &Matrix<Self>, b: &Matrix<Self>) -> Matrix<Self>;
    /// Eigenvalues (ascending) and orthonormal eigenvectors of a Hermitian matrix.
    fn hermitian(a: &Matrix<Self>) -> Result<(Vec<f64>, Matrix<Self>), LinalgError>;
    /// Eigenvalues and right eigenvectors, neither ordered nor normalised.
    fn eigen(a: &Matrix<Self>) -> Result<(Vec<c64>, CMatrix), LinalgError>;
    /// Eigenvalues.
    fn eigenvalues(a: &Matrix<Self>) -> Result<Vec<c64>, LinalgError>;
    /// Singular values and vectors.
    fn svd(a: &Matrix<Self>) -> Result<SvdParts<Self>, LinalgError>;
}

macro_rules! backend {
    ($t:ty, $eigen:ident) => {
        impl Backend for $t {
            fn product(a: &Matrix<$t>, b: &Matrix<$t>, out: &mut Matrix<$t>) {
                let (rows, cols) = (out.rows(), out.cols());
                let target = faer::MatMut::from_row_major_slice_mut(out.as_mut_slice(), rows, cols);
                faer::linalg::matmul::matmul(
                    target,
                    faer::Accum::Replace,
                    view(a),
                    view(b),
                    <$t as Scalar>::ONE,
                    Par::Seq,
                );
                fence();
            }

            fn eliminate(a: &Matrix<$t>, b: &Matrix<$t>) -> Matrix<$t> {
                use faer::linalg::solvers::Solve;
                prepare();
                let x = owned(view(a).partial_piv_lu().solve(view(b)).as_ref());
                fence();
                x
            }

            fn hermitian(a: &Matrix<$t>) -> Result<(Vec<f64>, Matrix<$t>), LinalgError> {
                prepare();
                let found = view(a).self_adjoint_eigen(Side::Lower);
                fence();
                let found = found.map_err(|_| LinalgError::NoConvergence {
                    what: "the symmetric eigenvalue iteration",
                    iterations: 30 * a.rows(),
                })?;
                let values = (0..a.rows()).map(|i| Scalar::re(found.S()[i])).collect();
                Ok((values, owned(found.U())))
            }

            fn eigen(a: &Matrix<$t>) -> Result<(Vec<c64>, CMatrix), LinalgError> {
                prepare();
                let found = faer::linalg::solvers::Eigen::$eigen(view(a));
                fence();
                let found = found
                    .map_err(|_| LinalgError::NoConvergence { what: "the QR iteration", iterations: 30 * a.rows() })?;
                let values = (0..a.rows()).map(|i| found.S()[i]).collect();
                Ok((values, owned(found.U())))
            }

            fn eigenvalues(a: &Matrix<$t>) -> Result<Vec<c64>, LinalgError> {
                prepare();
                let found = view(a).eigenvalues();
                fence();
                found.map_err(|_| LinalgError::NoConvergence { what: "the QR iteration", iterations: 30 * a.rows() })
            }

            fn svd(a: &Matrix<$t>) -> Result<SvdParts<$t>, LinalgError> {
                prepare();
                let found = view(a).svd();
                fence();
                let found = found.map_err(|_| LinalgError::NoConvergence {
                    what: "the singular value iteration",
                    iterations: 30 * a.rows().max(a.cols()),
                })?;
                let s = (0..a.rows().min(a.cols())).map(|i| Scalar::re(found.S()[i])).collect();
                Ok((owned(found.U()), s, owned(found.V())))
            }
        }
    };
}

backend!(f64, new_from_real);
backend!(c64, new);
