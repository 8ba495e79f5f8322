//! Measures: a state in, a number out.
//!
//! Each measure is a [`Definition`] in a file of its own (or of its family); [`registry()`] lists them all, one line each. A
//! measure sees the first and second moments of the state through [`Moments`], so that one definition serves a covariance
//! matrix, the Bloch blocks of a ring and a density matrix alike. [`resolve`] turns text such as `complete_sync(b1,b2)` into
//! a [`Request`].
//!
//! ```
//! use huygens::measures::{Snapshot, resolve};
//! use huygens_numerics::{c64, linalg::RMatrix};
//!
//! // Two coherent states of equal phase, far from the origin and from each other.
//! let state = Snapshot { mean: vec![c64::new(20.0, 0.0), c64::new(30.0, 0.0)], covariance: RMatrix::identity(4).scale(0.5) };
//! let names = ["b1".to_string(), "b2".to_string()];
//! let relative = resolve("complete_sync(b1, b2)", &names, &[0, 1]).unwrap();
//! assert_eq!(relative.of(&state), Some(1.0));
//! let absolute = resolve("complete_sync_absolute(b1, b2)", &names, &[0, 1]).unwrap();
//! assert_eq!(absolute.of(&state), Some(1.0 / 101.0));
//! ```

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, RMatrix};

use crate::levels::equations::Spin;

pub(crate) mod arguments;
mod attractor;
mod blocks;
mod counting;
mod cycles;
mod density;
mod emission;
mod energy;
mod liouvillian;
mod local;
mod machine;
mod parse;
mod registry;
mod speed;
mod spin_pairs;
mod spins;
mod stationary;
mod survival;
mod thermal;
mod ticking;
pub mod transient;

pub mod clocks;
pub mod correlations;
pub mod phases;
pub mod spectra;
pub mod sync;

pub use blocks::Block;
pub(crate) use counting::CountingMeasure;
pub(crate) use density::exact;
pub use density::{DensityView, Equilibrium, OfDensity};
pub(crate) use machine::MachineMeasure;
pub use parse::{Argument, MeasureError, Quadrature, Request, expand, resolve};
pub use registry::{find, registry};
pub use speed::{Dynamics, Rates};
pub use stationary::{Reading, Stationary};
pub use transient::Relaxing;

/// Levels that give measures of the means alone.
const MEANS: &[&str] = &["mean_field", "gaussian", "stochastic", "fock"];
/// Levels that give measures of fluctuations.
const FLUCTUATIONS: &[&str] = &["gaussian", "stochastic", "fock", "response"];
/// Levels that give the second moments of a state whose phases are all alike.
const MOMENTS: &[&str] = &["gaussian", "stochastic", "fock", "optimal_path", "response"];
/// Levels that give measures by formulas for Gaussian states, which hold for no other.
const GAUSSIAN: &[&str] = &["gaussian", "stochastic"];
/// Levels that give properties of the attractor of the flow.
const ATTRACTOR: &[&str] = &["mean_field", "gaussian"];
/// Levels that give properties of linearised fluctuations about it.
const LINEARISED: &[&str] = &["gaussian"];

/// First and second moments of a state, mode by mode.
pub trait Moments {
    /// Number of modes.
    fn modes(&self) -> usize;

    /// ⟨a_k⟩.
    fn mean(&self, k: usize) -> c64;

    /// The block \[\[⟨q_k q_l⟩, ⟨q_k p_l⟩\], \[⟨p_k q_l⟩, ⟨p_k p_l⟩\]\] of the symmetrised covariance of the fluctuations
    /// (vacuum: ½ on the diagonal).
    fn covariance(&self, k: usize, l: usize) -> Block;

    /// The variance of a quadrature in the vacuum as this state counts it: ½, and 0 for classical trajectories, whose averages are those
    /// of normal order.
    fn vacuum(&self) -> f64 {
        0.5
    }

    /// The block V_kk as it enters the energy ⟨a†a⟩ = |⟨a⟩|² + (V_qq + V_pp − 1)/2.
    ///
    /// The same as `covariance(k, k)`, but for a state on a limit cycle whose collective phase is taken as diffused: moving
    /// along the cycle changes no energy, while the linearised covariance grows along its tangent. There this block is the one
    /// with the collective phase removed.
    fn energy_covariance(&self, k: usize) -> Block {
        self.covariance(k, k)
    }

