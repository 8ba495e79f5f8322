//! The driven system in harmonics: amplitudes of all noises at a frequency and at those that the drive connects with it.
//!
//! A noise of frequency ω + kΩ reaches all ω + nΩ. With the outputs x_a = u_aᵀr (the driven quadratures, and the couplings S_ν of static
//! baths), the forces F_β of the driven baths obey in harmonics
//!
//! F = ξ + ζ S,  S = g x,  x = x⁰ + χ gᵀ F  ⇒  F = (1 − ζM)⁻¹ (ξ + ζ g x⁰),  M = g χ gᵀ,
//!
//! (g)_{n,m} = g^{n−m}: a linear system of the size of the harmonics kept, at each ω.

use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, Lu};
use huygens_numerics::quad::{Singularity, graded_by};

use super::bath::Kernel;
use super::exponents::Exponents;
use super::lowest::coth_pair;
use super::statics::{Probe, Statics, noise, over};
use super::system::Bound;

/// What does not depend on ω.
pub(super) struct Frame<'a> {
    statics: &'a Statics,
    /// The outputs: driven quadratures, then couplings of static baths.
    probe: Probe<'a>,
    /// Number of driven quadratures and baths.
    forms: usize,
    baths: usize,
    /// Harmonics of the outputs and of the forces: even and odd ones where all couplings have odd harmonics alone, else all.
    xs: Vec<i64>,
    fs: Vec<i64>,
    /// Whether that is so.
    odd: bool,
    /// g by bath, harmonic (from −highest) and quadrature.
    g: Vec<Vec<Vec<c64>>>,
}

/// Rows over the noises: the driven baths' by harmonic, then the static ones' by harmonic.
pub(super) struct Window {
    /// Frequencies of the noises ω + nΩ, those of driven baths and those of static ones.
    pub(super) forced: Vec<f64>,
    pub(super) free: Vec<f64>,
    /// Forces by (bath, harmonic), outputs by (output, harmonic): rows of amplitudes of the noises.
    force: CMatrix,
    output: CMatrix,
}

impl Window {
    /// Number of noises.
    pub(super) fn sources(&self) -> usize {
        self.output.cols()
    }

    pub(super) fn force_row(&self, k: usize) -> &[c64] {
        self.force.row(k)
    }

    pub(super) fn output_row(&self, k: usize) -> &[c64] {
        self.output.row(k)
    }
}

impl<'a> Frame<'a> {
    pub(super) fn new(statics: &'a Statics, side: usize) -> Self {
        let bound = statics.bound();
        let g: Vec<Vec<Vec<c64>>> = bound
            .driven
            .iter()
            .map(|d| {
                let top = d.highest() as i64;
                (-top..=top).map(|n| (0..bound.forms.len()).map(|l| d.harmonic(n, l)).collect()).collect()
            })
            .collect();
        let even_harmonic = |table: &Vec<Vec<c64>>| {
            let top = table.len() / 2;
            table
                .iter()
                .enumerate()
                .any(|(k, row)| (k + top).is_multiple_of(2) && row.iter().any(|z| z.norm_sqr() > 0.0))
        };
        let odd = !g.is_empty() && !g.iter().any(even_harmonic);
        let side = side as i64;
        let xs = (-side..=side).filter(|n| !odd || n % 2 == 0).collect();
        let fs = (-side..=side).filter(|n| !odd || n % 2 != 0).collect();
        Self {
            statics,
            probe: Probe::new(statics),
            forms: bound.forms.len(),
            baths: bound.driven.len(),
            xs,
            fs,
            odd,
            g,
        }
    }

    pub(super) fn bound(&self) -> &Bound {
        self.statics.bound()
    }

    /// ζ(ω) of a bath, driven ones first.
    pub(super) fn zeta(&self, bath: usize, omega: f64) -> c64 {
        self.statics.zeta(bath, omega)
    }

    /// A bath, driven ones first, and its temperature.
    pub(super) fn bath(&self, k: usize) -> (&Kernel, f64) {
        let bound = self.bound();
        match bound.driven.get(k) {
            Some(d) => (&d.kernel, d.temperature),
            None => {
                let r = &bound.reservoirs[k - bound.driven.len()];
                (&r.kernel, r.temperature)
            }
        }
    }

    /// Harmonics of the outputs and of the forces.
    pub(super) fn harmonics(&self) -> (&[i64], &[i64]) {
        (&self.xs, &self.fs)
    }

    /// The place among the outputs of harmonic 0, and among the forces of 0, or 1 where they have odd ones alone.
    pub(super) fn first_output(&self) -> usize {
        self.xs.iter().position(|n| *n == 0).unwrap_or(0)
    }

    pub(super) fn first_force(&self) -> usize {
        self.fs.iter().position(|n| *n == i64::from(self.odd)).unwrap_or(0)
    }

