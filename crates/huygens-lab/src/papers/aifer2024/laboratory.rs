//! The engine as the audit uses it: density matrices below cut-offs, closed forms without jumps, optimal paths, random states.

use std::sync::Arc;

use huygens::experiment::{Level, Options, Trajectories, Truncation, Weights, Window};
use huygens::levels::fock::Cutoff;
use huygens::levels::gaussian::nonhermitian::{Divergence, NonHermitianError, NumberFlow, NumberState};
use huygens::levels::gaussian::random::{Ensemble, Points};
use huygens::levels::large_number::{Branch, Instanton, InstantonError, Options as PathOptions, Path};
use huygens::levels::stochastic::langevin::{Noise, Ordering};
use huygens::measures::{Equilibrium, Moments, Snapshot, resolve};
use huygens::model::{Binding, Model};
use huygens::report::{Report, Status};
use rayon::prelude::*;

use crate::file;
use crate::papers::PaperError;
pub(super) use crate::papers::bench::Bench;
pub(super) use crate::papers::reading::{geometric, grid, series, trouble, value};

/// The two waveguides with the parameters of Fig. 2.
pub(super) const DIMER: &str = "waveguide-dimer";

pub(super) const D: &str = "sync_distance(a1,a2)";
pub(super) const CHI: &str = "ergotropy_of_sync";
pub(super) const RELATIVE: &str = "relative_entropy_of_sync";
pub(super) const NUMBERS: [&str; 2] = ["n(a1)", "n(a2)"];
pub(super) const ENTROPY: &str = "entropy";
pub(super) const NEGATIVITY: &str = "log_negativity(a1,a2)";
pub(super) const RATE: &str = "relative_entropy_rate";
pub(super) const LIMIT: &str = "speed_limit";
pub(super) const LIMIT_TIGHT: &str = "speed_limit_tight";
pub(super) const LIMIT_PRINTED: &str = "speed_limit_printed";
pub(super) const RADICAND: &str = "speed_limit_radicand";
pub(super) const RADICAND_PRINTED: &str = "speed_limit_radicand_printed";
pub(super) const PRODUCTION: &str = "spohn_entropy_production";

/// The time of Fig. 3.
pub(super) const LATE: f64 = 10.0;
/// Levels of each mode in the product basis from which the figures of the paper seem to come: see the audit's page.
pub(super) const LEVELS: usize = 10;
/// The positive couplings of Fig. 2, strongest first.
pub(super) const COUPLINGS: [f64; 4] = [5.0, 3.0, 1.0, 0.5];
/// ω₁/ω₂ of Fig. 2.
pub(super) const KAPPA: f64 = 2.0 / 3.0;

pub(super) fn dimer() -> Result<Arc<Model>, PaperError> {
    Ok(Arc::new(file::load(DIMER)?.model))
}

pub(super) fn product(levels: usize) -> Cutoff {
    Cutoff::Product(vec![levels, levels])
}

impl Bench {
    /// Density matrices of the dimer below a cut-off, at these times; what the cut-off does to them is the audit's own question.
    pub fn below(cutoff: Cutoff, measures: &[&str], times: &[f64]) -> Result<Self, PaperError> {
        let truncation =
            Truncation { cutoff: Some(cutoff), certify: false, at: times.to_vec(), ..Truncation::default() };
        Self::new(dimer()?, measures, Options { level: Level::Fock, truncation, ..Options::default() })
    }

    /// D of the classical Stuart–Landau dimer at a time: Langevin equations without the weights of the anti-Hermitian part, as the paper
    /// has them, or with them.
    pub fn classical(weights: Weights, noise: Noise, count: u64, time: f64) -> Result<Self, PaperError> {
        let trajectories = Trajectories {
            count,
            ordering: Ordering::Classical,
            noise: Some(noise),
            weights,
            step: Some(0.02),
            step_error: false,
            ..Trajectories::default()
        };
        let window = Some(Window { from: time, to: 1.01 * time, samples: 1 });
        Self::new(dimer()?, &[D], Options { level: Level::Stochastic, trajectories, window, ..Options::default() })
    }

    /// A run at a coupling and a detuning from classical equipartition, ⟨|z_j|²⟩ = T/ω_j.
    pub fn equipartition(&self, k: f64, delta: f64) -> Result<Report, PaperError> {
        self.run(&equipartition(&self.model, k, delta)?)
    }
}

