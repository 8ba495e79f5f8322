//! Closed forms, the density matrix, and sameness.

use super::super::problem::Stationary;
use super::super::{Counting, Density, Evolution, Problem, SteadyMethod, steady_state};
use super::ensemble::run_in_batches;
use super::*;
use crate::levels::stochastic::ensemble::Watch;
use crate::levels::tests::model;
use crate::measures::Moments;
use crate::model::Model;

const MEMORY: f64 = 1e9;

fn bound(model: &Model, cutoff: Cutoff) -> Jumps {
    Jumps::new(model, &model.bind(&[]).unwrap(), cutoff).unwrap()
}

fn ensemble(jumps: &Jumps, plan: &Plan) -> Outcome {
    run(jumps, plan, Watch::default()).unwrap()
}

/// Two coupled Kerr modes with a thermal bath, two-photon loss and a correlated jump; `drive` is a term of H.
fn pair(drive: &str) -> Model {
    let h = format!("0.7*n(a) - 0.3*n(b) + 0.2*dag(a)^2*a^2 + 0.4*(dag(a)*b + h.c.) + {drive}");
    model(
        &["a", "b"],
        &[],
        &h,
        "",
        &["sqrt(0.6)*a", "sqrt(0.2)*dag(a)", "sqrt(0.1)*a^2", "sqrt(0.3)*(b + 0.5*i*a)"],
        &[["a", "0.5 - 0.3*i", "0.2", "0.2", "0.4"], ["b", "0", "0", "0", "0"]],
    )
}

/// Moments and density matrices of 3000 trajectories against the master equation, below product and total cut-offs, with and without
/// a drive that depends on the time.
#[test]
fn averages_are_those_of_the_master_equation() {
    for (drive, cutoff) in [
        ("0.4*(a + dag(a))", Cutoff::Product(vec![9, 7])),
        ("0.4*(a + dag(a))", Cutoff::Total(8)),
        ("0.6*cos(1.7*t)*(a + dag(a))", Cutoff::Product(vec![9, 7])),
    ] {
        let model = pair(drive);
        let binding = model.bind(&[]).unwrap();
        let problem = Problem::new(&model, &binding, cutoff.clone(), MEMORY).unwrap();
        let jumps = bound(&model, cutoff.clone());
        let times = vec![0.0, 0.8, 2.5];
        let mut plan = Plan::new(3, 3000, times.clone());
        plan.density = Some(problem.start.layout().clone());
        let outcome = ensemble(&jumps, &plan);
        let (mut state, mut now) = (problem.start, 0.0);
        let mut evolution = Evolution::new(problem.generator, 1e-11);
        let mut worst = 0.0_f64;
        for (j, &t) in times.iter().enumerate() {
            evolution.advance(&mut state, now, t).unwrap();
            now = t;
            let sums = outcome.sums(j);
            assert_eq!(sums.count, 3000.0);
            let (exact, found) = (state.moments(), sums.moments(2));
            // Standard errors from the blocks.
            let moments: Vec<FockMoments> = outcome.blocks.iter().map(|b| b.sums[j].moments(2)).collect();
            let error = |of: &dyn Fn(&FockMoments) -> f64| {
                let (n, values): (f64, Vec<f64>) = (moments.len() as f64, moments.iter().map(of).collect());
                let mean = values.iter().sum::<f64>() / n;
                (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n * (n - 1.0))).sqrt()
            };
            let quantities: [&dyn Fn(&FockMoments) -> f64; 6] = [
                &|m| m.mean[0].re,
                &|m| m.mean[0].im,
                &|m| m.mean[1].re,
                &|m| m.covariance(0, 0)[0][0] + m.covariance(0, 0)[1][1] + 2.0 * m.mean[0].norm_sqr(),
                &|m| m.covariance(1, 1)[0][0] + 2.0 * m.mean[1].re.powi(2),
                &|m| m.covariance(0, 1)[0][1] + 2.0 * m.mean[0].re * m.mean[1].im,
            ];
            for of in quantities {
                let (distance, error) = ((of(&found) - of(&exact)).abs(), error(of));
                worst = worst.max(distance / error.max(1e-12));
                assert!(distance < 4.5 * error + 1e-9, "{cutoff} {drive} t = {t}: {distance} {error}");
            }
            assert!((sums.edge() - state.edge_weight()).abs() < 0.01);
            // The density matrix has the moments of its own sums, and lies where it should.
            let mean = sums.state(plan.density.as_ref().unwrap());
            assert!((mean.trace() - 1.0).abs() < 1e-12);
            assert!((mean.moments().mean[0] - found.mean[0]).norm() < 1e-10);
            assert!((&mean.moments().covariance - &found.covariance).norm_max() < 1e-10);
            assert!(distance(&mean, &state) < 0.04, "{}", distance(&mean, &state));
        }
        // Errors that are never reached would be too large.
        assert!(worst > 0.8, "{worst}");
    }
}

