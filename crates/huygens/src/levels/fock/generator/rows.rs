//! The kernel: rows of G x in registers, and what becomes of them.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::plan::{EXACT, Job, KINDS, NONE, Plan};
use super::{Generator, Recurrence};

/// Elements treated together: rows are computed in whole lanes.
///
/// What is then read too much does no harm: tables have a lane of zeros around each row of the space, vectors a lane of padding.
pub(in super::super) const LANES: usize = 8;

/// Most elements that are kept in registers.
const MOST: usize = 4 * LANES;

/// What becomes of G x.
pub(super) trait Finish: Send {
    /// Takes the first `keep` of `L` elements of x and of G x, real and imaginary parts, which begin at the element `at` of a part that
    /// has room for all of them.
    fn take<const L: usize>(&mut self, at: usize, keep: usize, x: [&[f64; L]; 2], g: [&[f64; L]; 2]);

    /// The same for slices.
    fn take_slices(&mut self, at: usize, x: [&[f64]; 2], g: [&[f64]; 2]);

    /// Number of elements of the part.
    fn room(&self) -> usize;
}

/// All bits set in as many numbers as are kept in registers, and none in as many more.
const BITS: [u64; 2 * MOST] = {
    let mut bits = [0; 2 * MOST];
    let mut i = 0;
    while i < MOST {
        bits[i] = !0;
        i += 1;
    }
    bits
};

/// Replaces the first `keep` elements of `to` by those of `new`. Whole lanes are written, and no branch keeps `new` out of registers.
#[inline(always)]
fn replace<const L: usize>(to: &mut [f64; L], keep: usize, new: &[f64; L]) {
    let mask: &[u64; L] = BITS[MOST - keep..].first_chunk().expect("as many bits as are kept");
    for i in 0..L {
        to[i] = f64::from_bits((new[i].to_bits() & mask[i]) | (to[i].to_bits() & !mask[i]));
    }
}

#[inline(always)]
fn chunk<const L: usize>(list: &[f64], from: usize) -> &[f64; L] {
    list[from..].first_chunk().expect("a lane of padding")
}

#[inline(always)]
fn chunk_mut<const L: usize>(list: &mut [f64], from: usize) -> &mut [f64; L] {
    list[from..].first_chunk_mut().expect("room in the part")
}

/// out = G x.
pub(super) struct Store<'a> {
    pub(super) out: [&'a mut [f64]; 2],
}

impl Finish for Store<'_> {
    #[inline(always)]
    fn take<const L: usize>(&mut self, at: usize, keep: usize, _: [&[f64; L]; 2], g: [&[f64; L]; 2]) {
        replace(chunk_mut(self.out[0], at), keep, g[0]);
        replace(chunk_mut(self.out[1], at), keep, g[1]);
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

/// What one row of G x is made of, but for the jobs that are not extended to the whole row.
#[derive(Clone, Copy)]
struct RowWork<'a> {
    /// All jobs, and where those of each kind begin.
    jobs: &'a [Job],
    first: &'a [u32],
    values: &'a [f64],
    tables: &'a [f64],
    x: &'a [f64],
    /// Number of elements: planes lie so far apart.
    half: usize,
    /// Where its elements begin in the planes, and in those of what they become; their number.
    element: usize,
    from: usize,
    length: usize,
    /// Where its kets and bras begin in the tables of the diagonal part.
    re: [usize; 2],
    im: [usize; 2],
    /// The imaginary part, where it is the same for the whole row.
    turn: Option<f64>,
    /// The elements are populations of a Hermitian operator.
    real: bool,
}

impl RowWork<'_> {
    fn jobs(&self, kind: usize) -> &[Job] {
        &self.jobs[self.first[kind] as usize..self.first[kind + 1] as usize]
    }

    /// The factor of a job and the places of its planes.
    #[inline(always)]
    fn source(&self, job: &Job) -> (f64, usize, usize) {
        let one = job.one as usize;
        let two = if one < self.half { one + self.half } else { one - self.half };
        (self.values[job.weight as usize] * job.scale, one, two)
    }
}

/// Rows of G x; `x` ends with a lane of finite numbers.
///
/// A piece of a row is kept in registers while all jobs add to it, as large a piece as there are registers for.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
pub(super) fn rows_kernel<F: Finish>(generator: &Generator, rows: std::ops::Range<usize>, x: &[f64], mut finish: F) {
    let most = if target_cfg_f!(target_feature = "avx512f") { 4 } else { 2 };
    let half = generator.layout.len();
    let list = generator.layout.rows();
    let base = list[rows.start].offset;
    let longest = list[rows.clone()].iter().map(|row| row.length as usize).max().unwrap_or(0);
    // For rows with jobs that are not extended, and those at the end of a part.
    let wide = longest.next_multiple_of(LANES);
    let mut buffer = vec![0.0_f64; 2 * wide];
    let Plan { tables, jobs, first, .. } = &generator.plan;
    for k in rows {
        let row = &list[k];
        let ([ket, bra], [d_re, d_im]) = (generator.sides[k], generator.diagonal);
        let work = RowWork {
            jobs,
            first: &first[KINDS * k..=KINDS * (k + 1)],
            values: &generator.values,
            tables,
            x,
            half,
            element: row.offset,
            from: row.offset - base,
            length: row.length as usize,
            re: [(d_re + ket) as usize, (d_re + bra) as usize],
            im: [(d_im + ket) as usize, (d_im + bra) as usize],
            turn: generator.turns.as_ref().map(|turns| turns[k]),
            real: generator.main == Some(row.diagonal as usize),
        };
        let exact = first[KINDS * k + EXACT]..first[KINDS * (k + 1)];
        let whole = work.length.next_multiple_of(LANES);
        if exact.is_empty() && work.from + whole <= finish.room() {
            whole_row(work, most, &mut finish);
            continue;
        }
        let (re, im) = buffer.split_at_mut(wide);
        whole_row(RowWork { from: 0, ..work }, most, &mut Store { out: [re, im] });
        for at in exact {
            let sign = if at < first[KINDS * k + EXACT + 1] { 1.0 } else { -1.0 };
            add_exact(work, &jobs[at as usize], generator.plan.spans[at as usize], sign, [re, im]);
        }
        if work.real {
            im.fill(0.0);
        }
        let own = [row.offset, half + row.offset].map(|start| &x[start..start + work.length]);
        finish.take_slices(work.from, own, [&re[..work.length], &im[..work.length]]);
    }
}

