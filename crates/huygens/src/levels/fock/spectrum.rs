//! Eigenvalues of Lindblad generators nearest zero: gaps, and how coherences of each symmetry sector decay and turn.

use huygens_numerics::c64;
use huygens_numerics::linalg::arnoldi;

use super::density::Density;
use super::dominant::slowest;
use super::generator::Generator;
use super::steady::{Resolvent, SteadyError, affordable, random_traceless, slow_rate, trace};

/// An eigenvalue of a generator: a perturbation of this kind decays as e^{Re λ t} and turns at the frequency Im λ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// λ.
    pub value: c64,
    /// About how accurate it is.
    pub error: f64,
}

/// Most Krylov vectors.
const STEPS: usize = 60;
/// Shift of the resolvent in units of the slow rate: small beside gaps, large beside rounding.
const SHIFT: f64 = 1e-6;

/// At least `count` eigenvalues nearest zero (or all, of a small generator), by Arnoldi iteration on (G − σ)⁻¹ with a small σ > 0;
/// the slowest decay first. With a steady state given, its eigenvalue 0 is left out. The factors of G − σ are sparse; where they do not
/// fit, the slowest decay alone is given, from the flow e^{tG}, its frequency up to multiples of 2π over the time of the flow.
///
/// On a Hermitian layout the eigenvalues are those of the whole populated sector, in conjugate pairs. On the layout of another
/// sector they occur together with those of the conjugate sector: a pair λ, λ* stands for one mode.
///
/// # Errors
/// [`SteadyError`].
pub fn slow_modes(
    generator: &Generator,
    steady: Option<&Density>,
    count: usize,
    memory: f64,
) -> Result<Vec<Mode>, SteadyError> {
    if generator.depends_on_time() {
        return Err(SteadyError::Driven);
    }
    let extent = generator.extent();
    let shift = (SHIFT * slow_rate(generator)).max(1e-13 * (extent.low.abs() + extent.imaginary));
    if !affordable(generator, memory) {
        // No iteration solves with a nearly singular matrix in time.
        let slowest = slowest(generator, steady, memory)?;
        let modes = slowest.filter(|(value, error)| *error <= 1e-2 && value.re.is_finite());
        return Ok(modes.map(|(value, error)| Mode { value, error: error * value.re.abs() }).into_iter().collect());
    }
    let mut resolvent = Resolvent::direct(generator, shift)?;
    let mut failed = false;
    let mut apply = |x: &[f64], out: &mut [f64]| {
        out.copy_from_slice(x);
        failed |= resolvent.solve(out).is_none();
        if let Some(steady) = steady {
            let part = trace(generator, out);
            out.iter_mut().zip(steady.data()).for_each(|(y, r)| *y -= part * r);
        }
    };
    let start = random_traceless(generator);
    let mut steps = (4 * count + 12).min(STEPS);
    loop {
        let found = arnoldi(steps, &start, &mut apply)?;
        let complete = found.len() < steps || steps >= STEPS;
        // What has not converged after all steps is given with its error.
        let accurate = if complete { 1e-3 } else { 1e-9 };
        let mut modes: Vec<Mode> = found
            .iter()
            .filter(|(theta, _)| theta.norm() > 0.0)
            .map(|(theta, error)| Mode { value: shift + theta.inv(), error: error / theta.norm_sqr() })
            .filter(|mode| mode.error <= accurate * mode.value.norm() + 1e-12 * shift / SHIFT)
            // Where the vectors span the whole space, the rest of what was left out lies far outside the spectrum.
            .filter(|mode| extent.holds(mode.value))
            .collect();
        if modes.len() >= count || complete {
            if failed {
                return Err(SteadyError::NoConvergence { residual: f64::MAX, iterations: steps });
            }
            modes.sort_by(|a, b| b.value.re.total_cmp(&a.value.re));
            return Ok(modes);
        }
        steps = (2 * steps).min(STEPS);
    }
}
