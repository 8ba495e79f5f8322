//! Named networks: which index is linked with which, and how strongly.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::algebra::parse;

/// How a network was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// Each node linked with its `reach` neighbours on either side, closed.
    Ring {
        /// Neighbours on either side.
        reach: usize,
    },
    /// Each node linked with the next, open.
    Chain,
    /// Node 1 linked with all others.
    Star,
    /// Each node linked with every other.
    Complete,
    /// From a list of entries.
    List,
}

/// A weighted network of `size` nodes, counted from 1.
///
/// The adjacency w_{jk} is the weight of the entry (j, k). A network is symmetric when w_{jk} = w_{kj} for all entries; its
/// *links* are then the undirected pairs j < k, each once. Otherwise each directed entry is a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    name: String,
    size: usize,
    kind: NetworkKind,
    symmetric: bool,
    graph: Arc<parse::Network>,
    links: Vec<(usize, usize)>,
}

/// The largest number of directed entries a network may have: each stands for a term of the model of some 200 bytes.
pub const MAX_ENTRIES: usize = 4_000_000;

/// Why a network cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Too few nodes for the shape.
    #[error("a {kind} needs at least {least} nodes, here are {size}")]
    TooSmall {
        /// The shape.
        kind: &'static str,
        /// Nodes asked for.
        size: usize,
        /// Fewest nodes possible.
        least: usize,
    },
    /// Too many entries.
    #[error("a network of {size} nodes with {entries} entries would need about {} for the terms of the model alone", super::error::bytes(*.entries as f64 * 200.0))]
    TooLarge {
        /// Nodes asked for.
        size: usize,
        /// Directed entries it would have.
        entries: usize,
    },
    /// An entry names a node that does not exist.
    #[error("entry ({from}, {to}) lies outside the nodes 1..{size}")]
    OutOfRange {
        /// First node.
        from: usize,
        /// Second node.
        to: usize,
        /// Number of nodes.
        size: usize,
    },
    /// A node is linked with itself.
    #[error("node {node} is linked with itself")]
    Loop {
        /// The node.
        node: usize,
    },
    /// The same entry twice.
    #[error("entry ({from}, {to}) is given twice, with weights {first} and {second}")]
    Twice {
        /// First node.
        from: usize,
        /// Second node.
        to: usize,
        /// First weight.
        first: f64,
        /// Second weight.
        second: f64,
    },
    /// A weight that is not a finite number.
    #[error("the weight of entry ({from}, {to}) is {weight}, not a finite number")]
    NotFinite {
        /// First node.
        from: usize,
        /// Second node.
        to: usize,
        /// The weight.
        weight: f64,
    },
}

impl Network {
    /// Each of N nodes linked with its `reach` nearest neighbours on either side, closed into a ring; weights 1.
    ///
    /// A ring needs more than 2·reach nodes: with fewer, a pair would be linked twice.
    pub fn ring(name: &str, size: usize, reach: usize) -> Result<Self, NetworkError> {
        let reach = reach.max(1);
        if size <= reach.saturating_mul(2) {
            return Err(NetworkError::TooSmall {
                kind: "ring",
                size,
                least: reach.saturating_mul(2).saturating_add(1),
            });
        }
        guard(size, size.saturating_mul(2).saturating_mul(reach))?;
        let pairs = (0..size).flat_map(|j| (1..=reach).map(move |d| (j + 1, (j + d) % size + 1)));
        Ok(Self::undirected(name, size, NetworkKind::Ring { reach }, pairs))
    }

    /// N nodes in a row, each linked with the next; weights 1.
    pub fn chain(name: &str, size: usize) -> Result<Self, NetworkError> {
        Self::at_least("chain", size)?;
        guard(size, 2 * size)?;
        Ok(Self::undirected(name, size, NetworkKind::Chain, (1..size).map(|j| (j, j + 1))))
    }

    /// Node 1 linked with all others; weights 1.
    pub fn star(name: &str, size: usize) -> Result<Self, NetworkError> {
        Self::at_least("star", size)?;
        guard(size, 2 * size)?;
        Ok(Self::undirected(name, size, NetworkKind::Star, (2..=size).map(|j| (1, j))))
    }

    /// Each of N nodes linked with every other; weights 1.
    pub fn complete(name: &str, size: usize) -> Result<Self, NetworkError> {
        Self::at_least("complete network", size)?;
        guard(size, size.saturating_mul(size - 1))?;
        let pairs = (1..=size).flat_map(|j| (j + 1..=size).map(move |k| (j, k)));
        Ok(Self::undirected(name, size, NetworkKind::Complete, pairs))
    }

    /// A network from directed entries (from, to, weight), counted from 1; entries of weight 0 are no links.
    pub fn list(name: &str, size: usize, entries: &[(usize, usize, f64)]) -> Result<Self, NetworkError> {
        guard(size, entries.len())?;
        let mut weights = BTreeMap::new();
        for &(from, to, weight) in entries {
            if !weight.is_finite() {
                return Err(NetworkError::NotFinite { from, to, weight });
            }
            if from == 0 || to == 0 || from > size || to > size {
                return Err(NetworkError::OutOfRange { from, to, size });
            }
            if weight == 0.0 {
                continue;
            }
            if from == to {
                return Err(NetworkError::Loop { node: from });
            }
            if let Some(first) = weights.insert((from, to), weight) {
                return Err(NetworkError::Twice { from, to, first, second: weight });
            }
        }
        Ok(Self::new(name, size, NetworkKind::List, weights))
    }

