//! Null models: data with the same clocks but without their relation.

use std::collections::HashMap;
use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::fourier::{fft, ifft, irfft, rfft};
use huygens_numerics::random::Stream;

use super::{PhaseError, Ratio, finite};

/// Which null model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surrogates {
    /// One of the two records is turned round by a random time (its end is put before its beginning): each clock keeps everything
    /// of its own, only the relation is lost.
    Shifted,
    /// Each record is replaced by a linear Gaussian process with its autocorrelation (an autoregressive model).
    Autoregressive,
    /// One of the two records is replaced by another run of the same oscillator, made by jumps between twins: points whose
    /// neighbours in phase space are the same (M. Thiel et al., Europhys. Lett. 75, 535 (2006)).
    Twin,
}

impl Surrogates {
    /// `shifted`, `ar` or `twin`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shifted => "shifted",
            Self::Autoregressive => "ar",
            Self::Twin => "twin",
        }
    }

    /// One sentence on what the null model keeps and what it destroys.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Shifted => "cyclically time-shifted: each clock as recorded, at a wrong time",
            Self::Autoregressive => "autoregressive: linear Gaussian processes with the clocks' spectra",
            Self::Twin => "twin: other runs of the same oscillator, by jumps between points with equal neighbours",
        }
    }
}

/// The p-value of an observation against surrogates: (k + 1)/(n + 1) with k of n surrogates at least as large. It is never zero, and
/// under the null hypothesis at most α with probability at most α (B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39
/// (2010)).
///
/// ```
/// assert_eq!(huygens::measures::phases::p_value(0.9, &[0.1, 0.2, 0.95]), 0.5);
/// ```
pub fn p_value(observed: f64, surrogates: &[f64]) -> f64 {
    let reached = surrogates.iter().filter(|&&s| s >= observed).count();
    (reached + 1) as f64 / (surrogates.len() + 1) as f64
}

/// The list turned round: element k of the result is element (k + shift) mod n.
pub fn shifted<T: Copy>(x: &[T], shift: usize) -> Vec<T> {
    let mut out = x.to_vec();
    if !out.is_empty() {
        out.rotate_left(shift % x.len());
    }
    out
}

/// `count` random cyclic shifts, none of them nearer than `least` samples to no shift at all.
///
/// # Errors
/// [`PhaseError::TooFew`] when `least` leaves no room.
pub fn random_shifts(
    samples: usize,
    least: usize,
    count: usize,
    stream: &mut Stream,
) -> Result<Vec<usize>, PhaseError> {
    let least = least.max(1);
    if samples < 2 * least + 1 {
        return Err(PhaseError::TooFew { what: "samples", found: samples, needed: 2 * least + 1 });
    }
    let room = samples - 2 * least + 1;
    Ok((0..count).map(|_| least + below(room, stream)).collect())
}

/// The synchronization index |⟨e^{i(nφ₁(t + s) − mφ₂(t))}⟩| for every cyclic shift s of the first phase at once, by one Fourier
/// transform: the element at 0 is the index of the data.
///
/// # Panics
/// When the phases have different lengths.
#[track_caller]
pub fn correlate_shifts(first: &[f64], second: &[f64], ratio: Ratio) -> Vec<f64> {
    assert_eq!(first.len(), second.len(), "phases of one length");
    let circle = |phase: &[f64], factor: u32| -> Vec<c64> {
        phase.iter().map(|p| c64::from_polar(1.0, f64::from(factor) * p)).collect()
    };
    let samples = first.len();
    if samples == 0 {
        return Vec::new();
    }
    let mut a = circle(first, ratio.n);
    let mut b = circle(second, ratio.m);
    fft(&mut a);
    fft(&mut b);
    for (a, b) in a.iter_mut().zip(&b) {
        *a *= b.conj();
    }
    ifft(&mut a);
    let size = samples as f64;
    a.iter().map(|z| z.norm() / (size * size)).collect()
}

