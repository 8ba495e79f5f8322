//! Audits of papers: every figure and every claim computed again, with a verdict.
//!
//! A paper is a module that asks the general engine ([`huygens::experiment`] and the levels) about the built-in model files; it
//! has no physics of its own. Each number under [`Claim::computed`] comes out of a run; what is typed in is the paper's own
//! statement beside it.
//!
//! ```no_run
//! use huygens_lab::papers::{self, Watch};
//!
//! let paper = papers::find("mari2013")?;
//! for claim in paper.claims(&Watch::silent())? {
//!     assert!(!claim.computed.is_empty(), "{}: {}", claim.id, claim.verdict);
//! }
//! paper.figure("2b", &Watch::silent())?.save(std::path::Path::new("figures"))?;
//! # Ok::<(), papers::PaperError>(())
//! ```

mod bench;
mod claim;
mod drawing;
mod reading;
mod watch;

pub mod aifer2024;
pub mod ghildiyal2024;
pub mod mari2013;
pub mod razzoli2024;
pub mod yang2024;

pub use claim::{Claim, Verdict, claims_json, claims_table};
pub use drawing::{Number, PaperFigure, Table, TableColumn};
pub use watch::Watch;

use std::path::PathBuf;

use huygens::experiment::ExperimentError;
use huygens::model::{ModelError, nearest};

use crate::figures::FigureError;
use crate::file::FileError;

/// What can go wrong with an audit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaperError {
    /// No such paper.
    #[error("unknown paper `{name}`{}; there are: {known}", meant(.nearest.as_deref()))]
    UnknownPaper {
        /// As asked.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
        /// All names.
        known: String,
    },
    /// The paper has no such figure.
    #[error("{paper} has no figure `{name}`; there are: {known}, and `claims`")]
    UnknownFigure {
        /// The paper.
        paper: &'static str,
        /// As asked.
        name: String,
        /// All figures.
        known: String,
    },
    /// No such claim.
    #[error("{paper} has no claim `{name}`{}", meant(.nearest.as_deref()))]
    UnknownClaim {
        /// The paper.
        paper: &'static str,
        /// As asked.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// Stopped from outside.
    #[error("stopped before the end")]
    Interrupted,
    /// A model file that does not load.
    #[error(transparent)]
    File(#[from] FileError),
    /// A value that a model does not take.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An experiment that cannot be made.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// A figure that cannot be drawn or written.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A file of numbers that cannot be written.
    #[error("cannot write {}: {source}; choose another --out, or make room there", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The engine gave something else than the audit needs in order to judge.
    #[error("the audit of {what} cannot be made: {message}")]
    Computation {
        /// The claim or figure.
        what: String,
        /// What happened.
        message: String,
    },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |n| format!(", did you mean `{n}`?"))
}

/// A figure of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureEntry {
    /// Its name, as in `huygens reproduce mari2013 2a`.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
}

/// One audited paper.
#[derive(Debug)]
pub struct Paper {
    /// Its name on the command line.
    pub name: &'static str,
    /// Title.
    pub title: &'static str,
    /// Authors and journal.
    pub reference: &'static str,
    /// Its figures that are drawn again.
    pub figures: &'static [FigureEntry],
    chapters: &'static [Chapter],
    draw: fn(&str, &Watch<'_>) -> Result<PaperFigure, PaperError>,
}

/// Claims that are computed together.
#[derive(Clone, Copy, Debug)]
struct Chapter {
    /// Their ids, in the order of the table.
    claims: &'static [&'static str],
    /// The computation.
    audit: fn(&Watch<'_>) -> Result<Vec<Claim>, PaperError>,
}

static PAPERS: [&Paper; 5] =
    [&mari2013::PAPER, &yang2024::PAPER, &aifer2024::PAPER, &razzoli2024::PAPER, &ghildiyal2024::PAPER];

/// All audited papers.
pub fn list() -> &'static [&'static Paper] {
    &PAPERS
}

/// The paper of this name.
///
/// # Errors
/// [`PaperError::UnknownPaper`] offers the nearest name.
pub fn find(name: &str) -> Result<&'static Paper, PaperError> {
    PAPERS.iter().find(|p| p.name == name).copied().ok_or_else(|| {
        let known: Vec<&str> = PAPERS.iter().map(|p| p.name).collect();
        PaperError::UnknownPaper {
            name: name.into(),
            nearest: nearest(name, known.iter().copied()).map(str::to_owned),
            known: known.join(", "),
        }
    })
}

impl Paper {
    /// Ids of all claims, in the order of the table.
    pub fn claim_ids(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.chapters.iter().flat_map(|c| c.claims.iter().copied())
    }

    /// All claims with their verdicts, on all cores.
    ///
    /// # Errors
    /// [`PaperError::Interrupted`], or what the engine could not do.
    pub fn claims(&self, watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
        self.audit(self.chapters, watch)
    }

    /// Some of the claims, in the order of the table. Claims that come out of the same runs are computed together.
    ///
    /// # Errors
    /// [`PaperError::UnknownClaim`], and as [`Paper::claims`].
    pub fn claims_of(&self, ids: &[&str], watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
        for id in ids {
            if !self.claim_ids().any(|known| known == *id) {
                let nearest = nearest(id, self.claim_ids()).map(str::to_owned);
                return Err(PaperError::UnknownClaim { paper: self.name, name: (*id).into(), nearest });
            }
        }
        let wanted = |c: &&Chapter| c.claims.iter().any(|id| ids.contains(id));
        let chapters: Vec<Chapter> = self.chapters.iter().filter(wanted).copied().collect();
        let mut claims = self.audit(&chapters, watch)?;
        claims.retain(|c| ids.contains(&c.id));
        Ok(claims)
    }

    fn audit(&self, chapters: &[Chapter], watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
        let parts = watch.each(chapters, |chapter| {
            let claims = (chapter.audit)(&watch.quiet())?;
            debug_assert!(claims.iter().map(|c| c.id).eq(chapter.claims.iter().copied()), "{:?}", chapter.claims);
            Ok(claims)
        })?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// One figure as data and drawing.
    ///
    /// # Errors
    /// [`PaperError::UnknownFigure`], and as [`Paper::claims`].
    pub fn figure(&self, name: &str, watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
        if !self.figures.iter().any(|f| f.name == name) {
            let known: Vec<&str> = self.figures.iter().map(|f| f.name).collect();
            return Err(PaperError::UnknownFigure { paper: self.name, name: name.into(), known: known.join(", ") });
        }
        (self.draw)(name, watch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papers_and_figures_are_found_by_name() {
        let paper = find("mari2013").unwrap();
        assert!(list().iter().any(|p| p.name == paper.name));
        let error = find("mari2031").unwrap_err().to_string();
        assert!(error.contains("did you mean `mari2013`?"), "{error}");
        let error = paper.figure("2e", &Watch::silent()).unwrap_err().to_string();
        assert!(error.contains("2a, 2b, 2c, 2d"), "{error}");
        let error = paper.claims_of(&["heisenburg-bound"], &Watch::silent()).unwrap_err().to_string();
        assert!(error.contains("heisenberg-bound"), "{error}");
        let mut ids: Vec<_> = paper.claim_ids().collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "two claims have one id");
    }
}
