"""cbrt and hypot: a cube root by Newton's method, a square root with its argument as a pair."""

# pyright: basic

import math

from . import coefficients as c
from .bits import (
    Num,
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
from .logarithm import lift, to_float

__all__ = ["cbrt", "hypot"]


@kernel
def cbrt(x: Num) -> Num:
    """The cube root: x = 2^(3j + n)·m with n = −1, 0, 1, 1 ≤ m < 2.

    A polynomial gives ∛m to some 13 bits, a table of three ∛2ⁿ, and one step of Halley's iteration
    y ← y + y·(a − y³)/(2y³ + a) triples the correct bits; a last step,
    Newton's with a − y³ computed as a pair, rounds the result as well as can be.
    """
    y, added = lift(abs(x))
    shift, one = pick(x, (52, 1023), (23, 127))
    pattern = y.bits()
    e = (pattern >> shift) - one
    m = (pattern - (e << shift)).floating()
    k = to_float(x, e)
    third, j = rint((k - added) * (1 / 3))
    n = (k - added) - third * 3.0
    start = poly(m, pick(x, c.CBRT, c.CBRT_32))
    two = select(n > 0.5, x.like(2.0), select(n < -0.5, x.like(0.5), 1.0))
    root = select(n > 0.5, x.like(2 ** (1 / 3)), select(n < -0.5, x.like(2 ** (-1 / 3)), 1.0))
    a, z = m * two, start * root
    cube = z * z * z
    z = fma(z, (a - cube) / fma(cube, 2.0, a), z)
    square, e1 = two_product(z, z)
    cubed, e2 = two_product(square, z)
    rest = (a - cubed) - fma(e1, z, e2)
    z = fma(rest, x.like(1 / 3) / square, z)
    value = copysign(z * power_of_two(j), x)
    return select(y < math.inf, select(y > 0.0, value, x), x + x)


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
