//! From the text of a model to the model, in stages: names and parameters, sizes, modes and networks, operators, values.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::algebra::parse::{
    self, Expr, FUNCTIONS, Node, ParseError, Ranges, Scope, Symbol, Symbols, WithIndices, is_reserved, nearest,
    parse as read, parse_ranges,
};
use crate::algebra::{Compiled, ModeId, Operator, ParamId, Scalar};

use super::error::{Fault, ModelError};
use super::network::Network;
use super::parameters::{Parameter, Parameters};
use super::scope::Uses;
use super::source::{CorrelationText, JumpSource, LinksSource, ModelSource, Place, StartSource, TermSource, Text};
use super::{Bath, Correlating, Correlation, Jump, Kept, MAX_MODES, Mode, ModeKind, Model, Start};
use super::{motion, structured};

/// Most jumps or baths that a `for` may write out.
const MAX_COPIES: u64 = 4_000_000;
/// Most terms of an operator that an error message shows.
const SHOWN: usize = 3;

type Errors = Vec<ModelError>;

fn expression_fault(error: ParseError) -> Fault {
    Fault::Expression { message: error.message, help: error.help }
}

pub(super) fn parsed(text: &Text, result: Result<Expr, ParseError>) -> Result<Expr, ModelError> {
    result.map_err(|e| wrong(text, e))
}

pub(super) fn wrong(text: &Text, error: ParseError) -> ModelError {
    ModelError::within(&text.place, error.span.clone(), expression_fault(error))
}

fn shifted(mut error: ParseError, by: usize) -> ParseError {
    error.span = error.span.start + by..error.span.end + by;
    error
}

/// A text that is a number by itself, NaN and infinities included.
fn plain_number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// `b[1..N]` taken apart: name, length, and where the length stands.
enum ModeName {
    Single,
    Array { name: String, last: Expr },
}

/// The kind of a mode as it is written.
enum Kind {
    Boson,
    /// A spin of `length`, or half of it.
    Spin {
        length: Expr,
        half: bool,
    },
    /// So many spins ½.
    Ensemble(Expr),
}

/// Largest 2j.
const LONGEST_SPIN: i64 = 1 << 20;

fn kind_of(text: &Text) -> Result<Kind, ModelError> {
    let words = text.text.trim();
    if words == "boson" {
        return Ok(Kind::Boson);
    }
    if let Some(members) = words.strip_prefix("ensemble").map(str::trim).filter(|l| !l.is_empty()) {
        return Ok(Kind::Ensemble(read(members).map_err(|e| ensemble_fault(text, &e.to_string()))?));
    }
    let Some(length) = words.strip_prefix("spin").map(str::trim).filter(|l| !l.is_empty()) else {
        return Err(ModelError::at(&text.place, Fault::UnknownKind { kind: text.text.clone() }));
    };
    let half = length.strip_suffix("/2").map(str::trim);
    let length = read(half.unwrap_or(length)).map_err(|e| spin_fault(text, &e.to_string()))?;
    Ok(Kind::Spin { length, half: half.is_some() })
}

fn spin_fault(text: &Text, message: &str) -> ModelError {
    let help =
        Some("write \"spin 1/2\", \"spin 1\", or \"spin N/2\" with a whole number N among the parameters".to_owned());
    ModelError::at(&text.place, Fault::Expression { message: format!("the length of the spin: {message}"), help })
}

fn ensemble_fault(text: &Text, message: &str) -> ModelError {
    let help = Some("write \"ensemble 20\", or \"ensemble N\" with a whole number N among the parameters".to_owned());
    ModelError::at(&text.place, Fault::Expression { message: format!("the members of the ensemble: {message}"), help })
}

