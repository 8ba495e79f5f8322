//! Where the mean field goes: fixed point, rotating fixed point, limit cycle, torus, chaos or infinity, told apart.

use bytemuck::cast_slice;
use huygens_numerics::c64;
use huygens_numerics::linalg::{self, RMatrix};
use huygens_numerics::ode::{Method, Tolerance};

use super::cycle::{self, ClosedOrbit};
use super::integrate::{Scheme, Stop, Stretch};
use super::lyapunov::{self, Exponents};
use super::systems::Flow;
use super::tangent::{self, Tangent};
use crate::levels::kernel::Bound;

/// Where an orbit went.
#[derive(Clone, Debug)]
pub enum Attractor {
    /// ż = 0. Neutral directions come from continuous symmetries.
    FixedPoint(FixedPoint),
    /// ż_k = −i ω_k z_k with ω a combination of the model's charges: a fixed point in the co-rotating frame.
    Rotating(Rotating),
    /// An isolated closed orbit.
    Cycle(ClosedOrbit),
    /// Two or more incommensurate frequencies: the largest exponents vanish.
    Torus(Wandering),
    /// The largest Lyapunov exponent is positive.
    Chaos(Wandering),
    /// The orbit leaves every bound.
    Diverging {
        /// When it passed the bound.
        time: f64,
    },
    /// None of these within the time allowed.
    Undecided(Wandering),
}

/// A fixed point.
#[derive(Clone, Debug)]
pub struct FixedPoint {
    /// ⟨a_k⟩.
    pub point: Vec<c64>,
    /// |ż| left over, relative to the fastest rate times the size.
    pub residual: f64,
    /// Generators of continuous symmetries that move the point, quadratures, as columns.
    pub neutral: RMatrix,
}

/// A rotating fixed point (relative equilibrium).
#[derive(Clone, Debug)]
pub struct Rotating {
    /// ⟨a_k⟩ at t = 0.
    pub point: Vec<c64>,
    /// ω_k: z_k(t) = z_k(0) exp(−i ω_k t).
    pub frequencies: Vec<f64>,
    /// Relative residual.
    pub residual: f64,
    /// Symmetry generators at the point, quadratures, as columns.
    pub neutral: RMatrix,
}

/// An attractor without a simple section: its exponents and where it was last seen.
#[derive(Clone, Debug)]
pub struct Wandering {
    /// Lyapunov exponents.
    pub exponents: Exponents,
    /// Typical |z|.
    pub size: f64,
    /// Time spent before.
    pub time: f64,
}

/// Options of the search; the defaults are chosen from the linear rates of the model.
#[derive(Clone, Debug)]
pub struct Options {
    /// The integrator.
    pub method: Method,
    /// Relative tolerance of the transient.
    pub transient_tolerance: f64,
    /// Relative tolerance of shooting and of everything after.
    pub tolerance: f64,
    /// Transient before the first attempt; `None` = twice the slowest linear relaxation time.
    pub transient: Option<f64>,
    /// How often the transient may be doubled.
    pub doublings: u32,
    /// Bound on |z| beyond which the orbit counts as diverging.
    pub bound: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            transient_tolerance: 1e-6,
            tolerance: 1e-11,
            transient: None,
            doublings: 5,
            bound: 1e9,
        }
    }
}

impl Options {
    /// The integrator at relative tolerance `rtol` for states of the size of `z`.
    fn scheme(&self, rtol: f64, z: &[c64]) -> Scheme {
        Scheme { method: self.method, tolerance: tolerance(rtol, z) }
    }
}

/// What the search found, and the cost.
#[derive(Clone, Debug)]
pub struct Found {
    /// The attractor.
    pub attractor: Attractor,
    /// Duration of the transient.
    pub transient: f64,
    /// Steps taken.
    pub steps: usize,
    /// The last state of the transient.
    pub last: Vec<c64>,
}

/// Growth of the size from one window to the next, of more than its length, beyond which an orbit goes to infinity.
const GROWING: f64 = 5.0;

