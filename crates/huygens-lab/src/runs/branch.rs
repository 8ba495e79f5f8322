//! Continuation of a limit cycle of a model in one of its parameters.

use std::fmt::Write as _;

use huygens::levels::kernel::Bound;
use huygens::levels::mean_field::attractor::{self, Attractor};
use huygens::levels::mean_field::continuation::{self, Bifurcation, Point};
use serde_json::{Value, json};

use super::error::RunError;
use super::labels::{name_label, unit_label};
use super::problem::{Problem, value};
use crate::figures::{Axis, Dash, Figure, Panel, Reference, Series, Width};
use crate::file::LoadedModel;
use crate::record::{Provenance, Style};

/// A parameter with the value to start from and the value to go towards.
#[derive(Clone, Debug, PartialEq)]
pub struct Along {
    /// Name of the parameter.
    pub name: String,
    /// Value at which the first cycle is looked for.
    pub from: f64,
    /// Value to go towards.
    pub to: f64,
}

impl Along {
    /// Reads `NAME=FROM:TO`; both ends may be expressions in the parameters of the model.
    ///
    /// # Errors
    /// Text of another form, a name that is no parameter (the nearest is offered), a parameter that fixes the size of the
    /// model or that was also given a value, ends that coincide.
    pub fn parse(loaded: &LoadedModel, text: &str) -> Result<Self, RunError> {
        let form = || {
            RunError::input(format!("`{text}` is no range of a parameter"), "write NAME=FROM:TO, such as mu=0.02:0.2")
        };
        let (name, range) = text.split_once('=').ok_or_else(form)?;
        let (from, to) = range.split_once(':').ok_or_else(form)?;
        let name = name.trim();
        let id = loaded.model.parameters.find(name).map_err(|e| loaded.diagnostic(&e))?;
        if loaded.model.parameters.get(id).structural {
            let message = format!("`{name}` fixes the size of the model: a cycle cannot be followed through it");
            return Err(RunError::input(message, "sweep it instead: huygens sweep … --over NAME=START:STOP:COUNT"));
        }
        if loaded.overrides.iter().any(|(given, _)| given == name) {
            return Err(RunError::input(format!("`{name}` is followed and also given a value"), "leave out its -s"));
        }
        let (from, to) = (value(loaded, "--in", from)?, value(loaded, "--in", to)?);
        if from == to {
            return Err(RunError::input(
                format!("the range of `{name}` from {from} to {to} is empty"),
                "give two different ends",
            ));
        }
        Ok(Self { name: name.into(), from, to })
    }
}

