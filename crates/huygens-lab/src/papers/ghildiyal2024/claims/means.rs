//! Section III on the mean fields: limit cycles, equal orbits, phases.

use huygens_numerics::c64;
use huygens_numerics::random::Streams;

use super::super::laboratory::{
    CASES, DERIVED, GENERIC, LATE, PHI, PRINTED, REPAIRED, START, Values, Variant, apart, grid, normal_modes, number,
    trouble, unwrapped,
};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const CYCLE_IDS: &[&str] = &["start-at-rest", "limit-cycles", "uncoupled-damped"];
pub(in super::super) const PHASE_IDS: &[&str] = &["fig2a-equal", "fig2d-phase", "fig2g-phi", "frame"];

/// Random starts of each case.
const STARTS: usize = 6;

/// What became of random starts.
struct Ends {
    decayed: usize,
    singular: usize,
    elsewhere: usize,
    rate: f64,
}

/// Runs from random starts to the long time of the paper.
fn ends(variant: &Variant, values: Values<'_>, until: f64) -> Result<Ends, PaperError> {
    let mut random = Streams { seed: 2408 }.trajectory(6126);
    let mut ends = Ends { decayed: 0, singular: 0, elsewhere: 0, rate: f64::NEG_INFINITY };
    for _ in 0..STARTS {
        let start = [(); 2].map(|()| c64::from_polar(1.5 * random.uniform(), std::f64::consts::TAU * random.uniform()));
        match variant.orbit(values, start, &[0.5 * until, until])? {
            Ok(path) => {
                let rate = (number(&path[1]) / number(&path[0])).ln() / (0.5 * until);
                ends.rate = ends.rate.max(rate);
                // The last half decays as the slowest linear rate says.
                if rate < -0.5 * variant.model.bind(values)?.value(variant.model.parameters.find("gamma_l")?) {
                    ends.decayed += 1;
                } else {
                    ends.elsewhere += 1;
                }
            }
            Err(_) => ends.singular += 1,
        }
    }
    Ok(ends)
}

pub(in super::super) fn cycles(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    let printed = Variant::load(PRINTED)?;
    let derived = Variant::load(DERIVED)?;
    let origin = [c64::new(0.0, 0.0); 2];
    let rest = [&printed, &derived].map(|v| v.whole(&[], origin, &[LATE]));
    let [printed_rest, derived_rest] = rest;
    let (printed_rest, derived_rest) = (number(&printed_rest?[0]), number(&derived_rest?[0]));
    let jobs: Vec<(usize, bool)> = (0..CASES.len()).flat_map(|k| [(k, false), (k, true)]).collect();
    let results = watch.quiet().each(&jobs, |&(case, own)| {
        let (variant, values) = (if own { &derived } else { &printed }, CASES[case].1);
        let ended = number(&variant.whole(values, START, &[LATE])?[0]).sqrt();
        Ok((ended, ends(variant, values, 4000.0)?))
    })?;
    let count = |own: bool, f: &dyn Fn(&Ends) -> usize| {
        jobs.iter().zip(&results).filter(|((_, o), _)| *o == own).map(|(_, (_, e))| f(e)).sum::<usize>() as f64
    };
    let amplitudes = |own: bool| {
        jobs.iter().zip(&results).filter(|((_, o), _)| *o == own).map(|(_, (a, _))| *a).collect::<Vec<f64>>()
    };
    let slowest = results.iter().map(|(_, e)| e.rate).fold(f64::NEG_INFINITY, f64::max);
    let elsewhere = count(false, &|e| e.elsewhere) + count(true, &|e| e.elsewhere);
    // Without damping the derived equations keep n1 + n2.
    let conserved = {
        let closed: Values<'_> = &[("gamma_l", 0.0), ("gamma_nl", 0.0), ("lambda", 0.2)];
        let end = derived.whole(closed, GENERIC, &[200.0])?;
        number(&end[0]) - number(&GENERIC)
    };
    let free: Values<'_> = &[("sigma_z", 0.0)];
    let alone = printed.whole(free, GENERIC, &[100.0, 200.0])?;
    let own = printed.whole(free, [GENERIC[0], c64::new(0.0, 0.0)], &[100.0, 200.0])?;
    let influence = alone.iter().zip(&own).map(|(a, b)| (a[0] - b[0]).norm()).fold(0.0, f64::max);
    Ok(vec![
        Claim::new(
            "start-at-rest",
            "text on Fig. 2a",
            "Started at rest the oscillators reach their limit cycle at t of about 1e4",
            "\"initialized from q_j(0) = p_j(0) = 0\"",
        )
        .value("n1 + n2 at t = 1e4 from rest, as printed", printed_rest, 3)
        .value("as derived", derived_rest, 3)
        .verdict(
            Verdict::of(printed_rest > 0.0 || derived_rest > 0.0),
            "Rest is a fixed point of (B1) and (B2): nothing ever moves. All runs here start at beta1 = beta2 = 1/2 or as they say",
        ),
        Claim::new(
            "limit-cycles",
            "Figs. 2a, 2d, 2g",
            "There are limit cycles at long times",
            "\"the same limit cycle at the long times t = 1e4 tau\"",
        )
        .values("sqrt(n1 + n2) at t = 1e4 from 1/2, 1/2, as printed, in the three cases", &amplitudes(false), 3)
        .values("as derived", &amplitudes(true), 3)
        .value("random starts that decay, as printed", count(false, &|e| e.decayed), 4)
        .value("that run into X = 0", count(false, &|e| e.singular), 4)
        .value("random starts that decay, as derived", count(true, &|e| e.decayed), 4)
        .value("that end anywhere else, both", elsewhere, 4)
        .value("largest d ln(n1 + n2)/dt at late times", slowest, 4)
        .value("change of n1 + n2 in t = 200 without damping, as derived", conserved, 2)
        .verdict(
            Verdict::of(elsewhere > 0.0 || slowest > 0.0),
            "The Hamiltonian conserves n1 + n2 and every jump removes quanta: all orbits spiral into 0 at the rate gamma_l. Over a few \
             periods a slow spiral looks like a cycle",
        ),
        Claim::new(
            "uncoupled-damped",
            "text after Eq. (9)",
            "With <sigma_z> = 0 the two modes are damped independently",
            "\"would represent the independent damped oscillation of the two modes\"",
        )
        .value("largest change of beta1 by the start of mode 2, up to t = 200", influence, 2)
        .verdict(Verdict::of(influence < 1e-9), "So they are, and S_q = 1 there as well: see `complete-synchronization`"),
    ])
}

