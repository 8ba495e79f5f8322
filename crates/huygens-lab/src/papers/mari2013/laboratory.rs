//! The engine as the audit uses it: the two model files, runs, direct runs, branches and the ageing of the plateau.

use std::f64::consts::TAU;
use std::sync::Arc;

use huygens::experiment::{Options, Window};
use huygens::levels::gaussian::direct;
use huygens::levels::gaussian::orbit::{self, GaussianOrbit, Treatment, View};
use huygens::levels::kernel::Bound;
use huygens::levels::mean_field::attractor::{self, Attractor};
use huygens::levels::mean_field::continuation::{self, Bifurcation, Branch, Kind, follow};
use huygens::levels::mean_field::cycle::{self, ClosedOrbit};
use huygens::measures::{Request, resolve};
use huygens::model::Model;
use huygens::report::Report;
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::ode::Tolerance;
use huygens_numerics::roots::brent;

use crate::file;
use crate::papers::PaperError;
pub(super) use crate::papers::bench::Bench;
pub(super) use crate::papers::reading::{geometric, grid, series, trouble, value};

/// The pair of Eqs. 8 and 9.
pub(super) const PAIR: &str = "optomechanical-pair";
/// The ring of Fig. 2d.
pub(super) const RING: &str = "optomechanical-ring";

pub(super) const SC: &str = "complete_sync(b1,b2)";
pub(super) const SP: &str = "phase_sync(b1,b2)";
pub(super) const ABSOLUTE: &str = "complete_sync_absolute(b1,b2)";
pub(super) const PHASE_ERROR: &str = "phase_error(b1,b2)";
pub(super) const AMPLITUDE_ERROR: &str = "amplitude_error(b1,b2)";
pub(super) const DISCORD: &str = "discord(b1,b2)";
pub(super) const DISCORD_OTHER: &str = "discord(b2,b1)";
pub(super) const NEGATIVITY: &str = "log_negativity(b1,b2)";
pub(super) const LAG: &str = "phase_difference(b1,b2)";

/// The unit of the time axis of Fig. 2a: τ = 2π/ω₁.
pub(super) const CLOCK: f64 = TAU;

/// The caption's laser amplitude.
pub(super) const CAPTION_DRIVE: f64 = 320.0;

/// A built-in model with sizes given as text.
pub(super) fn model(name: &str, sizes: &[(&str, usize)]) -> Result<Arc<Model>, PaperError> {
    let sizes: Vec<(String, String)> = sizes.iter().map(|(n, v)| ((*n).to_owned(), v.to_string())).collect();
    Ok(Arc::new(file::load_with(name, &sizes)?.model))
}

impl Bench {
    /// The pair on its attractor.
    pub fn pair(measures: &[&str]) -> Result<Self, PaperError> {
        Self::new(model(PAIR, &[])?, measures, Options::default())
    }

    /// The pair from rest and the vacuum, averaged over a window in units of τ with so many samples in each τ.
    pub fn pair_window(measures: &[&str], from: f64, to: f64, each: usize) -> Result<Self, PaperError> {
        Self::new(model(PAIR, &[])?, measures, window(from, to, each))
    }

    pub fn bound(&self, values: &[(&str, f64)]) -> Result<Bound, PaperError> {
        Ok(self.experiment.bind(&self.model.bind(values)?)?)
    }

    pub fn request(&self, text: &str) -> Result<Request, PaperError> {
        let names: Vec<String> = self.model.modes.iter().map(|m| m.name.clone()).collect();
        let oscillators: Vec<usize> = self.model.oscillators.iter().map(|m| m.0 as usize).collect();
        resolve(text, &names, &oscillators).map_err(|e| trouble(text, e.to_string()))
    }

    /// The limit cycle reached from rest.
    pub fn cycle(&self, values: &[(&str, f64)]) -> Result<ClosedOrbit, PaperError> {
        let start = vec![c64::new(0.0, 0.0); self.model.modes.len()];
        match attractor::find(&self.bound(values)?, &[], None, &start, &attractor::Options::default()).attractor {
            Attractor::Cycle(cycle) => Ok(cycle),
            other => Err(trouble("the limit cycle", format!("from rest the pair goes to {other:?}"))),
        }
    }

    /// The cycle of the pair followed in μ.
    pub fn branch(&self, from: f64, to: f64, stop_at_fold: bool) -> Result<Branch, PaperError> {
        let start = self.cycle(&[("mu", from)])?;
        let bind = |mu: f64| self.bound(&[("mu", mu)]).map_err(|e| e.to_string());
        let options = continuation::Options { stop_at_fold, ..continuation::Options::default() };
        follow(&bind, &start, from, to, &options).map_err(|e| trouble("the branch of limit cycles", e.to_string()))
    }
}

