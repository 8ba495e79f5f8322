//! The lowest order at many frequencies and temperatures of the same oscillators: eight points at a time in the lanes of vector registers.
//!
//! The formulas are those of [`super::lowest`], for one driven bath with a Drude cut-off and a coupling of one harmonic; of the digamma
//! functions at W − λ, λ − W and their conjugates one is computed and the others follow by ψ(1 + u) = ψ(u) + 1/u and ψ(ū) = conj ψ(u).

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, TAU};
use std::ops::{Add, Mul, Neg, Sub};

use huygens_numerics::c64;
use huygens_numerics::elementary;
use huygens_numerics::special::POLYGAMMA_SERIES;
use multiversion::multiversion;

use super::bath::Kernel;
use super::statics::Statics;

/// Points side by side.
pub const LANES: usize = 8;

/// Share of digits that a point may lose; beyond it is left to [`super::LowestOrder`].
const LOST: f64 = 1e-10;

/// One real number in each lane.
#[derive(Clone, Copy)]
struct R([f64; LANES]);

/// One complex number in each lane.
#[derive(Clone, Copy)]
struct C {
    re: R,
    im: R,
}

macro_rules! lanewise {
    ($trait:ident, $method:ident, $op:tt) => {
        impl $trait for R {
            type Output = R;
            #[inline(always)]
            fn $method(self, other: R) -> R {
                let mut out = self;
                for k in 0..LANES {
                    out.0[k] = self.0[k] $op other.0[k];
                }
                out
            }
        }
    };
}
lanewise!(Add, add, +);
lanewise!(Sub, sub, -);
lanewise!(Mul, mul, *);

impl Mul<f64> for R {
    type Output = R;
    #[inline(always)]
    fn mul(self, x: f64) -> R {
        self.map(|y| x * y)
    }
}

impl R {
    #[inline(always)]
    fn splat(x: f64) -> R {
        R([x; LANES])
    }

    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> R {
        let mut out = self;
        for k in 0..LANES {
            out.0[k] = f(self.0[k]);
        }
        out
    }

    #[inline(always)]
    fn inv(self) -> R {
        self.map(|x| 1.0 / x)
    }

    #[inline(always)]
    fn max(self, other: R) -> R {
        let mut out = self;
        for k in 0..LANES {
            out.0[k] = if other.0[k] > out.0[k] { other.0[k] } else { out.0[k] };
        }
        out
    }
}

impl Add for C {
    type Output = C;
    #[inline(always)]
    fn add(self, o: C) -> C {
        C { re: self.re + o.re, im: self.im + o.im }
    }
}

impl Sub for C {
    type Output = C;
    #[inline(always)]
    fn sub(self, o: C) -> C {
        C { re: self.re - o.re, im: self.im - o.im }
    }
}

impl Neg for C {
    type Output = C;
    #[inline(always)]
    fn neg(self) -> C {
        C { re: self.re * -1.0, im: self.im * -1.0 }
    }
}

impl Mul for C {
    type Output = C;
    #[inline(always)]
    fn mul(self, o: C) -> C {
        C { re: self.re * o.re - self.im * o.im, im: self.re * o.im + self.im * o.re }
    }
}

impl C {
    #[inline(always)]
    fn splat(z: c64) -> C {
        C { re: R::splat(z.re), im: R::splat(z.im) }
    }

    #[inline(always)]
    fn zero() -> C {
        C::splat(c64::new(0.0, 0.0))
    }

    #[inline(always)]
    fn scale(self, x: f64) -> C {
        C { re: self.re * x, im: self.im * x }
    }

    #[inline(always)]
    fn by(self, x: R) -> C {
        C { re: self.re * x, im: self.im * x }
    }

    #[inline(always)]
    fn conj(self) -> C {
        C { re: self.re, im: self.im * -1.0 }
    }

    /// i·z.
    #[inline(always)]
    fn turned(self) -> C {
        C { re: self.im * -1.0, im: self.re }
    }

    #[inline(always)]
    fn inv(self) -> C {
        let scale = (self.re * self.re + self.im * self.im).inv();
        C { re: self.re * scale, im: self.im * scale * -1.0 }
    }

