//! Curves, markers, bars, bands and reference lines, cut at the frame.

use std::f64::consts::{PI, TAU};

use super::layout::{Placed, View};
use super::panel::{Band, Reference, Region, Series};
use super::scale::Scale;
use super::style::{Color, Shape};
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

/// How far a drawn line may be from the one through all its points, in points: an eighth of a dot of the raster picture.
const TOLERANCE: f64 = 0.03;

/// Leaves out points that cannot be seen: of a curve that runs one way and has many more points than the picture has dots, all but
/// the lowest and the highest in each column; then those that lie on the line through the others.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const COLUMN: f64 = 0.25;
    let forward = points.windows(2).all(|w| w[1].0 >= w[0].0);
    let width = points.last().map_or(0.0, |end| end.0 - points[0].0);
    if !forward || points.len() as f64 <= (8.0 * width / COLUMN).max(2.0) {
        return straighten(points);
    }
    let mut kept: Vec<(f64, f64)> = vec![];
    for column in points.chunk_by(|a, b| (a.0 / COLUMN).floor() == (b.0 / COLUMN).floor()) {
        let extreme = |best: fn(f64, f64) -> bool| {
            (0..column.len()).fold(0, |k, i| if best(column[i].1, column[k].1) { i } else { k })
        };
        let mut ends = [column[extreme(|a, b| a < b)], column[extreme(|a, b| a > b)]];
        // The nearer end first, so that each column is filled by one stroke of its own.
        if kept.last().is_some_and(|k| (k.1 - ends[1].1).abs() < (k.1 - ends[0].1).abs()) {
            ends.reverse();
        }
        kept.extend(ends);
    }
    straighten(&kept)
}

/// Leaves out points within [`TOLERANCE`] of the line that is drawn without them, in one pass: from the last point kept, the
/// directions that pass all points since form a cone; the point that leaves it, or turns back, ends the piece before it
/// (C. M. Williams, Comput. Graph. Image Process. 8, 286 (1978)).
fn straighten(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let Some((&first, rest)) = points.split_first() else { return vec![] };
    let mut kept = vec![first];
    let (mut anchor, mut before) = (first, first);
    // Middle direction, half width of the cone and the distance reached; none while all points are close to the anchor.
    let mut cone: Option<(f64, f64, f64)> = None;
    for &point in rest {
        let mut fits = false;
        for _ in 0..2 {
            let (dx, dy) = (point.0 - anchor.0, point.1 - anchor.1);
            let distance = dx.hypot(dy);
            if distance <= TOLERANCE && cone.is_none() {
                fits = true;
                break;
            }
            let (direction, half) = (dy.atan2(dx), (TOLERANCE / distance.max(TOLERANCE)).asin());
            let Some((middle, width, reached)) = cone else {
                cone = Some((direction, half, distance));
                fits = true;
                break;
            };
            let turn = (direction - middle + PI).rem_euclid(TAU) - PI;
            if turn.abs() <= width && distance >= reached - TOLERANCE {
                let (low, high) = ((turn - half).max(-width), (turn + half).min(width));
                cone = Some((middle + 0.5 * (low + high), 0.5 * (high - low), reached.max(distance)));
                fits = true;
                break;
            }
            kept.push(before);
            (anchor, cone) = (before, None);
        }
        debug_assert!(fits, "a point fits a cone of its own");
        before = point;
    }
    if kept.last() != Some(&before) || points.len() > 1 && kept.len() == 1 {
        kept.push(before);
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
    const CLOUD: usize = 500;
    let frame = p.frame.grown(0.01);
    let inside: Vec<(f64, f64)> = places(p, s).filter(|(x, y)| frame.contains(*x, *y)).collect();
    if inside.len() > CLOUD && shape == Shape::Circle && !s.open {
        return canvas.cloud(&inside, s.marker_size, color);
    }
    for at in inside {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance of a point from a polyline.
    fn distance((x, y): (f64, f64), line: &[(f64, f64)]) -> f64 {
        let to = |w: &[(f64, f64)]| {
            let (dx, dy) = (w[1].0 - w[0].0, w[1].1 - w[0].1);
            let t = ((x - w[0].0) * dx + (y - w[0].1) * dy) / (dx * dx + dy * dy).max(1e-300);
            let t = t.clamp(0.0, 1.0);
            (x - w[0].0 - t * dx).hypot(y - w[0].1 - t * dy)
        };
        line.windows(2).map(to).fold(f64::INFINITY, f64::min)
    }

    /// A figure eight run through twice, a parabola, and a line back and forth: no point is further away than the eye can see, and
    /// most are gone.
    #[test]
    fn what_is_left_out_lies_on_the_line() {
        let steps = |n: usize| (0..=n).map(move |k| k as f64 / n as f64);
        let eight: Vec<(f64, f64)> =
            steps(4000).map(|t| (80.0 * (2.0 * TAU * t).sin(), 50.0 * (4.0 * TAU * t).sin())).collect();
        let parabola: Vec<(f64, f64)> = steps(700).map(|t| (200.0 * t, 100.0 * t * t)).collect();
        let back: Vec<(f64, f64)> = steps(300).map(|t| (60.0 * (1.5 * TAU * t).sin(), 3.0)).collect();
        for (curve, most) in [(eight, 500), (parabola, 80), (back, 12)] {
            let kept = thin(&curve);
            assert!(kept.len() <= most, "{} of {}", kept.len(), curve.len());
            assert_eq!((kept[0], kept[kept.len() - 1]), (curve[0], curve[curve.len() - 1]));
            for point in curve {
                assert!(distance(point, &kept) < 2.5 * TOLERANCE, "{point:?}");
            }
        }
        assert_eq!(thin(&[(1.0, 2.0)]).len(), 1);
        assert!(thin(&[]).is_empty());
    }

    /// Of noise much denser than the dots, the outline stays: the extremes of each column.
    #[test]
    fn dense_noise_keeps_its_outline() {
        let noise: Vec<(f64, f64)> =
            (0..60_000).map(|k| (f64::from(k) / 300.0, (f64::from(k) * 1.618_034).fract() * 40.0)).collect();
        let kept = thin(&noise);
        assert!(kept.len() <= 1602, "{}", kept.len());
        let spread = kept.windows(2).filter(|w| (w[0].1 - w[1].1).abs() > 35.0).count();
        assert!(spread >= 790, "{spread}");
    }
}
