//! Spins against their matrices of several lengths: whatever holds for words holds in every representation.

use super::*;
use crate::algebra::parse::{self, Symbol, Symbols};
use num_complex::Complex64 as c64;
use proptest::prelude::*;

/// Twice the lengths of the two spins.
const LENGTHS: [[usize; 2]; 3] = [[1, 2], [3, 1], [2, 4]];

#[derive(Clone, Debug, PartialEq)]
struct Matrix {
    dim: usize,
    values: Vec<c64>,
}

impl Matrix {
    fn from_fn(dim: usize, f: impl Fn(usize, usize) -> c64) -> Self {
        Self { dim, values: (0..dim * dim).map(|k| f(k / dim, k % dim)).collect() }
    }
    fn mul(&self, other: &Self) -> Self {
        let at = |m: &Self, i: usize, j: usize| m.values[i * m.dim + j];
        Self::from_fn(self.dim, |i, j| (0..self.dim).map(|k| at(self, i, k) * at(other, k, j)).sum())
    }
    fn add(&self, other: &Self, z: c64) -> Self {
        Self { dim: self.dim, values: self.values.iter().zip(&other.values).map(|(a, b)| a + z * b).collect() }
    }
    fn adjoint(&self) -> Self {
        Self::from_fn(self.dim, |i, j| self.values[j * self.dim + i].conj())
    }
    fn norm(&self) -> f64 {
        self.values.iter().map(|x| x.norm()).fold(0.0, f64::max)
    }

    /// J₊ (of `up` = 1), J₋ (−1) or J_z (0) of a spin; the state |m₀, m₁⟩ has the index n₀ d₁ + n₁ with n = m + j.
    fn ladder(lengths: [usize; 2], spin: usize, up: i32) -> Self {
        let dims = lengths.map(|l| l + 1);
        let split = |k: usize| [k / dims[1], k % dims[1]];
        let j = lengths[spin] as f64 / 2.0;
        Self::from_fn(dims[0] * dims[1], |row, column| {
            let (to, from) = (split(row), split(column));
            let same = to[1 - spin] == from[1 - spin];
            let m = from[spin] as f64 - j;
            let moved = to[spin] as i32 - from[spin] as i32 == up;
            let value = match up {
                0 => m,
                _ => (j * (j + 1.0) - m * (m + f64::from(up))).max(0.0).sqrt(),
            };
            if same && moved { c64::new(value, 0.0) } else { c64::new(0.0, 0.0) }
        })
    }

    fn of(x: &Operator, lengths: [usize; 2]) -> Self {
        let dim = (lengths[0] + 1) * (lengths[1] + 1);
        let one = Self::from_fn(dim, |i, j| c64::new(f64::from(u8::from(i == j)), 0.0));
        let mut sum = Self::from_fn(dim, |_, _| c64::new(0.0, 0.0));
        for (m, c) in x.iter() {
            let mut product = one.clone();
            for f in m.factors() {
                let spin = f.mode.0 as usize;
                for (power, up) in [(f.word.dag, 1), (f.word.z, 0), (f.word.ann, -1)] {
                    for _ in 0..power {
                        product = product.mul(&Self::ladder(lengths, spin, up));
                    }
                }
            }
            sum = sum.add(&product, c.eval(&[], 0.0).unwrap());
        }
        sum
    }
}

fn operators() -> impl Strategy<Value = Operator> {
    let word = || (0..3_u16, 0..3_u16, 0..3_u16).prop_map(|(plus, z, minus)| Word::spin(plus, z, minus));
    let coefficient =
        (-3..4_i32, -3..4_i32).prop_map(|(re, im)| Scalar::number(c64::new(f64::from(re) / 2.0, f64::from(im))));
    let term = (word(), word(), coefficient).prop_map(|(u, v, c)| {
        let factors = [Factor { mode: ModeId(0), word: u }, Factor { mode: ModeId(1), word: v }];
        (Monomial::from_factors(&factors), c)
    });
    prop::collection::vec(term, 1..4).prop_map(Operator::from_terms)
}

fn scope() -> (Symbols, Names) {
    let mut scope = Symbols::new();
    scope.insert("s", Symbol::Spin(ModeId(0)));
    scope.insert("u", Symbol::Spin(ModeId(1)));
    scope.insert("a", Symbol::Mode(ModeId(2)));
    (scope, Names::new(Vec::new(), ["s", "u", "a"].map(String::from).to_vec()))
}

