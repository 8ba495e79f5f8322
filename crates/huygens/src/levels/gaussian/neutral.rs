//! Directions in which a state drifts without restoring force, and the covariance without them.
//!
//! On an autonomous limit cycle the monodromy matrix M has v (the velocity in quadrature units, √2(Re ż, Im ż)) as right
//! eigenvector of eigenvalue 1; a continuous symmetry adds its generator. With the left vectors U, UᵀV = 1, and P = 1 − V Uᵀ,
//! one period of noise Q gives
//!
//! A = (PMP) A (PMP)ᵀ + P Q Pᵀ, W = (1 − PMP)⁻¹ P Q U, growth a period = Uᵀ Q U,
//! C(t) = A + V Wᵀ + W Vᵀ + V c(t) Vᵀ, c(t) = Uᵀ C U.
//!
//! At a fixed point the same holds with the drift in place of M − 1.

use huygens_numerics::linalg::{self, LinalgError, RMatrix};

use crate::levels::mean_field::tangent::Tangent;

/// Solution of the covariance equation with the neutral directions kept apart.
#[derive(Clone, Debug)]
pub struct Separated {
    /// C_b = A + V Wᵀ + W Vᵀ: the covariance with c = 0 (not positive in general).
    pub base: RMatrix,
    /// Growth of c per period (per unit time at a fixed point), r × r.
    pub growth: RMatrix,
    /// Right neutral vectors V, 2n × r.
    pub right: RMatrix,
    /// Left neutral vectors U, 2n × r, UᵀV = 1.
    pub left: RMatrix,
    /// Eigenvalues of PMP (or of the projected drift) without the r zeros of the neutral directions.
    pub spectrum: Vec<huygens_numerics::c64>,
}

impl Separated {
    /// The solution of a tangent space in quadratures again.
    pub fn widened(self, tangent: &Tangent) -> Self {
        Self { base: tangent.widen(self.base), right: tangent.lift(self.right), left: tangent.lift(self.left), ..self }
    }
}

/// U with Uᵀ(M − 1) = 0 and UᵀV = 1, from the bordered system [[(M−1)ᵀ, V], [Vᵀ, 0]] [U; 0] = [0; 1].
fn left_vectors(generator: &RMatrix, right: &RMatrix) -> Result<RMatrix, LinalgError> {
    let (n, r) = (generator.rows(), right.cols());
    let bordered = RMatrix::from_fn(n + r, n + r, |i, j| match (i < n, j < n) {
        (true, true) => generator[(j, i)],
        (true, false) => right[(i, j - n)],
        (false, true) => right[(j, i - n)],
        (false, false) => 0.0,
    });
    let rhs = RMatrix::from_fn(n + r, r, |i, j| if i == n + j { 1.0 } else { 0.0 });
    let solution = linalg::solve(&bordered, &rhs)?;
    Ok(RMatrix::from_fn(n, r, |i, j| solution[(i, j)]))
}

/// P = 1 − V Uᵀ.
pub fn projector(right: &RMatrix, left: &RMatrix) -> RMatrix {
    let n = right.rows();
    &RMatrix::identity(n) - &(right * &left.transpose())
}

fn symmetric_part(v: &RMatrix, w: &RMatrix) -> RMatrix {
    let vw = v * &w.transpose();
    &vw + &vw.transpose()
}

/// The r eigenvalues closest to zero are those of the neutral directions, removed by the projector.
fn without_neutral(projected: &RMatrix, r: usize) -> Result<Vec<huygens_numerics::c64>, LinalgError> {
    let mut values = linalg::eigenvalues(projected)?;
    values.sort_by(|a, b| b.norm().total_cmp(&a.norm()));
    values.truncate(values.len() - r);
    Ok(values)
}

/// The smallest |λ| removed must belong to the neutral directions; multipliers are sorted by falling modulus.
///
/// # Errors
/// When a linear system is singular: a further neutral direction exists that was not named.
pub fn periodic(monodromy: &RMatrix, noise: &RMatrix, right: &RMatrix) -> Result<Separated, LinalgError> {
    let n = monodromy.rows();
    let r = right.cols();
    let identity = RMatrix::identity(n);
    let left = if r == 0 { RMatrix::zeros(n, 0) } else { left_vectors(&(monodromy - &identity), right)? };
    let p = projector(right, &left);
    let inner = &(&p * monodromy) * &p;
    let spectrum = without_neutral(&inner, r)?;
    let pq = &p * noise;
    let pqp = &pq * &p.transpose();
    let a = linalg::stein(&inner, &pqp)?;
    let base = if r == 0 {
        a
    } else {
        let w = linalg::solve(&(&identity - &inner), &(&pq * &left))?;
        &a + &symmetric_part(right, &w)
    };
    let growth = &(&left.transpose() * noise) * &left;
    Ok(Separated { base, growth, right: right.clone(), left, spectrum })
}

/// The same for a constant drift: A solves M A + A Mᵀ + P D Pᵀ = 0 on the complement, W = −M⁻¹ P D U there.
///
/// # Errors
/// As [`periodic`].
pub fn stationary(drift: &RMatrix, diffusion: &RMatrix, right: &RMatrix) -> Result<Separated, LinalgError> {
    let n = drift.rows();
    let r = right.cols();
    let left = if r == 0 { RMatrix::zeros(n, 0) } else { left_vectors(drift, right)? };
    let p = projector(right, &left);
    // −V Uᵀ moves the neutral directions to the eigenvalue −1, where they see no noise.
    let scale = drift.norm_max().max(f64::MIN_POSITIVE);
    let shifted = &(&(&p * drift) * &p) - &(right * &left.transpose()).scale(scale);
    let spectrum = {
        let values = linalg::eigenvalues(&(&(&p * drift) * &p))?;
        let mut sorted = values;
        sorted.sort_by(|a, b| b.norm().total_cmp(&a.norm()));
        sorted.truncate(n - r);
        sorted.sort_by(|a, b| b.re.total_cmp(&a.re));
        sorted
    };
    let pd = &p * diffusion;
    let a = linalg::lyapunov(&shifted, &(&pd * &p.transpose()))?;
    let base = if r == 0 {
        a
    } else {
        let w = linalg::solve(&shifted, &(&pd * &left))?.scale(-1.0);
        &a + &symmetric_part(right, &w)
    };
    let growth = &(&left.transpose() * diffusion) * &left;
    Ok(Separated { base, growth, right: right.clone(), left, spectrum })
}

/// Multipliers of a monodromy matrix without those of the neutral directions, falling modulus; `None` where the neutral
/// direction is defective.
pub fn spectrum(monodromy: &RMatrix, right: &RMatrix) -> Option<Vec<huygens_numerics::c64>> {
    let identity = RMatrix::identity(monodromy.rows());
    let left = left_vectors(&(monodromy - &identity), right).ok()?;
    let p = projector(right, &left);
    without_neutral(&(&(&p * monodromy) * &p), right.cols()).ok()
}
