//! Eq. 1 and Fig. 2c: what the steady state costs; Fig. 3a: what the cost buys.

use std::f64::consts::TAU;

use super::super::laboratory::{
    Bench, C, MU_A, MU_B, NARROW, PHONONS, PHOTONS, PRODUCTION, QUOTED_TURNING, RANGE, RATIO, geometric, value,
};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &[
    "eq1",
    "eq1-bath",
    "occupation-definition",
    "second-law",
    "light-dominates",
    "heat-to-light",
    "cross-correlation",
];
pub(in super::super) const TURNING_IDS: &[&str] =
    &["fig2c-cooling", "fig2c-membranes", "fig2c-light", "one-turning-point", "fig2c-terahertz"];
pub(in super::super) const RELATION_IDS: &[&str] = &["fig3a-two-valued", "fig3a-optimum", "fig3a-minimum-cost"];

/// ħ/k_B in kelvin seconds (2019 SI, exact).
const HBAR_OVER_K: f64 = 1.054_571_817e-34 / 1.380_649e-23;

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let heat = ["heat_flow(a)", "heat_flow(b1)", "heat_flow(b2)"];
    let mut asked = vec![
        MU_A,
        MU_B[0],
        MU_B[1],
        PRODUCTION,
        PHOTONS,
        PHONONS[0],
        PHONONS[1],
        C,
        "variance(q(b1))",
        "variance(q(b2))",
    ];
    asked.extend(heat);
    let bench = Bench::steady(&asked)?;
    let gs = geometric(RANGE.0, RANGE.1, 41);
    let reports = watch.each(&gs, |g| bench.run(&[("g", *g)]))?;
    let baths = watch.each(&gs, |g| bench.run(&[("g", *g), ("momentum", 1.0)]))?;
    let kappa = bench.parameter("kappa", &[])?;
    let rates = [bench.parameter("gamma1", &[])?, bench.parameter("gamma2", &[])?];
    let thermal = [bench.parameter("n_th1", &[])?, bench.parameter("n_th2", &[])?];
    let printed = |r: &huygens::report::Report| -> Result<[f64; 3], PaperError> {
        let mut terms = [0.0, 0.0, 2.0 * kappa * value(r, PHOTONS)?];
        for k in 0..2 {
            terms[k] = rates[k] * ((value(r, PHONONS[k])? + 0.5) / (thermal[k] + 0.5) - 1.0);
        }
        Ok(terms)
    };
    let (mut whole, mut parts, mut bath, mut share) = (0.0_f64, 0.0_f64, 0.0_f64, f64::INFINITY);
    let (mut positive, mut cooled) = (true, true);
    for (r, q) in reports.iter().zip(&baths) {
        let production = value(r, PRODUCTION)?;
        let [b1, b2, a] = printed(r)?;
        whole = whole.max(((b1 + b2 + a) / production - 1.0).abs());
        parts = parts.max((a / value(r, MU_A)? - 1.0).abs());
        let other = printed(q)?;
        for (k, mu) in other.iter().enumerate().take(2) {
            bath = bath.max((mu / value(q, MU_B[k])? - 1.0).abs());
        }
        positive &= production > 0.0;
        cooled &= b1 < 0.0 && b2 < 0.0;
        share = share.min(a / (b1.abs() + b2.abs()));
    }
    let slip = rates[0] / (thermal[0] + 0.5) / bench.at(0.04, MU_B[0])?.abs();
    let flows = bench.run(&[("g", QUOTED_TURNING)])?;
    let flow = |k: usize| value(&flows, heat[k]);
    let off = (flow(0)? + flow(1)? + flow(2)?).abs() / flow(0)?.abs();
    // n_a from n_1, n_2 and n_cross = ⟨(b₁ + b₁†)(b₂ + b₂†)⟩/2, the displacements' covariance.
    let crossed = |g: f64| -> Result<(f64, f64), PaperError> {
        let values = [("g", g)];
        let r = bench.run(&values)?;
        let (g1, g2) = (bench.parameter("G1", &values)?, bench.parameter("G2", &values)?);
        let delta = bench.parameter("Delta", &values)?;
        let omega = 0.5 * (bench.parameter("omega1", &values)? + bench.parameter("omega2", &values)?);
        let response = |detuning: f64| 1.0 / (0.25 * kappa * kappa + detuning * detuning);
        let (minus, plus) = (response(delta + omega), response(delta - omega));
        let cross = value(&r, C)? * (value(&r, "variance(q(b1))")? * value(&r, "variance(q(b2))")?).sqrt();
        let (n1, n2) = (value(&r, PHONONS[0])?, value(&r, PHONONS[1])?);
        let n = 0.25
            * ((minus + plus) * (g1 * g1 * n1 + g2 * g2 * n2 + 2.0 * g1 * g2 * cross) + plus * (g1 * g1 + g2 * g2));
        Ok((n, n / value(&r, PHOTONS)? - 1.0))
    };
    let mut cross = Claim::new(
        "cross-correlation",
        "text on Fig. 2c",
        "mu_a follows from the cross-correlation of the membranes",
        "\"To determine mu_a, the cross-correlation between two phononic modes n_cross is required\"",
    );
    for g in [0.005, 0.01, 0.013, 0.02, 0.04, 0.1] {
        let (n, error) = crossed(g)?;
        cross = cross.value(format!("n_a at g = {g}"), n, 8).value(format!("relative error at g = {g}"), error, 2);
    }
    let small = crossed(0.013)?.1.abs() < 1e-3;
    Ok(vec![
        Claim::new(
            "eq1",
            "Eq. 1",
            "Pi = Phi = mu_b1 + mu_b2 + mu_a with mu_a = 2 kappa n_a",
            "Eq. 1",
        )
        .value("largest relative difference of Pi (from the inverse covariance) and the sum of Eq. 1", whole, 2)
        .value("of mu_a and 2 kappa n_a", parts, 2)
        .verdict(
            Verdict::of(whole < 1e-9 && parts < 1e-9),
            "For energy decay rates, light at zero temperature and Lindblad damping of the membranes",
        ),
        Claim::new(
            "eq1-bath",
            "Eq. 1",
            "mu_bi counts phonons whatever the bath is",
            "Eq. 1",
        )
        .value("largest relative difference to the exact mu_b with damping of the momenta", bath, 2)
        .verdict(
            Verdict::with_condition(bath < 1e-2),
            "With damping that acts on the momenta, the flux is gamma(<p^2>/(n_th + 1/2) - 1): <p^2> in place of the mean of <q^2> and <p^2>",
        ),
        Claim::new(
            "occupation-definition",
            "text after Eq. 1",
            "The occupations of Eq. 1 are <b b^dag>",
            "\"the effective mean phonon number n_eff = <b b^dag>\"",
        )
        .value("n_1 at g = 0.04", bench.at(0.04, PHONONS[0])?, 6)
        .value("relative error of mu_b1 there with n + 1 for n", slip, 2)
        .verdict(
            Verdict::graded(slip < 1e-14, slip < 1e-3),
            "A slip: <b b^dag> = n + 1, and Eq. 1 needs <b^dag b>. Without consequence at occupations of 1e8",
        ),
        Claim::new("second-law", "text on Fig. 2c", "Pi is positive", "\"has a positive value in the NESS\"")
            .value("smallest Pi for g from 0.001 to 0.1", reports.iter().filter_map(|r| r.value(PRODUCTION)).fold(f64::INFINITY, f64::min), 4)
            .verdict(Verdict::of(positive), "A quadratic form, positive in every state that is not in equilibrium"),
        Claim::new(
            "light-dominates",
            "text on Fig. 2c",
            "Nearly all entropy is produced by the light",
            "\"mostly contributed from the photonic mode\"",
        )
        .value("smallest mu_a/(|mu_b1| + |mu_b2|) for g from 0.001 to 0.1", share, 3)
        .verdict(Verdict::of(share > 1e6), "Ten orders: heat from a bath of 1e9 quanta goes into one that is cold"),
        Claim::new(
            "heat-to-light",
            "text on Fig. 2c",
            "Entropy flows from the membranes to the light, which cools them",
            "\"the flux of the entropy flows from the phononic modes to the photonic mode\"",
        )
        .value("heat into the bath of membrane 1 over that into the light, g = 0.013", flow(1)? / flow(0)?, 4)
        .value("of membrane 2", flow(2)? / flow(0)?, 4)
        .value("sum of the three over the largest", off, 1)
        .verdict(
            Verdict::of(cooled && flow(0)? > 0.0 && flow(1)? < 0.0 && flow(2)? < 0.0),
            "All heat that the light takes comes out of the two baths. Within the linearised model; the power of the laser is not in it",
        ),
        cross.verdict(
            Verdict::with_condition(small),
            "Adiabatic elimination of the light gives n_a from n_1, n_2 and n_cross: better than 1e-3 up to G_t, a per cent at g = 0.1",
        ),
    ])
}

