//! The model as matrices and vectors of numbers.

use huygens_numerics::c64;
use huygens_numerics::fourier::fft;
use huygens_numerics::linalg::RMatrix;

use super::ResponseError;
use super::bath::Kernel;
use crate::algebra::{Compiled, EvalError, Monomial, Operator, ParamId, Scalar, common_frequency, drive_rates};
use crate::model::{Model, StructuredBath};

/// Samples of a coupling over a period, by which its harmonics are found: 31 of them can be told.
const SAMPLES: usize = 64;
/// Harmonics below this share of the largest count as rounding.
const ROUNDING: f64 = 1e-13;

/// A model of linear oscillators with structured baths, compiled: everything that does not depend on numbers.
#[derive(Clone, Debug)]
pub struct System {
    dim: usize,
    /// h (upper triangle), then for each bath its quantities, then the static couplings, then the rates of the drives.
    fixed: Compiled,
    /// Driven couplings: value, and derivative by the frequency's parameter at fixed phase.
    moving: Compiled,
    baths: Vec<StructuredBath>,
    /// Quadratures that any driven coupling contains.
    forms: Vec<usize>,
    /// Number of rates, and the parameter that sets them all, where there is one.
    rates: usize,
    parameter: Option<ParamId>,
    names: crate::algebra::Names,
}

/// A static bath.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservoir {
    /// Its index among the model's structured baths.
    pub index: usize,
    /// What it responds.
    pub kernel: Kernel,
    /// Its temperature.
    pub temperature: f64,
    /// v, its coupling S = vᵀr.
    pub vector: Vec<f64>,
}

/// A bath with a driven coupling, S = Σ_l g_l(t) r_l over the driven quadratures.
#[derive(Clone, Debug, PartialEq)]
pub struct Driven {
    /// Its index among the model's structured baths.
    pub index: usize,
    /// What it responds.
    pub kernel: Kernel,
    /// Its temperature.
    pub temperature: f64,
    /// g_l^n of g_l(t) = Σ_n g_l^n e^{−inΩt} by rows n = 0 … of the quadratures; g^{−n} is the conjugate.
    pub harmonics: Vec<Vec<c64>>,
    /// dg_l^n/dΩ at fixed phase Ωt, as the model's parameters make it; `None` where no single parameter sets the frequency.
    pub slopes: Option<Vec<Vec<c64>>>,
}

/// A system with numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// h, 2n×2n.
    pub hessian: RMatrix,
    /// Static baths.
    pub reservoirs: Vec<Reservoir>,
    /// Driven baths.
    pub driven: Vec<Driven>,
    /// The driven quadratures, as indices of r.
    pub forms: Vec<usize>,
    /// Ω, 0 without a drive.
    pub frequency: f64,
}

impl Driven {
    /// g^n of all driven quadratures, n of either sign.
    pub fn harmonic(&self, n: i64, l: usize) -> c64 {
        let row = self.harmonics.get(n.unsigned_abs() as usize).map_or(c64::new(0.0, 0.0), |row| row[l]);
        if n < 0 { row.conj() } else { row }
    }

    /// The highest harmonic.
    pub fn highest(&self) -> usize {
        self.harmonics.len().saturating_sub(1)
    }
}

fn refused(text: String) -> ResponseError {
    ResponseError::Model(text)
}

/// The gradient of an amplitude by the quadratures of its mode: z = (q + ip)/√2.
fn gradient(monomial: &Monomial) -> Vec<(usize, c64)> {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let mut list = Vec::new();
    for factor in monomial.factors() {
        let at = 2 * factor.mode.0 as usize;
        for (count, sign) in [(factor.word.ann, 1.0), (factor.word.dag, -1.0)] {
            for _ in 0..count {
                list.push((at, c64::new(half, 0.0)));
                list.push((at + 1, c64::new(0.0, sign * half)));
            }
        }
    }
    list
}

/// The coefficients of a linear operator by quadrature.
fn linear(operator: &Operator, dim: usize) -> Vec<Scalar> {
    let mut list = vec![Scalar::zero(); dim];
    for (monomial, coefficient) in operator.iter() {
        for (at, slope) in gradient(monomial) {
            list[at].add_assign(&coefficient.times(slope));
        }
    }
    list
}

/// The Hessian of a quadratic operator by quadratures, upper triangle.
fn hessian(operator: &Operator, dim: usize) -> Vec<Scalar> {
    let mut full = vec![Scalar::zero(); dim * dim];
    for (monomial, coefficient) in operator.weyl_symbol().iter() {
        let slopes = gradient(monomial);
        // Two amplitudes with two entries each.
        let (first, second) = slopes.split_at(slopes.len() / 2);
        for &(i, a) in first {
            for &(j, b) in second {
                full[i * dim + j].add_assign(&coefficient.times(a * b));
                full[j * dim + i].add_assign(&coefficient.times(a * b));
            }
        }
    }
    (0..dim).flat_map(|i| (i..dim).map(move |j| (i, j))).map(|(i, j)| full[i * dim + j].clone()).collect()
}