/// Coupling, detuning and the occupations T/ω_j.
pub(super) fn equipartition(model: &Model, k: f64, delta: f64) -> Result<[(&'static str, f64); 4], PaperError> {
    let own = [("k", k), ("Delta", delta)];
    let binding = model.bind(&own)?;
    let of = |name: &str| -> Result<f64, PaperError> { Ok(binding.value(model.parameters.find(name)?)) };
    let beta = of("beta")?;
    Ok([own[0], own[1], ("n_th1", 1.0 / (beta * of("omega1")?)), ("n_th2", 1.0 / (beta * of("omega2")?))])
}

/// One number at one time below a cut-off.
pub(super) fn at(cutoff: Cutoff, measure: &str, time: f64, values: &[(&str, f64)]) -> Result<f64, PaperError> {
    value(&Bench::below(cutoff, &[measure], &[time])?.run(values)?, measure)
}

/// A state at one time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub time: f64,
    /// D.
    pub distance: f64,
    /// χ in nats.
    pub chi: f64,
    /// L in nats.
    pub relative: f64,
    /// ⟨n₁ + n₂⟩.
    pub number: f64,
    /// S in nats.
    pub entropy: f64,
}

impl Point {
    /// Of the second moments and the entropy of a state.
    fn of(time: f64, state: &Snapshot, entropy: f64, equilibrium: &Equilibrium) -> Result<Self, PaperError> {
        let wrong = |e: String| trouble("the cost of a state", e);
        let number = |k: usize| 0.5 * (state.covariance(k, k)[0][0] + state.covariance(k, k)[1][1] - 1.0);
        Ok(Self {
            time,
            distance: distance(state)?,
            chi: equilibrium.ergotropy(state, || Ok(entropy)).map_err(wrong)?,
            relative: equilibrium.relative_entropy(state, || Ok(entropy)).map_err(wrong)?,
            number: number(0) + number(1),
            entropy,
        })
    }
}

/// What the uncoupled oscillators are in equilibrium.
fn equilibrium(model: &Model, binding: &Binding) -> Result<Equilibrium, PaperError> {
    let of = |name: &str| -> Result<f64, PaperError> { Ok(binding.value(model.parameters.find(name)?)) };
    Ok(Equilibrium { frequencies: Ok(vec![of("omega1")?, of("omega2")?]), beta: Ok(of("beta")?) })
}

/// The same of many states.
pub(super) fn column(points: &[Point], of: impl Fn(&Point) -> f64) -> Vec<f64> {
    points.iter().map(of).collect()
}

/// States below a cut-off at these times.
pub(super) fn states(cutoff: Cutoff, times: &[f64], values: &[(&str, f64)]) -> Result<Vec<Point>, PaperError> {
    let report = Bench::below(cutoff, &[D, CHI, RELATIVE, NUMBERS[0], NUMBERS[1], ENTROPY], times)?.run(values)?;
    let [d, chi, l, n1, n2, s] = [D, CHI, RELATIVE, NUMBERS[0], NUMBERS[1], ENTROPY].map(|name| series(&report, name));
    let (d, chi, l, n1, n2, s) = (d?, chi?, l?, n1?, n2?, s?);
    Ok((0..d.len())
        .map(|j| Point {
            time: times[j],
            distance: d[j],
            chi: chi[j],
            relative: l[j],
            number: n1[j] + n2[j],
            entropy: s[j],
        })
        .collect())
}

/// States below the second of two total cut-offs, up to where D or χ of the first ceases to agree within `tolerance`: the range
/// in which the number basis has converged.
pub(super) fn converged(
    cutoffs: [usize; 2],
    tolerance: f64,
    times: &[f64],
    values: &[(&str, f64)],
) -> Result<Vec<Point>, PaperError> {
    let smaller = Bench::below(Cutoff::Total(cutoffs[0]), &[D, CHI], times)?.run(values)?;
    let (d, chi) = (series(&smaller, D)?, series(&smaller, CHI)?);
    let mut points = states(Cutoff::Total(cutoffs[1]), times, values)?;
    let agree = |p: &Point, j: usize| {
        (p.distance / d[j] - 1.0).abs() < tolerance
            && (p.chi - chi[j]).abs() < tolerance.sqrt() * p.chi.abs() + tolerance
    };
    let end = points.iter().enumerate().position(|(j, p)| !agree(p, j)).unwrap_or(points.len());
    points.truncate(end);
    Ok(points)
}

