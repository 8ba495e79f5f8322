//! Eqs. 2–6: the distance D and what it is made of, on random states.

use huygens::levels::gaussian::random::Ensemble;
use huygens::measures::{Moments, Snapshot};
use huygens_numerics::c64;

use super::super::laboratory::{distance, trouble};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &["eq2-range", "eq3-identity", "eq3-both", "eq6"];

/// Number of random states.
const STATES: u64 = 20_000;

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let ensemble = Ensemble::broad(2, 7);
    let (mut least, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut identity, mut short) = (0.0f64, f64::INFINITY);
    let (mut apart, mut lowest) = (0.0f64, f64::INFINITY);
    for index in 0..STATES {
        let state = ensemble.state(index).map_err(|e| trouble("random states", e.to_string()))?;
        let state = Snapshot { mean: vec![c64::new(0.0, 0.0); 2], covariance: state.covariance() };
        let square = distance(&state)?.powi(2);
        // ⟨r_i·r_j⟩.
        let dot = |i: usize, j: usize| {
            let v = state.covariance(i, j);
            v[0][0] + v[1][1]
        };
        let (one, two, cross) = (dot(0, 0), dot(1, 1), dot(0, 1));
        let share = one / (one + two);
        let (radial, angular) = (2.0 * (share * (1.0 - share)).sqrt(), cross / (one * two).sqrt());
        (least, largest) = (least.min(square), largest.max(square));
        identity = identity.max((square - (1.0 - radial * angular)).abs());
        if square < 1.0 {
            short = short.min(radial.min(angular) - (1.0 - square));
        }
        // ⟨r̄²⟩ = ⟨(r₁ + r₂)²⟩/4 over ⟨r²⟩/N², and over ⟨r²⟩/N.
        let mean = 0.25 * (one + two + 2.0 * cross);
        let printed = 2.0 * (1.0 - mean / ((one + two) / 4.0));
        lowest = lowest.min(printed);
        apart = apart.max((2.0 * (1.0 - mean / ((one + two) / 2.0)) - square).abs());
    }
    let alone = Snapshot {
        mean: vec![c64::new(0.0, 0.0); 2],
        covariance: huygens_numerics::linalg::RMatrix::identity(4).scale(0.5),
    };
    Ok(vec![
        Claim::new(
            "eq2-range",
            "Eq. 2, text after Eq. 5",
            "D^2 lies between 0 and 2; below 1 is synchronization, above 1 anti-synchronization",
            "\"D^2 is between 0 and 2\"",
        )
        .value("random states", STATES as f64, 6)
        .value("smallest D^2", least, 3)
        .value("largest D^2", largest, 5)
        .value("D^2 of the vacuum", distance(&alone)?.powi(2), 6)
        .verdict(Verdict::of(least >= 0.0 && largest <= 2.0), "Exact: |<r_1.r_2>| is at most (<r_1^2> + <r_2^2>)/2"),
        Claim::new("eq3-identity", "Eqs. 3-5", "D^2 = 1 - S_r S_theta", "D^2 = 1 - S_r S_theta")
            .value("largest |D^2 - (1 - S_r S_theta)| over random states", identity, 2)
            .verdict(Verdict::of(identity < 1e-12), "An identity"),
        Claim::new(
            "eq3-both",
            "text after Eq. 5",
            "A small D needs the amplitudes and the phases to agree",
            "\"for D^2 to become small, both S_r and S_theta must approach their maximal values of 1\"",
        )
        .value("smallest min(S_r, S_theta) - (1 - D^2) over states with D < 1", short, 2)
        .verdict(Verdict::of(short >= -1e-12), "Neither exceeds 1, so that each is at least 1 - D^2"),
        Claim::new(
            "eq6",
            "Eq. 6",
            "For N oscillators D^2 = 2(1 - <mean r^2>/<mean of r^2>), with Eq. 2 for N = 2",
            "\"<r^2> = <r^2>/N^2\" (both with bars); \"D^2 is non-negative, which follows from Jensen's inequality\"",
        )
        .value("largest |Eq. 6 - Eq. 2| at N = 2 with <r^2>/N", apart, 2)
        .value("smallest D^2 at N = 2 with <r^2>/N^2 as printed", lowest, 4)
        .verdict(
            Verdict::graded(lowest >= 0.0, apart < 1e-12),
            "With the mean square <r^2>/N. As printed, with N^2, D^2 would be -4<r_1.r_2>/<r^2>, and negative wherever there is \
             synchronization: a misprint",
        ),
    ])
}
