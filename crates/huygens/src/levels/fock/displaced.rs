//! Models in displaced number states D(α)|n⟩: every operator with a_k → a_k + α_k.
//!
//! A jump L(a + α) = L₁ + c with a number c moves the state as L₁ does with (i/2)(c*L₁ − cL₁†) added to H. What is left, H₁ and L₁, has
//! no numbers that cancel each other, however far the displacement.

use huygens_numerics::c64;

use crate::algebra::{ModeId, Monomial, Operator, Scalar};
use crate::model::Model;

/// A model with all its operators displaced; modes without an α stay. `whole` jumps keep their number: their events can be counted.
pub(crate) fn displaced(model: &Model, alpha: &dyn Fn(ModeId) -> Option<Scalar>, whole: bool) -> Model {
    let mut moved = model.clone();
    moved.hamiltonian = model.hamiltonian.displaced(alpha);
    moved.antihermitian = model.antihermitian.displaced(alpha);
    for (jump, own) in moved.jumps.iter_mut().zip(&model.jumps) {
        jump.operator = own.operator.displaced(alpha);
        let c = jump.operator.coefficient(&Monomial::one());
        if whole || c.is_zero() {
            continue;
        }
        let rest = jump.operator.sub(&Operator::scalar(c.clone()));
        let pull = rest.scale(&c.conj().times(c64::new(0.0, 0.5)));
        moved.hamiltonian.add_assign(&pull.add(&pull.adjoint()));
        jump.operator = rest;
    }
    // A number in H moves nothing.
    let number = moved.hamiltonian.coefficient(&Monomial::one());
    moved.hamiltonian = moved.hamiltonian.sub(&Operator::scalar(number));
    moved
}
