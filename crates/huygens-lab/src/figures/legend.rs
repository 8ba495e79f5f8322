//! Legends, and where there is room for them.

use super::panel::{Layer, Panel};
use super::style::{Color, Dash, Shape};
use super::svg::{Anchor, Canvas, Paint, Rect};
use super::text::{CAP_HEIGHT, SetText, set};

/// Size of the letters in legends and remarks, in points.
pub(crate) const SIZE: f64 = 7.0;
const ROW: f64 = 9.8;
const SAMPLE: f64 = 15.0;
/// Width of the sample of a bare marker where names need not stand below each other.
const MARKER: f64 = 6.0;
const GAP: f64 = 4.0;

/// Which parts of a frame are covered, on a grid of 1.5 points.
pub(crate) struct Occupancy {
    frame: Rect,
    columns: usize,
    cells: Vec<bool>,
}

const CELL: f64 = 1.5;

impl Occupancy {
    pub fn new(frame: Rect) -> Occupancy {
        let columns = (frame.w / CELL).ceil().max(1.0) as usize;
        let rows = (frame.h / CELL).ceil().max(1.0) as usize;
        Occupancy { frame, columns, cells: vec![false; rows * columns] }
    }

    pub fn mark(&mut self, x: f64, y: f64) {
        if self.frame.contains(x, y) {
            let (i, j) = (((x - self.frame.x) / CELL) as usize, ((y - self.frame.y) / CELL) as usize);
            if let Some(cell) = self.cells.get_mut(j * self.columns + i.min(self.columns - 1)) {
                *cell = true;
            }
        }
    }

    /// Marks a straight line; its ends must be near the frame.
    pub fn mark_line(&mut self, a: (f64, f64), b: (f64, f64)) {
        let steps = ((b.0 - a.0).hypot(b.1 - a.1) / CELL).ceil().clamp(1.0, 10_000.0);
        for k in 0..=steps as usize {
            let t = k as f64 / steps;
            self.mark(a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
        }
    }

    pub fn mark_rect(&mut self, r: Rect) {
        let (rows, columns) =
            ((r.h / CELL).ceil().clamp(0.0, 5_000.0) as usize, (r.w / CELL).ceil().clamp(0.0, 5_000.0) as usize);
        for j in 0..=rows {
            for i in 0..=columns {
                self.mark((r.x + i as f64 * CELL).min(r.right()), (r.y + j as f64 * CELL).min(r.bottom()));
            }
        }
    }

    /// How many covered cells a rectangle would hide.
    pub fn hidden(&self, r: Rect) -> usize {
        let index = |v: f64, n: usize| ((v / CELL).floor().max(0.0) as usize).min(n);
        let rows = self.cells.len() / self.columns;
        let (i0, i1) = (index(r.x - self.frame.x, self.columns), index(r.right() - self.frame.x, self.columns - 1));
        let (j0, j1) = (index(r.y - self.frame.y, rows), index(r.bottom() - self.frame.y, rows - 1));
        (j0..=j1).map(|j| (i0..=i1).filter(|i| self.cells[j * self.columns + i]).count()).sum()
    }

    /// A place for a box of the given size that hides nothing: corners first, then what is nearest to one.
    pub fn place(&self, w: f64, h: f64) -> Option<Rect> {
        let inner = self.frame.grown(-4.5);
        let (dx, dy) = (inner.w - w, inner.h - h);
        if dx < 0.0 || dy < 0.0 {
            return None;
        }
        const N: usize = 24;
        let mut places: Vec<(f64, f64)> =
            (0..=N).flat_map(|i| (0..=N).map(move |j| (i as f64 / N as f64, j as f64 / N as f64))).collect();
        // Right before left and top before bottom where corners are equally good.
        let far = |(a, b): (f64, f64)| (a.min(1.0 - a) * dx).hypot(b.min(1.0 - b) * dy) + 0.01 * (1.0 - a) + 0.02 * b;
        places.sort_by(|p, q| far(*p).total_cmp(&far(*q)));
        let at = |(a, b): (f64, f64)| Rect { x: inner.x + a * dx, y: inner.y + b * dy, w, h };
        places.into_iter().map(at).find(|r| self.hidden(r.grown(2.0)) == 0)
    }
}

/// What stands before a name.
enum Sample {
    Line { color: Color, width: f64, dash: Dash, marker: Option<(Shape, f64, bool)>, line: bool },
    Area { color: Color, framed: bool },
}

impl Sample {
    /// The width that the sample needs.
    fn width(&self) -> f64 {
        if matches!(self, Sample::Line { line: false, .. }) { MARKER } else { SAMPLE }
    }
}

/// A legend: names with samples.
pub(crate) struct Legend {
    entries: Vec<(Sample, SetText)>,
}

impl Legend {
    /// The legend of a panel; `colors` are those of its layers.
    pub fn new(panel: &Panel, colors: &[Color]) -> Legend {
        let mut entries: Vec<(Sample, SetText)> = vec![];
        let mut add = |sample: Sample, label: &str| {
            if !label.is_empty() {
                entries.push((sample, set(label, SIZE)));
            }
        };
        let mut missing = false;
        // Curves before areas and backgrounds.
        let background = |l: &Layer| matches!(l, Layer::Band(_) | Layer::Region(_)) as u8;
        let mut layers: Vec<(&Layer, Color)> = panel.layers.iter().zip(colors.iter().copied()).collect();
        layers.sort_by_key(|(layer, _)| background(layer));
        for (layer, color) in layers {
            match layer {
                Layer::Series(s) if s.bars.is_some() => {
                    add(Sample::Area { color: color.lighter(0.25), framed: true }, &s.label)
                }
                Layer::Series(s) => {
                    let marker = s.marker.map(|shape| (shape, s.marker_size, s.open));
                    add(Sample::Line { color, width: s.width, dash: s.dash, marker, line: s.line }, &s.label);
                }
                Layer::Band(b) => add(Sample::Area { color: color.lighter(0.72), framed: false }, &b.label),
                Layer::Region(r) => add(Sample::Area { color: color.lighter(0.75), framed: false }, &r.label),
                Layer::Contour(c) => {
                    add(Sample::Line { color, width: 1.1, dash: c.dash, marker: None, line: true }, &c.label);
                }
                Layer::CategoryMap(map) => {
                    for (name, color) in &map.names {
                        add(Sample::Area { color: *color, framed: true }, name);
                    }
                    missing |= map.kinds.iter().any(|k| k.is_none_or(|k| k >= map.names.len()));
                }
                Layer::HeatMap(map) => missing |= map.z.iter().any(|z| map.bar.scale.forward(*z).is_nan()),
                Layer::Reference(_) => {}
            }
        }
        if missing {
            add(Sample::Area { color: Color::MISSING, framed: true }, "no value");
        }
        Legend { entries }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Size as one column.
    pub fn size(&self) -> (f64, f64) {
        let widest = self.entries.iter().map(|(_, text)| text.width).fold(0.0, f64::max);
        (SAMPLE + GAP + widest, ROW * self.entries.len() as f64)
    }

    /// Draws the legend as one column inside a frame.
    pub fn draw_column(&self, canvas: &mut Canvas, place: Rect) {
        for (i, (sample, text)) in self.entries.iter().enumerate() {
            self.entry(canvas, sample, text, (place.x, place.y + ROW * (i as f64 + 0.5)), SAMPLE);
        }
    }

    /// The entries broken into rows no wider than `width`.
    fn rows(&self, width: f64) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = vec![];
        let mut used = f64::INFINITY;
        for (i, (sample, text)) in self.entries.iter().enumerate() {
            let w = sample.width() + GAP + text.width;
            if used + 10.0 + w > width {
                rows.push(vec![]);
                used = -10.0;
            }
            used += 10.0 + w;
            rows.last_mut().expect("a row was begun").push(i);
        }
        rows
    }

