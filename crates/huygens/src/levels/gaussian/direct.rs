//! Mean field and covariance integrated together from a given start.

use bytemuck::cast_slice;
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use crate::levels::kernel::Bound;
use crate::levels::mean_field::integrate::{Scheme, Stop, Stretch};
use crate::levels::mean_field::systems::Linearised;
use crate::measures::Moments;

/// The state of a direct run, read where it stands.
pub struct Running<'a> {
    mean: &'a [c64],
    covariance: &'a [f64],
}

impl Running<'_> {
    /// The full covariance, copied.
    pub fn matrix(&self) -> RMatrix {
        let n = 2 * self.mean.len();
        RMatrix::from_vec(n, n, self.covariance.to_vec())
    }

    /// The mean field.
    pub fn means(&self) -> &[c64] {
        self.mean
    }
}

impl Moments for Running<'_> {
    fn modes(&self) -> usize {
        self.mean.len()
    }

    fn mean(&self, k: usize) -> c64 {
        self.mean[k]
    }

    fn covariance(&self, k: usize, l: usize) -> [[f64; 2]; 2] {
        let n = 2 * self.mean.len();
        let at = |i: usize, j: usize| self.covariance[(2 * k + i) * n + 2 * l + j];
        [[at(0, 0), at(0, 1)], [at(1, 0), at(1, 1)]]
    }
}

/// Vacuum: ½ on the diagonal.
pub fn vacuum(modes: usize) -> RMatrix {
    RMatrix::identity(2 * modes).scale(0.5)
}

/// Integrates ż = f and V̇ = M V + V Mᵀ + D from (z₀, V₀) at t = 0 and calls `look` at each of `times` (ascending).
/// Returns the number of steps.
///
/// # Errors
/// When mean field or covariance grow beyond `bound` (the linearisation has then lost its meaning) or the step collapses.
pub fn run(
    bound: &Bound,
    start: &[c64],
    covariance: &RMatrix,
    times: &[f64],
    scheme: impl Into<Scheme>,
    limit: f64,
    mut look: impl FnMut(f64, &Running<'_>),
) -> Result<usize, Stop> {
    let n = 2 * start.len();
    let mut system = Linearised::new(bound, 0, true);
    let mut y = vec![0.0; n + n * n];
    y[..n].copy_from_slice(cast_slice(start));
    y[n..].copy_from_slice(covariance.as_slice());
    let mut stretch = Stretch::new(scheme, 0.0, &y, limit);
    let mut dense = vec![0.0; y.len()];
    let mut next = 0;
    let Some(&last) = times.last() else { return Ok(0) };
    while next < times.len() && times[next] <= 0.0 {
        look(times[next], &Running { mean: cast_slice(&y[..n]), covariance: &y[n..] });
        next += 1;
    }
    while next < times.len() {
        stretch.step(&mut system, last)?;
        while next < times.len() && times[next] <= stretch.t() {
            if times[next] == stretch.t() {
                dense.copy_from_slice(stretch.y());
            } else {
                stretch.interpolate(&mut system, times[next], &mut dense);
            }
            look(times[next], &Running { mean: cast_slice(&dense[..n]), covariance: &dense[n..] });
            next += 1;
        }
    }
    Ok(stretch.steps)
}
