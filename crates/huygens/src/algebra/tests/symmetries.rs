use super::*;

fn charges_of(modes: usize, h: &str, jumps: &[&str]) -> Vec<Vec<i64>> {
    let m = model();
    let jumps: Vec<Operator> = jumps.iter().map(|l| m.operator(l)).collect();
    charges(modes, &m.operator(h), &jumps)
}

#[test]
fn charges_of_known_models() {
    // Hopping conserves the sum of the numbers.
    assert_eq!(charges_of(2, "dag(a1)*b1 + h.c.", &["a1"]), vec![vec![1, 1]]);
    // Two-mode squeezing conserves the difference.
    assert_eq!(charges_of(2, "a1*b1 + h.c.", &[]), vec![vec![1, -1]]);
    // Second-harmonic generation a1²b1†: charge (1, 2).
    assert_eq!(charges_of(2, "a1^2*dag(b1) + h.c.", &["a1", "b1"]), vec![vec![1, 2]]);
    // Radiation pressure: the photon number only; with a drive nothing.
    assert_eq!(charges_of(2, "n(a1)*(b1+dag(b1))", &["a1"]), vec![vec![1, 0]]);
    assert!(charges_of(2, "n(a1)*(b1+dag(b1)) + a1 + dag(a1)", &["a1"]).is_empty());
    // A collective jump ties the two phases; two-photon loss and gain do not.
    assert_eq!(charges_of(2, "n(a1)+n(b1)", &["a1 + i*b1"]), vec![vec![1, 1]]);
    assert_eq!(charges_of(2, "n(a1)+n(b1)", &["a1^2", "dag(a1)", "b1^2"]), vec![vec![1, 0], vec![0, 1]]);
    // A jump without definite charge.
    assert!(charges_of(1, "n(a1)", &["a1 + dag(a1)"]).is_empty());
    // a1³ = b1² needs (2, 3).
    assert_eq!(charges_of(2, "a1^3*dag(b1)^2 + h.c.", &[]), vec![vec![2, 3]]);
    // Parity is no U(1) charge.
    assert!(charges_of(1, "a1^2 + dag(a1)^2", &[]).is_empty());
    // a1⁶ = b1¹⁰ a2¹⁵: a lattice of rank two, spanned by short vectors.
    let lattice = charges_of(3, "a1^6*b1^10*a2^15 + h.c.", &[]);
    assert_eq!(lattice.len(), 2);
    for v in &lattice {
        assert_eq!(6 * v[0] + 10 * v[1] + 15 * v[2], 0);
        assert!(v.iter().all(|x| x.abs() <= 5), "{lattice:?}");
    }
    // Index one in the lattice of solutions: the cross product of the basis is the primitive vector (6, 10, 15).
    let (u, v) = (&lattice[0], &lattice[1]);
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    assert!(cross == [6, 10, 15] || cross == [-6, -10, -15], "{cross:?}");
}

fn ring(n: usize) -> (Operator, Vec<Operator>) {
    let p = |k: u32| Scalar::param(ParamId(k));
    let a: Vec<ModeId> = (0..n).map(|j| ModeId(2 * j as u32)).collect();
    let b: Vec<ModeId> = (0..n).map(|j| ModeId(2 * j as u32 + 1)).collect();
    let mut h = Operator::zero();
    for j in 0..n {
        let next = Operator::annihilation(b[(j + 1) % n]);
        let (x, y) = (Operator::annihilation(a[j]), Operator::annihilation(b[j]));
        h.add_assign(&Operator::n(a[j]).scale(&p(0).neg()));
        h.add_assign(&Operator::n(b[j]).scale(&p(1)));
        h.add_assign(&Operator::n(a[j]).mul(&y.add(&y.adjoint())).scale(&p(2).neg()));
        h.add_assign(&y.adjoint().mul(&next).add(&next.adjoint().mul(&y)).scale(&p(3).neg()));
        h.add_assign(&x.adjoint().sub(&x).scale(&p(4).mul(&Scalar::i())));
    }
    let root = |s: Scalar| s.times(num_complex::Complex64::new(2.0, 0.0)).sqrt().unwrap();
    let mut jumps = Vec::new();
    for j in 0..n {
        jumps.push(Operator::annihilation(a[j]).scale(&root(p(5))));
        jumps.push(Operator::annihilation(b[j]).scale(&root(p(6).mul(&p(7).add(&Scalar::one())))));
        jumps.push(Operator::creation(b[j]).scale(&root(p(6).mul(&p(7)))));
    }
    (h, jumps)
}

#[test]
fn a_ring_of_400_cells_keeps_its_local_equations() {
    let (h, jumps) = ring(400);
    let generator = Generator::new(&h, &jumps);
    let equations: Vec<Operator> = (0..800).map(|k| generator.apply(&Operator::annihilation(ModeId(k)))).collect();
    assert_eq!(equations[6].len(), 4);
    assert_eq!(equations[7].len(), 4);
    let names = Names::new(
        ["Delta", "omega", "g", "mu", "drive", "kappa", "gamma", "n_b"].map(String::from).to_vec(),
        (1..=400).flat_map(|j| [format!("a[{j}]"), format!("b[{j}]")]).collect(),
    );
    assert_eq!(
        equations[7].text_about(&names, ModeId(7)),
        "-(gamma + i*omega)*b[4] + i*mu*(b[3] + b[5]) + i*g*n(a[4])"
    );
    assert!(charges(800, &h, &jumps).is_empty());
    assert!(h.text(&names).len() > 10_000);
}