/// Fastest |λ| and slowest |Re λ| of the linearised flow at a point. Overdamped directions, which only follow the others, do
/// not set the pace: λ with |Re λ| > 3 |Im λ| count among the fastest only where there is nothing else.
pub fn rates(bound: &Bound, t: f64, z: &[c64]) -> (f64, f64) {
    let drift = bound.drift_matrix(t, z);
    let Ok(values) = linalg::eigenvalues(&drift) else { return (drift.norm_max(), drift.norm_max()) };
    let fastest = |list: &mut dyn Iterator<Item = &c64>| list.map(|v| v.norm()).fold(0.0, f64::max);
    let swinging = fastest(&mut values.iter().filter(|v| v.re.abs() <= 3.0 * v.im.abs()));
    let fast = if swinging > 0.0 { swinging } else { fastest(&mut values.iter()) };
    let slow = values.iter().map(|v| v.re.abs()).filter(|r| *r > 1e-9 * fast).fold(f64::INFINITY, f64::min);
    (fast, if slow.is_finite() { slow } else { fast })
}

fn size_of(z: &[c64]) -> f64 {
    z.iter().map(|v| v.norm_sqr()).sum::<f64>().sqrt()
}

fn distance(a: &[c64], b: &[c64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).norm_sqr()).sum::<f64>().sqrt()
}

/// Generators i m_k z_k of the charges, as quadrature columns √2(Re, Im); those that vanish at z are left out.
pub fn generators(charges: &[Vec<i64>], z: &[c64]) -> RMatrix {
    let columns: Vec<Vec<f64>> = charges
        .iter()
        .map(|m| {
            z.iter()
                .zip(m)
                .flat_map(|(v, &q)| {
                    let g = c64::new(0.0, 1.0) * v * q as f64 * std::f64::consts::SQRT_2;
                    [g.re, g.im]
                })
                .collect::<Vec<f64>>()
        })
        .collect();
    independent(2 * z.len(), columns, 1e-9 * size_of(z))
}

/// The linearly independent ones among the columns (Gram–Schmidt with the given cut-off), unchanged in value.
fn independent(n: usize, columns: Vec<Vec<f64>>, cutoff: f64) -> RMatrix {
    let mut kept: Vec<Vec<f64>> = Vec::new();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for column in columns {
        let mut rest = column.clone();
        for b in &basis {
            let dot: f64 = b.iter().zip(&rest).map(|(x, y)| x * y).sum();
            rest.iter_mut().zip(b).for_each(|(x, y)| *x -= dot * y);
        }
        let length = rest.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > cutoff.max(1e-300) && length > 1e-9 * column.iter().map(|x| x * x).sum::<f64>().sqrt() {
            rest.iter_mut().for_each(|x| *x /= length);
            basis.push(rest);
            kept.push(column);
        }
    }
    RMatrix::from_fn(n, kept.len(), |i, j| kept[j][i])
}

