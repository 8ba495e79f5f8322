//! Trees to operators, scalars, modes and whole numbers.

use super::super::operator::MAX_OPERATOR_TERMS;
use super::super::scalar::{Exponent, MAX_TERMS};
use super::super::{Field, ModeId, Operator, Polynomial, Scalar, ScalarError, Site, commutator};
use super::ParseError;
use super::grammar::{Expr, Node, Ranges, Source};
use super::scope::{FUNCTIONS, Network, RESERVED, Scope, Symbol, nearest};
use num_complex::Complex64 as c64;
use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

/// Highest total degree of an operator.
const MAX_DEGREE: u32 = 200;
/// Highest power of an operator that is not a single term.
const MAX_EXPONENT: i64 = 100;
/// Most summands that all sums of one expression may write out together.
const MAX_SUMMANDS: u64 = 1_000_000;

/// The operator that an expression means.
///
/// # Errors
/// Unknown and misused names with the nearest one, indices out of range, `h.c.` that is ambiguous, and everything else
/// that has no value, each at its place.
pub fn operator(expr: &Expr, scope: &dyn Scope) -> Result<Operator, ParseError> {
    let value = Elaborator::new(scope).value(expr)?.into_operator();
    finite(value.iter().all(|(_, c)| is_finite(c)), expr)?;
    Ok(value)
}

/// The scalar that an expression means; an operator in it is an error.
///
/// # Errors
/// As [`operator`].
pub fn scalar(expr: &Expr, scope: &dyn Scope) -> Result<Scalar, ParseError> {
    let value = Elaborator::new(scope).scalar(expr, "a number or an expression in parameters is expected here")?;
    finite(is_finite(&value), expr)?;
    Ok(value)
}

/// The polynomial in amplitudes that an expression means: modes stand for c-numbers z (`dag(b)` for z*) that commute, and functions and
/// denominators may contain them.
///
/// # Errors
/// As [`operator`].
pub fn polynomial(expr: &Expr, scope: &dyn Scope) -> Result<Polynomial, ParseError> {
    let elaborator = Elaborator { reading: Reading::Amplitudes, ..Elaborator::new(scope) };
    let value = elaborator.value(expr)?.into_operator();
    finite(value.iter().all(|(_, c)| is_finite(c)), expr)?;
    Ok(value.normal_symbol())
}

/// The whole number that an expression means; parameters count only if they are fixed whole numbers.
///
/// # Errors
/// As [`operator`].
pub fn integer(expr: &Expr, scope: &dyn Scope) -> Result<i64, ParseError> {
    Elaborator::new(scope).integer(expr)
}

/// The mode that an expression such as `b1` or `b[j]` means.
///
/// # Errors
/// As [`operator`].
pub fn mode(expr: &Expr, scope: &dyn Scope) -> Result<ModeId, ParseError> {
    let wrong = || error(&expr.span, "a mode is expected here", Some("write b1 or, for an array, b[1]".into()));
    let (name, indices) = match &expr.node {
        Node::Name(name) => (name, None),
        Node::Index { name, indices } => (name, Some(indices)),
        _ => return wrong(),
    };
    let elaborator = Elaborator::new(scope);
    match (elaborator.lookup(name, &expr.span)?, indices) {
        (Symbol::Mode(m), None) => Ok(m),
        (Symbol::Modes(list), Some(indices)) => elaborator.element(name, &list, indices, &expr.span),
        (Symbol::Modes(list), None) => array_alone(name, list.len(), "modes", &expr.span),
        (Symbol::Mode(_), Some(_)) => not_an_array(name, "a single mode", &expr.span),
        (Symbol::Spin(_) | Symbol::Spins(_), _) => {
            error(&expr.span, format!("`{name}` is a spin; a bosonic mode is expected here"), None)
        }
        _ => wrong(),
    }
}

/// The boson or spin that an expression such as `b1` or `s[j]` means.
///
/// # Errors
/// As [`operator`].
pub fn site(expr: &Expr, scope: &dyn Scope) -> Result<ModeId, ParseError> {
    let name = match &expr.node {
        Node::Name(name) | Node::Index { name, .. } => scope.lookup(name),
        _ => None,
    };
    match name {
        Some(Symbol::Spin(_) | Symbol::Spins(_)) => Elaborator::new(scope).spin(expr),
        _ => mode(expr, scope),
    }
}

impl Ranges {
    /// The values of the indices, in order; `scope` gives the meaning of the names.
    ///
    /// # Errors
    /// As [`operator`].
    pub fn assignments(&self, scope: &dyn Scope) -> Result<Vec<Vec<(String, i64)>>, ParseError> {
        let values = Elaborator::new(scope).clause(self)?;
        Ok(values.into_iter().map(|v| self.variables.iter().cloned().zip(v).collect()).collect())
    }
}

