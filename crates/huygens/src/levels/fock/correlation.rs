//! Two-time correlations of a steady state and their spectra, by the regression theorem.
//!
//! ⟨A(τ)B(0)⟩ = tr(A e^{Gτ} Bρ) for τ ≥ 0. Bρ lies in the sectors of the differences that B makes, which have generators of their own;
//! there the exponential is the series of [`Evolution`](super::Evolution) on elements of one scale.

use std::f64::consts::PI;

use huygens_numerics::c64;

use super::density::Density;
use super::evolve::{Evolution, EvolveError};
use super::generator::LANES;
use super::problem::{FockError, Stationary};
use super::shifted::Shifted;

/// Relative tolerance of a step of e^{Gτ}.
const TOLERANCE: f64 = 1e-10;
/// A correlation has decayed below this share of its first value.
const DECAYED: f64 = 1e-5;
/// Most samples of a correlation.
const SAMPLES: usize = 1 << 17;

/// Why there is no correlation.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorrelationError {
    /// A sector that does not fit.
    #[error("{0}")]
    Sector(#[from] FockError),
    /// The exponential.
    #[error("{0}")]
    Evolve(#[from] EvolveError),
    /// Too slow a decay.
    #[error(
        "the correlation is still {left:.1e} of its first value after {samples} samples of {step:.3e}: its line is too narrow for its frequency; go to a rotating frame"
    )]
    Slow {
        /// Share left.
        left: f64,
        /// Samples taken.
        samples: usize,
        /// Their distance.
        step: f64,
    },
    /// Nothing fluctuates.
    #[error("nothing fluctuates: the correlation is its product of means from the start")]
    Still,
}

/// A line of a spectrum.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// (ω, S(ω)), rising, six widths to either side of the peak.
    pub points: Vec<[f64; 2]>,
    /// Where the maximum is.
    pub peak: f64,
    /// Full width at half of the maximum.
    pub width: f64,
}

/// (B − ⟨B⟩)ρ in one sector, on the way.
struct Part {
    evolution: Evolution,
    x: Vec<f64>,
    /// tr(A X): places in the planes, and weights.
    reading: Vec<(usize, c64)>,
}

/// ⟨A(τ)B(0)⟩ of a steady state, followed in τ.
pub struct Correlation {
    parts: Vec<Part>,
    now: f64,
    /// ⟨A⟩⟨B⟩, where it ends.
    limit: c64,
    /// ‖GX‖/‖X‖ of X = (B − ⟨B⟩)ρ, the largest over the sectors.
    rate: f64,
}

impl Correlation {
    /// For two operators of the space of `problem`, at τ = 0; sectors within `memory` bytes.
    ///
    /// # Errors
    /// [`CorrelationError::Sector`].
    pub fn new(
        problem: &Stationary,
        steady: &Density,
        left: &Shifted,
        right: &Shifted,
        memory: f64,
    ) -> Result<Self, CorrelationError> {
        let space = problem.operators.space.clone();
        let mut parts: Vec<Part> = Vec::new();
        let mut rate = 0.0_f64;
        for (shift, table) in &right.parts {
            let difference: Vec<i32> = shift.iter().map(|s| -s).collect();
            let generator = problem.sector(&difference, memory)?;
            let layout = generator.layout().clone();
            let half = layout.len();
            // What stays, ⟨B⟩ρ, is left out from the start: only the rest moves.
            let mean = steady.expect(&Shifted { parts: [(shift.clone(), table.clone())].into_iter().collect() });
            let mut x = vec![0.0; generator.len()];
            let mut ket = vec![0; space.modes()];
            layout.each(|at, n, m| {
                let bra = space.numbers_of(m);
                ket.copy_from_slice(&space.numbers_of(n));
                let mut z = -mean * steady.element(&ket, &bra);
                ket.iter_mut().zip(shift).for_each(|(k, s)| *k -= s);
                if let Some(source) = space.index(&ket) {
                    z += table[source] * steady.element(&ket, &bra);
                }
                (x[at], x[half + at]) = (z.re, z.im);
            });
            let mut reading = Vec::new();
            for (lift, weights) in &left.parts {
                // ⟨n + s|A|n⟩ meets ⟨n|X|n + s⟩.
                space.each(|at, n| {
                    let bra: Vec<i32> = n.iter().zip(lift).map(|(n, s)| n + s).collect();
                    if space.index(&bra).is_some()
                        && let Some((place, false)) = layout.place(n, &bra)
                        && weights[at] != c64::new(0.0, 0.0)
                    {
                        reading.push((place, weights[at]));
                    }
                });
            }
            let size = |x: &[f64]| x[..2 * half].iter().map(|x| x * x).sum::<f64>().sqrt();
            let mut moved = vec![0.0; x.len()];
            generator.apply(&x, &mut moved);
            if size(&x) > 0.0 && !reading.is_empty() {
                rate = rate.max(size(&moved) / size(&x));
                parts.push(Part { evolution: Evolution::new(generator, TOLERANCE), x, reading });
            }
        }
        let limit = steady.expect(left) * steady.expect(right);
        Ok(Self { parts, now: 0.0, limit, rate })
    }