/// Follows the flow from `start` until its attractor is recognised.
///
/// `charges` are the U(1) charges of the model (integer vectors), `period` the period of its drives where it has any.
pub fn find(bound: &Bound, charges: &[Vec<i64>], period: Option<f64>, start: &[c64], options: &Options) -> Found {
    let mut z = start.to_vec();
    let lengths = tangent::lengths(bound, start);
    let (fast, slow) = rates(bound, 0.0, &z);
    let fast = if fast > 0.0 { fast } else { 1.0 };
    let first = options.transient.unwrap_or((2.0 / slow).clamp(20.0 / fast, 1e4 / fast));
    let mut t = 0.0;
    let mut steps = 0;
    let mut block = first;
    // Rest may be an unstable fixed point: leave it along a fixed direction, small against one quantum.
    if period.is_none() {
        let speed = cycle::velocity(bound, 0.0, &z).iter().map(|x| x * x).sum::<f64>().sqrt();
        if speed <= 1e-12 * fast * size_of(&z).max(1e-3) {
            if let Some(point) = fixed_point(bound, charges, &z, fast)
                && growth(bound, &point.point, point.neutral.cols()) < 0.0
            {
                return Found { attractor: Attractor::FixedPoint(point), transient: 0.0, steps, last: z };
            }
            tangent::nudge(bound, &mut z);
        }
    }
    let mut wandering: Option<Wandering> = None;
    // Windows in a row over which the orbit has grown.
    let mut growing = 0;
    let mut closest = f64::INFINITY;
    // Distance from a stable fixed point, which an orbit that spirals into it slowly keeps halving.
    let mut apart = f64::INFINITY;
    // Vanishing exponents of a torus: one for each phase that is free.
    let frequencies = if period.is_some() { 1 } else { 2 };
    for attempt in 0..=options.doublings {
        let end = match period {
            // Whole periods, so that the phase of the drive is zero at the end.
            Some(period) => t + (block / period).ceil() * period,
            None => t + block,
        };
        // The first part only finds the size of the motion, which sets the absolute tolerance of the rest.
        for stop in [t + 0.05 * (end - t), end] {
            let limit = options.bound * (1.0 + size_of(start));
            let mut stretch = Stretch::new(options.scheme(options.transient_tolerance, &z), t, cast_slice(&z), limit);
            let outcome = stretch.run(&mut Flow::new(bound), stop);
            steps += stretch.steps;
            if let Err(Stop::Diverged { t } | Stop::Stuck { t }) = outcome {
                return Found { attractor: Attractor::Diverging { time: t }, transient: t, steps, last: z };
            }
            z = cast_slice(stretch.y()).to_vec();
            tangent::hold(bound, &mut z, &lengths);
            t = stretch.t();
        }
        let scheme = options.scheme(options.transient_tolerance, &z);
        let closest_before = closest;
        if let Some(attractor) = recognise(bound, charges, period, t, &z, fast, options, &mut steps, &mut closest) {
            return Found { attractor, transient: t, steps, last: z };
        }
        block = t;
        // An orbit that a symmetry led onto an unstable fixed point is sent off it; its exponents would be those of that point.
        if period.is_none() && attempt < options.doublings {
            let speed = cycle::velocity(bound, t, &z).iter().map(|x| x * x).sum::<f64>().sqrt();
            let unstable = |p: FixedPoint| growth(bound, &p.point, p.neutral.cols()) > 1e-9 * fast;
            if speed <= 1e-7 * fast * size_of(&z).max(1e-3)
                && fixed_point(bound, charges, &z, fast).is_some_and(unstable)
            {
                tangent::nudge(bound, &mut z);
                wandering = None;
                continue;
            }
        }
        // From the second failure on, ask whether the orbit is chaotic or a torus, twice over growing windows.
        if attempt >= 1 {
            let window = t.max(200.0 / fast);
            let count = 3;
            match lyapunov::exponents(bound, &z, t, count, 5.0 / fast, window, scheme) {
                Ok(exponents) => {
                    let size = size_of(&z);
                    let chaotic = exponents.values[0] * window > 25.0 && exponents.values[0] > 4.0 * exponents.error;
                    let was = wandering.as_ref().is_some_and(|w| w.exponents.values[0] > 0.3 * exponents.values[0]);
                    // What is drawn apart because the whole grows is no chaos.
                    let grown = wandering.as_ref().is_some_and(|w| size > GROWING * w.size);
                    growing = if grown { growing + 1 } else { 0 };
                    // The state at a whole period of the drives is kept where there are drives.
                    if period.is_none() {
                        z.clone_from(&exponents.end);
                        t += exponents.window * 1.1;
                    }
                    let found = Wandering { exponents, size, time: t };
                    if chaotic && was && growing == 0 {
                        return Found { attractor: Attractor::Chaos(found), transient: t, steps, last: z };
                    }
                    // An orbit that still spirals into a cycle comes back closer and closer; a torus does not.
                    let before = apart;
                    apart = if period.is_none() { from_rest(bound, charges, &z, fast) } else { f64::INFINITY };
                    let spirals = apart < 0.7 * before && before.is_finite();
                    let settled = wandering.is_some() && closest > 0.5 * closest_before && !spirals;
                    if settled && !chaotic && vanishing(&found.exponents) >= frequencies {
                        return Found { attractor: Attractor::Torus(found), transient: t, steps, last: z };
                    }
                    wandering = Some(found);
                }
                Err(Stop::Diverged { t } | Stop::Stuck { t }) => {
                    return Found { attractor: Attractor::Diverging { time: t }, transient: t, steps, last: z };
                }
            }
        }
    }
    let found = wandering.expect("at least two attempts were made");
    let attractor = if growing > 1 {
        Attractor::Diverging { time: t }
    } else if found.exponents.values[0] > resolution(&found.exponents) {
        Attractor::Chaos(found)
    } else if vanishing(&found.exponents) >= frequencies {
        Attractor::Torus(found)
    } else {
        Attractor::Undecided(found)
    };
    Found { attractor, transient: t, steps, last: z }
}