fn is_finite(c: &Scalar) -> bool {
    c.terms.iter().all(|t| t.coefficient.re.is_finite() && t.coefficient.im.is_finite())
}

fn finite(all: bool, expr: &Expr) -> Result<(), ParseError> {
    if all {
        return Ok(());
    }
    error(&expr.span, "a number in this expression overflows", Some("numbers go up to about 1.8e308".into()))
}

fn error<T>(span: &Range<usize>, message: impl Into<String>, help: Option<String>) -> Result<T, ParseError> {
    Err(ParseError { span: span.clone(), message: message.into(), help })
}

fn array_alone<T>(name: &str, length: usize, what: &str, span: &Range<usize>) -> Result<T, ParseError> {
    let message = format!("`{name}` is an array of {length} {what}; which one is meant?");
    let help = format!("write {name}[1], or a sum over all of them: sum(j in 1..{length}, … {name}[j] …)");
    error(span, message, Some(help))
}

fn spin_alone<T>(name: &str, span: &Range<usize>) -> Result<T, ParseError> {
    let help = "its operators are jx, jy, jz, jp (raising) and jm (lowering) of it, as in jz(s)".to_string();
    error(span, format!("`{name}` is a spin, not an operator"), Some(help))
}

fn not_an_array<T>(name: &str, what: &str, span: &Range<usize>) -> Result<T, ParseError> {
    error(span, format!("`{name}` is {what}, it has no elements"), Some(format!("write {name} without an index")))
}

enum Value {
    Scalar(Scalar),
    Operator(Operator),
}

impl Value {
    fn into_operator(self) -> Operator {
        match self {
            Value::Scalar(c) => Operator::scalar(c),
            Value::Operator(o) => o,
        }
    }
    fn adjoint(&self) -> Value {
        match self {
            Value::Scalar(c) => Value::Scalar(c.conj()),
            Value::Operator(o) => Value::Operator(o.adjoint()),
        }
    }
    fn neg(&self) -> Value {
        match self {
            Value::Scalar(c) => Value::Scalar(c.neg()),
            Value::Operator(o) => Value::Operator(o.neg()),
        }
    }
    fn is_hermitian(&self) -> bool {
        match self {
            Value::Scalar(c) => c.is_real(),
            Value::Operator(o) => o.is_hermitian(),
        }
    }
    fn add_assign(&mut self, other: Value) {
        match (&mut *self, other) {
            (Value::Scalar(a), Value::Scalar(b)) => a.add_assign(&b),
            (Value::Operator(a), b) => a.add_assign(&b.into_operator()),
            (Value::Scalar(a), Value::Operator(mut b)) => {
                b.add_assign(&Operator::scalar(a.clone()));
                *self = Value::Operator(b);
            }
        }
    }
}

/// How the modes of an expression multiply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// As operators.
    Operators,
    /// In normal order whatever the order they are written in.
    Normal,
    /// As c-numbers, which may stand in functions and denominators.
    Amplitudes,
}

struct Elaborator<'a> {
    scope: &'a dyn Scope,
    indices: Vec<(String, i64)>,
    summands: Cell<u64>,
    reading: Reading,
}

impl<'a> Elaborator<'a> {
    fn new(scope: &'a dyn Scope) -> Elaborator<'a> {
        Elaborator { scope, indices: Vec::new(), summands: Cell::new(0), reading: Reading::Operators }
    }

    fn lookup(&self, name: &str, span: &Range<usize>) -> Result<Symbol, ParseError> {
        if let Some((_, value)) = self.indices.iter().rev().find(|(n, _)| n == name) {
            return Ok(Symbol::Integer(*value));
        }
        if let Some(symbol) = self.scope.lookup(name) {
            return Ok(symbol);
        }
        if RESERVED.contains(&name) {
            return error(span, format!("`{name}` has a fixed meaning and is not what is expected here"), None);
        }
        if FUNCTIONS.contains(&name) {
            let help = format!("write {name}(…) with its argument in brackets");
            return error(span, format!("`{name}` is a function"), Some(help));
        }
        let mut names = self.scope.names();
        names.extend(self.indices.iter().map(|(n, _)| n.clone()));
        let help = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if names.is_empty() => Some("no name is declared".into()),
            None if names.len() <= 12 => Some(format!("known names: {}", names.join(", "))),
            None => None,
        };
        error(span, format!("unknown name `{name}`"), help)
    }

