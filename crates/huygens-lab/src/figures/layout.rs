//! Where everything goes: ranges, ticks, margins and frames.

use super::Figure;
use super::legend::Legend;
use super::panel::{HeatMap, Layer, Panel};
use super::scale::{Axis, Scale, Ticks, linear_ticks, log_ticks};
use super::style::{Color, palette};
use super::svg::Rect;
use super::text::{SetText, set, wrap};

/// Size of axis labels, of tick labels and of panel letters, in points.
pub(crate) const LABEL: f64 = 8.0;
pub(crate) const TICK: f64 = 7.0;
pub(crate) const LETTER: f64 = 8.5;
/// Lengths of ticks.
pub(crate) const MAJOR: f64 = 3.2;
pub(crate) const MINOR: f64 = 1.8;
/// Height of a row of text above a frame.
pub(crate) const STRIP: f64 = 9.5;
/// Width of a colour bar and its distance from the frame.
pub(crate) const BAR: f64 = 7.0;
pub(crate) const BAR_GAP: f64 = 6.0;

/// An axis with its range and place: from values to points.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub scale: Scale,
    pub lo: f64,
    pub hi: f64,
    /// Where the ends of the range lie, in points.
    pub from: f64,
    pub to: f64,
}

impl View {
    /// The place of a value; NaN if it has none.
    pub fn at(&self, value: f64) -> f64 {
        self.place(self.scale.forward(value))
    }

    /// The place of a uniform coordinate.
    pub fn place(&self, coordinate: f64) -> f64 {
        self.from + (coordinate - self.lo) / (self.hi - self.lo) * (self.to - self.from)
    }

    /// Whether a value lies in the range.
    pub fn holds(&self, value: f64) -> bool {
        let slack = 1e-9 * (self.hi - self.lo);
        (self.lo - slack..=self.hi + slack).contains(&self.scale.forward(value))
    }

    /// Ticks with about one label every `spacing` points.
    fn ticks(&self, axis: &Axis, spacing: f64) -> Ticks {
        if let Some(given) = &axis.ticks {
            return Ticks {
                major: given.iter().filter(|(v, _)| self.holds(*v)).cloned().collect(),
                ..Ticks::default()
            };
        }
        let count = (((self.to - self.from).abs() / spacing).round() as usize).clamp(2, 9);
        match self.scale {
            Scale::Linear => linear_ticks(self.lo, self.hi, count),
            Scale::Log => log_ticks(self.lo, self.hi, count),
        }
    }
}

/// Tick labels that have been set.
#[derive(Clone, Debug, Default)]
pub(crate) struct TickRow {
    pub major: Vec<(f64, SetText)>,
    pub minor: Vec<f64>,
    pub common: Option<SetText>,
}

impl TickRow {
    fn new(ticks: Ticks, bare: bool) -> TickRow {
        let text = |label: String| set(if bare { "" } else { &label }, TICK);
        TickRow {
            major: ticks.major.into_iter().map(|(v, label)| (v, text(label))).collect(),
            minor: ticks.minor,
            common: (!ticks.common.is_empty() && !bare).then(|| set(&ticks.common, TICK)),
        }
    }

    fn widest(&self) -> f64 {
        self.major.iter().map(|(_, text)| text.width).fold(0.0, f64::max)
    }
}

/// The grid of a map in uniform coordinates, ascending, with the place of each point in the data.
pub(crate) struct Grid {
    pub x: Vec<(f64, usize)>,
    pub y: Vec<(f64, usize)>,
    pub columns: usize,
}

impl Grid {
    pub fn new(panel: &Panel, x: &[f64], y: &[f64]) -> Grid {
        let sorted = |axis: &Axis, values: &[f64]| {
            let all = values.iter().enumerate().map(|(i, v)| (axis.scale.forward(*v), i));
            let mut kept: Vec<(f64, usize)> = all.filter(|(v, _)| v.is_finite()).collect();
            kept.sort_by(|a, b| a.0.total_cmp(&b.0));
            kept.dedup_by(|a, b| a.0 == b.0);
            kept
        };
        Grid { x: sorted(&panel.x, x), y: sorted(&panel.y, y), columns: x.len() }
    }

