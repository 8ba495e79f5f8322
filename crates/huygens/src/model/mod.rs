//! Models: modes, parameters, Hamiltonian, jumps, baths; built from text and checked.
//!
//! A [`Model`] is the immutable description of one open system,
//!
//! ρ̇ = −i\[H, ρ\] + {H_c, ρ} − 2⟨H_c⟩ρ + Σ_k ( L_k ρ L_k† − ½{L_k†L_k, ρ} ),
//!
//! with H, H_c and L_k as operator polynomials whose coefficients are expressions in named parameters. Its structure is worked out
//! once by [`Model::build`]; parameters are bound to numbers as often as wanted by [`Model::bind`] and [`Parameters::set`].

mod build;
mod correlate;
mod error;
mod motion;
mod network;
mod parameters;
mod scope;
mod source;
mod structured;
pub mod transform;

pub use correlate::{Correlating, Correlation};
pub use error::{Fault, ModelError};
pub use motion::{Motion, MotionEntry};
pub use network::{Network, NetworkError, NetworkKind};
pub use parameters::{Binding, Parameter, Parameters};
pub use source::{
    BathSource, CorrelationSource, CorrelationText, DensitySource, EntrySource, JumpSource, LinksSource, ModeSource,
    ModelSource, NetworkSource, ParameterSource, Place, StartSource, StructuredSource, TermSource, Text,
};

pub use structured::{Placed, SpectralDensity, StructuredBath};

pub use crate::algebra::parse::nearest;

use num_complex::Complex64 as c64;

use huygens_numerics::linalg::RMatrix;

use crate::algebra::{Compiled, ModeId, Names, Operator, ParamId, Scalar};

/// The largest number of modes a model may have: one covariance matrix of 2n×2n numbers then takes 2 GB.
pub const MAX_MODES: usize = 8_000;

/// What a mode is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModeKind {
    /// A bosonic mode, \[a, a†\] = 1.
    Boson,
    /// A spin of length j.
    Spin {
        /// 2j.
        twice: u32,
    },
    /// The sum of N spins ½ that nothing tells apart, whose total length j ≤ N/2 may change: [`Jump::members`] acts on each of them.
    Ensemble {
        /// N.
        members: u32,
    },
}

impl ModeKind {
    /// 2j of a spin, N of an ensemble.
    pub fn spin(self) -> Option<u32> {
        match self {
            ModeKind::Boson => None,
            ModeKind::Spin { twice } => Some(twice),
            ModeKind::Ensemble { members } => Some(members),
        }
    }
}

/// The length of a spin, `1/2` or `3`, from 2j.
pub(crate) fn spin_length(twice: u32) -> String {
    if twice.is_multiple_of(2) { format!("{}", twice / 2) } else { format!("{twice}/2") }
}

/// One mode of the phase space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Name: `b1`, or `b[3]` for a member of an array.
    pub name: String,
    /// Kind.
    pub kind: ModeKind,
    /// Name of the array it belongs to and its index in it, counted from 1.
    pub array: Option<(String, usize)>,
}

/// A jump operator L: the dissipator D\[L\]ρ = LρL† − ½{L†L, ρ}.
#[derive(Clone, Debug, PartialEq)]
pub struct Jump {
    /// L.
    pub operator: Operator,
    /// The part of the runs that is kept after this jump, where it is not all of them; `operator` is √q L then.
    pub kept: Option<Kept>,
    /// A name for tables, such as `loss of a1` or the text it was written as.
    pub label: String,
    /// The bath it belongs to, as an index into [`Model::baths`].
    pub bath: Option<usize>,
    /// The ensemble whose members all have this jump, each its own; `operator` is that of one member then, linear in J₊, J_z and J₋.
    pub members: Option<ModeId>,
    pub(crate) place: Place,
}

/// Post-selection by a jump L: runs are kept with the probability q after each of its clicks, and discarded otherwise.
///
/// The state of those kept moves by qLρL† − ½{L†L, ρ} = D\[√q L\]ρ + {H_c, ρ} with H_c = −½(1 − q) L†L (F. Minganti, A. Miranowicz, R. W.
/// Chhajlany, I. I. Arkhipov, F. Nori, Phys. Rev. A 101, 062112 (2020)): the jump is √q L, and the rest is in [`Model::antihermitian`].
/// q = 0 is the record without clicks.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// q, between 0 and 1.
    pub share: Scalar,
    /// L.
    pub whole: Operator,
    pub(crate) place: Place,
}

