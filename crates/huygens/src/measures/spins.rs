//! Of spins in density matrices: means, squeezing, and the phase by the Husimi function.

use huygens_numerics::linalg::{RMatrix, symmetric_eigen};
use huygens_numerics::special::ln_gamma;

use super::{Argument, Average, Collective, Definition, DensityView, Evaluate, Reading, Signature, arguments};
use crate::algebra::{ModeId, Operator};
use crate::levels::fock::Density;

/// Samples of a phase distribution over a turn.
const PHASES: usize = 256;

/// ⟨J_x⟩.
pub(super) const SPIN_X: Definition = Definition {
    name: "jx",
    signature: Signature::Modes(1),
    formula: "⟨J_x⟩ of a spin, J_x = (J₊ + J₋)/2; the phase of a spin is that of ⟨J_x + iJ_y⟩",
    range: "[−j, j]",
    unit: "1",
    levels: &["fock"],
    source: "definition",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Density(|view, arguments| mean(view, arguments, Operator::spin_x)),
};

/// ⟨J_y⟩.
pub(super) const SPIN_Y: Definition = Definition {
    name: "jy",
    formula: "⟨J_y⟩ of a spin, J_y = (J₊ − J₋)/2i",
    evaluate: Evaluate::Density(|view, arguments| mean(view, arguments, Operator::spin_y)),
    ..SPIN_X
};

/// ⟨J_z⟩.
pub(super) const SPIN_Z: Definition = Definition {
    name: "jz",
    formula: "⟨J_z⟩ of a spin; −j in its lowest state. σ_z of a two-level system is 2J_z",
    evaluate: Evaluate::Density(|view, arguments| mean(view, arguments, Operator::spin_z)),
    ..SPIN_X
};

/// ξ².
pub(super) const SPIN_SQUEEZING: Definition = Definition {
    name: "spin_squeezing",
    formula: "ξ² = 2j min Var(J_⊥)/|⟨J⟩|², the least variance across the mean spin: below 1 squeezed, 1 for coherent states",
    range: "[0, ∞)",
    source: "Wineland et al., PRA 50, 67 (1994)",
    evaluate: Evaluate::Density(squeezing),
    ..SPIN_X
};

/// P(φ).
pub(super) const SPIN_PHASE_DISTRIBUTION: Definition = Definition {
    name: "spin_phase_distribution",
    signature: Signature::Oscillators(1),
    formula: "P(φ) = ∫ sin θ dθ Q(θ, φ), Q = (2j + 1)/4π ⟨θφ|ρ|θφ⟩ with spin coherent states; of the difference φ₁ − φ₂ of two spins by \
              Q(θ₁φ₁θ₂φ₂). The value is the largest P",
    range: "[0, ∞); 1/2π for a phase that is anywhere",
    unit: "1/rad",
    source: "Roulet and Bruder, PRL 121, 053601 and 063601 (2018)",
    evaluate: Evaluate::Density(distribution),
    ..SPIN_X
};

/// S_max.
pub(super) const SPIN_LOCKING: Definition = Definition {
    name: "spin_locking",
    formula: "max_φ S(φ), S(φ) = P(φ) − 1/2π of spin_phase_distribution: how strongly a phase is preferred, of one spin against its drive, \
              of two against each other",
    range: "[0, ∞); 0 without synchronization",
    source: "Roulet and Bruder, PRL 121, 053601 (2018), eq. 8",
    evaluate: Evaluate::Density(|view, arguments| {
        let list = distribution(view, arguments)?;
        Ok(Reading { value: list.value - 0.5 / std::f64::consts::PI, list: None })
    }),
    ..SPIN_PHASE_DISTRIBUTION
};

fn average(density: &Density, operator: &Operator) -> Result<f64, String> {
    density.average(operator, &[], 0.0).map(|z| z.re).map_err(|e| e.to_string())
}

fn mean(view: &DensityView<'_>, arguments: &[Argument], of: fn(ModeId) -> Operator) -> Result<Reading, String> {
    average(view.density, &of(ModeId(arguments::one(arguments) as u32))).map(Reading::from)
}

