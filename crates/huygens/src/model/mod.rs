//! Models: modes, parameters, Hamiltonian, jumps, baths.
