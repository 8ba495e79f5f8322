//! Fig. 1 and what the ticks say: D in its two senses, and the accuracy of a single clock.

use std::f64::consts::TAU;

use super::super::laboratory::{
    ACCURACY, Bench, C, FREQUENCY_NARROW, FREQUENCY_WIDE, MU_A, MU_B, NEAREST, PRODUCTION, RANGE, Spectra, geometric,
    trouble, value,
};
use super::super::trajectories::{TickStatistics, tick_statistics};
use crate::papers::{Claim, PaperError, Verdict, Watch};
use huygens_numerics::roots::brent;

pub(in super::super) const IDS: &[&str] = &["fig1-uncoupled", "fig1-synchronised", "fig1-locking"];
pub(in super::super) const DEVIATION_IDS: &[&str] = &[
    "fig2a-deviation-literal",
    "fig2a-deviation-nearest",
    "deviation-origin",
    "mean-period",
    "fig3a-inset",
    "fig3bc-linear",
    "accuracy-cost",
];

/// Stretches of twelve periods behind each number from ticks.
pub(in super::super) const STRETCHES: u64 = 32_768;

/// Couplings at which ticks are counted.
pub(in super::super) const TICKED: [f64; 7] = [0.0, 0.005, 0.01, 0.013, 0.02, 0.04, 0.1];

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[C, "variance(q(b1))", "variance(q(b2))", FREQUENCY_NARROW, FREQUENCY_WIDE])?;
    let (free, locked) = (bench.run(&[("g", 0.0)])?, bench.run(&[("g", 0.04)])?);
    let window = (-800.0, 1000.0);
    let highest = |g: f64| -> Result<[[f64; 2]; 2], PaperError> {
        let spectra = Spectra::new(&bench, g)?;
        Ok([spectra.highest(0, window.0, window.1)?, spectra.highest(1, window.0, window.1)?])
    };
    let (apart, together) = (highest(0.0)?, highest(0.04)?);
    // Principal axes of the portrait, each displacement in units of its own width.
    let c = value(&locked, C)?;
    let axes = ((1.0 + c) / (1.0 - c)).sqrt();
    // Where the two peaks of the second clock are equally high.
    let step = |g: f64| -> Result<f64, PaperError> {
        let peaks = Spectra::new(&bench, g)?.peaks(1, window.0, window.1)?;
        let side = |above: bool| {
            let heights = peaks.iter().filter(|p| (p[0] > 50.0) == above).map(|p| p[1]);
            heights.fold(0.0, f64::max)
        };
        Ok((side(true).max(1e-300) / side(false).max(1e-300)).ln())
    };
    let jump = brent(|g| step(g).unwrap_or(f64::NAN), 0.0115, 0.0135, 1e-12)
        .map_err(|e| trouble("fig1-locking", e.to_string()))?;
    let (below, above) = (highest(jump * (1.0 - 1e-6))?, highest(jump * (1.0 + 1e-6))?);
    let step_of_c = bench.at(jump * (1.0 + 1e-6), C)? - bench.at(jump * (1.0 - 1e-6), C)?;
    let (leap, together_above) = ((above[1][0] - below[1][0]).abs(), (above[0][0] - above[1][0]).abs());
    Ok(vec![
        Claim::new(
            "fig1-uncoupled",
            "Fig. 1b-d",
            "Without light the portrait is isotropic and the spectra peak 200 Hz apart",
            "\"a random and isotropic structure\"; \"frequency mismatching ~ 2pi x 200 Hz\"",
        )
        .value("C", value(&free, C)?, 3)
        .value_in("peak of clock 1 above omega_2", micro(apart[0][0]), 6, "Hz")
        .value_in("peak of clock 2", micro(apart[1][0]), 6, "Hz")
        .verdict(
            Verdict::of(value(&free, C)? == 0.0 && (apart[0][0] - apart[1][0] - 200.0).abs() < 0.5),
            "Exact: two independent thermal oscillators. Each displacement in units of its own width",
        ),
        Claim::new(
            "fig1-synchronised",
            "Fig. 1e-g",
            "At strong coupling the spectra peak together and the portrait is a diagonal",
            "\"near equal oscillated frequency are anisotropic in the phase portrait and show the strong correlation\"",
        )
        .value("C at g = 0.04", c, 10)
        .value("long over short axis of the portrait", axes, 3)
        .value_in("peak of clock 1 above omega_2", together[0][0], 5, "Hz")
        .value_in("peak of clock 2", together[1][0], 5, "Hz")
        .verdict(
            Verdict::of(c > 0.9 && (together[0][0] - together[1][0]).abs() < 1.0),
            "At g = |G|/kappa = 0.04, the coupling of Fig. 4b; the text does not give that of Fig. 1e-g",
        ),
        Claim::new(
            "fig1-locking",
            "text on Fig. 1a",
            "The clocks lock above a critical coupling",
            "\"spontaneously synchronized by increasing the effective coupling strength over a critical value\"",
        )
        .value("spectral peaks coincide from g", jump, 6)
        .value_in("peak of clock 2 just below", below[1][0], 4, "Hz")
        .value_in("just above", above[1][0], 4, "Hz")
        .value_in("peak of clock 1 above that of clock 2, just above", above[0][0] - above[1][0], 2, "Hz")
        .value("C there", bench.at(jump, C)?, 3)
        .value("step of C from just below to just above", step_of_c, 1)
        .verdict(
            // A jump in frequency; as a transition it would have to be one of C, too.
            Verdict::graded(step_of_c.abs() > 0.1, together_above < 0.1 * leap),
            "In frequency there is such a value: there the highest peak of the second clock jumps to the normal mode of the \
             first. It lies well above the G_c of Fig. 2, and C passes through it smoothly: a linear system has no transition",
        ),
    ])
}

