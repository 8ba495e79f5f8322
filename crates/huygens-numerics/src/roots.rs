//! Zeros of scalar functions and of systems.

use crate::chebyshev::{Chebyshev, node};
use crate::linalg::{Lu, RMatrix};

/// What can go wrong in a search for a zero.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RootError {
    /// The function has the same sign at both ends.
    #[error("the function does not change sign between {a} ({fa:e}) and {b} ({fb:e}): widen the interval")]
    NoSignChange {
        /// One end.
        a: f64,
        /// Other end.
        b: f64,
        /// Value at `a`.
        fa: f64,
        /// Value at `b`.
        fb: f64,
    },
    /// The function is NaN or infinite.
    #[error(
        "the function is not finite at step {iteration} of the search for a zero: start nearer, or check its domain"
    )]
    NotFinite {
        /// Iteration at which that was met.
        iteration: usize,
    },
    /// The Jacobian cannot be inverted.
    #[error(
        "the Jacobian is singular at step {iteration} of Newton's method (residual {residual:.1e}): a direction is neutral; fix it by a phase condition"
    )]
    SingularJacobian {
        /// Iteration at which that was met.
        iteration: usize,
        /// Norm of the residual there.
        residual: f64,
    },
    /// The iteration stopped improving or ran out.
    #[error("no zero found after {iterations} iterations (residual {residual:.1e}): start nearer to the solution")]
    NoConvergence {
        /// Iterations made.
        iterations: usize,
        /// Norm of the residual reached.
        residual: f64,
    },
}

/// Zero of `f` between `a` and `b` by Brent's method (R. P. Brent, *Algorithms for Minimization without Derivatives*, 1973, ch. 4).
/// `f(a)` and `f(b)` must differ in sign. The result is good to `xtol + 4ε|x|`; `xtol = 0` asks for rounding.
///
/// ```
/// use huygens_numerics::roots::brent;
/// let x = brent(|x: f64| x.cos() - x, 0.0, 1.0, 0.0).unwrap();
/// assert!((x.cos() - x).abs() < 1e-15);
/// ```
///
/// # Errors
/// [`RootError::NoSignChange`], [`RootError::NotFinite`], [`RootError::NoConvergence`] (300 iterations).
pub fn brent(mut f: impl FnMut(f64) -> f64, a: f64, b: f64, xtol: f64) -> Result<f64, RootError> {
    let (mut a, mut b) = (a, b);
    let (mut fa, mut fb) = (f(a), f(b));
    check_signs(a, b, fa, fb)?;
    let (mut c, mut fc) = (a, fa);
    let (mut d, mut e) = (b - a, b - a);
    for iteration in 0..300 {
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let tol = 2.0 * f64::EPSILON * b.abs() + 0.5 * xtol + f64::MIN_POSITIVE;
        let half = 0.5 * (c - b);
        if half.abs() <= tol || fb == 0.0 {
            return Ok(b);
        }
        if e.abs() < tol || fa.abs() <= fb.abs() {
            (d, e) = (half, half);
        } else {
            let s = fb / fa;
            let (mut p, mut q) = if a == c {
                (2.0 * half * s, 1.0 - s)
            } else {
                let q = fa / fc;
                let r = fb / fc;
                (s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (s - 1.0))
            };
            if p > 0.0 {
                q = -q;
            } else {
                p = -p;
            }
            if 2.0 * p < (3.0 * half * q - (tol * q).abs()).min((e * q).abs()) {
                e = d;
                d = p / q;
            } else {
                (d, e) = (half, half);
            }
        }
        a = b;
        fa = fb;
        b += if d.abs() > tol { d } else { tol.copysign(half) };
        fb = f(b);
        if fb.is_nan() {
            return Err(RootError::NotFinite { iteration });
        }
        if (fb > 0.0) == (fc > 0.0) {
            c = a;
            fc = fa;
            d = b - a;
            e = d;
        }
    }
    Err(RootError::NoConvergence { iterations: 300, residual: fb.abs() })
}

