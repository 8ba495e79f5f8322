//! Linear Langevin equations: steps of any length without discretisation error.
//!
//! For dx = (A x + c) dt + dξ with ⟨dξ dξᵀ⟩ = D dt the state after a time h is exactly
//!
//! x(t + h) = Φ x(t) + s + η, Φ = e^{Ah}, s = ∫₀ʰ e^{Aτ} c dτ, ⟨η ηᵀ⟩ = Q = ∫₀ʰ e^{Aτ} D e^{Aᵀτ} dτ.
//!
//! Q is built by doubling, Q(2τ) = Q(τ) + Φ(τ) Q(τ) Φ(τ)ᵀ, from a τ so short that a Taylor series has no cancellation: all
//! terms are positive semidefinite, nothing overflows for κh ≫ 1 (Van Loan's block exponential does), and no stationary
//! state is needed (undamped and unstable models work as well). The factor of Q is taken after scaling to unit diagonal, by a
//! pivoted Cholesky factorisation that stops at the rank.

use huygens_numerics::linalg::{LinalgError, RMatrix, expm, lyapunov};
use huygens_numerics::random::Lanes;
use multiversion::multiversion;

use super::ensemble::{Dynamics, LANES, Lane, Sampling};
use crate::levels::kernel::Bound;
use crate::levels::mean_field::tangent::across;

/// What can go wrong with a linear model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinearError {
    /// The flow or the noise depends on the state or on time.
    #[error(
        "the equations are not linear with constant coefficients: exact steps do not exist; use the truncated Wigner steppers"
    )]
    NotLinear,
    /// A covariance with a negative eigenvalue.
    #[error(
        "the {what} is not positive semidefinite: after scaling to unit diagonal a pivot is {pivot:.2e}; check its entries and their signs"
    )]
    NotPositive {
        /// Which matrix.
        what: &'static str,
        /// The pivot.
        pivot: f64,
    },
    /// No stationary state.
    #[error("the model has no stationary state to start from: {source}; start from a given covariance instead")]
    NoStationaryState {
        /// Why.
        source: LinalgError,
    },
    /// The drift has growing or undamped directions.
    #[error("the model has no stationary state to start from: it is not damped in all directions")]
    NotDamped,
    /// A matrix function without a finite value.
    #[error("the step of length {step:.3e} cannot be made: {source}")]
    Step {
        /// Length of the step.
        step: f64,
        /// Why.
        source: LinalgError,
    },
}

/// A linear Langevin model dx = (A x + c) dt + dξ, ⟨dξ dξᵀ⟩ = D dt, in real variables.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearModel {
    /// A.
    pub drift: RMatrix,
    /// c.
    pub drive: Vec<f64>,
    /// D, symmetric and positive semidefinite.
    pub diffusion: RMatrix,
}

impl LinearModel {
    /// A model without drive.
    pub fn new(drift: RMatrix, diffusion: RMatrix) -> Self {
        let drive = vec![0.0; drift.rows()];
        Self { drift, drive, diffusion }
    }

    /// The quadratures of a model with quadratic H and linear jumps, at the parameters of `bound`. Exact: the Wigner function
    /// then obeys this equation without truncation.
    ///
    /// # Errors
    /// [`LinearError::NotLinear`].
    pub fn of(bound: &Bound) -> Result<Self, LinearError> {
        if !bound.kernel().linear() || bound.kernel().driven() {
            return Err(LinearError::NotLinear);
        }
        let origin = vec![huygens_numerics::c64::new(0.0, 0.0); bound.modes()];
        let mut flow = origin.clone();
        bound.flow(0.0, &origin, &mut flow, &mut bound.workspace());
        let drive = flow.iter().flat_map(|f| [f.re, f.im]).map(|x| std::f64::consts::SQRT_2 * x).collect();
        let mut diffusion = bound.diffusion_matrix(0.0, &origin);
        drop_rounding(&mut diffusion);
        Ok(Self { drift: bound.drift_matrix(0.0, &origin), drive, diffusion })
    }

    /// Number of real variables.
    pub fn dimension(&self) -> usize {
        self.drive.len()
    }

