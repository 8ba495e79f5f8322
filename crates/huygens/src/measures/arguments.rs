//! Arguments in the form a measure computes with.
//!
//! [`resolve`](super::resolve) has checked them against the signature; a caller who builds them by hand and gives others
//! gets a panic at his own line.

use super::{Argument, Moments, Quadrature};

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

/// Where a quadrature or a component of a spin stands in the covariances of a state, (variable, row), and by what it is multiplied there:
/// 1 of q and p, √2 of J_x and J_z, −√2 of J_y. `None` of a component that the mode does not have.
#[track_caller]
pub(super) fn quadrature(state: &dyn Moments, argument: Argument) -> Option<(usize, usize, f64)> {
    let Argument::Quadrature(mode, axis) = argument else { panic!("this measure takes quadratures, a mode given") };
    let root = std::f64::consts::SQRT_2;
    match (axis, state.spin(mode)) {
        (Quadrature::Q | Quadrature::P, None) => Some((mode, axis.row(), 1.0)),
        (Quadrature::Jx, Some(_)) => Some((mode, 0, root)),
        (Quadrature::Jy, Some(_)) => Some((mode, 1, -root)),
        (Quadrature::Jz, Some(spin)) => Some((spin.z, 0, root)),
        _ => None,
    }
}

pub(crate) fn modes(arguments: &[Argument]) -> Vec<usize> {
    arguments.iter().map(|a| a.mode()).collect()
}
