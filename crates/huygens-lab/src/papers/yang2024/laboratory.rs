//! The engine as the audit uses it: the model file, steady states and quenches at any coupling, turning points, spectra.

use std::f64::consts::TAU;
use std::sync::Arc;

use huygens::experiment::{Options, Quench};
use huygens::levels::gaussian::linear::{self, Reduced};
use huygens::report::Report;
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::roots::{Extremum, brent, extremum};

use crate::file;
use crate::papers::PaperError;
pub(super) use crate::papers::bench::Bench;
pub(super) use crate::papers::reading::{geometric, grid, series, trouble, value};

/// The two membranes and the light.
pub(super) const MEMBRANES: &str = "membranes";

pub(super) const C: &str = "pearson(q(b1),q(b2))";
/// D in the sense of nearest ticks.
pub(super) const NEAREST: &str = "tick_deviation(b1,b2)";
/// N of clocks that are read by their phase.
pub(super) const ACCURACY: [&str; 2] = ["phase_accuracy(b1)", "phase_accuracy(b2)"];
/// N of clocks that tick at zero crossings, a fit to simulations.
pub(super) const CROSSINGS: [&str; 2] = ["tick_accuracy(b1)", "tick_accuracy(b2)"];
pub(super) const NARROW: &str = "linewidth_narrow";
pub(super) const WIDE: &str = "linewidth_wide";
pub(super) const RATIO: &str = "linewidth_ratio";
pub(super) const FREQUENCY_NARROW: &str = "frequency_narrow";
pub(super) const FREQUENCY_WIDE: &str = "frequency_wide";
pub(super) const MU_A: &str = "entropy_flux(a)";
pub(super) const MU_B: [&str; 2] = ["entropy_flux(b1)", "entropy_flux(b2)"];
pub(super) const PRODUCTION: &str = "entropy_production";
pub(super) const PHOTONS: &str = "n(a)";
pub(super) const PHONONS: [&str; 2] = ["n(b1)", "n(b2)"];
pub(super) const TRANSIENT_TIME: &str = "transient_time(b1,b2)";

/// The critical coupling of the text, |G_c|/κ.
pub(super) const QUOTED_CRITICAL: f64 = 0.005;
/// The turning point of the text, |G_t|/κ.
pub(super) const QUOTED_TURNING: f64 = 0.013;
/// The range of |G|/κ that is looked at.
pub(super) const RANGE: (f64, f64) = (0.001, 0.1);

impl Bench {
    /// The two membranes.
    pub fn membranes(measures: &[&str], options: Options) -> Result<Self, PaperError> {
        Self::new(Arc::new(file::load(MEMBRANES)?.model), measures, options)
    }

    /// Steady states of the membranes.
    pub fn steady(measures: &[&str]) -> Result<Self, PaperError> {
        Self::membranes(measures, Options::default())
    }

    /// The light switched on at t = 0.
    pub fn quench(measures: &[&str], times: &[f64]) -> Result<Self, PaperError> {
        let quench = Quench { before: vec![("g".into(), 0.0)], times: times.to_vec() };
        Self::membranes(measures, Options { quench: Some(quench), ..Options::default() })
    }

    /// The value of a measure at a coupling.
    pub fn at(&self, g: f64, name: &str) -> Result<f64, PaperError> {
        value(&self.run(&[("g", g)])?, name)
    }

    /// Drift and diffusion.
    pub fn linear(&self, values: &[(&str, f64)]) -> Result<(RMatrix, RMatrix), PaperError> {
        let bound = self.experiment.bind(&self.model.bind(values)?)?;
        let origin = vec![c64::new(0.0, 0.0); self.model.modes.len()];
        Ok((bound.drift_matrix(0.0, &origin), bound.diffusion_matrix(0.0, &origin)))
    }

    /// The membranes with the light eliminated.
    pub fn reduced(&self, values: &[(&str, f64)]) -> Result<Reduced, PaperError> {
        let (drift, diffusion) = self.linear(values)?;
        linear::eliminate(&drift, &diffusion, &[0], None)
            .map_err(|e| trouble("the elimination of the light", e.to_string()))
    }

    /// Λ = G₁G₂χ_c = δ + iΓ, the coupling that the light makes between the membranes: ḃ₁ = … − iΛ b₂.
    pub fn coupling(&self, values: &[(&str, f64)]) -> Result<c64, PaperError> {
        Ok(c64::new(0.0, 1.0) * self.reduced(values)?.amplitudes[(0, 1)])
    }

