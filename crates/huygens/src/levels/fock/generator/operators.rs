//! The operators of a model in one space.

use std::sync::Arc;

use huygens_numerics::c64;

use super::super::layout::Population;
use super::super::shifted::Shifted;
use super::super::space::{Cutoff, Space};
use super::place_of;
use crate::algebra::{EvalError, Monomial, Operator, Scalar};
use crate::model::{Binding, Model};

/// The operators of one model in one space at one set of values, before a storage is chosen.
#[derive(Clone, Debug)]
pub struct Operators {
    /// The space.
    pub space: Arc<Space>,
    /// Summands of K with their factor: conj(φ_i) φ_j of time-dependent coefficients, 0 standing for the number 1; first those of
    /// −iH + H_c, then those of −½ Σ L†L.
    pub(in super::super) effective: [Vec<(Factor, Shifted)>; 2],
    /// Summands of the jumps, with the number of their coefficient.
    pub(in super::super) jumps: Vec<Vec<(u32, Shifted)>>,
    /// Which jump of the model each of them is.
    pub(in super::super) origin: Vec<usize>,
    /// Time-dependent coefficients φ_1, φ_2, ….
    pub(in super::super) moving: Vec<Scalar>,
    pub(in super::super) params: Vec<f64>,
}

/// conj(φ_i) φ_j; (0, 0) is the number 1.
pub(in super::super) type Factor = (u32, u32);

/// Why a model has no generator in number states.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeneratorError {
    /// A coefficient without a value.
    #[error("{0}")]
    Value(EvalError),
    /// A bath that is no Lindblad generator.
    #[error(
        "the bath `{label}` damps the momentum alone (momentum = {share}): that is no Lindblad generator and has no density matrix that stays positive; take momentum = 0, or the gaussian level"
    )]
    Momentum {
        /// Its label.
        label: String,
        /// Its share of momentum damping.
        share: f64,
    },
}

impl Operators {
    /// The operators of a model at the values of `binding`.
    ///
    /// # Errors
    /// [`GeneratorError`].
    pub fn new(model: &Model, binding: &Binding, space: Arc<Space>) -> Result<Self, GeneratorError> {
        Self::following(model, &binding.values, usize::MAX, space)
    }

    /// The same with the parameters from number `fixed` on set anew whenever the time is.
    ///
    /// # Errors
    /// [`GeneratorError`].
    pub(in super::super) fn following(
        model: &Model,
        params: &[f64],
        fixed: usize,
        space: Arc<Space>,
    ) -> Result<Self, GeneratorError> {
        let moves = |c: &Scalar| c.depends_on_time() || c.params().last().is_some_and(|p| p.0 as usize >= fixed);
        for bath in &model.baths {
            let share = bath.momentum.eval(params, 0.0).map_err(GeneratorError::Value)?.re;
            if share != 0.0 {
                return Err(GeneratorError::Momentum { label: bath.label.clone(), share });
            }
        }
        let mut moving: Vec<Scalar> = Vec::new();
        let mut divide =
            |operator: &Operator, form: &dyn Fn(&Monomial) -> Shifted| -> Result<Vec<(u32, Shifted)>, GeneratorError> {
                let (fixed, timed): (Vec<_>, Vec<_>) = operator.iter().partition(|(_, c)| !moves(c));
                let mut parts = Vec::new();
                if !fixed.is_empty() {
                    let mut sum = Shifted::default();
                    for (monomial, coefficient) in fixed {
                        sum.add_scaled(coefficient.eval(params, 0.0).map_err(GeneratorError::Value)?, &form(monomial));
                    }
                    sum.trim();
                    parts.push((0, sum));
                }
                for (monomial, coefficient) in timed {
                    let at = place_of(&mut moving, coefficient.clone());
                    parts.push((at as u32 + 1, form(monomial)));
                }
                Ok(parts)
            };
        let whole = |monomial: &Monomial| Shifted::monomial(&space, monomial);
        let mut effective: [Vec<(Factor, Shifted)>; 2] = [Vec::new(), Vec::new()];
        let add = |list: &mut Vec<(Factor, Shifted)>, factor: Factor, scale: c64, operator: &Shifted| {
            let at = list.iter().position(|(f, _)| *f == factor).unwrap_or_else(|| {
                list.push((factor, Shifted::default()));
                list.len() - 1
            });
            list[at].1.add_scaled(scale, operator);
        };
        for (operator, scale) in [(&model.hamiltonian, c64::new(0.0, -1.0)), (&model.antihermitian, c64::new(1.0, 0.0))]
        {
            for (at, part) in divide(operator, &whole)? {
                add(&mut effective[0], (0, at), scale, &part);
            }
        }
        let (mut jumps, mut origin) = (Vec::new(), Vec::new());
        for (index, jump) in model.jumps.iter().enumerate() {
            // The jumps of the members of an ensemble are three, by what they do to its length.
            let ensemble = jump.members.and_then(|mode| space.ensembles().iter().find(|e| e.site == mode.0 as usize));
            let channels = match (jump.members, ensemble) {
                (Some(mode), Some(ensemble)) => {
                    let one = |change: i32| {
                        let form = |m: &Monomial| Shifted::member(&space, ensemble, m.word(mode), change);
                        divide(&jump.operator, &form)
                    };
                    [-1, 0, 1].into_iter().map(one).collect::<Result<Vec<_>, _>>()?
                }
                _ => vec![divide(&jump.operator, &whole)?],
            };
            for parts in channels {
                for (i, left) in &parts {
                    let adjoint = left.adjoint(&space);
                    for (j, right) in &parts {
                        add(&mut effective[1], (*i, *j), c64::new(-0.5, 0.0), &adjoint.mul(&space, right));
                    }
                }
                if parts.iter().any(|(_, part)| !part.parts.is_empty()) {
                    jumps.push(parts);
                    origin.push(index);
                }
            }
        }
        for list in &mut effective {
            list.iter_mut().for_each(|(_, part)| part.trim());
            list.retain(|(_, part)| !part.parts.is_empty());
        }
        Ok(Self { space, effective, jumps, origin, moving, params: params.to_vec() })
    }