    /// The limits of the cells: half-way between the points.
    pub fn edges(points: &[(f64, usize)]) -> Vec<f64> {
        let n = points.len();
        if n < 2 {
            return points.iter().flat_map(|(v, _)| [v - 0.5, v + 0.5]).collect();
        }
        let mut edges = vec![1.5 * points[0].0 - 0.5 * points[1].0];
        edges.extend(points.windows(2).map(|w| 0.5 * (w[0].0 + w[1].0)));
        edges.push(1.5 * points[n - 1].0 - 0.5 * points[n - 2].0);
        edges
    }

    /// Position in the data of the value in column `i` and row `j` of the grid.
    pub fn index(&self, i: usize, j: usize) -> usize {
        self.y[j].1 * self.columns + self.x[i].1
    }
}

/// The colour bar of a heat map.
pub(crate) struct Bar {
    pub view: View,
    pub ticks: TickRow,
    pub label: SetText,
}

/// A panel in its place.
pub(crate) struct Placed<'a> {
    pub panel: &'a Panel,
    pub colors: Vec<Color>,
    pub frame: Rect,
    /// The cell of the grid: frame with margins.
    pub cell: Rect,
    pub x: View,
    pub y: View,
    pub right: Option<View>,
    pub x_ticks: TickRow,
    pub y_ticks: TickRow,
    pub right_ticks: TickRow,
    pub bar: Option<Bar>,
    pub legend: Legend,
    pub legend_above: bool,
    /// Names of vertical reference lines: text, middle, row above the frame, place of the line.
    pub names: Vec<(SetText, f64, usize, f64)>,
    pub name_rows: usize,
    /// How far the names stand off the frame, to leave room for lines that lead to them.
    pub name_rise: f64,
    /// Ticks point outwards, so that they can be seen beside a map.
    pub outward: bool,
    pub has_data: bool,
    margins: Margins,
}

#[derive(Clone, Copy, Default)]
struct Margins {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// A figure in its place.
pub(crate) struct Layout<'a> {
    pub width: f64,
    pub height: f64,
    pub panels: Vec<Placed<'a>>,
    pub title: Option<SetText>,
    pub banner: Vec<SetText>,
    pub caption: Vec<SetText>,
}

pub(crate) const EDGE: f64 = 2.5;
pub(crate) const BANNER_ROW: f64 = 10.0;
pub(crate) const CAPTION_ROW: f64 = 9.5;

impl Layout<'_> {
    /// Where the banner, the title and the panels begin.
    pub fn banner_height(&self) -> f64 {
        if self.banner.is_empty() { 0.0 } else { BANNER_ROW * self.banner.len() as f64 + 5.0 }
    }
}

/// Lays a figure out. A legend that would hide something goes above its frame.
pub(crate) fn lay_out<'a>(figure: &'a Figure, fits: impl Fn(&Placed) -> bool) -> Layout<'a> {
    let mut above = vec![false; figure.panels.len()];
    loop {
        let layout = attempt(figure, &above);
        let crowded: Vec<usize> = (0..above.len())
            .filter(|&i| !above[i] && !layout.panels[i].legend.is_empty() && !fits(&layout.panels[i]))
            .collect();
        if crowded.is_empty() {
            return layout;
        }
        for i in crowded {
            above[i] = true;
        }
    }
}

