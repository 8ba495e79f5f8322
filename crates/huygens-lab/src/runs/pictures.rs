//! Figures of runs and sweeps.

use huygens::levels::mean_field::continuation::{self, Bifurcation};
use huygens::report::{Check, Orbit, Report, Status};
use huygens_numerics::fourier::Periodic;

use super::branch::{Along, Branch};
use super::labels::{measure_label, name_label, unit_label};
use super::points::ATTRACTORS;
use super::problem::Problem;
use crate::figures::{
    Axis, Band, CategoryMap, Color, Dash, Figure, HeatMap, Panel, Reference, Region, Series, Width, palette,
};
use crate::record::table::LONGEST_LIST;
use crate::record::{Column, PointStatus, Record, Spacing, StoredAxis, SweepData};

/// Sweeps of more points are not drawn unless a figure is asked for: reading them all would take memory in proportion.
pub const MAX_DRAWN_POINTS: u64 = 20_000;

/// Most curves in one panel.
const MAX_CURVES: usize = 5;
/// Most points that are drawn one by one.
const FEW: usize = 12;
/// From this ratio of its largest to its smallest value on, a map of a positive quantity has logarithmic colours.
const DECADES: f64 = 300.0;
/// Most panels of one figure.
const MAX_PANELS: usize = 8;
const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::DashDot, Dash::Dotted];

/// The figures of a run with the names of their files: `orbits` (the mean field in phase space) and `measures` (the measures
/// over one period or over the window) and `functions` (measures that are functions, such as a spectrum), as far as the run has them. A failed check is written on both.
pub fn run_figures(problem: &Problem, record: &Record) -> Vec<(&'static str, Figure)> {
    let report = &record.report;
    let mut figures = Vec::new();
    figures.extend(orbits(problem, report).map(|figure| ("orbits", figure)));
    figures.extend(measures(problem, report).map(|figure| ("measures", figure)));
    figures.extend(functions(problem, report).map(|figure| ("functions", figure)));
    figures
        .into_iter()
        .map(|(name, figure)| (name, stamped(figure, problem, report, &record.provenance.command)))
        .collect()
}

/// Title, failed checks and provenance.
fn stamped(mut figure: Figure, problem: &Problem, report: &Report, command: &str) -> Figure {
    let unit = &problem.model().time_unit;
    let dynamics =
        if unit.is_empty() { report.dynamics.clone() } else { report.dynamics.replace(unit, &unit_label(unit)) };
    figure = figure.caption(format!("{}: {dynamics}.", problem.model().name));
    for check in report.checks.iter().filter(|c| c.status == Status::Fail) {
        figure = figure.failed_check(failure(check));
    }
    figure.provenance(format!("huygens {}; {command}", env!("CARGO_PKG_VERSION")))
}

fn failure(check: &Check) -> String {
    if check.note.is_empty() { check.name.clone() } else { format!("{}: {}", check.name, check.note) }
}

/// A mode's name for a legend; members of an array that move alike share one curve.
struct Curve<'a> {
    label: String,
    orbit: &'a Orbit,
}

/// Distinct orbits, with the labels of all modes that share them.
fn distinct<'a>(orbits: &[&'a Orbit]) -> Vec<Curve<'a>> {
    let mut curves: Vec<(Vec<&str>, &Orbit)> = Vec::new();
    for orbit in orbits {
        let same = |other: &Orbit| {
            let size = orbit.re.iter().chain(&orbit.im).fold(1e-300_f64, |m, x| m.max(x.abs()));
            let pairs = orbit.re.iter().zip(&other.re).chain(orbit.im.iter().zip(&other.im));
            orbit.re.len() == other.re.len() && pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-9 * size)
        };
        match curves.iter_mut().find(|(_, other)| same(other)) {
            Some((names, _)) => names.push(&orbit.mode),
            None => curves.push((vec![&orbit.mode], orbit)),
        }
    }
    let label = |names: &[&str]| match names {
        [one] => name_label(one),
        [first, second] => format!("{}, {}", name_label(first), name_label(second)),
        [first, .., last] => format!("{} … {}", name_label(first), name_label(last)),
        [] => String::new(),
    };
    curves.into_iter().map(|(names, orbit)| Curve { label: label(&names), orbit }).collect()
}

