//! What belongs to the relaxation of a linear model after a quench.

use huygens_numerics::linalg::RMatrix;
use huygens_numerics::roots;

use super::stationary::Reading;
use super::{Argument, Average, Collective, Definition, Evaluate, LINEARISED, Signature};
use crate::costs::Contact;
use crate::levels::gaussian::linear::Transient;

/// A relaxing linear model at one time.
#[derive(Clone, Copy, Debug)]
pub struct Relaxing<'a> {
    /// The relaxation.
    pub transient: &'a Transient,
    /// Thermal contacts.
    pub contacts: &'a [Contact],
    /// Time since the quench.
    pub time: f64,
}

/// When the correlation is largest.
pub(super) const TRANSIENT_TIME: Definition = Definition {
    name: "transient_time",
    signature: Signature::Modes(2),
    formula: "time after a quench at which the slow envelope of R(t) = Re⟨b₁†b₂⟩/√((⟨b₁†b₁⟩+½)(⟨b₂†b₂⟩+½)) is largest (terms \
              at twice the carrier left out). The list has every maximum with its value",
    range: "(0, ∞); none where R never overshoots its final value",
    unit: "time",
    levels: LINEARISED,
    source: "Yang, Sheng and Wu, Fig. 4c",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Transient(|state, a| {
        let maxima = maxima(state.transient, a[0].mode(), a[1].mode())?;
        let (time, _) = largest(&maxima)?;
        Ok(Reading { value: time, list: Some(maxima) })
    }),
};

/// How large it is then.
pub(super) const TRANSIENT_PEAK: Definition = Definition {
    name: "transient_peak",
    formula: "largest value of the slow envelope of R(t) after a quench; see transient_time",
    range: "[−1, 1]",
    unit: "1",
    evaluate: Evaluate::Transient(|state, a| {
        let maxima = maxima(state.transient, a[0].mode(), a[1].mode())?;
        Ok(largest(&maxima)?.1.into())
    }),
    ..TRANSIENT_TIME
};

/// How far that is above the end.
pub(super) const OVERSHOOT: Definition = Definition {
    name: "overshoot",
    formula: "largest value of the slow envelope of R(t) after a quench minus its final value; see transient_time",
    range: "[0, 2]",
    unit: "1",
    evaluate: Evaluate::Transient(|state, a| {
        let (k, l) = (a[0].mode(), a[1].mode());
        let maxima = maxima(state.transient, k, l)?;
        let end = correlation(&state.transient.steady().covariance(), k, l);
        Ok((largest(&maxima)?.1 - end).into())
    }),
    ..TRANSIENT_TIME
};

/// Entropy that has flowed since the quench.
pub(super) const ENTROPY_COST: Definition = Definition {
    name: "entropy_cost",
    signature: Signature::OptionalMode,
    formula: "∫₀ᵗ Φ dt' since the quench, Φ = entropy_flux",
    range: "real",
    unit: "nats",
    source: "Yang, Sheng and Wu, Fig. 4; Santos, Landi and Paternostro, PRL 118, 220601 (2017)",
    evaluate: Evaluate::Transient(|state, a| {
        let moved = &state.transient.integral_to(state.time) + &state.transient.steady().matrix.scale(state.time);
        Ok(flux(state, a, &moved)?.into())
    }),
    ..TRANSIENT_TIME
};

/// Entropy that the relaxation costs beyond the steady state.
pub(super) const EXCESS_ENTROPY: Definition = Definition {
    name: "excess_entropy",
    signature: Signature::OptionalMode,
    formula: "∫₀^∞ (Φ(t) − Φ(∞)) dt after a quench, from A X + X Aᵀ = −(V₀ − V∞)",
    range: "real",
    unit: "nats",
    source: "Hatano and Sasa, PRL 86, 3463 (2001), for Gaussian states",
    evaluate: Evaluate::Transient(|state, a| {
        let whole = state.transient.integral().map_err(|e| e.to_string())?;
        Ok(flux(state, a, &whole)?.into())
    }),
    ..TRANSIENT_TIME
};