fn attempt<'a>(figure: &'a Figure, above: &[bool]) -> Layout<'a> {
    let width = figure.width.points();
    let columns = figure.columns.min(figure.panels.len());
    let rows = figure.panels.len().div_ceil(columns);
    let letters = figure.panels.len() > 1;
    let mut layout = Layout {
        width,
        height: 0.0,
        panels: vec![],
        title: (!figure.title.is_empty()).then(|| set_within(&figure.title, LETTER, width - 2.0 * EDGE)),
        banner: figure
            .failed
            .iter()
            .flat_map(|check| wrap(&format!("Check failed: {check}"), TICK, width - 20.0))
            .collect(),
        caption: wrap(&figure.caption, TICK, width - 2.0 * EDGE),
    };
    let header = EDGE + layout.banner_height() + layout.title.as_ref().map_or(0.0, |_| 13.0);
    let footer = EDGE + if layout.caption.is_empty() { 0.0 } else { CAPTION_ROW * layout.caption.len() as f64 + 5.0 };
    let mut frames = vec![(0.7 * width / columns as f64, 0.45 * width / columns as f64); figure.panels.len()];
    // Ticks depend on the frames and the frames on the width of the tick labels: this settles in a few rounds.
    for round in 0..5 {
        let placed: Vec<Placed> =
            figure.panels.iter().zip(&frames).zip(above).map(|((p, f), a)| place(p, *f, *a, letters)).collect();
        let most = |pick: fn(&Margins) -> f64, keep: &dyn Fn(usize) -> bool| {
            (0..placed.len()).filter(|i| keep(*i)).map(|i| pick(&placed[i].margins)).fold(0.0, f64::max)
        };
        let left: Vec<f64> = (0..columns).map(|c| most(|m| m.left, &|i| i % columns == c)).collect();
        let right: Vec<f64> = (0..columns).map(|c| most(|m| m.right, &|i| i % columns == c)).collect();
        let top: Vec<f64> = (0..rows).map(|r| most(|m| m.top, &|i| i / columns == r)).collect();
        let bottom: Vec<f64> = (0..rows).map(|r| most(|m| m.bottom, &|i| i / columns == r)).collect();
        let gap = 7.0;
        let taken = left.iter().chain(&right).sum::<f64>() + gap * (columns - 1) as f64 + 2.0 * EDGE;
        let frame_w = ((width - taken) / columns as f64).max(20.0);
        let aspect = |p: &Panel| p.aspect.unwrap_or(if p.equal { 1.0 } else { 0.68 });
        let mut heights: Vec<f64> = (0..rows)
            .map(|r| figure.panels.iter().skip(r * columns).take(columns).map(aspect).fold(0.0, f64::max) * frame_w)
            .collect();
        let margins = top.iter().chain(&bottom).sum::<f64>() + 3.0 * (rows - 1) as f64 + header + footer;
        if let Some(height) = figure.height {
            let stretch = ((height - margins) / heights.iter().sum::<f64>()).max(0.02);
            heights.iter_mut().for_each(|h| *h *= stretch);
        }
        layout.height = margins + heights.iter().sum::<f64>();
        frames = (0..placed.len()).map(|i| (frame_w, heights[i / columns])).collect();
        if round < 4 {
            continue;
        }
        let mut y = header;
        layout.panels = placed;
        for r in 0..rows {
            let mut x = EDGE;
            for c in 0..columns {
                if let Some(p) = layout.panels.get_mut(r * columns + c) {
                    let frame = Rect { x: x + left[c], y: y + top[r], w: frame_w, h: heights[r] };
                    p.cell = Rect { x, y, w: left[c] + frame_w + right[c], h: top[r] + heights[r] + bottom[r] };
                    p.move_to(frame);
                }
                x += left[c] + frame_w + right[c] + gap;
            }
            y += top[r] + heights[r] + bottom[r] + 3.0;
        }
    }
    layout
}

/// A text made smaller where it would not fit, down to two thirds.
pub(crate) fn set_within(text: &str, size: f64, room: f64) -> SetText {
    let natural = set(text, size);
    if natural.width <= room {
        return natural;
    }
    set(text, size * (room / natural.width).max(0.67))
}

/// The colours of the layers: the palette in order, a band like the series after it.
fn colors(panel: &Panel) -> Vec<Color> {
    let mut next = 0;
    let mut colors: Vec<Option<Color>> = vec![];
    for layer in &panel.layers {
        colors.push(match layer {
            Layer::Series(s) => Some(s.color.unwrap_or_else(|| {
                next += 1;
                palette(next - 1)
            })),
            Layer::Band(b) => b.color,
            Layer::Reference(r) => Some(r.color),
            Layer::Region(r) => Some(r.color),
            Layer::Contour(c) => Some(c.color),
            Layer::HeatMap(_) | Layer::CategoryMap(_) => Some(Color::GREY),
        });
    }
    let series = |i: usize| matches!(panel.layers[i], Layer::Series(_)).then_some(colors[i]).flatten();
    (0..colors.len())
        .map(|i| {
            let near = || (i + 1..colors.len()).find_map(series).or_else(|| (0..i).rev().find_map(series));
            colors[i].or_else(near).unwrap_or(palette(0))
        })
        .collect()
}

