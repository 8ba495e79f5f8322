//! What becomes stationary under the normalised flow of a model with an anti-Hermitian part.
//!
//! Ṙ = G R = K R + R K† + Σ_j L_j R L_j† is completely positive, so that e^{tG} has its spectral radius e^{λt} as an eigenvalue with a
//! positive eigenvector (Evans and Høegh-Krohn, J. London Math. Soc. 17, 345 (1978)): λ is real, no eigenvalue of G has a larger real
//! part, and ρ = R/tr R tends to that eigenvector from every start that overlaps with it, as the maximally mixed state does. It is found
//! by a restarted Arnoldi iteration on e^{τG}, whose eigenvalues are ordered by the real parts of those of G, and refined by inverse
//! iteration with sparse factors where these are cheap.

use huygens_numerics::c64;
use huygens_numerics::linalg::{LinalgError, arnoldi, leading};

use super::density::Density;
use super::evolve::Evolution;
use super::generator::Generator;
use super::steady::{Resolvent, SteadyError, affordable, norm, random_traceless, slow_rate, trace, uniform};

/// The eigenvector of the largest growth, and what tells how it is approached.
#[derive(Clone, Debug)]
pub struct Dominant {
    /// The state.
    pub density: Density,
    /// λ: the trace of the linear flow grows as e^{λt}.
    pub growth: f64,
    /// The eigenvalue of the next largest real part, less λ: deviations decay with its real part and turn with its imaginary part, known
    /// up to multiples of 2π over the time of the flow; and about the relative error of the decay. `None` where there is no other.
    pub next: Option<(c64, f64)>,
    /// ‖G ρ − λ ρ‖ in units of ‖ρ‖ and of the slowest rate at which a population decays.
    pub residual: f64,
    /// Applications of the generator.
    pub applications: usize,
}

/// τ times the size of the spectrum: a few steps of the series.
const REACH: f64 = 50.0;
/// Krylov vectors of a cycle, and most cycles.
const STEPS: usize = 24;
const CYCLES: usize = 60;
/// Residual that counts as solved, that sparse factors are asked to improve, and that is still given.
const SOLVED: f64 = 1e-12;
const REFINED: f64 = 1e-10;
const ACCEPTED: f64 = 1e-8;
/// Relative error of a decay that is good enough.
const SHARP: f64 = 1e-6;
/// Growth rates that differ by less than this, in units of the slow rate, count as one.
const SAME: f64 = 1e-8;

/// e^{nτ(G − λ)} on vectors of planes.
struct Flow {
    evolution: Evolution,
    tau: f64,
    repeats: usize,
    lambda: f64,
    failed: bool,
}

impl Flow {
    fn apply(&mut self, x: &[f64], out: &mut [f64]) {
        out.copy_from_slice(x);
        let factor = (-self.lambda * self.tau).exp();
        for _ in 0..self.repeats {
            self.failed |= self.evolution.advance_operator(out, 0.0, self.tau).is_err();
            out.iter_mut().for_each(|x| *x *= factor);
        }
    }
}

/// G x − λ x with λ = tr G x/tr x, the rate of growth of the trace: λ and ‖G x − λ x‖/(rate ‖x‖).
fn growth(generator: &Generator, rate: f64, x: &[f64], work: &mut [f64]) -> (f64, f64) {
    generator.apply(x, work);
    let lambda = trace(generator, work) / trace(generator, x);
    work.iter_mut().zip(x).for_each(|(y, x)| *y -= lambda * x);
    (lambda, norm(work) / (rate * norm(x)).max(f64::MIN_POSITIVE))
}

