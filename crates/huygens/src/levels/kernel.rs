//! The inner loop: flow, drift and diffusion evaluated at a point, from a flat program worked out once.
//!
//! A [`Kernel`] holds the structure (which products of z and z* occur, which coefficient multiplies which, the sparsity of
//! the real drift matrix); a [`Bound`] adds the numbers of one parameter set. Binding costs microseconds and derives nothing.
//!
//! Real variables are the quadratures of the fluctuations in the order (q₁, p₁, q₂, p₂, …) with δa = (δq + iδp)/√2, so that
//! δż = A δz + B δz* becomes the 2×2 blocks
//! \[\[Re A + Re B, −Im A + Im B\], \[Im A + Im B, Re A − Re B\]\].
//!
//! Of a spin the variables ⟨J₋⟩ and ⟨J_z⟩ are treated alike, so that their quadratures are √2 J_x, −√2 J_y and √2 J_z; the imaginary part of
//! ⟨J_z⟩ is 0, its row and column in the matrices are empty, and `tangent` takes that direction out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use huygens_numerics::c64;
use multiversion::multiversion;

use super::equations::{Equations, SparsePolynomials, Spin, variables_with};
use crate::algebra::{Compiled, EvalError, Monomial, Scalar, Scratch};

/// A term `coefficient × product` of the flow.
#[derive(Clone, Copy, Debug)]
struct FlowTerm {
    row: u32,
    word: u32,
    scalar: u32,
}

/// A term of a 2×2 block of a sparse real matrix: where its two rows start, and how the complex number enters.
#[derive(Clone, Copy, Debug)]
struct BlockTerm {
    /// Slots of (row 2k, column 2l), (row 2k, column 2l+1), (row 2k+1, column 2l), (row 2k+1, column 2l+1).
    slots: [u32; 4],
    word: u32,
    scalar: u32,
    shape: Shape,
    /// Distance of the coupled cells on a ring; 0 for the full matrix.
    shift: i32,
}

/// How a complex entry w = x + iy spreads over its real 2×2 block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// δż = w δz: \[\[x, −y\], \[y, x\]\].
    Linear,
    /// δż = w δz*: \[\[x, y\], \[y, −x\]\].
    Conjugate,
    /// Symmetrised ⟨a_k a_l†⟩: \[\[x, −y\], \[y, x\]\] in (qq, qp, pq, pp).
    Normal,
    /// Symmetrised ⟨a_k a_l⟩: \[\[x, y\], \[y, −x\]\].
    Anomalous,
}

impl BlockTerm {
    /// cos(k d): the Fourier weight of a reflection-symmetric coupling over d cells.
    #[inline]
    fn phase(&self, wave: f64) -> f64 {
        if self.shift == 0 { 1.0 } else { (wave * f64::from(self.shift)).cos() }
    }
}

impl Shape {
    #[inline(always)]
    fn spread(self, w: c64) -> [f64; 4] {
        match self {
            Shape::Linear | Shape::Normal => [w.re, -w.im, w.im, w.re],
            Shape::Conjugate | Shape::Anomalous => [w.re, w.im, w.im, -w.re],
        }
    }
}

/// What is known of the phase of a scalar whatever the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Real,
    Imaginary,
    General,
}

impl Phase {
    fn of(scalar: &Scalar) -> Self {
        if scalar.is_real() {
            Phase::Real
        } else if scalar.re().is_zero() {
            Phase::Imaginary
        } else {
            Phase::General
        }
    }
}

/// A sparse real matrix pattern in compressed rows; one more slot than entries collects what is structurally zero.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// Start of each row in `columns`; length rows + 1.
    pub starts: Vec<u32>,
    /// Column of each entry.
    pub columns: Vec<u32>,
}

impl Pattern {
    /// Number of stored entries.
    pub fn entries(&self) -> usize {
        self.columns.len()
    }
}

/// A sparse real 2n×2n matrix function of the state: pattern, constant terms and terms that vary with the state.
#[derive(Clone, Debug)]
struct BlockMatrix {
    pattern: Pattern,
    fixed: Vec<BlockTerm>,
    varying: Vec<BlockTerm>,
}

