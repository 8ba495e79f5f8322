//! The probability of a record that is kept.

use super::{Average, Collective, Definition, Evaluate, Reading, Signature};

/// tr R of the linear flow.
pub(crate) const SURVIVAL: Definition = Definition {
    name: "survival",
    signature: Signature::None,
    formula: "tr R(t) = E[Π q_k], the probability that a run is still kept, where a jump L_k with `kept` = q_k keeps it with probability q_k at each click",
    range: "[0, 1]; 1 where nothing is discarded",
    unit: "1",
    levels: &["fock"],
    source: "Minganti et al., PRA 101, 062112 (2020)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(|view, _| Ok(Reading::from(view.density.log_trace().exp()))),
};
