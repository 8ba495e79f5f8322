//! A truth test of the response level against one closed system (`cargo run --release -p huygens --example closed_system` prints more of it).

mod closed_system;

use closed_system::{bound, simulate};
use huygens::levels::response::{AllOrders, LowestOrder, Statics, lowest::Integrals};

#[test]
#[allow(clippy::print_stdout)]
fn the_whole_as_a_closed_system() {
    let gamma = 0.05;
    let (power, heat, pearson) = simulate(gamma);
    let statics = Statics::new(&bound(gamma)).unwrap();
    let all = AllOrders::new(&statics).unwrap();
    let lowest = LowestOrder::new(&statics, Integrals::Plain).unwrap();
    let c = &all.covariance[0];
    let correlation = c[(0, 1)].re / (c[(0, 0)].re * c[(1, 1)].re).sqrt();
    println!("closed system: P {power:?}, J {heat}, C {pearson}");
    println!("all orders:    P {:?}, J {}, C {correlation}", all.machine.power, all.machine.heat[0]);
    println!("lowest order:  P {:?}, J {}", lowest.machine.power, lowest.machine.heat[0]);
    let close = |a: f64, b: f64, scale: f64, tolerance: f64| assert!((a - b).abs() < tolerance * scale, "{a} {b}");
    let scale = power[0].abs().max(power[1].abs());
    for l in 0..2 {
        close(power[l], all.machine.power[l], scale, 2e-3);
    }
    close(heat, all.machine.heat[0], scale, 2e-3);
    close(pearson, correlation, 1.0, 1e-3);
    // The lowest order is off by a share that all orders are not.
    assert!((lowest.machine.power[0] - power[0]).abs() > 5.0 * (all.machine.power[0] - power[0]).abs());
}
