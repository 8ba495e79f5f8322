//! Monomials over several modes and the polynomials built of them.

use super::field::Field;
use super::scalar::{EvalError, ParamId, Scalar};
use super::word::{Site, Word};
use num_complex::Complex64 as c64;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};

/// A mode of a model: the index of its amplitude in the slice given to [`Polynomial::eval`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModeId(pub u32);

/// One site of a monomial with the powers that stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor {
    /// The mode.
    pub mode: ModeId,
    /// The powers of its ladder operators (of z* and z in a c-number polynomial).
    pub word: Word,
}

/// A product Π_k (a_k†)^{m_k} (a_k)^{n_k} over distinct modes, sorted by mode; up to four modes without heap memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monomial {
    factors: SmallVec<[Factor; 4]>,
}

impl Monomial {
    /// The empty product 1.
    pub fn one() -> Monomial {
        Monomial::default()
    }
    /// One factor.
    pub fn site(mode: ModeId, word: Word) -> Monomial {
        let mut factors = SmallVec::new();
        if word.degree() > 0 {
            factors.push(Factor { mode, word });
        }
        Monomial { factors }
    }
    /// The product of the given factors; words of the same mode add their powers (they are c-numbers or one word).
    pub fn from_factors(factors: &[Factor]) -> Monomial {
        let mut m = Monomial::one();
        for f in factors {
            m = m.times_commuting(&Monomial::site(f.mode, f.word));
        }
        m
    }
    /// The factors, sorted by mode, none of them empty.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }
    /// Whether this is the empty product.
    pub fn is_one(&self) -> bool {
        self.factors.is_empty()
    }
    /// The powers at one mode (both zero if the mode does not occur).
    pub fn word(&self, mode: ModeId) -> Word {
        match self.factors.binary_search_by_key(&mode, |f| f.mode) {
            Ok(k) => self.factors[k].word,
            Err(_) => Word::default(),
        }
    }
    /// Total degree Σ (m_k + n_k).
    pub fn degree(&self) -> u32 {
        self.factors.iter().map(|f| f.word.degree()).sum()
    }
    /// The adjoint (of a normal-ordered product) or complex conjugate (of a c-number one).
    pub fn adjoint(&self) -> Monomial {
        Monomial { factors: self.factors.iter().map(|f| Factor { mode: f.mode, word: f.word.adjoint() }).collect() }
    }
    /// Whether the two share a mode.
    pub fn overlaps(&self, other: &Monomial) -> bool {
        let (mut i, mut j) = (0, 0);
        while i < self.factors.len() && j < other.factors.len() {
            match self.factors[i].mode.cmp(&other.factors[j].mode) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => return true,
            }
        }
        false
    }
    /// The product as c-numbers: powers add.
    pub fn times_commuting(&self, other: &Monomial) -> Monomial {
        self.merge(other, Word::times_commuting)
    }

    fn merge(&self, other: &Monomial, shared: impl Fn(Word, Word) -> Word) -> Monomial {
        let (a, b) = (&self.factors, &other.factors);
        let mut factors = SmallVec::with_capacity(a.len() + b.len());
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            match a[i].mode.cmp(&b[j].mode) {
                std::cmp::Ordering::Less => {
                    factors.push(a[i]);
                    i += 1;
                }
                std::cmp::Ordering::Greater => {
                    factors.push(b[j]);
                    j += 1;
                }
                std::cmp::Ordering::Equal => {
                    let word = shared(a[i].word, b[j].word);
                    if word.degree() > 0 {
                        factors.push(Factor { mode: a[i].mode, word });
                    }
                    i += 1;
                    j += 1;
                }
            }
        }
        factors.extend_from_slice(&a[i..]);
        factors.extend_from_slice(&b[j..]);
        Monomial { factors }
    }

    /// The same product with each mode replaced; the map must be one to one on the modes that occur.
    pub fn map_modes(&self, f: &dyn Fn(ModeId) -> ModeId) -> Monomial {
        let mut factors: SmallVec<[Factor; 4]> =
            self.factors.iter().map(|x| Factor { mode: f(x.mode), word: x.word }).collect();
        factors.sort();
        Monomial { factors }
    }

    /// Calls `emit(weight, monomial)` for every term of the normal-ordered product `self * right`; with
    /// `contracted_only`, the term without contraction (which is the same for `right * self`) is left out.
    pub(crate) fn product_terms(&self, right: &Monomial, contracted_only: bool, emit: &mut dyn FnMut(f64, Monomial)) {
        // Modes at which the order matters, with the terms of lower degree there.
        let mut shared: SmallVec<[(ModeId, Vec<(f64, Word)>); 4]> = SmallVec::new();
        for f in &self.factors {
            if let Ok(k) = right.factors.binary_search_by_key(&f.mode, |g| g.mode) {
                let terms = f.word.lower_terms(right.factors[k].word);
                if !terms.is_empty() {
                    shared.push((f.mode, terms));
                }
            }
        }
        let mut choice: SmallVec<[usize; 4]> = SmallVec::from_elem(0, shared.len());
        if !contracted_only {
            emit(1.0, self.times_commuting(right));
        }
        loop {
            // Next choice of a term at each of them, 0 for the leading one.
            let mut k = 0;
            loop {
                if k == shared.len() {
                    return;
                }
                choice[k] += 1;
                if choice[k] <= shared[k].1.len() {
                    break;
                }
                choice[k] = 0;
                k += 1;
            }
            let mut product = self.times_commuting(right);
            let mut weight = 1.0;
            for (chosen, (mode, terms)) in choice.iter().zip(&shared) {
                let Some((w, word)) = chosen.checked_sub(1).map(|at| terms[at]) else { continue };
                weight *= w;
                let place = product.factors.iter().position(|f| f.mode == *mode);
                product.factors[place.expect("a shared mode is in the product")].word = word;
            }
            product.factors.retain(|f| f.word.degree() > 0);
            emit(weight, product);
        }
    }

    /// Calls `emit(weight, monomial)` for Π_k Σ_j s^j j! C(m_k,j) C(n_k,j) z*^{m−j} z^{n−j}: the change of ordering with
    /// s = −1/2 from normal to Weyl and s = +1/2 back.
    pub(crate) fn reordered(&self, s: f64, emit: &mut dyn FnMut(f64, Monomial)) {
        let mut parts: Vec<(f64, Monomial)> = vec![(1.0, Monomial::one())];
        for f in &self.factors {
            // The symbol of a spin is that of its ordered words.
            let most = if f.word.site == Site::Boson { f.word.dag.min(f.word.ann) } else { 0 };
            let mut next = Vec::with_capacity(parts.len() * (usize::from(most) + 1));
            for (weight, m) in &parts {
                for j in 0..=most {
                    let w = weight * s.powi(i32::from(j)) * super::word::contraction_weight(f.word.dag, f.word.ann, j);
                    let word = Word { dag: f.word.dag - j, ann: f.word.ann - j, ..f.word };
                    next.push((w, m.times_commuting(&Monomial::site(f.mode, word))));
                }
            }
            parts = next;
        }
        for (w, m) in parts {
            emit(w, m);
        }
    }
}