impl System {
    /// The system of a model.
    ///
    /// # Errors
    /// [`ResponseError::Model`] with the sentence to show for a model that is not linear, has jumps or an anti-Hermitian part, or no
    /// structured bath.
    pub fn derive(model: &Model) -> Result<Self, ResponseError> {
        let name = &model.name;
        if model.structured.is_empty() {
            return Err(refused(format!(
                "`{name}` has no bath with a spectral density: the response level treats those; use --level gaussian for thermal baths and jumps"
            )));
        }
        if !model.jumps.is_empty() {
            return Err(refused(format!(
                "`{name}` has the jump `{}` beside baths with spectral densities: the response level has no Markovian jumps; write its bath with density = \"ohmic\"",
                model.jumps[0].label
            )));
        }
        if !model.antihermitian.is_zero() {
            return Err(refused(format!(
                "`{name}` has an anti-Hermitian part: the response level treats oscillators with baths; use --level fock"
            )));
        }
        if let Some((monomial, coefficient)) = model.hamiltonian.iter().find(|(m, _)| m.degree() > 2) {
            let term = Operator::term(monomial.clone(), coefficient.clone()).text(&model.names());
            return Err(refused(format!(
                "`{name}` is not linear: its Hamiltonian contains {term}. The response level treats linear oscillators; with jumps in place of the spectral densities use --level fock, --level stochastic or --level gaussian"
            )));
        }
        if model.hamiltonian.iter().any(|(m, _)| m.degree() == 1) {
            return Err(refused(format!(
                "`{name}` has a force on an oscillator: it displaces the mean and changes no fluctuation; leave it out at the response level"
            )));
        }
        if model.hamiltonian.depends_on_time() {
            return Err(refused(format!(
                "the Hamiltonian of `{name}` depends on the time: at the response level the couplings to the baths may be driven, the oscillators not"
            )));
        }
        let dim = 2 * model.modes.len();
        let couplings: Vec<Vec<Scalar>> = model.structured.iter().map(|b| linear(&b.coupling, dim)).collect();
        let is_driven: Vec<bool> = model.structured.iter().map(StructuredBath::is_driven).collect();
        let forms: Vec<usize> = (0..dim)
            .filter(|&l| couplings.iter().zip(&is_driven).any(|(c, driven)| *driven && !c[l].is_zero()))
            .collect();
        let rates = drive_rates(model.structured.iter().map(|b| &b.coupling)).ok_or_else(|| {
            refused(format!("a coupling of `{name}` depends on the time, but is not periodic: write it with sin and cos of multiples of one frequency times t"))
        })?;
        // The one parameter in all rates, if each is a multiple of it.
        let mut parameters: Vec<ParamId> = rates.iter().flat_map(|r| r.params()).collect();
        parameters.sort_unstable();
        parameters.dedup();
        let proportional = |p: ParamId| {
            rates.iter().all(|r| r.derivative(p).mul(&rates[0]).sub(&rates[0].derivative(p).mul(r)).is_zero())
        };
        let parameter = match parameters.as_slice() {
            [one] if proportional(*one) => Some(*one),
            _ => None,
        };
        let mut fixed = hessian(&model.hamiltonian, dim);
        for bath in &model.structured {
            fixed.push(bath.temperature.value.clone());
            fixed.extend(bath.density.quantities().into_iter().map(|(_, placed, _)| placed.value.clone()));
        }
        for (coupling, _) in couplings.iter().zip(&is_driven).filter(|(_, driven)| !**driven) {
            fixed.extend(coupling.iter().cloned());
        }
        fixed.extend(rates.iter().cloned());
        fixed.extend(parameter.iter().map(|p| rates[0].derivative(*p)));
        let mut moving = Vec::new();
        for (coupling, _) in couplings.iter().zip(&is_driven).filter(|(_, driven)| **driven) {
            for &l in &forms {
                moving.push(coupling[l].clone());
                if let Some(p) = parameter {
                    // At fixed phase: ∂_p g − t (Ω_p/Ω) ∂_t g.
                    let stretch =
                        rates[0].derivative(p).div(&rates[0]).map_err(|e| ResponseError::Value(e.to_string()))?;
                    let along = coupling[l].time_derivative().mul(&Scalar::time()).mul(&stretch);
                    moving.push(coupling[l].derivative(p).sub(&along));
                }
            }
        }
        Ok(Self {
            dim,
            fixed: Compiled::new(&fixed),
            moving: Compiled::new(&moving),
            baths: model.structured.clone(),
            forms,
            rates: rates.len(),
            parameter,
            names: model.names(),
        })
    }

    /// The quadratures that driven couplings contain.
    pub fn forms(&self) -> &[usize] {
        &self.forms
    }

    /// The parameter that sets the frequency of the drive, where there is one.
    pub fn frequency_parameter(&self) -> Option<ParamId> {
        self.parameter
    }

