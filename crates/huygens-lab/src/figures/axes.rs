//! Frames, ticks and labels of axes, and the names of reference lines.

use super::curves::reference_ends;
use super::layout::{LABEL, MAJOR, MINOR, Placed, STRIP, TICK, TickRow, View, set_within};
use super::legend::Occupancy;
use super::panel::Layer;
use super::style::Color;
use super::svg::{Anchor, Canvas, Paint, Rect, polyline};
use super::text::{CAP_HEIGHT, SetText, set};

/// Thickness of the frame.
pub(crate) const FRAME_LINE: f64 = 0.7;
const TICK_LINE: f64 = 0.6;

/// Which side of the frame.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Bottom,
    Top,
    Left,
    Right,
}

pub(crate) fn tick_marks(canvas: &mut Canvas, view: &View, ticks: &TickRow, frame: Rect, side: Side, outward: bool) {
    let mut marks = String::new();
    let all = ticks.major.iter().map(|(v, _)| (*v, MAJOR)).chain(ticks.minor.iter().map(|v| (*v, MINOR)));
    for (v, length) in all {
        let at = view.at(v);
        let length = if outward { -length } else { length };
        let (a, b) = match side {
            Side::Bottom => ((at, frame.bottom()), (at, frame.bottom() - length)),
            Side::Top => ((at, frame.y), (at, frame.y + length)),
            Side::Left => ((frame.x, at), (frame.x + length, at)),
            Side::Right => ((frame.right(), at), (frame.right() - length, at)),
        };
        if at.is_finite() {
            marks.push_str(&polyline(&[a, b], false));
        }
    }
    canvas.path(&marks, &Paint::line(Color::BLACK, TICK_LINE).butt());
}

pub(crate) fn axes(canvas: &mut Canvas, p: &Placed) {
    let f = p.frame;
    let out = if p.outward { MAJOR } else { 0.0 };
    tick_marks(canvas, &p.x, &p.x_ticks, f, Side::Bottom, p.outward);
    tick_marks(canvas, &p.y, &p.y_ticks, f, Side::Left, p.outward);
    if !p.outward {
        tick_marks(canvas, &p.x, &p.x_ticks, f, Side::Top, false);
    }
    match &p.right {
        Some(right) => tick_marks(canvas, right, &p.right_ticks, f, Side::Right, p.outward),
        None if !p.outward => tick_marks(canvas, &p.y, &p.y_ticks, f, Side::Right, false),
        None => {}
    }
    canvas.rect(f, &Paint { stroke: Some((Color::BLACK, FRAME_LINE)), butt: true, ..Paint::default() });

    let half = 0.5 * CAP_HEIGHT * TICK;
    let x_color = p.panel.x.color.unwrap_or(Color::BLACK);
    let below = f.bottom() + out + 3.4 + CAP_HEIGHT * TICK;
    for (v, text) in p.x_ticks.major.iter().filter(|(_, text)| text.width > 0.0) {
        canvas.text(text, (p.x.at(*v), below), Anchor::Middle, 0.0, x_color);
    }
    let row = if p.panel.x.bare { f.bottom() + out } else { f.bottom() + out + TICK * 0.9 + 3.9 };
    let label = set_within(&p.panel.x.label, LABEL, f.w);
    axis_label(canvas, &label, (f.x + 0.5 * f.w, row + 2.0 + label.ascent), 0.0, x_color);
    if let Some(common) = &p.x_ticks.common {
        canvas.text(common, (f.right(), row + 2.0 + label.ascent.max(common.ascent)), Anchor::End, 0.0, x_color);
    }

    let y_color = p.panel.y.color.unwrap_or(Color::BLACK);
    for (v, text) in p.y_ticks.major.iter().filter(|(_, text)| text.width > 0.0) {
        canvas.text(text, (f.x - out - 2.5, p.y.at(*v) + half), Anchor::End, 0.0, y_color);
    }
    if let Some(common) = &p.y_ticks.common {
        canvas.text_with_halo(common, (f.x, f.y - 3.5), Anchor::Start, y_color);
    }
    let label = set_within(&p.panel.y.label, LABEL, f.h);
    let widest = p.y_ticks.major.iter().map(|(_, text)| text.width).fold(0.0, f64::max);
    axis_label(canvas, &label, (f.x - out - widest - 5.0 - label.descent, f.y + 0.5 * f.h), -90.0, y_color);

    if let (Some(right), Some(axis)) = (&p.right, &p.panel.right) {
        let color = axis.color.unwrap_or(Color::BLACK);
        for (v, text) in p.right_ticks.major.iter().filter(|(_, text)| text.width > 0.0) {
            canvas.text(text, (f.right() + out + 2.5, right.at(*v) + half), Anchor::Start, 0.0, color);
        }
        if let Some(common) = &p.right_ticks.common {
            canvas.text(common, (f.right(), f.y - 3.5), Anchor::End, 0.0, color);
        }
        let label = set_within(&axis.label, LABEL, f.h);
        let widest = p.right_ticks.major.iter().map(|(_, text)| text.width).fold(0.0, f64::max);
        axis_label(canvas, &label, (f.right() + widest + 5.0 + label.ascent, f.y + 0.5 * f.h), -90.0, color);
    }
}

