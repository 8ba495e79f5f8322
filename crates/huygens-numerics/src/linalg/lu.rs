//! Elimination: solves, inverses, determinants.

use multiversion::multiversion;

use super::{LinalgError, Matrix, RMatrix, Scalar, require_finite};

/// Above this size faer solves.
const PLAIN_SOLVE: usize = 64;

/// `P A = L U` with partial pivots; keeps its storage for the next matrix of the same size.
#[derive(Clone, Debug)]
pub struct Lu<T> {
    n: usize,
    /// `U` on and above the diagonal, the multipliers below it.
    factors: Vec<T>,
    /// Row that was exchanged with row `k` at step `k`.
    pivots: Vec<usize>,
    odd: bool,
}

impl<T: Scalar> Lu<T> {
    /// Factorises a square matrix, `2n³/3` operations.
    ///
    /// # Errors
    /// [`LinalgError::Singular`] for a vanishing pivot, [`LinalgError::NotFinite`].
    ///
    /// # Panics
    /// When the matrix is not square.
    #[track_caller]
    pub fn new(a: &Matrix<T>) -> Result<Self, LinalgError> {
        assert!(a.is_square(), "elimination of a {}×{} matrix", a.rows(), a.cols());
        let n = a.rows();
        let mut lu = Self { n, factors: a.as_slice().to_vec(), pivots: vec![0; n], odd: false };
        lu.factorise()?;
        Ok(lu)
    }

    /// Factorises another matrix of the same size, given by its entries row by row, without allocating.
    ///
    /// # Errors
    /// As [`Lu::new`]; the factors are unusable afterwards.
    ///
    /// # Panics
    /// When the number of entries differs.
    #[track_caller]
    pub fn refactor(&mut self, a: &[T]) -> Result<(), LinalgError> {
        self.factors.copy_from_slice(a);
        self.factorise()
    }

    fn factorise(&mut self) -> Result<(), LinalgError> {
        self.odd = false;
        match eliminate(&mut self.factors, &mut self.pivots, self.n, &mut self.odd) {
            None => Ok(()),
            Some(_) if self.factors.iter().any(|x| !x.finite()) => {
                Err(LinalgError::NotFinite { what: "the matrix of a linear system" })
            }
            Some(column) => Err(LinalgError::Singular { column }),
        }
    }

    /// Number of rows.
    pub fn size(&self) -> usize {
        self.n
    }

    /// Replaces `x` by `A⁻¹ x`.
    ///
    /// # Panics
    /// When the length does not fit.
    #[track_caller]
    pub fn solve_in_place(&self, x: &mut [T]) {
        assert_eq!(x.len(), self.n, "length of the right-hand side");
        let n = self.n;
        for (k, &p) in self.pivots.iter().enumerate() {
            x.swap(k, p);
        }
        for i in 1..n {
            let (head, tail) = x.split_at_mut(i);
            let mut sum = tail[0];
            for (&l, &x) in self.factors[i * n..][..i].iter().zip(head.iter()) {
                sum -= l * x;
            }
            tail[0] = sum;
        }
        for i in (0..n).rev() {
            let (head, tail) = x.split_at_mut(i + 1);
            let mut sum = head[i];
            for (&u, &x) in self.factors[i * n + i + 1..(i + 1) * n].iter().zip(tail.iter()) {
                sum -= u * x;
            }
            head[i] = sum / self.factors[i * n + i];
        }
    }

    /// `A⁻¹ B`.
    ///
    /// # Panics
    /// When the shapes do not fit.
    #[track_caller]
    pub fn solve(&self, b: &Matrix<T>) -> Matrix<T> {
        assert_eq!(b.rows(), self.n, "rows of the right-hand side");
        let mut x = b.clone();
        back_substitute(&self.factors, &self.pivots, self.n, x.as_mut_slice(), b.cols());
        x
    }

    /// Determinant.
    pub fn det(&self) -> T {
        let mut d = if self.odd { -T::ONE } else { T::ONE };
        for i in 0..self.n {
            d *= self.factors[i * self.n + i];
        }
        d
    }

    /// Smallest pivot relative to the largest: a sign of near singularity for well-scaled matrices.
    pub fn pivot_ratio(&self) -> f64 {
        let (mut low, mut high) = (f64::INFINITY, 0.0f64);
        for i in 0..self.n {
            let p = self.factors[i * self.n + i].modulus();
            low = low.min(p);
            high = high.max(p);
        }
        if self.n == 0 { 1.0 } else { low / high }
    }
}

