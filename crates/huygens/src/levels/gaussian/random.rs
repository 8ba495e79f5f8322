//! Random Gaussian states, and how their distance D and their ergotropy of synchronization χ are spread.
//!
//! Any covariance of N modes is V = S diag(ν) Sᵀ with symplectic eigenvalues ν_k ≥ ½ and S = (passive) · (squeezers) · (passive)
//! (Bloch and Messiah, Nucl. Phys. 39, 95 (1962)). An [`Ensemble`] draws ν_k − ½ and the squeezing parameters r_k from given
//! laws, and both passive parts from the Haar measure of U(N). Means are zero.
//!
//! The symmetrised amplitudes C_ij = ½⟨{a_i, a_j†}⟩ alone fix energy and distance,
//!
//! E = Σ_j ω_j C_jj,  D² = 2(1 − Σ_ij C_ij/(N Σ_j C_jj)),
//!
//! and the entropy is that of the ν_k, so that no state needs to be diagonalised. C passes through the three parts as U C U†,
//! C_ij → cosh r_i cosh r_j C_ij + sinh r_i sinh r_j C_ij\*, U C U†. For two modes the passive parts turn a Bloch vector,
//! C = A + b·σ: the inner one makes its direction random, and so does the outer one, whose result
//! D² = 1 − |b|m_x/A, E = (ω₁ + ω₂)A + (ω₁ − ω₂)|b|m_z needs nothing but the direction m. [`Ensemble::fill`] computes 64 states
//! side by side in this way. State k of a seed is always the same, whatever thread asks for it.

use huygens_numerics::c64;
use huygens_numerics::elementary::{exp, exp_m1, ln, ln_1p, turn};
use huygens_numerics::linalg::{CMatrix, RMatrix};
use huygens_numerics::random::{Stream, Streams};
use multiversion::multiversion;

use crate::costs::ergotropy::{ErgotropyError, classical_ergotropy, ergotropy};
use crate::measures::correlations::symplectic::mode_entropy;

/// The law of one positive random number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Always this value.
    Constant(f64),
    /// Equal density between two values.
    Uniform {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Equal density of the logarithm between two values.
    LogUniform {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Density e^{−x/mean}/mean.
    Exponential {
        /// Mean.
        mean: f64,
    },
}

impl Law {
    /// The value below which a share u ∈ [0, 1) lies.
    #[inline(always)]
    pub fn quantile(self, u: f64) -> f64 {
        match self {
            Law::Constant(x) => x,
            Law::Uniform { low, high } => low + (high - low) * u,
            Law::LogUniform { low, high } => low * exp(u * (high / low).ln()),
            Law::Exponential { mean } => -mean * ln(1.0 - u),
        }
    }

    /// Whether it has values, all of them finite and at least 0; the largest it can give in practice (u = 1 − 2⁻⁵³).
    fn largest(self) -> Option<f64> {
        let (low, high) = match self {
            Law::Constant(x) => (x, x),
            Law::Uniform { low, high } => (low, high),
            Law::LogUniform { low, high } => (if low > 0.0 { low } else { -1.0 }, high),
            Law::Exponential { mean } => (mean, 37.0 * mean),
        };
        (low >= 0.0 && high >= low && high.is_finite()).then_some(high)
    }
}

/// Why an ensemble gives no states.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnsembleError {
    /// The number of modes.
    #[error("random states to compare need two modes or more, not {modes}")]
    TooFew {
        /// N.
        modes: usize,
    },
    /// A law.
    #[error("the law of {what}, {law:?}, must give finite numbers that are not negative, in order, and at most {most}")]
    Law {
        /// Of what.
        what: &'static str,
        /// The law.
        law: Law,
        /// Largest value allowed.
        most: f64,
    },
    /// The share of squeezed states.
    #[error("the share {value} of squeezed states must lie between 0 and 1")]
    Share {
        /// Its value.
        value: f64,
    },
    /// The number of frequencies.
    #[error("{given} frequencies for {modes} modes")]
    Frequencies {
        /// Number of frequencies.
        given: usize,
        /// N.
        modes: usize,
    },
    /// χ has no value.
    #[error(transparent)]
    Ergotropy(#[from] ErgotropyError),
}

/// Random Gaussian states of zero mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ensemble {
    /// Number of modes N.
    pub modes: usize,
    /// Law of ν_k − ½.
    pub excess: Law,
    /// Law of the squeezing parameters r_k: quadratures are stretched by e^{±r}.
    pub squeezing: Law,
    /// Share of the states that are squeezed at all.
    pub squeezed: f64,
    /// The random numbers; state k is made from stream k.
    pub streams: Streams,
}

