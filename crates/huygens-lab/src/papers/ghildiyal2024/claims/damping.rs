//! Eqs. (A1), (A2), (B1), (B2): the motion of the modes and its damping.

use huygens::algebra::{Generator, ModeId, Monomial, Operator, Scalar, Word};
use huygens_numerics::c64;

use super::super::laboratory::{
    DERIVED, GENERIC, LATE, PRINTED, REPAIRED, START, Values, Variant, grid, number, trouble,
};
use super::means::{classical_text, interaction_to_static};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &[
    "d9-exponential",
    "d10-stray-mode",
    "d11-stray-amplitude",
    "d12-damping",
    "d13-thermal-drift",
    "d14-frame-of-damping",
    "d15-pole",
];

/// The damping of one mode from jump operators: −ȧ = Σ c_k b†ᵏbᵏ⁺¹ for k = 0, 1, 2.
fn damping(jumps: &[Operator]) -> [f64; 3] {
    let b = Operator::annihilation(ModeId(0));
    let rate = Generator::new(&Operator::zero(), jumps).apply(&b);
    [0u16, 1, 2].map(|k| {
        let word = Monomial::site(ModeId(0), Word::boson(k, k + 1));
        rate.coefficient(&word).as_number().map_or(f64::NAN, |z| -z.re)
    })
}

/// s b + κ b†b².
fn jump(s: f64, kappa: f64) -> Operator {
    let b = Operator::annihilation(ModeId(0));
    let cubic = Operator::term(Monomial::site(ModeId(0), Word::boson(1, 2)), Scalar::real(kappa));
    b.scale(&Scalar::real(s)).add(&cubic)
}

fn largest(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

/// A variant with one piece of its text replaced, as often as it stands there.
fn altered(text: &str, from: &str, to: &str) -> Result<String, PaperError> {
    if text.contains(from) {
        return Ok(text.replace(from, to));
    }
    Err(trouble("a variant of the equations", format!("`{from}` stands nowhere in the model file")))
}

fn text_of(name: &str) -> &'static str {
    crate::file::builtin(name).map(|b| b.text).unwrap_or_default()
}

