//! A measure as text: `complete_sync(b1,b2)`, `pearson(q(b[1]), q(b[5]))`, `period`.
//!
//! The grammar is one line, so the reader is one pass without recursion and without a failure other than [`MeasureError`]:
//!
//! ```text
//! request  = name [ "(" [ argument { "," argument } ] ")" ]
//! argument = mode | ("q" | "p" | "jx" | "jy" | "jz") "(" mode ")" | '"' label '"'
//! mode     = name [ "[" (integer | "*") "]" ]
//! ```

use std::fmt::Write as _;
use std::ops::Range;

use super::registry::{find, registry};
use super::{Definition, Signature};
use crate::model::nearest;

/// Longest text that is read as a measure, in bytes. Naming every mode of a large array fits; a slip of the hand does not.
const LONGEST: usize = 1 << 17;

/// Which of the two quadratures q = (a + a†)/√2 and p = (a − a†)/(i√2) of a boson, or which component of a spin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quadrature {
    /// Position-like, Re⟨a⟩ = ⟨q⟩/√2.
    Q,
    /// Momentum-like, Im⟨a⟩ = ⟨p⟩/√2.
    P,
    /// J_x.
    Jx,
    /// J_y.
    Jy,
    /// J_z.
    Jz,
}

impl Quadrature {
    /// All by the words of measures.
    const ALL: [(&'static str, Quadrature); 5] = [
        ("q", Quadrature::Q),
        ("p", Quadrature::P),
        ("jx", Quadrature::Jx),
        ("jy", Quadrature::Jy),
        ("jz", Quadrature::Jz),
    ];

    /// Row within the 2×2 block of its variable: 0 for q, J_x and J_z, 1 for p and J_y.
    pub fn row(self) -> usize {
        match self {
            Quadrature::Q | Quadrature::Jx | Quadrature::Jz => 0,
            Quadrature::P | Quadrature::Jy => 1,
        }
    }

    /// Whether it is a component of a spin.
    pub fn is_of_spin(self) -> bool {
        matches!(self, Quadrature::Jx | Quadrature::Jy | Quadrature::Jz)
    }
}

/// One argument of a measure, resolved to an index of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// A mode.
    Mode(usize),
    /// A quadrature of a mode.
    Quadrature(usize, Quadrature),
}

impl Argument {
    /// Index of the mode.
    pub fn mode(self) -> usize {
        match self {
            Argument::Mode(k) | Argument::Quadrature(k, _) => k,
        }
    }
}

/// A measure that was asked for: what it is and of which modes.
#[derive(Clone, Debug)]
pub struct Request {
    /// The text, exactly as asked; results stand under it.
    pub text: String,
    /// The measure.
    pub definition: &'static Definition,
    /// Its arguments. Where the text named none and the measure then means the oscillators, or all modes, they stand here.
    pub arguments: Vec<Argument>,
    /// The bath or jump whose events it counts, by its label.
    pub channel: Option<String>,
}

