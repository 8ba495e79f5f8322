//! Fig. 2b: where the clocks lock, where their cycles are lost, and where synchronization is best.

use super::super::laboratory::{Bench, SC, SP, grid, landmarks, trouble, value};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &["fig2b-onset", "fig2b-threshold", "fig2b-beyond", "fig2b-optimum"];

/// Largest value of a measure near a coupling: a grid and a parabola through its best three points.
fn optimum(watch: &Watch<'_>, bench: &Bench, name: &str) -> Result<(f64, f64), PaperError> {
    let mus = grid(0.015, 0.035, 21);
    let values = watch.each(&mus, |mu| value(&bench.run(&[("mu", *mu)])?, name))?;
    let best = (1..values.len() - 1).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap_or(1);
    let (a, b, c) = (values[best - 1], values[best], values[best + 1]);
    let shift = 0.5 * (a - c) / (a - 2.0 * b + c);
    if shift.abs() > 1.0 {
        return Err(trouble(
            "fig2b-optimum",
            format!("{name} has no maximum between {} and {}", mus[0], mus[mus.len() - 1]),
        ));
    }
    Ok((mus[best] + shift * (mus[1] - mus[0]), b - 0.25 * (a - c) * shift))
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::pair(&[SC, SP, "lyapunov", "multipliers"])?;
    let marks = landmarks(&bench, 0.2)?;
    watch.go_on()?;
    let near = [marks.threshold.parameter * 0.99, marks.threshold.parameter * 0.999];
    let small = near.iter().map(|mu| value(&bench.run(&[("mu", *mu)])?, SC)).collect::<Result<Vec<_>, _>>()?;
    let ratio = small[0] / small[1];
    let above = bench.run(&[("mu", 0.09)])?;
    let (c_at, c_best) = optimum(watch, &bench, SC)?;
    let (p_at, p_best) = optimum(watch, &bench, SP)?;
    let stable = [0.17, 0.195].map(|mu| bench.run(&[("mu", mu)]).map(|r| r.dynamics));
    let [first, second] = stable;
    let listed: Vec<String> = marks
        .all
        .iter()
        .map(|b| format!("{} at {}", b.kind.name(), crate::papers::claim::number(b.parameter, 8)))
        .collect();
    Ok(vec![
        Claim::new(
            "fig2b-onset",
            "Fig. 2b",
            "Time-averaged synchronization is followed from mu = 0",
            "\"We vary mu from zero to a maximum threshold\"",
        )
        .value("locking begins at mu", marks.locking.parameter, 9)
        .value("period there", marks.locking.period, 7)
        .verdict(
            Verdict::with_condition(marks.locking.parameter > 0.0 && marks.locking.parameter < 0.002),
            "Below this saddle-node the clocks are not locked: the detuning wins and no periodic state exists. A direct run over a finite window shows small values there",
        ),
        Claim::new(
            "fig2b-threshold",
            "Fig. 2b",
            "There is a largest coupling beyond which the limit cycles are destroyed",
            "\"a maximum threshold above which the classical equations are perturbed too much, destroying the limit cycles\"",
        )
        .value("threshold mu", marks.threshold.parameter, 10)
        .found(marks.threshold.kind.name())
        .value("angle of the critical multiplier", marks.threshold.angle, 8)
        .value("S_c 1 % below", small[0], 3)
        .value("ratio of S_c at 1 % and 0.1 % below", ratio, 3)
        .found(&format!("at mu = 0.09: {}", above.dynamics))
        .verdict(
            Verdict::of(marks.threshold.parameter > marks.locking.parameter && !above.dynamics.starts_with("limit cycle")),
            "The mechanism is a Neimark-Sacker (torus) bifurcation; S_c and S_p go to zero linearly there, and the motion is quasi-periodic or irregular above",
        ),
        Claim::new(
            "fig2b-beyond",
            "Fig. 2b",
            "Above the threshold there are no limit cycles any more",
            "\"destroying the limit cycles\"",
        )
        .value("stable again from mu", marks.again.parameter, 9)
        .found(&listed.join(", "))
        .found(&format!("at mu = 0.17: {}", first?))
        .found(&format!("at mu = 0.195: {}", second?))
        .verdict(
            Verdict::with_condition(marks.again.parameter > marks.threshold.parameter),
            "Only up to the next Neimark-Sacker point: the in-phase cycle is stable again in windows of stronger coupling",
        ),
        Claim::new("fig2b-optimum", "Fig. 2b", "Synchronization first grows with the coupling, then falls", "curves of Fig. 2b")
            .value("largest S_c", c_best, 4)
            .value("mu of the largest S_c", c_at, 3)
            .value("largest S_p", p_best, 4)
            .value("mu of the largest S_p", p_at, 3)
            .verdict(Verdict::of(c_at < 0.5 * marks.threshold.parameter && p_at < 0.5 * marks.threshold.parameter), "Best far below the threshold: stronger coupling weakens the cycles before it destroys them"),
    ])
}
