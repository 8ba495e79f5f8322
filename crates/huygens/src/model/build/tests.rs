//! Models from texts: what is built, and what errors point at.

use std::collections::BTreeMap;

use super::super::source::{LinksSource, Place, Text};
use super::*;
use crate::model::{BathSource, JumpSource, ModeSource, NetworkSource, ParameterSource, TermSource};
use proptest::prelude::*;

fn text(text: &str) -> Text {
    Text::new(text, text)
}

fn parameter(name: &str, value: &str) -> ParameterSource {
    ParameterSource { name: text(name), value: text(value), unit: String::new(), note: String::new() }
}

/// N damped modes on a chain.
fn chain() -> ModelSource {
    ModelSource {
        name: "chain".into(),
        modes: vec![ModeSource { name: text("a[1..2*M]"), kind: text("boson") }],
        parameters: vec![
            parameter("M", "2"),
            parameter("omega", "1"),
            parameter("gamma", "omega/10"),
            parameter("J", "gamma*2"),
        ],
        networks: vec![NetworkSource { name: text("links"), links: LinksSource::Rule(text("chain(2*M)")) }],
        hamiltonian: vec![TermSource {
            name: text("H"),
            expression: text("sum(j in 1..2*M, omega*n(a[j])) + sum((j,k) in links, J*(dag(a[j])*a[k] + h.c.))"),
        }],
        jumps: vec![JumpSource {
            operator: text("sqrt(gamma)*(a[j] - a[k])"),
            each: Some(text("j in 1..2*M, k in links[j]")),
            members: false,
            kept: None,
            label: "difference".into(),
        }],
        baths: vec![BathSource {
            on: text("a[j]"),
            each: Some(text("j in 1..2*M")),
            rate: text("gamma*j"),
            occupation: text("0"),
            momentum: None,
            label: String::new(),
        }],
        uncoupled: vec![(text("J"), text("0"))],
        ..ModelSource::default()
    }
}

#[test]
fn a_model_without_any_file_is_built_from_its_texts() {
    let model = Model::build(&chain(), &[]).unwrap();
    assert_eq!(model.len(), 4);
    // Each of three links twice, and four baths without a gain.
    assert_eq!(model.jumps.len(), 6 + 4);
    assert_eq!(model.jumps[0].label, "difference [j=1, k=2]");
    assert_eq!(model.baths[3].rate.eval(&model.parameters.defaults().values, 0.0).unwrap().re, 0.4);
    assert!(model.needs_rebuild("M") && !model.needs_rebuild("J"));
    let larger = Model::build(&chain(), &[("M".into(), "3".into())]).unwrap();
    assert_eq!((larger.len(), larger.networks[0].size()), (6, 6));
    let error = model.mode("a[5]").unwrap_err();
    assert!(error.to_string().contains("did you mean"), "{error}");
}

#[test]
fn the_control_switches_off_what_the_model_names() {
    let model = Model::build(&chain(), &[]).unwrap();
    let control = model.uncoupled_binding(&model.bind(&[("gamma", 0.3)]).unwrap()).unwrap().unwrap();
    assert_eq!(control.values, [2.0, 1.0, 0.3, 0.0]);
}

#[test]
fn an_error_names_the_text_and_the_bytes() {
    let mut source = chain();
    source.jumps[0].operator = text("sqrt(gama)*a[j]");
    let errors = Model::build(&source, &[]).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].place, Some(Place::new("sqrt(gama)*a[j]")));
    assert_eq!(errors[0].span, Some(5..9));
    assert_eq!(errors[0].help().as_deref(), Some("did you mean `gamma`?"));
}

proptest! {
    /// Rebinding in place gives what binding from the start gives, whatever the order.
    #[test]
    fn rebinding_agrees_with_binding(steps in prop::collection::vec((1..4_usize, 0.1..2.0_f64), 1..12)) {
        let model = Model::build(&chain(), &[]).unwrap();
        let names = ["M", "omega", "gamma", "J"];
        let mut binding = model.parameters.defaults();
        let mut last: BTreeMap<usize, f64> = BTreeMap::new();
        for (k, value) in steps {
            model.parameters.set(&mut binding, ParamId(k as u32), value).unwrap();
            last.insert(k, value);
        }
        let given: Vec<(&str, f64)> = last.iter().rev().map(|(&k, &v)| (names[k], v)).collect();
        prop_assert_eq!(model.parameters.bind(&given).unwrap(), binding);
    }
}
