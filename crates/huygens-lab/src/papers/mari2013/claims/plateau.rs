//! Fig. 2a: the plateau of S_c and S_p over time, the bounds it respects, and how it ends.

use super::super::laboratory::{
    ABSOLUTE, AMPLITUDE_ERROR, Ageing, Bench, CLOCK, PHASE_ERROR, SC, SP, extremes, grid, series, trouble, value,
};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["fig2a-plateau", "fig2a-synchronised", "fig2a-asymptotic-mean", "fig2a-heights", "eq7-late"];
pub(in super::super) const RANGE_IDS: &[&str] = &["eq2-respected", "eq7-range", "eq6-range"];
pub(in super::super) const BEYOND_IDS: &[&str] = &["eq7-small-mu", "eq7-beyond", "eq6-beyond"];

pub(in super::super) fn plateau(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::pair(&[SC, SP, ABSOLUTE, "phase_diffusion", "period"])?;
    let report = bench.run(&[])?;
    let (sc, sp) = (value(&report, SC)?, value(&report, SP)?);
    let ((c_low, c_high), (p_low, p_high)) = (extremes(&report, SC)?, extremes(&report, SP)?);
    watch.go_on()?;
    let run = Bench::pair_window(&[SC, SP], 1.0 / 32.0, 200.0, 32)?.run(&[])?;
    // When the running mean over one τ first comes within 10 % of the plateau for good.
    let over = series(&run, SC)?;
    let means: Vec<f64> = over.chunks(32).map(|c| c.iter().sum::<f64>() / c.len() as f64).collect();
    let window = Bench::pair_window(&[SC, SP], 100.0, 200.0, 32)?;
    let direct = window.run(&[])?;
    let (late, late_p) = (value(&direct, SC)?, value(&direct, SP)?);
    let settled = means.iter().rposition(|m| (m / late - 1.0).abs() > 0.1).map_or(0, |k| k + 1);
    let inverse = {
        let values = series(&report, SC)?;
        values.len() as f64 / values.iter().map(|s| 1.0 / s).sum::<f64>()
    };
    watch.go_on()?;
    let ageing = Ageing::from_rest(&bench, &[])?;
    let (rc, rp) = (bench.request(SC)?, bench.request(SP)?);
    let half = ageing.when(|t| ageing.mean(&rc, Some(t)) - 0.5 * ageing.mean(&rc, None))?;
    let crossing = ageing.when(|t| ageing.mean(&rc, Some(t)) - ageing.mean(&rp, Some(t)))?;
    let later = |from: f64| {
        let times = grid(from, from + 100.0, 21);
        times.iter().map(|t| ageing.mean(&rc, Some(t * CLOCK))).sum::<f64>() / times.len() as f64
    };
    let tens = 1e6;
    let eventually = ageing.mean(&rc, Some(tens * CLOCK));
    watch.go_on()?;
    let control = window.run(&[("mu", 0.0)])?;
    let control = [value(&control, SC)?, value(&control, SP)?];
    let mut claims = vec![
        Claim::new(
            "fig2a-plateau",
            "Fig. 2a",
            "After a transient S_c and S_p are periodic in time",
            "\"After an initial transient, the system reaches a periodic steady state\"",
        )
        .value_in("within 10 % of the plateau after", settled as f64, 3, "tau")
        .value("S_c", sc, 10)
        .value("smallest S_c", c_low, 4)
        .value("largest S_c", c_high, 4)
        .value("S_p", sp, 10)
        .value("smallest S_p", p_low, 4)
        .value("largest S_p", p_high, 4)
        .value("S_c as 1/mean(1/S_c)", inverse, 5)
        .verdict(
            Verdict::with_condition(half > 1000.0 * CLOCK && settled < 100),
            "As a slowly falling plateau: the values are those with the collective phase removed (c = 0), between smallest and largest in each period",
        ),
        Claim::new(
            "fig2a-synchronised",
            "Fig. 2a",
            "Both kinds of synchronization are significantly above zero",
            "\"S_c(t) and S_p(t) are significantly larger then zero\"",
        )
        .value("mean S_c over 100-200 tau from rest", late, 8)
        .value("mean S_p over 100-200 tau from rest", late_p, 8)
        .value("S_c without coupling, same window", control[0], 3)
        .value("S_p without coupling, same window", control[1], 3)
        .verdict(
            if late > 2.0 * control[0] && late_p > 2.0 * control[1] { Verdict::Holds } else { Verdict::Conditional },
            "Compared with the uncoupled clocks in the same window: far from zero, as is the difference",
        ),
        Claim::new(
            "fig2a-asymptotic-mean",
            "caption of Fig. 2a",
            "The time averages have a limit for infinite time that is not zero",
            "\"time-averaged asymptotic values, i.e., lim (1/T) int_0^T S_x(t) dt\"",
        )
        .value("mean S_c over 500-600 tau", later(500.0), 4)
        .value_in("S_c is half of its plateau at", half / CLOCK, 5, "tau")
        .value("S_c at 1e6 tau", eventually, 2)
        .value("d<tau^2>/dt of the collective phase", ageing.growth, 6)
        .value("absolute S_c, the floor in the full nonlinear problem", value(&report, ABSOLUTE)?, 5)
        .verdict(
            Verdict::of(eventually > 0.5 * sc),
            "For omega_1 != omega_2 the orbits differ, so that diffusion of their common phase moves q_- and p_-, too: the \
             linearised S_c and S_p fall as 1/t and their limit is zero. The dashed lines are the plateau (c = 0)",
        ),
        Claim::new(
            "fig2a-heights",
            "Fig. 2",
            "Heights of the curves, ranges of the axes; the logarithm of the discord and the mode measured; (mu, E) of Fig. 2d",
            "given in the figure, not in the text",
        )
        .value("S_c of the dashed line", sc, 4)
        .value("S_p of the dashed line", sp, 4)
        .verdict(Verdict::NotTestable, "The text gives no number to compare with"),
        Claim::new("eq7-late", "Eq. 7 and text at Fig. 2a", "S_p <= S_c at all times of Fig. 2a", "S_p <= S_c <= 1")
            .value_in("S_c falls below S_p at", crossing / CLOCK, 4, "tau")
            .value("S_c there", ageing.mean(&rc, Some(crossing)), 4)
            .value("S_p twice as late", ageing.mean(&rp, Some(2.0 * crossing)), 4)
            .value("S_c twice as late", ageing.mean(&rc, Some(2.0 * crossing)), 4),
    ];
    if let Some(claim) = claims.last_mut() {
        claim.verdict = Verdict::of(ageing.mean(&rp, Some(2.0 * crossing)) <= ageing.mean(&rc, Some(2.0 * crossing)));
        claim.note = "It holds on the times that are plotted; phase diffusion reaches q_-, p_- more than p'_-".into();
    }
    Ok(claims)
}