/// Distance from the stable fixed point that Newton's method finds from here; infinite where it finds none.
fn from_rest(bound: &Bound, charges: &[Vec<i64>], z: &[c64], fast: f64) -> f64 {
    match fixed_point(bound, charges, z, fast) {
        Some(point) if growth(bound, &point.point, point.neutral.cols()) < 0.0 => distance(&point.point, z),
        _ => f64::INFINITY,
    }
}

/// What a window can tell from zero: exponents of a regular orbit fall like ln(window)/window.
fn resolution(exponents: &Exponents) -> f64 {
    (8.0 / exponents.window).max(4.0 * exponents.error)
}

/// Number of leading exponents that vanish: a torus has as many as frequencies.
fn vanishing(exponents: &Exponents) -> usize {
    exponents.values.iter().take_while(|l| l.abs() <= resolution(exponents)).count()
}

/// Relative tolerance with an absolute part at the same fraction of the size of the state.
pub fn tolerance(rtol: f64, z: &[c64]) -> Tolerance {
    Tolerance::new(rtol, rtol * (0.1 * size_of(z) / (z.len() as f64).sqrt()).max(1e-3))
}

/// Largest growth rate among the non-neutral directions of a fixed point.
fn growth(bound: &Bound, z: &[c64], neutral: usize) -> f64 {
    let drift = bound.drift_matrix(0.0, z);
    let Ok(mut values) = linalg::eigenvalues(&Tangent::at(bound, z).restrict(&drift)) else { return f64::INFINITY };
    values.sort_by(|a, b| a.norm().total_cmp(&b.norm()));
    values[neutral.min(values.len())..].iter().map(|v| v.re).fold(f64::NEG_INFINITY, f64::max)
}

fn recognise(
    bound: &Bound,
    charges: &[Vec<i64>],
    period: Option<f64>,
    t: f64,
    z: &[c64],
    fast: f64,
    options: &Options,
    steps: &mut usize,
    closest: &mut f64,
) -> Option<Attractor> {
    if let Some(period) = period {
        let orbit = cycle::shoot(bound, z, period, true, options.scheme(options.tolerance, z), 1e-11).ok()?;
        let near = distance(&orbit.start, z) <= 0.05 * orbit.size.max(size_of(z));
        return (near && orbit_leading(bound, &orbit, 0) < 1.0).then_some(Attractor::Cycle(orbit));
    }
    let scale = size_of(z).max(1e-6);
    let speed = cycle::velocity(bound, t, z).iter().map(|x| x * x).sum::<f64>().sqrt();
    if speed < 1e-2 * fast * scale
        && let Some(point) = fixed_point(bound, charges, z, fast)
        && distance(&point.point, z) <= 0.05 * scale.max(1e-2)
        && growth(bound, &point.point, point.neutral.cols()) < 0.0
    {
        return Some(Attractor::FixedPoint(point));
    }
    if !charges.is_empty()
        && let Some(rotating) = rotating(bound, charges, z, fast)
        && near_group_orbit(&rotating.point, z, scale)
        && corotating_growth(bound, &rotating) < 0.0
    {
        return Some(turning(bound, rotating, t, fast));
    }
    let candidates = returns(bound, t, z, fast, options, steps, closest);
    for (guess, guess_period) in candidates {
        let Ok(orbit) = cycle::shoot(bound, &guess, guess_period, false, options.scheme(options.tolerance, z), 1e-11)
        else {
            continue;
        };
        let close =
            distance(&orbit.start, &guess) <= 0.1 * orbit.size && (orbit.period / guess_period - 1.0).abs() < 0.1;
        let alive = orbit.size > 1e-6 * size_of(&orbit.start).max(1e-9);
        if close && alive && orbit_leading(bound, &orbit, 1) < 1.0 {
            let orbit = minimal(bound, orbit, options);
            // A cycle along the symmetry is a fixed point of its own frame.
            if let Some(found) = rotating(bound, charges, &orbit.start, fast)
                && distance(&found.point, &orbit.start) <= 1e-6 * orbit.size
            {
                return Some(turning(bound, found, t, fast));
            }
            // A symmetry that moves the orbit off itself makes it one of a family, closed by a chance ratio of two
            // frequencies: a torus.
            let symmetry = generators(charges, &orbit.start);
            let velocity = cycle::velocity(bound, 0.0, &orbit.start);
            let columns = (0..symmetry.cols()).map(|c| symmetry.col(c)).chain([velocity]).collect();
            let together = independent(symmetry.rows(), columns, 1e-9 * size_of(&orbit.start));
            if symmetry.cols() > 0 && together.cols() > symmetry.cols() {
                continue;
            }
            return Some(Attractor::Cycle(orbit));
        }
    }
    None
}