use super::super::FockMoments;

/// |ρ − σ| in the norm of Hilbert and Schmidt.
fn distance(one: &Density, two: &Density) -> f64 {
    let mut rest: Vec<f64> = one.data().to_vec();
    rest.iter_mut().zip(two.data()).for_each(|(x, y)| *x -= y);
    Density::from_planes(one.layout().clone(), rest).purity().sqrt()
}

/// Largest distance of an empirical distribution from F, times √n; above 1.95 in one of a thousand samples.
fn kolmogorov(mut times: Vec<f64>, of: impl Fn(f64) -> f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let n = times.len() as f64;
    let reach = |(k, t): (usize, &f64)| (of(*t) - k as f64 / n).abs().max((of(*t) - (k + 1) as f64 / n).abs());
    times.iter().enumerate().map(reach).fold(0.0, f64::max) * n.sqrt()
}

/// A coherent state that decays stays coherent: its jumps are those of a Poisson process of the rate γ|α|²e^{−γt}.
#[test]
fn a_decaying_coherent_state_clicks_like_poisson() {
    let model = model(&["a"], &[], "1.3*n(a)", "", &["sqrt(0.5)*a"], &[["a", "1.6*i", "0", "0", "0"]]);
    let jumps = bound(&model, Cutoff::Product(vec![25]));
    assert!(jumps.starts_pure());
    let mut plan = Plan::new(8, 4000, vec![1.0, 30.0]);
    plan.events = true;
    let outcome = ensemble(&jumps, &plan);
    let (n, gamma) = (2.56_f64, 0.5_f64);
    let events: Vec<&Vec<Event>> = outcome.blocks.iter().flat_map(|b| &b.events).collect();
    let first: Vec<f64> = events.iter().filter_map(|e| e.first()).map(|e| e.time).collect();
    let none = (-n).exp();
    let law = |t: f64| (1.0 - (-n * (1.0 - (-gamma * t).exp())).exp()) / (1.0 - none);
    assert!(kolmogorov(first, law) < 1.95);
    let counts: Vec<f64> = outcome.counts().map(|c| f64::from(c[0])).collect();
    let mean = counts.iter().sum::<f64>() / 4000.0;
    let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 3999.0;
    let silent = counts.iter().filter(|c| **c == 0.0).count() as f64 / 4000.0;
    assert!((mean - n).abs() < 4.0 * (n / 4000.0).sqrt(), "{mean}");
    assert!((variance - n).abs() < 4.0 * ((2.0 * n * n + n) / 4000.0).sqrt(), "{variance}");
    assert!((silent - none).abs() < 4.0 * (none / 4000.0).sqrt());
    // Every trajectory is at the coherent state of its time, jumps or not.
    let state = outcome.sums(0).moments(1);
    let exact = huygens_numerics::c64::new(0.0, 1.6) * huygens_numerics::c64::new(-0.25, -1.3).exp();
    assert!((state.mean[0] - exact).norm() < 1e-6, "{} {exact}", state.mean[0]);
}

