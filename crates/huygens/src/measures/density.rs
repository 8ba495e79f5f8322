//! Measures of a density matrix: those that need more than its moments, and those whose Gaussian formula does not hold for it.

use std::cell::OnceCell;

use super::{
    Argument, Average, Block, Collective, Definition, Dynamics, Evaluate, Moments, Reading, Signature, arguments,
    blocks,
};
use crate::costs::ergotropy::{ergotropy, relative_entropy_to_gibbs};
use huygens_numerics::c64;

use crate::algebra::{ModeId, Operator, Scalar};
use crate::levels::equations::{Spin, spins};
use crate::levels::fock::{Density, FockMoments};

/// Levels that give measures of a density matrix.
const DENSITY: &[&str] = &["fock"];
/// Levels that give energy and entropy of a whole state.
const WHOLE: &[&str] = &["gaussian", "fock", "optimal_path"];

/// Steps of a distribution of phases.
const PHASES: usize = 180;

/// What the uncoupled oscillators are in equilibrium.
#[derive(Clone, Debug)]
pub struct Equilibrium {
    /// Frequencies of H = Σ_k ω_k a_k†a_k, or why H is no such sum.
    pub frequencies: Result<Vec<f64>, String>,
    /// Inverse temperature of the initial state, or why it has none.
    pub beta: Result<f64, String>,
}

impl Equilibrium {
    /// Σ_k ω_k ⟨a_k†a_k⟩ of a state, for frequencies ω.
    pub(crate) fn excess(frequencies: &[f64], state: &dyn Moments) -> f64 {
        frequencies.iter().enumerate().map(|(k, w)| w * (blocks::energy(state, k) - 0.5)).sum()
    }

    /// χ = S_G(E) − S of a state with these moments and this entropy.
    ///
    /// # Errors
    /// Frequencies, or an entropy, that are not there.
    pub fn ergotropy(&self, state: &dyn Moments, entropy: impl FnOnce() -> Result<f64, String>) -> Result<f64, String> {
        let frequencies = self.frequencies.as_ref().map_err(Clone::clone)?;
        ergotropy(frequencies, Self::excess(frequencies, state), entropy()?).map_err(|e| e.to_string())
    }

    /// L = βE + ln Z(β) − S, likewise.
    ///
    /// # Errors
    /// As [`Equilibrium::ergotropy`], and without a temperature.
    pub fn relative_entropy(
        &self,
        state: &dyn Moments,
        entropy: impl FnOnce() -> Result<f64, String>,
    ) -> Result<f64, String> {
        let frequencies = self.frequencies.as_ref().map_err(Clone::clone)?;
        let beta = *self.beta.as_ref().map_err(Clone::clone)?;
        let excess = Self::excess(frequencies, state);
        relative_entropy_to_gibbs(frequencies, beta, excess, entropy()?).map_err(|e| e.to_string())
    }
}

/// A density matrix with what is computed of it once.
pub struct DensityView<'a> {
    /// The state.
    pub density: &'a Density,
    /// Its moments.
    pub moments: FockMoments,
    /// The equilibrium of the uncoupled oscillators.
    pub equilibrium: &'a Equilibrium,
    /// The operators that rates need, where they are asked for.
    pub dynamics: Option<&'a Dynamics>,
    spectrum: OnceCell<Result<Vec<f64>, String>>,
}

impl<'a> DensityView<'a> {
    /// A view of a state.
    pub fn new(density: &'a Density, equilibrium: &'a Equilibrium, dynamics: Option<&'a Dynamics>) -> Self {
        Self { moments: density.moments(), density, equilibrium, dynamics, spectrum: OnceCell::new() }
    }

    /// All eigenvalues, ascending.
    ///
    /// # Errors
    /// Elements that are not finite.
    pub fn spectrum(&self) -> Result<&[f64], String> {
        let spectrum = self.spectrum.get_or_init(|| self.density.spectrum().map_err(|e| e.to_string()));
        spectrum.as_deref().map_err(Clone::clone)
    }

    /// −tr ρ ln ρ of the whole state.
    ///
    /// # Errors
    /// As [`DensityView::spectrum`].
    pub fn entropy(&self) -> Result<f64, String> {
        Ok(entropy_of(self.spectrum()?))
    }