/// d(n₁ + n₂)/dt at a point.
fn growth(variant: &Variant, values: Values<'_>, z: [c64; 2]) -> Result<f64, PaperError> {
    let bound = variant.mean_field(values)?;
    let mut rate = [c64::new(0.0, 0.0); 2];
    bound.flow(0.0, &z, &mut rate, &mut bound.workspace());
    Ok(z.iter().zip(&rate).map(|(z, f)| 2.0 * (z.conj() * f).re).sum())
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let (gamma, nonlinear, members) = (1e-3, 2e-3, 5.0);
    let (s, kappa) = (f64::sqrt(gamma), f64::sqrt(nonlinear) / members);
    let printed_damping = [
        gamma / 2.0,
        2.0 * nonlinear / (members * members) + 2.0 / members * f64::sqrt(gamma * nonlinear),
        nonlinear / (members * members),
    ];
    let own = damping(&[jump(s, kappa)]);
    // The κ that the quintic and the cross term of the printed drift want.
    let wanted = [(2.0 * printed_damping[2]).sqrt(), 2.0 * (nonlinear).sqrt() / members];
    let square = Operator::term(Monomial::site(ModeId(0), Word::boson(0, 2)), Scalar::one());
    let root = |x: f64| Scalar::real(x.sqrt());
    let two = damping(&[
        jump(s, (2.0 * nonlinear).sqrt() / members),
        square.scale(&root((2.0 - 2f64.sqrt()) * s * nonlinear.sqrt() / members)),
    ]);
    let three = damping(&[
        jump(s, 0.0),
        jump(0.0, (2.0 * nonlinear).sqrt() / members),
        square.scale(&root(2.0 * s * nonlinear.sqrt() / members)),
    ]);
    let occupation = 0.5;
    let thermal =
        damping(&[jump(s, kappa).scale(&root(occupation + 1.0)), jump(s, kappa).adjoint().scale(&root(occupation))]);
    let drift: Vec<f64> = (0..3).map(|k| (thermal[k] - own[k]) / (occupation * kappa * kappa)).collect();
    watch.go_on()?;

    // |2R| of chain 1 at the long time of the paper; [b, e^{R(2n+1)}] = (e^{2R} − 1) e^{R(2n+1)} b.
    let double = 0.2f64.powi(2) / 5.0 * LATE;
    let exact = (c64::from_polar(1.0, double) - 1.0).norm();

    let closed: Values<'_> = &[("gamma_l", 0.0), ("gamma_nl", 0.0)];
    let printed = Variant::load(PRINTED)?;
    let repaired = Variant::load(REPAIRED)?;
    // (A2) has b1 in the place of b2 in the first term of the brace.
    let own_term = "g2^2*abs2(b2)*b2/N2 - 3*g2^2*abs2(b2)^2*b2/(16*N2^2) - g2^2*b2";
    let stray_term = "g2^2*(abs2(b2)/(2*N2) - 1)*A2*b1 + g2^2*abs2(b2)*A2*b2/(4*N2)";
    let stray = Variant::parse(&altered(text_of(REPAIRED), own_term, stray_term)?)?;
    let right_term = "g2^2*(abs2(b2)/(2*N2) - 1)*A2*b2 + g2^2*abs2(b2)*A2*b2/(4*N2)";
    let right = Variant::parse(&altered(text_of(REPAIRED), own_term, right_term)?)?;
    let stray_rate = growth(&stray, closed, GENERIC)?;
    let right_rate = growth(&right, closed, GENERIC)?.abs().max(growth(&repaired, closed, GENERIC)?.abs());
    watch.go_on()?;

    let kept = |v: &Variant| Ok::<f64, PaperError>(number(&v.whole(closed, GENERIC, &[200.0])?[0]) - number(&GENERIC));
    let (printed_change, repaired_change) = (kept(&printed)?, kept(&repaired)?);
    let large = [c64::new(2.0, 0.0); 2];
    let far = grid(0.0, 1000.0, 101);
    let printed_far = printed.orbit(&[], large, &far)?;
    let repaired_far = repaired.orbit(&[], large, &far)?;
    watch.go_on()?;

    // The same damping beside the static Hamiltonian, and the interaction picture mapped on it.
    let strong: Values<'_> = &[("lambda", 0.2), ("gamma_l", 0.01)];
    let text = classical_text()?;
    let mut with = text.clone();
    for k in ["1", "2"] {
        let from = format!("\"-1/2*(s + kap{k}*abs2(b{k}))^2*b{k}\"");
        let to = format!(
            "\"-gamma_l/2*b{k} - gamma_nl/N{k}^2*abs2(b{k})^2*b{k} - 2*gamma_nl/N{k}^2*abs2(b{k})*b{k} - 2/N{k}*sqrt(gamma_l*gamma_nl)*abs2(b{k})*b{k}\""
        );
        with = altered(&with, &from, &to)?;
    }
    let fixed = Variant::parse(&with)?.whole(strong, START, &[200.0])?[0];
    let moving = repaired.whole(strong, START, &[200.0])?[0];
    let mapped = interaction_to_static(&repaired, strong, &moving, 200.0)?;
    let mismatch: Vec<f64> = (0..2).map(|k| (mapped[k] - fixed[k]).norm() / fixed[k].norm()).collect();
    let derived = Variant::load(DERIVED)?;
    let at_pole = {
        let get = |name: &str| -> Result<f64, PaperError> {
            Ok(derived.model.parameters.defaults().value(derived.model.parameters.find(name)?))
        };
        let (g1, g2, n1, n2) = (get("g1")?, get("g2")?, get("N1")?, get("N2")?);
        (g1 * n1.sqrt() + g2 * n2.sqrt()) / (g1 / n1.sqrt() + g2 / n2.sqrt())
    };
    Ok(vec![
        Claim::new(
            "d9-exponential",
            "Eq. (A1)",
            "[b, exp(R(2n + 1))] = 2R exp(R(2n + 1)) b",
            "2 R_1 (1 - n_1/4N_1) exp(R_1(2n_1 + 1)) b_1^2",
        )
        .value("|2R| at t = 1e4, lambda = 0.2", double, 4)
        .value("|exp(2R) - 1|, the exact factor, there", exact, 4)
        .verdict(
            Verdict::of((double - exact).abs() < 1e-3 * exact),
            "First order in R, which grows with the time without bound; the exact factor never exceeds 2. At R = 0 the Hamiltonian part is exact",
        ),
        Claim::new("d10-stray-mode", "Eq. (A2)", "The self-term of mode 2 contains b_1", "g_2^2 (n_2/2N_2 - 1)(1 - n_2/4N_2) b_1")
            .value("d(n1 + n2)/dt without damping, with b_1 there, from 0.8, 0.3 i", stray_rate, 3)
            .value("largest with b_2, written as in (A2) and as in (B2)", right_rate, 2)
            .verdict(Verdict::of(stray_rate.abs() < 1e-12), "It does not conserve the number of quanta; (B2) has beta_2 there"),
        Claim::new(
            "d11-stray-amplitude",
            "Eqs. (B1), (B2)",
            "The exchange term contains |beta|^2 beta/4N",
            "(|beta_1|^2 beta_1/4N_1 + 2 R_1 A_1 |beta_1|^2 - A_1)",
        )
        .value("change of n1 + n2 without damping up to t = 200, as printed", printed_change, 3)
        .value("without the stray amplitude", repaired_change, 2)
        .value("as printed the run from 2, 2 ends at X = 0 at t", printed_far.as_ref().err().copied().unwrap_or(f64::NAN), 4)
        .verdict(
            Verdict::of(printed_change.abs() < 1e-6),
            "|beta|^2/4N, as in E3 to E6: the amplitude too many breaks the symmetry of the phase and pumps quanta",
        ),
        Claim::new(
            "d12-damping",
            "Eqs. (A1), (9)",
            "Noise and damping are those of the jump sqrt(gamma_l) b + sqrt(gamma_nl)/N b+ b^2",
            "[sqrt(gamma_l) + sqrt(gamma_nl)/N (2n - b^2)] b_in",
        )
        .values("damping of b, b+ b^2, b+2 b^3 by that jump", &own, 4)
        .values("as printed", &printed_damping, 4)
        .values("kappa in b+ b^2 that the quintic and the cross term want", &wanted, 4)
        .value("largest error with two jumps made for it", largest(&two, &printed_damping), 2)
        .value("with three", largest(&three, &printed_damping), 2)
        .verdict(
            Verdict::of(largest(&own, &printed_damping) < 1e-12),
            "No one jump of this form has the printed drift; those that have it do not have the printed noise. The noise b_in+ b^2 is printed as \
             b_in b^2, so that |U|^2 is isotropic and of the wrong size",
        ),
        Claim::new(
            "d13-thermal-drift",
            "Eqs. (A1), (9)",
            "The drift does not depend on the occupation of the bath",
            "Eq. (A1)",
        )
        .values("drift added by n_m over n_m kappa^2, of b, b+ b^2, b+2 b^3", &drift, 4)
        .verdict(Verdict::of(drift.iter().all(|x| x.abs() < 1e-9)), "Multiplicative noise of a warm bath adds -n_m kappa^2 (b + b+ b^2)"),
        Claim::new(
            "d14-frame-of-damping",
            "Eqs. (6), (A1)",
            "The dissipator is the same in the interaction picture",
            "Eq. (A1)",
        )
        .values("relative difference of beta_1, beta_2 to the static frame at t = 200, gamma_l = 0.01", &mismatch, 3)
        .verdict(
            Verdict::of(mismatch.iter().all(|x| *x < 1e-3)),
            "The jumps acquire exp(R(2n + 1)) for lambda > 0. Compared after the amplitudes are turned back, which without damping leaves no \
             difference: see `frame`",
        ),
        Claim::new(
            "d15-pole",
            "Eq. (8)",
            "X is a number",
            "X = sum g_j (<n_j> - N_j)/sqrt(N_j)",
        )
        .value("mean number of each mode at which X = 0, N = 5", at_pole, 6)
        .found(match (&printed_far, &repaired_far) {
            (Err(_), Err(_)) => "printed and repaired runs from 2, 2 end there",
            (Err(_), Ok(_)) => "the printed run from 2, 2 ends there, the repaired one does not",
            (Ok(_), Err(_)) => "the repaired run from 2, 2 ends there, the printed one does not",
            (Ok(_), Ok(_)) => "neither run from 2, 2 ends there",
        })
        .verdict(
            Verdict::with_condition(at_pole > number(&START)),
            "As a mean it is a number that moves with the state; the operator in the denominator is replaced before anything is commuted. \
             With Eq. (4) repaired X vanishes at half of that number",
        ),
    ])
}
