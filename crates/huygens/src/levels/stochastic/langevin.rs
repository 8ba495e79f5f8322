//! Langevin equations of any polynomial model, derived from H and the jumps.
//!
//! **Truncated Wigner.** The Weyl symbol turns the adjoint Lindblad generator into a differential operator on symbols,
//! (𝓛†X)_W = Σ f_k ∂_k X_W + ½ Σ B_kl ∂_k ∂_l X_W + third and higher derivatives, with z_k and z_k* as variables. The first
//! coefficients f_k = (𝓛†a_k)_W are the drift, exactly; truncating after the second derivatives leaves a Fokker–Planck equation
//! for the Wigner function (D. F. Walls and G. J. Milburn, *Quantum Optics*, ch. 6; P. B. Blakie et al., Adv. Phys. 57, 363
//! (2008)). Its Langevin equation in the sense of **Itô** is
//!
//! dz_k = f_k dt + Σ_L ( ∂ℓ*/∂z_k* dξ_L − ∂ℓ/∂z_k* dξ_L* ), ⟨dξ_L dξ_L'*⟩ = ½ δ_LL' dt, ⟨dξ_L dξ_L'⟩ = 0,
//!
//! with the Weyl symbol ℓ of each jump: the noise is positive by construction, exact for jumps linear in a and a†, and the
//! leading order in the amplitude for others, whose corrections to the diffusion are of the order of the third derivatives
//! that are left out. What is left out is said in words by [`Langevin::neglected`].
//!
//! **Classical Langevin.** The normal-ordered flow of the mean field with thermal and pump noise but without that of the vacuum:
//! the jump L drives z_k by ∂ℓ/∂z_k* alone; a jump with ℓ* = ±ℓ, such as the dephasing √Γ a†a, keeps its one real noise.
//!
//! The noise can be chosen ([`Noise`]) while the drift in the sense of Stratonovich stays what it is, so that of a pair of jumps
//! √(γ(n̄+1)) a², √(γn̄) a†² there is ż = … − γ|z|²z − 2i√γ z*ξ with ⟨ξξ*⟩ = n̄, or n̄ + ½ with the noise of the vacuum, the classical
//! limit of the interaction a²b† + h.c. with a bath of modes b.
//!
//! **An anti-Hermitian part** H_c acts on the P function as {H_c, ρ} → 2hP − Σ_k ∂(∂h/∂z_k* P)/∂z_k − c.c., exactly where it is quadratic: a
//! drift ∂h/∂z_k* and a weight e^{2∫h dt} of each trajectory, h the normal symbol. The Wigner function sees no drift but a diffusion of either
//! sign, which no Langevin equation has. So the drift is that of the classical equations, and [`Langevin::weight`] holds 2h.
//!
//! **Spins.** A spin moves as a vector (Re J₋, Im J₋, J_z) with the symbols in symmetric order, [`Operator::symmetric_symbol`]: the Hamiltonian part
//! of its drift is then the classical precession, exactly, and keeps its length. Of jumps that are linear in J the Itô drift is that of the
//! adjoint generator and the noise dX = Σ_L ([X, L†]_S dξ_L + [L, X]_S dξ_L*), in which the Stratonovich drift keeps the length as well. A spin
//! ½ is sampled at the points of Wootters' discrete phase space (J. Schachenmayer, A. Pikovski, A. M. Rey, PRX 5, 011022 (2015)). The variable
//! J_z stands behind the modes; its second quadrature is 0.
//!
//! In the sense of **Stratonovich** the drift is f_k − ½ Σ_j (V_j·∇) V_jk over the real noise fields V_j;
//! [`Langevin`] holds both.

use std::collections::BTreeMap;
use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

use super::linear::{LinearError, SparseRows, drop_rounding, factor};
use crate::algebra::{
    Compiled, EvalError, Generator, ModeId, Names, Operator, Polynomial, Scalar, Scratch, commutator,
};
use crate::levels::equations::{Spin, gain, lowering, spins, variables_with};
use crate::model::Model;

/// The order of operators that the phase-space variables stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ordering {
    /// Weyl order: the truncated Wigner approximation. Averages are symmetrised expectation values.
    #[default]
    Wigner,
    /// Normal order without quantum noise: classical Langevin equations.
    Classical,
}

impl Ordering {
    /// All orderings by name.
    pub const ALL: [(&'static str, Ordering); 2] = [("wigner", Ordering::Wigner), ("classical", Ordering::Classical)];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Ordering::Wigner => "wigner",
            Ordering::Classical => "classical",
        }
    }

