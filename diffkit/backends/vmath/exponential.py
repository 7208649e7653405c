"""exp, exp2 and expm1: a power of two times a polynomial.

With k the integer nearest to x/log 2, eˣ = 2ᵏ·eʳ and r = x − k·log 2 lies in ±log(2)/2. log 2 is
split in two constants (Cody and Waite, Software Manual for the Elementary Functions, 1980): the
first has so few bits that k times it is exact, so r loses nothing. Then eʳ = 1 + r + r²·q(r), with
q a minimax polynomial. The 2ᵏ is applied as two factors: results below the smallest normal number
are rounded once, by the last product, and those near the largest do not overflow too early.

x is clamped to where results are 0 and inf, by selects that leave a nan alone.
"""

# pyright: basic

from . import coefficients as c
from .bits import Num, fma, kernel, pick, poly, power_of_two, rint, select

__all__ = ["exp", "exp2", "expm1", "reduce_exp", "rest_of_exp", "scale", "tail"]

INVERSE_LOG2 = 1.4426950408889634
# log 2 in two parts: 32 bits (12 for float32), and the rest.
LOG2 = (0.693147180369123816490, 1.90821492927058770002e-10)
LOG2_32 = (0.693115234375, 3.194618329871446e-05)


def clamp(x: Num, low: float, high: float) -> Num:
    """x in [low, high]; a nan stays."""
    x = select(x > high, high, x)
    return select(x < low, low, x)


def reduce_exp(x: Num) -> tuple[Num, Num, Num]:
    """k as a float, k as an integer, and r: x = k·log 2 + r."""
    high, low = pick(x, LOG2, LOG2_32)
    k, i = rint(x * INVERSE_LOG2)
    return k, i, fma(k, -low, fma(k, -high, x))


def rest_of_exp(r: Num) -> Num:
    """eʳ − 1 − r for |r| ≤ log(2)/2."""
    return r * r * poly(r, pick(r, c.EXP, c.EXP_32))


def tail(r: Num) -> Num:
    """eʳ − 1 for |r| ≤ log(2)/2."""
    return fma(r * r, poly(r, pick(r, c.EXP, c.EXP_32)), r)


def scale(p: Num, i: Num) -> Num:
    """p·2ⁱ, rounded once, for i from −2100 to 2046 (−280 to 254)."""
    # Half of i, rounded down, from a logical shift: add an even number, take its half off again.
    half = ((i + 4096) >> 1) - 2048
    return p * power_of_two(half) * power_of_two(i - half)


@kernel
def exp(x: Num) -> Num:
    """eˣ."""
    x = clamp(x, *pick(x, (-746.0, 710.0), (-104.0, 89.0)))
    _, i, r = reduce_exp(x)
    return scale(tail(r) + 1.0, i)


@kernel
def exp2(x: Num) -> Num:
    """2ˣ: here r = x − k is exact."""
    x = clamp(x, *pick(x, (-1076.0, 1025.0), (-151.0, 129.0)))
    k, i = rint(x)
    r = x - k
    return scale(fma(r, poly(r, pick(r, c.EXP2, c.EXP2_32)), 1.0), i)


@kernel
def expm1(x: Num) -> Num:
    """eˣ − 1 = 2·(s·(eʳ − 1) + (s − ½)) with s = 2ᵏ⁻¹, which is finite for every finite result.

    Where k = 0 the bracket is half of eʳ − 1, whose leading term r = x is exact; for the smallest x
    a half would lose a bit, and x itself is the answer, −0 included.
    """
    y = clamp(x, *pick(x, (-40.0, 710.0), (-20.0, 89.0)))
    _, i, r = reduce_exp(y)
    s = power_of_two(i - 1)
    value = fma(s, tail(r), s - 0.5) * 2.0
    return select(abs(x) < pick(x, 2.0**-54, 2.0**-25), x, value)
