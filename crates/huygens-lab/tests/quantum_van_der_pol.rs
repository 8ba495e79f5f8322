//! What is known of quantum van der Pol oscillators, from the built-in models at the fock level: the undriven state, entrainment
//! (Arnold tongue) and its limit of two levels, and the relative phase of two.

use approx::assert_relative_eq;
use huygens::experiment::{Experiment, Level, Options, Truncation};
use huygens::levels::fock::Cutoff;
use huygens::report::Report;
use huygens_lab::file;

fn rest(name: &str, values: &[(&str, f64)], cutoff: Cutoff, measures: &[&str]) -> Report {
    let model = file::load(name).unwrap_or_else(|e| panic!("{e}")).model;
    let binding = model.bind(values).unwrap();
    let truncation = Truncation { cutoff: Some(cutoff), certify: false, memory: 1e9, ..Truncation::default() };
    let options = Options { level: Level::Fock, truncation, ..Options::default() };
    let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
    Experiment::new(model.into(), &measures, options).unwrap().run(&binding).unwrap()
}

/// Undriven, the populations are those of a birth-and-death chain, n → n + 1 at γ₁(n + 1) and n → n − 2 at γ₂n(n − 1).
#[test]
fn undriven_populations() {
    let (gain, loss, top) = (1.0, 0.05, 60);
    let mut p = vec![1.0; top];
    // Uniformised long enough to forget the start.
    let out =
        |n: usize| gain * if n + 1 < top { (n + 1) as f64 } else { 0.0 } + loss * (n * n.saturating_sub(1)) as f64;
    let fastest = (0..top).map(out).fold(0.0, f64::max) * 1.01;
    for _ in 0..40_000 {
        let mut next: Vec<f64> = (0..top).map(|n| p[n] * (1.0 - out(n) / fastest)).collect();
        for n in 0..top {
            if n + 1 < top {
                next[n + 1] += p[n] * gain * (n + 1) as f64 / fastest;
            }
            if n >= 2 {
                next[n - 2] += p[n] * loss * (n * (n - 1)) as f64 / fastest;
            }
        }
        p = next;
    }
    let total: f64 = p.iter().sum();
    let mean = |f: &dyn Fn(f64) -> f64| p.iter().enumerate().map(|(n, p)| p * f(n as f64)).sum::<f64>() / total;
    let number = mean(&|n| n);
    let values = [("F", 0.0), ("gamma1", gain), ("gamma2", loss)];
    let report = rest("van-der-pol-driven", &values, Cutoff::Product(vec![top]), &["n(b)", "g2(b)", "entropy"]);
    assert_relative_eq!(report.value("n(b)").unwrap(), number, max_relative = 1e-8);
    assert_relative_eq!(report.value("g2(b)").unwrap(), mean(&|n| n * (n - 1.0)) / number.powi(2), max_relative = 1e-8);
    let entropy: f64 = p.iter().map(|p| p / total).map(|p| -p * p.ln()).sum();
    assert_relative_eq!(report.value("entropy").unwrap(), entropy, max_relative = 1e-8);
}

/// γ₂ → ∞ leaves two levels: the gain lifts 0 to 1 at γ₁ and empties 1 by way of 2 at 2γ₁, so that coherence decays at 3γ₁/2
/// (Lee and Sadeghpour, PRL 111, 234101 (2013); Walter, Nunnenkamp and Bruder, PRL 112, 094102 (2014)):
/// ⟨b⟩ = F(1 − 2p)/(3γ₁/2 − iΔ), p = (γ₁ + x)/(3γ₁ + 2x), x = 2F²·(3γ₁/2)/(9γ₁²/4 + Δ²).
#[test]
fn entrainment_of_two_levels() {
    for (drive, detuning) in [(0.3, 0.0), (0.3, 0.8), (1.1, -0.5)] {
        let values = [("F", drive), ("Delta", detuning), ("gamma2", 2e5)];
        let report = rest("van-der-pol-driven", &values, Cutoff::Product(vec![5]), &["n(b)", "phase_coherence(b)"]);
        let width = 2.25 + detuning * detuning;
        let x = 2.0 * drive * drive * 1.5 / width;
        let p = (1.0 + x) / (3.0 + 2.0 * x);
        assert_relative_eq!(report.value("n(b)").unwrap(), p, max_relative = 1e-4);
        let coherence = drive * (1.0 - 2.0 * p) / width.sqrt();
        assert_relative_eq!(report.value("phase_coherence(b)").unwrap(), coherence, max_relative = 1e-4);
    }
}

