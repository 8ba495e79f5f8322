//! Expectation values of polynomials about a mean field, to second order in the fluctuations.
//!
//! With the normal-ordered symbol P(z, z*) of an operator and the moments of its fluctuations, ⟨δz_k δz_l*⟩ = C(a_k, a_l†) − ½δ_kl
//! and ⟨δz_k δz_l⟩ = C(a_k, a_l) from the symmetrised covariance,
//!
//! ⟨P⟩ = P(z) + ∇P·y + ½ P″:⟨δz δz⟩,
//!
//! where y is the shift of the mean by the fluctuations ([`super::shift`]). Exact for quadratic P, for which y = 0 in a linear
//! model.

use huygens_numerics::c64;

use crate::algebra::{Compiled, EvalError, Polynomial, Scalar, Scratch};
use crate::levels::equations::variables;

/// Mean field, its shift and the symmetrised covariance at one time.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Mean field z.
    pub mean: &'a [c64],
    /// Shift y of the mean by the fluctuations.
    pub shift: &'a [c64],
    /// Covariance, 2n × 2n by rows, order (q₁, p₁, …).
    pub covariance: &'a [f64],
}

impl Point<'_> {
    /// ⟨δx δx'⟩ in normal order of two variables: k for z_k, n + k for z_k*.
    fn pair(&self, x: u32, y: u32) -> c64 {
        let n = self.mean.len();
        let ((k, x_star), (l, y_star)) = ((x as usize % n, x as usize >= n), (y as usize % n, y as usize >= n));
        let v = |i: usize, j: usize| self.covariance[2 * n * i + j];
        let (qq, pp) = (v(2 * k, 2 * l), v(2 * k + 1, 2 * l + 1));
        let (qp, pq) = (v(2 * k, 2 * l + 1), v(2 * k + 1, 2 * l));
        match (x_star, y_star) {
            (false, false) => 0.5 * c64::new(qq - pp, qp + pq),
            (true, true) => 0.5 * c64::new(qq - pp, -(qp + pq)),
            _ => {
                let vacuum = if k == l { 1.0 } else { 0.0 };
                let imaginary = if y_star { pq - qp } else { qp - pq };
                0.5 * c64::new(qq + pp - vacuum, imaginary)
            }
        }
    }

    fn variable(&self, of: &[c64], x: u32) -> c64 {
        let n = self.mean.len();
        if (x as usize) < n { of[x as usize] } else { of[x as usize - n].conj() }
    }
}

/// The orders of an expansion.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Orders {
    /// P(z).
    pub mean: c64,
    /// ∇P·y.
    pub shift: c64,
    /// ½ P″:⟨δz δz⟩.
    pub fluctuations: c64,
}

impl Orders {
    /// The sum.
    pub fn total(&self) -> c64 {
        self.mean + (self.shift + self.fluctuations)
    }
}

/// A list of polynomials, compiled.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// Terms of each polynomial as a range of `terms`.
    polynomials: Vec<std::ops::Range<usize>>,
    /// Variables of each term, k for z_k and n + k for z_k*; its coefficient is the scalar of the same index.
    terms: Vec<Vec<u32>>,
    scalars: Compiled,
}

impl Expansion {
    /// Compiles polynomials over `modes` modes.
    pub fn new(modes: usize, list: &[Polynomial]) -> Self {
        let (mut polynomials, mut terms, mut scalars) = (Vec::new(), Vec::new(), Vec::<Scalar>::new());
        for polynomial in list {
            let start = terms.len();
            for (monomial, coefficient) in polynomial.iter() {
                terms.push(variables(monomial, modes));
                scalars.push(coefficient.clone());
            }
            polynomials.push(start..terms.len());
        }
        Self { polynomials, terms, scalars: Compiled::new(&scalars) }
    }

    /// With the numbers of one parameter set, at t = 0.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub fn bind(&self, parameters: &[f64]) -> Result<Expanded<'_>, EvalError> {
        let mut bound = Expanded {
            expansion: self,
            parameters: parameters.to_vec(),
            scratch: self.scalars.scratch(),
            values: vec![c64::new(0.0, 0.0); self.terms.len()],
        };
        bound.evaluate(0.0)?;
        Ok(bound)
    }
}

/// An [`Expansion`] with numbers.
#[derive(Clone, Debug)]
pub struct Expanded<'a> {
    expansion: &'a Expansion,
    parameters: Vec<f64>,
    scratch: Scratch,
    values: Vec<c64>,
}

