//! The figure of a search: the goal over the range, the constraints, and what is gained at which cost.

use huygens_numerics::optimize::Outcome;

use super::Optimum;
use super::wish::Over;
use crate::figures::{
    Axis, Color, Contour, Dash, Figure, HeatMap, Panel, Reference, Region, Series, Shape, Width, palette,
};
use crate::record::significant;
use crate::runs::labels::{name_label, unit_label};
use crate::runs::pictures::levels;
use crate::study::Relation;

const MARK: Color = Color(200, 30, 30);
const PALE: Color = Color(150, 150, 150);

fn axis(label: &str, unit: &str, log: bool) -> Axis {
    let unit = unit_label(unit);
    let text = if unit.is_empty() { label.to_owned() } else { format!("{label} ({unit})") };
    if log { Axis::log(text) } else { Axis::linear(text) }
}

fn parameter(over: &Over) -> Axis {
    axis(&name_label(&over.name), &over.unit, over.range.is_log()).range(over.range.start(), over.range.stop())
}

/// `7.8e11` as `$7.8\times10^{11}$`.
fn digits(x: f64, count: usize) -> String {
    let text = significant(x, count);
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!(r"${mantissa}\times10^{{{exponent}}}$"),
        None => text,
    }
}

/// A quantity over the first look.
struct Shown {
    label: String,
    unit: String,
    values: Vec<f64>,
    /// At the best point.
    best: Option<f64>,
    bounds: Vec<f64>,
}

impl Optimum {
    /// The goal against the parameter (a map of it against two), with the range that the constraints leave, the optimum marked,
    /// the constrained quantities with their bounds; and the trade-off between gain and cost, where there is one, with the points
    /// that no other point beats in both. `None` where nothing has a value.
    pub fn figure(&self) -> Option<Figure> {
        if matches!(self.found.search.outcome, Outcome::NoValue) {
            return None;
        }
        let mut panels = match self.quest.over.len() {
            1 => self.curves(),
            2 => vec![self.map()],
            _ => self.clouds(),
        };
        panels.extend(self.tradeoff_panel());
        let width = if panels.len() == 1 { Width::Single } else { Width::Double };
        let mut figure = panels.into_iter().fold(Figure::new(width), Figure::panel);
        figure = figure.caption(format!("{}: {}.", self.record.model, self.caption()));
        for check in self.record.report.checks.iter().filter(|c| c.status == huygens::report::Status::Fail) {
            figure = figure.failed_check(format!("{}: {}", check.name, check.note));
        }
        Some(figure.provenance(format!("huygens {}; {}", env!("CARGO_PKG_VERSION"), self.record.provenance.command)))
    }

    /// The result in a line, with names as formulas write them.
    fn caption(&self) -> String {
        let quest = &self.quest;
        let place = |count: usize| {
            let pairs = quest.over.iter().zip(&self.point);
            let texts = pairs.map(|(o, x)| format!("{} = {}", name_label(&o.name), digits(*x, count)));
            texts.collect::<Vec<_>>().join(", ")
        };
        let bounds: Vec<String> = (quest.subject.iter())
            .map(|s| {
                let relation = if s.relation == Relation::AtLeast { "≥" } else { "≤" };
                format!("{} {relation} {}", quest.quantities[s.quantity].label, digits(s.bound, 6))
            })
            .collect();
        let bounds = if bounds.is_empty() { String::new() } else { format!(" where {}", bounds.join(" and ")) };
        let which = if quest.goal.largest { "largest" } else { "smallest" };
        match self.value() {
            None => format!("{which} {}{bounds}: no point of the range; closest at {}", self.goal_label(), place(6)),
            Some(_) if quest.goal_is_place() => format!("{which} {}{bounds}", place(8)),
            Some(value) => {
                let unit = unit_label(&quest.goal_unit());
                let unit = if unit.is_empty() { unit } else { format!(" {unit}") };
                format!("{which} {} = {}{unit} at {}{bounds}", self.goal_label(), digits(value, 8), place(8))
            }
        }
    }

    fn goal_label(&self) -> String {
        let label = |k: usize| self.quest.quantities[k].label.clone();
        match self.quest.per_quantity {
            Some(per) => format!("{} / {}", label(self.quest.goal_quantity), label(per)),
            None => label(self.quest.goal_quantity),
        }
    }

