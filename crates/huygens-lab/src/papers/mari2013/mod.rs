//! Mari, Farace, Didier, Giovannetti, Fazio: *Measures of Quantum Synchronization in Continuous Variable Systems*,
//! Phys. Rev. Lett. 111, 103605 (2013).
//!
//! Two optomechanical clocks coupled by phonon tunnelling, linearised quantum fluctuations around their limit cycles, the
//! measures S_c and S_p. Model files `optomechanical-pair` and `optomechanical-ring`; the drive is κE = 48 (the literal
//! E = 320 of the caption is chaotic, see the claim `drive-literal`).

mod claims;
mod figures;
mod fits;
mod laboratory;
mod states;

use super::{Chapter, FigureEntry, Paper};
use claims::{bifurcations, bounds, correlations, cycle, plateau, ring};

/// The audit.
pub static PAPER: Paper = Paper {
    name: "mari2013",
    title: "Measures of Quantum Synchronization in Continuous Variable Systems",
    reference: "A. Mari, A. Farace, N. Didier, V. Giovannetti, R. Fazio, Phys. Rev. Lett. 111, 103605 (2013)",
    figures: &[
        FigureEntry { name: "2a", title: "Complete and phase synchronization over time" },
        FigureEntry { name: "2b", title: "Synchronization and discord over the coupling" },
        FigureEntry { name: "2c", title: "Synchronization over the occupation of the baths" },
        FigureEntry { name: "2d", title: "Synchronization over the distance on a ring of twenty clocks" },
    ],
    chapters: &[
        Chapter { claims: bounds::IDS, audit: bounds::audit },
        Chapter { claims: cycle::DRIVE_IDS, audit: cycle::drive },
        Chapter { claims: cycle::UNCOUPLED_IDS, audit: cycle::uncoupled },
        Chapter { claims: cycle::PHASE_IDS, audit: cycle::arctan },
        Chapter { claims: cycle::LINEARISATION_IDS, audit: cycle::linearisation },
        Chapter { claims: cycle::LOCKING_IDS, audit: cycle::locking },
        Chapter { claims: plateau::IDS, audit: plateau::plateau },
        Chapter { claims: plateau::RANGE_IDS, audit: plateau::range_of_fig2b },
        Chapter { claims: plateau::BEYOND_IDS, audit: plateau::beyond },
        Chapter { claims: bifurcations::IDS, audit: bifurcations::audit },
        Chapter { claims: correlations::IDS, audit: correlations::audit },
        Chapter { claims: correlations::BATH_IDS, audit: correlations::bath },
        Chapter { claims: ring::DECAY_IDS, audit: ring::decay },
        Chapter { claims: ring::STATE_IDS, audit: ring::states },
    ],
    draw: figures::draw,
};