fn orbits(problem: &Problem, report: &Report) -> Option<Figure> {
    let model = problem.model();
    let is_clock = |orbit: &Orbit| model.oscillators.iter().any(|m| model.modes[m.0 as usize].name == orbit.mode);
    let (clocks, others): (Vec<&Orbit>, Vec<&Orbit>) =
        report.orbits.iter().filter(|o| !o.re.is_empty()).partition(|o| is_clock(o));
    let groups: Vec<(&str, Vec<Curve<'_>>)> = [("oscillators", distinct(&clocks)), ("other modes", distinct(&others))]
        .into_iter()
        .filter(|(_, curves)| !curves.is_empty())
        .collect();
    if groups.is_empty() {
        return None;
    }
    let width = if groups.len() == 1 { Width::Single } else { Width::Double };
    let mut figure = Figure::new(width).columns(groups.len());
    for (name, curves) in groups {
        let (shown, hidden) = (curves.len().min(6), curves.len().saturating_sub(6));
        let mut panel = Panel::new(
            Axis::linear(r"$\mathrm{Re}\,\langle a\rangle$"),
            Axis::linear(r"$\mathrm{Im}\,\langle a\rangle$"),
        )
        .equal_aspect();
        panel =
            panel.title(if hidden > 0 { format!("{name} ({shown} of {} orbits)", curves.len()) } else { name.into() });
        let cycle = problem.experiment().options().window.is_none() && report.dynamics.starts_with("limit cycle");
        for (k, curve) in curves[..shown].iter().enumerate() {
            let (mut re, mut im) = (curve.orbit.re.clone(), curve.orbit.im.clone());
            let color = palette(k);
            if re.len() == 1 {
                panel = panel.with(Series::points(re, im).color(color).label(&curve.label));
                continue;
            }
            if cycle {
                (re, im) = (closed(&re), closed(&im));
            }
            // A long direct run is a thin line, so that its turns stay apart.
            let line = Series::line(re, im).color(color).label(&curve.label);
            panel = panel.with(if cycle { line.arrows(3) } else { line.width(0.5) });
        }
        if curves[0].orbit.re.len() > 1 && cycle {
            let at: (Vec<f64>, Vec<f64>) = curves[..shown].iter().map(|c| (c.orbit.re[0], c.orbit.im[0])).unzip();
            panel = panel.with(Series::points(at.0, at.1).color(Color::BLACK).label("same time"));
        }
        figure = figure.panel(panel);
    }
    Some(figure)
}

/// One period of equidistant samples as a smooth closed curve, by trigonometric interpolation.
fn closed(samples: &[f64]) -> Vec<f64> {
    const POINTS: usize = 1024;
    if samples.len() >= POINTS {
        return samples.iter().copied().chain([samples[0]]).collect();
    }
    let series = Periodic::new(samples);
    (0..=POINTS).map(|k| series.value(std::f64::consts::TAU * k as f64 / POINTS as f64)).collect()
}

/// Puts curves of one unit and like size into one panel: members of `(unit, size)`, in their order.
fn grouped(curves: &[(String, f64)]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Vec<usize>, f64)> = Vec::new();
    for (k, (unit, size)) in curves.iter().enumerate() {
        let fits = |(members, largest): &&mut (Vec<usize>, f64)| {
            let ratio = (size.max(1e-12) / largest.max(1e-12)).max(largest.max(1e-12) / size.max(1e-12));
            members.len() < MAX_CURVES && curves[members[0]].0 == *unit && ratio < 5.0
        };
        match groups.iter_mut().find(|group| fits(group)) {
            Some((members, largest)) => {
                members.push(k);
                *largest = largest.max(*size);
            }
            None => groups.push((vec![k], *size)),
        }
    }
    groups.into_iter().map(|(members, _)| members).collect()
}

