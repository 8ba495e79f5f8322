//! The operators: Hamiltonian, anti-Hermitian part, jumps and baths.

use super::super::error::{Fault, ModelError};
use super::super::source::{JumpSource, ModelSource, TermSource, Text};
use super::super::{Bath, Jump, Kept, ModeKind, Model};
use super::names::wrong;
use super::texts::Texts;
use super::{Errors, noted};
use crate::algebra::parse::{self, Expr, Node, Symbols, WithIndices};
use crate::algebra::{ModeId, Operator, Scalar};

/// Most terms of an operator that an error message shows.
const SHOWN: usize = 3;

pub(super) fn hamiltonian(
    model: &mut Model,
    source: &ModelSource,
    texts: &Texts<'_>,
    symbols: &Symbols,
    errors: &mut Errors,
) {
    let operators = operators(model, &source.hamiltonian, &texts.terms, symbols, errors);
    model.hamiltonian = sum(&operators);
    let places = source.hamiltonian.iter().map(|term| term.expression.place.clone());
    model.terms = places.zip(operators).collect();
}

pub(super) fn antihermitian(
    model: &mut Model,
    source: &ModelSource,
    texts: &Texts<'_>,
    symbols: &Symbols,
    errors: &mut Errors,
) {
    model.antihermitian = sum(&operators(model, &source.antihermitian, &texts.antihermitian, symbols, errors));
}

fn sum(operators: &[Operator]) -> Operator {
    let mut sum = Operator::zero();
    operators.iter().for_each(|operator| sum.add_assign(operator));
    sum
}

/// The operators of terms with a Hermitian sum; an error at each that is none, or at the summand to blame.
fn operators(
    model: &Model,
    source: &[TermSource],
    trees: &[Expr],
    symbols: &Symbols,
    errors: &mut Errors,
) -> Vec<Operator> {
    let mut list = Vec::with_capacity(trees.len());
    for (term, expr) in source.iter().zip(trees) {
        let found = parse::operator(expr, symbols).map_err(|error| wrong(&term.expression, error));
        list.extend(noted(found, errors));
    }
    if list.len() == trees.len() {
        hermitian(model, &sum(&list), source, trees, symbols, errors);
    }
    list
}

/// An error at the summand to blame where the sum of the terms is not Hermitian.
fn hermitian(
    model: &Model,
    operator: &Operator,
    source: &[TermSource],
    trees: &[Expr],
    symbols: &Symbols,
    errors: &mut Errors,
) {
    let excess = operator.antihermitian_part();
    if excess.is_zero() {
        return;
    }
    let shown = Operator::from_terms(excess.iter().take(SHOWN).map(|(m, c)| (m.clone(), c.times(2.0.into()))));
    let mut remainder = shown.text(&model.names());
    if excess.len() > SHOWN {
        remainder.push_str(&format!(" and {} more terms", excess.len() - SHOWN));
    }
    let fault = Fault::NotHermitian { remainder };
    // The summand to blame: the first that contains the first term of the excess and is not Hermitian itself.
    let culprit = excess.iter().next().map(|(m, _)| m.clone());
    let mut found = None;
    for (term, expr) in source.iter().zip(trees) {
        let parts: Vec<&Expr> = match &expr.node {
            Node::Sum(list) => list.iter().map(|(_, e)| e).filter(|e| e.node != Node::HermitianConjugate).collect(),
            _ => vec![expr],
        };
        for part in parts {
            let Ok(operator) = parse::operator(part, symbols) else { continue };
            let own = operator.antihermitian_part();
            if culprit.as_ref().is_some_and(|m| !own.coefficient(m).is_zero()) {
                found = Some(ModelError::within(&term.expression.place, part.span.clone(), fault.clone()));
                break;
            }
        }
        if found.is_some() {
            break;
        }
    }
    errors.push(found.unwrap_or_else(|| match source.first() {
        Some(term) => ModelError::at(&term.expression.place, fault),
        None => ModelError::nowhere(fault),
    }));
}

