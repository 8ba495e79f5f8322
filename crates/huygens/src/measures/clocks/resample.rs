//! Confidence intervals for functions of averages over blocks of correlated, possibly heavy-tailed data.

use huygens_numerics::random::Streams;

use super::{moments, quantile};

/// Fewest blocks from which an interval is tried.
pub(super) const FEWEST_BLOCKS: usize = 8;
/// Most blocks made; more of them than this tell nothing new but cost time.
const MOST_BLOCKS: usize = 128;
const RESAMPLES: usize = 999;

/// Length of the blocks into which `n` correlated terms are cut: `4 τ` or more, at most [`MOST_BLOCKS`] blocks.
pub(super) fn block_length(n: usize, correlation_time: f64, at_least: usize) -> usize {
    let by_correlation = (4.0 * correlation_time).ceil().min(n as f64) as usize;
    // Uncorrelated terms may be blocks of their own.
    let by_correlation = if correlation_time < 0.75 { 1 } else { by_correlation };
    by_correlation.max(at_least).max(n.div_ceil(MOST_BLOCKS)).max(1)
}

/// Integrated autocorrelation time τ = ½ + Σ ρ_k of a series, in samples, the sum ended where a pair ρ_{2k} + ρ_{2k+1} turns
/// negative (C. J. Geyer, Stat. Sci. 7, 473 (1992)). ½ for independent terms.
pub(super) fn correlation_time(values: &[f64]) -> f64 {
    let n = values.len();
    let [mean, variance] = moments(values);
    if n < 4 || variance <= 0.0 {
        return 0.5;
    }
    let total = variance * (n - 1) as f64;
    let rho = |lag: usize| -> f64 {
        values[lag..].iter().zip(values).map(|(b, a)| (b - mean) * (a - mean)).sum::<f64>() / total
    };
    let mut tau = 0.5;
    let mut lag = 1;
    while lag + 1 < n / 2 {
        // The first pair holds ρ₀ = 1.
        let pair = if lag == 1 { 1.0 + rho(1) } else { rho(lag - 1) + rho(lag) };
        if pair <= 0.0 {
            break;
        }
        tau += if lag == 1 { pair - 1.0 } else { pair };
        lag += 2;
        // Noise alone keeps the sum alive with probability ½ a pair: stop where it is small.
        if pair < 4.0 / (n as f64).sqrt() && lag > 3 {
            break;
        }
    }
    tau.max(0.5)
}

/// Bootstrap-t interval (P. Hall, *The Bootstrap and Edgeworth Expansion*, 1992, sec. 3.6) of `statistic(Σ blocks)`: blocks are
/// drawn with replacement, each draw is studentised with its own delete-one jackknife error. Where a few blocks carry most of
/// the sum, draws without them look precise and far off, and the interval opens towards them, as it must.
///
/// `None` where there are too few blocks or the statistic is not finite for most draws.
pub(super) fn studentised<const K: usize>(
    blocks: &[[f64; K]],
    statistic: impl Fn(&[f64; K]) -> f64,
    confidence: f64,
) -> Option<[f64; 2]> {
    let n = blocks.len();
    if n < FEWEST_BLOCKS {
        return None;
    }
    let sum = |picks: &mut dyn Iterator<Item = usize>| {
        let mut total = [0.0; K];
        for k in picks {
            for (t, b) in total.iter_mut().zip(&blocks[k]) {
                *t += b;
            }
        }
        total
    };
    let error = |picks: &[usize], total: &[f64; K]| -> f64 {
        let (mut first, mut second) = (0.0, 0.0);
        for &k in picks {
            let mut rest = *total;
            for (t, b) in rest.iter_mut().zip(&blocks[k]) {
                *t -= b;
            }
            let value = statistic(&rest);
            first += value;
            second += value * value;
        }
        let m = picks.len() as f64;
        ((m - 1.0) * (second / m - (first / m) * (first / m)).max(0.0)).sqrt()
    };
    let all: Vec<usize> = (0..n).collect();
    let total = sum(&mut all.iter().copied());
    let (centre, scale) = (statistic(&total), error(&all, &total));
    if !(centre.is_finite() && scale.is_finite()) {
        return None;
    }
    // One seed for all: the same data give the same interval.
    let mut random = Streams { seed: 0x6875_7967_656e_7321 }.trajectory(0);
    let mut picks = vec![0; n];
    let mut ratios = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        picks.iter_mut().for_each(|p| *p = ((random.uniform() * n as f64) as usize).min(n - 1));
        let total = sum(&mut picks.iter().copied());
        let ratio = (statistic(&total) - centre) / error(&picks, &total);
        if ratio.is_finite() {
            ratios.push(ratio);
        }
    }
    if ratios.len() < RESAMPLES / 2 {
        return None;
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - confidence);
    Some([centre - quantile(&ratios, 1.0 - tail) * scale, centre - quantile(&ratios, tail) * scale])
}
