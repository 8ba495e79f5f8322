//! Steady states and spectra against closed forms.

use approx::assert_relative_eq;
use huygens_numerics::c64;
use proptest::prelude::*;

use super::*;
use crate::levels::tests::model;
use crate::model::Model;

const MEMORY: f64 = 2e9;
const METHODS: [SteadyMethod; 3] = [SteadyMethod::Direct, SteadyMethod::Iterative, SteadyMethod::NoJump];

fn stationary(model: &Model, given: &[(&str, f64)], cutoff: Cutoff) -> Stationary {
    Stationary::new(model, &model.bind(given).unwrap(), cutoff, MEMORY).unwrap()
}

fn one(h: &str, jumps: &[&str], dim: usize) -> Stationary {
    stationary(&model(&["a"], &[], h, "", jumps, &[]), &[], Cutoff::Product(vec![dim]))
}

/// ⟨a†^i a^j⟩.
fn moment(state: &Density, i: i32, j: i32) -> c64 {
    let falling = |n: i32, k: i32| (0..k).map(|l| f64::from((n - l).max(0))).product::<f64>().sqrt();
    state.ladder(&[i - j], |n| falling(n[0], j) * falling(n[0] - j + i, i))
}

/// A damped oscillator in a thermal bath: p_n ∝ (n̄/(n̄+1))ⁿ; populations decay at κ, ⟨a⟩ at κ/2 (Briegel and Englert, PRA 47, 3311
/// (1993)).
#[test]
fn thermal_equilibrium_and_its_gap() {
    let problem = one("0.7*n(a)", &["sqrt(0.2*1.4)*a", "sqrt(0.2*0.4)*dag(a)"], 40);
    for method in METHODS {
        let steady = steady_state(&problem.generator, method, MEMORY).unwrap();
        assert!(steady.residual < 1e-11, "{method:?}: {}", steady.residual);
        let (populations, ratio) = (steady.density.populations(), 0.4_f64 / 1.4);
        for (n, p) in populations.iter().enumerate().take(20) {
            assert!((p - ratio.powi(n as i32) * (1.0 - ratio)).abs() < 1e-11, "{method:?} {n}: {p}");
        }
        require_unique(&problem.generator, &steady, MEMORY).unwrap();
        let modes = slow_modes(&problem.generator, Some(&steady.density), 3, MEMORY).unwrap();
        for (mode, rate) in modes.iter().zip([0.2, 0.4, 0.6]) {
            assert!((mode.value + rate).norm() < 1e-7, "{mode:?}");
        }
    }
    let steady = steady_state(&problem.generator, SteadyMethod::Automatic, MEMORY).unwrap();
    assert_relative_eq!(problem.gap(&steady.density, MEMORY).unwrap(), 0.1, max_relative = 1e-6);
    for m in [1, -1, 2] {
        let sector = problem.sector(&[m], MEMORY).unwrap();
        let modes = slow_modes(&sector, None, 1, MEMORY).unwrap();
        let slowest = modes[0].value;
        assert!((slowest.re + 0.1 * f64::from(m.abs())).abs() < 1e-7, "{m}: {slowest}");
        assert!((slowest.im.abs() - 0.7 * f64::from(m.abs())).abs() < 1e-7, "{m}: {slowest}");
    }
}

/// Two modes that exchange quanta faster than they lose them, to a bath at zero temperature, rest in their vacuum. The iteration
/// is slow there, and what it has reached on the way is not taken for the answer.
#[test]
fn an_unfinished_iteration_is_not_the_answer() {
    let sum = [
        "1.5*(dag(a) - dag(a)^2*a/20) + 2.4*(dag(b) - dag(b)^2*b/20)",
        "1.5*(a - dag(a)*a^2/20) + 2.4*(b - dag(b)*b^2/20)",
    ];
    let exchange = format!("0.02*(n(a) - n(b)) + 0.01207*({})*({})", sum[0], sum[1]);
    let jumps = ["sqrt(0.001)*a + sqrt(0.002)/5*dag(a)*a^2", "sqrt(0.001)*b + sqrt(0.002)/5*dag(b)*b^2"];
    let pair = model(&["a", "b"], &[], &exchange, "", &jumps, &[]);
    for most in [9, 14, 20] {
        let problem = stationary(&pair, &[], Cutoff::Total(most));
        let steady = steady_state(&problem.generator, SteadyMethod::Automatic, MEMORY).unwrap();
        assert!(steady.residual < 1e-11, "{most}: {:?} {:e}", steady.method, steady.residual);
        assert!((steady.density.populations()[0] - 1.0).abs() < 1e-10, "{most}: {:?}", steady.method);
    }
}

