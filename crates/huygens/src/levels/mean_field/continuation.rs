//! Continuation of a limit cycle in a parameter, with its bifurcations located.
//!
//! Pseudo-arclength in (z₀, T, p), each scaled by its size: the branch is followed around folds. On the way the Floquet
//! multipliers are watched: a **saddle-node** is a turning point of p, a **period doubling** a real multiplier through −1, a
//! **Neimark–Sacker** bifurcation a complex pair through the unit circle; each is located by a root finder on the branch. Where the
//! cycle shrinks to a fixed point, a **Hopf** bifurcation, the branch ends: beyond it the same cycles would come again, half a period
//! later. It is located by the eigenvalues of the fixed point, which are regular there.

use std::f64::consts::SQRT_2;

use huygens_numerics::c64;
use huygens_numerics::linalg::{self, RMatrix};
use huygens_numerics::ode::Tolerance;

use super::attractor::fixed_point;
use super::cycle::{self, ClosedOrbit};
use super::integrate::{Method, Scheme, Stop};
use super::tangent::Tangent;
use crate::levels::gaussian::neutral;
use crate::levels::kernel::Bound;

/// Kind of a bifurcation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Two cycles meet and vanish: a multiplier through +1.
    SaddleNode,
    /// A real multiplier through −1.
    PeriodDoubling,
    /// A complex pair through the unit circle: a torus is born.
    NeimarkSacker,
    /// The cycle shrinks to a fixed point, of which a pair of eigenvalues is imaginary.
    Hopf,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::SaddleNode => "saddle-node",
            Kind::PeriodDoubling => "period doubling",
            Kind::NeimarkSacker => "Neimark-Sacker",
            Kind::Hopf => "Hopf",
        }
    }

    /// Its abbreviation in figures.
    pub fn short(self) -> &'static str {
        match self {
            Kind::SaddleNode => "SN",
            Kind::PeriodDoubling => "PD",
            Kind::NeimarkSacker => "NS",
            Kind::Hopf => "H",
        }
    }
}

/// A located bifurcation.
#[derive(Clone, Debug, PartialEq)]
pub struct Bifurcation {
    /// Kind.
    pub kind: Kind,
    /// Parameter value.
    pub parameter: f64,
    /// Period there.
    pub period: f64,
    /// Argument of the critical multiplier in radians (0 at a saddle-node and at a Hopf bifurcation, π at a period doubling).
    pub angle: f64,
    /// Width of the last bracket or size of the last step: how well the parameter is known.
    pub error: f64,
}

/// A point on the branch.
#[derive(Clone, Debug)]
pub struct Point {
    /// Parameter value.
    pub parameter: f64,
    /// The cycle.
    pub orbit: ClosedOrbit,
    /// Multipliers without the neutral one, falling modulus.
    pub multipliers: Vec<c64>,
}

impl Point {
    /// Largest |multiplier| apart from the neutral one.
    pub fn leading(&self) -> f64 {
        self.multipliers.first().map_or(0.0, |v| v.norm())
    }
}

/// A followed branch.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// Points in the order in which they were found.
    pub points: Vec<Point>,
    /// Bifurcations in the order in which they were found.
    pub bifurcations: Vec<Bifurcation>,
    /// Why the branch ends.
    pub end: String,
}

/// Options of a continuation.
#[derive(Clone, Debug)]
pub struct Options {
    /// The integrator.
    pub method: Method,
    /// Relative tolerance of the integration.
    pub tolerance: f64,
    /// First step, as a fraction of the parameter range.
    pub first_step: f64,
    /// Largest step, as a fraction of the parameter range.
    pub largest_step: f64,
    /// Most points.
    pub points: usize,
    /// Whether to stop at the first turning point.
    pub stop_at_fold: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            tolerance: 1e-12,
            first_step: 0.005,
            largest_step: 0.02,
            points: 2000,
            stop_at_fold: false,
        }
    }
}

