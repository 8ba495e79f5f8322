//! Parameters, sizes, modes and networks.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::{Fault, ModelError};
use super::super::network::Network;
use super::super::parameters::{Parameter, Parameters};
use super::super::scope::Uses;
use super::super::source::{LinksSource, ModelSource, Place, Text};
use super::super::{MAX_MODES, Mode, ModeKind};
use super::names::{ModeName, parsed, plain_number, wrong};
use super::texts::Texts;
use super::{Errors, noted};
use crate::algebra::parse::{self, Expr, Node, Symbol, Symbols, nearest, parse as read};
use crate::algebra::{ModeId, ParamId};

/// The parameters with their dependence, and the names that their own expressions use.
pub(super) fn parameters(
    source: &ModelSource,
    overrides: &[(String, String)],
) -> Result<(Vec<Parameter>, Uses), Errors> {
    let mut errors = Errors::new();
    let mut symbols = Symbols::new();
    for (k, p) in source.parameters.iter().enumerate() {
        symbols.insert(p.name.text.clone(), Symbol::Parameter(ParamId(k as u32)));
    }
    let known: Vec<String> = source.parameters.iter().map(|p| p.name.text.clone()).collect();
    let mut given: BTreeMap<&str, Text> = BTreeMap::new();
    for (name, value) in overrides {
        if known.contains(name) {
            given.insert(name, Text::new(value.clone(), format!("given.{name}")));
        } else {
            let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
            let fault = Fault::Unknown { what: "parameter", name: name.clone(), nearest, known: known.clone() };
            errors.push(ModelError::at(&Place::new(format!("given.{name} (name)")), fault));
        }
    }
    let mut uses = Uses::default();
    let mut list = Vec::new();
    for p in &source.parameters {
        let text = given.get(p.name.text.as_str()).unwrap_or(&p.value);
        let mut one = || -> Result<Parameter, ModelError> {
            let mut parameter = Parameter {
                name: p.name.text.clone(),
                unit: p.unit.clone(),
                note: p.note.clone(),
                default: 0.0,
                written: text.text.trim().to_owned(),
                structural: false,
                expression: None,
                place: text.place.clone(),
            };
            if let Some(value) = plain_number(&text.text) {
                if !value.is_finite() {
                    let what = format!("the parameter `{}`", parameter.name);
                    return Err(ModelError::at(&text.place, Fault::NotFinite { what, value }));
                }
                parameter.default = value;
                return Ok(parameter);
            }
            let expr = parsed(text, read(&text.text))?;
            uses.expression(&expr, &[]);
            let scalar = parse::scalar(&expr, &symbols).map_err(|e| wrong(text, e))?;
            if scalar.depends_on_time() {
                let message = format!("the parameter `{}` cannot depend on the time", parameter.name);
                let help = Some("write what depends on t into the Hamiltonian or the jumps".into());
                return Err(ModelError::at(&text.place, Fault::Expression { message, help }));
            }
            parameter.expression = Some(scalar);
            Ok(parameter)
        };
        list.extend(noted(one(), &mut errors));
    }
    if errors.is_empty() { Ok((list, uses)) } else { Err(errors) }
}

