//! Gaussian states of any mean and covariance in number states.
//!
//! With z and w for the amplitudes of ket and bra, the matrix elements of a Gaussian state have the generating function (N. Quesada et al.,
//! Phys. Rev. A 100, 022341 (2019))
//!
//! e^{(|z|² + |w|²)/2} ⟨z|ρ|w⟩ = ρ₀₀ exp(z†T w + ½ z†P z* + ½ wᵀP* w + ℓ·z* + ℓ*·w),
//!
//! T = 1 − E, P = −F, ℓ = E m + F m*, ρ₀₀ = exp(−Re m†ℓ)/√det(V + ½), for the mean m = ⟨a⟩, the covariance V and
//! \[\[E, F\], \[F*, E*\]\] the inverse of the covariance of the Husimi function in (a, a†). A pure state has T = 0, and its amplitudes
//! the generating function √ρ₀₀ exp(½ z†P z* + ℓ·z*).

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, LinalgError, RMatrix, det, inverse, symmetric_eigen};
use huygens_numerics::random::Stream;

use super::layout::Layout;
use super::space::Space;

/// The generating function of a Gaussian state.
#[derive(Clone, Debug)]
pub(super) struct Generating {
    /// E = 1 − T.
    normal: CMatrix,
    /// P.
    pub(super) pairs: CMatrix,
    /// √det(V + ½).
    width: f64,
    /// Coefficients below this are rounding.
    rounding: f64,
}

impl Generating {
    /// Of the states with the covariance V in the order (q₁, p₁, …), whatever their mean.
    pub(super) fn new(covariance: &RMatrix) -> Result<Self, LinalgError> {
        let n = covariance.rows();
        let husimi = covariance + &RMatrix::identity(n).scale(0.5);
        let g = inverse(&husimi)?;
        let part = |k: usize, l: usize| {
            let at = |i: usize, j: usize| g[(2 * k + i, 2 * l + j)];
            // The blocks of U (V + ½)⁻¹ U† with U = [[1, i], [1, −i]]/√2.
            (
                0.5 * c64::new(at(0, 0) + at(1, 1), at(1, 0) - at(0, 1)),
                -0.5 * c64::new(at(0, 0) - at(1, 1), at(0, 1) + at(1, 0)),
            )
        };
        Ok(Self {
            normal: CMatrix::from_fn(n / 2, n / 2, |k, l| part(k, l).0),
            pairs: CMatrix::from_fn(n / 2, n / 2, |k, l| part(k, l).1),
            width: det(&husimi).sqrt(),
            rounding: ROUNDING * husimi.norm_max(),
        })
    }

    /// ℓ of the state with this mean.
    pub(super) fn linear(&self, mean: &[c64]) -> Vec<c64> {
        let conjugate: Vec<c64> = mean.iter().map(c64::conj).collect();
        let (e, f) = (self.normal.mul_vec(mean), self.pairs.mul_vec(&conjugate));
        e.iter().zip(&f).map(|(e, f)| e - f).collect()
    }

    /// ρ₀₀.
    pub(super) fn vacuum(&self, mean: &[c64], linear: &[c64]) -> f64 {
        let exponent: f64 = mean.iter().zip(linear).map(|(m, l)| (m.conj() * l).re).sum();
        (-exponent).exp() / self.width
    }
}

/// Rounding of the coefficients of the generating function, in units of the largest variance.
const ROUNDING: f64 = 1e-14;

impl Generating {
    /// T, without rounding.
    pub(super) fn exchange(&self, k: usize, l: usize) -> c64 {
        let one = if k == l { 1.0 } else { 0.0 };
        let t = one - self.normal[(k, l)];
        if t.norm() > self.rounding { t } else { c64::new(0.0, 0.0) }
    }

    /// P, without rounding.
    fn pair(&self, k: usize, l: usize) -> c64 {
        let p = self.pairs[(k, l)];
        if p.norm() > self.rounding { p } else { c64::new(0.0, 0.0) }
    }

    /// ℓ, without rounding.
    fn displacement(&self, mean: &[c64]) -> Vec<c64> {
        let largest = mean.iter().map(|m| m.norm()).fold(0.0, f64::max);
        let clean = |z: c64| if z.norm() > self.rounding * largest { z } else { c64::new(0.0, 0.0) };
        self.linear(mean).into_iter().map(clean).collect()
    }

