//! A claim of a paper beside what comes out when it is computed.

use std::fmt;
use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use crate::record::Style;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is true as it stands.
    Holds,
    /// It is true in a sense, or in a range, that the note names.
    Conditional,
    /// It is not true.
    Fails,
    /// It cannot be decided by what has been computed.
    NotTestable,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Verdict; 4] = [Verdict::Holds, Verdict::Conditional, Verdict::Fails, Verdict::NotTestable];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Conditional => "holds with a condition",
            Verdict::Fails => "fails",
            Verdict::NotTestable => "not testable",
        }
    }

    /// [`Verdict::Holds`] or [`Verdict::Fails`].
    pub(super) fn of(holds: bool) -> Self {
        if holds { Verdict::Holds } else { Verdict::Fails }
    }

    /// [`Verdict::Conditional`] or [`Verdict::Fails`].
    pub(super) fn with_condition(holds: bool) -> Self {
        if holds { Verdict::Conditional } else { Verdict::Fails }
    }

    /// [`Verdict::Holds`] as it stands, else [`Verdict::Conditional`] in the sense that the note names, else [`Verdict::Fails`].
    pub(super) fn graded(as_it_stands: bool, in_a_sense: bool) -> Self {
        if as_it_stands { Verdict::Holds } else { Verdict::with_condition(in_a_sense) }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One claim of a paper with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// Short name.
    pub id: &'static str,
    /// Where the paper says it.
    pub source: &'static str,
    /// What it says, in our words.
    pub claim: &'static str,
    /// The paper's own number or words.
    pub paper: &'static str,
    /// What comes out.
    pub computed: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, and under which condition.
    pub note: String,
    /// The numbers of `computed` by their names, in full precision.
    #[serde(skip)]
    pub values: Vec<(String, f64)>,
}

impl Claim {
    pub(super) fn new(id: &'static str, source: &'static str, claim: &'static str, paper: &'static str) -> Self {
        Self {
            id,
            source,
            claim,
            paper,
            computed: String::new(),
            verdict: Verdict::NotTestable,
            note: String::new(),
            values: Vec::new(),
        }
    }

    /// Adds a computed number, shown with `digits` significant digits.
    pub(super) fn value(self, name: impl Into<String>, value: f64, digits: usize) -> Self {
        self.value_in(name, value, digits, "")
    }

    /// Adds a computed number with its unit.
    pub(super) fn value_in(mut self, name: impl Into<String>, value: f64, digits: usize, unit: &str) -> Self {
        let name = name.into();
        let space = if unit.is_empty() { "" } else { " " };
        self.part(&format!("{name} = {}{space}{unit}", number(value, digits)));
        self.values.push((name, value));
        self
    }

    /// Adds a list of computed numbers.
    pub(super) fn values(mut self, name: &str, values: &[f64], digits: usize) -> Self {
        let shown: Vec<String> = values.iter().map(|v| number(*v, digits)).collect();
        self.part(&format!("{name} = {}", shown.join(", ")));
        self.values.extend(values.iter().enumerate().map(|(k, v)| (format!("{name}[{}]", k + 1), *v)));
        self
    }

    /// Adds a computed finding in words.
    pub(super) fn found(mut self, text: &str) -> Self {
        self.part(text);
        self
    }

    fn part(&mut self, text: &str) {
        if !self.computed.is_empty() {
            self.computed.push_str("; ");
        }
        self.computed.push_str(text);
    }

    pub(super) fn verdict(mut self, verdict: Verdict, note: impl Into<String>) -> Self {
        self.verdict = verdict;
        self.note = note.into();
        self
    }

    /// The computed number of this name.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }
}

/// `x` with so many significant digits, without superfluous zeros.
pub(super) fn number(x: f64, digits: usize) -> String {
    if x == 0.0 || !x.is_finite() {
        return if x == 0.0 { "0".into() } else { x.to_string() };
    }
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let text = format!("{x:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..7).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        trimmed(&format!("{x:.decimals$}"))
    } else {
        format!("{}e{exponent}", trimmed(mantissa))
    }
}

