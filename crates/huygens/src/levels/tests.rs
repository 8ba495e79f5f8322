//! The levels on the optomechanical pair of Mari et al., built from bare operators.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::ode::Tolerance;

use super::equations::Equations;
use super::gaussian::{direct, orbit};
use super::kernel::{Bound, Kernel};
use super::mean_field::attractor::{self, Attractor};
use crate::algebra::{ModeId, Operator, Scalar};
use crate::measures::resolve;
use crate::model::{
    CorrelationSource, CorrelationText, JumpSource, ModeSource, Model, ModelSource, ParameterSource, StartSource,
    TermSource, Text,
};

pub(crate) fn text(x: impl Into<String>) -> Text {
    Text::new(x, "test")
}

/// A model from its text, H or H_c empty for none; jumps as `L` or `L kept q`; starts are mode, amplitude, occupation, squeezing and angle.
pub(crate) fn model(
    modes: &[&str],
    parameters: &[(&str, &str)],
    h: &str,
    hc: &str,
    jumps: &[&str],
    start: &[[&str; 5]],
) -> Model {
    correlated(modes, parameters, h, hc, jumps, start, &[])
}

/// The same with correlations of the start.
pub(crate) fn correlated(
    modes: &[&str],
    parameters: &[(&str, &str)],
    h: &str,
    hc: &str,
    jumps: &[&str],
    start: &[[&str; 5]],
    correlations: &[CorrelationSource],
) -> Model {
    let term = |name: &str, x: &str| match x {
        "" => Vec::new(),
        x => vec![TermSource { name: text(name), expression: text(x) }],
    };
    let source = ModelSource {
        name: "test".into(),
        modes: modes.iter().map(|m| ModeSource { name: text(*m), kind: text("boson") }).collect(),
        parameters: parameters
            .iter()
            .map(|(name, value)| ParameterSource {
                name: text(*name),
                value: text(*value),
                unit: String::new(),
                note: String::new(),
            })
            .collect(),
        hamiltonian: term("H", h),
        antihermitian: term("Hc", hc),
        jumps: jumps
            .iter()
            .map(|l| {
                let (l, kept) = l.split_once(" kept ").map_or((*l, None), |(l, q)| (l, Some(text(q))));
                JumpSource { operator: text(l), each: None, kept, members: false, label: l.into() }
            })
            .collect(),
        start: start
            .iter()
            .map(|[mode, amplitude, occupation, squeezing, angle]| StartSource {
                mode: text(*mode),
                amplitude: Some(text(*amplitude)),
                occupation: Some(text(*occupation)),
                squeezing: Some(text(*squeezing)),
                angle: Some(text(*angle)),
                ..StartSource::default()
            })
            .collect(),
        correlations: correlations.to_vec(),
        ..ModelSource::default()
    };
    Model::build(&source, &[]).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// Two-mode squeezing of a pair by r e^{iφ}.
pub(crate) fn squeezed(pair: [&str; 2], r: &str, phase: &str) -> CorrelationSource {
    let step = CorrelationText::Squeezing { strength: text(r), phase: Some(text(phase)) };
    CorrelationSource { modes: pair.map(text).to_vec(), each: None, step }
}

/// A beam splitter on a pair.
pub(crate) fn mixed(pair: [&str; 2], angle: &str, phase: &str) -> CorrelationSource {
    let step = CorrelationText::Mixing { angle: text(angle), phase: Some(text(phase)) };
    CorrelationSource { modes: pair.map(text).to_vec(), each: None, step }
}

/// The occupation of an oscillator of frequency `w` at the inverse temperature of the dimer.
pub(crate) fn thermal(w: &str) -> String {
    format!("1/(exp(beta*{w}) - 1)")
}

/// The two waveguides of Aifer et al. with amplitude and occupation of each start; `scale` multiplies their two-photon rates.
pub(crate) fn dimer(start: [[&str; 2]; 2]) -> Model {
    let jumps: Vec<String> = (1..3)
        .flat_map(|j| {
            let n = thermal(&format!("2*omega{j}"));
            [format!("sqrt(scale*gamma{j}*({n} + 1))*a{j}^2"), format!("sqrt(scale*gamma{j}*{n})*dag(a{j})^2")]
        })
        .collect();
    let [[z1, n1], [z2, n2]] = start;
    model(
        &["a1", "a2"],
        &[
            ("omega1", "2*pi"),
            ("omega2", "3*pi"),
            ("k", "1"),
            ("beta", "0.05"),
            ("gamma1", "0.00087"),
            ("gamma2", "0.0016"),
            ("scale", "1"),
        ],
        "omega1*(n(a1) + 1/2) + omega2*(n(a2) + 1/2)",
        "k/2*(dag(a1)*a2 + h.c.)",
        &jumps.iter().map(String::as_str).collect::<Vec<_>>(),
        &[["a1", z1, n1, "0", "0"], ["a2", z2, n2, "0", "0"]],
    )
}

/// Modes a1, b1, a2, b2 at the parameters of the paper.
pub(crate) fn pair(mu: f64) -> Bound {
    let (w, kappa, gamma, g, drive): ([f64; 2], f64, f64, f64, f64) = ([1.0, 1.005], 0.15, 0.005, 0.005, 48.0);
    let real = |x: f64| Scalar::real(x);
    let mut h = Operator::zero();
    let mut jumps = Vec::new();
    for j in 0..2 {
        let (a, b) = (ModeId(2 * j as u32), ModeId(2 * j as u32 + 1));
        h = h.add(&Operator::n(a).scale(&real(-w[j]))).add(&Operator::n(b).scale(&real(w[j])));
        let x = Operator::annihilation(b).add(&Operator::creation(b));
        h = h.sub(&Operator::n(a).mul(&x).scale(&real(g)));
        let kick = Operator::creation(a).sub(&Operator::annihilation(a)).scale(&Scalar::number(c64::new(0.0, drive)));
        h = h.add(&kick);
        jumps.push(Operator::annihilation(a).scale(&real((2.0 * kappa).sqrt())));
        jumps.push(Operator::annihilation(b).scale(&real((2.0 * gamma).sqrt())));
    }
    let (b1, b2) = (ModeId(1), ModeId(3));
    let hop = Operator::annihilation(b1).mul(&Operator::creation(b2));
    h = h.sub(&hop.add(&hop.adjoint()).scale(&real(mu)));
    assert!(h.is_hermitian());
    Arc::new(Kernel::new(&Equations::from_operators(4, 0, &h, &jumps))).bind(&[]).unwrap()
}

#[test]
fn direct_run_meets_the_reference() {
    let bound = pair(0.02);
    let names: Vec<String> = ["a1", "b1", "a2", "b2"].iter().map(|s| s.to_string()).collect();
    let sc = resolve("complete_sync(b1,b2)", &names, &[1, 3]).unwrap();
    let mut seen = Vec::new();
    let start = vec![c64::new(0.0, 0.0); 4];
    direct::run(&bound, &start, &direct::vacuum(4), &[100.0, 600.0], Tolerance::new(1e-10, 1e-10), 1e12, |_, s| {
        seen.push(sc.of(s).unwrap());
    })
    .unwrap();
    assert!((seen[0] / 0.10158296469171893 - 1.0).abs() < 1e-8, "{seen:?}");
    assert!((seen[1] / 0.22682472058442313 - 1.0).abs() < 1e-8, "{seen:?}");
}

#[test]
fn limit_cycle_meets_the_reference() {
    let bound = pair(0.02);
    let start = vec![c64::new(0.0, 0.0); 4];
    let found = attractor::find(&bound, &[], None, &start, &attractor::Options::default());
    let Attractor::Cycle(cycle) = found.attractor else { panic!("{:?}", found.attractor) };
    assert!((cycle.period / 6.438748163914409 - 1.0).abs() < 1e-11, "{}", cycle.period);
    let state = orbit::on_cycle(&bound, &cycle, false, 128, Tolerance::new(1e-11, 1e-11)).unwrap();
    let names: Vec<String> = ["a1", "b1", "a2", "b2"].iter().map(|s| s.to_string()).collect();
    let sc = resolve("complete_sync(b1,b2)", &names, &[1, 3]).unwrap();
    let values: Vec<f64> =
        state.samples.iter().map(|s| sc.of(&orbit::View::new(s, orbit::Treatment::Removed)).unwrap()).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!((mean / 0.2784251012 - 1.0).abs() < 1e-9, "{mean}");
    let growth = state.growth[(0, 0)];
    assert!((growth / 4.089724452640267e-07 - 1.0).abs() < 1e-8, "{growth}");
}

#[test]
fn bifurcations_meet_the_reference() {
    use super::mean_field::continuation::{Kind, Options, follow};
    let found = attractor::find(&pair(0.02), &[], None, &[c64::new(0.0, 0.0); 4], &attractor::Options::default());
    let Attractor::Cycle(cycle) = found.attractor else { panic!("{:?}", found.attractor) };
    let bind = |mu: f64| Ok(pair(mu));
    let up = follow(&bind, &cycle, 0.02, 0.16, &Options::default()).unwrap();
    let torus: Vec<_> = up.bifurcations.iter().filter(|b| b.kind == Kind::NeimarkSacker).collect();
    assert!((torus[0].parameter / 0.07785978368073632 - 1.0).abs() < 1e-9, "{up:?}", up = up.bifurcations);
    assert!((torus[0].angle / 1.3175777036839629 - 1.0).abs() < 1e-7);
    assert!((torus[1].parameter / 0.14816014916798448 - 1.0).abs() < 1e-9, "{up:?}", up = up.bifurcations);
    let down = follow(&bind, &cycle, 0.02, 0.0005, &Options { stop_at_fold: true, ..Options::default() }).unwrap();
    assert_eq!(down.bifurcations.len(), 1, "{:?} {}", down.bifurcations, down.end);
    assert!((down.bifurcations[0].parameter / 0.0013014916406841233 - 1.0).abs() < 1e-8, "{:?}", down.bifurcations);
}

/// The cycle of the driven van der Pol oscillator shrinks to a fixed point with |b|² = γ₁/(4γ₂), where the trace of the linearised
/// flow passes zero: at F² = |b|² ((γ₁/4)² + Δ²), with the frequency ω² = Δ² − (γ₁/4)². The branch ends there.
#[test]
fn a_cycle_that_shrinks_away_ends_in_a_hopf_bifurcation() {
    use super::mean_field::continuation::{Kind, Options, follow};
    for (gamma1, gamma2, delta) in [(1.0_f64, 0.05_f64, 1.0_f64), (0.3, 0.01, 0.4), (2.0, 0.5, -3.0)] {
        let force = (gamma1 / (4.0 * gamma2) * ((gamma1 / 4.0).powi(2) + delta * delta)).sqrt();
        let period = std::f64::consts::TAU / (delta * delta - (gamma1 / 4.0).powi(2)).sqrt();
        let bind = |f: f64| -> Result<Bound, String> {
            let b = Operator::annihilation(ModeId(0));
            let kick = b.adjoint().sub(&b).scale(&Scalar::number(c64::new(0.0, f)));
            let h = Operator::n(ModeId(0)).scale(&Scalar::real(-delta)).add(&kick);
            let gain = b.adjoint().scale(&Scalar::real(gamma1.sqrt()));
            let jumps = [gain, b.mul(&b).scale(&Scalar::real(gamma2.sqrt()))];
            let kernel = Kernel::new(&Equations::from_operators(1, 0, &h, &jumps));
            Arc::new(kernel).bind(&[]).map_err(|e| e.to_string())
        };
        let start = 0.3 * force;
        let bound = bind(start).unwrap();
        let found = attractor::find(&bound, &[], None, &[c64::new(1.0, 0.2)], &attractor::Options::default());
        let Attractor::Cycle(cycle) = found.attractor else { panic!("{:?}", found.attractor) };
        let branch = follow(&bind, &cycle, start, 3.0 * force, &Options::default()).unwrap();
        assert_eq!(branch.end, "the cycle has shrunk to a fixed point");
        let [hopf] = &branch.bifurcations[..] else { panic!("{:?}", branch.bifurcations) };
        assert_eq!(hopf.kind, Kind::Hopf);
        assert!((hopf.parameter / force - 1.0).abs() < 1e-12, "{hopf:?} {force}");
        assert!((hopf.period / period - 1.0).abs() < 1e-11, "{hopf:?} {period}");
        assert!(branch.points.iter().all(|p| p.parameter <= force && p.leading() < 1.0));
        let last = branch.points.last().unwrap();
        assert!(last.orbit.size < 0.1 * branch.points[0].orbit.size, "{}", last.orbit.size);
    }
}
