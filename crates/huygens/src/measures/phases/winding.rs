//! Does an orbit circle its centre?

use std::f64::consts::{PI, TAU};

use huygens_numerics::c64;

/// How an orbit goes round its centre. Its angle is a phase where every cycle winds once and it never comes near the centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Winding {
    /// Number of cycles looked at.
    pub cycles: usize,
    /// Cycles that wind around the centre exactly once.
    pub single: usize,
    /// Cycles that miss the centre (winding 0).
    pub none: usize,
    /// Sum over all cycles of winding − 1: the false cycles that the angle gains (> 0) or loses (< 0).
    pub excess: i64,
    /// Smallest distance from the centre divided by the mean distance, between the first and the last start.
    pub closest: f64,
    /// Share of the samples at which the angle goes back.
    pub backward: f64,
}

impl Winding {
    /// Of the points of an orbit seen from its centre; cycle k runs from sample `starts[k]` to `starts[k + 1]`.
    ///
    /// The winding of a cycle is its angle divided by 2π, rounded. Without two starts there are no cycles to look at, and
    /// only the last two numbers say something.
    pub fn of(points: &[c64], starts: &[usize]) -> Self {
        let mut winding = Self { cycles: 0, single: 0, none: 0, excess: 0, closest: 0.0, backward: 0.0 };
        if points.len() < 2 {
            return winding;
        }
        let step = |k: usize| {
            let d = points[k + 1].arg() - points[k].arg();
            d - TAU * ((d + PI) / TAU).floor()
        };
        let mut angle = Vec::with_capacity(points.len());
        angle.push(0.0);
        let mut back = 0usize;
        for k in 0..points.len() - 1 {
            let d = step(k);
            back += usize::from(d < 0.0);
            angle.push(angle[k] + d);
        }
        // clocks that turn the other way are as good
        let forward = angle[angle.len() - 1] >= 0.0;
        let steps = (points.len() - 1) as f64;
        winding.backward = if forward { back as f64 / steps } else { 1.0 - back as f64 / steps };
        // between the first and the last start: there no end of the record is near
        let within = match (starts.first(), starts.last()) {
            (Some(&a), Some(&b)) if a < b && b < points.len() => &points[a..=b],
            _ => points,
        };
        let mean = within.iter().map(|z| z.norm()).sum::<f64>() / within.len() as f64;
        let least = within.iter().map(|z| z.norm()).fold(f64::INFINITY, f64::min);
        winding.closest = if mean > 0.0 { least / mean } else { 0.0 };
        let sign = if forward { 1.0 } else { -1.0 };
        for pair in starts.windows(2) {
            if pair[1] >= points.len() || pair[1] <= pair[0] {
                continue;
            }
            let turns = (sign * (angle[pair[1]] - angle[pair[0]]) / TAU).round() as i64;
            winding.cycles += 1;
            winding.single += usize::from(turns == 1);
            winding.none += usize::from(turns == 0);
            winding.excess += turns - 1;
        }
        winding
    }

    /// Share of the cycles that wind exactly once; 1 where there are no cycles to look at.
    pub fn share(&self) -> f64 {
        if self.cycles == 0 { 1.0 } else { self.single as f64 / self.cycles as f64 }
    }
}