/// The structure of the equations, compiled. Immutable and shared between threads.
#[derive(Debug)]
pub struct Kernel {
    modes: usize,
    spins: Vec<Spin>,
    /// The first variable without an imaginary part.
    first_real: usize,
    /// Workspace words after 1, z₁…z_n, z₁*…z_n*: each the product of two earlier words.
    products: Vec<(u32, u32)>,
    flow_words: usize,
    scalars: Compiled,
    /// Phase of each scalar for every parameter set.
    phases: Vec<Phase>,
    driven: bool,
    flow: Vec<FlowTerm>,
    drift: BlockMatrix,
    diffusion: BlockMatrix,
}

/// A term of a block matrix before its slots are known.
struct RawTerm {
    row: usize,
    column: usize,
    shift: i32,
    word: u32,
    scalar: u32,
    shape: Shape,
    fixed: bool,
}

/// Finds or makes the word of a product of variables.
struct Words {
    modes: usize,
    index: HashMap<Vec<u32>, u32>,
    products: Vec<(u32, u32)>,
}

impl Words {
    fn word(&mut self, list: &[u32]) -> u32 {
        match list {
            [] => 0,
            [v] => v + 1,
            [head @ .., last] => {
                if let Some(&word) = self.index.get(list) {
                    return word;
                }
                let left = self.word(head);
                let word = (1 + 2 * self.modes + self.products.len()) as u32;
                self.products.push((left, last + 1));
                self.index.insert(list.to_vec(), word);
                word
            }
        }
    }
}

/// Gives equal scalars one number.
#[derive(Default)]
struct Scalars {
    index: BTreeMap<Scalar, u32>,
    list: Vec<Scalar>,
}

impl Scalars {
    fn number(&mut self, scalar: &Scalar) -> u32 {
        if let Some(&k) = self.index.get(scalar) {
            return k;
        }
        let k = self.list.len() as u32;
        self.list.push(scalar.clone());
        self.index.insert(scalar.clone(), k);
        k
    }
}

impl Kernel {
    /// Compiles the equations.
    pub fn new(equations: &Equations) -> Self {
        let n = equations.variables();
        let variables = |monomial: &Monomial| variables_with(monomial, n, &equations.spins);
        let mut words = Words { modes: n, index: HashMap::new(), products: Vec::new() };
        let mut scalars = Scalars::default();
        let mut flow = Vec::new();
        for (row, polynomial) in equations.flow.iter().enumerate() {
            for (monomial, coefficient) in polynomial.iter() {
                let word = words.word(&variables(monomial));
                flow.push(FlowTerm { row: row as u32, word, scalar: scalars.number(coefficient) });
            }
        }
        let flow_words = words.products.len();
        let driven = equations.driven();
        let mut matrix = |parts: [(&SparsePolynomials, Shape); 2]| {
            let mut raw: Vec<RawTerm> = Vec::new();
            for (entries, shape) in parts {
                for entry in entries {
                    for (monomial, coefficient) in entry.polynomial.iter() {
                        let list = variables(monomial);
                        raw.push(RawTerm {
                            row: entry.row,
                            column: entry.column,
                            shift: entry.shift,
                            word: words.word(&list),
                            scalar: scalars.number(coefficient),
                            shape,
                            fixed: list.is_empty() && !coefficient.moves(),
                        });
                    }
                }
            }
            BlockMatrix::new(n, &raw)
        };
        let drift = matrix([(&equations.drift, Shape::Linear), (&equations.drift_conj, Shape::Conjugate)]);
        let diffusion =
            matrix([(&equations.diffusion, Shape::Normal), (&equations.diffusion_anomalous, Shape::Anomalous)]);
        let compiled = Compiled::new(&scalars.list);
        let mut kernel = Self {
            modes: n,
            spins: equations.spins.clone(),
            first_real: equations.modes,
            products: words.products,
            flow_words,
            scalars: compiled,
            phases: scalars.list.iter().map(Phase::of).collect(),
            driven,
            flow,
            drift,
            diffusion,
        };
        kernel.prune();
        kernel
    }