/// A series with the same power spectrum and random Fourier phases (J. Theiler et al., Physica D 58, 77 (1992)).
///
/// # Errors
/// [`PhaseError::TooFew`] below 4 samples, [`PhaseError::NotFinite`].
pub fn phase_randomised(x: &[f64], stream: &mut Stream) -> Result<Vec<f64>, PhaseError> {
    finite(x, 4)?;
    let n = x.len();
    let mut spectrum = rfft(x);
    let last = spectrum.len() - usize::from(n.is_multiple_of(2));
    for value in &mut spectrum[1..last] {
        *value = c64::from_polar(value.norm(), TAU * stream.uniform());
    }
    Ok(irfft(&spectrum, n))
}

/// A linear Gaussian process x_t = μ + Σ_k a_k (x_{t−k} − μ) + σ ξ_t.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoregressive {
    /// Mean μ.
    pub mean: f64,
    /// Coefficients a_1, a_2, ….
    pub coefficients: Vec<f64>,
    /// Standard deviation σ of the innovations.
    pub noise: f64,
}

impl Autoregressive {
    /// Fits the coefficients by Burg's recursion, which always gives a stable process (J. P. Burg, PhD thesis, Stanford (1975)), at the
    /// order up to `largest` that has the least Akaike criterion n ln σ² + 2p.
    ///
    /// # Errors
    /// [`PhaseError::TooFew`] below 8 samples, [`PhaseError::NotFinite`], [`PhaseError::Constant`].
    pub fn fit(x: &[f64], largest: usize) -> Result<Self, PhaseError> {
        finite(x, 8)?;
        let n = x.len();
        let mean = x.iter().sum::<f64>() / n as f64;
        let mut forward: Vec<f64> = x.iter().map(|x| x - mean).collect();
        let mut backward = forward.clone();
        let mut power = forward.iter().map(|f| f * f).sum::<f64>() / n as f64;
        if power <= 1e-24 * mean * mean || power == 0.0 {
            return Err(PhaseError::Constant { value: mean });
        }
        let floor = 1e-14 * power;
        let score = |power: f64, order: usize| n as f64 * power.ln() + 2.0 * order as f64;
        let mut coefficients: Vec<f64> = Vec::new();
        let mut best = Self { mean, coefficients: Vec::new(), noise: power.sqrt() };
        let mut least = score(power, 0);
        for order in 1..=largest.min(n / 3) {
            // errors f_t and b_{t−1} of the order before
            let (mut cross, mut sum) = (0.0, 0.0);
            for t in order..n {
                cross += forward[t] * backward[t - 1];
                sum += forward[t] * forward[t] + backward[t - 1] * backward[t - 1];
            }
            if sum <= 0.0 {
                break;
            }
            let k = 2.0 * cross / sum;
            for t in (order..n).rev() {
                let (f, b) = (forward[t], backward[t - 1]);
                forward[t] = f - k * b;
                backward[t] = b - k * f;
            }
            let before = coefficients.clone();
            for (j, c) in coefficients.iter_mut().enumerate() {
                *c -= k * before[order - 2 - j];
            }
            coefficients.push(k);
            power *= 1.0 - k * k;
            if power <= floor {
                break;
            }
            if score(power, order) < least {
                least = score(power, order);
                best = Self { mean, coefficients: coefficients.clone(), noise: power.sqrt() };
            }
        }
        Ok(best)
    }

    /// A run of `samples` samples, after a run-in of ten times the order and at least as long as the series itself up to 4096.
    pub fn series(&self, samples: usize, stream: &mut Stream) -> Vec<f64> {
        let p = self.coefficients.len();
        let skip = (10 * p).max(samples.min(4096));
        let mut x = vec![0.0; p + skip + samples];
        for t in p..x.len() {
            let past: f64 = self.coefficients.iter().enumerate().map(|(k, a)| a * x[t - 1 - k]).sum();
            x[t] = past + self.noise * stream.normal();
        }
        x[p + skip..].iter().map(|x| x + self.mean).collect()
    }
}

