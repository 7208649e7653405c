"""Reductions by multiples of π: short ones for most arguments, a long one for the rest.

*Near*: with k the integer nearest to x/π, r = x − k·π. π is the sum of three floats; the fused
multiply-add makes the difference with the first exact, so no part need be short (compare Cody and
Waite, Software Manual for the Elementary Functions, 1980), and r is kept as a sum of two numbers.

*Far*: only the part of 2x/π modulo 4 matters (Payne and Hanek, SIGNUM Newsletter 18, 1983).
x = m·2^(16j), m an integer-valued float; a table holds 2^(16j)·2/π mod 4 as a sum of four floats.
Each product with m is exact as a pair, whole multiples of 4 are dropped from each, and what is left
is summed with its rounding errors. float32 arguments go through float64 with three columns.
"""

# pyright: basic

import math
from functools import lru_cache

from .bits import (
    Num,
    fma,
    gather,
    pick,
    quick_sum,
    rint,
    round_to_integer,
    select,
    two_product,
    two_sum,
)

__all__ = ["far", "is_near", "near_half_pi", "near_pi"]

# π as a sum of three floats.
PI = (3.141592653589793, 1.2246467991473532e-16, -2.9947698097183397e-33)
PI_32 = (3.1415927410125732, -8.742277657347586e-08, -3.4302490200117637e-15)
STEP = 16


@lru_cache
def table() -> tuple[tuple[float, ...], ...]:
    """For j = 0, 1, …, 61: 2^(16j)·2/π mod 4 as four floats, in four columns.

    2/π comes from integers: with S = 2^1300, arctan by Machin's formula
    π/4 = 4·arctan(1/5) − arctan(1/239) gives S·π, and S²/(S·π) the rest.
    """
    from fractions import Fraction

    digits = 1300
    one = 1 << (digits + 64)

    def arctan_inverse(n: int) -> int:
        power, total, i = one // n, 0, 0
        while power:
            total += (-power if i & 1 else power) // (2 * i + 1)
            power, i = power // (n * n), i + 1
        return total

    pi = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
    ratio = Fraction(2 * one * one // pi, one)
    rows = []
    for j in range(62):
        rest, row = ratio * 2 ** (STEP * j) % 4, []
        for _ in range(4):
            row.append(float(rest))
            rest -= Fraction(row[-1])
        rows.append(row)
    return tuple(zip(*rows, strict=True))


def wrap(x: Num) -> Num:
    """x minus the nearest multiple of 4, exactly."""
    return fma(round_to_integer(x * 0.25), -4.0, x)


def far(x: Num) -> tuple[Num, Num, Num]:
    """k modulo 4, r and low in float64 for x ≥ 2^17: x = k·π/2 + r + low, |r| ≤ π/4."""
    columns = pick(x, 4, 3)
    y = x.cast(True)
    j = ((y.bits() >> 52) - (1023 + 52)) >> 4  # wraps to a large number below 2^52
    j = select(y < 2.0**53, j.new(j.lift(0)), j)
    j = select(y < float("inf"), j, 0)
    m = (y.bits() - (j << 56)).floating()
    pairs = [
        two_product(m, gather(table()[i], j, f"vmath_two_over_pi_{i}")) for i in range(columns)
    ]
    parts = []
    for high, low in pairs[:2]:
        parts += [wrap(high), wrap(low)]
    parts += [p for pair in pairs[2:] for p in pair]
    # Whole quarter turns go out as soon as the leading parts are added.
    high, e0 = two_sum(parts[0], parts[1])
    high, e1 = two_sum(high, parts[2])
    k, i = rint(high)
    high, e2 = two_sum(high - k, e0 + e1)
    k2, i2 = rint(high)
    high = high - k2
    rest = [e2, *parts[3:]]
    low = high.like(0.0)
    for part in rest:
        high, e = two_sum(high, part)
        low = low + e
    high, low = quick_sum(high, low)
    # A part may have pushed the fraction past a half.
    k3, i3 = rint(high)
    high, low = quick_sum(high - k3, low)
    r, error = two_product(high, high.like(1.5707963267948966))
    error = fma(high, 6.123233995736766e-17, fma(low, 1.5707963267948966, error))
    r, error = quick_sum(r, error)
    i = i + i2 + i3
    return i, r + (y - y), error  # y − y is nan for nan and infinity, else 0


def near_pi(x: Num, half: bool) -> tuple[Num, Num]:
    """x = (k + ½·half)·π + r with |r| ≤ π/2: k as an integer, and r, for x that `is_near`.

    The first difference is exact: the product and x are close and multiples of the same unit.
    """
    by = x * (1 / math.pi)
    k, i = rint(by - 0.5 if half else by)
    k, parts = k + 0.5 if half else k, pick(x, PI, PI_32)
    return i, fma(-k, parts[2], fma(-k, parts[1], fma(-k, parts[0], x)))


def near_half_pi(x: Num) -> tuple[Num, Num, Num]:
    """x = k·π/2 + r + low with |r| ≤ π/4: k as an integer, r and low, for x that `is_near`.

    first − r is exact, since `first` is a multiple of the last place of the second product; what
    r lost is then found with one more multiply-add.
    """
    k, i = rint(x * (2 / math.pi))
    parts = [0.5 * part for part in pick(x, PI, PI_32)]
    first = fma(-k, parts[0], x)
    r = first - k * parts[1]
    return i, r, fma(-k, parts[2], fma(-k, parts[1], first - r))


def is_near(x: Num) -> Num:
    """Whether the short reductions hold for x ≥ 0."""
    return x < pick(x, 2.0**30, 2.0**17)