/// The label of an axis that carries these measures.
fn axis_label(labels: &[String], unit: &str) -> String {
    let unit = unit_label(unit);
    let text = match labels {
        [only] => only.clone(),
        // The arguments stand in the legend.
        several => {
            let mut heads: Vec<String> = several.iter().map(|l| without_arguments(l)).collect();
            heads.dedup();
            let more = if heads.len() > 3 { ", …" } else { "" };
            format!("{}{more}", heads.iter().take(3).cloned().collect::<Vec<_>>().join(", "))
        }
    };
    if unit.is_empty() { text } else { format!("{text} ({unit})") }
}

fn without_arguments(label: &str) -> String {
    match label.split_once('(') {
        Some((head, _)) if head.starts_with('$') => format!("{head}$"),
        _ => label.to_owned(),
    }
}

/// A label as the factor of time: `1/omega_1` → `$\omega_1 t$`.
fn time_label(unit: &str) -> String {
    match unit.strip_prefix("1/") {
        Some(frequency) => format!("Time {}", unit_label(frequency).replacen('$', "", 1).replacen('$', r"\,t$", 1))
            .replacen("Time ", "Time $", 1),
        None if unit.is_empty() => "Time $t$".into(),
        None => format!("Time $t$ ({})", unit_label(unit)),
    }
}

fn size(values: &[f64]) -> f64 {
    values.iter().filter(|x| x.is_finite()).fold(0.0, |m: f64, x| m.max(x.abs()))
}

fn measures(problem: &Problem, report: &Report) -> Option<Figure> {
    let series: Vec<_> = report.series.iter().filter(|s| s.values.len() > 1).collect();
    if series.is_empty() {
        return None;
    }
    let model = problem.model();
    let modes: Vec<String> = model.modes.iter().map(|m| m.name.clone()).collect();
    let label = |name: &str| {
        let request = problem.experiment().requests().iter().find(|r| r.text == name);
        request.map_or_else(|| name.to_owned(), |r| measure_label(r, &modes))
    };
    let curves: Vec<(String, f64)> = series.iter().map(|s| (s.unit.clone(), size(&s.values))).collect();
    let groups = grouped(&curves);
    let direct = problem.experiment().options().window.is_some();
    let periodic = !direct && report.dynamics.starts_with("limit cycle");
    let mut figure = Figure::new(if groups.len() == 1 { Width::Single } else { Width::Double });
    for members in groups.into_iter().take(MAX_PANELS) {
        let labels: Vec<String> = members.iter().map(|&k| label(&series[k].name)).collect();
        let mut y = Axis::linear(axis_label(&labels, &series[members[0]].unit));
        if members.iter().all(|&k| series[k].values.iter().all(|v| *v >= 0.0)) {
            y = y.include(0.0);
        }
        let x = if periodic {
            Axis::linear("Time $t/T$").range(0.0, 1.0)
        } else {
            Axis::linear(time_label(&model.time_unit))
        };
        let mut panel = Panel::new(x, y);
        for (at, &k) in members.iter().enumerate() {
            let (mut times, mut values) = (series[k].times.clone(), series[k].values.clone());
            if periodic {
                // Equidistant over the period; the end is the beginning.
                let period = times.len() as f64 * (times[1] - times[0]);
                times.iter_mut().for_each(|t| *t /= period);
                times.push(1.0);
                values.push(values[0]);
            }
            // What lies between a few times that were asked for is not known.
            let few = times.len() <= FEW && !problem.experiment().options().truncation.at.is_empty();
            let mut line = if few {
                Series::points(times, values).color(palette(at))
            } else {
                Series::line(times, values).dash(DASHES[at % DASHES.len()])
            };
            if members.len() > 1 {
                line = line.label(&labels[at]);
            }
            if direct {
                line = line.width(0.6).dash(Dash::Solid);
            }
            panel = panel.with(line);
        }
        figure = figure.panel(panel);
    }
    Some(figure)
}

