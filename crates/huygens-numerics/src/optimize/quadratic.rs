//! Quadratic programs of a few variables, solved by going through the sets of constraints that may hold with equality.

use crate::linalg::{Lu, RMatrix, log_det_spd};

/// Least of gᵀd + ½ dᵀHd where A d ≥ b.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub h: RMatrix,
    pub g: Vec<f64>,
    /// Rows of A with their right-hand sides.
    pub rows: Vec<(Vec<f64>, f64)>,
}

/// Its solution.
#[derive(Clone, Debug)]
pub(super) struct Solution {
    pub d: Vec<f64>,
    /// One multiplier a row, zero where it does not hold with equality: Hd + g = Aᵀλ.
    pub multipliers: Vec<f64>,
}

impl Program {
    fn value(&self, d: &[f64]) -> f64 {
        let hd = self.h.mul_vec(d);
        self.g.iter().zip(&hd).zip(d).map(|((g, h), d)| (g + 0.5 * h) * d).sum()
    }

    /// Whether all rows hold at d, to a part `slack` of their terms and to rounding of the variables, which are of the order of 1.
    fn allows(&self, d: &[f64], slack: f64) -> bool {
        self.rows.iter().all(|(a, b)| {
            let (sum, size) = a.iter().zip(d).fold((0.0, b.abs()), |(s, z), (a, d)| (s + a * d, z + (a * d).abs()));
            let rounding = 8.0 * f64::EPSILON * a.iter().map(|a| a.abs()).sum::<f64>();
            sum >= b - (slack * size + rounding)
        })
    }

    /// The solution, `None` where no point is allowed (or the program has no lowest point). Any symmetric H will do: every
    /// face is looked at, so that the lowest of all stationary points is found where H is indefinite.
    pub(super) fn solve(&self) -> Option<Solution> {
        let n = self.g.len();
        let convex = log_det_spd(&self.h).is_ok();
        let mut best: Option<(f64, Solution)> = None;
        let mut set: Vec<usize> = Vec::new();
        for size in 0..=n.min(self.rows.len()) {
            set.clear();
            set.extend(0..size);
            loop {
                if let Some((d, on)) = self.stationary(&set)
                    && self.allows(&d, 1e-10)
                {
                    let optimal = convex && on.iter().all(|m| *m >= 0.0);
                    let value = self.value(&d);
                    if optimal || best.as_ref().is_none_or(|(v, _)| value < *v) {
                        let mut multipliers = vec![0.0; self.rows.len()];
                        set.iter().zip(on).for_each(|(&k, m)| multipliers[k] = m);
                        best = Some((value, Solution { d, multipliers }));
                    }
                    if optimal {
                        return best.map(|(_, s)| s);
                    }
                }
                if !next(&mut set, self.rows.len()) {
                    break;
                }
            }
        }
        best.map(|(_, s)| s)
    }

    /// The stationary point on the face where the rows of `set` hold with equality.
    fn stationary(&self, set: &[usize]) -> Option<(Vec<f64>, Vec<f64>)> {
        let (n, m) = (self.g.len(), set.len());
        let mut kkt = RMatrix::zeros(n + m, n + m);
        let mut right = vec![0.0; n + m];
        for i in 0..n {
            for j in 0..n {
                kkt[(i, j)] = self.h[(i, j)];
            }
            right[i] = -self.g[i];
        }
        for (k, &row) in set.iter().enumerate() {
            let (a, b) = &self.rows[row];
            for i in 0..n {
                kkt[(i, n + k)] = -a[i];
                kkt[(n + k, i)] = a[i];
            }
            right[n + k] = *b;
        }
        Lu::new(&kkt).ok()?.solve_in_place(&mut right);
        let multipliers = right.split_off(n);
        let fine = right.iter().chain(&multipliers).all(|x| x.is_finite());
        fine.then_some((right, multipliers))
    }
}

/// The next subset of 0 … n − 1 of the same size, in order.
fn next(set: &mut [usize], n: usize) -> bool {
    let m = set.len();
    for i in (0..m).rev() {
        if set[i] < n - (m - i) {
            set[i] += 1;
            for j in i + 1..m {
                set[j] = set[j - 1] + 1;
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_corners_and_saddles() {
        let bounds = |n: usize| {
            (0..n)
                .flat_map(move |i| [1.0, -1.0].map(|s| ((0..n).map(|j| if i == j { s } else { 0.0 }).collect(), -1.0)))
        };
        // Nearest point to (2, 0.5) in the square |x|, |y| <= 1 with x + y <= 1.
        let mut rows: Vec<(Vec<f64>, f64)> = bounds(2).collect();
        rows.push((vec![-1.0, -1.0], -1.0));
        let nearest = Program { h: RMatrix::identity(2), g: vec![-2.0, -0.5], rows };
        let s = nearest.solve().expect("a solution");
        assert!((s.d[0] - 1.0).abs() < 1e-14 && s.d[1].abs() < 1e-14, "{s:?}");
        // A saddle: lowest at the corners with y = ±1.
        let saddle = Program { h: RMatrix::from_diagonal(&[1.0, -1.0]), g: vec![0.0, 0.1], rows: bounds(2).collect() };
        let s = saddle.solve().expect("a solution");
        assert_eq!(s.d, [0.0, -1.0]);
        assert!(s.multipliers[2] > 0.0);
        // At a corner already: rows that hold to rounding allow the step to be zero, and no step back is the answer.
        let rows = vec![
            (vec![-0.0970425444605616, -1.784157976336481], 1.5612511283791264e-17),
            (vec![1.0, 0.0], -0.1),
            (vec![-1.0, 0.0], -1.3877787807814457e-17),
            (vec![0.0, 1.0], -0.09949380592945059),
            (vec![0.0, -1.0], -0.10050619407054937),
        ];
        let h = RMatrix::from_vec(
            2,
            2,
            vec![1.2882993126098095, -1.009178073574104, -1.009178073574104, 1.7149949187035072],
        );
        let corner = Program { h, g: vec![-0.18288635215893892, -0.7826807702090555], rows };
        let s = corner.solve().expect("a solution");
        assert!(s.d.iter().all(|d| d.abs() < 1e-15) && s.multipliers[0] > 0.4 && s.multipliers[2] > 0.1, "{s:?}");
        let nothing =
            Program { h: RMatrix::identity(1), g: vec![0.0], rows: vec![(vec![1.0], 1.0), (vec![-1.0], 1.0)] };
        assert!(nothing.solve().is_none());
    }
}
