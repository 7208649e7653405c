"""Special functions on balls: those that flint has, and compositions of them.

A `Function` has a value and partials; a plain function here is a composition, whose derivative is
that of its parts. Formulas: DLMF chapters 5 to 10, 13, 15, 19. What flint can not enclose (inverses
of incomplete gamma and beta functions, Owen's T, Jacobi's elliptic functions) is missing here, and
so refused by name.
"""

# The table's lambdas take balls or series, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .functions import ELEMENTARY, cos, cosh, divide, exp, log, log1p, pi, sin, sqrt
from .lift import Function
from .numbers import Ball, ball, load_flint
from .series import native


def acb(x: Any) -> Ball:
    return load_flint().acb(x)


def half() -> Ball:
    return ball(0.5)


def sgn(x: Any) -> Ball:
    """The slope of |x|, every one at 0."""
    return x.sgn() if x > 0 or x < 0 else load_flint().arb(0, 1)


# --- gamma and beta ------------------------------------------------------------------------------


def lgamma_value(x: Ball) -> Ball:
    """log |Γ|."""
    return x.lgamma() if x > 0 else -abs(x.rgamma()).log()


@lru_cache(maxsize=64)
def polygamma(n: int) -> Function:
    """ψ⁽ⁿ⁾."""
    return Function(
        f"polygamma({n})",
        lambda x: x.digamma() if n == 0 else acb(x).polygamma(n).real,
        (lambda x, y: polygamma(n + 1)(x),),
    )


def psi(x: Any) -> Any:
    return polygamma(0)(x)


# fmt: off
lgamma   = Function("lgamma", lgamma_value, (lambda x, y: psi(x),))
loggamma = Function("loggamma", lambda x: x.lgamma(), (lambda x, y: psi(x),))
gamma    = Function("gamma", lambda x: x.gamma(), (lambda x, y: y * psi(x),), native("gamma"))
rgamma   = Function("rgamma", lambda x: x.rgamma(), (lambda x, y: rgamma_slope(x, y),), native("rgamma"))
zeta     = Function("zeta", lambda s, q: s.zeta(q), (None, lambda s, q, y: -s * zeta(s + 1, q)))
gammainc  = Function("gammainc", lambda a, x: x.gamma_lower(a, regularized=1), (None, lambda a, x, y: gamma_density(a, x)))
gammaincc = Function("gammaincc", lambda a, x: x.gamma_upper(a, regularized=1), (None, lambda a, x, y: -gamma_density(a, x)))
betainc   = Function("betainc", lambda a, b, x: x.beta_lower(a, b, regularized=1), (None, None, lambda a, b, x, y: beta_density(a, b, x)))
# fmt: on


def rgamma_slope(x: Any, y: Any) -> Any:
    """-ψ/Γ, of balls by the series, which has no poles."""
    flint = load_flint()
    if not isinstance(x, flint.arb | flint.acb):
        return -psi(x) * y
    kind = flint.arb_series if isinstance(x, flint.arb) else flint.acb_series
    return kind([x, 1], 2).rgamma()[1]


def gamma_density(a: Any, x: Any) -> Any:
    return exp((a - 1) * log(x) - x) * rgamma(a)


def beta(a: Any, b: Any) -> Any:
    return gamma(a) * gamma(b) * rgamma(a + b)


def beta_density(a: Any, b: Any, x: Any) -> Any:
    return exp((a - 1) * log(x) + (b - 1) * log1p(-x)) / beta(a, b)


def betaln(a: Any, b: Any) -> Any:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def poch(z: Any, m: Any) -> Any:
    return gamma(z + m) * rgamma(z)


def binom(n: Any, k: Any) -> Any:
    return gamma(n + 1) * rgamma(k + 1) * rgamma(n - k + 1)


def stdtr(df: Any, t: Any) -> Any:
    """Student's distribution: ½ + t/(√n B(½, n/2)) 2F1(½, (n+1)/2; 3/2; -t²/n)."""
    shape = hyp2f1(half(), (df + 1) * half(), ball(1.5), divide(-t * t, df))
    return half() + divide(t * shape, sqrt(df) * beta(half(), df * half()))


# --- error functions and the normal distribution -------------------------------------------------
# fmt: off
erf     = Function("erf", lambda x: x.erf(), (lambda x, y: 2 / pi().sqrt() * exp(-x * x),), native("erf"))
erfc    = Function("erfc", lambda x: x.erfc(), (lambda x, y: -2 / pi().sqrt() * exp(-x * x),), native("erfc"))
erfi    = Function("erfi", lambda x: x.erfi(), (lambda x, y: 2 / pi().sqrt() * exp(x * x),), native("erfi"))
erfinv  = Function("erfinv", lambda y: y.erfinv(), (lambda y, x: pi().sqrt() / 2 * exp(x * x),))
erfcinv = Function("erfcinv", lambda y: y.erfcinv(), (lambda y, x: -pi().sqrt() / 2 * exp(x * x),))
# fmt: on


def erfcx(x: Any) -> Any:
    return exp(x * x) * erfc(x)


