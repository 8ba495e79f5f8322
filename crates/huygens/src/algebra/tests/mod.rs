//! Tests of the algebra.

mod matrices;
mod product;
mod reading;
mod scalars;
mod spins;
mod symmetries;
mod writing;

use super::parse::{self, Symbol, Symbols};
use super::*;
use std::sync::Arc;

/// Two optomechanical cells, an array of modes and one of parameters, a ring.
pub(super) struct Model {
    pub(super) scope: Symbols,
    pub(super) names: Names,
}

pub(super) fn model() -> Model {
    let parameters =
        ["omega1", "omega2", "Delta1", "g", "kappa", "gamma", "mu", "n_b", "drive", "theta", "nbar", "Omega"];
    let modes = ["a1", "b1", "a2", "b2", "c[1]", "c[2]", "c[3]"];
    let mut scope = Symbols::new();
    for (k, p) in parameters.iter().enumerate() {
        scope.insert(*p, Symbol::Parameter(ParamId(k as u32)));
    }
    for (k, m) in modes.iter().take(4).enumerate() {
        scope.insert(*m, Symbol::Mode(ModeId(k as u32)));
    }
    scope.insert("c", Symbol::Modes(Arc::from([ModeId(4), ModeId(5), ModeId(6)])));
    scope.insert("N", Symbol::Integer(3));
    scope.insert("links", Symbol::Network(Arc::new(parse::Network::ring(3))));
    scope.insert("w", Symbol::Parameters(Arc::from([ParamId(0), ParamId(1), ParamId(2)])));
    Model { scope, names: Names::new(parameters.map(String::from).to_vec(), modes.map(String::from).to_vec()) }
}

impl Model {
    #[track_caller]
    pub(super) fn operator(&self, text: &str) -> Operator {
        let tree = parse::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        parse::operator(&tree, &self.scope).unwrap_or_else(|e| panic!("{text}: {e:?}"))
    }
    #[track_caller]
    pub(super) fn scalar(&self, text: &str) -> Scalar {
        let tree = parse::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        parse::scalar(&tree, &self.scope).unwrap_or_else(|e| panic!("{text}: {e:?}"))
    }
    pub(super) fn error(&self, text: &str) -> parse::ParseError {
        let result = parse::parse(text).and_then(|tree| parse::operator(&tree, &self.scope));
        match result {
            Err(e) => e,
            Ok(o) => panic!("{text} was read as {}", o.text(&self.names)),
        }
    }
}
