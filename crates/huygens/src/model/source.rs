//! A model as text: what a file, a command line or another language hands to [`Model::build`](super::Model::build).
//!
//! The library knows no files. Every piece of text carries an opaque [`Place`], and an error names the place and the bytes of
//! that text it is about; whoever made the source can turn both into a line and a caret.

/// Where a piece of text came from, as a path of field names such as `jump[2].L`. Opaque to the library.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub String);

impl Place {
    /// A place from a path of field names.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A piece of text with the place it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The text itself.
    pub text: String,
    /// Where it came from.
    pub place: Place,
}

impl Text {
    /// A text with its place.
    pub fn new(text: impl Into<String>, place: impl Into<String>) -> Self {
        Self { text: text.into(), place: Place::new(place) }
    }
}

/// A mode or an array of modes.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeSource {
    /// `b1`, or `b[1..N]` for an array; N may be an expression in structural parameters.
    pub name: Text,
    /// The kind of mode: `boson`, or `spin` with its length, `spin 1/2`, `spin N/2`.
    pub kind: Text,
}

/// A named parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSource {
    /// The name that expressions use.
    pub name: Text,
    /// Default value: a number, or an expression in other parameters.
    pub value: Text,
    /// Unit, in the words of the model; empty where none was given.
    pub unit: String,
    /// What the parameter means.
    pub note: String,
}

/// The links of a network.
#[derive(Clone, Debug, PartialEq)]
pub enum LinksSource {
    /// A rule: `ring(N)`, `ring(N, R)` (R neighbours on each side), `chain(N)`, `star(N)` (node 1 is the hub) or `complete(N)`.
    Rule(Text),
    /// A list of directed entries (from, to, weight), counted from 1, over `size` nodes. A link without a direction stands
    /// twice, once each way, with the same weight.
    List {
        /// Number of nodes.
        size: usize,
        /// Entries (from, to, weight), counted from 1.
        entries: Vec<(usize, usize, f64)>,
        /// Where the list came from.
        place: Place,
    },
}

/// A named network over the indices of arrays.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSource {
    /// The name that sums use: `sum((j,k) in links, …)`.
    pub name: Text,
    /// Its links.
    pub links: LinksSource,
}

/// One named term of the Hamiltonian; the terms are added.
#[derive(Clone, Debug, PartialEq)]
pub struct TermSource {
    /// Name of the term.
    pub name: Text,
    /// The expression.
    pub expression: Text,
}

/// A jump operator, or one for each value of indices.
#[derive(Clone, Debug, PartialEq)]
pub struct JumpSource {
    /// The operator L of D\[L\]ρ = LρL† − ½{L†L, ρ}.
    pub operator: Text,
    /// `j in 1..N` or `(j,k) in links`: one jump for each.
    pub each: Option<Text>,
    /// The probability q with which a run is kept after each of these jumps; 1 where nothing is given.
    pub kept: Option<Text>,
    /// Whether each member of the ensemble that the operator acts on has this jump.
    pub members: bool,
    /// A name for tables; empty where none was given.
    pub label: String,
}

/// A thermal bath on a mode: the pair of jumps √(γ(n̄+1)) a and √(γ n̄) a†.
#[derive(Clone, Debug, PartialEq)]
pub struct BathSource {
    /// The mode, such as `b1` or `b[j]`.
    pub on: Text,
    /// `j in 1..N`: one bath for each.
    pub each: Option<Text>,
    /// Energy rate γ.
    pub rate: Text,
    /// Mean occupation n̄.
    pub occupation: Text,
    /// Share of the damping that acts on the momentum alone; none stands for 0.
    pub momentum: Option<Text>,
    /// A name for tables; empty where none was given.
    pub label: String,
}

/// Points of a tabulated spectral density.
#[derive(Clone, Debug, PartialEq)]
pub struct DensitySource {
    /// Pairs (ω, J).
    pub points: Vec<(f64, f64)>,
    /// Where they came from.
    pub place: Place,
}

/// A bath of oscillators with a spectral density, coupled to positions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StructuredSource {
    /// The operator S that it sees, linear in the modes; it may depend on the time.
    pub coupling: Text,
    /// `j in 1..N`: one bath for each.
    pub each: Option<Text>,
    /// Temperature.
    pub temperature: Text,
    /// Kind of spectral density: `ohmic`, `drude`, `exponential`, `peak` or `table`.
    pub density: Text,
    /// Slope of the density at the origin.
    pub strength: Option<Text>,
    /// Cut-off frequency.
    pub cutoff: Option<Text>,
    /// Exponent s of a sub- or super-Ohmic density; none stands for 1.
    pub exponent: Option<Text>,
    /// Exponent p of the cut-off exp(−(ω/ω_c)^p); none stands for 1.
    pub shape: Option<Text>,
    /// Frequency of a peak.
    pub frequency: Option<Text>,
    /// Width of a peak.
    pub width: Option<Text>,
    /// Points of a table.
    pub table: Option<DensitySource>,
    /// A name for tables; empty where none was given.
    pub label: String,
}