    /// Mean and covariance of the stationary state: A V + V Aᵀ + D = 0, A x + c = 0.
    ///
    /// # Errors
    /// [`LinearError::NoStationaryState`], [`LinearError::NotDamped`].
    pub fn stationary(&self) -> Result<(Vec<f64>, RMatrix), LinearError> {
        let fault = |source| LinearError::NoStationaryState { source };
        let rates = huygens_numerics::linalg::eigenvalues(&self.drift).map_err(fault)?;
        if rates.iter().any(|r| r.re >= 0.0) {
            return Err(LinearError::NotDamped);
        }
        let covariance = lyapunov(&self.drift, &self.diffusion).map_err(fault)?;
        let mut mean: Vec<f64> = self.drive.iter().map(|c| -c).collect();
        huygens_numerics::linalg::Lu::new(&self.drift).map_err(fault)?.solve_in_place(&mut mean);
        Ok((mean, covariance))
    }

    /// Φ, s and Q of a step of length h.
    ///
    /// # Errors
    /// [`LinearError::Step`] where the exponential has no finite value.
    pub fn step(&self, h: f64) -> Result<Step, LinearError> {
        let fault = |source| LinearError::Step { step: h, source };
        let n = self.dimension();
        let norm = self.drift.norm_one() * h.abs();
        if !norm.is_finite() {
            return Err(fault(LinalgError::NotFinite { what: "the drift of a step" }));
        }
        let doublings = if norm > 0.25 { (norm / 0.25).log2().ceil() as i32 } else { 0 };
        let tau = h * 0.5f64.powi(doublings);
        let a = self.drift.scale(tau);
        let mut phi = expm(&a).map_err(fault)?;
        // Q = τ Σ_j L_j/(j+1)!, L₀ = D, L_{j+1} = A L_j + L_j Aᵀ; s likewise. ‖A‖ ≤ 1/4: the terms fall like 2⁻ʲ/(j+1)!.
        let mut term = self.diffusion.scale(tau);
        let mut noise = term.clone();
        let mut drive_term: Vec<f64> = self.drive.iter().map(|c| c * tau).collect();
        let mut drive = drive_term.clone();
        for j in 2..22 {
            let product = &a * &term;
            term = &product + &product.transpose();
            term = term.scale(1.0 / f64::from(j));
            noise.add_scaled(1.0, &term);
            drive_term = a.mul_vec(&drive_term).iter().map(|x| x / f64::from(j)).collect();
            drive.iter_mut().zip(&drive_term).for_each(|(s, t)| *s += t);
        }
        for _ in 0..doublings {
            noise.add_scaled(1.0, &phi.sandwich(&noise.clone()));
            let moved = phi.mul_vec(&drive);
            drive.iter_mut().zip(&moved).for_each(|(s, t)| *s += t);
            phi = &phi * &phi;
        }
        noise.symmetrize();
        if !(phi.is_finite() && noise.is_finite()) {
            return Err(fault(LinalgError::NotFinite { what: "the propagator of a step" }));
        }
        debug_assert_eq!(noise.rows(), n);
        Ok(Step { propagator: phi, drive, covariance: noise })
    }
}

/// A bath that damps the momentum alone takes all noise from q again; what rounding leaves of it is no noise.
pub(crate) fn drop_rounding(diffusion: &mut RMatrix) {
    for i in 0..diffusion.rows() {
        let partner = diffusion[(i ^ 1, i ^ 1)];
        if diffusion[(i, i)].abs() < 1e-13 * partner {
            diffusion[(i, i)] = 0.0;
        }
    }
}

/// One exact step x → Φ x + s + η.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Φ.
    pub propagator: RMatrix,
    /// s.
    pub drive: Vec<f64>,
    /// Q = ⟨η ηᵀ⟩.
    pub covariance: RMatrix,
}

