//! Means and zero-frequency noise of all currents: powers of the drives and heat out of each bath.
//!
//! Every current is a product of two linear variables, u of the oscillators and the force v = F_ν of a bath: P_l = −Σ_ν ġ_νl r_l F_ν,
//! J_ν = Ṡ_ν F_ν. By Wick's theorem, with u, v at ω and u′, v′ at ω + nΩ,
//!
//! ⟨X⟩ = ∫ dω/2π Re⟨u v†⟩,
//! ∫ dτ ⟨δX(t) δY(t−τ)⟩ = ∫ dω/2π Σ_n Re \[⟨u u′†⟩ ⟨v†v′⟩* + ⟨u v′†⟩ ⟨v†u′⟩*\],
//!
//! averaged over the period, for X = uv, Y = u′v′. Without a drive the latter is the second cumulant of Saito and Dhar, PRL 99, 180601
//! (2007).

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, RMatrix};
use multiversion::multiversion;

use super::harmonics::{Frame, Window, overlap};

/// Which u of a bath.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// −ġ_l r_l of a driven quadrature.
    Power(usize),
    /// Ṡ.
    Heat,
}

/// One product uv of a current.
#[derive(Clone, Copy, Debug)]
struct Product {
    /// The current that it is part of: powers by mode, then heat by bath of the model.
    current: usize,
    /// The bath of its v: driven ones first.
    bath: usize,
    kind: Kind,
}

/// What is integrated over ω.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    pub(super) power: Vec<f64>,
    /// By bath of the model.
    pub(super) heat: Vec<f64>,
    /// Between all currents, the upper triangle: powers, then heat.
    pub(super) noise: RMatrix,
    /// ⟨x_l x_m†⟩ of driven quadratures by harmonic.
    pub(super) covariance: Vec<CMatrix>,
}

impl Sums {
    /// Adds those of other frequencies.
    pub(super) fn merge(&mut self, other: &Sums) {
        let add = |a: &mut [f64], b: &[f64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut self.power, &other.power);
        add(&mut self.heat, &other.heat);
        add(self.noise.as_mut_slice(), other.noise.as_slice());
        for (a, b) in self.covariance.iter_mut().zip(&other.covariance) {
            a.as_mut_slice().iter_mut().zip(b.as_slice()).for_each(|(a, b)| *a += b);
        }
    }
}

/// All currents of a system.
pub(super) struct Currents<'a> {
    frame: &'a Frame<'a>,
    products: Vec<Product>,
    /// How many baths have a current, driven ones first.
    baths: usize,
    /// Index among the baths of the model, by bath.
    indices: Vec<usize>,
    modes: usize,
}

/// Amplitudes of all variables, by source and then by variable and harmonic, so that sums over sources run over whole lines.
struct Amplitudes {
    re: Vec<f64>,
    im: Vec<f64>,
    columns: usize,
    /// Where the harmonics of each variable begin: the u of all products, then the v of all baths.
    first: Vec<usize>,
}

impl Amplitudes {
    fn new(sources: usize, harmonics: impl Iterator<Item = usize>) -> Self {
        let mut first = vec![0];
        for n in harmonics {
            first.push(first[first.len() - 1] + n);
        }
        let columns = first[first.len() - 1];
        Self { re: vec![0.0; sources * columns], im: vec![0.0; sources * columns], columns, first }
    }

    /// Adds `factor` times a row over the sources to a variable.
    fn add(&mut self, variable: usize, n: usize, factor: c64, row: &[c64]) {
        let column = self.first[variable] + n;
        for (s, x) in row.iter().enumerate() {
            let value = factor * x;
            self.re[s * self.columns + column] += value.re;
            self.im[s * self.columns + column] += value.im;
        }
    }

    /// A variable over the sources.
    fn row(&self, variable: usize, n: usize) -> Vec<c64> {
        let column = self.first[variable] + n;
        let at = |s: usize| c64::new(self.re[s * self.columns + column], self.im[s * self.columns + column]);
        (0..self.re.len() / self.columns).map(at).collect()
    }
}