/// The couplings at which the paper's range is sampled.
fn range() -> Vec<f64> {
    let mut mus = vec![0.002, 0.003, 0.004, 0.005, 0.006, 0.008];
    mus.extend(grid(0.01, 0.0775, 28));
    mus
}

pub(in super::super) fn range_of_fig2b(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    let bench = Bench::pair(&[SC, SP, PHASE_ERROR])?;
    let mus = range();
    let reports = watch.each(&mus, |mu| bench.run(&[("mu", *mu)]))?;
    let mut largest: f64 = 0.0;
    let mut margin = f64::INFINITY;
    let mut squeezing = f64::INFINITY;
    for report in &reports {
        let (c, p) = (series(report, SC)?, series(report, SP)?);
        let gap = c.iter().zip(p).map(|(c, p)| c - p).fold(f64::INFINITY, f64::min);
        margin = margin.min(gap);
        largest = largest.max(extremes(report, SC)?.1);
        squeezing = squeezing.min(extremes(report, PHASE_ERROR)?.0);
    }
    let caption = bench.run(&[])?;
    let at_caption = extremes(&caption, PHASE_ERROR)?.0;
    let (first, last) = (mus[0], mus[mus.len() - 1]);
    Ok(vec![
        Claim::new(
            "eq2-respected",
            "text at Fig. 2a",
            "The values are consistent with the bound of Eq. 2",
            "\"consistent with the fundamental limit (2) imposed by the Heisenberg principle\"",
        )
        .value("largest S_c at mu = 0.02", extremes(&caption, SC)?.1, 4)
        .value("largest S_c for mu from 0.002 to 0.0775", largest, 4)
        .verdict(Verdict::of(largest <= 1.0), "Far below 1"),
        Claim::new(
            "eq7-range",
            "Eq. 7 and text at Fig. 2a",
            "S_p <= S_c on the plateau at every time and coupling of Figs. 2a and 2b",
            "\"consistent with ... the heuristic bound (7)\"",
        )
        .value("couplings sampled", mus.len() as f64, 3)
        .value("from mu", first, 3)
        .value("to mu", last, 3)
        .value("smallest S_c - S_p", margin, 3)
        .verdict(
            Verdict::with_condition(margin >= 0.0),
            "With the collective phase removed. Elsewhere it fails: eq7-late, eq7-small-mu, eq7-beyond",
        ),
        Claim::new(
            "eq6-range",
            "text at Fig. 2a",
            "p'_- is not squeezed: S_p stays below the bound of Eq. 6",
            "\"quantum squeezing in the p'_-(t) quadrature ... is absent in the system\"",
        )
        .value("smallest <p'_-^2> at mu = 0.02", at_caption, 4)
        .value("smallest <p'_-^2> for mu from 0.002 to 0.0775", squeezing, 4)
        .verdict(
            Verdict::of(squeezing >= 0.5),
            "Squeezed would be below 1/2. Beyond the threshold of Fig. 2b it is: eq6-beyond",
        ),
    ])
}