    /// Stretches of the first look at which the constraints do not hold, or nothing has a value.
    fn regions(&self, labelled: bool) -> Vec<Region> {
        let rows = self.curve().1;
        let over = &self.quest.over[0];
        let x: Vec<f64> = self.found.first.iter().map(|s| s.point[0]).collect();
        let what = |k: usize| match &rows[k] {
            r if r.goal.is_none() => 2,
            r if !r.feasible => 1,
            _ => 0,
        };
        let middle = |a: f64, b: f64| if over.range.is_log() { (a * b).sqrt() } else { 0.5 * (a + b) };
        let (mut list, mut named) = (Vec::new(), [!labelled; 3]);
        let mut from = 0;
        while from < x.len() {
            let here = what(from);
            let mut to = from;
            while to + 1 < x.len() && what(to + 1) == here {
                to += 1;
            }
            if here > 0 {
                let name = ["", "constraints not met", "no value"][here];
                let label = if named[here] { "" } else { name };
                named[here] = true;
                let left = if from == 0 { f64::NEG_INFINITY } else { middle(x[from - 1], x[from]) };
                let right = if to + 1 == x.len() { f64::INFINITY } else { middle(x[to], x[to + 1]) };
                let region = Region::new(left, right, label);
                list.push(if here == 2 { region.color(PALE) } else { region.color(Color(230, 190, 120)) });
            }
            from = to + 1;
        }
        list
    }

    fn curves(&self) -> Vec<Panel> {
        let over = &self.quest.over[0];
        let rows = self.curve().1;
        let x: Vec<f64> = self.found.first.iter().map(|s| s.point[0]).collect();
        let at = self.point[0];
        let mut panels = Vec::new();
        let shaded = |panel: Panel, first: bool| self.regions(first).into_iter().fold(panel, Panel::with);
        if !self.quest.goal_is_place() {
            let y: Vec<f64> = rows.iter().map(|r| r.goal.unwrap_or(f64::NAN)).collect();
            let y_axis = axis(&self.goal_label(), &self.quest.goal_unit(), false);
            let mut panel = shaded(Panel::new(parameter(over), y_axis), true);
            panel = panel.with(Series::line(x.clone(), y).color(palette(0)));
            let (mut xs, mut ys) = (Vec::new(), Vec::new());
            for other in self.others() {
                xs.push(other.x[0]);
                ys.push(self.goal_of(other));
            }
            if !xs.is_empty() {
                panel = panel.with(Series::points(xs, ys).color(MARK).open().label("other local optima"));
            }
            if let Some(value) = self.value() {
                panel = panel.with(Series::points(vec![at], vec![value]).color(MARK).marker_size(4.6).label("optimum"));
            }
            panels.push(panel);
        }
        let mut drawn = if self.quest.per_quantity.is_none() { vec![self.quest.goal_quantity] } else { Vec::new() };
        let mut wanted: Vec<usize> = self.quest.subject.iter().map(|s| s.quantity).collect();
        if self.quest.per_quantity.is_some() {
            wanted.push(self.quest.goal_quantity);
            wanted.extend(self.quest.per_quantity);
        }
        for k in wanted {
            let quantity = &self.quest.quantities[k];
            if drawn.contains(&k) || quantity.text == over.name || panels.len() >= 5 {
                continue;
            }
            drawn.push(k);
            let y = self.column(k);
            let y_axis = axis(&quantity.label, &quantity.unit, false);
            let mut panel = shaded(Panel::new(parameter(over), y_axis), panels.is_empty());
            for subject in self.quest.subject.iter().filter(|s| s.quantity == k) {
                panel = panel.with(Reference::y(subject.bound, "").dash(Dash::Dashed));
            }
            panel = panel.with(Series::line(x.clone(), y).color(palette(panels.len())));
            if let (Some(value), true) = (self.at_end(k), self.best().is_some()) {
                let mark = Series::points(vec![at], vec![value]).color(MARK).marker_size(4.6);
                panel = panel.with(if panels.is_empty() { mark.label("optimum") } else { mark });
            }
            panels.push(panel);
        }
        panels
    }

    /// The values of a quantity over the first look, NaN where there are none.
    fn column(&self, quantity: usize) -> Vec<f64> {
        let column = self.quest.quantities[quantity].column;
        self.found.first.iter().map(|s| s.values().map_or(f64::NAN, |v| v[column])).collect()
    }

    /// What is drawn over several parameters: the goal, unless it is one of them; then the first quantity under a constraint.
    fn shown(&self) -> Shown {
        let quest = &self.quest;
        let searched = |k: usize| quest.over.iter().any(|o| o.name == quest.quantities[k].text);
        let other = quest.subject.iter().map(|s| s.quantity).find(|&k| !searched(k));
        match other {
            Some(k) if quest.per_quantity.is_none() && searched(quest.goal_quantity) => Shown {
                label: quest.quantities[k].label.clone(),
                unit: quest.quantities[k].unit.clone(),
                values: self.column(k),
                best: self.best().and_then(|_| self.at_end(k)),
                bounds: quest.subject.iter().filter(|s| s.quantity == k).map(|s| s.bound).collect(),
            },
            _ => Shown {
                label: self.goal_label(),
                unit: quest.goal_unit(),
                values: self.curve().1.iter().map(|r| r.goal.unwrap_or(f64::NAN)).collect(),
                best: self.value(),
                bounds: Vec::new(),
            },
        }
    }

