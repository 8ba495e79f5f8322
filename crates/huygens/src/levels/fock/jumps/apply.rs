//! Operators on many state vectors at a time.
//!
//! The amplitudes of L trajectories stand side by side, so that an operator is read once for all of them and the inner loop runs over
//! trajectories. An operator is a list of shifted diagonals; within a row of the space source and target are both contiguous, and
//! no index is stored for an element.

use huygens_numerics::c64;
use multiversion::multiversion;

use super::super::generator::{Factor, Operators};
use super::super::shifted::Shifted;
use super::super::space::Space;

/// One amplitude of L trajectories: real and imaginary parts.
pub(super) type Amplitude<const L: usize> = [[f64; L]; 2];

/// Adds c · table\[n\] · x\[source + n\] to every element n of its row; the table is zero where there is no source.
#[derive(Clone, Copy, Debug)]
struct Job {
    table: u32,
    source: u32,
    factor: u32,
}

/// Kinds of jobs in the order in which they stand in a row: real tables, imaginary tables, and those with a coefficient that depends
/// on the time.
const KINDS: usize = 3;

/// K = −iH − ½ Σ L†L, up to a multiple of i: a phase that all amplitudes share.
#[derive(Clone, Debug)]
pub(super) struct Effective {
    states: usize,
    pad: usize,
    /// First state and number of states of each row.
    rows: Vec<(usize, usize)>,
    diagonal: Vec<[f64; 2]>,
    tables: Vec<f64>,
    jobs: Vec<Job>,
    /// First job of each kind of each row.
    first: Vec<u32>,
    /// What the jobs that depend on the time are multiplied by.
    factors: Vec<Factor>,
    size: f64,
}

