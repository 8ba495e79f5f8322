//! The total power, and drives in phase: no violation.

use super::super::laboratory::{A, B, Machine, any, spread};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["total-tur", "total-isothermal", "noise-isothermal", "in-phase", "parity", "second-law"];

/// Random machines.
const SETS: usize = 800;

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    let machine = Machine::new()?;
    let numbers: Vec<usize> = (0..SETS).collect();
    // Q of the total; the least of Q_A, Q_B at φ = 0; entropy production over the largest heat.
    let found = watch.each(&numbers, |k| {
        let one = any(&machine, *k);
        let free = one.lowest()?;
        let still = one.with(&[("phi", 0.0)]).lowest()?;
        let scale = free.machine.heat.iter().chain(&free.machine.power).fold(0.0_f64, |m, x| m.max(x.abs()));
        Ok([
            free.uncertainty(None),
            still.uncertainty(A).min(still.uncertainty(B)),
            free.machine.dissipation / scale,
            still.exchange[0].abs() / (still.exchange[0].abs() + still.dissipative[0].abs()),
        ])
    })?;
    let least = |j: usize| found.iter().map(|f| f[j]).fold(f64::INFINITY, f64::min);
    let exchange = found.iter().map(|f| f[3]).fold(0.0, f64::max);
    watch.go_on()?;
    let (mut total, mut noise) = (0.0_f64, 0.0_f64);
    for k in 0..200 {
        let [x, y, ..]: [f64; 2] = spread(k);
        let (omega, t) = (0.05 * 1e4_f64.powf(x), 0.02 * 100.0_f64.powf(y));
        let run =
            any(&machine, k).isothermal(omega, t).with(&[("phi", std::f64::consts::FRAC_PI_2)]).by_quadrature()?;
        let coth = 1.0 / (0.5 * omega / t).tanh();
        total = total.max((run.uncertainty(None) / (omega / t * coth) - 1.0).abs());
        noise = noise.max((run.machine.fluctuations(A) / (omega * coth * run.dissipative[0]) - 1.0).abs());
    }
    let turned = |phi: f64| machine.with(&[("Omega", 3.0), ("T1", 0.3), ("phi", phi)]).lowest();
    let (plus, minus) = (turned(1.1)?, turned(-1.1)?);
    let even = (plus.power_of(None) / minus.power_of(None) - 1.0)
        .abs()
        .max((plus.machine.heat[0] / minus.machine.heat[0] - 1.0).abs());
    let odd = (plus.exchange[0] / minus.exchange[0] + 1.0).abs();
    Ok(vec![
        Claim::new("total-tur", "Eq. C1, appendix C", "The uncertainty relation of the total power always holds", "Q_P >= 2")
            .value("least Q_P of random machines", least(0), 5)
            .value("machines, with all parameters, both temperatures and the phase spread", SETS as f64, 4)
            .verdict(Verdict::of(least(0) >= 2.0 - 1e-9), "The proof of appendix C is right with N(omega) corrected (claim `eqC14`)"),
        Claim::new("total-isothermal", "text on Eq. 20", "At one temperature Q_P = (Omega/T) coth(Omega/2T)", "Q_P = Omega coth[Omega/(2T)]/T")
            .value("largest relative deviation, by quadrature", total, 2)
            .verdict(Verdict::of(total < 1e-7), "In the lowest order, at any damping, cut-off, r; here at phi = pi/2. The bound to all orders: claim `total-to-all-orders`"),
        Claim::new(
            "noise-isothermal",
            "text on Eq. 20",
            "At one temperature the noise of P_A is Omega coth(Omega/2T) P_A0",
            "\"regardless of the shape of J_1\"",
        )
        .value("largest relative deviation, by quadrature of Eq. 18", noise, 2)
        .verdict(Verdict::of(noise < 1e-7), "For cos phi = 0: the noise has no term with it, P_A0 has"),
        Claim::new("in-phase", "text on Eq. 17", "At phi = 0 dP = 0 and no local uncertainty relation is violated", "\"no TUR violation occurs\"")
            .value("least Q of A and B at phi = 0", least(1), 5)
            .value("largest |dP| against P_A0", exchange, 1)
            .verdict(Verdict::of(least(1) >= 2.0 - 1e-9 && exchange < 1e-9), ""),
        Claim::new("parity", "text on Eq. 17", "P and J are even in phi, dP is odd", "text on Eq. 17")
            .value("largest relative deviation of P, J_1 at phi = 1.1 and -1.1", even, 1)
            .value("of -dP_A", odd, 1)
            .verdict(Verdict::of(even < 1e-9 && odd < 1e-9), ""),
        Claim::new("second-law", "Eqs. 7, C4", "The entropy production is not negative", "text after Eq. 5")
            .value("least entropy production of random machines, in units of its largest current", least(2), 2)
            .verdict(Verdict::of(least(2) >= -1e-12), ""),
    ])
}