/// Measures that are functions: distributions and spectra, each in its panel.
fn functions(problem: &Problem, report: &Report) -> Option<Figure> {
    let modes: Vec<String> = problem.model().modes.iter().map(|m| m.name.clone()).collect();
    let frequency = axis_label(&[r"$\omega$".to_owned()], &problem.model().time_unit.replacen("1/", "", 1));
    let mut panels = Vec::new();
    for (request, quantity) in problem.experiment().requests().iter().zip(&report.quantities) {
        let Some(list) = quantity.list.as_ref().filter(|list| list.len() > LONGEST_LIST) else { continue };
        let (x, y): (Vec<f64>, Vec<f64>) = list.iter().map(|[x, y]| (*x, *y)).unzip();
        let arguments = request.text.find('(').map_or("", |at| &request.text[at + 1..]);
        let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
        let axes = match request.definition.name {
            "phase_distribution" | "spin_phase_distribution" if request.arguments.len() > 1 => {
                [r"$\varphi_1-\varphi_2$ (rad)".to_owned(), r"$P(\varphi_1-\varphi_2)$".to_owned()]
            }
            "phase_distribution" | "spin_phase_distribution" => {
                [r"$\varphi$ (rad)".to_owned(), r"$P(\varphi)$".to_owned()]
            }
            "emission_frequency" | "spectrum" => [frequency.clone(), r"$S(\omega)$".to_owned()],
            "cross_spectrum" => [frequency.clone(), r"$\mathrm{Re}\,S(\omega)$".to_owned()],
            "absorption" => [frequency.clone(), r"$\mathrm{Im}\,\chi(\omega)$".to_owned()],
            _ => ["argument".to_owned(), measure_label(request, &modes)],
        };
        let [horizontal, vertical] = axes;
        // A noise spans decades.
        let upright = if request.definition.name == "spectrum" {
            Axis::log(vertical)
        } else {
            Axis::linear(vertical).include(0.0)
        };
        let panel = Panel::new(Axis::linear(horizontal), upright);
        panels.push(panel.title(arguments.to_owned()).with(Series::line(x, y)));
    }
    if panels.is_empty() {
        return None;
    }
    let width = if panels.len() == 1 { Width::Single } else { Width::Double };
    let columns = panels.len().min(2);
    Some(panels.into_iter().take(MAX_PANELS).fold(Figure::new(width).columns(columns), Figure::panel))
}

/// The figure of a sweep over one or two parameters: the measures against the parameter, with the range over the period as a band
/// the kinds of attractor as shaded regions and the bifurcations of the cycle marked; or a map of each measure with contour lines, and a map of the attractors where
/// there are several. `None` for more axes, or where nothing has a value.
pub fn sweep_figure(problem: &Problem, data: &SweepData, command: &str) -> Option<Figure> {
    let (figure, marks) = match data.axes.as_slice() {
        [axis] if axis.values.len() > 1 => {
            let bifurcations = bifurcations(problem, data, axis);
            let name = name_label(&axis.name);
            let mark =
                |b: &Bifurcation| format!("; {} ({}) at {name} = {:.8}", b.kind.name(), b.kind.short(), b.parameter);
            let marks: String = bifurcations.iter().map(mark).collect();
            (curves(problem, data, axis, &bifurcations)?, marks)
        }
        [first, second] if first.values.len() > 1 && second.values.len() > 1 => {
            (maps(problem, data, first, second)?, String::new())
        }
        _ => return None,
    };
    let mut figure = figure.provenance(format!("huygens {}; {command}", env!("CARGO_PKG_VERSION")));
    let counts = data.counts();
    let mut caption = format!("{}{marks}.", problem.model().name);
    if counts.fail + counts.error > 0 {
        let (failed, all) = (counts.fail + counts.error, data.status.len());
        caption.push_str(&format!(" At {failed} of {all} points a check failed or there is no result: not drawn."));
    }
    figure = figure.caption(caption);
    Some(figure)
}

fn parameter_axis(axis: &StoredAxis) -> Axis {
    let unit = unit_label(&axis.unit);
    let label = name_label(&axis.name);
    let label = if unit.is_empty() { label } else { format!("{label} ({unit})") };
    match axis.spacing {
        Spacing::Log => Axis::log(label),
        _ => Axis::linear(label),
    }
}

