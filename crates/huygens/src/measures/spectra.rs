//! Power spectra of sampled signals: Welch's estimate, with errors, peaks and their widths.
//!
//! ```
//! use huygens::measures::spectra::{Welch, welch};
//! use std::f64::consts::TAU;
//! let mut random = huygens_numerics::random::Streams { seed: 5 }.trajectory(0);
//! let x: Vec<f64> = (0..8192).map(|k| (TAU * 0.1234 * f64::from(k)).sin() + 0.3 * random.normal()).collect();
//! let spectrum = welch(&x, 1.0, &Welch::default()).unwrap();
//! assert!((spectrum.power(0.0, 0.5) / 0.59 - 1.0).abs() < 0.02); // ½ + 0.3²
//! let peak = &spectrum.peaks(1)[0];
//! assert!((peak.frequency - 0.1234).abs() < 1e-4);
//! ```

use std::f64::consts::{PI, TAU};

use huygens_numerics::c64;
use huygens_numerics::fourier::fft;
use huygens_numerics::linalg::{RMatrix, inverse};
use huygens_numerics::special::chi_squared_quantile;

use super::clocks::ClockError;
use super::clocks::ticks::zigzag;

/// Weight of the samples of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// sin², falling to zero at both ends: little leakage, lines 1.5 bins wide.
    Hann,
    /// All samples alike: lines one bin wide, leakage falling as 1/f² only.
    Rectangular,
    /// Blackman and Harris's four terms: leakage below −92 dB, lines 2 bins wide.
    BlackmanHarris,
}

impl Window {
    fn weights(self, n: usize) -> Vec<f64> {
        let series = |c: &[f64]| {
            (0..n)
                .map(|k| c.iter().enumerate().map(|(j, c)| c * (TAU * j as f64 * k as f64 / n as f64).cos()).sum())
                .collect()
        };
        match self {
            Window::Hann => series(&[0.5, -0.5]),
            Window::Rectangular => vec![1.0; n],
            Window::BlackmanHarris => series(&[0.35875, -0.48829, 0.14128, -0.01168]),
        }
    }
}

/// What is taken from each segment before its transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detrend {
    /// Nothing.
    Nothing,
    /// Its mean.
    Mean,
    /// Its least-squares straight line.
    Line,
}

/// How a spectrum is estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Samples a segment; `None` takes the largest power of two that gives about eight half-overlapping segments.
    pub segment: Option<usize>,
    /// Share of a segment that the next one repeats, in [0, 1).
    pub overlap: f64,
    /// Window.
    pub window: Window,
    /// Trend.
    pub detrend: Detrend,
    /// Confidence of the error bars.
    pub confidence: f64,
}

impl Default for Welch {
    fn default() -> Self {
        Self { segment: None, overlap: 0.5, window: Window::Hann, detrend: Detrend::Mean, confidence: 0.95 }
    }
}

/// A one-sided power spectral density.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Frequencies f = 0 … rate/2, equally spaced.
    pub frequencies: Vec<f64>,
    /// Density S(f) in squared units of the signal per unit of frequency; ∫ S df is the variance.
    pub density: Vec<f64>,
    /// Number of segments averaged.
    pub segments: usize,
    /// Equivalent degrees of freedom of each density.
    pub freedom: f64,
    /// The density times these two numbers is its confidence interval.
    pub factors: [f64; 2],
    /// Equivalent noise bandwidth: two lines nearer than this are one.
    pub resolution: f64,
    /// Duration of a segment.
    pub duration: f64,
}

/// A peak of a spectrum.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralPeak {
    /// Frequency of the maximum.
    pub frequency: f64,
    /// Standard error of the frequency.
    pub error: f64,
    /// Density at the maximum.
    pub height: f64,
    /// Full width at half maximum of the Lorentzian fitted to the peak; `None` where it is not wider than the resolution.
    pub width: Option<f64>,
    /// Standard error of the width.
    pub width_error: Option<f64>,
    /// Power: the integral over the peak between the valleys beside it.
    pub power: f64,
    /// Height over the higher of the two valleys.
    pub prominence: f64,
}

