//! Full counting statistics of jumps in a steady state.
//!
//! N counts the jumps: each event of L_j adds ν_j. Its generating function grows as ⟨e^{sN}⟩ ~ e^{λ(s)t} with the leading eigenvalue of the
//! tilted generator
//!
//! G(s) = G + Σ_j (e^{sν_j} − 1) 𝓙_j,  𝓙_j ρ = L_j ρ L_j†,
//!
//! and its cumulants as ⟨⟨Nᵏ⟩⟩ ~ λ⁽ᵏ⁾(0) t. With G_k = Σ_j ν_jᵏ 𝓙_j and tr G = 0, perturbation theory at s = 0 gives (C. Flindt, T. Novotný, A.
//! Braggio, M. Sassetti, A.-P. Jauho, PRL 100, 150601 (2008))
//!
//! λ′ = tr G₁ρ,  λ″ = tr(G₂ρ + 2G₁ρ₁),  λ‴ = tr(G₃ρ + 3G₂ρ₁ + 3G₁ρ₂),
//!
//! Gρ₁ = λ′ρ − G₁ρ,  Gρ₂ = λ″ρ + 2λ′ρ₁ − 2G₁ρ₁ − G₂ρ,  tr ρ₁ = tr ρ₂ = 0:
//!
//! two linear systems with the group inverse of G, in the symmetry sector of the steady state alone, for jumps do not leave it. They are
//! solved with the factors of G − σ and refined until the equation holds.

use super::density::Density;
use super::generator::{Generator, Operators};
use super::problem::Stationary;
use super::steady::{LARGEST_DIRECT, Resolvent, SteadyError, shift_of, slow_rate, trace};

/// Rates of the first three cumulants of a count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cumulants {
    /// Mean current λ′.
    pub mean: f64,
    /// Zero-frequency noise λ″: the variance of the count grows at this rate.
    pub noise: f64,
    /// λ‴, the rate of the third cumulant.
    pub skewness: f64,
    /// Largest relative residual of the linear systems.
    pub residual: f64,
}

/// Counts jumps in one steady state.
pub struct Counting<'a> {
    operators: &'a Operators,
    generator: &'a Generator,
    steady: &'a Density,
    memory: f64,
    resolvent: Option<Resolvent<'a>>,
}

/// Steps of refinement at most; each gains at least some of the factor gap/σ.
const REFINEMENTS: usize = 12;
/// Residual that counts as solved, and the largest that is given.
const RESIDUAL: f64 = 1e-12;
const ACCEPTED: f64 = 1e-7;

/// Σ_j ν_jᵏ 𝓙_j: jumps of one |ν| together, those with ν > 0 and those with ν < 0.
struct Events {
    parts: Vec<(f64, [Option<Generator>; 2])>,
}

impl Events {
    fn new(operators: &Operators, generator: &Generator, weights: &[f64]) -> Self {
        let mut sizes: Vec<f64> = weights.iter().map(|w| w.abs()).filter(|w| *w > 0.0).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        let of = |size: f64, sign: f64| {
            let events = operators.events(|j| if weights[j] == sign * size { 1.0 } else { 0.0 });
            events.map(|events| Generator::new(&events, generator.layout().clone()))
        };
        Self { parts: sizes.into_iter().map(|w| (w, [of(w, 1.0), of(w, -1.0)])).collect() }
    }

    /// `out = Σ_j ν_jᵏ 𝓙_j x`.
    fn apply(&self, power: i32, x: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let mut work = vec![0.0; x.len()];
        for (size, signs) in &self.parts {
            for (sign, generator) in [1.0_f64, -1.0].into_iter().zip(signs) {
                if let Some(generator) = generator {
                    generator.apply(x, &mut work);
                    let factor = (sign * size).powi(power);
                    out.iter_mut().zip(&work).for_each(|(y, w)| *y += factor * w);
                }
            }
        }
    }
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

impl<'a> Counting<'a> {
    /// In the steady state of a problem, with `memory` bytes for factors.
    pub fn new(problem: &'a Stationary, steady: &'a Density, memory: f64) -> Self {
        Self { operators: &problem.operators, generator: &problem.generator, steady, memory, resolvent: None }
    }

    /// tr L_j ρ L_j†, the rate of the events of jump `index` of the model.
    pub fn rate(&self, index: usize) -> f64 {
        let Some(events) = self.operators.events(|j| f64::from(u8::from(j == index))) else { return 0.0 };
        let events = Generator::new(&events, self.generator.layout().clone());
        let mut out = vec![0.0; events.len()];
        events.apply(self.steady.data(), &mut out);
        trace(self.generator, &out)
    }

