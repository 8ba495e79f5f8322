//! Transformations against matrices, and against the models that they come from.

use huygens_numerics::c64;
use huygens_numerics::linalg::{CMatrix, hermitian_eigen};
use proptest::prelude::*;

use super::spins::boson;
use super::*;
use crate::algebra::{Monomial, Word};
use crate::levels::fock::{Cutoff, Evolution, Problem};
use crate::measures::Moments;
use crate::model::{JumpSource, ModeSource, ModelSource, ParameterSource, StartSource, TermSource, Text};

fn text(text: &str) -> Text {
    Text::new(text, text)
}

fn source(modes: &[(&str, &str)], parameters: &[(&str, f64)], terms: &[(&str, &str)], jumps: &[&str]) -> ModelSource {
    ModelSource {
        name: "test".into(),
        modes: modes.iter().map(|(name, kind)| ModeSource { name: text(name), kind: text(kind) }).collect(),
        parameters: parameters
            .iter()
            .map(|(name, value)| ParameterSource {
                name: text(name),
                value: text(&value.to_string()),
                unit: String::new(),
                note: String::new(),
            })
            .collect(),
        hamiltonian: terms.iter().map(|(name, h)| TermSource { name: text(name), expression: text(h) }).collect(),
        jumps: jumps
            .iter()
            .map(|l| JumpSource { operator: text(l), each: None, kept: None, members: false, label: (*l).into() })
            .collect(),
        ..ModelSource::default()
    }
}

/// The matrix of an operator on sites of given dimensions, of which some are spins given by 2j.
fn matrix(operator: &Operator, spins: &[Option<u32>], dims: &[usize], params: &[f64]) -> CMatrix {
    let size = dims.iter().product();
    let mut sum = CMatrix::zeros(size, size);
    let lowering = |k: usize| {
        let root = |n: usize| match spins[k] {
            None => n as f64,
            Some(twice) => n as f64 * (f64::from(twice) - n as f64 + 1.0),
        };
        CMatrix::from_fn(dims[k], dims[k], |m, n| if m + 1 == n { root(n).sqrt().into() } else { 0.0.into() })
    };
    for (monomial, coefficient) in operator.iter() {
        let mut product = CMatrix::identity(1);
        for k in 0..dims.len() {
            let word = monomial.word(ModeId(k as u32));
            let down = lowering(k);
            let middle = 0.5 * f64::from(spins[k].unwrap_or(0));
            let z =
                CMatrix::from_fn(dims[k], dims[k], |m, n| if m == n { (m as f64 - middle).into() } else { 0.0.into() });
            let mut site = CMatrix::identity(dims[k]);
            (0..word.dag).for_each(|_| site = &site * &down.adjoint());
            (0..word.z).for_each(|_| site = &site * &z);
            (0..word.ann).for_each(|_| site = &site * &down);
            let (rows, d) = (product.rows(), dims[k]);
            product = CMatrix::from_fn(rows * d, rows * d, |m, n| product[(m / d, n / d)] * site[(m % d, n % d)]);
        }
        let value = coefficient.eval(params, 0.0).unwrap();
        sum = CMatrix::from_fn(size, size, |m, n| sum[(m, n)] + value * product[(m, n)]);
    }
    sum
}

proptest! {
    /// A word of a spin as a boson, exact up to the order of Newton's polynomial and with it as high as the spin.
    #[test]
    fn newton_polynomials_are_exact_below_their_order(twice in 2_u32..7, plus in 0_u16..3, z in 0_u16..3, minus in 0_u16..3, order in 1_u32..7) {
        let order = order.min(twice);
        let word = Word::spin(plus, z, minus);
        let mode = ModeId(0);
        let size = twice as usize + 1;
        let exact = matrix(&Operator::term(Monomial::site(mode, word), Scalar::one()), &[Some(twice)], &[size], &[]);
        let found = matrix(&boson(word, mode, twice, Expansion::Newton, order), &[None], &[size + 4], &[]);
        for n in 0..size {
            // The word acts on n quanta by way of n − m.
            if n < minus as usize || n - minus as usize > order as usize {
                continue;
            }
            for m in 0..size {
                let apart = (exact[(m, n)] - found[(m, n)]).norm();
                prop_assert!(apart < 1e-9 * (1.0 + exact[(m, n)].norm()), "{m} {n}: {} {}", exact[(m, n)], found[(m, n)]);
            }
        }
    }
}