/// One random state with the parts it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomState {
    /// ν_k − ½.
    pub excess: Vec<f64>,
    /// The inner passive part, N×N unitary: a_i → Σ_j U_ij a_j.
    pub inner: CMatrix,
    /// r_k: q_k → e^{r}q_k, p_k → e^{−r}p_k.
    pub squeezing: Vec<f64>,
    /// The outer passive part.
    pub outer: CMatrix,
}

/// Where the figures of many states go: one number for each state.
#[derive(Debug)]
pub struct Points<'a> {
    /// D.
    pub distance: &'a mut [f64],
    /// χ in nats.
    pub chi: &'a mut [f64],
    /// The classical χ of the same covariance, read as that of a phase-space density.
    pub classical: &'a mut [f64],
}

/// States computed side by side.
const LANES: usize = 64;
type Lane = [f64; LANES];

/// Uniform numbers that a point of two modes is made of: ν₁, ν₂, squeezed or not, r₁, r₂, inner direction, outer direction.
const DRAWS: usize = 9;

/// Largest squeezing parameter and largest ν: cosh 2r and E² stay far from overflow.
const LARGEST_SQUEEZING: f64 = 80.0;
const LARGEST_EXCESS: f64 = 1e60;

impl Ensemble {
    /// From nearly pure to hot and from unsqueezed to squeezed: log₁₀(ν − ½) uniform in (−2, 3), half of the states squeezed by
    /// exponential r of mean ½.
    pub fn broad(modes: usize, seed: u64) -> Self {
        Self {
            modes,
            excess: Law::LogUniform { low: 1e-2, high: 1e3 },
            squeezing: Law::Exponential { mean: 0.5 },
            squeezed: 0.5,
            streams: Streams { seed },
        }
    }

    fn check(&self, frequencies: &[f64]) -> Result<(), EnsembleError> {
        if self.modes < 2 {
            return Err(EnsembleError::TooFew { modes: self.modes });
        }
        for (what, law, most) in [
            ("the symplectic eigenvalues above 1/2", self.excess, LARGEST_EXCESS),
            ("the squeezing", self.squeezing, LARGEST_SQUEEZING),
        ] {
            if !law.largest().is_some_and(|x| x <= most) {
                return Err(EnsembleError::Law { what, law, most });
            }
        }
        if !(0.0..=1.0).contains(&self.squeezed) {
            return Err(EnsembleError::Share { value: self.squeezed });
        }
        if frequencies.len() != self.modes {
            return Err(EnsembleError::Frequencies { given: frequencies.len(), modes: self.modes });
        }
        match frequencies.iter().position(|w| !(*w > 0.0 && w.is_finite())) {
            Some(k) => Err(ErgotropyError::Frequency { index: k + 1, value: frequencies[k] }.into()),
            None => Ok(()),
        }
    }

