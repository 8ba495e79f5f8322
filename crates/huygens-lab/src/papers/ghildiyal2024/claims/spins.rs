//! Eqs. (1) to (8): the spins, the bosons in their place, and the elimination of the central spin.

use huygens::algebra::{ModeId, Operator, commutator};
use huygens::experiment::{Level, Options, Truncation};
use huygens::model::Model;
use huygens_numerics::linalg::{self, CMatrix};
use huygens_numerics::{c64, linalg::RMatrix};

use super::super::laboratory::{Bench, Values, builtin, grid, series, trouble};
use crate::file;
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const MODEL_IDS: &[&str] =
    &["d1-neighbours", "d2-holstein-primakoff", "d3-factors", "d8-exponents"];
pub(in super::super) const ELIMINATION_IDS: &[&str] =
    &["d4-shift", "d5-twice", "d6-denominator", "d7-average", "d7-constant"];

/// The coefficient of an operator, a number.
fn coefficient(x: &Operator, of: &Operator) -> Result<f64, PaperError> {
    let (m, _) = of.iter().next().ok_or_else(|| trouble("a coefficient", "of nothing"))?;
    x.coefficient(m).as_number().map(|z| z.re).ok_or_else(|| trouble("a coefficient", "no number"))
}

/// Largest |[J₊, J₋] − c J_z| in the states with n up to N/2, for J₊ = √N b†√(1 − n/m) and J_z = n − m/2: the commutator is diagonal.
fn commutator_error(members: f64, m: f64, c: f64) -> f64 {
    // |<n+1| J₊ |n>|².
    let step = |n: f64| if n < 0.0 { 0.0 } else { members * (n + 1.0) * (1.0 - n / m) };
    let mut largest = 0.0_f64;
    let mut n = 0.0;
    while n <= members / 2.0 {
        largest = largest.max((step(n - 1.0) - step(n) - c * (n - m / 2.0)).abs());
        n += 1.0;
    }
    largest
}

pub(in super::super) fn model(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    // One chain of four spins 1/2 by Eq. (2), lambda = 1 and omega = 1: what flips spin 1 up and spin k down.
    let members = 4;
    let sites: Vec<ModeId> = (0..members).map(ModeId).collect();
    let number = |x: f64| huygens::algebra::Scalar::real(x);
    let mut chain = Operator::zero();
    for i in &sites {
        for k in sites.iter().filter(|k| *k != i) {
            // σ_x σ_x + σ_y σ_y = 4 (J_x J_x + J_y J_y), times λ²ω/4N.
            let pair = Operator::spin_x(*i).mul(&Operator::spin_x(*k));
            let pair = pair.add(&Operator::spin_y(*i).mul(&Operator::spin_y(*k)));
            chain.add_assign(&pair.scale(&number(1.0 / f64::from(members))));
        }
        chain.add_assign(&Operator::spin_z(*i).scale(&number(1.0 / f64::from(members))));
    }
    let flip = |k: u32| Operator::raising(sites[0]).mul(&Operator::lowering(ModeId(k)));
    let neighbour = coefficient(&chain, &flip(1))?;
    let far = coefficient(&chain, &flip(2))?;
    let zeeman = coefficient(&chain, &Operator::spin_z(sites[0]))?;
    // σ·J with σ_± of the two-level system: J of a spin 1/2 is σ/2.
    let (c, s) = (ModeId(0), ModeId(1));
    let two = number(2.0);
    let coupling =
        Operator::spin_x(c).mul(&Operator::spin_x(s)).add(&Operator::spin_y(c).mul(&Operator::spin_y(s))).scale(&two);
    let exchange = coefficient(&coupling, &Operator::raising(c).mul(&Operator::lowering(s)))?;
    // The interaction picture: d b†/dt = i[ωB n, b†] turns b† forward.
    let up = commutator(&Operator::n(c), &Operator::creation(c));
    let sign = coefficient(&up, &Operator::creation(c))?;
    let (printed, printed_half, right) =
        (commutator_error(5.0, 10.0, 2.0), commutator_error(5.0, 10.0, 1.0), commutator_error(5.0, 5.0, 2.0));
    Ok(vec![
        Claim::new(
            "d1-neighbours",
            "Eqs. (2), (3), text",
            "Nearest-neighbour coupling within a chain, and omega_j the frequency of each spin",
            "\"we further assume a nearest-neighbour coupling\"",
        )
        .value("coupling of spins 1 and 2 of a chain of four by Eq. (2), over lambda^2 omega", neighbour, 4)
        .value("of spins 1 and 3", far, 4)
        .value("frequency of one spin over omega", zeeman, 4)
        .verdict(
            Verdict::of(far == 0.0 && zeeman == 1.0),
            "Every member couples to every other, which is what makes one collective spin of a chain; and a chain of N members turns at omega/N",
        ),
        Claim::new(
            "d2-holstein-primakoff",
            "Eq. (4)",
            "The bosons of Eq. (4) make a spin",
            "J+ = sqrt(N) b+ (1 - n/2N)^(1/2), J_z = n - N",
        )
        .value("largest error of [J+, J-] = 2 J_z in the lowest states, N = 5", printed, 4)
        .value("of [J+, J-] = J_z", printed_half, 2)
        .value("of 2 J_z with J+ = sqrt(N) b+ (1 - n/N)^(1/2), J_z = n - N/2", right, 2)
        .verdict(
            Verdict::of(printed < 1e-9),
            "They make a spin of length N with J+ and J- divided by sqrt 2; X comes out twice too large, and the elimination looks better than it is",
        ),
        Claim::new("d3-factors", "Eq. (5)", "H_SB has g_j sigma_+/2 and sigma_z/sqrt(N)", "Eq. (5)")
            .value("coefficient of sigma_+ J_- in sigma.J", exchange, 4)
            .verdict(
                Verdict::of((exchange - 0.5).abs() < 1e-12),
                "Eq. (6) has it right, sigma_+ and g_j sigma_z/sqrt(N); Eq. (5) would halve the one and lose g_j in the other",
            ),
        Claim::new(
            "d8-exponents",
            "Eq. (8)",
            "P_j, the adjoint mode, turns with exp(-i omega_j B_j t)",
            "P_j = g_j b+ ... exp(-i omega_j B_j t)",
        )
        .value("d b+/dt over i omega B b+ in the interaction picture", sign, 2)
        .verdict(Verdict::of(sign < 0.0), "Both exponents have the conjugate sign; (A1) and (A2) use the right one"),
    ])
}