impl Expanded<'_> {
    fn evaluate(&mut self, t: f64) -> Result<(), EvalError> {
        self.expansion.scalars.eval(&self.parameters, t, &mut self.scratch, &mut self.values)
    }

    /// Moves to the time t. A coefficient without a value there becomes NaN, which whoever integrates reports.
    pub fn at(&mut self, t: f64) {
        if self.expansion.scalars.moves() && self.evaluate(t).is_err() {
            self.values.fill(c64::new(f64::NAN, f64::NAN));
        }
    }

    /// Polynomial `index` at a point. O(terms · degree²).
    pub fn orders(&self, index: usize, point: &Point<'_>) -> Orders {
        let mut sum = Orders::default();
        for k in self.expansion.polynomials[index].clone() {
            let (coefficient, list) = (self.values[k], &self.expansion.terms[k]);
            let without = |i: usize, j: usize| -> c64 {
                let rest = list.iter().enumerate().filter(|(m, _)| *m != i && *m != j);
                rest.map(|(_, &x)| point.variable(point.mean, x)).product()
            };
            sum.mean += coefficient * without(usize::MAX, usize::MAX);
            for (i, &x) in list.iter().enumerate() {
                sum.shift += coefficient * point.variable(point.shift, x) * without(i, usize::MAX);
                for (j, &y) in list.iter().enumerate().skip(i + 1) {
                    sum.fluctuations += coefficient * point.pair(x, y) * without(i, j);
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::{ModeId, Operator, Scalar};
    use crate::measures::testing::Random;

    /// ⟨a†²a²⟩, ⟨a b†⟩ and ⟨a b⟩ of random Gaussian states: quadratic ones exactly, the quartic one up to its fourth order,
    /// 2⟨δa†δa⟩² + |⟨δa δa⟩|² (Wick's theorem).
    #[test]
    fn moments_of_gaussian_states() {
        let mut random = Random::new(11);
        let (a, b) = (Operator::annihilation(ModeId(0)), Operator::annihilation(ModeId(1)));
        let n = Operator::n(ModeId(0));
        let list = [n.mul(&n).sub(&n), a.mul(&b.adjoint()), a.mul(&b), n.clone(), a.mul(&a)];
        let expansion = Expansion::new(2, &list.map(|o| o.normal_symbol()));
        let bound = expansion.bind(&[]).unwrap();
        for _ in 0..50 {
            let state = random.physical(2);
            let rest = [c64::new(0.0, 0.0); 2];
            let v = state.covariance.as_slice();
            let at = |mean: &[c64], k: usize| bound.orders(k, &Point { mean, shift: &rest, covariance: v }).total();
            let z = &state.mean;
            let block = |i: usize, j: usize| state.covariance[(i, j)];
            // a b† = ½(q₁ + ip₁)(q₂ − ip₂), symmetrised products commute between modes.
            let normal = 0.5 * c64::new(block(0, 2) + block(1, 3), block(1, 2) - block(0, 3)) + z[0] * z[1].conj();
            let anomalous = 0.5 * c64::new(block(0, 2) - block(1, 3), block(1, 2) + block(0, 3)) + z[0] * z[1];
            assert!((at(z, 1) - normal).norm() < 1e-12 * (1.0 + normal.norm()));
            assert!((at(z, 2) - anomalous).norm() < 1e-12 * (1.0 + anomalous.norm()));
            // The quartic: with x = ⟨δa†δa⟩ and m = ⟨δaδa⟩, |z|⁴ + 4|z|²x + 2 Re(z*² m).
            let (x, m) = (at(&rest, 3), at(&rest, 4));
            let square = z[0].norm_sqr();
            let expected = square * square + 4.0 * square * x.re + 2.0 * (z[0].conj() * z[0].conj() * m).re;
            assert!((at(z, 0).re - expected).abs() < 1e-11 * (1.0 + expected.abs()));
        }
    }

    #[test]
    fn the_shift_enters_by_the_gradient() {
        let n = Operator::n(ModeId(0)).scale(&Scalar::real(2.0));
        let expansion = Expansion::new(1, &[n.normal_symbol()]);
        let bound = expansion.bind(&[]).unwrap();
        let point =
            Point { mean: &[c64::new(3.0, 1.0)], shift: &[c64::new(0.0, 0.5)], covariance: &[0.5, 0.0, 0.0, 0.5] };
        let orders = bound.orders(0, &point);
        assert_eq!((orders.mean.re, orders.shift.re, orders.fluctuations.re), (20.0, 2.0, 0.0));
    }
}
