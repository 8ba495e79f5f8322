//! Baths of harmonic oscillators with a spectral density, coupled to positions: what the response level treats.

use crate::algebra::parse::{self, Expr, WithIndices, nearest, parse as read};
use crate::algebra::{Operator, Scalar};

use super::build::{Repeated, parsed, wrong};
use super::error::{Fault, ModelError};
use super::scope::Uses;
use super::source::{DensitySource, Place, StructuredSource, Text};
use super::{Binding, Model};

/// A quantity of a bath with the place it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The quantity.
    pub value: Scalar,
    pub(crate) place: Place,
}

/// The spectral density J(ω) = (π/2) Σ_k c_k²/(m_k ω_k) δ(ω − ω_k) of a bath, for ω ≥ 0; odd in ω.
///
/// `strength` γ is the slope at the origin where there is one: a unit mass that is coupled by its position then has the friction −γẋ
/// at low frequencies.
#[derive(Clone, Debug, PartialEq)]
pub enum SpectralDensity {
    /// J = γω: strictly Ohmic, without memory.
    Ohmic {
        /// γ.
        strength: Placed,
    },
    /// J = γω/(1 + ω²/ω_c²): Ohmic with the cut-off of Drude and Lorentz, memory e^{−ω_c t}.
    Drude {
        /// γ.
        strength: Placed,
        /// ω_c.
        cutoff: Placed,
    },
    /// J = γω (ω/ω_c)^{s−1} exp(−(ω/ω_c)^p): sub-Ohmic (s < 1), Ohmic (s = 1) or super-Ohmic (s > 1), with an exponential (p = 1) or a
    /// Gaussian (p = 2) cut-off.
    Exponential {
        /// γ.
        strength: Placed,
        /// ω_c.
        cutoff: Placed,
        /// s.
        exponent: Placed,
        /// p.
        shape: Placed,
    },
    /// J = γω ω₀⁴/((ω² − ω₀²)² + Γ²ω²): one damped mode of the bath, a Lorentzian peak where Γ ≪ ω₀.
    Peak {
        /// γ.
        strength: Placed,
        /// ω₀.
        frequency: Placed,
        /// Γ.
        width: Placed,
    },
    /// Straight lines between points (ω, J), from the origin to the last one, which has J = 0; times `strength`.
    Table {
        /// A factor.
        strength: Placed,
        /// The points, by rising ω > 0.
        points: Vec<(f64, f64)>,
    },
}

impl SpectralDensity {
    /// Its name in a model file.
    pub fn name(&self) -> &'static str {
        match self {
            SpectralDensity::Ohmic { .. } => "ohmic",
            SpectralDensity::Drude { .. } => "drude",
            SpectralDensity::Exponential { .. } => "exponential",
            SpectralDensity::Peak { .. } => "peak",
            SpectralDensity::Table { .. } => "table",
        }
    }

    /// Its quantities with their names, and whether each must be positive instead of merely not negative.
    pub fn quantities(&self) -> Vec<(&'static str, &Placed, bool)> {
        match self {
            SpectralDensity::Ohmic { strength } => vec![("strength", strength, false)],
            SpectralDensity::Drude { strength, cutoff } => {
                vec![("strength", strength, false), ("cutoff", cutoff, true)]
            }
            SpectralDensity::Exponential { strength, cutoff, exponent, shape } => vec![
                ("strength", strength, false),
                ("cutoff", cutoff, true),
                ("exponent", exponent, true),
                ("shape", shape, true),
            ],
            SpectralDensity::Peak { strength, frequency, width } => {
                vec![("strength", strength, false), ("frequency", frequency, true), ("width", width, true)]
            }
            SpectralDensity::Table { strength, .. } => vec![("strength", strength, false)],
        }
    }
}

/// A bath of independent harmonic oscillators (X_k, P_k) that sees the system through one operator S, linear in the modes:
///
/// H_B + H_int = Σ_k \[P_k²/2m_k + (m_k ω_k²/2)(X_k − c_k S/(m_k ω_k²))²\],
///
/// that is −S Σ_k c_k X_k with the counter-term (μ/2) S², μ = (2/π)∫₀^∞ J/ω dω, which leaves the frequencies of the system as the
/// Hamiltonian states them (Caldeira and Leggett, Ann. Phys. 149, 374 (1983)). S may depend on the time: a driven coupling.
#[derive(Clone, Debug, PartialEq)]
pub struct StructuredBath {
    /// S, Hermitian and linear, such as `cos(Omega*t)*q(A)/sqrt(omega_A)`. A unit mass of frequency ω has the position q/√ω.
    pub coupling: Operator,
    /// Temperature T ≥ 0 (k_B = 1).
    pub temperature: Placed,
    /// J(ω).
    pub density: SpectralDensity,
    /// A name for tables and measures.
    pub label: String,
    pub(crate) place: Place,
}

