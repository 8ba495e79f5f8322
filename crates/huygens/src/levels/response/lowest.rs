//! Powers, heat and fluctuations in the lowest order of the driven baths, the static ones to all orders.
//!
//! With S(t) = Σ_l g_l(t) r_l, g_l = Σ_n g_l^n e^{−inΩt}, the power of the drive of r_l is P_l = −⟨ġ_l r_l F⟩, F = ξ + ζ∗S the force of
//! the bath. To second order in the coupling
//!
//! P_l = 2 Σ_{n>0} nΩ Im Σ_{l′} (g_l^n)* g_{l′}^n K_{ll′}(nΩ),
//! K(W) = ∫ dω/2π \[χ(W − ω) J(ω) coth(ω/2T) + ζ(W − ω) S(ω)\],   S = χ″ coth(ω/2T_s),
//!
//! χ, T_s of the oscillators with their static baths. The part of K that is anti-Hermitian, N = (K − K†)/2i, gives P⁽⁰⁾, which is even
//! under time reversal, the Hermitian part the exchange δP between drives, which adds to 0. These are (13)–(18), (B17)–(B20) of Razzoli
//! et al. (Quantum Sci. Technol. (2024), arXiv:2404.16936) for any number of quadratures, harmonics and driven baths.

use std::f64::consts::TAU;

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::quad::{Singularity, graded};

use super::ResponseError;
use super::bath::Kernel;
use super::rational::{Sum, weight};
use super::statics::{Poles, Probe, Statics, coth, noise, over};
use super::system::{Bound, Driven, Reservoir};

/// Share of digits that a closed form may lose before the quadrature replaces it.
const LOST: f64 = 1e-10;

/// How integrals are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Integrals {
    /// In closed form where that keeps ten digits, by quadrature elsewhere.
    #[default]
    Automatic,
    /// By quadrature.
    Quadrature,
    /// By quadrature, without derivatives by the frequency (which are then 0).
    Plain,
}

/// The integrals of one driven bath at one frequency W = nΩ, by driven quadratures.
#[derive(Clone, Debug, PartialEq)]
pub struct Transforms {
    /// Hermitian part R of K(W), row by row.
    pub dispersive: Vec<c64>,
    /// N(W) = (K − K†)/2i.
    pub dissipative: Vec<c64>,
    /// dR/dW.
    pub dispersive_slope: Vec<c64>,
    /// dN/dW.
    pub dissipative_slope: Vec<c64>,
    /// B(W) = ∫ dω/2π χ″(ω) J(W − ω) \[coth(ω/2T_s) coth((W − ω)/2T) + 1\], the fluctuations.
    pub fluctuation: Vec<c64>,
    /// −∫ dω/2π (W − ω) J(W − ω) χ″(ω) \[coth(ω/2T_s) + coth((W − ω)/2T)\], the heat.
    pub heat: Vec<c64>,
    /// Whether a quadrature was needed.
    pub by_quadrature: bool,
    /// Largest estimate of a relative error.
    pub error: f64,
}

/// Powers, heat and fluctuations, mode by mode; of the lowest order or of all.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Ω.
    pub frequency: f64,
    /// P_l of the drives of each mode; positive where work goes in.
    pub power: Vec<f64>,
    /// D between the powers of two modes: the zero-frequency noise ∫₀^∞ ⟨{δP_k(t), δP_l(t−τ)}⟩ dτ, averaged over the period.
    pub noise: RMatrix,
    /// J_ν out of each structured bath into the oscillators, by bath of the model.
    pub heat: Vec<f64>,
    /// −Σ J_ν/T_ν; infinite with a bath at T = 0.
    pub dissipation: f64,
    /// Largest estimate of a relative error of an integral.
    pub error: f64,
}

impl Machine {
    /// Σ P_l.
    pub fn total(&self) -> f64 {
        self.power.iter().sum()
    }

    /// D of one mode, or of the sum of all.
    pub fn fluctuations(&self, mode: Option<usize>) -> f64 {
        match mode {
            Some(k) => self.noise[(k, k)],
            None => self.noise.as_slice().iter().sum(),
        }
    }

