//! Named parameters, their dependent values, and the binding of all of them to numbers.

use std::collections::BTreeMap;

use crate::algebra::{Names, ParamId, Scalar};

use super::error::{Fault, ModelError};
use super::source::Place;
use crate::algebra::parse::nearest;

/// One named parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name that expressions use.
    pub name: String,
    /// Unit, in the words of the model; empty where none was given.
    pub unit: String,
    /// What it means; empty where nothing was said.
    pub note: String,
    /// Its value at the defaults of the model.
    pub default: f64,
    /// The default as it was written, such as `0.15` or `omega1`.
    pub written: String,
    /// Whether it fixes the size of the model (array lengths, ranges, networks): changing it means building the model again.
    pub structural: bool,
    /// The value in terms of other parameters; `None` where it is a number.
    pub(crate) expression: Option<Scalar>,
    pub(crate) place: Place,
}

impl Parameter {
    /// The value in terms of other parameters; `None` where it is a plain number.
    pub fn expression(&self) -> Option<&Scalar> {
        self.expression.as_ref()
    }
}

/// All parameters of a model, with the order in which dependent ones are computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    list: Vec<Parameter>,
    index: BTreeMap<String, ParamId>,
    /// For each parameter, those that depend on it, directly or not, in an order in which they can be computed.
    dependents: Vec<Vec<ParamId>>,
}

/// Numbers for all parameters.
///
/// Plain data: clone it, keep one for each thread. Change single values by [`Parameters::set`], which computes the dependent
/// ones again.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The values, indexed by [`ParamId`]: what every `eval` wants.
    pub values: Vec<f64>,
    /// Which values were given from outside and no longer follow their expressions.
    given: Vec<bool>,
}

impl Binding {
    /// The value of a parameter.
    pub fn value(&self, id: ParamId) -> f64 {
        self.values[id.0 as usize]
    }

    /// Whether the value was given from outside.
    pub fn is_given(&self, id: ParamId) -> bool {
        self.given[id.0 as usize]
    }
}

