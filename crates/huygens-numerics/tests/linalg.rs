//! Laws of linear algebra on random matrices, and exact cases.

use huygens_numerics::c64;
use huygens_numerics::linalg::{
    CMatrix, LinalgError, Matrix, RMatrix, Scalar, det, eigen, eigen_complex, eigenvalues, eigenvalues_complex, expm,
    expm_complex, hermitian_eigen, inverse, log_det_spd, lyapunov, null_space, schur, singular_values, solve, stein,
    svd, sylvester, symmetric_eigen,
};
use proptest::prelude::*;

/// Numbers in (−1, 1) from a seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn real(&mut self, rows: usize, cols: usize) -> RMatrix {
        RMatrix::from_fn(rows, cols, |_, _| self.next())
    }

    fn complex(&mut self, rows: usize, cols: usize) -> CMatrix {
        CMatrix::from_fn(rows, cols, |_, _| c64::new(self.next(), self.next()))
    }
}

fn distance<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) -> f64 {
    (a - b).norm_max()
}

fn check_eigen(a: &CMatrix, e: &huygens_numerics::linalg::Eigen) {
    let n = a.rows();
    let lambda = CMatrix::from_diagonal(&e.values);
    let eps = 1e-14 * n as f64 * a.norm_fro().max(1e-300);
    let right = distance(&(a * &e.right), &(&e.right * &lambda));
    assert!(right < eps, "right residual {right:e} for n = {n}");
    let left = distance(&(&e.left.adjoint() * a), &(&lambda * &e.left.adjoint()));
    assert!(left < eps * e.condition, "left residual {left:e} for n = {n}, condition {:e}", e.condition);
    let cross = distance(&(&e.left.adjoint() * &e.right), &CMatrix::identity(n));
    assert!(cross < 1e-15 * n as f64 * e.condition, "biorthogonality {cross:e}, condition {:e}", e.condition);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn eigenvectors_are_eigenvectors(seed: u64, n in 1usize..20) {
        let mut r = Numbers(seed);
        let a = r.real(n, n);
        let e = eigen(&a).unwrap();
        check_eigen(&a.to_complex(), &e);
        let z = r.complex(n, n);
        check_eigen(&z, &eigen_complex(&z).unwrap());
    }

    #[test]
    fn eigenvalues_agree_with_trace_determinant_and_vectors(seed: u64, n in 1usize..14) {
        let mut r = Numbers(seed);
        let a = r.real(n, n);
        let values = eigenvalues(&a).unwrap();
        let sum: c64 = values.iter().sum();
        prop_assert!((sum - a.trace()).norm() < 1e-12 * n as f64);
        let product: c64 = values.iter().product();
        prop_assert!((product - det(&a)).norm() < 1e-11 * (1.0 + product.norm()));
        // complex pairs stand together, the upper one first
        let mut k = 0;
        while k < n {
            if values[k].im == 0.0 { k += 1; continue; }
            prop_assert!(values[k].im > 0.0);
            prop_assert_eq!(values[k + 1], values[k].conj());
            k += 2;
        }
        let mut other = eigen(&a).unwrap().values;
        for v in &values {
            let (at, gap) = other.iter().enumerate().map(|(i, w)| (i, (w - v).norm()))
                .min_by(|x, y| x.1.total_cmp(&y.1)).unwrap();
            prop_assert!(gap < 1e-9, "{v} is missing: {gap:e}");
            other.swap_remove(at);
        }
        let z = r.complex(n, n);
        let sum: c64 = eigenvalues_complex(&z).unwrap().iter().sum();
        prop_assert!((sum - z.trace()).norm() < 1e-12 * n as f64);
    }

    #[test]
    fn badly_scaled_matrices_are_balanced(seed: u64, n in 2usize..10) {
        let mut r = Numbers(seed);
        let a = r.real(n, n);
        let d: Vec<f64> = (0..n).map(|_| (12.0 * r.next()).exp()).collect();
        let scaled = RMatrix::from_fn(n, n, |i, j| a[(i, j)] * d[i] / d[j]);
        let e = eigen(&a).unwrap();
        let mut found = eigenvalues(&scaled).unwrap();
        for v in &e.values {
            let (at, gap) = found.iter().enumerate().map(|(i, w)| (i, (w - v).norm()))
                .min_by(|x, y| x.1.total_cmp(&y.1)).unwrap();
            prop_assert!(gap < 1e-12 * e.condition, "{gap:e} at condition {:e}", e.condition);
            found.swap_remove(at);
        }
    }

    #[test]
    fn schur_form_is_unitary_and_triangular(seed: u64, n in 1usize..25) {
        let a = Numbers(seed).complex(n, n);
        let f = schur(&a).unwrap();
        prop_assert!(distance(&(&f.q * &f.q.adjoint()), &CMatrix::identity(n)) < 1e-14 * n as f64);
        prop_assert!(distance(&f.q.sandwich(&f.t), &a) < 1e-14 * n as f64 * a.norm_fro());
        for i in 0..n { for j in 0..i { prop_assert_eq!(f.t[(i, j)], c64::new(0.0, 0.0)); } }
    }

    #[test]
    fn solutions_solve(seed: u64, n in 1usize..80, m in 1usize..5) {
        let mut r = Numbers(seed);
        let a = r.complex(n, n);
        let b = r.complex(n, m);
        let x = solve(&a, &b).unwrap();
        prop_assert!(distance(&(&a * &x), &b) < 1e-14 * n as f64 * (1.0 + a.norm_one() * x.norm_one()));
        let a = r.real(n, n);
        let b = inverse(&a).unwrap();
        prop_assert!(distance(&(&a * &b), &RMatrix::identity(n)) < 1e-14 * a.norm_one() * b.norm_one());
    }

    #[test]
    fn products_agree_with_the_definition(seed: u64, l in 1usize..40, m in 1usize..40, n in 1usize..40) {
        let mut r = Numbers(seed);
        let (a, b) = (r.complex(l, m), r.complex(m, n));
        let c = &a * &b;
        let want = CMatrix::from_fn(l, n, |i, j| (0..m).map(|k| a[(i, k)] * b[(k, j)]).sum());
        prop_assert!(distance(&c, &want) < 1e-13);
    }

    #[test]
    fn exponential_laws(seed: u64, n in 1usize..14, size in 0.01f64..30.0) {
        let mut r = Numbers(seed);
        let a = r.real(n, n).scale(size / n as f64);
        let e = expm(&a).unwrap();
        // exp(A) exp(−A) = 1 and ln det exp(A) = tr A
        let back = expm(&-&a).unwrap();
        prop_assert!(distance(&(&e * &back), &RMatrix::identity(n)) < 1e-12 * e.norm_one() * back.norm_one());
        // against the eigenvectors
        let v = eigen(&a).unwrap();
        let diagonal: Vec<c64> = v.values.iter().map(|x| x.exp()).collect();
        let want = &(&v.right * &CMatrix::from_diagonal(&diagonal)) * &v.left.adjoint();
        prop_assert!(distance(&e.to_complex(), &want) < 1e-13 * v.condition * (1.0 + size) * e.norm_one());
        // an anti-Hermitian generator gives a unitary
        let mut h = r.complex(n, n).scale(c64::new(size, 0.0));
        h.symmetrize();
        let u = expm_complex(&h.scale(c64::new(0.0, -1.0))).unwrap();
        prop_assert!(distance(&(&u * &u.adjoint()), &CMatrix::identity(n)) < 1e-13 * (1.0 + size));
    }

    #[test]
    fn matrix_equations_are_solved(seed: u64, n in 1usize..34) {
        let mut r = Numbers(seed);
        let mut a = r.real(n, n);
        let e = eigenvalues(&a).unwrap().iter().fold(f64::NEG_INFINITY, |m, x| m.max(x.re));
        for i in 0..n { a[(i, i)] -= e + 0.1; }
        let mut q = r.real(n, n);
        q.symmetrize();
        let x = lyapunov(&a, &q).unwrap();
        let left = &(&(&a * &x) + &(&x * &a.transpose())) + &q;
        prop_assert!(left.norm_max() < 1e-12 * (1.0 + a.norm_fro() * x.norm_fro()), "{:e}", left.norm_max());
        prop_assert_eq!(x.asymmetry(), 0.0);
        // one that is neither symmetric nor stable
        let b = r.real(n, n);
        let g = r.real(n, n);
        if let Ok(y) = lyapunov(&b, &g) {
            let left = &(&(&b * &y) + &(&y * &b.transpose())) + &g;
            prop_assert!(left.norm_max() < 1e-11 * (1.0 + b.norm_fro() * y.norm_fro()), "{:e}", left.norm_max());
        }
        // Stein with spectral radius below one, real and complex
        let radius = eigenvalues(&b).unwrap().iter().fold(0.0f64, |m, x| m.max(x.norm()));
        let m = b.scale(0.95 / radius.max(0.1));
        let x = stein(&m, &q).unwrap();
        let left = &(&m.sandwich(&x) - &x) + &q;
        prop_assert!(left.norm_max() < 1e-12 * (1.0 + x.norm_fro() * (1.0 + m.norm_fro().powi(2))));
        prop_assert_eq!(x.asymmetry(), 0.0);
        let z = r.complex(n, n).scale(c64::new(0.4, 0.1));
        let mut q = r.complex(n, n);
        q.symmetrize();
        let x = stein(&z, &q).unwrap();
        let left = &(&z.sandwich(&x) - &x) + &q;
        prop_assert!(left.norm_max() < 1e-11 * (1.0 + x.norm_fro() * (1.0 + z.norm_fro().powi(2))));
        let x = lyapunov(&z, &q).unwrap();
        let left = &(&(&z * &x) + &(&x * &z.adjoint())) + &q;
        prop_assert!(left.norm_max() < 1e-11 * (1.0 + x.norm_fro() * z.norm_fro()));
        let c = r.real(n, 3);
        let s = r.real(3, 3);
        let x = sylvester(&a, &s, &c).unwrap();
        let left = &(&(&a * &x) + &(&x * &s)) - &c;
        prop_assert!(left.norm_max() < 1e-12 * (1.0 + x.norm_fro() * (a.norm_fro() + s.norm_fro())));
    }

    #[test]
    fn symmetric_decompositions(seed: u64, n in 1usize..40) {
        let mut r = Numbers(seed);
        let mut a = r.real(n, n);
        a.symmetrize();
        let (d, v) = symmetric_eigen(&a).unwrap();
        prop_assert!(d.windows(2).all(|w| w[0] <= w[1]));
        prop_assert!(distance(&(&v.transpose() * &v), &RMatrix::identity(n)) < 1e-13);
        prop_assert!(distance(&v.sandwich(&RMatrix::from_diagonal(&d)), &a) < 1e-13 * n as f64);
        let mut z = r.complex(n, n);
        z.symmetrize();
        let (d, v) = hermitian_eigen(&z).unwrap();
        prop_assert!(d.windows(2).all(|w| w[0] <= w[1]));
        let lambda: Vec<c64> = d.iter().map(|&x| c64::new(x, 0.0)).collect();
        prop_assert!(distance(&v.sandwich(&CMatrix::from_diagonal(&lambda)), &z) < 1e-13 * n as f64);
        // ln det from Cholesky against the eigenvalues
        let spd = &a.sandwich(&RMatrix::identity(n)) + &RMatrix::identity(n);
        let want: f64 = symmetric_eigen(&spd).unwrap().0.iter().map(|x| x.ln()).sum();
        prop_assert!((log_det_spd(&spd).unwrap() - want).abs() < 1e-11 * n as f64);
    }

    #[test]
    fn singular_values_and_null_space(seed: u64, n in 2usize..12, extra in 0usize..4, k in 1usize..4) {
        let mut r = Numbers(seed);
        let rank = n.saturating_sub(k).max(1);
        let a = &r.complex(n + extra, rank) * &r.complex(rank, n);
        let s = svd(&a).unwrap();
        prop_assert!(s.s.windows(2).all(|w| w[0] >= w[1]));
        let kernel = null_space(&a, 1e-10).unwrap();
        prop_assert_eq!(kernel.cols(), n - rank);
        prop_assert!((&a * &kernel).norm_max() < 1e-12 * a.norm_fro());
        let squares: f64 = singular_values(&a).unwrap().iter().map(|s| s * s).sum();
        prop_assert!((squares.sqrt() - a.norm_fro()).abs() < 1e-12 * a.norm_fro());
    }
}