pub(in super::super) fn turning(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[MU_A, MU_B[0], MU_B[1], PRODUCTION, NARROW, RATIO])?;
    let jobs = [(MU_B[0], -1.0), (MU_B[1], -1.0), (MU_A, 1.0), (PRODUCTION, 1.0)];
    let found = watch.each(&jobs, |(name, sign)| bench.turning(name, *sign, &[]))?;
    let narrow = bench.turning(NARROW, 1.0, &[])?;
    // The other set of parameters: equal force noise, on the sideband.
    let half = 0.5 * bench.parameter("n_th1", &[])?;
    let second = [("Delta", -TAU * 4e5), ("n_th2", half)];
    let others = watch
        .each(&[(MU_B[0], -1.0), (MU_B[1], -1.0), (MU_A, 1.0), (NARROW, 1.0), (RATIO, 1.0)], |(name, sign)| {
            bench.turning(name, *sign, &second)
        })?;
    let (b1, b2, a, total) = (found[0], found[1], found[2], found[3]);
    let n = bench.parameter("n_th1", &[])?;
    let kelvin = |quanta: f64| quanta * HBAR_OVER_K * bench.parameter("omega1", &[]).unwrap_or(f64::NAN);
    let room = 300.0 / kelvin(1.0);
    let farthest = [b1.x, b2.x, a.x, narrow.x].iter().map(|x| (x / QUOTED_TURNING - 1.0).abs()).fold(0.0, f64::max);
    Ok(vec![
        Claim::new(
            "fig2c-cooling",
            "Fig. 2c",
            "mu_b1 and mu_b2 are negative",
            "\"Both mu_b1 and mu_b2 have negative values\"",
        )
        .value_in("mu_b1 at g = 0.013", bench.at(0.013, MU_B[0])?, 10, "1/s")
        .value_in("mu_b2 at g = 0.013", bench.at(0.013, MU_B[1])?, 6, "1/s")
        .verdict(Verdict::of(b1.value < 0.0 && b2.value < 0.0), "The light cools both membranes at every coupling"),
        Claim::new(
            "fig2c-membranes",
            "Fig. 2c",
            "|mu_b1| and |mu_b2| are largest at |G_t|/kappa = 0.013",
            "\"then reduces at a turning point |G_t|/kappa ~ 0.013\"",
        )
        .value("g at the smallest mu_b1", b1.x, 12)
        .value_in("mu_b1 there", b1.value, 12, "1/s")
        .value("g at the smallest mu_b2", b2.x, 12)
        .value_in("mu_b2 there", b2.value, 12, "1/s")
        .verdict(
            Verdict::with_condition((b1.x / QUOTED_TURNING - 1.0).abs() < 0.05 && (b2.x / QUOTED_TURNING - 1.0).abs() < 0.3),
            "Two turning points, not one: that of the first membrane is there, that of the second at a fifth more",
        ),
        Claim::new(
            "fig2c-light",
            "Fig. 2c",
            "mu_a is largest at the same coupling",
            "\"mu_a increases at a relatively small value of |G|/kappa and then decreases after the turning point\"",
        )
        .value("g at the largest mu_a", a.x, 12)
        .value("g at the largest Pi", total.x, 12)
        .value_in("mu_a there", a.value, 10, "1/s")
        .verdict(
            Verdict::with_condition((a.x / QUOTED_TURNING - 1.0).abs() < 0.25),
            "It rises and falls as described, and turns between the two membranes",
        ),
        Claim::new(
            "one-turning-point",
            "Figs. 2b, 2c",
            "gamma_+, mu_b1, mu_b2 and mu_a turn at one coupling",
            "\"a turning point |G_t|/kappa ~ 0.013, denoted by the blue translucent line in Figs. 2b and 2c\"",
        )
        .value("gamma_+", narrow.x, 5)
        .value("mu_b1", b1.x, 5)
        .value("mu_b2", b2.x, 5)
        .value("mu_a", a.x, 5)
        .value("mu_b1 with Delta/2pi = -400 kHz and n_th2 = n_th1/2", others[0].x, 5)
        .value("mu_b2 with these", others[1].x, 5)
        .value("mu_a with these", others[2].x, 12)
        .value("gamma_+ with these", others[3].x, 12)
        .value("G_c with these", others[4].x, 5)
        .verdict(
            Verdict::with_condition(farthest < 0.25),
            "Within a quarter. The fluxes turn together when both baths push with equal force noise (gamma_1 n_1 = gamma_2 n_2), but \
             then gamma_+ and G_c lie elsewhere: no detuning and no occupations put all five where the text has them",
        ),
        Claim::new(
            "fig2c-terahertz",
            "text on Fig. 2c",
            "mu_a is of the order of terahertz",
            "\"mu_a is on the order of terahertz (THz)\"",
        )
        .value_in("largest mu_a for n_th = 1e9", a.value * 1e-12, 5, "THz")
        .value_in("largest mu_a per quantum of the baths", a.value / n, 5, "1/s")
        .value_in("temperature of n_th = 1e9", kelvin(n), 4, "K")
        .value_in("mu_a at 300 K", a.value / n * room * 1e-12, 2, "THz")
        .verdict(
            Verdict::with_condition((0.1..10.0).contains(&(a.value * 1e-12))),
            "If the white noise drives the membranes to about 1e9 quanta. The strength of the drive is not given; at room temperature \
             the flux is fifty times smaller",
        ),
    ])
}

