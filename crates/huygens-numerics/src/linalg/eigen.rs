//! Eigenvalues and two-sided eigenvectors of general matrices.

use super::backend::Backend;
use super::schur::{schur, values};
use super::{CMatrix, LinalgError, Lu, Matrix, RMatrix, Scalar, require_finite};
use crate::c64;

/// Above this size faer is faster.
const PLAIN_EIGEN: usize = 48;

/// Eigenvectors that are worse conditioned than this span the space by rounding errors only.
const WORST_CONDITION: f64 = 1e13;

/// `A = V diag(λ) W†` with `W† V = 1`.
#[derive(Clone, Debug)]
pub struct Eigen {
    /// Eigenvalues `λ_k`; complex pairs of a real matrix stand together and are exact conjugates for sizes up to 48.
    pub values: Vec<c64>,
    /// Right eigenvectors `v_k` as columns, `A v_k = λ_k v_k`, of Euclidean norm 1 with a real positive largest component.
    pub right: CMatrix,
    /// Left eigenvectors `w_k` as columns, `w_k† A = λ_k w_k†`, normalised by `w_j† v_k = δ_jk`.
    pub left: CMatrix,
    /// Condition number `‖V‖₁ ‖V⁻¹‖₁` of the right eigenvectors: the factor by which they enlarge rounding errors. Large
    /// near exceptional points.
    pub condition: f64,
}

/// Eigenvalues of a real matrix, without vectors: balancing, Hessenberg form, double-shift QR (EISPACK `balanc`, `orthes`,
/// `hqr`; B. T. Smith et al., *Matrix Eigensystem Routines*, 1976).
///
/// # Errors
/// [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn eigenvalues(a: &RMatrix) -> Result<Vec<c64>, LinalgError> {
    assert!(a.is_square(), "eigenvalues of a {}×{} matrix", a.rows(), a.cols());
    require_finite(a, "the matrix of an eigenvalue problem")?;
    let found = if a.rows() > PLAIN_EIGEN {
        <f64 as Backend>::eigenvalues(a)?
    } else {
        let mut work = RealQr::new(a);
        work.balance();
        work.hessenberg(false);
        work.iterate(false)?;
        work.values()
    };
    finite_values(found)
}

/// Eigenvalues of a complex matrix, without vectors.
///
/// # Errors
/// [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn eigenvalues_complex(a: &CMatrix) -> Result<Vec<c64>, LinalgError> {
    assert!(a.is_square(), "eigenvalues of a {}×{} matrix", a.rows(), a.cols());
    require_finite(a, "the matrix of an eigenvalue problem")?;
    finite_values(if a.rows() > PLAIN_EIGEN { <c64 as Backend>::eigenvalues(a)? } else { values(a)? })
}

fn finite_values(found: Vec<c64>) -> Result<Vec<c64>, LinalgError> {
    if found.iter().all(|x| x.finite()) { Ok(found) } else { Err(LinalgError::NotFinite { what: "an eigenvalue" }) }
}

/// Eigenvalues with right and left eigenvectors of a real matrix (EISPACK `hqr2` with balancing for sizes up to 48).
///
/// # Errors
/// [`LinalgError::Defective`] when the eigenvectors do not span the space to three digits, [`LinalgError::NotFinite`],
/// [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn eigen(a: &RMatrix) -> Result<Eigen, LinalgError> {
    assert!(a.is_square(), "eigenvectors of a {}×{} matrix", a.rows(), a.cols());
    require_finite(a, "the matrix of an eigenvalue problem")?;
    let (values, right) = if a.rows() > PLAIN_EIGEN {
        <f64 as Backend>::eigen(a)?
    } else {
        let mut work = RealQr::new(a);
        work.balance();
        work.hessenberg(true);
        work.iterate(true)?;
        work.back_substitute();
        (work.values(), work.vectors())
    };
    two_sided(values, right)
}

