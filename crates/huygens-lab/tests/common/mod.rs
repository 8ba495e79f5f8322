//! What several test files share.

use huygens::algebra::{ModeId, Operator, heisenberg};
use huygens::model::Model;
use num_complex::Complex64 as c64;

/// ⟨ȧ_k⟩ at the coherent state z: the mean-field flow.
pub fn flow(model: &Model, values: &[f64], z: &[c64]) -> Vec<c64> {
    let jumps: Vec<Operator> = model.jumps.iter().map(|j| j.operator.clone()).collect();
    (0..model.len())
        .map(|k| {
            let x = Operator::annihilation(ModeId(k as u32));
            heisenberg(&model.hamiltonian, &jumps, &x).normal_symbol().eval(z, values, 0.0).unwrap()
        })
        .collect()
}
