"""llsq by hand: the powers of a block of points never leave the fastest cache."""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]

BLOCK = 16  # points at a time


def kernels() -> dict[str, Callable[..., Any]]:
    """The misfit, and its gradient: -Σ_i r_i t_i^j for the residuals r."""
    tools = numba_tools()
    njit, add = tools.njit, tools.add

    @njit
    def fit(x, start, n, t, fitted):
        for i in range(BLOCK):
            t[i] = -1.0 + (start + i) * 2.0 / (n - 1.0)
            fitted[i] = 0.0
        for j in range(x.size - 1, -1, -1):
            for i in range(BLOCK):
                fitted[i] = fitted[i] * t[i] + x[j]

    @njit
    def primal(x, n):
        t, fitted = numpy.empty(BLOCK), numpy.empty(BLOCK)
        total = 0.0
        for start in range(0, n, BLOCK):
            fit(x, start, n, t, fitted)
            for i in range(min(BLOCK, n - start)):
                residual = numpy.sign(t[i]) - fitted[i]
                total += residual * residual
        return 0.5 * total

    @njit
    def gradient(x, n):
        t, fitted = numpy.empty(BLOCK), numpy.empty(BLOCK)
        power = numpy.empty(BLOCK)
        out = numpy.zeros_like(x)
        for start in range(0, n, BLOCK):
            fit(x, start, n, t, fitted)
            for i in range(BLOCK):
                power[i] = fitted[i] - numpy.sign(t[i]) if start + i < n else 0.0
            for j in range(x.size):
                total = 0.0
                for i in range(BLOCK):
                    total = add(total, power[i])
                    power[i] *= t[i]
                out[j] += total
        return out

    return {"primal": primal, "gradient": gradient}
