//! What can be wrong with a model, and what to do about it.

use std::ops::Range;

use super::network::NetworkError;
use super::source::Place;

/// One thing that is wrong with a model: where, what, and the cure.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelError {
    /// The piece of text it is about, if it is about one.
    pub place: Option<Place>,
    /// The bytes of that text it is about; `None` means the whole text.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub fault: Box<Fault>,
}

impl ModelError {
    /// An error about a whole piece of text.
    pub fn at(place: &Place, fault: Fault) -> Self {
        Self { place: Some(place.clone()), span: None, fault: Box::new(fault) }
    }

    /// An error about some bytes of a piece of text.
    pub fn within(place: &Place, span: Range<usize>, fault: Fault) -> Self {
        Self { place: Some(place.clone()), span: Some(span), fault: Box::new(fault) }
    }

    /// An error that has no place in the text.
    pub fn nowhere(fault: Fault) -> Self {
        Self { place: None, span: None, fault: Box::new(fault) }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        self.fault.help()
    }
}

impl std::fmt::Display for ModelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}", self.fault)?;
        if let Some(help) = self.help() {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ModelError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.fault)
    }
}

/// The kinds of fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The text cannot be read as an expression.
    #[error("{message}")]
    Expression {
        /// What is wrong.
        message: String,
        /// The cure, where the parser knows one.
        help: Option<String>,
    },
    /// A name that stands for nothing.
    #[error("there is no {what} named `{name}`")]
    Unknown {
        /// What was looked for, such as `parameter`.
        what: &'static str,
        /// The name.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
        /// All names there are.
        known: Vec<String>,
    },
    /// Two things of one name.
    #[error("the name `{name}` is given twice: as {first} and as {second}")]
    Duplicate {
        /// The name.
        name: String,
        /// The first use.
        first: &'static str,
        /// The second use.
        second: &'static str,
    },
    /// A name that expressions cannot use.
    #[error("`{name}` cannot be a name: {reason}")]
    BadName {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A mode of a kind there is not.
    #[error("`{kind}` is no kind of mode")]
    UnknownKind {
        /// The kind asked for.
        kind: String,
    },
    /// A model without modes.
    #[error("the model has no modes")]
    NoModes,
    /// A model in which nothing happens.
    #[error("the model has neither a Hamiltonian nor a jump: nothing moves")]
    NothingMoves,
    /// An array without members.
    #[error("the array `{array}` would have {length} members")]
    EmptyArray {
        /// The array.
        array: String,
        /// The length that came out.
        length: i64,
    },
    /// More modes than a covariance fits in memory.
    #[error("{} modes need {} for one covariance matrix of {}×{} numbers alone", short(*.modes), bytes(32.0 * modes * modes), short(2.0 * modes), short(2.0 * modes))]
    TooManyModes {
        /// Modes asked for.
        modes: f64,
        /// Most modes allowed.
        limit: usize,
    },
    /// More jumps or baths than can be held.
    #[error("{what} would be repeated {count} times: more than {limit}")]
    TooManyCopies {
        /// What is repeated.
        what: &'static str,
        /// How often.
        count: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A whole number was needed.
    #[error("{what} must be a whole number, here is {}", short(*.value))]
    NotInteger {
        /// What must be whole.
        what: String,
        /// What came out.
        value: f64,
    },
    /// Parameters defined by one another in a circle.
    #[error("parameters are defined by one another in a circle: {}", .names.join(" → "))]
    Circle {
        /// The names along the circle, the first one again at the end.
        names: Vec<String>,
    },
    /// A value that is not a finite number.
    #[error("{what} is {value}, not a finite number")]
    NotFinite {
        /// What it is.
        what: String,
        /// The value.
        value: f64,
    },
    /// A value that must be real.
    #[error("{what} must be real, here is {re} + {im}*i")]
    NotReal {
        /// What it is.
        what: String,
        /// Real part.
        re: f64,
        /// Imaginary part.
        im: f64,
    },
    /// A rate below zero.
    #[error("{what} is {value}: it must not be negative")]
    Negative {
        /// The rate or occupation.
        what: String,
        /// Its value.
        value: f64,
    },
    /// A Bloch vector outside of the sphere.
    #[error("the initial Bloch vector of `{name}` has the length {length}")]
    Bloch {
        /// The spin.
        name: String,
        /// Its length.
        length: f64,
    },
    /// A quantity that must be positive.
    #[error("{what} is 0: it must be positive")]
    Zero {
        /// The quantity.
        what: String,
    },
    /// A coefficient that has no value at these parameters.
    #[error("{what} has no value here: {message}")]
    Evaluation {
        /// What was evaluated.
        what: String,
        /// Why it has none.
        message: String,
    },
    /// A Hamiltonian that is not Hermitian.
    #[error("the Hamiltonian is not Hermitian: H − H† contains {remainder}")]
    NotHermitian {
        /// The first terms of H − H†.
        remainder: String,
    },
    /// Where a mode was expected, something else stands.
    #[error("expected the name of a mode, found `{found}`")]
    NotAMode {
        /// What stands there.
        found: String,
    },
    /// A range or sum that cannot be read.
    #[error("expected `j in 1..N` or `(j,k) in links`, found `{found}`")]
    BadEach {
        /// What stands there.
        found: String,
    },
    /// A network that cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A network rule that does not exist.
    #[error("`{rule}` is no rule for a network")]
    UnknownRule {
        /// What stands there.
        rule: String,
    },
    /// A parameter that fixes the size of the model cannot be rebound.
    #[error("`{name}` fixes the size of the model and cannot be rebound in place")]
    Structural {
        /// The parameter.
        name: String,
    },
    /// A covariance that is not symmetric.
    #[error("the covariance is not symmetric: its entry ({row}, {column}) is {}, and ({column}, {row}) is {}", .values[0], .values[1])]
    Asymmetric {
        /// Row, from 1.
        row: usize,
        /// Column.
        column: usize,
        /// Both entries.
        values: [f64; 2],
    },
    /// A covariance that violates the uncertainty relation.
    #[error("no quantum state has this covariance V: V + iΩ/2 has the eigenvalue {margin:.3e}, below 0")]
    Uncertainty {
        /// The smallest eigenvalue.
        margin: f64,
    },
    /// A parameter that nothing depends on.
    #[error("the parameter `{name}` is not used")]
    UnusedParameter {
        /// The parameter.
        name: String,
    },
    /// A mode that nothing acts on.
    #[error("nothing acts on the mode `{name}`: it keeps its state for ever")]
    IdleMode {
        /// The mode.
        name: String,
    },
}

impl Fault {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Fault::Expression { help, .. } => return help.clone(),
            Fault::Unknown { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Fault::Unknown { what, known, .. } if known.is_empty() => format!("the model declares no {what}"),
            Fault::Unknown { known, .. } => format!("there are: {}", list(known, 12)),
            Fault::Duplicate { .. } => "rename one of the two".into(),
            Fault::BadName { reason, .. }
                if reason.starts_with("expressions") || reason.starts_with("it is the name") =>
            {
                "choose another name".into()
            }
            Fault::BadName { .. } => "a name starts with a letter and goes on with letters, digits and `_`".into(),
            Fault::UnknownKind { .. } => "write \"boson\", or \"spin 1/2\" with the length of the spin".into(),
            Fault::NoModes => "declare one under [modes], such as  a = \"boson\"  or  \"a[1..N]\" = \"boson\"".into(),
            Fault::NothingMoves => "give [hamiltonian] an entry H = \"…\" or add a [[jump]] with L = \"…\"".into(),
            Fault::EmptyArray { .. } => "an array needs at least one member".into(),
            Fault::TooManyModes { limit, .. } => format!("models of up to {limit} modes are accepted"),
            Fault::TooManyCopies { .. } => "make the model smaller".into(),
            Fault::NotInteger { .. } => "sizes, ranges and indices are counted in whole numbers".into(),
            Fault::Circle { .. } => "give one of them a number".into(),
            Fault::NotFinite { .. } => "give it a finite number".into(),
            Fault::NotReal { .. } => {
                "parameters, rates and occupations are real; write `i` into the operators instead".into()
            }
            Fault::Negative { what, .. }
                if ["occupation", "size", "of the bath `"].iter().any(|w| what.contains(w)) =>
            {
                "give it a value of zero or more".into()
            }
            Fault::Zero { what } if what.contains("cutoff") => {
                "give it a positive value; a bath without a cut-off is  density = \"ohmic\"".into()
            }
            Fault::Zero { .. } => "give it a positive value".into(),
            Fault::Negative { what, .. } if what.contains("kept of the jump") => {
                "`kept` is the probability with which a run is kept after this jump: from 0 to 1".into()
            }
            Fault::Negative { .. } => {
                "a rate is the square of a jump's prefactor; for gain write the jump with dag(…) and a positive rate"
                    .into()
            }
            Fault::Bloch { .. } => "x, y and z are the components of ⟨J⟩/j: the sum of their squares is 1 at most".into(),
            Fault::NotHermitian { .. } => {
                "add the adjoint of this term, for instance by `+ h.c.` in brackets with the coupling".into()
            }
            Fault::NotAMode { .. } => "write a single mode such as `b1` or `b[j]`".into(),
            Fault::UnknownRule { .. } => {
                "write ring(N), ring(N, R), chain(N), star(N) or complete(N), or give an adjacency".into()
            }
            Fault::Asymmetric { .. } => "a covariance has each entry twice, mirrored at the diagonal".into(),
            Fault::Uncertainty { .. } => {
                "the order is q1, p1, q2, p2, …, and the vacuum has 1/2 on the diagonal: larger variances, or weaker correlations".into()
            }
            Fault::Structural { .. } => "build the model again with the new value".into(),
            Fault::Network(NetworkError::TooSmall { kind: "ring", .. }) => {
                "with fewer nodes a pair would be linked twice; use chain(N) for two".into()
            }
            Fault::Network(NetworkError::Loop { .. }) => {
                "write self-interaction as a term of its own, not as a link".into()
            }
            _ => return None,
        })
    }

    /// Whether the model can be used nevertheless.
    pub fn is_warning(&self) -> bool {
        matches!(self, Fault::UnusedParameter { .. } | Fault::IdleMode { .. })
    }
}