/// The normalised state that the flow of `generator`, on a Hermitian layout and without drives, tends to; `memory` bytes may be used.
///
/// # Errors
/// [`SteadyError`]: [`SteadyError::SameGrowth`] where more than one state grows fastest.
///
/// # Panics
/// When the layout is not that of Hermitian operators.
pub fn dominant_state(generator: &Generator, memory: f64) -> Result<Dominant, SteadyError> {
    assert!(generator.layout().hermitian(), "a stationary state is Hermitian");
    if generator.depends_on_time() {
        return Err(SteadyError::Driven);
    }
    let (mut flow, steps, rate) = prepare(generator, memory)?;
    let (_, mut x) = uniform(generator);
    let (lambda, residual) = settle(generator, &mut flow, rate, steps, SOLVED, &mut x)?;
    let (lambda, residual) = refined(generator, rate, memory, (lambda, residual), &mut x)?;
    let applications = |flow: &Flow| flow.evolution.work().applications;
    if residual > ACCEPTED || !residual.is_finite() {
        return Err(SteadyError::NoConvergence { residual, iterations: applications(&flow) });
    }
    // Another start shows a second state of the same growth, which one Krylov space never does.
    let mut other = random_traceless(generator);
    let (_, u) = uniform(generator);
    let size = 0.5 * norm(&u) / norm(&other);
    other.iter_mut().zip(&u).for_each(|(y, u)| *y = *y * size + u);
    settle(generator, &mut flow, rate, steps, 1e-6, &mut other)?;
    let apart: f64 = x.iter().zip(&other).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
    if apart > 0.02 * norm(&x) {
        return Err(SteadyError::SameGrowth { growth: lambda, frequency: 0.0 });
    }
    let next = next(generator, &mut flow, steps, &x, lambda)?;
    if let Some((next, _)) = next
        && -next.re <= SAME * rate
    {
        return Err(SteadyError::SameGrowth { growth: lambda, frequency: next.im.abs() });
    }
    let density = Density::from_planes(generator.layout().clone(), x);
    Ok(Dominant { density, growth: lambda, next, residual, applications: applications(&flow) })
}

/// The flow, as many Krylov vectors as fit into the memory, and the unit of rates.
fn prepare(generator: &Generator, memory: f64) -> Result<(Flow, usize, f64), SteadyError> {
    // The Krylov vectors, the vectors of the series, and a few more.
    let vectors = memory / (8.0 * generator.len() as f64) - 9.0;
    if vectors < 4.0 {
        let needed = 13.0 * 8.0 * generator.len() as f64;
        return Err(SteadyError::Memory { needed: needed / 1e9, limit: memory / 1e9 });
    }
    let rate = slow_rate(generator);
    let extent = generator.extent();
    let size = 0.5 * (extent.high - extent.low) + extent.imaginary;
    let tau = REACH / size.max(1e-3 * rate);
    let evolution = Evolution::new(generator.clone(), 1e-13);
    let flow = Flow { evolution, tau, repeats: 1, lambda: 0.0, failed: false };
    Ok((flow, (vectors as usize).min(STEPS), rate))
}

/// The steady state of a Lindblad generator by its flow alone, with trace 1: planes, residual, and applications.
pub(super) fn settled(generator: &Generator, memory: f64) -> Result<(Vec<f64>, f64, usize), SteadyError> {
    let (mut flow, steps, rate) = prepare(generator, memory)?;
    let (_, mut x) = uniform(generator);
    let (_, residual) = settle(generator, &mut flow, rate, steps, SOLVED, &mut x)?;
    Ok((x, residual, flow.evolution.work().applications))
}

/// The eigenvalue of the largest real part of a Lindblad generator by its flow alone, that of the steady state given left out; and its
/// relative error.
pub(super) fn slowest(
    generator: &Generator,
    steady: Option<&Density>,
    memory: f64,
) -> Result<Option<(c64, f64)>, SteadyError> {
    let (mut flow, steps, _) = prepare(generator, memory)?;
    let start = random_traceless(generator);
    stands_out(&mut flow, steps, &start, false, |y| {
        if let Some(steady) = steady {
            let part = trace(generator, y);
            y.iter_mut().zip(steady.data()).for_each(|(y, r)| *y -= part * r);
        }
    })
}

