//! The response level: linear oscillators with structured baths and periodically driven couplings, in the frequency domain.
//!
//! H = ½ rᵀh r with the quadratures r = (q₁, p₁, …), and baths of oscillators that see S_ν = v_νᵀr (see
//! [`StructuredBath`](crate::model::StructuredBath)). With the counter-term the force of a bath is F_ν = ξ_ν + ζ_ν∗S_ν, and
//!
//! ṙ = σ(h r − Σ_ν v_ν F_ν),   S_ξ(ω) = J(ω) coth(ω/2T) (symmetrised),   ζ″ = J.
//!
//! * [`system`]: the model as matrices and vectors of numbers; which couplings are driven, and their harmonics.
//! * [`bath`]: spectral densities and what they respond.
//! * [`statics`]: the undriven oscillators with their static baths, to all orders: the response χ(ω), its poles, the covariance.
//! * [`lowest`]: powers, heat, entropy production and fluctuations in the lowest order of the driven baths (Razzoli et al.), by
//!   residues and digamma functions where all responses are rational ([`rational`]), by graded quadrature otherwise and as the check.
//! * [`batch`]: the lowest order of two oscillators at many frequencies and temperatures, eight at a time.
//! * [`floquet`]: the same to all orders, by harmonic balance at each frequency, with the noise of all currents.
//! * [`spectra`]: absorption and noise by frequency.
//! * [`exponents`]: Floquet exponents of rational models: is the driven system stable?

pub mod batch;
pub mod bath;
mod currents;
mod dispersion;
mod embedding;
pub mod exponents;
pub mod floquet;
mod harmonics;
pub mod lowest;
pub mod rational;
pub mod spectra;
pub mod statics;
pub mod system;

pub use bath::Kernel;
pub use exponents::Exponents;
pub use floquet::AllOrders;

pub use lowest::{LowestOrder, Machine};
pub use spectra::Spectra;
pub use statics::Statics;
pub use system::{Bound, System};

/// Why the response level does not treat a model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// A model of another kind.
    #[error("{0}")]
    Model(String),
    /// Values at which there is no stationary state.
    #[error("{0}")]
    NoSteadyState(String),
    /// An integral that does not exist.
    #[error("{0}")]
    Divergent(String),
    /// An expression without a value.
    #[error("{0}")]
    Value(String),
}

#[cfg(test)]
mod tests;