/// Why a text is not a measure of this model. [`span`](MeasureError::span) gives the bytes it is about.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// Nothing was asked.
    #[error("empty measure: write a name such as `period` or `complete_sync(b1,b2)`")]
    Empty,
    /// The text is far longer than any measure.
    #[error("a measure of {bytes} bytes: the longest that is read has {limit}")]
    TooLong {
        /// Length of the text.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The text does not follow the grammar.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// Where.
        span: Range<usize>,
        /// What may stand here.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A bracket was opened and not closed.
    #[error("`{bracket}` is never closed")]
    Unclosed {
        /// The opening bracket.
        span: Range<usize>,
        /// Which bracket.
        bracket: char,
    },
    /// No measure has this name.
    #[error("unknown measure `{name}`{}", meant(.nearest.as_deref()))]
    UnknownMeasure {
        /// The name.
        span: Range<usize>,
        /// As written.
        name: String,
        /// The nearest known name.
        nearest: Option<String>,
    },
    /// The model has no mode of this name.
    #[error("unknown mode `{name}`{}", meant(.nearest.as_deref()))]
    UnknownMode {
        /// The name.
        span: Range<usize>,
        /// As written.
        name: String,
        /// The nearest mode of the model.
        nearest: Option<String>,
        /// All modes of the model, abridged.
        known: String,
    },
    /// An array stands where one mode is needed.
    #[error("`{name}` is an array of {count} modes: name one of them, such as `{example}`")]
    Array {
        /// The name.
        span: Range<usize>,
        /// Name of the array.
        name: String,
        /// Its number of modes.
        count: usize,
        /// Its first mode.
        example: String,
    },
    /// `[*]` stands where one mode is needed.
    #[error("`{name}[*]` stands for many modes: name one of them, such as `{example}`")]
    Pattern {
        /// The argument.
        span: Range<usize>,
        /// Name of the array.
        name: String,
        /// Its first mode.
        example: String,
    },
    /// Too few or too many arguments.
    #[error("`{name}` takes {wanted}, {found} given: write `{usage}`")]
    Count {
        /// The arguments, or the name where there are none.
        span: Range<usize>,
        /// Name of the measure.
        name: &'static str,
        /// What it takes, in words.
        wanted: String,
        /// How many were given.
        found: usize,
        /// How to write it.
        usage: String,
    },
    /// A mode where a quadrature is needed, or the other way round.
    #[error("`{name}` takes {wanted}, not `{found}`: write `{usage}`")]
    Kind {
        /// The argument.
        span: Range<usize>,
        /// Name of the measure.
        name: &'static str,
        /// What it takes, in words.
        wanted: &'static str,
        /// What was given.
        found: String,
        /// How to write it.
        usage: String,
    },
    /// The same mode or quadrature twice, where that compares a thing with itself.
    #[error("`{argument}` stands twice in `{name}`: a mode compared with itself says nothing")]
    Repeated {
        /// The second of the two.
        span: Range<usize>,
        /// Name of the measure.
        name: &'static str,
        /// The argument.
        argument: String,
    },
    /// The model names fewer oscillators than the measure compares.
    #[error(
        "`{name}` without arguments is of the model's oscillators, and the model has {found} of them: name at least {least} modes, `{usage}`"
    )]
    Oscillators {
        /// The name.
        span: Range<usize>,
        /// Name of the measure.
        name: &'static str,
        /// Fewest modes it takes.
        least: usize,
        /// Oscillators of the model.
        found: usize,
        /// How to write it.
        usage: String,
    },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(": did you mean `{name}`?"))
}

impl MeasureError {
    /// The bytes of the text that the error is about.
    pub fn span(&self) -> Range<usize> {
        match self {
            MeasureError::Empty => 0..0,
            MeasureError::TooLong { limit, .. } => *limit..*limit,
            MeasureError::Syntax { span, .. }
            | MeasureError::Unclosed { span, .. }
            | MeasureError::UnknownMeasure { span, .. }
            | MeasureError::UnknownMode { span, .. }
            | MeasureError::Array { span, .. }
            | MeasureError::Pattern { span, .. }
            | MeasureError::Count { span, .. }
            | MeasureError::Kind { span, .. }
            | MeasureError::Repeated { span, .. }
            | MeasureError::Oscillators { span, .. } => span.clone(),
        }
    }

    /// A further line for the reader, where there is one: the names that are known.
    pub fn help(&self) -> Option<String> {
        match self {
            MeasureError::UnknownMeasure { .. } => {
                let names: Vec<&str> = registry().iter().map(|d| d.name).collect();
                Some(format!("known measures: {}", names.join(", ")))
            }
            MeasureError::UnknownMode { known, .. } => Some(format!("modes of this model: {known}")),
            _ => None,
        }
    }
}

