//! Coefficients: exact expressions in named real parameters and the time.
//!
//! A [`Scalar`] is a polynomial with complex numbers as coefficients in *real* atoms: parameters, the time, π, roots of
//! numbers, functions (sin, cos, exp, ln, tanh, abs) of real scalars, and sums under a power that cannot be expanded
//! (√(κ₁+κ₂), 1/(ω+Δ)). Atoms carry rational exponents, so √x·√x = x and x·x⁻¹ = 1 hold as identities of the stored
//! form; cos²+sin² = 1, e^x e^{−x} = 1 and e^{iφ} = cos φ + i sin φ do too. Because all atoms are real, complex
//! conjugation touches the numbers only.

use super::field::{Field, Quantity};
use num_complex::Complex64 as c64;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A parameter of a model: the index of its value in the slice given to every `eval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamId(pub u32);

/// Why an expression cannot be formed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScalarError {
    /// A reciprocal or a negative power of zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A fractional power of a sum with an imaginary part.
    #[error("a fractional power of a complex expression is not supported: write real and imaginary part apart")]
    ComplexRoot,
    /// A function that is defined here for real arguments only.
    #[error("{function} needs a real argument here, but this one has an imaginary part")]
    ComplexArgument {
        /// Name of the function.
        function: &'static str,
    },
    /// The logarithm of a number that is not positive.
    #[error("ln of {value}: the argument must be positive")]
    Logarithm {
        /// The offending number.
        value: f64,
    },
    /// A power that is too high, or an exponent whose denominator is not of the form that is kept exactly.
    #[error("a power with the exponent {exponent} is not supported: exponents go up to 10000 and are small fractions")]
    Exponent {
        /// The offending exponent.
        exponent: f64,
    },
    /// Expanding a power or a product would give too many terms.
    #[error("expanding this expression gives more than {limit} terms")]
    TooLarge {
        /// The largest number of terms allowed.
        limit: usize,
    },
}

/// Why an expression has no value at the given parameters.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", self.message(&super::Names::default()))]
pub struct EvalError {
    /// What happened.
    pub kind: EvalErrorKind,
    /// The (sub)expression that has no value.
    pub expression: Box<Scalar>,
    /// The number that was refused.
    pub value: f64,
}

/// The kinds of [`EvalError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvalErrorKind {
    /// A fractional power of a negative number.
    NegativeRoot,
    /// A negative power of zero.
    DivisionByZero,
    /// The logarithm of a number that is not positive.
    Logarithm,
    /// Overflow, or a parameter that is not finite.
    NotFinite,
    /// A quantity of the mean field, where no mean field is given.
    MeanField,
}

impl EvalError {
    /// The message with the model's own names in it.
    pub fn message(&self, names: &super::Names) -> String {
        let text = self.expression.text(names);
        match self.kind {
            EvalErrorKind::NegativeRoot => format!(
                "the root of {text} is asked for, but its value is {}; the parameters must make it positive or zero",
                self.value
            ),
            EvalErrorKind::DivisionByZero => {
                format!("division by {text}, which is zero at these parameters")
            }
            EvalErrorKind::Logarithm => {
                format!("ln of {text}, whose value {} is not positive at these parameters", self.value)
            }
            EvalErrorKind::NotFinite => {
                format!(
                    "the value of {text} is not finite ({}); check the parameters for NaN, infinity or overflow",
                    self.value
                )
            }
            EvalErrorKind::MeanField => {
                format!("{text} is a quantity of the mean field, which only the levels mean_field and gaussian follow")
            }
        }
    }
}

/// Relative size below which the result of an addition counts as cancelled.
const CANCELLED: f64 = 4.0 * f64::EPSILON;

/// Largest number of terms a scalar may expand to.
pub(crate) const MAX_TERMS: usize = 100_000;

fn clean_sum(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let cancelled = sum.is_finite() && sum.abs() <= CANCELLED * a.abs().max(b.abs());
    if cancelled { 0.0 } else { sum }
}

fn add_numbers(a: c64, b: c64) -> c64 {
    c64::new(clean_sum(a.re, b.re), clean_sum(a.im, b.im))
}

fn mul_numbers(a: c64, b: c64) -> c64 {
    // Negative zeros are removed by adding +0.
    c64::new(clean_sum(a.re * b.re, -(a.im * b.im)) + 0.0, clean_sum(a.re * b.im, a.im * b.re) + 0.0)
}

fn divide_numbers(a: c64, b: c64) -> c64 {
    let z = if b.im == 0.0 {
        a / b.re
    } else if b.re == 0.0 {
        c64::new(a.im / b.im, -a.re / b.im)
    } else {
        a / b
    };
    c64::new(z.re + 0.0, z.im + 0.0)
}

fn is_zero_number(a: c64) -> bool {
    a.re == 0.0 && a.im == 0.0
}

/// Denominators of exponents divide this number, so that sums of exponents stay small.
const EXPONENT_DENOMINATORS: i64 = 27_720;

/// Largest power of one quantity.
const MAX_POWER: i64 = 10_000;

/// A rational exponent in lowest terms, denominator positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Exponent {
    pub(crate) num: i64,
    pub(crate) den: i64,
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

impl Exponent {
    pub(crate) const ONE: Exponent = Exponent { num: 1, den: 1 };

    pub(crate) fn new(num: i64, den: i64) -> Exponent {
        let g = gcd(num, den).max(1) * den.signum();
        Exponent { num: num / g, den: den / g }
    }
    pub(crate) fn integer(n: i64) -> Exponent {
        Exponent { num: n, den: 1 }
    }
    fn add(self, other: Exponent) -> Exponent {
        if self.den == 1 && other.den == 1 {
            return Exponent { num: self.num + other.num, den: 1 };
        }
        Exponent::new(self.num * other.den + other.num * self.den, self.den * other.den)
    }
    fn mul(self, other: Exponent) -> Exponent {
        Exponent::new(self.num * other.num, self.den * other.den)
    }
    pub(crate) fn neg(self) -> Exponent {
        Exponent { num: -self.num, den: self.den }
    }
    fn is_zero(self) -> bool {
        self.num == 0
    }
    fn is_even_integer(self) -> bool {
        self.den == 1 && self.num % 2 == 0
    }
    /// The integer part towards minus infinity and the rest in [0, 1).
    fn split_floor(self) -> (i64, Exponent) {
        let n = self.num.div_euclid(self.den);
        (n, Exponent { num: self.num - n * self.den, den: self.den })
    }
    pub(crate) fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }
}

