//! The kernel: rows of G x in registers, and what becomes of them.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::plan::{CONJUGATE, EXACT, Job, Line, NONE, Plan, TURNED};
use super::{Generator, Recurrence};

/// Elements treated together: rows are computed in whole lanes.
///
/// What is then read too much does no harm: tables have a lane of zeros around each row of the space, vectors a lane of padding.
pub(in super::super) const LANES: usize = 8;

/// What becomes of G x.
pub(super) trait Finish: Send {
    /// Takes the first `keep` of `L` elements of x and of G x, real and imaginary parts, which begin at the element `at` of a part that
    /// has room for all of them; more than `L` less a lane are kept. Elements come in ascending order.
    fn take<const L: usize>(&mut self, at: usize, keep: usize, x: [&[f64; L]; 2], g: [&[f64; L]; 2]);

    /// The same for slices.
    fn take_slices(&mut self, at: usize, x: [&[f64]; 2], g: [&[f64]; 2]);

    /// Number of elements of the part.
    fn room(&self) -> usize;
}

/// All bits set in a lane, and none in another.
const BITS: [u64; 2 * LANES] = {
    let mut bits = [0; 2 * LANES];
    let mut i = 0;
    while i < LANES {
        bits[i] = !0;
        i += 1;
    }
    bits
};

/// Replaces the first `keep` elements of `to` by those of `new`; all lanes but the last are kept. The last one is written as a whole,
/// and no branch keeps `new` out of registers.
#[inline(always)]
fn replace<const L: usize>(to: &mut [f64; L], keep: usize, new: &[f64; L]) {
    let end = L - LANES.min(L);
    let mask = &BITS[LANES - (keep - end)..][..L - end];
    let mut last = [0.0; LANES];
    for i in end..L {
        last[i - end] = f64::from_bits((new[i].to_bits() & mask[i - end]) | (to[i].to_bits() & !mask[i - end]));
    }
    *to = *new;
    to[end..].copy_from_slice(&last[..L - end]);
}

/// Elements from a place on. Places are of 32 bits: their ends do not overflow, and one comparison is enough.
#[inline(always)]
fn chunk<const L: usize>(list: &[f64], from: u32) -> &[f64; L] {
    let from = from as usize;
    list.get(from..from + L).and_then(|lanes| lanes.first_chunk()).unwrap_or_else(|| outside())
}

#[cold]
#[inline(never)]
fn outside() -> ! {
    panic!("a place beyond the vectors and tables with their padding")
}

#[inline(always)]
fn chunk_mut<const L: usize>(list: &mut [f64], from: usize) -> &mut [f64; L] {
    list.get_mut(from..from + L).and_then(|lanes| lanes.first_chunk_mut()).unwrap_or_else(|| outside())
}

/// out = G x.
pub(super) struct Store<'a> {
    pub(super) out: [&'a mut [f64]; 2],
}

impl Finish for Store<'_> {
    #[inline(always)]
    fn take<const L: usize>(&mut self, at: usize, _: usize, _: [&[f64; L]; 2], g: [&[f64; L]; 2]) {
        // What is written beyond those kept is written again with the next row, and nothing has to be read.
        *chunk_mut(self.out[0], at) = *g[0];
        *chunk_mut(self.out[1], at) = *g[1];
    }

    fn take_slices(&mut self, at: usize, _: [&[f64]; 2], g: [&[f64]; 2]) {
        for (plane, g) in self.out.iter_mut().zip(g) {
            plane[at..at + g.len()].copy_from_slice(g);
        }
    }

    fn room(&self) -> usize {
        self.out[0].len()
    }
}

/// See [`Generator::recur`].
pub(super) struct Recur<'a> {
    pub(super) step: Recurrence,
    pub(super) old: [&'a mut [f64]; 2],
}

/// `old` becomes the next term of the recurrence, which is returned.
#[inline(always)]
fn recur<const L: usize>(step: Recurrence, old: &mut [f64; L], keep: usize, x: &[f64; L], g: &[f64; L]) -> [f64; L] {
    let mut next = *old;
    for i in 0..L {
        next[i] = step.scale * g[i] - step.shift * x[i] - step.weight * next[i];
    }
    replace(old, keep, &next);
    next
}

