//! Coexisting attractors, looked for from many starts.

use huygens_numerics::c64;
use huygens_numerics::random::Streams;

use super::{Experiment, ExperimentError, Prepared};
use crate::levels::mean_field::attractor::{self, Attractor, Found};
use crate::report::{Check, Status};

/// The attractors reached from random starts.
#[derive(Clone, Debug)]
pub struct Coexisting {
    /// Number of starts.
    pub starts: usize,
    /// Each attractor: a line of description, and how many starts reached it.
    pub found: Vec<(String, usize)>,
    /// How many reached the attractor of the report.
    pub same: usize,
}

impl Coexisting {
    /// As a check.
    pub fn check(&self) -> Check {
        let others: Vec<String> =
            self.found.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name}: {n}")).collect();
        let single = self.same == self.starts;
        Check {
            name: "coexisting attractors".into(),
            status: if single { Status::Pass } else { Status::Note },
            value: Some(self.same as f64),
            limit: Some(self.starts as f64),
            note: if single {
                format!("all of {} random starts reach this attractor", self.starts)
            } else {
                format!(
                    "{} of {} random starts reach this attractor; others: {}",
                    self.same,
                    self.starts,
                    others.join("; ")
                )
            },
        }
    }
}

/// What tells one attractor from another whatever the phase: kind, period, and the amplitudes and relative phases.
#[derive(Clone, Debug)]
struct Fingerprint {
    name: String,
    values: Vec<f64>,
}

impl Fingerprint {
    fn of(attractor: &Attractor, oscillators: &[usize], modes: usize) -> Self {
        let moduli = |z: &[c64]| moduli(z, modes);
        match attractor {
            Attractor::FixedPoint(p) => Self { name: "fixed point".into(), values: moduli(&p.point) },
            Attractor::Rotating(r) => {
                let mut values = moduli(&r.point);
                let phases = phases(&r.point, oscillators);
                let name = format!("rotation with phase differences {}", text(&phases));
                values.extend(phases.iter().flat_map(|p| [p.cos(), p.sin()]));
                Self { name, values }
            }
            Attractor::Cycle(c) => {
                let phases = phases(&c.start, oscillators);
                let name = format!("cycle of period {:.4} with phase differences near {}", c.period, text(&phases));
                // The point of the cycle at hand is arbitrary: compare what every point of it shares to a few per cent.
                let mut values = vec![c.period, c.size];
                values.extend(phases.iter().flat_map(|p| [0.3 * p.cos() * c.period, 0.3 * p.sin() * c.period]));
                Self { name, values }
            }
            Attractor::Torus(_) => Self { name: "torus".into(), values: Vec::new() },
            Attractor::Chaos(_) => Self { name: "chaos".into(), values: Vec::new() },
            Attractor::Diverging { .. } => Self { name: "diverges".into(), values: Vec::new() },
            Attractor::Undecided(_) => Self { name: "not settled".into(), values: Vec::new() },
        }
    }

    fn same(&self, other: &Self) -> bool {
        let kind = |f: &Self| f.name.split(' ').next().unwrap_or("").to_owned();
        kind(self) == kind(other)
            && self.values.len() == other.values.len()
            && self.values.iter().zip(&other.values).all(|(a, b)| {
                (a - b).abs()
                    <= 0.08 * (a.abs().max(b.abs())).max(self.values.iter().fold(0.0, |m: f64, x| m.max(x.abs())))
            })
    }
}

/// |z| of the modes, and ⟨J_z⟩ of the spins with its sign.
fn moduli(z: &[c64], modes: usize) -> Vec<f64> {
    z.iter().enumerate().map(|(k, v)| if k < modes { v.norm() } else { v.re }).collect()
}

/// Phases of the oscillators relative to the first one.
fn phases(z: &[c64], oscillators: &[usize]) -> Vec<f64> {
    let Some((&first, rest)) = oscillators.split_first() else { return Vec::new() };
    rest.iter().map(|&k| (z[k] * z[first].conj()).arg()).collect()
}

