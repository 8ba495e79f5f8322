//! Heat and work of a model: the first law.
//!
//! # Definitions
//! dE/dt = Σ_b tr(H 𝓓_b ρ) + tr(ρ ∂H/∂t) for E = ⟨H⟩: what the dissipator 𝓓_b of reservoir b brings is heat, what the explicit
//! time dependence of H brings is work (R. Alicki, J. Phys. A 12, L103 (1979)). A bath with both its jumps is one reservoir, any
//! other jump is one by itself. Here J_b = −tr(H 𝓓_b ρ) is positive into the reservoir, so that dE/dt = P − Σ_b J_b.
//!
//! The energy is that of H as the model states it, in its frame. A drive that a rotating frame has brought to rest is a constant
//! term of H: it does no work there, P = 0, and the heats add up to zero in a steady state. The power of a laser is seen only
//! where H is written in a frame in which the laser oscillates.
//!
//! # Second order in the fluctuations
//! At the gaussian level z and V carry the symbols H, f = f_H + Σ_b f_b (flow) and D_b (diffusion, normal-ordered) to the order
//!
//! ```text
//! E   = H + ∇H·y + ½ H″:⟨δz δz⟩,     P = ∂_t of that,
//! −J_b = (f_b·∇H) + ∇(f_b·∇H)·y + ½ (f_b·∇H)″:⟨δz δz⟩ + ½ tr(D_b H″),
//! ```
//!
//! the coherent part first; y is the shift of the mean that the fluctuations cause where the flow is not linear
//! ([`crate::levels::gaussian::shift`]). With it the first law holds exactly at this order, and for quadratic H and linear jumps
//! every term is exact.

use crate::algebra::{EvalError, ModeId, Operator, Polynomial, Scalar};
use crate::levels::equations::{Equations, SparsePolynomials, momentum_noise};
use crate::levels::gaussian::expansion::{Expanded, Expansion, Point};
use crate::model::Model;

/// What exchanges heat, or does work.
#[derive(Clone, Debug, PartialEq)]
pub struct Party {
    /// The modes that it acts on.
    pub modes: Vec<usize>,
    /// Name for messages.
    pub name: String,
}

impl Party {
    fn new(modes: impl IntoIterator<Item = ModeId>, name: String) -> Self {
        Self { modes: modes.into_iter().map(|m| m.0 as usize).collect(), name }
    }
}

/// Heat and work of a model, with symbolic coefficients: worked out once.
#[derive(Clone, Debug)]
pub struct Energetics {
    modes: usize,
    reservoirs: Vec<Party>,
    drives: Vec<Party>,
    /// The flow of each mode, H, f_b·∇H and then ½ tr(D_b H″) of each reservoir, ∂H/∂t of each drive.
    list: Expansion,
}

/// Energies and their rates of change at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Flows {
    /// E.
    pub energy: f64,
    /// J_b into each reservoir.
    pub heat: Vec<f64>,
    /// P of each drive.
    pub power: Vec<f64>,
    /// Sum of the absolute values of all that was added up: what rounding is relative to.
    pub gross: f64,
}

impl Flows {
    /// P − Σ J_b.
    pub fn balance(&self) -> f64 {
        self.power.iter().sum::<f64>() - self.heat.iter().sum::<f64>()
    }
}

impl Energetics {
    /// Works out heat and work of a model.
    pub fn of(model: &Model) -> Self {
        let n = model.modes.len();
        let h = model.hamiltonian.normal_symbol();
        let flow = Equations::derive(model).flow;
        let mut reservoirs = Vec::new();
        let (mut coherent, mut spread) = (Vec::new(), Vec::new());
        let mut add = |party: Party, equations: &Equations| {
            reservoirs.push(party);
            coherent.push(along_flow(equations, &h));
            spread.push(by_diffusion(equations, &h));
        };
        let parameters = model.parameters.len();
        for (index, bath) in model.baths.iter().enumerate() {
            let of_bath = model.jumps.iter().filter(|j| j.bath == Some(index));
            let jumps: Vec<Operator> = of_bath.map(|j| j.operator.clone()).collect();
            let mut equations = Equations::from_operators(n, parameters, &bath.generator(), &jumps);
            equations.diffusion_anomalous.extend(momentum_noise(bath));
            add(Party::new([bath.mode], bath.label.clone()), &equations);
        }
        for jump in model.jumps.iter().filter(|j| j.bath.is_none()) {
            let jumps = std::slice::from_ref(&jump.operator);
            let equations = Equations::from_operators(n, parameters, &Operator::zero(), jumps);
            add(Party::new(jump.operator.modes(), jump.label.clone()), &equations);
        }
        let (drives, works) = drives(model);
        let list: Vec<Polynomial> = flow.into_iter().chain([h]).chain(coherent).chain(spread).chain(works).collect();
        Self { modes: n, reservoirs, drives, list: Expansion::new(n, &list) }
    }