    fn response(&self, omega: f64) -> CMatrix {
        let count = self.probe.outputs.len();
        let mut chi = Vec::new();
        self.probe.response(omega, &mut chi);
        CMatrix::from_vec(count, count, chi)
    }

    /// g_l^{n−m} of a bath between harmonics, zero beyond its highest.
    pub(super) fn coupling(&self, bath: usize, difference: i64, l: usize) -> c64 {
        let table = &self.g[bath];
        let top = (table.len() / 2) as i64;
        if difference.abs() > top { c64::new(0.0, 0.0) } else { table[(difference + top) as usize][l] }
    }

    pub(super) fn reach(&self) -> i64 {
        self.g.iter().map(|t| (t.len() / 2) as i64).max().unwrap_or(0)
    }

    /// All amplitudes at a frequency; `None` where the harmonics are singular.
    pub(super) fn window(&self, omega: f64) -> Option<Window> {
        let (wx, wf) = (self.xs.len(), self.fs.len());
        let bound = self.statics.bound();
        let (count, forms, baths) = (self.probe.outputs.len(), self.forms, self.baths);
        let reach = self.reach();
        // A node next to a harmonic may be rounded to it, where the noise of a sub-Ohmic bath is infinite.
        let away = |x: f64| if x == 0.0 { f64::EPSILON * bound.frequency } else { x };
        let at = |list: &[i64]| list.iter().map(|n| away(omega + *n as f64 * bound.frequency)).collect::<Vec<f64>>();
        let (free_at, forced_at) = (at(&self.xs), at(&self.fs));
        let chi: Vec<CMatrix> = free_at.iter().map(|x| self.response(*x)).collect();
        let zeta: Vec<Vec<c64>> =
            (0..baths).map(|bath| forced_at.iter().map(|x| self.zeta(bath, *x)).collect()).collect();
        let zero = c64::new(0.0, 0.0);
        // χ gᵀ by (output a, harmonic m) and (bath, harmonic k).
        let size = baths * wf;
        let mut kicked = CMatrix::zeros(count * wx, size);
        for (i, m) in self.xs.iter().enumerate() {
            for (j, k) in self.fs.iter().enumerate().filter(|(_, k)| (m - **k).abs() <= reach) {
                for bath in 0..baths {
                    for l in 0..forms {
                        let g = self.coupling(bath, m - k, l);
                        if g == zero {
                            continue;
                        }
                        for a in 0..count {
                            kicked[(a * wx + i, bath * wf + j)] += chi[i][(a, l)] * g;
                        }
                    }
                }
            }
        }
        // 1 − ζ g χ gᵀ
        let mut matrix = CMatrix::identity(size);
        let combine = |rows: &CMatrix, out: &mut CMatrix, sign: f64| {
            for bath in 0..baths {
                for (i, n) in self.fs.iter().enumerate() {
                    for (j, m) in self.xs.iter().enumerate().filter(|(_, m)| (n - **m).abs() <= reach) {
                        for l in 0..forms {
                            let g = self.coupling(bath, n - m, l);
                            if g == zero {
                                continue;
                            }
                            let factor = g * zeta[bath][i] * sign;
                            let source = rows.row(l * wx + j);
                            for (x, y) in out.row_mut(bath * wf + i).iter_mut().zip(source) {
                                *x += factor * y;
                            }
                        }
                    }
                }
            }
        };
        combine(&kicked, &mut matrix, -1.0);
        // Noises: ξ of the driven baths, then those of the static ones, whose x⁰ is χ u_ν at the same harmonic.
        let reservoirs = count - forms;
        let sources = size + reservoirs * wx;
        let mut free = CMatrix::zeros(count * wx, sources);
        for a in 0..count {
            for m in 0..wx {
                for r in 0..reservoirs {
                    free[(a * wx + m, size + r * wx + m)] = chi[m][(a, forms + r)];
                }
            }
        }
        let mut right = CMatrix::zeros(size, sources);
        for k in 0..size {
            right[(k, k)] = c64::new(1.0, 0.0);
        }
        combine(&free, &mut right, 1.0);
        let force = if size > 0 { Lu::new(&matrix).ok()?.solve(&right) } else { right };
        // x = x⁰ + χ gᵀ F, row by row: only few entries of χ gᵀ are not zero.
        let mut output = free;
        for row in 0..count * wx {
            for k in 0..size {
                let factor = kicked[(row, k)];
                if factor != zero {
                    let source = force.row(k);
                    for (x, y) in output.row_mut(row).iter_mut().zip(source) {
                        *x += factor * y;
                    }
                }
            }
        }
        Some(Window { forced: forced_at, free: free_at, force, output })
    }

