//! What a bath does to the operator it is coupled to: its spectral density and its response.

use std::f64::consts::{FRAC_2_PI, PI};

use huygens_numerics::c64;
use huygens_numerics::quad::Singularity;
use huygens_numerics::special::ln_gamma;

use crate::model::SpectralDensity;

/// A spectral density J with numbers, and the response ζ(ω) = χ_B(ω) − χ_B(0) of the bath's force F = ξ + ζ∗S to the operator S it
/// sees, the counter-term included: Im ζ = J, ζ(ω) = iωγ(ω) with the memory kernel γ (Weiss, Quantum Dissipative Systems, ch. 3).
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// J = γω, ζ = iγω.
    Ohmic {
        /// γ.
        strength: f64,
    },
    /// J = γω/(1 + ω²/ω_c²), ζ = −γω_c ω/(ω + iω_c).
    Drude {
        /// γ.
        strength: f64,
        /// ω_c.
        cutoff: f64,
    },
    /// J = γω |ω/ω_c|^{s−1} exp(−|ω/ω_c|^p).
    Exponential {
        /// γ.
        strength: f64,
        /// ω_c.
        cutoff: f64,
        /// s.
        exponent: f64,
        /// p.
        shape: f64,
    },
    /// J = γω ω₀⁴/((ω² − ω₀²)² + Γ²ω²), ζ = C/(ω₀² − ω² − iΓω) − C/ω₀², CΓ = γω₀⁴.
    Peak {
        /// γ.
        strength: f64,
        /// ω₀.
        frequency: f64,
        /// Γ.
        width: f64,
    },
    /// Straight lines between points.
    Table {
        /// Frequencies, from 0.
        frequencies: Vec<f64>,
        /// J at them, 0 at the first and the last.
        densities: Vec<f64>,
    },
}

/// A pole of a rational response in the lower half-plane with its residue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pole {
    /// Where.
    pub at: c64,
    /// Its residue.
    pub residue: c64,
}

impl Kernel {
    /// The density with the numbers of its quantities, in the order of [`SpectralDensity::quantities`].
    pub fn new(density: &SpectralDensity, numbers: &[f64]) -> Self {
        match density {
            SpectralDensity::Ohmic { .. } => Kernel::Ohmic { strength: numbers[0] },
            SpectralDensity::Drude { .. } => Kernel::Drude { strength: numbers[0], cutoff: numbers[1] },
            SpectralDensity::Exponential { .. } => Kernel::Exponential {
                strength: numbers[0],
                cutoff: numbers[1],
                exponent: numbers[2],
                shape: numbers[3],
            },
            SpectralDensity::Peak { .. } => {
                Kernel::Peak { strength: numbers[0], frequency: numbers[1], width: numbers[2] }
            }
            SpectralDensity::Table { points, .. } => Kernel::Table {
                frequencies: std::iter::once(0.0).chain(points.iter().map(|p| p.0)).collect(),
                densities: std::iter::once(0.0).chain(points.iter().map(|p| p.1 * numbers[0])).collect(),
            },
        }
    }

    /// Whether the bath does nothing.
    pub fn is_zero(&self) -> bool {
        match self {
            Kernel::Table { densities, .. } => densities.iter().all(|j| *j == 0.0),
            Kernel::Ohmic { strength }
            | Kernel::Drude { strength, .. }
            | Kernel::Exponential { strength, .. }
            | Kernel::Peak { strength, .. } => *strength == 0.0,
        }
    }

    /// J(ω), odd in ω.
    pub fn density(&self, omega: f64) -> f64 {
        // J/ω of a sub-Ohmic density is infinite at 0.
        if omega == 0.0 { 0.0 } else { omega * self.damping(omega.abs()) }
    }

