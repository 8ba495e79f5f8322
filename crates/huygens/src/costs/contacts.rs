//! The thermal contacts of a model.

use std::sync::Arc;

use huygens_numerics::c64;

use super::{Contact, CostError};
use crate::algebra::{Compiled, Names, Operator, Scalar, Scratch, Word};
use crate::model::{Binding, Model};

/// The thermal contacts of a model, with their coefficients still symbolic: found once, bound as often as wanted.
///
/// A bath is one contact. A jump outside the baths must be c·a or c·a† of one mode, and is a contact of its own: loss into the
/// vacuum, or gain from an inverted reservoir. Where a loss and a gain belong to one reservoir, write them as a bath, for what
/// they cost depends on it.
#[derive(Clone, Debug)]
pub struct Contacts {
    plans: Vec<Plan>,
    coefficients: Compiled,
    scalars: Vec<Scalar>,
    names: Names,
}

#[derive(Clone, Debug)]
struct Plan {
    mode: usize,
    name: Arc<str>,
    kind: Kind,
}

/// Which coefficients make the contact, as an index into the list of them.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Rate, occupation and momentum share.
    Bath(usize),
    /// c of c·a.
    Loss(usize),
    /// c of c·a†.
    Gain(usize),
}

impl Contacts {
    /// Finds the contacts of a model.
    ///
    /// # Errors
    /// [`CostError::NotThermal`] for the first jump that is no contact; [`CostError::NoContact`] where there is none.
    pub fn of(model: &Model) -> Result<Self, CostError> {
        let mut scalars = Vec::new();
        let mut plans = Vec::new();
        for bath in &model.baths {
            plans.push(Plan {
                mode: bath.mode.0 as usize,
                name: bath.label.as_str().into(),
                kind: Kind::Bath(scalars.len()),
            });
            scalars.extend([bath.rate.clone(), bath.occupation.clone(), bath.momentum.clone()]);
        }
        for jump in model.jumps.iter().filter(|jump| jump.bath.is_none()) {
            let Some((mode, loss, coefficient)) = exchange(&jump.operator) else {
                return Err(CostError::NotThermal { jump: jump.label.clone() });
            };
            let kind = if loss { Kind::Loss(scalars.len()) } else { Kind::Gain(scalars.len()) };
            plans.push(Plan { mode, name: jump.label.as_str().into(), kind });
            scalars.push(coefficient);
        }
        if plans.is_empty() {
            return Err(CostError::NoContact);
        }
        Ok(Self { plans, coefficients: Compiled::new(&scalars), scalars, names: model.names() })
    }

    /// Number of contacts.
    pub fn len(&self) -> usize {
        self.plans.len()
    }

    /// Whether there are none (never, once found).
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// The contacts at these values of the parameters and this time.
    ///
    /// # Errors
    /// A coefficient without a value.
    pub fn bind(&self, parameters: &[f64], t: f64) -> Result<Vec<Contact>, CostError> {
        let mut values = vec![c64::new(0.0, 0.0); self.scalars.len()];
        let mut scratch: Scratch = self.coefficients.scratch();
        if self.coefficients.eval(parameters, t, &mut scratch, &mut values).is_err() {
            return Err(self.fault(parameters, t));
        }
        let contact = |plan: &Plan| {
            let name = plan.name.clone();
            match plan.kind {
                Kind::Bath(i) => Contact {
                    momentum: values[i + 2].re,
                    ..Contact::thermal(plan.mode, values[i].re, values[i + 1].re, name)
                },
                Kind::Loss(i) => Contact::exchange(plan.mode, values[i].norm_sqr(), 0.0, name),
                Kind::Gain(i) => Contact::exchange(plan.mode, 0.0, values[i].norm_sqr(), name),
            }
        };
        Ok(self.plans.iter().map(contact).collect())
    }

    /// Which coefficient has no value.
    fn fault(&self, parameters: &[f64], t: f64) -> CostError {
        for plan in &self.plans {
            let range = match plan.kind {
                Kind::Bath(i) => i..i + 3,
                Kind::Loss(i) | Kind::Gain(i) => i..i + 1,
            };
            for scalar in &self.scalars[range] {
                if let Err(error) = scalar.eval(parameters, t) {
                    return CostError::Evaluation { name: plan.name.to_string(), message: error.message(&self.names) };
                }
            }
        }
        CostError::Evaluation { name: String::new(), message: "a coefficient has no finite value".to_owned() }
    }
}

