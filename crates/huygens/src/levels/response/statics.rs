//! The undriven oscillators with their static baths, to all orders in the coupling.

use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::linalg::{self, CMatrix, Lu, RMatrix};
use huygens_numerics::quad::{Singularity, graded};

use super::ResponseError;
use super::bath::Kernel;
use super::dispersion::Responder;
use super::embedding::embedded;
use super::rational::{Sum, weight};
use super::system::Bound;

/// A pole narrower than this share of its modulus is a mode that no bath damps.
const UNDAMPED: f64 = 1e-12;
/// Share of digits that a closed form may lose.
const LOST: f64 = 1e-9;
/// Cut-off of integrals, in units of the largest frequency of the problem.
const LIMIT: f64 = 1e8;

/// The poles of the response χ(ω) = Σ_j a_j/(ω − λ_j) of a rational system.
#[derive(Clone, Debug, PartialEq)]
pub struct Poles {
    /// λ_j, in the lower half-plane.
    pub at: Vec<c64>,
    /// Right null vectors x of χ⁻¹(λ), over yᵀ(χ⁻¹)′x: quadrature by pole.
    right: CMatrix,
    /// Left null vectors y: pole by quadrature.
    left: CMatrix,
}

/// χ⁻¹(z)x = (h − izσ)x − Σ ζ v (vᵀx), or its transpose with the other sign of σ; `slope`: that of (χ⁻¹)′. The bath's part is
/// applied by the overlap vᵀx, so that a mode that a strong bath hardly sees keeps its digits.
fn inverse_response(bound: &Bound, z: c64, x: &[c64], transposed: bool, slope: bool) -> Option<Vec<c64>> {
    let dim = bound.hessian.rows();
    let sign = if transposed { 1.0 } else { -1.0 };
    let turn = c64::new(0.0, sign) * if slope { c64::new(1.0, 0.0) } else { z };
    let mut out = vec![c64::new(0.0, 0.0); dim];
    for k in (0..dim).step_by(2) {
        out[k] = turn * x[k + 1];
        out[k + 1] = -turn * x[k];
    }
    if !slope {
        for i in 0..dim {
            for j in 0..dim {
                out[i] += bound.hessian[(i, j)] * x[j];
            }
        }
    }
    for bath in &bound.reservoirs {
        let zeta = if slope { bath.kernel.continued_slope(z)? } else { bath.kernel.continued(z)? };
        let seen: c64 = bath.vector.iter().zip(x).map(|(v, x)| x * *v).sum();
        for (o, v) in out.iter_mut().zip(&bath.vector) {
            *o -= zeta * seen * *v;
        }
    }
    Some(out)
}

