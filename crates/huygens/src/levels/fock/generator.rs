//! The generator of a master equation as jobs on rows of shifted diagonals.
//!
//! The linear, completely positive flow Ṙ = K R + R K† + Σ_j L_j R L_j† with K = −iH + H_c − ½ Σ_j L_j†L_j has ρ = R/tr R as the
//! solution of the nonlinear, normalised equation. All operators are matrices of the truncated space, L_j†L_j the product of
//! truncated matrices: a jump that would leave the space is dropped in both places, so that Lindblad terms keep the trace.

use std::sync::Arc;

use huygens_numerics::c64;
use multiversion::multiversion;
use rayon::prelude::*;

use super::layout::{Layout, Population};
use super::shifted::Shifted;
use super::space::Space;
use crate::algebra::{Compiled, EvalError, Operator, Scalar, Scratch};
use crate::model::{Binding, Model};

/// The operators of one model in one space at one set of values, before a storage is chosen.
#[derive(Clone, Debug)]
pub struct Operators {
    /// The space.
    pub space: Arc<Space>,
    /// Summands of K with their factor: conj(φ_i) φ_j of time-dependent coefficients, 0 standing for the number 1; first those of
    /// −iH + H_c, then those of −½ Σ L†L.
    effective: [Vec<(Factor, Shifted)>; 2],
    /// Summands of the jumps, with the number of their coefficient.
    jumps: Vec<Vec<(u32, Shifted)>>,
    /// Time-dependent coefficients φ_1, φ_2, ….
    moving: Vec<Scalar>,
    params: Vec<f64>,
}

/// conj(φ_i) φ_j; (0, 0) is the number 1.
type Factor = (u32, u32);

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
        let params = &binding.values;
        for bath in &model.baths {
            let share = bath.momentum.eval(params, 0.0).map_err(GeneratorError::Value)?.re;
            if share != 0.0 {
                return Err(GeneratorError::Momentum { label: bath.label.clone(), share });
            }
        }
        let mut moving: Vec<Scalar> = Vec::new();
        let mut split = |operator: &Operator| -> Result<Vec<(u32, Shifted)>, GeneratorError> {
            let (fixed, timed): (Vec<_>, Vec<_>) = operator.iter().partition(|(_, c)| !c.depends_on_time());
            let fixed = Operator::from_terms(fixed.into_iter().map(|(m, c)| (m.clone(), c.clone())));
            let mut parts = Vec::new();
            if !fixed.is_zero() {
                parts.push((0, Shifted::new(&space, &fixed, params, 0.0).map_err(GeneratorError::Value)?));
            }
            for (monomial, coefficient) in timed {
                let known = moving.iter().position(|c| c == coefficient);
                let at = known.unwrap_or_else(|| {
                    moving.push(coefficient.clone());
                    moving.len() - 1
                });
                parts.push((at as u32 + 1, Shifted::monomial(&space, monomial)));
            }
            Ok(parts)
        };
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
            for (at, part) in split(operator)? {
                add(&mut effective[0], (0, at), scale, &part);
            }
        }
        let mut jumps = Vec::new();
        for jump in &model.jumps {
            let parts = split(&jump.operator)?;
            for (i, left) in &parts {
                let adjoint = left.adjoint(&space);
                for (j, right) in &parts {
                    add(&mut effective[1], (*i, *j), c64::new(-0.5, 0.0), &adjoint.mul(&space, right));
                }
            }
            if parts.iter().any(|(_, part)| !part.parts.is_empty()) {
                jumps.push(parts);
            }
        }
        for list in &mut effective {
            list.iter_mut().for_each(|(_, part)| part.trim());
            list.retain(|(_, part)| !part.parts.is_empty());
        }
        Ok(Self { space, effective, jumps, moving, params: params.clone() })
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

    /// The jumps alone, without H and H_c: D\[ρ\] = Σ_j (L_j ρ L_j† − ½{L_j†L_j, ρ}).
    pub fn dissipator(&self) -> Self {
        let [_, damping] = &self.effective;
        Self { effective: [Vec::new(), damping.clone()], ..self.clone() }
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

/// A coefficient of jobs: `number` times conj(φ_i) φ_j.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Coefficient {
    number: c64,
    factor: Factor,
}

/// No table on this side.
const NONE: u32 = u32::MAX;