/// The columns of the measures' values, in the order asked, with their labels.
/// What a failed check forbids to trust is not drawn.
fn value_columns<'a>(problem: &Problem, data: &'a SweepData) -> Vec<(&'a Column, Vec<f64>, String)> {
    let modes: Vec<String> = problem.model().modes.iter().map(|m| m.name.clone()).collect();
    let mut seen = std::collections::HashSet::new();
    let requests = problem.experiment().requests().iter().filter(|r| seen.insert(r.text.as_str()));
    requests
        .filter_map(|request| {
            let (column, values) = data.columns.iter().find(|(c, _)| c.name == request.text)?;
            let values = trusted(data, values);
            values.iter().any(|v| v.is_finite()).then(|| (column, values, measure_label(request, &modes)))
        })
        .collect()
}

/// The values at points without a failed check, NaN at the others.
fn trusted(data: &SweepData, values: &[f64]) -> Vec<f64> {
    let fine =
        |code: &i8| !matches!(PointStatus::from_code(*code), Some(PointStatus::Fail | PointStatus::Error) | None);
    values.iter().zip(&data.status).map(|(v, code)| if fine(code) { *v } else { f64::NAN }).collect()
}

/// The kind of attractor at each point, where it was recorded.
fn kinds(data: &SweepData) -> Vec<Option<usize>> {
    let column = data.column("attractor");
    (0..data.status.len())
        .map(|k| column.map(|c| c[k]).filter(|v| v.is_finite()).map(|v| v as usize).filter(|v| *v < ATTRACTORS.len()))
        .collect()
}

fn curves(problem: &Problem, data: &SweepData, axis: &StoredAxis, bifurcations: &[Bifurcation]) -> Option<Figure> {
    let columns = value_columns(problem, data);
    if columns.is_empty() {
        return None;
    }
    let sizes: Vec<(String, f64)> = columns.iter().map(|(c, v, _)| (c.unit.clone(), size(v))).collect();
    let groups = grouped(&sizes);
    let x = &axis.values;
    let regions = regions(data, axis);
    let mut figure = Figure::new(if groups.len() == 1 { Width::Single } else { Width::Double });
    for members in groups.into_iter().take(MAX_PANELS) {
        let labels: Vec<String> = members.iter().map(|&k| columns[k].2.clone()).collect();
        let mut y = Axis::linear(axis_label(&labels, &columns[members[0]].0.unit));
        if members.iter().all(|&k| columns[k].1.iter().all(|v| v.is_nan() || *v >= 0.0)) {
            y = y.include(0.0);
        }
        let mut panel = Panel::new(parameter_axis(axis), y);
        let mut named: Vec<&str> = Vec::new();
        for (from, to, name) in &regions {
            let first = !named.contains(&name.as_str());
            named.push(name);
            panel = panel.with(Region::new(*from, *to, if first { name.as_str() } else { "" }));
        }
        for b in bifurcations {
            panel = panel.with(Reference::x(b.parameter, b.kind.short()));
        }
        for (at, &k) in members.iter().enumerate() {
            let (column, values, label) = &columns[k];
            let extreme = |which: &str| data.column(&format!("{}.{which}", column.name));
            if let (Some(min), Some(max)) = (extreme("min"), extreme("max"))
                && min.iter().zip(max).any(|(a, b)| b - a > 1e-9 * b.abs())
            {
                let (min, max) = (trusted(data, min), trusted(data, max));
                panel = panel.with(Band::new(x.clone(), min, max).color(palette(at)));
            }
            let line = Series::line(x.clone(), values.to_vec())
                .color(palette(at))
                .dash(DASHES[at % DASHES.len()])
                .label(label);
            panel = panel.with(if x.len() <= 24 { line.marker(crate::figures::Shape::Circle) } else { line });
        }
        figure = figure.panel(panel);
    }
    Some(figure)
}