    /// The noise that belongs to it.
    pub fn noise(self) -> Noise {
        match self {
            Ordering::Wigner => Noise::Symmetric,
            Ordering::Classical => Noise::Thermal,
        }
    }
}

/// The noise of trajectories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// That of the vacuum and of the baths, in the symmetric order: of a thermal pair of jumps ∝ n̄ + ½.
    Symmetric,
    /// That of the baths without the vacuum's: ∝ n̄.
    Thermal,
    /// As the symmetric one, but jumps that are not linear shake as hard everywhere as they do at |z| = 1: eq. 24 of Aifer, Thingna and
    /// Deffner, PRL 133, 020401 (2024) as printed, with the strength of ξ that it leaves open.
    Additive,
    /// None.
    Off,
}

impl Noise {
    /// All kinds by name.
    pub const ALL: [(&'static str, Noise); 4] = [
        ("symmetric", Noise::Symmetric),
        ("thermal", Noise::Thermal),
        ("additive", Noise::Additive),
        ("off", Noise::Off),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Noise::Symmetric => "symmetric",
            Noise::Thermal => "thermal",
            Noise::Additive => "additive",
            Noise::Off => "off",
        }
    }

    /// What it is, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Noise::Symmetric => "noise of baths and vacuum",
            Noise::Thermal => "noise of the baths alone",
            Noise::Additive => "noise of baths and vacuum as at |z| = 1",
            Noise::Off => "no noise",
        }
    }
}

/// Drift and noise as polynomials in z, z*; parameters stay symbolic.
#[derive(Clone, Debug)]
pub struct Langevin {
    /// Number of complex variables: the modes, and J_z of the spins behind them.
    pub modes: usize,
    /// The spins among the modes.
    pub spins: Vec<Spin>,
    /// The ordering.
    pub ordering: Ordering,
    /// The noise.
    pub noise: Noise,
    /// Drift f_k in the sense of Itô.
    pub ito: Vec<Polynomial>,
    /// Drift in the sense of Stratonovich.
    pub stratonovich: Vec<Polynomial>,
    /// Real noise fields V_j that depend on the state or on time: dz_k = … + Σ_j V_jk dW_j.
    pub fields: Vec<Vec<Polynomial>>,
    /// Constant noise fields, from jumps that are linear.
    pub constant: Vec<Vec<Polynomial>>,
    /// Modes whose bath damps the momentum more than the position, and the diffusion that it takes from q and gives to p.
    pub momentum: Vec<(usize, Polynomial)>,
    /// Rate 2h at which the logarithm of the weight of a trajectory grows, h the normal symbol of the anti-Hermitian part; zero without one.
    pub weight: Polynomial,
    /// What the truncation leaves out, one sentence each; empty where the equations are exact.
    pub neglected: Vec<String>,
}

impl Langevin {
    /// Derives the equations of a model, with the noise that belongs to the ordering.
    pub fn derive(model: &Model, ordering: Ordering) -> Self {
        Self::with_noise(model, ordering, ordering.noise())
    }

    /// The same with a noise of choice. The Wigner function of a model with an anti-Hermitian part has no Langevin equation: its drift is
    /// left out in Weyl order, and [`Langevin::neglected`] says so.
    pub fn with_noise(model: &Model, ordering: Ordering, noise: Noise) -> Self {
        let jumps: Vec<(String, Operator)> =
            model.jumps.iter().map(|j| (j.label.clone(), j.operator.clone())).collect();
        let mut equations =
            Self::from_parts(&model.spins(), &model.generator(), &jumps, ordering, noise, &model.names());
        let vacuum = if noise == Noise::Thermal { 0.0 } else { 0.5 };
        for bath in model.baths.iter().filter(|b| !b.momentum.is_zero() && noise != Noise::Off) {
            let noise = bath.rate.mul(&bath.occupation.add(&Scalar::real(vacuum))).mul(&bath.momentum);
            equations.momentum.push((bath.mode.0 as usize, Polynomial::scalar(noise)));
        }
        if model.antihermitian.is_zero() {
            return equations;
        }
        if ordering == Ordering::Wigner {
            equations
                .neglected
                .push("the anti-Hermitian part: the Wigner function diffuses with either sign".to_owned());
            return equations;
        }
        for (k, gain) in gain(model).enumerate() {
            equations.ito[k] = equations.ito[k].add(&gain);
            equations.stratonovich[k] = equations.stratonovich[k].add(&gain);
        }
        equations.weight = model.antihermitian.normal_symbol().scale(&Scalar::real(2.0));
        equations
    }

