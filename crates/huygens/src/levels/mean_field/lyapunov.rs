//! Lyapunov exponents by continuous orthonormalisation (Benettin et al. 1980).

use bytemuck::cast_slice;
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::integrate::{Scheme, Stop, Stretch};
use super::systems::Linearised;
use super::tangent::Tangent;
use crate::levels::kernel::Bound;

/// The largest Lyapunov exponents of an orbit with their scatter.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponents {
    /// λ₁ ≥ λ₂ ≥ …, natural units of 1/time.
    pub values: Vec<f64>,
    /// Standard error of λ₁ from ten blocks of the run.
    pub error: f64,
    /// Length of the averaging window.
    pub window: f64,
    /// State at the end.
    pub end: Vec<c64>,
}

/// The `count` largest exponents over `window`, renormalised every `interval`; the first tenth only aligns the vectors.
///
/// # Errors
/// When the orbit diverges.
pub fn exponents(
    bound: &Bound,
    start: &[c64],
    t0: f64,
    count: usize,
    interval: f64,
    window: f64,
    scheme: impl Into<Scheme>,
) -> Result<Exponents, Stop> {
    let n = 2 * start.len();
    let tangent = Tangent::at(bound, start);
    let count = count.min(tangent.directions(n));
    let mut system = Linearised::new(bound, count, false);
    let mut y = vec![0.0; n + n * count];
    y[..n].copy_from_slice(cast_slice(start));
    // A fixed, generic set of directions.
    let generic =
        RMatrix::from_fn(tangent.directions(n), count, |i, c| ((1 + i) as f64 * (1.7 + c as f64 * 0.61)).sin());
    y[n..].copy_from_slice(tangent.lift(generic).as_slice());
    let mut sums = vec![0.0; count];
    orthonormalise(&mut y[n..], n, count, &mut sums);
    let limit = 1e9 * (1.0 + y[..n].iter().fold(0.0_f64, |m, x| m.max(x.abs())));
    let mut stretch = Stretch::new(scheme, t0, &y, limit);
    let intervals = ((window / interval).ceil() as usize).max(20);
    let aligning = intervals / 10;
    let mut blocks = Vec::new();
    sums.fill(0.0);
    let mut last = 0.0;
    for k in 0..intervals + aligning {
        stretch.run(&mut system, t0 + (k + 1) as f64 * interval)?;
        stretch.replace(|y| orthonormalise(&mut y[n..], n, count, &mut sums));
        if k + 1 == aligning {
            sums.fill(0.0);
        } else if k + 1 > aligning && (k + 1 - aligning).is_multiple_of((intervals / 10).max(1)) {
            blocks.push((sums[0] - last) / (interval * (intervals / 10).max(1) as f64));
            last = sums[0];
        }
    }
    let total = intervals as f64 * interval;
    let mean = blocks.iter().sum::<f64>() / blocks.len() as f64;
    let variance = blocks.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (blocks.len() - 1).max(1) as f64;
    Ok(Exponents {
        values: sums.iter().map(|s| s / total).collect(),
        error: (variance / blocks.len() as f64).sqrt(),
        window: total,
        end: cast_slice(&stretch.y()[..n]).to_vec(),
    })
}

/// Modified Gram–Schmidt on the columns of a row-major n × count matrix; adds ln of each length to `sums`.
fn orthonormalise(g: &mut [f64], n: usize, count: usize, sums: &mut [f64]) {
    for c in 0..count {
        for b in 0..c {
            let dot: f64 = (0..n).map(|i| g[i * count + b] * g[i * count + c]).sum();
            for i in 0..n {
                g[i * count + c] -= dot * g[i * count + b];
            }
        }
        let length = (0..n).map(|i| g[i * count + c].powi(2)).sum::<f64>().sqrt();
        sums[c] += length.max(1e-300).ln();
        for i in 0..n {
            g[i * count + c] /= length.max(1e-300);
        }
    }
}
