//! What a mode of a steady state sends out: its line by the regression theorem, bunching, and where it is not classical.

use super::{Argument, Average, Collective, Definition, Evaluate, Reading, Signature};
use crate::algebra::{ModeId, Operator};

use super::density::DensityView;

/// Steps of the grid in q and in p on which a Wigner function is integrated.
const GRID: usize = 250;

/// Where the emission has its maximum.
pub(crate) const EMISSION_FREQUENCY: Definition = Definition {
    name: "emission_frequency",
    signature: Signature::Modes(1),
    formula: "ω of the maximum of S(ω) = ∫ (⟨a†(τ)a(0)⟩ − |⟨a⟩|²) e^{−iωτ} dτ in the steady state, with (ω, S) about it as list",
    range: "real; in the frame of the model",
    unit: "1/time",
    levels: &["fock"],
    source: "Gardiner and Zoller, Quantum Noise, 3rd ed. (2004), sec. 5.2 (regression theorem)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(|_, _| Err("a property of the steady state: run without --until and --at".into())),
};

/// Full width at half maximum of the emission.
pub(crate) const EMISSION_LINEWIDTH: Definition = Definition {
    name: "emission_linewidth",
    formula: "full width at half maximum of the S(ω) of emission_frequency",
    range: "(0, ∞)",
    ..EMISSION_FREQUENCY
};

/// g²(0).
pub(crate) const BUNCHING: Definition = Definition {
    name: "g2",
    formula: "g⁽²⁾(0) = ⟨a†a†aa⟩/⟨a†a⟩²",
    range: "[0, ∞); 1 for a coherent state, 2 for a thermal one, below 1 only without a classical description",
    unit: "1",
    source: "Glauber, Phys. Rev. 130, 2529 (1963)",
    evaluate: Evaluate::Density(bunching),
    ..EMISSION_FREQUENCY
};

/// Negativity of the Wigner function.
pub(crate) const WIGNER_NEGATIVITY: Definition = Definition {
    name: "wigner_negativity",
    formula: "∫ (|W| − W) dq dp = ∫|W| − 1 of the Wigner function of one mode",
    range: "[0, ∞); 0 for Gaussian states and their mixtures",
    unit: "1",
    source: "Kenfack and Życzkowski, J. Opt. B 6, 396 (2004)",
    evaluate: Evaluate::Density(|view, arguments| {
        Ok(Reading::from(view.density.wigner_negativity(arguments[0].mode(), GRID).0))
    }),
    ..EMISSION_FREQUENCY
};

fn bunching(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let mode = ModeId(arguments[0].mode() as u32);
    let a = Operator::annihilation(mode);
    let pair = a.mul(&a);
    let of = |operator: &Operator| view.density.average(operator, &[], 0.0).map_err(|_| "has no value".to_owned());
    let number = of(&Operator::n(mode))?.re;
    if number <= 0.0 {
        return Err("no quanta".into());
    }
    Ok(Reading::from(of(&pair.adjoint().mul(&pair))?.re / (number * number)))
}