/// A thermal bath on one mode: the pair of jumps √(γ(n̄+1)) a and √(γ n̄) a†, both among [`Model::jumps`].
///
/// With a share s of momentum damping the bath moves (q, p) by the drift −(γ/2) diag(1 − s, 1 + s) and the diffusion
/// γ(n̄+½) diag(1 − s, 1 + s): s = 0 is the Lindblad pair, s = 1 the high-temperature Caldeira–Leggett bath, friction −γp and
/// noise on p alone. The excess over the jumps is that of the generator −iγs/4 (a² − a†²) and a diffusion of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Bath {
    /// The mode it damps.
    pub mode: ModeId,
    /// Energy rate γ ≥ 0.
    pub rate: Scalar,
    /// Mean occupation n̄ ≥ 0.
    pub occupation: Scalar,
    /// Share s of momentum damping, between 0 and 1.
    pub momentum: Scalar,
    /// A name for tables.
    pub label: String,
    pub(crate) rate_place: Place,
    pub(crate) occupation_place: Place,
    pub(crate) momentum_place: Place,
}

impl Bath {
    /// The Hermitian generator −iγs/4 (a² − a†²) of a bath that damps the momentum more than the position; 0 for s = 0.
    pub fn generator(&self) -> Operator {
        let a = Operator::annihilation(self.mode);
        let pair = a.mul(&a);
        let strength = self.rate.mul(&self.momentum).times(c64::new(0.0, -0.25));
        pair.sub(&pair.adjoint()).scale(&strength)
    }
}

/// The initial state of one mode: of a boson a displaced, squeezed thermal state,
///
/// ⟨a⟩ = `amplitude`, and R(θ) diag(e^{−2r}, e^{2r}) R(θ)ᵀ (n̄ + ½) as the covariance of (q, p);
///
/// of a spin j the state of the largest entropy with ⟨J⟩ = j v, ρ ∝ e^{η v·J}: for |v| = 1 the coherent state along v.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// ⟨a⟩.
    pub amplitude: Scalar,
    /// Thermal occupation n̄ ≥ 0.
    pub occupation: Scalar,
    /// Squeezing parameter r.
    pub squeezing: Scalar,
    /// Angle θ of the quadrature that is squeezed for r > 0.
    pub angle: Scalar,
    /// v = ⟨J⟩/j of a spin.
    pub bloch: [Scalar; 3],
    pub(crate) places: [Option<Place>; 7],
}

impl Default for Start {
    /// The vacuum, or m = −j.
    fn default() -> Self {
        let zero = Scalar::zero;
        let bloch = [zero(), zero(), Scalar::real(-1.0)];
        Self {
            amplitude: zero(),
            occupation: zero(),
            squeezing: zero(),
            angle: zero(),
            bloch,
            places: Default::default(),
        }
    }
}