    /// |re| + |im|, a bound of the modulus to a factor √2.
    #[inline(always)]
    fn size(self) -> R {
        self.re.map(f64::abs) + self.im.map(f64::abs)
    }

    /// ln z for Re z > 0.
    #[inline(always)]
    fn ln(self) -> C {
        let square = self.re * self.re + self.im * self.im;
        C { re: square.map(elementary::ln) * 0.5, im: argument(self.re, self.im) }
    }
}

/// atan2(y, x) for x > 0: reduced to |t| ≤ tan π/8 and the Taylor series there. Each step runs over all lanes.
#[inline(always)]
fn argument(x: R, y: R) -> R {
    let (mut t, mut offset, mut sign) = (x, x, x);
    for k in 0..LANES {
        let (ax, ay) = (x.0[k], y.0[k].abs());
        let steep = ax < ay;
        let (small, large) = if steep { (ax, ay) } else { (ay, ax) };
        let far = small > 0.414_213_562_373_095_1 * large;
        // (r − 1)/(r + 1) with r = small/large.
        let (top, bottom) = if far { (small - large, small + large) } else { (small, large) };
        t.0[k] = top / bottom;
        let own = if far { FRAC_PI_4 } else { 0.0 };
        // π/2 − (own + atan t) beyond the diagonal.
        offset.0[k] = if steep { FRAC_PI_2 - own } else { own };
        let turn = if y.0[k] < 0.0 { -1.0 } else { 1.0 };
        offset.0[k] *= turn;
        sign.0[k] = if steep { -turn } else { turn };
    }
    let s = t * t;
    let mut sum = R::splat(0.0);
    let mut k = 22;
    while k > 0 {
        k -= 1;
        let c = 1.0 / (2 * k + 1) as f64;
        sum = sum * s + R::splat(if k % 2 == 0 { c } else { -c });
    }
    offset + sum * t * sign
}

/// ψ and ψ′ for Re z > 0.
#[inline(always)]
fn polygamma(mut z: C) -> [C; 2] {
    const SHIFT: usize = 9;
    // With |z| ≥ 9 after the shift nine terms are enough.
    const TERMS: usize = 9;
    let (mut psi, mut prime) = (C::zero(), C::zero());
    for _ in 0..SHIFT {
        let inverse = z.inv();
        psi = psi - inverse;
        prime = prime + inverse * inverse;
        z.re = z.re + R::splat(1.0);
    }
    let inverse = z.inv();
    let square = inverse * inverse;
    let (mut a, mut b) = (C::zero(), C::zero());
    let mut k = TERMS;
    while k > 0 {
        k -= 1;
        a = (a + C::splat(c64::new(POLYGAMMA_SERIES[k], 0.0))) * square;
        b = (b + C::splat(c64::new(POLYGAMMA_SERIES[k] * (2 * k + 2) as f64, 0.0))) * square;
    }
    psi = psi + z.ln() - inverse.scale(0.5) - a;
    prime = prime + inverse + square.scale(0.5) + b * inverse;
    [psi, prime]
}

/// A point: frequency of the drive and temperatures of the driven and the static bath.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Ω > 0.
    pub frequency: f64,
    /// T of the driven bath, > 0.
    pub hot: f64,
    /// T of the static baths, > 0.
    pub cold: f64,
}

/// Amplitudes g of the two driven quadratures at Ω, g_l(t) = g_l e^{−iΩt} + c.c., and their derivatives by Ω.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amplitudes {
    /// g.
    pub values: [c64; 2],
    /// dg/dΩ.
    pub slopes: [c64; 2],
}

/// The observables of one point with two driven quadratures (see [`super::LowestOrder`]).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// P of each drive.
    pub power: [f64; 2],
    /// P⁽⁰⁾ of each drive.
    pub dissipative: [f64; 2],
    /// J out of the driven bath.
    pub heat: f64,
    /// Entropy production.
    pub dissipation: f64,
    /// D of each power and of their sum, for equal temperatures.
    pub noise: [f64; 3],
    /// Q of each power and of their sum, for equal temperatures.
    pub uncertainty: [f64; 3],
    /// V of each power at fixed protocol.
    pub bound: [f64; 2],
    /// V with the derivative of the amplitudes.
    pub bound_total: [f64; 2],
    /// Work given over work taken.
    pub efficiency: f64,
    /// Whether all this kept its digits; otherwise, and where temperatures differ, [`super::LowestOrder`] gives it.
    pub good: bool,
}

