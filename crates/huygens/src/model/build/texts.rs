//! All texts of a model as trees.

use std::collections::BTreeMap;

use super::super::error::{Fault, ModelError};
use super::super::scope::Uses;
use super::super::source::{LinksSource, ModelSource, StartSource, Text};
use super::super::{motion, structured};
use super::names::{Kind, ModeName, kind_of, mode_name, parsed};
use super::repeated::{Repeated, running};
use super::{Errors, noted};
use crate::algebra::parse::{self, Expr, FUNCTIONS, Node, is_reserved, parse as read};

/// All texts of a model as trees.
pub(super) struct Texts<'a> {
    pub(super) modes: Vec<ModeName>,
    pub(super) kinds: Vec<Kind>,
    pub(super) networks: Vec<Option<Expr>>,
    pub(super) terms: Vec<Expr>,
    pub(super) antihermitian: Vec<Expr>,
    pub(super) jumps: Vec<(Repeated<'a>, Expr, Option<Expr>)>,
    pub(super) baths: Vec<(Repeated<'a>, Expr, [Expr; 3])>,
    pub(super) structured: Vec<structured::Trees<'a>>,
    pub(super) start: Vec<(Expr, [Option<Expr>; 7], Option<String>)>,
    /// Modes, and expressions in the order of their texts.
    pub(super) correlations: Vec<(Repeated<'a>, Vec<Expr>, Vec<Expr>)>,
    pub(super) motion: motion::Trees,
    pub(super) transforms: Vec<Expr>,
    pub(super) uses: Uses,
}

impl<'a> Texts<'a> {
    pub(super) fn read(source: &'a ModelSource) -> Result<Self, Errors> {
        let mut errors = Errors::new();
        let mut uses = Uses::default();
        let mut texts = Self {
            modes: Vec::new(),
            kinds: Vec::new(),
            networks: Vec::new(),
            terms: Vec::new(),
            antihermitian: Vec::new(),
            jumps: Vec::new(),
            baths: Vec::new(),
            structured: Vec::new(),
            start: Vec::new(),
            correlations: Vec::new(),
            motion: motion::Trees::default(),
            transforms: Vec::new(),
            uses: Uses::default(),
        };
        if source.modes.is_empty() {
            return Err(vec![ModelError::nowhere(Fault::NoModes)]);
        }
        let mut taken: BTreeMap<String, &'static str> = BTreeMap::new();
        let mut names: Vec<(&Text, String, &'static str)> = Vec::new();
        for mode in &source.modes {
            match mode_name(&mode.name) {
                Ok(found) => {
                    match &found {
                        ModeName::Single => names.push((&mode.name, mode.name.text.clone(), "a mode")),
                        ModeName::Array { name, last } => {
                            uses.whole(last);
                            names.push((&mode.name, name.clone(), "an array of modes"));
                        }
                    }
                    texts.modes.push(found);
                }
                Err(error) => errors.push(error),
            }
            match kind_of(&mode.kind) {
                Ok(kind) => {
                    if let Kind::Spin { length, .. } | Kind::Ensemble(length) = &kind {
                        uses.whole(length);
                    }
                    texts.kinds.push(kind);
                }
                Err(error) => errors.push(error),
            }
        }
        names.extend(source.parameters.iter().map(|p| (&p.name, p.name.text.clone(), "a parameter")));
        names.extend(source.networks.iter().map(|n| (&n.name, n.name.text.clone(), "a network")));
        names.extend(source.definitions.iter().map(|d| (&d.name, d.name.text.clone(), "a definition")));
        for (text, name, what) in names {
            let reason = if parse::RESERVED.contains(&name.as_str()) {
                Some("expressions use it for something else (i is the imaginary unit, t the time, pi the number)")
            } else if FUNCTIONS.contains(&name.as_str()) {
                Some("it is the name of a function")
            } else if is_reserved(&name) {
                Some("it is not a single word")
            } else {
                None
            };
            if let Some(reason) = reason {
                errors.push(ModelError::at(&text.place, Fault::BadName { name, reason }));
            } else if let Some(first) = taken.insert(name.clone(), what) {
                errors.push(ModelError::at(&text.place, Fault::Duplicate { name, first, second: what }));
            }
        }
        for network in &source.networks {
            match &network.links {
                LinksSource::Rule(text) => match parsed(text, read(&text.text)) {
                    Ok(expr) => {
                        if let Node::Call { arguments, .. } = &expr.node {
                            arguments.iter().for_each(|a| uses.whole(a));
                        }
                        texts.networks.push(Some(expr));
                    }
                    Err(error) => errors.push(error),
                },
                LinksSource::List { .. } => texts.networks.push(None),
            }
        }
        for (terms, list) in
            [(&source.hamiltonian, &mut texts.terms), (&source.antihermitian, &mut texts.antihermitian)]
        {
            for term in terms {
                if let Some(expr) = noted(parsed(&term.expression, read(&term.expression.text)), &mut errors) {
                    uses.expression(&expr, &[]);
                    list.push(expr);
                }
            }
        }
        for jump in &source.jumps {
            let mut one = || -> Result<_, ModelError> {
                let each = Repeated::read(jump.each.as_ref(), &mut uses)?;
                let expr = parsed(&jump.operator, read(&jump.operator.text))?;
                let kept = jump.kept.as_ref().map(|text| parsed(text, read(&text.text))).transpose()?;
                std::iter::once(&expr).chain(&kept).for_each(|expr| uses.expression(expr, &each.indices));
                Ok((each, expr, kept))
            };
            texts.jumps.extend(noted(one(), &mut errors));
        }
        for correlation in &source.correlations {
            let mut one = || -> Result<_, ModelError> {
                let each = Repeated::read(correlation.each.as_ref(), &mut uses)?;
                let trees = |list: &[&Text]| -> Result<Vec<Expr>, ModelError> {
                    list.iter().map(|text| parsed(text, read(&text.text))).collect()
                };
                let modes = trees(&correlation.modes.iter().collect::<Vec<_>>())?;
                let scalars = trees(&correlation.step.texts())?;
                modes.iter().chain(&scalars).for_each(|expr| uses.expression(expr, &each.indices));
                Ok((each, modes, scalars))
            };
            texts.correlations.extend(noted(one(), &mut errors));
        }
        for bath in &source.baths {
            let mut one = || -> Result<_, ModelError> {
                let each = Repeated::read(bath.each.as_ref(), &mut uses)?;
                let on = parsed(&bath.on, read(&bath.on.text))?;
                let rate = parsed(&bath.rate, read(&bath.rate.text))?;
                let occupation = parsed(&bath.occupation, read(&bath.occupation.text))?;
                let momentum = match &bath.momentum {
                    Some(text) => parsed(text, read(&text.text))?,
                    None => read("0").expect("a number parses"),
                };
                for expr in [&on, &rate, &occupation, &momentum] {
                    uses.expression(expr, &each.indices);
                }
                Ok((each, on, [rate, occupation, momentum]))
            };
            texts.baths.extend(noted(one(), &mut errors));
        }
        for bath in &source.structured {
            texts.structured.extend(noted(structured::trees(bath, &mut uses), &mut errors));
        }
        let declared = |name: &str| source.parameters.iter().any(|p| p.name.text == name);
        for start in &source.start {
            let mut one = || -> Result<_, ModelError> {
                let key = parsed(&start.mode, read(&start.mode.text))?;
                let index = running(&key, &declared);
                uses.expression(&key, index.as_slice());
                let mut values = [const { None }; 7];
                for (value, text) in values.iter_mut().zip(start_texts(start)) {
                    if let Some(text) = text {
                        let expr = parsed(text, read(&text.text))?;
                        uses.expression(&expr, index.as_slice());
                        *value = Some(expr);
                    }
                }
                Ok((key, values, index))
            };
            texts.start.extend(noted(one(), &mut errors));
        }
        texts.motion = motion::trees(source, &mut uses, &mut errors);
        for text in &source.transforms {
            if let Some(expr) = noted(parsed(text, read(&text.text)), &mut errors) {
                uses.expression(&expr, &[]);
                texts.transforms.push(expr);
            }
        }
        texts.uses = uses;
        if errors.is_empty() { Ok(texts) } else { Err(errors) }
    }
}

pub(super) fn start_texts(start: &StartSource) -> [Option<&Text>; 7] {
    let [x, y, z] = &start.bloch;
    [&start.amplitude, &start.occupation, &start.squeezing, &start.angle, x, y, z].map(Option::as_ref)
}
