"""A net of masses and springs: gathers from the masses to the springs, scatters back.

For a spring of stiffness k and rest length ρ between the masses i and j, with d = x_j - x_i and
ℓ = |d|, the force on i is p d with p = k (1 - ρ/ℓ), and on j its opposite. A step is

    v ← c v + h F(x),    x ← x + h v

and the loss is the mean of x² after 100 steps, in the first positions and the rest lengths. By
hand, with λ and μ the cotangents of x and v: μ ← μ + h λ, then for each spring, with φ = h μ and
w = φ_i - φ_j,

    e = p w + k ρ/ℓ³ (w·d) d,    λ_j += e,   λ_i -= e,    ρ̄ -= k/ℓ (w·d)

and μ ← c μ. The sweep back needs the positions of each step, no velocities.

Source: Baraff & Witkin, Large steps in cloth simulation, SIGGRAPH 1998, for the nets.
"""

import math

import numpy

import diffkit as dk
import diffkit.numpy as dnp
from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]

STEPS, STIFFNESS, KEEP, H = 100, 20.0, 0.99, 0.01


def inputs(side: int) -> tuple[numpy.ndarray, ...]:
    """side × side masses, joined to the right, down and across: positions float[masses, 2], rest
    lengths float[springs], the ends int[springs] of the springs, and the number of steps."""
    rng = numpy.random.default_rng(6)
    mass = numpy.arange(side * side).reshape(side, side)
    pairs = ((mass[:, :-1], mass[:, 1:]), (mass[:-1], mass[1:]), (mass[:-1, :-1], mass[1:, 1:]))
    start, end = (
        numpy.concatenate([pair[k].ravel() for pair in pairs]).astype(numpy.int64) for k in (0, 1)
    )
    grid = numpy.stack(numpy.divmod(numpy.arange(side * side), side), axis=1) * 0.1
    x = grid + rng.normal(0.0, 0.01, grid.shape)
    d = grid[end] - grid[start]
    rest = numpy.sqrt(numpy.sum(d * d, axis=1)) * rng.uniform(0.8, 1.0, len(start))
    return x, rest, start, end, STEPS


def f(x, rest, start, end, steps, np=numpy, scan=dk.scan, add_at=dnp.add_at):
    """The mean square of the positions after a number of steps."""

    def step(state, _):
        x, v = state
        d = x[end] - x[start]
        length = np.sqrt(np.sum(d * d, axis=1))
        pull = (STIFFNESS * (1.0 - rest / length))[:, None] * d
        force = add_at(add_at(np.zeros_like(x), start, pull), end, -pull)
        v = KEEP * v + H * force
        return (x + H * v, v), None

    (x, _), _ = scan(step, (x, np.zeros_like(x)), length=steps)
    return np.mean(x * x)


def by_hand(x, rest, start, end, steps):
    """Value and gradients in NumPy; `bincount` is its fastest scatter."""
    x, v, kept = x.copy(), numpy.zeros_like(x), []

    def gather_difference(x):
        return x[end] - x[start]

    def scatter_difference(e):
        """e added at the ends and taken away at the starts."""
        n = len(x)
        return numpy.stack(
            [numpy.bincount(end, c, n) - numpy.bincount(start, c, n) for c in e.T], axis=1
        )

    for _ in range(steps):
        kept.append(x)
        d = gather_difference(x)
        length = numpy.sqrt(numpy.einsum("sc,sc->s", d, d))
        pull = (STIFFNESS * (1.0 - rest / length))[:, None] * d
        v = KEEP * v - H * scatter_difference(pull)
        x = x + H * v
    value = numpy.mean(x * x)
    lam, mu, rests = 2.0 / x.size * x, numpy.zeros_like(x), numpy.zeros_like(rest)
    for x in reversed(kept):
        mu += H * lam
        d, w = gather_difference(x), -H * gather_difference(mu)
        length = numpy.sqrt(numpy.einsum("sc,sc->s", d, d))
        along = STIFFNESS / length * numpy.einsum("sc,sc->s", w, d)
        e = (STIFFNESS * (1.0 - rest / length))[:, None] * w
        e += (rest / (length * length) * along)[:, None] * d
        lam += scatter_difference(e)
        rests -= along
        mu *= KEEP
    return value, lam, rests


