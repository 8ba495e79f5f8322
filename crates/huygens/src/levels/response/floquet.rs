//! Driven couplings to all orders: the harmonics of the response at each frequency of a noise.
//!
//! A noise of frequency ω + kΩ reaches all ω + nΩ. With the outputs x_a = u_aᵀr (the driven quadratures, and the couplings S_ν of static
//! baths), the forces F_β of the driven baths obey in harmonics
//!
//! F = ξ + ζ S,  S = g x,  x = x⁰ + χ gᵀ F  ⇒  F = (1 − ζM)⁻¹ (ξ + ζ g x⁰),  M = g χ gᵀ,
//!
//! (g)_{n,m} = g^{n−m}: a linear system of the size of the harmonics kept, at each ω. Means and fluctuations are integrals over ω of
//! products of its rows (Wick's theorem): exact for this linear system, in the number of harmonics and the quadrature alone.

use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, Lu, RMatrix};
use huygens_numerics::quad::{Singularity, graded};

use super::ResponseError;
use super::bath::Kernel;
use super::exponents::Exponents;
use super::lowest::{Machine, coth_pair};
use super::statics::{Statics, coth, noise};

/// Most harmonics on each side.
const MOST: usize = 40;
/// Wanted agreement between two numbers of harmonics.
const TOLERANCE: f64 = 1e-8;

/// The driven system to all orders at one set of values.
#[derive(Clone, Debug)]
pub struct AllOrders {
    /// Powers, heat and fluctuations.
    pub machine: Machine,
    /// Harmonics kept on each side.
    pub harmonics: usize,
    /// Largest relative change of a power or a fluctuation by the last two harmonics.
    pub change: f64,
    /// |P + Σ J| over the largest of them: the first law, with all currents computed by themselves.
    pub balance: f64,
    /// ½⟨{x_a, x_b}⟩ of the driven quadratures: its harmonics n = 0, 1, … of e^{−inΩt}.
    pub covariance: Vec<CMatrix>,
}

/// What does not depend on ω.
struct Frame<'a> {
    statics: &'a Statics,
    /// Vectors u of the outputs: driven quadratures, then couplings of static baths.
    outputs: Vec<Vec<f64>>,
    /// Number of driven quadratures, baths and harmonics on each side.
    forms: usize,
    baths: usize,
    side: usize,
    /// g by bath, harmonic (from −highest) and quadrature.
    g: Vec<Vec<Vec<c64>>>,
    /// Residues of the response between outputs by pole, where it has poles.
    residues: Vec<CMatrix>,
}

/// Rows over the noises: the driven baths' by harmonic, then the static ones' by harmonic.
struct Window {
    /// Frequencies ω + nΩ.
    omega: Vec<f64>,
    /// Forces by (bath, harmonic), outputs by (output, harmonic): rows of amplitudes of the noises.
    force: CMatrix,
    output: CMatrix,
}

