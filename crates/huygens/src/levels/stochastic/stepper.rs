//! Steps of nonlinear Langevin equations.
//!
//! Orders, for additive noise (jumps linear in a and a†) and for noise that depends on the state; measured in the tests.
//!
//! | stepper | sense | strong, weak (additive) | strong, weak (multiplicative) |
//! |---|---|---|---|
//! | Euler–Maruyama | Itô | 1, 1 | ½, 1 |
//! | Heun | Stratonovich | 1, 2 | ½ (1 for commuting noise), 1 |
//! | splitting | Stratonovich | 1, 2 | ½, 1 (1, 2 for commuting noise) |
//!
//! The splitting composes half a deterministic step, the noise of a whole one and half a deterministic step; the deterministic
//! steps are Runge–Kutta's of order 4, two halves between samples joined to one. An oscillator of frequency ω gains energy at a
//! relative rate ω²h with Euler, ω⁴h³/4 with Heun, and loses it at ω⁶h⁵/72 with the splitting: at ωh = 0.1 that is 0.1, 2.5·10⁻⁴
//! and 1.4·10⁻⁷ ω, to be compared with the damping rate.

use std::ops::Range;

use huygens_numerics::c64;
use huygens_numerics::random::Lanes;
use multiversion::multiversion;

use super::ensemble::{Dynamics, LANES, Lane, Sampling};
use super::langevin::{BoundLangevin, Clock, Program};
use super::linear::{GaussianStart, SparseRows, add_times};

/// How a step is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// x + f h + V ΔW, Itô (G. Maruyama 1955).
    EulerMaruyama,
    /// The trapezoidal rule with Euler's predictor for drift and noise, Stratonovich (W. Rümelin, SIAM J. Numer. Anal. 19, 604
    /// (1982)); for additive noise Platen's scheme of weak order 2 (P. E. Kloeden, E. Platen 1992, eq. 15.1.4).
    Heun,
    /// Half a Runge–Kutta step, the noise, half a Runge–Kutta step, Stratonovich (G. Strang, SIAM J. Numer. Anal. 5, 506
    /// (1968)).
    #[default]
    Splitting,
}

impl Method {
    /// All methods by name.
    pub const ALL: [(&'static str, Method); 3] =
        [("splitting", Method::Splitting), ("heun", Method::Heun), ("euler", Method::EulerMaruyama)];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::EulerMaruyama => "euler",
            Method::Heun => "heun",
            Method::Splitting => "splitting",
        }
    }

    /// Weak order.
    pub fn weak_order(self, multiplicative: bool) -> i32 {
        if multiplicative || self == Method::EulerMaruyama { 1 } else { 2 }
    }

    /// Growth rate ln|R(λh)|/h that a step of length h gives to a linear motion ẋ = λx, to be compared with Re λ; R is the
    /// polynomial of the deterministic step.
    pub fn damping(self, rate: c64, step: f64) -> f64 {
        let order = match self {
            Method::EulerMaruyama => 1,
            Method::Heun => 2,
            Method::Splitting => 4,
        };
        let z = rate * step;
        let amplification = (1..=order).rev().fold(c64::new(1.0, 0.0), |sum, k| 1.0 + sum * z / f64::from(k));
        amplification.norm().ln() / step
    }

    /// What it is and of which order, one line.
    pub fn describe(self, multiplicative: bool) -> String {
        let (name, sense) = match self {
            Method::EulerMaruyama => ("Euler–Maruyama", "Itô"),
            Method::Heun => ("stochastic Heun", "Stratonovich"),
            Method::Splitting => ("Runge–Kutta 4 between kicks of noise (Strang splitting)", "Stratonovich"),
        };
        let strong = if multiplicative { "½" } else { "1" };
        format!("{name}, {sense}, strong order {strong}, weak order {}", self.weak_order(multiplicative))
    }
}

