//! Complex band matrices, eliminated without pivots: for preconditioners whose columns are dominated by their diagonal.

use multiversion::multiversion;

use super::LinalgError;
use crate::c64;

/// An `n × n` matrix with entries on `lower` diagonals below and `upper` above the main one.
#[derive(Clone, Debug)]
pub struct Band {
    n: usize,
    lower: usize,
    upper: usize,
    /// Row by row, entry (i, j) at j − i + lower; real and imaginary plane.
    re: Vec<f64>,
    im: Vec<f64>,
}

/// `A = L U` of a [`Band`].
#[derive(Clone, Debug)]
pub struct BandLu {
    band: Band,
}

impl Band {
    /// The matrix 0.
    pub fn new(n: usize, lower: usize, upper: usize) -> Self {
        let size = n * (lower + 1 + upper);
        Self { n, lower, upper, re: vec![0.0; size], im: vec![0.0; size] }
    }

    /// Bytes of a matrix of this shape.
    pub fn bytes(n: usize, lower: usize, upper: usize) -> usize {
        16 * n * (lower + 1 + upper)
    }

    /// Adds to an entry.
    ///
    /// # Panics
    /// When it lies outside the band.
    #[track_caller]
    pub fn add(&mut self, i: usize, j: usize, z: c64) {
        assert!(
            i < self.n && j < self.n && j + self.lower >= i && j <= i + self.upper,
            "({i}, {j}) is not in the band"
        );
        let at = i * (self.lower + 1 + self.upper) + j + self.lower - i;
        self.re[at] += z.re;
        self.im[at] += z.im;
    }

    /// Eliminates without pivots, about `8 n lower upper` operations.
    ///
    /// # Errors
    /// [`LinalgError::Singular`] for a pivot that vanishes or is not finite.
    pub fn factorise(mut self) -> Result<BandLu, LinalgError> {
        match eliminate(self.n, self.lower, self.upper, &mut self.re, &mut self.im) {
            None => Ok(BandLu { band: self }),
            Some(column) => Err(LinalgError::Singular { column }),
        }
    }
}

impl BandLu {
    /// Number of rows.
    pub fn size(&self) -> usize {
        self.band.n
    }

