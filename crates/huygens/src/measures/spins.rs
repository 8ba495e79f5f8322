//! Of spins: means and squeezing by the moments, and in density matrices the phase by the Husimi function.

use huygens_numerics::special::ln_gamma;

use super::{
    Argument, Average, Collective, Definition, DensityView, Evaluate, MEANS, Moments, Reading, Signature, arguments,
};
use crate::levels::equations::Spin;
use crate::levels::mean_field::tangent::across;

/// Levels that give second moments of spins.
const FLUCTUATIONS_OF_SPINS: &[&str] = &["gaussian", "stochastic", "fock"];

/// Samples of a phase distribution over a turn.
const PHASES: usize = 256;

/// ⟨J_x⟩.
pub(super) const SPIN_X: Definition = Definition {
    name: "jx",
    signature: Signature::Modes(1),
    formula: "⟨J_x⟩ of a spin, J_x = (J₊ + J₋)/2; the phase of a spin is that of ⟨J_x + iJ_y⟩",
    range: "[−j, j]",
    unit: "1",
    levels: MEANS,
    source: "definition",
    collective: Collective::Blind,
    average: Average::Mean,
    evaluate: Evaluate::Moments(|state, arguments| mean(state, arguments)[0]),
};

/// ⟨J_y⟩.
pub(super) const SPIN_Y: Definition = Definition {
    name: "jy",
    formula: "⟨J_y⟩ of a spin, J_y = (J₊ − J₋)/2i",
    evaluate: Evaluate::Moments(|state, arguments| mean(state, arguments)[1]),
    ..SPIN_X
};

/// ⟨J_z⟩.
pub(super) const SPIN_Z: Definition = Definition {
    name: "jz",
    formula: "⟨J_z⟩ of a spin; −j in its lowest state. σ_z of a two-level system is 2J_z",
    evaluate: Evaluate::Moments(|state, arguments| mean(state, arguments)[2]),
    ..SPIN_X
};

/// ξ².
pub(super) const SPIN_SQUEEZING: Definition = Definition {
    name: "spin_squeezing",
    formula: "ξ² = 2j min Var(J_⊥)/|⟨J⟩|², the least variance across the mean spin: below 1 squeezed, 1 for coherent states",
    range: "[0, ∞)",
    levels: FLUCTUATIONS_OF_SPINS,
    source: "Wineland et al., PRA 50, 67 (1994)",
    collective: Collective::Diffused,
    evaluate: Evaluate::Moments(|state, arguments| squeezing(state, arguments).0),
    ..SPIN_X
};

/// ξ_S².
pub(super) const SPIN_SQUEEZING_VARIANCE: Definition = Definition {
    name: "spin_squeezing_variance",
    formula: "ξ_S² = 2 min Var(J_⊥)/j, the least variance across the mean spin beside that of a coherent state, whatever the length of the \
              mean: below 1 squeezed",
    source: "Kitagawa and Ueda, PRA 47, 5138 (1993)",
    evaluate: Evaluate::Moments(|state, arguments| squeezing(state, arguments).1),
    ..SPIN_SQUEEZING
};

/// P(φ).
pub(super) const SPIN_PHASE_DISTRIBUTION: Definition = Definition {
    name: "spin_phase_distribution",
    signature: Signature::Oscillators(1),
    formula: "P(φ) = ∫ sin θ dθ Q(θ, φ), Q = (2j + 1)/4π ⟨θφ|ρ|θφ⟩ with spin coherent states; of the difference φ₁ − φ₂ of two spins by \
              Q(θ₁φ₁θ₂φ₂). The value is the largest P",
    range: "[0, ∞); 1/2π for a phase that is anywhere",
    unit: "1/rad",
    levels: &["fock"],
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

/// ⟨J⟩; NaN of a mode that is no spin.
fn mean(state: &dyn Moments, arguments: &[Argument]) -> [f64; 3] {
    let k = arguments::one(arguments);
    state.spin(k).map_or([f64::NAN; 3], |spin| components(state, &spin))
}

fn components(state: &dyn Moments, spin: &Spin) -> [f64; 3] {
    let z = state.mean(spin.mode);
    [z.re, -z.im, state.mean(spin.z).re]
}

fn twice(view: &DensityView<'_>, spin: usize) -> Result<u32, String> {
    view.density.layout().space().spin(spin).ok_or_else(|| "is a measure of spins".to_owned())
}

/// ξ² and ξ_S²; NaN where the mean spin is 0, which has nothing across it.
fn squeezing(state: &dyn Moments, arguments: &[Argument]) -> (f64, f64) {
    let undefined = (f64::NAN, f64::NAN);
    let Some(spin) = state.spin(arguments::one(arguments)) else { return undefined };
    let mean = components(state, &spin);
    let length = mean.iter().map(|m| m * m).sum::<f64>().sqrt();
    let j = 0.5 * f64::from(spin.twice);
    if length.is_nan() || length <= 1e-12 * j {
        return undefined;
    }
    // The quadratures are √2 (J_x, −J_y, J_z).
    let places = [(spin.mode, 0, 1.0), (spin.mode, 1, -1.0), (spin.z, 0, 1.0)];
    let covariance = |a: usize, b: usize| {
        let ((k, i, up), (l, j, down)) = (places[a], places[b]);
        0.5 * up * down * state.covariance(k, l)[i][j]
    };
    let along = mean.map(|m| m / length);
    let [first, second] = across(along);
    let between = |x: &[f64; 3], y: &[f64; 3]| -> f64 {
        (0..3).map(|a| (0..3).map(|b| x[a] * covariance(a, b) * y[b]).sum::<f64>()).sum()
    };
    let (xx, yy, xy) = (between(&first, &first), between(&second, &second), between(&first, &second));
    let least = 0.5 * (xx + yy) - f64::hypot(0.5 * (xx - yy), xy);
    (2.0 * j * least / (length * length), 2.0 * least / j)
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
