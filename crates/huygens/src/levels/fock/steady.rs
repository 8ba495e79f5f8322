//! Steady states G ρ = 0, tr ρ = 1, of Lindblad generators.
//!
//! **Direct.** The generator as a real sparse matrix of the Hermitian unknowns (the populations, and real and imaginary parts of one
//! element of each conjugate pair) is factorised once, moved by a small σ > 0 to the right of its spectrum; inverse iteration with
//! these factors converges by the factor σ/gap a step. The same factors give the eigenvalues nearest zero.
//!
//! **Iterative.** (G − s u tr) x = −s u with a state u has the solution ρ whatever s: the trace of the equation is s tr x = s. GMRES with
//! the generator applied without a matrix, preconditioned by the part of G that keeps each diagonal m of ⟨n|ρ|n + m⟩: a band
//! matrix over n for each m, eliminated without pivots. That is exact for models whose jumps and frequencies alone act (phase-covariant
//! oscillators that do not interact); couplings and drives exchange diagonals and are left to the iteration.
//!
//! **No-jump.** The same equation, preconditioned by the evolution between jumps, which couplings and drives belong to, see
//! [`super::no_jump`]: what is left to the iteration are the jumps about their means, which are taken from the state after each restart.
//! A few products of matrices over the kets a step; where everything couples and little decays the other ways hardly end.

use std::ops::Range;

use huygens_numerics::c64;
use huygens_numerics::linalg::{Band, BandLu, Gmres, LinalgError, Solved, SparseLu, gmres};
use huygens_numerics::random::Streams;
use rayon::prelude::*;

use super::density::Density;
use super::dominant::{settled, slowest};
use super::generator::Generator;
use super::layout::Layout;
use super::no_jump::{self, NoJump};

/// How a steady state is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SteadyMethod {
    /// By the size, and by what converges.
    #[default]
    Automatic,
    /// Sparse elimination.
    Direct,
    /// GMRES with the diagonals as preconditioner.
    Iterative,
    /// GMRES with the evolution between jumps as preconditioner.
    NoJump,
    /// Arnoldi iteration on the exponential of the generator: slower than all others, and without anything that stalls.
    Flow,
}

/// Why there is no steady state to give.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SteadyError {
    /// A drive.
    #[error(
        "the model depends on the time, so that its state keeps moving: follow it with --until T or look at --at T"
    )]
    Driven,
    /// A question about a Lindblad generator.
    #[error(
        "needs a Lindblad generator, which keeps the trace; with an anti-Hermitian part, or jumps after which runs are discarded, the flow is normalised"
    )]
    AntiHermitian,
    /// More than one state grows fastest.
    #[error(
        "no stationary state: {}; follow the state with --until T",
        if *.frequency > 0.0 {
            format!("states of the growth rate {growth:.10} turn around each other at the frequency {frequency:.6}")
        } else {
            format!("more than one state has the largest growth rate {growth:.10}, and the start decides which mixture is reached")
        }
    )]
    SameGrowth {
        /// The growth rate.
        growth: f64,
        /// How fast they turn; 0 where they rest.
        frequency: f64,
    },
    /// Nothing is dissipated.
    #[error(
        "the model has neither jumps nor baths, so that every mixture of energy eigenstates is stationary: follow the state with --until T"
    )]
    Closed,
    /// A strong symmetry, and a start in more than one of its sectors.
    #[error(
        "{sectors} steady states: the model conserves a number or a parity of ket and bra alone, and the start is spread over its sectors; start in one of them, or follow the state with --until T"
    )]
    Sectors {
        /// How many sectors the space has.
        sectors: usize,
    },
    /// More than one state of the same symmetry does not decay.
    #[error(
        "the steady state is not unique: {count} modes of the populated sector decay at a rate below {rate:.1e}; which state is reached depends on the start: follow it with --until T"
    )]
    NotUnique {
        /// Number of modes that do not decay, the steady state counted.
        count: usize,
        /// What counts as no decay.
        rate: f64,
    },
    /// No method reached the tolerance.
    #[error(
        "no steady state found: the residual |G rho| is {residual:.1e} of the rates after {iterations} iterations; follow the state with --until T, or lower the cut-off"
    )]
    NoConvergence {
        /// Residual in units of the rates.
        residual: f64,
        /// Applications of the generator.
        iterations: usize,
    },
    /// No eigenvalue converged.
    #[error("no eigenvalue of the generator near zero converged: change the cut-off")]
    NoModes,
    /// Elimination failed.
    #[error("{0}")]
    Linalg(#[from] LinalgError),
    /// More memory than allowed.
    #[error(
        "the steady state needs {needed:.2} GB, more than {limit:.2} GB: lower the cut-off, or allow more with --memory"
    )]
    Memory {
        /// What is needed, in GB.
        needed: f64,
        /// The limit in GB.
        limit: f64,
    },
}

