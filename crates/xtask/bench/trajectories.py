"""The peer of the truncated Wigner benchmark: a Numba loop over trajectories.

The optomechanical pair of Mari et al., Phys. Rev. Lett. 111, 103605 (2013), in Weyl order from rest and the vacuum: half a
Runge-Kutta step, the noise of a whole one, half a Runge-Kutta step, the halves joined between samples. Prints
`name <tab> step <tab> CPU seconds <tab> S_c at the end` for the number of trajectories and the end given, with Numba's own options and with
fastmath, which allows it to change the order of operations and to fuse them.
"""

import sys
import time

import numpy as np
from numba import njit

W1, W2 = 1.0, 1.005
G, KAPPA, GAMMA, MU, DRIVE = 0.005, 0.15, 0.005, 0.02, 48.0


def program(**options):
    """The loop, compiled with these options of Numba."""
    compiled = njit(**options)
    inlined = njit(inline="always", **options)

    @inlined
    def flow(a1, b1, a2, b2):
        """Delta_j = omega_j; the force is |a|^2 - 1/2 in Weyl order."""
        da1 = (-KAPPA + 1j * (W1 + 2 * G * b1.real)) * a1 + DRIVE
        da2 = (-KAPPA + 1j * (W2 + 2 * G * b2.real)) * a2 + DRIVE
        n1 = a1.real * a1.real + a1.imag * a1.imag - 0.5
        n2 = a2.real * a2.real + a2.imag * a2.imag - 0.5
        db1 = -(GAMMA + 1j * W1) * b1 + 1j * (G * n1 + MU * b2)
        db2 = -(GAMMA + 1j * W2) * b2 + 1j * (G * n2 + MU * b1)
        return da1, db1, da2, db2

    @inlined
    def rk4(a1, b1, a2, b2, h):
        k1, l1, m1, n1 = flow(a1, b1, a2, b2)
        k2, l2, m2, n2 = flow(a1 + h / 2 * k1, b1 + h / 2 * l1, a2 + h / 2 * m1, b2 + h / 2 * n1)
        k3, l3, m3, n3 = flow(a1 + h / 2 * k2, b1 + h / 2 * l2, a2 + h / 2 * m2, b2 + h / 2 * n2)
        k4, l4, m4, n4 = flow(a1 + h * k3, b1 + h * l3, a2 + h * m3, b2 + h * n3)
        w = h / 6
        return (
            a1 + w * (k1 + 2 * (k2 + k3) + k4),
            b1 + w * (l1 + 2 * (l2 + l3) + l4),
            a2 + w * (m1 + 2 * (m2 + m3) + m4),
            b2 + w * (n1 + 2 * (n2 + n3) + n4),
        )

    @compiled
    def ensemble(count, steps, h, out):
        light, mechanics = np.sqrt(KAPPA * h / 2), np.sqrt(GAMMA * h / 2)
        for k in range(count):
            a1 = 0.5 * complex(np.random.normal(), np.random.normal())
            b1 = 0.5 * complex(np.random.normal(), np.random.normal())
            a2 = 0.5 * complex(np.random.normal(), np.random.normal())
            b2 = 0.5 * complex(np.random.normal(), np.random.normal())
            a1, b1, a2, b2 = rk4(a1, b1, a2, b2, h / 2)
            for j in range(steps):
                a1 += light * complex(np.random.normal(), np.random.normal())
                b1 += mechanics * complex(np.random.normal(), np.random.normal())
                a2 += light * complex(np.random.normal(), np.random.normal())
                b2 += mechanics * complex(np.random.normal(), np.random.normal())
                a1, b1, a2, b2 = rk4(a1, b1, a2, b2, h if j + 1 < steps else h / 2)
            out[k, 0], out[k, 1] = b1, b2

    return ensemble


def main():
    count, end = (int(sys.argv[1]), float(sys.argv[2])) if len(sys.argv) > 2 else (4000, 1000.0)
    h = 0.05
    for name, options in (("wigner_numba", {}), ("wigner_numba_fastmath", {"fastmath": True})):
        ensemble = program(**options)
        out = np.zeros((count, 2), complex)
        ensemble(1, 1, h, out)
        begin = time.process_time()
        ensemble(count, round(end / h), h, out)
        seconds = time.process_time() - begin
        d = out[:, 0] - out[:, 1]
        # (q1 - q2)/sqrt 2 = Re(b1 - b2), likewise p.
        print(f"{name}\t{h:g}\t{seconds:.6f}\t{1 / (d.real.var(ddof=1) + d.imag.var(ddof=1)):.16g}", flush=True)


main()