impl Kind {
    fn value(&self, text: &Text, symbols: &Symbols) -> Result<ModeKind, ModelError> {
        let (length, half) = match self {
            Kind::Boson => return Ok(ModeKind::Boson),
            Kind::Spin { length, half } => (length, half),
            Kind::Ensemble(members) => {
                let whole = parse::integer(members, symbols).map_err(|e| ensemble_fault(text, &e.to_string()))?;
                if !(1..=LONGEST_SPIN).contains(&whole) {
                    return Err(ensemble_fault(text, &format!("{whole} is out of range")));
                }
                return Ok(ModeKind::Ensemble { members: whole as u32 });
            }
        };
        let whole = parse::integer(length, symbols).map_err(|e| spin_fault(text, &e.to_string()))?;
        let twice = if *half { Some(whole) } else { whole.checked_mul(2) };
        match twice {
            Some(twice @ 1..=LONGEST_SPIN) => Ok(ModeKind::Spin { twice: twice as u32 }),
            _ => Err(spin_fault(text, &format!("{whole}{} is out of range", if *half { "/2" } else { "" }))),
        }
    }
}

fn mode_name(text: &Text) -> Result<ModeName, ModelError> {
    let Some(open) = text.text.find('[') else {
        return Ok(ModeName::Single);
    };
    let fault = |span: Range<usize>, message: &str| {
        let help = Some("an array of modes is written  \"b[1..N]\" = \"boson\"".to_owned());
        Err(ModelError::within(&text.place, span, Fault::Expression { message: message.into(), help }))
    };
    let inner = open + 1;
    let trimmed = text.text.trim_end();
    if !trimmed.ends_with(']') {
        return fault(open..text.text.len(), "this bracket is not closed");
    }
    let close = trimmed.len() - 1;
    let range = &text.text[inner..close];
    let Some(dots) = range.find("..") else {
        return fault(inner..close, "an array needs a first and a last index");
    };
    let first = &range[..dots];
    if first.trim() != "1" {
        return fault(inner..inner + dots, "an array starts with the index 1");
    }
    let at = inner + dots + 2;
    let last = read(&text.text[at..close]).map_err(|e| wrong(text, shifted(e, at)))?;
    Ok(ModeName::Array { name: text.text[..open].trim().to_owned(), last: shift(last, at) })
}

/// An expression with all its places moved.
fn shift(mut expr: Expr, by: usize) -> Expr {
    expr.span = expr.span.start + by..expr.span.end + by;
    expr.node = match expr.node {
        Node::Index { name, indices } => {
            Node::Index { name, indices: indices.into_iter().map(|e| shift(e, by)).collect() }
        }
        Node::Call { name, name_span, arguments } => Node::Call {
            name,
            name_span: name_span.start + by..name_span.end + by,
            arguments: arguments.into_iter().map(|e| shift(e, by)).collect(),
        },
        Node::Sum(list) => Node::Sum(list.into_iter().map(|(s, e)| (s, shift(e, by))).collect()),
        Node::Product(list) => Node::Product(list.into_iter().map(|(s, e)| (s, shift(e, by))).collect()),
        Node::Negative(e) => Node::Negative(Box::new(shift(*e, by))),
        Node::Power(a, b) => Node::Power(Box::new(shift(*a, by)), Box::new(shift(*b, by))),
        other => other,
    };
    expr
}

/// A jump or bath with its indices written out.
pub(super) struct Repeated<'a> {
    each: Option<&'a Text>,
    ranges: Vec<Ranges>,
    pub(super) indices: Vec<String>,
}

impl<'a> Repeated<'a> {
    pub(super) fn read(each: Option<&'a Text>, uses: &mut Uses) -> Result<Self, ModelError> {
        let Some(text) = each else {
            return Ok(Self { each, ranges: Vec::new(), indices: Vec::new() });
        };
        let ranges = parse_ranges(&text.text).map_err(|e| wrong(text, e))?;
        let indices = uses.ranges(&ranges);
        Ok(Self { each, ranges, indices })
    }

