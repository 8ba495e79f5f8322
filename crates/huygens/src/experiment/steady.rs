//! Steady states of linear models, many parameter sets at a time: what a sweep of such a model asks for.

use huygens_numerics::c64;

use super::{Experiment, Level};
use crate::costs::{Contact, Contacts};
use crate::levels::gaussian::batch::{LANES, Lane, Plan, Work, positive};
use crate::levels::kernel::{Bound, Workspace};
use crate::measures::{Block, Evaluate, Moments, Request};
use crate::model::Binding;

/// Largest residual of the covariance equation, relative to its terms, that still counts as solved.
const RESIDUAL: f64 = 1e-12;

/// Largest number of modes: the elimination grows as the sixth power.
const MOST_MODES: usize = 5;

/// Measures of the steady state of a linear model without drives, eight parameter sets at a time.
///
/// Owns all that it needs; one for each thread. The same numbers as [`Experiment::run`] to the accuracy of the covariance
/// equation; a parameter set for which it cannot vouch (see [`crate::levels::gaussian::batch`]) is left to that.
#[derive(Clone, Debug)]
pub struct SteadySolver {
    bound: Bound,
    work: Workspace,
    requests: Vec<Request>,
    contacts: Option<Contacts>,
    dim: usize,
    plan: Plan,
    scratch: Work,
    /// Slot of each drift entry (row, column) in the sparse drift.
    entries: Vec<(usize, usize)>,
    drift: Vec<Lane>,
    source: Vec<Lane>,
    solution: Vec<Lane>,
    /// The covariance of all lanes (upper triangle), scratch for its factor, and the diagonal of its inverse.
    covariance: Vec<Lane>,
    factor: Vec<Lane>,
    inverse: Vec<Lane>,
    state: Steady,
    thermal: Vec<Lane>,
    flow: Vec<c64>,
    bound_contacts: Vec<Vec<Contact>>,
}

/// The state of one lane.
#[derive(Clone, Debug)]
struct Steady {
    dim: usize,
    thermal: Vec<f64>,
    deviation: Vec<f64>,
    covariance: Vec<f64>,
    /// Diagonal of the inverse of the covariance.
    inverse: Vec<f64>,
}

impl Moments for Steady {
    fn modes(&self) -> usize {
        self.thermal.len()
    }

    fn mean(&self, _: usize) -> c64 {
        c64::new(0.0, 0.0)
    }

    fn covariance(&self, k: usize, l: usize) -> Block {
        let at = |i: usize, j: usize| self.covariance[(2 * k + i) * self.dim + 2 * l + j];
        [[at(0, 0), at(0, 1)], [at(1, 0), at(1, 1)]]
    }

    fn excess(&self, k: usize, variance: f64) -> [f64; 2] {
        let matrix = if (self.thermal[k] - variance).abs() <= 4.0 * f64::EPSILON * variance {
            |s: &Self, i: usize, _: f64| s.deviation[i * s.dim + i]
        } else {
            |s: &Self, i: usize, v: f64| s.covariance[i * s.dim + i] - v
        };
        [matrix(self, 2 * k, variance), matrix(self, 2 * k + 1, variance)]
    }

    fn inverse_diagonal(&self, k: usize) -> Option<[f64; 2]> {
        Some([self.inverse[2 * k], self.inverse[2 * k + 1]])
    }
}