    /// The shifts of ket and bra that lead from ⟨0|ρ|0⟩ to all elements that do not vanish.
    pub(super) fn shifts(&self, mean: &[c64]) -> Vec<(Vec<i32>, Vec<i32>)> {
        let modes = mean.len();
        let unit = |list: &[usize]| {
            let mut v = vec![0; modes];
            list.iter().for_each(|k| v[*k] += 1);
            v
        };
        let mut shifts = Vec::new();
        let mut both = |list: &[usize]| {
            shifts.push((unit(list), unit(&[])));
            shifts.push((unit(&[]), unit(list)));
        };
        let zero = c64::new(0.0, 0.0);
        for (k, l) in self.displacement(mean).into_iter().enumerate() {
            if l != zero {
                both(&[k]);
            }
        }
        for k in 0..modes {
            for l in k..modes {
                if self.pair(k, l) != zero {
                    both(&[k, l]);
                }
            }
        }
        for k in 0..modes {
            shifts.extend((0..modes).filter(|l| self.exchange(k, *l) != zero).map(|l| (unit(&[k]), unit(&[l]))));
        }
        shifts
    }

    /// All elements on a layout, in its order: with the ket the larger one,
    /// √m_k ρ_{m,n} = ℓ_k ρ_{m−e_k,n} + Σ_l P_kl √(m − e_k)_l ρ_{m−e_k−e_l,n} + Σ_l T_kl √n_l ρ_{m−e_k,n−e_l}.
    pub(super) fn elements(&self, mean: &[c64], layout: &Layout) -> Vec<c64> {
        let modes = mean.len();
        let linear = self.displacement(mean);
        let table = |of: &dyn Fn(usize, usize) -> c64| -> Vec<Vec<(usize, c64)>> {
            let row = |k: usize| (0..modes).map(|l| (l, of(k, l))).filter(|(_, z)| *z != c64::new(0.0, 0.0)).collect();
            (0..modes).map(row).collect()
        };
        let (pairs, exchange) = (table(&|k, l| self.pair(k, l)), table(&|k, l| self.exchange(k, l)));
        let numbers = layout.space().numbers();
        let of = |state: u32| &numbers[state as usize * modes..(state as usize + 1) * modes];
        let mut order: Vec<(i32, u32, u32, usize)> = Vec::with_capacity(layout.len());
        layout.each(|at, ket, bra| {
            let (ket, bra) = (ket as u32, bra as u32);
            order.push((of(ket).iter().chain(of(bra)).sum(), ket, bra, at));
        });
        order.sort_unstable();
        let mut values = vec![c64::new(0.0, 0.0); layout.len()];
        let (mut m, mut n) = (vec![0; modes], vec![0; modes]);
        for (total, ket, bra, at) in order {
            if total == 0 {
                values[at] = self.vacuum(mean, &linear).into();
                continue;
            }
            // The larger side is raised, so that the recurrence runs along short paths.
            let turned = of(bra).iter().sum::<i32>() > of(ket).iter().sum::<i32>();
            let (large, small) = if turned { (bra, ket) } else { (ket, bra) };
            m.copy_from_slice(of(large));
            n.copy_from_slice(of(small));
            let k = (0..modes).max_by_key(|k| m[*k]).unwrap_or(0);
            let root = f64::from(m[k]).sqrt();
            m[k] -= 1;
            let value = |m: &[i32], n: &[i32]| match layout.place(m, n) {
                Some((at, true)) => values[at].conj(),
                Some((at, false)) => values[at],
                None => c64::new(0.0, 0.0),
            };
            let mut sum = linear[k] * value(&m, &n);
            for &(l, p) in &pairs[k] {
                if m[l] > 0 {
                    let factor = f64::from(m[l]).sqrt();
                    m[l] -= 1;
                    sum += p * factor * value(&m, &n);
                    m[l] += 1;
                }
            }
            for &(l, t) in &exchange[k] {
                if n[l] > 0 {
                    let factor = f64::from(n[l]).sqrt();
                    n[l] -= 1;
                    sum += t * factor * value(&m, &n);
                    n[l] += 1;
                }
            }
            let z = sum / root;
            values[at] = if turned { z.conj() } else { z };
        }
        values
    }
}

/// A Gaussian state as a mixture of displaced copies of one pure Gaussian state: V = V₀ + C with the pure V₀ = ½SSᵀ of Williamson's
/// decomposition V = S D Sᵀ, and displacements drawn from the Gaussian distribution of the covariance C ≥ 0.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    mean: Vec<c64>,
    pub(super) pure: Generating,
    /// C^{1/2}; none for a pure state.
    spread: Option<RMatrix>,
}

/// Symplectic eigenvalues above ½ by less than this share are rounding.
const PURE: f64 = 1e-12;

