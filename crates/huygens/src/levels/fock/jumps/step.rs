//! Steps of ψ̇ = K(t) ψ for many trajectories, each with a time and a step of its own.

use huygens_numerics::c64;
use huygens_numerics::ode::DOP853;
use multiversion::multiversion;

use super::super::generator::Operators;
use super::apply::{Amplitude, Effective};
use crate::algebra::{Compiled, EvalError, Scratch};

/// Terms of the exponential series at most.
const TERMS: usize = 48;
/// A term may be larger than the state by this much before the digits that cancel are too many.
const GROWTH: f64 = 1e3;
/// Steps grow where the series takes fewer terms than the first, shrink where it takes more than the second.
const FEW: usize = 18;
const MANY: usize = 30;

/// What a trial step did to one trajectory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Trial {
    /// It stands; the next may be longer by this factor.
    Good(f64),
    /// It is to be made again, shorter by this factor.
    Bad(f64),
}

/// Moves L trajectories.
///
/// Without drives e^{hK}ψ is summed as a Taylor series, to as many terms as the tolerance asks for; with drives the step is that of
/// DOP853. Nothing of one trajectory enters the arithmetic of another.
#[derive(Clone, Debug)]
pub(super) struct Propagator<'a, const L: usize> {
    k: &'a Effective,
    tolerance: f64,
    drive: Option<Drive>,
    /// Derivatives, of which the first belongs to the base; and scratch.
    stages: Vec<Vec<Amplitude<L>>>,
    scratch: Vec<Amplitude<L>>,
    /// The state at the end of the last trial.
    pub(super) end: Vec<Amplitude<L>>,
    /// Applications of K to all trajectories together.
    pub(super) applications: u64,
}

/// Values of the coefficients that depend on the time.
#[derive(Clone, Debug)]
struct Drive {
    program: Compiled,
    scratch: Scratch,
    phi: Vec<c64>,
}

impl Drive {
    fn at(&mut self, t: f64) -> Result<&[c64], EvalError> {
        self.program.at(t, &[], &mut self.scratch, &mut self.phi)?;
        Ok(&self.phi)
    }
}

impl<'a, const L: usize> Propagator<'a, L> {
    pub(super) fn new(k: &'a Effective, operators: &Operators, tolerance: f64) -> Self {
        let drive = operators.depends_on_time().then(|| {
            let program = Compiled::new(&operators.moving);
            let mut scratch = program.scratch();
            let mut phi = vec![c64::new(0.0, 0.0); operators.moving.len()];
            // Fails only where `at` fails, and that reports it.
            let _ = program.bind(&operators.params, &mut scratch, &mut phi);
            Drive { program, scratch, phi }
        });
        let stages = if drive.is_some() { DOP853.nodes.len() } else { 2 };
        Self {
            k,
            tolerance,
            drive,
            stages: vec![k.vector(); stages],
            scratch: k.vector(),
            end: k.vector(),
            applications: 0,
        }
    }

