"""softplus and erf."""

# pyright: basic

from . import coefficients as c
from .bits import Num, copysign, fma, kernel, pick, poly, power_of_two, quick_sum, select
from .exponential import clamp, reduce_exp, scale, tail
from .logarithm import log_sum, split

__all__ = ["erf", "softplus"]


@kernel
def softplus(x: Num) -> Num:
    """log(1 + eˣ) = max(x, 0) + log(1 + t) with t = e^−|x|, the logarithm as in log1p."""
    y = clamp(-abs(x), pick(x, -746.0, -104.0), 0.0)
    _, i, r = reduce_exp(y)
    t = scale(tail(r) + 1.0, i)
    u, e = quick_sum(t.like(1.0), t)
    k, m, inverse = split(u)
    value = log_sum(k, (m - 1.0) + e * inverse)
    value = select(t < pick(x, 2.0**-54, 2.0**-25), t, value)
    value = select(x > 0.0, x + value, value)
    return select(x.is_nan(), x, value)


@kernel
def erf(x: Num) -> Num:
    """The error function: x + x·p(x²) up to 1, then 1 − e^q(x) with q = log erfc.

    log erfc is smooth, close to −x², and where erfc is small its absolute error hardly counts.
    """
    y = abs(x)
    top = pick(x, 5.95, 4.0)
    y = clamp(y, 0.0, top)
    t = select(y > 1.0, 1.0, y * y)
    near = fma(y, poly(t, pick(x, c.ERF, c.ERF_32)), y)
    q = poly(select(y < 1.0, 1.0, y), pick(x, c.ERFC, c.ERFC_NARROW_32))
    _, i, r = reduce_exp(q)
    s = power_of_two(i)
    far = (1.0 - s) - s * tail(r)
    return copysign(select(y < 1.0, near, far), x)
