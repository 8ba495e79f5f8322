//! The means of words of a spin in a product state, as polynomials in ⟨J₊⟩, ⟨J_z⟩ and ⟨J₋⟩.
//!
//! A spin j is taken as N = 2j spins ½ in one state ρ with ⟨s⟩ = x, J = Nx. With p = ½ + x_z the generating function of its ordered words is
//!
//! ⟨e^{aJ₊} e^{bJ_z} e^{cJ₋}⟩ = f^N, f = h(b) + e^{−b/2}(a x₊ + c x₋ + a c p), h(b) = cosh(b/2) + 2x_z sinh(b/2).
//!
//! Of ∂_a^k ∂_c^m at 0 there stay the terms with i factors acp, k − i factors a x₊ and m − i factors c x₋, which are e = k + m − i of the N:
//!
//! ⟨J₊^k J_z^l J₋^m⟩ = Σ_i N!/(N − e)! k! m!/(i!(k − i)!(m − i)!) p^i x₊^{k−i} x₋^{m−i} ∂_b^l \[h^{N−e} e^{−be/2}\] at b = 0.
//!
//! That is exact for one spin ½ and for spin coherent states of every length.

use super::operator::Operator;
use super::polynomial::{Factor, Monomial, Polynomial, Terms, add_term};
use super::word::{Site, Word, added, contraction_weight, times};
use num_complex::Complex64 as c64;
use std::collections::BTreeMap;

impl Word {
    /// The mean of a word of a spin j = `members`/2 in a product state: coefficients and the words of c-numbers ⟨J₊⟩^k ⟨J_z⟩^l ⟨J₋⟩^m they
    /// belong to.
    pub fn product_mean(self, members: u32) -> Vec<(f64, Word)> {
        let n = f64::from(members);
        let mut out: Vec<(f64, Word)> = Vec::new();
        for i in 0..=self.dag.min(self.ann) {
            let taken = self.dag + self.ann - i;
            if f64::from(taken) > n {
                continue;
            }
            let ways = factorial(self.dag) * factorial(self.ann)
                / (factorial(i) * factorial(self.dag - i) * factorial(self.ann - i));
            // p^i, and the derivative by b, in powers of x_z.
            let mut along = vec![1.0];
            for _ in 0..i {
                along = times(&along, &[0.5, 1.0]);
            }
            along = times(&along, &slope(self.z, n - f64::from(taken), f64::from(taken)));
            let across = self.dag + self.ann - 2 * i;
            for (z, c) in along.into_iter().enumerate().filter(|(_, c)| *c != 0.0) {
                let word = Word::spin(self.dag - i, z as u16, self.ann - i);
                let value = ways * c * scaled(n, taken, across + z as u16);
                match out.iter_mut().find(|(_, w)| *w == word) {
                    Some((sum, _)) => *sum += value,
                    None => out.push((value, word)),
                }
            }
        }
        out.retain(|(c, _)| *c != 0.0);
        out
    }
}

/// N!/(N − e)!/N^d.
fn scaled(n: f64, e: u16, d: u16) -> f64 {
    let both: f64 = (0..e.min(d)).map(|t| (n - f64::from(t)) / n).product();
    let more: f64 = (d.min(e)..e).map(|t| n - f64::from(t)).product();
    both * more / n.powi(i32::from(d.saturating_sub(e)))
}

/// l! times the coefficient of b^l in h(b)^m e^{−be/2}, by powers of x_z. The terms of h − 1 are all positive: nothing cancels for large m.
fn slope(l: u16, m: f64, e: f64) -> Vec<f64> {
    let order = usize::from(l);
    // Series in b, each coefficient a polynomial in x_z.
    let mut u: Vec<Vec<f64>> = vec![vec![0.0]; order + 1];
    let mut falling: Vec<Vec<f64>> = vec![vec![0.0]; order + 1];
    let mut weight = 1.0;
    for r in 0..=order {
        if r > 0 {
            weight *= 0.5 / r as f64;
            u[r] = if r % 2 == 0 { vec![weight] } else { vec![0.0, 2.0 * weight] };
        }
        let sign = if r % 2 == 0 { 1.0 } else { -1.0 };
        falling[r] = vec![sign * e.powi(r as i32) * if r == 0 { 1.0 } else { weight }];
    }
    let product = |a: &[Vec<f64>], b: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let mut out = vec![vec![0.0]; order + 1];
        for i in 0..=order {
            for j in 0..=order - i {
                out[i + j] = added(&out[i + j], &times(&a[i], &b[j]));
            }
        }
        out
    };
    // h^m = Σ_r C(m, r)(h − 1)^r.
    let mut power: Vec<Vec<f64>> = vec![vec![0.0]; order + 1];
    power[0] = vec![1.0];
    let mut sum = power.clone();
    let mut choose = 1.0;
    for r in 1..=order {
        power = product(&power, &u);
        choose *= (m - (r - 1) as f64) / r as f64;
        for (s, p) in sum.iter_mut().zip(&power) {
            *s = added(s, &p.iter().map(|x| x * choose).collect::<Vec<f64>>());
        }
    }
    product(&sum, &falling)[order].iter().map(|x| x * factorial(l)).collect()
}

