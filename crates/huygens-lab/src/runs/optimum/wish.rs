//! What is asked of a search, from text to columns.

use std::ops::Range as Span;

use huygens::algebra::ParamId;
use huygens::experiment::Options;
use huygens::measures;
use huygens::model::Binding;
use huygens_numerics::optimize::Range;

use crate::file::{Diagnostic, LoadedModel, Pointer};
use crate::record::{Axis, Column, Spacing};
use crate::runs::error::RunError;
use crate::runs::labels::{measure_label, name_label};
use crate::runs::points::SweepPoints;
use crate::runs::problem::{Problem, measure_error, value, value_of};
use crate::study::{Bound, Evaluation, Goal, Point, PointEvaluator, Relation, SearchOptions, StudyError};

/// A search as it was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// Ranges, `NAME=START:STOP` or `NAME=START:STOP:log`; the ends may be expressions in other parameters.
    pub over: Vec<String>,
    /// The measure or parameter whose largest value is wanted.
    pub maximize: Option<String>,
    /// The measure or parameter whose smallest value is wanted; one of the two is given.
    pub minimize: Option<String>,
    /// The cost that it is divided by.
    pub per: Option<String>,
    /// Constraints, `M >= c` or `M <= c`.
    pub subject: Vec<String>,
    /// Other measures of the run at the best point.
    pub measures: Vec<String>,
}

/// A parameter that is searched over.
#[derive(Clone, Debug)]
pub(super) struct Over {
    pub name: String,
    pub unit: String,
    pub range: Range,
    id: ParamId,
}

/// A measure or a parameter.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    /// As results call it.
    pub text: String,
    pub unit: String,
    /// For figures.
    pub label: String,
    pub column: usize,
    pub parameter: Option<ParamId>,
}

/// A constraint.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub text: String,
    pub quantity: usize,
    pub relation: Relation,
    pub bound: f64,
}

/// A search that is ready to be made: everything that was typed has been read and found to make sense.
#[derive(Debug)]
pub struct Quest {
    pub(super) over: Vec<Over>,
    pub(super) quantities: Vec<Quantity>,
    pub(super) goal: Goal,
    pub(super) goal_quantity: usize,
    pub(super) per_quantity: Option<usize>,
    pub(super) subject: Vec<Subject>,
    pub(super) asked: Asked,
    /// The run at the end.
    pub(super) last: Problem,
    pub(super) search: SearchOptions,
}

/// What is computed at each point: the measures, then the parameters that are asked for.
#[derive(Debug)]
pub(super) struct Asked {
    points: SweepPoints,
    parameters: Vec<ParamId>,
}

impl Asked {
    pub(super) fn binding(&self, point: &[f64]) -> Result<Binding, String> {
        self.points.binding(self.points.problem().model(), point)
    }
}

impl PointEvaluator for Asked {
    fn columns(&self) -> Vec<Column> {
        let mut columns = self.points.columns();
        let parameters = &self.points.problem().model().parameters;
        columns.extend(self.parameters.iter().map(|&id| {
            let parameter = parameters.get(id);
            Column::number(&parameter.name, &parameter.unit, &parameter.note)
        }));
        columns
    }

    fn evaluate(&self, point: Point<'_>) -> Result<Evaluation, String> {
        let mut evaluation = self.points.evaluate(point)?;
        let binding = self.binding(point.values)?;
        evaluation.values.extend(self.parameters.iter().map(|&id| binding.value(id)));
        Ok(evaluation)
    }
}

/// What an option names: a measure by the text of its columns, or a parameter.
#[derive(Clone, Debug, PartialEq)]
enum Named {
    Measure(String),
    Parameter(ParamId),
}

