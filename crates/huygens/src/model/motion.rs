//! Equations of motion that no Hamiltonian gives, written as they are: ż_k = f_k(z, z*, t), beside those of H, jumps and baths.

use std::collections::BTreeSet;

use crate::algebra::parse::{self, Expr, Node, Scope, Symbol, Symbols, WithIndices, parse as read};
use crate::algebra::{ModeId, Polynomial, Scalar, Site};

use super::build::{each_of, parsed, running, wrong};
use super::error::{Fault, ModelError};
use super::scope::Uses;
use super::source::{EntrySource, ModelSource, Place, TermSource, Text};
use super::{Binding, Model};

/// One element of the drift or the diffusion of the fluctuations, given explicitly.
#[derive(Clone, Debug, PartialEq)]
pub struct MotionEntry {
    /// The mode whose fluctuation it moves.
    pub row: ModeId,
    /// The mode whose fluctuation moves it.
    pub column: ModeId,
    /// Whether that one is conjugate: δz* in the drift, a† in the diffusion.
    pub conj: bool,
    /// The value.
    pub value: Polynomial,
    place: Place,
}

/// Terms of the equations of motion that are written as such.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Motion {
    /// Terms of ż_k, one polynomial for each mode.
    pub flow: Vec<Polynomial>,
    /// The drift of the fluctuations of the modes in [`Motion::given`].
    pub drift: Vec<MotionEntry>,
    /// Modes whose drift is given; that of the others is the derivative of the flow.
    pub given: BTreeSet<ModeId>,
    /// Terms of the diffusion of the symmetrised covariances, D(a_k, a_l) and D(a_k, a_l†), each pair once.
    pub diffusion: Vec<MotionEntry>,
    places: Vec<Option<Place>>,
}

impl Motion {
    /// All polynomials.
    pub fn polynomials(&self) -> impl Iterator<Item = &Polynomial> {
        self.flow.iter().chain(self.drift.iter().chain(&self.diffusion).map(|entry| &entry.value))
    }

    /// Whether the time occurs in a coefficient.
    pub fn depends_on_time(&self) -> bool {
        self.polynomials().any(Polynomial::depends_on_time)
    }

    /// Whether every coefficient has a finite value at the start.
    pub(super) fn validate(&self, model: &Model, binding: &Binding) -> Result<(), ModelError> {
        let z = model.start_values(binding)?;
        let flows = self.flow.iter().zip(&self.places).map(|(f, place)| (f, place.as_ref(), "the equation of motion"));
        let entries = self.drift.iter().map(|e| (&e.value, Some(&e.place), "the drift of the fluctuations"));
        let noises = self.diffusion.iter().map(|e| (&e.value, Some(&e.place), "the diffusion"));
        for (polynomial, place, what) in flows.chain(entries).chain(noises) {
            if let Err(e) = polynomial.eval(&z, &binding.values, 0.0) {
                let fault = Fault::Evaluation { what: what.into(), message: e.message(&model.names()) };
                return Err(
                    place.map_or_else(|| ModelError::nowhere(fault.clone()), |p| ModelError::at(p, fault.clone()))
                );
            }
        }
        Ok(())
    }
}

/// The texts as trees.
#[derive(Default)]
pub(super) struct Trees {
    definitions: Vec<Expr>,
    /// Mode, right-hand side, and the index where the equation is that of every member of an array.
    flow: Vec<(Expr, Expr, Option<String>)>,
    fluctuations: Vec<[Expr; 3]>,
    diffusion: Vec<[Expr; 3]>,
}

/// Reads the texts.
pub(super) fn trees(source: &ModelSource, uses: &mut Uses, errors: &mut Vec<ModelError>) -> Trees {
    let mut trees = Trees::default();
    let declared = |name: &str| source.parameters.iter().any(|p| p.name.text == name);
    for TermSource { expression, .. } in &source.definitions {
        match parsed(expression, read(&expression.text)) {
            Ok(expr) => {
                uses.expression(&expr, &[]);
                trees.definitions.push(expr);
            }
            Err(error) => errors.push(error),
        }
    }
    for TermSource { name, expression } in &source.equations {
        let mut one = || -> Result<_, ModelError> {
            let key = parsed(name, read(&name.text))?;
            let index = running(&key, &declared);
            let expr = parsed(expression, read(&expression.text))?;
            uses.expression(&key, index.as_slice());
            uses.expression(&expr, index.as_slice());
            Ok((key, expr, index))
        };
        match one() {
            Ok(found) => trees.flow.push(found),
            Err(error) => errors.push(error),
        }
    }
    for (entries, list) in [(&source.fluctuations, &mut trees.fluctuations), (&source.diffusion, &mut trees.diffusion)]
    {
        for EntrySource { row, column, value } in entries {
            let mut one = |text: &Text| {
                let expr = parsed(text, read(&text.text))?;
                uses.expression(&expr, &[]);
                Ok(expr)
            };
            match (one(row), one(column), one(value)) {
                (Ok(row), Ok(column), Ok(value)) => list.push([row, column, value]),
                (a, b, c) => errors.extend([a, b, c].into_iter().filter_map(Result::err)),
            }
        }
    }
    trees
}

