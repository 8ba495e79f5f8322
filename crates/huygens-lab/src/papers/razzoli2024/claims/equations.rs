//! The equations as printed: which of them hold, and with which corrections.

use huygens_numerics::c64;

use super::super::laboratory::{A, Machine, any, geometric, trouble};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &[
    "eq6",
    "eq9",
    "eq12",
    "eq20",
    "eq22",
    "eq23",
    "eq24",
    "eq25",
    "tilde-below-one",
    "eqC4",
    "eqC14",
    "eqD8",
    "eqF1",
    "eqF2",
];

const T: f64 = 0.1;

fn coth(x: f64) -> f64 {
    1.0 / x.tanh()
}

/// Largest relative deviations of χ_AA from Eq. 9 as printed, and with ω_B in its numerator.
fn response_formula(machine: &Machine) -> Result<[f64; 2], PaperError> {
    let [a, b] = machine.frequencies()?;
    let mut worst = [0.0_f64; 2];
    for gamma in [0.01, 1.0, 100.0] {
        let machine = machine.with(&[("gamma2", gamma)]);
        for omega in geometric(0.02, 20.0, 91) {
            let [aa, ..] = machine.response(omega)?;
            let (u, v) = (omega * omega - a * a, omega * omega - b * b);
            let damping = c64::new(0.0, omega * gamma);
            let d = damping * (u + v) + u * v;
            for (worst, own) in worst.iter_mut().zip([u, v]) {
                let formula = -(damping + own) / d;
                *worst = worst.max((formula - aa).norm() / aa.norm());
            }
        }
    }
    Ok(worst)
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let machine = Machine::new()?;
    let mut list = static_equations(&machine)?;
    watch.go_on()?;
    list.extend(asymptotic_equations(&machine)?);
    watch.go_on()?;
    list.extend(appendices(&machine)?);
    list.sort_by_key(|c| IDS.iter().position(|id| *id == c.id));
    Ok(list)
}

