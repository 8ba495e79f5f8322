//! Quadratic flows with pairing, displacement and linear jumps: the Riccati equation of the covariance.
//!
//! With R = (q₁, p₁, …), H = ½RᵀFR + fᵀR and H_c = ½RᵀGR + gᵀR + const, the Wigner symbol of {H_c, ρ} is
//! 2H_c W − ¼ (ΩᵀGΩ)_jk ∂_j∂_k W: a weight e^{2H_c t}, which takes 2G t off the inverse covariance, and a (possibly negative)
//! diffusion. With drift A and diffusion D of H and the jumps,
//!
//! V̇ = AV + VAᵀ + Q + 2VGV,  Q = D − ½ΩᵀGΩ,  ṁ = Am + d + 2V(Gm + g).
//!
//! V = YZ⁻¹ makes this linear: Ẏ = AY + QZ, Ż = −2GY − AᵀZ, and likewise ṙ = Ar + Qξ + d, ξ̇ = −2Gr − Aᵀξ − 2g for the points
//! r = Vξ + m. The inverse covariance P = ZY⁻¹ passes smoothly through the singularity of V: the norm diverges where its
//! smallest eigenvalue vanishes.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::{RMatrix, expm, inverse, solve, symmetric_eigen};

use super::{Divergence, Gap, NonHermitianError, constant, parts, search};
use crate::algebra::Operator;
use crate::levels::equations::Equations;
use crate::levels::kernel::Kernel;
use crate::measures::Snapshot;
use crate::measures::correlations::symplectic::uncertainty_margin;
use crate::model::{Binding, Model};

/// The flow of mean and covariance under quadratic H and H_c and linear jumps.
#[derive(Clone, Debug, PartialEq)]
pub struct QuadraticFlow {
    /// A.
    drift: RMatrix,
    /// d.
    drive: Vec<f64>,
    /// Q = D − ½ΩᵀGΩ.
    source: RMatrix,
    /// G.
    gain: RMatrix,
    /// The generator of (Y, Z) and of (r, ξ, 1).
    generator: RMatrix,
}

/// The symplectic form times x: (Ωᵀx) for G = ΩᵀA of a Hamiltonian drift A = ΩG.
fn rotate_back(m: &RMatrix) -> RMatrix {
    RMatrix::from_fn(m.rows(), m.cols(), |i, j| if i % 2 == 0 { -m[(i + 1, j)] } else { m[(i - 1, j)] })
}

/// Drift, diffusion and constant force of linear equations, in quadratures.
fn linear(
    equations: &Equations,
    binding: &Binding,
    model: &Model,
) -> Result<(RMatrix, RMatrix, Vec<f64>), NonHermitianError> {
    let kernel = Arc::new(Kernel::new(equations));
    let bound = kernel.bind(&binding.values).map_err(|e| NonHermitianError::Evaluation {
        what: "a coefficient".to_owned(),
        message: e.message(&model.names()),
    })?;
    let rest = vec![c64::new(0.0, 0.0); model.len()];
    let mut force = rest.clone();
    bound.flow(0.0, &rest, &mut force, &mut bound.workspace());
    let force = force.iter().flat_map(|z| [z.re, z.im]).map(|x| x * std::f64::consts::SQRT_2).collect();
    Ok((bound.drift_matrix(0.0, &rest), bound.diffusion_matrix(0.0, &rest), force))
}