/// Gaussian elimination in place; the column of a vanishing or non-finite pivot, if there is one.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn eliminate<T: Scalar>(a: &mut [T], pivots: &mut [usize], n: usize, odd: &mut bool) -> Option<usize> {
    for k in 0..n {
        let mut p = k;
        let mut best = a[k * n + k].size();
        for i in k + 1..n {
            let size = a[i * n + k].size();
            if size > best {
                best = size;
                p = i;
            }
        }
        if !(best > 0.0 && best.is_finite()) {
            return Some(k);
        }
        pivots[k] = p;
        let (head, tail) = a.split_at_mut((k + 1) * n);
        let top = &mut head[k * n..];
        if p != k {
            top.swap_with_slice(&mut tail[(p - k - 1) * n..(p - k) * n]);
            *odd = !*odd;
        }
        let inverse = T::ONE / top[k];
        let top = &top[k + 1..];
        for row in tail.chunks_exact_mut(n) {
            let factor = row[k] * inverse;
            row[k] = factor;
            if factor != T::ZERO {
                for (x, &t) in row[k + 1..].iter_mut().zip(top) {
                    *x -= factor * t;
                }
            }
        }
    }
    None
}

/// Solves with many right-hand sides, stored as the rows of an `n × cols` matrix.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn back_substitute<T: Scalar>(lu: &[T], pivots: &[usize], n: usize, x: &mut [T], cols: usize) {
    if cols == 0 {
        return;
    }
    for (k, &p) in pivots.iter().enumerate() {
        if p != k {
            let (a, b) = x.split_at_mut(p * cols);
            a[k * cols..(k + 1) * cols].swap_with_slice(&mut b[..cols]);
        }
    }
    for i in 0..n {
        let (done, rest) = x.split_at_mut(i * cols);
        let row = &mut rest[..cols];
        for (&l, x) in lu[i * n..][..i].iter().zip(done.chunks_exact(cols)) {
            for (r, &x) in row.iter_mut().zip(x) {
                *r -= l * x;
            }
        }
    }
    for i in (0..n).rev() {
        let (rest, done) = x.split_at_mut((i + 1) * cols);
        let row = &mut rest[i * cols..];
        for (&u, x) in lu[i * n + i + 1..(i + 1) * n].iter().zip(done.chunks_exact(cols)) {
            for (r, &x) in row.iter_mut().zip(x) {
                *r -= u * x;
            }
        }
        let inverse = T::ONE / lu[i * n + i];
        for r in row {
            *r *= inverse;
        }
    }
}

/// `X = A⁻¹ B`, by elimination with partial pivots.
///
/// # Errors
/// [`LinalgError::Singular`] or [`LinalgError::NotFinite`].
///
/// # Panics
/// When the shapes do not fit.
#[track_caller]
pub fn solve<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    assert!(a.is_square() && a.rows() == b.rows(), "solving {}×{} X = {}×{}", a.rows(), a.cols(), b.rows(), b.cols());
    if a.rows() <= PLAIN_SOLVE {
        let x = Lu::new(a)?.solve(b);
        return if x.is_finite() {
            Ok(x)
        } else {
            require_finite(b, "the right-hand side of a linear system")?;
            Err(LinalgError::Singular { column: a.rows() - 1 })
        };
    }
    require_finite(a, "the matrix of a linear system")?;
    require_finite(b, "the right-hand side of a linear system")?;
    let x = T::eliminate(a, b);
    if x.is_finite() { Ok(x) } else { Err(LinalgError::Singular { column: a.rows() - 1 }) }
}

/// `A⁻¹`.
///
/// # Errors
/// As [`solve`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn inverse<T: Scalar>(a: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    solve(a, &Matrix::identity(a.rows()))
}

/// Determinant; 0 for a singular matrix, NaN when an entry is not finite.
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn det<T: Scalar>(a: &Matrix<T>) -> T {
    match Lu::new(a) {
        Ok(lu) => lu.det(),
        Err(LinalgError::NotFinite { .. }) => T::from_real(f64::NAN),
        Err(_) => T::ZERO,
    }
}

/// `ln det A` of a symmetric positive definite matrix, by Cholesky: neither over- nor underflows. Reads the lower triangle.
///
/// # Errors
/// [`LinalgError::NotPositive`] when a pivot is zero, negative or NaN.
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn log_det_spd(a: &RMatrix) -> Result<f64, LinalgError> {
    assert!(a.is_square(), "determinant of a {}×{} matrix", a.rows(), a.cols());
    let n = a.rows();
    let mut l = a.clone();
    let mut sum = 0.0;
    for i in 0..n {
        for j in 0..=i {
            let mut s = l[(i, j)];
            for k in 0..j {
                s -= l[(i, k)] * l[(j, k)];
            }
            if i == j {
                if !(s > 0.0 && s.is_finite()) {
                    return Err(LinalgError::NotPositive { index: i, pivot: s });
                }
                sum += s.ln();
                l[(i, i)] = s.sqrt();
            } else {
                l[(i, j)] = s / l[(j, j)];
            }
        }
    }
    Ok(sum)
}