/// Checks the jump of each member of an ensemble.
fn ensemble_of(model: &Model, operator: &Operator, jump: &JumpSource) -> Result<(), ModelError> {
    let modes: Vec<ModeId> = operator.modes().into_iter().collect();
    let wrong = |message: String, help: &str| {
        Err(ModelError::at(&jump.operator.place, Fault::Expression { message, help: Some(help.to_owned()) }))
    };
    let form = "with members = true the jump is that of one member, c1*jm(A) + c2*jz(A) + c3*jp(A) of one ensemble A";
    match modes.as_slice() {
        [mode] => {
            let mode = &model.modes[mode.0 as usize];
            if !matches!(mode.kind, ModeKind::Ensemble { .. }) {
                return wrong(
                    format!("`{}` is no ensemble, it has no members", mode.name),
                    "declare it as  A = \"ensemble N\"",
                );
            }
            if jump.kept.is_some() {
                return wrong("jumps of members are all kept".into(), "leave out `kept`");
            }
            match operator.iter().find(|(m, _)| m.degree() != 1) {
                None => Ok(()),
                Some((m, c)) => {
                    let term = Operator::term(m.clone(), c.clone()).text(&model.names());
                    wrong(format!("{term} is no operator of one spin 1/2 without a number"), form)
                }
            }
        }
        _ => wrong("this jump acts on several modes".into(), form),
    }
}