/// Intervals of the parameter in which the attractor is not the most frequent one, or in which there is no result: (from, to,
/// name), ends half-way between the points.
fn regions(data: &SweepData, axis: &StoredAxis) -> Vec<(f64, f64, String)> {
    let kinds = kinds(data);
    let mut counts = [0usize; ATTRACTORS.len()];
    kinds.iter().flatten().for_each(|&k| counts[k] += 1);
    let usual = (0..counts.len()).max_by_key(|&k| counts[k]).filter(|&k| counts[k] > 0);
    let name = |k: usize| match (data.status.get(k).copied().and_then(PointStatus::from_code), kinds[k]) {
        (Some(PointStatus::Missing), _) => Some("not computed".to_owned()),
        (Some(PointStatus::Error), _) => Some("no result".to_owned()),
        (Some(PointStatus::Fail), kind) if kind == usual => Some("check failed".to_owned()),
        (_, kind) if kind == usual => None,
        (_, Some(kind)) => Some(ATTRACTORS[kind].to_owned()),
        (_, None) => Some("no result".to_owned()),
    };
    let x = &axis.values;
    let middle = |a: f64, b: f64| if axis.spacing == Spacing::Log { (a * b).sqrt() } else { 0.5 * (a + b) };
    let mut list = Vec::new();
    let mut from = 0;
    while from < x.len() {
        let here = name(from);
        let mut to = from;
        while to + 1 < x.len() && name(to + 1) == here {
            to += 1;
        }
        if let Some(here) = here {
            let left = if from == 0 { f64::NEG_INFINITY } else { middle(x[from - 1], x[from]) };
            let right = if to + 1 == x.len() { f64::INFINITY } else { middle(x[to], x[to + 1]) };
            list.push((left, right, here));
        }
        from = to + 1;
    }
    list
}

/// The bifurcations of the limit cycle that holds in the middle of its longest stretch, located by continuation to both sides:
/// at most six, those of a model small enough to be followed in a moment. Where there is no cycle to follow there are none.
fn bifurcations(problem: &Problem, data: &SweepData, axis: &StoredAxis) -> Vec<Bifurcation> {
    const MODES: usize = 12;
    const MARKED: usize = 6;
    let cycle = ATTRACTORS.iter().position(|a| *a == "limit cycle");
    let kinds = kinds(data);
    let (mut longest, mut here) = ((0, 0), 0);
    for k in 0..kinds.len() {
        here = if kinds[k] == cycle { here + 1 } else { 0 };
        if here > longest.1 {
            longest = (k + 1 - here, here);
        }
    }
    let (first, count) = longest;
    let structural = problem.model().needs_rebuild(&axis.name);
    if count < 2 || count == kinds.len() && kinds.len() < 8 || structural || problem.model().len() > MODES {
        return Vec::new();
    }
    let from = axis.values[first + count / 2];
    let (low, high) = axis.values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
    let options = continuation::Options { stop_at_fold: true, points: 400, ..continuation::Options::default() };
    let mut found: Vec<Bifurcation> = Vec::new();
    for to in [low, high].into_iter().filter(|to| *to != from) {
        let along = Along { name: axis.name.clone(), from, to };
        let branch = Branch::follow(problem, along, &options, "");
        found.extend(branch.map(|b| b.bifurcations).unwrap_or_default());
    }
    found.retain(|b| (low..=high).contains(&b.parameter));
    found.sort_by(|a, b| a.parameter.total_cmp(&b.parameter));
    found.truncate(MARKED);
    found
}

