//! Operators in the number basis as shifted diagonals.

use std::collections::BTreeMap;

use huygens_numerics::c64;

use super::space::{Ensemble, Space};
use crate::algebra::{EvalError, ModeId, Monomial, Operator, Word};

/// ⟨n − ann + dag|a†^dag a^ann|n⟩ = sqrt(n!/(n − ann)! · (n − ann + dag)!/(n − ann)!).
fn boson_element(word: Word, n: i32) -> f64 {
    let (dag, ann) = (i32::from(word.dag), i32::from(word.ann));
    let low = n - ann;
    if low < 0 {
        return 0.0;
    }
    let falling = |from: i32, count: i32| (0..count).map(|j| f64::from(from - j)).product::<f64>();
    (falling(n, ann) * falling(low + dag, dag)).sqrt()
}

/// The element of J₊^dag J_z^z J₋^ann from the state n = m + j of a spin: ⟨n − 1|J₋|n⟩² = n(2j − n + 1).
fn spin_element(word: Word, twice: i32, n: i32) -> f64 {
    let (plus, minus) = (i32::from(word.dag), i32::from(word.ann));
    let low = n - minus;
    if low < 0 || low + plus > twice {
        return 0.0;
    }
    let steps = |from: i32, count: i32| {
        (0..count).map(|j| f64::from(from - j) * f64::from(twice - from + j + 1)).product::<f64>().sqrt()
    };
    let m = f64::from(low) - 0.5 * f64::from(twice);
    steps(n, minus) * m.powi(i32::from(word.z)) * steps(low + plus, plus)
}

/// An operator within a [`Space`]: for each shift s the table ⟨n + s|O|n⟩ over all states n, zero where n + s lies beyond the
/// cut-off.
#[derive(Clone, Debug, Default)]
pub struct Shifted {
    pub(super) parts: BTreeMap<Vec<i32>, Vec<c64>>,
}