/// Resonance fluorescence of two levels, H = Ω/2 (a + a†) and √γ a: after a jump the next one has the waiting time
/// w(τ) = γ (Ω/λ)² e^{−γτ/2} sin²(λτ/2), λ² = Ω² − γ²/4 (H. J. Carmichael et al., PRA 39, 1200 (1989)); driven in a frame that turns it is
/// the same.
#[test]
fn two_driven_levels_have_the_waiting_times_of_resonance_fluorescence() {
    for h in ["1.0*(a + dag(a))", "0.8*n(a) + 1.0*(exp(0.8*i*t)*a + exp(-0.8*i*t)*dag(a))"] {
        let (omega, gamma) = (2.0_f64, 0.9_f64);
        let model = model(&["a"], &[], h, "", &["sqrt(0.9)*a"], &[]);
        let jumps = bound(&model, Cutoff::Product(vec![2]));
        let mut plan = Plan::new(21, 96, vec![60.0]);
        plan.events = true;
        let outcome = ensemble(&jumps, &plan);
        let mut waits = Vec::new();
        for events in outcome.blocks.iter().flat_map(|b| &b.events) {
            waits.extend(events.windows(2).map(|pair| pair[1].time - pair[0].time));
        }
        assert!(waits.len() > 1500, "{}", waits.len());
        let lambda = (omega * omega - 0.25 * gamma * gamma).sqrt();
        // ∫₀ᵗ w, with 2 sin² = 1 − cos.
        let law = |t: f64| {
            let b = 0.5 * gamma;
            let plain = (1.0 - (-b * t).exp()) / b;
            let turning = (b + (-b * t).exp() * (lambda * (lambda * t).sin() - b * (lambda * t).cos()))
                / (b * b + lambda * lambda);
            0.5 * gamma * (omega / lambda).powi(2) * (plain - turning)
        };
        assert!((law(200.0) - 1.0).abs() < 1e-12);
        let distance = kolmogorov(waits, law);
        assert!(distance < 1.95, "{h}: {distance}");
    }
}

/// Thermal relaxation: quanta that go out and in, ∫γ(n̄ + 1)n dt and ∫γn̄(n + 1) dt with n(t) = n̄ + (n₀ − n̄)e^{−γt}.
#[test]
fn thermal_relaxation_exchanges_its_quanta() {
    let model = model(
        &["a"],
        &[],
        "1.0*n(a)",
        "",
        &["sqrt(0.5*1.4)*a", "sqrt(0.5*0.4)*dag(a)"],
        &[["a", "0", "1.5", "0", "0"]],
    );
    let jumps = bound(&model, Cutoff::Product(vec![40]));
    assert!(!jumps.starts_pure());
    let outcome = ensemble(&jumps, &Plan::new(2, 3000, vec![4.0]));
    let (gamma, nbar, n0, t) = (0.5_f64, 0.4, 1.5, 4.0);
    let excess = (n0 - nbar) * (1.0 - (-gamma * t).exp()) / gamma;
    let expected = [gamma * (nbar + 1.0) * (nbar * t + excess), gamma * nbar * ((nbar + 1.0) * t + excess)];
    for (k, expected) in expected.into_iter().enumerate() {
        let counts: Vec<f64> = outcome.counts().map(|c| f64::from(c[k])).collect();
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let spread = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / counts.len() as f64;
        let error = (spread / counts.len() as f64).sqrt();
        assert!((mean - expected).abs() < 4.0 * error, "{k}: {mean} {expected} {error}");
    }
    assert!(outcome.lost() < 1e-4);
}

/// Between two baths: mean and variance of the quanta that go into the first one, against full counting statistics.
#[test]
fn counts_have_the_cumulants_of_counting_statistics() {
    let jumps_of = ["sqrt(1.3)*a", "sqrt(0.3)*dag(a)", "sqrt(0.7*2)*a", "sqrt(0.7)*dag(a)"];
    let model = model(&["a"], &[], "1.0*n(a) + 0.3*(a + dag(a))", "", &jumps_of, &[["a", "0", "0.6", "0", "0"]]);
    let binding = model.bind(&[]).unwrap();
    let cutoff = Cutoff::Product(vec![24]);
    let stationary = Stationary::new(&model, &binding, cutoff.clone(), MEMORY).unwrap();
    let steady = steady_state(&stationary.generator, SteadyMethod::Automatic, MEMORY).unwrap();
    let exact = Counting::new(&stationary, &steady.density, MEMORY).cumulants(&[1.0, -1.0, 0.0, 0.0]).unwrap();
    let mut plan = Plan::new(5, 1500, vec![10.0, 70.0]);
    plan.count_from = 10.0;
    let outcome = ensemble(&bound(&model, cutoff), &plan);
    let counts: Vec<f64> = outcome.counts().map(|c| f64::from(c[0]) - f64::from(c[1])).collect();
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (n - 1.0);
    assert!((mean / 60.0 - exact.mean).abs() < 4.0 * (variance / n).sqrt() / 60.0, "{} {}", mean / 60.0, exact.mean);
    // The variance has the relative error √(2/n), and a constant of the order of one event beside its growth.
    let noise = variance / 60.0;
    assert!((noise - exact.noise).abs() < 4.0 * noise * (2.0 / n).sqrt() + 1.0 / 60.0, "{noise} {}", exact.noise);
}

