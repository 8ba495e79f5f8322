"""The peers of the benchmark: the direct run of the optomechanical pair with SciPy.

Mean field (4 complex amplitudes) and covariance (8 x 8, real) from rest and the vacuum over 200 periods of the first
resonator, S_c averaged over 4096 samples of the second half: Mari et al., Phys. Rev. Lett. 111, 103605 (2013), Eqs. 9 and 12.
Prints one line `name <tab> seconds <tab> mean of S_c` for each method and tolerance.
"""

import sys
import time

import numpy as np
from numba import njit
from scipy.integrate import solve_ivp

W = np.array([1.0, 1.005])
G, KAPPA, GAMMA, MU, DRIVE, N_B = 0.005, 0.15, 0.005, 0.02, 48.0, 0.0
NOISE = np.diag([KAPPA, KAPPA, GAMMA * (2 * N_B + 1), GAMMA * (2 * N_B + 1)] * 2)


def drift(alpha, beta, s):
    """Drift of (X1, Y1, q1, p1, X2, Y2, q2, p2)."""
    for j in range(2):
        f = W[j] + 2 * G * beta[j].real
        k = 4 * j
        o = 4 * (1 - j)
        s[k, k] = -KAPPA
        s[k, k + 1] = -f
        s[k, k + 2] = -2 * G * alpha[j].imag
        s[k + 1, k] = f
        s[k + 1, k + 1] = -KAPPA
        s[k + 1, k + 2] = 2 * G * alpha[j].real
        s[k + 2, k + 2] = -GAMMA
        s[k + 2, k + 3] = W[j]
        s[k + 2, o + 3] = -MU
        s[k + 3, k] = 2 * G * alpha[j].real
        s[k + 3, k + 1] = 2 * G * alpha[j].imag
        s[k + 3, k + 2] = -W[j]
        s[k + 3, k + 3] = -GAMMA
        s[k + 3, o + 2] = MU


def rhs_numpy(t, y):
    """As a physicist writes it with NumPy."""
    alpha = y[0:2] + 1j * y[2:4]
    beta = y[4:6] + 1j * y[6:8]
    da = (-KAPPA + 1j * (W + 2 * G * beta.real)) * alpha + DRIVE
    db = -(GAMMA + 1j * W) * beta + 1j * G * np.abs(alpha) ** 2 + 1j * MU * beta[::-1]
    s = np.zeros((8, 8))
    drift(alpha, beta, s)
    c = y[8:].reshape(8, 8)
    sc = s @ c
    dc = sc + sc.T + NOISE
    return np.concatenate([da.real, da.imag, db.real, db.imag, dc.ravel()])


drift_compiled = njit(drift)


@njit
def rhs_numba(t, y):
    """The same, compiled."""
    dy = np.empty(72)
    alpha = y[0:2] + 1j * y[2:4]
    beta = y[4:6] + 1j * y[6:8]
    for j in range(2):
        da = (-KAPPA + 1j * (W[j] + 2 * G * beta[j].real)) * alpha[j] + DRIVE
        db = -(GAMMA + 1j * W[j]) * beta[j] + 1j * G * np.abs(alpha[j]) ** 2 + 1j * MU * beta[1 - j]
        dy[j], dy[2 + j], dy[4 + j], dy[6 + j] = da.real, da.imag, db.real, db.imag
    s = np.zeros((8, 8))
    drift_compiled(alpha, beta, s)
    c = np.ascontiguousarray(y[8:]).reshape(8, 8)
    sc = s @ c
    for i in range(8):
        for k in range(8):
            dy[8 + 8 * i + k] = sc[i, k] + sc[k, i] + NOISE[i, k]
    return dy


def run(rhs, rtol):
    end = 200 * 2 * np.pi
    times = end / 2 + np.arange(4096) * (end / 2) / 4096
    y0 = np.zeros(72)
    y0[8:] = 0.5 * np.eye(8).ravel()
    begin = time.process_time()
    # Absolute tolerance: the covariance is of order one, the amplitudes are of order 100.
    solution = solve_ivp(rhs, (0, end), y0, method="DOP853", rtol=rtol, atol=rtol, t_eval=times)
    c = solution.y[8:].reshape(8, 8, -1)
    q = (c[2, 2] + c[6, 6] - 2 * c[2, 6]) / 2
    p = (c[3, 3] + c[7, 7] - 2 * c[3, 7]) / 2
    mean = np.mean(1 / (q + p))
    return time.process_time() - begin, mean


def main():
    peers = {"numpy": rhs_numpy, "numba": rhs_numba}
    rhs_numba(0.0, np.zeros(72))
    wanted = [float(x) for x in sys.argv[1:]] or [1e-6, 1e-7, 1e-8, 1e-9, 1e-12]
    for name, rhs in peers.items():
        for rtol in wanted:
            if name == "numpy" and rtol < 1e-11:
                continue
            seconds, mean = run(rhs, rtol)
            print(f"{name}\t{rtol:g}\t{seconds:.6f}\t{mean:.16g}", flush=True)


main()
