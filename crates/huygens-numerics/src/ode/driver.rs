//! The loop: steps until a time, an event or a limit.

use std::fmt;
use std::ops::ControlFlow;

use super::{Dense, Method, OdeError, Solver, State, Statistics, Stepper, StopReason, System, Tolerance};
use crate::linalg::RMatrix;
use crate::roots::brent;

/// How to integrate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Method.
    pub method: Method,
    /// Local error bound.
    pub tolerance: Tolerance,
    /// Size of the first step; chosen from the derivatives when `None`.
    pub first_step: Option<f64>,
    /// Largest step.
    pub max_step: f64,
    /// Most accepted steps.
    pub max_steps: usize,
}

impl Default for Options {
    /// Automatic method, default tolerance, at most ten million steps.
    fn default() -> Self {
        Self {
            method: Method::Auto,
            tolerance: Tolerance::default(),
            first_step: None,
            max_step: f64::INFINITY,
            max_steps: 10_000_000,
        }
    }
}

impl Options {
    /// Default options with the given tolerances.
    ///
    /// # Panics
    /// As [`Tolerance::new`].
    #[track_caller]
    pub fn new(rtol: f64, atol: f64) -> Self {
        Self { tolerance: Tolerance::new(rtol, atol), ..Self::default() }
    }

    fn solver(&self, dim: usize) -> Solver {
        let mut solver = Solver::new(self.method, dim, self.tolerance);
        solver.set_max_step(self.max_step);
        if let Some(h) = self.first_step {
            solver.set_next_step(h);
        }
        solver
    }
}

/// Which sign changes of an event function count, seen in the direction of integration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both.
    #[default]
    Any,
    /// From negative to positive.
    Rising,
    /// From positive to negative.
    Falling,
}

/// A zero of `g(t, y)` to look for.
pub struct Event<'a> {
    function: Box<dyn FnMut(f64, &[f64]) -> f64 + 'a>,
    direction: Direction,
    terminal: bool,
    interior: usize,
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("direction", &self.direction)
            .field("terminal", &self.terminal)
            .field("interior", &self.interior)
            .finish_non_exhaustive()
    }
}

impl<'a> Event<'a> {
    /// Sign changes of `g(t, y)` in both directions; the integration goes on.
    pub fn new(g: impl FnMut(f64, &[f64]) -> f64 + 'a) -> Self {
        Self { function: Box::new(g), direction: Direction::Any, terminal: false, interior: 3 }
    }

    /// Only sign changes in one direction.
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// The integration ends at the event.
    pub fn terminal(self) -> Self {
        Self { terminal: true, ..self }
    }

    /// Number of points inside a step at which the sign is looked at, besides its end (3 by default). Two crossings between
    /// neighbouring points are missed. With 0 and [`Dop853`](super::Dop853), steps without an event cost nothing extra.
    pub fn interior(self, interior: usize) -> Self {
        Self { interior, ..self }
    }
}

/// An event that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct EventHit {
    /// Index of the event in the list.
    pub index: usize,
    /// Time, as good as the dense output of the method: ask for a tight tolerance where it matters.
    pub t: f64,
    /// State there.
    pub y: Vec<f64>,
}

/// Result of an integration.
#[derive(Clone, Debug, PartialEq)]
pub struct Integration {
    /// Where it ended.
    pub state: State,
    /// Why it ended.
    pub reason: StopReason,
    /// Work done.
    pub statistics: Statistics,
    /// Events in the order of time.
    pub events: Vec<EventHit>,
}

impl Integration {
    /// The result as an error where the end was not reached.
    ///
    /// # Errors
    /// [`OdeError`] for every reason that is not fine.
    pub fn into_result(self) -> Result<Self, OdeError> {
        self.reason.into_result()?;
        Ok(self)
    }
}

/// An accepted step, as the observer sees it.
pub struct Accepted<'a, S: ?Sized> {
    /// Beginning of the step.
    pub t0: f64,
    /// End of the step.
    pub t: f64,
    /// State at the end.
    pub y: &'a [f64],
    stepper: &'a mut Solver,
    sys: &'a mut S,
}

