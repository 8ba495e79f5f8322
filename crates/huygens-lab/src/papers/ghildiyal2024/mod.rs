//! Ghildiyal, Manju, Dasgupta, Biswas, arXiv:2408.06126 (2024).
//!
//! Two chains of spins coupled by a central one, as two bosonic modes; the measure S_q of Mari et al. The audit sets beside the paper's
//! statements what its equations give as they are printed (`spin-chains-printed`), with the misprint of their mean field repaired
//! (`spin-chains-repaired`), and as they follow from its Hamiltonian and jump operators (`spin-chains`, exactly `spin-chains-fixed`).
//!
//! The paper gives neither ω₀ nor the covariance at the start; here that is the vacuum. Its start at rest is a fixed point of its
//! equations: the runs start at β₁ = β₂ = ½ where nothing else is said.

mod claims;
mod figures;
mod laboratory;

use super::{Chapter, FigureEntry, Paper};
use claims::{damping, elements, fluctuations, means, spins};

/// The audit.
pub static PAPER: Paper = Paper {
    name: "ghildiyal2024",
    title: "Quantum synchronization between two spin chains using pseudo-bosonic equivalence",
    reference: "J. Ghildiyal, Manju, S. Dasgupta, A. Biswas, arXiv:2408.06126 (2024) (text; no images of the figures)",
    figures: &[
        FigureEntry { name: "2a", title: "Mean fields of equal chains without exchange (Figs. 2a to 2c)" },
        FigureEntry { name: "2d", title: "Mean fields of unequal chains (Figs. 2d to 2f)" },
        FigureEntry { name: "2g", title: "Mean fields of equal chains with exchange (Figs. 2g to 2i)" },
        FigureEntry { name: "3a", title: "S_q over time" },
        FigureEntry { name: "3b", title: "Mean S_q over the occupation of the baths" },
    ],
    chapters: &[
        Chapter { claims: means::CYCLE_IDS, audit: means::cycles },
        Chapter { claims: means::PHASE_IDS, audit: means::phases },
        Chapter { claims: fluctuations::TIME_IDS, audit: fluctuations::over_time },
        Chapter { claims: fluctuations::VACUUM_IDS, audit: fluctuations::vacuum },
        Chapter { claims: spins::MODEL_IDS, audit: spins::model },
        Chapter { claims: spins::ELIMINATION_IDS, audit: spins::elimination },
        Chapter { claims: damping::IDS, audit: damping::audit },
        Chapter { claims: elements::IDS, audit: elements::audit },
    ],
    draw: figures::draw,
};
