//! Paths and branches of paths.

use std::ops::ControlFlow;

use huygens_numerics::c64;
use huygens_numerics::linalg::{Lu, RMatrix, expm, svd};
use huygens_numerics::ode::{self, Options as OdeOptions, as_complex};

use super::flow::{Instanton, InstantonError, Variational};
use super::shooting::Chain;
use crate::levels::gaussian::nonhermitian::Divergence;
use crate::measures::Snapshot;

/// How to look for paths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Relative tolerance of the boundary values and between segments; the integration keeps a thousandth of it.
    pub tolerance: f64,
    /// Fewest shooting segments; more are taken where a segment amplifies by more than e⁵.
    pub segments: usize,
    /// Most points of a branch.
    pub points: usize,
    /// Largest change of ln T and of the relative amplitudes from point to point.
    pub stride: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { tolerance: 1e-9, segments: 16, points: 400, stride: 0.35 }
    }
}

/// A solution of the boundary value problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// T.
    pub duration: f64,
    /// (α₁ … α_n, b₁ … b_n) at the ends of equal segments, from t = 0 to T.
    pub nodes: Vec<Vec<c64>>,
    /// φ(T) = ln tr R(T) to leading order; this branch dominates the one at rest where it is positive.
    pub action: f64,
    /// K, constant along the path: the rate dφ/dT.
    pub generator: f64,
    /// Largest difference between the end of a segment and the beginning of the next, relative to the amplitudes.
    pub residual: f64,
}

/// Which branch gives the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The path: φ > 0.
    Path,
    /// The state near the vacuum: φ < 0.
    Rest,
}

impl Path {
    /// Number of modes.
    pub fn modes(&self) -> usize {
        self.nodes[0].len() / 2
    }

    /// α(T): the amplitudes of the state up to the phases of its symmetries.
    pub fn amplitudes(&self) -> &[c64] {
        let last = self.nodes.last().map_or(&[][..], Vec::as_slice);
        &last[..last.len() / 2]
    }

    /// Which branch gives the state at T.
    pub fn verdict(&self) -> Verdict {
        if self.action > 0.0 { Verdict::Path } else { Verdict::Rest }
    }

    /// Σ_j |b_jα_j| at each node: the number of quanta on the way.
    pub fn numbers(&self) -> Vec<f64> {
        let n = self.modes();
        self.nodes.iter().map(|z| (0..n).map(|j| (z[j] * z[n + j]).norm()).sum()).collect()
    }

    /// The state as one coherent state of the ring of equal phases, for measures that do not see the common phase
    /// (`sync_distance`, `n`, …); their error is of relative order 1/N.
    pub fn snapshot(&self) -> Snapshot {
        let mean = self.amplitudes().to_vec();
        let covariance = RMatrix::identity(2 * mean.len()).scale(0.5);
        Snapshot { mean, covariance }
    }
}

/// The branch that leaves the state at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// When it leaves, or how near the state at rest came to giving way.
    pub departure: Divergence,
    /// Paths along the branch, in the order in which they were found; the last one has the duration asked for.
    pub paths: Vec<Path>,
}

impl Branch {
    /// The path that gives the state at the duration asked for; `None` where that is the state near the vacuum, because the
    /// branch has not begun or weighs less.
    pub fn dominant(&self) -> Option<&Path> {
        self.paths.last().filter(|path| path.verdict() == Verdict::Path)
    }
}

/// What the last equation of the boundary value problem fixes.
#[derive(Clone, Debug)]
enum Closure {
    /// The duration.
    Duration(f64),
    /// direction·y_M + rate·T = value.
    Line { direction: Vec<f64>, rate: f64, value: f64 },
}

/// Everything that Newton's method works on.
#[derive(Clone, Debug)]
struct Guess {
    nodes: Vec<Vec<f64>>,
    duration: f64,
}

impl Guess {
    fn last(&self) -> &[f64] {
        self.nodes.last().map_or(&[], Vec::as_slice)
    }

    fn size(&self) -> f64 {
        norm(self.last())
    }
}

