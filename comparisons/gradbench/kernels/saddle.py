"""saddle by hand: the gradients 2p and 2q, both as the plain formulas.

The maximum over q does not move with p, so that its derivative by p is that of |p|² alone.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy

from comparisons.gradbench.evals.descent import NESTINGS
from comparisons.gradbench.kernels.descent import descent
from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]


def kernels() -> dict[str, Callable[..., Any]]:
    """The saddle; by hand there is one derivative, whatever the modes."""
    njit = numba_tools().njit

    @njit
    def square(x):
        return x[0] * x[0] + x[1] * x[1]

    @njit
    def double(x, _):
        return 2 * x[0], 2 * x[1]

    @njit
    def moved(x, eta, g):
        return x[0] - eta * g[0], x[1] - eta * g[1]

    @njit
    def distance(x, y):
        return math.sqrt(square((x[0] - y[0], x[1] - y[1])))

    @njit
    def depth(q, p):
        return square(q) - square(p)

    lowest = descent(depth, double, moved, distance)

    @njit
    def largest(p, start):
        return square(p) - square(lowest(start, p))

    outer = descent(largest, double, moved, distance)

    @njit
    def saddle(start):
        s = start[0], start[1]
        p = outer(s, s)
        return numpy.array((*p, *lowest(s, p)))

    return dict.fromkeys(NESTINGS, saddle)
