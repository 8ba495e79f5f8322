//! A frame that follows the mean: number states D(α)|n⟩ with α = ⟨a⟩ at every time.
//!
//! With ρ = D(α) ρ₁ D†(α) the state ρ₁ moves by the displaced generator and by −[α̇ b† − α̇* b, ρ₁]. For any path α(t) that is exact; the
//! one taken keeps tr(bρ₁) where it is: α̇ = d⟨b⟩/dt under the displaced generator alone. α is integrated beside ρ₁, so that the basis has
//! to hold the fluctuations only, and nothing is ever projected from one basis to the next.

use std::sync::Arc;

use huygens_numerics::c64;

use super::displaced::displaced;
use super::generator::{Generator, GeneratorError, Operators, Recurrence};
use super::layout::Layout;
use super::problem::FockError;
use super::space::Space;
use crate::algebra::{Compiled, EvalError, ModeId, Monomial, Operator, ParamId, Scalar, Scratch};
use crate::model::{Binding, ModeKind, Model};

/// Displaced operators with α among their parameters, before a storage is chosen.
pub(super) struct Displaced {
    /// The model without the motion of the frame.
    pub(super) operators: Operators,
    /// −i(α̇ b† − α̇* b) of the modes that move.
    linear: Operators,
    /// The modes that move.
    modes: Vec<usize>,
    /// The number in H_c.
    growth: Scalar,
    params: Vec<f64>,
    first: usize,
}

impl Displaced {
    /// Of the modes whose mean may differ from zero.
    pub(super) fn new(
        model: &Model,
        binding: &Binding,
        space: &Arc<Space>,
        modes: Vec<usize>,
    ) -> Result<Self, GeneratorError> {
        let first = model.parameters.len();
        // Parameters: the real and imaginary parts of all α, then those of all α̇.
        let number = |at: usize| {
            let part = |j: usize| Scalar::param(ParamId((first + at + j) as u32));
            part(0).add(&part(1).times(c64::new(0.0, 1.0)))
        };
        let place = |mode: ModeId| modes.iter().position(|m| *m == mode.0 as usize);
        let mut moved = displaced(model, &|mode| place(mode).map(|j| number(2 * j)), false);
        let growth = moved.antihermitian.coefficient(&Monomial::one());
        moved.antihermitian = moved.antihermitian.sub(&Operator::scalar(growth.clone()));
        let mut params = binding.values.clone();
        params.resize(first + 4 * modes.len(), 0.0);
        let operators = Operators::following(&moved, &params, first, space.clone())?;
        moved.hamiltonian = Operator::zero();
        moved.antihermitian = Operator::zero();
        moved.jumps.clear();
        for (j, mode) in modes.iter().enumerate() {
            let raise = Operator::creation(ModeId(*mode as u32)).scale(&number(2 * (modes.len() + j)));
            let pull = raise.scale(&Scalar::number(c64::new(0.0, -1.0)));
            moved.hamiltonian.add_assign(&pull.add(&pull.adjoint()));
        }
        let linear = Operators::following(&moved, &params, first, space.clone())?;
        Ok(Self { operators, linear, modes, growth, params, first })
    }

    /// The shifts of ket and bra by all terms.
    pub(super) fn shifts(&self) -> Vec<(Vec<i32>, Vec<i32>)> {
        [self.operators.shifts(), self.linear.shifts()].concat()
    }

    /// The frame on a layout.
    pub(super) fn frame(self, layout: &Arc<Layout>) -> (Operators, Frame) {
        let numbers = layout.space().numbers();
        let all = layout.space().modes();
        let mut readings = vec![Vec::new(); self.modes.len()];
        layout.each(|at, ket, bra| {
            let (n, m) = (&numbers[ket * all..(ket + 1) * all], &numbers[bra * all..(bra + 1) * all]);
            for (mode, reading) in self.modes.iter().zip(&mut readings) {
                // Of a pair of conjugate elements the one with the larger bra is stored.
                if (0..all).all(|k| m[k] - n[k] == i32::from(k == *mode)) {
                    reading.push((at, f64::from(m[*mode]).sqrt()));
                }
            }
        });
        let growth = Compiled::new(&[self.growth]);
        let frame = Frame {
            linear: Generator::new(&self.linear, layout.clone()),
            scratch: growth.scratch(),
            growth,
            modes: self.modes,
            readings,
            populations: populations(layout),
            params: self.params,
            first: self.first,
            half: layout.len(),
        };
        (self.operators, frame)
    }
}

