//! Model files and measured signals.
