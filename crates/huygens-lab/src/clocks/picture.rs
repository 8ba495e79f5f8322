//! The figure of recorded clocks: what was recorded, the phase difference, the synchrogram, the stability.

use std::f64::consts::TAU;

use huygens::measures::phases::EventPhase;
use huygens::report::{Check, Status};

use super::alone::Prepared;
use super::analysis::Analysis;
use super::pair::Pair;
use crate::figures::{Axis, Band, Color, Dash, Figure, Panel, Reference, Series, Shape, Width, palette};

/// Cycles in the panel of the recording, for clocks of one rate.
const CYCLES_SHOWN: f64 = 10.0;
/// Most clocks and pairs in one panel.
const MOST_CURVES: usize = 6;
/// Most points of a curve: more cannot be told apart in print.
const MOST_POINTS: usize = 4000;
/// Most slips that are marked one by one.
const MOST_SLIPS: usize = 40;

impl Analysis {
    /// The figure: what was recorded, the phase difference over time, the synchrogram (or the order parameter of more than two
    /// clocks) and the Allan deviation of each clock; tick lists show their asynchronies. Failed checks are written on it.
    pub fn figure(&self, title: &str, command: &str) -> Figure {
        let mut figure = Figure::new(Width::Double).columns(2);
        let asynchronies = self.asynchronies();
        figure = figure.panel(self.recording()).panel(
            match (&asynchronies, self.prepared.iter().any(Prepared::irregular)) {
                (Some(_), true) => self.distribution(),
                _ => self.differences(),
            },
        );
        figure = figure.panel(match (&self.order, asynchronies) {
            (_, Some(panel)) => panel,
            (Some((times, values)), None) => self.order_panel(times, values),
            (None, None) => self.synchrogram(&self.pairs[0]),
        });
        figure = figure.panel(self.stability());
        for check in self.report.checks.iter().filter(|c| c.status == Status::Fail) {
            figure = figure.failed_check(failure(check));
        }
        figure
            .caption(format!("{title}. {}.", self.report.dynamics))
            .provenance(format!("huygens {}; {command}", env!("CARGO_PKG_VERSION")))
    }

    fn time_axis(&self) -> Axis {
        Axis::linear(format!("Time ({})", self.options.unit))
    }

    fn shown(&self) -> &[Prepared] {
        &self.prepared[..self.prepared.len().min(MOST_CURVES)]
    }

    /// Some cycles from the middle of the record, one clock above the other.
    fn recording(&self) -> Panel {
        let clocks = self.shown();
        let from = clocks.iter().map(|c| c.ticks[0]).fold(f64::NEG_INFINITY, f64::max);
        let to = clocks.iter().map(|c| c.ticks[c.ticks.len() - 1]).fold(f64::INFINITY, f64::min);
        let slowest = clocks.iter().map(|c| c.rate).fold(f64::INFINITY, f64::min);
        let fastest = clocks.iter().map(|c| c.rate).fold(0.0, f64::max);
        // of clocks of very different rates fewer cycles, so that those of the faster one can be told apart
        let half = (0.5 * CYCLES_SHOWN / (slowest * fastest).sqrt()).min(0.5 * (to - from).abs());
        let middle = 0.5 * (from + to);
        let (from, to) = (middle - half, middle + half);
        let mut names = Vec::new();
        let mut panel = Panel::new(self.time_axis().range(from, to), Axis::default());
        for (k, clock) in clocks.iter().enumerate() {
            let level = (clocks.len() - 1 - k) as f64;
            names.push((level + 0.4, short(&clock.name)));
            let ticks: Vec<f64> = clock.ticks.iter().copied().filter(|t| (from..=to).contains(t)).collect();
            let Some(sampled) = &clock.sampled else {
                let heights = vec![level + 0.4; ticks.len()];
                panel = panel.with(Series::points(ticks, heights).color(palette(k)).marker_size(3.0));
                continue;
            };
            let inside = |t: f64| ((t - sampled.start) / sampled.step).max(0.0) as usize;
            let (first, last) = (inside(from), inside(to).min(sampled.values.len() - 1));
            let window = &sampled.values[first.min(last)..=last];
            let (low, high) =
                window.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
            let scale = |x: f64| level + 0.8 * (x - low) / (high - low).max(f64::MIN_POSITIVE);
            let every = window.len().div_ceil(MOST_POINTS).max(1);
            let times: Vec<f64> = (first..=last).step_by(every).map(|i| sampled.time(i)).collect();
            let values: Vec<f64> = window.iter().step_by(every).map(|x| scale(*x)).collect();
            let tops: Vec<f64> = ticks.iter().map(|t| scale(sampled.between(&sampled.values, *t))).collect();
            panel = panel
                .with(Series::line(times, values).color(palette(k)).width(0.9))
                .with(Series::points(ticks, tops).color(palette(k)).marker_size(2.6));
        }
        panel.y = Axis::default().ticks(names).range(-0.15, clocks.len() as f64);
        let what = if clocks.iter().all(|c| c.sampled.is_some()) { "recorded; dots: peaks" } else { "recorded ticks" };
        panel.title(what)
    }