    /// All values of the indices.
    pub(super) fn assignments(
        &self,
        scope: &dyn Scope,
        what: &'static str,
    ) -> Result<Vec<Vec<(String, i64)>>, ModelError> {
        let mut list: Vec<Vec<(String, i64)>> = vec![Vec::new()];
        let Some(text) = self.each else {
            return Ok(list);
        };
        for clause in &self.ranges {
            let mut next = Vec::new();
            for given in &list {
                let inner = WithIndices { scope, indices: given };
                for more in clause.assignments(&inner).map_err(|e| wrong(text, e))? {
                    next.push(given.iter().cloned().chain(more).collect());
                }
                if next.len() as u64 > MAX_COPIES {
                    let fault = Fault::TooManyCopies { what, count: next.len() as u64, limit: MAX_COPIES };
                    return Err(ModelError::at(&text.place, fault));
                }
            }
            list = next;
        }
        Ok(list)
    }

    pub(super) fn label(&self, base: &str, given: &[(String, i64)]) -> String {
        if given.is_empty() {
            return base.to_owned();
        }
        let values: Vec<String> = given.iter().map(|(n, v)| format!("{n}={v}")).collect();
        format!("{base} [{}]", values.join(", "))
    }
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
        match structured::baths(&model, bath, trees, &symbols) {
            Ok(list) => model.structured.extend(list),
            Err(error) => errors.push(error),
        }
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

/// All texts of a model as trees.
struct Texts<'a> {
    modes: Vec<ModeName>,
    kinds: Vec<Kind>,
    networks: Vec<Option<Expr>>,
    terms: Vec<Expr>,
    antihermitian: Vec<Expr>,
    jumps: Vec<(Repeated<'a>, Expr, Option<Expr>)>,
    baths: Vec<(Repeated<'a>, Expr, [Expr; 3])>,
    structured: Vec<structured::Trees<'a>>,
    start: Vec<(Expr, [Option<Expr>; 7], Option<String>)>,
    /// Modes, and expressions in the order of their texts.
    correlations: Vec<(Repeated<'a>, Vec<Expr>, Vec<Expr>)>,
    motion: motion::Trees,
    transforms: Vec<Expr>,
    uses: Uses,
}

impl<'a> Texts<'a> {
    fn read(source: &'a ModelSource) -> Result<Self, Errors> {
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
                match parsed(&term.expression, read(&term.expression.text)) {
                    Ok(expr) => {
                        uses.expression(&expr, &[]);
                        list.push(expr);
                    }
                    Err(error) => errors.push(error),
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
            match one() {
                Ok(pair) => texts.jumps.push(pair),
                Err(error) => errors.push(error),
            }
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
            match one() {
                Ok(found) => texts.correlations.push(found),
                Err(error) => errors.push(error),
            }
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
            match one() {
                Ok(all) => texts.baths.push(all),
                Err(error) => errors.push(error),
            }
        }
        for bath in &source.structured {
            match structured::trees(bath, &mut uses) {
                Ok(trees) => texts.structured.push(trees),
                Err(error) => errors.push(error),
            }
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
            match one() {
                Ok(all) => texts.start.push(all),
                Err(error) => errors.push(error),
            }
        }
        texts.motion = motion::trees(source, &mut uses, &mut errors);
        for text in &source.transforms {
            match parse::parse(&text.text).map_err(|e| wrong(text, e)) {
                Ok(expr) => {
                    uses.expression(&expr, &[]);
                    texts.transforms.push(expr);
                }
                Err(error) => errors.push(error),
            }
        }
        texts.uses = uses;
        if errors.is_empty() { Ok(texts) } else { Err(errors) }
    }
}

/// The parameters with their dependence, and the names that their own expressions use.
fn parameters(source: &ModelSource, overrides: &[(String, String)]) -> Result<(Vec<Parameter>, Uses), Errors> {
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
        match one() {
            Ok(parameter) => list.push(parameter),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok((list, uses)) } else { Err(errors) }
}

/// Marks the parameters that fix the size of the model, and gives their whole values.
fn structural(list: Vec<Parameter>, uses: &Uses) -> Result<(Parameters, BTreeMap<String, i64>), Errors> {
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

fn modes(source: &ModelSource, texts: &Texts<'_>, symbols: &mut Symbols) -> Result<Vec<Mode>, Errors> {
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

fn networks(source: &ModelSource, texts: &Texts<'_>, symbols: &mut Symbols) -> Result<Vec<Network>, Errors> {
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

/// The index j of an entry `b[j]` that stands for all members of an array: one that is no parameter.
pub(super) fn running(key: &Expr, declared: &dyn Fn(&str) -> bool) -> Option<String> {
    match &key.node {
        Node::Index { indices, .. } => match indices.as_slice() {
            [Expr { node: Node::Name(index), .. }] if !declared(index) => Some(index.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The members of an array, each with its value of the running index.
pub(super) fn each_of(all: &[ModeId], index: Option<&String>) -> Vec<(ModeId, Vec<(String, i64)>)> {
    let given = |k: usize| index.map(|i| (i.clone(), k as i64 + 1)).into_iter().collect();
    all.iter().enumerate().map(|(k, &mode)| (mode, given(k))).collect()
}

fn start_texts(start: &StartSource) -> [Option<&Text>; 7] {
    let [x, y, z] = &start.bloch;
    [&start.amplitude, &start.occupation, &start.squeezing, &start.angle, x, y, z].map(Option::as_ref)
}

fn hamiltonian(model: &mut Model, source: &ModelSource, texts: &Texts<'_>, symbols: &Symbols, errors: &mut Errors) {
    let before = errors.len();
    for (term, expr) in source.hamiltonian.iter().zip(&texts.terms) {
        match parse::operator(expr, symbols) {
            Ok(operator) => {
                model.hamiltonian.add_assign(&operator);
                model.terms.push((term.expression.place.clone(), operator));
            }
            Err(error) => errors.push(wrong(&term.expression, error)),
        }
    }
    if errors.len() == before {
        hermitian(model, &model.hamiltonian, &source.hamiltonian, &texts.terms, symbols, errors);
    }
}

fn antihermitian(model: &mut Model, source: &ModelSource, texts: &Texts<'_>, symbols: &Symbols, errors: &mut Errors) {
    let before = errors.len();
    for (term, expr) in source.antihermitian.iter().zip(&texts.antihermitian) {
        match parse::operator(expr, symbols) {
            Ok(operator) => model.antihermitian.add_assign(&operator),
            Err(error) => errors.push(wrong(&term.expression, error)),
        }
    }
    if errors.len() == before {
        hermitian(model, &model.antihermitian, &source.antihermitian, &texts.antihermitian, symbols, errors);
    }
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

fn jumps(model: &mut Model, source: &ModelSource, texts: &Texts<'_>, symbols: &Symbols, errors: &mut Errors) {
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
fn kept(
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

fn baths(model: &mut Model, source: &ModelSource, texts: &Texts<'_>, symbols: &Symbols, errors: &mut Errors) {
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

fn oscillators(model: &mut Model, source: &ModelSource, symbols: &Symbols, errors: &mut Errors) {
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

fn start(model: &mut Model, source: &ModelSource, texts: &Texts<'_>, symbols: &Symbols, errors: &mut Errors) {
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

fn correlations(model: &mut Model, source: &ModelSource, texts: &Texts<'_>, symbols: &Symbols, errors: &mut Errors) {
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
        match found {
            Ok(list) => model.correlations.extend(list),
            Err(error) => errors.push(error),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BathSource, JumpSource, ModeSource, NetworkSource, ParameterSource, TermSource};
    use proptest::prelude::*;

    fn text(text: &str) -> Text {
        Text::new(text, text)
    }

    fn parameter(name: &str, value: &str) -> ParameterSource {
        ParameterSource { name: text(name), value: text(value), unit: String::new(), note: String::new() }
    }

    /// N damped modes on a chain.
    fn chain() -> ModelSource {
        ModelSource {
            name: "chain".into(),
            modes: vec![ModeSource { name: text("a[1..2*M]"), kind: text("boson") }],
            parameters: vec![
                parameter("M", "2"),
                parameter("omega", "1"),
                parameter("gamma", "omega/10"),
                parameter("J", "gamma*2"),
            ],
            networks: vec![NetworkSource { name: text("links"), links: LinksSource::Rule(text("chain(2*M)")) }],
            hamiltonian: vec![TermSource {
                name: text("H"),
                expression: text("sum(j in 1..2*M, omega*n(a[j])) + sum((j,k) in links, J*(dag(a[j])*a[k] + h.c.))"),
            }],
            jumps: vec![JumpSource {
                operator: text("sqrt(gamma)*(a[j] - a[k])"),
                each: Some(text("j in 1..2*M, k in links[j]")),
                members: false,
                kept: None,
                label: "difference".into(),
            }],
            baths: vec![BathSource {
                on: text("a[j]"),
                each: Some(text("j in 1..2*M")),
                rate: text("gamma*j"),
                occupation: text("0"),
                momentum: None,
                label: String::new(),
            }],
            uncoupled: vec![(text("J"), text("0"))],
            ..ModelSource::default()
        }
    }

    #[test]
    fn a_model_without_any_file_is_built_from_its_texts() {
        let model = Model::build(&chain(), &[]).unwrap();
        assert_eq!(model.len(), 4);
        // Each of three links twice, and four baths without a gain.
        assert_eq!(model.jumps.len(), 6 + 4);
        assert_eq!(model.jumps[0].label, "difference [j=1, k=2]");
        assert_eq!(model.baths[3].rate.eval(&model.parameters.defaults().values, 0.0).unwrap().re, 0.4);
        assert!(model.needs_rebuild("M") && !model.needs_rebuild("J"));
        let larger = Model::build(&chain(), &[("M".into(), "3".into())]).unwrap();
        assert_eq!((larger.len(), larger.networks[0].size()), (6, 6));
        let error = model.mode("a[5]").unwrap_err();
        assert!(error.to_string().contains("did you mean"), "{error}");
    }

    #[test]
    fn the_control_switches_off_what_the_model_names() {
        let model = Model::build(&chain(), &[]).unwrap();
        let control = model.uncoupled_binding(&model.bind(&[("gamma", 0.3)]).unwrap()).unwrap().unwrap();
        assert_eq!(control.values, [2.0, 1.0, 0.3, 0.0]);
    }

    #[test]
    fn an_error_names_the_text_and_the_bytes() {
        let mut source = chain();
        source.jumps[0].operator = text("sqrt(gama)*a[j]");
        let errors = Model::build(&source, &[]).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].place, Some(Place::new("sqrt(gama)*a[j]")));
        assert_eq!(errors[0].span, Some(5..9));
        assert_eq!(errors[0].help().as_deref(), Some("did you mean `gamma`?"));
    }

    proptest! {
        /// Rebinding in place gives what binding from the start gives, whatever the order.
        #[test]
        fn rebinding_agrees_with_binding(steps in prop::collection::vec((1..4_usize, 0.1..2.0_f64), 1..12)) {
            let model = Model::build(&chain(), &[]).unwrap();
            let names = ["M", "omega", "gamma", "J"];
            let mut binding = model.parameters.defaults();
            let mut last: BTreeMap<usize, f64> = BTreeMap::new();
            for (k, value) in steps {
                model.parameters.set(&mut binding, ParamId(k as u32), value).unwrap();
                last.insert(k, value);
            }
            let given: Vec<(&str, f64)> = last.iter().rev().map(|(&k, &v)| (names[k], v)).collect();
            prop_assert_eq!(model.parameters.bind(&given).unwrap(), binding);
        }
    }
}
