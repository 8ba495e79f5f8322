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
use huygens_numerics::quad::{Singularity, graded, graded_by};

use super::ResponseError;
use super::bath::Kernel;
use super::exponents::Exponents;
use super::lowest::{Machine, coth_pair};
use super::statics::{Probe, Statics, coth, noise, over};

/// Most harmonics on each side.
const MOST: usize = 40;
/// Wanted agreement between two numbers of harmonics.
const TOLERANCE: f64 = 1e-8;
/// Lengths of panels of the mesh over their distance from singularities: for the number of harmonics, and for the result (1e-12).
const COARSE: f64 = 3.0;
const FINE: f64 = 0.8;

/// The driven system to all orders at one set of values.
#[derive(Clone, Debug)]
pub struct AllOrders {
    /// Powers, heat and fluctuations.
    pub machine: Machine,
    /// Harmonics kept on each side.
    pub harmonics: usize,
    /// Largest relative change of a power or a fluctuation by the last harmonic.
    pub change: f64,
    /// |P + Σ J| over the largest of them: the first law, with all currents computed by themselves.
    pub balance: f64,
    /// ½⟨{x_a, x_b}⟩ of the driven quadratures: its harmonics n = 0, 1, … of e^{−inΩt}.
    pub covariance: Vec<CMatrix>,
}

/// What does not depend on ω.
struct Frame<'a> {
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
struct Window {
    /// Frequencies of the noises ω + nΩ, those of driven baths and those of static ones.
    forced: Vec<f64>,
    free: Vec<f64>,
    /// Forces by (bath, harmonic), outputs by (output, harmonic): rows of amplitudes of the noises.
    force: CMatrix,
    output: CMatrix,
}