/// Zero of `f` between `a` and `b` by halving the interval until it is `xtol` wide or has no number inside. Needs only the sign
/// of `f`, so it serves for yes-or-no thresholds as well (return ±1).
///
/// # Errors
/// [`RootError::NoSignChange`], [`RootError::NotFinite`].
pub fn bisect(mut f: impl FnMut(f64) -> f64, a: f64, b: f64, xtol: f64) -> Result<f64, RootError> {
    let (mut a, mut b) = (a, b);
    let (fa, fb) = (f(a), f(b));
    check_signs(a, b, fa, fb)?;
    if fa == 0.0 {
        return Ok(a);
    }
    if fb == 0.0 {
        return Ok(b);
    }
    let mut iteration = 0;
    loop {
        let middle = a + 0.5 * (b - a);
        if (b - a).abs() <= xtol || middle == a || middle == b {
            return Ok(middle);
        }
        let fm = f(middle);
        iteration += 1;
        if fm.is_nan() {
            return Err(RootError::NotFinite { iteration });
        }
        if fm == 0.0 {
            return Ok(middle);
        }
        if (fm > 0.0) == (fa > 0.0) {
            a = middle;
        } else {
            b = middle;
        }
    }
}

/// A place where the derivative of a function vanishes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremum {
    /// The place.
    pub x: f64,
    /// The value there.
    pub value: f64,
    /// Size of the last two Chebyshev coefficients relative to the largest: what the interpolation leaves out.
    pub resolution: f64,
}

/// The first extremum of a smooth `f` in `[a, b]`: zero of the derivative of its Chebyshev interpolant of degree `degree`
/// (L. N. Trefethen, *Approximation Theory and Approximation Practice*, 2013, ch. 21).
///
/// Comparing values near a maximum cannot place it better than √ε; the derivative of the interpolant places it almost as well as
/// `f` is known. `[a, b]` should be wide on the scale of rounding and narrow enough for [`Extremum::resolution`] to be small.
///
/// ```
/// use huygens_numerics::roots::extremum;
/// let top = extremum(|x: f64| x * (-x).exp(), 0.6, 1.5, 20).unwrap();
/// assert!((top.x - 1.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// [`RootError::NoSignChange`] where the derivative keeps its sign, [`RootError::NotFinite`].
///
/// # Panics
/// For a degree below 2.
#[track_caller]
pub fn extremum(mut f: impl FnMut(f64) -> f64, a: f64, b: f64, degree: usize) -> Result<Extremum, RootError> {
    assert!(degree >= 2, "an interpolant of degree {degree} has no extremum inside");
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    let values: Vec<f64> = (0..=degree).map(|j| f(middle + half * node(j, degree))).collect();
    if values.iter().any(|v| !v.is_finite()) {
        return Err(RootError::NotFinite { iteration: 0 });
    }
    let series = Chebyshev::new(&values);
    let derivative = series.derivative();
    let slope = |t: f64| derivative.value(t);
    let steps = 4 * degree;
    let at = |k: usize| -1.0 + 2.0 * k as f64 / steps as f64;
    let crossing = (1..=steps).find(|&k| (slope(at(k - 1)) > 0.0) != (slope(at(k)) > 0.0));
    let Some(k) = crossing else {
        return Err(RootError::NoSignChange { a, b, fa: slope(-1.0) / half, fb: slope(1.0) / half });
    };
    let t = brent(slope, at(k - 1), at(k), 0.0)?;
    let resolution = series.tail(2) / series.largest().max(f64::MIN_POSITIVE);
    Ok(Extremum { x: middle + half * t, value: series.value(t), resolution })
}

fn check_signs(a: f64, b: f64, fa: f64, fb: f64) -> Result<(), RootError> {
    if fa.is_nan() || fb.is_nan() || !a.is_finite() || !b.is_finite() {
        return Err(RootError::NotFinite { iteration: 0 });
    }
    if (fa > 0.0 && fb > 0.0) || (fa < 0.0 && fb < 0.0) {
        return Err(RootError::NoSignChange { a, b, fa, fb });
    }
    Ok(())
}

/// When [`newton`] stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewtonOptions {
    /// Largest residual component that counts as zero.
    pub ftol: f64,
    /// Size of the last correction, relative to `1 + |x_i|`, that counts as zero.
    pub xtol: f64,
    /// Most iterations.
    pub max_iterations: usize,
    /// Most halvings of a step that does not lower the residual.
    pub max_halvings: usize,
}

impl Default for NewtonOptions {
    /// Residual or correction below 1e-13, 50 iterations, 12 halvings.
    fn default() -> Self {
        Self { ftol: 1e-13, xtol: 1e-13, max_iterations: 50, max_halvings: 12 }
    }
}

/// A zero of a system.
#[derive(Clone, Debug, PartialEq)]
pub struct NewtonSolution {
    /// The zero.
    pub x: Vec<f64>,
    /// Largest component of the residual there.
    pub residual: f64,
    /// Relative size of the last correction: an estimate of the error of the iterate before it.
    pub correction: f64,
    /// Iterations made.
    pub iterations: usize,
}

