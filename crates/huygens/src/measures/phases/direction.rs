//! Who drives whom.

use std::f64::consts::TAU;

use huygens_numerics::linalg::{Lu, RMatrix};

use super::PhaseError;

/// Direction of the interaction of two oscillators, from how the phase of each advances in a time τ as a function of both phases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Directionality {
    /// d = (c₁₂ − c₂₁)/(c₁₂ + c₂₁): 1 when only the first drives the second, −1 when only the second drives the first, 0 for equal
    /// influence.
    pub index: f64,
    /// Standard error of d from leaving out one block of the record at a time.
    pub error: f64,
    /// Influence of the first on the second: root mean square of ∂Δφ₂/∂φ₁.
    pub first_on_second: f64,
    /// Influence of the second on the first: root mean square of ∂Δφ₁/∂φ₂.
    pub second_on_first: f64,
    /// Number of blocks behind the error.
    pub blocks: usize,
    /// Cycles of the slower oscillator in the record.
    pub cycles: f64,
}

impl Directionality {
    /// Cycles below which the index says nothing: in shorter records noise alone makes both influences look alike or not
    /// (D. A. Smirnov and B. P. Bezruchko, Phys. Rev. E 68, 046209 (2003)).
    pub const ENOUGH_CYCLES: f64 = 50.0;
}

/// The terms of the Fourier series e^{i(jφ₁ + kφ₂)}: up to the third harmonic of each phase alone and first-order mixtures
/// (Rosenblum and Pikovsky 2001).
const TERMS: [(i32, i32); 8] = [(1, 0), (2, 0), (3, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, -1)];
const SIZE: usize = 1 + 2 * TERMS.len();

/// Normal equations of the two fits over one block.
#[derive(Clone)]
struct Normal {
    matrix: [f64; SIZE * SIZE],
    right: [[f64; SIZE]; 2],
    samples: usize,
}

impl Normal {
    fn zero() -> Self {
        Self { matrix: [0.0; SIZE * SIZE], right: [[0.0; SIZE]; 2], samples: 0 }
    }

    fn sample(&mut self, first: f64, second: f64, steps: [f64; 2]) {
        let mut row = [1.0; SIZE];
        for (t, (j, k)) in TERMS.iter().enumerate() {
            let (sin, cos) = (f64::from(*j) * first + f64::from(*k) * second).sin_cos();
            row[1 + 2 * t] = cos;
            row[2 + 2 * t] = sin;
        }
        for a in 0..SIZE {
            for b in 0..SIZE {
                self.matrix[a * SIZE + b] += row[a] * row[b];
            }
            for (right, step) in self.right.iter_mut().zip(steps) {
                right[a] += row[a] * step;
            }
        }
        self.samples += 1;
    }

    fn add(&mut self, other: &Self) {
        self.matrix.iter_mut().zip(&other.matrix).for_each(|(a, b)| *a += b);
        for (right, more) in self.right.iter_mut().zip(&other.right) {
            right.iter_mut().zip(more).for_each(|(a, b)| *a += b);
        }
        self.samples += other.samples;
    }

    /// Coefficients of the fits of Δφ₁ and Δφ₂.
    fn solve(&self) -> Result<[Vec<f64>; 2], PhaseError> {
        let samples = self.samples.max(1) as f64;
        let matrix = RMatrix::from_fn(SIZE, SIZE, |a, b| self.matrix[a * SIZE + b] / samples);
        let lu = Lu::new(&matrix).map_err(|_| PhaseError::Degenerate)?;
        if lu.pivot_ratio() < 1e-6 {
            return Err(PhaseError::Degenerate);
        }
        Ok([0, 1].map(|k: usize| {
            let mut x: Vec<f64> = self.right[k].iter().map(|r| r / samples).collect();
            lu.solve_in_place(&mut x);
            x
        }))
    }
}

/// Mean squares of ∂Δφ₂/∂φ₁ and of ∂Δφ₁/∂φ₂, or, from variances of the coefficients, what noise adds to them.
fn slopes(squares: &[Vec<f64>; 2]) -> [f64; 2] {
    let sum = |list: &[f64], order: &dyn Fn(&(i32, i32)) -> i32| {
        let terms = TERMS.iter().enumerate();
        terms.map(|(t, term)| 0.5 * f64::from(order(term)).powi(2) * (list[1 + 2 * t] + list[2 + 2 * t])).sum::<f64>()
    };
    [sum(&squares[1], &|t| t.0), sum(&squares[0], &|t| t.1)]
}

