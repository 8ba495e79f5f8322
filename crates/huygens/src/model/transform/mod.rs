//! Transformations of models, whose results are models again.
//!
//! Each takes a [`Model`] and gives another one, with the operators it was derived to, the frame it stands in, and what was neglected
//! on the way ([`Applied`]). A model file names them as text, applied in order:
//!
//! | text | what it does |
//! |---|---|
//! | `holstein_primakoff(s, K)` | a spin as a boson, J₋ = √(2j − n) b, the root in powers of 1/2j up to the order K |
//! | `holstein_primakoff_newton(s, K)` | the same with the polynomial in n of degree K that is exact for n ≤ K |
//! | `holstein_primakoff_printed(s, K)` | J₋ = √N (1 − n/2N)^{1/2} b, J_z = n − N for a spin of N members, as in arXiv:2408.06126, Eq. (4) |
//! | `rotating_frame(m, w, …)` | the mode m in the frame that turns at w |
//! | `interaction_picture(term)` | the frame of a term of H that is a sum of numbers |
//! | `schrieffer_wolff(term)` | a term of H in second order |
//! | `adiabatic_elimination(m)` | a damped mode that follows the others, and is gone |
//! | `project(m)`, `project(m, z)` | a mode in its lowest state, or a spin ½ with ⟨2J_z⟩ = z, and gone |

mod frames;
mod perturbation;
mod spins;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::{Jump, Kept, Mode, ModeKind, Model, Place};
use crate::algebra::parse::{self, Expr, Node, Scope, Symbol};
use crate::algebra::{Compiled, ModeId, Operator, Scalar, ScalarError};

pub use spins::Expansion;

/// A transformation that was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// How it is written.
    pub text: String,
    /// What was neglected, in words.
    pub note: String,
    /// The leading part of H that was neglected; zero where the transformation is exact.
    pub neglected: Operator,
}

/// Why a model cannot be transformed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TransformError {
    /// No such transformation.
    #[error(
        "no such transformation: there are holstein_primakoff(s, K), holstein_primakoff_newton(s, K), holstein_primakoff_printed(s, K), rotating_frame(m, w, ...), interaction_picture(term), schrieffer_wolff(term), adiabatic_elimination(m) and project(m, z)"
    )]
    Unknown,
    /// Arguments that do not fit.
    #[error("{0}")]
    Arguments(String),
    /// A mode of another kind.
    #[error("`{mode}` is {is}: {needs}")]
    Kind {
        /// Name of the mode.
        mode: String,
        /// What it is.
        is: &'static str,
        /// What is needed.
        needs: &'static str,
    },
    /// A model that has what the transformation does not treat.
    #[error("the model has {what}, which this transformation does not treat{cure}")]
    Untreated {
        /// What it has.
        what: String,
        /// How to do without.
        cure: &'static str,
    },
    /// Another form of a term is needed.
    #[error("{what}: {found}")]
    Form {
        /// What is needed.
        what: &'static str,
        /// What stands there.
        found: String,
    },
    /// A coefficient without a form.
    #[error("{0}")]
    Scalar(#[from] ScalarError),
    /// An expression that is not understood.
    #[error("{0}")]
    Text(String),
}

/// A model with the named terms of its Hamiltonian, on the way through its transformations.
#[derive(Clone, Debug)]
struct Stage {
    model: Model,
    /// Name, place and operator of the terms of H.
    terms: Vec<(String, Place, Operator)>,
}

impl Stage {
    fn new(model: &Model) -> Self {
        let names = model.term_names.iter().cloned();
        let terms = names.zip(&model.terms).map(|(name, (place, operator))| (name, place.clone(), operator.clone()));
        Self { terms: terms.collect(), model: model.clone() }
    }

    /// The model at the end.
    fn finish(mut self) -> Model {
        self.model.term_names = self.terms.iter().map(|(name, ..)| name.clone()).collect();
        self.model.terms = self.terms.into_iter().map(|(_, place, operator)| (place, operator)).collect();
        self.model
    }

