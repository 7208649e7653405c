"""Bessel functions and the integrals of trigonometric functions: SciPy's values, one row each.

Every cylinder function has the derivative (C(v-1, x) ± C(v+1, x))/2 by its argument, which is free
of the quotient v/x that the other recurrences have, and so right at 0 (DLMF 10.6.1, 10.29.1); for
spherical ones the weights are n and n+1 (DLMF 10.51). By the order there is no closed form.
Functions of which SciPy returns several at once are one op, with the number of the result as `part`.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import Op
from .arithmetic import Expr, maximum, select, sign, square
from .elementwise import cos, cosh, exp, sin
from .special import number, row, scipy_function, without


def spherical(name: str) -> Callable[..., Any]:
    """SciPy's spherical function, which wants a whole order."""
    function = scipy_function(name)

    def call(n: Any, x: Any) -> Any:
        return np.asarray(function(np.asarray(n).astype(np.int64), x)).astype(x.dtype)[()]

    return call


def several(name: str) -> Callable[..., Any]:
    """One of the functions that SciPy computes together."""

    def call(*args: Any, part: int) -> Any:
        from scipy import special  # scipy loads on first use

        return getattr(special, name)(*args)[part]

    return call


def below_and_above(name: str, op: Callable[[], Op], lower: float, upper: float) -> tuple[Any, Any]:
    """The partials of a cylinder function C(v, x): lower C(v-1, x) + upper C(v+1, x)."""

    def slope(v: Expr, x: Expr, ans: Expr) -> Expr:
        return lower * op()(v - 1, x) + upper * op()(v + 1, x)

    return without(name, "v"), slope


def neighbours(name: str, op: Callable[[], Op], lower: float, upper: float) -> tuple[Any, Any]:
    """The partials of a spherical one: (lower n c(n-1, x) + upper (n+1) c(n+1, x))/(2n + 1)."""

    def slope(n: Expr, x: Expr, ans: Expr) -> Expr:
        first = lower * n * op()(maximum(n - 1, number(n, 0.0)), x)
        return (first + upper * (n + 1) * op()(n + 1, x)) / (2 * n + 1)

    return without(name, "n"), slope


def expn_slope(n: Expr, x: Expr, ans: Expr) -> Expr:
    """-E(n-1, x); for n = 0, where E = e^-x/x, by hand."""
    first = -exp(-x) * (1 + x) / square(x)
    return select(n > 0.5, -expn(maximum(n - 1, number(n, 0.0)), x), first)


def order(n: float) -> Callable[[Expr], Expr]:
    return lambda x: number(x, n)


zero, two = order(0.0), order(2.0)

# fmt: off
# --- Bessel functions of real order --------------------------------------------------------------
jv   = row("jv",  *below_and_above("jv", lambda: jv, 0.5, -0.5), singular=True)                     # (J(v-1) - J(v+1))/2
yv   = row("yv",  *below_and_above("yv", lambda: yv, 0.5, -0.5))
iv   = row("iv",  *below_and_above("iv", lambda: iv, 0.5, 0.5), singular=True)                      # (I(v-1) + I(v+1))/2
kv   = row("kv",  *below_and_above("kv", lambda: kv, -0.5, -0.5))                                   # -(K(v-1) + K(v+1))/2
ive  = row("ive", without("ive", "v"), lambda v, x, ans: (ive(v - 1, x) + ive(v + 1, x)) / 2 - sign(x) * ans, singular=True)  # e^-|x| I
kve  = row("kve", without("kve", "v"), lambda v, x, ans: ans - (kve(v - 1, x) + kve(v + 1, x)) / 2)                           # e^x K

# --- of order 0 and 1 ----------------------------------------------------------------------------
j0   = row("j0",  lambda x, ans: -j1(x))                                                            # J0' = -J1
j1   = row("j1",  lambda x, ans: (j0(x) - jv(two(x), x)) / 2)                                       # J1' = (J0 - J2)/2
y0   = row("y0",  lambda x, ans: -y1(x))
y1   = row("y1",  lambda x, ans: (y0(x) - yv(two(x), x)) / 2)
i0   = row("i0",  lambda x, ans: i1(x))                                                             # I0' = I1
i1   = row("i1",  lambda x, ans: (i0(x) + iv(two(x), x)) / 2)
k0   = row("k0",  lambda x, ans: -k1(x))                                                            # K0' = -K1
k1   = row("k1",  lambda x, ans: -(k0(x) + kv(two(x), x)) / 2)
i0e  = row("i0e", lambda x, ans: i1e(x) - sign(x) * ans)                                            # e^-|x| I0, kink at 0
i1e  = row("i1e", lambda x, ans: (i0e(x) + ive(two(x), x)) / 2 - sign(x) * ans)
k0e  = row("k0e", lambda x, ans: ans - k1e(x))                                                      # e^x K0
k1e  = row("k1e", lambda x, ans: ans - (k0e(x) + kve(two(x), x)) / 2)

# --- spherical Bessel functions ------------------------------------------------------------------
spherical_jn = row("spherical_jn", *neighbours("spherical_jn", lambda: spherical_jn, 1, -1), numpy=spherical("spherical_jn"))
spherical_yn = row("spherical_yn", *neighbours("spherical_yn", lambda: spherical_yn, 1, -1), numpy=spherical("spherical_yn"))
spherical_in = row("spherical_in", *neighbours("spherical_in", lambda: spherical_in, 1, 1), numpy=spherical("spherical_in"))
spherical_kn = row("spherical_kn", *neighbours("spherical_kn", lambda: spherical_kn, -1, -1), numpy=spherical("spherical_kn"))

# --- integrals -----------------------------------------------------------------------------------
exp1 = row("exp1", lambda x, ans: -exp(-x) / x, complex=True)                                       # E1' = -e^-x/x
expi = row("expi", lambda x, ans: exp(x) / x)                                                       # Ei' = e^x/x
expn = row("expn", without("expn", "n"), expn_slope, singular=True)                                 # E(n)' = -E(n-1)
sici = row("sici", lambda x, ans, part: spherical_jn(zero(x), x) if part == 0 else cos(x) / x, numpy=several("sici"))      # sin x/x, cos x/x
shichi = row("shichi", lambda x, ans, part: spherical_in(zero(x), x) if part == 0 else cosh(x) / x, numpy=several("shichi"))
fresnel = row("fresnel", lambda x, ans, part: (sin if part == 0 else cos)(math.pi / 2 * square(x)), numpy=several("fresnel"))

# --- Airy functions: Ai, Ai', Bi, Bi' ------------------------------------------------------------
airy = row("airy", lambda x, ans, part: airy(x, part=part + 1) if part in (0, 2) else x * airy(x, part=part - 1), numpy=several("airy"))  # y'' = x y
# fmt: on
