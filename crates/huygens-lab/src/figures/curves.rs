//! Curves, markers, bars, bands and reference lines, cut at the frame.

use super::layout::{Placed, View};
use super::panel::{Band, Reference, Region, Series};
use super::scale::Scale;
use super::style::Color;
use super::svg::{Canvas, Paint, Rect, polyline};

pub(crate) fn y_view<'a>(p: &'a Placed, right: bool) -> &'a View {
    p.right.as_ref().filter(|_| right).unwrap_or(&p.y)
}

/// The unbroken pieces of a curve inside the frame (and a little beyond), in points.
pub(crate) fn pieces(points: impl Iterator<Item = (f64, f64)>, frame: Rect) -> Vec<Vec<(f64, f64)>> {
    let near = frame.grown(8.0);
    let mut pieces: Vec<Vec<(f64, f64)>> = vec![];
    let mut before: Option<(f64, f64)> = None;
    let mut open = false;
    for point in points {
        if !(point.0.is_finite() && point.1.is_finite()) {
            (before, open) = (None, false);
            continue;
        }
        match before.and_then(|b| clip(b, point, near)) {
            Some((a, b)) => {
                if !open {
                    pieces.push(vec![a]);
                }
                pieces.last_mut().expect("a piece was begun").push(b);
                open = b == point;
            }
            None => open = false,
        }
        before = Some(point);
    }
    pieces.iter().map(|piece| thin(piece)).collect()
}

/// The part of a segment inside a rectangle (Liang and Barsky 1984).
fn clip(a: (f64, f64), b: (f64, f64), r: Rect) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut t0, mut t1) = (0.0f64, 1.0f64);
    for (d, q) in [(-dx, a.0 - r.x), (dx, r.right() - a.0), (-dy, a.1 - r.y), (dy, r.bottom() - a.1)] {
        if d == 0.0 || !d.is_finite() {
            if q < 0.0 || !d.is_finite() {
                return None;
            }
        } else if d < 0.0 {
            t0 = t0.max(q / d);
        } else {
            t1 = t1.min(q / d);
        }
    }
    // Of points very far away only the direction is known: rounding must not throw the ends off the page.
    let inside = |(x, y): (f64, f64)| (x.clamp(r.x, r.right()), y.clamp(r.y, r.bottom()));
    let at = |t: f64| match t {
        0.0 => a,
        1.0 => b,
        t => inside((a.0 + t * dx, a.1 + t * dy)),
    };
    (t0 <= t1).then(|| (at(t0), at(t1)))
}

/// Leaves out points that cannot be seen: of a curve that runs one way and has more points than the printer has dots,
/// first, lowest, highest and last in each column of an eighth of a point; of others, points on top of each other.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const COLUMN: f64 = 0.125;
    let forward = points.windows(2).all(|w| w[1].0 >= w[0].0);
    if points.len() > 4000 && forward {
        let mut kept: Vec<(f64, f64)> = vec![];
        for column in points.chunk_by(|a, b| (a.0 / COLUMN).floor() == (b.0 / COLUMN).floor()) {
            let extreme = |best: fn(f64, f64) -> bool| {
                (0..column.len()).fold(0, |k, i| if best(column[i].1, column[k].1) { i } else { k })
            };
            let mut keep = [0, extreme(|a, b| a < b), extreme(|a, b| a > b), column.len() - 1];
            keep.sort_unstable();
            kept.extend(
                keep.iter().enumerate().filter(|(n, k)| *n == 0 || keep[n - 1] != **k).map(|(_, k)| column[*k]),
            );
        }
        return kept;
    }
    let mut kept: Vec<(f64, f64)> = vec![];
    for (i, point) in points.iter().enumerate() {
        let far = |k: &(f64, f64)| (k.0 - point.0).abs().max((k.1 - point.1).abs()) >= 0.02;
        if i + 1 == points.len() || kept.last().is_none_or(far) {
            kept.push(*point);
        }
    }
    kept
}

pub(crate) fn places<'a>(p: &'a Placed, s: &'a Series) -> impl Iterator<Item = (f64, f64)> + 'a {
    let y = y_view(p, s.right);
    s.pairs().map(move |(a, b)| (p.x.at(a), y.at(b)))
}

