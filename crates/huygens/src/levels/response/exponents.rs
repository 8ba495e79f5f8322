//! Floquet exponents of driven systems whose baths are rational: with their inner variables the system is an ordinary periodic one.

use huygens_numerics::c64;
use huygens_numerics::linalg::{self, RMatrix};

use super::bath::Kernel;
use super::embedding::{attach, embedded, inner_variables};
use super::system::Bound;

/// Agreement of the exponents between two numbers of steps, relative to the fastest of them.
const TOLERANCE: f64 = 1e-9;
/// Most steps of a period.
const MOST_STEPS: usize = 1 << 15;

/// Floquet exponents μ_j, e^{μ_j T} the multipliers of one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponents {
    /// μ_j, imaginary parts in (−Ω/2, Ω/2].
    pub values: Vec<c64>,
    /// Relative change by the last doubling of the steps.
    pub change: f64,
}

impl Exponents {
    /// The exponents; `None` without a drive, or where a bath is not rational.
    pub fn new(bound: &Bound) -> Option<Self> {
        if bound.driven.is_empty() {
            return None;
        }
        let fixed = embedded(bound)?;
        let dim = bound.hessian.rows();
        let mut inner = 0;
        for driven in &bound.driven {
            if matches!(driven.kernel, Kernel::Ohmic { .. }) {
                return None;
            }
            inner += inner_variables(&driven.kernel)?;
        }
        let n = fixed.rows() + inner;
        let matrix = |t: f64| -> RMatrix {
            let mut m = RMatrix::zeros(n, n);
            for i in 0..fixed.rows() {
                for j in 0..fixed.rows() {
                    m[(i, j)] = fixed[(i, j)];
                }
            }
            let mut at = fixed.rows();
            for driven in &bound.driven {
                let mut v = vec![0.0; dim];
                for (l, &form) in bound.forms.iter().enumerate() {
                    for (k, row) in driven.harmonics.iter().enumerate() {
                        let turn = c64::from_polar(1.0, -(k as f64) * bound.frequency * t);
                        v[form] += if k == 0 { row[l].re } else { 2.0 * (row[l] * turn).re };
                    }
                }
                attach(&mut m, &driven.kernel, &v, at);
                at += inner_variables(&driven.kernel).unwrap_or(0);
            }
            m
        };
        let period = std::f64::consts::TAU / bound.frequency;
        let mut steps = 16;
        let mut before: Option<Vec<c64>> = None;
        loop {
            let values = exponents(&matrix, n, period, steps)?;
            let fastest = values.iter().map(|x| x.norm()).fold(0.0, f64::max);
            // The slow exponents decide; the fastest may have decayed below the digits of one period.
            let change = before.as_ref().map_or(f64::INFINITY, |old| {
                let slow = |list: &[c64]| list.iter().map(|x| x.re).fold(f64::NEG_INFINITY, f64::max);
                (slow(&values) - slow(old)).abs() / fastest
            });
            if change < TOLERANCE || steps >= MOST_STEPS {
                return (change < 1e-4).then_some(Self { values, change });
            }
            before = Some(values);
            steps *= 2;
        }
    }

    /// The largest real part: positive where the drive is unstable.
    pub fn largest(&self) -> f64 {
        self.values.iter().map(|x| x.re).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The poles iμ of the response in the zone around zero.
    pub fn poles(&self) -> Vec<c64> {
        self.values.iter().map(|s| c64::new(0.0, 1.0) * s).collect()
    }
}

/// Exponents by the Magnus expansion of fourth order, whose steps are exponentials: stiff rates do not limit them.
fn exponents(matrix: &dyn Fn(f64) -> RMatrix, n: usize, period: f64, steps: usize) -> Option<Vec<c64>> {
    let h = period / steps as f64;
    let offset = 3.0_f64.sqrt() / 6.0;
    let mut product = RMatrix::identity(n);
    for k in 0..steps {
        let middle = (k as f64 + 0.5) * h;
        let (a, b) = (matrix(middle - offset * h), matrix(middle + offset * h));
        let mut omega = a.clone();
        omega.add_scaled(1.0, &b);
        omega = omega.scale(0.5 * h);
        let (ab, ba) = (&a * &b, &b * &a);
        let factor = 3.0_f64.sqrt() / 12.0 * h * h;
        omega.add_scaled(factor, &ba);
        omega.add_scaled(-factor, &ab);
        product = &linalg::expm(&omega).ok()? * &product;
    }
    let values = linalg::eigenvalues(&product).ok()?;
    Some(
        values
            .iter()
            .map(|z| z.ln() / period)
            .map(|z| if z.re.is_finite() { z } else { c64::new(-1e3 / period, 0.0) })
            .collect(),
    )
}
