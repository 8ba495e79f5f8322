//! Fig. 4: what happens after the light is switched on, how long it takes and what it costs.

use huygens::levels::stochastic::ensemble::Sampling;
use huygens_numerics::roots::{brent, extremum};

use super::super::laboratory::{
    Bench, C, MU_A, MU_B, NARROW, TRANSIENT_TIME, WIDE, geometric, grid, list, series, trouble, value,
};
use super::super::trajectories::correlation;
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["fig4a-overshoot", "fig4a-rise", "fig4b-fluxes", "fig4c-time", "fig4c-reason", "fig4c-definition", "time-energy"];
pub(in super::super) const SAMPLE_IDS: &[&str] = &["fig4-trajectories"];

const PEAK: &str = "transient_peak(b1,b2)";
const OVERSHOOT: &str = "overshoot(b1,b2)";
const COST: &str = "entropy_cost";
const EXCESS: &str = "excess_entropy";

/// The largest flux μ_a after the quench, within its first microseconds.
fn peak_flux(g: f64) -> Result<[f64; 2], PaperError> {
    let at = |t: f64| -> Result<f64, PaperError> { Bench::quench(&[MU_A], &[t])?.at(g, MU_A) };
    let times = grid(0.0, 4e-6, 401);
    let report = Bench::quench(&[MU_A], &times)?.run(&[("g", g)])?;
    let flux = series(&report, MU_A)?;
    let best = (1..times.len() - 1).max_by(|a, b| flux[*a].total_cmp(&flux[*b])).unwrap_or(1);
    let top = extremum(|t| at(t).unwrap_or(f64::NAN), times[best - 1], times[best + 1], 10)
        .map_err(|e| trouble("the peak of the flux", e.to_string()))?;
    Ok([top.x, top.value])
}

/// Entropy that has flowed into all baths by the transient time.
pub(in super::super) fn cost_of_time(g: f64, time: f64) -> Result<f64, PaperError> {
    Bench::quench(&[COST], &[time])?.at(g, COST)
}

