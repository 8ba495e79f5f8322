//! Heat and work: exact results, the first law, and the order of the expansion about the mean field.

use std::sync::Arc;

use huygens::experiment::{Experiment, Options, Window};
use huygens::model::{BathSource, JumpSource, ModeSource, Model, ModelSource, StartSource, TermSource, Text};
use huygens::report::{Report, Status};
use huygens_numerics::linalg::{RMatrix, solve};
use proptest::prelude::*;

fn text(s: &str) -> Text {
    Text::new(s, "test")
}

/// A model of modes a, b, …; baths as (mode, rate, occupation, momentum share).
fn model(
    modes: &[&str],
    h: &str,
    baths: &[(&str, &str, &str, &str)],
    jumps: &[&str],
    start: &[(&str, &str)],
) -> Arc<Model> {
    let source = ModelSource {
        name: "test".into(),
        modes: modes.iter().map(|m| ModeSource { name: text(m), kind: text("boson") }).collect(),
        hamiltonian: vec![TermSource { name: text("H"), expression: text(h) }],
        jumps: jumps
            .iter()
            .map(|l| JumpSource { operator: text(l), each: None, kept: None, members: false, label: (*l).into() })
            .collect(),
        baths: baths
            .iter()
            .map(|(on, rate, occupation, momentum)| BathSource {
                on: text(on),
                each: None,
                rate: text(rate),
                occupation: text(occupation),
                momentum: Some(text(momentum)),
                label: format!("bath of {on}"),
            })
            .collect(),
        start: start.iter().map(|(m, v)| StartSource::coherent(text(m), text(v))).collect(),
        ..ModelSource::default()
    };
    Arc::new(Model::build(&source, &[]).unwrap_or_else(|errors| panic!("{errors:?}")))
}

fn run(model: &Arc<Model>, measures: &[&str], options: Options) -> Report {
    let measures: Vec<String> = measures.iter().map(|m| (*m).to_owned()).collect();
    let binding = model.bind(&[]).unwrap();
    Experiment::new(model.clone(), &measures, options).unwrap().run(&binding).unwrap()
}

fn value(report: &Report, name: &str) -> f64 {
    report.value(name).unwrap_or_else(|| panic!("{name}: {:?} {:?}", report.quantity(name), report.dynamics))
}

fn first_law(report: &Report) -> f64 {
    let check = report.checks.iter().find(|c| c.name == "first law").unwrap_or_else(|| panic!("{report:?}"));
    assert_eq!(check.status, Status::Pass, "{check:?}");
    check.value.unwrap()
}

fn window(from: f64, to: f64, samples: usize) -> Options {
    Options { window: Some(Window { from, to, samples }), ..Options::default() }
}