/// A steady state and how it was found.
#[derive(Clone, Debug)]
pub struct Steady {
    /// The state.
    pub density: Density,
    /// ‖G ρ‖ in units of ‖ρ‖ and of the slowest rate at which a population decays.
    pub residual: f64,
    /// The method that was used.
    pub method: SteadyMethod,
    /// Applications of the generator or of its inverse.
    pub iterations: usize,
}

/// Residual that counts as solved.
const RESIDUAL: f64 = 1e-12;
/// Residual at which no other method is asked.
const CLOSE: f64 = 1e-11;
/// Residual that is still given, with its size: rounding of badly scaled generators.
const ACCEPTED: f64 = 1e-8;
/// Real unknowns up to which elimination is faster than the iteration.
const DIRECT: usize = 400;
/// Real unknowns up to which elimination is tried when the iteration fails.
pub(super) const LARGEST_DIRECT: usize = 40_000;
/// The shift of the factorised generator, in units of the slow rate.
const SHIFT: f64 = 1e-7;
/// Modes that decay more slowly than this, in units of the slow rate, count as stationary.
const STILL: f64 = 1e-10;

/// Real unknowns of a vector on a layout.
#[derive(Clone, Debug)]
pub(super) struct Unknowns {
    /// First unknown of each element: its real part, followed by its imaginary part unless the element is real.
    first: Vec<u32>,
    /// Populations of a Hermitian layout.
    real: Range<usize>,
    count: usize,
}

impl Unknowns {
    fn new(layout: &Layout) -> Self {
        let real = if layout.hermitian() { populations(layout) } else { 0..0 };
        let mut count = 0;
        let first = (0..layout.len())
            .map(|at| {
                let place = count as u32;
                count += if real.contains(&at) { 1 } else { 2 };
                place
            })
            .collect();
        Self { first, real, count }
    }

    /// Entries of G − shift as a real matrix.
    fn entries(&self, generator: &Generator, shift: f64) -> Vec<(usize, usize, f64)> {
        let mut list = Vec::new();
        generator.entries(|row, column, conjugate, z| {
            let (i, j) = (self.first[row] as usize, self.first[column] as usize);
            let sign = if conjugate { -1.0 } else { 1.0 };
            let (complex_row, complex_column) = (!self.real.contains(&row), !self.real.contains(&column));
            let mut add = |i: usize, j: usize, x: f64| {
                if x != 0.0 {
                    list.push((i, j, x));
                }
            };
            add(i, j, z.re);
            if complex_row {
                add(i + 1, j, z.im);
            }
            if complex_column {
                add(i, j + 1, -sign * z.im);
            }
            if complex_row && complex_column {
                add(i + 1, j + 1, sign * z.re);
            }
        });
        list.extend((0..self.count).map(|k| (k, k, -shift)));
        list
    }

    fn gather(&self, planes: &[f64], out: &mut [f64]) {
        let half = self.first.len();
        for (at, &k) in self.first.iter().enumerate() {
            out[k as usize] = planes[at];
            if !self.real.contains(&at) {
                out[k as usize + 1] = planes[half + at];
            }
        }
    }

    fn scatter(&self, x: &[f64], planes: &mut [f64]) {
        let half = self.first.len();
        for (at, &k) in self.first.iter().enumerate() {
            planes[at] = x[k as usize];
            planes[half + at] = if self.real.contains(&at) { 0.0 } else { x[k as usize + 1] };
        }
    }
}

/// Places of the populations; none where the main diagonal is not stored.
fn populations(layout: &Layout) -> Range<usize> {
    let zero = vec![0; layout.space().modes()];
    let Some(diagonal) = layout.diagonal_index(&zero) else { return 0..0 };
    spans(layout)[diagonal].clone()
}

