//! What two clocks say together.

use std::f64::consts::TAU;

use huygens::measures::phases::{
    Directionality, Ratio, Slip, difference, directionality, index, index_without_bias, locked_fraction, locking,
    moving_mean, p_value, scan, shifted, slips,
};
use huygens::report::{Check, Quantity, Series, Status};
use huygens_numerics::c64;

use super::alone::{Prepared, digits, plural};
use super::significance::{Common, DIRECTION_STREAM, stream};
use super::together::together;
use super::{ClocksError, Definition, Options};

/// Least number of common cycles.
const LEAST_CYCLES: f64 = 4.0;
/// Samples a cycle of the faster clock, and the most samples of a pair.
const DENSE: f64 = 32.0;
const MOST_SAMPLES: f64 = 262_144.0;
/// Surrogates of the direction.
const DIRECTION_SURROGATES: usize = 99;

/// The result of one pair: numbers, checks, and what the figure draws.
pub(super) struct Pair {
    pub(super) clocks: [usize; 2],
    pub(super) quantities: Vec<Quantity>,
    pub(super) checks: Vec<Check>,
    pub(super) series: Vec<Series>,
    pub(super) ratio: Ratio,
    pub(super) index: f64,
    pub(super) p: Option<f64>,
    /// (nφ₁ − mφ₂)/2π over time, by the definition in use.
    pub(super) times: Vec<f64>,
    pub(super) difference: Vec<f64>,
    /// The same by the plain Hilbert phase, where the two disagree.
    pub(super) hilbert: Option<Vec<f64>>,
    pub(super) slips: Vec<Slip>,
    /// Of two tick lists: mean asynchrony, its standard deviation, number of common ticks, p-value.
    pub(super) asynchrony: Option<(f64, f64, usize, Option<f64>)>,
}

/// n:m whose detuning |n f₁ − m f₂| is at most 0.55 of the slower rate, the smaller of the two numbers at most `largest`.
pub(super) fn candidates(first: f64, second: f64, largest: u32) -> Vec<Ratio> {
    let swapped = first < second;
    let (fast, slow) = if swapped { (second, first) } else { (first, second) };
    let mut found = Vec::new();
    for n in 1..=largest.max(1) {
        let middle = f64::from(n) * fast / slow;
        for m in (middle - 0.55).ceil().max(1.0) as u32..=(middle + 0.55).floor().max(1.0) as u32 {
            let gcd = (1..=n.min(m)).rev().find(|d| n % d == 0 && m % d == 0).unwrap_or(1);
            if gcd == 1 {
                found.push(if swapped { Ratio { n: m, m: n } } else { Ratio { n, m } });
            }
        }
    }
    found.sort_by_key(|r| r.n + r.m);
    found
}

/// The times at which both phases are looked at.
pub(super) fn grid(clocks: &[&Prepared], options: &Options) -> Option<Vec<f64>> {
    let mut from = f64::NEG_INFINITY;
    let mut to = f64::INFINITY;
    let mut fastest = 0.0f64;
    let mut steps = None;
    for clock in clocks {
        from = from.max(clock.ticks[0]);
        to = to.min(clock.ticks[clock.ticks.len() - 1]);
        fastest = fastest.max(clock.rate);
        if let Some(sampled) = &clock.sampled {
            if options.phase != Definition::Peaks {
                let (first, last) = sampled.trusted();
                from = from.max(first);
                to = to.min(last);
            }
            steps.get_or_insert((sampled.start, sampled.step));
        }
    }
    if to <= from {
        return None;
    }
    let wanted = (1.0 / (DENSE * fastest)).max((to - from) / MOST_SAMPLES);
    let (first, step) = match steps {
        // on the samples of the record
        Some((start, step)) => {
            let every = (wanted / step).floor().max(1.0);
            (start + step * ((from - start) / step).ceil(), every * step)
        }
        None => (from, wanted),
    };
    let count = ((to - first) / step + 1e-9).floor().max(0.0) as usize + 1;
    Some((0..count).map(|k| (first + step * k as f64).min(to)).collect())
}