    /// Number of complex variables: the modes, and ⟨J_z⟩ of the spins behind them.
    pub fn modes(&self) -> usize {
        self.modes
    }

    /// The spins among the modes.
    pub fn spins(&self) -> &[Spin] {
        &self.spins
    }

    /// Whether coefficients depend on time.
    pub fn driven(&self) -> bool {
        self.driven
    }

    /// Whether coefficients depend on the mean field.
    pub fn follows_mean(&self) -> bool {
        self.scalars.depends_on_mean_field()
    }

    /// Whether drift and diffusion are the same at every state and time: the gaussian level is then exact.
    pub fn linear(&self) -> bool {
        self.drift.varying.is_empty() && self.diffusion.varying.is_empty()
    }

    /// Sparsity of the real drift matrix.
    pub fn drift_pattern(&self) -> &Pattern {
        &self.drift.pattern
    }

    /// Sparsity of the real diffusion matrix.
    pub fn diffusion_pattern(&self) -> &Pattern {
        &self.diffusion.pattern
    }

    /// Removes the real entries that vanish identically (such as ∂ẋ/∂x of ẋ = Im…): they are exactly zero at three
    /// random states and random coefficients.
    fn prune(&mut self) {
        let mut random = 0.372_915_f64;
        let mut next = || {
            random = (random * 997.0 + 0.123_456_789).fract();
            random - 0.45
        };
        let mut drift_seen = vec![false; self.drift.pattern.entries() + 1];
        let mut diffusion_seen = vec![false; self.diffusion.pattern.entries() + 1];
        for _ in 0..3 {
            let mut words = vec![c64::new(1.0, 0.0); self.words()];
            for k in 0..self.modes {
                words[1 + k] = c64::new(next(), if k < self.first_real { next() } else { 0.0 });
            }
            self.fill(&mut words, self.products.len());
            // Random numbers in the phases the scalars have: a cancellation between Re and Im parts holds for these and
            // only for these.
            let values: Vec<c64> = self
                .phases
                .iter()
                .map(|phase| {
                    let (x, y) = (next(), next());
                    match phase {
                        Phase::Real => c64::new(x, 0.0),
                        Phase::Imaginary => c64::new(0.0, y),
                        Phase::General => c64::new(x, y),
                    }
                })
                .collect();
            for (matrix, seen) in [(&self.drift, &mut drift_seen), (&self.diffusion, &mut diffusion_seen)] {
                let mut sums = vec![0.0; seen.len()];
                matrix.accumulate(&matrix.fixed, &values, 0.731, &words, &mut sums);
                matrix.accumulate(&matrix.varying, &values, 0.731, &words, &mut sums);
                for (flag, sum) in seen.iter_mut().zip(&sums) {
                    *flag |= *sum != 0.0;
                }
            }
        }
        let phantom = |k: usize| k % 2 == 1 && k / 2 >= self.first_real;
        for (matrix, seen) in [(&self.drift, &mut drift_seen), (&self.diffusion, &mut diffusion_seen)] {
            let Pattern { starts, columns } = &matrix.pattern;
            for row in 0..starts.len() - 1 {
                for slot in starts[row] as usize..starts[row + 1] as usize {
                    seen[slot] &= !(phantom(row) || phantom(columns[slot] as usize));
                }
            }
        }
        self.drift.keep(&drift_seen);
        self.diffusion.keep(&diffusion_seen);
    }

    fn words(&self) -> usize {
        1 + 2 * self.modes + self.products.len()
    }

    #[inline(always)]
    fn fill(&self, words: &mut [c64], products: usize) {
        let n = self.modes;
        words[0] = c64::new(1.0, 0.0);
        for k in 0..n {
            words[1 + n + k] = words[1 + k].conj();
        }
        let base = 1 + 2 * n;
        for (k, &(i, j)) in self.products[..products].iter().enumerate() {
            words[base + k] = words[i as usize] * words[j as usize];
        }
    }

