//! Arguments in the form a measure computes with.
//!
//! [`resolve`](super::resolve) has checked them against the signature; a caller who builds them by hand and gives others
//! gets a panic at his own line.

use super::Argument;

#[track_caller]
pub(super) fn one(arguments: &[Argument]) -> usize {
    let [k] = arguments else { panic!("this measure takes one mode, {} arguments given", arguments.len()) };
    k.mode()
}

#[track_caller]
pub(super) fn two(arguments: &[Argument]) -> (usize, usize) {
    let [k, l] = arguments else { panic!("this measure takes two modes, {} arguments given", arguments.len()) };
    (k.mode(), l.mode())
}

#[track_caller]
pub(super) fn quadrature(argument: Argument) -> (usize, usize) {
    match argument {
        Argument::Quadrature(mode, axis) => (mode, axis.row()),
        Argument::Mode(_) => panic!("this measure takes quadratures, a mode given"),
    }
}

pub(crate) fn modes(arguments: &[Argument]) -> Vec<usize> {
    arguments.iter().map(|a| a.mode()).collect()
}