    fn element<T: Copy>(
        &self,
        name: &str,
        list: &Arc<[T]>,
        indices: &[Expr],
        span: &Range<usize>,
    ) -> Result<T, ParseError> {
        let [index] = indices else {
            return error(span, format!("an element of `{name}` has one index, not {}", indices.len()), None);
        };
        let j = self.integer(index)?;
        match usize::try_from(j).ok().and_then(|j| list.get(j.wrapping_sub(1))) {
            Some(x) => Ok(*x),
            None => {
                let last = list.len();
                let help = format!(
                    "indices are taken as they are; on a ring write {name}[mod1(…,{last})] or sum over the edges of a network"
                );
                let message = format!("{name}[{j}] does not exist: the elements are {name}[1] to {name}[{last}]");
                error(span, message, Some(help))
            }
        }
    }

    fn spin(&self, expr: &Expr) -> Result<ModeId, ParseError> {
        let wrong = |what: &str| {
            error(
                &expr.span,
                format!("{what} where a spin is expected"),
                Some("write jz(s) or, for an array, jz(s[1])".into()),
            )
        };
        let (name, indices) = match &expr.node {
            Node::Name(name) => (name, None),
            Node::Index { name, indices } => (name, Some(indices)),
            _ => return wrong("an expression"),
        };
        match (self.lookup(name, &expr.span)?, indices) {
            (Symbol::Spin(s), None) => Ok(s),
            (Symbol::Spins(list), Some(indices)) => self.element(name, &list, indices, &expr.span),
            (Symbol::Spins(list), None) => array_alone(name, list.len(), "spins", &expr.span),
            (Symbol::Spin(_), Some(_)) => not_an_array(name, "a single spin", &expr.span),
            (Symbol::Mode(_) | Symbol::Modes(_), _) => wrong(&format!("`{name}` is a bosonic mode")),
            _ => wrong(&format!("`{name}` is no spin")),
        }
    }

    fn network(&self, name: &str, span: &Range<usize>) -> Result<Arc<Network>, ParseError> {
        match self.lookup(name, span)? {
            Symbol::Network(n) => Ok(n),
            _ => error(
                span,
                format!("`{name}` is not a network"),
                Some("networks are declared in [networks], for example links = \"ring(N)\"".into()),
            ),
        }
    }

    fn site(&self, network: &Network, name: &str, expr: &Expr) -> Result<usize, ParseError> {
        let j = self.integer(expr)?;
        match usize::try_from(j) {
            Ok(k) if (1..=network.size()).contains(&k) => Ok(k),
            _ => error(&expr.span, format!("`{name}` has the sites 1 to {}, not {j}", network.size()), None),
        }
    }

    /// The values of the indices of one clause.
    fn clause(&self, ranges: &Ranges) -> Result<Vec<Vec<i64>>, ParseError> {
        let whole = |k: usize| k as i64;
        match &ranges.source {
            Source::Interval(first, last) => {
                let (first, last) = (self.integer(first)?, self.integer(last)?);
                let count = last.saturating_sub(first).saturating_add(1).max(0) as u64;
                if count > MAX_SUMMANDS {
                    let message = format!("this range has {count} values; at most {MAX_SUMMANDS} are written out");
                    return error(&ranges.span, message, None);
                }
                Ok((first..=last).map(|j| vec![j]).collect())
            }
            Source::Edges(name, span) => {
                Ok(self.network(name, span)?.edges().into_iter().map(|(j, k)| vec![whole(j), whole(k)]).collect())
            }
            Source::Neighbours(name, span, site) => {
                let network = self.network(name, span)?;
                let j = self.site(&network, name, site)?;
                Ok(network.neighbours(j).into_iter().map(|k| vec![whole(k)]).collect())
            }
        }
    }

