//! Oscillators, and where they start.

use super::super::error::{Fault, ModelError};
use super::super::source::{CorrelationText, ModelSource, StartSource};
use super::super::{Correlating, Correlation, Mode, ModeKind, Model, Start};
use super::names::{parsed, wrong};
use super::repeated::each_of;
use super::texts::{Texts, start_texts};
use super::{Errors, noted};
use crate::algebra::ModeId;
use crate::algebra::parse::{self, Node, Scope, Symbol, Symbols, WithIndices, parse as read};

pub(super) fn oscillators(model: &mut Model, source: &ModelSource, symbols: &Symbols, errors: &mut Errors) {
    if source.oscillators.is_empty() {
        let bosons = model.modes.iter().enumerate().filter(|(_, m)| m.kind == ModeKind::Boson);
        model.oscillators = bosons.map(|(k, _)| ModeId(k as u32)).collect();
        return;
    }
    for text in &source.oscillators {
        let found = parsed(text, read(&text.text)).and_then(|expr| {
            if let Node::Name(name) = &expr.node
                && let Some(Symbol::Modes(all)) = symbols.lookup(name)
            {
                return Ok(all.to_vec());
            }
            parse::mode(&expr, symbols).map(|m| vec![m]).map_err(|e| wrong(text, e))
        });
        match found {
            Ok(list) => {
                for mode in list {
                    if model.oscillators.contains(&mode) {
                        let name = model.modes[mode.0 as usize].name.clone();
                        let fault = Fault::Duplicate { name, first: "an oscillator", second: "an oscillator" };
                        errors.push(ModelError::at(&text.place, fault));
                        return;
                    }
                    model.oscillators.push(mode);
                }
            }
            Err(error) => errors.push(error),
        }
    }
}

/// Spins start by a Bloch vector, bosons by the rest.
fn allowed(start: &StartSource, mode: &Mode) -> Result<(), ModelError> {
    let texts = start_texts(start);
    let (gaussian, bloch) = texts.split_at(4);
    let name = &mode.name;
    let (wrong, message, help) = match mode.kind.spin() {
        Some(_) => (
            gaussian,
            format!("`{name}` is a spin"),
            format!("give its start by ⟨J⟩/j: {name} = {{ x = 0, y = 0, z = -1 }}"),
        ),
        None => {
            let help = format!(
                "give its start by {name} = {{ amplitude = ..., occupation = ..., squeezing = ..., angle = ... }}"
            );
            (bloch, format!("`{name}` is a boson"), help)
        }
    };
    match wrong.iter().flatten().next() {
        None => Ok(()),
        Some(text) => Err(ModelError::at(&text.place, Fault::Expression { message, help: Some(help) })),
    }
}

pub(super) fn start(
    model: &mut Model,
    source: &ModelSource,
    texts: &Texts<'_>,
    symbols: &Symbols,
    errors: &mut Errors,
) {
    if source.start.is_empty() {
        return;
    }
    let mut values: Vec<Option<Start>> = vec![None; model.modes.len()];
    for (start, (key, exprs, index)) in source.start.iter().zip(&texts.start) {
        let mut one = || -> Result<(), ModelError> {
            // Which modes, and the value of the index for each.
            let array = match &key.node {
                Node::Name(array) => Some((array, None)),
                Node::Index { name: array, .. } => index.as_ref().map(|i| (array, Some(i))),
                _ => None,
            };
            let all = array.and_then(|(array, index)| match symbols.lookup(array) {
                Some(Symbol::Modes(all) | Symbol::Spins(all)) => Some((all, index)),
                _ => None,
            });
            let targets: Vec<(ModeId, Vec<(String, i64)>)> = match all {
                Some((all, index)) => each_of(&all, index),
                None => vec![(parse::site(key, symbols).map_err(|e| wrong(&start.mode, e))?, Vec::new())],
            };
            for (mode, given) in targets {
                let k = mode.0 as usize;
                allowed(start, &model.modes[k])?;
                let inner = WithIndices { scope: symbols, indices: &given };
                let mut scalars = [const { None }; 7];
                let mut places = [const { None }; 7];
                for (j, (text, expr)) in start_texts(start).into_iter().zip(exprs).enumerate() {
                    if let (Some(text), Some(expr)) = (text, expr) {
                        scalars[j] = Some(parse::scalar(expr, &inner).map_err(|e| wrong(text, e))?);
                        places[j] = Some(text.place.clone());
                    }
                }
                let given = scalars[4..].iter().any(Option::is_some);
                let [amplitude, occupation, squeezing, angle, x, y, z] = scalars.map(Option::unwrap_or_default);
                let bloch = if given { [x, y, z] } else { Start::default().bloch };
                if values[k].is_some() {
                    let name_of = model.modes[k].name.clone();
                    return Err(ModelError::at(
                        &start.mode.place,
                        Fault::Duplicate { name: name_of, first: "a start", second: "a start" },
                    ));
                }
                values[k] = Some(Start { amplitude, occupation, squeezing, angle, bloch, places });
            }
            Ok(())
        };
        if let Err(error) = one() {
            errors.push(error);
        }
    }
    model.start = Some(values.into_iter().map(Option::unwrap_or_default).collect());
}

