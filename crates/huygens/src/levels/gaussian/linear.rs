//! Linear Langevin models: ṙ = A r + ξ, ⟨ξ(t) ξᵀ(t')⟩_sym = D δ(t − t'), in quadratures (q₁, p₁, …).
//!
//! * [`Transient`]: V(t) = V∞ + e^{At}(V₀ − V∞)e^{Aᵀt} in closed form from one eigendecomposition, its slow envelope, and the
//!   integral of the deviation from one more Lyapunov equation.
//! * [`spectral_density`]: power and cross spectra at any frequency.
//! * [`normal_modes`]: frequencies and linewidths of the drift, with their share in each mode.
//! * [`eliminate`]: fast modes replaced by their response at one frequency, to all orders in the coupling.

use huygens_numerics::c64;
use huygens_numerics::linalg::{self, CMatrix, LinalgError, RMatrix};

use super::orbit::{Deviation, deviation};

/// Power and cross spectra of the stationary state, exact at any frequency:
///
/// S(ω) = ∫ ½⟨{r(t + τ), rᵀ(t)}⟩ e^{iωτ} dτ = (−iω − A)⁻¹ D (−iω − A)⁻†, with ∫ S dω/2π = V
///
/// (C. W. Gardiner, Stochastic Methods (2009), sec. 4.4.6). Hermitian; the diagonal is even in ω only as a whole, S(−ω) = S(ω)ᵀ.
///
/// # Errors
/// When iω is an eigenvalue of the drift A: an undamped motion has a line, no density.
pub fn spectral_density(drift: &RMatrix, diffusion: &RMatrix, omega: f64) -> Result<CMatrix, LinalgError> {
    let n = drift.rows();
    let response = CMatrix::from_fn(n, n, |i, j| c64::new(-drift[(i, j)], if i == j { -omega } else { 0.0 }));
    // X = R⁻¹D, then S = X R⁻† = (R⁻¹X†)†.
    let half = linalg::solve(&response, &diffusion.to_complex())?;
    Ok(linalg::solve(&response, &half.adjoint())?.adjoint())
}

/// A normal mode: an eigenvalue pair λ = −γ/2 ∓ iω of the drift.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalMode {
    /// ω > 0.
    pub frequency: f64,
    /// γ = −2 Re λ, the rate at which its energy decays.
    pub linewidth: f64,
    /// Weight |v_q|² + |v_p|² of the right eigenvector on each mode, of sum 1.
    pub shares: Vec<f64>,
}

/// The oscillating normal modes of a drift matrix (overdamped pairs of real eigenvalues are left out), narrowest first.
///
/// # Errors
/// When the eigenvalue problem fails or the matrix is defective.
pub fn normal_modes(drift: &RMatrix) -> Result<Vec<NormalMode>, LinalgError> {
    let eigen = linalg::eigen(drift)?;
    let n = drift.rows() / 2;
    let mut modes: Vec<NormalMode> = eigen
        .values
        .iter()
        .enumerate()
        .filter(|(_, v)| v.im > 0.0)
        .map(|(j, v)| {
            let weight = |k: usize| eigen.right[(2 * k, j)].norm_sqr() + eigen.right[(2 * k + 1, j)].norm_sqr();
            let total: f64 = (0..n).map(weight).sum();
            NormalMode { frequency: v.im, linewidth: -2.0 * v.re, shares: (0..n).map(|k| weight(k) / total).collect() }
        })
        .collect();
    modes.sort_by(|a, b| a.linewidth.total_cmp(&b.linewidth));
    Ok(modes)
}

/// The `members.len()` normal modes that live most on the modes `members`, narrowest first; fewer where others are overdamped.
///
/// # Errors
/// As [`normal_modes`].
pub fn normal_modes_of(drift: &RMatrix, members: &[usize]) -> Result<Vec<NormalMode>, LinalgError> {
    let share = |mode: &NormalMode| members.iter().map(|&k| mode.shares[k]).sum::<f64>();
    let mut modes = normal_modes(drift)?;
    modes.sort_by(|a, b| share(b).total_cmp(&share(a)));
    modes.truncate(members.len());
    modes.sort_by(|a, b| a.linewidth.total_cmp(&b.linewidth));
    Ok(modes)
}

