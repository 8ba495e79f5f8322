//! Many oscillators at once.

use huygens_numerics::c64;

use super::PhaseError;

/// Kuramoto's order parameter over time: r e^{iψ} = (1/N) Σ_k e^{iφ_k} (Y. Kuramoto, *Chemical Oscillations, Waves, and
/// Turbulence* (Springer 1984), Eq. 5.4.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The mean field r e^{iψ} at each sample.
    pub field: Vec<c64>,
    /// Time mean of r.
    pub mean: f64,
    /// Standard deviation of r over time.
    pub deviation: f64,
    /// What the time mean of r² would be without any relation: 1/N; r itself is then about √π/(2√N).
    pub by_chance: f64,
}

/// The order parameter of phases, one list an oscillator.
///
/// # Errors
/// [`PhaseError::TooFew`] below two oscillators or without samples.
///
/// # Panics
/// When the lists have different lengths.
#[track_caller]
pub fn order_parameter(phases: &[&[f64]]) -> Result<Order, PhaseError> {
    if phases.len() < 2 {
        return Err(PhaseError::TooFew { what: "phases", found: phases.len(), needed: 2 });
    }
    let samples = phases[0].len();
    assert!(phases.iter().all(|p| p.len() == samples), "phases of one length");
    if samples == 0 {
        return Err(PhaseError::TooFew { what: "samples", found: 0, needed: 1 });
    }
    let n = phases.len() as f64;
    let field: Vec<c64> =
        (0..samples).map(|k| phases.iter().map(|p| c64::from_polar(1.0, p[k])).sum::<c64>() / n).collect();
    let mean = field.iter().map(|z| z.norm()).sum::<f64>() / samples as f64;
    let variance = field.iter().map(|z| (z.norm() - mean).powi(2)).sum::<f64>() / samples as f64;
    Ok(Order { field, mean, deviation: variance.sqrt(), by_chance: 1.0 / n })
}
