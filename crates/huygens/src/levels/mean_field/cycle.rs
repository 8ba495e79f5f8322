//! Limit cycles: Newton shooting from a guess, then the cycle in equal segments with its transition matrices.

use bytemuck::cast_slice;
use huygens_numerics::c64;
use huygens_numerics::linalg::{self, RMatrix};

use super::integrate::{Scheme, Stop, Stretch};
use super::systems::{Flow, Linearised};
use super::tangent::{self, Tangent};
use crate::levels::kernel::Bound;

/// A point on a closed orbit and its period.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedOrbit {
    /// A point on the orbit, ⟨a_k⟩ at phase zero.
    pub start: Vec<c64>,
    /// Period.
    pub period: f64,
    /// |z(T) − z(0)| relative to the size of the orbit: how well it closes.
    pub closure: f64,
    /// Monodromy matrix in quadratures from `start`.
    pub monodromy: RMatrix,
    /// Largest |z(t) − z(0)|.
    pub size: f64,
}

/// Why shooting gave no cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShootingFailure {
    /// Newton's iteration did not converge.
    NotConverged,
    /// It converged to a point or a period far from the guess.
    Wandered,
    /// The orbit could not be followed over the period.
    Stopped(Stop),
    /// The linear system was singular.
    Singular,
}

