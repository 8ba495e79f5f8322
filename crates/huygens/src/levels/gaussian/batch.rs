//! Steady states of linear models at many parameter sets together.
//!
//! The covariance equation of [`deviation`](super::orbit::deviation) is one linear system for the upper triangle of W. Its
//! structure is the same at every point: the order of the pivots and the entries that fill in are worked out once, from the
//! numbers of one parameter set, and the elimination is then a flat list of operations carried out for [`LANES`] points at a
//! time. Nothing is taken on trust: a point whose residual, positivity or refinement says that this order does not suit it has
//! no result here, and is left to the general route.
//!
//! A covariance V > 0 that solves A V + V Aᵀ = −D with D ≥ 0 (and noise that reaches every mode) proves that A is stable
//! (Lyapunov's theorem), so that no eigenvalues are needed.

use multiversion::multiversion;

/// Points carried through the elimination together.
pub const LANES: usize = 8;

/// One number for each point of a batch.
pub type Lane = [f64; LANES];

const ZERO: Lane = [0.0; LANES];

/// The elimination, worked out for one structure of drift and source.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Dimension 2n of the quadratures.
    dim: usize,
    /// Entries of the drift that can differ from zero: (row, column).
    drift: Vec<(u16, u16)>,
    /// Number of unknowns N = 2n(2n + 1)/2.
    unknowns: usize,
    /// The pair (i, j), i ≤ j, of each unknown.
    pairs: Vec<(u16, u16)>,
    /// Adds drift entry `entry` to slot `slot` of the packed system.
    assembly: Vec<(u32, u16)>,
    /// Slots of the packed system.
    slots: usize,
    /// Row of the system that is eliminated at each step.
    order: Vec<u16>,
    /// Steps: the slot of each pivot, and the operations below it.
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    pivot: u32,
    /// (slot of the factor, its row in elimination order, and the range of updates in `updates`).
    rows: Vec<(u32, u16)>,
    /// Slots of the pivot row right of the pivot, with their columns.
    right: Vec<(u32, u16)>,
    /// For each row below: target slots, in the order of `right`.
    targets: Vec<u32>,
}

/// The workspace of a [`Plan`].
#[derive(Clone, Debug)]
pub struct Work {
    system: Vec<Lane>,
    rhs: Vec<Lane>,
    solution: Vec<Lane>,
    residual: Vec<Lane>,
}