    /// P of one mode, or of the sum of all.
    pub fn power_of(&self, mode: Option<usize>) -> f64 {
        mode.map_or_else(|| self.total(), |k| self.power[k])
    }

    /// Q = Ṡ D/P² (Razzoli et al. (7)): at least 2 by the standard uncertainty relation.
    pub fn uncertainty(&self, mode: Option<usize>) -> f64 {
        let power = self.power_of(mode);
        self.dissipation * self.fluctuations(mode) / (power * power)
    }

    /// Work given over work taken, Σ_{P<0} |P|/Σ_{P>0} P: η of a converter of work into work.
    pub fn efficiency(&self) -> f64 {
        let given: f64 = self.power.iter().filter(|p| **p < 0.0).map(|p| -p).sum();
        let taken: f64 = self.power.iter().filter(|p| **p > 0.0).sum();
        given / taken
    }
}

/// The lowest order at one set of values.
#[derive(Clone, Debug)]
pub struct LowestOrder {
    /// The results.
    pub machine: Machine,
    /// P⁽⁰⁾ of each mode.
    pub dissipative: Vec<f64>,
    /// δP of each mode.
    pub exchange: Vec<f64>,
    /// dP_l/dΩ at fixed protocol, that is fixed functions of the phase Ωt.
    pub slope: Vec<f64>,
    /// dP_l/dΩ with the amplitudes that depend on Ω, where one parameter sets the frequency.
    pub total_slope: Option<Vec<f64>>,
    /// Whether a quadrature was needed.
    pub by_quadrature: bool,
}

/// coth x + coth y and coth x coth y + 1 without cancellation.
pub(super) fn coth_pair(x: f64, y: f64) -> [f64; 2] {
    if x.is_infinite() || y.is_infinite() {
        let c = |x: f64| if x.is_infinite() { x.signum() } else { 1.0 / x.tanh() };
        // With one of them ±1 the other's distance from ∓1 is 2/(e^{2|·|} − 1).
        let (a, b) = if x.is_infinite() { (x, y) } else { (y, x) };
        if b.is_finite() && a * b < 0.0 {
            let rest = 2.0 / (2.0 * b.abs()).exp_m1();
            return [b.signum() * rest, -rest];
        }
        return [c(x) + c(y), c(x) * c(y) + 1.0];
    }
    let (ax, ay, a) = (x.abs(), y.abs(), (x + y).abs());
    let front = 2.0 * x.signum() * y.signum() * (a - ax - ay).exp() / ((-2.0 * ax).exp_m1() * (-2.0 * ay).exp_m1());
    [-front * (x + y).signum() * (-2.0 * a).exp_m1(), front * (1.0 + (-2.0 * a).exp())]
}

/// Without an imaginary part up to `rounding`, which belongs to nothing else: a reciprocal system exchanges nothing without a phase.
fn settled(z: c64, rounding: f64) -> c64 {
    if z.im.abs() <= rounding { c64::new(z.re, 0.0) } else { z }
}

pub(super) fn zeros(count: usize) -> Vec<c64> {
    vec![c64::new(0.0, 0.0); count]
}

/// What closed forms of one bath have in common at all frequencies W.
struct Closed<'a> {
    poles: &'a Poles,
    bath: &'a Kernel,
    /// Poles of ζ with residues.
    inner: Vec<(c64, c64)>,
    hot: f64,
    cold: f64,
    /// Weights of the poles of the static response and of their conjugates.
    weights: Vec<[c64; 2]>,
}

impl<'a> Closed<'a> {
    fn new(statics: &'a Statics, driven: &'a Driven) -> Option<Self> {
        let poles = statics.poles()?;
        let cold = statics.temperature()?;
        let inner = driven.kernel.poles()?.into_iter().map(|p| (p.at, p.residue)).collect();
        let weights = poles.at.iter().map(|p| [weight(*p, cold)[0], weight(p.conj(), cold)[0]]).collect();
        Some(Self { poles, bath: &driven.kernel, inner, hot: driven.temperature, cold, weights })
    }