    /// Numbers of one parameter set.
    ///
    /// # Errors
    /// When an expression has no finite value, such as the square root of a negative rate.
    pub fn bind(self: &Arc<Self>, parameters: &[f64]) -> Result<Bound, EvalError> {
        let mut bound = Bound {
            kernel: Arc::clone(self),
            parameters: parameters.to_vec(),
            wave: 0.0,
            scratch: self.scalars.scratch(),
            values: vec![c64::new(0.0, 0.0); self.phases.len()],
            flow: vec![c64::new(0.0, 0.0); self.flow.len()],
            drift_fixed: vec![0.0; self.drift.pattern.entries() + 1],
            drift_varying: vec![c64::new(0.0, 0.0); self.drift.varying.len()],
            diffusion_fixed: vec![0.0; self.diffusion.pattern.entries() + 1],
            diffusion_varying: vec![c64::new(0.0, 0.0); self.diffusion.varying.len()],
        };
        bound.rebind(parameters)?;
        Ok(bound)
    }
}

impl BlockMatrix {
    fn new(modes: usize, raw: &[RawTerm]) -> Self {
        let mut blocks: Vec<(usize, usize)> = raw.iter().map(|term| (term.row, term.column)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        let mut starts = vec![0u32];
        let mut columns = Vec::new();
        let mut slot = HashMap::new();
        let mut cursor = 0;
        for k in 0..modes {
            let begin = cursor;
            while cursor < blocks.len() && blocks[cursor].0 == k {
                cursor += 1;
            }
            for half in 0..2 {
                for &(_, l) in &blocks[begin..cursor] {
                    slot.insert((k, l, half), columns.len() as u32);
                    columns.extend([2 * l as u32, 2 * l as u32 + 1]);
                }
                starts.push(columns.len() as u32);
            }
        }
        let (mut fixed, mut varying) = (Vec::new(), Vec::new());
        for &RawTerm { row, column, shift, word, scalar, shape, fixed: is_fixed } in raw {
            let (top, bottom) = (slot[&(row, column, 0)], slot[&(row, column, 1)]);
            let term = BlockTerm { slots: [top, top + 1, bottom, bottom + 1], word, scalar, shape, shift };
            let list = if is_fixed { &mut fixed } else { &mut varying };
            list.push(term);
        }
        Self { pattern: Pattern { starts, columns }, fixed, varying }
    }

    fn accumulate(&self, terms: &[BlockTerm], values: &[c64], wave: f64, words: &[c64], sums: &mut [f64]) {
        for term in terms {
            let spread = term.shape.spread(values[term.scalar as usize] * term.phase(wave) * words[term.word as usize]);
            for (slot, x) in term.slots.iter().zip(spread) {
                sums[*slot as usize] += x;
            }
        }
    }

    /// Keeps only the entries flagged; terms of the others go to the spare slot at the end.
    fn keep(&mut self, flags: &[bool]) {
        let entries = self.pattern.entries();
        let mut renumbered = vec![0u32; entries + 1];
        let mut columns = Vec::new();
        let mut starts = vec![0u32];
        for row in 0..self.pattern.starts.len() - 1 {
            for slot in self.pattern.starts[row] as usize..self.pattern.starts[row + 1] as usize {
                if flags[slot] {
                    renumbered[slot] = columns.len() as u32;
                    columns.push(self.pattern.columns[slot]);
                } else {
                    renumbered[slot] = u32::MAX;
                }
            }
            starts.push(columns.len() as u32);
        }
        let spare = columns.len() as u32;
        for term in self.fixed.iter_mut().chain(&mut self.varying) {
            for slot in &mut term.slots {
                let new = renumbered[*slot as usize];
                *slot = if new == u32::MAX { spare } else { new };
            }
        }
        self.pattern = Pattern { starts, columns };
    }
}

/// A kernel with the numbers of one parameter set.
#[derive(Clone, Debug)]
pub struct Bound {
    kernel: Arc<Kernel>,
    parameters: Vec<f64>,
    /// Wave number per cell of a ring; 0 for the full matrix.
    wave: f64,
    scratch: Scratch,
    values: Vec<c64>,
    flow: Vec<c64>,
    drift_fixed: Vec<f64>,
    drift_varying: Vec<c64>,
    diffusion_fixed: Vec<f64>,
    diffusion_varying: Vec<c64>,
}

/// Scratch space of one evaluation thread.
#[derive(Clone, Debug)]
pub struct Workspace {
    words: Vec<c64>,
    /// Values of the drift entries after [`Bound::linearise`]; one spare slot at the end.
    pub drift: Vec<f64>,
    /// Values of the diffusion entries after [`Bound::linearise`]; one spare slot at the end.
    pub diffusion: Vec<f64>,
    /// The numbers of this moment, where coefficients move.
    moving: Option<Box<Bound>>,
}

impl Bound {
    /// The structure behind the numbers.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Number of complex variables: the modes, and ⟨J_z⟩ of the spins behind them.
    pub fn modes(&self) -> usize {
        self.kernel.modes
    }

