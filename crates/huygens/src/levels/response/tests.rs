//! The thermal machine of Razzoli et al. with numbers of its own, and other systems with known limits.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use proptest::prelude::*;

use super::batch::{Amplitudes, Batch, Point};
use super::bath::Kernel;
use super::exponents::Exponents;
use super::floquet::AllOrders;
use super::lowest::{Asymptotics, Integrals, LowestOrder, integrals, literal_split};
use super::spectra::Spectra;
use super::statics::Statics;
use super::system::{Bound, Driven, Reservoir};

/// Two oscillators of unit mass on a strictly Ohmic bath, with couplings to a Drude bath that are driven.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) frequencies: [f64; 2],
    pub(super) gamma: [f64; 2],
    pub(super) cutoff: f64,
    pub(super) omega: f64,
    pub(super) temperatures: [f64; 2],
    pub(super) exponent: f64,
    pub(super) phase: f64,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            frequencies: [1.0, 0.6],
            gamma: [0.01, 100.0],
            cutoff: 1.2,
            omega: 200.0,
            temperatures: [0.1, 0.1],
            exponent: 0.0,
            phase: std::f64::consts::FRAC_PI_2,
        }
    }
}

impl Machine {
    pub(super) fn bound(&self) -> Bound {
        let scale = self.frequencies.map(|w| 1.0 / w.sqrt());
        let [a, b] = self.frequencies;
        let zero = c64::new(0.0, 0.0);
        let shape = (self.omega / self.cutoff).powf(self.exponent);
        let second = c64::from_polar(0.5 * scale[1], -self.phase);
        Bound {
            hessian: RMatrix::from_diagonal(&[a, a, b, b]),
            reservoirs: vec![Reservoir {
                index: 1,
                kernel: Kernel::Ohmic { strength: self.gamma[1] },
                temperature: self.temperatures[1],
                vector: vec![scale[0], 0.0, scale[1], 0.0],
            }],
            driven: vec![Driven {
                index: 0,
                kernel: Kernel::Drude { strength: self.gamma[0], cutoff: self.cutoff },
                temperature: self.temperatures[0],
                harmonics: vec![vec![zero, zero], vec![c64::new(0.5 * scale[0], 0.0), second * shape]],
                slopes: Some(vec![vec![zero, zero], vec![zero, second * shape * self.exponent / self.omega]]),
            }],
            forms: vec![0, 2],
            frequency: self.omega,
        }
    }

    pub(super) fn statics(&self) -> Statics {
        Statics::new(&self.bound()).unwrap()
    }

    fn lowest(&self, how: Integrals) -> LowestOrder {
        LowestOrder::new(&self.statics(), how).unwrap()
    }
}

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} instead of {expected}");
}

/// Numbers computed independently to 25 digits and more.
#[test]
fn known_powers() {
    let run = |m: Machine| m.lowest(Integrals::Automatic);
    let diabatic = run(Machine::default());
    close(diabatic.dissipative[1], 0.003_721_063_083_020_824_7, 1e-10);
    close(diabatic.power_of(None), 0.006_152_541_394_257_107, 1e-10);
    close(diabatic.uncertainty(Some(0)), 0.418_33, 1e-3);
    let slow = run(Machine { omega: 0.3, ..Machine::default() });
    close(slow.uncertainty(Some(0)), 0.112_946_066_613_449_14, 1e-10);
    close(slow.uncertainty(Some(1)), 0.346_114_009_778_343_1, 1e-10);
    let gradient = run(Machine { omega: 20.0, temperatures: [1.9, 0.1], ..Machine::default() });
    close(gradient.machine.heat[0], -0.006_052_424_879_559_9, 1e-10);
    close(gradient.uncertainty(Some(0)), 0.472_739_164_377_964_6, 1e-10);
    let shaped = run(Machine { omega: 400.0, exponent: 0.5, ..Machine::default() });
    close(shaped.uncertainty(Some(0)), 0.123_672_491_346_797_93, 1e-10);
    close(shaped.bound(Some(0), true).unwrap(), 0.500_712_146_419_345_5, 1e-10);
    assert!(shaped.bound(Some(0), false).unwrap() < 1e-5);
    let weak = Machine { omega: 0.1, gamma: [0.001, 0.01], temperatures: [0.05; 2], ..Machine::default() };
    close(run(weak).machine.power[0], -6.139_057_063_811_157e-8, 1e-10);
    let large = Machine { cutoff: 1000.0, omega: 100.0, temperatures: [0.5; 2], ..Machine::default() };
    close(run(large).machine.power[0], 28.325_662_828_489_18, 1e-10);
    let (covariance, _) = Machine::default().statics().covariance();
    let pearson = covariance[(0, 2)] / (covariance[(0, 0)] * covariance[(2, 2)]).sqrt();
    close(pearson, -0.542_776_890_598_680_4, 1e-11);
    assert!(covariance[(1, 1)].is_infinite());
    for (cutoff, exchange) in [(1.2, -0.000_722_988_178_924_869_9), (1000.0, -0.004_010_543_173_817_304)] {
        let found = Asymptotics::new(&Machine { cutoff, ..Machine::default() }.statics()).unwrap();
        close(found.adiabatic_exchange[0], exchange, 1e-10);
        if cutoff > 10.0 {
            close(found.adiabatic[0], 0.000_137_597_965_231_006_63, 1e-10);
        }
    }
}

