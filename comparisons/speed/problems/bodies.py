"""Eight bodies under gravity by the leapfrog: small arrays in a long loop.

    q ← q + h/2 v,   v ← v + h a(q),   q ← q + h/2 v,      a_i = Σ_j m_j s d,   d = q_j - q_i,
    s = (|d|² + ε²)^(-3/2)

The loss is Σ q² at the end, in the first positions, the first velocities and the masses. By hand,
with λ and μ the cotangents of q and v: μ ← μ + h/2 λ, and with α = h μ, for each pair, with
u = m_j α_i - m_i α_j,

    e = s u - 3 s (u·d)/(|d|² + ε²) d,   λ_j += e,   λ_i -= e,   m̄_j += s d·α_i,   m̄_i -= s d·α_j

and μ ← μ + h/2 λ. The sweep back needs the positions where the force was taken, no velocities.

Source: Verlet, Physical Review 159 (1967) 98; Aarseth, Gravitational N-Body Simulations, Cambridge
2003, for the softening ε.
"""

import math

import numpy

import diffkit as dk
from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]

BODIES, H, SOFT = 8, 1e-3, 0.01  # ε² = 0.01


def inputs(steps: int) -> tuple[numpy.ndarray, ...]:
    """A ring that turns: positions float[8, 3], velocities float[8, 3], masses float[8]."""
    rng = numpy.random.default_rng(7)
    angle = 2.0 * numpy.pi * numpy.arange(BODIES) / BODIES
    ring = numpy.stack([numpy.cos(angle), numpy.sin(angle), numpy.zeros(BODIES)], axis=1)
    turn = numpy.stack([-ring[:, 1], ring[:, 0], ring[:, 2]], axis=1)
    wobble = rng.normal(0.0, 0.02, (2, BODIES, 3))
    return ring + wobble[0], turn + wobble[1], rng.uniform(0.1, 0.2, BODIES), steps


def f(q, v, m, steps, np=numpy, scan=dk.scan):
    """The sum of the squares of the last positions."""

    def step(state, _):
        q, v = state
        q = q + H / 2 * v
        d = q[None, :, :] - q[:, None, :]
        r2 = np.sum(d * d, axis=2) + SOFT
        pull = m / (r2 * np.sqrt(r2))
        v = v + H * np.sum(pull[:, :, None] * d, axis=1)
        return (q + H / 2 * v, v), None

    (q, _), _ = scan(step, (q, v), length=steps)
    return np.sum(q * q)


def by_hand(q, v, m, steps):
    """Value and gradients in NumPy, all pairs at once."""
    kept = []
    for _ in range(steps):
        q = q + H / 2 * v
        kept.append(q)
        d = q - q[:, None]
        r2 = numpy.einsum("ijc,ijc->ij", d, d) + SOFT
        v = v + H * numpy.einsum("ij,ijc->ic", m / (r2 * numpy.sqrt(r2)), d)
        q = q + H / 2 * v
    value = numpy.sum(q * q)
    lam, mu, masses = 2.0 * q, numpy.zeros_like(v), numpy.zeros_like(m)
    for q in reversed(kept):
        mu += H / 2 * lam
        alpha = H * mu
        d = q - q[:, None]
        r2 = numpy.einsum("ijc,ijc->ij", d, d) + SOFT
        s = 1.0 / (r2 * numpy.sqrt(r2))
        along = numpy.einsum("ic,ijc->ij", alpha, d)  # α_i · d_ij
        masses += numpy.einsum("ij,ij->j", s, along)
        e = (m * s)[:, :, None] * alpha[:, None] - (3.0 * m * s / r2 * along)[:, :, None] * d
        lam += numpy.sum(e, axis=0) - numpy.sum(e, axis=1)
        mu += H / 2 * lam
    return value, lam, mu, masses