/// out\[begin + i\] += c · first\[i\] second\[i\] · source\[i\] for i < length, the source conjugated or not.
#[derive(Clone, Copy, Debug)]
struct Job {
    source: u32,
    /// Places of the tables; there is always a first.
    first: u32,
    second: u32,
    begin: u32,
    length: u32,
    coefficient: u16,
    conjugate: bool,
    /// Not rounded up to whole lanes.
    exact: bool,
}

/// The generator of one master equation on one [`Layout`], applied without a matrix.
///
/// A vector is two planes of real numbers, all real parts and then all imaginary parts of the elements in the order of the layout,
/// and a lane of padding ([`Generator::len`]).
#[derive(Clone, Debug)]
pub struct Generator {
    layout: Arc<Layout>,
    /// Real tables over the states of the space, one after another.
    tables: Vec<f64>,
    jobs: Vec<Job>,
    /// First job of each row.
    first: Vec<u32>,
    coefficients: Vec<Coefficient>,
    /// Diagonal part, real and imaginary plane.
    diagonal: Vec<f64>,
    program: Compiled,
    scratch: Scratch,
    phi: Vec<c64>,
    /// Coefficients at the time last set.
    values: Vec<c64>,
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

/// See [`Generator::recur`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Recurrence {
    pub(super) scale: f64,
    pub(super) shift: f64,
    pub(super) weight: f64,
    pub(super) share: f64,
}

/// A complex table as a phase times real tables.
fn real_tables(table: &[c64]) -> Vec<(c64, Vec<f64>)> {
    let largest = table.iter().copied().max_by(|a, b| a.norm_sqr().total_cmp(&b.norm_sqr())).unwrap_or_default();
    let size = largest.norm();
    if size == 0.0 {
        return Vec::new();
    }
    // Exact phases for the common cases, so that real stays real.
    let phase = if largest.im == 0.0 {
        c64::new(1.0, 0.0)
    } else if largest.re == 0.0 {
        c64::new(0.0, 1.0)
    } else {
        largest / size
    };
    let turned: Vec<c64> = table.iter().map(|z| z * phase.conj()).collect();
    if turned.iter().all(|z| z.im.abs() <= 1e-15 * size) {
        return vec![(phase, turned.iter().map(|z| z.re).collect())];
    }
    let parts = [
        (c64::new(1.0, 0.0), table.iter().map(|z| z.re).collect::<Vec<f64>>()),
        (c64::new(0.0, 1.0), table.iter().map(|z| z.im).collect()),
    ];
    parts.into_iter().filter(|(_, t)| t.iter().any(|x| *x != 0.0)).collect()
}

struct Builder<'a> {
    layout: &'a Layout,
    tables: Vec<f64>,
    coefficients: Vec<Coefficient>,
    /// Jobs with the row they write to.
    jobs: Vec<(u32, Job)>,
}

