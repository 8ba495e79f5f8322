//! Maps: coloured cells, kinds, contour lines and the colour bar.

use super::FigureError;
use super::axes::{FRAME_LINE, Side, axis_label, tick_marks};
use super::contour::contour_lines;
use super::curves::{extent, pieces};
use super::layout::{BAR, BAR_GAP, Grid, MAJOR, Placed, TICK};
use super::legend::Occupancy;
use super::panel::{CategoryMap, HeatMap, Layer};
use super::scale::Scale;
use super::style::Color;
use super::svg::{Anchor, Canvas, Paint, Rect, polyline};
use super::text::{CAP_HEIGHT, set};

/// Pixels per point of embedded maps: 600 to the inch.
const MAP_PIXELS: f64 = 600.0 / 72.0;

/// Fills the cells of a grid with colours, as a picture in the resolution of print.
fn cells(
    canvas: &mut Canvas,
    p: &Placed,
    grid: &Grid,
    color: impl Fn(f64, f64, usize, usize) -> Color,
) -> Result<(), FigureError> {
    let (x_edges, y_edges) = (Grid::edges(&grid.x), Grid::edges(&grid.y));
    let (Some(x0), Some(x1), Some(y0), Some(y1)) = (x_edges.first(), x_edges.last(), y_edges.first(), y_edges.last())
    else {
        return Ok(());
    };
    let (x0, x1) = (x0.max(p.x.lo), x1.min(p.x.hi));
    let (y0, y1) = (y0.max(p.y.lo), y1.min(p.y.hi));
    if !(x0 < x1 && y0 < y1) {
        return Ok(());
    }
    let r =
        Rect { x: p.x.place(x0), y: p.y.place(y1), w: p.x.place(x1) - p.x.place(x0), h: p.y.place(y0) - p.y.place(y1) };
    let pixels = |length: f64| ((length * MAP_PIXELS).round() as u32).clamp(1, 6000);
    let (width, height) = (pixels(r.w), pixels(r.h));
    let find = |edges: &[f64], v: f64| edges.partition_point(|e| *e <= v).clamp(1, edges.len() - 1) - 1;
    let across: Vec<(f64, usize)> = (0..width)
        .map(|i| x0 + (x1 - x0) * (f64::from(i) + 0.5) / f64::from(width))
        .map(|u| (u, find(&x_edges, u)))
        .collect();
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for row in 0..height {
        let v = y1 - (y1 - y0) * (f64::from(row) + 0.5) / f64::from(height);
        let j = find(&y_edges, v);
        for (u, i) in &across {
            let Color(r, g, b) = color(*u, v, *i, j);
            rgb.extend([r, g, b]);
        }
    }
    canvas.image(r, width, height, &rgb)
}

pub(crate) fn heat_map(canvas: &mut Canvas, p: &Placed, map: &HeatMap) -> Result<(), FigureError> {
    let Some(bar) = &p.bar else { return Ok(()) };
    let grid = Grid::new(p.panel, &map.x, &map.y);
    let value = |i: usize, j: usize| map.bar.scale.forward(map.z[grid.index(i, j)]);
    let unit = |v: f64| (v - bar.view.lo) / (bar.view.hi - bar.view.lo);
    let near = |points: &[(f64, usize)], k: usize, u: f64| {
        // The neighbour on the other side of u, and how far towards it u lies.
        let other = if u < points[k].0 { k.checked_sub(1) } else { Some(k + 1).filter(|k| *k < points.len()) };
        other.map_or((k, 0.0), |o| (o, (u - points[k].0) / (points[o].0 - points[k].0)))
    };
    cells(canvas, p, &grid, |u, v, i, j| {
        let here = value(i, j);
        if !map.smooth {
            return map.map.color(unit(here));
        }
        let ((i2, s), (j2, t)) = (near(&grid.x, i, u), near(&grid.y, j, v));
        let row = |j: usize| value(i, j) * (1.0 - s) + value(i2, j) * s;
        let mixed = row(j) * (1.0 - t) + row(j2) * t;
        map.map.color(unit(if mixed.is_nan() { here } else { mixed }))
    })?;
    Ok(())
}

pub(crate) fn category_map(canvas: &mut Canvas, p: &Placed, map: &CategoryMap) -> Result<(), FigureError> {
    let grid = Grid::new(p.panel, &map.x, &map.y);
    cells(canvas, p, &grid, |_, _, i, j| {
        map.kinds[grid.index(i, j)].and_then(|k| map.names.get(k)).map_or(Color::MISSING, |(_, color)| *color)
    })
}

