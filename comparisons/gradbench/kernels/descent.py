"""The descent of `particle` and `saddle` by hand, for a function and its derivative in Numba."""

from collections.abc import Callable
from typing import Any

from comparisons.gradbench.evals.descent import ENOUGH, SMALL
from comparisons.speed.numba_tools import numba_tools

__all__ = ["descent"]

Kernel = Callable[..., Any]


def descent(f: Kernel, gradient: Kernel, moved: Kernel, distance: Kernel) -> Kernel:
    """`argmin(x, p)` of f(x, p), where x is a number or a tuple of numbers, which `moved(x, η, g)`
    and `distance(x, y)` know; `gradient(x, p)` is one like x."""
    njit = numba_tools().njit

    @njit
    def argmin(start, p):
        x, fx, gx = start, f(start, p), gradient(start, p)
        eta, successes = 1e-5, 0
        zero = moved(x, 1.0, x)
        while distance(gx, zero) > SMALL:
            if successes == ENOUGH:
                eta, successes = 2 * eta, 0
            new = moved(x, eta, gx)
            if distance(x, new) <= SMALL:
                break
            f_new = f(new, p)
            if f_new < fx:
                x, fx, gx = new, f_new, gradient(new, p)
                successes += 1
            else:
                eta, successes = eta / 2, 0
        return x

    return argmin
