//! The thermal machine of Razzoli et al. with numbers of its own, and other systems with known limits.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use proptest::prelude::*;

use super::bath::Kernel;
use super::exponents::Exponents;
use super::floquet::AllOrders;
use super::lowest::{Asymptotics, Integrals, LowestOrder, literal_split};
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
    #![proptest_config(ProptestConfig::with_cases(48))]

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

#[test]
fn floquet_exponents_of_the_driven_machine() {
    let at = |omega: f64, cutoff: f64| {
        Exponents::new(&Machine { omega, cutoff, ..Machine::default() }.bound()).unwrap().largest()
    };
    // Without the drive the slowest rate is 3.765e-4; at 2.5 the drive takes three quarters of it.
    close(at(2.5, 1.2), -9.4e-5, 0.02);
    close(at(1.0, 1000.0), -2.6e-3, 0.05);
}
