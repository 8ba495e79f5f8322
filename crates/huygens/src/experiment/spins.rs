//! Spins at the levels of phase space: which measures and options fit them, where they start, and their moments beside those of bosons.

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::{Experiment, ExperimentError, Level, Options};
use crate::levels::equations::Spin;
use crate::levels::stochastic::langevin::Ordering;
use crate::levels::stochastic::linear::SpinStart;
use crate::measures::{Argument, Block, Evaluate, Moments, Request};
use crate::model::{Binding, ModeKind, Model};
use crate::report::Check;

/// Measures of the mean amplitudes alone, ⟨J₋⟩ of a spin in the place of ⟨a⟩.
const OF_PHASES: [&str; 2] = ["phase_difference", "order_parameter"];

/// Whether a measure fits the kinds of its modes.
pub(super) fn with_spins(model: &Model, request: &Request, level: Level) -> Result<(), ExperimentError> {
    let definition = request.definition;
    let text = &request.text;
    let refused = |why: String| Err(ExperimentError::Options(format!("measure `{text}`: {why}")));
    let spins = model.spins();
    let name = |k: usize| &model.modes[k].name;
    for argument in &request.arguments {
        match *argument {
            Argument::Quadrature(k, axis) if axis.is_of_spin() != spins[k].is_some() => {
                return match spins[k] {
                    Some(_) => {
                        refused(format!("`{0}` is a spin: its components are jx({0}), jy({0}), jz({0})", name(k)))
                    }
                    None => refused(format!("`{0}` is a bosonic mode: its quadratures are q({0}) and p({0})", name(k))),
                };
            }
            Argument::Quadrature(..) | Argument::Mode(_) => {}
        }
    }
    let given: Vec<usize> = request.arguments.iter().map(|a| a.mode()).collect();
    if definition.is_of_spins() {
        return match given.iter().find(|k| spins[**k].is_none()) {
            Some(k) => {
                refused(format!("{} is a measure of spins, and `{}` is a bosonic mode", definition.name, name(*k)))
            }
            None if given.is_empty() => refused(format!("name the spins, as in {}(s)", definition.name)),
            None => Ok(()),
        };
    }
    if model.first_spin().is_none() {
        return Ok(());
    }
    let of_moments = matches!(definition.evaluate, Evaluate::Moments(_));
    let components = request.arguments.iter().any(|a| matches!(a, Argument::Quadrature(..)));
    if components && of_moments || OF_PHASES.contains(&definition.name) {
        return Ok(());
    }
    if level == Level::Fock {
        if definition.is_of_any_modes() {
            return Ok(());
        }
    } else {
        match definition.evaluate {
            Evaluate::Attractor(_) => return Ok(()),
            Evaluate::Moments(_) | Evaluate::Ticks(_) => {}
            _ => return refused(format!("at the {} level it is given for bosons alone", level.name())),
        }
    }
    match given.iter().find(|k| spins[**k].is_some()) {
        Some(k) if definition.is_of_any_modes() => refused(format!(
            "`{}` is a spin, of which the {} level knows the first and second moments alone: ask at --level fock, where it is exact",
            name(*k),
            level.name()
        )),
        Some(k) => refused(format!(
            "{} is a measure of bosonic modes, and `{}` is a spin; of spins there are jx, jy, jz, spin_squeezing, pearson, phase_difference, order_parameter, and at --level fock spin_phase_distribution, spin_locking, entropy, purity, mutual_information, log_negativity",
            definition.name,
            name(*k)
        )),
        None if given.is_empty() => match (definition.is_of_any_modes(), model.first_spin()) {
            (true, Some(spin)) => refused(format!(
                "`{spin}` is a spin, of which the {} level knows the first and second moments alone: ask at --level fock, where it is exact",
                level.name()
            )),
            _ => refused("it is not given for models with spins".to_owned()),
        },
        None => Ok(()),
    }
}

