"""The special functions of probability: gamma, beta, error and logistic functions, one row each.

A row is SciPy's name and the partial derivative for each operand; the value is SciPy's own. The set
is closed: the partials are written with rows of these tables, so derivatives of any order exist.
Formulas: DLMF chapters 5 (gamma), 7 (error functions), 8 (incomplete gamma and beta), 19.2.

An operand by which no derivative is known in closed form (the order of a Bessel function, the
shapes of an incomplete beta function) has the partial `missing`: an error that names function and
operand, if and only if a derivative by it is asked for.

Where a formula that is right on paper loses digits there are two, each for its region: the
asymptotic series of `dawsn` and `erfcx` far out, the reflection of 1/Γ on the left, differences of
ψ at large arguments. `select` lets nothing of the other region through, at any order.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import UnsupportedError, explain
from ..graph import Elementwise, Op, pointwise
from ..types import Type
from .arithmetic import (
    Expr,
    absolute,
    defined,
    elementwise,
    equal,
    log,
    logical_and,
    minimum,
    mod,
    rint,
    scale,
    select,
    square,
)
from .elementwise import LN10, TWO_OVER_SQRT_PI, cos, erf, exp, lgamma, log1p, polygamma, sin

ROOT_HALF = math.sqrt(0.5)
ROOT_PI = math.sqrt(math.pi)
ROOT_TAU = math.sqrt(2 * math.pi)
DEGREE = math.pi / 180
FLOPS = 50
"""What an element is reckoned to cost."""


# --- what a row is made of ------------------------------------------------------------------------


def scipy_function(name: str) -> Callable[..., Any]:
    """SciPy's function of this name, in the dtype of its last operand."""

    def call(*args: Any, **attrs: Any) -> Any:
        from scipy import special  # scipy loads on first use

        value = np.asarray(getattr(special, name)(*args, **attrs))
        return value.astype(np.result_type(args[-1]), copy=False)[()]

    return call


def refused(name: str, value: Callable[..., Any]) -> Callable[..., Any]:
    """No continuation to complex numbers that keeps a tiny imaginary part: an error, if there is
    such a part."""

    def call(*args: Any, **attrs: Any) -> Any:
        if any(np.any(np.imag(arg)) for arg in args):
            raise ValueError(f"{name}(z) has no complex form; use method='reverse'")
        return value(*[np.real(arg) for arg in args], **attrs)

    return call


def dear(out: Type, *_: Type, **__: Any) -> int:
    return FLOPS * out.size


def row(
    name: str,
    *partials: Any,
    singular: bool = False,
    complex: bool | Callable[..., Any] = False,
    numpy: Callable[..., Any] | None = None,
) -> Op:
    """A row of the table. `complex`: whether SciPy's loop for complex numbers keeps an imaginary
    part however small, as the complex step needs it, or a function that does."""
    value = scipy_function(name) if numpy is None else numpy
    continued = complex if callable(complex) else value if complex else refused(name, value)
    op = elementwise(name, value, *partials, singular=singular, complex=continued)
    return replace(op, flops=dear)


def missing(function: str, argument: str) -> Callable[..., Any]:
    """The partial by an operand for which there is none: an error when it is asked for."""

    def partial(*values: Any, **attrs: Any) -> Any:
        loc = values[-1].builder.loc
        where = "" if loc is None else f" at {os.path.basename(loc.file)}:{loc.line}"
        asked = f"differentiating {function}{where}"
        got = f"a derivative by its argument {argument!r}, which has no closed form"
        want = f"{argument!r} to be a constant"
        remedy = f"Hold it fixed, dk.stop_gradient({argument}), or use method='finite'"
        raise UnsupportedError(explain(asked, got, want, remedy))

    return partial


def without(function: str, argument: str) -> Callable[..., Any]:
    return missing(f"scipy.special.{function}", argument)


def number(like: Expr, value: float) -> Expr:
    """A constant of the same dtype."""
    return like.full(value, ())


# --- partials that need more than a line ---------------------------------------------------------


def xlogy(x: Expr, y: Expr) -> Expr:
    """x log y, and 0 where x is 0, whatever y."""
    return scale(log(y), x)