impl<'a> Frame<'a> {
    fn new(statics: &'a Statics, side: usize) -> Self {
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

    fn response(&self, omega: f64) -> CMatrix {
        let count = self.probe.outputs.len();
        let mut chi = Vec::new();
        self.probe.response(omega, &mut chi);
        CMatrix::from_vec(count, count, chi)
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
        let (wx, wf) = (self.xs.len(), self.fs.len());
        let bound = self.statics.bound();
        let (count, forms, baths) = (self.probe.outputs.len(), self.forms, self.baths);
        let reach = self.reach();
        let at = |list: &[i64]| list.iter().map(|n| omega + *n as f64 * bound.frequency).collect::<Vec<f64>>();
        let (free_at, forced_at) = (at(&self.xs), at(&self.fs));
        let chi: Vec<CMatrix> = free_at.iter().map(|x| self.response(*x)).collect();
        let zeta: Vec<Vec<c64>> =
            bound.driven.iter().map(|d| forced_at.iter().map(|x| d.kernel.response(*x)).collect()).collect();
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

    /// Kernel, temperature and frequency of each noise, in the order of the rows.
    fn noises<'b>(&'b self, window: &'b Window) -> impl Iterator<Item = (&'b Kernel, f64, f64)> {
        let bound = self.statics.bound();
        let driven = bound.driven.iter().map(|d| (&d.kernel, d.temperature, &window.forced));
        let baths = driven.chain(bound.reservoirs.iter().map(|r| (&r.kernel, r.temperature, &window.free)));
        baths.flat_map(|(kernel, temperature, list)| list.iter().map(move |omega| (kernel, temperature, *omega)))
    }

    /// The noises: density and temperature at the frequency of each.
    fn sources(&self, window: &Window) -> Vec<Source> {
        let noises = self.noises(window);
        noises
            .map(|(kernel, temperature, omega)| Source { omega, density: kernel.density(omega), temperature })
            .collect()
    }

    /// Spectra of the noises: symmetrised, and of either order.
    fn levels(&self, window: &Window) -> [Vec<f64>; 3] {
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
        Self::with_exponents(statics, Exponents::new(statics.bound()).as_ref())
    }

    /// The same with the Floquet exponents of the system, where they are known.
    ///
    /// # Errors
    /// As [`AllOrders::new`].
    pub fn with_exponents(statics: &Statics, exponents: Option<&Exponents>) -> Result<Self, ResponseError> {
        let bound = statics.bound();
        if bound.driven.iter().any(|d| matches!(d.kernel, Kernel::Ohmic { .. })) {
            return Err(ResponseError::Divergent(
                "a driven coupling to a strictly Ohmic bath exchanges an infinite power (its counter-term is infinite): give the bath a cut-off, density = \"drude\"".into(),
            ));
        }
        if let Some(found) = exponents.filter(|e| e.largest() > 0.0) {
            return Err(ResponseError::NoSteadyState(format!(
                "the drive makes the oscillators unstable: the largest Floquet exponent has the real part {:.6}, and amplitudes grow as exp of that times the time",
                found.largest()
            )));
        }
        if bound.forms.is_empty() {
            return Self::with(statics, None, 0, FINE);
        }
        // How many harmonics: on a coarse mesh, whose errors are the same for both numbers.
        let mut side = 2 * bound.driven.iter().map(super::system::Driven::highest).max().unwrap_or(0);
        let mut before = Self::with(statics, exponents, side, COARSE)?;
        loop {
            let now = Self::with(statics, exponents, side + 1, COARSE)?;
            let scale = now.machine.power.iter().fold(0.0_f64, |m, p| m.max(p.abs()));
            let mut change = 0.0_f64;
            for (a, b) in now.machine.power.iter().zip(&before.machine.power) {
                change = change.max((a - b).abs() / a.abs().max(1e-6 * scale));
            }
            for (a, b) in now.machine.noise.as_slice().iter().zip(before.machine.noise.as_slice()) {
                change = change.max((a - b).abs() / now.machine.noise.norm_max().max(f64::MIN_POSITIVE));
            }
            // One more takes the change well below it.
            if change < TOLERANCE {
                let mut found = Self::with(statics, exponents, side + 1, FINE)?;
                found.change = change;
                return Ok(found);
            }
            side += 1;
            if side >= MOST || !change.is_finite() {
                return Err(ResponseError::NoSteadyState(format!(
                    "{side} harmonics on each side do not converge (the last changes the result by {change:.1e}): the drive is too strong or too slow for the harmonic balance"
                )));
            }
            before = now;
        }
    }

    /// One number of harmonics on each side, on a mesh of panels `ratio` times as long as their distance from the singularities.
    fn with(statics: &Statics, exponents: Option<&Exponents>, side: usize, ratio: f64) -> Result<Self, ResponseError> {
        let frame = Frame::new(statics, side);
        let bound = statics.bound();
        let (wx, wf, forms, baths) = (frame.xs.len(), frame.fs.len(), frame.forms, frame.baths);
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
        let mut singularities = Vec::new();
        // Below the frequencies of the oscillators more harmonics of them lie within their widths.
        let slow = statics.places().iter().any(|p| p.re.abs() > 0.5 * omega0);
        let most = 2 * reach + if slow { 2 } else { 0 };
        for n in -most..=most {
            let shifted = |s: &Singularity| Singularity { at: s.at + n as f64 * omega0, ..*s };
            singularities.extend(baths_seen.iter().map(shifted));
            if !frame.odd || n % 2 == 0 {
                singularities.extend(poles.iter().map(shifted));
            }
        }
        let nodes = graded_by(&singularities, statics.limit(), ratio);
        let mut power = vec![zero; forms];
        let mut work = CMatrix::zeros(forms, forms);
        let count = bound.reservoirs.iter().map(|r| r.index).chain(bound.driven.iter().map(|d| d.index)).max();
        let mut heat = vec![0.0; count.map_or(0, |c| c + 1)];
        let mut covariance = vec![CMatrix::zeros(forms, forms); 2 * reach as usize + 1];
        // Places of harmonics among those kept.
        let place = |list: &[i64], n: i64| list.iter().position(|m| *m == n);
        let at_x = |n: i64| place(&frame.xs, n);
        let at_f = |n: i64| place(&frame.fs, n);
        let Some(middle) = at_x(0) else {
            return Err(ResponseError::NoSteadyState("no harmonic is kept".into()));
        };
        let mut seen = vec![zero; baths * wf + bound.reservoirs.len() * wx];
        // ġ^k = −ikΩ g^k
        let speed = |bath: usize, k: i64, l: usize| c64::new(0.0, -(k as f64) * omega0) * frame.coupling(bath, k, l);
        // Harmonics of baths in which any coupling moves.
        let moving: Vec<(usize, i64)> = (0..baths)
            .flat_map(|bath| (-reach..=reach).map(move |k| (bath, k)))
            .filter(|&(bath, k)| at_f(k).is_some() && (0..forms).any(|l| speed(bath, k, l) != zero))
            .collect();
        let shifts: Vec<Vec<[Option<usize>; 2]>> = moving
            .iter()
            .map(|&(_, k2)| {
                let of_x = frame.xs.iter().map(|d| at_f(d + k2));
                let of_f = frame.fs.iter().map(|d| at_x(d + k2));
                let longest = wx.max(wf);
                let (mut a, mut b): (Vec<_>, Vec<_>) = (of_x.collect(), of_f.collect());
                a.resize(longest, None);
                b.resize(longest, None);
                a.into_iter().zip(b).map(|(a, b)| [a, b]).collect()
            })
            .collect();
        let mut table = Correlators {
            xx: vec![zero; forms * forms * wx],
            xf: vec![zero; forms * baths * wf],
            ff: vec![zero; moving.len() * baths * wf],
            fx: vec![zero; moving.len() * forms * wx],
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
            let x = |l: usize, n: usize| window.output.row(l * wx + n);
            let f = |bath: usize, n: usize| window.force.row(bath * wf + n);
            for &(bath, k) in &moving {
                let Some(n) = at_f(k) else { continue };
                for l in 0..forms {
                    power[l] -= speed(bath, k, l) * weight * overlap(x(l, middle), &even, f(bath, n));
                }
            }
            for (n, matrix) in covariance.iter_mut().enumerate() {
                // The harmonic e^{−inΩt} pairs ω with ω − nΩ.
                let Some(other) = at_x(-(n as i64)) else { continue };
                for l in 0..forms {
                    for m in 0..forms {
                        matrix[(l, m)] += weight * overlap(x(l, middle), &even, x(m, other));
                    }
                }
            }
            // J_ν = ∫ dω/2π ω J_ν Σ_s |S_ν|_s² J_s (coth_ν − coth_s) over all noises s: ⟨ṠF⟩ with Im χ as the sum of what is absorbed.
            // A drive with odd harmonics alone sees the oscillators at odd harmonics of ω: seen from the first, at the poles of the mesh.
            let mut flow = |index: usize, kernel: &Kernel, temperature: f64, omega: f64, row: &[c64]| {
                let own = kernel.density(omega) * omega * weight;
                let sum: f64 =
                    row.iter().zip(&sources).map(|(z, s)| z.norm_sqr() * s.against(omega, temperature)).sum();
                heat[index] += own * sum;
            };
            let from = i64::from(frame.odd);
            for (bath, driven) in bound.driven.iter().enumerate() {
                seen.fill(zero);
                for k in -reach..=reach {
                    let Some(n) = at_x(from - k) else { continue };
                    for l in 0..forms {
                        let g = frame.coupling(bath, k, l);
                        if g != zero {
                            seen.iter_mut().zip(x(l, n)).for_each(|(s, z)| *s += g * z);
                        }
                    }
                }
                flow(driven.index, &driven.kernel, driven.temperature, omega + from as f64 * omega0, &seen);
            }
            for (r, reservoir) in bound.reservoirs.iter().enumerate() {
                flow(reservoir.index, &reservoir.kernel, reservoir.temperature, omega, x(forms + r, middle));
            }
            // Fluctuations: the four correlators between harmonic 0 of x, or ±k of F, and all others.
            for d in 0..wx {
                for l in 0..forms {
                    for m in 0..forms {
                        table.xx[(l * forms + m) * wx + d] = overlap(x(l, middle), &greater, x(m, d));
                    }
                }
            }
            for d in 0..wf {
                for l in 0..forms {
                    for bath in 0..baths {
                        table.xf[(l * baths + bath) * wf + d] = overlap(x(l, middle), &greater, f(bath, d));
                    }
                }
            }
            for (a, &(bath, k)) in moving.iter().enumerate() {
                let Some(n) = at_f(k) else { continue };
                let row = f(bath, n);
                for other in 0..baths {
                    for d in 0..wf {
                        table.ff[(a * baths + other) * wf + d] = overlap(row, &lesser, f(other, d));
                    }
                }
                for m in 0..forms {
                    for d in 0..wx {
                        table.fx[(a * forms + m) * wx + d] = overlap(row, &lesser, x(m, d));
                    }
                }
            }
            for (a, &(bath, k)) in moving.iter().enumerate() {
                for (&(other, k2), shift) in moving.iter().zip(&shifts) {
                    for l in 0..forms {
                        let rate = speed(bath, k, l);
                        for m in 0..forms {
                            let factor = rate * speed(other, k2, m).conj() * weight;
                            if factor == zero {
                                continue;
                            }
                            let mut sum = zero;
                            for (d, there) in shift.iter().enumerate() {
                                if let [Some(n), _] = there {
                                    sum += table.xx[(l * forms + m) * wx + d]
                                        * table.ff[(a * baths + other) * wf + n].conj();
                                }
                                if let [_, Some(n)] = there {
                                    sum += table.xf[(l * baths + other) * wf + d]
                                        * table.fx[(a * forms + m) * wx + n].conj();
                                }
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
