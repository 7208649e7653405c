"""Rosenbrock's valley in n dimensions: overlapping slices, whose cotangents overlap too.

    f(x) = Σ_{i<n-1} 100 (x_{i+1} - x_i²)² + (1 - x_i)²

    ∂f/∂x_i = 200 (x_i - x_{i-1}²) - 400 x_i (x_{i+1} - x_i²) - 2 (1 - x_i)

Written as a gather like this, the gradient is one loop without any addition into memory. A library
that makes a dense array of zeros for each slice, and adds them up, moves many times the data.

Source: H. H. Rosenbrock, The Computer Journal 3 (1960) 175-184.
"""

import numpy

from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]


def inputs(n: int) -> tuple[numpy.ndarray]:
    """n variables around the valley."""
    return (numpy.random.default_rng(4).uniform(-1.5, 1.5, n),)


def f(x, np=numpy):
    """The chained form."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def by_hand(x):
    """Value and gradient in NumPy."""
    head = x[:-1]
    fall, rest = x[1:] - head * head, 1.0 - head
    gradient = numpy.empty_like(x)
    gradient[-1] = 0.0
    gradient[:-1] = -400.0 * head * fall - 2.0 * rest
    gradient[1:] += 200.0 * fall
    return 100.0 * numpy.dot(fall, fall) + numpy.dot(rest, rest), gradient


def compiled() -> Kernels:
    """One loop over the inner variables; the two at the ends apart."""
    tools = numba_tools()
    njit, add = tools.njit, tools.add

    @njit
    def primal(x):
        total = 0.0
        for i in range(x.size - 1):
            fall, rest = x[i + 1] - x[i] * x[i], 1.0 - x[i]
            total = add(total, 100.0 * fall * fall + rest * rest)
        return total

    @njit
    def gradient(x):
        last = x.size - 1
        g = numpy.empty_like(x)
        fall, rest = x[1] - x[0] * x[0], 1.0 - x[0]
        total = 100.0 * fall * fall + rest * rest
        g[0] = -400.0 * x[0] * fall - 2.0 * rest
        for k in range(last - 1):
            i = k + 1
            v = x[i]
            fall, rest = x[i + 1] - v * v, 1.0 - v
            total = add(total, 100.0 * fall * fall + rest * rest)
            g[i] = 200.0 * (v - x[k] * x[k]) - 400.0 * v * fall - 2.0 * rest
        g[last] = 200.0 * (x[last] - x[last - 1] * x[last - 1])
        return total, g

    return Kernels(primal, gradient)


def in_torch(x):
    """The same formula."""
    import torch

    return torch.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


BENCHMARK = Benchmark(
    name="rosenbrock",
    title="Rosenbrock's valley (size: n)",
    source="Rosenbrock, The Computer Journal 3 (1960)",
    sizes=(1_000, 100_000),
    quick=(1_000,),
    tiny=6,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
)