/// The Arnold tongue: phase coherence with the drive is largest at resonance, falls off evenly to both sides, and is wider for a
/// stronger drive; noise leaves no sharp border, and none of it is there without the drive.
#[test]
fn the_arnold_tongue() {
    let coherence = |drive: f64, detuning: f64| {
        let values = [("F", drive), ("Delta", detuning), ("gamma2", 0.2)];
        rest("van-der-pol-driven", &values, Cutoff::Product(vec![24]), &["phase_coherence(b)"])
            .value("phase_coherence(b)")
            .unwrap()
    };
    let detunings = [0.0, 0.1, 0.25, 0.5, 1.0, 2.0];
    let mut half_width = 0.0;
    for drive in [0.1, 0.3, 0.9] {
        let row: Vec<f64> = detunings.iter().map(|d| coherence(drive, *d)).collect();
        assert!(row.windows(2).all(|pair| pair[1] < pair[0]), "{drive}: {row:?}");
        assert_relative_eq!(coherence(drive, -0.5), row[3], max_relative = 1e-8);
        // Where the coherence is half of that at resonance.
        let (mut low, mut high) = (0.0, 4.0);
        for _ in 0..20 {
            let middle = 0.5 * (low + high);
            if coherence(drive, middle) > 0.5 * row[0] { low = middle } else { high = middle }
        }
        assert!(low > half_width, "{drive}: {low} after {half_width}");
        half_width = low;
    }
    assert!(coherence(0.0, 0.3) < 1e-12);
}

/// Two oscillators that lose their difference lock in phase: the distribution of φ₁ − φ₂ is flat without coupling, has its peak at 0
/// without detuning and beside it with one, on the side that the mean field has, sin(φ₁ − φ₂) = Δ/V.
#[test]
fn the_relative_phase_of_two() {
    let cutoff = || Cutoff::Product(vec![12, 12]);
    let measures = ["phase_distribution(b1,b2)", "phase_coherence(b1,b2)"];
    let peak = |detuning: f64, coupling: f64| {
        let values = [("gamma1", 0.1), ("gamma2", 0.05), ("Delta", detuning), ("V", coupling)];
        let report = rest("van-der-pol-pair", &values, cutoff(), &measures);
        let list = report.quantities[0].list.clone().unwrap();
        let highest = list.iter().copied().fold([0.0, 0.0], |a, b| if b[1] > a[1] { b } else { a });
        let lowest = list.iter().map(|p| p[1]).fold(f64::INFINITY, f64::min);
        let step = std::f64::consts::TAU / list.len() as f64;
        assert_relative_eq!(list.iter().map(|p| p[1] * step).sum::<f64>(), 1.0, max_relative = 1e-9);
        let angle = f64::atan2(highest[0].sin(), highest[0].cos());
        (angle, highest[1] - lowest, report.value(measures[1]).unwrap())
    };
    let (_, contrast, coherence) = peak(0.0, 0.0);
    assert!(contrast < 1e-10 && coherence < 1e-10, "{contrast} {coherence}");
    let (angle, contrast, coherence) = peak(0.0, 0.1);
    assert!(angle.abs() < 0.02 && contrast > 0.1 && coherence > 0.2, "{angle} {contrast} {coherence}");
    let (ahead, _, weaker) = peak(0.03, 0.1);
    let (behind, ..) = peak(-0.03, 0.1);
    assert!(ahead.abs() > 0.05 && (ahead + behind).abs() < 0.04 && weaker < coherence, "{ahead} {behind} {weaker}");
    // a ~ e^{−iωt}: the phase of the faster oscillator, the second, runs ahead to smaller values.
    assert!(ahead > 0.0, "{ahead}");
}
