//! The search over several coordinates.

use crate::linalg::{Lu, RMatrix, inverse};

use super::quadratic::{Program, Solution};
use super::series::{NODES, Series, nodes};
use super::{Ground, Kind, Looked, Optimum, Options, Outcome, Sample, ranked};

/// Most minima of the first look that are refined.
const STARTS: usize = 6;
/// The trust region at which the search ends, as a fraction of the ranges.
const SMALLEST: f64 = 1e-5;
/// A constraint broken by less than this part of its size holds with equality.
const MET: f64 = 1e-9;

/// A point of the unit cube with its values in units of their sizes: the objective, then the constraints.
#[derive(Clone, Debug)]
struct Spot {
    u: Vec<f64>,
    sample: Sample,
    scaled: Vec<f64>,
}

impl Spot {
    /// The largest broken constraint.
    fn violation(&self) -> f64 {
        self.scaled[1..].iter().fold(0.0, |v: f64, c| v.max(-c))
    }

    fn merit(&self, weight: f64) -> f64 {
        self.scaled[0] + weight * self.violation()
    }
}

/// Objective and constraints to second order around a centre.
#[derive(Clone, Debug)]
struct Model {
    centre: Vec<f64>,
    values: Vec<f64>,
    gradients: Vec<Vec<f64>>,
    hessians: Vec<RMatrix>,
}

impl Model {
    fn value(&self, k: usize, d: &[f64]) -> f64 {
        let hd = self.hessians[k].mul_vec(d);
        self.values[k] + self.gradients[k].iter().zip(&hd).zip(d).map(|((g, h), d)| (g + 0.5 * h) * d).sum::<f64>()
    }

    fn gradient(&self, k: usize, d: &[f64]) -> Vec<f64> {
        let hd = self.hessians[k].mul_vec(d);
        self.gradients[k].iter().zip(&hd).map(|(g, h)| g + h).collect()
    }

    /// Second derivatives of the objective minus the constraints times their multipliers.
    fn curvature(&self, multipliers: &[f64]) -> RMatrix {
        let mut h = self.hessians[0].clone();
        for (k, m) in multipliers.iter().enumerate() {
            h.add_scaled(-m, &self.hessians[k + 1]);
        }
        h
    }
}

/// Where a descent has come to.
struct Descent {
    spot: Spot,
    model: Option<Model>,
    multipliers: Vec<f64>,
    radius: f64,
    /// The best point on the way that meets all constraints.
    met: Option<Spot>,
    edge: bool,
    plateau: bool,
}

struct Space<'a> {
    ground: &'a Ground<'a>,
    n: usize,
}

pub(super) fn search(ground: &Ground<'_>, looked: Vec<Looked>, shape: &[usize], options: &Options) -> Outcome {
    let space = Space { ground, n: ground.ranges.len() };
    let side = shape.first().map_or_else(|| (looked.len() as f64).powf(1.0 / space.n as f64), |s| *s as f64);
    let spots: Vec<Spot> = looked.into_iter().filter_map(|l| space.spot(l)).collect();
    let starts = space.starts(&spots, options.starts.clamp(1, STARTS));
    let ended = ground.map(starts.len(), |k| {
        let descent = space.descend(spots[starts[k]].clone(), 1.0 / side);
        space.finish(descent)
    });
    let mut found: Vec<Optimum> = Vec::new();
    let mut nearest: Option<Spot> = None;
    for end in ended {
        match end {
            Ok(optimum) => {
                let same = |other: &Optimum| {
                    let pairs = other.x.iter().zip(&optimum.x).zip(ground.ranges);
                    let near = pairs.into_iter().all(|((a, b), r)| (a - b).abs() <= 1e-6 * (r.stop() - r.start()));
                    // Points of one plateau are one optimum.
                    let level = (other.sample.objective - optimum.sample.objective).abs() <= 1e-12 * ground.size;
                    near || (level && (other.kind == Kind::Plateau || optimum.kind == Kind::Plateau))
                };
                match found.iter_mut().find(|o| same(o)) {
                    Some(other) if optimum.sample.objective < other.sample.objective => *other = optimum,
                    Some(_) => {}
                    None => found.push(optimum),
                }
            }
            Err(spot) => {
                if nearest.as_ref().is_none_or(|n| spot.violation() < n.violation()) {
                    nearest = Some(spot);
                }
            }
        }
    }
    match (ranked(found), nearest) {
        (Some((best, others)), _) => Outcome::Found { best, others },
        (None, Some(spot)) => ground.infeasible(&spot.u, spot.sample),
        (None, None) => Outcome::NoValue,
    }
}

