//! Scalars.

use super::super::scalar::{Atom, Exponent, Function, Powers, Term};
use super::super::{Field, Names, Quantity, Scalar};
use super::{Factor, Format, Product, Written, add_up, brackets};
use num_complex::Complex64 as c64;

/// Denominators that read better as a fraction than as a decimal number.
const DENOMINATORS: [u32; 12] = [2, 3, 4, 6, 8, 9, 12, 16, 24, 27, 32, 64];

/// A positive number as numerator and denominator, if it is exactly such a fraction.
fn fraction(x: f64) -> Option<(f64, f64)> {
    DENOMINATORS.iter().map(|d| f64::from(*d)).find_map(|d| {
        let n = (x * d).round();
        (n / d == x && n < 1000.0 && n > 0.0).then_some((n, d))
    })
}

fn number(format: Format, x: f64) -> String {
    if x == 0.0 || (1e-4..1e15).contains(&x) {
        return format!("{x}");
    }
    let text = format!("{x:e}");
    match (format, text.split_once('e')) {
        (Format::Latex, Some(("1", power))) => format!("10^{{{power}}}"),
        (Format::Latex, Some((mantissa, power))) => format!("{mantissa} \\times 10^{{{power}}}"),
        _ => text,
    }
}

fn is_integer(x: f64) -> bool {
    x == x.round() && x < 1e15
}

/// What stands under one square root.
#[derive(Default)]
struct Root {
    number: f64,
    divisor: f64,
    atoms: Vec<Atom>,
}

impl Scalar {
    /// The expression as text that [`parse`](super::super::parse) reads back to the same scalar.
    pub fn text(&self, names: &Names) -> String {
        write_scalar(self, names, Format::Text)
    }
    /// The expression in LaTeX.
    pub fn latex(&self, names: &Names) -> String {
        write_scalar(self, names, Format::Latex)
    }
}

pub(super) fn write_scalar(s: &Scalar, names: &Names, format: Format) -> String {
    if s.is_zero() {
        return "0".into();
    }
    add_up(vec![scalar_product(s, names, format).write(format)], format)
}

/// A scalar other than 0 as a product: common factors of its terms are taken out.
pub(super) fn scalar_product(s: &Scalar, names: &Names, format: Format) -> Product {
    if let [t] = s.terms.as_slice() {
        return term_product(t, names, format);
    }
    let imaginary = s.terms.iter().all(|t| t.coefficient.re == 0.0);
    let unit = c64::new(0.0, if imaginary { 1.0 } else { 0.0 }) + if imaginary { 0.0 } else { 1.0 };
    let (number, common, mut inner) = s.times(unit.conj()).split_content();
    let whole = |t: &Term| is_integer(t.coefficient.re.abs().max(t.coefficient.im.abs()));
    let mut content = Scalar { terms: vec![Term { powers: common, coefficient: unit * number }] };
    if !is_integer(number) && s.terms.iter().any(whole) {
        // n + 1/2, not (2 n + 1)/2
        inner = inner.times(c64::new(number, 0.0));
        content = content.times(c64::new(1.0 / number, 0.0));
    }
    let mut outside = Product::default();
    let mut rest = s.clone();
    // What will be read is (inner · numerator)/denominator.
    let size = c64::new(content.terms[0].coefficient.norm(), 0.0);
    let again = match fraction(size.re) {
        Some((p, q)) if !is_integer(size.re) => {
            let scaled = inner.mul(&Scalar { terms: vec![Term { coefficient: unit * p, ..content.terms[0].clone() }] });
            scaled.div(&Scalar::real(q)).unwrap_or_default()
        }
        _ => inner.mul(&content),
    };
    if !content.is_one() && inner.len() == s.len() && again == *s {
        outside = term_product(&content.terms[0], names, format);
        rest = inner;
    }
    if let Some((z, phase)) = as_phase(&rest) {
        let factor = term_product(&Term { powers: Powers::new(), coefficient: z }, names, format);
        outside.negative ^= factor.negative;
        let units = factor.numerator.into_iter().filter(|f| f.text != "1");
        outside.numerator.extend(units);
        outside.denominator.extend(factor.denominator);
        let exponent = write_scalar(&phase, names, format);
        outside.numerator.push(Factor::plain(match format {
            Format::Text => format!("exp({exponent})"),
            Format::Latex => format!("e^{{{exponent}}}"),
        }));
        return outside;
    }
    let mut list: Vec<&Term> = rest.terms.iter().collect();
    list.sort_by_key(|t| (t.coefficient.re == 0.0, t.powers.is_empty()));
    let mut written: Vec<Written> = Vec::with_capacity(list.len());
    for t in list {
        if t.coefficient.re != 0.0 && t.coefficient.im != 0.0 && t.powers.is_empty() {
            // A complex constant inside a sum needs no brackets of its own.
            let (re, im) = (c64::new(t.coefficient.re, 0.0), c64::new(0.0, t.coefficient.im));
            for part in [re, im] {
                let part = Term { powers: Powers::new(), coefficient: part };
                written.push(term_product(&part, names, format).write(format));
            }
        } else {
            written.push(term_product(t, names, format).write(format));
        }
    }
    if written.iter().all(|w| w.negative) {
        outside.negative = !outside.negative;
        for w in &mut written {
            w.negative = false;
        }
    } else if let Some(first) = written.iter().position(|w| !w.negative) {
        let positive = written.remove(first);
        written.insert(0, positive);
    }
    outside.numerator.push(Factor::sum(add_up(written, format)));
    outside
}