/// Places of the elements of each diagonal, which lie side by side.
fn spans(layout: &Layout) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::with_capacity(layout.diagonals().len());
    for row in layout.rows() {
        if row.diagonal as usize == spans.len() {
            spans.push(row.offset..row.offset);
        }
        spans[row.diagonal as usize].end = row.offset + row.length as usize;
    }
    spans
}

/// Solves (G − σ) y = x again and again.
pub(super) enum Resolvent<'a> {
    /// Sparse factors.
    Direct { lu: Box<SparseLu>, unknowns: Unknowns, work: Vec<f64> },
    /// GMRES to a relative tolerance.
    Iterative { generator: &'a Generator, diagonals: Diagonals, shift: f64, tolerance: f64 },
}

impl<'a> Resolvent<'a> {
    /// Sparse factors where they are cheap, otherwise the iteration.
    pub(super) fn new(generator: &'a Generator, shift: f64, memory: f64) -> Result<Self, SteadyError> {
        if Unknowns::new(generator.layout()).count <= 3 * DIRECT {
            return Ok(Self::direct(generator, shift)?);
        }
        let diagonals = Diagonals::new(generator, shift, memory)?;
        Ok(Resolvent::Iterative { generator, diagonals, shift, tolerance: 1e-10 })
    }

    /// Sparse factors of G − σ.
    pub(super) fn direct(generator: &Generator, shift: f64) -> Result<Resolvent<'static>, LinalgError> {
        let unknowns = Unknowns::new(generator.layout());
        let lu = SparseLu::new(unknowns.count, unknowns.entries(generator, shift))?;
        Ok(Resolvent::Direct { lu: Box::new(lu), work: vec![0.0; unknowns.count], unknowns })
    }

    /// Replaces a vector of planes by (G − σ)⁻¹ times it; gives the iterations spent, or none where they did not converge.
    pub(super) fn solve(&mut self, x: &mut [f64]) -> Option<usize> {
        match self {
            Resolvent::Direct { lu, unknowns, work } => {
                unknowns.gather(x, work);
                lu.solve_in_place(work);
                unknowns.scatter(work, x);
                Some(1)
            }
            Resolvent::Iterative { generator, diagonals, shift, tolerance } => {
                let b = x.to_vec();
                diagonals.solve(x);
                let options = Gmres { restart: RESTART, iterations: MOST, tolerance: *tolerance * norm(&b) };
                let solved = gmres(
                    &options,
                    |x, out| {
                        generator.apply(x, out);
                        out.iter_mut().zip(x).for_each(|(y, x)| *y -= *shift * x);
                    },
                    |x| diagonals.solve(x),
                    &b,
                    x,
                );
                solved.converged.then_some(solved.iterations)
            }
        }
    }
}

/// Vectors of the iteration before a restart, and most applications.
const RESTART: usize = 60;
const MOST: usize = 1200;

/// The part of G − σ that keeps each diagonal, factorised.
#[derive(Debug)]
pub(super) struct Diagonals {
    half: usize,
    parts: Vec<(Range<usize>, BandLu)>,
}

impl Diagonals {
    /// Bandwidths of all diagonals, and the bytes of their factors.
    fn widths(generator: &Generator) -> (Vec<[usize; 2]>, f64) {
        let layout = generator.layout();
        let spans = spans(layout);
        let of = owner(&spans, layout.len());
        let mut widths = vec![[0_usize; 2]; spans.len()];
        generator.entries(|row, column, conjugate, _| {
            if of[row] == of[column] && !conjugate {
                let [lower, upper] = &mut widths[of[row] as usize];
                *lower = (*lower).max(row.saturating_sub(column));
                *upper = (*upper).max(column.saturating_sub(row));
            }
        });
        let bytes = spans.iter().zip(&widths).map(|(s, [l, u])| Band::bytes(s.len(), *l, *u) as f64).sum();
        (widths, bytes)
    }

