//! Razzoli, Carrega, Cavaliere, Benenti, Sassetti: *Synchronization-induced violation of thermodynamic uncertainty relations*.
//!
//! Two oscillators on a common strong bath synchronize in opposite phase; the couplings to a second, weak bath are driven with a phase
//! between them. One drive puts work in and the other takes it out, said to be more precise than the uncertainty relation allows.
//!
//! Model file `thermal-machine`, at the response level: in the lowest order of the driven bath, as the paper computes, and to all orders.

mod claims;
mod figures;
mod laboratory;

use super::{Chapter, FigureEntry, Paper};
use claims::{adiabatic, beyond, bound, equations, gradient, others, synchronization, total};

/// The audit.
pub static PAPER: Paper = Paper {
    name: "razzoli2024",
    title: "Synchronization-induced violation of thermodynamic uncertainty relations",
    reference: "L. Razzoli, M. Carrega, F. Cavaliere, G. Benenti, M. Sassetti, Synchronization-induced violation of thermodynamic uncertainty relations, Quantum Sci. Technol. (2024), arXiv:2404.16936",
    figures: &[
        FigureEntry {
            name: "2",
            title: "The response of the two oscillators, and their Pearson coefficient (Fig. 2a, b)",
        },
        FigureEntry { name: "3", title: "Q and P of A over frequency and temperature, two cut-offs (Fig. 3a-d)" },
        FigureEntry { name: "4", title: "Q of A against the Pearson coefficient" },
        FigureEntry { name: "5", title: "Q and P of A with a gradient of temperature (Fig. 5a, b)" },
        FigureEntry {
            name: "6",
            title: "The generalised bound with amplitudes that grow with the frequency (Fig. 6a, b)",
        },
        FigureEntry { name: "7", title: "Q and P of B over frequency and temperature (Fig. 7a-d)" },
        FigureEntry { name: "8", title: "Efficiency of the conversion of work into work (Fig. 8a, b)" },
        FigureEntry { name: "9", title: "Q and P of A at weak damping (Fig. 9a, b)" },
        FigureEntry { name: "10", title: "The frequency above which Q of A is below 2, over the gradient" },
        FigureEntry { name: "orders", title: "Q and P of A to all orders of the driven bath (not in the paper)" },
    ],
    chapters: &[
        Chapter { claims: synchronization::IDS, audit: synchronization::audit },
        Chapter { claims: equations::IDS, audit: equations::audit },
        Chapter { claims: total::IDS, audit: total::audit },
        Chapter { claims: adiabatic::IDS, audit: adiabatic::audit },
        Chapter { claims: gradient::IDS, audit: gradient::audit },
        Chapter { claims: gradient::THRESHOLD_IDS, audit: gradient::thresholds },
        Chapter { claims: bound::IDS, audit: bound::audit },
        Chapter { claims: others::IDS, audit: others::audit },
        Chapter { claims: beyond::IDS, audit: beyond::audit },
        Chapter { claims: beyond::LITERAL_IDS, audit: beyond::literal },
        Chapter { claims: beyond::INGREDIENT_IDS, audit: beyond::ingredients },
    ],
    draw: figures::draw,
};