impl Plan {
    /// The plan for drift matrices with non-zero entries at `drift` (row, column) only, with pivots chosen for the values
    /// `sample` of these entries. `None` where the system is singular there.
    pub fn new(dim: usize, drift: &[(usize, usize)], sample: &[f64]) -> Option<Self> {
        let unknowns = dim * (dim + 1) / 2;
        let index = |i: usize, j: usize| {
            let (i, j) = (i.min(j), i.max(j));
            i * dim - i * (i + 1) / 2 + j
        };
        let pairs: Vec<(u16, u16)> = (0..dim).flat_map(|i| (i..dim).map(move |j| (i as u16, j as u16))).collect();
        // Σ_k a_ik W_kj + a_jk W_ki: which drift entry stands where.
        let mut dense = vec![0.0; unknowns * unknowns];
        let mut put: Vec<(usize, usize)> = Vec::new();
        for (row, &(i, j)) in pairs.iter().enumerate() {
            for (e, &(r, k)) in drift.iter().enumerate() {
                for (own, other) in [(i, j), (j, i)] {
                    if r == own as usize {
                        let at = row * unknowns + index(k, other as usize);
                        dense[at] += sample[e];
                        put.push((at, e));
                    }
                }
            }
        }
        let mut present: Vec<bool> = vec![false; unknowns * unknowns];
        for &(at, _) in &put {
            present[at] = true;
        }
        // Elimination with partial pivoting on the sample; rows scaled to compare.
        let mut left: Vec<usize> = (0..unknowns).collect();
        let mut order = Vec::with_capacity(unknowns);
        let mut operations: Vec<(usize, Vec<usize>, Vec<usize>)> = Vec::with_capacity(unknowns);
        for column in 0..unknowns {
            let size = |row: usize| {
                let scale = (column..unknowns).map(|c| dense[row * unknowns + c].abs()).fold(0.0, f64::max);
                if scale > 0.0 { dense[row * unknowns + column].abs() / scale } else { 0.0 }
            };
            let best = left.iter().copied().max_by(|a, b| size(*a).total_cmp(&size(*b)))?;
            if dense[best * unknowns + column] == 0.0 {
                return None;
            }
            left.retain(|r| *r != best);
            order.push(best);
            let right: Vec<usize> = (column + 1..unknowns).filter(|c| present[best * unknowns + c]).collect();
            let rows: Vec<usize> = left.iter().copied().filter(|r| present[r * unknowns + column]).collect();
            for &row in &rows {
                let factor = dense[row * unknowns + column] / dense[best * unknowns + column];
                for &c in &right {
                    dense[row * unknowns + c] -= factor * dense[best * unknowns + c];
                    present[row * unknowns + c] = true;
                }
            }
            operations.push((column, rows, right));
        }
        // Only entries that are ever present get a slot.
        let mut slot = vec![u32::MAX; unknowns * unknowns];
        let mut slots = 0;
        for (at, here) in present.iter().enumerate() {
            if *here {
                slot[at] = slots;
                slots += 1;
            }
        }
        let place: Vec<u16> = {
            let mut place = vec![0; unknowns];
            for (step, &row) in order.iter().enumerate() {
                place[row] = step as u16;
            }
            place
        };
        let steps = operations
            .iter()
            .zip(&order)
            .map(|((column, rows, right), &pivot)| Step {
                pivot: slot[pivot * unknowns + column],
                rows: rows.iter().map(|r| (slot[r * unknowns + column], place[*r])).collect(),
                right: right.iter().map(|c| (slot[pivot * unknowns + c], *c as u16)).collect(),
                targets: rows
                    .iter()
                    .flat_map(|r| right.iter().map(move |c| slot_at(r, c, unknowns)))
                    .map(|at| slot[at])
                    .collect(),
            })
            .collect();
        Some(Self {
            dim,
            drift: drift.iter().map(|&(i, j)| (i as u16, j as u16)).collect(),
            unknowns,
            pairs,
            assembly: put.iter().map(|&(at, e)| (slot[at], e as u16)).collect(),
            slots: slots as usize,
            order: order.iter().map(|r| *r as u16).collect(),
            steps,
        })
    }

    /// The positions (row, column) of the drift entries.
    pub fn entries(&self) -> &[(u16, u16)] {
        &self.drift
    }

    /// The positions (i, j), i ≤ j, of source and solution.
    pub fn pairs(&self) -> &[(u16, u16)] {
        &self.pairs
    }

    /// Scratch space.
    pub fn work(&self) -> Work {
        Work {
            system: vec![ZERO; self.slots],
            rhs: vec![ZERO; self.unknowns],
            solution: vec![ZERO; self.unknowns],
            residual: vec![ZERO; self.unknowns],
        }
    }

    /// Solves A W + W Aᵀ + S = 0 for the upper triangle of W in all lanes. Returns the largest residual of each lane relative to
    /// the size of its terms, after one step of refinement; a lane with a large residual has no solution here.
    pub fn solve(&self, drift: &[Lane], source: &[Lane], out: &mut [Lane], work: &mut Work) -> Lane {
        eliminate(self, drift, source, out, work)
    }
}

fn slot_at(row: &usize, column: &usize, unknowns: usize) -> usize {
    row * unknowns + column
}

