//! C over the coupling (Fig. 2a) and the linewidths behind it (Fig. 2b).

use std::f64::consts::TAU;

use huygens_numerics::roots::{brent, extremum};

use super::super::laboratory::{
    Bench, C, MU_A, NARROW, QUOTED_CRITICAL, QUOTED_TURNING, RATIO, geometric, grid, printed, trouble, value,
};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &["fig2a-correlation", "fig2a-onset", "time-average"];
pub(in super::super) const LINEWIDTH_IDS: &[&str] =
    &["critical-coupling", "fig2b-ratio", "fig2b-narrow", "parameters", "parameters-unstated"];

/// The duration shown beside the traces of Fig. 1b and 1e, in seconds.
const SHOWN: f64 = 2e-5;

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[C, NARROW])?;
    let early = grid(0.0, 0.006, 61);
    let below = watch.each(&early, |g| bench.at(*g, C))?;
    let largest = below.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
    let lowest = extremum(|g| bench.at(g, C).unwrap_or(f64::NAN), 0.004, 0.0055, 16)
        .map_err(|e| trouble("fig2a-correlation", e.to_string()))?;
    let zero = bench.crossing(C, 0.0, 0.005, 0.007)?;
    let half = bench.crossing(C, 0.5, 0.012, 0.02)?;
    let rising = {
        let list = watch.each(&geometric(0.006, 0.1, 60), |g| bench.at(*g, C))?;
        list.windows(2).all(|w| w[1] > w[0])
    };
    let at = |g: f64| bench.at(g, C);
    let unequal = |ratio: f64| -> Result<f64, PaperError> {
        let n = bench.parameter("n_th1", &[])?;
        value(&bench.run(&[("g", QUOTED_CRITICAL), ("n_th2", ratio * n)])?, C)
    };
    // Zero to the eye, on an axis from 0 to 1.
    let flat = |c: f64| c.abs() < 0.01;
    let memory = |g: f64| bench.at(g, NARROW).map(|gamma| 1.0 / gamma);
    let longest = memory(0.0)?;
    Ok(vec![
        Claim::new(
            "fig2a-correlation",
            "Fig. 2a",
            "C stays at zero up to G_c, rises, and saturates near one",
            "\"C keeps around zero until above a critical coupling strength, |G_c|/kappa ~ 0.005\"; \"saturated to ... ~ 1\"",
        )
        .value("largest |C| up to g = 0.006", largest, 3)
        .value("C vanishes at g", zero, 12)
        .value("C = 1/2 at g", half, 12)
        .value("C at g = 0.01", at(0.01)?, 4)
        .value("C at g = 0.013", at(0.013)?, 4)
        .value("C at g = 0.04", at(0.04)?, 10)
        .value("C at g = 0.1", at(0.1)?, 6)
        .verdict(Verdict::of(largest < 0.01 && rising && at(0.04)? > 0.97), "As described"),
        Claim::new(
            "fig2a-onset",
            "Fig. 2a",
            "C keeps around zero below G_c",
            "\"C keeps around zero\"",
        )
        .value("smallest C", lowest.value, 4)
        .value("at g", lowest.x, 5)
        .value("C at g = 0.005, n_th2 = n_th1/2", unequal(0.5)?, 3)
        .value("C at g = 0.005, n_th2 = 2 n_th1", unequal(2.0)?, 3)
        .verdict(
            Verdict::graded(flat(unequal(0.5)?) && flat(unequal(2.0)?) && flat(lowest.value), flat(lowest.value)),
            "If both membranes are driven to nearly the same occupation: then C only dips slightly below zero. Unequal drives give a \
             correlation of either sign at once, so that a flat onset speaks for equal ones",
        ),
        Claim::new(
            "time-average",
            "definition of C",
            "C is a time average in the steady state",
            "\"< > denotes the average over a time interval\"",
        )
        .value_in("1/gamma_+ at g = 0", memory(0.0)? * 1e3, 3, "ms")
        .value("the same over the record of 20 us that Fig. 1 shows", longest / SHOWN, 3)
        .value_in("1/gamma_+ at g = 0.013", memory(0.013)? * 1e3, 3, "ms")
        .value_in("1/gamma_+ at g = 0.1", memory(0.1)? * 1e3, 3, "ms")
        .verdict(
            Verdict::graded(longest < SHOWN, longest.is_finite()),
            "Equal to the ensemble's C only over many times 1/gamma_+: records of seconds. The length of the intervals is not given",
        ),
    ])
}