    /// Applies one transformation given as text.
    ///
    /// # Errors
    /// [`TransformError`].
    fn apply(&mut self, text: &str, expr: &Expr, scope: &dyn Scope) -> Result<(), TransformError> {
        let Node::Call { name, arguments, .. } = &expr.node else { return Err(TransformError::Unknown) };
        if self.model.motion.is_some() {
            let what = "equations of motion written as such".to_owned();
            return Err(TransformError::Untreated { what, cure: ": give it a Hamiltonian and jumps" });
        }
        if self.model.follows_mean() {
            let what = "coefficients that follow the mean field (mean(…))".to_owned();
            return Err(TransformError::Untreated { what, cure: ": put a parameter in their place" });
        }
        if let Some(jump) = self.model.jumps.iter().find(|jump| jump.members.is_some())
            && !matches!(name.as_str(), "rotating_frame" | "interaction_picture")
        {
            let what = format!("the jump `{}` of the members of an ensemble", jump.label);
            return Err(TransformError::Untreated { what, cure: ": only frames keep it what it is" });
        }
        let stage = Reading { stage: self, scope };
        let applied = match name.as_str() {
            "holstein_primakoff" | "holstein_primakoff_newton" | "holstein_primakoff_printed" => {
                let expansion = match name.as_str() {
                    "holstein_primakoff" => Expansion::Taylor,
                    "holstein_primakoff_newton" => Expansion::Newton,
                    _ => Expansion::Printed,
                };
                let [spin, order] = arguments.as_slice() else {
                    return Err(TransformError::Arguments(format!("{name} takes a spin and an order: {name}(s, 1)")));
                };
                let (spins, order) = (stage.modes(spin)?, stage.whole(order)?);
                self.holstein_primakoff(&spins, expansion, order)?
            }
            "rotating_frame" => {
                if arguments.is_empty() || !arguments.len().is_multiple_of(2) {
                    let message = "rotating_frame takes modes, each with its frequency: rotating_frame(a, w_a, b, w_b)";
                    return Err(TransformError::Arguments(message.into()));
                }
                let mut turns = Vec::new();
                for [mode, frequency] in arguments.as_chunks::<2>().0 {
                    let frequency = stage.scalar(frequency)?;
                    turns.extend(stage.modes(mode)?.into_iter().map(|m| (m, frequency.clone())));
                }
                self.rotating_frame(&turns)?
            }
            "interaction_picture" | "schrieffer_wolff" => {
                let mut which = Vec::new();
                for argument in arguments {
                    which.push(stage.term(argument)?);
                }
                if which.is_empty() {
                    return Err(TransformError::Arguments(format!("{name} takes the names of terms of [hamiltonian]")));
                }
                if name == "interaction_picture" {
                    self.interaction_picture(&which)?
                } else {
                    self.schrieffer_wolff(&which)?
                }
            }
            "adiabatic_elimination" => {
                let [mode] = arguments.as_slice() else {
                    return Err(TransformError::Arguments("adiabatic_elimination takes one mode".into()));
                };
                let mode = stage.modes(mode)?;
                let [mode] = mode.as_slice() else {
                    return Err(TransformError::Arguments("adiabatic_elimination takes one mode of an array".into()));
                };
                self.adiabatic_elimination(*mode)?
            }
            "project" => {
                let (mode, z) = match arguments.as_slice() {
                    [mode] => (mode, None),
                    [mode, z] => (mode, Some(stage.scalar(z)?)),
                    _ => {
                        return Err(TransformError::Arguments(
                            "project takes a mode: project(m), or a spin 1/2 with <2 jz>: project(s, z)".into(),
                        ));
                    }
                };
                let modes = stage.modes(mode)?;
                let [mode] = modes.as_slice() else {
                    return Err(TransformError::Arguments("project takes one mode of an array".into()));
                };
                self.project(*mode, z)?
            }
            _ => return Err(TransformError::Unknown),
        };
        let (note, neglected) = applied;
        self.model.frame = format!("{}; {text}", self.model.frame);
        self.model.applied.push(Applied { text: text.to_owned(), note, neglected });
        Ok(())
    }

    /// Every operator of the model through one map.
    fn map(&mut self, f: &dyn Fn(&Operator) -> Result<Operator, TransformError>) -> Result<(), TransformError> {
        for (_, _, term) in &mut self.terms {
            *term = f(term)?;
        }
        self.model.hamiltonian = self.sum();
        self.model.antihermitian = f(&self.model.antihermitian)?;
        self.model.own_antihermitian = f(&self.model.own_antihermitian)?;
        self.map_jumps(f)
    }

