//! Model files: TOML with places, the tables of numbers they name, the built-in models, and errors that point at the word.
//! Measured signals and tick lists: [`signals`].

mod adjacency;
mod builtin;
mod diagnostic;
mod places;
mod read;
pub mod signals;

pub use adjacency::{Adjacency, Format, Options, TableError};
pub use builtin::{BUILTINS, Builtin, builtin};
pub use diagnostic::{Diagnostic, Pointer, Severity};

use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use huygens::model::{Model, ModelError, ModelSource, Place, Text, nearest};

use places::{Places, Token};

/// Largest file that is read.
pub const MAX_FILE: u64 = 64 << 20;

/// Everything that is wrong with a model file or with values given for it. Displays as a report without colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// What is wrong, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl FileError {
    fn one(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic] }
    }

    /// The report as text; `color` adds terminal colours.
    pub fn render(&self, color: bool) -> String {
        const MOST: usize = 12;
        let mut parts: Vec<String> = self.diagnostics.iter().take(MOST).map(|d| d.render(color)).collect();
        if self.diagnostics.len() > MOST {
            parts.push(format!("… and {} more errors", self.diagnostics.len() - MOST));
        }
        parts.join("\n\n")
    }
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for FileError {}

impl From<Diagnostic> for FileError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::one(diagnostic)
    }
}

/// Where a model came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Compiled in.
    Builtin(&'static str),
    /// A file.
    File(PathBuf),
    /// A text handed over by a program.
    Text,
}

/// A model together with the text it was built from.
#[derive(Clone, Debug)]
pub struct LoadedModel {
    /// The model.
    pub model: Model,
    /// Its parts as text, to build it again with other values.
    pub source: ModelSource,
    /// Where it came from.
    pub origin: Origin,
    /// What its reports call it: the path or the name of the built-in model.
    pub path: String,
    /// The text of the model file.
    pub text: Arc<str>,
    /// The files it names, with their text.
    pub attachments: Vec<(PathBuf, Arc<str>)>,
    /// The values given when it was built.
    pub overrides: Vec<(String, String)>,
    /// What the reader should know although the model can be used.
    pub warnings: Vec<Diagnostic>,
    places: Places,
}

/// Loads a built-in model by its name, or a model file by its path.
///
/// # Errors
/// A report of all that is wrong; see [`FileError`].
pub fn load(name_or_path: &str) -> Result<LoadedModel, FileError> {
    load_with(name_or_path, &[])
}

/// The same with some parameters given as text, as `-s NAME=VALUE` does; a value is a number or an expression in the other
/// parameters.
///
/// # Errors
/// As [`load`], and names that are no parameters of the model.
pub fn load_with(name_or_path: &str, overrides: &[(String, String)]) -> Result<LoadedModel, FileError> {
    if let Some(found) = builtin(name_or_path) {
        return assemble(Origin::Builtin(found.name), found.name, found.text.into(), None, overrides);
    }
    let path = Path::new(name_or_path);
    let text = match read_text(path) {
        Ok(text) => text,
        Err((problem, help)) => {
            let missing = !path.exists();
            let mut diagnostic = if missing {
                Diagnostic::error(format!("`{name_or_path}` is neither a file nor a built-in model"))
            } else {
                Diagnostic::error(format!("`{name_or_path}` cannot be read: {problem}"))
            };
            if !help.is_empty() {
                diagnostic = diagnostic.with_help(help);
            } else if missing {
                let names: Vec<&str> = BUILTINS.iter().map(|b| b.name).collect();
                diagnostic = diagnostic.with_help(match nearest(name_or_path, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("built-in models: {}", names.join(", ")),
                });
            }
            return Err(diagnostic.into());
        }
    };
    let folder = path.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
    assemble(Origin::File(path.to_owned()), name_or_path, text.into(), folder, overrides)
}

/// Reads a model from text; `folder` is where the tables of numbers it names are looked for.
///
/// # Errors
/// As [`load_with`].
pub fn parse(
    path: &str,
    text: &str,
    folder: Option<&Path>,
    overrides: &[(String, String)],
) -> Result<LoadedModel, FileError> {
    assemble(Origin::Text, path, text.into(), folder, overrides)
}

