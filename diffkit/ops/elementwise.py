"""The elementary and special functions, one row each: name, NumPy, derivative, algebra.

`ans` is the function's own value; a row is `singular` where its derivative is infinite or undefined
at a point where the function itself is finite. Formulas: DLMF chapters 4, 5 and 7.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..graph import Elementwise, Kink, Op, pointwise
from . import continuation as analytic
from .arithmetic import (
    KINK_AT_0,
    POLE,
    Expr,
    common,
    defined,
    each,
    elementwise,
    not_equal,
    reciprocal,
    select,
    square,
)
from .kinks import at

AT_ORIGIN: Any = lambda x, y: (x == 0) & (y == 0)  # noqa: E731, an entry of the table
POLE_AT_1 = Kink("singularity", lambda x: np.abs(x) == 1)
LN2, LN10 = math.log(2), math.log(10)
TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)


def numpy_erf(x: Any) -> Any:
    from scipy.special import erf as scipy_erf  # scipy loads on first use

    return scipy_erf(x)


def numpy_lgamma(x: Any) -> Any:
    from scipy.special import gammaln

    return gammaln(x)


def numpy_polygamma(x: Any, n: int) -> Any:
    from scipy.special import polygamma as scipy_polygamma
    from scipy.special import psi

    if n == 0:
        return psi(x)
    return np.asarray(scipy_polygamma(n, x)).astype(np.asarray(x).dtype)[()]


# fmt: off
# --- exponentials and logarithms -----------------------------------------------------------------
exp    = elementwise("exp", np.exp,       lambda x, ans: ans)                                       # (e^x)' = e^x
exp2   = elementwise("exp2", np.exp2,     lambda x, ans: ans * LN2)                                 # (2^x)' = 2^x ln 2
expm1  = elementwise("expm1", np.expm1,   lambda x, ans: exp(x), complex=analytic.expm1)            # (e^x - 1)' = e^x
log2   = elementwise("log2", np.log2,     lambda x, ans: defined(ans, 1 / (x * LN2)), singular=True, kink=POLE)  # 1/(x ln 2)
log10  = elementwise("log10", np.log10,   lambda x, ans: defined(ans, 1 / (x * LN10)), singular=True, kink=POLE)  # 1/(x ln 10)
log1p  = elementwise("log1p", np.log1p,   lambda x, ans: defined(ans, 1 / (1 + x)), singular=True, complex=analytic.log1p, kink=Kink("singularity", lambda x: x == -1))  # 1/(1 + x)

# --- powers --------------------------------------------------------------------------------------
sqrt   = elementwise("sqrt", np.sqrt,     lambda x, ans: 0.5 / ans, singular=True, kink=POLE)       # 1/(2√x)
root   = elementwise("root", np.sqrt,     lambda x, ans: slope_of_root(ans), complex=analytic.root, kink=KINK_AT_0)  # √ of a sum of squares
cbrt   = elementwise("cbrt", np.cbrt,     lambda x, ans: 1 / (3 * square(ans)), singular=True, complex=analytic.cbrt, kink=POLE)  # 1/(3 x^⅔)
hypot  = elementwise("hypot", np.hypot,   lambda x, y, ans: div_or_zero(x, ans),                    # √(x² + y²): ∂x = x/ans
                     lambda x, y, ans: div_or_zero(y, ans), complex=analytic.hypot,                 #   0 at the origin
                     kink=Kink("kink", AT_ORIGIN))

# --- trigonometric -------------------------------------------------------------------------------
sin    = elementwise("sin", np.sin,       lambda x, ans: cos(x))                                    # cos x
cos    = elementwise("cos", np.cos,       lambda x, ans: -sin(x))                                   # -sin x
tan    = elementwise("tan", np.tan,       lambda x, ans: 1 + square(ans))                           # 1 + tan² x
arcsin = elementwise("arcsin", np.arcsin, lambda x, ans: reciprocal(root_inside(x)), singular=True, kink=POLE_AT_1)   # 1/√(1 - x²)
arccos = elementwise("arccos", np.arccos, lambda x, ans: -reciprocal(root_inside(x)), singular=True, kink=POLE_AT_1)  # -1/√(1 - x²)
arctan = elementwise("arctan", np.arctan, lambda x, ans: 1 / (1 + square(x)))                       # 1/(1 + x²)
arctan2 = elementwise("arctan2", np.arctan2,                                                        # angle of (x, y)
                      lambda y, x, ans: turning(x, y),                                              #   ∂y = x/(x² + y²)
                      lambda y, x, ans: -turning(y, x), singular=True, complex=analytic.arctan2,    #   0 at the origin
                      kink=Kink("singularity", AT_ORIGIN))

# --- hyperbolic ----------------------------------------------------------------------------------
sinh    = elementwise("sinh", np.sinh,       lambda x, ans: cosh(x))                                # cosh x
cosh    = elementwise("cosh", np.cosh,       lambda x, ans: sinh(x))                                # sinh x
tanh    = elementwise("tanh", np.tanh,       lambda x, ans: 1 - square(ans))                        # 1 - tanh² x
arcsinh = elementwise("arcsinh", np.arcsinh, lambda x, ans: reciprocal(root_above(x)))               # 1/√(x² + 1)
arccosh = elementwise("arccosh", np.arccosh, lambda x, ans: defined(ans, reciprocal(root_below(x))), singular=True, kink=POLE_AT_1)  # 1/√(x² - 1)
arctanh = elementwise("arctanh", np.arctanh, lambda x, ans: defined(ans, 1 / ((1 - x) * (1 + x))), singular=True, kink=POLE_AT_1)  # 1/(1 - x²)

# --- special -------------------------------------------------------------------------------------
erf     = elementwise("erf", numpy_erf,       lambda x, ans: TWO_OVER_SQRT_PI * exp(-square(x)))    # 2/√π e^(-x²)
lgamma  = elementwise("lgamma", numpy_lgamma, lambda x, ans: polygamma(x, n=0), singular=True, complex=analytic.lgamma, kink=Kink("singularity", lambda x: (x <= 0) & (x == np.floor(x))))  # ψ(x)
# fmt: on

polygamma = Op(  # ψ⁽ⁿ⁾(x), the n-th derivative of the digamma function ψ = ψ⁽⁰⁾
    "polygamma",
    lambda x, n: common("polygamma", x),
    numpy_polygamma,
    Elementwise((lambda x, ans, n: polygamma(x, n=n + 1),), singular=True),
    analytic.polygamma,
    lead=pointwise,
    flops=each,
)


# On a branch cut the sign of a zero imaginary part says which side is meant. x - 1 and x - (-1) keep
# it, where 1 - x and x + 1 would add +0 to it.


def root_inside(x: Expr) -> Expr:
    """√(1 - x²); of a complex x the root that goes with arcsin."""
    return sqrt(-(x - 1) * (x - (-1))) if x.type.complex else sqrt((1 - x) * (1 + x))


def root_above(x: Expr) -> Expr:
    """√(x² + 1), which does not overflow; of a complex x the root that goes with arcsinh."""
    return sqrt(square(x) - (-1)) if x.type.complex else hypot(x, x.full(1, ()))


def root_below(x: Expr) -> Expr:
    """√(x² - 1); of a complex x with the branch cut of arccosh, left of 1."""
    return sqrt(x - 1) * sqrt(x - (-1)) if x.type.complex else sqrt((x - 1) * (x + 1))


def div_or_zero(x: Expr, ans: Expr) -> Expr:
    """x/ans, and where ans is 0 the choice at the tip of the cone, by the minimum-norm one 0."""
    away = not_equal(ans, 0)
    return select(away, x / select(away, ans, ans.full(1, ())), ans.full(at("hypot"), ()))


def slope_of_root(ans: Expr) -> Expr:
    """1/(2√x), and 0 where a sum of squares has its minimum."""
    away = not_equal(ans, 0)
    return select(away, 0.5 / select(away, ans, ans.full(1, ())), ans.full(at("root"), ()))


def turning(x: Expr, y: Expr) -> Expr:
    """x/(x² + y²), without overflow of the squares, and 0 at the origin."""
    r = hypot(x, y)
    away = not_equal(r, 0)
    s = select(away, r, r.full(1, ()))
    return select(away, x / s / s, r.full(at("arctan2"), ()))


COSTLY = frozenset({
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "cos", "cosh",
    "erf", "exp", "exp2", "expm1", "hypot", "lgamma", "log", "log10", "log1p", "log2", "polygamma",
    "pow", "sin", "sinh", "tan", "tanh",
})  # fmt: skip
"""The functions that take a dozen operations or more: costly to compute twice."""
