//! Re ζ of densities without a formula, by a table that grows where it is asked.

use std::sync::OnceLock;

use huygens_numerics::c64;

use super::bath::Kernel;

/// Terms of the Chebyshev series of a piece: with pieces of this length in ln ω the error is some 1e-13 of the largest value on the piece.
const TERMS: usize = 28;
const LENGTH: f64 = 1.0;
/// Range of ln ω/ω_c that is tabulated; beyond, the integral itself is asked.
const RANGE: [f64; 2] = [-64.0, 32.0];

/// What a bath responds, ζ(ω), from a table where its kernel has no formula.
#[derive(Clone, Debug)]
pub(super) struct Responder {
    kernel: Kernel,
    cutoff: f64,
    /// Pieces of equal length, shorter where the cut-off is sharp.
    length: f64,
    /// Chebyshev coefficients of Re ζ/ω on each piece that was asked for; none for a kernel with a formula.
    pieces: Vec<OnceLock<[f64; TERMS]>>,
}

/// Coefficients of the series that interpolates f at the Chebyshev points of \[−1, 1\].
fn series(f: impl Fn(f64) -> f64) -> [f64; TERMS] {
    let angle = |k: usize| std::f64::consts::PI * (k as f64 + 0.5) / TERMS as f64;
    let values: [f64; TERMS] = std::array::from_fn(|k| f(angle(k).cos()));
    std::array::from_fn(|n| {
        let sum: f64 = values.iter().enumerate().map(|(k, v)| v * (n as f64 * angle(k)).cos()).sum();
        sum * if n == 0 { 1.0 } else { 2.0 } / TERMS as f64
    })
}

impl Responder {
    pub(super) fn new(kernel: &Kernel) -> Self {
        let (cutoff, length, count) = match kernel {
            Kernel::Exponential { cutoff, shape, .. } => {
                let length = LENGTH / shape.max(1.0);
                (*cutoff, length, ((RANGE[1] - RANGE[0]) / length).ceil() as usize)
            }
            _ => (1.0, LENGTH, 0),
        };
        Self { kernel: kernel.clone(), cutoff, length, pieces: vec![OnceLock::new(); count] }
    }

    /// ζ(ω), as [`Kernel::response`].
    pub(super) fn at(&self, omega: f64) -> c64 {
        if self.pieces.is_empty() {
            return self.kernel.response(omega);
        }
        let place = ((omega.abs() / self.cutoff).ln() - RANGE[0]) / self.length;
        let Some(piece) = (place >= 0.0).then(|| self.pieces.get(place as usize)).flatten() else {
            return self.kernel.response(omega);
        };
        let first = RANGE[0] + self.length * place.floor();
        let coefficients = piece.get_or_init(|| {
            series(|u| self.kernel.dispersion(self.cutoff * (first + 0.5 * self.length * (1.0 + u)).exp()))
        });
        // Clenshaw's recurrence.
        let u = 2.0 * (place - place.floor()) - 1.0;
        let (mut one, mut two) = (0.0, 0.0);
        for c in coefficients[1..].iter().rev() {
            (one, two) = (c + 2.0 * u * one - two, one);
        }
        let value = coefficients[0] + u * one - two;
        c64::new(omega.abs() * value, self.kernel.density(omega))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_integral() {
        for (exponent, shape) in [(1.0, 1.0), (1.0, 2.0), (0.6, 2.0), (3.0, 1.0), (2.0, 4.0)] {
            let kernel = Kernel::Exponential { strength: 0.7, cutoff: 1.3, exponent, shape };
            let responder = Responder::new(&kernel);
            for k in -160..160 {
                let omega = (0.11 * f64::from(k) + 0.003).exp();
                let (found, expected) = (responder.at(omega), kernel.response(omega));
                let near: f64 =
                    [0.8, 1.0, 1.25].map(|x| kernel.response(omega * x).norm()).into_iter().fold(0.0, f64::max);
                assert!((found - expected).norm() < 1e-11 * near, "{exponent} {shape} {omega}: {found} {expected}");
                assert_eq!(responder.at(-omega), found.conj());
            }
        }
    }
}
