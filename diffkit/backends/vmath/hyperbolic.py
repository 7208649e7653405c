"""sinh, cosh, tanh and sigmoid: one reduction, two short polynomials, no cancellation.

With |x| = k·log 2 + r as for exp, E = cosh r and O = sinh r give e^±|x| = 2^±k·(E ± O), so

    sinh|x| = (A − B)·E + (A + B)·O,   cosh x = (A + B)·E + (A − B)·O,   A, B = ½·2ᵏ, ½·2⁻ᵏ.

A ± B are exact until B no longer counts. For k = 0, A − B = 0 and sinh is O itself, with its
leading term r = x exact. tanh is the quotient, with A = 1 and B = 4⁻ᵏ so that nothing overflows.
Where quotients are taken, what the sums and the division rounded away is carried along and added
in the last step.
"""

# pyright: basic

from . import coefficients as c
from .bits import (
    Num,
    copysign,
    fma,
    kernel,
    pick,
    poly,
    power_of_two,
    quick_sum,
    quotient,
    select,
    two_product,
)
from .exponential import clamp, reduce_exp, rest_of_exp, scale, tail

__all__ = ["cosh", "even_and_odd", "sigmoid", "sinh", "tanh"]


def even_and_odd(r: Num) -> tuple[Num, Num]:
    """cosh r − 1 and sinh r − r for |r| ≤ log(2)/2."""
    t = r * r
    even = t * poly(t, pick(r, c.COSH, c.COSH_32))
    odd = t * r * poly(t, pick(r, c.SINH, c.SINH_32))
    return even, odd


def reduced(x: Num) -> tuple[Num, Num, Num, Num, Num]:
    """E − 1, O − r, r, and 2ᵏ⁻² and 2⁻ᵏ⁻² (zero where it is not normal) for |x|."""
    top, last = pick(x, (710.5, 1000), (89.5, 120))
    y = abs(x)
    y = select(y > top, top, y)
    _, i, r = reduce_exp(y)
    even, odd = even_and_odd(r)
    small = select(i > last, x.like(0.0), power_of_two(0 - i - 2))
    return even, odd, r, power_of_two(i - 2), small


def leading(a: Num, b: Num, r: Num) -> tuple[Num, Num]:
    """a + b·r and its rounding error, for |a| ≥ |b·r| or a = 0."""
    product, error = two_product(b, r)
    s, lost = quick_sum(a, product)
    return s, lost + error


@kernel
def sinh(x: Num) -> Num:
    """The hyperbolic sine. Half of it is computed, and doubled: 2ᵏ⁻¹ would overflow early."""
    even, odd, r, a, b = reduced(x)
    s, lost = leading(a - b, a + b, r)
    half = s + (lost + fma(a - b, even, (a + b) * odd))
    return select(abs(x) < pick(x, 2.0**-30, 2.0**-14), x, copysign(half * 2.0, x))


@kernel
def cosh(x: Num) -> Num:
    """The hyperbolic cosine."""
    even, odd, r, a, b = reduced(x)
    return ((a + b) + fma(a + b, even, (a - b) * (r + odd))) * 2.0


@kernel
def tanh(x: Num) -> Num:
    """The hyperbolic tangent, E/(E + 2) with E = e²ʸ − 1; 1 to the last bit beyond 20 (10).

    With 2y = k·log 2 + r and e^r = 1 + r + p, E and E + 2 are (2ᵏ ∓ 1) + 2ᵏr and 2ᵏp.
    """
    y = abs(x)
    y = select(y > pick(x, 20.0, 10.0), pick(x, 20.0, 10.0), y)
    _, i, r = reduce_exp(y + y)
    power = power_of_two(i)
    first, small = power * r, power * rest_of_exp(r)
    top, lost = quick_sum(power - 1.0, first)
    bottom, missed = quick_sum(power + 1.0, first)
    return copysign(quotient((top, lost + small), (bottom, missed + small)), x)


@kernel
def sigmoid(x: Num) -> Num:
    """1/(1 + e⁻ˣ) = t/(1 + t) with t = eˣ for x < 0, and 1/(1 + t) with t = e⁻ˣ otherwise."""
    y = -abs(x)
    y = clamp(y, pick(x, -746.0, -104.0), 0.0)
    _, i, r = reduce_exp(y)
    t = scale(tail(r) + 1.0, i)
    bottom, error = quick_sum(t.like(1.0), t)
    top = select(x < 0.0, t, 1.0)
    q = top / bottom
    inverse = select(x < 0.0, 1.0 - q, q)
    return fma(fma(-q, bottom, top) - q * error, inverse, q)