/// The range of a phase over a run.
fn range(phase: &[f64]) -> f64 {
    let (low, high) = phase.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(*p), h.max(*p)));
    high - low
}

/// Largest over smallest |β₁/β₂| of a run.
fn ratio_spread(means: &[[c64; 2]]) -> [f64; 2] {
    let ratios: Vec<f64> = means.iter().map(|z| z[0].norm() / z[1].norm()).collect();
    [ratios.iter().copied().fold(f64::INFINITY, f64::min), ratios.iter().copied().fold(0.0, f64::max)]
}

pub(in super::super) fn phases(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let (printed, derived) = (Variant::load(PRINTED)?, Variant::load(DERIVED)?);
    let late = grid(9900.0, LATE, 401);
    let equal = |v: &Variant, start| Ok::<f64, PaperError>(apart(&v.whole(CASES[0].1, start, &late)?));
    let same = [equal(&printed, START)?, equal(&derived, START)?];
    let generic = [equal(&printed, GENERIC)?, equal(&derived, GENERIC)?];
    watch.go_on()?;

    let unequal = CASES[1].1;
    let [_, (_, ratio)] = normal_modes(&derived, unequal)?;
    let (winding, from_mode) = (derived.whole(unequal, START, &late)?, {
        let upper = [c64::new(1e-3 * ratio, 0.0), c64::new(1e-3, 0.0)];
        derived.whole(unequal, upper, &late)?
    });
    let [low, high] = ratio_spread(&winding);
    let [mode_low, mode_high] = ratio_spread(&from_mode);
    let (turned, mode_turned) = (range(&unwrapped(&winding)), range(&unwrapped(&from_mode)));
    watch.go_on()?;

    let exchange = CASES[2].1;
    let times = grid(0.0, LATE, 10_001);
    let drifting = unwrapped(&printed.whole(exchange, START, &times)?);
    let still = unwrapped(&derived.whole(exchange, START, &times)?);
    let slope = |phase: &[f64]| (phase[10_000] - phase[5_000]) / (0.5 * LATE);
    let bound = printed.model.bind(exchange)?;
    let get = |name: &str| Ok::<f64, PaperError>(bound.value(printed.model.parameters.find(name)?));
    let predicted = (get("omega1")? - get("omega2")?) * get("lambda")?.powi(2) / (2.0 * get("N1")?);
    // φ = 1.049 modulo 2π.
    let turn = std::f64::consts::TAU;
    let crossings: Vec<f64> = drifting
        .windows(2)
        .zip(&times)
        .filter(|(w, _)| ((w[0] - PHI) / turn).floor() != ((w[1] - PHI) / turn).floor())
        .map(|(_, t)| *t)
        .collect();
    let (Some(first), Some(last)) = (crossings.first(), crossings.last()) else {
        return Err(trouble("fig2g-phi", "the printed phase never takes the value of the caption"));
    };
    let largest = still.iter().fold(0.0_f64, |m, p| m.max(p.abs()));
    let wound = range(&unwrapped(&derived.whole(exchange, GENERIC, &times)?));

    // The frame of the printed equations against the static one, without damping.
    let closed: Values<'_> = &[("lambda", 0.2), ("gamma_l", 0.0), ("gamma_nl", 0.0)];
    let repaired = Variant::load(REPAIRED)?;
    let classical = Variant::parse(&classical_text()?)?;
    let (moving, fixed) = (repaired.whole(closed, START, &[200.0])?[0], classical.whole(closed, START, &[200.0])?[0]);
    let mapped = interaction_to_static(&repaired, closed, &moving, 200.0)?;
    let residual = |z: &[c64; 2]| z.iter().zip(&fixed).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max);
    let (after, before) = (residual(&mapped), residual(&moving));
    Ok(vec![
        Claim::new(
            "fig2a-equal",
            "Figs. 2a to 2c",
            "For equal chains without exchange the two orbits become equal",
            "\"q1(t) = q2(t) and p1(t) = p2(t)\"",
        )
        .values("largest |beta1 - beta2| over largest |beta1|, t from 9900 to 1e4, from 1/2, 1/2, printed and derived", &same, 2)
        .values("from 0.8, 0.3 i", &generic, 2)
        .verdict(
            Verdict::with_condition(same.iter().all(|x| *x < 0.02) && generic.iter().all(|x| *x > 0.5)),
            "Only if they start equal. By chance of the parameters the two modes are nearly resonant; both normal modes decay at the same \
             rate, and nothing selects the one in phase",
        ),
        Claim::new(
            "fig2d-phase",
            "Figs. 2d to 2f",
            "For unequal chains the orbits have the same phase and different amplitudes",
            "\"in the same phase, but their amplitudes are different\"",
        )
        .values("|beta1/beta2| from 1/2, 1/2: smallest, largest", &[low, high], 3)
        .value_in("phase turned through", turned, 3, "rad")
        .values("|beta1/beta2| from the upper normal mode", &[mode_low, mode_high], 4)
        .value("ratio of that mode", ratio, 5)
        .value_in("phase turned through", mode_turned, 2, "rad")
        .verdict(
            Verdict::with_condition(mode_turned < 0.05 && (mode_high / mode_low - 1.0).abs() < 0.02 && high / low > 2.0),
            "Only from that one normal mode; from equal starts both modes beat and the phase difference winds",
        ),
        Claim::new(
            "fig2g-phi",
            "Figs. 2g to 2i, captions",
            "With exchange the chains keep the phase difference 1.049",
            "phi = 1.049",
        )
        .value_in("late drift of the phase difference, as printed", slope(&drifting), 4, "rad omega1")
        .value_in("(omega1 - omega2) lambda^2/2N", predicted, 4, "rad omega1")
        .value_in("it is 1.049 modulo 2 pi first at t", *first, 5, "1/omega1")
        .value_in("and last before 1e4 at t", *last, 5, "1/omega1")
        .value_in("largest phase difference as derived, from 1/2, 1/2", largest, 3, "rad")
        .value_in("range of it from 0.8, 0.3 i", wound, 3, "rad")
        .verdict(
            Verdict::of(slope(&drifting).abs() < 1e-6),
            "A snapshot of a frame: the exponents R_j t were left in the interaction picture, where the phase difference runs for ever. In a \
             static frame the same start keeps it near 0",
        ),
        Claim::new(
            "frame",
            "Eqs. (6), (8), (B1)",
            "The equations hold in the interaction picture of the exchange",
            "R_j = i omega_j lambda^2 t/2N_j",
        )
        .value("largest difference to the static frame at t = 200 without damping, taken as it stands", before, 3)
        .value("after b exp(R(1 + 2|b|^2))", after, 2)
        .verdict(
            Verdict::with_condition(after < 1e-6 && before > 0.1),
            "Once repaired, and with each amplitude turned back: phases of different modes cannot be compared in this frame",
        ),
    ])
}