impl Poles {
    /// Poles and residues χ = Σ x yᵀ/(yᵀ(χ⁻¹)′x)/(ω − λ) from eigenvalues that may have lost digits to a strong bath: inverse iteration
    /// for the null vectors of χ⁻¹(λ), Newton steps of their Rayleigh functional for λ. `None` where poles fall together.
    fn new(bound: &Bound, places: &[c64]) -> Option<Self> {
        let dim = bound.hessian.rows();
        let dot = |a: &[c64], b: &[c64]| -> c64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
        let (mut at, mut right, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for &place in places {
            let mut z = place;
            let unit: Vec<c64> = (0..dim).map(|k| c64::new(1.0 / (k + 1) as f64, 0.3)).collect();
            let (mut x, mut y) = (unit.clone(), unit);
            let mut scale = c64::new(1.0, 0.0);
            for _ in 0..4 {
                let columns = |near: c64, transposed: bool| -> Option<CMatrix> {
                    let mut matrix = CMatrix::zeros(dim, dim);
                    for j in 0..dim {
                        let mut e = vec![c64::new(0.0, 0.0); dim];
                        e[j] = c64::new(1.0, 0.0);
                        for (i, value) in inverse_response(bound, near, &e, transposed, false)?.into_iter().enumerate()
                        {
                            matrix[(i, j)] = value;
                        }
                    }
                    Some(matrix)
                };
                for (vector, transposed) in [(&mut x, false), (&mut y, true)] {
                    // Exactly at the pole a pivot may vanish: then off it by a rounding.
                    let lu = Lu::new(&columns(z, transposed)?)
                        .or_else(|e| Lu::new(&columns(z * (1.0 + 4.0 * f64::EPSILON), transposed).ok_or(e)?))
                        .ok()?;
                    for _ in 0..2 {
                        lu.solve_in_place(vector);
                        let norm = vector.iter().map(|v| v.norm_sqr()).sum::<f64>().sqrt();
                        vector.iter_mut().for_each(|v| *v /= norm);
                    }
                }
                scale = dot(&y, &inverse_response(bound, z, &x, false, true)?);
                z -= dot(&y, &inverse_response(bound, z, &x, false, false)?) / scale;
            }
            let fine = (z - place).norm() <= 1e-6 * place.norm() && scale.norm() > 1e-7 && z.im < 0.0;
            if !fine {
                return None;
            }
            at.push(z);
            right.push(x.iter().map(|v| v / scale).collect::<Vec<c64>>());
            left.push(y);
        }
        for (k, a) in at.iter().enumerate() {
            if at[..k].iter().any(|b| (a - b).norm() < 1e-6 * a.norm()) {
                return None;
            }
        }
        let n = at.len();
        Some(Self {
            right: CMatrix::from_fn(dim, n, |k, j| right[j][k]),
            left: CMatrix::from_fn(n, dim, |j, k| left[j][k]),
            at,
        })
    }

    /// The residue of χ_{kl} at pole j.
    pub fn residue(&self, j: usize, k: usize, l: usize) -> c64 {
        self.right[(k, j)] * self.left[(j, l)]
    }

    /// χ_{kl}(z) and its derivative, each with the size of its terms.
    pub fn response(&self, z: c64, k: usize, l: usize) -> [Sum; 2] {
        let mut sum = [Sum::default(); 2];
        for (j, pole) in self.at.iter().enumerate() {
            let inverse = (z - pole).inv();
            let term = self.residue(j, k, l) * inverse;
            sum[0].add(term);
            sum[1].add(-term * inverse);
        }
        sum
    }

    /// (χ_{kl}(z) − conj χ_{lk}(z̄))/2i and its derivative: χ″ where χ is symmetric.
    pub fn dissipation(&self, z: c64, k: usize, l: usize) -> [Sum; 2] {
        let (a, b) = (self.response(z, k, l), self.response(z.conj(), l, k));
        let half = c64::new(0.0, -0.5);
        [0, 1].map(|i| Sum { value: (a[i].value - b[i].value.conj()) * half, size: 0.5 * (a[i].size + b[i].size) })
    }
}

/// The static system at one set of values.
#[derive(Clone, Debug)]
pub struct Statics {
    bound: Bound,
    /// Poles of the response, where all static baths are rational and the poles apart.
    poles: Option<Poles>,
    /// The same for the mesh of quadratures, by an iteration where baths are not rational.
    places: Vec<c64>,
    /// ζ of all baths, driven ones first.
    responders: Vec<Responder>,
}

/// σ x: (σx)_q = x_p, (σx)_p = −x_q.
pub(super) fn symplectic(x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    for k in (0..x.len()).step_by(2) {
        out[k] = x[k + 1];
        out[k + 1] = -x[k];
    }
    out
}

/// ω/2T, infinite at T = 0.
pub(super) fn over(omega: f64, temperature: f64) -> f64 {
    if temperature == 0.0 { omega.signum() * f64::INFINITY } else { 0.5 * omega / temperature }
}

/// coth(ω/2T), its sign at T = 0.
pub(super) fn coth(omega: f64, temperature: f64) -> f64 {
    if temperature == 0.0 { omega.signum() } else { 1.0 / (0.5 * omega / temperature).tanh() }
}

/// J(ω) coth(ω/2T), finite at ω = 0 where J/ω is.
pub(super) fn noise(kernel: &Kernel, omega: f64, temperature: f64) -> f64 {
    if omega.abs() < 1e-8 * temperature {
        return 2.0 * temperature * kernel.damping(omega.abs());
    }
    kernel.density(omega) * coth(omega, temperature)
}

impl Statics {
    /// The static system of a bound one.
    ///
    /// # Errors
    /// [`ResponseError::NoSteadyState`] without a lowest state, or with a mode that no static bath damps.
    pub fn new(bound: &Bound) -> Result<Self, ResponseError> {
        let stuck = |text: String| Err(ResponseError::NoSteadyState(text));
        let hessian = &bound.hessian;
        if linalg::log_det_spd(hessian).is_err() {
            return stuck("the oscillators have no lowest state: the Hamiltonian is not positive, so that nothing holds them; check signs and frequencies".into());
        }
        let failed = |e: linalg::LinalgError| {
            ResponseError::NoSteadyState(format!("the poles of the response were not found: {e}"))
        };
        let (places, poles) = match embedded(bound) {
            Some(matrix) => {
                let values = linalg::eigenvalues(&matrix).map_err(failed)?;
                let places: Vec<c64> = values.iter().map(|s| c64::new(0.0, 1.0) * s).collect();
                match Poles::new(bound, &places) {
                    Some(poles) => (poles.at.clone(), Some(poles)),
                    None => (places, None),
                }
            }
            None => (approximate(bound).map_err(failed)?, None),
        };
        if let Some(slow) = places.iter().find(|p| p.im.abs() <= UNDAMPED * (p.norm() + f64::MIN_POSITIVE)) {
            let free = if bound.reservoirs.is_empty() {
                "no static bath damps the oscillators, so that they never become stationary: couple them to one, or make the driven coupling part of --order all".to_owned()
            } else {
                format!(
                    "a mode of frequency {:.6} is damped by no static bath (a dissipation-free subspace, as that of two equal oscillators with equal couplings): there is no steady state; detune the oscillators or couple them differently",
                    slow.re.abs()
                )
            };
            return stuck(free);
        }
        let kernels = bound.driven.iter().map(|d| &d.kernel).chain(bound.reservoirs.iter().map(|r| &r.kernel));
        let responders = kernels.map(Responder::new).collect();
        Ok(Self { bound: bound.clone(), poles, places, responders })
    }

