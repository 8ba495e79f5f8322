use std::f64::consts::{PI, TAU};

use huygens_numerics::c64;
use proptest::prelude::*;

use super::testing::{Pair, stream};
use super::*;

fn times(n: usize, step: f64) -> Vec<f64> {
    (0..n).map(|k| k as f64 * step).collect()
}

#[test]
fn the_analytic_signal_of_a_cosine_is_a_circle() {
    for n in [200usize, 201, 4, 5] {
        let x: Vec<f64> = (0..n).map(|k| 3.0 + 2.0 * (TAU * k as f64 / n as f64 + 0.3).cos()).collect();
        let z = analytic_signal(&x);
        for (k, z) in z.iter().enumerate() {
            let exact = c64::new(3.0, 0.0) + c64::from_polar(2.0, TAU * k as f64 / n as f64 + 0.3);
            assert!((z - exact).norm() < 1e-12, "{n} {k}: {z} {exact}");
        }
    }
    assert_eq!(analytic_signal(&[1.0]), [c64::new(1.0, 0.0)]);
    assert!(analytic_signal(&[]).is_empty());
    // whatever the signal, its real part stays
    let x: Vec<f64> = (0..77).map(|k| ((k * k) as f64 * 0.37).sin()).collect();
    assert!(analytic_signal(&x).iter().zip(&x).all(|(z, x)| (z.re - x).abs() < 1e-13));
}

#[test]
fn an_orbit_that_misses_its_centre_is_found() {
    // One full turn a cycle, and every fourth cycle so small that it misses the mean.
    let n = 4000;
    let x: Vec<f64> = (0..n)
        .map(|k| {
            let t = k as f64 / 100.0;
            let small = t.floor() as usize % 4 == 3;
            let wave = 1.0 - (TAU * t).cos();
            if small { 0.2 * wave } else { wave }
        })
        .collect();
    let starts: Vec<usize> = (0..40).map(|c| 100 * c + 50).collect();
    let orbit = Orbit::hilbert(&x, None).expect("an orbit");
    let winding = orbit.winding(&starts);
    assert_eq!(winding.cycles, 39);
    assert!(winding.share() < 0.85 && winding.excess <= -8, "{winding:?}");
    assert!(winding.closest < 0.5, "{winding:?}");
    // with its own turns counted from the events nothing is lost
    let ticks: Vec<f64> = starts.iter().map(|s| *s as f64).collect();
    let phase = EventPhase::new(&ticks).expect("ticks");
    assert!((phase.at(3950.0).expect("inside") - 39.0 * TAU).abs() < 1e-9);
    // a good orbit
    let x: Vec<f64> = (0..n).map(|k| (TAU * k as f64 / 100.0).cos()).collect();
    let good = Orbit::hilbert(&x, None).expect("an orbit").winding(&starts);
    assert!(good.share() == 1.0 && good.excess == 0 && good.backward == 0.0 && good.closest > 0.99, "{good:?}");
    // turning the other way is as good
    let conjugate: Vec<c64> = (0..n).map(|k| c64::from_polar(1.0, -TAU * k as f64 / 100.0)).collect();
    let other = Winding::of(&conjugate, &starts);
    assert!(other.share() == 1.0 && other.backward == 0.0, "{other:?}");
}

#[test]
fn a_protophase_becomes_a_uniform_phase() {
    // φ = ωt; θ = φ + 0.4 sin φ + 0.1 cos 2φ grows steadily; the density of θ is known.
    let phase: Vec<f64> = (0..20_000).map(|k| TAU * k as f64 / 133.7).collect();
    let theta: Vec<f64> = phase.iter().map(|p| p + 0.4 * p.sin() + 0.1 * (2.0 * p).cos()).collect();
    let transform = PhaseTransform::fit(&theta, 48).expect("whole cycles");
    let found = transform.apply(&theta);
    // the constant is free: φ(θ = 0) = 0 by construction
    let shift = found.iter().zip(&phase).map(|(f, p)| f - p).sum::<f64>() / phase.len() as f64;
    let worst = found.iter().zip(&phase).map(|(f, p)| (f - p - shift).abs()).fold(0.0, f64::max);
    assert!(worst < 4e-3, "{worst}");
    assert!(theta.iter().zip(&phase).any(|(t, p)| (t - p).abs() > 0.35), "the protophase is worse");
    assert!((0..100).all(|k| transform.density(0.0628 * f64::from(k)) > 0.0));
    // another embedding of the same oscillator gives the same phase: here an ellipse off its middle
    let x: Vec<f64> = phase.iter().map(|p| 3.0 * p.cos()).collect();
    let y: Vec<f64> = phase.iter().map(|p| p.sin()).collect();
    let orbit = Orbit::plane(&x, &y, (0.6, -0.2)).expect("an orbit");
    let theta = orbit.protophase();
    let found = PhaseTransform::fit(&theta, 48).expect("whole cycles").apply(&theta);
    let shift = found.iter().zip(&phase).map(|(f, p)| f - p).sum::<f64>() / phase.len() as f64;
    let worst = found.iter().zip(&phase).map(|(f, p)| (f - p - shift).abs()).fold(0.0, f64::max);
    assert!(worst < 6e-3, "{worst}");
}