def compiled() -> Kernels:
    """Coordinates apart, so that a row of pairs is a vector; both halves of a pair are computed,
    since to write into the other one would take longer. The positions of a step are kept.
    """
    tools = numba_tools()
    njit, add = tools.njit, tools.add

    @njit
    def transposed(x):
        out = numpy.empty((x.shape[1], x.shape[0]))
        for i in range(x.shape[0]):
            for c in range(x.shape[1]):
                out[c, i] = x[i, c]
        return out

    @njit
    def accelerate(q, m, v):
        """v ← v + h a(q)."""
        for i in range(q.shape[1]):
            x, y, z = q[0, i], q[1, i], q[2, i]
            ax = ay = az = 0.0
            for j in range(q.shape[1]):
                dx, dy, dz = q[0, j] - x, q[1, j] - y, q[2, j] - z
                r2 = dx * dx + dy * dy + dz * dz + SOFT
                pull = m[j] / (r2 * math.sqrt(r2))
                ax, ay, az = add(ax, pull * dx), add(ay, pull * dy), add(az, pull * dz)
            v[0, i] += H * ax
            v[1, i] += H * ay
            v[2, i] += H * az

    @njit
    def drift(q, v, new):
        for c in range(3):
            for i in range(q.shape[1]):
                new[c, i] = q[c, i] + H / 2 * v[c, i]

    @njit
    def square(q):
        total = 0.0
        for c in range(3):
            for i in range(q.shape[1]):
                total = add(total, q[c, i] * q[c, i])
        return total

    @njit
    def primal(q, v, m, steps):
        q, v = transposed(q), transposed(v)
        for _ in range(steps):
            drift(q, v, q)
            accelerate(q, m, v)
            drift(q, v, q)
        return square(q)

    @njit
    def pull_back(q, m, mu, lam, masses):
        """The cotangents of q and m, from that of v; h is put in at the end of each sum."""
        for i in range(q.shape[1]):
            x, y, z, mass = q[0, i], q[1, i], q[2, i], m[i]
            ax, ay, az = mu[0, i], mu[1, i], mu[2, i]
            lx = ly = lz = gain = 0.0
            for j in range(q.shape[1]):
                dx, dy, dz = q[0, j] - x, q[1, j] - y, q[2, j] - z
                bx, by, bz, other = mu[0, j], mu[1, j], mu[2, j], m[j]
                inverse = 1.0 / (dx * dx + dy * dy + dz * dz + SOFT)
                s = inverse * math.sqrt(inverse)
                here, there = ax * dx + ay * dy + az * dz, bx * dx + by * dy + bz * dz
                gain = add(gain, s * there)
                w = 3.0 * inverse * (other * here - mass * there)
                lx = add(lx, s * (other * ax - mass * bx - w * dx))
                ly = add(ly, s * (other * ay - mass * by - w * dy))
                lz = add(lz, s * (other * az - mass * bz - w * dz))
            lam[0, i] -= H * lx
            lam[1, i] -= H * ly
            lam[2, i] -= H * lz
            masses[i] -= H * gain

    @njit
    def gradient(q, v, m, steps):
        q, v = transposed(q), transposed(v)
        kept = numpy.empty((steps, *q.shape))
        for t in range(steps):
            drift(q, v, kept[t])
            accelerate(kept[t], m, v)
            drift(kept[t], v, q)
        value = square(q)
        lam, mu, masses = q, v, numpy.zeros_like(m)
        for c in range(3):
            for i in range(q.shape[1]):
                lam[c, i] = 2.0 * q[c, i]
                mu[c, i] = 0.0
        for t in range(steps - 1, -1, -1):
            drift(mu, lam, mu)
            pull_back(kept[t], m, mu, lam, masses)
            drift(mu, lam, mu)
        return value, transposed(lam), transposed(mu), masses

    return Kernels(primal, gradient)


def in_torch(q, v, m, steps):
    """All pairs at once."""
    import torch

    for _ in range(steps):
        q = q + H / 2 * v
        d = q - q[:, None]
        r2 = torch.sum(d * d, dim=2) + SOFT
        v = v + H * torch.sum((m / (r2 * torch.sqrt(r2)))[:, :, None] * d, dim=1)
        q = q + H / 2 * v
    return torch.sum(q * q)


BENCHMARK = Benchmark(
    name="bodies",
    title="leapfrog with 8 bodies (size: steps)",
    source="Verlet, Physical Review 159 (1967)",
    sizes=(100, 10_000),
    quick=(100,),
    tiny=4,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
    wrt=3,
    eager_limit=100,
    without={"torch-compile": "it would unroll the loop of at least 100 steps"},
)