/// The values of all layers along x.
fn x_values(panel: &Panel) -> Vec<f64> {
    let mut all = vec![];
    for layer in &panel.layers {
        match layer {
            Layer::Series(s) => {
                let y_scale = if s.right { panel.right.as_ref() } else { None }.unwrap_or(&panel.y).scale;
                let half = 0.5 * s.bars.unwrap_or(0.0);
                let shown = s.pairs().filter(|(_, y)| y_scale.forward(*y).is_finite());
                all.extend(shown.flat_map(|(x, _)| [x - half, x + half]));
                all.extend(s.x_errors.iter().flat_map(|(a, b)| [*a, *b]));
            }
            Layer::Band(b) => all.extend(&b.x),
            Layer::HeatMap(HeatMap { x, y, .. }) => all.extend(limits(&panel.x, &Grid::new(panel, x, y).x)),
            Layer::CategoryMap(m) => all.extend(limits(&panel.x, &Grid::new(panel, &m.x, &m.y).x)),
            Layer::Contour(c) => all.extend(&c.x),
            Layer::Reference(_) | Layer::Region(_) => {}
        }
    }
    all
}

/// The values of all layers along one of the y axes.
fn y_values(panel: &Panel, right: bool) -> Vec<f64> {
    let mut all = vec![];
    let x_shown = |x: f64| {
        let at = panel.x.scale.forward(x);
        let range = panel
            .x
            .range
            .map_or((f64::NEG_INFINITY, f64::INFINITY), |(a, b)| (panel.x.scale.forward(a), panel.x.scale.forward(b)));
        at.is_finite() && at >= range.0 && at <= range.1
    };
    for layer in &panel.layers {
        match layer {
            Layer::Series(s) if s.right == right => {
                all.extend(s.pairs().filter(|(x, _)| x_shown(*x)).map(|(_, y)| y));
                all.extend(s.y_errors.iter().zip(&s.x).filter(|(_, x)| x_shown(**x)).flat_map(|((a, b), _)| [*a, *b]));
                all.extend(s.bars.map(|_| 0.0));
            }
            Layer::Band(b) if b.right == right => {
                let rows = b.x.iter().zip(b.lower.iter().zip(&b.upper)).filter(|(x, _)| x_shown(**x));
                all.extend(rows.flat_map(|(_, (lower, upper))| [*lower, *upper]));
            }
            Layer::HeatMap(HeatMap { x, y, .. }) if !right => all.extend(limits(&panel.y, &Grid::new(panel, x, y).y)),
            Layer::CategoryMap(m) if !right => all.extend(limits(&panel.y, &Grid::new(panel, &m.x, &m.y).y)),
            Layer::Contour(c) if !right => all.extend(&c.y),
            _ => {}
        }
    }
    all
}

fn limits(axis: &Axis, points: &[(f64, usize)]) -> Vec<f64> {
    let edges = Grid::edges(points);
    edges.first().into_iter().chain(edges.last()).map(|e| axis.scale.backward(*e)).collect()
}

/// The range of a y axis; bars stand on zero without a gap.
fn y_range(panel: &Panel, axis: &Axis, right: bool, margin: f64) -> (f64, f64) {
    let values = y_values(panel, right);
    let (mut lo, mut hi) = axis.resolve(values.iter().copied(), margin);
    let bars = panel.layers.iter().any(|l| matches!(l, Layer::Series(s) if s.bars.is_some() && s.right == right));
    if bars && axis.range.is_none() && axis.scale == Scale::Linear {
        lo = if values.iter().any(|v| *v < 0.0) { lo } else { 0.0 };
        hi = if values.iter().any(|v| *v > 0.0) { hi } else { 0.0 };
        if lo >= hi {
            (lo, hi) = (0.0, 1.0);
        }
    }
    (lo, hi)
}