    /// D, χ and the classical χ of the states `first`, `first` + 1, … of oscillators with these frequencies, as many as the
    /// slices are long. About a tenth of a microsecond a state for two modes, O(N³) for more.
    ///
    /// # Errors
    /// Laws or frequencies out of range.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn fill(&self, frequencies: &[f64], first: u64, points: Points<'_>) -> Result<(), EnsembleError> {
        self.check(frequencies)?;
        let Points { distance, chi, classical } = points;
        assert!(distance.len() == chi.len() && chi.len() == classical.len(), "slices of one length");
        if self.modes == 2 {
            let ratio = [frequencies[0] / frequencies[1], 1.0];
            let mut index = first;
            let mut uniforms = [[0.0; LANES]; DRAWS];
            let mut out = [[0.0; LANES]; 3];
            for ((distance, chi), classical) in
                distance.chunks_mut(LANES).zip(chi.chunks_mut(LANES)).zip(classical.chunks_mut(LANES))
            {
                self.streams.lanes::<LANES>(index).fill_uniforms(&mut uniforms);
                pairs(self, ratio, &uniforms, &mut out);
                let count = distance.len();
                for (target, source) in [distance, chi, classical].into_iter().zip(&out) {
                    target.copy_from_slice(&source[..count]);
                }
                index += LANES as u64;
            }
            return Ok(());
        }
        for k in 0..distance.len() {
            let state = self.draw(first + k as u64);
            (distance[k], chi[k], classical[k]) = state.figures(frequencies)?;
        }
        Ok(())
    }

    /// State `index`, with all its parts.
    ///
    /// # Errors
    /// Laws out of range.
    pub fn state(&self, index: u64) -> Result<RandomState, EnsembleError> {
        self.check(&vec![1.0; self.modes])?;
        Ok(self.draw(index))
    }

    fn draw(&self, index: u64) -> RandomState {
        let n = self.modes;
        let mut stream = self.streams.trajectory(index);
        let excess: Vec<f64> = (0..n).map(|_| self.excess.quantile(stream.uniform())).collect();
        let squeezed = stream.uniform() < self.squeezed;
        let squeezing: Vec<f64> = (0..n)
            .map(|_| {
                let r = self.squeezing.quantile(stream.uniform());
                if squeezed { r } else { 0.0 }
            })
            .collect();
        if n > 2 {
            let (inner, outer) = (haar(&mut stream, n), haar(&mut stream, n));
            return RandomState { excess, inner, squeezing, outer };
        }
        let mut direction = || {
            let z = 2.0 * stream.uniform() - 1.0;
            let (cos, sin) = turn(1.0 + stream.uniform());
            let rho = (1.0 - z * z).max(0.0).sqrt();
            [rho * cos, rho * sin, z]
        };
        let (inner, target) = (to_direction(direction()), direction());
        let identity = CMatrix::identity(2);
        let half = RandomState { excess, inner, squeezing, outer: identity };
        // The outer part turns the Bloch vector of what is there to the direction drawn, by any angle about it.
        let c = half.amplitudes();
        let bloch = [c[(0, 1)].re, -c[(0, 1)].im, 0.5 * (c[(0, 0)].re - c[(1, 1)].re)];
        let size = bloch.iter().map(|x| x * x).sum::<f64>().sqrt();
        let own = if size > 0.0 { bloch.map(|x| x / size) } else { [0.0, 0.0, 1.0] };
        let angles = [stream.uniform(), stream.uniform()].map(|u| std::f64::consts::TAU * u);
        let phases = CMatrix::from_diagonal(&angles.map(|x| c64::from_polar(1.0, x)));
        let outer = &(&to_direction(target) * &phases) * &to_direction(own).adjoint();
        RandomState { outer, ..half }
    }
}

/// The unitary that turns σ_z to the direction m: U σ_z U† = m·σ.
fn to_direction(m: [f64; 3]) -> CMatrix {
    let (up, down) = (((1.0 + m[2]) / 2.0).max(0.0).sqrt(), ((1.0 - m[2]) / 2.0).max(0.0).sqrt());
    let rho = m[0].hypot(m[1]);
    let phase = if rho > 0.0 { c64::new(m[0], m[1]) / rho } else { c64::new(1.0, 0.0) };
    let real = |x: f64| c64::new(x, 0.0);
    CMatrix::from_rows(&[&[real(up), -phase.conj() * down], &[phase * down, real(up)]])
}

/// A unitary matrix from the Haar measure: complex normal numbers, orthonormalised row by row, which leaves the diagonal of
/// the triangular factor positive (F. Mezzadri, Notices AMS 54, 592 (2007)).
fn haar(stream: &mut Stream, n: usize) -> CMatrix {
    let mut u = CMatrix::from_fn(n, n, |_, _| c64::new(stream.normal(), stream.normal()));
    for i in 0..n {
        // Twice is enough (Kahan and Parlett).
        for _ in 0..2 {
            for j in 0..i {
                let overlap: c64 = (0..n).map(|k| u[(j, k)].conj() * u[(i, k)]).sum();
                for k in 0..n {
                    let other = u[(j, k)];
                    u[(i, k)] -= overlap * other;
                }
            }
        }
        let norm = (0..n).map(|k| u[(i, k)].norm_sqr()).sum::<f64>().sqrt();
        for k in 0..n {
            u[(i, k)] /= norm;
        }
    }
    u
}