def dawsn(x: Any) -> Any:
    return exp(-x * x) * erfi(x) * (pi().sqrt() / 2)


def ndtr(x: Any) -> Any:
    return erfc(x * -half().sqrt()) * half()


def log_ndtr(x: Any) -> Any:
    return log(ndtr(x))


def ndtri(p: Any) -> Any:
    return erfcinv(p * 2) * -ball(2).sqrt()


def ndtri_exp(y: Any) -> Any:
    return ndtri(exp(y))


# --- logistic and trigonometric functions --------------------------------------------------------


def expit(x: Any) -> Any:
    return divide(ball(1), exp(-x) + 1)


def log_expit(x: Any) -> Any:
    return -log1p(exp(-x))


def logit(p: Any) -> Any:
    return log(p) - log1p(-p)


def cosm1(x: Any) -> Any:
    s = sin(x * half())
    return s * s * -2


# fmt: off
sinpi = Function("sinpi", lambda x: x.sin_pi(), (lambda x, y: pi() * cospi(x),), native("sin_pi"))
cospi = Function("cospi", lambda x: x.cos_pi(), (lambda x, y: -pi() * sinpi(x),), native("cos_pi"))
wrightomega = Function("wrightomega", lambda z: z.exp().lambertw(), (lambda z, w: w / (1 + w),))    # ω + log ω = z
# fmt: on


def sindg(x: Any) -> Any:
    return sinpi(divide(x, ball(180)))


def cosdg(x: Any) -> Any:
    return cospi(divide(x, ball(180)))


def tandg(x: Any) -> Any:
    return divide(sindg(x), cosdg(x))


def cotdg(x: Any) -> Any:
    return divide(cosdg(x), sindg(x))


# --- Bessel functions, and integrals -------------------------------------------------------------


def scaled(name: str, method: str, sign: int) -> Function:
    """e^(-|x|) I or e^x K, whose neighbours have the same factor."""

    def value(v: Ball, x: Ball) -> Ball:
        return getattr(x, method)(v) * (-abs(x) if sign > 0 else x).exp()

    def slope(v: Ball, x: Ball, y: Ball) -> Ball:
        mean = (value(v - 1, x) + value(v + 1, x)) / 2
        return mean - sgn(x) * y if sign > 0 else y - mean

    return Function(name, value, (None, slope))


# fmt: off
jv  = Function("jv", lambda v, x: x.bessel_j(v), (None, lambda v, x, y: (jv(v - 1, x) - jv(v + 1, x)) / 2))
yv  = Function("yv", lambda v, x: x.bessel_y(v), (None, lambda v, x, y: (yv(v - 1, x) - yv(v + 1, x)) / 2))
iv  = Function("iv", lambda v, x: x.bessel_i(v), (None, lambda v, x, y: (iv(v - 1, x) + iv(v + 1, x)) / 2))
kv  = Function("kv", lambda v, x: x.bessel_k(v), (None, lambda v, x, y: -(kv(v - 1, x) + kv(v + 1, x)) / 2))
ive = scaled("ive", "bessel_i", 1)
kve = scaled("kve", "bessel_k", -1)
expn = Function("expn", lambda n, x: x.expint(n), (None, lambda n, x, y: -expn(n - 1, x)))
expi = Function("expi", lambda x: x.ei(), (lambda x, y: exp(x) / x,), native("ei"))
si   = Function("sici", lambda x: x.si(), (lambda x, y: x.sinc() if hasattr(x, "sinc") else sin(x) / x,), native("si"))
ci   = Function("sici", lambda x: x.ci(), (lambda x, y: cos(x) / x,), native("ci"))
shi  = Function("shichi", lambda x: x.shi(), (lambda x, y: hyp0f1(ball(1.5), x * x / 4),), native("shi"))
chi  = Function("shichi", lambda x: x.chi(), (lambda x, y: cosh(x) / x,), native("chi"))
fresnel_s = Function("fresnel", lambda x: x.fresnel_s(), (lambda x, y: sin(pi() / 2 * (x * x)),))
fresnel_c = Function("fresnel", lambda x: x.fresnel_c(), (lambda x, y: cos(pi() / 2 * (x * x)),))
ai  = Function("airy", lambda x: x.airy_ai(), (lambda x, y: dai(x),))
dai = Function("airy", lambda x: x.airy_ai(derivative=1), (lambda x, y: x * ai(x),))
bi  = Function("airy", lambda x: x.airy_bi(), (lambda x, y: dbi(x),))
dbi = Function("airy", lambda x: x.airy_bi(derivative=1), (lambda x, y: x * bi(x),))
# fmt: on


def of_order(n: int, function: Function) -> Callable[[Any], Any]:
    """A Bessel function of one argument."""
    return lambda x: function(ball(n), x)


def spherical(function: Function) -> Callable[..., Any]:
    """√(π/2x) C(n + ½, x)."""

    def value(n: Any, x: Any) -> Any:
        return sqrt(divide(pi() / 2, x)) * function(n + half(), x)

    return value


