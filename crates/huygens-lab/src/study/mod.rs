//! Runs and sweeps.