    /// Calls `look` with the moments, those of spins by their operators.
    pub(crate) fn with_spins<T>(&self, look: impl FnOnce(&dyn Moments) -> T) -> T {
        let space = self.density.layout().space();
        let lengths: Vec<Option<u32>> = (0..space.modes()).map(|k| space.spin(k)).collect();
        match lengths.iter().all(Option::is_none) {
            true => look(&self.moments),
            false => look(&SpinMoments { view: self, spins: spins(&lengths, &[]) }),
        }
    }

    /// The state of some modes.
    fn part(&self, modes: &[usize]) -> Option<Density> {
        let all = self.density.layout().space().modes();
        (modes.len() < all || modes.iter().enumerate().any(|(k, m)| k != *m)).then(|| self.density.partial_trace(modes))
    }

    fn entropy_of_modes(&self, modes: &[usize]) -> Result<f64, String> {
        match self.part(modes) {
            Some(part) => part.entropy().map_err(|e| e.to_string()),
            None => self.entropy(),
        }
    }
}

/// Moments of a density matrix over bosons and spins, by their operators: √2 (J_x, −J_y, J_z) of a spin beside q and p of a boson.
struct SpinMoments<'a> {
    view: &'a DensityView<'a>,
    spins: Vec<Spin>,
}

impl SpinMoments<'_> {
    /// The two quadratures of a variable.
    fn quadratures(&self, k: usize) -> [Operator; 2] {
        let id = |k: usize| ModeId(k as u32);
        let root = |x: Operator, sign: f64| x.scale(&Scalar::real(sign * std::f64::consts::SQRT_2));
        if let Some(spin) = self.spins.iter().find(|s| s.z == k) {
            return [root(Operator::spin_z(id(spin.mode)), 1.0), Operator::zero()];
        }
        match self.spin(k) {
            Some(_) => [root(Operator::spin_x(id(k)), 1.0), root(Operator::spin_y(id(k)), -1.0)],
            None => [Operator::q(id(k)), Operator::p(id(k))],
        }
    }

    /// NaN where the state is none.
    fn average(&self, operator: &Operator) -> f64 {
        self.view.density.average(operator, &[], 0.0).map_or(f64::NAN, |z| z.re)
    }
}

impl Moments for SpinMoments<'_> {
    fn modes(&self) -> usize {
        self.view.moments.modes()
    }

    fn mean(&self, k: usize) -> c64 {
        let root = std::f64::consts::FRAC_1_SQRT_2;
        match k < self.modes() && self.spin(k).is_none() {
            true => self.view.moments.mean(k),
            false => {
                let [q, p] = self.quadratures(k);
                c64::new(self.average(&q), self.average(&p)) * root
            }
        }
    }

    fn covariance(&self, k: usize, l: usize) -> Block {
        let boson = |k: usize| k < self.modes() && self.spin(k).is_none();
        if boson(k) && boson(l) {
            return self.view.moments.covariance(k, l);
        }
        let (first, second) = (self.quadratures(k), self.quadratures(l));
        first.each_ref().map(|x| {
            second.each_ref().map(|y| {
                let both = x.mul(y).add(&y.mul(x)).scale(&Scalar::real(0.5));
                self.average(&both) - self.average(x) * self.average(y)
            })
        })
    }

    fn spin(&self, k: usize) -> Option<Spin> {
        self.spins.iter().find(|s| s.mode == k).copied()
    }
}

fn entropy_of(spectrum: &[f64]) -> f64 {
    spectrum.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum()
}