impl Experiment {
    /// A solver for many parameter sets, where the experiment is one: a linear model without drives at the gaussian level,
    /// at most five modes, measures of the state alone, no comparison with the uncoupled system.
    pub fn steady_solver(&self, binding: &Binding) -> Option<SteadySolver> {
        let options = &self.options;
        let plain = options.level == Level::Gaussian
            && options.window.is_none()
            && options.quench.is_none()
            && self.fast.is_empty()
            && self.kernel.spins().is_empty()
            && options.starts == 0
            && !options.control;
        let at_rest = self.linear && !self.kernel.driven() && self.undisplaced && self.ring.is_none();
        let simple = |r: &Request| matches!(r.definition.evaluate, Evaluate::Moments(_) | Evaluate::Thermal(_));
        if !(plain && at_rest && self.model.modes.len() <= MOST_MODES && self.requests.iter().all(simple)) {
            return None;
        }
        // Momentum damping is no Lindblad generator: its states have to be tested for the uncertainty relation, so that the
        // contacts must be known.
        let thermal = self.requests.iter().any(|r| matches!(r.definition.evaluate, Evaluate::Thermal(_)))
            || self.model.baths.iter().any(|b| !b.momentum.is_zero());
        let contacts = match (&self.contacts, thermal) {
            (Ok(contacts), _) => Some(contacts.clone()),
            (Err(_), true) => return None,
            (Err(_), false) => None,
        };
        let bound = self.kernel.bind(&binding.values).ok()?;
        let pattern = self.kernel.drift_pattern();
        let dim = 2 * self.model.modes.len();
        let entries: Vec<(usize, usize)> = (0..dim)
            .flat_map(|row| {
                (pattern.starts[row] as usize..pattern.starts[row + 1] as usize)
                    .map(move |slot| (row, pattern.columns[slot] as usize))
            })
            .collect();
        // The order of the pivots comes from the parameters of the experiment and not from the first point that is asked for:
        // no number may depend on which points are computed together.
        let (mut work, mut flow) = (bound.workspace(), vec![c64::new(0.0, 0.0); dim / 2]);
        bound.linearise(0.0, &[c64::new(0.0, 0.0); MOST_MODES][..dim / 2], &mut flow, &mut work);
        let plan = Plan::new(dim, &entries, &work.drift[..entries.len()])?;
        let pairs = dim * (dim + 1) / 2;
        Some(SteadySolver {
            scratch: plan.work(),
            plan,
            work,
            bound,
            requests: self.requests.clone(),
            contacts,
            dim,
            drift: vec![[0.0; LANES]; entries.len()],
            entries,
            source: vec![[0.0; LANES]; pairs],
            solution: vec![[0.0; LANES]; pairs],
            state: Steady {
                dim,
                thermal: vec![0.0; dim / 2],
                deviation: vec![0.0; dim * dim],
                covariance: vec![0.0; dim * dim],
                inverse: vec![0.0; dim],
            },
            covariance: vec![[0.0; LANES]; pairs],
            factor: vec![[0.0; LANES]; dim * dim + dim],
            inverse: vec![[0.0; LANES]; dim],
            thermal: vec![[0.0; LANES]; dim / 2],
            flow,
            bound_contacts: vec![Vec::new(); LANES],
        })
    }
}

impl SteadySolver {
    /// Number of values of each parameter set: one for each measure.
    pub fn width(&self) -> usize {
        self.requests.len()
    }