/// A driven, damped cavity rests in a coherent state, α = F/(κ/2 − iΔ) for H = −Δ n + iF(a† − a).
#[test]
fn a_driven_cavity_is_coherent() {
    let problem = one("-0.3*n(a) + 0.6*i*(dag(a) - a)", &["a"], 30);
    let alpha = 0.6 / c64::new(0.5, -0.3);
    for method in METHODS {
        let state = steady_state(&problem.generator, method, MEMORY).unwrap().density;
        assert!((moment(&state, 0, 1) - alpha).norm() < 1e-10);
        assert_relative_eq!(state.purity(), 1.0, epsilon = 1e-10);
    }
}

/// The driven Kerr resonator (Drummond and Walls, J. Phys. A 13, 725 (1980)): with H = −Δ n + ½K a†²a² + iF(a† − a) and the jump √κ a,
/// c = −2(Δ + iκ/2)/K and z = 8F²/K²,
/// ⟨a†^i a^j⟩ = (−2iF/K)^j (2iF/K)^i ₀F₂(c + j, c* + i; z)/(₀F₂(c, c*; z) (c)_j (c*)_i).
#[test]
fn the_driven_kerr_resonator() {
    let (delta, kerr, drive, kappa) = (0.8, 0.5, 0.9, 1.0);
    let h = format!("-{delta}*n(a) + {kerr}/2*dag(a)^2*a^2 + {drive}*i*(dag(a) - a)");
    let problem = one(&h, &["a"], 36);
    let c = -2.0 * c64::new(delta, 0.5 * kappa) / kerr;
    let z = 8.0 * drive * drive / (kerr * kerr);
    let series = |a: c64, b: c64| {
        let (mut term, mut sum) = (c64::new(1.0, 0.0), c64::new(0.0, 0.0));
        for k in 0..80 {
            sum += term;
            let k = f64::from(k);
            term *= z / ((k + 1.0) * (a + k) * (b + k));
        }
        sum
    };
    let rising = |c: c64, n: i32| (0..n).map(|k| c + f64::from(k)).product::<c64>();
    for method in METHODS {
        let state = steady_state(&problem.generator, method, MEMORY).unwrap().density;
        for (i, j) in [(0, 1), (1, 1), (0, 2), (2, 2), (1, 3)] {
            let amplitude = c64::new(0.0, -2.0 * drive / kerr);
            let exact = amplitude.powi(j) * amplitude.conj().powi(i) / (rising(c, j) * rising(c.conj(), i))
                * series(c + f64::from(j), c.conj() + f64::from(i))
                / series(c, c.conj());
            let found = moment(&state, i, j);
            assert!((found - exact).norm() < 1e-8 * exact.norm().max(1.0), "{method:?} {i} {j}: {found} {exact}");
        }
    }
}

/// A van der Pol oscillator deep in the quantum regime: ρ = ⅔|0⟩⟨0| + ⅓|1⟩⟨1| (Lee and Sadeghpour, PRL 111, 234101 (2013)).
#[test]
fn a_van_der_pol_oscillator_of_two_levels() {
    for method in METHODS {
        let problem = one("n(a)", &["dag(a)", "1000*a^2"], 12);
        let populations = steady_state(&problem.generator, method, MEMORY).unwrap().density.populations();
        assert!((populations[0] - 2.0 / 3.0).abs() < 1e-5 && (populations[1] - 1.0 / 3.0).abs() < 1e-5);
    }
}

fn pair() -> Model {
    model(
        &["b1", "b2"],
        &[("V", "0.05"), ("Delta", "0.02"), ("gamma2", "0.05")],
        "n(b1) + (1 + Delta)*n(b2) + 0.03*(dag(b1)*b2 + h.c.)",
        "",
        &["sqrt(0.2)*dag(b1)", "sqrt(0.2)*dag(b2)", "sqrt(gamma2)*b1^2", "sqrt(gamma2)*b2^2", "sqrt(V)*(b1 - b2)"],
        &[],
    )
}

