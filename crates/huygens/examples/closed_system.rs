//! Where does the lowest order of a driven coupling stop being valid?
//!
//! Two oscillators, one static bath and one whose couplings are driven, at several strengths of the latter: as one closed system of 282
//! oscillators, evolved until it is periodic; to all orders of the response level; and in lowest order.
//!
//! ```text
//! cargo run --release -p huygens --example closed_system [gamma …]
//! ```
#![allow(clippy::print_stdout)]

use std::error::Error;

use huygens::levels::response::{AllOrders, LowestOrder, Statics, lowest::Integrals};

#[path = "../tests/closed_system/mod.rs"]
mod closed_system;

fn main() -> Result<(), Box<dyn Error>> {
    let mut strengths = Vec::new();
    for word in std::env::args().skip(1) {
        let gamma: f64 =
            word.parse().map_err(|_| format!("{word:?} is not a number: give strengths of the driven bath"))?;
        if !(gamma > 0.0 && gamma.is_finite()) {
            return Err(format!("{word}: a strength is a positive number").into());
        }
        strengths.push(gamma);
    }
    if strengths.is_empty() {
        strengths = vec![0.001, 0.01, 0.05, 0.2];
    }
    println!("{:>8}  {:<14} {:>13} {:>13} {:>13} {:>10}", "gamma", "", "P_A", "P_B", "J", "C");
    for gamma in strengths {
        let (power, heat, correlation) = closed_system::simulate(gamma);
        println!(
            "{gamma:>8}  {:<14} {:>13.6e} {:>13.6e} {heat:>13.6e} {correlation:>10.6}",
            "closed system", power[0], power[1]
        );
        let statics = Statics::new(&closed_system::bound(gamma))?;
        match AllOrders::new(&statics) {
            Err(error) => println!("{:>8}  {:<14} {error}", "", "all orders"),
            Ok(all) => {
                let c = &all.covariance[0];
                let correlation = c[(0, 1)].re / (c[(0, 0)].re * c[(1, 1)].re).sqrt();
                let [a, b] = [all.machine.power[0], all.machine.power[1]];
                println!(
                    "{:>8}  {:<14} {a:>13.6e} {b:>13.6e} {:>13.6e} {correlation:>10.6}",
                    "", "all orders", all.machine.heat[0]
                );
            }
        }
        let lowest = LowestOrder::new(&statics, Integrals::Plain)?.machine;
        let (covariance, _) = statics.covariance();
        let still = covariance[(0, 2)] / (covariance[(0, 0)] * covariance[(2, 2)]).sqrt();
        let [a, b] = [lowest.power[0], lowest.power[1]];
        println!("{:>8}  {:<14} {a:>13.6e} {b:>13.6e} {:>13.6e} {still:>10.6}", "", "lowest order", lowest.heat[0]);
    }
    Ok(())
}