    /// The measures at each parameter set, appended to `out` one row after another. `solved` says of each whether its row
    /// counts; the others have to be run by [`Experiment::run`], which says what is the matter with them.
    pub fn solve<'a>(
        &mut self,
        points: impl IntoIterator<Item = &'a [f64]>,
        out: &mut Vec<f64>,
        solved: &mut Vec<bool>,
    ) {
        let mut points = points.into_iter();
        loop {
            let mut good = [false; LANES];
            let mut count = 0;
            for values in points.by_ref().take(LANES) {
                good[count] = self.load(count, values);
                count += 1;
            }
            if count == 0 {
                return;
            }
            // Idle lanes repeat a good one, so that no lane computes with nonsense.
            let Some(model) = good[..count].iter().position(|g| *g) else {
                out.extend(std::iter::repeat_n(f64::NAN, count * self.width()));
                solved.extend(std::iter::repeat_n(false, count));
                continue;
            };
            for lane in (0..LANES).filter(|l| !good[*l]) {
                for lanes in [&mut self.drift, &mut self.source, &mut self.thermal] {
                    lanes.iter_mut().for_each(|entry| entry[lane] = entry[model]);
                }
            }
            let residual = self.plan.solve(&self.drift, &self.source, &mut self.solution, &mut self.scratch);
            self.covariance.copy_from_slice(&self.solution);
            let mut diagonal = 0;
            for i in 0..self.dim {
                let (entry, thermal) = (&mut self.covariance[diagonal], &self.thermal[i / 2]);
                entry.iter_mut().zip(thermal).for_each(|(v, x)| *v += x);
                diagonal += self.dim - i;
            }
            let state = positive(self.dim, &self.covariance, &mut self.factor, &mut self.inverse);
            for lane in 0..count {
                let row = out.len();
                let fine = good[lane] && residual[lane] <= RESIDUAL && state[lane] && self.measure(lane, out);
                out.resize(row + self.requests.len(), f64::NAN);
                solved.push(fine);
            }
        }
    }

    /// Drift and source of one parameter set; `false` where it has none.
    fn load(&mut self, lane: usize, values: &[f64]) -> bool {
        if self.bound.rebind(values).is_err() {
            return false;
        }
        if let Some(contacts) = &self.contacts {
            match contacts.bind(values, 0.0) {
                Ok(list) if list.iter().all(|c| c.rate >= 0.0 && c.diffusion >= 0.5 * c.rate && c.momentum == 0.0) => {
                    self.bound_contacts[lane] = list;
                }
                _ => return false,
            }
        }
        let n = self.dim;
        let rest = [c64::new(0.0, 0.0); MOST_MODES];
        self.bound.linearise(0.0, &rest[..n / 2], &mut self.flow, &mut self.work);
        let (drift, diffusion) = (&mut self.state.deviation, &mut self.state.covariance);
        drift.fill(0.0);
        for (slot, &(i, j)) in self.entries.iter().enumerate() {
            drift[i * n + j] = self.work.drift[slot];
            self.drift[slot][lane] = self.work.drift[slot];
        }
        diffusion.fill(0.0);
        let pattern = self.bound.kernel().diffusion_pattern();
        for i in 0..n {
            for slot in pattern.starts[i] as usize..pattern.starts[i + 1] as usize {
                diffusion[i * n + pattern.columns[slot] as usize] += self.work.diffusion[slot];
            }
        }
        for (k, thermal) in self.thermal.iter_mut().enumerate() {
            let trace = |m: &[f64]| m[2 * k * (n + 1)] + m[(2 * k + 1) * (n + 1)];
            let damping = -trace(drift);
            thermal[lane] = if damping > 0.0 { 0.5 * trace(diffusion) / damping } else { 0.0 };
        }
        let mut at = 0;
        for i in 0..n {
            for j in i..n {
                let terms = [
                    drift[i * n + j] * self.thermal[j / 2][lane],
                    drift[j * n + i] * self.thermal[i / 2][lane],
                    diffusion[i * n + j],
                ];
                self.source[at][lane] = crate::levels::gaussian::orbit::balance(terms);
                at += 1;
            }
        }
        true
    }

    /// The measures of one lane; `false` where one has no value.
    fn measure(&mut self, lane: usize, out: &mut Vec<f64>) -> bool {
        let n = self.dim;
        let state = &mut self.state;
        let mut at = 0;
        for i in 0..n {
            for j in i..n {
                let (value, whole) = (self.solution[at][lane], self.covariance[at][lane]);
                at += 1;
                for (a, b) in [(i, j), (j, i)] {
                    state.deviation[a * n + b] = value;
                    state.covariance[a * n + b] = whole;
                }
            }
        }
        for (k, thermal) in self.thermal.iter().enumerate() {
            state.thermal[k] = thermal[lane];
        }
        for (entry, inverse) in state.inverse.iter_mut().zip(&self.inverse) {
            *entry = inverse[lane];
        }
        for request in &self.requests {
            let value = match request.definition.evaluate {
                Evaluate::Moments(f) => f(state, &request.arguments),
                Evaluate::Thermal(f) => match f(state, &self.bound_contacts[lane], &request.arguments) {
                    Ok(value) => value,
                    Err(_) => return false,
                },
                _ => return false,
            };
            if !value.is_finite() {
                return false;
            }
            out.push(value);
        }
        true
    }
}