/// Welch's estimate (P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967)) of samples taken at `rate`. Segments lie between gaps
/// (NaN); the error follows from the number of segments and their overlap.
///
/// # Errors
/// [`ClockError::TooFew`] where no stretch is as long as a segment, [`ClockError::Option`], [`ClockError::Range`].
pub fn welch(values: &[f64], rate: f64, options: &Welch) -> Result<Spectrum, ClockError> {
    let option = |name, value, expected| Err(ClockError::Option { name, value, expected });
    if !(rate > 0.0 && rate.is_finite()) {
        return option("rate", rate, "a positive number of samples per unit of time");
    }
    if !(0.0..1.0).contains(&options.overlap) {
        return option("overlap", options.overlap, "a share from 0 to below 1");
    }
    if !(options.confidence > 0.0 && options.confidence < 1.0) {
        return option("confidence", options.confidence, "a number between 0 and 1");
    }
    let mut stretches: Vec<&[f64]> = values.split(|v| v.is_nan()).collect();
    stretches.retain(|s| !s.is_empty());
    let longest = stretches.iter().map(|s| s.len()).max().unwrap_or(0);
    let length = match options.segment {
        Some(length) => length,
        None if longest < 64 => longest,
        None => 1 << (2 * longest / 9).ilog2(),
    };
    if longest < length.max(8) {
        return Err(ClockError::TooFew {
            what: "samples without a gap",
            found: longest,
            needed: length.max(8),
            cure: "give a longer signal or shorter segments",
        });
    }
    if length < 8 {
        return option("segment", length as f64, "at least 8 samples");
    }
    let weights = options.window.weights(length);
    let square: f64 = weights.iter().map(|w| w * w).sum();
    let plain: f64 = weights.iter().sum();
    let hop = ((length as f64 * (1.0 - options.overlap)).round() as usize).clamp(1, length);
    let bins = length / 2 + 1;
    let mut density = vec![0.0; bins];
    let mut segments = 0usize;
    let mut buffer = vec![c64::new(0.0, 0.0); length];
    // Two real segments fill one complex transform.
    let mut pending = false;
    let add = |buffer: &mut [c64], density: &mut [f64]| {
        fft(buffer);
        for k in 0..bins {
            let (a, b) = (buffer[k], buffer[(length - k) % length].conj());
            // |FFT(first)|² + |FFT(second)|².
            density[k] += 0.25 * ((a + b).norm_sqr() + (a - b).norm_sqr());
        }
    };
    for stretch in &stretches {
        let mut begin = 0;
        while begin + length <= stretch.len() {
            let part = &stretch[begin..begin + length];
            let [offset, slope] = trend(part, options.detrend);
            for (k, (v, w)) in part.iter().zip(&weights).enumerate() {
                let x = w * (v - offset - slope * k as f64);
                if pending {
                    buffer[k].im = x;
                } else {
                    buffer[k] = c64::new(x, 0.0);
                }
            }
            if pending {
                add(&mut buffer, &mut density);
            }
            pending = !pending;
            segments += 1;
            begin += hop;
        }
    }
    if pending {
        add(&mut buffer, &mut density);
    }
    let scale = 1.0 / (rate * square * segments as f64);
    for (k, d) in density.iter_mut().enumerate() {
        let single = k == 0 || 2 * k == length;
        *d *= if single { scale } else { 2.0 * scale };
    }
    if density.iter().any(|d| !d.is_finite()) {
        return Err(ClockError::Range { what: "the power spectrum" });
    }
    // Correlation of overlapping segments (Welch 1967, eq. 18).
    let mut inflation = 1.0;
    for j in 1..segments.min(length.div_ceil(hop)) {
        let shift = j * hop;
        let common: f64 = weights[shift..].iter().zip(&weights).map(|(a, b)| a * b).sum();
        inflation += 2.0 * (1.0 - j as f64 / segments as f64) * (common / square).powi(2);
    }
    let freedom = 2.0 * segments as f64 / inflation;
    let tail = 0.5 * (1.0 - options.confidence);
    let factors = [1.0 - tail, tail].map(|p| freedom / chi_squared_quantile(p, freedom));
    Ok(Spectrum {
        frequencies: (0..bins).map(|k| k as f64 * rate / length as f64).collect(),
        density,
        segments,
        freedom,
        factors,
        resolution: rate * square / (plain * plain),
        duration: length as f64 / rate,
    })
}

