//! From terms of the generator to jobs on rows.
//!
//! A table f(n) over the states multiplies each element that a term moves. Within a row the number of the last mode alone runs, and
//! nearly all tables are products p(n_1, …, n_{M−1}) q(n_M): p becomes a number of the job, and what is left is a short table that
//! stays in the cache, or none.

use std::collections::HashMap;
use std::ops::Range;

use huygens_numerics::c64;

use super::super::layout::Layout;
use super::super::space::Space;
use super::Factor;
use super::place_of;
use super::rows::LANES;

/// A coefficient of jobs: `number` times conj(φ_i) φ_j.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coefficient {
    pub(super) number: c64,
    pub(super) factor: Factor,
}

/// No table on this side.
pub(super) const NONE: u32 = u32::MAX;

/// How a coefficient c enters: its real part keeps the planes of the source, its imaginary part exchanges them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weight {
    pub(super) coefficient: u16,
    pub(super) imaginary: bool,
    /// The source is the conjugate of what is stored.
    pub(super) conjugate: bool,
}

impl Weight {
    /// The factor of the plane that adds to the real part.
    pub(super) fn factor(self, c: c64) -> f64 {
        match (self.imaginary, self.conjugate) {
            (false, _) => c.re,
            (true, false) => -c.im,
            (true, true) => c.im,
        }
    }

    /// Whether the factor of the plane that adds to the imaginary part is the opposite one.
    pub(super) fn opposite(self) -> bool {
        self.imaginary != self.conjugate
    }
}

/// Adds factor · first\[i\] second\[i\] · (x\[one + i\], ± x\[two + i\]) to the parts (real, imaginary) of element i of a row, for all i
/// of the row; beyond its span there is no source, and the tables are zero. The two planes of x are exchanged for an imaginary
/// weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    /// Scale of the job times its weight at the time last set.
    pub(super) factor: f64,
    /// Place of the source in each plane.
    pub(super) source: u32,
    /// Places of the tables; where there is one alone it is the first.
    pub(super) first: u32,
    pub(super) second: u32,
    pub(super) weight: u32,
}

/// Kinds of jobs in the order in which they stand in a row. Without a table, with one, with two: first those of real weights, then
/// those of imaginary ones. Then those with conjugate sources, all with two tables. At last those that may not be extended to
/// the whole row, since nothing is zero there or the vector ends.
pub(super) const KINDS: usize = 9;
/// The first kind with an imaginary weight.
pub(super) const TURNED: usize = 3;
/// The first kind with a conjugate source.
pub(super) const CONJUGATE: usize = 6;
/// The kind that is not extended.
pub(super) const EXACT: usize = 8;

/// What the kernel reads of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Place of the first element in a plane, and number of elements.
    pub(super) element: u32,
    pub(super) length: u32,
    /// First job, and how many jobs there are of each kind.
    pub(super) job: u32,
    pub(super) counts: [u32; KINDS],
    /// Where its kets and bras begin in the table of the real part of d.
    pub(super) sides: [u32; 2],
    /// The imaginary part, where it is the same for all elements of a row in every row.
    pub(super) turn: f64,
    /// The elements are populations of a Hermitian operator.
    pub(super) real: bool,
}

impl Line {
    /// The places of its jobs.
    pub(super) fn jobs(&self) -> std::ops::Range<usize> {
        self.job as usize..self.job as usize + self.counts.iter().sum::<u32>() as usize
    }

    /// The places of those that are not extended.
    pub(super) fn exact(&self) -> std::ops::Range<usize> {
        let end = self.jobs().end;
        end - self.counts[EXACT] as usize..end
    }
}

/// The jobs of all rows and what they refer to.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Real tables, one after another.
    pub(super) tables: Vec<f64>,
    pub(super) jobs: Vec<Job>,
    /// Jobs with a factor that depends on the time, and their scales.
    pub(super) moving: Vec<(u32, f64)>,
    /// First element of its row and number of elements that each job has a source for.
    pub(super) spans: Vec<[u32; 2]>,
    pub(super) lines: Vec<Line>,
    pub(super) coefficients: Vec<Coefficient>,
    pub(super) weights: Vec<Weight>,
}

