//! A record as the JSON object that scripts read.

use huygens::report::{Check, Quantity};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::{Parameter, Record, finite};

impl Record {
    /// The record as one JSON object on several lines:
    ///
    /// ```json
    /// {"model": "…", "level": "…", "parameters": {"mu": 0.02},
    ///  "values": {"complete_sync(b1,b2)": {"value": 0.278, "unit": "1", "min": 0.26, "max": 0.29, "error": 1e-12}},
    ///  "checks": [{"name": "cycle closed", "status": "pass", "value": 1e-14, "limit": 1e-9, "note": "…"}],
    ///  "provenance": {"version": "…"}}
    /// ```
    ///
    /// Each measure stands under the text by which it was asked, in the order asked; `note`, `list` (pairs [re, im]) and
    /// `alternatives` are there where the measure has them. What has no finite value is `null`.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_else(|e| unreachable!("maps with text keys: {e}"));
        text.push('\n');
        text
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &self.model)?;
        map.serialize_entry("level", &self.report.level)?;
        map.serialize_entry("parameters", &Parameters(&self.provenance.parameters))?;
        map.serialize_entry("values", &Values(&self.report.quantities))?;
        map.serialize_entry("checks", &self.report.checks.iter().map(CheckJson).collect::<Vec<_>>())?;
        let mut provenance = self.provenance.json();
        if let Some(object) = provenance.as_object_mut() {
            object.remove("parameters");
            object.remove("level");
            object.insert("dynamics".into(), json!(self.report.dynamics));
        }
        map.serialize_entry("provenance", &provenance)?;
        map.end()
    }
}

struct Parameters<'a>(&'a [Parameter]);

impl Serialize for Parameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|p| (&p.name, finite(Some(p.value)))))
    }
}

struct Values<'a>(&'a [Quantity]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (i, quantity) in self.0.iter().enumerate() {
            // A measure asked for twice has one value.
            if !self.0[..i].iter().any(|other| other.name == quantity.name) {
                map.serialize_entry(&quantity.name, &QuantityJson(quantity))?;
            }
        }
        map.end()
    }
}

struct QuantityJson<'a>(&'a Quantity);

impl Serialize for QuantityJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let q = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", &finite(q.value))?;
        map.serialize_entry("unit", &q.unit)?;
        map.serialize_entry("min", &finite(q.min))?;
        map.serialize_entry("max", &finite(q.max))?;
        map.serialize_entry("error", &finite(q.error))?;
        if let Some(note) = &q.note {
            map.serialize_entry("note", note)?;
        }
        if let Some(list) = &q.list {
            map.serialize_entry("list", list)?;
        }
        if !q.alternatives.is_empty() {
            let values: serde_json::Map<String, Value> =
                q.alternatives.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            map.serialize_entry("alternatives", &values)?;
        }
        map.end()
    }
}

struct CheckJson<'a>(&'a Check);

impl Serialize for CheckJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let c = self.0;
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("name", &c.name)?;
        map.serialize_entry("status", &c.status.to_string())?;
        map.serialize_entry("value", &finite(c.value))?;
        map.serialize_entry("limit", &finite(c.limit))?;
        map.serialize_entry("note", &c.note)?;
        map.end()
    }
}