def xlog1py(x: Expr, y: Expr) -> Expr:
    """x log(1 + y), and 0 where x is 0."""
    return scale(log1p(y), x)


def cospi(x: Expr) -> Expr:
    """cos πx, exactly 0 and ±1 where it should be."""
    whole = rint(x)
    return (1 - 2 * mod(whole, number(x, 2))) * cos(math.pi * (x - whole))


def psi(x: Expr) -> Expr:
    return polygamma(x, n=0)


# ψ(x) = log x - 1/2x - Σ cₖ x^-2k for large x, with cₖ = B₂ₖ/2k (DLMF 5.11.2)
BERNOULLI = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)
LARGE = 20.0


def psi_step(a: Expr, b: Expr) -> Expr:
    """ψ(a) - ψ(a + b). Of large arguments the difference is taken term by term of the asymptotic
    series, before the logarithms can swallow its digits."""
    c = a + b
    u, v = 1 / square(a), 1 / square(c)
    quotient, value = number(a, 0.0), number(a, BERNOULLI[-1])
    for term in (*reversed(BERNOULLI[:-1]), 0.0):  # (p(u) - p(v))/(u - v) by Horner's scheme
        quotient = quotient * u + value
        value = value * v + term
    even = b * (a + c) * u * v * quotient
    far = -log1p(b / a) - b / (2 * a * c) - even
    return select(minimum(a, c) > LARGE, far, psi(a) - psi(c))


def rgamma_slope(x: Expr, ans: Expr) -> Expr:
    """(1/Γ)' = -ψ/Γ; on the left of Γ(1 - x) sin(πx)/π, which has no poles."""
    left = x < 0.5
    y = select(left, 1 - x, x)
    return select(left, gamma(y) * cospi(x), number(x, 0.0)) - psi(y) * ans


def poch_by_z(z: Expr, m: Expr, ans: Expr) -> Expr:
    """ans (ψ(z + m) - ψ(z)); where ψ(z) may have a pole by way of 1/Γ(z), and by reflection where
    both have one (z + m and z on the left, m whole)."""
    top = z + m
    through = ans * psi(top) + gamma(top) * rgamma_slope(z, rgamma(z))
    whole = logical_and(equal(m, rint(m)), top < 0.5)
    reflected = ans * (psi(1 - top) - psi(1 - z))
    plain = ans * -psi_step(z, m)
    return select(z < 0.5, select(whole, reflected, through), plain)


def binom_by_n(n: Expr, k: Expr, ans: Expr) -> Expr:
    """ans (ψ(n + 1) - ψ(n - k + 1)), also where n - k + 1 is at a pole of ψ."""
    d = n - k + 1
    through = ans * psi(n + 1) + gamma(n + 1) * rgamma(k + 1) * rgamma_slope(d, rgamma(d))
    return select(d < 0.5, through, ans * -psi_step(d, k))


def binom_by_k(n: Expr, k: Expr, ans: Expr) -> Expr:
    """ans (ψ(n - k + 1) - ψ(k + 1)), also at the poles."""
    d, k1 = n - k + 1, k + 1
    p, q = rgamma(k1), rgamma(d)
    through = gamma(n + 1) * (rgamma_slope(k1, p) * q - p * rgamma_slope(d, q))
    return select(minimum(d, k1) < 0.5, through, ans * (psi(d) - psi(k1)))


def gamma_density(a: Expr, x: Expr) -> Expr:
    """x^(a-1) e^-x / Γ(a)."""
    return exp(xlogy(a - 1, x) - x - lgamma(a))


def beta_density(a: Expr, b: Expr, x: Expr) -> Expr:
    """x^(a-1) (1-x)^(b-1) / B(a, b)."""
    return exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))


def student_density(df: Expr, t: Expr) -> Expr:
    """(1 + t²/n)^(-(n+1)/2) / (√n B(n/2, 1/2))."""
    lead = betaln(df / 2, number(df, 0.5)) + 0.5 * log(df)
    return exp(-lead - (df + 1) / 2 * log1p(square(t) / df))


def normal_density(x: Expr) -> Expr:
    return exp(-square(x) / 2) / ROOT_TAU