    /// The numbers it was made of.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// ζ(ω) of a bath, driven ones first.
    pub(super) fn zeta(&self, bath: usize, omega: f64) -> c64 {
        self.responders[bath].at(omega)
    }

    /// The poles with residues, where there are.
    pub fn poles(&self) -> Option<&Poles> {
        self.poles.as_ref()
    }

    /// Where the poles of the response are, by an estimate for baths that are not rational.
    pub fn places(&self) -> &[c64] {
        &self.places
    }

    /// The smallest width |Im λ| of a pole: the rate that a weak driven bath must be small against.
    pub fn slowest(&self) -> f64 {
        self.places.iter().map(|p| p.im.abs()).fold(f64::INFINITY, f64::min)
    }

    /// The one temperature of all static baths, if they have one.
    pub fn temperature(&self) -> Option<f64> {
        let first = self.bound.reservoirs.first()?.temperature;
        self.bound.reservoirs.iter().all(|r| r.temperature == first).then_some(first)
    }

    /// χ(ω) = \[h − iωσ − Σ_ν ζ_ν v_ν v_νᵀ\]⁻¹ of all quadratures: r = χ f for a force −fᵀr in the Hamiltonian.
    pub fn response(&self, omega: f64) -> CMatrix {
        let n = self.bound.hessian.rows();
        let mut inverse = CMatrix::from_fn(n, n, |i, j| c64::new(self.bound.hessian[(i, j)], 0.0));
        for k in (0..n).step_by(2) {
            inverse[(k, k + 1)] -= c64::new(0.0, omega);
            inverse[(k + 1, k)] += c64::new(0.0, omega);
        }
        for (bath, responder) in self.bound.reservoirs.iter().zip(&self.responders[self.bound.driven.len()..]) {
            let zeta = responder.at(omega);
            for (i, a) in bath.vector.iter().enumerate().filter(|(_, a)| **a != 0.0) {
                for (j, b) in bath.vector.iter().enumerate().filter(|(_, b)| **b != 0.0) {
                    inverse[(i, j)] -= zeta * (a * b);
                }
            }
        }
        // Only an undamped mode exactly at ω makes this singular; those have been refused.
        Lu::new(&inverse).map_or_else(
            |_| CMatrix::from_fn(n, n, |_, _| c64::new(f64::INFINITY, 0.0)),
            |lu| lu.solve(&CMatrix::identity(n)),
        )
    }

    /// The finite eigenvalue of χ″ between the given quadratures at ω (Razzoli et al., Fig. 2a): the trace of χ″, which has rank one with
    /// one bath.
    pub fn absorption(&self, omega: f64, quadratures: &[usize]) -> f64 {
        let chi = self.response(omega);
        quadratures.iter().map(|&k| chi[(k, k)].im).sum()
    }