    /// Re γ(ω) = J(ω)/ω at ω ≥ 0; infinite at 0 for a sub-Ohmic density.
    pub fn damping(&self, omega: f64) -> f64 {
        match self {
            Kernel::Ohmic { strength } => *strength,
            Kernel::Drude { strength, cutoff } => {
                let x = omega / cutoff;
                strength / (1.0 + x * x)
            }
            Kernel::Exponential { strength, cutoff, exponent, shape } => {
                let x = omega / cutoff;
                let power = if *exponent == 1.0 { 1.0 } else { x.powf(exponent - 1.0) };
                let fall = if *shape == 1.0 { x } else { x.powf(*shape) };
                // Where the exponential has vanished the power may overflow.
                if fall > 800.0 { 0.0 } else { strength * power * (-fall).exp() }
            }
            Kernel::Peak { strength, frequency, width } => {
                let (w2, x2) = (frequency * frequency, omega * omega);
                strength * w2 * w2 / ((x2 - w2).powi(2) + width * width * x2)
            }
            Kernel::Table { frequencies, densities } => {
                if omega == 0.0 {
                    return densities[1] / frequencies[1];
                }
                let k = frequencies.partition_point(|f| *f <= omega);
                if k == frequencies.len() {
                    return 0.0;
                }
                let (a, b) = (frequencies[k - 1], frequencies[k]);
                (densities[k - 1] + (densities[k] - densities[k - 1]) * (omega - a) / (b - a)) / omega
            }
        }
    }

    /// ζ(ω) on the real axis.
    pub fn response(&self, omega: f64) -> c64 {
        let real = match self {
            Kernel::Ohmic { .. } => 0.0,
            Kernel::Drude { strength, cutoff } => {
                let x = omega / cutoff;
                -strength * omega * x / (1.0 + x * x)
            }
            Kernel::Peak { .. } => return self.continued(c64::new(omega, 0.0)).expect("a peak is rational"),
            Kernel::Exponential { .. } => omega.abs() * self.dispersion(omega.abs()),
            Kernel::Table { frequencies, densities } => table_response(frequencies, densities, omega.abs()),
        };
        c64::new(real, self.density(omega))
    }

    /// Re ζ(ω)/ω = −Im γ(ω) at ω > 0 by the relation of Kramers and Kronig, h = J/ω:
    /// (1/π) ⨍ h(ν) 2ω/(ν² − ω²) dν = (1/π) ∫₀^∞ \[h(ωe^u) − h(ωe^{−u})\]/sinh u du.
    ///
    /// The integrand is analytic and decays: the trapezoidal rule converges exponentially.
    pub(super) fn dispersion(&self, omega: f64) -> f64 {
        if omega == 0.0 {
            return 0.0;
        }
        const STEP: f64 = 0.125;
        // h(ωe^{−u})/sinh u falls as e^{−su} with h ∝ ω^{s−1}.
        let power = if let Kernel::Exponential { exponent, .. } = self { exponent.min(1.0) } else { 1.0 };
        let mut sum = 0.0;
        for k in 0..(40.0 / (STEP * power)) as usize {
            let u = STEP * (k as f64 + 0.5);
            let sinh = if u < 300.0 { u.sinh() } else { f64::INFINITY };
            let below = if sinh.is_finite() { self.damping(omega * (-u).exp()) / sinh } else { 0.0 };
            let above = if u < 300.0 { self.damping(omega * u.exp()) / sinh } else { 0.0 };
            sum += above - below;
        }
        sum * STEP / PI
    }

    /// ζ continued to complex frequencies, where it is rational; its poles lie in the lower half-plane.
    pub fn continued(&self, z: c64) -> Option<c64> {
        match self {
            Kernel::Ohmic { strength } => Some(c64::new(0.0, *strength) * z),
            Kernel::Drude { strength, cutoff } => Some(-strength * cutoff * z / (z + c64::new(0.0, *cutoff))),
            Kernel::Peak { strength, frequency, width } => {
                let w2 = frequency * frequency;
                let drag = c64::new(0.0, *width) * z;
                // C/(ω₀² − z² − iΓz) − C/ω₀² = (C/ω₀²)(z² + iΓz)/(ω₀² − z² − iΓz)
                Some(strength * w2 / width * (z * z + drag) / (w2 - z * z - drag))
            }
            Kernel::Exponential { .. } | Kernel::Table { .. } => None,
        }
    }

