//! The evolution between jumps, ρ ↦ Kρ + ρK† with K = −iH − ½ Σ L†L, inverted exactly: what is left to an iteration are the jumps.
//!
//! K acts on kets alone, so that its eigenvectors K = V λ V⁻¹ within the blocks of states that it connects solve the equation for each
//! pair of blocks, ρ = V [(V⁻¹ B V′^{−†})_ij/(λ_i + λ′_j* − σ)] V′†, by four products of matrices. How the generator is divided into
//! this part and the jumps is free: with L → L − c and H → H − (i/2)(c*L − cL†) it is the same (Gardiner and Zoller, Quantum Noise,
//! 3rd ed. (2004), sec. 5.1), and c = ⟨L⟩ makes the jumps those of the fluctuations. A driven oscillator then hardly jumps at all.

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, LinalgError, eigen_complex};
use rayon::prelude::*;

use super::components::Components;
use super::density::Density;
use super::generator::{Generator, Operators};
use super::shifted::Shifted;
use super::steady::SteadyError;

/// Most states of a block whose eigenvectors are computed.
const LARGEST: usize = 2000;

/// The eigenvectors of K on one block of states.
#[derive(Debug)]
struct Block {
    values: Vec<c64>,
    vectors: CMatrix,
    inverse: CMatrix,
}

/// The elements between two blocks.
#[derive(Debug)]
struct Part {
    ket: usize,
    bra: usize,
    /// Place in a vector, row and column, and whether the conjugate is stored there.
    elements: Vec<(u32, u32, u32, bool)>,
}

/// (ρ ↦ K′ρ + ρK′† − σρ)⁻¹ with K′ = K + Σ (c*L − ½|c|²).
#[derive(Debug)]
pub(super) struct NoJump {
    half: usize,
    hermitian: bool,
    shift: f64,
    blocks: Vec<Option<Block>>,
    parts: Vec<Part>,
}

/// The means ⟨L⟩ of the jumps, and Σ (⟨L†L⟩ − |⟨L⟩|²), the rate of those that are left with c = ⟨L⟩.
pub(super) fn means(operators: &Operators, state: &Density) -> (Vec<c64>, f64) {
    let means: Vec<c64> = jumps(operators).map(|jump| state.expect(&jump)).collect();
    // −½ Σ L†L is the second part of K.
    let [_, damping] = &operators.effective;
    let jumping = -2.0 * damping.iter().map(|(_, part)| state.expect(part).re).sum::<f64>();
    let rate = jumping - means.iter().map(|mean| mean.norm_sqr()).sum::<f64>();
    (means, rate.max(0.0))
}

/// The jumps of a generator that does not depend on the time.
fn jumps(operators: &Operators) -> impl Iterator<Item = Shifted> {
    operators.jumps.iter().map(|parts| {
        let mut jump = Shifted::default();
        parts.iter().for_each(|(_, part)| jump.add_scaled(c64::new(1.0, 0.0), part));
        jump
    })
}

