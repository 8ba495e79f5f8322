"""The peer of the fock benchmark: QuTiP on two van der Pol oscillators at rest, and on the dimer of Aifer, Thingna and Deffner, Phys. Rev. Lett. 133, 020401 (2024).

Product cut-off of 24 states a mode, k = 1, from equilibrium to t = 0.5 at 1e-9, and the distance D at the end; several integrators of
QuTiP, because which is best depends on the problem. QuTiP has no anti-Hermitian part: the linear flow is given to `mesolve` as a
superoperator and normalised at the end. Prints `name <tab> wall seconds <tab> D`.

The steady state of two van der Pol oscillators below 16 states a mode, by QuTiP's direct solver, whose best ordering is taken, and by its
others where they converge, and of two driven Kerr oscillators below 12: `name <tab> wall seconds <tab> <n1> <tab> peak MB of the process`.

Two chains of five spins and a central one (model central-spin, dimension 72) to t = 2e4: `name <tab> wall seconds <tab> <sigma_z>`, by the
integrators that were the fastest on a tenth of the time.
"""

import resource
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import qutip as qt

W1, W2, BETA, G1, G2 = 2 * np.pi, 3 * np.pi, 0.05, 0.00087, 0.0016


def dimer(d, k):
    """Superoperator, start and the operators of D."""
    a1, a2 = qt.tensor(qt.destroy(d), qt.qeye(d)), qt.tensor(qt.qeye(d), qt.destroy(d))
    jumps = []
    for a, w, g in ((a1, W1, G1), (a2, W2, G2)):
        n = 1 / np.expm1(2 * BETA * w)
        jumps += [np.sqrt(g * (n + 1)) * a * a, np.sqrt(g * n) * a.dag() * a.dag()]
    h = W1 * a1.dag() * a1 + W2 * a2.dag() * a2
    hc = k / 2 * (a1.dag() * a2 + a2.dag() * a1)
    flow = qt.liouvillian(h, jumps) + qt.spre(hc) + qt.spost(hc)
    start = (-BETA * h).expm()
    return flow, start / start.tr(), (a1.dag() * a1, a2.dag() * a2, a1.dag() * a2)


def pair(d, omega=1.0, detuning=0.02, gain=0.2, loss=0.05, common=0.05):
    """Hamiltonian and jumps of the model van-der-pol-pair, and the number of the first."""
    a1, a2 = qt.tensor(qt.destroy(d), qt.qeye(d)), qt.tensor(qt.qeye(d), qt.destroy(d))
    h = omega * a1.dag() * a1 + (omega + detuning) * a2.dag() * a2
    jumps = [np.sqrt(gain) * a1.dag(), np.sqrt(gain) * a2.dag(), np.sqrt(loss) * a1 * a1, np.sqrt(loss) * a2 * a2]
    return h, jumps + [np.sqrt(common) * (a1 - a2)], a1.dag() * a1


def kerr(d, kappa=0.1, shift=0.2, hopping=0.5, drive=0.3):
    """Hamiltonian and jumps of the model kerr-pair, and the number of the first."""
    a1, a2 = qt.tensor(qt.destroy(d), qt.qeye(d)), qt.tensor(qt.qeye(d), qt.destroy(d))
    h = -hopping * (a1.dag() * a2 + a2.dag() * a1)
    for a in (a1, a2):
        h += shift / 2 * a.dag() ** 2 * a**2 + 1j * drive * (a.dag() - a)
    return h, [np.sqrt(kappa) * a1, np.sqrt(kappa) * a2], a1.dag() * a1


def steady(system, h, jumps, n1):
    ways = {
        "direct": {"method": "direct"},
        "direct_rcm": {"method": "direct", "use_rcm": True},
        "power": {"method": "power"},
    }
    for name, options in ways.items():
        try:
            begin = time.perf_counter()
            state = qt.steadystate(h, jumps, **options)
            seconds = time.perf_counter() - begin
        except Exception as error:
            print(f"# {system}_{name}: {error}".replace("\n", " ")[:200], flush=True)
            continue
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(f"{system}_{name}\t{seconds:.6e}\t{qt.expect(n1, state):.10e}\t{peak:.1f}", flush=True)


def central(n=5, until=2e4):
    """Hamiltonian, jumps, start and sigma_z of the model central-spin with thermal chains about z = -0.9."""
    g, w, gl, gnl = (1.5, 2.4), (1.0, 0.8), 1e-3, 2e-3
    one, spin = qt.qeye(n + 1), qt.qeye(2)
    minus, z = qt.jmat(n / 2, "-"), qt.jmat(n / 2, "z")
    up, sz = qt.tensor(qt.sigmap(), one, one), qt.tensor(qt.sigmaz(), one, one)
    h, jumps = 0, []
    for k in range(2):
        place = lambda o: qt.tensor(spin, o, one) if k == 0 else qt.tensor(spin, one, o)
        a, jz = place(minus), place(z)
        h += w[k] * jz / n + g[k] / np.sqrt(n) * (up * a + up.dag() * a.dag() + sz * jz)
        jumps.append((np.sqrt(gl) * a + np.sqrt(gnl) / n * (jz + n / 2) * a) / np.sqrt(n))
    low, high = 0.0, 1.0
    number = np.arange(n, -1, -1)
    for _ in range(100):
        r = (low + high) / 2
        p = r**number / np.sum(r**number)
        low, high = (r, high) if p @ number < 0.05 * n else (low, r)
    chain = qt.Qobj(np.diag(p))
    return h, jumps, qt.tensor(qt.Qobj(np.diag([0.45, 0.55])), chain, chain), sz


def spins():
    h, jumps, start, sz = central()
    def run(method, until):
        options = {"method": method, "rtol": 1e-6, "atol": 1e-9, "nsteps": 100_000_000, "progress_bar": ""}
        begin = time.perf_counter()
        value = qt.mesolve(h, start, [0, until], jumps, e_ops=[sz], options=options).expect[0][-1]
        return time.perf_counter() - begin, np.real(value)
    trial = {method: run(method, 200)[0] for method in ("adams", "bdf", "dop853", "vern7", "vern9")}
    best = min(trial, key=trial.get)
    print("central_5_%s\t%.6e\t%.10e" % (best, *run(best, 2e4)), flush=True)


def main():
    steady("steady_16", *pair(16))
    steady("driven_12", *kerr(12))
    spins()
    flow, start, (n1, n2, c) = dimer(24, 1.0)
    for method in ("adams", "bdf", "dop853", "vern7", "vern9"):
        options = {"method": method, "rtol": 1e-9, "atol": 1e-12, "nsteps": 1_000_000, "progress_bar": "", "normalize_output": False}
        begin = time.perf_counter()
        state = qt.mesolve(flow, start, [0, 0.5], options=options).states[-1]
        seconds = time.perf_counter() - begin
        norm = state.tr()
        sums = [qt.expect(o, state) / norm for o in (n1, n2, c)]
        distance = np.sqrt(1 - 2 * sums[2].real / (sums[0].real + sums[1].real + 1))
        print(f"dimer_product_24_{method}\t{seconds:.6e}\t{distance:.10e}", flush=True)


if __name__ == "__main__":
    main()