pub(crate) fn series(canvas: &mut Canvas, p: &Placed, s: &Series, color: Color) {
    let y = y_view(p, s.right);
    if s.bars.is_some() {
        for r in bars(p, s) {
            let mut paint = Paint::fill(color.lighter(0.25));
            paint.stroke = Some((Color::GREY, 0.4));
            canvas.rect(r, &paint);
        }
    }
    if s.line {
        for piece in pieces(places(p, s), p.frame) {
            let paint = Paint::line(color, s.width).dashed(s.dash.pattern(s.width));
            canvas.path(&polyline(&piece, false), &paint);
        }
        arrows(canvas, p, s, color);
    }
    let paint = Paint::line(if s.bars.is_some() { Color::BLACK } else { color }, 0.8).butt();
    let limit = |v: f64, r: (f64, f64)| v.clamp(r.0 - 50.0, r.1 + 50.0);
    let (xs, ys) = ((p.frame.x, p.frame.right()), (p.frame.y, p.frame.bottom()));
    let centres: Vec<(f64, f64)> = places(p, s).collect();
    for ((lower, upper), (x, _)) in s.y_errors.iter().zip(&centres) {
        let (a, b) = (y.at(*lower), y.at(*upper));
        // An error that reaches below zero on a logarithmic axis reaches down to its end.
        let a = if a.is_nan() && lower.is_finite() { ys.1 + 20.0 } else { a };
        if x.is_finite() && a.is_finite() && b.is_finite() {
            let (a, b, x) = (limit(a, ys), limit(b, ys), limit(*x, xs));
            canvas.path(
                &(polyline(&[(x, a), (x, b)], false)
                    + &polyline(&[(x - 2.0, a), (x + 2.0, a)], false)
                    + &polyline(&[(x - 2.0, b), (x + 2.0, b)], false)),
                &paint,
            );
        }
    }
    for ((lower, upper), (_, y)) in s.x_errors.iter().zip(&centres) {
        let (a, b) = (p.x.at(*lower), p.x.at(*upper));
        let a = if a.is_nan() && lower.is_finite() { xs.0 - 20.0 } else { a };
        if y.is_finite() && a.is_finite() && b.is_finite() {
            let (a, b, y) = (limit(a, xs), limit(b, xs), limit(*y, ys));
            canvas.path(
                &(polyline(&[(a, y), (b, y)], false)
                    + &polyline(&[(a, y - 2.0), (a, y + 2.0)], false)
                    + &polyline(&[(b, y - 2.0), (b, y + 2.0)], false)),
                &paint,
            );
        }
    }
}

/// The markers of a series whose middle is in the frame; at its edge they are drawn whole.
pub(crate) fn markers(canvas: &mut Canvas, p: &Placed, s: &Series, color: Color) {
    let Some(shape) = s.marker else { return };
    let frame = p.frame.grown(0.01);
    for at in places(p, s).filter(|(x, y)| frame.contains(*x, *y)) {
        canvas.marker(at, shape, s.marker_size, color, s.open);
    }
}

pub(crate) fn bars(p: &Placed, s: &Series) -> Vec<Rect> {
    let y = y_view(p, s.right);
    let (top, bottom) = (p.frame.y - 5.0, p.frame.bottom() + 5.0);
    let base = if y.scale == Scale::Linear { y.at(0.0).clamp(top, bottom) } else { bottom };
    let half = 0.5 * s.bars.unwrap_or(0.0);
    let bar = |(a, b): (f64, f64)| {
        let (x0, x1, y1) = (p.x.at(a - half), p.x.at(a + half), y.at(b));
        let finite = x0.is_finite() && x1.is_finite() && y1.is_finite();
        let y1 = y1.clamp(top, bottom);
        let (x0, x1) = (x0.max(p.frame.x - 5.0), x1.min(p.frame.right() + 5.0));
        (finite && x1 > x0).then(|| Rect { x: x0, y: y1.min(base), w: x1 - x0, h: (base - y1).abs() })
    };
    s.pairs().filter_map(bar).collect()
}