/// Why a continuation could not go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ContinuationError {
    /// The first cycle did not converge.
    #[error(
        "the cycle to start from does not close at the first parameter value: give a value where `run` finds a stable cycle"
    )]
    Start,
    /// The model refuses a value.
    #[error("at parameter {parameter}: {message}")]
    Value {
        /// Value.
        parameter: f64,
        /// Reason.
        message: String,
    },
}

/// Unknowns in scaled form: z₀ (2n real numbers), T, p.
type Unknowns = Vec<f64>;

struct Problem<'a> {
    bind: &'a dyn Fn(f64) -> Result<Bound, String>,
    modes: usize,
    scales: Vec<f64>,
    scheme: Scheme,
    range: f64,
}

struct Evaluation {
    residual: Vec<f64>,
    /// n + 1 rows (closure, phase) × n + 2 columns, scaled.
    jacobian: RMatrix,
    orbit: ClosedOrbit,
}

enum Failure {
    Numbers,
    Value(ContinuationError),
}

impl From<Stop> for Failure {
    fn from(_: Stop) -> Self {
        Failure::Numbers
    }
}

impl Problem<'_> {
    fn n(&self) -> usize {
        2 * self.modes
    }

    fn unpack(&self, x: &[f64]) -> (Vec<c64>, f64, f64) {
        let n = self.n();
        let y: Vec<f64> = x.iter().zip(&self.scales).map(|(v, s)| v * s).collect();
        (bytemuck::cast_slice(&y[..n]).to_vec(), y[n], y[n + 1])
    }

    fn bound(&self, parameter: f64) -> Result<Bound, Failure> {
        (self.bind)(parameter).map_err(|message| Failure::Value(ContinuationError::Value { parameter, message }))
    }

    /// Closure and phase conditions with their derivatives at x; the phase is held against `reference`.
    fn evaluate(&self, x: &[f64], reference: &[f64], derivatives: bool) -> Result<Evaluation, Failure> {
        let n = self.n();
        let (z, period, parameter) = self.unpack(x);
        if period.is_nan() || period <= 0.0 {
            return Err(Failure::Numbers);
        }
        let bound = self.bound(parameter)?;
        let (end, monodromy, size) = cycle::transport(&bound, &z, period, self.scheme, 1e9)?;
        let start: &[f64] = bytemuck::cast_slice(&z);
        let (reference_z, _, _) = self.unpack(reference);
        let direction: Vec<f64> = cycle::velocity(&bound, 0.0, &reference_z).iter().map(|v| v / SQRT_2).collect();
        let length = direction.iter().map(|v| v * v).sum::<f64>().sqrt().max(1e-300);
        let mut residual: Vec<f64> = end.iter().zip(start).zip(&self.scales).map(|((a, b), s)| (a - b) / s).collect();
        let phase: f64 = x
            .iter()
            .zip(reference)
            .take(n)
            .enumerate()
            .map(|(i, (a, b))| (a - b) * self.scales[i] * direction[i] / length)
            .sum();
        residual.push(phase / self.scales[0]);
        let closure = residual[..n].iter().map(|r| r * r).sum::<f64>().sqrt() * self.scales[0] / size.max(1e-300);
        let mut jacobian = RMatrix::zeros(n + 1, n + 2);
        if derivatives {
            let f1 = cycle::velocity(&bound, period, bytemuck::cast_slice(&end));
            // ∂φ_T/∂p by central differences; only the direction of the next step depends on it.
            let dp = 1e-5 * self.range;
            let mut sides = Vec::new();
            for sign in [1.0, -1.0] {
                let shifted = self.bound(parameter + sign * dp)?;
                let path = cycle::sample(&shifted, &z, 0.0, &[period], self.scheme, 1e9)?;
                sides.push(bytemuck::cast_slice::<c64, f64>(&path[0]).to_vec());
            }
            for i in 0..n {
                for j in 0..n {
                    let identity = if i == j { 1.0 } else { 0.0 };
                    jacobian[(i, j)] = (monodromy[(i, j)] - identity) * self.scales[j] / self.scales[i];
                }
                // The imaginary part of ⟨J_z⟩ stays 0.
                if bound.kernel().spins().iter().any(|s| 2 * s.z + 1 == i) {
                    jacobian[(i, i)] = -1.0;
                }
                jacobian[(i, n)] = f1[i] / SQRT_2 * self.scales[n] / self.scales[i];
                jacobian[(i, n + 1)] = (sides[0][i] - sides[1][i]) / (2.0 * dp) * self.scales[n + 1] / self.scales[i];
                jacobian[(n, i)] = direction[i] / length * self.scales[i] / self.scales[0];
            }
        }
        Ok(Evaluation { residual, jacobian, orbit: ClosedOrbit { start: z, period, closure, monodromy, size } })
    }

    /// Newton's method on the branch, orthogonal to `tangent` through `guess`.
    fn correct(&self, guess: &[f64], tangent: &[f64]) -> Result<(Unknowns, Evaluation, usize), Failure> {
        let n = self.n();
        let mut x = guess.to_vec();
        let mut last = f64::INFINITY;
        for iteration in 0..10 {
            let mut evaluation = self.evaluate(&x, guess, true)?;
            let error = evaluation.residual.iter().map(|r| r * r).sum::<f64>().sqrt();
            if !error.is_finite() || error > 10.0 * last.max(1e-3) {
                return Err(Failure::Numbers);
            }
            let arclength: f64 = x.iter().zip(guess).zip(tangent).map(|((a, b), t)| (a - b) * t).sum();
            let matrix =
                RMatrix::from_fn(n + 2, n + 2, |i, j| if i <= n { evaluation.jacobian[(i, j)] } else { tangent[j] });
            let rhs = RMatrix::from_fn(n + 2, 1, |i, _| if i <= n { -evaluation.residual[i] } else { -arclength });
            let delta = linalg::solve(&matrix, &rhs).map_err(|_| Failure::Numbers)?;
            let step = (0..n + 2).map(|i| delta[(i, 0)].powi(2)).sum::<f64>().sqrt();
            if step > 0.5 {
                return Err(Failure::Numbers);
            }
            for (i, value) in x.iter_mut().enumerate() {
                *value += delta[(i, 0)];
            }
            if step < 1e-11 || (step < 1e-8 && error > 0.2 * last) {
                evaluation.orbit.closure = evaluation.orbit.closure.min(step);
                return Ok((x, evaluation, iteration + 1));
            }
            last = error;
        }
        Err(Failure::Numbers)
    }

    /// Unit tangent along the branch, on the side of `previous`.
    fn tangent(&self, evaluation: &Evaluation, previous: &[f64]) -> Result<Vec<f64>, Failure> {
        let n = self.n();
        let matrix =
            RMatrix::from_fn(n + 2, n + 2, |i, j| if i <= n { evaluation.jacobian[(i, j)] } else { previous[j] });
        let rhs = RMatrix::from_fn(n + 2, 1, |i, _| if i == n + 1 { 1.0 } else { 0.0 });
        let solution = linalg::solve(&matrix, &rhs).map_err(|_| Failure::Numbers)?;
        let length = (0..n + 2).map(|i| solution[(i, 0)].powi(2)).sum::<f64>().sqrt();
        Ok((0..n + 2).map(|i| solution[(i, 0)] / length).collect())
    }

    /// Whether the cycles of two neighbouring points of the branch turn from opposite sides of a fixed point between them: the phase
    /// condition keeps the velocities parallel.
    fn reversed(&self, one: &Point, two: &Point) -> bool {
        let velocity = |point: &Point| {
            self.bound(point.parameter).ok().map(|bound| cycle::velocity(&bound, 0.0, &point.orbit.start))
        };
        let (Some(a), Some(b)) = (velocity(one), velocity(two)) else { return false };
        a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() < 0.0
    }

    fn point(&self, x: &[f64], orbit: ClosedOrbit) -> Result<Point, Failure> {
        let (_, _, parameter) = self.unpack(x);
        let bound = self.bound(parameter)?;
        let multipliers = multipliers(&bound, &orbit).ok_or(Failure::Numbers)?;
        Ok(Point { parameter, orbit, multipliers })
    }
}