    /// ⟨q²⟩ − v and ⟨p²⟩ − v of mode k, means included, for the variance v of an equilibrium. A state that was computed as a
    /// deviation from that equilibrium gives it without the difference of two large numbers.
    fn excess(&self, k: usize, variance: f64) -> [f64; 2] {
        let (z, block) = (self.mean(k), self.energy_covariance(k));
        [2.0 * z.re * z.re + (block[0][0] - variance), 2.0 * z.im * z.im + (block[1][1] - variance)]
    }

    /// The spin at mode k; `None` of a boson. Its quadratures are √2 J_x and −√2 J_y, and √2 J_z in the place `z`, so that the mean of the mode
    /// is ⟨J₋⟩ and that in the place `z` is ⟨J_z⟩.
    fn spin(&self, _k: usize) -> Option<Spin> {
        None
    }

    /// (V⁻¹)_qq and (V⁻¹)_pp of mode k, V the covariance of all modes, where the state has them at hand already.
    fn inverse_diagonal(&self, _k: usize) -> Option<[f64; 2]> {
        None
    }
}

/// What a measure does with the direction along a limit cycle, where fluctuations diffuse without bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collective {
    /// Depends on the means alone.
    Blind,
    /// Evaluated with the collective phase removed (c = 0 in C = A + v wᵀ + w vᵀ + c v vᵀ); the transverse value
    /// P C Pᵀ is given as an alternative.
    Removed,
    /// Needs a physical covariance: evaluated in the limit of a fully diffused collective phase, c → ∞.
    Diffused,
}

/// How the values over a period or window become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// Arithmetic mean over the samples.
    Mean,
    /// An angle: unwrapped around its circular mean first, given in (−π, π].
    Angle,
}

impl Average {
    /// a − b, of angles the short way round the circle.
    pub(crate) fn difference(self, a: f64, b: f64) -> f64 {
        const TAU: f64 = std::f64::consts::TAU;
        match self {
            Average::Mean => a - b,
            Average::Angle => (a - b) - TAU * ((a - b) / TAU).round(),
        }
    }
}

/// Which arguments a measure takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Exactly this many modes.
    Modes(usize),
    /// At least this many modes; none given means the model's oscillators.
    Oscillators(usize),
    /// At least one mode; none given means all modes of the model.
    AnyModes,
    /// Exactly this many quadratures q(b) or p(b).
    Quadratures(usize),
    /// No argument.
    None,
    /// At most one mode.
    OptionalMode,
    /// A bath or a jump, by its label.
    Channel,
}

impl Signature {
    /// Whether a measure with this signature can have `count` arguments, after those left out have been filled in.
    pub fn admits(self, count: usize) -> bool {
        match self {
            Signature::Modes(n) | Signature::Quadratures(n) => count == n,
            Signature::Oscillators(n) => count >= n,
            Signature::AnyModes => count >= 1,
            Signature::None => count == 0,
            Signature::OptionalMode => count <= 1,
            Signature::Channel => count == 1,
        }
    }

    fn takes_none(self) -> bool {
        self == Signature::None
    }

    /// `2 modes`, `at most 1 mode`, ….
    fn in_words(self) -> String {
        let plural = |n: usize, word: &str| {
            if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
        };
        match self {
            Signature::Modes(n) => plural(n, "mode"),
            Signature::Quadratures(n) => plural(n, "quadrature"),
            Signature::Oscillators(n) => format!("at least {}", plural(n, "mode")),
            Signature::AnyModes => "at least 1 mode".to_owned(),
            Signature::None => "no argument".to_owned(),
            Signature::OptionalMode => "at most 1 mode".to_owned(),
            Signature::Channel => "the label of 1 bath or jump".to_owned(),
        }
    }
}

