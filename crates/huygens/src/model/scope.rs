//! Which names an expression uses, and which of them must be whole numbers that fix the size of the model.

use std::collections::BTreeSet;

use crate::algebra::parse::{Expr, Node, Ranges, Source};

/// The names of an expression, sorted by how they are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// All names, except indices of sums.
    pub(crate) names: BTreeSet<String>,
    /// Those that stand in ranges and indices and so must be whole numbers.
    pub(crate) whole: BTreeSet<String>,
}

impl Uses {
    /// Adds the names of an expression.
    pub(crate) fn expression(&mut self, expr: &Expr, indices: &[String]) {
        self.walk(expr, false, &mut indices.to_vec());
    }

    /// Adds the names of an expression all of whose value must be a whole number.
    pub(crate) fn whole(&mut self, expr: &Expr) {
        self.walk(expr, true, &mut Vec::new());
    }

    /// Adds the names of the clauses of a `for`; returns the indices they define.
    pub(crate) fn ranges(&mut self, ranges: &[Ranges]) -> Vec<String> {
        let mut indices = Vec::new();
        self.clauses(ranges, &mut indices);
        indices
    }

    fn clauses(&mut self, ranges: &[Ranges], indices: &mut Vec<String>) {
        for clause in ranges {
            match &clause.source {
                Source::Interval(first, last) => {
                    self.walk(first, true, indices);
                    self.walk(last, true, indices);
                }
                Source::Edges(name, _) => {
                    self.names.insert(name.clone());
                }
                Source::Neighbours(name, _, site) => {
                    self.names.insert(name.clone());
                    self.walk(site, true, indices);
                }
            }
            indices.extend(clause.variables.iter().cloned());
        }
    }

    fn walk(&mut self, expr: &Expr, whole: bool, indices: &mut Vec<String>) {
        match &expr.node {
            Node::Name(name) => {
                if !indices.contains(name) {
                    self.names.insert(name.clone());
                    if whole {
                        self.whole.insert(name.clone());
                    }
                }
            }
            Node::Index { name, indices: list } => {
                self.names.insert(name.clone());
                for index in list {
                    self.walk(index, true, indices);
                }
            }
            Node::Call { name, arguments, .. } => {
                for (k, argument) in arguments.iter().enumerate() {
                    let inner = whole || matches!(name.as_str(), "mod" | "mod1") || (name == "degree" && k == 1);
                    self.walk(argument, inner, indices);
                }
            }
            Node::Sum(list) | Node::Product(list) => {
                for (_, part) in list {
                    self.walk(part, whole, indices);
                }
            }
            Node::Negative(inner) | Node::Adjoint(inner) => self.walk(inner, whole, indices),
            Node::Power(base, exponent) => {
                self.walk(base, whole, indices);
                self.walk(exponent, whole, indices);
            }
            Node::SumOver { ranges, body } => {
                let depth = indices.len();
                self.clauses(ranges, indices);
                self.walk(body, whole, indices);
                indices.truncate(depth);
            }
            Node::Number(_) | Node::HermitianConjugate => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::parse::{parse, parse_ranges};

    fn list(set: &BTreeSet<String>) -> Vec<&str> {
        set.iter().map(String::as_str).collect()
    }

    #[test]
    fn sizes_are_told_from_coefficients() {
        let mut uses = Uses::default();
        uses.expression(&parse("sum(j in 1..N, omega*n(b[j]) + K*(j-1)/(M-1)) + g*b[mod1(L+1,N)]").unwrap(), &[]);
        assert_eq!(list(&uses.whole), ["L", "N"]);
        assert_eq!(list(&uses.names), ["K", "L", "M", "N", "b", "g", "omega"]);
    }

    #[test]
    fn indices_of_a_for_are_no_names_of_the_model() {
        let mut uses = Uses::default();
        let indices = uses.ranges(&parse_ranges("j in 1..N, k in links[j]").unwrap());
        uses.expression(&parse("sqrt(V*links[j,k])*(b[j]-b[k])").unwrap(), &indices);
        assert_eq!(indices, ["j", "k"]);
        assert_eq!(list(&uses.whole), ["N"]);
        assert_eq!(list(&uses.names), ["N", "V", "b", "links"]);
    }
}
