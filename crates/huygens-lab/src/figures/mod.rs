//! Figures: plots of records.
