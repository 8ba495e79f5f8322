//! Time interval errors: the largest and the root mean square.

use std::collections::VecDeque;

use super::series::Prepared;

/// MTIE: the largest distance between two phases at most m steps apart. The extremes of the sliding window are kept in queues that
/// only fall or rise: O(N) for every m.
pub(super) fn maximum(data: &Prepared, m: usize) -> Option<(f64, usize)> {
    let x = data.phase;
    let (mut largest, mut terms) = (0.0f64, 0);
    let (mut high, mut low): (VecDeque<usize>, VecDeque<usize>) = (VecDeque::new(), VecDeque::new());
    for stretch in &data.stretches {
        high.clear();
        low.clear();
        for i in stretch.clone() {
            while high.back().is_some_and(|&k| x[k] <= x[i]) {
                high.pop_back();
            }
            while low.back().is_some_and(|&k| x[k] >= x[i]) {
                low.pop_back();
            }
            high.push_back(i);
            low.push_back(i);
            if i >= stretch.start + m {
                while high.front().is_some_and(|&k| k + m < i) {
                    high.pop_front();
                }
                while low.front().is_some_and(|&k| k + m < i) {
                    low.pop_front();
                }
                if let (Some(&a), Some(&b)) = (high.front(), low.front()) {
                    largest = largest.max(x[a] - x[b]);
                    terms += 1;
                }
            }
        }
    }
    (terms > 0).then_some((largest, terms))
}

/// ⟨(x_{i+m} − x_i)²⟩.
pub(super) fn mean_square(data: &Prepared, m: usize) -> Option<(f64, usize)> {
    let x = data.phase;
    let (mut sum, mut terms) = (0.0, 0usize);
    for i in 0..x.len().saturating_sub(m) {
        let d = x[i + m] - x[i];
        if d.is_finite() && data.piece[i] == data.piece[i + m] {
            sum += d * d;
            terms += 1;
        }
    }
    (terms > 0).then(|| (sum / terms as f64, terms))
}
