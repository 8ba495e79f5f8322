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
}
