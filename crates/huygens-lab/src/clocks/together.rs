//! Asynchronies of tick lists.

use huygens::measures::clocks::asynchrony as clocks;
use huygens::measures::phases::p_value;
use huygens::report::{Quantity, Series};

use super::Options;
use super::alone::{Prepared, digits};
use super::significance::{ASYNCHRONY_STREAM, stream};

/// The ticks of two lists that belong together, where there are at least three pairs of them.
fn asynchronies(first: &[f64], second: &[f64], window: f64) -> Option<clocks::Pair> {
    let found = clocks::asynchrony(&[first.to_vec(), second.to_vec()], Some(window)).ok()?;
    found.pairs.into_iter().next().filter(|p| p.differences.len() > 2)
}

/// The interval that a tenth of the intervals of a list are below: its finest subdivision, whatever is left out.
fn finest(ticks: &[f64]) -> f64 {
    let mut gaps: Vec<f64> = ticks.windows(2).map(|w| w[1] - w[0]).collect();
    let at = gaps.len() / 10;
    *gaps.select_nth_unstable_by(at, f64::total_cmp).1
}

/// How two tick lists stand to one another.
pub(super) struct Together {
    pub(super) quantities: Vec<Quantity>,
    pub(super) series: Option<Series>,
    /// Mean, standard deviation, number of common ticks and p-value.
    pub(super) found: Option<(f64, f64, usize, Option<f64>)>,
}

/// The asynchronies of two tick lists, and whether lists of this kind are as close by chance.
pub(super) fn together(a: &Prepared, b: &Prepared, number: usize, options: &Options) -> Together {
    let name = |measure: &str| format!("{measure}({},{})", a.name, b.name);
    let window = 0.5 * finest(&a.ticks).min(finest(&b.ticks));
    let unit = &options.unit;
    let pair = asynchronies(&a.ticks, &b.ticks, window);
    let Some((pair, mean, sd)) = pair.and_then(|p| Some((p.mean?, p.deviation?, p))).map(|(m, d, p)| (p, -m, d)) else {
        let why = format!("fewer than three pairs of ticks within {} {unit} of one another", digits(window));
        let missing = |m: &str| Quantity::missing(name(m), unit.as_str(), why.clone());
        return Together {
            quantities: vec![missing("asynchrony"), missing("asynchrony_spread")],
            series: None,
            found: None,
        };
    };
    let found: Vec<f64> = pair.differences.iter().map(|d| -d).collect();
    let n = found.len() as f64;
    let mut first = Quantity::new(name("asynchrony"), mean, unit.as_str());
    first.error = pair.error.or(Some(sd / n.sqrt()));
    first.min = found.iter().copied().reduce(f64::min);
    first.max = found.iter().copied().reduce(f64::max);
    first.note = Some(format!(
        "{} after {}; {n} pairs of ticks within {} {unit}, half of the finest interval",
        b.name,
        a.name,
        digits(window)
    ));
    let mut second = Quantity::new(name("asynchrony_spread"), sd, unit.as_str());
    second.error = Some(sd / (2.0 * (n - 1.0)).sqrt());
    second.alternatives.push(("of unrelated ticks".into(), window / 3f64.sqrt()));
    let mut quantities = vec![first, second];
    let mut p = None;
    if options.surrogates > 0 {
        let from = b.ticks[0];
        let span = b.ticks[b.ticks.len() - 1] - from + finest(&b.ticks);
        let mut random = stream(options, number, ASYNCHRONY_STREAM);
        let closeness: Vec<f64> = (0..options.surrogates)
            .map(|_| {
                let shift = span * (0.05 + 0.9 * random.uniform());
                let mut moved: Vec<f64> = b.ticks.iter().map(|t| from + (t - from + shift).rem_euclid(span)).collect();
                moved.sort_by(f64::total_cmp);
                moved.dedup();
                let deviation = asynchronies(&a.ticks, &moved, window).and_then(|p| p.deviation);
                deviation.map_or(f64::NEG_INFINITY, |d| -d)
            })
            .collect();
        p = Some(p_value(-sd, &closeness));
        let mut quantity = Quantity::new(name("asynchrony_p_value"), p_value(-sd, &closeness), "1");
        quantity.note = Some(format!(
            "{} copies of {} shifted in time, seed {}: share with as small a spread",
            options.surrogates, b.name, options.seed
        ));
        quantities.push(quantity);
    }
    let series = Series { name: name("asynchrony"), unit: unit.clone(), times: pair.times, values: found };
    Together { quantities, series: Some(series), found: Some((mean, sd, n as usize, p)) }
}