/// Two coupled van der Pol oscillators: elimination, the iteration and a long evolution agree.
#[test]
fn coupled_oscillators_by_three_methods() {
    let model = pair();
    let cutoff = Cutoff::Product(vec![9, 9]);
    let problem = stationary(&model, &[], cutoff.clone());
    let direct = steady_state(&problem.generator, SteadyMethod::Direct, MEMORY).unwrap();
    let iterative = steady_state(&problem.generator, SteadyMethod::Iterative, MEMORY).unwrap();
    require_unique(&problem.generator, &iterative, MEMORY).unwrap();
    assert!(direct.residual < 1e-12 && iterative.residual < 1e-11, "{} {}", direct.residual, iterative.residual);
    let apart =
        |a: &Density, b: &Density| a.data().iter().zip(b.data()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    assert!(apart(&direct.density, &iterative.density) < 1e-10);
    let start = Problem::new(&model, &model.bind(&[]).unwrap(), cutoff, MEMORY).unwrap();
    let (mut state, mut evolution) = (start.start, Evolution::new(start.generator, 1e-10));
    evolution.advance(&mut state, 0.0, 300.0).unwrap();
    assert!(apart(&state, &direct.density) < 1e-8, "{}", apart(&state, &direct.density));
    let gap = slow_modes(&problem.generator, Some(&direct.density), 1, MEMORY).unwrap()[0];
    assert!(gap.value.re < -0.02 && gap.value.re > -0.3, "{gap:?}");
}

/// Two-photon drive and loss conserve the parity: cat states, one for each; a start in both has no unique end.
#[test]
fn a_strong_symmetry_is_refused_or_followed() {
    let h = "0.4*i*(dag(a)^2 - a^2)";
    let even = one(h, &["sqrt(0.5)*a^2"], 30);
    assert_eq!(even.sectors, 2);
    let steady = steady_state(&even.generator, SteadyMethod::Automatic, MEMORY).unwrap();
    require_unique(&even.generator, &steady, MEMORY).unwrap();
    // The dark state has a²|ψ⟩ = α²|ψ⟩ with α² = 2G/κ for H = iG(a†² − a²).
    assert_relative_eq!(moment(&steady.density, 0, 2).re, 2.0 * 0.4 / 0.5, max_relative = 1e-8);
    assert_relative_eq!(steady.density.purity(), 1.0, epsilon = 1e-8);
    let coherent = model(&["a"], &[], h, "", &["sqrt(0.5)*a^2"], &[["a", "0.5", "0", "0", "0"]]);
    let binding = coherent.bind(&[]).unwrap();
    let refused = Stationary::new(&coherent, &binding, Cutoff::Product(vec![30]), MEMORY).unwrap_err();
    assert!(matches!(refused, FockError::Steady(SteadyError::Sectors { sectors: 2 })), "{refused}");
    // In the layout of such a start four modes stay: two cats and their coherence.
    let all = Problem::new(&coherent, &binding, Cutoff::Product(vec![30]), MEMORY).unwrap();
    let found = steady_state(&all.generator, SteadyMethod::Direct, MEMORY).unwrap();
    let refused = require_unique(&all.generator, &found, MEMORY).unwrap_err();
    assert!(matches!(refused, SteadyError::NotUnique { .. }), "{refused}");
}

#[test]
fn what_has_no_steady_state_says_so() {
    let refuse = |h: &str, jumps: &[&str]| {
        let model = model(&["a"], &[], h, "", jumps, &[]);
        Stationary::new(&model, &model.bind(&[]).unwrap(), Cutoff::Product(vec![8]), MEMORY).unwrap_err().to_string()
    };
    assert!(refuse("n(a) + cos(t)*(a + dag(a))", &["a"]).contains("--until"));
    assert!(refuse("n(a)", &[]).contains("neither jumps nor baths"));
}

/// Two damped oscillators that exchange quanta: ⟨a ± b⟩ decay at κ/2 whatever the coupling, and turn, so that others lie nearer zero; by
/// sparse factors of some thousand unknowns and by the flow.
#[test]
fn the_gap_of_many_unknowns() {
    let kappa = 0.3;
    let (loss, gain) = (format!("sqrt({kappa}*1.05)"), format!("sqrt({kappa}*0.05)"));
    let jumps = [format!("{loss}*a"), format!("{gain}*dag(a)"), format!("{loss}*b"), format!("{gain}*dag(b)")];
    let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
    let model = model(&["a", "b"], &[], "n(a) + 1.1*n(b) + 0.2*(dag(a)*b + h.c.)", "", &jumps, &[]);
    let problem = stationary(&model, &[], Cutoff::Product(vec![16, 16]));
    let steady = steady_state(&problem.generator, SteadyMethod::Automatic, MEMORY).unwrap();
    assert!(problem.generator.layout().len() > 1000);
    let gap = problem.gap(&steady.density, MEMORY).unwrap();
    assert!((gap - 0.5 * kappa).abs() < 1e-5 * kappa, "{gap}");
    let by_flow = super::dominant::slowest(&problem.generator, Some(&steady.density), MEMORY).unwrap().unwrap();
    let exact = slow_modes(&problem.generator, Some(&steady.density), 2, MEMORY).unwrap()[0].value;
    assert_relative_eq!(by_flow.0.re, exact.re, max_relative = 1e-3);
    assert!(by_flow.1 < 1e-2, "{}", by_flow.1);
}

/// Two van der Pol oscillators at growing cut-offs: the gap settles.
#[test]
fn a_gap_settles_with_the_cut_off() {
    let gap = |d: usize| {
        let problem = stationary(&pair(), &[("gamma2", 0.2)], Cutoff::Product(vec![d, d]));
        let steady = steady_state(&problem.generator, SteadyMethod::Automatic, MEMORY).unwrap();
        problem.gap(&steady.density, MEMORY).unwrap()
    };
    let (small, middle, large) = (gap(7), gap(10), gap(13));
    assert!((large - middle).abs() < 0.2 * (middle - small).abs() + 1e-9 && large > 0.0, "{small} {middle} {large}");
}

/// A strongly driven resonator and a strongly driven pair, for which diagonals are a poor preconditioner: the flow ends where elimination
/// does.
#[test]
fn strong_drives_by_the_flow() {
    let one = one("-0.8*n(a) + 0.25*dag(a)^2*a^2 + 1.5*i*(dag(a) - a)", &["a"], 24);
    let h = "0.5*n(a) - 0.4*n(b) + 1.2*(a + dag(a)) + 0.9*(dag(a)*b + h.c.)";
    let two =
        stationary(&model(&["a", "b"], &[], h, "", &["a", "0.8*b", "0.3*b^2"], &[]), &[], Cutoff::Product(vec![7, 6]));
    for problem in [one, two] {
        let exact = steady_state(&problem.generator, SteadyMethod::Direct, MEMORY).unwrap();
        let flow = steady_state(&problem.generator, SteadyMethod::Flow, MEMORY).unwrap();
        assert!(flow.residual < 1e-8, "{}", flow.residual);
        for (a, b) in exact.density.populations().iter().zip(flow.density.populations()) {
            assert!((a - b).abs() < 1e-7, "{a} {b}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Random driven, squeezed, damped oscillators: both methods give what a long evolution ends at, a positive state.
    #[test]
    fn steady_states_are_where_evolutions_end(
        delta in -1.0_f64..1.0, kerr in -0.5_f64..0.5, drive in -0.6_f64..0.6, squeeze in -0.15_f64..0.15,
        loss in 0.6_f64..1.5, gain in 0.0_f64..0.3, pairs in 0.0_f64..0.5,
    ) {
        let h = format!(
            "({delta})*n(a) + ({kerr})*dag(a)^2*a^2 + ({drive})*(a + dag(a)) + ({squeeze})*i*(a^2 - dag(a)^2)"
        );
        let jumps = [format!("sqrt({loss})*a"), format!("sqrt({gain})*dag(a)"), format!("sqrt({pairs})*a^2")];
        let jumps: Vec<&str> = jumps.iter().map(String::as_str).collect();
        let model = model(&["a"], &[], &h, "", &jumps, &[]);
        let binding = model.bind(&[]).unwrap();
        let cutoff = Cutoff::Product(vec![14]);
        let problem = Stationary::new(&model, &binding, cutoff.clone(), MEMORY).unwrap();
        let start = Problem::new(&model, &binding, cutoff, MEMORY).unwrap();
        let (mut state, mut evolution) = (start.start, Evolution::new(start.generator, 1e-10));
        evolution.advance(&mut state, 0.0, 120.0).unwrap();
        for method in METHODS {
            let steady = steady_state(&problem.generator, method, MEMORY).unwrap();
            for n in 0..14 {
                for m in 0..14 {
                    let apart = (steady.density.element(&[n], &[m]) - state.element(&[n], &[m])).norm();
                    prop_assert!(apart < 1e-7, "{method:?} {n} {m}: {apart}");
                }
            }
            prop_assert!(steady.density.spectrum().unwrap()[0] > -1e-9);
        }
    }
}
