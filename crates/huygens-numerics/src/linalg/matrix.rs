//! The matrix type.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Index, IndexMut, Mul, MulAssign, Neg, Sub, SubAssign};

use multiversion::multiversion;

use super::backend::Backend;
use crate::c64;

/// Entries of a matrix: `f64` or [`c64`].
pub trait Scalar:
    Copy
    + Debug
    + Default
    + PartialEq
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Backend
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// True for `f64`.
    const IS_REAL: bool;
    /// A complex number; real entries drop the imaginary part.
    fn from_complex(z: c64) -> Self;
    /// A real number.
    fn from_real(x: f64) -> Self;
    /// Real part.
    fn re(self) -> f64;
    /// Imaginary part.
    fn im(self) -> f64;
    /// Complex conjugate.
    fn conj(self) -> Self;
    /// Modulus.
    fn modulus(self) -> f64;
    /// Squared modulus.
    fn modulus_squared(self) -> f64;
    /// `|re| + |im|`: as good as the modulus for comparing sizes, and cheap.
    fn size(self) -> f64;
    /// Product with a real number.
    fn scale(self, s: f64) -> Self;
    /// Neither NaN nor infinite.
    fn finite(self) -> bool;
}

impl Scalar for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const IS_REAL: bool = true;
    #[inline(always)]
    fn from_complex(z: c64) -> Self {
        z.re
    }
    #[inline(always)]
    fn from_real(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn re(self) -> f64 {
        self
    }
    #[inline(always)]
    fn im(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn conj(self) -> Self {
        self
    }
    #[inline(always)]
    fn modulus(self) -> f64 {
        self.abs()
    }
    #[inline(always)]
    fn modulus_squared(self) -> f64 {
        self * self
    }
    #[inline(always)]
    fn size(self) -> f64 {
        self.abs()
    }
    #[inline(always)]
    fn scale(self, s: f64) -> Self {
        self * s
    }
    #[inline(always)]
    fn finite(self) -> bool {
        self.is_finite()
    }
}

impl Scalar for c64 {
    const ZERO: Self = c64::new(0.0, 0.0);
    const ONE: Self = c64::new(1.0, 0.0);
    const IS_REAL: bool = false;
    #[inline(always)]
    fn from_complex(z: c64) -> Self {
        z
    }
    #[inline(always)]
    fn from_real(x: f64) -> Self {
        c64::new(x, 0.0)
    }
    #[inline(always)]
    fn re(self) -> f64 {
        self.re
    }
    #[inline(always)]
    fn im(self) -> f64 {
        self.im
    }
    #[inline(always)]
    fn conj(self) -> Self {
        c64::new(self.re, -self.im)
    }
    #[inline(always)]
    fn modulus(self) -> f64 {
        self.re.hypot(self.im)
    }
    #[inline(always)]
    fn modulus_squared(self) -> f64 {
        self.re * self.re + self.im * self.im
    }
    #[inline(always)]
    fn size(self) -> f64 {
        self.re.abs() + self.im.abs()
    }
    #[inline(always)]
    fn scale(self, s: f64) -> Self {
        c64::new(self.re * s, self.im * s)
    }
    #[inline(always)]
    fn finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }
}

/// Dense matrix, stored row by row.
///
/// ```
/// use huygens_numerics::linalg::{RMatrix, solve};
///
/// let a = RMatrix::from_rows(&[&[2.0, 1.0], &[1.0, 3.0]]);
/// let b = RMatrix::from_rows(&[&[3.0], &[5.0]]);
/// let x = solve(&a, &b).unwrap();
/// assert!((&(&a * &x) - &b).norm_max() < 1e-15);
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Matrix<T> {
    rows: usize,
    cols: usize,
    data: Vec<T>,
}

/// Real matrix.
pub type RMatrix = Matrix<f64>;

/// Complex matrix.
pub type CMatrix = Matrix<c64>;