#[test]
fn phases_come_from_events_by_interpolation() {
    let ticks = [1.0, 2.0, 4.0, 4.5];
    let phase = EventPhase::new(&ticks).expect("ticks");
    assert_eq!(phase.span(), (1.0, 4.5));
    assert_eq!(phase.at(0.99), None);
    assert_eq!(phase.at(4.51), None);
    for (t, turns) in [(1.0, 0.0), (1.5, 0.5), (2.0, 1.0), (3.0, 1.5), (4.25, 2.5), (4.5, 3.0)] {
        assert!((phase.at(t).expect("inside") - TAU * turns).abs() < 1e-12, "{t}");
    }
    assert_eq!(phase.sample(&[0.0, 1.0, 9.0]), [0.0]);
    assert!(matches!(EventPhase::new(&[1.0]), Err(PhaseError::TooFew { .. })));
    assert!(matches!(EventPhase::new(&[1.0, 3.0, 2.0]), Err(PhaseError::NotIncreasing { index: 2, .. })));
    assert!(matches!(EventPhase::new(&[1.0, f64::NAN]), Err(PhaseError::NotFinite { index: 1 })));
}

#[test]
fn bad_signals_are_named() {
    assert!(matches!(Orbit::hilbert(&[1.0; 3], None), Err(PhaseError::TooFew { .. })));
    assert!(matches!(Orbit::hilbert(&[1.0; 30], None), Err(PhaseError::Constant { .. })));
    assert!(matches!(Orbit::hilbert(&[1.0, 2.0, f64::NAN, 0.0], None), Err(PhaseError::NotFinite { index: 2 })));
    assert!(matches!(PhaseTransform::fit(&[0.1; 30], 4), Err(PhaseError::TooFew { .. })));
    assert!(matches!(order_parameter(&[&[0.0]]), Err(PhaseError::TooFew { .. })));
    assert!(matches!(Autoregressive::fit(&[2.0; 30], 4), Err(PhaseError::Constant { .. })));
    assert!(matches!(Twins::find(&[2.0; 50], 2, 3, 0.1), Err(PhaseError::Constant { .. })));
    assert!(matches!(directionality(&[0.0; 30], &[0.0; 30], 2), Err(PhaseError::TooFew { .. })));
}

#[test]
fn the_ratio_of_a_locked_pair_is_found() {
    for (n, m, rates) in [(1u32, 1u32, [1.0, 1.04]), (2, 3, [1.5, 1.03]), (1, 4, [4.1, 1.0])] {
        // n f₁ = m f₂ with n = 2, m = 3: f₁ = 1.5 f₂
        let pair = Pair { rates, ratio: [f64::from(n), f64::from(m)], coupling: [0.8, 0.8], diffusion: 0.02 };
        let [a, b] = pair.run(300.0, 0.05, &mut stream(u64::from(n)));
        let all = scan(&a, &b, &ratios(5));
        assert_eq!(all[0].ratio, Ratio { n, m }, "{:?}", &all[..3]);
        assert!(all[0].index > 0.9 && all[0].entropy > 0.3 && all[0].conditional > 0.8, "{:?}", all[0]);
        assert!(all[1].index < 0.5, "{:?}", all[1]);
        let delta = difference(&a, &b, all[0].ratio);
        assert!(slips(&delta, all[0].lag, 0.25).is_empty());
        assert!(locked_fraction(&delta, all[0].lag) > 0.95);
        // against the largest index of the same scan on shifted clocks
        let largest = |shift: usize| ratios(5).iter().map(|&r| correlate_shifts(&a, &b, r)[shift]).fold(0.0, f64::max);
        let shifts = random_shifts(a.len(), 400, 19, &mut stream(99)).expect("room");
        let null: Vec<f64> = shifts.iter().map(|&s| largest(s)).collect();
        assert!(p_value(all[0].index, &null) <= 0.05, "{:?} {null:?}", all[0]);
    }
}

