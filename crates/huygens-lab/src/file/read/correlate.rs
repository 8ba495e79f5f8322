//! `[[correlate]]`: what correlates the modes of the initial state.

use huygens::model::{CorrelationSource, CorrelationText, Text};
use toml::de::DeValue;

use super::{Reader, Value};

const KEYS: [&str; 6] = ["modes", "for", "squeezing", "mixing", "phase", "covariance"];
const NUMBER: &str = "a number or an expression in quotes";
const HELP: &str =
    "write  modes = [\"a\", \"b\"]  and one of  squeezing = 0.5,  mixing = \"pi/4\"  or  covariance = [[…], …]";

impl Reader<'_> {
    pub(super) fn correlations(&mut self, value: &Value<'_>) {
        for (k, (span, table)) in self.tables("correlate", value).into_iter().enumerate() {
            let path = |field: &str| format!("correlate[{}].{field}", k + 1);
            let (mut modes, mut each, mut phase) = (Vec::new(), None, None);
            let mut steps: Vec<CorrelationText> = Vec::new();
            let before = self.errors.len();
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "modes" => modes = self.words(&path("modes"), value, "a list of modes, such as [\"a\", \"b\"]"),
                    "for" => each = self.text(&path("for"), value, "a text such as \"j in 1..N\""),
                    "phase" => phase = self.expression(&path("phase"), value, NUMBER),
                    "squeezing" => {
                        let strength = self.expression(&path("squeezing"), value, NUMBER);
                        steps.extend(strength.map(|strength| CorrelationText::Squeezing { strength, phase: None }));
                    }
                    "mixing" => {
                        let angle = self.expression(&path("mixing"), value, NUMBER);
                        steps.extend(angle.map(|angle| CorrelationText::Mixing { angle, phase: None }));
                    }
                    "covariance" => {
                        let rows = self.matrix(&path("covariance"), value);
                        let place = self.place(&path("covariance"), value);
                        steps.extend(rows.map(|rows| CorrelationText::Covariance { rows, place }));
                    }
                    _ => self.unknown_key(key, "[[correlate]]", &KEYS),
                }
            }
            if self.errors.len() > before {
                continue;
            }
            if modes.is_empty() {
                self.error(span.clone(), "this [[correlate]] names no modes", "", HELP);
                continue;
            }
            let step = match (steps.pop(), steps.is_empty(), phase) {
                (Some(CorrelationText::Squeezing { strength, .. }), true, phase) => {
                    CorrelationText::Squeezing { strength, phase }
                }
                (Some(CorrelationText::Mixing { angle, .. }), true, phase) => CorrelationText::Mixing { angle, phase },
                (Some(covariance), true, None) => covariance,
                (Some(_), true, Some(_)) => {
                    self.error(span, "a covariance has no phase", "", "leave out the phase");
                    continue;
                }
                (found, ..) => {
                    let what = if found.is_some() { "does several things at once" } else { "does nothing" };
                    let help = format!("{HELP}; several steps are several [[correlate]], applied in order");
                    self.error(span, format!("this [[correlate]] {what}"), "", help);
                    continue;
                }
            };
            self.document.source.correlations.push(CorrelationSource { modes, each, step });
        }
    }

    fn matrix(&mut self, path: &str, value: &Value<'_>) -> Option<Vec<Vec<Text>>> {
        const EXPECTED: &str = "a list of rows, such as [[0.5, 0], [0, 0.5]]";
        let DeValue::Array(rows) = value.get_ref() else {
            self.wrong_type(value, path, EXPECTED);
            return None;
        };
        let mut matrix = Vec::new();
        for (i, row) in rows.iter().enumerate() {
            let DeValue::Array(cells) = row.get_ref() else {
                self.wrong_type(row, path, EXPECTED);
                return None;
            };
            let mut texts = Vec::new();
            for (j, cell) in cells.iter().enumerate() {
                texts.push(self.expression(&format!("{path}[{}][{}]", i + 1, j + 1), cell, NUMBER)?);
            }
            matrix.push(texts);
        }
        Some(matrix)
    }
}
