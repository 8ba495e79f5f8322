//! From the text of a model to the model, in stages: names and parameters, sizes, modes and networks, operators, values.

use super::error::{Fault, ModelError};
use super::scope::Uses;
use super::source::ModelSource;
use super::{Model, motion, structured};
use crate::algebra::parse::{self, Symbol, Symbols, parse as read};
use crate::algebra::{Compiled, Operator, ParamId};

mod names;
mod operators;
mod repeated;
mod sizes;
mod starts;
#[cfg(test)]
mod tests;
mod texts;

pub(super) use names::{parsed, wrong};
pub(super) use repeated::{Repeated, each_of, running};

use names::plain_number;
use operators::{antihermitian, baths, hamiltonian, jumps};
use sizes::{modes, networks, parameters, structural};
use starts::{correlations, oscillators, start};
use texts::Texts;

type Errors = Vec<ModelError>;

/// What was found, or one more error.
fn noted<T>(found: Result<T, ModelError>, errors: &mut Errors) -> Option<T> {
    found.map_err(|error| errors.push(error)).ok()
}

pub(super) fn build(source: &ModelSource, overrides: &[(String, String)]) -> Result<Model, Errors> {
    let texts = Texts::read(source)?;
    let (parameters, mut uses) = parameters(source, overrides)?;
    uses.names.extend(texts.uses.names.iter().cloned());
    let (parameters, sizes) = structural(parameters, &texts.uses)?;

    let mut symbols = Symbols::new();
    for (id, p) in parameters.iter() {
        let symbol = match sizes.get(&p.name) {
            Some(&whole) => Symbol::Integer(whole),
            None => Symbol::Parameter(id),
        };
        symbols.insert(p.name.clone(), symbol);
    }
    let modes = modes(source, &texts, &mut symbols)?;
    let networks = networks(source, &texts, &mut symbols)?;
    let mut model = Model {
        name: source.name.clone(),
        description: source.description.clone(),
        reference: source.reference.clone(),
        frame: if source.frame.is_empty() { "as written".into() } else { source.frame.clone() },
        time_unit: source.time_unit.clone(),
        modes,
        parameters,
        hamiltonian: Operator::zero(),
        antihermitian: Operator::zero(),
        jumps: Vec::new(),
        baths: Vec::new(),
        structured: Vec::new(),
        motion: None,
        variants: source
            .variants
            .iter()
            .filter(|(_, model)| model.text != source.name)
            .map(|(name, _)| name.text.clone())
            .collect(),
        networks,
        oscillators: Vec::new(),
        uncoupled: Vec::new(),
        start: None,
        correlations: Vec::new(),
        measures: source.measures.iter().map(|m| m.text.clone()).collect(),
        warnings: Vec::new(),
        own_antihermitian: Operator::zero(),
        applied: Vec::new(),
        terms: Vec::new(),
        term_names: Vec::new(),
        coefficients: Compiled::default(),
    };
    let mut errors = Errors::new();
    motion::define(source, &texts.motion, &mut symbols, &mut errors);
    hamiltonian(&mut model, source, &texts, &symbols, &mut errors);
    antihermitian(&mut model, source, &texts, &symbols, &mut errors);
    jumps(&mut model, source, &texts, &symbols, &mut errors);
    baths(&mut model, source, &texts, &symbols, &mut errors);
    for (bath, trees) in source.structured.iter().zip(&texts.structured) {
        model
            .structured
            .extend(noted(structured::baths(&model, bath, trees, &symbols), &mut errors).unwrap_or_default());
    }
    motion::build(&mut model, source, &texts.motion, &symbols, &mut errors);
    oscillators(&mut model, source, &symbols, &mut errors);
    start(&mut model, source, &texts, &symbols, &mut errors);
    correlations(&mut model, source, &texts, &symbols, &mut errors);
    uncoupled(&mut model, source, &mut uses, &mut errors);
    if errors.is_empty() && model.whole_hamiltonian().is_zero() && model.jumps.is_empty() && model.motion.is_none() {
        errors.push(ModelError::nowhere(Fault::NothingMoves));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    model.term_names = source.hamiltonian.iter().map(|term| term.name.text.clone()).collect();
    for (text, expr) in source.transforms.iter().zip(&texts.transforms) {
        model = model.transform(&text.text, expr, &symbols).map_err(|error| {
            let message = error.to_string();
            vec![ModelError::within(&text.place, expr.span.clone(), Fault::Expression { message, help: None })]
        })?;
    }
    model.compile();
    values(&model, source)?;
    warnings(&mut model, source, &uses);
    Ok(model)
}

fn uncoupled(model: &mut Model, source: &ModelSource, uses: &mut Uses, errors: &mut Errors) {
    for (name, value) in &source.uncoupled {
        let one = || -> Result<(ParamId, f64), ModelError> {
            let Some(id) = model.parameters.id(&name.text) else {
                return Err(ModelError::at(&name.place, model.parameters.unknown(&name.text)));
            };
            if model.parameters.get(id).structural {
                return Err(ModelError::at(&name.place, Fault::Structural { name: name.text.clone() }));
            }
            let number = match plain_number(&value.text) {
                Some(number) => number,
                None => {
                    let expr = parsed(value, read(&value.text))?;
                    let scalar = parse::scalar(&expr, &Symbols::new()).map_err(|e| wrong(value, e))?;
                    match scalar.eval(&[], 0.0) {
                        Ok(z) if z.im == 0.0 => z.re,
                        Ok(z) => {
                            let what = format!("the uncoupled value of `{}`", name.text);
                            return Err(ModelError::at(&value.place, Fault::NotReal { what, re: z.re, im: z.im }));
                        }
                        Err(e) => {
                            let what = format!("the uncoupled value of `{}`", name.text);
                            return Err(ModelError::at(
                                &value.place,
                                Fault::Evaluation { what, message: e.to_string() },
                            ));
                        }
                    }
                }
            };
            if !number.is_finite() {
                let what = format!("the uncoupled value of `{}`", name.text);
                return Err(ModelError::at(&value.place, Fault::NotFinite { what, value: number }));
            }
            Ok((id, number))
        };
        match one() {
            Ok(pair) => {
                uses.names.insert(name.text.clone());
                model.uncoupled.push(pair);
            }
            Err(error) => errors.push(error),
        }
    }
}

/// Everything must have a value at the defaults, with the coupling on and off.
fn values(model: &Model, source: &ModelSource) -> Result<(), Errors> {
    let defaults = model.parameters.defaults();
    model.validate(&defaults).map_err(|e| vec![e])?;
    model.start_covariance(&defaults).map_err(|e| vec![e])?;
    model.start_bloch(&defaults).map_err(|e| vec![e])?;
    let control = model.uncoupled_binding(&defaults).and_then(|control| match control {
        Some(control) => model.validate(&control),
        None => Ok(()),
    });
    control.map_err(|e| match source.uncoupled.first() {
        Some((name, _)) => {
            let what = "the model with the coupling switched off".to_owned();
            vec![ModelError::at(&name.place, Fault::Evaluation { what, message: e.fault.to_string() })]
        }
        None => vec![e],
    })
}

fn warnings(model: &mut Model, source: &ModelSource, uses: &Uses) {
    let mut list = Vec::new();
    for p in &source.parameters {
        let name = &p.name.text;
        if !uses.names.contains(name) {
            list.push(ModelError::at(&p.name.place, Fault::UnusedParameter { name: name.clone() }));
        }
    }
    let mut acted = vec![false; model.modes.len()];
    for operator in model.operators() {
        for mode in operator.modes() {
            acted[mode.0 as usize] = true;
        }
    }
    for (k, f) in model.motion.iter().flat_map(|m| m.flow.iter().enumerate()) {
        acted[k] |= !f.is_zero();
    }
    for (mode, _) in model.modes.iter().zip(&acted).filter(|(_, acted)| !**acted) {
        let declared = mode.array.as_ref().map_or(mode.name.as_str(), |(array, _)| array.as_str());
        let entry = source.modes.iter().find(|m| m.name.text.split('[').next().map(str::trim) == Some(declared));
        let fault = Fault::IdleMode { name: mode.name.clone() };
        list.push(
            entry.map_or_else(|| ModelError::nowhere(fault.clone()), |m| ModelError::at(&m.name.place, fault.clone())),
        );
    }
    model.warnings = list;
}
