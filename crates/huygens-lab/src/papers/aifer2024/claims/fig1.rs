//! Fig. 1, Eqs. 12 and 13: random Gaussian states against the bounds.

use huygens::costs::bounds;
use huygens_numerics::hull;

use super::super::figures::STATES;
use super::super::laboratory::{KAPPA, Sample, grid, trouble};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &["eq12", "eq13", "fig1-numbers", "fig1-hull", "quantum-region"];

/// What a sample says about the bounds.
struct Found {
    /// Smallest χ less Eq. 12, classical χ less Eq. 13, and both less the sharp bound.
    margins: [f64; 4],
    /// Hulls at D = ½.
    half: [f64; 2],
    /// Largest difference of the hulls for D between 0.1 and 1.3.
    apart: f64,
    /// Smallest difference of the sharp bound and Eq. 13 over D.
    gap: f64,
    /// Eqs. 12 and 13, and the sharp bound, at D = ½.
    at_half: [f64; 3],
}

fn examine(kappa: f64) -> Result<Found, PaperError> {
    let wrong = |e: bounds::BoundError| trouble("the bounds of Fig. 1", e.to_string());
    let sample = Sample::new(kappa, STATES)?;
    let mut margins = [f64::INFINITY; 4];
    for ((d, chi), classical) in sample.distance.iter().zip(&sample.chi).zip(&sample.classical) {
        let quantum = bounds::quantum_printed(2, kappa, *d).map_err(wrong)?;
        let (sharp, printed) =
            (bounds::envelope(kappa, *d).map_err(wrong)?, bounds::classical(2, kappa, *d).map_err(wrong)?);
        for (margin, value) in
            margins.iter_mut().zip([chi - quantum, classical - printed, chi - sharp, classical - sharp])
        {
            *margin = margin.min(value);
        }
    }
    let [quantum, classical] = [false, true].map(|c| hull::lower_hull(&sample.points(c)));
    let height = |points: &[[f64; 2]], d: f64| hull::height(points, d).unwrap_or(f64::NAN);
    let (mut apart, mut gap) = (0.0f64, f64::INFINITY);
    for d in grid(0.1, 1.3, 121) {
        apart = apart.max((height(&quantum, d) - height(&classical, d)).abs());
    }
    for d in grid(0.001, 1.414, 1414) {
        gap = gap.min(bounds::any_state(2, d).map_err(wrong)? - bounds::classical(2, kappa, d).map_err(wrong)?);
    }
    let at_half = [
        bounds::quantum_printed(2, kappa, 0.5).map_err(wrong)?,
        bounds::classical(2, kappa, 0.5).map_err(wrong)?,
        bounds::envelope(kappa, 0.5).map_err(wrong)?,
    ];
    Ok(Found { margins, half: [height(&quantum, 0.5), height(&classical, 0.5)], apart, gap, at_half })
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let equal = examine(1.0)?;
    watch.go_on()?;
    let detuned = examine(KAPPA)?;
    let least = |k: usize| equal.margins[k].min(detuned.margins[k]);
    let gap = equal.gap.min(detuned.gap);
    Ok(vec![
        Claim::new("eq12", "Eq. 12", "Quantum states of two oscillators have chi >= -2 ln(eD/(sqrt2 kappa))", "Eq. 12")
            .value("random Gaussian states at each of two kappa", STATES as f64, 7)
            .value_in("smallest chi less Eq. 12", least(0), 3, "nats")
            .verdict(Verdict::of(least(0) >= 0.0), "It holds with room to spare: the sharp bound is higher at every D"),
        Claim::new("eq13", "Eq. 13", "Classical states have chi >= -2 ln(sqrt2 D/kappa)", "Eq. 13")
            .value_in("smallest classical chi less Eq. 13", least(1), 3, "nats")
            .verdict(Verdict::of(least(1) >= 0.0), "Approached by hot states at small D and kappa = 1; nowhere reached"),
        Claim::new(
            "fig1-numbers",
            "text on Fig. 1",
            "At D = 0.5 the classical bound is almost 1 and the quantum bound slightly above 0",
            "\"for D = 0.5, the classical bound requires chi to be almost unity\"",
        )
        .value_in("Eq. 13 at kappa = 1", equal.at_half[1], 4, "nats")
        .value_in("Eq. 12 at kappa = 1", equal.at_half[0], 4, "nats")
        .value_in("Eq. 13 at kappa = 2/3", detuned.at_half[1], 4, "nats")
        .value_in("Eq. 12 at kappa = 2/3", detuned.at_half[0], 4, "nats")
        .values("least chi of any state at kappa = 1, 2/3", &[equal.at_half[2], detuned.at_half[2]], 4)
        .verdict(
            Verdict::with_condition(equal.at_half[0] > 0.0 && equal.at_half[0] < 0.2 && (0.5..1.0).contains(&equal.at_half[1])),
            "With kappa = 1, which the caption does not say. With the frequencies of Fig. 2 both bounds are negative there and say nothing",
        ),
        Claim::new(
            "fig1-hull",
            "caption of Fig. 1",
            "The hull of the sample is the same for quantum and classical states",
            "\"Convex hull is the same for quantum and classical sample states\"",
        )
        .values("quantum and classical hull at D = 0.5, kappa = 1", &equal.half, 5)
        .values("at kappa = 2/3", &detuned.half, 5)
        .value_in("largest difference for D from 0.1 to 1.3", equal.apart.max(detuned.apart), 2, "nats")
        .value_in("sharp bound at D = 0.5, kappa = 1", equal.at_half[2], 5, "nats")
        .verdict(
            Verdict::of(equal.apart.max(detuned.apart) < 0.05),
            "To the width of a line. Because the least chi is approached by hot states, for which the two are one. The paper's ensemble is not described; ours is \
             Haar in both passive parts, log-uniform in temperature, half of it squeezed",
        ),
        Claim::new(
            "quantum-region",
            "text on Fig. 1, conclusions, note 104",
            "Between the two bounds there may be states with a quantum advantage",
            "\"Evidently there is a region between the bounds where there may exist states exhibiting a quantum advantage\"",
        )
        .value_in("smallest difference over D of the least chi of any state and Eq. 13", gap, 3, "nats")
        .value_in("smallest chi of 2e6 random states less the sharp bound", least(2), 2, "nats")
        .value_in("smallest classical chi less it", least(3), 2, "nats")
        .verdict(
            Verdict::of(gap < 0.0 || least(2) < -1e-9),
            "The region is empty: chi >= -ln[D^2(2 - D^2)] for every state, Gaussian or not, and that lies above Eq. 13 at every D < sqrt2. \
             With frequency ratio kappa the least value is ln{[1 + (1-D^2)^2(1-kappa)^2/4kappa]/[D^2(2-D^2)]}, for quantum and for \
             classical states: the paper's open question has a negative answer",
        ),
    ])
}
