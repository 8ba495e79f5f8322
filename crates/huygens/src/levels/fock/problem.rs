//! From a model and a cut-off to a generator and an initial state.

use std::sync::Arc;

use huygens_numerics::c64;

use super::density::Density;
use super::dominant;
use super::frame::{self, Displaced, Frame};
use super::generator::{Generator, GeneratorError, Operators};
use super::initial::Initial;
use super::layout::{Layout, Population};
use super::space::{Cutoff, Space, SpaceError};
use super::spectrum::{Mode, slow_modes};
use super::start;
use super::steady::{SteadyError, affordable};
use crate::model::{Binding, Model, ModelError};

/// Copies of the density matrix that an evolution holds: the state, three vectors of the series, the diagonal of the generator, and
/// the scale of the elements.
const COPIES: f64 = 5.5;

/// Bytes of one complex element.
const BYTES: f64 = 16.0;

/// Why a model cannot be treated below a cut-off.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FockError {
    /// A cut-off without a usable space.
    #[error("{0}")]
    Space(#[from] SpaceError),
    /// A model without a generator.
    #[error("{0}")]
    Generator(#[from] GeneratorError),
    /// No steady state.
    #[error("{0}")]
    Steady(#[from] SteadyError),
    /// A value that the model does not accept.
    #[error("{0}")]
    Model(#[from] ModelError),
    /// A covariance that cannot be inverted.
    #[error(
        "the covariance of the initial state is not finite, or has elements too far apart for the digits of a double"
    )]
    Covariance,
    /// A spin with a start of its own beside correlated bosons.
    #[error(
        "the spin `{0}` has a start of its own beside bosons whose start is correlated: give the correlation by a drive, or let the spin start in m = -j"
    )]
    CorrelatedSpin(String),
    /// The density matrix would not fit into memory.
    #[error("the density matrix ({cutoff}) needs more than {limit} GB: lower the cut-off, or allow more with --memory")]
    Memory {
        /// The cut-off.
        cutoff: Cutoff,
        /// The limit in GB.
        limit: f64,
    },
    /// The cut-off does not hold the initial state.
    #[error(
        "the {cutoff} holds only {kept:.3} of the initial state's probability: raise it to about {needed}; displaced number states (--displaced) have to hold the fluctuations only"
    )]
    Start {
        /// The cut-off.
        cutoff: Cutoff,
        /// Probability within the cut-off.
        kept: f64,
        /// A cut-off that would hold all but 1e-6 of it.
        needed: usize,
    },
}

/// A model below a cut-off at one set of values: its operators, its generator and its initial state.
#[derive(Clone, Debug)]
pub struct Problem {
    /// All operators.
    pub operators: Operators,
    /// The generator.
    pub generator: Generator,
    /// The model's initial state, normalised within the cut-off.
    pub start: Density,
    /// Probability of the initial state beyond the cut-off.
    pub lost: f64,
    /// Whether nothing ever leads out of the cut-off, see [`Operators::stays`]: it then leaves out no more than is `lost` at the start.
    pub closed: bool,
    /// The motion of displaced number states.
    pub frame: Option<Frame>,
}

impl Problem {
    /// Everything that an evolution from the model's start needs, within `memory` bytes.
    ///
    /// # Errors
    /// [`FockError`].
    pub fn new(model: &Model, binding: &Binding, cutoff: Cutoff, memory: f64) -> Result<Self, FockError> {
        let space = Arc::new(Space::of(model, cutoff)?);
        let operators = Operators::new(model, binding, space.clone())?;
        let initial = Initial::new(model, binding, &space)?;
        let population = operators.population(&initial.origin(), initial.shifts(&initial.means));
        let layout = limited(space, &population, true, memory)?;
        let (start, lost) = begin(&initial, &initial.means, &layout)?;
        let closed = model.keeps_trace(binding) && operators.stays();
        let generator = Generator::new(&operators, layout);
        Ok(Self { operators, generator, start, lost, closed, frame: None })
    }