    /// The integrals at W for the quadratures `forms`; `None` where too many digits are lost.
    fn transforms(&self, forms: &[usize], w: f64) -> Option<Transforms> {
        let (count, half) = (forms.len(), c64::new(0.0, -0.5));
        let n = count * count;
        let (mut k, mut slope, mut heat) = (vec![Sum::default(); n], vec![Sum::default(); n], vec![Sum::default(); n]);
        // What belongs to a pole and not to a pair of quadratures.
        for (j, &at) in self.poles.at.iter().enumerate() {
            let z = c64::new(w, 0.0) - at;
            let [first, first_slope] = weight(z, self.hot);
            let (density, density_slope) = (self.bath.continued_density(z)?, self.bath.continued_density_slope(z)?);
            let (zeta, zeta_slope) = (self.bath.continued(z)?, self.bath.continued_slope(z)?);
            let mirrored = c64::new(w, 0.0) - at.conj();
            let (zeta_m, zeta_m_slope) = (self.bath.continued(mirrored)?, self.bath.continued_slope(mirrored)?);
            let [below, above] = self.weights[j];
            // J is odd: J(λ − W) = −J(W − λ), and the weights of λ − W and W − λ̄ are conjugates of each other's pole.
            let lower = weight(-z, self.hot)[0];
            let upper = weight(-mirrored, self.hot)[0];
            let density_m = self.bath.continued_density(mirrored)?;
            for (a, &l) in forms.iter().enumerate() {
                for (b, &m) in forms.iter().enumerate() {
                    let at = a * count + b;
                    let residue = self.poles.residue(j, l, m);
                    let adjoint = self.poles.residue(j, m, l).conj();
                    k[at].add(-residue * density * first);
                    slope[at].add(-residue * (density_slope * first + density * first_slope));
                    k[at].add(half * residue * zeta * below);
                    slope[at].add(half * residue * zeta_slope * below);
                    k[at].add(-half * adjoint * zeta_m * above);
                    slope[at].add(-half * adjoint * zeta_m_slope * above);
                    // (λ − W) J(λ − W) = (W − λ) J(W − λ)
                    heat[at].add(half * residue * z * density * lower);
                    heat[at].add(-half * adjoint * mirrored * density_m * upper);
                    heat[at].add(-half * residue * z * density * below);
                    heat[at].add(half * adjoint * mirrored * density_m * above);
                }
            }
        }
        for &(p, r) in &self.inner {
            let (z, far) = (c64::new(w, 0.0) - p, c64::new(w, 0.0) - p.conj());
            let [moving, moving_slope] = weight(z, self.cold);
            let still = [weight(p, self.hot)[0], weight(p.conj(), self.hot)[0]];
            let (plus, minus) = (p + w, p.conj() + w);
            let shifted = [weight(plus, self.cold)[0], weight(minus, self.cold)[0]];
            let rho = half * r;
            for (a, &l) in forms.iter().enumerate() {
                for (b, &m) in forms.iter().enumerate() {
                    let at = a * count + b;
                    let near = self.poles.response(z, l, m);
                    let other = self.poles.response(far, l, m);
                    k[at].add_sum(rho * still[0], near[0]);
                    slope[at].add_sum(rho * still[0], near[1]);
                    k[at].add_sum(rho.conj() * still[1], other[0]);
                    slope[at].add_sum(rho.conj() * still[1], other[1]);
                    let t = self.poles.dissipation(z, l, m);
                    k[at].add_sum(-r * moving, t[0]);
                    slope[at].add_sum(-r * moving, t[1]);
                    slope[at].add_sum(-r * moving_slope, t[0]);
                    let (t_plus, t_minus) =
                        (self.poles.dissipation(plus, l, m)[0], self.poles.dissipation(minus, l, m)[0]);
                    for (factor, t, [a, b]) in [
                        (rho * p, t_plus, [still[0], shifted[0]]),
                        (rho.conj() * p.conj(), t_minus, [still[1], shifted[1]]),
                    ] {
                        heat[at].add_sum(factor * (a - b), t);
                        // The digits lost in the difference of the weights.
                        heat[at].size += factor.norm() * t.value.norm() * (a.norm() + b.norm());
                    }
                }
            }
        }
        let parts = |sums: &[Sum]| -> ([Vec<c64>; 2], f64) {
            let (mut r, mut s, mut worst) = (zeros(n), zeros(n), 0.0_f64);
            for a in 0..count {
                for b in 0..count {
                    let (at, x, y) = (a * count + b, sums[a * count + b], sums[b * count + a]);
                    let rounding = 32.0 * f64::EPSILON * (x.size + y.size) / TAU;
                    r[at] = settled((x.value + y.value.conj()) * (0.5 / TAU), rounding);
                    s[at] = settled((x.value - y.value.conj()) * half / TAU, rounding);
                    let kept = if a == b { s[at] } else { r[at] };
                    worst = worst.max(f64::EPSILON * x.size / TAU / kept.norm().max(f64::MIN_POSITIVE));
                }
            }
            ([r, s], worst)
        };
        let ([dispersive, dissipative], lost) = parts(&k);
        let ([dispersive_slope, dissipative_slope], lost_slope) = parts(&slope);
        let heat_lost = (0..count)
            .map(|a| heat[a * count + a])
            .map(|s| f64::EPSILON * s.size / s.value.norm().max(f64::MIN_POSITIVE))
            .fold(0.0, f64::max);
        let error = lost.max(lost_slope).max(heat_lost);
        // Also where something is not finite.
        if error.is_nan() || error >= LOST {
            return None;
        }
        let fluctuation = if self.hot == self.cold {
            let ratio = coth(w, self.hot);
            dissipative.iter().map(|z| z * ratio).collect()
        } else {
            Vec::new()
        };
        let heat = heat.iter().map(|s| s.value / TAU).collect();
        Some(Transforms {
            dispersive,
            dissipative,
            dispersive_slope,
            dissipative_slope,
            fluctuation,
            heat,
            by_quadrature: false,
            error,
        })
    }
}

