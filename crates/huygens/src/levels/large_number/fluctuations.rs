//! Gaussian fluctuations about the end of a path.

use std::f64::consts::{PI, SQRT_2};

use huygens_numerics::c64;
use huygens_numerics::linalg::{
    CMatrix, RMatrix, det, eigenvalues, expm_complex, hermitian_eigen, inverse, solve, symmetric_eigen,
};
use huygens_numerics::ode::as_real;

use super::flow::{Instanton, InstantonError};
use super::path::{Options, Path};
use super::shooting::log_det;
use crate::measures::correlations::symplectic::mode_entropy;

/// The state about the end of a dominant path, to one loop.
///
/// Along each U(1) symmetry the state is spread evenly over its phase; the conserved number N_s = Σ q_j a_j†a_j is what is conjugate
/// to it. The other quadratures are Gaussian. With d symmetries the entropy is that of d numbers with a normal distribution and of
/// n − d modes with symplectic eigenvalues ν given these numbers,
///
/// S = ½ ln det(2πe Cov N) + Σ f(ν_k).
///
/// A discrete symmetry beside these, such as a → −a of a pair drive, makes several equal paths; the state is their mixture, and
/// its entropy larger by the logarithm of their number, which is not included here.
#[derive(Clone, Debug, PartialEq)]
pub struct Fluctuations {
    /// Covariance of the numbers N_s; d×d.
    pub numbers: RMatrix,
    /// Symplectic eigenvalues of what is left, ascending; n − d of them.
    pub symplectic: Vec<f64>,
    /// Covariance of the quadratures orthogonal to the phases, in the directions `directions` (columns).
    pub covariance: RMatrix,
    /// Orthonormal directions in (q₁, p₁, …), 2n × (2n − d).
    pub directions: RMatrix,
    /// Von Neumann entropy in nats.
    pub entropy: f64,
    /// Largest asymmetry of the Hessian relative to its size: how well the path was solved.
    pub asymmetry: f64,
}

/// Orthonormal columns that span what is orthogonal to the given vectors.
fn complement(vectors: &[Vec<f64>], dim: usize) -> RMatrix {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut kept = Vec::new();
    let units = (0..dim).map(|k| (0..dim).map(|j| f64::from(u8::from(j == k))).collect::<Vec<f64>>());
    for (index, vector) in vectors.iter().cloned().chain(units).enumerate() {
        let size = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut v = vector;
        for _ in 0..2 {
            for b in &basis {
                let dot: f64 = b.iter().zip(&v).map(|(x, y)| x * y).sum();
                v.iter_mut().zip(b).for_each(|(x, b)| *x -= dot * b);
            }
        }
        let left = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        // Of the unit vectors those that are mostly spanned already are passed over until the space is full.
        let needed = if index < vectors.len() { 1e-12 * size } else { 0.3 };
        if left > needed && basis.len() < dim {
            v.iter_mut().for_each(|x| *x /= left);
            if index >= vectors.len() {
                kept.push(v.clone());
            }
            basis.push(v);
        }
    }
    RMatrix::from_fn(dim, kept.len(), |i, j| kept[j][i])
}

