//! Locking of two phases: which ratio, how strong, when does it slip.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::fmt;

use huygens_numerics::c64;

/// n:m locking: nφ₁ − mφ₂ stays bounded, so oscillator 1 makes m cycles in the time of n cycles of oscillator 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// Factor of the first phase.
    pub n: u32,
    /// Factor of the second phase.
    pub m: u32,
}

impl Ratio {
    /// 1:1.
    pub const EQUAL: Self = Self { n: 1, m: 1 };
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.n, self.m)
    }
}

/// All n:m in lowest terms with n, m ≤ `largest`, by n + m.
pub fn ratios(largest: u32) -> Vec<Ratio> {
    fn gcd(a: u32, b: u32) -> u32 {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    let mut all: Vec<Ratio> =
        (1..=largest).flat_map(|n| (1..=largest).map(move |m| Ratio { n, m })).filter(|r| gcd(r.n, r.m) == 1).collect();
    all.sort_by_key(|r| (r.n + r.m, r.n));
    all
}

/// nφ₁ − mφ₂, unwrapped as the phases are.
///
/// # Panics
/// When the phases have different lengths.
#[track_caller]
pub fn difference(first: &[f64], second: &[f64], ratio: Ratio) -> Vec<f64> {
    assert_eq!(first.len(), second.len(), "phases of one length");
    let (n, m) = (f64::from(ratio.n), f64::from(ratio.m));
    first.iter().zip(second).map(|(a, b)| n * a - m * b).collect()
}

/// ⟨e^{i(nφ₁ − mφ₂)}⟩: its modulus is the synchronization index, 1 for a constant difference and 0 for an even spread, its
/// argument the preferred difference (F. Mormann et al., Physica D 144, 358 (2000)). 0 for empty lists.
///
/// # Panics
/// When the phases have different lengths.
#[track_caller]
pub fn index(first: &[f64], second: &[f64], ratio: Ratio) -> c64 {
    assert_eq!(first.len(), second.len(), "phases of one length");
    let (n, m) = (f64::from(ratio.n), f64::from(ratio.m));
    let sum: c64 = first.iter().zip(second).map(|(a, b)| c64::from_polar(1.0, n * a - m * b)).sum();
    sum / first.len().max(1) as f64
}

/// The index freed from its bias: N independent differences without any preference have ⟨R²⟩ = 1/N, and
/// √max(0, (N R² − 1)/(N − 1)) is zero in the mean square there (M. Vinck et al., NeuroImage 51, 112 (2010)). N is the number of
/// cycles of the slower oscillator at most; slowly drifting differences are fewer.
pub fn index_without_bias(index: f64, independent: f64) -> f64 {
    if independent <= 1.0 {
        return 0.0;
    }
    ((independent * index * index - 1.0) / (independent - 1.0)).max(0.0).sqrt().min(1.0)
}

/// How strongly two phases are locked n:m, by three indices that are 0 without and 1 with perfect locking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Locking {
    /// The ratio.
    pub ratio: Ratio,
    /// |⟨e^{i(nφ₁ − mφ₂)}⟩|.
    pub index: f64,
    /// Preferred difference nφ₁ − mφ₂, in (−π, π].
    pub lag: f64,
    /// (S_max − S)/S_max, S the entropy of the distribution of nφ₁ − mφ₂ mod 2π in exp(0.626 + 0.4 ln(N − 1)) bins
    /// (P. Tass et al., Phys. Rev. Lett. 81, 3291 (1998)).
    pub entropy: f64,
    /// Mean over bins of φ₁ mod 2πm of |⟨e^{iφ₂/n}⟩| with φ₂ mod 2πn: how well one phase tells the other (Tass et al. 1998).
    pub conditional: f64,
}

