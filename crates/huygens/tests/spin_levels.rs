//! Flow, drift and diffusion of spins against laws and finite differences.

use std::sync::Arc;

use huygens::algebra::{Factor, ModeId, Monomial, Operator, Scalar, Word};
use huygens::levels::equations::Equations;
use huygens::levels::gaussian::{direct, orbit};
use huygens::levels::kernel::{Bound, Kernel};
use huygens::levels::mean_field::attractor::{self, Attractor};
use huygens::levels::mean_field::cycle;
use huygens_numerics::c64;
use huygens_numerics::linalg::{RMatrix, eigenvalues, symmetric_eigen};
use huygens_numerics::ode::Tolerance;
use proptest::prelude::*;

/// A spin ½, a spin 3/2 and a boson.
const SITES: [Option<u32>; 3] = [Some(1), Some(3), None];

fn bind(sites: &[Option<u32>], h: &Operator, jumps: &[Operator]) -> Bound {
    Arc::new(Kernel::new(&Equations::of_sites(sites, 0, h, jumps, &[]))).bind(&[]).unwrap()
}

fn number(x: f64) -> Scalar {
    Scalar::real(x)
}

fn operators() -> impl Strategy<Value = Operator> {
    let spin = || (0..3_u16, 0..3_u16, 0..3_u16).prop_map(|(plus, z, minus)| Word::spin(plus, z, minus));
    let boson = (0..2_u16, 0..3_u16).prop_map(|(dag, ann)| Word::boson(dag, ann));
    let term = (spin(), spin(), boson, -1.0_f64..1.0, -1.0_f64..1.0).prop_map(|(u, v, b, re, im)| {
        let factors: Vec<Factor> =
            [u, v, b].into_iter().enumerate().map(|(k, word)| Factor { mode: ModeId(k as u32), word }).collect();
        (Monomial::from_factors(&factors), Scalar::number(c64::new(re, im)))
    });
    prop::collection::vec(term, 1..4).prop_map(Operator::from_terms)
}

/// ⟨J₋⟩ of both spins, ⟨a⟩, ⟨J_z⟩ of both spins, from Bloch vectors.
fn state(bloch: &[[f64; 3]; 2], a: c64) -> Vec<c64> {
    let j = [0.5, 1.5];
    let minus = |k: usize| c64::new(bloch[k][0], -bloch[k][1]) * j[k];
    let z = |k: usize| c64::new(bloch[k][2] * j[k], 0.0);
    vec![minus(0), minus(1), a, z(0), z(1)]
}