impl RandomState {
    /// C_ij = ½⟨{a_i, a_j†}⟩.
    pub fn amplitudes(&self) -> CMatrix {
        let nu: Vec<c64> = self.excess.iter().map(|n| c64::new(n + 0.5, 0.0)).collect();
        let mut c = &(&self.inner * &CMatrix::from_diagonal(&nu)) * &self.inner.adjoint();
        for i in 0..nu.len() {
            for j in 0..nu.len() {
                let (r, s) = (self.squeezing[i], self.squeezing[j]);
                c[(i, j)] = c[(i, j)] * (r.cosh() * s.cosh()) + c[(i, j)].conj() * (r.sinh() * s.sinh());
            }
        }
        &(&self.outer * &c) * &self.outer.adjoint()
    }

    /// The covariance V in the order (q₁, p₁, …), vacuum ½.
    pub fn covariance(&self) -> RMatrix {
        let n = self.excess.len();
        let spread = |u: &CMatrix| {
            RMatrix::from_fn(2 * n, 2 * n, |i, j| {
                let w = u[(i / 2, j / 2)];
                match (i % 2, j % 2) {
                    (0, 0) | (1, 1) => w.re,
                    (0, _) => -w.im,
                    _ => w.im,
                }
            })
        };
        let stretch: Vec<f64> =
            (0..2 * n).map(|i| if i % 2 == 0 { self.squeezing[i / 2] } else { -self.squeezing[i / 2] }.exp()).collect();
        let nu: Vec<f64> = (0..2 * n).map(|i| self.excess[i / 2] + 0.5).collect();
        let s = &(&spread(&self.outer) * &RMatrix::from_diagonal(&stretch)) * &spread(&self.inner);
        let mut v = &(&s * &RMatrix::from_diagonal(&nu)) * &s.transpose();
        v.symmetrize();
        v
    }

    /// Von Neumann entropy in nats.
    pub fn entropy(&self) -> f64 {
        self.excess.iter().map(|n| mode_entropy(n + 0.5)).sum()
    }

    /// D, χ and the classical χ for oscillators of these frequencies.
    ///
    /// # Errors
    /// Frequencies that are not positive.
    ///
    /// # Panics
    /// When there are not as many frequencies as modes.
    pub fn figures(&self, frequencies: &[f64]) -> Result<(f64, f64, f64), ErgotropyError> {
        let n = self.excess.len();
        assert_eq!(frequencies.len(), n, "one frequency for each mode");
        let c = self.amplitudes();
        let trace = c.trace().re;
        let all: f64 = (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|at| c[at].re).sum();
        let distance = (2.0 * (1.0 - all / (n as f64 * trace))).max(0.0).sqrt();
        let energy: f64 = (0..n).map(|j| frequencies[j] * c[(j, j)].re).sum();
        let excess: f64 = (0..n).map(|j| frequencies[j] * (c[(j, j)].re - 0.5)).sum();
        let volume: f64 = self.excess.iter().map(|x| (x + 0.5).ln()).sum();
        Ok((
            distance,
            ergotropy(frequencies, excess.max(0.0), self.entropy())?,
            classical_ergotropy(frequencies, energy, volume)?,
        ))
    }
}

/// Entropy of a mode with n quanta, (n+1) ln(n+1) − n ln n.
#[inline(always)]
fn entropy_of(n: f64) -> f64 {
    // n ln(1 + 1/n) stays finite at n = 0.
    let n = n.max(1e-300);
    ln_1p(n) + n * ln_1p(1.0 / n)
}