pub(in super::super) fn beyond(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let slow = 0.0025;
    let run = Bench::pair_window(&[SC, SP], 100.0, 200.0, 32)?.run(&[("mu", slow)])?;
    let (c, p) = (value(&run, SC)?, value(&run, SP)?);
    watch.go_on()?;
    let bench = Bench::pair(&[SC, SP, PHASE_ERROR, AMPLITUDE_ERROR])?;
    let again = bench.run(&[("mu", 0.17)])?;
    let (sc, sp) = (value(&again, SC)?, value(&again, SP)?);
    let (pe, qe) = (value(&again, PHASE_ERROR)?, value(&again, AMPLITUDE_ERROR)?);
    let far = bench.run(&[("mu", 0.195)])?;
    let least = extremes(&far, PHASE_ERROR)?.0;
    watch.go_on()?;
    let direct = Bench::pair_window(&[SP, PHASE_ERROR], 150.0, 200.0, 64)?.run(&[("mu", 0.195)])?;
    let (squeezed, highest) = (extremes(&direct, PHASE_ERROR)?.0, extremes(&direct, SP)?.1);
    if !again.dynamics.contains("stable") || again.dynamics.contains("unstable") {
        return Err(trouble("eq7-beyond", again.dynamics.clone()));
    }
    Ok(vec![
        Claim::new(
            "eq7-small-mu",
            "Eq. 7",
            "S_p <= S_c at weak coupling",
            "\"such inequality is consistent with the results shown later on optomechanical systems\"",
        )
        .value("mean S_c over 100-200 tau from rest at mu = 0.0025", c, 3)
        .value("mean S_p over the same", p, 3)
        .verdict(
            Verdict::of(p <= c),
            "In a direct run over the times of Fig. 2a; weakly coupled clocks are far from their plateau then",
        ),
        Claim::new(
            "eq7-beyond",
            "Eq. 7",
            "S_p <= S_c, as <p'_-^2> >= <q'_-^2> for circular cycles, phase-insensitive noise and this coupling",
            "\"it is then reasonable to conjecture that <p'_-^2> >= <q'_-^2>\"",
        )
        .value("S_c at mu = 0.17", sc, 7)
        .value("S_p at mu = 0.17", sp, 7)
        .value("<p'_-^2>", pe, 7)
        .value("<q'_-^2>", qe, 7)
        .found(&again.dynamics)
        .verdict(
            Verdict::of(sp <= sc),
            "On the in-phase cycle that is stable again beyond the threshold of Fig. 2b: the conjecture is not general",
        ),
        Claim::new(
            "eq6-beyond",
            "Eq. 6",
            "The classical bound on S_p is not exceeded by this system",
            "squeezing of p'_- \"is absent in the system\"",
        )
        .value("smallest <p'_-^2> on the cycle at mu = 0.195", least, 3)
        .value("smallest <p'_-^2> over 150-200 tau from rest", squeezed, 3)
        .value("largest S_p over 150-200 tau from rest", highest, 7)
        .verdict(
            Verdict::of(least >= 0.5 && squeezed >= 0.5),
            "At stronger coupling than the paper's p'_- is squeezed for a part of each period and S_p exceeds 1 there",
        ),
    ])
}
