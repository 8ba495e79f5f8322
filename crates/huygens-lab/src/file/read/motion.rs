//! Equations of motion as they are written, the abbreviations they use, and the variants of a model.

use huygens::model::EntrySource;

use super::{Reader, Value};

impl Reader<'_> {
    /// Rows of a drift or a diffusion: `b1 = { b1 = "…", "dag(b1)" = "…" }`.
    pub(super) fn elements(&mut self, table: &str, value: &Value<'_>, example: &str) -> Vec<EntrySource> {
        let mut elements = Vec::new();
        for (key, value) in self.table(table, value, example) {
            let path = format!("{table}.{}", key.get_ref());
            for (inner, value) in self.table(&path, value, example) {
                let path = format!("{path}.{}", inner.get_ref());
                let row = self.key(&format!("{path} (row)"), key);
                let column = self.key(&format!("{path} (name)"), inner);
                if let Some(value) = self.expression(&path, value, "an expression in quotes") {
                    elements.push(EntrySource { row, column, value });
                }
            }
        }
        elements
    }

    /// Other models that are variants of this one.
    pub(super) fn variants(&mut self, value: &Value<'_>) {
        for (key, value) in self.table("variants", value, "[variants] printed = \"other.toml\"") {
            let path = format!("variants.{}", key.get_ref());
            let name = self.key(&format!("{path} (name)"), key);
            if let Some(model) = self.text(&path, value, "the name of a built-in model or of a model file") {
                self.document.source.variants.push((name, model));
            }
        }
    }
}