/// A map from monomials to their coefficients; no coefficient is zero.
pub(crate) type Terms = BTreeMap<Monomial, Scalar>;

/// Adds `c·m`, dropping the entry if it cancels.
pub(crate) fn add_term(terms: &mut Terms, m: Monomial, c: &Scalar) {
    if c.is_zero() {
        return;
    }
    match terms.entry(m) {
        std::collections::btree_map::Entry::Vacant(e) => {
            e.insert(c.clone());
        }
        std::collections::btree_map::Entry::Occupied(mut e) => {
            e.get_mut().add_assign(c);
            if e.get().is_zero() {
                e.remove();
            }
        }
    }
}

/// A polynomial in the complex amplitudes z_k and z_k* with exact coefficients; of a spin z = ⟨J₋⟩, with ⟨J_z⟩ beside it.
///
/// The symbol of an operator in normal or Weyl order, and the right-hand side of a mean-field equation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Polynomial {
    pub(crate) terms: Terms,
}

impl Polynomial {
    /// The polynomial 0.
    pub fn zero() -> Polynomial {
        Polynomial::default()
    }
    /// A constant.
    pub fn scalar(c: Scalar) -> Polynomial {
        Polynomial::term(Monomial::one(), c)
    }
    /// The amplitude z of a mode.
    pub fn amplitude(mode: ModeId) -> Polynomial {
        Polynomial::term(Monomial::site(mode, Word::ANNIHILATION), Scalar::one())
    }
    /// The conjugate amplitude z* of a mode.
    pub fn amplitude_conj(mode: ModeId) -> Polynomial {
        Polynomial::term(Monomial::site(mode, Word::CREATION), Scalar::one())
    }
    /// One term.
    pub fn term(m: Monomial, c: Scalar) -> Polynomial {
        let mut terms = Terms::new();
        add_term(&mut terms, m, &c);
        Polynomial { terms }
    }
    /// The sum of the given terms.
    pub fn from_terms(list: impl IntoIterator<Item = (Monomial, Scalar)>) -> Polynomial {
        let mut terms = Terms::new();
        for (m, c) in list {
            add_term(&mut terms, m, &c);
        }
        Polynomial { terms }
    }
    /// The terms, sorted by monomial.
    pub fn iter(&self) -> impl Iterator<Item = (&Monomial, &Scalar)> {
        self.terms.iter()
    }
    /// Number of terms.
    pub fn len(&self) -> usize {
        self.terms.len()
    }
    /// Whether this is 0.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }
    /// The coefficient of a monomial.
    pub fn coefficient(&self, m: &Monomial) -> Scalar {
        self.terms.get(m).cloned().unwrap_or_default()
    }
    /// Largest total degree of a term (0 for the zero polynomial).
    pub fn degree(&self) -> u32 {
        self.terms.keys().map(Monomial::degree).max().unwrap_or(0)
    }
    /// The modes that occur, in the products of amplitudes or in the coefficients.
    pub fn modes(&self) -> BTreeSet<ModeId> {
        let products = self.terms.keys().flat_map(|m| m.factors().iter().map(|f| f.mode));
        products.chain(self.fields().into_iter().map(|field| field.mode)).collect()
    }
    /// The parameters that occur.
    pub fn params(&self) -> BTreeSet<ParamId> {
        self.terms.values().flat_map(Scalar::params).collect()
    }
    /// Whether the time occurs in a coefficient.
    pub fn depends_on_time(&self) -> bool {
        self.terms.values().any(Scalar::depends_on_time)
    }