    fn new(generator: &Generator, shift: f64, memory: f64) -> Result<Self, SteadyError> {
        let layout = generator.layout();
        let (widths, needed) = Self::widths(generator);
        if needed > memory {
            return Err(SteadyError::Memory { needed: needed / 1e9, limit: memory / 1e9 });
        }
        let spans = spans(layout);
        let of = owner(&spans, layout.len());
        let mut bands: Vec<Band> = spans.iter().zip(&widths).map(|(s, [l, u])| Band::new(s.len(), *l, *u)).collect();
        generator.entries(|row, column, conjugate, z| {
            if of[row] == of[column] && !conjugate {
                let k = of[row] as usize;
                bands[k].add(row - spans[k].start, column - spans[k].start, z);
            }
        });
        for (band, span) in bands.iter_mut().zip(&spans) {
            (0..span.len()).for_each(|i| band.add(i, i, c64::new(-shift, 0.0)));
        }
        let parts = bands.into_par_iter().map(Band::factorise).collect::<Result<Vec<BandLu>, _>>()?;
        Ok(Self { half: layout.len(), parts: spans.into_iter().zip(parts).collect() })
    }

    fn solve(&self, x: &mut [f64]) {
        let (re, im) = x[..2 * self.half].split_at_mut(self.half);
        let (mut re, mut im) = (re, im);
        let mut pieces = Vec::with_capacity(self.parts.len());
        for (span, lu) in &self.parts {
            let (head, tail) = std::mem::take(&mut re).split_at_mut(span.len());
            re = tail;
            let (other, tail) = std::mem::take(&mut im).split_at_mut(span.len());
            im = tail;
            pieces.push((lu, head, other));
        }
        if self.half < 1000 {
            pieces.into_iter().for_each(|(lu, re, im)| lu.solve_in_place(re, im));
        } else {
            pieces.into_par_iter().for_each(|(lu, re, im)| lu.solve_in_place(re, im));
        }
    }
}

/// The diagonal of each element.
fn owner(spans: &[Range<usize>], elements: usize) -> Vec<u32> {
    let mut of = vec![0; elements];
    for (k, span) in spans.iter().enumerate() {
        of[span.clone()].fill(k as u32);
    }
    of
}

pub(super) fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The steady state of a generator on a Hermitian layout, one of Lindblad form that does not depend on the time; `memory` bytes may
/// be used for factors.
///
/// # Errors
/// [`SteadyError`].
///
/// # Panics
/// When the layout is not that of Hermitian operators.
pub fn steady_state(generator: &Generator, method: SteadyMethod, memory: f64) -> Result<Steady, SteadyError> {
    assert!(generator.layout().hermitian(), "a steady state is Hermitian");
    if generator.depends_on_time() {
        return Err(SteadyError::Driven);
    }
    let unknowns = Unknowns::new(generator.layout()).count;
    match method {
        SteadyMethod::Direct => direct(generator, memory),
        SteadyMethod::Iterative => iterative(generator, memory, MOST),
        SteadyMethod::NoJump => without_jumps(generator, memory),
        SteadyMethod::Flow => by_flow(generator, memory),
        SteadyMethod::Automatic if unknowns <= DIRECT => direct(generator, memory),
        SteadyMethod::Automatic => automatic(generator, memory),
    }
}

/// The first method that comes close to the tolerance; where none does, the best that there is, and only where there is none the flow.
fn automatic(generator: &Generator, memory: f64) -> Result<Steady, SteadyError> {
    let solved = |found: &Result<Steady, SteadyError>| found.as_ref().is_ok_and(|steady| steady.residual <= CLOSE);
    let better = |one: Result<Steady, SteadyError>, two: Result<Steady, SteadyError>| match (one, two) {
        (Ok(one), Ok(two)) => Ok(if one.residual <= two.residual { one } else { two }),
        (one, Err(_)) => one,
        (Err(_), two) => two,
    };
    let mut best = iterative(generator, memory, 4 * RESTART);
    if let Err(SteadyError::Memory { .. }) = best {
        return best;
    }
    if !solved(&best) {
        best = better(best, without_jumps(generator, memory));
    }
    if !solved(&best) && affordable(generator, memory) {
        best = better(best, direct(generator, memory));
    }
    best.or_else(|_| by_flow(generator, memory))
}

fn by_flow(generator: &Generator, memory: f64) -> Result<Steady, SteadyError> {
    let (x, residual, iterations) = settled(generator, memory)?;
    accepted(generator, x, residual, SteadyMethod::Flow, iterations)
}