/// Floquet multipliers of a closed orbit without the neutral one, falling modulus.
pub fn multipliers(bound: &Bound, orbit: &ClosedOrbit) -> Option<Vec<c64>> {
    let tangent = Tangent::at(bound, &orbit.start);
    let monodromy = tangent.restrict(&orbit.monodromy);
    let v = tangent.project_vector(cycle::velocity(bound, 0.0, &orbit.start));
    let n = v.len();
    let right = RMatrix::from_fn(n, 1, |i, _| v[i]);
    // At a saddle-node the neutral direction is defective and the bordered system singular: use the plain spectrum there.
    neutral::spectrum(&monodromy, &right).or_else(|| {
        let mut values = linalg::eigenvalues(&monodromy).ok()?;
        values.sort_by(|a, b| (a - 1.0).norm().total_cmp(&(b - 1.0).norm()));
        let mut rest = values.split_off(1);
        rest.sort_by(|a, b| b.norm().total_cmp(&a.norm()));
        Some(rest)
    })
}

/// A point with what is needed to go on from it.
struct Place {
    x: Unknowns,
    tangent: Vec<f64>,
    point: Point,
}

/// Distance of the complex pair nearest to the unit circle, and its angle.
fn torus_function(point: &Point) -> Option<(f64, f64)> {
    point
        .multipliers
        .iter()
        .filter(|m| m.im > 1e-7)
        .map(|m| (m.norm() - 1.0, m.arg()))
        .min_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))
}

