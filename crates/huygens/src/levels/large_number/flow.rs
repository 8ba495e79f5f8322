//! Hamilton's equations of the optimal path, from the operators of a model.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, LinalgError, RMatrix, solve};
use huygens_numerics::ode::{System, as_complex, as_real};

use crate::algebra::{EvalError, ModeId, Monomial, Operator, Polynomial, Scalar, Word, charges};
use crate::levels::equations::{Entry, Equations, SparsePolynomials};
use crate::levels::gaussian::nonhermitian::{Divergence, NonHermitianError, NumberState, QuadraticFlow};
use crate::levels::kernel::{Bound, Kernel, Workspace, sparse_times};
use crate::levels::stochastic::langevin::{Langevin, Noise, Ordering};
use crate::measures::Snapshot;
use crate::model::{Binding, Model};

/// Why there is no optimal path.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InstantonError {
    /// A coefficient depends on time.
    #[error("the model depends on time: the path is followed in its duration, which needs constant coefficients")]
    Driven,
    /// The state at rest moves.
    #[error(
        "the state at rest is no solution: a term of first order displaces it; a path can be had from a guess by `Instanton::solve`"
    )]
    Displaced,
    /// A coefficient has no value.
    #[error("a coefficient has no value: {message}")]
    Evaluation {
        /// What went wrong.
        message: String,
    },
    /// A duration that cannot be asked for.
    #[error("the duration {duration} must be positive and finite")]
    Duration {
        /// The duration.
        duration: f64,
    },
    /// Newton's method failed.
    #[error(
        "no path of duration {duration} near the guess: residual {residual:.1e} after {iterations} steps; start nearer or take more segments"
    )]
    NoConvergence {
        /// Duration reached.
        duration: f64,
        /// Largest residual, relative to the size of the path.
        residual: f64,
        /// Steps made.
        iterations: usize,
    },
    /// The branch does not reach the duration.
    #[error("the branch was followed for {points} points up to the duration {reached} and did not reach {wanted}")]
    NotReached {
        /// Points found.
        points: usize,
        /// Largest duration found.
        reached: f64,
        /// The duration asked for.
        wanted: f64,
    },
    /// A path that runs away.
    #[error("the path is not finite in the segment that begins at t = {t}: start nearer")]
    NotFinite {
        /// Time.
        t: f64,
    },
    /// The fluctuations are those of no state.
    #[error(
        "the fluctuations about the path are those of no state ({what} = {value}): another path dominates, or a symmetry was not found"
    )]
    NotAState {
        /// Which figure.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// What the classical equation does not have.
    #[error("{what} are those of the quantum state: derive the path with `Instanton::of_model`")]
    Classical {
        /// What was asked for.
        what: &'static str,
    },
    /// The quadratic part.
    #[error(transparent)]
    Quadratic(#[from] NonHermitianError),
    /// Linear algebra failed.
    #[error(transparent)]
    Linalg(#[from] LinalgError),
}

/// The equations of the optimal path of one model at one set of parameters.
#[derive(Clone, Debug)]
pub struct Instanton {
    pub(super) modes: usize,
    pub(super) bound: Bound,
    /// What orderings add to K, as the first component of a flow.
    ordering: Bound,
    /// K, for its value.
    generator: Polynomial,
    parameters: Vec<f64>,
    /// X of the start.
    pub(super) start: CMatrix,
    /// U(1) charges of the modes.
    pub(super) charges: Vec<Vec<f64>>,
    quadratic: QuadraticFlow,
    initial: Snapshot,
    classical: bool,
}

/// The part of an operator up to some degree.
fn truncated(operator: &Operator, degree: u32) -> Operator {
    Operator::from_terms(operator.iter().filter(|(m, _)| m.degree() <= degree).map(|(m, c)| (m.clone(), c.clone())))
}

/// f(b, α) over 2n variables: α_j is amplitude j, b_j amplitude n + j.
fn ket(operator: &Operator, n: u32) -> Polynomial {
    Polynomial::from_terms(operator.iter().map(|(monomial, c)| {
        let mut product = Monomial::one();
        for factor in monomial.factors() {
            let alpha = Monomial::site(factor.mode, Word::boson(0, factor.word.ann));
            let b = Monomial::site(ModeId(n + factor.mode.0), Word::boson(0, factor.word.dag));
            product = product.times_commuting(&alpha).times_commuting(&b);
        }
        (product, c.clone())
    }))
}

/// The model in the frames of its symmetries, which turn with the mean frequency of the modes: the path then moves no more than
/// it must. H changes by multiples of conserved charges Σ q_j a_j†a_j, which no correlation of the state at T sees.
fn in_frame(model: &Model, binding: &Binding, charges: &[Vec<f64>]) -> Result<Model, EvalError> {
    let mut model = model.clone();
    if charges.is_empty() {
        return Ok(model);
    }
    let mut frequencies = Vec::with_capacity(model.len());
    for j in 0..model.len() {
        let number = Monomial::site(ModeId(j as u32), Word::boson(1, 1));
        frequencies.push(model.hamiltonian.coefficient(&number).eval(&binding.values, 0.0)?.re);
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let d = charges.len();
    let overlaps = RMatrix::from_fn(d, d, |s, t| dot(&charges[s], &charges[t]));
    let sums = RMatrix::from_fn(d, 1, |s, _| dot(&charges[s], &frequencies));
    // Charges are linearly independent.
    let Ok(turns) = solve(&overlaps, &sums) else { return Ok(model) };
    for j in 0..model.len() {
        let turn: f64 = (0..d).map(|s| turns[(s, 0)] * charges[s][j]).sum();
        let shift = Operator::n(ModeId(j as u32)).scale(&Scalar::real(-turn));
        model.hamiltonian.add_assign(&shift);
    }
    Ok(model)
}

/// K of a model, and the terms of relative order 1/N that orderings add to it.
///
/// In the P representation b̂ = α* − ∂/∂α stands left of α in every term, \[α, b̂\] = 1, so that normal symbols go over to Weyl symbols
/// as those of operators do, by exp(−½ Σ ∂²/∂α_j∂b_j). Of that the first order is kept, together with what L†L is more than the
/// product of its factors' symbols.
fn generator(model: &Model) -> (Polynomial, Polynomial) {
    let n = model.len() as u32;
    let half = Scalar::real(-0.5);
    let turn = Scalar::number(c64::new(0.0, -1.0));
    let mut a = ket(&model.generator().scale(&turn).add(&model.antihermitian), n);
    let mut reordered = Polynomial::zero();
    let mut k = Polynomial::zero();
    for jump in &model.jumps {
        let l = ket(&jump.operator, n);
        let adjoint = jump.operator.adjoint();
        let leading = ket(&adjoint, n).mul(&l);
        reordered = reordered.add(&ket(&adjoint.mul(&jump.operator), n).sub(&leading).scale(&half));
        a = a.add(&leading.scale(&half));
        k = k.add(&l.mul(&l.conj()));
    }
    let k = k.add(&a).add(&a.conj());
    let mut correction = reordered.add(&reordered.conj());
    for j in 0..n {
        let mixed = k.derivative(ModeId(j)).derivative(ModeId(n + j)).scale(&half);
        correction = correction.add(&mixed).add(&mixed.conj());
    }
    (k, correction)
}

/// K of the classical master equation: drift, weight and noise of the Langevin equations with p_j = α_j* − b_j.
fn classical(model: &Model, noise: Noise) -> Polynomial {
    let n = model.len();
    let exact = Langevin::derive(model, Ordering::Classical);
    // Nonlinear jumps that shake as at |z| = 1 do nothing to leading order.
    let fields = match noise {
        Noise::Additive => Vec::new(),
        _ => Langevin::with_noise(model, Ordering::Classical, noise).fields,
    };
    let p: Vec<Polynomial> = (0..n as u32)
        .map(|j| Polynomial::amplitude_conj(ModeId(j)).sub(&Polynomial::amplitude(ModeId(n as u32 + j))))
        .collect();
    let along = |v: &[Polynomial]| {
        let half = v.iter().zip(&p).fold(Polynomial::zero(), |sum, (v, p)| sum.add(&v.mul(p)));
        half.add(&half.conj())
    };
    let mut k = exact.weight.sub(&along(&exact.stratonovich));
    for field in exact.constant.iter().chain(&fields) {
        let x = along(field);
        k = k.add(&x.mul(&x).scale(&Scalar::real(0.5)));
    }
    k
}

impl Instanton {
    /// The equations of a model, whose start must be thermal (no displacement, no squeezing).
    ///
    /// # Errors
    /// A model that depends on time; a start of another kind; coefficients without a value.
    pub fn of_model(model: &Model, binding: &Binding) -> Result<Self, InstantonError> {
        Self::derive(model, binding, None)
    }

    /// The path of the classical master equation
    /// ∂f/∂t = {H, f} − div(f grad H_c) + 2(H_c − ⟨H_c⟩)f + (drift and noise of the jumps),
    /// from the start f ∝ e^{−|α|²/n̄} with the occupations n̄ of the model: K is then of second order in p = α* − b,
    /// K = 2h − 2 Re Σ f_j p_j + ½ Σ_V (2 Re Σ V_j p_j)² with the drift f and the real noise fields V of
    /// [`Langevin`] in the classical order. `noise` is that of nonlinear jumps; linear ones have the thermal one, which is exact.
    /// Only the path itself is classical: fluctuations and norms of order 1 are refused.
    ///
    /// # Errors
    /// As [`Instanton::of_model`].
    pub fn classical(model: &Model, binding: &Binding, noise: Noise) -> Result<Self, InstantonError> {
        Self::derive(model, binding, Some(noise))
    }

    /// An error for what is not given on a classical path.
    pub(super) fn quantum(&self, what: &'static str) -> Result<(), InstantonError> {
        if self.classical { Err(InstantonError::Classical { what }) } else { Ok(()) }
    }

    fn derive(model: &Model, binding: &Binding, noise: Option<Noise>) -> Result<Self, InstantonError> {
        if model.depends_on_time() {
            return Err(InstantonError::Driven);
        }
        let n = model.len();
        let evaluation = |message: String| InstantonError::Evaluation { message };
        let jumps: Vec<Operator> = model.jumps.iter().map(|j| j.operator.clone()).collect();
        let charges: Vec<Vec<f64>> = charges(n, &model.whole_hamiltonian(), &jumps)
            .into_iter()
            .map(|q| q.into_iter().map(|x| x as f64).collect())
            .collect();
        let model = &in_frame(model, binding, &charges).map_err(|e| evaluation(e.message(&model.names())))?;
        let (k, correction) = match noise {
            None => generator(model),
            Some(noise) => (classical(model, noise), Polynomial::zero()),
        };
        let half = |j: usize, sign: f64| {
            let mode = ModeId(if j < n { n + j } else { j - n } as u32);
            k.derivative(mode).scale(&Scalar::real(sign))
        };
        let flow: Vec<Polynomial> = (0..2 * n).map(|j| half(j, if j < n { 1.0 } else { -1.0 })).collect();
        let (mut drift, mut drift_conj): (SparsePolynomials, SparsePolynomials) = (Vec::new(), Vec::new());
        for (row, f) in flow.iter().enumerate() {
            for mode in f.modes() {
                for (entries, polynomial) in
                    [(&mut drift, f.derivative(mode)), (&mut drift_conj, f.derivative_conj(mode))]
                {
                    if !polynomial.is_zero() {
                        entries.push(Entry { row, column: mode.0 as usize, shift: 0, polynomial });
                    }
                }
            }
        }
        let equations = Equations {
            spins: Vec::new(),
            modes: 2 * n,
            parameters: model.parameters.len(),
            flow,
            drift,
            drift_conj,
            diffusion: Vec::new(),
            diffusion_anomalous: Vec::new(),
            given: false,
        };
        let bound = Arc::new(Kernel::new(&equations))
            .bind(&binding.values)
            .map_err(|e| evaluation(e.message(&model.names())))?;
        let ordering = Equations {
            spins: Vec::new(),
            modes: 2 * n,
            parameters: model.parameters.len(),
            flow: std::iter::once(correction).chain((1..2 * n).map(|_| Polynomial::zero())).collect(),
            drift: Vec::new(),
            drift_conj: Vec::new(),
            diffusion: Vec::new(),
            diffusion_anomalous: Vec::new(),
            given: false,
        };
        let ordering = Arc::new(Kernel::new(&ordering))
            .bind(&binding.values)
            .map_err(|e| evaluation(e.message(&model.names())))?;
        let state = NumberState::of_model(model, binding)?;
        let mut linear = model.clone();
        linear.hamiltonian = truncated(&model.hamiltonian, 2);
        linear.antihermitian = truncated(&model.antihermitian, 2);
        for jump in &mut linear.jumps {
            jump.operator = truncated(&jump.operator, 1);
        }
        linear.jumps.retain(|j| !j.operator.is_zero());
        Ok(Self {
            modes: n,
            bound,
            ordering,
            generator: k,
            parameters: binding.values.clone(),
            initial: state.snapshot(),
            start: state.x,
            charges,
            quadratic: QuadraticFlow::of_model(&linear, binding)?,
            classical: noise.is_some(),
        })
    }

    /// Number of modes n.
    pub fn modes(&self) -> usize {
        self.modes
    }

    /// The U(1) charges of the modes that the model has.
    pub fn charges(&self) -> &[Vec<f64>] {
        &self.charges
    }

    /// K at the amplitudes (α₁ … α_n, b₁ … b_n): conserved along a path, and at a fixed point the rate at which ln tr R grows.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub fn generator(&self, amplitudes: &[c64]) -> Result<f64, InstantonError> {
        let message = |_| InstantonError::Evaluation { message: "K".to_owned() };
        Ok(self.generator.eval(amplitudes, &self.parameters, 0.0).map_err(message)?.re)
    }

    /// When the state at rest gives way, up to a horizon: the divergence of the quadratic part of the model.
    ///
    /// # Errors
    /// As [`QuadraticFlow::divergence`].
    pub fn departure(&self, horizon: f64) -> Result<Divergence, InstantonError> {
        Ok(self.quadratic.divergence(&self.initial, horizon)?)
    }

    /// Number of real variables 4n: (Re α₁, Im α₁, …, Re b₁, Im b₁, …).
    pub(super) fn dim(&self) -> usize {
        4 * self.modes
    }

    /// α† − bᵀX = 0 as 2n real rows.
    pub(super) fn start_rows(&self) -> RMatrix {
        let n = self.modes;
        let mut rows = RMatrix::zeros(2 * n, 4 * n);
        for i in 0..n {
            // Re and Im of α_i* − Σ_j b_j X_ji.
            rows[(2 * i, 2 * i)] = 1.0;
            rows[(2 * i + 1, 2 * i + 1)] = -1.0;
            for j in 0..n {
                let x = self.start[(j, i)];
                rows[(2 * i, 2 * n + 2 * j)] -= x.re;
                rows[(2 * i, 2 * n + 2 * j + 1)] += x.im;
                rows[(2 * i + 1, 2 * n + 2 * j)] -= x.im;
                rows[(2 * i + 1, 2 * n + 2 * j + 1)] -= x.re;
            }
        }
        rows
    }

    /// b − α* = 0 as 2n real rows.
    pub(super) fn end_rows(&self) -> RMatrix {
        let n = self.modes;
        RMatrix::from_fn(2 * n, 4 * n, |i, j| {
            let same = if i % 2 == 0 { -1.0 } else { 1.0 };
            if j == i { same } else { f64::from(u8::from(j == 2 * n + i)) }
        })
    }
}

/// The flow of the path with its variational equations, with its own workspace.
pub(super) struct Variational<'a> {
    instanton: &'a Instanton,
    work: Workspace,
    ordering: Workspace,
    rate: Vec<c64>,
    /// Columns of the variational matrix that are carried: 4n, or none.
    columns: usize,
    product: Vec<f64>,
}

impl<'a> Variational<'a> {
    pub(super) fn new(instanton: &'a Instanton, columns: usize) -> Self {
        let dim = instanton.dim();
        Self {
            instanton,
            work: instanton.bound.workspace(),
            ordering: instanton.ordering.workspace(),
            rate: vec![c64::new(0.0, 0.0); dim / 2],
            columns,
            product: vec![0.0; dim * columns],
        }
    }
}

impl System for Variational<'_> {
    fn dim(&self) -> usize {
        // The amplitudes, and the variational matrix or, where none is carried, two integrals: action and orderings.
        self.instanton.dim() + if self.columns > 0 { self.product.len() } else { 2 }
    }

    fn rhs(&mut self, _t: f64, y: &[f64], dy: &mut [f64]) {
        let dim = self.instanton.dim();
        let z = as_complex(&y[..dim]);
        if self.columns == 0 {
            self.instanton.bound.flow(0.0, z, &mut self.rate, &mut self.work);
            dy[..dim].copy_from_slice(as_real(&self.rate));
            // 2 Re Σ (α* − b) α̇: K is added once for all, for it is constant.
            let n = dim / 4;
            dy[dim] = (0..n).map(|j| 2.0 * ((z[j].conj() - z[n + j]) * self.rate[j]).re).sum();
            self.instanton.ordering.flow(0.0, z, &mut self.rate, &mut self.ordering);
            dy[dim + 1] = self.rate[0].re;
            return;
        }
        self.instanton.bound.linearise(0.0, z, &mut self.rate, &mut self.work);
        dy[..dim].copy_from_slice(as_real(&self.rate));
        let pattern = self.instanton.bound.kernel().drift_pattern();
        sparse_times(pattern, &self.work.drift, &y[dim..], self.columns, &mut self.product);
        dy[dim..].copy_from_slice(&self.product);
    }
}
