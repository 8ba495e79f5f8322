//! Figs. 5 and 10: baths at different temperatures.

use huygens_numerics::roots::extremum;

use super::super::laboratory::{A, Machine, Map, SCAN, crossing, geometric, grid, must, trouble};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &["fig5-slow", "fig5-fast", "fig5-power", "fig5-lower"];
pub(in super::super) const THRESHOLD_IDS: &[&str] = &["fig10-minimum", "fig10-trend"];

/// The relative gradient of Fig. 5.
pub(in super::super) const RELATIVE: f64 = 1.8;
/// Mean temperatures at which thresholds are given, and those of Fig. 10; the paper's are not in its text.
pub(in super::super) const MEANS: [f64; 6] = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0];

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let machine = Machine::new()?;
    let map = Map::new(&machine, RELATIVE, SCAN, watch)?;
    let slow = geometric(0.02, 1.0, 18);
    let least = |mean: f64| -> Result<f64, PaperError> {
        let mut least = f64::INFINITY;
        for omega in &slow {
            least = least.min((0.5 * machine.gradient(*omega, mean, RELATIVE).lowest()?.uncertainty(A)).ln());
        }
        Ok(least)
    };
    let warmest = must(crossing(least, 0.03, 0.5, 12)?, "the warmest violation with slow drives")?;
    let thresholds = watch.each(&MEANS, |mean| must(machine.threshold(1e5, *mean, RELATIVE)?, "the threshold"))?;
    let isothermal = watch.each(&MEANS, |mean| must(machine.threshold(1e5, *mean, 0.0)?, "the threshold"))?;
    let gain: Vec<f64> = isothermal.iter().zip(&thresholds).map(|(a, b)| a / b).collect();
    let violated = map.share(|w, _, c| w > 5.0 && c.uncertainty[0] < 2.0);
    let paid = map.share(|w, _, c| w > 5.0 && c.uncertainty[0] < 2.0 && c.power[0] < 0.0);
    let run = machine.gradient(100.0, 1.0, RELATIVE).lowest()?;
    Ok(vec![
        Claim::new(
            "fig5-slow",
            "Fig. 5a, text",
            "With (T_1 - T_2)/T = 1.8 slow drives violate the bound at very low mean temperature only",
            "\"T <~ 0.1 omega_A\"",
        )
        .value("violation for some Omega < 1 up to a mean temperature of", warmest, 3)
        .verdict(Verdict::of((0.05..0.2).contains(&warmest)), ""),
        Claim::new(
            "fig5-fast",
            "Fig. 5a, text",
            "With fast drives it is violated almost independently of the mean temperature",
            "\"almost independently of the average temperatures considered\"",
        )
        .values("thresholds at mean T = 0.05, 0.1, 0.2, 0.5, 1, 2", &thresholds, 4)
        .verdict(
            Verdict::with_condition(thresholds.iter().all(|t| (5.0..50.0).contains(t))),
            "In the lowest order; to all orders not at gamma1 = 0.01 and Omega = 100 (claim `gradient-to-all-orders`)",
        ),
        Claim::new("fig5-power", "Fig. 5b, text", "The violation by fast drives comes with sizeable extracted power", "\"with sizeable power\"")
            .value("P_A at Omega = 100, mean T = 1", run.power_of(A), 4)
            .value("Q there", run.uncertainty(A), 3)
            .value("part of the fast violations of the map with P_A < 0", paid / violated, 4)
            .verdict(Verdict::with_condition(paid > 0.99 * violated && run.power_of(A) < 0.0), "In the lowest order"),
        Claim::new(
            "fig5-lower",
            "text on Fig. 5, \"comparing 5(b) and 3(b)\"",
            "The gradient greatly lowers the frequency of the drive that is needed",
            "\"can be exploited to greatly lower the driving frequency\"",
        )
        .values("isothermal thresholds", &isothermal, 4)
        .values("over those with the gradient", &gain, 3)
        .verdict(
            Verdict::with_condition(gain.iter().all(|g| *g > 1.5)),
            "The panels to compare are 5(a) and 3(b). By a factor of two at low temperatures, of hundreds at high ones: with T_2 = T/10 the static bath keeps the \
             oscillators synchronized. In the lowest order",
        ),
    ])
}

/// The least threshold over the gradient, and where.
fn lowest_threshold(machine: &Machine, mean: f64) -> Result<[f64; 2], PaperError> {
    let coarse = grid(1.2, 1.96, 20);
    let mut best = (f64::INFINITY, 0);
    for (k, relative) in coarse.iter().enumerate() {
        if let Some(omega) = machine.threshold(300.0, mean, *relative)?
            && omega < best.0
        {
            best = (omega, k);
        }
    }
    let (from, to) = (coarse[best.1.saturating_sub(1)], coarse[(best.1 + 1).min(coarse.len() - 1)]);
    // Not up to a bath at zero temperature.
    let of = |relative: f64| machine.threshold(300.0, mean, relative).ok().flatten().unwrap_or(f64::NAN);
    let found = extremum(of, from, to, 6).map_err(|e| trouble("the minimum of Fig. 10", e.to_string()))?;
    Ok([found.x, of(found.x)])
}

pub(in super::super) fn thresholds(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    let machine = Machine::new()?;
    let found = watch.each(&MEANS, |mean| lowest_threshold(&machine, *mean))?;
    let (at, least): (Vec<f64>, Vec<f64>) = found.iter().map(|[x, y]| (*x, *y)).unzip();
    let falls = least.windows(2).take_while(|p| p[1] < p[0]).count();
    Ok(vec![
        Claim::new(
            "fig10-minimum",
            "Fig. 10, appendix H",
            "The threshold has a minimum at a large positive gradient",
            "\"at large positive values of Delta T/T\"",
        )
        .values("(T_1 - T_2)/T at the minimum, mean T = 0.05, 0.1, 0.2, 0.5, 1, 2", &at, 3)
        .verdict(
            Verdict::of(at.iter().all(|x| (1.4..1.95).contains(x))),
            "In the lowest order, as all of Figs. 3 to 10",
        ),
        Claim::new(
            "fig10-trend",
            "appendix H",
            "The minimum lowers as the mean temperature increases",
            "\"which lowers as T increases\"",
        )
        .values("least threshold, mean T = 0.05, 0.1, 0.2, 0.5, 1, 2", &least, 4)
        .verdict(
            Verdict::graded(falls == MEANS.len() - 1, falls >= 3),
            "Up to a mean temperature of about omega_A; at 2 it has risen again",
        ),
    ])
}