    /// Equations from bare operators over modes 0 … n − 1; the jumps with names for [`Langevin::neglected`].
    pub fn from_operators(
        n: usize,
        hamiltonian: &Operator,
        jumps: &[(String, Operator)],
        ordering: Ordering,
        names: &Names,
    ) -> Self {
        Self::from_parts(&vec![None; n], hamiltonian, jumps, ordering, ordering.noise(), names)
    }

    fn from_parts(
        twice: &[Option<u32>],
        hamiltonian: &Operator,
        jumps: &[(String, Operator)],
        ordering: Ordering,
        noise: Noise,
        names: &Names,
    ) -> Self {
        let bare: Vec<Operator> = jumps.iter().map(|(_, l)| l.clone()).collect();
        let generator = Generator::new(hamiltonian, &bare);
        let spins = spins(twice, &bare);
        let moving: Vec<Operator> = variables_of(twice, &spins);
        let n = moving.len();
        let drift: Vec<Polynomial> = moving
            .iter()
            .map(|x| {
                let rate = generator.apply(x);
                match ordering {
                    Ordering::Wigner => rate.symmetric_symbol(twice),
                    Ordering::Classical => rate.product_symbol(twice),
                }
            })
            .collect();
        let all_fields = |noise: Noise| all_fields(jumps, twice, &moving, noise);
        let correction = |fields: &[Vec<Polynomial>], k: usize| correction(fields, &spins, k);
        let (fields, constant) = all_fields(noise);
        // The drift in the sense of Stratonovich belongs to the model and the ordering, not to the noise.
        let own = if noise == ordering.noise() { None } else { Some(all_fields(ordering.noise()).0) };
        let own = own.as_ref().unwrap_or(&fields);
        let stratonovich: Vec<Polynomial> = (0..n).map(|k| drift[k].sub(&correction(own, k))).collect();
        let ito = match noise == ordering.noise() {
            true => drift,
            false => (0..n).map(|k| stratonovich[k].add(&correction(&fields, k))).collect(),
        };
        let neglected = match (ordering, noise) {
            (Ordering::Wigner, _) if spins.is_empty() => neglected(hamiltonian, jumps, names),
            (Ordering::Wigner, _) => neglected_with_spins(twice),
            (_, Noise::Thermal) => {
                vec!["the noise of the vacuum, ½ in each mode, and the order of operators".to_owned()]
            }
            (_, Noise::Symmetric) => vec!["the order of operators".to_owned()],
            (_, Noise::Additive) => {
                vec!["the order of operators, and how the noise of nonlinear jumps depends on the state".to_owned()]
            }
            (_, Noise::Off) => vec!["all noise, and the order of operators".to_owned()],
        };
        Self {
            modes: n,
            spins,
            ordering,
            noise,
            ito,
            stratonovich,
            fields,
            constant,
            momentum: Vec::new(),
            weight: Polynomial::zero(),
            neglected,
        }
    }

    /// The same equations with the logarithm of the weight as one more variable: q of a mode n + 1, whose p rests.
    #[must_use]
    pub fn weighed(&self) -> Self {
        let mut more = self.clone();
        more.modes += 1;
        // The quadrature is √2 times the real part.
        let rate = self.weight.scale(&Scalar::real(std::f64::consts::FRAC_1_SQRT_2));
        more.ito.push(rate.clone());
        more.stratonovich.push(rate);
        more.fields.iter_mut().chain(&mut more.constant).for_each(|field| field.push(Polynomial::zero()));
        more
    }

    /// Whether the noise depends on the state (or a drive), so that Itô and Stratonovich differ.
    pub fn multiplicative(&self) -> bool {
        !self.fields.is_empty()
    }
}

/// a of the bosons and J₋ of the spins, then J_z of the spins.
fn variables_of(twice: &[Option<u32>], spins: &[Spin]) -> Vec<Operator> {
    let of_modes = twice.iter().enumerate().map(|(k, spin)| lowering(k, spin.is_some()));
    of_modes.chain(spins.iter().map(|s| Operator::spin_z(ModeId(s.mode as u32)))).collect()
}

