//! Number states up to a cut-off.

use std::fmt;

use crate::model::{ModeKind, Model};

/// Which number states are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cutoff {
    /// n_k < d_k for each mode by itself, as a tensor product of truncated modes has it.
    Product(Vec<usize>),
    /// Σ_k n_k ≤ K. The one that a U(1) symmetry of the total number asks for: its multiplets are kept whole.
    Total(usize),
}

impl fmt::Display for Cutoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cutoff::Product(dims) => {
                let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
                write!(f, "product cut-off {}", dims.join(" x "))
            }
            Cutoff::Total(most) => write!(f, "total number up to {most}"),
        }
    }
}

/// All number states |n_1, …, n_M⟩ below a cut-off, in lexicographic order: the last mode runs fastest, and the states of one
/// prefix (n_1, …, n_{M−1}) lie side by side.
#[derive(Clone, Debug)]
pub struct Space {
    cutoff: Cutoff,
    /// 2j of the spins among the modes, whose number n = m + j ends there.
    spins: Vec<Option<u32>>,
    /// Modes of the model; after them come the lengths of ensembles.
    visible: usize,
    ensembles: Vec<Ensemble>,
    /// Largest number of each mode.
    top: Vec<i32>,
    /// First state and number of states of each prefix.
    rows: Vec<(usize, i32)>,
    /// The prefixes, M − 1 numbers each.
    prefixes: Vec<i32>,
    /// Row of a prefix by its mixed-radix number; `ABSENT` beyond the cut-off.
    lookup: Vec<u32>,
    states: usize,
}

const ABSENT: u32 = u32::MAX;

/// An ensemble of N spins ½: its states |j, m⟩ by n = m + N/2 at one site and l = N/2 − j at another, each state of a (j, m) that the
/// permutations of the members carry into each other counted as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ensemble {
    /// The site of n, that of the mode.
    pub(super) site: usize,
    /// The site of l.
    pub(super) length: usize,
    /// N.
    pub(super) members: u32,
}

impl Ensemble {
    /// Largest l of a number n: |m| ≤ j.
    fn deepest(&self, n: i32) -> i32 {
        n.min(self.members as i32 - n)
    }
}

/// Largest number of states a space may have.
pub const MAX_STATES: usize = 1 << 24;

/// A cut-off that gives no usable space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// Not one dimension for each mode.
    #[error(
        "the cut-off has {given} dimensions and the model {modes} modes: give one for each mode, or one total number"
    )]
    Dimensions {
        /// Dimensions given.
        given: usize,
        /// Modes of the model.
        modes: usize,
    },
    /// Another dimension than that of a spin.
    #[error("a spin of length {} has {states} states, not {given}: it cannot be cut off", crate::model::spin_length(*states as u32 - 1))]
    Spin {
        /// 2j + 1.
        states: usize,
        /// Dimension given.
        given: usize,
    },
    /// A mode without states.
    #[error("a mode with a cut-off of {0} has no states: take at least 1")]
    Empty(usize),
    /// Too many states.
    #[error("{cutoff} of {modes} modes has more than {MAX_STATES} number states: lower the cut-off")]
    TooLarge {
        /// The cut-off.
        cutoff: Cutoff,
        /// Modes of the model.
        modes: usize,
    },
}

impl Space {
    /// The space of `modes` bosonic modes below a cut-off.
    ///
    /// # Errors
    /// [`SpaceError`].
    pub fn new(modes: usize, cutoff: Cutoff) -> Result<Self, SpaceError> {
        Self::with_spins(&vec![None; modes], cutoff)
    }

    /// The space of modes of which some are spins, given by 2j: the number of a spin is n = m + j, at most 2j.
    ///
    /// # Errors
    /// [`SpaceError`].
    pub fn with_spins(spins: &[Option<u32>], cutoff: Cutoff) -> Result<Self, SpaceError> {
        Self::with_sites(spins, &[], cutoff)
    }

    /// The space of a model.
    ///
    /// # Errors
    /// [`SpaceError`].
    pub fn of(model: &Model, cutoff: Cutoff) -> Result<Self, SpaceError> {
        let ensembles: Vec<usize> =
            (0..model.len()).filter(|k| matches!(model.modes[*k].kind, ModeKind::Ensemble { .. })).collect();
        Self::with_sites(&model.spins(), &ensembles, cutoff)
    }