impl<T: Scalar> Matrix<T> {
    /// Matrix of zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { rows, cols, data: vec![T::ZERO; rows * cols] }
    }

    /// Identity of size `n`.
    pub fn identity(n: usize) -> Self {
        let mut m = Self::zeros(n, n);
        for i in 0..n {
            m[(i, i)] = T::ONE;
        }
        m
    }

    /// Square matrix with the given diagonal.
    pub fn from_diagonal(diagonal: &[T]) -> Self {
        let mut m = Self::zeros(diagonal.len(), diagonal.len());
        for (i, &d) in diagonal.iter().enumerate() {
            m[(i, i)] = d;
        }
        m
    }

    /// Matrix with entries `f(i, j)`.
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut data = Vec::with_capacity(rows * cols);
        for i in 0..rows {
            for j in 0..cols {
                data.push(f(i, j));
            }
        }
        Self { rows, cols, data }
    }

    /// Matrix from its rows.
    ///
    /// # Panics
    /// When the rows differ in length.
    #[track_caller]
    pub fn from_rows(rows: &[&[T]]) -> Self {
        let cols = rows.first().map_or(0, |r| r.len());
        assert!(rows.iter().all(|r| r.len() == cols), "rows of different lengths");
        Self { rows: rows.len(), cols, data: rows.concat() }
    }

    /// Matrix from its entries in row-major order.
    ///
    /// # Panics
    /// When the number of entries is not `rows · cols`.
    #[track_caller]
    pub fn from_vec(rows: usize, cols: usize, data: Vec<T>) -> Self {
        assert_eq!(data.len(), rows * cols, "number of entries of a {rows}×{cols} matrix");
        Self { rows, cols, data }
    }

    /// Number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[inline]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// True for as many rows as columns.
    pub fn is_square(&self) -> bool {
        self.rows == self.cols
    }

    /// Row `i`.
    #[inline]
    #[track_caller]
    pub fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Row `i`, mutable.
    #[inline]
    #[track_caller]
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        &mut self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Two different rows, both mutable.
    ///
    /// # Panics
    /// When `i ≥ j`.
    #[inline]
    #[track_caller]
    pub(super) fn two_rows(&mut self, i: usize, j: usize) -> (&mut [T], &mut [T]) {
        assert!(i < j);
        let n = self.cols;
        let (a, b) = self.data.split_at_mut(j * n);
        (&mut a[i * n..(i + 1) * n], &mut b[..n])
    }

    /// Column `j`, copied.
    #[track_caller]
    pub fn col(&self, j: usize) -> Vec<T> {
        assert!(j < self.cols, "column {j} of a matrix with {} columns", self.cols);
        (0..self.rows).map(|i| self[(i, j)]).collect()
    }

    /// Main diagonal.
    pub fn diagonal(&self) -> Vec<T> {
        (0..self.rows.min(self.cols)).map(|i| self[(i, i)]).collect()
    }

    /// Entries in row-major order.
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// Entries in row-major order, mutable.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// Entries in row-major order, without copying.
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// `f` applied to every entry.
    pub fn map<U: Scalar>(&self, f: impl FnMut(T) -> U) -> Matrix<U> {
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().copied().map(f).collect() }
    }

    /// `s A`.
    pub fn scale(&self, s: T) -> Self {
        self.map(|x| x * s)
    }

    /// Transpose `Aᵀ`.
    pub fn transpose(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self[(j, i)])
    }

    /// Conjugate transpose `A†`.
    pub fn adjoint(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self[(j, i)].conj())
    }

    /// Complex conjugate of every entry.
    pub fn conj(&self) -> Self {
        self.map(T::conj)
    }

    /// The matrix with complex entries.
    pub fn to_complex(&self) -> CMatrix {
        self.map(|x| c64::new(x.re(), x.im()))
    }

    /// Trace.
    ///
    /// # Panics
    /// When the matrix is not square.
    #[track_caller]
    pub fn trace(&self) -> T {
        assert!(self.is_square(), "trace of a {}×{} matrix", self.rows, self.cols);
        self.diagonal().into_iter().fold(T::ZERO, |a, b| a + b)
    }

    /// Largest modulus of an entry; NaN when an entry is NaN.
    pub fn norm_max(&self) -> f64 {
        self.data.iter().fold(0.0, |m, x| {
            let a = x.modulus();
            if a <= m { m } else { a }
        })
    }

    /// Frobenius norm `√Σ|a_ij|²`.
    pub fn norm_fro(&self) -> f64 {
        let largest = self.norm_max();
        if largest == 0.0 || !largest.is_finite() {
            return largest;
        }
        largest * self.data.iter().map(|x| x.scale(1.0 / largest).modulus_squared()).sum::<f64>().sqrt()
    }

    /// Operator norm `‖A‖₁`: the largest sum of moduli in a column.
    pub fn norm_one(&self) -> f64 {
        let mut sums = vec![0.0; self.cols];
        for i in 0..self.rows {
            for (s, x) in sums.iter_mut().zip(self.row(i)) {
                *s += x.modulus();
            }
        }
        sums.into_iter().fold(0.0, |m, s| if s <= m { m } else { s })
    }

    /// True when no entry is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        self.data.iter().all(|x| x.finite())
    }

    /// The matrix of the entries in the given rows and columns, in the given order.
    #[track_caller]
    pub fn select(&self, rows: &[usize], cols: &[usize]) -> Self {
        Self::from_fn(rows.len(), cols.len(), |i, j| self[(rows[i], cols[j])])
    }

    /// `A x`.
    ///
    /// # Panics
    /// When `x` is not as long as the matrix has columns.
    #[track_caller]
    pub fn mul_vec(&self, x: &[T]) -> Vec<T> {
        let mut out = vec![T::ZERO; self.rows];
        self.mul_vec_into(x, &mut out);
        out
    }

    /// `out = A x`.
    ///
    /// # Panics
    /// When the lengths do not fit.
    #[track_caller]
    pub fn mul_vec_into(&self, x: &[T], out: &mut [T]) {
        assert_eq!(x.len(), self.cols, "length of the vector and number of columns");
        assert_eq!(out.len(), self.rows, "length of the result and number of rows");
        for (i, o) in out.iter_mut().enumerate() {
            let mut sum = T::ZERO;
            for (&a, &x) in self.row(i).iter().zip(x) {
                sum += a * x;
            }
            *o = sum;
        }
    }

    /// `out = A B` without allocating for sizes up to 32.
    ///
    /// # Panics
    /// When the shapes do not fit.
    #[track_caller]
    pub fn mul_into(&self, b: &Self, out: &mut Self) {
        assert_eq!(self.cols, b.rows, "inner sizes of a product {}×{} · {}×{}", self.rows, self.cols, b.rows, b.cols);
        assert!(
            out.rows == self.rows && out.cols == b.cols,
            "the result of {}×{} · {}×{} does not fit into {}×{}",
            self.rows,
            self.cols,
            b.rows,
            b.cols,
            out.rows,
            out.cols
        );
        if self.rows.max(self.cols).max(b.cols) > PLAIN_PRODUCT {
            T::product(self, b, out);
        } else {
            product(&self.data, &b.data, &mut out.data, self.cols, b.cols);
        }
    }

    /// `A B A†`.
    #[track_caller]
    pub fn sandwich(&self, b: &Self) -> Self {
        &(self * b) * &self.adjoint()
    }

    /// `A + s B`, in place of `A`.
    ///
    /// # Panics
    /// When the shapes differ.
    #[track_caller]
    pub fn add_scaled(&mut self, s: T, b: &Self) {
        assert!(self.rows == b.rows && self.cols == b.cols, "sum of matrices of different shapes");
        for (x, &y) in self.data.iter_mut().zip(&b.data) {
            *x += s * y;
        }
    }

    /// Replaces `A` by its Hermitian part `(A + A†)/2` (symmetric part for real entries).
    ///
    /// # Panics
    /// When the matrix is not square.
    #[track_caller]
    pub fn symmetrize(&mut self) {
        assert!(self.is_square(), "symmetric part of a {}×{} matrix", self.rows, self.cols);
        for i in 0..self.rows {
            for j in i..self.cols {
                let mean = (self[(i, j)] + self[(j, i)].conj()).scale(0.5);
                self[(i, j)] = mean;
                self[(j, i)] = mean.conj();
            }
        }
    }

    /// Largest modulus of an entry of `A − A†`.
    ///
    /// # Panics
    /// When the matrix is not square.
    #[track_caller]
    pub fn asymmetry(&self) -> f64 {
        assert!(self.is_square(), "asymmetry of a {}×{} matrix", self.rows, self.cols);
        let mut largest = 0.0f64;
        for i in 0..self.rows {
            for j in 0..=i {
                largest = largest.max((self[(i, j)] - self[(j, i)].conj()).modulus());
            }
        }
        largest
    }
}