impl Outcome {
    fn new(point: &Point, row: &Row, g: &Amplitudes) -> Self {
        let mut out = Self { good: row.good && point.hot == point.cold, ..Self::default() };
        let w = point.frequency;
        let (mut slope, mut total) = ([0.0; 2], [0.0; 2]);
        for a in 0..2 {
            for b in 0..2 {
                let e = 2 * a + b;
                let pair = g.values[a].conj() * g.values[b];
                let change = g.slopes[a].conj() * g.values[b] + g.values[a].conj() * g.slopes[b];
                let (even, odd) = ((pair * row.dissipative[e]).re, (pair * row.dispersive[e]).im);
                let steep = (pair * row.dissipative_slope[e]).re + (pair * row.dispersive_slope[e]).im;
                let shape = (change * row.dissipative[e]).re + (change * row.dispersive[e]).im;
                out.dissipative[a] += 2.0 * w * even;
                out.power[a] += 2.0 * w * (even + odd);
                slope[a] += 2.0 * (even + odd) + 2.0 * w * steep;
                total[a] += 2.0 * w * shape;
                out.heat += 2.0 * (pair * row.heat[e]).re;
                let noise = 2.0 * w * w * even;
                out.noise[2] += noise;
                if a == b {
                    out.noise[a] += noise;
                }
            }
        }
        let sum = out.dissipative[0] + out.dissipative[1];
        out.dissipation = sum / point.cold;
        if point.hot != point.cold {
            out.dissipation += out.heat * (1.0 / point.cold - 1.0 / point.hot);
        }
        let ratio = super::statics::coth(w, point.cold);
        for (k, power) in [out.power[0], out.power[1], sum].into_iter().enumerate() {
            out.noise[k] *= ratio;
            out.uncertainty[k] = out.dissipation * out.noise[k] / (power * power);
        }
        for a in 0..2 {
            out.bound[a] = 2.0 * (1.0 - w * slope[a] / out.power[a]).powi(2);
            out.bound_total[a] = 2.0 * (1.0 - w * (slope[a] + total[a]) / out.power[a]).powi(2);
        }
        let (given, taken) =
            out.power.iter().fold((0.0, 0.0), |(g, t), p| if *p < 0.0 { (g - p, t) } else { (g, t + p) });
        out.efficiency = given / taken;
        out
    }
}

/// The integrals of one point between the driven quadratures, row by row (see [`super::lowest::Transforms`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Hermitian part of K, its N, and their derivatives by Ω.
    pub dispersive: [c64; 4],
    /// N.
    pub dissipative: [c64; 4],
    /// dR/dΩ.
    pub dispersive_slope: [c64; 4],
    /// dN/dΩ.
    pub dissipative_slope: [c64; 4],
    /// The heat.
    pub heat: [c64; 4],
    /// Whether it kept its digits; if not, the scalar route has to be taken.
    pub good: bool,
}

/// Oscillators and baths at fixed parameters, with two driven quadratures.
#[derive(Clone, Debug)]
pub struct Batch {
    poles: Vec<c64>,
    /// Residues between the driven quadratures by pole.
    residues: Vec<[c64; 4]>,
    /// Whether they are symmetric to rounding, as without a magnetic field: entry 2 is then entry 1.
    symmetric: bool,
    strength: f64,
    cutoff: f64,
}

/// What depends on the temperatures alone.
struct Warm {
    /// −2ψ(1 + iλ/2πT_s) by pole, and of the conjugate pole.
    weights: Vec<[C; 2]>,
    cold: R,
    hot: R,
    /// −2ψ(1 + x), −2ψ(x), x = ω_c/2πT.
    still: [C; 2],
}