impl Finish for Recur<'_> {
    #[inline(always)]
    fn take<const L: usize>(&mut self, at: usize, keep: usize, x: [&[f64; L]; 2], g: [&[f64; L]; 2]) {
        recur(self.step, chunk_mut(self.old[0], at), keep, x[0], g[0]);
        recur(self.step, chunk_mut(self.old[1], at), keep, x[1], g[1]);
    }

    fn take_slices(&mut self, at: usize, x: [&[f64]; 2], g: [&[f64]; 2]) {
        for ((old, x), g) in self.old.iter_mut().zip(x).zip(g) {
            for i in 0..g.len() {
                recur(self.step, chunk_mut::<1>(old, at + i), 1, &[x[i]], &[g[i]]);
            }
        }
    }

    fn room(&self) -> usize {
        self.old[0].len()
    }
}

/// See [`Generator::recur_and_sum`].
pub(super) struct RecurAndSum<'a> {
    pub(super) step: Recurrence,
    pub(super) old: [&'a mut [f64]; 2],
    pub(super) sum: [&'a mut [f64]; 2],
}

/// As [`recur`], and `sum` gains its share of x and of the next term.
#[inline(always)]
fn recur_and_sum<const L: usize>(
    step: Recurrence,
    old: &mut [f64; L],
    sum: &mut [f64; L],
    keep: usize,
    x: &[f64; L],
    g: &[f64; L],
) {
    let next = recur(step, old, keep, x, g);
    let mut total = *sum;
    for i in 0..L {
        total[i] += step.share[0] * x[i] + step.share[1] * next[i];
    }
    replace(sum, keep, &total);
}

impl Finish for RecurAndSum<'_> {
    #[inline(always)]
    fn take<const L: usize>(&mut self, at: usize, keep: usize, x: [&[f64; L]; 2], g: [&[f64; L]; 2]) {
        let ([old_re, old_im], [sum_re, sum_im]) = (&mut self.old, &mut self.sum);
        recur_and_sum(self.step, chunk_mut(old_re, at), chunk_mut(sum_re, at), keep, x[0], g[0]);
        recur_and_sum(self.step, chunk_mut(old_im, at), chunk_mut(sum_im, at), keep, x[1], g[1]);
    }

    fn take_slices(&mut self, at: usize, x: [&[f64]; 2], g: [&[f64]; 2]) {
        for (((old, sum), x), g) in self.old.iter_mut().zip(&mut self.sum).zip(x).zip(g) {
            for i in 0..g.len() {
                recur_and_sum(self.step, chunk_mut::<1>(old, at + i), chunk_mut(sum, at + i), 1, &[x[i]], &[g[i]]);
            }
        }
    }

    fn room(&self) -> usize {
        self.old[0].len()
    }
}

/// What all rows of G x are made of.
#[derive(Clone, Copy)]
struct Work<'a> {
    plan: &'a Plan,
    tables: &'a [f64],
    /// Both planes of x and what follows them, of equal length.
    x: [&'a [f64]; 2],
    /// How far the table of the imaginary part of d lies behind that of the real part; `None` where each row has its turn.
    imaginary: Option<u32>,
}

