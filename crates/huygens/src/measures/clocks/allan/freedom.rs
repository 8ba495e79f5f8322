//! Equivalent degrees of freedom of the estimators: how many independent squares a variance is worth.

use super::Statistic;

/// Degrees of freedom of a variance from `n` phases, of which gaps leave `terms` terms; `None` where there is no formula.
pub(super) fn degrees(statistic: Statistic, alpha: i32, m: usize, n: usize, terms: usize) -> Option<f64> {
    use Statistic::{Adev, Hdev, Htot, Mdev, Mtie, Mtot, Oadev, Ohdev, Tdev, Theo1, TieRms, Totdev, Ttot};
    let ratio = (n - 1) as f64 / m as f64;
    match statistic {
        Adev => greenhall(alpha, 2, m, terms, false, false),
        Oadev => greenhall(alpha, 2, m, terms, true, false),
        Mdev | Tdev => greenhall(alpha, 2, m, terms, true, true),
        Hdev => greenhall(alpha, 3, m, terms, false, false),
        Ohdev => greenhall(alpha, 3, m, terms, true, false),
        Totdev => {
            // SP 1065, table 7; for phase noise a total variance is worth no more than the overlapping one.
            let (b, c) = match alpha {
                0 => (1.50, 0.0),
                -1 => (1.17, 0.22),
                -2 => (0.93, 0.36),
                _ => return greenhall(alpha, 2, m, n.saturating_sub(2 * m), true, false),
            };
            Some(b * ratio - c)
        }
        Mtot | Ttot => {
            // Table 8.
            let (b, c) = match alpha {
                2 => (1.90, 2.1),
                1 => (1.20, 1.40),
                0 => (1.10, 1.2),
                -1 => (0.85, 0.50),
                _ => (0.75, 0.31),
            };
            Some(b * ratio - c)
        }
        Htot => {
            // Howe and Tasset, Proc. 2005 IEEE FCS, table I, for m ≥ 16; the overlapping statistic below.
            let (b0, b1) = match alpha {
                0 => (0.559, 1.004),
                -1 => (0.868, 1.140),
                -2 => (0.938, 1.696),
                -3 => (0.974, 2.554),
                -4 => (1.276, 3.149),
                _ => return greenhall(alpha, 3, m, n.saturating_sub(3 * m), true, false),
            };
            if m < 16 {
                return greenhall(alpha, 3, m, n.saturating_sub(3 * m), true, false);
            }
            Some(ratio / (b0 + b1 / ratio))
        }
        Theo1 => Some(theo1(alpha, m, n)),
        Mtie | TieRms => None,
    }
}

/// Howe and Peppler, Proc. 2003 IEEE FCS, with r = 0.75 m.
fn theo1(alpha: i32, m: usize, n: usize) -> f64 {
    let (n, r) = (n as f64, 0.75 * m as f64);
    match alpha {
        2 => 0.86 * (n + 1.0) * (n - 4.0 * r / 3.0) / (n - r) * (r / (r + 1.14)),
        1 => (4.798 * n * n - 6.374 * n * r + 12.387 * r) / ((r + 36.6).sqrt() * (n - r)) * (r / (r + 0.3)),
        0 => ((4.1 * n + 0.8) / r - (3.1 * n + 6.5) / n) * (r.powf(1.5) / (r.powf(1.5) + 5.2)),
        -1 => (2.0 * n * n - 1.3 * n * r - 3.5 * r) / (n * r) * (r.powi(3) / (r.powi(3) + 2.3)),
        _ => {
            let u = 4.4 * n - 1.0;
            (4.4 * n - 2.0) / (2.9 * r) * (u * u - 8.6 * r * u + 11.4 * r * r) / (4.4 * n - 3.0).powi(2)
        }
    }
}

/// Largest number of terms summed.
const MOST: f64 = 100.0;