/// Π (1 + μ): changes sign where a real multiplier passes −1 (complex pairs contribute |1 + μ|²).
fn doubling_function(point: &Point) -> f64 {
    let product = point.multipliers.iter().fold(c64::new(1.0, 0.0), |p, m| p * (m + 1.0));
    product.re
}

/// Number of complex pairs outside the unit circle.
fn pairs_outside(point: &Point) -> usize {
    point.multipliers.iter().filter(|m| m.im > 1e-7 && m.norm() > 1.0).count()
}

/// Follows the cycle `orbit` at parameter `from` towards `to`. `bind` gives the equations at a parameter value.
///
/// # Errors
/// [`ContinuationError`] when the first point fails or the model refuses a value on the way; everything else ends the branch
/// with its reason in [`Branch::end`].
pub fn follow(
    bind: &dyn Fn(f64) -> Result<Bound, String>,
    orbit: &ClosedOrbit,
    from: f64,
    to: f64,
    options: &Options,
) -> Result<Branch, ContinuationError> {
    let modes = orbit.start.len();
    let n = 2 * modes;
    let size = orbit.start.iter().map(|z| z.norm_sqr()).sum::<f64>().sqrt().max(1e-9);
    let range = (to - from).abs();
    let mut scales = vec![size; n];
    scales.extend([orbit.period, range]);
    let problem = Problem {
        bind,
        modes,
        scales,
        scheme: Scheme { method: options.method, tolerance: Tolerance::new(options.tolerance, options.tolerance) },
        range,
    };
    let mut x: Unknowns = bytemuck::cast_slice::<c64, f64>(&orbit.start).iter().map(|v| v / size).collect();
    x.extend([1.0, from / range]);
    // First point at fixed parameter: the "tangent" that is held is the parameter axis.
    let mut axis = vec![0.0; n + 2];
    axis[n + 1] = if to >= from { 1.0 } else { -1.0 };
    let first = problem.correct(&x, &axis).map_err(first_failure)?;
    let tangent = problem.tangent(&first.1, &axis).map_err(first_failure)?;
    let point = problem.point(&first.0, first.1.orbit).map_err(first_failure)?;
    let mut here = Place { x: first.0, tangent, point };
    let mut branch = Branch { points: vec![here.point.clone()], ..Branch::default() };
    let mut step = options.first_step;
    let (low, high) = (from.min(to), from.max(to));
    while branch.points.len() < options.points {
        let there = match advance(&problem, &here, step) {
            Ok((place, iterations)) => {
                // A long jump of the multipliers hides bifurcations: take it in smaller steps.
                let jump = (place.point.leading() - here.point.leading()).abs();
                if jump > 0.2 && step > 1e-6 {
                    step *= 0.5;
                    continue;
                }
                let turned: f64 = place.tangent.iter().zip(&here.tangent).map(|(a, b)| a * b).sum();
                if turned < 0.9 && step > 1e-7 {
                    step *= 0.5;
                    continue;
                }
                if iterations <= 4 {
                    step = (step * 1.3).min(options.largest_step);
                }
                place
            }
            Err(Failure::Value(error)) => return Err(error),
            Err(Failure::Numbers) => {
                step *= 0.5;
                if step < 1e-9 {
                    branch.end = format!("the cycle cannot be followed beyond {:.10}", here.point.parameter);
                    return Ok(branch);
                }
                continue;
            }
        };
        let length: f64 = there.x.iter().zip(&here.x).zip(&here.tangent).map(|((a, b), t)| (a - b) * t).sum();
        // Beyond a fixed point the same cycles come again, at the opposite phase.
        if problem.reversed(&here.point, &there.point) {
            if step > 1e-4 {
                step *= 0.25;
                continue;
            }
            branch.bifurcations.extend(hopf(&problem, &here, length));
            branch.end = "the cycle has shrunk to a fixed point".into();
            return Ok(branch);
        }
        let turning = there.tangent[n + 1] * here.tangent[n + 1] < 0.0;
        if turning {
            branch.bifurcations.extend(locate(&problem, &here, length, Kind::SaddleNode, &|p| Some(p.tangent[n + 1])));
        }
        if doubling_function(&here.point) * doubling_function(&there.point) < 0.0 {
            branch
                .bifurcations
                .extend(locate(&problem, &here, length, Kind::PeriodDoubling, &|p| Some(doubling_function(&p.point))));
        }
        if pairs_outside(&here.point) != pairs_outside(&there.point) {
            let found =
                locate(&problem, &here, length, Kind::NeimarkSacker, &|p| torus_function(&p.point).map(|t| t.0));
            branch.bifurcations.extend(found);
        }
        here = there;
        branch.points.push(here.point.clone());
        if turning && options.stop_at_fold {
            branch.end = "turning point".into();
            return Ok(branch);
        }
        if here.point.parameter < low - 1e-12 * range || here.point.parameter > high + 1e-12 * range {
            branch.end = "end of the parameter range".into();
            return Ok(branch);
        }
    }
    branch.end = format!("{} points", options.points);
    Ok(branch)
}