/// Spectral matrices of the driven quadratures in the static system.
struct Spectra<'a> {
    probe: Probe<'a>,
    baths: &'a [Reservoir],
    forms: usize,
    all: Vec<c64>,
    /// χ, row by row.
    chi: Vec<c64>,
    /// χ″ as Σ_ν J_ν χv(χv)†.
    absorbed: Vec<c64>,
}

impl<'a> Spectra<'a> {
    fn new(statics: &'a Statics) -> Self {
        let forms = statics.bound().forms.len();
        let n = forms * forms;
        let baths = &statics.bound().reservoirs;
        Self { probe: Probe::new(statics), baths, forms, all: Vec::new(), chi: zeros(n), absorbed: zeros(n) }
    }

    fn at(&mut self, omega: f64) {
        self.probe.response(omega, &mut self.all);
        let (count, forms) = (self.forms + self.baths.len(), self.forms);
        self.absorbed.fill(c64::new(0.0, 0.0));
        for a in 0..forms {
            for b in 0..forms {
                self.chi[a * forms + b] = self.all[a * count + b];
            }
        }
        for (k, bath) in self.baths.iter().enumerate() {
            let level = bath.kernel.density(omega);
            let x = |a: usize| self.all[a * count + forms + k];
            for a in 0..forms {
                for b in 0..forms {
                    self.absorbed[a * forms + b] += level * x(a) * x(b).conj();
                }
            }
        }
    }
}

