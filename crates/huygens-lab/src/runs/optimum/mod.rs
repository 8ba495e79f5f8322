//! The parameters at which a measure is best, or at which a wanted value is had most cheaply.

mod picture;
mod text;
mod wish;

use std::num::NonZero;
use std::sync::atomic::AtomicBool;

use huygens::report::{Check, Report, Status};
use huygens_numerics::optimize::{End, Kind, Optimum as Best, Outcome};

use super::error::RunError;
use crate::record::{Record, significant};
use crate::study::{Found, Optimization, Progress, Relation, Seen};

pub use wish::{Quest, Wish};

/// A location known to this relative error needs no remark.
const LOCATED: f64 = 1e-6;

/// The best point of a range of parameters, with the run there.
#[derive(Debug)]
pub struct Optimum {
    /// The run at the best point (at the one that comes closest, where none satisfies all constraints), with what the search
    /// has to say among its checks.
    pub record: Record,
    quest: Quest,
    found: Found,
    /// The parameters of the run.
    point: Vec<f64>,
}

impl Optimum {
    /// Searches, and runs the model at what was found. `None` when `stop` became true before the end.
    ///
    /// # Errors
    /// [`RunError::Study`] where there are not enough threads.
    pub fn find(
        quest: Quest,
        threads: Option<NonZero<usize>>,
        progress: &dyn Progress,
        stop: &AtomicBool,
        command: &str,
    ) -> Result<Option<Self>, RunError> {
        let study = Optimization::new(quest.ranges(), quest.goal.clone(), quest.bounds());
        let study = study.options(quest.search.clone()).threads(threads);
        let Some(found) = study.run(&quest.asked, progress, stop)? else { return Ok(None) };
        let point = match &found.search.outcome {
            Outcome::Found { best, .. } => best.x.clone(),
            Outcome::Infeasible { x, .. } => x.clone(),
            // Somewhere in the middle: its checks say what is wrong.
            _ => found.search.first[found.search.first.len() / 2].clone(),
        };
        let binding = quest.asked.binding(&point).map_err(|e| RunError::input(e, "choose another range"))?;
        let mut record = quest.last.record_at(&binding, command)?;
        record.provenance.method = format!(
            "{}; the best of {} points by bracketing and interpolation",
            record.provenance.method, found.evaluations
        );
        let mut optimum = Self { record, quest, found, point };
        let mut checks = optimum.checks();
        checks.append(&mut optimum.record.report.checks);
        optimum.record.report.checks = checks;
        Ok(Some(optimum))
    }

    /// The worst of the checks: those of the search and those of the run at its end.
    pub fn status(&self) -> Status {
        self.record.report.status()
    }

    /// The best point, where there is one.
    pub fn best(&self) -> Option<&Best> {
        match &self.found.search.outcome {
            Outcome::Found { best, .. } => Some(best),
            _ => None,
        }
    }

    /// Other local optima, best first.
    pub fn others(&self) -> &[Best] {
        match &self.found.search.outcome {
            Outcome::Found { others, .. } => others,
            _ => &[],
        }
    }

    /// The value of the goal at the best point.
    pub fn value(&self) -> Option<f64> {
        self.best().map(|best| self.goal_of(best))
    }

    /// Number of points that were computed, without those of the run at the end.
    pub fn evaluations(&self) -> usize {
        self.found.evaluations
    }

    fn report(&self) -> &Report {
        &self.record.report
    }

    fn goal_of(&self, best: &Best) -> f64 {
        if self.quest.goal.largest { -best.sample.objective } else { best.sample.objective }
    }

    /// The value of a quantity in the run at the end.
    fn at_end(&self, quantity: usize) -> Option<f64> {
        let quantity = &self.quest.quantities[quantity];
        match quantity.parameter {
            Some(_) => self.record.provenance.parameters.iter().find(|p| p.name == quantity.text).map(|p| p.value),
            None => self.report().value(&quantity.text),
        }
    }

    /// `mu = 0.0218, n_b = 2`.
    fn place(&self, x: &[f64], digits: usize) -> String {
        let pairs = self.quest.over.iter().zip(x);
        pairs.map(|(o, x)| format!("{} = {}", o.name, significant(*x, digits))).collect::<Vec<_>>().join(", ")
    }

    /// `largest complete_sync(b1,b2) = 0.29 at mu = 0.0218`, with names as they are typed.
    fn headline(&self) -> String {
        let quest = &self.quest;
        let which = if quest.goal.largest { "largest" } else { "smallest" };
        let goal = quest.goal_text();
        let subject: Vec<&str> = quest.subject.iter().map(|s| s.text.as_str()).collect();
        let subject = if subject.is_empty() { String::new() } else { format!(" where {}", subject.join(" and ")) };
        let unit = quest.goal_unit();
        let unit = if unit == "1" || unit.is_empty() { String::new() } else { format!(" {unit}") };
        match &self.found.search.outcome {
            Outcome::Found { best, .. } if quest.goal_is_place() => {
                format!("{which} {}{subject}", self.place(&best.x, 10))
            }
            Outcome::Found { best, .. } => {
                let value = significant(self.goal_of(best), 10);
                format!("{which} {goal} = {value}{unit} at {}{subject}", self.place(&best.x, 10))
            }
            Outcome::Infeasible { .. } => {
                format!("{which} {goal}{subject}: no point of the range; closest at {}", self.place(&self.point, 6))
            }
            Outcome::NoValue => format!("{which} {goal}: no point of the range has a value"),
        }
    }