    /// The same in the number states D(α)|n⟩ of a frame that follows the mean, α = ⟨a⟩: the cut-off has to hold the fluctuations only.
    /// The operators are displaced, with α among their parameters. Modes that have no mean by symmetry are left where they are.
    ///
    /// # Errors
    /// [`FockError`].
    pub fn displaced(model: &Model, binding: &Binding, cutoff: Cutoff, memory: f64) -> Result<Self, FockError> {
        let space = Arc::new(Space::of(model, cutoff)?);
        let initial = Initial::new(model, binding, &space)?;
        let moving = frame::moving(model, binding, &space, &initial.shifts(&initial.means))?;
        if moving.is_empty() {
            return Self::new(model, binding, space.cutoff().clone(), memory);
        }
        let displaced = Displaced::new(model, binding, &space, moving)?;
        let zero = vec![c64::new(0.0, 0.0); model.len()];
        let shifts = displaced.shifts().into_iter().chain(initial.shifts(&zero));
        let population = Population::new(&initial.origin(), shifts);
        let layout = limited(space, &population, true, memory)?;
        let (start, lost) = begin(&initial, &zero, &layout)?;
        let (operators, frame) = displaced.frame(&layout);
        let generator = Generator::new(&operators, layout);
        Ok(Self {
            operators,
            generator,
            start: start.displaced(initial.means),
            lost,
            closed: false,
            frame: Some(frame),
        })
    }
}

/// The initial state with its bosons about `means`, and its probability beyond the cut-off.
pub(super) fn begin(initial: &Initial, means: &[c64], layout: &Arc<Layout>) -> Result<(Density, f64), FockError> {
    let (start, kept) = initial.density(means, layout);
    if kept < 0.5 {
        let cutoff = layout.space().cutoff().clone();
        let needed = start::needed(means, &initial.covariance, &cutoff, 1e-6);
        return Err(FockError::Start { cutoff, kept, needed });
    }
    Ok((start, (1.0 - kept).max(0.0)))
}

/// The elements that an evolution from the model's start populates.
///
/// # Errors
/// A start without a value.
pub(crate) fn start_population(
    model: &Model,
    binding: &Binding,
    operators: &Operators,
) -> Result<Population, FockError> {
    let initial = Initial::new(model, binding, &operators.space)?;
    Ok(operators.population(&initial.origin(), initial.shifts(&initial.means)))
}

/// A model below a cut-off whose steady state is asked for.
#[derive(Clone, Debug)]
pub struct Stationary {
    /// All operators.
    pub operators: Operators,
    /// The generator on the sector of the populations that the start lies in.
    pub generator: Generator,
    /// In how many sectors a strong symmetry cuts the populations, each with a steady state of its own: 1 without one.
    pub sectors: usize,
    /// Whether the generator keeps the trace: no anti-Hermitian part, no runs that are discarded.
    pub lindblad: bool,
}

impl Stationary {
    /// The generator that a steady state is the null vector of, with an anti-Hermitian part the eigenvector of the largest growth,
    /// within `memory` bytes.
    ///
    /// # Errors
    /// [`FockError`]; as [`SteadyError`] for models with drives, those without an anti-Hermitian part that have no dissipation, or a
    /// conserved quantity that the start is spread over.
    pub fn new(model: &Model, binding: &Binding, cutoff: Cutoff, memory: f64) -> Result<Self, FockError> {
        let lindblad = model.keeps_trace(binding);
        let space = Arc::new(Space::of(model, cutoff.clone())?);
        let operators = Operators::new(model, binding, space.clone())?;
        if operators.depends_on_time() {
            return Err(SteadyError::Driven.into());
        }
        if lindblad && !operators.dissipates() {
            return Err(SteadyError::Closed.into());
        }
        let mut population = operators.population(&vec![0; space.modes()], []);
        let sectors = population.sectors(&space);
        if sectors > 1 {
            // Which of them it is says the start; without a strong symmetry it does not matter.
            let initial = Initial::new(model, binding, &space)?;
            let shifts = initial.shifts(&initial.means);
            population = operators.population(&initial.origin(), []);
            if !lindblad {
                // One of the sectors of the start grows fastest.
                population = operators.population(&initial.origin(), shifts);
            } else if !shifts.iter().all(|shift| population.connects(shift)) {
                return Err(SteadyError::Sectors { sectors }.into());
            }
        }
        let layout = limited(space, &population, true, memory)?;
        let generator = Generator::new(&operators, layout);
        Ok(Self { operators, generator, sectors, lindblad })
    }

