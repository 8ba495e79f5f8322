//! Lower bounds on the ergotropy of synchronization χ by the distance D: as printed, as they follow, and sharp.
//!
//! χ = min_T S(ρ‖Gibbs state of the uncoupled oscillators at T) is what a state is worth at least
//! ([`ergotropy`](super::ergotropy)), and D² = 2(1 − ⟨(Σ r_j/N)²⟩/(Σ⟨r_j²⟩/N)) how far N oscillators are from moving as one.
//! M. Aifer, J. Thingna and S. Deffner, PRL 133, 020401 (2024), print bounds χ ≥ χ_min(N, κ, D) with κ = ω_min/ω_max:
//!
//! | equation | here | verdict |
//! |---|---|---|
//! | (11), (12) | [`quantum_printed`] | N = 2 holds; N ≥ 3 is violated by states at high temperature |
//! | | [`quantum`] | what their derivation gives: the classical bound less N(1 − ln 2) |
//! | (13) | [`classical`] | holds |
//! | (19) | [`quantum_rate_printed`], [`quantum_rate`] | inherits the error of (11) |
//! | (20) | the ratio of [`quantum_printed`] and N times its rate | |
//! | (21) | [`classical_rate`] | holds |
//! | (17), (18) | [`work`] | holds; 1/β is missing in (19) and (21) as works |
//!
//! All of them are loose. For every state, Gaussian or not, quantum or classical, whatever the frequencies,
//!
//! χ ≥ −ln\[Λ ((N − Λ)/(N − 1))^{N−1}\],  Λ = N(1 − D²/2)
//!
//! ([`any_state`]): C_ij = ½⟨{a_i, a_j†}⟩ fixes energy and distance, the entropy is largest for a Gaussian state without
//! anomalous correlations, differences of g(n) = (n+1) ln(n+1) − n ln n are at least those of ln(n + ½), and det C is largest,
//! at a given share Λ/N of the collective mode in tr C, where the other modes are equal. With two modes the bound is reached at
//! κ = 1 by hot states, and [`envelope`] is what is reached at any κ. Each is larger than (12) and (13) at every D < √2: the
//! region between the two lines of Fig. 1, where a quantum advantage was hoped for, is empty.

/// Why a bound has no value.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BoundError {
    /// The number of oscillators.
    #[error("{modes} oscillator(s) do not synchronize: the bounds need N ≥ 2")]
    TooFew {
        /// N.
        modes: usize,
    },
    /// κ.
    #[error("κ = {kappa} is no ratio of the smallest to the largest frequency: it lies in (0, 1]")]
    Ratio {
        /// κ.
        kappa: f64,
    },
    /// D.
    #[error(
        "the distance D = {distance} is out of range: this bound needs 0 < D {} {largest} (D = 0 costs infinitely much)",
        if *.reached { "≤" } else { "<" }
    )]
    Distance {
        /// D.
        distance: f64,
        /// The largest value.
        largest: f64,
        /// Whether the largest value itself is allowed.
        reached: bool,
    },
    /// β or L.
    #[error("{what} = {value} must be {wanted}")]
    Value {
        /// Which.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        wanted: &'static str,
    },
}

const LARGEST: f64 = std::f64::consts::SQRT_2;

fn checked(modes: usize, kappa: f64, distance: f64) -> Result<f64, BoundError> {
    if modes < 2 {
        return Err(BoundError::TooFew { modes });
    }
    if !(kappa > 0.0 && kappa <= 1.0) {
        return Err(BoundError::Ratio { kappa });
    }
    if !(distance > 0.0 && distance <= LARGEST) {
        return Err(BoundError::Distance { distance, largest: LARGEST, reached: true });
    }
    Ok(modes as f64)
}

