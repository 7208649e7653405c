"""asinh, acosh and atanh, the area functions: logarithms of 1 + something, without cancellation.

    asinh x = ±log(1 + a),    a = y + y²/(1 + √(1 + y²)),  y = |x|
    acosh x = log(1 + a),     a = t + √(t² + 2t),          t = x − 1
    atanh x = ±½·log(1 + a),  a = 2y/(1 − y),              y = |x|

(Kahan, Branch Cuts for Complex Elementary Functions, 1987, warns of the textbook forms.) Where y²
does not fit, asinh and acosh are log 2x to the last bit.
"""

# pyright: basic

import math
from typing import Any

from .bits import Num, copysign, fma, kernel, pick, quick_sum, select, sqrt, two_sum
from .logarithm import log_of_pair

__all__ = ["acosh", "asinh", "atanh"]


def log_of_sum(a: Num, left: Any, large: Num, x: Num) -> Num:
    """log(1 + a + left), and log 2x where x is large."""
    u, e = two_sum(a, a.like(1.0))
    e = e + left
    bias = select(large, x.like(1.0), 0.0)
    return log_of_pair(select(large, x, u), select(large, 0.0, e), bias)


@kernel
def asinh(x: Num) -> Num:
    """The inverse of sinh."""
    y = abs(x)
    large = y > pick(x, 2.0**28, 2.0**13)
    square = y * y
    value = log_of_sum(y + square / (sqrt(square + 1.0) + 1.0), 0.0, large, y)
    value = select(y < pick(x, 2.0**-28, 2.0**-13), y, value)
    return copysign(select(y < math.inf, value, y), x)


@kernel
def acosh(x: Num) -> Num:
    """The inverse of cosh; nan below 1."""
    t = x - 1.0
    large = x > pick(x, 2.0**28, 2.0**13)
    a, left = quick_sum(sqrt(fma(t, t, t + t)), t)
    value = log_of_sum(a, left, large, x)
    return select(x < 1.0, math.nan, select(x < math.inf, value, x))


@kernel
def atanh(x: Num) -> Num:
    """The inverse of tanh; ±∞ at ±1, nan beyond."""
    y = abs(x)
    top, bottom = y + y, 1.0 - y
    inverse = 1.0 / bottom
    a = top * inverse
    left = (fma(-a, bottom, top) - a * ((1.0 - bottom) - y)) * inverse
    u, e = two_sum(a, a.like(1.0))
    value = log_of_pair(u, e + left) * 0.5
    value = select(y < pick(x, 2.0**-28, 2.0**-13), y, value)
    value = select(y < 1.0, value, select(y.equals(1.0), x.like(math.inf), math.nan))
    return copysign(value, x)