/// b_S = b_I exp(R(1 + 2|b_I|²)).
pub(super) fn interaction_to_static(
    variant: &Variant,
    values: Values<'_>,
    z: &[c64; 2],
    t: f64,
) -> Result<[c64; 2], PaperError> {
    let binding = variant.model.bind(values)?;
    let get = |name: String| Ok::<f64, PaperError>(binding.value(variant.model.parameters.find(&name)?));
    let mut out = *z;
    for (k, b) in out.iter_mut().enumerate() {
        let rate =
            get(format!("omega{}", k + 1))? * get("lambda".into())?.powi(2) / (2.0 * get(format!("N{}", k + 1))?);
        *b *= c64::from_polar(1.0, rate * t * (1.0 + 2.0 * b.norm_sqr()));
    }
    Ok(out)
}

/// The derived model with the classical Hamiltonian −K_j(n_j² + n_j) of the interaction picture.
pub(super) fn classical_text() -> Result<String, PaperError> {
    let text = crate::file::builtin(DERIVED).map(|b| b.text).unwrap_or_default();
    let free = "\"-theta*n(b1) + theta*n(b2) - K1*n(b1)^2 - K2*n(b2)^2\"";
    let exchange = "\"sigma_z/X*dag(S)*S\"";
    if !text.contains(free) || !text.contains(exchange) {
        return Err(trouble(DERIVED, "its Hamiltonian is written in another way"));
    }
    Ok(text
        .replace(free, "\"normal(-theta*n(b1) + theta*n(b2) - K1*(n(b1)^2 + n(b1)) - K2*(n(b2)^2 + n(b2)))\"")
        .replace(exchange, "\"sigma_z/X*normal(dag(S)*S)\""))
}