/// A fixed point of a rotating frame: at rest, turning as a whole, or, with frequencies that share no period, a torus.
fn turning(bound: &Bound, rotating: Rotating, t: f64, fast: f64) -> Attractor {
    let small = 1e-12 * fast;
    let moving: Vec<f64> = rotating.frequencies.iter().map(|w| w.abs()).filter(|w| *w > small).collect();
    let Some(slowest) = moving.iter().copied().reduce(f64::min) else {
        return Attractor::FixedPoint(FixedPoint {
            point: rotating.point,
            residual: rotating.residual,
            neutral: rotating.neutral,
        });
    };
    let harmonic = moving.iter().all(|w| (w / slowest - (w / slowest).round()).abs() < 1e-9);
    if harmonic && moving.iter().all(|w| w / slowest < 16.5) {
        return Attractor::Rotating(rotating);
    }
    let drift = rotate_drift(bound.drift_matrix(0.0, &rotating.point), &rotating.frequencies);
    let drift = Tangent::at(bound, &rotating.point).restrict(&drift).into_owned();
    let mut values: Vec<f64> =
        linalg::eigenvalues(&drift).map(|list| list.iter().map(|v| v.re).collect()).unwrap_or_default();
    values.sort_by(|a, b| b.total_cmp(a));
    // The symmetry directions are exactly neutral; rounding leaves them near zero.
    values.iter_mut().take(rotating.neutral.cols()).for_each(|v| *v = 0.0);
    let size = size_of(&rotating.point);
    let exponents = Exponents { values, error: 0.0, window: t, end: rotating.point };
    Attractor::Torus(Wandering { exponents, size, time: t })
}

/// The orbit with its smallest period, where the one found runs through it several times.
fn minimal(bound: &Bound, orbit: ClosedOrbit, options: &Options) -> ClosedOrbit {
    for parts in (2..=8).rev() {
        let period = orbit.period / f64::from(parts);
        let scheme = options.scheme(options.tolerance, &orbit.start);
        let Ok(path) = cycle::sample(bound, &orbit.start, 0.0, &[period], scheme, options.bound) else { continue };
        if distance(&path[0], &orbit.start) < 1e-5 * orbit.size
            && let Ok(short) = cycle::shoot(bound, &orbit.start, period, false, scheme, 1e-11)
        {
            return short;
        }
    }
    orbit
}

