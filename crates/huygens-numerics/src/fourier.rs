//! Trigonometric interpolation of periodic samples.
//!
//! `N` equidistant samples `x_j = x(2πj/N)` determine `x(θ) = Σ_k c_k e^{ikθ}` with `c_{−k} = c̄_k`; for a smooth periodic function
//! the interpolation error falls faster than any power of `1/N`, and the size of the last harmonics tells how far it has fallen.

use std::cell::RefCell;
use std::f64::consts::TAU;

use rustfft::FftPlanner;

use crate::c64;
use crate::roots::brent;

thread_local! {
    static PLANNER: RefCell<FftPlanner<f64>> = RefCell::new(FftPlanner::new());
}

/// Discrete Fourier transform `X_k = Σ_j x_j e^{−2πi jk/N}` in place, unnormalised.
pub fn fft(x: &mut [c64]) {
    let plan = PLANNER.with_borrow_mut(|p| p.plan_fft_forward(x.len()));
    plan.process(x);
}

/// Inverse transform `x_j = Σ_k X_k e^{+2πi jk/N}` in place, unnormalised: `N` times the inverse of [`fft`].
pub fn ifft(x: &mut [c64]) {
    let plan = PLANNER.with_borrow_mut(|p| p.plan_fft_inverse(x.len()));
    plan.process(x);
}

/// Transform of real numbers: `X_k` for `k = 0 … N/2` (the others are conjugates), unnormalised.
pub fn rfft(x: &[f64]) -> Vec<c64> {
    let mut z: Vec<c64> = x.iter().map(|&x| c64::new(x, 0.0)).collect();
    if !z.is_empty() {
        fft(&mut z);
        z.truncate(x.len() / 2 + 1);
    }
    z
}

/// Real series of length `n` from `X_k`, `k = 0 … n/2`: the inverse of [`rfft`], normalised.
///
/// # Panics
/// When the number of coefficients is not `n/2 + 1`.
#[track_caller]
pub fn irfft(coefficients: &[c64], n: usize) -> Vec<f64> {
    assert_eq!(coefficients.len(), n / 2 + 1, "coefficients of a real series of {n} samples");
    let mut z = vec![c64::new(0.0, 0.0); n];
    for (k, &c) in coefficients.iter().enumerate() {
        z[k] = c;
        if k > 0 {
            z[n - k] = c.conj();
        }
    }
    z[0].im = 0.0;
    if n.is_multiple_of(2) {
        z[n / 2] = c64::new(coefficients[n / 2].re, 0.0);
    }
    ifft(&mut z);
    z.into_iter().map(|z| z.re / n as f64).collect()
}

/// An extremum of a periodic function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremum {
    /// Phase in `[0, 2π)`.
    pub phase: f64,
    /// Value there.
    pub value: f64,
}

/// A real periodic function through equidistant samples.
///
/// ```
/// use huygens_numerics::fourier::Periodic;
/// let samples: Vec<f64> = (0..32).map(|j| (std::f64::consts::TAU * j as f64 / 32.0).cos().exp()).collect();
/// let f = Periodic::new(&samples);
/// assert!((f.value(1.0) - 1f64.cos().exp()).abs() < 1e-14);
/// assert!((f.mean() - 1.2660658777520084).abs() < 1e-15); // I₀(1)
/// assert!((f.minimum().value - (-1f64).exp()).abs() < 1e-14);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Periodic {
    samples: usize,
    /// `a_k` with `x(θ) = Re Σ_{k≥0} a_k e^{ikθ}`.
    amplitudes: Vec<c64>,
    /// Number of amplitudes above rounding.
    used: usize,
}

