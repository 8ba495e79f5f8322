//! Eigenvalues of symmetric and Hermitian matrices.

use super::backend::Backend;
use super::{CMatrix, LinalgError, RMatrix, require_finite};
use crate::c64;

/// Above this size faer is faster.
const PLAIN_SYMMETRIC: usize = 32;

/// Eigenvalues (ascending) and orthonormal eigenvectors (columns) of a symmetric matrix: `A = V diag(λ) Vᵀ`. Only the lower
/// triangle is read. Householder tridiagonalisation and implicit QL up to 32 rows (EISPACK `tred2`, `tql2`).
///
/// # Errors
/// [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn symmetric_eigen(a: &RMatrix) -> Result<(Vec<f64>, RMatrix), LinalgError> {
    assert!(a.is_square(), "eigenvectors of a {}×{} matrix", a.rows(), a.cols());
    require_finite(a, "the matrix of an eigenvalue problem")?;
    if a.rows() > PLAIN_SYMMETRIC { <f64 as Backend>::hermitian(a) } else { plain(a) }
}

/// Eigenvalues (ascending) and orthonormal eigenvectors (columns) of a Hermitian matrix: `A = V diag(λ) V†`. Only the lower
/// triangle is read.
///
/// # Errors
/// [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn hermitian_eigen(a: &CMatrix) -> Result<(Vec<f64>, CMatrix), LinalgError> {
    assert!(a.is_square(), "eigenvectors of a {}×{} matrix", a.rows(), a.cols());
    require_finite(a, "the matrix of an eigenvalue problem")?;
    <c64 as Backend>::hermitian(a)
}

fn plain(a: &RMatrix) -> Result<(Vec<f64>, RMatrix), LinalgError> {
    let n = a.rows();
    // rows of `v` are the vectors: the rotations then run along rows
    let mut t = a.clone();
    for i in 0..n {
        for j in 0..i {
            t[(j, i)] = t[(i, j)];
        }
    }
    let mut v = RMatrix::identity(n);
    let mut d = vec![0.0; n];
    let mut e = vec![0.0; n];
    let mut u = vec![0.0; n];
    let mut w = vec![0.0; n];
    for k in 0..n.saturating_sub(2) {
        // annihilate t[k+2.., k]
        let tail: f64 = (k + 2..n).map(|i| t[(i, k)] * t[(i, k)]).sum();
        if tail == 0.0 {
            continue;
        }
        let head = t[(k + 1, k)];
        let norm = (tail + head * head).sqrt();
        u[..=k].fill(0.0);
        for i in k + 1..n {
            u[i] = t[(i, k)];
        }
        u[k + 1] += norm.copysign(head);
        let beta = 1.0 / (norm * (norm + head.abs()));
        // T ← T − u wᵀ − w uᵀ with w = β T u − (β²/2)(uᵀ T u) u
        let mut dot = 0.0;
        for i in k..n {
            let sum: f64 = t.row(i)[k + 1..].iter().zip(&u[k + 1..]).map(|(x, u)| x * u).sum();
            w[i] = beta * sum;
            dot += w[i] * u[i];
        }
        let half = 0.5 * beta * dot;
        for i in k..n {
            w[i] -= half * u[i];
        }
        for i in k..n {
            let (ui, wi) = (u[i], w[i]);
            for ((x, &u), &w) in t.row_mut(i)[k..].iter_mut().zip(&u[k..]).zip(&w[k..]) {
                *x -= ui * w + wi * u;
            }
        }
        // rows of v: v ← H v
        w.fill(0.0);
        for i in k + 1..n {
            let f = u[i];
            for (w, &x) in w.iter_mut().zip(v.row(i)) {
                *w += f * x;
            }
        }
        for i in k + 1..n {
            let f = -beta * u[i];
            for (x, &w) in v.row_mut(i).iter_mut().zip(&w) {
                *x += f * w;
            }
        }
    }
    for i in 0..n {
        d[i] = t[(i, i)];
        e[i] = if i + 1 < n { t[(i + 1, i)] } else { 0.0 };
    }
    // implicit QL
    let scale = t.norm_max();
    for l in 0..n {
        let mut count = 0;
        loop {
            let mut m = l;
            while m + 1 < n {
                let around = d[m].abs() + d[m + 1].abs();
                if e[m].abs() <= f64::EPSILON * around || e[m].abs() <= f64::MIN_POSITIVE.max(1e-300 * scale) {
                    break;
                }
                m += 1;
            }
            if m == l {
                break;
            }
            count += 1;
            if count > 60 {
                return Err(LinalgError::NoConvergence { what: "the QL iteration", iterations: count });
            }
            let mut g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let mut r = g.hypot(1.0);
            g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut early = false;
            for i in (l..m).rev() {
                let f = s * e[i];
                let b = c * e[i];
                r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    early = true;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                let (a, b) = v.two_rows(i, i + 1);
                for (a, b) in a.iter_mut().zip(b) {
                    let f = *b;
                    *b = s * *a + c * f;
                    *a = c * *a - s * f;
                }
            }
            if early {
                continue;
            }
            d[l] -= p;
            e[l] = g;
            e[m] = 0.0;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| d[i].total_cmp(&d[j]));
    let values: Vec<f64> = order.iter().map(|&i| d[i]).collect();
    if values.iter().any(|x| !x.is_finite()) {
        return Err(LinalgError::NotFinite { what: "an eigenvalue" });
    }
    Ok((values, RMatrix::from_fn(n, n, |i, j| v[(order[j], i)])))
}