/// How long and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepping {
    /// The method.
    pub method: Method,
    /// Largest step; the steps from sample to sample are equal.
    pub step: f64,
    /// Increments of the noise that make one step: with 2, a step twice as long on the same noise as with 1.
    pub refine: usize,
}

impl Stepping {
    /// Number and length of the steps that fill an interval; a whole number of steps of twice the length fills it as well.
    pub fn divide(&self, interval: f64) -> (usize, f64) {
        let count = 2 * (interval / (2.0 * self.step) * (1.0 - 1e-12)).ceil().max(1.0) as usize;
        (count, interval / count as f64)
    }
}

/// A nonlinear model with start, sampling and stepper: the [`Dynamics`] of its trajectories.
#[derive(Clone, Debug)]
pub struct Stepped {
    langevin: BoundLangevin,
    start: GaussianStart,
    sampling: Sampling,
    stepping: Stepping,
    legs: [(usize, f64); 2],
    /// √h G of both legs, h one increment.
    kicks: [SparseRows; 2],
}

/// Scratch space of [`Stepped`].
#[derive(Clone, Debug)]
pub struct SteppedWork {
    start: Vec<Lane>,
    words: Vec<Lane>,
    slope: Vec<Lane>,
    sum: Vec<Lane>,
    stage: Vec<Lane>,
    fields: Vec<Lane>,
    field_words: Vec<Lane>,
    /// Increments of one step, and the sum of several.
    draws: Vec<Lane>,
    used: usize,
    kick: Vec<Lane>,
    drift_clock: Option<Clock>,
    field_clock: Option<Clock>,
    coefficients: [Vec<f64>; 3],
    field_coefficients: Vec<f64>,
}

/// Increments drawn at once, in numbers of noises.
const AHEAD: usize = 2;

impl Stepped {
    /// Prepares the run. A quench is a `start` that belongs to other parameters. `stepping.refine` divides the steps of
    /// `stepping.step`, which count the increments: the step made is `refine` times as long.
    pub fn new(langevin: BoundLangevin, start: GaussianStart, sampling: Sampling, stepping: Stepping) -> Self {
        let legs = [sampling.from, sampling.every].map(|t| {
            let (count, _) = stepping.divide(t);
            let whole = count.next_multiple_of(stepping.refine);
            (whole, t / whole as f64)
        });
        let kicks = legs.map(|(_, increment)| langevin.constant.scaled(increment.sqrt()));
        Self { langevin, start, sampling, stepping, legs, kicks }
    }

    /// The longest step made.
    pub fn longest(&self) -> f64 {
        let made = |(_, h): &(usize, f64)| h * self.stepping.refine as f64;
        self.legs.iter().map(made).fold(0.0, f64::max)
    }

    /// Number of steps to sample `sample` from the one before it.
    pub(crate) fn steps(&self, sample: usize) -> usize {
        self.legs[usize::from(sample > 0)].0 / self.stepping.refine
    }

    /// Forgets the random numbers drawn ahead: what follows belongs to other trajectories.
    pub(crate) fn forget(&self, work: &mut SteppedWork) {
        work.draws.clear();
        work.used = 0;
    }

    /// Some of the steps to sample `sample`.
    pub(crate) fn part(
        &self,
        sample: usize,
        range: Range<usize>,
        noise: &mut Lanes<LANES>,
        state: &mut [Lane],
        work: &mut SteppedWork,
    ) {
        let (_, increment) = self.legs[usize::from(sample > 0)];
        let h = increment * self.stepping.refine as f64;
        let begin = if sample == 0 { 0.0 } else { self.sampling.time(sample - 1) };
        if self.stepping.method != Method::Splitting {
            for step in range {
                self.draw(increment, noise, work);
                self.explicit(begin + step as f64 * h, h, state, work);
            }
            return;
        }
        self.runge_kutta(begin + range.start as f64 * h, 0.5 * h, state, work);
        for step in range.clone() {
            let middle = begin + (step as f64 + 0.5) * h;
            if self.langevin.field_count == 0 {
                self.kick(usize::from(sample > 0), noise, state, work);
            } else {
                self.draw(increment, noise, work);
                self.shake(middle, state, work);
            }
            let rest = if step + 1 == range.end { 0.5 * h } else { h };
            self.runge_kutta(middle, rest, state, work);
        }
    }

