//! Number-conserving quadratic flows: X(t) = M X(0) M†.

use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, eigenvalues_complex, expm_complex, hermitian_eigen, inverse};

use super::{Divergence, Gap, NonHermitianError, coefficients, constant, parts, search};
use crate::measures::Snapshot;
use crate::measures::correlations::symplectic::mode_entropy;
use crate::model::{Binding, Model};

/// H = Σ h_ij a_i†a_j and H_c = Σ (h_c)_ij a_i†a_j, no jumps: a state R = exp(a†(ln X)a) keeps its form, with
///
/// X(t) = M X(0) M†,  M = exp((−ih + h_c)t),
///
/// because exp(a†Aa) exp(a†Ba) = exp(a†Ca) with e^C = e^A e^B.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberFlow {
    /// h.
    hamiltonian: CMatrix,
    /// h_c.
    gain: CMatrix,
    /// −ih + h_c.
    generator: CMatrix,
}

/// A state ∝ exp(a†(ln X)a), 0 ≤ X < 1.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberState {
    /// X, Hermitian.
    pub x: CMatrix,
    values: Vec<f64>,
    vectors: CMatrix,
}

impl NumberState {
    /// The state of a matrix X.
    ///
    /// # Errors
    /// X not Hermitian, or an eigenvalue outside [0, 1).
    pub fn new(x: CMatrix) -> Result<Self, NonHermitianError> {
        if !x.is_square() || !x.is_finite() || x.asymmetry() > 1e-10 * x.norm_max() {
            return Err(NonHermitianError::Shape { what: "X" });
        }
        let (values, vectors) = hermitian_eigen(&x)?;
        let (least, largest) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0));
        if largest >= 1.0 {
            let (what, wanted) = ("the largest eigenvalue of X", "below 1 (infinite norm otherwise)");
            return Err(NonHermitianError::Start { what, value: largest, wanted });
        }
        if least < -1e-12 * largest {
            let (what, wanted) = ("the smallest eigenvalue of X", "not negative");
            return Err(NonHermitianError::Start { what, value: least, wanted });
        }
        let values = values.into_iter().map(|v| v.max(0.0)).collect();
        Ok(Self { x, values, vectors })
    }

    /// The Gibbs state at inverse temperature β of uncoupled oscillators: X = diag(e^{−βω_j}).
    ///
    /// # Errors
    /// βω_j not positive.
    pub fn thermal(frequencies: &[f64], beta: f64) -> Result<Self, NonHermitianError> {
        let x: Vec<c64> = frequencies.iter().map(|w| c64::new((-beta * w).exp(), 0.0)).collect();
        Self::new(CMatrix::from_diagonal(&x))
    }

    /// The initial state of a model: X = g/(1 + g) with g_ij = ⟨a_j†a_i⟩; of a product n̄_j/(n̄_j + 1) on the diagonal.
    ///
    /// # Errors
    /// A displaced or squeezed start.
    pub fn of_model(model: &Model, binding: &Binding) -> Result<Self, NonHermitianError> {
        let means = model.start_values(binding)?;
        let n = means.len();
        if model.correlations.is_empty() {
            let spreads = model.start_spreads(binding)?;
            if let Some(mode) = (0..n).find(|&k| means[k].norm_sqr() > 0.0 || spreads[k][1] != 0.0) {
                return Err(NonHermitianError::NotThermal { mode });
            }
            let x: Vec<c64> = spreads.iter().map(|[n, ..]| c64::new(n / (n + 1.0), 0.0)).collect();
            return Self::new(CMatrix::from_diagonal(&x));
        }
        let v = model.start_covariance(binding)?;
        let at = |k: usize, l: usize| [(0, 0), (1, 1), (0, 1), (1, 0)].map(|(i, j)| v[(2 * k + i, 2 * l + j)]);
        let size = v.norm_max();
        for k in 0..n {
            // ⟨δa_k δa_l⟩ = ½(V_qq − V_pp + i V_qp + i V_pq).
            let squeezed = (0..n).any(|l| {
                let [qq, pp, qp, pq] = at(k, l);
                (qq - pp).hypot(qp + pq) > 1e-12 * size
            });
            if means[k].norm_sqr() > 0.0 || squeezed {
                return Err(NonHermitianError::NotThermal { mode: k });
            }
        }
        let g = CMatrix::from_fn(n, n, |k, l| {
            let [qq, pp, qp, pq] = at(k, l);
            let z = 0.5 * c64::new(qq + pp - if k == l { 1.0 } else { 0.0 }, pq - qp);
            if z.norm() > 1e-14 * size { z } else { c64::new(0.0, 0.0) }
        });
        let more = inverse(&(&CMatrix::identity(n) + &g))?;
        Self::new(&g * &more)
    }

    /// Eigenvalues of X, ascending.
    pub fn spectrum(&self) -> &[f64] {
        &self.values
    }

    /// f(X) from the eigenvalues.
    fn function(&self, f: impl Fn(f64) -> f64) -> CMatrix {
        let diagonal: Vec<c64> = self.values.iter().map(|x| c64::new(f(*x), 0.0)).collect();
        &(&self.vectors * &CMatrix::from_diagonal(&diagonal)) * &self.vectors.adjoint()
    }

    /// ⟨a_j†a_i⟩ = \[X/(1 − X)\]_ij.
    pub fn correlations(&self) -> CMatrix {
        self.function(|x| x / (1.0 - x))
    }

    /// Von Neumann entropy Σ g(x/(1 − x)) in nats.
    pub fn entropy(&self) -> f64 {
        self.values.iter().map(|x| mode_entropy(x / (1.0 - x) + 0.5)).sum()
    }

    /// ln tr exp(a†(ln X)a) = −Σ ln(1 − x).
    pub fn log_norm(&self) -> f64 {
        -self.values.iter().map(|x| (-x).ln_1p()).sum::<f64>()
    }

    /// Means and covariance in quadratures, for the measures.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::passive(&self.correlations())
    }
}

