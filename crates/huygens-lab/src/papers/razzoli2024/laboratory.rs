//! The engine as the audit uses it: the thermal machine in the lowest order and to all orders, maps and thresholds.

use std::sync::Arc;

use huygens::levels::response::lowest::{Asymptotics, Integrals, literal_split};
use huygens::levels::response::{AllOrders, Bound, Exponents, LowestOrder, ResponseError, Statics, System};
use huygens::model::Model;
use huygens_numerics::c64;
use huygens_numerics::quad::{Singularity, graded};
use huygens_numerics::roots::brent;

use crate::file;
pub(super) use crate::papers::reading::{geometric, grid, trouble};
use crate::papers::{PaperError, Watch};

/// The modes.
pub(super) const A: Option<usize> = Some(0);
pub(super) const B: Option<usize> = Some(1);
/// Position quadratures of both.
const QUADRATURES: [usize; 2] = [0, 2];

fn failed(e: ResponseError) -> PaperError {
    trouble("the thermal machine", e.to_string())
}

/// The machine of the file `thermal-machine` with some values changed.
#[derive(Clone)]
pub(super) struct Machine {
    model: Arc<Model>,
    system: Arc<System>,
    values: Vec<(&'static str, f64)>,
}

impl Machine {
    pub fn new() -> Result<Self, PaperError> {
        let model = file::load("thermal-machine")?.model;
        let system = System::derive(&model).map_err(failed)?;
        Ok(Self { model: Arc::new(model), system: Arc::new(system), values: Vec::new() })
    }

