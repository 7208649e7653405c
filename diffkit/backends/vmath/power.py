"""pow: 2 to the power of y·log₂ x, with the logarithm to some 70 bits.

An error of y·log₂ x is a relative error of the result, and |y·log₂ x| reaches 1074, so ten bits
more than a float are needed. With s = f/(2 + f), log x = k·log 2 + 2s + ⅔s³ + s⁵·p(s²): s and the
two
leading terms are kept as pairs, the rest is small enough to be rounded. float32 goes through
float64, where two rounded terms suffice.
"""

# pyright: basic

import math

from . import coefficients as c
from .bits import (
    Num,
    both,
    copysign,
    fma,
    kernel,
    poly,
    quick_sum,
    rint,
    round_to_integer,
    select,
    two_product,
    two_sum,
)  # fmt: skip
from .exponential import scale
from .logarithm import INVERSE, lift, split

__all__ = ["pow"]

THIRD = (0.6666666666666666, 3.700743415417188e-17)  # ⅔ and what it leaves


def log2_pair(x: Num) -> tuple[Num, Num]:
    """log₂ of a positive finite float64, as a pair."""
    y, added = lift(x)
    k, m, _ = split(y)
    f = m - 1.0
    d, d_error = quick_sum(f.like(2.0), f)
    inverse = 1.0 / d
    s = f * inverse
    s_error = (fma(-s, d, f) - s * d_error) * inverse
    t, t_error = two_product(s, s)
    t_error = fma(s * 2.0, s_error, t_error)
    # w = 2 + ⅔t + t²·p(t), then log(1 + f) = s·w
    u, u_error = two_product(t, t.like(THIRD[0]))
    u_error = fma(t, THIRD[1], fma(t_error, THIRD[0], u_error))
    u, u_error = quick_sum(u, u_error + t * t * poly(t, c.ATANH))
    w, w_error = quick_sum(u.like(2.0), u)
    w_error = w_error + u_error
    p, p_error = two_product(s, w)
    p_error = p_error + fma(s, w_error, s_error * w)
    q, q_error = two_product(p, p.like(INVERSE[0]))
    q_error = q_error + fma(p, INVERSE[1], p_error * INVERSE[0])
    high, low = quick_sum(k - added, q)
    return quick_sum(high, low + q_error)


def parity(y: Num) -> tuple[Num, Num]:
    """Whether y is an integer, and whether an odd one."""
    half = y * 0.5
    whole = round_to_integer(y).equals(y)
    return whole, both(whole, abs(round_to_integer(half) - half).equals(0.5))


@kernel
def pow(x: Num, y: Num) -> Num:
    """x to the power y, with the special cases of C's pow and NumPy's."""
    wide_x, wide_y = x.cast(True), y.cast(True)
    size = abs(wide_x)
    high, low = log2_pair(select(size < math.inf, select(size > 0.0, size, 1.0), 1.0))
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