/// The central spin with one excitation at most: states (up; vacuum), (down; one in chain 1), (down; one in chain 2). Chains without a
/// frequency of their own, N members each.
fn lowest(omega0: f64) -> CMatrix {
    let (g, n) = ([1.5, 2.4], [5.0, 5.0]);
    let shift = |central: f64, filled: Option<usize>| -> f64 {
        (0..2)
            .map(|j| {
                let z = -n[j] / 2.0 + if filled == Some(j) { 1.0 } else { 0.0 };
                central * g[j] / f64::sqrt(n[j]) * z
            })
            .sum::<f64>()
            + 0.5 * central * omega0
    };
    // σ₊J₋ g/√N between (down; one in j) and (up; vacuum): g √N/√N = g.
    CMatrix::from_fn(3, 3, |i, j| {
        let value = match (i, j) {
            (0, 0) => shift(1.0, None),
            (1, 1) => shift(-1.0, Some(0)),
            (2, 2) => shift(-1.0, Some(1)),
            (0, k) | (k, 0) => g[k - 1],
            _ => 0.0,
        };
        c64::new(value, 0.0)
    })
}

/// The text of the chains with their central spin eliminated: H = ½σ_z-like branches w σ_z + (1 − w)⟨σ_z⟩, second order times f.
const ELIMINATED: &str = r#"
name = "eliminated"
[modes]
c = "spin 1/2"
s1 = "spin N1/2"
s2 = "spin N2/2"
[parameters]
N1 = 5
N2 = 5
g1 = 1.5
g2 = 2.4
omega0 = 0
factor = 1
average = 0
sigma_z = -0.1
z_0 = -0.9
x_0 = "sqrt(1 - z_0^2)"
D0 = "omega0 + 2*(g1*sqrt(N1)*z_0/2 + g2*sqrt(N2)*z_0/2)"
[definitions]
branch = "average*sigma_z + (1 - average)*2*jz(c)"
Z = "g1/sqrt(N1)*(jz(s1) - N1*z_0/2) + g2/sqrt(N2)*(jz(s2) - N2*z_0/2)"
S = "g1/sqrt(N1)*jm(s1) + g2/sqrt(N2)*jm(s2)"
V = "1/D0 - 2*Z/D0^2 + 4*Z^2/D0^3"
[hamiltonian]
first = "branch*Z"
up = "factor/2*(1 + branch)*S*V*dag(S)"
down = "-factor/2*(1 - branch)*dag(S)*V*S"
[start]
c = { z = "sigma_z" }
s1 = { x = "x_0", z = "z_0" }
s2 = { x = "x_0", z = "z_0" }
"#;