    /// The parameter values in force.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// Puts other parameter values in place; nothing is derived again.
    ///
    /// # Errors
    /// When an expression has no finite value.
    pub fn rebind(&mut self, parameters: &[f64]) -> Result<(), EvalError> {
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
        self.kernel.scalars.bind(&self.parameters, &mut self.scratch, &mut self.values)?;
        if self.kernel.follows_mean() {
            // What follows the mean field has its value in each step.
            self.spread();
            return Ok(());
        }
        self.evaluate(0.0, &[])
    }

    /// The same parameters with drift and diffusion of the Fourier modes of wave number `wave` (radians per cell).
    ///
    /// # Errors
    /// As [`Bound::rebind`].
    pub fn with_wave(&self, wave: f64) -> Result<Bound, EvalError> {
        let mut other = self.clone();
        other.wave = wave;
        other.spread();
        Ok(other)
    }

    /// The values of all coefficients at time t and mean field z.
    fn evaluate(&mut self, t: f64, z: &[c64]) -> Result<(), EvalError> {
        self.kernel.scalars.at(t, z, &mut self.scratch, &mut self.values)?;
        self.spread();
        Ok(())
    }

    /// Puts the values of the coefficients where they are used.
    fn spread(&mut self) {
        let kernel = &self.kernel;
        for (value, term) in self.flow.iter_mut().zip(&kernel.flow) {
            *value = self.values[term.scalar as usize];
        }
        let one = [c64::new(1.0, 0.0)];
        for (matrix, fixed, varying) in [
            (&kernel.drift, &mut self.drift_fixed, &mut self.drift_varying),
            (&kernel.diffusion, &mut self.diffusion_fixed, &mut self.diffusion_varying),
        ] {
            fixed.fill(0.0);
            matrix.accumulate(&matrix.fixed, &self.values, self.wave, &one, fixed);
            for (value, term) in varying.iter_mut().zip(&matrix.varying) {
                *value = self.values[term.scalar as usize] * term.phase(self.wave);
            }
        }
    }

    /// Scratch space for this kernel.
    pub fn workspace(&self) -> Workspace {
        Workspace {
            words: vec![c64::new(0.0, 0.0); self.kernel.words()],
            drift: vec![0.0; self.drift_fixed.len()],
            diffusion: vec![0.0; self.diffusion_fixed.len()],
            moving: self.kernel.scalars.moves().then(|| Box::new(self.clone())),
        }
    }

    /// Flow ż = f(t, z) written to `out` (length n). Coefficients without a finite value at this moment give non-finite output, which
    /// the integrator reports.
    #[inline]
    pub fn flow(&self, t: f64, z: &[c64], out: &mut [c64], work: &mut Workspace) {
        self.at(t, z, work, |bound, work| {
            bound.load(z, work, bound.kernel.flow_words);
            bound.flow_loaded(out, work);
        });
    }

