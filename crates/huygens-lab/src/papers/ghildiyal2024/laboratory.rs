//! The engine as the audit uses it: the equations of each variant, their orbits and covariances from any start, density matrices.

use std::sync::Arc;

use huygens::experiment::{Level, Options, Truncation};
use huygens::levels::equations::Equations;
use huygens::levels::fock::Cutoff;
use huygens::levels::gaussian::direct;
use huygens::levels::kernel::{Bound, Kernel};
use huygens::levels::mean_field::cycle;
use huygens::levels::mean_field::integrate::Stop;
use huygens::measures::correlations::symplectic;
use huygens::measures::{Moments, Request, resolve};
use huygens::model::Model;
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;
use huygens_numerics::ode::Tolerance;

use crate::file;
use crate::papers::PaperError;
pub(super) use crate::papers::bench::Bench;
pub(super) use crate::papers::reading::{grid, series, trouble, value};

/// The equations exactly as printed.
pub(super) const PRINTED: &str = "spin-chains-printed";
/// The mean field without its stray amplitude, with the exact linearisation.
pub(super) const REPAIRED: &str = "spin-chains-repaired";
/// What follows from the Hamiltonian and the jump operators.
pub(super) const DERIVED: &str = "spin-chains";
/// The same at a fixed X, for density matrices.
pub(super) const FIXED: &str = "spin-chains-fixed";

pub(super) const SQ: &str = "complete_sync(b1,b2)";
pub(super) const SQ_PHI: &str = "phi_sync(b1,b2)";
pub(super) const NEGATIVITY: &str = "log_negativity(b1,b2)";
pub(super) const INFORMATION: &str = "mutual_information(b1,b2)";

/// The phase of the caption of Fig. 2.
pub(super) const PHI: f64 = 1.049;
/// The long time of the paper.
pub(super) const LATE: f64 = 1e4;
/// Both amplitudes at the start of most runs.
pub(super) const START: [c64; 2] = [c64::new(0.5, 0.0), c64::new(0.5, 0.0)];
/// A start that prefers no normal mode.
pub(super) const GENERIC: [c64; 2] = [c64::new(0.8, 0.0), c64::new(0.0, 0.3)];

/// The parameters of the three rows of Fig. 2, with their names.
pub(super) const CASES: [(&str, &[(&str, f64)]); 3] =
    [("N = 5, 5", &[]), ("N = 10, 5", &[("N1", 10.0)]), ("N = 5, 5, lambda = 0.2", &[("lambda", 0.2)])];