/// The same bytes on any number of threads, in batches of any size, and in an ensemble of any size; other seeds differ.
#[test]
fn a_trajectory_is_the_same_wherever_it_is_computed() {
    for drive in ["0.4*(a + dag(a))", "0.6*cos(1.7*t)*(a + dag(a))"] {
        let model = pair(drive);
        let jumps = bound(&model, Cutoff::Product(vec![6, 5]));
        let mut plan = Plan::new(11, 77, vec![0.5, 2.0]);
        plan.events = true;
        let one = ensemble(&jumps, &plan);
        assert!(one.blocks.iter().any(|b| b.events.iter().any(|e| e.len() > 2)));
        for threads in [2, 7] {
            plan.threads = threads;
            let mut other = ensemble(&jumps, &plan);
            // The work of a thread is not a result.
            other.blocks.iter_mut().zip(&one.blocks).for_each(|(a, b)| a.work = b.work);
            assert_eq!(one.blocks, other.blocks);
        }
        plan.threads = 1;
        let same = |other: Outcome| {
            for (a, b) in one.blocks.iter().zip(&other.blocks) {
                assert_eq!((&a.sums, &a.counts, &a.events, a.kept), (&b.sums, &b.counts, &b.events, b.kept));
            }
        };
        same(run_in_batches::<1>(&jumps, &plan, Watch::default()).unwrap());
        same(run_in_batches::<4>(&jumps, &plan, Watch::default()).unwrap());
        same(run_in_batches::<16>(&jumps, &plan, Watch::default()).unwrap());
        plan.trajectories = 20;
        let few = ensemble(&jumps, &plan);
        let events = |o: &Outcome| o.blocks.iter().flat_map(|b| b.events.clone()).collect::<Vec<_>>();
        assert_eq!(events(&few)[..], events(&one)[..20]);
        plan.seed = 12;
        assert_ne!(events(&few), events(&ensemble(&jumps, &plan)));
    }
}

/// A tighter tolerance moves jumps by less than the looser one allows.
#[test]
fn jump_times_are_located_to_the_tolerance() {
    for drive in ["0.4*(a + dag(a))", "0.6*cos(1.7*t)*(a + dag(a))"] {
        let model = pair(drive);
        let jumps = bound(&model, Cutoff::Product(vec![6, 5]));
        let mut plan = Plan::new(4, 16, vec![3.0]);
        plan.events = true;
        let times = |tolerance: f64| {
            let outcome = ensemble(&jumps, &Plan { tolerance, ..plan.clone() });
            outcome.blocks.into_iter().flat_map(|b| b.events).flatten().map(|e| e.time).collect::<Vec<f64>>()
        };
        let (fine, coarse) = (times(1e-12), times(1e-8));
        assert_eq!(fine.len(), coarse.len());
        assert!(fine.len() > 20);
        for (a, b) in fine.iter().zip(&coarse) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}

/// What has no jumps, or weights, is told so.
#[test]
fn models_without_plain_trajectories_are_refused() {
    let gain = model(&["a"], &[], "n(a)", "0.1*n(a)", &["a"], &[]);
    let error = Jumps::new(&gain, &gain.bind(&[]).unwrap(), Cutoff::Product(vec![5])).unwrap_err();
    assert!(error.to_string().contains("leave out --trajectories"), "{error}");
    // Without jumps the ensemble is one pure state.
    let closed = model(&["a"], &[], "n(a)", "", &[], &[["a", "1", "0", "0", "0"]]);
    let outcome = ensemble(&bound(&closed, Cutoff::Product(vec![20])), &Plan::new(1, 4, vec![std::f64::consts::PI]));
    assert!((outcome.sums(0).moments(1).mean[0] + 1.0).norm() < 1e-6);
    assert!(outcome.counts().all(Vec::is_empty));
}