impl NoJump {
    /// With the numbers c of all jumps.
    ///
    /// # Errors
    /// [`SteadyError::Memory`]; [`SteadyError::NoConvergence`] where K connects too many states; [`LinalgError`] where it has no basis of
    /// eigenvectors.
    pub(super) fn new(
        generator: &Generator,
        operators: &Operators,
        c: &[c64],
        shift: f64,
        memory: f64,
    ) -> Result<Self, SteadyError> {
        let mut k = Shifted::default();
        operators.effective.iter().flatten().for_each(|(_, part)| k.add_scaled(c64::new(1.0, 0.0), part));
        for (jump, c) in jumps(operators).zip(c) {
            k.add_scaled(c.conj(), &jump);
        }
        let lowered = 0.5 * c.iter().map(|c| c.norm_sqr()).sum::<f64>();
        // ⟨to|K|from⟩; without any a state is a block of its own.
        let mut list = Vec::new();
        for (shift, table) in &k.parts {
            operators.space.each_shifted(shift, |from, _, to| list.push((to, from, table[from])));
        }
        list.retain(|(.., z)| *z != c64::new(0.0, 0.0));
        let states = operators.space.len();
        let Components { blocks, place } = Components::new(states, |see| {
            (0..states).for_each(|k| see(k, k));
            list.iter().for_each(|(to, from, _)| see(*to, *from));
        });
        let sizes: Vec<usize> = blocks.iter().map(Vec::len).collect();
        let layout = generator.layout();
        let mut parts: Vec<Part> = Vec::new();
        let mut known = std::collections::HashMap::new();
        let mut used = vec![false; sizes.len()];
        layout.each(|at, ket, bra| {
            if layout.stray(at) {
                return;
            }
            let turned = layout.hermitian() && place[ket].0 > place[bra].0;
            let (row, column) = if turned { (place[bra], place[ket]) } else { (place[ket], place[bra]) };
            let pair = (row.0, column.0);
            let part = *known.entry(pair).or_insert_with(|| {
                used[pair.0] = true;
                used[pair.1] = true;
                parts.push(Part { ket: pair.0, bra: pair.1, elements: Vec::new() });
                parts.len() - 1
            });
            parts[part].elements.push((at as u32, row.1 as u32, column.1 as u32, turned));
        });
        if (0..sizes.len()).any(|k| used[k] && sizes[k] > LARGEST) {
            return Err(SteadyError::NoConvergence { residual: f64::INFINITY, iterations: 0 });
        }
        // Eigenvectors with their work, and three matrices for each pair that is solved.
        let squares = |k: usize| (sizes[k] * sizes[k]) as f64;
        let needed = (0..sizes.len()).filter(|k| used[*k]).map(|k| 96.0 * squares(k)).sum::<f64>()
            + parts.iter().map(|p| 48.0 * (sizes[p.ket] * sizes[p.bra]) as f64).sum::<f64>();
        if needed > memory {
            return Err(SteadyError::Memory { needed: needed / 1e9, limit: memory / 1e9 });
        }
        let mut matrices: Vec<Option<CMatrix>> =
            sizes.iter().zip(&used).map(|(n, used)| used.then(|| CMatrix::zeros(*n, *n))).collect();
        for (to, from, z) in list {
            let ((block, i), (_, j)) = (place[to], place[from]);
            if let Some(matrix) = &mut matrices[block] {
                matrix[(i, j)] += z;
            }
        }
        let solve = |matrix: Option<CMatrix>| -> Result<Option<Block>, LinalgError> {
            let Some(mut matrix) = matrix else { return Ok(None) };
            (0..matrix.rows()).for_each(|i| matrix[(i, i)] -= lowered);
            let found = eigen_complex(&matrix)?;
            Ok(Some(Block { values: found.values, inverse: found.left.adjoint(), vectors: found.right }))
        };
        let blocks = matrices.into_par_iter().map(solve).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { half: layout.len(), hermitian: layout.hermitian(), shift, blocks, parts })
    }

    fn block(&self, k: usize) -> &Block {
        self.blocks[k].as_ref().expect("blocks of parts are solved")
    }

    /// Replaces a vector of planes by its image.
    pub(super) fn solve(&self, x: &mut [f64]) {
        let solved: Vec<CMatrix> = self.parts.par_iter().map(|part| self.solve_part(part, x)).collect();
        for (part, matrix) in self.parts.iter().zip(solved) {
            let same = self.hermitian && part.ket == part.bra;
            for &(at, i, j, turned) in &part.elements {
                let (i, j) = (i as usize, j as usize);
                let mut z = matrix[(i, j)];
                if same {
                    // Imaginary parts of populations are no unknowns, and nothing would take them away.
                    z = 0.5 * (z + matrix[(j, i)].conj());
                }
                x[at as usize] = z.re;
                x[self.half + at as usize] = if turned { -z.im } else { z.im };
            }
        }
    }

    fn solve_part(&self, part: &Part, x: &[f64]) -> CMatrix {
        let (left, right) = (self.block(part.ket), self.block(part.bra));
        let mut b = CMatrix::zeros(left.values.len(), right.values.len());
        for &(at, i, j, turned) in &part.elements {
            let (re, im) = (x[at as usize], x[self.half + at as usize]);
            let z = c64::new(re, if turned { -im } else { im });
            b[(i as usize, j as usize)] = z;
            if self.hermitian && part.ket == part.bra && i != j {
                b[(j as usize, i as usize)] = z.conj();
            }
        }
        let mut y = product(&product(&left.inverse, &b), &right.inverse.adjoint());
        for (i, value) in left.values.iter().enumerate() {
            for (z, other) in y.row_mut(i).iter_mut().zip(&right.values) {
                let decay = value + other.conj() - self.shift;
                *z /= if decay.norm() < 0.5 * self.shift { c64::new(-self.shift, 0.0) } else { decay };
            }
        }
        product(&product(&left.vectors, &y), &right.vectors.adjoint())
    }
}

/// A B, by rows on all threads where it is large.
fn product(a: &CMatrix, b: &CMatrix) -> CMatrix {
    const LARGE: usize = 1 << 18;
    let (rows, inner, columns) = (a.rows(), a.cols(), b.cols());
    let threads = rayon::current_num_threads().min(rows);
    if threads < 2 || rows * inner * columns < LARGE {
        return a * b;
    }
    let each = rows.div_ceil(threads);
    let slices: Vec<CMatrix> = a
        .as_slice()
        .par_chunks(each * inner)
        .map(|rows| &CMatrix::from_vec(rows.len() / inner, inner, rows.to_vec()) * b)
        .collect();
    CMatrix::from_vec(rows, columns, slices.into_iter().flat_map(CMatrix::into_vec).collect())
}
