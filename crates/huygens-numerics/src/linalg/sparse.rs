//! Sparse matrices, solved directly.

use faer::linalg::solvers::SolveCore;
use faer::sparse::linalg::LuError;
use faer::sparse::linalg::solvers::Lu;
use faer::sparse::{SparseColMat, Triplet};
use faer::{Conj, MatMut};

use super::LinalgError;
use super::backend::{fence, prepare};

/// `P A Q = L U` of a real sparse matrix: columns ordered for little fill (COLAMD), rows by partial pivots.
pub struct SparseLu {
    factors: Lu<u32, f64>,
    n: usize,
}

impl std::fmt::Debug for SparseLu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SparseLu({} rows)", self.n)
    }
}

impl SparseLu {
    /// Factorises the `n × n` matrix with the entries (row, column, value); entries of one place are added.
    ///
    /// # Errors
    /// [`LinalgError::NotFinite`], [`LinalgError::Singular`], [`LinalgError::Memory`].
    ///
    /// # Panics
    /// When an entry lies outside the matrix.
    pub fn new(n: usize, entries: impl IntoIterator<Item = (usize, usize, f64)>) -> Result<Self, LinalgError> {
        let list: Vec<Triplet<u32, u32, f64>> =
            entries.into_iter().map(|(row, col, val)| Triplet { row: row as u32, col: col as u32, val }).collect();
        if list.iter().any(|t| !t.val.is_finite()) {
            return Err(LinalgError::NotFinite { what: "a sparse matrix" });
        }
        prepare();
        let matrix = SparseColMat::try_new_from_triplets(n, n, &list).expect("entries lie in the matrix");
        drop(list);
        let factors = matrix.sp_lu();
        fence();
        match factors {
            Ok(factors) => Ok(Self { factors, n }),
            Err(LuError::SymbolicSingular { index }) => Err(LinalgError::Singular { column: index }),
            Err(LuError::Generic(_)) => Err(LinalgError::Memory { what: "the factors of a sparse matrix" }),
        }
    }

    /// Number of rows.
    pub fn size(&self) -> usize {
        self.n
    }

    /// Replaces `x` by `A⁻¹ x`.
    ///
    /// # Panics
    /// When the length does not fit.
    #[track_caller]
    pub fn solve_in_place(&self, x: &mut [f64]) {
        assert_eq!(x.len(), self.n, "length of the right-hand side");
        let columns = MatMut::from_column_major_slice_mut(x, self.n, 1);
        self.factors.solve_in_place_with_conj(Conj::No, columns);
        fence();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RMatrix, solve};
    use super::*;
    use crate::random::Streams;

    #[test]
    fn agrees_with_dense_elimination() {
        let mut stream = Streams { seed: 4 }.trajectory(0);
        let n = 60;
        let mut entries: Vec<(usize, usize, f64)> = (0..n).map(|i| (i, (i + 7) % n, 3.0)).collect();
        for _ in 0..4 * n {
            let mut place = || (stream.uniform() * n as f64) as usize;
            let (i, j) = (place(), place());
            // Twice the same place: they add.
            entries.push((i, j, stream.uniform()));
            entries.push((i, j, stream.uniform() - 1.0));
        }
        let mut dense = RMatrix::zeros(n, n);
        entries.iter().for_each(|(i, j, x)| dense[(*i, *j)] += x);
        let b = RMatrix::from_fn(n, 1, |i, _| (i as f64).sin());
        let exact = solve(&dense, &b).unwrap();
        let mut x = b.as_slice().to_vec();
        SparseLu::new(n, entries).unwrap().solve_in_place(&mut x);
        for (x, y) in x.iter().zip(exact.as_slice()) {
            assert!((x - y).abs() < 1e-11 * (1.0 + y.abs()), "{x} {y}");
        }
        assert!(matches!(SparseLu::new(2, [(0, 0, f64::NAN)]), Err(LinalgError::NotFinite { .. })));
    }
}