impl Batch {
    /// A batch, where the system is of this kind: one driven Drude bath, two driven quadratures, rational static baths.
    pub fn new(statics: &Statics) -> Option<Self> {
        let bound = statics.bound();
        let ([driven], [a, b], Some(poles)) = (bound.driven.as_slice(), bound.forms.as_slice(), statics.poles()) else {
            return None;
        };
        let Kernel::Drude { strength, cutoff } = driven.kernel else { return None };
        statics.temperature()?;
        let residues: Vec<[c64; 4]> = (0..poles.at.len())
            .map(|j| [(a, a), (a, b), (b, a), (b, b)].map(|(k, l)| poles.residue(j, *k, *l)))
            .collect();
        let largest = residues.iter().flatten().map(|r| r.norm()).fold(0.0, f64::max);
        let symmetric = residues.iter().all(|r| (r[1] - r[2]).norm() < 1e-13 * largest);
        Some(Self { poles: poles.at.clone(), residues, symmetric, strength, cutoff })
    }

    /// The integrals at all points, appended to `out` in their order.
    pub fn rows(&self, points: &[Point], out: &mut Vec<Row>) {
        let mut warm: Option<([Point; LANES], Warm)> = None;
        for chunk in points.chunks(LANES) {
            let mut lanes = [chunk[0]; LANES];
            lanes[..chunk.len()].copy_from_slice(chunk);
            let same = warm
                .as_ref()
                .is_some_and(|(before, _)| before.iter().zip(&lanes).all(|(a, b)| a.hot == b.hot && a.cold == b.cold));
            if !same {
                warm = Some((lanes, self.warm(&lanes)));
            }
            if let Some((_, warm)) = &warm {
                let mut rows: [Row; LANES] = Default::default();
                evaluate(self, warm, &lanes, &mut rows);
                out.extend(rows.into_iter().take(chunk.len()));
            }
        }
    }

    /// All observables at all points with their amplitudes, appended to `out` in their order. `rows` is scratch.
    ///
    /// # Panics
    /// When there are not as many amplitudes as points.
    #[track_caller]
    pub fn outcomes(&self, points: &[Point], amplitudes: &[Amplitudes], rows: &mut Vec<Row>, out: &mut Vec<Outcome>) {
        assert_eq!(points.len(), amplitudes.len(), "a batch needs amplitudes for each point");
        rows.clear();
        self.rows(points, rows);
        out.extend(points.iter().zip(rows.iter()).zip(amplitudes).map(|((p, r), g)| Outcome::new(p, r, g)));
    }