fn vectors() -> impl Strategy<Value = [[f64; 3]; 2]> {
    prop::array::uniform2(prop::array::uniform3(-0.55_f64..0.55))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// No Hamiltonian changes |⟨J⟩|; the energy of the product state is kept.
    #[test]
    fn hamiltonians_turn_spins(x in operators(), bloch in vectors(), a in prop::array::uniform2(-1.0_f64..1.0)) {
        let h = x.add(&x.adjoint());
        let bound = bind(&SITES, &h, &[]);
        let z = state(&bloch, c64::new(a[0], a[1]));
        let mut f = vec![c64::new(0.0, 0.0); z.len()];
        bound.flow(0.0, &z, &mut f, &mut bound.workspace());
        let scale = 1.0 + f.iter().map(|x| x.norm()).fold(0.0, f64::max);
        for (mode, up) in [(0, 3), (1, 4)] {
            let change = (z[mode].conj() * f[mode]).re + z[up].re * f[up].re;
            prop_assert!(change.abs() < 1e-12 * scale, "{change}");
            prop_assert_eq!(f[up].im, 0.0);
        }
        prop_assert!(bound.kernel().spins().iter().all(|s| s.rigid));
        let symbol = h.product_symbol(&SITES);
        let energy = |z: &[c64]| -> f64 {
            symbol.iter().map(|(m, c)| {
                let words = (0..3).map(|k| {
                    let w = m.word(ModeId(k as u32));
                    let up = if k < 2 { z[3 + k].re.powi(i32::from(w.z)) } else { 1.0 };
                    z[k].conj().powu(u32::from(w.dag)) * z[k].powu(u32::from(w.ann)) * up
                });
                (c.eval(&[], 0.0).unwrap() * words.product::<c64>()).re
            }).sum()
        };
        let step = 1e-4 / scale;
        let shifted = |s: f64| -> Vec<c64> { z.iter().zip(&f).map(|(z, f)| z + f * s * step).collect() };
        let rate = (energy(&shifted(1.0)) - energy(&shifted(-1.0))) / (2.0 * step);
        prop_assert!(rate.abs() < 1e-5 * scale * scale, "{rate}");
    }

    /// The drift is the derivative of the flow; the imaginary part of ⟨J_z⟩ is not there.
    #[test]
    fn drift_is_the_jacobian(x in operators(), l in operators(), bloch in vectors(), a in prop::array::uniform2(-1.0_f64..1.0)) {
        let bound = bind(&SITES, &x.add(&x.adjoint()), &[l]);
        let z = state(&bloch, c64::new(a[0], a[1]));
        let drift = bound.drift_matrix(0.0, &z);
        let scale = 1.0 + drift.norm_max();
        let real = [0, 1, 2, 3, 4, 5, 6, 8];
        for column in 0..10 {
            if !real.contains(&column) {
                prop_assert!((0..10).all(|i| drift[(i, column)] == 0.0 && drift[(column, i)] == 0.0));
                continue;
            }
            let step = 1e-6;
            let at = |sign: f64| {
                let mut moved = z.clone();
                let by = sign * step;
                moved[column / 2] += if column % 2 == 0 { c64::new(by, 0.0) } else { c64::new(0.0, by) };
                cycle::velocity(&bound, 0.0, &moved)
            };
            let (up, down) = (at(1.0), at(-1.0));
            for row in 0..10 {
                let slope = (up[row] - down[row]) / (2.0 * step) / std::f64::consts::SQRT_2;
                prop_assert!((slope - drift[(row, column)]).abs() < 1e-7 * scale, "{row} {column}: {slope} {}", drift[(row, column)]);
            }
        }
    }

    /// The noise of any jump has a positive diffusion matrix in every product state.
    #[test]
    fn diffusion_is_positive(l in operators(), bloch in vectors(), a in prop::array::uniform2(-1.0_f64..1.0)) {
        // What the numbers are rounded to: the terms of L†L, which cancel where the spins are too short for the words.
        let square = l.adjoint().mul(&l);
        let size: f64 = square.iter().map(|(_, c)| c.eval(&[], 0.0).unwrap().norm()).sum();
        let bound = bind(&SITES, &Operator::zero(), &[l]);
        let diffusion = bound.diffusion_matrix(0.0, &state(&bloch, c64::new(a[0], a[1])));
        let (values, _) = symmetric_eigen(&diffusion).unwrap();
        prop_assert!(values.iter().all(|v| *v > -1e-12 * (1.0 + size)), "{values:?} {size}");
    }
}

/// One spin ½ with every linear jump: the linearised covariance is that of the state at all times, ¼(δ_ab − v_a v_b).
#[test]
fn fluctuations_of_a_spin_half_are_exact() {
    let s = ModeId(0);
    let h = Operator::spin_x(s).scale(&number(0.9)).add(&Operator::spin_z(s).scale(&number(0.4)));
    let jumps = [
        Operator::lowering(s).scale(&number(0.7)),
        Operator::raising(s).scale(&number(0.3)),
        Operator::spin_z(s).scale(&number(0.5)),
    ];
    let bound = bind(&[Some(1)], &h, &jumps);
    let start = [c64::new(0.0, 0.0), c64::new(-0.5, 0.0)];
    let mut covariance = RMatrix::zeros(4, 4);
    covariance[(0, 0)] = 0.5;
    covariance[(1, 1)] = 0.5;
    let times: Vec<f64> = (1..20).map(|k| 0.3 * f64::from(k)).collect();
    let mut seen = 0;
    direct::run(&bound, &start, &covariance, &times, Tolerance::new(1e-12, 1e-14), 1e9, |_, state| {
        let (z, v) = (state.means(), state.matrix());
        let r = [z[0].re, z[0].im, z[1].re].map(|x| 2.0 * x);
        for (a, i) in [0, 1, 2].into_iter().enumerate() {
            for (b, j) in [0, 1, 2].into_iter().enumerate() {
                let exact = 0.5 * (f64::from(u8::from(a == b)) - r[a] * r[b]);
                assert!((v[(i, j)] - exact).abs() < 1e-11, "{a} {b}: {} {exact}", v[(i, j)]);
            }
        }
        assert!((0..4).all(|k| v[(3, k)] == 0.0));
        seen += 1;
    })
    .unwrap();
    assert_eq!(seen, times.len());
}

