//! The Gaussian state on an attractor: mean and covariance over one period, with the neutral directions kept apart.

use huygens_numerics::c64;
use huygens_numerics::linalg::{self, LinalgError, RMatrix};

use super::neutral;
use crate::levels::equations::Spin;
use crate::levels::kernel::Bound;
use crate::levels::mean_field::attractor::{FixedPoint, Rotating, rotate_drift};
use crate::levels::mean_field::cycle::{self, ClosedOrbit, Segments};
use crate::levels::mean_field::integrate::{Scheme, Stop};
use crate::levels::mean_field::tangent::Tangent;
use crate::measures::Moments;
use crate::measures::correlations::symplectic;

/// Why there is no Gaussian state.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OrbitError {
    /// A linear system of the covariance equation is singular.
    #[error("the covariance equation is singular: a further neutral direction exists ({0})")]
    Singular(LinalgError),
    /// The orbit could not be followed.
    #[error("the orbit cannot be followed over its period ({0:?})")]
    Orbit(Stop),
}

impl From<LinalgError> for OrbitError {
    fn from(error: LinalgError) -> Self {
        Self::Singular(error)
    }
}

/// The Gaussian state at one time.
#[derive(Clone, Debug)]
pub struct Sample {
    /// ⟨a_k⟩.
    pub mean: Vec<c64>,
    /// Covariance with the collective phase removed (c = 0), order (q₁, p₁, …).
    pub base: RMatrix,
    /// Neutral directions V as columns.
    pub right: RMatrix,
    /// Left neutral directions U, UᵀV = 1.
    pub left: RMatrix,
    /// The covariance as a deviation from thermal equilibrium, where it was computed so.
    pub deviation: Option<Deviation>,
}

/// V = diag(v₁, v₁, v₂, v₂, …) + W with W known to its own relative accuracy.
#[derive(Clone, Debug)]
pub struct Deviation {
    /// v_k: variance of mode k in equilibrium with its baths.
    pub thermal: Vec<f64>,
    /// W.
    pub matrix: RMatrix,
}

/// How the collective phase is treated when moments are read from a [`Sample`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Treatment {
    /// c = 0.
    Removed,
    /// P C Pᵀ.
    Transverse,
    /// C_b + c V Vᵀ.
    Diffused(f64),
}

/// The Gaussian state over one period (one sample at a fixed point).
#[derive(Clone, Debug)]
pub struct GaussianOrbit {
    /// Period; 0 at a fixed point.
    pub period: f64,
    /// Times of the samples.
    pub times: Vec<f64>,
    /// The state at these times.
    pub samples: Vec<Sample>,
    /// d c/dt of the neutral directions, r × r.
    pub growth: RMatrix,
    /// Floquet multipliers without the neutral ones, falling modulus; at a fixed point the exponents (rates).
    pub spectrum: Vec<c64>,
    /// Largest asymmetry or mismatch after one period, relative: how well the covariance closes.
    pub closure: f64,
    /// The spins among the modes.
    pub spins: Vec<Spin>,
}

/// Moments of a [`Sample`] under a [`Treatment`], computed entry by entry.
pub struct View<'a> {
    sample: &'a Sample,
    /// W = C U of the transverse treatment: Uᵀ C U = 0 leaves P C Pᵀ = C − V Wᵀ − W Vᵀ.
    tangential: Option<RMatrix>,
    diffused: f64,
}

impl<'a> View<'a> {
    /// A view; only the transverse one computes, O(n²).
    pub fn new(sample: &'a Sample, treatment: Treatment) -> Self {
        let (tangential, diffused) = match treatment {
            Treatment::Removed => (None, 0.0),
            Treatment::Diffused(c) => (None, c),
            Treatment::Transverse => (Some(&sample.base * &sample.left), 0.0),
        };
        Self { sample, tangential, diffused }
    }

    /// The entry (i, j) of the covariance, order (q₁, p₁, …).
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        let v = &self.sample.right;
        let mut value = self.sample.base[(i, j)];
        for c in 0..v.cols() {
            if let Some(w) = &self.tangential {
                value -= v[(i, c)] * w[(j, c)] + w[(i, c)] * v[(j, c)];
            }
            value += self.diffused * v[(i, c)] * v[(j, c)];
        }
        value
    }
}

