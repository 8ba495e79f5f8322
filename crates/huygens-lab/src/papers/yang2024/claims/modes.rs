//! The coupled-mode picture: what the light makes of the two membranes.

use std::f64::consts::TAU;
use std::sync::Arc;

use huygens::experiment::Options;

use super::super::laboratory::{
    Bench, C, FREQUENCY_NARROW, FREQUENCY_WIDE, MU_A, MU_B, NARROW, PRODUCTION, RATIO, WIDE, geometric, grid, printed,
    value,
};
use crate::file;
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["effective-coupling", "eigenvalues", "damping-repulsion", "level-attraction", "in-phase", "linear"];
pub(in super::super) const MECHANISM_IDS: &[&str] = &["dissipative-mechanism", "coherent-coupling"];

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let names = [NARROW, WIDE, FREQUENCY_NARROW, FREQUENCY_WIDE];
    let full = Bench::steady(&names)?;
    let small = Bench::membranes(&names, Options { eliminate: vec!["a".into()], ..Options::default() })?;
    let detuning = full.parameter("omega1", &[])? - full.parameter("omega2", &[])?;
    let gamma = [full.parameter("gamma1", &[])?, full.parameter("gamma2", &[])?];
    let second = full.parameter("omega2", &[])?;
    let coupling = |g: f64| full.coupling(&[("g", g)]);
    let strength = full.parameter("G2", &[("g", 0.013)])?;
    // χ_c from Λ = G₁G₂χ_c, G₁ = −G₂.
    let chi = coupling(0.013)? / -(strength * strength);
    let gs = [0.001, 0.005, 0.013, 0.04, 0.1];
    let mut effective = Claim::new(
        "effective-coupling",
        "text before Fig. 2",
        "The light can be eliminated: what is left are two modes coupled by Lambda = G_1 G_2 chi_c",
        "\"the system can be approximated to a coupled-mode model ... after eliminating the cavity field\"",
    )
    .value_in("Re chi_c", chi.re, 12, "s/rad")
    .value_in("Im chi_c", chi.im, 12, "s/rad");
    let mut eigenvalues = Claim::new(
        "eigenvalues",
        "lambda_+- as printed",
        "lambda_+- give the frequencies and linewidths of the normal modes",
        "lambda_+- = (Dw/2 - i(g1 + g2 + 4 Gamma)/4) +- sqrt((Dw - i(g1 - g2)/2)^2/4 + (delta + i Gamma)^2)",
    );
    let (mut worst, mut common) = (0.0_f64, 0.0_f64);
    // Of both linewidths at each coupling, rising.
    let mut errors = Vec::new();
    let mut repulsion = Vec::new();
    let mut levels = Vec::new();
    for g in gs {
        let (one, two) = (full.run(&[("g", g)])?, small.run(&[("g", g)])?);
        let [narrow, wide] = printed(detuning, gamma, coupling(g)?);
        for (name, printed) in [(NARROW, -2.0 * narrow.im), (WIDE, -2.0 * wide.im)] {
            let (exact, reduced) = (value(&one, name)?, value(&two, name)?);
            effective = effective.value(format!("{name} at g = {g}, eliminated over full"), reduced / exact, 6);
            errors.push((reduced / exact - 1.0).abs());
            worst = worst.max((printed / reduced - 1.0).abs());
        }
        let shift = value(&one, FREQUENCY_NARROW)? - second - narrow.re;
        common = common.max((shift / coupling(g)?.re + 1.0).abs());
        eigenvalues = eigenvalues
            .value_in(format!("gamma_+/2pi at g = {g}, printed"), -2.0 * narrow.im / TAU, 8, "Hz")
            .value_in(format!("gamma_-/2pi at g = {g}, printed"), -2.0 * wide.im / TAU, 8, "Hz")
            .value_in(format!("omega_+/2pi at g = {g}, printed"), narrow.re / TAU, 8, "Hz")
            .value_in(
                format!("omega_+/2pi at g = {g}, full"),
                (value(&one, FREQUENCY_NARROW)? - second) / TAU,
                8,
                "Hz",
            );
        repulsion.push(value(&one, WIDE)? - value(&one, NARROW)?);
        levels.push([narrow.re / TAU, wide.re / TAU]);
    }
    let delta = coupling(0.013)?.re / TAU;
    // δ/Γ at any red detuning.
    let mut smallest = (f64::INFINITY, 0.0);
    for kilohertz in geometric(1.0, 5000.0, 120) {
        let lambda = full.coupling(&[("Delta", -TAU * 1e3 * kilohertz)])?;
        smallest = if lambda.re / lambda.im < smallest.0 { (lambda.re / lambda.im, kilohertz) } else { smallest };
    }
    watch.go_on()?;
    let bench = Bench::steady(&[C, MU_A, MU_B[0], MU_B[1], PRODUCTION, NARROW])?;
    let mut turned = 0.0_f64;
    let mut same = 0.0_f64;
    for g in grid(0.002, 0.1, 25) {
        let (out, inn) = (bench.run(&[("g", g), ("sign", 1.0)])?, bench.run(&[("g", g)])?);
        turned = turned.max((value(&out, C)? + value(&inn, C)?).abs());
        for name in [MU_A, MU_B[0], MU_B[1], PRODUCTION, NARROW] {
            same = same.max((value(&out, name)? / value(&inn, name)? - 1.0).abs());
        }
    }
    let antiphase = value(&bench.run(&[("g", 0.04), ("sign", 1.0)])?, C)?;
    Ok(vec![
        effective.verdict(
            Verdict::graded(errors.iter().all(|e| *e < 1e-9), errors[..6].iter().all(|e| *e < 1e-3)),
            "For weak coupling: the linewidths of the full model to 1e-4 near G_t, to a few per cent at g = 0.1. chi_c itself is in \
             the Supplement; here it comes out of the elimination of the light from the model file, with G = 2 g sqrt(n_cav)",
        ),
        eigenvalues
            .value("largest relative error of the printed linewidths against the eliminated model", worst, 2)
            .value_in("delta/2pi at g = 0.013", delta, 4, "Hz")
            .value("largest relative error of -delta as the missing shift", common, 2)
            .verdict(
                Verdict::with_condition(worst < 1e-9 && common < 0.2),
                "Linewidths and splitting are right. The real parts count from omega_2 and lack a shift that both modes share, the \
                 optical spring -delta: the diagonal of the coupled-mode matrix has -delta - i Gamma, the formula only -i Gamma",
            ),
        Claim::new(
            "damping-repulsion",
            "text on Fig. 2b",
            "Dissipative coupling drives the linewidths apart",
            "\"the dissipative coupling causes the damping repulsion\"",
        )
        .values("(gamma_- - gamma_+)/2pi in Hz at g = 0.001, 0.005, 0.013, 0.04, 0.1", &repulsion.iter().map(|r| r / TAU).collect::<Vec<_>>(), 5)
        .verdict(Verdict::of(repulsion.windows(2).all(|w| w[1] > w[0])), "The difference of the linewidths grows throughout"),
        Claim::new(
            "level-attraction",
            "text on Fig. 2b",
            "Dissipative coupling draws the levels together",
            "\"the dissipative coupling causes ... level attraction\"",
        )
        .values("Re lambda_+/2pi in Hz, printed", &levels.iter().map(|l| l[0]).collect::<Vec<_>>(), 5)
        .values("Re lambda_-/2pi in Hz", &levels.iter().map(|l| l[1]).collect::<Vec<_>>(), 5)
        .value("smallest delta/Gamma at any red detuning", smallest.0, 4)
        .value_in("at |Delta|/2pi", smallest.1, 3, "kHz")
        .verdict(
            Verdict::of((levels[4][0] - levels[4][1]).abs() < (levels[0][0] - levels[0][1]).abs()),
            "The levels move apart, by the paper's own formula: below the resolved-sideband limit (omega < kappa/2) the coherent part \
             delta exceeds Gamma at every red detuning. Spectral peaks merge because the shifted mode is broad, not because levels meet. \
             With Gamma alone the levels do attract (claim `dissipative-mechanism`)",
        ),
        Claim::new(
            "in-phase",
            "text on Fig. 2b",
            "G_1 = -G_2 locks in phase, G_1 = G_2 out of phase",
            "\"the opposite sign ... leads to the in-phase synchronization, while the same ... the out-of-phase\"",
        )
        .value("C at g = 0.04 with G_1 = G_2", antiphase, 10)
        .value("largest |C(G_1 = G_2) + C(G_1 = -G_2)|", turned, 2)
        .value("largest relative change of linewidth, fluxes, entropy production", same, 2)
        .verdict(Verdict::of(turned < 1e-9 && antiphase < -0.9), "An exact symmetry, q_2 -> -q_2: C changes its sign and nothing else changes"),
        Claim::new(
            "linear",
            "text before Fig. 2",
            "Such synchronization needs no nonlinearity",
            "\"it can occur in an effective linear system\"",
        )
        .value("C at g = 0.04 of the linear model", bench.at(0.04, C)?, 6)
        .value_in("rate at which its slowest oscillation dies without noise", 0.5 * bench.at(0.04, NARROW)?, 4, "1/s")
        .verdict(
            Verdict::graded(
                bench.at(0.04, C)? > 0.9 && bench.at(0.04, NARROW)? <= 0.0,
                bench.at(0.04, C)? > 0.9,
            ),
            "If correlated noise of a common normal mode is called synchronization: nothing keeps an amplitude or a phase here, \
             and without the noise both clocks stop",
        ),
    ])
}