impl StructuredBath {
    /// Whether its coupling is driven.
    pub fn is_driven(&self) -> bool {
        self.coupling.depends_on_time()
    }

    /// Temperature and density in numbers, in the order of [`SpectralDensity::quantities`] after the temperature.
    ///
    /// # Errors
    /// A quantity without a value, complex or of the wrong sign, with its place.
    pub fn numbers(&self, model: &Model, binding: &Binding) -> Result<Vec<f64>, ModelError> {
        let temperature = [("temperature", &self.temperature, false)];
        let mut numbers = Vec::with_capacity(4);
        for (word, placed, positive) in temperature.into_iter().chain(self.density.quantities()) {
            let what = || format!("the {word} of the bath `{}`", self.label);
            let value = model.value(&placed.value, binding, &placed.place, &what)?;
            let fault = match () {
                () if !value.is_finite() => Fault::NotFinite { what: what(), value },
                () if value < 0.0 => Fault::Negative { what: what(), value },
                () if positive && value == 0.0 => Fault::Zero { what: what() },
                () => {
                    numbers.push(value);
                    continue;
                }
            };
            return Err(ModelError::at(&placed.place, fault));
        }
        Ok(numbers)
    }
}

const KINDS: [&str; 5] = ["ohmic", "drude", "exponential", "peak", "table"];

/// The expressions of one structured bath.
pub(super) struct Trees<'a> {
    each: Repeated<'a>,
    coupling: Expr,
    temperature: Expr,
    quantities: Vec<(&'static str, &'a Text, Expr)>,
}

/// Reads the texts of a bath and checks that its density has what it needs.
pub(super) fn trees<'a>(bath: &'a StructuredSource, uses: &mut Uses) -> Result<Trees<'a>, ModelError> {
    let each = Repeated::read(bath.each.as_ref(), uses)?;
    let coupling = parsed(&bath.coupling, read(&bath.coupling.text))?;
    let temperature = parsed(&bath.temperature, read(&bath.temperature.text))?;
    let kind = bath.density.text.trim();
    let needed: &[&str] = match kind {
        "ohmic" | "table" => &["strength"],
        "drude" => &["strength", "cutoff"],
        "exponential" => &["strength", "cutoff", "exponent", "shape"],
        "peak" => &["strength", "frequency", "width"],
        _ => {
            let near = nearest(kind, KINDS).map(str::to_owned);
            let known = KINDS.iter().map(|k| (*k).to_owned()).collect();
            let fault = Fault::Unknown { what: "spectral density", name: kind.into(), nearest: near, known };
            return Err(ModelError::at(&bath.density.place, fault));
        }
    };
    let refused = |place: &Place, message: String, help: &str| {
        ModelError::at(place, Fault::Expression { message, help: (!help.is_empty()).then(|| help.to_owned()) })
    };
    let mut quantities = Vec::new();
    for (word, text) in bath.quantities() {
        match (needed.contains(&word), text) {
            (true, Some(text)) => quantities.push((word, text, parsed(text, read(&text.text))?)),
            (false, Some(text)) => {
                let message = format!("the density \"{kind}\" has no {word}");
                return Err(refused(&text.place, message, &format!("it has: {}", needed.join(", "))));
            }
            (true, None) if kind == "table" || word == "exponent" || word == "shape" => {}
            (true, None) => {
                let message = format!("the density \"{kind}\" needs a {word}");
                return Err(refused(&bath.density.place, message, &format!("it has: {}", needed.join(", "))));
            }
            (false, None) => {}
        }
    }
    match (&bath.table, kind == "table") {
        (None, true) => {
            let help = "give  table = [[omega, J], …], from the lowest frequency to one with J = 0";
            return Err(refused(&bath.density.place, "the density \"table\" needs its points".into(), help));
        }
        (Some(table), false) => {
            let message = format!("the density \"{kind}\" takes no table");
            return Err(refused(&table.place, message, "write  density = \"table\""));
        }
        (Some(table), true) => {
            if let Some(message) = fault_of_table(table) {
                return Err(refused(&table.place, message, ""));
            }
        }
        (None, false) => {}
    }
    for expr in [&coupling, &temperature].into_iter().chain(quantities.iter().map(|(_, _, e)| e)) {
        uses.expression(expr, &each.indices);
    }
    Ok(Trees { each, coupling, temperature, quantities })
}