/// Degrees of freedom of variances of d-th differences (C. A. Greenhall and W. J. Riley, Proc. 35th PTTI, 267 (2003), sec. 3.6): noise of
/// exponent α, stride m/S, filter factor F (1 for modified variances, m otherwise), M terms.
fn greenhall(alpha: i32, d: usize, m: usize, terms: usize, overlapping: bool, modified: bool) -> Option<f64> {
    if alpha + 2 * d as i32 <= 1 || terms == 0 {
        return None;
    }
    let m_real = m as f64;
    let filter = if modified { 1.0 } else { m_real };
    let stride = if overlapping { m_real } else { 1.0 };
    let count = terms as f64;
    let most = count.min((d + 1) as f64 * stride);
    let ratio = count / stride;
    let enough = ratio > (d + 1) as f64;
    let law = Law { alpha, d };
    let sum = |j: f64, count: f64, stride: f64, filter: f64| {
        law.sum(j, count, stride, filter) / (law.of_differences(0.0, filter).powi(2) * count)
    };
    let inverse = if modified || m == 1 {
        if most <= MOST {
            sum(most, count, stride, 1.0)
        } else if enough {
            let [a0, a1] = table_1(alpha, d)?;
            (a0 - a1 / ratio) / ratio
        } else {
            sum(MOST, MOST, MOST / ratio, 1.0)
        }
    } else if alpha <= 0 {
        if most <= MOST {
            let filter = if m_real * (d + 1) as f64 <= MOST { filter } else { f64::INFINITY };
            sum(most, count, stride, filter)
        } else if enough {
            let [a0, a1] = table_2(alpha, d)?;
            (a0 - a1 / ratio) / ratio
        } else {
            sum(MOST, MOST, MOST / ratio, f64::INFINITY)
        }
    } else if alpha == 1 {
        if most <= MOST {
            sum(most, count, stride, filter)
        } else {
            let [b0, b1] = if d == 2 { [15.23, 12.0] } else { [47.8, 40.0] };
            let square = (b0 + b1 * m_real.ln()).powi(2);
            if enough {
                let [a0, a1] = table_2(alpha, d)?;
                (a0 - a1 / ratio) / (square * ratio)
            } else {
                let prime = MOST / ratio;
                law.sum(MOST, MOST, prime, prime) / (square * MOST)
            }
        }
    } else {
        let whole = ratio.ceil() as usize;
        if whole <= d {
            let choose = |k: usize| binomial(2 * d, k);
            let tail: f64 = (1..whole).map(|k| (1.0 - k as f64 / ratio) * choose(d - k).powi(2)).sum();
            (1.0 + 2.0 * tail / choose(d).powi(2)) / count
        } else {
            let [a0, a1] = table_2(alpha, d)?;
            (a0 - a1 / ratio) / count
        }
    };
    Some(1.0 / inverse)
}

fn binomial(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |b, i| b * (n - i) as f64 / (i + 1) as f64)
}

/// Covariances of a power-law process and its differences, up to a factor.
struct Law {
    alpha: i32,
    d: usize,
}

impl Law {
    /// Generalised autocovariance of the continuous process (eq. 7).
    fn of_process(alpha: i32, t: f64) -> f64 {
        let t = t.abs();
        let log = || if t == 0.0 { 0.0 } else { t.ln() };
        match alpha {
            2 => -t,
            1 => t * t * log(),
            0 => t.powi(3),
            -1 => -t.powi(4) * log(),
            -2 => -t.powi(5),
            -3 => t.powi(6) * log(),
            _ => t.powi(7),
        }
    }

    /// Of the phase, a difference of the process over 1/F (eq. 8).
    fn of_phase(&self, t: f64, filter: f64) -> f64 {
        if filter.is_infinite() {
            return Self::of_process(self.alpha + 2, t);
        }
        let s = |t: f64| Self::of_process(self.alpha, t);
        filter * filter * (2.0 * s(t) - s(t - 1.0 / filter) - s(t + 1.0 / filter))
    }

    /// Of the d-th differences of the phase (eq. 9).
    fn of_differences(&self, t: f64, filter: f64) -> f64 {
        let d = self.d as i32;
        (-d..=d)
            .map(|k| {
                let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
                sign * binomial(2 * self.d, (k + d) as usize) * self.of_phase(t + f64::from(k), filter)
            })
            .sum()
    }

    /// Sum of squared covariances over lags 0 … J in steps of 1/S (eq. 10).
    fn sum(&self, most: f64, count: f64, stride: f64, filter: f64) -> f64 {
        let square = |t: f64| self.of_differences(t, filter).powi(2);
        let inner: f64 = (1..most as usize).map(|j| 2.0 * (1.0 - j as f64 / count) * square(j as f64 / stride)).sum();
        square(0.0) + (1.0 - most / count) * square(most / stride) + inner
    }
}

fn table_1(alpha: i32, d: usize) -> Option<[f64; 2]> {
    Some(match (d, alpha) {
        (2, 2) => [7.0 / 9.0, 0.5],
        (2, 1) => [0.997, 0.616],
        (2, 0) => [1.033, 0.607],
        (2, -1) => [1.048, 0.534],
        (2, -2) => [1.302, 0.535],
        (3, 2) => [22.0 / 25.0, 2.0 / 3.0],
        (3, 1) => [1.141, 0.843],
        (3, 0) => [1.184, 0.848],
        (3, -1) => [1.180, 0.816],
        (3, -2) => [1.175, 0.777],
        (3, -3) => [1.194, 0.703],
        (3, -4) => [1.489, 0.702],
        _ => return None,
    })
}

fn table_2(alpha: i32, d: usize) -> Option<[f64; 2]> {
    Some(match (d, alpha) {
        (2, 2) => [35.0 / 18.0, 1.0],
        (2, 1) => [790.0, 410.0],
        (2, 0) => [2.0 / 3.0, 1.0 / 3.0],
        (2, -1) => [0.852, 0.375],
        (2, -2) => [1.079, 0.368],
        (3, 2) => [231.0 / 100.0, 1.5],
        (3, 1) => [9950.0, 6520.0],
        (3, 0) => [7.0 / 9.0, 0.5],
        (3, -1) => [0.997, 0.617],
        (3, -2) => [1.033, 0.607],
        (3, -3) => [1.053, 0.553],
        (3, -4) => [1.302, 0.535],
        _ => return None,
    })
}