    /// The system at parameter values that the model has validated.
    ///
    /// # Errors
    /// [`ResponseError::Value`] for an expression without a value, [`ResponseError::Model`] for drives without a common period.
    pub fn bind(&self, params: &[f64]) -> Result<Bound, ResponseError> {
        let dim = self.dim;
        let value = |e: EvalError| ResponseError::Value(e.message(&self.names));
        let mut scratch = self.fixed.scratch();
        let mut out = vec![c64::new(0.0, 0.0); self.fixed.len()];
        self.fixed.eval(params, 0.0, &mut scratch, &mut out).map_err(value)?;
        let numbers: Vec<f64> = out.iter().map(|z| z.re).collect();
        let mut rest = numbers.as_slice();
        let mut take = |count: usize| {
            let (head, tail) = rest.split_at(count);
            rest = tail;
            head
        };
        let upper = take(dim * (dim + 1) / 2);
        let mut hessian = RMatrix::zeros(dim, dim);
        let mut at = 0;
        for i in 0..dim {
            for j in i..dim {
                hessian[(i, j)] = upper[at];
                hessian[(j, i)] = upper[at];
                at += 1;
            }
        }
        let kernels: Vec<(f64, Kernel)> = self
            .baths
            .iter()
            .map(|bath| {
                let own = take(1 + bath.density.quantities().len());
                (own[0], Kernel::new(&bath.density, &own[1..]))
            })
            .collect();
        let mut reservoirs = Vec::new();
        for (index, (bath, (temperature, kernel))) in self.baths.iter().zip(&kernels).enumerate() {
            if !bath.is_driven() {
                let vector = take(dim).to_vec();
                if !kernel.is_zero() && vector.iter().any(|v| *v != 0.0) {
                    reservoirs.push(Reservoir { index, kernel: kernel.clone(), temperature: *temperature, vector });
                }
            }
        }
        let rates = take(self.rates);
        let mut bound = Bound { hessian, reservoirs, driven: Vec::new(), forms: self.forms.clone(), frequency: 0.0 };
        if self.forms.is_empty() {
            return Ok(bound);
        }
        bound.frequency = common_frequency(rates.iter().copied()).ok_or_else(|| {
            refused("the drives of the couplings have no common period: write them with multiples of one frequency, which is not 0".into())
        })?;
        // dΩ/dp has the sign and the multiple of the first rate.
        let chain = self.parameter.map(|_| take(1)[0] * bound.frequency / rates[0]);
        let period = std::f64::consts::TAU / bound.frequency;
        let stride = if self.parameter.is_some() { 2 } else { 1 };
        let mut scratch = self.moving.scratch();
        let mut out = vec![c64::new(0.0, 0.0); self.moving.len()];
        let mut samples = vec![vec![c64::new(0.0, 0.0); SAMPLES]; self.moving.len()];
        self.moving.bind(params, &mut scratch, &mut out).map_err(value)?;
        for k in 0..SAMPLES {
            self.moving.at(k as f64 * period / SAMPLES as f64, &[], &mut scratch, &mut out).map_err(value)?;
            samples.iter_mut().zip(&out).for_each(|(row, z)| row[k] = *z);
        }
        samples.iter_mut().for_each(|row| fft(row));
        let mut series = samples.chunks(stride * self.forms.len());
        for (index, (bath, (temperature, kernel))) in self.baths.iter().zip(kernels).enumerate() {
            if !bath.is_driven() {
                continue;
            }
            let Some(rows) = series.next() else { break };
            if kernel.is_zero() {
                continue;
            }
            // g(t) = Σ g^n e^{−inΩt}: the coefficient of e^{−inΩt} stands at −n of the transform.
            let harmonic = |row: &[c64], n: usize| row[(SAMPLES - n) % SAMPLES] / SAMPLES as f64;
            let largest = rows.iter().flatten().map(|z| z.norm()).fold(0.0, f64::max) / SAMPLES as f64;
            let mut highest = 0;
            for n in 1..SAMPLES / 2 {
                if rows.iter().step_by(stride).any(|row| harmonic(row, n).norm() > ROUNDING * largest) {
                    highest = n;
                }
            }
            if highest > SAMPLES / 2 - 2 {
                return Err(refused(format!(
                    "the coupling of the bath `{}` has more than {} harmonics of its fundamental frequency",
                    bath.label,
                    SAMPLES / 2 - 2
                )));
            }
            let clean = |z: c64| {
                let zero = |x: f64| if x.abs() <= ROUNDING * largest { 0.0 } else { x };
                c64::new(zero(z.re), zero(z.im))
            };
            let table = |offset: usize, scale: f64| -> Vec<Vec<c64>> {
                (0..=highest)
                    .map(|n| {
                        rows.iter().skip(offset).step_by(stride).map(|row| clean(harmonic(row, n)) * scale).collect()
                    })
                    .collect()
            };
            let slopes = chain.filter(|c| *c != 0.0).map(|c| table(1, 1.0 / c));
            bound.driven.push(Driven { index, kernel, temperature, harmonics: table(0, 1.0), slopes });
        }
        Ok(bound)
    }
}