/// Largest modulus of the multipliers without the `neutral` ones nearest 1.
pub fn leading(monodromy: &RMatrix, neutral: usize) -> f64 {
    let Ok(mut values) = linalg::eigenvalues(monodromy) else { return f64::INFINITY };
    values.sort_by(|a, b| (a - 1.0).norm().total_cmp(&(b - 1.0).norm()));
    values[neutral.min(values.len())..].iter().map(|v| v.norm()).fold(0.0, f64::max)
}

/// The same of a cycle, in the directions in which its state can move.
fn orbit_leading(bound: &Bound, orbit: &ClosedOrbit, neutral: usize) -> f64 {
    leading(&Tangent::at(bound, &orbit.start).restrict(&orbit.monodromy), neutral)
}

/// Whether z lies near the group orbit: compares what a rotation cannot change.
fn near_group_orbit(point: &[c64], z: &[c64], scale: f64) -> bool {
    point.iter().zip(z).map(|(a, b)| (a.norm() - b.norm()).powi(2)).sum::<f64>().sqrt() <= 0.05 * scale
}

/// Newton's method for ż = 0; the symmetry directions are held still.
pub fn fixed_point(bound: &Bound, charges: &[Vec<i64>], guess: &[c64], fast: f64) -> Option<FixedPoint> {
    let root2 = std::f64::consts::SQRT_2;
    let mut z = guess.to_vec();
    let lengths = tangent::lengths(bound, &z);
    for _ in 0..30 {
        let f = cycle::velocity(bound, 0.0, &z);
        let residual = f.iter().map(|x| x * x).sum::<f64>().sqrt() / (fast * size_of(&z).max(1e-3));
        let neutral = generators(charges, &z);
        if residual < 1e-13 {
            // An amplitude that has decayed to nothing has no phase that could be free.
            let nothing = 1e-13 * size_of(&z).max(1e-3);
            z.iter_mut().filter(|v| v.norm() < nothing).for_each(|v| *v = c64::new(0.0, 0.0));
            return Some(FixedPoint { neutral: generators(charges, &z), point: z, residual });
        }
        let drift = bound.drift_matrix(0.0, &z);
        let tangent = Tangent::at(bound, &z);
        let still = tangent.project(&neutral);
        let mut delta = bordered_step(&tangent.restrict(&drift), &still, &still, &tangent.project_vector(f))?;
        delta.truncate(tangent.directions(2 * z.len()));
        let delta = tangent.lift_vector(delta);
        let mut moved = 0.0_f64;
        for (k, v) in z.iter_mut().enumerate() {
            let step = c64::new(delta[2 * k], delta[2 * k + 1]) / root2;
            *v += step;
            moved += step.norm_sqr();
        }
        tangent::hold(bound, &mut z, &lengths);
        if moved.sqrt() < 1e-15 * size_of(&z) {
            let f = cycle::velocity(bound, 0.0, &z);
            let residual = f.iter().map(|x| x * x).sum::<f64>().sqrt() / (fast * size_of(&z).max(1e-3));
            return (residual < 1e-9).then(|| FixedPoint { neutral: generators(charges, &z), point: z, residual });
        }
        if !moved.is_finite() {
            return None;
        }
    }
    None
}

/// Solves J δ + B μ = −f with Nᵀδ = 0; returns δ followed by μ.
fn bordered_step(drift: &RMatrix, border: &RMatrix, still: &RMatrix, f: &[f64]) -> Option<Vec<f64>> {
    let (n, r) = (drift.rows(), border.cols());
    let matrix = RMatrix::from_fn(n + r, n + r, |i, j| match (i < n, j < n) {
        (true, true) => drift[(i, j)],
        (true, false) => border[(i, j - n)],
        (false, true) => still[(j, i - n)],
        (false, false) => 0.0,
    });
    let rhs = RMatrix::from_fn(n + r, 1, |i, _| if i < n { -f[i] } else { 0.0 });
    let delta = linalg::solve(&matrix, &rhs).ok()?;
    Some((0..n + r).map(|i| delta[(i, 0)]).collect())
}