#[test]
fn large_matrices_take_the_other_road() {
    let mut r = Numbers(7);
    let a = r.real(60, 60);
    check_eigen(&a.to_complex(), &eigen(&a).unwrap());
    let z = r.complex(60, 60);
    check_eigen(&z, &eigen_complex(&z).unwrap());
    let f = schur(&z).unwrap();
    assert!(distance(&f.q.sandwich(&f.t), &z) < 1e-12);
    let mut a = a;
    for i in 0..60 {
        a[(i, i)] -= 6.0;
    }
    let x = lyapunov(&a, &RMatrix::identity(60)).unwrap();
    let left = &(&(&a * &x) + &(&x * &a.transpose())) + &RMatrix::identity(60);
    assert!(left.norm_max() < 1e-13, "{:e}", left.norm_max());
}

#[test]
fn defective_matrices_are_refused() {
    for n in 2..9 {
        // truncated annihilation operator: nilpotent
        let a = RMatrix::from_fn(n, n, |i, j| if j == i + 1 { (j as f64).sqrt() } else { 0.0 });
        assert!(matches!(eigen(&a), Err(LinalgError::Defective { .. })), "real, n = {n}: {:?}", eigen(&a));
        assert!(matches!(eigen_complex(&a.to_complex()), Err(LinalgError::Defective { .. })), "complex, n = {n}");
        assert!(eigenvalues(&a).unwrap().iter().all(|x| x.norm() == 0.0));
        let b = a.transpose();
        assert!(matches!(eigen(&b), Err(LinalgError::Defective { .. })), "transposed, n = {n}");
        let e = expm(&a).unwrap();
        assert!((e[(0, 1)] - 1.0).abs() < 1e-14);
        let form = schur(&b.to_complex()).unwrap();
        assert!(distance(&form.q.sandwich(&form.t), &b.to_complex()) < 1e-14);
    }
    // critically damped oscillator: a double eigenvalue −1 with one vector
    let critical = RMatrix::from_rows(&[&[0.0, 1.0], &[-1.0, -2.0]]);
    match eigen(&critical) {
        Err(LinalgError::Defective { .. }) => {}
        Ok(e) => assert!(e.condition > 1e7, "condition {:e}", e.condition),
        Err(other) => panic!("{other}"),
    }
    // the zero matrix and multiples of one are not defective
    for a in [RMatrix::zeros(4, 4), RMatrix::identity(4).scale(-2.5)] {
        let e = eigen(&a).unwrap();
        assert_eq!(e.condition, 1.0);
        check_eigen(&a.to_complex(), &e);
        check_eigen(&a.to_complex(), &eigen_complex(&a.to_complex()).unwrap());
    }
    // empty matrices
    assert!(eigen(&RMatrix::zeros(0, 0)).unwrap().values.is_empty());
}

