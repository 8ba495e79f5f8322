//! Quasiprobabilities of one mode.
//!
//! In the plane of q and p, a = (q + ip)/√2, normalised over dq dp. The Wigner functions w_mn of |m⟩⟨n| follow from the rules
//! aX + Xa → 2α w and a†X + Xa† → 2α* w:
//!
//! √m w_{m−1,n} + √(n+1) w_{m,n+1} = 2α w_mn,   √(m+1) w_{m+1,n} + √n w_{m,n−1} = 2α* w_mn,   w_00 = e^{−2|α|²}/π.

use huygens_numerics::c64;
use huygens_numerics::special::ln_gamma;
use rayon::prelude::*;

use super::density::{Density, FockMoments};

impl Density {
    /// ⟨m|ρ|n⟩ of one mode for m ≤ n, row m from the diagonal on.
    fn triangle(&self, mode: usize) -> Vec<Vec<c64>> {
        let modes = self.layout().space().modes();
        let part = (modes > 1).then(|| self.partial_trace(&[mode]));
        let state = part.as_ref().unwrap_or(self);
        let top = state.layout().space().top()[0];
        (0..=top).map(|m| (m..=top).map(|n| state.element(&[m], &[n])).collect()).collect()
    }

    /// Where the basis of a mode has its origin: q and p.
    fn centre(&self, mode: usize) -> [f64; 2] {
        let z = self.displacement().map_or(c64::new(0.0, 0.0), |alpha| alpha[mode] * std::f64::consts::SQRT_2);
        [z.re, z.im]
    }

    /// The Wigner function W(q, p) of one mode at the points \[q, p\]: ∫W dq dp = 1, e^{−q²−p²}/π in the vacuum, negative where no
    /// classical distribution is.
    ///
    /// # Panics
    /// When the mode does not exist.
    pub fn wigner(&self, mode: usize, points: &[[f64; 2]]) -> Vec<f64> {
        let rho = self.triangle(mode);
        let [q, p] = self.centre(mode);
        points.par_iter().map(|point| wigner(&rho, [point[0] - q, point[1] - p])).collect()
    }

    /// The Husimi function Q(q, p) = ⟨α|ρ|α⟩/2π of one mode at the points \[q, p\]: ∫Q dq dp = 1, never negative.
    ///
    /// # Panics
    /// When the mode does not exist.
    pub fn husimi(&self, mode: usize, points: &[[f64; 2]]) -> Vec<f64> {
        let rho = self.triangle(mode);
        let [q, p] = self.centre(mode);
        points.par_iter().map(|point| husimi(&rho, [point[0] - q, point[1] - p])).collect()
    }

    /// The Husimi function Q(θ, φ) = (2j + 1)/4π ⟨θφ|ρ|θφ⟩ of one spin at the directions \[θ, φ\], |θφ⟩ = Σ_n √(2j choose n)
    /// cos^n(θ/2) sin^{2j−n}(θ/2) e^{−inφ} |n⟩ its coherent states along (sin θ cos φ, sin θ sin φ, cos θ): ∫Q sin θ dθ dφ = 1. `None`
    /// of a boson, and of an ensemble, which has several lengths.
    ///
    /// # Panics
    /// When the mode does not exist.
    pub fn spin_husimi(&self, spin: usize, directions: &[[f64; 2]]) -> Option<Vec<f64>> {
        let space = self.layout().space();
        let twice = space.spin(spin).filter(|_| space.ensembles().iter().all(|e| e.site != spin))?;
        let rho = self.triangle(spin);
        let (size, all) = (rho.len(), f64::from(twice));
        let ln_choose = |n: f64| ln_gamma(all + 1.0) - ln_gamma(n + 1.0) - ln_gamma(all - n + 1.0);
        let weights: Vec<f64> = (0..size).map(|n| 0.5 * ln_choose(n as f64)).collect();
        let at = |[theta, phi]: &[f64; 2]| {
            let (sin, cos) = (0.5 * theta).sin_cos();
            let amplitude = |n: usize| weights[n].exp() * cos.powi(n as i32) * sin.powi((size - 1 - n) as i32);
            let a: Vec<f64> = (0..size).map(amplitude).collect();
            let mut sum = 0.0;
            for (m, row) in rho.iter().enumerate() {
                for (step, z) in row.iter().enumerate() {
                    // ⟨θφ|m⟩ρ_mn⟨n|θφ⟩ turns as e^{i(m − n)φ}.
                    let turned = (z * c64::from_polar(1.0, -(step as f64) * phi)).re;
                    sum += a[m] * a[m + step] * turned * if step == 0 { 1.0 } else { 2.0 };
                }
            }
            (all + 1.0) / (4.0 * std::f64::consts::PI) * sum
        };
        Some(directions.par_iter().map(at).collect())
    }

