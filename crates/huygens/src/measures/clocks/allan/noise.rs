//! Which power law the noise follows, from the lag-1 autocorrelation.

use super::Series;
use super::series::Prepared;

/// Fewest phases at the averaging time from which the noise is told.
const FEWEST: usize = 30;

/// The exponent α of S_y ∝ f^α at the averaging factor `m`, as a real number, by the lag-1 autocorrelation r₁ of the phases taken
/// every m steps: differenced d times until ρ = r₁/(1 + r₁) < ¼, α = 2 − 2(ρ + d) (W. J. Riley and C. A. Greenhall, Proc. 18th EFTF (2004)).
/// `order` is the number of differences allowed: 2 for Allan, 3 for Hadamard statistics. `None` below 30 such phases without a gap.
pub fn identify(series: &Series, m: usize, order: usize) -> Option<f64> {
    exponent(&series.prepare(), m, order)
}

/// The nearest whole exponent.
pub(super) fn of_longest_stretch(data: &Prepared, m: usize, order: usize) -> Option<i32> {
    exponent(data, m, order).map(|alpha| alpha.round() as i32)
}

fn exponent(data: &Prepared, m: usize, order: usize) -> Option<f64> {
    let stretch = data.stretches.iter().max_by_key(|s| s.len())?;
    let mut z: Vec<f64> = data.flat[stretch.clone()].iter().step_by(m.max(1)).copied().collect();
    if z.len() < FEWEST {
        return None;
    }
    remove_parabola(&mut z);
    for d in 0..=order {
        let n = z.len();
        let mean = z.iter().sum::<f64>() / n as f64;
        let square: f64 = z.iter().map(|v| (v - mean) * (v - mean)).sum();
        if square <= 0.0 {
            return None;
        }
        let product: f64 = z.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum();
        let r = product / square;
        let rho = r / (1.0 + r);
        if rho < 0.25 || d == order {
            return Some(2.0 - 2.0 * (rho + d as f64)).filter(|a| a.is_finite());
        }
        for k in 0..n - 1 {
            z[k] = z[k + 1] - z[k];
        }
        z.truncate(n - 1);
    }
    None
}

/// Takes out the least-squares parabola (offset, frequency offset and drift), by polynomials orthogonal on the grid.
fn remove_parabola(z: &mut [f64]) {
    let n = z.len() as f64;
    let middle = 0.5 * (n - 1.0);
    let second = (n * n - 1.0) / 12.0;
    for basis in [|_, _| 1.0, |s: f64, _| s, |s: f64, c: f64| s * s - c] {
        let (mut top, mut bottom) = (0.0, 0.0);
        for (k, v) in z.iter().enumerate() {
            let b: f64 = basis(k as f64 - middle, second);
            top += b * v;
            bottom += b * b;
        }
        let c = top / bottom;
        for (k, v) in z.iter_mut().enumerate() {
            *v -= c * basis(k as f64 - middle, second);
        }
    }
}