/// Reads `text` as a measure of a model with these modes (names in the order of the phase space, members of arrays as
/// `b[3]`) and these oscillators (indices into `modes`).
///
/// # Errors
/// See [`MeasureError`]; every error names the bytes it is about and a cure.
pub fn resolve(text: &str, modes: &[String], oscillators: &[usize]) -> Result<Request, MeasureError> {
    let parsed = Parsed::read(text)?;
    let Some(definition) = find(parsed.name) else {
        let name = short(parsed.name);
        let nearest = nearest(parsed.name, registry().iter().map(|d| d.name)).map(str::to_owned);
        return Err(MeasureError::UnknownMeasure { span: parsed.name_span, name, nearest });
    };
    let signature = definition.signature;
    if signature == Signature::Channel {
        let [given] = parsed.arguments.as_slice() else {
            let span = parsed.list_span.unwrap_or(parsed.name_span);
            let (wanted, usage) = (signature.in_words(), definition.usage());
            let found = parsed.arguments.len();
            return Err(MeasureError::Count { span, name: definition.name, wanted, found, usage });
        };
        let label = if given.quoted { given.name } else { &text[given.span.clone()] };
        let channel = Some(label.to_owned());
        return Ok(Request { text: text.to_owned(), definition, arguments: Vec::new(), channel });
    }
    let many = matches!(signature, Signature::Oscillators(_) | Signature::AnyModes);
    let wants_quadratures = matches!(signature, Signature::Quadratures(_));

    let mut arguments = Vec::with_capacity(parsed.arguments.len());
    let mut spans = Vec::with_capacity(parsed.arguments.len());
    for given in &parsed.arguments {
        if !signature.takes_none() && (given.quoted || given.quadrature.is_some() != wants_quadratures) {
            let wanted = if wants_quadratures { "quadratures" } else { "modes" };
            let found = short(&text[given.span.clone()]);
            let usage = definition.usage();
            return Err(MeasureError::Kind { span: given.span.clone(), name: definition.name, wanted, found, usage });
        }
        let found = if signature.takes_none() { vec![0] } else { lookup(text, given, modes, many)? };
        for k in found {
            arguments.push(given.quadrature.map_or(Argument::Mode(k), |q| Argument::Quadrature(k, q)));
            spans.push(given.span.clone());
        }
    }

    let found = arguments.len();
    if arguments.is_empty() && matches!(signature, Signature::Oscillators(_)) {
        arguments.extend(oscillators.iter().map(|&k| Argument::Mode(k)));
        if let Signature::Oscillators(least) = signature
            && arguments.len() < least
        {
            let (span, usage) = (parsed.name_span, definition.usage());
            return Err(MeasureError::Oscillators {
                span,
                name: definition.name,
                least,
                found: arguments.len(),
                usage,
            });
        }
    } else if arguments.is_empty() && signature == Signature::AnyModes {
        arguments.extend((0..modes.len()).map(Argument::Mode));
    }
    if !signature.admits(arguments.len()) {
        let span = parsed.list_span.unwrap_or(parsed.name_span);
        let (wanted, usage) = (signature.in_words(), definition.usage());
        return Err(MeasureError::Count { span, name: definition.name, wanted, found, usage });
    }
    let mut seen = std::collections::HashSet::with_capacity(arguments.len());
    for (argument, span) in arguments.iter().zip(spans) {
        if !seen.insert(*argument) {
            let argument = short(&text[span.clone()]);
            return Err(MeasureError::Repeated { span, name: definition.name, argument });
        }
    }
    Ok(Request { text: text.to_owned(), definition, arguments, channel: None })
}

/// One request for each member of an array: `complete_sync(b[1], b[*])` gives `complete_sync(b[1], b[2])`,
/// `complete_sync(b[1], b[3])`, …, and `pearson(q(a[*]), q(b[*]))` runs through both arrays together. Members that would
/// compare a mode with itself are left out. A text without `[*]`, and a measure of any number of modes (in which `b[*]`
/// names all members at once), comes back as it is.
///
/// # Errors
/// As [`resolve`], as far as the text can be read without resolving it.
pub fn expand(text: &str, modes: &[String]) -> Result<Vec<String>, MeasureError> {
    let parsed = Parsed::read(text)?;
    let stars: Vec<&Given> = parsed.arguments.iter().filter(|a| a.index == Some(Index::Star)).collect();
    let lists =
        find(parsed.name).is_some_and(|d| matches!(d.signature, Signature::Oscillators(_) | Signature::AnyModes));
    if stars.is_empty() || lists {
        return Ok(vec![text.to_owned()]);
    }
    let mut texts = Vec::new();
    for first in members(stars[0].name, modes) {
        let index = &modes[first][stars[0].name.len()..];
        let mut result = String::with_capacity(text.len() + 8);
        let mut at = 0;
        for star in &stars {
            result.push_str(&text[at..star.mode_span.start]);
            let _ = write!(result, "{}{index}", star.name);
            at = star.mode_span.end;
        }
        result.push_str(&text[at..]);
        match resolve(&result, modes, &[]) {
            Err(MeasureError::Repeated { .. }) => {}
            _ => texts.push(result),
        }
    }
    if texts.is_empty() {
        lookup(text, stars[0], modes, true)?;
    }
    Ok(texts)
}