impl Moments for View<'_> {
    fn modes(&self) -> usize {
        self.sample.mean.len()
    }

    fn mean(&self, k: usize) -> c64 {
        self.sample.mean[k]
    }

    // Diffusion moves the state along the orbit, which changes its covariance but not its energy.
    fn energy_covariance(&self, k: usize) -> [[f64; 2]; 2] {
        let base = &self.sample.base;
        [[base[(2 * k, 2 * k)], base[(2 * k, 2 * k + 1)]], [base[(2 * k + 1, 2 * k)], base[(2 * k + 1, 2 * k + 1)]]]
    }

    fn excess(&self, k: usize, variance: f64) -> [f64; 2] {
        let base = &self.sample.base;
        let of = |i: usize| match &self.sample.deviation {
            Some(d) if (d.thermal[k] - variance).abs() <= 4.0 * f64::EPSILON * variance => d.matrix[(i, i)],
            _ => base[(i, i)] - variance,
        };
        let z = self.sample.mean[k];
        [2.0 * z.re * z.re + of(2 * k), 2.0 * z.im * z.im + of(2 * k + 1)]
    }

    fn covariance(&self, k: usize, l: usize) -> [[f64; 2]; 2] {
        let at = |i: usize, j: usize| self.entry(2 * k + i, 2 * l + j);
        [[at(0, 0), at(0, 1)], [at(1, 0), at(1, 1)]]
    }
}

fn column(vector: &[f64]) -> RMatrix {
    RMatrix::from_fn(vector.len(), 1, |i, _| vector[i])
}

/// The periodic covariance on a limit cycle. `driven` cycles have no neutral direction.
///
/// # Errors
/// [`OrbitError`] when the covariance equation is singular or the orbit breaks off.
pub fn on_cycle(
    bound: &Bound,
    orbit: &ClosedOrbit,
    driven: bool,
    count: usize,
    scheme: impl Into<Scheme>,
) -> Result<GaussianOrbit, OrbitError> {
    let segments = cycle::segments(bound, &orbit.start, orbit.period, count, scheme).map_err(OrbitError::Orbit)?;
    from_segments(bound, &segments, driven)
}

/// The periodic covariance from the segments of a cycle.
///
/// # Errors
/// As [`on_cycle`].
pub fn from_segments(bound: &Bound, segments: &Segments, driven: bool) -> Result<GaussianOrbit, OrbitError> {
    let (monodromy, noise) = segments.total();
    let n = monodromy.rows();
    let right = if driven { RMatrix::zeros(n, 0) } else { column(&cycle::velocity(bound, 0.0, &segments.means[0])) };
    let tangent = Tangent::at(bound, &segments.means[0]);
    let inside = |m: &RMatrix| tangent.restrict(m).into_owned();
    let separated =
        neutral::periodic(&inside(&monodromy), &inside(&noise), &tangent.project(&right))?.widened(&tangent);
    let count = segments.means.len();
    // Left vectors are carried backwards (stable), covariances forwards.
    let mut lefts = vec![separated.left.clone(); count];
    let mut left = separated.left.clone();
    for j in (1..count).rev() {
        left = &segments.transitions[j].transpose() * &left;
        lefts[j].clone_from(&left);
    }
    let mut samples = Vec::with_capacity(count);
    let mut covariance = separated.base.clone();
    let mut right = separated.right.clone();
    for j in 0..count {
        samples.push(without_neutral(&segments.means[j], &covariance, &right, &lefts[j]));
        let g = &segments.transitions[j];
        covariance = &(&(g * &covariance) * &g.transpose()) + &segments.noises[j];
        covariance.symmetrize();
        right = g * &right;
    }
    let end = without_neutral(&segments.means[0], &covariance, &samples[0].right, &samples[0].left);
    let closure = (&end.base - &samples[0].base).norm_max() / samples[0].base.norm_max().max(f64::MIN_POSITIVE);
    Ok(GaussianOrbit {
        period: segments.period,
        times: (0..count).map(|j| segments.period * j as f64 / count as f64).collect(),
        samples,
        growth: separated.growth.scale(1.0 / segments.period),
        spectrum: separated.spectrum,
        closure,
        spins: bound.kernel().spins().to_vec(),
    })
}