    fn at_least(kind: &'static str, size: usize) -> Result<(), NetworkError> {
        if size < 2 { Err(NetworkError::TooSmall { kind, size, least: 2 }) } else { Ok(()) }
    }

    fn undirected(name: &str, size: usize, kind: NetworkKind, pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let weights = pairs.flat_map(|(j, k)| [((j, k), 1.0), ((k, j), 1.0)]).collect();
        Self::new(name, size, kind, weights)
    }

    fn new(name: &str, size: usize, kind: NetworkKind, weights: BTreeMap<(usize, usize), f64>) -> Self {
        let graph = parse::Network::new(size, weights.into_iter().map(|((j, k), w)| (j, k, w)));
        Self {
            name: name.into(),
            size,
            kind,
            symmetric: graph.is_symmetric(),
            links: graph.edges(),
            graph: Arc::new(graph),
        }
    }

    /// Name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of nodes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How it was made.
    pub fn kind(&self) -> NetworkKind {
        self.kind
    }

    /// Whether w_{jk} = w_{kj} for all entries.
    pub fn is_symmetric(&self) -> bool {
        self.symmetric
    }

    /// The links a sum runs over: each undirected pair j < k once if the network is symmetric, each directed entry otherwise.
    pub fn links(&self) -> &[(usize, usize)] {
        &self.links
    }

    /// Weight of the entry (from, to), 0 where there is none.
    pub fn weight(&self, from: usize, to: usize) -> f64 {
        self.graph.weight(from, to)
    }

    /// All directed entries (from, to, weight) in order.
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        self.graph.entries()
    }

    /// Sum of the weights of the entries that leave a node.
    pub fn strength(&self, node: usize) -> f64 {
        self.graph.neighbours(node).into_iter().map(|k| self.graph.weight(node, k)).sum()
    }

    /// The network as expressions see it.
    pub(crate) fn graph(&self) -> Arc<parse::Network> {
        self.graph.clone()
    }
}

fn guard(size: usize, entries: usize) -> Result<(), NetworkError> {
    if entries > MAX_ENTRIES { Err(NetworkError::TooLarge { size, entries }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_links_each_node_with_its_two_neighbours() {
        let ring = Network::ring("links", 5, 1).unwrap();
        assert!(ring.is_symmetric());
        assert_eq!(ring.links(), [(1, 2), (1, 5), (2, 3), (3, 4), (4, 5)]);
        assert_eq!(ring.weight(5, 1), 1.0);
        assert_eq!(ring.weight(2, 4), 0.0);
        assert!((1..=5).all(|j| ring.strength(j) == 2.0));
        assert!(matches!(Network::ring("links", 2, 1), Err(NetworkError::TooSmall { least: 3, .. })));
        let wide = Network::ring("links", 7, 2).unwrap();
        assert_eq!(wide.links().len(), 14);
        assert!((1..=7).all(|j| wide.strength(j) == 4.0));
    }

    #[test]
    fn chain_star_and_complete_have_their_number_of_links() {
        assert_eq!(Network::chain("l", 4).unwrap().links(), [(1, 2), (2, 3), (3, 4)]);
        assert_eq!(Network::star("l", 4).unwrap().links(), [(1, 2), (1, 3), (1, 4)]);
        assert_eq!(Network::complete("l", 6).unwrap().links().len(), 15);
        let huge = Network::complete("l", 1_000_000_000).unwrap_err().to_string();
        assert!(huge.contains("would need about"), "{huge}");
    }

    #[test]
    fn a_list_is_symmetric_only_if_all_weights_agree() {
        let both = Network::list("l", 3, &[(1, 2, 0.5), (2, 1, 0.5)]).unwrap();
        assert!(both.is_symmetric());
        assert_eq!(both.links(), [(1, 2)]);
        let one = Network::list("l", 3, &[(1, 2, 0.5), (2, 1, 0.25), (3, 1, 1.0)]).unwrap();
        assert!(!one.is_symmetric());
        assert_eq!(one.links(), [(1, 2), (2, 1), (3, 1)]);
    }

    #[test]
    fn a_list_refuses_what_it_cannot_mean() {
        assert!(matches!(Network::list("l", 3, &[(1, 4, 1.0)]), Err(NetworkError::OutOfRange { .. })));
        assert!(matches!(Network::list("l", 3, &[(0, 1, 1.0)]), Err(NetworkError::OutOfRange { .. })));
        assert!(matches!(Network::list("l", 3, &[(2, 2, 1.0)]), Err(NetworkError::Loop { node: 2 })));
        assert!(matches!(Network::list("l", 3, &[(1, 2, 1.0), (1, 2, 2.0)]), Err(NetworkError::Twice { .. })));
        assert!(matches!(Network::list("l", 3, &[(1, 2, f64::NAN)]), Err(NetworkError::NotFinite { .. })));
    }
}
