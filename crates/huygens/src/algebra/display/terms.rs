//! Operators and polynomials: terms grouped and ordered as on paper.

use super::super::polynomial::Terms;
use super::super::word::{Site, Word};
use super::super::{ModeId, Monomial, Names, Operator, Polynomial, Scalar};
use super::coefficient::scalar_product;
use super::{Factor, Format, Product, Written, add_up};
use std::collections::BTreeMap;

/// What stands at one mode of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(Word),
    /// x + x†
    Sum,
    /// x − x†
    Difference,
    /// x† − x
    Reversed,
}

type Parts = Vec<(ModeId, Part)>;

/// One or several products of ladder operators with a common coefficient; each with whether it is subtracted.
#[derive(Clone, Debug)]
struct Group {
    coefficient: Scalar,
    members: Vec<(bool, Parts)>,
}

#[derive(Clone, Copy)]
struct Style<'a> {
    names: &'a Names,
    format: Format,
    /// Operators with daggers, or amplitudes with stars.
    quantum: bool,
    /// The mode whose own terms come first.
    about: Option<ModeId>,
}

impl Operator {
    /// The operator as text that [`parse`](super::super::parse) reads back to the same operator.
    pub fn text(&self, names: &Names) -> String {
        write_terms(&self.terms, Style { names, format: Format::Text, quantum: true, about: None })
    }
    /// The operator in LaTeX.
    pub fn latex(&self, names: &Names) -> String {
        write_terms(&self.terms, Style { names, format: Format::Latex, quantum: true, about: None })
    }
    /// As [`Operator::text`], the terms linear in `mode` first: the right-hand side of its equation of motion.
    pub fn text_about(&self, names: &Names, mode: ModeId) -> String {
        write_terms(&self.terms, Style { names, format: Format::Text, quantum: true, about: Some(mode) })
    }
    /// As [`Operator::latex`], the terms linear in `mode` first: the right-hand side of its equation of motion.
    pub fn latex_about(&self, names: &Names, mode: ModeId) -> String {
        write_terms(&self.terms, Style { names, format: Format::Latex, quantum: true, about: Some(mode) })
    }
}

impl Polynomial {
    /// The polynomial as text; the amplitude of `a1` is called `alpha1`, see [`Names::amplitude`].
    pub fn text(&self, names: &Names) -> String {
        write_terms(&self.terms, Style { names, format: Format::Text, quantum: false, about: None })
    }
    /// The polynomial in LaTeX.
    pub fn latex(&self, names: &Names) -> String {
        write_terms(&self.terms, Style { names, format: Format::Latex, quantum: false, about: None })
    }
    /// As [`Polynomial::text`], the terms linear in the amplitude of `mode` first.
    pub fn text_about(&self, names: &Names, mode: ModeId) -> String {
        write_terms(&self.terms, Style { names, format: Format::Text, quantum: false, about: Some(mode) })
    }
    /// As [`Polynomial::latex`], the terms linear in the amplitude of `mode` first.
    pub fn latex_about(&self, names: &Names, mode: ModeId) -> String {
        write_terms(&self.terms, Style { names, format: Format::Latex, quantum: false, about: Some(mode) })
    }
}

fn write_terms(terms: &Terms, style: Style) -> String {
    let hermitian = is_self_adjoint(terms);
    let mut list: Vec<(&Monomial, &Scalar)> = terms.iter().collect();
    list.sort_by_cached_key(|(m, _)| order(m, hermitian, style.about));
    let mut groups: Vec<Group> = list
        .into_iter()
        .map(|(m, c)| Group {
            coefficient: c.clone(),
            members: vec![(false, m.factors().iter().map(|f| (f.mode, Part::Word(f.word))).collect())],
        })
        .collect();
    while pair_sites(&mut groups) {}
    pair_adjoints(&mut groups);
    share_coefficients(&mut groups);
    let written: Vec<Written> = groups.into_iter().map(|g| write_group(g, style)).collect();
    add_up(written, style.format)
}

fn is_self_adjoint(terms: &Terms) -> bool {
    terms.iter().all(|(m, c)| terms.get(&m.adjoint()).is_some_and(|d| *d == c.conj()))
}

