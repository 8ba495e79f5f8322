//! What can go wrong with a run, and how it is told.

use huygens::experiment::ExperimentError;
use thiserror::Error;

use crate::clocks::ClocksError;
use crate::figures::FigureError;
use crate::file::signals::SignalError;
use crate::file::{Diagnostic, FileError};
use crate::papers::PaperError;
use crate::record::{AxisError, RecordError};
use crate::study::StudyError;

/// Why a run, a sweep or their files could not be made. All of them are faults of the input or of the place written to; what
/// the dynamics does is never an error but a result with its verdict.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The model file, a value given for it, or a measure: points at the line and the word.
    #[error(transparent)]
    File(#[from] FileError),
    /// The experiment cannot be made or cannot take the values.
    #[error(transparent)]
    Experiment(Box<ExperimentError>),
    /// A sweep.
    #[error(transparent)]
    Study(Box<StudyError>),
    /// A file of results.
    #[error(transparent)]
    Record(Box<RecordError>),
    /// A figure.
    #[error(transparent)]
    Figure(Box<FigureError>),
    /// The audit of a paper.
    #[error(transparent)]
    Paper(Box<PaperError>),
    /// Recorded clocks.
    #[error(transparent)]
    Clocks(Box<ClocksError>),
    /// Anything else that was given and cannot be used.
    #[error("{message}")]
    Input {
        /// What is wrong.
        message: String,
        /// The cure; may be empty.
        help: String,
    },
}

impl RunError {
    /// A fault of the input with its cure.
    pub fn input(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Input { message: message.into(), help: help.into() }
    }

    /// The error as a report for people, with carets where there is a text to point at; `color` adds terminal colours.
    pub fn render(&self, color: bool) -> String {
        if let RunError::Paper(error) = self
            && let PaperError::File(error) = error.as_ref()
        {
            return error.render(color);
        }
        let diagnostic = match self {
            RunError::File(error) => return error.render(color),
            RunError::Input { message, help } if !help.is_empty() => Diagnostic::error(message).with_help(help),
            // The cure stands behind the first colon or semicolon of these messages: they are told as they are.
            other => Diagnostic::error(other.to_string()),
        };
        diagnostic.render(color)
    }
}

impl From<Diagnostic> for RunError {
    fn from(diagnostic: Diagnostic) -> Self {
        RunError::File(diagnostic.into())
    }
}

impl From<SignalError> for RunError {
    fn from(error: SignalError) -> Self {
        error.diagnostic().into()
    }
}

macro_rules! boxed {
    ($($name:ident($error:ty)),*) => { $(impl From<$error> for RunError {
        fn from(error: $error) -> Self {
            RunError::$name(Box::new(error))
        }
    })* };
}
boxed!(
    Experiment(ExperimentError),
    Study(StudyError),
    Record(RecordError),
    Figure(FigureError),
    Paper(PaperError),
    Clocks(ClocksError)
);

impl From<AxisError> for RunError {
    fn from(error: AxisError) -> Self {
        StudyError::from(error).into()
    }
}