/// G with G Gᵀ = V for a positive semidefinite V, as many columns as V has rank: the unit-diagonal V is factored with the
/// largest pivot first, and the factorisation ends where the pivots are rounding.
///
/// # Errors
/// [`LinearError::NotPositive`] for a pivot below −10⁻⁹ (a covariance computed in double precision has no more noise).
pub fn factor(v: &RMatrix, what: &'static str) -> Result<RMatrix, LinearError> {
    let n = v.rows();
    let scale: Vec<f64> = (0..n).map(|i| v[(i, i)].max(0.0).sqrt()).collect();
    let unit = |i: usize, j: usize| {
        let s = scale[i] * scale[j];
        if s > 0.0 { v[(i, j)] / s } else { 0.0 }
    };
    for i in 0..n {
        let stray = (0..n).any(|j| scale[i] == 0.0 && v[(i, j)] != 0.0);
        if v[(i, i)] < 0.0 || stray || !v[(i, i)].is_finite() {
            return Err(LinearError::NotPositive { what, pivot: v[(i, i)] });
        }
    }
    let mut pivots: Vec<f64> = scale.iter().map(|s| if *s > 0.0 { 1.0 } else { 0.0 }).collect();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut taken = vec![false; n];
    for _ in 0..n {
        let free = (0..n).filter(|&i| !taken[i]);
        let Some(k) = free.max_by(|&i, &j| pivots[i].total_cmp(&pivots[j])) else { break };
        if pivots[k] < 1e-15 * n as f64 {
            break;
        }
        taken[k] = true;
        let root = pivots[k].sqrt();
        let mut column = vec![0.0; n];
        column[k] = root;
        for i in (0..n).filter(|&i| !taken[i]) {
            let done: f64 = columns.iter().map(|c| c[i] * c[k]).sum();
            column[i] = (unit(i, k) - done) / root;
            pivots[i] -= column[i] * column[i];
        }
        columns.push(column);
    }
    if let Some(pivot) = (0..n).filter(|&i| !taken[i]).map(|i| pivots[i]).find(|p| *p < -1e-9) {
        return Err(LinearError::NotPositive { what, pivot });
    }
    Ok(RMatrix::from_fn(n, columns.len(), |i, k| scale[i] * columns[k][i]))
}

/// A Gaussian state to start from.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianStart {
    mean: Vec<f64>,
    rows: SparseRows,
    noises: usize,
    spins: Vec<SpinStart>,
}

/// The start of a spin: 2j spins ½ in one state with the Bloch vector v, sampled at Wootters' points in the frame of v. Along v each is
/// ±½ with the mean |v|/2, across it ±½ with the mean 0. The sum over many is taken as Gaussian.
#[derive(Clone, Debug, PartialEq)]
pub struct SpinStart {
    /// Where √2 (J_x, −J_y, J_z) stand among the variables.
    pub places: [usize; 3],
    /// 2j.
    pub twice: u32,
    /// v, in the same components.
    pub bloch: [f64; 3],
}

/// Longest 2j whose spins ½ are drawn one by one.
const ONE_BY_ONE: u32 = 16;

impl SpinStart {
    /// Uniform numbers of a trajectory.
    fn uniforms(&self) -> usize {
        if self.twice <= ONE_BY_ONE { 3 * self.twice as usize } else { 0 }
    }

    fn draw(&self, noise: &mut Lanes<LANES>, state: &mut [Lane], scratch: &mut Vec<Lane>) {
        let length = self.bloch.iter().map(|x| x * x).sum::<f64>().sqrt();
        let along = if length > 0.0 { self.bloch.map(|x| x / length) } else { [0.0, 0.0, 1.0] };
        let [first, second] = across(along);
        let root = std::f64::consts::SQRT_2;
        let mut sums = [[0.0; LANES]; 3];
        if self.uniforms() > 0 {
            scratch.resize(self.uniforms(), [0.0; LANES]);
            noise.fill_uniforms(scratch);
            for three in scratch.chunks_exact(3) {
                for ((sum, draw), up) in sums.iter_mut().zip(three).zip([0.5 * (1.0 + length), 0.5, 0.5]) {
                    for (s, u) in sum.iter_mut().zip(draw) {
                        *s += if *u < up { 0.5 } else { -0.5 };
                    }
                }
            }
        } else {
            scratch.resize(3, [0.0; LANES]);
            noise.fill_normals(scratch);
            let n = f64::from(self.twice);
            let spread = [0.5 * (n * (1.0 - length * length).max(0.0)).sqrt(), 0.5 * n.sqrt(), 0.5 * n.sqrt()];
            let mean = [0.5 * n * length, 0.0, 0.0];
            for (k, sum) in sums.iter_mut().enumerate() {
                for (s, x) in sum.iter_mut().zip(&scratch[k]) {
                    *s = mean[k] + spread[k] * x;
                }
            }
        }
        for (i, place) in self.places.iter().enumerate() {
            for lane in 0..LANES {
                let [a, e, f] = [sums[0][lane], sums[1][lane], sums[2][lane]];
                state[*place][lane] = root * (a * along[i] + e * first[i] + f * second[i]);
            }
        }
    }
}

