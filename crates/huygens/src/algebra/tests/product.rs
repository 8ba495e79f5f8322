//! Means of words of spins in product states against matrices of N spins ½.

use super::*;
use num_complex::Complex64 as c64;
use proptest::prelude::*;

/// tr(ρ⊗…⊗ρ J₊^k J_z^l J₋^m) over N spins ½ with ⟨s⟩ = x, by applying the operators to each product of columns of ρ.
fn by_matrices(members: u32, x: [f64; 3], word: Word) -> c64 {
    let dim = 1usize << members;
    // A bit that is set is spin up.
    let one = |row: usize, column: usize| match (row, column) {
        (1, 1) => c64::new(0.5 + x[2], 0.0),
        (0, 0) => c64::new(0.5 - x[2], 0.0),
        (1, 0) => c64::new(x[0], -x[1]),
        _ => c64::new(x[0], x[1]),
    };
    let apply = |up: i32, v: &[c64]| -> Vec<c64> {
        let mut out = vec![c64::new(0.0, 0.0); dim];
        for (state, a) in v.iter().enumerate() {
            for bit in 0..members {
                let set = state >> bit & 1;
                match up {
                    0 => out[state] += a * (set as f64 - 0.5),
                    1 if set == 0 => out[state | 1 << bit] += a,
                    -1 if set == 1 => out[state & !(1 << bit)] += a,
                    _ => {}
                }
            }
        }
        out
    };
    let mut trace = c64::new(0.0, 0.0);
    for column in 0..dim {
        let mut v: Vec<c64> =
            (0..dim).map(|row| (0..members).map(|b| one(row >> b & 1, column >> b & 1)).product()).collect();
        for (power, up) in [(word.ann, -1), (word.z, 0), (word.dag, 1)] {
            for _ in 0..power {
                v = apply(up, &v);
            }
        }
        trace += v[column];
    }
    trace
}

fn value(members: u32, x: [f64; 3], word: Word) -> c64 {
    let j = x.map(|x| x * f64::from(members));
    word.product_mean(members)
        .into_iter()
        .map(|(c, w)| {
            c * c64::new(j[0], j[1]).powu(u32::from(w.dag))
                * j[2].powi(i32::from(w.z))
                * c64::new(j[0], -j[1]).powu(u32::from(w.ann))
        })
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn words_in_product_states_are_those_of_matrices(
        members in 1_u32..6,
        (k, l, m) in (0_u16..4, 0_u16..5, 0_u16..4),
        direction in prop::array::uniform3(-1.0_f64..1.0),
        length in 0.0_f64..0.5,
    ) {
        let norm = direction.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-3);
        let x = direction.map(|d| d * length / norm);
        let word = Word::spin(k, l, m);
        let exact = by_matrices(members, x, word);
        prop_assert!((value(members, x, word) - exact).norm() < 1e-11 * (1.0 + f64::from(members).powi(i32::from(k + l + m))));
    }
}

