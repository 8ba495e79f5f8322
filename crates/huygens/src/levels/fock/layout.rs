//! Where the elements of a density matrix are stored: by diagonals, only those that the symmetries let be populated.
//!
//! The element ⟨n|ρ|n + m⟩ belongs to the diagonal m. A term of the generator moves ket and bra by fixed shifts (s, s′), so that
//! elements differ from those they are coupled to by vectors of the lattice that all (s, s′) span in Z^{2M}. Its cosets are the
//! blocks of all Abelian symmetries together: U(1) charges and parities, weak (of the difference of ket and bra) and strong (of
//! each). Only the coset that the initial state populates is stored.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::lattice::Lattice;
use super::space::Space;

/// A run of elements ⟨n|ρ|n + m⟩ that differ in the number of the last mode alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Index of m among the diagonals.
    pub(super) diagonal: u32,
    /// Row of the space that the kets n lie in.
    pub(super) ket: u32,
    /// Row of the space that the bras n + m lie in.
    pub(super) bra: u32,
    /// Number of the last mode of the first ket.
    pub(super) low: i32,
    /// Number of elements.
    pub(super) length: u32,
    /// Place of the first element.
    pub(super) offset: usize,
}

/// Which elements ⟨n|ρ|n′⟩ can be populated: those with (n, n′) in one lattice.
#[derive(Clone, Debug)]
pub struct Population {
    base: Vec<i64>,
    /// Difference of bra and ket at the base.
    offset: Vec<i64>,
    pairs: Lattice,
    differences: Lattice,
    /// Every ket of a populated diagonal is populated.
    full: bool,
}

impl Population {
    /// From the shifts (s, s′) of ket and bra by the generator, those among the elements of the initial state, and one of its
    /// populated states.
    pub fn new(base: &[i32], shifts: impl IntoIterator<Item = (Vec<i32>, Vec<i32>)>) -> Self {
        Self::between(base, base, shifts)
    }

    /// The elements that the generator connects with ⟨ket|·|bra⟩.
    pub fn between(ket: &[i32], bra: &[i32], shifts: impl IntoIterator<Item = (Vec<i32>, Vec<i32>)>) -> Self {
        let modes = ket.len();
        let wide = |v: &[i32]| v.iter().map(|x| i64::from(*x)).collect::<Vec<i64>>();
        let list: Vec<(Vec<i64>, Vec<i64>)> = shifts.into_iter().map(|(s, t)| (wide(&s), wide(&t))).collect();
        let pairs = Lattice::new(2 * modes, list.iter().map(|(s, t)| [s.as_slice(), t].concat()));
        let differences =
            Lattice::new(modes, list.iter().map(|(s, t)| t.iter().zip(s).map(|(t, s)| t - s).collect::<Vec<i64>>()));
        let full = (0..modes).all(|k| {
            let mut unit = vec![0; 2 * modes];
            (unit[k], unit[k + modes]) = (1, 1);
            pairs.contains(&unit)
        });
        let base = [wide(ket), wide(bra)].concat();
        let offset = (0..modes).map(|k| base[k + modes] - base[k]).collect();
        Self { base, offset, pairs, differences, full }
    }

    /// Whether the generator connects elements that differ by these shifts of ket and bra.
    pub(super) fn connects(&self, (ket, bra): &(Vec<i32>, Vec<i32>)) -> bool {
        self.pairs.contains(&ket.iter().chain(bra).map(|x| i64::from(*x)).collect::<Vec<_>>())
    }

    /// In how many parts the populations of a space fall that nothing exchanges.
    pub(super) fn sectors(&self, space: &Space) -> usize {
        if self.full {
            return 1;
        }
        let mut parts = HashSet::new();
        space.each(|_, n| {
            let mut point: Vec<i64> = n.iter().chain(n).map(|x| i64::from(*x)).collect();
            self.pairs.remainder(&mut point);
            parts.insert(point);
        });
        parts.len()
    }

    fn diagonal(&self, m: &[i32]) -> bool {
        self.differences.contains(&m.iter().zip(&self.offset).map(|(x, o)| i64::from(*x) - o).collect::<Vec<_>>())
    }

    fn element(&self, n: &[i32], m: &[i32]) -> bool {
        let ket = n.iter().map(|x| i64::from(*x));
        let bra = n.iter().zip(m).map(|(n, m)| i64::from(n + m));
        let point: Vec<i64> = ket.chain(bra).zip(&self.base).map(|(x, base)| x - base).collect();
        self.pairs.contains(&point)
    }
}

