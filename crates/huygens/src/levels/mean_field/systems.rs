//! The flow and its linearisation as systems for the integrators.
//!
//! State layouts (real numbers): the mean field is z as (Re z₁, Im z₁, …); behind it stand, where asked, the transition matrix
//! G (2n × columns, row-major) with Ġ = M G and the accumulated noise Q (2n × 2n) with Q̇ = M Q + Q Mᵀ + D.

use bytemuck::{cast_slice, cast_slice_mut};
use huygens_numerics::c64;
use huygens_numerics::ode::System;

use crate::levels::kernel::{Bound, Workspace, covariance_rate, sparse_times};

/// ż = f(t, z).
pub struct Flow<'a> {
    bound: &'a Bound,
    work: Workspace,
}

impl<'a> Flow<'a> {
    /// The flow of a bound model.
    pub fn new(bound: &'a Bound) -> Self {
        Self { bound, work: bound.workspace() }
    }
}

impl System for Flow<'_> {
    fn dim(&self) -> usize {
        2 * self.bound.modes()
    }

    #[inline]
    fn rhs(&mut self, t: f64, y: &[f64], dy: &mut [f64]) {
        self.bound.flow(t, cast_slice(y), cast_slice_mut(dy), &mut self.work);
    }

    // Quadratures are √2(Re z, Im z): the drift of the fluctuations is the Jacobian of the flow in either.
    fn jacobian(&mut self, t: f64, y: &[f64], jacobian: &mut [f64]) -> bool {
        jacobian.copy_from_slice(self.bound.drift_matrix(t, cast_slice(y)).as_slice());
        true
    }
}

/// The flow together with its transition matrix and, where asked, the accumulated noise.
pub struct Linearised<'a> {
    bound: &'a Bound,
    work: Workspace,
    columns: usize,
    noise: bool,
    scratch: Vec<f64>,
}

impl<'a> Linearised<'a> {
    /// Transition matrix with `columns` columns (0 for none) and noise if asked.
    pub fn new(bound: &'a Bound, columns: usize, noise: bool) -> Self {
        let n = 2 * bound.modes();
        Self { bound, work: bound.workspace(), columns, noise, scratch: vec![0.0; if noise { n * n } else { 0 }] }
    }

    /// Where G starts and where Q starts in the state.
    pub fn offsets(&self) -> (usize, usize) {
        let n = 2 * self.bound.modes();
        (n, n + n * self.columns)
    }
}

impl System for Linearised<'_> {
    fn dim(&self) -> usize {
        let n = 2 * self.bound.modes();
        n + n * self.columns + if self.noise { n * n } else { 0 }
    }

    #[inline]
    fn rhs(&mut self, t: f64, y: &[f64], dy: &mut [f64]) {
        let n = 2 * self.bound.modes();
        let (z, rest) = y.split_at(n);
        let (dz, drest) = dy.split_at_mut(n);
        self.bound.linearise(t, cast_slice::<f64, c64>(z), cast_slice_mut(dz), &mut self.work);
        let (g, q) = rest.split_at(n * self.columns);
        let (dg, dq) = drest.split_at_mut(n * self.columns);
        let kernel = self.bound.kernel();
        if self.columns > 0 {
            sparse_times(kernel.drift_pattern(), &self.work.drift, g, self.columns, dg);
        }
        if self.noise {
            covariance_rate(
                kernel.drift_pattern(),
                &self.work.drift,
                kernel.diffusion_pattern(),
                &self.work.diffusion,
                q,
                n,
                &mut self.scratch,
                dq,
            );
        }
    }

    // The blocks on the diagonal: M for z, M ⊗ 1 for G, M ⊗ 1 + 1 ⊗ M for Q. What is left out stands below the diagonal (the
    // change of M along z), so that the iteration of the implicit stepper still ends.
    fn jacobian(&mut self, t: f64, y: &[f64], jacobian: &mut [f64]) -> bool {
        let n = 2 * self.bound.modes();
        let (dim, columns) = (self.dim(), self.columns);
        let drift = self.bound.drift_matrix(t, cast_slice(&y[..n]));
        jacobian.fill(0.0);
        let (g, q) = self.offsets();
        for i in 0..n {
            for k in 0..n {
                let value = drift[(i, k)];
                jacobian[i * dim + k] = value;
                for j in 0..columns {
                    jacobian[(g + i * columns + j) * dim + g + k * columns + j] = value;
                }
                if self.noise {
                    for j in 0..n {
                        jacobian[(q + i * n + j) * dim + q + k * n + j] += value;
                        jacobian[(q + j * n + i) * dim + q + j * n + k] += value;
                    }
                }
            }
        }
        true
    }
}