/// An integer power of a number as `powi` wants it.
fn power_of_number(x: f64, n: i64) -> f64 {
    x.powi(i32::try_from(n).unwrap_or(if n > 0 { i32::MAX } else { i32::MIN }))
}

/// The functions that may stand in a coefficient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Function {
    Abs,
    Exp,
    Cos,
    Sin,
    Ln,
    Tanh,
}

impl Function {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Function::Abs => "abs",
            Function::Exp => "exp",
            Function::Cos => "cos",
            Function::Sin => "sin",
            Function::Ln => "ln",
            Function::Tanh => "tanh",
        }
    }
    pub(crate) fn apply(self, x: f64) -> f64 {
        match self {
            Function::Abs => x.abs(),
            Function::Exp => x.exp(),
            Function::Cos => x.cos(),
            Function::Sin => x.sin(),
            Function::Ln => x.ln(),
            Function::Tanh => x.tanh(),
        }
    }
}

/// The real quantities of which a scalar is a polynomial.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Atom {
    /// A positive number under a fractional power in (0, 1); the bits of the f64 (ordered as the numbers are).
    Root(u64),
    Pi,
    Parameter(ParamId),
    Function(Function, Arc<Scalar>),
    /// A real scalar under a power that is not expanded: several terms, or a product whose factors have unknown signs.
    Sum(Arc<Scalar>),
    Time,
    /// A quantity of the mean field.
    Field(Field),
}

pub(crate) type Powers = Vec<(Atom, Exponent)>;

#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) powers: Powers,
    pub(crate) coefficient: c64,
}

/// An exact coefficient: a polynomial over ℂ in real atoms, stored so that √x·√x = x, x·x⁻¹ = 1,
/// cos² + sin² = 1 and e^x e^{−x} = 1 are identities of the stored form.
///
/// Invariants: terms are sorted by their atoms, no two terms have the same atoms, no coefficient is zero.
#[derive(Clone, Debug, Default)]
pub struct Scalar {
    pub(crate) terms: Vec<Term>,
}

impl Ord for Scalar {
    fn cmp(&self, other: &Scalar) -> std::cmp::Ordering {
        let key = |a: &Term, b: &Term| {
            a.powers
                .cmp(&b.powers)
                .then(a.coefficient.re.total_cmp(&b.coefficient.re))
                .then(a.coefficient.im.total_cmp(&b.coefficient.im))
        };
        for (a, b) in self.terms.iter().zip(&other.terms) {
            let order = key(a, b);
            if order.is_ne() {
                return order;
            }
        }
        self.terms.len().cmp(&other.terms.len())
    }
}
impl PartialOrd for Scalar {
    fn partial_cmp(&self, other: &Scalar) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Scalar {}

impl From<f64> for Scalar {
    fn from(x: f64) -> Scalar {
        Scalar::real(x)
    }
}
impl From<c64> for Scalar {
    fn from(z: c64) -> Scalar {
        Scalar::number(z)
    }
}
impl From<ParamId> for Scalar {
    fn from(p: ParamId) -> Scalar {
        Scalar::param(p)
    }
}

impl Scalar {
    /// The scalar 0.
    pub fn zero() -> Scalar {
        Scalar { terms: Vec::new() }
    }
    /// The scalar 1.
    pub fn one() -> Scalar {
        Scalar::real(1.0)
    }
    /// The imaginary unit.
    pub fn i() -> Scalar {
        Scalar::number(c64::new(0.0, 1.0))
    }
    /// A real number.
    pub fn real(x: f64) -> Scalar {
        Scalar::number(c64::new(x, 0.0))
    }
    /// A complex number.
    pub fn number(z: c64) -> Scalar {
        Scalar::term(Vec::new(), z)
    }
    /// The parameter `p`.
    pub fn param(p: ParamId) -> Scalar {
        Scalar::atom(Atom::Parameter(p), Exponent::ONE)
    }
    /// The time t.
    pub fn time() -> Scalar {
        Scalar::atom(Atom::Time, Exponent::ONE)
    }
    /// The number π, kept as a symbol.
    pub fn pi() -> Scalar {
        Scalar::atom(Atom::Pi, Exponent::ONE)
    }

    fn term(powers: Powers, coefficient: c64) -> Scalar {
        let z = c64::new(coefficient.re + 0.0, coefficient.im + 0.0);
        if is_zero_number(z) { Scalar::zero() } else { Scalar { terms: vec![Term { powers, coefficient: z }] } }
    }
    fn atom(atom: Atom, exponent: Exponent) -> Scalar {
        Scalar::term(vec![(atom, exponent)], c64::new(1.0, 0.0))
    }

    /// Whether this is exactly 0.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }
    /// Whether this is exactly 1.
    pub fn is_one(&self) -> bool {
        matches!(self.terms.as_slice(), [t] if t.powers.is_empty() && t.coefficient == c64::new(1.0, 0.0))
    }
    /// The value, if nothing occurs that has none by itself.
    pub fn as_number(&self) -> Option<c64> {
        match self.terms.as_slice() {
            [] => Some(c64::new(0.0, 0.0)),
            [t] if t.powers.is_empty() => Some(t.coefficient),
            _ if self.is_constant() => self.eval(&[], 0.0).ok(),
            _ => None,
        }
    }
    /// Whether neither a parameter nor the time nor a quantity of the mean field occurs.
    pub fn is_constant(&self) -> bool {
        let mut constant = true;
        self.visit(&mut |atom| constant &= !matches!(atom, Atom::Parameter(_) | Atom::Time | Atom::Field(_)));
        constant
    }
    /// Whether all coefficients are real, so that the value is real wherever it exists.
    pub fn is_real(&self) -> bool {
        self.terms.iter().all(|t| t.coefficient.im == 0.0)
    }
    /// Number of terms of the expanded form.
    pub fn len(&self) -> usize {
        self.terms.len()
    }
    /// Whether this is exactly 0 (there is no term).
    pub fn is_empty(&self) -> bool {
        self.is_zero()
    }

