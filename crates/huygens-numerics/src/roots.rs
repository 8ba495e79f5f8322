//! Zeros of scalar functions and of systems.