/// Parameter values by name.
pub(super) type Values<'a> = &'a [(&'a str, f64)];

/// One way to write the equations.
pub(super) struct Variant {
    pub model: Arc<Model>,
    mean: Arc<Kernel>,
    fluctuations: Arc<Kernel>,
    measures: [Request; 4],
}

/// A run of means and covariance, as far as it goes.
#[derive(Default)]
pub(super) struct Run {
    pub times: Vec<f64>,
    pub means: Vec<[c64; 2]>,
    /// S_q with φ = 0.
    pub sq: Vec<f64>,
    /// S_q with the phase difference of the moment.
    pub sq_phi: Vec<f64>,
    /// S_q with the φ of the caption.
    pub sq_fixed: Vec<f64>,
    pub negativity: Vec<f64>,
    /// Smallest symplectic eigenvalue; below ½ no state has this covariance.
    pub smallest: Vec<f64>,
    /// Trace of the covariance.
    pub trace: Vec<f64>,
    /// When the covariance left every bound.
    pub ended: Option<f64>,
}

impl Variant {
    /// A built-in model.
    pub fn load(name: &str) -> Result<Self, PaperError> {
        Self::of(file::load(name)?.model)
    }

    /// A model by its text.
    pub fn parse(text: &str) -> Result<Self, PaperError> {
        Self::of(file::parse("audit", text, None, &[])?.model)
    }

    fn of(model: Model) -> Result<Self, PaperError> {
        let equations = Equations::derive(&model);
        let fluctuations = Arc::new(Kernel::new(&equations));
        let mean = equations.of_mean_field().map_or_else(|| fluctuations.clone(), |mean| Arc::new(Kernel::new(&mean)));
        let names = model.modes.iter().map(|m| m.name.clone()).collect::<Vec<_>>();
        let get = |text: &str| resolve(text, &names, &[0, 1]).map_err(|e| trouble(text, e.to_string()));
        let measures = [get(SQ)?, get(SQ_PHI)?, get(NEGATIVITY)?, get(INFORMATION)?];
        Ok(Self { model: Arc::new(model), mean, fluctuations, measures })
    }

    fn bind(&self, kernel: &Arc<Kernel>, values: Values<'_>) -> Result<Bound, PaperError> {
        let binding = self.model.bind(values)?;
        kernel.bind(&binding.values).map_err(|e| trouble(&self.model.name, e.message(&self.model.names())))
    }

    /// The flow and its own Jacobian.
    pub fn mean_field(&self, values: Values<'_>) -> Result<Bound, PaperError> {
        self.bind(&self.mean, values)
    }

    /// The same flow with drift and diffusion of the fluctuations.
    pub fn fluctuations(&self, values: Values<'_>) -> Result<Bound, PaperError> {
        self.bind(&self.fluctuations, values)
    }

    /// The orbit at these times; the error is the time at which it breaks off.
    pub fn orbit(
        &self,
        values: Values<'_>,
        start: [c64; 2],
        times: &[f64],
    ) -> Result<Result<Vec<[c64; 2]>, f64>, PaperError> {
        let bound = self.mean_field(values)?;
        let tolerance = Tolerance::new(1e-9, 1e-12);
        let path = cycle::sample(&bound, &start, 0.0, times, tolerance, 1e6);
        Ok(path.map(|list| list.into_iter().map(|z| [z[0], z[1]]).collect()).map_err(Stop::time))
    }

    /// The same where it must not break off.
    pub fn whole(&self, values: Values<'_>, start: [c64; 2], times: &[f64]) -> Result<Vec<[c64; 2]>, PaperError> {
        self.orbit(values, start, times)?
            .map_err(|t| trouble(&self.model.name, format!("the orbit cannot be followed beyond t = {t:.1}")))
    }

    /// Means and covariance from `start` and the vacuum.
    pub fn run(&self, values: Values<'_>, start: [c64; 2], times: &[f64]) -> Result<Run, PaperError> {
        let bound = self.fluctuations(values)?;
        let mut run = Run::default();
        let outcome =
            direct::run(&bound, &start, &direct::vacuum(2), times, Tolerance::new(1e-9, 1e-12), 1e12, |t, state| {
                run.look(t, state.means(), state, &self.measures);
            });
        run.ended = outcome.err().map(Stop::time);
        Ok(run)
    }
}

impl Run {
    fn look(&mut self, t: f64, means: &[c64], state: &dyn Moments, measures: &[Request; 4]) {
        let of = |k: usize| measures[k].of(state).unwrap_or(f64::NAN);
        let all = symplectic::gather(state, &[0, 1]);
        self.times.push(t);
        self.means.push([means[0], means[1]]);
        self.sq.push(of(0));
        self.sq_phi.push(of(1));
        self.negativity.push(of(2));
        self.sq_fixed.push(at_phase(&all, PHI));
        self.smallest.push(symplectic::symplectic_eigenvalues(&all).map_or(f64::NAN, |values| values[0]));
        self.trace.push((0..4).map(|k| all[(k, k)]).sum());
    }

    /// The last value of a list.
    pub fn last(list: &[f64]) -> f64 {
        list.last().copied().unwrap_or(f64::NAN)
    }
}

/// Eq. 21 at a given φ.
pub(super) fn at_phase(c: &RMatrix, phi: f64) -> f64 {
    let (sin, cos) = phi.sin_cos();
    let diagonal: f64 = (0..4).map(|k| c[(k, k)]).sum();
    2.0 / (diagonal + 2.0 * sin * (c[(1, 2)] - c[(0, 3)]) - 2.0 * cos * (c[(0, 2)] + c[(1, 3)]))
}

/// n₁ + n₂.
pub(super) fn number(z: &[c64; 2]) -> f64 {
    z[0].norm_sqr() + z[1].norm_sqr()
}

/// arg β₂ − arg β₁ followed without jumps.
pub(super) fn unwrapped(means: &[[c64; 2]]) -> Vec<f64> {
    let mut phase = Vec::with_capacity(means.len());
    for [a, b] in means {
        let now = (b * a.conj()).arg();
        let turn = std::f64::consts::TAU;
        let last: Option<&f64> = phase.last();
        phase.push(last.map_or(now, |last| now + turn * ((last - now) / turn).round()));
    }
    phase
}

/// How far two orbits of one run are apart, relative to the size of the first: largest |β₁ − β₂| over largest |β₁|.
pub(super) fn apart(means: &[[c64; 2]]) -> f64 {
    let largest = |f: &dyn Fn(&[c64; 2]) -> f64| means.iter().map(f).fold(0.0, f64::max);
    largest(&|z| (z[0] - z[1]).norm()) / largest(&|z| z[0].norm())
}

/// Row k of δż = A δz + B δz*, column l: (A_kl, B_kl) from a real drift matrix.
pub(super) fn element(m: &RMatrix, k: usize, l: usize) -> [c64; 2] {
    let at = |i: usize, j: usize| m[(2 * k + i, 2 * l + j)];
    [c64::new(at(0, 0) + at(1, 1), at(1, 0) - at(0, 1)) * 0.5, c64::new(at(0, 0) - at(1, 1), at(1, 0) + at(0, 1)) * 0.5]
}

/// E₁ … E₈ of Eq. C1 from a real drift matrix.
pub(super) fn elements(m: &RMatrix) -> [c64; 8] {
    let ([e1, e2], [e3, e4], [e5, e6], [e7, e8]) =
        (element(m, 0, 0), element(m, 0, 1), element(m, 1, 0), element(m, 1, 1));
    [e1, e2, e3, e4, e5, e6, e7, e8]
}

/// The normal modes of a variant next to the vacuum: −iω of the amplitudes with β₁/β₂, by rising frequency.
pub(super) fn normal_modes(variant: &Variant, values: Values<'_>) -> Result<[(c64, f64); 2], PaperError> {
    let m = variant.fluctuations(values)?.drift_matrix(0.0, &[c64::new(0.0, 0.0); 2]);
    let a = |k: usize, l: usize| element(&m, k, l)[0];
    let (mean, product) = ((a(0, 0) + a(1, 1)) * 0.5, a(0, 0) * a(1, 1) - a(0, 1) * a(1, 0));
    let root = (mean * mean - product).sqrt();
    let mut modes = [mean + root, mean - root].map(|s| (s, (a(0, 1) / (s - a(0, 0))).re));
    modes.sort_by(|x, y| y.0.im.total_cmp(&x.0.im));
    Ok(modes)
}

/// Density matrices of `model` at these times, below a cut-off of the total number.
pub(super) fn exact(model: Arc<Model>, measures: &[&str], most: usize, at: &[f64]) -> Result<Bench, PaperError> {
    let truncation =
        Truncation { cutoff: Some(Cutoff::Total(most)), certify: false, at: at.to_vec(), ..Truncation::default() };
    Bench::new(model, measures, Options { level: Level::Fock, truncation, ..Options::default() })
}

/// A built-in model.
pub(super) fn builtin(name: &str) -> Result<Arc<Model>, PaperError> {
    Ok(Arc::new(file::load(name)?.model))
}
