"""The continuous distributions: what each is in its standard form, a table of formulas.

Notation of SciPy's documentation; the logarithm of a density is the formula, and its exponential
the density. Tails have formulas of their own where one minus the other would lose their digits.
"""

# The table's lambdas take whatever they are given, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...ops import elementwise as e
from ...ops import special as s
from ..special import xlog1py, xlogy
from .distributions import Distribution, positive

LOG_ROOT_TAU = math.log(2 * math.pi) / 2
LN2 = math.log(2)
INF = np.inf


def continuous(
    name: str,
    shapes: tuple[str, ...] = (),
    support: tuple[Any, Any] = (-INF, INF),
    valid: Any = positive,
    open: bool = False,
    **formulas: Any,
) -> Distribution:
    return Distribution(name, formulas, shapes, support, valid, open=open)


def norm_logpdf(z: Any) -> Any:
    return -np.square(z) / 2 - LOG_ROOT_TAU


def t_logpdf(z: Any, df: Any) -> Any:
    """-(n+1)/2 log(1 + z²/n) - log(√n B(n/2, 1/2)); the normal one for n = ∞."""
    lead = s.betaln(df / 2, 0.5) + 0.5 * np.log(df)
    value = -lead - (df + 1) / 2 * np.log1p(np.square(z) / df)
    return np.where(np.isposinf(df), norm_logpdf(z), value)


def halves(z: Any, left: Any, right: Any) -> Any:
    """One formula for each side of 0."""
    return np.where(z < 0, left, right)


def laplace_logcdf(z: Any) -> Any:
    return halves(z, z - LN2, np.log1p(-0.5 * np.exp(-z)))


def log_difference(p: Any, q: Any) -> Any:
    """log(e^p - e^q) for p > q."""
    return p + np.log1p(-np.exp(q - p))


def log_mass(a: Any, b: Any) -> Any:
    """log(Φ(b) - Φ(a)), on the side where both are small."""
    left = log_difference(s.log_ndtr(b), s.log_ndtr(a))
    right = log_difference(s.log_ndtr(-a), s.log_ndtr(-b))
    middle = np.log1p(-s.ndtr(a) - s.ndtr(-b))
    return np.where(b <= 0, left, np.where(a > 0, right, middle))


# fmt: off
norm = continuous("norm", logpdf=norm_logpdf,
    cdf=lambda z: s.ndtr(z), sf=lambda z: s.ndtr(-z),
    logcdf=lambda z: s.log_ndtr(z), logsf=lambda z: s.log_ndtr(-z),
    ppf=lambda q: s.ndtri(q), isf=lambda q: -s.ndtri(q))
halfnorm = continuous("halfnorm", support=(0.0, INF),
    logpdf=lambda z: norm_logpdf(z) + LN2, cdf=lambda z: e.erf(z * math.sqrt(0.5)),
    sf=lambda z: 2 * s.ndtr(-z),
    ppf=lambda q: math.sqrt(2) * s.erfinv(q), isf=lambda q: -s.ndtri(q / 2))
lognorm = continuous("lognorm", ("s",), (0.0, INF), open=True,
    logpdf=lambda z, w: norm_logpdf(np.log(z) / w) - np.log(w * z),
    cdf=lambda z, w: s.ndtr(np.log(z) / w), sf=lambda z, w: s.ndtr(-np.log(z) / w),
    logcdf=lambda z, w: s.log_ndtr(np.log(z) / w), logsf=lambda z, w: s.log_ndtr(-np.log(z) / w),
    ppf=lambda q, w: np.exp(w * s.ndtri(q)), isf=lambda q, w: np.exp(-w * s.ndtri(q)))
truncnorm = continuous("truncnorm", ("a", "b"), (lambda a, b: a, lambda a, b: b),
    valid=lambda a, b: a < b,
    logpdf=lambda z, a, b: norm_logpdf(z) - log_mass(a, b),
    logcdf=lambda z, a, b: log_mass(a, z) - log_mass(a, b),
    logsf=lambda z, a, b: log_mass(z, b) - log_mass(a, b))
t = continuous("t", ("df",), logpdf=t_logpdf,
    cdf=lambda z, df: s.stdtr(df, z), sf=lambda z, df: s.stdtr(df, -z),
    ppf=lambda q, df: s.stdtrit(df, q), isf=lambda q, df: -s.stdtrit(df, q))
cauchy = continuous("cauchy", logpdf=lambda z: -math.log(math.pi) - np.log1p(np.square(z)),
    cdf=lambda z: np.arctan2(1.0, -z) / math.pi, sf=lambda z: np.arctan2(1.0, z) / math.pi,
    ppf=lambda q: np.tan(math.pi * q - math.pi / 2),
    isf=lambda q: np.tan(math.pi / 2 - math.pi * q))
