//! Linear matrix equations: Lyapunov, Stein, Sylvester.

use super::schur::{Schur, schur};
use super::{CMatrix, LinalgError, Lu, Matrix, Scalar, inverse, require_finite};
use crate::c64;

/// Up to this size a symmetric equation is solved as one linear system for the upper triangle.
const HALF_VECTOR: usize = 8;

/// From this size on the matrix-sign iteration is tried first for stable Lyapunov equations.
const SIGN: usize = 9;

/// Solves `A X + X A† + Q = 0` (with `A†` the transpose for real matrices).
///
/// `X` exists and is unique when no two eigenvalues satisfy `λ_i + λ̄_j = 0`; it is the steady covariance of
/// `dx = A x dt + dξ` with `⟨dξ dξ†⟩ = Q dt` when `A` is stable. When `Q` is exactly Hermitian so is `X`. The result is refined
/// once; the forward error grows as `ε/γ` with the weakest damping `γ`, by the condition of the problem.
///
/// Up to 8 real rows one elimination for the upper triangle of `X`; above that the matrix-sign iteration (J. D. Roberts,
/// Int. J. Control 32, 677 (1980)) where `A` is stable; otherwise the Schur form (R. H. Bartels, G. W. Stewart, Commun. ACM 15, 820
/// (1972)).
///
/// # Errors
/// [`LinalgError::NotUnique`] when eigenvalues cancel to rounding, [`LinalgError::NotFinite`],
/// [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the matrices are not square of one size.
#[track_caller]
pub fn lyapunov<T: Scalar>(a: &Matrix<T>, q: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    let hermitian = check(a, q)?;
    let n = a.rows();
    let residual = |x: &Matrix<T>| {
        let ax = a * x;
        let mut r = if hermitian { &ax + &ax.adjoint() } else { &ax + &(x * &a.adjoint()) };
        r.add_scaled(T::ONE, q);
        r
    };
    if T::IS_REAL && hermitian && n <= HALF_VECTOR {
        let system = half_vector(n, |row, put| {
            let (i, j) = row;
            for k in 0..n {
                put(k, j, a[(i, k)]);
                put(i, k, a[(j, k)]);
            }
        })?;
        return refined(&residual, |r| half_vector_solve(&system, n, &r.map(|x| -x)), true, q);
    }
    if n >= SIGN
        && let Some(x) = sign_iteration(a, q, hermitian)
    {
        let scale = a.norm_fro() * x.norm_fro() + q.norm_fro();
        let r = residual(&x);
        if r.norm_fro() <= 1e-14 * scale {
            return Ok(x);
        }
        // one correction by the same iteration, kept only when it helps
        if let Some(dx) = sign_iteration(a, &r, hermitian) {
            let better = &x + &dx;
            if residual(&better).norm_fro() <= 1e-13 * scale {
                return Ok(better);
            }
        }
    }
    let form = schur(&a.to_complex())?;
    let solve = |r: &Matrix<T>| solve_lyapunov(&form, r);
    refined(&residual, solve, hermitian, q)
}

/// Solves `X = M X M† + Q` (with `M†` the transpose for real matrices).
///
/// `X` exists and is unique when no two eigenvalues satisfy `λ_i λ̄_j = 1`; with all `|λ| < 1` it is the stationary covariance of
/// `x' = M x + ξ`. When `Q` is exactly Hermitian so is `X`. The result is refined once.
///
/// Up to 8 real rows one elimination for the upper triangle of `X`; otherwise the Schur form (G. Kitagawa, Int. J. Control 25, 745
/// (1977)).
///
/// # Errors
/// [`LinalgError::NotUnique`] when a product of eigenvalues is 1 to rounding, [`LinalgError::NotFinite`],
/// [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the matrices are not square of one size.
#[track_caller]
pub fn stein<T: Scalar>(m: &Matrix<T>, q: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    let hermitian = check(m, q)?;
    let n = m.rows();
    let residual = |x: &Matrix<T>| {
        let mut r = m.sandwich(x);
        r.add_scaled(-T::ONE, x);
        r.add_scaled(T::ONE, q);
        if hermitian {
            r.symmetrize();
        }
        r
    };
    if T::IS_REAL && hermitian && n <= HALF_VECTOR {
        let system = half_vector(n, |row, put| {
            let (i, j) = row;
            for k in 0..n {
                for l in 0..n {
                    put(k, l, -(m[(i, k)] * m[(j, l)]));
                }
            }
            put(i, j, T::ONE);
        })?;
        return refined(&residual, |r| half_vector_solve(&system, n, r), true, q);
    }
    let form = schur(&m.to_complex())?;
    let solve = |r: &Matrix<T>| solve_stein(&form, r);
    refined(&residual, solve, hermitian, q)
}