/// Offset at the first sample and slope of the trend.
fn trend(x: &[f64], detrend: Detrend) -> [f64; 2] {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    match detrend {
        Detrend::Nothing => [0.0, 0.0],
        Detrend::Mean => [mean, 0.0],
        Detrend::Line => {
            let middle = 0.5 * (n - 1.0);
            let top: f64 = x.iter().enumerate().map(|(k, v)| (k as f64 - middle) * (v - mean)).sum();
            let slope = top / (n * (n * n - 1.0) / 12.0);
            [mean - slope * middle, slope]
        }
    }
}

impl Spectrum {
    /// Power ∫ S df between two frequencies.
    pub fn power(&self, from: f64, to: f64) -> f64 {
        let step = self.step();
        // Each bin stands for the band half a step to each side.
        self.frequencies
            .iter()
            .zip(&self.density)
            .map(|(f, d)| d * ((f + 0.5 * step).min(to) - (f - 0.5 * step).max(from)).clamp(0.0, step))
            .sum()
    }

    fn step(&self) -> f64 {
        self.frequencies[1]
    }

    /// The highest peaks, at most so many, highest first. A peak stands out of the valleys on both of its sides by more than noise of a
    /// smooth spectrum does once in a thousand spectra.
    ///
    /// The frequency of a line is the vertex of the parabola through the logarithms of the three highest densities; a peak wider
    /// than the resolution is fitted by a Lorentzian on a flat ground (maximum likelihood for χ² densities), with errors from the
    /// Fisher information.
    pub fn peaks(&self, most: usize) -> Vec<SpectralPeak> {
        let n = self.density.len();
        let floor = self.density.iter().fold(0.0, |a: f64, d| a.max(*d)) * 1e-30 + f64::MIN_POSITIVE;
        let log: Vec<f64> = self.density.iter().map(|d| d.max(floor).ln()).collect();
        let p = 1e-3 / n as f64;
        let leg = (chi_squared_quantile(1.0 - p, self.freedom) / chi_squared_quantile(p, self.freedom)).ln();
        // What the trend took from the lowest bins is no valley, and the last bin has half the freedom of the others.
        let first = (self.resolution / self.step()) as usize + 1;
        let last = n.saturating_sub(1).max(first);
        let found: Vec<usize> =
            log.get(first..last).map_or_else(Vec::new, |part| zigzag(part, leg)).iter().map(|k| k + first).collect();
        let valley = |range: std::ops::Range<usize>| {
            let begin = range.start;
            range.min_by(|&a, &b| log[a].total_cmp(&log[b])).unwrap_or(begin)
        };
        let mut peaks: Vec<SpectralPeak> = found
            .iter()
            .enumerate()
            .map(|(j, &k)| {
                let left = valley(if j > 0 { found[j - 1]..k } else { first..k });
                let right = valley(k + 1..found.get(j + 1).map_or(last, |next| next + 1));
                self.peak(k, left, right)
            })
            .collect();
        peaks.sort_by(|a, b| b.height.total_cmp(&a.height));
        peaks.truncate(most);
        peaks
    }