    fn drift_program(&self) -> &Program {
        match self.stepping.method {
            Method::EulerMaruyama => &self.langevin.ito,
            _ => &self.langevin.stratonovich,
        }
    }

    /// Additive noise of one step, straight into the state.
    fn kick(&self, leg: usize, noise: &mut Lanes<LANES>, state: &mut [Lane], work: &mut SteppedWork) {
        let count = self.langevin.constant_count;
        if count == 0 {
            return;
        }
        for _ in 0..self.stepping.refine {
            if work.used == work.draws.len() {
                work.draws.resize(AHEAD * count, [0.0; LANES]);
                noise.fill_normals(&mut work.draws);
                work.used = 0;
            }
            add_times(&self.kicks[leg], &work.draws[work.used..work.used + count], state);
            work.used += count;
        }
    }

    /// The increments ΔW of one step of length h, constant noises first, scaled.
    fn draw(&self, h: f64, noise: &mut Lanes<LANES>, work: &mut SteppedWork) {
        let count = self.langevin.constant_count + self.langevin.field_count;
        work.kick.fill([0.0; LANES]);
        for _ in 0..self.stepping.refine {
            if work.used == work.draws.len() {
                work.draws.resize(AHEAD * count, [0.0; LANES]);
                noise.fill_normals(&mut work.draws);
                work.used = 0;
            }
            add_scaled(&work.draws[work.used..work.used + count], h.sqrt(), &mut work.kick);
            work.used += count;
        }
    }

    /// Coefficients of the drift at t, t + h/2 and t + h.
    fn tune(&self, program: &Program, t: f64, h: f64, work: &mut SteppedWork) {
        if let Some(clock) = &mut work.drift_clock {
            for (k, out) in work.coefficients.iter_mut().enumerate() {
                program.at(t + 0.5 * k as f64 * h, clock, out);
            }
        }
    }

    fn runge_kutta(&self, t: f64, h: f64, state: &mut [Lane], work: &mut SteppedWork) {
        let program = self.drift_program();
        self.tune(program, t, h, work);
        let fixed = &program.coefficients;
        let [first, middle, last] = match work.drift_clock {
            Some(_) => [&work.coefficients[0], &work.coefficients[1], &work.coefficients[2]],
            None => [fixed, fixed, fixed],
        };
        runge_kutta(program, [first, middle, last], h, state, &mut work.words, &mut work.slope, &mut work.sum);
    }

    /// `out = Σ V_j(x) ΔW_j` with the constant fields among them.
    fn noise_at(
        &self,
        x: &[Lane],
        kick: &[Lane],
        words: &mut [Lane],
        fields: &mut [Lane],
        coefficients: &[f64],
        out: &mut [Lane],
    ) {
        let constant = self.langevin.constant_count;
        constant_noise(&self.langevin.constant, &kick[..constant], out);
        if self.langevin.field_count > 0 {
            evaluate(&self.langevin.fields, coefficients, x, words, fields);
            for (field, dw) in fields.chunks_exact(x.len()).zip(&kick[constant..]) {
                add_product(field, dw, out);
            }
        }
    }

