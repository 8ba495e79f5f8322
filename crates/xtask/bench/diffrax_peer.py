"""diffrax on the truncated Wigner equations of the optomechanical pair (Mari et al. 2013): all trajectories in one batch by XLA.

Heun's method with steps of 0.05, double precision. Prints `wigner_diffrax <tab> step <tab> CPU seconds of 4000 trajectories to
t = 1000, from a shorter run <tab> its end`.
"""

import time

import diffrax
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

W = jnp.array([1.0, 1.005])
G, KAPPA, GAMMA, MU, DRIVE = 0.005, 0.15, 0.005, 0.02, 48.0
H, END, COUNT = 0.05, 50.0, 4000
NOISE = jnp.sqrt(0.5 * jnp.repeat(jnp.array([KAPPA, GAMMA]), 4))


def flow(t, state, args):
    """Rows: Re a, Im a, Re b, Im b, of both pairs."""
    ax, ay, bx, by = state.reshape(4, 2)
    f = W + 2 * G * bx
    force = G * (ax**2 + ay**2 - 0.5)
    rows = [
        -KAPPA * ax - f * ay + DRIVE,
        -KAPPA * ay + f * ax,
        -GAMMA * bx + W * by - MU * by[::-1],
        -GAMMA * by - W * bx + force + MU * bx[::-1],
    ]
    return jnp.concatenate(rows)


def trajectory(key, end):
    first, second = jax.random.split(key)
    path = diffrax.UnsafeBrownianPath(shape=(8,), key=second, levy_area=diffrax.BrownianIncrement)
    terms = diffrax.MultiTerm(diffrax.ODETerm(flow), diffrax.ControlTerm(lambda t, y, args: jnp.diag(NOISE), path))
    start = 0.5 * jax.random.normal(first, (8,))
    solution = diffrax.diffeqsolve(
        terms, diffrax.Heun(), 0.0, end, H, start, adjoint=diffrax.ForwardMode(), max_steps=None,
        saveat=diffrax.SaveAt(t1=True),
    )
    return solution.ys[0]


def main():
    ensemble = jax.jit(jax.vmap(trajectory, in_axes=(0, None)))
    keys = jax.random.split(jax.random.PRNGKey(1), COUNT)
    ensemble(keys, 1.0).block_until_ready()
    begin = time.process_time()
    ensemble(keys, END).block_until_ready()
    seconds = (time.process_time() - begin) * 1000.0 / END
    print(f"wigner_diffrax\t{H:g}\t{seconds:.6f}\t{END:g}")


main()