    /// The peak at bin `k` between two valleys.
    fn peak(&self, k: usize, left: usize, right: usize) -> SpectralPeak {
        let (step, s) = (self.step(), &self.density);
        let ground = s[left].max(s[right]).max(f64::MIN_POSITIVE);
        let power: f64 = s[left..=right].iter().sum::<f64>() * step;
        let prominence = s[k] / ground;
        let half_width = power / (PI * s[k]);
        if half_width > self.resolution
            && let Some(fit) = self.lorentzian(k, left, right, half_width)
            && 2.0 * fit.half_width > self.resolution
        {
            return SpectralPeak {
                frequency: fit.centre,
                error: fit.centre_error,
                height: fit.height,
                width: Some(2.0 * fit.half_width),
                width_error: Some(2.0 * fit.half_width_error),
                power,
                prominence,
            };
        }
        let log = |k: usize| s[k].max(f64::MIN_POSITIVE).ln();
        let (mut shift, mut height) = (0.0, s[k]);
        if k > 0 && k + 1 < s.len() {
            let (a, b, c) = (log(k - 1), log(k), log(k + 1));
            let bend = a - 2.0 * b + c;
            if bend < 0.0 {
                shift = (0.5 * (a - c) / bend).clamp(-0.5, 0.5);
                height = (b - 0.25 * (a - c) * shift).exp();
            }
        }
        // Rife and Boorstyn's bound for a line in white noise, over independent segments, and the error of the parabola.
        let noise = 1.5 * ground / (PI * PI * power.max(f64::MIN_POSITIVE) * self.duration.powi(3));
        let error = (noise / (0.5 * self.freedom) + (0.02 * step).powi(2)).sqrt();
        let frequency = self.frequencies[k] + shift * step;
        SpectralPeak { frequency, error, height, width: None, width_error: None, power, prominence }
    }

    /// Maximum-likelihood fit of S = A/(1 + ((f − f₀)/h)²) + B by Fisher scoring in (ln A, f₀, ln h, ln B).
    fn lorentzian(&self, k: usize, left: usize, right: usize, half_width: f64) -> Option<Fit> {
        let s = &self.density;
        let ground = s[left].min(s[right]).max(1e-12 * s[k]);
        let mut p = [s[k].ln(), self.frequencies[k], half_width.ln(), ground.ln()];
        // A wide margin of ground on both sides, as far as the valleys allow.
        let margin = (12.0 * half_width / self.step()).ceil() as usize;
        let range = left.max(k.saturating_sub(margin)).max(1)..right.min(k + margin) + 1;
        if range.len() < 8 {
            return None;
        }
        let likelihood = |p: &[f64; 4]| -> f64 {
            range
                .clone()
                .map(|j| {
                    let u = (self.frequencies[j] - p[1]) / p[2].exp();
                    let model = p[0].exp() / (1.0 + u * u) + p[3].exp();
                    -model.ln() - s[j] / model
                })
                .sum()
        };
        let mut best = likelihood(&p);
        let mut fisher = RMatrix::zeros(4, 4);
        for _ in 0..100 {
            let (h, a, b) = (p[2].exp(), p[0].exp(), p[3].exp());
            fisher = RMatrix::zeros(4, 4);
            let mut score = [0.0; 4];
            for j in range.clone() {
                let u = (self.frequencies[j] - p[1]) / h;
                let line = a / (1.0 + u * u);
                let model = line + b;
                let slope = 2.0 * u / (1.0 + u * u);
                let g = [line / model, line / model * slope / h, line / model * slope * u, b / model];
                for x in 0..4 {
                    score[x] += (s[j] / model - 1.0) * g[x];
                    for y in 0..4 {
                        fisher[(x, y)] += g[x] * g[y];
                    }
                }
            }
            let inverse = inverse(&fisher).ok()?;
            let step: Vec<f64> = (0..4).map(|x| (0..4).map(|y| inverse[(x, y)] * score[y]).sum()).collect();
            let mut share = 1.0;
            let moved = loop {
                let mut next = p;
                for x in 0..4 {
                    // No more than a factor e, or a half width, at once.
                    let limit = if x == 1 { h } else { 1.0 };
                    next[x] += (share * step[x]).clamp(-limit, limit);
                }
                let value = likelihood(&next);
                if value >= best {
                    p = next;
                    let gain = value - best;
                    best = value;
                    break gain > 1e-10;
                }
                share *= 0.5;
                if share < 1e-6 {
                    break false;
                }
            };
            if !moved {
                break;
            }
        }
        let covariance = inverse(&fisher).ok()?;
        // Degrees of freedom of a density, and the correlation of neighbouring ones through the window.
        let scale = 2.0 / self.freedom * (self.resolution / self.step()).max(1.0);
        let error = |x: usize| (scale * covariance[(x, x)]).sqrt();
        let fit = Fit {
            centre: p[1],
            centre_error: error(1),
            half_width: p[2].exp(),
            half_width_error: error(2) * p[2].exp(),
            height: p[0].exp() + p[3].exp(),
        };
        let inside = p[1] > self.frequencies[left] && p[1] < self.frequencies[right];
        let finite = [fit.centre_error, fit.half_width, fit.half_width_error, fit.height].iter().all(|x| x.is_finite());
        (inside && finite).then_some(fit)
    }
}