/// D, χ and classical χ of [`LANES`] states of two modes with frequencies ω from their uniform numbers.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn pairs(ensemble: &Ensemble, omega: [f64; 2], u: &[Lane; DRAWS], out: &mut [Lane; 3]) {
    let mut excess = [[0.0; LANES]; 2];
    let mut energy = [0.0; LANES];
    let mut entropy = [0.0; LANES];
    for (n, u) in excess.iter_mut().zip(u) {
        // The match stands outside of the loop over lanes.
        let law = ensemble.excess;
        match law {
            Law::Constant(_) => n.fill(law.quantile(0.0)),
            Law::Uniform { .. } => (0..LANES).for_each(|l| n[l] = law.quantile(u[l])),
            Law::LogUniform { low, high } => {
                let width = (high / low).ln();
                (0..LANES).for_each(|l| n[l] = low * exp(u[l] * width));
            }
            Law::Exponential { mean } => (0..LANES).for_each(|l| n[l] = -mean * ln(1.0 - u[l])),
        }
    }
    let mut squeezing = [[0.0; LANES]; 2];
    for (r, u_r) in squeezing.iter_mut().zip(&u[3..5]) {
        for l in 0..LANES {
            r[l] = ensemble.squeezing.quantile(u_r[l]);
        }
        for l in 0..LANES {
            r[l] = if u[2][l] < ensemble.squeezed { r[l] } else { 0.0 };
        }
    }
    for l in 0..LANES {
        let (n1, n2) = (excess[0][l], excess[1][l]);
        let (mean, half) = (0.5 * (n1 + n2) + 0.5, 0.5 * (n1 - n2));
        // C after the inner passive part and the squeezers.
        let z = 2.0 * u[5][l] - 1.0;
        let (cos, sin) = turn(1.0 + u[6][l]);
        let rho = half * (1.0 - z * z).max(0.0).sqrt();
        let (e1, e2) = (exp(squeezing[0][l]), exp(squeezing[1][l]));
        let (i1, i2) = (1.0 / e1, 1.0 / e2);
        let c1 = 0.5 * (e1 * e1 + i1 * i1) * (mean + half * z);
        let c2 = 0.5 * (e2 * e2 + i2 * i2) * (mean - half * z);
        let x = rho * cos * (0.5 * (e1 * e2 + i1 * i2));
        let y = rho * sin * (0.5 * (e1 * i2 + e2 * i1));
        let a = 0.5 * (c1 + c2);
        let d = 0.5 * (c1 - c2);
        let b = (x * x + y * y + d * d).sqrt();
        // After the outer one: the direction alone.
        let z = 2.0 * u[7][l] - 1.0;
        let (cos, _) = turn(1.0 + u[8][l]);
        let m = (1.0 - z * z).max(0.0).sqrt() * cos;
        out[0][l] = ((a - b * m) / a).max(0.0).sqrt();
        energy[l] = omega[0] * (a + b * z) + omega[1] * (a - b * z);
        out[2][l] = ln(energy[l] * energy[l] / (4.0 * omega[0] * omega[1] * (n1 + 0.5) * (n2 + 0.5)));
        entropy[l] = entropy_of(n1) + entropy_of(n2);
    }
    gibbs(omega, &energy, &mut out[1]);
    for l in 0..LANES {
        out[1][l] -= entropy[l];
    }
}