/// Real noise fields of all jumps, with and without dependence on state or time.
fn all_fields(
    jumps: &[(String, Operator)],
    twice: &[Option<u32>],
    moving: &[Operator],
    noise: Noise,
) -> (Vec<Vec<Polynomial>>, Vec<Vec<Polynomial>>) {
    let (mut fields, mut constant) = (Vec::new(), Vec::new());
    for (_, jump) in jumps {
        let of_spins = jump.modes().iter().any(|m| twice[m.0 as usize].is_some());
        let list = match of_spins {
            true => of_jump_on_spins(jump, twice, moving, noise),
            false => of_jump(&jump.weyl_symbol(), moving.len(), noise),
        };
        for field in list.into_iter().filter(|v| v.iter().any(|p| !p.is_zero())) {
            let still = field.iter().all(|p| p.degree() == 0 && !p.depends_on_time());
            let target = if still { &mut constant } else { &mut fields };
            target.push(field);
        }
    }
    (fields, constant)
}

/// The same as [`of_jump`] with a_k = [X_k, L†], b_k = [X_k, L] in symmetric order.
fn of_jump_on_spins(jump: &Operator, twice: &[Option<u32>], moving: &[Operator], noise: Noise) -> Vec<Vec<Polynomial>> {
    if noise == Noise::Off {
        return Vec::new();
    }
    let with = |l: &Operator| moving.iter().map(|x| commutator(x, l).symmetric_symbol(twice)).collect();
    real_fields(with(&jump.adjoint()), with(jump), noise)
}

/// The two real noise fields of a jump: ½(a − b) and (i/2)(a + b) with a_k = ∂ℓ*/∂z_k*, b_k = ∂ℓ/∂z_k*.
fn of_jump(symbol: &Polynomial, n: usize, noise: Noise) -> Vec<Vec<Polynomial>> {
    if noise == Noise::Off {
        return Vec::new();
    }
    let conjugate = symbol.conj();
    let gradient = |p: &Polynomial| -> Vec<Polynomial> {
        let exact = (0..n).map(|k| p.derivative_conj(ModeId(k as u32)));
        if noise == Noise::Additive && symbol.degree() > 1 {
            exact.map(|p| at_one(&p)).collect()
        } else {
            exact.collect()
        }
    };
    real_fields(gradient(&conjugate), gradient(symbol), noise)
}

/// ½(a − b) and (i/2)(a + b), or what the noise of the baths alone makes of them.
fn real_fields(a: Vec<Polynomial>, b: Vec<Polynomial>, noise: Noise) -> Vec<Vec<Polynomial>> {
    let times =
        |c: c64, v: Vec<Polynomial>| -> Vec<Polynomial> { v.iter().map(|p| p.scale(&Scalar::number(c))).collect() };
    let difference: Vec<Polynomial> = a.iter().zip(&b).map(|(a, b)| a.sub(b)).collect();
    let sum: Vec<Polynomial> = a.iter().zip(&b).map(|(a, b)| a.add(b)).collect();
    let single = [&difference, &sum].into_iter().any(|v| v.iter().all(Polynomial::is_zero));
    if noise == Noise::Thermal && !single {
        let root = std::f64::consts::FRAC_1_SQRT_2;
        return vec![times(c64::new(root, 0.0), b.clone()), times(c64::new(0.0, root), b)];
    }
    vec![times(c64::new(0.5, 0.0), difference), times(c64::new(0.0, 0.5), sum)]
}

/// The value of a polynomial where every amplitude is 1.
fn at_one(p: &Polynomial) -> Polynomial {
    Polynomial::scalar(p.iter().fold(Scalar::zero(), |sum, (_, c)| sum.add(c)))
}

/// ½ Σ_j (V_j·∇) V_jk = ½ Σ_j Σ_l ( V_jl ∂V_jk/∂z_l + V_jl* ∂V_jk/∂z_l* ).
fn correction(fields: &[Vec<Polynomial>], spins: &[Spin], k: usize) -> Polynomial {
    let mut sum = Polynomial::zero();
    for field in fields {
        for mode in field[k].modes() {
            let component = &field[mode.0 as usize];
            sum = sum.add(&component.mul(&field[k].derivative(mode)));
            sum = sum.add(&component.conj().mul(&field[k].derivative_conj(mode)));
            if let Some(spin) = spins.iter().find(|s| s.mode == mode.0 as usize) {
                sum = sum.add(&field[spin.z].mul(&field[k].derivative_z(mode)));
            }
        }
    }
    sum.scale(&Scalar::real(0.5))
}