fn place(panel: &Panel, (w, h): (f64, f64), legend_above: bool, letters: bool) -> Placed<'_> {
    let map = panel.layers.iter().any(|l| matches!(l, Layer::HeatMap(_) | Layer::CategoryMap(_) | Layer::Contour(_)));
    let lines = panel.layers.iter().any(|l| matches!(l, Layer::Band(_)) || matches!(l, Layer::Series(s) if s.line));
    let values = x_values(panel);
    let margin = match (map, panel.equal, lines) {
        (true, ..) => 0.0,
        (_, true, _) => 0.08,
        (_, _, true) => 0.0,
        _ => 0.05,
    };
    let (mut xr, mut yr) = (
        panel.x.resolve(values.iter().copied(), margin),
        y_range(panel, &panel.y, false, if map { 0.0 } else { 0.07 }),
    );
    if panel.equal && !map {
        equalise(&mut xr, &mut yr, w, h);
    }
    let frame = Rect { x: 0.0, y: 0.0, w, h };
    let view = |axis: &Axis, (lo, hi): (f64, f64), from: f64, to: f64| View { scale: axis.scale, lo, hi, from, to };
    let x = view(&panel.x, xr, 0.0, w);
    let y = view(&panel.y, yr, h, 0.0);
    let right = panel.right.as_ref().map(|axis| view(axis, y_range(panel, axis, true, 0.07), h, 0.0));
    let colors = colors(panel);
    let bar = panel.layers.iter().find_map(|l| match l {
        Layer::HeatMap(m) => {
            let (lo, hi) = m.bar.resolve(m.z.iter().copied(), 0.0);
            let view = view(&m.bar, (lo, hi), h, 0.0);
            let ticks = TickRow::new(view.ticks(&m.bar, 20.0), m.bar.bare);
            Some(Bar { view, ticks, label: set_within(&m.bar.label, LABEL, h) })
        }
        _ => None,
    });
    let shown = |axis: &Axis, values: &[f64]| values.iter().any(|v| axis.scale.forward(*v).is_finite());
    let right_data = panel.right.as_ref().is_some_and(|axis| shown(axis, &y_values(panel, true)));
    let mut placed = Placed {
        panel,
        legend: Legend::new(panel, &colors),
        colors,
        frame,
        cell: frame,
        x_ticks: TickRow::default(),
        y_ticks: TickRow::new(y.ticks(&panel.y, 20.0), panel.y.bare),
        right_ticks: right
            .as_ref()
            .zip(panel.right.as_ref())
            .map(|(v, a)| TickRow::new(v.ticks(a, 20.0), a.bare))
            .unwrap_or_default(),
        x,
        y,
        right,
        bar,
        legend_above,
        names: vec![],
        name_rows: 0,
        name_rise: 0.0,
        outward: panel.layers.iter().any(|l| matches!(l, Layer::HeatMap(_) | Layer::CategoryMap(_))),
        has_data: shown(&panel.x, &values) && (shown(&panel.y, &y_values(panel, false)) || right_data),
        margins: Margins::default(),
    };
    placed.x_ticks = x_ticks(&placed.x, &panel.x);
    placed.name_references();
    placed.margins = margins(&placed, letters);
    placed
}

/// As many x ticks as have room for their labels.
fn x_ticks(view: &View, axis: &Axis) -> TickRow {
    for spacing in [27.0, 32.0, 38.0, 46.0, 56.0, 70.0, 90.0, 120.0] {
        let row = TickRow::new(view.ticks(axis, spacing), axis.bare);
        let free = |w: &[(f64, SetText)]| {
            let distance = (view.at(w[1].0) - view.at(w[0].0)).abs();
            distance - 0.5 * (w[0].1.width + w[1].1.width) >= 5.0
        };
        if axis.ticks.is_some() || row.major.windows(2).all(free) {
            return row;
        }
    }
    TickRow::new(view.ticks(axis, 200.0), axis.bare)
}

/// Widens one range so that a unit has the same length on both axes.
fn equalise(x: &mut (f64, f64), y: &mut (f64, f64), w: f64, h: f64) {
    let unit = ((x.1 - x.0) / w).max((y.1 - y.0) / h);
    let widen = |r: &mut (f64, f64), length: f64| {
        let extra = 0.5 * (unit * length - (r.1 - r.0));
        *r = (r.0 - extra, r.1 + extra);
    };
    widen(x, w);
    widen(y, h);
}

