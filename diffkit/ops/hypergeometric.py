"""Hypergeometric functions, and those whose derivatives are such: elliptic integrals, power
transformations, the dilogarithm. SciPy's values, one row each.

d/dz of pFq(a; b; z) is Πa/Πb · pFq(a + 1; b + 1; z) (DLMF 15.5.1, 13.3.15), and so is any further
one: that makes derivatives smooth where the textbook's formula is 0/0, as (eˣ - 1)/x is at 0.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
from typing import Any

from .arithmetic import Expr, absolute, equal, log, power, select, square
from .cylinder import several
from .elementwise import log1p, sin, sqrt
from .special import number, row, scipy_function, without


def gauss(a: float, b: float, c: float, z: Expr) -> Expr:
    """2F1 with known parameters."""
    return hyp2f1(number(z, a), number(z, b), number(z, c), z)


def exprel_slope(x: Expr) -> Expr:
    """((eˣ - 1)/x)' = ½ 1F1(2; 3; x)."""
    return hyp1f1(number(x, 2.0), number(x, 3.0), x) / 2


def by_exponent(logarithm: Expr, lam: Expr, at_zero: Expr) -> Expr:
    """(e^(λL) - 1)/λ = L exprel(λL) by λ; at x = 0, where L is -∞, 1/λ² if λ > 0."""
    inner = square(logarithm) * exprel_slope(lam * logarithm)
    return select(at_zero, 1 / square(lam), inner)


def inverse_by_exponent(y: Expr, lam: Expr, grown: Expr) -> Expr:
    """(1 + λy)^(1/λ) by λ: it is exp(y r(λy)) with r(u) = log(1 + u)/u = 2F1(1, 1; 2; -u)."""
    return -grown * square(y) * gauss(2, 2, 3, -lam * y) / 2


def spence_slope(z: Expr, ans: Expr) -> Expr:
    """log z/(1 - z), which is -2F1(1, 1; 2; 1 - z)."""
    near = -gauss(1, 1, 2, 1 - z)
    return select(absolute(z - 1) < 0.5, near, log(z) / (1 - z))


def ellipk_slope(m: Expr, ans: Expr) -> Expr:
    """(E - (1-m) K)/(2m(1-m)); near 0, where that is 0/0, a hypergeometric function."""
    near = math.pi / 8 * gauss(1.5, 1.5, 2, m)
    return select(absolute(m) < 0.5, near, (ellipe(m) - (1 - m) * ans) / (2 * m * (1 - m)))


def ellipkm1_slope(p: Expr, ans: Expr) -> Expr:
    """The same at m = 1 - p, with the sign turned."""
    m = 1 - p
    near = -math.pi / 8 * gauss(1.5, 1.5, 2, m)
    return select(absolute(m) < 0.5, near, -(ellipem1(p) - p * ans) / (2 * m * p))


def ellipe_slope(m: Expr, ans: Expr) -> Expr:
    """(E - K)/2m; near 0 a hypergeometric function."""
    near = -math.pi / 8 * gauss(0.5, 1.5, 2, m)
    return select(absolute(m) < 0.5, near, (ans - ellipk(m)) / (2 * m))


def ellipem1_slope(p: Expr, ans: Expr) -> Expr:
    """The same at m = 1 - p, where K is not that of the rounded m."""
    m = 1 - p
    near = math.pi / 8 * gauss(0.5, 1.5, 2, m)
    return select(absolute(m) < 0.5, near, -(ans - ellipkm1(p)) / (2 * m))


def complete_integral(p: Any) -> Any:
    return scipy_function("ellipe")(1 - p)


def delta(phi: Expr, m: Expr) -> Expr:
    return sqrt(1 - m * square(sin(phi)))


def ellipj_slope(u: Expr, m: Expr, ans: Expr, part: int) -> Expr:
    """sn' = cn dn, cn' = -sn dn, dn' = -m sn cn, am' = dn."""
    if part == 3:
        return ellipj(u, m, part=2)
    p, q = (ellipj(u, m, part=k) for k in range(3) if k != part)
    return p * q if part == 0 else -p * q if part == 1 else -m * p * q


# fmt: off
# --- hypergeometric functions --------------------------------------------------------------------
hyp0f1 = row("hyp0f1", without("hyp0f1", "v"), lambda v, z, ans: hyp0f1(v + 1, z) / v)
hyp1f1 = row("hyp1f1", without("hyp1f1", "a"), without("hyp1f1", "b"),
             lambda a, b, x, ans: a / b * hyp1f1(a + 1, b + 1, x))
hyp2f1 = row("hyp2f1", without("hyp2f1", "a"), without("hyp2f1", "b"), without("hyp2f1", "c"),
             lambda a, b, c, z, ans: a * b / c * hyp2f1(a + 1, b + 1, c + 1, z))
hyperu = row("hyperu", without("hyperu", "a"), without("hyperu", "b"),
             lambda a, b, x, ans: -a * hyperu(a + 1, b + 1, x))

# --- power transformations -----------------------------------------------------------------------
exprel = row("exprel", lambda x, ans: exprel_slope(x))                                              # (e^x - 1)/x
boxcox = row("boxcox", lambda x, lam, ans: power(x, lam - 1),                                       # (x^λ - 1)/λ: ∂x = x^(λ-1)
             lambda x, lam, ans: by_exponent(log(x), lam, equal(x, 0)), singular=True)
boxcox1p = row("boxcox1p", lambda x, lam, ans: power(1 + x, lam - 1),                               # the same of 1 + x
             lambda x, lam, ans: by_exponent(log1p(x), lam, equal(x, -1)), singular=True)
inv_boxcox = row("inv_boxcox", lambda y, lam, ans: ans / (1 + lam * y),                             # (1 + λy)^(1/λ)
             lambda y, lam, ans: inverse_by_exponent(y, lam, ans), singular=True)
inv_boxcox1p = row("inv_boxcox1p", lambda y, lam, ans: (1 + ans) / (1 + lam * y),                   # (1 + λy)^(1/λ) - 1
             lambda y, lam, ans: inverse_by_exponent(y, lam, 1 + ans), singular=True)
spence = row("spence", spence_slope, singular=True, complex=True)                                   # Li2(1 - z)

# --- elliptic integrals and functions, of the parameter m = k² -----------------------------------
ellipk    = row("ellipk", ellipk_slope)
ellipkm1  = row("ellipkm1", ellipkm1_slope)
ellipe    = row("ellipe", ellipe_slope, singular=True)
ellipem1  = row("ellipem1", ellipem1_slope, singular=True, numpy=complete_integral)                 # E(1 - p)
ellipkinc = row("ellipkinc", lambda phi, m, ans: 1 / delta(phi, m), without("ellipkinc", "m"))      # ∫ 1/√(1 - m sin²)
ellipeinc = row("ellipeinc", lambda phi, m, ans: delta(phi, m), without("ellipeinc", "m"))          # ∫ √(1 - m sin²)
ellipj    = row("ellipj", ellipj_slope, without("ellipj", "m"), numpy=several("ellipj"))
# fmt: on