    /// The flow of Σ V_j ΔW_j for a unit of time, by Runge–Kutta of order 4.
    fn shake(&self, t: f64, state: &mut [Lane], work: &mut SteppedWork) {
        let SteppedWork { kick, field_words, fields, slope, sum, stage, field_clock, field_coefficients, .. } = work;
        let coefficients = match field_clock {
            Some(clock) => {
                self.langevin.fields.at(t, clock, field_coefficients);
                &*field_coefficients
            }
            None => &self.langevin.fields.coefficients,
        };
        let mut noise = |x: &[Lane], out: &mut [Lane]| self.noise_at(x, kick, field_words, fields, coefficients, out);
        noise(state, slope);
        sum.copy_from_slice(state);
        add_scaled(slope, 1.0 / 6.0, sum);
        for (weight, share) in [(0.5, 1.0 / 3.0), (0.5, 1.0 / 3.0), (1.0, 1.0 / 6.0)] {
            stage.copy_from_slice(state);
            add_scaled(slope, weight, stage);
            noise(stage, slope);
            add_scaled(slope, share, sum);
        }
        state.copy_from_slice(sum);
    }

    /// Euler's step, or Heun's.
    fn explicit(&self, t: f64, h: f64, state: &mut [Lane], work: &mut SteppedWork) {
        let program = self.drift_program();
        self.tune(program, t, h, work);
        let heun = self.stepping.method == Method::Heun;
        let SteppedWork {
            words,
            slope,
            sum,
            stage,
            fields,
            field_words,
            kick,
            drift_clock,
            field_clock,
            coefficients,
            field_coefficients,
            ..
        } = work;
        let mut total = |x: &[Lane], late: bool, out: &mut [Lane]| {
            let at = match drift_clock {
                Some(_) => &coefficients[if late { 2 } else { 0 }],
                None => &program.coefficients,
            };
            evaluate(program, at, x, words, slope);
            let at = match field_clock {
                Some(clock) => {
                    self.langevin.fields.at(if late { t + h } else { t }, clock, field_coefficients);
                    &*field_coefficients
                }
                None => &self.langevin.fields.coefficients,
            };
            self.noise_at(x, kick, field_words, fields, at, out);
            add_scaled(slope, h, out);
        };
        total(state, false, sum);
        if !heun {
            add_scaled(sum, 1.0, state);
            return;
        }
        stage.copy_from_slice(state);
        add_scaled(sum, 1.0, stage);
        add_scaled(sum, 0.5, state);
        total(stage, true, sum);
        add_scaled(sum, 0.5, state);
    }
}

impl Dynamics for Stepped {
    type Work = SteppedWork;

    fn dimension(&self) -> usize {
        2 * self.langevin.modes
    }

    fn work(&self) -> SteppedWork {
        let n = self.dimension();
        let lanes = |count: usize| vec![[0.0; LANES]; count];
        let words = self.langevin.ito.shape().words().max(self.langevin.stratonovich.shape().words());
        SteppedWork {
            start: Vec::new(),
            words: lanes(words),
            slope: lanes(n),
            sum: lanes(n),
            stage: lanes(n),
            fields: lanes(n * self.langevin.field_count),
            field_words: lanes(self.langevin.fields.shape().words()),
            draws: Vec::new(),
            used: 0,
            kick: lanes(self.langevin.constant_count + self.langevin.field_count),
            drift_clock: self.drift_program().clock(),
            field_clock: self.langevin.fields.clock(),
            coefficients: Default::default(),
            field_coefficients: Vec::new(),
        }
    }

    fn start(&self, noise: &mut Lanes<LANES>, state: &mut [Lane], work: &mut SteppedWork) {
        self.start.draw(noise, state, &mut work.start);
        self.forget(work);
    }

    fn advance(&self, sample: usize, noise: &mut Lanes<LANES>, state: &mut [Lane], work: &mut SteppedWork) {
        self.part(sample, 0..self.steps(sample), noise, state, work);
    }

    fn drift(&self, time: f64, state: &[Lane], out: &mut [Lane], work: &mut SteppedWork) {
        let program = self.drift_program();
        self.tune(program, time, 0.0, work);
        let coefficients = if work.drift_clock.is_some() { &work.coefficients[0] } else { &program.coefficients };
        evaluate(program, coefficients, state, &mut work.words, out);
    }
}

