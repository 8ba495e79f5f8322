//! Results with names, units, axes and provenance.
