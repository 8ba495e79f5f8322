//! ∫ R(ω) coth(ω/2T) dω of rational functions in closed form.
//!
//! With simple poles p and residues r, R(0) = 0 and R = O(ω⁻²),
//!
//! ∫ R coth(ω/2T) dω = −2 \[Σ_{Im p<0} r ψ(1 + ip/2πT) + Σ_{Im p>0} r ψ(−ip/2πT)\],
//!
//! ψ the digamma function: all arguments have a positive real part, so that no Matsubara sum, no reflection and no coincidence of a
//! pole with a Matsubara frequency occurs. At T = 0 the digamma functions become logarithms.

use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::special::polygamma;

/// A sum of terms with the size of its terms, by which the digits lost to cancellation are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    /// The sum.
    pub value: c64,
    /// Σ |term|.
    pub size: f64,
}

impl Default for Sum {
    fn default() -> Self {
        Self { value: c64::new(0.0, 0.0), size: 0.0 }
    }
}

impl Sum {
    /// Adds a term.
    pub fn add(&mut self, term: c64) {
        self.value += term;
        self.size += term.norm();
    }

    /// Adds a sum times a factor.
    pub fn add_sum(&mut self, factor: c64, sum: Sum) {
        self.value += factor * sum.value;
        self.size += factor.norm() * sum.size;
    }
}

/// −2 times the weight of a pole in ∫ R coth(ω/2T) dω, and its derivative by the place of the pole.
pub fn weight(pole: c64, temperature: f64) -> [c64; 2] {
    let upper = pole.im > 0.0;
    let turn = c64::new(0.0, if upper { -1.0 } else { 1.0 });
    if temperature == 0.0 {
        return [-2.0 * (turn * pole).ln(), -2.0 / pole];
    }
    let factor = turn / (TAU * temperature);
    let argument = factor * pole;
    let [psi, prime] = polygamma(if upper { argument } else { argument + 1.0 });
    [-2.0 * psi, -2.0 * factor * prime]
}

#[cfg(test)]
mod tests {
    use huygens_numerics::quad::{Singularity, graded};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// R(ω) = ω/((ω − p)(ω − q)(ω − s)) with two poles above and one below, against quadrature.
        #[test]
        fn the_integral_agrees_with_quadrature(
            a in -3.0..3.0_f64, b in 0.05..3.0_f64, c in -3.0..3.0_f64, d in 0.05..2.0_f64, e in -2.0..2.0_f64, f in -2.0..-0.05_f64,
            temperature in 0.0..3.0_f64, cold in any::<bool>(),
        ) {
            let temperature = if cold { 0.0 } else { temperature };
            let poles = [c64::new(a, b), c64::new(c, d), c64::new(e, f)];
            prop_assume!((poles[0] - poles[1]).norm() > 0.05);
            let mut sum = Sum::default();
            for (k, p) in poles.iter().enumerate() {
                let others: c64 = poles.iter().enumerate().filter(|(j, _)| *j != k).map(|(_, q)| p - q).product();
                sum.add(p / others * weight(*p, temperature)[0]);
            }
            let mut singularities: Vec<_> = poles.iter().map(|p| Singularity::new(p.re, p.im)).collect();
            singularities.push(Singularity::new(0.0, TAU * temperature));
            let plain: c64 = graded(&singularities, 1e9)
                .iter()
                .map(|(x, w)| {
                    let coth = if temperature == 0.0 { x.signum() } else { 1.0 / (0.5 * x / temperature).tanh() };
                    *w * coth * *x / poles.iter().map(|p| x - p).product::<c64>()
                })
                .sum();
            prop_assert!((plain - sum.value).norm() < 3e-8 * (1.0 + plain.norm()), "{plain} {}", sum.value);
        }
    }
}