    fn map_jumps(&mut self, f: &dyn Fn(&Operator) -> Result<Operator, TransformError>) -> Result<(), TransformError> {
        for jump in &mut self.model.jumps {
            jump.operator = f(&jump.operator)?;
            if let Some(Kept { whole, .. }) = &mut jump.kept {
                *whole = f(whole)?;
            }
        }
        self.model.jumps.retain(|jump| !jump.operator.is_zero());
        Ok(())
    }

    /// H.
    fn sum(&self) -> Operator {
        let mut sum = Operator::zero();
        self.terms.iter().for_each(|(_, _, term)| sum.add_assign(term));
        sum
    }

    /// Adds a term to H.
    fn add(&mut self, name: &str, term: Operator) {
        if !term.is_zero() {
            self.model.hamiltonian.add_assign(&term);
            self.terms.push((name.to_owned(), Place::new(format!("hamiltonian.{name}")), term));
        }
    }

    fn name(&self, mode: ModeId) -> &str {
        &self.model.modes[mode.0 as usize].name
    }

    fn no_structured_baths(&self) -> Result<(), TransformError> {
        match self.model.structured.first() {
            None => Ok(()),
            Some(bath) => {
                let what = format!("the bath `{}` with a spectral density", bath.label);
                Err(TransformError::Untreated { what, cure: "" })
            }
        }
    }

    /// Takes a mode out that no operator contains any more.
    fn remove(&mut self, mode: ModeId) -> Result<(), TransformError> {
        let gone = mode.0 as usize;
        if self.model.correlations.iter().any(|c| c.modes.contains(&mode)) {
            let what = format!("a start that correlates `{}` with others", self.name(mode));
            return Err(TransformError::Untreated { what, cure: "" });
        }
        let name = self.name(mode).to_owned();
        let renumber = move |m: ModeId| if m.0 > mode.0 { ModeId(m.0 - 1) } else { m };
        self.map(&|operator| Ok(operator.map_modes(&renumber)))?;
        let model = &mut self.model;
        model.modes.remove(gone);
        if let Some(start) = &mut model.start {
            start.remove(gone);
        }
        model.oscillators.retain(|m| *m != mode);
        model.oscillators.iter_mut().for_each(|m| *m = renumber(*m));
        for correlation in &mut model.correlations {
            correlation.modes.iter_mut().for_each(|m| *m = renumber(*m));
        }
        for bath in &mut model.baths {
            bath.mode = renumber(bath.mode);
        }
        for jump in &mut model.jumps {
            jump.members = jump.members.map(renumber);
        }
        self.forget(&name, None);
        Ok(())
    }

    /// Takes default measures out that name a mode, or those of spins only.
    fn forget(&mut self, mode: &str, only: Option<&[&str]>) {
        let names = |text: &str| {
            let inside = text.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
            inside.split(',').any(|part| part.trim() == mode)
        };
        self.model.measures.retain(|text| {
            let word = text.split('(').next().unwrap_or_default();
            !(names(text) && only.is_none_or(|list| list.contains(&word)))
        });
    }
}

/// Arguments of a transformation as what they mean.
struct Reading<'a> {
    stage: &'a Stage,
    scope: &'a dyn Scope,
}