/// Middles of boxes in one row between two limits, as near as can be to where each is wanted, in the same order; `None`
/// if they do not fit. Boxes that would overlap form a group around the mean of their wishes.
fn side_by_side(wanted: &[f64], widths: &[f64], left: f64, right: f64) -> Option<Vec<f64>> {
    let total: f64 = widths.iter().sum();
    if total > right - left {
        return None;
    }
    // A group: its left end, its width, how many boxes, and the sum of the left ends that its boxes wish for it.
    let mut groups: Vec<(f64, f64, usize, f64)> = vec![];
    for (x, width) in wanted.iter().zip(widths) {
        let mut group = (0.0, *width, 1, x - 0.5 * width);
        loop {
            group.0 = (group.3 / group.2 as f64).clamp(left, (right - group.1).max(left));
            match groups.last() {
                Some(before) if before.0 + before.1 > group.0 => {
                    let (_, w, n, wish) = groups.pop().expect("just seen");
                    group = (0.0, w + group.1, n + group.2, wish + group.3 - w * group.2 as f64);
                }
                _ => break,
            }
        }
        groups.push(group);
    }
    let mut middles = vec![];
    for (mut at, _, count, _) in groups {
        for _ in 0..count {
            let width = widths[middles.len()];
            middles.push(at + 0.5 * width);
            at += width;
        }
    }
    Some(middles)
}

fn margins(p: &Placed, letters: bool) -> Margins {
    let tick = if p.outward { MAJOR } else { 0.0 };
    let label_height = |text: &str, room: f64| {
        if text.is_empty() { 0.0 } else { set_within(text, LABEL, room).height() + 3.0 }
    };
    let x_label_row = if p.panel.x.bare { 0.0 } else { TICK * 0.9 + 3.9 };
    let bottom = tick + x_label_row + label_height(&p.panel.x.label, p.frame.w);
    let bottom = if p.x_ticks.common.is_some() && p.panel.x.label.is_empty() { bottom + STRIP } else { bottom };
    let left = tick + p.y_ticks.widest() + 3.5 + label_height(&p.panel.y.label, p.frame.h);
    let overhang = p.x_ticks.major.last().map_or(0.0, |(v, text)| p.x.at(*v) + 0.5 * text.width - p.frame.w).max(0.0);
    let mut right = overhang + 1.0;
    if let Some(axis) = &p.panel.right {
        right = right.max(p.right_ticks.widest() + 3.5 + label_height(&axis.label, p.frame.h));
    }
    if let Some(bar) = &p.bar {
        let label = if bar.label.plain.is_empty() { 0.0 } else { bar.label.height() + 3.0 };
        let common = bar.ticks.common.as_ref().map_or(0.0, |c| c.width - BAR);
        right += BAR_GAP + BAR + (MAJOR + bar.ticks.widest() + 2.0 + label).max(common);
    }
    let over = p.names.iter().map(|(text, x, ..)| x + 0.5 * text.width - p.frame.w).fold(0.0, f64::max);
    Margins {
        left: left.max(if letters { 15.0 } else { 0.0 }),
        right: right.max(over),
        top: p.strip_height(letters),
        bottom,
    }
}