pub(in super::super) fn relation(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[C, PRODUCTION])?;
    let top = bench.turning(PRODUCTION, 1.0, &[])?;
    let pi = |g: f64| bench.at(g, PRODUCTION).map(|p| p / top.value);
    let at_top = bench.at(top.x, C)?;
    let onset = bench.crossing(C, 0.1, 0.006, 0.015)?;
    // The other coupling with the entropy production of g = 0.04.
    let twin = bench.crossing(PRODUCTION, bench.at(0.04, PRODUCTION)?, 0.003, top.x)?;
    // Cheapest way to C ≥ 0.9 within the range looked at: beyond the maximum Π falls as C rises.
    let cheap = bench.at(0.1, PRODUCTION)?;
    let colder = {
        let n = |name: &str| bench.parameter(name, &[]).map(|n| 0.1 * n);
        let r = bench.run(&[("g", onset), ("n_th1", n("n_th1")?), ("n_th2", n("n_th2")?)])?;
        (value(&r, PRODUCTION)?, value(&r, C)?)
    };
    Ok(vec![
        Claim::new(
            "fig3a-two-valued",
            "Fig. 3a",
            "C is not a monotonic function of the entropy production: it goes on rising where Pi falls",
            "\"Surprisingly, C is not a monotonically increasing function of Pi_s\"",
        )
        .value_in("largest Pi", top.value, 6, "1/s")
        .value("at g", top.x, 6)
        .value("C there", at_top, 4)
        .value("C at g = 0.04", bench.at(0.04, C)?, 4)
        .value("Pi there over the largest", pi(0.04)?, 3)
        .value("C where Pi is the same on the near side", bench.at(twin, C)?, 3)
        .verdict(Verdict::of(at_top < 0.6 && bench.at(0.04, C)? > 0.97 && pi(0.04)? < 0.9), "Two values of C at each Pi below the largest"),
        Claim::new(
            "fig3a-optimum",
            "Fig. 3a",
            "The best synchronization costs less than the largest entropy production",
            "\"the optimized degree of synchronization can be achieved at a smaller value than Pi_s,max\"",
        )
        .value("C at g = 0.1", bench.at(0.1, C)?, 5)
        .value("Pi there over the largest", cheap / top.value, 3)
        .value("Pi at g = 0.2 over the largest", pi(0.2)?, 3)
        .value("C at g = 0.2", bench.at(0.2, C)?, 6)
        .verdict(
            Verdict::of(cheap < top.value),
            "The dark mode sees no light: what the light damps has died out, and Pi falls by a third while C tends to one. Entropy of the \
             fluctuations alone; the power of the laser, which grows as g^2, is not in it",
        ),
        Claim::new(
            "fig3a-minimum-cost",
            "text before Fig. 1",
            "Synchronization needs a minimum of entropy production",
            "\"a minimum thermodynamic cost is required to achieve the clock synchronization\"; \"C is nearly zero until beyond the critical point\"",
        )
        .value("Pi at g = 0.005 over the largest", pi(0.005)?, 3)
        .value("C = 0.1 at g", onset, 5)
        .value("Pi there over the largest", pi(onset)?, 3)
        .value("Pi at g = 0.1 over the largest", pi(0.1)?, 3)
        .value("Pi with a tenth of the quanta in both baths over that", colder.0 / (pi(onset)? * top.value), 6)
        .value("C with these", colder.1, 3)
        .verdict(
            // A bound on Pi at this C would be one for baths of any temperature.
            Verdict::graded(
                colder.0 > 0.99 * pi(onset)? * top.value || (colder.1 - 0.1).abs() > 0.01,
                pi(0.005)? > 0.5 * pi(0.1)?,
            ),
            "Along this curve, yes: C leaves zero only where Pi has nearly reached its maximum. As a bound, no: C is a smooth function \
             of the coupling, Pi is proportional to the baths' occupation, and C does not depend on that",
        ),
    ])
}
