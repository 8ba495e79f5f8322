//! Which cut-offs are tried, and the certificate of the one that is reported.

use huygens_numerics::c64;

use super::super::{Experiment, ExperimentError};
use super::{EDGE, Run};
use crate::levels::fock::{Cutoff, SteadyMethod, require_unique, steady_state};
use crate::model::Binding;
use crate::report::{Check, Report, Status};

/// Largest relative change of a measure by the cut-off that is called converged.
pub(super) const CHANGE: f64 = 1e-4;
/// Probability of the initial state beyond a cut-off that nothing leads out of, below which nothing larger is tried.
pub(super) const WHOLE: f64 = 1e-9;
/// Largest residual of a steady state, in units of its slowest rate, that is called solved.
const RESIDUAL: f64 = 1e-9;

impl Experiment {
    /// A cut-off that holds the start, its fluctuations alone where number states are `displaced`; of the total number where the Hamiltonian conserves it.
    pub(in super::super) fn first_cutoff(&self, binding: &Binding, displaced: bool) -> Result<Cutoff, ExperimentError> {
        let conserved = self
            .model
            .whole_hamiltonian()
            .iter()
            .all(|(m, _)| m.factors().iter().map(|f| f.word.charge()).sum::<i64>() == 0);
        let modes = self.model.modes.len();
        let empty = if conserved && modes > 1 { Cutoff::Total(0) } else { Cutoff::Product(vec![1; modes]) };
        let (mut means, covariance) = (self.model.start_values(binding)?, self.model.start_covariance(binding)?);
        let least = match displaced {
            true => {
                means.fill(c64::new(0.0, 0.0));
                6
            }
            false => 10,
        };
        let needed = crate::levels::fock::needed(&means, &covariance, &empty, 1e-7).max(least);
        // A spin that does not point down may start with all its quanta.
        let spins = self.model.spins().into_iter().zip(self.model.start_bloch(binding)?);
        let raised: usize = spins
            .filter(|(_, v)| v.is_some_and(|v| v != [0.0, 0.0, -1.0]))
            .filter_map(|(s, _)| s)
            .map(|s| s as usize)
            .sum();
        Ok(self.fitted(match empty {
            Cutoff::Total(_) => Cutoff::Total(needed + raised),
            Cutoff::Product(_) => Cutoff::Product(vec![needed; modes]),
        }))
    }

    /// A cut-off in which every spin has all its states; of the total number no more than spins alone can have.
    pub(in super::super) fn fitted(&self, cutoff: Cutoff) -> Cutoff {
        let spins = self.model.spins();
        match cutoff {
            Cutoff::Product(dims) => {
                let fit = dims.iter().zip(&spins).map(|(d, s)| s.map_or(*d, |s| s as usize + 1));
                Cutoff::Product(fit.collect())
            }
            Cutoff::Total(most) => {
                let all: Option<usize> = spins.iter().map(|s| s.map(|s| s as usize)).sum();
                Cutoff::Total(all.map_or(most, |all| most.min(all)))
            }
        }
    }

    /// The next larger cut-off of the same kind; the same where nothing is left out.
    pub(in super::super) fn larger(&self, cutoff: &Cutoff) -> Cutoff {
        let more = |n: usize| n + n / 4 + 2;
        self.fitted(match cutoff {
            Cutoff::Product(dims) => Cutoff::Product(dims.iter().map(|d| more(*d)).collect()),
            Cutoff::Total(most) => Cutoff::Total(more(*most)),
        })
    }

    /// Whether the steady state below a cut-off is the only one.
    pub(super) fn alone(
        &self,
        binding: &Binding,
        cutoff: &Cutoff,
        origin: Option<&[c64]>,
    ) -> Result<Check, ExperimentError> {
        let memory = self.options.truncation.memory;
        let problem = self.resting(binding, cutoff, origin)?;
        let sectors = match problem.sectors {
            1 => String::new(),
            n => format!("; a conserved quantity cuts the space in {n} sectors, this is that of the start"),
        };
        let found = steady_state(&problem.generator, SteadyMethod::Automatic, memory)
            .and_then(|steady| require_unique(&problem.generator, &steady, memory));
        Ok(match found {
            Ok(()) => {
                let note = format!("no other state of the populated sector is stationary{sectors}");
                Check { name: "unique".into(), status: Status::Pass, value: None, limit: None, note }
            }
            Err(error) => Check::fail("unique", None, error.to_string()),
        })
    }