impl Effective {
    pub(super) fn new(operators: &Operators) -> Self {
        let space = &operators.space;
        let rows: Vec<(usize, usize)> = (0..space.rows())
            .map(|row| {
                let (start, length) = space.row(row);
                (start, length as usize)
            })
            .collect();
        let last = space.modes() - 1;
        let shifts = operators.effective.iter().flatten().flat_map(|(_, part)| part.shifts());
        let furthest = shifts.map(|s| s[last].unsigned_abs() as usize).max().unwrap_or(0);
        let pad = furthest + rows.iter().map(|row| row.1).max().unwrap_or(0);
        let mut diagonal = vec![c64::new(0.0, 0.0); space.len()];
        let mut sums = vec![0.0; space.len()];
        let mut tables: Vec<f64> = Vec::new();
        let mut factors: Vec<Factor> = Vec::new();
        let mut jobs: Vec<(usize, Job)> = Vec::new();
        for (factor, part) in operators.effective.iter().flatten() {
            for (shift, table) in &part.parts {
                let fixed = *factor == (0, 0);
                if fixed && shift.iter().all(|s| *s == 0) {
                    diagonal.iter_mut().zip(table).for_each(|(d, x)| *d += x);
                    continue;
                }
                let target = turned(space, shift, table);
                let (kind, factor) = if fixed {
                    sums.iter_mut().zip(&target).for_each(|(s, z)| *s += z.norm());
                    (0, 0)
                } else {
                    let place = factors.iter().position(|f| f == factor).unwrap_or_else(|| {
                        factors.push(*factor);
                        factors.len() - 1
                    });
                    (2, place as u32)
                };
                for imaginary in [false, true] {
                    let plane: Vec<f64> = target.iter().map(|z| if imaginary { z.im } else { z.re }).collect();
                    let (kind, factor) = match (kind, imaginary) {
                        (2, true) => (2, factor | TURNED),
                        (kind, imaginary) => (kind + usize::from(imaginary), factor),
                    };
                    let at = tables.len() as u32;
                    let mut used = false;
                    for (row, &(start, length)) in rows.iter().enumerate() {
                        if plane[start..start + length].iter().all(|x| *x == 0.0) {
                            continue;
                        }
                        let prefix = space.prefix(row);
                        let Some(from) = space.find_row(prefix.iter().zip(shift).map(|(n, s)| n - s)) else { continue };
                        let source = (pad + rows[from].0) as i64 - i64::from(shift[last]);
                        let job = Job { table: at + start as u32, source: source as u32, factor };
                        jobs.push((KINDS * row + kind, job));
                        used = true;
                    }
                    if used {
                        tables.extend_from_slice(&plane);
                    }
                }
            }
        }
        // A common phase e^{iφt} is no part of a state: the spectrum is centred.
        let (low, high) =
            diagonal.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), d| (low.min(d.im), high.max(d.im)));
        let centre = 0.5 * (low + high);
        let diagonal: Vec<[f64; 2]> = diagonal.iter().map(|d| [d.re, d.im - centre]).collect();
        let size = diagonal.iter().zip(&sums).map(|(d, s)| d[0].hypot(d[1]) + s).fold(0.0, f64::max);
        jobs.sort_by_key(|(at, _)| *at);
        let mut first = vec![0_u32; KINDS * rows.len() + 1];
        jobs.iter().for_each(|(at, _)| first[*at + 1] += 1);
        for k in 1..first.len() {
            first[k] += first[k - 1];
        }
        let jobs = jobs.into_iter().map(|(_, job)| job).collect();
        Self { states: space.len(), pad, rows, diagonal, tables, jobs, first, factors, size }
    }

    /// Number of states.
    pub(super) fn states(&self) -> usize {
        self.states
    }

    /// A bound of |K| without its parts that depend on the time (Gershgorin).
    pub(super) fn size(&self) -> f64 {
        self.size
    }

    /// Coefficients that depend on the time: conj(φ_i) φ_j.
    pub(super) fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// A vector of zeros: all states, with room at both ends that stays zero.
    pub(super) fn vector<const L: usize>(&self) -> Vec<Amplitude<L>> {
        vec![[[0.0; L]; 2]; self.states + 2 * self.pad]
    }

    /// The states of a vector.
    pub(super) fn inner<'a, const L: usize>(&self, x: &'a [Amplitude<L>]) -> &'a [Amplitude<L>] {
        &x[self.pad..self.pad + self.states]
    }

    /// The same to be written.
    pub(super) fn inner_mut<'a, const L: usize>(&self, x: &'a mut [Amplitude<L>]) -> &'a mut [Amplitude<L>] {
        &mut x[self.pad..self.pad + self.states]
    }

    /// out = scale · K x with one scale for each trajectory, and |out|²; `moving` are the values of the factors.
    pub(super) fn apply<const L: usize>(
        &self,
        x: &[Amplitude<L>],
        out: &mut [Amplitude<L>],
        scale: &[f64; L],
        moving: &[Amplitude<L>],
    ) -> [f64; L] {
        kernel::<L, false>(self, x, out, scale, moving, &mut [])
    }

    /// The same, added to `sum`.
    pub(super) fn apply_and_add<const L: usize>(
        &self,
        x: &[Amplitude<L>],
        out: &mut [Amplitude<L>],
        scale: &[f64; L],
        sum: &mut [Amplitude<L>],
    ) -> [f64; L] {
        kernel::<L, true>(self, x, out, scale, &[], sum)
    }
}

/// Marks a factor that is multiplied by i.
const TURNED: u32 = 1 << 31;