/// Newton's method for ż + Σ_r Ω_r (i m_r z) = 0 in (z, Ω): a fixed point of the frame that rotates with the charges.
fn rotating(bound: &Bound, charges: &[Vec<i64>], guess: &[c64], fast: f64) -> Option<Rotating> {
    let root2 = std::f64::consts::SQRT_2;
    let mut z = guess.to_vec();
    let lengths = tangent::lengths(bound, &z);
    let neutral = generators(charges, &z);
    let r = neutral.cols();
    if r == 0 {
        return None;
    }
    let used = used_charges(charges, &z);
    // Least squares for the frequencies at the guess.
    let f = cycle::velocity(bound, 0.0, &z);
    let gram = &neutral.transpose() * &neutral;
    let rhs = RMatrix::from_fn(r, 1, |i, _| -(0..f.len()).map(|k| neutral[(k, i)] * f[k]).sum::<f64>());
    let solution = linalg::solve(&gram, &rhs).ok()?;
    let mut omega: Vec<f64> = (0..r).map(|i| solution[(i, 0)]).collect();
    let mut first = true;
    for _ in 0..30 {
        let f = cycle::velocity(bound, 0.0, &z);
        let neutral = columns_for(&used, &z);
        let total: Vec<f64> =
            (0..f.len()).map(|k| f[k] + (0..r).map(|i| neutral[(k, i)] * omega[i]).sum::<f64>()).collect();
        let residual = total.iter().map(|x| x * x).sum::<f64>().sqrt() / (fast * size_of(&z).max(1e-3));
        if first && residual > 0.2 {
            return None;
        }
        first = false;
        if residual < 1e-13 {
            return Some(finish(z, &used, &omega, residual, neutral));
        }
        let drift = corotating_drift(bound, &used, &omega, &z);
        let tangent = Tangent::at(bound, &z);
        let still = tangent.project(&neutral);
        let mut delta = bordered_step(&tangent.restrict(&drift), &still, &still, &tangent.project_vector(total))?;
        let turns = delta.split_off(tangent.directions(2 * z.len()));
        let delta = tangent.lift_vector(delta);
        let mut moved = 0.0_f64;
        for (k, v) in z.iter_mut().enumerate() {
            let step = c64::new(delta[2 * k], delta[2 * k + 1]) / root2;
            *v += step;
            moved += step.norm_sqr();
        }
        tangent::hold(bound, &mut z, &lengths);
        for i in 0..r {
            omega[i] += turns[i];
        }
        if moved.sqrt() < 1e-15 * size_of(&z) && residual < 1e-9 {
            let neutral = columns_for(&used, &z);
            return Some(finish(z, &used, &omega, residual, neutral));
        }
        if !moved.is_finite() {
            return None;
        }
    }
    None
}

fn finish(point: Vec<c64>, used: &[Vec<i64>], omega: &[f64], residual: f64, neutral: RMatrix) -> Rotating {
    // ż + Ω i m z = 0 means z(t) = z(0) exp(−i Ω m t).
    let frequencies = (0..point.len()).map(|k| used.iter().zip(omega).map(|(m, w)| m[k] as f64 * w).sum()).collect();
    Rotating { point, frequencies, residual, neutral }
}

/// The charges whose generators are independent at z.
fn used_charges(charges: &[Vec<i64>], z: &[c64]) -> Vec<Vec<i64>> {
    let mut used: Vec<Vec<i64>> = Vec::new();
    for m in charges {
        used.push(m.clone());
        if generators(&used, z).cols() < used.len() {
            used.pop();
        }
    }
    used
}

fn columns_for(charges: &[Vec<i64>], z: &[c64]) -> RMatrix {
    let root2 = std::f64::consts::SQRT_2;
    RMatrix::from_fn(2 * z.len(), charges.len(), |i, j| {
        let g = c64::new(0.0, 1.0) * z[i / 2] * charges[j][i / 2] as f64 * root2;
        if i % 2 == 0 { g.re } else { g.im }
    })
}

/// Drift in the frame z e^{iωt}: M plus the rotation +i ω_k on each mode.
fn corotating_drift(bound: &Bound, used: &[Vec<i64>], omega: &[f64], z: &[c64]) -> RMatrix {
    let frequencies: Vec<f64> =
        (0..z.len()).map(|k| used.iter().zip(omega).map(|(m, w)| m[k] as f64 * w).sum()).collect();
    rotate_drift(bound.drift_matrix(0.0, z), &frequencies)
}