    /// The shifts of ket and bra by all terms.
    pub fn shifts(&self) -> Vec<(Vec<i32>, Vec<i32>)> {
        let mut list = Vec::new();
        let rest = vec![0; self.space.modes()];
        for shift in self.effective.iter().flatten().flat_map(|(_, part)| part.shifts()) {
            list.push((shift.to_vec(), rest.clone()));
            list.push((rest.clone(), shift.to_vec()));
        }
        for jump in &self.jumps {
            let all: Vec<&[i32]> = jump.iter().flat_map(|(_, part)| part.shifts()).collect();
            for ket in &all {
                list.extend(all.iter().map(|bra| (ket.to_vec(), bra.to_vec())));
            }
        }
        list
    }

    /// The lattice of elements that an initial state with elements at `base` and its differences `start` can reach.
    pub fn population(&self, base: &[i32], start: impl IntoIterator<Item = (Vec<i32>, Vec<i32>)>) -> Population {
        Population::new(base, self.shifts().into_iter().chain(start))
    }

    /// Whether no term leads out of the cut-off: none raises the total number, or with a product cut-off the number of a boson. What is
    /// inside then never depends on what is outside but for what comes in from there.
    pub fn stays(&self) -> bool {
        let raises = |shift: &[i32]| match self.space.cutoff() {
            Cutoff::Total(_) => shift[..self.space.visible()].iter().sum::<i32>() > 0,
            Cutoff::Product(_) => (0..shift.len()).any(|k| self.space.spin(k).is_none() && shift[k] > 0),
        };
        let effective = self.effective.iter().flatten().flat_map(|(_, part)| part.shifts());
        let jumps = self.jumps.iter().flatten().flat_map(|(_, part)| part.shifts());
        effective.chain(jumps).all(|shift| !raises(shift))
    }

    /// The jumps alone, without H and H_c: D\[ρ\] = Σ_j (L_j ρ L_j† − ½{L_j†L_j, ρ}).
    pub fn dissipator(&self) -> Self {
        let [_, damping] = &self.effective;
        Self { effective: [Vec::new(), damping.clone()], ..self.clone() }
    }

    /// The events alone, Σ_j w_j L_j ρ L_j† over the jumps of the model with a weight w_j > 0; `None` where there is none.
    pub fn events(&self, weight: impl Fn(usize) -> f64) -> Option<Self> {
        let mut counted =
            Self { effective: [Vec::new(), Vec::new()], jumps: Vec::new(), origin: Vec::new(), ..self.clone() };
        for (jump, &index) in self.jumps.iter().zip(&self.origin) {
            let weight = weight(index);
            if weight > 0.0 {
                let scaled = |part: &Shifted| {
                    let mut scaled = Shifted::default();
                    scaled.add_scaled(c64::new(weight.sqrt(), 0.0), part);
                    scaled
                };
                counted.jumps.push(jump.iter().map(|(at, part)| (*at, scaled(part))).collect());
                counted.origin.push(index);
            }
        }
        (!counted.jumps.is_empty()).then_some(counted)
    }

    /// Whether there are jumps.
    pub fn dissipates(&self) -> bool {
        !self.jumps.is_empty()
    }

    /// Whether the generator depends on the time.
    pub fn depends_on_time(&self) -> bool {
        !self.moving.is_empty()
    }
}