    /// A square grid that holds the state of a mode: its half-width in q and p.
    pub fn extent(&self, mode: usize) -> f64 {
        let moments = self.moments();
        std::f64::consts::SQRT_2 * moments.mean[mode].norm() + spread(&moments, mode)
    }

    /// ∫(|W| − W) dq dp, twice the negative volume, on a grid of `steps` times `steps` squares; and the smallest W at their corners.
    pub fn wigner_negativity(&self, mode: usize, steps: usize) -> (f64, f64) {
        // Of a displaced state about its mean.
        let moments = self.moments();
        let [q, p] = match self.displacement() {
            Some(_) => [moments.mean[mode].re, moments.mean[mode].im].map(|x| std::f64::consts::SQRT_2 * x),
            None => [0.0, 0.0],
        };
        let width = match self.displacement() {
            Some(_) => spread(&moments, mode),
            None => self.extent(mode),
        };
        let spacing = 2.0 * width / steps as f64;
        let at = |j: usize| -width + j as f64 * spacing;
        let count = steps + 1;
        let points: Vec<[f64; 2]> = (0..count * count).map(|k| [q + at(k / count), p + at(k % count)]).collect();
        let values = self.wigner(mode, &points);
        let negative: f64 = values.iter().filter(|w| **w < 0.0).map(|w| -2.0 * w).sum();
        (negative * spacing * spacing, values.iter().copied().fold(f64::INFINITY, f64::min))
    }
}

/// A half-width that holds a mode about its mean, the far ripples of states that are bent included: 7 standard deviations.
fn spread(moments: &FockMoments, mode: usize) -> f64 {
    let v = &moments.covariance;
    7.0 * v[(2 * mode, 2 * mode)].max(v[(2 * mode + 1, 2 * mode + 1)]).sqrt()
}

fn wigner(rho: &[Vec<c64>], [q, p]: [f64; 2]) -> f64 {
    let top = rho.len();
    let twice = c64::new(q, p) * std::f64::consts::SQRT_2;
    // w_{m−1,n} and w_mn of the row at hand, for all n.
    let mut row = vec![c64::new(0.0, 0.0); top];
    row[0] = c64::new((-0.5 * twice.norm_sqr()).exp() / std::f64::consts::PI, 0.0);
    for n in 1..top {
        row[n] = twice * row[n - 1] / (n as f64).sqrt();
    }
    let mut sum = 0.0;
    for (m, elements) in rho.iter().enumerate() {
        sum += elements[0].re * row[m].re;
        sum += elements[1..].iter().zip(&row[m + 1..]).map(|(z, w)| 2.0 * (z * w).re).sum::<f64>();
        if m + 1 == top {
            break;
        }
        // The next row: its diagonal from w_{m+1,n} with w_{m,n−1}, and on from there.
        let next = (m + 1) as f64;
        let mut last = (twice.conj() * row[m + 1] - next.sqrt() * row[m]) / next.sqrt();
        for n in m + 1..top {
            let above = row[n];
            row[n] = last;
            last = (twice * last - next.sqrt() * above) / ((n + 1) as f64).sqrt();
        }
    }
    sum
}