impl Builder<'_> {
    /// A table over the states, with a lane of zeros behind each row of the space.
    fn table(&mut self, table: &[f64]) -> u32 {
        let at = self.tables.len() as u32;
        let space = self.layout.space();
        for row in 0..space.rows() {
            let (start, length) = space.row(row);
            self.tables.extend_from_slice(&table[start..start + length as usize]);
            self.tables.extend([0.0; LANES]);
        }
        at
    }

    fn coefficient(&mut self, number: c64, factor: Factor) -> u16 {
        let new = Coefficient { number, factor };
        let known = self.coefficients.iter().position(|c| *c == new);
        known.unwrap_or_else(|| {
            self.coefficients.push(new);
            self.coefficients.len() - 1
        }) as u16
    }

    /// Jobs for out⟨n + s|·|n′ + s′⟩ += c · f(n) g(n′) · in⟨n|·|n′⟩ in every row.
    fn term(&mut self, ket: &[i32], bra: &[i32], tables: [u32; 2], coefficient: u16) {
        let space = self.layout.space();
        let last = space.modes() - 1;
        let mut source_m = vec![0; last + 1];
        for (at, row) in self.layout.rows().iter().enumerate() {
            let m = &self.layout.diagonals()[row.diagonal as usize];
            source_m.iter_mut().zip(m).zip(ket.iter().zip(bra)).for_each(|((x, m), (s, t))| *x = m + s - t);
            let prefix = space.prefix(row.ket as usize);
            let Some(from_ket) = space.find_row(prefix.iter().zip(ket).map(|(n, s)| n - s)) else { continue };
            let bra_prefix = space.prefix(row.bra as usize);
            let Some(from_bra) = space.find_row(bra_prefix.iter().zip(bra).map(|(n, s)| n - s)) else { continue };
            let Some((source, conjugate)) = self.layout.find(&source_m, from_ket, from_bra) else { continue };
            // Numbers of the last mode of the source's kets, as ⟨n|·|n + m⟩ before any conjugation.
            let stored = if conjugate { source.low - source_m[last] } else { source.low };
            let low = stored.max(row.low - ket[last]);
            let high = (stored + source.length as i32).min(row.low - ket[last] + row.length as i32);
            if low >= high {
                continue;
            }
            let table = |offset: u32, space_row: usize, n: i32| match offset {
                NONE => NONE,
                offset => offset + ((space.row(space_row).0 + LANES * space_row) as i32 + n) as u32,
            };
            let sides = [table(tables[0], from_ket, low), table(tables[1], from_bra, low + source_m[last])];
            let [first, second] = if sides[0] == NONE { [sides[1], NONE] } else { sides };
            let (begin, length) = ((low + ket[last] - row.low) as u32, (high - low) as u32);
            // Rounded up, the job must not reach elements of the row that it does not belong to.
            let wide = length.next_multiple_of(LANES as u32).min(row.length - begin);
            let value = |table: u32, i: u32| if table == NONE { 1.0 } else { self.tables[(table + i) as usize] };
            let exact = (length..wide).any(|i| value(first, i) * value(second, i) != 0.0);
            let source = (source.offset as i64 + i64::from(low - stored)) as u32;
            self.jobs.push((at as u32, Job { source, first, second, begin, length, coefficient, conjugate, exact }));
        }
    }
}

impl Generator {
    /// The generator of `operators` on the elements of `layout`.
    pub fn new(operators: &Operators, layout: Arc<Layout>) -> Self {
        let space = layout.space().clone();
        let rest = vec![0; space.modes()];
        let mut builder = Builder { layout: &layout, tables: Vec::new(), coefficients: Vec::new(), jobs: Vec::new() };
        let mut diagonal = vec![0.0; 2 * layout.len()];
        for (factor, part) in operators.effective.iter().flatten() {
            let conjugate = (factor.1, factor.0);
            for (shift, table) in &part.parts {
                if *shift == rest && *factor == (0, 0) {
                    let (re, im) = diagonal.split_at_mut(layout.len());
                    layout.each(|at, ket, bra| {
                        re[at] += table[ket].re + table[bra].re;
                        im[at] += table[ket].im - table[bra].im;
                    });
                    continue;
                }
                for (phase, real) in real_tables(table) {
                    let at = builder.table(&real);
                    let (left, right) =
                        (builder.coefficient(phase, *factor), builder.coefficient(phase.conj(), conjugate));
                    builder.term(shift, &rest, [at, NONE], left);
                    builder.term(&rest, shift, [NONE, at], right);
                }
            }
        }
        for jump in &operators.jumps {
            let mut parts: Vec<(u32, &Vec<i32>, c64, u32)> = Vec::new();
            for (coefficient, part) in jump {
                for (shift, table) in &part.parts {
                    for (phase, real) in real_tables(table) {
                        let at = builder.table(&real);
                        parts.push((*coefficient, shift, phase, at));
                    }
                }
            }
            for &(i, ket, phase, f) in &parts {
                for &(j, bra, other, g) in &parts {
                    // L ρ L†: φ_i on the left, conj(φ_j) on the right.
                    let coefficient = builder.coefficient(phase * other.conj(), (j, i));
                    builder.term(ket, bra, [f, g], coefficient);
                }
            }
        }
        let Builder { mut tables, coefficients, mut jobs, .. } = builder;
        tables.extend([0.0; LANES]);
        jobs.sort_by_key(|(row, _)| *row);
        let mut first = vec![0_u32; layout.rows().len() + 1];
        jobs.iter().for_each(|(row, _)| first[*row as usize + 1] += 1);
        for k in 0..layout.rows().len() {
            first[k + 1] += first[k];
        }
        let program = Compiled::new(&operators.moving);
        let mut scratch = program.scratch();
        let mut phi = vec![c64::new(0.0, 0.0); operators.moving.len()];
        // Fails only where `at` fails, and that reports it.
        let _ = program.bind(&operators.params, &mut scratch, &mut phi);
        let mut generator = Self {
            tables,
            jobs: jobs.into_iter().map(|(_, job)| job).collect(),
            first,
            values: coefficients.iter().map(|c| c.number).collect(),
            coefficients,
            diagonal,
            program,
            scratch,
            phi,
            chunks: Vec::new(),
            extent: Extent { low: 0.0, high: 0.0, imaginary: 0.0 },
            layout,
        };
        generator.chunks = generator.chunked();
        generator.extent = generator.gershgorin();
        generator
    }

