//! Choice of the method.

use super::dense::Dense;
use super::{Dop853, Radau5, State, Statistics, StepOutcome, Stepper, System, Tolerance, Tsit5};

/// Which method integrates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// [`Dop853`], and [`Radau5`] from the point on where the problem looks stiff (for up to 256 components).
    #[default]
    Auto,
    /// [`Dop853`].
    Dop853,
    /// [`Tsit5`].
    Tsit5,
    /// [`Radau5`].
    Radau5,
}

/// Most components for which [`Method::Auto`] factorises matrices.
const STIFF_LIMIT: usize = 256;

/// A stepper of the [`Method`] that was asked for.
#[derive(Clone, Debug)]
pub struct Solver {
    method: Method,
    tol: Tolerance,
    h_max: f64,
    /// Work of a stepper that was given up for another.
    before: Statistics,
    inner: Inner,
}

#[derive(Clone, Debug)]
enum Inner {
    Dop853(Box<Dop853>),
    Tsit5(Box<Tsit5>),
    Radau5(Box<Radau5>),
}

macro_rules! each {
    ($inner:expr, $s:ident => $do:expr) => {
        match $inner {
            Inner::Dop853($s) => $do,
            Inner::Tsit5($s) => $do,
            Inner::Radau5($s) => $do,
        }
    };
}

impl Solver {
    /// Stepper for `dim` components.
    ///
    /// # Panics
    /// When `dim` is zero.
    #[track_caller]
    pub fn new(method: Method, dim: usize, tol: Tolerance) -> Self {
        let inner = match method {
            Method::Auto | Method::Dop853 => Inner::Dop853(Box::new(Dop853::new(dim, tol))),
            Method::Tsit5 => Inner::Tsit5(Box::new(Tsit5::new(dim, tol))),
            Method::Radau5 => Inner::Radau5(Box::new(Radau5::new(dim, tol))),
        };
        Self { method, tol, h_max: f64::INFINITY, before: Statistics::default(), inner }
    }

    /// The method in use: with [`Method::Auto`] the one that is chosen now.
    pub fn current(&self) -> Method {
        match self.inner {
            Inner::Dop853(_) => Method::Dop853,
            Inner::Tsit5(_) => Method::Tsit5,
            Inner::Radau5(_) => Method::Radau5,
        }
    }
}

impl Stepper for Solver {
    fn dim(&self) -> usize {
        each!(&self.inner, s => s.dim())
    }

    fn order(&self) -> usize {
        each!(&self.inner, s => s.order())
    }

    fn step<S: System + ?Sized>(&mut self, sys: &mut S, state: &mut State, t_limit: f64) -> StepOutcome {
        if self.method == Method::Auto
            && let Inner::Dop853(s) = &self.inner
            && s.looks_stiff()
            && s.dim() <= STIFF_LIMIT
        {
            let mut next = Radau5::new(s.dim(), self.tol);
            if let Some(h) = s.next_step() {
                next.set_next_step(h);
            }
            next.set_max_step(self.h_max);
            self.before = s.statistics();
            self.inner = Inner::Radau5(Box::new(next));
        }
        each!(&mut self.inner, s => s.step(sys, state, t_limit))
    }

    #[track_caller]
    fn dense<S: System + ?Sized>(&mut self, sys: &mut S) -> Dense<'_> {
        each!(&mut self.inner, s => s.dense(sys))
    }

    fn restart(&mut self) {
        self.before = Statistics::default();
        each!(&mut self.inner, s => s.restart());
    }

    fn statistics(&self) -> Statistics {
        let now = each!(&self.inner, s => s.statistics());
        Statistics {
            accepted: self.before.accepted + now.accepted,
            rejected: self.before.rejected + now.rejected,
            evaluations: self.before.evaluations + now.evaluations,
            jacobians: self.before.jacobians + now.jacobians,
            factorisations: self.before.factorisations + now.factorisations,
        }
    }

    fn next_step(&self) -> Option<f64> {
        each!(&self.inner, s => s.next_step())
    }

    fn set_next_step(&mut self, h: f64) {
        each!(&mut self.inner, s => s.set_next_step(h));
    }

    fn set_max_step(&mut self, h: f64) {
        self.h_max = h.abs();
        each!(&mut self.inner, s => s.set_max_step(h));
    }
}