fn husimi(rho: &[Vec<c64>], [q, p]: [f64; 2]) -> f64 {
    let alpha = c64::new(q, p) * std::f64::consts::FRAC_1_SQRT_2;
    let mut psi = vec![c64::new((-0.5 * alpha.norm_sqr()).exp(), 0.0); rho.len()];
    for n in 1..psi.len() {
        psi[n] = alpha * psi[n - 1] / (n as f64).sqrt();
    }
    let mut sum = 0.0;
    for (m, elements) in rho.iter().enumerate() {
        let later: c64 = elements[1..].iter().zip(&psi[m + 1..]).map(|(z, w)| z * w).sum();
        sum += elements[0].re * psi[m].norm_sqr() + 2.0 * (psi[m].conj() * later).re;
    }
    sum / std::f64::consts::TAU
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;
    use std::sync::Arc;

    use approx::{assert_abs_diff_eq, assert_relative_eq};

    use super::super::{Cutoff, Layout, Population, Space};
    use super::*;

    /// A pure state of one mode with the given amplitudes.
    fn pure(amplitudes: &[c64]) -> Density {
        let space = Arc::new(Space::new(1, Cutoff::Product(vec![amplitudes.len()])).unwrap());
        let population = Population::new(&[0], [(vec![1], vec![0]), (vec![0], vec![1])]);
        let layout = Arc::new(Layout::new(space, &population, true, usize::MAX).unwrap());
        Density::from_fn(layout, |n, m| amplitudes[n[0] as usize] * amplitudes[m[0] as usize].conj()).0
    }

    fn number(n: usize) -> Density {
        let mut amplitudes = vec![c64::new(0.0, 0.0); n + 1];
        amplitudes[n] = c64::new(1.0, 0.0);
        pure(&amplitudes)
    }

    /// (−1)ⁿ L_n(2r²) e^{−r²}/π and e^{−r²/2}(r²/2)ⁿ/(2π n!), up to sixty quanta and out to where both are tiny.
    #[test]
    fn number_states() {
        for n in [0, 1, 5, 60] {
            let state = number(n);
            for r in [0.0, 0.7, 2.5, 6.0, 11.0] {
                let x: f64 = 2.0 * r * r;
                let (mut before, mut laguerre) = (0.0, 1.0);
                for k in 0..n {
                    let k = k as f64;
                    (before, laguerre) = (laguerre, ((2.0 * k + 1.0 - x) * laguerre - k * before) / (k + 1.0));
                }
                let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
                let w = state.wigner(0, &[[0.6 * r, -0.8 * r]])[0];
                assert_abs_diff_eq!(w, sign * laguerre * (-r * r).exp() / PI, epsilon = 1e-13);
                let log: f64 = (1..=n).map(|k| (0.5 * r * r / k as f64).ln()).sum();
                let q = state.husimi(0, &[[-0.8 * r, 0.6 * r]])[0];
                assert_abs_diff_eq!(q, (log - 0.5 * r * r).exp() / (2.0 * PI), epsilon = 1e-14);
            }
        }
        let (volume, least) = number(1).wigner_negativity(0, 400);
        assert_relative_eq!(volume, 4.0 * (-0.5_f64).exp() - 2.0, max_relative = 1e-3);
        assert_relative_eq!(least, -1.0 / PI, max_relative = 1e-3);
    }

    /// A coherent state sits where its amplitude says, and its superposition with its opposite is negative between them.
    #[test]
    fn coherent_states() {
        let amplitudes = |alpha: c64| {
            let mut list = vec![c64::new((-0.5 * alpha.norm_sqr()).exp(), 0.0)];
            (1..40).for_each(|n| list.push(list[n - 1] * alpha / (n as f64).sqrt()));
            list
        };
        let alpha = c64::new(1.2, -0.9);
        let state = pure(&amplitudes(alpha));
        let [q, p] = [alpha.re * 2.0_f64.sqrt(), alpha.im * 2.0_f64.sqrt()];
        for [x, y] in [[0.0, 0.0], [0.4, -0.3], [-1.0, 0.2]] {
            let r: f64 = x * x + y * y;
            assert_abs_diff_eq!(state.wigner(0, &[[q + x, p + y]])[0], (-r).exp() / PI, epsilon = 1e-11);
            assert_abs_diff_eq!(state.husimi(0, &[[q + x, p + y]])[0], (-0.5 * r).exp() / (2.0 * PI), epsilon = 1e-11);
        }
        assert!(state.wigner_negativity(0, 100).0 < 1e-9);
        let cat: Vec<c64> =
            amplitudes(alpha).iter().enumerate().map(|(n, z)| if n % 2 == 0 { *z } else { 0.0 * z }).collect();
        assert!(pure(&cat).wigner_negativity(0, 200).0 > 0.3);
    }
}
