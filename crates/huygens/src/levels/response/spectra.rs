//! Spectra of the oscillators: what they absorb, and the noise of their quadratures.

use huygens_numerics::c64;

use super::exponents::Exponents;
use super::harmonics::Frame;
use super::statics::{Statics, noise};

/// Points on each line, half of them on each side, in equal steps of arsinh of the distance over its width.
const ON_LINE: usize = 100;
/// How far a line is followed, in units of its width.
const FAR: f64 = 300.0;
/// Points of the ground under the lines.
const GROUND: usize = 400;

/// Spectra of the static state, or of the periodic state to all orders, averaged over the period.
pub struct Spectra<'a> {
    statics: &'a Statics,
    frame: Option<Frame<'a>>,
    /// Frequencies and widths of lines.
    lines: Vec<c64>,
    /// The highest frequency looked at.
    highest: f64,
}

impl<'a> Spectra<'a> {
    /// Those of the oscillators with their static baths alone.
    pub fn of_statics(statics: &'a Statics) -> Self {
        let lines = statics.places().to_vec();
        let highest = 4.0 * highest(&lines);
        Self { statics, frame: None, lines, highest }
    }

    /// Those to all orders of the driven baths, with `harmonics` on each side.
    pub fn to_all_orders(statics: &'a Statics, exponents: Option<&Exponents>, harmonics: usize) -> Self {
        let frame = Frame::new(statics, harmonics);
        let omega = statics.bound().frequency;
        let mut own = statics.places().to_vec();
        own.extend(exponents.map(Exponents::poles).unwrap_or_default());
        let top = 4.0 * highest(&own);
        // Side bands at neighbouring harmonics, where they are not far above.
        let highest = if omega < 5.0 * top { top.max(2.5 * omega) } else { top };
        let bands = -2 * frame.reach()..=2 * frame.reach();
        let lines = bands.flat_map(|n| own.iter().map(move |p| p + n as f64 * omega)).collect();
        Self { statics, frame: Some(frame), lines, highest }
    }

    /// S_ij(ω) = ½∫dt e^{iωt} ⟨{r_i(t), r_j(0)}⟩, ∫ S_ij dω/2π = ½⟨{r_i, r_j}⟩. `None` for quadratures that are not driven, to all orders.
    pub fn noise(&self, omega: f64, i: usize, j: usize) -> Option<c64> {
        match &self.frame {
            Some(frame) => frame.spectrum(omega, i, j),
            None => {
                let chi = self.statics.response(omega);
                let kicked = |i: usize, v: &[f64]| -> c64 { v.iter().enumerate().map(|(k, v)| chi[(i, k)] * *v).sum() };
                let baths = self.statics.bound().reservoirs.iter();
                let one = |r: &super::system::Reservoir| {
                    kicked(i, &r.vector) * kicked(j, &r.vector).conj() * noise(&r.kernel, omega, r.temperature)
                };
                Some(baths.map(one).sum())
            }
        }
    }

    /// χ″_ii(ω) of the static state: a force f(t) = f cos ωt on the quadrature is absorbed at the rate ½ω f² χ″.
    pub fn absorption(&self, omega: f64, i: usize) -> f64 {
        self.statics.response(omega)[(i, i)].im
    }

    /// Frequencies ω > 0 at which the lines are resolved, ascending.
    pub fn frequencies(&self) -> Vec<f64> {
        let mut list: Vec<f64> = (1..=GROUND).map(|k| self.highest * k as f64 / GROUND as f64).collect();
        let reach = FAR.asinh();
        for line in &self.lines {
            let width = line.im.abs();
            let steps = (0..=ON_LINE).map(|k| reach * (2.0 * k as f64 / ON_LINE as f64 - 1.0));
            list.extend(steps.map(|u| line.re.abs() + width * u.sinh()));
        }
        list.retain(|x| *x > 1e-9 * self.highest && *x <= self.highest);
        list.sort_by(f64::total_cmp);
        list.dedup_by(|b, a| *b - *a <= 1e-13 * *b);
        list
    }

    /// (ω, f(ω)) over [`Spectra::frequencies`] and the ω of the largest |f|; `None` where f has no value.
    pub fn list(&self, f: impl Fn(f64) -> Option<f64>) -> Option<(f64, Vec<[f64; 2]>)> {
        let points = self.frequencies();
        let list: Option<Vec<[f64; 2]>> =
            points.iter().map(|x| f(*x).filter(|y| y.is_finite()).map(|y| [*x, y])).collect();
        let list = list?;
        let best = (0..list.len()).max_by(|a, b| list[*a][1].abs().total_cmp(&list[*b][1].abs()))?;
        // Golden sections between the neighbours.
        let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
        let size = |x: f64| f(x).map_or(0.0, f64::abs);
        let (mut low, mut high) = (list[best.max(1) - 1][0], list[(best + 1).min(list.len() - 1)][0]);
        while high - low > 1e-9 * high {
            let (x, y) = (high - ratio * (high - low), low + ratio * (high - low));
            (low, high) = if size(x) > size(y) { (low, y) } else { (x, high) };
        }
        let top = 0.5 * (low + high);
        let peak = if size(top) >= list[best][1].abs() { top } else { list[best][0] };
        Some((peak, list))
    }
}

/// The highest frequency of a line that oscillates, of any where none does.
fn highest(lines: &[c64]) -> f64 {
    let most = |list: &mut dyn Iterator<Item = &c64>| list.map(|p| p.norm()).fold(0.0, f64::max);
    let moving = most(&mut lines.iter().filter(|p| p.re.abs() > p.im.abs()));
    if moving > 0.0 { moving } else { most(&mut lines.iter()) }
}