def hazard(x: Expr, log_cdf: Expr) -> Expr:
    """φ(x)/Φ(x), the derivative of log Φ; on the left by erfcx, as φ and Φ vanish together."""
    left = (2 / ROOT_PI * ROOT_HALF) / erfcx(-ROOT_HALF * x)
    return select(x < 0, left, exp(-square(x) / 2 - log_cdf) / ROOT_TAU)


FAR, TERMS = 10.0, 14


def double_factorials(t: Expr) -> Expr:
    """Σₖ (2k - 1)!! tᵏ from k = 1: the tails of the error functions, with t = ∓1/2x²."""
    total = number(t, 1.0)
    for k in reversed(range(1, TERMS)):
        total = 1 + (2 * k + 1) * t * total
    return t * total


def dawsn_slope(x: Expr, ans: Expr) -> Expr:
    """1 - 2x D(x), which vanishes like -1/2x²."""
    far = -double_factorials(0.5 / square(x))
    return select(absolute(x) > FAR, far, 1 - 2 * x * ans)


def erfcx_slope(x: Expr, ans: Expr) -> Expr:
    """2x erfcx(x) - 2/√π, which vanishes like -1/(√π x²)."""
    far = TWO_OVER_SQRT_PI * double_factorials(-0.5 / square(x))
    return select(x > FAR, far, 2 * x * ans - TWO_OVER_SQRT_PI)


def gamma_continued(z: Any) -> Any:
    """Γ(z), by reflection on the left, where SciPy's loses a tiny imaginary part."""
    left = np.real(z) < 0.5
    value = scipy_function("gamma")(np.where(left, 1 - z, z))
    return np.where(left, np.pi / (np.sin(np.pi * np.where(left, z, 0.5)) * value), value)


def rgamma_continued(z: Any) -> Any:
    return 1 / gamma_continued(z)


# fmt: off
# --- gamma and beta functions --------------------------------------------------------------------
gamma      = row("gamma",      lambda x, ans: ans * psi(x), complex=gamma_continued)                # Γ' = Γ ψ
rgamma     = row("rgamma",     rgamma_slope, complex=rgamma_continued)                                 # (1/Γ)' = -ψ/Γ
loggamma   = row("loggamma",   lambda x, ans: defined(ans, psi(x)), singular=True, complex=True)    # ψ
gammasgn   = row("gammasgn")                                                                        # ±1
poch       = row("poch",       poch_by_z, lambda z, m, ans: ans * psi(z + m))                       # Γ(z+m)/Γ(z): ∂m = ans ψ(z+m)
binom      = row("binom",      binom_by_n, binom_by_k)                                              # (n k)
beta       = row("beta",       lambda a, b, ans: ans * psi_step(a, b),                              # ∂a = ans (ψ(a) - ψ(a+b))
                               lambda a, b, ans: ans * psi_step(b, a))
betaln     = row("betaln",     lambda a, b, ans: psi_step(a, b), lambda a, b, ans: psi_step(b, a))  # ∂a = ψ(a) - ψ(a+b)
zeta       = row("zeta",       without("zeta", "x"), lambda s, q, ans: -s * zeta(s + 1, q))         # Σ (k+q)^-s: ∂q = -s ζ(s+1, q)

# --- incomplete gamma and beta functions, and their inverses -------------------------------------
gammainc   = row("gammainc",   without("gammainc", "a"), lambda a, x, ans: gamma_density(a, x), singular=True)
gammaincc  = row("gammaincc",  without("gammaincc", "a"), lambda a, x, ans: -gamma_density(a, x), singular=True)
gammaincinv  = row("gammaincinv",  without("gammaincinv", "a"),  lambda a, y, ans: 1 / gamma_density(a, ans), singular=True)
gammainccinv = row("gammainccinv", without("gammainccinv", "a"), lambda a, y, ans: -1 / gamma_density(a, ans), singular=True)
betainc    = row("betainc",    without("betainc", "a"), without("betainc", "b"),
                               lambda a, b, x, ans: beta_density(a, b, x), singular=True)
betaincc   = row("betaincc",   without("betaincc", "a"), without("betaincc", "b"),
                               lambda a, b, x, ans: -beta_density(a, b, x), singular=True)
