//! Krylov subspaces of operators that are only applied: linear systems (GMRES) and eigenvalues (Arnoldi).

use multiversion::multiversion;

use super::{LinalgError, RMatrix, eigen, eigenvalues};
use crate::c64;

/// When [`gmres`] stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gmres {
    /// Vectors kept before a restart.
    pub restart: usize,
    /// Most applications of the operator.
    pub iterations: usize,
    /// Residual ‖b − Ax‖ to reach.
    pub tolerance: f64,
}

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solved {
    /// Applications of the operator.
    pub iterations: usize,
    /// ‖b − Ax‖ of the result, computed from it.
    pub residual: f64,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

/// Solves A x = b from the `x` given, by restarted GMRES with the preconditioner on the right: `apply(x, out)` computes A x,
/// `precondition(x)` replaces x by M⁻¹x (Saad and Schultz, SIAM J. Sci. Stat. Comput. 7, 856 (1986)).
pub fn gmres(
    options: &Gmres,
    mut apply: impl FnMut(&[f64], &mut [f64]),
    mut precondition: impl FnMut(&mut [f64]),
    b: &[f64],
    x: &mut [f64],
) -> Solved {
    let n = b.len();
    let restart = options.restart.max(1);
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut work = vec![0.0; n];
    let mut iterations = 0;
    let mut last = f64::INFINITY;
    loop {
        apply(x, &mut work);
        iterations += 1;
        work.iter_mut().zip(b).for_each(|(r, b)| *r = b - *r);
        let residual = dot(&work, &work).sqrt();
        // A restart that gains nothing will not gain anything the next time either.
        let stuck = residual.is_nan() || residual > 0.9 * last;
        if residual <= options.tolerance || iterations >= options.iterations || stuck {
            return Solved { iterations, residual, converged: residual <= options.tolerance };
        }
        last = residual;
        let mut triangle: Vec<Vec<f64>> = Vec::new();
        let mut rotations: Vec<(f64, f64)> = Vec::new();
        let mut target = vec![residual];
        keep(&mut basis, 0, &work, 1.0 / residual);
        while triangle.len() < restart && iterations < options.iterations {
            let k = triangle.len();
            let mut direction = basis[k].clone();
            precondition(&mut direction);
            apply(&direction, &mut work);
            iterations += 1;
            let (mut h, below) = orthogonalise(&basis[..=k], &mut work);
            for (i, (c, s)) in rotations.iter().enumerate() {
                (h[i], h[i + 1]) = (c * h[i] + s * h[i + 1], c * h[i + 1] - s * h[i]);
            }
            let length = h[k].hypot(below);
            if !(length.is_finite() && length > 0.0) {
                break;
            }
            let (c, s) = (h[k] / length, below / length);
            h[k] = length;
            rotations.push((c, s));
            target.push(-s * target[k]);
            target[k] *= c;
            triangle.push(h);
            if below == 0.0 || target[k + 1].abs() <= 0.5 * options.tolerance {
                break;
            }
            keep(&mut basis, k + 1, &work, 1.0 / below);
        }
        let size = triangle.len();
        let mut y = target[..size].to_vec();
        for i in (0..size).rev() {
            for j in i + 1..size {
                y[i] -= triangle[j][i] * y[j];
            }
            y[i] /= triangle[i][i];
        }
        work.fill(0.0);
        for (v, y) in basis.iter().zip(&y) {
            add_scaled(*y, v, &mut work);
        }
        precondition(&mut work);
        x.iter_mut().zip(&work).for_each(|(x, d)| *x += d);
    }
}

/// An orthonormal basis of the Krylov space of `steps` vectors from `start`, the operator in it, and the length of what leaves it.
fn krylov(
    steps: usize,
    start: &[f64],
    mut apply: impl FnMut(&[f64], &mut [f64]),
) -> Result<(Vec<Vec<f64>>, RMatrix, f64), LinalgError> {
    let mut basis = Vec::new();
    let norm = dot(start, start).sqrt();
    if norm == 0.0 {
        return Ok((basis, RMatrix::zeros(0, 0), 0.0));
    }
    keep(&mut basis, 0, start, 1.0 / norm);
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut work = vec![0.0; start.len()];
    let mut below = 0.0;
    let mut largest = 0.0_f64;
    while columns.len() < steps.min(start.len()) {
        let k = columns.len();
        apply(&basis[k], &mut work);
        let (mut h, next) = orthogonalise(&basis[..=k], &mut work);
        if !next.is_finite() {
            return Err(LinalgError::NotFinite { what: "a Krylov vector" });
        }
        largest = h.iter().fold(largest.max(next), |m, x| m.max(x.abs()));
        below = next;
        h.push(next);
        columns.push(h);
        if next <= 1e-14 * largest {
            below = 0.0;
            break;
        }
        keep(&mut basis, k + 1, &work, 1.0 / next);
    }
    let size = columns.len();
    let hessenberg = RMatrix::from_fn(size, size, |i, j| columns[j].get(i).copied().unwrap_or(0.0));
    Ok((basis, hessenberg, below))
}

/// Ritz values of a real operator on the Krylov space of `steps` vectors from `start`, the largest modulus first, each with the
/// residual ‖A v − θ v‖ of its normalised Ritz vector.
///
/// # Errors
/// Values that are not finite.
pub fn arnoldi(
    steps: usize,
    start: &[f64],
    apply: impl FnMut(&[f64], &mut [f64]),
) -> Result<Vec<(c64, f64)>, LinalgError> {
    let (_, hessenberg, below) = krylov(steps, start, apply)?;
    let size = hessenberg.rows();
    if size == 0 {
        return Ok(Vec::new());
    }
    let mut list: Vec<(c64, f64)> = match eigen(&hessenberg) {
        Ok(found) => (0..size)
            .map(|j| {
                let norm = (0..size).map(|i| found.right[(i, j)].norm_sqr()).sum::<f64>().sqrt();
                (found.values[j], below * found.right[(size - 1, j)].norm() / norm.max(f64::MIN_POSITIVE))
            })
            .collect(),
        // Near an exceptional point the vectors say nothing, the values still do.
        Err(LinalgError::Defective { .. }) => eigenvalues(&hessenberg)?.into_iter().map(|z| (z, below)).collect(),
        Err(error) => return Err(error),
    };
    list.sort_by(|a, b| b.0.norm().total_cmp(&a.0.norm()));
    Ok(list)
}

/// One cycle of a restarted Arnoldi iteration for the eigenvector of the largest eigenvalue, for a real operator whose largest
/// eigenvalue in modulus is real and positive: replaces `x` by the normalised Ritz vector of the Krylov space of `steps` vectors from
/// it, and gives its Ritz value.
///
/// # Errors
/// Values that are not finite.
pub fn leading(steps: usize, x: &mut [f64], apply: impl FnMut(&[f64], &mut [f64])) -> Result<f64, LinalgError> {
    let (basis, hessenberg, _) = krylov(steps, x, apply)?;
    let size = hessenberg.rows();
    if size == 0 {
        return Ok(0.0);
    }
    let values = eigenvalues(&hessenberg)?;
    let largest = values.iter().map(|z| z.re).fold(f64::NEG_INFINITY, f64::max);
    // The vector by inverse iteration, which no other pair of eigenvalues disturbs however close to an exceptional point it is.
    let scale = hessenberg.norm_max();
    let shift = largest + 1e-14 * scale.max(f64::MIN_POSITIVE);
    let shifted = RMatrix::from_fn(size, size, |i, j| hessenberg[(i, j)] - if i == j { shift } else { 0.0 });
    let mut y = vec![1.0; size];
    let lu = super::Lu::new(&shifted)?;
    for _ in 0..3 {
        lu.solve_in_place(&mut y);
        let norm = dot(&y, &y).sqrt();
        if !norm.is_finite() || norm == 0.0 {
            return Err(LinalgError::NotFinite { what: "a Ritz vector" });
        }
        y.iter_mut().for_each(|y| *y /= norm);
    }
    x.fill(0.0);
    for (v, y) in basis.iter().zip(&y) {
        add_scaled(*y, v, x);
    }
    Ok(largest)
}

/// Stores a multiple of a vector at a place of the basis, reusing what lies there.
fn keep(basis: &mut Vec<Vec<f64>>, at: usize, vector: &[f64], factor: f64) {
    if basis.len() == at {
        basis.push(vec![0.0; vector.len()]);
    }
    basis[at].iter_mut().zip(vector).for_each(|(v, x)| *v = factor * x);
}

/// Subtracts the projections on an orthonormal basis, twice where the first time cancels digits; gives the projections and the
/// norm of what is left.
fn orthogonalise(basis: &[Vec<f64>], x: &mut [f64]) -> (Vec<f64>, f64) {
    let mut h = vec![0.0; basis.len()];
    let mut norm = dot(x, x).sqrt();
    for _ in 0..2 {
        for (h, v) in h.iter_mut().zip(basis) {
            let part = dot(v, x);
            add_scaled(-part, v, x);
            *h += part;
        }
        let left = dot(x, x).sqrt();
        let enough = left > 0.1 * norm;
        norm = left;
        if enough {
            break;
        }
    }
    (h, norm)
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn add_scaled(factor: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}

#[cfg(test)]
mod tests {
    use super::super::solve;
    use super::*;
    use crate::random::Streams;

    fn example(n: usize) -> RMatrix {
        let mut stream = Streams { seed: 3 }.trajectory(0);
        RMatrix::from_fn(n, n, |i, j| {
            let x = (stream.uniform() - 0.5) * 0.3;
            if i == j { 1.0 + i as f64 } else { x }
        })
    }

    #[test]
    fn gmres_reaches_its_residual_with_and_without_restarts() {
        let n = 50;
        let a = example(n);
        let b: Vec<f64> = (0..n).map(|i| (0.7 * i as f64).sin()).collect();
        let exact = solve(&a, &RMatrix::from_fn(n, 1, |i, _| b[i])).unwrap();
        for restart in [8, 50] {
            let mut x = vec![0.0; n];
            let options = Gmres { restart, iterations: 400, tolerance: 1e-12 };
            let solved = gmres(
                &options,
                |x, out| (0..n).for_each(|i| out[i] = (0..n).map(|j| a[(i, j)] * x[j]).sum()),
                |x| x.iter_mut().enumerate().for_each(|(i, x)| *x /= 1.0 + i as f64),
                &b,
                &mut x,
            );
            assert!(solved.converged && solved.residual <= 1e-12, "{solved:?}");
            assert!(x.iter().zip(exact.as_slice()).all(|(x, y)| (x - y).abs() < 1e-11));
        }
    }

    #[test]
    fn arnoldi_finds_the_outer_eigenvalues() {
        let n = 80;
        // A rotation by ±(3 + 4i) and a cluster around 1.
        let mut stream = Streams { seed: 5 }.trajectory(0);
        let start: Vec<f64> = (0..n).map(|_| stream.uniform() - 0.5).collect();
        let apply = |x: &[f64], out: &mut [f64]| {
            out.copy_from_slice(x);
            out.iter_mut().enumerate().for_each(|(i, y)| *y *= 1.0 + 0.001 * i as f64);
            (out[0], out[1]) = (3.0 * x[0] - 4.0 * x[1], 4.0 * x[0] + 3.0 * x[1]);
        };
        let found = arnoldi(12, &start, apply).unwrap();
        assert!((found[0].0.norm() - 5.0).abs() < 1e-9 && found[0].1 < 1e-6, "{:?}", found[0]);
        assert!((found[0].0.re - 3.0).abs() < 1e-9 && (found[1].0 - found[0].0.conj()).norm() < 1e-12);
    }

    /// A positive matrix has one positive eigenvector (Perron), which the cycles find from any positive start.
    #[test]
    fn cycles_end_at_the_leading_eigenvector() {
        let n = 60;
        let a =
            RMatrix::from_fn(n, n, |i, j| if i == j { 1.0 + 0.01 * i as f64 } else { 1e-3 / (1.0 + (i + j) as f64) });
        let mut x = vec![1.0; n];
        let mut apply =
            |x: &[f64], out: &mut [f64]| (0..n).for_each(|i| out[i] = (0..n).map(|j| a[(i, j)] * x[j]).sum());
        let mut value = 0.0;
        for _ in 0..12 {
            value = leading(12, &mut x, &mut apply).unwrap();
        }
        let mut image = vec![0.0; n];
        apply(&x, &mut image);
        assert!(image.iter().zip(&x).all(|(y, x)| (y - value * x).abs() < 1e-12), "{value}");
        assert!(x.iter().all(|y| y * x[0] > 0.0));
        let largest = eigenvalues(&a).unwrap().iter().map(|z| z.re).fold(f64::MIN, f64::max);
        assert!((value - largest).abs() < 1e-12);
    }
}
