//! Two ways in which S could fall with the distance h on a ring, fitted by least squares.

use huygens_numerics::linalg::{self, RMatrix};

use super::laboratory::trouble;
use crate::papers::PaperError;

/// A fitted law with how well it describes ln S.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// Coefficients, in the order of the formula.
    pub coefficients: Vec<f64>,
    /// 1 − Σ(ln S − ln fit)²/Σ(ln S − mean ln S)².
    pub r2: f64,
    /// The law.
    law: Law,
}

#[derive(Clone, Copy, Debug)]
enum Law {
    Exponential,
    Shifted,
    Diffusive { cells: f64 },
}

impl Fit {
    /// The fitted value at distance h.
    pub fn at(&self, h: f64) -> f64 {
        let c = &self.coefficients;
        match self.law {
            Law::Exponential => c[0] * (-h / c[1]).exp(),
            Law::Shifted => c[0] + c[1] * (-h / c[2]).exp(),
            Law::Diffusive { cells } => 1.0 / (c[0] + c[1] * h * (1.0 - h / cells)),
        }
    }

    fn judged(mut self, h: &[f64], s: &[f64]) -> Self {
        let logs: Vec<f64> = s.iter().map(|v| v.ln()).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let total: f64 = logs.iter().map(|l| (l - mean).powi(2)).sum();
        let rest: f64 = h.iter().zip(&logs).map(|(h, l)| (l - self.at(*h).ln()).powi(2)).sum();
        self.r2 = 1.0 - rest / total;
        self
    }

    /// Root mean square of fit/S − 1.
    pub fn typical(&self, h: &[f64], s: &[f64]) -> f64 {
        let sum: f64 = h.iter().zip(s).map(|(h, s)| (self.at(*h) / s - 1.0).powi(2)).sum();
        (sum / h.len() as f64).sqrt()
    }
}

/// y = a + b x by weighted least squares.
fn straight(x: &[f64], y: &[f64], weights: &[f64]) -> Result<[f64; 2], PaperError> {
    let mut normal = RMatrix::zeros(2, 2);
    let mut rhs = RMatrix::zeros(2, 1);
    for ((x, y), w) in x.iter().zip(y).zip(weights) {
        let row = [1.0, *x];
        for i in 0..2 {
            for j in 0..2 {
                normal[(i, j)] += w * row[i] * row[j];
            }
            rhs[(i, 0)] += w * row[i] * y;
        }
    }
    let solution = linalg::solve(&normal, &rhs).map_err(|e| trouble("the fits of Fig. 2d", e.to_string()))?;
    Ok([solution[(0, 0)], solution[(1, 0)]])
}

/// S = A e^{−h/ξ}: a straight line through ln S.
pub(super) fn exponential(h: &[f64], s: &[f64]) -> Result<Fit, PaperError> {
    let logs: Vec<f64> = s.iter().map(|v| v.ln()).collect();
    let [a, b] = straight(h, &logs, &vec![1.0; h.len()])?;
    Ok(Fit { coefficients: vec![a.exp(), -1.0 / b], r2: 0.0, law: Law::Exponential }.judged(h, s))
}

/// S = 1/(a + b h (1 − h/N)), phases that diffuse along a closed chain: a straight line through 1/S, weighted with S², which
/// is least squares in ln S to first order.
pub(super) fn diffusive(h: &[f64], s: &[f64], cells: usize) -> Result<Fit, PaperError> {
    let cells = cells as f64;
    let x: Vec<f64> = h.iter().map(|h| h * (1.0 - h / cells)).collect();
    let inverse: Vec<f64> = s.iter().map(|v| 1.0 / v).collect();
    let weights: Vec<f64> = s.iter().map(|v| v * v).collect();
    let [a, b] = straight(&x, &inverse, &weights)?;
    Ok(Fit { coefficients: vec![a, b], r2: 0.0, law: Law::Diffusive { cells } }.judged(h, s))
}

/// S = S_∞ + A e^{−h/ξ}: linear in S_∞ and A for each ξ, which is found on a logarithmic grid refined by golden sections.
pub(super) fn shifted(h: &[f64], s: &[f64]) -> Result<Fit, PaperError> {
    let weights: Vec<f64> = s.iter().map(|v| 1.0 / (v * v)).collect();
    let at = |length: f64| -> Result<(f64, Fit), PaperError> {
        let x: Vec<f64> = h.iter().map(|h| (-h / length).exp()).collect();
        let [a, b] = straight(&x, s, &weights)?;
        let fit = Fit { coefficients: vec![a, b, length], r2: 0.0, law: Law::Shifted };
        let rest = h.iter().zip(s).map(|(h, s)| (fit.at(*h) / s - 1.0).powi(2)).sum();
        Ok((rest, fit))
    };
    let lengths: Vec<f64> = (0..80).map(|k| (0.3_f64.ln() + 0.05 * k as f64).exp()).collect();
    let mut best = (f64::INFINITY, 0);
    for (k, length) in lengths.iter().enumerate() {
        let rest = at(*length)?.0;
        if rest < best.0 {
            best = (rest, k);
        }
    }
    let (mut low, mut high) = (lengths[best.1.saturating_sub(1)], lengths[(best.1 + 1).min(lengths.len() - 1)]);
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    for _ in 0..60 {
        let (x, y) = (high - golden * (high - low), low + golden * (high - low));
        if at(x)?.0 < at(y)?.0 { high = y } else { low = x }
    }
    Ok(at(0.5 * (low + high))?.1.judged(h, s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_find_the_laws_they_are_made_for() {
        let h: Vec<f64> = (1..=10).map(f64::from).collect();
        let s: Vec<f64> = h.iter().map(|h| 0.3 * (-h / 4.0).exp()).collect();
        let fit = exponential(&h, &s).unwrap();
        assert!((fit.coefficients[1] - 4.0).abs() < 1e-9 && (fit.r2 - 1.0).abs() < 1e-12);
        let s: Vec<f64> = h.iter().map(|h| 1.0 / (2.0 + 1.5 * h * (1.0 - h / 20.0))).collect();
        let fit = diffusive(&h, &s, 20).unwrap();
        assert!((fit.coefficients[1] - 1.5).abs() < 1e-9 && fit.typical(&h, &s) < 1e-12);
        assert!(exponential(&h, &s).unwrap().r2 < 0.95);
        let s: Vec<f64> = h.iter().map(|h| 0.1 + 0.2 * (-h / 2.5).exp()).collect();
        let fit = shifted(&h, &s).unwrap();
        assert!((fit.coefficients[2] - 2.5).abs() < 1e-5, "{fit:?}");
    }
}
