//! The generator of a master equation as jobs on rows of shifted diagonals.
//!
//! The linear, completely positive flow Ṙ = K R + R K† + Σ_j L_j R L_j† with K = −iH + H_c − ½ Σ_j L_j†L_j has ρ = R/tr R as the
//! solution of the nonlinear, normalised equation. All operators are matrices of the truncated space, L_j†L_j the product of
//! truncated matrices: a jump that would leave the space is dropped in both places, so that Lindblad terms keep the trace.

use std::sync::Arc;

use huygens_numerics::c64;
use rayon::prelude::*;

use super::layout::Layout;
use crate::algebra::{Compiled, EvalError, Scratch};

mod operators;
mod plan;
mod rows;
#[cfg(test)]
mod tests;

pub(super) use operators::Factor;
pub use operators::{GeneratorError, Operators};
pub(super) use rows::LANES;

use plan::{Builder, Job, Line, NONE, Plan, real_tables};
use rows::{Finish, Recur, RecurAndSum, Store, rows_kernel};

/// The generator of one master equation on one [`Layout`], applied without a matrix.
///
/// A vector is two planes of real numbers, all real parts and then all imaginary parts of the elements in the order of the layout,
/// and a lane of padding ([`Generator::len`]).
#[derive(Clone, Debug)]
pub struct Generator {
    layout: Arc<Layout>,
    /// What it was made of.
    operators: Arc<Operators>,
    plan: Plan,
    /// The diagonal part is d(n) + conj(d(n′)): tables over the states of the real and of the imaginary part of d.
    diagonal: [u32; 2],
    /// The imaginary part is the same for all elements of a row, in every row: that of a Hamiltonian at most linear in the number of
    /// the last mode.
    level: bool,
    program: Compiled,
    scratch: Scratch,
    phi: Vec<c64>,
    /// Factors of the weights at the time last set.
    values: Vec<f64>,
    /// Rows of about equal work for each thread.
    chunks: Vec<std::ops::Range<usize>>,
    extent: Extent,
}

/// A rectangle that holds the spectrum, by the theorem of Gershgorin: real parts in \[`low`, `high`\], imaginary parts below
/// `imaginary` in size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Smallest real part.
    pub low: f64,
    /// Largest real part.
    pub high: f64,
    /// Largest imaginary part.
    pub imaginary: f64,
}

impl Extent {
    /// Whether a number lies in the rectangle or about there.
    pub(super) fn holds(&self, z: c64) -> bool {
        let room = 0.1 * (self.high - self.low + self.imaginary);
        (self.low - room..=self.high + room).contains(&z.re) && z.im.abs() <= self.imaginary + room
    }
}

/// See [`Generator::recur`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Recurrence {
    pub(super) scale: f64,
    pub(super) shift: f64,
    pub(super) weight: f64,
    pub(super) share: [f64; 2],
}

impl Generator {
    /// The generator of `operators` on the elements of `layout`.
    pub fn new(operators: &Operators, layout: Arc<Layout>) -> Self {
        let space = layout.space().clone();
        let rest = vec![0; space.modes()];
        let mut builder = Builder::new(&layout);
        let mut diagonal = vec![c64::new(0.0, 0.0); space.len()];
        for (factor, part) in operators.effective.iter().flatten() {
            let conjugate = (factor.1, factor.0);
            for (shift, table) in &part.parts {
                if *shift == rest && *factor == (0, 0) {
                    diagonal.iter_mut().zip(table).for_each(|(d, x)| *d += x);
                    continue;
                }
                for (phase, real) in real_tables(table) {
                    let at = Some(builder.enter(real, shift));
                    let (left, right) =
                        (builder.coefficient(phase, *factor), builder.coefficient(phase.conj(), conjugate));
                    builder.term(shift, &rest, [at, None], left);
                    builder.term(&rest, shift, [None, at], right);
                }
            }
        }
        for jump in &operators.jumps {
            let mut parts: Vec<(u32, &Vec<i32>, c64, usize)> = Vec::new();
            for (coefficient, part) in jump {
                for (shift, table) in &part.parts {
                    for (phase, real) in real_tables(table) {
                        let at = builder.enter(real, shift);
                        parts.push((*coefficient, shift, phase, at));
                    }
                }
            }
            for &(i, ket, phase, f) in &parts {
                for &(j, bra, other, g) in &parts {
                    // L ρ L†: φ_i on the left, conj(φ_j) on the right.
                    let coefficient = builder.coefficient(phase * other.conj(), (j, i));
                    builder.term(ket, bra, [Some(f), Some(g)], coefficient);
                }
            }
        }
        let size = diagonal.iter().map(|d| d.im.abs()).fold(0.0, f64::max);
        let diagonal = [
            builder.table(&diagonal.iter().map(|z| z.re).collect::<Vec<_>>()),
            builder.table(&diagonal.iter().map(|z| z.im).collect::<Vec<_>>()),
        ];
        let plan = builder.finish(diagonal);
        let program = Compiled::new(&operators.moving);
        let mut scratch = program.scratch();
        let mut phi = vec![c64::new(0.0, 0.0); operators.moving.len()];
        // Fails only where `at` fails, and that reports it.
        let _ = program.bind(&operators.params, &mut scratch, &mut phi);
        let mut generator = Self {
            values: vec![0.0; plan.weights.len()],
            plan,
            diagonal,
            level: false,
            program,
            scratch,
            phi,
            chunks: Vec::new(),
            extent: Extent { low: 0.0, high: 0.0, imaginary: 0.0 },
            layout,
            operators: Arc::new(operators.clone()),
        };
        generator.turn(size);
        generator.chunks = generator.chunked();
        generator.extent = generator.gershgorin();
        generator
    }