    fn integer(&self, expr: &Expr) -> Result<i64, ParseError> {
        let too_large = || error(&expr.span, "this whole number is too large", None);
        match &expr.node {
            Node::Number(x) if *x == x.round() && x.abs() < 9e15 => Ok(*x as i64),
            Node::Number(x) => error(&expr.span, format!("a whole number is expected here, not {x}"), None),
            Node::Name(name) if RESERVED.contains(&name.as_str()) => {
                error(&expr.span, format!("a whole number is expected here, not `{name}`"), None)
            }
            Node::Name(name) => match self.lookup(name, &expr.span)? {
                Symbol::Integer(j) => Ok(j),
                Symbol::Parameter(_) => error(
                    &expr.span,
                    format!("`{name}` is a real parameter; a whole number is expected here"),
                    Some("only indices and the parameters that set the size of the model can stand here".into()),
                ),
                _ => error(&expr.span, format!("a whole number is expected here, not `{name}`"), None),
            },
            Node::Negative(x) => match self.integer(x)?.checked_neg() {
                Some(x) => Ok(x),
                None => too_large(),
            },
            Node::Sum(terms) => {
                let mut sum = 0_i64;
                for (negative, t) in terms {
                    let x = self.integer(t)?;
                    match if *negative { sum.checked_sub(x) } else { sum.checked_add(x) } {
                        Some(s) => sum = s,
                        None => return too_large(),
                    }
                }
                Ok(sum)
            }
            Node::Product(factors) => {
                let mut product = 1_i64;
                for (divide, f) in factors {
                    let x = self.integer(f)?;
                    let next = if !divide {
                        product.checked_mul(x)
                    } else if x == 0 {
                        return error(&f.span, "division by zero", None);
                    } else if product.checked_rem(x).is_some_and(|r| r != 0) {
                        let message = format!("{product}/{x} is not a whole number");
                        return error(&expr.span, message, None);
                    } else {
                        product.checked_div(x)
                    };
                    match next {
                        Some(p) => product = p,
                        None => return too_large(),
                    }
                }
                Ok(product)
            }
            Node::Power(base, exponent) => {
                let (b, e) = (self.integer(base)?, self.integer(exponent)?);
                match u32::try_from(e).ok().and_then(|e| b.checked_pow(e)) {
                    Some(x) => Ok(x),
                    None if e < 0 => error(&expr.span, "a whole number is expected here", None),
                    None => too_large(),
                }
            }
            Node::Call { name, arguments, .. } if name == "mod1" || name == "mod" => {
                let [x, n] = arguments.as_slice() else {
                    return error(&expr.span, format!("{name} has two arguments: {name}(j, N)"), None);
                };
                let (x, length) = (self.integer(x)?, self.integer(n)?);
                if length < 1 {
                    return error(&n.span, format!("{name} needs a positive length, not {length}"), None);
                }
                let rest = x.rem_euclid(length);
                Ok(if name == "mod1" && rest == 0 { length } else { rest })
            }
            _ => error(&expr.span, "a whole number is expected here", None),
        }
    }

    fn scalar(&self, expr: &Expr, expected: &str) -> Result<Scalar, ParseError> {
        match self.value(expr)? {
            Value::Scalar(c) => Ok(c),
            Value::Operator(o) => match o.as_scalar() {
                Some(c) => Ok(c),
                None if self.reading == Reading::Amplitudes => {
                    o.normal_symbol().as_coefficient(false).map_err(|e| refused(&e, &expr.span))
                }
                None => error(&expr.span, format!("{expected}, but this contains operators"), None),
            },
        }
    }

    fn value(&self, expr: &Expr) -> Result<Value, ParseError> {
        match &expr.node {
            Node::Number(x) => Ok(Value::Scalar(Scalar::real(*x))),
            Node::Name(name) => self.name(name, &expr.span),
            Node::Index { name, indices } => self.indexed(name, indices, &expr.span),
            Node::Call { name, name_span, arguments } => self.call(name, name_span, arguments, &expr.span),
            Node::Negative(x) => Ok(self.value(x)?.neg()),
            Node::Adjoint(x) => Ok(self.value(x)?.adjoint()),
            Node::Sum(terms) => self.sum(terms),
            Node::Product(factors) => self.product(factors),
            Node::Power(base, exponent) => self.power(base, exponent, &expr.span),
            Node::HermitianConjugate => error(
                &expr.span,
                "h.c. must follow the summands whose adjoint it adds",
                Some("write (x + h.c.)".into()),
            ),
            Node::SumOver { ranges, body } => {
                let mut total = Value::Scalar(Scalar::zero());
                let mut inner = self.with(self.reading);
                inner.sum_over(ranges, body, &mut total)?;
                self.summands.set(inner.summands.get());
                Ok(total)
            }
        }
    }