/// D of a state with these moments.
pub(super) fn distance(state: &dyn Moments) -> Result<f64, PaperError> {
    let names = ["a1".to_owned(), "a2".to_owned()];
    let request = resolve(D, &names, &[0, 1]).map_err(|e| trouble(D, e.to_string()))?;
    Ok(request.of(state).unwrap_or(f64::NAN))
}

/// The dimer without its jumps (γ₁ = γ₂ = 0), in closed form.
pub(super) struct Closed {
    flow: NumberFlow,
    start: NumberState,
    equilibrium: Equilibrium,
}

impl Closed {
    pub fn new(values: &[(&str, f64)]) -> Result<Self, PaperError> {
        let wrong = |e: NonHermitianError| trouble("the dimer without jumps", e.to_string());
        let model = dimer()?;
        let mut values = values.to_vec();
        values.extend([("gamma1", 0.0), ("gamma2", 0.0)]);
        let binding = model.bind(&values)?;
        Ok(Self {
            flow: NumberFlow::of_model(&model, &binding).map_err(wrong)?,
            start: NumberState::of_model(&model, &binding).map_err(wrong)?,
            equilibrium: equilibrium(&model, &binding)?,
        })
    }

    /// Whether and when the norm diverges.
    pub fn divergence(&self) -> Result<Divergence, PaperError> {
        let wrong = |e: NonHermitianError| trouble("the divergence without jumps", e.to_string());
        self.flow.divergence(&self.start, self.flow.horizon().map_err(wrong)?).map_err(wrong)
    }

    pub fn state(&self, time: f64) -> Result<NumberState, PaperError> {
        self.flow.at(&self.start, time).map_err(|e| trouble("the dimer without jumps", e.to_string()))
    }

    pub fn at(&self, time: f64) -> Result<Point, PaperError> {
        let state = self.state(time)?;
        Point::of(time, &state.snapshot(), state.entropy(), &self.equilibrium)
    }
}

/// The state that grows out of the rare large fluctuations of the start: the optimal path.
pub(super) struct Grown {
    instanton: Instanton,
    branch: Branch,
    options: PathOptions,
    equilibrium: Equilibrium,
}

fn no_path(e: InstantonError) -> PaperError {
    trouble("the optimal path", e.to_string())
}

/// Paths are wanted to the digits that a figure shows.
fn path_options() -> PathOptions {
    PathOptions { tolerance: 1e-7, ..PathOptions::default() }
}

pub(super) fn instanton(model: &Model, values: &[(&str, f64)]) -> Result<Instanton, PaperError> {
    Instanton::of_model(model, &model.bind(values)?).map_err(no_path)
}

impl Grown {
    /// The branch of paths that leaves the state at rest, up to a time.
    pub fn new(values: &[(&str, f64)], until: f64) -> Result<Self, PaperError> {
        let model = dimer()?;
        let binding = model.bind(values)?;
        let instanton = instanton(&model, values)?;
        let options = path_options();
        let branch = instanton.branch(until, &options).map_err(no_path)?;
        Ok(Self { instanton, branch, options, equilibrium: equilibrium(&model, &binding)? })
    }

    /// The path of this duration if it outweighs the state near the vacuum.
    pub fn path(&self, time: f64) -> Result<Option<Path>, PaperError> {
        let last = self.branch.paths.last().filter(|p| p.duration == time).cloned();
        let found = match last {
            Some(path) => Some(path),
            None => self.instanton.at(&self.branch, time, &self.options).map_err(no_path)?,
        };
        Ok(found.filter(|path| path.action > 0.0))
    }