impl Start {
    /// The scalars with their names.
    fn parts(&self) -> [(&'static str, &Scalar, &Option<Place>); 7] {
        let [amplitude, occupation, squeezing, angle, x, y, z] = &self.places;
        let [v_x, v_y, v_z] = &self.bloch;
        [
            ("start", &self.amplitude, amplitude),
            ("initial occupation", &self.occupation, occupation),
            ("initial squeezing", &self.squeezing, squeezing),
            ("angle of the initial squeezing", &self.angle, angle),
            ("initial x", v_x, x),
            ("initial y", v_y, y),
            ("initial z", v_z, z),
        ]
    }
}

/// One open system, ready for every level of description. Immutable and `Sync`; see [`Model::build`].
#[derive(Clone, Debug)]
pub struct Model {
    /// Short name.
    pub name: String,
    /// What the model is.
    pub description: String,
    /// Paper and equation it is taken from; empty where none was given.
    pub reference: String,
    /// The frame its equations are written in.
    pub frame: String,
    /// Unit of time.
    pub time_unit: String,
    /// Modes in the order of the phase space; [`ModeId`] is the index.
    pub modes: Vec<Mode>,
    /// Parameters; [`ParamId`] is the index.
    pub parameters: Parameters,
    /// H, Hermitian.
    pub hamiltonian: Operator,
    /// H_c, Hermitian: the anti-Hermitian part iH_c of the whole Hamiltonian H + iH_c, which moves the state by
    /// {H_c, ρ} − 2⟨H_c⟩ρ (Brody and Graefe, Phys. Rev. Lett. 109, 230405 (2012)). Zero for an ordinary open system. With the part of all
    /// jumps that discard runs, see [`Kept`].
    pub antihermitian: Operator,
    /// All jumps: those written as such and those of the baths. Jumps that vanish identically are left out.
    pub jumps: Vec<Jump>,
    /// Thermal baths.
    pub baths: Vec<Bath>,
    /// Baths of oscillators with a spectral density, for the response level.
    pub structured: Vec<StructuredBath>,
    /// Equations of motion written as such, beside those of H, jumps and baths.
    pub motion: Option<Motion>,
    /// Names of the variants of the model.
    pub variants: Vec<String>,
    /// Networks.
    pub networks: Vec<Network>,
    /// The modes that are the clocks.
    pub oscillators: Vec<ModeId>,
    /// Parameter values that switch the coupling off; empty where the model names none.
    pub uncoupled: Vec<(ParamId, f64)>,
    /// Initial Gaussian state, one product factor for each mode; `None` where the model says nothing (the vacuum).
    pub start: Option<Vec<Start>>,
    /// What correlates the modes of the initial state, in order.
    pub correlations: Vec<Correlation>,
    /// Measures reported where none are asked for.
    pub measures: Vec<String>,
    /// What the reader should know although the model can be used.
    pub warnings: Vec<ModelError>,
    /// H_c without the part of the jumps that discard runs.
    pub(crate) own_antihermitian: Operator,
    /// Transformations that led to this form, in order.
    pub applied: Vec<transform::Applied>,
    pub(crate) terms: Vec<(Place, Operator)>,
    /// Names of the terms of H.
    pub(crate) term_names: Vec<String>,
    pub(crate) coefficients: Compiled,
}

impl Model {
    /// Builds a model from its text, with some parameters given as text (numbers or expressions, as `-s NAME=VALUE` does).
    ///
    /// Values given replace the defaults, so that [`Parameters::defaults`] of the model has them.
    ///
    /// # Errors
    /// All faults of the first stage that has any: names and parameters, then modes and networks, then expressions, then values.
    pub fn build(source: &ModelSource, overrides: &[(String, String)]) -> Result<Self, Vec<ModelError>> {
        build::build(source, overrides)
    }

    /// Number of modes.
    pub fn len(&self) -> usize {
        self.modes.len()
    }

    /// 2j of the spins, by mode; `None` for bosons.
    pub fn spins(&self) -> Vec<Option<u32>> {
        self.modes.iter().map(|m| m.kind.spin()).collect()
    }

    /// The name of the first spin, if there is one.
    pub fn first_spin(&self) -> Option<&str> {
        self.modes.iter().find(|m| m.kind.spin().is_some()).map(|m| m.name.as_str())
    }

    /// The name of the first ensemble, if there is one.
    pub fn first_ensemble(&self) -> Option<&str> {
        self.modes.iter().find(|m| matches!(m.kind, ModeKind::Ensemble { .. })).map(|m| m.name.as_str())
    }

    /// Whether there are no modes (never, once built).
    pub fn is_empty(&self) -> bool {
        self.modes.is_empty()
    }

    /// The names of parameters and modes, for printing.
    pub fn names(&self) -> Names {
        Names {
            parameters: self.parameters.iter().map(|(_, p)| p.name.clone()).collect(),
            modes: self.modes.iter().map(|m| m.name.clone()).collect(),
        }
    }

    /// The mode of this name (`b1`, `b[3]`), or an error that offers the nearest one.
    pub fn mode(&self, name: &str) -> Result<ModeId, ModelError> {
        let wanted: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        if let Some(k) = self.modes.iter().position(|m| m.name == wanted) {
            return Ok(ModeId(k as u32));
        }
        let known: Vec<String> = self.modes.iter().map(|m| m.name.clone()).collect();
        let nearest = nearest(&wanted, known.iter().map(String::as_str)).map(str::to_owned);
        Err(ModelError::nowhere(Fault::Unknown { what: "mode", name: name.into(), nearest, known }))
    }