impl Mixture {
    /// Of the state with this mean and covariance.
    pub(super) fn new(mean: &[c64], covariance: &RMatrix) -> Result<Self, LinalgError> {
        let n = covariance.rows();
        let root = function(covariance, f64::sqrt)?;
        // A = V^{1/2} Ω V^{1/2}: |A| has the symplectic eigenvalues, each twice, and SSᵀ = V^{1/2} |A|⁻¹ V^{1/2}.
        let omega = RMatrix::from_fn(n, n, |i, j| match (i % 2, j % 2) {
            (0, 1) if i + 1 == j => 1.0,
            (1, 0) if j + 1 == i => -1.0,
            _ => 0.0,
        });
        let a = &(&root * &omega) * &root;
        let square = &a.transpose() * &a;
        let pure = (&(&root * &function(&square, |x| x.max(0.0).powf(-0.5))?) * &root).scale(0.5);
        let rest = covariance - &pure;
        let mixed = rest.norm_max() > PURE * covariance.norm_max();
        let spread = if mixed { Some(function(&rest, |x| x.max(0.0).sqrt())?) } else { None };
        Ok(Self { mean: mean.to_vec(), pure: Generating::new(&pure)?, spread })
    }

    /// Whether every draw gives the same state.
    pub(super) fn is_pure(&self) -> bool {
        self.spread.is_none()
    }

    /// The mean of one member, drawn from a stream.
    fn draw(&self, stream: &mut Stream) -> Vec<c64> {
        let Some(spread) = &self.spread else { return self.mean.clone() };
        let noise: Vec<f64> = (0..spread.rows()).map(|_| stream.normal()).collect();
        let shift = spread.mul_vec(&noise);
        let pairs = shift.as_chunks::<2>().0;
        let amplitude = |[q, p]: &[f64; 2]| c64::new(*q, *p) * std::f64::consts::FRAC_1_SQRT_2;
        self.mean.iter().zip(pairs).map(|(m, pair)| m + amplitude(pair)).collect()
    }

    /// The amplitudes ⟨n|ψ⟩ of one member within the space, and their norm: what the cut-off leaves of its probability.
    pub(super) fn member(&self, space: &Space, stream: &mut Stream, out: &mut [c64]) -> f64 {
        let mean = self.draw(stream);
        let linear = self.pure.linear(&mean);
        amplitudes(space, &self.pure.pairs, &linear, self.pure.vacuum(&mean, &linear).sqrt(), out);
        out.iter().map(c64::norm_sqr).sum()
    }

    /// A member as it occurs in the state within the cut-off, P ρ P/tr P ρ P = Σ p_i P|i⟩⟨i|P/…: each is taken with the probability
    /// that the cut-off leaves of it. Gives this share and the number of draws; normalised, or zero where no draw was taken.
    pub(super) fn sample(&self, space: &Space, stream: &mut Stream, out: &mut [c64]) -> (f64, u64) {
        let mut kept = 0.0;
        for draws in 1..=DRAWS {
            let norm = self.member(space, stream, out);
            kept += norm;
            if self.is_pure() || stream.uniform() < norm {
                let factor = if norm > 0.0 { 1.0 / norm.sqrt() } else { 0.0 };
                out.iter_mut().for_each(|z| *z *= factor);
                return (kept, draws);
            }
        }
        out.fill(c64::new(0.0, 0.0));
        (kept, DRAWS)
    }
}

/// Draws of a member before the cut-off is said to hold nothing of the state.
const DRAWS: u64 = 10_000;

/// A function of a symmetric matrix.
fn function(a: &RMatrix, f: impl Fn(f64) -> f64) -> Result<RMatrix, LinalgError> {
    let (values, vectors) = symmetric_eigen(a)?;
    let n = a.rows();
    let scaled = RMatrix::from_fn(n, n, |i, j| vectors[(i, j)] * f(values[j]));
    Ok(&scaled * &vectors.transpose())
}

/// The coefficients of `vacuum` · exp(½ z†P z* + ℓ·z*) in the normalised number states:
/// √n_k ψ_n = ℓ_k ψ_{n−e_k} + Σ_l P_kl √(n − e_k)_l ψ_{n−e_k−e_l}.
fn amplitudes(space: &Space, pairs: &CMatrix, linear: &[c64], vacuum: f64, out: &mut [c64]) {
    let mut below = vec![0; linear.len()];
    space.each(|at, n| {
        let Some(k) = n.iter().rposition(|n| *n > 0) else {
            out[at] = vacuum.into();
            return;
        };
        below.copy_from_slice(n);
        below[k] -= 1;
        let Some(first) = space.index(&below) else { return };
        let mut sum = linear[k] * out[first];
        for l in 0..linear.len() {
            let (p, m) = (pairs[(k, l)], below[l]);
            if m > 0 && p != c64::new(0.0, 0.0) {
                below[l] -= 1;
                if let Some(second) = space.index(&below) {
                    sum += p * f64::from(m).sqrt() * out[second];
                }
                below[l] += 1;
            }
        }
        out[at] = sum / f64::from(n[k]).sqrt();
    });
}