def compiled() -> Kernels:
    """Three loops over springs for each step, gather, arithmetic and scatter: the middle one holds
    the root and the division, and is vectorised. Only the positions are kept."""
    tools = numba_tools()
    njit, add = tools.njit, tools.add

    @njit
    def gather(x, start, end, d):
        """d ← the differences along the springs."""
        for s in range(start.size):
            i, j = numpy.uintp(start[s]), numpy.uintp(end[s])  # not negative: nothing to wrap
            d[0, s], d[1, s] = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1]

    @njit
    def scatter(d, start, end, x):
        """Its transpose: x_j ← x_j + d, x_i ← x_i - d."""
        for s in range(start.size):
            i, j = numpy.uintp(start[s]), numpy.uintp(end[s])
            x[j, 0] += d[0, s]
            x[j, 1] += d[1, s]
            x[i, 0] -= d[0, s]
            x[i, 1] -= d[1, s]

    @njit
    def shrink(v):
        for i in range(v.shape[0]):
            v[i, 0] *= KEEP
            v[i, 1] *= KEEP

    @njit
    def kick(x, rest, start, end, v, d):
        """v ← c v + h F(x)."""
        shrink(v)
        gather(x, start, end, d)
        for s in range(start.size):
            d0, d1 = d[0, s], d[1, s]
            p = -H * STIFFNESS * (1.0 - rest[s] / math.sqrt(d0 * d0 + d1 * d1))
            d[0, s], d[1, s] = p * d0, p * d1
        scatter(d, start, end, v)

    @njit
    def kick_back(x, rest, start, end, mu, lam, rests, d, w):
        """The cotangents of x and ρ from that of v."""
        gather(x, start, end, d)
        gather(mu, start, end, w)
        for s in range(start.size):
            d0, d1, w0, w1 = d[0, s], d[1, s], w[0, s], w[1, s]
            inverse = 1.0 / math.sqrt(d0 * d0 + d1 * d1)
            along = -H * STIFFNESS * inverse * (w0 * d0 + w1 * d1)
            p = -H * STIFFNESS * (1.0 - rest[s] * inverse)
            q = rest[s] * inverse * inverse * along
            d[0, s], d[1, s] = p * w0 + q * d0, p * w1 + q * d1
            rests[s] -= along
        scatter(d, start, end, lam)
        shrink(mu)

    @njit
    def drift(x, v, new):
        for i in range(x.shape[0]):
            new[i, 0] = x[i, 0] + H * v[i, 0]
            new[i, 1] = x[i, 1] + H * v[i, 1]

    @njit
    def mean_square(x):
        total = 0.0
        for i in range(x.shape[0]):
            total = add(total, x[i, 0] * x[i, 0] + x[i, 1] * x[i, 1])
        return total / x.size

    @njit
    def primal(x, rest, start, end, steps):
        x, v, d = x.copy(), numpy.zeros_like(x), numpy.empty((2, start.size))
        for _ in range(steps):
            kick(x, rest, start, end, v, d)
            drift(x, v, x)
        return mean_square(x)

    @njit
    def gradient(x, rest, start, end, steps):
        kept = numpy.empty((steps + 1, *x.shape))
        v, d, w = numpy.zeros_like(x), numpy.empty((2, start.size)), numpy.empty((2, start.size))
        for i in range(x.shape[0]):
            kept[0, i, 0], kept[0, i, 1] = x[i, 0], x[i, 1]
        for t in range(steps):
            kick(kept[t], rest, start, end, v, d)
            drift(kept[t], v, kept[t + 1])
        last = kept[steps]
        lam, mu, rests = numpy.empty_like(x), v, numpy.zeros_like(rest)
        for i in range(x.shape[0]):
            for c in range(2):
                lam[i, c] = 2.0 / x.size * last[i, c]
                mu[i, c] = 0.0
        for t in range(steps - 1, -1, -1):
            drift(mu, lam, mu)  # the transpose of the drift is a drift
            kick_back(kept[t], rest, start, end, mu, lam, rests, d, w)
        return mean_square(last), lam, rests

    return Kernels(primal, gradient)


def in_torch(x, rest, start, end, steps):
    """`index_add` is PyTorch's scatter."""
    import torch

    v = torch.zeros_like(x)
    for _ in range(steps):
        d = x[end] - x[start]
        length = torch.sqrt(torch.sum(d * d, dim=1))
        pull = (STIFFNESS * (1.0 - rest / length))[:, None] * d
        force = torch.zeros_like(x).index_add(0, start, pull).index_add(0, end, pull, alpha=-1)
        v = KEEP * v + H * force
        x = x + H * v
    return torch.mean(x * x)


BENCHMARK = Benchmark(
    name="springs",
    title="a net of masses and springs, 100 steps (size: masses a side)",
    source="after Baraff & Witkin, SIGGRAPH 1998",
    sizes=(8, 32),
    quick=(8,),
    tiny=3,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
    wrt=2,
    without={
        "autograd": "autograd.numpy has no scatter",
        "torch-compile": "it would unroll the loop of 100 steps",
    },
)