/// The three indices of one ratio.
///
/// # Panics
/// When the phases have different lengths.
#[track_caller]
pub fn locking(first: &[f64], second: &[f64], ratio: Ratio) -> Locking {
    let mean = index(first, second, ratio);
    let samples = first.len();
    let bins =
        if samples > 1 { (0.626 + 0.4 * ((samples - 1) as f64).ln()).exp().round().max(2.0) as usize } else { 2 };
    let bin = |share: f64| ((share * bins as f64) as usize).min(bins - 1);
    let (n, m) = (f64::from(ratio.n), f64::from(ratio.m));
    let mut counts = vec![0usize; bins];
    let mut means = vec![(c64::new(0.0, 0.0), 0usize); bins];
    for (a, b) in first.iter().zip(second) {
        counts[bin((n * a - m * b).rem_euclid(TAU) / TAU)] += 1;
        let cell = &mut means[bin(a.rem_euclid(TAU * m) / (TAU * m))];
        cell.0 += c64::from_polar(1.0, b.rem_euclid(TAU * n) / n);
        cell.1 += 1;
    }
    let entropy: f64 = counts.iter().filter(|&&c| c > 0).map(|&c| c as f64 / samples as f64).map(|p| -p * p.ln()).sum();
    let filled: Vec<f64> = means.iter().filter(|c| c.1 > 0).map(|c| c.0.norm() / c.1 as f64).collect();
    let conditional = if filled.is_empty() { 0.0 } else { filled.iter().sum::<f64>() / filled.len() as f64 };
    let largest = (bins as f64).ln();
    let entropy = if samples == 0 { 0.0 } else { ((largest - entropy) / largest).clamp(0.0, 1.0) };
    Locking { ratio, index: mean.norm(), lag: mean.arg(), entropy, conditional }
}

/// The indices of every ratio, the strongest by [`Locking::index`] first.
///
/// The largest of many indices is large by chance too: compare it with the largest of the same scan on surrogates
/// ([`super::p_value`]), not with a single one.
#[track_caller]
pub fn scan(first: &[f64], second: &[f64], ratios: &[Ratio]) -> Vec<Locking> {
    let mut all: Vec<Locking> = ratios.iter().map(|&r| locking(first, second, r)).collect();
    all.sort_by(|a, b| b.index.total_cmp(&a.index));
    all
}

/// A phase slip: the difference went on to the next of its preferred values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slip {
    /// Sample at which half of the way was made for the last time before the next value was reached.
    pub sample: usize,
    /// Whole cycles, positive where the first oscillator gains.
    pub cycles: i64,
}

/// Slips of a phase difference between its preferred values `preferred + 2πk`.
///
/// The difference belongs to one value until it comes nearer than `reach`·2π to another. With `reach` = ½ every passage through
/// the middle between two values counts; with `reach` = ¼ a difference that swings about the middle is not counted time and again.
/// Where the difference of each cycle jitters, count the passages of its [`moving_mean`] over some cycles.
pub fn slips(difference: &[f64], preferred: f64, reach: f64) -> Vec<Slip> {
    let reach = reach.clamp(0.0, 0.5);
    let mut found = Vec::new();
    let turns = |x: f64| (x - preferred) / TAU;
    let Some(&start) = difference.first() else {
        return found;
    };
    let mut at = turns(start).round();
    let mut half = 0;
    for (k, &x) in difference.iter().enumerate() {
        let x = turns(x);
        let next = x.round();
        if k > 0 && (turns(difference[k - 1]) - at).abs() < 0.5 && (x - at).abs() >= 0.5 {
            half = k;
        }
        if next != at && (x - next).abs() <= reach {
            found.push(Slip { sample: half, cycles: (next - at) as i64 });
            at = next;
        }
    }
    found
}

/// Means over `window` successive samples, as many as there are such windows: element k is the mean of the samples k to
/// k + window − 1. A window longer than the list is the whole of it.
pub fn moving_mean(x: &[f64], window: usize) -> Vec<f64> {
    if x.is_empty() {
        return Vec::new();
    }
    let window = window.clamp(1, x.len());
    // sums of the list minus its first value: no digits are lost on long, steep lists
    let mut sums = Vec::with_capacity(x.len() + 1);
    sums.push(0.0);
    for v in x {
        sums.push(sums[sums.len() - 1] + (v - x[0]));
    }
    (0..=x.len() - window).map(|k| x[0] + (sums[k + window] - sums[k]) / window as f64).collect()
}

/// Share of the samples at which the difference is within a quarter cycle of a preferred value: 1 when locked, about ½ when every
/// difference is as likely as any other. 0 for an empty list.
pub fn locked_fraction(difference: &[f64], preferred: f64) -> f64 {
    let near = difference.iter().filter(|&&x| {
        let x = x - preferred;
        (x - TAU * (x / TAU).round()).abs() < FRAC_PI_2
    });
    near.count() as f64 / difference.len().max(1) as f64
}