    fn with_sites(spins: &[Option<u32>], ensembles: &[usize], cutoff: Cutoff) -> Result<Self, SpaceError> {
        let modes = spins.len();
        if let Cutoff::Product(dims) = &cutoff
            && let Some((given, states)) =
                dims.iter().zip(spins).filter_map(|(d, s)| s.map(|s| (*d, s as usize + 1))).find(|(d, s)| d != s)
        {
            return Err(SpaceError::Spin { states, given });
        }
        let mut top: Vec<i32> = match &cutoff {
            Cutoff::Product(dims) if dims.len() != modes => {
                return Err(SpaceError::Dimensions { given: dims.len(), modes });
            }
            Cutoff::Product(dims) => match dims.iter().find(|d| **d == 0) {
                Some(&empty) => return Err(SpaceError::Empty(empty)),
                None => dims.iter().map(|d| (*d - 1).min(MAX_STATES) as i32).collect(),
            },
            Cutoff::Total(most) => {
                spins.iter().map(|s| s.map_or(*most, |s| (*most).min(s as usize)).min(MAX_STATES) as i32).collect()
            }
        };
        let too_large = || SpaceError::TooLarge { cutoff: cutoff.clone(), modes };
        let mut sites = spins.to_vec();
        let ensembles: Vec<Ensemble> = ensembles
            .iter()
            .map(|&site| {
                let members = spins[site].unwrap_or(0);
                sites.push(Some(members / 2));
                top.push(members as i32 / 2);
                Ensemble { site, length: sites.len() - 1, members }
            })
            .collect();
        let last = sites.len() - 1;
        let radix = top[..last]
            .iter()
            .try_fold(1_usize, |size, t| size.checked_mul(*t as usize + 1).filter(|size| *size <= 4 * MAX_STATES));
        let mut lookup = vec![ABSENT; radix.ok_or_else(too_large)?];
        let (mut rows, mut prefixes, mut states) = (Vec::new(), Vec::new(), 0);
        let mut prefix = vec![0_i32; last];
        for entry in &mut lookup {
            let numbers = prefix[..modes.min(last)].iter().sum::<i32>();
            let mut room = match &cutoff {
                Cutoff::Total(most) if ensembles.is_empty() => (*most as i32 + 1 - numbers).min(top[last] + 1),
                Cutoff::Total(most) if numbers > *most as i32 => 0,
                _ => top[last] + 1,
            };
            for ensemble in &ensembles {
                let deepest = ensemble.deepest(prefix[ensemble.site]);
                if ensemble.length == last {
                    room = room.min(deepest + 1);
                } else if prefix[ensemble.length] > deepest {
                    room = 0;
                }
            }
            if room > 0 {
                *entry = rows.len() as u32;
                rows.push((states, room));
                prefixes.extend_from_slice(&prefix);
                states += room as usize;
                if states > MAX_STATES {
                    return Err(too_large());
                }
            }
            for k in (0..last).rev() {
                prefix[k] += 1;
                if prefix[k] <= top[k] {
                    break;
                }
                prefix[k] = 0;
            }
        }
        Ok(Self { cutoff, spins: sites, visible: modes, ensembles, top, rows, prefixes, lookup, states })
    }

    /// The cut-off.
    pub fn cutoff(&self) -> &Cutoff {
        &self.cutoff
    }

    /// 2j of a mode that is a spin.
    pub fn spin(&self, mode: usize) -> Option<u32> {
        self.spins[mode]
    }

    /// The ensembles.
    pub(super) fn ensembles(&self) -> &[Ensemble] {
        &self.ensembles
    }

    /// Modes of the model: sites beyond them are lengths of ensembles.
    pub fn visible(&self) -> usize {
        self.visible
    }

    /// Numbers of the modes of the model with zeros for the lengths of ensembles.
    pub(super) fn padded(&self, numbers: &[i32]) -> Vec<i32> {
        let mut all = numbers.to_vec();
        all.resize(self.top.len(), 0);
        all
    }

    /// Whether there are only spins, all of whose states are kept: nothing is cut off.
    pub fn is_whole(&self) -> bool {
        self.spins.iter().zip(&self.top).all(|(s, top)| s.is_some_and(|s| *top == s as i32))
            && match &self.cutoff {
                Cutoff::Product(_) => true,
                Cutoff::Total(most) => self.top[..self.visible].iter().sum::<i32>() <= *most as i32,
            }
    }

    /// The space of some of the modes below the same cut-off.
    pub(super) fn part(&self, keep: &[usize]) -> Result<Self, SpaceError> {
        let cutoff = match &self.cutoff {
            Cutoff::Product(dims) => Cutoff::Product(keep.iter().map(|k| dims[*k]).collect()),
            Cutoff::Total(most) => Cutoff::Total(*most),
        };
        let spins: Vec<Option<u32>> = keep.iter().map(|k| self.spins[*k]).collect();
        Self::with_spins(&spins, cutoff)
    }

    /// Number of sites: modes, and lengths of ensembles.
    pub fn modes(&self) -> usize {
        self.top.len()
    }

    /// Number of states.
    pub fn len(&self) -> usize {
        self.states
    }

    /// Whether there are no states (never).
    pub fn is_empty(&self) -> bool {
        self.states == 0
    }