/// A linear model without its fast modes: drift and diffusion of the slow ones.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The slow modes, as indices into the full model.
    pub slow: Vec<usize>,
    /// The frequency at which the fast modes respond.
    pub frequency: f64,
    /// δḃ = M b: drift of the slow amplitudes, rotating terms only. Its anti-Hermitian part in i M is damping.
    pub amplitudes: CMatrix,
    /// The same in quadratures, 2n × 2n.
    pub drift: RMatrix,
    /// Diffusion in quadratures.
    pub diffusion: RMatrix,
}

/// δż = a δz + b δz* from the 2×2 block of a quadrature matrix.
fn amplitudes(m: &RMatrix, k: usize, l: usize) -> (c64, c64) {
    let (qq, qp, pq, pp) = (m[(2 * k, 2 * l)], m[(2 * k, 2 * l + 1)], m[(2 * k + 1, 2 * l)], m[(2 * k + 1, 2 * l + 1)]);
    (c64::new(0.5 * (qq + pp), 0.5 * (pq - qp)), c64::new(0.5 * (qq - pp), 0.5 * (pq + qp)))
}

/// Eliminates the modes `fast`: with the slow amplitudes turning as e^{−iωt}, the fast ones follow
/// (z_F, z_F*) = (−iω − M_F)⁻¹ (M_FS b + ξ_F), their counter-rotating part z_F* included, and act back on b through M_SF. Among
/// the slow modes only terms that turn with b are kept (rotating-wave approximation). ω is the mean frequency of the slow modes
/// by themselves, unless given.
///
/// For one cavity between two resonators this is b' = (−iω_i − γ_i/2)b_i − iΣ_j G_iG_j χ_c b_j with
/// χ_c = ¼\[1/(Δ + ω + iκ/2) − 1/(ω − Δ + iκ/2)\].
///
/// # Errors
/// When the fast modes are undamped at ω: the linear system is singular.
pub fn eliminate(
    drift: &RMatrix,
    diffusion: &RMatrix,
    fast: &[usize],
    frequency: Option<f64>,
) -> Result<Reduced, LinalgError> {
    let n = drift.rows() / 2;
    let slow: Vec<usize> = (0..n).filter(|k| !fast.contains(k)).collect();
    let (s, f) = (slow.len(), fast.len());
    let frequency =
        frequency.unwrap_or_else(|| slow.iter().map(|&k| -amplitudes(drift, k, k).0.im).sum::<f64>() / s.max(1) as f64);
    // The fast modes and their conjugates: rows and columns (z_F, z_F*).
    let response = CMatrix::from_fn(2 * f, 2 * f, |i, j| {
        let (a, b) = amplitudes(drift, fast[i % f], fast[j % f]);
        let value = match (i < f, j < f) {
            (true, true) => a,
            (true, false) => b,
            (false, true) => b.conj(),
            (false, false) => a.conj(),
        };
        let diagonal = if i == j { c64::new(0.0, -frequency) } else { c64::new(0.0, 0.0) };
        diagonal - value
    });
    let into = CMatrix::from_fn(2 * f, s, |i, j| {
        let (a, b) = amplitudes(drift, fast[i % f], slow[j]);
        if i < f { a } else { b.conj() }
    });
    let back = CMatrix::from_fn(s, 2 * f, |i, j| {
        let (a, b) = amplitudes(drift, slow[i], fast[j % f]);
        if j < f { a } else { b }
    });
    // T = M_SF (−iω − M_F)⁻¹ from the transposed system.
    let transfer = linalg::solve(&response.transpose(), &back.transpose())?.transpose();
    let own = CMatrix::from_fn(s, s, |i, j| amplitudes(drift, slow[i], slow[j]).0);
    let effective = &own + &(&transfer * &into);
    // ⟨a_k a_l†⟩ and ⟨a_k a_l⟩ of the noise from its quadratures.
    let noise = |k: usize, l: usize| amplitudes(diffusion, k, l);
    let fast_noise = CMatrix::from_fn(2 * f, 2 * f, |i, j| {
        let (normal, anomalous) = noise(fast[i % f], fast[j % f]);
        match (i < f, j < f) {
            (true, true) => normal,
            (true, false) => anomalous,
            (false, true) => anomalous.conj(),
            (false, false) => normal.conj(),
        }
    });
    let mut total = &(&transfer * &fast_noise) * &transfer.adjoint();
    for i in 0..s {
        for j in 0..s {
            total[(i, j)] += noise(slow[i], slow[j]).0;
        }
    }
    let spread = |m: &CMatrix| {
        RMatrix::from_fn(2 * s, 2 * s, |i, j| {
            let w = m[(i / 2, j / 2)];
            match (i % 2, j % 2) {
                (0, 0) | (1, 1) => w.re,
                (0, _) => -w.im,
                _ => w.im,
            }
        })
    };
    let mut diffusion = spread(&total);
    diffusion.symmetrize();
    Ok(Reduced { slow, frequency, drift: spread(&effective), diffusion, amplitudes: effective })
}