    /// Flow, drift and diffusion together; drift and diffusion are left in the workspace.
    #[inline]
    pub fn linearise(&self, t: f64, z: &[c64], out: &mut [c64], work: &mut Workspace) {
        self.at(t, z, work, |bound, work| {
            bound.load(z, work, bound.kernel.products.len());
            bound.flow_loaded(out, work);
            bound.matrices_loaded(work);
        });
    }

    #[inline(always)]
    fn at(&self, t: f64, z: &[c64], work: &mut Workspace, go: impl FnOnce(&Bound, &mut Workspace)) {
        match work.moving.take() {
            None => go(self, work),
            Some(mut now) => {
                let bound = now.parameters == self.parameters || now.rebind(&self.parameters).is_ok();
                if !bound || now.evaluate(t, z).is_err() {
                    now.flow.fill(c64::new(f64::NAN, f64::NAN));
                }
                go(&now, work);
                work.moving = Some(now);
            }
        }
    }

    #[inline(always)]
    fn load(&self, z: &[c64], work: &mut Workspace, products: usize) {
        work.words[1..=self.kernel.modes].copy_from_slice(z);
        self.kernel.fill(&mut work.words, products);
    }

    #[inline(always)]
    fn flow_loaded(&self, out: &mut [c64], work: &Workspace) {
        out.fill(c64::new(0.0, 0.0));
        for (coefficient, term) in self.flow.iter().zip(&self.kernel.flow) {
            out[term.row as usize] += coefficient * work.words[term.word as usize];
        }
        out[self.kernel.first_real..].iter_mut().for_each(|rate| rate.im = 0.0);
    }

    #[inline(always)]
    fn matrices_loaded(&self, work: &mut Workspace) {
        let Workspace { words, drift, diffusion, .. } = work;
        for (matrix, fixed, varying, out) in [
            (&self.kernel.drift, &self.drift_fixed, &self.drift_varying, drift),
            (&self.kernel.diffusion, &self.diffusion_fixed, &self.diffusion_varying, diffusion),
        ] {
            out.copy_from_slice(fixed);
            for (coefficient, term) in varying.iter().zip(&matrix.varying) {
                let spread = term.shape.spread(coefficient * words[term.word as usize]);
                for (slot, x) in term.slots.iter().zip(spread) {
                    out[*slot as usize] += x;
                }
            }
        }
    }

    /// Drift M (2n×2n, real quadratures) at a point, dense.
    pub fn drift_matrix(&self, t: f64, z: &[c64]) -> huygens_numerics::linalg::RMatrix {
        let mut work = self.workspace();
        let mut out = vec![c64::new(0.0, 0.0); self.modes()];
        self.linearise(t, z, &mut out, &mut work);
        dense(&self.kernel.drift.pattern, &work.drift, 2 * self.modes())
    }