impl GaussianStart {
    /// Mean and covariance in the quadratures (q₁, p₁, …); a zero covariance starts all trajectories at the mean.
    ///
    /// # Errors
    /// [`LinearError::NotPositive`].
    pub fn new(mean: Vec<f64>, covariance: &RMatrix) -> Result<Self, LinearError> {
        let factor = factor(covariance, "covariance of the start")?;
        let rows = SparseRows::new(&[&factor]);
        Ok(Self { mean, rows, noises: factor.cols(), spins: Vec::new() })
    }

    /// With spins, whose entries of mean and covariance do not count.
    #[must_use]
    pub fn with_spins(mut self, spins: Vec<SpinStart>) -> Self {
        self.spins = spins;
        self
    }

    /// With further variables that start at 0.
    #[must_use]
    pub(crate) fn with_still(mut self, count: usize) -> Self {
        self.mean.resize(self.mean.len() + count, 0.0);
        self.rows.add_empty(count);
        self
    }

    /// The mean.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Draws states.
    pub(crate) fn draw(&self, noise: &mut Lanes<LANES>, state: &mut [Lane], scratch: &mut Vec<Lane>) {
        scratch.resize(self.noises, [0.0; LANES]);
        noise.fill_normals(scratch);
        sparse_lanes(&self.rows, &self.mean, scratch, state);
        for spin in &self.spins {
            spin.draw(noise, state, scratch);
        }
    }
}

/// A sparse real matrix in compressed rows, for lanes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SparseRows {
    starts: Vec<u32>,
    entries: Vec<(u32, f64)>,
}

impl SparseRows {
    /// Adds rows of zeros.
    fn add_empty(&mut self, count: usize) {
        let end = self.entries.len() as u32;
        self.starts.resize(self.starts.len() + count, end);
    }

    /// Matrices side by side: rows of one length, columns one after the other.
    pub(crate) fn new(parts: &[&RMatrix]) -> Self {
        let mut rows = Self { starts: vec![0], entries: Vec::new() };
        for i in 0..parts[0].rows() {
            let mut offset = 0;
            for part in parts {
                let filled = part.row(i).iter().enumerate().filter(|(_, x)| **x != 0.0);
                rows.entries.extend(filled.map(|(j, x)| ((offset + j) as u32, *x)));
                offset += part.cols();
            }
            rows.starts.push(rows.entries.len() as u32);
        }
        rows
    }

    /// The same times a number.
    pub(crate) fn scaled(&self, factor: f64) -> Self {
        let entries = self.entries.iter().map(|(j, x)| (*j, factor * x)).collect();
        Self { starts: self.starts.clone(), entries }
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &[(u32, f64)] {
        &self.entries[self.starts[i] as usize..self.starts[i + 1] as usize]
    }
}

/// `out = offset + M x` for all lanes.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn sparse_lanes(matrix: &SparseRows, offset: &[f64], x: &[Lane], out: &mut [Lane]) {
    for (i, target) in out.iter_mut().enumerate() {
        let mut sum = [offset[i]; LANES];
        for &(j, value) in matrix.row(i) {
            let source = &x[j as usize];
            for l in 0..LANES {
                sum[l] += value * source[l];
            }
        }
        *target = sum;
    }
}

