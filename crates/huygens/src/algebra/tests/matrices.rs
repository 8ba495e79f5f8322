//! The algebra against truncated matrices: products of matrices of ladder operators are exact in the corner that the
//! cut-off does not reach.

use super::*;
use num_complex::Complex64 as c64;
use proptest::prelude::*;

const CUT: usize = 9;
const MODES: usize = 2;
const DIM: usize = CUT * CUT;

#[derive(Clone, PartialEq)]
struct Matrix(Vec<c64>);

impl Matrix {
    fn zero() -> Matrix {
        Matrix(vec![c64::new(0.0, 0.0); DIM * DIM])
    }
    fn identity() -> Matrix {
        let mut m = Matrix::zero();
        for k in 0..DIM {
            m.0[k * DIM + k] = c64::new(1.0, 0.0);
        }
        m
    }
    /// a of a mode; the state |n0, n1⟩ has the index n0·CUT + n1.
    fn annihilation(mode: usize) -> Matrix {
        let mut m = Matrix::zero();
        for n0 in 0..CUT {
            for n1 in 0..CUT {
                let (n, lower) =
                    if mode == 0 { (n0, (n0.wrapping_sub(1), n1)) } else { (n1, (n0, n1.wrapping_sub(1))) };
                if n > 0 {
                    m.0[(lower.0 * CUT + lower.1) * DIM + n0 * CUT + n1] = c64::new((n as f64).sqrt(), 0.0);
                }
            }
        }
        m
    }
    fn mul(&self, other: &Matrix) -> Matrix {
        let mut m = Matrix::zero();
        for i in 0..DIM {
            for k in 0..DIM {
                let x = self.0[i * DIM + k];
                if x != c64::new(0.0, 0.0) {
                    for j in 0..DIM {
                        m.0[i * DIM + j] += x * other.0[k * DIM + j];
                    }
                }
            }
        }
        m
    }
    fn add(&self, other: &Matrix, z: c64) -> Matrix {
        Matrix(self.0.iter().zip(&other.0).map(|(a, b)| a + z * b).collect())
    }
    fn adjoint(&self) -> Matrix {
        let mut m = Matrix::zero();
        for i in 0..DIM {
            for j in 0..DIM {
                m.0[i * DIM + j] = self.0[j * DIM + i].conj();
            }
        }
        m
    }
    fn of(x: &Operator, params: &[f64]) -> Matrix {
        let a: Vec<Matrix> = (0..MODES).map(Matrix::annihilation).collect();
        let mut sum = Matrix::zero();
        for (m, c) in x.iter() {
            let mut product = Matrix::identity();
            for f in m.factors() {
                let site = &a[f.mode.0 as usize];
                let dagger = site.adjoint();
                for _ in 0..f.word.dag {
                    product = product.mul(&dagger);
                }
                for _ in 0..f.word.ann {
                    product = product.mul(site);
                }
            }
            sum = sum.add(&product, c.eval(params, 0.0).unwrap());
        }
        sum
    }
    /// Largest difference in the corner of at most `reach` quanta below the cut-off, relative to the largest entry.
    fn distance(&self, other: &Matrix, reach: usize) -> f64 {
        let inside = |k: usize| k / CUT + reach < CUT && k % CUT + reach < CUT;
        let mut size = 1.0_f64;
        let mut worst = 0.0_f64;
        for i in 0..DIM {
            for j in 0..DIM {
                if inside(i) && inside(j) {
                    size = size.max(self.0[i * DIM + j].norm());
                    worst = worst.max((self.0[i * DIM + j] - other.0[i * DIM + j]).norm());
                }
            }
        }
        worst / size
    }
}

