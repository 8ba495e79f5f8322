//! Symplectic spectra of covariance matrices, and what follows from them.
//!
//! A covariance matrix V of n modes (order q₁, p₁, q₂, p₂, …; vacuum ½) is brought by a symplectic S to
//! S V Sᵀ = diag(ν₁, ν₁, …, ν_n, ν_n) (Williamson). The ν_k are the moduli of the eigenvalues of iΩV with Ω = ⊕ \[\[0, 1\],
//! \[−1, 0\]\]; a state needs ν_k ≥ ½. With V = L Lᵀ they are also the singular values, each twice, of the antisymmetric matrix
//! K = LᵀΩL. That is how they are computed here: i K is Hermitian, so that nothing is amplified when two of them meet (as in
//! every pure state), where the textbook formula by det V and Δ = det A + det B + 2 det C loses half of the digits. The
//! partial transpose of a set of modes flips the sign of their p, that is of their blocks of Ω, and needs no new L.

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, RMatrix, hermitian_eigen};

use super::super::Moments;
use super::super::blocks::{Block, Pair};
use crate::levels::equations::Spin;

/// A symplectic eigenvalue may lie this much below ½ by rounding and still count as ½. Farther below the state is no state.
pub const ROUNDING: f64 = 1e-7;

/// Lower triangular L with V = L Lᵀ; `None` unless V is positive definite.
pub(crate) fn cholesky(v: &RMatrix) -> Option<RMatrix> {
    let n = v.rows();
    let mut l = RMatrix::zeros(n, n);
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = l.row(i)[..j].iter().zip(&l.row(j)[..j]).map(|(x, y)| x * y).sum();
            let rest = v[(i, j)] - dot;
            if i > j {
                l[(i, j)] = rest / l[(j, j)];
            } else if rest > 0.0 {
                l[(i, i)] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(l)
}

/// The covariance of some modes, block by block.
pub fn gather(state: &dyn Moments, modes: &[usize]) -> RMatrix {
    let mut v = RMatrix::zeros(2 * modes.len(), 2 * modes.len());
    for (i, &k) in modes.iter().enumerate() {
        for (j, &l) in modes.iter().enumerate().skip(i) {
            let block = state.covariance(k, l);
            for (r, row) in block.iter().enumerate() {
                for (c, &x) in row.iter().enumerate() {
                    v[(2 * i + r, 2 * j + c)] = x;
                    v[(2 * j + c, 2 * i + r)] = x;
                }
            }
        }
    }
    v
}

/// Symplectic eigenvalues in ascending order; `None` unless V is positive definite. O(n³).
///
/// # Panics
/// Where V is not square of even order.
#[track_caller]
pub fn symplectic_eigenvalues(v: &RMatrix) -> Option<Vec<f64>> {
    partially_transposed(v, &[])
}

/// Symplectic eigenvalues, ascending, of the partial transpose of the modes `transposed` (0, 1, … in the order of V).
/// A value below ½ shows that these modes are entangled with the others.
///
/// # Panics
/// Where V is not square of even order.
#[track_caller]
pub fn partially_transposed(v: &RMatrix, transposed: &[usize]) -> Option<Vec<f64>> {
    let n = v.rows() / 2;
    assert!(v.rows() == 2 * n && v.cols() == 2 * n, "a covariance matrix has 2n rows and 2n columns");
    let l = cholesky(v)?;
    match n {
        0 => return Some(Vec::new()),
        1 => return Some(vec![l[(0, 0)] * l[(1, 1)]]),
        _ => {}
    }
    // K = LᵀΩL = Σ_m s_m (q-row of mode m)ᵀ(p-row of mode m) − transpose.
    let mut ik = CMatrix::zeros(2 * n, 2 * n);
    for m in 0..n {
        let sign = if transposed.contains(&m) { -1.0 } else { 1.0 };
        let (q, p) = (l.row(2 * m), l.row(2 * m + 1));
        for i in 0..=2 * m + 1 {
            for j in 0..=2 * m + 1 {
                ik[(i, j)] += c64::new(0.0, sign * (q[i] * p[j] - p[i] * q[j]));
            }
        }
    }
    // Eigenvalues ±ν, ascending.
    let (values, _) = hermitian_eigen(&ik).ok()?;
    Some(values[n..].to_vec())
}

/// Entropy in nats of a mode with symplectic eigenvalue ν: (ν+½) ln(ν+½) − (ν−½) ln(ν−½), 0 at ν = ½. NaN below ½ by more
/// than [`ROUNDING`].
pub fn mode_entropy(nu: f64) -> f64 {
    let n = nu - 0.5;
    if n > 0.0 {
        // ln(n+1) + n ln(1 + 1/n): accurate for a hot mode too, where the two terms of the definition nearly cancel.
        n.ln_1p() + n * n.recip().ln_1p()
    } else if n >= -ROUNDING {
        0.0
    } else {
        f64::NAN
    }
}

/// Von Neumann entropy S = Σ f(ν_k) in nats of the Gaussian state with this covariance; NaN where it is no state.
pub fn entropy(v: &RMatrix) -> f64 {
    symplectic_eigenvalues(v).map_or(f64::NAN, |nu| nu.into_iter().map(mode_entropy).sum())
}

/// Purity tr ρ² = 2⁻ⁿ/√det V of the Gaussian state with this covariance; NaN where V is not positive definite.
pub fn purity(v: &RMatrix) -> f64 {
    cholesky(v).map_or(f64::NAN, |l| {
        (0..l.rows() / 2).map(|k| 0.5 / (l[(2 * k, 2 * k)] * l[(2 * k + 1, 2 * k + 1)])).product()
    })
}

/// Logarithmic negativity Σ max(0, −ln 2ν̃_k) in nats across the cut between `transposed` and the other modes; NaN where V
/// is not positive definite.
pub fn log_negativity(v: &RMatrix, transposed: &[usize]) -> f64 {
    partially_transposed(v, transposed).map_or(f64::NAN, |nu| nu.into_iter().map(negativity_of).sum())
}

pub(super) fn negativity_of(nu: f64) -> f64 {
    (-(2.0 * nu).ln()).max(0.0)
}

/// Smallest eigenvalue of V + iΩ/2: the uncertainty relation holds where it is ≥ 0. Unlike the symplectic eigenvalues it is
/// defined for any symmetric V. NaN where V is not finite.
pub fn uncertainty_margin(v: &RMatrix) -> f64 {
    let matrix = CMatrix::from_fn(v.rows(), v.cols(), |i, j| {
        let omega = if i / 2 != j / 2 || i == j { 0.0 } else { 0.5 * (j as f64 - i as f64) };
        c64::new(0.5 * (v[(i, j)] + v[(j, i)]), omega)
    });
    hermitian_eigen(&matrix).map_or(f64::NAN, |(values, _)| values.first().copied().unwrap_or(f64::INFINITY))
}

/// Smallest eigenvalue of V + ½⟨\[R, R\]⟩ over the quadratures of bosons and √2 (J_x, −J_y, J_z) of spins: the uncertainty relation of Robertson
/// holds where it is ≥ 0. The commutators are i of bosons, and −2i ε_abc r_c with r = (⟨J_x⟩, −⟨J_y⟩, ⟨J_z⟩) of a spin.
pub fn margin_with_spins(state: &dyn Moments, spins: &[Spin]) -> f64 {
    if spins.is_empty() {
        let all: Vec<usize> = (0..state.modes()).collect();
        return uncertainty_margin(&gather(state, &all));
    }
    // Places (variable, row) of the quadratures, and the commutators −i⟨[R_a, R_b]⟩.
    let modes = (0..state.modes()).filter(|k| spins.iter().all(|s| s.z != *k));
    let mut places: Vec<(usize, usize)> = modes.flat_map(|k| [(k, 0), (k, 1)]).collect();
    places.extend(spins.iter().map(|s| (s.z, 0)));
    let commutator = |a: (usize, usize), b: (usize, usize)| -> f64 {
        let spin = spins.iter().find(|s| [s.mode, s.z].contains(&a.0));
        match spin {
            None if a.0 == b.0 => b.1 as f64 - a.1 as f64,
            Some(spin) if [spin.mode, spin.z].contains(&b.0) => {
                let z = state.mean(spin.mode);
                let r = [z.re, z.im, state.mean(spin.z).re];
                let axis = |p: (usize, usize)| if p.0 == spin.z { 2 } else { p.1 };
                match (axis(a), axis(b)) {
                    (i, j) if (i + 1) % 3 == j => -2.0 * r[(i + 2) % 3],
                    (i, j) if (j + 1) % 3 == i => 2.0 * r[(j + 2) % 3],
                    _ => 0.0,
                }
            }
            _ => 0.0,
        }
    };
    let matrix = CMatrix::from_fn(places.len(), places.len(), |i, j| {
        let (a, b) = (places[i], places[j]);
        c64::new(state.covariance(a.0, b.0)[a.1][b.1], 0.5 * commutator(a, b))
    });
    hermitian_eigen(&matrix).map_or(f64::NAN, |(values, _)| values.first().copied().unwrap_or(f64::INFINITY))
}

/// Symplectic eigenvalue √det V of one mode; `None` unless V is positive definite.
pub(crate) fn one_mode(v: &Block) -> Option<f64> {
    let square = v[0][0];
    let rest = v[1][1] - v[0][1] * v[1][0] / square;
    (square > 0.0 && rest > 0.0).then(|| (square * rest).sqrt())
}

/// The symplectic spectrum of two modes and of their partial transpose, without allocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoModes {
    /// Symplectic eigenvalues of the first and of the second mode alone.
    pub local: [f64; 2],
    /// Symplectic eigenvalues ν₋ ≤ ν₊.
    pub nu: [f64; 2],
    /// The same of the partial transpose, ν̃₋ ≤ ν̃₊; ν̃₋ < ½ means entangled.
    pub transposed: [f64; 2],
    /// 1 − c²/(ab) ≤ 1 − d²/(ab) of the standard form (variances a, b; correlations diag(c, d)): the part of a quadrature of one
    /// mode that the other mode does not tell.
    pub unknown: [f64; 2],
}