/// Jumps on more modes are not analysed term by term.
const MOST_MODES: usize = 3;

fn neglected(hamiltonian: &Operator, jumps: &[(String, Operator)], names: &Names) -> Vec<String> {
    let mut list = Vec::new();
    let symbol = hamiltonian.weyl_symbol();
    let high: Vec<_> = symbol.iter().filter(|(m, _)| m.degree() >= 3).collect();
    if !high.is_empty() {
        let degree = high.iter().map(|(m, _)| m.degree()).max().unwrap_or(3);
        let orders = match degree {
            3 | 4 => "third derivatives",
            5 | 6 => "third and fifth derivatives",
            _ => "third and higher odd derivatives",
        };
        let shown = 6;
        let terms = Polynomial::from_terms(high.iter().take(shown).map(|(m, c)| ((*m).clone(), (*c).clone())));
        let more = if high.len() > shown { format!(" and {} more terms", high.len() - shown) } else { String::new() };
        list.push(format!(
            "{orders} of the Wigner function, from the terms of H with the symbol {}{more}",
            terms.text(names)
        ));
    }
    for (label, jump) in jumps.iter().filter(|(_, l)| l.weyl_symbol().degree() >= 2) {
        let modes: Vec<ModeId> = jump.modes().into_iter().collect();
        if modes.len() > MOST_MODES {
            list.push(format!("third and higher derivatives of the Wigner function from the jump {label}"));
            continue;
        }
        let expansion = JumpExpansion::new(jump, &modes);
        if let Some(correction) = expansion.diffusion_correction() {
            list.push(format!(
                "the diffusion from the jump {label} beyond its leading order: ⟨dz dz*⟩ has {} more",
                correction.text(names)
            ));
        }
        if expansion.third() {
            list.push(format!("third and higher derivatives of the Wigner function from the jump {label}"));
        }
    }
    list
}

/// What the motion of vectors leaves out of spins.
fn neglected_with_spins(twice: &[Option<u32>]) -> Vec<String> {
    let mut list = Vec::new();
    if twice.contains(&Some(1)) {
        list.push(
            "of spins 1/2 the correlations beyond those that the sampled start and the classical motion make"
                .to_owned(),
        );
    }
    if let Some(shortest) = twice.iter().flatten().filter(|t| **t > 1).min() {
        list.push(format!(
            "of longer spins the corrections to the classical motion, of relative order 1/(2j) = {:.1e}",
            1.0 / f64::from(*shortest)
        ));
    }
    if twice.iter().any(Option::is_none) {
        list.push(
            "third and higher derivatives of the Wigner function of the bosons, where they are not coupled linearly"
                .to_owned(),
        );
    }
    list
}

/// The dissipator of one jump as a differential operator on Weyl symbols.
struct JumpExpansion {
    generator: Generator,
    symbol: Polynomial,
    /// z and z* of each mode.
    variables: Vec<Polynomial>,
    first: Vec<Polynomial>,
}

impl JumpExpansion {
    fn new(jump: &Operator, modes: &[ModeId]) -> Self {
        let generator = Generator::new(&Operator::zero(), std::slice::from_ref(jump));
        let variables: Vec<Polynomial> =
            modes.iter().flat_map(|&m| [Polynomial::amplitude(m), Polynomial::amplitude_conj(m)]).collect();
        let mut expansion = Self { generator, symbol: jump.weyl_symbol(), variables, first: Vec::new() };
        expansion.first = expansion.variables.iter().map(|v| expansion.rate(v)).collect();
        expansion
    }

    fn rate(&self, symbol: &Polynomial) -> Polynomial {
        self.generator.apply(&Operator::from_weyl(symbol)).weyl_symbol()
    }

    /// B_uv of two variables.
    fn second(&self, u: usize, v: usize) -> Polynomial {
        let (x, y) = (&self.variables[u], &self.variables[v]);
        self.rate(&x.mul(y)).sub(&self.first[u].mul(y)).sub(&x.mul(&self.first[v]))
    }