pub(in super::super) fn mechanism(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let text = include_str!("coupled-modes.toml");
    let model = Arc::new(file::parse("coupled-modes.toml", text, None, &[])?.model);
    let bench = Bench::new(model, &[C, RATIO, FREQUENCY_NARROW, FREQUENCY_WIDE], Options::default())?;
    let membranes = Bench::steady(&[C])?;
    let apart = |values: &[(&str, f64)]| -> Result<[f64; 3], PaperError> {
        let r = bench.run(values)?;
        let gap = (value(&r, FREQUENCY_NARROW)? - value(&r, FREQUENCY_WIDE)?).abs() / TAU;
        Ok([value(&r, C)?, value(&r, RATIO)?, gap])
    };
    let lambda = membranes.coupling(&[("g", 0.04)])?;
    let (loss, exchange) = (apart(&[("Gamma", lambda.im)])?, apart(&[("J", lambda.re)])?);
    Ok(vec![
        Claim::new(
            "dissipative-mechanism",
            "text before Fig. 2",
            "Synchronization rests on the dissipative coupling",
            "\"the synchronization relies on the dissipative coupling, which leads to the disparate decay rates of hybrid modes\"",
        )
        .value("C with both couplings of g = 0.04", membranes.at(0.04, C)?, 6)
        .value("C with Gamma alone", loss[0], 6)
        .value("gamma_+/gamma_- with Gamma alone", loss[1], 3)
        .value_in("|omega_+ - omega_-|/2pi with Gamma alone", loss[2], 3, "Hz")
        .verdict(
            Verdict::of(loss[0] > 0.9 && exchange[0].abs() < 1e-6),
            "Two modes with the imaginary part of Lambda alone synchronise as well, and there the levels do attract, from 200 Hz",
        ),
        Claim::new(
            "coherent-coupling",
            "text before Fig. 2",
            "Coherent coupling alone splits the modes and does not synchronise",
            "\"the coherent coupling only induces the mode splitting\"",
        )
        .value("C with delta alone", exchange[0], 3)
        .value("gamma_+/gamma_- with delta alone", exchange[1], 3)
        .value_in("|omega_+ - omega_-|/2pi with delta alone", exchange[2], 4, "Hz")
        .verdict(
            Verdict::of(exchange[0].abs() < 1e-3 && exchange[2] > 200.0),
            "Between baths of one temperature an exchange keeps the uncorrelated thermal state. Baths of unequal temperature would \
             be correlated by it, too",
        ),
    ])
}