/// The integrals at W by quadrature; only the fluctuations where `known` has the rest.
fn by_quadrature(statics: &Statics, bath: usize, w: f64, cold: f64, known: Option<Transforms>) -> Transforms {
    let driven = &statics.bound().driven[bath];
    let count = statics.bound().forms.len();
    let n = count * count;
    let hot = driven.temperature;
    let mut singularities = statics.singularities();
    let mut own = Vec::new();
    driven.kernel.singularities(&mut own);
    own.push(Singularity::new(0.0, TAU * hot));
    singularities.extend(own.iter().map(|s| Singularity::new(w - s.at, s.width)));
    let nodes = graded(&singularities, statics.limit());
    let mut spectra = Spectra::new(statics);
    let mut sizes = vec![0.0; n];
    let mut out = Transforms {
        dispersive: zeros(n),
        dissipative: zeros(n),
        dispersive_slope: zeros(n),
        dissipative_slope: zeros(n),
        fluctuation: zeros(n),
        heat: zeros(n),
        by_quadrature: true,
        error: 1e-11,
    };
    for &(omega, weight) in &nodes {
        let rest = w - omega;
        if rest == 0.0 || omega == 0.0 {
            continue;
        }
        spectra.at(omega);
        let (chi, absorbed) = (&spectra.chi, &spectra.absorbed);
        let level = weight / TAU * driven.kernel.density(rest);
        let [sum, product] = coth_pair(over(omega, cold), over(rest, hot));
        for (f, t) in out.fluctuation.iter_mut().zip(absorbed) {
            *f += t * (level * product);
        }
        if known.is_some() {
            continue;
        }
        let shaken = weight / TAU * noise(&driven.kernel, rest, hot);
        let zeta = statics.zeta(bath, rest).re * weight / TAU * coth(omega, cold);
        for a in 0..count {
            for b in 0..count {
                let at = a * count + b;
                let t = absorbed[at];
                out.dissipative[at] += t * (level * sum);
                out.heat[at] -= t * (level * sum * rest);
                let hermitian = 0.5 * (chi[at] + chi[b * count + a].conj());
                out.dispersive[at] += hermitian * shaken + t * zeta;
                sizes[at] += (hermitian * shaken).norm() + (t * zeta).norm();
            }
        }
    }
    // Hermitian to the last digit, so that the exchanges add to 0.
    for list in [&mut out.dispersive, &mut out.dissipative] {
        for a in 0..count {
            for b in 0..=a {
                let mean = 0.5 * (list[a * count + b] + list[b * count + a].conj());
                (list[a * count + b], list[b * count + a]) = (mean, mean.conj());
            }
        }
    }
    for a in 0..count {
        for b in 0..count {
            // A tenth of the error of the mesh.
            let rounding = 0.05 * out.error * (sizes[a * count + b] + sizes[b * count + a]);
            out.dispersive[a * count + b] = settled(out.dispersive[a * count + b], rounding);
        }
    }
    if let Some(mut known) = known {
        known.fluctuation = out.fluctuation;
        known.by_quadrature = true;
        known.error = known.error.max(out.error);
        return known;
    }
    out
}

/// The integrals of one bath at W.
fn transforms(
    statics: &Statics,
    bath: usize,
    closed: Option<&Closed<'_>>,
    w: f64,
    cold: f64,
    how: Integrals,
) -> Transforms {
    let forms = &statics.bound().forms;
    let found = match how {
        Integrals::Quadrature | Integrals::Plain => None,
        Integrals::Automatic => closed.and_then(|c| c.transforms(forms, w)),
    };
    match found {
        Some(found) if !found.fluctuation.is_empty() => found,
        Some(found) => by_quadrature(statics, bath, w, cold, Some(found)),
        None => {
            let mut out = by_quadrature(statics, bath, w, cold, None);
            if how == Integrals::Plain {
                return out;
            }
            // The derivative by a central difference of sixth order.
            let h = 0.02 * w;
            for (weight, step) in [(0.75, 1.0), (-0.15, 2.0), (1.0 / 60.0, 3.0)] {
                for sign in [1.0, -1.0] {
                    let there = by_quadrature(statics, bath, w + sign * step * h, cold, None);
                    let factor = sign * weight / h;
                    for (slope, value) in [
                        (&mut out.dispersive_slope, &there.dispersive),
                        (&mut out.dissipative_slope, &there.dissipative),
                    ] {
                        slope.iter_mut().zip(value).for_each(|(s, v)| *s += v * factor);
                    }
                }
            }
            out
        }
    }
}

/// What the lowest order needs of a system, beside its values.
///
/// # Errors
/// [`ResponseError`] for static baths at different temperatures or a driven bath without a cut-off.
fn premises(statics: &Statics) -> Result<f64, ResponseError> {
    let bound = statics.bound();
    for driven in &bound.driven {
        if matches!(driven.kernel, Kernel::Ohmic { .. }) {
            return Err(ResponseError::Divergent(
                "a driven coupling to a strictly Ohmic bath exchanges an infinite power (its counter-term is infinite): give the bath a cut-off, density = \"drude\"".into(),
            ));
        }
    }
    statics.temperature().ok_or_else(|| {
        ResponseError::Model("the static baths have different temperatures: their own heat flow is of lower order than that of the driven coupling; ask with --order all".into())
    })
}

