//! Counting statistics of a steady state below a cut-off.

use super::Experiment;
use crate::costs::reverses;
use crate::levels::fock::{Counting, Cumulants, Density, Stationary};
use crate::measures::CountingMeasure;
use crate::model::Binding;

impl Experiment {
    /// The measures of counts, by their place among the requests.
    pub(super) fn counts(
        &self,
        binding: &Binding,
        problem: &Stationary,
        steady: &Density,
    ) -> Vec<(usize, Result<f64, String>)> {
        let asked: Vec<(usize, CountingMeasure, Option<&str>)> = self
            .requests
            .iter()
            .enumerate()
            .filter_map(|(k, r)| Some((k, CountingMeasure::of(r.definition)?, r.channel.as_deref())))
            .collect();
        let mut counting = Counting::new(problem, steady, self.options.truncation.memory);
        let costs =
            |measure: &CountingMeasure| matches!(measure, CountingMeasure::Dissipation | CountingMeasure::Uncertainty);
        let dissipation: Result<f64, String> = match asked.iter().any(|(_, measure, _)| costs(measure)) {
            true => reverses::entropies(&self.model, binding).map(|entropies| {
                entropies.iter().enumerate().filter(|(_, s)| **s != 0.0).map(|(j, s)| s * counting.rate(j)).sum()
            }),
            false => Ok(0.0),
        };
        let mut known: Vec<(&str, Result<Cumulants, String>)> = Vec::new();
        let mut values = Vec::with_capacity(asked.len());
        for (k, measure, channel) in asked {
            let Some(channel) = channel else {
                values.push((k, dissipation.clone()));
                continue;
            };
            let place = known.iter().position(|(label, _)| *label == channel).unwrap_or_else(|| {
                let found = reverses::counted(&self.model, channel)
                    .and_then(|weights| counting.cumulants(&weights).map_err(|e| e.to_string()));
                known.push((channel, found));
                known.len() - 1
            });
            let value = known[place].1.clone().and_then(|c| match measure {
                CountingMeasure::Mean => Ok(c.mean),
                CountingMeasure::Noise => Ok(c.noise),
                CountingMeasure::Skewness => Ok(c.skewness),
                CountingMeasure::Dissipation => dissipation.clone(),
                CountingMeasure::Uncertainty => {
                    let cost = dissipation.clone()?;
                    // A current of rounding is none.
                    if c.mean.abs() <= 1e-10 * c.noise.abs() {
                        return Err("no mean current: nothing that its precision could be counted in".into());
                    }
                    Ok(c.noise * cost / (c.mean * c.mean))
                }
            });
            values.push((k, value));
        }
        values
    }
}