pub(in super::super) fn linewidths(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[C, NARROW, RATIO, MU_A])?;
    let critical = bench.turning(RATIO, 1.0, &[])?;
    let turning = bench.turning(NARROW, 1.0, &[])?;
    let free = bench.at(0.0, RATIO)?;
    let ratio = |g: f64| bench.at(g, RATIO);
    watch.go_on()?;
    // The same from the printed formula.
    let detuning = bench.parameter("omega1", &[])? - bench.parameter("omega2", &[])?;
    let gamma = [bench.parameter("gamma1", &[])?, bench.parameter("gamma2", &[])?];
    let of = |g: f64, delta: f64| {
        let lambda = bench.coupling(&[("g", g), ("Delta", delta)]);
        lambda.map_or(f64::NAN, |l| -2.0 * printed(detuning, gamma, l)[0].im)
    };
    let standard = bench.parameter("Delta", &[])?;
    let formula =
        extremum(|g| of(g, standard), 0.011, 0.015, 16).map_err(|e| trouble("fig2b-narrow", e.to_string()))?;
    let of_ratio = |g: f64| {
        let lambda = bench.coupling(&[("g", g)]);
        lambda.map_or(f64::NAN, |l| {
            let [narrow, wide] = printed(detuning, gamma, l);
            narrow.im / wide.im
        })
    };
    let ratio_formula = extremum(of_ratio, 0.0042, 0.006, 16).map_err(|e| trouble("fig2b-ratio", e.to_string()))?;
    let other =
        extremum(|g| of(g, -TAU * 4e5), 0.0095, 0.0135, 16).map_err(|e| trouble("fig2b-narrow", e.to_string()))?;
    watch.go_on()?;
    // The detuning that puts each feature where the text has it.
    let detuned = |name: &'static str, quoted: f64| -> Result<f64, PaperError> {
        let at = |kilohertz: f64| {
            bench.turning(name, 1.0, &[("Delta", -TAU * 1e3 * kilohertz)]).map_or(f64::NAN, |t| t.x - quoted)
        };
        brent(at, 250.0, 350.0, 1e-3).map_err(|e| trouble("parameters", e.to_string()))
    };
    let wanted = rayon::join(|| detuned(NARROW, QUOTED_TURNING), || detuned(RATIO, QUOTED_CRITICAL));
    let (for_turning, for_critical) = (wanted.0?, wanted.1?);
    let scan: Vec<(f64, f64, f64)> = watch.each(&[200.0, 300.0, 400.0, 600.0], |kilohertz| {
        let delta = [("Delta", -TAU * 1e3 * kilohertz)];
        Ok((*kilohertz, bench.turning(RATIO, 1.0, &delta)?.x, bench.turning(NARROW, 1.0, &delta)?.x))
    })?;
    let mut unstated = Claim::new(
        "parameters-unstated",
        "text",
        "The values of the detuning, of the drive and of the temperatures",
        "not in the text",
    );
    for (kilohertz, c, t) in scan {
        unstated = unstated.value(format!("G_c/kappa at Delta/2pi = -{kilohertz} kHz"), c, 4).value(
            format!("G_t/kappa at Delta/2pi = -{kilohertz} kHz"),
            t,
            4,
        );
    }
    let close = (critical.x / QUOTED_CRITICAL - 1.0).abs() < 0.02 && (turning.x / QUOTED_TURNING - 1.0).abs() < 0.02;
    Ok(vec![
        Claim::new(
            "critical-coupling",
            "text on Fig. 2a",
            "There is a critical coupling |G_c|/kappa near 0.005",
            "\"|G_c|/kappa ~ 0.005\"",
        )
        .value("g at the maximum of gamma_+/gamma_-", critical.x, 12)
        .verdict(
            Verdict::with_condition((critical.x / QUOTED_CRITICAL - 1.0).abs() < 0.1),
            "The text defines no G_c. Where gamma_+/gamma_- begins to fall is a definition that gives the number; nothing becomes \
             critical there, and every quantity is smooth in g",
        ),
        Claim::new(
            "fig2b-ratio",
            "Fig. 2b",
            "gamma_+/gamma_- is unchanged up to G_c and falls rapidly beyond",
            "\"remains essentially unchanged before the critical coupling strength, while it decays rapidly after\"",
        )
        .value("at g = 0", free, 6)
        .value("largest", critical.value, 12)
        .value("largest, printed formula", ratio_formula.value, 12)
        .value("at g = 0.013", ratio(0.013)?, 3)
        .value("at g = 0.04", ratio(0.04)?, 3)
        .value("at g = 0.1", ratio(0.1)?, 3)
        .verdict(
            Verdict::with_condition(ratio(0.04)? < 0.05),
            "The fall is as described; before it the ratio rises by more than a third",
        ),
        Claim::new(
            "fig2b-narrow",
            "Fig. 2b",
            "gamma_+ grows up to |G_t|/kappa = 0.013 and falls beyond, as the mode becomes dark",
            "\"gamma_+ ceases to increase beyond the turning point and reduces\"; \"|G_t|/kappa ~ 0.013\"",
        )
        .value("g at the maximum of gamma_+", turning.x, 12)
        .value_in("gamma_+/2pi there", turning.value / TAU, 4, "Hz")
        .value_in("at g = 0.04", bench.at(0.04, NARROW)? / TAU, 4, "Hz")
        .value("g at the maximum of gamma_+, printed formula", formula.x, 12)
        .value("the same at Delta/2pi = -400 kHz", other.x, 12)
        .verdict(Verdict::of((turning.x / QUOTED_TURNING - 1.0).abs() < 0.05), "For Delta/2pi = -300 kHz"),
        Claim::new(
            "parameters",
            "text",
            "Both couplings belong to one experiment",
            "|G_c|/kappa ~ 0.005 and |G_t|/kappa ~ 0.013",
        )
        .value_in("|Delta|/2pi for G_t/kappa = 0.013", for_turning, 5, "kHz")
        .value_in("|Delta|/2pi for G_c/kappa = 0.005", for_critical, 5, "kHz")
        .value("G_t/G_c at -300 kHz", turning.x / critical.x, 4)
        .verdict(
            Verdict::with_condition(close),
            "One detuning, close to -300 kHz, meets both within a per cent, if G = 2 g sqrt(n_cav) and G_c is where gamma_+/gamma_- is \
             largest. All numbers of this audit are for -300 kHz",
        ),
        unstated.verdict(
            Verdict::NotTestable,
            "Detuning, bath temperatures and strength of the driving noise are not given, the Supplement was not available; what depends \
             on them is computed for the values of the model file",
        ),
    ])
}
