"""sin, cos and tan over the whole range.

sin: x = kπ + r with |r| ≤ π/2, and sin x = (−1)ᵏ·sin r, an odd polynomial with r itself as its
leading term. cos: the same with k + ½ in place of k, so that r is x less the nearest zero of
cos. tan: x = kπ/2 + r with |r| ≤ π/4, an odd polynomial again, and −1/tan r when k is odd. Signs
come from the low bits of k.
Arguments too large for the short reduction are rare, and leave the vector loop: see rare.py.
"""

# pyright: basic

import math

from . import coefficients as c
from .bits import Num, fma, kernel, pick, poly, quick_sum, select
from .rare import rescue
from .reduction import far, is_near, near_half_pi, near_pi

__all__ = ["cos", "sin", "tan"]


def sine(r: Num) -> Num:
    """sin r for |r| ≤ π/2: r − r³/8 as a pair, and a polynomial.

    The pair is there because the sum of all but r reaches −0.57, and its rounding would show;
    an eighth makes it cheap.
    """
    t = r * r
    eighth = t * -0.125
    first = fma(eighth, r, r)
    lost = fma(eighth, r, r - first)
    return first + fma(t * r, poly(t, pick(r, c.SIN_PI, c.SIN_PI_32)), lost)


def sine_and_cosine(r: Num, low: Num) -> tuple[tuple[Num, Num], tuple[Num, Num]]:
    """sin and cos of r + low, |r| ≤ π/4, each as a leading term and a small one."""
    t = r * r
    sine = fma(t * r, poly(t, pick(r, c.SIN, c.SIN_32)), fma(t, low * -0.5, low))
    half = t * 0.5
    first, lost = quick_sum(r.like(1.0), -half)
    cosine = lost + fma(t * t, poly(t, pick(r, c.COS, c.COS_32)), -(r * low))
    return (r, sine), (first, cosine)


def choose(condition: Num, a: tuple[Num, Num], b: tuple[Num, Num]) -> tuple[Num, Num]:
    return select(condition, a[0], b[0]), select(condition, a[1], b[1])


def negate(x: Num, when: Num) -> Num:
    """−x where the lowest bit of `when` is set."""
    return (x.bits() ^ (when << pick(x, 63, 31))).floating()


def with_sign(size: Num, x: Num) -> Num:
    """`size`, negated where the sign bit of x is set."""
    return (size.bits() ^ (x.bits() ^ abs(x).bits())).floating()


@kernel
def sin(x: Num) -> Num:
    """The sine."""
    y = abs(x)
    i, r = near_pi(y, half=False)
    value = with_sign(negate(sine(r), i), x)
    return rescue(select(is_near(y), value, math.nan), far_sine, x)


@kernel
def cos(x: Num) -> Num:
    """The cosine."""
    y = abs(x)
    i, r = near_pi(y, half=True)
    return rescue(select(is_near(y), negate(sine(r), i + 1), math.nan), far_cosine, x)


@kernel
def tan(x: Num) -> Num:
    """The tangent."""
    y = abs(x)
    i, r, low = near_half_pi(y)
    value = with_sign(tangent(i, r, low), x)
    return rescue(select(is_near(y), value, math.nan), far_tangent, x)


def tangent(i: Num, r: Num, low: Num) -> Num:
    """tan(r + low) for |r| ≤ π/4, or −1/tan, corrected by what the rounding of tan lost."""
    t = r * r
    small = fma(t * r, poly(t, pick(r, c.TAN, c.TAN_32)), fma(t, low, low))
    value = r + small
    q = 1.0 / value
    turned = fma(-(q * q), (r - value) + small, q)
    return negate(select((i & 1).equals(0), value, turned), i)


def far_sine(x: Num) -> Num:
    """The sine of an argument that `sin` does not reach."""
    i, r, low = far(abs(x))
    high, rest = choose((i & 1).equals(0), *sine_and_cosine(r, low))
    return with_sign(negate(high + rest, i >> 1).cast(x.wide), x)


def far_cosine(x: Num) -> Num:
    """The cosine of an argument that `cos` does not reach."""
    i, r, low = far(abs(x))
    high, rest = choose((i & 1).equals(1), *sine_and_cosine(r, low))
    return negate(high + rest, (i + 1) >> 1).cast(x.wide)


def far_tangent(x: Num) -> Num:
    """The tangent of an argument that `tan` does not reach."""
    i, r, low = far(abs(x))
    return with_sign(tangent(i, r, low).cast(x.wide), x)