/// The modes that an argument names: one, or all members of an array where `many` may stand.
fn lookup(text: &str, given: &Given, modes: &[String], many: bool) -> Result<Vec<usize>, MeasureError> {
    let span = given.mode_span.clone();
    let wanted = match &given.index {
        None => given.name.to_owned(),
        Some(Index::Number(digits)) => format!("{}[{digits}]", given.name),
        Some(Index::Star) => String::new(),
    };
    if let Some(k) = modes.iter().position(|m| *m == wanted) {
        return Ok(vec![k]);
    }
    let array = members(given.name, modes);
    if !array.is_empty() && !matches!(given.index, Some(Index::Number(_))) {
        if many {
            return Ok(array);
        }
        let (name, example) = (given.name.to_owned(), modes[array[0]].clone());
        return Err(match given.index {
            None => MeasureError::Array { span, name, count: array.len(), example },
            _ => MeasureError::Pattern { span, name, example },
        });
    }
    let written = &text[span.clone()];
    // An index outside the array: offer the array's last member, not a mode of the same index in another array.
    let nearest = match array.last() {
        Some(&last) => Some(modes[last].clone()),
        None => nearest(if wanted.is_empty() { given.name } else { &wanted }, modes.iter().map(String::as_str))
            .map(str::to_owned),
    };
    Err(MeasureError::UnknownMode { span, name: short(written), nearest, known: abridged(modes) })
}

/// Indices of the modes `name[1]`, `name[2]`, ….
fn members(name: &str, modes: &[String]) -> Vec<usize> {
    let is_member = |m: &str| m.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'));
    (0..modes.len()).filter(|&k| is_member(&modes[k])).collect()
}

fn abridged(modes: &[String]) -> String {
    if modes.is_empty() {
        return "none".to_owned();
    }
    let shown = modes.iter().take(12).map(|m| short(m)).collect::<Vec<_>>().join(", ");
    if modes.len() > 12 { format!("{shown}, … ({} modes)", modes.len()) } else { shown }
}

/// At most 40 characters of a text that goes into a message.
fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Index {
    Number(String),
    Star,
}

#[derive(Clone, Debug)]
struct Given<'a> {
    quadrature: Option<Quadrature>,
    name: &'a str,
    index: Option<Index>,
    /// The whole argument.
    span: Range<usize>,
    /// The mode in it.
    mode_span: Range<usize>,
    /// A label in quotation marks.
    quoted: bool,
}

struct Parsed<'a> {
    name: &'a str,
    name_span: Range<usize>,
    arguments: Vec<Given<'a>>,
    /// From the opening to the closing bracket.
    list_span: Option<Range<usize>>,
}

impl<'a> Parsed<'a> {
    fn read(text: &'a str) -> Result<Self, MeasureError> {
        if text.len() > LONGEST {
            return Err(MeasureError::TooLong { bytes: text.len(), limit: LONGEST });
        }
        if text.trim().is_empty() {
            return Err(MeasureError::Empty);
        }
        let mut reader = Reader { text, at: 0 };
        let (name, name_span) = reader.name("the name of a measure")?;
        let mut arguments = Vec::new();
        let mut list_span = None;
        if let Some(open) = reader.take('(') {
            if reader.take(')').is_none() {
                loop {
                    arguments.push(reader.argument(&open)?);
                    if reader.take(',').is_none() {
                        break;
                    }
                }
                reader.close(')', &open, "`,` or `)`")?;
            }
            list_span = Some(open.start..reader.at);
        }
        reader.skip();
        if reader.at < text.len() {
            let expected = if list_span.is_some() { "nothing more" } else { "`(` or nothing more" };
            return Err(reader.unexpected(expected));
        }
        Ok(Parsed { name, name_span, arguments, list_span })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.at = self.text.len() - self.text[self.at..].trim_start().len();
    }

