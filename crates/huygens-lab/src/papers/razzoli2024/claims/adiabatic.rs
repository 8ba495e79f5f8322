//! Figs. 3 and 4: Q and P of A at one temperature.

use super::super::laboratory::{A, B, Machine, Map, Positions, SCAN, crossing, geometric, must};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["fig3a", "fig3c", "fig3b", "fig3d", "small-power", "diabatic-scaling", "frozen-bath", "fig4", "fig4-limit"];

const T: f64 = 0.1;

/// Frequency at which Q_{P_A} rises through 2, and those at which P_A changes sign, at T = 0.1.
fn slow_edges(machine: &Machine) -> Result<[f64; 2], PaperError> {
    let q = crossing(|w| machine.excess(w, T), 0.05, 10.0, 60)?;
    let p = crossing(|w| Ok(machine.isothermal(w, T).lowest()?.power_of(A)), 0.05, 10.0, 60)?;
    Ok([must(q, "Q = 2 at low frequencies")?, must(p, "P_A = 0 at low frequencies")?])
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let machine = Machine::new()?;
    let large = machine.with(&[("omega_c", 1000.0)]);
    let map = Map::new(&machine, 0.0, SCAN, watch)?;
    let map_large = Map::new(&large, 0.0, SCAN, watch)?;
    let [edge_large, turn_large] = slow_edges(&large)?;
    let [edge, turn] = slow_edges(&machine)?;
    let back = crossing(|w| Ok(machine.isothermal(w, T).lowest()?.power_of(A)), 1.2, 10.0, 60)?;
    let back = must(back, "P_A = 0 at intermediate frequencies")?;
    let temperatures = [0.01, 0.05, 0.1, 0.2, 0.5, 1.0];
    let thresholds = watch.each(&temperatures, |t| must(machine.threshold(1e5, *t, 0.0)?, "the diabatic threshold"))?;
    let highest = map_large.least(|w, _, c| (w > 3.0).then_some(c.uncertainty[0]));
    // Violations with power that goes in.
    let empty = |map: &Map, from: f64, to: f64| {
        map.share(|w, _, c| w > from && w < to && c.uncertainty[0] < 2.0 && c.power[0] > 0.0)
            / map.share(|w, _, c| w > from && w < to && c.uncertainty[0] < 2.0).max(f64::MIN_POSITIVE)
    };
    let at = |w: f64| machine.isothermal(w, T).lowest();
    let (slow, fast, faster) = (at(0.3)?, at(200.0)?, at(1e4)?);
    let scaled: Vec<f64> =
        [200.0, 1e3, 1e4].iter().map(|w| Ok(w * at(*w)?.uncertainty(A))).collect::<Result<_, PaperError>>()?;
    watch.go_on()?;
    let damped = |g: f64| -> Result<(Positions, f64), PaperError> {
        let one = machine.isothermal(200.0, T).with(&[("gamma2", g)]);
        Ok((one.positions()?, one.lowest()?.uncertainty(A)))
    };
    let dampings = [1.0, 10.0, 100.0, 1e4];
    let row = dampings.map(damped).into_iter().collect::<Result<Vec<_>, _>>()?;
    let half: Vec<f64> = row.iter().map(|(_, q)| 0.5 * q).collect();
    let pearson: Vec<f64> = row.iter().map(|(x, _)| x.pearson()).collect();
    let border = must(crossing(|g| Ok((0.5 * damped(g)?.1).ln()), 0.1, 10.0, 40)?, "Q = 2 over the damping")?;
    let at_border = damped(border)?.0.pearson();
    let curve = geometric(0.05, 1e5, 71).into_iter().map(damped).collect::<Result<Vec<_>, _>>()?;
    let ordered = curve.windows(2).all(|p| p[1].1 < p[0].1 && p[1].0.pearson() < p[0].0.pearson());
    let far = damped(1e6)?.0.pearson();
    let [a, b] = machine.frequencies()?;
    let s = a * a + b * b;
    let common = (0.5 * s).sqrt();
    // ⟨x²⟩ of the common mode with frequency ω̄, and of the slow one, classical.
    let q = 1.0 / (0.5 * common / T).tanh() / (4.0 * common);
    let limit = (T / s - q) / ((T * b * b / (s * a * a) + q) * (T * a * a / (s * b * b) + q)).sqrt();
    Ok(vec![
        Claim::new(
            "fig3a",
            "Fig. 3a, text",
            "With a cut-off above everything Q of A is below 2 only for slow drives, below omega_A",
            "\"clearly visible in the left corner\"",
        )
        .value("Q < 2 below Omega, at T = 0.1", edge_large, 5)
        .value("least Q for Omega from 3 to 1e3", highest, 3)
        .verdict(
            Verdict::of((0.5..1.5).contains(&edge_large) && highest > 2.0),
            "On the axes of the figure. Formally there is a second region here as well, from Omega = 2.8e7 on (claim `non-markovian`)",
        ),
        Claim::new("fig3c", "Fig. 3c, text", "P_A < 0 in almost the same region", "\"in almost the same region\"")
            .value("P_A < 0 below Omega, at T = 0.1", turn_large, 5)
            .value("part of the violations with P_A > 0", empty(&map_large, 0.0, 1e3), 2)
            .verdict(
                Verdict::of(turn_large > edge_large && empty(&map_large, 0.0, 1e3) < 0.02),
                "The region of P_A < 0 is the larger one by a factor of two in the frequency",
            ),
        Claim::new(
            "fig3b",
            "Fig. 3b, text",
            "With omega_c = 1.2 there is a second region of Q < 2, for fast drives",
            "\"a second new region in the diabatic regime\"",
        )
        .value("Q < 2 below Omega, at T = 0.1", edge, 5)
        .value("Q < 2 above Omega, at T = 0.1", thresholds[2], 6)
        .values("thresholds at T = 0.01, 0.05, 0.1, 0.2, 0.5, 1", &thresholds, 4)
        .verdict(
            Verdict::with_condition(edge < 1.0 && thresholds[2] > 10.0 && thresholds.iter().all(|t| t.is_finite())),
            "In the lowest order of the driven bath. To all orders, at the gamma1 = 0.01 of the caption, it is not there (claim \
             `diabatic-to-all-orders`)",
        ),
        Claim::new(
            "fig3d",
            "Fig. 3d, text",
            "In the second region P_A < 0, of sizeable magnitude",
            "\"P_A < 0 with sizeable magnitude is evident\"",
        )
        .values("P_A < 0 below and above Omega, at T = 0.1", &[turn, back], 4)
        .values("P_A at Omega = 0.3, 200, 1e4", &[slow.power_of(A), fast.power_of(A), faster.power_of(A)], 4)
        .value("part of the fast violations with P_A > 0", empty(&map, 10.0, 1e3), 2)
        .verdict(Verdict::of(fast.power_of(A) < 1e2 * slow.power_of(A) && empty(&map, 10.0, 1e3) == 0.0), "To all orders too (claim `diabatic-to-all-orders`)"),
        Claim::new(
            "small-power",
            "text on Fig. 3",
            "The violation with slow drives comes with small power only",
            "\"associated with small power magnitude\"",
        )
        .value("P_A at Omega = 0.3", slow.power_of(A), 4)
        .value("against P_A at Omega = 200", slow.power_of(A) / fast.power_of(A), 2)
        .verdict(Verdict::of(slow.power_of(A) / fast.power_of(A) < 0.01), ""),
        Claim::new("diabatic-scaling", "text on Eq. 24", "For fast drives Q goes as 1/Omega", "Q ~ 1/Omega")
            .values("Omega Q at Omega = 200, 1e3, 1e4", &scaled, 4)
            .verdict(
                Verdict::with_condition((scaled[2] / scaled[0] - 1.0).abs() < 0.1),
                "In the lowest order. To all orders it ends in a plateau proportional to gamma1 (claim `plateau`)",
            ),
        Claim::new(
            "frozen-bath",
            "text on Fig. 3",
            "For fast drives almost all the power that goes in at B comes out at A",
            "\"efficiency eta ~ 1\"",
        )
        .value("P_B at Omega = 200", fast.power_of(B), 4)
        .value("P_A", fast.power_of(A), 4)
        .value("eta", fast.machine.efficiency(), 4)
        .value("eta at Omega = 1e4", faster.machine.efficiency(), 5)
        .verdict(
            Verdict::of(fast.machine.efficiency() > 0.95 && faster.machine.efficiency() > 0.999),
            "The bath at rest is a spring between the oscillators of which each drive moves one end: the exchange is that of the spring, gamma1 omega_c times <x_A x_B>. \
             Which end the power is counted at matters: claim `counter-term`",
        ),
        Claim::new(
            "fig4",
            "Fig. 4",
            "The stronger the synchronization, the lower Q of A",
            "\"the stronger the synchronization, the lower the value\"",
        )
        .values("Q/2 at gamma2 = 1, 10, 100, 1e4", &half, 4)
        .values("C there", &pearson, 4)
        .value("Q = 2 at gamma2", border, 4)
        .value("C there", at_border, 3)
        .verdict(
            Verdict::with_condition(ordered && half[0] > 1.0 && half[1] < 1.0),
            "Monotone from gamma2 = 0.05 to 1e5, in the lowest order; below, P_A changes sign. Both follow the damping; to all orders a stronger damping makes the synchronized mode \
             narrower and Q larger (claim `small-parameter`)",
        ),
        Claim::new("fig4-limit", "caption of Fig. 4", "With stronger damping C tends to -1", "\"C -> -1\"")
            .value("C at gamma2 = 1e6, T = 0.1", far, 5)
            .value("limit in closed form", limit, 5)
            .verdict(
                Verdict::of(far < -0.95),
                "At the T = 0.1 of the figure it tends to [T/S - q]/sqrt[(T wB^2/(S wA^2) + q)(T wA^2/(S wB^2) + q)] with q = coth(w/2T)/4w, w the common frequency, \
                 S = wA^2 + wB^2: the overdamped mode is thermal and moves the oscillators in phase",
            ),
    ])
}
