//! Eqs. 22 and 23: how fast L can grow.

use huygens::levels::fock::Cutoff;

use super::super::laboratory::{
    Bench, COUPLINGS, LIMIT, LIMIT_PRINTED, LIMIT_TIGHT, PRODUCTION, RADICAND, RADICAND_PRINTED, RATE, RELATIVE, grid,
    series, value,
};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &["eq22", "sigma0", "eq23-constant", "eq23", "eq23-entropy", "commutator"];

/// Total cut-off, and how far each coupling runs below it.
const MOST: usize = 40;
const ENDS: [f64; 4] = [0.045, 0.08, 0.25, 3.0];

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    // Eq. 22 against the derivative of L.
    let (time, step) = (0.2, 1e-4);
    let thirty = Bench::below(Cutoff::Total(30), &[RELATIVE, RATE, LIMIT, LIMIT_TIGHT, LIMIT_PRINTED], &[time])?;
    let there = thirty.run(&[("k", 3.0)])?;
    let around = Bench::below(Cutoff::Total(30), &[RELATIVE], &[time - step, time + step])?.run(&[("k", 3.0)])?;
    let l = series(&around, RELATIVE)?;
    let derivative = (l[1] - l[0]) / (2.0 * step);
    let rate = value(&there, RATE)?;
    let limits = [value(&there, LIMIT_PRINTED)?, value(&there, LIMIT)?, value(&there, LIMIT_TIGHT)?];
    watch.go_on()?;
    let names = [RATE, LIMIT, LIMIT_TIGHT, RADICAND, RADICAND_PRINTED, PRODUCTION];
    let (mut ratio, mut tight, mut production) = (f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY);
    let (mut correct, mut printed, mut where_printed) = (f64::INFINITY, f64::INFINITY, [0.0; 2]);
    // Share of the limit that the commutator takes, and of the rate that would be possible with equality elsewhere.
    let (mut penalty, mut at_penalty) = (0.0f64, [0.0; 2]);
    for (k, end) in COUPLINGS.iter().zip(ENDS) {
        let bench = Bench::below(Cutoff::Total(MOST), &names, &grid(0.05 * end, end, 20))?;
        let report = bench.run(&[("k", *k)])?;
        let beta = bench.parameter("beta", &[])?;
        let [rate, limit, narrow, radicand, as_printed, sigma] = names.map(|name| series(&report, name));
        let (rate, limit, narrow) = (rate?, limit?, narrow?);
        let (radicand, as_printed, sigma) = (radicand?, as_printed?, sigma?);
        for j in 0..rate.len() {
            ratio = ratio.max(rate[j] / limit[j]);
            tight = tight.max(rate[j] / narrow[j]);
            production = production.min(sigma[j]);
            correct = correct.min(radicand[j]);
            if as_printed[j] < printed {
                (printed, where_printed) = (as_printed[j], [*k, report.times[j]]);
            }
            let commutator = 4.0 * (radicand[j] - as_printed[j]);
            let whole = radicand[j] + 0.25 * commutator;
            let share = 2.0 * beta * (whole.max(0.0).sqrt() - radicand[j].max(0.0).sqrt()) / narrow[j];
            if share > penalty {
                (penalty, at_penalty) = (share, [*k, report.times[j]]);
            }
        }
        watch.go_on()?;
    }
    // A basis of few quanta, the state of which is a state all the same.
    let late =
        Bench::below(Cutoff::Total(20), &[RADICAND, RADICAND_PRINTED], &grid(0.1, 10.0, 100))?.run(&[("k", 5.0)])?;
    let worst = series(&late, RADICAND_PRINTED)?;
    let lowest = (0..worst.len()).min_by(|a, b| worst[*a].total_cmp(&worst[*b])).unwrap_or(0);
    let beside = series(&late, RADICAND)?[lowest];
    Ok(vec![
        Claim::new(
            "eq22",
            "Eq. 22",
            "dL/dt = 2 tr{(H_c - <H_c>) rho ln rho} + 2 beta C_CE - sigma_0",
            "\"C_CE = (1/2)<H_c H_0> - <H_c><H_0> is the covariance\"",
        )
        .value("dL/dt by Eq. 22 at k = 3, N <= 30, t = 0.2", rate, 8)
        .value("numerical derivative of L", derivative, 8)
        .verdict(
            Verdict::with_condition((rate / derivative - 1.0).abs() < 1e-6),
            "With the covariance (1/2)<{H_c, H_0}> - <H_c><H_0>; in our text the braces are lost, and without them it is neither real nor a covariance",
        ),
        Claim::new(
            "sigma0",
            "text after Eq. 22",
            "sigma_0 is not negative",
            "\"the nonnegative irreversible entropy production\"",
        )
        .value("smallest sigma_0 over converged runs", production, 2)
        .verdict(Verdict::of(production >= -1e-12), "Spohn's inequality: every jump of the model has detailed balance with the start"),
        Claim::new(
            "eq23-constant",
            "Eq. 23",
            "The root holds Delta_E^2 Delta_C^2 - (1/2)|<[H_0, H_c]>|^2",
            "\"- (1/2) |<[H_0, H_c]>|^2\"; \"This term arises from the uncertainty relation\"",
        )
        .value("smallest printed radicand in converged runs", printed, 5)
        .values("there k, t", &where_printed, 3)
        .value("printed radicand at k = 5, N <= 20, t = 7.7", worst[lowest], 5)
        .value("with 1/4 there", beside, 5)
        .value("smallest radicand with 1/4 in converged runs", correct, 5)
        .verdict(
            Verdict::of(worst[lowest] >= 0.0 && printed >= 0.0),
            "The relation of Robertson and Schroedinger has 1/4. With 1/2 the root can be imaginary: for the state of a basis cut at 20 quanta, which is a \
             state like any other. The H in Delta_E must be H_0",
        ),
        Claim::new("eq23", "Eq. 23", "L grows no faster than the right side of Eq. 23", "dL/dt <= Eq. 23")
            .value("largest dL/dt over the limit, with 1/4", ratio, 3)
            .values("limit printed, with 1/4, tight at k = 3, N <= 30, t = 0.2", &limits, 8)
            .verdict(
                Verdict::with_condition(ratio <= 1.0),
                "With 1/4 for 1/2. It is loose, and the rate never comes near it",
            ),
        Claim::new(
            "eq23-entropy",
            "text on Eq. 23",
            "The first term is a quantum speed limit with an additional factor of entropy",
            "\"2 Delta_C sqrt(E + S_G^2)\"; \"with the additional factor of entropy\"",
        )
        .value("limit without S_G over that with it", limits[2] / limits[1], 3)
        .value("largest dL/dt over the limit without S_G", tight, 3)
        .verdict(
            Verdict::with_condition(tight <= 1.0),
            "The entropy is not needed: Cauchy and Schwarz with the surprisal less its mean give 2 Delta_C sqrt(E), which holds and is several times tighter",
        ),
        Claim::new(
            "commutator",
            "abstract, text on Eq. 23",
            "Synchronization is slowed by the noncommutativity of H_0 and H_c",
            "\"quantum synchronization is slowed by the noncommutativity of the Hermitian and anti-Hermitian terms\"",
        )
        .value("largest share of the tight limit that the commutator takes", penalty, 2)
        .values("there k, t", &at_penalty, 3)
        .verdict(
            Verdict::with_condition(penalty > 0.0 && penalty < 0.5),
            "In the bound, by a small share; a penalty in a bound that is not reached slows nothing. How classical and quantum compare is in claim `fig3-advantage`",
        ),
    ])
}