/// S_G at the energies E (zero point included): as [`crate::costs::ergotropy::gibbs`], for two modes in all lanes.
#[inline(always)]
fn gibbs(omega: [f64; 2], energy: &Lane, out: &mut Lane) {
    let total = omega[0] + omega[1];
    let mut excess = [0.0; LANES];
    let mut target = [0.0; LANES];
    let mut beta = [0.0; LANES];
    for l in 0..LANES {
        excess[l] = (energy[l] - 0.5 * total).max(1e-16 * total);
        target[l] = ln_1p(total / excess[l]);
        beta[l] = target[l] * (2.0 / total);
    }
    for _ in 0..60 {
        let mut moved = 0.0f64;
        for l in 0..LANES {
            let (n1, n2) = (1.0 / exp_m1(beta[l] * omega[0]), 1.0 / exp_m1(beta[l] * omega[1]));
            let e = omega[0] * n1 + omega[1] * n2;
            let slope = omega[0] * omega[0] * (n1 * (n1 + 1.0)) + omega[1] * omega[1] * (n2 * (n2 + 1.0));
            let step = (target[l] - ln_1p(total / e)) * (e * (e + total) / (total * slope));
            let next = beta[l] + step;
            let next = if next > 0.0 { next } else { 0.5 * beta[l] };
            moved = moved.max((next - beta[l]).abs() / next);
            beta[l] = next;
        }
        // What is left is squared once more by the correction of the entropy below.
        if moved < 1e-6 {
            break;
        }
    }
    for l in 0..LANES {
        let (n1, n2) = (1.0 / exp_m1(beta[l] * omega[0]), 1.0 / exp_m1(beta[l] * omega[1]));
        let miss = excess[l] - (omega[0] * n1 + omega[1] * n2);
        out[l] = entropy_of(n1) + entropy_of(n2) + beta[l] * miss;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::bounds;
    use crate::measures::Snapshot;
    use crate::measures::correlations::symplectic::symplectic_eigenvalues;
    use crate::measures::testing::evaluate;
    use approx::assert_relative_eq;
    use huygens_numerics::hull;

    fn cloud(ensemble: &Ensemble, frequencies: &[f64], first: u64, count: usize) -> [Vec<f64>; 3] {
        let [mut distance, mut chi, mut classical] = [vec![0.0; count], vec![0.0; count], vec![0.0; count]];
        let points = Points { distance: &mut distance, chi: &mut chi, classical: &mut classical };
        ensemble.fill(frequencies, first, points).unwrap();
        [distance, chi, classical]
    }

    /// The states behind the points: covariance matrices that are states, with the spectrum drawn; D and χ from the whole
    /// covariance agree with C alone and, for two modes, with the vectorised closed form.
    #[test]
    fn points_are_those_of_their_states() {
        for modes in [2, 3, 5] {
            let ensemble = Ensemble::broad(modes, 7);
            let frequencies: Vec<f64> = (0..modes).map(|k| 1.0 + 0.5 * k as f64).collect();
            let [distance, chi, classical] = cloud(&ensemble, &frequencies, 1000, 150);
            for k in 0..150 {
                let state = ensemble.state(1000 + k as u64).unwrap();
                let covariance = state.covariance();
                let nu = symplectic_eigenvalues(&covariance).unwrap();
                let mut drawn: Vec<f64> = state.excess.iter().map(|x| x + 0.5).collect();
                drawn.sort_by(f64::total_cmp);
                for (a, b) in nu.iter().zip(&drawn) {
                    assert_relative_eq!(a, b, max_relative = 1e-7);
                }
                let c = state.amplitudes();
                for i in 0..modes {
                    for j in 0..modes {
                        let at = |r: usize, s: usize| covariance[(2 * i + r, 2 * j + s)];
                        let whole = c64::new(at(0, 0) + at(1, 1), at(1, 0) - at(0, 1)) * 0.5;
                        assert!((whole - c[(i, j)]).norm() < 1e-11 * c.norm_max());
                    }
                }
                let snapshot = Snapshot { mean: vec![c64::new(0.0, 0.0); modes], covariance: covariance.clone() };
                let d = evaluate("sync_distance", &snapshot);
                assert_relative_eq!(distance[k], d, max_relative = 1e-8, epsilon = 1e-7);
                let excess: f64 = (0..modes)
                    .map(|j| {
                        frequencies[j] * (0.5 * (covariance[(2 * j, 2 * j)] + covariance[(2 * j + 1, 2 * j + 1)]) - 0.5)
                    })
                    .sum();
                let entropy: f64 = nu.iter().map(|v| mode_entropy(*v)).sum();
                assert_relative_eq!(chi[k], ergotropy(&frequencies, excess, entropy).unwrap(), epsilon = 1e-6);
                let (d, x, cl) = state.figures(&frequencies).unwrap();
                assert_relative_eq!(distance[k], d, max_relative = 1e-9, epsilon = 1e-7);
                assert_relative_eq!(chi[k], x, epsilon = 1e-10);
                assert_relative_eq!(classical[k], cl, epsilon = 1e-10);
            }
        }
    }

    /// No state is below the bounds, the classical clouds neither; the hull of 2·10⁵ states comes as near to the sharp bound as
    /// that of the references' 10⁶ (0.8278 at D = ½, κ = 1).
    #[test]
    fn no_state_is_below_the_sharp_bounds() {
        for (frequencies, kappa) in [([1.0, 1.0], 1.0), ([2.0, 3.0], 2.0 / 3.0)] {
            let [distance, chi, classical] = cloud(&Ensemble::broad(2, 1), &frequencies, 0, 200_000);
            for ((d, x), y) in distance.iter().zip(&chi).zip(&classical) {
                let bound = bounds::envelope(kappa, *d).unwrap();
                assert!(*x >= bound - 1e-9 && *y >= bound - 1e-9, "D = {d}: {x}, {y} below {bound}");
            }
            for values in [&chi, &classical] {
                let points: Vec<[f64; 2]> = distance.iter().zip(values).map(|(d, x)| [*d, *x]).collect();
                let at = hull::height(&hull::lower_hull(&points), 0.5).unwrap();
                let sharp = bounds::envelope(kappa, 0.5).unwrap();
                assert!(at > sharp && at < sharp + 0.01, "{at} {sharp}");
            }
        }
        for modes in [3, 4] {
            let [distance, chi, classical] = cloud(&Ensemble::broad(modes, 2), &vec![1.0; modes], 0, 2000);
            for ((d, x), y) in distance.iter().zip(&chi).zip(&classical) {
                let bound = bounds::any_state(modes, *d).unwrap();
                assert!(*x >= bound - 1e-9 && *y >= bound - 1e-9);
            }
        }
    }

    /// Any division of the work gives the same bits.
    #[test]
    fn points_do_not_depend_on_the_division() {
        for modes in [2, 3] {
            let ensemble = Ensemble::broad(modes, 3);
            let frequencies = vec![1.0; modes];
            let whole = cloud(&ensemble, &frequencies, 50, 200);
            for cut in [1, 63, 64, 130] {
                let (a, b) = (
                    cloud(&ensemble, &frequencies, 50, cut),
                    cloud(&ensemble, &frequencies, 50 + cut as u64, 200 - cut),
                );
                for k in 0..3 {
                    assert_eq!([a[k].clone(), b[k].clone()].concat(), whole[k]);
                }
            }
        }
    }

    /// The Haar measure: ⟨|U_ij|²⟩ = 1/N and ⟨|U_ij|⁴⟩ = 2/(N(N+1)).
    #[test]
    fn passive_parts_are_haar() {
        for modes in [2usize, 3] {
            let ensemble = Ensemble::broad(modes, 9);
            let count = 4000;
            let n = modes as f64;
            for part in 0..2 {
                let (mut second, mut fourth) = (0.0, 0.0);
                for k in 0..count {
                    let state = ensemble.state(k).unwrap();
                    let u = if part == 0 { state.inner } else { state.outer };
                    assert!((&(&u * &u.adjoint()) - &CMatrix::identity(modes)).norm_max() < 1e-13);
                    second += u[(0, 1)].norm_sqr();
                    fourth += u[(0, 1)].norm_sqr().powi(2);
                }
                assert_relative_eq!(second / count as f64, 1.0 / n, max_relative = 0.04);
                assert_relative_eq!(fourth / count as f64, 2.0 / (n * (n + 1.0)), max_relative = 0.06);
            }
        }
    }

    #[test]
    fn laws_out_of_range_are_errors() {
        let fine = Ensemble::broad(2, 1);
        let try_it = |ensemble: Ensemble, frequencies: &[f64]| {
            let [mut a, mut b, mut c] = [[0.0]; 3];
            ensemble.fill(frequencies, 0, Points { distance: &mut a, chi: &mut b, classical: &mut c })
        };
        assert!(try_it(fine, &[1.0, 2.0]).is_ok());
        assert!(matches!(try_it(fine, &[1.0]), Err(EnsembleError::Frequencies { .. })));
        assert!(matches!(try_it(fine, &[1.0, 0.0]), Err(EnsembleError::Ergotropy(_))));
        assert!(matches!(try_it(Ensemble { modes: 1, ..fine }, &[1.0]), Err(EnsembleError::TooFew { .. })));
        assert!(matches!(try_it(Ensemble { squeezed: 1.5, ..fine }, &[1.0; 2]), Err(EnsembleError::Share { .. })));
        for law in [
            Law::Constant(-1.0),
            Law::Uniform { low: 2.0, high: 1.0 },
            Law::LogUniform { low: 0.0, high: 1.0 },
            Law::Exponential { mean: f64::NAN },
            Law::Constant(1e70),
        ] {
            assert!(matches!(try_it(Ensemble { excess: law, ..fine }, &[1.0; 2]), Err(EnsembleError::Law { .. })));
        }
        // The vacuum has D = 1 and nothing to give.
        let vacuum = Ensemble { excess: Law::Constant(0.0), squeezed: 0.0, ..fine };
        let [distance, chi, _] = cloud(&vacuum, &[1.0, 1.5], 0, 10);
        assert!(distance.iter().all(|d| (d - 1.0).abs() < 1e-15) && chi.iter().all(|x| x.abs() < 1e-13));
    }
}