/// Cycles from a start with a trace until the residual is below `tolerance` or falls no more; the result has trace 1.
fn settle(
    generator: &Generator,
    flow: &mut Flow,
    rate: f64,
    steps: usize,
    tolerance: f64,
    x: &mut [f64],
) -> Result<(f64, f64), SteadyError> {
    let mut work = vec![0.0; x.len()];
    let mut best = (0.0, f64::INFINITY, x.to_vec());
    let mut idle = 0;
    for _ in 0..CYCLES {
        leading(steps, x, |x, out| flow.apply(x, out))?;
        let total = trace(generator, x);
        x.iter_mut().for_each(|x| *x /= total);
        let (lambda, residual) = growth(generator, rate, x, &mut work);
        if flow.failed || !residual.is_finite() {
            break;
        }
        idle = if residual < 0.7 * best.1 { 0 } else { idle + 1 };
        if residual < best.1 {
            best = (lambda, residual, x.to_vec());
        }
        if residual <= tolerance || idle == 4 {
            break;
        }
    }
    let (lambda, residual, found) = best;
    x.copy_from_slice(&found);
    if residual.is_finite() {
        Ok((lambda, residual))
    } else {
        Err(SteadyError::NoConvergence { residual: f64::MAX, iterations: flow.evolution.work().applications })
    }
}

/// Inverse iteration right of λ with sparse factors, where they are affordable and the residual asks for it.
fn refined(
    generator: &Generator,
    rate: f64,
    memory: f64,
    (mut lambda, mut residual): (f64, f64),
    x: &mut [f64],
) -> Result<(f64, f64), SteadyError> {
    if residual <= REFINED || !affordable(generator, memory) {
        return Ok((lambda, residual));
    }
    let shift = lambda + (10.0 * residual * rate).max(1e-7 * rate);
    let mut resolvent = match Resolvent::direct(generator, shift) {
        Ok(resolvent) => resolvent,
        Err(LinalgError::Singular { .. }) => return Ok((lambda, residual)),
        Err(error) => return Err(error.into()),
    };
    let (mut work, mut y) = (vec![0.0; x.len()], x.to_vec());
    for _ in 0..20 {
        resolvent.solve(&mut y);
        let total = trace(generator, &y);
        if !(total.is_finite() && total != 0.0) {
            break;
        }
        y.iter_mut().for_each(|y| *y /= total);
        let (value, size) = growth(generator, rate, &y, &mut work);
        if size.is_nan() || size >= 0.7 * residual {
            break;
        }
        (lambda, residual) = (value, size);
        x.copy_from_slice(&y);
    }
    Ok((lambda, residual))
}

/// The eigenvalue of the next largest real part less λ, and its relative error.
fn next(
    generator: &Generator,
    flow: &mut Flow,
    steps: usize,
    x: &[f64],
    lambda: f64,
) -> Result<Option<(c64, f64)>, SteadyError> {
    flow.lambda = lambda;
    let mut start = random_traceless(generator);
    let size = 0.1 * norm(&start) / norm(x);
    start.iter_mut().zip(x).for_each(|(y, x)| *y += size * x);
    stands_out(flow, steps, &start, true, |_| {})
}

/// The eigenvalue of the largest real part less λ, or the next one where λ itself is `known` to be there, from flows of growing length
/// until it stands out, with its relative error; `deflate` takes away what is known of a vector.
fn stands_out(
    flow: &mut Flow,
    steps: usize,
    start: &[f64],
    known: bool,
    mut deflate: impl FnMut(&mut [f64]),
) -> Result<Option<(c64, f64)>, SteadyError> {
    // Short enough at first that fast decays are seen.
    flow.tau /= 16.0;
    let mut found = None;
    for _ in 0..6 {
        let mut values = arnoldi(steps, start, |x, out| {
            flow.apply(x, out);
            deflate(out);
        })?;
        let apart = |(theta, _): &(c64, f64)| (theta - 1.0).norm();
        let first = (0..values.len()).min_by(|a, b| apart(&values[*a]).total_cmp(&apart(&values[*b])));
        let Some(first) = first.filter(|_| !flow.failed) else { break };
        if known {
            values.remove(first);
        }
        let Some(&(theta, error)) = values.first().filter(|(theta, _)| theta.norm() > 1e-13) else { break };
        let error = error / (1.0 - theta.norm()).abs().max(f64::MIN_POSITIVE);
        let span = flow.tau * flow.repeats as f64;
        found = Some((c64::new(theta.norm().ln(), theta.arg()) / span, error));
        if error <= SHARP {
            break;
        }
        flow.repeats *= 4;
    }
    Ok(found)
}