    /// What the gradients of the symbol miss of ⟨dz dz*⟩, for the first mode where they miss something.
    fn diffusion_correction(&self) -> Option<Polynomial> {
        let modes: Vec<ModeId> = self.symbol.modes().into_iter().collect();
        modes.iter().enumerate().find_map(|(k, &mode)| {
            let (a, b) = (self.symbol.conj().derivative_conj(mode), self.symbol.derivative_conj(mode));
            let leading = a.mul(&a.conj()).add(&b.mul(&b.conj())).scale(&Scalar::real(0.5));
            let correction = self.second(2 * k, 2 * k + 1).sub(&leading);
            (!correction.is_zero()).then_some(correction)
        })
    }

    /// Whether there are third derivatives.
    fn third(&self) -> bool {
        let n = self.variables.len();
        let vars = &self.variables;
        for u in 0..n {
            for v in u..n {
                for w in v..n {
                    let product = vars[u].mul(&vars[v]).mul(&vars[w]);
                    let mut rest = self.rate(&product);
                    for (x, y, z) in [(u, v, w), (v, u, w), (w, u, v)] {
                        rest = rest.sub(&self.first[x].mul(&vars[y]).mul(&vars[z]));
                        rest = rest.sub(&self.second(y, z).mul(&vars[x]));
                    }
                    if !rest.is_zero() {
                        return true;
                    }
                }
            }
        }
        false
    }
}

/// One entry of a row: coefficient Σ Re(w s) or Σ Im(w s) over scalars s, times a product of quadratures.
#[derive(Clone, Debug)]
struct Entry {
    word: u32,
    imaginary: bool,
    parts: Vec<(c64, u32)>,
    moving: bool,
}

/// Polynomials in the quadratures, compiled for lanes: which products occur, which enter which row. Immutable.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    variables: usize,
    products: Vec<(u32, u32)>,
    /// Start of each real row in `entries`.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    scalars: Compiled,
    moving: bool,
}

impl Shape {
    /// Compiles complex polynomials; row 2j is √2 Re of polynomial j, row 2j + 1 is √2 Im. Of variables the last are J_z of the spins, and with
    /// spins every `modes` polynomials are the rates of all variables.
    pub(crate) fn new(polynomials: &[&Polynomial], modes: usize, spins: &[Spin]) -> Self {
        let first_real = modes - spins.len();
        let mut scalars: Vec<Scalar> = Vec::new();
        let mut index: BTreeMap<Scalar, u32> = BTreeMap::new();
        let mut shape = Self {
            variables: 2 * modes,
            products: Vec::new(),
            starts: vec![0],
            entries: Vec::new(),
            scalars: Compiled::default(),
            moving: false,
        };
        let mut words: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        for (row, polynomial) in polynomials.iter().enumerate() {
            let mut sums: BTreeMap<Vec<u32>, Vec<(c64, u32)>> = BTreeMap::new();
            for (monomial, coefficient) in polynomial.iter() {
                let number = *index.entry(coefficient.clone()).or_insert_with(|| {
                    scalars.push(coefficient.clone());
                    scalars.len() as u32 - 1
                });
                for (list, weight) in expand(&variables_with(monomial, modes, spins), modes) {
                    sums.entry(list).or_default().push((weight * std::f64::consts::SQRT_2, number));
                }
            }
            for imaginary in [false, true] {
                for (list, parts) in &sums {
                    let moving = parts.iter().any(|(_, s)| scalars[*s as usize].depends_on_time());
                    // A part that vanishes whatever the scalar's size, because its phase is known.
                    let real = !spins.is_empty() && row % modes >= first_real;
                    let alive = !(imaginary && real)
                        && parts.iter().any(|(w, s)| {
                            let (re, im) = (!scalars[*s as usize].re().is_zero(), !scalars[*s as usize].im().is_zero());
                            if imaginary {
                                (re && w.im != 0.0) || (im && w.re != 0.0)
                            } else {
                                (re && w.re != 0.0) || (im && w.im != 0.0)
                            }
                        });
                    if alive {
                        let word = word(&mut words, &mut shape.products, list, 2 * modes);
                        shape.entries.push(Entry { word, imaginary, parts: parts.clone(), moving });
                        shape.moving |= moving;
                    }
                }
                shape.starts.push(shape.entries.len() as u32);
            }
        }
        shape.scalars = Compiled::new(&scalars);
        shape
    }

    /// Number of words of scratch: 1, the variables, the products.
    pub(crate) fn words(&self) -> usize {
        1 + self.variables + self.products.len()
    }

    /// Number of real rows.
    pub(crate) fn rows(&self) -> usize {
        self.starts.len() - 1
    }
}