/// |⟨z⟩| and arg⟨z⟩ with the errors of a jackknife over 10 blocks.
fn with_errors(difference: &[f64]) -> [(f64, f64); 2] {
    const BLOCKS: usize = 10;
    let n = difference.len();
    let sums: Vec<c64> = (0..BLOCKS)
        .map(|b| difference[b * n / BLOCKS..(b + 1) * n / BLOCKS].iter().map(|d| c64::from_polar(1.0, *d)).sum())
        .collect();
    let total: c64 = sums.iter().sum();
    let left_out: Vec<c64> = sums.iter().map(|s| total - s).collect();
    let spread = |f: &dyn Fn(c64) -> f64| {
        let values: Vec<f64> = left_out.iter().map(|z| f(*z)).collect();
        let mean = values.iter().sum::<f64>() / BLOCKS as f64;
        (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() * (BLOCKS - 1) as f64 / BLOCKS as f64).sqrt()
    };
    let share = n as f64 * (BLOCKS - 1) as f64 / BLOCKS as f64;
    let lag = total.arg();
    [
        (total.norm() / n as f64, spread(&|z| z.norm() / share)),
        (lag, spread(&|z| (z * c64::from_polar(1.0, -lag)).arg())),
    ]
}

impl Pair {
    pub(super) fn new(
        prepared: &[Prepared],
        clocks: [usize; 2],
        number: usize,
        options: &Options,
    ) -> Result<Self, ClocksError> {
        let [a, b] = clocks.map(|k| &prepared[k]);
        let apart = |cycles: f64| ClocksError::NoOverlap {
            first: a.name.clone(),
            second: b.name.clone(),
            cycles,
            needed: LEAST_CYCLES as usize,
        };
        let times = grid(&[a, b], options).ok_or_else(|| apart(0.0))?;
        let span = times[times.len() - 1] - times[0];
        let cycles = span * a.rate.min(b.rate);
        if cycles < LEAST_CYCLES || times.len() < 32 {
            return Err(apart(cycles));
        }
        let sampled = a.sampled.is_some() && b.sampled.is_some();
        let chosen = if sampled { options.phase } else { Definition::Peaks };
        let phases = [a, b].map(|c| c.phase(chosen, &times).unwrap_or_default());
        let rate = |phase: &[f64]| (phase[phase.len() - 1] - phase[0]) / (TAU * span);
        let rates = [rate(&phases[0]), rate(&phases[1])];
        let ratios = candidates(rates[0].abs(), rates[1].abs(), options.largest);
        let common = Common { clocks: [a, b], times: &times, phases: [&phases[0], &phases[1]], ratios: &ratios };
        let strongest = scan(&phases[0], &phases[1], &ratios);
        let null = common.null(options, number)?;
        let p = (options.surrogates > 0).then(|| p_value(strongest[0].index, &null.strongest));
        // Without significance the ratio to speak of is the one that fits the rates best, small numbers before large ones.
        let misfit = |r: &Ratio| {
            let (n, m) = (f64::from(r.n), f64::from(r.m));
            (n * rates[0].abs() - m * rates[1].abs()).abs() * (n + m)
        };
        let fitting = ratios.iter().copied().min_by(|a, b| misfit(a).total_cmp(&misfit(b)));
        let significant = p.is_some_and(|p| p <= 0.05);
        let ratio = fitting.filter(|_| !significant).unwrap_or(strongest[0].ratio);

        let name = |measure: &str| format!("{measure}({},{})", a.name, b.name);
        let delta = difference(&phases[0], &phases[1], ratio);
        let [(index_value, index_error), (lag, lag_error)] = with_errors(&delta);
        let per_cycle = times.len() as f64 / cycles;
        let window = ((2.0 * per_cycle).round() as usize).clamp(1, times.len());
        // without a preferred difference the multiples of 2π are as good as any
        let reference = if index_value >= 0.5 { lag } else { 0.0 };
        let passages = slips(&moving_mean(&delta, window), reference, 0.5);
        let found: Vec<Slip> = passages.iter().map(|s| Slip { sample: s.sample + window / 2, ..*s }).collect();
        let lasting = slips(&delta, reference, 0.25).iter().map(|s| s.cycles.abs()).sum::<i64>();
        let all = locking(&phases[0], &phases[1], ratio);
        let mut pair = Self {
            clocks,
            quantities: Vec::new(),
            checks: Vec::new(),
            series: Vec::new(),
            ratio,
            index: index_value,
            p,
            difference: delta.iter().map(|d| d / TAU).collect(),
            hilbert: None,
            slips: found,
            asynchrony: None,
            times,
        };

        let mut quantity = Quantity::new(name("ratio"), f64::from(ratio.n) / f64::from(ratio.m), "1");
        let looked: Vec<String> = ratios.iter().map(Ratio::to_string).collect();
        quantity.note = Some(format!("n:m = {ratio}, of {}", looked.join(", ")));
        quantity.alternatives = vec![("n".into(), f64::from(ratio.n)), ("m".into(), f64::from(ratio.m))];
        pair.quantities.push(quantity);

        let mut quantity = Quantity::new(name("sync_index"), index_value, "1");
        quantity.error = Some(index_error);
        quantity.alternatives.push(("unbiased".into(), index_without_bias(index_value, cycles)));
        if sampled {
            pair.compare([a, b], chosen, &mut quantity);
        }
        pair.quantities.push(quantity);

        pair.significance(&name("p_value"), &null.strongest, cycles, options);
        pair.checks.extend(null.checks);

        let mut quantity = Quantity::new(name("phase_lag"), lag, "rad");
        quantity.error = Some(lag_error);
        if pair.index < 0.3 {
            quantity.note = Some("the index is low: no difference is much preferred".into());
        }
        pair.quantities.push(quantity);
        let per = if options.unit == "s" { "Hz".to_owned() } else { format!("1/{}", options.unit) };
        let detuning = f64::from(ratio.n) * rates[0] - f64::from(ratio.m) * rates[1];
        pair.quantities.push(Quantity::new(name("detuning"), detuning, per));

        let uneven = [a, b].iter().any(|c| c.irregular());
        if uneven {
            let why = "the ticks are no even beat: see the asynchronies";
            for (measure, unit) in [("slips", "cycles"), ("locked_fraction", "1"), ("direction", "1")] {
                pair.quantities.push(Quantity::missing(name(measure), unit, why));
            }
        } else {
            let count = |sign: i64| pair.slips.iter().map(|s| (s.cycles * sign).max(0)).sum::<i64>() as f64;
            let mut quantity = Quantity::new(name("slips"), count(1) + count(-1), "cycles");
            quantity.alternatives = vec![
                (format!("{} gains", a.name), count(1)),
                (format!("{} gains", b.name), count(-1)),
                ("lasting".into(), lasting as f64),
            ];
            quantity.note = Some(
                "passages of the difference, averaged over two cycles, half-way between preferred values; lasting: those \
                 that come within a quarter cycle of the next"
                    .into(),
            );
            pair.quantities.push(quantity);
            pair.quantities.push(Quantity::new(name("locked_fraction"), locked_fraction(&delta, lag), "1"));
            pair.quantities.push(direction(&name("direction"), [a, b], &phases, &pair.times, number, options));
        }
        pair.quantities.push(Quantity::new(name("entropy_index"), all.entropy, "1"));
        pair.quantities.push(Quantity::new(name("conditional_index"), all.conditional, "1"));
        pair.series.push(Series {
            name: name("phase_difference"),
            unit: "cycles".into(),
            times: pair.times.clone(),
            values: pair.difference.clone(),
        });
        if a.sampled.is_none() && b.sampled.is_none() {
            let found = together(a, b, number, options);
            pair.quantities.extend(found.quantities);
            pair.series.extend(found.series);
            pair.asynchrony = found.found;
        }
        if !uneven && !pair.slips.is_empty() {
            pair.series.push(Series {
                name: name("slips"),
                unit: "cycles".into(),
                times: pair.slips.iter().map(|s| pair.times[s.sample]).collect(),
                values: pair.slips.iter().map(|s| s.cycles as f64).collect(),
            });
        }
        Ok(pair)
    }