/// To a millionth, so that rounding does not show.
fn micro(x: f64) -> f64 {
    (x * 1e6).round() * 1e-6
}

/// Ticks at every coupling of [`TICKED`].
pub(in super::super) fn ticked(bench: &Bench, watch: &Watch<'_>) -> Result<Vec<TickStatistics>, PaperError> {
    watch.each(&TICKED, |g| tick_statistics(bench, &[("g", *g)], STRETCHES, 1))
}

/// Slope, intercept and R² of a straight line through points.
pub(in super::super) fn straight(x: &[f64], y: &[f64]) -> [f64; 3] {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| f(x - mx, y - my)).sum::<f64>();
    let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
    [xy / xx, my - xy / xx * mx, xy * xy / (xx * yy)]
}

pub(in super::super) fn deviation(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[NEAREST, ACCURACY[0], ACCURACY[1], MU_B[0], MU_B[1], MU_A, PRODUCTION])?;
    let ticks = ticked(&bench, watch)?;
    // Twice the mismatch, or twice the linewidths.
    let [omega, second] = [bench.parameter("omega1", &[])?, bench.parameter("omega2", &[])?];
    let wide = [2.0 * bench.parameter("gamma1", &[])?, 2.0 * bench.parameter("gamma2", &[])?];
    let changes = [vec![("omega1", 2.0 * omega - second)], vec![("gamma1", wide[0]), ("gamma2", wide[1])]];
    let changed = watch.each(&changes, |change| {
        let values: Vec<(&str, f64)> = change.iter().copied().chain([("g", 0.0)]).collect();
        tick_statistics(&bench, &values, STRETCHES, 1)
    })?;
    let (mismatched, broader) = (&changed[0], &changed[1]);
    let gs = geometric(RANGE.0, RANGE.1, 81);
    let reports = watch.each(&gs, |g| bench.run(&[("g", *g)]))?;
    let column = |name: &str| reports.iter().map(|r| value(r, name)).collect::<Result<Vec<f64>, _>>();
    let near = column(NEAREST)?;
    let production = column(PRODUCTION)?;
    let lit: Vec<f64> = ticks.iter().map(|t| t.literal.value).collect();
    let at = |k: usize| ticks[k].literal.value;
    let free = ticks[0].literal;
    let lowest = lit[1..].iter().copied().fold(f64::INFINITY, f64::min);
    let near_at = |g: f64| bench.at(g, NEAREST);
    let mut literal = Claim::new(
        "fig2a-deviation-literal",
        "Fig. 2a and the definition of D",
        "D = <(tau - <tau>)^2>/<(t_1 + t_2)/2>^2 with tau = t_2 - t_1 the difference of the periods is large below G_c and falls to zero",
        "\"Under the critical coupling strength, D is relatively large\"; \"beyond, D decreases until close to zero\"",
    );
    for (g, t) in TICKED.iter().zip(&ticks) {
        literal = literal.value(format!("D at g = {g}"), t.literal.value, 3);
    }
    let mut nearest = Claim::new(
        "fig2a-deviation-nearest",
        "Fig. 2a",
        "D is large below G_c and falls to zero beyond",
        "\"Under the critical coupling strength, D is relatively large\"; \"beyond, D decreases until close to zero\"",
    )
    .value("D at g = 0", near_at(0.0)?, 10);
    for g in [0.001, 0.005, 0.01, 0.013, 0.02, 0.04, 0.1] {
        nearest = nearest.value(format!("D at g = {g}"), near_at(g)?, 10);
    }
    for (g, t) in TICKED.iter().zip(&ticks) {
        nearest = nearest.value(format!("D from ticks at g = {g}"), t.nearest.value, 4);
    }
    let worst = TICKED
        .iter()
        .zip(&ticks)
        .map(|(g, t)| Ok((t.nearest.value / near_at(*g)? - 1.0).abs()))
        .collect::<Result<Vec<f64>, PaperError>>()?
        .into_iter()
        .fold(0.0, f64::max);
    // Below G_c the lag of the weak correlation keeps D at 1/12 to a few parts in a thousand.
    let first = gs.iter().position(|g| *g > 0.005).unwrap_or(0);
    let falling = near[first..].windows(2).all(|w| w[1] < w[0]);
    let level = near[..first].iter().all(|d| (12.0 * d - 1.0).abs() < 0.01);
    // The closed form along the whole range of Fig. 3b, c.
    let mut lines = Vec::new();
    for k in 0..2 {
        let (mu, n) = (column(MU_B[k])?, column(ACCURACY[k])?);
        let counted: Vec<f64> = ticks.iter().map(|t| t.accuracy[k].value).collect();
        let at = TICKED.iter().map(|g| bench.at(*g, MU_B[k])).collect::<Result<Vec<f64>, _>>()?;
        lines.push((straight(&mu, &n), straight(&at, &counted)));
    }
    let rates = [bench.parameter("gamma1", &[])?, bench.parameter("gamma2", &[])?];
    let best = (0..gs.len()).max_by(|a, b| production[*a].total_cmp(&production[*b])).unwrap_or(0);
    let beyond = near[best..].windows(2).all(|w| w[1] < w[0]);
    let periods: Vec<f64> = ticks.iter().map(|t| t.period).collect();
    let spread = periods.iter().copied().fold(0.0, f64::max) / periods.iter().copied().fold(f64::INFINITY, f64::min);
    Ok(vec![
        literal
            .value("standard error at g = 0", free.error, 2)
            .value("correlation of simultaneous periods at g = 0.04", ticks[5].correlation.value, 2)
            .verdict(
                Verdict::of(at(5) < 0.1 * free.value),
                if lowest > free.value {
                    "Taken literally, with single periods, D never falls below its value without light: D = 1/N_1 + 1/N_2, and the \
                     light that cools the clocks makes both less accurate. From ticks of simulated trajectories, damping on the \
                     momenta (only then do zero crossings converge)"
                } else {
                    "Taken literally, with single periods, D does not fall to zero: D = 1/N_1 + 1/N_2 up to the correlation of the periods"
                },
            ),
        nearest
            .value("largest deviation of the ticks from the closed form", worst, 2)
            .verdict(
                Verdict::with_condition(level && falling && near_at(0.04)? < 0.05 * near_at(0.0)?),
                "If tau is the time between nearest ticks of the two clocks: then D is the variance of their phase difference, \
                 wrapped. Closed form in |rho| and arg rho. That the figure shows this is our inference",
            ),
        Claim::new(
            "deviation-origin",
            "text on Fig. 2a",
            "Below G_c, D depends on the mismatch and on the linewidths",
            "\"tau fluctuates with a relatively large value, which depends on the intrinsic frequency mismatching and linewidths\"",
        )
        .value("literal D at g = 0", free.value, 3)
        .value("with twice the mismatch", mismatched.literal.value, 3)
        .value("with twice both linewidths", broader.literal.value, 3)
        .value("nearest-tick D in all three cases, closed form", near_at(0.0)?, 10)
        .verdict(
            Verdict::of(
                (mismatched.literal.value / free.value - 1.0).abs() > 0.3
                    && (broader.literal.value / free.value - 1.0).abs() > 0.3,
            ),
            "The literal D depends on the linewidths alone; the nearest-tick D is 1/12 for any two uncoupled clocks. No reading of \
             D fits every sentence",
        ),
        Claim::new(
            "mean-period",
            "text on Fig. 2a",
            "The mean period is approximately constant",
            "\"<(t_1 + t_2)/2>^2 is approximately a constant\"",
        )
        .value("largest over smallest mean period, g = 0 to 0.1", spread, 7)
        .verdict(Verdict::of(spread < 1.01), "Shifts of the optical spring are small beside 400 kHz"),
        Claim::new(
            "fig3a-inset",
            "inset of Fig. 3a",
            "D as a function of the entropy production is not monotonic and ends near zero beyond the turning point",
            "\"also shows a non-monotonic behavior. Beyond the turning point, the deviation can approach nearly the minimum\"",
        )
        .value("nearest-tick D at the largest Pi", near[best], 3)
        .value("at g = 0.1", near[near.len() - 1], 3)
        .value("Pi there over the largest", production[production.len() - 1] / production[best], 3)
        .verdict(
            Verdict::with_condition(beyond),
            "With D of nearest ticks: two values of D at one Pi, the smaller beyond the turning point. As a function of the coupling it is monotonic",
        ),
        Claim::new(
            "fig3bc-linear",
            "Fig. 3b, c",
            "The accuracy of each clock is linear in its own entropy production rate",
            "\"the accuracy of single clock exhibits a linear relation as a function of the corresponding entropy production rate\"",
        )
        .value("R^2 of N_1 over mu_b1, closed form", lines[0].0[2], 6)
        .value("R^2 of N_2 over mu_b2, closed form", lines[1].0[2], 6)
        .value("R^2 of N_1, from ticks", lines[0].1[2], 3)
        .value("R^2 of N_2, from ticks", lines[1].1[2], 3)
        .value("N_1 at g = 0, from ticks", ticks[0].accuracy[0].value, 3)
        .value("N_2 at g = 0, from ticks", ticks[0].accuracy[1].value, 3)
        .value("N_1 at g = 0.005, from ticks", ticks[1].accuracy[0].value, 3)
        .value_in("slope of N_1, from ticks", lines[0].1[0], 3, "s")
        .value_in("slope of N_2, from ticks", lines[1].1[0], 3, "s")
        .verdict(
            Verdict::of(lines.iter().all(|l| l.0[2] > 0.99 && l.1[2] > 0.9)),
            "It must be: N_i depends on the coupling through n_i alone, as mu_bi does, and is nearly N_i(0)(1 + mu_bi/gamma_i)",
        ),
        Claim::new(
            "accuracy-cost",
            "text on Fig. 3b, c",
            "The linear relation is the universal one of cost and accuracy of clocks",
            "\"Such a linear relationship has been recognized as being universal in both quantum and classical regimes [26,30]\"",
        )
        .value_in("gamma_1", rates[0], 4, "1/s")
        .value_in("N_1 vanishes at mu_b1 (closed form)", -lines[0].0[1] / lines[0].0[0], 4, "1/s")
        .value_in("gamma_2", rates[1], 4, "1/s")
        .value_in("N_2 vanishes at mu_b2", -lines[1].0[1] / lines[1].0[0], 4, "1/s")
        .value("periods of clock 1 kept over one 1/gamma_1", bench.parameter("omega1", &[])? / rates[0] / TAU, 4)
        .verdict(
            Verdict::of(lines.iter().all(|l| l.0[0] < 0.0)),
            "That relation says that a better clock pays more entropy. Here mu_b <= 0, it is largest (zero) in equilibrium, and there \
             the clock is best: what costs entropy here, the cooling, makes the clock worse",
        ),
    ])
}