    /// The storage.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The operators.
    pub(super) fn operators(&self) -> &Operators {
        &self.operators
    }

    /// Number of real numbers of a vector that the generator is applied to: two planes and a lane of padding, which must be finite.
    pub fn len(&self) -> usize {
        2 * self.layout.len() + LANES
    }

    /// Whether a vector has no elements (never).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the generator depends on the time.
    pub fn depends_on_time(&self) -> bool {
        !self.phi.is_empty()
    }

    /// A rectangle around the spectrum, of a generator that does not depend on the time.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Bytes that the generator itself holds.
    pub fn bytes(&self) -> usize {
        let Plan { jobs, moving, tables, lines, .. } = &self.plan;
        jobs.len() * (size_of::<Job>() + 8) + 16 * moving.len() + 8 * tables.len() + lines.len() * size_of::<Line>()
    }

    /// Sets the time of a driven model.
    ///
    /// # Errors
    /// A coefficient without a value at this time.
    pub fn set_time(&mut self, t: f64) -> Result<(), EvalError> {
        if self.phi.is_empty() {
            return Ok(());
        }
        self.program.at(t, &[], &mut self.scratch, &mut self.phi)?;
        let phi = |k: u32| if k == 0 { c64::new(1.0, 0.0) } else { self.phi[k as usize - 1] };
        let Plan { jobs, moving, weights, coefficients, .. } = &mut self.plan;
        for (value, weight) in self.values.iter_mut().zip(weights) {
            let c = coefficients[weight.coefficient as usize];
            *value = weight.factor(c.number * phi(c.factor.0).conj() * phi(c.factor.1));
        }
        for (at, scale) in moving {
            let job = &mut jobs[*at as usize];
            job.factor = *scale * self.values[job.weight as usize];
        }
        Ok(())
    }

    /// Sets parameters that move, and the time.
    ///
    /// # Errors
    /// As [`Generator::set_time`].
    pub(super) fn set(&mut self, params: &[f64], t: f64) -> Result<(), EvalError> {
        if self.phi.is_empty() {
            return Ok(());
        }
        self.program.bind(params, &mut self.scratch, &mut self.phi)?;
        self.set_time(t)
    }

    /// The jobs of one row, each with its span and with whether it is extended to the whole row.
    fn spans_of(&self, row: usize) -> impl Iterator<Item = (&Job, std::ops::Range<usize>, bool)> {
        let line = &self.plan.lines[row];
        line.jobs().map(move |at| {
            let [begin, length] = self.plan.spans[at].map(|x| x as usize);
            (&self.plan.jobs[at], begin..begin + length, !line.exact().contains(&at))
        })
    }

    /// The number with which element `i` of its row takes from the source, by a job with the place of its tables at
    /// the element `start`.
    fn share_at(&self, job: &Job, start: usize, i: usize) -> f64 {
        let side = |table: u32| if table == NONE { 1.0 } else { self.plan.tables[table as usize + i - start] };
        job.factor * side(job.first) * side(job.second)
    }

    /// The diagonal part at one element of a row.
    fn diagonal_at(&self, row: usize, i: usize) -> c64 {
        let gap = self.diagonal[1] - self.diagonal[0];
        let [ket, bra] = self.plan.lines[row].sides.map(|side| {
            let [re, im] = [side, side + gap].map(|place| self.plan.tables[place as usize + i]);
            c64::new(re, im)
        });
        ket + bra.conj()
    }

    /// Sets the turns of the rows and the field `level`; `size` is that of the largest imaginary part of d.
    fn turn(&mut self, size: f64) {
        self.level = true;
        for k in 0..self.plan.lines.len() {
            let turn = self.diagonal_at(k, 0).im;
            let same = |i: usize| (self.diagonal_at(k, i).im - turn).abs() <= 8.0 * f64::EPSILON * size;
            self.level &= (0..self.plan.lines[k].length as usize).all(same);
            self.plan.lines[k].turn = turn;
        }
    }

    fn chunked(&self) -> Vec<std::ops::Range<usize>> {
        let rows = self.layout.rows();
        let work = |k: usize| (2 + self.plan.lines[k].jobs().len()) * (6 + rows[k].length as usize);
        let total: usize = (0..rows.len()).map(work).sum();
        // Below some hundred microseconds of work a second thread costs more than it gives.
        let threads = rayon::current_num_threads().min(total / 100_000).max(1);
        let mut chunks = Vec::new();
        let (mut from, mut done) = (0, 0);
        for k in 0..rows.len() {
            done += work(k);
            if done * threads >= total * (chunks.len() + 1) {
                chunks.push(from..k + 1);
                from = k + 1;
            }
        }
        if from < rows.len() {
            chunks.push(from..rows.len());
        }
        chunks
    }