/// Options of a direct run over a window in units of τ.
pub(super) fn window(from: f64, to: f64, each: usize) -> Options {
    let samples = ((to - from) * each as f64).round() as usize;
    let window = Window { from: from * CLOCK, to: to * CLOCK, samples: samples.max(1) };
    Options { window: Some(window), ..Options::default() }
}

/// Smallest and largest value over the period or window.
pub(super) fn extremes(report: &Report, name: &str) -> Result<(f64, f64), PaperError> {
    let mean = value(report, name)?;
    let quantity = report.quantity(name);
    let min = quantity.and_then(|q| q.min).unwrap_or(mean);
    let max = quantity.and_then(|q| q.max).unwrap_or(mean);
    Ok((min, max))
}

/// The bifurcations of the in-phase cycle that bound its stable ranges.
pub(super) struct Landmarks {
    /// Locking: saddle-node.
    pub locking: Bifurcation,
    /// The threshold of Fig. 2b: Neimark–Sacker.
    pub threshold: Bifurcation,
    /// Stable again: Neimark–Sacker.
    pub again: Bifurcation,
    /// All found from the locking point up.
    pub all: Vec<Bifurcation>,
}

/// Follows the in-phase cycle from the caption's coupling down to its fold and up to `to`.
pub(super) fn landmarks(bench: &Bench, to: f64) -> Result<Landmarks, PaperError> {
    let from = 0.02;
    let (down, up) = rayon::join(|| bench.branch(from, 0.0005, true), || bench.branch(from, to, false));
    let (down, up) = (down?, up?);
    let missing =
        |what: &str| trouble("the bifurcations of Fig. 2b", format!("no {what} found; the branch ends: {}", up.end));
    let fold = down.bifurcations.iter().find(|b| b.kind == Kind::SaddleNode).ok_or_else(|| missing("saddle-node"))?;
    let mut tori = up.bifurcations.iter().filter(|b| b.kind == Kind::NeimarkSacker);
    let threshold = tori.next().ok_or_else(|| missing("Neimark-Sacker point"))?.clone();
    let again = tori.next().ok_or_else(|| missing("second Neimark-Sacker point"))?.clone();
    let mut all = vec![fold.clone()];
    all.extend(up.bifurcations.iter().cloned());
    Ok(Landmarks { locking: fold.clone(), threshold, again, all })
}

/// The plateau of a direct run as it ages: C(t) = C_b + c(t) v vᵀ with c(t) = c(0) + D t, c(0) left behind by the transient.
pub(super) struct Ageing {
    /// The periodic part.
    pub state: GaussianOrbit,
    /// c extrapolated to t = 0.
    pub initial: f64,
    /// dc/dt.
    pub growth: f64,
}

impl Ageing {
    /// From rest and the vacuum.
    pub fn from_rest(bench: &Bench, values: &[(&str, f64)]) -> Result<Self, PaperError> {
        let what = "the ageing of the plateau";
        let stopped = |e: &dyn std::fmt::Debug| trouble(what, format!("the orbit cannot be followed: {e:?}"));
        let bound = bench.bound(values)?;
        let modes = bound.modes();
        let late = 400.0 * CLOCK;
        let tolerance = Tolerance::new(1e-10, 1e-10);
        let (mut means, mut covariance) = (Vec::new(), RMatrix::zeros(0, 0));
        let start = vec![c64::new(0.0, 0.0); modes];
        direct::run(&bound, &start, &direct::vacuum(modes), &[late], tolerance, 1e12, |_, state| {
            means = state.means().to_vec();
            covariance = state.matrix();
        })
        .map_err(|e| stopped(&e))?;
        let period = bench.cycle(values)?.period;
        let closed = cycle::shoot(&bound, &means, period, false, tolerance, 1e-10).map_err(|e| stopped(&e))?;
        let state = orbit::on_cycle(&bound, &closed, false, 128, tolerance).map_err(|e| stopped(&e))?;
        let left = &state.samples[0].left;
        let c = (&(&left.transpose() * &covariance) * left)[(0, 0)];
        let growth = state.growth[(0, 0)];
        Ok(Self { initial: c - growth * late, growth, state })
    }

    /// Mean over one period around time t; `None` for the collective phase removed.
    pub fn mean(&self, request: &Request, t: Option<f64>) -> f64 {
        let treatment = match t {
            Some(t) => Treatment::Diffused(self.initial + self.growth * t),
            None => Treatment::Removed,
        };
        let at = |sample| request.of(&View::new(sample, treatment)).unwrap_or(f64::NAN);
        self.state.samples.iter().map(at).sum::<f64>() / self.state.samples.len() as f64
    }

    /// When a function of the time changes its sign between one hundred and a million τ.
    pub fn when(&self, f: impl Fn(f64) -> f64) -> Result<f64, PaperError> {
        brent(|t: f64| f(t.exp()), (100.0 * CLOCK).ln(), (1e6 * CLOCK).ln(), 1e-9)
            .map(f64::exp)
            .map_err(|e| trouble("the ageing of the plateau", e.to_string()))
    }
}
