//! Frames that turn.

use super::{Stage, TransformError};
use crate::algebra::{ModeId, Monomial, Operator, Scalar, Word};
use crate::model::ModeKind;

impl Stage {
    /// Modes in frames that turn at their frequencies: with U = e^{it Σ ω_k N_k}, N = n of a boson and J_z of a spin,
    /// H → UHU† − Σ ω_k N_k. A term that raises the numbers by q gets e^{i q·ω t}, which is left out of a jump that has it as a whole.
    pub(super) fn rotating_frame(&mut self, turns: &[(ModeId, Scalar)]) -> Result<(String, Operator), TransformError> {
        self.no_structured_baths()?;
        for bath in &self.model.baths {
            if !bath.momentum.is_zero() && turns.iter().any(|(mode, _)| *mode == bath.mode) {
                let what =
                    format!("the bath on `{}`, which damps the momentum more than the position", self.name(bath.mode));
                return Err(TransformError::Untreated { what, cure: ": set its momentum to 0" });
            }
        }
        let phase = |monomial: &Monomial| {
            let mut sum = Scalar::zero();
            for (mode, frequency) in turns {
                let charge = monomial.word(*mode).charge();
                if charge != 0 {
                    sum.add_assign(&frequency.times((charge as f64).into()));
                }
            }
            sum
        };
        let turned = |operator: &Operator, common: &Scalar| -> Result<Operator, TransformError> {
            let mut list = Vec::new();
            for (monomial, coefficient) in operator.iter() {
                let angle = phase(monomial).sub(common);
                let factor = if angle.is_zero() { Scalar::one() } else { unit(&angle.mul(&Scalar::time()))? };
                list.push((monomial.clone(), coefficient.mul(&factor)));
            }
            Ok(Operator::from_terms(list))
        };
        let none = Scalar::zero();
        let jumps: Vec<Scalar> = self
            .model
            .jumps
            .iter()
            .map(|jump| jump.operator.iter().next().map_or_else(Scalar::zero, |(monomial, _)| phase(monomial)))
            .collect();
        for (_, _, term) in &mut self.terms {
            *term = turned(term, &none)?;
        }
        self.model.antihermitian = turned(&self.model.antihermitian, &none)?;
        self.model.own_antihermitian = turned(&self.model.own_antihermitian, &none)?;
        for (jump, common) in self.model.jumps.iter_mut().zip(&jumps) {
            jump.operator = turned(&jump.operator, common)?;
            if let Some(kept) = &mut jump.kept {
                kept.whole = turned(&kept.whole, common)?;
            }
        }
        self.model.hamiltonian = self.sum();
        let mut frame = Operator::zero();
        for (mode, frequency) in turns {
            frame.add_assign(&self.number(*mode).scale(&frequency.neg()));
        }
        self.add("frame", frame);
        Ok(("nothing: the transformation is exact".into(), Operator::zero()))
    }

    /// The frame in which terms of H that are sums of numbers are gone.
    pub(super) fn interaction_picture(&mut self, which: &[usize]) -> Result<(String, Operator), TransformError> {
        let mut turns = Vec::new();
        for &k in which {
            let (_, _, term) = &self.terms[k];
            for (monomial, coefficient) in term.iter() {
                match monomial.factors() {
                    [] => {}
                    [f] if f.word == Word::boson(1, 1) || f.word == Word::Z => {
                        turns.push((f.mode, coefficient.clone()))
                    }
                    _ => {
                        let found = Operator::term(monomial.clone(), coefficient.clone()).text(&self.model.names());
                        let what = "an interaction picture is that of a sum of numbers n and J_z; other terms turn each number state at a \
                                    rate of its own, and their picture is no polynomial";
                        return Err(TransformError::Form { what, found });
                    }
                }
                if coefficient.depends_on_time() {
                    let found = coefficient.text(&self.model.names());
                    return Err(TransformError::Form {
                        what: "a frequency that depends on the time has no picture here",
                        found,
                    });
                }
            }
        }
        self.rotating_frame(&turns)
    }

    /// n of a boson, J_z of a spin.
    pub(super) fn number(&self, mode: ModeId) -> Operator {
        match self.model.modes[mode.0 as usize].kind {
            ModeKind::Boson => Operator::n(mode),
            ModeKind::Spin { .. } | ModeKind::Ensemble { .. } => Operator::spin_z(mode),
        }
    }
}

/// e^{iφ}.
fn unit(angle: &Scalar) -> Result<Scalar, TransformError> {
    Ok(angle.cos()?.add(&angle.sin()?.mul(&Scalar::i())))
}
