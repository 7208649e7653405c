"""Balls and floating-point numbers: exact on the way in, rounded outward on the way out.

A ball [m ± r] is a midpoint and a radius; arithmetic on balls rounds so that the result holds every
result of numbers in the operands (van der Hoeven, Ball arithmetic, 2009; Johansson, Arb: efficient
arbitrary-precision midpoint-radius interval arithmetic, IEEE Transactions on Computers 66, 2017). A
floating-point number is a ball of radius zero, and so a literal 0.1 means the double next to 1/10.
The way back gives the greatest double below a ball and the least above it.
"""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ...types import Array

Ball = Any  # flint ships no complete types

EXPONENTS = 1024  # of the greatest float64
LEAST = -1074  # the exponent of the least one
DIGITS = 53
KNOWN = 2**62
"""The accuracy of a ball that can not be better."""


INTEGERS: Any = (bool, int, np.integer, np.bool_)
FLOATS: Any = (float, np.floating)
COMPLEX: Any = (complex, np.complexfloating)


def load_flint() -> Any:
    """The module of ball arithmetic, on first use."""
    try:
        return importlib.import_module("flint")
    except ImportError:
        want, remedy = "python-flint", "Install it: pip install 'diffkit[certify]'"
        got = "the package python-flint is not installed"
        raise UnsupportedError(explain("ball arithmetic", got, want, remedy)) from None


def ball(x: Any) -> Ball:
    """A number as a ball, exactly; balls and what is built of them stand for themselves."""
    if isinstance(x, INTEGERS):
        return load_flint().arb(int(x))
    if isinstance(x, FLOATS):
        return load_flint().arb(float(x))
    if isinstance(x, COMPLEX):
        number = complex(x)
        return load_flint().acb(number.real, number.imag)
    return x


def balls(array: Any) -> Array:
    """An array of numbers as an array of balls."""
    given = np.asarray(array)
    out = np.empty(given.shape, object)
    for place in np.ndindex(*given.shape):
        out[place] = ball(given[place])
    return out


def anything() -> Ball:
    """The ball of all numbers: no bound is known."""
    return load_flint().arb("nan")


def same(x: Ball, y: Any) -> bool:
    """Whether two balls are one and the same number. (Of balls, x == y and x != y are true only if
    they are certain, and may both be false.)"""
    return bool(x == y)


def is_complex(x: Any) -> bool:
    return isinstance(x, load_flint().acb)


def union(x: Ball, y: Ball) -> Ball:
    """A ball that holds both."""
    flint = load_flint()
    if is_complex(x) or is_complex(y):
        x, y = flint.acb(x), flint.acb(y)
        return flint.acb(union(x.real, y.real), union(x.imag, y.imag))
    return x.union(y) if x.is_finite() and y.is_finite() else anything()


def accuracy(x: Ball) -> int:
    """How many bits of a ball are known; one that is smaller than any double counts as known."""
    if is_complex(x):
        return min(accuracy(x.real), accuracy(x.imag))
    if not x.is_finite():
        return -KNOWN
    tiny = x.is_exact() or exponent(x.abs_upper()) < LEAST - 64
    return KNOWN if tiny else int(x.rel_accuracy_bits())


def fineness(x: Ball) -> int:
    """How small the radius of a ball is, in bits after the point."""
    if is_complex(x):
        return min(fineness(x.real), fineness(x.imag))
    if not x.is_finite():
        return -KNOWN
    return KNOWN if x.is_exact() else -exponent(x.rad())


def exponent(x: Ball) -> int:
    """The power of 2 next above a positive number."""
    mantissa, power = x.mid().man_exp()
    return int(power) + int(mantissa).bit_length()


def floor_float(mantissa: int, exponent: int) -> float:
    """The greatest double that is not above mantissa · 2^exponent."""
    if mantissa == 0:
        return 0.0
    top = mantissa.bit_length() + exponent
    if top > EXPONENTS:
        return math.ldexp(2**DIGITS - 1, EXPONENTS - DIGITS) if mantissa > 0 else -math.inf
    last = max(exponent, top - DIGITS, LEAST)
    return math.ldexp(mantissa >> (last - exponent), last)  # a shift rounds downwards


def lower_float(x: Ball) -> float:
    """The greatest double below a real ball."""
    if not x.is_finite():
        return -math.inf
    mantissa, exponent = x.lower().mid().man_exp()
    return floor_float(int(mantissa), int(exponent))


def upper_float(x: Ball) -> float:
    """The least double above a real ball."""
    return -lower_float(-x) + 0.0  # of -0.0 the other zero
