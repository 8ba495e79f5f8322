//! The measures of recorded clocks.

use huygens::algebra::parse::nearest;
use huygens::report::Quantity;

use super::ClocksError;

/// A measure of recorded clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Name.
    pub name: &'static str,
    /// Number of clocks that it is a measure of: 1, 2, or 0 for all of them.
    pub clocks: usize,
    /// What it is.
    pub text: &'static str,
}

impl Measure {
    /// How to write it, such as `slips(a, b)`, and what it is: two lines.
    pub fn explain(&self) -> String {
        let arguments = match self.clocks {
            0 => "",
            1 => "(a)",
            _ => "(a, b)",
        };
        format!("{}{arguments}\n  {}", self.name, self.text)
    }
}

const fn measure(name: &'static str, clocks: usize, text: &'static str) -> Measure {
    Measure { name, clocks, text }
}

/// All measures, in the order of the report.
pub const MEASURES: &[Measure] = &[
    measure("rate", 1, "mean rate, cycles a unit of time"),
    measure("period", 1, "mean time between ticks"),
    measure("accuracy", 1, "N = ⟨t⟩²/var t of the times t between ticks"),
    measure(
        "allan_deviation",
        1,
        "Allan deviation of the fractional frequency at the longest averaging time that is well known",
    ),
    measure("ratio", 2, "n/m of the n:m locking looked at, by the rates and the strongest index"),
    measure("sync_index", 2, "R = |⟨exp i(nφ₁ − mφ₂)⟩| over time"),
    measure("p_value", 2, "share of surrogates with an index as large, over all n:m looked at"),
    measure("phase_lag", 2, "arg ⟨exp i(nφ₁ − mφ₂)⟩"),
    measure("detuning", 2, "n f₁ − m f₂"),
    measure("slips", 2, "phase slips, whole cycles"),
    measure(
        "locked_fraction",
        2,
        "share of the time within a quarter cycle of the preferred difference; about ½ without locking",
    ),
    measure("entropy_index", 2, "1 − S/S_max of the distribution of the phase difference"),
    measure("conditional_index", 2, "how well one phase tells the other"),
    measure("direction", 2, "(c₁₂ − c₂₁)/(c₁₂ + c₂₁): 1 when only the first drives the second"),
    measure("asynchrony", 2, "mean time from a tick of the first to the nearest of the second (tick lists)"),
    measure("asynchrony_spread", 2, "standard deviation of these times"),
    measure("asynchrony_p_value", 2, "share of time-shifted tick lists with a spread as small"),
    measure("order_parameter", 0, "time mean of Kuramoto's r = |⟨exp iφ⟩| over three or more clocks"),
];

/// Of the quantities those that were asked for, in the order asked: `name` for all clocks, `name(a)` or `name(a,b)` for some. No
/// request keeps all.
///
/// # Errors
/// [`ClocksError::Measure`] for a request that nothing answers to.
pub fn choose(requests: &[String], quantities: Vec<Quantity>) -> Result<Vec<Quantity>, ClocksError> {
    if requests.is_empty() {
        return Ok(quantities);
    }
    let mut kept: Vec<Quantity> = Vec::new();
    for request in requests {
        let plain: String = request.chars().filter(|c| !c.is_whitespace()).collect();
        let before = kept.len();
        for quantity in &quantities {
            let matches = quantity.name == plain || quantity.name.split('(').next() == Some(plain.as_str());
            if matches && !kept.iter().any(|k| k.name == quantity.name) {
                kept.push(quantity.clone());
            }
        }
        let there =
            kept.len() > before || kept.iter().any(|k| k.name == plain || k.name.starts_with(&format!("{plain}(")));
        if !there {
            let names = || quantities.iter().map(|q| q.name.as_str()).chain(MEASURES.iter().map(|m| m.name));
            let hint = nearest(&plain, names()).map(|n| format!(", did you mean `{n}`?")).unwrap_or_default();
            let all: Vec<&str> = MEASURES.iter().map(|m| m.name).collect();
            return Err(ClocksError::Measure { name: request.clone(), hint, all: all.join(", ") });
        }
    }
    Ok(kept)
}