    pub(crate) fn visit(&self, f: &mut dyn FnMut(&Atom)) {
        for (atom, _) in self.terms.iter().flat_map(|t| &t.powers) {
            f(atom);
            if let Atom::Function(_, inner) | Atom::Sum(inner) = atom {
                inner.visit(f);
            }
        }
    }
    /// The parameters that occur.
    pub fn params(&self) -> BTreeSet<ParamId> {
        let mut set = BTreeSet::new();
        self.visit(&mut |atom| {
            if let Atom::Parameter(p) = atom {
                set.insert(*p);
            }
        });
        set
    }
    /// Whether the time occurs.
    pub fn depends_on_time(&self) -> bool {
        let mut found = false;
        self.visit(&mut |atom| found |= *atom == Atom::Time);
        found
    }

    /// Sorts and merges terms in any order.
    fn collect(mut terms: Vec<Term>) -> Scalar {
        if terms.len() > 1 {
            terms.sort_by(|a, b| a.powers.cmp(&b.powers));
            let mut merged: Vec<Term> = Vec::with_capacity(terms.len());
            for t in terms {
                match merged.last_mut() {
                    Some(last) if last.powers == t.powers => {
                        last.coefficient = add_numbers(last.coefficient, t.coefficient)
                    }
                    _ => merged.push(t),
                }
            }
            terms = merged;
        }
        terms.retain(|t| !is_zero_number(t.coefficient));
        Scalar { terms }
    }

    /// The sum of two scalars.
    pub fn add(&self, other: &Scalar) -> Scalar {
        let mut sum = self.clone();
        sum.add_assign(other);
        sum
    }
    /// Adds in place.
    pub fn add_assign(&mut self, other: &Scalar) {
        if self.terms.is_empty() {
            self.terms.clone_from(&other.terms);
            return;
        }
        for t in &other.terms {
            match self.terms.binary_search_by(|probe| probe.powers.cmp(&t.powers)) {
                Ok(k) => {
                    let z = add_numbers(self.terms[k].coefficient, t.coefficient);
                    if is_zero_number(z) {
                        self.terms.remove(k);
                    } else {
                        self.terms[k].coefficient = z;
                    }
                }
                Err(k) => self.terms.insert(k, t.clone()),
            }
        }
    }
    /// −x.
    pub fn neg(&self) -> Scalar {
        self.times(c64::new(-1.0, 0.0))
    }
    /// The difference of two scalars.
    pub fn sub(&self, other: &Scalar) -> Scalar {
        self.add(&other.neg())
    }
    /// The product with a number.
    pub fn times(&self, z: c64) -> Scalar {
        let terms = self
            .terms
            .iter()
            .map(|t| Term { powers: t.powers.clone(), coefficient: mul_numbers(t.coefficient, z) })
            .filter(|t| !is_zero_number(t.coefficient))
            .collect();
        Scalar { terms }
    }
    /// Complex conjugate: atoms are real, so only the numbers change.
    pub fn conj(&self) -> Scalar {
        let terms = self
            .terms
            .iter()
            .map(|t| Term { powers: t.powers.clone(), coefficient: c64::new(t.coefficient.re, 0.0 - t.coefficient.im) })
            .collect();
        Scalar { terms }
    }
    /// Real part.
    pub fn re(&self) -> Scalar {
        self.add(&self.conj()).times(c64::new(0.5, 0.0))
    }
    /// Imaginary part (a real scalar).
    pub fn im(&self) -> Scalar {
        self.sub(&self.conj()).times(c64::new(0.0, -0.5))
    }

    /// The product of two scalars.
    pub fn mul(&self, other: &Scalar) -> Scalar {
        if self.is_zero() || other.is_zero() {
            return Scalar::zero();
        }
        if let [t] = other.terms.as_slice()
            && t.powers.is_empty()
        {
            return self.times(t.coefficient);
        }
        if let [t] = self.terms.as_slice()
            && t.powers.is_empty()
        {
            return other.times(t.coefficient);
        }
        let mut terms = Vec::with_capacity(self.terms.len() * other.terms.len());
        let mut reduced = Scalar::zero();
        for a in &self.terms {
            for b in &other.terms {
                let z = mul_numbers(a.coefficient, b.coefficient);
                match multiply_powers(&a.powers, &b.powers) {
                    Product::Plain(powers) => terms.push(Term { powers, coefficient: z }),
                    Product::Reduced(s) => reduced.add_assign(&s.times(z)),
                }
            }
        }
        let mut product = Scalar::collect(terms);
        product.add_assign(&reduced);
        product.cancel_denominators()
    }

    /// Removes a denominator 1/(sum) where the terms that carry it are together a multiple of that sum.
    fn cancel_denominators(self) -> Scalar {
        let denominator = |t: &Term| {
            t.powers.iter().find_map(|(a, e)| match a {
                Atom::Sum(p) if e.num < 0 && p.terms.len() > 1 => Some((p.clone(), *e)),
                _ => None,
            })
        };
        let Some((sum, exponent)) = self.terms.iter().find_map(denominator) else {
            return self;
        };
        if self.terms.len() < sum.terms.len() {
            return self;
        }
        let atom = (Atom::Sum(sum.clone()), exponent);
        let (with, without): (Vec<Term>, Vec<Term>) =
            self.terms.iter().cloned().partition(|t| t.powers.contains(&atom));
        if with.len() < sum.terms.len() {
            return self;
        }
        let numerator = Scalar::collect(
            with.into_iter()
                .map(|mut t| {
                    t.powers.retain(|p| *p != atom);
                    t
                })
                .collect(),
        );
        let lead = &sum.terms[0];
        for t in &numerator.terms {
            let quotient = Scalar::term(t.powers.clone(), t.coefficient).mul(&Scalar::term(
                lead.powers.iter().map(|(a, e)| (a.clone(), e.neg())).collect(),
                lead.coefficient.inv(),
            ));
            if quotient.mul(&sum) == numerator {
                let rest = exponent.add(Exponent::ONE);
                let factor = if rest.is_zero() { Scalar::one() } else { from_powers(vec![(Atom::Sum(sum), rest)]) };
                return Scalar { terms: without }.add(&quotient.mul(&factor));
            }
        }
        self
    }