/// Σ_b γ_b ½ tr(w_b X_b)/v_b: the flux that belongs to a deviation X from thermal equilibrium, over the contacts of the mode
/// asked for, or all.
fn flux(state: &Relaxing<'_>, arguments: &[Argument], deviation: &RMatrix) -> Result<f64, String> {
    let asked = |c: &&Contact| arguments.first().is_none_or(|a| a.mode() == c.mode);
    let mut total = 0.0;
    let mut any = false;
    for contact in state.contacts.iter().filter(asked) {
        any = true;
        let thermal = state.transient.steady().thermal[contact.mode];
        if (thermal - contact.variance()).abs() > 1e-12 * thermal {
            return Err(format!(
                "more than one bath on the mode of `{}`: ask for entropy_flux at each time",
                contact.name
            ));
        }
        let at = 2 * contact.mode;
        let [q, p] = contact.weights();
        total += contact.rate * 0.5 * (q * deviation[(at, at)] + p * deviation[(at + 1, at + 1)]) / thermal;
    }
    if any { Ok(total) } else { Err("no thermal bath on this mode: nothing takes entropy from it".into()) }
}

/// Re⟨b_k†b_l⟩/√(…) of a covariance.
fn correlation(v: &RMatrix, k: usize, l: usize) -> f64 {
    let energy = |m: usize| v[(2 * m, 2 * m)] + v[(2 * m + 1, 2 * m + 1)];
    (v[(2 * k, 2 * l)] + v[(2 * k + 1, 2 * l + 1)]) / (energy(k) * energy(l)).sqrt()
}

/// Its derivative, up to a positive factor, from V and dV/dt.
fn slope(v: &RMatrix, rate: &RMatrix, k: usize, l: usize) -> f64 {
    let energy = |m: &RMatrix, i: usize| m[(2 * i, 2 * i)] + m[(2 * i + 1, 2 * i + 1)];
    let cross = |m: &RMatrix| m[(2 * k, 2 * l)] + m[(2 * k + 1, 2 * l + 1)];
    let relative = energy(rate, k) / energy(v, k) + energy(rate, l) / energy(v, l);
    (cross(rate) - 0.5 * cross(v) * relative) / (energy(v, k) * energy(v, l)).sqrt()
}

fn largest(maxima: &[[f64; 2]]) -> Result<(f64, f64), String> {
    let best = maxima.iter().max_by(|a, b| a[1].total_cmp(&b[1]));
    best.map(|m| (m[0], m[1])).ok_or_else(|| "the correlation rises to its final value without a maximum".into())
}

/// Every maximum (t, R) of the slow envelope of R(t).
///
/// # Errors
/// When no eigenvalue turns: there is no carrier.
pub fn maxima(transient: &Transient, k: usize, l: usize) -> Result<Vec<[f64; 2]>, String> {
    // The carrier: the slowest oscillation of the least damped half of the modes.
    let rates = transient.rates();
    let slowest = rates.iter().map(|r| -r.re).filter(|r| *r > 0.0).fold(f64::INFINITY, f64::min);
    let carrier = rates.iter().filter(|r| -r.re < 1e3 * slowest).map(|r| r.im.abs()).fold(f64::INFINITY, f64::min);
    if !(carrier > 0.0 && carrier.is_finite()) {
        return Err("nothing oscillates here: there is no slow envelope".into());
    }
    // What the envelope keeps, its fastest beat and its fastest decay.
    let kept: Vec<_> =
        rates.iter().flat_map(|a| rates.iter().map(move |b| a + b.conj())).filter(|e| e.im.abs() <= carrier).collect();
    let beat = kept.iter().filter(|e| -e.re < 100.0 * slowest).map(|e| e.im.abs()).fold(slowest, f64::max);
    let fastest = kept.iter().map(|e| e.norm()).fold(beat, f64::max);
    let derivative = |t: f64| {
        let (state, rate) = transient.envelope(t, carrier);
        slope(&state.covariance(), &rate, k, l)
    };
    // Geometric steps through the fast decays, then steps that resolve the beats until everything has relaxed.
    let end = 12.0 / slowest;
    let mut times = vec![1e-3 / fastest];
    while *times.last().expect("never empty") < end && times.len() < 200_000 {
        let t = *times.last().expect("never empty");
        times.push(t + (0.02 * t).min(0.1 / beat));
    }
    let mut found = Vec::new();
    let mut before = (times[0], derivative(times[0]));
    for &t in &times[1..] {
        let now = (t, derivative(t));
        if before.1 > 0.0 && now.1 <= 0.0 {
            let top = roots::brent(derivative, before.0, now.0, 1e-15 * t).map_err(|e| e.to_string())?;
            let (state, _) = transient.envelope(top, carrier);
            found.push([top, correlation(&state.covariance(), k, l)]);
        }
        before = now;
    }
    Ok(found)
}
