"""ode by hand: the four stages of a step on a block of places, which stays in cache.

A stage reaches one place further, so that a block of the last begins with three more places of the
first, which are computed again. Four places before the chain (y = 0, 0, 0, 1, and rates of zero)
and five after it (zeros) spare the blocks a beginning and an end.
"""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]

BEFORE, AFTER = 4, 5


def kernels(block: int = 2048) -> dict[str, Callable[..., Any]]:
    """y(2), and the gradients of its last place and of its sum: the steps again, backwards; `block`
    places at a time."""
    njit = numba_tools().njit

    @njit
    def padded(x):
        out = numpy.zeros(x.size + BEFORE + AFTER)
        out[BEFORE : BEFORE + x.size] = x
        return out

    @njit
    def stages(x, y, h, first, second, third):
        """What the last three slopes are taken at, for a block and the three places before it; y
        begins one place before x."""
        for i in range(x.size):
            first[i] = y[i + 1] + h / 2 * (x[i] * y[i])
        for i in range(1, x.size):
            second[i] = y[i + 1] + h / 2 * (x[i] * first[i - 1])
        for i in range(2, x.size):
            third[i] = y[i + 1] + h * (x[i] * second[i - 1])

    @njit
    def combined(x, y, h, first, second, third, new):
        for i in range(x.size):
            slopes = y[i] + 2.0 * (first[i] + second[i]) + third[i]
            new[i] = y[i + 1] + h / 6 * (x[i] * slopes)

    @njit
    def advance(x, y, h, stage, new):
        first, second, third = stage
        for low in range(BEFORE, x.size - AFTER, block):
            high = min(low + block, x.size - AFTER)
            stages(x[low - 3 : high], y[low - 4 : high], h, first, second, third)
            before = slice(2, high - low + 2)
            a, b, c = first[before], second[before], third[before]
            combined(x[low:high], y[low - 1 : high], h, a, b, c, new[low:high])

    @njit
    def primal(x, s):
        rates, stage = padded(x), numpy.empty((3, block + 3))
        y, new = numpy.zeros(rates.size), numpy.zeros(rates.size)
        y[BEFORE - 1] = new[BEFORE - 1] = 1.0
        for _ in range(s):
            advance(rates, y, 2.0 / s, stage, new)
            y, new = new, y
        return y[BEFORE : BEFORE + x.size].copy()

    @njit
    def adjoints(x, bar, h, k1, k2, k3, k4):
        """Of the slopes, the last first, for a block and the places after it that it needs."""
        count = x.size - 1
        for i in range(count):
            k4[i] = h / 6 * bar[i]
        for i in range(count - 1):
            k3[i] = h / 3 * bar[i] + h * (x[i + 1] * k4[i + 1])
        for i in range(count - 2):
            k2[i] = h / 3 * bar[i] + h / 2 * (x[i + 1] * k3[i + 1])
        for i in range(count - 3):
            k1[i] = h / 6 * bar[i] + h / 2 * (x[i + 1] * k2[i + 1])

    @njit
    def gained(y, first, second, third, k1, k2, k3, k4, out):
        for i in range(out.size):
            out[i] += k1[i] * y[i] + k2[i] * first[i] + (k3[i] * second[i] + k4[i] * third[i])

    @njit
    def taken_back(x, k1, k2, k3, k4, bar):
        for i in range(bar.size):
            bar[i] += x[i] * ((k1[i + 1] + k2[i + 1]) + (k3[i + 1] + k4[i + 1]))

    @njit
    def retreat(x, y, h, stage, slopes, bar, out):
        """The adjoint of y, in place, and what x gains in `out`."""
        first, second, third = stage
        k1, k2, k3, k4 = slopes
        for low in range(BEFORE, x.size - AFTER, block):
            high = min(low + block, x.size - AFTER)
            before = slice(2, high - low + 2)
            stages(x[low - 3 : high], y[low - 4 : high], h, first, second, third)
            adjoints(x[low : high + 4 + 1], bar[low : high + 4], h, k1, k2, k3, k4)
            a, b, c = first[before], second[before], third[before]
            gained(y[low - 1 : high - 1], a, b, c, k1, k2, k3, k4, out[low:high])
            taken_back(x[low + 1 : high + 1], k1, k2, k3, k4, bar[low:high])

    @njit
    def backwards(x, s, bar):
        rates, stage = padded(x), numpy.empty((3, block + 3))
        slopes = numpy.empty((4, block + 4))
        saved, out = numpy.zeros((s, rates.size)), numpy.zeros(rates.size)
        saved[:, BEFORE - 1] = 1.0
        for t in range(s - 1):
            advance(rates, saved[t], 2.0 / s, stage, saved[t + 1])
        for t in range(s - 1, -1, -1):
            retreat(rates, saved[t], 2.0 / s, stage, slopes, bar, out)
        return out[BEFORE : BEFORE + x.size].copy()

    @njit
    def gradient(x, s):
        bar = numpy.zeros(x.size + BEFORE + AFTER)
        bar[BEFORE + x.size - 1] = 1.0
        return backwards(x, s, bar)

    @njit
    def gradient_sum(x, s):
        bar = numpy.zeros(x.size + BEFORE + AFTER)
        bar[BEFORE : BEFORE + x.size] = 1.0
        return backwards(x, s, bar)

    return {"primal": primal, "gradient": gradient, "gradient_sum": gradient_sum}