/// z (cos x ± i sin x) as z and ±i x.
fn as_phase(s: &Scalar) -> Option<(c64, Scalar)> {
    let [a, b] = s.terms.as_slice() else {
        return None;
    };
    let [(Atom::Function(Function::Cos, x), Exponent::ONE)] = a.powers.as_slice() else {
        return None;
    };
    let [(Atom::Function(Function::Sin, y), Exponent::ONE)] = b.powers.as_slice() else {
        return None;
    };
    let i = c64::new(0.0, 1.0);
    let sign = if b.coefficient == a.coefficient * i {
        1.0
    } else if b.coefficient == a.coefficient * -i {
        -1.0
    } else {
        return None;
    };
    (x == y).then(|| (a.coefficient, x.times(i * sign)))
}

fn term_product(t: &Term, names: &Names, format: Format) -> Product {
    let mut product = Product::default();
    let z = t.coefficient;
    let mut size = 1.0;
    let mut unit = None;
    if z.re != 0.0 && z.im != 0.0 {
        let part = |x: c64| term_product(&Term { powers: Powers::new(), coefficient: x }, names, format).write(format);
        let parts = vec![part(c64::new(z.re, 0.0)), part(c64::new(0.0, z.im))];
        unit = Some(Factor::sum(add_up(parts, format)));
    } else if z.im != 0.0 {
        product.negative = z.im < 0.0;
        size = z.im.abs();
        unit = Some(Factor::plain("i"));
    } else {
        product.negative = z.re < 0.0;
        size = z.re.abs();
    }

    // Powers are split into whole ones, square roots and the rest.
    let mut above: Vec<Factor> = Vec::new();
    let mut below: Vec<Factor> = Vec::new();
    let mut root_above = Root { number: 1.0, divisor: 1.0, atoms: Vec::new() };
    let mut roots: Vec<Factor> = Vec::new();
    for (atom, e) in &t.powers {
        let mut whole = *e;
        if e.den == 2 {
            whole = Exponent::integer(e.num / 2);
            match atom {
                Atom::Root(bits) if is_integer(f64::from_bits(*bits)) => root_above.number *= f64::from_bits(*bits),
                _ if e.num > 0 => root_above.atoms.push(atom.clone()),
                _ => below.push(Factor::plain(root_of(&[], &[], std::slice::from_ref(atom), names, format))),
            }
        }
        if whole.num > 0 {
            above.push(power(atom, whole, names, format));
        } else if whole.num < 0 {
            below.push(power(atom, whole.neg(), names, format));
        }
    }
    // (p/N) √N is better written p / √N.
    if let Some((p, q)) = fraction(size)
        && q == root_above.number
        && p * (1.0 / q) == size
        && !is_integer(size)
    {
        size = p;
        root_above.divisor = q;
        root_above.number = 1.0;
    }
    // One square root takes the number, atoms that are surely positive and one other; each further one is its own.
    let mut sure: Vec<Atom> = Vec::new();
    let mut others: Vec<Atom> = Vec::new();
    for atom in root_above.atoms {
        let list = if atom == Atom::Pi { &mut sure } else { &mut others };
        list.push(atom);
    }
    let opaque = |a: &Atom| matches!(a, Atom::Root(_));
    let numberless = root_above.number == 1.0 && root_above.divisor == 1.0;
    let first_opaque = others.iter().position(opaque).filter(|_| numberless);
    sure.extend(first_opaque.map(|k| others.remove(k)));
    let main = others.iter().position(|a| !opaque(a)).map(|k| others.remove(k));
    if matches!(&main, Some(Atom::Sum(x)) if x.len() > 1) {
        others.append(&mut sure);
    }
    sure.extend(main);
    let numbers: Vec<f64> = [root_above.number].into_iter().filter(|x| *x != 1.0).collect();
    let divisors: Vec<f64> = [root_above.divisor].into_iter().filter(|x| *x != 1.0).collect();
    if sure.is_empty() && numbers.is_empty() && !divisors.is_empty() {
        below.insert(0, Factor::plain(root_of(&divisors, &[], &[], names, format)));
    } else if !sure.is_empty() || !numbers.is_empty() {
        roots.push(Factor::plain(root_of(&numbers, &divisors, &sure, names, format)));
    }
    for atom in others {
        roots.push(Factor::plain(root_of(&[], &[], &[atom], names, format)));
    }

    match fraction(size) {
        Some((n, d)) if !is_integer(size) => {
            if n != 1.0 {
                product.numerator.push(Factor::plain(number(format, n)));
            }
            product.denominator.push(Factor::plain(number(format, d)));
        }
        _ if size != 1.0 => product.numerator.push(Factor::plain(number(format, size))),
        _ => {}
    }
    product.numerator.extend(unit);
    product.numerator.extend(above);
    product.numerator.extend(roots);
    product.denominator.extend(below);
    if product.numerator.is_empty() && product.denominator.is_empty() {
        product.numerator.push(Factor::plain("1"));
    }
    product
}