    /// The index by the other definitions, and a warning where they tell another story.
    fn compare(&mut self, clocks: [&Prepared; 2], chosen: Definition, quantity: &mut Quantity) {
        let net = |d: &[f64]| d[d.len() - 1] - d[0];
        let mut stories = Vec::new();
        let mut worst = 0.0f64;
        for other in Definition::ALL.into_iter().filter(|d| *d != chosen) {
            let [Some(x), Some(y)] = clocks.map(|c| c.phase(other, &self.times)) else {
                continue;
            };
            // the Hilbert phase as it is commonly taken: over the whole record
            let whole = clocks.map(|c| c.plain_hilbert().unwrap_or_default());
            let (r, delta) = if other == Definition::Hilbert && whole[0].len() == whole[1].len() {
                (index(whole[0], whole[1], self.ratio).norm(), difference(whole[0], whole[1], self.ratio))
            } else {
                (index(&x, &y, self.ratio).norm(), difference(&x, &y, self.ratio))
            };
            quantity.alternatives.push((other.name().to_owned(), r));
            let delta: Vec<f64> = delta.iter().map(|d| d / TAU).collect();
            let drift = net(&delta) - net(&self.difference);
            worst = worst.max((r - self.index).abs());
            if (r - self.index).abs() > 0.05 || drift.abs() > 0.5 {
                let whole = if other == Definition::Hilbert { " over the whole record" } else { "" };
                let mut story = format!("{}{whole} R = {r:.3}", other.name());
                if drift.abs() > 0.5 {
                    story += &format!(" and a drift of {:+.2} cycles", net(&delta));
                }
                stories.push(story);
                if other == Definition::Hilbert {
                    self.hilbert = Some(difference(&x, &y, self.ratio).iter().map(|d| d / TAU).collect());
                }
            }
        }
        let name = format!("definitions of {}, {}", clocks[0].name, clocks[1].name);
        if stories.is_empty() {
            let note = "largest difference of the index between peaks, Hilbert phase and protophase";
            self.checks.push(Check::at_most(name, worst, 0.05, note));
            return;
        }
        let note = format!(
            "the phases disagree: {} R = {:.3}, drift {:+.2} cycles; {}. Trust a phase whose orbit circles its centre, away from the ends of the record",
            chosen.name(),
            self.index,
            net(&self.difference),
            stories.join("; ")
        );
        self.checks.push(Check { name, status: Status::Note, value: Some(worst), limit: Some(0.05), note });
    }