    /// The sum.
    pub fn add(&self, other: &Polynomial) -> Polynomial {
        let mut terms = self.terms.clone();
        for (m, c) in &other.terms {
            add_term(&mut terms, m.clone(), c);
        }
        Polynomial { terms }
    }
    /// The difference.
    pub fn sub(&self, other: &Polynomial) -> Polynomial {
        self.add(&other.scale(&Scalar::real(-1.0)))
    }
    /// The product with a scalar.
    pub fn scale(&self, c: &Scalar) -> Polynomial {
        Polynomial::from_terms(self.terms.iter().map(|(m, x)| (m.clone(), x.mul(c))))
    }
    /// The product (of c-numbers).
    pub fn mul(&self, other: &Polynomial) -> Polynomial {
        let mut terms = Terms::new();
        for (m, c) in &self.terms {
            for (n, d) in &other.terms {
                add_term(&mut terms, m.times_commuting(n), &c.mul(d));
            }
        }
        Polynomial { terms }
    }
    /// The complex conjugate.
    pub fn conj(&self) -> Polynomial {
        Polynomial { terms: self.terms.iter().map(|(m, c)| (m.adjoint(), c.conj())).collect() }
    }
    /// ∂/∂z of a mode, z* held fixed; through the coefficients as well, but not through what they hold (`mean(…)`).
    pub fn derivative(&self, mode: ModeId) -> Polynomial {
        self.differentiate(mode, false, |w| (w.ann, Word { ann: w.ann.saturating_sub(1), ..w }))
    }
    /// ∂/∂z* of a mode, z held fixed; through the coefficients as [`Polynomial::derivative`].
    pub fn derivative_conj(&self, mode: ModeId) -> Polynomial {
        self.differentiate(mode, true, |w| (w.dag, Word { dag: w.dag.saturating_sub(1), ..w }))
    }
    /// ∂/∂⟨J_z⟩ of a spin, ⟨J±⟩ held fixed.
    pub fn derivative_z(&self, spin: ModeId) -> Polynomial {
        let mut terms = Terms::new();
        for (m, c) in &self.terms {
            let word = m.word(spin);
            if word.z > 0 {
                let mut lower = m.clone();
                lower.factors.retain(|f| f.mode != spin);
                let lower = lower.times_commuting(&Monomial::site(spin, Word { z: word.z - 1, ..word }));
                add_term(&mut terms, lower, &c.times(c64::new(f64::from(word.z), 0.0)));
            }
        }
        Polynomial { terms }
    }
    fn differentiate(&self, mode: ModeId, conj: bool, rule: impl Fn(Word) -> (u16, Word)) -> Polynomial {
        let mut terms = Terms::new();
        for (m, c) in &self.terms {
            let (power, word) = rule(m.word(mode));
            if power > 0 {
                let mut lower = m.clone();
                lower.factors.retain(|f| f.mode != mode);
                let lower = lower.times_commuting(&Monomial::site(mode, word));
                add_term(&mut terms, lower, &c.times(c64::new(f64::from(power), 0.0)));
            }
            for field in c.fields().into_iter().filter(|field| field.mode == mode && !field.held) {
                for (slope, weight) in field.slope(conj).terms {
                    add_term(&mut terms, m.times_commuting(&slope), &c.field_derivative(field).mul(&weight));
                }
            }
        }
        Polynomial { terms }
    }
    /// The polynomial with each coefficient replaced.
    pub fn map_coefficients(&self, f: &dyn Fn(&Scalar) -> Scalar) -> Polynomial {
        Polynomial::from_terms(self.terms.iter().map(|(m, c)| (m.clone(), f(c))))
    }
    /// The polynomial with each mode replaced; the map must be one to one on the modes that occur.
    pub fn map_modes(&self, f: &dyn Fn(ModeId) -> ModeId) -> Polynomial {
        let coefficient =
            |c: &Scalar| c.map_fields(&|field| Field { mode: f(field.mode), ..field }).unwrap_or_else(|_| c.clone());
        Polynomial::from_terms(self.terms.iter().map(|(m, c)| (m.map_modes(f), coefficient(c))))
    }
    /// The value at amplitudes `z` (indexed by [`ModeId`]), parameters and time.
    pub fn eval(&self, z: &[c64], params: &[f64], t: f64) -> Result<c64, EvalError> {
        let mut sum = c64::new(0.0, 0.0);
        for (m, c) in &self.terms {
            let mut product = c.eval_at(params, t, z)?;
            for f in m.factors() {
                let amplitude = z[f.mode.0 as usize];
                product *= amplitude.conj().powu(u32::from(f.word.dag)) * amplitude.powu(u32::from(f.word.ann));
            }
            sum += product;
        }
        Ok(sum)
    }
}
