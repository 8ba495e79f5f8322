//! Newton's method for multiple shooting by orthogonal elimination.

use huygens_numerics::linalg::{LinalgError, RMatrix};

/// Triangularises the first `pivots` columns of a matrix of `cols` columns by Householder reflections, applied to all columns.
pub(super) fn triangularise(m: &mut RMatrix, pivots: usize) {
    let rows = m.rows();
    for k in 0..pivots.min(rows) {
        let norm = (k..rows).map(|i| m[(i, k)] * m[(i, k)]).sum::<f64>().sqrt();
        if norm == 0.0 {
            continue;
        }
        let head = m[(k, k)];
        let alpha = if head > 0.0 { -norm } else { norm };
        // v = x − αe₁, H = 1 − 2vvᵀ/|v|², |v|² = 2(norm² − α x₁).
        let mut v: Vec<f64> = (k..rows).map(|i| m[(i, k)]).collect();
        v[0] -= alpha;
        let square = 2.0 * (norm * norm - alpha * head);
        for j in k..m.cols() {
            let dot: f64 = v.iter().zip(k..rows).map(|(v, i)| v * m[(i, j)]).sum();
            let factor = 2.0 * dot / square;
            for (v, i) in v.iter().zip(k..rows) {
                m[(i, j)] -= factor * v;
            }
        }
    }
}

/// ln |det| of a square matrix.
pub(super) fn log_det(m: &RMatrix) -> f64 {
    let mut m = m.clone();
    let n = m.rows();
    triangularise(&mut m, n);
    (0..n).map(|i| m[(i, i)].abs().ln()).sum()
}

/// One eliminated node: R δy_i + S δy_{i+1} = columns of the right-hand side.
struct Step {
    r: RMatrix,
    s: RMatrix,
    rhs: RMatrix,
}

/// The linearised chain δy_{i+1} = Φ_i δy_i + g_i δT + r_i with rows C δy_0 = c, eliminated up to the last node.
pub(super) struct Chain {
    steps: Vec<Step>,
    /// C δy_M = rhs\[0\] + rhs\[1\] δT.
    pub(super) rows: RMatrix,
    pub(super) rhs: RMatrix,
}

impl Chain {
    /// Begins with C δy_0 = c.
    pub(super) fn begin(rows: RMatrix, c: &[f64]) -> Self {
        let rhs = RMatrix::from_fn(c.len(), 2, |i, j| if j == 0 { c[i] } else { 0.0 });
        Self { steps: Vec::new(), rows, rhs }
    }

    /// One more segment: δy' = Φ δy + g δT + r.
    pub(super) fn push(&mut self, phi: &[f64], g: &[f64], r: &[f64]) {
        let (few, n) = (self.rows.rows(), self.rows.cols());
        let mut block = RMatrix::from_fn(few + n, 2 * n + 2, |i, j| match (i < few, j < n, j < 2 * n) {
            (true, true, _) => self.rows[(i, j)],
            (true, false, false) => self.rhs[(i, j - 2 * n)],
            (true, ..) => 0.0,
            // Φ δy − δy' = −r − g δT.
            (false, true, _) => phi[(i - few) * n + j],
            (false, false, true) => -f64::from(u8::from(j - n == i - few)),
            (false, ..) => {
                if j == 2 * n {
                    -r[i - few]
                } else {
                    -g[i - few]
                }
            }
        });
        triangularise(&mut block, n);
        let part = |rows: std::ops::Range<usize>, cols: std::ops::Range<usize>| {
            RMatrix::from_fn(rows.len(), cols.len(), |i, j| block[(rows.start + i, cols.start + j)])
        };
        self.steps.push(Step { r: part(0..n, 0..n), s: part(0..n, n..2 * n), rhs: part(0..n, 2 * n..2 * n + 2) });
        self.rows = part(n..n + few, n..2 * n);
        self.rhs = part(n..n + few, 2 * n..2 * n + 2);
    }

    /// ln |det| of all that was eliminated: with rows E on the last node, that of the whole system is larger by ln |det (C; E)|.
    pub(super) fn log_det(&self) -> f64 {
        self.steps.iter().map(|step| (0..step.r.rows()).map(|i| step.r[(i, i)].abs().ln()).sum::<f64>()).sum()
    }

    /// All δy from the last one and δT.
    pub(super) fn back(&self, last: &[f64], duration: f64) -> Result<Vec<Vec<f64>>, LinalgError> {
        let n = last.len();
        let mut out = vec![last.to_vec()];
        for step in self.steps.iter().rev() {
            let next = out.last().map(Vec::as_slice).unwrap_or(last);
            let pulled = step.s.mul_vec(next);
            let mut y = vec![0.0; n];
            for i in (0..n).rev() {
                let known: f64 = (i + 1..n).map(|j| step.r[(i, j)] * y[j]).sum();
                let pivot = step.r[(i, i)];
                if pivot == 0.0 {
                    return Err(LinalgError::Singular { column: i });
                }
                y[i] = (step.rhs[(i, 0)] + step.rhs[(i, 1)] * duration - pulled[i] - known) / pivot;
            }
            out.push(y);
        }
        out.reverse();
        Ok(out)
    }
}