    /// An integer power; a negative one of zero is an error.
    pub fn pow(&self, n: i32) -> Result<Scalar, ScalarError> {
        if n < 0 {
            return self.recip()?.pow(n.checked_neg().ok_or(ScalarError::TooLarge { limit: MAX_TERMS })?);
        }
        if let [t] = self.terms.as_slice()
            && t.powers.is_empty()
        {
            return Ok(Scalar::number(t.coefficient.powi(n)));
        }
        if let [t] = self.terms.as_slice() {
            let highest = t.powers.iter().map(|p| p.1.num.abs() / p.1.den).max().unwrap_or(0).max(1);
            if highest.saturating_mul(i64::from(n)) > MAX_POWER {
                return Err(ScalarError::Exponent { exponent: f64::from(n) });
            }
        }
        let mut result = Scalar::one();
        let mut base = self.clone();
        let mut left = n;
        while left > 0 {
            if left & 1 == 1 {
                if result.len().saturating_mul(base.len()) > MAX_TERMS {
                    return Err(ScalarError::TooLarge { limit: MAX_TERMS });
                }
                result = result.mul(&base);
            }
            left >>= 1;
            if left > 0 {
                if base.len().saturating_mul(base.len()) > MAX_TERMS {
                    return Err(ScalarError::TooLarge { limit: MAX_TERMS });
                }
                base = base.mul(&base);
            }
        }
        Ok(result)
    }

    /// The reciprocal; of a complex sum 1/(x+iy) = (x−iy)/(x²+y²).
    pub fn recip(&self) -> Result<Scalar, ScalarError> {
        match self.terms.as_slice() {
            [] => Err(ScalarError::DivisionByZero),
            [t] => {
                let inverse = t.powers.iter().map(|(a, e)| (a.clone(), e.neg())).collect();
                Ok(from_powers(inverse).times(invert(t.coefficient)))
            }
            _ if self.is_real() => {
                let (number, common, rest) = self.split_content();
                let sign = rest.terms[0].coefficient.re.signum();
                let rest = rest.times(c64::new(sign, 0.0));
                let outside = from_powers(common.into_iter().map(|(a, e)| (a, e.neg())).collect());
                let inverse = if rest.len() == 1 {
                    rest.recip()?
                } else {
                    Scalar::atom(Atom::Sum(Arc::new(rest)), Exponent::integer(-1))
                };
                Ok(inverse.mul(&outside).times(c64::new(sign / number, 0.0)))
            }
            _ => {
                let conj = self.conj();
                Ok(self.mul(&conj).recip()?.mul(&conj))
            }
        }
    }
    /// The quotient of two scalars.
    pub fn div(&self, other: &Scalar) -> Result<Scalar, ScalarError> {
        let [t] = other.terms.as_slice() else {
            return Ok(self.mul(&other.recip()?));
        };
        // Numbers are divided by, not multiplied by their rounded reciprocals.
        let inverse = from_powers(t.powers.iter().map(|(a, e)| (a.clone(), e.neg())).collect());
        let mut quotient = self.mul(&inverse);
        for q in &mut quotient.terms {
            q.coefficient = divide_numbers(q.coefficient, t.coefficient);
        }
        quotient.terms.retain(|q| !is_zero_number(q.coefficient));
        Ok(quotient)
    }

    /// A positive number and common powers of atoms taken out of all terms: self = number · common · rest.
    pub(crate) fn split_content(&self) -> (f64, Powers, Scalar) {
        let number = numeric_content(self);
        let mut common: Powers = Vec::new();
        for (atom, first) in &self.terms[0].powers {
            let mut least = *first;
            for t in &self.terms[1..] {
                let e = t.powers.iter().find(|(a, _)| a == atom).map_or(Exponent::integer(0), |p| p.1);
                let smaller = e.num * least.den < least.num * e.den;
                least = if e.num.signum() != least.num.signum() {
                    Exponent::integer(0)
                } else if (least.num > 0) == smaller {
                    e
                } else {
                    least
                };
            }
            if !least.is_zero() && !matches!(atom, Atom::Root(_)) {
                common.push((atom.clone(), least));
            }
        }
        let divide = |t: &Term| {
            let exponent = |a: &Atom| common.iter().find(|(b, _)| a == b).map_or(Exponent::integer(0), |p| p.1.neg());
            let rest = t.powers.iter().map(|(a, e)| (a.clone(), e.add(exponent(a)))).filter(|p| !p.1.is_zero());
            Term { powers: rest.collect(), coefficient: t.coefficient / number }
        };
        let rest = Scalar::collect(self.terms.iter().map(divide).collect());
        (number, common, rest)
    }

    /// The square root. Of a real expression the root is real: where the value is negative, evaluating it is an error.
    pub fn sqrt(&self) -> Result<Scalar, ScalarError> {
        self.root_power(Exponent { num: 1, den: 2 })
    }
    /// The power `num/den` with a rational exponent.
    pub fn rational_pow(&self, num: i32, den: u32) -> Result<Scalar, ScalarError> {
        self.power(Exponent::new(i64::from(num), i64::from(den.max(1))))
    }

    /// Any rational power.
    pub(crate) fn power(&self, e: Exponent) -> Result<Scalar, ScalarError> {
        let refused = ScalarError::Exponent { exponent: e.as_f64() };
        if e.den != 1 {
            return if e.num.abs() / e.den > MAX_POWER { Err(refused) } else { self.root_power(e) };
        }
        match i32::try_from(e.num) {
            Ok(n) => self.pow(n),
            Err(_) => Err(refused),
        }
    }

