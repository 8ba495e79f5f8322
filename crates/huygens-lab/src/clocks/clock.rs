//! One recorded clock.

use huygens::measures::phases::{EventPhase, PhaseError};

use super::ClocksError;

/// A clock as it was recorded: a sampled signal or a list of ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    /// Name, as measures call it.
    pub name: String,
    pub(super) source: Source,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// Values at `start + k·step`.
    Sampled { start: f64, step: f64, values: Vec<f64> },
    /// Times of ticks.
    Ticks(Vec<f64>),
}

impl Clock {
    /// A signal sampled at `start`, `start + step`, ….
    ///
    /// # Errors
    /// [`ClocksError::Signal`] for fewer than 16 samples, a value that is no finite number or a constant signal;
    /// [`ClocksError::Option`] when the step is not positive.
    pub fn sampled(name: impl Into<String>, start: f64, step: f64, values: Vec<f64>) -> Result<Self, ClocksError> {
        let name = name.into();
        if !(step > 0.0 && step.is_finite() && start.is_finite()) {
            let message = format!(
                "signal `{name}`: {step} between samples, from {start}: give a positive step and a finite start"
            );
            return Err(ClocksError::Option { message });
        }
        let wrong = |source| Err(ClocksError::Signal { name: name.clone(), source });
        if values.len() < 16 {
            return wrong(PhaseError::TooFew { what: "samples", found: values.len(), needed: 16 });
        }
        if let Some(index) = values.iter().position(|x| !x.is_finite()) {
            return wrong(PhaseError::NotFinite { index });
        }
        if values.iter().all(|x| *x == values[0]) {
            return wrong(PhaseError::Constant { value: values[0] });
        }
        Ok(Self { name, source: Source::Sampled { start, step, values } })
    }

    /// A list of ticks in increasing order.
    ///
    /// # Errors
    /// [`ClocksError::Signal`] for fewer than 3 ticks, a time that is no finite number, or ticks out of order.
    pub fn ticking(name: impl Into<String>, ticks: Vec<f64>) -> Result<Self, ClocksError> {
        let name = name.into();
        let wrong = |source| ClocksError::Signal { name: name.clone(), source };
        if ticks.len() < 3 {
            return Err(wrong(PhaseError::TooFew { what: "ticks", found: ticks.len(), needed: 3 }));
        }
        EventPhase::new(&ticks).map_err(wrong)?;
        Ok(Self { name, source: Source::Ticks(ticks) })
    }

    /// Whether it is a list of ticks.
    pub fn is_ticks(&self) -> bool {
        matches!(self.source, Source::Ticks(_))
    }
}