/// The twins of a recorded trajectory: points that have the same neighbours within a distance, and so cannot be told apart by the
/// dynamics. Jumping between them makes further runs of the same oscillator (Thiel et al. 2006).
#[derive(Clone, Debug, PartialEq)]
pub struct Twins {
    /// Group of each point.
    group: Vec<usize>,
    /// Points of each group.
    members: Vec<Vec<usize>>,
}

impl Twins {
    /// Finds the twins of a scalar record in the delay embedding (x_t, x_{t−delay}, …) of the given dimension.
    ///
    /// Two points are neighbours when all their coordinates differ by less than a threshold, chosen so that the share `density` of all
    /// pairs are neighbours (0.1 is usual). The cost grows with the square of the number of samples: thin out long records first.
    ///
    /// # Errors
    /// [`PhaseError::TooFew`], [`PhaseError::NotFinite`], [`PhaseError::Constant`].
    ///
    /// # Panics
    /// When the dimension is zero.
    #[track_caller]
    pub fn find(x: &[f64], dimension: usize, delay: usize, density: f64) -> Result<Self, PhaseError> {
        assert!(dimension > 0, "an embedding of at least one dimension");
        let past = (dimension - 1) * delay;
        finite(x, past + 16)?;
        let n = x.len() - past;
        if x.iter().all(|a| *a == x[0]) {
            return Err(PhaseError::Constant { value: x[0] });
        }
        let distance = |i: usize, j: usize| {
            (0..dimension).map(|d| (x[i + d * delay] - x[j + d * delay]).abs()).fold(0.0, f64::max)
        };
        // the threshold as a quantile of the distances of pairs spread over the record
        let stride = (n * n / 400_000).max(1);
        let mut sample: Vec<f64> = (0..n * n)
            .step_by(stride)
            .map(|k| (k / n, k % n))
            .filter(|(i, j)| i < j)
            .map(|(i, j)| distance(i, j))
            .collect();
        let at = ((sample.len() as f64 * density) as usize).min(sample.len() - 1);
        let threshold = *sample.select_nth_unstable_by(at, f64::total_cmp).1;
        let words = n.div_ceil(64);
        let mut rows: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut group = Vec::with_capacity(n);
        let mut members: Vec<Vec<usize>> = Vec::new();
        for i in 0..n {
            let mut row = vec![0u64; words];
            for j in 0..n {
                if distance(i, j) <= threshold {
                    row[j / 64] |= 1 << (j % 64);
                }
            }
            let g = *rows.entry(row).or_insert_with(|| {
                members.push(Vec::new());
                members.len() - 1
            });
            members[g].push(i);
            group.push(g);
        }
        // the first samples of the record have no past: they count as the first point that has one
        let mut whole = vec![group[0]; past];
        whole.extend(&group);
        for list in &mut members {
            list.iter_mut().for_each(|i| *i += past);
        }
        Ok(Self { group: whole, members })
    }

    /// Share of the points that have a twin.
    pub fn share(&self) -> f64 {
        let with: usize = self.members.iter().filter(|m| m.len() > 1).map(Vec::len).sum();
        with as f64 / self.group.len() as f64
    }

    /// Another run: the samples of the record in a new order, as indices. It starts anywhere; at each point it goes on behind one of the
    /// point's twins, itself included, and at the end of the record anywhere.
    pub fn surrogate(&self, samples: usize, stream: &mut Stream) -> Vec<usize> {
        let n = self.group.len();
        let mut at = below(n, stream);
        let mut out = Vec::with_capacity(samples);
        for _ in 0..samples {
            out.push(at);
            let twins = &self.members[self.group[at]];
            let from = if twins.len() > 1 && twins.contains(&at) { twins[below(twins.len(), stream)] } else { at };
            at = if from + 1 < n { from + 1 } else { below(n, stream) };
        }
        out
    }
}

/// A whole number below `n`, each as likely as any other.
fn below(n: usize, stream: &mut Stream) -> usize {
    ((stream.uniform() * n as f64) as usize).min(n - 1)
}
