//! Thêo1 (D. A. Howe and T. K. Peppler, Proc. 2003 IEEE FCS, 233).

use super::series::Prepared;

/// Thêo1 variance at the stride 0.75 m, m even and at least 10. O(N m).
pub(super) fn theo1(data: &Prepared, m: usize) -> Option<(f64, usize)> {
    if m < 10 || !m.is_multiple_of(2) {
        return None;
    }
    let half = m / 2;
    let weights: Vec<f64> = (0..half).map(|d| 1.0 / (half - d) as f64).collect();
    let (mut sum, mut terms) = (0.0, 0usize);
    for stretch in &data.stretches {
        let x = &data.flat[stretch.clone()];
        for window in x.windows(m + 1) {
            let ends = window[0] + window[m];
            // x_i − x_{i+m/2−δ} + x_{i+m} − x_{i+m/2+δ}, δ = 0 … m/2 − 1.
            let (left, right) = (&window[1..=half], &window[half..m]);
            sum += weights
                .iter()
                .zip(left.iter().rev().zip(right))
                .map(|(w, (a, b))| {
                    let d = ends - (a + b);
                    w * d * d
                })
                .sum::<f64>();
            terms += 1;
        }
    }
    let tau = m as f64 * data.tau0;
    (terms > 0).then(|| (sum / (0.75 * tau * tau * terms as f64), terms))
}