/// Contour lines in points, found in the coordinates in which the axes and the quantity are uniform. The cells at the
/// rim reach half a step beyond their points, and so do the lines.
pub(crate) fn contours(
    p: &Placed,
    (x, y, z): (&[f64], &[f64], &[f64]),
    scale: Scale,
    level: f64,
) -> Vec<Vec<(f64, f64)>> {
    let grid = Grid::new(p.panel, x, y);
    let target = scale.forward(level);
    if target.is_nan() || grid.x.is_empty() || grid.y.is_empty() {
        return vec![];
    }
    let rimmed = |points: &[(f64, usize)]| -> Vec<(f64, usize)> {
        let edges = Grid::edges(points);
        let last = points.len() - 1;
        let inner = points.iter().enumerate().map(|(k, (v, _))| (*v, k));
        [(edges[0], 0)].into_iter().chain(inner).chain([(edges[last + 1], last)]).collect()
    };
    let (xs, ys) = (rimmed(&grid.x), rimmed(&grid.y));
    let value = |i: usize, j: usize| scale.forward(z[grid.index(i, j)]);
    let values: Vec<f64> =
        ys.iter().flat_map(|(_, j)| xs.iter().map(move |(_, i)| (*i, *j))).map(|(i, j)| value(i, j)).collect();
    let place = |points: &[(f64, usize)]| -> Vec<f64> { points.iter().map(|(v, _)| *v).collect() };
    let lines = contour_lines(&place(&xs), &place(&ys), &values, target);
    let points = |line: &Vec<[f64; 2]>| pieces(line.iter().map(|[u, v]| (p.x.place(*u), p.y.place(*v))), p.frame);
    lines.iter().flat_map(points).collect()
}

/// The contour lines of a heat map, each with its value where that hides no other line.
pub(crate) fn levels(canvas: &mut Canvas, p: &Placed, map: &HeatMap) {
    let lines: Vec<(f64, Vec<(f64, f64)>)> = map
        .contours
        .iter()
        .flat_map(|level| {
            contours(p, (&map.x, &map.y, &map.z), map.bar.scale, *level).into_iter().map(|line| (*level, line))
        })
        .collect();
    for paint in [Paint::line(Color::WHITE, 2.2).opacity(0.6).butt(), Paint::line(Color::BLACK, 0.9).butt()] {
        lines.iter().for_each(|(_, line)| canvas.path(&polyline(line, false), &paint));
    }
    let mut taken = Occupancy::new(p.frame);
    lines.iter().for_each(|(_, line)| line.windows(2).for_each(|w| taken.mark_line(w[0], w[1])));
    for level in &map.contours {
        let text = set(&short(*level), 6.0);
        let label = |(x, y): (f64, f64)| {
            Rect { x: x - 0.5 * text.width, y: y - 0.5 * text.ascent, w: text.width, h: text.ascent }.grown(2.0)
        };
        let own = lines.iter().filter(|(l, line)| l == level && extent(line) > 40.0);
        let places = own.flat_map(|(_, line)| line.iter()).map(|at| label(*at));
        let inside = places.filter(|r| p.frame.contains(r.x, r.y) && p.frame.contains(r.right(), r.bottom()));
        if let Some(r) = inside.min_by_key(|r| taken.hidden(*r)) {
            canvas.text_with_halo(&text, (r.x + 0.5 * r.w, r.y + 2.0 + text.ascent), Anchor::Middle, Color::BLACK);
            taken.mark_rect(r);
        }
    }
}

/// A number as a person writes it.
fn short(v: f64) -> String {
    let text = format!("{v}").replace('-', "−");
    if v == 0.0 || (text.chars().count() <= 7 && v.abs() < 1e6) {
        return text;
    }
    let text = format!("{v:.3e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.trim_end_matches('0').trim_end_matches('.').replace('-', "−");
    format!("{digits}$\\times10^{{{power}}}$")
}

pub(crate) fn color_bar(canvas: &mut Canvas, p: &Placed) {
    let (Some(bar), Some(map)) =
        (&p.bar, p.panel.layers.iter().find_map(|l| if let Layer::HeatMap(m) = l { Some(m) } else { None }))
    else {
        return;
    };
    let frame = Rect { x: p.frame.right() + BAR_GAP, y: p.frame.y, w: BAR, h: p.frame.h };
    // Strips overlap by a hair, so that no seams show.
    const STRIPS: usize = 128;
    for k in 0..STRIPS {
        let t = (k as f64 + 0.5) / STRIPS as f64;
        let y = frame.bottom() - frame.h * (k + 1) as f64 / STRIPS as f64;
        let h = frame.h / STRIPS as f64 + if k == 0 { 0.0 } else { 0.4 };
        canvas.rect(Rect { y, h, ..frame }, &Paint::fill(map.map.color(t)));
    }
    for level in map.contours.iter().filter(|level| bar.view.holds(**level)) {
        let y = bar.view.at(*level);
        canvas.line((frame.x, y), (frame.right(), y), &Paint::line(Color::WHITE, 2.2).opacity(0.6).butt());
        canvas.line((frame.x, y), (frame.right(), y), &Paint::line(Color::BLACK, 0.9).butt());
    }
    tick_marks(canvas, &bar.view, &bar.ticks, frame, Side::Right, true);
    canvas.rect(frame, &Paint { stroke: Some((Color::BLACK, FRAME_LINE)), butt: true, ..Paint::default() });
    let x = frame.right() + MAJOR + 2.0;
    for (v, text) in &bar.ticks.major {
        canvas.text(text, (x, bar.view.at(*v) + 0.5 * CAP_HEIGHT * TICK), Anchor::Start, 0.0, Color::BLACK);
    }
    if let Some(common) = &bar.ticks.common {
        canvas.text(common, (frame.x, frame.y - 3.5), Anchor::Start, 0.0, Color::BLACK);
    }
    let widest = bar.ticks.major.iter().map(|(_, text)| text.width).fold(0.0, f64::max);
    axis_label(canvas, &bar.label, (x + widest + 2.0 + bar.label.ascent, frame.y + 0.5 * frame.h), -90.0, Color::BLACK);
}
