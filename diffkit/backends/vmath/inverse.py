"""atan, atan2, asin and acos: one division or square root, then a polynomial.

For the angle of (u, v), u, v ≥ 0, the plane is cut at π/8 and 3π/8: the angle is a multiple of π/4
plus atan(z) with z = v/u, (v − u)/(v + u) or −u/v, so |z| ≤ tan(π/8). Numerator, denominator and
multiple are selected before the only division. atan(x) is the angle of (1, |x|).

asin x is an odd polynomial up to ½; beyond, asin x = π/2 − 2·asin √((1 − x)/2), where 1 − x is
exact and the root at most ½. acos x is π/2 less the first, and twice the second.
"""

# pyright: basic

import math

from . import coefficients as c
from .bits import Num, both, copysign, either, fma, kernel, pick, poly, quick_sum, select, sqrt
from .rare import rescue

__all__ = ["acos", "asin", "atan", "atan2"]

TAN_EIGHTH, TAN_THREE_EIGHTHS = 0.41421356237309503, 2.414213562373095
# π/4, π/2 and π: what the nearest float (of either width) leaves over.
QUARTER = (
    (0.7853981633974483, 3.061616997868383e-17),
    (0.7853981852531433, -2.1855694143368964e-08),
)
HALF = ((1.5707963267948966, 6.123233995736766e-17), (1.5707963705062866, -4.371138828673793e-08))
WHOLE = ((3.141592653589793, 1.2246467991473532e-16), (3.1415927410125732, -8.742277657347586e-08))


def angle(u: Num, v: Num) -> tuple[Num, Num]:
    """The angle of (u, v) in the first quadrant as a leading term and a small one."""
    low, high = v < u * TAN_EIGHTH, v > u * TAN_THREE_EIGHTHS
    quarter, half = pick(u, QUARTER[0], QUARTER[1]), pick(u, HALF[0], HALF[1])
    top = select(low, v, select(high, -u, v - u))
    bottom = select(low, u, select(high, v, v + u))
    first = select(low, 0.0, select(high, u.like(half[0]), quarter[0]))
    second = select(low, 0.0, select(high, u.like(half[1]), quarter[1]))
    z = top / bottom
    t = z * z
    cubic = fma(t * z, poly(t, pick(u, c.ATAN, c.ATAN_32)), second)
    total = first + z
    return total, (z - (total - first)) + cubic


@kernel
def atan(x: Num) -> Num:
    """The arctangent."""
    y = abs(x)
    y = select(y > 2.0**64, 2.0**64, y)
    high, low = angle(x.like(1.0), y)
    return copysign(high + low, x)


@kernel
def atan2(y: Num, x: Num) -> Num:
    """The angle of the point (x, y), in [−π, π], with the signs of zeros as in C and NumPy."""
    u, v = abs(x), abs(y)
    size = u + v
    tiny, big = pick(x, (2.0**-960, 2.0**1000), (2.0**-100, 2.0**100))
    value = placed(y, x, *angle(u, v))
    return rescue(select(both(size > tiny, size < big), value, math.nan), any_angle, y, x)


def placed(y: Num, x: Num, high: Num, low: Num) -> Num:
    """An angle of the first quadrant, moved to that of (x, y)."""
    whole = pick(x, WHOLE[0], WHOLE[1])
    left = copysign(x.like(1.0), x) < 0.0
    total = whole[0] - high
    turned = total + ((whole[0] - total - high) + (whole[1] - low))
    return copysign(select(left, turned, high + low), y)


def any_angle(y: Num, x: Num) -> Num:
    """The same near the ends of the range: scaled, so that sums stay finite and no bit is lost.

    What a division can not decide, (0, 0) and infinities, is replaced by a point on the same ray.
    """
    tiny, big = pick(x, (2.0**-900, 2.0**-100), (2.0**-90, 2.0**-50))
    u, v = abs(x), abs(y)
    size = select(u > v, u, v)
    factor = select(size > 1.0, x.like(big), 1 / tiny)
    endless_u, endless_v = u.equals(math.inf), v.equals(math.inf)
    endless = either(endless_u, endless_v)
    u = select(endless, select(endless_u, x.like(1.0), 0.0), u * factor)
    v = select(endless, select(endless_v, x.like(1.0), 0.0), v * factor)
    u = select(size.equals(0.0), 1.0, u)
    value = placed(y, x, *angle(u, v))
    return select(either(x.is_nan(), y.is_nan()), math.nan, value)


def half_angle(x: Num) -> tuple[Num, Num, Num]:
    """Whether |x| is beyond ½, and asin s as s and a small term, with s = |x| or √((1 − |x|)/2)."""
    y = abs(x)
    beyond = y > 0.5
    t = select(beyond, fma(y, -0.5, 0.5), y * y)
    s = select(beyond, sqrt(t), y)
    return beyond, s, s * t * poly(t, pick(x, c.ASIN, c.ASIN_32))


@kernel
def asin(x: Num) -> Num:
    """The arcsine; nan beyond ±1."""
    beyond, s, small = half_angle(x)
    half, left = pick(x, HALF[0], HALF[1])
    far, lost = quick_sum(s.like(half), -2.0 * s)
    far = far + (lost + fma(-2.0, small, left))
    return copysign(select(beyond, far, s + small), x)


@kernel
def acos(x: Num) -> Num:
    """The arccosine; nan beyond ±1."""
    beyond, s, small = half_angle(x)
    half, whole = pick(x, HALF[0], HALF[1]), pick(x, WHOLE[0], WHOLE[1])
    negative = x < 0.0
    first = select(beyond, select(negative, whole[0], 0.0), x.like(half[0]))
    left = select(beyond, select(negative, whole[1], 0.0), x.like(half[1]))
    times = select(beyond, x.like(2.0), -1.0)
    times = select(negative, -times, times)
    product = times * s
    total = first + product
    return total + (((first - total) + product) + fma(times, small, left))
