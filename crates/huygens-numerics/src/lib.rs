//! huygens-numerics