    /// The same with modes that multiply in another way.
    fn with(&self, reading: Reading) -> Elaborator<'a> {
        let (indices, summands) = (self.indices.clone(), Cell::new(self.summands.get()));
        Elaborator { scope: self.scope, indices, summands, reading }
    }

    /// What an abbreviation stands for; an error in it stands where it is used.
    fn definition(&self, name: &str, expr: &Expr, span: &Range<usize>) -> Result<Value, ParseError> {
        let inner = Elaborator { indices: Vec::new(), ..self.with(self.reading) };
        let value = inner.value(expr);
        self.summands.set(inner.summands.get());
        value.map_err(|e| ParseError {
            span: span.clone(),
            message: format!("in the definition of `{name}`: {}", e.message),
            help: e.help,
        })
    }

    fn sum_over(&mut self, ranges: &[Ranges], body: &Expr, total: &mut Value) -> Result<(), ParseError> {
        let Some((first, rest)) = ranges.split_first() else {
            total.add_assign(self.value(body)?);
            return self.within_limits(total, &body.span);
        };
        let depth = self.indices.len();
        for values in self.clause(first)? {
            self.summands.set(self.summands.get() + 1);
            if self.summands.get() > MAX_SUMMANDS {
                let message = format!("the sums of this expression have more than {MAX_SUMMANDS} summands");
                return error(&first.span, message, None);
            }
            self.indices.extend(first.variables.iter().cloned().zip(values));
            let result = self.sum_over(rest, body, total);
            self.indices.truncate(depth);
            result?;
        }
        Ok(())
    }

    fn name(&self, name: &str, span: &Range<usize>) -> Result<Value, ParseError> {
        match name {
            "i" => return Ok(Value::Scalar(Scalar::i())),
            "t" => return Ok(Value::Scalar(Scalar::time())),
            "pi" | "π" => return Ok(Value::Scalar(Scalar::pi())),
            _ => {}
        }
        match self.lookup(name, span)? {
            Symbol::Mode(m) => Ok(Value::Operator(Operator::annihilation(m))),
            Symbol::Parameter(p) => Ok(Value::Scalar(Scalar::param(p))),
            Symbol::Integer(j) => Ok(Value::Scalar(Scalar::real(j as f64))),
            Symbol::Scalar(c) => Ok(Value::Scalar(c)),
            Symbol::Definition(expr) => self.definition(name, &expr, span),
            Symbol::Modes(list) => array_alone(name, list.len(), "modes", span),
            Symbol::Spin(_) | Symbol::Spins(_) => spin_alone(name, span),
            Symbol::Parameters(list) => array_alone(name, list.len(), "parameters", span),
            Symbol::Network(_) => error(
                span,
                format!("`{name}` is a network"),
                Some(format!("write sum((j,k) in {name}, …), or {name}[j,k] for a weight")),
            ),
        }
    }

    fn indexed(&self, name: &str, indices: &[Expr], span: &Range<usize>) -> Result<Value, ParseError> {
        match self.lookup(name, span)? {
            Symbol::Modes(list) => {
                Ok(Value::Operator(Operator::annihilation(self.element(name, &list, indices, span)?)))
            }
            Symbol::Parameters(list) => Ok(Value::Scalar(Scalar::param(self.element(name, &list, indices, span)?))),
            Symbol::Network(network) => {
                let [j, k] = indices else {
                    return error(span, format!("a weight of the network has two indices: {name}[j,k]"), None);
                };
                let (j, k) = (self.site(&network, name, j)?, self.site(&network, name, k)?);
                Ok(Value::Scalar(Scalar::real(network.weight(j, k))))
            }
            Symbol::Mode(_) => not_an_array(name, "a single mode", span),
            Symbol::Spin(_) | Symbol::Spins(_) => spin_alone(name, span),
            Symbol::Parameter(_) | Symbol::Scalar(_) => not_an_array(name, "a single parameter", span),
            Symbol::Definition(_) => not_an_array(name, "an abbreviation", span),
            Symbol::Integer(_) => not_an_array(name, "a whole number", span),
        }
    }

    fn sum(&self, terms: &[(bool, Expr)]) -> Result<Value, ParseError> {
        let has_adjoint = terms.iter().any(|(_, t)| t.node == Node::HermitianConjugate);
        let mut total = Value::Scalar(Scalar::zero());
        // The summands since the last h.c., and what they add up to.
        let mut pending: Vec<(&Expr, Value)> = Vec::new();
        for (negative, t) in terms {
            if t.node == Node::HermitianConjugate {
                if pending.is_empty() {
                    return error(
                        &t.span,
                        "h.c. must follow the summands whose adjoint it adds",
                        Some("write (x + h.c.)".into()),
                    );
                }
                for (summand, value) in pending.drain(..) {
                    if value.is_hermitian() && !matches!(&value, Value::Operator(o) if o.is_zero()) {
                        return error(
                            &summand.span,
                            "ambiguous h.c.: this summand is Hermitian by itself, and h.c. would count it twice",
                            Some("put the coupling in brackets with its h.c.: (x + h.c.)".into()),
                        );
                    }
                    let adjoint = value.adjoint();
                    total.add_assign(if *negative { adjoint.neg() } else { adjoint });
                }
                continue;
            }
            let mut value = self.value(t)?;
            if *negative {
                value = value.neg();
            }
            if has_adjoint {
                let copy = match &value {
                    Value::Scalar(c) => Value::Scalar(c.clone()),
                    Value::Operator(o) => Value::Operator(o.clone()),
                };
                pending.push((t, copy));
            }
            total.add_assign(value);
            self.within_limits(&total, &t.span)?;
        }
        Ok(total)
    }

    fn within_limits(&self, value: &Value, span: &Range<usize>) -> Result<(), ParseError> {
        let (terms, limit) = match value {
            Value::Scalar(c) => (c.len(), MAX_TERMS),
            Value::Operator(o) => (o.len(), MAX_OPERATOR_TERMS),
        };
        if terms > limit {
            return error(span, format!("this expands to more than {limit} terms"), None);
        }
        Ok(())
    }

    fn product(&self, factors: &[(bool, Expr)]) -> Result<Value, ParseError> {
        let mut product = Value::Scalar(Scalar::one());
        for (divide, f) in factors {
            product = if *divide { self.divide(product, f)? } else { self.multiply(product, self.value(f)?, &f.span)? };
        }
        Ok(product)
    }

    /// value/expr; divisors that are products and powers divide factor by factor, which keeps them unexpanded.
    fn divide(&self, value: Value, expr: &Expr) -> Result<Value, ParseError> {
        let expected = "only a number or parameters can divide";
        let divisor = self.scalar(expr, expected)?;
        let by = |value: Value| {
            let quotient = match value {
                Value::Scalar(x) => x.div(&divisor).map(Value::Scalar),
                Value::Operator(x) => x.divide(&divisor).map(Value::Operator),
            };
            quotient.map_err(|e| refused(&e, &expr.span))
        };
        if divisor.terms.iter().all(|t| t.powers.is_empty()) {
            return by(value);
        }
        match &expr.node {
            Node::Product(factors) => {
                let mut quotient = value;
                for (divide, f) in factors {
                    quotient = if *divide {
                        self.multiply(quotient, self.value(f)?, &f.span)?
                    } else {
                        self.divide(quotient, f)?
                    };
                }
                Ok(quotient)
            }
            Node::Power(base, exponent) => {
                let e = self.scalar(exponent, "an exponent is a number or an expression in parameters")?;
                let inverse = self.raised(base, exponent, &e.neg(), &expr.span)?;
                self.multiply(value, inverse, &expr.span)
            }
            _ => by(value),
        }
    }

    fn power(&self, base: &Expr, exponent: &Expr, span: &Range<usize>) -> Result<Value, ParseError> {
        let e = self.scalar(exponent, "an exponent is a number or an expression in parameters")?;
        self.raised(base, exponent, &e, span)
    }

    /// base^e; `exponent` is where e comes from.
    fn raised(&self, base: &Expr, exponent: &Expr, e: &Scalar, span: &Range<usize>) -> Result<Value, ParseError> {
        let rational = match e.as_number() {
            Some(z) if z.im == 0.0 => rational(z.re),
            _ => None,
        };
        match self.value(base)? {
            Value::Scalar(x) => {
                if let Some(e) = rational
                    && let Ok(value) = x.power(e)
                {
                    return Ok(Value::Scalar(value));
                }
                let value = match rational {
                    Some(e) if e.den == 1 => x.power(e),
                    // x^y = exp(y ln x)
                    _ => x.ln().and_then(|l| l.mul(e).exp()),
                };
                Ok(Value::Scalar(value.map_err(|e| refused(&e, span))?))
            }
            Value::Operator(x) => {
                let n = match rational {
                    Some(e) if e.den == 1 && e.num >= 0 => e.num,
                    _ => {
                        return error(
                            &exponent.span,
                            "an operator can only be raised to a whole power, zero or higher",
                            None,
                        );
                    }
                };
                if n > MAX_EXPONENT {
                    return error(
                        &exponent.span,
                        format!("powers of operators go up to {MAX_EXPONENT}, not {n}"),
                        None,
                    );
                }
                let mut result = Value::Scalar(Scalar::one());
                for _ in 0..n {
                    result = self.multiply(result, Value::Operator(x.clone()), span)?;
                }
                Ok(result)
            }
        }
    }

    fn call(
        &self,
        name: &str,
        name_span: &Range<usize>,
        arguments: &[Expr],
        span: &Range<usize>,
    ) -> Result<Value, ParseError> {
        let one = || match arguments {
            [x] => Ok(x),
            _ => error(span, format!("{name} has one argument, not {}", arguments.len()), None),
        };
        let of_operator = |what: &str| -> Result<Operator, ParseError> {
            let x = one()?;
            match self.value(x)? {
                Value::Operator(o) => Ok(o),
                Value::Scalar(_) => error(&x.span, format!("{name} is {what}; this is not an operator"), None),
            }
        };
        match name {
            "dag" => Ok(self.value(one()?)?.adjoint()),
            "mean" => {
                let x = one()?;
                match self.value(x)? {
                    Value::Scalar(c) => held(c, &x.span),
                    Value::Operator(o) => {
                        if o.iter().any(|(m, _)| m.factors().iter().any(|f| f.word.site != Site::Boson)) {
                            let help = Some("mean(…) is of bosonic modes".to_string());
                            return error(&x.span, "the mean of a spin cannot stand in a coefficient", help);
                        }
                        let mean = o.normal_symbol().as_coefficient(true).map_err(|e| refused(&e, &x.span))?;
                        held(mean, &x.span)
                    }
                }
            }
            "normal" => {
                let reading = if self.reading == Reading::Operators { Reading::Normal } else { self.reading };
                let inner = self.with(reading);
                let value = inner.value(one()?)?;
                self.summands.set(inner.summands.get());
                Ok(value)
            }
            "n" => {
                let x = of_operator("the number dag(x)*x of a mode x")?;
                self.multiply(Value::Operator(x.adjoint()), Value::Operator(x), span)
            }
            "q" => Ok(Value::Operator(
                of_operator("the quadrature (x + dag(x))/sqrt(2) of a mode x")?.hermitian_quadrature(),
            )),
            "p" => {
                let x = of_operator("the quadrature (x - dag(x))/(i*sqrt(2)) of a mode x")?;
                Ok(Value::Operator(x.antihermitian_quadrature()))
            }
            "jx" => Ok(Value::Operator(Operator::spin_x(self.spin(one()?)?))),
            "jy" => Ok(Value::Operator(Operator::spin_y(self.spin(one()?)?))),
            "jz" => Ok(Value::Operator(Operator::spin_z(self.spin(one()?)?))),
            "jp" => Ok(Value::Operator(Operator::raising(self.spin(one()?)?))),
            "jm" => Ok(Value::Operator(Operator::lowering(self.spin(one()?)?))),
            "comm" => {
                let [x, y] = arguments else {
                    return error(span, format!("comm has two arguments, not {}", arguments.len()), None);
                };
                let (x, y) = (self.value(x)?.into_operator(), self.value(y)?.into_operator());
                check_product(&x, &y, span)?;
                Ok(Value::Operator(commutator(&x, &y)))
            }
            "degree" => {
                let [network, site] = arguments else {
                    return error(span, "degree has two arguments: degree(links, j)", None);
                };
                let Node::Name(name) = &network.node else {
                    return error(&network.span, "the name of a network is expected here", None);
                };
                let table = self.network(name, &network.span)?;
                let j = self.site(&table, name, site)?;
                let sum: f64 = table.neighbours(j).into_iter().map(|k| table.weight(j, k)).sum();
                Ok(Value::Scalar(Scalar::real(sum)))
            }
            "mod" | "mod1" => {
                let whole = Expr {
                    span: span.clone(),
                    node: Node::Call {
                        name: name.to_string(),
                        name_span: name_span.clone(),
                        arguments: arguments.to_vec(),
                    },
                };
                Ok(Value::Scalar(Scalar::real(self.integer(&whole)? as f64)))
            }
            "abs2" | "conj" | "re" | "im" if self.reading == Reading::Amplitudes => {
                let z = self.value(one()?)?;
                let conj = z.adjoint();
                let half = |z: c64| Value::Scalar(Scalar::number(z));
                if name == "conj" {
                    return Ok(conj);
                }
                if name == "abs2" {
                    return self.multiply(conj, z, span);
                }
                let (mut sum, weight) =
                    if name == "re" { (conj, half(0.5.into())) } else { (conj.neg(), half(c64::new(0.0, -0.5))) };
                sum.add_assign(z);
                self.multiply(sum, weight, span)
            }
            "sqrt" | "exp" | "sin" | "cos" | "tan" | "sinh" | "cosh" | "tanh" | "ln" | "abs" | "abs2" | "conj"
            | "re" | "im" => {
                let argument = one()?;
                if name == "conj"
                    && let Value::Operator(o) = self.value(argument)?
                    && o.as_scalar().is_none()
                {
                    let help = Some("the adjoint of an operator is dag(x)".to_string());
                    return error(&argument.span, "conj is for numbers, but this contains operators", help);
                }
                let x = self.scalar(argument, &format!("{name} needs a number or an expression in parameters"))?;
                let value = match name {
                    "sqrt" => x.sqrt(),
                    "exp" => x.exp(),
                    "sin" => x.sin(),
                    "cos" => x.cos(),
                    "tan" => x.tan(),
                    "sinh" => x.sinh(),
                    "cosh" => x.cosh(),
                    "tanh" => x.tanh(),
                    "ln" => x.ln(),
                    "abs" => x.abs(),
                    "abs2" => Ok(x.mul(&x.conj())),
                    "re" => Ok(x.re()),
                    "im" => Ok(x.im()),
                    _ => Ok(x.conj()),
                };
                Ok(Value::Scalar(value.map_err(|e| refused(&e, span))?))
            }
            _ => self.not_a_function(name, name_span),
        }
    }

    fn multiply(&self, a: Value, b: Value, span: &Range<usize>) -> Result<Value, ParseError> {
        multiply(a, b, self.reading != Reading::Operators, span)
    }

    fn not_a_function(&self, name: &str, span: &Range<usize>) -> Result<Value, ParseError> {
        if matches!(name, "i" | "t" | "pi" | "π") || self.lookup(name, span).is_ok() {
            let help = match self.lookup(name, span) {
                Ok(Symbol::Modes(_) | Symbol::Spins(_) | Symbol::Parameters(_)) => {
                    format!("an element is written {name}[…]")
                }
                _ => format!("a product is written {name}*(…)"),
            };
            return error(span, format!("`{name}` is not a function"), Some(help));
        }
        let help = match name {
            "log" => "the natural logarithm is ln(x)".to_string(),
            "sqr" => "a square is x^2".to_string(),
            "adj" | "adjoint" | "dagger" | "ctranspose" => "the adjoint is dag(x)".to_string(),
            "commutator" => "the commutator is comm(x, y)".to_string(),
            "Re" | "real" => "the real part is re(x)".to_string(),
            "Im" | "imag" => "the imaginary part is im(x)".to_string(),
            "sigmaz" | "sigma_z" | "sz" | "Jz" => {
                "twice the spin, jz(s) of a spin s = 1/2, is sigma_z: write 2*jz(s)".to_string()
            }
            "num" | "number" => "the number operator is n(a)".to_string(),
            _ => match nearest(name, FUNCTIONS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("functions: {}", FUNCTIONS.join(", ")),
            },
        };
        error(span, format!("unknown function `{name}`"), Some(help))
    }
}