betaincinv  = row("betaincinv",  without("betaincinv", "a"), without("betaincinv", "b"),
                               lambda a, b, y, ans: 1 / beta_density(a, b, ans), singular=True)
betainccinv = row("betainccinv", without("betainccinv", "a"), without("betainccinv", "b"),
                               lambda a, b, y, ans: -1 / beta_density(a, b, ans), singular=True)
stdtr      = row("stdtr",      without("stdtr", "df"), lambda df, t, ans: student_density(df, t))   # Student's t: ∂t = its density
stdtrit    = row("stdtrit",    without("stdtrit", "df"), lambda df, p, ans: 1 / student_density(df, ans), singular=True)

# --- error functions and the normal distribution -------------------------------------------------
erfc       = row("erfc",       lambda x, ans: -TWO_OVER_SQRT_PI * exp(-square(x)), complex=True)    # -2/√π e^(-x²)
erfcx      = row("erfcx",      erfcx_slope, complex=True)                                           # 2x ans - 2/√π
erfi       = row("erfi",       lambda x, ans: TWO_OVER_SQRT_PI * exp(square(x)), complex=True)      # 2/√π e^(x²)
dawsn      = row("dawsn",      dawsn_slope, complex=True)                                           # 1 - 2x ans
erfinv     = row("erfinv",     lambda y, ans: exp(square(ans)) / TWO_OVER_SQRT_PI, singular=True)   # √π/2 e^(ans²)
erfcinv    = row("erfcinv",    lambda y, ans: -exp(square(ans)) / TWO_OVER_SQRT_PI, singular=True)
ndtr       = row("ndtr",       lambda x, ans: normal_density(x), complex=True)                      # Φ' = φ
ndtri      = row("ndtri",      lambda p, ans: ROOT_TAU * exp(square(ans) / 2), singular=True)       # 1/φ(ans)
log_ndtr   = row("log_ndtr",   hazard, complex=True)                                                # φ/Φ
ndtri_exp  = row("ndtri_exp",  lambda y, ans: 1 / hazard(ans, y), singular=True)                    # the inverse of log_ndtr
owens_t    = row("owens_t",    lambda h, a, ans: -normal_density(h) * erf(ROOT_HALF * a * h) / 2,
                               lambda h, a, ans: exp(-square(h) * (1 + square(a)) / 2) / (2 * math.pi * (1 + square(a))))

# --- logistic and trigonometric functions --------------------------------------------------------
expit      = row("expit",      lambda x, ans: ans * expit(-x))                                      # σ(x) σ(-x)
log_expit  = row("log_expit",  lambda x, ans: expit(-x))                                            # log σ: σ(-x)
logit      = row("logit",      lambda p, ans: defined(ans, 1 / (p * (1 - p))), singular=True)       # 1/(p(1-p))
exp10      = row("exp10",      lambda x, ans: ans * LN10)                                           # (10^x)' = 10^x ln 10
cosm1      = row("cosm1",      lambda x, ans: -sin(x))                                              # (cos x - 1)' = -sin x
sindg      = row("sindg",      lambda x, ans: DEGREE * cosdg(x))                                    # of degrees
cosdg      = row("cosdg",      lambda x, ans: -DEGREE * sindg(x))
tandg      = row("tandg",      lambda x, ans: DEGREE * (1 + square(ans)))
cotdg      = row("cotdg",      lambda x, ans: -DEGREE * (1 + square(ans)))
lambertw   = row("lambertw",   lambda z, ans, **kw: 1 / (exp(ans) * (1 + ans)), singular=True, complex=True)  # W e^W = z
wrightomega = row("wrightomega", lambda z, ans: ans / (1 + ans))                                    # ω + log ω = z
# fmt: on


# --- an argument by which a composite has no derivative -------------------------------------------


def same(x: Any, function: str, argument: str) -> Any:
    return x


def no_slope(x: Expr, ans: Expr, function: str, argument: str) -> Any:
    return missing(function, argument)(x, ans)


no_derivative = Op(  # x, where a derivative by it is an error that names function and argument
    "no_derivative",
    same,
    same,
    Elementwise((no_slope,)),
    complex=refused("no_derivative", same),
    view=True,
    lead=pointwise,
)