/// The claims as one JSON object: `{"paper", "reference", "claims": [{"id", "source", "claim", "paper", "computed", "verdict",
/// "note"}]}`.
pub fn claims_json(paper: &super::Paper, claims: &[Claim]) -> String {
    #[derive(Serialize)]
    struct Audit<'a> {
        paper: &'a str,
        reference: &'a str,
        claims: &'a [Claim],
    }
    let audit = Audit { paper: paper.name, reference: paper.reference, claims };
    serde_json::to_string_pretty(&audit).unwrap_or_default()
}

/// The claims for a reader: a block each, and how many got which verdict.
pub fn claims_table(paper: &super::Paper, claims: &[Claim], style: Style) -> String {
    let paint =
        |code: &str, text: &str| if style.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() };
    let mut out = String::new();
    let _ = writeln!(out, "{}\n{}\n", paint("1", paper.title), paper.reference);
    for claim in claims {
        let code = match claim.verdict {
            Verdict::Holds => "32",
            Verdict::Conditional => "33",
            Verdict::Fails => "1;31",
            Verdict::NotTestable => "2",
        };
        let verdict = paint(code, &format!("{:<22}", claim.verdict));
        let _ = writeln!(out, "{verdict}  {}  {}", paint("1", claim.id), paint("2", &format!("({})", claim.source)));
        for (key, text) in
            [("claim", claim.claim), ("paper", claim.paper), ("computed", &claim.computed), ("note", &claim.note)]
        {
            if !text.is_empty() {
                wrapped(&mut out, key, text, style.width.max(72));
            }
        }
        out.push('\n');
    }
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .map(|v| (v, claims.iter().filter(|c| c.verdict == *v).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(v, n)| format!("{n} {}", plural(*v, n)))
        .collect();
    let noun = if claims.len() == 1 { "claim" } else { "claims" };
    let _ = writeln!(out, "{} {noun}: {}", claims.len(), counts.join(", "));
    out
}

fn plural(verdict: Verdict, n: usize) -> &'static str {
    match (verdict, n) {
        (Verdict::Holds, 2..) => "hold",
        (Verdict::Conditional, 2..) => "hold with a condition",
        (Verdict::Fails, 2..) => "fail",
        (v, _) => v.name(),
    }
}

fn wrapped(out: &mut String, key: &str, text: &str, width: usize) {
    let mut line = format!("    {key:<9} ");
    let indent = line.chars().count();
    let mut length = indent;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        if length > indent && length + 1 + word_length > width {
            let _ = writeln!(out, "{}", line.trim_end());
            line = " ".repeat(indent);
            length = indent;
        } else if length > indent {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
    }
    let _ = writeln!(out, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        assert_eq!(number(0.2784251012, 10), "0.2784251012");
        assert_eq!(number(4.088e-6, 3), "4.09e-6");
        assert_eq!(number(-500.0, 3), "-500");
        assert_eq!(number(0.5, 6), "0.5");
        assert_eq!(number(2.566e6, 3), "2566000");
        assert_eq!(number(2.566e7, 3), "2.57e7");
        assert_eq!(number(0.0, 3), "0");
    }

    #[test]
    fn a_claim_is_told_in_both_forms() {
        let claim = Claim::new("one", "Eq. 1", "one is one", "\"one\"")
            .value("one", 1.0, 3)
            .value_in("T", 6.438748, 4, "tau")
            .verdict(Verdict::with_condition(true), "in integers");
        assert_eq!(claim.computed, "one = 1; T = 6.439 tau");
        assert_eq!(claim.number("T"), Some(6.438748));
        let paper = &super::super::mari2013::PAPER;
        let json: serde_json::Value = serde_json::from_str(&claims_json(paper, std::slice::from_ref(&claim))).unwrap();
        let mut keys: Vec<&String> = json["claims"][0].as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["claim", "computed", "id", "note", "paper", "source", "verdict"]);
        assert_eq!(json["claims"][0]["verdict"], "holds with a condition");
        let table = claims_table(paper, &[claim], Style::default());
        assert!(table.contains("holds with a condition  one  (Eq. 1)"), "{table}");
        assert!(table.contains("1 claim: 1 holds with a condition"), "{table}");
    }
}