/// Makes the abbreviations known, each to those that follow.
pub(super) fn define(source: &ModelSource, trees: &Trees, symbols: &mut Symbols, errors: &mut Vec<ModelError>) {
    for (definition, expr) in source.definitions.iter().zip(&trees.definitions) {
        match parse::polynomial(expr, symbols) {
            Ok(_) => symbols.insert(definition.name.text.clone(), Symbol::Definition(expr.clone().into())),
            Err(error) => errors.push(wrong(&definition.expression, error)),
        }
    }
}

fn refused(text: &Text, message: String, help: &str) -> ModelError {
    ModelError::at(&text.place, Fault::Expression { message, help: Some(help.to_owned()) })
}

fn amplitudes(text: &Text, expr: &Expr, scope: &dyn Scope) -> Result<Polynomial, ModelError> {
    let value = parse::polynomial(expr, scope).map_err(|e| wrong(text, e))?;
    let spin = value.iter().any(|(m, _)| m.factors().iter().any(|f| f.word.site != Site::Boson));
    match spin {
        true => Err(refused(text, "a spin stands here".into(), "equations of motion are of bosonic modes")),
        false => Ok(value),
    }
}

/// The equations of motion of the model.
pub(super) fn build(
    model: &mut Model,
    source: &ModelSource,
    trees: &Trees,
    symbols: &Symbols,
    errors: &mut Vec<ModelError>,
) {
    if source.equations.is_empty() && source.fluctuations.is_empty() && source.diffusion.is_empty() {
        return;
    }
    let n = model.modes.len();
    let mut motion = Motion { flow: vec![Polynomial::zero(); n], places: vec![None; n], ..Motion::default() };
    for (term, (key, expr, index)) in source.equations.iter().zip(&trees.flow) {
        let mut one = || -> Result<(), ModelError> {
            let all = match (&key.node, index) {
                (Node::Index { name, .. }, Some(index)) => match symbols.lookup(name) {
                    Some(Symbol::Modes(all)) => Some((all, index)),
                    _ => None,
                },
                _ => None,
            };
            let targets: Vec<(ModeId, Vec<(String, i64)>)> = match all {
                Some((all, index)) => each_of(&all, Some(index)),
                None => vec![(parse::mode(key, symbols).map_err(|e| wrong(&term.name, e))?, Vec::new())],
            };
            for (mode, given) in targets {
                let inner = WithIndices { scope: symbols, indices: &given };
                let k = mode.0 as usize;
                if motion.places[k].is_some() {
                    let name = model.modes[k].name.clone();
                    let fault = Fault::Duplicate { name, first: "an equation", second: "an equation" };
                    return Err(ModelError::at(&term.name.place, fault));
                }
                motion.flow[k] = amplitudes(&term.expression, expr, &inner)?;
                motion.places[k] = Some(term.expression.place.clone());
            }
            Ok(())
        };
        if let Err(error) = one() {
            errors.push(error);
        }
    }
    for (entries, list, what) in
        [(&source.fluctuations, &trees.fluctuations, "a drift"), (&source.diffusion, &trees.diffusion, "a diffusion")]
    {
        let mut found: Vec<MotionEntry> = Vec::new();
        for (entry, [row, column, value]) in entries.iter().zip(list) {
            let one = || -> Result<MotionEntry, ModelError> {
                let (column, conj) = match &column.node {
                    Node::Call { name, arguments, .. } if name == "dag" && arguments.len() == 1 => {
                        (&arguments[0], true)
                    }
                    Node::Adjoint(inner) => (&**inner, true),
                    _ => (column, false),
                };
                let row = parse::mode(row, symbols).map_err(|e| wrong(&entry.row, e))?;
                let column = parse::mode(column, symbols).map_err(|e| wrong(&entry.column, e))?;
                let value = amplitudes(&entry.value, value, symbols)?;
                Ok(MotionEntry { row, column, conj, value, place: entry.value.place.clone() })
            };
            match one() {
                Ok(made) => {
                    let same = |e: &MotionEntry| {
                        let pair = (e.row, e.column) == (made.row, made.column);
                        let turned = what == "a diffusion" && (e.column, e.row) == (made.row, made.column);
                        e.conj == made.conj && (pair || turned)
                    };
                    if found.iter().any(same) {
                        let name = format!("{}, {}", entry.row.text, entry.column.text);
                        let fault = Fault::Duplicate { name, first: what, second: what };
                        errors.push(ModelError::at(&entry.column.place, fault));
                    } else if what == "a diffusion"
                        && made.conj
                        && made.row == made.column
                        && made.value != made.value.conj()
                    {
                        let message = format!("the diffusion of `{}` with its adjoint is real", entry.row.text);
                        errors.push(refused(
                            &entry.value,
                            message,
                            "it is ½⟨{ξ, ξ†}⟩ of its noise ξ: take the real part",
                        ));
                    } else {
                        found.push(made);
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        if what == "a drift" {
            motion.given = found.iter().map(|e| e.row).collect();
            motion.drift = found;
        } else {
            motion.diffusion = found;
        }
    }
    model.motion = Some(motion);
}

/// Whether a coefficient of an operator depends on the mean field.
pub(super) fn follows_mean(model: &Model) -> bool {
    model.operators().flat_map(|o| o.iter()).any(|(_, c)| c.depends_on_mean_field())
        || model
            .baths
            .iter()
            .any(|b| [&b.rate, &b.occupation, &b.momentum].into_iter().any(Scalar::depends_on_mean_field))
}