/// ⟨n|O|n − s⟩ over the targets n, from the table ⟨n + s|O|n⟩ over the sources.
fn turned(space: &Space, shift: &[i32], table: &[c64]) -> Vec<c64> {
    let mut out = vec![c64::new(0.0, 0.0); table.len()];
    space.each_shifted(shift, |at, _, to| out[to] = table[at]);
    out
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2+fma"))]
fn kernel<const L: usize, const ADD: bool>(
    k: &Effective,
    x: &[Amplitude<L>],
    out: &mut [Amplitude<L>],
    scale: &[f64; L],
    moving: &[Amplitude<L>],
    sum: &mut [Amplitude<L>],
) -> [f64; L] {
    let mut norm = [0.0; L];
    for (row, &(start, length)) in k.rows.iter().enumerate() {
        let first = &k.first[KINDS * row..=KINDS * (row + 1)];
        let jobs = |kind: usize| &k.jobs[first[kind] as usize..first[kind + 1] as usize];
        let (real, imaginary, timed) = (jobs(0), jobs(1), jobs(2));
        for j in 0..length {
            let at = k.pad + start + j;
            let [d_re, d_im] = k.diagonal[start + j];
            let [x_re, x_im] = &x[at];
            let (mut re, mut im) = ([0.0; L], [0.0; L]);
            for l in 0..L {
                re[l] = d_re * x_re[l] - d_im * x_im[l];
                im[l] = d_re * x_im[l] + d_im * x_re[l];
            }
            for job in real {
                let f = k.tables[job.table as usize + j];
                let [x_re, x_im] = &x[job.source as usize + j];
                for l in 0..L {
                    re[l] += f * x_re[l];
                    im[l] += f * x_im[l];
                }
            }
            for job in imaginary {
                let f = k.tables[job.table as usize + j];
                let [x_re, x_im] = &x[job.source as usize + j];
                for l in 0..L {
                    re[l] -= f * x_im[l];
                    im[l] += f * x_re[l];
                }
            }
            for job in timed {
                let f = k.tables[job.table as usize + j];
                let [x_re, x_im] = &x[job.source as usize + j];
                let [c_re, c_im] = &moving[(job.factor & !TURNED) as usize];
                if job.factor & TURNED == 0 {
                    for l in 0..L {
                        re[l] += f * (c_re[l] * x_re[l] - c_im[l] * x_im[l]);
                        im[l] += f * (c_re[l] * x_im[l] + c_im[l] * x_re[l]);
                    }
                } else {
                    for l in 0..L {
                        re[l] -= f * (c_re[l] * x_im[l] + c_im[l] * x_re[l]);
                        im[l] += f * (c_re[l] * x_re[l] - c_im[l] * x_im[l]);
                    }
                }
            }
            for l in 0..L {
                re[l] *= scale[l];
                im[l] *= scale[l];
                norm[l] += re[l] * re[l] + im[l] * im[l];
            }
            out[at] = [re, im];
            if ADD {
                let [s_re, s_im] = &mut sum[at];
                for l in 0..L {
                    s_re[l] += re[l];
                    s_im[l] += im[l];
                }
            }
        }
    }
    norm
}

/// A run of elements ⟨to + j|O|from + j⟩ = table\[from + j\].
#[derive(Clone, Copy, Debug)]
struct Run {
    from: usize,
    to: usize,
    length: usize,
}

/// One shifted diagonal with its runs.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    runs: Vec<Run>,
    table: Vec<c64>,
}

impl Ladder {
    fn new(space: &Space, shift: &[i32], table: &[c64]) -> Self {
        let last = shift.len() - 1;
        let mut runs = Vec::new();
        for row in 0..space.rows() {
            let (start, length) = space.row(row);
            let Some(to) = space.find_row(space.prefix(row).iter().zip(shift).map(|(n, s)| n + s)) else { continue };
            let (target, room) = space.row(to);
            let (low, high) = ((-shift[last]).max(0), length.min(room - shift[last]));
            if low < high {
                let to = (target as i64 + i64::from(low + shift[last])) as usize;
                runs.push(Run { from: start + low as usize, to, length: (high - low) as usize });
            }
        }
        Self { runs, table: table.to_vec() }
    }

    /// All shifted diagonals of an operator.
    pub(super) fn all(space: &Space, operator: &Shifted) -> Vec<Self> {
        operator.parts.iter().map(|(shift, table)| Self::new(space, shift, table)).collect()
    }

    /// out += c O x for one state.
    pub(super) fn add(&self, c: c64, x: &[c64], out: &mut [c64]) {
        for run in &self.runs {
            let table = &self.table[run.from..run.from + run.length];
            let from = &x[run.from..run.from + run.length];
            let to = &mut out[run.to..run.to + run.length];
            for ((to, from), f) in to.iter_mut().zip(from).zip(table) {
                *to += c * f * from;
            }
        }
    }

    /// ⟨x|O|x⟩ of each trajectory, for a real table.
    pub(super) fn expectation<const L: usize>(&self, x: &[Amplitude<L>]) -> Amplitude<L> {
        let (mut re, mut im) = ([0.0; L], [0.0; L]);
        for run in &self.runs {
            for j in 0..run.length {
                let f = self.table[run.from + j].re;
                let ([a_re, a_im], [b_re, b_im]) = (&x[run.to + j], &x[run.from + j]);
                for l in 0..L {
                    re[l] += f * (a_re[l] * b_re[l] + a_im[l] * b_im[l]);
                    im[l] += f * (a_re[l] * b_im[l] - a_im[l] * b_re[l]);
                }
            }
        }
        [re, im]
    }
}