/// H = ω n + F cos(Ωt)(a + a†) in a bath: z = A e^{−iΩt} + B e^{iΩt}, and the mean power is
/// F²Ωγ/4 [1/((ω−Ω)² + γ²/4) − 1/((ω+Ω)² + γ²/4)], all of it given to the bath.
#[test]
fn driven_damped_oscillator() {
    let (w, f, drive, gamma) = (1.1_f64, 0.7_f64, 0.9_f64, 0.2_f64);
    let h = format!("{w}*n(a) + {f}*cos({drive}*t)*(a + dag(a))");
    let measures = ["power", "power(a)", "heat_flow", "heat_flow(a)", "n(a)"];
    let line = |d: f64| 1.0 / (d * d + 0.25 * gamma * gamma);
    let exact = 0.25 * f * f * drive * gamma * (line(w - drive) - line(w + drive));
    for nbar in ["0", "3"] {
        let lindblad = model(&["a"], &h, &[("a", "0.2", nbar, "0")], &[], &[]);
        let report = run(&lindblad, &measures, Options::default());
        for name in &measures[..4] {
            assert!((value(&report, name) / exact - 1.0).abs() < 1e-10, "{name} {}", value(&report, name));
        }
        assert!(first_law(&report) < 1e-12);
        // At each time: P = −2 F Ω sin(Ωt) Re z with z as the orbit gives it.
        let power = &report.series.iter().find(|s| s.name == "power").unwrap().values;
        for ((t, p), x) in report.times.iter().zip(power).zip(&report.orbits[0].re) {
            assert!((p + 2.0 * f * drive * (drive * t).sin() * x).abs() < 1e-9);
        }
    }
    // Friction on the momentum alone takes γω(⟨p²⟩ − n̄ − ½) at every time: the textbook's γ p².
    let momentum = model(&["a"], &h, &[("a", "0.2", "3", "1")], &[], &[]);
    let report = run(&momentum, &["heat_flow(a)", "variance(p(a))", "power"], Options::default());
    let variance = value(&report, "variance(p(a))");
    let heat = &report.series.iter().find(|s| s.name == "heat_flow(a)").unwrap().values;
    for (j, y) in heat.iter().zip(&report.orbits[0].im) {
        let expected = gamma * w * (2.0 * y * y + variance - 3.5);
        assert!((j - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{j} {expected}");
    }
    assert!(first_law(&report) < 1e-12);
}

/// What a static H says of work: none, with the remark that a frame may hide it; and what belongs to no mode.
#[test]
fn remarks() {
    let still = model(&["a"], "n(a) + 0.5*(a + dag(a))", &[("a", "0.2", "0", "0")], &[], &[]);
    let report = run(&still, &["power", "heat_flow"], Options::default());
    assert_eq!(value(&report, "power"), 0.0);
    assert!(report.quantity("power").unwrap().note.as_ref().unwrap().contains("frame"));
    assert!(value(&report, "heat_flow").abs() < 1e-14);
    let shared = model(&["a", "b"], "n(a) + n(b)", &[("a", "0.2", "0", "0")], &["a - b"], &[]);
    let report = run(&shared, &["heat_flow(b)", "heat_flow(a)", "heat_flow"], Options::default());
    assert!(report.quantity("heat_flow(b)").unwrap().note.as_ref().unwrap().contains("several modes"));
    let free = model(&["a", "b"], "n(a) + n(b) + 0.1*(a*dag(b) + dag(a)*b)", &[("a", "0.2", "0", "0")], &[], &[]);
    let report = run(&free, &["heat_flow(b)"], Options::default());
    assert!(report.quantity("heat_flow(b)").unwrap().note.as_ref().unwrap().contains("no bath"));
}

/// Two modes between a hot and a cold bath exchange J = ω × rate of quanta: all that leaves one enters the other, from hot to
/// cold. For resonant modes of equal damping n₁ − n₂ = (n̄₁ − n̄₂)/(1 + 4g²/γ²) and J = ωγ(n̄₁ − n₁).
#[test]
fn heat_from_hot_to_cold() {
    let baths = [("a", "0.2", "5", "0"), ("b", "0.2", "1", "0")];
    let coupled = model(&["a", "b"], "n(a) + n(b) + 0.05*(a*dag(b) + dag(a)*b)", &baths, &[], &[]);
    let report = run(&coupled, &["heat_flow(a)", "heat_flow(b)"], Options::default());
    let difference = 4.0 / (1.0 + 4.0 * 0.05 * 0.05 / 0.04);
    let flow = 0.2 * (2.0 - 0.5 * difference);
    assert!((value(&report, "heat_flow(b)") / flow - 1.0).abs() < 1e-12);
    assert!((value(&report, "heat_flow(a)") / -flow - 1.0).abs() < 1e-12);
}

/// A nonlinear oscillator under a static drive gives no heat to its only bath: both the fluctuations and the shift of the mean
/// that they cause are in the balance.
#[test]
fn one_bath_takes_nothing() {
    for nbar in ["0", "0.6"] {
        let h = "-0.3*n(a) + 0.01*dag(a)^2*a^2 + 1.5*(a + dag(a)) + 0.003*(a^3 + dag(a)^3)";
        let kerr = model(&["a"], h, &[("a", "0.5", nbar, "0")], &[], &[]);
        let report = run(&kerr, &["heat_flow"], Options::default());
        assert!(report.dynamics.contains("fixed point, stable"), "{}", report.dynamics);
        assert!(first_law(&report) < 1e-13);
    }
}

/// The van der Pol oscillator H = n: gain gives γ₁(⟨n⟩ + 1). The populations obey a chain that is solved exactly; the
/// expansion gives ⟨n⟩ = N + O(1) with N = γ₁/2γ₂.
#[test]
fn van_der_pol_against_the_exact_populations() {
    let exact = |loss: f64| {
        let size = 400;
        let mut rates = RMatrix::zeros(size, size);
        for n in 0..size {
            let x = n as f64;
            if n + 1 < size {
                rates[(n + 1, n)] += x + 1.0;
                rates[(n, n)] -= x + 1.0;
            }
            if n >= 2 {
                rates[(n - 2, n)] += loss * x * (x - 1.0);
                rates[(n, n)] -= loss * x * (x - 1.0);
            }
        }
        let mut rhs = RMatrix::zeros(size, 1);
        for n in 0..size {
            rates[(0, n)] = 1.0;
        }
        rhs[(0, 0)] = 1.0;
        let p = solve(&rates, &rhs).unwrap();
        (0..size).map(|n| n as f64 * p[(n, 0)]).sum::<f64>() + 1.0
    };
    let error = |loss: f64| {
        let oscillator = model(&["a"], "n(a)", &[], &["dag(a)", &format!("sqrt({loss})*a^2")], &[("a", "2")]);
        let report = run(&oscillator, &["heat_flow", "heat_flow(a)"], Options::default());
        assert!(first_law(&report) < 1e-12);
        // Gain and loss together give nothing; the gain alone is the first jump.
        let energetics = huygens::costs::energy::Energetics::of(&oscillator);
        assert_eq!(energetics.reservoirs()[0].name, "dag(a)");
        gain(&oscillator) - exact(loss)
    };
    // What is left is exponentially small in N = 25 and N = 100: here the expansion ends with this order.
    let (coarse, fine) = (error(0.02), error(0.005));
    assert!(coarse.abs() < 1e-6 && fine.abs() < 1e-10, "{coarse} {fine}");
}

/// Energy that the gain brings at the rotating fixed point z = √N, by the pieces of the library.
fn gain(model: &Arc<Model>) -> f64 {
    use huygens::costs::energy::Energetics;
    use huygens::levels::equations::Equations;
    use huygens::levels::gaussian::{expansion::Point, orbit, shift};
    use huygens::levels::kernel::Kernel;
    use huygens::levels::mean_field::attractor::{self, Attractor, rotate_drift};
    let bound = Arc::new(Kernel::new(&Equations::derive(model))).bind(&[]).unwrap();
    let start = model.start_values(&model.bind(&[]).unwrap()).unwrap();
    let found = attractor::find(&bound, &[vec![1]], None, &start, &attractor::Options::default());
    let Attractor::Rotating(point) = found.attractor else { panic!("{:?}", found.attractor) };
    let state = orbit::rotating(&bound, &point, 1).unwrap();
    let sample = &state.samples[0];
    let energetics = Energetics::of(model);
    let mut energetics = energetics.bind(&[]).unwrap();
    let drift = rotate_drift(bound.drift_matrix(0.0, &point.point), &point.frequencies);
    let y =
        shift::at_rest(energetics.flow(), &sample.mean, &sample.base, &drift, &sample.right, &state.growth).unwrap();
    let here = Point { mean: &sample.mean, shift: &y, covariance: sample.base.as_slice() };
    -energetics.flows(0.0, &here).heat[0]
}

/// The phase of a driven van der Pol oscillator slips: an autonomous limit cycle, unevenly run through, diffusing along itself.
/// The balance closes only with the shift of the mean on it; and on a cycle held by a drive it agrees with a long direct run.
#[test]
fn limit_cycles_close_the_balance() {
    let h = "-1.3*n(a) + 1.4*i*(dag(a) - a)";
    let slipping = model(&["a"], h, &[], &["dag(a)", "sqrt(0.05)*a^2"], &[("a", "1")]);
    let report = run(&slipping, &["heat_flow", "period"], Options::default());
    assert!(report.dynamics.contains("limit cycle, period"), "{}", report.dynamics);
    let law = first_law(&report);
    assert!(law < 1e-10, "{law}");

    let h = "n(a) + 0.01*dag(a)^2*a^2 + 1.2*cos(1.3*t)*(a + dag(a)) + 0.8*n(b) + 0.05*(1 + 0.5*sin(1.3*t))*n(a)*(b + dag(b))";
    let driven = model(&["a", "b"], h, &[("a", "0.4", "0.2", "0"), ("b", "0.3", "1", "0.5")], &[], &[]);
    let measures = ["power", "power(b)", "heat_flow", "heat_flow(a)", "heat_flow(b)"];
    let report = run(&driven, &measures, Options::default());
    assert!(report.quantity("power(b)").unwrap().note.as_ref().unwrap().contains("several modes"));
    assert!(first_law(&report) < 1e-10);
    let period = std::f64::consts::TAU / 1.3;
    let direct = run(&driven, &measures, window(40.0 * period, 41.0 * period, 64));
    assert!(first_law(&direct) < 1e-9);
    for name in ["power", "heat_flow(a)", "heat_flow(b)"] {
        let (x, y) = (value(&report, name), value(&direct, name));
        assert!((x / y - 1.0).abs() < 1e-7, "{name}: {x} {y}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Random quadratic models with drives, modulated couplings and squeezing, hot and cold baths and jumps of all kinds:
    /// dE = đW − đQ on the cycle and along a transient. (Frequencies stay above twice the squeezing: below it there is no lowest state.)
    #[test]
    fn first_law_of_quadratic_models(x in prop::collection::vec(-1.0_f64..1.0, 16)) {
        let h = format!(
            "{:.6}*n(a) + {:.6}*n(b) + ({:.6} + {:.6}*cos(0.7*t))*(a*dag(b) + dag(a)*b) + {:.6}*(a^2 + dag(a)^2) \
             + ({:.6}*cos(0.7*t) + {:.6}*sin(1.4*t))*(a + dag(a)) + {:.6}*sin(0.7*t)*i*(b - dag(b)) + {:.6}*(b + dag(b))",
            1.0 + 0.7 * x[0], 1.0 + 0.7 * x[1], 0.3 * x[2], 0.2 * x[3], 0.05 * x[4], x[5], x[6], x[7], x[8],
        );
        let rate = format!("{:.6}", 0.4 + 0.2 * x[9]);
        let hot = format!("{:.6}", 2.0 + 2.0 * x[10]);
        let share = format!("{:.6}", 0.5 + 0.5 * x[11]);
        let jumps = [format!("{:.6}*a + {:.6}*b", 0.4 * x[12], 0.4 * x[13]), format!("{:.6}*dag(b)", 0.3 * x[14])];
        let model = model(
            &["a", "b"],
            &h,
            &[("a", &rate, &hot, &share), ("b", "0.5", "0.1", "0")],
            &[&jumps[0], &jumps[1]],
            &[],
        );
        for options in [Options::default(), window(3.0, 9.0, 12)] {
            let report = run(&model, &["power", "heat_flow"], options);
            let (power, law) = (value(&report, "power"), first_law(&report));
            prop_assert!(law < 1e-9, "{law} {power} {}", report.dynamics);
        }
    }
}