    /// The state at this time with its corrections of relative order 1/N; none where the state near the vacuum outweighs the path, nor
    /// so near the beginning of the branch that one loop is not enough: where it moves D by more than a twentieth, or where the number of
    /// quanta is spread by more than a quarter of itself.
    pub fn at(&self, time: f64) -> Result<Option<Point>, PaperError> {
        let Some(path) = self.path(time)? else { return Ok(None) };
        let leading = distance(&path.snapshot())?;
        let (Ok(c), Ok(fluctuations)) =
            (self.instanton.correlations(&path, &self.options), self.instanton.fluctuations(&path, &self.options))
        else {
            return Ok(None);
        };
        let number = c[(0, 0)].re + c[(1, 1)].re;
        let square = 1.0 - 2.0 * c[(0, 1)].re / (number + 1.0);
        if fluctuations.numbers[(0, 0)].sqrt() > 0.25 * number {
            return Ok(None);
        }
        if square.is_nan() || square <= 0.0 || (square.sqrt() / leading - 1.0).abs() > 0.05 {
            return Ok(None);
        }
        Point::of(time, &Snapshot::passive(&c.transpose()), fluctuations.entropy, &self.equilibrium).map(Some)
    }
}

/// u_j = √γ_j₋ − √γ_j₊ and s_j = (√γ_j₋ + √γ_j₊)² of both modes.
fn amplitudes_of_loss(bench: &Bench, values: &[(&str, f64)]) -> Result<([f64; 2], [f64; 2]), PaperError> {
    let (mut narrow, mut wide) = ([0.0; 2], [0.0; 2]);
    for (j, (gamma, n)) in [("gamma1", "n_two1"), ("gamma2", "n_two2")].into_iter().enumerate() {
        let (gamma, n) = (bench.parameter(gamma, values)?, bench.parameter(n, values)?);
        let (down, up) = ((gamma * (n + 1.0)).sqrt(), (gamma * n).sqrt());
        (narrow[j], wide[j]) = (down - up, (down + up).powi(2));
    }
    Ok((narrow, wide))
}

/// λ = A k² − B Δ², the rate at which ln tr R of a long path grows, to lowest order in βΔ: A and B.
pub(super) fn growth_coefficients(bench: &Bench, values: &[(&str, f64)]) -> Result<[f64; 2], PaperError> {
    let (u, s) = amplitudes_of_loss(bench, values)?;
    Ok([0.5 / (u[0] * u[1]), 1.0 / (s[0] + s[1] + 0.5 * (u[0] + u[1]).powi(2))])
}

/// The coupling above which λ > 0.
pub(super) fn threshold(bench: &Bench, delta: f64) -> Result<f64, PaperError> {
    let [rise, fall] = growth_coefficients(bench, &[("Delta", delta)])?;
    Ok((fall / rise).sqrt() * delta.abs())
}

/// How D of one cell of the maps of Fig. 3 was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Found {
    /// By the optimal path, which outweighs the state near the vacuum.
    Path(f64),
    /// Near the vacuum, where the optimal path weighs less or does not exist.
    Rest(f64),
    /// Not at all: near the vacuum nothing converges either.
    Open,
}

impl Found {
    pub fn distance(self) -> f64 {
        match self {
            Found::Path(d) | Found::Rest(d) => d,
            Found::Open => f64::NAN,
        }
    }
}

/// Which dimer the optimal path and the state near the vacuum are those of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimer {
    /// The density matrix; near the vacuum in a number basis.
    Quantum,
    /// Langevin equations with their weights, from equipartition; near the vacuum by a resampled population.
    Classical,
}

/// Total cut-offs that are compared, and the largest relative change of D by the second that counts as agreement.
const PAIRS: [[usize; 2]; 2] = [[28, 35], [48, 60]];
const AGREEMENT: f64 = 2e-3;
/// Trajectories of a population, and the largest error of its D.
const POPULATION: u64 = 2000;
const ERROR: f64 = 0.05;

impl Dimer {
    fn instanton(self, model: &Model, k: f64, delta: f64) -> Result<Instanton, PaperError> {
        match self {
            Dimer::Quantum => instanton(model, &[("k", k), ("Delta", delta)]),
            Dimer::Classical => {
                let binding = model.bind(&equipartition(model, k, delta)?)?;
                Instanton::classical(model, &binding, Noise::Symmetric).map_err(no_path)
            }
        }
    }

    /// Path at k from a neighbour, with steps in between where Newton's method does not reach so far.
    fn follow(self, model: &Model, delta: f64, time: f64, from: (f64, &Path), k: f64, depth: usize) -> Option<Path> {
        if let Ok(path) = self.instanton(model, k, delta).ok()?.solve(from.1, time, &path_options()) {
            return Some(path);
        }
        if depth == 0 {
            return None;
        }
        let middle = 0.5 * (from.0 + k);
        let half = self.follow(model, delta, time, from, middle, depth - 1)?;
        self.follow(model, delta, time, (middle, &half), k, depth - 1)
    }

