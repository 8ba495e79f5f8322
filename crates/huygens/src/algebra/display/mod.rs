//! Scalars, operators and polynomials as text (which [`parse`](super::parse) reads back) and as LaTeX.

mod coefficient;
mod names;
mod terms;

pub use names::Names;

/// The two ways of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Latex,
}

/// One factor of a product.
#[derive(Clone, Debug)]
struct Factor {
    text: String,
    /// Whether the factor is a sum, which needs brackets beside other factors.
    is_sum: bool,
}

impl Factor {
    fn plain(text: impl Into<String>) -> Factor {
        Factor { text: text.into(), is_sum: false }
    }
    fn sum(text: impl Into<String>) -> Factor {
        Factor { text: text.into(), is_sum: true }
    }
}

/// A product with its sign, to be completed by operators before it is written.
#[derive(Clone, Debug, Default)]
struct Product {
    negative: bool,
    numerator: Vec<Factor>,
    denominator: Vec<Factor>,
    /// Ladder operators: in LaTeX they stand after a fraction, not in it.
    operators: Vec<Factor>,
}

/// A written summand: its sign, its text without the sign, and whether that is itself a sum.
struct Written {
    negative: bool,
    text: String,
    is_sum: bool,
}

fn brackets(format: Format, inner: &str) -> String {
    let tall = inner.contains("\\frac") || inner.contains("\\sqrt") || inner.contains("\\left");
    match format {
        Format::Latex if inner.contains('(') => format!("\\left[{inner}\\right]"),
        Format::Latex if tall => format!("\\left({inner}\\right)"),
        _ => format!("({inner})"),
    }
}

fn join(format: Format, factors: &[Factor]) -> String {
    if let [only] = factors {
        return only.text.clone();
    }
    let parts: Vec<String> =
        factors.iter().map(|f| if f.is_sum { brackets(format, &f.text) } else { f.text.clone() }).collect();
    parts.join(if format == Format::Text { "*" } else { " " })
}

impl Product {
    fn write(self, format: Format) -> Written {
        let negative = self.negative;
        let Product { mut numerator, denominator, operators, .. } = self;
        if denominator.is_empty() || format == Format::Text {
            numerator.extend(operators);
            if numerator.is_empty() {
                numerator.push(Factor::plain("1"));
            }
            let is_sum = numerator.len() == 1 && numerator[0].is_sum && denominator.is_empty();
            if denominator.is_empty() {
                return Written { negative, text: join(format, &numerator), is_sum };
            }
            let above = if numerator.len() == 1 && numerator[0].is_sum {
                brackets(format, &numerator[0].text)
            } else {
                join(format, &numerator)
            };
            let below = join(format, &denominator);
            let bracketed = denominator.len() > 1 || denominator[0].is_sum;
            let below = if bracketed { brackets(format, &below) } else { below };
            return Written { negative, text: format!("{above}/{below}"), is_sum: false };
        }
        let above = if numerator.is_empty() { "1".to_string() } else { join(format, &numerator) };
        let mut factors = vec![Factor::plain(format!("\\frac{{{above}}}{{{}}}", join(format, &denominator)))];
        factors.extend(operators);
        Written { negative, text: join(format, &factors), is_sum: false }
    }
}

/// Summands one after the other with their signs.
fn add_up(list: Vec<Written>, format: Format) -> String {
    let mut text = String::new();
    for (k, w) in list.into_iter().enumerate() {
        text.push_str(match (k, w.negative) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        });
        if w.is_sum && (w.negative) {
            text.push_str(&brackets(format, &w.text));
        } else {
            text.push_str(&w.text);
        }
    }
    if text.is_empty() { "0".into() } else { text }
}