/// Whether the level treats the spins of a model in the way asked for.
pub(super) fn treatable(model: &Model, options: &Options) -> Result<(), ExperimentError> {
    let Some(spin) = model.first_spin() else { return Ok(()) };
    let wrong = |text: &str| Err(ExperimentError::Options(format!("`{spin}` is a spin, and {text}")));
    match options.level {
        Level::Fock if options.truncation.displaced => {
            return wrong("displaced number states (--displaced) are of bosons");
        }
        Level::Fock => return Ok(()),
        Level::OptimalPath | Level::Response => {
            return wrong(
                "this level treats bosons: ask at --level mean_field or gaussian, or at --level fock, where spins are exact",
            );
        }
        Level::Stochastic => {
            if options.trajectories.ordering == Ordering::Classical {
                return wrong(
                    "classical Langevin equations are of bosons: leave out --ordering, or take --level mean_field",
                );
            }
            sampled(model)?;
        }
        Level::MeanField | Level::Gaussian => {}
    }
    if !model.antihermitian.is_zero() {
        return wrong(
            "an anti-Hermitian part (or a jump that is not `kept`) has no product states: ask at --level fock, where spins are exact",
        );
    }
    if model.motion.is_some() {
        return wrong("equations of motion that are written ([equations]) are of bosons");
    }
    if options.quench.is_some() {
        return wrong("a quench is one of linear modes: leave out --quench and give --until");
    }
    if !options.eliminate.is_empty() {
        return wrong("only modes that fluctuate linearly are eliminated: leave out --eliminate");
    }
    Ok(())
}

/// Shortest 2j whose noise may be that of a classical vector.
const LONG: u32 = 20;

/// Whether the jumps on spins have trajectories of vectors: linear ones, that turn spins at random (L† = ±L), or move long ones.
fn sampled(model: &Model) -> Result<(), ExperimentError> {
    let spins = model.spins();
    for jump in &model.jumps {
        let l = &jump.operator;
        let Some(spin) = l.modes().into_iter().find(|m| spins[m.0 as usize].is_some()) else { continue };
        let label = &jump.label;
        let wrong = |text: String| Err(ExperimentError::Options(text));
        if l.degree() > 1 {
            return wrong(format!(
                "the jump `{label}` is not linear: it has no truncated Wigner trajectories of spins; ask at --level gaussian, or at --level fock, where it is exact"
            ));
        }
        let turns = l.adjoint() == *l || l.adjoint() == l.neg();
        let short = l.modes().into_iter().filter_map(|m| spins[m.0 as usize]).any(|twice| twice < LONG);
        if !turns && short {
            return wrong(format!(
                "the jump `{label}` moves a spin as short as `{}` along its axis: the noise of a classical vector would heat it (spins of 2j >= {LONG}, and dephasing of any, are treated); ask at --level gaussian, or at --level fock, where it is exact",
                model.modes[spin.0 as usize].name
            ));
        }
    }
    Ok(())
}

impl Experiment {
    /// The mean field that the model starts from: ⟨a⟩ and ⟨J₋⟩ of the modes, then ⟨J_z⟩ of the spins.
    ///
    /// # Errors
    /// An expression without a value.
    pub fn start_point(&self, binding: &Binding) -> Result<Vec<c64>, ExperimentError> {
        let mut z = self.model.start_values(binding)?;
        let vectors = self.model.start_bloch(binding)?;
        for spin in self.kernel.spins() {
            let j = 0.5 * f64::from(spin.twice);
            let [x, y, up] = vectors[spin.mode].unwrap_or_default();
            z[spin.mode] = c64::new(j * x, -j * y);
            z.push(c64::new(j * up, 0.0));
        }
        Ok(z)
    }

    /// The covariance that the model starts with: of a spin that of 2j spins ½ in one state, ⟨δJ_a δJ_b⟩ = j(δ_ab − v_a v_b)/2.
    ///
    /// # Errors
    /// As [`Model::start_covariance`].
    pub fn start_spread(&self, binding: &Binding) -> Result<RMatrix, ExperimentError> {
        let modes = self.model.start_covariance(binding)?;
        let spins = self.kernel.spins();
        if spins.is_empty() {
            return Ok(modes);
        }
        let vectors = self.model.start_bloch(binding)?;
        let n = 2 * self.kernel.modes();
        let mut covariance = RMatrix::zeros(n, n);
        let of_spin = |i: usize| spins.iter().any(|s| s.mode == i / 2);
        for i in (0..modes.rows()).filter(|i| !of_spin(*i)) {
            for j in (0..modes.rows()).filter(|j| !of_spin(*j)) {
                covariance[(i, j)] = modes[(i, j)];
            }
        }
        for spin in spins {
            let j = 0.5 * f64::from(spin.twice);
            let [x, y, up] = vectors[spin.mode].unwrap_or_default();
            // The quadratures are √2 (J_x, −J_y, J_z).
            let v = [x, -y, up];
            let places = [2 * spin.mode, 2 * spin.mode + 1, 2 * spin.z];
            for a in 0..3 {
                for b in 0..3 {
                    let one = if a == b { 1.0 } else { 0.0 };
                    covariance[(places[a], places[b])] = j * (one - v[a] * v[b]);
                }
            }
        }
        Ok(covariance)
    }