impl NumberFlow {
    /// From the Hermitian matrices h and h_c.
    ///
    /// # Errors
    /// Matrices of different size, or not Hermitian.
    pub fn new(hamiltonian: CMatrix, gain: CMatrix) -> Result<Self, NonHermitianError> {
        for (what, m) in [("h", &hamiltonian), ("h_c", &gain)] {
            let fits = m.is_square() && m.rows() == hamiltonian.rows() && m.is_finite();
            if !fits || m.asymmetry() > 1e-12 * m.norm_max() {
                return Err(NonHermitianError::Shape { what });
            }
        }
        let generator = &hamiltonian.scale(c64::new(0.0, -1.0)) + &gain;
        Ok(Self { hamiltonian, gain, generator })
    }

    /// From a model whose H and H_c hold a_i†a_j terms alone and whose jumps vanish at these parameters.
    ///
    /// # Errors
    /// Other terms, jumps, time dependence.
    pub fn of_model(model: &Model, binding: &Binding) -> Result<Self, NonHermitianError> {
        let model = constant(model, binding)?;
        if let Some(jump) = model.jumps.first() {
            return Err(NonHermitianError::Jump { jump: jump.label.clone() });
        }
        let n = model.len();
        let mut matrices = Vec::with_capacity(2);
        for (what, operator) in parts(&model) {
            let values = coefficients(operator, binding, &|| what.clone(), &model)?;
            let mut matrix = CMatrix::zeros(n, n);
            for ((monomial, _), value) in operator.iter().zip(values) {
                if monomial.is_one() {
                    continue;
                }
                let (mut created, mut annihilated) = (None, None);
                for factor in monomial.factors() {
                    let k = factor.mode.0 as usize;
                    if factor.word.dag > 0 {
                        created = Some(k);
                    }
                    if factor.word.ann > 0 {
                        annihilated = Some(k);
                    }
                }
                match (created, annihilated) {
                    _ if monomial.degree() > 2 => {
                        return Err(NonHermitianError::NotQuadratic { what, wanted: "quadratic" });
                    }
                    (Some(i), Some(j)) => matrix[(i, j)] += value,
                    _ => return Err(NonHermitianError::Number { what }),
                }
            }
            matrices.push(matrix);
        }
        let [hamiltonian, gain] = <[CMatrix; 2]>::try_from(matrices)
            .map_err(|_| NonHermitianError::Shape { what: "the list of H and H_c" })?;
        Self::new(hamiltonian, gain)
    }