#[test]
fn indices_have_their_limits() {
    let t = times(2000, 0.01);
    let a: Vec<f64> = t.iter().map(|t| TAU * t).collect();
    let b: Vec<f64> = t.iter().map(|t| TAU * t + 0.7).collect();
    let perfect = locking(&a, &b, Ratio::EQUAL);
    assert!((perfect.index - 1.0).abs() < 1e-12 && (perfect.lag + 0.7).abs() < 1e-12);
    assert!((perfect.entropy - 1.0).abs() < 1e-9 && perfect.conditional > 0.98);
    // an even spread of differences
    let c: Vec<f64> = t.iter().map(|t| TAU * 1.5 * t).collect();
    let none = locking(&a, &c, Ratio::EQUAL);
    assert!(none.index < 1e-10 && none.entropy < 1e-3, "{none:?}");
    // R² of N independent differences is 1/N in the mean: no bias is left
    let mut s = stream(3);
    let (mut raw, mut freed) = (0.0, 0.0);
    for _ in 0..400 {
        let x: Vec<f64> = (0..25).map(|_| TAU * s.uniform()).collect();
        let r = index(&x, &[0.0; 25], Ratio::EQUAL).norm();
        raw += r * r / 400.0;
        freed += (25.0 * r * r - 1.0) / 24.0 / 400.0;
    }
    assert!((raw - 0.04).abs() < 0.008 && freed.abs() < 0.008, "{raw} {freed}");
    assert_eq!(index_without_bias(0.1, 25.0), 0.0);
    assert_eq!(index_without_bias(1.0, 25.0), 1.0);
    assert_eq!(index_without_bias(0.9, 1.0), 0.0);
    assert_eq!(ratios(3).len(), 7);
    assert_eq!(ratios(2)[0], Ratio::EQUAL);
}

#[test]
fn slips_are_counted_once() {
    // Plateaus with wobbles of ±0.4 cycles and a staircase of known slips, up twice and down once.
    let mut delta = Vec::new();
    for (level, count) in [(0.0, 300), (1.0, 300), (2.0, 300), (1.0, 300)] {
        for k in 0..count {
            delta.push(TAU * (level + 0.4 * (0.21 * f64::from(k)).sin()));
        }
    }
    let found = slips(&delta, 0.0, 0.25);
    assert_eq!(found.iter().map(|s| s.cycles).collect::<Vec<_>>(), [1, 1, -1], "{found:?}");
    for (slip, at) in found.iter().zip([300, 600, 900]) {
        assert!(slip.sample.abs_diff(at) < 15, "{found:?}");
    }
    // a slow drift of 5 cycles slips 5 times, whatever the preferred value, and a fast one too
    for n in [1000, 40] {
        let drift: Vec<f64> = (0..=n).map(|k| -5.0 * TAU * f64::from(k) / f64::from(n) - 0.01).collect();
        assert_eq!(slips(&drift, 0.0, 0.25).iter().map(|s| s.cycles).sum::<i64>(), -5);
    }
    assert!(slips(&[], 0.0, 0.25).is_empty());
    // a difference that jitters about the middle passes it often, but its mean does not
    let jitter: Vec<f64> = (0..1000).map(|k| TAU * (0.001 * f64::from(k) + 0.1 * (2.1 * f64::from(k)).sin())).collect();
    assert!(slips(&jitter, 0.0, 0.5).len() > 10);
    assert_eq!(slips(&jitter, 0.0, 0.25).len(), 1);
    let mean = moving_mean(&jitter, 150);
    assert_eq!((mean.len(), slips(&mean, 0.0, 0.5).len()), (851, 1));
    assert_eq!(moving_mean(&[1.0, 3.0, 8.0], 2), [2.0, 5.5]);
    assert_eq!(moving_mean(&[1.0, 3.0], 9), [2.0]);
    assert!(
        (locked_fraction(&(0..1000).map(|k| 0.01 * f64::from(k) * TAU).collect::<Vec<_>>(), 1.0) - 0.5).abs() < 0.02
    );
}

