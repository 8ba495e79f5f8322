//! Operators: polynomials in ladder operators, kept in normal order.

use super::polynomial::{ModeId, Monomial, Polynomial, Terms, add_term};
use super::scalar::{ParamId, Scalar, ScalarError};
use super::word::Word;
use num_complex::Complex64 as c64;
use std::collections::{BTreeMap, BTreeSet};

/// Largest number of terms an operator may expand to.
pub const MAX_OPERATOR_TERMS: usize = 1_000_000;

/// A polynomial in the ladder operators of bosons and spins in normal order, Σ c Π_k (a_k†)^{m_k} a_k^{n_k} Π_s J₊^{k_s} J_z^{l_s} J₋^{m_s}, with
/// exact coefficients.
///
/// Two operators are equal exactly when their stored forms are: like terms are merged and no coefficient is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operator {
    pub(crate) terms: Terms,
}

impl Operator {
    /// The operator 0.
    pub fn zero() -> Operator {
        Operator::default()
    }
    /// A multiple of the identity.
    pub fn scalar(c: Scalar) -> Operator {
        Operator::term(Monomial::one(), c)
    }
    /// A number times the identity.
    pub fn number(z: c64) -> Operator {
        Operator::scalar(Scalar::number(z))
    }
    /// a of a mode.
    pub fn annihilation(mode: ModeId) -> Operator {
        Operator::term(Monomial::site(mode, Word::ANNIHILATION), Scalar::one())
    }
    /// a† of a mode.
    pub fn creation(mode: ModeId) -> Operator {
        Operator::term(Monomial::site(mode, Word::CREATION), Scalar::one())
    }
    /// a†a of a mode.
    pub fn n(mode: ModeId) -> Operator {
        Operator::term(Monomial::site(mode, Word::boson(1, 1)), Scalar::one())
    }
    /// J₊ of a spin.
    pub fn raising(spin: ModeId) -> Operator {
        Operator::term(Monomial::site(spin, Word::RAISING), Scalar::one())
    }
    /// J₋ of a spin.
    pub fn lowering(spin: ModeId) -> Operator {
        Operator::term(Monomial::site(spin, Word::LOWERING), Scalar::one())
    }
    /// J_z of a spin.
    pub fn spin_z(spin: ModeId) -> Operator {
        Operator::term(Monomial::site(spin, Word::Z), Scalar::one())
    }
    /// J_x = (J₊ + J₋)/2.
    pub fn spin_x(spin: ModeId) -> Operator {
        Operator::raising(spin).add(&Operator::lowering(spin)).scale(&Scalar::real(0.5))
    }
    /// J_y = (J₊ − J₋)/2i.
    pub fn spin_y(spin: ModeId) -> Operator {
        Operator::raising(spin).sub(&Operator::lowering(spin)).scale(&Scalar::number(c64::new(0.0, -0.5)))
    }
    /// q = (a + a†)/√2.
    pub fn q(mode: ModeId) -> Operator {
        Operator::annihilation(mode).hermitian_quadrature()
    }
    /// p = (a − a†)/(i√2).
    pub fn p(mode: ModeId) -> Operator {
        Operator::annihilation(mode).antihermitian_quadrature()
    }
    /// (x + x†)/√2.
    pub fn hermitian_quadrature(&self) -> Operator {
        self.add(&self.adjoint()).scale(&half_root())
    }
    /// (x − x†)/(i√2).
    pub fn antihermitian_quadrature(&self) -> Operator {
        self.sub(&self.adjoint()).scale(&half_root().times(c64::new(0.0, -1.0)))
    }
    /// One normal-ordered term.
    pub fn term(m: Monomial, c: Scalar) -> Operator {
        let mut terms = Terms::new();
        add_term(&mut terms, m, &c);
        Operator { terms }
    }
    /// The sum of the given normal-ordered terms.
    pub fn from_terms(list: impl IntoIterator<Item = (Monomial, Scalar)>) -> Operator {
        Operator { terms: Polynomial::from_terms(list).terms }
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
    /// The scalar c if this is c times the identity.
    pub fn as_scalar(&self) -> Option<Scalar> {
        match self.terms.len() {
            0 => Some(Scalar::zero()),
            1 => self.terms.get(&Monomial::one()).cloned(),
            _ => None,
        }
    }
    /// The coefficient of a normal-ordered monomial.
    pub fn coefficient(&self, m: &Monomial) -> Scalar {
        self.terms.get(m).cloned().unwrap_or_default()
    }
    /// Largest total degree of a term (0 for the zero operator).
    pub fn degree(&self) -> u32 {
        self.terms.keys().map(Monomial::degree).max().unwrap_or(0)
    }
    /// The modes that occur.
    pub fn modes(&self) -> BTreeSet<ModeId> {
        self.terms.keys().flat_map(|m| m.factors().iter().map(|f| f.mode)).collect()
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
    pub fn add(&self, other: &Operator) -> Operator {
        let mut sum = self.clone();
        sum.add_assign(other);
        sum
    }
    /// Adds in place.
    pub fn add_assign(&mut self, other: &Operator) {
        for (m, c) in &other.terms {
            add_term(&mut self.terms, m.clone(), c);
        }
    }
    /// The difference.
    pub fn sub(&self, other: &Operator) -> Operator {
        self.add(&other.neg())
    }
    /// −x.
    pub fn neg(&self) -> Operator {
        Operator { terms: self.terms.iter().map(|(m, c)| (m.clone(), c.neg())).collect() }
    }
    /// The product with a scalar.
    pub fn scale(&self, c: &Scalar) -> Operator {
        Operator::from_terms(self.terms.iter().map(|(m, x)| (m.clone(), x.mul(c))))
    }
    /// The quotient by a scalar; that scalar must not be 0.
    ///
    /// # Errors
    /// [`ScalarError::DivisionByZero`].
    pub fn divide(&self, c: &Scalar) -> Result<Operator, ScalarError> {
        let quotients: Result<Vec<_>, ScalarError> =
            self.terms.iter().map(|(m, x)| Ok((m.clone(), x.div(c)?))).collect();
        Ok(Operator::from_terms(quotients?))
    }
    /// The operator product, brought to normal order.
    pub fn mul(&self, other: &Operator) -> Operator {
        let mut terms = Terms::new();
        for (m, c) in &self.terms {
            for (n, d) in &other.terms {
                accumulate(&mut terms, m, n, &c.mul(d), false);
            }
        }
        Operator { terms }
    }
    /// A non-negative integer power.
    ///
    /// Fails if the expansion would exceed [`MAX_OPERATOR_TERMS`].
    pub fn powi(&self, n: u32) -> Result<Operator, ScalarError> {
        let mut result = Operator::scalar(Scalar::one());
        for _ in 0..n {
            if result.len().saturating_mul(self.len()) > MAX_OPERATOR_TERMS {
                return Err(ScalarError::TooLarge { limit: MAX_OPERATOR_TERMS });
            }
            result = result.mul(self);
        }
        Ok(result)
    }
    /// The adjoint.
    pub fn adjoint(&self) -> Operator {
        Operator { terms: self.terms.iter().map(|(m, c)| (m.adjoint(), c.conj())).collect() }
    }
    /// (x − x†)/2: zero exactly if the operator is Hermitian.
    pub fn antihermitian_part(&self) -> Operator {
        self.sub(&self.adjoint()).scale(&Scalar::real(0.5))
    }
    /// Whether x† = x.
    pub fn is_hermitian(&self) -> bool {
        self.antihermitian_part().is_zero()
    }

    /// The normal symbol: the operator with a → z, a† → z*, its terms in normal order.
    pub fn normal_symbol(&self) -> Polynomial {
        Polynomial { terms: self.terms.clone() }
    }
    /// The Weyl symbol,
    ///
    /// a†^m a^n → Σ_k (−1/2)^k k! C(m,k) C(n,k) z*^{m−k} z^{n−k},
    ///
    /// whose phase-space average with the Wigner function is the expectation value (Cahill and Glauber, Phys. Rev. 177,
    /// 1857 (1969), Eq. 4.19 with s = 1, t = 0).
    pub fn weyl_symbol(&self) -> Polynomial {
        Polynomial { terms: reorder(&self.terms, -0.5) }
    }
    /// The operator with the given normal symbol.
    pub fn from_normal(p: &Polynomial) -> Operator {
        Operator { terms: p.terms.clone() }
    }
    /// The operator with the given Weyl symbol (its inverse is [`Operator::weyl_symbol`]).
    pub fn from_weyl(p: &Polynomial) -> Operator {
        Operator { terms: reorder(&p.terms, 0.5) }
    }
    /// The operator with each coefficient replaced.
    pub fn map_coefficients(&self, f: &dyn Fn(&Scalar) -> Scalar) -> Operator {
        Operator::from_terms(self.terms.iter().map(|(m, c)| (m.clone(), f(c))))
    }
    /// D†(α) X D(α) with the displacement D(α) = Π_k exp(α_k a_k† − α_k* a_k): a_k → a_k + α_k, a_k† → a_k† + α_k*, in normal order.
    /// Modes without an α stay.
    pub fn displaced(&self, alpha: &dyn Fn(ModeId) -> Option<Scalar>) -> Operator {
        let mut terms = Terms::new();
        for (m, c) in &self.terms {
            let mut parts = vec![(Monomial::one(), c.clone())];
            for f in m.factors() {
                let Some(z) = alpha(f.mode) else {
                    let own = Monomial::site(f.mode, f.word);
                    parts.iter_mut().for_each(|(m, _)| *m = m.times_commuting(&own));
                    continue;
                };
                let (up, down) = (powers(&z.conj(), f.word.dag), powers(&z, f.word.ann));
                let mut wider = Vec::with_capacity(parts.len() * up.len() * down.len());
                for (m, c) in &parts {
                    for (dag, u) in up.iter().enumerate() {
                        for (ann, d) in down.iter().enumerate() {
                            let word = Word::boson(dag as u16, ann as u16);
                            wider.push((m.times_commuting(&Monomial::site(f.mode, word)), c.mul(u).mul(d)));
                        }
                    }
                }
                parts = wider;
            }
            for (m, c) in parts {
                add_term(&mut terms, m, &c);
            }
        }
        Operator { terms }
    }
    /// The operator with each mode replaced; the map must be one to one on the modes that occur.
    pub fn map_modes(&self, f: &dyn Fn(ModeId) -> ModeId) -> Operator {
        Operator::from_normal(&self.normal_symbol().map_modes(f))
    }
}

macro_rules! operator_traits {
    ($($trait:ident $method:ident),*) => {$(
        impl std::ops::$trait for &Operator {
            type Output = Operator;
            fn $method(self, other: &Operator) -> Operator {
                Operator::$method(self, other)
            }
        }
    )*};
}
operator_traits!(Add add, Sub sub, Mul mul);

impl std::ops::Neg for &Operator {
    type Output = Operator;
    fn neg(self) -> Operator {
        Operator::neg(self)
    }
}

/// 1/√2 as an exact scalar.
fn half_root() -> Scalar {
    let root = Scalar::real(2.0).sqrt().unwrap_or_default();
    root.times(c64::new(0.5, 0.0))
}

/// C(n, k) z^{n−k} for k = 0 … n.
fn powers(z: &Scalar, n: u16) -> Vec<Scalar> {
    let mut list = vec![Scalar::one()];
    for j in 0..n {
        // C(n, j + 1) = C(n, j) (n − j)/(j + 1).
        let ratio = f64::from(n - j) / f64::from(j + 1);
        let next = list[j as usize].mul(z).times(c64::new(ratio, 0.0));
        list.push(next);
    }
    list.reverse();
    list
}

fn reorder(terms: &Terms, s: f64) -> Terms {
    let mut out = Terms::new();
    for (m, c) in terms {
        m.reordered(s, &mut |w, lower| add_term(&mut out, lower, &c.times(c64::new(w, 0.0))));
    }
    out
}

fn accumulate(terms: &mut Terms, m: &Monomial, n: &Monomial, c: &Scalar, contracted_only: bool) {
    m.product_terms(n, contracted_only, &mut |w, product| {
        if w == 1.0 {
            add_term(terms, product, c);
        } else {
            add_term(terms, product, &c.times(c64::new(w, 0.0)));
        }
    });
}

/// Adds z·c·d·[m, n] to `terms`; nothing if m and n share no mode.
fn accumulate_commutator(terms: &mut Terms, (m, c): (&Monomial, &Scalar), (n, d): (&Monomial, &Scalar), z: c64) {
    if !m.overlaps(n) {
        return;
    }
    let product = c.mul(d).times(z);
    accumulate(terms, m, n, &product, true);
    accumulate(terms, n, m, &product.neg(), true);
}

/// [a, b] = ab − ba.
pub fn commutator(a: &Operator, b: &Operator) -> Operator {
    let mut terms = Terms::new();
    for x in &a.terms {
        for y in &b.terms {
            accumulate_commutator(&mut terms, x, y, c64::new(1.0, 0.0));
        }
    }
    Operator { terms }
}

/// The adjoint Lindblad generator of one observable,
///
/// dX/dt = i[H, X] + ½ Σ_L (L†[X, L] + [L†, X] L).
///
/// For many observables of one model use [`Generator`], which finds the terms that matter by their modes.
pub fn heisenberg(h: &Operator, jumps: &[Operator], x: &Operator) -> Operator {
    Generator::new(h, jumps).apply(x)
}

/// The adjoint Lindblad generator of a model, its terms indexed by the modes they act on.
#[derive(Clone, Debug)]
pub struct Generator {
    hamiltonian: Vec<(Monomial, Scalar)>,
    jumps: Vec<(Operator, Operator)>,
    hamiltonian_at: BTreeMap<ModeId, Vec<usize>>,
    jumps_at: BTreeMap<ModeId, Vec<usize>>,
}

impl Generator {
    /// The generator of H and the jump operators L, D\[L\]ρ = LρL† − ½{L†L, ρ}.
    pub fn new(h: &Operator, jumps: &[Operator]) -> Generator {
        let hamiltonian: Vec<(Monomial, Scalar)> = h.terms.iter().map(|(m, c)| (m.clone(), c.clone())).collect();
        let mut hamiltonian_at: BTreeMap<ModeId, Vec<usize>> = BTreeMap::new();
        for (k, (m, _)) in hamiltonian.iter().enumerate() {
            for f in m.factors() {
                hamiltonian_at.entry(f.mode).or_default().push(k);
            }
        }
        let mut jumps_at: BTreeMap<ModeId, Vec<usize>> = BTreeMap::new();
        for (k, l) in jumps.iter().enumerate() {
            for mode in l.modes() {
                jumps_at.entry(mode).or_default().push(k);
            }
        }
        let jumps = jumps.iter().map(|l| (l.clone(), l.adjoint())).collect();
        Generator { hamiltonian, jumps, hamiltonian_at, jumps_at }
    }

    /// dX/dt of the observable X (without its explicit time dependence).
    pub fn apply(&self, x: &Operator) -> Operator {
        let i = c64::new(0.0, 1.0);
        let mut terms = Terms::new();
        for y in &x.terms {
            for k in touched(&self.hamiltonian_at, y.0) {
                let (m, c) = &self.hamiltonian[k];
                accumulate_commutator(&mut terms, (m, c), y, i);
            }
        }
        let mut touched_jumps = BTreeSet::new();
        for m in x.terms.keys() {
            touched_jumps.extend(touched(&self.jumps_at, m));
        }
        let half = Scalar::real(0.5);
        for k in touched_jumps {
            let (l, l_dag) = &self.jumps[k];
            let rate = l_dag.mul(&commutator(x, l)).add(&commutator(l_dag, x).mul(l));
            for (m, c) in &rate.scale(&half).terms {
                add_term(&mut terms, m.clone(), c);
            }
        }
        Operator { terms }
    }
}

fn touched(index: &BTreeMap<ModeId, Vec<usize>>, m: &Monomial) -> BTreeSet<usize> {
    m.factors().iter().filter_map(|f| index.get(&f.mode)).flatten().copied().collect()
}