/// How the number is computed.
#[derive(Clone, Copy)]
pub enum Evaluate {
    /// From the moments of one state; NaN where the measure is undefined.
    Moments(fn(&dyn Moments, &[Argument]) -> f64),
    /// A property of the attractor: `period`, `multipliers`, `lyapunov`, `phase_diffusion`.
    Attractor(AttractorMeasure),
    /// A property of a fixed point and the linear dynamics around it.
    Stationary(fn(&Stationary, &[Argument]) -> Result<Reading, String>),
    /// A property of the relaxation of a linear model after a quench.
    Transient(fn(&Relaxing<'_>, &[Argument]) -> Result<Reading, String>),
    /// A property of the density matrix.
    Density(OfDensity),
    /// Heat or work: needs the model's Hamiltonian, reservoirs and drives beside the state.
    Energy(EnergyMeasure),
    /// Entropy production or flux: needs the thermal contacts beside the moments.
    Thermal(fn(&dyn Moments, &[crate::costs::Contact], &[Argument]) -> Result<f64, String>),
    /// From the ticks of trajectories: the upward zero crossings of the q of each mode.
    Ticks(TickMeasure),
}

/// What is asked of the ticks of trajectories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickMeasure {
    /// Mean interval of one clock.
    Period,
    /// ⟨t⟩²/var t of one clock.
    Accuracy,
    /// var φ/(2π)² of the nearest ticks of two clocks.
    PhaseDeviation,
    /// var(t₂ − t₁)/⟨(t₁ + t₂)/2⟩² of simultaneous intervals of two clocks.
    IntervalDeviation,
}

/// Measures that belong to the attractor and not to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttractorMeasure {
    /// Period of the limit cycle.
    Period,
    /// Floquet multipliers (or exponents at a fixed point).
    Multipliers,
    /// Lyapunov exponents.
    Lyapunov,
    /// Phase diffusion constant.
    PhaseDiffusion,
}

/// Measures of the first law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnergyMeasure {
    /// Heat into the reservoirs.
    Heat,
    /// Power of the drives.
    Power,
}

/// A measure: what it is called, what it means and how it is computed.
#[derive(Clone, Copy)]
pub struct Definition {
    /// Name, as in `complete_sync(b1,b2)`.
    pub name: &'static str,
    /// Arguments.
    pub signature: Signature,
    /// Formula, plain text.
    pub formula: &'static str,
    /// Range of values.
    pub range: &'static str,
    /// Unit: `1`, `rad`, `nats`, `time`, `1/time`, …
    pub unit: &'static str,
    /// Levels that give it.
    pub levels: &'static [&'static str],
    /// Source, paper and equation.
    pub source: &'static str,
    /// Treatment of the collective phase.
    pub collective: Collective,
    /// Average over a period or window.
    pub average: Average,
    /// The computation.
    pub evaluate: Evaluate,
}

impl Definition {
    /// How to write it, such as `complete_sync(b1, b2)`.
    pub fn usage(&self) -> String {
        let list = |n: usize, quadratures: bool| {
            let mode = |k: usize| {
                if quadratures { format!("q(b{k})") } else { format!("b{k}") }
            };
            (1..=n).map(mode).collect::<Vec<_>>().join(", ")
        };
        match self.signature {
            Signature::Modes(n) => format!("{}({})", self.name, list(n, false)),
            Signature::Quadratures(n) => format!("{}({})", self.name, list(n, true)),
            Signature::Oscillators(n) => format!("{}({}, …)", self.name, list(n, false)),
            Signature::AnyModes => format!("{}(b1, …)", self.name),
            Signature::None => self.name.to_owned(),
            Signature::OptionalMode => format!("{}(b1)", self.name),
            Signature::Channel => format!("{}(\"bath on b1\")", self.name),
        }
    }

    /// Whether it needs the operators of the model beside the state.
    pub(crate) fn needs_dynamics(&self) -> bool {
        self.unit == "nats/time" && matches!(self.evaluate, Evaluate::Density(_))
            || self.name.starts_with("speed_limit")
    }

    /// Whether it is of spins alone.
    pub(crate) fn is_of_spins(&self) -> bool {
        self.name.starts_with("spin_") || matches!(self.name, "jx" | "jy" | "jz" | "concurrence")
    }