impl LowestOrder {
    /// The lowest order in the driven baths.
    ///
    /// # Errors
    /// [`ResponseError`] for static baths at different temperatures, a driven bath without a cut-off, or no drive at all.
    pub fn new(statics: &Statics, how: Integrals) -> Result<Self, ResponseError> {
        let bound = statics.bound();
        if bound.forms.is_empty() {
            return Err(ResponseError::Model("no coupling of this model is driven: there is no power".into()));
        }
        let cold = premises(statics)?;
        let (count, modes) = (bound.forms.len(), bound.hessian.rows() / 2);
        let omega = bound.frequency;
        let mode = |a: usize| bound.forms[a] / 2;
        let (mut dissipative, mut exchange, mut slope) = (vec![0.0; modes], vec![0.0; modes], vec![0.0; modes]);
        let mut total_slope = bound.driven.iter().all(|d| d.slopes.is_some()).then(|| vec![0.0; modes]);
        let mut noise = RMatrix::zeros(modes, modes);
        let baths = bound.reservoirs.iter().map(|r| r.index).chain(bound.driven.iter().map(|d| d.index)).max();
        let mut heat = vec![0.0; baths.map_or(0, |b| b + 1)];
        let (mut quadrature, mut error) = (false, 0.0_f64);
        for (bath, driven) in bound.driven.iter().enumerate() {
            let closed = Closed::new(statics, driven);
            for n in 0..=driven.highest() {
                let g = &driven.harmonics[n];
                if g.iter().all(|z| z.norm_sqr() == 0.0) {
                    continue;
                }
                if n == 0 {
                    // No work, but a static contact through which heat flows.
                    if driven.temperature != cold {
                        let tiny = by_quadrature(statics, bath, 0.0, cold, None);
                        for a in 0..count {
                            for b in 0..count {
                                heat[driven.index] += (g[a].conj() * g[b] * tiny.heat[a * count + b]).re;
                            }
                        }
                    }
                    continue;
                }
                let w = n as f64 * omega;
                let found = transforms(statics, bath, closed.as_ref(), w, cold, how);
                quadrature |= found.by_quadrature;
                error = error.max(found.error);
                for a in 0..count {
                    for b in 0..count {
                        let at = a * count + b;
                        let pair = g[a].conj() * g[b];
                        let even = (pair * found.dissipative[at]).re;
                        let odd = (pair * found.dispersive[at]).im;
                        let steep = (pair * found.dissipative_slope[at]).re + (pair * found.dispersive_slope[at]).im;
                        dissipative[mode(a)] += 2.0 * w * even;
                        exchange[mode(a)] += 2.0 * w * odd;
                        let own = 2.0 * n as f64 * (even + odd) + 2.0 * w * n as f64 * steep;
                        slope[mode(a)] += own;
                        if let (Some(total), Some(slopes)) = (&mut total_slope, &driven.slopes) {
                            let change = slopes[n][a].conj() * g[b] + g[a].conj() * slopes[n][b];
                            let by_shape = (change * found.dissipative[at]).re + (change * found.dispersive[at]).im;
                            total[mode(a)] += own + 2.0 * w * by_shape;
                        }
                        noise[(mode(a), mode(b))] += 2.0 * w * w * (pair * found.fluctuation[at]).re;
                        heat[driven.index] += 2.0 * (pair * found.heat[at]).re;
                    }
                }
            }
        }
        let power: Vec<f64> = dissipative.iter().zip(&exchange).map(|(a, b)| a + b).collect();
        // Σ δP_l = 0 identically; the total is that of P⁽⁰⁾, without the rounding of the exchange.
        let total: f64 = dissipative.iter().sum();
        let mut dissipation = total / cold;
        let mut rest = -total;
        for driven in &bound.driven {
            let own = heat[driven.index];
            dissipation += if driven.temperature == cold { 0.0 } else { own * (1.0 / cold - 1.0 / driven.temperature) };
            rest -= own;
        }
        // With several static baths of one temperature this order fixes the sum of their currents only.
        if let [one] = bound.reservoirs.as_slice() {
            heat[one.index] = rest;
        } else {
            bound.reservoirs.iter().for_each(|r| heat[r.index] = f64::NAN);
        }
        let machine = Machine { frequency: omega, power, noise, heat, dissipation, error };
        Ok(Self { machine, dissipative, exchange, slope, total_slope, by_quadrature: quadrature })
    }

