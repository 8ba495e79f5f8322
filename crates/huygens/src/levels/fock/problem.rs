//! From a model and a cut-off to a generator and an initial state.

use std::sync::Arc;

use huygens_numerics::c64;

use super::density::Density;
use super::generator::{Generator, GeneratorError, Operators};
use super::layout::Layout;
use super::space::{Cutoff, Space, SpaceError};
use super::start;
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
    /// A value that the model does not accept.
    #[error("{0}")]
    Model(#[from] ModelError),
    /// The density matrix would not fit into memory.
    #[error(
        "the density matrix ({cutoff}) needs more than {limit:.1} GB: lower the cut-off, or allow more with --memory"
    )]
    Memory {
        /// The cut-off.
        cutoff: Cutoff,
        /// The limit in GB.
        limit: f64,
    },
    /// The cut-off does not hold the initial state.
    #[error("the {cutoff} holds only {kept:.3} of the initial state's probability: raise it to about {needed}")]
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
}

impl Problem {
    /// Everything that an evolution from the model's start needs, within `memory` bytes.
    ///
    /// # Errors
    /// [`FockError`].
    pub fn new(model: &Model, binding: &Binding, cutoff: Cutoff, memory: f64) -> Result<Self, FockError> {
        let space = Arc::new(Space::new(model.len(), cutoff.clone())?);
        let operators = Operators::new(model, binding, space.clone())?;
        let means = model.start_values(binding)?;
        let spreads = model.start_spreads(binding)?;
        let modes = model.len();
        let mut shifts = Vec::new();
        let zero = vec![0; modes];
        for (k, (mean, [occupation, squeezing, _])) in means.iter().zip(&spreads).enumerate() {
            let unit = |by: i32| {
                let mut v = zero.clone();
                v[k] = by;
                v
            };
            if *occupation > 0.0 {
                shifts.push((unit(1), unit(1)));
            }
            let step = if mean.norm_sqr() > 0.0 {
                1
            } else if *squeezing != 0.0 {
                2
            } else {
                continue;
            };
            shifts.push((unit(step), zero.clone()));
            shifts.push((zero.clone(), unit(step)));
        }
        let population = operators.population(&zero, shifts);
        let most = (memory / (COPIES * BYTES)) as usize;
        let Some(layout) = Layout::new(space.clone(), &population, true, most) else {
            return Err(FockError::Memory { cutoff, limit: memory / 1e9 });
        };
        let tables: Vec<Vec<c64>> = means
            .iter()
            .zip(&spreads)
            .zip(space.top())
            .map(|((mean, [occupation, squeezing, angle]), top)| {
                start::gaussian(*mean, *occupation, *squeezing, *angle, *top as usize)
            })
            .collect();
        let layout = Arc::new(layout);
        let (start, kept) = Density::from_fn(layout.clone(), |ket, bra| {
            let mut z = c64::new(1.0, 0.0);
            for (k, table) in tables.iter().enumerate() {
                z *= table[ket[k] as usize * (space.top()[k] as usize + 1) + bra[k] as usize];
            }
            z
        });
        if kept < 0.5 {
            let needed = start::needed(&means, &spreads, &cutoff, 1e-6);
            return Err(FockError::Start { cutoff, kept, needed });
        }
        let generator = Generator::new(&operators, layout);
        Ok(Self { operators, generator, start, lost: (1.0 - kept).max(0.0) })
    }
}