# --- hypergeometric functions --------------------------------------------------------------------
# fmt: off
hyp0f1 = Function("hyp0f1", lambda v, z: z.hypgeom_0f1(v), (None, lambda v, z, y: hyp0f1(v + 1, z) / v))
hyp1f1 = Function("hyp1f1", lambda a, b, x: x.hypgeom_1f1(a, b), (None, None, lambda a, b, x, y: a / b * hyp1f1(a + 1, b + 1, x)))
hyp2f1 = Function("hyp2f1", lambda a, b, c, z: z.hypgeom_2f1(a, b, c),
                  (None, None, None, lambda a, b, c, z, y: a * b / c * hyp2f1(a + 1, b + 1, c + 1, z)))
hyperu = Function("hyperu", lambda a, b, x: x.hypgeom_u(a, b), (None, None, lambda a, b, x, y: -a * hyperu(a + 1, b + 1, x)))
spence = Function("spence", lambda z: (1 - z).polylog(2), (lambda z, y: -gauss(1, 1, 2, 1 - z),))   # Li2(1 - z)
ellipk = Function("ellipk", lambda m: acb(m).elliptic_k().real, (lambda m, y: pi() / 8 * gauss(1.5, 1.5, 2, m),))
ellipe = Function("ellipe", lambda m: acb(m).elliptic_e().real, (lambda m, y: -pi() / 8 * gauss(0.5, 1.5, 2, m),))
ellipkinc = Function("ellipkinc", lambda p, m: load_flint().acb.elliptic_f(p, m).real, (lambda p, m, y: 1 / delta(p, m), None))
ellipeinc = Function("ellipeinc", lambda p, m: load_flint().acb.elliptic_e_inc(p, m).real, (lambda p, m, y: delta(p, m), None))
# fmt: on


def gauss(a: float, b: float, c: float, z: Any) -> Any:
    return hyp2f1(ball(a), ball(b), ball(c), z)


def delta(phi: Any, m: Any) -> Any:
    return sqrt(1 - m * sin(phi) * sin(phi))


def exprel(x: Any) -> Any:
    """(eˣ - 1)/x."""
    return hyp1f1(ball(1), ball(2), x)


def boxcox(x: Any, lam: Any) -> Any:
    """(x^λ - 1)/λ."""
    return log(x) * exprel(lam * log(x))


def boxcox1p(x: Any, lam: Any) -> Any:
    return log1p(x) * exprel(lam * log1p(x))


def inv_boxcox(y: Any, lam: Any) -> Any:
    """(1 + λy)^(1/λ), which is exp(y log(1 + λy)/λy)."""
    grown = lam * y
    return exp(y * hyp2f1(ball(1), ball(1), ball(2), -grown))


def inv_boxcox1p(y: Any, lam: Any) -> Any:
    return inv_boxcox(y, lam) - 1


REAL: dict[str, Callable[..., Any]] = {
    **{f.name: f for f in ELEMENTARY},
    **{
        f.name: f
        for f in (
            lgamma, loggamma, gamma, rgamma, zeta, gammainc, gammaincc, betainc, erf, erfc, erfi,
            erfinv, erfcinv, wrightomega, jv, yv, iv, kv, ive, kve, expn, expi, hyp0f1, hyp1f1,
            hyp2f1, hyperu, spence, ellipk, ellipe, ellipkinc, ellipeinc,
        )
    },
    "poch": poch, "binom": binom, "beta": beta, "betaln": betaln, "stdtr": stdtr, "erfcx": erfcx,
    "betaincc": lambda a, b, x: -betainc(a, b, x) + 1,
    "dawsn": dawsn, "ndtr": ndtr, "log_ndtr": log_ndtr, "ndtri": ndtri, "ndtri_exp": ndtri_exp,
    "expit": expit, "log_expit": log_expit, "logit": logit, "cosm1": cosm1, "sindg": sindg,
    "cosdg": cosdg, "tandg": tandg, "cotdg": cotdg, "exprel": exprel, "boxcox": boxcox,
    "boxcox1p": boxcox1p, "inv_boxcox": inv_boxcox, "inv_boxcox1p": inv_boxcox1p,
    "ellipkm1": lambda p: ellipk(-p + 1), "ellipem1": lambda p: ellipe(-p + 1),
    "exp1": lambda x: expn(ball(1), x),
    "j0": of_order(0, jv), "j1": of_order(1, jv), "y0": of_order(0, yv), "y1": of_order(1, yv),
    "i0": of_order(0, iv), "i1": of_order(1, iv), "k0": of_order(0, kv), "k1": of_order(1, kv),
    "i0e": of_order(0, ive), "i1e": of_order(1, ive), "k0e": of_order(0, kve),
    "k1e": of_order(1, kve), "spherical_jn": spherical(jv), "spherical_yn": spherical(yv),
    "spherical_in": spherical(iv), "spherical_kn": spherical(kv),
}  # fmt: skip
"""What is a function of one element of each operand, by the name of the op."""

PARTS: dict[str, tuple[Function, ...]] = {
    "sici": (si, ci), "shichi": (shi, chi), "fresnel": (fresnel_s, fresnel_c),
    "airy": (ai, dai, bi, dbi),
}  # fmt: skip
"""Of these the attribute `part` says which."""