/// Rows of G x; `x` ends with a lane of finite numbers.
///
/// A piece of a row is kept in registers while all jobs add to it, as large a piece as there are registers for.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
pub(super) fn rows_kernel<F: Finish>(generator: &Generator, rows: std::ops::Range<usize>, x: &[f64], mut finish: F) {
    let [large, middle] = [target_cfg_f!(target_feature = "avx512f"), target_cfg_f!(target_feature = "avx2")];
    let most = if large { 4 } else { 2 + u32::from(middle) };
    let (plan, lines) = (&generator.plan, &generator.plan.lines[rows]);
    let (half, room) = (generator.layout.len(), finish.room());
    let work = Work {
        plan,
        tables: &plan.tables,
        x: [&x[..half + LANES], &x[half..][..half + LANES]],
        imaginary: (!generator.level).then(|| generator.diagonal[1] - generator.diagonal[0]),
    };
    let longest = lines.iter().map(|line| line.length as usize).max().unwrap_or(0);
    // For rows with jobs that are not extended, and those at the end of a part.
    let wide = longest.next_multiple_of(LANES);
    let mut buffer = vec![0.0_f64; 2 * wide];
    for line in lines {
        let from = (line.element - lines[0].element) as usize;
        let length = line.length as usize;
        if line.counts[EXACT] == 0 && from + length.next_multiple_of(LANES) <= room {
            whole_row(work, line, from, most, &mut finish);
            continue;
        }
        let (re, im) = buffer.split_at_mut(wide);
        whole_row(work, line, 0, most, &mut Store { out: [re, im] });
        for at in line.exact() {
            add_exact(work, at, [re, im]);
        }
        if line.real {
            im.fill(0.0);
        }
        finish.take_slices(from, work.x.map(|x| &x[line.element as usize..][..length]), [&re[..length], &im[..length]]);
    }
}

/// A row but for the jobs that are not extended to it, in pieces of `most` lanes.
#[inline(always)]
fn whole_row(work: Work<'_>, line: &Line, from: usize, most: u32, finish: &mut impl Finish) {
    let mut at = 0;
    while at < line.length {
        let lanes = (line.length - at).div_ceil(LANES as u32).min(most);
        match lanes {
            1 => piece::<LANES>(work, line, from, at, finish),
            2 => piece::<{ 2 * LANES }>(work, line, from, at, finish),
            3 => piece::<{ 3 * LANES }>(work, line, from, at, finish),
            _ => piece::<{ 4 * LANES }>(work, line, from, at, finish),
        }
        at += lanes * LANES as u32;
    }
}

/// Sums (real, imaginary) of a piece gain factor · (tables) · source, with real weights, or imaginary ones where `TURNED`.
#[inline(always)]
fn add<const L: usize, const TABLES: usize, const TURNED: bool>(
    work: Work<'_>,
    jobs: &[Job],
    at: u32,
    re: &mut [f64; L],
    im: &mut [f64; L],
) {
    for job in jobs {
        let (v, place) = (job.factor, job.source + at);
        let (one, two) = (chunk::<L>(work.x[0], place), chunk::<L>(work.x[1], place));
        // Loops over all that one job does: `array::from_fn` of this size is a call, and arrays between loops are stored.
        match TABLES {
            0 => {
                for i in 0..L {
                    (re[i], im[i]) = gain::<TURNED>(v, one[i], two[i], re[i], im[i]);
                }
            }
            1 => {
                let f = chunk::<L>(work.tables, job.first + at);
                for i in 0..L {
                    (re[i], im[i]) = gain::<TURNED>(v * f[i], one[i], two[i], re[i], im[i]);
                }
            }
            _ => {
                let f = chunk::<L>(work.tables, job.first + at);
                let g = chunk::<L>(work.tables, job.second + at);
                for i in 0..L {
                    (re[i], im[i]) = gain::<TURNED>(v * f[i] * g[i], one[i], two[i], re[i], im[i]);
                }
            }
        }
    }
}

/// A sum (re, im) and t · (one + i two), or t · (−i)(one + i two).
#[inline(always)]
fn gain<const TURNED: bool>(t: f64, one: f64, two: f64, re: f64, im: f64) -> (f64, f64) {
    if TURNED { (re + t * two, im - t * one) } else { (re + t * one, im + t * two) }
}

