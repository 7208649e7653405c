"""det by hand: one walk through the minors, which gives each its value and each entry its share.

The cofactor of an entry is the sum, over all minors whose first row it is in, of the minor's own
weight times the value of what is left of it: so the way down hands on the weight, and the way up
the value.
"""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]


def kernels() -> dict[str, Callable[..., Any]]:
    """The determinant, and its gradient. Row k of `columns` are those that are left at row k."""
    njit = numba_tools().njit

    @njit
    def without(columns, row, j, left):
        for k in range(left - 1):
            columns[row + 1, k] = columns[row, k] if k < j else columns[row, k + 1]

    @njit
    def minor(a, ell, row, columns):
        if row == ell - 1:
            return a[row * ell + columns[row, 0]]
        total, sign = 0.0, 1.0
        for j in range(ell - row):
            without(columns, row, j, ell - row)
            total += sign * a[row * ell + columns[row, j]] * minor(a, ell, row + 1, columns)
            sign = -sign
        return total

    @njit
    def spread(a, ell, row, columns, weight, out):
        if row == ell - 1:
            place = row * ell + columns[row, 0]
            out[place] += weight
            return a[place]
        total, sign = 0.0, 1.0
        for j in range(ell - row):
            without(columns, row, j, ell - row)
            place = row * ell + columns[row, j]
            value = spread(a, ell, row + 1, columns, weight * sign * a[place], out)
            out[place] += weight * sign * value
            total += sign * a[place] * value
            sign = -sign
        return total

    @njit
    def start(ell):
        columns = numpy.empty((ell, ell), numpy.int64)
        columns[0] = numpy.arange(ell)
        return columns

    @njit
    def primal(a, ell):
        return minor(a, ell, 0, start(ell))

    @njit
    def gradient(a, ell):
        out = numpy.zeros_like(a)
        spread(a, ell, 0, start(ell), 1.0, out)
        return out

    return {"primal": primal, "gradient": gradient}