#[inline(always)]
fn subtract(target: &mut Lane, factor: &Lane, value: &Lane) {
    for l in 0..LANES {
        target[l] -= factor[l] * value[l];
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn eliminate(plan: &Plan, drift: &[Lane], source: &[Lane], out: &mut [Lane], work: &mut Work) -> Lane {
    work.system.fill(ZERO);
    for &(slot, entry) in &plan.assembly {
        let target = &mut work.system[slot as usize];
        for l in 0..LANES {
            target[l] += drift[entry as usize][l];
        }
    }
    // Factors stay in their slots; the reciprocal of each pivot takes its place.
    for step in &plan.steps {
        let pivot = &mut work.system[step.pivot as usize];
        for x in pivot.iter_mut() {
            *x = x.recip();
        }
        let pivot = *pivot;
        let width = step.right.len();
        for (r, &(slot, _)) in step.rows.iter().enumerate() {
            let mut factor = work.system[slot as usize];
            for l in 0..LANES {
                factor[l] *= pivot[l];
            }
            work.system[slot as usize] = factor;
            for (&(from, _), &to) in step.right.iter().zip(&step.targets[r * width..(r + 1) * width]) {
                let value = work.system[from as usize];
                subtract(&mut work.system[to as usize], &factor, &value);
            }
        }
    }
    out.fill(ZERO);
    let mut worst = ZERO;
    for pass in 0..3 {
        // Residual S + A W + W Aᵀ, with the size of its terms on the last pass.
        work.residual.copy_from_slice(source);
        if pass > 0 {
            for (row, &(i, j)) in plan.pairs.iter().enumerate() {
                let mut sum = work.residual[row];
                let mut size = [0.0; LANES];
                for l in 0..LANES {
                    size[l] = sum[l].abs();
                }
                for (e, &(r, k)) in plan.drift.iter().enumerate() {
                    for (own, other) in [(i, j), (j, i)] {
                        if r == own {
                            let (a, b) = (k.min(other) as usize, k.max(other) as usize);
                            let w = &out[a * plan.dim - a * (a + 1) / 2 + b];
                            for l in 0..LANES {
                                let term = drift[e][l] * w[l];
                                sum[l] += term;
                                size[l] += term.abs();
                            }
                        }
                    }
                }
                if pass == 2 {
                    for l in 0..LANES {
                        let relative = if size[l] > 0.0 { sum[l].abs() / size[l] } else { 0.0 };
                        // NaN counts as large.
                        worst[l] = if relative <= worst[l] { worst[l] } else { relative };
                    }
                }
                work.residual[row] = sum;
            }
        }
        if pass == 2 {
            break;
        }
        // Forward and back substitution for −residual.
        for (step, &row) in plan.order.iter().enumerate() {
            let value = work.residual[row as usize];
            for l in 0..LANES {
                work.rhs[step][l] = -value[l];
            }
        }
        for (k, step) in plan.steps.iter().enumerate() {
            let value = work.rhs[k];
            for &(slot, row) in &step.rows {
                let factor = work.system[slot as usize];
                subtract(&mut work.rhs[row as usize], &factor, &value);
            }
        }
        for (k, step) in plan.steps.iter().enumerate().rev() {
            let mut value = work.rhs[k];
            for &(slot, column) in &step.right {
                let (a, x) = (work.system[slot as usize], work.solution[column as usize]);
                subtract(&mut value, &a, &x);
            }
            let pivot = work.system[step.pivot as usize];
            for l in 0..LANES {
                value[l] *= pivot[l];
            }
            work.solution[k] = value;
        }
        for (target, x) in out.iter_mut().zip(&work.solution) {
            for l in 0..LANES {
                target[l] += x[l];
            }
        }
    }
    worst
}

/// Whether the symmetric V with this upper triangle is positive definite, lane by lane, and the diagonal of V⁻¹ where it is:
/// V = L Lᵀ and (V⁻¹)_ii = |L⁻¹e_i|². `factor` is scratch of `dim`² + `dim` lanes.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn positive(dim: usize, triangle: &[Lane], factor: &mut [Lane], inverse: &mut [Lane]) -> [bool; LANES] {
    let (factor, column) = factor.split_at_mut(dim * dim);
    let mut good = [true; LANES];
    // The diagonal of `factor` holds 1/L_ii.
    for i in 0..dim {
        for j in 0..=i {
            let mut rest = triangle[j * dim - j * (j + 1) / 2 + i];
            for k in 0..j {
                let (a, b) = (factor[i * dim + k], factor[j * dim + k]);
                subtract(&mut rest, &a, &b);
            }
            let scale = factor[j * dim + j];
            for l in 0..LANES {
                if i > j {
                    rest[l] *= scale[l];
                } else {
                    good[l] &= rest[l] > 0.0;
                    rest[l] = rest[l].sqrt().recip();
                }
            }
            factor[i * dim + j] = rest;
        }
    }
    for (i, sum) in inverse.iter_mut().enumerate() {
        *sum = ZERO;
        for r in i..dim {
            let mut rest = if r == i { [1.0; LANES] } else { ZERO };
            for k in i..r {
                subtract(&mut rest, &factor[r * dim + k], &column[k]);
            }
            for l in 0..LANES {
                rest[l] *= factor[r * dim + r][l];
                sum[l] += rest[l] * rest[l];
            }
            column[r] = rest;
        }
    }
    good
}