    /// Whatever takes heat.
    pub fn reservoirs(&self) -> &[Party] {
        &self.reservoirs
    }

    /// The explicitly time-dependent terms of H, by the modes they act on.
    pub fn drives(&self) -> &[Party] {
        &self.drives
    }

    /// With the numbers of one parameter set.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub fn bind(&self, parameters: &[f64]) -> Result<BoundEnergetics<'_>, EvalError> {
        Ok(BoundEnergetics { energetics: self, list: self.list.bind(parameters)? })
    }
}

/// [`Energetics`] with numbers.
#[derive(Clone, Debug)]
pub struct BoundEnergetics<'a> {
    energetics: &'a Energetics,
    list: Expanded<'a>,
}

impl<'a> BoundEnergetics<'a> {
    /// The flow of each mode, to be expanded about a state.
    pub fn flow(&self) -> &Expanded<'a> {
        &self.list
    }

    /// Energy, heats and powers of a state at the time t.
    pub fn flows(&mut self, t: f64, point: &Point<'_>) -> Flows {
        self.list.at(t);
        let Energetics { modes, reservoirs, drives, .. } = self.energetics;
        let (r, first) = (reservoirs.len(), modes + 1);
        let mut gross = 0.0;
        let mut expand = |index: usize| {
            let orders = self.list.orders(index, point);
            gross += orders.mean.re.abs() + orders.shift.re.abs() + orders.fluctuations.re.abs();
            orders
        };
        let heat = (0..r).map(|b| -(expand(first + b).total() + expand(first + r + b).mean).re).collect();
        let power = (0..drives.len()).map(|d| expand(first + 2 * r + d).total().re).collect();
        Flows { energy: self.list.orders(*modes, point).total().re, heat, power, gross }
    }
}

/// f·∇H = Σ_k (f_k ∂H/∂z_k + c.c.).
fn along_flow(equations: &Equations, h: &Polynomial) -> Polynomial {
    let mut sum = Polynomial::zero();
    for (k, f) in equations.flow.iter().enumerate().filter(|(_, f)| !f.is_zero()) {
        let half = f.mul(&h.derivative(ModeId(k as u32)));
        sum = sum.add(&half).add(&half.conj());
    }
    sum
}

/// ½ tr(D H″) of the normal-ordered diffusion: D + ½(A + A†) of ⟨δz δz*⟩, D + ½(B + Bᵀ) of ⟨δz δz⟩.
fn by_diffusion(equations: &Equations, h: &Polynomial) -> Polynomial {
    let mut sum = Polynomial::zero();
    let half = Scalar::real(0.5);
    let mode = |k: usize| ModeId(k as u32);
    let mut add = |list: &SparsePolynomials, weight: &Scalar, second: &dyn Fn(usize, usize) -> Polynomial| {
        for entry in list {
            let term = entry.polynomial.mul(&second(entry.row, entry.column)).scale(weight);
            sum = sum.add(&term).add(&term.conj());
        }
    };
    // Each sum with its conjugate: D of ⟨δz δz*⟩ is Hermitian and counts half.
    let mixed = |k: usize, l: usize| h.derivative(mode(k)).derivative_conj(mode(l));
    let alike = |k: usize, l: usize| h.derivative(mode(k)).derivative(mode(l));
    add(&equations.diffusion, &half, &mixed);
    add(&equations.drift, &half, &mixed);
    add(&equations.diffusion_anomalous, &half, &alike);
    add(&equations.drift_conj, &half, &alike);
    sum
}

/// ∂H/∂t, its terms gathered by the modes they act on.
fn drives(model: &Model) -> (Vec<Party>, Vec<Polynomial>) {
    let rate = model.hamiltonian.map_coefficients(&Scalar::time_derivative);
    let mut parties: Vec<Party> = Vec::new();
    let mut works: Vec<Polynomial> = Vec::new();
    for (monomial, coefficient) in rate.normal_symbol().iter() {
        let modes: Vec<ModeId> = monomial.factors().iter().map(|f| f.mode).collect();
        let names: Vec<&str> = modes.iter().map(|m| model.modes[m.0 as usize].name.as_str()).collect();
        let party = Party::new(modes, format!("drive of {}", names.join(", ")));
        let term = Polynomial::term(monomial.clone(), coefficient.clone());
        match parties.iter().position(|p| *p == party) {
            Some(k) => works[k] = works[k].add(&term),
            None => {
                parties.push(party);
                works.push(term);
            }
        }
    }
    (parties, works)
}
