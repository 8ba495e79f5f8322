//! The initial state of a model: a Gaussian state of its bosons, and for each spin j the state of the largest entropy with ⟨J⟩ = j v.

use std::sync::Arc;

use huygens_numerics::c64;
use huygens_numerics::linalg::{LinalgError, RMatrix, symmetric_eigen};
use huygens_numerics::random::Stream;
use huygens_numerics::special::ln_gamma;

use super::density::Density;
use super::generating::{Generating, Mixture};
use super::layout::Layout;
use super::problem::FockError;
use super::space::Space;
use super::start;
use crate::model::{Binding, Model};

/// ρ ∝ e^{η n·J} of a spin j with ⟨J⟩ = j v, n = v/|v|: of all states with this mean the one of the largest entropy; the coherent
/// state along n for |v| = 1, the fully mixed state for v = 0.
#[derive(Clone, Debug)]
pub(super) struct SpinState {
    /// Probabilities of the eigenstates of n·J, −j first.
    probabilities: Vec<f64>,
    /// ⟨n|k⟩ of these eigenstates, one after another.
    vectors: Vec<c64>,
}

impl SpinState {
    /// Of the spin of 2j = `twice` with the Bloch vector v.
    pub(super) fn new(twice: u32, v: [f64; 3]) -> Result<Self, LinalgError> {
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        Self::along(twice, v, brillouin(twice, length))
    }

    /// The part of the length j = N/2 − l of N spins ½ in the same state with the Bloch vector v: the probabilities are those of all
    /// (N choose l) (2j + 1)/(N − l + 1) ways to this length together.
    fn part(members: u32, l: u32, v: [f64; 3]) -> Result<Self, LinalgError> {
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let (n, twice) = (f64::from(members), members - 2 * l);
        let (up, down) = (0.5 * (1.0 + length.min(1.0)), 0.5 * (1.0 - length.min(1.0)));
        let ln_ways = ln_gamma(n + 1.0) - ln_gamma(f64::from(l) + 1.0) - ln_gamma(n - f64::from(l) + 1.0)
            + (f64::from(twice + 1) / (n - f64::from(l) + 1.0)).ln();
        let weight = |k: u32| {
            // l pairs, k spins along and twice − k against v.
            let (along, against) = (f64::from(l + k), f64::from(l + twice - k));
            if down == 0.0 && against > 0.0 {
                return 0.0;
            }
            let against = if against > 0.0 { against * down.ln() } else { 0.0 };
            (ln_ways + along * up.ln() + against).exp()
        };
        Self::along(twice, v, (0..=twice).map(weight).collect())
    }

    fn along(twice: u32, v: [f64; 3], probabilities: Vec<f64>) -> Result<Self, LinalgError> {
        let size = twice as usize + 1;
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let transverse = v[0].hypot(v[1]);
        let mut vectors = vec![c64::new(0.0, 0.0); size * size];
        if transverse <= 1e-15 * length || length == 0.0 {
            let up = v[2] >= 0.0;
            for k in 0..size {
                vectors[k * size + if up { k } else { size - 1 - k }] = c64::new(1.0, 0.0);
            }
            return Ok(Self { probabilities, vectors });
        }
        // sin θ J_x + cos θ J_z is real and symmetric; the turn by φ about z gives e^{−iφn} to ⟨n|.
        let (sin, cos, phi) = (transverse / length, v[2] / length, v[1].atan2(v[0]));
        let ladder = |n: usize| ((n + 1) as f64 * (size - 1 - n) as f64).sqrt();
        let along = RMatrix::from_fn(size, size, |m, n| match m.abs_diff(n) {
            0 => cos * (n as f64 - 0.5 * f64::from(twice)),
            1 => 0.5 * sin * ladder(m.min(n)),
            _ => 0.0,
        });
        let (_, columns) = symmetric_eigen(&along)?;
        for k in 0..size {
            for n in 0..size {
                vectors[k * size + n] = c64::from_polar(columns[(n, k)], -phi * n as f64);
            }
        }
        Ok(Self { probabilities, vectors })
    }