/// χ_min(N, κ, D) = −2(N−1) ln\[½ e^{1/(N−1)} √((N/κ)^{N/(N−1)}/(2(N−1))) D\] in nats: Eq. (11) as printed. With N = 2 it is
/// Eq. (12), −2 ln(eD/(√2 κ)), and holds. For N ≥ 3 states below it exist: three equal oscillators at high temperature reach
/// χ = 8.69 at D = 0.1, where this gives 9.46.
///
/// # Errors
/// N < 2, κ outside (0, 1], D outside (0, √2].
pub fn quantum_printed(modes: usize, kappa: f64, distance: f64) -> Result<f64, BoundError> {
    let n = checked(modes, kappa, distance)?;
    let root = 0.5 * (n / (n - 1.0) * (n / kappa).ln() - (2.0 * (n - 1.0)).ln());
    Ok(-2.0 * (n - 1.0) * (0.5f64.ln() + 1.0 / (n - 1.0) + root + distance.ln()))
}

/// What the derivation of Eq. (11) gives: [`classical`] − N(1 − ln 2), in nats. Equal to Eq. (12) for N = 2, and weaker than the
/// classical bound for every N.
///
/// # Errors
/// As [`quantum_printed`].
pub fn quantum(modes: usize, kappa: f64, distance: f64) -> Result<f64, BoundError> {
    Ok(classical(modes, kappa, distance)? - modes as f64 * (1.0 - 2f64.ln()))
}

/// Classical bound −N ln(2N/κ) + ln 2 − (N−1) ln\[D²/(4(N−1))\] in nats; with N = 2 Eq. (13), −2 ln(√2 D/κ).
///
/// # Errors
/// As [`quantum_printed`].
pub fn classical(modes: usize, kappa: f64, distance: f64) -> Result<f64, BoundError> {
    let n = checked(modes, kappa, distance)?;
    Ok(-n * (2.0 * n / kappa).ln() + 2f64.ln() - (n - 1.0) * (distance * distance / (4.0 * (n - 1.0))).ln())
}

/// χ_min/N for N → ∞ of the printed Eq. (11): −ln(D²/(8κ)), Eq. (19). It inherits the error of (11).
///
/// # Errors
/// As [`quantum_printed`].
pub fn quantum_rate_printed(kappa: f64, distance: f64) -> Result<f64, BoundError> {
    checked(2, kappa, distance)?;
    Ok(-(distance * distance / (8.0 * kappa)).ln())
}

/// Eq. (19) as it follows from the derivation: −ln(eD²/(4κ)) for each oscillator, less than the classical rate.
///
/// # Errors
/// As [`quantum_printed`].
pub fn quantum_rate(kappa: f64, distance: f64) -> Result<f64, BoundError> {
    Ok(classical_rate(kappa, distance)? - (1.0 - 2f64.ln()))
}

/// The classical χ_min/N for N → ∞: −ln(D²/(2κ)), Eq. (21).
///
/// # Errors
/// As [`quantum_printed`].
pub fn classical_rate(kappa: f64, distance: f64) -> Result<f64, BoundError> {
    checked(2, kappa, distance)?;
    Ok(-(distance * distance / (2.0 * kappa)).ln())
}

/// χ ≥ −ln\[Λ ((N−Λ)/(N−1))^{N−1}\] with Λ = N(1 − D²/2), in nats: for every state of N oscillators of any frequencies, see the
/// [module](self). For N = 2 it is −ln\[D²(2 − D²)\]. It vanishes where the oscillators are uncorrelated, D² = 2(1 − 1/N), and
/// bounds what lies beyond as well.
///
/// # Errors
/// N < 2; D outside (0, √2), where no state of finite energy is.
pub fn any_state(modes: usize, distance: f64) -> Result<f64, BoundError> {
    if modes < 2 {
        return Err(BoundError::TooFew { modes });
    }
    let square = distance * distance;
    if !(distance > 0.0 && square < 2.0) {
        return Err(BoundError::Distance { distance, largest: LARGEST, reached: false });
    }
    let n = modes as f64;
    // Λ − 1: near D² = 2(1 − 1/N) both logarithms are small; elsewhere that of (N − Λ)/(N − 1) = ND²/(2(N − 1)) is taken itself.
    let above = n - 1.0 - 0.5 * n * square;
    let rest = 0.5 * n * square / (n - 1.0);
    let log = if rest < 0.5 { rest.ln() } else { (-above / (n - 1.0)).ln_1p() };
    Ok((-above.ln_1p() - (n - 1.0) * log).max(0.0))
}