    /// The time-dependent coefficients φ of the jumps at a time; empty without drives.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub(super) fn coefficients(&mut self, t: f64) -> Result<&[c64], EvalError> {
        match &mut self.drive {
            Some(drive) => drive.at(t),
            None => Ok(&[]),
        }
    }

    fn factors(&mut self, times: &[f64; L]) -> Result<Vec<Amplitude<L>>, EvalError> {
        let Some(drive) = &mut self.drive else { return Ok(Vec::new()) };
        let mut values = vec![[[0.0; L]; 2]; self.k.factors().len()];
        for (l, t) in times.iter().enumerate() {
            let phi = drive.at(*t)?;
            let of = |k: u32| if k == 0 { c64::new(1.0, 0.0) } else { phi[k as usize - 1] };
            for (value, factor) in values.iter_mut().zip(self.k.factors()) {
                let z = of(factor.0).conj() * of(factor.1);
                (value[0][l], value[1][l]) = (z.re, z.im);
            }
        }
        Ok(values)
    }

    /// A first guess of the step.
    pub(super) fn first_step(&self) -> f64 {
        match self.k.size() {
            0.0 => f64::INFINITY,
            size if self.drive.is_some() => 0.3 / size,
            size => 4.0 / size,
        }
    }

    /// K(t)ψ into the first stage; gives −d|ψ|²/dt = −2 Re⟨ψ|K|ψ⟩.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub(super) fn rates(&mut self, times: &[f64; L], psi: &[Amplitude<L>]) -> Result<[f64; L], EvalError> {
        let moving = self.factors(times)?;
        self.k.apply(psi, &mut self.stages[0], &[1.0; L], &moving);
        self.applications += 1;
        let mut rates = overlap(self.k.inner(psi), self.k.inner(&self.stages[0]));
        rates.iter_mut().for_each(|x| *x *= -2.0);
        Ok(rates)
    }

    /// A step of length h\[l\] of each trajectory after [`Propagator::rates`], into [`Propagator::end`]; norms |ψ|² of the state.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub(super) fn attempt(
        &mut self,
        times: &[f64; L],
        h: &[f64; L],
        psi: &[Amplitude<L>],
        norms: &[f64; L],
    ) -> Result<[Trial; L], EvalError> {
        if self.drive.is_some() { self.runge_kutta(times, h, psi, norms) } else { Ok(self.series(h, psi, norms)) }
    }

    fn series(&mut self, h: &[f64; L], psi: &[Amplitude<L>], norms: &[f64; L]) -> [Trial; L] {
        let Self { k, stages, end, .. } = self;
        let [term, next] = &mut stages[..] else { unreachable!("two vectors without drives") };
        let mut previous = first_term(psi, term, end, h);
        let mut verdict: [Option<Trial>; L] = [None; L];
        let square = self.tolerance * self.tolerance;
        for l in 0..L {
            if h[l] == 0.0 {
                verdict[l] = Some(Trial::Good(1.0));
            }
        }
        for n in 2..=TERMS {
            let mut scale = [0.0; L];
            for l in 0..L {
                scale[l] = if verdict[l].is_none() { h[l] / n as f64 } else { 0.0 };
            }
            let size = k.apply_and_add(term, next, &scale, end);
            std::mem::swap(term, next);
            self.applications += 1;
            for l in 0..L {
                if verdict[l].is_some() {
                    continue;
                }
                if size[l] > GROWTH * GROWTH * norms[l] || size[l].is_nan() {
                    verdict[l] = Some(Trial::Bad(0.4));
                } else if size[l].max(previous[l]) <= square * norms[l] {
                    let factor = if n <= FEW {
                        1.3
                    } else if n > MANY {
                        0.8
                    } else {
                        1.0
                    };
                    verdict[l] = Some(Trial::Good(factor));
                }
            }
            previous = size;
            if verdict.iter().all(Option::is_some) {
                break;
            }
        }
        verdict.map(|v| v.unwrap_or(Trial::Bad(0.5)))
    }

    fn runge_kutta(
        &mut self,
        times: &[f64; L],
        h: &[f64; L],
        psi: &[Amplitude<L>],
        norms: &[f64; L],
    ) -> Result<[Trial; L], EvalError> {
        for s in 1..DOP853.nodes.len() {
            let (at, a) = DOP853.rows[s];
            combine(psi, &self.stages, at, a, h, &mut self.scratch);
            let mut stage_times = *times;
            stage_times.iter_mut().zip(h).for_each(|(t, h)| *t += DOP853.nodes[s] * h);
            let moving = self.factors(&stage_times)?;
            self.k.apply(&self.scratch, &mut self.stages[s], &[1.0; L], &moving);
            self.applications += 1;
        }
        let (at, b) = DOP853.result;
        combine(psi, &self.stages, at, b, h, &mut self.end);
        let errors = errors(&self.stages, h);
        let mut verdict = [Trial::Good(1.0); L];
        for l in 0..L {
            // Hairer, Nørsett and Wanner, sec. II.10: |err| = |err₅|²/√(|err₅|² + 0.01 |err₃|²), here of the whole vector.
            let [fifth, third] = errors.map(|e| e[l]);
            let weight = fifth + 0.01 * third;
            let size = if weight == 0.0 { 0.0 } else { fifth / weight.sqrt() };
            let error = size / (self.tolerance * norms[l].sqrt());
            let factor = (0.9 * error.powf(-1.0 / 8.0)).clamp(0.2, 5.0);
            verdict[l] = if error <= 1.0 {
                Trial::Good(factor)
            } else {
                Trial::Bad(if error.is_finite() { factor } else { 0.1 })
            };
        }
        Ok(verdict)
    }
}