    fn root_power(&self, e: Exponent) -> Result<Scalar, ScalarError> {
        let denominators = self.terms.iter().flat_map(|t| &t.powers).map(|p| p.1.den);
        if denominators.chain([1]).any(|den| EXPONENT_DENOMINATORS % (den * e.den) != 0) {
            return Err(ScalarError::Exponent { exponent: e.as_f64() });
        }
        match self.terms.as_slice() {
            [] if e.num > 0 => Ok(Scalar::zero()),
            [] => Err(ScalarError::DivisionByZero),
            [t] => {
                let z = t.coefficient;
                if z.im != 0.0 {
                    if t.powers.is_empty() {
                        return Ok(Scalar::number(z.powf(e.as_f64())));
                    }
                    return Err(ScalarError::ComplexRoot);
                }
                // Signs: atoms known to be positive come out as they are, even powers of others as |x|, and a single
                // odd power comes out because its root exists exactly where the root of the whole does.
                let mut outside: Powers = Vec::new();
                let mut unsure: Powers = Vec::new();
                let mut sizes = Scalar::one();
                for (atom, exponent) in &t.powers {
                    if is_nonnegative(atom) || exponent.den % 2 == 0 {
                        outside.push((atom.clone(), exponent.mul(e)));
                    } else if exponent.is_even_integer() {
                        let size = match atom {
                            Atom::Sum(x) => x.abs()?,
                            _ => Scalar::atom(Scalar::size_of(atom), Exponent::ONE),
                        };
                        sizes = sizes.mul(&size.power(exponent.mul(e))?);
                    } else {
                        unsure.push((atom.clone(), *exponent));
                    }
                }
                let size = number_power(z.re.abs(), e);
                let positive = z.re > 0.0;
                let inside = match (unsure.len(), positive) {
                    (0, true) => Scalar::one(),
                    (0, false) => Scalar::number(c64::new(-1.0, 0.0).powf(e.as_f64())).tidy_unit(),
                    (1, true) => {
                        let (atom, exponent) = unsure.remove(0);
                        from_powers(vec![(atom, exponent.mul(e))])
                    }
                    _ => {
                        let sign = if positive { 1.0 } else { -1.0 };
                        from_powers(vec![(Atom::Sum(Arc::new(Scalar::term(unsure, c64::new(sign, 0.0)))), e)])
                    }
                };
                Ok(size.mul(&from_powers(outside)).mul(&sizes).mul(&inside))
            }
            _ if self.is_real() => {
                if self.is_constant()
                    && let Some(z) = self.as_number()
                    && z.re <= 0.0
                {
                    return Ok(Scalar::number(z.powf(e.as_f64())));
                }
                let number = numeric_content(self);
                let rest = self.times(c64::new(1.0 / number, 0.0));
                Ok(number_power(number, e).mul(&from_powers(vec![(Atom::Sum(Arc::new(rest)), e)])))
            }
            _ if self.is_constant() => match self.as_number() {
                Some(z) => Ok(Scalar::number(z.powf(e.as_f64()))),
                None => Err(ScalarError::ComplexRoot),
            },
            _ => Err(ScalarError::ComplexRoot),
        }
    }

    /// Rounds a number whose parts are within rounding of 0 or ±1 to these.
    fn tidy_unit(self) -> Scalar {
        let tidy = |x: f64| {
            if (x - x.round()).abs() < 1e-15 { x.round() } else { x }
        };
        match self.terms.as_slice() {
            [t] if t.powers.is_empty() => Scalar::number(c64::new(tidy(t.coefficient.re), tidy(t.coefficient.im))),
            _ => self,
        }
    }

    /// sin x; of a complex argument sin(x+iy) = sin x cosh y + i cos x sinh y.
    pub fn sin(&self) -> Result<Scalar, ScalarError> {
        let (x, y) = (self.re(), self.im());
        if y.is_zero() {
            return Ok(x.real_sine());
        }
        let (cosh, sinh) = y.hyperbolic()?;
        Ok(x.real_sine().mul(&cosh).add(&x.real_cosine().mul(&sinh).mul(&Scalar::i())))
    }
    /// cos x; of a complex argument cos(x+iy) = cos x cosh y − i sin x sinh y.
    pub fn cos(&self) -> Result<Scalar, ScalarError> {
        let (x, y) = (self.re(), self.im());
        if y.is_zero() {
            return Ok(x.real_cosine());
        }
        let (cosh, sinh) = y.hyperbolic()?;
        Ok(x.real_cosine().mul(&cosh).sub(&x.real_sine().mul(&sinh).mul(&Scalar::i())))
    }
    /// tan x = sin x / cos x.
    pub fn tan(&self) -> Result<Scalar, ScalarError> {
        self.sin()?.div(&self.cos()?)
    }
    /// exp x; of a complex argument e^{x+iy} = e^x (cos y + i sin y).
    pub fn exp(&self) -> Result<Scalar, ScalarError> {
        let (x, y) = (self.re(), self.im());
        let size = x.real_exponential();
        if y.is_zero() {
            return Ok(size);
        }
        Ok(size.mul(&y.real_cosine().add(&y.real_sine().mul(&Scalar::i()))))
    }
    /// ln x of a real argument.
    pub fn ln(&self) -> Result<Scalar, ScalarError> {
        self.need_real("ln")?;
        if let Some(z) = self.plain_number() {
            if z <= 0.0 {
                return Err(ScalarError::Logarithm { value: z });
            }
            if z == 1.0 {
                return Ok(Scalar::zero());
            }
        }
        if let [t] = self.terms.as_slice()
            && t.coefficient == c64::new(1.0, 0.0)
            && let [(Atom::Function(Function::Exp, inner), Exponent::ONE)] = t.powers.as_slice()
        {
            return Ok((**inner).clone());
        }
        Ok(Scalar::function(Function::Ln, self.clone()))
    }
    /// tanh x of a real argument.
    pub fn tanh(&self) -> Result<Scalar, ScalarError> {
        self.need_real("tanh")?;
        Ok(self.odd_even(|x| Scalar::function(Function::Tanh, x), true))
    }
    /// |x|; of a complex argument √(x²+y²).
    pub fn abs(&self) -> Result<Scalar, ScalarError> {
        if !self.is_real() {
            let size = self.mul(&self.conj()).sqrt()?;
            return Ok(size);
        }
        if let Some(z) = self.plain_number() {
            return Ok(Scalar::real(z.abs()));
        }
        if let [t] = self.terms.as_slice() {
            // |c x y²| = |c| |x| y²
            let mut size = Scalar::real(t.coefficient.re.abs());
            for (atom, e) in &t.powers {
                let power = from_powers(vec![(atom.clone(), *e)]);
                let positive = is_nonnegative(atom) || e.den % 2 == 0 || e.is_even_integer();
                let factor = match atom {
                    _ if positive => power,
                    Atom::Sum(x) => x.abs()?.power(*e)?,
                    _ => from_powers(vec![(Scalar::size_of(atom), *e)]),
                };
                size = size.mul(&factor);
            }
            return Ok(size);
        }
        Ok(self.odd_even(|x| Scalar::function(Function::Abs, x), false))
    }