impl StructuredSource {
    /// The quantities of a spectral density with their names.
    pub fn quantities(&self) -> [(&'static str, Option<&Text>); 6] {
        [
            ("strength", self.strength.as_ref()),
            ("cutoff", self.cutoff.as_ref()),
            ("exponent", self.exponent.as_ref()),
            ("shape", self.shape.as_ref()),
            ("frequency", self.frequency.as_ref()),
            ("width", self.width.as_ref()),
        ]
    }
}

/// The initial state of a mode: Gaussian of a boson, by its Bloch vector of a spin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartSource {
    /// The mode: `b1`, `b[3]`, or `b[j]` for the whole array.
    pub mode: Text,
    /// Mean field ⟨a⟩; none stands for 0.
    pub amplitude: Option<Text>,
    /// Thermal occupation n̄; none stands for 0.
    pub occupation: Option<Text>,
    /// Squeezing parameter r; none stands for 0.
    pub squeezing: Option<Text>,
    /// Angle of the squeezed quadrature; none stands for 0.
    pub angle: Option<Text>,
    /// v = ⟨J⟩/j of a spin; where some are given, those that are not are 0.
    pub bloch: [Option<Text>; 3],
}

impl StartSource {
    /// A coherent state of the amplitude ⟨a⟩.
    pub fn coherent(mode: Text, amplitude: Text) -> Self {
        Self { mode, amplitude: Some(amplitude), ..Self::default() }
    }
}

/// What correlates modes of the initial state, or one for each value of indices; see [`Correlation`](super::Correlation).
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelationSource {
    /// The modes.
    pub modes: Vec<Text>,
    /// `j in 1..N`: one for each.
    pub each: Option<Text>,
    /// What is done.
    pub step: CorrelationText,
}

/// How modes are correlated.
#[derive(Clone, Debug, PartialEq)]
pub enum CorrelationText {
    /// Two-mode squeezing.
    Squeezing {
        /// Its parameter r.
        strength: Text,
        /// Its phase; none stands for 0.
        phase: Option<Text>,
    },
    /// A beam splitter.
    Mixing {
        /// Its angle.
        angle: Text,
        /// Its phase; none stands for 0.
        phase: Option<Text>,
    },
    /// The covariance in the order (q₁, p₁, …), row by row.
    Covariance {
        /// Its rows.
        rows: Vec<Vec<Text>>,
        /// Where it stands.
        place: Place,
    },
}

impl CorrelationText {
    /// All expressions: strength and phase, or the elements row by row.
    pub(super) fn texts(&self) -> Vec<&Text> {
        match self {
            CorrelationText::Squeezing { strength: first, phase } | CorrelationText::Mixing { angle: first, phase } => {
                std::iter::once(first).chain(phase).collect()
            }
            CorrelationText::Covariance { rows, .. } => rows.iter().flatten().collect(),
        }
    }

    /// Where it stands.
    pub(super) fn place(&self) -> &Place {
        match self {
            CorrelationText::Squeezing { strength: text, .. } | CorrelationText::Mixing { angle: text, .. } => {
                &text.place
            }
            CorrelationText::Covariance { place, .. } => place,
        }
    }
}

/// An element of the drift or the diffusion of the fluctuations, given explicitly.
#[derive(Clone, Debug, PartialEq)]
pub struct EntrySource {
    /// The mode whose fluctuation it moves.
    pub row: Text,
    /// The mode, or `dag(…)` of it, whose fluctuation moves it.
    pub column: Text,
    /// The value, in amplitudes.
    pub value: Text,
}

/// A whole model as text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelSource {
    /// Short name.
    pub name: String,
    /// One or two sentences on what the model is.
    pub description: String,
    /// Paper and equation the model is taken from.
    pub reference: String,
    /// The frame its equations are written in, such as `laboratory` or `rotating with the drive`.
    pub frame: String,
    /// Unit of time, such as `1/omega_1`.
    pub time_unit: String,
    /// Modes, in the order of the phase space.
    pub modes: Vec<ModeSource>,
    /// Parameters, in the order they are listed.
    pub parameters: Vec<ParameterSource>,
    /// Networks.
    pub networks: Vec<NetworkSource>,
    /// Other models that are variants of this one, by their names here.
    pub variants: Vec<(Text, Text)>,
    /// Abbreviations; each may use those before it.
    pub definitions: Vec<TermSource>,
    /// Terms of the Hamiltonian.
    pub hamiltonian: Vec<TermSource>,
    /// Terms of the anti-Hermitian part.
    pub antihermitian: Vec<TermSource>,
    /// Jump operators.
    pub jumps: Vec<JumpSource>,
    /// Thermal baths.
    pub baths: Vec<BathSource>,
    /// Terms of the equations of motion of the amplitudes; the name of a term is its mode.
    pub equations: Vec<TermSource>,
    /// The drift of the fluctuations, for modes where it is not the derivative of the equations.
    pub fluctuations: Vec<EntrySource>,
    /// Terms of the diffusion of the symmetrised covariances.
    pub diffusion: Vec<EntrySource>,
    /// Baths with a spectral density.
    pub structured: Vec<StructuredSource>,
    /// The modes that are the clocks; empty means all modes.
    pub oscillators: Vec<Text>,
    /// Initial state by mode; modes that are not named start in the vacuum.
    pub start: Vec<StartSource>,
    /// What correlates the modes of the initial state, in order.
    pub correlations: Vec<CorrelationSource>,
    /// Parameter values that switch the coupling off: the control.
    pub uncoupled: Vec<(Text, Text)>,
    /// Measures that a run reports where none are asked for.
    pub measures: Vec<Text>,
    /// Transformations, applied in order to the model as it is written; see [`transform`](super::transform).
    pub transforms: Vec<Text>,
}