/// Eigenvalues with right and left eigenvectors of a complex matrix (from the [Schur form](schur) for sizes up to 48).
///
/// # Errors
/// As [`eigen`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn eigen_complex(a: &CMatrix) -> Result<Eigen, LinalgError> {
    assert!(a.is_square(), "eigenvectors of a {}×{} matrix", a.rows(), a.cols());
    require_finite(a, "the matrix of an eigenvalue problem")?;
    let (values, right) = if a.rows() > PLAIN_EIGEN {
        <c64 as Backend>::eigen(a)?
    } else {
        let form = schur(a)?;
        let vectors = &form.q * &triangular_vectors(&form.t);
        (form.eigenvalues(), vectors)
    };
    two_sided(values, right)
}

/// Normalises the right vectors and adds the left ones.
fn two_sided(values: Vec<c64>, mut right: CMatrix) -> Result<Eigen, LinalgError> {
    let n = values.len();
    let values = finite_values(values)?;
    let broken = LinalgError::Defective { condition: f64::INFINITY };
    let mut factors = vec![c64::ZERO; n];
    for j in 0..n {
        let (mut sum, mut largest, mut lead) = (0.0, 0.0, c64::ONE);
        for i in 0..n {
            let x = right[(i, j)];
            let m = x.modulus_squared();
            sum += m;
            // a margin, so that rounding does not choose between components of equal size
            if m > largest * (1.0 + 1e-9) {
                largest = m;
                lead = x;
            }
        }
        if !(sum > 0.0 && sum.is_finite()) {
            return Err(broken);
        }
        factors[j] = lead.conj().scale(1.0 / (largest.sqrt() * sum.sqrt()));
    }
    for i in 0..n {
        for (x, &f) in right.row_mut(i).iter_mut().zip(&factors) {
            *x *= f;
        }
    }
    let Ok(lu) = Lu::new(&right) else {
        return Err(broken);
    };
    let inverse = lu.solve(&Matrix::identity(n));
    let condition = right.norm_one() * inverse.norm_one();
    if condition.is_nan() || condition >= WORST_CONDITION {
        return Err(LinalgError::Defective { condition });
    }
    Ok(Eigen { values, right, left: inverse.adjoint(), condition })
}

/// Eigenvectors of an upper triangular matrix, as columns.
fn triangular_vectors(t: &CMatrix) -> CMatrix {
    let n = t.rows();
    // squares of it must not underflow in a complex division
    let floor = (t.norm_max() * f64::EPSILON).max(1e-150);
    let mut v = CMatrix::zeros(n, n);
    let mut x = vec![c64::ZERO; n];
    for k in 0..n {
        let lambda = t[(k, k)];
        x[k] = c64::ONE;
        for i in (0..k).rev() {
            let mut sum = c64::ZERO;
            for j in i + 1..=k {
                sum += t[(i, j)] * x[j];
            }
            let mut gap = t[(i, i)] - lambda;
            if gap.size() < floor {
                gap = c64::from_real(floor);
            }
            x[i] = -sum / gap;
            // keep the growth in bounds; the vector is normalised later
            let size = x[i].size();
            if size > 1e100 {
                for x in &mut x[i..=k] {
                    *x = x.scale(1.0 / size);
                }
            }
        }
        for i in 0..=k {
            v[(i, k)] = x[i];
        }
    }
    v
}

/// State of the real double-shift QR iteration.
struct RealQr {
    n: usize,
    /// Hessenberg, then quasi-triangular form.
    h: Vec<f64>,
    /// Accumulated transformations.
    v: Vec<f64>,
    re: Vec<f64>,
    im: Vec<f64>,
    /// Scale of each row from balancing.
    scale: Vec<f64>,
}

impl RealQr {
    fn new(a: &RMatrix) -> Self {
        let n = a.rows();
        Self { n, h: a.as_slice().to_vec(), v: vec![], re: vec![0.0; n], im: vec![0.0; n], scale: vec![1.0; n] }
    }

