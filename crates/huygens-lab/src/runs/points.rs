//! An experiment as the evaluator of a sweep.

use std::sync::{Arc, Mutex, PoisonError};

use huygens::algebra::ParamId;
use huygens::experiment::{Options, SteadySolver};
use huygens::model::{Binding, Model};
use huygens::report::Report;

use super::error::RunError;
use super::problem::Problem;
use crate::file::LoadedModel;
use crate::record::{Axis, Column};
use crate::study::{Evaluation, Point, PointEvaluator, ReportColumns};

/// The labels of the column `attractor`, in the order of its numbers.
pub const ATTRACTORS: [&str; 9] = [
    "fixed point",
    "limit cycle",
    "torus",
    "chaos",
    "diverging",
    "not settled",
    "direct run",
    "steady state",
    "periodic state",
];

/// Name of the column that says what the dynamics does.
const ATTRACTOR_COLUMN: &str = "attractor";

/// Steady states that are computed together.
const BATCH: usize = 64;

/// Most models of different size that are kept: the others are built again when their turn comes.
const KEPT: usize = 8;

/// The number of the kind of attractor in [`ATTRACTORS`].
fn attractor(report: &Report) -> f64 {
    let starts = ATTRACTORS.map(|name| if name == "diverging" { "diverges" } else { name });
    starts.iter().position(|start| report.dynamics.starts_with(start)).map_or(f64::NAN, |k| k as f64)
}

/// One experiment at every point of a sweep: the measures with minimum and maximum over the period, and the kind of attractor.
///
/// Parameters are bound again at each point. A swept parameter that fixes the size of the model (`N`) builds the model again for
/// each of its values.
#[derive(Debug)]
pub struct SweepPoints {
    base: Arc<Problem>,
    asked: Vec<String>,
    options: Options,
    ids: Vec<ParamId>,
    structural: Vec<usize>,
    columns: ReportColumns,
    built: Mutex<Vec<(Vec<f64>, Arc<Problem>)>>,
    /// Solvers for many steady states at a time, one for each thread, where the experiment has them.
    steady: Option<Mutex<Vec<SteadySolver>>>,
}

impl SweepPoints {
    /// Prepares the experiment for a sweep over `axes`, which get their units and descriptions from the model.
    ///
    /// # Errors
    /// A name that is no parameter (the nearest is offered), a parameter that was also given a value, values of a size that
    /// are not whole, and what [`Problem::new`] refuses.
    pub fn new(
        loaded: LoadedModel,
        asked: &[String],
        mut options: Options,
        axes: &mut [Axis],
    ) -> Result<Self, RunError> {
        // The points run side by side; an ensemble at each of them has one thread.
        options.trajectories.threads = 1;
        let mut ids = Vec::with_capacity(axes.len());
        let mut structural = Vec::new();
        for (k, axis) in axes.iter_mut().enumerate() {
            let id = loaded.model.parameters.find(axis.name()).map_err(|e| loaded.diagnostic(&e))?;
            let parameter = loaded.model.parameters.get(id);
            if loaded.overrides.iter().any(|(name, _)| name == axis.name()) {
                let message = format!("`{}` is swept and also given a value", axis.name());
                return Err(RunError::input(message, "leave out the -s of a swept parameter"));
            }
            if parameter.structural {
                if let Some(value) = axis.values().find(|v| v.fract() != 0.0) {
                    let message = format!(
                        "`{}` fixes the size of the model and takes whole numbers, but the sweep has {value}",
                        axis.name()
                    );
                    return Err(RunError::input(message, "choose ends and COUNT with whole steps, such as N=4:20:5"));
                }
                structural.push(k);
            }
            *axis = axis.clone().described(&parameter.unit, &parameter.note);
            ids.push(id);
        }
        let mut first = loaded;
        if !structural.is_empty() {
            let sizes: Vec<f64> = structural.iter().map(|&k| axes[k].value(0)).collect();
            first = first.rebuild(&sized(&first, &structural, &ids, &sizes))?;
        }
        let sizes = structural.iter().map(|&k| axes[k].value(0)).collect();
        let base = Arc::new(Problem::new(first, asked, options.clone())?);
        let requests = base.experiment().requests();
        let units: Vec<String> = requests.iter().map(|r| base.unit(r.definition.unit)).collect();
        let named = requests.iter().zip(&units).map(|(r, u)| (r.text.as_str(), u.as_str(), r.definition.formula));
        let columns = ReportColumns::new(named, &["min", "max"]);
        let built = Mutex::new(vec![(sizes, base.clone())]);
        let steady = if structural.is_empty() { base.experiment().steady_solver(&base.binding()?) } else { None };
        let steady = steady.map(|solver| Mutex::new(vec![solver]));
        Ok(Self { base, asked: asked.to_vec(), options, ids, structural, columns, built, steady })
    }

    /// The problem at the first point.
    pub fn problem(&self) -> &Problem {
        &self.base
    }

