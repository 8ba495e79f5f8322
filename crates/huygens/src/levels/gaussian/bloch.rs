//! Translation-invariant rings: Fourier modes fluctuate independently, each with the matrices of one cell.
//!
//! With q_k = N^{-1/2} Σ_j e^{−ikj} q_j the drift of wave number k is M_k = Σ_d M_d cos kd (reflection-symmetric couplings
//! over d cells), and ⟨R_j R_{j+h}ᵀ⟩ = (1/N) Σ_k cos(kh) C_k. The neutral direction of the cycle lives in k = 0; every other
//! k relaxes, with multipliers of its own.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::orbit::{GaussianOrbit, OrbitError, Sample, Treatment, View};
use crate::algebra::EvalError;
use crate::levels::equations::Ring;
use crate::levels::kernel::Bound;
use crate::levels::mean_field::attractor::FixedPoint;
use crate::levels::mean_field::cycle::ClosedOrbit;
use crate::levels::mean_field::integrate::Scheme;
use crate::measures::Moments;

/// The Gaussian state of a ring over one period, one block for each wave number 0 ≤ k ≤ N/2.
#[derive(Clone, Debug)]
pub struct RingOrbit {
    /// Number of cells.
    pub cells: usize,
    /// Blocks for k = 2πκ/N, κ = 0 … N/2. The block κ = 0 carries the neutral direction.
    pub blocks: Vec<GaussianOrbit>,
    /// cos(2πm/N), m = 0 … N − 1.
    cosines: Vec<f64>,
}

/// Why there is no such state.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RingError {
    /// An expression has no value.
    #[error("{0:?}")]
    Parameters(EvalError),
    /// A block has no periodic covariance.
    #[error("wave number {index} of {cells} cells: {source}")]
    Block {
        /// κ.
        index: usize,
        /// N.
        cells: usize,
        /// The reason.
        source: OrbitError,
    },
}

fn blocks(
    bound: &Bound,
    cells: usize,
    mut solve: impl FnMut(usize, &Bound) -> Result<GaussianOrbit, OrbitError>,
) -> Result<RingOrbit, RingError> {
    let mut list = Vec::with_capacity(cells / 2 + 1);
    for index in 0..=cells / 2 {
        let wave = std::f64::consts::TAU * index as f64 / cells as f64;
        let at_wave = bound.with_wave(wave).map_err(RingError::Parameters)?;
        list.push(solve(index, &at_wave).map_err(|source| RingError::Block { index, cells, source })?);
    }
    Ok(RingOrbit::new(cells, list))
}

/// The periodic covariance of a ring whose cells all follow `orbit`; `bound` belongs to the unit cell.
///
/// # Errors
/// [`RingError`] names the wave number that has no periodic covariance.
pub fn on_cycle(
    bound: &Bound,
    cells: usize,
    orbit: &ClosedOrbit,
    driven: bool,
    count: usize,
    scheme: impl Into<Scheme>,
) -> Result<RingOrbit, RingError> {
    let scheme = scheme.into();
    blocks(bound, cells, |index, at_wave| super::orbit::on_cycle(at_wave, orbit, driven || index > 0, count, scheme))
}

/// The stationary covariance of a ring whose cells all rest at `point`.
///
/// # Errors
/// As [`on_cycle`].
pub fn at_fixed_point(bound: &Bound, cells: usize, point: &FixedPoint) -> Result<RingOrbit, RingError> {
    blocks(bound, cells, |index, at_wave| {
        let neutral = if index == 0 { point.neutral.clone() } else { RMatrix::zeros(point.neutral.rows(), 0) };
        super::orbit::at_fixed_point(at_wave, &FixedPoint { neutral, ..point.clone() })
    })
}

impl RingOrbit {
    /// A ring state from its blocks κ = 0 … N/2.
    pub fn new(cells: usize, blocks: Vec<GaussianOrbit>) -> Self {
        let cosines = (0..cells).map(|m| (std::f64::consts::TAU * m as f64 / cells as f64).cos()).collect();
        Self { cells, blocks, cosines }
    }

    /// Largest |multiplier| over all wave numbers, with its κ.
    pub fn leading(&self) -> (f64, usize) {
        let modulus = |orbit: &GaussianOrbit| {
            if orbit.period == 0.0 {
                orbit.spectrum.iter().map(|v| v.re.exp()).fold(0.0, f64::max)
            } else {
                orbit.spectrum.iter().map(|v| v.norm()).fold(0.0, f64::max)
            }
        };
        self.blocks
            .iter()
            .enumerate()
            .map(|(k, b)| (modulus(b), k))
            .fold((0.0, 0), |a, b| if b.0 > a.0 { b } else { a })
    }

    /// Moments of all modes of the ring at sample `j`.
    pub fn view<'a>(&'a self, j: usize, ring: &'a Ring, treatment: Treatment) -> RingView<'a> {
        let samples: Vec<&Sample> = self.blocks.iter().map(|b| &b.samples[j]).collect();
        // c V Vᵀ over the whole ring is N c v vᵀ in the block κ = 0.
        let first = match treatment {
            Treatment::Diffused(c) => View::new(samples[0], Treatment::Diffused(c * self.cells as f64)),
            other => View::new(samples[0], other),
        };
        RingView { cells: self.cells, ring, samples, first, cosines: &self.cosines }
    }
}

/// Moments of a ring at one time.
pub struct RingView<'a> {
    cells: usize,
    ring: &'a Ring,
    samples: Vec<&'a Sample>,
    first: View<'a>,
    cosines: &'a [f64],
}

impl Moments for RingView<'_> {
    fn modes(&self) -> usize {
        self.ring.places.len()
    }

    fn mean(&self, k: usize) -> c64 {
        self.samples[0].mean[self.ring.places[k].0]
    }

    // Diffusion moves the state along the orbit, which changes its covariance but not its energy.
    fn energy_covariance(&self, k: usize) -> [[f64; 2]; 2] {
        self.sum(k, k, |i, j| self.samples[0].base[(i, j)])
    }

    fn covariance(&self, k: usize, l: usize) -> [[f64; 2]; 2] {
        self.sum(k, l, |i, j| self.first.entry(i, j))
    }
}

impl RingView<'_> {
    /// (1/N) Σ_κ cos(2πκh/N) C_κ with `first` as the block κ = 0.
    fn sum(&self, k: usize, l: usize, first: impl Fn(usize, usize) -> f64) -> [[f64; 2]; 2] {
        let ((a, i), (b, j)) = (self.ring.places[k], self.ring.places[l]);
        let n = self.cells;
        let h = (j + n - i) % n;
        let mut block = [[0.0; 2]; 2];
        for (index, sample) in self.samples.iter().enumerate() {
            let multiplicity = if index == 0 || 2 * index == n { 1.0 } else { 2.0 };
            let weight = multiplicity * self.cosines[(index * h) % n] / n as f64;
            for (r, row) in block.iter_mut().enumerate() {
                for (c, value) in row.iter_mut().enumerate() {
                    let (i, j) = (2 * a + r, 2 * b + c);
                    *value += weight * if index == 0 { first(i, j) } else { sample.base[(i, j)] };
                }
            }
        }
        block
    }
}