    /// ζ′(z), where ζ is rational.
    pub fn continued_slope(&self, z: c64) -> Option<c64> {
        match self {
            Kernel::Ohmic { strength } => Some(c64::new(0.0, *strength)),
            Kernel::Drude { strength, cutoff } => {
                let s = z + c64::new(0.0, *cutoff);
                Some(c64::new(0.0, -strength * cutoff * cutoff) / (s * s))
            }
            Kernel::Peak { strength, frequency, width } => {
                let w2 = frequency * frequency;
                let bottom = w2 - z * z - c64::new(0.0, *width) * z;
                Some(strength * w2 * w2 / width * (2.0 * z + c64::new(0.0, *width)) / (bottom * bottom))
            }
            Kernel::Exponential { .. } | Kernel::Table { .. } => None,
        }
    }

    /// J(z) = (ζ(z) − conj ζ(z̄))/2i, where ζ is rational.
    pub fn continued_density(&self, z: c64) -> Option<c64> {
        match self {
            Kernel::Ohmic { strength } => Some(strength * z),
            Kernel::Drude { strength, cutoff } => {
                let x = z / cutoff;
                Some(strength * z / (1.0 + x * x))
            }
            Kernel::Peak { strength, frequency, width } => {
                let (w2, x2) = (frequency * frequency, z * z);
                let d = x2 - w2;
                Some(strength * w2 * w2 * z / (d * d + width * width * x2))
            }
            Kernel::Exponential { .. } | Kernel::Table { .. } => None,
        }
    }

    /// J′(z), where ζ is rational.
    pub fn continued_density_slope(&self, z: c64) -> Option<c64> {
        let slope = self.continued_slope(z)?;
        let mirrored = self.continued_slope(z.conj())?.conj();
        Some((slope - mirrored) * c64::new(0.0, -0.5))
    }

    /// The poles of ζ, where it is rational: those of J are these with residues r/2i, and their conjugates. `None` where it is not, or
    /// where two poles fall together.
    pub fn poles(&self) -> Option<Vec<Pole>> {
        match self {
            Kernel::Ohmic { .. } => Some(Vec::new()),
            Kernel::Drude { strength, cutoff } => {
                let residue = c64::new(0.0, strength * cutoff * cutoff);
                Some(vec![Pole { at: c64::new(0.0, -cutoff), residue }])
            }
            Kernel::Peak { strength, frequency, width } => {
                let root = c64::new(frequency * frequency - 0.25 * width * width, 0.0).sqrt();
                if root.norm() < 1e-6 * frequency {
                    return None;
                }
                let at = |sign: f64| c64::new(0.0, -0.5 * width) + sign * root;
                let residue = -strength * frequency.powi(4) / width / (2.0 * root);
                Some(vec![Pole { at: at(1.0), residue }, Pole { at: at(-1.0), residue: -residue }])
            }
            Kernel::Exponential { .. } | Kernel::Table { .. } => None,
        }
    }

    /// μ = (2/π)∫₀^∞ J/ω dω = −ζ(∞), the strength of the counter-term (μ/2)S²; infinite for a strictly Ohmic density.
    pub fn counter_term(&self) -> f64 {
        match self {
            Kernel::Ohmic { strength } => {
                if *strength == 0.0 {
                    0.0
                } else {
                    f64::INFINITY
                }
            }
            Kernel::Drude { strength, cutoff } => strength * cutoff,
            Kernel::Exponential { strength, cutoff, exponent, shape } => {
                FRAC_2_PI * strength * cutoff * ln_gamma(exponent / shape).exp() / shape
            }
            Kernel::Peak { strength, frequency, width } => strength * frequency * frequency / width,
            Kernel::Table { frequencies, densities } => {
                FRAC_2_PI * segments(frequencies, densities).map(|s| s.over_frequency()).sum::<f64>()
            }
        }
    }