/// Takes c V Vᵀ with c = Uᵀ C U out of a covariance.
fn without_neutral(mean: &[c64], covariance: &RMatrix, right: &RMatrix, left: &RMatrix) -> Sample {
    let base = if right.cols() == 0 {
        covariance.clone()
    } else {
        let c = &(&left.transpose() * covariance) * left;
        covariance - &(&(right * &c) * &right.transpose())
    };
    Sample { mean: mean.to_vec(), base, right: right.clone(), left: left.clone(), deviation: None }
}

/// The stationary covariance at a fixed point.
///
/// # Errors
/// As [`on_cycle`].
pub fn at_fixed_point(bound: &Bound, point: &FixedPoint) -> Result<GaussianOrbit, OrbitError> {
    let drift = bound.drift_matrix(0.0, &point.point);
    let diffusion = bound.diffusion_matrix(0.0, &point.point);
    stationary_in(bound, &point.point, &drift, &diffusion, &point.neutral)
}

/// [`stationary`] in the directions in which the state can move.
fn stationary_in(
    bound: &Bound,
    mean: &[c64],
    drift: &RMatrix,
    diffusion: &RMatrix,
    right: &RMatrix,
) -> Result<GaussianOrbit, OrbitError> {
    let tangent = Tangent::at(bound, mean);
    if tangent.is_whole() {
        return stationary(mean, drift, diffusion, right);
    }
    let [drift, diffusion] = [drift, diffusion].map(|m| tangent.restrict(m));
    let separated = neutral::stationary(&drift, &diffusion, &tangent.project(right))?;
    let closure = residual(&drift, &diffusion, &separated);
    let separated = separated.widened(&tangent);
    let mut base = separated.base;
    base.symmetrize();
    Ok(GaussianOrbit {
        period: 0.0,
        times: vec![0.0],
        samples: vec![without_neutral(mean, &base, &separated.right, &separated.left)],
        growth: separated.growth,
        spectrum: separated.spectrum,
        closure,
        spins: bound.kernel().spins().to_vec(),
    })
}

/// Residual of the Lyapunov equation, relative, without the part that feeds the neutral directions.
fn residual(drift: &RMatrix, diffusion: &RMatrix, separated: &neutral::Separated) -> f64 {
    let p = neutral::projector(&separated.right, &separated.left);
    let mv = drift * &separated.base;
    let rest = &(&p * &(&(&mv + &mv.transpose()) + diffusion)) * &p.transpose();
    rest.norm_max() / (drift.norm_max() * separated.base.norm_max()).max(f64::MIN_POSITIVE)
}

/// A sum of which nothing is left but rounding is nothing.
pub(crate) fn balance(terms: [f64; 3]) -> f64 {
    let sum = (terms[0] + terms[1]) + terms[2];
    let size: f64 = terms.iter().map(|x| x.abs()).sum();
    if sum.abs() <= 4.0 * f64::EPSILON * size { 0.0 } else { sum }
}

/// Solves M V + V Mᵀ + D = 0 for the deviation W = V − V_th from the thermal state of each mode by itself, v_k = D_k/γ_k from
/// the trace of its blocks of D and −M: M W + W Mᵀ + (M V_th + V_th Mᵀ + D) = 0. What the baths keep in balance cancels exactly
/// in the source, so that W keeps its digits however small it is beside V.
///
/// # Errors
/// No or more than one solution.
pub fn deviation(drift: &RMatrix, diffusion: &RMatrix) -> Result<Deviation, LinalgError> {
    let n = drift.rows();
    let thermal: Vec<f64> = (0..n / 2)
        .map(|k| {
            let trace = |m: &RMatrix| m[(2 * k, 2 * k)] + m[(2 * k + 1, 2 * k + 1)];
            let damping = -trace(drift);
            if damping > 0.0 { 0.5 * trace(diffusion) / damping } else { 0.0 }
        })
        .collect();
    let source = RMatrix::from_fn(n, n, |i, j| {
        balance([drift[(i, j)] * thermal[j / 2], drift[(j, i)] * thermal[i / 2], diffusion[(i, j)]])
    });
    if source.norm_max() == 0.0 {
        return Ok(Deviation { thermal, matrix: source });
    }
    Ok(Deviation { thermal, matrix: linalg::lyapunov(drift, &source)? })
}