    fn size(&self) -> usize {
        self.probabilities.len()
    }

    /// ⟨m|ρ|n⟩, row by row.
    fn matrix(&self) -> Vec<c64> {
        let size = self.size();
        let mut rho = vec![c64::new(0.0, 0.0); size * size];
        for (p, vector) in self.probabilities.iter().zip(self.vectors.chunks(size)).filter(|(p, _)| **p > 0.0) {
            for (m, bra) in vector.iter().enumerate() {
                for (n, ket) in vector.iter().enumerate() {
                    rho[m * size + n] += p * bra * ket.conj();
                }
            }
        }
        rho
    }

    /// The number state it is, if it is one.
    fn number(&self) -> Option<i32> {
        let size = self.size();
        let k = self.probabilities.iter().position(|p| *p == 1.0)?;
        self.vectors[k * size..(k + 1) * size].iter().position(|z| z.norm() == 1.0).map(|n| n as i32)
    }

    /// Whether no two number states are in superposition.
    fn is_diagonal(&self) -> bool {
        self.vectors.chunks(self.size()).all(|v| v.iter().filter(|z| z.norm_sqr() > 0.0).count() == 1)
    }

    fn is_pure(&self) -> bool {
        self.probabilities.contains(&1.0)
    }

    /// One of its eigenstates, drawn with its probability.
    fn draw(&self, stream: &mut Stream) -> &[c64] {
        let size = self.size();
        let k = match self.probabilities.iter().position(|p| *p == 1.0) {
            Some(k) => k,
            None => {
                let mut left = stream.uniform();
                let passed = |p: &f64| {
                    left -= p;
                    left < 0.0
                };
                self.probabilities.iter().position(passed).unwrap_or(size - 1)
            }
        };
        &self.vectors[k * size..(k + 1) * size]
    }
}

/// p_m ∝ e^{ηm}, m = −j … j, with Σ m p_m = j `length`: the inverse of the Brillouin function by bisection in η.
fn brillouin(twice: u32, length: f64) -> Vec<f64> {
    let size = twice as usize + 1;
    let j = 0.5 * f64::from(twice);
    if length >= 1.0 {
        let mut top = vec![0.0; size];
        top[size - 1] = 1.0;
        return top;
    }
    let at = |eta: f64| {
        // Counted from the top, so that nothing overflows.
        let mut p: Vec<f64> = (0..size).map(|n| (-eta * (size - 1 - n) as f64).exp()).collect();
        let sum: f64 = p.iter().sum();
        p.iter_mut().for_each(|x| *x /= sum);
        p
    };
    let mean = |p: &[f64]| p.iter().enumerate().map(|(n, p)| (n as f64 - j) * p).sum::<f64>();
    let (mut low, mut high) = (0.0, 1.0);
    while mean(&at(high)) < j * length && high < 1e3 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if mean(&at(middle)) < j * length {
            low = middle;
        } else {
            high = middle;
        }
    }
    at(0.5 * (low + high))
}

/// The state of a spin or of an ensemble.
#[derive(Clone, Debug)]
enum State {
    Spin(SpinState),
    /// By l = N/2 − j at the site `length`.
    Ensemble {
        length: usize,
        parts: Vec<SpinState>,
    },
}

impl State {
    /// The number state it is, if it is one, with l = 0.
    fn number(&self) -> Option<i32> {
        match self {
            State::Spin(state) => state.number(),
            State::Ensemble { parts, .. } => parts.first().and_then(SpinState::number),
        }
    }

    fn is_diagonal(&self) -> bool {
        match self {
            State::Spin(state) => state.is_diagonal(),
            State::Ensemble { parts, .. } => parts.iter().all(SpinState::is_diagonal),
        }
    }
}

/// The initial state of a model at one set of values.
#[derive(Clone, Debug)]
pub(super) struct Initial {
    /// ⟨a⟩ of the bosons; 0 for spins.
    pub(super) means: Vec<c64>,
    pub(super) covariance: RMatrix,
    /// Occupation, squeezing and its angle of each mode.
    spreads: Vec<[f64; 3]>,
    generating: Generating,
    correlated: bool,
    /// States of the spins and ensembles that do not point down.
    spins: Vec<Option<State>>,
    /// Sites of the space.
    sites: usize,
}