struct Fit {
    centre: f64,
    centre_error: f64,
    half_width: f64,
    half_width_error: f64,
    height: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use huygens_numerics::random::Streams;
    use proptest::prelude::*;

    fn noise(seed: u64, n: usize) -> Vec<f64> {
        let mut random = Streams { seed }.trajectory(0);
        (0..n).map(|_| random.normal()).collect()
    }

    #[test]
    fn white_noise_is_flat_within_its_error_bars() {
        let x = noise(2, 1 << 16);
        for (window, overlap) in [(Window::Hann, 0.5), (Window::Rectangular, 0.0), (Window::BlackmanHarris, 0.75)] {
            let options = Welch { segment: Some(1024), overlap, window, ..Welch::default() };
            let s = welch(&x, 100.0, &options).unwrap();
            assert_eq!(s.segments, 1 + (65_536 - 1024) / (1024.0 * (1.0 - overlap)) as usize);
            // One-sided density 2σ²/rate.
            let inner = &s.density[4..500];
            let mean = inner.iter().sum::<f64>() / 496.0;
            assert_relative_eq!(mean, 0.02, max_relative = 0.02);
            let scatter = inner.iter().map(|d| (d / 0.02 - 1.0).powi(2)).sum::<f64>() / 496.0;
            assert_relative_eq!(scatter, 2.0 / s.freedom, max_relative = 0.25);
            let covered = inner.iter().filter(|d| **d * s.factors[0] < 0.02 && **d * s.factors[1] > 0.02).count();
            assert!((450..490).contains(&covered), "{covered} of 496");
            assert_relative_eq!(s.power(0.0, 50.0), 1.0, max_relative = 0.02);
            assert!(s.peaks(10).is_empty(), "{:?}", s.peaks(10));
        }
    }

    #[test]
    fn lines_are_found_between_the_bins() {
        let rate = 50.0;
        for frequency in [3.0, 3.02, 7.123] {
            let mut x = noise(4, 20_000);
            for (k, v) in x.iter_mut().enumerate() {
                let t = k as f64 / rate;
                *v = 0.2 * *v + 2.0 * (TAU * frequency * t).sin() + 0.5 * (TAU * 11.0 * t).cos() + 0.1 * t;
            }
            let s = welch(&x, rate, &Welch { detrend: Detrend::Line, ..Welch::default() }).unwrap();
            let peaks = s.peaks(5);
            assert_eq!(peaks.len(), 2, "{peaks:?}");
            assert!((peaks[0].frequency - frequency).abs() < 3.0 * peaks[0].error, "{:?}", peaks[0]);
            assert!(peaks[0].error < 0.03 / s.duration && peaks[0].width.is_none());
            assert_relative_eq!(peaks[0].power, 2.0, max_relative = 0.02);
            assert!((peaks[1].frequency - 11.0).abs() < 3.0 * peaks[1].error);
        }
    }