/// Solves `A X + X B = C` by the Schur forms of `A` and `B` (Bartels and Stewart), refined once.
///
/// # Errors
/// [`LinalgError::NotUnique`] when `λ_i(A) + λ_j(B) = 0` to rounding, [`LinalgError::NotFinite`],
/// [`LinalgError::NoConvergence`].
///
/// # Panics
/// When the shapes do not fit.
#[track_caller]
pub fn sylvester<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>, c: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    assert!(
        a.is_square() && b.is_square() && c.rows() == a.rows() && c.cols() == b.rows(),
        "Sylvester equation with {}×{}, {}×{} and {}×{}",
        a.rows(),
        a.cols(),
        b.rows(),
        b.cols(),
        c.rows(),
        c.cols()
    );
    require_finite(a, "the first matrix of a Sylvester equation")?;
    require_finite(b, "the second matrix of a Sylvester equation")?;
    require_finite(c, "the right-hand side of a Sylvester equation")?;
    let fa = schur(&a.to_complex())?;
    let fb = schur(&b.to_complex())?;
    let residual = |x: &Matrix<T>| {
        let mut r = &(a * x) + &(x * b);
        r.add_scaled(-T::ONE, c);
        r.scale(-T::ONE)
    };
    let solve = |r: &Matrix<T>| {
        let (t, s) = (&fa.t, &fb.t);
        // rows of y are columns of the unknown
        let f = &(&fa.q.adjoint() * &r.to_complex()) * &fb.q;
        let mut y = f.transpose();
        let scale = t.norm_max().max(s.norm_max());
        for j in 0..y.rows() {
            for k in 0..j {
                subtract(&mut y, j, k, s[(k, j)]);
            }
            shifted_solve(t, c64::ONE, s[(j, j)], y.row_mut(j), scale)?;
        }
        Ok(back(&fa.q, &y.transpose(), &fb.q))
    };
    refined(&residual, solve, false, c)
}

/// Shapes and finiteness; true for a Hermitian right-hand side.
#[track_caller]
fn check<T: Scalar>(a: &Matrix<T>, q: &Matrix<T>) -> Result<bool, LinalgError> {
    assert!(
        a.is_square() && q.is_square() && a.rows() == q.rows(),
        "matrix equation with {}×{} and {}×{}",
        a.rows(),
        a.cols(),
        q.rows(),
        q.cols()
    );
    require_finite(a, "the drift of a matrix equation")?;
    require_finite(q, "the source of a matrix equation")?;
    Ok(q.asymmetry() == 0.0)
}

/// Solution and one step of refinement. `residual(x)` is the source that is left over, `solve(r)` the solution for it.
fn refined<T: Scalar>(
    residual: &impl Fn(&Matrix<T>) -> Matrix<T>,
    solve: impl Fn(&Matrix<T>) -> Result<Matrix<T>, LinalgError>,
    hermitian: bool,
    source: &Matrix<T>,
) -> Result<Matrix<T>, LinalgError> {
    let mut x = solve(source)?;
    if hermitian {
        x.symmetrize();
    }
    let correction = solve(&residual(&x))?;
    x.add_scaled(T::ONE, &correction);
    if hermitian {
        x.symmetrize();
    }
    require_finite(&x, "the solution of a matrix equation")?;
    Ok(x)
}

/// The linear system for the upper triangle of a symmetric unknown. `row(pair, put)` calls `put(k, l, c)` for every
/// coefficient `c` of `X_kl` in the equation of that pair.
fn half_vector<T: Scalar>(
    n: usize,
    row: impl Fn((usize, usize), &mut dyn FnMut(usize, usize, T)),
) -> Result<Lu<T>, LinalgError> {
    let size = n * (n + 1) / 2;
    let mut system = Matrix::zeros(size, size);
    let mut at = 0;
    for i in 0..n {
        for j in i..n {
            let entries = system.row_mut(at);
            row((i, j), &mut |k, l, c| entries[half_index(n, k, l)] += c);
            at += 1;
        }
    }
    let lu = Lu::new(&system).map_err(|e| match e {
        LinalgError::Singular { .. } => LinalgError::NotUnique { separation: 0.0 },
        other => other,
    })?;
    let ratio = lu.pivot_ratio();
    if ratio <= 4.0 * f64::EPSILON {
        return Err(LinalgError::NotUnique { separation: ratio });
    }
    Ok(lu)
}

/// Place of the pair `(i, j)` in the upper triangle.
fn half_index(n: usize, i: usize, j: usize) -> usize {
    let (i, j) = if i <= j { (i, j) } else { (j, i) };
    i * (2 * n - i + 1) / 2 + j - i
}

fn half_vector_solve<T: Scalar>(system: &Lu<T>, n: usize, q: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    let mut x = Vec::with_capacity(system.size());
    for i in 0..n {
        x.extend_from_slice(&q.row(i)[i..]);
    }
    system.solve_in_place(&mut x);
    Ok(Matrix::from_fn(n, n, |i, j| x[half_index(n, i, j)]))
}