/// A complex table as a phase times real tables.
pub(super) fn real_tables(table: &[c64]) -> Vec<(c64, Vec<f64>)> {
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

/// A real table of one side of a term.
struct Table {
    all: Vec<f64>,
    /// Its place as it is, once asked for.
    place: Option<u32>,
    /// p over the rows of the space, and q among the tables of the last mode; no q where it is 1.
    product: Option<(Vec<f64>, Option<usize>)>,
}

/// p over the rows of the space and q over the numbers of the last mode with f = p q, to rounding, wherever n + shift lies in the space.
fn factors(space: &Space, table: &[f64], shift: &[i32]) -> Option<(Vec<f64>, Vec<f64>)> {
    let last = space.modes() - 1;
    let reach = |row: usize| -> Range<i32> {
        let target = space.find_row(space.prefix(row).iter().zip(shift).map(|(n, s)| n + s));
        target.map_or(0..0, |to| (-shift[last]).max(0)..space.row(row).1.min(space.row(to).1 - shift[last]))
    };
    let value = |row: usize, n: i32| table[space.row(row).0 + n as usize];
    let filled = |row: &usize| reach(*row).filter(|n| value(*row, *n) != 0.0).count();
    let fullest = (0..space.rows()).max_by_key(filled)?;
    let mut q: Vec<Option<f64>> = vec![None; space.top()[last] as usize + 1];
    let mut p = vec![0.0; space.rows()];
    for row in std::iter::once(fullest).chain(0..space.rows()) {
        let known = reach(row).filter_map(|n| q[n as usize].map(|q| (n, q)));
        let largest = known.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        p[row] = match largest {
            _ if row == fullest => 1.0,
            Some((n, q)) if q != 0.0 => value(row, n) / q,
            _ => 0.0,
        };
        if p[row] != 0.0 {
            reach(row).for_each(|n| {
                q[n as usize].get_or_insert(value(row, n) / p[row]);
            });
        }
    }
    let mut before = q.iter().copied().flatten().next().unwrap_or(0.0);
    let q: Vec<f64> = q
        .into_iter()
        .map(|q| {
            before = q.unwrap_or(before);
            before
        })
        .collect();
    let close = |a: f64, b: f64| (a - b).abs() <= 4.0 * f64::EPSILON * b.abs();
    (0..space.rows()).all(|row| reach(row).all(|n| close(p[row] * q[n as usize], value(row, n)))).then_some((p, q))
}

pub(super) struct Builder<'a> {
    layout: &'a Layout,
    tables: Vec<f64>,
    entered: Vec<Table>,
    /// Tables q of the last mode, and where they are.
    lasts: Vec<(Vec<f64>, u32)>,
    /// Where the products q(n) q′(n + d) are.
    pairs: HashMap<(usize, usize, i32), u32>,
    /// Whether rows share such a product often enough.
    paired: bool,
    /// Longest row, and the place of a table of zeros, as many ones, and zeros.
    longest: usize,
    window: u32,
    coefficients: Vec<Coefficient>,
    weights: Vec<Weight>,
    /// Jobs with their span, and the kind and row that they belong to: [`KINDS`] times the row and the kind.
    jobs: Vec<(u32, [u32; 2], Job)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        let longest = layout.rows().iter().map(|row| row.length as usize).max().unwrap_or(0);
        let mut tables = vec![0.0; LANES];
        tables.resize(LANES + longest, 1.0);
        tables.resize(2 * LANES + longest, 0.0);
        Self {
            layout,
            tables,
            entered: Vec::new(),
            lasts: Vec::new(),
            pairs: HashMap::new(),
            paired: layout.rows().len() >= 4 * layout.diagonals().len(),
            longest,
            window: LANES as u32,
            coefficients: Vec::new(),
            weights: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// A table over the states, with a lane of zeros around each row of the space.
    pub(super) fn table(&mut self, table: &[f64]) -> u32 {
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
    pub(super) fn place(&self, row: usize, n: i32) -> u32 {
        ((self.layout.space().row(row).0 + LANES * row) as i32 + n) as u32
    }

    /// A short table, with a lane of zeros on both sides.
    fn short(&mut self, table: impl IntoIterator<Item = f64>) -> u32 {
        self.tables.extend([0.0; LANES]);
        let at = self.tables.len() as u32;
        self.tables.extend(table);
        self.tables.extend([0.0; LANES]);
        at
    }

    /// The table of an operator's part with this shift, to be named in [`Builder::term`].
    pub(super) fn enter(&mut self, table: Vec<f64>, shift: &[i32]) -> usize {
        let product = factors(self.layout.space(), &table, shift).map(|(mut p, q)| {
            let first = q[0];
            if q.iter().all(|q| (q - first).abs() <= 4.0 * f64::EPSILON * first.abs()) {
                p.iter_mut().for_each(|p| *p *= first);
                return (p, None);
            }
            let at = self.lasts.iter().position(|(known, _)| *known == q).unwrap_or_else(|| {
                let place = self.short(q.iter().copied());
                self.lasts.push((q, place));
                self.lasts.len() - 1
            });
            (p, Some(at))
        });
        self.entered.push(Table { all: table, place: None, product });
        self.entered.len() - 1
    }

    pub(super) fn coefficient(&mut self, number: c64, factor: Factor) -> u16 {
        let new = Coefficient { number, factor };
        place_of(&mut self.coefficients, new) as u16
    }

    /// The scale and the tables of jobs whose source begins at ⟨low|·|low + d⟩ of the last mode, in rows of the space.
    fn sides(&mut self, tables: [Option<usize>; 2], rows: [usize; 2], low: i32, d: i32) -> (f64, [u32; 2]) {
        let product = |side: usize| match tables[side] {
            None => Some((1.0, None)),
            Some(at) => self.entered[at].product.as_ref().map(|(p, q)| (p[rows[side]], *q)),
        };
        let at = |place: u32, n: i32| (place as i32 + n) as u32;
        if let (Some((p, q)), Some((r, s))) = (product(0), product(1)) {
            let places = match (q, s) {
                (None, None) => [NONE, NONE],
                (Some(q), None) => [at(self.lasts[q].1, low), NONE],
                (None, Some(s)) => [at(self.lasts[s].1, low + d), NONE],
                (Some(q), Some(s)) if self.paired => [at(self.pair(q, s, d), low), NONE],
                (Some(q), Some(s)) => [at(self.lasts[q].1, low), at(self.lasts[s].1, low + d)],
            };
            return (p * r, places);
        }
        let mut places = [NONE, NONE];
        let mut next = 0;
        for (side, n) in [(0, low), (1, low + d)] {
            if let Some(table) = tables[side] {
                let whole = match self.entered[table].place {
                    Some(place) => place,
                    None => {
                        let all = std::mem::take(&mut self.entered[table].all);
                        let place = self.table(&all);
                        self.entered[table].place = Some(place);
                        place
                    }
                };
                places[next] = whole + self.place(rows[side], n);
                next += 1;
            }
        }
        (1.0, places)
    }

    /// q(n) q′(n + d), zero where one of them has no entry.
    fn pair(&mut self, q: usize, s: usize, d: i32) -> u32 {
        if let Some(place) = self.pairs.get(&(q, s, d)) {
            return *place;
        }
        let second = |n: usize| usize::try_from(n as i32 + d).ok().and_then(|n| self.lasts[s].0.get(n)).copied();
        let table: Vec<f64> = self.lasts[q].0.iter().enumerate().map(|(n, q)| q * second(n).unwrap_or(0.0)).collect();
        let place = self.short(table);
        self.pairs.insert((q, s, d), place);
        place
    }

    /// Jobs for out⟨n + s|·|n′ + s′⟩ += c · f(n) g(n′) · in⟨n|·|n′⟩ in every row.
    pub(super) fn term(&mut self, ket: &[i32], bra: &[i32], tables: [Option<usize>; 2], coefficient: u16) {
        let layout = self.layout;
        let space = layout.space();
        let last = space.modes() - 1;
        let mut source_m = vec![0; last + 1];
        for (at, row) in layout.rows().iter().enumerate() {
            let m = &layout.diagonals()[row.diagonal as usize];
            source_m.iter_mut().zip(m).zip(ket.iter().zip(bra)).for_each(|((x, m), (s, t))| *x = m + s - t);
            let prefix = space.prefix(row.ket as usize);
            let Some(from_ket) = space.find_row(prefix.iter().zip(ket).map(|(n, s)| n - s)) else { continue };
            let bra_prefix = space.prefix(row.bra as usize);
            let Some(from_bra) = space.find_row(bra_prefix.iter().zip(bra).map(|(n, s)| n - s)) else { continue };
            let Some((source, conjugate)) = layout.find(&source_m, from_ket, from_bra) else { continue };
            // Numbers of the last mode of the source's kets, as ⟨n|·|n + m⟩ before any conjugation.
            let stored = if conjugate { source.low - source_m[last] } else { source.low };
            let low = stored.max(row.low - ket[last]);
            let high = (stored + source.length as i32).min(row.low - ket[last] + row.length as i32);
            if low >= high {
                continue;
            }
            let (scale, places) = self.sides(tables, [from_ket, from_bra], low, source_m[last]);
            if scale == 0.0 {
                continue;
            }
            let span = [(low + ket[last] - row.low) as u32, (high - low) as u32];
            let source = source.offset as i64 + i64::from(low - stored);
            self.push(at, row.length, (scale, places), source as u32, conjugate, span, coefficient);
        }
    }

    /// The jobs of one term in one row of `width` elements: one for each part of the coefficient.
    fn push(
        &mut self,
        row: usize,
        width: u32,
        (scale, places): (f64, [u32; 2]),
        source: u32,
        conjugate: bool,
        [begin, length]: [u32; 2],
        coefficient: u16,
    ) {
        let half = self.layout.len() as u32;
        let lane = LANES as u32;
        // From the first element of the row on, and in whole lanes.
        let mut whole = source >= begin
            && source - begin + width.next_multiple_of(lane) <= half + lane
            && begin <= lane
            && width - begin - length <= lane;
        let mut from_start = places.map(|table| if table == NONE { NONE } else { table.wrapping_sub(begin) });
        let value = |table: u32, i: u32| if table == NONE { 1.0 } else { self.tables[(table + i) as usize] };
        let product = |i: u32| from_start.iter().map(|table| value(*table, i)).product::<f64>();
        if whole && (0..begin).chain(begin + length..width).any(|i| product(i) != 0.0) {
            // The window of ones ends where the source does.
            let free = from_start.iter().position(|table| *table == NONE);
            let window = match (begin, begin + length == width) {
                (0, _) => Some(self.window + self.longest as u32 - length),
                (_, true) => Some(self.window - begin),
                _ => None,
            };
            match (free, window) {
                (Some(free), Some(window)) => from_start[free] = window,
                _ => whole = false,
            }
        }
        let [first, second] = if whole { from_start } else { places };
        let count = usize::from(first != NONE) + usize::from(second != NONE);
        let Coefficient { number, factor } = self.coefficients[coefficient as usize];
        for imaginary in [false, true] {
            if factor == (0, 0) && (if imaginary { number.im } else { number.re }) == 0.0 {
                continue;
            }
            let weight = place_of(&mut self.weights, Weight { coefficient, imaginary, conjugate }) as u32;
            let kind = match (whole, conjugate) {
                (false, _) => EXACT,
                (true, true) => CONJUGATE + usize::from(imaginary),
                (true, false) => count + if imaginary { TURNED } else { 0 },
            };
            let [first, second] = match kind {
                CONJUGATE..EXACT => [first, second].map(|table| if table == NONE { self.window } else { table }),
                _ => [first, second],
            };
            let job = Job { factor: scale, source: source - if whole { begin } else { 0 }, first, second, weight };
            self.jobs.push(((KINDS * row + kind) as u32, [begin, length], job));
        }
    }

    /// The plan, with the tables of the real and of the imaginary part of d; the turns are left to be set.
    pub(super) fn finish(mut self, diagonal: [u32; 2]) -> Plan {
        self.tables.extend([0.0; 2 * LANES]);
        self.jobs.sort_by_key(|(kind, ..)| *kind);
        let layout = self.layout;
        // The populations of a Hermitian operator are real.
        let rest = vec![0; layout.space().modes()];
        let main = layout.hermitian().then(|| layout.diagonal_index(&rest)).flatten();
        let lines = layout.rows().iter().map(|row| {
            let m = *layout.diagonals()[row.diagonal as usize].last().expect("at least one mode");
            let sides = [self.place(row.ket as usize, row.low), self.place(row.bra as usize, row.low + m)];
            Line {
                element: row.offset as u32,
                length: row.length,
                job: 0,
                counts: [0; KINDS],
                sides: sides.map(|side| diagonal[0] + side),
                turn: 0.0,
                real: main == Some(row.diagonal as usize),
            }
        });
        let mut lines: Vec<Line> = lines.collect();
        for (kind, ..) in &self.jobs {
            lines[*kind as usize / KINDS].counts[*kind as usize % KINDS] += 1;
        }
        let mut job = 0;
        for line in &mut lines {
            line.job = job;
            job = line.jobs().end as u32;
        }
        let mut jobs: Vec<Job> = self.jobs.iter().map(|(.., job)| *job).collect();
        let mut moving = Vec::new();
        for (at, job) in jobs.iter_mut().enumerate() {
            let weight = self.weights[job.weight as usize];
            let coefficient = self.coefficients[weight.coefficient as usize];
            if coefficient.factor != (0, 0) {
                moving.push((at as u32, job.factor));
            }
            job.factor *= weight.factor(coefficient.number);
        }
        Plan {
            tables: self.tables,
            spans: self.jobs.iter().map(|(_, span, _)| *span).collect(),
            jobs,
            moving,
            lines,
            coefficients: self.coefficients,
            weights: self.weights,
        }
    }
}