/// Sorting key: of an equation of motion linear terms, then nonlinear ones, the drive last; of a Hamiltonian the
/// quadratic ones first and the drive after the interactions.
fn order(m: &Monomial, hermitian: bool, about: Option<ModeId>) -> (u32, bool, usize, bool, Vec<(ModeId, u16)>) {
    let degree = m.degree();
    let class = match degree {
        0 => u32::MAX,
        1 if hermitian => u32::MAX - 1,
        d => d,
    };
    let own = about.is_some_and(|mode| m.factors().iter().any(|f| f.mode == mode));
    let charged = m.factors().iter().any(|f| f.word.charge() != 0);
    let several = m.factors().len() > 1;
    let rank = |w: Word| if several { u16::MAX - w.dag } else { w.dag };
    let modes = m.factors().iter().map(|f| (f.mode, rank(f.word))).collect();
    (class, !own, m.factors().len(), charged, modes)
}

/// Joins rest·x and rest·x† with equal or opposite coefficients to rest·(x ± x†), each term once. Whether any was joined.
fn pair_sites(groups: &mut Vec<Group>) -> bool {
    let mut seen: BTreeMap<(ModeId, Parts), usize> = BTreeMap::new();
    let mut joined = vec![false; groups.len()];
    let mut gone = vec![false; groups.len()];
    for k in 0..groups.len() {
        let parts = groups[k].members[0].1.clone();
        for (position, (mode, part)) in parts.iter().enumerate() {
            let Part::Word(word) = *part else { continue };
            if word.degree() != 1 || word.site == Site::Spin {
                continue;
            }
            let mut rest = parts.clone();
            rest.remove(position);
            let other = *seen.entry((*mode, rest)).or_insert(k);
            if other == k || joined[other] {
                continue;
            }
            let same = groups[other].coefficient == groups[k].coefficient;
            if !same && groups[other].coefficient != groups[k].coefficient.neg() {
                continue;
            }
            if !same && word == Word::ANNIHILATION {
                // x† came first: the coefficient of x is the one in front of (x − x†).
                groups[other].coefficient = groups[k].coefficient.clone();
            }
            groups[other].members[0].1[position].1 = if same { Part::Sum } else { Part::Difference };
            joined[other] = true;
            joined[k] = true;
            gone[k] = true;
            break;
        }
    }
    let mut k = 0;
    groups.retain(|_| {
        k += 1;
        !gone[k - 1]
    });
    gone.contains(&true)
}

/// Joins c·m and ±c·m† to c·(m ± m†).
fn pair_adjoints(groups: &mut Vec<Group>) {
    let mut seen: BTreeMap<Parts, usize> = BTreeMap::new();
    let mut kept: Vec<Group> = Vec::with_capacity(groups.len());
    for g in groups.drain(..) {
        let parts = g.members[0].1.clone();
        let adjoint: Parts =
            parts.iter().map(|(m, p)| (*m, if let Part::Word(w) = p { Part::Word(w.adjoint()) } else { *p })).collect();
        if adjoint != parts
            && let Some(&k) = seen.get(&adjoint)
        {
            let equal = kept[k].coefficient == g.coefficient;
            if equal || kept[k].coefficient == g.coefficient.neg() {
                kept[k].members.push((!equal, parts));
                continue;
            }
        }
        seen.insert(parts, kept.len());
        kept.push(g);
    }
    *groups = kept;
}

/// Joins terms of equal degree whose coefficients are equal or opposite and are more than a number.
fn share_coefficients(groups: &mut Vec<Group>) {
    let degree = |g: &Group| -> u32 {
        let part = |p: &Part| if let Part::Word(w) = p { w.degree() } else { 1 };
        g.members[0].1.iter().map(|(_, p)| part(p)).sum()
    };
    let mut seen: BTreeMap<(u32, Scalar), usize> = BTreeMap::new();
    let mut kept: Vec<Group> = Vec::with_capacity(groups.len());
    for g in groups.drain(..) {
        if g.coefficient.is_constant() {
            kept.push(g);
            continue;
        }
        let d = degree(&g);
        if let Some(&k) = seen.get(&(d, g.coefficient.clone())) {
            kept[k].members.extend(g.members);
        } else if let Some(&k) = seen.get(&(d, g.coefficient.neg())) {
            kept[k].members.extend(g.members.into_iter().map(|(negative, p)| (!negative, p)));
        } else {
            seen.insert((d, g.coefficient.clone()), kept.len());
            kept.push(g);
        }
    }
    *groups = kept;
}

fn difference(parts: &mut Parts) -> Option<&mut Part> {
    parts.iter_mut().map(|p| &mut p.1).find(|p| **p == Part::Difference)
}

