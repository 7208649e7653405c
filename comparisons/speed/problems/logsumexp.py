"""The logarithm of a sum of exponentials: two reductions, the second needing the first.

    f(x) = m + log Σ exp(x_i - m),   m = max x,      ∇f = softmax(x)

The maximum cancels in exact arithmetic, so an expert never differentiates through it. The least
work is three passes over x: the maximum; the exponentials and their sum; the division.
"""

import math

import numpy

from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]


def inputs(n: int) -> tuple[numpy.ndarray]:
    """n numbers of which many count."""
    return (numpy.random.default_rng(2).normal(0.0, 2.0, n),)


def f(x, np=numpy):
    """The shifted formula."""
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def by_hand(x):
    """Value and softmax in NumPy."""
    m = numpy.max(x)
    e = numpy.exp(x - m)
    total = numpy.sum(e)
    e /= total
    return m + math.log(total), e


def compiled() -> Kernels:
    """Three passes; the exponentials are kept in the result."""
    tools = numba_tools()
    njit, add, larger, exp = tools.njit, tools.add, tools.larger, tools.exp

    @njit
    def peak_of(x):
        m = x[0]
        for i in range(x.size):
            m = larger(m, x[i])
        return m

    @njit
    def primal(x):
        m, total = peak_of(x), 0.0
        for i in range(x.size):
            total = add(total, exp(x[i] - m))
        return m + math.log(total)

    @njit
    def gradient(x):
        g = numpy.empty_like(x)
        m, total = peak_of(x), 0.0
        for i in range(x.size):
            e = exp(x[i] - m)
            g[i] = e
            total = add(total, e)
        share = 1.0 / total
        for i in range(x.size):
            g[i] *= share
        return m + math.log(total), g

    return Kernels(primal, gradient)


def in_torch(x):
    """PyTorch's own."""
    import torch

    return torch.logsumexp(x, dim=0)


BENCHMARK = Benchmark(
    name="logsumexp",
    title="log-sum-exp (size: n)",
    source="Blanchard, Higham & Higham, IMA Journal of Numerical Analysis 41 (2021)",
    sizes=(100, 10_000, 1_000_000),
    quick=(10_000,),
    tiny=6,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
)