impl TwoModes {
    /// Of modes `k` and `l`; `None` unless their covariance is positive definite.
    pub fn of(state: &dyn Moments, k: usize, l: usize) -> Option<Self> {
        Self::from_pair(&Pair::of(state, k, l))
    }

    pub(super) fn from_pair(pair: &Pair) -> Option<Self> {
        let Pair { a, b, c } = pair;
        let v = [
            [a[0][0], a[0][1], c[0][0], c[0][1]],
            [a[1][0], a[1][1], c[1][0], c[1][1]],
            [c[0][0], c[1][0], b[0][0], b[0][1]],
            [c[0][1], c[1][1], b[1][0], b[1][1]],
        ];
        // V = M diag(p) Mᵀ with unit lower triangular M: L = M diag(√p), the roots taken last so that the vacuum stays exact.
        let mut m = [[0.0; 4]; 4];
        let mut pivots = [0.0; 4];
        for i in 0..4 {
            for j in 0..=i {
                let mut rest = v[i][j];
                for k in 0..j {
                    rest -= m[i][k] * m[j][k] * pivots[k];
                }
                if i > j {
                    m[i][j] = rest / pivots[j];
                } else if rest > 0.0 {
                    pivots[i] = rest;
                    m[i][i] = 1.0;
                } else {
                    return None;
                }
            }
        }
        // √det V = |Pf K| = ν₋ν₊, for V and for its partial transpose alike.
        let first = (pivots[0] * pivots[1]).sqrt();
        let volume = first * (pivots[2] * pivots[3]).sqrt();
        let nu = spectrum(&m, &pivots, 1.0, volume);
        let transposed = spectrum(&m, &pivots, -1.0, volume);
        // With B = L_B L_Bᵀ and the Schur complement B − CᵀA⁻¹C = L_S L_Sᵀ these are the squared singular values of L_B⁻¹L_S.
        let local = [first, one_mode(b)?];
        let slope = b[1][0] / b[0][0];
        let rest = b[1][1] - slope * b[1][0];
        let sum = pivots[2] / b[0][0] + (pivots[3] + pivots[2] * (m[3][2] - slope).powi(2)) / rest;
        let product = (pivots[2] / b[0][0]) * (pivots[3] / rest);
        let larger = 0.5 * (sum + (sum * sum - 4.0 * product).max(0.0).sqrt());
        Some(Self { local, nu, transposed, unknown: [product / larger, larger] })
    }
}