fn refused(e: &ScalarError, span: &Range<usize>) -> ParseError {
    ParseError { span: span.clone(), message: e.to_string(), help: None }
}

fn check_product(x: &Operator, y: &Operator, span: &Range<usize>) -> Result<(), ParseError> {
    if x.degree() + y.degree() > MAX_DEGREE {
        return error(span, format!("this product has a degree above {MAX_DEGREE} in the ladder operators"), None);
    }
    if x.len().saturating_mul(y.len()) > MAX_OPERATOR_TERMS {
        return error(span, format!("this expands to more than {MAX_OPERATOR_TERMS} terms"), None);
    }
    Ok(())
}

/// A coefficient of which all quantities of the mean field are held.
fn held(c: Scalar, span: &Range<usize>) -> Result<Value, ParseError> {
    let c = c.map_fields(&|field| Field { held: true, ..field });
    c.map(Value::Scalar).map_err(|e| refused(&e, span))
}

fn multiply(a: Value, b: Value, commuting: bool, span: &Range<usize>) -> Result<Value, ParseError> {
    Ok(match (a, b) {
        (Value::Scalar(x), Value::Scalar(y)) => {
            if x.len().saturating_mul(y.len()) > MAX_TERMS {
                return error(span, format!("this expands to more than {MAX_TERMS} terms"), None);
            }
            Value::Scalar(x.mul(&y))
        }
        (Value::Operator(x), Value::Scalar(c)) | (Value::Scalar(c), Value::Operator(x)) => {
            if x.len().saturating_mul(c.len()) > MAX_OPERATOR_TERMS {
                return error(span, format!("this expands to more than {MAX_OPERATOR_TERMS} terms"), None);
            }
            Value::Operator(if c.is_one() { x } else { x.scale(&c) })
        }
        (Value::Operator(x), Value::Operator(y)) => {
            check_product(&x, &y, span)?;
            Value::Operator(if commuting {
                Operator::from_normal(&x.normal_symbol().mul(&y.normal_symbol()))
            } else {
                x.mul(&y)
            })
        }
    })
}

/// A number as a fraction with a small denominator, if it is exactly one.
fn rational(x: f64) -> Option<Exponent> {
    if x.abs() > 1e6 {
        return None;
    }
    (1..=12_i64).find_map(|den| {
        let num = (x * den as f64).round();
        (num / den as f64 == x).then(|| Exponent::new(num as i64, den))
    })
}
