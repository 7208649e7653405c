"""lse by hand: exponentials stored once, then scaled where they stand."""

import math
from collections.abc import Callable
from typing import Any

import numpy

from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]


def kernels() -> dict[str, Callable[..., Any]]:
    """The value, and the gradient, the softmax of x."""
    tools = numba_tools()
    njit, add, larger, exp = tools.njit, tools.add, tools.larger, tools.exp

    @njit
    def maximum(x):
        largest = -math.inf
        for i in range(x.size):
            largest = larger(largest, x[i])
        return largest

    @njit
    def primal(x):
        largest, total = maximum(x), 0.0
        for i in range(x.size):
            total = add(total, exp(x[i] - largest))
        return largest + math.log(total)

    @njit
    def gradient(x):
        largest, total = maximum(x), 0.0
        out = numpy.empty_like(x)
        for i in range(x.size):
            out[i] = exp(x[i] - largest)
            total = add(total, out[i])
        scale = 1.0 / total
        for i in range(x.size):
            out[i] *= scale
        return out

    return {"primal": primal, "gradient": gradient}