/// What is linear stays as it is whatever the length, J₊² = 0 for j = ½, and J² is j(j + 1) in a pure state of every length.
#[test]
fn closed_cases() {
    for members in [1, 2, 3, 7, 1000, 1 << 20] {
        for word in [Word::RAISING, Word::Z, Word::LOWERING] {
            assert_eq!(word.product_mean(members), [(1.0, word)]);
        }
        let j = f64::from(members) / 2.0;
        let spin = ModeId(0);
        let [jx, jy, jz] = [Operator::spin_x(spin), Operator::spin_y(spin), Operator::spin_z(spin)];
        let square = jx.mul(&jx).add(&jy.mul(&jy)).add(&jz.mul(&jz));
        let mut sum = c64::new(0.0, 0.0);
        for (m, c) in square.product_symbol(&[Some(members)]).iter() {
            let w = m.word(spin);
            let z = c64::from_polar(j * 0.6, 0.4);
            let term = z.conj().powu(u32::from(w.dag)) * (-0.8 * j).powi(i32::from(w.z)) * z.powu(u32::from(w.ann));
            sum += term * c.eval(&[], 0.0).unwrap();
        }
        assert!((sum - j * (j + 1.0)).norm() < 1e-12 * j * (j + 1.0), "{members}: {sum}");
    }
    assert!(Word::spin(2, 0, 0).product_mean(1).is_empty());
    assert_eq!(Word::spin(0, 2, 0).product_mean(1), [(0.25, Word::spin(0, 0, 0))]);
    // J_zJ₋ = −J₋/2 of a spin ½, and the fourth moment of J_z of a long spin in ⟨J_z⟩ = 0, 3N²/16 − N/8, keeps its digits.
    assert_eq!(Word::spin(0, 1, 1).product_mean(1), [(-0.5, Word::LOWERING)]);
    let n = f64::from(1 << 20);
    let constant = Word::spin(0, 4, 0).product_mean(1 << 20).into_iter().find(|(_, w)| w.degree() == 0).unwrap();
    assert!((constant.0 / (3.0 * n * n / 16.0 - n / 8.0) - 1.0).abs() < 1e-14);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// A word is the symmetrisation of its symbol: put back in all orders, it comes out again; brackets with J are classical.
    #[test]
    fn symmetric_symbols_are_put_back((k, l, m) in (0_u16..4, 0_u16..3, 0_u16..4)) {
        let spin = ModeId(0);
        let letters = |w: Word| -> Vec<Operator> {
            let part = |n: u16, x: Operator| std::iter::repeat_n(x, usize::from(n));
            part(w.dag, Operator::raising(spin)).chain(part(w.z, Operator::spin_z(spin))).chain(part(w.ann, Operator::lowering(spin))).collect()
        };
        // The symmetrised product of x₁ … x_d is the polarisation (1/d!) Σ over subsets (−1)^{d−|S|} (Σ_S x)^d.
        let symmetrised = |list: &[Operator]| -> Operator {
            let d = list.len() as u32;
            let mut sum = Operator::zero();
            for subset in 0_u32..1 << d {
                let total = list.iter().enumerate().filter(|(i, _)| subset >> i & 1 == 1).fold(Operator::zero(), |s, (_, x)| s.add(x));
                let sign = if (d - subset.count_ones()).is_multiple_of(2) { 1.0 } else { -1.0 };
                sum = sum.add(&total.powi(d).unwrap().scale(&Scalar::real(sign)));
            }
            let factorial: f64 = (1..=d).map(f64::from).product();
            sum.scale(&Scalar::real(1.0 / factorial))
        };
        prop_assume!(k + l + m <= 5);
        let word = Word::spin(k, l, m);
        let operator = Operator::term(Monomial::site(spin, word), Scalar::one());
        let mut back = Operator::zero();
        for (c, w) in word.symmetrised() {
            back = back.add(&symmetrised(&letters(w)).scale(&Scalar::real(c)));
        }
        let rest = back.sub(&operator);
        for (_, c) in rest.iter() {
            prop_assert!(c.eval(&[], 0.0).unwrap().norm() < 1e-9, "{:?}", rest);
        }
    }
}

/// J₊J₋ is the symmetric one and J_z; a spin ½ is reduced to what is linear, a boson has its Weyl symbol.
#[test]
fn symmetric_symbols_in_closed_form() {
    let [s, a] = [ModeId(0), ModeId(1)];
    let x = Operator::raising(s).mul(&Operator::lowering(s));
    let of = |twice: u32| x.symmetric_symbol(&[Some(twice), None]);
    let term = |w: Word| Monomial::site(s, w);
    let long = Polynomial::from_terms([(term(Word::spin(1, 0, 1)), Scalar::one()), (term(Word::Z), Scalar::one())]);
    assert_eq!(of(4), long);
    let short = Polynomial::from_terms([(Monomial::one(), Scalar::real(0.5)), (term(Word::Z), Scalar::one())]);
    assert_eq!(of(1), short);
    let boson = Operator::creation(a).mul(&Operator::annihilation(a)).powi(2).unwrap();
    assert_eq!(boson.symmetric_symbol(&[None, None]), boson.weyl_symbol());
    assert_eq!(boson.product_symbol(&[None, None]), boson.normal_symbol());
}