    fn differences(&self) -> Panel {
        let label = |pair: &Pair| {
            let [a, b] = pair.clocks.map(|k| short(&self.prepared[k].name));
            format!("{a}, {b} ({}) $R={:.2}$", pair.ratio, pair.index)
        };
        let one = self.pairs.len() == 1;
        let axis = if one {
            let (n, m) = (self.pairs[0].ratio.n, self.pairs[0].ratio.m);
            let factor = |k: u32| if k == 1 { String::new() } else { k.to_string() };
            format!(r"$({}\varphi_1-{}\varphi_2)/2\pi$ (cycles)", factor(n), factor(m))
        } else {
            r"$(n\varphi_1-m\varphi_2)/2\pi$ (cycles)".into()
        };
        // at least two cycles high, so that a locked pair looks locked
        let mut axis = Axis::linear(axis);
        for pair in &self.pairs {
            let (low, high) =
                pair.difference.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
            if high - low < 2.0 && one {
                axis = axis.include(0.5 * (low + high) - 1.0).include(0.5 * (low + high) + 1.0);
            }
        }
        let mut panel = Panel::new(self.time_axis(), axis);
        for (k, pair) in self.pairs.iter().take(MOST_CURVES).enumerate() {
            let (times, values) = thin(&pair.times, &pair.difference);
            let spread = |x: &[f64]| {
                let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
                high - low
            };
            // a Hilbert phase that runs away would hide the other
            let shown = pair.hilbert.as_ref().filter(|h| spread(h) < 2.0 + 3.0 * spread(&pair.difference));
            if let (true, Some(hilbert)) = (one, shown) {
                let (times, values) = thin(&pair.times, hilbert);
                let grey =
                    Series::line(times, values).color(Color(150, 150, 150)).width(0.7).label("plain Hilbert phase");
                panel = panel.with(grey);
            }
            let line = Series::line(times, values).color(palette(k)).width(0.9);
            let sampled = pair.clocks.iter().all(|&k| self.prepared[k].sampled.is_some());
            let source = if sampled { self.options.phase.name() } else { "ticks" };
            panel = panel.with(if one { line.label(source) } else { line.label(label(pair)) });
            let uneven = pair.clocks.iter().any(|&k| self.prepared[k].irregular());
            if one && !uneven && !pair.slips.is_empty() && pair.slips.len() <= MOST_SLIPS {
                let at: Vec<f64> = pair.slips.iter().map(|s| pair.times[s.sample]).collect();
                let on: Vec<f64> = pair.slips.iter().map(|s| pair.difference[s.sample]).collect();
                let marks = Series::points(at, on).color(Color::BLACK).marker(Shape::Diamond).marker_size(3.6).open();
                panel = panel.with(marks.label("slips"));
            }
        }
        let pair = &self.pairs[0];
        if one {
            let p = pair.p.map_or(String::new(), |p| format!(", $p={p:.3}$"));
            panel = panel.title(format!("{} locking: $R={:.3}${p}", pair.ratio, pair.index));
        } else {
            panel = panel.title("phase differences");
        }
        panel
    }