    fn near_rest(self, k: f64, delta: f64, time: f64) -> Result<Found, PaperError> {
        if self == Dimer::Classical {
            let report =
                Bench::classical(Weights::Keep, Noise::Symmetric, POPULATION, time)?.equipartition(k, delta)?;
            let quantity = report.quantity(D);
            let fine = report.status() != Status::Fail && quantity.and_then(|q| q.error).is_some_and(|e| e < ERROR);
            return Ok(report.value(D).filter(|_| fine).map_or(Found::Open, Found::Rest));
        }
        let values = [("k", k), ("Delta", delta)];
        for [small, large] in PAIRS {
            let [small, large] = [small, large].map(|most| at(Cutoff::Total(most), D, time, &values));
            let (small, large) = (small?, large?);
            if (small / large - 1.0).abs() < AGREEMENT {
                return Ok(Found::Rest(large));
            }
        }
        Ok(Found::Open)
    }

    /// D without the vacuum for classical amplitudes, which do not have it.
    fn distance(self, path: &Path) -> Result<f64, PaperError> {
        let [a, b] = path.amplitudes() else { return Err(trouble("the optimal path", "not two modes")) };
        match self {
            Dimer::Quantum => distance(&path.snapshot()),
            Dimer::Classical => Ok(((a - b).norm_sqr() / (a.norm_sqr() + b.norm_sqr())).sqrt()),
        }
    }

    /// D at one time and detuning for descending positive couplings.
    pub fn down_the_couplings(self, delta: f64, couplings: &[f64], time: f64) -> Result<Vec<Found>, PaperError> {
        let model = dimer()?;
        let mut path: Option<(f64, Path)> = None;
        let mut out = Vec::with_capacity(couplings.len());
        for &k in couplings {
            let next = match &path {
                Some((from, guess)) => self.follow(&model, delta, time, (*from, guess), k, 3),
                None => None,
            };
            let next = match next {
                Some(next) => Some(next),
                // At the strongest coupling, and where the branch from rest is not the one that was followed.
                None => {
                    let instanton = self.instanton(&model, k, delta)?;
                    instanton.branch(time, &path_options()).ok().and_then(|mut b| b.paths.pop())
                }
            };
            match next {
                Some(next) => {
                    let dominant = next.action > 0.0;
                    out.push(if dominant {
                        Found::Path(self.distance(&next)?)
                    } else {
                        self.near_rest(k, delta, time)?
                    });
                    path = Some((k, next));
                }
                None => out.push(self.near_rest(k, delta, time)?),
            }
        }
        Ok(out)
    }
}

/// D and χ of random two-mode Gaussian states.
pub(super) struct Sample {
    pub kappa: f64,
    pub distance: Vec<f64>,
    /// χ in nats.
    pub chi: Vec<f64>,
    /// The classical χ of the same covariances.
    pub classical: Vec<f64>,
}

impl Sample {
    /// So many states of the broad ensemble, for oscillators with a frequency ratio.
    pub fn new(kappa: f64, count: usize) -> Result<Self, PaperError> {
        let ensemble = Ensemble::broad(2, 1);
        let [mut distance, mut chi, mut classical] = [(); 3].map(|()| vec![0.0; count]);
        let chunk = 8192;
        distance
            .par_chunks_mut(chunk)
            .zip(chi.par_chunks_mut(chunk))
            .zip(classical.par_chunks_mut(chunk))
            .enumerate()
            .try_for_each(|(k, ((distance, chi), classical))| {
                ensemble.fill(&[kappa, 1.0], (k * chunk) as u64, Points { distance, chi, classical })
            })
            .map_err(|e| trouble("random states", e.to_string()))?;
        Ok(Self { kappa, distance, chi, classical })
    }

    /// (D, χ) or (D, classical χ).
    pub fn points(&self, classical: bool) -> Vec<[f64; 2]> {
        let chi = if classical { &self.classical } else { &self.chi };
        self.distance.iter().zip(chi).map(|(d, x)| [*d, *x]).collect()
    }
}