laplace = continuous("laplace", logpdf=lambda z: -np.abs(z) - LN2,
    cdf=lambda z: halves(z, 0.5 * np.exp(z), 1 - 0.5 * np.exp(-z)),
    sf=lambda z: halves(z, 1 - 0.5 * np.exp(z), 0.5 * np.exp(-z)),
    logcdf=laplace_logcdf, logsf=lambda z: laplace_logcdf(-z),
    ppf=lambda q: halves(q - 0.5, np.log(2 * q), -np.log(2 * (1 - q))),
    isf=lambda q: halves(q - 0.5, -np.log(2 * q), np.log(2 * (1 - q))))
logistic = continuous("logistic", logpdf=lambda z: s.log_expit(z) + s.log_expit(-z),
    cdf=lambda z: s.expit(z), sf=lambda z: s.expit(-z),
    logcdf=lambda z: s.log_expit(z), logsf=lambda z: s.log_expit(-z),
    ppf=lambda q: s.logit(q), isf=lambda q: -s.logit(q))
gumbel_r = continuous("gumbel_r", logpdf=lambda z: -z - np.exp(-z),
    logcdf=lambda z: -np.exp(-z), sf=lambda z: -np.expm1(-np.exp(-z)),
    ppf=lambda q: -np.log(-np.log(q)), isf=lambda q: -np.log(-np.log1p(-q)))
uniform = continuous("uniform", support=(0.0, 1.0), logpdf=lambda z: 0.0 * z,
    cdf=lambda z: z, sf=lambda z: 1 - z, ppf=lambda q: q, isf=lambda q: 1 - q)
expon = continuous("expon", support=(0.0, INF), logpdf=lambda z: -z,
    cdf=lambda z: -np.expm1(-z), logsf=lambda z: -z,
    ppf=lambda q: -np.log1p(-q), isf=lambda q: -np.log(q))
beta = continuous("beta", ("a", "b"), (0.0, 1.0),
    logpdf=lambda z, a, b: xlog1py(b - 1, -z) + xlogy(a - 1, z) - s.betaln(a, b),
    cdf=lambda z, a, b: s.betainc(a, b, z), sf=lambda z, a, b: s.betaincc(a, b, z),
    ppf=lambda q, a, b: s.betaincinv(a, b, q), isf=lambda q, a, b: s.betainccinv(a, b, q))
gamma = continuous("gamma", ("a",), (0.0, INF),
    logpdf=lambda z, a: xlogy(a - 1, z) - z - e.lgamma(a),
    cdf=lambda z, a: s.gammainc(a, z), sf=lambda z, a: s.gammaincc(a, z),
    ppf=lambda q, a: s.gammaincinv(a, q), isf=lambda q, a: s.gammainccinv(a, q))
invgamma = continuous("invgamma", ("a",), (0.0, INF), open=True,
    logpdf=lambda z, a: -(a + 1) * np.log(z) - e.lgamma(a) - 1 / z,
    cdf=lambda z, a: s.gammaincc(a, 1 / z), sf=lambda z, a: s.gammainc(a, 1 / z),
    ppf=lambda q, a: 1 / s.gammainccinv(a, q), isf=lambda q, a: 1 / s.gammaincinv(a, q))
chi2 = continuous("chi2", ("df",), (0.0, INF),
    logpdf=lambda z, df: xlogy(df / 2 - 1, z) - z / 2 - e.lgamma(df / 2) - LN2 / 2 * df,
    cdf=lambda z, df: s.gammainc(df / 2, z / 2), sf=lambda z, df: s.gammaincc(df / 2, z / 2),
    ppf=lambda q, df: 2 * s.gammaincinv(df / 2, q), isf=lambda q, df: 2 * s.gammainccinv(df / 2, q))
pareto = continuous("pareto", ("b",), (1.0, INF),
    logpdf=lambda z, b: np.log(b) - (b + 1) * np.log(z),
    cdf=lambda z, b: 1 - np.power(z, -b), logsf=lambda z, b: -b * np.log(z),
    ppf=lambda q, b: np.power(1 - q, -1 / b), isf=lambda q, b: np.power(q, -1 / b))
weibull_min = continuous("weibull_min", ("c",), (0.0, INF),
    logpdf=lambda z, c: np.log(c) + xlogy(c - 1, z) - np.power(z, c),
    cdf=lambda z, c: -np.expm1(-np.power(z, c)), logsf=lambda z, c: -np.power(z, c),
    ppf=lambda q, c: np.power(-np.log1p(-q), 1 / c), isf=lambda q, c: np.power(-np.log(q), 1 / c))
rayleigh = continuous("rayleigh", support=(0.0, INF),
    logpdf=lambda z: np.log(z) - np.square(z) / 2,
    cdf=lambda z: -np.expm1(-np.square(z) / 2), logsf=lambda z: -np.square(z) / 2,
    ppf=lambda q: np.sqrt(-2 * np.log1p(-q)), isf=lambda q: np.sqrt(-2 * np.log(q)))
# fmt: on

CONTINUOUS = (
    norm, halfnorm, lognorm, truncnorm, t, cauchy, laplace, logistic, gumbel_r, uniform, expon,
    beta, gamma, invgamma, chi2, pareto, weibull_min, rayleigh,
)  # fmt: skip