    /// The first three cumulants of the count with these weights ν_j, one for each jump of the model.
    ///
    /// # Errors
    /// [`SteadyError::NoConvergence`], or the factors' want of memory.
    pub fn cumulants(&mut self, weights: &[f64]) -> Result<Cumulants, SteadyError> {
        let events = Events::new(self.operators, self.generator, weights);
        let rho = self.steady.data().to_vec();
        let len = rho.len();
        let applied = |power: i32, x: &[f64]| {
            let mut out = vec![0.0; len];
            events.apply(power, x, &mut out);
            out
        };
        let sum = |x: &[f64]| trace(self.generator, x);
        let (g1, g2) = (applied(1, &rho), applied(2, &rho));
        let mean = sum(&g1);
        let b: Vec<f64> = rho.iter().zip(&g1).map(|(r, g)| mean * r - g).collect();
        let (first, residual) = self.solve(&b, mean.abs() * norm(&rho) + norm(&g1))?;
        let h1 = applied(1, &first);
        let sum = |x: &[f64]| trace(self.generator, x);
        let noise = sum(&g2) + 2.0 * sum(&h1);
        let b: Vec<f64> = (0..len).map(|i| noise * rho[i] + 2.0 * mean * first[i] - 2.0 * h1[i] - g2[i]).collect();
        let scale = noise.abs() * norm(&rho) + 2.0 * (mean.abs() * norm(&first) + norm(&h1)) + norm(&g2);
        let (second, other) = self.solve(&b, scale)?;
        let sum = |x: &[f64]| trace(self.generator, x);
        let skewness = sum(&applied(3, &rho)) + 3.0 * sum(&applied(2, &first)) + 3.0 * sum(&applied(1, &second));
        Ok(Cumulants { mean, noise, skewness, residual: residual.max(other) })
    }

    /// x without trace with G x = b, for b without trace; and the residual relative to the size of what b is the difference of.
    fn solve(&mut self, b: &[f64], size: f64) -> Result<(Vec<f64>, f64), SteadyError> {
        // Of independent events nothing but rounding is left.
        if norm(b) <= 10.0 * f64::EPSILON * size {
            return Ok((vec![0.0; b.len()], 0.0));
        }
        let shift = shift_of(self.generator, slow_rate(self.generator));
        if self.resolvent.is_none() {
            self.resolvent = Some(Resolvent::new(self.generator, shift, self.memory)?);
        }
        let (found, residual, steps) = self.refine(b, size);
        if residual <= ACCEPTED {
            return Ok((found, residual));
        }
        if matches!(self.resolvent, Some(Resolvent::Iterative { .. }))
            && self.generator.layout().len() <= LARGEST_DIRECT
        {
            self.resolvent = Some(Resolvent::direct(self.generator, shift)?);
            let (found, residual, _) = self.refine(b, size);
            if residual <= ACCEPTED {
                return Ok((found, residual));
            }
        }
        Err(SteadyError::NoConvergence { residual, iterations: steps })
    }

    fn refine(&mut self, b: &[f64], size: f64) -> (Vec<f64>, f64, usize) {
        let (generator, rho) = (self.generator, self.steady.data());
        let level = |x: &mut [f64]| {
            let part = trace(generator, x);
            x.iter_mut().zip(rho).for_each(|(x, r)| *x -= part * r);
        };
        let mut x = vec![0.0; b.len()];
        let mut rest = b.to_vec();
        let mut best = (x.clone(), norm(b) / size);
        let mut work = vec![0.0; b.len()];
        for step in 1..=REFINEMENTS {
            let Some(resolvent) = &mut self.resolvent else { break };
            level(&mut rest);
            if resolvent.solve(&mut rest).is_none() && step == 1 {
                return (best.0, f64::INFINITY, step);
            }
            level(&mut rest);
            x.iter_mut().zip(&rest).for_each(|(x, d)| *x += d);
            generator.apply(&x, &mut work);
            rest = b.iter().zip(&work).map(|(b, y)| b - y).collect();
            let residual = norm(&rest) / size;
            let gained = residual < 0.5 * best.1;
            if residual < best.1 {
                best = (x.clone(), residual);
            }
            if residual <= RESIDUAL || !gained {
                return (best.0, best.1, step);
            }
        }
        (best.0, best.1, REFINEMENTS)
    }
}