    /// Largest number of each mode.
    pub fn top(&self) -> &[i32] {
        &self.top
    }

    /// Number of prefixes.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// First state and number of states of a row.
    pub(super) fn row(&self, row: usize) -> (usize, i32) {
        self.rows[row]
    }

    /// The prefix (n_1, …, n_{M−1}) of a row.
    pub(super) fn prefix(&self, row: usize) -> &[i32] {
        let width = self.top.len() - 1;
        &self.prefixes[row * width..(row + 1) * width]
    }

    /// The row of a prefix.
    pub(super) fn find_row(&self, prefix: impl Iterator<Item = i32>) -> Option<usize> {
        let mut at = 0;
        for (n, top) in prefix.zip(&self.top) {
            if n < 0 || n > *top {
                return None;
            }
            at = at * (*top as usize + 1) + n as usize;
        }
        let row = self.lookup[at];
        (row != ABSENT).then_some(row as usize)
    }

    /// The place of a state; `None` beyond the cut-off.
    pub fn index(&self, n: &[i32]) -> Option<usize> {
        let last = self.top.len() - 1;
        let row = self.find_row(n[..last].iter().copied())?;
        let (start, length) = self.rows[row];
        (0..length).contains(&n[last]).then(|| start + n[last] as usize)
    }

    /// Calls `look` with the place and the numbers of every state, in order.
    pub fn each(&self, mut look: impl FnMut(usize, &[i32])) {
        let last = self.top.len() - 1;
        let mut n = vec![0; last + 1];
        for (row, &(start, length)) in self.rows.iter().enumerate() {
            n[..last].copy_from_slice(self.prefix(row));
            for j in 0..length {
                n[last] = j;
                look(start + j as usize, &n);
            }
        }
    }

    /// Calls `look` with the place and the numbers n of every state that a shift s leaves in the space, and with the place of n + s.
    pub(super) fn each_shifted(&self, shift: &[i32], mut look: impl FnMut(usize, &[i32], usize)) {
        let mut target = vec![0; shift.len()];
        self.each(|at, n| {
            target.iter_mut().zip(n).zip(shift).for_each(|((t, n), s)| *t = n + s);
            if let Some(to) = self.index(&target) {
                look(at, n, to);
            }
        });
    }

    /// The numbers of one state.
    pub(super) fn numbers_of(&self, state: usize) -> Vec<i32> {
        let row = self.rows.partition_point(|(start, _)| *start <= state) - 1;
        let mut n = self.prefix(row).to_vec();
        n.push((state - self.rows[row].0) as i32);
        n
    }

    /// The numbers of all states, one after another.
    pub(super) fn numbers(&self) -> Vec<i32> {
        let mut numbers = Vec::with_capacity(self.states * self.top.len());
        self.each(|_, n| numbers.extend_from_slice(n));
        numbers
    }

    /// Whether a state stands at the edge: one quantum more in some mode would leave the space. A spin that points up has no more.
    pub fn at_edge(&self, n: &[i32]) -> bool {
        match &self.cutoff {
            Cutoff::Product(_) => n.iter().zip(&self.top).zip(&self.spins).any(|((n, top), s)| s.is_none() && n == top),
            Cutoff::Total(most) => {
                let open = |(n, s): (&i32, &Option<u32>)| s.is_none_or(|s| *n < s as i32);
                let n = &n[..self.visible];
                n.iter().sum::<i32>() == *most as i32 && n.iter().zip(&self.spins).any(open)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_counted_and_found_again() {
        for (cutoff, count) in [(Cutoff::Product(vec![3, 4, 2]), 24), (Cutoff::Total(4), 35), (Cutoff::Total(0), 1)] {
            let space = Space::new(3, cutoff).unwrap();
            assert_eq!(space.len(), count);
            let mut next = 0;
            space.each(|at, n| {
                assert_eq!(at, next);
                assert_eq!(space.index(n), Some(at));
                next += 1;
            });
            assert_eq!(next, count);
        }
        let space = Space::new(2, Cutoff::Total(3)).unwrap();
        assert_eq!((space.index(&[2, 2]), space.index(&[-1, 0]), space.index(&[0, 4])), (None, None, None));
        assert!(space.at_edge(&[1, 2]) && !space.at_edge(&[1, 1]));
    }

    #[test]
    fn cut_offs_without_a_space_are_refused() {
        assert_eq!(Space::new(2, Cutoff::Product(vec![3])).unwrap_err(), SpaceError::Dimensions { given: 1, modes: 2 });
        assert_eq!(Space::new(1, Cutoff::Product(vec![0])).unwrap_err(), SpaceError::Empty(0));
        assert!(matches!(Space::new(8, Cutoff::Product(vec![50; 8])), Err(SpaceError::TooLarge { .. })));
    }
}