    /// A damped oscillator driven by white noise, exact steps: a Lorentzian of full width γ/2π at ω₀/2π.
    #[test]
    fn lorentzians_give_their_frequency_and_linewidth() {
        let (omega, gamma, rate) = (TAU * 1.3, 0.6f64, 20.0);
        let (mut shifts, mut widths) = (Vec::new(), Vec::new());
        for trial in 0..30 {
            let mut random = Streams { seed: 33 }.trajectory(trial);
            let turn = c64::from_polar((-0.5 * gamma / rate).exp(), omega / rate);
            let kick = (1.0 - (-gamma / rate).exp()).sqrt();
            let mut b = c64::new(random.normal(), random.normal());
            let x: Vec<f64> = (0..40_000)
                .map(|_| {
                    b = b * turn + c64::new(random.normal(), random.normal()) * kick;
                    b.re
                })
                .collect();
            let s = welch(&x, rate, &Welch { segment: Some(4096), ..Welch::default() }).unwrap();
            let peak = &s.peaks(1)[0];
            shifts.push((peak.frequency - 1.3) / peak.error);
            widths.push((peak.width.unwrap() - gamma / TAU) / peak.width_error.unwrap());
            assert_relative_eq!(peak.power, 1.0, max_relative = 0.2);
        }
        for (name, list) in [("frequency", shifts), ("width", widths)] {
            let n = list.len() as f64;
            let (mean, square) = (list.iter().sum::<f64>() / n, list.iter().map(|x| x * x).sum::<f64>() / n);
            assert!(mean.abs() < 0.7, "{name}: {mean}");
            assert!((0.4..2.2).contains(&square), "{name}: {square}");
        }
    }

    #[test]
    fn segments_stay_between_gaps_and_bad_input_is_named() {
        let mut x = noise(8, 4096);
        x[1500..1600].fill(f64::NAN);
        let s = welch(&x, 1.0, &Welch { segment: Some(512), ..Welch::default() }).unwrap();
        assert_eq!(s.segments, (1 + (1500 - 512) / 256) + (1 + (4096 - 1600 - 512) / 256));
        let error = |x: &[f64], options: &Welch| welch(x, 1.0, options).unwrap_err().to_string();
        assert!(error(&[1.0; 5], &Welch::default()).contains("8 samples without a gap"));
        assert!(error(&x, &Welch { segment: Some(5000), ..Welch::default() }).contains("shorter segments"));
        assert!(error(&x, &Welch { overlap: 1.0, ..Welch::default() }).contains("overlap"));
        assert!(welch(&x, 0.0, &Welch::default()).is_err());
        assert!(welch(&[f64::NAN; 100], 1.0, &Welch::default()).is_err());
        let flat = welch(&[3.0; 100], 1.0, &Welch::default()).unwrap();
        assert!(flat.density.iter().all(|d| *d < 1e-25) && flat.peaks(3).is_empty());
    }

    proptest! {
        /// Parseval: without window, overlap and trend the integral is the mean square, whatever the length.
        #[test]
        fn the_integral_is_the_mean_square(x in prop::collection::vec(-10.0f64..10.0, 8..200), rate in 0.1f64..10.0) {
            let options = Welch {
                segment: Some(x.len()), window: Window::Rectangular, detrend: Detrend::Nothing, ..Welch::default()
            };
            let s = welch(&x, rate, &options).unwrap();
            let square = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
            let total: f64 = s.density.iter().sum::<f64>() * s.frequencies[1];
            prop_assert!((total - square).abs() < 1e-10 * (1.0 + square));
        }
    }
}