    /// The storage.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
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
        self.jobs.len() * size_of::<Job>() + 8 * (self.tables.len() + self.diagonal.len())
    }

    /// Sets the time of a driven model.
    ///
    /// # Errors
    /// A coefficient without a value at this time.
    pub fn set_time(&mut self, t: f64) -> Result<(), EvalError> {
        if self.phi.is_empty() {
            return Ok(());
        }
        self.program.at(t, &mut self.scratch, &mut self.phi)?;
        let phi = |k: u32| if k == 0 { c64::new(1.0, 0.0) } else { self.phi[k as usize - 1] };
        for (value, c) in self.values.iter_mut().zip(&self.coefficients) {
            *value = c.number * phi(c.factor.0).conj() * phi(c.factor.1);
        }
        Ok(())
    }

    fn chunked(&self) -> Vec<std::ops::Range<usize>> {
        let rows = self.layout.rows();
        let work = |k: usize| {
            let jobs = &self.jobs[self.first[k] as usize..self.first[k + 1] as usize];
            jobs.iter().map(|j| 12 + j.length as usize).sum::<usize>() + 2 * rows[k].length as usize
        };
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
        let (re, im) = self.diagonal.split_at(self.layout.len());
        let (mut real, mut imaginary) = (Vec::new(), Vec::new());
        for (k, row) in self.layout.rows().iter().enumerate() {
            let length = row.length as usize;
            for sums in [&mut real, &mut imaginary] {
                sums.clear();
                sums.resize(length, 0.0);
            }
            for job in &self.jobs[self.first[k] as usize..self.first[k + 1] as usize] {
                let c = self.values[job.coefficient as usize];
                for i in 0..job.length as usize {
                    let side = |offset: u32| if offset == NONE { 1.0 } else { self.tables[offset as usize + i] };
                    let weight = (side(job.first) * side(job.second)).abs();
                    real[job.begin as usize + i] += c.re.abs() * weight;
                    imaginary[job.begin as usize + i] += c.im.abs() * weight;
                }
            }
            for i in 0..length {
                let at = row.offset + i;
                extent.low = extent.low.min(re[at] - real[i]);
                extent.high = extent.high.max(re[at] + real[i]);
                extent.imaginary = extent.imaginary.max(im[at].abs() + imaginary[i]);
            }
        }
        extent
    }

    /// Shows every entry of the matrix G once: the places of its row and its column among the elements of the layout, whether the
    /// column's element enters as its conjugate, and the value; a place may occur several times, its values add.
    pub(super) fn entries(&self, mut look: impl FnMut(usize, usize, bool, c64)) {
        let half = self.layout.len();
        for (k, row) in self.layout.rows().iter().enumerate() {
            for at in row.offset..row.offset + row.length as usize {
                look(at, at, false, c64::new(self.diagonal[at], self.diagonal[half + at]));
            }
            for job in &self.jobs[self.first[k] as usize..self.first[k + 1] as usize] {
                let c = self.values[job.coefficient as usize];
                for i in 0..job.length as usize {
                    let side = |table: u32| if table == NONE { 1.0 } else { self.tables[table as usize + i] };
                    let weight = side(job.first) * side(job.second);
                    if weight != 0.0 {
                        look(row.offset + job.begin as usize + i, job.source as usize + i, job.conjugate, c * weight);
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
        self.each_row(x, [out], |_, acc, [re, im]| {
            re.copy_from_slice(acc.0);
            im.copy_from_slice(acc.1);
        });
    }

    /// One step of a three-term recurrence: next = scale G x − shift x − weight old, written over `old`, and
    /// sum += share next.
    pub(super) fn recur(&self, step: Recurrence, x: &[f64], old: &mut [f64], sum: &mut [f64]) {
        let half = self.layout.len();
        let (x_re, x_im) = x[..2 * half].split_at(half);
        self.each_row(x, [old, sum], |span, acc, [old_re, old_im, sum_re, sum_im]| {
            finish(step, acc.0, &x_re[span.clone()], old_re, sum_re);
            finish(step, acc.1, &x_im[span], old_im, sum_im);
        });
    }

    /// Computes (G x) row by row and hands it to `take` with the same row of the vectors in `targets`, both planes of each.
    fn each_row<const V: usize, const P: usize>(
        &self,
        x: &[f64],
        targets: [&mut [f64]; V],
        take: impl Fn(std::ops::Range<usize>, (&[f64], &[f64]), [&mut [f64]; P]) + Sync,
    ) {
        let half = self.layout.len();
        assert_eq!(x.len(), self.len(), "the vector does not fit the layout");
        let mut planes: Vec<&mut [f64]> = Vec::with_capacity(P);
        for target in targets {
            assert_eq!(target.len(), self.len(), "the vector does not fit the layout");
            let (re, im) = target[..2 * half].split_at_mut(half);
            planes.push(re);
            planes.push(im);
        }
        let rows = self.layout.rows();
        let end = |k: usize| rows.get(k).map_or(half, |row| row.offset);
        let work = |range: std::ops::Range<usize>, mut planes: Vec<&mut [f64]>| {
            let longest = rows[range.clone()].iter().map(|r| r.length as usize).max().unwrap_or(0);
            let mut buffer = vec![0.0; 2 * (longest + LANES)];
            let (wide_re, wide_im) = buffer.split_at_mut(longest + LANES);
            let base = rows[range.start].offset;
            for k in range {
                let length = rows[k].length as usize;
                self.row(k, x, wide_re, wide_im);
                let (re, im) = (&wide_re[..length], &wide_im[..length]);
                let span = rows[k].offset..rows[k].offset + length;
                let mut pieces = planes.iter_mut().map(|p| &mut p[span.start - base..span.end - base]);
                let pieces: [&mut [f64]; P] = std::array::from_fn(|_| pieces.next().expect("as many as planes"));
                take(span, (re, im), pieces);
            }
        };
        if self.chunks.len() == 1 {
            work(0..rows.len(), planes);
            return;
        }
        let mut pieces: Vec<(std::ops::Range<usize>, Vec<&mut [f64]>)> = Vec::new();
        for chunk in &self.chunks {
            let length = end(chunk.end) - end(chunk.start);
            let mut mine = Vec::with_capacity(P);
            for plane in &mut planes {
                let (head, tail) = std::mem::take(plane).split_at_mut(length);
                mine.push(head);
                *plane = tail;
            }
            pieces.push((chunk.clone(), mine));
        }
        pieces.into_par_iter().for_each(|(range, planes)| work(range, planes));
    }

    #[inline]
    fn row(&self, k: usize, x: &[f64], re: &mut [f64], im: &mut [f64]) {
        let row = &self.layout.rows()[k];
        let half = self.layout.len();
        let span = row.offset..row.offset + row.length as usize;
        let (x_re, x_im) = (x, &x[half..]);
        let (d_re, d_im) = self.diagonal.split_at(half);
        row_kernel(
            &self.jobs[self.first[k] as usize..self.first[k + 1] as usize],
            &self.values,
            &self.tables,
            [x_re, x_im],
            [&d_re[span.clone()], &d_im[span.clone()]],
            span.start,
            [re, im],
        );
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn finish(step: Recurrence, acc: &[f64], x: &[f64], old: &mut [f64], sum: &mut [f64]) {
    let Recurrence { scale, shift, weight, share } = step;
    for (((a, x), old), sum) in acc.iter().zip(x).zip(old).zip(sum) {
        let next = scale * a - shift * x - weight * *old;
        *old = next;
        *sum += share * next;
    }
}

/// Elements treated together: jobs are rounded up to whole lanes.
///
/// What is then read and written too much does no harm: tables have a lane of zeros behind each row of the space, and rows are
/// computed in a buffer that is a lane longer. The few jobs for which neither holds are marked `exact`.
pub(super) const LANES: usize = 8;

/// One row of G x; `x` ends with a lane of finite numbers, `out` is longer than the row by a lane.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn row_kernel(
    jobs: &[Job],
    values: &[c64],
    tables: &[f64],
    x: [&[f64]; 2],
    diagonal: [&[f64]; 2],
    start: usize,
    out: [&mut [f64]; 2],
) {
    let [out_re, out_im] = out;
    let n = diagonal[0].len();
    {
        let (x_re, x_im) = (&x[0][start..start + n], &x[1][start..start + n]);
        let (d_re, d_im) = (diagonal[0], &diagonal[1][..n]);
        let (out_re, out_im) = (&mut out_re[..n], &mut out_im[..n]);
        for i in 0..n {
            out_re[i] = d_re[i] * x_re[i] - d_im[i] * x_im[i];
            out_im[i] = d_re[i] * x_im[i] + d_im[i] * x_re[i];
        }
    }
    for job in jobs {
        let wide = if job.exact { job.length as usize } else { (job.length as usize).next_multiple_of(LANES) };
        let (from, to) = (job.source as usize, job.begin as usize);
        let (s_re, s_im) = (&x[0][from..from + wide], &x[1][from..from + wide]);
        let (o_re, o_im) = (&mut out_re[to..to + wide], &mut out_im[to..to + wide]);
        let c = values[job.coefficient as usize];
        let sign = if job.conjugate { -1.0 } else { 1.0 };
        let f = &tables[job.first as usize..job.first as usize + wide];
        if job.second != NONE {
            let g = &tables[job.second as usize..job.second as usize + wide];
            if job.exact || c.im != 0.0 {
                for i in 0..wide {
                    let t = f[i] * g[i];
                    let (a, b) = (t * s_re[i], sign * t * s_im[i]);
                    o_re[i] += c.re * a - c.im * b;
                    o_im[i] += c.re * b + c.im * a;
                }
            } else {
                let (a, b) = (c.re, sign * c.re);
                let tables = f.as_chunks::<LANES>().0.iter().zip(g.as_chunks::<LANES>().0);
                let sources = s_re.as_chunks::<LANES>().0.iter().zip(s_im.as_chunks::<LANES>().0);
                let targets = o_re.as_chunks_mut::<LANES>().0.iter_mut().zip(o_im.as_chunks_mut::<LANES>().0);
                for (((f, g), (s_re, s_im)), (o_re, o_im)) in tables.zip(sources).zip(targets) {
                    let t: [f64; LANES] = std::array::from_fn(|i| f[i] * g[i]);
                    let re: [f64; LANES] = std::array::from_fn(|i| o_re[i] + a * t[i] * s_re[i]);
                    let im: [f64; LANES] = std::array::from_fn(|i| o_im[i] + b * t[i] * s_im[i]);
                    (*o_re, *o_im) = (re, im);
                }
            }
        } else if job.exact || (c.im != 0.0 && c.re != 0.0) {
            for i in 0..wide {
                let (a, b) = (f[i] * s_re[i], sign * f[i] * s_im[i]);
                o_re[i] += c.re * a - c.im * b;
                o_im[i] += c.re * b + c.im * a;
            }
        } else {
            // A real coefficient keeps the planes, an imaginary one exchanges them.
            let (a, b, one, two) =
                if c.im == 0.0 { (c.re, sign * c.re, s_re, s_im) } else { (-sign * c.im, c.im, s_im, s_re) };
            let sources = one.as_chunks::<LANES>().0.iter().zip(two.as_chunks::<LANES>().0);
            let targets = o_re.as_chunks_mut::<LANES>().0.iter_mut().zip(o_im.as_chunks_mut::<LANES>().0);
            for ((f, (one, two)), (o_re, o_im)) in f.as_chunks::<LANES>().0.iter().zip(sources).zip(targets) {
                let re: [f64; LANES] = std::array::from_fn(|i| o_re[i] + a * f[i] * one[i]);
                let im: [f64; LANES] = std::array::from_fn(|i| o_im[i] + b * f[i] * two[i]);
                (*o_re, *o_im) = (re, im);
            }
        }
    }
}