/// Velocity in quadrature units, √2 (Re ż, Im ż).
pub fn velocity(bound: &Bound, t: f64, z: &[c64]) -> Vec<f64> {
    let mut work = bound.workspace();
    let mut dz = vec![c64::new(0.0, 0.0); z.len()];
    bound.flow(t, z, &mut dz, &mut work);
    dz.iter().flat_map(|f| [f.re * std::f64::consts::SQRT_2, f.im * std::f64::consts::SQRT_2]).collect()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// z(T), monodromy and the largest distance from the start over [0, T].
pub(crate) fn transport(
    bound: &Bound,
    start: &[c64],
    period: f64,
    scheme: impl Into<Scheme>,
    limit: f64,
) -> Result<(Vec<f64>, RMatrix, f64), Stop> {
    let n = 2 * start.len();
    let mut system = Linearised::new(bound, n, false);
    let mut y = vec![0.0; n + n * n];
    y[..n].copy_from_slice(cast_slice(start));
    for i in 0..n {
        y[n + i * n + i] = 1.0;
    }
    let mut stretch = Stretch::new(scheme, 0.0, &y, limit);
    let mut size: f64 = 0.0;
    let origin: Vec<f64> = y[..n].to_vec();
    loop {
        let done = stretch.step(&mut system, period)?;
        let distance = origin.iter().zip(stretch.y()).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
        size = size.max(distance);
        if done {
            break;
        }
    }
    let end = stretch.y()[..n].to_vec();
    let monodromy = RMatrix::from_vec(n, n, stretch.y()[n..].to_vec());
    Ok((end, monodromy, size))
}

/// Newton shooting for (z₀, T) of an autonomous system (or z₀ alone where `fixed_period`): the bordered system
///
/// \[\[M − 1, ż(T)\], \[ż(0)ᵀ, 0\]\] (δz, δT) = −(z(T) − z₀, 0).
///
/// # Errors
/// [`ShootingFailure`] says what went wrong; nothing is returned that does not close to `closure`.
pub fn shoot(
    bound: &Bound,
    guess: &[c64],
    period: f64,
    fixed_period: bool,
    scheme: impl Into<Scheme>,
    closure: f64,
) -> Result<ClosedOrbit, ShootingFailure> {
    let scheme = scheme.into();
    let mut z = guess.to_vec();
    let lengths = tangent::lengths(bound, &z);
    let mut t = period;
    let mut previous = f64::INFINITY;
    let mut first_size = f64::INFINITY;
    // Transition matrices that grow beyond a million belong to chaotic orbits: there is nothing to shoot at.
    let limit = (1e3 * norm(cast_slice(guess))).max(1e6);
    for _ in 0..12 {
        let (end, monodromy, size) = transport(bound, &z, t, scheme, limit).map_err(ShootingFailure::Stopped)?;
        let start: &[f64] = cast_slice(&z);
        let defect: Vec<f64> = end.iter().zip(start).map(|(a, b)| a - b).collect();
        let scale = size.max(1e-300);
        first_size = first_size.min(scale);
        let error = norm(&defect) / scale;
        if !error.is_finite() {
            return Err(ShootingFailure::NotConverged);
        }
        let settled = error <= closure || (error <= 100.0 * closure && error >= 0.3 * previous);
        if settled {
            return Ok(ClosedOrbit { start: z, period: t, closure: error, monodromy, size });
        }
        if error > 10.0 * previous.max(1e-2) {
            return Err(ShootingFailure::NotConverged);
        }
        previous = error;
        let f0 = velocity(bound, 0.0, &z);
        let f1 = velocity(bound, t, cast_slice(&end));
        let border = usize::from(!fixed_period);
        let root2 = std::f64::consts::SQRT_2;
        let tangent = Tangent::at(bound, &z);
        let inner = tangent.restrict(&monodromy);
        let n = inner.rows();
        let [f0, f1, defect] = [f0, f1, defect].map(|x| tangent.project_vector(x));
        let matrix = RMatrix::from_fn(n + border, n + border, |i, j| match (i < n, j < n) {
            (true, true) => inner[(i, j)] - f64::from(u8::from(i == j)),
            (true, false) => f1[i] / root2,
            (false, true) => f0[j] / norm(&f0).max(1e-300),
            (false, false) => 0.0,
        });
        let rhs = RMatrix::from_fn(n + border, 1, |i, _| if i < n { -defect[i] } else { 0.0 });
        let delta = linalg::solve(&matrix, &rhs).map_err(|_| ShootingFailure::Singular)?;
        let step = (0..n).map(|i| delta[(i, 0)].powi(2)).sum::<f64>().sqrt();
        let moved = tangent.lift_vector((0..n).map(|i| delta[(i, 0)]).collect());
        // A guess from a transient lies on the orbit to a few per cent: a longer step is another solution.
        let damping = if step > 0.5 * scale { 0.5 * scale / step } else { 1.0 };
        for (k, value) in z.iter_mut().enumerate() {
            *value += c64::new(moved[2 * k], moved[2 * k + 1]) * damping;
        }
        tangent::hold(bound, &mut z, &lengths);
        if !fixed_period {
            t += delta[(n, 0)] * damping;
        }
        // Nothing further than half an orbit from the guess is the cycle that was meant.
        let strayed = z.iter().zip(guess).map(|(a, b)| (a - b).norm_sqr()).sum::<f64>().sqrt();
        if strayed > 0.5 * scale.min(first_size) {
            return Err(ShootingFailure::Wandered);
        }
        if !t.is_finite() || t < 0.5 * period || t > 2.0 * period {
            return Err(ShootingFailure::Wandered);
        }
    }
    Err(ShootingFailure::NotConverged)
}

/// A closed orbit in K equal segments: the state at the start of each, its transition matrix and its noise.
#[derive(Clone, Debug)]
pub struct Segments {
    /// Period.
    pub period: f64,
    /// ⟨a_k⟩ at t_j = j T/K.
    pub means: Vec<Vec<c64>>,
    /// G_j: from t_j to t_{j+1}, quadratures.
    pub transitions: Vec<RMatrix>,
    /// Noise accumulated from t_j to t_{j+1}.
    pub noises: Vec<RMatrix>,
    /// Steps taken.
    pub steps: usize,
}

/// Cuts the period into `count` segments and integrates transition matrix and noise over each. Segment by segment the matrices
/// stay well conditioned however strongly the orbit contracts.
///
/// # Errors
/// When the orbit cannot be followed.
pub fn segments(
    bound: &Bound,
    start: &[c64],
    period: f64,
    count: usize,
    scheme: impl Into<Scheme>,
) -> Result<Segments, Stop> {
    let n = 2 * start.len();
    let mut system = Linearised::new(bound, n, true);
    let (g, q) = system.offsets();
    let mut y = vec![0.0; q + n * n];
    y[..n].copy_from_slice(cast_slice(start));
    let clear = |y: &mut [f64]| {
        y[g..].fill(0.0);
        for i in 0..n {
            y[g + i * n + i] = 1.0;
        }
    };
    clear(&mut y);
    let mut stretch = Stretch::new(scheme, 0.0, &y, f64::MAX);
    let mut out = Segments {
        period,
        means: Vec::with_capacity(count),
        transitions: Vec::with_capacity(count),
        noises: Vec::with_capacity(count),
        steps: 0,
    };
    for j in 0..count {
        out.means.push(cast_slice(&stretch.y()[..n]).to_vec());
        stretch.run(&mut system, period * (j + 1) as f64 / count as f64)?;
        out.transitions.push(RMatrix::from_vec(n, n, stretch.y()[g..q].to_vec()));
        out.noises.push(RMatrix::from_vec(n, n, stretch.y()[q..].to_vec()));
        stretch.replace(clear);
    }
    out.steps = stretch.steps;
    Ok(out)
}

impl Segments {
    /// Monodromy matrix and the noise of one period from t = 0.
    pub fn total(&self) -> (RMatrix, RMatrix) {
        let n = self.transitions[0].rows();
        let mut monodromy = RMatrix::identity(n);
        let mut noise = RMatrix::zeros(n, n);
        for (g, q) in self.transitions.iter().zip(&self.noises) {
            monodromy = g * &monodromy;
            noise = &(&(g * &noise) * &g.transpose()) + q;
        }
        (monodromy, noise)
    }
}

/// A stretch of orbit sampled at equal times, by dense output.
///
/// # Errors
/// When the orbit cannot be followed.
pub fn sample(
    bound: &Bound,
    start: &[c64],
    t0: f64,
    times: &[f64],
    scheme: impl Into<Scheme>,
    limit: f64,
) -> Result<Vec<Vec<c64>>, Stop> {
    let mut system = Flow::new(bound);
    let mut stretch = Stretch::new(scheme, t0, cast_slice(start), limit);
    let mut out = Vec::with_capacity(times.len());
    for &t in times {
        stretch.run(&mut system, t)?;
        out.push(cast_slice(stretch.y()).to_vec());
    }
    Ok(out)
}
