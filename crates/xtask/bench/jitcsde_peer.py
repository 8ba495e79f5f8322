"""jitcsde on the truncated Wigner equations of the optomechanical pair (Mari et al. 2013): compiled C, one trajectory at a time.

Steps are pinned to 0.05. Prints `wigner_jitcsde <tab> step <tab> CPU seconds of 4000 trajectories to t = 1000, from some of them <tab>
the number of those`.
"""

import time

import numpy as np
from jitcsde import jitcsde, y

W1, W2 = 1.0, 1.005
G, KAPPA, GAMMA, MU, DRIVE = 0.005, 0.15, 0.005, 0.02, 48.0
H, END, COUNT = 0.05, 1000.0, 8

# Real and imaginary parts of a1, b1, a2, b2.
ax1, ay1, bx1, by1, ax2, ay2, bx2, by2 = (y(k) for k in range(8))


def cavity(x, p, w, q):
    return [-KAPPA * x - (w + 2 * G * q) * p + DRIVE, -KAPPA * p + (w + 2 * G * q) * x]


def mirror(x, p, w, ax, ay, other_x, other_p):
    return [-GAMMA * x + w * p - MU * other_p, -GAMMA * p - w * x + G * (ax**2 + ay**2 - 0.5) + MU * other_x]


flow = [
    *cavity(ax1, ay1, W1, bx1),
    *mirror(bx1, by1, W1, ax1, ay1, bx2, by2),
    *cavity(ax2, ay2, W2, bx2),
    *mirror(bx2, by2, W2, ax2, ay2, bx1, by1),
]
noise = [np.sqrt(r / 2) for r in (KAPPA, KAPPA, GAMMA, GAMMA, KAPPA, KAPPA, GAMMA, GAMMA)]


def main():
    sde = jitcsde(flow, noise, additive=True, verbose=False)
    sde.compile_C()
    rng = np.random.default_rng(1)

    def trajectory(end):
        sde.set_initial_value(0.5 * rng.standard_normal(8), 0.0)
        sde.set_integration_parameters(atol=1e10, rtol=1e10, first_step=H, min_step=H, max_step=H)
        return sde.integrate(end)

    trajectory(1.0)
    begin = time.process_time()
    for _ in range(COUNT):
        trajectory(END)
    seconds = (time.process_time() - begin) * 4000 / COUNT
    print(f"wigner_jitcsde\t{H:g}\t{seconds:.6f}\t{COUNT}")


main()