/// The coupling at which the second maximum of R(t) becomes the largest.
pub(in super::super) fn overtaking(bench: &Bench) -> Result<f64, PaperError> {
    let lead = |g: f64| -> Result<f64, PaperError> {
        let maxima = list(&bench.run(&[("g", g)])?, TRANSIENT_TIME)?;
        match maxima.as_slice() {
            [first, rest @ ..] if !rest.is_empty() => {
                Ok(rest.iter().map(|m| m[1]).fold(f64::NEG_INFINITY, f64::max) - first[1])
            }
            _ => Err(trouble("fig4c-time", format!("one maximum of R(t) at g = {g}"))),
        }
    };
    brent(|g| lead(g).unwrap_or(f64::NAN), 0.0122, 0.0138, 1e-9).map_err(|e| trouble("fig4c-time", e.to_string()))
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::quench(&[TRANSIENT_TIME, PEAK, OVERSHOOT, EXCESS], &[1.0])?;
    let (weak, strong) = (bench.run(&[("g", 0.01)])?, bench.run(&[("g", 0.04)])?);
    let steady = Bench::steady(&[C, NARROW, WIDE, MU_A])?;
    let milli = |r: &huygens::report::Report| value(r, TRANSIENT_TIME).map(|t| 1e3 * t);
    watch.go_on()?;
    // Fluxes at g = 0.04.
    let times = [5e-6, 5e-5, 2e-4, 1e-3, 5e-3, 2e-2, 0.1];
    let fluxes = Bench::quench(&[MU_A, MU_B[0], MU_B[1]], &times)?.run(&[("g", 0.04)])?;
    let light = series(&fluxes, MU_A)?;
    let top = peak_flux(0.04)?;
    let top_weak = peak_flux(0.01)?;
    let falls = |name: &str, until: usize| -> Result<bool, PaperError> {
        Ok(series(&fluxes, name)?[..until].windows(2).all(|w| w[1] < w[0]))
    };
    watch.go_on()?;
    let jump = overtaking(&bench)?;
    let sides =
        [milli(&bench.run(&[("g", jump * (1.0 - 1e-6))])?)?, milli(&bench.run(&[("g", jump * (1.0 + 1e-6))])?)?];
    let gs = [0.005, 0.01, 0.0125, 0.013, 0.016, 0.02, 0.03, 0.04, 0.05, 0.1];
    let rows = watch.each(&gs, |g| {
        let r = bench.run(&[("g", *g)])?;
        let time = value(&r, TRANSIENT_TIME)?;
        Ok([time, cost_of_time(*g, time)?, value(&r, EXCESS)?, steady.at(*g, WIDE)? - steady.at(*g, NARROW)?])
    })?;
    let column = |k: usize, unit: f64| rows.iter().map(|r| r[k] * unit).collect::<Vec<f64>>();
    let after = gs.iter().position(|g| *g > jump).unwrap_or(0);
    let falling = rows[after..].windows(2).all(|w| w[1][0] < w[0][0]);
    let always = rows.windows(2).all(|w| w[1][0] < w[0][0]);
    let ending = |g: f64| steady.at(g, C);
    let overshoots = watch.each(&geometric(0.002, 0.1, 12), |g| value(&bench.run(&[("g", *g)])?, OVERSHOOT))?;
    let mut time = Claim::new(
        "fig4c-time",
        "Fig. 4c",
        "The transient time falls with the coupling",
        "\"the larger |G|/kappa is, the smaller the transient time is\"",
    );
    let mut cost = Claim::new(
        "time-energy",
        "abstract and text on Fig. 4",
        "Synchronizing faster costs more",
        "\"more dissipation is required in order to synchronize the clocks more quickly\"; \"a trade-off between energy and time consumption\"",
    )
    .value_in("largest flux after the quench at g = 0.01", top_weak[1] * 1e-12, 3, "THz")
    .value_in("at g = 0.04", top[1] * 1e-12, 3, "THz");
    for (g, row) in gs.iter().zip(&rows) {
        time = time.value_in(format!("transient time at g = {g}"), row[0] * 1e3, 4, "ms");
        cost = cost.value_in(format!("entropy until then at g = {g}"), row[1], 3, "nats").value_in(
            format!("excess of the whole transient at g = {g}"),
            row[2],
            3,
            "nats",
        );
    }
    let price = column(1, 1.0);
    let dearer = price[after..].windows(2).all(|w| w[1] > w[0]);
    Ok(vec![
        Claim::new(
            "fig4a-overshoot",
            "Fig. 4a",
            "At |G|/kappa = 0.01 the correlation overshoots its final value",
            "\"R(t) exhibits an overshoot behavior for |G|/kappa ~ 0.01\"",
        )
        .value_in("maximum of R at", milli(&weak)?, 8, "ms")
        .value("R there", value(&weak, PEAK)?, 6)
        .value("final R", ending(0.01)?, 4)
        .verdict(Verdict::of(value(&weak, PEAK)? > 1.5 * ending(0.01)?), "Nearly three times the final value"),
        Claim::new(
            "fig4a-rise",
            "Fig. 4a",
            "At |G|/kappa = 0.04 the correlation rises to about one",
            "\"R(t) evolves from zero to a high value (~1)\"",
        )
        .value_in("maximum of R at", milli(&strong)?, 8, "ms")
        .value("R there", value(&strong, PEAK)?, 10)
        .value("final R", ending(0.04)?, 4)
        .value("overshoot", value(&strong, OVERSHOOT)?, 8)
        .value("smallest overshoot, g = 0.002 to 0.1", overshoots.iter().copied().fold(f64::INFINITY, f64::min), 2)
        .verdict(
            Verdict::of(ending(0.04)? > 0.95),
            "It overshoots here, too, by less than a per cent, and at every coupling tried: otherwise there would be no maximum to time",
        ),
        Claim::new(
            "fig4b-fluxes",
            "Fig. 4b",
            "The entropy fluxes fall with time and become stationary",
            "\"mu_b1,2(t) and mu_a(t) decrease with time and then remain to a stationary state\"",
        )
        .value_in("largest mu_a", top[1] * 1e-12, 4, "THz")
        .value_in("at", top[0] * 1e6, 3, "us")
        .values("mu_a in THz at 5 us, 50 us, 0.2, 1, 5, 20, 100 ms", &light.iter().map(|x| x * 1e-12).collect::<Vec<_>>(), 4)
        .values("mu_b1 in 1/s", series(&fluxes, MU_B[0])?, 4)
        .values("mu_b2 in 1/s", series(&fluxes, MU_B[1])?, 4)
        .verdict(
            Verdict::with_condition(falls(MU_A, 4)? && falls(MU_B[0], 3)? && falls(MU_B[1], 3)?),
            "After the first microsecond, in which the light responds and mu_a rises to a hundred times its final value. Then a fast \
             fall with the bright mode and a slow drift of per cents with the dark one",
        ),
        time.value("jump at g", jump, 7).verdict(
            Verdict::with_condition(falling && !always),
            "Beyond the coupling where the second maximum of the beat overtakes the first, which is near G_t. Below, the time hardly \
             changes, and there it jumps up fourfold",
        ),
        Claim::new(
            "fig4c-reason",
            "text on Fig. 4c",
            "The time falls because the linewidths move apart",
            "\"the larger |G|/kappa leads to the larger difference between gamma_+ and gamma_-\"",
        )
        .values("g", &gs, 3)
        .values("transient time in ms", &column(0, 1e3), 4)
        .values("gamma_- - gamma_+ in 1/s", &column(3, 1.0), 4)
        .verdict(
            Verdict::with_condition(falling),
            "The difference grows at every coupling; the time follows it only beyond the jump. Below it is half a beat period of the \
             two frequencies",
        ),
        Claim::new(
            "fig4c-definition",
            "text on Fig. 4c",
            "The transient time is the time before R(t) reaches its maximum",
            "\"the time interval before R(t) reaches the maximum value\"",
        )
        .value_in("just below the jump", sides[0], 4, "ms")
        .value_in("just above", sides[1], 4, "ms")
        .verdict(
            Verdict::graded((sides[1] / sides[0] - 1.0).abs() < 0.01, sides.iter().all(|t| *t > 0.0)),
            "Well defined, but not continuous in the coupling; a time to reach a fraction of the final value would be",
        ),
        cost.verdict(
            Verdict::graded(dearer, top[1] > top_weak[1]),
            "For the largest flux, and comparing g = 0.01 with 0.04. Along the branch where the time falls, the entropy spent until the \
             maximum falls, too, and so does the excess of the whole transient: there faster is cheaper",
        ),
    ])
}

