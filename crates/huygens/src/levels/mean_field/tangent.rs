//! The directions in which a state can move.
//!
//! Of bosons they are all quadratures. The variable ⟨J_z⟩ of a spin has one real part; and where no jump acts on a spin, its flow keeps
//! |⟨J⟩|, so that it moves on a sphere. There the drift at a fixed point, and the monodromy matrix of a cycle, map the tangent space into
//! itself: EᵀME with orthonormal columns E has their exponents and no others.

use std::borrow::Cow;

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use crate::levels::equations::Spin;
use crate::levels::kernel::Bound;

/// The tangent space at a state, by orthonormal columns in quadratures.
#[derive(Clone, Debug)]
pub struct Tangent {
    /// `None` where it is the whole space.
    basis: Option<RMatrix>,
}

impl Tangent {
    /// At the state `z`.
    pub fn at(bound: &Bound, z: &[c64]) -> Self {
        let spins = bound.kernel().spins();
        if spins.is_empty() {
            return Self { basis: None };
        }
        let n = 2 * z.len();
        let mut columns: Vec<Vec<(usize, f64)>> = Vec::new();
        for k in 0..z.len() - spins.len() {
            if !spins.iter().any(|s| s.mode == k) {
                columns.extend([vec![(2 * k, 1.0)], vec![(2 * k + 1, 1.0)]]);
            }
        }
        for spin in spins {
            let places = [2 * spin.mode, 2 * spin.mode + 1, 2 * spin.z];
            let (v, at) = (vector(spin, z), length(vector(spin, z)));
            let axes = match (spin.rigid, at > 0.0) {
                (false, _) => IDENTITY.to_vec(),
                (true, true) => across(v.map(|x| x / at)).to_vec(),
                (true, false) => Vec::new(),
            };
            for axis in axes {
                columns.push(places.into_iter().zip(axis).collect());
            }
        }
        let mut basis = RMatrix::zeros(n, columns.len());
        for (j, column) in columns.iter().enumerate() {
            for &(i, x) in column {
                basis[(i, j)] = x;
            }
        }
        Self { basis: Some(basis) }
    }

    /// Whether it is the whole space.
    pub fn is_whole(&self) -> bool {
        self.basis.is_none()
    }

    /// Eᵀ M E.
    pub fn restrict<'a>(&self, matrix: &'a RMatrix) -> Cow<'a, RMatrix> {
        match &self.basis {
            None => Cow::Borrowed(matrix),
            Some(e) => Cow::Owned(&(&e.transpose() * matrix) * e),
        }
    }

    /// Eᵀ X: columns in its coordinates.
    pub fn project<'a>(&self, columns: &'a RMatrix) -> Cow<'a, RMatrix> {
        match &self.basis {
            None => Cow::Borrowed(columns),
            Some(e) => Cow::Owned(&e.transpose() * columns),
        }
    }

    /// Eᵀ x.
    pub fn project_vector(&self, x: Vec<f64>) -> Vec<f64> {
        match &self.basis {
            None => x,
            Some(e) => (0..e.cols()).map(|j| (0..e.rows()).map(|i| e[(i, j)] * x[i]).sum()).collect(),
        }
    }

    /// E X: columns in quadratures again.
    pub fn lift(&self, columns: RMatrix) -> RMatrix {
        match &self.basis {
            None => columns,
            Some(e) => e * &columns,
        }
    }

    /// E V Eᵀ: a covariance in quadratures again.
    pub fn widen(&self, covariance: RMatrix) -> RMatrix {
        match &self.basis {
            None => covariance,
            Some(e) => &(e * &covariance) * &e.transpose(),
        }
    }

    /// E x: a step in quadratures.
    pub fn lift_vector(&self, x: Vec<f64>) -> Vec<f64> {
        match &self.basis {
            None => x,
            Some(e) => (0..e.rows()).map(|i| (0..e.cols()).map(|j| e[(i, j)] * x[j]).sum()).collect(),
        }
    }

    /// Number of directions, of `n` quadratures.
    pub fn directions(&self, n: usize) -> usize {
        self.basis.as_ref().map_or(n, RMatrix::cols)
    }
}

const IDENTITY: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// (Re ⟨J₋⟩, Im ⟨J₋⟩, ⟨J_z⟩) = (⟨J_x⟩, −⟨J_y⟩, ⟨J_z⟩).
fn vector(spin: &Spin, z: &[c64]) -> [f64; 3] {
    [z[spin.mode].re, z[spin.mode].im, z[spin.z].re]
}

/// Two unit vectors across the unit vector v and each other: the other axes, in the reflection that takes v to the axis nearest to it.
pub(crate) fn across(v: [f64; 3]) -> [[f64; 3]; 2] {
    let axis = (0..3).max_by(|a, b| v[*a].abs().total_cmp(&v[*b].abs())).unwrap_or(2);
    let mut w = v;
    w[axis] += w[axis].signum();
    let square: f64 = w.iter().map(|x| x * x).sum();
    [(axis + 1) % 3, (axis + 2) % 3].map(|k| std::array::from_fn(|i| IDENTITY[k][i] - 2.0 * w[k] * w[i] / square))
}

fn length(v: [f64; 3]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Lengths |⟨J⟩| of the spins, to be given back by [`hold`].
pub(super) fn lengths(bound: &Bound, z: &[c64]) -> Vec<f64> {
    bound.kernel().spins().iter().map(|s| length(vector(s, z))).collect()
}

/// Brings the spins that move on spheres back to them after a step along their tangents.
pub(super) fn hold(bound: &Bound, z: &mut [c64], lengths: &[f64]) {
    for (spin, kept) in bound.kernel().spins().iter().zip(lengths).filter(|(s, _)| s.rigid) {
        let now = length(vector(spin, z));
        if now > 0.0 {
            z[spin.mode] *= kept / now;
            z[spin.z] *= kept / now;
        }
    }
}

/// Leaves a state of rest along a fixed direction: amplitudes of a hundredth of a quantum, spins turned by a hundredth.
pub(super) fn nudge(bound: &Bound, z: &mut [c64]) {
    let spins = bound.kernel().spins();
    for k in 0..z.len() - spins.len() {
        let kick = c64::from_polar(1e-2 * (1.0 + 0.1 * (k as f64).sin()), 0.3 + 0.61 * k as f64);
        match spins.iter().find(|s| s.mode == k) {
            None => z[k] += kick,
            Some(spin) => {
                let v = vector(spin, z);
                let own = length(v);
                if own == 0.0 {
                    if !spin.rigid {
                        z[k] += kick * (0.5 * f64::from(spin.twice));
                    }
                    continue;
                }
                let [e, f] = across(v.map(|x| x / own));
                let turned: [f64; 3] = std::array::from_fn(|i| v[i] + own * (kick.re * e[i] + kick.im * f[i]));
                let now = length(turned);
                let [x, y, up] = turned.map(|x| x * own / now);
                z[k] = c64::new(x, y);
                z[spin.z] = c64::new(up, 0.0);
            }
        }
    }
}