/// Which modes of a model can have a mean, of those that its symmetries and those of its start let have one.
///
/// # Errors
/// As [`Operators::new`].
pub(super) fn moving(
    model: &Model,
    binding: &Binding,
    space: &Arc<Space>,
    start: &[(Vec<i32>, Vec<i32>)],
) -> Result<Vec<usize>, FockError> {
    let zero = vec![0; model.len()];
    let population = Operators::new(model, binding, space.clone())?.population(&zero, start.iter().cloned());
    let unit = |k: usize| (0..model.len()).map(|j| i32::from(j == k)).collect::<Vec<i32>>();
    let bosons = (0..model.len()).filter(|k| model.modes[*k].kind == ModeKind::Boson);
    Ok(bosons.filter(|k| population.connects(&(unit(*k), zero.clone()))).collect())
}

/// Places of the populations among the stored elements.
fn populations(layout: &Layout) -> Vec<usize> {
    let mut list = Vec::with_capacity(layout.space().len());
    layout.each(|at, ket, bra| {
        if ket == bra {
            list.push(at);
        }
    });
    list
}

/// The motion of the displaced basis on one layout.
#[derive(Clone, Debug)]
pub struct Frame {
    /// −\[α̇ b† − α̇* b, ·\].
    linear: Generator,
    growth: Compiled,
    scratch: Scratch,
    modes: Vec<usize>,
    /// ⟨n|ρ|n + e_k⟩ and √(n_k + 1), for each mode that moves.
    readings: Vec<Vec<(usize, f64)>>,
    populations: Vec<usize>,
    /// Parameters of the model, α and α̇.
    params: Vec<f64>,
    first: usize,
    half: usize,
}

impl Frame {
    /// How many real numbers are integrated beside the density matrix: all α, and the growth of the trace by a number in H_c.
    pub(super) fn extra(&self) -> usize {
        2 * self.modes.len() + 1
    }

    /// Puts these numbers behind a state.
    pub(super) fn append(&self, alpha: &[c64], y: &mut Vec<f64>) {
        for mode in &self.modes {
            y.extend([alpha[*mode].re, alpha[*mode].im]);
        }
        y.push(0.0);
    }

    /// Takes them off again: α, and by how much the logarithm of the trace grew.
    pub(super) fn take(&self, alpha: &mut [c64], y: &mut Vec<f64>) -> f64 {
        let own = y.split_off(y.len() - self.extra());
        for (mode, z) in self.modes.iter().zip(own.as_chunks::<2>().0) {
            alpha[*mode] = c64::new(z[0], z[1]);
        }
        own[2 * self.modes.len()]
    }

    fn trace(&self, x: &[f64]) -> f64 {
        self.populations.iter().map(|at| x[*at]).sum()
    }

    /// tr(b x) for the mode of a reading.
    fn mean(&self, reading: &[(usize, f64)], x: &[f64]) -> c64 {
        let sum = |plane: &[f64]| reading.iter().map(|(at, w)| w * plane[*at]).sum::<f64>();
        // The stored element is the conjugate of ⟨n + 1|x|n⟩.
        c64::new(sum(x), -sum(&x[self.half..]))
    }

    /// The motion of the state and of these numbers, for the displaced generator.
    pub(super) fn flow(
        &mut self,
        generator: &mut Generator,
        t: f64,
        y: &[f64],
        dy: &mut [f64],
    ) -> Result<(), EvalError> {
        let ((x, own), (dx, d_own)) = (y.split_at(generator.len()), dy.split_at_mut(generator.len()));
        let (count, first) = (2 * self.modes.len(), self.first);
        self.params[first..first + count].copy_from_slice(&own[..count]);
        generator.set(&self.params, t)?;
        generator.apply(x, dx);
        let (trace, growth) = (self.trace(x), self.trace(dx));
        for (j, reading) in self.readings.iter().enumerate() {
            let velocity = (self.mean(reading, dx) - self.mean(reading, x) * (growth / trace)) / trace;
            (d_own[2 * j], d_own[2 * j + 1]) = (velocity.re, velocity.im);
        }
        self.params[first + count..].copy_from_slice(&d_own[..count]);
        self.linear.set(&self.params, t)?;
        self.linear.recur(Recurrence { scale: 1.0, shift: 0.0, weight: -1.0, share: [0.0; 2] }, x, dx);
        let mut number = [c64::new(0.0, 0.0)];
        self.growth.eval(&self.params, t, &mut self.scratch, &mut number)?;
        d_own[count] = 2.0 * number[0].re;
        Ok(())
    }
}