/// Repetitions of the experiment of 600 trajectories.
const REPETITIONS: usize = 32;
/// Trajectories behind each curve of Fig. 4.
pub(in super::super) const TRAJECTORIES: u64 = 600;
/// The times of Fig. 4a.
pub(in super::super) const SAMPLED: Sampling = Sampling { from: 1e-5, every: 1e-5, count: 1200 };

pub(in super::super) fn samples(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::quench(&[C], &SAMPLED.times())?;
    let couplings = [0.01, 0.04];
    let jobs: Vec<(usize, u64)> =
        (0..couplings.len()).flat_map(|k| (1..=REPETITIONS as u64).map(move |s| (k, s))).collect();
    let exact = watch.each(&couplings, |g| Ok(series(&bench.run(&[("g", *g)])?, C)?.to_vec()))?;
    let runs = watch.each(&jobs, |(k, seed)| {
        let r = correlation(&bench, couplings[*k], TRAJECTORIES, *seed, SAMPLED)?;
        let square: f64 = r.iter().zip(&exact[*k]).map(|(x, y)| (x - y).powi(2)).sum();
        let top = (0..r.len()).max_by(|a, b| r[*a].total_cmp(&r[*b])).unwrap_or(0);
        Ok([square / r.len() as f64, 1e3 * SAMPLED.time(top)])
    })?;
    let mut claim = Claim::new(
        "fig4-trajectories",
        "caption of Fig. 4",
        "600 trajectories give each curve",
        "\"Each curve is averaged over 600 transient time trajectories\"",
    );
    let mut errors = Vec::new();
    for (k, g) in couplings.iter().enumerate() {
        let mine = &runs[k * REPETITIONS..(k + 1) * REPETITIONS];
        let rms = (mine.iter().map(|r| r[0]).sum::<f64>() / REPETITIONS as f64).sqrt();
        let mut tops: Vec<f64> = mine.iter().map(|r| r[1]).collect();
        tops.sort_by(f64::total_cmp);
        let mean = tops.iter().sum::<f64>() / tops.len() as f64;
        let spread = (tops.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (tops.len() - 1) as f64).sqrt();
        let best = (0..exact[k].len()).max_by(|a, b| exact[k][*a].total_cmp(&exact[k][*b])).unwrap_or(0);
        claim = claim
            .value(format!("rms error of R at g = {g}"), rms, 2)
            .value_in(
                format!("median time of the largest R at g = {g}"),
                0.5 * (tops[REPETITIONS / 2 - 1] + tops[REPETITIONS / 2]),
                3,
                "ms",
            )
            .value_in(format!("its standard deviation at g = {g}"), spread, 2, "ms")
            .value_in(format!("exact time at g = {g}"), 1e3 * SAMPLED.time(best), 3, "ms");
        errors.push((rms, spread));
    }
    Ok(vec![claim.verdict(
        Verdict::with_condition(errors.iter().all(|e| e.0 < 0.1)),
        "Enough for R(t), not for the time of its maximum: at g = 0.04 R is flat there, and the largest of noisy values lies anywhere \
         within a millisecond or more. From repetitions of the whole experiment with simulated trajectories",
    )])
}
