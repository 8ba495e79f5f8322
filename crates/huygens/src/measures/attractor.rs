//! What belongs to the attractor and not to a state; the mean-field and gaussian levels compute it.

use super::{ATTRACTOR, AttractorMeasure, Average, Collective, Definition, Evaluate, LINEARISED, Signature};

const BASE: Definition = Definition {
    name: "",
    signature: Signature::None,
    formula: "",
    range: "",
    unit: "1",
    levels: ATTRACTOR,
    source: "",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Attractor(AttractorMeasure::Period),
};

/// Period of the limit cycle.
pub(super) const PERIOD: Definition = Definition {
    name: "period",
    formula: "smallest T > 0 with α(t+T) = α(t) on the limit cycle of the mean field α = ⟨a⟩",
    range: "(0, ∞); none at a fixed point, on a torus or in chaos",
    unit: "time",
    source: "Strogatz, Nonlinear Dynamics and Chaos, ch. 7",
    ..BASE
};

/// Floquet multipliers.
pub(super) const MULTIPLIERS: Definition = Definition {
    name: "multipliers",
    formula: "eigenvalues of the monodromy matrix M = ∂α(T)/∂α(0), largest modulus first, without \
              the 1 of the direction along the cycle. The value is the largest modulus",
    range: "complex; the cycle is stable when all lie inside the unit circle",
    source: "Guckenheimer and Holmes, Nonlinear Oscillations, sec. 1.5",
    evaluate: Evaluate::Attractor(AttractorMeasure::Multipliers),
    ..BASE
};

/// Lyapunov exponents.
pub(super) const LYAPUNOV: Definition = Definition {
    name: "lyapunov",
    formula: "λ = lim (1/t) ln |δα(t)|/|δα(0)|, largest first; on a cycle ln|multiplier|/T",
    range: "real; largest > 0: chaos, = 0: cycle or torus, < 0: fixed point",
    unit: "1/time",
    source: "Benettin, Galgani, Giorgilli and Strelcyn, Meccanica 15, 9 (1980)",
    evaluate: Evaluate::Attractor(AttractorMeasure::Lyapunov),
    ..BASE
};

/// Phase diffusion constant.
pub(super) const PHASE_DIFFUSION: Definition = Definition {
    name: "phase_diffusion",
    formula: "D_φ = Ω² uᵀQu/T in ⟨δφ²⟩ = D_φ t: Ω = 2π/T, Q the noise of one period, u the left null vector of M − 1 with \
              u·v = 1, v the velocity along the cycle in (q, p)",
    range: "[0, ∞); only on a limit cycle of an autonomous system",
    unit: "1/time",
    levels: LINEARISED,
    source: "Demir, Mehrotra and Roychowdhury, IEEE Trans. Circuits Syst. I 47, 655 (2000)",
    evaluate: Evaluate::Attractor(AttractorMeasure::PhaseDiffusion),
    ..BASE
};
