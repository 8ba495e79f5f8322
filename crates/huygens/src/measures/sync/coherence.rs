//! Mutual coherence of two modes: how far their fluctuations turn together, and at which phase.

use huygens_numerics::c64;

use super::super::clocks::deviation::nearest_tick_of_gaussian;
use super::super::{
    Argument, Average, Collective, Definition, Evaluate, FLUCTUATIONS, GAUSSIAN, Moments, Signature, arguments,
};

/// |ρ|.
pub(crate) const COHERENCE: Definition = Definition {
    name: "coherence",
    signature: Signature::Modes(2),
    formula: "|ρ|, ρ = ⟨δb₁†δb₂⟩/√((⟨δb₁†δb₁⟩ + ½)(⟨δb₂†δb₂⟩ + ½))",
    range: "[0, 1]",
    unit: "1",
    levels: FLUCTUATIONS,
    source: "Mandel and Wolf, Optical Coherence and Quantum Optics (1995), sec. 4.3; symmetrised",
    collective: Collective::Removed,
    average: Average::Mean,
    evaluate: Evaluate::Moments(|state, a| coherence(state, a).norm()),
};

/// arg ρ.
pub(crate) const COHERENCE_PHASE: Definition = Definition {
    name: "coherence_phase",
    formula: "arg⟨δb₁†δb₂⟩: by how much the second mode leads the first; averages are taken around the circular mean",
    range: "(−π, π]",
    unit: "rad",
    average: Average::Angle,
    evaluate: Evaluate::Moments(|state, a| {
        let rho = coherence(state, a);
        if rho == c64::new(0.0, 0.0) { f64::NAN } else { rho.arg() }
    }),
    ..COHERENCE
};

/// Deviation of two clocks that tick when their fluctuations pass zero.
pub(crate) const TICK_DEVIATION: Definition = Definition {
    name: "tick_deviation",
    formula: "D = Var(φ)/(2π)², φ the phase of the second clock's nearest tick against the first: complex-Gaussian phase \
              statistics of the mutual coherence ρ (see coherence)",
    range: "[0, 1/4]; 1/12 for independent clocks",
    source: "Yang, Sheng and Wu, Fig. 2a, read as nearest ticks; Goodman, Speckle Phenomena in Optics (2007), ch. 2",
    evaluate: Evaluate::Moments(|state, a| {
        let rho = coherence(state, a);
        nearest_tick_of_gaussian((1.0 - rho.norm_sqr()).clamp(0.0, 1.0), rho.arg()).unwrap_or(f64::NAN)
    }),
    levels: GAUSSIAN,
    ..COHERENCE
};

/// ρ of two modes: ⟨b₁†b₂⟩ = ½\[(C_qq + C_pp) + i(C_qp − C_pq)\] of the block C between them.
pub fn mutual_coherence(state: &dyn Moments, k: usize, l: usize) -> c64 {
    let energy = |m: usize| {
        let v = state.covariance(m, m);
        0.5 * (v[0][0] + v[1][1])
    };
    let c = state.covariance(k, l);
    c64::new(c[0][0] + c[1][1], c[0][1] - c[1][0]) / (2.0 * (energy(k) * energy(l)).sqrt())
}

fn coherence(state: &dyn Moments, arguments: &[Argument]) -> c64 {
    let (k, l) = arguments::two(arguments);
    mutual_coherence(state, k, l)
}

#[cfg(test)]
mod tests {
    use crate::measures::testing::{Random, evaluate, gaussian, two_mode_squeezed};
    use approx::assert_relative_eq;

    #[test]
    fn of_a_beam_split_thermal_state_and_of_others() {
        // A thermal mode of variance 4 and a vacuum behind a half-silvered mirror: ½(4 ± ½), nothing between q and p.
        let (v, c) = (2.25, 1.75);
        let state = gaussian(&[&[v, 0.0, c, 0.0], &[0.0, v, 0.0, c], &[c, 0.0, v, 0.0], &[0.0, c, 0.0, v]]);
        assert_relative_eq!(evaluate("coherence(b1,b2)", &state), c / v, max_relative = 1e-15);
        assert_eq!(evaluate("coherence_phase(b1,b2)", &state), 0.0);
        // b₂ = i b₁: q₂ = −p₁, p₂ = q₁.
        let state = gaussian(&[&[v, 0.0, 0.0, c], &[0.0, v, -c, 0.0], &[0.0, -c, v, 0.0], &[c, 0.0, 0.0, v]]);
        assert_relative_eq!(evaluate("coherence_phase(b1,b2)", &state), std::f64::consts::FRAC_PI_2);
        // Squeezing pairs b₁ with b₂†, not with b₂.
        assert!(evaluate("coherence(b1,b2)", &two_mode_squeezed(0.8)) < 1e-15);
        let mut random = Random::new(9);
        for _ in 0..500 {
            assert!(evaluate("coherence(b1,b2)", &random.physical(2)) <= 1.0 + 1e-12);
        }
    }
}
