//! States in the blocks that matrix elements connect.

/// The blocks of states that elements connect, in the order of their first states.
pub(super) struct Components {
    /// The states of each block, ascending.
    pub(super) blocks: Vec<Vec<usize>>,
    /// Block of each state, and its place there; (0, 0) for those that no element has.
    pub(super) place: Vec<(usize, usize)>,
}

impl Components {
    /// `walk` shows each pair of states with an element between them; a pair of equal ones alone makes a block.
    pub(super) fn new(states: usize, walk: impl FnOnce(&mut dyn FnMut(usize, usize))) -> Self {
        fn root(parent: &mut [usize], mut k: usize) -> usize {
            while parent[k] != k {
                parent[k] = parent[parent[k]];
                k = parent[k];
            }
            k
        }
        let mut parent: Vec<usize> = (0..states).collect();
        let mut seen = vec![false; states];
        walk(&mut |a, b| {
            let (one, two) = (root(&mut parent, a), root(&mut parent, b));
            parent[one.max(two)] = one.min(two);
            (seen[a], seen[b]) = (true, true);
        });
        let (mut blocks, mut place): (Vec<Vec<usize>>, Vec<(usize, usize)>) = (Vec::new(), vec![(0, 0); states]);
        for k in (0..states).filter(|k| seen[*k]) {
            // The root is the first state of its block.
            let first = root(&mut parent, k);
            let block = if first == k { blocks.len() } else { place[first].0 };
            if first == k {
                blocks.push(Vec::new());
            }
            place[k] = (block, blocks[block].len());
            blocks[block].push(k);
        }
        Self { blocks, place }
    }
}
