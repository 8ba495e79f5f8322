//! Systems with rational baths as ordinary linear ones: the inner variables of the baths beside the quadratures.
//!
//! Drude: F = −γω_c S + z, ż = −ω_c z + γω_c² S. Peak: F = z − (C/ω₀²) S, z̈ + Γż + ω₀²z = C S. Strictly Ohmic: F = −γṠ, without an
//! inner variable.

use huygens_numerics::linalg::RMatrix;

use super::bath::Kernel;
use super::statics::symplectic;
use super::system::Bound;

/// Number of inner variables of a rational bath.
pub(super) fn inner_variables(kernel: &Kernel) -> Option<usize> {
    match kernel {
        Kernel::Ohmic { .. } => Some(0),
        Kernel::Drude { .. } => Some(1),
        Kernel::Peak { .. } => Some(2),
        Kernel::Exponential { .. } | Kernel::Table { .. } => None,
    }
}

/// Adds a Drude or peaked bath that sees S = vᵀr, its inner variables from `at` on, to the matrix of ẏ = M y.
pub(super) fn attach(matrix: &mut RMatrix, kernel: &Kernel, v: &[f64], at: usize) {
    let dim = v.len();
    // F = z − μS, and what the last of the inner variables feels of S.
    let (mu, pull, last) = match kernel {
        Kernel::Drude { strength, cutoff } => {
            matrix[(at, at)] = -cutoff;
            (strength * cutoff, strength * cutoff * cutoff, at)
        }
        Kernel::Peak { strength, frequency, width } => {
            let w2 = frequency * frequency;
            matrix[(at, at + 1)] = 1.0;
            matrix[(at + 1, at)] = -w2;
            matrix[(at + 1, at + 1)] = -width;
            (strength * w2 / width, strength * w2 * w2 / width, at + 1)
        }
        _ => return,
    };
    // ṙ = −σv F
    for (i, kick) in symplectic(v).into_iter().enumerate() {
        matrix[(i, at)] -= kick;
        for j in 0..dim {
            matrix[(i, j)] += kick * mu * v[j];
        }
    }
    for j in 0..dim {
        matrix[(last, j)] = pull * v[j];
    }
}

/// M of the static system; `None` with baths that are not rational, or with strictly Ohmic ones whose couplings do not commute with
/// the other couplings.
pub(super) fn embedded(bound: &Bound) -> Option<RMatrix> {
    let dim = bound.hessian.rows();
    let mut inner = 0;
    for bath in &bound.reservoirs {
        inner += inner_variables(&bath.kernel)?;
        if matches!(bath.kernel, Kernel::Ohmic { .. }) {
            let kicked = symplectic(&bath.vector);
            let overlap = |v: &[f64]| v.iter().zip(&kicked).map(|(a, b)| a * b).sum::<f64>() != 0.0;
            if bound.reservoirs.iter().any(|r| overlap(&r.vector)) || bound.forms.iter().any(|&l| kicked[l] != 0.0) {
                return None;
            }
        }
    }
    let mut matrix = RMatrix::zeros(dim + inner, dim + inner);
    // ṙ = σ h r
    for j in 0..dim {
        for (i, x) in symplectic(&bound.hessian.col(j)).into_iter().enumerate() {
            matrix[(i, j)] = x;
        }
    }
    let free = matrix.clone();
    let mut at = dim;
    for bath in &bound.reservoirs {
        if let Kernel::Ohmic { strength } = bath.kernel {
            let rate: Vec<f64> = (0..dim).map(|j| (0..dim).map(|i| bath.vector[i] * free[(i, j)]).sum()).collect();
            for (i, kick) in symplectic(&bath.vector).into_iter().enumerate() {
                for j in 0..dim {
                    matrix[(i, j)] += kick * strength * rate[j];
                }
            }
        }
        attach(&mut matrix, &bath.kernel, &bath.vector, at);
        at += inner_variables(&bath.kernel)?;
    }
    Some(matrix)
}