/// ⟨J₋⟩ of the first chain over time, in the frame that turns with its mean shift.
fn lowering(model: &std::sync::Arc<Model>, values: Values<'_>, times: &[f64]) -> Result<Vec<c64>, PaperError> {
    let truncation = Truncation { at: times.to_vec(), certify: false, ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let report = Bench::new(model.clone(), &["jx(s1)", "jy(s1)"], options)?.run(values)?;
    let (x, y) = (series(&report, "jx(s1)")?, series(&report, "jy(s1)")?);
    Ok(x.iter().zip(y).map(|(x, y)| c64::new(*x, -*y)).collect())
}

/// Largest difference relative to the largest |⟨J₋⟩|.
fn difference(a: &[c64], b: &[c64]) -> f64 {
    let size = a.iter().map(|z| z.norm()).fold(0.0, f64::max);
    a.iter().zip(b).map(|(x, y)| (x - y).norm()).fold(0.0, f64::max) / size
}

pub(in super::super) fn elimination(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let (g, n) = ([1.5, 2.4_f64], [5.0, 5.0_f64]);
    let wrong = |e: linalg::LinalgError| trouble("the elimination", e.to_string());
    // SU(2): with all frequencies zero, v_j ~ √N_j costs nothing.
    let total: f64 = (0..2).map(|j| g[j] * n[j].sqrt()).sum();
    let second = |i: usize, j: usize| g[i] * g[j] / total;
    let shift = |i: usize, j: usize| if i == j { g[i] / n[i].sqrt() } else { 0.0 };
    let spectrum = |with: f64| -> Result<Vec<f64>, PaperError> {
        let m = RMatrix::from_fn(2, 2, |i, j| with * shift(i, j) - second(i, j));
        let mut values: Vec<f64> = linalg::eigenvalues(&m).map_err(wrong)?.iter().map(|v| v.re.abs()).collect();
        values.sort_by(f64::total_cmp);
        Ok(values)
    };
    let (whole, without) = (spectrum(1.0)?, spectrum(0.0)?);
    let soft = |with: f64| -> f64 {
        let v = [n[0].sqrt(), n[1].sqrt()];
        (0..2)
            .map(|i| (0..2).map(|j| (with * shift(i, j) - second(i, j)) * v[j]).sum::<f64>().abs())
            .fold(0.0, f64::max)
    };
    watch.go_on()?;

    // One excitation: exact levels next to those of the elimination, far detuned.
    let far = -200.0;
    let levels = |omega0: f64| -> Result<Vec<f64>, PaperError> {
        Ok(linalg::hermitian_eigen(&lowest(omega0)).map_err(wrong)?.0)
    };
    let exact_levels = levels(far)?;
    let bare = lowest(far);
    // The two levels of the chains lie above the central spin at omega0 < 0.
    let gap = bare[(0, 0)].re - bare[(1, 1)].re;
    let predicted = |factor: f64| -> Result<Vec<f64>, PaperError> {
        let m = CMatrix::from_fn(2, 2, |i, j| {
            let own = if i == j { bare[(i + 1, i + 1)].re } else { 0.0 };
            c64::new(own - factor * g[i] * g[j] / gap, 0.0)
        });
        Ok(linalg::hermitian_eigen(&m).map_err(wrong)?.0)
    };
    let chains = &exact_levels[1..];
    let off = |list: &[f64]| list.iter().zip(chains).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let (right_levels, twice_levels) = (off(&predicted(1.0)?), off(&predicted(2.0)?));
    watch.go_on()?;

    // The whole motion against its elimination.
    let central = builtin("central-spin")?;
    let eliminated = std::sync::Arc::new(file::parse("eliminated", ELIMINATED, None, &[])?.model);
    let times = grid(0.0, 100.0, 101);
    let closed =
        |omega0: f64| vec![("omega0", omega0), ("omega1", 0.0), ("omega2", 0.0), ("gamma_l", 0.0), ("gamma_nl", 0.0)];
    let own =
        |omega0: f64, factor: f64, average: f64| vec![("omega0", omega0), ("factor", factor), ("average", average)];
    let jobs = [far, 0.0];
    let compared = watch.quiet().each(&jobs, |omega0| {
        let exact = lowering(&central, &closed(*omega0), &times)?;
        let run = |factor, average| -> Result<f64, PaperError> {
            let values = own(*omega0, factor, average);
            let list = lowering(&eliminated, &values, &times)?;
            // The eliminated text leaves out the mean shift, a rotation of both branches with σ_z: none in its own frame.
            Ok(difference(&exact, &list))
        };
        Ok([run(1.0, 0.0)?, run(2.0, 0.0)?, run(1.0, 1.0)?])
    })?;
    let [detuned, resonant] = [compared[0], compared[1]];
    let small = (g[0] * g[0] + g[1] * g[1]).sqrt() / gap_at(0.0).abs();
    watch.go_on()?;

    let late = [100.0, 2000.0];
    let truncation = Truncation { at: late.to_vec(), certify: false, ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let inversion = Bench::new(central, &["jz(c)"], options)?.run(&[])?;
    let inversion: Vec<f64> = series(&inversion, "jz(c)")?.iter().map(|z| 2.0 * z).collect();
    Ok(vec![
        Claim::new(
            "d4-shift",
            "Eq. (7)",
            "The first-order term is the constant <sigma_z>",
            "H' = ... + <sigma_z>",
        )
        .values("frequencies of the two chains without any of their own, first and second order", &whole, 4)
        .values("second order alone", &without, 4)
        .value("what turns the total spin, which nothing may turn, with the first order", soft(1.0), 2)
        .value("without", soft(0.0), 3)
        .verdict(
            Verdict::of(soft(0.0) < 1e-12),
            "The term is sigma_z X, of the size of what is kept: without it the mode that the symmetry forbids to move moves, and the other \
             stands still. (7) also lacks <sigma_z>/X in front of P_1 P_2+, which (A1) has",
        ),
        Claim::new(
            "d5-twice",
            "Eq. (7)",
            "Substituting sigma_- in H gives the coupling <sigma_z>/X",
            "<sigma_z>/X",
        )
        .value("largest error of the levels of one excitation, omega0 = -200, with 1/(omega0 + 2X)", right_levels, 2)
        .value("of the levels with twice that", twice_levels, 2)
        .value("largest relative error of <J_1-> up to t = 100, with 1/(omega0 + 2X)", detuned[0], 2)
        .value("with twice that", detuned[1], 3)
        .verdict(
            Verdict::of(twice_levels < right_levels),
            "Substituting into H counts the energy twice; the equation of motion gives sigma_z/2X, as second-order perturbation theory does",
        ),
        Claim::new(
            "d6-denominator",
            "Eqs. (7), (8)",
            "The denominator is X, without omega_0",
            "\"leading to the adiabatic elimination of the central spin operators\"",
        )
        .value("g/|2X| at omega0 = 0, N = 5", small, 3)
        .value("largest relative error of <J_1-> up to t = 100, eliminated at omega0 = 0", resonant[0], 3)
        .value("at omega0 = -200", detuned[0], 2)
        .verdict(
            Verdict::of(resonant[0] < 0.1),
            "In the picture of (6) sigma_- is driven at omega_0: its derivative vanishes for omega_0 = 0 only, where nothing is small, whatever g",
        ),
        Claim::new(
            "d7-average",
            "Eq. (7)",
            "sigma_z is replaced by its average",
            "\"we replace sigma_z with its average value\"",
        )
        .value("largest relative error of <J_1-> up to t = 100 at omega0 = -200, sigma_z an operator", detuned[0], 2)
        .value("sigma_z = -0.1", detuned[2], 3)
        .verdict(
            Verdict::of(detuned[2] < 0.1),
            "The two branches of sigma_z turn the chains in opposite directions: the average of both motions is not the motion of the average, \
             however good the elimination",
        ),
        Claim::new(
            "d7-constant",
            "below Eq. (8)",
            "<sigma_z> is constant",
            "\"here we assumed <sigma_z> to be constant\"",
        )
        .values("<sigma_z> at t = 100, 2000, exact, omega0 = 0", &inversion, 4)
        .verdict(
            Verdict::of(inversion.iter().all(|s| (s + 0.1).abs() < 0.01)),
            "It relaxes with the chains, to the state in which nothing is excited",
        ),
    ])
}

/// Difference of the levels of the central spin in the lowest state of the chains.
fn gap_at(omega0: f64) -> f64 {
    let m = lowest(omega0);
    m[(0, 0)].re - m[(1, 1)].re
}
