//! The jobs against dense matrices, and against the entries that they stand for.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::CMatrix;
use proptest::prelude::*;

use super::super::{Cutoff, Layout, Shifted, Space};
use super::{Generator, LANES, Operators};
use crate::levels::tests::model;
use crate::model::Model;

fn dense(space: &Space, shifted: &Shifted) -> CMatrix {
    let mut matrix = CMatrix::zeros(space.len(), space.len());
    for (shift, table) in &shifted.parts {
        space.each_shifted(shift, |at, _, to| matrix[(to, at)] += table[at]);
    }
    matrix
}

/// The largest distance of G X, by the jobs and by their entries, from K X + X K† + Σ L X L†, for a random X on the stored elements.
fn mismatch(model: &Model, cutoff: Cutoff, hermitian: bool, seed: f64) -> f64 {
    let binding = model.bind(&[]).unwrap();
    let space = Arc::new(Space::new(model.len(), cutoff).unwrap());
    let operators = Operators::new(model, &binding, space.clone()).unwrap();
    let of = |operator| dense(&space, &Shifted::new(&space, operator, &binding.values, 0.0).unwrap());
    let scaled = |m: CMatrix, z: c64| {
        let mut m = m;
        (0..space.len()).for_each(|i| (0..space.len()).for_each(|j| m[(i, j)] *= z));
        m
    };
    let jumps: Vec<CMatrix> = model.jumps.iter().map(|jump| of(&jump.operator)).collect();
    let mut k = &scaled(of(&model.hamiltonian), c64::new(0.0, -1.0)) + &of(&model.antihermitian);
    for jump in &jumps {
        k = &k + &scaled(&jump.adjoint() * jump, c64::new(-0.5, 0.0));
    }
    let zero = vec![0; model.len()];
    let layout = Layout::new(space.clone(), &operators.population(&zero, []), hermitian, usize::MAX).unwrap();
    let layout = Arc::new(layout);
    let generator = Generator::new(&operators, layout.clone());
    let half = layout.len();
    let (mut x, mut full) = (vec![0.0; 2 * half + LANES], CMatrix::zeros(space.len(), space.len()));
    let mut number = seed;
    layout.each(|at, ket, bra| {
        if layout.stray(at) {
            return;
        }
        number = (number * 9301.0 + 0.2113).fract();
        let im = (number * 77.0).fract() - 0.5;
        let z = c64::new(number - 0.5, if hermitian && ket == bra { 0.0 } else { im });
        (x[at], x[half + at]) = (z.re, z.im);
        full[(ket, bra)] = z;
        if hermitian {
            full[(bra, ket)] = z.conj();
        }
    });
    let mut exact = &(&k * &full) + &(&full * &k.adjoint());
    for jump in &jumps {
        exact = &exact + &(&(jump * &full) * &jump.adjoint());
    }
    let mut out = vec![0.0; x.len()];
    generator.apply(&x, &mut out);
    let mut sums = vec![c64::new(0.0, 0.0); half];
    generator.entries(|row, column, conjugate, z| {
        let from = c64::new(x[column], x[half + column]);
        sums[row] += z * if conjugate { from.conj() } else { from };
    });
    let mut apart = 0.0_f64;
    layout.each(|at, ket, bra| {
        if !layout.stray(at) {
            let exact = exact[(ket, bra)];
            apart = apart.max((c64::new(out[at], out[half + at]) - exact).norm()).max((sums[at] - exact).norm());
        }
    });
    apart
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Drives, squeezing, Kerr terms, hops, gains, losses of pairs, jumps of several terms, an anti-Hermitian part: one mode, two modes
    /// below either cut-off, and three.
    #[test]
    fn jobs_are_the_master_equation(
        c in prop::collection::vec(-1.0_f64..1.0, 8), top in 1_usize..15, second in 1_usize..12, seed in 0.0_f64..1.0,
    ) {
        let one = model(
            &["a"],
            &[],
            &format!("({})*n(a) + ({})*dag(a)^2*a^2 + ({})*(a + dag(a)) + ({})*i*(a^2 - dag(a)^2)", c[0], c[1], c[2], c[3]),
            &format!("({})*n(a) + ({})*(a + dag(a))", c[4], c[5]),
            &["0.7*a", "0.3*dag(a)", "0.4*a^2", "0.2*(a - 0.5*i*dag(a)^2)"],
            &[],
        );
        let jumps = ["0.5*a^2", "0.4*dag(a)^2", "0.3*b^2", "0.6*dag(b)^2", "0.2*(a - b)", "0.1*n(a)*b"];
        let exchange = format!("({})*n(a) + ({})*n(b) + ({})*n(a)*n(b) + ({})*i*(dag(a)*b - h.c.)", c[0], c[1], c[2], c[3]);
        let pull = format!("({})*(dag(a)*b + h.c.)", c[4]);
        let two = model(&["a", "b"], &[], &exchange, &pull, &jumps, &[]);
        let squeezed = format!("{exchange} + ({})*(a*b + dag(a)*dag(b))", c[5]);
        let squeezed = model(&["a", "b"], &[], &squeezed, "", &jumps[..5], &[]);
        let three = format!("{exchange} + ({})*(dag(b)*c + h.c.) + ({})*n(c)", c[6], c[7]);
        let three = model(&["a", "b", "c"], &[], &three, "", &["0.5*a^2", "0.3*c", "0.2*dag(b)*a"], &[]);
        for hermitian in [true, false] {
            for (model, cutoff) in [
                (&one, Cutoff::Product(vec![2 * top])),
                (&two, Cutoff::Product(vec![top, second])),
                (&two, Cutoff::Total(top)),
                (&squeezed, Cutoff::Product(vec![second, top])),
                (&squeezed, Cutoff::Total(second)),
                (&three, Cutoff::Product(vec![2, 3, second])),
                (&three, Cutoff::Total(4)),
            ] {
                let apart = mismatch(model, cutoff.clone(), hermitian, seed);
                prop_assert!(apart < 1e-11, "{cutoff} {hermitian}: {apart:e}");
            }
        }
    }
}