impl QuadraticFlow {
    /// From drift A, constant force d and diffusion D of H and the jumps, and G, g of H_c = ½RᵀGR + gᵀR + const.
    ///
    /// # Errors
    /// Matrices that do not fit.
    pub fn new(
        drift: RMatrix,
        drive: Vec<f64>,
        diffusion: &RMatrix,
        gain: RMatrix,
        gain_force: &[f64],
    ) -> Result<Self, NonHermitianError> {
        let n = drift.rows();
        for (what, m) in [("the drift", &drift), ("the diffusion", diffusion), ("G", &gain)] {
            if m.rows() != n || m.cols() != n || n % 2 == 1 || !m.is_finite() {
                return Err(NonHermitianError::Shape { what });
            }
        }
        if drive.len() != n || gain_force.len() != n {
            return Err(NonHermitianError::Shape { what: "a force" });
        }
        // Ωᵀ G Ω.
        let turned = rotate_back(&rotate_back(&gain).transpose()).transpose();
        let source = diffusion - &turned.scale(0.5);
        let generator = RMatrix::from_fn(2 * n + 1, 2 * n + 1, |i, j| match (i / n, j / n) {
            (0, 0) => drift[(i, j)],
            (0, 1) => source[(i, j - n)],
            (0, _) => drive[i],
            (1, 0) => -2.0 * gain[(i - n, j)],
            (1, 1) => -drift[(j - n, i - n)],
            (1, _) => -2.0 * gain_force[i - n],
            _ => 0.0,
        });
        Ok(Self { drift, drive, source, gain, generator })
    }

    /// From a model with H and H_c at most quadratic and jumps at most linear (those that vanish at these parameters do not
    /// count).
    ///
    /// # Errors
    /// Anything of higher degree, time dependence, coefficients without a value.
    pub fn of_model(model: &Model, binding: &Binding) -> Result<Self, NonHermitianError> {
        let model = constant(model, binding)?;
        for (k, (what, operator)) in parts(&model).enumerate() {
            let (most, wanted) = if k < 2 { (2, "quadratic") } else { (1, "linear") };
            if operator.degree() > most {
                return Err(NonHermitianError::NotQuadratic { what, wanted });
            }
        }
        // H_c enters by its matrix below, not as the drift of a coherent state.
        let hermitian = Model { antihermitian: Operator::zero(), ..model.clone() };
        let (drift, diffusion, drive) = linear(&Equations::derive(&hermitian), binding, &model)?;
        let of_gain = |operator: &Operator| {
            let equations = Equations::from_operators(model.len(), model.parameters.len(), operator, &[]);
            linear(&equations, binding, &model)
        };
        let (gain, _, force) = of_gain(&model.antihermitian)?;
        let mut gain = rotate_back(&gain);
        gain.symmetrize();
        let force = rotate_back(&RMatrix::from_vec(force.len(), 1, force)).into_vec();
        Self::new(drift, drive, &diffusion, gain, &force)
    }

    /// Number of modes.
    pub fn modes(&self) -> usize {
        self.drift.rows() / 2
    }

    /// Y and Z, and r and ξ in one more column, after a step: from (1, P) and (m, 0).
    fn step(&self, flow: &RMatrix, precision: &RMatrix, mean: &[f64]) -> (RMatrix, RMatrix, Vec<f64>, Vec<f64>) {
        let n = precision.rows();
        let start = RMatrix::from_fn(2 * n + 1, n + 1, |i, j| match (i / n, j < n) {
            (0, true) => f64::from(u8::from(i == j)),
            (0, false) => mean[i],
            (1, true) => precision[(i - n, j)],
            (2, false) => 1.0,
            _ => 0.0,
        });
        let end = flow * &start;
        let part = |from: usize| RMatrix::from_fn(n, n, |i, j| end[(from + i, j)]);
        let column = |from: usize| (0..n).map(|i| end[(from + i, n)]).collect();
        (part(0), part(n), column(0), column(n))
    }

    /// P = ZY⁻¹.
    fn precision(y: &RMatrix, z: &RMatrix) -> Result<RMatrix, NonHermitianError> {
        let mut p = solve(&y.transpose(), &z.transpose())?.transpose();
        p.symmetrize();
        Ok(p)
    }

    fn start(&self, start: &Snapshot) -> Result<(RMatrix, Vec<f64>), NonHermitianError> {
        let n = self.drift.rows();
        if start.covariance.rows() != n || start.mean.len() != n / 2 {
            return Err(NonHermitianError::Shape { what: "the covariance of the start" });
        }
        let margin = uncertainty_margin(&start.covariance);
        if margin.is_nan() || margin < -1e-9 {
            let (what, wanted) = ("the smallest eigenvalue of V + iΩ/2", "not negative (uncertainty relation)");
            return Err(NonHermitianError::Start { what, value: margin, wanted });
        }
        let mean = start.mean.iter().flat_map(|a| [a.re, a.im]).map(|x| x * std::f64::consts::SQRT_2).collect();
        let mut precision = inverse(&start.covariance)?;
        precision.symmetrize();
        Ok((precision, mean))
    }