/// The storage of one density matrix (or of another operator with the same symmetry).
#[derive(Clone, Debug)]
pub struct Layout {
    space: Arc<Space>,
    hermitian: bool,
    diagonals: Vec<Vec<i32>>,
    places: HashMap<Vec<i32>, u32>,
    rows: Vec<Row>,
    /// Row of (diagonal, ket row); `ABSENT` where nothing is stored.
    lookup: Vec<u32>,
    elements: usize,
    /// Elements that lie between populated ones of their row and are none; empty where there are no such.
    strays: Vec<bool>,
}

const ABSENT: u32 = u32::MAX;

impl Layout {
    /// The storage of the populated elements; of each pair of conjugate elements of a Hermitian operator only one. `None` where
    /// there are more than `most` of them.
    pub fn new(space: Arc<Space>, population: &Population, hermitian: bool, most: usize) -> Option<Self> {
        let modes = space.modes();
        let mut diagonals = Vec::new();
        let mut m: Vec<i32> = space.top().iter().map(|t| -t).collect();
        loop {
            let first = m.iter().find(|x| **x != 0).copied().unwrap_or(0);
            if (!hermitian || first >= 0) && population.diagonal(&m) {
                diagonals.push(m.clone());
            }
            let Some(k) = (0..modes).rev().find(|k| m[*k] < space.top()[*k]) else { break };
            m[k] += 1;
            m[k + 1..].iter_mut().zip(&space.top()[k + 1..]).for_each(|(x, t)| *x = -t);
        }
        let mut layout = Self {
            lookup: vec![ABSENT; diagonals.len() * space.rows()],
            places: HashMap::new(),
            rows: Vec::new(),
            elements: 0,
            strays: Vec::new(),
            hermitian,
            diagonals: Vec::new(),
            space,
        };
        let last = modes - 1;
        let mut n = vec![0; modes];
        for m in diagonals {
            let diagonal = layout.diagonals.len();
            let before = layout.rows.len();
            for ket in 0..layout.space.rows() {
                let prefix = layout.space.prefix(ket);
                let Some(bra) = layout.space.find_row(prefix.iter().zip(&m).map(|(n, m)| n + m)) else { continue };
                n[..last].copy_from_slice(prefix);
                let (kets, bras) = (layout.space.row(ket).1, layout.space.row(bra).1);
                let (mut low, mut high) = ((-m[last]).max(0), kets.min(bras - m[last]));
                if !population.full {
                    let mut populated = |j: i32| {
                        n[last] = j;
                        population.element(&n, &m)
                    };
                    while low < high && !populated(low) {
                        low += 1;
                    }
                    while low < high && !populated(high - 1) {
                        high -= 1;
                    }
                }
                if low >= high {
                    continue;
                }
                if !population.full {
                    layout.strays.extend((low..high).map(|j| {
                        n[last] = j;
                        !population.element(&n, &m)
                    }));
                }
                layout.lookup[diagonal * layout.space.rows() + ket] = layout.rows.len() as u32;
                let length = (high - low) as u32;
                let (ket, bra) = (ket as u32, bra as u32);
                layout.rows.push(Row { diagonal: diagonal as u32, ket, bra, low, length, offset: layout.elements });
                layout.elements += length as usize;
            }
            if layout.elements > most {
                return None;
            }
            if layout.rows.len() > before {
                layout.places.insert(m.clone(), diagonal as u32);
                layout.diagonals.push(m);
            }
        }
        layout.lookup.truncate(layout.diagonals.len() * layout.space.rows());
        Some(layout)
    }

    /// The space.
    pub fn space(&self) -> &Arc<Space> {
        &self.space
    }

    /// Whether of each pair of conjugate elements only one is stored.
    pub fn hermitian(&self) -> bool {
        self.hermitian
    }

    /// Number of complex elements stored.
    pub fn len(&self) -> usize {
        self.elements
    }

    /// Whether an element is stored that no populated one is coupled to.
    pub(super) fn stray(&self, at: usize) -> bool {
        self.strays.get(at).is_some_and(|stray| *stray)
    }

    /// Whether nothing is stored (never: a populated state has at least its own population).
    pub fn is_empty(&self) -> bool {
        self.elements == 0
    }