/// Π z and z* of the listed variables (k for z_k, n + k for z_k*) as real monomials of the quadratures with weights.
fn expand(list: &[u32], modes: usize) -> Vec<(Vec<u32>, c64)> {
    let root = std::f64::consts::FRAC_1_SQRT_2;
    let mut sums: BTreeMap<Vec<u32>, c64> = BTreeMap::from([(Vec::new(), c64::new(1.0, 0.0))]);
    for &variable in list {
        let (mode, sign) = if (variable as usize) < modes { (variable, 1.0) } else { (variable - modes as u32, -1.0) };
        let mut next: BTreeMap<Vec<u32>, c64> = BTreeMap::new();
        for (word, weight) in sums {
            for (quadrature, factor) in [(2 * mode, c64::new(root, 0.0)), (2 * mode + 1, c64::new(0.0, sign * root))] {
                let mut longer = word.clone();
                longer.push(quadrature);
                longer.sort_unstable();
                *next.entry(longer).or_default() += weight * factor;
            }
        }
        sums = next;
    }
    let scale = 1e-12 * root.powi(list.len() as i32);
    sums.into_iter()
        .map(|(word, w)| {
            // 1/√2 to an even power is exact, but not in floating point.
            (word, c64::new(if w.re.abs() < scale { 0.0 } else { w.re }, if w.im.abs() < scale { 0.0 } else { w.im }))
        })
        .filter(|(_, w)| *w != c64::new(0.0, 0.0))
        .collect()
}

fn word(known: &mut BTreeMap<Vec<u32>, u32>, products: &mut Vec<(u32, u32)>, list: &[u32], variables: usize) -> u32 {
    match list {
        [] => 0,
        [v] => v + 1,
        [head @ .., last] => {
            if let Some(&k) = known.get(list) {
                return k;
            }
            let left = word(known, products, head, variables);
            products.push((left, last + 1));
            let k = (variables + products.len()) as u32;
            known.insert(list.to_vec(), k);
            k
        }
    }
}

/// A shape with numbers.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    shape: Arc<Shape>,
    parameters: Vec<f64>,
    pub(crate) products: Vec<(u32, u32)>,
    pub(crate) starts: Vec<u32>,
    pub(crate) words: Vec<u32>,
    pub(crate) coefficients: Vec<f64>,
    /// Which entries of the shape were kept.
    kept: Vec<u32>,
}

impl Program {
    /// Binds parameters; entries that vanish are dropped, and the products that only they need.
    pub(crate) fn new(shape: &Arc<Shape>, parameters: &[f64]) -> Result<Self, EvalError> {
        let mut program = Self {
            shape: Arc::clone(shape),
            parameters: parameters.to_vec(),
            products: shape.products.clone(),
            starts: vec![0],
            words: Vec::new(),
            coefficients: Vec::new(),
            kept: Vec::new(),
        };
        let mut scratch = shape.scalars.scratch();
        let mut values = vec![c64::new(0.0, 0.0); shape.scalars.len()];
        shape.scalars.eval(parameters, 0.0, &mut scratch, &mut values)?;
        for row in 0..shape.rows() {
            for k in shape.starts[row]..shape.starts[row + 1] {
                let entry = &shape.entries[k as usize];
                let value = entry.value(&values);
                if value != 0.0 || entry.moving {
                    program.words.push(entry.word);
                    program.coefficients.push(value);
                    program.kept.push(k);
                }
            }
            program.starts.push(program.words.len() as u32);
        }
        Ok(program)
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Scratch space for coefficients that depend on time; `None` where none does.
    pub(crate) fn clock(&self) -> Option<Clock> {
        self.shape.moving.then(|| Clock {
            scratch: self.shape.scalars.scratch(),
            values: vec![c64::new(0.0, 0.0); self.shape.scalars.len()],
        })
    }

    /// The coefficients at a time; NaN where a drive has no finite value, which counts as a diverged trajectory.
    pub(crate) fn at(&self, time: f64, clock: &mut Clock, out: &mut Vec<f64>) {
        out.clear();
        if self.shape.scalars.eval(&self.parameters, time, &mut clock.scratch, &mut clock.values).is_err() {
            out.resize(self.kept.len(), f64::NAN);
            return;
        }
        out.extend(self.kept.iter().map(|k| self.shape.entries[*k as usize].value(&clock.values)));
    }
}

impl Entry {
    fn value(&self, scalars: &[c64]) -> f64 {
        let part = |(w, s): &(c64, u32)| {
            let z = w * scalars[*s as usize];
            if self.imaginary { z.im } else { z.re }
        };
        self.parts.iter().map(part).sum()
    }
}

/// Working memory of time-dependent coefficients.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    scratch: Scratch,
    values: Vec<c64>,
}