#[test]
fn the_driver_is_told_from_the_driven() {
    for (coupling, expected) in [([0.25, 0.0], 1.0), ([0.0, 0.25], -1.0), ([0.2, 0.2], 0.0)] {
        let pair = Pair { rates: [1.0, 1.1], ratio: [1.0, 1.0], coupling, diffusion: 0.2 };
        let [a, b] = pair.run(1500.0, 0.1, &mut stream(5));
        let d = directionality(&a, &b, 9).expect("long enough");
        assert!((d.index - expected).abs() < 0.25, "{expected}: {d:?}");
        assert!(d.error < 0.35 && d.cycles > 1400.0, "{d:?}");
    }
    // nothing can be said of a perfectly locked pair
    let a: Vec<f64> = (0..4000).map(|k| 0.1 * TAU * f64::from(k)).collect();
    let b: Vec<f64> = a.iter().map(|a| a + 0.3).collect();
    assert_eq!(directionality(&a, &b, 10), Err(PhaseError::Degenerate));
}

/// Largest distance of the empirical distribution from the uniform one.
fn kolmogorov(mut p: Vec<f64>) -> f64 {
    p.sort_by(f64::total_cmp);
    let n = p.len() as f64;
    p.iter().enumerate().map(|(k, p)| (p - k as f64 / n).abs().max(((k + 1) as f64 / n - p).abs())).fold(0.0, f64::max)
}

#[test]
fn p_values_are_uniform_without_a_relation() {
    let all = ratios(2);
    let mut p = Vec::new();
    for run in 0..200 {
        let mut s = stream(1000 + run);
        let pair = Pair { rates: [1.0, 1.02], ratio: [1.0, 1.0], coupling: [0.0, 0.0], diffusion: 0.8 };
        let [a, b] = pair.run(120.0, 0.125, &mut s);
        let curves: Vec<Vec<f64>> = all.iter().map(|&r| correlate_shifts(&a, &b, r)).collect();
        let largest = |shift: usize| curves.iter().map(|c| c[shift]).fold(0.0, f64::max);
        let shifts = random_shifts(a.len(), 24, 99, &mut s).expect("room");
        p.push(p_value(largest(0), &shifts.iter().map(|&s| largest(s)).collect::<Vec<_>>()));
    }
    let d = kolmogorov(p);
    assert!(d < 1.63 / 200f64.sqrt() + 0.01, "Kolmogorov-Smirnov distance {d}");
}

#[test]
fn shifts_at_once_are_shifts_one_by_one() {
    let mut s = stream(1);
    let pair = Pair { rates: [1.0, 0.7], ratio: [1.0, 1.0], coupling: [0.3, 0.0], diffusion: 0.3 };
    let [a, b] = pair.run(30.0, 0.1, &mut s);
    for ratio in [Ratio::EQUAL, Ratio { n: 2, m: 3 }] {
        let all = correlate_shifts(&a, &b, ratio);
        for shift in [0usize, 1, 17, 299] {
            assert!((all[shift] - index(&shifted(&a, shift), &b, ratio).norm()).abs() < 1e-12);
        }
    }
    assert_eq!(shifted(&[1, 2, 3], 4), [2, 3, 1]);
    let shifts = random_shifts(100, 20, 500, &mut s).expect("room");
    assert!(shifts.iter().all(|s| (20..=80).contains(s)) && shifts.contains(&20) && shifts.contains(&80));
    assert!(random_shifts(10, 5, 1, &mut s).is_err());
}

