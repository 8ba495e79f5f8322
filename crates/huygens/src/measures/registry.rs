//! All measures: one line each.

use super::{
    Definition, attractor, correlations, counting, cycles, density, emission, energy, liouvillian, local, machine,
    speed, spin_pairs, spins, stationary, survival, sync, thermal, ticking, transient,
};

static REGISTRY: [Definition; 103] = [
    sync::complete::RELATIVE,
    sync::complete::ABSOLUTE,
    sync::phase::PHASE_SYNC,
    sync::phase::PHI_SYNC,
    sync::phase::PHASE_ERROR,
    sync::phase::AMPLITUDE_ERROR,
    sync::mean::PHASE_DIFFERENCE,
    sync::mean::RADIUS,
    sync::mean::ORDER_PARAMETER,
    sync::pearson::PEARSON,
    sync::coherence::COHERENCE,
    sync::coherence::COHERENCE_PHASE,
    sync::coherence::TICK_DEVIATION,
    sync::distance::SYNC_DISTANCE,
    correlations::information::MUTUAL_INFORMATION,
    correlations::discord::DISCORD,
    correlations::negativity::LOG_NEGATIVITY,
    correlations::information::PURITY,
    correlations::information::ENTROPY,
    correlations::information::MIN_SYMPLECTIC,
    local::NUMBER,
    local::VARIANCE,
    attractor::PERIOD,
    attractor::MULTIPLIERS,
    attractor::LYAPUNOV,
    attractor::PHASE_DIFFUSION,
    stationary::LINEWIDTH_NARROW,
    stationary::LINEWIDTH_WIDE,
    stationary::LINEWIDTH_RATIO,
    stationary::FREQUENCY_NARROW,
    stationary::FREQUENCY_WIDE,
    stationary::NORMAL_MODES,
    stationary::DEPHASING,
    stationary::TICK_ACCURACY,
    stationary::PHASE_ACCURACY,
    ticking::SIMULATED_PERIOD,
    ticking::SIMULATED_ACCURACY,
    ticking::SIMULATED_DEVIATION,
    ticking::SIMULATED_INTERVAL_DEVIATION,
    thermal::ENTROPY_PRODUCTION,
    thermal::ENTROPY_FLUX,
    energy::HEAT_FLOW,
    energy::POWER,
    transient::TRANSIENT_TIME,
    transient::TRANSIENT_PEAK,
    transient::OVERSHOOT,
    transient::ENTROPY_COST,
    transient::EXCESS_ENTROPY,
    density::ERGOTROPY_OF_SYNC,
    density::RELATIVE_ENTROPY_OF_SYNC,
    density::PHASE_COHERENCE,
    density::PHASE_DISTRIBUTION,
    speed::SYNC_RATE,
    speed::SPEED_LIMIT,
    speed::SPEED_LIMIT_PRINTED,
    speed::SPEED_LIMIT_TIGHT,
    speed::SPEED_LIMIT_RADICAND,
    speed::SPEED_LIMIT_RADICAND_PRINTED,
    speed::SPOHN_PRODUCTION,
    speed::CAPACITY,
    liouvillian::LIOUVILLIAN_GAP,
    survival::SURVIVAL,
    emission::EMISSION_FREQUENCY,
    emission::EMISSION_LINEWIDTH,
    emission::BUNCHING,
    emission::WIGNER_NEGATIVITY,
    counting::CURRENT,
    counting::CURRENT_NOISE,
    counting::CURRENT_SKEWNESS,
    counting::TUR,
    counting::DISSIPATION,
    machine::HEAT_CURRENT,
    machine::HEAT_NOISE,
    machine::HEAT_TUR,
    machine::POWER_DISSIPATIVE,
    machine::POWER_EXCHANGE,
    machine::POWER_NOISE,
    machine::POWER_TUR,
    machine::POWER_BOUND,
    machine::POWER_BOUND_TOTAL,
    machine::WORK_EFFICIENCY,
    machine::POWER_LITERAL,
    machine::ALPHA_ADIABATIC,
    machine::DELTA_ALPHA_ADIABATIC,
    machine::ALPHA_DIABATIC,
    machine::DELTA_ALPHA_DIABATIC,
    machine::TUR_THRESHOLD,
    machine::POWER_THRESHOLD,
    machine::RESPONSE_POLES,
    machine::SPECTRUM,
    machine::CROSS_SPECTRUM,
    machine::ABSORPTION,
    spins::SPIN_X,
    spins::SPIN_Y,
    spins::SPIN_Z,
    spins::SPIN_SQUEEZING,
    spins::SPIN_SQUEEZING_VARIANCE,
    spins::SPIN_PHASE_DISTRIBUTION,
    spins::SPIN_LOCKING,
    spin_pairs::SPIN_COHERENCE,
    spin_pairs::CONCURRENCE,
    cycles::SYNC_ENTROPY,
    cycles::SYNC_BURES,
];