fn static_equations(machine: &Machine) -> Result<Vec<Claim>, PaperError> {
    let slow = machine.isothermal(0.3, T).lowest()?;
    let [printed, corrected] = response_formula(machine)?;
    let free = machine.with(&[("gamma2", 1e-5), ("T2", T)]);
    let variance = free.positions()?.aa;
    let integral = free.asymptotics()?.diabatic[0];
    let [a, _] = machine.frequencies()?;
    let exact = coth(0.5 * a / T) / (2.0 * a);
    let (mut first, mut second, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for omega in [0.3, 200.0] {
        let run = machine.isothermal(omega, T).by_quadrature()?;
        let total = omega / T * coth(0.5 * omega / T);
        let (p0, p) = (run.dissipative[0], run.power_of(A));
        found.push(run.uncertainty(A));
        first.push(total * p0 / (p * p));
        second.push(total * (1.0 + run.dissipative[1] / p0) / (1.0 + run.exchange[0] / p0).powi(2));
    }
    let apart = second.iter().zip(&found).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
    Ok(vec![
        Claim::new(
            "eq6",
            "Eq. 6",
            "The fluctuations of an operator are the average of its anticommutator over the period and the lag",
            "Eq. 6, with tau for the period and for the lag",
        )
        .value("D of P_A at Omega = 0.3, connected", slow.machine.fluctuations(A), 5)
        .value("P_A^2 there, by which the printed integrand tends not to 0", slow.power_of(A).powi(2), 3)
        .verdict(
            Verdict::Conditional,
            "With the connected correlator and 2 pi/Omega as the period. As printed the integral over the lag diverges wherever the mean power is not 0",
        ),
        Claim::new("eq9", "Eq. 9", "chi_AA = -(omega^2 - omega_A^2 + i omega gamma2)/D", "Eq. 9")
            .value("largest relative deviation from the response, as printed", printed, 3)
            .value("with omega_B in the numerator", corrected, 2)
            .verdict(
                Verdict::with_condition(corrected < 1e-9 && printed > 0.1),
                "With the frequency of the other oscillator, which the inverse matrix has and Eqs. C13, C14 need. It may be a bar lost from our text",
            ),
        Claim::new("eq12", "Eq. 12", "<x_l x_l'> is the integral of coth chi''/(4 pi m)", "Eq. 12")
            .value("<x_A^2> nearly free, T = 0.1", variance, 6)
            .value("coth(omega_A/2T)/(2 omega_A)", exact, 6)
            .value("the integral as printed", integral, 6)
            .verdict(
                Verdict::with_condition((variance / exact - 1.0).abs() < 1e-3 && (variance / integral - 2.0).abs() < 1e-6),
                "With 1/(2 pi m), as the theorem of fluctuation and dissipation has it. The ratios (11) and (25) do not know the factor, and the coefficients \
                 (D7), (D9) are defined with 4 pi and right",
            ),
        Claim::new(
            "eq20",
            "Eq. 20",
            "Q of A at one temperature is (Omega/T) coth(Omega/2T) P_A0/P_A^2, and equals Q_P (1 + P_B0/P_A0)/(1 + dP_A/P_A0)^2",
            "Eq. 20",
        )
        .values("Q at Omega = 0.3, 200", &found, 6)
        .values("first form as printed", &first, 4)
        .values("second form", &second, 6)
        .verdict(
            Verdict::with_condition(apart < 1e-8),
            "The second form is right, for cos phi = 0. The first lacks the factor P = P_A0 + P_B0, without which it is not a pure number",
        ),
    ])
}

fn asymptotic_equations(machine: &Machine) -> Result<Vec<Claim>, PaperError> {
    let (gamma, cutoff) = (machine.parameter("gamma1")?, machine.parameter("omega_c")?);
    let coefficients = machine.isothermal(1.0, T).asymptotics()?;
    let slow = |omega: f64| -> Result<[f64; 3], PaperError> {
        let run = machine.isothermal(omega, T).lowest()?;
        let [own, other] = [coefficients.adiabatic[0], coefficients.adiabatic[1]];
        let turn = coefficients.adiabatic_exchange[0];
        let q = 2.0 * omega * omega * (own + other) * own / (turn * turn);
        Ok([
            run.dissipative[0] / (omega * omega * own) - 1.0,
            run.exchange[0] / (omega * turn) - 1.0,
            q / run.uncertainty(A) - 1.0,
        ])
    };
    let fast = |omega: f64| -> Result<[f64; 4], PaperError> {
        let run = machine.isothermal(omega, T).lowest()?;
        let density = gamma * omega / (1.0 + (omega / cutoff).powi(2));
        let [own, other] = [coefficients.diabatic[0], coefficients.diabatic[1]];
        let turn = coefficients.diabatic_exchange[0];
        let q = omega / T * (1.0 + other / own) / (1.0 + turn / own * omega / cutoff).powi(2);
        let noise = omega * omega * density * coth(0.5 * omega / T) * own;
        Ok([
            run.dissipative[0] / (omega * density * own) - 1.0,
            run.exchange[0] / (omega * omega / cutoff * density * turn) - 1.0,
            q / run.uncertainty(A) - 1.0,
            run.machine.fluctuations(A) / noise - 1.0,
        ])
    };
    let (early, earlier) = (slow(1e-2)?, slow(1e-3)?);
    let (late, later) = (fast(1e3)?, fast(1e5)?);
    let steps = [50.0, 200.0, 1e3, 1e5].map(fast).into_iter().collect::<Result<Vec<_>, _>>()?;
    let steps: Vec<f64> = steps.iter().map(|s| s[2].abs()).collect();
    let positions = machine.isothermal(1.0, T).positions()?;
    let tilde = coefficients.diabatic_exchange[0] / coefficients.diabatic[0];
    let sets = 4000;
    let mut largest = 0.0_f64;
    for k in 0..sets {
        let x = any(machine, k).positions()?;
        largest = largest.max(x.tilde().abs());
    }
    Ok(vec![
        Claim::new(
            "eq22",
            "Eqs. 21, 22, D2-D5",
            "For slow drives P_l0 goes as Omega^2, dP_l as Omega, and Q of A as Omega^2",
            "Eqs. 21, 22",
        )
        .values("relative deviation of P_A0, dP_A, Q at Omega = 0.01", &early, 2)
        .values("at Omega = 0.001", &earlier, 2)
        .verdict(Verdict::of(earlier.iter().all(|d| d.abs() < 1e-3) && early.iter().all(|d| d.abs() < 0.05)), ""),
        Claim::new("eq23", "Eqs. 23, D6-D10", "For fast drives the powers and their noise have these limits", "Eqs. 23, D10")
            .values("relative deviation of P_A0, dP_A, Q, D at Omega = 1e3", &late, 2)
            .values("at Omega = 1e5", &later, 2)
            .verdict(Verdict::of(later.iter().all(|d| d.abs() < 1e-3)), "In the lowest order of the driven bath"),
        Claim::new("eq24", "Eq. 24", "Q of A for fast drives has a closed form that falls as 1/Omega", "Eq. 24")
            .values("relative deviation at Omega = 50, 200, 1e3, 1e5", &steps, 2)
            .verdict(
                Verdict::of(steps[1] < 0.05 && steps.windows(2).all(|s| s[1] < s[0])),
                "In the lowest order. To all orders Q tends to a plateau instead (claim `plateau`)",
            ),
        Claim::new("eq25", "Eq. 25", "The ratio of the fast coefficients is <x_A x_B>/<x_A^2>", "Eq. 25")
            .value("ratio of coefficients at T = 0.1", tilde, 8)
            .value("<x_A x_B>/<x_A^2>", positions.tilde(), 8)
            .verdict(Verdict::of((tilde / positions.tilde() - 1.0).abs() < 1e-9), ""),
        Claim::new("tilde-below-one", "text on Eq. 25", "The ratio (25) is below 1 in size", "\"|C| < 1\"")
            .value("largest of random machines", largest, 4)
            .value("machines", sets as f64, 4)
            .verdict(
                Verdict::of(largest < 1.0),
                "Because oscillator B is the softer one it is not a matter of course, as it is for the Pearson coefficient; it holds on all of these with omega_B < omega_A",
            ),
    ])
}

fn appendices(machine: &Machine) -> Result<Vec<Claim>, PaperError> {
    let [a, b] = machine.frequencies()?;
    let gamma = machine.parameter("gamma2")?;
    let (hot, cold) = (1.9, 0.1);
    let run = machine.with(&[("Omega", 20.0), ("T1", hot), ("T2", cold)]).lowest()?;
    let (p, heat) = (run.power_of(None), &run.machine.heat);
    let as_printed = -heat[0] / hot + (p + heat[1]) / cold;
    let corrected = -heat[0] / hot + (p + heat[0]) / cold;
    // N(ω) of (C14) at φ = π/2 and f = 1, and what ωχ″ of the engine makes of it.
    let omega: f64 = 0.5;
    let (u, v) = (omega * omega - a * a, omega * omega - b * b);
    let [aa, _, bb] = machine.response(omega)?;
    let d = c64::new(u * v, omega * gamma * (u + v));
    let found = (aa.im + bb.im) * d.norm_sqr() / (gamma * omega);
    let statics = machine.statics()?;
    let poles = statics.poles().ok_or_else(|| trouble("Eq. D8", "the response has no poles"))?;
    let residues: Vec<c64> = (0..poles.at.len()).map(|j| poles.residue(j, 0, 2)).collect();
    let causal = residues.iter().sum::<c64>().norm() / residues.iter().map(|z| z.norm()).sum::<f64>();
    let shaped = machine.isothermal(200.0, T).with(&[("r", 0.5)]).lowest()?;
    let weight = (200.0 / machine.parameter("omega_c")?).sqrt();
    let eta = shaped.machine.efficiency();
    let (p0, turn) = (&shaped.dissipative, shaped.exchange[0]);
    let literal = (p0[0] + weight * turn).abs() / (weight * weight * p0[1] - weight * turn);
    let flat = machine.isothermal(200.0, T);
    let (true_eta, c) = (flat.lowest()?.machine.efficiency(), flat.asymptotics()?);
    let ratio = machine.parameter("omega_c")? / 200.0 / c.diabatic_exchange[0].abs();
    let printed_eta = 1.0 / (1.0 + ratio * c.diabatic[1]);
    let better_eta = 1.0 / (1.0 + ratio * (c.diabatic[0] + c.diabatic[1]));
    let shaped_limit = 1.0 / (1.0 + weight * ratio * c.diabatic[1]);
    Ok(vec![
        Claim::new("eqC4", "line before Eq. C4", "The entropy production is -J_1/T_1 + (P + J_2)/T_2", "text before Eq. C4")
            .value("entropy production at Omega = 20, T = 1.9, 0.1", run.machine.dissipation, 6)
            .value("as printed", as_printed, 6)
            .value("with P + J_1", corrected, 6)
            .verdict(
                Verdict::with_condition((corrected / run.machine.dissipation - 1.0).abs() < 1e-8),
                "With P + J_1 = -J_2; the integral (C4) itself is right",
            ),
        Claim::new("eqC14", "Eq. C14", "N(omega) is a quadratic form that is nowhere negative", "Eq. C14")
            .value("N(0.5) as printed", v + u, 4)
            .value("N(0.5) of the response", found, 4)
            .value("f_B^2 u_A^2 + f_A^2 u_B^2", u * u + v * v, 4)
            .verdict(
                Verdict::with_condition((found / (u * u + v * v) - 1.0).abs() < 1e-6 && u + v < 0.0),
                "With u_A^2, u_B^2 and u_A u_B in the place of the first powers; the discriminant quoted is that of this form, and the proof of Q_P >= 2 stands",
            ),
        Claim::new("eqD8", "Eqs. D8, D9", "delta beta can be discarded for Omega >> omega_c", "\"can be discarded\"")
            .value("sum of the residues of chi_AB over their sizes", causal, 1)
            .verdict(
                Verdict::of(causal < 1e-10),
                "It is 0 at any frequency: the integral of chi'_AB is chi_AB at time 0, which causality makes 0",
            ),
        Claim::new("eqF1", "Eq. F1", "eta = |P_A0 + f_B dP_A|/(f_B^2 P_B0 - f_B dP_A)", "Eq. F1")
            .value("eta at r = 1/2, Omega = 200", eta, 5)
            .value("Eq. F1 with the powers (14), (15)", literal, 5)
            .verdict(
                Verdict::with_condition((literal / eta - 1.0).abs() > 1e-3),
                "With powers taken at f_B = 1; those of Eqs. 14, 15 contain f_B already",
            ),
        Claim::new("eqF2", "Eq. F2", "eta tends to 1/(1 + (Omega/omega_c)^(r-1) alpha_B/|dalpha_A|)", "Eq. F2")
            .value("eta at r = 0, Omega = 200", true_eta, 5)
            .value("Eq. F2", printed_eta, 5)
            .value("with alpha_A + alpha_B", better_eta, 5)
            .value("eta at r = 1/2, Omega = 200", eta, 4)
            .value("Eq. F2 at r = 1/2", shaped_limit, 4)
            .verdict(
                Verdict::with_condition((better_eta / true_eta - 1.0).abs() < 1e-3),
                "The leading term for r > 0. At r = 0 alpha_A is of the same order as alpha_B, and 1 - eta is (omega_c/Omega)(alpha_A + alpha_B)/|dalpha_A|",
            ),
    ])
}