#[test]
fn repeated_eigenvalues_with_enough_vectors() {
    // two equal oscillators: ±i twice
    let a = RMatrix::from_rows(&[
        &[0.0, 1.0, 0.0, 0.0],
        &[-1.0, 0.0, 0.0, 0.0],
        &[0.0, 0.0, 0.0, 1.0],
        &[0.0, 0.0, -1.0, 0.0],
    ]);
    let e = eigen(&a).unwrap();
    check_eigen(&a.to_complex(), &e);
    assert!(e.values.iter().all(|x| x.re == 0.0 && (x.im.abs() - 1.0).abs() < 1e-15));
    // the same in another basis
    let mut r = Numbers(3);
    let s = r.real(4, 4);
    let b = &(&s * &a) * &inverse(&s).unwrap();
    check_eigen(&b.to_complex(), &eigen(&b).unwrap());
}

#[test]
fn cyclic_permutation_does_not_stall_the_iteration() {
    for n in 2..20 {
        let a = RMatrix::from_fn(n, n, |i, j| if (i + 1) % n == j { 1.0 } else { 0.0 });
        let e = eigen(&a).unwrap();
        check_eigen(&a.to_complex(), &e);
        assert!(e.values.iter().all(|x| (x.norm() - 1.0).abs() < 1e-13), "{:?}", e.values);
        check_eigen(&a.to_complex(), &eigen_complex(&a.to_complex()).unwrap());
    }
}