    /// Whether giving this parameter another value means building the model again, because it fixes the model's size.
    pub fn needs_rebuild(&self, name: &str) -> bool {
        self.parameters.id(name).is_some_and(|id| self.parameters.get(id).structural)
    }

    /// Whether H or a jump depends on the time.
    pub fn depends_on_time(&self) -> bool {
        self.operators().any(Operator::depends_on_time) || self.motion.as_ref().is_some_and(Motion::depends_on_time)
    }

    /// H, H_c, all jumps and the couplings of structured baths.
    pub fn operators(&self) -> impl Iterator<Item = &Operator> {
        let own = [&self.hamiltonian, &self.antihermitian];
        let jumps = self.jumps.iter().map(|j| &j.operator);
        own.into_iter().chain(jumps).chain(self.structured.iter().map(|b| &b.coupling))
    }

    /// Whether a coefficient of an operator depends on the mean field (`mean(…)`).
    pub fn follows_mean(&self) -> bool {
        motion::follows_mean(self)
    }

    /// Whether runs are discarded after some of the jumps.
    pub fn post_selects(&self) -> bool {
        self.jumps.iter().any(|jump| jump.kept.is_some())
    }

    /// The model of all runs, none of them discarded: whole jumps, and H_c as it was written.
    #[must_use]
    pub fn unselected(&self) -> Self {
        let mut whole = self.clone();
        whole.antihermitian.clone_from(&self.own_antihermitian);
        for jump in &mut whole.jumps {
            if let Some(kept) = jump.kept.take() {
                jump.operator = kept.whole;
            }
        }
        whole
    }

    /// Whether the trace is kept at these values: H_c vanishes.
    pub fn keeps_trace(&self, binding: &Binding) -> bool {
        let zero = |c: &Scalar| !c.depends_on_time() && c.eval(&binding.values, 0.0).is_ok_and(|z| z.norm_sqr() == 0.0);
        self.antihermitian.iter().all(|(_, c)| zero(c))
    }

    /// H + iH_c, whose terms have the symmetries of both parts.
    pub fn whole_hamiltonian(&self) -> Operator {
        self.hamiltonian.add(&self.antihermitian.scale(&Scalar::number(c64::new(0.0, 1.0))))
    }

    /// All parameters bound to numbers, some of them given; the values are checked by [`validate`](Self::validate).
    ///
    /// # Errors
    /// As [`Parameters::bind`] and [`validate`](Self::validate).
    pub fn bind(&self, overrides: &[(&str, f64)]) -> Result<Binding, ModelError> {
        let binding = self.parameters.bind(overrides)?;
        self.validate(&binding)?;
        Ok(binding)
    }

    /// The Hermitian generator of the reversible motion: the Hamiltonian and −iγs/4 (a² − a†²) of each bath that damps the
    /// momentum more than the position.
    pub fn generator(&self) -> Operator {
        let mut sum = self.hamiltonian.clone();
        for bath in &self.baths {
            sum.add_assign(&bath.generator());
        }
        sum
    }