    /// What a mixed start of a longer spin is at the levels of phase space.
    pub(super) fn mixed_start(&self, binding: &Binding) -> Result<Option<Check>, ExperimentError> {
        let spins = self.kernel.spins();
        if spins.is_empty() {
            return Ok(None);
        }
        let vectors = self.model.start_bloch(binding)?;
        let mixed = |s: &&Spin| {
            let square: f64 = vectors[s.mode].unwrap_or_default().iter().map(|x| x * x).sum();
            matches!(self.model.modes[s.mode].kind, ModeKind::Spin { twice } if twice > 1) && square < 1.0 - 1e-12
        };
        Ok(spins.iter().find(mixed).map(|spin| {
            let note = format!(
                "`{}` starts as 2j spins 1/2 with this Bloch vector each, which is not the state of the largest entropy that --level fock starts with",
                self.model.modes[spin.mode].name
            );
            Check::note("mixed start", None, note)
        }))
    }

    /// Why there is no covariance at an attractor with this mean field: a spin that no jump acts on keeps the fluctuations of its length.
    pub(super) fn keeps_its_start(&self, z: &[c64]) -> Option<String> {
        let mixed = |s: &&Spin| {
            let j = 0.5 * f64::from(s.twice);
            s.rigid && (z[s.mode].norm_sqr() + z[s.z].norm_sqr()).sqrt() < j * (1.0 - 1e-9)
        };
        let spin = self.kernel.spins().iter().find(mixed)?;
        let name = &self.model.modes[spin.mode].name;
        Some(format!(
            "no jump acts on `{name}`, whose start is mixed: the fluctuations of its length never relax; ask for a direct run with --until"
        ))
    }

    /// The spins of trajectories that start around this mean field.
    pub(super) fn sampled_spins(&self, mean: &[c64]) -> Vec<SpinStart> {
        let of = |spin: &Spin| {
            let j = 0.5 * f64::from(spin.twice);
            let z = mean[spin.mode];
            SpinStart {
                places: [2 * spin.mode, 2 * spin.mode + 1, 2 * spin.z],
                twice: spin.twice,
                bloch: [z.re, z.im, mean[spin.z].re].map(|x| x / j),
            }
        };
        self.kernel.spins().iter().map(of).collect()
    }

    /// Calls `look` with moments that know the spins.
    pub(super) fn with_its_spins<T>(&self, moments: &dyn Moments, look: impl FnOnce(&dyn Moments) -> T) -> T {
        let spins = self.kernel.spins();
        match spins.is_empty() {
            true => look(moments),
            false => look(&WithSpins { moments, modes: self.model.len(), spins }),
        }
    }
}

/// Moments of variables of which some are spins.
struct WithSpins<'a> {
    moments: &'a dyn Moments,
    modes: usize,
    spins: &'a [Spin],
}

impl Moments for WithSpins<'_> {
    fn modes(&self) -> usize {
        self.modes
    }

    fn mean(&self, k: usize) -> c64 {
        self.moments.mean(k)
    }

    fn covariance(&self, k: usize, l: usize) -> Block {
        self.moments.covariance(k, l)
    }

    fn vacuum(&self) -> f64 {
        self.moments.vacuum()
    }

    fn energy_covariance(&self, k: usize) -> Block {
        self.moments.energy_covariance(k)
    }

    fn excess(&self, k: usize, variance: f64) -> [f64; 2] {
        self.moments.excess(k, variance)
    }

    fn spin(&self, k: usize) -> Option<Spin> {
        self.spins.iter().find(|s| s.mode == k).copied()
    }
}
