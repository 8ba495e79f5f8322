//! The whole recording.

use huygens::measures::phases::order_parameter;
use huygens::report::{Check, Quantity, Report, Series, Status};

use super::alone::Prepared;
use super::catalogue::choose;
use super::clock::{Clock, Source};
use super::pair::{Pair, grid};
use super::{ClocksError, Definition, Options};

/// Most samples of a series that are kept.
const MOST_KEPT: usize = 20_000;

/// What recorded clocks say: numbers, checks, series, and what a figure of them needs.
pub struct Analysis {
    /// Quantities, checks and series.
    pub report: Report,
    pub(super) prepared: Vec<Prepared>,
    pub(super) pairs: Vec<Pair>,
    pub(super) order: Option<(Vec<f64>, Vec<f64>)>,
    pub(super) options: Options,
    /// All quantities, asked for or not.
    pub(super) values: Vec<Quantity>,
}

/// Analyses clocks that were recorded together.
///
/// # Errors
/// Every [`ClocksError`].
pub fn analyse(clocks: &[Clock], options: &Options) -> Result<Analysis, ClocksError> {
    choose(&options.measures, every_quantity(clocks))?;
    together(clocks)?;
    let prepared = clocks.iter().map(|c| Prepared::new(c, options)).collect::<Result<Vec<_>, _>>()?;
    let mut report = Report {
        level: "recorded".into(),
        method: method(&prepared, options),
        seed: options.seed,
        ..Report::default()
    };
    let mut quantities = Vec::new();
    for clock in &prepared {
        quantities.extend(clock.quantities(options));
        report.checks.extend(clock.checks(options));
        report.series.extend(clock.series());
    }
    let mut pairs = Vec::new();
    for i in 0..prepared.len() {
        for j in i + 1..prepared.len() {
            let number = pairs.len();
            let mut pair = Pair::new(&prepared, [i, j], number, options)?;
            quantities.append(&mut pair.quantities);
            report.checks.append(&mut pair.checks);
            report.series.append(&mut pair.series);
            pairs.push(pair);
        }
    }
    let order = if prepared.len() > 2 { order(&prepared, options, &mut quantities, &mut report.checks) } else { None };
    if let Some((times, values)) = &order {
        report.series.push(Series {
            name: "order_parameter".into(),
            unit: "1".into(),
            times: times.clone(),
            values: values.clone(),
        });
    }
    for series in &mut report.series {
        let every = series.times.len().div_ceil(MOST_KEPT).max(1);
        series.times = series.times.iter().step_by(every).copied().collect();
        series.values = series.values.iter().step_by(every).copied().collect();
    }
    report.checks.extend(over_all_pairs(&mut pairs, &mut quantities, options.surrogates));
    let verdicts = pairs.iter().map(|p| {
        let irregular = p.clocks.iter().any(|&k| prepared[k].irregular());
        p.verdict(p.clocks.map(|k| prepared[k].name.as_str()), irregular, &options.unit)
    });
    report.dynamics = if pairs.len() <= 3 {
        verdicts.collect::<Vec<_>>().join("; ")
    } else {
        let locked = pairs.iter().filter(|p| p.p.is_some_and(|p| p <= 0.05)).count();
        let (clocks, all) = (prepared.len(), pairs.len());
        format!("{clocks} clocks, {all} pairs, {locked} of them locked with p ≤ 0.05 over all pairs")
    };
    report.quantities = choose(&options.measures, quantities.clone())?;
    Ok(Analysis { report, prepared, pairs, order, options: options.clone(), values: quantities })
}

/// Of many pairs some are locked by chance: the p-values are corrected for their number (S. Holm, Scand. J. Stat. 6, 65 (1979)).
fn over_all_pairs(pairs: &mut [Pair], quantities: &mut [Quantity], surrogates: usize) -> Option<Check> {
    if pairs.len() < 2 || surrogates == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..pairs.len()).filter(|&k| pairs[k].p.is_some()).collect();
    order.sort_by(|&a, &b| pairs[a].p.unwrap_or(1.0).total_cmp(&pairs[b].p.unwrap_or(1.0)));
    let mut least = 0.0f64;
    let count = order.len();
    let mut corrected = vec![None; pairs.len()];
    for (rank, &k) in order.iter().enumerate() {
        least = least.max((pairs[k].p.unwrap_or(1.0) * (count - rank) as f64).min(1.0));
        corrected[k] = Some(least);
    }
    let values = quantities.iter_mut().filter(|q| q.name.starts_with("p_value("));
    for (quantity, p) in values.zip(&corrected) {
        quantity.alternatives.extend(p.map(|p| ("over all pairs".to_owned(), p)));
    }
    for (pair, p) in pairs.iter_mut().zip(corrected) {
        pair.p = p;
    }
    let least = count as f64 / (surrogates + 1) as f64;
    (least > 0.05).then(|| {
        let note = format!(
            "least p-value that {surrogates} surrogates can give over {count} pairs: ask for {} or more",
            20 * count - 1
        );
        Check::note("number of surrogates", Some(least), note)
    })
}

