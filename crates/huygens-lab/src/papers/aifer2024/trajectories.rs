//! The runs of Fig. 2: one coupling in the paper's likely basis, in a basis that converges, and beyond every basis.

use huygens::levels::gaussian::nonhermitian::Divergence;

use super::laboratory::{COUPLINGS, Closed, Grown, LATE, LEVELS, Point, converged, geometric, grid, product, states};
use crate::papers::{PaperError, Watch};

/// Total cut-offs that are compared.
const TOTALS: [usize; 2] = [64, 80];
/// Largest relative change of D from the first to the second.
const TOLERANCE: f64 = 2e-3;

/// One coupling k > 0; a₂ → −a₂ gives that of −k, with D² → 2 − D².
pub(super) struct Trajectory {
    pub k: f64,
    /// Below ten levels for each mode.
    pub product: Vec<Point>,
    /// Below a total cut-off, as far as it has converged.
    pub basis: Vec<Point>,
    /// Without jumps, in closed form, from there to the divergence; empty where there is none.
    pub free: Vec<Point>,
    /// By the optimal path, where it outweighs the state near the vacuum.
    pub grown: Vec<Point>,
    /// Of the state without jumps.
    pub divergence: Divergence,
}

/// Times of the product basis, and of the others where nothing diverges: dense enough for a beat.
fn times() -> Vec<f64> {
    let mut times = geometric(0.01, 0.45, 30);
    times.extend(grid(0.5, LATE, 96));
    times
}

impl Trajectory {
    pub fn new(k: f64) -> Result<Self, PaperError> {
        let values = [("k", k)];
        let product = states(product(LEVELS), &times(), &values)?;
        let divergence = Closed::new(&values)?.divergence()?;
        let Some(end) = divergence.time else {
            let basis = converged(TOTALS, TOLERANCE, &times(), &values)?;
            return Ok(Self { k, product, basis, free: Vec::new(), grown: Vec::new(), divergence });
        };
        let basis = converged(TOTALS, TOLERANCE, &grid(0.04 * end, end, 25), &values)?;
        // Towards the divergence the number of quanta grows without bound: evenly in the logarithm of the time that is left.
        let closed = Closed::new(&values)?;
        let left = geometric(1e-3, 1.0 - basis.last().map_or(0.0, |p: &Point| p.time / end), 40);
        let free = left.iter().rev().map(|s| closed.at(end * (1.0 - s))).collect::<Result<Vec<_>, _>>()?;
        let paths = Grown::new(&values, LATE)?;
        let mut later: Vec<f64> = geometric(0.004, LATE / end - 1.0, 40).iter().map(|s| end * (1.0 + s)).collect();
        later.pop();
        later.push(LATE);
        let grown: Vec<Option<Point>> = later.iter().map(|t| paths.at(*t)).collect::<Result<_, _>>()?;
        let grown = grown.into_iter().flatten().collect();
        Ok(Self { k, product, basis, free, grown, divergence })
    }

    /// All couplings of Fig. 2b.
    pub fn all(watch: &Watch<'_>) -> Result<Vec<Self>, PaperError> {
        watch.each(&COUPLINGS, |k| Self::new(*k))
    }
}
