//! Weakly nonlinear models with many quanta: the optimal path.
//!
//! Nonlinear jumps of small rates γ, such as √γ a², act only once there are of the order of 1/γ quanta. A non-Hermitian gain takes
//! such a model there: the weight e^{2∫H_c} of the rare large fluctuations of the start wins over e^{−βω n}, and from some time
//! on the state sits at a number of quanta that no number basis reaches. For γ → 0 it is given by a single path.
//!
//! # Equations
//! In the P representation a acts on the left as α, a† on the right as α\*, and, with P = e^φ and p = ∂φ/∂α, a† on the left as
//! b = α\* − p and a on the right as b\*. To leading order in 1/N the flow R → P is the Hamilton–Jacobi equation ∂φ/∂t = K with
//!
//! K = A + A\* + Σ_L |L(b, α)|²,  A = −iH(b, α) + H_c(b, α) − ½ Σ_L L\*(b, α) L(b, α),
//!
//! where f(b, α) is the normal symbol with a† → b, a → α (orderings make terms of relative order 1/N). Its characteristics are
//!
//! α̇_j = ∂K/∂b_j,  ḃ_j = −∂K/∂α_j,
//!
//! 2n complex equations, derived from the operators of the model and differentiated exactly. A start ∝ exp(a†(ln X)a) gives
//! α(0)† = b(0)ᵀX, and a trace at time T, where φ is stationary, b(T) = α(T)\*. The path carries the weight
//!
//! ln tr R(T) = φ(T) = −Σ(b_jα_j − |α_j|²)|₀ + ∫₀ᵀ \[2 Re Σ(α_j\* − b_j)α̇_j + K\] dt
//!
//! relative to the start, where the path at rest has 0: the branch **dominates where φ(T) > 0**, and the state is at ⟨a_i†a_j⟩ = α_i\*α_j;
//! where φ(T) < 0 the state is the one near the vacuum, which the exact Gaussian solution and a number basis give.
//!
//! # Solution
//! [`Instanton::branch`] finds the branch where it leaves the state at rest (the divergence time of the quadratic part,
//! [`QuadraticFlow::divergence`](super::gaussian::nonhermitian::QuadraticFlow::divergence)) and follows it by pseudo-arclength continuation in T. Each point is a boundary value problem,
//! solved by multiple shooting: segments of DOP853 with their variational equations, Newton's method by an orthogonal
//! elimination from the start to the end (S. J. Wright, SIAM J. Sci. Stat. Comput. 13, 742 (1992)), which amplifies nothing. A
//! U(1) symmetry makes the path one of a ring of equals; its phase is fixed, and an unfolding parameter, zero at the solution,
//! takes the place of the equation that its conserved quantity Im Σ q_j b_jα_j makes redundant.
//!
//! # Fluctuations
//! The tangents of all paths from the start that end near α(T) give the Hessian of φ, the solution of the Riccati equation along the
//! path without ever integrating it: it falls out of the same elimination. [`Fluctuations`] are Gaussian to one loop.
//!
//! One determinant of the boundary value problem, again of the elimination, and the integral of what orderings add to K are the
//! WKB amplitude: with them [`Instanton::log_norm`] is ln tr R to order 1, and its derivatives by a source at the end are the
//! corrections of relative order 1/N in [`Instanton::correlations`].

mod flow;
mod fluctuations;
mod path;
mod shooting;

pub use flow::{Instanton, InstantonError};
pub use fluctuations::Fluctuations;
pub use path::{Branch, Options, Path, Verdict};

#[cfg(test)]
mod tests;
