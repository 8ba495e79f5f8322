//! Eqs. 1–6 and the examples of the section on quantum correlations: statements about any state of two modes.

use huygens::measures::{Moments, resolve};
use huygens_numerics::c64;

use super::super::laboratory::{ABSOLUTE, AMPLITUDE_ERROR, NEGATIVITY, PHASE_ERROR, SC, SP, trouble};
use super::super::states::{Random, coherent, measured, mirrored, squeezed, two_mode_squeezed};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &[
    "heisenberg-bound",
    "relative-above-absolute",
    "classical-phase-bound",
    "phase-unbounded",
    "coherent-example",
    "squeezed-example",
    "epr-mixed",
];

/// Number of random states.
const STATES: usize = 20_000;

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let names = ["b1".to_owned(), "b2".to_owned()];
    let get = |text: &str| resolve(text, &names, &[0, 1]).map_err(|e| trouble(text, e.to_string()));
    let (sc, sp, absolute) = (get(SC)?, get(SP)?, get(ABSOLUTE)?);
    let mut random = Random::new(2013);
    let mut largest: f64 = 0.0;
    let mut gap = f64::INFINITY;
    let mut excess = f64::NEG_INFINITY;
    let mut tightness: f64 = 0.0;
    let mut phase: f64 = 0.0;
    for _ in 0..STATES {
        let state = random.physical();
        let s = sc.of(&state).unwrap_or(f64::NAN);
        let [q, p] = difference(&state);
        largest = largest.max(s);
        gap = gap.min(0.5 / (q * p).sqrt() - s);
        tightness = tightness.max(0.5 / (q * p).sqrt());
        excess = excess.max(absolute.of(&state).unwrap_or(f64::NAN) - s);
        phase = phase.max(sp.of(&state).unwrap_or(f64::NAN));
    }
    let mut classical: f64 = 0.0;
    for _ in 0..STATES {
        classical = classical.max(sp.of(&random.classical()).unwrap_or(f64::NAN));
    }
    let twin = coherent(c64::new(20.0, 7.0));
    let equal = measured(SC, &twin)?;
    let mut claims = vec![
        Claim::new(
            "heisenberg-bound",
            "Eq. 2",
            "The uncertainty relation bounds complete synchronization",
            "S_c <= 1/(2 sqrt(<q_-^2><p_-^2>)) <= 1",
        )
        .value("random physical states", STATES as f64, 6)
        .value("largest S_c", largest, 6)
        .value("largest middle term", tightness, 6)
        .value("smallest difference of the first two terms", gap, 2)
        .value("S_c of equal coherent states", equal, 10)
        .verdict(
            Verdict::of(largest <= 1.0 + 1e-12 && tightness <= 1.0 + 1e-12 && gap >= -1e-12 && equal <= 1.0 + 1e-12),
            "Exact, and reached by equal coherent states",
        ),
        Claim::new(
            "relative-above-absolute",
            "Eq. 3 and text",
            "The relative measure (means subtracted) is never below the absolute one",
            "\"a relative measure of synchronization which is always larger than the previous absolute one\"",
        )
        .value("largest S_c(absolute) - S_c(relative) over random states", excess, 3)
        .value("absolute S_c of equal coherent states", measured(ABSOLUTE, &twin)?, 6)
        .verdict(Verdict::of(excess <= 0.0), "Exact; the two are equal where the means are"),
        Claim::new(
            "classical-phase-bound",
            "Eq. 6",
            "States with a positive P function have S_p of at most 1",
            "positive P function => S_p <= 1",
        )
        .value("random states with positive P", STATES as f64, 6)
        .value("largest S_p", classical, 6)
        .verdict(Verdict::of(classical <= 1.0 + 1e-12), "Exact: S_p > 1 needs a squeezed p'_-"),
    ];
    let narrow = 1e-6;
    let unbounded = measured(SP, &squeezed(narrow))?;
    claims.push(
        Claim::new(
            "phase-unbounded",
            "text after Eq. 5",
            "S_p has no bound",
            "\"can be, in principle, arbitrarily large\"",
        )
        .value("largest S_p over random physical states", phase, 4)
        .value("S_p of the squeezed pair with eps = 1e-6", unbounded, 8)
        .verdict(
            Verdict::of(phase > 1.0 && (unbounded * 2.0 * narrow - 1.0).abs() < 1e-9),
            "S_p = 1/(2 eps) grows without bound",
        ),
    );
    let (entangled, common) = (measured(NEGATIVITY, &twin)?, measured("mutual_information(b1,b2)", &twin)?);
    claims.push(
        Claim::new(
            "coherent-example",
            "Quantum correlations",
            "Two factorised coherent states of equal mean are completely synchronised without being entangled",
            "\"exhibits maximum complete synchronization (S_c = 1) but has no entanglement\"",
        )
        .value("S_c", equal, 10)
        .value("E_N", entangled, 3)
        .value("mutual information", common, 3)
        .verdict(Verdict::of((equal - 1.0).abs() < 1e-12 && entangled == 0.0 && common.abs() < 1e-12), "Exact"),
    );
    let epsilon = 0.1;
    let pair = squeezed(epsilon);
    let (s, entangled) = (measured(SP, &pair)?, measured(NEGATIVITY, &pair)?);
    claims.push(
        Claim::new(
            "squeezed-example",
            "Quantum correlations",
            "Two locally squeezed clock hands have S_p = 1/(2 eps) without entanglement",
            "\"arbitrary high phase synchronization S_p = (1/2) eps^-1, but it is clearly not entangled\"",
        )
        .value("S_p at eps = 0.1", s, 10)
        .value("S_c", measured(SC, &pair)?, 10)
        .value("E_N", entangled, 3)
        .value("<p'_-^2>", measured(PHASE_ERROR, &pair)?, 6)
        .value("<q'_-^2>", measured(AMPLITUDE_ERROR, &pair)?, 6)
        .verdict(
            Verdict::of((s - 0.5 / epsilon).abs() < 1e-9 && entangled == 0.0),
            "Exact; the price is S_c = 1/(eps + 1/(4 eps)): the amplitudes part",
        ),
    );
    let mut same: f64 = 0.0;
    let mut opposite: f64 = 0.0;
    let r: f64 = 3.0;
    for r in [0.5, 1.0, 2.0, r] {
        let state = two_mode_squeezed(r);
        same = same.max((measured(SC, &state)? * (2.0 * r).cosh() - 1.0).abs());
        opposite = opposite.max((measured(SC, &mirrored(&state))? * (-2.0 * r).exp() - 1.0).abs());
    }
    let state = two_mode_squeezed(r);
    claims.push(
        Claim::new(
            "epr-mixed",
            "Quantum correlations, end",
            "The EPR state is not synchronised: it is a mixture of complete and anti-synchronization",
            "\"q_1(t) = q_2(t) and p_1(t) = -p_2(t)\"",
        )
        .value("S_c at r = 3", measured(SC, &state)?, 4)
        .value("1/<q_-^2 + p_+^2>", measured(SC, &mirrored(&state))?, 6)
        .value("E_N", measured(NEGATIVITY, &state)?, 6)
        .value("largest deviation from sech 2r", same, 2)
        .value("largest deviation from exp 2r", opposite, 2)
        .verdict(
            Verdict::of(same < 1e-9 && opposite < 1e-9),
            "With growing r S_c = sech 2r falls to 0 while the mixed measure e^(2r) grows without bound",
        ),
    );
    Ok(claims)
}

/// Variances of q₋ and p₋.
fn difference(state: &dyn Moments) -> [f64; 2] {
    let (a, b, c) = (state.covariance(0, 0), state.covariance(1, 1), state.covariance(0, 1));
    [0, 1].map(|k| 0.5 * (a[k][k] + b[k][k]) - c[k][k])
}