/// A random operator on two modes: up to four terms of degree up to three, coefficients in two parameters.
fn operators() -> impl Strategy<Value = Operator> {
    let word = (0..3_u16, 0..2_u16).prop_map(|(dag, ann)| Word::boson(dag, ann));
    let coefficient = (-3..4_i32, -3..4_i32, 0..4_u32).prop_map(|(re, im, kind)| {
        let z = Scalar::number(c64::new(f64::from(re) / 2.0, f64::from(im)));
        let p = |k| Scalar::param(ParamId(k));
        match kind {
            0 => z,
            1 => z.mul(&p(0)),
            2 => z.mul(&p(1).sqrt().unwrap()).add(&p(0)),
            _ => z.mul(&p(0).mul(&Scalar::i()).exp().unwrap()),
        }
    });
    let term = (word.clone(), word, coefficient).prop_map(|(u, v, c)| {
        let factors = [Factor { mode: ModeId(0), word: u }, Factor { mode: ModeId(1), word: v }];
        (Monomial::from_factors(&factors), c)
    });
    prop::collection::vec(term, 1..4).prop_map(Operator::from_terms)
}

const PARAMS: [f64; 2] = [0.7, 1.3];

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn products_are_those_of_matrices(x in operators(), y in operators()) {
        let reach = (x.degree() + y.degree()) as usize;
        let (mx, my) = (Matrix::of(&x, &PARAMS), Matrix::of(&y, &PARAMS));
        // Entries with few quanta: the intermediate states of the product stay below the cut-off.
        let reach = reach.min(CUT - 1);
        prop_assert!(Matrix::of(&x.mul(&y), &PARAMS).distance(&mx.mul(&my), reach) < 1e-12);
        let bracket = mx.mul(&my).add(&my.mul(&mx), c64::new(-1.0, 0.0));
        prop_assert!(Matrix::of(&commutator(&x, &y), &PARAMS).distance(&bracket, reach) < 1e-12);
        prop_assert!(Matrix::of(&x.adjoint(), &PARAMS).distance(&mx.adjoint(), 0) < 1e-12);
    }

    #[test]
    fn the_generator_is_that_of_matrices(h in operators(), l in operators(), x in operators()) {
        // Rates of low degree, so that some of the matrix is out of the reach of the cut-off.
        let low = |o: &Operator| Operator::from_terms(
            o.iter().filter(|(m, _)| m.degree() <= 2).map(|(m, c)| (m.clone(), c.clone())));
        let (h, l, x) = (low(&h.add(&h.adjoint())), low(&l), low(&x));
        let [mh, ml, mx] = [&h, &l, &x].map(|o| Matrix::of(o, &PARAMS));
        let md = ml.adjoint();
        let i = c64::new(0.0, 1.0);
        let half = c64::new(-0.5, 0.0);
        let unitary = Matrix::zero().add(&mh.mul(&mx), i).add(&mx.mul(&mh), -i);
        let rate = md.mul(&mx).mul(&ml).add(&md.mul(&ml).mul(&mx), half).add(&mx.mul(&md).mul(&ml), half);
        let expected = unitary.add(&rate, c64::new(1.0, 0.0));
        let derived = heisenberg(&h, std::slice::from_ref(&l), &x);
        prop_assert!(Matrix::of(&derived, &PARAMS).distance(&expected, 6) < 1e-12);
    }

    #[test]
    fn laws(x in operators(), y in operators(), z in operators()) {
        let near = |a: &Operator, b: &Operator| {
            a.sub(b).iter().all(|(_, c)| c.eval(&PARAMS, 0.0).unwrap().norm() < 1e-9)
        };
        prop_assert!(near(&x.mul(&y).mul(&z), &x.mul(&y.mul(&z))));
        prop_assert!(near(&x.mul(&y.add(&z)), &x.mul(&y).add(&x.mul(&z))));
        prop_assert!(near(&x.mul(&y).adjoint(), &y.adjoint().mul(&x.adjoint())));
        prop_assert!(commutator(&x, &x).is_zero());
        prop_assert!(near(&commutator(&x, &y), &x.mul(&y).sub(&y.mul(&x))));
        let jacobi = commutator(&x, &commutator(&y, &z))
            .add(&commutator(&y, &commutator(&z, &x)))
            .add(&commutator(&z, &commutator(&x, &y)));
        prop_assert!(near(&jacobi, &Operator::zero()));
        prop_assert!(x.sub(&x).is_zero());
        prop_assert!(x.mul(&x.adjoint()).is_hermitian());
        prop_assert!(near(&Operator::from_weyl(&x.weyl_symbol()), &x));
        prop_assert_eq!(Operator::from_normal(&x.normal_symbol()), x);
    }

    /// The Weyl symbol of {x, y}/2 with y linear is the product of the symbols.
    #[test]
    fn weyl_symbols_of_symmetric_products(x in operators(), k in 0..2_u32) {
        let y = Operator::q(ModeId(k));
        let symmetric = x.mul(&y).add(&y.mul(&x)).scale(&Scalar::real(0.5));
        let difference = symmetric.weyl_symbol().sub(&x.weyl_symbol().mul(&y.weyl_symbol()));
        for (_, c) in difference.iter() {
            prop_assert!(c.eval(&PARAMS, 0.0).unwrap().norm() < 1e-12);
        }
    }

    #[test]
    fn text_is_read_back(x in operators()) {
        let m = model();
        let text = x.text(&m.names);
        prop_assert_eq!(&m.operator(&text), &x, "{}", text);
    }

    #[test]
    fn derivatives_of_polynomials(x in operators(), z in prop::array::uniform4(-1.0..1.0_f64)) {
        // Wirtinger: along a real step h in z, dP = (∂P/∂z + ∂P/∂z*) h.
        let p = x.normal_symbol();
        let at = |h: f64| {
            let z = [c64::new(z[0] + h, z[1]), c64::new(z[2], z[3])];
            p.eval(&z, &PARAMS, 0.0).unwrap()
        };
        let h = 1e-5;
        let numeric = (at(h) - at(-h)) / (2.0 * h);
        let exact = p.derivative(ModeId(0)).add(&p.derivative_conj(ModeId(0)));
        let exact = exact.eval(&[c64::new(z[0], z[1]), c64::new(z[2], z[3])], &PARAMS, 0.0).unwrap();
        prop_assert!((numeric - exact).norm() < 1e-7);
    }
}