    /// The p-value, and the control: what the surrogates have.
    fn significance(&mut self, name: &str, null: &[f64], cycles: f64, options: &Options) {
        let Some(p) = self.p else {
            let why = "no surrogates asked for; see --surrogates";
            self.quantities.push(Quantity::missing(name, "1", why));
            return;
        };
        let mut sorted = null.to_vec();
        sorted.sort_by(f64::total_cmp);
        let level = sorted[((0.95 * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len()) - 1];
        let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
        let mut quantity = Quantity::new(name, p, "1");
        quantity.note = Some(format!(
            "{} {} surrogates, seed {}; strongest index over all n:m looked at",
            sorted.len(),
            options.kind.name(),
            options.seed
        ));
        quantity.alternatives = vec![("mean index by chance".into(), mean), ("95 % of them below".into(), level)];
        self.quantities.push(quantity);
        let title = name.replace("p_value", "control of sync_index");
        let least = 1.0 / (null.len() + 1) as f64;
        let check = if p <= 0.05 {
            Check {
                name: title,
                status: Status::Pass,
                value: Some(level),
                limit: Some(self.index),
                note: format!("95 % of the surrogates are below; p = {p:.3}"),
            }
        } else if mean > 0.8 {
            Check::note(
                title,
                Some(level),
                format!(
                    "the surrogates have R = {mean:.3} in the mean: clocks this regular keep step without any coupling, and a record of {cycles:.0} cycles cannot tell"
                ),
            )
        } else if least > 0.05 {
            Check::note(
                title,
                Some(level),
                format!("{} surrogates cannot give p below {least:.2}: ask for 99 or more", null.len()),
            )
        } else {
            Check::note(
                title,
                Some(level),
                format!("chance gives as much in {:.0} % of the surrogates: no relation is shown", 100.0 * p),
            )
        };
        self.checks.push(check);
    }

    /// One line for the reader; `irregular` where the ticks of a list are no even beat.
    pub(super) fn verdict(&self, names: [&str; 2], irregular: bool, unit: &str) -> String {
        let [a, b] = names;
        if let (true, Some((mean, spread, count, p))) = (irregular, self.asynchrony) {
            let (scale, unit) = if unit == "s" { (1e3, "ms") } else { (1.0, unit) };
            let numbers = format!("{} ± {} {unit}", digits(scale * mean), digits(scale * spread));
            return match p {
                Some(p) if p > 0.05 => {
                    format!("{a}, {b}: no common beat shown ({count} near ticks, {b} {numbers} after {a}, p = {p:.2})")
                }
                Some(p) => {
                    format!("{a}, {b}: tick together ({count} common ticks, {b} {numbers} after {a}, p = {p:.3})")
                }
                None => format!("{a}, {b}: {count} near ticks, {b} {numbers} after {a}, not tested"),
            };
        }
        let slips = match self.slips.iter().map(|s| s.cycles.abs()).sum::<i64>() {
            0 => "no slips".to_owned(),
            n => plural(n, "slip"),
        };
        let numbers = format!("R = {:.3}, {slips}", self.index);
        match self.p {
            None => format!("{a}, {b}: {} {numbers}, not tested", self.ratio),
            Some(p) if p > 0.05 => format!("{a}, {b}: no locking shown ({} {numbers}, p = {p:.2})", self.ratio),
            Some(p) if self.index >= 0.7 => format!("{a}, {b}: locked {} ({numbers}, p = {p:.3})", self.ratio),
            Some(p) => format!("{a}, {b}: weakly locked {} ({numbers}, p = {p:.3})", self.ratio),
        }
    }
}

/// The direction of the interaction, with p-values of both influences.
fn direction(
    name: &str,
    clocks: [&Prepared; 2],
    phases: &[Vec<f64>; 2],
    times: &[f64],
    number: usize,
    options: &Options,
) -> Quantity {
    // eight samples a cycle are enough for three harmonics
    let fastest = clocks[0].rate.max(clocks[1].rate);
    let every = ((1.0 / (8.0 * fastest * (times[1] - times[0]))) as usize).max(1);
    let thin = |x: &[f64]| x.iter().step_by(every).copied().collect::<Vec<f64>>();
    let [x, y] = [thin(&phases[0]), thin(&phases[1])];
    let lag = ((1.0 / (fastest * (times[1] - times[0]) * every as f64)).round() as usize).max(1);
    let found = match directionality(&x, &y, lag) {
        Ok(found) => found,
        Err(why) => return Quantity::missing(name, "1", why.to_string()),
    };
    if found.cycles < Directionality::ENOUGH_CYCLES {
        let why = format!(
            "{:.0} cycles of the slower clock are too few for a direction: {} are needed",
            found.cycles,
            Directionality::ENOUGH_CYCLES
        );
        return Quantity::missing(name, "1", why);
    }
    let mut quantity = Quantity::new(name, found.index, "1");
    quantity.error = Some(found.error);
    let [a, b] = clocks.map(|c| c.name.as_str());
    quantity.alternatives =
        vec![(format!("{a} on {b}"), found.first_on_second), (format!("{b} on {a}"), found.second_on_first)];
    if options.surrogates == 0 {
        return quantity;
    }
    let mut stream = stream(options, number, DIRECTION_STREAM);
    let least = (x.len() / 20).max(1);
    let shifts = huygens::measures::phases::random_shifts(x.len(), least, DIRECTION_SURROGATES, &mut stream);
    let (mut on_second, mut on_first) = (Vec::new(), Vec::new());
    for s in shifts.unwrap_or_default() {
        // a shifted record has a seam: its one wrong step is a small part of the record
        let turned = turned(&x, s);
        if let Ok(d) = directionality(&turned, &y, lag) {
            on_second.push(d.first_on_second);
            on_first.push(d.second_on_first);
        }
    }
    let p = [p_value(found.first_on_second, &on_second), p_value(found.second_on_first, &on_first)];
    quantity.alternatives.push((format!("p of {a} on {b}"), p[0]));
    quantity.alternatives.push((format!("p of {b} on {a}"), p[1]));
    let acts = match (p[0] <= 0.05, p[1] <= 0.05) {
        (true, true) => format!("each acts on the other; 1 would be {a} on {b} alone"),
        (true, false) => format!("{a} acts on {b}; no influence of {b} on {a} is shown"),
        (false, true) => format!("{b} acts on {a}; no influence of {a} on {b} is shown"),
        (false, false) => {
            quantity.value = None;
            quantity.error = None;
            "no direction: neither influence is above that of time-shifted records".into()
        }
    };
    quantity.note = Some(format!("{acts} ({} shifted surrogates)", on_second.len()));
    quantity
}

/// An unwrapped phase turned round in time, still growing steadily over the seam.
fn turned(phase: &[f64], shift: usize) -> Vec<f64> {
    let n = phase.len();
    let whole = phase[n - 1] - phase[0];
    // the phase gained over the seam: one mean step more than the record, in whole cycles
    let gain = (whole / TAU).round() * TAU;
    let mut out = shifted(phase, shift);
    for value in &mut out[n - shift % n..] {
        *value += gain;
    }
    out
}
