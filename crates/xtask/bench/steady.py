"""The peer of the steady-state benchmark: SciPy's Lyapunov solver on the membranes of Yang et al., one point after another.

Prints `steady_scipy <tab> points <tab> CPU seconds a point of the solver alone <tab> Pearson correlation of the displacements at
g = 0.04`. One thread; the drift matrices are made before the clock starts, and no measure but that one is computed.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import time

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

TAU = 2 * np.pi
KAPPA, DELTA, N = TAU * 2e6, -TAU * 3e5, 1e9
OMEGA, GAMMA = TAU * np.array([400200.0, 400000.0]), TAU * np.array([7.0, 14.0])


def drift(g):
    """Order (q, p) of the cavity and both membranes; energy damping, G1 = -G2 = -g kappa."""
    a = np.zeros((6, 6))
    a[0:2, 0:2] = [[-KAPPA / 2, -DELTA], [DELTA, -KAPPA / 2]]
    for j, sign in enumerate((-1, 1)):
        q, p = 2 + 2 * j, 3 + 2 * j
        a[q : p + 1, q : p + 1] = [[-GAMMA[j] / 2, OMEGA[j]], [-OMEGA[j], -GAMMA[j] / 2]]
        a[1, q] = a[p, 0] = sign * g * KAPPA
    return a


def main():
    noise = np.diag(np.concatenate([[KAPPA / 2] * 2, np.repeat(GAMMA * (N + 0.5), 2)]))
    points = 4000
    drifts = [drift(g) for g in np.append(np.linspace(0.001, 0.1, points - 1), 0.04)]
    begin = time.process_time()
    for a in drifts:
        v = solve_continuous_lyapunov(a, -noise)
    seconds = time.process_time() - begin
    print(f"steady_scipy\t{points}\t{seconds / points:.10e}\t{v[2, 4] / np.sqrt(v[2, 2] * v[4, 4]):.16g}")


main()