/// Adds i ω_k to the diagonal blocks of a quadrature drift.
pub fn rotate_drift(mut drift: RMatrix, frequencies: &[f64]) -> RMatrix {
    for (k, w) in frequencies.iter().enumerate() {
        drift[(2 * k, 2 * k + 1)] -= w;
        drift[(2 * k + 1, 2 * k)] += w;
    }
    drift
}

/// Largest growth rate of a rotating fixed point in its own frame.
fn corotating_growth(bound: &Bound, rotating: &Rotating) -> f64 {
    let drift = rotate_drift(bound.drift_matrix(0.0, &rotating.point), &rotating.frequencies);
    let tangent = Tangent::at(bound, &rotating.point);
    let Ok(mut values) = linalg::eigenvalues(&tangent.restrict(&drift)) else { return f64::INFINITY };
    values.sort_by(|a, b| a.norm().total_cmp(&b.norm()));
    values[rotating.neutral.cols().min(values.len())..].iter().map(|v| v.re).fold(f64::NEG_INFINITY, f64::max)
}

/// Returns to the section through z across the flow, nearest first among the early ones: guesses for shooting.
fn returns(
    bound: &Bound,
    t: f64,
    z: &[c64],
    fast: f64,
    options: &Options,
    steps: &mut usize,
    nearest: &mut f64,
) -> Vec<(Vec<c64>, f64)> {
    let root2 = std::f64::consts::SQRT_2;
    let normal: Vec<f64> = cycle::velocity(bound, t, z).iter().map(|x| x / root2).collect();
    let origin: Vec<f64> = cast_slice(z).to_vec();
    let mut system = Flow::new(bound);
    let mut stretch = Stretch::new(options.scheme(options.transient_tolerance, z), 0.0, &origin, options.bound);
    let side = |y: &[f64]| y.iter().zip(&origin).zip(&normal).map(|((a, b), n)| (a - b) * n).sum::<f64>();
    let gap = |y: &[f64]| y.iter().zip(&origin).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    let horizon = 200.0 * 2.0 * std::f64::consts::PI / fast;
    let mut diameter: f64 = 0.0;
    let mut before = (0.0, 0.0);
    let mut found: Vec<(f64, Vec<c64>, f64)> = Vec::new();
    let mut y = vec![0.0; origin.len()];
    while stretch.t() < horizon && found.len() < 40 {
        let t_before = stretch.t();
        if stretch.step(&mut system, horizon).is_err() {
            break;
        }
        let now = (stretch.t(), side(stretch.y()));
        diameter = diameter.max(gap(stretch.y()));
        if before.1 < 0.0 && now.1 >= 0.0 {
            // Bisection on the dense output of this step.
            let (mut lo, mut hi) = (t_before, now.0);
            for _ in 0..50 {
                let middle = 0.5 * (lo + hi);
                stretch.interpolate(&mut system, middle, &mut y);
                if side(&y) < 0.0 { lo = middle } else { hi = middle }
            }
            stretch.interpolate(&mut system, hi, &mut y);
            found.push((gap(&y), cast_slice(&y).to_vec(), hi));
            // A close return ends the search: the first one is the period.
            if gap(&y) < 1e-3 * diameter {
                break;
            }
        }
        before = now;
    }
    *steps += stretch.steps;
    *nearest = found.iter().map(|c| c.0).fold(f64::INFINITY, f64::min) / diameter.max(f64::MIN_POSITIVE);
    let mut near: Vec<(f64, Vec<c64>, f64)> = found.into_iter().filter(|(gap, _, _)| *gap < 0.08 * diameter).collect();
    let closest = near.iter().map(|c| c.0).fold(f64::INFINITY, f64::min);
    near.retain(|(gap, _, _)| *gap < 4.0 * closest + 0.01 * diameter);
    near.into_iter().take(3).map(|(_, point, period)| (point, period)).collect()
}
