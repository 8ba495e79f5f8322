//! Lattices of integer vectors, by their Hermite normal form: which matrix elements a generator can reach.

/// All integer combinations of some vectors.
///
/// The basis is kept in echelon form with positive pivots, entries above each pivot reduced, so that every vector has exactly one
/// remainder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lattice {
    basis: Vec<Vec<i64>>,
    pivots: Vec<usize>,
}

impl Lattice {
    /// The lattice spanned by `vectors`, each of `dimension` entries.
    pub(super) fn new(dimension: usize, vectors: impl IntoIterator<Item = Vec<i64>>) -> Self {
        let mut rest: Vec<Vec<i64>> = vectors.into_iter().filter(|v| v.iter().any(|x| *x != 0)).collect();
        let (mut basis, mut pivots): (Vec<Vec<i64>>, Vec<usize>) = (Vec::new(), Vec::new());
        for column in 0..dimension {
            // Euclid among the entries of the column until one vector is left with a nonzero entry.
            loop {
                rest.retain(|v| v.iter().any(|x| *x != 0));
                rest.sort();
                rest.dedup();
                let Some(small) =
                    (0..rest.len()).filter(|k| rest[*k][column] != 0).min_by_key(|k| rest[*k][column].abs())
                else {
                    break;
                };
                let pivot = rest[small].clone();
                let mut alone = true;
                for (k, v) in rest.iter_mut().enumerate() {
                    if k != small && v[column] != 0 {
                        let factor = v[column].div_euclid(pivot[column]);
                        v.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
                        alone &= v[column] == 0;
                    }
                }
                if alone {
                    let mut row = rest.swap_remove(small);
                    if row[column] < 0 {
                        row.iter_mut().for_each(|x| *x = -*x);
                    }
                    for other in &mut basis {
                        let factor = other[column].div_euclid(row[column]);
                        other.iter_mut().zip(&row).for_each(|(x, p)| *x -= factor * p);
                    }
                    basis.push(row);
                    pivots.push(column);
                    break;
                }
            }
        }
        Self { basis, pivots }
    }

    /// The remainder of a vector: the same for all vectors that differ by one of the lattice.
    pub(super) fn remainder(&self, vector: &mut [i64]) {
        for (row, &column) in self.basis.iter().zip(&self.pivots) {
            let factor = vector[column].div_euclid(row[column]);
            if factor != 0 {
                vector.iter_mut().zip(row).for_each(|(x, p)| *x -= factor * p);
            }
        }
    }

    /// Whether the lattice contains the vector.
    pub(super) fn contains(&self, vector: &[i64]) -> bool {
        let mut rest = vector.to_vec();
        self.remainder(&mut rest);
        rest.iter().all(|x| *x == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Combinations are contained, remainders do not depend on the representative, and what is outside stays outside.
        #[test]
        fn remainders_are_unique(
            vectors in prop::collection::vec(prop::collection::vec(-4_i64..5, 4), 0..6),
            factors in prop::collection::vec(-3_i64..4, 6),
            point in prop::collection::vec(-9_i64..10, 4),
        ) {
            let lattice = Lattice::new(4, vectors.clone());
            let mut moved = point.clone();
            for (v, f) in vectors.iter().zip(&factors) {
                moved.iter_mut().zip(v).for_each(|(x, y)| *x += f * y);
            }
            let difference: Vec<i64> = moved.iter().zip(&point).map(|(a, b)| a - b).collect();
            prop_assert!(lattice.contains(&difference));
            let (mut a, mut b) = (point.clone(), moved);
            lattice.remainder(&mut a);
            lattice.remainder(&mut b);
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn a_parity_is_a_sublattice() {
        let lattice = Lattice::new(2, [vec![2, 0], vec![1, 1]]);
        assert!(lattice.contains(&[3, 5]) && lattice.contains(&[-4, 2]) && !lattice.contains(&[1, 0]));
    }
}