fn read(text: &str) -> Operator {
    parse::operator(&parse::parse(text).unwrap(), &scope().0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn products_commutators_and_adjoints_are_those_of_matrices(x in operators(), y in operators()) {
        for lengths in LENGTHS {
            let (mx, my) = (Matrix::of(&x, lengths), Matrix::of(&y, lengths));
            let product = mx.mul(&my);
            let scale = 1.0 + mx.norm() * my.norm() * product.dim as f64;
            let minus = c64::new(-1.0, 0.0);
            prop_assert!(Matrix::of(&x.mul(&y), lengths).add(&product, minus).norm() < 1e-10 * scale);
            let bracket = product.add(&my.mul(&mx), minus);
            prop_assert!(Matrix::of(&commutator(&x, &y), lengths).add(&bracket, minus).norm() < 1e-10 * scale);
            prop_assert!(Matrix::of(&x.adjoint(), lengths).add(&mx.adjoint(), minus).norm() < 1e-10 * scale);
        }
    }

    #[test]
    fn text_is_read_back(x in operators()) {
        prop_assert_eq!(read(&x.text(&scope().1)), x);
    }
}

/// The relations of su(2), the Casimir operator commuting with everything, and nothing lost over three factors.
#[test]
fn relations_of_su2() {
    assert_eq!(read("comm(jp(s), jm(s))"), read("2*jz(s)"));
    assert_eq!(read("comm(jz(s), jp(s))"), read("jp(s)"));
    assert_eq!(read("comm(jx(s), jy(s))"), read("i*jz(s)"));
    assert_eq!(read("comm(jp(s), jm(u))"), Operator::zero());
    let casimir = read("jx(s)^2 + jy(s)^2 + jz(s)^2");
    assert_eq!(casimir, read("jp(s)*jm(s) - jz(s) + jz(s)^2"));
    for other in ["jp(s)", "jz(s)", "jm(s)^3*jp(s)^2*jz(s)"] {
        assert!(commutator(&casimir, &read(other)).is_zero(), "{other}");
    }
    let (x, y, z) = (read("jm(s)^2"), read("jp(s)^3 + jz(s)"), read("jz(s)*jm(s)"));
    assert_eq!(x.mul(&y).mul(&z), x.mul(&y.mul(&z)));
    assert!(read("jx(s)*a + h.c.").is_hermitian());
    assert_eq!(read("dag(jp(s)*a)"), read("jm(s)*dag(a)"));
}

/// A spin rotates, and decays by L = J₋ as dJ_z/dt = −J₊J₋.
#[test]
fn equations_of_motion() {
    let h = read("3*jz(s)");
    let rate = Generator::new(&h, &[read("jm(s)")]).apply(&read("jz(s)"));
    assert_eq!(rate, read("-jp(s)*jm(s)"));
    let rate = Generator::new(&h, &[]).apply(&read("jm(s)"));
    assert_eq!(rate, read("-3*i*jm(s)"));
}

#[test]
fn charges_of_spins_and_modes() {
    let h = read("jz(s) + jp(s)*a + jm(s)*dag(a) + jz(s)*jz(u)");
    assert_eq!(charges(3, &h, &[read("a"), read("jm(u)")]), [vec![1, 0, 1], vec![0, 1, 0]]);
}

#[test]
fn how_spins_are_written_and_what_is_refused() {
    let (scope, names) = scope();
    assert_eq!(read("jx(s)*jx(u)").text(&names), "(jp(s)*jp(u) + jm(s)*jm(u))/4 + (jp(s)*jm(u) + jm(s)*jp(u))/4");
    assert_eq!(read("jz(s)^2*jp(u)").latex(&names), r"J_{s,z}^2 J_{u,+}");
    let wrong = |text: &str| parse::operator(&parse::parse(text).unwrap(), &scope).unwrap_err().to_string();
    assert!(wrong("s*a").contains("`s` is a spin"), "{}", wrong("s*a"));
    assert!(wrong("jz(a)").contains("bosonic mode"), "{}", wrong("jz(a)"));
    assert!(wrong("jz(2*s)").contains("spin is expected"), "{}", wrong("jz(2*s)"));
    assert!(wrong("q(s)").contains("`s` is a spin"));
    assert!(wrong("jz(s[1])").contains("single spin"));
}