impl Initial {
    /// The start of a model.
    ///
    /// # Errors
    /// A start without a value, and one that has no form here.
    pub(super) fn new(model: &Model, binding: &Binding, space: &Space) -> Result<Self, FockError> {
        let covariance = model.start_covariance(binding)?;
        let correlated = !model.correlations.is_empty();
        let mut spins = vec![None; model.len()];
        for (k, (spin, v)) in model.spins().into_iter().zip(model.start_bloch(binding)?).enumerate() {
            let (Some(twice), Some(v)) = (spin, v) else { continue };
            if correlated && !space.ensembles().is_empty() {
                return Err(FockError::CorrelatedSpin(model.modes[k].name.clone()));
            }
            if v == [0.0, 0.0, -1.0] {
                continue;
            }
            if correlated {
                return Err(FockError::CorrelatedSpin(model.modes[k].name.clone()));
            }
            let state = match space.ensembles().iter().find(|e| e.site == k) {
                None => SpinState::new(twice, v).map(State::Spin),
                Some(e) => (0..=e.members / 2)
                    .map(|l| SpinState::part(e.members, l, v))
                    .collect::<Result<_, _>>()
                    .map(|parts| State::Ensemble { length: e.length, parts }),
            };
            spins[k] = Some(state.map_err(|_| FockError::Covariance)?);
        }
        Ok(Self {
            means: model.start_values(binding)?,
            spreads: model.start_spreads(binding)?,
            generating: Generating::new(&covariance).map_err(|_| FockError::Covariance)?,
            covariance,
            correlated,
            spins,
            sites: space.modes(),
        })
    }

    /// Numbers of an element that the state surely has on its diagonal.
    pub(super) fn origin(&self) -> Vec<i32> {
        let mut origin: Vec<i32> = self.spins.iter().map(|s| s.as_ref().and_then(State::number).unwrap_or(0)).collect();
        origin.resize(self.sites, 0);
        origin
    }

    /// Differences of ket and bra among its elements, seen from [`Initial::origin`], with the bosons about `means`.
    pub(super) fn shifts(&self, means: &[c64]) -> Vec<(Vec<i32>, Vec<i32>)> {
        let mut shifts = self.generating.shifts(means);
        for (ket, bra) in &mut shifts {
            ket.resize(self.sites, 0);
            bra.resize(self.sites, 0);
        }
        for (k, state) in self.spins.iter().enumerate() {
            let Some(state) = state.as_ref().filter(|s| s.number().is_none()) else { continue };
            let unit = |site: usize| (0..self.sites).map(|s| i32::from(s == site)).collect::<Vec<i32>>();
            let (one, none) = (unit(k), vec![0; self.sites]);
            if state.is_diagonal() {
                shifts.push((one.clone(), one));
            } else {
                shifts.push((one.clone(), none.clone()));
                shifts.push((none, one));
            }
            if let State::Ensemble { length, parts } = state
                && parts.iter().skip(1).any(|part| part.probabilities.iter().any(|p| *p > 0.0))
            {
                shifts.push((unit(*length), unit(*length)));
            }
        }
        shifts
    }