/// A measure of the density matrix.
pub type OfDensity = fn(&DensityView<'_>, &[Argument]) -> Result<Reading, String>;

/// How a measure is computed from a density matrix, of those that the other levels compute by a Gaussian formula; the measures of
/// moments are what they are.
pub(crate) fn exact(name: &str) -> Option<OfDensity> {
    Some(match name {
        "entropy" => |view, arguments| view.entropy_of_modes(&arguments::modes(arguments)).map(Reading::from),
        "purity" => |view, arguments| {
            let part = view.part(&arguments::modes(arguments));
            Ok(Reading::from(part.as_ref().unwrap_or(view.density).purity()))
        },
        "mutual_information" => |view, arguments| {
            let (k, l) = arguments::two(arguments);
            let both = view.entropy_of_modes(&[k.min(l), k.max(l)])?;
            Ok(Reading::from((view.entropy_of_modes(&[k])? + view.entropy_of_modes(&[l])? - both).max(0.0)))
        },
        "log_negativity" => |view, arguments| {
            let (k, l) = arguments::two(arguments);
            let part = view.part(&[k.min(l), k.max(l)]);
            let (state, mode) = match &part {
                Some(part) => (part, 1),
                None => (view.density, k.max(l)),
            };
            state.log_negativity(&[mode]).map(|x| Reading::from(x.max(0.0))).map_err(|e| e.to_string())
        },
        _ => return None,
    })
}

/// χ of Aifer, Thingna and Deffner.
pub(crate) const ERGOTROPY_OF_SYNC: Definition = Definition {
    name: "ergotropy_of_sync",
    signature: Signature::None,
    formula: "χ = S_G(E) − S(ρ), E = tr(ρ H), S_G the entropy of the Gibbs state of the uncoupled oscillators at this energy",
    range: "[0, ∞); 0 in equilibrium at some temperature",
    unit: "nats",
    levels: WHOLE,
    source: "Aifer, Thingna and Deffner, PRL 133, 020401 (2024), eq. 10",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(chi),
};

/// L of Aifer, Thingna and Deffner.
pub(crate) const RELATIVE_ENTROPY_OF_SYNC: Definition = Definition {
    name: "relative_entropy_of_sync",
    formula: "L = tr ρ(ln ρ − ln ρ_β) = βE + ln Z(β) − S(ρ), ρ_β the Gibbs state of the uncoupled oscillators that the run starts from; the work paid is at least L/β",
    range: "[0, ∞); L ≥ χ",
    source: "Aifer, Thingna and Deffner, PRL 133, 020401 (2024), eqs. 14–18",
    evaluate: Evaluate::Density(relative_entropy),
    ..ERGOTROPY_OF_SYNC
};

/// |⟨e^{i(φ₁−φ₂)}⟩|.
pub(crate) const PHASE_COHERENCE: Definition = Definition {
    name: "phase_coherence",
    signature: Signature::Oscillators(1),
    formula: "|⟨e^{iφ}⟩| = |Σ_n ⟨n+1|ρ|n⟩| of one mode, |⟨e^{i(φ₁−φ₂)}⟩| = |Σ ⟨n₁+1, n₂−1|ρ|n₁, n₂⟩| of two, phase states",
    range: "[0, 1]; 0 for a phase that is anywhere, 1 for a sharp one",
    unit: "1",
    levels: DENSITY,
    source: "Pegg and Barnett, PRA 39, 1665 (1989); Barak and Ben-Aryeh, J. Opt. B 7, 123 (2005)",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(phase_coherence),
};

/// P(φ).
pub(crate) const PHASE_DISTRIBUTION: Definition = Definition {
    name: "phase_distribution",
    formula: "P(φ) = (1/2π) Σ_q e^{−iqφ} Σ_n ⟨n+q|ρ|n⟩ of a phase, or of the difference φ₁ − φ₂ of two; the value is the largest P",
    range: "[0, ∞); 1/2π for a phase that is anywhere",
    unit: "1/rad",
    evaluate: Evaluate::Density(phase_distribution),
    ..PHASE_COHERENCE
};

fn chi(view: &DensityView<'_>, _: &[Argument]) -> Result<Reading, String> {
    view.equilibrium.ergotropy(&view.moments, || view.entropy()).map(Reading::from)
}

fn relative_entropy(view: &DensityView<'_>, _: &[Argument]) -> Result<Reading, String> {
    view.equilibrium.relative_entropy(&view.moments, || view.entropy()).map(Reading::from)
}

fn one_or_two(arguments: &[Argument]) -> Result<(usize, Option<usize>), String> {
    match arguments {
        [k] => Ok((k.mode(), None)),
        [k, l] if k.mode() != l.mode() => Ok((k.mode(), Some(l.mode()))),
        _ => Err("takes one mode, or two different ones".into()),
    }
}

fn phase_coherence(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let (first, second) = one_or_two(arguments)?;
    let mut shift = vec![0; view.density.layout().space().modes()];
    shift[first] = 1;
    if let Some(second) = second {
        shift[second] = -1;
    }
    Ok(Reading::from(view.density.phase_coefficient(&shift).norm()))
}

fn phase_distribution(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let (first, second) = one_or_two(arguments)?;
    let list = view.density.phase_distribution(first, second, PHASES);
    let largest = list.iter().map(|point| point[1]).fold(0.0, f64::max);
    Ok(Reading { value: largest, list: Some(list) })
}
