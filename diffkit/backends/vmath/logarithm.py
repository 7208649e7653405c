"""log, log2, log10 and log1p: an exponent, and a polynomial in what is left.

x = 2ᵏ·m with √½ ≤ m < √2, and f = m − 1 is exact. log(1 + f) = f + g, where g is small
beside f, so that its rounding hardly shows: with s = f/(2 + f), log(1 + f) = 2·artanh s, hence
g = s·(f²/2 + R) − f²/2, R = 2·artanh(s)/s − 2, a minimax polynomial in s² (the series is odd and
converges fast; the division overlaps with the products of the neighbouring lanes).
k·log 2 is added in two parts, the first one exact, and the error of the first sum is added back.

k and m come from one subtraction on the bit pattern: adding the pattern of 1 less that of √½
carries into the exponent just where m would exceed √2. Subnormal arguments are scaled up first.
"""

# pyright: basic

import math
from typing import Any

from . import coefficients as c
from .bits import Num, fma, kernel, pick, poly, quick_sum, select, two_product, two_sum

__all__ = ["log", "log10", "log1p", "log2", "log_of_pair", "log_sum", "split"]

# log 2 with 21 zero bits at the end (11 for float32), and the rest.
LOG2 = (0.693147180369123816490, 1.90821492927058770002e-10)
LOG2_32 = (0.693115234375, 3.194618329871446e-05)
# 1/log 2 in two parts; the residual of each double from mpmath at 60 digits.
INVERSE = (1.4426950408889634, 2.0355273740931033e-17)
INVERSE_32 = (1.44269502162933349609375, 1.9259629911266175e-08)
# The same of log₁₀ 2 and of 1/log 10.
LOG10_2, LOG10_2_32 = (0.3010299955494702, 1.1451100898021838e-10), (0.301025390625, 4.605039e-06)
INVERSE_10 = (0.4342944819032518, 1.098319650216765e-17)
INVERSE_10_32 = (0.4342944920063019, -1.0103049952192578e-08)
ROOT_HALF, ROOT_HALF_32 = 0x3FE6_A09E_667F_3BCD, 0x3F35_04F3
INFINITY = math.inf


def to_float(x: Num, i: Num) -> Num:
    """The small integer i as a float: put it into the low bits of 1.5·2^52, subtract that."""
    magic, pattern = pick(x, (1.5 * 2.0**52, 0x4338 << 48), (1.5 * 2.0**23, 0x4B40 << 16))
    return (i + pattern).floating() - magic


def split(x: Num, bias: int = 0) -> tuple[Num, Num, Num]:
    """k as float, m in [√½, √2), and 2⁻ᵏ: x = 2ᵏ·m, for normal positive x."""
    root, shift, one = pick(x, (ROOT_HALF, 52, 1023), (ROOT_HALF_32, 23, 127))
    pattern = x.bits()
    above = pattern - root + (one << shift)
    i = (above >> shift) - one
    m = (pattern - (i << shift)).floating()
    return to_float(x, i - bias), m, ((0 - i + one) << shift).floating()


def lift(x: Num) -> tuple[Num, Num]:
    """x, or x scaled up to a normal number, and the exponent that was added to it."""
    tiny, by = pick(x, (2.0**-1022, 54), (2.0**-126, 24))
    small = x < tiny
    return select(small, x * 2.0**by, x), select(small, x.like(by), x.like(0.0))


def small_part(f: Num) -> Num:
    """g = log(1 + f) − f."""
    s = f / (f + 2.0)
    t, half = s * s, f * f * 0.5
    return fma(s, fma(t, poly(t, pick(f, c.LOG, c.LOG_32)), half), -half)


def log_sum(k: Num, f: Num) -> Num:
    """k·log 2 + log(1 + f)."""
    high, low = pick(f, LOG2, LOG2_32)
    first = k * high
    s = first + f
    return s + (f - (s - first) + fma(k, low, small_part(f)))


def ends(x: Num, value: Num) -> Num:
    """The logarithm of 0, of negative numbers, of ∞ and of nan."""
    value = select(x < INFINITY, value, x)
    value = select(x < 0.0, math.nan, value)
    return select(x.equals(0.0), -INFINITY, value)


@kernel
def log(x: Num) -> Num:
    """The natural logarithm."""
    y, added = lift(x)
    k, m, _ = split(y)
    return ends(x, log_sum(k - added, m - 1.0))


@kernel
def log2(x: Num) -> Num:
    """The logarithm to base 2: k + f/log 2 + g/log 2, the middle one as a pair."""
    y, added = lift(x)
    k, m, _ = split(y)
    f = m - 1.0
    high, low = pick(x, INVERSE, INVERSE_32)
    product, error = two_product(f, f.like(high))
    s, lost = quick_sum(k - added, product)
    rest = fma(small_part(f), high, fma(f, low, error))
    return ends(x, s + (lost + rest))


@kernel
def log10(x: Num) -> Num:
    """The logarithm to base 10: k·log₁₀ 2 + f/log 10 + g/log 10, the first two as pairs."""
    y, added = lift(x)
    k, m, _ = split(y)
    f = m - 1.0
    two, rest_of_two = pick(x, LOG10_2, LOG10_2_32)
    high, low = pick(x, INVERSE_10, INVERSE_10_32)
    k = k - added
    product, error = two_product(f, f.like(high))
    s, lost = quick_sum(k * two, product)
    rest = fma(small_part(f), high, fma(f, low, error))
    return ends(x, s + (lost + fma(k, rest_of_two, rest)))


def log_of_pair(u: Num, e: Num, bias: Any = 0.0) -> Num:
    """log(u + e) + bias·log 2 for u ≥ 0 and a small e: with u = 2ᵏ·m, f = (m − 1) + 2⁻ᵏ·e."""
    k, m, inverse = split(u)
    inverse = select(u < pick(u, 2.0**60, 2.0**30), inverse, 0.0)  # beyond, e says nothing
    return log_sum(k + bias, (m - 1.0) + e * inverse)


@kernel
def log1p(x: Num) -> Num:
    """log(1 + x) = log(u + e) with 1 + x = u + e exactly. For k = 0, f is x itself."""
    value = log_of_pair(*two_sum(x, x.like(1.0)))
    value = select(abs(x) < pick(x, 2.0**-54, 2.0**-25), x, value)
    return ends_of_log1p(x, value)


def ends_of_log1p(x: Num, value: Num) -> Num:
    value = select(x < INFINITY, value, x)
    value = select(x < -1.0, math.nan, value)
    return select(x.equals(-1.0), -INFINITY, value)