    /// The phase of the slower clock at the ticks of the faster one: horizontal stripes are locking.
    fn synchrogram(&self, pair: &Pair) -> Panel {
        let [first, second] = pair.clocks.map(|k| &self.prepared[k]);
        let second_faster = pair.ratio.n > pair.ratio.m || (pair.ratio.n == pair.ratio.m && second.rate > first.rate);
        let (slow, fast) = if second_faster { (first, second) } else { (second, first) };
        let wrap = f64::from(pair.ratio.n.min(pair.ratio.m));
        let mut times = Vec::new();
        let mut turns = Vec::new();
        if let Ok(phase) = EventPhase::new(&slow.ticks) {
            for &t in &fast.ticks {
                if let Some(p) = phase.at(t) {
                    times.push(t);
                    turns.push((p / TAU).rem_euclid(wrap));
                }
            }
        }
        // centred on the preferred value, so that a locked pair is one stripe and not two halves at the edges
        let size = if times.len() > 400 { 1.4 } else { 2.2 };
        let mut shift = 0.0;
        if pair.ratio.n == 1 && pair.ratio.m == 1 && !turns.is_empty() {
            let mean: (f64, f64) =
                turns.iter().map(|x| (TAU * x).sin_cos()).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            shift = mean.0.atan2(mean.1) / TAU - 0.5;
            turns.iter_mut().for_each(|x| *x = (*x - shift).rem_euclid(1.0) + shift);
        }
        let axis = Axis::linear(format!("Phase of {} (cycles)", short(&slow.name))).range(shift, shift + wrap);
        Panel::new(self.time_axis(), axis)
            .with(Series::points(times, turns).color(palette(0)).marker_size(size))
            .title(format!("synchrogram: {} at the ticks of {}", short(&slow.name), short(&fast.name)))
    }

    fn order_panel(&self, times: &[f64], values: &[f64]) -> Panel {
        let (times, values) = thin(times, values);
        let mut panel = Panel::new(self.time_axis(), Axis::linear("Order parameter $r$").range(0.0, 1.02))
            .with(Series::line(times, values).color(palette(0)).width(0.8))
            .title(format!("{} clocks", self.prepared.len()));
        if let Some(mean) = self.report.value("order_parameter") {
            panel = panel.with(Reference::y(mean, format!("mean {mean:.2}")));
        }
        panel
    }