    pub(super) fn cutoff_checks(
        &self,
        report: &mut Report,
        binding: &Binding,
        run: &Run,
        other: Option<&Run>,
        times: &[f64],
    ) {
        let checks = &mut report.checks;
        let rests = times.is_empty();
        if let Some(residual) = run.residual {
            let note = "|G rho| of the steady state, or |G rho - lambda rho| at its growth rate, in units of |rho| and of the slowest rate of a population";
            checks.push(Check::at_most("residual", residual, RESIDUAL, note));
        } else if !rests {
            checks.push(Check::at_most(
                "initial state",
                run.lost,
                EDGE,
                "probability of the initial state beyond the cut-off, left out of the normalised start",
            ));
        }
        match other {
            Some(_) if rests && run.stopped.is_some() => {}
            None if run.stopped.is_some() => {}
            other => checks.push(self.cutoff_check(run, other, times, "")),
        }
        checks.push(Check::at_most("edge", run.edge, EDGE, "largest weight of the states at the edge of the cut-off"));
        if let Cutoff::Product(_) = run.cutoff
            && self.model.antihermitian.iter().any(|(m, _)| m.factors().len() > 1)
            && self.charges.iter().any(|c| c.iter().filter(|x| **x != 0).count() > 1)
        {
            let note = "a product cut-off cuts the multiplets of the conserved number in two, which an anti-Hermitian coupling amplifies: such results need not converge; take --cutoff total:K";
            checks.push(Check::note("kind of cut-off", None, note));
        }
        checks.push(Check::at_most(
            "positivity",
            -run.smallest,
            1e-9,
            "how far the smallest eigenvalue lies below zero",
        ));
        if self.model.keeps_trace(binding) && !rests {
            checks.push(Check::at_most("trace", run.log_trace.abs(), 1e-8, "drift of ln tr ρ"));
        }
        if let Some(reason) = &run.stopped {
            let beyond = times.last().and_then(|t| self.quadratic_end(binding, *t)).unwrap_or_default();
            let at = run.reached.checked_sub(1).map(|n| times[n]);
            let note = match at {
                Some(t) => format!("{reason}; the result holds up to t = {t:.6}{beyond}"),
                None => format!("{reason}{beyond}"),
            };
            checks.push(Check::fail(if rests { "steady state" } else { "holds to the end" }, at, note));
        }
    }

    /// The measures of one run and of another below a different cut-off, if there is one; `of` says what both are runs of.
    pub(in super::super) fn cutoff_check(&self, run: &Run, other: Option<&Run>, times: &[f64], of: &str) -> Check {
        let Some(other) = other else {
            if self.larger(&run.cutoff) == run.cutoff {
                return Check::note("cut-off", None, "none: spins alone have finitely many states");
            }
            if run.is_exact() {
                let note = "nothing leads out of it: it leaves out this much of the initial state, and no more";
                return Check::at_most("cut-off", run.lost, WHOLE, note);
            }
            if !self.options.truncation.certify {
                return Check::note("cut-off", None, "not compared with a larger one");
            }
            return Check::fail(
                "cut-off",
                None,
                "a larger one does not fit into the memory, so that nothing shows convergence: allow more with --memory",
            );
        };
        let (size, until) = change(run, other);
        let mut note = format!("largest relative change of a measure between {} and {}{of}", run.cutoff, other.cutoff);
        if size > CHANGE && !times.is_empty() {
            note.push_str(&match until {
                0 => "; no time agrees".to_owned(),
                n => format!("; they agree up to t = {:.6}", times[n - 1]),
            });
        }
        Check::at_most("cut-off", size, CHANGE, note)
    }
}

/// Growth of a stationary state of a normalised flow, and that no other grows as fast.
pub(super) fn grows(growth: f64, next: Option<(c64, f64)>, selected: bool) -> [Check; 2] {
    let note = match selected {
        true => {
            "the trace of the linear flow grows at this rate in the stationary state: runs are discarded at minus this rate"
        }
        false => "the trace of the linear flow grows at this rate in the stationary state",
    };
    let growth = Check::note("growth rate", Some(growth), note);
    let (value, note) = match next {
        None => (None, "no other state grows or decays".to_owned()),
        Some((next, error)) if error <= 0.1 => {
            let turn = if next.im == 0.0 { String::new() } else { format!(", turning at {:.4}", next.im.abs()) };
            (Some(-next.re), format!("how much slower any other state of the populated sector grows{turn}"))
        }
        Some((next, _)) => {
            let note = format!(
                "the next state is not resolved: it grows more slowly by about {:.1e} at most, and is approached as slowly",
                -next.re
            );
            return [growth, Check::note("unique", None, note)];
        }
    };
    [growth, Check { name: "unique".into(), status: Status::Pass, value, limit: None, note }]
}

/// The largest change of a measure in units of its largest value, and the number of times up to which all changes are small.
pub(super) fn change(one: &Run, two: &Run) -> (f64, usize) {
    let mut largest = 0.0_f64;
    let mut until = one.reached.min(two.reached);
    for ((a, b), reason) in one.values.iter().zip(&two.values).zip(&one.reasons) {
        if reason.is_some() {
            continue;
        }
        let scale = a.iter().chain(b).filter(|x| x.is_finite()).map(|x| x.abs()).fold(1e-9, f64::max);
        for (j, (x, y)) in a.iter().zip(b).enumerate() {
            if x.is_nan() && y.is_nan() {
                continue;
            }
            let size = if x.is_finite() && y.is_finite() { (x - y).abs() / scale } else { f64::MAX };
            largest = largest.max(size);
            if size > CHANGE {
                until = until.min(j);
            }
        }
    }
    (largest, until)
}