/// √(numbers · atoms / divisors).
fn root_of(numbers: &[f64], divisors: &[f64], atoms: &[Atom], names: &Names, format: Format) -> String {
    let mut inner = Product::default();
    inner.numerator.extend(numbers.iter().map(|x| Factor::plain(number(format, *x))));
    inner.denominator.extend(divisors.iter().map(|x| Factor::plain(number(format, *x))));
    for atom in atoms {
        match atom {
            // A product under the root joins the number in front of it.
            Atom::Sum(x) if x.len() == 1 => {
                let p = term_product(&x.terms[0], names, format);
                inner.negative ^= p.negative;
                inner.numerator.extend(p.numerator);
                inner.denominator.extend(p.denominator);
            }
            _ => inner.numerator.push(base(atom, names, format)),
        }
    }
    let text = add_up(vec![inner.write(format)], format);
    match format {
        Format::Text => format!("sqrt({text})"),
        Format::Latex => format!("\\sqrt{{{text}}}"),
    }
}

/// An atom without its exponent.
fn base(atom: &Atom, names: &Names, format: Format) -> Factor {
    let latex = format == Format::Latex;
    match atom {
        Atom::Root(bits) => Factor::plain(number(format, f64::from_bits(*bits))),
        Atom::Pi => Factor::plain(if latex { "\\pi" } else { "pi" }),
        Atom::Time => Factor::plain("t"),
        Atom::Field(field) => Factor::plain(field_text(*field, names, latex)),
        Atom::Parameter(p) => Factor::plain(if latex { names.parameter_latex(*p) } else { names.parameter(*p) }),
        Atom::Sum(x) => {
            let written = scalar_product(x, names, format).write(format);
            let is_sum = written.is_sum || written.negative || x.len() == 1;
            Factor { text: add_up(vec![written], format), is_sum }
        }
        Atom::Function(f, x) => {
            let inner = write_scalar(x, names, format);
            Factor::plain(match (f, latex) {
                (Function::Abs, true) => format!("\\left|{inner}\\right|"),
                (Function::Exp, true) => format!("e^{{{inner}}}"),
                (_, true) => format!("\\{}{}", f.name(), brackets(format, &inner)),
                (_, false) => format!("{}({inner})", f.name()),
            })
        }
    }
}

/// A quantity of the mean field: `mean(n(b1))` held, `n(b1)` where it is differentiated; |β₁|² in LaTeX.
fn field_text(field: Field, names: &Names, latex: bool) -> String {
    if latex {
        let z = names.amplitude_latex(field.mode);
        let z = if field.held { format!("\\bar{{{z}}}") } else { z };
        return match field.quantity {
            Quantity::Number => format!("\\left|{z}\\right|^2"),
            Quantity::Real => format!("\\operatorname{{Re}} {z}"),
            Quantity::Imaginary => format!("\\operatorname{{Im}} {z}"),
        };
    }
    let mode = names.mode(field.mode);
    match (field.quantity, field.held) {
        (Quantity::Number, true) => format!("mean(n({mode}))"),
        (Quantity::Number, false) => format!("n({mode})"),
        (Quantity::Real, true) => format!("re(mean({mode}))"),
        (Quantity::Real, false) => format!("re({mode})"),
        (Quantity::Imaginary, true) => format!("im(mean({mode}))"),
        (Quantity::Imaginary, false) => format!("im({mode})"),
    }
}

/// An atom to a positive power.
fn power(atom: &Atom, e: Exponent, names: &Names, format: Format) -> Factor {
    let below = base(atom, names, format);
    if e == Exponent::ONE {
        return below;
    }
    let exponent = if e.den == 1 { format!("{}", e.num) } else { format!("{}/{}", e.num, e.den) };
    let below_text = if below.is_sum { brackets(format, &below.text) } else { below.text };
    Factor::plain(match format {
        Format::Text if e.den == 1 => format!("{below_text}^{exponent}"),
        Format::Text => format!("{below_text}^({exponent})"),
        Format::Latex => {
            let exponent = if exponent.len() == 1 { exponent } else { format!("{{{exponent}}}") };
            match atom {
                Atom::Function(f, x) if !matches!(f, Function::Abs | Function::Exp) => {
                    let inner = write_scalar(x, names, format);
                    format!("\\{}^{exponent}{}", f.name(), brackets(format, &inner))
                }
                _ => format!("{below_text}^{exponent}"),
            }
        }
    })
}