    /// Where J and ζ are not analytic, as seen from the real axis.
    pub fn singularities(&self, list: &mut Vec<Singularity>) {
        match self {
            Kernel::Ohmic { .. } => {}
            Kernel::Drude { cutoff, .. } => list.push(Singularity::new(0.0, *cutoff)),
            Kernel::Exponential { cutoff, exponent, .. } => {
                list.push(Singularity::rising(exponent.min(1.0)));
                list.push(Singularity::new(0.0, *cutoff));
            }
            Kernel::Peak { frequency, width, .. } => {
                let inner = frequency * frequency - 0.25 * width * width;
                if inner > 0.0 {
                    list.extend([-1.0, 1.0].map(|s| Singularity::new(s * inner.sqrt(), 0.5 * width)));
                } else {
                    let root = (-inner).sqrt();
                    list.extend([-1.0, 1.0].map(|s| Singularity::new(0.0, 0.5 * width + s * root)));
                }
            }
            Kernel::Table { frequencies, .. } => {
                // Panels end at the points; towards a point only the logarithm (ω − ω_k) ln|ω − ω_k| of ζ is not smooth, and small.
                for (k, f) in frequencies.iter().enumerate() {
                    let before = if k > 0 { f - frequencies[k - 1] } else { f64::INFINITY };
                    let after = frequencies.get(k + 1).map_or(f64::INFINITY, |g| g - f);
                    let width = 0.02 * before.min(after);
                    list.extend([-1.0, 1.0].map(|s| Singularity::new(s * f, width)));
                }
            }
        }
    }

    /// A frequency beyond which the density only falls.
    pub fn scale(&self) -> f64 {
        match self {
            Kernel::Ohmic { .. } => 0.0,
            Kernel::Drude { cutoff, .. } => *cutoff,
            Kernel::Exponential { cutoff, exponent, .. } => cutoff * exponent.max(1.0),
            Kernel::Peak { frequency, width, .. } => frequency.max(*width),
            Kernel::Table { frequencies, .. } => frequencies[frequencies.len() - 1],
        }
    }
}

/// One straight piece J = a + bν of a table, from `from` to `to`.
#[derive(Clone, Copy)]
struct Segment {
    from: f64,
    to: f64,
    a: f64,
    b: f64,
}

impl Segment {
    /// ∫ J/ν dν.
    fn over_frequency(self) -> f64 {
        let line = self.b * (self.to - self.from);
        if self.from == 0.0 { line } else { self.a * (self.to / self.from).ln() + line }
    }
}

fn segments(frequencies: &[f64], densities: &[f64]) -> impl Iterator<Item = Segment> {
    frequencies.windows(2).zip(densities.windows(2)).map(|(w, j)| {
        let b = (j[1] - j[0]) / (w[1] - w[0]);
        Segment { from: w[0], to: w[1], a: if w[0] == 0.0 { 0.0 } else { j[0] - b * w[0] }, b }
    })
}

/// Re ζ(ω) = (1/π) ⨍₀^∞ J(ν) \[1/(ν − ω) + 1/(ν + ω) − 2/ν\] dν of a table, ω ≥ 0. The logarithms at the points cancel between
/// neighbouring pieces, as J is continuous.
fn table_response(frequencies: &[f64], densities: &[f64], omega: f64) -> f64 {
    let log = |x: f64| if x == 0.0 { 0.0 } else { x.abs().ln() };
    let mut sum = 0.0;
    for s in segments(frequencies, densities) {
        let here = s.a + s.b * omega;
        let there = s.a - s.b * omega;
        sum += here * (log(s.to - omega) - log(s.from - omega)) + there * (log(s.to + omega) - log(s.from + omega));
        sum += 2.0 * (s.b * (s.to - s.from) - s.over_frequency());
    }
    sum / PI
}

#[cfg(test)]
mod tests {
    use huygens_numerics::quad::graded;
    use proptest::prelude::*;

    use super::*;

