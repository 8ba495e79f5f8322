//! The generator of a master equation as jobs on rows of shifted diagonals.
//!
//! The linear, completely positive flow Ṙ = K R + R K† + Σ_j L_j R L_j† with K = −iH + H_c − ½ Σ_j L_j†L_j has ρ = R/tr R as the
//! solution of the nonlinear, normalised equation. All operators are matrices of the truncated space, L_j†L_j the product of
//! truncated matrices: a jump that would leave the space is dropped in both places, so that Lindblad terms keep the trace.

use std::sync::Arc;

use huygens_numerics::c64;
use multiversion::multiversion;
use multiversion::target::target_cfg_f;
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
    pub(super) effective: [Vec<(Factor, Shifted)>; 2],
    /// Summands of the jumps, with the number of their coefficient.
    pub(super) jumps: Vec<Vec<(u32, Shifted)>>,
    /// Which jump of the model each of them is.
    pub(super) origin: Vec<usize>,
    /// Time-dependent coefficients φ_1, φ_2, ….
    pub(super) moving: Vec<Scalar>,
    pub(super) params: Vec<f64>,
}

/// conj(φ_i) φ_j; (0, 0) is the number 1.
pub(super) type Factor = (u32, u32);

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
                let at = place_of(&mut moving, coefficient.clone());
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
        let (mut jumps, mut origin) = (Vec::new(), Vec::new());
        for (index, jump) in model.jumps.iter().enumerate() {
            let parts = split(&jump.operator)?;
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
        for list in &mut effective {
            list.iter_mut().for_each(|(_, part)| part.trim());
            list.retain(|(_, part)| !part.parts.is_empty());
        }
        Ok(Self { space, effective, jumps, origin, moving, params: params.clone() })
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

/// A coefficient of jobs: `number` times conj(φ_i) φ_j.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Coefficient {
    number: c64,
    factor: Factor,
}

/// No table on this side.
const NONE: u32 = u32::MAX;

/// How a coefficient c enters: its real part keeps the planes of the source, its imaginary part exchanges them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Weight {
    coefficient: u16,
    imaginary: bool,
    /// The source is the conjugate of what is stored.
    conjugate: bool,
}

impl Weight {
    /// Factors of the planes that add to the real and to the imaginary part.
    fn factors(self, c: c64) -> [f64; 2] {
        let sign = if self.conjugate { -1.0 } else { 1.0 };
        if self.imaginary { [-sign * c.im, c.im] } else { [c.re, sign * c.re] }
    }
}

/// Adds weight · first\[i\] second\[i\] · (x\[one + i\], x\[two + i\]) to the parts (real, imaginary) of element i of a row, for all i
/// of the row; outside `begin..begin + length` there is no source, and the tables are zero.
#[derive(Clone, Copy, Debug)]
struct Job {
    one: u32,
    two: u32,
    /// Places of the tables; there is always a first.
    first: u32,
    second: u32,
    weight: u32,
    begin: u32,
    length: u32,
}

/// Kinds of jobs in the order in which they stand in a row: with one table, with two, and those that may not be extended to the
/// whole row, since a table is not zero there or the vector ends.
const KINDS: usize = 3;

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
    /// First job of each kind of each row.
    first: Vec<u32>,
    coefficients: Vec<Coefficient>,
    weights: Vec<Weight>,
    /// The diagonal part is d(n) + conj(d(n′)): tables of the real and of the imaginary part of d.
    diagonal: [u32; 2],
    /// Places of the first ket and of the first bra of each row in a table.
    sides: Vec<[u32; 2]>,
    program: Compiled,
    scratch: Scratch,
    phi: Vec<c64>,
    /// Factors of the weights at the time last set.
    values: Vec<[f64; 2]>,
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
    pub(super) share: [f64; 2],
}

/// Where an item stands in a list; at its end, where it was not in it.
fn place_of<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
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
    weights: Vec<Weight>,
    /// Jobs with the kind and row they belong to, [`KINDS`] times the row and the kind.
    jobs: Vec<(u32, Job)>,
}