impl Instanton {
    /// The fluctuations about the end of a path.
    ///
    /// # Errors
    /// Fluctuations that are those of no state: the path is not the one that dominates, or a symmetry was not found.
    pub fn fluctuations(&self, path: &Path, options: &Options) -> Result<Fluctuations, InstantonError> {
        self.quantum("fluctuations")?;
        let n = self.modes;
        let rows = self.chain(path, options)?.0.rows;
        let part = |from: usize| RMatrix::from_fn(2 * n, 2 * n, |i, j| rows[(i, from + j)]);
        // C_α δα + C_b δb = 0.
        let response = solve(&part(2 * n), &part(0))?.scale(-1.0);
        // δp = δα* − δb; with p = ½(φ_x − iφ_y) the Hessian in (x, y) is (2 Re δp, −2 Im δp), in (q, p) = √2 (x, y) half of it.
        let mut hessian = RMatrix::from_fn(2 * n, 2 * n, |i, j| {
            let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
            let own = if i == j { sign } else { 0.0 };
            sign * (own - response[(i, j)])
        });
        let asymmetry = hessian.asymmetry() / hessian.norm_max().max(1e-300);
        hessian.symmetrize();
        let quadratures: Vec<f64> = path.amplitudes().iter().flat_map(|a| [SQRT_2 * a.re, SQRT_2 * a.im]).collect();
        let phases: Vec<Vec<f64>> = self
            .charges
            .iter()
            .map(|q| {
                (0..2 * n)
                    .map(|i| q[i / 2] * if i % 2 == 0 { quadratures[i + 1] } else { -quadratures[i - 1] })
                    .collect()
            })
            .collect();
        let directions = complement(&phases, 2 * n);
        let precision = (&(&directions.transpose() * &hessian) * &directions).scale(-1.0);
        let mut covariance = inverse(&precision)?;
        covariance.symmetrize();
        // Normal order to Weyl order. Where the P function is no density (quieter than a coherent state) this alone is positive.
        for k in 0..covariance.rows() {
            covariance[(k, k)] += 0.5;
        }
        let (variances, _) = symmetric_eigen(&covariance)?;
        if variances.first().is_some_and(|v| *v <= 0.0) {
            return Err(InstantonError::NotAState { what: "a variance", value: variances[0] });
        }
        // The numbers as functions of these directions: δN = Σ q_j (q δq + p δp).
        let d = self.charges.len();
        let gradients = RMatrix::from_fn(2 * n, d, |i, s| self.charges[s][i / 2] * quadratures[i]);
        let projected = &directions.transpose() * &gradients;
        let with_numbers = &covariance * &projected;
        let numbers = &projected.transpose() * &with_numbers;
        let mut entropy = if d > 0 { 0.5 * (d as f64 * (1.0 + (2.0 * PI).ln()) + det(&numbers).ln()) } else { 0.0 };
        // What is left when the numbers are known, modulo the numbers.
        let mut symplectic = Vec::new();
        if n > d {
            let given = if d > 0 {
                &covariance - &(&with_numbers * &solve(&numbers, &with_numbers.transpose())?)
            } else {
                covariance.clone()
            };
            let columns: Vec<Vec<f64>> = (0..d).map(|s| projected.col(s)).collect();
            let rest = complement(&columns, 2 * n - d);
            let form =
                RMatrix::from_fn(2 * n, 2 * n, |i, j| if i / 2 != j / 2 || i == j { 0.0 } else { j as f64 - i as f64 });
            let lifted = &directions * &rest;
            let form = &(&lifted.transpose() * &form) * &lifted;
            let given = &(&rest.transpose() * &given) * &rest;
            let mut found: Vec<f64> =
                eigenvalues(&solve(&form, &given)?)?.iter().map(|v| v.im).filter(|v| *v > 0.0).collect();
            found.sort_by(f64::total_cmp);
            if let Some(nu) = found.iter().find(|nu| **nu < 0.5 - 1e-6) {
                return Err(InstantonError::NotAState { what: "a symplectic eigenvalue", value: *nu });
            }
            symplectic = found;
            entropy += symplectic.iter().map(|v| mode_entropy(v.max(0.5))).sum::<f64>();
        }
        Ok(Fluctuations { numbers, symplectic, covariance, directions, entropy, asymmetry })
    }

    /// ln tr R(T) − φ(T) to one loop, of a path that ends in `kick` where one is given; without the logarithm of the number of
    /// equal paths that discrete symmetries make.
    ///
    /// ln det(1 − X) + ∫K₁dt − ½ ln|det(B; EΦ)| + (n − d/2) ln 2π − n ln π + d ln 2π + ½ ln det(e_s·e_t): the WKB amplitude
    /// |∂α(T)/∂α(0)|^{−1/2} from Weyl order, times the Gaussian integral over α(T), times the volume of the ring that the phases
    /// e_s span. Their product is one determinant of the boundary value problem, without caustics on the way.
    fn prefactor(&self, path: &Path, kick: Option<&RMatrix>, options: &Options) -> Result<f64, InstantonError> {
        let n = self.modes;
        let d = self.charges.len();
        let (chain, [_, orderings]) = self.chain(path, options)?;
        let last: Vec<f64> = path.nodes.last().map_or(Vec::new(), |z| as_real(z).to_vec());
        let last = kick.map_or_else(|| last.clone(), |kick| kick.mul_vec(&last));
        // Tangents of the phases in (x, y), then −δπ = (−2 Re δp, 2 Im δp) with δp = δα* − δb, and a unit stiffness along them.
        let phases: Vec<Vec<f64>> = self
            .charges
            .iter()
            .map(|q| (0..2 * n).map(|i| q[i / 2] * if i % 2 == 0 { last[i + 1] } else { -last[i - 1] }).collect())
            .collect();
        let unit = orthonormal(&phases);
        let mut end = self.end_rows();
        for i in 0..2 * n {
            let sign = if i % 2 == 0 { 2.0 } else { -2.0 };
            for j in 0..4 * n {
                end[(i, j)] *= sign;
            }
            for e in &unit {
                for j in 0..2 * n {
                    end[(i, j)] += e[i] * e[j];
                }
            }
        }
        if let Some(kick) = kick {
            end = &end * kick;
        }
        let closed =
            RMatrix::from_fn(4 * n, 4 * n, |i, j| if i < 2 * n { chain.rows[(i, j)] } else { end[(i - 2 * n, j)] });
        let overlaps = RMatrix::from_fn(d, d, |s, t| phases[s].iter().zip(&phases[t]).map(|(x, y)| x * y).sum());
        let ring = if d > 0 { 0.5 * log_det(&overlaps) + d as f64 * (2.0 * PI).ln() } else { 0.0 };
        let (occupied, _) = hermitian_eigen(&self.start)?;
        let normalisation: f64 = occupied.iter().map(|x| (-x).ln_1p()).sum();
        let gaussian = (n as f64 - 0.5 * d as f64) * (2.0 * PI).ln() - n as f64 * PI.ln();
        Ok(normalisation + orderings - 0.5 * (chain.log_det() + log_det(&closed)) + gaussian + ring)
    }

