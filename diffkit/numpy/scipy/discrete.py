"""The distributions of whole numbers: what each is in its standard form, a table of formulas.

The variable k counts; derivatives are by the parameters.
"""

# The table's lambdas take whatever they are given, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import special as s
from ...ops.elementwise import lgamma
from ..special import xlog1py, xlogy
from .distributions import Distribution

INF = np.inf


def discrete(
    name: str, shapes: tuple[str, ...], support: tuple[Any, Any], valid: Any, **formulas: Any
) -> Distribution:
    return Distribution(name, formulas, shapes, support, valid, counts=True)


def share(p: Any) -> Any:
    return (p >= 0) & (p <= 1)


def log_choose(n: Any, k: Any) -> Any:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def whole(n: Any) -> Any:
    return (n >= 0) & (np.floor(n) == n)


# fmt: off
poisson = discrete("poisson", ("mu",), (0.0, INF), lambda mu: mu >= 0,
    logpmf=lambda k, mu: xlogy(k, mu) - lgamma(k + 1) - mu,
    cdf=lambda k, mu: s.gammaincc(k + 1, mu), sf=lambda k, mu: s.gammainc(k + 1, mu))
binom = discrete("binom", ("n", "p"), (0.0, lambda n, p: n), lambda n, p: whole(n) & share(p),
    logpmf=lambda k, n, p: log_choose(n, k) + xlogy(k, p) + xlog1py(n - k, -p),
    cdf=lambda k, n, p: s.betaincc(k + 1, n - k, p), sf=lambda k, n, p: s.betainc(k + 1, n - k, p))
bernoulli = discrete("bernoulli", ("p",), (0.0, 1.0), share,
    logpmf=lambda k, p: xlogy(k, p) + xlog1py(1 - k, -p),
    cdf=lambda k, p: 1 - p, sf=lambda k, p: p)
geom = discrete("geom", ("p",), (1.0, INF), lambda p: (p > 0) & (p <= 1),
    logpmf=lambda k, p: xlog1py(k - 1, -p) + np.log(p),
    cdf=lambda k, p: -np.expm1(np.log1p(-p) * k), logsf=lambda k, p: k * np.log1p(-p))
nbinom = discrete("nbinom", ("n", "p"), (0.0, INF), lambda n, p: (n > 0) & (p > 0) & (p <= 1),
    logpmf=lambda k, n, p: (lgamma(n + k) - lgamma(k + 1) - lgamma(n)
                            + n * np.log(p) + xlog1py(k, -p)),
    cdf=lambda k, n, p: s.betainc(n, k + 1, p), sf=lambda k, n, p: s.betaincc(n, k + 1, p))
# fmt: on

DISCRETE = (poisson, binom, bernoulli, geom, nbinom)