    /// With other values.
    pub fn with(&self, values: &[(&'static str, f64)]) -> Self {
        let mut next = self.clone();
        next.values.extend_from_slice(values);
        next
    }

    /// At a frequency of the drive and one temperature.
    pub fn isothermal(&self, omega: f64, temperature: f64) -> Self {
        self.with(&[("Omega", omega), ("T1", temperature), ("T2", temperature)])
    }

    /// At a frequency of the drive, a mean temperature and the relative gradient (T₁ − T₂)/T̄.
    pub fn gradient(&self, omega: f64, mean: f64, relative: f64) -> Self {
        self.with(&[("Omega", omega), ("T1", mean * (1.0 + 0.5 * relative)), ("T2", mean * (1.0 - 0.5 * relative))])
    }

    pub fn parameter(&self, name: &str) -> Result<f64, PaperError> {
        Ok(self.model.bind(&self.values)?.value(self.model.parameters.find(name)?))
    }

    pub fn bound(&self) -> Result<Bound, PaperError> {
        self.system.bind(&self.model.bind(&self.values)?.values).map_err(failed)
    }

    pub fn statics(&self) -> Result<Statics, PaperError> {
        Statics::new(&self.bound()?).map_err(failed)
    }

    /// Why there is no steady state without the driven bath, if there is none.
    pub fn refusal(&self) -> Result<Option<String>, PaperError> {
        Ok(Statics::new(&self.bound()?).err().map(|e| e.to_string()))
    }

    pub fn lowest(&self) -> Result<LowestOrder, PaperError> {
        LowestOrder::new(&self.statics()?, Integrals::Automatic).map_err(failed)
    }

    /// The lowest order with all integrals by quadrature, also those that an identity would give.
    pub fn by_quadrature(&self) -> Result<LowestOrder, PaperError> {
        LowestOrder::new(&self.statics()?, Integrals::Plain).map_err(failed)
    }

    pub fn asymptotics(&self) -> Result<Asymptotics, PaperError> {
        Asymptotics::new(&self.statics()?).map_err(failed)
    }

    pub fn all_orders(&self) -> Result<AllOrders, PaperError> {
        AllOrders::new(&self.statics()?).map_err(failed)
    }

    /// The largest real part of a Floquet exponent.
    pub fn slowest_exponent(&self) -> Result<f64, PaperError> {
        let found = Exponents::new(&self.bound()?).ok_or_else(|| trouble("stability", "the baths are not rational"))?;
        Ok(found.largest())
    }

    /// Frequencies of both oscillators.
    pub fn frequencies(&self) -> Result<[f64; 2], PaperError> {
        Ok([self.parameter("omega_A")?, self.parameter("omega_B")?])
    }

    /// Correlations of the positions of unit mass.
    pub fn positions(&self) -> Result<Positions, PaperError> {
        let [a, b] = self.frequencies()?;
        let (v, _) = self.statics()?.covariance();
        Ok(Positions { aa: v[(0, 0)] / a, ab: v[(0, 2)] / (a * b).sqrt(), bb: v[(2, 2)] / b })
    }

    /// χ₂ between the positions of unit mass: AA, AB, BB.
    pub fn response(&self, omega: f64) -> Result<[c64; 3], PaperError> {
        let [a, b] = self.frequencies()?;
        let chi = self.statics()?.response(omega);
        let [q, p] = QUADRATURES;
        Ok([chi[(q, q)] / a, chi[(q, p)] / (a * b).sqrt(), chi[(p, p)] / b])
    }

    /// Work that the literal split (A2) of the counter-term moves into P_A.
    pub fn literal(&self) -> Result<f64, PaperError> {
        let statics = self.statics()?;
        Ok(literal_split(statics.bound(), &statics.covariance().0)[0])
    }

    /// lim Q_{P_A} for Ω → ∞ to the next order in γ₁, for one temperature and r = 0:
    /// γ₁ω_c² (X_AA + X_BB)/T · (1/4X_AB²) ∫ dω/π χ″_AB²/sinh²(ω/2T) with X half the covariance. The power grows as ⟨x_A x_B⟩, and so does
    /// its noise, which lasts as long as the synchronized mode.
    pub fn plateau(&self) -> Result<f64, PaperError> {
        let (strength, cutoff, t) = (self.parameter("gamma1")?, self.parameter("omega_c")?, self.parameter("T2")?);
        let [a, b] = self.frequencies()?;
        let statics = self.statics()?;
        let x = self.positions()?;
        let mut singularities = statics.singularities();
        singularities.push(Singularity::new(0.0, std::f64::consts::TAU * t));
        let mut integral = 0.0;
        for (omega, weight) in graded(&singularities, statics.limit()) {
            let sinh = (0.5 * omega / t).sinh();
            if omega != 0.0 && sinh.is_finite() {
                let chi = statics.response(omega)[(0, 2)].im / (a * b).sqrt();
                integral += weight / std::f64::consts::PI * (chi / sinh).powi(2);
            }
        }
        // 1/4X² = 1/⟨x_A x_B⟩².
        Ok(strength * cutoff * cutoff * 0.5 * (x.aa + x.bb) / t * integral / (x.ab * x.ab))
    }

    /// ln(Q_{P_A}/2) of an isothermal machine.
    pub fn excess(&self, omega: f64, temperature: f64) -> Result<f64, PaperError> {
        Ok((0.5 * self.isothermal(omega, temperature).lowest()?.uncertainty(A)).ln())
    }

    /// The frequency above which Q_{P_A} < 2, looked for from `top` downwards; none where Q is above 2 there already.
    pub fn threshold(&self, top: f64, mean: f64, relative: f64) -> Result<Option<f64>, PaperError> {
        let excess = |omega: f64| -> Result<f64, PaperError> {
            Ok((0.5 * self.gradient(omega, mean, relative).lowest()?.uncertainty(A)).ln())
        };
        let steps = (6.0 * (top / 0.3).ln()).ceil() as usize;
        if excess(top)? > 0.0 {
            return Ok(None);
        }
        crossing(excess, top, 0.3, steps)
    }
}

/// Correlations of positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Positions {
    pub aa: f64,
    pub ab: f64,
    pub bb: f64,
}

impl Positions {
    /// The Pearson coefficient (11).
    pub fn pearson(self) -> f64 {
        self.ab / (self.aa * self.bb).sqrt()
    }

