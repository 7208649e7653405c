"""particle by hand: the flight and its tangent by w, side by side in one loop.

With r = x - c and s = |r|, the force of a charge is r/s³; its derivative along the tangent ṙ is
(ṙ - 3 r (r·ṙ)/s²)/s³. The first charge itself moves with w.
"""

import math
from collections.abc import Callable
from typing import Any

from comparisons.gradbench.evals.descent import NESTINGS
from comparisons.gradbench.evals.particle import STEP
from comparisons.gradbench.kernels.descent import descent
from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]


def kernels() -> dict[str, Callable[..., Any]]:
    """The best control; by hand there is one derivative, whatever the modes."""
    njit = numba_tools().njit

    @njit
    def force(x, y):
        square = x * x + y * y
        cube = 1 / (square * math.sqrt(square))
        return x * cube, y * cube

    @njit
    def force_tangent(x, y, dx, dy):
        square = x * x + y * y
        cube = 1 / (square * math.sqrt(square))
        along = 3 * (x * dx + y * dy) / square
        return x * cube, y * cube, (dx - x * along) * cube, (dy - y * along) * cube

    @njit
    def landing(w, _):
        x, y, u, v = 0.0, 8.0, 0.75, 0.0
        while y + STEP * v > 0:
            f, g = force(x - 10.0, y - 10.0 + w)
            p, q = force(x - 10.0, y)
            x, y = x + STEP * u, y + STEP * v
            u, v = u + STEP * (f + p), v + STEP * (g + q)
        x, y = x + STEP * u, y + STEP * v
        return (x - y / v * u) ** 2

    @njit
    def slope(w, _):
        x, y, u, v = 0.0, 8.0, 0.75, 0.0
        dx, dy, du, dv = 0.0, 0.0, 0.0, 0.0
        while y + STEP * v > 0:
            f, g, df, dg = force_tangent(x - 10.0, y - 10.0 + w, dx, dy + 1.0)
            p, q, dp, dq = force_tangent(x - 10.0, y, dx, dy)
            x, y = x + STEP * u, y + STEP * v
            dx, dy = dx + STEP * du, dy + STEP * dv
            u, v = u + STEP * (f + p), v + STEP * (g + q)
            du, dv = du + STEP * (df + dp), dv + STEP * (dg + dq)
        x, y = x + STEP * u, y + STEP * v
        dx, dy = dx + STEP * du, dy + STEP * dv
        time = y / v
        landed = x - time * u
        return 2 * landed * (dx - (dy - time * dv) / v * u - time * du)

    @njit
    def moved(w, eta, g):
        return w - eta * g

    @njit
    def distance(w, v):
        return abs(w - v)

    argmin = descent(landing, slope, moved, distance)

    @njit
    def best(w):
        return argmin(w, None)

    return dict.fromkeys(NESTINGS, best)