    /// Height of the legend in rows above a frame.
    pub fn height_above(&self, width: f64) -> f64 {
        ROW * self.rows(width).len() as f64
    }

    /// Draws the legend in rows above a frame, beginning at `top`.
    pub fn draw_above(&self, canvas: &mut Canvas, frame: Rect, top: f64) {
        for (j, row) in self.rows(frame.w).into_iter().enumerate() {
            let mut x = frame.x;
            for i in row {
                let (sample, text) = &self.entries[i];
                self.entry(canvas, sample, text, (x, top + ROW * (j as f64 + 0.5)), sample.width());
                x += sample.width() + GAP + text.width + 10.0;
            }
        }
    }

    fn entry(&self, canvas: &mut Canvas, sample: &Sample, text: &SetText, (x, y): (f64, f64), width: f64) {
        match sample {
            Sample::Line { color, width: thickness, dash, marker, line } => {
                if *line {
                    canvas.line(
                        (x, y),
                        (x + width, y),
                        &Paint::line(*color, *thickness).dashed(dash.pattern(*thickness)).butt(),
                    );
                }
                if let Some((shape, size, open)) = marker {
                    canvas.marker((x + 0.5 * width, y), *shape, *size, *color, *open);
                }
            }
            Sample::Area { color, framed } => {
                let mut paint = Paint::fill(*color);
                if *framed {
                    paint.stroke = Some((Color::GREY, 0.4));
                }
                canvas.rect(Rect { x: x + 2.0, y: y - 3.2, w: width - 4.0, h: 6.4 }, &paint);
            }
        }
        canvas.text(text, (x + width + GAP, y + 0.5 * CAP_HEIGHT * SIZE), Anchor::Start, 0.0, Color::BLACK);
    }
}