fn norm(y: &[f64]) -> f64 {
    y.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// A segment: its end, and its variational matrix.
struct Segment {
    end: Vec<f64>,
    phi: Vec<f64>,
}

/// Amplification of a segment beyond which it is halved.
const AMPLIFICATION: f64 = 150.0;
const MOST_SEGMENTS: usize = 4096;
const MOST_ITERATIONS: usize = 14;

impl Instanton {
    fn segment(&self, y: &[f64], length: f64, options: &Options, t: f64) -> Result<Segment, InstantonError> {
        let dim = self.dim();
        let mut system = Variational::new(self, dim);
        let mut all = y.to_vec();
        all.extend((0..dim * dim).map(|k| f64::from(u8::from(k / dim == k % dim))));
        let end = self.integrate(&mut system, &all, length, options, t)?;
        Ok(Segment { phi: end[dim..].to_vec(), end: end[..dim].to_vec() })
    }

    fn integrate(
        &self,
        system: &mut Variational<'_>,
        y: &[f64],
        length: f64,
        options: &Options,
        t: f64,
    ) -> Result<Vec<f64>, InstantonError> {
        let scale = norm(&y[..self.dim()]).max(1e-3);
        let mut ode_options = OdeOptions::new(1e-3 * options.tolerance, 1e-3 * options.tolerance * scale.min(1.0));
        ode_options.method = ode::Method::Dop853;
        ode_options.max_steps = 20_000;
        let found = ode::integrate(system, 0.0, y, length, &ode_options, |_| ControlFlow::Continue(()));
        if !found.reason.is_fine() || found.state.y.iter().any(|x| !x.is_finite()) {
            return Err(InstantonError::NotFinite { t });
        }
        Ok(found.state.y)
    }

    /// Halves all segments.
    fn refine(&self, guess: &Guess, options: &Options) -> Result<Guess, InstantonError> {
        let count = guess.nodes.len() - 1;
        let half = 0.5 * guess.duration / count as f64;
        let mut nodes = Vec::with_capacity(2 * count + 1);
        let mut system = Variational::new(self, 0);
        for (i, y) in guess.nodes.iter().enumerate() {
            nodes.push(y.clone());
            if i < count {
                let mut all = y.clone();
                all.extend([0.0; 2]);
                let mut middle = self.integrate(&mut system, &all, half, options, 2.0 * half * i as f64)?;
                middle.truncate(self.dim());
                nodes.push(middle);
            }
        }
        Ok(Guess { nodes, duration: guess.duration })
    }

    /// Newton's method. The phases of the symmetries are fixed to those of `guess`.
    fn correct(
        &self,
        guess: &Guess,
        closure: &Closure,
        kick: Option<&RMatrix>,
        options: &Options,
    ) -> Result<(Guess, f64, usize), InstantonError> {
        let (n, dim) = (self.modes, self.dim());
        let start = self.start_rows();
        let end = kick.map_or_else(|| self.end_rows(), |kick| &self.end_rows() * kick);
        let reference = guess.last().to_vec();
        let symmetries = self.charges.len();
        let mut current = guess.clone();
        let mut unfolding = vec![0.0; symmetries];
        let mut residual = f64::INFINITY;
        let mut previous = f64::INFINITY;
        for iteration in 0..MOST_ITERATIONS {
            let count = current.nodes.len() - 1;
            let length = current.duration / count as f64;
            let size = current.size().max(1e-300);
            let zero: Vec<f64> = start.mul_vec(&current.nodes[0]).iter().map(|x| -x).collect();
            residual = norm(&zero) / size;
            let mut chain = Chain::begin(start.clone(), &zero);
            let mut system_rate = Variational::new(self, 0);
            let mut largest = 0.0f64;
            for i in 0..count {
                let t = length * i as f64;
                let segment = self.segment(&current.nodes[i], length, options, t)?;
                let gap: Vec<f64> = segment.end.iter().zip(&current.nodes[i + 1]).map(|(a, b)| a - b).collect();
                residual = residual.max(norm(&gap) / size);
                let mut rate = vec![0.0; dim + 2];
                let mut at = segment.end.clone();
                at.extend([0.0; 2]);
                ode::System::rhs(&mut system_rate, 0.0, &at, &mut rate);
                rate.truncate(dim);
                rate.iter_mut().for_each(|x| *x /= count as f64);
                largest = largest.max(norm(&segment.phi));
                chain.push(&segment.phi, &rate, &gap);
            }
            if largest > AMPLIFICATION && count < MOST_SEGMENTS {
                current = self.refine(&current, options)?;
                continue;
            }
            // The last node, the unfolding parameters and T.
            let last = current.last().to_vec();
            let z = as_complex(&last);
            let unknowns = dim + symmetries + 1;
            let mut matrix = RMatrix::zeros(unknowns, unknowns);
            let mut rhs = vec![0.0; unknowns];
            for i in 0..2 * n {
                for j in 0..dim {
                    matrix[(i, j)] = chain.rows[(i, j)];
                    matrix[(2 * n + i, j)] = end[(i, j)];
                }
                matrix[(i, unknowns - 1)] = -chain.rhs[(i, 1)];
                rhs[i] = chain.rhs[(i, 0)];
            }
            let mut missed = end.mul_vec(&last);
            for (s, q) in self.charges.iter().enumerate() {
                for j in 0..n {
                    // iμ q_j α_j*: its derivatives by μ and by α.
                    let pulled = c64::new(0.0, q[j]) * z[j].conj();
                    missed[2 * j] += unfolding[s] * pulled.re;
                    missed[2 * j + 1] += unfolding[s] * pulled.im;
                    matrix[(2 * n + 2 * j, dim + s)] = pulled.re;
                    matrix[(2 * n + 2 * j + 1, dim + s)] = pulled.im;
                    matrix[(2 * n + 2 * j, 2 * j + 1)] += unfolding[s] * q[j];
                    matrix[(2 * n + 2 * j + 1, 2 * j)] += unfolding[s] * q[j];
                    // Σ q_j Im(ref_j* α_j) = 0.
                    let row = 4 * n + s;
                    matrix[(row, 2 * j)] = -q[j] * reference[2 * j + 1] / size;
                    matrix[(row, 2 * j + 1)] = q[j] * reference[2 * j] / size;
                }
                let row = 4 * n + s;
                rhs[row] = -(0..dim).map(|j| matrix[(row, j)] * last[j]).sum::<f64>();
            }
            residual = residual.max(norm(&missed) / size);
            for i in 0..2 * n {
                rhs[2 * n + i] = -missed[i];
            }
            match closure {
                Closure::Duration(duration) => {
                    matrix[(unknowns - 1, unknowns - 1)] = 1.0;
                    rhs[unknowns - 1] = duration - current.duration;
                    residual = residual.max((rhs[unknowns - 1] / duration).abs());
                }
                Closure::Line { direction, rate, value } => {
                    let mut at = rate * current.duration;
                    for j in 0..dim {
                        matrix[(unknowns - 1, j)] = direction[j];
                        at += direction[j] * last[j];
                    }
                    matrix[(unknowns - 1, unknowns - 1)] = *rate;
                    rhs[unknowns - 1] = value - at;
                }
            }
            if residual <= options.tolerance && iteration > 0 {
                return Ok((current, residual, iteration));
            }
            if residual > 1e3 * previous.max(1e-6) {
                break;
            }
            previous = residual;
            let lu = Lu::new(&matrix)?;
            lu.solve_in_place(&mut rhs);
            let duration = rhs[unknowns - 1];
            let steps = chain.back(&rhs[..dim], duration)?;
            // A step that would change the path by more than half its size, or reverse T, is shortened.
            let change = steps.iter().map(|s| norm(s)).fold(0.0, f64::max)
                / current.nodes.iter().map(|y| norm(y)).fold(1e-300, f64::max);
            let factor = (0.5 / change.max(1e-300)).min(0.5 * current.duration / duration.abs().max(1e-300)).min(1.0);
            for (y, s) in current.nodes.iter_mut().zip(&steps) {
                y.iter_mut().zip(s).for_each(|(y, s)| *y += factor * s);
            }
            for (mu, d) in unfolding.iter_mut().zip(&rhs[dim..]) {
                *mu += factor * d;
            }
            current.duration += factor * duration;
        }
        Err(InstantonError::NoConvergence { duration: current.duration, residual, iterations: MOST_ITERATIONS })
    }

    fn finish(&self, guess: &Guess, residual: f64, options: &Options) -> Result<Path, InstantonError> {
        let n = self.modes;
        let count = guess.nodes.len() - 1;
        let length = guess.duration / count as f64;
        let mut system = Variational::new(self, 0);
        let nodes: Vec<Vec<c64>> = guess.nodes.iter().map(|y| as_complex(y).to_vec()).collect();
        let start = &nodes[0];
        let mut action: f64 = (0..n).map(|j| start[j].norm_sqr() - (start[n + j] * start[j]).re).sum();
        for i in 0..count {
            let mut all = guess.nodes[i].clone();
            all.extend([0.0; 2]);
            let end = self.integrate(&mut system, &all, length, options, length * i as f64)?;
            action += end[self.dim()];
        }
        let generator = self.generator(&nodes[count])?;
        action += generator * guess.duration;
        Ok(Path { duration: guess.duration, nodes, action, generator, residual })
    }

    /// The path of this duration nearest to a guess, which may be one of another duration or, step by step, of other parameters:
    /// so a branch is followed to where it does not come from the state at rest. There its action tells that it does not dominate.
    ///
    /// # Errors
    /// No convergence.
    pub fn solve(&self, guess: &Path, duration: f64, options: &Options) -> Result<Path, InstantonError> {
        if !(duration > 0.0 && duration.is_finite()) {
            return Err(InstantonError::Duration { duration });
        }
        let nodes = guess.nodes.iter().map(|z| ode::as_real(z).to_vec()).collect();
        let guess = Guess { nodes, duration: guess.duration };
        let (found, residual, _) = self.correct(&guess, &Closure::Duration(duration), None, options)?;
        self.finish(&found, residual, options)
    }

    /// The path of the linearised equations at the departure, of size `amplitude` at its end.
    fn seed(&self, departure: f64, amplitude: f64, options: &Options) -> Result<Guess, InstantonError> {
        let (n, dim) = (self.modes, self.dim());
        let rest = vec![c64::new(0.0, 0.0); 2 * n];
        let jacobian = self.bound.drift_matrix(0.0, &rest);
        let count = options.segments.max(2);
        let back = expm(&jacobian.scale(-departure / count as f64))?;
        // y(T) = E α with b = α*, and the rows of the start on y(0).
        let ends = RMatrix::from_fn(dim, 2 * n, |i, j| {
            let conj = if j % 2 == 0 { 1.0 } else { -1.0 };
            if i == j {
                1.0
            } else if i == 2 * n + j {
                conj
            } else {
                0.0
            }
        });
        let mut whole = RMatrix::identity(dim);
        for _ in 0..count {
            whole = &back * &whole;
        }
        let missed = &(&self.start_rows() * &whole) * &ends;
        let decomposition = svd(&missed)?;
        let alpha = decomposition.v.col(2 * n - 1);
        let scale = amplitude / norm(&alpha);
        let mut y: Vec<f64> = ends.mul_vec(&alpha).iter().map(|x| x * scale).collect();
        let mut nodes = vec![y.clone()];
        for _ in 0..count {
            y = back.mul_vec(&y);
            nodes.push(y.clone());
        }
        nodes.reverse();
        Ok(Guess { nodes, duration: departure })
    }

    /// The branch from the departure of the state at rest to the duration `duration`; no paths where there is no departure before.
    ///
    /// # Errors
    /// A start from rest that is none, no convergence, a branch that does not reach the duration.
    pub fn branch(&self, duration: f64, options: &Options) -> Result<Branch, InstantonError> {
        if !(duration > 0.0 && duration.is_finite()) {
            return Err(InstantonError::Duration { duration });
        }
        let rest = vec![c64::new(0.0, 0.0); 2 * self.modes];
        let mut rate = rest.clone();
        self.bound.flow(0.0, &rest, &mut rate, &mut self.bound.workspace());
        if rate.iter().any(|z| z.norm_sqr() > 0.0) {
            return Err(InstantonError::Displaced);
        }
        let departure = self.departure(duration)?;
        let Some(time) = departure.time else {
            return Ok(Branch { departure, paths: Vec::new() });
        };
        let mut paths = Vec::new();
        // The first two points: the amplitude along the seed's direction is given, T is found.
        let mut previous: Option<Guess> = None;
        let mut current = self.seed(time, 1.0, options)?;
        let direction: Vec<f64> = current.last().iter().map(|x| x / current.size()).collect();
        let (found, residual, _) =
            self.correct(&current, &Closure::Line { direction, rate: 0.0, value: current.size() }, None, options)?;
        paths.push(self.finish(&found, residual, options)?);
        current = found;
        let mut stride = 0.1;
        while paths.len() < options.points {
            let size = current.size();
            let count = current.nodes.len();
            let (predicted, closure) = match &previous {
                None => {
                    let factor = 1.0 + stride;
                    let nodes = current.nodes.iter().map(|y| y.iter().map(|x| factor * x).collect()).collect();
                    let direction: Vec<f64> = current.last().iter().map(|x| x / size).collect();
                    let guess = Guess { nodes, duration: current.duration };
                    (guess, Closure::Line { direction, rate: 0.0, value: factor * size })
                }
                Some(before) => {
                    let mut before = before.clone();
                    while before.nodes.len() < count {
                        before = self.refine(&before, options)?;
                    }
                    // Secant in (y_M/|y_M|, ln T).
                    let along: Vec<f64> =
                        current.last().iter().zip(before.last()).map(|(a, b)| (a - b) / size).collect();
                    let in_time = (current.duration - before.duration) / current.duration;
                    let length = (along.iter().map(|x| x * x).sum::<f64>() + in_time * in_time).sqrt();
                    let factor = stride / length;
                    let nodes: Vec<Vec<f64>> = current
                        .nodes
                        .iter()
                        .zip(&before.nodes)
                        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + factor * (a - b)).collect())
                        .collect();
                    let guess =
                        Guess { nodes, duration: current.duration + factor * (current.duration - before.duration) };
                    let direction: Vec<f64> = along.iter().map(|x| x / (length * size)).collect();
                    let rate = in_time / (length * current.duration);
                    let value =
                        guess.last().iter().zip(&direction).map(|(y, d)| y * d).sum::<f64>() + rate * guess.duration;
                    (guess, Closure::Line { direction, rate, value })
                }
            };
            // Near the end the duration itself is what is fixed.
            let rising = predicted.duration > current.duration;
            let closure = if rising && predicted.duration >= duration { Closure::Duration(duration) } else { closure };
            match self.correct(&predicted, &closure, None, options) {
                Ok((found, residual, iterations)) if found.duration > 0.5 * time => {
                    let path = self.finish(&found, residual, options)?;
                    let done = matches!(closure, Closure::Duration(_));
                    paths.push(path);
                    if done {
                        return Ok(Branch { departure, paths });
                    }
                    previous = Some(std::mem::replace(&mut current, found));
                    if iterations <= 4 {
                        stride = (1.5 * stride).min(options.stride);
                    } else if iterations > 6 {
                        stride *= 0.7;
                    }
                }
                Ok(_) | Err(InstantonError::NoConvergence { .. } | InstantonError::NotFinite { .. })
                    if stride > 1e-4 =>
                {
                    stride *= 0.4;
                }
                Ok((found, residual, iterations)) => {
                    return Err(InstantonError::NoConvergence { duration: found.duration, residual, iterations });
                }
                Err(e) => return Err(e),
            }
        }
        let reached = paths.iter().map(|p| p.duration).fold(0.0, f64::max);
        Err(InstantonError::NotReached { points: paths.len(), reached, wanted: duration })
    }

    /// The path of another duration, from the nearest one of a branch; `None` before its departure.
    ///
    /// # Errors
    /// No convergence.
    pub fn at(&self, branch: &Branch, duration: f64, options: &Options) -> Result<Option<Path>, InstantonError> {
        if branch.departure.time.is_none_or(|time| duration <= time) {
            return Ok(None);
        }
        let far = |path: &&Path| (path.duration / duration).ln().abs();
        match branch.paths.iter().min_by(|a, b| far(a).total_cmp(&far(b))) {
            Some(nearest) => self.solve(nearest, duration, options).map(Some),
            None => Ok(None),
        }
    }

    /// The chain of all paths near this one that obey the start, and the two integrals along the path.
    pub(super) fn chain(&self, path: &Path, options: &Options) -> Result<(Chain, [f64; 2]), InstantonError> {
        let dim = self.dim();
        let count = path.nodes.len() - 1;
        let length = path.duration / count as f64;
        let none = vec![0.0; dim];
        let mut chain = Chain::begin(self.start_rows(), &none[..dim / 2]);
        let mut integrals = [0.0; 2];
        let mut system = Variational::new(self, 0);
        for (i, z) in path.nodes[..count].iter().enumerate() {
            let t = length * i as f64;
            let segment = self.segment(ode::as_real(z), length, options, t)?;
            chain.push(&segment.phi, &none, &none);
            let mut all = ode::as_real(z).to_vec();
            all.extend([0.0; 2]);
            let end = self.integrate(&mut system, &all, length, options, t)?;
            integrals[0] += end[dim];
            integrals[1] += end[dim + 1];
        }
        Ok((chain, integrals))
    }

    /// The path whose end is kicked by exp(a†(ln W)a/2) from both sides before the trace is taken; `kick` is what that does to
    /// (α, b).
    pub(super) fn kicked(&self, path: &Path, kick: &RMatrix, options: &Options) -> Result<Path, InstantonError> {
        let nodes = path.nodes.iter().map(|z| ode::as_real(z).to_vec()).collect();
        let guess = Guess { nodes, duration: path.duration };
        let (found, residual, _) = self.correct(&guess, &Closure::Duration(path.duration), Some(kick), options)?;
        self.finish(&found, residual, options)
    }
}