/// Re⟨x|y⟩ of each trajectory.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn overlap<const L: usize>(x: &[Amplitude<L>], y: &[Amplitude<L>]) -> [f64; L] {
    let mut sum = [0.0; L];
    for (x, y) in x.iter().zip(y) {
        for l in 0..L {
            sum[l] += x[0][l] * y[0][l] + x[1][l] * y[1][l];
        }
    }
    sum
}

/// |x|² of each trajectory.
pub(super) fn norms<const L: usize>(x: &[Amplitude<L>]) -> [f64; L] {
    overlap(x, x)
}

/// term ← h term, sum ← x + term; gives |term|².
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn first_term<const L: usize>(
    x: &[Amplitude<L>],
    term: &mut [Amplitude<L>],
    sum: &mut [Amplitude<L>],
    h: &[f64; L],
) -> [f64; L] {
    let mut size = [0.0; L];
    for ((x, term), sum) in x.iter().zip(term).zip(sum) {
        for p in 0..2 {
            for l in 0..L {
                term[p][l] *= h[l];
                sum[p][l] = x[p][l] + term[p][l];
                size[l] += term[p][l] * term[p][l];
            }
        }
    }
    size
}

/// out = x + h Σ_j a_j k\[at_j\].
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn combine<const L: usize>(
    x: &[Amplitude<L>],
    k: &[Vec<Amplitude<L>>],
    at: &[usize],
    a: &[f64],
    h: &[f64; L],
    out: &mut [Amplitude<L>],
) {
    for (n, (out, x)) in out.iter_mut().zip(x).enumerate() {
        let mut sum = [[0.0; L]; 2];
        for (stage, a) in at.iter().zip(a) {
            let k = &k[*stage][n];
            for p in 0..2 {
                for l in 0..L {
                    sum[p][l] += a * k[p][l];
                }
            }
        }
        for p in 0..2 {
            for l in 0..L {
                out[p][l] = x[p][l] + h[l] * sum[p][l];
            }
        }
    }
}

/// |err₅|² and |err₃|².
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn errors<const L: usize>(k: &[Vec<Amplitude<L>>], h: &[f64; L]) -> [[f64; L]; 2] {
    let (at, b) = DOP853.result;
    let (low_at, low) = DOP853.third;
    let mut sums = [[0.0; L]; 2];
    for n in 0..k[0].len() {
        let (mut fifth, mut third) = ([[0.0; L]; 2], [[0.0; L]; 2]);
        for (j, stage) in at.iter().enumerate() {
            let k = &k[*stage][n];
            for p in 0..2 {
                for l in 0..L {
                    fifth[p][l] += DOP853.fifth[j] * k[p][l];
                    third[p][l] += b[j] * k[p][l];
                }
            }
        }
        for (stage, w) in low_at.iter().zip(low) {
            let k = &k[*stage][n];
            for p in 0..2 {
                for l in 0..L {
                    third[p][l] -= w * k[p][l];
                }
            }
        }
        for p in 0..2 {
            for l in 0..L {
                let (a, c) = (h[l] * fifth[p][l], h[l] * third[p][l]);
                sums[0][l] += a * a;
                sums[1][l] += c * c;
            }
        }
    }
    sums
}
