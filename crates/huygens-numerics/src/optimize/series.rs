//! Chebyshev interpolants along one line, with the noise that their last coefficients show.

use crate::chebyshev::{Chebyshev, node};

/// Nodes of an interpolant.
pub(super) const NODES: usize = 17;

/// The nodes in [−1, 1], ends included.
pub(super) fn nodes() -> [f64; NODES] {
    std::array::from_fn(|j| node(j, NODES - 1))
}

/// An interpolant through the values at the nodes, with its derivatives.
#[derive(Clone, Debug)]
pub(super) struct Series {
    values: Chebyshev,
    first: Chebyshev,
    second: Chebyshev,
}

impl Series {
    pub(super) fn new(values: &[f64; NODES]) -> Self {
        let values = Chebyshev::new(values);
        let first = values.derivative();
        let second = first.derivative();
        Self { values, first, second }
    }

    /// Size of a coefficient that is noise or was cut off: the largest of the last ones, rounding at least.
    pub(super) fn tail(&self) -> f64 {
        self.values.tail(4).max(0.25 * f64::EPSILON * self.values.largest())
    }

    /// Whether the last coefficients are within a few roundings of the values.
    pub(super) fn resolved(&self) -> bool {
        self.tail() <= 64.0 * f64::EPSILON * self.values.largest()
    }

    /// First and second derivative with respect to t.
    pub(super) fn derivatives(&self, t: f64) -> (f64, f64) {
        (self.first.value(t), self.second.value(t))
    }

    /// Error of the derivative at t that coefficients wrong by the tail make: √Σ T_k'(t)² times it.
    pub(super) fn derivative_error(&self, t: f64) -> f64 {
        let (mut p, mut q) = ([1.0, 0.0], [t, 1.0]);
        let mut sum = 0.0;
        for _ in 1..NODES {
            sum += q[1] * q[1];
            let next = [2.0 * t * q[0] - p[0], 2.0 * (q[0] + t * q[1]) - p[1]];
            (p, q) = (q, next);
        }
        self.tail() * f64::sqrt(sum)
    }

    /// The minimum inside (−1, 1) that lies nearest to `near`: zero of the derivative where it ascends.
    pub(super) fn minimum(&self, near: f64) -> Option<f64> {
        const PIECES: usize = 64;
        let at = |i: usize| -1.0 + 2.0 * i as f64 / PIECES as f64;
        let slope = |t: f64| self.derivatives(t).0;
        let slopes: Vec<f64> = (0..=PIECES).map(|i| slope(at(i))).collect();
        (0..PIECES)
            .filter(|&i| slopes[i] < 0.0 && slopes[i + 1] >= 0.0)
            .filter_map(|i| crate::roots::brent(slope, at(i), at(i + 1), 0.0).ok())
            .min_by(|a, b| (a - near).abs().total_cmp(&(b - near).abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_of_an_interpolant_are_those_of_the_function() {
        let series = Series::new(&nodes().map(|t| (0.6 * t + 0.2).sin()));
        assert!(series.resolved());
        for t in [-1.0, -0.3, 0.0, 0.77, 1.0] {
            let (first, second) = series.derivatives(t);
            assert!((first - 0.6 * (0.6f64 * t + 0.2).cos()).abs() < 1e-12 + 10.0 * series.derivative_error(t));
            assert!((second + 0.36 * (0.6f64 * t + 0.2).sin()).abs() < 1e-9);
        }
        let bowl = Series::new(&nodes().map(|t| (t - 0.123456789).powi(2) + 0.1 * (t - 0.123456789).powi(4)));
        assert!((bowl.minimum(0.0).expect("one") - 0.123456789).abs() < 1e-14);
        assert!(bowl.minimum(0.0).is_some() && Series::new(&nodes()).minimum(0.0).is_none());
    }
}