impl Placed<'_> {
    /// Names of vertical reference lines above the frame: in one row, moved aside where they would overlap, or in as
    /// many rows as they need if one is too short.
    fn name_references(&mut self) {
        let mut lines: Vec<(f64, SetText)> = vec![];
        for layer in &self.panel.layers {
            if let Layer::Reference(r) = layer
                && r.vertical
                && !r.label.is_empty()
                && self.x.holds(r.at)
            {
                lines.push((self.x.at(r.at), set(&r.label, TICK)));
            }
        }
        lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        let widths: Vec<f64> = lines.iter().map(|(_, text)| text.width + 5.0).collect();
        let wanted: Vec<f64> = lines.iter().map(|(x, _)| *x).collect();
        // What is common to the tick labels stands at the corners; names that would meet it go into the row above.
        let corner = |row: &TickRow| row.common.as_ref().map(|text| text.width + 3.0);
        let (left, right) = (corner(&self.y_ticks), corner(&self.right_ticks).map(|width| self.frame.w - width));
        let meets = wanted.iter().zip(&widths).any(|(x, width)| {
            left.is_some_and(|end| x - 0.5 * width < end) || right.is_some_and(|end| x + 0.5 * width > end)
        });
        let below = usize::from(meets);
        self.name_rows = below + usize::from(!lines.is_empty() || left.is_some() || right.is_some());
        if let Some(middles) = side_by_side(&wanted, &widths, -12.0, self.frame.w + 8.0) {
            let moved = middles.iter().zip(&wanted).zip(&widths).any(|((a, b), width)| (a - b).abs() > 0.25 * width);
            self.name_rise = if moved && !meets { 5.0 } else { 0.0 };
            self.names = lines.into_iter().zip(middles).map(|((x, text), middle)| (text, middle, below, x)).collect();
            return;
        }
        let mut ends: Vec<f64> = vec![];
        for ((x, text), width) in lines.into_iter().zip(widths) {
            let middle = x.clamp(
                (0.5 * width - 12.0).min(self.frame.w),
                (self.frame.w - 0.5 * width + 8.0).max(0.5 * width - 12.0),
            );
            let row = ends.iter().position(|end| middle - 0.5 * width > *end).unwrap_or_else(|| {
                ends.push(0.0);
                ends.len() - 1
            });
            ends[row] = middle + 0.5 * width;
            self.names.push((text, middle, row + below, x));
        }
        self.name_rows = below + ends.len();
    }

    /// Height of the names, common factors and title above the frame.
    pub fn strip_below_legend(&self) -> f64 {
        let title = if self.panel.title.is_empty() { 0.0 } else { STRIP + 1.0 };
        STRIP * self.name_rows as f64 + self.name_rise + title + 3.0
    }

    /// Height of all that stands above the frame. Letter and legend share a row where they can.
    fn strip_height(&self, letters: bool) -> f64 {
        let legend = if self.legend_above { self.legend.height_above(self.frame.w) } else { 0.0 };
        let bar = self.bar.as_ref().is_some_and(|b| b.ticks.common.is_some());
        let beside = if bar || letters { STRIP + 3.0 } else { 0.0 };
        (self.strip_below_legend() + legend).max(beside)
    }

    /// Moves a panel that was placed at the origin, adapting it to a frame whose size differs by rounding.
    fn move_to(&mut self, frame: Rect) {
        self.frame = frame;
        (self.x.from, self.x.to) = (frame.x, frame.right());
        for view in
            [Some(&mut self.y), self.right.as_mut(), self.bar.as_mut().map(|b| &mut b.view)].into_iter().flatten()
        {
            (view.from, view.to) = (frame.bottom(), frame.y);
        }
        for (_, middle, _, line) in &mut self.names {
            *middle += frame.x;
            *line += frame.x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn boxes_with_room_stay_where_they_are_wanted() {
        assert_eq!(side_by_side(&[10.0, 50.0], &[8.0, 12.0], 0.0, 100.0), Some(vec![10.0, 50.0]));
        assert_eq!(side_by_side(&[50.0, 50.0], &[10.0, 10.0], 0.0, 100.0), Some(vec![45.0, 55.0]));
        assert_eq!(side_by_side(&[1.0, 1.0], &[60.0, 60.0], 0.0, 100.0), None);
    }

    proptest! {
        #[test]
        fn boxes_side_by_side_never_overlap(boxes in prop::collection::vec((0.0f64..100.0, 1.0f64..20.0), 0..8)) {
            let mut boxes = boxes;
            boxes.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (wanted, widths): (Vec<f64>, Vec<f64>) = boxes.into_iter().unzip();
            if let Some(middles) = side_by_side(&wanted, &widths, 0.0, 100.0) {
                for i in 0..middles.len() {
                    prop_assert!(middles[i] - 0.5 * widths[i] >= -1e-9 && middles[i] + 0.5 * widths[i] <= 100.0 + 1e-9);
                    prop_assert!(i == 0 || middles[i] - middles[i - 1] >= 0.5 * (widths[i] + widths[i - 1]) - 1e-9);
                }
            } else {
                prop_assert!(widths.iter().sum::<f64>() > 100.0);
            }
        }
    }
}