/// The relaxation of a linear model from one Gaussian state to its steady state.
#[derive(Clone, Debug)]
pub struct Transient {
    drift: RMatrix,
    steady: Deviation,
    /// V₀ − V∞.
    offset: RMatrix,
    values: Vec<c64>,
    right: CMatrix,
    /// L†(V₀ − V∞)L with the left vectors as columns of L.
    modal: CMatrix,
}

impl Transient {
    /// From the covariance `initial` (given as a deviation, so that an initial thermal state loses nothing) under drift A and
    /// diffusion D.
    ///
    /// # Errors
    /// When there is no unique steady state, or A is defective.
    pub fn new(drift: &RMatrix, diffusion: &RMatrix, initial: &Deviation) -> Result<Self, LinalgError> {
        let steady = deviation(drift, diffusion)?;
        let mut offset = &initial.matrix - &steady.matrix;
        for i in 0..drift.rows() {
            offset[(i, i)] += initial.thermal[i / 2] - steady.thermal[i / 2];
        }
        let eigen = linalg::eigen(drift)?;
        let modal = &(&eigen.left.adjoint() * &offset.to_complex()) * &eigen.left;
        Ok(Self { drift: drift.clone(), steady, offset, values: eigen.values, right: eigen.right, modal })
    }

    /// The eigenvalues λ of the drift.
    pub fn rates(&self) -> &[c64] {
        &self.values
    }

    /// The steady state.
    pub fn steady(&self) -> &Deviation {
        &self.steady
    }

    /// V(t) − V∞, and its time derivative, from the pairs (i, j) that `keep` lets through; each turns as e^{(λ_i + λ_j*)t}.
    fn relaxing(&self, t: f64, keep: impl Fn(c64) -> bool) -> (RMatrix, RMatrix) {
        let n = self.values.len();
        let zero = c64::new(0.0, 0.0);
        let mut kernel = CMatrix::zeros(n, n);
        let mut rate = CMatrix::zeros(n, n);
        for i in 0..n {
            for j in 0..n {
                let exponent = self.values[i] + self.values[j].conj();
                let value = if keep(exponent) { self.modal[(i, j)] * (exponent * t).exp() } else { zero };
                kernel[(i, j)] = value;
                rate[(i, j)] = value * exponent;
            }
        }
        let back = |m: &CMatrix| (&(&self.right * m) * &self.right.adjoint()).real();
        (back(&kernel), back(&rate))
    }

    /// The state at time t, as a deviation from thermal equilibrium.
    pub fn at(&self, t: f64) -> Deviation {
        let matrix = if t == 0.0 { self.offset.clone() } else { self.relaxing(t, |_| true).0 };
        let mut matrix = &self.steady.matrix + &matrix;
        matrix.symmetrize();
        Deviation { thermal: self.steady.thermal.clone(), matrix }
    }

    /// The state and its time derivative without the pairs that turn faster than `fastest`: the slow envelope, free of the
    /// ripple at twice the carrier frequency.
    pub fn envelope(&self, t: f64, fastest: f64) -> (Deviation, RMatrix) {
        let (matrix, rate) = self.relaxing(t, |exponent| exponent.im.abs() <= fastest);
        let mut matrix = &self.steady.matrix + &matrix;
        matrix.symmetrize();
        (Deviation { thermal: self.steady.thermal.clone(), matrix }, rate)
    }

