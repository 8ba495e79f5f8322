//! The two noisy clocks of the tour: what `docs/examples/clocks.awk` writes, number by number.

use std::f64::consts::{PI, TAU};
use std::fmt::Write;

/// Minimal standard generator (Park and Miller, Commun. ACM 31, 1192 (1988)).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0 * 16_807 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }
}

/// Ten minutes of two clocks with rates of 1 and 1.03 a second, each pulled towards the other's phase, as CSV.
pub(crate) fn recording(coupling: f64) -> String {
    let mut random = Random(12_345);
    let (h, mut left, mut right) = (0.01, 0.0, 0.0);
    let kick = (0.002_f64 * h).sqrt();
    let wave = |phase: f64| (2.0 * PI * phase).cos() + 0.4 * (4.0 * PI * phase + 1.0).cos();
    let mut out = String::from("t,left,right\n");
    for k in 0..60_000 {
        let pull = coupling * (TAU * (right - left)).sin();
        left += h * (1.0 + pull) + kick * random.normal();
        right += h * (1.03 - pull) + kick * random.normal();
        if k % 4 == 0 {
            let _ = writeln!(out, "{:.2},{:.4},{:.4}", f64::from(k) * h, wave(left), wave(right));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning and the end of what the script of the book writes.
    #[test]
    fn the_recording_is_that_of_the_book() {
        let text = recording(0.06);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 15_001);
        assert_eq!((lines[1], lines[2], lines[15_000]), FIRST_SECOND_LAST);
    }

    const FIRST_SECOND_LAST: (&str, &str, &str) =
        ("0.00,1.1455,1.1616", "0.04,0.7375,0.8811", "599.96,-0.0320,-0.1981");
}