/// `y_j ← y_j − c y_k` on rows.
fn subtract(y: &mut CMatrix, j: usize, k: usize, c: c64) {
    if c == c64::ZERO {
        return;
    }
    if k < j {
        let (from, to) = y.two_rows(k, j);
        for (x, &f) in to.iter_mut().zip(from.iter()) {
            *x -= c * f;
        }
    } else {
        let (to, from) = y.two_rows(j, k);
        for (x, &f) in to.iter_mut().zip(from.iter()) {
            *x -= c * f;
        }
    }
}

/// Replaces `x` by `(α T + β)⁻¹ x` for upper triangular `T`. `scale` is the size against which a pivot counts as zero.
fn shifted_solve(t: &CMatrix, alpha: c64, beta: c64, x: &mut [c64], scale: f64) -> Result<(), LinalgError> {
    let n = t.rows();
    for i in (0..n).rev() {
        let (head, tail) = x.split_at_mut(i + 1);
        let mut sum = c64::ZERO;
        for (&t, &x) in t.row(i)[i + 1..].iter().zip(tail.iter()) {
            sum += t * x;
        }
        let pivot = alpha * t[(i, i)] + beta;
        let separation = pivot.modulus() / scale;
        if separation.is_nan() || separation <= 2.0 * f64::EPSILON {
            return Err(LinalgError::NotUnique { separation });
        }
        head[i] = (head[i] - alpha * sum) / pivot;
    }
    Ok(())
}

/// `Q Y P†`, as the kind of number that is asked for.
fn back<T: Scalar>(q: &CMatrix, y: &CMatrix, p: &CMatrix) -> Matrix<T> {
    (&(q * y) * &p.adjoint()).map(T::from_complex)
}

fn solve_lyapunov<T: Scalar>(form: &Schur, r: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    let t = &form.t;
    let f = &(&form.q.adjoint() * &r.to_complex()) * &form.q;
    let mut y = f.transpose().map(|x| -x);
    let scale = t.norm_max();
    for j in (0..t.rows()).rev() {
        for k in j + 1..t.rows() {
            subtract(&mut y, j, k, t[(j, k)].conj());
        }
        shifted_solve(t, c64::ONE, t[(j, j)].conj(), y.row_mut(j), scale)?;
    }
    Ok(back(&form.q, &y.transpose(), &form.q))
}

fn solve_stein<T: Scalar>(form: &Schur, r: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    let t = &form.t;
    let n = t.rows();
    let f = &(&form.q.adjoint() * &r.to_complex()) * &form.q;
    let mut y = f.transpose();
    let mut sum = vec![c64::ZERO; n];
    for j in (0..n).rev() {
        // column j: (1 − t̄_jj T) y_j = f_j + T Σ_{k>j} t̄_jk y_k
        sum.fill(c64::ZERO);
        for k in j + 1..n {
            let c = t[(j, k)].conj();
            for (s, &x) in sum.iter_mut().zip(y.row(k)) {
                *s += c * x;
            }
        }
        for i in 0..n {
            let mut ts = c64::ZERO;
            for (&t, &s) in t.row(i)[i..].iter().zip(&sum[i..]) {
                ts += t * s;
            }
            y[(j, i)] += ts;
        }
        let c = t[(j, j)].conj();
        let scale = 1.0 + c.modulus() * t.norm_max();
        shifted_solve(t, -c, c64::ONE, y.row_mut(j), scale)?;
    }
    Ok(back(&form.q, &y.transpose(), &form.q))
}

/// `A X + X A† + Q = 0` for stable `A` by Newton's iteration for the matrix sign with norm scaling; `None` when it does not
/// converge, which tells that `A` is not stable.
fn sign_iteration<T: Scalar>(a: &Matrix<T>, q: &Matrix<T>, hermitian: bool) -> Option<Matrix<T>> {
    let n = a.rows();
    let mut a = a.clone();
    let mut q = q.clone();
    for _ in 0..60 {
        let inverse = inverse(&a).ok()?;
        let c = (inverse.norm_fro() / a.norm_fro()).sqrt();
        let far = {
            let mut d = a.clone();
            for i in 0..n {
                d[(i, i)] += T::ONE;
            }
            d.norm_max()
        };
        let c = if far < 1e-2 { 1.0 } else { c };
        let iq = inverse.sandwich(&q);
        // A ← (c A + A⁻¹/c)/2, Q ← (c Q + A⁻¹ Q A⁻†/c)/2
        let (up, down) = (T::from_real(0.5 * c), T::from_real(0.5 / c));
        q = q.scale(up);
        q.add_scaled(down, &iq);
        if hermitian {
            q.symmetrize();
        }
        let mut next = a.scale(up);
        next.add_scaled(down, &inverse);
        let change = (&next - &a).norm_max();
        a = next;
        if !change.is_finite() {
            return None;
        }
        if change <= 1e-14 * n as f64 {
            let mut minus_one = a;
            for i in 0..n {
                minus_one[(i, i)] += T::ONE;
            }
            if minus_one.norm_max() > 1e-6 {
                return None;
            }
            return Some(q.scale(T::from_real(0.5)));
        }
    }
    None
}