impl Space<'_> {
    fn spot(&self, looked: Looked) -> Option<Spot> {
        let sample = looked.sample?;
        let constraints = sample.constraints.iter().zip(&self.ground.scales).map(|(c, s)| c / s);
        let scaled = std::iter::once(sample.objective / self.ground.size).chain(constraints).collect();
        Some(Spot { u: looked.u, sample, scaled })
    }

    fn at(&self, u: &[f64]) -> Option<Spot> {
        self.spot(self.ground.look(u))
    }

    /// The points that are better than their nearest neighbours, best first.
    fn starts(&self, spots: &[Spot], most: usize) -> Vec<usize> {
        let key = |s: &Spot| (s.violation(), s.scaled[0]);
        let better = |a: &Spot, b: &Spot| key(a).0.total_cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1)).is_lt();
        let distance = |a: &Spot, b: &Spot| a.u.iter().zip(&b.u).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        let neighbours = (4 * self.n).min(spots.len().saturating_sub(1));
        let mut list: Vec<usize> = (0..spots.len())
            .filter(|&i| {
                let mut near: Vec<(f64, usize)> =
                    (0..spots.len()).filter(|&j| j != i).map(|j| (distance(&spots[i], &spots[j]), j)).collect();
                near.sort_by(|a, b| a.0.total_cmp(&b.0));
                near[..neighbours].iter().all(|&(_, j)| !better(&spots[j], &spots[i]))
            })
            .collect();
        list.sort_by(|&i, &j| {
            let (a, b) = (key(&spots[i]), key(&spots[j]));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(i.cmp(&j))
        });
        list.truncate(most);
        list
    }

    /// The points of the stencil around `centre`: itself, ±h along each coordinate, +h along two of them.
    fn stencil(&self, centre: &[f64], h: f64) -> Vec<Option<Spot>> {
        let mut points = vec![centre.to_vec()];
        for i in 0..self.n {
            for step in [h, -h] {
                let mut u = centre.to_vec();
                u[i] += step;
                points.push(u);
            }
        }
        for i in 0..self.n {
            for j in i + 1..self.n {
                let mut u = centre.to_vec();
                u[i] += h;
                u[j] += h;
                points.push(u);
            }
        }
        points.iter_mut().flatten().for_each(|u| *u = u.clamp(0.0, 1.0));
        self.ground.map(points.len(), |k| self.at(&points[k]))
    }

    fn model(&self, centre: Vec<f64>, h: f64, stencil: &[Option<Spot>]) -> Option<Model> {
        let n = self.n;
        let values: Vec<&[f64]> =
            stencil.iter().map(|s| s.as_ref().map(|s| s.scaled.as_slice())).collect::<Option<_>>()?;
        let functions = values[0].len();
        let (mut gradients, mut hessians) = (Vec::new(), Vec::new());
        for k in 0..functions {
            let f = |p: usize| values[p][k];
            gradients.push((0..n).map(|i| (f(1 + 2 * i) - f(2 + 2 * i)) / (2.0 * h)).collect());
            let mut hessian = RMatrix::zeros(n, n);
            let mut mixed = 1 + 2 * n;
            for i in 0..n {
                hessian[(i, i)] = (f(1 + 2 * i) - 2.0 * f(0) + f(2 + 2 * i)) / (h * h);
                for j in i + 1..n {
                    let second = (f(mixed) - f(1 + 2 * i) - f(1 + 2 * j) + f(0)) / (h * h);
                    (hessian[(i, j)], hessian[(j, i)]) = (second, second);
                    mixed += 1;
                }
            }
            hessians.push(hessian);
        }
        Some(Model { centre, values: values[0].to_vec(), gradients, hessians })
    }

    /// The lowest point of the model within `radius` of `u`, its multipliers, and whether its constraints can be met there.
    fn lowest(&self, model: &Model, u: &[f64], radius: f64, multipliers: &[f64]) -> Option<(Vec<f64>, Vec<f64>, bool)> {
        let (n, constraints) = (self.n, self.ground.constraints);
        let mut d: Vec<f64> = u.iter().zip(&model.centre).map(|(u, c)| u - c).collect();
        let low: Vec<f64> = (0..n).map(|i| (u[i] - radius).max(0.0) - model.centre[i]).collect();
        let high: Vec<f64> = (0..n).map(|i| (u[i] + radius).min(1.0) - model.centre[i]).collect();
        let mut multipliers = multipliers.to_vec();
        let mut possible = true;
        for _ in 0..10 {
            let unit = |i: usize, s: f64| (0..n).map(|j| if i == j { s } else { 0.0 }).collect::<Vec<_>>();
            let mut rows: Vec<(Vec<f64>, f64)> =
                (1..=constraints).map(|k| (model.gradient(k, &d), -model.value(k, &d))).collect();
            for i in 0..n {
                rows.push((unit(i, 1.0), low[i] - d[i]));
                rows.push((unit(i, -1.0), d[i] - high[i]));
            }
            let program = Program { h: model.curvature(&multipliers), g: model.gradient(0, &d), rows };
            let (step, on) = match program.solve() {
                Some(Solution { d, multipliers }) => (d, multipliers),
                None => {
                    // The constraints cannot be met to first order: come as near as possible.
                    possible = false;
                    let mut rows = program.rows;
                    for (k, (a, _)) in rows.iter_mut().enumerate() {
                        a.push(if k < constraints { 1.0 } else { 0.0 });
                    }
                    let mut slack = vec![0.0; n];
                    slack.push(1.0);
                    rows.push((slack.clone(), 0.0));
                    let elastic = Program { h: RMatrix::identity(n + 1).scale(1e-4), g: slack, rows };
                    let mut step = elastic.solve()?.d;
                    step.truncate(n);
                    (step, vec![0.0; constraints])
                }
            };
            d.iter_mut().zip(&step).for_each(|(d, s)| *d += s);
            multipliers = on[..constraints].to_vec();
            if step.iter().all(|s| s.abs() <= 1e-12 * radius.max(1e-3)) {
                break;
            }
        }
        let snapped = |x: f64| match x {
            x if x < 1e-12 => 0.0,
            x if x > 1.0 - 1e-12 => 1.0,
            x => x,
        };
        Some((d.iter().zip(&model.centre).map(|(d, c)| snapped(c + d)).collect(), multipliers, possible))
    }

    fn descend(&self, start: Spot, radius: f64) -> Descent {
        let met = Some(start.clone()).filter(|s| s.violation() == 0.0);
        let multipliers = vec![0.0; self.ground.constraints];
        let mut at = Descent {
            spot: start,
            model: None,
            multipliers,
            radius: radius.min(0.5),
            met,
            edge: false,
            plateau: false,
        };
        let mut weight = 10.0;
        for round in 0..80 {
            if at.radius < SMALLEST || self.ground.landscape.stopped() {
                break;
            }
            let h = 0.5 * at.radius;
            let centre: Vec<f64> = at.spot.u.iter().map(|u| u.clamp(h, 1.0 - h)).collect();
            let stencil = self.stencil(&centre, h);
            at.edge = stencil.iter().any(Option::is_none);
            let model = self.model(centre, h, &stencil);
            if round == 0 && !at.edge && at.spot.violation() == 0.0 {
                let flat = |s: &Spot| (s.scaled[0] - at.spot.scaled[0]).abs() <= 1e-13 && s.violation() == 0.0;
                at.plateau = stencil.iter().flatten().all(flat);
                if at.plateau {
                    break;
                }
            }
            let trial = model.as_ref().and_then(|m| self.lowest(m, &at.spot.u, at.radius, &at.multipliers));
            let mut moved = None;
            if let Some((u, multipliers, possible)) = trial {
                let sum: f64 = multipliers.iter().map(|m| m.abs()).sum();
                weight = if possible { f64::max(weight, 2.0 * sum) } else { (4.0 * weight).min(1e8) };
                at.multipliers = multipliers;
                moved = self.at(&u).filter(|s| s.merit(weight) < at.spot.merit(weight));
            }
            let by_model = moved.is_some();
            if !by_model {
                let polled = stencil.into_iter().flatten().min_by(|a, b| a.merit(weight).total_cmp(&b.merit(weight)));
                moved = polled.filter(|s| s.merit(weight) < at.spot.merit(weight));
            }
            if h >= 1e-4 || at.model.is_none() {
                at.model = model.or(at.model);
            }
            let Some(new) = moved else {
                at.radius *= 0.25;
                continue;
            };
            let step = new.u.iter().zip(&at.spot.u).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
            if new.violation() == 0.0 && at.met.as_ref().is_none_or(|m| new.scaled[0] < m.scaled[0]) {
                at.met = Some(new.clone());
            }
            at.spot = new;
            if by_model && step > 0.9 * at.radius {
                at.radius = (2.0 * at.radius).min(0.5);
            } else if by_model && step < 0.3 * at.radius {
                at.radius = (2.0 * step).max(at.radius / 8.0);
            }
        }
        at
    }

    /// The optimum at the end of a descent, or the point at which it got stuck without meeting the constraints.
    fn finish(&self, at: Descent) -> Result<Optimum, Spot> {
        if at.plateau {
            let sample = at.spot.sample.clone();
            return Ok(self.ground.optimum(&at.spot.u, &vec![at.radius; self.n], sample, Vec::new(), Kind::Plateau));
        }
        if let Some(model) = &at.model
            && let Some(optimum) = self.polish(&at, model)
        {
            return Ok(optimum);
        }
        let kind = match &at.model {
            Some(model) if self.flat(&at.spot, model) => Kind::Plateau,
            _ if at.edge => Kind::Edge,
            _ => Kind::Rough,
        };
        let error = vec![at.radius.max(SMALLEST); self.n];
        // Without Newton's last steps a broken constraint is not repaired: take what met all of them.
        let spot = if at.spot.violation() <= 0.0 { at.spot } else { at.met.ok_or(at.spot)? };
        let active = (0..self.ground.constraints).filter(|&k| spot.scaled[k + 1] < MET).collect();
        Ok(self.ground.optimum(&spot.u, &error, spot.sample, active, kind))
    }

    /// Whether the objective is the same along every coordinate that is not at an end of its range.
    fn flat(&self, spot: &Spot, model: &Model) -> bool {
        let free: Vec<usize> = (0..self.n).filter(|&i| spot.u[i] > 0.0 && spot.u[i] < 1.0).collect();
        let along = |i: usize| {
            let bends = free.iter().map(|&j| model.hessians[0][(i, j)].abs());
            model.gradients[0][i].abs() < 1e-10 && bends.fold(0.0, f64::max) < 1e-6
        };
        free.iter().all(|&i| along(i))
    }

    /// Newton's method on the optimality conditions, with the constraints and ends of ranges that the descent ended on.
    fn polish(&self, at: &Descent, model: &Model) -> Option<Optimum> {
        let (n, constraints) = (self.n, self.ground.constraints);
        let near = |k: usize| at.spot.scaled[k + 1] < 1e-4;
        let active: Vec<usize> = (0..constraints).filter(|&k| at.multipliers[k] > 1e-9 && near(k)).collect();
        let d: Vec<f64> = at.spot.u.iter().zip(&model.centre).map(|(u, c)| u - c).collect();
        let pull = |i: usize| {
            let held = active.iter().map(|&k| at.multipliers[k] * model.gradient(k + 1, &d)[i]).sum::<f64>();
            model.gradient(0, &d)[i] - held
        };
        let held = |i: usize| match at.spot.u[i] {
            u if u <= 0.0 => pull(i) >= 0.0,
            u if u >= 1.0 => pull(i) <= 0.0,
            _ => false,
        };
        let mut free: Vec<usize> = (0..n).filter(|&i| !held(i)).collect();
        if active.len() > free.len() {
            return None;
        }
        let mut spot = at.spot.clone();
        let mut multipliers = at.multipliers.clone();
        let mut widths = vec![0.1; n];
        let (mut error, mut last) = (vec![0.0; n], f64::INFINITY);
        if !free.is_empty() {
            for round in 0..16 {
                let (m, size) = (free.len(), free.len() + active.len());
                let (gradients, uncertain) = self.gradients(&spot, &free, &active, &mut widths, round == 0)?;
                let h = model.curvature(&multipliers);
                let mut kkt = RMatrix::zeros(size, size);
                let mut right = vec![0.0; size];
                let mut noise = vec![0.0; size];
                for (a, &i) in free.iter().enumerate() {
                    for (b, &j) in free.iter().enumerate() {
                        kkt[(a, b)] = h[(i, j)];
                    }
                    right[a] = -gradients[0][a];
                    noise[a] = uncertain[0][a];
                    for (k, &c) in active.iter().enumerate() {
                        noise[a] += multipliers[c].abs() * uncertain[k + 1][a];
                    }
                }
                for (k, &c) in active.iter().enumerate() {
                    for a in 0..m {
                        kkt[(a, m + k)] = -gradients[k + 1][a];
                        kkt[(m + k, a)] = gradients[k + 1][a];
                    }
                    right[m + k] = -spot.scaled[c + 1];
                    noise[m + k] = 4.0 * f64::EPSILON;
                }
                Lu::new(&kkt).ok()?.solve_in_place(&mut right);
                let step = right[..m].iter().fold(0.0, |s: f64, x| s.max(x.abs()));
                if !step.is_finite() || step > 0.05 {
                    return None;
                }
                let inverted = inverse(&kkt).ok()?;
                for (a, &i) in free.iter().enumerate() {
                    error[i] = (0..size).map(|b| inverted[(a, b)].abs() * noise[b]).sum::<f64>();
                }
                let smallest = free.iter().map(|&i| error[i]).fold(0.0, f64::max);
                if step >= last {
                    break;
                }
                let mut u = spot.u.clone();
                free.iter().zip(&right).for_each(|(&i, s)| u[i] += s);
                if u.iter().any(|u| !(-1e-3..=1.001).contains(u)) {
                    return None;
                }
                // What a step carries past an end of its range stays there.
                let past = |i: &usize| !(1e-12..=1.0 - 1e-12).contains(&u[*i]);
                let held: Vec<usize> = free.iter().copied().filter(past).collect();
                held.iter().for_each(|&i| u[i] = u[i].round());
                spot = self.at(&u)?;
                if !held.is_empty() {
                    free.retain(|i| !held.contains(i));
                    held.iter().for_each(|&i| error[i] = 0.0);
                    if free.len() < active.len() {
                        return None;
                    }
                    last = f64::INFINITY;
                    if free.is_empty() {
                        last = 0.0;
                        break;
                    }
                    continue;
                }
                active.iter().zip(&right[m..]).for_each(|(&k, l)| multipliers[k] = *l);
                last = step;
                if step <= smallest.max(4.0 * f64::EPSILON) {
                    break;
                }
            }
            if last > 1e-6 || error.iter().any(|e| *e > 1e-6) {
                return None;
            }
        }
        let others_hold = (0..constraints).all(|k| active.contains(&k) || spot.scaled[k + 1] >= 0.0);
        let on_active = active.iter().all(|&k| spot.scaled[k + 1] >= -MET && multipliers[k] > -1e-6);
        let weight = 2.0 * multipliers.iter().map(|m| m.abs()).sum::<f64>() + 1.0;
        if !others_hold || !on_active || spot.merit(weight) > at.spot.merit(weight) + 1e-9 {
            return None;
        }
        error.iter_mut().for_each(|e| *e += f64::EPSILON);
        let kind = if free.len() == active.len() { Kind::Corner } else { Kind::Stationary };
        Some(self.ground.optimum(&spot.u, &error, spot.sample, active, kind))
    }

    /// Gradients of the objective and the active constraints along the free coordinates, with their estimated errors, from
    /// interpolants of half-width `widths`; `seek` looks for the best ones first.
    fn gradients(
        &self,
        spot: &Spot,
        free: &[usize],
        active: &[usize],
        widths: &mut [f64],
        seek: bool,
    ) -> Option<(Vec<Vec<f64>>, Vec<Vec<f64>>)> {
        let functions: Vec<usize> = std::iter::once(0).chain(active.iter().map(|k| k + 1)).collect();
        let mut gradients = vec![vec![0.0; free.len()]; functions.len()];
        let mut errors = gradients.clone();
        for (a, &i) in free.iter().enumerate() {
            let mut best: Option<(f64, f64, Vec<(f64, f64)>)> = None;
            let mut half = widths[i];
            for _ in 0..if seek { 10 } else { 1 } {
                let used = half;
                let (low, high) = ((spot.u[i] - half).max(0.0), (spot.u[i] + half).min(1.0));
                let (middle, h) = (0.5 * (low + high), 0.5 * (high - low));
                half *= 0.5;
                let t = nodes();
                let along = self.ground.map(NODES, |j| {
                    let mut u = spot.u.clone();
                    u[i] = (middle + h * t[j]).clamp(0.0, 1.0);
                    self.at(&u)
                });
                let Some(along) = along.into_iter().collect::<Option<Vec<Spot>>>() else { continue };
                let place = (spot.u[i] - middle) / h;
                let mut resolved = true;
                let found: Vec<(f64, f64)> = functions
                    .iter()
                    .map(|&k| {
                        let series = Series::new(&std::array::from_fn(|j| along[j].scaled[k]));
                        resolved &= series.resolved();
                        (series.derivatives(place).0 / h, series.derivative_error(place) / h)
                    })
                    .collect();
                let worst = found.iter().fold(0.0, |m: f64, f| m.max(f.1));
                let before = best.as_ref().map_or(f64::INFINITY, |b| b.0);
                if worst < before {
                    best = Some((worst, used, found));
                }
                if resolved || (before.is_finite() && worst > 4.0 * before) {
                    break;
                }
            }
            let (_, used, found) = best?;
            widths[i] = used;
            for (k, (gradient, error)) in found.into_iter().enumerate() {
                (gradients[k][a], errors[k][a]) = (gradient, error);
            }
        }
        Some((gradients, errors))
    }
}
