"""The heat equation on a square by explicit steps: a stencil in a loop, and its transpose.

    u ← u + a L u   inside,   u fixed on the border,   (L u)_ij = u_i±1,j + u_i,j±1 - 4 u_ij

for 200 steps. The loss is ½ Σ (u - target)² at the end, in the first temperatures u and in the
number a = κ Δt/Δx². By hand, with λ the cotangent of u and λ° the same with zeros on the border,

    ā ← ā + Σ λ° L u,      λ ← λ + a L λ°

where L λ° counts on the border too. A step back needs the u of its step, so all of them are kept.

Source: the explicit scheme of Courant, Friedrichs & Lewy, Mathematische Annalen 100 (1928).
"""

import numpy

import diffkit as dk
from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]

STEPS = 200
STRETCH, IN_CACHE = 20, 500_000  # steps, numbers


def inputs(n: int) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray, int]:
    """Temperatures of n × n points, the number a (shape ()), the target, the number of steps."""
    rng = numpy.random.default_rng(5)
    line = numpy.linspace(0.0, numpy.pi, n)
    target = numpy.outer(numpy.sin(line), numpy.sin(2.0 * line))
    return rng.uniform(0.0, 1.0, (n, n)), numpy.array(0.2), target, STEPS


def f(u, a, target, steps, np=numpy, scan=dk.scan):
    """Half the squared distance from the target after a number of steps."""

    def step(u, _):
        flow = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        return u + a * np.pad(flow, 1, "constant"), None

    u, _ = scan(step, u, length=steps)
    return 0.5 * np.sum((u - target) ** 2)


def by_hand(u, a, target, steps):
    """Value and gradients in NumPy."""
    kept = numpy.empty((steps + 1, *u.shape))
    kept[0] = u
    for t in range(steps):
        kept[t + 1] = kept[t]
        kept[t + 1, 1:-1, 1:-1] += a * flow_of(kept[t])
    cotangent = kept[-1] - target
    value, slope = 0.5 * numpy.sum(cotangent * cotangent), 0.0
    for u in kept[-2::-1]:
        inner = cotangent[1:-1, 1:-1].copy()
        slope += numpy.sum(inner * flow_of(u))
        inner *= a
        cotangent[1:-1, 1:-1] -= 4.0 * inner
        cotangent[:-2, 1:-1] += inner
        cotangent[2:, 1:-1] += inner
        cotangent[1:-1, :-2] += inner
        cotangent[1:-1, 2:] += inner
    return value, cotangent, numpy.array(slope)


def flow_of(u):
    """L u inside."""
    return u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]


def compiled() -> Kernels:
    """One sweep over the grid for each step, forward and back; ā is summed in the same sweep.

    The cotangent inside lives in two grids with zero borders, taken in turn; the border's own is
    only ever added to. Of the grids of all steps only every twentieth is kept, and those between
    are computed again, a stretch at a time: that is less work than moving 26 MB out of the cache
    and back.
    """
    tools = numba_tools()
    njit, add = tools.njit, tools.add

    @njit
    def advance(u, a, new):
        n, m = u.shape
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                flow = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]
                new[i, j] = u[i, j] + a * flow

    @njit
    def copy_border(u, new):
        n, m = u.shape
        for j in range(m):
            new[0, j], new[n - 1, j] = u[0, j], u[n - 1, j]
        for i in range(n):
            new[i, 0], new[i, m - 1] = u[i, 0], u[i, m - 1]

    @njit
    def copy_inside(u, new):
        n, m = u.shape
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                new[i, j] = u[i, j]

    @njit
    def clear(u):
        for i in range(u.shape[0]):
            for j in range(u.shape[1]):
                u[i, j] = 0.0

    @njit
    def half_square(u, target):
        total = 0.0
        for i in range(u.shape[0]):
            for j in range(u.shape[1]):
                d = u[i, j] - target[i, j]
                total = add(total, d * d)
        return 0.5 * total

    @njit
    def retreat(c, u, a, new, border):
        """The cotangent before a step from that after it; returns the step's part of ā."""
        n, m = u.shape
        slope = 0.0
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                flow = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]
                slope = add(slope, c[i, j] * flow)
                back = c[i - 1, j] + c[i + 1, j] + c[i, j - 1] + c[i, j + 1] - 4.0 * c[i, j]
                new[i, j] = c[i, j] + a * back
        for j in range(1, m - 1):
            border[0, j] += a * c[1, j]
            border[n - 1, j] += a * c[n - 2, j]
        for i in range(1, n - 1):
            border[i, 0] += a * c[i, 1]
            border[i, m - 1] += a * c[i, m - 2]
        return slope

    @njit
    def primal(u, a, target, steps):
        alpha = a[()]
        one, two = u.copy(), numpy.empty_like(u)
        copy_border(u, two)
        for _ in range(steps):
            advance(one, alpha, two)
            one, two = two, one
        return half_square(one, target)

    @njit
    def gradient(u, a, target, steps):
        alpha, stretch = a[()], steps if steps * u.size < IN_CACHE else STRETCH
        stretches = (steps + stretch - 1) // stretch
        work = numpy.empty((stretches + stretch + 3, *u.shape))
        one, two, starts, kept = work[0], work[1], work[2 : stretches + 2], work[stretches + 2 :]
        for t in range(stretch + 1):
            copy_border(u, kept[t])
        copy_inside(u, kept[0])
        last = kept[0]
        for s in range(stretches):
            copy_inside(last, kept[0])
            copy_inside(last, starts[s])
            count = min(stretch, steps - s * stretch)
            for t in range(count):
                advance(kept[t], alpha, kept[t + 1])
            last = kept[count]
        value, result = half_square(last, target), numpy.empty_like(u)
        clear(one)
        clear(two)
        for i in range(u.shape[0]):
            for j in range(u.shape[1]):
                result[i, j] = last[i, j] - target[i, j]
        copy_inside(result, one)
        slope = 0.0
        for s in range(stretches - 1, -1, -1):
            count = min(stretch, steps - s * stretch)
            if s < stretches - 1:  # the last stretch is still there
                copy_inside(starts[s], kept[0])
                for t in range(count - 1):
                    advance(kept[t], alpha, kept[t + 1])
            for t in range(count - 1, -1, -1):
                slope += retreat(one, kept[t], alpha, two, result)
                one, two = two, one
        copy_inside(one, result)
        return value, result, slope

    return Kernels(primal, gradient)


def in_torch(u, a, target, steps):
    """Slices, as in NumPy."""
    import torch

    for _ in range(steps):
        flow = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        u = u + a * torch.nn.functional.pad(flow, (1, 1, 1, 1))
    return 0.5 * torch.sum((u - target) ** 2)


BENCHMARK = Benchmark(
    name="heat",
    title="heat stencil, 200 steps (size: points a side)",
    source="Courant, Friedrichs & Lewy, Mathematische Annalen 100 (1928)",
    sizes=(32, 128),
    quick=(32,),
    tiny=5,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
    wrt=2,
    without={"torch-compile": "it would unroll the loop of 200 steps"},
)