/// What a method has found, where that is a steady state.
fn accepted(
    generator: &Generator,
    x: Vec<f64>,
    residual: f64,
    method: SteadyMethod,
    iterations: usize,
) -> Result<Steady, SteadyError> {
    if residual > ACCEPTED || !residual.is_finite() {
        return Err(SteadyError::NoConvergence { residual, iterations });
    }
    let density = Density::from_planes(generator.layout().clone(), x);
    Ok(Steady { density, residual, method, iterations })
}

/// A slow rate at which elements decay, populations where there are any: the unit of residuals. The smallest that is not zero, or
/// negligible beside the others.
pub(super) fn slow_rate(generator: &Generator) -> f64 {
    let layout = generator.layout();
    let main = populations(layout);
    let span = if main.is_empty() { 0..layout.len() } else { main };
    let mut rates: Vec<f64> = vec![0.0; span.len()];
    let mut largest = 0.0_f64;
    generator.entries(|row, column, _, z| {
        if row == column && span.contains(&row) {
            rates[row - span.start] += z.re.abs();
        }
        largest = largest.max(z.norm());
    });
    rates.sort_by(f64::total_cmp);
    let floor = 1e-9 * rates[rates.len() / 2];
    let slow = rates.iter().copied().find(|rate| *rate > floor);
    slow.unwrap_or(largest).max(f64::MIN_POSITIVE)
}

/// The shift of the factorised generator: small beside the rates, and above its rounding.
pub(super) fn shift_of(generator: &Generator, rate: f64) -> f64 {
    let extent = generator.extent();
    (SHIFT * rate).max(1e-14 * (extent.low.abs() + extent.imaginary))
}

/// ‖G x‖/(rate ‖x‖).
fn residual(generator: &Generator, rate: f64, x: &[f64], work: &mut [f64]) -> f64 {
    generator.apply(x, work);
    norm(work) / (rate * norm(x)).max(f64::MIN_POSITIVE)
}

/// The populations, and the maximally mixed state.
pub(super) fn uniform(generator: &Generator) -> (Range<usize>, Vec<f64>) {
    let span = populations(generator.layout());
    let mut x = vec![0.0; generator.len()];
    let layout = generator.layout();
    let states = span.clone().filter(|at| !layout.stray(*at)).count();
    span.clone().filter(|at| !layout.stray(*at)).for_each(|at| x[at] = 1.0 / states as f64);
    (span, x)
}

/// Whether sparse factors fit into the memory.
fn fits(unknowns: &Unknowns, memory: f64) -> Result<(), SteadyError> {
    // Fill of sparse factors on lattices of three dimensions and more, as found on the built-in models.
    let needed = 16.0 * 30.0 * (unknowns.count as f64).powf(4.0 / 3.0);
    if needed > memory.max(5e7) {
        return Err(SteadyError::Memory { needed: needed / 1e9, limit: memory / 1e9 });
    }
    Ok(())
}

/// Whether sparse factors of a generator are worth their time and fit into the memory.
pub(super) fn affordable(generator: &Generator, memory: f64) -> bool {
    let unknowns = Unknowns::new(generator.layout());
    unknowns.count <= LARGEST_DIRECT && fits(&unknowns, memory).is_ok()
}

fn direct(generator: &Generator, memory: f64) -> Result<Steady, SteadyError> {
    let rate = slow_rate(generator);
    let unknowns = Unknowns::new(generator.layout());
    fits(&unknowns, memory)?;
    let shift = shift_of(generator, rate);
    let mut resolvent = Resolvent::direct(generator, shift)?;
    let (span, mut x) = uniform(generator);
    let mut work = vec![0.0; generator.len()];
    let mut best = (f64::INFINITY, x.clone());
    let mut iterations = 0;
    // The shift divides what does not belong to the steady state by gap/shift each time; slow models need a few more.
    for _ in 0..20 {
        resolvent.solve(&mut x);
        iterations += 1;
        let trace: f64 = x[span.clone()].iter().sum();
        if !(trace.is_finite() && trace != 0.0) {
            break;
        }
        x.iter_mut().for_each(|y| *y /= trace);
        let size = residual(generator, rate, &x, &mut work);
        let gained = size < 0.5 * best.0;
        if size < best.0 {
            best = (size, x.clone());
        }
        if size <= 1e-2 * RESIDUAL || !gained {
            break;
        }
    }
    let (residual, x) = best;
    accepted(generator, x, residual, SteadyMethod::Direct, iterations)
}