    fn warm(&self, lanes: &[Point; LANES]) -> Warm {
        warm(self, lanes)
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2+fma", "x86_64+avx"))]
fn warm(batch: &Batch, lanes: &[Point; LANES]) -> Warm {
    let (mut hot, mut cold) = (R::splat(0.0), R::splat(0.0));
    for (k, p) in lanes.iter().enumerate() {
        hot.0[k] = p.hot;
        cold.0[k] = p.cold;
    }
    let over_cold = (cold * TAU).inv();
    let weights = batch
        .poles
        .iter()
        .map(|&pole| {
            let u = C::splat(pole).turned().by(over_cold);
            let [psi, _] = polygamma(u);
            let inverse = u.inv();
            [(psi + inverse).scale(-2.0), psi.conj().scale(-2.0)]
        })
        .collect();
    let x = C { re: (hot * TAU).inv() * batch.cutoff, im: R::splat(0.0) };
    let [psi, _] = polygamma(x);
    Warm { weights, cold, hot, still: [(psi + x.inv()).scale(-2.0), psi.scale(-2.0)] }
}

/// A sum with the size of its terms.
#[derive(Clone, Copy)]
struct Sum {
    value: C,
    size: R,
}

impl Sum {
    #[inline(always)]
    fn zero() -> Sum {
        Sum { value: C::zero(), size: R::splat(0.0) }
    }

    #[inline(always)]
    fn add(&mut self, term: C) {
        self.value = self.value + term;
        self.size = self.size + term.size();
    }

    #[inline(always)]
    fn add_sum(&mut self, factor: C, sum: Sum) {
        self.value = self.value + factor * sum.value;
        self.size = self.size + factor.size() * sum.size;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2+fma", "x86_64+avx"))]
fn evaluate(batch: &Batch, warm: &Warm, lanes: &[Point; LANES], rows: &mut [Row; LANES]) {
    let mut w = R::splat(0.0);
    for (k, p) in lanes.iter().enumerate() {
        w.0[k] = p.frequency;
    }
    let (gamma, cutoff) = (batch.strength, batch.cutoff);
    let over_hot = (warm.hot * TAU).inv();
    let over_cold = (warm.cold * TAU).inv();
    let half = C::splat(c64::new(0.0, -0.5));
    let real = C { re: w, im: R::splat(0.0) };
    let pole_at = C::splat(c64::new(0.0, -cutoff));
    let (mut k, mut slope, mut heat) = ([Sum::zero(); 4], [Sum::zero(); 4], [Sum::zero(); 4]);
    // χ at W − p, W − p̄ and their conjugates, p = −iω_c, with the derivative of the first: by entry.
    let (z, far) = (real - pole_at, real - pole_at.conj());
    let (mut near, mut near_slope, mut other, mut other_slope) =
        ([Sum::zero(); 4], [Sum::zero(); 4], [Sum::zero(); 4], [Sum::zero(); 4]);
    let one = C::splat(c64::new(1.0, 0.0));
    // ζ, ζ′, J, J′ of the Drude bath.
    let drude = |z: C| {
        let inverse = (z + C::splat(c64::new(0.0, cutoff))).inv();
        let zeta = (z * inverse).scale(-gamma * cutoff);
        let zeta_slope = (inverse * inverse * C::splat(c64::new(0.0, 1.0))).scale(-gamma * cutoff * cutoff);
        let x2 = (z * z).scale(1.0 / (cutoff * cutoff));
        let bottom = (one + x2).inv();
        let density = (z * bottom).scale(gamma);
        let density_slope = ((one - x2) * bottom * bottom).scale(gamma);
        (zeta, zeta_slope, density, density_slope)
    };
    for (j, &pole) in batch.poles.iter().enumerate() {
        let at = C::splat(pole);
        let (z_j, mirrored) = (real - at, real - at.conj());
        // u = −i(W − λ)/2πT
        let u = (-z_j).turned().by(over_hot);
        let [psi, prime] = polygamma(u);
        let first = psi.scale(-2.0);
        let first_slope = -((C { re: R::splat(0.0), im: over_hot } * prime).scale(-2.0));
        let lower = (psi + u.inv()).scale(-2.0);
        let upper = psi.conj().scale(-2.0);
        let (zeta, zeta_slope, density, density_slope) = drude(z_j);
        let (zeta_m, zeta_m_slope, density_m, _) = drude(mirrored);
        let [below, above] = warm.weights[j];
        let (near_inverse, far_inverse) = ((z - at).inv(), (far - at).inv());
        let by_residue = [
            -(density * first) + half * zeta * below,
            -(density_slope * first + density * first_slope) + half * zeta_slope * below,
            half * z_j * density * (lower - below),
        ];
        let by_adjoint =
            [-(half * zeta_m * above), -(half * zeta_m_slope * above), half * mirrored * density_m * (above - upper)];
        for e in 0..4 {
            if e == 2 && batch.symmetric {
                continue;
            }
            let residue = C::splat(batch.residues[j][e]);
            let adjoint = C::splat(batch.residues[j][[0, 2, 1, 3][e]].conj());
            k[e].add(residue * by_residue[0]);
            k[e].add(adjoint * by_adjoint[0]);
            slope[e].add(residue * by_residue[1]);
            slope[e].add(adjoint * by_adjoint[1]);
            heat[e].add(residue * by_residue[2]);
            heat[e].add(adjoint * by_adjoint[2]);
            near[e].add(residue * near_inverse);
            near_slope[e].add(-(residue * near_inverse * near_inverse));
            other[e].add(residue * far_inverse);
            other_slope[e].add(-(residue * far_inverse * far_inverse));
        }
    }
    // One pole of ζ: residue iγω_c², J residue γω_c²/2.
    let r = C::splat(c64::new(0.0, gamma * cutoff * cutoff));
    let rho = C::splat(c64::new(0.5 * gamma * cutoff * cutoff, 0.0));
    let v = (-z).turned().by(over_cold);
    let [psi, prime] = polygamma(v);
    let moving = psi.scale(-2.0);
    let moving_slope = -((C { re: R::splat(0.0), im: over_cold } * prime).scale(-2.0));
    // λ-like pole p + W below, p̄ + W above.
    let shifted = [(psi.conj() + v.conj().inv()).scale(-2.0), moving];
    if batch.symmetric {
        near[2] = near[1];
        near_slope[2] = near_slope[1];
        other[2] = other[1];
        other_slope[2] = other_slope[1];
    }
    for e in 0..4 {
        if e == 2 && batch.symmetric {
            k[2] = k[1];
            slope[2] = slope[1];
            heat[2] = heat[1];
            continue;
        }
        let swapped = [0, 2, 1, 3][e];
        k[e].add_sum(rho * warm.still[0], near[e]);
        slope[e].add_sum(rho * warm.still[0], near_slope[e]);
        k[e].add_sum(rho * warm.still[1], other[e]);
        slope[e].add_sum(rho * warm.still[1], other_slope[e]);
        // T(z) = (χ_lm(z) − conj χ_ml(z̄))/2i: z̄ of W − p is W − p̄.
        let difference =
            |a: Sum, b: Sum| Sum { value: (a.value - b.value.conj()) * half, size: (a.size + b.size) * 0.5 };
        let t = difference(near[e], other[swapped]);
        let t_slope = difference(near_slope[e], other_slope[swapped]);
        let t_plus = difference(other[e], near[swapped]);
        k[e].add_sum(-(r * moving), t);
        slope[e].add_sum(-(r * moving), t_slope);
        slope[e].add_sum(-(r * moving_slope), t);
        // p + W = W − p̄ and p̄ + W = W − p.
        for (factor, t, a, b) in
            [(rho * pole_at, t_plus, warm.still[0], shifted[0]), (rho * pole_at.conj(), t, warm.still[1], shifted[1])]
        {
            heat[e].add_sum(factor * (a - b), t);
            heat[e].size = heat[e].size + factor.size() * t.value.size() * (a.size() + b.size());
        }
    }
    let mut worst = R::splat(0.0);
    let mut parts = [[C::zero(); 4]; 5];
    for e in 0..4 {
        let s = [0, 2, 1, 3][e];
        parts[0][e] = (k[e].value + k[s].value.conj()).scale(0.5 / TAU);
        parts[1][e] = ((k[e].value - k[s].value.conj()) * half).scale(1.0 / TAU);
        parts[2][e] = (slope[e].value + slope[s].value.conj()).scale(0.5 / TAU);
        parts[3][e] = ((slope[e].value - slope[s].value.conj()) * half).scale(1.0 / TAU);
        parts[4][e] = heat[e].value.scale(1.0 / TAU);
        let diagonal = e == 0 || e == 3;
        for (sum, [even, odd]) in [(k[e], [parts[0][e], parts[1][e]]), (slope[e], [parts[2][e], parts[3][e]])] {
            let kept = if diagonal { odd } else { even };
            worst = worst.max(sum.size * (f64::EPSILON / TAU) * kept.size().map(|x| x.max(f64::MIN_POSITIVE)).inv());
        }
        if diagonal {
            let kept = heat[e].value.size().map(|x| x.max(f64::MIN_POSITIVE)).inv();
            worst = worst.max(heat[e].size * f64::EPSILON * kept);
        }
    }
    for (lane, row) in rows.iter_mut().enumerate() {
        let take = |list: &[C; 4]| list.map(|z| c64::new(z.re.0[lane], z.im.0[lane]));
        *row = Row {
            dispersive: take(&parts[0]),
            dissipative: take(&parts[1]),
            dispersive_slope: take(&parts[2]),
            dissipative_slope: take(&parts[3]),
            heat: take(&parts[4]),
            good: worst.0[lane] < LOST,
        };
    }
}