    /// The turning point of a measure over the coupling: its largest (`sign` = 1) or smallest (−1) value in [`RANGE`].
    pub fn turning(&self, name: &str, sign: f64, others: &[(&str, f64)]) -> Result<Extremum, PaperError> {
        let at = |g: f64| {
            let mut values = others.to_vec();
            values.push(("g", g));
            self.run(&values).and_then(|r| value(&r, name)).map_or(f64::NAN, |x| sign * x)
        };
        let gs = geometric(RANGE.0, RANGE.1, 41);
        let coarse: Vec<f64> = gs.iter().map(|g| at(*g)).collect();
        let best = (0..gs.len()).max_by(|a, b| coarse[*a].total_cmp(&coarse[*b])).unwrap_or(0);
        if best == 0 || best + 1 == gs.len() {
            return Err(trouble(name, format!("no turning point between g = {} and {}", RANGE.0, RANGE.1)));
        }
        let found = extremum(at, gs[best - 1], gs[best + 1], 18).map_err(|e| trouble(name, e.to_string()))?;
        Ok(Extremum { value: sign * found.value, ..found })
    }

    /// The coupling at which a measure takes a value, between two others.
    pub fn crossing(&self, name: &str, level: f64, from: f64, to: f64) -> Result<f64, PaperError> {
        brent(|g| self.at(g, name).unwrap_or(f64::NAN) - level, from, to, 0.0).map_err(|e| trouble(name, e.to_string()))
    }
}

/// The eigenvalues λ₊ (less damped) and λ₋ as the paper prints them, from its Δω, γ₁, γ₂ and Λ = δ + iΓ.
pub(super) fn printed(detuning: f64, gamma: [f64; 2], coupling: c64) -> [c64; 2] {
    let centre = c64::new(0.5 * detuning, -0.25 * (gamma[0] + gamma[1] + 4.0 * coupling.im));
    let half = c64::new(detuning, -0.5 * (gamma[0] - gamma[1]));
    let root = (half * half * 0.25 + coupling * coupling).sqrt();
    let (one, other) = (centre + root, centre - root);
    if one.im >= other.im { [one, other] } else { [other, one] }
}

/// Power spectra of the displacements of both membranes (one-sided, per hertz, ∫ P df = ⟨q²⟩) at frequencies in hertz above ω₂/2π.
pub(super) struct Spectra {
    drift: RMatrix,
    diffusion: RMatrix,
    /// ω₂/2π.
    origin: f64,
}

impl Spectra {
    pub fn new(bench: &Bench, g: f64) -> Result<Self, PaperError> {
        let (drift, diffusion) = bench.linear(&[("g", g)])?;
        Ok(Self { drift, diffusion, origin: bench.parameter("omega2", &[])? / TAU })
    }

    /// Of one clock (0 or 1).
    pub fn at(&self, clock: usize, hertz: f64) -> Result<f64, PaperError> {
        let omega = TAU * (self.origin + hertz);
        let s = linear::spectral_density(&self.drift, &self.diffusion, omega);
        let s = s.map_err(|e| trouble("the power spectra", e.to_string()))?;
        Ok(2.0 * s[(2 * clock + 2, 2 * clock + 2)].re)
    }

    /// All maxima (Hz above ω₂/2π, height) of one clock between two frequencies, in ascending frequency.
    pub fn peaks(&self, clock: usize, from: f64, to: f64) -> Result<Vec<[f64; 2]>, PaperError> {
        let fs = grid(from, to, ((to - from) / 2.0) as usize + 1);
        let heights = fs.iter().map(|f| self.at(clock, *f)).collect::<Result<Vec<f64>, _>>()?;
        let mut peaks = Vec::new();
        for k in 1..fs.len() - 1 {
            if heights[k] > heights[k - 1] && heights[k] >= heights[k + 1] {
                let top = extremum(|f| self.at(clock, f).unwrap_or(f64::NAN), fs[k - 1], fs[k + 1], 12)
                    .map_err(|e| trouble("a spectral peak", e.to_string()))?;
                peaks.push([top.x, top.value]);
            }
        }
        Ok(peaks)
    }

    /// The highest peak of one clock.
    pub fn highest(&self, clock: usize, from: f64, to: f64) -> Result<[f64; 2], PaperError> {
        let peaks = self.peaks(clock, from, to)?;
        let best = peaks.iter().max_by(|a, b| a[1].total_cmp(&b[1]));
        best.copied().ok_or_else(|| trouble("the power spectra", format!("no peak between {from} and {to} Hz")))
    }
}

/// The pairs that stand behind a number.
pub(super) fn list(report: &Report, name: &str) -> Result<Vec<[f64; 2]>, PaperError> {
    report.quantity(name).and_then(|q| q.list.clone()).ok_or_else(|| trouble(name, "no list of pairs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_formula_without_coupling_gives_the_membranes_back() {
        let [narrow, wide] = printed(200.0, [7.0, 14.0], c64::new(0.0, 0.0));
        assert!((narrow - c64::new(200.0, -3.5)).norm() < 1e-12);
        assert!((wide - c64::new(0.0, -7.0)).norm() < 1e-12);
    }
}