#[test]
fn bad_input_is_an_error() {
    let mut a = RMatrix::identity(3);
    a[(1, 2)] = f64::NAN;
    assert!(matches!(eigen(&a), Err(LinalgError::NotFinite { .. })));
    assert!(matches!(eigenvalues(&a), Err(LinalgError::NotFinite { .. })));
    assert!(solve(&a, &RMatrix::identity(3)).is_err());
    assert!(expm(&a).is_err());
    assert!(lyapunov(&a, &RMatrix::identity(3)).is_err());
    assert!(symmetric_eigen(&a.transpose()).is_err());
    assert!(expm(&RMatrix::from_rows(&[&[1e4]])).is_err());
    let singular = RMatrix::from_rows(&[&[1.0, 2.0], &[2.0, 4.0]]);
    assert!(matches!(solve(&singular, &RMatrix::identity(2)), Err(LinalgError::Singular { .. })));
    assert_eq!(det(&singular), 0.0);
    assert!(matches!(log_det_spd(&singular), Err(LinalgError::NotPositive { index: 1, .. })));
}

#[test]
fn equations_without_a_unique_solution() {
    for n in [4usize, 12, 30] {
        // undamped oscillators
        let a = RMatrix::from_fn(n, n, |i, j| match (i % 2, j) {
            (0, j) if j == i + 1 => 1.0 + i as f64,
            (1, j) if j + 1 == i => -(i as f64),
            _ => 0.0,
        });
        let q = RMatrix::identity(n);
        assert!(matches!(lyapunov(&a, &q), Err(LinalgError::NotUnique { .. })), "n = {n}");
        let rotation = expm(&a).unwrap();
        assert!(matches!(stein(&rotation, &q), Err(LinalgError::NotUnique { .. })), "n = {n}");
    }
}

#[test]
fn damped_oscillator_has_the_thermal_covariance() {
    // dq = ω p, dp = −ω q − 2γ p with noise 2γ(2n̄+1): ⟨q²⟩ = ⟨p²⟩ = n̄ + 1/2
    for gamma in [1.0, 1e-2, 1e-5, 1e-8] {
        let nbar = 3.0;
        let a = RMatrix::from_rows(&[&[0.0, 1.0], &[-1.0, -2.0 * gamma]]);
        let q = RMatrix::from_rows(&[&[0.0, 0.0], &[0.0, 4.0 * gamma * (nbar + 0.5)]]);
        let x = lyapunov(&a, &q).unwrap();
        let error = distance(&x, &RMatrix::identity(2).scale(nbar + 0.5));
        assert!(error < 1e-15 / gamma + 1e-14, "γ = {gamma}: error {error:e}");
    }
}
