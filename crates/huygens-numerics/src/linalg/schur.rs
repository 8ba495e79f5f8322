//! Complex Schur form by Householder reduction and single-shift QR.

use super::{CMatrix, LinalgError, Matrix, Scalar, require_finite};
use crate::c64;

/// `A = Q T Q†` with unitary `Q` and upper triangular `T`; the eigenvalues are the diagonal of `T`.
#[derive(Clone, Debug)]
pub struct Schur {
    /// Unitary factor.
    pub q: CMatrix,
    /// Triangular factor.
    pub t: CMatrix,
}

impl Schur {
    /// Eigenvalues, with multiplicity.
    pub fn eigenvalues(&self) -> Vec<c64> {
        self.t.diagonal()
    }
}

/// Schur form of a square matrix, `O(25 n³)` operations (Golub and Van Loan, *Matrix Computations*, sec. 7.4 and 7.5). It
/// exists for defective matrices as well and is backward stable.
///
/// # Errors
/// [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn schur(a: &CMatrix) -> Result<Schur, LinalgError> {
    assert!(a.is_square(), "Schur form of a {}×{} matrix", a.rows(), a.cols());
    require_finite(a, "the matrix of a Schur form")?;
    let n = a.rows();
    let mut t = a.clone();
    let mut qh = Matrix::identity(n);
    hessenberg(&mut t, Some(&mut qh));
    iterate(&mut t, Some(&mut qh))?;
    require_finite(&t, "the Schur form")?;
    Ok(Schur { q: qh.adjoint(), t })
}

/// Eigenvalues of a complex matrix, without vectors.
pub(super) fn values(a: &CMatrix) -> Result<Vec<c64>, LinalgError> {
    let mut t = a.clone();
    hessenberg(&mut t, None);
    iterate(&mut t, None)?;
    Ok(t.diagonal())
}

/// Reduces `a` to upper Hessenberg form `H = Q† A Q` by Householder reflections and multiplies `qh` from the left by `Q†`.
fn hessenberg(a: &mut CMatrix, mut qh: Option<&mut CMatrix>) {
    let n = a.rows();
    let mut v = vec![c64::ZERO; n];
    let mut w = vec![c64::ZERO; n];
    for k in 0..n.saturating_sub(2) {
        let mut tail = 0.0;
        for i in k + 2..n {
            tail += a[(i, k)].modulus_squared();
        }
        if tail == 0.0 {
            continue;
        }
        let head = a[(k + 1, k)];
        let norm = (tail + head.modulus_squared()).sqrt();
        let size = head.modulus();
        let phase = if size > 0.0 { head.scale(1.0 / size) } else { c64::ONE };
        // v = x + phase |x| e1, H = 1 − β v v†, H x = −phase |x| e1
        for i in k + 1..n {
            v[i] = a[(i, k)];
        }
        v[k + 1] += phase.scale(norm);
        let beta = 1.0 / (norm * (norm + size));
        // rows: A ← A − β v (v† A)
        w[k..].fill(c64::ZERO);
        for i in k + 1..n {
            let f = v[i].conj();
            for (w, &x) in w[k..].iter_mut().zip(&a.row(i)[k..]) {
                *w += f * x;
            }
        }
        for i in k + 1..n {
            let f = v[i].scale(-beta);
            for (x, &w) in a.row_mut(i)[k..].iter_mut().zip(&w[k..]) {
                *x += f * w;
            }
        }
        for i in k + 2..n {
            a[(i, k)] = c64::ZERO;
        }
        // columns: A ← A − β (A v) v†
        for i in 0..n {
            let row = &mut a.row_mut(i)[k + 1..];
            let mut sum = c64::ZERO;
            for (&x, &v) in row.iter().zip(&v[k + 1..]) {
                sum += x * v;
            }
            let sum = sum.scale(-beta);
            for (x, &v) in row.iter_mut().zip(&v[k + 1..]) {
                *x += sum * v.conj();
            }
        }
        if let Some(q) = qh.as_deref_mut() {
            w.fill(c64::ZERO);
            for i in k + 1..n {
                let f = v[i].conj();
                for (w, &x) in w.iter_mut().zip(q.row(i)) {
                    *w += f * x;
                }
            }
            for i in k + 1..n {
                let f = v[i].scale(-beta);
                for (x, &w) in q.row_mut(i).iter_mut().zip(&w) {
                    *x += f * w;
                }
            }
        }
    }
}