    /// ∫₀ᵗ (V(t') − V∞) dt'.
    pub fn integral_to(&self, t: f64) -> RMatrix {
        let n = self.values.len();
        let grown = |exponent: c64| {
            let x = exponent * t;
            if x.norm() < 1e-5 { (c64::new(1.0, 0.0) + x * 0.5 + x * x / 6.0) * t } else { (x.exp() - 1.0) / exponent }
        };
        let kernel = CMatrix::from_fn(n, n, |i, j| self.modal[(i, j)] * grown(self.values[i] + self.values[j].conj()));
        let mut out = (&(&self.right * &kernel) * &self.right.adjoint()).real();
        out.symmetrize();
        out
    }

    /// X = ∫₀^∞ (V(t) − V∞) dt, the solution of A X + X Aᵀ = −(V₀ − V∞).
    ///
    /// # Errors
    /// As the Lyapunov equation.
    pub fn integral(&self) -> Result<RMatrix, LinalgError> {
        linalg::lyapunov(&self.drift, &self.offset)
    }
}

impl Deviation {
    /// The whole covariance.
    pub fn covariance(&self) -> RMatrix {
        let mut v = self.matrix.clone();
        for i in 0..v.rows() {
            v[(i, i)] += self.thermal[i / 2];
        }
        v
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{PI, TAU};

    /// Two oscillators, one of them fast and broad, coupled.
    fn pair() -> (RMatrix, RMatrix) {
        let drift = RMatrix::from_rows(&[
            &[-0.1, 1.0, 0.0, 0.0],
            &[-1.0, -0.1, 0.3, 0.0],
            &[0.0, 0.0, -0.8, 2.0],
            &[0.3, 0.0, -2.0, -0.8],
        ]);
        (drift, RMatrix::from_diagonal(&[0.0, 3.0, 0.8, 0.8]))
    }

    #[test]
    fn spectra_integrate_to_the_covariance() {
        let (drift, diffusion) = pair();
        let v = linalg::lyapunov(&drift, &diffusion).unwrap();
        // ω = tan(θ/2) turns the line into a circle, where equal steps converge geometrically.
        let n = 4000;
        let mut sum = CMatrix::zeros(4, 4);
        for k in 0..n {
            let omega = (0.5 * (TAU * (k as f64 + 0.5) / f64::from(n) - PI)).tan();
            let s = spectral_density(&drift, &diffusion, omega).unwrap();
            for i in 0..4 {
                for j in 0..4 {
                    sum[(i, j)] += s[(i, j)] * (0.5 * (1.0 + omega * omega) / f64::from(n));
                }
            }
        }
        for i in 0..4 {
            for j in 0..4 {
                let off = (sum[(i, j)] - v[(i, j)]).norm();
                assert!(off < 1e-12 * v.norm_max(), "{i} {j}: {} against {}", sum[(i, j)], v[(i, j)]);
            }
        }
        let (one, other) =
            (spectral_density(&drift, &diffusion, 0.9).unwrap(), spectral_density(&drift, &diffusion, -0.9).unwrap());
        for i in 0..4 {
            for j in 0..4 {
                assert!((one[(i, j)] - other[(j, i)]).norm() < 1e-13 * one.norm_max());
                assert!((one[(i, j)] - one[(j, i)].conj()).norm() < 1e-13 * one.norm_max());
            }
        }
    }

    #[test]
    fn a_damped_oscillator_has_its_lorentzian() {
        let (omega, gamma, d) = (3.0, 0.02, 0.5);
        let drift = RMatrix::from_rows(&[&[-0.5 * gamma, omega], &[-omega, -0.5 * gamma]]);
        let s = spectral_density(&drift, &RMatrix::from_diagonal(&[d, d]), 2.97).unwrap();
        let line = |w: f64| 1.0 / ((w - omega).powi(2) + 0.25 * gamma * gamma);
        let exact = 0.5 * d * (line(2.97) + line(-2.97));
        assert!((s[(0, 0)].re / exact - 1.0).abs() < 1e-13, "{} {exact}", s[(0, 0)]);
        let undamped = RMatrix::from_rows(&[&[0.0, 1.0], &[-1.0, 0.0]]);
        assert!(spectral_density(&undamped, &RMatrix::identity(2), 1.0).is_err());
    }
}
