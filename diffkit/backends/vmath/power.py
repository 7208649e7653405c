"""pow: 2 to the power of y·log₂ x, with the logarithm to ten bits more than a float.

An error of y·log₂ x is a relative error of the result, and |y·log₂ x| reaches 1074: hence the ten
bits. x = 2^(k + j/4)·m, with j = 0…3 and m within 2^±⅛ of 1, so that s = (x − c)/(x + c) with
c = 2^(k + j/4) is at most 0.0433 and log₂ m = C·s + s³·p(s²), C = 2/log 2. The cubic term is a
thousandth of the first, and may be rounded; s, C and c are kept as pairs. Near x = 1, k = j = 0 and
the relative error stays as small. Powers of zero and infinity, negative numbers to a fraction,
subnormal arguments and results: these go the long way, see rare.py.
"""

# pyright: basic

import math

from . import coefficients as c
from .bits import (
    Num,
    both,
    copysign,
    either,
    fma,
    kernel,
    pick,
    poly,
    power_of_two,
    quick_sum,
    rint,
    round_to_integer,
    select,
    two_product,
    two_sum,
)  # fmt: skip
from .exponential import scale
from .logarithm import lift, to_float
from .rare import rescue

__all__ = ["log2_pair", "pow"]

# 2/log 2 as a pair; 2^(j/4) and what j/4 exceeds its logarithm by; the pattern of 2^(−1/8).
SLOPE = (2.8853900817779268, 4.0710547481862066e-17)
SLOPE_32 = (2.885390043258667, 3.851926067000022e-08)
CENTRES = (1.189207115002721, 1.4142135623730951, 1.681792830507429)
LEFT = (-4.830810003324493e-17, 9.861987250874697e-17, -7.033369914725411e-17)
LEFT_32 = (-4.607128190059484e-08, -2.4690674393923473e-08, 2.1235901925820144e-08)
EDGES = tuple(2.0 ** (j / 8) for j in (1, 3, 5))
LOWEST, LOWEST_32 = 0x3FED_5818_DCFB_A487, 0x3F6A_C0C7


def log2_pair(x: Num) -> tuple[Num, Num]:
    """log₂ of a positive normal number as a leading term and one at most a thousandth of it."""
    lowest, shift, one = pick(x, (LOWEST, 52, 1023), (LOWEST_32, 23, 127))
    pattern = x.bits()
    i = ((pattern - lowest + (one << shift)) >> shift) - one
    m = (pattern - (i << shift)).floating()
    whole, centre, left = to_float(x, i), x.like(1.0), x.like(0.0)
    for edge, value, rest in zip(EDGES, CENTRES, pick(x, LEFT, LEFT_32), strict=True):
        beyond = m > edge
        whole = select(beyond, whole + 0.25, whole)
        centre, left = select(beyond, value, centre), select(beyond, rest, left)
    f, d = m - centre, m + centre
    inverse = 1.0 / d
    s = f * inverse
    # f is exact, and what d lost too: centre is a multiple of the last place of m.
    s_error = fma(-s, m - (d - centre), fma(-s, d, f)) * inverse
    high, low = pick(x, SLOPE, SLOPE_32)
    series, t = pick(x, c.LOG2, c.LOG2_32), s * s
    p = s * high
    total, lost = quick_sum(whole, p)
    error = fma(s, low, fma(s, high, -p)) + (lost + left)
    error = fma(s_error, fma(t, 3 * series[0], high), error)
    cube = s * t
    cube_error = fma(s, fma(s, s, -t), fma(s, t, -cube))
    return total, fma(cube, poly(t, series), fma(cube_error, series[0], error))


def parity(y: Num) -> tuple[Num, Num]:
    """Whether y is an integer, and whether an odd one."""
    half = y * 0.5
    whole = round_to_integer(y).equals(y)
    return whole, both(whole, abs(round_to_integer(half) - half).equals(0.5))


@kernel
def pow(x: Num, y: Num) -> Num:
    """x to the power y, with the special cases of C's pow and NumPy's."""
    size = abs(x)
    high, low = log2_pair(size)
    p = y * high
    error = fma(y, low, fma(y, high, -p))
    total = p + error
    k, i = rint(total)
    r = (p - k) + error
    value = fma(r, poly(r, pick(x, c.EXP2, c.EXP2_32)), 1.0) * power_of_two(i)
    whole, odd = parity(y)
    value = select(odd, copysign(value, x), value)
    tiny, most = pick(x, (2.0**-1022, 1020.0), (2.0**-126, 124.0))
    common = both(both(size >= tiny, size < math.inf), abs(total) < most)
    common = both(common, either(x > 0.0, whole))
    return rescue(select(common, value, math.nan), any_power, x, y)


def any_power(x: Num, y: Num) -> Num:
    """x to the power y for all x and y, in float64."""
    wide_x, wide_y = x.cast(True), y.cast(True)
    size = abs(wide_x)
    normal, added = lift(select(size < math.inf, select(size > 0.0, size, 1.0), 1.0))
    high, low = log2_pair(normal)
    high, lost = two_sum(high, -added)
    high, low = quick_sum(high, low + lost)
    bounded = select(abs(wide_y) < 2.0**70, wide_y, copysign(wide_y.like(2.0**70), wide_y))
    p, error = two_product(high, bounded)
    error = fma(low, bounded, error)
    p, error = two_sum(p, error)
    error = select(abs(p) < 1100.0, error, 0.0)
    p = select(p > 1025.0, 1025.0, select(p < -1080.0, -1080.0, p))
    k, i = rint(p)
    r, lost = quick_sum(p - k, error)
    q = poly(r, c.EXP2)
    a, a_error = quick_sum(r.like(1.0), r * q)
    value = scale(a + fma(lost, 0.6931471805599453, a_error), i)
    # |x| = 0 or ∞: 0 or ∞ by the sign of y; |y| infinite is settled by the clamps above.
    up = select(size.equals(0.0), -wide_y, wide_y) > 0.0
    edge = select(up, value.like(math.inf), 0.0)
    value = select(size.equals(0.0), edge, select(size.equals(math.inf), edge, value))
    whole, odd = parity(wide_y)
    value = select(odd, copysign(value, wide_x), value)
    inside = both(both(wide_x < 0.0, wide_x > -math.inf), abs(wide_y) < math.inf)
    value = select(inside, select(whole, value, math.nan), value)
    value = select(wide_y.is_nan(), wide_y, select(wide_x.is_nan(), wide_x, value))
    value = select(wide_x.equals(1.0), 1.0, select(wide_y.equals(0.0), 1.0, value))
    value = select(both(wide_x.equals(-1.0), abs(wide_y).equals(math.inf)), 1.0, value)
    return value.cast(x.wide)