    /// All parameters of `model` at a point.
    ///
    /// # Errors
    /// Values that the model does not accept, in words.
    pub(super) fn binding(&self, model: &Model, point: &[f64]) -> Result<Binding, String> {
        let text = |e: huygens::model::ModelError| e.to_string();
        let mut binding = model.parameters.defaults();
        for (k, (&id, &value)) in self.ids.iter().zip(point).enumerate() {
            if !self.structural.contains(&k) {
                model.parameters.set(&mut binding, id, value).map_err(text)?;
            }
        }
        model.validate(&binding).map_err(text)?;
        Ok(binding)
    }

    /// The problem with the sizes of this point.
    fn at(&self, point: &[f64]) -> Result<Arc<Problem>, String> {
        if self.structural.is_empty() {
            return Ok(self.base.clone());
        }
        let sizes: Vec<f64> = self.structural.iter().map(|&k| point[k]).collect();
        let find = |built: &mut Vec<(Vec<f64>, Arc<Problem>)>| {
            let k = built.iter().position(|(s, _)| *s == sizes)?;
            // The most recent stands last.
            let entry = built.remove(k);
            built.push(entry);
            built.last().map(|(_, p)| p.clone())
        };
        if let Some(problem) = find(&mut self.built.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(problem);
        }
        let loaded = self.base.loaded();
        let model = loaded
            .rebuild(&sized(loaded, &self.structural, &self.ids, &sizes))
            .map_err(|e| first_line(&e.to_string()))?;
        let problem = Problem::new(model, &self.asked, self.options.clone()).map_err(|e| first_line(&e.to_string()))?;
        let problem = Arc::new(problem);
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if built.len() >= KEPT {
            built.remove(0);
        }
        built.push((sizes, problem.clone()));
        Ok(problem)
    }
}

/// The values given with the sizes of a point in them.
fn sized(loaded: &LoadedModel, structural: &[usize], ids: &[ParamId], sizes: &[f64]) -> Vec<(String, String)> {
    let name = |k: usize| loaded.model.parameters.get(ids[k]).name.clone();
    let swept: Vec<String> = structural.iter().map(|&k| name(k)).collect();
    let mut values: Vec<(String, String)> =
        loaded.overrides.iter().filter(|(n, _)| !swept.contains(n)).cloned().collect();
    values.extend(swept.into_iter().zip(sizes).map(|(name, size)| (name, size.to_string())));
    values
}

/// A report in one line, for the messages of a store.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

impl PointEvaluator for SweepPoints {
    fn columns(&self) -> Vec<Column> {
        let mut columns = self.columns.columns();
        columns.push(Column::category(
            ATTRACTOR_COLUMN,
            ATTRACTORS.map(String::from).to_vec(),
            "what the dynamics does",
        ));
        columns
    }

    fn evaluate(&self, point: Point<'_>) -> Result<Evaluation, String> {
        let problem = self.at(point.values)?;
        let binding = self.binding(problem.model(), point.values)?;
        let report = problem.experiment().run(&binding).map_err(|e| e.to_string())?;
        let mut evaluation = self.columns.evaluation(&report);
        evaluation.values.push(attractor(&report));
        Ok(evaluation)
    }

    fn batch(&self) -> usize {
        if self.steady.is_some() { BATCH } else { 1 }
    }

    fn evaluate_all(&self, points: &[Point<'_>]) -> Vec<Result<Evaluation, String>> {
        let Some(pool) = &self.steady else { return points.iter().map(|p| self.evaluate(*p)).collect() };
        let taken = {
            let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
            if pool.len() > 1 { pool.pop() } else { pool.first().cloned() }
        };
        let mut solver = taken.expect("the pool keeps one");
        let parameters = &self.base.model().parameters;
        let mut binding = parameters.defaults();
        let mut values = Vec::with_capacity(points.len());
        let mut bound = Vec::with_capacity(points.len());
        for point in points {
            // Every swept parameter is set again: nothing of the point before is left.
            let set = self.ids.iter().zip(point.values).all(|(&id, &x)| parameters.set(&mut binding, id, x).is_ok());
            bound.push(set);
            values.push(binding.values.clone());
            if !set {
                binding = parameters.defaults();
            }
        }
        let (mut rows, mut solved) = (Vec::new(), Vec::new());
        solver.solve(values.iter().map(Vec::as_slice), &mut rows, &mut solved);
        let fixed_point = 0.0;
        let width = solver.width();
        let requests = self.base.experiment().requests();
        let results = points
            .iter()
            .enumerate()
            .map(|(k, point)| {
                if !(bound[k] && solved[k]) {
                    return self.evaluate(*point);
                }
                let found = &rows[k * width..(k + 1) * width];
                let place = |name: &str| requests.iter().position(|r| r.text == name);
                let mut row = self.columns.of_values(|name| place(name).map_or(f64::NAN, |m| found[m]));
                row.push(fixed_point);
                Ok(Evaluation::from(row))
            })
            .collect();
        pool.lock().unwrap_or_else(PoisonError::into_inner).push(solver);
        results
    }
}