    /// |x| of an atom as an atom.
    fn size_of(atom: &Atom) -> Atom {
        Atom::Function(Function::Abs, Arc::new(Scalar::atom(atom.clone(), Exponent::ONE)))
    }
    fn need_real(&self, function: &'static str) -> Result<(), ScalarError> {
        if self.is_real() { Ok(()) } else { Err(ScalarError::ComplexArgument { function }) }
    }
    fn plain_number(&self) -> Option<f64> {
        match self.terms.as_slice() {
            [] => Some(0.0),
            [t] if t.powers.is_empty() => Some(t.coefficient.re),
            _ => None,
        }
    }
    fn function(f: Function, x: Scalar) -> Scalar {
        if let Some(z) = x.plain_number() {
            return Scalar::real(f.apply(z));
        }
        Scalar::atom(Atom::Function(f, Arc::new(x)), Exponent::ONE)
    }
    /// f(x) of an odd or even function with the sign of the first term made positive.
    fn odd_even(&self, f: impl Fn(Scalar) -> Scalar, odd: bool) -> Scalar {
        let negative = self.terms.first().is_some_and(|t| t.coefficient.re < 0.0);
        let value = f(if negative { self.neg() } else { self.clone() });
        if odd && negative { value.neg() } else { value }
    }
    /// x/π in units of 1/2, if x is such a multiple of π.
    fn quarter_turns(&self) -> Option<i64> {
        match self.terms.as_slice() {
            [] => Some(0),
            [t] if t.powers.as_slice() == [(Atom::Pi, Exponent::ONE)] => {
                let quarters = 2.0 * t.coefficient.re;
                (quarters == quarters.round() && quarters.abs() < 1e15).then_some(quarters as i64)
            }
            _ => None,
        }
    }
    fn real_sine(&self) -> Scalar {
        if let Some(quarters) = self.quarter_turns() {
            return Scalar::real([0.0, 1.0, 0.0, -1.0][quarters.rem_euclid(4) as usize]);
        }
        self.odd_even(|x| Scalar::function(Function::Sin, x), true)
    }
    fn real_cosine(&self) -> Scalar {
        if let Some(quarters) = self.quarter_turns() {
            return Scalar::real([1.0, 0.0, -1.0, 0.0][quarters.rem_euclid(4) as usize]);
        }
        self.odd_even(|x| Scalar::function(Function::Cos, x), false)
    }
    fn real_exponential(&self) -> Scalar {
        if self.is_zero() {
            return Scalar::one();
        }
        if let [t] = self.terms.as_slice()
            && t.coefficient == c64::new(1.0, 0.0)
            && let [(Atom::Function(Function::Ln, inner), Exponent::ONE)] = t.powers.as_slice()
        {
            return (**inner).clone();
        }
        Scalar::function(Function::Exp, self.clone())
    }
    /// cosh and sinh of a real argument.
    fn hyperbolic(&self) -> Result<(Scalar, Scalar), ScalarError> {
        let (up, down) = (self.real_exponential(), self.neg().real_exponential());
        let half = c64::new(0.5, 0.0);
        Ok((up.add(&down).times(half), up.sub(&down).times(half)))
    }
    /// cosh x of a real argument, as (e^x + e^−x)/2.
    pub fn cosh(&self) -> Result<Scalar, ScalarError> {
        self.need_real("cosh")?;
        Ok(self.hyperbolic()?.0)
    }
    /// sinh x of a real argument, as (e^x − e^−x)/2.
    pub fn sinh(&self) -> Result<Scalar, ScalarError> {
        self.need_real("sinh")?;
        Ok(self.hyperbolic()?.1)
    }

    /// ∂/∂p of the expression.
    pub fn derivative(&self, p: ParamId) -> Scalar {
        self.differentiate(&Atom::Parameter(p))
    }
    /// ∂/∂t of the expression.
    pub fn time_derivative(&self) -> Scalar {
        self.differentiate(&Atom::Time)
    }
    pub(crate) fn differentiate(&self, variable: &Atom) -> Scalar {
        let mut sum = Scalar::zero();
        for t in &self.terms {
            for (k, (atom, e)) in t.powers.iter().enumerate() {
                let inner = match atom {
                    a if a == variable => Scalar::one(),
                    Atom::Function(f, x) => {
                        let slope = x.differentiate(variable);
                        if slope.is_zero() { slope } else { slope.mul(&function_derivative(*f, x)) }
                    }
                    Atom::Sum(x) => x.differentiate(variable),
                    _ => Scalar::zero(),
                };
                if inner.is_zero() {
                    continue;
                }
                let mut powers = t.powers.clone();
                powers[k].1 = e.add(Exponent::integer(-1));
                if powers[k].1.is_zero() {
                    powers.remove(k);
                }
                sum.add_assign(&from_powers(powers).mul(&inner).times(t.coefficient * e.as_f64()));
            }
        }
        sum
    }

    /// The expression with every parameter for which `value` gives a scalar replaced by it.
    ///
    /// Fails where the new expression cannot be formed: 1/x with x → 0, √x with a complex x.
    pub fn substitute(&self, value: &dyn Fn(ParamId) -> Option<Scalar>) -> Result<Scalar, ScalarError> {
        self.replace(&|atom| match atom {
            Atom::Parameter(p) => value(*p),
            _ => None,
        })
    }

    /// The expression with every atom for which `value` gives a scalar replaced by it.
    pub(crate) fn replace(&self, value: &dyn Fn(&Atom) -> Option<Scalar>) -> Result<Scalar, ScalarError> {
        let mut sum = Scalar::zero();
        for t in &self.terms {
            let mut product = Scalar::number(t.coefficient);
            for (atom, e) in &t.powers {
                if let Some(given) = value(atom) {
                    product = product.mul(&given.power(*e)?);
                    continue;
                }
                let factor = match atom {
                    Atom::Function(f, x) => {
                        let x = x.replace(value)?;
                        match f {
                            Function::Abs => x.abs()?,
                            Function::Exp => x.exp()?,
                            Function::Cos => x.cos()?,
                            Function::Sin => x.sin()?,
                            Function::Ln => x.ln()?,
                            Function::Tanh => x.tanh()?,
                        }
                    }
                    Atom::Sum(x) => x.replace(value)?,
                    Atom::Parameter(_) | Atom::Root(_) | Atom::Pi | Atom::Time | Atom::Field(_) => {
                        product = product.mul(&from_powers(vec![(atom.clone(), *e)]));
                        continue;
                    }
                };
                product = product.mul(&factor.power(*e)?);
            }
            sum.add_assign(&product);
        }
        Ok(sum)
    }

