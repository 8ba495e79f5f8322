//! A few trajectories kept whole, for figures and for looking at.

use super::ensemble::{LANES, Lane, Observer};

/// Keeps the trajectories with numbers below a limit. Its memory is that of the trajectories kept.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    below: u64,
    dimension: usize,
    first: u64,
    kept: usize,
    /// Trajectories in order: for each its samples, for each sample the variables.
    paths: Vec<(u64, Vec<f64>)>,
}

impl Recorder {
    /// Keeps the trajectories 0 … `below` − 1 of `dimension` variables.
    pub fn new(below: u64, dimension: usize) -> Self {
        Self { below, dimension, ..Self::default() }
    }

    /// Number and states of the trajectories of several blocks: `path[sample * dimension + variable]`.
    pub fn paths(blocks: impl IntoIterator<Item = Recorder>) -> Vec<(u64, Vec<f64>)> {
        blocks.into_iter().flat_map(|r| r.paths).collect()
    }
}

impl Observer for Recorder {
    fn begin(&mut self, first: u64, lanes: usize) {
        self.first = first;
        self.kept = self.below.saturating_sub(first).min(lanes as u64) as usize;
        self.paths.extend((0..self.kept as u64).map(|l| (first + l, Vec::new())));
    }

    fn look(&mut self, _sample: usize, _time: f64, state: &[Lane]) {
        debug_assert!(state.len() == self.dimension && self.kept <= LANES);
        let begin = self.paths.len() - self.kept;
        for (lane, (_, path)) in self.paths[begin..].iter_mut().enumerate() {
            path.extend(state.iter().map(|x| x[lane]));
        }
    }
}