/// The error of Holstein and Primakoff's expansion on few quanta falls as (2j)^{−K − 1/2}, and [J₊, J₋] = 2J_z to that order; the form in
/// print has [J₊, J₋] = J_z.
#[test]
fn holstein_and_primakoff_in_powers_of_the_length() {
    let mode = ModeId(0);
    let word = |w: Word, twice: u32, expansion: Expansion, order: u32| boson(w, mode, twice, expansion, order);
    for order in 0..4 {
        let error = |twice: u32| {
            let found = matrix(&word(Word::LOWERING, twice, Expansion::Taylor, order), &[None], &[8], &[]);
            let exact = matrix(&Operator::lowering(mode), &[Some(twice)], &[twice as usize + 1], &[]);
            (0..5)
                .flat_map(|m| (0..5).map(move |n| (m, n)))
                .map(|(m, n)| (found[(m, n)] - exact[(m, n)]).norm())
                .fold(0.0, f64::max)
        };
        let falls = (error(40) / error(160)).log(4.0);
        assert!((falls - (f64::from(order) + 0.5)).abs() < 0.2, "{order}: {falls}");
    }
    for (expansion, factor) in [(Expansion::Taylor, 2.0), (Expansion::Printed, 1.0)] {
        let twice = 400;
        let [plus, minus, z] = [Word::RAISING, Word::LOWERING, Word::Z].map(|w| word(w, twice, expansion, 3));
        let rest = plus.mul(&minus).sub(&minus.mul(&plus)).sub(&z.scale(&Scalar::real(factor)));
        let rest = matrix(&rest, &[None], &[9], &[]);
        let largest = (0..4).map(|n| rest[(n, n)].norm()).fold(0.0, f64::max);
        assert!(largest < 1e-3, "{expansion:?}: {largest}");
    }
}

fn at(model: &Model, cutoff: &[usize], t: f64) -> crate::levels::fock::Density {
    let binding = model.bind(&[]).unwrap();
    let problem = Problem::new(model, &binding, Cutoff::Product(cutoff.to_vec()), 1e9).unwrap();
    let mut state = problem.start;
    Evolution::new(problem.generator, 1e-12).advance(&mut state, 0.0, t).unwrap();
    state
}

/// The state of a model in another frame is that in its own, turned: with drives, spins and squeezing jumps.
#[test]
fn frames_turn_the_state() {
    let mut source = source(
        &[("a", "boson"), ("s", "spin 1")],
        &[("w", 1.3), ("u", 0.7), ("g", 0.4)],
        &[("free", "w*n(a) + u*jz(s)"), ("rest", "g*(a*jp(s) + h.c.) + 0.3*(a + dag(a)) + 0.1*jz(s)^2")],
        &["0.5*a", "0.3*jm(s) + 0.2*jz(s)", "0.2*a^2"],
    );
    source.start = vec![
        StartSource::coherent(text("a"), text("0.3 + 0.2*i")),
        StartSource { mode: text("s"), bloch: [Some(text("0.6")), None, Some(text("-0.3"))], ..StartSource::default() },
    ];
    let model = Model::build(&source, &[]).unwrap();
    let (w, u, t) = (1.3, 0.7, 0.9);
    let dims = [9, 3];
    let own = at(&model, &dims, t);
    for steps in [["interaction_picture(free)"].as_slice(), &["rotating_frame(a, w)", "rotating_frame(s, u)"]] {
        let turned = model.transformed(steps).unwrap();
        assert!(turned.depends_on_time() && turned.applied.len() == steps.len());
        let other = at(&turned, &dims, t);
        for ket in [[0, 0], [1, 0], [2, 1], [0, 2]] {
            for bra in [[0, 0], [1, 1], [3, 0], [0, 2]] {
                let number = f64::from(ket[0] - bra[0]) * w + f64::from(ket[1] - bra[1]) * u;
                let expected = own.element(&ket, &bra) * c64::from_polar(1.0, number * t);
                let found = other.element(&ket, &bra);
                assert!((expected - found).norm() < 1e-9, "{steps:?} {ket:?} {bra:?}: {expected} {found}");
            }
        }
    }
    // Where everything turns together nothing depends on the time.
    let source = super::tests::source(
        &[("a", "boson"), ("b", "boson")],
        &[("w", 1.3)],
        &[("free", "w*n(a) + w*n(b)"), ("rest", "0.2*(dag(a)*b + h.c.) + dag(a)^2*a^2")],
        &["a", "dag(b)"],
    );
    let model = Model::build(&source, &[]).unwrap().transformed(&["interaction_picture(free)"]).unwrap();
    assert!(
        !model.depends_on_time()
            && model.hamiltonian.coefficient(&Monomial::site(ModeId(0), Word::boson(1, 1))).is_zero()
    );
}