#[test]
fn weyl_order_of_the_kerr_term() {
    // a†²a² = (|z|⁴ − 2|z|² + 1/2) in Weyl order.
    let a = Operator::annihilation(ModeId(0));
    let kerr = a.adjoint().powi(2).unwrap().mul(&a.powi(2).unwrap());
    let symbol = kerr.weyl_symbol();
    let site = |n| Monomial::site(ModeId(0), Word::boson(n, n));
    let value = |n| symbol.coefficient(&site(n)).as_number().unwrap().re;
    assert_eq!([value(2), value(1), value(0)], [1.0, -2.0, 0.5]);
    // The symbol of the symmetrised product is the product itself: (a†a + aa†)/2 ↔ |z|².
    let sym = a.mul(&a.adjoint()).add(&a.adjoint().mul(&a)).scale(&Scalar::real(0.5));
    assert_eq!(sym.weyl_symbol(), Polynomial::term(site(1), Scalar::one()));
}

#[test]
fn products_of_powers() {
    // a²a†² = a†²a² + 4a†a + 2: the case that is easily got wrong.
    let a = Operator::annihilation(ModeId(0));
    let product = a.powi(2).unwrap().mul(&a.adjoint().powi(2).unwrap());
    let site = |n| Monomial::site(ModeId(0), Word::boson(n, n));
    let value = |n| product.coefficient(&site(n)).as_number().unwrap().re;
    assert_eq!([value(2), value(1), value(0)], [1.0, 4.0, 2.0]);
    assert_eq!(product.len(), 3);
}