fn list(names: &[String], most: usize) -> String {
    let mut text = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > most {
        text.push_str(&format!(", … ({} in all)", names.len()));
    }
    text
}

/// A number that is short in print however large it is.
fn short(value: f64) -> String {
    if value.abs() < 1e15 { format!("{value}") } else { format!("{value:e}") }
}

/// A number of bytes for a reader, such as `3.2 GB`.
pub(crate) fn bytes(count: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    if count.is_nan() || count >= 1e28 {
        return "more memory than there is".into();
    }
    let mut value = count;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value >= 100.0 || unit == 0 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_units_a_reader_knows() {
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(3.2e9), "3.2 GB");
        let fault = Fault::TooManyModes { modes: 1e6, limit: 8000 };
        assert_eq!(
            fault.to_string(),
            "1000000 modes need 32.0 TB for one covariance matrix of 2000000×2000000 numbers alone"
        );
    }

    #[test]
    fn an_error_reads_as_place_fault_and_cure() {
        let fault =
            Fault::Unknown { what: "parameter", name: "kapa".into(), nearest: Some("kappa".into()), known: vec![] };
        let error = ModelError::at(&Place::new("jump[1].L"), fault);
        assert_eq!(error.to_string(), "jump[1].L: there is no parameter named `kapa` (did you mean `kappa`?)");
    }
}