#[test]
fn surrogates_keep_what_they_promise() {
    let mut s = stream(7);
    // a noisy resonance
    let mut x = vec![0.0, 0.0];
    for k in 2..6000 {
        x.push(1.7 * x[k - 1] - 0.9 * x[k - 2] + s.normal());
    }
    let model = Autoregressive::fit(&x, 20).expect("a fit");
    assert!((model.coefficients[0] - 1.7).abs() < 0.05 && (model.coefficients[1] + 0.9).abs() < 0.05, "{model:?}");
    assert!((model.noise - 1.0).abs() < 0.05, "{model:?}");
    let variance = |x: &[f64]| x.iter().map(|a| a * a).sum::<f64>() / x.len() as f64;
    let copy = model.series(6000, &mut s);
    assert!((variance(&copy) / variance(&x) - 1.0).abs() < 0.2);
    // spectra are kept exactly by random Fourier phases
    for n in [255usize, 256] {
        let y = phase_randomised(&x[..n], &mut s).expect("a series");
        let power = |x: &[f64]| huygens_numerics::fourier::rfft(x).iter().map(|z| z.norm()).collect::<Vec<_>>();
        assert!(power(&x[..n]).iter().zip(power(&y)).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + a)));
        assert!(x[..n].iter().zip(&y).any(|(a, b)| (a - b).abs() > 0.1));
    }
    // twins of a periodic signal: every run goes round as the original does
    let wave: Vec<f64> = (0..600).map(|k| (TAU * f64::from(k) / 30.0).cos()).collect();
    let twins = Twins::find(&wave, 2, 7, 0.1).expect("twins");
    assert!(twins.share() > 0.9, "{}", twins.share());
    let run = twins.surrogate(500, &mut s);
    let ends = run.windows(2).filter(|w| (w[1] % 30) != (w[0] + 1) % 30).count();
    assert!(ends < 25, "{ends}");
    let jumps = run.windows(2).filter(|w| w[1] != w[0] + 1).count();
    assert!(jumps > 200, "{jumps}");
    assert_eq!(p_value(1.0, &[]), 1.0);
}

#[test]
fn order_and_rates() {
    let t = times(4000, 0.01);
    let phases: Vec<Vec<f64>> =
        (0..3).map(|k| t.iter().map(|t| TAU * t + TAU / 3.0 * f64::from(k)).collect()).collect();
    let splay: Vec<&[f64]> = phases.iter().map(Vec::as_slice).collect();
    assert!(order_parameter(&splay).expect("phases").mean < 1e-12);
    let same = order_parameter(&[splay[0], splay[0]]).expect("phases");
    assert!((same.mean - 1.0).abs() < 1e-12 && same.deviation < 1e-12 && same.by_chance == 0.5);
    let rate = mean_rate(&t, &phases[1]).expect("a rate");
    assert!((rate.rate - 1.0).abs() < 1e-12 && rate.error < 1e-12);
    assert!(mean_rate(&t[..50], &phases[1][..50]).expect("a rate").error.is_infinite());
    // the error is that of phase diffusion, √(2D/T)/2π
    let pair = Pair { rates: [1.0, 1.0], ratio: [1.0, 1.0], coupling: [0.0, 0.0], diffusion: 0.1 };
    let mut errors = 0.0;
    let mut misses = 0.0;
    for k in 0..40 {
        let [a, _] = pair.run(200.0, 0.1, &mut stream(50 + k));
        let r = mean_rate(&times(a.len(), 0.1), &a).expect("a rate");
        errors += r.error / 40.0;
        misses += (r.rate - 1.0).powi(2) / 40.0;
    }
    let exact = (2.0 * 0.1 / 200.0f64).sqrt() / TAU;
    assert!((errors / exact - 1.0).abs() < 0.15 && (misses.sqrt() / exact - 1.0).abs() < 0.35, "{errors} {exact}");
}

proptest! {
    #[test]
    fn unwrapping_undoes_wrapping(steps in prop::collection::vec(-3.1f64..3.1, 1..60), start in -3.0f64..3.0) {
        let mut x = vec![start];
        for s in steps {
            x.push(x[x.len() - 1] + s);
        }
        let wrapped: Vec<f64> = x.iter().map(|x| x - TAU * ((x + PI) / TAU).floor()).collect();
        let back = unwrap(&wrapped);
        for (a, b) in x.iter().zip(&back) {
            prop_assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn indices_are_shares(a in prop::collection::vec(-50.0f64..50.0, 2..80), n in 1u32..5, m in 1u32..5) {
        let b: Vec<f64> = a.iter().rev().copied().collect();
        let l = locking(&a, &b, Ratio { n, m });
        for x in [l.index, l.entropy, l.conditional] {
            prop_assert!((0.0..=1.0 + 1e-12).contains(&x));
        }
        // exchanging the oscillators exchanges the ratio and turns the lag round
        let other = index(&b, &a, Ratio { n: m, m: n });
        prop_assert!((other.norm() - l.index).abs() < 1e-9);
    }
}
