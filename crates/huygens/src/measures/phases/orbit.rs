//! Planar orbits of a signal: the analytic signal and other embeddings.

use std::ops::Range;

use huygens_numerics::c64;
use huygens_numerics::fourier::{fft, ifft};

use super::{PhaseError, Winding, finite, unwrap};

/// The analytic signal x + i H\[x\], H the Hilbert transform: the spectrum of x without its negative frequencies (D. Gabor,
/// J. IEE 93, 429 (1946)). The mean stays real.
///
/// The record is taken as periodic: where its ends do not fit, the first and the last cycles are wrong.
pub fn analytic_signal(x: &[f64]) -> Vec<c64> {
    let n = x.len();
    let mut z: Vec<c64> = x.iter().map(|&x| c64::new(x, 0.0)).collect();
    if n < 2 {
        return z;
    }
    fft(&mut z);
    for k in 1..n.div_ceil(2) {
        z[k] *= 2.0;
    }
    for value in &mut z[n / 2 + 1..] {
        *value = c64::new(0.0, 0.0);
    }
    ifft(&mut z);
    for value in &mut z {
        *value /= n as f64;
    }
    z
}

/// A signal as a point that moves in a plane around a centre, which is the origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Orbit {
    points: Vec<c64>,
}

impl Orbit {
    /// The analytic signal of `x − centre`; without a centre, the mean of x.
    ///
    /// # Errors
    /// [`PhaseError::TooFew`] below 4 samples, [`PhaseError::NotFinite`], [`PhaseError::Constant`].
    pub fn hilbert(x: &[f64], centre: Option<f64>) -> Result<Self, PhaseError> {
        finite(x, 4)?;
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let centre = centre.unwrap_or(mean);
        let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| (l.min(x), h.max(x)));
        if high - low <= 1e-12 * low.abs().max(high.abs()) {
            return Err(PhaseError::Constant { value: mean });
        }
        let moved: Vec<f64> = x.iter().map(|x| x - centre).collect();
        Ok(Self { points: analytic_signal(&moved) })
    }

    /// Two coordinates of an oscillator (position and momentum, a signal and its delayed copy), seen from a centre.
    ///
    /// # Errors
    /// As [`Orbit::hilbert`].
    ///
    /// # Panics
    /// When the two lists have different lengths.
    #[track_caller]
    pub fn plane(x: &[f64], y: &[f64], centre: (f64, f64)) -> Result<Self, PhaseError> {
        assert_eq!(x.len(), y.len(), "coordinates of a planar orbit");
        finite(x, 4)?;
        finite(y, 4)?;
        let constant = |v: &[f64]| v.iter().all(|a| *a == v[0]);
        if constant(x) && constant(y) {
            return Err(PhaseError::Constant { value: x[0] });
        }
        Ok(Self { points: x.iter().zip(y).map(|(x, y)| c64::new(x - centre.0, y - centre.1)).collect() })
    }

    /// The points, the centre at the origin.
    pub fn points(&self) -> &[c64] {
        &self.points
    }

    /// The angle under which the centre sees the point, unwrapped: the *protophase*. It is a phase only where the orbit
    /// circles the centre, and even there it depends on the embedding: see [`super::PhaseTransform`].
    pub fn protophase(&self) -> Vec<f64> {
        unwrap(&self.points.iter().map(|z| z.arg()).collect::<Vec<_>>())
    }

    /// Distance from the centre.
    pub fn amplitude(&self) -> Vec<f64> {
        self.points.iter().map(|z| z.norm()).collect()
    }

    /// The samples at least `cycles` mean cycles away from both ends, where the Hilbert transform does not feel that the
    /// record is cut. At most a quarter is taken off each end.
    pub fn inner(&self, cycles: f64) -> Range<usize> {
        let n = self.points.len();
        let phase = self.protophase();
        let turns = (phase[n - 1] - phase[0]).abs() / std::f64::consts::TAU;
        let edge = if turns > 0.0 { (cycles * n as f64 / turns).ceil() as usize } else { n / 4 };
        let edge = edge.min(n / 4);
        edge..n - edge
    }

    /// Does the orbit circle the centre? `starts` are the samples at which cycles begin, for instance the peaks.
    pub fn winding(&self, starts: &[usize]) -> Winding {
        Winding::of(&self.points, starts)
    }
}