    /// P_l of one mode or of all, with the sum free of the rounding of the exchange.
    pub fn power_of(&self, mode: Option<usize>) -> f64 {
        mode.map_or_else(|| self.dissipative.iter().sum(), |k| self.machine.power[k])
    }

    /// Q = Ṡ D/P².
    pub fn uncertainty(&self, mode: Option<usize>) -> f64 {
        let power = self.power_of(mode);
        self.machine.dissipation * self.machine.fluctuations(mode) / (power * power)
    }

    /// V = 2(1 − Ω ∂_Ω P/P)², the bound of Koyuk and Seifert (PRL 125, 260604 (2020)) at fixed protocol; with `amplitudes` the derivative
    /// also acts on amplitudes that depend on Ω, as (26) of Razzoli et al. is used there. `None` where that derivative does not exist.
    pub fn bound(&self, mode: Option<usize>, amplitudes: bool) -> Option<f64> {
        let slopes = if amplitudes { self.total_slope.as_ref()? } else { &self.slope };
        let slope = mode.map_or_else(|| slopes.iter().sum(), |k| slopes[k]);
        Some(2.0 * (1.0 - self.machine.frequency * slope / self.power_of(mode)).powi(2))
    }
}

/// Coefficients of the asymptotic powers of each mode (Razzoli et al., appendix D).
#[derive(Clone, Debug, PartialEq)]
pub struct Asymptotics {
    /// lim P⁽⁰⁾/Ω² for Ω → 0.
    pub adiabatic: Vec<f64>,
    /// lim δP/Ω for Ω → 0.
    pub adiabatic_exchange: Vec<f64>,
    /// lim P⁽⁰⁾/(Ω J(Ω)) for Ω → ∞, where J falls as 1/ω there.
    pub diabatic: Vec<f64>,
    /// lim −δP/(Ω Re ζ(Ω)) for Ω → ∞, which is δP ω_c/(Ω² J) with a Drude cut-off.
    pub diabatic_exchange: Vec<f64>,
}

