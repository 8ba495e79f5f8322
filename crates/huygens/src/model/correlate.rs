//! Correlations of the initial state: unitary Gaussian transformations of pairs of modes, or a covariance as it stands.

use num_complex::Complex64 as c64;

use huygens_numerics::linalg::{CMatrix, RMatrix, hermitian_eigen};

use super::error::{Fault, ModelError};
use super::source::Place;
use super::{Binding, Model};
use crate::algebra::{ModeId, Scalar};

/// One step that correlates modes of the initial state; it changes the covariance and leaves the means.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// The modes: two, or as many as the covariance has.
    pub modes: Vec<ModeId>,
    /// What is done to them.
    pub step: Correlating,
    pub(crate) place: Place,
}

/// What correlates modes.
#[derive(Clone, Debug, PartialEq)]
pub enum Correlating {
    /// exp(ζ* ab − ζ a†b†) with ζ = r e^{iφ}: a → a cosh r − e^{iφ} b† sinh r. For φ = 0 it squeezes q_a + q_b and p_a − p_b.
    Squeezing {
        /// r.
        strength: Scalar,
        /// φ.
        phase: Scalar,
    },
    /// exp(θ(e^{iφ} a†b − e^{−iφ} ab†)), a beam splitter: a → a cos θ + e^{iφ} b sin θ, b → b cos θ − e^{−iφ} a sin θ; half of each for
    /// θ = π/4.
    Mixing {
        /// θ.
        angle: Scalar,
        /// φ.
        phase: Scalar,
    },
    /// The covariance of these modes in the order (q₁, p₁, …), row by row; what it replaces is forgotten, and nothing else is correlated
    /// with them.
    Covariance(Vec<Scalar>),
}

/// Smallest eigenvalue of V + iΩ/2, in units of the largest element, that is rounding.
const ROUNDING: f64 = 1e-9;

impl Correlation {
    /// Applies the step to the covariance of all modes.
    pub(super) fn apply(&self, model: &Model, binding: &Binding, v: &mut RMatrix) -> Result<(), ModelError> {
        let names: Vec<&str> = self.modes.iter().map(|m| model.modes[m.0 as usize].name.as_str()).collect();
        let names = names.join(", ");
        let value = |word: &str, scalar: &Scalar| -> Result<f64, ModelError> {
            model.value(scalar, binding, &self.place, &|| format!("the {word} of {names} in the initial state"))
        };
        match &self.step {
            Correlating::Squeezing { strength, phase } => {
                let (r, phi) = (value("squeezing", strength)?, value("phase", phase)?);
                let (c, s) = (r.cosh(), -r.sinh());
                // e^{iφ} b† = [cos φ q + sin φ p + i (sin φ q − cos φ p)]/√2.
                let turn = [[s * phi.cos(), s * phi.sin()], [s * phi.sin(), -s * phi.cos()]];
                self.transform(v, c, turn, turn);
            }
            Correlating::Mixing { angle, phase } => {
                let (theta, phi) = (value("mixing", angle)?, value("phase", phase)?);
                let z = c64::from_polar(theta.sin(), phi);
                let turn = |z: c64| [[z.re, -z.im], [z.im, z.re]];
                self.transform(v, theta.cos(), turn(z), turn(-z.conj()));
            }
            Correlating::Covariance(elements) => {
                let n = 2 * self.modes.len();
                let numbers = elements.iter().map(|x| value("covariance", x)).collect::<Result<Vec<f64>, _>>()?;
                let own = RMatrix::from_vec(n, n, numbers);
                let size = own.norm_max();
                for i in 0..n {
                    for j in 0..i {
                        if (own[(i, j)] - own[(j, i)]).abs() > ROUNDING * size {
                            let fault =
                                Fault::Asymmetric { row: i + 1, column: j + 1, values: [own[(i, j)], own[(j, i)]] };
                            return Err(ModelError::at(&self.place, fault));
                        }
                    }
                }
                let margin = smallest(&own);
                if margin.is_nan() || margin < -ROUNDING * size {
                    return Err(ModelError::at(&self.place, Fault::Uncertainty { margin }));
                }
                let places: Vec<usize> =
                    self.modes.iter().flat_map(|m| [2 * m.0 as usize, 2 * m.0 as usize + 1]).collect();
                for &p in &places {
                    for k in 0..v.rows() {
                        (v[(p, k)], v[(k, p)]) = (0.0, 0.0);
                    }
                }
                for (i, &p) in places.iter().enumerate() {
                    for (j, &q) in places.iter().enumerate() {
                        v[(p, q)] = 0.5 * (own[(i, j)] + own[(j, i)]);
                    }
                }
            }
        }
        if v.is_finite() {
            return Ok(());
        }
        let what = format!("the covariance of {names} in the initial state");
        Err(ModelError::at(&self.place, Fault::NotFinite { what, value: f64::INFINITY }))
    }

    /// V → M V Mᵀ with r_a → c r_a + A r_b and r_b → c r_b + B r_a.
    fn transform(&self, v: &mut RMatrix, c: f64, a: [[f64; 2]; 2], b: [[f64; 2]; 2]) {
        let [first, second] = [0, 1].map(|k| 2 * self.modes[k].0 as usize);
        for rows in [true, false] {
            for k in 0..v.rows() {
                let at = |i: usize| if rows { (i, k) } else { (k, i) };
                let x = [v[at(first)], v[at(first + 1)]];
                let y = [v[at(second)], v[at(second + 1)]];
                for i in 0..2 {
                    v[at(first + i)] = c * x[i] + a[i][0] * y[0] + a[i][1] * y[1];
                    v[at(second + i)] = c * y[i] + b[i][0] * x[0] + b[i][1] * x[1];
                }
            }
        }
    }
}

/// The smallest eigenvalue of V + iΩ/2; NaN where it is not finite.
fn smallest(v: &RMatrix) -> f64 {
    let matrix = CMatrix::from_fn(v.rows(), v.cols(), |i, j| {
        let omega = if i / 2 != j / 2 || i == j { 0.0 } else { 0.5 * (j as f64 - i as f64) };
        c64::new(0.5 * (v[(i, j)] + v[(j, i)]), omega)
    });
    hermitian_eigen(&matrix).map_or(f64::NAN, |(values, _)| values[0])
}