    /// Singularities of the response and of the static baths' noise.
    pub fn singularities(&self) -> Vec<Singularity> {
        let mut list: Vec<Singularity> = self.places.iter().map(|p| Singularity::new(p.re, p.im)).collect();
        for bath in &self.bound.reservoirs {
            bath.kernel.singularities(&mut list);
            list.push(Singularity::new(0.0, TAU * bath.temperature));
        }
        list
    }

    /// The largest frequency or temperature of the problem.
    pub fn scale(&self) -> f64 {
        let poles = self.places.iter().map(|p| p.norm());
        let baths = self.bound.reservoirs.iter().map(|r| r.kernel.scale().max(r.temperature));
        let driven = self.bound.driven.iter().map(|d| d.kernel.scale().max(d.temperature));
        poles.chain(baths).chain(driven).chain([self.bound.frequency]).fold(0.0, f64::max)
    }

    /// The cut-off of integrals over frequencies.
    pub fn limit(&self) -> f64 {
        LIMIT * self.scale()
    }

    /// Whether the symmetrised covariance of two quadratures diverges: strictly Ohmic baths shake both by white quantum noise, |ω|/ω².
    fn diverges(&self, i: usize, j: usize) -> bool {
        self.bound.reservoirs.iter().any(|r| {
            let kicked = symplectic(&r.vector);
            matches!(r.kernel, Kernel::Ohmic { .. }) && kicked[i] != 0.0 && kicked[j] != 0.0
        })
    }

    /// The covariance V_ij = ½⟨{r_i, r_j}⟩ of the quadratures, infinite where strictly Ohmic baths make it so (the logarithmic divergence
    /// of ⟨p²⟩; Weiss, ch. 7), and an estimate of its relative error.
    ///
    /// V = ∫ dω/2π Σ_ν χ v_ν J_ν coth(ω/2T_ν) v_νᵀ χ†, in closed form for one temperature and rational baths.
    pub fn covariance(&self) -> (RMatrix, f64) {
        let n = self.bound.hessian.rows();
        let closed =
            self.temperature().zip(self.poles.as_ref()).and_then(|(t, poles)| self.covariance_closed(t, poles));
        if let Some(found) = closed {
            return (found, LOST);
        }
        let nodes = graded(&self.singularities(), self.limit());
        let mut sum = RMatrix::zeros(n, n);
        for &(omega, w) in &nodes {
            let chi = self.response(omega);
            for bath in &self.bound.reservoirs {
                let level = w / TAU * noise(&bath.kernel, omega, bath.temperature);
                let x: Vec<c64> = (0..n).map(|i| (0..n).map(|j| chi[(i, j)] * bath.vector[j]).sum()).collect();
                for i in 0..n {
                    for j in 0..n {
                        sum[(i, j)] += level * (x[i] * x[j].conj()).re;
                    }
                }
            }
        }
        for i in 0..n {
            for j in 0..n {
                if self.diverges(i, j) {
                    sum[(i, j)] = f64::INFINITY;
                }
            }
        }
        (sum, 1e-11)
    }

