//! Synthetic clocks for the tests.

use std::f64::consts::TAU;

use huygens_numerics::random::{Stream, Streams};

/// Phases of two noisy oscillators, Euler steps:
/// dφ₁ = (2πf₁ + k₂₁ sin(mφ₂ − nφ₁)) dt + √(2D) dW₁, dφ₂ = (2πf₂ + k₁₂ sin(nφ₁ − mφ₂)) dt + √(2D) dW₂.
pub(super) struct Pair {
    pub(super) rates: [f64; 2],
    pub(super) ratio: [f64; 2],
    /// Drive of the first on the second, and of the second on the first.
    pub(super) coupling: [f64; 2],
    pub(super) diffusion: f64,
}

impl Pair {
    pub(super) fn run(&self, duration: f64, step: f64, stream: &mut Stream) -> [Vec<f64>; 2] {
        let sub = 4;
        let h = step / f64::from(sub);
        let kick = (2.0 * self.diffusion * h).sqrt();
        let mut phase = [TAU * stream.uniform(), TAU * stream.uniform()];
        let mut out = [Vec::new(), Vec::new()];
        for _ in 0..(duration / step) as usize {
            for _ in 0..sub {
                let pull = (self.ratio[0] * phase[0] - self.ratio[1] * phase[1]).sin();
                phase[0] += h * (TAU * self.rates[0] - self.coupling[1] * pull) + kick * stream.normal();
                phase[1] += h * (TAU * self.rates[1] + self.coupling[0] * pull) + kick * stream.normal();
            }
            out[0].push(phase[0]);
            out[1].push(phase[1]);
        }
        out
    }
}

pub(super) fn stream(i: u64) -> Stream {
    Streams { seed: 20 }.trajectory(i)
}