    /// What the search has to say about its result.
    fn checks(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        let (search, quest) = (&self.found.search, &self.quest);
        let reason = self.found.first.iter().find_map(Seen::reason).unwrap_or("a measure has no value");
        match &search.outcome {
            Outcome::Found { best, others } => self.about(best, others, reason, &mut checks),
            Outcome::Infeasible { sample, broken, .. } => {
                let texts: Vec<&str> = broken.iter().map(|&k| quest.subject[k].text.as_str()).collect();
                let values = broken.iter().map(|&k| {
                    let subject = &quest.subject[k];
                    let value = match subject.relation {
                        Relation::AtLeast => subject.bound + sample.constraints[k],
                        Relation::AtMost => subject.bound - sample.constraints[k],
                    };
                    format!("{} = {}", quest.quantities[subject.quantity].text, significant(value, 6))
                });
                let note = format!(
                    "no point of the range satisfies {}; closest at {}: {}",
                    texts.join(" and "),
                    self.place(&self.point, 6),
                    values.collect::<Vec<_>>().join(", ")
                );
                let worst = broken.iter().map(|&k| -sample.constraints[k]).fold(0.0, f64::max);
                checks.push(Check::fail("constraints", Some(worst), note));
            }
            _ => {
                let note = format!("no point of the range has a value of {}: {reason}", quest.goal_text());
                checks.push(Check::fail("values", None, note));
            }
        }
        let lost = self.found.first.iter().filter(|s| s.values().is_none()).count();
        if lost > 0 && !matches!(search.outcome, Outcome::NoValue) {
            let note = format!("of {} points of the first look were left out: {reason}", self.found.first.len());
            checks.push(Check::note("points without a value", Some(lost as f64), note));
        }
        checks
    }

    fn about(&self, best: &Best, others: &[Best], reason: &str, checks: &mut Vec<Check>) {
        let quest = &self.quest;
        let relative = best.error.iter().zip(&best.x).zip(&quest.over).map(|((e, x), o)| {
            // Near zero the range is what the error is to be compared with.
            e / x.abs().max(1e-3 * (o.range.stop() - o.range.start()))
        });
        let relative = relative.fold(0.0, f64::max);
        let errors: Vec<String> = (quest.over.iter().zip(&best.x).zip(&best.error))
            .map(|((o, x), e)| format!("{} = {} ± {}", o.name, significant(*x, 10), significant(*e, 2)))
            .collect();
        let errors = errors.join(", ");
        let mut located =
            Check::at_most("optimum located", relative, LOCATED, "estimated relative error of the location");
        if located.status != Status::Pass {
            located.status = Status::Note;
        }
        let remark = match best.kind {
            Kind::Edge => Some(format!("beyond {errors} there is no value: {reason}")),
            Kind::Jump => {
                Some("beyond the optimum a constraint jumps from met to broken: another state takes over".into())
            }
            Kind::Rough => {
                Some(format!("the goal has a kink or a jump here, or is noisy; values can be told apart to {errors}"))
            }
            Kind::Plateau if best.x.len() == 1 => Some(format!("the goal is the same up to rounding over {errors}")),
            Kind::Plateau => Some("one of many points at which the goal is the same, up to rounding".into()),
            _ => None,
        };
        if let Some(note) = remark {
            located.status = Status::Note;
            located.note = note;
        }
        checks.push(located);
        for ((over, end), x) in quest.over.iter().zip(&best.ends).zip(&best.x) {
            if end.is_some() {
                let which = if *end == Some(End::Start) { "lower" } else { "upper" };
                let note = format!("lies at the {which} end of its range: a wider range may hold a better point");
                checks.push(Check::note(format!("range of {}", over.name), Some(*x), note));
            }
        }
        for (k, subject) in quest.subject.iter().enumerate() {
            let margin = best.sample.constraints[k];
            let value = match subject.relation {
                Relation::AtLeast => subject.bound + margin,
                Relation::AtMost => subject.bound - margin,
            };
            let active = best.active.contains(&k);
            let note = if active { "holds with equality: it fixes the optimum" } else { "holds" };
            checks.push(Check {
                name: subject.text.clone(),
                status: Status::Pass,
                value: Some(value),
                limit: if active { None } else { Some(subject.bound) },
                note: note.into(),
            });
        }
        if let Some(next) = others.first() {
            let goal = significant(self.goal_of(next), 6);
            let note = format!("other local optima; the next best is {goal} at {}", self.place(&next.x, 6));
            checks.push(Check::note("other optima", Some(others.len() as f64), note));
        }
    }

    /// Gain and cost of the trade-off, as quantities with whether more of them is better.
    fn tradeoff(&self) -> Option<[(usize, bool); 2]> {
        let quest = &self.quest;
        let goal = (quest.goal_quantity, quest.goal.largest);
        let gain_and_cost = match (quest.per_quantity, quest.subject.first()) {
            (Some(per), _) => [goal, (per, !goal.1)],
            (None, Some(subject)) if subject.quantity != goal.0 => {
                [(subject.quantity, subject.relation == Relation::AtLeast), goal]
            }
            _ => return None,
        };
        Some(gain_and_cost)
    }

    /// Which points of the first look no other one beats in gain and cost at once, in order of the cost.
    fn front(&self) -> Vec<usize> {
        let Some([(gain, more), (cost, dearer)]) = self.tradeoff() else { return Vec::new() };
        let of = |k: usize, quantity: usize, up: bool| {
            let value = self.found.first[k].values()?[self.quest.quantities[quantity].column];
            value.is_finite().then_some(if up { -value } else { value })
        };
        let mut points: Vec<(f64, f64, usize)> =
            (0..self.found.first.len()).filter_map(|k| Some((of(k, cost, dearer)?, of(k, gain, more)?, k))).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        let mut best = f64::INFINITY;
        points.retain(|p| {
            let kept = p.1 < best;
            best = best.min(p.1);
            kept
        });
        points.into_iter().map(|p| p.2).collect()
    }
}