/// Zero of `n` functions of `n` variables by Newton's method with damping: a step is halved until the Euclidean norm of the
/// residual falls. `system(x, f, jacobian)` writes `f_i(x)` and, when the last argument is given, `∂f_i/∂x_j`;
/// [`difference_jacobian`] helps where no formula exists.
///
/// # Errors
/// [`RootError::SingularJacobian`], [`RootError::NotFinite`], [`RootError::NoConvergence`].
pub fn newton(
    mut system: impl FnMut(&[f64], &mut [f64], Option<&mut RMatrix>),
    x0: &[f64],
    options: &NewtonOptions,
) -> Result<NewtonSolution, RootError> {
    let n = x0.len();
    let mut x = x0.to_vec();
    let mut f = vec![0.0; n];
    let mut jacobian = RMatrix::zeros(n, n);
    let mut trial = vec![0.0; n];
    let mut f_trial = vec![0.0; n];
    let norm = |f: &[f64]| f.iter().map(|f| f * f).sum::<f64>().sqrt();
    let largest = |f: &[f64]| f.iter().fold(0.0f64, |m, f| m.max(f.abs()));
    let mut correction = f64::INFINITY;
    for iteration in 0..options.max_iterations {
        system(&x, &mut f, Some(&mut jacobian));
        let size = norm(&f);
        if !size.is_finite() || !jacobian.is_finite() {
            return Err(RootError::NotFinite { iteration });
        }
        if largest(&f) <= options.ftol {
            return Ok(NewtonSolution { x, residual: largest(&f), correction, iterations: iteration });
        }
        let Ok(lu) = Lu::new(&jacobian) else {
            return Err(RootError::SingularJacobian { iteration, residual: size });
        };
        let mut step = f.clone();
        lu.solve_in_place(&mut step);
        if step.iter().any(|x| !x.is_finite()) {
            return Err(RootError::SingularJacobian { iteration, residual: size });
        }
        correction = step.iter().zip(&x).fold(0.0f64, |m, (s, x)| m.max(s.abs() / (1.0 + x.abs())));
        let mut factor = 1.0;
        let mut halvings = 0;
        loop {
            for i in 0..n {
                trial[i] = x[i] - factor * step[i];
            }
            system(&trial, &mut f_trial, None);
            let size_trial = norm(&f_trial);
            if size_trial < size {
                break;
            }
            if factor * correction <= options.xtol {
                // at rounding the residual need not fall any more
                let residual = largest(&f);
                return Ok(NewtonSolution { x, residual, correction, iterations: iteration + 1 });
            }
            if halvings == options.max_halvings {
                return Err(if size_trial.is_finite() {
                    RootError::NoConvergence { iterations: iteration + 1, residual: size }
                } else {
                    RootError::NotFinite { iteration }
                });
            }
            halvings += 1;
            factor *= 0.5;
        }
        std::mem::swap(&mut x, &mut trial);
        std::mem::swap(&mut f, &mut f_trial);
        if halvings == 0 && correction <= options.xtol {
            return Ok(NewtonSolution { residual: largest(&f), x, correction, iterations: iteration + 1 });
        }
    }
    if largest(&f) <= options.ftol {
        return Ok(NewtonSolution { residual: largest(&f), x, correction, iterations: options.max_iterations });
    }
    Err(RootError::NoConvergence { iterations: options.max_iterations, residual: norm(&f) })
}

