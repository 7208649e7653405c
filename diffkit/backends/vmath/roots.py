"""cbrt and hypot: a cube root by Newton's method, a square root with its argument as a pair."""

# pyright: basic

import math

from . import coefficients as c
from .bits import (
    Num,
    both,
    copysign,
    fma,
    kernel,
    pick,
    poly,
    power_of_two,
    rint,
    select,
    sqrt,
    two_product,
)
from .logarithm import to_float
from .rare import rescue

__all__ = ["cbrt", "hypot"]


@kernel
def cbrt(x: Num) -> Num:
    """The cube root: |x| = 2³ʲ·a with ½ ≤ a < 4, and no division.

    A polynomial gives y near 1/∛a to some 10 bits; y + y·(e/3 + 2e²/9), e = 1 − a·y³, a step of
    third order, triples them (float32: second order). Then z = a·y² is near ∛a, and a step of
    Newton's iteration with y²/3 for 1/(3z²) ends it.
    """
    size = abs(x)
    value = root_of_normal(size)
    tiny = pick(x, 2.0**-1022, 2.0**-126)
    value = select(both(size >= tiny, size < math.inf), value, math.nan)
    return rescue(copysign(value, x), any_cube_root, x)


def root_of_normal(x: Num) -> Num:
    shift, one = pick(x, (52, 1023), (23, 127))
    pattern = x.bits()
    e = (pattern >> shift) - one
    _, j = rint(to_float(x, e) * (1 / 3))
    a = (pattern - ((j + (j << 1)) << shift)).floating()
    y = poly(a, pick(x, c.CBRT, c.CBRT_32))
    ay = a * y
    e = fma(-ay, y * y, 1.0)
    y = fma(y * e, fma(e, 2 / 9, 1 / 3) if x.wide else 1 / 3, y)
    square = y * y
    z = a * square
    z = fma(fma(-z * z, z, a), square * (1 / 3), z)
    return z * power_of_two(j)


def any_cube_root(x: Num) -> Num:
    """The cube root of zeros, subnormal numbers, infinities and nan."""
    size = abs(x)
    big, root = pick(x, (2.0**54, 2.0**-18), (2.0**24, 2.0**-8))
    value = copysign(root_of_normal(size * big) * root, x)
    return select(size < math.inf, select(size > 0.0, value, x), x + x)


@kernel
def hypot(x: Num, y: Num) -> Num:
    """√(x² + y²): both scaled by one power of two, the squares with their rounding errors."""
    u, v = abs(x), abs(y)
    infinite = select(u.equals(math.inf), u, v).equals(math.inf)
    a, b = select(u < v, v, u), select(u < v, u, v)
    big, tiny, up, down = pick(
        x, (2.0**500, 2.0**-450, 2.0**800, 2.0**-800), (2.0**60, 2.0**-40, 2.0**100, 2.0**-100)
    )
    factor = select(a > big, x.like(down), select(a < tiny, x.like(up), 1.0))
    back = select(a > big, x.like(up), select(a < tiny, x.like(down), 1.0))
    a, b = a * factor, b * factor
    p, e = two_product(a, a)
    q, f = two_product(b, b)
    s = p + q
    rest = (p - s + q) + (e + f)
    h = sqrt(s)
    half = fma(-h, h, s) + rest
    value = select(h > 0.0, fma(half, 0.5 / h, h), h) * back
    return select(infinite, math.inf, select((x + y).is_nan(), x + y, value))
