//! Yang, Sheng, Wu: *Anomalous Thermodynamic Cost of Clock Synchronization*.
//!
//! Two membranes in one optical cavity are clocks in thermal noise; the light that both couple to damps one of their normal
//! modes and leaves the other, so that they swing together. How well, how soon, and at which cost in entropy.
//!
//! Model file `membranes`. The text leaves the detuning, the strength of the driving noise and the Supplement open; Δ/2π = −300 kHz
//! and n_th = 10⁹ of the file meet its two couplings and its terahertz (see the claims `parameters` and `fig2c-terahertz`).

mod claims;
mod figures;
mod laboratory;
mod trajectories;

use super::{Chapter, FigureEntry, Paper};
use claims::{clocks, degree, entropy, modes, transient};

/// The audit.
pub static PAPER: Paper = Paper {
    name: "yang2024",
    title: "Anomalous Thermodynamic Cost of Clock Synchronization",
    reference: "C. Yang, J. Sheng, H. Wu, Anomalous Thermodynamic Cost of Clock Synchronization (text; no Supplement)",
    figures: &[
        FigureEntry { name: "1b", title: "Two clocks without coupling: traces, portrait, spectra (Fig. 1b-d)" },
        FigureEntry { name: "1e", title: "Two synchronised clocks: traces, portrait, spectra (Fig. 1e-g)" },
        FigureEntry { name: "2a", title: "Correlation and deviation of the clocks over the coupling" },
        FigureEntry { name: "2b", title: "Linewidths of the normal modes over the coupling" },
        FigureEntry { name: "2c", title: "Entropy flux of membranes and light over the coupling" },
        FigureEntry { name: "3a", title: "Correlation and deviation over the entropy production" },
        FigureEntry { name: "3b", title: "Accuracy of each clock over its entropy flux (Fig. 3b, c)" },
        FigureEntry { name: "4a", title: "Correlation after the coupling is switched on" },
        FigureEntry { name: "4b", title: "Entropy flux after the coupling is switched on" },
        FigureEntry { name: "4c", title: "Transient time and its cost over the coupling" },
    ],
    chapters: &[
        Chapter { claims: clocks::IDS, audit: clocks::audit },
        Chapter { claims: modes::IDS, audit: modes::audit },
        Chapter { claims: modes::MECHANISM_IDS, audit: modes::mechanism },
        Chapter { claims: degree::IDS, audit: degree::audit },
        Chapter { claims: degree::LINEWIDTH_IDS, audit: degree::linewidths },
        Chapter { claims: clocks::DEVIATION_IDS, audit: clocks::deviation },
        Chapter { claims: entropy::IDS, audit: entropy::audit },
        Chapter { claims: entropy::TURNING_IDS, audit: entropy::turning },
        Chapter { claims: entropy::RELATION_IDS, audit: entropy::relation },
        Chapter { claims: transient::IDS, audit: transient::audit },
        Chapter { claims: transient::SAMPLE_IDS, audit: transient::samples },
    ],
    draw: figures::draw,
};