    /// The coefficient (25).
    pub fn tilde(self) -> f64 {
        self.ab / self.aa
    }
}

/// The first change of sign of `f` on the way from one positive number to another in geometric steps.
pub(super) fn crossing(
    f: impl Fn(f64) -> Result<f64, PaperError>,
    from: f64,
    to: f64,
    steps: usize,
) -> Result<Option<f64>, PaperError> {
    let mut before: Option<(f64, f64)> = None;
    for x in geometric(from, to, steps + 1) {
        let y = f(x)?;
        if let Some((last, sign)) = before
            && (y > 0.0) != (sign > 0.0)
        {
            let (low, high) = (last.min(x).ln(), last.max(x).ln());
            let root = brent(|u: f64| f(u.exp()).unwrap_or(f64::NAN), low, high, 1e-12)
                .map_err(|e| trouble("a crossing", e.to_string()))?;
            return Ok(Some(root.exp()));
        }
        before = Some((x, y));
    }
    Ok(None)
}

/// A crossing that must be there.
pub(super) fn must(found: Option<f64>, what: &str) -> Result<f64, PaperError> {
    found.ok_or_else(|| trouble(what, "there is no crossing in the range looked at"))
}

/// What the maps show of one point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub power: [f64; 2],
    /// Q of both powers.
    pub uncertainty: [f64; 2],
    /// V of P_A with the derivative of everything that depends on Ω, and at fixed protocol.
    pub bounds: [f64; 2],
}

/// Frequencies by temperatures.
pub(super) struct Map {
    pub omega: Vec<f64>,
    pub temperature: Vec<f64>,
    /// Row by row of temperatures.
    pub cells: Vec<Cell>,
}

/// The axes of the maps; the text of the paper does not have theirs.
pub(super) const OMEGA: [f64; 2] = [1e-2, 1e3];
pub(super) const TEMPERATURE: [f64; 2] = [0.01, 2.0];

impl Map {
    /// The map of a machine at a relative gradient, in so many columns and rows.
    pub fn new(
        machine: &Machine,
        relative: f64,
        [columns, rows]: [usize; 2],
        watch: &Watch<'_>,
    ) -> Result<Self, PaperError> {
        let omega = geometric(OMEGA[0], OMEGA[1], columns);
        let temperature = grid(TEMPERATURE[0], TEMPERATURE[1], rows);
        let rows = watch.each(&temperature, |t| {
            omega
                .iter()
                .map(|w| {
                    let found = machine.gradient(*w, *t, relative).lowest()?;
                    let bound = |total| found.bound(A, total).unwrap_or(f64::NAN);
                    Ok(Cell {
                        power: [found.power_of(A), found.power_of(B)],
                        uncertainty: [found.uncertainty(A), found.uncertainty(B)],
                        bounds: [bound(true), bound(false)],
                    })
                })
                .collect::<Result<Vec<Cell>, PaperError>>()
        })?;
        Ok(Self { omega, temperature, cells: rows.into_iter().flatten().collect() })
    }

    /// (Ω, T, cell) of all points.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64, &Cell)> + '_ {
        let columns = self.omega.len();
        self.cells.iter().enumerate().map(move |(k, c)| (self.omega[k % columns], self.temperature[k / columns], c))
    }

    pub fn column(&self, of: impl Fn(&Cell) -> f64) -> Vec<f64> {
        self.cells.iter().map(of).collect()
    }

    /// The least value of a function of the points on which it is a number.
    pub fn least(&self, of: impl Fn(f64, f64, &Cell) -> Option<f64>) -> f64 {
        self.points().filter_map(|(w, t, c)| of(w, t, c)).fold(f64::INFINITY, f64::min)
    }

    /// The part of the points on which something holds.
    pub fn share(&self, of: impl Fn(f64, f64, &Cell) -> bool) -> f64 {
        self.points().filter(|(w, t, c)| of(*w, *t, c)).count() as f64 / self.cells.len() as f64
    }
}

/// The grid of isothermal maps that are drawn, of those with a gradient, and of those that claims are read from.
pub(super) const FINE: [usize; 2] = [201, 100];
pub(super) const COARSE: [usize; 2] = [121, 60];
pub(super) const SCAN: [usize; 2] = [91, 41];

/// Evenly spread points of a cube: the fractional parts of multiples of square roots of primes.
pub(super) fn spread<const N: usize>(k: usize) -> [f64; N] {
    const PRIMES: [f64; 10] = [2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0];
    std::array::from_fn(|j| ((k + 1) as f64 * PRIMES[j].sqrt()).fract())
}

/// x of [0, 1] between two positive numbers, by the logarithm.
pub(super) fn between(x: f64, [from, to]: [f64; 2]) -> f64 {
    from * (to / from).powf(x)
}

/// One of many machines with all parameters spread.
pub(super) fn any(machine: &Machine, k: usize) -> Machine {
    let x: [f64; 8] = spread(k);
    machine.with(&[
        ("omega_B", 0.15 + 0.75 * x[0]),
        ("gamma2", between(x[1], [0.03, 300.0])),
        ("omega_c", between(x[2], [0.3, 1000.0])),
        ("Omega", between(x[3], [0.05, 500.0])),
        ("T1", between(x[4], [0.02, 3.0])),
        ("T2", between(x[5], [0.02, 3.0])),
        ("phi", std::f64::consts::TAU * x[6]),
        ("r", 1.5 * x[7]),
    ])
}
