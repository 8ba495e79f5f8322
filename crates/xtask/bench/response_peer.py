"""Powers of the thermal machine in lowest order, by the means a Python user has.

Prints name<TAB>numbers: microseconds a point and the power of A at Omega = 200, T = 0.1.

* numpy: the closed form by residues and scipy.special.digamma, vectorised over the map of 260 x 160 points;
* numba: the same formula point by point, compiled, with a digamma function of its own;
* quad: scipy.integrate.quad of the two integrals of P_A at single points.
"""

import time

import numba
import numpy as np
from scipy.integrate import quad
from scipy.special import digamma

WA, WB, G1, G2, WC = 1.0, 0.6, 0.01, 100.0, 1.2


def poles():
    """Poles and residues of chi_AA, chi_AB, chi_BB (unit masses, strictly Ohmic common bath)."""
    a, b = WA**2, WB**2
    # D(w) = (w^2-a)(w^2-b) + i w g (2 w^2 - a - b)
    denominator = np.array([1.0, 2j * G2, -(a + b), -1j * G2 * (a + b), a * b])
    roots = np.roots(denominator)
    slope = np.polyval(np.polyder(denominator), roots)
    numerators = [
        -(roots**2 - b + 1j * roots * G2),
        1j * roots * G2,
        -(roots**2 - a + 1j * roots * G2),
    ]
    return roots, [n / slope for n in numerators]


LAMBDA, RESIDUES = poles()


def chi(z, a):
    return sum(r / (z - p) for r, p in zip(a, LAMBDA))


def numpy_map(omega, t):
    """P_A, P_B on arrays of frequencies and one temperature for both baths."""
    j = lambda z: G1 * z / (1 + (z / WC) ** 2)
    zeta = lambda z: -G1 * WC * z / (z + 1j * WC)
    x = WC / (2 * np.pi * t)
    still = -2 * (digamma(x) + 1 / x), -2 * digamma(x)
    shift = -2 * digamma((WC - 1j * omega) / (2 * np.pi * t))
    k = [0, 0, 0]
    for p, row in zip(LAMBDA, zip(*RESIDUES)):
        first = -2 * digamma(1j * (p - omega) / (2 * np.pi * t))
        u = 1j * p / (2 * np.pi * t)
        cold = digamma(u)
        below, above = -2 * (cold + 1 / u), -2 * np.conj(cold)
        jz, near, far = j(omega - p), zeta(omega - p), zeta(omega - np.conj(p))
        for e in range(3):
            a = row[e]
            k[e] = k[e] - a * jz * first + (a * near * below - np.conj(a) * far * above) / 2j
    rho = G1 * WC**2 / 2
    for e in range(3):
        up, down = chi(omega + 1j * WC, RESIDUES[e]), chi(omega - 1j * WC, RESIDUES[e])
        k[e] = k[e] + rho * up * still[0] + rho * down * still[1] - 1j * G1 * WC**2 * shift * (up - np.conj(down)) / 2j
        k[e] = k[e] / (2 * np.pi)
    half = omega / 2
    return half * (k[0].imag - k[1].real), half * (k[2].imag + k[1].real)


@numba.njit(cache=False)
def psi(z):
    s = 0j
    while z.real * z.real + z.imag * z.imag < 100.0:
        s -= 1 / z
        z += 1
    i = 1 / z
    q = i * i
    tail = q * (1 / 12 - q * (1 / 120 - q * (1 / 252 - q * (1 / 240 - q * (1 / 132 - q * (691 / 32760 - q / 12))))))
    return s + np.log(z) - i / 2 - tail