/// Rotation with `[c, s; −s̄, c] (x, y)ᵀ = (r, 0)ᵀ`.
fn rotation(x: c64, y: c64) -> (f64, c64, c64) {
    let ax = x.modulus_squared().sqrt();
    let ay = y.modulus_squared().sqrt();
    if ay == 0.0 {
        return (1.0, c64::ZERO, x);
    }
    if ax == 0.0 {
        return (0.0, y.conj().scale(1.0 / ay), c64::from_real(ay));
    }
    let r = (ax * ax + ay * ay).sqrt();
    let phase = x.scale(1.0 / ax);
    (ax / r, phase * y.conj().scale(1.0 / r), phase.scale(r))
}

/// Single-shift QR iteration on a Hessenberg matrix; without `qh` only the diagonal of the result is meaningful.
fn iterate(h: &mut CMatrix, mut qh: Option<&mut CMatrix>) -> Result<(), LinalgError> {
    let n = h.rows();
    if n == 0 {
        return Ok(());
    }
    let full = qh.is_some();
    let scale = h.norm_max();
    let mut hi = n - 1;
    let mut count = 0;
    while hi > 0 {
        // look for a negligible element below the diagonal
        let mut lo = hi;
        while lo > 0 {
            let mut around = h[(lo - 1, lo - 1)].size() + h[(lo, lo)].size();
            if around == 0.0 {
                around = scale;
            }
            if h[(lo, lo - 1)].size() <= f64::EPSILON * around {
                h[(lo, lo - 1)] = c64::ZERO;
                break;
            }
            lo -= 1;
        }
        if lo == hi {
            hi -= 1;
            count = 0;
            continue;
        }
        count += 1;
        if count > 60 {
            return Err(LinalgError::NoConvergence { what: "the QR iteration", iterations: count });
        }
        let shift = if count % 10 == 0 {
            // leave a cycle
            h[(hi, hi)] + c64::from_real(0.75 * h[(hi, hi - 1)].size())
        } else {
            wilkinson(h[(hi - 1, hi - 1)], h[(hi - 1, hi)], h[(hi, hi - 1)], h[(hi, hi)])
        };
        let mut x = h[(lo, lo)] - shift;
        let mut y = h[(lo + 1, lo)];
        for k in lo..hi {
            let (c, s, r) = rotation(x, y);
            let from = if k > lo {
                h[(k, k - 1)] = r;
                h[(k + 1, k - 1)] = c64::ZERO;
                k
            } else {
                lo
            };
            let to = if full { n } else { hi + 1 };
            let (a, b) = h.two_rows(k, k + 1);
            for (a, b) in a[from..to].iter_mut().zip(&mut b[from..to]) {
                let (u, v) = (*a, *b);
                *a = u.scale(c) + s * v;
                *b = v.scale(c) - s.conj() * u;
            }
            let first = if full { 0 } else { lo };
            for i in first..=(k + 2).min(hi) {
                let row = &mut h.row_mut(i)[k..k + 2];
                let (u, v) = (row[0], row[1]);
                row[0] = u.scale(c) + s.conj() * v;
                row[1] = v.scale(c) - s * u;
            }
            if let Some(q) = qh.as_deref_mut() {
                let (a, b) = q.two_rows(k, k + 1);
                for (a, b) in a.iter_mut().zip(b) {
                    let (u, v) = (*a, *b);
                    *a = u.scale(c) + s * v;
                    *b = v.scale(c) - s.conj() * u;
                }
            }
            if k + 1 < hi {
                x = h[(k + 1, k)];
                y = h[(k + 2, k)];
            }
        }
    }
    Ok(())
}

/// Eigenvalue of `[a, b; c, d]` closer to `d`.
fn wilkinson(a: c64, b: c64, c: c64, d: c64) -> c64 {
    let half = (a - d).scale(0.5);
    let bc = b * c;
    let root = (half * half + bc).sqrt();
    let plus = half + root;
    let minus = half - root;
    let larger = if plus.modulus_squared() >= minus.modulus_squared() { plus } else { minus };
    if larger == c64::ZERO { d } else { d - bc / larger }
}