impl Analysis {
    /// Adds what a reader must know about the recording, before all other checks.
    pub fn remark(&mut self, notes: &[String]) {
        let checks = notes.iter().map(|note| Check::note("recording", None, note.as_str()));
        self.report.checks.splice(0..0, checks);
    }

    /// The worst verdict among the checks.
    pub fn status(&self) -> Status {
        self.report.status()
    }
}

/// The names of everything that an analysis gives: requests are checked against them before anything is computed.
fn every_quantity(clocks: &[Clock]) -> Vec<Quantity> {
    let mut all = Vec::new();
    for measure in super::MEASURES {
        let mut add = |arguments: &str| all.push(Quantity::missing(format!("{}{arguments}", measure.name), "", ""));
        match measure.clocks {
            0 => add(""),
            1 => clocks.iter().for_each(|c| add(&format!("({})", c.name))),
            _ => {
                for (i, a) in clocks.iter().enumerate() {
                    for b in &clocks[i + 1..] {
                        add(&format!("({},{})", a.name, b.name));
                    }
                }
            }
        }
    }
    all
}

/// Enough clocks, of which the sampled ones have the same times.
fn together(clocks: &[Clock]) -> Result<(), ClocksError> {
    if clocks.len() < 2 {
        return Err(ClocksError::TooFewClocks { found: clocks.len() });
    }
    let mut first: Option<(&Clock, f64, f64, usize)> = None;
    for clock in clocks {
        let Source::Sampled { start, step, values } = &clock.source else {
            continue;
        };
        let Some((other, s0, h0, n0)) = first else {
            first = Some((clock, *start, *step, values.len()));
            continue;
        };
        let why = if n0 != values.len() {
            format!("{n0} samples against {}", values.len())
        } else if (h0 - step).abs() > 1e-9 * h0 {
            format!("{h0} between samples against {step}")
        } else if (s0 - start).abs() > 0.5 * h0 {
            format!("they begin at {s0} and at {start}")
        } else {
            continue;
        };
        return Err(ClocksError::Apart { first: other.name.clone(), second: clock.name.clone(), why });
    }
    Ok(())
}

fn method(prepared: &[Prepared], options: &Options) -> String {
    let phase = if prepared.iter().all(|c| c.sampled.is_none()) {
        "phases from ticks".to_owned()
    } else {
        match options.phase {
            Definition::Peaks => {
                format!("phases from peaks with a prominence of {} of the range", options.prominence)
            }
            Definition::Hilbert => "phases from the analytic signal about the mean".into(),
            Definition::Protophase => "phases from the analytic signal about the mean, made uniform".into(),
        }
    };
    if options.surrogates == 0 {
        return format!("{phase}; no surrogates");
    }
    format!("{phase}; {} surrogates, {}", options.surrogates, options.kind.explain())
}

/// Kuramoto's order parameter of all clocks over the time in which all of them run.
fn order(
    prepared: &[Prepared],
    options: &Options,
    quantities: &mut Vec<Quantity>,
    checks: &mut Vec<Check>,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let all: Vec<&Prepared> = prepared.iter().collect();
    let times = grid(&all, options).filter(|t| t.len() > 1);
    let Some(times) = times else {
        let why = "there is no time at which all clocks run";
        quantities.push(Quantity::missing("order_parameter", "1", why));
        return None;
    };
    let phase = |c: &Prepared| c.phase(options.phase, &times).or_else(|| c.phase(Definition::Peaks, &times));
    let phases: Vec<Vec<f64>> = prepared.iter().filter_map(phase).collect();
    let lists: Vec<&[f64]> = phases.iter().map(Vec::as_slice).collect();
    let order = order_parameter(&lists).ok()?;
    let values: Vec<f64> = order.field.iter().map(|z| z.norm()).collect();
    let mut quantity = Quantity::new("order_parameter", order.mean, "1");
    quantity.min = values.iter().copied().reduce(f64::min);
    quantity.max = values.iter().copied().reduce(f64::max);
    quantity.alternatives = vec![
        ("standard deviation".into(), order.deviation),
        ("by chance".into(), 0.5 * (std::f64::consts::PI * order.by_chance).sqrt()),
    ];
    quantities.push(quantity);
    let (low, high) = prepared.iter().fold((f64::INFINITY, 0.0f64), |(l, h), c| (l.min(c.rate), h.max(c.rate)));
    if high > 1.2 * low {
        let note = "largest rate over smallest: the order parameter counts 1:1 locking only";
        checks.push(Check::note("rates of all clocks", Some(high / low), note));
    }
    Some((times, values))
}