    /// Number of modes.
    pub fn modes(&self) -> usize {
        self.gain.rows()
    }

    /// h.
    pub fn hamiltonian(&self) -> &CMatrix {
        &self.hamiltonian
    }

    fn x_at(&self, start: &NumberState, t: f64) -> Result<CMatrix, NonHermitianError> {
        let m = expm_complex(&self.generator.scale(c64::new(t, 0.0)))?;
        let mut x = &(&m * &start.x) * &m.adjoint();
        x.symmetrize();
        Ok(x)
    }

    /// The state at time t.
    ///
    /// # Errors
    /// A time at or after the divergence; a time that is negative.
    pub fn at(&self, start: &NumberState, t: f64) -> Result<NumberState, NonHermitianError> {
        let divergence = self.divergence(start, t)?;
        match divergence.time {
            Some(divergence) => Err(NonHermitianError::Diverged { t, divergence }),
            None => NumberState::new(self.x_at(start, t)?),
        }
    }

    /// The rate at which the fastest mode of −ih + h_c grows: positive means that any thermal state diverges.
    ///
    /// # Errors
    /// When the eigenvalue problem fails.
    pub fn growth(&self) -> Result<f64, NonHermitianError> {
        Ok(eigenvalues_complex(&self.generator)?.iter().map(|v| v.re).fold(f64::NEG_INFINITY, f64::max))
    }

    /// A time after which nothing new happens: infinite where a mode grows (the divergence is certain); the period of the beat of
    /// two modes that only turn, which is exact; for more modes twenty of their slowest beats; where all modes decay, forty
    /// times the longest decay time.
    ///
    /// # Errors
    /// When the eigenvalue problem fails.
    pub fn horizon(&self) -> Result<f64, NonHermitianError> {
        let values = eigenvalues_complex(&self.generator)?;
        let scale = 1e-10 * self.generator.norm_fro();
        let growth = values.iter().map(|v| v.re).fold(f64::NEG_INFINITY, f64::max);
        if growth > scale {
            return Ok(f64::INFINITY);
        }
        let beats = values.iter().enumerate().flat_map(|(i, a)| values[..i].iter().map(move |b| (a.im - b.im).abs()));
        let slowest = beats.filter(|b| *b > scale).fold(f64::INFINITY, f64::min);
        let count = if self.modes() == 2 { 1.0 } else { 20.0 };
        let beats = if slowest.is_finite() { count * TAU / slowest } else { 0.0 };
        Ok(if growth < -scale { beats.max(40.0 / -growth) } else { beats })
    }

    /// The first time up to `horizon` (which may be infinite) at which the largest eigenvalue of X(t) is 1, or the largest
    /// value that it takes. From d ln x/dt = 2v†h_c v ≤ 2‖h_c‖ for its eigenvector v no crossing can be missed.
    ///
    /// # Errors
    /// A search that does not end: an infinite horizon with nothing growing.
    pub fn divergence(&self, start: &NumberState, horizon: f64) -> Result<Divergence, NonHermitianError> {
        if start.x.rows() != self.modes() {
            return Err(NonHermitianError::Shape { what: "X" });
        }
        let (gains, _) = hermitian_eigen(&self.gain)?;
        let fastest = 2.0 * gains.iter().fold(0.0f64, |m, g| m.max(g.abs()));
        let gap = |t: f64| {
            let (values, vectors) = hermitian_eigen(&self.x_at(start, t)?)?;
            let n = values.len();
            let v = vectors.col(n - 1);
            let rate: f64 = self.gain.mul_vec(&v).iter().zip(&v).map(|(g, v)| (v.conj() * g).re).sum();
            Ok(Gap { value: -values[n - 1].ln(), slope: -2.0 * rate })
        };
        let longest = 0.5 / self.generator.norm_fro().max(1e-300);
        search(gap, |gap| gap / fastest, longest, horizon, |gap| (-gap).exp())
    }
}
