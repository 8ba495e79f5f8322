//! Dense output: the solution inside a step as a short sum of vectors with weights that depend on the place.

use super::kernels::{Block, flat};
use super::tsit5;

/// Weights of the vectors at `θ = (t − t0)/h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// Six-fold nested Hermite form of DOP853.
    Dop853,
    /// Quartic polynomials of Tsit5 in front of the stages; the weights still need the factor `h`.
    Tsit5,
    /// Powers `θ, θ², θ³` in front of the coefficients of the collocation polynomial.
    Radau5,
}

/// Most vectors that a basis has.
const MOST: usize = 7;

impl Basis {
    fn weights(self, x: f64, h: f64) -> [f64; MOST] {
        match self {
            Self::Dop853 => {
                let u = 1.0 - x;
                let (w0, w1) = (x, x * u);
                let w2 = w1 * x;
                let w3 = w2 * u;
                let w4 = w3 * x;
                let w5 = w4 * u;
                [w0, w1, w2, w3, w4, w5, w5 * x]
            }
            Self::Tsit5 => tsit5::DENSE.map(|[a, b, c, d]| h * x * (a + x * (b + x * (c + x * d)))),
            Self::Radau5 => [x, x * x, x * x * x, 0.0, 0.0, 0.0, 0.0],
        }
    }

    /// Derivatives of the weights by `θ`.
    fn slopes(self, x: f64, h: f64) -> [f64; MOST] {
        match self {
            Self::Dop853 => {
                // d/dx x^a u^b = x^(a−1) u^(b−1) (a u − b x)
                let u = 1.0 - x;
                let d = |a: f64, b: f64, rest: f64| rest * (a * u - b * x);
                let xu = x * u;
                [
                    1.0,
                    d(1.0, 1.0, 1.0),
                    d(2.0, 1.0, x),
                    d(2.0, 2.0, xu),
                    d(3.0, 2.0, xu * x),
                    d(3.0, 3.0, xu * xu),
                    d(4.0, 3.0, xu * xu * x),
                ]
            }
            Self::Tsit5 => tsit5::DENSE.map(|[a, b, c, d]| h * (a + x * (2.0 * b + x * (3.0 * c + x * 4.0 * d)))),
            Self::Radau5 => [1.0, 2.0 * x, 3.0 * x * x, 0.0, 0.0, 0.0, 0.0],
        }
    }
}

/// The solution over one accepted step, `t0 ≤ t ≤ t0 + h` (or `≥` for `h < 0`).
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a> {
    pub(super) basis: Basis,
    pub(super) dim: usize,
    pub(super) t0: f64,
    pub(super) t1: f64,
    pub(super) base: &'a [Block],
    pub(super) vectors: &'a [Block],
}

impl Dense<'_> {
    /// Beginning of the step.
    pub fn t0(&self) -> f64 {
        self.t0
    }

    /// End of the step.
    pub fn t1(&self) -> f64 {
        self.t1
    }

    /// Number of components.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Writes `y(t)` into `out`. Outside the step this extrapolates, which is not accurate.
    ///
    /// # Panics
    /// When `out` is not `dim` long.
    #[track_caller]
    pub fn eval(&self, t: f64, out: &mut [f64]) {
        assert_eq!(out.len(), self.dim, "dense output needs a slice of the state's length");
        let h = self.t1 - self.t0;
        let w = self.basis.weights((t - self.t0) / h, h);
        out.copy_from_slice(&flat(self.base)[..self.dim]);
        self.accumulate(&w, out);
    }

    /// Writes `dy/dt(t)` of the interpolant into `out`, one order less accurate than [`Dense::eval`].
    ///
    /// # Panics
    /// When `out` is not `dim` long.
    #[track_caller]
    pub fn derivative(&self, t: f64, out: &mut [f64]) {
        assert_eq!(out.len(), self.dim, "dense output needs a slice of the state's length");
        let h = self.t1 - self.t0;
        let w = self.basis.slopes((t - self.t0) / h, h).map(|w| w / h);
        out.fill(0.0);
        self.accumulate(&w, out);
    }

    /// Component `i` at time `t`.
    #[track_caller]
    pub fn component(&self, i: usize, t: f64) -> f64 {
        assert!(i < self.dim, "component {i} of a state with {} components", self.dim);
        let h = self.t1 - self.t0;
        let w = self.basis.weights((t - self.t0) / h, h);
        let nb = self.base.len();
        let mut sum = flat(self.base)[i];
        for (v, w) in self.vectors.chunks_exact(nb).zip(w) {
            sum += w * flat(v)[i];
        }
        sum
    }

    fn accumulate(&self, w: &[f64; MOST], out: &mut [f64]) {
        let nb = self.base.len();
        for (v, &w) in self.vectors.chunks_exact(nb).zip(w) {
            for (o, &v) in out.iter_mut().zip(flat(v)) {
                *o += w * v;
            }
        }
    }
}