    fn gershgorin(&self) -> Extent {
        let mut extent = Extent { low: f64::INFINITY, high: f64::NEG_INFINITY, imaginary: 0.0 };
        let (mut real, mut imaginary) = (Vec::new(), Vec::new());
        for (k, row) in self.layout.rows().iter().enumerate() {
            let length = row.length as usize;
            for sums in [&mut real, &mut imaginary] {
                sums.clear();
                sums.resize(length, 0.0);
            }
            for (job, span, whole) in self.spans_of(k) {
                let sums = if self.plan.weights[job.weight as usize].imaginary { &mut imaginary } else { &mut real };
                let start = if whole { 0 } else { span.start };
                for i in span {
                    sums[i] += self.share_at(job, start, i).abs();
                }
            }
            for i in 0..length {
                let d = self.diagonal_at(k, i);
                extent.low = extent.low.min(d.re - real[i]);
                extent.high = extent.high.max(d.re + real[i]);
                extent.imaginary = extent.imaginary.max(d.im.abs() + imaginary[i]);
            }
        }
        extent
    }

    /// Shows every entry of the matrix G once: the places of its row and its column among the elements of the layout, whether the
    /// column's element enters as its conjugate, and the value; a place may occur several times, its values add.
    pub(super) fn entries(&self, mut look: impl FnMut(usize, usize, bool, c64)) {
        for (k, row) in self.layout.rows().iter().enumerate() {
            for i in 0..row.length as usize {
                look(row.offset + i, row.offset + i, false, self.diagonal_at(k, i));
            }
            for (job, span, whole) in self.spans_of(k) {
                let weight = self.plan.weights[job.weight as usize];
                // The factor is that of the plane that adds to the real part.
                let c = match (weight.imaginary, weight.opposite()) {
                    (false, _) => c64::new(1.0, 0.0),
                    (true, opposite) => c64::new(0.0, if opposite { -1.0 } else { 1.0 }),
                };
                let start = if whole { 0 } else { span.start };
                for i in span {
                    let share = self.share_at(job, start, i);
                    if share != 0.0 {
                        look(row.offset + i, job.source as usize + i - start, weight.conjugate, c * share);
                    }
                }
            }
        }
    }

    /// out = G x.
    ///
    /// # Panics
    /// When a slice is not of [`Generator::len`] numbers.
    pub fn apply(&self, x: &[f64], out: &mut [f64]) {
        self.each_part(x, [out], |out| Store { out });
    }

    /// One step of a three-term recurrence: next = scale G x − shift x − weight old, written over `old`.
    pub(super) fn recur(&self, step: Recurrence, x: &[f64], old: &mut [f64]) {
        self.each_part(x, [old], |old| Recur { step, old });
    }

    /// As [`Generator::recur`], and sum += share₀ x + share₁ next: the sum is read and written at every second step only.
    pub(super) fn recur_and_sum(&self, step: Recurrence, x: &[f64], old: &mut [f64], sum: &mut [f64]) {
        self.each_part(x, [old, sum], |[old_re, old_im, sum_re, sum_im]: [&mut [f64]; 4]| RecurAndSum {
            step,
            old: [old_re, old_im],
            sum: [sum_re, sum_im],
        });
    }

    /// Computes (G x) in one part for each thread, and hands its rows to what `make` makes of both planes of the `targets`, cut to
    /// that part.
    fn each_part<'t, const V: usize, const P: usize, F: Finish>(
        &self,
        x: &[f64],
        targets: [&'t mut [f64]; V],
        make: impl Fn([&'t mut [f64]; P]) -> F + Sync,
    ) {
        let half = self.layout.len();
        assert_eq!(x.len(), self.len(), "the vector does not fit the layout");
        let mut planes: Vec<&'t mut [f64]> = Vec::with_capacity(P);
        for target in targets {
            assert_eq!(target.len(), self.len(), "the vector does not fit the layout");
            let (re, im) = target[..2 * half].split_at_mut(half);
            planes.push(re);
            planes.push(im);
        }
        let rows = self.layout.rows();
        let mut parts: Vec<(std::ops::Range<usize>, [&'t mut [f64]; P])> = Vec::with_capacity(self.chunks.len());
        for chunk in &self.chunks {
            let end = rows.get(chunk.end).map_or(half, |row| row.offset);
            let length = end - rows[chunk.start].offset;
            let pieces = std::array::from_fn(|p| {
                let (head, tail) = std::mem::take(&mut planes[p]).split_at_mut(length);
                planes[p] = tail;
                head
            });
            parts.push((chunk.clone(), pieces));
        }
        if parts.len() == 1 {
            parts.into_iter().for_each(|(rows, pieces)| rows_kernel(self, rows, x, make(pieces)));
        } else {
            parts.into_par_iter().for_each(|(rows, pieces)| rows_kernel(self, rows, x, make(pieces)));
        }
    }
}

/// Where an item stands in a list; at its end, where it was not in it.
fn place_of<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}