/// The distance that χ nats pay for at best, two oscillators: D = √(1 − √(1 − e^{−χ})), the inverse of [`any_state`] on the
/// side of synchronization. With [`work`], βW nats of work pay for no smaller distance.
///
/// # Errors
/// χ negative or not a number.
pub fn smallest_distance(chi: f64) -> Result<f64, BoundError> {
    if chi.is_nan() || chi < 0.0 {
        return Err(BoundError::Value { what: "χ", value: chi, wanted: "a number that is not negative" });
    }
    // 1 − √(1 − x) = x/(1 + √(1 − x)) for x = e^{−χ}.
    let x = (-chi).exp();
    Ok((x / (1.0 + (-(-chi).exp_m1()).sqrt())).sqrt())
}

/// χ\*(κ, D) = ln{\[1 + (1−D²)²(1−κ)²/(4κ)\]/\[D²(2−D²)\]} in nats: the smallest χ of two oscillators with frequency ratio κ,
/// reached by classical states at any energy and approached by quantum states at high temperature.
///
/// # Errors
/// κ outside (0, 1]; D outside (0, √2).
pub fn envelope(kappa: f64, distance: f64) -> Result<f64, BoundError> {
    checked(2, kappa, LARGEST)?;
    let agreement = 1.0 - distance * distance;
    let detuned = (agreement * (1.0 - kappa)).powi(2) / (4.0 * kappa);
    Ok(detuned.ln_1p() + any_state(2, distance)?)
}

