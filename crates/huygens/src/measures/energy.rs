//! Heat and work: see [`crate::costs::energy`] for definitions and derivation.

use super::{Average, Collective, Definition, EnergyMeasure, Evaluate, LINEARISED, Signature};

/// Heat into the reservoirs.
pub(super) const HEAT_FLOW: Definition = Definition {
    name: "heat_flow",
    signature: Signature::OptionalMode,
    formula: "J = −Σ_b tr(H 𝓓_b ρ) over the baths and jumps b that act on the mode alone, coherent part and fluctuations; H as \
              the model states it, in its frame. dE/dt = P − ΣJ with P = power. Into the reservoirs is positive",
    range: "real",
    unit: "rad²/time²",
    levels: LINEARISED,
    source: "Alicki, J. Phys. A 12, L103 (1979)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Energy(EnergyMeasure::Heat),
};

/// Power of the drives.
pub(super) const POWER: Definition = Definition {
    name: "power",
    formula: "P = tr(ρ ∂H/∂t) of the terms of H that depend on time explicitly and act on the mode alone. A drive that a \
              rotating frame has brought to rest is constant in H and gives none: its work is seen only where H oscillates. \
              At the response level P_l = −⟨ġ_l r_l F⟩ of the drives g_l(t) of the mode's couplings to baths, F the force of \
              the bath with its counter-term, averaged over the period",
    levels: &["gaussian", "response"],
    source: "Alicki, J. Phys. A 12, L103 (1979); Razzoli et al., Eqs. (5), (B2)",
    evaluate: Evaluate::Energy(EnergyMeasure::Power),
    ..HEAT_FLOW
};
