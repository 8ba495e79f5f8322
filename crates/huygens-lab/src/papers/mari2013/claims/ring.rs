//! Fig. 2d: the ring of twenty clocks.

use std::f64::consts::{PI, TAU};

use huygens::experiment::Options;
use huygens::levels::mean_field::cycle;
use huygens::report::Report;
use huygens_numerics::c64;
use huygens_numerics::ode::Tolerance;
use huygens_numerics::roots::brent;

use super::super::fits::{diffusive, exponential, shifted};
use super::super::laboratory::{Bench, RING, grid, model, trouble, value};
use super::super::states::Random;
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const DECAY_IDS: &[&str] = &["fig2d-decay", "fig2d-exponential"];
pub(in super::super) const STATE_IDS: &[&str] = &["ring-same-state", "ring-attractors"];

/// Number of clocks in the caption.
pub(in super::super) const CELLS: usize = 20;

/// `name(b[1],b[1+h])` for h = 1 … `count`.
pub(in super::super) fn over_distance(name: &str, count: usize) -> Vec<String> {
    (1..=count).map(|h| format!("{name}(b[1],b[{}])", h + 1)).collect()
}

/// A ring of so many cells with a measure asked for the distances 1 … `count`.
pub(in super::super) fn ring(cells: usize, name: &str, count: usize, mu: f64) -> Result<Report, PaperError> {
    let texts = over_distance(name, count);
    let names: Vec<&str> = texts.iter().map(String::as_str).collect();
    Bench::new(model(RING, &[("N", cells)])?, &names, Options::default())?.run(&[("mu", mu)])
}

/// The measure against the distance.
pub(in super::super) fn profile(cells: usize, name: &str, count: usize, mu: f64) -> Result<Vec<f64>, PaperError> {
    let report = ring(cells, name, count, mu)?;
    over_distance(name, count).iter().map(|n| value(&report, n)).collect()
}

pub(in super::super) fn decay(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let half = CELLS / 2;
    let h = grid(1.0, half as f64, half);
    let [strong, weak, stronger] = [0.02, 0.005, 0.03].map(|mu| profile(CELLS, "complete_sync", half, mu));
    let (strong, weak, stronger) = (strong?, weak?, stronger?);
    let phase = profile(CELLS, "phase_sync", half, 0.02)?;
    watch.go_on()?;
    // A long ring: 1/S against h (1 − h/N) from the third neighbour on.
    let long = 400;
    let far: Vec<f64> = grid(3.0, 200.0, 198);
    let measured = profile(long, "complete_sync", 200, 0.02)?;
    let line = diffusive(&far, &measured[2..], long)?;
    let exponentials = [exponential(&h, &strong)?, exponential(&h, &weak)?];
    let diffusives = [diffusive(&h, &strong, CELLS)?, diffusive(&h, &weak, CELLS)?];
    let constant = shifted(&h, &strong)?;
    let falling = strong.windows(2).all(|w| w[1] < w[0]) && phase.windows(2).all(|w| w[1] < w[0]);
    let better = (0..2).all(|k| diffusives[k].r2 > exponentials[k].r2);
    Ok(vec![
        Claim::new(
            "fig2d-decay",
            "Fig. 2d",
            "Synchronization persists along the chain and falls with the distance h",
            "\"the synchronization level among the various elements persists even if an exponential decay in h is present\"",
        )
        .values("S_c(h) at mu = 0.02", &strong, 5)
        .values("S_p(h)", &phase, 4)
        .value("S_c(1) at mu = 0.03", stronger[0], 4)
        .value("S_c(2) at mu = 0.03", stronger[1], 4)
        .verdict(
            Verdict::with_condition(falling),
            "It falls monotonically at mu = 0.02; at mu = 0.03 the second neighbour is better synchronised than the first",
        ),
        Claim::new("fig2d-exponential", "Fig. 2d", "The decay with the distance is exponential", "\"an exponential decay in h is present\"")
            .value("R^2 of an exponential in ln S at mu = 0.02", exponentials[0].r2, 3)
            .value("at mu = 0.005", exponentials[1].r2, 3)
            .value("R^2 of 1/(a + b h (1 - h/N)) at mu = 0.02", diffusives[0].r2, 4)
            .value("and at mu = 0.005", diffusives[1].r2, 6)
            .value("a on a ring of 400", line.coefficients[0], 4)
            .value("b on a ring of 400", line.coefficients[1], 5)
            .value("typical deviation of an exponential plus a constant at mu = 0.02", constant.typical(&h, &strong), 2)
            .verdict(
                if better { Verdict::Fails } else { Verdict::Holds },
                "Phases diffuse along a closed chain: 1/S = a + b h (1 - h/N), hence S falls as 1/h. On a ring S(h) = S(N - h), which no exponential obeys",
            ),
    ])
}

