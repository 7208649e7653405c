"""An elementwise expression and a sum: what fusion and vector functions are worth.

    f(x) = Σ t² e,   t = tanh x_i,   e = exp(-x_i²),      ∂f/∂x_i = 2 t e (1 - t² - t x_i)

A library that runs op by op writes and reads a dozen arrays of the length of x; one fused loop
reads x and writes the gradient. From n = 10², where a call's overhead is everything, to 10⁶,
which no cache near the processor holds.
"""

import numpy

from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]


def inputs(n: int) -> tuple[numpy.ndarray]:
    """n numbers where neither factor is flat."""
    return (numpy.random.default_rng(1).normal(0.0, 1.0, n),)


def f(x, np=numpy):
    """The sum."""
    return np.sum(np.tanh(x) ** 2 * np.exp(-x * x))


def by_hand(x):
    """Value and gradient in NumPy."""
    t, e = numpy.tanh(x), numpy.exp(-x * x)
    te = t * e
    return numpy.dot(t, te), 2.0 * te * (1.0 - t * (t + x))


def compiled() -> Kernels:
    """One loop, scalars in registers."""
    tools = numba_tools()
    njit, add, tanh, exp = tools.njit, tools.add, tools.tanh, tools.exp

    @njit
    def primal(x):
        total = 0.0
        for i in range(x.size):
            t = tanh(x[i])
            total = add(total, t * t * exp(-x[i] * x[i]))
        return total

    @njit
    def gradient(x):
        g = numpy.empty_like(x)
        total = 0.0
        for i in range(x.size):
            v = x[i]
            t = tanh(v)
            te = t * exp(-v * v)
            total = add(total, t * te)
            g[i] = 2.0 * te * (1.0 - t * (t + v))
        return total, g

    return Kernels(primal, gradient)


def in_torch(x):
    """The sum in PyTorch."""
    import torch

    return torch.sum(torch.tanh(x) ** 2 * torch.exp(-x * x))


BENCHMARK = Benchmark(
    name="elementwise",
    title="elementwise and reduce, f = Σ tanh(x)² exp(-x²) (size: n)",
    source="made up for this benchmark",
    sizes=(100, 1_000, 10_000, 100_000, 1_000_000),
    quick=(100, 10_000),
    tiny=7,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
)