#[inline(always)]
fn products(program: &Program, words: &mut [Lane]) {
    let base = words.len() - program.products.len();
    for (k, &(i, j)) in program.products.iter().enumerate() {
        let (done, rest) = words.split_at_mut(base + k);
        let (a, b, target) = (&done[i as usize], &done[j as usize], &mut rest[0]);
        for l in 0..LANES {
            target[l] = a[l] * b[l];
        }
    }
}

/// One row: Σ c w over its entries; a constant, the word 0, comes first.
#[inline(always)]
fn row(program: &Program, coefficients: &[f64], words: &[Lane], i: usize) -> Lane {
    let range = program.starts[i] as usize..program.starts[i + 1] as usize;
    let (indices, numbers) = (&program.words[range.clone()], &coefficients[range]);
    let (Some((&w, indices)), Some((&c, numbers))) = (indices.split_first(), numbers.split_first()) else {
        return [0.0; LANES];
    };
    let mut sum = [c; LANES];
    if w != 0 {
        let word = &words[w as usize];
        for l in 0..LANES {
            sum[l] = c * word[l];
        }
    }
    for (&w, &c) in indices.iter().zip(numbers) {
        let word = &words[w as usize];
        for l in 0..LANES {
            sum[l] += c * word[l];
        }
    }
    sum
}

#[inline(always)]
fn load(program: &Program, x: &[Lane], words: &mut [Lane]) {
    let words = &mut words[..1 + x.len() + program.products.len()];
    words[0] = [1.0; LANES];
    words[1..=x.len()].copy_from_slice(x);
    products(program, words);
}

/// All rows of a program at a state.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn evaluate(program: &Program, coefficients: &[f64], x: &[Lane], words: &mut [Lane], out: &mut [Lane]) {
    load(program, x, words);
    for (i, target) in out.iter_mut().enumerate() {
        *target = row(program, coefficients, words, i);
    }
}

/// One step of the classical Runge–Kutta method; coefficients at its beginning, middle and end.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn runge_kutta(
    program: &Program,
    coefficients: [&Vec<f64>; 3],
    h: f64,
    state: &mut [Lane],
    words: &mut [Lane],
    slope: &mut [Lane],
    sum: &mut [Lane],
) {
    let n = state.len();
    let words = &mut words[..1 + n + program.products.len()];
    words[0] = [1.0; LANES];
    words[1..=n].copy_from_slice(state);
    sum.copy_from_slice(state);
    // Time, way to the next stage, weight of the slope.
    for (at, way, weight) in [(0, 0.5 * h, h / 6.0), (1, 0.5 * h, h / 3.0), (1, h, h / 3.0)] {
        products(program, words);
        for (i, slope) in slope.iter_mut().enumerate() {
            *slope = row(program, coefficients[at], words, i);
        }
        for (((k, total), next), from) in slope.iter().zip(sum.iter_mut()).zip(&mut words[1..=n]).zip(state.iter()) {
            for l in 0..LANES {
                total[l] += weight * k[l];
                next[l] = from[l] + way * k[l];
            }
        }
    }
    products(program, words);
    let weight = h / 6.0;
    for (i, (x, total)) in state.iter_mut().zip(sum.iter()).enumerate() {
        let k = row(program, coefficients[2], words, i);
        for l in 0..LANES {
            x[l] = total[l] + weight * k[l];
        }
    }
}

/// `out += a x`.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn add_scaled(x: &[Lane], a: f64, out: &mut [Lane]) {
    for (x, y) in x.iter().zip(out) {
        for l in 0..LANES {
            y[l] += a * x[l];
        }
    }
}

/// `out += x dw`, lane by lane.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn add_product(x: &[Lane], dw: &Lane, out: &mut [Lane]) {
    for (x, y) in x.iter().zip(out) {
        for l in 0..LANES {
            y[l] += dw[l] * x[l];
        }
    }
}

/// `out = G ΔW`.
fn constant_noise(matrix: &SparseRows, kick: &[Lane], out: &mut [Lane]) {
    super::linear::times(matrix, kick, out);
}
