//! The search over one coordinate.

use super::series::{NODES, Series, nodes};
use super::{Ground, Kind, Looked, Optimum, Options, Outcome, Sample, ranked};

/// Relative differences below this are rounding.
const FLAT: f64 = 1e-13;

/// A point of the unit interval.
#[derive(Clone, Debug)]
struct Point {
    u: f64,
    sample: Option<Sample>,
    /// The smallest constraint, −∞ where there is no value.
    margin: f64,
    worst: Option<usize>,
}

impl Point {
    fn feasible(&self) -> bool {
        self.margin >= 0.0
    }

    /// The objective where the constraints hold.
    fn value(&self) -> f64 {
        self.sample.as_ref().filter(|_| self.feasible()).map_or(f64::INFINITY, |s| s.objective)
    }
}

/// What ends a stretch on which the constraints hold.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    Range,
    Constraint(usize),
    Jump(usize),
    NoValue,
}

/// Neighbouring points on which the constraints hold.
struct Stretch {
    points: Vec<Point>,
    limits: [Limit; 2],
    /// Widths of the brackets in which the limits lie.
    errors: [f64; 2],
}

struct Line<'a> {
    ground: &'a Ground<'a>,
}

pub(super) fn search(ground: &Ground<'_>, looked: Vec<Looked>, options: &Options) -> Outcome {
    let line = Line { ground };
    let mut points: Vec<Point> = looked.into_iter().map(|l| line.point(l)).collect();
    let pockets = line.pockets(&points, options.starts);
    points.extend(pockets);
    points.sort_by(|a, b| a.u.total_cmp(&b.u));
    points.dedup_by(|a, b| a.u == b.u);
    if !points.iter().any(Point::feasible) {
        let nearest = points.iter().filter(|p| p.sample.is_some()).max_by(|a, b| a.margin.total_cmp(&b.margin));
        return match nearest {
            Some(Point { u, sample: Some(sample), .. }) => ground.infeasible(&[*u], sample.clone()),
            _ => Outcome::NoValue,
        };
    }
    let stretches = line.stretches(points);
    let mut minima: Vec<(usize, usize, usize)> = Vec::new();
    for (k, stretch) in stretches.iter().enumerate() {
        minima.extend(line.minima(&stretch.points).into_iter().map(|(a, b)| (k, a, b)));
    }
    let value = |m: &(usize, usize, usize)| stretches[m.0].points[m.1].value();
    minima.sort_by(|a, b| value(a).total_cmp(&value(b)));
    minima.truncate(options.starts.max(1));
    let mut found = ground.map(minima.len(), |i| {
        let (k, a, b) = minima[i];
        line.refine(&stretches[k], a, b)
    });
    // Two brackets may lead to one minimum.
    found.sort_by(|a, b| a.x[0].total_cmp(&b.x[0]));
    let range = ground.ranges[0].stop() - ground.ranges[0].start();
    found.dedup_by(|b, a| {
        let same = (a.x[0] - b.x[0]).abs() <= 1e-9 * range;
        if same && b.sample.objective < a.sample.objective {
            std::mem::swap(a, b);
        }
        same
    });
    match ranked(found) {
        Some((best, others)) => Outcome::Found { best, others },
        None => Outcome::NoValue,
    }
}