/// Marks the parameters that fix the size of the model, and gives their whole values.
pub(super) fn structural(list: Vec<Parameter>, uses: &Uses) -> Result<(Parameters, BTreeMap<String, i64>), Errors> {
    let graph = Parameters::new(list.clone()).map_err(|e| vec![e])?;
    let mut marked: BTreeSet<ParamId> = BTreeSet::new();
    for name in &uses.whole {
        if let Some(id) = graph.id(name) {
            marked.insert(id);
        }
    }
    let mut errors = Errors::new();
    let mut sizes = BTreeMap::new();
    for &id in &marked {
        let p = graph.get(id);
        if p.default.abs() > 9e15 {
            errors.push(ModelError::at(&p.place, Fault::TooManyModes { modes: p.default.abs(), limit: MAX_MODES }));
        } else if p.default.fract() != 0.0 {
            let what = format!("the parameter `{}`, which fixes the size of the model,", p.name);
            errors.push(ModelError::at(&p.place, Fault::NotInteger { what, value: p.default }));
        }
        sizes.insert(p.name.clone(), p.default as i64);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    // What a size is computed from fixes the size as well.
    let mut list = list;
    for (id, _) in graph.iter() {
        if marked.contains(&id) || graph.dependents(id).iter().any(|d| marked.contains(d)) {
            list[id.0 as usize].structural = true;
        }
    }
    let parameters = Parameters::new(list).map_err(|e| vec![e])?;
    Ok((parameters, sizes))
}

pub(super) fn modes(source: &ModelSource, texts: &Texts<'_>, symbols: &mut Symbols) -> Result<Vec<Mode>, Errors> {
    let mut lengths = Vec::new();
    let mut total: u64 = 0;
    for (mode, name) in source.modes.iter().zip(&texts.modes) {
        let length = match name {
            ModeName::Single => 1,
            ModeName::Array { name, last } => {
                let length = parse::integer(last, symbols).map_err(|e| vec![wrong(&mode.name, e)])?;
                if length < 1 {
                    let fault = Fault::EmptyArray { array: name.clone(), length };
                    return Err(vec![ModelError::within(&mode.name.place, last.span.clone(), fault)]);
                }
                length as u64
            }
        };
        total = total.saturating_add(length);
        if total > MAX_MODES as u64 {
            return Err(vec![ModelError::at(
                &mode.name.place,
                Fault::TooManyModes { modes: total as f64, limit: MAX_MODES },
            )]);
        }
        lengths.push(length);
    }
    let mut modes = Vec::with_capacity(total as usize);
    for (((mode, name), length), kind) in source.modes.iter().zip(&texts.modes).zip(lengths).zip(&texts.kinds) {
        let from = modes.len() as u32;
        let kind = kind.value(&mode.kind, symbols).map_err(|e| vec![e])?;
        let spin = kind != ModeKind::Boson;
        match name {
            ModeName::Single => {
                modes.push(Mode { name: mode.name.text.clone(), kind, array: None });
                let id = ModeId(from);
                symbols.insert(mode.name.text.clone(), if spin { Symbol::Spin(id) } else { Symbol::Mode(id) });
            }
            ModeName::Array { name, .. } => {
                for j in 1..=length as usize {
                    modes.push(Mode { name: format!("{name}[{j}]"), kind, array: Some((name.clone(), j)) });
                }
                let ids: Vec<ModeId> = (from..from + length as u32).map(ModeId).collect();
                let ids = ids.into();
                symbols.insert(name.clone(), if spin { Symbol::Spins(ids) } else { Symbol::Modes(ids) });
            }
        }
    }
    Ok(modes)
}

pub(super) fn networks(source: &ModelSource, texts: &Texts<'_>, symbols: &mut Symbols) -> Result<Vec<Network>, Errors> {
    let mut errors = Errors::new();
    let mut list = Vec::new();
    for (network, expr) in source.networks.iter().zip(&texts.networks) {
        let name = &network.name.text;
        let made = match (&network.links, expr) {
            (LinksSource::List { size, entries, place }, _) => {
                Network::list(name, *size, entries).map_err(|e| ModelError::at(place, e.into()))
            }
            (LinksSource::Rule(text), Some(expr)) => rule(name, text, expr, symbols),
            (LinksSource::Rule(text), None) => {
                Err(ModelError::at(&text.place, Fault::UnknownRule { rule: text.text.clone() }))
            }
        };
        match made {
            Ok(made) => {
                symbols.insert(name.clone(), Symbol::Network(made.graph()));
                list.push(made);
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(list) } else { Err(errors) }
}

fn rule(name: &str, text: &Text, expr: &Expr, symbols: &Symbols) -> Result<Network, ModelError> {
    let unknown = || ModelError::at(&text.place, Fault::UnknownRule { rule: text.text.clone() });
    let Node::Call { name: shape, arguments, .. } = &expr.node else {
        return Err(unknown());
    };
    let mut numbers = Vec::new();
    for argument in arguments {
        let value = parse::integer(argument, symbols).map_err(|e| wrong(text, e))?;
        let value = usize::try_from(value).map_err(|_| {
            let what = "a size of a network".to_owned();
            ModelError::within(&text.place, argument.span.clone(), Fault::Negative { what, value: value as f64 })
        })?;
        numbers.push(value);
    }
    let made = match (shape.as_str(), numbers.as_slice()) {
        ("ring", &[n]) => Network::ring(name, n, 1),
        ("ring", &[n, reach]) => Network::ring(name, n, reach),
        ("chain", &[n]) => Network::chain(name, n),
        ("star", &[n]) => Network::star(name, n),
        ("complete", &[n]) => Network::complete(name, n),
        _ => return Err(unknown()),
    };
    made.map_err(|e| ModelError::at(&text.place, e.into()))
}