/// The energies of Schrieffer and Wolff's Hamiltonian differ in third order in the coupling; of a spin that shifts the frequency too.
#[test]
fn second_order_has_the_energies_to_third_order() {
    let dims = [6, 3, 2];
    let spins = [None, Some(2), Some(1)];
    let source = source(
        &[("a", "boson"), ("s", "spin 1"), ("c", "spin 1/2")],
        &[("g", 0.1)],
        &[("free", "n(a) + 1.7*jz(s) + 5*jz(c)"), ("coupling", "g*(jp(c)*(a + 0.6*jm(s)) + h.c.)")],
        &["0.1*jm(c)"],
    );
    let model = Model::build(&source, &[]).unwrap();
    let effective = model.transformed(&["schrieffer_wolff(coupling)"]).unwrap();
    assert!(effective.applied[0].neglected.is_zero(), "H_0 is linear in the numbers");
    let energies = |operator: &Operator, g: f64| {
        let (values, _) = hermitian_eigen(&matrix(operator, &spins, &dims, &[g])).unwrap();
        values
    };
    let error = |g: f64| {
        let (a, b) = (energies(&model.hamiltonian, g), energies(&effective.hamiltonian, g));
        // Below the cut-off: the lowest states.
        a.iter().zip(&b).take(6).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    assert!(error(0.2) < 5e-4, "{}", error(0.2));
    let order = (error(0.4) / error(0.2)).log2();
    assert!((3.5..4.5).contains(&order), "{order}");
    // The loss of c is one of a and s in its first order.
    let jump = &effective.jumps[0].operator;
    assert!(
        !jump
            .coefficient(&Monomial::from_factors(&[
                crate::algebra::Factor { mode: ModeId(0), word: Word::ANNIHILATION },
                crate::algebra::Factor { mode: ModeId(2), word: Word::Z },
            ]))
            .is_zero()
    );
    // What is left of a coupling by other energies of other states is said.
    let mut bent = source;
    bent.hamiltonian[0].expression = text("n(a) + 1.7*jz(s) + 5*jz(c) + 0.3*jz(c)*jz(s)");
    let bent = Model::build(&bent, &[]).unwrap().transformed(&["schrieffer_wolff(coupling)"]).unwrap();
    assert!(!bent.applied[0].neglected.is_zero());
}

/// A damped spin that follows two modes, and the modes alone: ⟨n⟩ agrees as far as (g/|Δ − iκ/2|)² lets it.
#[test]
fn eliminated_modes_follow() {
    for kind in ["boson", "spin 1/2"] {
        let lower = if kind == "boson" { "c" } else { "jm(c)" };
        let number = if kind == "boson" { "n(c)" } else { "jz(c)" };
        let error = |far: f64| {
            let mut source = source(
                &[("c", kind), ("a", "boson"), ("b", "boson")],
                &[("far", far)],
                &[
                    ("own", &format!("0.6*far*{number}")),
                    ("free", "0.2*(n(a) - n(b))"),
                    ("coupling", &format!("sqrt(far)*0.3*({lower}*dag(a) + 1.2*{lower}*dag(b) + h.c.)")),
                ],
                &[&format!("sqrt(far)*{lower}"), "0.1*b"],
            );
            source.start = vec![StartSource::coherent(text("a"), text("0.5"))];
            let model = Model::build(&source, &[]).unwrap();
            let slow = model.transformed(&["adiabatic_elimination(c)"]).unwrap();
            assert_eq!((slow.len(), slow.jumps.len()), (2, 2));
            let dims = [if kind == "boson" { 4 } else { 2 }, 5, 5];
            let number = |state: &crate::levels::fock::Density, mode: usize| {
                let v = state.moments();
                let (z, v) = (v.mean[mode], v.covariance(mode, mode));
                z.norm_sqr() + 0.5 * (v[0][0] + v[1][1] - 1.0)
            };
            let (full, reduced) = (at(&model, &dims, 3.0), at(&slow, &dims[1..], 3.0));
            (0..2).map(|k| (number(&full, k + 1) - number(&reduced, k)).abs()).fold(0.0, f64::max)
        };
        let (near, far) = (error(40.0), error(160.0));
        assert!(far < 2e-3 && far < near / 3.0, "{kind}: {near} {far}");
    }
}

#[test]
fn a_mode_is_projected_on_its_mean() {
    let source = source(
        &[("s", "spin 1/2"), ("a", "boson"), ("b", "boson")],
        &[("z", -0.1)],
        &[("shift", "2*jz(s)*n(a) + 3*jp(s)*jm(s)*n(b)"), ("hop", "jp(s)*a + h.c."), ("free", "n(b)")],
        &["jm(s)", "a"],
    );
    let model = Model::build(&source, &[]).unwrap();
    let n = |mode: u32| Monomial::site(ModeId(mode), Word::boson(1, 1));
    let down = model.transformed(&["project(s)"]).unwrap();
    assert_eq!(down.len(), 2);
    assert_eq!(down.jumps.len(), 1);
    let value = |model: &Model, mode: u32| model.hamiltonian.coefficient(&n(mode)).eval(&[-0.1], 0.0).unwrap().re;
    assert!((value(&down, 0) + 1.0).abs() < 1e-15 && (value(&down, 1) - 1.0).abs() < 1e-15);
    let mixed = model.transformed(&["project(s, z)"]).unwrap();
    assert!((value(&mixed, 0) + 0.1).abs() < 1e-15 && (value(&mixed, 1) - 1.0 - 3.0 * 0.45).abs() < 1e-15);
    assert!(!mixed.applied[0].neglected.is_zero());
}

#[test]
fn what_cannot_be_transformed_is_told() {
    let source = source(
        &[("a", "boson"), ("s", "spin 1")],
        &[("w", 1.0)],
        &[("free", "w*n(a) + w*jz(s)"), ("kerr", "dag(a)^2*a^2"), ("hop", "a*jp(s) + h.c.")],
        &["a"],
    );
    let model = Model::build(&source, &[]).unwrap();
    for (step, words) in [
        ("turn(a)", "no such transformation"),
        ("a", "no such transformation"),
        ("holstein_primakoff(a, 1)", "is a boson"),
        ("holstein_primakoff(s)", "takes a spin and an order"),
        ("holstein_primakoff(s, 99)", "whole number from 0 to 12"),
        ("holstein_primakoff_newton(s, 3)", "no more than 2 quanta"),
        ("holstein_primakoff(x, 1)", "there is no mode `x`; there are a, s"),
        ("rotating_frame(a)", "each with its frequency"),
        ("rotating_frame(a, i*w)", "is real"),
        ("interaction_picture(kerr)", "sum of numbers"),
        ("interaction_picture(mist)", "no term `mist`; there are free, kerr, hop"),
        ("schrieffer_wolff(hop)", "resonant"),
        ("adiabatic_elimination(s)", "longer than 1/2"),
        ("adiabatic_elimination(a)", "frequency of its own"),
        ("project(a, 0.5)", "no spin 1/2"),
    ] {
        let error = model.transformed(&[step]).unwrap_err().to_string();
        assert!(error.contains(words), "{step}: {error}");
    }
}