    /// ln tr R(T) of a normalised start to one loop.
    ///
    /// # Errors
    /// As [`Instanton::solve`].
    pub fn log_norm(&self, path: &Path, options: &Options) -> Result<f64, InstantonError> {
        self.quantum("norms of order 1")?;
        Ok(path.action + self.prefactor(path, None, options)?)
    }

    /// ⟨a_i†a_j⟩ with its correction of relative order 1/N: α_i*α_j + d/dλ of the one-loop part of ln tr(e^{λO/2} R e^{λO/2}) for
    /// O = a_i†a_j and its adjoint. Elements that the symmetries make vanish are 0.
    ///
    /// # Errors
    /// As [`Instanton::solve`].
    pub fn correlations(&self, path: &Path, options: &Options) -> Result<CMatrix, InstantonError> {
        self.quantum("corrections of relative order 1/N")?;
        let n = self.modes;
        let mut out = CMatrix::zeros(n, n);
        let alpha = path.amplitudes();
        for i in 0..n {
            for j in i..n {
                if self.charges.iter().any(|q| q[i] != q[j]) {
                    continue;
                }
                let shift = if i == j {
                    c64::new(self.shift(path, i, j, c64::new(1.0, 0.0), options)?, 0.0)
                } else {
                    // O = a_i†a_j + h.c. and i a_i†a_j + h.c.: twice the real part, and minus twice the imaginary part.
                    let real = self.shift(path, i, j, c64::new(1.0, 0.0), options)?;
                    let imaginary = self.shift(path, i, j, c64::new(0.0, 1.0), options)?;
                    c64::new(0.5 * real, -0.5 * imaginary)
                };
                out[(i, j)] = alpha[i].conj() * alpha[j] + shift;
                out[(j, i)] = out[(i, j)].conj();
            }
        }
        Ok(out)
    }

    /// d/dλ of the one-loop part for O = Σ o_kl a_k†a_l with o_ij = c, o_ji = c*.
    fn shift(&self, path: &Path, i: usize, j: usize, c: c64, options: &Options) -> Result<f64, InstantonError> {
        let n = self.modes;
        let mut o = CMatrix::zeros(n, n);
        (o[(i, j)], o[(j, i)]) = (c, c.conj());
        let step = 1e-3;
        let mut values = [0.0; 2];
        for (value, sign) in values.iter_mut().zip([1.0, -1.0]) {
            // α → wα, b → w⁻ᵀb with w = e^{λo/2}.
            let w = expm_complex(&o.scale(c64::new(0.5 * sign * step, 0.0)))?;
            let back = expm_complex(&o.scale(c64::new(-0.5 * sign * step, 0.0)))?.transpose();
            let kick = RMatrix::from_fn(4 * n, 4 * n, |r, s| {
                if (r < 2 * n) != (s < 2 * n) {
                    return 0.0;
                }
                let part = if r < 2 * n { &w } else { &back };
                let z = part[((r % (2 * n)) / 2, (s % (2 * n)) / 2)];
                match (r % 2, s % 2) {
                    (0, 0) | (1, 1) => z.re,
                    (0, _) => -z.im,
                    _ => z.im,
                }
            });
            let kicked = self.kicked(path, &kick, options)?;
            *value = self.prefactor(&kicked, Some(&kick), options)?;
        }
        // Weyl order of the kick itself: −½ tr o.
        Ok((values[0] - values[1]) / (2.0 * step) - 0.5 * o.trace().re)
    }
}

/// The vectors made orthonormal.
fn orthonormal(vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for vector in vectors {
        let mut v = vector.clone();
        for _ in 0..2 {
            for b in &basis {
                let dot: f64 = b.iter().zip(&v).map(|(x, y)| x * y).sum();
                v.iter_mut().zip(b).for_each(|(x, b)| *x -= dot * b);
            }
        }
        let size = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.iter_mut().for_each(|x| *x /= size);
        basis.push(v);
    }
    basis
}