/// Σ_s a_s S_s x̄_s with each column x.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn against(a: &[c64], level: &[f64], x: &Amplitudes, re: &mut [f64], im: &mut [f64]) {
    re.fill(0.0);
    im.fill(0.0);
    let lines = x.re.chunks_exact(x.columns).zip(x.im.chunks_exact(x.columns));
    for ((a, level), (x_re, x_im)) in a.iter().zip(level).zip(lines) {
        let a = a * *level;
        for (((re, im), y), z) in re.iter_mut().zip(im.iter_mut()).zip(x_re).zip(x_im) {
            *re += a.re * y + a.im * z;
            *im += a.im * y - a.re * z;
        }
    }
}

impl<'a> Currents<'a> {
    /// Those of the drives, with those of the heat where wanted.
    pub(super) fn new(frame: &'a Frame<'a>, heat: bool) -> Self {
        let bound = frame.bound();
        let modes = bound.hessian.rows() / 2;
        let mut products = Vec::new();
        let mut indices = Vec::new();
        for (bath, d) in bound.driven.iter().enumerate() {
            let moves = |l: &usize| (1..=frame.reach()).any(|n| frame.coupling(bath, n, *l).norm_sqr() > 0.0);
            let powers = (0..bound.forms.len()).filter(moves);
            products.extend(powers.map(|l| Product { current: bound.forms[l] / 2, bath, kind: Kind::Power(l) }));
            if heat {
                products.push(Product { current: modes + d.index, bath, kind: Kind::Heat });
            }
            indices.push(d.index);
        }
        for r in &bound.reservoirs {
            if heat {
                products.push(Product { current: modes + r.index, bath: indices.len(), kind: Kind::Heat });
            }
            indices.push(r.index);
        }
        let baths = if heat { indices.len() } else { bound.driven.len() };
        Self { frame, products, baths, indices, modes }
    }

    pub(super) fn zero(&self) -> Sums {
        let baths = self.indices.iter().map(|k| k + 1).max().unwrap_or(0);
        let forms = self.frame.bound().forms.len();
        Sums {
            power: vec![0.0; self.modes],
            heat: vec![0.0; baths],
            noise: RMatrix::zeros(self.modes + baths, self.modes + baths),
            covariance: vec![CMatrix::zeros(forms, forms); 2 * self.frame.reach() as usize + 1],
        }
    }

    /// Adds the frequency of a window with the weight of an integral over dω/2π.
    pub(super) fn add(&self, window: &Window, weight: f64, sums: &mut Sums) {
        let (frame, bound) = (self.frame, self.frame.bound());
        let (xs, _) = frame.harmonics();
        let [even, greater, lesser] = frame.levels(window);
        let amplitudes = self.variables(window);
        for (n, matrix) in sums.covariance.iter_mut().enumerate() {
            // The harmonic e^{−inΩt} pairs ω with ω − nΩ.
            let Some(other) = xs.iter().position(|m| *m == -(n as i64)) else { continue };
            let row = |l: usize, n: usize| window.output_row(l * xs.len() + n);
            for l in 0..bound.forms.len() {
                for m in 0..bound.forms.len() {
                    matrix[(l, m)] += weight * overlap(row(l, frame.first_output()), &even, row(m, other));
                }
            }
        }
        let sources = frame.sources(window);
        let first = |variable: usize| amplitudes.row(variable, self.base(self.bath_of(variable)));
        let (products, variables) = (self.products.len(), self.products.len() + self.baths);
        let rows: Vec<Vec<c64>> = (0..variables).map(first).collect();
        for (u, product) in rows.iter().zip(&self.products) {
            if let Kind::Power(_) = product.kind {
                sums.power[product.current] += weight * overlap(u, &even, &rows[products + product.bath]).re;
                continue;
            }
            // J_ν = ∫ dω/2π ω J_ν Σ_s |S_ν|_s² J_s (coth_ν − coth_s) over all noises s: ⟨ṠF⟩ with Im χ as the sum of what is absorbed.
            let (kernel, temperature) = frame.bath(product.bath);
            let n = self.base(product.bath);
            let omega = if product.bath < bound.driven.len() { window.forced[n] } else { window.free[n] };
            let absorbed = u.iter().zip(&sources).map(|(z, s)| z.norm_sqr() * s.against(omega, temperature));
            sums.heat[self.indices[product.bath]] += weight * kernel.density(omega) / omega * absorbed.sum::<f64>();
        }
        // The first harmonic of each variable with all of all, in the order u x† and in the order v†x.
        let columns = amplitudes.columns;
        let (mut re, mut im) = (vec![0.0; variables * columns], vec![0.0; variables * columns]);
        for (k, row) in rows.iter().enumerate() {
            let level = if k < products { &greater } else { &lesser };
            let part = k * columns..(k + 1) * columns;
            against(row, level, &amplitudes, &mut re[part.clone()], &mut im[part]);
        }
        let pair = |a: usize, b: usize, other: [usize; 2], count: usize| -> f64 {
            let at = |row: usize, variable: usize| row * columns + amplitudes.first[variable];
            let (x, y) = (at(a, other[0]), at(b, other[1]));
            let sum =
                |list: &[f64]| list[x..x + count].iter().zip(&list[y..y + count]).map(|(a, b)| a * b).sum::<f64>();
            sum(&re) + sum(&im)
        };
        for (i, one) in self.products.iter().enumerate() {
            for (j, other) in self.products.iter().enumerate() {
                if one.current > other.current {
                    continue;
                }
                let count = amplitudes.first[j + 1] - amplitudes.first[j];
                let (v, w) = (products + one.bath, products + other.bath);
                let sum = pair(i, v, [j, w], count) + pair(i, v, [w, j], count);
                sums.noise[(one.current, other.current)] += weight * sum;
            }
        }
    }