impl<'a> Frame<'a> {
    fn new(statics: &'a Statics, side: usize) -> Self {
        let bound = statics.bound();
        let dim = bound.hessian.rows();
        let unit = |l: usize| (0..dim).map(|i| if i == l { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
        let mut outputs: Vec<Vec<f64>> = bound.forms.iter().map(|l| unit(*l)).collect();
        outputs.extend(bound.reservoirs.iter().map(|r| r.vector.clone()));
        let g = bound
            .driven
            .iter()
            .map(|d| {
                let top = d.highest() as i64;
                (-top..=top).map(|n| (0..bound.forms.len()).map(|l| d.harmonic(n, l)).collect()).collect()
            })
            .collect();
        let residues = statics.poles().map_or_else(Vec::new, |poles| {
            let count = outputs.len();
            (0..poles.at.len())
                .map(|j| {
                    CMatrix::from_fn(count, count, |a, b| {
                        let mut sum = c64::new(0.0, 0.0);
                        for (k, x) in outputs[a].iter().enumerate().filter(|(_, x)| **x != 0.0) {
                            for (l, y) in outputs[b].iter().enumerate().filter(|(_, y)| **y != 0.0) {
                                sum += poles.residue(j, k, l) * (x * y);
                            }
                        }
                        sum
                    })
                })
                .collect()
        });
        Self { statics, outputs, forms: bound.forms.len(), baths: bound.driven.len(), side, g, residues }
    }

    fn width(&self) -> usize {
        2 * self.side + 1
    }

    fn response(&self, omega: f64) -> CMatrix {
        let count = self.outputs.len();
        if let Some(poles) = self.statics.poles() {
            let mut chi = CMatrix::zeros(count, count);
            for (pole, residue) in poles.at.iter().zip(&self.residues) {
                let inverse = (c64::new(omega, 0.0) - pole).inv();
                for (x, r) in chi.as_mut_slice().iter_mut().zip(residue.as_slice()) {
                    *x += r * inverse;
                }
            }
            return chi;
        }
        let full = self.statics.response(omega);
        CMatrix::from_fn(count, count, |a, b| {
            let mut sum = c64::new(0.0, 0.0);
            for (k, x) in self.outputs[a].iter().enumerate().filter(|(_, x)| **x != 0.0) {
                for (l, y) in self.outputs[b].iter().enumerate().filter(|(_, y)| **y != 0.0) {
                    sum += full[(k, l)] * (x * y);
                }
            }
            sum
        })
    }

    /// g_l^{n−m} of a bath between harmonics, zero beyond its highest.
    fn coupling(&self, bath: usize, difference: i64, l: usize) -> c64 {
        let table = &self.g[bath];
        let top = (table.len() / 2) as i64;
        if difference.abs() > top { c64::new(0.0, 0.0) } else { table[(difference + top) as usize][l] }
    }

    fn reach(&self) -> i64 {
        self.g.iter().map(|t| (t.len() / 2) as i64).max().unwrap_or(0)
    }

    /// All amplitudes at a frequency; `None` where the harmonics are singular.
    fn window(&self, omega: f64) -> Option<Window> {
        let (w, side) = (self.width(), self.side as i64);
        let bound = self.statics.bound();
        let (count, forms, baths) = (self.outputs.len(), self.forms, self.baths);
        let reach = self.reach();
        let frequencies: Vec<f64> = (-side..=side).map(|n| omega + n as f64 * bound.frequency).collect();
        let chi: Vec<CMatrix> = frequencies.iter().map(|x| self.response(*x)).collect();
        let zeta: Vec<Vec<c64>> =
            bound.driven.iter().map(|d| frequencies.iter().map(|x| d.kernel.response(*x)).collect()).collect();
        let zero = c64::new(0.0, 0.0);
        // χ gᵀ by (output a, harmonic m) and (bath, harmonic k).
        let size = baths * w;
        let mut kicked = CMatrix::zeros(count * w, size);
        for m in 0..w {
            for k in (m as i64 - reach).max(0)..=(m as i64 + reach).min(w as i64 - 1) {
                for bath in 0..baths {
                    for l in 0..forms {
                        let g = self.coupling(bath, m as i64 - k, l);
                        if g == zero {
                            continue;
                        }
                        for a in 0..count {
                            kicked[(a * w + m, bath * w + k as usize)] += chi[m][(a, l)] * g;
                        }
                    }
                }
            }
        }
        // 1 − ζ g χ gᵀ
        let mut matrix = CMatrix::identity(size);
        let combine = |rows: &CMatrix, out: &mut CMatrix, sign: f64| {
            for bath in 0..baths {
                for n in 0..w {
                    for m in (n as i64 - reach).max(0)..=(n as i64 + reach).min(w as i64 - 1) {
                        for l in 0..forms {
                            let g = self.coupling(bath, n as i64 - m, l);
                            if g == zero {
                                continue;
                            }
                            let factor = g * zeta[bath][n] * sign;
                            let source = rows.row(l * w + m as usize);
                            for (x, y) in out.row_mut(bath * w + n).iter_mut().zip(source) {
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
        let sources = size + reservoirs * w;
        let mut free = CMatrix::zeros(count * w, sources);
        for a in 0..count {
            for m in 0..w {
                for r in 0..reservoirs {
                    free[(a * w + m, size + r * w + m)] = chi[m][(a, forms + r)];
                }
            }
        }
        let mut right = CMatrix::zeros(size, sources);
        for k in 0..size {
            right[(k, k)] = c64::new(1.0, 0.0);
        }
        combine(&free, &mut right, 1.0);
        let force = Lu::new(&matrix).ok()?.solve(&right);
        // x = x⁰ + χ gᵀ F, row by row: only few entries of χ gᵀ are not zero.
        let mut output = free;
        for row in 0..count * w {
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
        Some(Window { omega: frequencies, force, output })
    }

    /// The noises: density and temperature at the frequency of each.
    fn sources(&self, window: &Window) -> Vec<Source> {
        let bound = self.statics.bound();
        let driven = bound.driven.iter().map(|d| (&d.kernel, d.temperature));
        let baths = driven.chain(bound.reservoirs.iter().map(|r| (&r.kernel, r.temperature)));
        baths
            .flat_map(|(kernel, temperature)| {
                window.omega.iter().map(move |&omega| Source { omega, density: kernel.density(omega), temperature })
            })
            .collect()
    }

    /// Spectra of the noises: symmetrised, and of either order.
    fn levels(&self, window: &Window) -> [Vec<f64>; 3] {
        let bound = self.statics.bound();
        let driven = bound.driven.iter().map(|d| (&d.kernel, d.temperature));
        let baths = driven.chain(bound.reservoirs.iter().map(|r| (&r.kernel, r.temperature)));
        let mut out = [Vec::new(), Vec::new(), Vec::new()];
        for (kernel, temperature) in baths {
            for &omega in &window.omega {
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
        }
        out
    }
}

/// Correlators at one frequency.
struct Correlators {
    /// ⟨x_l(ω) x_m(ω + dΩ)†⟩ by l, m, d.
    xx: Vec<c64>,
    /// ⟨x_l(ω) F_β(ω + dΩ)†⟩ by l, β, d.
    xf: Vec<c64>,
    /// ⟨F F†⟩ in the other order, by moving harmonic, bath, d.
    ff: Vec<c64>,
    /// ⟨F x†⟩ in the other order, by moving harmonic, quadrature, d.
    fx: Vec<c64>,
}

/// A noise at its frequency.
struct Source {
    omega: f64,
    density: f64,
    temperature: f64,
}

impl Source {
    /// J_s (coth(ω/2T) − coth_s) against a bath at ω.
    fn against(&self, omega: f64, temperature: f64) -> f64 {
        if (omega == self.omega && temperature == self.temperature) || omega == 0.0 || self.omega == 0.0 {
            return 0.0;
        }
        let over = |x: f64, t: f64| if t == 0.0 { x.signum() * f64::INFINITY } else { 0.5 * x / t };
        self.density * coth_pair(over(omega, temperature), -over(self.omega, self.temperature))[0]
    }
}

/// Σ_s a_s S_s b̄_s.
fn overlap(a: &[c64], level: &[f64], b: &[c64]) -> c64 {
    let mut sum = c64::new(0.0, 0.0);
    for ((x, s), y) in a.iter().zip(level).zip(b) {
        sum += x * y.conj() * *s;
    }
    sum
}

impl AllOrders {
    /// The driven system in its periodic state.
    ///
    /// # Errors
    /// [`ResponseError`] for a driven bath without a cut-off, an unstable drive, or harmonics that do not converge.
    pub fn new(statics: &Statics) -> Result<Self, ResponseError> {
        let bound = statics.bound();
        if bound.driven.iter().any(|d| matches!(d.kernel, Kernel::Ohmic { .. })) {
            return Err(ResponseError::Divergent(
                "a driven coupling to a strictly Ohmic bath exchanges an infinite power (its counter-term is infinite): give the bath a cut-off, density = \"drude\"".into(),
            ));
        }
        let exponents = Exponents::new(bound);
        if let Some(found) = exponents.as_ref().filter(|e| e.largest() > 0.0) {
            return Err(ResponseError::NoSteadyState(format!(
                "the drive makes the oscillators unstable: the largest Floquet exponent has the real part {:.6}, and amplitudes grow as exp of that times the time",
                found.largest()
            )));
        }
        let mut side = 2 * bound.driven.iter().map(super::system::Driven::highest).max().unwrap_or(0);
        let mut before = Self::with(statics, exponents.as_ref(), side)?;
        loop {
            side += if bound.forms.is_empty() { 0 } else { 1 };
            let mut now = Self::with(statics, exponents.as_ref(), side)?;
            let scale = now.machine.power.iter().fold(0.0_f64, |m, p| m.max(p.abs()));
            let mut change = 0.0_f64;
            for (a, b) in now.machine.power.iter().zip(&before.machine.power) {
                change = change.max((a - b).abs() / a.abs().max(1e-6 * scale));
            }
            for (a, b) in now.machine.noise.as_slice().iter().zip(before.machine.noise.as_slice()) {
                change = change.max((a - b).abs() / now.machine.noise.norm_max().max(f64::MIN_POSITIVE));
            }
            now.change = if change.is_finite() { change } else { 0.0 };
            if now.change < TOLERANCE || bound.forms.is_empty() {
                return Ok(now);
            }
            if side >= MOST {
                return Err(ResponseError::NoSteadyState(format!(
                    "{} harmonics on each side do not converge (the last two change the result by {:.1e}): the drive is too strong or too slow for the harmonic balance",
                    MOST, now.change
                )));
            }
            before = now;
        }
    }

    fn with(statics: &Statics, exponents: Option<&Exponents>, side: usize) -> Result<Self, ResponseError> {
        let frame = Frame::new(statics, side);
        let bound = statics.bound();
        let (w, forms, baths) = (frame.width(), frame.forms, frame.baths);
        let (omega0, reach) = (bound.frequency, frame.reach());
        let modes = bound.hessian.rows() / 2;
        let zero = c64::new(0.0, 0.0);
        // The response of x at ω has the poles of the oscillators at all harmonics that the drive connects with 0: the even ones of a drive
        // with odd harmonics alone. The baths are seen at all.
        let mut poles: Vec<Singularity> = statics.places().iter().map(|p| Singularity::new(p.re, p.im)).collect();
        if let Some(found) = exponents {
            poles.extend(found.poles().iter().map(|p| Singularity::new(p.re, p.im)));
        }
        let mut baths_seen: Vec<Singularity> = Vec::new();
        let driven = bound.driven.iter().map(|d| (&d.kernel, d.temperature));
        for (kernel, temperature) in driven.chain(bound.reservoirs.iter().map(|r| (&r.kernel, r.temperature))) {
            kernel.singularities(&mut baths_seen);
            baths_seen.push(Singularity::new(0.0, TAU * temperature));
        }
        let odd = (0..baths)
            .all(|b| (-reach..=reach).all(|n| n % 2 != 0 || (0..forms).all(|l| frame.coupling(b, n, l) == zero)));
        let mut singularities = Vec::new();
        for n in -2 * reach..=2 * reach {
            let shifted = |s: &Singularity| Singularity { at: s.at + n as f64 * omega0, ..*s };
            singularities.extend(baths_seen.iter().map(shifted));
            if !odd || n % 2 == 0 {
                singularities.extend(poles.iter().map(shifted));
            }
        }
        let nodes = graded(&singularities, statics.limit());
        let mut power = vec![zero; forms];
        let mut work = CMatrix::zeros(forms, forms);
        let count = bound.reservoirs.iter().map(|r| r.index).chain(bound.driven.iter().map(|d| d.index)).max();
        let mut heat = vec![0.0; count.map_or(0, |c| c + 1)];
        let mut covariance = vec![CMatrix::zeros(forms, forms); 2 * reach as usize + 1];
        let middle = side;
        let mut seen = vec![zero; (baths + bound.reservoirs.len()) * w];
        // ġ^k = −ikΩ g^k
        let speed = |bath: usize, k: i64, l: usize| c64::new(0.0, -(k as f64) * omega0) * frame.coupling(bath, k, l);
        // Harmonics of baths in which any coupling moves.
        let moving: Vec<(usize, i64)> = (0..baths)
            .flat_map(|bath| (-reach..=reach).map(move |k| (bath, k)))
            .filter(|&(bath, k)| (0..forms).any(|l| speed(bath, k, l) != zero))
            .collect();
        let mut table = Correlators {
            xx: vec![zero; forms * forms * w],
            xf: vec![zero; forms * baths * w],
            ff: vec![zero; moving.len() * baths * w],
            fx: vec![zero; moving.len() * forms * w],
        };
        for &(omega, weight) in &nodes {
            let Some(window) = frame.window(omega) else {
                return Err(ResponseError::NoSteadyState(format!(
                    "the harmonics are singular at the frequency {omega}: an undamped response"
                )));
            };
            let [even, greater, lesser] = frame.levels(&window);
            let sources = frame.sources(&window);
            let weight = weight / TAU;
            let x = |l: usize, n: usize| window.output.row(l * w + n);
            let f = |bath: usize, n: usize| window.force.row(bath * w + n);
            for l in 0..forms {
                for bath in 0..baths {
                    for k in -reach..=reach {
                        let rate = speed(bath, k, l);
                        if rate != zero {
                            let n = (middle as i64 + k) as usize;
                            power[l] -= rate * weight * overlap(x(l, middle), &even, f(bath, n));
                        }
                    }
                }
            }
            for (n, matrix) in covariance.iter_mut().enumerate().take(middle + 1) {
                for l in 0..forms {
                    for m in 0..forms {
                        // The harmonic e^{−inΩt} pairs ω with ω − nΩ.
                        matrix[(l, m)] += weight * overlap(x(l, middle), &even, x(m, middle - n));
                    }
                }
            }
            // J_ν = ∫ dω/2π ω J_ν Σ_s |S_ν|_s² J_s (coth_ν − coth_s) over all noises s: ⟨ṠF⟩ with Im χ as the sum of what is absorbed.
            // A drive with odd harmonics alone sees the oscillators at odd harmonics of ω: seen from the first, at the poles of the mesh.
            let mut flow = |index: usize, kernel: &Kernel, temperature: f64, at: usize, row: &[c64]| {
                let omega = window.omega[at];
                let own = kernel.density(omega) * omega * weight;
                let sum: f64 =
                    row.iter().zip(&sources).map(|(z, s)| z.norm_sqr() * s.against(omega, temperature)).sum();
                heat[index] += own * sum;
            };
            let at = middle + usize::from(odd);
            for (bath, driven) in bound.driven.iter().enumerate() {
                seen.fill(zero);
                for k in -reach..=reach {
                    for l in 0..forms {
                        let g = frame.coupling(bath, k, l);
                        if g != zero {
                            let row = x(l, (at as i64 - k) as usize);
                            seen.iter_mut().zip(row).for_each(|(s, z)| *s += g * z);
                        }
                    }
                }
                flow(driven.index, &driven.kernel, driven.temperature, at, &seen);
            }
            for (r, reservoir) in bound.reservoirs.iter().enumerate() {
                flow(reservoir.index, &reservoir.kernel, reservoir.temperature, middle, x(forms + r, middle));
            }
            // Fluctuations: the four correlators between harmonic 0 of x, or ±k of F, and all others.
            for d in 0..w {
                for l in 0..forms {
                    for m in 0..forms {
                        table.xx[(l * forms + m) * w + d] = overlap(x(l, middle), &greater, x(m, d));
                    }
                    for bath in 0..baths {
                        table.xf[(l * baths + bath) * w + d] = overlap(x(l, middle), &greater, f(bath, d));
                    }
                }
                for (a, &(bath, k)) in moving.iter().enumerate() {
                    let row = f(bath, (middle as i64 + k) as usize);
                    for other in 0..baths {
                        table.ff[(a * baths + other) * w + d] = overlap(row, &lesser, f(other, d));
                    }
                    for m in 0..forms {
                        table.fx[(a * forms + m) * w + d] = overlap(row, &lesser, x(m, d));
                    }
                }
            }
            for (a, &(bath, k)) in moving.iter().enumerate() {
                for &(other, k2) in &moving {
                    let first = (-k2).max(0) as usize;
                    let last = (w as i64 - k2).min(w as i64) as usize;
                    for l in 0..forms {
                        let rate = speed(bath, k, l);
                        for m in 0..forms {
                            let factor = rate * speed(other, k2, m).conj() * weight;
                            if factor == zero {
                                continue;
                            }
                            let mut sum = zero;
                            for d in first..last {
                                let there = (d as i64 + k2) as usize;
                                sum += table.xx[(l * forms + m) * w + d]
                                    * table.ff[(a * baths + other) * w + there].conj()
                                    + table.xf[(l * baths + other) * w + d]
                                        * table.fx[(a * forms + m) * w + there].conj();
                            }
                            work[(l, m)] += factor * sum;
                        }
                    }
                }
            }
        }
        let mode = |l: usize| bound.forms[l] / 2;
        let mut by_mode = vec![0.0; modes];
        let mut noise = RMatrix::zeros(modes, modes);
        for l in 0..forms {
            by_mode[mode(l)] += power[l].re;
            for m in 0..forms {
                noise[(mode(l), mode(m))] += work[(l, m)].re;
            }
        }
        let total: f64 = by_mode.iter().sum::<f64>() + heat.iter().sum::<f64>();
        let largest = by_mode.iter().chain(&heat).fold(0.0_f64, |m, x| m.max(x.abs()));
        let temperatures = bound
            .reservoirs
            .iter()
            .map(|r| (r.index, r.temperature))
            .chain(bound.driven.iter().map(|d| (d.index, d.temperature)));
        let dissipation = -temperatures.map(|(k, t)| heat[k] / t).sum::<f64>();
        let machine = Machine { frequency: omega0, power: by_mode, noise, heat, dissipation, error: 0.0 };
        let balance = if largest > 0.0 { total.abs() / largest } else { 0.0 };
        Ok(Self { machine, harmonics: side, change: f64::INFINITY, balance, covariance })
    }
}

/// The static heat currents J_ν out of each bath, to all orders: ∫ dω/2π ω J_ν Σ_ν′ |χ_νν′|² J_ν′ (coth_ν − coth_ν′).
pub fn static_currents(statics: &Statics) -> Vec<f64> {
    let bound = statics.bound();
    let frame = Frame::new(statics, 0);
    let count = bound.reservoirs.iter().map(|r| r.index).chain(bound.driven.iter().map(|d| d.index)).max();
    let mut heat = vec![0.0; count.map_or(0, |c| c + 1)];
    for (omega, weight) in graded(&statics.singularities(), statics.limit()) {
        let chi = frame.response(omega);
        for (a, one) in bound.reservoirs.iter().enumerate() {
            for (b, other) in bound.reservoirs.iter().enumerate() {
                if one.temperature == other.temperature {
                    continue;
                }
                let difference = coth(omega, one.temperature) - coth(omega, other.temperature);
                let transmitted = chi[(frame.forms + a, frame.forms + b)].norm_sqr();
                heat[one.index] += weight / TAU
                    * omega
                    * one.kernel.density(omega)
                    * other.kernel.density(omega)
                    * transmitted
                    * difference;
            }
        }
    }
    heat
}
