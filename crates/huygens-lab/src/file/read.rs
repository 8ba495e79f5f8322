//! A model file as a [`ModelSource`]: which tables and keys there are, and what may stand in them.

mod correlate;
mod motion;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use huygens::model::{
    BathSource, DensitySource, JumpSource, LinksSource, ModeSource, ModelSource, NetworkSource, ParameterSource, Place,
    StartSource, StructuredSource, TermSource, Text, nearest,
};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::adjacency::{self, Adjacency, Format, Options};
use super::diagnostic::{Diagnostic, Pointer};
use super::places::{Places, Token};

type Key<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

const TOP: [&str; 22] = [
    "name",
    "description",
    "reference",
    "frame",
    "time_unit",
    "oscillators",
    "measures",
    "transforms",
    "modes",
    "parameters",
    "networks",
    "variants",
    "definitions",
    "hamiltonian",
    "antihermitian",
    "equations",
    "fluctuations",
    "diffusion",
    "jump",
    "bath",
    "start",
    "correlate",
];

/// What was read from a file.
pub(crate) struct Document {
    pub(crate) source: ModelSource,
    pub(crate) places: Places,
    /// Files that the model file names, with their text.
    pub(crate) attachments: Vec<(PathBuf, Arc<str>)>,
}

/// Reads the text of a model file; tables of numbers it names are looked for in `folder`.
pub(crate) fn read(path: &str, text: &Arc<str>, folder: Option<&Path>) -> Result<Document, Vec<Diagnostic>> {
    let table = DeTable::parse(text).map_err(|error| {
        let message = error.message().trim();
        let mut diagnostic = Diagnostic::error(format!("this is not TOML: {message}"));
        if let Some(span) = error.span() {
            diagnostic =
                diagnostic.with_pointer(Pointer { path: path.into(), text: text.clone(), span, label: String::new() });
        }
        if message.contains("duplicate key") {
            diagnostic.title = "a name is given twice in one table".into();
            diagnostic = diagnostic.with_help("keep one of the two");
        } else {
            diagnostic = diagnostic.with_help(
                "a model file is TOML: tables in [brackets], entries  name = value, expressions in \"quotes\"",
            );
        }
        vec![diagnostic]
    })?;
    let mut reader = Reader {
        path,
        text,
        folder,
        errors: Vec::new(),
        document: Document { source: ModelSource::default(), places: Places::new(), attachments: Vec::new() },
    };
    reader.top(table.get_ref());
    if reader.errors.is_empty() { Ok(reader.document) } else { Err(reader.errors) }
}

struct Reader<'a> {
    path: &'a str,
    text: &'a Arc<str>,
    folder: Option<&'a Path>,
    errors: Vec<Diagnostic>,
    document: Document,
}

/// The entries of a table in the order of the file.
fn entries<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Key<'i>, &'t Value<'i>)> {
    let mut list: Vec<_> = table.iter().collect();
    list.sort_by_key(|(key, value)| (key.span().start, value.span().start));
    list
}

/// What stands there, for a sentence.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A number as text that an expression can be read from, if the value is a finite number.
fn number_text(value: &DeValue<'_>) -> Option<Result<String, f64>> {
    match value {
        DeValue::Integer(integer) => {
            let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            Some(Ok(number.to_string()))
        }
        DeValue::Float(float) => {
            let number: f64 = float.as_str().parse().ok()?;
            Some(if number.is_finite() { Ok(format!("{number:?}")) } else { Err(number) })
        }
        _ => None,
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| n as f64),
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}