/// A followed cycle with its bifurcations.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Name of the model.
    pub model: String,
    /// The parameter and its ends.
    pub along: Along,
    /// Unit of the parameter.
    pub unit: String,
    /// Unit of time.
    pub time_unit: String,
    /// Points in the order in which they were found.
    pub points: Vec<Point>,
    /// Bifurcations in the order in which they were found.
    pub bifurcations: Vec<Bifurcation>,
    /// Why the branch ends.
    pub end: String,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Branch {
    /// Finds the cycle at the first value as [`Problem::run`] does, and follows it.
    ///
    /// # Errors
    /// [`RunError::Input`] where there is no isolated limit cycle at the first value, or the model is driven;
    /// [`RunError::File`] for values that the model does not accept.
    pub fn follow(
        problem: &Problem,
        along: Along,
        options: &continuation::Options,
        command: &str,
    ) -> Result<Self, RunError> {
        let model = problem.model();
        if model.depends_on_time() {
            let message = "the model is driven: the period of its cycles is that of the drive, and only free cycles can be followed";
            return Err(RunError::input(message, "sweep the parameter instead, and ask for `multipliers`"));
        }
        let id = model.parameters.find(&along.name).map_err(|e| problem.loaded().diagnostic(&e))?;
        let at = |value: f64| {
            let mut binding = model.parameters.defaults();
            model.parameters.set(&mut binding, id, value)?;
            model.validate(&binding)?;
            Ok(binding)
        };
        let binding = at(along.from).map_err(|e| RunError::from(problem.loaded().diagnostic(&e)))?;
        let bound = problem.experiment().bind(&binding)?;
        if let Some(spin) = bound.kernel().spins().iter().find(|s| s.rigid) {
            let name = &model.modes[spin.mode].name;
            let message = format!(
                "no jump acts on `{name}`, whose mean keeps its length: its cycles are families and cannot be followed"
            );
            return Err(RunError::input(message, "give the spin a small jump, or sweep the parameter"));
        }
        let start = problem.experiment().start_point(&binding)?;
        let search = &problem.experiment().options().search;
        let found = attractor::find(&bound, problem.experiment().charges(), None, &start, search);
        let what = match &found.attractor {
            Attractor::Cycle(orbit) => Ok(orbit),
            Attractor::FixedPoint(_) => Err("a fixed point"),
            Attractor::Rotating(_) => Err("a uniform rotation, which no bifurcation of cycles concerns"),
            Attractor::Torus(_) => Err("a torus"),
            Attractor::Chaos(_) => Err("chaos"),
            Attractor::Diverging { .. } => Err("an orbit that diverges"),
            Attractor::Undecided(_) => Err("no attractor that was recognised"),
        };
        let orbit = what.map_err(|what| {
            let message = format!("at {} = {} there is {what}: no limit cycle to follow", along.name, along.from);
            RunError::input(message, "start from a value where `huygens run` finds a stable limit cycle")
        })?;
        let bind = |value: f64| -> Result<Bound, String> {
            let binding = at(value).map_err(|e: huygens::model::ModelError| e.to_string())?;
            problem.experiment().bind(&binding).map_err(|e| e.to_string())
        };
        let branch = continuation::follow(&bind, orbit, along.from, along.to, options).map_err(|e| {
            RunError::input(e.to_string(), "another start, a longer --transient or a smaller --step may help")
        })?;
        let mut provenance = problem.provenance(command, &[&along.name]);
        provenance.level = "mean_field".into();
        provenance.method = "pseudo-arclength continuation of the limit cycle by Newton shooting".into();
        provenance.tolerance = options.tolerance;
        Ok(Self {
            model: model.name.clone(),
            unit: model.parameters.get(id).unit.clone(),
            time_unit: model.time_unit.clone(),
            along,
            points: branch.points,
            bifurcations: branch.bifurcations,
            end: branch.end,
            provenance,
        })
    }

    /// The branch as one JSON object: `{"model", "parameter", "unit", "points": [{"value", "period", "leading", "stable"}],
    /// "bifurcations": [{"kind", "value", "period", "angle", "error"}], "end", "provenance"}`.
    pub fn json(&self) -> String {
        let points: Vec<Value> = self
            .points
            .iter()
            .map(|p| {
                let multipliers: Vec<[f64; 2]> = p.multipliers.iter().map(|m| [m.re, m.im]).collect();
                json!({"value": p.parameter, "period": p.orbit.period, "leading": p.leading(), "stable": p.leading() <= 1.0, "multipliers": multipliers})
            })
            .collect();
        let bifurcations: Vec<Value> = self
            .bifurcations
            .iter()
            .map(|b| json!({"kind": b.kind.name(), "value": b.parameter, "period": b.period, "angle": b.angle, "error": b.error}))
            .collect();
        let object = json!({
            "model": self.model, "parameter": self.along.name, "unit": self.unit, "points": points, "bifurcations": bifurcations,
            "end": self.end, "provenance": self.provenance.json(),
        });
        let mut text = serde_json::to_string_pretty(&object).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The points as CSV, the bifurcations as comments before them.
    pub fn csv(&self) -> String {
        let mut out = format!("# model: {}\n# command: {}\n", self.model, self.provenance.command);
        for b in &self.bifurcations {
            let _ = writeln!(
                out,
                "# {} at {} = {:?} (± {:.1e}), period {:?}, angle {:?}",
                b.kind.name(),
                self.along.name,
                b.parameter,
                b.error,
                b.period,
                b.angle
            );
        }
        let _ = writeln!(out, "{},period,leading,stable", self.along.name);
        for p in &self.points {
            let _ = writeln!(
                out,
                "{:?},{:?},{:?},{}",
                p.parameter,
                p.orbit.period,
                p.leading(),
                u8::from(p.leading() <= 1.0)
            );
        }
        out
    }

    /// The branch for people: where it goes, and its bifurcations.
    pub fn table(&self, style: Style) -> String {
        let bold = |text: &str| if style.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
        let name = &self.along.name;
        let mut out = format!("{}\n", bold(&format!("{} · cycle followed in {name}", self.model)));
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return out };
        let _ = writeln!(
            out,
            "{} points from {name} = {:.6} (period {:.6}) to {name} = {:.6} (period {:.6}); ends: {}\n",
            self.points.len(),
            first.parameter,
            first.orbit.period,
            last.parameter,
            last.orbit.period,
            self.end
        );
        if self.bifurcations.is_empty() {
            out.push_str("  no bifurcation on the way\n");
        } else {
            let _ = writeln!(
                out,
                "  {:<16}  {:>14}  {:>8}  {:>12}  {:>10}",
                "bifurcation", name, "error", "period", "angle"
            );
        }
        for b in &self.bifurcations {
            let _ = writeln!(
                out,
                "  {:<16}  {:>14.10}  {:>8.0e}  {:>12.8}  {:>10.6}",
                b.kind.name(),
                b.parameter,
                b.error,
                b.period,
                b.angle
            );
        }
        let stable: Vec<String> = self.stable_ranges().iter().map(|(a, b)| format!("{a:.6} to {b:.6}")).collect();
        let _ = writeln!(
            out,
            "\n  stable for {name}: {}",
            if stable.is_empty() { "nowhere".into() } else { stable.join(", ") }
        );
        out
    }

    /// Stretches of the branch on which the cycle is stable, by the points.
    fn stable_ranges(&self) -> Vec<(f64, f64)> {
        let mut ranges: Vec<(f64, f64)> = Vec::new();
        let mut open = false;
        for p in &self.points {
            match (p.leading() <= 1.0, open) {
                (true, false) => ranges.push((p.parameter, p.parameter)),
                (true, true) => {
                    if let Some(last) = ranges.last_mut() {
                        last.1 = p.parameter;
                    }
                }
                _ => {}
            }
            open = p.leading() <= 1.0;
        }
        ranges
    }

    /// The largest multiplier and the period along the branch: solid where the cycle is stable, dashed where it is not, the
    /// bifurcations marked.
    pub fn figure(&self) -> Figure {
        let unit = unit_label(&self.unit);
        let label = name_label(&self.along.name);
        let x = || Axis::linear(if unit.is_empty() { label.clone() } else { format!("{label} ({unit})") });
        let time = unit_label(&self.time_unit);
        let panels: [(Axis, &dyn Fn(&Point) -> f64); 2] = [
            (Axis::linear(r"Largest multiplier $|\rho|$").include(0.0), &|p| p.leading()),
            (Axis::linear(if time.is_empty() { "Period $T$".into() } else { format!("Period $T$ ({time})") }), &|p| {
                p.orbit.period
            }),
        ];
        let mut figure = Figure::new(Width::Double);
        for (k, (y, of)) in panels.into_iter().enumerate() {
            let mut panel = Panel::new(x(), y);
            for b in &self.bifurcations {
                panel = panel.with(Reference::x(b.parameter, b.kind.short()));
            }
            if k == 0 {
                panel = panel.with(Reference::y(1.0, "").dash(Dash::Dotted));
            }
            for (stable, dash, name) in [(true, Dash::Solid, "stable"), (false, Dash::Dashed, "unstable")] {
                // A point belongs to both pieces where the stability changes, so that no gap is left.
                let own = |k: usize| (self.points[k].leading() <= 1.0) == stable;
                let drawn = |k: usize| {
                    own(k) || (k > 0 && own(k - 1)) && !stable || (k + 1 < self.points.len() && own(k + 1)) && !stable
                };
                if !(0..self.points.len()).any(own) {
                    continue;
                }
                let xs: Vec<f64> = self.points.iter().map(|p| p.parameter).collect();
                let ys: Vec<f64> =
                    self.points.iter().enumerate().map(|(k, p)| if drawn(k) { of(p) } else { f64::NAN }).collect();
                panel = panel.with(Series::line(xs, ys).dash(dash).color(crate::figures::palette(0)).label(name));
            }
            figure = figure.panel(panel);
        }
        let marks = self.bifurcations.iter().map(|b| format!("{} {label} = {:.8}", b.kind.short(), b.parameter));
        let marks: Vec<String> = marks.collect();
        let caption = if marks.is_empty() { String::new() } else { format!("; {}", marks.join(", ")) };
        figure.caption(format!("{}: the limit cycle followed in {label}{caption}.", self.model)).provenance(format!(
            "huygens {}; {}",
            env!("CARGO_PKG_VERSION"),
            self.provenance.command
        ))
    }
}