    /// The bath of a variable: u of a product, v of a bath.
    fn bath_of(&self, variable: usize) -> usize {
        self.products.get(variable).map_or_else(|| variable - self.products.len(), |p| p.bath)
    }

    /// The place of the harmonic from which a bath and its products are seen: the first that they have.
    fn base(&self, bath: usize) -> usize {
        let driven = bath < self.frame.bound().driven.len();
        if driven { self.frame.first_force() } else { self.frame.first_output() }
    }

    /// The u of all products and the v of all baths.
    fn variables(&self, window: &Window) -> Amplitudes {
        let (frame, bound) = (self.frame, self.frame.bound());
        let (driven, forms) = (bound.driven.len(), bound.forms.len());
        let (xs, fs) = frame.harmonics();
        let kept = |bath: usize| if bath < driven { fs.len() } else { xs.len() };
        let (one, products) = (c64::new(1.0, 0.0), self.products.len());
        let variables = products + self.baths;
        let mut out = Amplitudes::new(window.sources(), (0..variables).map(|k| kept(self.bath_of(k))));
        for (index, product) in self.products.iter().enumerate() {
            let bath = product.bath;
            if bath >= driven {
                for (n, omega) in window.free.iter().enumerate() {
                    let row = window.output_row((forms + bath - driven) * xs.len() + n);
                    out.add(index, n, c64::new(0.0, -omega), row);
                }
                continue;
            }
            for (k, n) in fs.iter().enumerate() {
                for (j, m) in xs.iter().enumerate().filter(|(_, m)| (n - **m).abs() <= frame.reach()) {
                    for l in 0..forms {
                        let factor = match product.kind {
                            Kind::Power(of) if of != l => continue,
                            // −ġ^k = ikΩ g^k
                            Kind::Power(_) => c64::new(0.0, (n - m) as f64 * bound.frequency),
                            Kind::Heat => c64::new(0.0, -window.forced[k]),
                        } * frame.coupling(bath, n - m, l);
                        if factor.norm_sqr() > 0.0 {
                            out.add(index, k, factor, window.output_row(l * xs.len() + j));
                        }
                    }
                }
            }
        }
        for (bath, index) in (0..self.baths).map(|bath| (bath, products + bath)) {
            if bath < driven {
                for k in 0..fs.len() {
                    out.add(index, k, one, window.force_row(bath * fs.len() + k));
                }
                continue;
            }
            // F = ξ + ζS of static baths.
            let r = bath - driven;
            let mut noise = vec![c64::new(0.0, 0.0); window.sources()];
            for (n, omega) in window.free.iter().enumerate() {
                let own = driven * fs.len() + r * xs.len() + n;
                let zeta = frame.zeta(bath, *omega);
                out.add(index, n, zeta, window.output_row((forms + r) * xs.len() + n));
                noise[own] = one;
                out.add(index, n, one, &noise);
                noise[own] = c64::new(0.0, 0.0);
            }
        }
        out
    }
}