/// `L` elements of a row, which lies at `from` in the part, from the element `at` on.
#[inline(always)]
fn piece<const L: usize>(work: Work<'_>, line: &Line, from: usize, at: u32, finish: &mut impl Finish) {
    let lane = |list: &[f64], from: u32| -> [f64; L] { *chunk(list, from + at) };
    let (x_re, x_im) = (lane(work.x[0], line.element), lane(work.x[1], line.element));
    let (ket, bra) = (lane(work.tables, line.sides[0]), lane(work.tables, line.sides[1]));
    let (mut re, mut im) = ([0.0; L], [0.0; L]);
    match work.imaginary {
        None => {
            let turn = line.turn;
            for i in 0..L {
                let d_re = ket[i] + bra[i];
                re[i] = d_re * x_re[i] - turn * x_im[i];
                im[i] = d_re * x_im[i] + turn * x_re[i];
            }
        }
        Some(gap) => {
            let (ket_im, bra_im) = (lane(work.tables, line.sides[0] + gap), lane(work.tables, line.sides[1] + gap));
            for i in 0..L {
                let (d_re, d_im) = (ket[i] + bra[i], ket_im[i] - bra_im[i]);
                re[i] = d_re * x_re[i] - d_im * x_im[i];
                im[i] = d_re * x_im[i] + d_im * x_re[i];
            }
        }
    }
    let count = |kind: usize| line.counts[kind] as usize;
    let rest = &work.plan.jobs[line.job as usize..];
    let (now, rest) = rest.split_at(count(0));
    add::<L, 0, false>(work, now, at, &mut re, &mut im);
    let (now, rest) = rest.split_at(count(1));
    add::<L, 1, false>(work, now, at, &mut re, &mut im);
    let (now, rest) = rest.split_at(count(2));
    add::<L, 2, false>(work, now, at, &mut re, &mut im);
    if line.counts[TURNED..EXACT].iter().any(|count| *count > 0) {
        let (now, rest) = rest.split_at(count(TURNED));
        add::<L, 0, true>(work, now, at, &mut re, &mut im);
        let (now, rest) = rest.split_at(count(TURNED + 1));
        add::<L, 1, true>(work, now, at, &mut re, &mut im);
        let (now, rest) = rest.split_at(count(TURNED + 2));
        add::<L, 2, true>(work, now, at, &mut re, &mut im);
        let (now, rest) = rest.split_at(count(CONJUGATE));
        for job in now {
            let (one, two) = (lane(work.x[0], job.source), lane(work.x[1], job.source));
            let (f, g) = (lane(work.tables, job.first), lane(work.tables, job.second));
            for i in 0..L {
                let t = job.factor * f[i] * g[i];
                re[i] += t * one[i];
                im[i] -= t * two[i];
            }
        }
        for job in &rest[..count(CONJUGATE + 1)] {
            let (one, two) = (lane(work.x[0], job.source), lane(work.x[1], job.source));
            let (f, g) = (lane(work.tables, job.first), lane(work.tables, job.second));
            for i in 0..L {
                let t = job.factor * f[i] * g[i];
                re[i] += t * two[i];
                im[i] += t * one[i];
            }
        }
    }
    // Populations of Hermitian operators stay real to the last digit: rounding would grow along i times a stationary state.
    if line.real {
        im = [0.0; L];
    }
    let keep = ((line.length - at) as usize).min(L);
    finish.take(from + at as usize, keep, [&x_re, &x_im], [&re, &im]);
}

/// A job for its own elements only.
#[inline(always)]
fn add_exact(work: Work<'_>, at: usize, [re, im]: [&mut [f64]; 2]) {
    let job = &work.plan.jobs[at];
    let [to, length] = work.plan.spans[at].map(|x| x as usize);
    let weight = work.plan.weights[job.weight as usize];
    let [one, two] = work.x.map(|x| &x[job.source as usize..][..length]);
    let (one, two) = if weight.imaginary { (two, one) } else { (one, two) };
    let (re, im) = (&mut re[to..to + length], &mut im[to..to + length]);
    let side = |table: u32, i: usize| if table == NONE { 1.0 } else { work.tables[table as usize + i] };
    let sign = if weight.opposite() { -1.0 } else { 1.0 };
    for i in 0..length {
        let t = job.factor * side(job.first, i) * side(job.second, i);
        re[i] += t * one[i];
        im[i] += sign * t * two[i];
    }
}