    /// The density matrix on a layout with the bosons about `means`, normalised there, and the probability within the cut-off.
    pub(super) fn density(&self, means: &[c64], layout: &Arc<Layout>) -> (Density, f64) {
        if self.correlated {
            let mut elements = self.generating.elements(means, layout).into_iter();
            return Density::from_fn(layout.clone(), |_, _| elements.next().unwrap_or_default());
        }
        let space = layout.space();
        let top = space.top().to_vec();
        // By l for ensembles, one matrix for others.
        let tables: Vec<Vec<(usize, Vec<c64>)>> = (0..self.spins.len())
            .map(|k| match &self.spins[k] {
                Some(State::Spin(state)) => vec![(state.size(), state.matrix())],
                Some(State::Ensemble { parts, .. }) => parts.iter().map(|s| (s.size(), s.matrix())).collect(),
                None => {
                    let [occupation, squeezing, angle] = self.spreads[k];
                    let table = start::gaussian(means[k], occupation, squeezing, angle, top[k] as usize);
                    vec![(top[k] as usize + 1, table)]
                }
            })
            .collect();
        let lengths: Vec<Option<usize>> =
            (0..tables.len()).map(|k| space.ensembles().iter().find(|e| e.site == k).map(|e| e.length)).collect();
        Density::from_fn(layout.clone(), |ket, bra| {
            let mut z = c64::new(1.0, 0.0);
            for (k, list) in tables.iter().enumerate() {
                let l = lengths[k].map_or(0, |site| ket[site]);
                if lengths[k].is_some_and(|site| bra[site] != l) || l as usize >= list.len() {
                    return c64::new(0.0, 0.0);
                }
                let (size, table) = &list[l as usize];
                z *= table[(ket[k] - l) as usize * size + (bra[k] - l) as usize];
            }
            z
        })
    }

    /// The same as a mixture of pure states.
    ///
    /// # Errors
    /// A covariance without a root.
    pub(super) fn mixture(self) -> Result<Start, LinalgError> {
        let spin = |state| match state {
            Some(State::Spin(state)) => Some(state),
            _ => None,
        };
        let spins = self.spins.into_iter().map(spin).collect();
        Ok(Start { bosons: Mixture::new(&self.means, &self.covariance)?, spins })
    }
}

/// Pure states whose mixture is the initial state.
#[derive(Clone, Debug)]
pub(super) struct Start {
    bosons: Mixture,
    spins: Vec<Option<SpinState>>,
}

impl Start {
    /// Whether every draw gives the same state.
    pub(super) fn is_pure(&self) -> bool {
        self.bosons.is_pure() && self.spins.iter().flatten().all(SpinState::is_pure)
    }