/// Winding of the phases around the ring and how far the differences of neighbours are from uniform.
fn winding(z: &[c64]) -> (i64, f64) {
    let n = z.len();
    let steps: Vec<f64> = (0..n).map(|j| (z[(j + 1) % n] * z[j].conj()).arg()).collect();
    let total = steps.iter().sum::<f64>() / TAU;
    let mean = TAU * total.round() / n as f64;
    let unevenness = steps.iter().map(|s| (s - mean).abs()).fold(0.0, f64::max);
    (total.round() as i64, unevenness)
}

/// Number of random starts.
const STARTS: usize = 16;

pub(in super::super) fn states(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    // Four cells hold the wave numbers 0, π/2 and π; the shortest wave goes first.
    let small = Bench::new(model(RING, &[("N", 4)])?, &["multipliers"], Options::default())?;
    let leading = |mu: f64| small.run(&[("mu", mu)]).and_then(|r| value(&r, "multipliers")).unwrap_or(f64::NAN);
    let limit =
        brent(|mu| leading(mu) - 1.0, 0.03, 0.05, 1e-12).map_err(|e| trouble("ring-same-state", e.to_string()))?;
    let bench = Bench::new(model(RING, &[("N", CELLS)])?, &["multipliers", "period"], Options::default())?;
    let (below, above) = (bench.run(&[("mu", 0.99 * limit)])?, bench.run(&[("mu", 1.01 * limit)])?);
    let waves = above.checks.iter().find(|c| c.name == "cycle stable").map(|c| c.note.clone()).unwrap_or_default();
    let caption = bench.run(&[])?;

    watch.go_on()?;
    let bound = bench.bound(&[])?;
    let oscillators: Vec<usize> = bench.model.oscillators.iter().map(|m| m.0 as usize).collect();
    let orbit =
        caption.orbits.iter().find(|o| o.mode == "b[1]").ok_or_else(|| trouble("ring-attractors", "no mode b[1]"))?;
    let size = orbit.re.iter().zip(&orbit.im).map(|(x, y)| x.hypot(*y)).sum::<f64>() / orbit.re.len() as f64;
    let mut random = Random::new(20);
    let starts: Vec<Vec<c64>> = (0..STARTS)
        .map(|_| {
            let mut z = vec![c64::new(0.0, 0.0); bench.model.modes.len()];
            for &k in &oscillators {
                z[k] = c64::from_polar(size, 2.0 * PI * random.uniform());
            }
            z
        })
        .collect();
    let late = 12_000.0;
    let ends = watch.each(&starts, |start| {
        let path = cycle::sample(&bound, start, 0.0, &[late], Tolerance::new(1e-6, 1e-4), 1e9);
        let path = path.map_err(|e| trouble("ring-attractors", format!("{e:?}")))?;
        let z: Vec<c64> = oscillators.iter().map(|&k| path[0][k]).collect();
        Ok(winding(&z))
    })?;
    let uniform = |e: &&(i64, f64)| e.1 < 0.5;
    let same = ends.iter().filter(uniform).filter(|e| e.0 == 0).count();
    let twisted = ends.iter().filter(uniform).filter(|e| e.0 != 0).count();
    let largest = ends.iter().filter(uniform).map(|e| e.0.abs()).max().unwrap_or(0);
    Ok(vec![
        Claim::new(
            "ring-same-state",
            "text at Fig. 2d",
            "All sites of the ring may be taken to follow the same stable cycle",
            "\"which is assumed to be the same (synchronized) in each site\"",
        )
        .value("period at mu = 0.02", value(&caption, "period")?, 12)
        .value("largest |multiplier| there", value(&caption, "multipliers")?, 5)
        .value("stable up to mu", limit, 9)
        .found(&format!("just below: {}", below.dynamics))
        .found(&format!("just above: {}", above.dynamics))
        .found(&waves)
        .verdict(
            Verdict::with_condition(below.dynamics.ends_with(", stable") && above.dynamics.ends_with("unstable")),
            "Stable at the coupling of Fig. 2a; beyond the limit neighbours go out of step (k = pi). The paper gives no coupling for Fig. 2d",
        ),
        Claim::new(
            "ring-attractors",
            "text at Fig. 2d",
            "The synchronised ring is what independent clocks reach",
            "\"The synchronization observed between the oscillators is expected to emerge also when more than two parties are present\"",
        )
        .value("random phases", STARTS as f64, 3)
        .value("of them all in step", same as f64, 3)
        .value("twisted states", twisted as f64, 3)
        .value("largest winding number", largest as f64, 2)
        .value("others", (STARTS - same - twisted) as f64, 3)
        .verdict(
            if same == STARTS { Verdict::Holds } else { Verdict::Conditional },
            "The state in step is one of several attractors: from random phases most rings end in twisted states, whose phases wind around the ring",
        ),
    ])
}