fn text(phases: &[f64]) -> String {
    let shown: Vec<String> = phases.iter().take(4).map(|p| format!("{p:.2}")).collect();
    let more = if phases.len() > 4 { ", …" } else { "" };
    format!("({}{more})", shown.join(", "))
}

impl Experiment {
    /// Starts from random mean fields of the size of the attractor and tells the attractors apart.
    ///
    /// # Errors
    /// None beyond those of the preparation.
    pub(super) fn coexisting(
        &self,
        prepared: &Prepared,
        period: Option<f64>,
        reference: &Found,
    ) -> Result<Coexisting, ExperimentError> {
        let modes = self.kernel.modes();
        let oscillators: Vec<usize> = self.model.oscillators.iter().map(|m| m.0 as usize).collect();
        let full = self.full_state(&reference.last);
        let size = (full.iter().map(|z| z.norm_sqr()).sum::<f64>() / modes as f64).sqrt().max(1.0);
        let own = Fingerprint::of(&self.expand(&reference.attractor), &oscillators, self.model.len());
        let mut random = Streams { seed: self.options.seed }.trajectory(0);
        let mut outcome = Coexisting { starts: self.options.starts, found: Vec::new(), same: 0 };
        let mut others: Vec<Fingerprint> = Vec::new();
        for _ in 0..self.options.starts {
            let mut start: Vec<c64> = (0..modes)
                .map(|k| {
                    let scale = 1.5 * full[k].norm().max(0.1 * size);
                    c64::from_polar(scale * random.uniform().sqrt(), std::f64::consts::TAU * random.uniform())
                })
                .collect();
            for spin in self.kernel.spins() {
                // In the ball |⟨J⟩| ≤ j, or on the sphere of a length that is kept.
                let cos = 2.0 * random.uniform() - 1.0;
                let azimuth = std::f64::consts::TAU * random.uniform();
                let own = (prepared.start[spin.mode].norm_sqr() + prepared.start[spin.z].norm_sqr()).sqrt();
                let radius = 0.5 * f64::from(spin.twice) * random.uniform().cbrt();
                let length = if spin.rigid { own } else { radius };
                start[spin.mode] = c64::from_polar(length * (1.0 - cos * cos).sqrt(), azimuth);
                start[spin.z] = c64::new(length * cos, 0.0);
            }
            let found = attractor::find(&prepared.bound, &self.charges, period, &start, &self.options.search);
            let fingerprint = Fingerprint::of(&found.attractor, &oscillators, self.model.len());
            if fingerprint.same(&own) {
                outcome.same += 1;
            } else if let Some(k) = others.iter().position(|o| o.same(&fingerprint)) {
                outcome.found[k].1 += 1;
            } else {
                outcome.found.push((fingerprint.name.clone(), 1));
                others.push(fingerprint);
            }
        }
        Ok(outcome)
    }

    /// A state of one cell repeated over the ring, or the state itself.
    fn full_state(&self, z: &[c64]) -> Vec<c64> {
        let modes = self.kernel.modes();
        match &self.ring {
            Some((ring, _)) if z.len() == ring.members.len() && z.len() != modes => {
                ring.places.iter().map(|(array, _)| z[*array]).collect()
            }
            _ => z.to_vec(),
        }
    }

    /// An attractor of one cell as one of the whole ring, as far as fingerprints need it.
    fn expand(&self, attractor: &Attractor) -> Attractor {
        let mut full = attractor.clone();
        match &mut full {
            Attractor::FixedPoint(p) => p.point = self.full_state(&p.point),
            Attractor::Rotating(r) => r.point = self.full_state(&r.point),
            Attractor::Cycle(c) => {
                let cells = if c.start.len() == self.kernel.modes() { 1 } else { self.kernel.modes() / c.start.len() };
                c.start = self.full_state(&c.start);
                c.size *= (cells as f64).sqrt();
            }
            _ => {}
        }
        full
    }
}
