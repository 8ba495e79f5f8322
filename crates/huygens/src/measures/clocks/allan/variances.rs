//! Allan, modified Allan and Hadamard variances.

use super::series::Prepared;

/// Mean square of a finite difference of the phase over indices `0, stride, 2 stride, …`, divided by `scale`; the difference reaches
/// `reach` indices ahead. Differences with a gap inside are left out.
fn mean_square(
    data: &Prepared,
    reach: usize,
    stride: usize,
    scale: f64,
    difference: impl Fn(&[f64], usize) -> f64,
) -> Option<(f64, usize)> {
    let n = data.flat.len();
    if reach >= n {
        return None;
    }
    let (mut sum, mut terms) = (0.0, 0usize);
    if data.broken {
        for i in (0..n - reach).step_by(stride) {
            let d = difference(&data.flat, i);
            if d.is_finite() && data.piece[i] == data.piece[i + reach] {
                sum += d * d;
                terms += 1;
            }
        }
    } else {
        for i in (0..n - reach).step_by(stride) {
            let d = difference(&data.flat, i);
            sum += d * d;
        }
        terms = (n - reach).div_ceil(stride);
    }
    (terms > 0).then(|| (sum / (terms as f64 * scale), terms))
}

/// σ_y² = ⟨(x_{i+2m} − 2x_{i+m} + x_i)²⟩/2τ².
pub(super) fn allan(data: &Prepared, m: usize, stride: usize) -> Option<(f64, usize)> {
    let tau = m as f64 * data.tau0;
    mean_square(data, 2 * m, stride, 2.0 * tau * tau, |x, i| (x[i + 2 * m] - x[i + m]) - (x[i + m] - x[i]))
}

/// ⟨(x_{i+3m} − 3x_{i+2m} + 3x_{i+m} − x_i)²⟩/6τ².
pub(super) fn hadamard(data: &Prepared, m: usize, stride: usize) -> Option<(f64, usize)> {
    let tau = m as f64 * data.tau0;
    mean_square(data, 3 * m, stride, 6.0 * tau * tau, |x, i| (x[i + 3 * m] - x[i]) - 3.0 * (x[i + 2 * m] - x[i + m]))
}

/// The Allan variance of phases averaged over m, by differences of cumulative sums: O(N).
pub(super) fn modified(data: &Prepared, m: usize) -> Option<(f64, usize)> {
    let n = data.flat.len();
    let count = (n + 1).checked_sub(3 * m).filter(|c| *c > 0)?;
    let (s, lost) = (&data.sums, &data.lost);
    let (mut sum, mut terms) = (0.0, 0usize);
    for i in 0..count {
        let whole = !data.broken || (lost[i] == lost[i + 3 * m] && data.piece[i] == data.piece[i + 3 * m - 1]);
        if whole {
            let d = (s[i + 3 * m] - s[i]) - 3.0 * (s[i + 2 * m] - s[i + m]);
            sum += d * d;
            terms += 1;
        }
    }
    let tau = m as f64 * data.tau0;
    (terms > 0).then(|| (sum / (2.0 * tau * tau * (m * m) as f64 * terms as f64), terms))
}
