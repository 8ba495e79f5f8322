//! Of pairs of spins in density matrices.

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, hermitian_eigen};

use super::{Argument, Average, Collective, Definition, DensityView, Evaluate, Reading, Signature, arguments};
use crate::algebra::{ModeId, Operator};

/// |⟨J₊J₋⟩|/√….
pub(super) const SPIN_COHERENCE: Definition = Definition {
    name: "spin_coherence",
    signature: Signature::Modes(2),
    formula: "|⟨J₊⁽¹⁾J₋⁽²⁾⟩|/√(⟨J₊J₋⟩⁽¹⁾⟨J₊J₋⟩⁽²⁾): how far the light of two spins or ensembles is that of one phase",
    range: "[0, 1]",
    unit: "1",
    levels: &["fock"],
    source: "first-order coherence; Xu et al., PRL 113, 154101 (2014)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(coherence),
};

/// C.
pub(super) const CONCURRENCE: Definition = Definition {
    name: "concurrence",
    formula: "C = max(0, λ₁ − λ₂ − λ₃ − λ₄), λ descending, of two spins ½: the singular values of √ρ (σ_y ⊗ σ_y) √ρ*",
    source: "Wootters, PRL 80, 2245 (1998)",
    evaluate: Evaluate::Density(concurrence),
    ..SPIN_COHERENCE
};

fn coherence(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let modes = arguments::modes(arguments);
    let [first, second] = modes.as_slice() else { return Err("takes two spins".into()) };
    if first == second {
        return Err("takes two different spins".into());
    }
    let [a, b] = [*first, *second].map(|k| Operator::lowering(ModeId(k as u32)));
    let mean = |x: &Operator| view.density.average(x, &[], 0.0).map_err(|e| e.to_string());
    let cross = mean(&a.adjoint().mul(&b))?.norm();
    let (one, two) = (mean(&a.adjoint().mul(&a))?.re, mean(&b.adjoint().mul(&b))?.re);
    if one <= 0.0 || two <= 0.0 {
        return Err("a spin is in its lowest state: it has no light".into());
    }
    Ok(Reading::from(cross / (one * two).sqrt()))
}

fn concurrence(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let modes = arguments::modes(arguments);
    let [first, second] = modes.as_slice() else { return Err("takes two spins".into()) };
    let space = view.density.layout().space();
    if first == second || [first, second].iter().any(|k| space.spin(**k) != Some(1)) {
        return Err("is a measure of two different spins 1/2: take log_negativity of longer ones".into());
    }
    let pair = view.density.partial_trace(&[*first, *second]);
    let state = |k: usize| [(k / 2) as i32, (k % 2) as i32];
    let rho = CMatrix::from_fn(4, 4, |m, n| pair.element(&state(m), &state(n)));
    let trace: f64 = (0..4).map(|k| rho[(k, k)].re).sum();
    let root = root(&rho)?;
    // σ_y ⊗ σ_y turns |n⟩ into the opposite state: signs −, +, +, −.
    let sign = [-1.0, 1.0, 1.0, -1.0];
    let product =
        |m: usize, n: usize| -> c64 { (0..4).map(|k| root[(m, k)] * sign[k] * root[(3 - k, n)].conj()).sum() };
    let r = CMatrix::from_fn(4, 4, product);
    let (values, _) = hermitian_eigen(&(&r * &r.adjoint())).map_err(|e| e.to_string())?;
    let singular: Vec<f64> = values.iter().map(|x| x.max(0.0).sqrt()).collect();
    let largest = singular.iter().copied().fold(0.0, f64::max);
    let rest: f64 = singular.iter().sum::<f64>() - largest;
    Ok(Reading::from((largest - rest).max(0.0) / trace))
}

/// √ρ of a matrix that is positive but for rounding.
pub(super) fn root(rho: &CMatrix) -> Result<CMatrix, String> {
    let (values, vectors) = hermitian_eigen(rho).map_err(|e| e.to_string())?;
    let size = rho.rows();
    let scaled = CMatrix::from_fn(size, size, |m, k| vectors[(m, k)] * values[k].max(0.0).sqrt());
    Ok(&scaled * &vectors.adjoint())
}
