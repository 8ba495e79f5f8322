//! Measures of the generator of a density matrix rather than of a state.

use super::{Average, Collective, Definition, Evaluate, Signature};

/// The slowest decay. The fock level computes it with a steady state; a state alone does not hold it.
pub(crate) const LIOUVILLIAN_GAP: Definition = Definition {
    name: "liouvillian_gap",
    signature: Signature::None,
    formula: "min −Re λ of the eigenvalues λ ≠ 0 of the generator, among elements with the symmetry of the steady state and among coherences ⟨n|ρ|n′⟩ of one and of two quanta of each mode",
    range: "[0, ∞); 0 for what never decays",
    unit: "1/time",
    levels: &["fock"],
    source: "Minganti, Biella, Bartolo and Ciuti, PRA 98, 042118 (2018)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(|_, _| Err("a property of the generator: run without --until and --at".into())),
};