fn first_failure(failure: Failure) -> ContinuationError {
    match failure {
        Failure::Numbers => ContinuationError::Start,
        Failure::Value(error) => error,
    }
}

/// The point at arclength `step` from `here`.
fn advance(problem: &Problem<'_>, here: &Place, step: f64) -> Result<(Place, usize), Failure> {
    let guess: Vec<f64> = here.x.iter().zip(&here.tangent).map(|(x, t)| x + step * t).collect();
    let (x, evaluation, iterations) = problem.correct(&guess, &here.tangent)?;
    let tangent = problem.tangent(&evaluation, &here.tangent)?;
    let point = problem.point(&x, evaluation.orbit)?;
    Ok((Place { x, tangent, point }, iterations))
}

/// Root of a test function between `here` and arclength `length`, by the Illinois method.
fn locate(
    problem: &Problem<'_>,
    here: &Place,
    length: f64,
    kind: Kind,
    test: &dyn Fn(&Place) -> Option<f64>,
) -> Option<Bifurcation> {
    let at = |s: f64| advance(problem, here, s).ok().map(|p| p.0);
    let (mut lo, mut hi) = (0.0, length);
    let mut f_lo = test(here)?;
    let mut place = at(hi)?;
    let mut f_hi = test(&place)?;
    if f_lo * f_hi > 0.0 {
        return None;
    }
    let mut parameter = place.point.parameter;
    let mut error = f64::INFINITY;
    for _ in 0..60 {
        let s = (lo * f_hi - hi * f_lo) / (f_hi - f_lo);
        let s = if s.is_finite() && s > lo.min(hi) && s < lo.max(hi) { s } else { 0.5 * (lo + hi) };
        place = at(s)?;
        let f = test(&place)?;
        error = (place.point.parameter - parameter).abs();
        parameter = place.point.parameter;
        if f * f_hi <= 0.0 {
            (lo, f_lo) = (hi, f_hi);
        } else {
            f_lo *= 0.5;
        }
        (hi, f_hi) = (s, f);
        if f == 0.0
            || (error < 1e-12 * parameter.abs().max(1e-3 * problem.range) && f.abs() < 1e-7)
            || (hi - lo).abs() < 1e-14 * length.abs()
        {
            break;
        }
    }
    let angle = match kind {
        Kind::SaddleNode | Kind::Hopf => 0.0,
        Kind::PeriodDoubling => std::f64::consts::PI,
        Kind::NeimarkSacker => torus_function(&place.point)?.1,
    };
    Some(Bifurcation { kind, parameter, period: place.point.orbit.period, angle, error })
}

