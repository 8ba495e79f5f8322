//! What the names in an expression mean.

use super::super::{ModeId, ParamId, Scalar};
use super::grammar::Expr;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The meaning of a name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Symbol {
    /// A single mode, written `b1`.
    Mode(ModeId),
    /// An array of modes, written `b[j]` with j from 1.
    Modes(Arc<[ModeId]>),
    /// A spin, written `jz(s)`, `jp(s)`, `jm(s)`, `jx(s)`, `jy(s)`.
    Spin(ModeId),
    /// An array of spins, written `jz(s[j])` with j from 1.
    Spins(Arc<[ModeId]>),
    /// A real parameter, written `kappa`.
    Parameter(ParamId),
    /// An array of real parameters, written `omega[j]` with j from 1.
    Parameters(Arc<[ParamId]>),
    /// A whole number that is fixed before anything is derived: usable in ranges and indices, and as a number.
    Integer(i64),
    /// An abbreviation for a scalar.
    Scalar(Scalar),
    /// An abbreviation for an expression.
    Definition(Arc<Expr>),
    /// A network, usable in `sum((j,k) in links, …)`, `sum(k in links[j], …)` and as the weight `links[j,k]`.
    Network(Arc<Network>),
}

/// The names that an expression may use.
pub trait Scope {
    /// The meaning of a name, if it has one.
    fn lookup(&self, name: &str) -> Option<Symbol>;
    /// All names, for the suggestion of the nearest one.
    fn names(&self) -> Vec<String>;
}

/// A [`Scope`] that is a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Symbols {
    table: BTreeMap<String, Symbol>,
}

impl Symbols {
    /// An empty table.
    pub fn new() -> Symbols {
        Symbols::default()
    }
    /// Adds or replaces a name.
    pub fn insert(&mut self, name: impl Into<String>, symbol: Symbol) {
        self.table.insert(name.into(), symbol);
    }
}

impl Scope for Symbols {
    fn lookup(&self, name: &str) -> Option<Symbol> {
        self.table.get(name).cloned()
    }
    fn names(&self) -> Vec<String> {
        self.table.keys().cloned().collect()
    }
}

/// A [`Scope`] with a few whole numbers added: the indices of `for = "j in 1..N"`.
pub struct WithIndices<'a> {
    /// The scope below.
    pub scope: &'a dyn Scope,
    /// The indices and their values; they hide names of the scope below.
    pub indices: &'a [(String, i64)],
}

impl Scope for WithIndices<'_> {
    fn lookup(&self, name: &str) -> Option<Symbol> {
        match self.indices.iter().rev().find(|(n, _)| n == name) {
            Some((_, value)) => Some(Symbol::Integer(*value)),
            None => self.scope.lookup(name),
        }
    }
    fn names(&self) -> Vec<String> {
        let mut names = self.scope.names();
        names.extend(self.indices.iter().map(|(n, _)| n.clone()));
        names
    }
}

/// A weighted network on the sites 1..=size: an adjacency matrix, stored sparsely.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    size: usize,
    entries: BTreeMap<(usize, usize), f64>,
}

impl Network {
    /// A network with the entries (j, k, weight), sites counted from 1; zero weights are left out, repeated entries add.
    ///
    /// # Panics
    /// If a site is not in 1..=size.
    #[track_caller]
    pub fn new(size: usize, entries: impl IntoIterator<Item = (usize, usize, f64)>) -> Network {
        let mut table = BTreeMap::new();
        for (j, k, w) in entries {
            assert!(
                (1..=size).contains(&j) && (1..=size).contains(&k),
                "network of {size} sites: there is no edge ({j},{k})"
            );
            *table.entry((j, k)).or_insert(0.0) += w;
        }
        table.retain(|_, w| *w != 0.0);
        Network { size, entries: table }
    }
    /// Nearest neighbours on a closed ring, weight 1. Two sites share one edge; one site has none.
    pub fn ring(size: usize) -> Network {
        let mut network = Network::chain(size);
        if size > 2 {
            network.entries.insert((1, size), 1.0);
            network.entries.insert((size, 1), 1.0);
        }
        network
    }
    /// Nearest neighbours on an open chain, weight 1.
    pub fn chain(size: usize) -> Network {
        Network::new(size, (1..size).flat_map(|j| [(j, j + 1, 1.0), (j + 1, j, 1.0)]))
    }
    /// Every pair of different sites, weight 1.
    pub fn complete(size: usize) -> Network {
        let pairs = (1..=size).flat_map(|j| (1..=size).filter(move |k| *k != j).map(move |k| (j, k, 1.0)));
        Network::new(size, pairs)
    }
    /// Number of sites.
    pub fn size(&self) -> usize {
        self.size
    }
    /// The weight of the edge (j, k), 0 if there is none.
    pub fn weight(&self, j: usize, k: usize) -> f64 {
        self.entries.get(&(j, k)).copied().unwrap_or(0.0)
    }
    /// All entries (j, k, weight) of the adjacency matrix.
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        self.entries.iter().map(|((j, k), w)| (*j, *k, *w))
    }
    /// Whether the adjacency matrix is symmetric.
    pub fn is_symmetric(&self) -> bool {
        self.entries.iter().all(|((j, k), w)| self.weight(*k, *j) == *w)
    }
    /// What `sum((j,k) in links, …)` runs over: of a symmetric network every edge once, with j ≤ k; of a directed one
    /// every entry (j, k).
    pub fn edges(&self) -> Vec<(usize, usize)> {
        let symmetric = self.is_symmetric();
        self.entries.keys().copied().filter(|(j, k)| !symmetric || j <= k).collect()
    }
    /// The sites k with an entry (j, k).
    pub fn neighbours(&self, j: usize) -> Vec<usize> {
        self.entries.range((j, 0)..=(j, usize::MAX)).map(|((_, k), _)| *k).collect()
    }
}

/// Names with a fixed meaning in every expression; a mode, parameter or network cannot have them.
pub const RESERVED: [&str; 4] = ["i", "pi", "t", "π"];

/// The functions that may be called in an expression.
pub const FUNCTIONS: [&str; 30] = [
    "dag", "n", "q", "p", "comm", "sqrt", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "ln", "abs", "conj",
    "re", "im", "mod1", "mod", "degree", "sum", "jx", "jy", "jz", "jp", "jm", "mean", "normal", "abs2",
];

/// Whether a name has a fixed meaning (`i`, `t`, `pi`) or cannot be written as a name at all.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || !super::lexer::is_name(name)
}

/// The name nearest to the misspelt one, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().take(64).collect();
    let most = 1 + wanted.len() / 4;
    candidates
        .into_iter()
        .filter(|c| *c != name)
        .map(|c| (distance(&wanted, &c.to_lowercase().chars().take(64).collect::<Vec<char>>()), c))
        .filter(|(d, c)| *d <= most && *d < c.chars().count().max(wanted.len()))
        .min_by_key(|(d, c)| (*d, c.chars().count().abs_diff(wanted.len())))
        .map(|(_, c)| c)
}

/// Insertions, deletions, substitutions and exchanges of neighbours that lead from one word to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut table = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = usize::from(a[i - 1] != b[j - 1]);
                let mut best = (table[i - 1][j - 1] + change).min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(table[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    table[a.len()][b.len()]
}
