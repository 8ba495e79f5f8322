//! A model with the measures asked of it: what every audit runs.

use std::sync::Arc;

use huygens::experiment::{Experiment, Options};
use huygens::model::Model;
use huygens::report::Report;

use super::PaperError;

/// A model with the measures asked of it; run at as many values as wanted. Each audit adds its own ways to make one.
pub(in crate::papers) struct Bench {
    pub model: Arc<Model>,
    pub experiment: Experiment,
}

impl Bench {
    pub fn new(model: Arc<Model>, measures: &[&str], options: Options) -> Result<Self, PaperError> {
        let measures: Vec<String> = measures.iter().map(|m| (*m).to_owned()).collect();
        let experiment = Experiment::new(model.clone(), &measures, options)?;
        Ok(Self { model, experiment })
    }

    pub fn run(&self, values: &[(&str, f64)]) -> Result<Report, PaperError> {
        Ok(self.experiment.run(&self.model.bind(values)?)?)
    }

    /// A parameter at these values.
    pub fn parameter(&self, name: &str, values: &[(&str, f64)]) -> Result<f64, PaperError> {
        Ok(self.model.bind(values)?.value(self.model.parameters.find(name)?))
    }
}
