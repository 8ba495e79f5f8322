//! Aifer, Thingna, Deffner, Phys. Rev. Lett. 133, 020401 (2024).
//!
//! Oscillators synchronise when a distance D between them becomes small; how small it can be for how much work is bounded, and so is
//! the speed. The example are two waveguides whose coupling is anti-Hermitian: the state is that of trajectories selected by a gain.
//!
//! Model file `waveguide-dimer`, parameters of Fig. 2. The paper's basis is not stated; its text fits ten levels for each mode. The audit
//! sets beside them what a converging basis gives, and what the optimal path gives where no basis converges.

mod claims;
mod figures;
mod laboratory;
mod trajectories;

use super::{Chapter, FigureEntry, Paper};
use claims::{bases, bounds, distance, fig1, fig2, fig3, speed, work};

/// The audit.
pub static PAPER: Paper = Paper {
    name: "aifer2024",
    title: "Energetic Cost for Speedy Synchronization in Non-Hermitian Quantum Dynamics",
    reference: "M. Aifer, J. Thingna, S. Deffner, Phys. Rev. Lett. 133, 020401 (2024) (text; no Supplement)",
    figures: &[
        FigureEntry { name: "1", title: "Random Gaussian states, their hull and the bounds in the plane of D and chi" },
        FigureEntry { name: "2a", title: "Trajectories of the dimer in the plane of D and chi" },
        FigureEntry { name: "2b", title: "D and chi of the dimer over time" },
        FigureEntry { name: "3a", title: "D at t = 10 over coupling and detuning, quantum" },
        FigureEntry { name: "3b", title: "D at t = 10 over coupling and detuning, classical" },
    ],
    chapters: &[
        Chapter { claims: distance::IDS, audit: distance::audit },
        Chapter { claims: bounds::IDS, audit: bounds::audit },
        Chapter { claims: fig1::IDS, audit: fig1::audit },
        Chapter { claims: work::IDS, audit: work::audit },
        Chapter { claims: speed::IDS, audit: speed::audit },
        Chapter { claims: bases::IDS, audit: bases::audit },
        Chapter { claims: fig2::IDS, audit: fig2::audit },
        Chapter { claims: fig3::IDS, audit: fig3::audit },
    ],
    draw: figures::draw,
};