    fn covariance_closed(&self, temperature: f64, poles: &Poles) -> Option<RMatrix> {
        let n = self.bound.hessian.rows();
        let mut out = RMatrix::zeros(n, n);
        let weights: Vec<[c64; 2]> =
            poles.at.iter().map(|p| [weight(*p, temperature)[0], weight(p.conj(), temperature)[0]]).collect();
        let half = c64::new(0.0, -0.5);
        for i in 0..n {
            for j in i..n {
                if self.diverges(i, j) {
                    out[(i, j)] = f64::INFINITY;
                    out[(j, i)] = f64::INFINITY;
                    continue;
                }
                let mut sum = Sum::default();
                for (k, [below, above]) in weights.iter().enumerate() {
                    sum.add(half * poles.residue(k, i, j) * below);
                    sum.add(-half * poles.residue(k, j, i).conj() * above);
                }
                // An entry that vanishes by symmetry is compared with the diagonal.
                let value = sum.value.re / TAU;
                let scale = value.abs().max(out[(i, i)].abs().min(1.0) * 1e-3);
                if sum.size / TAU * f64::EPSILON > LOST * scale {
                    return None;
                }
                out[(i, j)] = value;
                out[(j, i)] = value;
            }
        }
        (!out.as_slice().iter().any(|x| x.is_nan())).then_some(out)
    }
}

/// The response between some outputs x_a = u_aᵀr: driven quadratures, then the couplings of the static baths.
#[derive(Clone, Debug)]
pub(super) struct Probe<'a> {
    statics: &'a Statics,
    /// The vectors u.
    pub(super) outputs: Vec<Vec<f64>>,
    /// Residues of the response between outputs by pole, row by row, where it has poles.
    residues: Vec<Vec<c64>>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(statics: &'a Statics) -> Self {
        let bound = &statics.bound;
        let dim = bound.hessian.rows();
        let unit = |l: usize| (0..dim).map(|i| if i == l { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
        let mut outputs: Vec<Vec<f64>> = bound.forms.iter().map(|l| unit(*l)).collect();
        outputs.extend(bound.reservoirs.iter().map(|r| r.vector.clone()));
        let residues = statics.poles.as_ref().map_or_else(Vec::new, |poles| {
            let between = |j: usize| between(&outputs, &|k, l| poles.residue(j, k, l));
            (0..poles.at.len()).map(between).collect()
        });
        Self { statics, outputs, residues }
    }

    /// χ between the outputs at ω, row by row.
    pub(super) fn response(&self, omega: f64, chi: &mut Vec<c64>) {
        chi.clear();
        if let Some(poles) = &self.statics.poles {
            chi.resize(self.outputs.len() * self.outputs.len(), c64::new(0.0, 0.0));
            for (pole, residue) in poles.at.iter().zip(&self.residues) {
                let inverse = (c64::new(omega, 0.0) - pole).inv();
                for (x, r) in chi.iter_mut().zip(residue) {
                    *x += r * inverse;
                }
            }
            return;
        }
        let full = self.statics.response(omega);
        chi.extend(between(&self.outputs, &|k, l| full[(k, l)]));
    }
}

/// uᵀ M u of all pairs of vectors.
fn between(outputs: &[Vec<f64>], entry: &dyn Fn(usize, usize) -> c64) -> Vec<c64> {
    let mut list = Vec::with_capacity(outputs.len() * outputs.len());
    for a in outputs {
        for b in outputs {
            let mut sum = c64::new(0.0, 0.0);
            for (k, x) in a.iter().enumerate().filter(|(_, x)| **x != 0.0) {
                for (l, y) in b.iter().enumerate().filter(|(_, y)| **y != 0.0) {
                    sum += entry(k, l) * (x * y);
                }
            }
            list.push(sum);
        }
    }
    list
}

/// Poles of systems whose baths are not rational, each by the iteration that replaces every bath by the friction J/ω and the stiffness
/// −Re ζ it has at the frequency of that pole.
fn approximate(bound: &Bound) -> Result<Vec<c64>, linalg::LinalgError> {
    let dim = bound.hessian.rows();
    let at = |omega: f64| -> Result<Vec<c64>, linalg::LinalgError> {
        let omega = omega.abs().max(1e-9);
        let mut hessian = bound.hessian.clone();
        let mut damping = RMatrix::zeros(dim, dim);
        for bath in &bound.reservoirs {
            let zeta = bath.kernel.response(omega);
            for i in 0..dim {
                for j in 0..dim {
                    let pair = bath.vector[i] * bath.vector[j];
                    hessian[(i, j)] -= zeta.re * pair;
                    damping[(i, j)] += zeta.im / omega * pair;
                }
            }
        }
        // ṙ = σ(h r + D ṙ): (1 − σD) ṙ = σh r
        let sigma = |m: &RMatrix| {
            let mut out = RMatrix::zeros(dim, dim);
            for j in 0..dim {
                for (i, x) in symplectic(&m.col(j)).into_iter().enumerate() {
                    out[(i, j)] = x;
                }
            }
            out
        };
        let mut left = sigma(&damping).scale(-1.0);
        for k in 0..dim {
            left[(k, k)] += 1.0;
        }
        let matrix = linalg::solve(&left, &sigma(&hessian))?;
        Ok(linalg::eigenvalues(&matrix)?.iter().map(|s| c64::new(0.0, 1.0) * s).collect())
    };
    let mut poles = at(bound.hessian.norm_max().max(1e-6))?;
    for k in 0..poles.len() {
        let mut here = poles[k];
        for _ in 0..12 {
            let list = at(here.norm())?;
            let near = list.iter().min_by(|a, b| (**a - here).norm().total_cmp(&(**b - here).norm()));
            here = *near.unwrap_or(&here);
        }
        poles[k] = here;
    }
    Ok(poles)
}
