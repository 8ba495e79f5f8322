//! Who watches an audit, and how it is stopped.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::PaperError;
use crate::study::{Progress, Silent};

static NEVER: AtomicBool = AtomicBool::new(false);

/// Tells how far an audit is and can stop it.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    progress: &'a dyn Progress,
    cancel: &'a AtomicBool,
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("cancel", self.cancel).finish_non_exhaustive()
    }
}

impl Watch<'static> {
    /// Tells nobody and is never stopped.
    pub fn silent() -> Self {
        Self { progress: &Silent, cancel: &NEVER }
    }
}

impl<'a> Watch<'a> {
    /// Reports to `progress`; setting `cancel` stops the audit at the next run.
    pub fn new(progress: &'a dyn Progress, cancel: &'a AtomicBool) -> Self {
        Self { progress, cancel }
    }

    /// The same without reports: for runs within a run that is reported.
    pub(super) fn quiet(&self) -> Self {
        Self { progress: &Silent, cancel: self.cancel }
    }

    /// Whether to go on.
    pub(super) fn go_on(&self) -> Result<(), PaperError> {
        if self.cancel.load(Ordering::Relaxed) { Err(PaperError::Interrupted) } else { Ok(()) }
    }

    /// One run for each item, on all cores, in the order of the items.
    pub(super) fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        run: impl Fn(&T) -> Result<R, PaperError> + Sync,
    ) -> Result<Vec<R>, PaperError> {
        self.progress.start(items.len() as u64, 0);
        // One at a time to each thread: their costs differ widely.
        let results: Result<Vec<R>, PaperError> = items
            .par_iter()
            .with_max_len(1)
            .map(|item| {
                self.go_on()?;
                let result = run(item)?;
                self.progress.advance();
                Ok(result)
            })
            .collect();
        self.progress.finish(matches!(results, Err(PaperError::Interrupted)));
        results
    }
}