    fn take(&mut self, wanted: char) -> Option<Range<usize>> {
        self.skip();
        self.text[self.at..].starts_with(wanted).then(|| {
            let start = self.at;
            self.at += wanted.len_utf8();
            start..self.at
        })
    }

    fn close(&mut self, bracket: char, open: &Range<usize>, expected: &str) -> Result<(), MeasureError> {
        if self.take(bracket).is_some() {
            return Ok(());
        }
        if self.at == self.text.len() {
            return Err(self.unclosed(open));
        }
        Err(self.unexpected(expected))
    }

    fn unclosed(&self, open: &Range<usize>) -> MeasureError {
        let bracket = self.text[open.start..].chars().next().unwrap_or('(');
        MeasureError::Unclosed { span: open.clone(), bracket }
    }

    fn unexpected(&self, expected: &str) -> MeasureError {
        let found = self.text[self.at..].chars().next();
        let span = self.at..self.at + found.map_or(0, char::len_utf8);
        let found = found.map_or_else(|| "the end".to_owned(), |c| format!("`{}`", c.escape_debug()));
        MeasureError::Syntax { span, expected: expected.to_owned(), found }
    }

    fn name(&mut self, expected: &str) -> Result<(&'a str, Range<usize>), MeasureError> {
        self.skip();
        let rest = &self.text[self.at..];
        let is_first = |c: char| c.is_alphabetic() || c == '_';
        let is_next = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
        if !rest.starts_with(is_first) {
            return Err(self.unexpected(expected));
        }
        let length = rest.find(|c| !is_next(c)).unwrap_or(rest.len());
        let start = self.at;
        self.at += length;
        Ok((&rest[..length], start..self.at))
    }