/// W ≥ L/β: the least work for a relative entropy L to the thermal state at inverse temperature β (Eq. 17); with L ≥ χ any bound
/// on χ takes the place of L (Eq. 18).
///
/// # Errors
/// β not positive, L not finite.
pub fn work(relative_entropy: f64, beta: f64) -> Result<f64, BoundError> {
    if !(beta > 0.0 && beta.is_finite()) {
        return Err(BoundError::Value { what: "β", value: beta, wanted: "positive and finite" });
    }
    if !relative_entropy.is_finite() {
        return Err(BoundError::Value { what: "L", value: relative_entropy, wanted: "finite" });
    }
    Ok(relative_entropy / beta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::ergotropy::ergotropy;
    use crate::measures::correlations::symplectic::mode_entropy;
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    /// Independent values for D = ½, κ = 1 and 2/3, and for three oscillators (references of the dimer).
    #[test]
    fn printed_bounds_have_their_values() {
        let third = 2.0 / 3.0;
        for (kappa, eq12, eq13) in
            [(1.0, 0.07944154167983607, 0.6931471805599452), (third, -0.7314886745364927, -0.11778303565638369)]
        {
            assert_relative_eq!(quantum_printed(2, kappa, 0.5).unwrap(), eq12, max_relative = 1e-12);
            assert_relative_eq!(quantum(2, kappa, 0.5).unwrap(), eq12, max_relative = 1e-12);
            assert_relative_eq!(classical(2, kappa, 0.5).unwrap(), eq13, max_relative = 1e-12);
        }
        assert_relative_eq!(quantum_printed(3, 1.0, 0.1).unwrap(), 9.459680950451416, max_relative = 1e-13);
        assert_relative_eq!(classical(3, 1.0, 0.1).unwrap(), 8.687092228211634, max_relative = 1e-13);
        for (d, star) in [(0.1, 3.9570612247957255), (0.5, 0.8498456324660023), (1.3, 0.6660977534468733)] {
            assert_relative_eq!(envelope(third, d).unwrap(), star, max_relative = 1e-13);
        }
        // Eq. (20): the printed bound over its limit.
        for (modes, ratio) in [(1_000, 0.9973576239184769), (1_000_000, 0.9999962574338188)] {
            let limit = modes as f64 * quantum_rate_printed(third, 0.1).unwrap();
            assert_relative_eq!(quantum_printed(modes, third, 0.1).unwrap() / limit, ratio, max_relative = 1e-12);
        }
        for (bound, rate) in [
            (classical as fn(usize, f64, f64) -> _, classical_rate as fn(f64, f64) -> _),
            (quantum, quantum_rate),
            (quantum_printed, quantum_rate_printed),
        ] {
            let per_mode = bound(100_000_000, 0.4, 0.2).unwrap() / 1e8;
            assert_relative_eq!(per_mode, rate(0.4, 0.2).unwrap(), max_relative = 1e-6);
        }
        assert_relative_eq!(work(3.0, 0.05).unwrap(), 60.0, max_relative = 1e-15);
    }

    /// Three equal oscillators at high temperature, the other two modes equally hot: a Gaussian state below the printed Eq. (11),
    /// on the bound for every state.
    #[test]
    fn a_state_below_the_printed_bound() {
        let (d, heat) = (0.1f64, 1e7);
        let collective = 3.0 * (1.0 - 0.5 * d * d);
        let nu = [collective * heat, 0.5 * (3.0 - collective) * heat, 0.5 * (3.0 - collective) * heat];
        let excess = nu.iter().sum::<f64>() - 1.5;
        let entropy: f64 = nu.iter().map(|v| mode_entropy(*v)).sum();
        let chi = ergotropy(&[1.0; 3], excess, entropy).unwrap();
        assert_relative_eq!(chi, 8.692, max_relative = 1e-4);
        assert!(chi < quantum_printed(3, 1.0, d).unwrap());
        assert_relative_eq!(chi, any_state(3, d).unwrap(), max_relative = 1e-8);
        assert!(chi > classical(3, 1.0, d).unwrap());
    }

    proptest! {
        /// The sharp bounds are above every bound that holds, and the printed one for N ≥ 3 is above the classical.
        #[test]
        fn the_order_of_the_bounds(modes in 2usize..200, kappa in 0.01f64..1.0, d in 0.001f64..1.414) {
            let any = any_state(modes, d).unwrap();
            let classical = classical(modes, kappa, d).unwrap();
            prop_assert!(any >= classical - 1e-10 * classical.abs());
            prop_assert!(any >= quantum(modes, kappa, d).unwrap() - 1e-10 * classical.abs());
            prop_assert!(quantum_printed(modes, kappa, d).unwrap() >= quantum(modes, kappa, d).unwrap() - 1e-9);
            let star = envelope(kappa, d).unwrap();
            prop_assert!(star >= any_state(2, d).unwrap());
            // a₂ → −a₂ maps D² to 2 − D².
            let mirrored = envelope(kappa, (2.0 - d * d).sqrt()).unwrap();
            prop_assert!((star - mirrored).abs() < 1e-9 * (1.0 + star));
        }

        #[test]
        fn the_smallest_distance_costs_what_it_is_given(chi in 1e-6f64..30.0) {
            let d = smallest_distance(chi).unwrap();
            prop_assert!(d > 0.0 && d <= 1.0);
            prop_assert!((any_state(2, d).unwrap() - chi).abs() < 1e-9 * chi.max(1e-3));
        }
    }

    #[test]
    fn out_of_range_is_an_error() {
        assert_eq!(classical(1, 1.0, 0.5), Err(BoundError::TooFew { modes: 1 }));
        for kappa in [0.0, 1.1, f64::NAN] {
            assert!(matches!(quantum_printed(2, kappa, 0.5), Err(BoundError::Ratio { .. })));
            assert!(matches!(envelope(kappa, 0.5), Err(BoundError::Ratio { .. })));
        }
        for d in [0.0, -0.1, 1.5, f64::NAN] {
            assert!(matches!(classical(2, 1.0, d), Err(BoundError::Distance { .. })));
            assert!(matches!(any_state(2, d), Err(BoundError::Distance { .. })));
            assert!(matches!(envelope(1.0, d), Err(BoundError::Distance { .. })));
        }
        assert!(classical(2, 1.0, LARGEST).is_ok() && any_state(2, LARGEST).is_err());
        assert!(smallest_distance(-1e-9).is_err() && smallest_distance(f64::NAN).is_err());
        assert!(work(1.0, 0.0).is_err() && work(f64::NAN, 1.0).is_err());
        let message = any_state(2, 2.0).unwrap_err().to_string();
        assert!(message.contains("0 < D < 1.414"), "{message}");
        assert_eq!(any_state(2, 1.0), Ok(0.0));
    }
}