impl Reading<'_> {
    /// A mode, or all of an array, by their names in the model as it is now.
    fn modes(&self, expr: &Expr) -> Result<Vec<ModeId>, TransformError> {
        let wrong = |name: &str| {
            let known: Vec<&str> = self.stage.model.modes.iter().map(|m| m.name.as_str()).collect();
            TransformError::Text(format!("there is no mode `{name}`; there are {}", known.join(", ")))
        };
        let (name, index) = match &expr.node {
            Node::Name(name) => (name.clone(), None),
            Node::Index { name, indices } => match indices.as_slice() {
                [one] => {
                    (name.clone(), Some(parse::integer(one, self.scope).map_err(|e| TransformError::Text(e.message))?))
                }
                _ => return Err(wrong(name)),
            },
            _ => return Err(TransformError::Arguments("a mode is expected here".into())),
        };
        let full = index.map_or(name.clone(), |j| format!("{name}[{j}]"));
        let is = |mode: &Mode| {
            mode.name == full || index.is_none() && mode.array.as_ref().is_some_and(|(array, _)| *array == name)
        };
        let found: Vec<ModeId> =
            (0..).zip(&self.stage.model.modes).filter(|(_, mode)| is(mode)).map(|(k, _)| ModeId(k)).collect();
        if found.is_empty() { Err(wrong(&full)) } else { Ok(found) }
    }

    fn scalar(&self, expr: &Expr) -> Result<Scalar, TransformError> {
        let value = parse::scalar(expr, self.scope).map_err(|e| TransformError::Text(e.message))?;
        if !value.is_real() || value.depends_on_time() {
            return Err(TransformError::Arguments("a frequency is real and does not depend on the time".into()));
        }
        Ok(value)
    }

    fn whole(&self, expr: &Expr) -> Result<u32, TransformError> {
        let value = parse::integer(expr, self.scope).map_err(|e| TransformError::Text(e.message))?;
        u32::try_from(value)
            .ok()
            .filter(|k| *k <= MAX_ORDER)
            .ok_or_else(|| TransformError::Arguments(format!("an order is a whole number from 0 to {MAX_ORDER}")))
    }

    fn term(&self, expr: &Expr) -> Result<usize, TransformError> {
        let known = || self.stage.terms.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(", ");
        let Node::Name(name) = &expr.node else {
            return Err(TransformError::Arguments(format!(
                "the name of a term of H is expected; there are {}",
                known()
            )));
        };
        let found = self.stage.terms.iter().position(|(term, ..)| term == name);
        found.ok_or_else(|| TransformError::Text(format!("H has no term `{name}`; there are {}", known())))
    }
}

/// The highest order of an expansion.
const MAX_ORDER: u32 = 12;

impl Model {
    /// The coefficients of all operators, compiled for validation.
    pub(super) fn compile(&mut self) {
        let coefficients: BTreeSet<&Scalar> = self.operators().flat_map(|o| o.iter().map(|(_, c)| c)).collect();
        self.coefficients = Compiled::new(&coefficients.into_iter().cloned().collect::<Vec<_>>());
    }

    /// The model after one transformation, whose names mean what `scope` says.
    pub(super) fn transform(&self, text: &str, expr: &Expr, scope: &dyn Scope) -> Result<Model, TransformError> {
        let mut stage = Stage::new(self);
        stage.apply(text, expr, scope)?;
        Ok(stage.finish())
    }

    /// The model after further transformations, given as text.
    ///
    /// # Errors
    /// [`TransformError`] of the first that cannot be applied.
    pub fn transformed(&self, texts: &[&str]) -> Result<Model, TransformError> {
        let scope = ModelScope(self);
        let mut model = self.clone();
        for text in texts {
            let expr = parse::parse(text).map_err(|e| TransformError::Text(e.message))?;
            model = model.transform(text, &expr, &scope)?;
        }
        model.compile();
        Ok(model)
    }
}

/// The parameters of a model as names.
struct ModelScope<'a>(&'a Model);

impl Scope for ModelScope<'_> {
    fn lookup(&self, name: &str) -> Option<Symbol> {
        let id = self.0.parameters.id(name)?;
        let parameter = self.0.parameters.get(id);
        if parameter.structural
            && let Some(value) = self.0.parameters.defaults().values.get(id.0 as usize)
        {
            return Some(Symbol::Integer(*value as i64));
        }
        Some(Symbol::Parameter(id))
    }

    fn names(&self) -> Vec<String> {
        self.0.parameters.iter().map(|(_, p)| p.name.clone()).collect()
    }
}

fn kind_of(kind: ModeKind) -> &'static str {
    match kind {
        ModeKind::Boson => "a boson",
        ModeKind::Spin { .. } => "a spin",
        ModeKind::Ensemble { .. } => "an ensemble",
    }
}

/// The jumps that contain a mode.
fn jumps_of(model: &Model, mode: ModeId) -> Vec<&Jump> {
    model.jumps.iter().filter(|jump| jump.operator.modes().contains(&mode)).collect()
}