/// The literal counter-term takes the whole diabatic exchange away.
#[test]
fn the_split_of_the_counter_term() {
    let machine = Machine::default();
    let statics = machine.statics();
    let lowest = LowestOrder::new(&statics, Integrals::Automatic).unwrap();
    let (covariance, _) = statics.covariance();
    let moved = literal_split(statics.bound(), &covariance);
    assert!((moved[0] + moved[1]).abs() < 1e-15);
    let left = lowest.machine.power[0] + moved[0];
    assert!(left > 0.0 && left < 0.02 * lowest.machine.power[0].abs(), "{left}");
}

fn any_machine() -> impl Strategy<Value = Machine> {
    let log = |a: f64, b: f64| (a.log10()..b.log10()).prop_map(|x: f64| 10.0_f64.powf(x));
    (
        (log(0.2, 3.0), log(0.2, 3.0)),
        log(0.01, 300.0),
        log(0.3, 1000.0),
        log(0.05, 500.0),
        (log(0.02, 3.0), log(0.02, 3.0), any::<bool>()),
        (0.0..1.5_f64, 0.0..std::f64::consts::TAU),
    )
        .prop_filter_map("resonant", |((a, b), gamma, cutoff, omega, (hot, cold, equal), (exponent, phase))| {
            ((a / b).ln().abs() > 0.1).then_some(Machine {
                frequencies: [a, b],
                gamma: [0.01, gamma],
                cutoff,
                omega,
                temperatures: if equal { [cold; 2] } else { [hot, cold] },
                exponent,
                phase,
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Second law and the uncertainty relation of the total power; the exchange adds to zero; no violation without phase.
    #[test]
    fn laws(machine in any_machine()) {
        let found = machine.lowest(Integrals::Automatic);
        prop_assert!(found.machine.dissipation >= -1e-12, "{machine:?} {}", found.machine.dissipation);
        prop_assert!(found.uncertainty(None) >= 2.0 - 1e-9, "{machine:?} {}", found.uncertainty(None));
        prop_assert!((found.exchange[0] + found.exchange[1]).abs() <= 1e-12 * (found.exchange[0].abs() + found.dissipative[0].abs()));
        let still = Machine { phase: 0.0, ..machine }.lowest(Integrals::Automatic);
        let turned = Machine { phase: 0.5 * std::f64::consts::PI, ..machine }.lowest(Integrals::Automatic);
        prop_assert!(still.exchange[0].abs() <= 1e-11 * turned.exchange[0].abs(), "{still:?}");
        prop_assert!(still.uncertainty(Some(0)) >= 2.0 - 1e-9, "{}", still.uncertainty(Some(0)));
        if machine.temperatures[0] == machine.temperatures[1] {
            let x = machine.omega / machine.temperatures[0];
            let exact = x / (0.5 * x).tanh();
            prop_assert!((found.uncertainty(None) / exact - 1.0).abs() < 1e-9);
        }
    }
}

/// The closed form against the quadrature on random sets; the worst and the median deviation are printed.
#[test]
#[allow(clippy::print_stdout)]
fn closed_forms_agree_with_quadrature() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let sets = 10_000;
    let mut runner = TestRunner::deterministic();
    let strategy = any_machine();
    let mut list: Vec<(f64, Machine)> = Vec::new();
    let mut kept = 0;
    for _ in 0..sets {
        let machine = strategy.new_tree(&mut runner).unwrap().current();
        let closed = machine.lowest(Integrals::Automatic);
        let plain = machine.lowest(Integrals::Plain);
        kept += usize::from(!closed.by_quadrature);
        let mut worst = 0.0_f64;
        for k in 0..2 {
            for (a, b) in [
                (closed.dissipative[k], plain.dissipative[k]),
                (closed.exchange[k], plain.exchange[k]),
                (closed.machine.noise[(k, k)], plain.machine.noise[(k, k)]),
                (closed.machine.heat[0], plain.machine.heat[0]),
            ] {
                // A heat that passes through zero is measured by the power.
                let scale = b.abs().max(1e-3 * plain.dissipative[k].abs());
                worst = worst.max((a - b).abs() / scale);
            }
        }
        list.push((worst, machine));
    }
    list.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (median, (worst, machine)) = (list[sets / 2].0, list[sets - 1]);
    println!(
        "closed form against quadrature on {sets} sets ({kept} without any quadrature): median {median:.1e}, worst {worst:.1e} at {machine:?}"
    );
    assert!(median <= 1e-12, "{median}");
    assert!(worst <= 1e-8, "{worst} {machine:?}");
}

/// To all orders at the paper's coupling: numbers computed independently by another Floquet-Langevin code, to its accuracy.
#[test]
fn all_orders_at_the_papers_coupling() {
    let run = |omega: f64| AllOrders::new(&Machine { omega, ..Machine::default() }.statics()).unwrap();
    let slow = run(0.3);
    close(slow.machine.power[0], -0.000_188_285_966_901_044_6, 2e-4);
    close(slow.machine.noise[(0, 0)], 4.623_380_819_162_347e-6, 1e-3);
    assert!(slow.balance < 1e-7, "{}", slow.balance);
    let fast = run(50.0);
    close(fast.machine.uncertainty(Some(0)), 103.508_975_860_700_32, 1e-3);
    assert!(fast.balance < 1e-7, "{}", fast.balance);
}

/// The lowest order is the limit of all orders.
#[test]
fn weak_coupling_is_the_lowest_order() {
    for omega in [0.3, 3.0, 200.0] {
        let at = |gamma: f64| {
            let machine = Machine { gamma: [gamma, 100.0], omega, temperatures: [0.15, 0.1], ..Machine::default() };
            let statics = machine.statics();
            let (lowest, all) = (machine.lowest(Integrals::Automatic), AllOrders::new(&statics).unwrap());
            let mut worst = 0.0_f64;
            for k in 0..2 {
                worst = worst.max((all.machine.power[k] / lowest.machine.power[k] - 1.0).abs());
                worst = worst.max((all.machine.noise[(k, k)] / lowest.machine.noise[(k, k)] - 1.0).abs());
                worst = worst.max((all.machine.heat[k] / lowest.machine.heat[k] - 1.0).abs());
            }
            worst
        };
        let (far, near) = (at(1e-6), at(1e-8));
        assert!(near < 1e-3 && near < 0.05 * far + 1e-6, "{omega}: {far} {near}");
    }
}

/// The energy of the oscillators is bounded, so that the noises of all currents with any of them add to 0; with two temperatures and a
/// second driven bath too.
#[test]
fn noise_of_all_currents() {
    let slow = Machine { omega: 2.0, gamma: [0.05, 0.8], cutoff: 2.5, ..Machine::default() };
    let apart = Machine { temperatures: [0.4, 0.15], phase: 1.1, ..slow };
    let mut two = apart.bound();
    let second = Driven { kernel: Kernel::Drude { strength: 0.2, cutoff: 1.0 }, index: 2, ..two.driven[0].clone() };
    two.driven.push(second);
    // A coupling with a static part has all harmonics.
    let mut shifted = apart.bound();
    shifted.driven[0].harmonics[0][0] = c64::new(0.3, 0.0);
    // The noise of a density that is steep at 0, at a frequency that falls together with a harmonic of the drive.
    let mut steep = apart.bound();
    steep.driven[0].kernel = Kernel::Exponential { strength: 0.05, cutoff: 1.5, exponent: 0.6, shape: 2.0 };
    let statics = Statics::new(&steep).unwrap();
    let frame = super::harmonics::Frame::new(&statics, 2);
    let window = frame.window(-steep.frequency).unwrap();
    assert!(frame.levels(&window).iter().flatten().all(|x| x.is_finite()));
    for bound in [Machine::default().bound(), slow.bound(), apart.bound(), two, shifted] {
        let statics = Statics::new(&bound).unwrap();
        let exponents = Exponents::new(&bound);
        let all = AllOrders::with_exponents(&statics, exponents.as_ref()).unwrap();
        assert!(all.noise_balance < 1e-9, "{}", all.noise_balance);
        assert!(all.balance < 1e-8, "{}", all.balance);
        for k in 0..bound.driven.len() + bound.reservoirs.len() {
            assert!(all.heat_noise(k) > 0.0);
        }
    }
}

#[test]
fn floquet_exponents_of_the_driven_machine() {
    let at = |omega: f64, cutoff: f64| {
        Exponents::new(&Machine { omega, cutoff, ..Machine::default() }.bound()).unwrap().largest()
    };
    // Without the drive the slowest rate is 3.765e-4; at 2.5 the drive takes three quarters of it.
    close(at(2.5, 1.2), -9.4e-5, 0.02);
    close(at(1.0, 1000.0), -2.6e-3, 0.05);
}

/// Eight lanes at a time the same integrals, to rounding, and the same points given up.
#[test]
fn batches_agree_with_single_points() {
    for machine in [Machine::default(), Machine { gamma: [0.02, 0.3], cutoff: 7.0, ..Machine::default() }] {
        let batch = Batch::new(&machine.statics()).unwrap();
        let mut points = Vec::new();
        for k in 0..23 {
            let frequency = 0.05 * 1.6_f64.powi(k);
            for (hot, cold) in [(0.1, 0.1), (0.7, 0.05), (0.02, 1.3)] {
                points.push(Point { frequency, hot, cold });
            }
        }
        let mut rows = Vec::new();
        batch.rows(&points, &mut rows);
        assert_eq!(rows.len(), points.len());
        let mut good = 0;
        for (point, row) in points.iter().zip(&rows) {
            let at = Machine { omega: point.frequency, temperatures: [point.hot, point.cold], ..machine };
            let single = integrals(&at.statics(), point.frequency, Integrals::Automatic).unwrap();
            if !row.good {
                continue;
            }
            good += 1;
            for (a, b) in [
                (&row.dispersive, &single.dispersive),
                (&row.dissipative, &single.dissipative),
                (&row.dispersive_slope, &single.dispersive_slope),
                (&row.dissipative_slope, &single.dissipative_slope),
                (&row.heat, &single.heat),
            ] {
                let scale = b.iter().map(|z| z.norm()).fold(0.0, f64::max);
                for (x, y) in a.iter().zip(b) {
                    assert!((x - y).norm() < 1e-9 * scale, "{point:?} {a:?} {b:?}");
                }
            }
        }
        assert!(good > points.len() / 2, "{good}");
        let at = Machine { omega: 31.0, temperatures: [0.3, 0.3], exponent: 0.4, ..machine };
        let (bound, single) = (at.bound(), at.lowest(Integrals::Automatic));
        let driven = &bound.driven[0];
        let slopes = &driven.slopes.as_ref().unwrap()[1];
        let amplitudes =
            Amplitudes { values: [driven.harmonics[1][0], driven.harmonics[1][1]], slopes: [slopes[0], slopes[1]] };
        let mut outcomes = Vec::new();
        batch.outcomes(&[Point { frequency: 31.0, hot: 0.3, cold: 0.3 }], &[amplitudes], &mut rows, &mut outcomes);
        let found = outcomes[0];
        assert!(found.good);
        for k in 0..2 {
            close(found.power[k], single.machine.power[k], 1e-10);
            close(found.uncertainty[k], single.uncertainty(Some(k)), 1e-10);
            close(found.bound[k], single.bound(Some(k), false).unwrap(), 1e-8);
            close(found.bound_total[k], single.bound(Some(k), true).unwrap(), 1e-8);
        }
        close(found.uncertainty[2], single.uncertainty(None), 1e-10);
        close(found.heat, single.machine.heat[0], 1e-10);
        close(found.efficiency, single.machine.efficiency(), 1e-10);
    }
}

/// One oscillator of unit mass, or several with a spring between neighbours, each bath on the position of one.
pub(super) fn chain(frequencies: &[f64], spring: f64, baths: &[(usize, Kernel, f64)]) -> Bound {
    let n = frequencies.len();
    let mut hessian = RMatrix::zeros(2 * n, 2 * n);
    for (k, w) in frequencies.iter().enumerate() {
        hessian[(2 * k, 2 * k)] += w;
        hessian[(2 * k + 1, 2 * k + 1)] += w;
        // spring/2 (x_k − x_{k+1})²
        if k + 1 < n {
            let next = frequencies[k + 1];
            hessian[(2 * k, 2 * k)] += spring / w;
            hessian[(2 * k + 2, 2 * k + 2)] += spring / next;
            hessian[(2 * k, 2 * k + 2)] -= spring / (w * next).sqrt();
            hessian[(2 * k + 2, 2 * k)] -= spring / (w * next).sqrt();
        }
    }
    let reservoirs = baths
        .iter()
        .enumerate()
        .map(|(index, (on, kernel, temperature))| {
            let mut vector = vec![0.0; 2 * n];
            vector[2 * on] = 1.0 / frequencies[*on].sqrt();
            Reservoir { index, kernel: kernel.clone(), temperature: *temperature, vector }
        })
        .collect();
    Bound { hessian, reservoirs, driven: Vec::new(), forms: Vec::new(), frequency: 0.0 }
}

/// Quantum Brownian motion: Grabert, Schramm and Ingold, Phys. Rep. 168, 115 (1988), sec. 7.
#[test]
fn a_damped_oscillator() {
    let at = |gamma: f64, temperature: f64| {
        let bound = chain(&[1.3], 0.0, &[(0, Kernel::Ohmic { strength: gamma }, temperature)]);
        Statics::new(&bound).unwrap().covariance().0
    };
    // T = 0: ⟨q²⟩ = ½ (1 − (2/π) atan(κ/√(1−κ²)))/√(1−κ²), κ = γ/2ω; the momentum diverges logarithmically.
    for gamma in [1e-3_f64, 0.3, 1.9] {
        let kappa = 0.5 * gamma / 1.3;
        let root = (1.0 - kappa * kappa).sqrt();
        let exact = 0.5 * (1.0 - (kappa / root).atan() * 2.0 / std::f64::consts::PI) / root;
        close(at(gamma, 0.0)[(0, 0)], exact, 1e-10);
        assert!(at(gamma, 0.0)[(1, 1)].is_infinite() && at(gamma, 2.0)[(1, 1)].is_infinite());
    }
    // Hot: equipartition; weak: the state of the oscillator alone.
    close(at(0.5, 1e4)[(0, 0)], 1e4 / 1.3, 1e-6);
    close(at(1e-7, 0.4)[(0, 0)], 0.5 / (0.5 * 1.3_f64 / 0.4).tanh(), 1e-6);
    // With a cut-off the momentum is finite and obeys the uncertainty relation; a kernel that is not rational agrees with one that is
    // where both are Ohmic.
    for kernel in [
        Kernel::Drude { strength: 0.4, cutoff: 30.0 },
        Kernel::Peak { strength: 0.4, frequency: 4.0, width: 9.0 },
        Kernel::Exponential { strength: 0.4, cutoff: 20.0, exponent: 1.0, shape: 1.0 },
        Kernel::Exponential { strength: 0.4, cutoff: 2.0, exponent: 0.5, shape: 1.0 },
        Kernel::Exponential { strength: 0.4, cutoff: 2.0, exponent: 3.0, shape: 2.0 },
    ] {
        for temperature in [0.0, 0.7] {
            let statics = Statics::new(&chain(&[1.3], 0.0, &[(0, kernel.clone(), temperature)])).unwrap();
            let (v, _) = statics.covariance();
            assert!(v[(0, 0)] * v[(1, 1)] >= 0.25, "{kernel:?} {v:?}");
            // The sum rule of the commutator, (1/π) ∫ ω χ″ dω = h_pp: causality and the mesh.
            let nodes = huygens_numerics::quad::graded(&statics.singularities(), statics.limit());
            let sum: f64 =
                nodes.iter().map(|(w, x)| x * w * statics.response(*w)[(0, 0)].im).sum::<f64>() / std::f64::consts::PI;
            close(sum, 1.3, 1e-8);
            assert!(v[(0, 1)].abs() < 1e-9 * v[(0, 0)], "{kernel:?} {v:?}");
            if temperature > 0.0 {
                // Squeezed against the thermal state by the bath, by less than the coupling.
                assert!(
                    (v[(0, 0)] / (0.5 / (0.5 * 1.3_f64 / temperature).tanh()) - 1.0).abs() < 0.4,
                    "{kernel:?} {v:?}"
                );
            }
        }
    }
}

/// The closed form of the covariance against the quadrature of the same response, with baths of two kinds.
#[test]
fn three_oscillators_on_two_baths() {
    let drude = Kernel::Drude { strength: 0.3, cutoff: 5.0 };
    let peak = Kernel::Peak { strength: 0.2, frequency: 1.1, width: 0.4 };
    let statics =
        Statics::new(&chain(&[1.0, 0.8, 1.3], 0.2, &[(0, drude.clone(), 0.6), (2, peak.clone(), 0.6)])).unwrap();
    assert!(statics.poles().is_some());
    let (closed, _) = statics.covariance();
    // One temperature different by nothing that a number can hold takes the other route.
    let apart =
        Statics::new(&chain(&[1.0, 0.8, 1.3], 0.2, &[(0, drude, 0.6), (2, peak, 0.6 * (1.0 + 1e-15))])).unwrap();
    let (plain, _) = apart.covariance();
    for (a, b) in closed.as_slice().iter().zip(plain.as_slice()) {
        assert!((a - b).abs() < 1e-9 * closed.norm_max(), "{a} {b}");
    }
    // Equilibrium of the whole: at high temperature the canonical state T h⁻¹ of the oscillators.
    let hot = chain(
        &[1.0, 0.8, 1.3],
        0.2,
        &[(0, Kernel::Drude { strength: 0.3, cutoff: 5.0 }, 3e4), (2, Kernel::Ohmic { strength: 0.1 }, 3e4)],
    );
    let (v, _) = Statics::new(&hot).unwrap().covariance();
    let canonical = huygens_numerics::linalg::inverse(&hot.hessian).unwrap().scale(3e4);
    for k in 0..3 {
        for l in 0..3 {
            assert!((v[(2 * k, 2 * l)] - canonical[(2 * k, 2 * l)]).abs() < 1e-6 * canonical.norm_max());
        }
    }
}

/// Heat through a chain between strictly Ohmic baths: the sum vanishes, it flows from hot to cold, and at high temperature it is that of
/// classical Langevin equations, γ(T − ⟨p²⟩).
#[test]
fn heat_through_a_chain() {
    let (w, gamma, spring) = ([1.0, 0.7], [0.3, 0.2], 0.4);
    let at = |temperatures: [f64; 2]| {
        let baths: Vec<_> = (0..2).map(|k| (k, Kernel::Ohmic { strength: gamma[k] }, temperatures[k])).collect();
        AllOrders::new(&Statics::new(&chain(&w, spring, &baths)).unwrap()).unwrap().machine.heat
    };
    for temperatures in [[0.5, 0.2], [0.0, 0.3], [200.0, 150.0]] {
        let heat = at(temperatures);
        assert!((heat[0] + heat[1]).abs() < 1e-11 * heat[0].abs(), "{heat:?}");
        assert!(heat[0] * (temperatures[0] - temperatures[1]) > 0.0);
    }
    let temperatures = [2000.0, 1500.0];
    // r = (x1, p1, x2, p2) of unit masses.
    let mut drift = RMatrix::zeros(4, 4);
    let mut diffusion = RMatrix::zeros(4, 4);
    for k in 0..2 {
        drift[(2 * k, 2 * k + 1)] = 1.0;
        drift[(2 * k + 1, 2 * k)] = -w[k] * w[k] - spring;
        drift[(2 * k + 1, 2 - 2 * k)] = spring;
        drift[(2 * k + 1, 2 * k + 1)] = -gamma[k];
        diffusion[(2 * k + 1, 2 * k + 1)] = 2.0 * gamma[k] * temperatures[k];
    }
    let v = huygens_numerics::linalg::lyapunov(&drift, &diffusion).unwrap();
    close(at(temperatures)[0], gamma[0] * (temperatures[0] - v[(1, 1)]), 1e-4);
}

/// The cumulants of the heat between two baths by Saito and Dhar, PRL 99, 180601 (2007):
/// ∫ dω/2π ω² \[𝒯(n₁(1 + n₂) + n₂(1 + n₁)) + 𝒯²(n₁ − n₂)²\] over ω > 0 with 𝒯 = 4 J₁J₂|χ₁₂|²; none at T = 0, and both baths alike.
#[test]
fn noise_of_heat_through_a_chain() {
    let (w, spring) = ([1.0, 0.7], 0.4);
    for (temperatures, drude) in [([0.5, 0.2], false), ([0.0, 0.3], true), ([0.3, 0.3], true), ([20.0, 15.0], false)] {
        let second = if drude { Kernel::Drude { strength: 0.4, cutoff: 1.5 } } else { Kernel::Ohmic { strength: 0.2 } };
        let kernels = [Kernel::Ohmic { strength: 0.3 }, second];
        let baths: Vec<_> = (0..2).map(|k| (k, kernels[k].clone(), temperatures[k])).collect();
        let statics = Statics::new(&chain(&w, spring, &baths)).unwrap();
        let found = AllOrders::new(&statics).unwrap();
        let (mut mean, mut noise) = (0.0, 0.0);
        for (omega, weight) in huygens_numerics::quad::graded(&statics.singularities(), statics.limit()) {
            if omega <= 0.0 {
                continue;
            }
            let chi = statics.response(omega);
            let seen = |k: usize| &statics.bound().reservoirs[k].vector;
            let mut between = c64::new(0.0, 0.0);
            for i in 0..4 {
                for j in 0..4 {
                    between += chi[(i, j)] * (seen(0)[i] * seen(1)[j]);
                }
            }
            let passed = 4.0 * kernels[0].density(omega) * kernels[1].density(omega) * between.norm_sqr();
            let n = temperatures.map(|t| if t == 0.0 { 0.0 } else { 1.0 / (omega / t).exp_m1() });
            let weight = weight / std::f64::consts::TAU;
            mean += weight * omega * passed * (n[0] - n[1]);
            let both = n[0] * (1.0 + n[1]) + n[1] * (1.0 + n[0]);
            noise += weight * omega * omega * (passed * both + (passed * (n[0] - n[1])).powi(2));
        }
        for k in 0..2 {
            close(found.heat_noise(k), noise, 1e-9);
        }
        close(found.noise[(2, 3)], -noise, 1e-9);
        assert!(found.noise_balance < 1e-9, "{}", found.noise_balance);
        let heat = &found.machine.heat;
        assert!((heat[0] - mean).abs() < 1e-9 * noise);
        if temperatures.iter().all(|t| *t > 0.0) && temperatures[0] != temperatures[1] {
            let dissipation = -heat[0] / temperatures[0] - heat[1] / temperatures[1];
            assert!(dissipation * noise / (mean * mean) > 2.0);
        }
    }
}

/// Spectra against what they must add to: the covariance of the static and of the periodic state, the f-sum rule ∫ω χ″_qq dω/π = ω_A of each
/// oscillator; the maximum of a narrow line.
#[test]
fn spectra_add_to_the_covariance() {
    let machine = Machine { omega: 2.0, gamma: [0.05, 0.8], cutoff: 2.5, ..Machine::default() };
    let mut bound = machine.bound();
    bound.reservoirs[0].kernel = Kernel::Drude { strength: 0.8, cutoff: 3.0 };
    let statics = Statics::new(&bound).unwrap();
    let spectra = Spectra::of_statics(&statics);
    let (covariance, _) = statics.covariance();
    let nodes = huygens_numerics::quad::graded(&statics.singularities(), statics.limit());
    let sum = |f: &dyn Fn(f64) -> f64| nodes.iter().map(|(x, w)| w / std::f64::consts::TAU * f(*x)).sum::<f64>();
    for (i, j) in [(0, 0), (1, 1), (0, 2), (2, 2)] {
        close(sum(&|w| spectra.noise(w, i, j).unwrap().re), covariance[(i, j)], 1e-9);
    }
    close(2.0 * sum(&|w| w * spectra.absorption(w, 0)), machine.frequencies[0], 1e-8);
    let exponents = Exponents::new(&bound);
    let all = AllOrders::with_exponents(&statics, exponents.as_ref()).unwrap();
    let driven = Spectra::to_all_orders(&statics, exponents.as_ref(), all.harmonics);
    let frame = super::harmonics::Frame::new(&statics, all.harmonics);
    for (l, m) in [(0, 0), (0, 1), (1, 1)] {
        let nodes = frame.nodes(exponents.as_ref(), 0.8);
        let found: f64 =
            nodes.iter().map(|(x, w)| w / std::f64::consts::TAU * driven.noise(*x, 2 * l, 2 * m).unwrap().re).sum();
        close(found, all.covariance[0][(l, m)].re, 1e-9);
    }
    assert!(driven.noise(1.0, 1, 1).is_none());
    // A narrow line: χ″ of a damped oscillator is largest at ω² = (2(ω_A² − γ²/2) + √(4(ω_A² − γ²/2)² + 12 ω_A⁴))/6.
    let (w, gamma) = (0.8_f64, 1e-3);
    let single = Statics::new(&chain(&[w], 0.0, &[(0, Kernel::Ohmic { strength: gamma }, 0.1)])).unwrap();
    let lines = Spectra::of_statics(&single);
    let (peak, list) = lines.list(|x| Some(lines.absorption(x, 0))).unwrap();
    let a = w * w - 0.5 * gamma * gamma;
    close(peak, ((2.0 * a + (4.0 * a * a + 12.0 * w.powi(4)).sqrt()) / 6.0).sqrt(), 1e-7);
    let area: f64 = list.windows(2).map(|p| 0.5 * (p[0][1] + p[1][1]) * (p[1][0] - p[0][0])).sum();
    close(area, 0.5 * std::f64::consts::PI, 0.01);
}

/// No steady state: equal oscillators on one bath, an unstable Hamiltonian, no bath at all.
#[test]
fn what_has_no_steady_state_is_refused() {
    let refused = |bound: &Bound| Statics::new(bound).unwrap_err().to_string();
    let equal = Machine { frequencies: [1.0, 1.0], ..Machine::default() }.bound();
    assert!(refused(&equal).contains("dissipation-free"), "{}", refused(&equal));
    let mut upside = Machine::default().bound();
    upside.hessian[(0, 0)] = -1.0;
    assert!(refused(&upside).contains("no lowest state"));
    let mut free = Machine::default().bound();
    free.reservoirs.clear();
    assert!(refused(&free).contains("no static bath"));
}

/// At critical damping two poles fall together and partial fractions break down: the quadrature takes over by itself, and the results are
/// continuous through it.
#[test]
fn critical_damping_is_a_point_like_any_other() {
    let overdamped = |gamma: f64| {
        let statics = Machine { gamma: [0.01, gamma], ..Machine::default() }.statics();
        statics.places().iter().filter(|p| p.re.abs() < 1e-7).count() >= 2
    };
    let (mut low, mut high) = (0.05, 5.0);
    assert!(!overdamped(low) && overdamped(high));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if overdamped(middle) { high = middle } else { low = middle }
    }
    let at = |gamma: f64| {
        let machine = Machine { gamma: [0.01, gamma], omega: 2.0, ..Machine::default() };
        let (pearson, lowest) = (machine.statics().covariance().0, machine.lowest(Integrals::Automatic));
        [pearson[(0, 2)], lowest.machine.power[0], lowest.machine.heat[0], lowest.uncertainty(Some(0))]
    };
    let (left, here, right) = (at(high * (1.0 - 1e-4)), at(high), at(high * (1.0 + 1e-4)));
    for ((a, b), c) in left.into_iter().zip(here).zip(right) {
        assert!((b - 0.5 * (a + c)).abs() < 1e-6 * b.abs(), "{a} {b} {c} at {high}");
    }
}