impl Shifted {
    /// The operator at parameter values `params` and time `t`. A normal-ordered monomial has exactly the elements of the
    /// untruncated operator between the states that are kept.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub fn new(space: &Space, operator: &Operator, params: &[f64], t: f64) -> Result<Self, EvalError> {
        let mut sum = Self::default();
        for (monomial, coefficient) in operator.iter() {
            sum.add_scaled(coefficient.eval(params, t)?, &Self::monomial(space, monomial));
        }
        sum.trim();
        Ok(sum)
    }

    /// Π_k a_k†^{m_k} a_k^{n_k}, and J₊^{k} J_z^{l} J₋^{m} at spins.
    pub(super) fn monomial(space: &Space, monomial: &Monomial) -> Self {
        let words: Vec<Word> = (0..space.modes()).map(|k| monomial.word(ModeId(k as u32))).collect();
        // One table for each mode.
        let element = |k: usize, n: i32| match space.spin(k) {
            Some(twice) => spin_element(words[k], twice as i32, n),
            None => boson_element(words[k], n),
        };
        let tables: Vec<Vec<f64>> =
            space.top().iter().enumerate().map(|(k, &top)| (0..=top).map(|n| element(k, n)).collect()).collect();
        let shift: Vec<i32> = words.iter().map(|w| w.charge() as i32).collect();
        let mut table = vec![c64::new(0.0, 0.0); space.len()];
        space.each_shifted(&shift, |at, n, _| {
            let mut value = 1.0;
            for (k, (n, table)) in n.iter().zip(&tables).enumerate() {
                if space.ensembles().iter().all(|e| e.site != k) {
                    value *= table[*n as usize];
                }
            }
            for e in space.ensembles() {
                let l = n[e.length];
                value *= spin_element(words[e.site], e.members as i32 - 2 * l, n[e.site] - l);
            }
            table[at] = value.into();
        });
        Self { parts: BTreeMap::from([(shift, table)]) }
    }

    /// One of three jumps that stand for those of all members of an ensemble, s_q of each, on states that no permutation changes: that which
    /// turns the length j into j + Δ, Δ = `change`,
    ///
    /// Σ_i s_q^{(i)} ρ s_r^{(i)†} = Σ_Δ K_q^Δ ρ K_r^{Δ†}
    ///
    /// (B. A. Chase and J. M. Geremia, Phys. Rev. A 78, 052101 (2008), Eq. 33; N. Shammah et al., Phys. Rev. A 98, 063815 (2018)). `word` is J₊, J_z or J₋.
    pub(super) fn member(space: &Space, ensemble: &Ensemble, word: Word, change: i32) -> Self {
        let raised = word.charge() as i32;
        let mut shift = vec![0; space.modes()];
        (shift[ensemble.site], shift[ensemble.length]) = (raised, -change);
        let half = 0.5 * f64::from(ensemble.members);
        let mut table = vec![c64::new(0.0, 0.0); space.len()];
        space.each_shifted(&shift, |at, n, _| {
            let (j, m) = (half - f64::from(n[ensemble.length]), f64::from(n[ensemble.site]) - half);
            let root = |a: f64, b: f64| (a * b).max(0.0).sqrt();
            let (weight, element) = match change {
                0 => {
                    let weight = if j > 0.0 { (half + 1.0) / (2.0 * j * (j + 1.0)) } else { 0.0 };
                    (weight, [root(j + m, j - m + 1.0), m, root(j - m, j + m + 1.0)])
                }
                -1 => {
                    let weight = if j > 0.0 { (half + j + 1.0) / (2.0 * j * (2.0 * j + 1.0)) } else { 0.0 };
                    (weight, [-root(j + m, j + m - 1.0), root(j + m, j - m), root(j - m, j - m - 1.0)])
                }
                _ => {
                    let weight = (half - j) / (2.0 * (j + 1.0) * (2.0 * j + 1.0));
                    (
                        weight,
                        [
                            root(j - m + 1.0, j - m + 2.0),
                            root(j + m + 1.0, j - m + 1.0),
                            -root(j + m + 1.0, j + m + 2.0),
                        ],
                    )
                }
            };
            table[at] = (weight.sqrt() * element[(raised + 1) as usize]).into();
        });
        Self { parts: BTreeMap::from([(shift, table)]) }
    }

    /// Adds a multiple of another operator of the same space.
    pub fn add_scaled(&mut self, factor: c64, other: &Self) {
        for (shift, table) in &other.parts {
            match self.parts.get_mut(shift) {
                Some(own) => own.iter_mut().zip(table).for_each(|(x, y)| *x += factor * y),
                None => {
                    self.parts.insert(shift.clone(), table.iter().map(|y| factor * y).collect());
                }
            }
        }
    }

    /// Leaves out shifts whose table vanishes.
    pub(super) fn trim(&mut self) {
        self.parts.retain(|_, table| table.iter().any(|x| *x != c64::new(0.0, 0.0)));
    }

    /// The product as matrices of the truncated space: an intermediate state beyond the cut-off contributes nothing.
    pub fn mul(&self, space: &Space, right: &Self) -> Self {
        let mut product = Self::default();
        for (s, first) in &right.parts {
            for (u, second) in &self.parts {
                let shift: Vec<i32> = s.iter().zip(u).map(|(a, b)| a + b).collect();
                let table = product.parts.entry(shift).or_insert_with(|| vec![c64::new(0.0, 0.0); space.len()]);
                space.each_shifted(s, |at, _, between| table[at] += second[between] * first[at]);
            }
        }
        product.trim();
        product
    }

    /// The adjoint.
    pub fn adjoint(&self, space: &Space) -> Self {
        let mut adjoint = Self::default();
        for (s, table) in &self.parts {
            let mut turned = vec![c64::new(0.0, 0.0); space.len()];
            space.each_shifted(s, |at, _, to| turned[to] = table[at].conj());
            adjoint.parts.insert(s.iter().map(|x| -x).collect(), turned);
        }
        adjoint
    }

    /// The shifts that occur.
    pub fn shifts(&self) -> impl Iterator<Item = &[i32]> {
        self.parts.keys().map(Vec::as_slice)
    }
}