impl Line<'_> {
    fn point(&self, looked: Looked) -> Point {
        let (margin, worst) = looked.sample.as_ref().map_or((f64::NEG_INFINITY, None), |s| self.ground.margin(s));
        Point { u: looked.u[0], sample: looked.sample, margin, worst }
    }

    fn at(&self, u: f64) -> Point {
        self.point(self.ground.look(&[u]))
    }

    /// Points between those of the grid at which the constraints may hold although they do at none of it.
    fn pockets(&self, points: &[Point], most: usize) -> Vec<Point> {
        let last = points.len() - 1;
        let mut peaks: Vec<usize> = (1..last)
            .filter(|&i| {
                let (before, here, after) = (&points[i - 1], &points[i], &points[i + 1]);
                let broken = here.sample.is_some() && !here.feasible() && !before.feasible() && !after.feasible();
                broken && here.margin >= before.margin && here.margin > after.margin
            })
            .collect();
        peaks.sort_by(|&i, &j| points[j].margin.total_cmp(&points[i].margin));
        peaks.truncate(most);
        self.ground.map(peaks.len(), |k| {
            let i = peaks[k];
            let (lo, hi) = (points[i - 1].u, points[i + 1].u);
            self.brent(lo, points[i].clone(), hi, 1e-8 * (hi - lo), |p| -p.margin, Point::feasible).0
        })
    }

    /// The stretches on which the constraints hold, their ends located.
    fn stretches(&self, points: Vec<Point>) -> Vec<Stretch> {
        let crossings: Vec<usize> =
            (0..points.len() - 1).filter(|&i| points[i].feasible() != points[i + 1].feasible()).collect();
        let located = self.ground.map(crossings.len(), |k| {
            let (left, right) = (&points[crossings[k]], &points[crossings[k] + 1]);
            if left.feasible() { self.boundary(left, right) } else { self.boundary(right, left) }
        });
        let mut crossed =
            crossings.iter().zip(located).map(|(i, l)| (*i, l)).collect::<std::collections::BTreeMap<_, _>>();
        let mut list: Vec<Stretch> = Vec::new();
        let mut open: Option<Stretch> = None;
        for (i, point) in points.iter().enumerate() {
            if point.feasible() {
                let begun =
                    open.get_or_insert_with(|| Stretch { points: vec![], limits: [Limit::Range; 2], errors: [0.0; 2] });
                begun.points.push(point.clone());
            }
            let Some((end, limit, error)) = crossed.remove(&i) else { continue };
            match open.take() {
                Some(mut stretch) => {
                    if end.u > point.u {
                        stretch.points.push(end);
                    }
                    (stretch.limits[1], stretch.errors[1]) = (limit, error);
                    list.push(stretch);
                }
                None => {
                    let begin = if end.u < points[i + 1].u { vec![end] } else { vec![] };
                    open = Some(Stretch { points: begin, limits: [limit, Limit::Range], errors: [error, 0.0] });
                }
            }
        }
        list.extend(open);
        list
    }

    /// Where between two points the constraints cease to hold (Chandrupatla): the last point at which they hold.
    fn boundary(&self, inside: &Point, outside: &Point) -> (Point, Limit, f64) {
        let (mut x1, mut x2) = (outside.clone(), inside.clone());
        let mut x3;
        let mut t: f64 = 0.5;
        for _ in 0..200 {
            let u = x1.u + t * (x2.u - x1.u);
            if u == x1.u || u == x2.u {
                break;
            }
            let new = self.at(u);
            if new.feasible() == x1.feasible() {
                x3 = x1;
            } else {
                x3 = x2;
                x2 = x1;
            }
            x1 = new;
            let width = (x1.u - x2.u).abs();
            let known = [&x1, &x2, &x3].iter().all(|p| p.margin.is_finite());
            let tolerance = if known { 2.0 * f64::EPSILON * x1.u.abs().max(0.1) } else { 1e-11 };
            if width <= tolerance {
                break;
            }
            let (f1, f2, f3) = (x1.margin, x2.margin, x3.margin);
            let xi = (x1.u - x2.u) / (x3.u - x2.u);
            let phi = (f1 - f2) / (f3 - f2);
            t = 0.5;
            if known && phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
                let inverse =
                    f1 / (f2 - f1) * f3 / (f2 - f3) + (x3.u - x1.u) / (x2.u - x1.u) * f1 / (f3 - f1) * f2 / (f3 - f2);
                if inverse.is_finite() {
                    t = inverse;
                }
            }
            let least = 0.5 * tolerance / width;
            t = t.clamp(least, 1.0 - least);
        }
        let width = (x1.u - x2.u).abs();
        let (inside, outside) = if x1.feasible() { (x1, x2) } else { (x2, x1) };
        let limit = match outside.worst {
            None => Limit::NoValue,
            Some(k) if inside.margin - outside.margin > 1e-6 => Limit::Jump(k),
            Some(k) => Limit::Constraint(k),
        };
        (inside, limit, width)
    }

    /// Local minima of the samples, as runs of equal values.
    fn minima(&self, points: &[Point]) -> Vec<(usize, usize)> {
        let same = |i: usize, j: usize| self.flat(points[i].value(), points[j].value());
        let mut list = Vec::new();
        let mut a = 0;
        while a < points.len() {
            let mut b = a;
            while b + 1 < points.len() && same(a, b + 1) {
                b += 1;
            }
            let above = |i: usize| points[i].value() > points[a].value();
            if (a == 0 || above(a - 1)) && (b + 1 == points.len() || above(b + 1)) {
                list.push((a, b));
            }
            a = b + 1;
        }
        list
    }

    fn flat(&self, a: f64, b: f64) -> bool {
        (a - b).abs() <= (FLAT * a.abs().max(b.abs())).max(1e-15 * self.ground.size)
    }

    /// From a run of lowest samples to the minimum.
    fn refine(&self, stretch: &Stretch, a: usize, b: usize) -> Optimum {
        let points = &stretch.points;
        let last = points.len() - 1;
        if b > a + 1 || (a == 0 && b == last && a != b) {
            let middle = points[(a + b) / 2].clone();
            let width = 0.5 * (points[b].u - points[a].u);
            return self.optimum(middle, width, Vec::new(), Kind::Plateau);
        }
        if a == 0 && b == last {
            return self.limit(stretch, 0);
        }
        if a == 0 || b == last {
            let (side, end, next) =
                if a == 0 { (0, &points[0], &points[b + 1]) } else { (1, &points[last], &points[a - 1]) };
            // Does the objective fall from the end inwards?
            for step in [1e-3, 1e-6] {
                let near = self.at(end.u + step * (next.u - end.u));
                if near.value() < end.value() && !self.flat(near.value(), end.value()) {
                    return self.inside(end.u.min(next.u), near, end.u.max(next.u));
                }
            }
            return self.limit(stretch, side);
        }
        self.inside(points[a - 1].u, points[a].clone(), points[b + 1].u)
    }

    /// The optimum at an end of a stretch.
    fn limit(&self, stretch: &Stretch, side: usize) -> Optimum {
        let point = if side == 0 { stretch.points.first() } else { stretch.points.last() };
        let point = point.expect("a stretch has a point").clone();
        let (active, kind) = match stretch.limits[side] {
            Limit::Range => (Vec::new(), Kind::Corner),
            Limit::Constraint(k) => (vec![k], Kind::Corner),
            Limit::Jump(k) => (vec![k], Kind::Jump),
            Limit::NoValue => (Vec::new(), Kind::Edge),
        };
        self.optimum(point, stretch.errors[side], active, kind)
    }

    fn optimum(&self, point: Point, error: f64, active: Vec<usize>, kind: Kind) -> Optimum {
        let sample = point.sample.expect("the constraints hold, so there is a value");
        self.ground.optimum(&[point.u], &[error], sample, active, kind)
    }

    /// The minimum between two points, from one between them that is lower than both.
    fn inside(&self, lo: f64, start: Point, hi: f64) -> Optimum {
        let width = hi - lo;
        let (best, met) = self.brent(lo, start, hi, 1e-7 * width, Point::value, |_| false);
        // Where the constraints break on the way, the piece around the best point is what is left.
        let broken = || met.iter().filter(|p| !p.feasible());
        let below = broken().filter(|p| p.u < best.u).max_by(|a, b| a.u.total_cmp(&b.u));
        let above = broken().filter(|p| p.u > best.u).min_by(|a, b| a.u.total_cmp(&b.u));
        let (lo, hi) = (below.map_or(lo, |p| p.u), above.map_or(hi, |p| p.u));
        for outside in [below, above].into_iter().flatten() {
            if (outside.u - best.u).abs() < 1e-3 * width {
                let (end, limit, error) = self.boundary(&best, outside);
                if end.value() <= best.value() {
                    let stretch = Stretch { points: vec![end], limits: [limit; 2], errors: [error; 2] };
                    return self.limit(&stretch, 0);
                }
            }
        }
        let polished = self.polish(&best, lo, hi);
        if let Some((point, error)) = &polished
            && *error <= 1e-7 * width
        {
            return self.optimum(point.clone(), *error, Vec::new(), Kind::Stationary);
        }
        // No smooth minimum: a kink is found by comparing values, as closely as they can be told apart.
        let finest = (4.0 * f64::EPSILON * best.u.abs()).max(1e-13 * width);
        let (kink, _) = self.brent(lo, best, hi, finest, Point::value, |_| false);
        match polished {
            Some((point, error)) if self.flat(point.value(), kink.value()) || point.value() < kink.value() => {
                self.optimum(point, error, Vec::new(), Kind::Rough)
            }
            _ => {
                let error = self.uncertainty(&kink, lo, hi);
                self.optimum(kink, error, Vec::new(), Kind::Rough)
            }
        }
    }

    /// How far a minimum found by comparing values may be off: the distance from which on the objective stands above twice what
    /// it does right beside the minimum, where a smooth or broken line has hardly risen and noise is all there is.
    fn uncertainty(&self, best: &Point, lo: f64, hi: f64) -> f64 {
        const SCALES: usize = 18;
        let width = hi - lo;
        let distance = |k: usize| width * 0.25f64.powi((SCALES - k) as i32);
        let rises = self.ground.map(SCALES, |k| {
            let rise = |u: f64| self.at(u.clamp(lo, hi)).value() - best.value();
            let (a, b) = (rise(best.u - distance(k)), rise(best.u + distance(k)));
            // A jump beside the minimum is no noise: of the two sides the lower one counts.
            a.min(b)
        });
        let floor = rises[..3].iter().fold(0.0, |m: f64, r| m.max(r.abs()));
        let first = (0..SCALES).rev().take_while(|&k| rises[k] > 2.0 * floor).last();
        first.map_or(0.5 * width, distance)
    }

    /// The zero of the derivative of an interpolant around `best`, on the width at which its estimated error is least.
    fn polish(&self, best: &Point, lo: f64, hi: f64) -> Option<(Point, f64)> {
        let mut found: Option<(f64, f64, f64)> = None;
        let mut half = 0.5 * (hi - lo);
        for _ in 0..9 {
            let (a, b) = ((best.u - half).max(lo), (best.u + half).min(hi));
            let (middle, h) = (0.5 * (a + b), 0.5 * (b - a));
            half *= 0.5;
            let t = nodes();
            let values = self.ground.map(NODES, |j| self.at(middle + h * t[j]).value());
            let Ok(values) = <[f64; NODES]>::try_from(values) else { break };
            if values.iter().any(|v| !v.is_finite()) {
                continue;
            }
            let series = Series::new(&values);
            let Some(zero) = series.minimum((best.u - middle) / h) else { continue };
            let (_, bend) = series.derivatives(zero);
            let error = h * series.derivative_error(zero) / bend;
            let before = found.map_or(f64::INFINITY, |f| f.1);
            if error.is_finite() && bend > 0.0 && error < before {
                found = Some((middle + h * zero, error, series.tail()));
            }
            if series.resolved() || (before.is_finite() && error > 4.0 * before) {
                break;
            }
        }
        let (u, error, tail) = found?;
        let point = self.at(u);
        let lowest = best.value() + 8.0 * tail + FLAT * best.value().abs();
        (point.value() <= lowest).then_some((point, error))
    }

    /// Brent's minimisation of `of` between two points, from one between them; stops at the first point that is `enough`. Also
    /// gives all points met.
    fn brent(
        &self,
        lo: f64,
        start: Point,
        hi: f64,
        tolerance: f64,
        of: impl Fn(&Point) -> f64,
        enough: impl Fn(&Point) -> bool,
    ) -> (Point, Vec<Point>) {
        const GOLDEN: f64 = 0.381_966_011_250_105;
        let (mut a, mut b) = (lo, hi);
        let mut met = Vec::new();
        // The best point, the second best, and the one before.
        let (mut x, mut w, mut v) = (start.clone(), start.clone(), start);
        let (mut step, mut before) = (0.0f64, 0.0f64);
        for _ in 0..200 {
            let middle = 0.5 * (a + b);
            let tol = tolerance + f64::EPSILON * x.u.abs();
            if (x.u - middle).abs() <= 2.0 * tol - 0.5 * (b - a) {
                break;
            }
            let (fx, fw, fv) = (of(&x), of(&w), of(&v));
            let mut parabola = None;
            if before.abs() > tol && fw.is_finite() && fv.is_finite() {
                let r = (x.u - w.u) * (fx - fv);
                let q = (x.u - v.u) * (fx - fw);
                let p = (x.u - v.u) * q - (x.u - w.u) * r;
                let q = 2.0 * (q - r);
                let (p, q) = if q > 0.0 { (-p, q) } else { (p, -q) };
                if p.abs() < (0.5 * q * before).abs() && p > q * (a - x.u) && p < q * (b - x.u) {
                    parabola = Some(p / q);
                }
            }
            match parabola {
                Some(d) => {
                    before = step;
                    step = d;
                    let u = x.u + d;
                    if u - a < 2.0 * tol || b - u < 2.0 * tol {
                        step = tol.copysign(middle - x.u);
                    }
                }
                None => {
                    before = if x.u < middle { b - x.u } else { a - x.u };
                    step = GOLDEN * before;
                }
            }
            let u = x.u + if step.abs() >= tol { step } else { tol.copysign(step) };
            let new = self.at(u);
            met.push(new.clone());
            if enough(&new) {
                return (new, met);
            }
            let fu = of(&new);
            if fu <= fx {
                if u < x.u {
                    b = x.u
                } else {
                    a = x.u
                }
                (v, w, x) = (w, x, new);
            } else {
                if u < x.u {
                    a = u
                } else {
                    b = u
                }
                if fu <= fw || w.u == x.u {
                    (v, w) = (w, new);
                } else if fu <= fv || v.u == x.u || v.u == w.u {
                    v = new;
                }
            }
        }
        (x, met)
    }
}