/// Dicke: H = ω a†a + ω₀J_z + 2λ(a + a†)J_x/√N with photon loss κ. Below λ_c = ½√((ω² + κ²)ω₀/ω) the spin points down, above it ⟨J_z⟩ =
/// −j λ_c²/λ² (with 2λ/√N: Dimer et al., PRA 75, 013804 (2007)), and the length of the spin is kept throughout.
#[test]
fn dicke_transition() {
    let (omega, omega0, kappa, members) = (1.0, 0.8, 0.4, 100_u32);
    let critical = 0.5 * f64::sqrt((omega * omega + kappa * kappa) * omega0 / omega);
    let (a, s) = (ModeId(0), ModeId(1));
    let model = |lambda: f64| {
        let x = Operator::annihilation(a).add(&Operator::creation(a));
        let coupling = x.mul(&Operator::spin_x(s)).scale(&number(2.0 * lambda / f64::from(members).sqrt()));
        let h = Operator::n(a).scale(&number(omega)).add(&Operator::spin_z(s).scale(&number(omega0))).add(&coupling);
        bind(&[None, Some(members)], &h, &[Operator::annihilation(a).scale(&number(f64::sqrt(2.0 * kappa)))])
    };
    let j = f64::from(members) / 2.0;
    let down = [c64::new(0.0, 0.0), c64::new(0.0, 0.0), c64::new(-j, 0.0)];
    for ratio in [0.6, 1.3, 1.8] {
        let bound = model(ratio * critical);
        let found = attractor::find(&bound, &[], None, &down, &attractor::Options::default());
        let Attractor::FixedPoint(point) = &found.attractor else { panic!("{ratio}: {:?}", found.attractor) };
        let z = point.point[2].re / j;
        let expected = if ratio < 1.0 { -1.0 } else { -1.0 / (ratio * ratio) };
        assert!((z - expected).abs() < 1e-9, "{ratio}: {z} {expected}");
        let length = (point.point[1].norm_sqr() + point.point[2].re.powi(2)).sqrt();
        assert!((length / j - 1.0).abs() < 1e-12, "{length}");
        // Fluctuations: the polaritons are those of Holstein and Primakoff; in the normal phase two oscillators ω, ω₀ coupled by λ(a + a†)(b + b†).
        let state = orbit::at_fixed_point(&bound, point).unwrap();
        assert_eq!(state.spectrum.len(), 4);
        if ratio < 1.0 {
            let lambda = ratio * critical;
            let mut m = RMatrix::zeros(4, 4);
            for (k, w, damping) in [(0, omega, kappa), (1, omega0, 0.0)] {
                m[(2 * k, 2 * k)] = -damping;
                m[(2 * k + 1, 2 * k + 1)] = -damping;
                m[(2 * k, 2 * k + 1)] = w;
                m[(2 * k + 1, 2 * k)] = -w;
            }
            m[(1, 2)] = -2.0 * lambda;
            m[(3, 0)] = -2.0 * lambda;
            let mut exact = eigenvalues(&m).unwrap();
            for value in &state.spectrum {
                let (k, off) = exact
                    .iter()
                    .enumerate()
                    .map(|(k, e)| (k, (e - value).norm()))
                    .min_by(|a, b| a.1.total_cmp(&b.1))
                    .unwrap();
                assert!(off < 1e-10, "{value} {exact:?}");
                exact.remove(k);
            }
            let mut noise = RMatrix::zeros(4, 4);
            noise[(0, 0)] = kappa;
            noise[(1, 1)] = kappa;
            let v = huygens_numerics::linalg::lyapunov(&m, &noise).unwrap();
            // J₋ = √N b to leading order: quadratures of the spin are √N times those of b.
            let scale = f64::from(members).sqrt();
            let base = &state.samples[0].base;
            for (i, j, factor) in
                [(0, 0, 1.0), (0, 2, scale), (2, 2, scale * scale), (3, 3, scale * scale), (2, 3, scale * scale)]
            {
                assert!(
                    (base[(i, j)] - factor * v[(i, j)]).abs() < 1e-9 * factor,
                    "{i} {j}: {} {}",
                    base[(i, j)],
                    factor * v[(i, j)]
                );
            }
            assert!((0..6).all(|k| base[(4, k)].abs() < 1e-12 && base[(5, k)] == 0.0));
        }
    }
}