    /// The state at time t.
    ///
    /// # Errors
    /// A start that is no state; a time at or after the divergence, or negative.
    pub fn at(&self, start: &Snapshot, t: f64) -> Result<Snapshot, NonHermitianError> {
        if let Some(divergence) = self.divergence(start, t)?.time {
            return Err(NonHermitianError::Diverged { t, divergence });
        }
        let (mut precision, mut mean) = self.start(start)?;
        // Steps over which the flow grows by a factor of e at most, so that Y and Z keep their digits.
        let steps = (t * self.generator.norm_fro()).ceil().max(1.0);
        let flow = expm(&self.generator.scale(t / steps))?;
        let n = precision.rows();
        let mut covariance = start.covariance.clone();
        for _ in 0..steps as usize {
            let (y, z, r, xi) = self.step(&flow, &precision, &mean);
            precision = Self::precision(&y, &z)?;
            covariance = inverse(&precision)?;
            let shift = covariance.mul_vec(&xi);
            mean = (0..n).map(|i| r[i] - shift[i]).collect();
        }
        covariance.symmetrize();
        let mean = mean.chunks(2).map(|r| c64::new(r[0], r[1]) * std::f64::consts::FRAC_1_SQRT_2).collect();
        Ok(Snapshot { mean, covariance })
    }

    /// The first time up to `horizon` at which a variance is infinite, or the largest x = (v − ½)/(v + ½) of the largest
    /// variance v up to then. The smallest eigenvalue λ of V⁻¹ obeys
    /// λ̇ = −2λ wᵀAw − λ² wᵀQw − 2wᵀGw with its eigenvector w, which bounds how fast it can reach zero.
    ///
    /// # Errors
    /// A start that is no state; a search that does not end.
    pub fn divergence(&self, start: &Snapshot, horizon: f64) -> Result<Divergence, NonHermitianError> {
        let (precision, _) = self.start(start)?;
        let n = precision.rows();
        let rest = vec![0.0; n];
        let largest = |m: &RMatrix| -> Result<f64, NonHermitianError> {
            let mut m = m.clone();
            m.symmetrize();
            Ok(symmetric_eigen(&m)?.0.last().copied().unwrap_or(0.0).max(0.0))
        };
        let (damping, noise, gain) = (largest(&self.drift)?, largest(&self.source)?, largest(&self.gain)?);
        // Each look starts from the last one: steps of either sign, none of them long.
        let mut last = (0.0, precision);
        let gap = |t: f64| -> Result<Gap, NonHermitianError> {
            let flow = expm(&self.generator.scale(t - last.0))?;
            let (y, z, ..) = self.step(&flow, &last.1, &rest);
            last = (t, Self::precision(&y, &z)?);
            let (values, vectors) = symmetric_eigen(&last.1)?;
            let w = vectors.col(0);
            let form = |m: &RMatrix| m.mul_vec(&w).iter().zip(&w).map(|(a, b)| a * b).sum::<f64>();
            let l = values[0];
            let slope = -2.0 * l * form(&self.drift) - l * l * form(&self.source) - 2.0 * form(&self.gain);
            Ok(Gap { value: l, slope })
        };
        let safe = |l: f64| l / (2.0 * gain + 2.0 * damping * l + noise * l * l);
        let longest = 0.25 / self.generator.norm_fro().max(1e-300);
        search(gap, safe, longest, horizon, |l| (1.0 - 0.5 * l) / (1.0 + 0.5 * l))
    }

    /// d of ṁ = Am + d + 2V(Gm + g).
    pub fn drive(&self) -> &[f64] {
        &self.drive
    }
}