fn maps(problem: &Problem, data: &SweepData, first: &StoredAxis, second: &StoredAxis) -> Option<Figure> {
    // The first axis stands upright; the data are row-major with the second running fastest, as a heat map wants them.
    let (mut x, mut y) = (second.values.clone(), first.values.clone());
    let (nx, ny) = (x.len(), y.len());
    let (flip_x, flip_y) = (x[0] > x[nx - 1], y[0] > y[ny - 1]);
    if flip_x {
        x.reverse();
    }
    if flip_y {
        y.reverse();
    }
    let at = |k: usize| {
        let (i, j) = (k % nx, k / nx);
        let (i, j) = (if flip_x { nx - 1 - i } else { i }, if flip_y { ny - 1 - j } else { j });
        j * nx + i
    };
    let panel = || Panel::new(parameter_axis(second), parameter_axis(first)).aspect(0.85);
    let mut panels = Vec::new();
    for (column, values, label) in value_columns(problem, data).into_iter().take(MAX_PANELS - 1) {
        let z: Vec<f64> = (0..nx * ny).map(|k| values[at(k)]).collect();
        let label = axis_label(&[label], &column.unit);
        let (lo, hi) = z
            .iter()
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        // A quantity of one sign that spans decades would be one colour but for its largest values.
        let (bar, levels) = if lo > 0.0 && hi > DECADES * lo {
            (Axis::log(label), powers_of_ten(lo, hi))
        } else {
            (Axis::linear(label), levels(lo, hi))
        };
        let map = HeatMap::new(x.clone(), y.clone(), z, bar).contours(&levels);
        panels.push(panel().with(map));
    }
    if panels.is_empty() {
        return None;
    }
    let kinds: Vec<Option<usize>> = {
        let kinds = kinds(data);
        (0..nx * ny).map(|k| kinds[at(k)]).collect()
    };
    let mut present: Vec<usize> = kinds.iter().flatten().copied().collect();
    present.sort_unstable();
    present.dedup();
    if present.len() > 1 {
        let named = kinds.iter().map(|k| k.and_then(|k| present.iter().position(|p| *p == k)));
        let names: Vec<&str> = present.iter().map(|&k| ATTRACTORS[k]).collect();
        panels.push(panel().with(CategoryMap::new(x, y, named.collect::<Vec<_>>(), names)));
    }
    let figure = Figure::new(if panels.len() == 1 { Width::Single } else { Width::Double });
    Some(panels.into_iter().fold(figure, Figure::panel))
}

/// At most eight powers of ten within a range.
fn powers_of_ten(lo: f64, hi: f64) -> Vec<f64> {
    let (first, last) = (lo.log10().ceil() as i32, hi.log10().floor() as i32);
    let step = ((last - first) / 8 + 1) as usize;
    // Products of tens round; the decimal does not.
    (first..=last).step_by(step).filter_map(|k| format!("1e{k}").parse().ok()).collect()
}

/// Four to eight round levels within a range.
pub(super) fn levels(lo: f64, hi: f64) -> Vec<f64> {
    let spread = hi - lo;
    if !spread.is_finite() || spread <= 1e-9 * hi.abs().max(lo.abs()) {
        return Vec::new();
    }
    let raw = (hi - lo) / 6.0;
    let decade = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * decade).into_iter().find(|s| *s >= raw).unwrap_or(raw);
    let first = (lo / step).ceil() as i64;
    // Through text, so that a level is the number that its label says: 7·0.1 is not 0.7.
    let round = |v: f64| format!("{v:.9e}").parse().unwrap_or(v);
    (0..12).map(|k| round((first + k) as f64 * step)).take_while(|v| *v < hi).filter(|v| *v > lo).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_of_one_unit_and_like_size_share_a_panel() {
        let curves = [("1", 0.28), ("1", 0.17), ("1", 493.0), ("rad", 0.05), ("1", 480.0), ("1", 0.01)];
        let curves: Vec<_> = curves.iter().map(|(u, s)| (u.to_string(), *s)).collect();
        assert_eq!(grouped(&curves), [vec![0, 1], vec![2, 4], vec![3], vec![5]]);
    }

    #[test]
    fn powers_of_ten_are_few_and_inside() {
        assert_eq!(powers_of_ten(0.02, 30.0), [0.1, 1.0, 10.0]);
        assert!(powers_of_ten(1e-30, 1e30).len() <= 8);
        assert!(powers_of_ten(1e-30, 1e30).iter().all(|x| (1e-30..=1e30).contains(x)));
    }

    #[test]
    fn levels_are_round_and_inside() {
        let found = levels(0.03, 0.29);
        assert!((4..=8).contains(&found.len()), "{found:?}");
        assert!(found.iter().all(|v| *v > 0.03 && *v < 0.29 && (v / 0.05 - (v / 0.05).round()).abs() < 1e-9));
        assert!(levels(1.0, 1.0).is_empty() && levels(f64::INFINITY, f64::NEG_INFINITY).is_empty());
    }

    #[test]
    fn times_are_labelled_by_their_unit() {
        assert_eq!(time_label("1/omega_1"), r"Time $\omega_1\,t$");
        assert_eq!(time_label(""), "Time $t$");
    }
}
