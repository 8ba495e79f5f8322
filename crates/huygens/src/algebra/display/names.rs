//! Names of parameters and modes and how they are set in LaTeX.

use super::super::{ModeId, ParamId};

/// The names of parameters and modes, in the order of their identifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Names of the parameters.
    pub parameters: Vec<String>,
    /// Names of the modes: `b1`, or `b[3]` for an element of an array.
    pub modes: Vec<String>,
}

const GREEK: [(&str, char); 48] = [
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("epsilon", 'ε'),
    ("zeta", 'ζ'),
    ("eta", 'η'),
    ("theta", 'θ'),
    ("iota", 'ι'),
    ("kappa", 'κ'),
    ("lambda", 'λ'),
    ("mu", 'μ'),
    ("nu", 'ν'),
    ("xi", 'ξ'),
    ("pi", 'π'),
    ("rho", 'ρ'),
    ("sigma", 'σ'),
    ("tau", 'τ'),
    ("upsilon", 'υ'),
    ("phi", 'φ'),
    ("chi", 'χ'),
    ("psi", 'ψ'),
    ("omega", 'ω'),
    ("varepsilon", 'ϵ'),
    ("varphi", 'ϕ'),
    ("vartheta", 'ϑ'),
    ("Gamma", 'Γ'),
    ("Delta", 'Δ'),
    ("Theta", 'Θ'),
    ("Lambda", 'Λ'),
    ("Xi", 'Ξ'),
    ("Pi", 'Π'),
    ("Sigma", 'Σ'),
    ("Upsilon", 'Υ'),
    ("Phi", 'Φ'),
    ("Psi", 'Ψ'),
    ("Omega", 'Ω'),
    ("ell", 'ℓ'),
    ("hbar", 'ħ'),
    // Capitals and the omicron that LaTeX has no command for.
    ("mathrm{A}", 'Α'),
    ("mathrm{B}", 'Β'),
    ("mathrm{E}", 'Ε'),
    ("mathrm{H}", 'Η'),
    ("mathrm{I}", 'Ι'),
    ("mathrm{K}", 'Κ'),
    ("mathrm{M}", 'Μ'),
    ("mathrm{N}", 'Ν'),
    ("mathrm{T}", 'Τ'),
];

/// A name taken apart: the symbol and what stands below it.
struct Symbol {
    base: String,
    below: Vec<String>,
}

fn take_apart(name: &str) -> Symbol {
    let (name, index) = match name.split_once('[') {
        Some((before, rest)) => (before, Some(rest.trim_end_matches(']'))),
        None => (name, None),
    };
    let mut parts = name.split('_').filter(|p| !p.is_empty());
    let first = parts.next().unwrap_or(name);
    let digits = first.len() - first.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (base, number) = first.split_at(first.len() - digits);
    let mut below = Vec::new();
    let base = if base.is_empty() {
        first
    } else {
        if !number.is_empty() {
            below.push(number.to_string());
        }
        base
    };
    below.extend(parts.map(str::to_string));
    below.extend(index.map(str::to_string));
    Symbol { base: base.to_string(), below }
}

fn escape(word: &str) -> String {
    word.replace('_', "\\_")
}

/// A word as a mathematical symbol: Greek letters by their names, words upright.
fn set_word(word: &str) -> String {
    let mut letters = word.chars();
    if let (Some(c), None) = (letters.next(), letters.next()) {
        return match GREEK.iter().find(|(_, g)| *g == c) {
            Some((name, _)) => format!("\\{name}"),
            None => c.to_string(),
        };
    }
    if GREEK.iter().any(|(name, _)| *name == word) {
        return format!("\\{word}");
    }
    if word.chars().all(|c| c.is_ascii_digit()) {
        return word.to_string();
    }
    if let Some(inner) = word.strip_suffix("bar")
        && inner.chars().count() == 1
    {
        return format!("\\bar{{{inner}}}");
    }
    format!("\\mathrm{{{}}}", escape(word))
}

impl Symbol {
    fn latex(&self, over: Option<&str>) -> String {
        let mut text = set_word(&self.base);
        if let Some(over) = over {
            text = format!("\\{over}{{{text}}}");
        }
        let below: Vec<String> = self.below.iter().map(|w| set_word(w)).collect();
        match below.as_slice() {
            [] => text,
            [one] if one.chars().count() == 1 => format!("{text}_{one}"),
            many => format!("{text}_{{{}}}", many.join(",")),
        }
    }
}

impl Names {
    /// Names from the two lists.
    pub fn new(parameters: Vec<String>, modes: Vec<String>) -> Names {
        Names { parameters, modes }
    }
    /// The name of a parameter (a placeholder if it has none).
    pub fn parameter(&self, p: ParamId) -> String {
        self.parameters.get(p.0 as usize).cloned().unwrap_or_else(|| format!("parameter_{}", p.0))
    }
    /// The name of a mode (a placeholder if it has none).
    pub fn mode(&self, m: ModeId) -> String {
        self.modes.get(m.0 as usize).cloned().unwrap_or_else(|| format!("mode_{}", m.0))
    }
    /// The parameter in LaTeX: `kappa` → κ, `Delta1` → Δ₁, `gamma_in` → γ with an upright index.
    pub fn parameter_latex(&self, p: ParamId) -> String {
        take_apart(&self.parameter(p)).latex(None)
    }
    /// The operator a of a mode in LaTeX.
    pub fn mode_latex(&self, m: ModeId) -> String {
        take_apart(&self.mode(m)).latex(None)
    }

    /// The symbol of the amplitude of a mode: α for a, β for b (where no other name is that already), else the name.
    fn amplitude_symbol(&self, m: ModeId) -> Symbol {
        let mut symbol = take_apart(&self.mode(m));
        let greek = match symbol.base.as_str() {
            "a" => ("alpha", "α"),
            "b" => ("beta", "β"),
            _ => return symbol,
        };
        let taken = self.parameters.iter().chain(&self.modes).any(|n| {
            let base = take_apart(n).base;
            base == greek.0 || base == greek.1
        });
        if !taken {
            symbol.base = greek.0.to_string();
        }
        symbol
    }
    /// The amplitude z = ⟨a⟩ of a mode as text: `alpha1` for `a1`, `beta[3]` for `b[3]`.
    pub fn amplitude(&self, m: ModeId) -> String {
        let name = self.mode(m);
        let old = take_apart(&name).base;
        let new = self.amplitude_symbol(m).base;
        match name.strip_prefix(&old) {
            Some(rest) => format!("{new}{rest}"),
            None => name,
        }
    }
    /// The amplitude of a mode in LaTeX.
    pub fn amplitude_latex(&self, m: ModeId) -> String {
        self.amplitude_symbol(m).latex(None)
    }
    /// The time derivative of the amplitude of a mode in LaTeX, with a dot.
    pub fn amplitude_dot_latex(&self, m: ModeId) -> String {
        self.amplitude_symbol(m).latex(Some("dot"))
    }
    /// The time derivative of the operator of a mode in LaTeX, with a dot.
    pub fn mode_dot_latex(&self, m: ModeId) -> String {
        take_apart(&self.mode(m)).latex(Some("dot"))
    }
}