    /// Frequencies and weights of integrals, in panels `ratio` times as long as their distance from the singularities.
    ///
    /// The response of x at ω has the poles of the oscillators at all harmonics that the drive connects with 0: the even ones of a drive
    /// with odd harmonics alone. The baths are seen at all.
    pub(super) fn nodes(&self, exponents: Option<&Exponents>, ratio: f64) -> Vec<(f64, f64)> {
        let bound = self.statics.bound();
        let (omega0, reach) = (bound.frequency, self.reach());
        let mut poles: Vec<Singularity> = self.statics.places().iter().map(|p| Singularity::new(p.re, p.im)).collect();
        if let Some(found) = exponents {
            poles.extend(found.poles().iter().map(|p| Singularity::new(p.re, p.im)));
        }
        let mut baths_seen: Vec<Singularity> = Vec::new();
        let driven = bound.driven.iter().map(|d| (&d.kernel, d.temperature));
        for (kernel, temperature) in driven.chain(bound.reservoirs.iter().map(|r| (&r.kernel, r.temperature))) {
            kernel.singularities(&mut baths_seen);
            baths_seen.push(Singularity::new(0.0, TAU * temperature));
        }
        let mut singularities = Vec::new();
        // Unless the drive is far above the oscillators, more harmonics of them lie within their widths.
        let slow = self.statics.places().iter().any(|p| p.re.abs() > 0.2 * omega0);
        let most = if self.forms == 0 { 0 } else { 2 * reach + if slow { 2 } else { 0 } };
        for n in -most..=most {
            let shifted = |s: &Singularity| Singularity { at: s.at + n as f64 * omega0, ..*s };
            singularities.extend(baths_seen.iter().map(shifted));
            if !self.odd || n % 2 == 0 {
                singularities.extend(poles.iter().map(shifted));
            }
        }
        graded_by(&singularities, self.statics.limit(), ratio)
    }

    /// Kernel, temperature and frequency of each noise, in the order of the rows.
    fn noises<'b>(&'b self, window: &'b Window) -> impl Iterator<Item = (&'b Kernel, f64, f64)> {
        let bound = self.statics.bound();
        let driven = bound.driven.iter().map(|d| (&d.kernel, d.temperature, &window.forced));
        let baths = driven.chain(bound.reservoirs.iter().map(|r| (&r.kernel, r.temperature, &window.free)));
        baths.flat_map(|(kernel, temperature, list)| list.iter().map(move |omega| (kernel, temperature, *omega)))
    }

    /// The noises: density and temperature at the frequency of each.
    pub(super) fn sources(&self, window: &Window) -> Vec<Source> {
        let noises = self.noises(window);
        noises
            .map(|(kernel, temperature, omega)| Source { omega, density: kernel.density(omega), temperature })
            .collect()
    }

    /// S_ij(ω) of two driven quadratures, averaged over the period.
    pub(super) fn spectrum(&self, omega: f64, i: usize, j: usize) -> Option<c64> {
        let place = |i: usize| self.bound().forms.iter().position(|l| *l == i);
        let (l, m) = (place(i)?, place(j)?);
        let window = self.window(omega)?;
        let [even, ..] = self.levels(&window);
        let row = |l: usize| window.output_row(l * self.xs.len() + self.first_output());
        Some(overlap(row(l), &even, row(m)))
    }

    /// Spectra of the noises: symmetrised, and of either order.
    pub(super) fn levels(&self, window: &Window) -> [Vec<f64>; 3] {
        let mut out = [Vec::new(), Vec::new(), Vec::new()];
        for (kernel, temperature, omega) in self.noises(window) {
            let (even, odd) = (noise(kernel, omega, temperature), kernel.density(omega));
            // J(coth ± 1) by the exponential, so that the smaller keeps its digits.
            let small = if temperature == 0.0 {
                0.0
            } else {
                let x = omega.abs() / temperature;
                if x < 1e-6 { even - odd.abs() } else { 2.0 * odd.abs() / x.exp_m1() }
            };
            let large = even + odd.abs();
            let (greater, lesser) = if omega >= 0.0 { (large, small) } else { (small, large) };
            for (list, value) in out.iter_mut().zip([even, greater, lesser]) {
                list.push(value);
            }
        }
        out
    }
}

/// A noise at its frequency.
pub(super) struct Source {
    omega: f64,
    density: f64,
    temperature: f64,
}

impl Source {
    /// J_s (coth(ω/2T) − coth_s) against a bath at ω.
    pub(super) fn against(&self, omega: f64, temperature: f64) -> f64 {
        if (omega == self.omega && temperature == self.temperature) || omega == 0.0 || self.omega == 0.0 {
            return 0.0;
        }
        self.density * coth_pair(over(omega, temperature), -over(self.omega, self.temperature))[0]
    }
}

/// Σ_s a_s S_s b̄_s.
pub(super) fn overlap(a: &[c64], level: &[f64], b: &[c64]) -> c64 {
    let mut sum = c64::new(0.0, 0.0);
    for ((x, s), y) in a.iter().zip(level).zip(b) {
        sum += x * y.conj() * *s;
    }
    sum
}