/// Singular values of K = Lᵀ(ω ⊕ ±ω)L. A 4×4 antisymmetric matrix is the sum of a self-dual part x and an anti-self-dual part
/// y, and its singular values are (|x| ± |y|)/2; the smaller one is the Pfaffian over the larger.
fn spectrum(m: &[[f64; 4]; 4], pivots: &[f64; 4], sign: f64, volume: f64) -> [f64; 2] {
    let wedge = |i: usize, j: usize| {
        let of_m = m[0][i] * m[1][j] - m[1][i] * m[0][j] + sign * (m[2][i] * m[3][j] - m[3][i] * m[2][j]);
        (pivots[i] * pivots[j]).sqrt() * of_m
    };
    let (k01, k23, k02, k13, k03, k12) = (wedge(0, 1), wedge(2, 3), wedge(0, 2), wedge(1, 3), wedge(0, 3), wedge(1, 2));
    let norm = |s: f64| ((k01 + s * k23).powi(2) + (k02 - s * k13).powi(2) + (k03 + s * k12).powi(2)).sqrt();
    let largest = 0.5 * (norm(1.0) + norm(-1.0));
    [volume / largest, largest]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::testing::{Random, gaussian, two_mode_squeezed};
    use approx::assert_relative_eq;

    #[test]
    fn williamson_values_come_back() {
        let mut random = Random::new(11);
        for n in 1..=6 {
            for _ in 0..20 {
                let mut nu: Vec<f64> = (0..n).map(|_| 0.5 + random.exponential()).collect();
                let state = random.with_spectrum(&nu, 1.0);
                nu.sort_by(f64::total_cmp);
                let found = symplectic_eigenvalues(&state.covariance).unwrap();
                for (x, y) in found.iter().zip(&nu) {
                    assert_relative_eq!(x, y, max_relative = 1e-10);
                }
                let pure: f64 = nu.iter().map(|x| 0.5 / x).product();
                assert_relative_eq!(purity(&state.covariance), pure, max_relative = 1e-9);
                assert!(uncertainty_margin(&state.covariance) > -1e-12);
                let too_cold = state.covariance.scale(0.4 / nu[0]);
                assert!(uncertainty_margin(&too_cold) < 0.0);
            }
        }
    }

    /// The closed form against the Hermitian eigenproblem and against the invariants of the textbooks.
    #[test]
    fn two_modes_three_ways() {
        let mut random = Random::new(12);
        for _ in 0..500 {
            let state = random.physical(2);
            let two = TwoModes::of(&state, 0, 1).unwrap();
            let v = &state.covariance;
            let all = symplectic_eigenvalues(v).unwrap();
            let transposed = partially_transposed(v, &[1]).unwrap();
            let other = partially_transposed(v, &[0]).unwrap();
            for i in 0..2 {
                assert_relative_eq!(two.nu[i], all[i], max_relative = 1e-10);
                assert_relative_eq!(two.transposed[i], transposed[i], max_relative = 1e-9);
                assert_relative_eq!(other[i], transposed[i], max_relative = 1e-9);
            }
            let det2 = |r: usize, c: usize| v[(r, c)] * v[(r + 1, c + 1)] - v[(r, c + 1)] * v[(r + 1, c)];
            let delta = det2(0, 0) + det2(2, 2) + 2.0 * det2(0, 2);
            assert_relative_eq!(two.nu[0].powi(2) + two.nu[1].powi(2), delta, max_relative = 1e-9);
            let delta = det2(0, 0) + det2(2, 2) - 2.0 * det2(0, 2);
            assert_relative_eq!(two.transposed[0].powi(2) + two.transposed[1].powi(2), delta, max_relative = 1e-9);
            assert_relative_eq!(two.local[0], det2(0, 0).sqrt(), max_relative = 1e-9);
            assert_relative_eq!(two.local[1], det2(2, 2).sqrt(), max_relative = 1e-9);
        }
    }

    /// A pure state: both ν are ½ to 14 digits, where √(Δ² − 4 det) would leave 1e-7.
    #[test]
    fn pure_states_keep_their_digits() {
        for r in [0.1, 1.0, 3.0] {
            let state = two_mode_squeezed(r);
            let two = TwoModes::of(&state, 0, 1).unwrap();
            for nu in two.nu {
                assert!((nu - 0.5).abs() < 1e-15 * (4.0 * r).exp(), "{nu}");
            }
            assert_relative_eq!(two.transposed[0], 0.5 * (-2.0 * r).exp(), max_relative = 1e-15 * (4.0 * r).exp());
            assert_relative_eq!(two.transposed[1], 0.5 * (2.0 * r).exp(), max_relative = 1e-14);
        }
    }

    #[test]
    fn entropy_of_a_mode() {
        for nbar in [1e-9f64, 0.3, 1.0, 100.0] {
            let direct = (nbar + 1.0) * (nbar + 1.0).ln() - nbar * nbar.ln();
            assert_relative_eq!(mode_entropy(nbar + 0.5), direct, max_relative = 1e-7);
        }
        // S → ln n̄ + 1 + 1/(2n̄): the digits of a hot mode survive.
        assert_relative_eq!(mode_entropy(1e12), 1e12f64.ln() + 1.0, max_relative = 1e-15);
        assert_eq!(mode_entropy(0.5), 0.0);
        assert_eq!(mode_entropy(0.5 - 1e-9), 0.0);
        assert!(mode_entropy(0.4).is_nan());
    }

    #[test]
    fn what_is_no_state_is_not_a_number() {
        let indefinite = gaussian(&[&[1.0, 2.0], &[2.0, 1.0]]).covariance;
        assert!(symplectic_eigenvalues(&indefinite).is_none());
        assert!(
            entropy(&indefinite).is_nan() && purity(&indefinite).is_nan() && log_negativity(&indefinite, &[0]).is_nan()
        );
        assert_relative_eq!(uncertainty_margin(&indefinite), 1.0 - (4.0f64 + 0.25).sqrt(), max_relative = 1e-14);
        let not_finite = gaussian(&[&[f64::NAN, 0.0], &[0.0, 1.0]]).covariance;
        assert!(symplectic_eigenvalues(&not_finite).is_none());
    }

    /// Three modes: a two-mode squeezed pair beside a thermal mode is entangled across two of the three cuts.
    #[test]
    fn negativity_across_cuts_of_three_modes() {
        let r: f64 = 0.6;
        let (c, s) = (0.5 * (2.0 * r).cosh(), 0.5 * (2.0 * r).sinh());
        let mut v = RMatrix::identity(6).scale(1.7);
        for (i, j, x) in [(0, 0, c), (1, 1, c), (2, 2, c), (3, 3, c), (0, 2, s), (2, 0, s), (1, 3, -s), (3, 1, -s)] {
            v[(i, j)] = x;
        }
        assert_relative_eq!(log_negativity(&v, &[0]), 2.0 * r, max_relative = 1e-12);
        assert_relative_eq!(log_negativity(&v, &[1, 2]), 2.0 * r, max_relative = 1e-12);
        assert!(log_negativity(&v, &[2]) < 1e-12);
        assert_relative_eq!(entropy(&v), mode_entropy(1.7), max_relative = 1e-12);
    }
}