impl Asymptotics {
    /// The coefficients for the amplitudes that the couplings have at the given Ω.
    ///
    /// # Errors
    /// As [`LowestOrder::new`]; for a model with more than one driven bath.
    pub fn new(statics: &Statics) -> Result<Self, ResponseError> {
        let bound = statics.bound();
        let [driven] = bound.driven.as_slice() else {
            return Err(ResponseError::Model("asymptotic powers are those of one driven bath".into()));
        };
        let cold = premises(statics)?;
        let (count, modes) = (bound.forms.len(), bound.hessian.rows() / 2);
        let hot = driven.temperature;
        // R(0), and N′(0) = ∫ dω/2π χ″ ∂_W {J(W − ω)[coth(ω/2T_s) + coth((W − ω)/2T)]}.
        let mut singularities = statics.singularities();
        driven.kernel.singularities(&mut singularities);
        singularities.push(Singularity::new(0.0, TAU * hot));
        let n = count * count;
        let (mut spectra, mut dispersive, mut slope) = (Spectra::new(statics), zeros(n), zeros(n));
        for (omega, weight) in graded(&singularities, statics.limit()) {
            spectra.at(omega);
            let (chi, absorbed) = (&spectra.chi, &spectra.absorbed);
            let shaken = noise(&driven.kernel, omega, hot);
            let zeta = statics.zeta(0, omega).re * coth(omega, cold);
            // J is odd: J(−ω) = −J(ω), and d/dW at W = 0 is J′(ω)[coth(ω/2T_s) − coth(ω/2T)] + J(ω)/(2T sinh²(ω/2T)).
            let steep = density_slope(&driven.kernel, omega);
            let difference = if hot == cold { 0.0 } else { coth(omega, cold) - coth(omega, hot) };
            let sinh = if hot == 0.0 { f64::INFINITY } else { (0.5 * omega / hot).sinh() };
            let own = if hot == 0.0 { 0.0 } else { driven.kernel.density(omega) / (2.0 * hot * sinh * sinh) };
            for a in 0..count {
                for b in 0..count {
                    let at = a * count + b;
                    let hermitian = 0.5 * (chi[at] + chi[b * count + a].conj());
                    dispersive[at] += weight / TAU * (hermitian * shaken + absorbed[at] * zeta);
                    slope[at] += weight / TAU * absorbed[at] * (steep * difference + own);
                }
            }
        }
        let (covariance, _) = statics.covariance();
        let mut out = Self {
            adiabatic: vec![0.0; modes],
            adiabatic_exchange: vec![0.0; modes],
            diabatic: vec![0.0; modes],
            diabatic_exchange: vec![0.0; modes],
        };
        for (m, g) in driven.harmonics.iter().enumerate().skip(1) {
            let m = m as f64;
            for a in 0..count {
                let k = bound.forms[a] / 2;
                for b in 0..count {
                    let at = a * count + b;
                    let pair = g[a].conj() * g[b];
                    let v = covariance[(bound.forms[a], bound.forms[b])];
                    out.adiabatic[k] += 2.0 * m * m * (pair * slope[at]).re;
                    out.adiabatic_exchange[k] += 2.0 * m * (pair * dispersive[at]).im;
                    out.diabatic[k] += 2.0 * pair.re * v;
                    out.diabatic_exchange[k] -= 2.0 * m * pair.im * v;
                }
            }
        }
        Ok(out)
    }
}

/// J′(ω), by a difference of fourth order where there is no formula.
fn density_slope(kernel: &Kernel, omega: f64) -> f64 {
    if let Some(slope) = kernel.continued_density_slope(c64::new(omega, 0.0)) {
        return slope.re;
    }
    let h = 1e-3 * omega.abs();
    let d = |x: f64| kernel.density(x);
    (8.0 * (d(omega + h) - d(omega - h)) - (d(omega + 2.0 * h) - d(omega - 2.0 * h))) / (12.0 * h)
}

/// The power that the literal split of the counter-term moves from each mode: with the terms of H_int,l as in (A2) of Razzoli et al.
/// P_l is larger by this than the power −⟨ġ_l r_l F⟩ of an agent who moves g_l: (μ/2) Σ_{l′} avg(g_l ġ_l′ − ġ_l g_l′) ⟨r_l r_l′⟩.
/// It adds to 0.
pub fn literal_split(bound: &Bound, covariance: &RMatrix) -> Vec<f64> {
    let mut out = vec![0.0; bound.hessian.rows() / 2];
    for driven in &bound.driven {
        let mu = driven.kernel.counter_term();
        for (n, g) in driven.harmonics.iter().enumerate().skip(1) {
            let w = n as f64 * bound.frequency;
            for (a, &l) in bound.forms.iter().enumerate() {
                for (b, &m) in bound.forms.iter().enumerate().filter(|(b, _)| *b != a) {
                    // avg(g_l ġ_m) = Σ_n (g_l^n)* (−inΩ) g_m^n = 2nΩ Im((g_l^n)* g_m^n); avg(ġ_l g_m) is its negative.
                    let turn = 2.0 * w * (g[a].conj() * g[b]).im;
                    out[l / 2] += mu * turn * covariance[(l, m)];
                }
            }
        }
    }
    out
}

/// The integrals of the first driven bath at W, in closed form or by quadrature: what [`super::batch`] computes eight at a time.
///
/// # Errors
/// As [`LowestOrder::new`].
pub fn integrals(statics: &Statics, w: f64, how: Integrals) -> Result<Transforms, ResponseError> {
    let cold = premises(statics)?;
    let Some(driven) = statics.bound().driven.first() else {
        return Err(ResponseError::Model("no coupling of this model is driven".into()));
    };
    Ok(transforms(statics, 0, Closed::new(statics, driven).as_ref(), w, cold, how))
}