    /// Checks that every coefficient has a finite value and that no rate or occupation is negative (at t = 0 where they depend
    /// on the time, at the start where they depend on the mean field).
    ///
    /// # Errors
    /// The first coefficient without a value, or the first negative rate or occupation.
    pub fn validate(&self, binding: &Binding) -> Result<(), ModelError> {
        for bath in &self.baths {
            let mode = &self.modes[bath.mode.0 as usize].name;
            for (scalar, place, word) in [
                (&bath.rate, &bath.rate_place, "rate"),
                (&bath.occupation, &bath.occupation_place, "occupation"),
                (&bath.momentum, &bath.momentum_place, "momentum share"),
                (&Scalar::one().sub(&bath.momentum), &bath.momentum_place, "rest (1 - momentum)"),
            ] {
                let what = || format!("the {word} of the bath on `{mode}`");
                let value = self.value(scalar, binding, place, &what)?;
                if value < 0.0 {
                    let at: Vec<String> = scalar
                        .params()
                        .into_iter()
                        .map(|p| format!("{} = {}", self.parameters.get(p).name, binding.value(p)))
                        .collect();
                    let what = if at.is_empty() { what() } else { format!("{} at {}", what(), at.join(", ")) };
                    return Err(ModelError::at(place, Fault::Negative { what, value }));
                }
            }
        }
        for jump in &self.jumps {
            let Some(kept) = &jump.kept else { continue };
            for (scalar, what) in [(kept.share.clone(), "kept"), (Scalar::one().sub(&kept.share), "1 - kept")] {
                let what = || format!("{what} of the jump `{}`", jump.label);
                let value = self.value(&scalar, binding, &kept.place, &what)?;
                if value < 0.0 {
                    return Err(ModelError::at(&kept.place, Fault::Negative { what: what(), value }));
                }
            }
        }
        for bath in &self.structured {
            bath.numbers(self, binding)?;
        }
        if let Some(motion) = &self.motion {
            motion.validate(self, binding)?;
        }
        let start = self.mean_at_start(binding)?;
        let mut scratch = self.coefficients.scratch();
        let mut out = vec![c64::new(0.0, 0.0); self.coefficients.len()];
        if self.coefficients.eval_at(&binding.values, 0.0, &start, &mut scratch, &mut out).is_ok() {
            return Ok(());
        }
        // Something has no value: find the text it stands in.
        let names = self.names();
        let fault = |what: &str, operator: &Operator| {
            operator
                .iter()
                .find_map(|(_, c)| c.eval_at(&binding.values, 0.0, &start).err())
                .map(|e| Fault::Evaluation { what: what.to_owned(), message: e.message(&names) })
        };
        for (place, term) in &self.terms {
            if let Some(fault) = fault("the Hamiltonian", term) {
                return Err(ModelError::at(place, fault));
            }
        }
        if let Some(fault) = fault("the anti-Hermitian part", &self.antihermitian) {
            return Err(ModelError::nowhere(fault));
        }
        for bath in &self.structured {
            if let Some(fault) = fault(&format!("the coupling of the bath `{}`", bath.label), &bath.coupling) {
                return Err(ModelError::at(&bath.place, fault));
            }
        }
        for jump in &self.jumps {
            if let Some(fault) = fault(&format!("the jump `{}`", jump.label), &jump.operator) {
                return Err(ModelError::at(&jump.place, fault));
            }
        }
        Ok(())
    }

    fn value(
        &self,
        scalar: &Scalar,
        binding: &Binding,
        place: &Place,
        what: &dyn Fn() -> String,
    ) -> Result<f64, ModelError> {
        let start = if scalar.depends_on_mean_field() { self.start_values(binding)? } else { Vec::new() };
        let z = scalar.eval_at(&binding.values, 0.0, &start).map_err(|e| {
            ModelError::at(place, Fault::Evaluation { what: what(), message: e.message(&self.names()) })
        })?;
        if z.im.abs() > 1e-12 * z.re.abs() {
            return Err(ModelError::at(place, Fault::NotReal { what: what(), re: z.re, im: z.im }));
        }
        Ok(z.re)
    }

    /// The initial mean field where a coefficient depends on it, else nothing.
    fn mean_at_start(&self, binding: &Binding) -> Result<Vec<c64>, ModelError> {
        if self.coefficients.depends_on_mean_field() { self.start_values(binding) } else { Ok(Vec::new()) }
    }

    /// The initial mean field ⟨a_k⟩ at the given values; zero (rest) where the model says nothing.
    ///
    /// # Errors
    /// An expression without a value.
    pub fn start_values(&self, binding: &Binding) -> Result<Vec<c64>, ModelError> {
        self.starts(binding, |values| Ok(values[0]))
    }

    /// The covariance of the initial state, 2n×2n in the order (q₁, p₁, q₂, p₂, …), correlations included; ½ on the diagonal where
    /// the model says nothing.
    ///
    /// # Errors
    /// An expression without a value, a negative occupation, or a covariance that no state has.
    pub fn start_covariance(&self, binding: &Binding) -> Result<RMatrix, ModelError> {
        let mut covariance = RMatrix::zeros(2 * self.len(), 2 * self.len());
        for (k, [occupation, squeezing, angle]) in self.start_spreads(binding)?.into_iter().enumerate() {
            let (small, large) =
                ((-2.0 * squeezing).exp() * (occupation + 0.5), (2.0 * squeezing).exp() * (occupation + 0.5));
            let (sin, cos) = angle.sin_cos();
            covariance[(2 * k, 2 * k)] = small * cos * cos + large * sin * sin;
            covariance[(2 * k + 1, 2 * k + 1)] = small * sin * sin + large * cos * cos;
            covariance[(2 * k, 2 * k + 1)] = (small - large) * sin * cos;
            covariance[(2 * k + 1, 2 * k)] = covariance[(2 * k, 2 * k + 1)];
        }
        for correlation in &self.correlations {
            correlation.apply(self, binding, &mut covariance)?;
        }
        Ok(covariance)
    }