impl Reader<'_> {
    fn error(
        &mut self,
        span: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let pointer = Pointer { path: self.path.into(), text: self.text.clone(), span, label: label.into() };
        let help = help.into();
        let mut diagnostic = Diagnostic::error(title).with_pointer(pointer);
        if !help.is_empty() {
            diagnostic = diagnostic.with_help(help);
        }
        self.errors.push(diagnostic);
    }

    fn wrong_type(&mut self, value: &Value<'_>, field: &str, expected: &str) {
        let found = kind(value.get_ref());
        self.error(value.span(), format!("`{field}` is {found}"), format!("expected {expected}"), "");
    }

    fn unknown_key(&mut self, key: &Key<'_>, inside: &str, known: &[&str]) {
        let name = key.get_ref().as_ref();
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known.join(", ")),
        };
        self.error(key.span(), format!("`{name}` is no entry of {inside}"), "", help);
    }

    fn place(&mut self, path: &str, value: &Value<'_>) -> Place {
        let token = match value.get_ref() {
            DeValue::String(text) => Token::string(self.text, value.span(), text),
            _ => Token::whole(value.span()),
        };
        self.document.places.insert(path.to_owned(), token);
        Place::new(path)
    }

    fn key(&mut self, path: &str, key: &Key<'_>) -> Text {
        let token = Token::string(self.text, key.span(), key.get_ref());
        self.document.places.insert(path.to_owned(), token);
        Text::new(key.get_ref().as_ref(), path)
    }

    /// A text; numbers are not accepted.
    fn text(&mut self, path: &str, value: &Value<'_>, expected: &str) -> Option<Text> {
        match value.get_ref() {
            DeValue::String(text) => {
                let place = self.place(path, value);
                Some(Text { text: text.to_string(), place })
            }
            _ => {
                self.wrong_type(value, path, expected);
                None
            }
        }
    }

    /// An expression in quotes, or a finite number.
    fn expression(&mut self, path: &str, value: &Value<'_>, expected: &str) -> Option<Text> {
        match number_text(value.get_ref()) {
            Some(Ok(text)) => {
                let place = self.place(path, value);
                Some(Text { text, place })
            }
            Some(Err(number)) => {
                self.error(value.span(), format!("`{path}` is {number}"), "expected a finite number", "");
                None
            }
            None => self.text(path, value, expected),
        }
    }

    fn table<'t, 'i>(&mut self, name: &str, value: &'t Value<'i>, example: &str) -> Vec<(&'t Key<'i>, &'t Value<'i>)> {
        match value.get_ref() {
            DeValue::Table(table) => entries(table),
            _ => {
                self.wrong_type(value, name, &format!("a table such as {example}"));
                Vec::new()
            }
        }
    }

    fn tables<'t, 'i>(
        &mut self,
        name: &str,
        value: &'t Value<'i>,
    ) -> Vec<(Range<usize>, Vec<(&'t Key<'i>, &'t Value<'i>)>)> {
        let list = match value.get_ref() {
            DeValue::Array(list) => list,
            DeValue::Table(_) => {
                self.error(
                    value.span(),
                    format!("`[{name}]` stands alone"),
                    "",
                    format!("write [[{name}]], with two brackets: there may be several"),
                );
                return Vec::new();
            }
            _ => {
                self.wrong_type(value, name, &format!("tables, each under a line [[{name}]]"));
                return Vec::new();
            }
        };
        let mut tables = Vec::new();
        for item in list.iter() {
            match item.get_ref() {
                DeValue::Table(table) => tables.push((item.span(), entries(table))),
                _ => self.wrong_type(item, name, &format!("tables, each under a line [[{name}]]")),
            }
        }
        tables
    }

    fn words(&mut self, name: &str, value: &Value<'_>, expected: &str) -> Vec<Text> {
        let DeValue::Array(list) = value.get_ref() else {
            self.wrong_type(value, name, expected);
            return Vec::new();
        };
        let items: Vec<_> = list.iter().collect();
        items
            .iter()
            .enumerate()
            .filter_map(|(k, item)| self.text(&format!("{name}[{}]", k + 1), item, expected))
            .collect()
    }

    fn top(&mut self, table: &DeTable<'_>) {
        let mut known: Vec<&str> = TOP.to_vec();
        known.push("uncoupled");
        for (key, value) in entries(table) {
            match key.get_ref().as_ref() {
                field @ ("name" | "description" | "reference" | "frame" | "time_unit") => {
                    let Some(text) = self.text(field, value, "a text in quotes") else { continue };
                    let text = text.text.split_whitespace().collect::<Vec<_>>().join(" ");
                    let source = &mut self.document.source;
                    match field {
                        "name" => source.name = text,
                        "description" => source.description = text,
                        "reference" => source.reference = text,
                        "frame" => source.frame = text,
                        _ => source.time_unit = text,
                    }
                }
                "oscillators" => {
                    self.document.source.oscillators =
                        self.words("oscillators", value, "a list of modes, such as [\"b1\", \"b2\"]")
                }
                "measures" => {
                    self.document.source.measures =
                        self.words("measures", value, "a list of measures, such as [\"complete_sync(b1,b2)\"]");
                }
                "transforms" => {
                    self.document.source.transforms = self.words(
                        "transforms",
                        value,
                        "a list of transformations, such as [\"holstein_primakoff(s, 1)\"]",
                    );
                }
                "modes" => self.modes(value),
                "parameters" => self.parameters(value),
                "networks" => self.networks(value),
                "hamiltonian" => {
                    self.document.source.hamiltonian =
                        self.terms("hamiltonian", value, "[hamiltonian] H = \"omega*n(b1)\"")
                }
                "antihermitian" => {
                    self.document.source.antihermitian =
                        self.terms("antihermitian", value, "[antihermitian] Hc = \"k/2*(dag(a1)*a2 + h.c.)\"")
                }
                "variants" => self.variants(value),
                "definitions" => {
                    self.document.source.definitions =
                        self.terms("definitions", value, "[definitions] S = \"g1*b1 + g2*b2\"")
                }
                "equations" => {
                    self.document.source.equations =
                        self.terms("equations", value, "[equations] b1 = \"-i*omega*b1 - gamma/2*b1\"")
                }
                "fluctuations" => {
                    self.document.source.fluctuations = self.elements(
                        "fluctuations",
                        value,
                        "[fluctuations] b1 = { b1 = \"-gamma/2\", \"dag(b1)\" = \"r\" }",
                    )
                }
                "diffusion" => {
                    self.document.source.diffusion =
                        self.elements("diffusion", value, "[diffusion] b1 = { \"dag(b1)\" = \"gamma*(n_m + 1/2)\" }")
                }
                "jump" => self.jumps(value),
                "bath" => self.baths(value),
                "start" => self.start(value),
                "correlate" => self.correlations(value),
                "uncoupled" => {
                    for (key, value) in self.table("uncoupled", value, "[uncoupled] mu = 0") {
                        let path = format!("uncoupled.{}", key.get_ref());
                        let name = self.key(&format!("{path} (name)"), key);
                        if let Some(text) = self.expression(&path, value, "a number or an expression in quotes") {
                            self.document.source.uncoupled.push((name, text));
                        }
                    }
                }
                _ => self.unknown_key(key, "a model file", &known),
            }
        }
    }

    fn modes(&mut self, value: &Value<'_>) {
        for (key, value) in self.table("modes", value, "[modes] b1 = \"boson\"") {
            let path = format!("modes.{}", key.get_ref());
            let name = self.key(&format!("{path} (name)"), key);
            if let Some(kind) = self.text(&path, value, "the kind of mode, \"boson\"") {
                self.document.source.modes.push(ModeSource { name, kind });
            }
        }
    }

    fn parameters(&mut self, value: &Value<'_>) {
        const EXPECTED: &str = "a number, an expression in quotes or { value = …, unit = \"…\", note = \"…\" }";
        for (key, value) in self.table("parameters", value, "[parameters] kappa = 0.15") {
            let path = format!("parameters.{}", key.get_ref());
            let name = self.key(&format!("{path} (name)"), key);
            let mut parameter =
                ParameterSource { name, value: Text::default(), unit: String::new(), note: String::new() };
            let DeValue::Table(table) = value.get_ref() else {
                if let Some(text) = self.expression(&path, value, EXPECTED) {
                    parameter.value = text;
                    self.document.source.parameters.push(parameter);
                }
                continue;
            };
            let mut given = None;
            for (inner, value) in entries(table) {
                let path = format!("{path}.{}", inner.get_ref());
                match inner.get_ref().as_ref() {
                    "value" => given = Some(self.expression(&path, value, "a number or an expression in quotes")),
                    "unit" => {
                        parameter.unit = self.text(&path, value, "a text in quotes").map(|t| t.text).unwrap_or_default()
                    }
                    "note" => {
                        parameter.note = self.text(&path, value, "a text in quotes").map(|t| t.text).unwrap_or_default()
                    }
                    _ => self.unknown_key(inner, "a parameter", &["value", "unit", "note"]),
                }
            }
            match given {
                Some(Some(text)) => {
                    parameter.value = text;
                    self.document.source.parameters.push(parameter);
                }
                Some(None) => {}
                None => self.error(
                    key.span(),
                    format!("the parameter `{}` has no value", key.get_ref()),
                    format!("expected {EXPECTED}"),
                    "",
                ),
            }
        }
    }

    fn networks(&mut self, value: &Value<'_>) {
        for (key, value) in self.table("networks", value, "[networks] links = \"ring(N)\"") {
            let path = format!("networks.{}", key.get_ref());
            let name = self.key(&format!("{path} (name)"), key);
            let links = match value.get_ref() {
                DeValue::Table(table) => self.links(&path, value.span(), &entries(table)),
                _ => self
                    .text(
                        &path,
                        value,
                        "a rule such as \"ring(N)\", or { csv = \"…\" }, { adjacency = [[…]] }, { edges = [[…]] }",
                    )
                    .map(LinksSource::Rule),
            };
            if let Some(links) = links {
                self.document.source.networks.push(NetworkSource { name, links });
            }
        }
    }

    fn links(&mut self, path: &str, span: Range<usize>, table: &[(&Key<'_>, &Value<'_>)]) -> Option<LinksSource> {
        let mut options = Options::default();
        let mut from: Option<(&Key<'_>, &Value<'_>)> = None;
        for (key, value) in table {
            let field = format!("{path}.{}", key.get_ref());
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("csv" | "adjacency" | "edges", _) => {
                    if from.replace((key, value)).is_some() {
                        self.error(
                            key.span(),
                            "a network is given in two ways",
                            "",
                            "keep one of csv, adjacency and edges",
                        );
                        return None;
                    }
                }
                ("format", DeValue::String(text)) => match text.as_ref() {
                    "matrix" => options.format = Some(Format::Matrix),
                    "edges" => options.format = Some(Format::Edges),
                    _ => {
                        self.error(
                            value.span(),
                            format!("`{text}` is no format of a table"),
                            "",
                            "write \"matrix\" or \"edges\"",
                        );
                        return None;
                    }
                },
                ("format", _) => {
                    self.wrong_type(value, &field, "\"matrix\" or \"edges\"");
                    return None;
                }
                ("directed", DeValue::Boolean(directed)) => options.directed = *directed,
                ("directed", _) => {
                    self.wrong_type(value, &field, "true or false");
                    return None;
                }
                (name @ ("first" | "size"), found) => {
                    let whole =
                        number(found).filter(|x| x.fract() == 0.0 && (0.0..1e9).contains(x)).map(|x| x as usize);
                    let Some(whole) = whole.filter(|&x| name != "first" || x <= 1) else {
                        self.wrong_type(value, &field, if name == "first" { "0 or 1" } else { "a whole number" });
                        return None;
                    };
                    if name == "first" {
                        options.first = Some(whole);
                    } else {
                        options.size = Some(whole);
                    }
                }
                _ => {
                    self.unknown_key(
                        key,
                        "a network",
                        &["csv", "adjacency", "edges", "format", "directed", "first", "size"],
                    );
                    return None;
                }
            }
        }
        let Some((key, value)) = from else {
            self.error(span, "this network has no links", "expected an entry csv, adjacency or edges", "");
            return None;
        };
        let name = key.get_ref().to_string();
        let place = self.place(&format!("{path}.{name}"), value);
        let read = if name == "csv" {
            self.csv(&format!("{path}.csv"), value, options)?
        } else {
            options.format = Some(if name == "edges" { Format::Edges } else { Format::Matrix });
            self.inline(&format!("{path}.{name}"), value, options)?
        };
        Some(LinksSource::List { size: read.size, entries: read.entries, place })
    }

    /// The path and the text of a file that the model file names.
    fn attached(&mut self, value: &Value<'_>, name: &str) -> Option<(PathBuf, Arc<str>)> {
        let Some(folder) = self.folder else {
            self.error(
                value.span(),
                "there is no folder to look for this file in",
                "",
                "give its numbers in the model file",
            );
            return None;
        };
        let path = folder.join(name);
        let table: Arc<str> = match super::read_text(&path) {
            Ok(table) => table.into(),
            Err(problem) => {
                self.error(value.span(), format!("`{}` cannot be read: {}", path.display(), problem.0), "", problem.1);
                return None;
            }
        };
        self.document.attachments.push((path.clone(), table.clone()));
        Some((path, table))
    }

    fn csv(&mut self, field: &str, value: &Value<'_>, options: Options) -> Option<Adjacency> {
        let name = self.text(field, value, "the name of a CSV file")?.text;
        let (path, table) = self.attached(value, &name)?;
        match adjacency::parse(&table, options) {
            Ok(read) => Some(read),
            Err(error) => {
                let pointer =
                    Pointer { path: path.display().to_string(), text: table, span: error.span, label: String::new() };
                let mut diagnostic = Diagnostic::error(error.message).with_pointer(pointer);
                diagnostic.help = error.help;
                self.errors.push(diagnostic);
                None
            }
        }
    }

    /// A list of lists in the file itself: written out as a table and read by the same rules, then shown at its own place.
    fn inline(&mut self, field: &str, value: &Value<'_>, options: Options) -> Option<Adjacency> {
        const EXPECTED: &str = "a list of rows of numbers, such as [[0, 1], [1, 0]]";
        let DeValue::Array(rows) = value.get_ref() else {
            self.wrong_type(value, field, EXPECTED);
            return None;
        };
        let mut table = String::new();
        let mut cells: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        for row in rows.iter() {
            let DeValue::Array(list) = row.get_ref() else {
                self.wrong_type(row, field, EXPECTED);
                return None;
            };
            for (k, cell) in list.iter().enumerate() {
                let Some(number) = number(cell.get_ref()) else {
                    self.wrong_type(cell, field, "a number");
                    return None;
                };
                if k > 0 {
                    table.push(',');
                }
                let from = table.len();
                table.push_str(&format!("{number:?}"));
                cells.push((from..table.len(), cell.span()));
            }
            table.push('\n');
        }
        match adjacency::parse(&table, options) {
            Ok(read) => Some(read),
            Err(error) => {
                let touched = cells
                    .iter()
                    .filter(|(at, _)| at.start < error.span.end.max(error.span.start + 1) && at.end > error.span.start);
                let span =
                    touched.map(|(_, s)| s.clone()).reduce(|a, b| a.start..b.end).unwrap_or_else(|| value.span());
                self.error(span, error.message, "", error.help.unwrap_or_default());
                None
            }
        }
    }

    fn terms(&mut self, table: &str, value: &Value<'_>, example: &str) -> Vec<TermSource> {
        let mut terms = Vec::new();
        for (key, value) in self.table(table, value, example) {
            let path = format!("{table}.{}", key.get_ref());
            let name = self.key(&format!("{path} (name)"), key);
            if let Some(expression) = self.expression(&path, value, "an expression in quotes") {
                terms.push(TermSource { name, expression });
            }
        }
        terms
    }

    /// An amplitude, or a table of amplitude, occupation, squeezing and angle, for each boson; a table of x, y and z for each spin.
    fn start(&mut self, value: &Value<'_>) {
        const NUMBER: &str = "a number or an expression in quotes";
        for (key, value) in self.table("start", value, "[start] b1 = \"1 + 0.5*i\"") {
            let path = format!("start.{}", key.get_ref());
            let mode = self.key(&format!("{path} (name)"), key);
            let mut start = StartSource { mode, ..StartSource::default() };
            if let DeValue::Table(table) = value.get_ref() {
                for (inner, value) in entries(table) {
                    let field = inner.get_ref().as_ref();
                    let place = format!("{path}.{field}");
                    let target = match field {
                        "amplitude" => &mut start.amplitude,
                        "occupation" => &mut start.occupation,
                        "squeezing" => &mut start.squeezing,
                        "angle" => &mut start.angle,
                        "x" => &mut start.bloch[0],
                        "y" => &mut start.bloch[1],
                        "z" => &mut start.bloch[2],
                        _ => {
                            let known = ["amplitude", "occupation", "squeezing", "angle", "x", "y", "z"];
                            self.unknown_key(inner, "a start", &known);
                            continue;
                        }
                    };
                    *target = self.expression(&place, value, NUMBER);
                }
            } else {
                start.amplitude =
                    self.expression(&path, value, "a number, an expression in quotes or { occupation = … }");
            }
            self.document.source.start.push(start);
        }
    }

    fn jumps(&mut self, value: &Value<'_>) {
        for (k, (span, table)) in self.tables("jump", value).into_iter().enumerate() {
            let path = |field: &str| format!("jump[{}].{field}", k + 1);
            let (mut operator, mut each, mut kept, mut label, mut given) = (None, None, None, String::new(), false);
            let mut members = false;
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "L" => {
                        given = true;
                        operator = self.expression(&path("L"), value, "an expression in quotes");
                    }
                    "for" => {
                        each = self.text(&path("for"), value, "a text such as \"j in 1..N\" or \"(j,k) in links\"")
                    }
                    "label" => {
                        label = self.text(&path("label"), value, "a text in quotes").map(|t| t.text).unwrap_or_default()
                    }
                    "kept" => kept = self.expression(&path("kept"), value, "a number or an expression in quotes"),
                    "members" => match value.get_ref() {
                        DeValue::Boolean(all) => members = *all,
                        _ => self.error(value.span(), "`members` is true or false", "", "write  members = true"),
                    },
                    _ => self.unknown_key(key, "[[jump]]", &["L", "for", "kept", "members", "label"]),
                }
            }
            match operator {
                Some(operator) => self.document.source.jumps.push(JumpSource { operator, each, kept, members, label }),
                None if given => {}
                None => self.error(
                    span,
                    "this [[jump]] has no operator",
                    "",
                    "give it an entry such as  L = \"sqrt(2*kappa)*a1\"",
                ),
            }
        }
    }

    fn baths(&mut self, value: &Value<'_>) {
        for (k, (span, table)) in self.tables("bath", value).into_iter().enumerate() {
            let path = |field: &str| format!("bath[{}].{field}", k + 1);
            if table.iter().any(|(key, _)| ["coupling", "density", "temperature"].contains(&key.get_ref().as_ref())) {
                self.structured(k, span, table);
                continue;
            }
            let (mut on, mut each, mut rate, mut occupation, mut momentum, mut label) =
                (None, None, None, None, None, String::new());
            let mut given: Vec<String> = Vec::new();
            for (key, value) in table {
                let field = key.get_ref().as_ref();
                given.push(field.to_owned());
                match field {
                    "on" => on = self.text(&path("on"), value, "the name of a mode in quotes"),
                    "for" => each = self.text(&path("for"), value, "a text such as \"j in 1..N\""),
                    "rate" => rate = self.expression(&path("rate"), value, "a number or an expression in quotes"),
                    "occupation" => {
                        occupation = self.expression(&path("occupation"), value, "a number or an expression in quotes")
                    }
                    "momentum" => {
                        momentum = self.expression(&path("momentum"), value, "a number or an expression in quotes")
                    }
                    "label" => {
                        label = self.text(&path("label"), value, "a text in quotes").map(|t| t.text).unwrap_or_default()
                    }
                    _ => self.unknown_key(key, "[[bath]]", &["on", "for", "rate", "occupation", "momentum", "label"]),
                }
            }
            for needed in ["on", "rate", "occupation"] {
                if !given.iter().any(|g| g == needed) {
                    let help = "a bath has the entries  on = \"b1\",  rate = \"2*gamma\"  and  occupation = \"n_b\"; one with a spectral density \
                                has  coupling, temperature  and  density";
                    self.error(span.clone(), format!("this [[bath]] has no entry `{needed}`"), "", help);
                }
            }
            if let (Some(on), Some(rate), Some(occupation)) = (on, rate, occupation) {
                self.document.source.baths.push(BathSource { on, each, rate, occupation, momentum, label });
            }
        }
    }

    /// A bath with a spectral density.
    fn structured(&mut self, k: usize, span: Range<usize>, table: Vec<(&Key<'_>, &Value<'_>)>) {
        const NUMBER: &str = "a number or an expression in quotes";
        const KNOWN: [&str; 12] = [
            "coupling",
            "temperature",
            "density",
            "strength",
            "cutoff",
            "exponent",
            "shape",
            "frequency",
            "width",
            "table",
            "for",
            "label",
        ];
        let path = |field: &str| format!("bath[{}].{field}", k + 1);
        let mut bath = StructuredSource::default();
        let mut given: Vec<String> = Vec::new();
        let faults = self.errors.len();
        for (key, value) in table {
            let field = key.get_ref().as_ref();
            let place = path(field);
            given.push(field.to_owned());
            match field {
                "coupling" => {
                    bath.coupling = self.text(&place, value, "an expression in quotes").unwrap_or_default();
                }
                "temperature" => bath.temperature = self.expression(&place, value, NUMBER).unwrap_or_default(),
                "density" => {
                    bath.density = self
                        .text(&place, value, "\"ohmic\", \"drude\", \"exponential\", \"peak\" or \"table\"")
                        .unwrap_or_default();
                }
                "strength" => bath.strength = self.expression(&place, value, NUMBER),
                "cutoff" => bath.cutoff = self.expression(&place, value, NUMBER),
                "exponent" => bath.exponent = self.expression(&place, value, NUMBER),
                "shape" => bath.shape = self.expression(&place, value, NUMBER),
                "frequency" => bath.frequency = self.expression(&place, value, NUMBER),
                "width" => bath.width = self.expression(&place, value, NUMBER),
                "table" => bath.table = self.points(&place, value),
                "for" => bath.each = self.text(&place, value, "a text such as \"j in 1..N\""),
                "label" => {
                    bath.label = self.text(&place, value, "a text in quotes").map(|t| t.text).unwrap_or_default()
                }
                _ => self.unknown_key(key, "a [[bath]] with a spectral density", &KNOWN),
            }
        }
        for needed in ["coupling", "temperature", "density"] {
            if !given.iter().any(|g| g == needed) {
                let help = "a bath with a spectral density has the entries  coupling = \"q(A)/sqrt(omega_A)\",  temperature = \"T\",  \
                            density = \"drude\"  and what that density needs";
                self.error(span.clone(), format!("this [[bath]] has no entry `{needed}`"), "", help);
            }
        }
        if self.errors.len() == faults {
            self.document.source.structured.push(bath);
        }
    }

    /// Points of a spectral density: in the file, or in a CSV file with two columns.
    fn points(&mut self, field: &str, value: &Value<'_>) -> Option<DensitySource> {
        const EXPECTED: &str = "a list of pairs [[omega, J], …], or the name of a CSV file with two columns";
        let place = self.place(field, value);
        let mut points = Vec::new();
        match value.get_ref() {
            DeValue::Array(rows) => {
                for row in rows.iter() {
                    let pair = match row.get_ref() {
                        DeValue::Array(cells) if cells.len() == 2 => {
                            let cells: Vec<_> = cells.iter().map(|c| number(c.get_ref())).collect();
                            cells[0].zip(cells[1])
                        }
                        _ => None,
                    };
                    let Some(pair) = pair else {
                        self.wrong_type(row, field, "a pair of numbers [omega, J]");
                        return None;
                    };
                    points.push(pair);
                }
            }
            DeValue::String(name) => {
                let (_, text) = self.attached(value, name)?;
                for (k, line) in text.lines().enumerate() {
                    let line = line.trim();
                    if line.is_empty() || line.starts_with('#') {
                        continue;
                    }
                    let cells: Vec<&str> = line.split([',', ';', '\t', ' ']).filter(|c| !c.is_empty()).collect();
                    match cells.iter().map(|c| c.parse()).collect::<Result<Vec<f64>, _>>().as_deref() {
                        Ok([omega, density]) => points.push((*omega, *density)),
                        // A first line of words names the columns.
                        Err(_) if points.is_empty() && cells.iter().all(|c| c.parse::<f64>().is_err()) => {}
                        _ => {
                            let title = format!("line {} of `{name}` is no pair of numbers", k + 1);
                            self.error(value.span(), title, "", "a table has two columns: the frequency and J");
                            return None;
                        }
                    }
                }
            }
            _ => {
                self.wrong_type(value, field, EXPECTED);
                return None;
            }
        }
        Some(DensitySource { points, place })
    }
}