fn squared(x: &[Vec<f64>; 2]) -> [Vec<f64>; 2] {
    [0, 1].map(|k: usize| x[k].iter().map(|x| x * x).collect())
}

/// Directionality by the evolution map (M. G. Rosenblum and A. S. Pikovsky, Phys. Rev. E 64, 045202 (2001)): the advance
/// Δφ_k = φ_k(t + τ) − φ_k(t) is fitted by a Fourier series in both phases, and the influence of the other oscillator is the root
/// mean square slope of the fit along the other's phase. What the noise of the coefficients adds to the mean square (their variance
/// by a jackknife over 10 blocks) is taken off, as in D. A. Smirnov and B. P. Bezruchko, Phys. Rev. E 68, 046209 (2003): without that
/// the weaker influence never vanishes.
///
/// `lag` is τ in samples, one mean cycle of the faster oscillator unless there is reason to differ. Phases are unwrapped. The error
/// is that of the same jackknife.
///
/// # Errors
/// [`PhaseError::TooFew`] below 10 cycles of the slower oscillator, [`PhaseError::Degenerate`] when the oscillators are locked so
/// well that the fit has no unique answer.
///
/// # Panics
/// When the phases have different lengths or the lag is zero.
#[track_caller]
pub fn directionality(first: &[f64], second: &[f64], lag: usize) -> Result<Directionality, PhaseError> {
    const BLOCKS: usize = 10;
    assert_eq!(first.len(), second.len(), "phases of one length");
    assert!(lag > 0, "a lag of at least one sample");
    let n = first.len();
    let turns = |p: &[f64]| if n < 2 { 0.0 } else { ((p[n - 1] - p[0]) / TAU).abs() };
    let cycles = turns(first).min(turns(second));
    if cycles < 10.0 || n <= lag + BLOCKS {
        return Err(PhaseError::TooFew { what: "cycles of the slower oscillator", found: cycles as usize, needed: 10 });
    }
    let pairs = n - lag;
    let mut blocks = vec![Normal::zero(); BLOCKS];
    for k in 0..pairs {
        let steps = [first[k + lag] - first[k], second[k + lag] - second[k]];
        blocks[k * BLOCKS / pairs].sample(first[k], second[k], steps);
    }
    let without = |left_out: Option<usize>| {
        let mut sum = Normal::zero();
        for (b, block) in blocks.iter().enumerate() {
            if Some(b) != left_out {
                sum.add(block);
            }
        }
        sum.solve()
    };
    let whole = without(None)?;
    let parts = (0..BLOCKS).map(|b| without(Some(b))).collect::<Result<Vec<_>, _>>()?;
    let scale = (BLOCKS - 1) as f64 / BLOCKS as f64;
    let variances = [0, 1].map(|k: usize| {
        let of = |c: usize| {
            let mean = parts.iter().map(|p| p[k][c]).sum::<f64>() / BLOCKS as f64;
            scale * parts.iter().map(|p| (p[k][c] - mean).powi(2)).sum::<f64>()
        };
        (0..SIZE).map(of).collect::<Vec<f64>>()
    });
    let noise = slopes(&variances);
    let influences = |x: &[Vec<f64>; 2]| {
        let raw = slopes(&squared(x));
        [0, 1].map(|k: usize| (raw[k] - noise[k]).max(0.0).sqrt())
    };
    let index = |[on_second, on_first]: [f64; 2]| {
        let sum: f64 = on_second + on_first;
        if sum > 0.0 { (on_second - on_first) / sum } else { 0.0 }
    };
    let all = influences(&whole);
    let values: Vec<f64> = parts.iter().map(|p| index(influences(p))).collect();
    let mean = values.iter().sum::<f64>() / BLOCKS as f64;
    Ok(Directionality {
        index: index(all),
        error: (scale * values.iter().map(|v| (v - mean).powi(2)).sum::<f64>()).sqrt(),
        first_on_second: all[0],
        second_on_first: all[1],
        blocks: BLOCKS,
        cycles,
    })
}