fn twice(view: &DensityView<'_>, spin: usize) -> Result<u32, String> {
    view.density.layout().space().spin(spin).ok_or_else(|| "is a measure of spins".to_owned())
}

fn squeezing(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let spin = arguments::one(arguments);
    let id = ModeId(spin as u32);
    let axes = [Operator::spin_x(id), Operator::spin_y(id), Operator::spin_z(id)];
    let mut mean = [0.0; 3];
    for (m, axis) in mean.iter_mut().zip(&axes) {
        *m = average(view.density, axis)?;
    }
    let length = mean.iter().map(|m| m * m).sum::<f64>().sqrt();
    let j = 0.5 * f64::from(twice(view, spin)?);
    if length <= 1e-12 * j {
        return Err("the mean spin is 0: there is nothing across it".into());
    }
    let mut covariance = RMatrix::zeros(3, 3);
    for a in 0..3 {
        for b in 0..3 {
            let product = axes[a].mul(&axes[b]).add(&axes[b].mul(&axes[a]));
            covariance[(a, b)] = 0.5 * average(view.density, &product)? - mean[a] * mean[b];
        }
    }
    // Across the mean: project, and set it aside by a large number.
    let along = mean.map(|m| m / length);
    let across = RMatrix::from_fn(3, 3, |a, b| f64::from(u8::from(a == b)) - along[a] * along[b]);
    let large = 1.0 + covariance.norm_max() * 8.0;
    let projected = &(&across * &covariance) * &across;
    let shifted = RMatrix::from_fn(3, 3, |a, b| projected[(a, b)] + large * along[a] * along[b]);
    let (values, _) = symmetric_eigen(&shifted).map_err(|e| e.to_string())?;
    let least = values.into_iter().fold(f64::INFINITY, f64::min);
    Ok(Reading::from(2.0 * j * least / (length * length)))
}

/// 2π times (2j + 1)/4π √(C(2j, n) C(2j, m)) ∫ sin θ cos^{n+m}(θ/2) sin^{4j−n−m}(θ/2) dθ, the weight of ⟨n|ρ|m⟩ in 2πP.
fn weight(twice: u32, n: i32, m: i32) -> f64 {
    let all = f64::from(twice);
    let ln_choose = |n: i32| {
        let n = f64::from(n);
        ln_gamma(all + 1.0) - ln_gamma(n + 1.0) - ln_gamma(all - n + 1.0)
    };
    let half = 0.5 * f64::from(n + m);
    let beta = ln_gamma(half + 1.0) + ln_gamma(all - half + 1.0) - ln_gamma(all + 2.0);
    (all + 1.0) * (0.5 * (ln_choose(n) + ln_choose(m)) + beta).exp()
}

fn distribution(view: &DensityView<'_>, arguments: &[Argument]) -> Result<Reading, String> {
    let spins = arguments::modes(arguments);
    let (first, second) = match spins.as_slice() {
        [one] => (*one, None),
        [one, two] if one != two => (*one, Some(*two)),
        _ => return Err("takes one spin, or two different ones".into()),
    };
    let top = twice(view, first)?;
    let other = second.map(|s| twice(view, s)).transpose()?;
    let step = std::f64::consts::TAU / PHASES as f64;
    let angles = (0..=PHASES).map(|k| k as f64 * step - std::f64::consts::PI);
    // J₊ raises n and turns as e^{iφ}: the coefficient of e^{−iqφ} is that of ⟨n|ρ|n + q⟩.
    let list = view.density.waves(first, second, angles, |shift| {
        view.density.ladder(shift, |n| {
            [(Some(first), Some(top)), (second, other)]
                .into_iter()
                .filter_map(|(spin, twice)| Some((spin?, twice?)))
                .map(|(spin, twice)| {
                    let (from, to) = (n[spin], n[spin] + shift[spin]);
                    if (0..=twice as i32).contains(&to) { weight(twice, to, from) } else { 0.0 }
                })
                .product()
        })
    });
    let value = list.iter().map(|p| p[1]).fold(0.0, f64::max);
    Ok(Reading { value, list: Some(list) })
}
