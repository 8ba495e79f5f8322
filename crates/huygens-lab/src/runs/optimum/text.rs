//! The result of a search as JSON, CSV and a table for people.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use huygens::report::Status;
use huygens_numerics::optimize::{End, Kind, Optimum as Best, Outcome};
use serde_json::{Map, Value, json};

use super::Optimum;
use crate::record::{RecordError, Style, attributes, field, header, number, significant};
use crate::runs::error::RunError;
use crate::study::Relation;

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Stationary => "stationary",
        Kind::Corner => "corner",
        Kind::Edge => "edge",
        Kind::Jump => "jump",
        Kind::Rough => "rough",
        Kind::Plateau => "plateau",
    }
}

impl Optimum {
    /// The result as one JSON object: that of a [`Record`](crate::record::Record) at the best point, and
    ///
    /// ```json
    /// {"objective": {"goal": "maximize", "measure": "…", "per": null, "value": 0.29, "unit": "1"},
    ///  "optimum": {"outcome": "found", "kind": "stationary", "at": {"mu": {"value": 0.0218, "error": 1e-12, "unit": "omega_1",
    ///              "start": 0.01, "stop": 0.05, "log": false, "end": null}}},
    ///  "constraints": [{"constraint": "…", "value": 0.2, "bound": 0.2, "active": true}],
    ///  "others": [{"at": {"mu": 0.04}, "objective": 0.2, "kind": "stationary"}],
    ///  "search": {"points": 201, "evaluations": 240, "without_value": 0},
    ///  "curve": {"mu": [], "…": [], "feasible": []},
    ///  "tradeoff": {"gain": "…", "cost": "…", "front": [{"mu": 0.0218, "gain": 0.29, "cost": 1.2}]}}
    /// ```
    ///
    /// `outcome` is one of `found`, `infeasible` (no point meets the constraints: the run is at the one that comes closest, and
    /// the value of the objective is `null`) and `no value`; `kind` one of `stationary`, `corner` (constraints or ends of ranges
    /// fix it), `edge` (no value beyond), `jump` (a constraint jumps), `rough` (kink, jump or noise), `plateau`.
    pub fn json(&self) -> String {
        let text = self.record.json();
        let Ok(Value::Object(mut object)) = serde_json::from_str(&text) else { return text };
        let quest = &self.quest;
        let quantity = |k: usize| &quest.quantities[k].text;
        object.insert(
            "objective".into(),
            json!({
                "goal": if quest.goal.largest { "maximize" } else { "minimize" }, "measure": quantity(quest.goal_quantity),
                "per": quest.per_quantity.map(quantity), "value": self.value(), "unit": quest.goal_unit(),
            }),
        );
        let best = self.best();
        let at: Map<String, Value> = quest
            .over
            .iter()
            .enumerate()
            .map(|(k, o)| {
                let end = best.and_then(|b| b.ends[k]).map(|e| if e == End::Start { "start" } else { "stop" });
                let entry = json!({
                    "value": self.point[k], "error": best.map(|b| b.error[k]), "unit": o.unit, "start": o.range.start(),
                    "stop": o.range.stop(), "log": o.range.is_log(), "end": end,
                });
                (o.name.clone(), entry)
            })
            .collect();
        let outcome = match &self.found.search.outcome {
            Outcome::Found { .. } => "found",
            Outcome::Infeasible { .. } => "infeasible",
            Outcome::NoValue => "no value",
        };
        object.insert("optimum".into(), json!({"outcome": outcome, "kind": best.map(|b| kind(b.kind)), "at": at}));
        let constraints = quest.subject.iter().enumerate().map(|(k, s)| {
            let margin = self.margin(k);
            let value = margin.map(|m| if s.relation == Relation::AtLeast { s.bound + m } else { s.bound - m });
            json!({
                "constraint": s.text, "measure": quantity(s.quantity), "relation": relation(s.relation), "bound": s.bound,
                "value": value, "active": best.is_some_and(|b| b.active.contains(&k)),
            })
        });
        object.insert("constraints".into(), constraints.collect());
        let others = self.others().iter().map(|o| {
            let at: Map<String, Value> = quest.over.iter().zip(&o.x).map(|(p, x)| (p.name.clone(), json!(x))).collect();
            json!({"at": at, "objective": self.goal_of(o), "kind": kind(o.kind)})
        });
        object.insert("others".into(), others.collect());
        let lost = self.found.first.iter().filter(|s| s.values().is_none()).count();
        object.insert(
            "search".into(),
            json!({"points": self.found.first.len(), "evaluations": self.evaluations(), "without_value": lost}),
        );
        let (names, rows) = self.curve();
        let column = |k: usize| rows.iter().map(|r| finite(r.values[k])).collect::<Vec<_>>();
        let mut curve: Map<String, Value> =
            names.iter().enumerate().map(|(k, name)| (name.clone(), json!(column(k)))).collect();
        curve.insert("feasible".into(), rows.iter().map(|r| r.feasible).collect());
        object.insert("curve".into(), Value::Object(curve));
        if let Some([(gain, _), (cost, _)]) = self.tradeoff() {
            let front = self.front().into_iter().map(|i| {
                let seen = &self.found.first[i];
                let value = |k: usize| seen.values().and_then(|v| finite(v[quest.quantities[k].column]));
                let mut entry: Map<String, Value> =
                    quest.over.iter().zip(&seen.point).map(|(o, x)| (o.name.clone(), json!(x))).collect();
                entry.insert("gain".into(), json!(value(gain)));
                entry.insert("cost".into(), json!(value(cost)));
                Value::Object(entry)
            });
            let front: Vec<Value> = front.collect();
            object.insert("tradeoff".into(), json!({"gain": quantity(gain), "cost": quantity(cost), "front": front}));
        }
        let mut text = serde_json::to_string_pretty(&object).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The points of the first look as CSV: comment lines with the optimum and the provenance, then the parameters, the measures
    /// that the search is about, the goal, whether the constraints hold (1 or 0), whether the point belongs to the front of the
    /// trade-off, the status and the reason where there is no value.
    pub fn csv(&self) -> String {
        let mut entries = vec![("model".to_owned(), self.record.model.clone()), ("optimum".into(), self.headline())];
        entries.extend(attributes(&self.record.provenance.json()));
        for check in &self.record.report.checks {
            entries.push(("check".into(), format!("{}: {}: {}", check.status, check.name, check.note)));
        }
        let mut out = header(entries);
        let (names, rows) = self.curve();
        let names: Vec<_> = names.iter().map(|n| field(n)).collect();
        let _ = writeln!(out, "{},feasible,front,status,message", names.join(","));
        let front = self.front();
        for (k, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row.values.iter().map(|x| number(Some(*x))).collect();
            let _ = writeln!(
                out,
                "{},{},{},{},{}",
                cells.join(","),
                u8::from(row.feasible),
                u8::from(front.contains(&k)),
                row.status,
                field(&row.message.replace(['\n', '\r'], " "))
            );
        }
        out
    }

    /// The search and the run at its end for people.
    pub fn table(&self, style: Style) -> String {
        let bold = |text: &str| if style.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
        let mut out = format!("{}\n", bold(&self.headline()));
        let over: Vec<String> = (self.quest.over.iter())
            .map(|o| {
                let log = if o.range.is_log() { " (log)" } else { "" };
                format!(
                    "{} from {} to {}{log}",
                    o.name,
                    significant(o.range.start(), 6),
                    significant(o.range.stop(), 6)
                )
            })
            .collect();
        let _ = writeln!(
            out,
            "searched {}; {} points, {} of them in a first look",
            over.join(", "),
            self.evaluations(),
            self.found.first.len()
        );
        for other in self.others().iter().take(6) {
            let _ =
                writeln!(out, "  also  {:>14}  at {}", significant(self.goal_of(other), 8), self.place(&other.x, 8));
        }
        out.push('\n');
        out.push_str(&self.record.table(style));
        out
    }

    fn margin(&self, k: usize) -> Option<f64> {
        match &self.found.search.outcome {
            Outcome::Found { best: Best { sample, .. }, .. } | Outcome::Infeasible { sample, .. } => {
                Some(sample.constraints[k])
            }
            Outcome::NoValue => None,
        }
    }

    /// Names of the columns and the points of the first look: parameters, quantities, goal.
    pub(super) fn curve(&self) -> (Vec<String>, Vec<Row>) {
        let quest = &self.quest;
        let over: Vec<&str> = quest.over.iter().map(|o| o.name.as_str()).collect();
        let shown: Vec<_> = quest.quantities.iter().filter(|q| !over.contains(&q.text.as_str())).collect();
        let mut names: Vec<String> = over.iter().map(|n| (*n).to_owned()).collect();
        names.extend(shown.iter().map(|q| q.text.clone()));
        if quest.per_quantity.is_some() {
            names.push(quest.goal_text());
        }
        let bounds = quest.bounds();
        let rows = self.found.first.iter().map(|seen| {
            let mut values = seen.point.clone();
            // A number that failed its check is not to be plotted; the message says what it failed.
            let known = seen.values();
            values.extend(shown.iter().map(|q| known.map_or(f64::NAN, |v| v[q.column])));
            let goal = known.and_then(|v| quest.goal.value(v));
            if quest.per_quantity.is_some() {
                values.push(goal.unwrap_or(f64::NAN));
            }
            let met = |v: &[f64]| bounds.iter().all(|b| b.margin(v) >= 0.0);
            let status = match &seen.result {
                Ok(e) if e.status == Status::Fail => "fail",
                Ok(e) if e.status == Status::Note => "note",
                Ok(_) => "pass",
                Err(_) => "error",
            };
            Row {
                feasible: goal.is_some() && known.is_some_and(met),
                values,
                goal,
                status,
                message: seen.reason().unwrap_or_default().to_owned(),
            }
        });
        let rows = rows.collect();
        (names, rows)
    }

    /// Writes `optimum.json`, `curve.csv` and the figure `optimum.svg`, `.png` into a folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, RunError> {
        let mut written = Vec::new();
        for (name, text) in [("optimum.json", self.json()), ("curve.csv", self.csv())] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|source| RecordError::Write { path: path.clone(), source })?;
            written.push(path);
        }
        if let Some(figure) = self.figure() {
            written.extend(figure.save(folder, "optimum")?);
        }
        Ok(written)
    }
}

/// A point of the first look.
pub(super) struct Row {
    pub values: Vec<f64>,
    pub goal: Option<f64>,
    pub feasible: bool,
    status: &'static str,
    message: String,
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::AtLeast => ">=",
        Relation::AtMost => "<=",
    }
}