    /// The generator on the elements ⟨n|·|n′⟩ that it connects with those of one difference n′ − n, which have a spectrum of their
    /// own: how fast coherences of this kind decay, and how fast they turn.
    ///
    /// # Errors
    /// [`FockError::Memory`].
    ///
    /// # Panics
    /// When the difference is not one number for each mode.
    pub fn sector(&self, difference: &[i32], memory: f64) -> Result<Generator, FockError> {
        let space = self.operators.space.clone();
        assert!(difference.len() >= space.visible() && difference.len() <= space.modes(), "one number for each mode");
        let difference = space.padded(difference);
        let ket: Vec<i32> = difference.iter().map(|m| (-m).max(0)).collect();
        let bra: Vec<i32> = difference.iter().map(|m| (*m).max(0)).collect();
        let population = Population::between(&ket, &bra, self.operators.shifts());
        let layout = limited(space, &population, false, memory)?;
        Ok(Generator::new(&self.operators, layout))
    }

    /// The slowest decay, min −Re λ over λ ≠ 0, in the sector of the steady state and in those of coherences of one and of two quanta
    /// of each mode.
    ///
    /// # Errors
    /// [`FockError`].
    pub fn gap(&self, steady: &Density, memory: f64) -> Result<f64, FockError> {
        // The eigenvalues nearest zero need not decay most slowly: those of coherences that turn lie far away. The flow shows them.
        let slowest = |generator: &Generator, steady: Option<&Density>| -> Result<f64, SteadyError> {
            let near = slow_modes(generator, steady, 2, memory)?;
            let near = near.iter().map(|mode: &Mode| -mode.value.re).fold(f64::INFINITY, f64::min);
            if !affordable(generator, memory) {
                // Those modes are the flow's already.
                return Ok(near);
            }
            Ok(match dominant::slowest(generator, steady, memory)? {
                Some((value, error)) if -value.re < near * (1.0 - 2.0 * error) - error * value.re => -value.re,
                _ => near,
            })
        };
        let mut gap = slowest(&self.generator, Some(steady))?;
        let space = &self.operators.space;
        let mut done = vec![self.generator.layout().clone()];
        for k in 0..space.visible() {
            for quanta in (1..=2).filter(|q| *q <= space.top()[k]) {
                let mut difference = vec![0; space.modes()];
                difference[k] = quanta;
                if done.iter().any(|layout| layout.diagonal_index(&difference).is_some()) {
                    continue;
                }
                let sector = self.sector(&difference, memory)?;
                done.push(sector.layout().clone());
                gap = gap.min(slowest(&sector, None)?);
            }
        }
        if gap.is_finite() { Ok(gap.max(0.0)) } else { Err(SteadyError::NoModes.into()) }
    }
}

fn limited(space: Arc<Space>, population: &Population, hermitian: bool, memory: f64) -> Result<Arc<Layout>, FockError> {
    let most = (memory / (COPIES * BYTES)) as usize;
    let cutoff = space.cutoff().clone();
    match Layout::new(space, population, hermitian, most) {
        Some(layout) => Ok(Arc::new(layout)),
        None => Err(FockError::Memory { cutoff, limit: memory / 1e9 }),
    }
}