    /// The differences n′ − n of bra and ket that are stored.
    pub fn diagonals(&self) -> &[Vec<i32>] {
        &self.diagonals
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn row_at(&self, diagonal: usize, ket: usize) -> Option<&Row> {
        let row = self.lookup[diagonal * self.space.rows() + ket];
        (row != ABSENT).then(|| &self.rows[row as usize])
    }

    /// The stored row with elements ⟨n|ρ|n + m⟩ of kets in one row of the space; `true` where it is that of their conjugates
    /// ⟨n + m|ρ|n⟩.
    pub(super) fn find(&self, m: &[i32], ket: usize, bra: usize) -> Option<(&Row, bool)> {
        if let Some(&diagonal) = self.places.get(m) {
            return self.row_at(diagonal as usize, ket).map(|row| (row, false));
        }
        if !self.hermitian {
            return None;
        }
        let turned: Vec<i32> = m.iter().map(|x| -x).collect();
        let diagonal = *self.places.get(&turned)?;
        self.row_at(diagonal as usize, bra).map(|row| (row, true))
    }

    /// The place of ⟨n|ρ|n′⟩; `true` where its conjugate is stored.
    pub(super) fn place(&self, ket: &[i32], bra: &[i32]) -> Option<(usize, bool)> {
        let last = ket.len() - 1;
        let ket_row = self.space.find_row(ket[..last].iter().copied())?;
        let bra_row = self.space.find_row(bra[..last].iter().copied())?;
        let m: Vec<i32> = bra.iter().zip(ket).map(|(b, a)| b - a).collect();
        let (row, conjugate) = self.find(&m, ket_row, bra_row)?;
        let j = if conjugate { bra[last] } else { ket[last] } - row.low;
        (0..row.length as i32).contains(&j).then(|| (row.offset + j as usize, conjugate))
    }

    /// The index of a diagonal that is stored.
    pub(super) fn diagonal_index(&self, m: &[i32]) -> Option<usize> {
        self.places.get(m).map(|k| *k as usize)
    }

    /// Calls `look` with the place of every element, its ket and its bra (places in the space).
    pub fn each(&self, mut look: impl FnMut(usize, usize, usize)) {
        for row in &self.rows {
            let m = *self.diagonals[row.diagonal as usize].last().expect("at least one mode");
            let ket = self.space.row(row.ket as usize).0 + row.low as usize;
            let bra = (self.space.row(row.bra as usize).0 as i64 + i64::from(row.low + m)) as usize;
            for j in 0..row.length as usize {
                look(row.offset + j, ket + j, bra + j);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::space::Cutoff;
    use super::*;

    /// Exchange and two-quantum jumps conserve n₁ + n₂ − n₁′ − n₂′: d(2d² + 1)/3 elements of a product of two d-level modes.
    #[test]
    fn a_weak_symmetry_keeps_its_diagonals() {
        let shifts = [
            (vec![1, -1], vec![0, 0]),
            (vec![0, 0], vec![1, -1]),
            (vec![2, 0], vec![2, 0]),
            (vec![0, 2], vec![0, 2]),
            (vec![1, 0], vec![1, 0]),
            (vec![0, 1], vec![0, 1]),
        ];
        let population = Population::new(&[0, 0], shifts);
        for d in [1_usize, 2, 5, 9] {
            let space = Arc::new(Space::new(2, Cutoff::Product(vec![d, d])).unwrap());
            let all = Layout::new(space.clone(), &population, false, usize::MAX).unwrap();
            assert_eq!(all.len(), d * (2 * d * d + 1) / 3);
            let half = Layout::new(space, &population, true, usize::MAX).unwrap();
            assert_eq!(half.len(), (all.len() + d * d) / 2);
        }
    }

    /// A closed dimer with a fixed number of quanta stores (N + 1)² elements and nothing else.
    #[test]
    fn a_strong_symmetry_keeps_its_sector() {
        let shifts = [(vec![1, -1], vec![0, 0]), (vec![0, 0], vec![1, -1])];
        let space = Arc::new(Space::new(2, Cutoff::Product(vec![8, 8])).unwrap());
        let layout = Layout::new(space, &Population::new(&[2, 3], shifts), false, usize::MAX).unwrap();
        assert_eq!(layout.len(), 36);
    }
}