fn write_group(mut g: Group, style: Style) -> Written {
    let mut product = scalar_product(&g.coefficient, style.names, style.format);
    if product.negative && g.members.iter_mut().all(|(negative, parts)| !*negative && difference(parts).is_some()) {
        // −c (x − x†) is better written c (x† − x).
        product.negative = false;
        for part in g.members.iter_mut().filter_map(|(_, parts)| difference(parts)) {
            *part = Part::Reversed;
        }
    }
    if let [(negative, parts)] = g.members.as_slice() {
        product.negative ^= negative;
        let operators = write_parts(parts, style);
        let only_number = matches!(product.numerator.as_slice(), [one] if one.text == "1");
        if only_number && !operators.is_empty() {
            product.numerator.clear();
        }
        product.operators = operators;
        return product.write(style.format);
    }
    if matches!(product.numerator.as_slice(), [one] if one.text == "1") {
        product.numerator.clear();
    }
    let members = g
        .members
        .iter()
        .map(|(negative, parts)| {
            let p = Product { negative: *negative, operators: write_parts(parts, style), ..Product::default() };
            p.write(style.format)
        })
        .collect();
    product.operators.push(Factor::sum(add_up(members, style.format)));
    product.write(style.format)
}

fn write_parts(parts: &Parts, style: Style) -> Vec<Factor> {
    let mut factors = Vec::new();
    for (mode, part) in parts {
        match part {
            Part::Word(w) => factors.extend(write_word(*mode, *w, style)),
            Part::Sum | Part::Difference | Part::Reversed => {
                let single = |w: Word| write_word(*mode, w, style).remove(0).text;
                let (x, y) = (single(Word::ANNIHILATION), single(Word::CREATION));
                factors.push(Factor::sum(match part {
                    Part::Sum => format!("{x} + {y}"),
                    Part::Difference => format!("{x} - {y}"),
                    _ => format!("{y} - {x}"),
                }));
            }
        }
    }
    factors
}

fn raised(symbol: &str, n: u16, format: Format) -> Factor {
    Factor::plain(match (n, format) {
        (1, _) => symbol.to_string(),
        (2..=9, Format::Latex) | (_, Format::Text) => format!("{symbol}^{n}"),
        (_, Format::Latex) => format!("{symbol}^{{{n}}}"),
    })
}

/// The factors of one mode.
fn write_word(mode: ModeId, w: Word, style: Style) -> Vec<Factor> {
    let mut factors = Vec::new();
    if w.site == Site::Spin {
        let powers = [("jp", "+", w.dag), ("jz", "z", w.z), ("jm", "-", w.ann)];
        for (function, index, power) in powers.into_iter().filter(|(.., power)| *power > 0) {
            let symbol = match style.format {
                Format::Text => format!("{function}({})", style.names.mode(mode)),
                Format::Latex => format!("J_{{{},{index}}}", style.names.mode_latex(mode)),
            };
            // Of a c-number polynomial they are means.
            let symbol = match (style.quantum, style.format) {
                (true, _) => symbol,
                (false, Format::Text) => format!("<{symbol}>"),
                (false, Format::Latex) => format!("\\langle {symbol} \\rangle"),
            };
            factors.push(raised(&symbol, power, style.format));
        }
        return factors;
    }
    match (style.quantum, style.format) {
        (true, Format::Text) => {
            let name = style.names.mode(mode);
            if w.dag == 1 && w.ann == 1 {
                return vec![Factor::plain(format!("n({name})"))];
            }
            if w.dag > 0 {
                factors.push(raised(&format!("dag({name})"), w.dag, Format::Text));
            }
            if w.ann > 0 {
                factors.push(raised(&name, w.ann, Format::Text));
            }
        }
        (true, Format::Latex) => {
            let name = style.names.mode_latex(mode);
            match w.dag {
                0 => {}
                1 => factors.push(Factor::plain(format!("{name}^\\dagger"))),
                n => factors.push(Factor::plain(format!("{name}^{{\\dagger {n}}}"))),
            }
            if w.ann > 0 {
                factors.push(raised(&name, w.ann, Format::Latex));
            }
        }
        (false, format) => {
            let latex = format == Format::Latex;
            let name = if latex { style.names.amplitude_latex(mode) } else { style.names.amplitude(mode) };
            let both = w.dag.min(w.ann);
            if both > 0 {
                let size = if latex { format!("|{name}|") } else { format!("abs({name})") };
                factors.push(raised(&size, 2 * both, format));
            }
            let (stars, plain) = (w.dag - both, w.ann - both);
            match (stars, latex) {
                (0, _) => {}
                (1, true) => factors.push(Factor::plain(format!("{name}^*"))),
                (n, true) => factors.push(Factor::plain(format!("{name}^{{*{n}}}"))),
                (n, false) => factors.push(raised(&format!("conj({name})"), n, format)),
            }
            if plain > 0 {
                factors.push(raised(&name, plain, format));
            }
        }
    }
    factors
}
