"""sin, cos and tan over the whole range: two reductions by π/2, both computed, one selected.

*Moderate* |x|: with k the integer nearest to 2x/π, r = x − k·π/2. π/2 is split into parts of so few
bits that the first products are exact (Cody and Waite, 1980), r is kept as a sum of two numbers.

*Large* |x|: only the part of 2x/π modulo 4 matters (Payne and Hanek, SIGNUM Newsletter 18, 1983).
|x| = m·2^(16j), m an integer-valued float; a table holds 2^(16j)·2/π mod 4 as a sum of four floats.
Each product with m is exact as a pair, whole multiples of 4 are dropped from each, and what is left
is summed with its rounding errors. The table is gathered, which vectorises. float32 arguments go
through float64 with three entries of the table instead of four.

On ±π/4 the minimax polynomials keep r, and 1 − r²/2 with its rounding error, as leading terms;
tan is the quotient. Sign and choice of polynomial come from the two low bits of k, by masks.
"""

# pyright: basic

from . import coefficients as c
from . import reduction
from .bits import Num, fma, kernel, pick, poly, quick_sum, quotient, select

__all__ = ["cos", "sin", "tan"]


def sine_and_cosine(r: Num, low: Num) -> tuple[tuple[Num, Num], tuple[Num, Num]]:
    """sin and cos of r + low, |r| ≤ π/4, each as a leading term and a small one."""
    t = r * r
    sine = fma(t * r, poly(t, pick(r, c.SIN, c.SIN_32)), fma(t, low * -0.5, low))
    half = t * 0.5
    first, lost = quick_sum(r.like(1.0), -half)
    cosine = lost + fma(t * t, poly(t, pick(r, c.COS, c.COS_32)), -(r * low))
    return (r, sine), (first, cosine)


def flip(x: Num, i: Num) -> Num:
    """−x where bit 1 of i is set."""
    return (x.bits() ^ ((i >> 1) << pick(x, 63, 31))).floating()


def choose(condition: Num, a: tuple[Num, Num], b: tuple[Num, Num]) -> tuple[Num, Num]:
    return select(condition, a[0], b[0]), select(condition, a[1], b[1])


@kernel
def sin(x: Num) -> Num:
    """The sine."""
    i, r, low = reduction.reduce(x)
    high, rest = choose((i & 1).equals(0), *sine_and_cosine(r, low))
    return select(x.equals(0.0), x, flip(high + rest, i))


@kernel
def cos(x: Num) -> Num:
    """The cosine: the sine a quarter turn on."""
    i, r, low = reduction.reduce(x)
    high, rest = choose((i & 1).equals(1), *sine_and_cosine(r, low))
    return flip(high + rest, i + 1)


@kernel
def tan(x: Num) -> Num:
    """The tangent: sin/cos, or −cos/sin an odd number of quarter turns on."""
    i, r, low = reduction.reduce(x)
    sine, cosine = sine_and_cosine(r, low)
    odd = (i & 1).equals(1)
    bottom = choose(odd, (-sine[0], -sine[1]), cosine)
    value = quotient(quick_sum(*choose(odd, cosine, sine)), quick_sum(*bottom))
    return select(abs(x) < pick(x, 2.0**-28, 2.0**-13), x, value)