impl Builder<'_> {
    /// A table over the states, with a lane of zeros around each row of the space.
    fn table(&mut self, table: &[f64]) -> u32 {
        let at = (self.tables.len() + LANES) as u32;
        let space = self.layout.space();
        for row in 0..space.rows() {
            let (start, length) = space.row(row);
            self.tables.extend([0.0; LANES]);
            self.tables.extend_from_slice(&table[start..start + length as usize]);
        }
        self.tables.extend([0.0; LANES]);
        at
    }

    /// Where a table has the state with `n` quanta of the last mode in a row of the space.
    fn place(&self, row: usize, n: i32) -> u32 {
        ((self.layout.space().row(row).0 + LANES * row) as i32 + n) as u32
    }

    fn coefficient(&mut self, number: c64, factor: Factor) -> u16 {
        let new = Coefficient { number, factor };
        place_of(&mut self.coefficients, new) as u16
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
                offset => offset + self.place(space_row, n),
            };
            let sides = [table(tables[0], from_ket, low), table(tables[1], from_bra, low + source_m[last])];
            let [first, second] = if sides[0] == NONE { [sides[1], NONE] } else { sides };
            let (begin, length) = ((low + ket[last] - row.low) as u32, (high - low) as u32);
            let source = source.offset as i64 + i64::from(low - stored);
            self.push(at, row.length, [first, second], source as u32, conjugate, [begin, length], coefficient);
        }
    }

    /// The jobs of one term in one row of `width` elements: one for each part of the coefficient.
    #[allow(clippy::too_many_arguments, reason = "the parts of one job")]
    fn push(
        &mut self,
        row: usize,
        width: u32,
        [first, second]: [u32; 2],
        source: u32,
        conjugate: bool,
        [begin, length]: [u32; 2],
        coefficient: u16,
    ) {
        let half = self.layout.len() as u32;
        // From the first element of the row on, and in whole lanes.
        let value = |table: u32, i: i64| if table == NONE { 1.0 } else { self.tables[(i64::from(table) + i) as usize] };
        let outside = (-i64::from(begin)..0).chain(i64::from(length)..i64::from(width) - i64::from(begin));
        let whole = source >= begin
            && source - begin + width.next_multiple_of(LANES as u32) <= half + LANES as u32
            && begin <= LANES as u32
            && width - begin - length <= LANES as u32
            && outside.into_iter().all(|i| value(first, i) * value(second, i) == 0.0);
        let (kind, back) = match (whole, second) {
            (true, NONE) => (0, begin),
            (true, _) => (1, begin),
            (false, _) => (2, 0),
        };
        let place = |table: u32| if table == NONE { NONE } else { table - back };
        let Coefficient { number, factor } = self.coefficients[coefficient as usize];
        for imaginary in [false, true] {
            if factor == (0, 0) && (if imaginary { number.im } else { number.re }) == 0.0 {
                continue;
            }
            let weight = Weight { coefficient, imaginary, conjugate };
            let weight = place_of(&mut self.weights, weight) as u32;
            let planes = [source - back, source - back + half];
            let [one, two] = if imaginary { [planes[1], planes[0]] } else { planes };
            let job = Job { one, two, first: place(first), second: place(second), weight, begin, length };
            self.jobs.push(((KINDS * row + kind) as u32, job));
        }
    }
}