    /// The goal over two parameters, the borders of the constraints on it.
    fn map(&self) -> Panel {
        let (first, second) = (&self.quest.over[0], &self.quest.over[1]);
        let side = self.found.search.shape.first().copied().unwrap_or(1).max(1);
        let y: Vec<f64> = self.found.first.iter().step_by(side).map(|s| s.point[0]).collect();
        let x: Vec<f64> = self.found.first.iter().take(side).map(|s| s.point[1]).collect();
        let Shown { label, unit, values: z, .. } = self.shown();
        let known = z.iter().copied().filter(|v| v.is_finite());
        let (lo, hi) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let bar = axis(&label, &unit, false);
        let mut panel = Panel::new(parameter(second), parameter(first)).aspect(0.85);
        panel = panel.with(HeatMap::new(x.clone(), y.clone(), z, bar).contours(&levels(lo, hi)));
        for (k, subject) in self.quest.subject.iter().enumerate() {
            let label =
                format!("{} = {}", self.quest.quantities[subject.quantity].label, significant(subject.bound, 4));
            let dash = [Dash::Solid, Dash::Dashed, Dash::Dotted][k % 3];
            let border = Contour::new(x.clone(), y.clone(), self.column(subject.quantity), subject.bound, label);
            panel = panel.with(border.color(MARK).dash(dash));
        }
        for other in self.others() {
            panel = panel.with(Series::points(vec![other.x[1]], vec![other.x[0]]).color(Color(255, 255, 255)).open());
        }
        if self.best().is_some() {
            let mark = Series::points(vec![self.point[1]], vec![self.point[0]]).marker(Shape::Diamond);
            panel = panel.with(mark.color(MARK).marker_size(5.0).label("optimum"));
        }
        panel
    }

    /// The goal against each of several parameters: all points of the first look.
    fn clouds(&self) -> Vec<Panel> {
        let rows = self.curve().1;
        let shown = self.shown();
        let panel = |(k, over): (usize, &Over)| {
            let named = |label: &'static str| if k == 0 { label } else { "" };
            let (mut met, mut unmet) = ((vec![], vec![]), (vec![], vec![]));
            for ((seen, row), value) in self.found.first.iter().zip(&rows).zip(&shown.values) {
                let list = if row.feasible { &mut met } else { &mut unmet };
                list.0.push(seen.point[k]);
                list.1.push(*value);
            }
            let mut panel = Panel::new(parameter(over), axis(&shown.label, &shown.unit, false));
            for bound in &shown.bounds {
                panel = panel.with(Reference::y(*bound, "").dash(Dash::Dashed));
            }
            if unmet.1.iter().any(|v| v.is_finite()) {
                let points = Series::points(unmet.0, unmet.1).color(PALE).marker_size(1.2);
                panel = panel.with(points.label(named("constraints not met")));
            }
            panel = panel.with(Series::points(met.0, met.1).color(palette(0)).marker_size(1.6));
            if let Some(value) = shown.best {
                let mark = Series::points(vec![self.point[k]], vec![value]).color(MARK).marker_size(4.6);
                panel = panel.with(mark.label(named("optimum")));
            }
            panel
        };
        self.quest.over.iter().enumerate().map(panel).collect()
    }

    /// Gain against cost over the first look.
    fn tradeoff_panel(&self) -> Option<Panel> {
        let [(gain, _), (cost, _)] = self.tradeoff()?;
        let quantity = |k: usize| &self.quest.quantities[k];
        let one = self.quest.over.len() == 1;
        if one && [gain, cost].iter().any(|&k| quantity(k).text == self.quest.over[0].name) {
            // The same curve as that over the parameter.
            return None;
        }
        let (x, y) = (self.column(cost), self.column(gain));
        let front = self.front();
        if front.len() < 2 {
            return None;
        }
        let log = |v: &[f64]| {
            let known = || v.iter().copied().filter(|v| v.is_finite());
            let (lo, hi) = (known().fold(f64::INFINITY, f64::min), known().fold(0.0, f64::max));
            lo > 0.0 && hi > 100.0 * lo
        };
        let across = axis(&quantity(cost).label, &quantity(cost).unit, log(&x));
        let mut panel = Panel::new(across, axis(&quantity(gain).label, &quantity(gain).unit, false));
        let all = if one {
            Series::line(x.clone(), y.clone()).color(PALE).width(0.9)
        } else {
            Series::points(x.clone(), y.clone()).color(PALE).marker_size(1.2)
        };
        panel = panel.with(all.label(if one { "over the range" } else { "points of the range" }));
        let (fx, fy): (Vec<f64>, Vec<f64>) = front.iter().map(|&k| (x[k], y[k])).unzip();
        panel =
            panel.with(Series::points(fx, fy).color(palette(0)).marker_size(2.2).label("no point beats these in both"));
        for subject in self.quest.subject.iter().filter(|s| s.quantity == gain) {
            panel = panel.with(Reference::y(subject.bound, "").dash(Dash::Dashed));
        }
        if let (Some(x), Some(y), true) = (self.at_end(cost), self.at_end(gain), self.best().is_some()) {
            panel = panel.with(Series::points(vec![x], vec![y]).color(MARK).marker_size(4.6).label("optimum"));
        }
        Some(panel)
    }
}