impl CMatrix {
    /// Real parts of the entries.
    pub fn real(&self) -> RMatrix {
        self.map(|x| x.re)
    }

    /// Imaginary parts of the entries.
    pub fn imag(&self) -> RMatrix {
        self.map(|x| x.im)
    }
}

/// Largest size for which the plain loops multiply.
const PLAIN_PRODUCT: usize = 32;

/// `c = a b` with `inner` columns of `a` and `cols` columns of `b`.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn product<T: Scalar>(a: &[T], b: &[T], c: &mut [T], inner: usize, cols: usize) {
    if cols == 0 || inner == 0 {
        c.fill(T::ZERO);
        return;
    }
    for (a, c) in a.chunks_exact(inner).zip(c.chunks_exact_mut(cols)) {
        c.fill(T::ZERO);
        for (&a, b) in a.iter().zip(b.chunks_exact(cols)) {
            for (c, &b) in c.iter_mut().zip(b) {
                *c += a * b;
            }
        }
    }
}

impl<T> Index<(usize, usize)> for Matrix<T> {
    type Output = T;
    #[inline(always)]
    #[track_caller]
    fn index(&self, (i, j): (usize, usize)) -> &T {
        debug_assert!(j < self.cols);
        &self.data[i * self.cols + j]
    }
}

impl<T> IndexMut<(usize, usize)> for Matrix<T> {
    #[inline(always)]
    #[track_caller]
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut T {
        debug_assert!(j < self.cols);
        &mut self.data[i * self.cols + j]
    }
}

impl<T: Scalar> Add for &Matrix<T> {
    type Output = Matrix<T>;
    #[track_caller]
    fn add(self, other: Self) -> Matrix<T> {
        let mut sum = self.clone();
        sum.add_scaled(T::ONE, other);
        sum
    }
}

impl<T: Scalar> Sub for &Matrix<T> {
    type Output = Matrix<T>;
    #[track_caller]
    fn sub(self, other: Self) -> Matrix<T> {
        let mut difference = self.clone();
        difference.add_scaled(-T::ONE, other);
        difference
    }
}

impl<T: Scalar> Mul for &Matrix<T> {
    type Output = Matrix<T>;
    #[track_caller]
    fn mul(self, other: Self) -> Matrix<T> {
        let mut out = Matrix::zeros(self.rows, other.cols);
        self.mul_into(other, &mut out);
        out
    }
}

impl<T: Scalar> Neg for &Matrix<T> {
    type Output = Matrix<T>;
    fn neg(self) -> Matrix<T> {
        self.map(|x| -x)
    }
}