/// The Hopf bifurcation next to `here`, within the arclength `length`: where an eigenvalue of the fixed point inside of the cycle
/// crosses the imaginary axis near 2πi/T, by the secant method in the parameter. The eigenvalues are regular there, the cycle is not.
fn hopf(problem: &Problem<'_>, here: &Place, length: f64) -> Option<Bifurcation> {
    const SAMPLES: usize = 64;
    let turning = locate(problem, here, length, Kind::Hopf, &|p| Some(p.tangent[problem.n() + 1]));
    let orbit = &here.point.orbit;
    let omega = std::f64::consts::TAU / orbit.period;
    let times: Vec<f64> = (1..=SAMPLES).map(|k| orbit.period * k as f64 / SAMPLES as f64).collect();
    let bound = problem.bound(here.point.parameter).ok()?;
    let path = cycle::sample(&bound, &orbit.start, 0.0, &times, problem.scheme, 1e9).ok()?;
    let mut centre: Vec<c64> =
        (0..problem.modes).map(|k| path.iter().map(|z| z[k]).sum::<c64>() / SAMPLES as f64).collect();
    let mut critical = |parameter: f64| -> Option<c64> {
        let bound = problem.bound(parameter).ok()?;
        centre = fixed_point(&bound, &[], &centre, omega)?.point;
        let drift = bound.drift_matrix(0.0, &centre);
        let values = linalg::eigenvalues(&Tangent::at(&bound, &centre).restrict(&drift)).ok()?;
        values.into_iter().min_by(|a, b| {
            let far = |z: &c64| (z - c64::new(0.0, omega)).norm();
            far(a).total_cmp(&far(b))
        })
    };
    let mut locate = || -> Option<Bifurcation> {
        let first = here.point.parameter;
        let second = turning.as_ref().map(|b| b.parameter).filter(|p| (p - first).abs() > 1e-9 * problem.range);
        let (mut p, mut q) = (first, second.unwrap_or(first + 1e-6 * problem.range));
        let (mut f, mut g) = (critical(p)?, critical(q)?);
        for _ in 0..30 {
            let next = if g.re == f.re { q } else { q - g.re * (q - p) / (g.re - f.re) };
            // The cycle is small: the root is near.
            if !next.is_finite() || (next - first).abs() > 0.1 * problem.range {
                return None;
            }
            (p, f) = (q, g);
            (q, g) = (next, critical(next)?);
            let error = (q - p).abs();
            if error <= 1e-13 * q.abs().max(1e-2 * problem.range) {
                let period = std::f64::consts::TAU / g.im;
                return Some(Bifurcation { kind: Kind::Hopf, parameter: q, period, angle: 0.0, error });
            }
        }
        None
    };
    locate().or(turning)
}