/// All measures, in the order in which they are listed.
pub fn registry() -> &'static [Definition] {
    &REGISTRY
}

/// The measure of this name.
pub fn find(name: &str) -> Option<&'static Definition> {
    REGISTRY.iter().find(|definition| definition.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::testing::{Random, rotate_modes};
    use crate::measures::{Evaluate, Signature, resolve};

    #[test]
    fn every_measure_explains_itself_and_its_usage_resolves() {
        let modes: Vec<String> = ["b1", "b2"].into_iter().map(String::from).collect();
        let mut names: Vec<&str> = registry().iter().map(|d| d.name).collect();
        for definition in registry() {
            let usage = definition.usage().replace(", …", "");
            let request = resolve(&usage, &modes, &[0, 1]).unwrap();
            assert_eq!(request.definition.name, definition.name);
            let text = definition.explain();
            for part in [definition.formula, definition.range, definition.unit, definition.source, definition.levels[0]]
            {
                assert!(!part.is_empty() && text.contains(part), "{text}");
            }
            if let Evaluate::Attractor(_) = definition.evaluate {
                assert_eq!(definition.signature, Signature::None);
            }
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), registry().len(), "two measures have one name");
    }

    /// One turn of all phases together changes no measure but those of a fixed quadrature; separate turns change none that
    /// compares clock hands or asks for correlations.
    #[test]
    fn covariance_under_rotations() {
        let separate = [
            "phase_sync",
            "phi_sync",
            "phase_error",
            "amplitude_error",
            "radius",
            "coherence",
            "mutual_information",
            "discord",
            "log_negativity",
            "purity",
            "entropy",
            "min_symplectic",
            "n",
        ];
        let modes: Vec<String> = ["b1", "b2", "b3"].into_iter().map(String::from).collect();
        let mut random = Random::new(71);
        for _ in 0..50 {
            let state = random.with_spectrum(&[0.6, 1.0, 2.5], 0.4);
            let angles = [random.uniform(), 6.0 * random.uniform(), 3.0 * random.uniform()];
            let together = rotate_modes(&state, &[angles[0]; 3]);
            let apart = rotate_modes(&state, &angles);
            let of_bosons = |d: &&Definition| !matches!(d.signature, Signature::Quadratures(_)) && !d.is_of_spins();
            for definition in registry().iter().filter(of_bosons) {
                let request = resolve(&definition.usage().replace(", …", ""), &modes, &[0, 1, 2]).unwrap();
                let Some(value) = request.of(&state) else {
                    continue;
                };
                let tolerance = 1e-9 * (1.0 + value.abs());
                assert!((request.of(&together).unwrap() - value).abs() < tolerance, "{}", definition.name);
                let unchanged = (request.of(&apart).unwrap() - value).abs() < tolerance;
                assert_eq!(unchanged, separate.contains(&definition.name), "{}", definition.name);
            }
        }
    }
}
