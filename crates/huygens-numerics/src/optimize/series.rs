//! Chebyshev interpolants of several functions along one line, with the noise that their last coefficients show.

use std::f64::consts::PI;

/// Nodes of an interpolant.
pub(super) const NODES: usize = 17;

/// The nodes in [−1, 1], ends included: t_j = −cos(π j/(NODES − 1)).
pub(super) fn nodes() -> [f64; NODES] {
    std::array::from_fn(|j| if 2 * j + 1 == NODES { 0.0 } else { -(PI * j as f64 / (NODES - 1) as f64).cos() })
}

/// Σ a_k T_k(t) through the values at the nodes.
#[derive(Clone, Debug)]
pub(super) struct Series {
    a: [f64; NODES],
}

impl Series {
    pub(super) fn new(values: &[f64; NODES]) -> Self {
        let n = NODES - 1;
        let a = std::array::from_fn(|k| {
            let end = |j: usize| if j == 0 || j == n { 0.5 } else { 1.0 };
            // T_k(−cos θ) = (−1)^k cos kθ
            let sum: f64 = (0..=n).map(|j| end(j) * values[j] * (PI * (j * k) as f64 / n as f64).cos()).sum();
            let sign = if k % 2 == 1 { -1.0 } else { 1.0 };
            sign * sum * 2.0 / n as f64 * end(k)
        });
        Self { a }
    }

    /// Size of a coefficient that is noise or was cut off: the largest of the last ones, rounding at least.
    pub(super) fn tail(&self) -> f64 {
        let last = self.a[NODES - 4..].iter().fold(0.0, |m: f64, a| m.max(a.abs()));
        let largest = self.a.iter().fold(0.0, |m: f64, a| m.max(a.abs()));
        last.max(0.25 * f64::EPSILON * largest)
    }

    /// Whether the last coefficients are within a few roundings of the values.
    pub(super) fn resolved(&self) -> bool {
        let largest = self.a.iter().fold(0.0, |m: f64, a| m.max(a.abs()));
        self.tail() <= 64.0 * f64::EPSILON * largest
    }

    /// First and second derivative with respect to t: T_k' = k U_{k−1}, summed by the recurrences of both.
    pub(super) fn derivatives(&self, t: f64) -> (f64, f64) {
        let (mut first, mut second) = (0.0, 0.0);
        // T, T', T'' of degrees k − 1 and k.
        let (mut p, mut q) = ([1.0, 0.0, 0.0], [t, 1.0, 0.0]);
        for k in 1..NODES {
            first += self.a[k] * q[1];
            second += self.a[k] * q[2];
            let next = [2.0 * t * q[0] - p[0], 2.0 * (q[0] + t * q[1]) - p[1], 2.0 * (2.0 * q[1] + t * q[2]) - p[2]];
            (p, q) = (q, next);
        }
        (first, second)
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
