//! Trigonometric interpolation.