impl Generator {
    /// The generator of `operators` on the elements of `layout`.
    pub fn new(operators: &Operators, layout: Arc<Layout>) -> Self {
        let space = layout.space().clone();
        let rest = vec![0; space.modes()];
        let mut builder = Builder {
            layout: &layout,
            tables: Vec::new(),
            coefficients: Vec::new(),
            weights: Vec::new(),
            jobs: Vec::new(),
        };
        let mut diagonal = vec![c64::new(0.0, 0.0); space.len()];
        for (factor, part) in operators.effective.iter().flatten() {
            let conjugate = (factor.1, factor.0);
            for (shift, table) in &part.parts {
                if *shift == rest && *factor == (0, 0) {
                    diagonal.iter_mut().zip(table).for_each(|(d, x)| *d += x);
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
        let diagonal = [
            builder.table(&diagonal.iter().map(|z| z.re).collect::<Vec<_>>()),
            builder.table(&diagonal.iter().map(|z| z.im).collect::<Vec<_>>()),
        ];
        let sides = layout.rows().iter().map(|row| {
            let m = *layout.diagonals()[row.diagonal as usize].last().expect("at least one mode");
            [builder.place(row.ket as usize, row.low), builder.place(row.bra as usize, row.low + m)]
        });
        let sides = sides.collect();
        let Builder { mut tables, coefficients, weights, mut jobs, .. } = builder;
        tables.extend([0.0; LANES]);
        tables.extend([0.0; LANES]);
        jobs.sort_by_key(|(kind, _)| *kind);
        let mut first = vec![0_u32; KINDS * layout.rows().len() + 1];
        jobs.iter().for_each(|(kind, _)| first[*kind as usize + 1] += 1);
        for k in 1..first.len() {
            first[k] += first[k - 1];
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
            values: weights.iter().map(|w| w.factors(coefficients[w.coefficient as usize].number)).collect(),
            coefficients,
            weights,
            diagonal,
            sides,
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
        self.jobs.len() * size_of::<Job>() + 8 * (self.tables.len() + self.sides.len())
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
        for (value, weight) in self.values.iter_mut().zip(&self.weights) {
            let c = self.coefficients[weight.coefficient as usize];
            *value = weight.factors(c.number * phi(c.factor.0).conj() * phi(c.factor.1));
        }
        Ok(())
    }

    /// The jobs of one row.
    fn jobs_of(&self, row: usize) -> &[Job] {
        &self.jobs[self.first[KINDS * row] as usize..self.first[KINDS * (row + 1)] as usize]
    }

    /// The jobs of one row, each with whether it is extended to the whole row.
    fn kinds_of(&self, row: usize) -> impl Iterator<Item = (&Job, bool)> {
        let exact = (self.first[KINDS * row + 2] - self.first[KINDS * row]) as usize;
        self.jobs_of(row).iter().enumerate().map(move |(at, job)| (job, at < exact))
    }

    /// The product of tables with which element `begin + i` of its row takes from the source.
    fn table_at(&self, job: &Job, whole: bool, i: usize) -> f64 {
        let at = if whole { job.begin as usize + i } else { i };
        let side = |table: u32| if table == NONE { 1.0 } else { self.tables[table as usize + at] };
        side(job.first) * side(job.second)
    }

    /// The diagonal part at one element of a row.
    fn diagonal_at(&self, row: usize, i: usize) -> c64 {
        let [ket, bra] = self.sides[row].map(|side| {
            let [re, im] = self.diagonal.map(|table| self.tables[(table + side) as usize + i]);
            c64::new(re, im)
        });
        ket + bra.conj()
    }

    fn chunked(&self) -> Vec<std::ops::Range<usize>> {
        let rows = self.layout.rows();
        let work = |k: usize| {
            let jobs = self.jobs_of(k);
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
        let (mut real, mut imaginary) = (Vec::new(), Vec::new());
        for (k, row) in self.layout.rows().iter().enumerate() {
            let length = row.length as usize;
            for sums in [&mut real, &mut imaginary] {
                sums.clear();
                sums.resize(length, 0.0);
            }
            for (job, whole) in self.kinds_of(k) {
                let weight = self.weights[job.weight as usize];
                let size = self.values[job.weight as usize][0].abs();
                let sums = if weight.imaginary { &mut imaginary } else { &mut real };
                for i in 0..job.length as usize {
                    sums[job.begin as usize + i] += size * self.table_at(job, whole, i).abs();
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
            for (job, whole) in self.kinds_of(k) {
                let Weight { imaginary, conjugate, .. } = self.weights[job.weight as usize];
                let [re, im] = self.values[job.weight as usize];
                let (c, source) = if imaginary { (c64::new(0.0, im), job.two) } else { (c64::new(re, 0.0), job.one) };
                let back = if whole { job.begin } else { 0 };
                for i in 0..job.length as usize {
                    let weight = self.table_at(job, whole, i);
                    if weight != 0.0 {
                        let to = row.offset + job.begin as usize + i;
                        look(to, (source + back) as usize + i, conjugate, c * weight);
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

/// Elements treated together: rows are computed in whole lanes.
///
/// What is then read too much does no harm: tables have a lane of zeros around each row of the space, vectors a lane of padding.
pub(super) const LANES: usize = 8;

/// What becomes of the rows of G x.
trait Finish: Send {
    /// Takes a row that begins at the element `at` of its part: both planes of x and of G x.
    fn take(&mut self, at: usize, x: [&[f64]; 2], g: [&[f64]; 2]);
}

/// out = G x.
struct Store<'a> {
    out: [&'a mut [f64]; 2],
}

impl Finish for Store<'_> {
    #[inline(always)]
    fn take(&mut self, at: usize, _: [&[f64]; 2], g: [&[f64]; 2]) {
        for (plane, g) in self.out.iter_mut().zip(g) {
            plane[at..at + g.len()].copy_from_slice(g);
        }
    }
}

/// See [`Generator::recur`].
struct Recur<'a> {
    step: Recurrence,
    old: [&'a mut [f64]; 2],
}

impl Finish for Recur<'_> {
    #[inline(always)]
    fn take(&mut self, at: usize, x: [&[f64]; 2], g: [&[f64]; 2]) {
        let Recurrence { scale, shift, weight, .. } = self.step;
        for ((old, x), g) in self.old.iter_mut().zip(x).zip(g) {
            for ((old, x), g) in old[at..at + g.len()].iter_mut().zip(x).zip(g) {
                *old = scale * g - shift * x - weight * *old;
            }
        }
    }
}

/// See [`Generator::recur_and_sum`].
struct RecurAndSum<'a> {
    step: Recurrence,
    old: [&'a mut [f64]; 2],
    sum: [&'a mut [f64]; 2],
}

impl Finish for RecurAndSum<'_> {
    #[inline(always)]
    fn take(&mut self, at: usize, x: [&[f64]; 2], g: [&[f64]; 2]) {
        let Recurrence { scale, shift, weight, share } = self.step;
        for (((old, sum), x), g) in self.old.iter_mut().zip(&mut self.sum).zip(x).zip(g) {
            let (old, sum) = (&mut old[at..at + g.len()], &mut sum[at..at + g.len()]);
            for (((old, sum), x), g) in old.iter_mut().zip(sum).zip(x).zip(g) {
                let next = scale * g - shift * x - weight * *old;
                *old = next;
                *sum += share[0] * x + share[1] * next;
            }
        }
    }
}

/// What one row of G x is made of, but for the jobs that are not extended to the whole row.
#[derive(Clone, Copy)]
struct RowWork<'a> {
    one_table: &'a [Job],
    two_tables: &'a [Job],
    values: &'a [[f64; 2]],
    tables: &'a [f64],
    x: &'a [f64],
    /// Where its elements begin in the planes.
    element: [usize; 2],
    /// Where its kets and bras begin in the tables of the diagonal part.
    re: [usize; 2],
    im: [usize; 2],
}

/// Rows of G x; `x` ends with a lane of finite numbers.
///
/// A piece of a row is kept in registers while all jobs add to it, as large a piece as there are registers for.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn rows_kernel<F: Finish>(generator: &Generator, rows: std::ops::Range<usize>, x: &[f64], mut finish: F) {
    let most = if target_cfg_f!(target_feature = "avx512f") { 4 } else { 2 };
    let half = generator.layout.len();
    let list = generator.layout.rows();
    let base = list[rows.start].offset;
    let longest = list[rows.clone()].iter().map(|row| row.length as usize).max().unwrap_or(0);
    // Whole pieces are written, each within one line of the cache: what is then read of a line of two stores would have to wait.
    let wide = longest.next_multiple_of(LANES);
    let mut buffer = vec![0.0_f64; 2 * wide + LANES];
    let skip = buffer.as_ptr().align_offset(8 * LANES).min(LANES);
    let (re, im) = buffer[skip..skip + 2 * wide].split_at_mut(wide);
    for k in rows {
        let row = &list[k];
        let first = &generator.first[KINDS * k..=KINDS * (k + 1)];
        let jobs = |kind: usize| &generator.jobs[first[kind] as usize..first[kind + 1] as usize];
        let ([ket, bra], [d_re, d_im]) = (generator.sides[k], generator.diagonal);
        let work = RowWork {
            one_table: jobs(0),
            two_tables: jobs(1),
            values: &generator.values,
            tables: &generator.tables,
            x,
            element: [row.offset, half + row.offset],
            re: [(d_re + ket) as usize, (d_re + bra) as usize],
            im: [(d_im + ket) as usize, (d_im + bra) as usize],
        };
        let length = row.length as usize;
        let mut at = 0;
        while at < length {
            let lanes = (length - at).div_ceil(LANES).min(most);
            match lanes {
                1 => piece::<LANES>(work, at, [re, im]),
                2 => piece::<{ 2 * LANES }>(work, at, [re, im]),
                3 => piece::<{ 3 * LANES }>(work, at, [re, im]),
                _ => piece::<{ 4 * LANES }>(work, at, [re, im]),
            }
            at += lanes * LANES;
        }
        for job in jobs(2) {
            exact(work, job, [re, im]);
        }
        let own = work.element.map(|start| &x[start..start + length]);
        finish.take(row.offset - base, own, [&re[..length], &im[..length]]);
    }
}

/// `L` elements of a row from the element `at` on.
#[inline(always)]
fn piece<const L: usize>(work: RowWork<'_>, at: usize, out: [&mut [f64]; 2]) {
    let RowWork { values, tables, x, .. } = work;
    let lane = |list: &[f64], from: usize| -> [f64; L] { *list[from + at..].first_chunk().expect("a lane of padding") };
    let (x_re, x_im) = (lane(x, work.element[0]), lane(x, work.element[1]));
    let (ket_re, bra_re) = (lane(tables, work.re[0]), lane(tables, work.re[1]));
    let (ket_im, bra_im) = (lane(tables, work.im[0]), lane(tables, work.im[1]));
    // A loop: `array::from_fn` of this size is a call, with the registers saved around it.
    let (mut re, mut im) = ([0.0; L], [0.0; L]);
    for i in 0..L {
        let (d_re, d_im) = (ket_re[i] + bra_re[i], ket_im[i] - bra_im[i]);
        re[i] = d_re * x_re[i] - d_im * x_im[i];
        im[i] = d_re * x_im[i] + d_im * x_re[i];
    }
    for job in work.one_table {
        let [a, b] = values[job.weight as usize];
        let f = lane(tables, job.first as usize);
        let (one, two) = (lane(x, job.one as usize), lane(x, job.two as usize));
        for i in 0..L {
            re[i] += a * f[i] * one[i];
            im[i] += b * f[i] * two[i];
        }
    }
    for job in work.two_tables {
        let [a, b] = values[job.weight as usize];
        let (f, g) = (lane(tables, job.first as usize), lane(tables, job.second as usize));
        let (one, two) = (lane(x, job.one as usize), lane(x, job.two as usize));
        for i in 0..L {
            let t = f[i] * g[i];
            re[i] += a * t * one[i];
            im[i] += b * t * two[i];
        }
    }
    out[0][at..at + L].copy_from_slice(&re);
    out[1][at..at + L].copy_from_slice(&im);
}

/// A job for its own elements only.
#[inline(always)]
fn exact(work: RowWork<'_>, job: &Job, [re, im]: [&mut [f64]; 2]) {
    let (length, to) = (job.length as usize, job.begin as usize);
    let (one, two) = (&work.x[job.one as usize..][..length], &work.x[job.two as usize..][..length]);
    let (re, im) = (&mut re[to..to + length], &mut im[to..to + length]);
    let [a, b] = work.values[job.weight as usize];
    let f = &work.tables[job.first as usize..][..length];
    for i in 0..length {
        let t = if job.second == NONE { f[i] } else { f[i] * work.tables[job.second as usize + i] };
        re[i] += a * t * one[i];
        im[i] += b * t * two[i];
    }
}