/// Heads along a curve, in its direction.
fn arrows(canvas: &mut Canvas, p: &Placed, s: &Series, color: Color) {
    let points: Vec<(f64, f64)> = places(p, s).filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let total = extent(&points);
    if !(total.is_finite() && total > 20.0) {
        return;
    }
    let mut walked = 0.0;
    let mut next = 0;
    for w in points.windows(2) {
        let step = extent(w);
        while next < s.arrows && walked + step >= total * (next as f64 + 0.5) / s.arrows as f64 && step > 0.0 {
            let t = (total * (next as f64 + 0.5) / s.arrows as f64 - walked) / step;
            let (ux, uy) = ((w[1].0 - w[0].0) / step, (w[1].1 - w[0].1) / step);
            let (x, y) = (w[0].0 + t * (w[1].0 - w[0].0), w[0].1 + t * (w[1].1 - w[0].1));
            let size = 2.4 + 1.4 * s.width;
            let corner = |along: f64, across: f64| {
                (x + size * (along * ux - across * uy), y + size * (along * uy + across * ux))
            };
            if p.frame.contains(x, y) {
                canvas.path(
                    &polyline(&[corner(0.75, 0.0), corner(-0.55, 0.48), corner(-0.3, 0.0), corner(-0.55, -0.48)], true),
                    &Paint::fill(color),
                );
            }
            next += 1;
        }
        walked += step;
    }
}

pub(crate) fn band(canvas: &mut Canvas, p: &Placed, b: &Band, color: Color) {
    for area in areas(p, b) {
        canvas.path(&polyline(&area, true), &Paint::fill(color.lighter(0.72)));
    }
}

/// The closed outlines of a band; it is broken where a value is missing.
pub(crate) fn areas(p: &Placed, b: &Band) -> Vec<Vec<(f64, f64)>> {
    let y = y_view(p, b.right);
    let (top, bottom) = (p.frame.y - 8.0, p.frame.bottom() + 8.0);
    let column = |((x, lower), upper): ((&f64, &f64), &f64)| {
        let (x, a, c) = (p.x.at(*x), y.at(*lower), y.at(*upper));
        let a = if a.is_nan() && y.scale == Scale::Log && *lower <= 0.0 { bottom } else { a };
        (x.is_finite() && a.is_finite() && c.is_finite())
            .then(|| (x.clamp(p.frame.x - 1e3, p.frame.right() + 1e3), a.clamp(top, bottom), c.clamp(top, bottom)))
    };
    let columns: Vec<Option<(f64, f64, f64)>> = b.x.iter().zip(&b.lower).zip(&b.upper).map(column).collect();
    let runs = columns.split(Option::is_none).filter(|run| run.len() > 1);
    runs.map(|run| {
        let known = || run.iter().flatten();
        let upper = thin(&known().map(|(x, _, c)| (*x, *c)).collect::<Vec<_>>());
        let lower = thin(&known().map(|(x, a, _)| (*x, *a)).collect::<Vec<_>>());
        upper.into_iter().chain(lower.into_iter().rev()).collect()
    })
    .collect()
}

pub(crate) fn region(canvas: &mut Canvas, p: &Placed, r: &Region) {
    let end = |v: f64, edge: f64| if v.is_infinite() { edge } else { p.x.at(v) };
    let (a, b) = (end(r.from, p.frame.x), end(r.to, p.frame.right()));
    // On a logarithmic axis an interval from zero begins at the edge.
    let a = if a.is_nan() && !r.from.is_nan() { p.frame.x } else { a };
    let (a, b) = (a.max(p.frame.x), b.min(p.frame.right()));
    if b > a {
        canvas.rect(Rect { x: a, y: p.frame.y, w: b - a, h: p.frame.h }, &Paint::fill(r.color.lighter(0.75)));
    }
}

pub(crate) fn reference_ends(p: &Placed, r: &Reference) -> Option<((f64, f64), (f64, f64))> {
    let f = p.frame;
    if r.vertical {
        let x = p.x.at(r.at);
        return p.x.holds(r.at).then_some(((x, f.y), (x, f.bottom())));
    }
    let y = p.y.at(r.at);
    p.y.holds(r.at).then_some(((f.x, y), (f.right(), y)))
}
/// Length of a polyline.
pub(crate) fn extent(line: &[(f64, f64)]) -> f64 {
    line.windows(2).map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1)).sum()
}
