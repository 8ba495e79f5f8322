//! Bosonic operators as polynomials with symbolic coefficients.