    /// Occupation n̄, squeezing r and its angle of the initial state of each mode before it is correlated with others; zeros where the
    /// model says nothing.
    ///
    /// # Errors
    /// As [`Model::start_covariance`].
    pub fn start_spreads(&self, binding: &Binding) -> Result<Vec<[f64; 3]>, ModelError> {
        self.starts(binding, |values| Ok([values[1].re, values[2].re, values[3].re]))
    }

    /// v = ⟨J⟩/j of the initial state of each spin; `None` for bosons, (0, 0, −1) where the model says nothing.
    ///
    /// # Errors
    /// An expression without a value, or |v| > 1.
    pub fn start_bloch(&self, binding: &Binding) -> Result<Vec<Option<[f64; 3]>>, ModelError> {
        let vectors = self.starts(binding, |values| Ok([values[4].re, values[5].re, values[6].re]))?;
        let one = |(k, v): (usize, [f64; 3])| {
            if self.modes[k].kind.spin().is_none() {
                return Ok(None);
            }
            let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
            if length > 1.0 + 1e-12 {
                let name = self.modes[k].name.clone();
                let fault = Fault::Bloch { name, length };
                let place = self.start.as_ref().and_then(|list| list[k].places[4..].iter().flatten().next());
                return Err(
                    place.map_or_else(|| ModelError::nowhere(fault.clone()), |p| ModelError::at(p, fault.clone()))
                );
            }
            // A sum of squares that is 1 but for rounding is a pure state.
            let near = (length - 1.0).abs() < 1e-14;
            Ok(Some(if near { v.map(|x| x / length) } else { v }))
        };
        vectors.into_iter().enumerate().map(one).collect()
    }

    fn starts<T>(
        &self,
        binding: &Binding,
        take: impl Fn([c64; 7]) -> Result<T, ModelError>,
    ) -> Result<Vec<T>, ModelError> {
        let vacuum = Start::default();
        (0..self.len())
            .map(|k| {
                let start = self.start.as_ref().map_or(&vacuum, |list| &list[k]);
                let mut values = [c64::new(0.0, 0.0); 7];
                for (j, (word, scalar, place)) in start.parts().into_iter().enumerate() {
                    let what = || format!("the {word} of `{}`", self.modes[k].name);
                    let fault = |fault: Fault| match place {
                        Some(place) => ModelError::at(place, fault),
                        None => ModelError::nowhere(fault),
                    };
                    let value = scalar
                        .eval(&binding.values, 0.0)
                        .map_err(|e| fault(Fault::Evaluation { what: what(), message: e.message(&self.names()) }))?;
                    if j > 0 && value.im.abs() > 1e-12 * value.re.abs() {
                        return Err(fault(Fault::NotReal { what: what(), re: value.re, im: value.im }));
                    }
                    // What is left of one number less another that is equal to it is rounding.
                    let value = if j == 1 && value.re.abs() < 1e-14 { c64::new(0.0, 0.0) } else { value };
                    if j == 1 && value.re < 0.0 {
                        return Err(fault(Fault::Negative { what: what(), value: value.re }));
                    }
                    values[j] = value;
                }
                take(values)
            })
            .collect()
    }

    /// The same binding with the coupling switched off: the control. `None` where the model does not say how.
    ///
    /// # Errors
    /// As [`Parameters::set`].
    pub fn uncoupled_binding(&self, binding: &Binding) -> Result<Option<Binding>, ModelError> {
        if self.uncoupled.is_empty() {
            return Ok(None);
        }
        let mut control = binding.clone();
        for &(id, value) in &self.uncoupled {
            self.parameters.set(&mut control, id, value)?;
        }
        Ok(Some(control))
    }
}