/// The thermal contacts of a model at these values of the parameters, at t = 0. Repeated binding is cheaper through [`Contacts`].
///
/// # Errors
/// As [`Contacts::of`] and [`Contacts::bind`].
pub fn contacts(model: &Model, binding: &Binding) -> Result<Vec<Contact>, CostError> {
    Contacts::of(model)?.bind(&binding.values, 0.0)
}

/// Mode, loss or gain, and coefficient of c·a or c·a†; `None` for any other operator.
fn exchange(operator: &Operator) -> Option<(usize, bool, Scalar)> {
    let mut terms = operator.iter();
    let (monomial, coefficient) = terms.next()?;
    let [factor] = monomial.factors() else {
        return None;
    };
    let single = [Word::ANNIHILATION, Word::CREATION].contains(&factor.word);
    (single && terms.next().is_none()).then(|| (factor.mode.0 as usize, factor.word.ann == 1, coefficient.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BathSource, JumpSource, ModeSource, ModelSource, ParameterSource, TermSource, Text};

    fn model(jumps: &[&str], baths: &[(&str, &str, &str)]) -> Model {
        let text = |s: &str| Text::new(s, "test");
        let source = ModelSource {
            name: "test".into(),
            modes: ["a", "b"].map(|name| ModeSource { name: text(name), kind: text("boson") }).into(),
            parameters: [("kappa", "2"), ("gamma", "0.5"), ("nbar", "3")]
                .map(|(name, value)| ParameterSource {
                    name: text(name),
                    value: text(value),
                    unit: String::new(),
                    note: String::new(),
                })
                .into(),
            hamiltonian: vec![TermSource {
                name: text("H"),
                expression: text("n(a) + n(b) + kappa*gamma*nbar*0*n(a)"),
            }],
            jumps: jumps
                .iter()
                .map(|l| JumpSource { operator: text(l), each: None, kept: None, members: false, label: (*l).into() })
                .collect(),
            baths: baths
                .iter()
                .map(|(on, rate, occupation)| BathSource {
                    on: text(on),
                    each: None,
                    rate: text(rate),
                    occupation: text(occupation),
                    momentum: None,
                    label: format!("bath of {on}"),
                })
                .collect(),
            ..ModelSource::default()
        };
        Model::build(&source, &[]).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    #[test]
    fn baths_and_single_jumps_become_contacts() {
        let model = model(&["sqrt(2*kappa)*a", "i*sqrt(gamma)*dag(b)"], &[("b", "2*gamma", "nbar")]);
        let plan = Contacts::of(&model).unwrap();
        assert_eq!(plan.len(), 3);
        let found = plan.bind(&model.bind(&[("nbar", 1.0)]).unwrap().values, 0.0).unwrap();
        let summary: Vec<_> = found
            .iter()
            .map(|c| (c.mode, (c.rate * 1e12).round() / 1e12, (c.diffusion * 1e12).round() / 1e12))
            .collect();
        assert_eq!(summary, [(1, 1.0, 1.5), (0, 4.0, 2.0), (1, -0.5, 0.25)]);
        assert_eq!(&*found[0].name, "bath of b");
        assert_eq!(contacts(&model, &model.bind(&[]).unwrap()).unwrap()[0].diffusion, 3.5);
    }

    #[test]
    fn other_jumps_are_named() {
        for jump in [
            "sqrt(kappa)*a^2",
            "sqrt(kappa)*n(a)",
            "sqrt(kappa)*(a + b)",
            "sqrt(kappa)*(a + 1)",
            "sqrt(kappa)*a*dag(b)",
        ] {
            let error = Contacts::of(&model(&["sqrt(gamma)*a", jump], &[])).unwrap_err();
            assert_eq!(error, CostError::NotThermal { jump: jump.into() });
        }
        assert_eq!(Contacts::of(&model(&[], &[])).unwrap_err(), CostError::NoContact);
    }
}