impl<S: System + ?Sized> Accepted<'_, S> {
    /// Dense output over the step. [`Dop853`](super::Dop853) computes it on the first request (three evaluations); the other methods
    /// have it already.
    pub fn dense(&mut self) -> Dense<'_> {
        self.stepper.dense(self.sys)
    }
}

/// Integrates from `t0` to `t1` (forwards or backwards) and shows every accepted step to `observer`, which may end the integration.
///
/// ```
/// use std::ops::ControlFlow;
/// use huygens_numerics::ode::{Function, Options, integrate};
///
/// let mut oscillator = Function::new(2, |_t, y: &[f64], dy: &mut [f64]| {
///     dy[0] = y[1];
///     dy[1] = -y[0];
/// });
/// let mut steps = 0;
/// let end = integrate(&mut oscillator, 0.0, &[1.0, 0.0], 10.0, &Options::new(1e-11, 1e-12), |_| {
///     steps += 1;
///     ControlFlow::Continue(())
/// })
/// .into_result()
/// .unwrap();
/// assert!((end.state.y[0] - 10f64.cos()).abs() < 1e-9);
/// assert_eq!(steps, end.statistics.accepted);
/// ```
///
/// # Panics
/// When `y0` does not have the system's length.
#[track_caller]
pub fn integrate<S: System + ?Sized>(
    sys: &mut S,
    t0: f64,
    y0: &[f64],
    t1: f64,
    options: &Options,
    observer: impl FnMut(&mut Accepted<'_, S>) -> ControlFlow<()>,
) -> Integration {
    integrate_events(sys, t0, y0, t1, options, &mut [], observer)
}

/// As [`integrate`], looking for events.
///
/// Sign changes are looked for at the ends of the steps and at some points inside, and located on the dense output by Brent's
/// method to the resolution of the clock. An event function that vanishes exactly at `t0` does not count there. The observer sees a
/// step that a terminal event cuts short up to the event only in its time and state; the dense output reaches to the end of the
/// full step.
///
/// # Panics
/// When `y0` does not have the system's length.
#[track_caller]
pub fn integrate_events<S: System + ?Sized>(
    sys: &mut S,
    t0: f64,
    y0: &[f64],
    t1: f64,
    options: &Options,
    events: &mut [Event<'_>],
    mut observer: impl FnMut(&mut Accepted<'_, S>) -> ControlFlow<()>,
) -> Integration {
    assert_eq!(y0.len(), sys.dim(), "the initial state and the system differ in length");
    let mut solver = options.solver(y0.len());
    let mut state = State::new(t0, y0.to_vec());
    let mut values: Vec<f64> = events.iter_mut().map(|e| (e.function)(t0, y0)).collect();
    let mut point = vec![0.0; y0.len()];
    let mut hits = vec![];
    let mut steps = 0;
    let reason = loop {
        if steps >= options.max_steps && state.t != t1 {
            break StopReason::TooManySteps { t: state.t };
        }
        let before = state.t;
        let outcome = solver.step(sys, &mut state, t1);
        if !outcome.reason.is_fine() || outcome.h == 0.0 {
            break outcome.reason;
        }
        steps += 1;
        let mut stop = None;
        if !events.is_empty() {
            let first = hits.len();
            for (index, event) in events.iter_mut().enumerate() {
                watch(event, index, &mut values[index], &mut solver, sys, &state, before, &mut point, &mut hits);
            }
            let sign = (state.t - before).signum();
            hits[first..].sort_by(|a, b| (sign * a.t).total_cmp(&(sign * b.t)));
            if let Some(k) = (first..hits.len()).find(|&k| events[hits[k].index].terminal) {
                // what would have come after it did not happen
                hits.truncate(k + 1);
                let hit = &hits[k];
                state.t = hit.t;
                state.y.copy_from_slice(&hit.y);
                stop = Some(StopReason::Event { index: hit.index, t: hit.t });
            }
        }
        let mut step = Accepted { t0: before, t: state.t, y: &state.y, stepper: &mut solver, sys };
        if observer(&mut step).is_break() && stop.is_none() {
            stop = Some(StopReason::Observer);
        }
        if let Some(reason) = stop {
            break reason;
        }
        if outcome.reason == StopReason::ReachedLimit {
            break StopReason::ReachedLimit;
        }
    };
    Integration { state, reason, statistics: solver.statistics(), events: hits }
}

/// Looks for the sign changes of one event in the last step.
fn watch<S: System + ?Sized>(
    event: &mut Event<'_>,
    index: usize,
    value: &mut f64,
    solver: &mut Solver,
    sys: &mut S,
    state: &State,
    before: f64,
    point: &mut [f64],
    hits: &mut Vec<EventHit>,
) {
    let end = (event.function)(state.t, &state.y);
    if event.interior == 0 && value.signum() == end.signum() && *value != 0.0 && end != 0.0 {
        *value = end;
        return;
    }
    let dense = solver.dense(sys);
    let parts = event.interior + 1;
    let (mut ta, mut ga) = (before, *value);
    for k in 1..=parts {
        let (tb, gb) = if k == parts {
            (state.t, end)
        } else {
            let t = before + (state.t - before) * k as f64 / parts as f64;
            dense.eval(t, point);
            (t, (event.function)(t, point))
        };
        // a zero belongs to the interval that ends with it
        let crossed = (ga < 0.0 && gb >= 0.0) || (ga > 0.0 && gb <= 0.0);
        let wanted = match event.direction {
            Direction::Any => true,
            Direction::Rising => ga < 0.0,
            Direction::Falling => ga > 0.0,
        };
        if crossed && wanted {
            let t = if gb == 0.0 {
                tb
            } else {
                let g = |t: f64| {
                    dense.eval(t, point);
                    (event.function)(t, point)
                };
                // the ends have opposite signs; the interpolant may differ from the state at the end by rounding
                brent(g, ta, tb, 0.0).unwrap_or(tb)
            };
            let mut y = vec![0.0; point.len()];
            if t == state.t {
                y.copy_from_slice(&state.y);
            } else {
                dense.eval(t, &mut y);
            }
            hits.push(EventHit { index, t, y });
        }
        ta = tb;
        ga = gb;
    }
    *value = ga;
}

/// The states at the given times, as rows of a matrix. The times must run in one direction away from `t0`; the first may be `t0`.
///
/// # Errors
/// [`OdeError`] when the last time cannot be reached.
///
/// # Panics
/// When the times are not monotonic or `y0` does not have the system's length.
#[track_caller]
pub fn sample<S: System + ?Sized>(
    sys: &mut S,
    t0: f64,
    y0: &[f64],
    times: &[f64],
    options: &Options,
) -> Result<RMatrix, OdeError> {
    let n = y0.len();
    let mut out = RMatrix::zeros(times.len(), n);
    let Some(&end) = times.last() else {
        return Ok(out);
    };
    let sign = if end < t0 { -1.0 } else { 1.0 };
    assert!(
        times.windows(2).all(|w| sign * (w[1] - w[0]) >= 0.0) && sign * (times[0] - t0) >= 0.0,
        "output times must run in one direction away from the initial time"
    );
    let mut next = 0;
    while next < times.len() && times[next] == t0 {
        out.row_mut(next).copy_from_slice(y0);
        next += 1;
    }
    let result = integrate(sys, t0, y0, end, options, |step| {
        while next < times.len() && sign * (times[next] - step.t) <= 0.0 {
            if times[next] == step.t {
                out.row_mut(next).copy_from_slice(step.y);
            } else {
                step.dense().eval(times[next], out.row_mut(next));
            }
            next += 1;
        }
        ControlFlow::Continue(())
    });
    result.reason.into_result()?;
    Ok(out)
}