    /// Diagonal similarity by powers of two that makes rows and columns of equal size (EISPACK `balanc` without the
    /// permutation). Exact.
    fn balance(&mut self) {
        let n = self.n;
        let h = &mut self.h;
        for _ in 0..20 {
            let mut changed = false;
            for i in 0..n {
                let (mut col, mut row) = (0.0, 0.0);
                for j in 0..n {
                    if j != i {
                        col += h[j * n + i].abs();
                        row += h[i * n + j].abs();
                    }
                }
                if col == 0.0 || row == 0.0 {
                    continue;
                }
                let (mut f, sum) = (1.0, col + row);
                while col < 0.5 * row && f < 1e100 {
                    f *= 2.0;
                    col *= 4.0;
                }
                while col >= 2.0 * row && f > 1e-100 {
                    f *= 0.5;
                    col *= 0.25;
                }
                if (col + row) / f < 0.95 * sum {
                    changed = true;
                    self.scale[i] *= f;
                    for j in 0..n {
                        h[i * n + j] /= f;
                    }
                    for j in 0..n {
                        h[j * n + i] *= f;
                    }
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// Householder reduction to Hessenberg form.
    fn hessenberg(&mut self, vectors: bool) {
        let n = self.n;
        let h = &mut self.h;
        if vectors {
            self.v = vec![0.0; n * n];
            for i in 0..n {
                self.v[i * n + i] = 1.0;
            }
        }
        let mut u = vec![0.0; n];
        let mut w = vec![0.0; n];
        for k in 0..n.saturating_sub(2) {
            let tail: f64 = (k + 2..n).map(|i| h[i * n + k] * h[i * n + k]).sum();
            if tail == 0.0 {
                continue;
            }
            let head = h[(k + 1) * n + k];
            let norm = (tail + head * head).sqrt();
            for i in k + 1..n {
                u[i] = h[i * n + k];
            }
            u[k + 1] += norm.copysign(head);
            let beta = 1.0 / (norm * (norm + head.abs()));
            w[k..].fill(0.0);
            for i in k + 1..n {
                let f = u[i];
                for (w, &x) in w[k..].iter_mut().zip(&h[i * n + k..(i + 1) * n]) {
                    *w += f * x;
                }
            }
            for i in k + 1..n {
                let f = -beta * u[i];
                for (x, &w) in h[i * n + k..(i + 1) * n].iter_mut().zip(&w[k..]) {
                    *x += f * w;
                }
            }
            for i in k + 2..n {
                h[i * n + k] = 0.0;
            }
            let right = |m: &mut [f64]| {
                for row in m.chunks_exact_mut(n) {
                    let row = &mut row[k + 1..];
                    let sum: f64 = row.iter().zip(&u[k + 1..]).map(|(x, u)| x * u).sum();
                    let sum = -beta * sum;
                    for (x, &u) in row.iter_mut().zip(&u[k + 1..]) {
                        *x += sum * u;
                    }
                }
            };
            right(h);
            if vectors {
                right(&mut self.v);
            }
        }
    }

    /// Francis double-shift QR.
    fn iterate(&mut self, vectors: bool) -> Result<(), LinalgError> {
        let n = self.n;
        if n == 0 {
            return Ok(());
        }
        let h = &mut self.h;
        let at = |i: usize, j: usize| i * n + j;
        let norm: f64 = h.iter().map(|x| x.abs()).sum();
        let mut end = n; // active block is lo..end
        let mut shift = 0.0; // exceptional shifts so far
        let mut count = 0;
        while end > 0 {
            let m = end - 1;
            let mut lo = m;
            while lo > 0 {
                let mut s = h[at(lo - 1, lo - 1)].abs() + h[at(lo, lo)].abs();
                if s == 0.0 {
                    s = norm;
                }
                if h[at(lo, lo - 1)].abs() <= f64::EPSILON * s {
                    h[at(lo, lo - 1)] = 0.0;
                    break;
                }
                lo -= 1;
            }
            if lo == m {
                h[at(m, m)] += shift;
                self.re[m] = h[at(m, m)];
                self.im[m] = 0.0;
                end -= 1;
                count = 0;
                continue;
            }
            let mut w = h[at(m, m - 1)] * h[at(m - 1, m)];
            if lo + 1 == m {
                // a block of two has converged
                let p = 0.5 * (h[at(m - 1, m - 1)] - h[at(m, m)]);
                let q = p * p + w;
                let z = q.abs().sqrt();
                h[at(m, m)] += shift;
                h[at(m - 1, m - 1)] += shift;
                let x = h[at(m, m)];
                if q >= 0.0 {
                    let z = p + z.copysign(p);
                    self.re[m - 1] = x + z;
                    self.re[m] = if z == 0.0 { x + z } else { x - w / z };
                    self.im[m - 1] = 0.0;
                    self.im[m] = 0.0;
                    if vectors {
                        // rotate the block to triangular form
                        let x = h[at(m, m - 1)];
                        let s = x.abs() + z.abs();
                        let (p, q) = (x / s, z / s);
                        let r = p.hypot(q);
                        let (p, q) = (p / r, q / r);
                        for j in m - 1..n {
                            let z = h[at(m - 1, j)];
                            h[at(m - 1, j)] = q * z + p * h[at(m, j)];
                            h[at(m, j)] = q * h[at(m, j)] - p * z;
                        }
                        for i in 0..=m {
                            let z = h[at(i, m - 1)];
                            h[at(i, m - 1)] = q * z + p * h[at(i, m)];
                            h[at(i, m)] = q * h[at(i, m)] - p * z;
                        }
                        for i in 0..n {
                            let z = self.v[at(i, m - 1)];
                            self.v[at(i, m - 1)] = q * z + p * self.v[at(i, m)];
                            self.v[at(i, m)] = q * self.v[at(i, m)] - p * z;
                        }
                        h[at(m, m - 1)] = 0.0;
                    }
                } else {
                    self.re[m - 1] = x + p;
                    self.re[m] = x + p;
                    self.im[m - 1] = z;
                    self.im[m] = -z;
                }
                end -= 2;
                count = 0;
                continue;
            }
            let mut x = h[at(m, m)];
            let mut y = h[at(m - 1, m - 1)];
            if count > 0 && count % 10 == 0 {
                shift += x;
                for i in 0..=m {
                    h[at(i, i)] -= x;
                }
                let s = h[at(m, m - 1)].abs() + h[at(m - 1, m - 2)].abs();
                x = 0.75 * s;
                y = x;
                w = -0.4375 * s * s;
            }
            count += 1;
            if count > 60 {
                return Err(LinalgError::NoConvergence { what: "the QR iteration", iterations: count });
            }
            // look for two consecutive small elements below the diagonal
            let (mut p, mut q, mut r);
            let mut start = m - 2;
            loop {
                let z = h[at(start, start)];
                let (rr, ss) = (x - z, y - z);
                p = (rr * ss - w) / h[at(start + 1, start)] + h[at(start, start + 1)];
                q = h[at(start + 1, start + 1)] - z - rr - ss;
                r = h[at(start + 2, start + 1)];
                let s = p.abs() + q.abs() + r.abs();
                p /= s;
                q /= s;
                r /= s;
                if start == lo {
                    break;
                }
                let u = h[at(start, start - 1)].abs() * (q.abs() + r.abs());
                let v = p.abs() * (h[at(start - 1, start - 1)].abs() + z.abs() + h[at(start + 1, start + 1)].abs());
                if u <= f64::EPSILON * v {
                    break;
                }
                start -= 1;
            }
            for i in start + 2..=m {
                h[at(i, i - 2)] = 0.0;
                if i > start + 2 {
                    h[at(i, i - 3)] = 0.0;
                }
            }
            // the sweep
            for k in start..m {
                let more = k + 1 < m;
                let mut size = 0.0;
                if k > start {
                    p = h[at(k, k - 1)];
                    q = h[at(k + 1, k - 1)];
                    r = if more { h[at(k + 2, k - 1)] } else { 0.0 };
                    size = p.abs() + q.abs() + r.abs();
                    if size == 0.0 {
                        continue;
                    }
                    p /= size;
                    q /= size;
                    r /= size;
                }
                let s = (p * p + q * q + r * r).sqrt().copysign(p);
                if s == 0.0 {
                    continue;
                }
                if k > start {
                    h[at(k, k - 1)] = -s * size;
                } else if lo != start {
                    h[at(k, k - 1)] = -h[at(k, k - 1)];
                }
                p += s;
                let (hx, hy, hz) = (p / s, q / s, r / s);
                q /= p;
                r /= p;
                let to = if vectors { n } else { end };
                if more {
                    let (a, rest) = h[k * n..].split_at_mut(n);
                    let (b, c) = rest.split_at_mut(n);
                    for ((a, b), c) in a[k..to].iter_mut().zip(&mut b[k..to]).zip(&mut c[k..to]) {
                        let g = *a + q * *b + r * *c;
                        *a -= g * hx;
                        *b -= g * hy;
                        *c -= g * hz;
                    }
                } else {
                    let (a, b) = h[k * n..].split_at_mut(n);
                    for (a, b) in a[k..to].iter_mut().zip(&mut b[k..to]) {
                        let g = *a + q * *b;
                        *a -= g * hx;
                        *b -= g * hy;
                    }
                }
                let from = if vectors { 0 } else { lo };
                let columns = |m: &mut [f64]| {
                    if more {
                        for row in m.chunks_exact_mut(n) {
                            let row: &mut [f64; 3] = (&mut row[k..k + 3]).try_into().expect("three columns");
                            let g = hx * row[0] + hy * row[1] + hz * row[2];
                            row[0] -= g;
                            row[1] -= g * q;
                            row[2] -= g * r;
                        }
                    } else {
                        for row in m.chunks_exact_mut(n) {
                            let row: &mut [f64; 2] = (&mut row[k..k + 2]).try_into().expect("two columns");
                            let g = hx * row[0] + hy * row[1];
                            row[0] -= g;
                            row[1] -= g * q;
                        }
                    }
                };
                columns(&mut h[from * n..((k + 3).min(m) + 1) * n]);
                if vectors {
                    columns(&mut self.v);
                }
            }
        }
        Ok(())
    }

    /// Vectors of the quasi-triangular form, transformed back (EISPACK `hqr2`, second part).
    fn back_substitute(&mut self) {
        let n = self.n;
        let h = &mut self.h;
        let at = |i: usize, j: usize| i * n + j;
        let norm: f64 = h.iter().map(|x| x.abs()).sum();
        if norm == 0.0 {
            return;
        }
        let (re, im) = (&self.re, &self.im);
        for m in (0..n).rev() {
            let (p, q) = (re[m], im[m]);
            let (mut z, mut r, mut s) = (0.0, 0.0, 0.0);
            if q == 0.0 {
                // real vector
                let mut l = m;
                h[at(m, m)] = 1.0;
                for i in (0..m).rev() {
                    let w = h[at(i, i)] - p;
                    let mut sum = 0.0;
                    for j in l..=m {
                        sum += h[at(i, j)] * h[at(j, m)];
                    }
                    if im[i] < 0.0 {
                        z = w;
                        s = sum;
                        continue;
                    }
                    r = sum;
                    l = i;
                    if im[i] == 0.0 {
                        let w = if w == 0.0 { f64::EPSILON * norm } else { w };
                        h[at(i, m)] = -r / w;
                    } else {
                        // a block of two
                        let x = h[at(i, i + 1)];
                        let y = h[at(i + 1, i)];
                        let d = (re[i] - p) * (re[i] - p) + im[i] * im[i];
                        let t = (x * s - z * r) / d;
                        h[at(i, m)] = t;
                        h[at(i + 1, m)] = if x.abs() > z.abs() { (-r - w * t) / x } else { (-s - y * t) / z };
                    }
                    let t = h[at(i, m)].abs();
                    if f64::EPSILON * t * t > 1.0 {
                        for j in i..=m {
                            h[at(j, m)] /= t;
                        }
                    }
                }
            } else if q < 0.0 {
                // complex vector, real part in column m − 1, imaginary part in column m
                let mut l = m - 1;
                let c = c64::new;
                if h[at(m, m - 1)].abs() > h[at(m - 1, m)].abs() {
                    h[at(m - 1, m - 1)] = q / h[at(m, m - 1)];
                    h[at(m - 1, m)] = -(h[at(m, m)] - p) / h[at(m, m - 1)];
                } else {
                    let d = c(0.0, -h[at(m - 1, m)]) / c(h[at(m - 1, m - 1)] - p, q);
                    h[at(m - 1, m - 1)] = d.re;
                    h[at(m - 1, m)] = d.im;
                }
                h[at(m, m - 1)] = 0.0;
                h[at(m, m)] = 1.0;
                for i in (0..m.saturating_sub(1)).rev() {
                    let (mut ra, mut sa) = (0.0, 0.0);
                    for j in l..=m {
                        ra += h[at(i, j)] * h[at(j, m - 1)];
                        sa += h[at(i, j)] * h[at(j, m)];
                    }
                    let w = h[at(i, i)] - p;
                    if im[i] < 0.0 {
                        z = w;
                        r = ra;
                        s = sa;
                        continue;
                    }
                    l = i;
                    if im[i] == 0.0 {
                        let d = c(-ra, -sa) / c(w, q);
                        h[at(i, m - 1)] = d.re;
                        h[at(i, m)] = d.im;
                    } else {
                        let x = h[at(i, i + 1)];
                        let y = h[at(i + 1, i)];
                        let mut vr = (re[i] - p) * (re[i] - p) + im[i] * im[i] - q * q;
                        let vi = 2.0 * (re[i] - p) * q;
                        if vr == 0.0 && vi == 0.0 {
                            vr = f64::EPSILON
                                * norm
                                * (w.abs() + q.abs() + x.abs() + y.abs() + z.abs()).max(f64::MIN_POSITIVE);
                        }
                        let d = c(x * r - z * ra + q * sa, x * s - z * sa - q * ra) / c(vr, vi);
                        h[at(i, m - 1)] = d.re;
                        h[at(i, m)] = d.im;
                        if x.abs() > z.abs() + q.abs() {
                            h[at(i + 1, m - 1)] = (-ra - w * d.re + q * d.im) / x;
                            h[at(i + 1, m)] = (-sa - w * d.im - q * d.re) / x;
                        } else {
                            let d = c(-r - y * d.re, -s - y * d.im) / c(z, q);
                            h[at(i + 1, m - 1)] = d.re;
                            h[at(i + 1, m)] = d.im;
                        }
                    }
                    let t = h[at(i, m - 1)].abs().max(h[at(i, m)].abs());
                    if f64::EPSILON * t * t > 1.0 {
                        for j in i..=m {
                            h[at(j, m - 1)] /= t;
                            h[at(j, m)] /= t;
                        }
                    }
                }
            }
        }
        // back to the original basis: V ← diag(scale) V X with X upper triangular
        for i in 0..n {
            let row = &mut self.v[i * n..(i + 1) * n];
            for j in (0..n).rev() {
                let mut sum = 0.0;
                for k in 0..=j {
                    sum += row[k] * h[at(k, j)];
                }
                row[j] = sum * self.scale[i];
            }
        }
    }

    fn values(&self) -> Vec<c64> {
        self.re.iter().zip(&self.im).map(|(&re, &im)| c64::new(re, im)).collect()
    }

    /// Complex eigenvectors as columns.
    fn vectors(&self) -> CMatrix {
        let n = self.n;
        let mut out = CMatrix::zeros(n, n);
        for i in 0..n {
            let row = &self.v[i * n..(i + 1) * n];
            for j in 0..n {
                out[(i, j)] = if self.im[j] > 0.0 {
                    c64::new(row[j], row[j + 1])
                } else if self.im[j] < 0.0 {
                    c64::new(row[j - 1], -row[j])
                } else {
                    c64::new(row[j], 0.0)
                };
            }
        }
        out
    }
}