@numba.njit(cache=False)
def numba_map(omegas, temperatures, lam, res, out):
    for m in range(len(temperatures)):
        t = temperatures[m]
        x = WC / (2 * np.pi * t)
        px = psi(x + 0j)
        s0, s1 = -2 * (px + 1 / x), -2 * px
        for n in range(len(omegas)):
            w = omegas[n]
            shift = -2 * psi((WC - 1j * w) / (2 * np.pi * t))
            ka, kb, kc = 0j, 0j, 0j
            ua, ub, uc, da, db, dc = 0j, 0j, 0j, 0j, 0j, 0j
            for i in range(4):
                p = lam[i]
                first = -2 * psi(1j * (p - w) / (2 * np.pi * t))
                u = 1j * p / (2 * np.pi * t)
                cold = psi(u)
                below, above = -2 * (cold + 1 / u), -2 * np.conj(cold)
                z = w - p
                jz = G1 * z / (1 + (z / WC) ** 2)
                near = -G1 * WC * z / (z + 1j * WC)
                v = w - np.conj(p)
                far = -G1 * WC * v / (v + 1j * WC)
                c = -jz * first + near * below / 2j
                d = -far * above / 2j
                ka += res[0, i] * c + np.conj(res[0, i]) * d
                kb += res[1, i] * c + np.conj(res[1, i]) * d
                kc += res[2, i] * c + np.conj(res[2, i]) * d
                up, down = 1 / (w + 1j * WC - p), 1 / (w - 1j * WC - p)
                ua += res[0, i] * up
                ub += res[1, i] * up
                uc += res[2, i] * up
                da += res[0, i] * down
                db += res[1, i] * down
                dc += res[2, i] * down
            rho = G1 * WC * WC / 2
            g = G1 * WC * WC / 2 * shift
            ka += rho * (ua * s0 + da * s1) - g * (ua - np.conj(da))
            kb += rho * (ub * s0 + db * s1) - g * (ub - np.conj(db))
            kc += rho * (uc * s0 + dc * s1) - g * (uc - np.conj(dc))
            out[m, n, 0] = w / 2 * (ka.imag - kb.real) / (2 * np.pi)
            out[m, n, 1] = w / 2 * (kc.imag + kb.real) / (2 * np.pi)


def by_quad(omega, t):
    a, b = WA**2, WB**2
    coth = lambda x: 1 / np.tanh(x / (2 * t))
    d = lambda w: (w * w - a) * (w * w - b) + 1j * w * G2 * (2 * w * w - a - b)
    j = lambda z: G1 * z / (1 + (z / WC) ** 2)

    def even(w):
        z = w + omega
        return j(z) * (coth(z) - coth(w)) * (-(w * w - b + 1j * w * G2) / d(w)).imag

    def odd(w):
        z, x = w + omega, 1j * w * G2 / d(w)
        return j(z) * x.real * coth(z) - z / WC * j(z) * x.imag * coth(w)

    points = [-omega, 0, *LAMBDA.real]
    edges = sorted({-1e5, 1e5, *(p + s for p in points for s in (-1, -0.01, 0, 0.01, 1))})
    total = [0.0, 0.0]
    for lo, hi in zip(edges, edges[1:]):
        for k, f in enumerate((even, odd)):
            total[k] += quad(f, lo, hi, epsabs=0, epsrel=1e-10, limit=200)[0]
    return -omega * (total[0] + total[1]) / (4 * np.pi)


omegas = 1e-2 * 1e5 ** (np.arange(260) / 259)
temperatures = 0.01 * 200 ** (np.arange(160) / 159)
count = len(omegas) * len(temperatures)
best = 1e9
for _ in range(3):
    begin = time.process_time()
    for t in temperatures:
        numpy_map(omegas, t)
    best = min(best, time.process_time() - begin)
print(f"response_numpy\t{1e6 * best / count:.6e}\t{numpy_map(np.array([200.0]), 0.1)[0][0]:.12e}")
out = np.zeros((len(temperatures), len(omegas), 2))
residues = np.array(RESIDUES)
numba_map(omegas[:2], temperatures[:2], LAMBDA, residues, out)
best = 1e9
for _ in range(5):
    begin = time.process_time()
    numba_map(omegas, temperatures, LAMBDA, residues, out)
    best = min(best, time.process_time() - begin)
single = np.zeros((1, 1, 2))
numba_map(np.array([200.0]), np.array([0.1]), LAMBDA, residues, single)
print(f"response_numba\t{1e6 * best / count:.6e}\t{single[0, 0, 0]:.12e}")
begin = time.process_time()
value = by_quad(200.0, 0.1)
print(f"response_quad\t{1e6 * (time.process_time() - begin):.6e}\t{value:.12e}")