    /// Asynchronies of tick lists: over time for two, mean and spread for each pair with the first for more.
    fn asynchronies(&self) -> Option<Panel> {
        if self.prepared.iter().any(|c| c.sampled.is_some()) {
            return None;
        }
        let (scale, unit) =
            if self.options.unit == "s" { (1e3, "ms".to_owned()) } else { (1.0, self.options.unit.clone()) };
        let label = format!("Asynchrony ({unit})");
        if let [pair] = self.pairs.as_slice() {
            let [a, b] = pair.clocks.map(|k| self.prepared[k].name.as_str());
            let series = self.report.series.iter().find(|s| s.name == format!("asynchrony({a},{b})"))?;
            let values: Vec<f64> = series.values.iter().map(|d| scale * d).collect();
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let spread = (values.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt();
            let ends = [series.times[0], series.times[series.times.len() - 1]];
            return Some(
                Panel::new(self.time_axis(), Axis::linear(label).include(0.0))
                    .with(Band::new(ends, [mean - spread; 2], [mean + spread; 2]).color(palette(0)))
                    .with(Series::points(series.times.clone(), values).color(palette(0)).marker_size(2.0))
                    .with(Reference::y(0.0, ""))
                    .title(format!("{} after {}: {mean:.1} ± {spread:.1} {unit}", short(b), short(a))),
            );
        }
        let mut ticks = Vec::new();
        let (mut at, mut means, mut spreads) = (Vec::new(), Vec::new(), Vec::new());
        let first = self.prepared[0].name.as_str();
        for (k, other) in self.prepared.iter().enumerate().skip(1) {
            let find = |m: &str| self.values.iter().find(|q| q.name == format!("{m}({first},{})", other.name));
            let (Some(mean), Some(spread)) =
                (find("asynchrony").and_then(|q| q.value), find("asynchrony_spread").and_then(|q| q.value))
            else {
                continue;
            };
            ticks.push((k as f64, short(&other.name)));
            at.push(k as f64);
            means.push(scale * mean);
            spreads.push(scale * spread);
        }
        let x = Axis::default().ticks(ticks).range(0.5, self.prepared.len() as f64 - 0.5);
        Some(
            Panel::new(x, Axis::linear(label).include(0.0))
                .with(Series::points(at, means).color(palette(0)).errors(&spreads).marker_size(4.0))
                .with(Reference::y(0.0, ""))
                .title(format!("after {}: mean and standard deviation", short(first))),
        )
    }

    /// How the asynchronies with the first list are distributed.
    fn distribution(&self) -> Panel {
        let (scale, unit) = if self.options.unit == "s" { (1e3, "ms") } else { (1.0, self.options.unit.as_str()) };
        let first = self.prepared[0].name.as_str();
        let others: Vec<&Prepared> = self.prepared.iter().skip(1).take(MOST_CURVES).collect();
        let lists: Vec<(&str, Vec<f64>)> = others
            .iter()
            .filter_map(|c| {
                let name = format!("asynchrony({first},{})", c.name);
                let series = self.report.series.iter().find(|s| s.name == name)?;
                Some((c.name.as_str(), series.values.iter().map(|d| scale * d).collect()))
            })
            .collect();
        let all = lists.iter().flat_map(|l| l.1.iter().copied());
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
        let mut panel = Panel::new(
            Axis::linear(format!("Asynchrony ({unit})")),
            Axis::linear(if lists.len() == 1 { "Pairs of ticks" } else { "Share of the pairs of ticks" }).include(0.0),
        );
        if lists.is_empty() || high <= low {
            return panel;
        }
        let bins = 31;
        let width = (high - low) / bins as f64;
        let centres: Vec<f64> = (0..bins).map(|b| low + (b as f64 + 0.5) * width).collect();
        for (k, (name, values)) in lists.iter().enumerate() {
            let mut counts = vec![0.0; bins];
            for v in values {
                counts[(((v - low) / width) as usize).min(bins - 1)] += 1.0;
            }
            panel = panel.with(if lists.len() == 1 {
                Series::bars(centres.clone(), counts, 0.92 * width).color(palette(0))
            } else {
                let shares: Vec<f64> = counts.iter().map(|c| c / values.len() as f64).collect();
                Series::line(centres.clone(), shares).color(palette(k + 1)).label(short(name))
            });
        }
        panel.with(Reference::x(0.0, "")).title(format!("how much later than {}", short(first)))
    }

    fn stability(&self) -> Panel {
        let mut x = Axis::log(format!(r"Averaging time $\tau$ ({})", self.options.unit));
        let taus = self.shown().iter().flat_map(|c| c.stability.iter().map(|p| p.tau));
        if let (Some(low), Some(high)) = (taus.clone().reduce(f64::min), taus.reduce(f64::max)) {
            x = x.range(0.75 * low, 1.35 * high);
        }
        let mut panel = Panel::new(x, Axis::log(r"Allan deviation $\sigma_y(\tau)$")).title("stability of each clock");
        for (k, clock) in self.shown().iter().enumerate() {
            let points = &clock.stability;
            if points.is_empty() {
                continue;
            }
            let tau: Vec<f64> = points.iter().map(|p| p.tau).collect();
            let low: Vec<f64> = points.iter().map(|p| p.low).collect();
            let high: Vec<f64> = points.iter().map(|p| p.high).collect();
            let line = Series::line(tau, points.iter().map(|p| p.value).collect::<Vec<_>>())
                .errors_between(&low, &high)
                .color(palette(k))
                .dash(if k % 2 == 0 { Dash::Solid } else { Dash::Dashed })
                .marker(Shape::Circle)
                .marker_size(2.6)
                .label(short(&clock.name));
            panel = panel.with(line);
        }
        panel
    }
}

fn failure(check: &Check) -> String {
    if check.note.is_empty() { check.name.clone() } else { format!("{}: {}", check.name, check.note) }
}

/// At most 16 letters of a name.
fn short(name: &str) -> String {
    let clean = name.replace('$', "");
    if clean.chars().count() <= 16 { clean } else { format!("{}…", clean.chars().take(15).collect::<String>()) }
}

fn thin(x: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let every = x.len().div_ceil(MOST_POINTS).max(1);
    (x.iter().step_by(every).copied().collect(), y.iter().step_by(every).copied().collect())
}