    /// The value at τ, which must not be before the last one asked for.
    ///
    /// # Errors
    /// [`CorrelationError::Evolve`].
    pub fn at(&mut self, tau: f64) -> Result<c64, CorrelationError> {
        let mut sum = self.limit;
        for Part { evolution, x, reading } in &mut self.parts {
            evolution.advance_operator(x, self.now, tau)?;
            let half = (x.len() - LANES) / 2;
            sum += reading.iter().map(|(at, w)| w * c64::new(x[*at], x[half + at])).sum::<c64>();
        }
        self.now = self.now.max(tau);
        Ok(sum)
    }

    /// ⟨A⟩⟨B⟩.
    pub fn limit(&self) -> c64 {
        self.limit
    }

    /// S(ω) = 2 Re ∫₀^∞ (⟨A(τ)B(0)⟩ − ⟨A⟩⟨B⟩) e^{−iωτ} dτ about its maximum. With A = a†, B = a the emission of a mode, normalised
    /// to ∫S dω/2π = ⟨a†a⟩ − |⟨a⟩|².
    ///
    /// # Errors
    /// [`CorrelationError::Slow`] and [`CorrelationError::Still`]; as [`Correlation::at`].
    pub fn spectrum(mut self) -> Result<Spectrum, CorrelationError> {
        let step = 0.15 / self.rate.max(f64::MIN_POSITIVE);
        let first = self.at(0.0)? - self.limit;
        if first.norm() <= 1e-12 * (1.0 + self.limit.norm()) {
            return Err(CorrelationError::Still);
        }
        let mut samples = vec![first];
        // Decayed for a whole stretch, so that a beat is not taken for the end.
        let mut quiet = 0;
        while quiet < samples.len() / 4 + 8 {
            let value = self.at(samples.len() as f64 * step)? - self.limit;
            quiet = if value.norm() < DECAYED * first.norm() { quiet + 1 } else { 0 };
            samples.push(value);
            if samples.len() > SAMPLES {
                let left = samples[samples.len() - 200..].iter().map(|z| z.norm()).fold(0.0, f64::max) / first.norm();
                return Err(CorrelationError::Slow { left, samples: SAMPLES, step });
            }
        }
        Ok(line(&samples, step))
    }
}

/// 2 Re ∫ C(τ) e^{−iωτ} dτ by the trapezoidal rule with the correction of Gregory at its beginning. (The alternating weights of
/// Simpson's rule would show every line a second time, upside down, half the sampling frequency away.)
fn transform(samples: &[c64], step: f64, omega: f64) -> f64 {
    let turn = c64::from_polar(1.0, -omega * step);
    let mut phase = c64::new(1.0, 0.0);
    let mut sum = 0.0;
    for (j, z) in samples.iter().enumerate() {
        let weight = [3.0 / 8.0, 7.0 / 6.0, 23.0 / 24.0].get(j).copied().unwrap_or(1.0);
        sum += weight * (z * phase).re;
        phase *= turn;
        if j % 64 == 63 {
            phase = c64::from_polar(1.0, -omega * step * (j + 1) as f64);
        }
    }
    2.0 * sum * step
}

