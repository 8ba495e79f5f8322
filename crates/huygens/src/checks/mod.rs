//! What every result is tested for: physicality, numerics, dynamics and the uncoupled control.

use crate::levels::gaussian::orbit::{GaussianOrbit, uncertainty};
use crate::report::{Check, Status};

/// Does the orbit close? `closure` is |z(T) − z(0)| relative to its size.
pub fn cycle_closed(closure: f64) -> Check {
    Check::at_most("cycle closed", closure, 1e-9, "distance after one period, relative to the size of the orbit")
}

/// Is the attractor stable? `leading` is the largest |multiplier| apart from the neutral one.
pub fn cycle_stable(leading: f64) -> Check {
    let mut check =
        Check::at_most("cycle stable", leading, 1.0, "largest |Floquet multiplier| apart from the neutral one");
    if check.status == Status::Pass && leading > 0.999 {
        check.status = Status::Note;
        check.note = format!("relaxes by only {:.1e} a period: close to a bifurcation", 1.0 - leading);
    }
    check
}

/// Is the fixed point stable? `rate` is the largest real part of its exponents.
pub fn point_stable(rate: f64) -> Check {
    Check::at_most("fixed point stable", rate, 0.0, "largest growth rate apart from symmetry directions")
}

/// Does the covariance come back after one period?
pub fn covariance_closed(closure: f64) -> Check {
    Check::at_most("covariance periodic", closure, 1e-7, "relative mismatch of the covariance equation")
}

/// Does the state obey the uncertainty relation V + iΩ/2 ≥ 0? The collective phase is taken as diffused, because the
/// covariance without it is no physical state.
pub fn uncertainty_relation(orbit: &GaussianOrbit, samples: usize) -> Check {
    let step = (orbit.samples.len() / samples.max(1)).max(1);
    let (mut worst, mut largest) = (f64::INFINITY, 1.0_f64);
    for sample in orbit.samples.iter().step_by(step) {
        let speed = sample.right.norm_max().powi(2).max(f64::MIN_POSITIVE);
        let value = uncertainty(sample, 1e4 * sample.base.norm_max() / speed, &orbit.spins);
        if value.is_nan() {
            return Check::fail("uncertainty relation", None, "the symplectic eigenvalues could not be computed");
        }
        worst = worst.min(value);
        largest = largest.max(sample.base.norm_max());
    }
    // A hot mode beside a cold one: rounding is relative to the hottest.
    let status = if worst >= -1e-7_f64.max(1e-13 * largest) { Status::Pass } else { Status::Fail };
    let note = if status == Status::Pass && !orbit.spins.is_empty() {
        "smallest eigenvalue of C + ½⟨[R, R]⟩"
    } else if status == Status::Pass {
        "smallest symplectic eigenvalue minus ½"
    } else {
        "V + iΩ/2 has a negative eigenvalue: not a quantum state"
    };
    Check { name: "uncertainty relation".into(), status, value: Some(worst), limit: Some(0.0), note: note.into() }
}

/// Does the energy balance close? `rest` is the mean of P − ΣJ (or of what the energy has changed beside it), `gross` the size
/// of the flows that were added up.
pub fn first_law(rest: f64, gross: f64) -> Check {
    let relative = if gross > 0.0 { rest.abs() / gross } else { rest.abs() };
    Check::at_most("first law", relative, 1e-8, "work − heat − change of energy, relative to the gross flows of energy")
}

/// S_c cannot exceed 1 in a quantum state (Mari et al. 2013, Eq. 2).
pub fn bounded_by_one(name: &str, max: f64) -> Check {
    Check::at_most(format!("{name} ≤ 1"), max, 1.0 + 1e-9, "bound of the uncertainty relation")
}

/// Are the samples dense enough? `tail` is the relative size of the highest harmonics.
pub fn resolved(tail: f64) -> Check {
    let mut check =
        Check::at_most("period resolved", tail, 1e-5, "relative size of the highest harmonics of the measures");
    if check.status == Status::Fail && tail < 1e-3 {
        check.status = Status::Note;
    }
    check
}

/// The collective phase diffuses: how long until a measure has fallen to half.
pub fn no_steady_state(name: &str, periods: f64) -> Check {
    Check::note(
        format!("steady state of {name}"),
        Some(periods),
        format!("has no steady state: the collective phase diffuses; {name} falls to half after {periods:.0} periods"),
    )
}

/// The same measure without coupling, over the same window from the same start. A measure with a sign, such as a correlation, is as high
/// where it is as large with the same sign.
pub fn control(name: &str, coupled: f64, uncoupled: Option<f64>) -> Check {
    let title = format!("control of {name}");
    let Some(value) = uncoupled else {
        return Check::note(title, None, "without coupling the measure has no value");
    };
    // Sizes, with the sign that the coupled one has; a zero without one.
    let (size, limit) = (value * coupled.signum() + 0.0, coupled.abs());
    let (status, note) = if size >= 0.9 * limit {
        let note = format!("{name} is as high without coupling ({value:.4} against {coupled:.4}): it shows nothing");
        (Status::Fail, note)
    } else {
        (Status::Pass, format!("without coupling {value:.4}, with coupling {coupled:.4}, same start and window"))
    };
    Check { name: title, status, value: Some(size), limit: Some(limit), note }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Correlations may be negative: as high without coupling means as large with the same sign.
    #[test]
    fn the_control_of_a_signed_measure_compares_sizes() {
        let status = |coupled, alone| control("pearson(a,b)", coupled, Some(alone)).status;
        assert_eq!(status(0.8, 0.1), Status::Pass);
        assert_eq!(status(0.8, 0.79), Status::Fail);
        assert_eq!(status(-0.8, 0.0), Status::Pass);
        assert_eq!(status(-0.8, -0.79), Status::Fail);
        assert_eq!(status(-0.8, 0.8), Status::Pass);
        assert_eq!(status(0.0, 0.0), Status::Fail);
    }
}
