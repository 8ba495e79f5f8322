//! Fig. 2: the common mode of strong damping, and the Pearson coefficient.

use huygens_numerics::roots::extremum;

use super::super::laboratory::{Machine, grid, trouble};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["resonance", "fig2a-weak", "fig2a-strong", "opposition", "fig2b-strong", "fig2b-weak", "fig2b-hot"];

/// Where the finite eigenvalue of χ₂″ has a maximum near a frequency, and how high it is.
fn peak(machine: &Machine, from: f64, to: f64) -> Result<[f64; 2], PaperError> {
    let height = |omega: f64| -> f64 { machine.response(omega).map_or(f64::NAN, |[aa, _, bb]| aa.im + bb.im) };
    let top = extremum(height, from, to, 60).map_err(|e| trouble("a maximum of the response", e.to_string()))?;
    Ok([top.x, height(top.x)])
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let machine = Machine::new()?;
    let [a, b] = machine.frequencies()?;
    let (weak, strong) = (machine.with(&[("gamma2", 0.01)]), machine.with(&[("gamma2", 100.0)]));
    let [low, high] = [peak(&weak, b - 0.01, b + 0.01)?, peak(&weak, a - 0.01, a + 0.01)?];
    let common = (0.5 * (a * a + b * b)).sqrt();
    let top = peak(&strong, common - 1e-3, common + 1e-3)?;
    let hump = peak(&strong, 0.001, 0.006)?;
    let [aa, ab, _] = strong.response(top[0])?;
    let pearson = |gamma: f64, t: f64| -> Result<f64, PaperError> {
        Ok(machine.with(&[("gamma2", gamma), ("T2", t)]).positions()?.pearson())
    };
    let refusal = machine.with(&[("omega_B", a)]).refusal()?;
    let cold = [0.01, 1.0, 10.0, 100.0, 1000.0].map(|g| pearson(g, 0.01)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let coldest = [100.0, 1e4, 1e6].map(|g| pearson(g, 1e-4)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let hot = [0.5, 1.0, 2.0].map(|t| pearson(100.0, t)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let faint = grid(0.01, 2.0, 40).into_iter().map(|t| pearson(0.01, t)).collect::<Result<Vec<_>, _>>()?;
    let faint = faint.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
    let undamped = refusal.as_deref().is_some_and(|text| text.contains("damped by no static bath"));
    Ok(vec![
        Claim::new(
            "resonance",
            "text on Eq. 8",
            "At resonance the relative coordinate is damped by nothing and there is no steady state",
            "\"preventing the system from reaching a stationary regime\"",
        )
        .found(if undamped { "refused: a mode is damped by no static bath" } else { "a steady state was found" })
        .verdict(Verdict::of(undamped), "x_A - x_B is not coupled to the common bath"),
        Claim::new(
            "fig2a-weak",
            "Fig. 2a",
            "At weak damping the finite eigenvalue of the absorptive response has two peaks, at omega_A and omega_B",
            "\"two peaks around omega_A and omega_B\"",
        )
        .values("peaks at gamma2 = 0.01", &[low[0], high[0]], 7)
        .verdict(Verdict::of((low[0] - b).abs() < 1e-3 && (high[0] - a).abs() < 1e-3), ""),
        Claim::new(
            "fig2a-strong",
            "Fig. 2a",
            "At strong damping one common peak at sqrt((omega_A^2 + omega_B^2)/2) dominates",
            "\"a unique common frequency [...] is the dominant one\"",
        )
        .value("peak at gamma2 = 100", top[0], 8)
        .value("sqrt((omega_A^2 + omega_B^2)/2)", common, 8)
        .value("height", top[1], 5)
        .value("slow hump at", hump[0], 4)
        .value("height of the hump", hump[1], 3)
        .value("slowest rate of decay", strong.statics()?.slowest(), 4)
        .verdict(
            Verdict::of((top[0] - common).abs() < 1e-4 && top[1] > 100.0 * hump[1]),
            "The width of the peak, (omega_A^2 - omega_B^2)^2/(8 gamma2 S) with S = omega_A^2 + omega_B^2, is the slowest rate of the machine: what a weak \
             second bath has to be weak against (claim `small-parameter`). A second, overdamped mode makes the hump",
        ),
        Claim::new(
            "opposition",
            "text on Fig. 2a",
            "In the common mode the oscillators move in opposite phase",
            "\"the two QHOs are in phase opposition\"",
        )
        .value("chi''_AB/chi''_AA at the peak", ab.im / aa.im, 4)
        .verdict(
            Verdict::of((ab.im / aa.im + 1.0).abs() < 1e-2),
            "The eigenvector is (omega^2 - omega_B^2, omega^2 - omega_A^2); its sign changes at the two frequencies",
        ),
        Claim::new(
            "fig2b-strong",
            "Fig. 2b, Eq. 11",
            "The Pearson coefficient of the positions tends to -1 at strong damping and low temperature",
            "\"reaching C -> -1 at low temperature\"",
        )
        .values("C at T = 0.01 for gamma2 = 0.01, 1, 10, 100, 1000", &cold, 4)
        .values("C at T = 1e-4 for gamma2 = 100, 1e4, 1e6", &coldest, 4)
        .verdict(
            Verdict::with_condition(coldest[2] < -0.98 && cold[3] < -0.85),
            "In the double limit only. At any finite damping C stops short of -1, also at T = 0, and at T = 0.1, where Fig. 4 is drawn, it cannot go below \
             -0.56 (claim `fig4-limit`)",
        ),
        Claim::new("fig2b-weak", "Fig. 2b", "At weak damping C is always small", "\"C is always small\"")
            .value("largest |C| at gamma2 = 0.01, T from 0.01 to 2", faint, 3)
            .verdict(Verdict::of(faint < 0.01), ""),
        Claim::new("fig2b-hot", "Fig. 2b", "At high temperature C goes to 0", "\"this feature is smeared out\"")
            .values("C at gamma2 = 100 for T = 0.5, 1, 2", &hot, 3)
            .verdict(
                Verdict::of(hot[2].abs() < 0.01 && hot[0].abs() > hot[1].abs() && hot[1].abs() > hot[2].abs()),
                "Equipartition leaves independent positions: the counter-term takes the coupling by the bath out of the potential",
            ),
    ])
}