/// Splits `NAME=VALUE`.
///
/// # Errors
/// A text without `=`, without a name or without a value.
pub fn parse_override(text: &str) -> Result<(String, String), FileError> {
    let wrong = |title: String| {
        FileError::one(Diagnostic::error(title).with_help("write NAME=VALUE, such as mu=0.03 or Delta1=1.1*omega1"))
    };
    let Some((name, value)) = text.split_once('=') else {
        return Err(wrong(format!("`{text}` has no `=`")));
    };
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() {
        return Err(wrong(format!("`{text}` names no parameter")));
    }
    if value.is_empty() {
        return Err(wrong(format!("`{text}` gives `{name}` no value")));
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn assemble(
    origin: Origin,
    path: &str,
    text: Arc<str>,
    folder: Option<&Path>,
    overrides: &[(String, String)],
) -> Result<LoadedModel, FileError> {
    let document = read::read(path, &text, folder).map_err(|diagnostics| FileError { diagnostics })?;
    let mut source = document.source;
    if let Some(found) = variant(&source, path, &text, &document.places, folder, overrides) {
        return found;
    }
    if source.name.is_empty() {
        source.name = Path::new(path).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    }
    let placed = Placed { path, text: &text, places: &document.places, overrides };
    let model = build(&source, overrides)
        .map_err(|errors| FileError { diagnostics: errors.iter().map(|e| placed.diagnostic(e)).collect() })?;
    let warnings = model.warnings.iter().map(|w| placed.diagnostic(w)).collect();
    Ok(LoadedModel {
        model,
        source,
        origin,
        path: path.to_owned(),
        attachments: document.attachments,
        overrides: overrides.to_vec(),
        warnings,
        places: document.places,
        text,
    })
}

/// The name under which a transformation stands among the values given.
pub const TRANSFORM: &str = "transform";

/// The model with the values given, and after the transformations given beside its own.
fn build(source: &ModelSource, overrides: &[(String, String)]) -> Result<Model, Vec<ModelError>> {
    if source.parameters.iter().any(|p| p.name.text == TRANSFORM) || overrides.iter().all(|(name, _)| name != TRANSFORM)
    {
        return Model::build(source, overrides);
    }
    let (steps, values): (Vec<_>, Vec<_>) = overrides.iter().cloned().partition(|(name, _)| name == TRANSFORM);
    let mut source = source.clone();
    let steps = steps.into_iter().enumerate();
    source.transforms.extend(steps.map(|(k, (_, text))| Text::new(text, format!("given.{TRANSFORM}.{k}"))));
    Model::build(&source, &values)
}

/// The variant that the values given ask for with `variant=NAME`, where the model has any and no parameter of this name.
fn variant(
    source: &ModelSource,
    path: &str,
    text: &Arc<str>,
    places: &Places,
    folder: Option<&Path>,
    overrides: &[(String, String)],
) -> Option<Result<LoadedModel, FileError>> {
    let asked = overrides.iter().position(|(name, _)| name == "variant")?;
    if source.variants.is_empty() || source.parameters.iter().any(|p| p.name.text == "variant") {
        return None;
    }
    let (_, wanted) = &overrides[asked];
    let Some((_, model)) = source.variants.iter().find(|(name, _)| name.text == *wanted) else {
        let known: Vec<&str> = source.variants.iter().map(|(name, _)| name.text.as_str()).collect();
        let help = match nearest(wanted, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known.join(", ")),
        };
        let mut diagnostic = Diagnostic::error(format!("`{wanted}` is no variant of `{path}`")).with_help(help);
        diagnostic.pointer = Placed { path, text, places, overrides }.pointer(&Place::new("given.variant"), None);
        return Some(Err(diagnostic.into()));
    };
    let mut rest = overrides.to_vec();
    rest.remove(asked);
    let target = match (builtin(&model.text), folder) {
        // The model itself, by a name of its own.
        _ if model.text == path => path.to_owned(),
        (None, Some(folder)) => folder.join(&model.text).display().to_string(),
        _ => model.text.clone(),
    };
    Some(load_with(&target, &rest))
}

impl LoadedModel {
    /// The same model built again with these values given; they replace the ones it was built with.
    ///
    /// # Errors
    /// As [`load_with`].
    pub fn rebuild(&self, overrides: &[(String, String)]) -> Result<Self, FileError> {
        let placed = Placed { path: &self.path, text: &self.text, places: &self.places, overrides };
        let model = build(&self.source, overrides)
            .map_err(|errors| FileError { diagnostics: errors.iter().map(|e| placed.diagnostic(e)).collect() })?;
        let warnings = model.warnings.iter().map(|w| placed.diagnostic(w)).collect();
        Ok(Self { model, warnings, overrides: overrides.to_vec(), ..self.clone() })
    }

    /// An error of the library as a diagnostic that points into the model file.
    pub fn diagnostic(&self, error: &ModelError) -> Diagnostic {
        Placed { path: &self.path, text: &self.text, places: &self.places, overrides: &self.overrides }
            .diagnostic(error)
    }

    /// A message about some bytes of one of the model's texts, such as the second default measure (`measures[2]`).
    pub fn point(&self, place: &Place, span: Option<Range<usize>>, title: &str, help: Option<&str>) -> Diagnostic {
        let placed = Placed { path: &self.path, text: &self.text, places: &self.places, overrides: &self.overrides };
        let mut diagnostic = Diagnostic::error(title);
        diagnostic.pointer = placed.pointer(place, span.as_ref());
        diagnostic.help = help.map(str::to_owned);
        diagnostic
    }

    /// All that the numbers of a run depend on, as one text: the model file, the files it names and the values given. A hash of
    /// it tells whether two results come from the same model.
    pub fn identity(&self) -> String {
        let mut text = String::new();
        for piece in std::iter::once(&self.text).chain(self.attachments.iter().map(|(_, t)| t)) {
            text.push_str(&format!("{}\n", piece.len()));
            text.push_str(piece);
            text.push('\n');
        }
        for (name, value) in &self.overrides {
            text.push_str(&format!("{name}={value}\n"));
        }
        text
    }
}

/// What turns places of the library into lines and carets.
struct Placed<'a> {
    path: &'a str,
    text: &'a Arc<str>,
    places: &'a Places,
    overrides: &'a [(String, String)],
}