/// `out = M x` for all lanes.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn times(matrix: &SparseRows, x: &[Lane], out: &mut [Lane]) {
    for (i, target) in out.iter_mut().enumerate() {
        let mut sum = [0.0; LANES];
        for &(j, value) in matrix.row(i) {
            let source = &x[j as usize];
            for l in 0..LANES {
                sum[l] += value * source[l];
            }
        }
        *target = sum;
    }
}

/// `out += M x` for all lanes.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(crate) fn add_times(matrix: &SparseRows, x: &[Lane], out: &mut [Lane]) {
    for (i, target) in out.iter_mut().enumerate() {
        for &(j, value) in matrix.row(i) {
            let source = &x[j as usize];
            for l in 0..LANES {
                target[l] += value * source[l];
            }
        }
    }
}

/// A step, ready for the lanes.
#[derive(Clone, Debug)]
struct PreparedStep {
    /// Φ and G side by side.
    rows: SparseRows,
    drive: Vec<f64>,
    noises: usize,
}

impl PreparedStep {
    fn new(step: &Step) -> Result<Self, LinearError> {
        let factor = factor(&step.covariance, "noise of a step")?;
        Ok(Self {
            rows: SparseRows::new(&[&step.propagator, &factor]),
            drive: step.drive.clone(),
            noises: factor.cols(),
        })
    }
}

/// A linear model with its steps from sample to sample worked out: the [`Dynamics`] of exact trajectories.
#[derive(Clone, Debug)]
pub struct Exact {
    model: LinearModel,
    drift: SparseRows,
    start: GaussianStart,
    first: Option<PreparedStep>,
    step: PreparedStep,
}

/// Scratch space of [`Exact`]: state and noise one after the other, and noise drawn ahead.
#[derive(Clone, Debug, Default)]
pub struct ExactWork {
    joined: Vec<Lane>,
    ahead: Vec<Lane>,
    used: usize,
}

/// Steps whose noise is drawn at once.
const AHEAD: usize = 8;

impl Exact {
    /// Prepares the steps of `sampling`. A quench is a `start` that belongs to other parameters.
    ///
    /// # Errors
    /// As [`LinearModel::step`]; [`LinearError::NotPositive`] for a diffusion matrix with a negative eigenvalue.
    pub fn new(model: LinearModel, start: GaussianStart, sampling: &Sampling) -> Result<Self, LinearError> {
        factor(&model.diffusion, "diffusion matrix")?;
        let first = if sampling.from > 0.0 { Some(PreparedStep::new(&model.step(sampling.from)?)?) } else { None };
        let step = PreparedStep::new(&model.step(sampling.every)?)?;
        Ok(Self { drift: SparseRows::new(&[&model.drift]), model, start, first, step })
    }
}

impl Dynamics for Exact {
    type Work = ExactWork;

    fn dimension(&self) -> usize {
        self.model.dimension()
    }

    fn work(&self) -> ExactWork {
        ExactWork::default()
    }

    fn start(&self, noise: &mut Lanes<LANES>, state: &mut [Lane], work: &mut ExactWork) {
        self.start.draw(noise, state, &mut work.joined);
        work.used = 0;
        work.ahead.clear();
    }

    fn advance(&self, sample: usize, noise: &mut Lanes<LANES>, state: &mut [Lane], work: &mut ExactWork) {
        let n = state.len();
        let step = if sample == 0 { self.first.as_ref().unwrap_or(&self.step) } else { &self.step };
        work.joined.resize(n + step.noises, [0.0; LANES]);
        work.joined[..n].copy_from_slice(state);
        if sample == 0 {
            noise.fill_normals(&mut work.joined[n..]);
        } else {
            // Later steps are all alike: their noise is drawn in long rows.
            if work.used == work.ahead.len() {
                work.ahead.resize(AHEAD * step.noises, [0.0; LANES]);
                noise.fill_normals(&mut work.ahead);
                work.used = 0;
            }
            work.joined[n..].copy_from_slice(&work.ahead[work.used..work.used + step.noises]);
            work.used += step.noises;
        }
        sparse_lanes(&step.rows, &step.drive, &work.joined, state);
    }

    fn drift(&self, _time: f64, state: &[Lane], out: &mut [Lane], _work: &mut ExactWork) {
        sparse_lanes(&self.drift, &self.model.drive, state, out);
    }
}