/// Why equations have no numbers.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LangevinError {
    /// An expression without a finite value.
    #[error("a coefficient of the Langevin equations has no finite value: {0:?}")]
    Value(Box<EvalError>),
    /// Noise that is no noise.
    #[error("{0}")]
    Noise(#[from] LinearError),
}

impl From<EvalError> for LangevinError {
    fn from(error: EvalError) -> Self {
        LangevinError::Value(Box::new(error))
    }
}

/// The equations of a model, compiled once and bound to numbers as often as wanted.
#[derive(Clone, Debug)]
pub struct LangevinKernel {
    pub(crate) modes: usize,
    ordering: Ordering,
    ito: Arc<Shape>,
    stratonovich: Arc<Shape>,
    fields: Arc<Shape>,
    constant: Arc<Shape>,
    momentum: Arc<Shape>,
    momentum_modes: Vec<usize>,
}

/// Drift and noise with the numbers of one parameter set.
#[derive(Clone, Debug)]
pub struct BoundLangevin {
    /// Number of modes.
    pub modes: usize,
    /// The ordering.
    pub ordering: Ordering,
    pub(crate) ito: Program,
    pub(crate) stratonovich: Program,
    /// One row of 2n for each field.
    pub(crate) fields: Program,
    pub(crate) field_count: usize,
    /// D of the constant noise.
    pub diffusion: RMatrix,
    pub(crate) constant: SparseRows,
    pub(crate) constant_count: usize,
}

impl LangevinKernel {
    /// Compiles.
    pub fn new(equations: &Langevin) -> Self {
        let n = equations.modes;
        let shape = |list: Vec<&Polynomial>| Arc::new(Shape::new(&list, n, &equations.spins));
        Self {
            modes: n,
            ordering: equations.ordering,
            ito: shape(equations.ito.iter().collect()),
            stratonovich: shape(equations.stratonovich.iter().collect()),
            fields: shape(equations.fields.iter().flatten().collect()),
            constant: shape(equations.constant.iter().flatten().collect()),
            momentum: shape(equations.momentum.iter().map(|(_, noise)| noise).collect()),
            momentum_modes: equations.momentum.iter().map(|(k, _)| *k).collect(),
        }
    }

    /// Numbers of one parameter set.
    ///
    /// # Errors
    /// [`LangevinError`].
    pub fn bind(&self, parameters: &[f64]) -> Result<BoundLangevin, LangevinError> {
        let n = 2 * self.modes;
        // Constant fields are rows of constants: many linear jumps become as few noises as D has rank.
        let constant = Program::new(&self.constant, parameters)?;
        let mut diffusion = RMatrix::zeros(n, n);
        for field in 0..constant.shape.rows() / n {
            let value = |i: usize| -> f64 {
                let row = field * n + i;
                constant.coefficients[constant.starts[row] as usize..constant.starts[row + 1] as usize].iter().sum()
            };
            let v: Vec<f64> = (0..n).map(value).collect();
            for i in 0..n {
                for j in 0..n {
                    diffusion[(i, j)] += v[i] * v[j];
                }
            }
        }
        let momentum = Program::new(&self.momentum, parameters)?;
        for (j, k) in self.momentum_modes.iter().enumerate() {
            let range = momentum.starts[2 * j] as usize..momentum.starts[2 * j + 1] as usize;
            let noise: f64 = momentum.coefficients[range].iter().sum::<f64>() * std::f64::consts::FRAC_1_SQRT_2;
            diffusion[(2 * k, 2 * k)] -= noise;
            diffusion[(2 * k + 1, 2 * k + 1)] += noise;
        }
        drop_rounding(&mut diffusion);
        let factor = factor(&diffusion, "diffusion matrix")?;
        Ok(BoundLangevin {
            modes: self.modes,
            ordering: self.ordering,
            ito: Program::new(&self.ito, parameters)?,
            stratonovich: Program::new(&self.stratonovich, parameters)?,
            fields: Program::new(&self.fields, parameters)?,
            field_count: self.fields.rows() / n,
            constant: SparseRows::new(&[&factor]),
            diffusion,
            constant_count: factor.cols(),
        })
    }
}
