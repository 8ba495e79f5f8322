//! Chebyshev interpolants on [−1, 1].
//!
//! L. N. Trefethen, *Approximation Theory and Approximation Practice* (2013), ch. 2 to 4.

use std::f64::consts::PI;

/// Node j of `degree`: t_j = −cos(π j/degree), ends included, ascending, the middle exactly 0.
pub fn node(j: usize, degree: usize) -> f64 {
    if 2 * j == degree { 0.0 } else { -(PI * j as f64 / degree as f64).cos() }
}

/// Σ a_k T_k(t).
#[derive(Clone, Debug, PartialEq)]
pub struct Chebyshev {
    a: Vec<f64>,
}

impl Chebyshev {
    /// Through the values at the nodes of degree `values.len() − 1`. O(n²).
    ///
    /// # Panics
    /// For fewer than two values.
    #[track_caller]
    pub fn new(values: &[f64]) -> Self {
        assert!(values.len() >= 2, "an interpolant needs two values, {} given", values.len());
        let n = values.len() - 1;
        let end = |j: usize| if j == 0 || j == n { 0.5 } else { 1.0 };
        let coefficient = |k: usize| {
            // T_k(−cos θ) = (−1)^k cos kθ, with kθ = πjk/n reduced exactly.
            let cosine = |j: usize| (PI * (j * k % (2 * n)) as f64 / n as f64).cos();
            let sum: f64 = (0..=n).map(|j| end(j) * values[j] * cosine(j)).sum();
            let sign = if k % 2 == 1 { -1.0 } else { 1.0 };
            sign * sum * 2.0 / n as f64 * end(k)
        };
        Self { a: (0..=n).map(coefficient).collect() }
    }

    /// a_0, a_1, …
    pub fn coefficients(&self) -> &[f64] {
        &self.a
    }

    /// Size of the largest coefficient.
    pub fn largest(&self) -> f64 {
        self.a.iter().fold(0.0, |m: f64, a| m.max(a.abs()))
    }

    /// Size of the largest of the last `count` coefficients: what was cut off, or noise.
    pub fn tail(&self, count: usize) -> f64 {
        self.a[self.a.len().saturating_sub(count)..].iter().fold(0.0, |m: f64, a| m.max(a.abs()))
    }

    /// The value at t, by Clenshaw's recurrence.
    pub fn value(&self, t: f64) -> f64 {
        let (mut one, mut two) = (0.0, 0.0);
        for &a in self.a[1..].iter().rev() {
            (one, two) = (a + 2.0 * t * one - two, one);
        }
        self.a[0] + t * one - two
    }

    /// The derivative as a series of its own: d_{k−1} = d_{k+1} + 2k a_k, the first halved.
    pub fn derivative(&self) -> Self {
        let n = self.a.len() - 1;
        let mut d = vec![0.0; n + 2];
        for k in (1..=n).rev() {
            d[k - 1] = d[k + 1] + 2.0 * k as f64 * self.a[k];
        }
        d[0] *= 0.5;
        d.truncate(n.max(1));
        Self { a: d }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T_5 itself, and a function that degree 24 resolves to rounding, with both derivatives.
    #[test]
    fn polynomials_exactly_and_smooth_functions_to_rounding() {
        let values: Vec<f64> = (0..=8).map(|j| (5.0 * node(j, 8).acos()).cos()).collect();
        for (k, a) in Chebyshev::new(&values).coefficients().iter().enumerate() {
            assert!((a - f64::from(u8::from(k == 5))).abs() < 1e-14);
        }
        let values: Vec<f64> = (0..=24).map(|j| (1.3 * node(j, 24) + 0.2).sin()).collect();
        let series = Chebyshev::new(&values);
        assert!(series.tail(2) < 1e-14 * series.largest());
        let (first, second) = (series.derivative(), series.derivative().derivative());
        for t in [-1.0, -0.6, 0.0, 0.77, 1.0] {
            let (s, c) = (1.3_f64 * t + 0.2).sin_cos();
            assert!((series.value(t) - s).abs() < 4e-15);
            assert!((first.value(t) - 1.3 * c).abs() < 4e-13);
            assert!((second.value(t) + 1.69 * s).abs() < 2e-10);
        }
    }
}
