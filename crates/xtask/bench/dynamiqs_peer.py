"""A peer of the fock benchmark: dynamiqs (JAX) on the dimer of Aifer, Thingna and Deffner, Phys. Rev. Lett. 133, 020401 (2024).

Product cut-off of 24 states a mode, k = 1, from equilibrium to t = 0.5 at 1e-9, and the distance D at the end, in double precision; sparse
diagonal operators (dense ones take minutes), the second of two runs, so that compilation does not count. Its master equation moves
as K rho + rho K† with K = -iH - sum L†L/2: with H + iH_c for H it is the linear flow, normalised at the end. Prints
`name <tab> wall seconds <tab> D`.
"""

import time

import dynamiqs as dq
import jax.numpy as jnp
import numpy as np

W1, W2, BETA, G1, G2, K = 2 * np.pi, 3 * np.pi, 0.05, 0.00087, 0.0016, 1.0


def distance(state):
    """D of a density matrix that need not be normalised."""
    rho = np.asarray(state).reshape(24, 24, 24, 24)
    a = np.diag(np.sqrt(np.arange(1, 24)), 1)
    n = a.T @ a
    norm = np.einsum("abab", rho)
    numbers = np.einsum("abcb,ca", rho, n) + np.einsum("abac,cb", rho, n)
    # tr(rho a1† a2)
    cross = np.einsum("abcd,ca,db", rho, a.T, a) / norm
    return float(np.sqrt(1 - 2 * cross.real / ((numbers / norm).real + 1)))


def main():
    dq.set_progress_meter(False)
    dq.set_precision("double")
    dq.set_layout("dia")
    d = 24
    a1, a2 = dq.tensor(dq.destroy(d), dq.eye(d)), dq.tensor(dq.eye(d), dq.destroy(d))
    jumps = []
    for a, w, g in ((a1, W1, G1), (a2, W2, G2)):
        n = 1 / np.expm1(2 * BETA * w)
        jumps += [np.sqrt(g * (n + 1)) * a @ a, np.sqrt(g * n) * a.dag() @ a.dag()]
    h = W1 * a1.dag() @ a1 + W2 * a2.dag() @ a2
    gain = K / 2 * (a1.dag() @ a2 + a2.dag() @ a1)
    weights = np.exp(-BETA * (W1 * np.arange(d)[:, None] + W2 * np.arange(d)[None, :])).ravel()
    start = dq.asqarray(np.diag(weights / weights.sum()).astype(complex), dims=(d, d), layout=dq.dense)
    for name, method in (("tsit5", dq.method.Tsit5), ("dopri8", dq.method.Dopri8)):
        seconds = None
        for _ in range(2):
            begin = time.perf_counter()
            solved = dq.mesolve(h + 1j * gain, jumps, start, jnp.array([0.0, 0.5]), method=method(rtol=1e-9, atol=1e-12, max_steps=1_000_000))
            final = np.asarray(solved.states.to_jax()[-1])
            seconds = time.perf_counter() - begin
        print(f"dynamiqs_{name}\t{seconds:.6e}\t{distance(final):.10e}", flush=True)


if __name__ == "__main__":
    main()
