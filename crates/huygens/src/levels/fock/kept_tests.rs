//! Records of which a part is kept: closed forms, anti-Hermitian models, counting, and trajectories.

use std::sync::Arc;

use approx::assert_relative_eq;
use huygens_numerics::c64;
use proptest::prelude::*;

use super::jumps::{self, Jumps, Plan};
use super::*;
use crate::levels::stochastic::ensemble::Watch;
use crate::levels::tests::model;
use crate::measures::Moments;
use crate::model::Model;

const MEMORY: f64 = 1e9;

fn evolved(model: &Model, given: &[(&str, f64)], cutoff: Cutoff, t: f64) -> Density {
    let problem = Problem::new(model, &model.bind(given).unwrap(), cutoff, MEMORY).unwrap();
    let mut state = problem.start;
    Evolution::new(problem.generator, 1e-12).advance(&mut state, 0.0, t).unwrap();
    state
}

fn distance(one: &Density, two: &Density) -> f64 {
    one.data().iter().zip(two.data()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

/// A driven Kerr oscillator coupled to a thermal one, its clicks kept with probability q, others always.
fn pair(kept: &str, hc: &str) -> Model {
    let jump = |l: &str, kept: &str| if kept.is_empty() { l.to_owned() } else { format!("{l} kept {kept}") };
    let jumps = [jump("sqrt(0.6)*a", kept), "sqrt(0.3)*b".to_owned(), jump("0.3*b^2", kept)];
    let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
    model(
        &["a", "b"],
        &[("z", "0.4")],
        "0.4*n(a) + 0.1*dag(a)^2*a^2 + 0.5*(a + dag(a)) + 0.3*(dag(a)*b + h.c.)",
        hc,
        &jumps,
        &[["a", "0.3", "0", "0", "0"], ["b", "0", "0.2", "0", "0"]],
    )
}

/// q = 1, as a number or a parameter, is the Lindblad equation to the last digit; q = 0 is H_c = −½ΣL†L over the jumps observed.
#[test]
fn all_kept_and_none_kept() {
    let cutoff = Cutoff::Product(vec![7, 6]);
    let lindblad = evolved(&pair("", ""), &[], cutoff.clone(), 1.3);
    let written = pair("1", "");
    assert!(!written.post_selects() && written.antihermitian.is_zero());
    for state in
        [evolved(&written, &[], cutoff.clone(), 1.3), evolved(&pair("z", ""), &[("z", 1.0)], cutoff.clone(), 1.3)]
    {
        assert_eq!(state.data(), lindblad.data());
    }
    let anti = model(
        &["a", "b"],
        &[],
        "0.4*n(a) + 0.1*dag(a)^2*a^2 + 0.5*(a + dag(a)) + 0.3*(dag(a)*b + h.c.)",
        "-0.3*n(a) - 0.045*dag(b)^2*b^2",
        &["sqrt(0.3)*b"],
        &[["a", "0.3", "0", "0", "0"], ["b", "0", "0.2", "0", "0"]],
    );
    let anti = evolved(&anti, &[], cutoff.clone(), 1.3);
    for state in
        [evolved(&pair("0", ""), &[], cutoff.clone(), 1.3), evolved(&pair("z", ""), &[("z", 0.0)], cutoff, 1.3)]
    {
        assert!(distance(&state, &anti) < 1e-12);
        assert_relative_eq!(state.log_trace(), anti.log_trace(), epsilon = 1e-12);
        assert!(state.log_trace() < -0.1);
    }
}

/// A damped cavity from a mixture of |n⟩: n − m clicks by t with the binomial weight C(n, m) e^{−γtm}(1 − e^{−γt})^{n−m}, each kept with q^{n−m};
/// the probability of the record from |n⟩ is (e^{−γt} + q(1 − e^{−γt}))ⁿ.
#[test]
fn number_states_decay_with_a_part_of_their_clicks() {
    let (gamma, t) = (0.8, 0.9);
    let model = model(&["a"], &[("z", "0.5")], "0.7*n(a)", "", &["sqrt(0.8)*a kept z"], &[]);
    let start = [0.05, 0.1, 0.02, 0.3, 0.03, 0.4, 0.1];
    for q in [0.0, 1e-6, 0.15, 0.5, 1.0] {
        let binding = model.bind(&[("z", q)]).unwrap();
        let problem = Problem::new(&model, &binding, Cutoff::Product(vec![start.len()]), MEMORY).unwrap();
        let layout = problem.start.layout().clone();
        if q == 0.0 {
            // Nothing leaves a number: each is a sector of its own, here that of the vacuum.
            assert_eq!(layout.len(), 1);
            continue;
        }
        let number = |ket: &[i32], bra: &[i32]| c64::new(if ket == bra { start[ket[0] as usize] } else { 0.0 }, 0.0);
        let (mut state, _) = Density::from_fn(layout, number);
        Evolution::new(problem.generator, 1e-12).advance(&mut state, 0.0, t).unwrap();
        let stay = f64::exp(-gamma * t);
        let of = |n: usize| (stay + q * (1.0 - stay)).powi(n as i32);
        let record: f64 = start.iter().enumerate().map(|(n, p)| p * of(n)).sum();
        assert_relative_eq!(state.log_trace().exp(), record, max_relative = 1e-11);
        for (m, population) in state.populations().into_iter().enumerate() {
            let mut weight = 0.0;
            for (n, p) in start.iter().enumerate().skip(m) {
                let ways: f64 = (0..n - m).map(|j| (n - j) as f64 / (j + 1) as f64).product();
                weight += p * ways * stay.powi(m as i32) * (q * (1.0 - stay)).powi((n - m) as i32);
            }
            assert_relative_eq!(population * record, weight, epsilon = 1e-12);
        }
    }
}

/// Two levels, an oscillator cut off above them, driven on resonance: without a click the state moves by Ω/2 σ_x − iγ/4 (1 + σ_z), in closed form.
#[test]
fn two_driven_levels_without_a_click() {
    let (omega, gamma, t) = (1.2, 0.9, 2.3);
    let model = model(&["a"], &[], "0.6*(a + dag(a))", "", &["sqrt(0.9)*a kept 0"], &[]);
    let state = evolved(&model, &[], Cutoff::Product(vec![2]), t);
    // ψ̇₀ = −iΩ/2 ψ₁, ψ̇₁ = −iΩ/2 ψ₀ − γ/2 ψ₁.
    let s = (0.25 * omega * omega - gamma * gamma / 16.0_f64).sqrt();
    let damp = f64::exp(-0.25 * gamma * t);
    let zero = damp * ((s * t).cos() + 0.25 * gamma / s * (s * t).sin());
    let one = damp * 0.5 * omega / s * (s * t).sin();
    let norm = zero * zero + one * one;
    assert_relative_eq!(state.log_trace().exp(), norm, max_relative = 1e-10);
    assert_relative_eq!(state.populations()[1], one * one / norm, max_relative = 1e-10);
    assert_relative_eq!(state.purity(), 1.0, epsilon = 1e-10);
}

/// The probability of the record is E[qᴺ] over the clicks N of all runs: counted in trajectories that discard nothing, by the weights of those
/// that do, and the states in the mean.
#[test]
fn survival_is_the_generating_function_of_the_clicks() {
    let cutoff = Cutoff::Product(vec![7, 6]);
    let selected = pair("z", "");
    let times = vec![0.6, 1.5];
    let binding = selected.bind(&[("z", 0.4)]).unwrap();
    let ensemble = |model: &Model, threads: usize| {
        let binding = model.bind(&[("z", 0.4)]).unwrap();
        let jumps = Jumps::new(model, &binding, cutoff.clone()).unwrap();
        let problem = Problem::new(model, &binding, cutoff.clone(), MEMORY).unwrap();
        let layout = problem.start.layout().clone();
        let plan = Plan { density: Some(layout), threads, ..Plan::new(7, 3000, times.clone()) };
        jumps::run(&jumps, &plan, Watch::default()).unwrap()
    };
    let weighed = ensemble(&selected, 1);
    let whole = ensemble(&selected.unselected(), 1);
    let problem = Problem::new(&selected, &binding, cutoff.clone(), MEMORY).unwrap();
    let mut state = problem.start;
    let mut evolution = Evolution::new(problem.generator, 1e-11);
    let mut now = 0.0;
    for (j, t) in times.iter().enumerate() {
        evolution.advance(&mut state, now, *t).unwrap();
        now = *t;
        let (sums, exact) = (weighed.sums(j), state.log_trace().exp());
        let n = sums.trajectories;
        let error = ((sums.squares / n - sums.survival().powi(2)) / n).sqrt();
        assert!((sums.survival() - exact).abs() < 4.0 * error, "{} ± {error}: {exact}", sums.survival());
        assert!(error < 0.01 && exact < 1.0 - 0.03 * t, "{error} {exact}");
        let mean = sums.state(state.layout());
        let (a, b) = (mean.moments(), state.moments());
        assert!((a.mean[0] - b.mean[0]).norm() < 0.05 && (&a.covariance - &b.covariance).norm_max() < 0.05);
        assert!(distance(&mean, &state) < 0.05);
    }
    // The clicks of runs that discard nothing, those of both jumps with q.
    let counted: Vec<f64> = whole.counts().map(|c| 0.4_f64.powi((c[0] + c[2]) as i32)).collect();
    let n = counted.len() as f64;
    let mean = counted.iter().sum::<f64>() / n;
    assert_relative_eq!(mean, weighed.sums(1).survival(), max_relative = 1e-12);
    // Any number of threads.
    let again = ensemble(&selected, 7);
    assert_eq!(again.blocks, weighed.blocks);
    assert_eq!(ensemble(&selected, 2).blocks, weighed.blocks);
    // All kept: weights of one.
    assert!(whole.blocks.iter().all(|b| b.sums[1].count == b.sums[1].trajectories));
}

/// The growth rate λ of the stationary state is that of the generating function: λ(ln q) = J s + ½λ″s² + λ‴s³/6 + … with the cumulants of the
/// counts, s = ln q.
#[test]
fn the_growth_rate_is_that_of_the_counting_statistics() {
    let of = |kept: &str| {
        let jump = format!("sqrt(0.7)*a{kept}");
        let model = model(&["a"], &[("z", "1")], "0.3*n(a) + 0.2*dag(a)^2*a^2 + 0.6*(a + dag(a))", "", &[&jump], &[]);
        Arc::new(model)
    };
    let (plain, cutoff) = (of(""), Cutoff::Product(vec![12]));
    let problem = Stationary::new(&plain, &plain.bind(&[]).unwrap(), cutoff.clone(), MEMORY).unwrap();
    assert!(problem.lindblad);
    let steady = steady_state(&problem.generator, SteadyMethod::Automatic, MEMORY).unwrap().density;
    let cumulants = Counting::new(&problem, &steady, MEMORY).cumulants(&[1.0]).unwrap();
    let selected = of(" kept z");
    let rest = |q: f64| {
        let problem = Stationary::new(&selected, &selected.bind(&[("z", q)]).unwrap(), cutoff.clone(), MEMORY).unwrap();
        assert!(!problem.lindblad);
        dominant_state(&problem.generator, MEMORY).unwrap()
    };
    for s in [0.04_f64, 0.02] {
        let series = -cumulants.mean * s + 0.5 * cumulants.noise * s * s - cumulants.skewness * s.powi(3) / 6.0;
        assert_relative_eq!(rest((-s).exp()).growth, series, epsilon = 0.3 * s.powi(4));
    }
    // At q = 1 the solvers are those of the Lindblad equation.
    assert!(Stationary::new(&selected, &selected.bind(&[]).unwrap(), cutoff.clone(), MEMORY).unwrap().lindblad);
    // The rate is that at which runs are discarded, (1 − q)⟨L†L⟩ in this state.
    let (q, number) = (0.3, crate::algebra::Operator::n(crate::algebra::ModeId(0)));
    let found = rest(q);
    let clicks = 0.7 * found.density.average(&number, &[], 0.0).unwrap().re;
    assert_relative_eq!(found.growth, -(1.0 - q) * clicks, max_relative = 1e-8);
}

/// Displaced number states, and the exact Gaussian state of linear jumps.
#[test]
fn other_routes_to_the_same_record() {
    let model = model(
        &["a"],
        &[("z", "0.3")],
        "0.7*n(a) + 0.2*(a^2 + dag(a)^2) + 0.4*(a + dag(a))",
        "",
        &["sqrt(0.8)*a kept z", "0.3*dag(a) kept 0.9", "0.4*(a + dag(a)) kept 1 - z"],
        &[["a", "0.8 - 0.5*i", "0.1", "0.2", "0.3"]],
    );
    let binding = model.bind(&[]).unwrap();
    let plain = evolved(&model, &[], Cutoff::Product(vec![60]), 1.0);
    let problem = Problem::displaced(&model, &binding, Cutoff::Product(vec![50]), MEMORY).unwrap();
    let mut displaced = problem.start;
    Evolution::new(problem.generator, 1e-11).following(problem.frame).advance(&mut displaced, 0.0, 1.0).unwrap();
    assert_relative_eq!(displaced.log_trace(), plain.log_trace(), epsilon = 1e-8);
    assert_relative_eq!(displaced.purity(), plain.purity(), epsilon = 1e-8);
    let start = crate::measures::Snapshot {
        mean: model.start_values(&binding).unwrap(),
        covariance: model.start_covariance(&binding).unwrap(),
    };
    let flow = crate::levels::gaussian::nonhermitian::QuadraticFlow::of_model(&model, &binding).unwrap();
    let exact = flow.at(&start, 1.0).unwrap();
    for state in [&plain, &displaced] {
        let moments = state.moments();
        assert!((moments.mean(0) - exact.mean[0]).norm() < 1e-6, "{} {}", moments.mean(0), exact.mean[0]);
        assert!((&moments.covariance - &exact.covariance).norm_max() < 1e-6);
    }
}

/// An anti-Hermitian part that is written adds to that of the jumps; trajectories refuse it.
#[test]
fn written_and_selected_parts_add_up() {
    let both = pair("z", "0.1*n(b)");
    assert_eq!(both.unselected().antihermitian, pair("1", "0.1*n(b)").antihermitian);
    let binding = both.bind(&[]).unwrap();
    assert!(Jumps::new(&both, &binding, Cutoff::Product(vec![4, 4])).unwrap_err().to_string().contains("weights"));
    assert!(both.bind(&[("z", 1.2)]).unwrap_err().to_string().contains("1 - kept of the jump"));
    assert!(both.bind(&[("z", -0.2)]).unwrap_err().to_string().contains("kept of the jump"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Random models: the state stays positive, the trace does not grow, less is kept for a smaller q, and the rate of loss is Σ(1 − q)⟨L†L⟩.
    #[test]
    fn records_of_random_models(x in proptest::collection::vec(0.0..1.0_f64, 8)) {
        let jumps = [format!("{}*a kept z", 0.3 + x[0]), format!("{}*a^2 + {}*dag(a) kept {}", 0.5 * x[1], 0.3 * x[2], x[3])];
        let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
        let h = format!("{}*n(a) + {}*(a + dag(a)) + {}*(a^2 + dag(a)^2)", x[4], x[5], 0.2 * x[6]);
        let model = model(&["a"], &[("z", "0")], &h, "", &jumps, &[["a", "0.5", "0.1", "0", "0"]]);
        let cutoff = Cutoff::Product(vec![14]);
        let mut before = 0.0;
        for q in [1.0, 0.6, 0.2, 0.0] {
            let state = evolved(&model, &[("z", q)], cutoff.clone(), 0.7);
            prop_assert!(state.spectrum().unwrap()[0] > -1e-9);
            prop_assert!(state.log_trace() < before + 1e-12, "{q}: {} {before}", state.log_trace());
            before = state.log_trace();
        }
        let (q, h) = (x[7], 1e-3);
        let log = |t: f64| evolved(&model, &[("z", q)], cutoff.clone(), t).log_trace();
        let slope = (log(0.5 + h) - log(0.5 - h)) / (2.0 * h);
        let binding = model.bind(&[("z", q)]).unwrap();
        let state = evolved(&model, &[("z", q)], cutoff.clone(), 0.5);
        let loss = |jump: &crate::model::Jump| {
            let kept = jump.kept.as_ref().unwrap();
            let clicks = state.average(&kept.whole.adjoint().mul(&kept.whole), &binding.values, 0.0).unwrap().re;
            (1.0 - kept.share.eval(&binding.values, 0.0).unwrap().re) * clicks
        };
        let rate: f64 = model.jumps.iter().map(loss).sum();
        prop_assert!((slope + rate).abs() < 1e-4 * (1.0 + rate), "{slope} {rate}");
    }
}
