//! What chance does: the strongest index of the same scan on surrogates.

use std::f64::consts::TAU;

use huygens::measures::phases::{
    Autoregressive, EventPhase, Orbit, PhaseError, PhaseTransform, Ratio, Surrogates, Twins, correlate_shifts, index,
    random_shifts, unwrap,
};
use huygens::report::{Check, Status};
use huygens_numerics::random::{Stream, Streams};

use super::alone::{Prepared, peaks};
use super::{ClocksError, Definition, Options};

/// Most samples of a record in which twins are looked for.
const MOST_TWIN_SAMPLES: usize = 6000;
/// Largest order of an autoregressive model of a signal, and of intervals.
const ORDERS: (usize, usize) = (48, 8);

/// Two clocks on a common grid of times, with the phases that the measures use.
pub(super) struct Common<'a> {
    pub(super) clocks: [&'a Prepared; 2],
    pub(super) times: &'a [f64],
    pub(super) phases: [&'a [f64]; 2],
    pub(super) ratios: &'a [Ratio],
}

/// The strongest index on each surrogate, and what must be known about the surrogates.
pub(super) struct Null {
    pub(super) strongest: Vec<f64>,
    pub(super) checks: Vec<Check>,
}

/// Streams of the surrogates of direction and asynchrony: beyond those of any number of surrogates.
pub(super) const DIRECTION_STREAM: usize = 1 << 30;
pub(super) const ASYNCHRONY_STREAM: usize = DIRECTION_STREAM + 1;

/// Random numbers of surrogate `k` of a pair.
pub(super) fn stream(options: &Options, pair: usize, k: usize) -> Stream {
    Streams { seed: options.seed }.trajectory(((pair as u64) << 32) + k as u64)
}

impl Common<'_> {
    fn step(&self) -> f64 {
        self.times[1] - self.times[0]
    }

    /// Rate of the slower and of the faster clock.
    pub(super) fn rates(&self) -> (f64, f64) {
        let [a, b] = self.clocks.map(|c| c.rate);
        (a.min(b), a.max(b))
    }

    /// The least shift that loses the relation: 5 cycles of the slower clock, where the record has room for it.
    pub(super) fn least_shift(&self) -> usize {
        let cycle = 1.0 / (self.rates().0 * self.step());
        ((5.0 * cycle) as usize).min(self.times.len() / 4).max(1)
    }

    pub(super) fn null(&self, options: &Options, pair: usize) -> Result<Null, ClocksError> {
        let named = |k: usize| {
            let name = self.clocks[k].name.clone();
            move |source: PhaseError| ClocksError::Signal { name: name.clone(), source }
        };
        let mut checks = Vec::new();
        let strongest = match options.kind {
            Surrogates::Shifted => {
                let curves: Vec<Vec<f64>> =
                    self.ratios.iter().map(|&r| correlate_shifts(self.phases[0], self.phases[1], r)).collect();
                let mut stream = stream(options, pair, 0);
                let shifts = random_shifts(self.times.len(), self.least_shift(), options.surrogates, &mut stream);
                let shifts = shifts.map_err(named(0))?;
                shifts.iter().map(|&s| curves.iter().map(|c| c[s]).fold(0.0, f64::max)).collect()
            }
            Surrogates::Autoregressive => {
                let models = [self.model(0).map_err(named(0))?, self.model(1).map_err(named(1))?];
                let run = |k: usize| {
                    let mut stream = stream(options, pair, k + 1);
                    let a = self.artificial(0, &models[0], options, &mut stream);
                    let b = self.artificial(1, &models[1], options, &mut stream);
                    a.zip(b).map_or(0.0, |(a, b)| self.strongest(&a, &b))
                };
                (0..options.surrogates).map(run).collect()
            }
            Surrogates::Twin => {
                let (values, checks_found) = self.twins(options, pair, named(0))?;
                checks.extend(checks_found);
                values
            }
        };
        Ok(Null { strongest, checks })
    }

    /// The strongest index of two lists of phases that need not have the same length.
    fn strongest(&self, a: &[f64], b: &[f64]) -> f64 {
        let n = a.len().min(b.len());
        self.ratios.iter().map(|&r| index(&a[..n], &b[..n], r).norm()).fold(0.0, f64::max)
    }

    /// The signal on the grid: means over its steps.
    fn thinned(&self, k: usize) -> Option<Vec<f64>> {
        let sampled = self.clocks[k].sampled.as_ref()?;
        let width = (self.step() / sampled.step).round().max(1.0) as usize;
        let mean = |t: &f64| {
            let at = ((t - sampled.start) / sampled.step).round().max(0.0) as usize;
            let end = (at + width).min(sampled.values.len());
            let window = &sampled.values[at.min(end - 1)..end];
            window.iter().sum::<f64>() / window.len() as f64
        };
        Some(self.times.iter().map(mean).collect())
    }

    /// A model of the signal on the grid, or of the intervals between ticks.
    fn model(&self, k: usize) -> Result<Autoregressive, PhaseError> {
        match self.thinned(k) {
            Some(values) => Autoregressive::fit(&values, ORDERS.0),
            None => {
                let intervals: Vec<f64> = self.clocks[k].ticks.windows(2).map(|w| w[1] - w[0]).collect();
                match Autoregressive::fit(&intervals, ORDERS.1) {
                    Err(PhaseError::Constant { value }) => {
                        Ok(Autoregressive { mean: value, coefficients: Vec::new(), noise: 0.0 })
                    }
                    other => other,
                }
            }
        }
    }

    /// Phases of a run of the model on the grid, by the definition in use.
    fn artificial(&self, k: usize, model: &Autoregressive, options: &Options, stream: &mut Stream) -> Option<Vec<f64>> {
        let n = self.times.len();
        if self.clocks[k].sampled.is_none() {
            let span = self.times[n - 1] - self.times[0];
            let mut at = -stream.uniform() * model.mean;
            let mut ticks = vec![at];
            let count = (1.2 * span / model.mean) as usize + 10;
            for interval in model.series(count, stream) {
                at += interval.max(1e-3 * model.mean);
                ticks.push(at);
            }
            let phase = EventPhase::new(&ticks).ok()?;
            return Some(self.times.iter().map_while(|t| phase.at(t - self.times[0])).collect());
        }
        let cycle = (1.0 / (self.clocks[k].rate * self.step())).ceil() as usize;
        let values = model.series(n + 4 * cycle, stream);
        if options.phase == Definition::Peaks {
            let (found, _) = peaks(&values, options.prominence);
            let phase = EventPhase::new(&found).ok()?;
            let start = phase.span().0.ceil() as usize;
            return Some((start..start + n).map_while(|t| phase.at(t as f64)).collect());
        }
        let protophase = Orbit::hilbert(&values, None).ok()?.protophase();
        let phase = match options.phase {
            Definition::Protophase => PhaseTransform::fit(&protophase, 48).ok()?.apply(&protophase),
            _ => protophase,
        };
        Some(phase[2 * cycle..2 * cycle + n].to_vec())
    }

    fn twins(
        &self,
        options: &Options,
        pair: usize,
        wrong: impl Fn(PhaseError) -> ClocksError,
    ) -> Result<(Vec<f64>, Option<Check>), ClocksError> {
        let Some(values) = self.thinned(0) else {
            return Err(ClocksError::Option {
                message: "twin surrogates need a sampled signal, not ticks: use --kind shifted or --kind ar".into(),
            });
        };
        let n = self.times.len();
        let every = n.div_ceil(MOST_TWIN_SAMPLES);
        let dense = 1.0 / (self.rates().1 * self.step() * every as f64);
        if dense < 6.0 {
            return Err(ClocksError::Option {
                message: format!(
                    "twins are looked for among {MOST_TWIN_SAMPLES} samples at most, which are {dense:.1} a cycle here: cut the record, or use --kind shifted"
                ),
            });
        }
        let thin = |x: &[f64]| x.iter().step_by(every).copied().collect::<Vec<f64>>();
        let (values, a, b) = (thin(&values), thin(self.phases[0]), thin(self.phases[1]));
        let quarter = (0.25 / (self.clocks[0].rate * self.step() * every as f64)).round().max(1.0) as usize;
        let twins = Twins::find(&values, 3, quarter, 0.1).map_err(wrong)?;
        let run = |k: usize| {
            let order = twins.surrogate(a.len(), &mut stream(options, pair, k + 1));
            // only the phase modulo 2π of a point is known
            let wrapped: Vec<f64> = order.iter().map(|&i| a[i].rem_euclid(TAU)).collect();
            self.strongest(&unwrap(&wrapped), &b)
        };
        let share = twins.share();
        let check = Check {
            name: format!("twins of {}", self.clocks[0].name),
            status: if share < 0.05 { Status::Note } else { Status::Pass },
            value: Some(share),
            limit: None,
            note: if share < 0.05 {
                "share of the points with a twin: so few that the surrogates are little else than the record itself"
                    .into()
            } else {
                "share of the points with a twin".into()
            },
        };
        Ok(((0..options.surrogates).map(run).collect(), Some(check)))
    }
}