/// The stationary covariance of fluctuations with this drift and diffusion around `mean`, with neutral directions `right`.
///
/// # Errors
/// As [`on_cycle`].
pub fn stationary(
    mean: &[c64],
    drift: &RMatrix,
    diffusion: &RMatrix,
    right: &RMatrix,
) -> Result<GaussianOrbit, OrbitError> {
    let deviation = if right.cols() == 0 { Some(deviation(drift, diffusion)?) } else { None };
    let mut separated = neutral::stationary(drift, diffusion, right)?;
    if let Some(Deviation { thermal, matrix }) = &deviation {
        separated.base = matrix.clone();
        for i in 0..matrix.rows() {
            separated.base[(i, i)] += thermal[i / 2];
        }
    }
    separated.base.symmetrize();
    let closure = residual(drift, diffusion, &separated);
    let sample = Sample { deviation, ..without_neutral(mean, &separated.base, &separated.right, &separated.left) };
    Ok(GaussianOrbit {
        period: 0.0,
        times: vec![0.0],
        samples: vec![sample],
        growth: separated.growth,
        spectrum: separated.spectrum,
        closure,
        spins: Vec::new(),
    })
}

/// The covariance of a rotating fixed point: stationary in the co-rotating frame, turned back at `count` times over one
/// period of the slowest rotation.
///
/// # Errors
/// As [`on_cycle`].
pub fn rotating(bound: &Bound, point: &Rotating, count: usize) -> Result<GaussianOrbit, OrbitError> {
    let drift = rotate_drift(bound.drift_matrix(0.0, &point.point), &point.frequencies);
    let diffusion = bound.diffusion_matrix(0.0, &point.point);
    let still = stationary_in(bound, &point.point, &drift, &diffusion, &point.neutral)?;
    let slowest = point.frequencies.iter().map(|w| w.abs()).filter(|w| *w > 0.0).fold(f64::INFINITY, f64::min);
    let period = std::f64::consts::TAU / slowest;
    let times: Vec<f64> = (0..count).map(|j| period * j as f64 / count as f64).collect();
    let sample = &still.samples[0];
    let samples = times
        .iter()
        .map(|t| {
            let turn = rotation(&point.frequencies, *t);
            let mean =
                sample.mean.iter().zip(&point.frequencies).map(|(z, w)| z * c64::from_polar(1.0, -w * t)).collect();
            let back = turn.transpose();
            Sample {
                mean,
                base: &(&turn * &sample.base) * &back,
                right: &turn * &sample.right,
                left: &turn * &sample.left,
                deviation: None,
            }
        })
        .collect();
    Ok(GaussianOrbit { period, times, samples, ..still })
}

/// a_k → a_k e^{−iω_k t} as a rotation of the quadratures.
fn rotation(frequencies: &[f64], t: f64) -> RMatrix {
    let n = 2 * frequencies.len();
    let mut turn = RMatrix::zeros(n, n);
    for (k, w) in frequencies.iter().enumerate() {
        let (s, c) = (w * t).sin_cos();
        turn[(2 * k, 2 * k)] = c;
        turn[(2 * k, 2 * k + 1)] = s;
        turn[(2 * k + 1, 2 * k)] = -s;
        turn[(2 * k + 1, 2 * k + 1)] = c;
    }
    turn
}

/// Smallest symplectic eigenvalue minus ½ of the covariance with c V Vᵀ added: not negative in a quantum state. Where that
/// matrix is not positive, the (negative) smallest eigenvalue of V + iΩ/2 instead; with spins that of V + ½⟨\[R, R\]⟩.
pub fn uncertainty(sample: &Sample, c: f64, spins: &[Spin]) -> f64 {
    if !spins.is_empty() {
        return symplectic::margin_with_spins(&View::new(sample, Treatment::Diffused(c)), spins);
    }
    let all: Vec<usize> = (0..sample.mean.len()).collect();
    let full = symplectic::gather(&View::new(sample, Treatment::Diffused(c)), &all);
    match symplectic::symplectic_eigenvalues(&full) {
        Some(values) => values[0] - 0.5,
        None => symplectic::uncertainty_margin(&full),
    }
}