pub(super) fn jumps(
    model: &mut Model,
    source: &ModelSource,
    texts: &Texts<'_>,
    symbols: &Symbols,
    errors: &mut Errors,
) {
    model.own_antihermitian.clone_from(&model.antihermitian);
    for (jump, (each, expr, share)) in source.jumps.iter().zip(&texts.jumps) {
        let assignments = match each.assignments(symbols, "the jump") {
            Ok(list) => list,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let base = if jump.label.is_empty() { jump.operator.text.trim() } else { &jump.label };
        for given in assignments {
            let inner = WithIndices { scope: symbols, indices: &given };
            let one = || -> Result<(Operator, Option<(Scalar, Kept)>), ModelError> {
                let operator = parse::operator(expr, &inner).map_err(|e| wrong(&jump.operator, e))?;
                if jump.members && !operator.is_zero() {
                    ensemble_of(model, &operator, jump)?;
                }
                let kept = match (&jump.kept, share) {
                    (Some(text), Some(expr)) => kept(&operator, text, expr, &inner)?,
                    _ => None,
                };
                Ok((operator, kept))
            };
            match one() {
                Ok((operator, _)) if operator.is_zero() => {}
                Ok((operator, kept)) => {
                    let members = jump.members.then(|| operator.modes().first().copied()).flatten();
                    let mut made = Jump {
                        operator,
                        members,
                        kept: None,
                        label: each.label(base, &given),
                        bath: None,
                        place: jump.operator.place.clone(),
                    };
                    if let Some((root, kept)) = kept {
                        let rest = Scalar::one().sub(&kept.share).times((-0.5).into());
                        made.operator = kept.whole.scale(&root);
                        model.antihermitian.add_assign(&kept.whole.adjoint().mul(&kept.whole).scale(&rest));
                        made.kept = Some(kept);
                    }
                    model.jumps.push(made);
                }
                Err(error) => {
                    errors.push(error);
                    break;
                }
            }
        }
    }
}

/// √q and what is kept of a jump; none for q = 1.
pub(super) fn kept(
    operator: &Operator,
    text: &Text,
    expr: &Expr,
    scope: &WithIndices<'_>,
) -> Result<Option<(Scalar, Kept)>, ModelError> {
    let share = parse::scalar(expr, scope).map_err(|e| wrong(text, e))?;
    let message = match share.as_number() {
        _ if share.is_one() => return Ok(None),
        Some(z) if z.im != 0.0 || !(0.0..=1.0).contains(&z.re) => "this is no number from 0 to 1",
        None if share.depends_on_time() => "this depends on the time",
        None if !share.is_real() => "this is not real for all values of the parameters",
        _ => "",
    };
    let refused = |message: String| {
        let help = "`kept` is the probability with which a run is kept after this jump: a number from 0 to 1, constant in time";
        ModelError::at(&text.place, Fault::Expression { message, help: Some(help.to_owned()) })
    };
    if !message.is_empty() {
        return Err(refused(message.to_owned()));
    }
    let root = share.sqrt().map_err(|e| refused(e.to_string()))?;
    Ok(Some((root, Kept { share, whole: operator.clone(), place: text.place.clone() })))
}

pub(super) fn baths(
    model: &mut Model,
    source: &ModelSource,
    texts: &Texts<'_>,
    symbols: &Symbols,
    errors: &mut Errors,
) {
    for (bath, (each, on, [rate, occupation, momentum])) in source.baths.iter().zip(&texts.baths) {
        let assignments = match each.assignments(symbols, "the bath") {
            Ok(list) => list,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        for given in assignments {
            let inner = WithIndices { scope: symbols, indices: &given };
            let share = bath.momentum.as_ref().unwrap_or(&bath.rate);
            let one = || -> Result<(ModeId, [Scalar; 3], [Operator; 2]), ModelError> {
                let mode = parse::mode(on, &inner).map_err(|e| wrong(&bath.on, e))?;
                let gamma = parse::scalar(rate, &inner).map_err(|e| wrong(&bath.rate, e))?;
                let nbar = parse::scalar(occupation, &inner).map_err(|e| wrong(&bath.occupation, e))?;
                let share_value = parse::scalar(momentum, &inner).map_err(|e| wrong(share, e))?;
                for (scalar, text, what) in [
                    (&gamma, &bath.rate, "the rate of a bath"),
                    (&nbar, &bath.occupation, "the occupation of a bath"),
                    (&share_value, share, "the momentum share of a bath"),
                    (&Scalar::one().sub(&share_value), share, "1 - momentum of a bath"),
                ] {
                    if let Some(z) = scalar.as_number() {
                        let what = what.to_owned();
                        if z.im != 0.0 {
                            return Err(ModelError::at(&text.place, Fault::NotReal { what, re: z.re, im: z.im }));
                        }
                        if z.re < 0.0 {
                            return Err(ModelError::at(&text.place, Fault::Negative { what, value: z.re }));
                        }
                    } else if !scalar.is_real() {
                        let message = "this is not real for all values of the parameters".to_owned();
                        let help = Some("rates and occupations are real".to_owned());
                        return Err(ModelError::at(&text.place, Fault::Expression { message, help }));
                    }
                }
                let refused = |e: crate::algebra::ScalarError| {
                    ModelError::at(&bath.rate.place, Fault::Expression { message: e.to_string(), help: None })
                };
                let down = gamma.mul(&nbar.add(&Scalar::one())).sqrt().map_err(refused)?;
                let up = gamma.mul(&nbar).sqrt().map_err(refused)?;
                let jumps = [Operator::annihilation(mode).scale(&down), Operator::creation(mode).scale(&up)];
                Ok((mode, [gamma, nbar, share_value], jumps))
            };
            match one() {
                Ok((mode, [rate, occupation, momentum], [down, up])) => {
                    let name = &model.modes[mode.0 as usize].name;
                    let base =
                        if bath.label.is_empty() { format!("bath on {name}") } else { each.label(&bath.label, &given) };
                    let index = model.baths.len();
                    for (operator, word) in [(down, "loss"), (up, "gain")] {
                        if !operator.is_zero() {
                            let label = format!("{base}, {word}");
                            model.jumps.push(Jump {
                                operator,
                                kept: None,
                                label,
                                members: None,
                                bath: Some(index),
                                place: bath.rate.place.clone(),
                            });
                        }
                    }
                    model.baths.push(Bath {
                        mode,
                        rate,
                        occupation,
                        momentum,
                        label: base,
                        rate_place: bath.rate.place.clone(),
                        occupation_place: bath.occupation.place.clone(),
                        momentum_place: share.place.clone(),
                    });
                }
                Err(error) => {
                    errors.push(error);
                    break;
                }
            }
        }
    }
}