    /// Replaces x = `re` + i `im` by `A⁻¹ x`.
    ///
    /// # Panics
    /// When a length does not fit.
    #[track_caller]
    pub fn solve_in_place(&self, re: &mut [f64], im: &mut [f64]) {
        let Band { n, lower, upper, .. } = self.band;
        assert!(re.len() == n && im.len() == n, "length of the right-hand side");
        substitute(n, lower, upper, [&self.band.re, &self.band.im], re, im);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn eliminate(n: usize, lower: usize, upper: usize, re: &mut [f64], im: &mut [f64]) -> Option<usize> {
    let width = lower + 1 + upper;
    for k in 0..n {
        let start = k * width;
        let pivot = c64::new(re[start + lower], im[start + lower]);
        let inverse = pivot.inv();
        if !(inverse.re.is_finite() && inverse.im.is_finite() && pivot.norm_sqr() > 0.0) {
            return Some(k);
        }
        let across = upper.min(n - 1 - k);
        let (head_re, tail_re) = re.split_at_mut(start + width);
        let (head_im, tail_im) = im.split_at_mut(start + width);
        let top_re = &head_re[start + lower + 1..][..across];
        let top_im = &head_im[start + lower + 1..][..across];
        for d in 1..=lower.min(n - 1 - k) {
            let at = (d - 1) * width + lower - d;
            let factor = c64::new(tail_re[at], tail_im[at]) * inverse;
            (tail_re[at], tail_im[at]) = (factor.re, factor.im);
            if factor.re == 0.0 && factor.im == 0.0 {
                continue;
            }
            let row_re = &mut tail_re[at + 1..][..across];
            let row_im = &mut tail_im[at + 1..][..across];
            for i in 0..across {
                row_re[i] -= factor.re * top_re[i] - factor.im * top_im[i];
                row_im[i] -= factor.re * top_im[i] + factor.im * top_re[i];
            }
        }
    }
    None
}

const LANES: usize = 8;

/// Σ a_i x_i.
#[inline(always)]
fn dot(a: [&[f64]; 2], x: [&[f64]; 2]) -> (f64, f64) {
    let n = a[0].len();
    let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
    let whole = n - n % LANES;
    let (a_re, a_im) = (a[0][..whole].as_chunks::<LANES>().0, a[1][..whole].as_chunks::<LANES>().0);
    let (x_re, x_im) = (x[0][..whole].as_chunks::<LANES>().0, x[1][..whole].as_chunks::<LANES>().0);
    for (((a_re, a_im), x_re), x_im) in a_re.iter().zip(a_im).zip(x_re).zip(x_im) {
        for i in 0..LANES {
            re[i] += a_re[i] * x_re[i] - a_im[i] * x_im[i];
            im[i] += a_re[i] * x_im[i] + a_im[i] * x_re[i];
        }
    }
    let (mut sum_re, mut sum_im) = (re.iter().sum::<f64>(), im.iter().sum::<f64>());
    for i in whole..n {
        sum_re += a[0][i] * x[0][i] - a[1][i] * x[1][i];
        sum_im += a[0][i] * x[1][i] + a[1][i] * x[0][i];
    }
    (sum_re, sum_im)
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx2+fma", "x86_64+avx2+fma"))]
fn substitute(n: usize, lower: usize, upper: usize, lu: [&[f64]; 2], re: &mut [f64], im: &mut [f64]) {
    let width = lower + 1 + upper;
    for i in 1..n {
        let reach = lower.min(i);
        let at = i * width + lower - reach;
        let row = [&lu[0][at..at + reach], &lu[1][at..at + reach]];
        let (a, b) = dot(row, [&re[i - reach..i], &im[i - reach..i]]);
        re[i] -= a;
        im[i] -= b;
    }
    for i in (0..n).rev() {
        let reach = upper.min(n - 1 - i);
        let at = i * width + lower;
        let row = [&lu[0][at + 1..at + 1 + reach], &lu[1][at + 1..at + 1 + reach]];
        let (a, b) = dot(row, [&re[i + 1..i + 1 + reach], &im[i + 1..i + 1 + reach]]);
        let x = c64::new(re[i] - a, im[i] - b) / c64::new(lu[0][at], lu[1][at]);
        (re[i], im[i]) = (x.re, x.im);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CMatrix, solve};
    use super::*;
    use crate::random::Streams;

    #[test]
    fn agrees_with_dense_elimination() {
        let mut stream = Streams { seed: 9 }.trajectory(0);
        for (n, lower, upper) in [(1, 0, 0), (12, 3, 2), (40, 9, 21), (17, 16, 16), (20, 0, 5)] {
            let mut band = Band::new(n, lower, upper);
            let mut dense = CMatrix::zeros(n, n);
            for i in 0..n {
                for j in i.saturating_sub(lower)..=(i + upper).min(n - 1) {
                    let mut z = c64::new(stream.uniform() - 0.5, stream.uniform() - 0.5);
                    if i == j {
                        z += 0.6 * n as f64;
                    }
                    band.add(i, j, z);
                    dense[(i, j)] += z;
                }
            }
            let b = CMatrix::from_fn(n, 1, |i, _| c64::new((i as f64).cos(), 0.3));
            let exact = solve(&dense, &b).unwrap();
            let (mut re, mut im): (Vec<f64>, Vec<f64>) = b.as_slice().iter().map(|z| (z.re, z.im)).unzip();
            band.factorise().unwrap().solve_in_place(&mut re, &mut im);
            for (i, z) in exact.as_slice().iter().enumerate() {
                assert!((c64::new(re[i], im[i]) - z).norm() < 1e-12);
            }
        }
        assert!(matches!(Band::new(3, 1, 1).factorise(), Err(LinalgError::Singular { column: 0 })));
    }
}