    /// Exponential integral E₁(x) and Ei(x) by their series, 0 < x < 10.
    fn integrals(x: f64) -> (f64, f64) {
        let (mut up, mut down, mut term) = (0.0, 0.0, 1.0);
        for k in 1..120 {
            let k = f64::from(k);
            term *= x / k;
            up += term / k;
            down += term / k * if (k as i32) % 2 == 1 { -1.0 } else { 1.0 };
        }
        let base = 0.577_215_664_901_532_9 + x.ln();
        (-base - down, base + up)
    }

    #[test]
    fn the_ohmic_density_with_exponential_cutoff_in_closed_form() {
        let kernel = Kernel::Exponential { strength: 0.7, cutoff: 2.0, exponent: 1.0, shape: 1.0 };
        for omega in [1e-3, 0.1, 1.0, 3.0, 12.0] {
            let x: f64 = omega / 2.0;
            let (e1, ei) = integrals(x);
            let exact = 0.7 * omega / PI * (-(-x).exp() * ei - x.exp() * e1);
            let found = kernel.response(omega).re;
            assert!((found - exact).abs() < 1e-12 * (1.0 + exact.abs()), "{omega}: {found} {exact}");
        }
        assert!((kernel.counter_term() - FRAC_2_PI * 0.7 * 2.0).abs() < 1e-14);
        assert!((kernel.response(1e7).re + kernel.counter_term()).abs() < 1e-10);
    }

    #[test]
    fn a_table_of_a_smooth_density_responds_like_it() {
        let smooth = Kernel::Exponential { strength: 1.0, cutoff: 1.0, exponent: 3.0, shape: 1.0 };
        let points: Vec<f64> = (0..6000).map(|k| f64::from(k) * 0.01).collect();
        let mut densities: Vec<f64> = points.iter().map(|w| smooth.density(*w)).collect();
        *densities.last_mut().unwrap() = 0.0;
        let table = Kernel::Table { frequencies: points, densities };
        for omega in [0.3, 1.0, 2.5, 7.0] {
            assert!((table.response(omega) - smooth.response(omega)).norm() < 2e-4, "{omega}");
        }
        assert!((table.counter_term() / smooth.counter_term() - 1.0).abs() < 1e-4);
    }

    proptest! {
        #[test]
        fn responses_are_causal(strength in 0.1..2.0_f64, scale in 0.2..5.0_f64, width in 0.2..6.0_f64, omega in 0.05..20.0_f64) {
            let drude = Kernel::Drude { strength, cutoff: scale };
            prop_assert!((drude.response(omega).re - omega * drude.dispersion(omega)).abs() < 1e-11 * strength * (1.0 + omega));
            let peak = Kernel::Peak { strength, frequency: scale, width };
            let exponential = Kernel::Exponential { strength, cutoff: scale, exponent: width, shape: 1.0 + 0.2 * width };
            for kernel in [drude, peak, exponential] {
                // ζ(∞) = −μ by a quadrature of μ.
                let mut singularities = Vec::new();
                kernel.singularities(&mut singularities);
                let mu: f64 = graded(&singularities, 1e12).iter().map(|(x, w)| w * kernel.damping(x.abs())).sum::<f64>() / PI;
                prop_assert!((mu / kernel.counter_term() - 1.0).abs() < 1e-9, "{mu} {}", kernel.counter_term());
                prop_assert_eq!(kernel.response(-omega), kernel.response(omega).conj());
                prop_assert!((kernel.response(omega).im - kernel.density(omega)).abs() < 1e-12 * (1.0 + kernel.density(omega)));
                if let Some(poles) = kernel.poles() {
                    let z = c64::new(omega, 0.3);
                    let sum: c64 = poles.iter().map(|p| p.residue / (z - p.at)).sum();
                    prop_assert!((sum - kernel.counter_term() - kernel.continued(z).unwrap()).norm() < 1e-9 * (1.0 + kernel.counter_term()));
                    let slope = (kernel.continued(z + 1e-5).unwrap() - kernel.continued(z - 1e-5).unwrap()) / 2e-5;
                    prop_assert!((slope - kernel.continued_slope(z).unwrap()).norm() < 1e-6 * (1.0 + slope.norm()));
                }
            }
        }
    }
}