impl Quest {
    /// Reads what is wished for. Each point of the search is computed with `options`; the run at the end looks for coexisting
    /// attractors from `starts` random starts, and compares with the uncoupled system if `control` is set.
    ///
    /// # Errors
    /// A wish that cannot be read (with a caret where there is a text to point at), a range that is empty, a bound that is not
    /// the same at every point, more parameters or fewer points than can be searched, and what [`Problem::new`] refuses.
    pub fn new(
        loaded: LoadedModel,
        wish: &Wish,
        options: Options,
        (starts, control): (usize, bool),
        search: SearchOptions,
    ) -> Result<Self, RunError> {
        let over = wish.over.iter().map(|text| read_over(&loaded, text)).collect::<Result<Vec<_>, _>>()?;
        if over.is_empty() {
            return Err(RunError::input(
                "nothing to search over",
                "name a parameter and its range: --over NAME=START:STOP, such as --over mu=0.01:0.05",
            ));
        }
        for (k, o) in over.iter().enumerate() {
            if over[..k].iter().any(|other| other.id == o.id) {
                return Err(RunError::input(format!("`{}` is searched over twice", o.name), "give it one --over"));
            }
        }
        let (option, text, largest) = match (&wish.maximize, &wish.minimize) {
            (Some(text), None) => ("--maximize", text, true),
            (None, Some(text)) => ("--minimize", text, false),
            (None, None) => {
                return Err(RunError::input(
                    "no goal",
                    "say what is to be largest or smallest: --maximize MEASURE or --minimize MEASURE, where a parameter will do as well",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(RunError::input(
                    "two goals, --maximize and --minimize",
                    "keep one, and ask for the other by --per (a cost) or --subject 'MEASURE >= VALUE' (a constraint)",
                ));
            }
        };
        let mut named: Vec<Named> = Vec::new();
        let mut add = |option: &str, text: &str, span: Span<usize>| -> Result<usize, RunError> {
            let name = read_quantity(&loaded, &over, option, text, span)?;
            let place = named.iter().position(|n| *n == name);
            Ok(place.unwrap_or_else(|| {
                named.push(name);
                named.len() - 1
            }))
        };
        let goal_quantity = add(option, text, 0..text.len())?;
        let per_quantity = wish.per.as_ref().map(|text| add("--per", text, 0..text.len())).transpose()?;
        let mut subject = Vec::new();
        for text in &wish.subject {
            let (span, relation, bound) = read_subject(&loaded, &over, text)?;
            let quantity = add("--subject", text, span)?;
            subject.push(Subject { text: text.trim().to_owned(), quantity, relation, bound });
        }
        let mut axes = over
            .iter()
            .map(|o| {
                let spacing = if o.range.is_log() { Spacing::Log } else { Spacing::Linear };
                Axis::new(&o.name, o.range.start(), o.range.stop(), 2, spacing)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<String> =
            named.iter().filter_map(|n| if let Named::Measure(text) = n { Some(text.clone()) } else { None }).collect();
        search.points_over(over.len()).map_err(StudyError::from)?;
        let last = Options { starts, control, ..options.clone() };
        let points = SweepPoints::new(loaded.clone(), &texts, options, &mut axes)?;
        let parameters: Vec<ParamId> =
            named.iter().filter_map(|n| if let Named::Parameter(id) = n { Some(*id) } else { None }).collect();
        let asked = Asked { points, parameters };
        let quantities = asked.quantities(&named);
        let column = |k: usize| quantities[k].column;
        let goal = Goal { column: column(goal_quantity), per: per_quantity.map(column), largest };
        let requests = asked.points.problem().experiment().requests();
        let mut measures: Vec<String> = if texts.is_empty() && wish.measures.is_empty() {
            requests.iter().map(|r| r.text.clone()).collect()
        } else {
            texts.clone()
        };
        measures.extend(wish.measures.iter().filter(|text| !texts.contains(text)).cloned());
        let last = Problem::new(loaded, &measures, last)?;
        Ok(Self { over, goal, goal_quantity, per_quantity, subject, quantities, asked, last, search })
    }

    pub(super) fn ranges(&self) -> Vec<Range> {
        self.over.iter().map(|o| o.range).collect()
    }

    pub(super) fn bounds(&self) -> Vec<Bound> {
        let column = |s: &Subject| self.quantities[s.quantity].column;
        self.subject.iter().map(|s| Bound { column: column(s), relation: s.relation, bound: s.bound }).collect()
    }

    /// Name of the model.
    pub fn model(&self) -> &str {
        &self.last.model().name
    }

    /// Names of the parameters that are searched over.
    pub fn names(&self) -> Vec<&str> {
        self.over.iter().map(|o| o.name.as_str()).collect()
    }

    /// `pearson(q(b1),q(b2)) per entropy_production`.
    pub(super) fn goal_text(&self) -> String {
        let goal = &self.quantities[self.goal_quantity].text;
        match self.per_quantity {
            Some(per) => format!("{goal} per {}", self.quantities[per].text),
            None => goal.clone(),
        }
    }

    /// Whether the goal is the one parameter that is searched over.
    pub(super) fn goal_is_place(&self) -> bool {
        self.over.len() == 1 && self.goal_text() == self.over[0].name
    }

    pub(super) fn goal_unit(&self) -> String {
        let goal = &self.quantities[self.goal_quantity].unit;
        let none = |unit: &str| unit.is_empty() || unit == "1";
        match self.per_quantity.map(|per| self.quantities[per].unit.as_str()) {
            Some(per) if !none(per) => format!("{}/({per})", if none(goal) { "1" } else { goal.as_str() }),
            _ => goal.clone(),
        }
    }
}

impl Asked {
    fn quantities(&self, named: &[Named]) -> Vec<Quantity> {
        let problem = self.points.problem();
        let model = problem.model();
        let modes: Vec<String> = model.modes.iter().map(|m| m.name.clone()).collect();
        let columns = self.points.columns();
        named
            .iter()
            .map(|name| match name {
                Named::Measure(text) => {
                    let column = columns.iter().position(|c| c.name == *text);
                    let request = problem.experiment().requests().iter().find(|r| r.text == *text);
                    let (Some(column), Some(request)) = (column, request) else {
                        unreachable!("every measure asked for has a column")
                    };
                    let unit = problem.unit(request.definition.unit);
                    let label = measure_label(request, &modes);
                    Quantity { text: text.clone(), unit, label, column, parameter: None }
                }
                Named::Parameter(id) => {
                    let parameter = model.parameters.get(*id);
                    let place = self.parameters.iter().position(|p| p == id).unwrap_or(0);
                    Quantity {
                        text: parameter.name.clone(),
                        unit: parameter.unit.clone(),
                        label: name_label(&parameter.name),
                        column: columns.len() + place,
                        parameter: Some(*id),
                    }
                }
            })
            .collect()
    }
}

/// A fault in an option, with a caret at its place.
fn fault(option: &str, text: &str, span: Span<usize>, message: impl Into<String>, help: impl Into<String>) -> RunError {
    let pointer = Pointer { path: option.into(), text: text.into(), span, label: String::new() };
    Diagnostic::error(message.into()).with_pointer(pointer).with_help(help.into()).into()
}

fn read_over(loaded: &LoadedModel, text: &str) -> Result<Over, RunError> {
    let form = |problem: &str| {
        let help = "write NAME=START:STOP or NAME=START:STOP:log, such as mu=0.01:0.05";
        fault("--over", text, 0..text.len(), format!("the range `{text}` {problem}"), help)
    };
    let (name, range) = text.split_once('=').ok_or_else(|| form("has no `=`"))?;
    let name = name.trim();
    let parameters = &loaded.model.parameters;
    let id = parameters.find(name).map_err(|e| loaded.diagnostic(&e))?;
    let parameter = parameters.get(id);
    if parameter.structural {
        let message =
            format!("`{name}` fixes the size of the model and takes whole numbers: it cannot be searched over");
        return Err(RunError::input(message, "sweep it: huygens sweep … --over NAME=START:STOP:COUNT"));
    }
    if loaded.overrides.iter().any(|(given, _)| given == name) {
        let message = format!("`{name}` is searched over and also given a value");
        return Err(RunError::input(message, "leave out its -s"));
    }
    let fields: Vec<&str> = range.split(':').map(str::trim).collect();
    let log = match fields[..] {
        [_, _] => false,
        [_, _, "log"] => true,
        [_, _, count] if count.parse::<f64>().is_ok() => {
            return Err(form("has a COUNT: a search chooses its points itself (--points for the first look)"));
        }
        [_, _, other] => return Err(form(&format!("ends in `{other}`, where only `log` may stand"))),
        _ => return Err(form("has not the form NAME=START:STOP")),
    };
    if fields[..2].iter().any(|f| f.is_empty()) {
        return Err(form("lacks an end"));
    }
    let (start, stop) = (value(loaded, "--over", fields[0])?, value(loaded, "--over", fields[1])?);
    let range = Range::new(start, stop, log).map_err(|e| {
        let help = if start > stop { "turn the range round" } else { "give two different ends" };
        RunError::input(format!("--over {name}: {e}"), if log && start <= 0.0 { "" } else { help })
    })?;
    Ok(Over { name: name.into(), unit: parameter.unit.clone(), range, id })
}

/// A measure or a parameter at `span` of `text`.
fn read_quantity(
    loaded: &LoadedModel,
    over: &[Over],
    option: &str,
    text: &str,
    span: Span<usize>,
) -> Result<Named, RunError> {
    let part = &text[span.clone()];
    let from = span.start + part.len() - part.trim_start().len();
    let part = part.trim();
    let place = from..from + part.len();
    let parameters = &loaded.model.parameters;
    if let Some(id) = parameters.id(part) {
        let follows = |o: &Over| o.id == id || parameters.dependents(o.id).contains(&id);
        if !over.iter().any(follows) {
            let message =
                format!("`{part}` is the same at every point: it depends on no parameter that is searched over");
            return Err(fault(option, text, place, message, "search over it, or name a measure"));
        }
        return Ok(Named::Parameter(id));
    }
    let modes: Vec<String> = loaded.model.modes.iter().map(|m| m.name.clone()).collect();
    let oscillators: Vec<usize> = loaded.model.oscillators.iter().map(|m| m.0 as usize).collect();
    let wrong = |e| measure_error(option, text, from, &e);
    let mut expanded = measures::expand(part, &modes).map_err(wrong)?;
    if expanded.len() != 1 {
        let message = format!("`{part}` stands for {} values, and a search needs one", expanded.len());
        return Err(fault(option, text, place, message, "name the members, such as b[2]"));
    }
    let one = expanded.remove(0);
    measures::resolve(&one, &modes, &oscillators).map_err(wrong)?;
    Ok(Named::Measure(one))
}

/// `M >= c`: the place of M, the relation and the bound.
fn read_subject(loaded: &LoadedModel, over: &[Over], text: &str) -> Result<(Span<usize>, Relation, f64), RunError> {
    const HELP: &str = "write 'MEASURE >= VALUE' or 'MEASURE <= VALUE', such as 'complete_sync(b1,b2) >= 0.2'";
    let symbols = [
        (">=", Relation::AtLeast),
        ("≥", Relation::AtLeast),
        ("<=", Relation::AtMost),
        ("≤", Relation::AtMost),
        (">", Relation::AtLeast),
        ("<", Relation::AtMost),
    ];
    let found = symbols.iter().find_map(|(symbol, relation)| text.find(symbol).map(|at| (at, *symbol, *relation)));
    let Some((at, symbol, relation)) = found else {
        return Err(match text.find('=') {
            Some(at) => fault(
                "--subject",
                text,
                at..at + 1,
                "a constraint with `=`: a search needs a side on which there is room",
                "write >= or <=: where it fixes the optimum it holds with equality",
            ),
            None => fault("--subject", text, 0..text.len(), "the constraint has no `>=` or `<=`", HELP),
        });
    };
    let after = at + symbol.len();
    let (left, right) = (&text[..at], &text[after..]);
    if left.trim().is_empty() || right.trim().is_empty() {
        return Err(fault("--subject", text, at..after, "the constraint lacks a side", HELP));
    }
    if let Some(second) = right.find(['<', '>', '=', '≤', '≥']) {
        let place = after + second;
        let width = right[second..].chars().next().map_or(1, char::len_utf8);
        return Err(fault(
            "--subject",
            text,
            place..place + width,
            "two relations in one constraint",
            "give two --subject",
        ));
    }
    let (bound, uses) = value_of(loaded, "--subject", right.trim())?;
    let varies =
        |o: &&Over| uses.contains(&o.id) || loaded.model.parameters.dependents(o.id).iter().any(|d| uses.contains(d));
    if let Some(o) = over.iter().find(varies) {
        let begin = after + right.len() - right.trim_start().len();
        let message = format!("the bound depends on `{}`, which is searched over", o.name);
        return Err(fault(
            "--subject",
            text,
            begin..begin + right.trim().len(),
            message,
            "give a bound that is the same at every point",
        ));
    }
    Ok((0..at, relation, bound))
}