    fn argument(&mut self, list: &Range<usize>) -> Result<Given<'a>, MeasureError> {
        self.skip();
        if self.at == self.text.len() {
            return Err(self.unclosed(list));
        }
        if let Some(open) = self.take('"') {
            let Some(length) = self.text[self.at..].find('"') else { return Err(self.unclosed(&open)) };
            let label = open.end..open.end + length;
            self.at = label.end + 1;
            let (name, span) = (&self.text[label], open.start..self.at);
            return Ok(Given { quadrature: None, name, index: None, mode_span: span.clone(), span, quoted: true });
        }
        let (name, name_span) = self.name("a mode such as `b1`, or a quadrature such as `q(b1)`")?;
        let Some(open) = self.take('(') else {
            let (index, mode_span) = self.index(&name_span)?;
            let span = mode_span.clone();
            return Ok(Given { quadrature: None, name, index, span, mode_span, quoted: false });
        };
        let Some(&(_, quadrature)) = Quadrature::ALL.iter().find(|(word, _)| *word == name) else {
            let (expected, found) = ("`q(…)`, `p(…)` or a mode".to_owned(), format!("`{}(`", short(name)));
            return Err(MeasureError::Syntax { span: name_span.start..open.end, expected, found });
        };
        self.skip();
        if self.at == self.text.len() {
            return Err(self.unclosed(&open));
        }
        let (mode, mode_name_span) = self.name("a mode such as `b1`")?;
        let (index, mode_span) = self.index(&mode_name_span)?;
        self.close(')', &open, "`)`")?;
        let span = name_span.start..self.at;
        Ok(Given { quadrature: Some(quadrature), name: mode, index, span, mode_span, quoted: false })
    }

    /// The index after a name, if there is one, and the span of both.
    fn index(&mut self, name: &Range<usize>) -> Result<(Option<Index>, Range<usize>), MeasureError> {
        let Some(open) = self.take('[') else {
            return Ok((None, name.clone()));
        };
        self.skip();
        let rest = &self.text[self.at..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let index = if self.take('*').is_some() {
            Index::Star
        } else if rest.is_empty() {
            return Err(self.unclosed(&open));
        } else if digits == 0 {
            return Err(self.unexpected("an index such as `1`"));
        } else {
            self.at += digits;
            let significant = rest[..digits].trim_start_matches('0');
            Index::Number(if significant.is_empty() { "0".to_owned() } else { significant.to_owned() })
        };
        self.close(']', &open, "`]`")?;
        Ok((Some(index), name.start..self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn modes() -> Vec<String> {
        ["a1", "b1", "a2", "b2"].into_iter().map(String::from).collect()
    }

    fn ring() -> Vec<String> {
        (1..=5).map(|j| format!("a[{j}]")).chain((1..=5).map(|j| format!("b[{j}]"))).collect()
    }

    fn ask(text: &str) -> Result<Request, MeasureError> {
        resolve(text, &modes(), &[1, 3])
    }

    #[test]
    fn text_is_kept_and_modes_are_resolved() {
        let request = ask(" complete_sync( b1 ,b2)").unwrap();
        assert_eq!(request.text, " complete_sync( b1 ,b2)");
        assert_eq!(request.definition.name, "complete_sync");
        assert_eq!(request.arguments, [Argument::Mode(1), Argument::Mode(3)]);

        let request = ask("pearson(q(b1),p(b1))").unwrap();
        assert_eq!(request.arguments, [Argument::Quadrature(1, Quadrature::Q), Argument::Quadrature(1, Quadrature::P)]);
        assert!(ask("period").unwrap().arguments.is_empty());
        assert!(ask("period()").unwrap().arguments.is_empty());
    }

    #[test]
    fn no_argument_means_the_oscillators_or_all_modes() {
        assert_eq!(ask("order_parameter").unwrap().arguments, [Argument::Mode(1), Argument::Mode(3)]);
        assert_eq!(ask("purity").unwrap().arguments.len(), 4);
        assert_eq!(ask("entropy(b1)").unwrap().arguments, [Argument::Mode(1)]);
        assert!(ask("entropy_flux").unwrap().arguments.is_empty());
        assert_eq!(ask("entropy_flux(b2)").unwrap().arguments, [Argument::Mode(3)]);
        let alone = resolve("order_parameter", &modes(), &[1]).unwrap_err();
        assert!(matches!(alone, MeasureError::Oscillators { least: 2, found: 1, .. }), "{alone}");
    }

    #[test]
    fn members_of_arrays() {
        let ask = |text| resolve(text, &ring(), &[5, 6, 7, 8, 9]);
        assert_eq!(ask("complete_sync(b[1], b[ 05 ])").unwrap().arguments, [Argument::Mode(5), Argument::Mode(9)]);
        assert_eq!(ask("purity(b)").unwrap().arguments.len(), 5);
        assert_eq!(ask("purity(b[*], a[1])").unwrap().arguments.len(), 6);
        assert_eq!(
            ask("radius(b)").unwrap_err().to_string(),
            "`b` is an array of 5 modes: name one of them, such as `b[1]`"
        );
        let outside = ask("radius(b[6])").unwrap_err();
        assert_eq!(outside.to_string(), "unknown mode `b[6]`: did you mean `b[5]`?");
        assert_eq!(outside.span(), 7..11);
    }

    #[test]
    fn patterns_expand() {
        let texts = expand("complete_sync(b[1], b[*])", &ring()).unwrap();
        assert_eq!(texts, (2..=5).map(|j| format!("complete_sync(b[1], b[{j}])")).collect::<Vec<_>>());
        let texts = expand("pearson(q(a[*]), q(b[ * ]))", &ring()).unwrap();
        assert_eq!(texts[2], "pearson(q(a[3]), q(b[3]))");
        assert_eq!(expand("purity(b[*])", &ring()).unwrap(), ["purity(b[*])"]);
        assert_eq!(expand("radius(c[*])", &ring()).unwrap_err().span(), 7..11);
        assert!(matches!(resolve("radius(b[*])", &ring(), &[]).unwrap_err(), MeasureError::Pattern { .. }));
    }

    /// What is said, about which bytes.
    #[test]
    fn errors_point_at_the_word() {
        let cases: &[(&str, &str, Range<usize>)] = &[
            ("complte_sync(b1,b2)", "unknown measure `complte_sync`: did you mean `complete_sync`?", 0..12),
            ("frobnicate", "unknown measure `frobnicate`", 0..10),
            ("radius(c1)", "unknown mode `c1`: did you mean `a1`?", 7..9),
            ("pearson(q(b1),q(bb2))", "unknown mode `bb2`: did you mean `b2`?", 16..19),
            ("complete_sync(b1)", "`complete_sync` takes 2 modes, 1 given: write `complete_sync(b1, b2)`", 13..17),
            ("complete_sync", "`complete_sync` takes 2 modes, 0 given: write `complete_sync(b1, b2)`", 0..13),
            ("period(b1)", "`period` takes no argument, 1 given: write `period`", 6..10),
            ("entropy_flux(b1,b2)", "`entropy_flux` takes at most 1 mode, 2 given: write `entropy_flux(b1)`", 12..19),
            (
                "order_parameter(b1)",
                "`order_parameter` takes at least 2 modes, 1 given: write `order_parameter(b1, b2, …)`",
                15..19,
            ),
            ("pearson(b1,b2)", "`pearson` takes quadratures, not `b1`: write `pearson(q(b1), q(b2))`", 8..10),
            ("radius(q(b1))", "`radius` takes modes, not `q(b1)`: write `radius(b1)`", 7..12),
            ("discord(b1, b1)", "`b1` stands twice in `discord`: a mode compared with itself says nothing", 12..14),
            ("radius(b1", "`(` is never closed", 6..7),
            ("pearson(q(b1", "`(` is never closed", 9..10),
            ("radius(b[1", "`[` is never closed", 8..9),
            ("radius(", "`(` is never closed", 6..7),
            ("radius(b1))", "expected nothing more, found `)`", 10..11),
            ("radius b1", "expected `(` or nothing more, found `b`", 7..8),
            ("radius(b1,)", "expected a mode such as `b1`, or a quadrature such as `q(b1)`, found `)`", 10..11),
            ("radius(x(b1))", "expected `q(…)`, `p(…)` or a mode, found `x(`", 7..9),
            ("radius(b[x])", "expected an index such as `1`, found `x`", 9..10),
            ("(b1)", "expected the name of a measure, found `(`", 0..1),
            ("  ", "empty measure: write a name such as `period` or `complete_sync(b1,b2)`", 0..0),
        ];
        for (text, message, span) in cases {
            let error = ask(text).unwrap_err();
            assert_eq!(error.to_string(), *message, "{text}");
            assert_eq!(error.span(), *span, "{text}");
        }
    }

    #[test]
    fn a_text_of_ten_megabytes_is_refused_in_few_words() {
        let text = "b".repeat(10_000_000);
        let error = ask(&text).unwrap_err();
        assert!(matches!(error, MeasureError::TooLong { .. }));
        let error = ask(&text[..100_000]).unwrap_err();
        assert!(error.to_string().len() < 200);
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in "\\PC{0,60}") {
            if let Err(error) = ask(&text) {
                prop_assert!(text.get(error.span()).is_some());
            }
            let _ = expand(&text, &ring());
        }

        #[test]
        fn random_pieces_never_panic(pieces in proptest::collection::vec(
            prop::sample::select(vec!["complete_sync", "purity", "pearson", "period", "(", ")", "[", "]", ",", "b1", "b2", "b",
                                      "1", "*", "q", "p", " ", "é", "\u{301}", "\n"]), 0..20)) {
            let text = pieces.concat();
            for (names, oscillators) in [(modes(), vec![1, 3]), (ring(), vec![]), (vec![], vec![])] {
                match resolve(&text, &names, &oscillators) {
                    Err(error) => prop_assert!(text.get(error.span()).is_some()),
                    Ok(request) => prop_assert!(request.definition.signature.admits(request.arguments.len())),
                }
                let _ = expand(&text, &names);
            }
        }
    }
}