    /// Diffusion D (2n×2n, real quadratures) at a point, dense.
    pub fn diffusion_matrix(&self, t: f64, z: &[c64]) -> huygens_numerics::linalg::RMatrix {
        let mut work = self.workspace();
        let mut out = vec![c64::new(0.0, 0.0); self.modes()];
        self.linearise(t, z, &mut out, &mut work);
        dense(&self.kernel.diffusion.pattern, &work.diffusion, 2 * self.modes())
    }
}

fn dense(pattern: &Pattern, values: &[f64], n: usize) -> huygens_numerics::linalg::RMatrix {
    let mut matrix = huygens_numerics::linalg::RMatrix::zeros(n, n);
    for row in 0..n {
        for slot in pattern.starts[row] as usize..pattern.starts[row + 1] as usize {
            matrix[(row, pattern.columns[slot] as usize)] += values[slot];
        }
    }
    matrix
}

/// `out = M x` for a sparse M and a dense row-major x with `width` columns.
#[inline(always)]
fn rows_times(pattern: &Pattern, values: &[f64], x: &[f64], width: usize, out: &mut [f64]) {
    for (row, target) in out.chunks_exact_mut(width).enumerate() {
        target.fill(0.0);
        let range = pattern.starts[row] as usize..pattern.starts[row + 1] as usize;
        for (&column, &value) in pattern.columns[range.clone()].iter().zip(&values[range]) {
            let source = &x[column as usize * width..][..width];
            for (y, s) in target.iter_mut().zip(source) {
                *y += value * s;
            }
        }
    }
}

/// The same for a width known to the compiler: the row stays in registers.
#[inline(always)]
fn rows_times_fixed<const W: usize>(pattern: &Pattern, values: &[f64], x: &[f64], out: &mut [f64]) {
    let (x, _) = x.as_chunks::<W>();
    let (out, _) = out.as_chunks_mut::<W>();
    for (row, target) in out.iter_mut().enumerate() {
        let range = pattern.starts[row] as usize..pattern.starts[row + 1] as usize;
        let mut sum = [0.0; W];
        for (&column, &value) in pattern.columns[range.clone()].iter().zip(&values[range]) {
            let source = &x[column as usize];
            for c in 0..W {
                sum[c] += value * source[c];
            }
        }
        *target = sum;
    }
}

/// `out = M x`, dispatched on the width and on the processor.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn sparse_times(pattern: &Pattern, values: &[f64], x: &[f64], width: usize, out: &mut [f64]) {
    match width {
        1 => rows_times_fixed::<1>(pattern, values, x, out),
        2 => rows_times_fixed::<2>(pattern, values, x, out),
        4 => rows_times_fixed::<4>(pattern, values, x, out),
        6 => rows_times_fixed::<6>(pattern, values, x, out),
        8 => rows_times_fixed::<8>(pattern, values, x, out),
        12 => rows_times_fixed::<12>(pattern, values, x, out),
        16 => rows_times_fixed::<16>(pattern, values, x, out),
        _ => rows_times(pattern, values, x, width, out),
    }
}

/// `out = X + Xᵀ` for square X.
#[inline(always)]
fn symmetrise_into(x: &[f64], n: usize, out: &mut [f64]) {
    for i in 0..n {
        for j in 0..n {
            out[i * n + j] = x[i * n + j] + x[j * n + i];
        }
    }
}

#[inline(always)]
fn symmetrise_fixed<const W: usize>(x: &[f64], out: &mut [f64]) {
    let (x, _) = x.as_chunks::<W>();
    let (out, _) = out.as_chunks_mut::<W>();
    for i in 0..W {
        for j in 0..W {
            out[i][j] = x[i][j] + x[j][i];
        }
    }
}

/// `out = M V + (M V)ᵀ + D` for symmetric V (2n×2n, row-major); `scratch` has the length of V.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn covariance_rate(
    drift: &Pattern,
    drift_values: &[f64],
    diffusion: &Pattern,
    diffusion_values: &[f64],
    v: &[f64],
    n: usize,
    scratch: &mut [f64],
    out: &mut [f64],
) {
    match n {
        2 => {
            rows_times_fixed::<2>(drift, drift_values, v, scratch);
            symmetrise_fixed::<2>(scratch, out);
        }
        4 => {
            rows_times_fixed::<4>(drift, drift_values, v, scratch);
            symmetrise_fixed::<4>(scratch, out);
        }
        6 => {
            rows_times_fixed::<6>(drift, drift_values, v, scratch);
            symmetrise_fixed::<6>(scratch, out);
        }
        8 => {
            rows_times_fixed::<8>(drift, drift_values, v, scratch);
            symmetrise_fixed::<8>(scratch, out);
        }
        12 => {
            rows_times_fixed::<12>(drift, drift_values, v, scratch);
            symmetrise_fixed::<12>(scratch, out);
        }
        _ => {
            rows_times(drift, drift_values, v, n, scratch);
            symmetrise_into(scratch, n, out);
        }
    }
    for row in 0..n {
        for slot in diffusion.starts[row] as usize..diffusion.starts[row + 1] as usize {
            out[row * n + diffusion.columns[slot] as usize] += diffusion_values[slot];
        }
    }
}