fn iterative(generator: &Generator, memory: f64, most: usize) -> Result<Steady, SteadyError> {
    let rate = slow_rate(generator);
    let shift = shift_of(generator, rate);
    let diagonals = Diagonals::new(generator, shift, memory)?;
    let (span, u) = uniform(generator);
    // What the diagonals alone would settle at.
    let mut x = u.clone();
    x.iter_mut().for_each(|x| *x *= -shift);
    diagonals.solve(&mut x);
    let border = Border { generator, rate, span, u };
    let (residual, iterations) = border.by_diagonals(&diagonals, shift, &mut x, RESIDUAL, most);
    accepted(generator, x, residual, SteadyMethod::Iterative, iterations)
}

fn without_jumps(generator: &Generator, memory: f64) -> Result<Steady, SteadyError> {
    let (span, u) = uniform(generator);
    let mut x = u.clone();
    let border = Border { generator, rate: slow_rate(generator), span, u };
    let (residual, iterations) = border.by_no_jump(&mut x, RESIDUAL, memory)?;
    accepted(generator, x, residual, SteadyMethod::NoJump, iterations)
}

/// Checks that no other state of the populated sector is stationary: by the eigenvalue nearest zero where elimination is cheap,
/// otherwise by a second solution from a disturbed start.
///
/// # Errors
/// [`SteadyError::NotUnique`], or what prevents the check.
pub fn require_unique(generator: &Generator, steady: &Steady, memory: f64) -> Result<(), SteadyError> {
    let rate = slow_rate(generator);
    if Unknowns::new(generator.layout()).count <= 3 * DIRECT {
        let modes = super::spectrum::slow_modes(generator, Some(&steady.density), 4, memory)?;
        let count = 1 + modes.iter().filter(|m| m.value.norm() <= STILL * rate).count();
        return if count > 1 { Err(SteadyError::NotUnique { count, rate: STILL * rate }) } else { Ok(()) };
    }
    let (span, u) = uniform(generator);
    let data = steady.density.data();
    let mut x = random_traceless(generator);
    let size = norm(data) / norm(&x);
    x.iter_mut().zip(data).for_each(|(x, y)| *x = *x * size + y);
    let border = Border { generator, rate, span, u };
    let (residual, iterations) = if steady.method == SteadyMethod::NoJump {
        border.by_no_jump(&mut x, 1e-7, memory)?
    } else {
        let shift = shift_of(generator, rate);
        border.by_diagonals(&Diagonals::new(generator, shift, memory)?, shift, &mut x, 1e-7, MOST)
    };
    if residual > 1e-4 {
        // Where the iteration stalls: how slowly anything else decays.
        return match slowest(generator, Some(&steady.density), memory)? {
            Some((value, error)) if error > 0.1 || -value.re <= STILL * rate => {
                Err(SteadyError::NoConvergence { residual, iterations })
            }
            _ => Ok(()),
        };
    }
    let apart: f64 = x.iter().zip(data).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
    if apart > 0.05 * norm(data) { Err(SteadyError::NotUnique { count: 2, rate: residual * rate }) } else { Ok(()) }
}

/// Random numbers in all unknowns, without a trace.
pub(super) fn random_traceless(generator: &Generator) -> Vec<f64> {
    let layout = generator.layout();
    let span = populations(layout);
    let half = layout.len();
    let mut stream = Streams { seed: 1 }.trajectory(0);
    let mut x = vec![0.0; generator.len()];
    for at in (0..half).filter(|at| !layout.stray(*at)) {
        x[at] = stream.uniform() - 0.5;
        if !(layout.hermitian() && span.contains(&at)) {
            x[half + at] = stream.uniform() - 0.5;
        }
    }
    if layout.hermitian() {
        let (span, u) = uniform(generator);
        let sum: f64 = x[span.clone()].iter().sum();
        x[span.clone()].iter_mut().zip(&u[span]).for_each(|(x, u)| *x -= sum * u);
    }
    x
}

/// Σ_n ⟨n|x|n⟩ of a vector on a Hermitian layout.
pub(super) fn trace(generator: &Generator, x: &[f64]) -> f64 {
    x[populations(generator.layout())].iter().sum()
}

/// The equation (G − s u tr) x = −s u, s a slow rate, which the steady state alone solves, with tr x = 1.
struct Border<'a> {
    generator: &'a Generator,
    rate: f64,
    /// Places of the populations.
    span: Range<usize>,
    u: Vec<f64>,
}