pub(crate) fn axis_label(canvas: &mut Canvas, label: &SetText, at: (f64, f64), angle: f64, color: Color) {
    if label.width > 0.0 {
        canvas.text(label, at, Anchor::Middle, angle, color);
    }
}

/// Base line of a row of names above the frame.
fn name_height(p: &Placed, row: usize) -> f64 {
    p.frame.y - 3.5 - p.name_rise - STRIP * row as f64
}

/// Lines from vertical reference lines to names that do not stand right above them.
pub(crate) fn reference_leaders(canvas: &mut Canvas, p: &Placed) {
    for (text, middle, row, line) in &p.names {
        let half = (0.5 * text.width - 2.0).max(0.0);
        let end = line.clamp(middle - half, middle + half);
        if *row > 0 || p.name_rise > 0.0 {
            canvas.line((*line, p.frame.y), (end, name_height(p, *row) + 2.0), &Paint::line(Color::GREY, 0.5).butt());
        }
    }
}

/// Names of reference lines: of vertical ones above the frame, of horizontal ones on the line.
pub(crate) fn reference_names(canvas: &mut Canvas, p: &Placed, taken: &mut Occupancy) {
    for (text, middle, row, _) in &p.names {
        canvas.text_with_halo(text, (*middle, name_height(p, *row)), Anchor::Middle, Color(60, 60, 60));
    }
    for layer in &p.panel.layers {
        let Layer::Reference(r) = layer else { continue };
        if r.vertical || r.label.is_empty() {
            continue;
        }
        let Some(((_, y), _)) = reference_ends(p, r) else {
            continue;
        };
        let text = set(&r.label, TICK);
        let f = p.frame;
        let mut best: Option<(usize, Rect)> = None;
        for x in [f.right() - text.width - 5.0, f.x + 5.0, f.x + 0.5 * (f.w - text.width)] {
            for top in [y - text.ascent - 3.5, y + 2.5] {
                let place = Rect { x, y: top, w: text.width, h: text.ascent + 1.0 };
                let inside = place.y > f.y + 1.0 && place.bottom() < f.bottom() - 1.0;
                let hidden = taken.hidden(place) + if inside { 0 } else { 100_000 };
                if best.is_none_or(|(least, _)| hidden < least) {
                    best = Some((hidden, place));
                }
            }
        }
        if let Some((_, place)) = best {
            canvas.text_with_halo(&text, (place.x, place.y + text.ascent), Anchor::Start, r.color);
            taken.mark_rect(place.grown(1.0));
        }
    }
}