impl Placed<'_> {
    fn pointer(&self, place: &Place, within: Option<&Range<usize>>) -> Option<Pointer> {
        if let Some(token) = self.places.get(&place.0) {
            return Some(Pointer {
                path: self.path.into(),
                text: self.text.clone(),
                span: token.resolve(within),
                label: String::new(),
            });
        }
        // A value given from outside: shown as it was written.
        let name = place.0.strip_prefix("given.")?;
        let (name, on_value) = match name.strip_suffix(" (name)") {
            Some(name) => (name, false),
            None => (name, true),
        };
        // Of several of one name the number tells which.
        let (name, nth) = match name.rsplit_once('.') {
            Some((base, k)) => (base, k.parse().ok()?),
            None => (name, 0),
        };
        let (name, value) = self.overrides.iter().filter(|(n, _)| n == name).nth(nth)?;
        let text = format!("{name}={value}");
        let token = if on_value { Token::whole(name.len() + 1..text.len()) } else { Token::whole(0..name.len()) };
        let span = match within {
            Some(w) => {
                token.span.start + w.start
                    ..(token.span.start + w.end).min(token.span.end.max(token.span.start + w.start))
            }
            None => token.span,
        };
        Some(Pointer { path: "value given".into(), text: text.into(), span, label: String::new() })
    }

    fn diagnostic(&self, error: &ModelError) -> Diagnostic {
        let severity = if error.fault.is_warning() { Severity::Warning } else { Severity::Error };
        let pointer = error.place.as_ref().and_then(|place| self.pointer(place, error.span.as_ref()));
        Diagnostic { severity, title: error.fault.to_string(), pointer, help: error.help() }
    }
}

/// Reads a text file, with a reason and a cure where that fails.
fn read_text(path: &Path) -> Result<String, (String, String)> {
    if path.is_dir() {
        return Err(("it is a folder".into(), "name a model file (*.toml)".into()));
    }
    let file = std::fs::File::open(path).map_err(|e| (reason(&e), String::new()))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| (reason(&e), String::new()))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err((format!("it is larger than {} MB", MAX_FILE >> 20), "a model file is a short text".into()));
    }
    // A byte-order mark at the start is no part of the text.
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes[..at].iter().filter(|&&b| b == b'\n').count() + 1;
        (
            format!("it is not text: byte 0x{:02X} at position {at} (line {line}) is not UTF-8", bytes[at]),
            "a model file is TOML text in UTF-8".into(),
        )
    })
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}