fn line(samples: &[c64], step: f64) -> Spectrum {
    let span = samples.len() as f64 * step;
    let of = |omega: f64| transform(samples, step, omega);
    // The highest of all frequencies that the samples tell apart, coarsely where there are many, then finely.
    let coarse = (4 * samples.len()).min(4096);
    let grid =
        |from: f64, to: f64, count: usize| (0..=count).map(move |j| from + (to - from) * j as f64 / count as f64);
    let highest = |list: &mut dyn Iterator<Item = f64>| {
        list.map(|w| (w, of(w))).fold((0.0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a })
    };
    // The mean turn of a step tells where to look: lines narrower than the coarse grid lie there.
    let turn: c64 = samples.windows(2).map(|pair| pair[1] * pair[0].conj()).sum();
    let mean = turn.arg() / step;
    let wide = 60.0 / span;
    let mut best =
        highest(&mut grid(-PI / (2.0 * step), PI / (2.0 * step), coarse).chain(grid(mean - wide, mean + wide, 2400)));
    let mut reach = (PI / step / coarse as f64).max(0.05 / span);
    for _ in 0..40 {
        best = highest(&mut grid(best.0 - reach, best.0 + reach, 8));
        reach *= 0.4;
    }
    let (peak, top) = best;
    let half = |direction: f64| {
        let mut far = 0.02 / span;
        while of(peak + direction * far) > 0.5 * top && far < PI / step {
            far *= 1.3;
        }
        let (mut near, mut far) = (far / 1.3, far);
        for _ in 0..50 {
            let middle = 0.5 * (near + far);
            if of(peak + direction * middle) > 0.5 * top { near = middle } else { far = middle }
        }
        0.5 * (near + far)
    };
    let (below, above) = (half(-1.0), half(1.0));
    let width = below + above;
    let points = grid(peak - 6.0 * width, peak + 6.0 * width, 480).map(|w| [w, of(w)]).collect();
    Spectrum { points, peak, width }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::super::{Cutoff, SteadyMethod, steady_state};
    use super::*;
    use crate::algebra::{ModeId, Operator};
    use crate::levels::tests::model;

    fn correlation(
        h: &str,
        jumps: &[&str],
        cutoff: usize,
        left: &Operator,
        right: &Operator,
    ) -> (Correlation, Density) {
        let model = model(&["a"], &[], h, "", jumps, &[]);
        let binding = model.bind(&[]).unwrap();
        let problem = Stationary::new(&model, &binding, Cutoff::Product(vec![cutoff]), 1e9).unwrap();
        let steady = steady_state(&problem.generator, SteadyMethod::Automatic, 1e9).unwrap().density;
        let of = |operator: &Operator| Shifted::new(&problem.operators.space, operator, &[], 0.0).unwrap();
        let found = Correlation::new(&problem, &steady, &of(left), &of(right), 1e9).unwrap();
        (found, steady)
    }

    /// A damped oscillator: ⟨a†(τ)a⟩ = n̄ e^{(iω − κ/2)τ}, ⟨n(τ)n⟩ = n̄² + n̄(n̄ + 1)e^{−κτ}, a Lorentzian of width κ at ω.
    #[test]
    fn a_thermal_oscillator() {
        let (a, n) = (Operator::annihilation(ModeId(0)), Operator::n(ModeId(0)));
        let jumps = ["sqrt(0.3*1.4)*a", "sqrt(0.3*0.4)*dag(a)"];
        let (mut found, _) = correlation("1.7*n(a)", &jumps, 40, &a.adjoint(), &a);
        for tau in [0.0_f64, 0.8, 3.0, 11.0] {
            let exact = 0.4 * c64::from_polar((-0.15 * tau).exp(), 1.7 * tau);
            assert!((found.at(tau).unwrap() - exact).norm() < 1e-9, "{tau}");
        }
        let (mut found, _) = correlation("1.7*n(a)", &jumps, 40, &n, &n);
        for tau in [0.0_f64, 2.0, 9.0] {
            let exact = 0.16 + 0.4 * 1.4 * (-0.3 * tau).exp();
            assert!((found.at(tau).unwrap() - exact).norm() < 1e-8, "{tau}");
        }
        let line = correlation("1.7*n(a)", &jumps, 40, &a.adjoint(), &a).0.spectrum().unwrap();
        assert_relative_eq!(line.peak, 1.7, max_relative = 1e-4);
        assert_relative_eq!(line.width, 0.3, max_relative = 1e-3);
        let top = line.points.iter().map(|p| p[1]).fold(0.0, f64::max);
        assert_relative_eq!(top, 0.4 * 4.0 / 0.3, max_relative = 1e-3);
    }

    /// Of a coherent state nothing fluctuates, and its correlation is that of its amplitude at once.
    #[test]
    fn a_driven_cavity() {
        let a = Operator::annihilation(ModeId(0));
        let h = "-0.3*n(a) + 0.6*i*(dag(a) - a)";
        let (mut found, steady) = correlation(h, &["a"], 24, &a.adjoint(), &a);
        let number = steady.moments().mean[0].norm_sqr();
        assert_relative_eq!(number, 0.36 / 0.34, max_relative = 1e-8);
        for tau in [0.0, 1.0, 5.0] {
            assert!((found.at(tau).unwrap() - number).norm() < 1e-8, "{tau}");
        }
        assert!(matches!(correlation(h, &["a"], 24, &a.adjoint(), &a).0.spectrum(), Err(CorrelationError::Still)));
    }

    /// Displaced by a drive a thermal oscillator fluctuates as it does at rest; and no emission is negative.
    #[test]
    fn driven_oscillators() {
        let a = Operator::annihilation(ModeId(0));
        let h = "-0.7*n(a) + 0.4*i*(dag(a) - a)";
        let jumps = ["sqrt(0.5*1.3)*a", "sqrt(0.5*0.3)*dag(a)"];
        let (mut found, steady) = correlation(h, &jumps, 40, &a.adjoint(), &a);
        let mean = steady.moments().mean[0].norm_sqr();
        for tau in [0.0_f64, 1.0, 4.0] {
            let exact = mean + 0.3 * c64::from_polar((-0.25 * tau).exp(), -0.7 * tau);
            assert!((found.at(tau).unwrap() - exact).norm() < 1e-8, "{tau}");
        }
        let line = correlation(h, &jumps, 40, &a.adjoint(), &a).0.spectrum().unwrap();
        assert_relative_eq!(line.peak, -0.7, max_relative = 1e-3);
        assert_relative_eq!(line.width, 0.5, max_relative = 1e-3);
        let pulled = ["dag(a)", "sqrt(0.2)*a^2"];
        let line = correlation("-0.5*n(a) + i*(dag(a) - a)", &pulled, 25, &a.adjoint(), &a).0.spectrum().unwrap();
        let top = line.points.iter().map(|p| p[1]).fold(0.0, f64::max);
        assert!(line.points.iter().all(|p| p[1] > -2e-3 * top), "{line:?}");
    }

    /// Far above threshold a van der Pol oscillator has a narrow line at its frequency: phase diffusion about its cycle, by the
    /// eigenvalue of the sector of one quantum.
    #[test]
    fn the_line_of_a_van_der_pol_oscillator() {
        let a = Operator::annihilation(ModeId(0));
        let jumps = ["sqrt(0.2)*dag(a)", "sqrt(0.02)*a^2"];
        let (found, _) = correlation("n(a)", &jumps, 30, &a.adjoint(), &a);
        let line = found.spectrum().unwrap();
        assert_relative_eq!(line.peak, 1.0, max_relative = 1e-3);
        let model = model(&["a"], &[], "n(a)", "", &jumps, &[]);
        let binding = model.bind(&[]).unwrap();
        let problem = Stationary::new(&model, &binding, Cutoff::Product(vec![30]), 1e9).unwrap();
        let sector = problem.sector(&[1], 1e9).unwrap();
        let slow = super::super::slow_modes(&sector, None, 1, 1e9).unwrap();
        assert_relative_eq!(line.width, -2.0 * slow[0].value.re, max_relative = 0.03);
    }
}
