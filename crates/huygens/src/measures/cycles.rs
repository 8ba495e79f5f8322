//! How far a state is from the nearest one without a preferred phase.
//!
//! Limit-cycle states are those that a turn of the phase leaves what they are: diagonal in the numbers for one mode or spin. Of two, what matters is
//! the phase of one against the other: the state is averaged over the common phase first, and compared with those that are diagonal then (N. Jaseem, M. Hajdušek, P. Solanki, L.-C. Kwek, R. Fazio, S. Vinjanampathy, Phys. Rev. Research 2,
//! 043287 (2020)).

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, hermitian_eigen};

use super::spin_pairs::root;
use super::{Argument, Average, Collective, Definition, DensityView, Evaluate, Reading, Signature, arguments};

/// Relative entropy.
pub(super) const SYNC_ENTROPY: Definition = Definition {
    name: "sync_entropy",
    signature: Signature::Oscillators(1),
    formula: "min_σ S(ρ‖σ) = S(ρ̄) − S(ρ) over the states σ without a preferred phase, ρ̄ being ρ averaged over the phase: of one mode or spin, or of the \
              phase of one against another in the state averaged over their common phase",
    range: "[0, ∞); 0 without a preferred phase",
    unit: "nats",
    levels: &["fock"],
    source: "Jaseem et al., PR Research 2, 043287 (2020)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(entropy),
};

/// Bures distance.
pub(super) const SYNC_BURES: Definition = Definition {
    name: "sync_bures",
    formula: "min_σ √(2 − 2 tr|√ρ√σ|), the Bures distance to the nearest state σ without a preferred phase: of one mode or spin, or of the phase of one \
              against another",
    range: "[0, √2); 0 without a preferred phase",
    unit: "1",
    evaluate: Evaluate::Density(bures),
    ..SYNC_ENTROPY
};

/// The largest matrix that is treated.
const MOST: usize = 600;

/// The matrix of the named modes, and the charge of each state under the turn of the phase.
fn matrix(view: &DensityView<'_>, arguments: &[Argument]) -> Result<(CMatrix, Vec<i32>), String> {
    let modes = arguments::modes(arguments);
    if modes.len() > 2 || modes.len() == 2 && modes[0] == modes[1] {
        return Err("takes one mode or spin, or two different ones".into());
    }
    let part = view.density.partial_trace(&modes);
    let mut states: Vec<Vec<i32>> = Vec::new();
    part.layout().space().each(|_, n| states.push(n.to_vec()));
    if states.len() > MOST {
        return Err(format!(
            "treats matrices of up to {MOST} states, this one has {}: lower the cut-off",
            states.len()
        ));
    }
    let trace: f64 = states.iter().map(|n| part.element(n, n).re).sum();
    let common = |n: &[i32]| if n.len() == 2 { n[0] + n[1] } else { 0 };
    let rho = CMatrix::from_fn(states.len(), states.len(), |m, n| match common(&states[m]) == common(&states[n]) {
        true => part.element(&states[m], &states[n]) / trace,
        false => c64::new(0.0, 0.0),
    });
    Ok((rho, states.iter().map(|n| n[0]).collect()))
}

/// The average over the phase.
fn averaged(x: &CMatrix, charges: &[i32]) -> CMatrix {
    let size = x.rows();
    CMatrix::from_fn(size, size, |m, n| if charges[m] == charges[n] { x[(m, n)] } else { c64::new(0.0, 0.0) })
}

fn entropy(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let (rho, charges) = matrix(view, arguments)?;
    let of = |x: &CMatrix| -> Result<f64, String> {
        let (values, _) = hermitian_eigen(x).map_err(|e| e.to_string())?;
        Ok(values.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum())
    };
    Ok(Reading::from((of(&averaged(&rho, &charges))? - of(&rho)?).max(0.0)))
}

/// Steps of the iteration, and the relative change that ends it.
const STEPS: usize = 20_000;
const DONE: f64 = 1e-14;

/// √F = max tr|√ρ√σ| by turns: for S = √σ, W|√ρ S| = √ρ S gives X = W†√ρ = (SρS)^{1/2}S⁻¹, and of all S without a phase the best for this W is
/// the positive part of the Hermitian part of X averaged over the phase, normalised. Each turn raises √F.
fn bures(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let (rho, charges) = matrix(view, arguments)?;
    let size = rho.rows();
    let mut s = root(&averaged(&rho, &charges))?;
    let mut last = 0.0;
    for _ in 0..STEPS {
        let inner = root(&(&(&s * &rho) * &s))?;
        let fidelity: f64 = (0..size).map(|k| inner[(k, k)].re).sum();
        if fidelity - last <= DONE * fidelity {
            last = fidelity.max(last);
            break;
        }
        last = fidelity;
        let (values, vectors) = hermitian_eigen(&s).map_err(|e| e.to_string())?;
        let floor = 1e-13 * values.iter().copied().fold(0.0, f64::max);
        let scaled = CMatrix::from_fn(size, size, |m, k| {
            let inverse = if values[k] > floor { 1.0 / values[k] } else { 0.0 };
            vectors[(m, k)] * inverse
        });
        let x = averaged(&(&inner * &(&scaled * &vectors.adjoint())), &charges);
        let half = CMatrix::from_fn(size, size, |m, n| 0.5 * (x[(m, n)] + x[(n, m)].conj()));
        let (values, vectors) = hermitian_eigen(&half).map_err(|e| e.to_string())?;
        let norm = values.iter().map(|v| v.max(0.0).powi(2)).sum::<f64>().sqrt();
        let scaled = CMatrix::from_fn(size, size, |m, k| vectors[(m, k)] * (values[k].max(0.0) / norm));
        s = &scaled * &vectors.adjoint();
    }
    // 1 − √F of a state that has no phase is rounding.
    let rest = 2.0 * (1.0 - last);
    Ok(Reading::from(if rest > 1e-13 { rest.sqrt() } else { 0.0 }))
}