    /// The value at the given parameters (indexed by [`ParamId`]) and time.
    pub fn eval(&self, params: &[f64], t: f64) -> Result<c64, EvalError> {
        self.eval_at(params, t, &[])
    }

    /// The same at a mean field `z`, of which the coefficient may contain quantities.
    pub fn eval_at(&self, params: &[f64], t: f64, z: &[c64]) -> Result<c64, EvalError> {
        let mut sum = c64::new(0.0, 0.0);
        for term in &self.terms {
            let mut product = 1.0;
            for (atom, e) in &term.powers {
                product *= eval_power(atom, *e, params, t, z)?;
            }
            sum += term.coefficient * product;
        }
        if sum.re.is_finite() && sum.im.is_finite() {
            Ok(sum)
        } else {
            let value = if sum.re.is_finite() { sum.im } else { sum.re };
            Err(EvalError { kind: EvalErrorKind::NotFinite, expression: Box::new(self.clone()), value })
        }
    }
}

impl std::ops::Add for &Scalar {
    type Output = Scalar;
    fn add(self, other: &Scalar) -> Scalar {
        Scalar::add(self, other)
    }
}
impl std::ops::Sub for &Scalar {
    type Output = Scalar;
    fn sub(self, other: &Scalar) -> Scalar {
        Scalar::sub(self, other)
    }
}
impl std::ops::Mul for &Scalar {
    type Output = Scalar;
    fn mul(self, other: &Scalar) -> Scalar {
        Scalar::mul(self, other)
    }
}
impl std::ops::Neg for &Scalar {
    type Output = Scalar;
    fn neg(self) -> Scalar {
        Scalar::neg(self)
    }
}

fn invert(z: c64) -> c64 {
    if z.im == 0.0 {
        c64::new(1.0 / z.re, 0.0)
    } else if z.re == 0.0 {
        c64::new(0.0, -1.0 / z.im)
    } else {
        z.inv()
    }
}

fn function_derivative(f: Function, x: &Arc<Scalar>) -> Scalar {
    let atom = |f: Function, e: i64| Scalar::atom(Atom::Function(f, x.clone()), Exponent::integer(e));
    match f {
        // |x|' = x/|x|
        Function::Abs => x.mul(&atom(Function::Abs, -1)),
        Function::Exp => atom(Function::Exp, 1),
        Function::Cos => atom(Function::Sin, 1).neg(),
        Function::Sin => atom(Function::Cos, 1),
        Function::Ln => x.recip().unwrap_or_default(),
        Function::Tanh => Scalar::one().sub(&atom(Function::Tanh, 2)),
    }
}

fn eval_power(atom: &Atom, e: Exponent, params: &[f64], t: f64, z: &[c64]) -> Result<f64, EvalError> {
    let base = match atom {
        Atom::Root(bits) => f64::from_bits(*bits),
        Atom::Pi => std::f64::consts::PI,
        Atom::Parameter(p) => params[p.0 as usize],
        Atom::Time => t,
        Atom::Field(field) => field.value(z).ok_or_else(|| EvalError {
            kind: EvalErrorKind::MeanField,
            expression: Box::new(Scalar::atom_alone(atom)),
            value: f64::NAN,
        })?,
        Atom::Sum(x) => x.eval_at(params, t, z)?.re,
        Atom::Function(f, x) => {
            let argument = x.eval_at(params, t, z)?.re;
            if *f == Function::Ln && argument <= 0.0 {
                return Err(EvalError {
                    kind: EvalErrorKind::Logarithm,
                    expression: Box::new((**x).clone()),
                    value: argument,
                });
            }
            f.apply(argument)
        }
    };
    raise(base, e).map_err(|kind| EvalError { kind, expression: Box::new(Scalar::atom_alone(atom)), value: base })
}

impl Scalar {
    /// The atom itself as an expression (a sum under a power is the sum).
    pub(crate) fn atom_alone(atom: &Atom) -> Scalar {
        match atom {
            Atom::Sum(x) => (**x).clone(),
            _ => Scalar::atom(atom.clone(), Exponent::ONE),
        }
    }
}

/// `base` to a rational power, real or an error.
pub(crate) fn raise(base: f64, e: Exponent) -> Result<f64, EvalErrorKind> {
    if e.num < 0 && base == 0.0 {
        return Err(EvalErrorKind::DivisionByZero);
    }
    if e.den == 1 {
        return Ok(match e.num {
            1 => base,
            2 => base * base,
            -1 => 1.0 / base,
            n => power_of_number(base, n),
        });
    }
    if base < 0.0 {
        return Err(EvalErrorKind::NegativeRoot);
    }
    Ok(match (e.num, e.den) {
        (1, 2) => base.sqrt(),
        (-1, 2) => 1.0 / base.sqrt(),
        (n, 2) => power_of_number(base.sqrt(), n),
        (1, 3) => base.cbrt(),
        _ => base.powf(e.as_f64()),
    })
}

fn is_nonnegative(atom: &Atom) -> bool {
    match atom {
        Atom::Root(_) | Atom::Pi | Atom::Function(Function::Abs | Function::Exp, _) => true,
        Atom::Field(field) => field.quantity == Quantity::Number,
        _ => false,
    }
}

/// A positive number to a rational power: integers are factored, so that √8 = 2√2 and √2·√3 = √6 are identities.
fn number_power(x: f64, e: Exponent) -> Scalar {
    if x == 1.0 {
        return Scalar::one();
    }
    if e.den == 1 {
        return Scalar::real(power_of_number(x, e.num));
    }
    // Fractions that are no decimal numbers are taken apart: √(1/3) = √3/3.
    for den in [3.0, 7.0, 9.0] {
        let num = (x * den).round();
        if num > 0.0 && num < 1000.0 && num / den == x && x != x.round() {
            return number_power(num, e).mul(&number_power(den, e.neg()));
        }
    }
    // x = m·2^k with m odd: exact for every double.
    let mut powers: Powers = Vec::new();
    let (mut mantissa, mut twos) = (x, 0_i64);
    while mantissa != mantissa.round() && twos > -40 {
        mantissa *= 2.0;
        twos -= 1;
    }
    if mantissa != mantissa.round() || mantissa >= 1e9 {
        powers.push((Atom::Root(x.to_bits()), e));
        return from_powers(powers);
    }
    let mut m = mantissa as u64;
    let mut push = |prime: u64, count: i64| {
        if count != 0 {
            powers.push((Atom::Root((prime as f64).to_bits()), Exponent::new(count * e.num, e.den)));
        }
    };
    while m.is_multiple_of(2) {
        m /= 2;
        twos += 1;
    }
    push(2, twos);
    let mut prime = 3;
    while prime * prime <= m && prime < 32_000 {
        let mut count = 0;
        while m.is_multiple_of(prime) {
            m /= prime;
            count += 1;
        }
        push(prime, count);
        prime += 2;
    }
    if m > 1 {
        push(m, 1);
    }
    from_powers(powers)
}

/// A positive number to take out of all coefficients (each real or imaginary) of a sum: their greatest common divisor if
/// they are integer multiples of it, else 1.
fn numeric_content(s: &Scalar) -> f64 {
    if s.terms.iter().any(|t| t.coefficient.re != 0.0 && t.coefficient.im != 0.0) {
        return 1.0;
    }
    let sizes = s.terms.iter().map(|t| t.coefficient.re.abs().max(t.coefficient.im.abs()));
    let least = sizes.clone().fold(f64::INFINITY, f64::min);
    let integer = |x: f64| x == x.round() && x < 1e9;
    let multiple = |x: f64, of: f64| integer(x / of) && (x / of) * of == x && (x / of) == x * (1.0 / of);
    if sizes.clone().all(|x| multiple(x, least)) {
        return least;
    }
    if sizes.clone().all(integer) {
        let common = sizes.clone().fold(0, |g, x| gcd(g, x as i64)) as f64;
        if sizes.clone().all(|x| multiple(x, common)) {
            return common;
        }
    }
    1.0
}

enum Product {
    Plain(Powers),
    Reduced(Scalar),
}

/// The product of two lists of atoms.
fn multiply_powers(a: &[(Atom, Exponent)], b: &[(Atom, Exponent)]) -> Product {
    let mut merged: Powers = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    let mut plain = true;
    while i < a.len() || j < b.len() {
        let order = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.0.cmp(&y.0),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        match order {
            std::cmp::Ordering::Less => {
                merged.push(a[i].clone());
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                merged.push(b[j].clone());
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                let e = a[i].1.add(b[j].1);
                if !e.is_zero() {
                    plain &= matches!(a[i].0, Atom::Pi | Atom::Parameter(_) | Atom::Time | Atom::Field(_));
                    merged.push((a[i].0.clone(), e));
                }
                i += 1;
                j += 1;
            }
        }
    }
    let exponentials = merged.iter().filter(|(a, _)| matches!(a, Atom::Function(Function::Exp, _))).count();
    if plain && exponentials <= 1 {
        return Product::Plain(merged);
    }
    Product::Reduced(from_powers(merged))
}

/// The canonical scalar of a product of powers (sorted or not, one entry per atom).
fn from_powers(mut powers: Powers) -> Scalar {
    powers.retain(|p| !p.1.is_zero());
    powers.sort();
    let mut kept: Powers = Vec::with_capacity(powers.len());
    let mut number = 1.0;
    let mut exponent_sum = Scalar::zero();
    let mut factors: Vec<Scalar> = Vec::new();
    for (atom, e) in powers {
        match &atom {
            Atom::Root(bits) => {
                let (whole, rest) = e.split_floor();
                number *= power_of_number(f64::from_bits(*bits), whole);
                if !rest.is_zero() {
                    kept.push((atom, rest));
                }
            }
            Atom::Function(Function::Exp, x) => exponent_sum.add_assign(&x.times(c64::new(e.as_f64(), 0.0))),
            Atom::Function(Function::Sin, x) if e.num >= 2 * e.den => {
                let (whole, rest) = e.split_floor();
                let cosine = Scalar::atom(Atom::Function(Function::Cos, x.clone()), Exponent::integer(2));
                factors.extend(std::iter::repeat_n(Scalar::one().sub(&cosine), (whole / 2) as usize));
                let rest = rest.add(Exponent::integer(whole % 2));
                if !rest.is_zero() {
                    kept.push((atom, rest));
                }
            }
            Atom::Function(Function::Abs, x) if e.num.abs() >= 2 * e.den => {
                let whole = e.num / e.den;
                let even = whole - whole % 2;
                match x.power(Exponent::integer(even)) {
                    Ok(square) => {
                        factors.push(square);
                        let rest = e.add(Exponent::integer(-even));
                        if !rest.is_zero() {
                            kept.push((atom, rest));
                        }
                    }
                    Err(_) => kept.push((atom, e)),
                }
            }
            Atom::Sum(x) if e.num >= e.den => {
                let (whole, rest) = e.split_floor();
                match x.power(Exponent::integer(whole)) {
                    Ok(expanded) => {
                        factors.push(expanded);
                        if !rest.is_zero() {
                            kept.push((atom, rest));
                        }
                    }
                    Err(_) => kept.push((atom, e)),
                }
            }
            // Whole negative powers go where the reciprocal puts them.
            Atom::Sum(x) if e.den != 1 && e.num < -e.den => {
                let inverse = x.recip().unwrap_or_default();
                let itself = matches!(inverse.terms.as_slice(), [t] if t.coefficient == c64::new(1.0, 0.0)
                    && t.powers.as_slice() == [(atom.clone(), Exponent::integer(-1))]);
                let whole = e.num / e.den;
                match inverse.power(Exponent::integer(-whole)) {
                    Ok(power) if !itself => {
                        factors.push(power);
                        kept.push((atom, e.add(Exponent::integer(-whole))));
                    }
                    _ => kept.push((atom, e)),
                }
            }
            // A product under an integer power is taken apart.
            Atom::Sum(x) if e.den == 1 && x.terms.len() == 1 => match x.power(e) {
                Ok(expanded) => factors.push(expanded),
                Err(_) => kept.push((atom, e)),
            },
            _ => kept.push((atom, e)),
        }
    }
    if !exponent_sum.is_zero() {
        factors.push(exponent_sum.real_exponential());
    }
    let mut product = Scalar::term(kept, c64::new(number, 0.0));
    for f in factors {
        product = product.mul(&f);
    }
    product
}