fn factorial(n: u16) -> f64 {
    (1..=n).map(f64::from).product()
}

impl Word {
    /// The polynomial in commuting J₊, J_z, J₋ whose symmetrisation (the mean over all orders of its factors) is this word of a spin:
    /// coefficients and words. Commutators with J are brackets of it exactly, [J_a, p_S] = i{J_a, p}_S.
    pub fn symmetrised(self) -> Vec<(f64, Word)> {
        let mut known = BTreeMap::new();
        let mut rest: BTreeMap<Word, f64> = BTreeMap::from([(self, 1.0)]);
        let mut out = Vec::new();
        while let Some((word, c)) = rest.iter().map(|(w, c)| (*w, *c)).max_by_key(|(w, _)| (w.degree(), *w)) {
            out.push((c, word));
            for (w, x) in symmetric(word, &mut known) {
                *rest.entry(w).or_default() -= c * x;
            }
            // The leading term of the symmetrisation is the word itself: what is left is smaller.
            rest.remove(&word);
            rest.retain(|_, c| *c != 0.0);
        }
        out
    }
}

/// The mean over all orders of the factors of a word, as ordered words: (k J₊ S(k−1, l, m) + l J_z S(k, l−1, m) + m J₋ S(k, l, m−1))/(k + l + m).
fn symmetric(word: Word, known: &mut BTreeMap<Word, Vec<(Word, f64)>>) -> Vec<(Word, f64)> {
    if word.degree() == 0 {
        return vec![(word, 1.0)];
    }
    if let Some(list) = known.get(&word) {
        return list.clone();
    }
    let mut sum: BTreeMap<Word, f64> = BTreeMap::new();
    let letters = [
        (word.dag, Word::RAISING, Word { dag: word.dag.saturating_sub(1), ..word }),
        (word.z, Word::Z, Word { z: word.z.saturating_sub(1), ..word }),
        (word.ann, Word::LOWERING, Word { ann: word.ann.saturating_sub(1), ..word }),
    ];
    for (count, letter, less) in letters.into_iter().filter(|(count, ..)| *count > 0) {
        let weight = f64::from(count) / f64::from(word.degree());
        for (w, c) in symmetric(less, known) {
            *sum.entry(letter.times_commuting(w)).or_default() += weight * c;
            for (v, lower) in letter.lower_terms(w) {
                *sum.entry(lower).or_default() += weight * c * v;
            }
        }
    }
    let list: Vec<(Word, f64)> = sum.into_iter().filter(|(_, c)| *c != 0.0).collect();
    known.insert(word, list.clone());
    list
}

impl Operator {
    /// The mean in a product of coherent states of the bosons and of the product states of the spins, whose lengths `twice` gives by mode:
    /// the normal symbol, in which each word of a spin is replaced by its [`Word::product_mean`].
    ///
    /// # Panics
    /// When a spin has no length.
    pub fn product_symbol(&self, twice: &[Option<u32>]) -> Polynomial {
        self.symbol_of_words(|f| match f.word.site {
            Site::Boson => vec![(1.0, f.word)],
            Site::Spin => f.word.product_mean(length(twice, f)),
        })
    }

    /// The symbol in symmetric order: Weyl's of the bosons, and of the spins the polynomial whose symmetrisation the operator is. Words of a
    /// spin ½ are linear in it, as they are.
    ///
    /// # Panics
    /// When a spin has no length.
    pub fn symmetric_symbol(&self, twice: &[Option<u32>]) -> Polynomial {
        self.symbol_of_words(|f| match f.word.site {
            Site::Boson => (0..=f.word.dag.min(f.word.ann))
                .map(|k| {
                    let weight = (-0.5_f64).powi(i32::from(k)) * contraction_weight(f.word.dag, f.word.ann, k);
                    (weight, Word::boson(f.word.dag - k, f.word.ann - k))
                })
                .collect(),
            Site::Spin if length(twice, f) == 1 => f.word.product_mean(1),
            Site::Spin => f.word.symmetrised(),
        })
    }

    fn symbol_of_words(&self, words: impl Fn(&Factor) -> Vec<(f64, Word)>) -> Polynomial {
        let mut terms = Terms::new();
        for (m, c) in self.iter() {
            let mut parts = vec![(1.0, Monomial::one())];
            for f in m.factors() {
                let words = words(f);
                parts = parts
                    .iter()
                    .flat_map(|(w, m)| {
                        words.iter().map(move |(v, word)| (w * v, m.times_commuting(&Monomial::site(f.mode, *word))))
                    })
                    .collect();
            }
            for (w, m) in parts {
                add_term(&mut terms, m, &if w == 1.0 { c.clone() } else { c.times(c64::new(w, 0.0)) });
            }
        }
        Polynomial { terms }
    }
}

fn length(twice: &[Option<u32>], factor: &Factor) -> u32 {
    twice[factor.mode.0 as usize].expect("a spin has a length")
}