impl Parameters {
    /// Orders the parameters by dependence; those in a circle are refused.
    pub(crate) fn new(mut list: Vec<Parameter>) -> Result<Self, ModelError> {
        let index: BTreeMap<String, ParamId> =
            list.iter().enumerate().map(|(k, p)| (p.name.clone(), ParamId(k as u32))).collect();
        let order = order(&list)?;
        // Ancestors of each parameter, then turned round.
        let mut ancestors: Vec<std::collections::BTreeSet<usize>> = vec![Default::default(); list.len()];
        for &k in &order {
            let direct: Vec<usize> = uses(&list[k]);
            let mut all: std::collections::BTreeSet<usize> = direct.iter().copied().collect();
            for d in direct {
                all.extend(ancestors[d].iter().copied());
            }
            ancestors[k] = all;
        }
        let mut dependents = vec![Vec::new(); list.len()];
        for &k in &order {
            for &a in &ancestors[k] {
                dependents[a].push(ParamId(k as u32));
            }
        }
        let mut values = vec![0.0; list.len()];
        for &k in &order {
            if let Some(expression) = list[k].expression.clone() {
                values[k] = real_value(&expression, &values, &list[k], &names_of(&list))?;
                list[k].default = values[k];
            } else {
                values[k] = list[k].default;
            }
            if !values[k].is_finite() {
                let what = format!("the parameter `{}`", list[k].name);
                return Err(ModelError::at(&list[k].place, Fault::NotFinite { what, value: values[k] }));
            }
        }
        Ok(Self { list, index, dependents })
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The parameters in the order of the model.
    pub fn iter(&self) -> impl Iterator<Item = (ParamId, &Parameter)> {
        self.list.iter().enumerate().map(|(k, p)| (ParamId(k as u32), p))
    }

    /// One parameter.
    pub fn get(&self, id: ParamId) -> &Parameter {
        &self.list[id.0 as usize]
    }

    /// The parameter of this name.
    pub fn id(&self, name: &str) -> Option<ParamId> {
        self.index.get(name).copied()
    }

    /// The parameter of this name, or an error that offers the nearest one.
    pub fn find(&self, name: &str) -> Result<ParamId, ModelError> {
        self.id(name).ok_or_else(|| ModelError::nowhere(self.unknown(name)))
    }

    pub(crate) fn unknown(&self, name: &str) -> Fault {
        let known: Vec<String> = self.list.iter().map(|p| p.name.clone()).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Fault::Unknown { what: "parameter", name: name.into(), nearest, known }
    }

    /// Those that follow `id` through their expressions, in an order in which they can be computed.
    pub fn dependents(&self, id: ParamId) -> &[ParamId] {
        &self.dependents[id.0 as usize]
    }

    /// All parameters at their defaults.
    pub fn defaults(&self) -> Binding {
        Binding { values: self.list.iter().map(|p| p.default).collect(), given: vec![false; self.list.len()] }
    }

    /// The defaults with some values replaced. Dependent parameters follow, unless they are given themselves.
    ///
    /// # Errors
    /// Unknown names (the nearest is offered), values that are not finite, structural parameters (the model must be built
    /// again, unless the value is the one it has), and expressions without a value.
    pub fn bind(&self, overrides: &[(&str, f64)]) -> Result<Binding, ModelError> {
        let mut binding = self.defaults();
        for (name, value) in overrides {
            let id = self.find(name)?;
            self.set(&mut binding, id, *value)?;
        }
        Ok(binding)
    }

    /// Gives one parameter a value and computes those that depend on it again: well under a microsecond where nothing does.
    ///
    /// # Errors
    /// As [`bind`](Self::bind); the binding is then to be thrown away.
    pub fn set(&self, binding: &mut Binding, id: ParamId, value: f64) -> Result<(), ModelError> {
        let k = id.0 as usize;
        let parameter = &self.list[k];
        if !value.is_finite() {
            let what = format!("the parameter `{}`", parameter.name);
            return Err(ModelError::nowhere(Fault::NotFinite { what, value }));
        }
        if parameter.structural && value != binding.values[k] {
            return Err(ModelError::nowhere(Fault::Structural { name: parameter.name.clone() }));
        }
        binding.values[k] = value;
        binding.given[k] = true;
        for &d in &self.dependents[k] {
            let dependent = &self.list[d.0 as usize];
            if binding.given[d.0 as usize] || dependent.structural {
                continue;
            }
            if let Some(expression) = &dependent.expression {
                binding.values[d.0 as usize] = match expression.eval(&binding.values, 0.0) {
                    Ok(z) if z.im == 0.0 => z.re,
                    _ => real_value(expression, &binding.values, dependent, &names_of(&self.list))?,
                };
            }
        }
        Ok(())
    }
}

fn names_of(list: &[Parameter]) -> Names {
    Names { parameters: list.iter().map(|p| p.name.clone()).collect(), ..Names::default() }
}

fn real_value(expression: &Scalar, values: &[f64], parameter: &Parameter, names: &Names) -> Result<f64, ModelError> {
    let what = format!("the parameter `{}`", parameter.name);
    let z = expression.eval(values, 0.0).map_err(|e| {
        ModelError::at(&parameter.place, Fault::Evaluation { what: what.clone(), message: e.message(names) })
    })?;
    if z.im != 0.0 {
        return Err(ModelError::at(&parameter.place, Fault::NotReal { what, re: z.re, im: z.im }));
    }
    Ok(z.re)
}

fn uses(parameter: &Parameter) -> Vec<usize> {
    parameter.expression.as_ref().map(|e| e.params().into_iter().map(|p| p.0 as usize).collect()).unwrap_or_default()
}

/// An order in which each parameter comes after those it uses (depth first), or the circle that forbids it.
fn order(list: &[Parameter]) -> Result<Vec<usize>, ModelError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut mark = vec![Mark::New; list.len()];
    let mut order = Vec::with_capacity(list.len());
    for root in 0..list.len() {
        if mark[root] != Mark::New {
            continue;
        }
        // The path from the root, each with the parameters it uses that are still to be visited.
        let mut path: Vec<(usize, Vec<usize>)> = vec![(root, uses(&list[root]))];
        mark[root] = Mark::Open;
        while let Some((k, left)) = path.last_mut() {
            match left.pop() {
                None => {
                    mark[*k] = Mark::Done;
                    order.push(*k);
                    path.pop();
                }
                Some(next) => match mark[next] {
                    Mark::Done => {}
                    Mark::New => {
                        mark[next] = Mark::Open;
                        path.push((next, uses(&list[next])));
                    }
                    Mark::Open => {
                        let from = path.iter().position(|(p, _)| *p == next).unwrap_or(0);
                        let mut names: Vec<String> = path[from..].iter().map(|(p, _)| list[*p].name.clone()).collect();
                        names.push(list[next].name.clone());
                        return Err(ModelError::at(&list[next].place, Fault::Circle { names }));
                    }
                },
            }
        }
    }
    Ok(order)
}