/// A row but for the jobs that are not extended to it, in pieces of `most` lanes.
#[inline(always)]
fn whole_row(work: RowWork<'_>, most: usize, finish: &mut impl Finish) {
    let mut at = 0;
    while at < work.length {
        let lanes = (work.length - at).div_ceil(LANES).min(most);
        match lanes {
            1 => piece::<LANES>(work, at, finish),
            2 => piece::<{ 2 * LANES }>(work, at, finish),
            3 => piece::<{ 3 * LANES }>(work, at, finish),
            _ => piece::<{ 4 * LANES }>(work, at, finish),
        }
        at += lanes * LANES;
    }
}

/// `L` elements of a row from the element `at` on.
#[inline(always)]
fn piece<const L: usize>(work: RowWork<'_>, at: usize, finish: &mut impl Finish) {
    let RowWork { tables, x, .. } = work;
    let lane = |list: &[f64], from: usize| -> [f64; L] { *chunk(list, from + at) };
    let (x_re, x_im) = (lane(x, work.element), lane(x, work.half + work.element));
    let (ket, bra) = (lane(tables, work.re[0]), lane(tables, work.re[1]));
    // Loops: `array::from_fn` of this size is a call, with the registers saved around it.
    let (mut re, mut im) = ([0.0; L], [0.0; L]);
    match work.turn {
        Some(turn) => {
            for i in 0..L {
                let d_re = ket[i] + bra[i];
                re[i] = d_re * x_re[i] - turn * x_im[i];
                im[i] = d_re * x_im[i] + turn * x_re[i];
            }
        }
        None => {
            let (ket_im, bra_im) = (lane(tables, work.im[0]), lane(tables, work.im[1]));
            for i in 0..L {
                let (d_re, d_im) = (ket[i] + bra[i], ket_im[i] - bra_im[i]);
                re[i] = d_re * x_re[i] - d_im * x_im[i];
                im[i] = d_re * x_im[i] + d_im * x_re[i];
            }
        }
    }
    for job in work.jobs(0) {
        let (v, one, two) = work.source(job);
        let (one, two) = (lane(x, one), lane(x, two));
        for i in 0..L {
            re[i] += v * one[i];
            im[i] += v * two[i];
        }
    }
    for job in work.jobs(1) {
        let (v, one, two) = work.source(job);
        let (one, two) = (lane(x, one), lane(x, two));
        for i in 0..L {
            re[i] += v * one[i];
            im[i] -= v * two[i];
        }
    }
    for job in work.jobs(2) {
        let (v, one, two) = work.source(job);
        let (f, one, two) = (lane(tables, job.first as usize), lane(x, one), lane(x, two));
        for i in 0..L {
            let t = v * f[i];
            re[i] += t * one[i];
            im[i] += t * two[i];
        }
    }
    for job in work.jobs(3) {
        let (v, one, two) = work.source(job);
        let (f, one, two) = (lane(tables, job.first as usize), lane(x, one), lane(x, two));
        for i in 0..L {
            let t = v * f[i];
            re[i] += t * one[i];
            im[i] -= t * two[i];
        }
    }
    for job in work.jobs(4) {
        let (v, one, two) = work.source(job);
        let (f, g) = (lane(tables, job.first as usize), lane(tables, job.second as usize));
        let (one, two) = (lane(x, one), lane(x, two));
        for i in 0..L {
            let t = v * f[i] * g[i];
            re[i] += t * one[i];
            im[i] += t * two[i];
        }
    }
    for job in work.jobs(5) {
        let (v, one, two) = work.source(job);
        let (f, g) = (lane(tables, job.first as usize), lane(tables, job.second as usize));
        let (one, two) = (lane(x, one), lane(x, two));
        for i in 0..L {
            let t = v * f[i] * g[i];
            re[i] += t * one[i];
            im[i] -= t * two[i];
        }
    }
    // Populations of Hermitian operators stay real to the last digit: rounding would grow along i times a stationary state.
    if work.real {
        im = [0.0; L];
    }
    finish.take(work.from + at, (work.length - at).min(L), [&x_re, &x_im], [&re, &im]);
}

/// A job for its own elements only; `sign` is that of the imaginary part.
#[inline(always)]
fn add_exact(work: RowWork<'_>, job: &Job, [begin, length]: [u32; 2], sign: f64, [re, im]: [&mut [f64]; 2]) {
    let (length, to) = (length as usize, begin as usize);
    let (v, one, two) = work.source(job);
    let (one, two) = (&work.x[one..][..length], &work.x[two..][..length]);
    let (re, im) = (&mut re[to..to + length], &mut im[to..to + length]);
    let side = |table: u32, i: usize| if table == NONE { 1.0 } else { work.tables[table as usize + i] };
    for i in 0..length {
        let t = v * side(job.first, i) * side(job.second, i);
        re[i] += t * one[i];
        im[i] += sign * t * two[i];
    }
}