impl Periodic {
    /// Interpolates samples at the phases `2πj/N`.
    ///
    /// # Panics
    /// When there are no samples.
    #[track_caller]
    pub fn new(samples: &[f64]) -> Self {
        assert!(!samples.is_empty(), "a periodic series needs at least one sample");
        let n = samples.len();
        let mut amplitudes = rfft(samples);
        for (k, a) in amplitudes.iter_mut().enumerate() {
            let weight = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
            *a *= weight / n as f64;
        }
        let largest = amplitudes.iter().fold(0.0f64, |m, a| m.max(a.norm()));
        let used =
            amplitudes.iter().rposition(|a| a.norm() > 1e-18 * largest || a.norm().is_nan()).map_or(1, |k| k + 1);
        Self { samples: n, amplitudes, used }
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Mean over a period.
    pub fn mean(&self) -> f64 {
        self.amplitudes[0].re
    }

    /// Complex amplitude `a_k` of harmonic `k ≥ 0`, where `x(θ) = Re Σ_k a_k e^{ikθ}`; zero beyond the samples' resolution.
    pub fn amplitude(&self, k: usize) -> c64 {
        self.amplitudes.get(k).copied().unwrap_or_default()
    }

    /// Mean square over a period, `a_0² + Σ|a_k|²/2`.
    pub fn mean_square(&self) -> f64 {
        let mean = self.mean();
        mean * mean + self.amplitudes[1..].iter().map(|a| 0.5 * a.norm_sqr()).sum::<f64>()
    }

    /// Value at phase `θ` (radians, any number).
    pub fn value(&self, phase: f64) -> f64 {
        self.jet(phase)[0]
    }

    /// Derivative by the phase.
    pub fn derivative(&self, phase: f64) -> f64 {
        self.jet(phase)[1]
    }

    /// Value, first and second derivative by the phase.
    pub fn jet(&self, phase: f64) -> [f64; 3] {
        let z = c64::from_polar(1.0, phase);
        let zero = c64::new(0.0, 0.0);
        let (mut f, mut d, mut dd) = (zero, zero, zero);
        for k in (0..self.used).rev() {
            let a = self.amplitudes[k];
            let kf = k as f64;
            f = f * z + a;
            d = d * z + a * kf;
            dd = dd * z + a * (kf * kf);
        }
        [f.re, -d.im, -dd.re]
    }

    /// Smallest value over the continuous phase.
    pub fn minimum(&self) -> Extremum {
        self.extremum(1.0)
    }

    /// Largest value over the continuous phase.
    pub fn maximum(&self) -> Extremum {
        let e = self.extremum(-1.0);
        Extremum { value: -e.value, ..e }
    }

    /// Largest modulus among the last quarter of the harmonics: the size of what the samples do not resolve any more, in the units of
    /// the function. The interpolation error is of this size when the spectrum falls geometrically.
    pub fn tail(&self) -> f64 {
        let n = self.amplitudes.len();
        let from = (3 * n).div_ceil(4).min(n - 1);
        self.amplitudes[from..].iter().fold(0.0, |m, a| if a.norm() <= m { m } else { a.norm() })
    }

    /// [`Periodic::tail`] relative to the largest amplitude (the mean included); 0 for the zero function.
    pub fn relative_tail(&self) -> f64 {
        let largest = self.amplitudes.iter().fold(0.0f64, |m, a| m.max(a.norm()));
        if largest == 0.0 { 0.0 } else { self.tail() / largest }
    }

    /// Minimum of `sign · x(θ)`.
    fn extremum(&self, sign: f64) -> Extremum {
        if self.used <= 1 {
            return Extremum { phase: 0.0, value: sign * self.mean() };
        }
        // at least 8 points per shortest wave
        let m = (8 * self.used).next_power_of_two().max(16);
        let mut grid = vec![c64::new(0.0, 0.0); m];
        grid[..self.used].copy_from_slice(&self.amplitudes[..self.used]);
        ifft(&mut grid);
        let at = |j: usize| sign * grid[j % m].re;
        let step = TAU / m as f64;
        let mut best = Extremum { phase: 0.0, value: f64::INFINITY };
        for j in 0..m {
            if at(j) < best.value {
                best = Extremum { phase: step * j as f64, value: at(j) };
            }
        }
        for j in 0..m {
            let (left, middle, right) = (at(j + m - 1), at(j), at(j + 1));
            if middle > left || middle > right {
                continue;
            }
            // a parabola through the three points goes lower by at most this much; twice for safety
            let room = 0.25 * (left + right - 2.0 * middle);
            if middle - room > best.value {
                continue;
            }
            let theta = step * j as f64;
            let Ok(phase) = brent(|x| self.derivative(x), theta - step, theta + step, 0.0) else {
                continue;
            };
            let value = sign * self.value(phase);
            if value < best.value {
                best = Extremum { phase: phase.rem_euclid(TAU), value };
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(n: usize, f: impl Fn(f64) -> f64) -> Periodic {
        let samples: Vec<f64> = (0..n).map(|j| f(TAU * j as f64 / n as f64)).collect();
        Periodic::new(&samples)
    }

    #[test]
    fn transforms_are_inverse() {
        for n in [1usize, 2, 3, 8, 15, 100] {
            let x: Vec<f64> = (0..n).map(|j| (j as f64 * 1.7).sin() + 0.1 * j as f64).collect();
            let back = irfft(&rfft(&x), n);
            for (a, b) in x.iter().zip(&back) {
                assert!((a - b).abs() < 1e-13, "n = {n}");
            }
        }
        let k = rfft(&(0..8).map(|j| (TAU * j as f64 / 8.0).cos()).collect::<Vec<_>>());
        assert!((k[1].re - 4.0).abs() < 1e-14 && k[2].norm() < 1e-14);
    }

    #[test]
    fn samples_are_met_and_the_error_falls_geometrically() {
        let f = |x: f64| 1.0 / (1.5 + x.cos() + 0.2 * x.sin());
        for n in [7usize, 8, 40, 41] {
            let p = sampled(n, f);
            for j in 0..n {
                let x = TAU * j as f64 / n as f64;
                assert!((p.value(x) - f(x)).abs() < 1e-13, "n = {n}, j = {j}");
            }
        }
        for n in [16usize, 32, 64, 96] {
            let p = sampled(n, f);
            let worst =
                (0..1000).map(|i| 0.1 + i as f64 * 0.0123).map(|x| (p.value(x) - f(x)).abs()).fold(0.0, f64::max);
            // the tail is an honest estimate: neither far too small nor useless
            assert!(worst < 30.0 * p.tail() + 1e-13, "n = {n}: error {worst:e}, tail {:e}", p.tail());
            assert!(p.tail() < 1e3 * worst + 1e-13, "n = {n}: error {worst:e}, tail {:e}", p.tail());
        }
    }

    #[test]
    fn derivatives_extrema_and_means() {
        let f = |x: f64| (2.0 * (x - 0.3).cos()).exp() + 0.4 * (3.0 * x).sin();
        let p = sampled(96, f);
        for x in [0.0, 1.3, 4.0, -20.0] {
            let d = -2.0 * (x - 0.3f64).sin() * (2.0 * (x - 0.3).cos()).exp() + 1.2 * (3.0 * x).cos();
            assert!((p.derivative(x) - d).abs() < 1e-11, "{} {d}", p.derivative(x));
        }
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for i in 0..1_000_000 {
            let v = f(TAU * i as f64 * 1e-6);
            low = low.min(v);
            high = high.max(v);
        }
        let (min, max) = (p.minimum(), p.maximum());
        assert!((min.value - low).abs() < 1e-10 && min.value <= low + 1e-13);
        assert!((max.value - high).abs() < 1e-10 && max.value >= high - 1e-13);
        assert!((f(min.phase) - min.value).abs() < 1e-13 && (0.0..TAU).contains(&min.phase));
        assert!(p.derivative(max.phase).abs() < 1e-11);
        let q = sampled(5, |x| 3.0 + 2.0 * x.cos());
        assert!((q.mean_square() - 11.0).abs() < 1e-14);
        assert!((q.amplitude(1) - c64::new(2.0, 0.0)).norm() < 1e-15);
        // exact extremum between the samples
        let q = sampled(9, |x| (x - 0.1234).cos());
        assert!((q.maximum().value - 1.0).abs() < 1e-15 && (q.maximum().phase - 0.1234).abs() < 1e-15);
    }

    #[test]
    fn constants_and_single_samples() {
        for p in [Periodic::new(&[2.5]), sampled(12, |_| 2.5)] {
            assert!((p.minimum().value - 2.5).abs() < 1e-14);
            assert!((p.maximum().value - 2.5).abs() < 1e-14);
            assert!((p.value(1.0) - 2.5).abs() < 1e-15);
        }
        assert_eq!(Periodic::new(&[0.0; 8]).relative_tail(), 0.0);
        // two samples: mean and cosine
        let p = Periodic::new(&[1.0, -1.0]);
        assert!((p.value(std::f64::consts::PI / 3.0) - 0.5).abs() < 1e-15);
    }
}
