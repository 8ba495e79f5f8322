//! Periods of the drives that stand in an operator.

use super::scalar::{Atom, Function};
use super::{Operator, Scalar};

/// The angular frequencies of every sin and cos of time in a coefficient; `false` where the time enters in another way.
fn collect(scalar: &Scalar, list: &mut Vec<Scalar>) -> bool {
    scalar.terms.iter().flat_map(|term| &term.powers).all(|(atom, _)| match atom {
        Atom::Time => false,
        Atom::Function(function, argument) if argument.depends_on_time() => {
            if matches!(function, Function::Sin | Function::Cos) {
                let rate = argument.time_derivative();
                if !rate.depends_on_time() {
                    list.push(rate);
                    return true;
                }
            }
            // A function of functions of time is periodic where those are.
            collect(argument, list)
        }
        Atom::Sum(inner) => collect(inner, list),
        _ => true,
    })
}

/// The angular frequencies of every sin and cos of the time in the operators, each once. `None` where the time enters in another way.
pub fn drive_rates<'a>(operators: impl IntoIterator<Item = &'a Operator>) -> Option<Vec<Scalar>> {
    let mut rates = Vec::new();
    for operator in operators {
        for (_, coefficient) in operator.iter() {
            if !collect(coefficient, &mut rates) {
                return None;
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    rates.retain(|rate| seen.insert(rate.clone()));
    Some(rates)
}

/// The greatest common divisor of frequencies; zeros do not count. `None` where there is none: no frequency at all, or
/// incommensurate ones (a fundamental below 3e-4 of the largest counts as such).
pub fn common_frequency(frequencies: impl IntoIterator<Item = f64>) -> Option<f64> {
    let frequencies: Vec<f64> = frequencies.into_iter().map(f64::abs).filter(|w| *w > 0.0).collect();
    let largest = frequencies.iter().copied().fold(0.0, f64::max);
    let mut divisor = frequencies.first().copied()?;
    for &w in &frequencies[1..] {
        // Euclid on real numbers, with a tolerance for rounding; more than a few thousand harmonics count as incommensurate.
        let (mut a, mut b) = (divisor.max(w), divisor.min(w));
        while b > 1e-9 * largest {
            let rest = a - (a / b).round() * b;
            (a, b) = (b, rest.abs());
        }
        divisor = a;
    }
    (divisor > 3e-4 * largest).then_some(divisor)
}

/// The period common to all drives of the operators at these parameter values: 2π over the greatest common divisor of
/// their frequencies. `None` where there is none (incommensurate frequencies, a time dependence that is not periodic, or no
/// time dependence at all).
pub fn drive_period<'a>(operators: impl IntoIterator<Item = &'a Operator>, params: &[f64]) -> Option<f64> {
    let rates = drive_rates(operators)?;
    let values: Result<Vec<f64>, _> = rates.iter().map(|rate| rate.eval(params, 0.0).map(|z| z.re)).collect();
    common_frequency(values.ok()?).map(|w| std::f64::consts::TAU / w)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::{ModeId, ParamId};

    #[test]
    fn commensurate_drives_have_a_common_period() {
        let omega = Scalar::param(ParamId(0));
        let wave = |harmonic: f64| omega.mul(&Scalar::real(harmonic)).mul(&Scalar::time()).cos().unwrap();
        let h = Operator::n(ModeId(0)).scale(&wave(2.0).add(&wave(3.0)));
        let period = drive_period([&h], &[0.7]).unwrap();
        assert!((period - std::f64::consts::TAU / 0.7).abs() < 1e-12);
        let irrational = Operator::n(ModeId(0)).scale(&wave(2.0).add(&wave(2.0_f64.sqrt())));
        assert_eq!(drive_period([&irrational], &[0.7]), None);
        assert_eq!(drive_period([&Operator::n(ModeId(0)).scale(&Scalar::time())], &[0.7]), None);
    }
}