    /// A member as it occurs in the state within the cut-off, see [`Mixture::sample`].
    pub(super) fn sample(&self, space: &Space, stream: &mut Stream, out: &mut [c64]) -> (f64, u64) {
        let drawn = self.bosons.sample(space, stream, out);
        if self.spins.iter().all(Option::is_none) {
            return drawn;
        }
        // The bosons stand where all spins point down. A state comes after the one it is made from, so that the last is filled first.
        let members: Vec<Option<&[c64]>> = self.spins.iter().map(|s| s.as_ref().map(|s| s.draw(stream))).collect();
        let mut below = vec![0; space.modes()];
        for at in (0..space.len()).rev() {
            let n = space.numbers_of(at);
            let mut factor = c64::new(1.0, 0.0);
            for (k, member) in members.iter().enumerate() {
                below[k] = match member {
                    Some(amplitudes) => {
                        factor *= amplitudes[n[k] as usize];
                        0
                    }
                    None => n[k],
                };
            }
            out[at] = space.index(&below).map_or(c64::new(0.0, 0.0), |from| out[from] * factor);
        }
        let norm: f64 = out.iter().map(c64::norm_sqr).sum();
        if norm > 0.0 {
            out.iter_mut().for_each(|z| *z /= norm.sqrt());
        }
        (drawn.0 * norm, drawn.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ⟨J_x⟩, ⟨J_y⟩, ⟨J_z⟩ and the purity of a matrix.
    fn moments(twice: u32, rho: &[c64]) -> ([f64; 3], f64) {
        let size = twice as usize + 1;
        let ladder = |n: usize| ((n + 1) as f64 * (size - 1 - n) as f64).sqrt();
        // ⟨J₋⟩ = Σ_n ⟨n+1|ρ... : tr ρ J₋ = Σ_n ladder(n) ρ_{n+1,n}.
        let minus: c64 = (0..size - 1).map(|n| rho[(n + 1) * size + n] * ladder(n)).sum();
        let z: f64 = (0..size).map(|n| rho[n * size + n].re * (n as f64 - 0.5 * f64::from(twice))).sum();
        ([minus.re, -minus.im, z], rho.iter().map(c64::norm_sqr).sum())
    }

    #[test]
    fn a_spin_starts_with_its_bloch_vector() {
        for twice in [1, 2, 5, 40] {
            for v in [[0.3, -0.4, 0.2], [0.0, 0.0, 0.7], [0.6, 0.0, -0.8], [0.0, -1.0, 0.0], [0.0; 3], [0.0, 0.0, 1.0]]
            {
                let state = SpinState::new(twice, v).unwrap();
                let (j, purity) = moments(twice, &state.matrix());
                let wanted = v.map(|x| 0.5 * f64::from(twice) * x);
                for (a, b) in j.iter().zip(wanted) {
                    assert!((a - b).abs() < 1e-11 * f64::from(twice), "{twice}, {v:?}: {j:?}");
                }
                let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
                if length == 1.0 {
                    assert!((purity - 1.0).abs() < 1e-12 && state.is_pure());
                }
                if length == 0.0 {
                    assert!((purity - 1.0 / f64::from(twice + 1)).abs() < 1e-12);
                }
                if twice == 1 {
                    assert!((purity - 0.5 * (1.0 + length * length)).abs() < 1e-12);
                }
            }
        }
    }

    /// Q of a coherent state is (2j + 1)/4π cos^{4j}(Θ/2) at the angle Θ from its direction; of any state ∫Q = 1 and ∫nQ = ⟨J⟩/(j + 1).
    #[test]
    fn the_husimi_function_of_a_spin() {
        use crate::levels::fock::{Cutoff, Problem};
        use crate::levels::tests::text;
        use crate::model::{ModeSource, ModelSource, StartSource, TermSource};
        let pi = std::f64::consts::PI;
        for (twice, v) in [(1, [0.6, 0.0, 0.8]), (5, [0.48, -0.64, 0.6]), (4, [0.3, 0.2, -0.4])] {
            let source = ModelSource {
                name: "m".into(),
                modes: vec![ModeSource { name: text("s"), kind: text(format!("spin {twice}/2")) }],
                hamiltonian: vec![TermSource { name: text("H"), expression: text("jz(s)") }],
                start: vec![StartSource {
                    mode: text("s"),
                    bloch: v.map(|x: f64| Some(text(x.to_string()))),
                    ..StartSource::default()
                }],
                ..ModelSource::default()
            };
            let model = Model::build(&source, &[]).unwrap();
            let cutoff = Cutoff::Product(vec![twice + 1]);
            let state = Problem::new(&model, &model.bind(&[]).unwrap(), cutoff, 1e9).unwrap().start;
            let j = 0.5 * twice as f64;
            let (steps, turns) = (200, 64);
            let mut sums = [0.0; 4];
            for k in 0..steps {
                let theta = pi * (f64::from(k) + 0.5) / f64::from(steps);
                for l in 0..turns {
                    let phi = 2.0 * pi * f64::from(l) / f64::from(turns);
                    let q = state.spin_husimi(0, &[[theta, phi]]).unwrap()[0];
                    let unit = [theta.sin() * phi.cos(), theta.sin() * phi.sin(), theta.cos()];
                    let area = theta.sin() * pi / f64::from(steps) * 2.0 * pi / f64::from(turns);
                    sums[0] += area * q;
                    (0..3).for_each(|a| sums[a + 1] += area * q * unit[a]);
                    let length = v.iter().map(|x| x * x).sum::<f64>();
                    if (length - 1.0).abs() < 1e-12 {
                        let cos = unit.iter().zip(v).map(|(a, b)| a * b).sum::<f64>();
                        let exact = (2.0 * j + 1.0) / (4.0 * pi) * (0.5 * (1.0 + cos)).powi(twice as i32);
                        assert!((q - exact).abs() < 1e-9, "{q} {exact}");
                    }
                }
            }
            assert!((sums[0] - 1.0).abs() < 1e-4, "{sums:?}");
            // ∫ n Q = ⟨J⟩/(j + 1).
            for a in 0..3 {
                assert!((sums[a + 1] - j * v[a] / (j + 1.0)).abs() < 1e-4, "{sums:?}");
            }
        }
    }
}