pub(super) fn correlations(
    model: &mut Model,
    source: &ModelSource,
    texts: &Texts<'_>,
    symbols: &Symbols,
    errors: &mut Errors,
) {
    for (correlation, (each, modes, scalars)) in source.correlations.iter().zip(&texts.correlations) {
        let step = &correlation.step;
        let one = |given: &[(String, i64)]| -> Result<Correlation, ModelError> {
            let inner = WithIndices { scope: symbols, indices: given };
            let mut list: Vec<ModeId> = Vec::with_capacity(modes.len());
            for (text, expr) in correlation.modes.iter().zip(modes) {
                let mode = parse::mode(expr, &inner).map_err(|e| wrong(text, e))?;
                if list.contains(&mode) {
                    let name = model.modes[mode.0 as usize].name.clone();
                    let fault = Fault::Duplicate { name, first: "a mode to correlate", second: "another one" };
                    return Err(ModelError::at(&text.place, fault));
                }
                list.push(mode);
            }
            let shaped = |message: String| ModelError::at(step.place(), Fault::Expression { message, help: None });
            let mut values = Vec::with_capacity(scalars.len());
            for (text, expr) in step.texts().into_iter().zip(scalars) {
                let scalar = parse::scalar(expr, &inner).map_err(|e| wrong(text, e))?;
                if scalar.depends_on_time() {
                    let message = "the initial state does not depend on the time".to_owned();
                    return Err(ModelError::at(&text.place, Fault::Expression { message, help: None }));
                }
                values.push(scalar);
            }
            let step = match step {
                CorrelationText::Covariance { rows, .. } => {
                    let n = 2 * list.len();
                    if rows.len() != n || rows.iter().any(|row| row.len() != n) {
                        let (m, across) = (rows.len(), rows.iter().map(Vec::len).max().unwrap_or(0));
                        let plural = if list.len() == 1 { "" } else { "s" };
                        return Err(shaped(format!(
                            "the covariance of {} mode{plural} has {n} rows of {n} numbers (q1, p1, q2, …), here are {m} rows of up to {across}",
                            list.len()
                        )));
                    }
                    Correlating::Covariance(values)
                }
                _ if list.len() != 2 => {
                    return Err(shaped(format!("this takes two modes, here are {}", list.len())));
                }
                pair => {
                    let mut values = values.into_iter();
                    let first = values.next().unwrap_or_default();
                    let phase = values.next().unwrap_or_default();
                    match pair {
                        CorrelationText::Squeezing { .. } => Correlating::Squeezing { strength: first, phase },
                        _ => Correlating::Mixing { angle: first, phase },
                    }
                }
            };
            Ok(Correlation { modes: list, step, place: correlation.step.place().clone() })
        };
        let found = each
            .assignments(symbols, "the correlation")
            .and_then(|list| list.iter().map(|given| one(given)).collect::<Result<Vec<_>, _>>());
        model.correlations.extend(noted(found, errors).unwrap_or_default());
    }
}