/// Jacobian `∂f_i/∂x_j` by central differences, good to about 1e-10 relative. `f(x, out)` writes the `out.len()` functions.
///
/// # Panics
/// When the Jacobian has not as many columns as `x` has components.
#[track_caller]
pub fn difference_jacobian(mut f: impl FnMut(&[f64], &mut [f64]), x: &[f64], jacobian: &mut RMatrix) {
    assert_eq!(jacobian.cols(), x.len(), "columns of the Jacobian");
    let rows = jacobian.rows();
    let mut moved = x.to_vec();
    let (mut up, mut down) = (vec![0.0; rows], vec![0.0; rows]);
    for j in 0..x.len() {
        let h = f64::EPSILON.cbrt() * (1.0 + x[j].abs());
        moved[j] = x[j] + h;
        let right = moved[j];
        f(&moved, &mut up);
        moved[j] = x[j] - h;
        let left = moved[j];
        f(&moved, &mut down);
        moved[j] = x[j];
        for i in 0..rows {
            jacobian[(i, j)] = (up[i] - down[i]) / (right - left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brent_finds_zeros_to_rounding() {
        let cases: [(fn(f64) -> f64, f64, f64, f64); 5] = [
            (|x| x * x - 2.0, 0.0, 2.0, std::f64::consts::SQRT_2),
            (f64::sin, 3.0, 4.0, std::f64::consts::PI),
            (|x| (x - 1.0).powi(3), 0.0, 5.0, 1.0),
            (|x| x.exp() - 1e-8, -50.0, 3.0, 1e-8f64.ln()),
            (|x| if x < 0.3 { -1.0 } else { 1.0 }, 0.0, 1.0, 0.3),
        ];
        for (k, (f, a, b, want)) in cases.into_iter().enumerate() {
            let mut calls = 0;
            let x = brent(
                |x| {
                    calls += 1;
                    f(x)
                },
                a,
                b,
                0.0,
            )
            .unwrap();
            let tol = if k == 2 { 1e-5 } else { 1e-15 * want.abs() * 4.0 };
            assert!((x - want).abs() <= tol, "case {k}: {x}");
            assert!(calls < 250, "case {k}: {calls} calls");
            let y = bisect(f, b, a, 0.0).unwrap();
            assert!((y - want).abs() <= tol, "case {k} by bisection: {y}");
        }
        assert!(matches!(brent(|x| x * x + 1.0, -1.0, 1.0, 0.0), Err(RootError::NoSignChange { .. })));
        assert!(matches!(bisect(|_| f64::NAN, -1.0, 1.0, 0.0), Err(RootError::NotFinite { .. })));
        assert_eq!(brent(|x| x, 0.0, 1.0, 0.0), Ok(0.0));
    }

    #[test]
    fn extrema_are_placed_beyond_the_square_root_of_rounding() {
        // Noise of 1e-13 in the values, as of a solved system: comparing values would place the maximum to 3e-7.
        let noisy = |x: f64| (-(x - 0.3) * (x - 0.3)).exp() * (1.0 + 1e-13 * (1e6 * x).sin());
        let top = extremum(noisy, 0.1, 0.6, 16).unwrap();
        assert!((top.x - 0.3).abs() < 1e-11 && (top.value - 1.0).abs() < 1e-12, "{top:?}");
        assert!(top.resolution < 1e-11);
        let low = extremum(|x: f64| 1.0 / (1.0 + x * x) + 0.1 * x.powi(4), 0.5, 2.5, 40).unwrap();
        // 0.4 x³ = 2x/(1 + x²)²
        assert!((0.4 * low.x.powi(3) - 2.0 * low.x / (1.0 + low.x * low.x).powi(2)).abs() < 1e-13, "{low:?}");
        assert!(matches!(extremum(f64::exp, 0.0, 1.0, 8), Err(RootError::NoSignChange { .. })));
        assert!(matches!(extremum(|x: f64| x.ln(), -1.0, 1.0, 8), Err(RootError::NotFinite { .. })));
    }

    #[test]
    fn newton_converges_quadratically_and_by_damping() {
        let mut sizes = vec![];
        let circle = |x: &[f64], f: &mut [f64], j: Option<&mut RMatrix>| {
            f[0] = x[0] * x[0] + x[1] * x[1] - 4.0;
            f[1] = x[0] - x[1];
            if let Some(j) = j {
                sizes.push(f[0].abs());
                j[(0, 0)] = 2.0 * x[0];
                j[(0, 1)] = 2.0 * x[1];
                j[(1, 0)] = 1.0;
                j[(1, 1)] = -1.0;
            }
        };
        let s = newton(circle, &[1.0, 2.0], &NewtonOptions::default()).unwrap();
        assert!((s.x[0] - std::f64::consts::SQRT_2).abs() < 1e-15 && s.residual < 1e-13);
        let k = sizes.len();
        assert!(k <= 7, "{sizes:?}");
        // arctan diverges without damping from beyond 1.39
        let s = newton(
            |x, f, j| {
                f[0] = x[0].atan();
                if let Some(j) = j {
                    j[(0, 0)] = 1.0 / (1.0 + x[0] * x[0]);
                }
            },
            &[20.0],
            &NewtonOptions::default(),
        )
        .unwrap();
        assert!(s.x[0].abs() < 1e-13);
        let flat = newton(
            |x, f, j| {
                f[0] = x[0] * x[0] + 1.0;
                if let Some(j) = j {
                    difference_jacobian(|x, f| f[0] = x[0] * x[0] + 1.0, x, j);
                }
            },
            &[0.7],
            &NewtonOptions::default(),
        );
        assert!(flat.is_err());
        let singular = newton(|_, f, _| f[0] = 1.0, &[0.0], &NewtonOptions::default());
        assert!(matches!(singular, Err(RootError::SingularJacobian { .. })));
    }
}
