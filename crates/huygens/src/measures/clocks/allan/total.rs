//! Total variances: the record, or each piece of it, is extended by reflection.

use super::Statistic;
use super::series::Prepared;

/// Total variance (D. A. Howe, IEEE Trans. UFFC 47, 1102 (2000)): the record is extended by inverted reflection at both ends, and second
/// differences are taken about each inner point.
pub(super) fn total(data: &Prepared, m: usize) -> Option<(f64, usize)> {
    let (mut sum, mut terms) = (0.0, 0);
    for stretch in &data.stretches {
        let x = &data.flat[stretch.clone()];
        let n = x.len();
        if n < 2 * m + 1 {
            continue;
        }
        for i in 1..n - 1 {
            let before = if i >= m { x[i - m] } else { 2.0 * x[0] - x[m - i] };
            let after = if i + m < n { x[i + m] } else { 2.0 * x[n - 1] - x[2 * (n - 1) - (i + m)] };
            let d = (before - x[i]) + (after - x[i]);
            sum += d * d;
        }
        terms += n - 2;
    }
    let tau = m as f64 * data.tau0;
    (terms > 0).then(|| (sum / (2.0 * tau * tau * terms as f64), terms))
}

/// Mean square over the 6m positions of the second difference of three adjacent m-sums of a series of 3m values, freed of its slope and
/// extended to 9m values by even reflection at both ends. `work` holds at least 9m + 1 numbers.
fn reflected(values: &[f64], m: usize, work: &mut [f64]) -> f64 {
    let n = 3 * m;
    // The slope from the averages of the two halves; an odd series leaves its middle out.
    let half = n / 2;
    let average = |part: &[f64]| part.iter().sum::<f64>() / half as f64;
    let slope = (average(&values[n - half..]) - average(&values[..half])) / (n - half) as f64;
    let centre = 0.5 * (n - 1) as f64;
    let at = |k: usize| {
        // 0 … 9m − 1 of the extended series.
        let j = if k < n {
            n - 1 - k
        } else if k < 2 * n {
            k - n
        } else {
            3 * n - 1 - k
        };
        values[j] - slope * (j as f64 - centre)
    };
    work[0] = 0.0;
    for k in 0..3 * n {
        work[k + 1] = work[k] + at(k);
    }
    let s = &work[..3 * n + 1];
    let term = |j: usize| {
        let d = (s[j + 3 * m] - s[j]) - 3.0 * (s[j + 2 * m] - s[j + m]);
        d * d
    };
    (0..6 * m).map(term).sum::<f64>() / (6 * m) as f64
}

/// Mean of [`reflected`] over all stretches of 3m values.
fn mean_reflected(pieces: &[&[f64]], m: usize) -> Option<(f64, usize)> {
    let mut work = vec![0.0; 9 * m + 1];
    let (mut sum, mut terms) = (0.0, 0);
    for piece in pieces {
        for window in piece.windows(3 * m) {
            sum += reflected(window, m, &mut work);
            terms += 1;
        }
    }
    (terms > 0).then(|| (sum / terms as f64, terms))
}

/// Modified total variance (D. A. Howe and F. Vernotte, Proc. 31st PTTI, 267 (1999)). O(N m).
pub(super) fn modified(data: &Prepared, m: usize) -> Option<(f64, usize)> {
    let pieces: Vec<&[f64]> = data.stretches.iter().map(|s| &data.flat[s.clone()]).collect();
    let tau = m as f64 * data.tau0;
    let (square, terms) = mean_reflected(&pieces, m)?;
    Some((square / (2.0 * tau * tau * (m * m) as f64), terms))
}

/// Hadamard total variance (D. A. Howe et al., Proc. 32nd PTTI, 255 (2000)): the same of the frequencies. O(N m).
pub(super) fn hadamard(data: &Prepared, m: usize) -> Option<(f64, usize)> {
    let frequencies: Vec<Vec<f64>> = data
        .stretches
        .iter()
        .map(|s| data.flat[s.clone()].windows(2).map(|w| (w[1] - w[0]) / data.tau0).collect())
        .collect();
    let pieces: Vec<&[f64]> = frequencies.iter().map(Vec::as_slice).collect();
    let (square, terms) = mean_reflected(&pieces, m)?;
    Some((square / (6.0 * (m * m) as f64), terms))
}

/// Expectation of the statistic's variance over the variance it estimates, for noise of exponent α; 1 where it has no bias (SP 1065,
/// tables 9 to 11 and sec. 5.2.15).
pub(super) fn bias(statistic: Statistic, alpha: i32, m: usize, n: usize) -> f64 {
    match statistic {
        Statistic::Totdev => {
            let a = match alpha {
                -1 => 1.0 / (3.0 * std::f64::consts::LN_2),
                a if a <= -2 => 0.75,
                _ => 0.0,
            };
            1.0 - a * m as f64 / (n - 1) as f64
        }
        Statistic::Mtot | Statistic::Ttot => match alpha {
            2 => 0.94,
            1 => 0.83,
            0 => 0.73,
            -1 => 0.70,
            _ => 0.69,
        },
        Statistic::Htot if m > 1 => match alpha {
            -1 => 0.851,
            -2 => 0.771,
            -3 => 0.717,
            -4 => 0.679,
            _ => 0.995,
        },
        Statistic::Theo1 => {
            // AVAR/Thêo1 = a + b/(0.75 m)^c (Howe et al., Proc. 18th EFTF (2004), table 1).
            let (a, b, c) = match alpha {
                2 => (0.09, 0.74, 0.40),
                1 => (0.14, 0.82, 0.30),
                0 => (1.0, 0.0, 0.0),
                -1 => (1.87, -1.05, 0.79),
                _ => (2.70, -1.53, 0.85),
            };
            1.0 / (a + b / (0.75 * m as f64).powf(c))
        }
        _ => 1.0,
    }
}