    /// Whether it is one of any modes, spins among them: of a part of the state, of jumps, or of the generator.
    pub(crate) fn is_of_any_modes(&self) -> bool {
        let names = [
            "entropy",
            "purity",
            "mutual_information",
            "log_negativity",
            "liouvillian_gap",
            "dissipation",
            "tur",
            "sync_entropy",
            "sync_bures",
        ];
        names.contains(&self.name) || self.name.starts_with("current")
    }

    /// Whether it changes along a relaxation, rather than belonging to the whole of it.
    pub fn follows_time(&self) -> bool {
        !matches!(self.evaluate, Evaluate::Transient(_)) || self.name == "entropy_cost"
    }

    /// What a reader must know to use the number: how to write it, formula, range, unit, levels, what happens on a limit
    /// cycle, source. Several lines, the first without indentation.
    pub fn explain(&self) -> String {
        let without = match self.signature {
            Signature::Oscillators(_) => "without arguments: of the model's oscillators",
            Signature::AnyModes => "without arguments: of all modes",
            Signature::OptionalMode => "without an argument: of the whole system",
            _ => "",
        };
        let cycle = match (self.collective, self.evaluate) {
            (_, Evaluate::Attractor(_)) => "",
            (_, Evaluate::Ticks(_)) => "",
            (_, Evaluate::Transient(_)) => "none: a property of a relaxation (--quench)",
            (_, Evaluate::Stationary(_)) => "none: a property of a stationary state",
            (_, Evaluate::Density(_)) => "",
            (_, Evaluate::Energy(_)) => "of the whole state, the shift of the mean by the fluctuations included",
            (Collective::Blind, _) => "of the mean field alone",
            (Collective::Removed, _) => "with the collective phase removed; the transverse value beside it",
            (Collective::Diffused, _) => "with the collective phase fully diffused",
        };
        let mut lines = vec![self.usage(), format!("  formula  {}", self.formula)];
        for (key, text) in [("args", without), ("range", self.range), ("unit", self.unit)] {
            if !text.is_empty() {
                lines.push(format!("  {key:<7}  {text}"));
            }
        }
        lines.push(format!("  levels   {}", self.levels.join(", ")));
        if !cycle.is_empty() {
            lines.push(format!("  cycle    {cycle}"));
        }
        lines.push(format!("  source   {}", self.source));
        lines.join("\n")
    }
}

impl Request {
    /// The value for one state, of a measure that needs no more than its moments (`None` for the others). NaN where the
    /// measure is undefined, such as a phase of a mode without a mean.
    pub fn of(&self, state: &dyn Moments) -> Option<f64> {
        match self.definition.evaluate {
            Evaluate::Moments(f) => Some(f(state, &self.arguments)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Definition")
            .field("name", &self.name)
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}

/// A state given by its mean field and its full covariance matrix, order (q₁, p₁, q₂, p₂, …).
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// ⟨a_k⟩.
    pub mean: Vec<c64>,
    /// Symmetrised covariance, 2n×2n.
    pub covariance: RMatrix,
}

impl Snapshot {
    /// The state without means and without ⟨a_i a_j⟩ whose ⟨a_j†a_i⟩ = g_ij.
    pub fn passive(g: &CMatrix) -> Self {
        let n = g.rows();
        let covariance = RMatrix::from_fn(2 * n, 2 * n, |i, j| {
            // ½⟨{a_i, a_j†}⟩ = g_ij + δ_ij/2 spreads as a passive matrix does.
            let w = g[(i / 2, j / 2)];
            match (i % 2, j % 2) {
                (0, 0) | (1, 1) => w.re + if i == j { 0.5 } else { 0.0 },
                (0, _) => -w.im,
                _ => w.im,
            }
        });
        Self { mean: vec![c64::new(0.0, 0.0); n], covariance }
    }
}

impl Moments for Snapshot {
    fn modes(&self) -> usize {
        self.mean.len()
    }

    fn mean(&self, k: usize) -> c64 {
        self.mean[k]
    }

    fn covariance(&self, k: usize, l: usize) -> [[f64; 2]; 2] {
        let v = &self.covariance;
        [[v[(2 * k, 2 * l)], v[(2 * k, 2 * l + 1)]], [v[(2 * k + 1, 2 * l)], v[(2 * k + 1, 2 * l + 1)]]]
    }
}

#[cfg(test)]
pub(crate) mod testing;