/// What is wrong with the points of a table.
fn fault_of_table(table: &DensitySource) -> Option<String> {
    let points = &table.points;
    if points.len() < 2 {
        return Some("a table of a spectral density needs at least two points".into());
    }
    let mut before = 0.0;
    for (k, (omega, value)) in points.iter().enumerate() {
        if !(omega.is_finite() && value.is_finite()) {
            return Some(format!("point {} of the table is not finite", k + 1));
        }
        if *omega <= before {
            let what = if k == 0 { "the first frequency is not positive" } else { "the frequencies do not rise" };
            return Some(format!("point {} of the table: {what} ({omega})", k + 1));
        }
        if *value < 0.0 {
            return Some(format!("point {} of the table: a spectral density is not negative ({value})", k + 1));
        }
        before = *omega;
    }
    match points.last() {
        Some((_, last)) if *last != 0.0 => {
            Some("the table ends with a jump: give it a last point with J = 0, where the bath has no more modes".into())
        }
        _ => None,
    }
}

/// The baths of one entry, one for each value of its indices.
pub(super) fn baths(
    model: &Model,
    bath: &StructuredSource,
    trees: &Trees<'_>,
    scope: &dyn parse::Scope,
) -> Result<Vec<StructuredBath>, ModelError> {
    let mut list = Vec::new();
    for given in trees.each.assignments(scope, "the bath")? {
        let inner = WithIndices { scope, indices: &given };
        let coupling = parse::operator(&trees.coupling, &inner).map_err(|e| wrong(&bath.coupling, e))?;
        let refused = |message: String, help: &str| {
            let help = Some(help.to_owned());
            Err(ModelError::at(&bath.coupling.place, Fault::Expression { message, help }))
        };
        if coupling.is_zero() {
            continue;
        }
        if coupling.iter().any(|(m, _)| m.degree() != 1) {
            return refused(
                "the coupling of a bath is not linear in the modes".into(),
                "a coupling is a sum of positions, such as  q(A)/sqrt(omega_A) + q(B)/sqrt(omega_B)",
            );
        }
        let excess = coupling.antihermitian_part();
        if !excess.is_zero() {
            let remainder = excess.text(&model.names());
            return refused(
                format!("the coupling of a bath is not Hermitian: S - dag(S) contains {remainder}"),
                "write positions q(A), or add the Hermitian conjugate with  + h.c.",
            );
        }
        let placed = |text: &Text, expr: &Expr, what: &str| -> Result<Placed, ModelError> {
            let value = parse::scalar(expr, &inner).map_err(|e| wrong(text, e))?;
            let message = if value.depends_on_time() {
                "this depends on the time: of a bath only the coupling may"
            } else if value.as_number().is_none() && !value.is_real() {
                "this is not real for all values of the parameters"
            } else {
                return Ok(Placed { value, place: text.place.clone() });
            };
            let help = Some(format!("the {what} of a bath is a real number"));
            Err(ModelError::at(&text.place, Fault::Expression { message: message.into(), help }))
        };
        let mut quantities = Vec::new();
        for (word, text, expr) in &trees.quantities {
            quantities.push((*word, placed(text, expr, word)?));
        }
        let mut take = |word: &str| {
            let at = quantities.iter().position(|(w, _)| *w == word);
            at.map_or_else(
                || Placed { value: Scalar::one(), place: bath.density.place.clone() },
                |k| quantities.swap_remove(k).1,
            )
        };
        let strength = take("strength");
        let density = match bath.density.text.trim() {
            "ohmic" => SpectralDensity::Ohmic { strength },
            "drude" => SpectralDensity::Drude { strength, cutoff: take("cutoff") },
            "exponential" => {
                let (cutoff, exponent, shape) = (take("cutoff"), take("exponent"), take("shape"));
                SpectralDensity::Exponential { strength, cutoff, exponent, shape }
            }
            "peak" => SpectralDensity::Peak { strength, frequency: take("frequency"), width: take("width") },
            _ => {
                let points = bath.table.as_ref().map(|t| t.points.clone()).unwrap_or_default();
                SpectralDensity::Table { strength, points }
            }
        };
        let base =
            if bath.label.is_empty() { format!("bath {}", model.structured.len() + 1) } else { bath.label.clone() };
        list.push(StructuredBath {
            coupling,
            temperature: placed(&bath.temperature, &trees.temperature, "temperature")?,
            density,
            label: trees.each.label(&base, &given),
            place: bath.coupling.place.clone(),
        });
    }
    Ok(list)
}