impl Border<'_> {
    fn trace(&self, x: &[f64]) -> f64 {
        x[self.span.clone()].iter().sum()
    }

    /// x −= factor · u.
    fn subtract(&self, factor: f64, x: &mut [f64]) {
        x[self.span.clone()].iter_mut().zip(&self.u[self.span.clone()]).for_each(|(x, u)| *x -= factor * u);
    }

    /// One run of GMRES from the x given, to a residual of `tolerance` in units of the rate and of the size of x.
    fn gmres(&self, most: usize, tolerance: f64, precondition: impl FnMut(&mut [f64]), x: &mut [f64]) -> Solved {
        let b: Vec<f64> = self.u.iter().map(|u| -self.rate * u).collect();
        let options = Gmres { restart: RESTART, iterations: most, tolerance: tolerance * self.rate * norm(x) };
        let apply = |x: &[f64], out: &mut [f64]| {
            self.generator.apply(x, out);
            self.subtract(self.rate * self.trace(x), out);
        };
        gmres(&options, apply, precondition, &b, x)
    }

    /// The residual of G x in units of the rate, and the applications made.
    fn by_diagonals(
        &self,
        diagonals: &Diagonals,
        shift: f64,
        x: &mut [f64],
        tolerance: f64,
        most: usize,
    ) -> (f64, usize) {
        // (M − s u tr)⁻¹ r = M⁻¹(r − u tr r s/(σ + s)) exactly where tr M = −σ tr: what is solved for has almost no trace, so that the
        // nearly singular M costs no digits.
        let precondition = |x: &mut [f64]| {
            self.subtract(self.trace(x) * self.rate / (shift + self.rate), x);
            diagonals.solve(x);
        };
        let mut work = vec![0.0; x.len()];
        let mut iterations = 0;
        let mut size = f64::INFINITY;
        // The size of the solution, which the tolerance refers to, is known afterwards only. After the third run each has to gain a digit.
        let mut runs = 0;
        loop {
            runs += 1;
            iterations += self.gmres(most, tolerance, precondition, x).iterations;
            let found = residual(self.generator, self.rate, x, &mut work);
            let gain = if runs < 3 { 0.5 } else { 0.1 };
            if found <= tolerance || found.is_nan() || found >= gain * size {
                return (found, iterations);
            }
            size = found;
        }
    }

    /// The same; the means of the jumps are taken from x anew where they have moved, at most after each restart.
    ///
    /// # Errors
    /// What prevents the inversion.
    fn by_no_jump(&self, x: &mut [f64], tolerance: f64, memory: f64) -> Result<(f64, usize), SteadyError> {
        let operators = self.generator.operators();
        let mut known: Option<(Vec<c64>, NoJump)> = None;
        let mut work = vec![0.0; x.len()];
        let (mut iterations, mut best, mut idle) = (0, f64::INFINITY, 0);
        loop {
            let trace = self.trace(x);
            let state = x.iter().map(|y| y / trace).collect();
            let state = Density::from_planes(self.generator.layout().clone(), state);
            let (means, fluctuations) = no_jump::means(operators, &state);
            let size = |c: &[c64]| c.iter().map(|c| c.norm_sqr()).sum::<f64>();
            let holds = |c: &[c64]| {
                let moved: Vec<c64> = c.iter().zip(&means).map(|(c, mean)| c - mean).collect();
                size(&moved) <= 0.05 * fluctuations + 1e-12 * size(&means)
            };
            known = known.filter(|(c, _)| holds(c));
            let (_, inverse) = match &known {
                Some(known) => known,
                None => {
                    let inverse = NoJump::new(self.generator, operators, &means, 1e-3 * self.rate, memory)?;
                    known.insert((means, inverse))
                }
            };
            // The mean of a first guess says little: it is asked for again soon.
            let most = if best.is_finite() { RESTART } else { RESTART / 4 };
            iterations += self.gmres(most, tolerance, |x| inverse.solve(x), x).iterations;
            let found = residual(self.generator, self.rate, x, &mut work);
            idle = if found < 0.7 * best { 0 } else { idle + 1 };
            if found <= tolerance || found.is_nan() || idle == 4 || iterations > MOST {
                return Ok((found, iterations));
            }
            best = best.min(found);
        }
    }
}
