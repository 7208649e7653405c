"""Scenarios of SciPy's distributions: by the variable, by location and scale, by the shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats as st

from .scenario import LINE, P, Q, Scenario, T, U, X, numbers
from .scenario import case as row

R = numbers(110, 2, 3, low=0.1, high=0.9)
"""Between 0 and 1."""
COUNTS = np.array([[0, 2, 1], [4, 3, 1]])
LOC, SCALE = -0.3, 1.4


def case(name: str, f: Any, *args: Any, **kw: Any) -> Scenario:
    """A row; SciPy's distributions answer in float64."""
    return row(
        f"scipy.stats.{name}", f, *args, **{"analytic": False, "single": False, "ulps": 64, **kw}
    )


def everything(name: str, x: Any, kinds: str, *shapes: float) -> list[Scenario]:
    """All functions of a distribution by the variable, location and scale; shapes are fixed."""
    d: Any = getattr(st, name)
    rows: list[Scenario] = []
    for kind in kinds.split():

        def f(x: Any, loc: Any, scale: Any, kind: str = kind) -> Any:
            return getattr(d, kind)(x, *shapes, loc=loc, scale=scale)

        where = R if kind in ("ppf", "isf") else x * SCALE + LOC
        rows.append(case(f"{name}-{kind}", f, where, LOC, SCALE))
    return rows


def by_shapes(name: str, kind: str, x: Any, *shapes: Any, torch: Any = None) -> Scenario:
    """A function of a distribution by the variable and its shapes."""
    d: Any = getattr(st, name)
    return case(
        f"{name}-{kind}-shapes", lambda x, *s: getattr(d, kind)(x, *s), x, *shapes, torch=torch
    )


ALL = "pdf logpdf cdf sf logcdf logsf"
INVERSES = f"{ALL} ppf isf"

LOCATED = [
    *everything("norm", X, INVERSES),
    *everything("halfnorm", P, INVERSES),
    *everything("lognorm", P, INVERSES, 0.7),
    *everything("truncnorm", U, ALL, -1.1, 1.3),
    *everything("t", X, INVERSES, 3.5),
    *everything("cauchy", X, INVERSES),
    *everything("laplace", X, INVERSES),
    *everything("logistic", X, INVERSES),
    *everything("gumbel_r", X, INVERSES),
    *everything("uniform", R, INVERSES),
    *everything("expon", P, INVERSES),
    *everything("beta", R, INVERSES, 1.7, 2.4),
    *everything("gamma", P, INVERSES, 2.3),
    *everything("invgamma", P, INVERSES, 2.3),
    *everything("chi2", P, INVERSES, 3.4),
    *everything("pareto", Q + 1, INVERSES, 2.6),
    *everything("weibull_min", P, INVERSES, 1.6),
    *everything("rayleigh", P, INVERSES),
]


def log_normal_mass(a: Any, b: Any) -> Any:
    return T.log((T.erf(b / 2**0.5) - T.erf(a / 2**0.5)) / 2)


def shares(xp: Any, p: Any, q: Any) -> Any:
    """Two shares and the rest."""
    return xp.stack([p, q, 1 - p - q])


D = T.distributions if T is not None else None
TRI: dict[str, Any] = {"peer": (1e-9, 1e-9)}
"""PyTorch's ψ′ is right to 5e-10 only."""

# fmt: off
SHAPES = [
    by_shapes("lognorm", "logpdf", P, Q, torch=lambda x, s: D.LogNormal(T.zeros_like(s), s).log_prob(x)),
    by_shapes("lognorm", "cdf", P, Q, torch=lambda x, s: D.LogNormal(T.zeros_like(s), s).cdf(x)),
    by_shapes("truncnorm", "logpdf", U, -1.1, 1.3,
              torch=lambda x, a, b: -x * x / 2 - np.log(2 * np.pi) / 2 - log_normal_mass(a, b)),
    by_shapes("truncnorm", "logcdf", U, -1.1, 1.3, torch=lambda x, a, b: log_normal_mass(a, x) - log_normal_mass(a, b)),
    by_shapes("truncnorm", "pdf", U + 3, 1.7, 4.9),
    by_shapes("truncnorm", "logsf", U - 3, -4.9, -1.7),
    case("t-logpdf-shapes", lambda x, n: st.t.logpdf(x, n), X, Q, torch=lambda x, n: D.StudentT(n).log_prob(x), **TRI),
    case("beta-logpdf-shapes", lambda x, a, b: st.beta.logpdf(x, a, b), R, Q, P, torch=lambda x, a, b: D.Beta(a, b).log_prob(x), **TRI),
    case("beta-pdf-shapes", lambda x, a, b: st.beta.pdf(x, a, b), R, Q, P, torch=lambda x, a, b: T.exp(D.Beta(a, b).log_prob(x)), **TRI),
    case("gamma-logpdf-shapes", lambda x, a: st.gamma.logpdf(x, a), P, Q, torch=lambda x, a: D.Gamma(a, 1.0).log_prob(x), **TRI),
    case("gamma-frozen", lambda x, a, s: st.gamma(a, scale=s).logpdf(x), P, Q, 1.3, torch=lambda x, a, s: D.Gamma(a, 1 / s).log_prob(x), **TRI),
    case("invgamma-logpdf-shapes", lambda x, a: st.invgamma.logpdf(x, a), P, Q, torch=lambda x, a: D.InverseGamma(a, T.ones_like(a)).log_prob(x), **TRI),
    case("chi2-logpdf-shapes", lambda x, n: st.chi2.logpdf(x, n), P, Q, torch=lambda x, n: D.Chi2(n).log_prob(x), **TRI),
    by_shapes("pareto", "logpdf", Q + 1, P, torch=lambda x, b: D.Pareto(T.ones_like(b), b).log_prob(x)),
    by_shapes("pareto", "sf", Q + 1, P, torch=lambda x, b: x**-b),
    by_shapes("weibull_min", "logpdf", P, Q, torch=lambda x, c: D.Weibull(T.ones_like(c), c).log_prob(x)),
    by_shapes("weibull_min", "cdf", P, Q, torch=lambda x, c: 1 - T.exp(-(x**c))),
    case("norm-logpdf-torch", lambda x, m, s: st.norm.logpdf(x, m, s), X, LINE[:3], Q, torch=lambda x, m, s: D.Normal(m, s).log_prob(x)),
    case("norm-cdf-torch", lambda x, m, s: st.norm.cdf(x, m, s), X, LINE[:3], Q, torch=lambda x, m, s: D.Normal(m, s).cdf(x)),
    case("norm-frozen", lambda m, s: st.norm(m, scale=s).pdf(X), LINE[:3], Q, torch=lambda m, s: T.exp(D.Normal(m, s).log_prob(T.as_tensor(X)))),
    case("laplace-logpdf-torch", lambda x, m, s: st.laplace.logpdf(x, m, s), X, LINE[:3], Q, torch=lambda x, m, s: D.Laplace(m, s).log_prob(x)),
    case("cauchy-logpdf-torch", lambda x, m, s: st.cauchy.logpdf(x, m, s), X, LINE[:3], Q, torch=lambda x, m, s: D.Cauchy(m, s).log_prob(x)),
    case("gumbel_r-logpdf-torch", lambda x, m, s: st.gumbel_r.logpdf(x, m, s), X, LINE[:3], Q, torch=lambda x, m, s: D.Gumbel(m, s).log_prob(x)),
    case("expon-logpdf-torch", lambda x, s: st.expon.logpdf(x, scale=s), P, Q, torch=lambda x, s: D.Exponential(1 / s).log_prob(x)),
]

DISCRETE = [
    case("poisson-logpmf", lambda m: st.poisson.logpmf(COUNTS, m), Q, torch=lambda m: D.Poisson(m).log_prob(T.as_tensor(COUNTS).double())),
    case("poisson-pmf", lambda m: st.poisson.pmf(COUNTS, m), Q, torch=lambda m: T.exp(D.Poisson(m).log_prob(T.as_tensor(COUNTS).double()))),
    case("poisson-cdf", lambda m: st.poisson.cdf(COUNTS, m), Q, torch=lambda m: T.special.gammaincc(T.as_tensor(COUNTS).double() + 1, m)),
    case("poisson-sf", lambda m: st.poisson.sf(COUNTS, m), Q),
    case("poisson-logpmf-floor", lambda m: st.poisson.logpmf(np.floor(m), m), Q, torch=lambda m: D.Poisson(m).log_prob(T.floor(m))),
    case("poisson-loc", lambda m: st.poisson.logsf(COUNTS, m, 1), Q),
    case("binom-logpmf", lambda p: st.binom.logpmf(COUNTS, 5, p), R, torch=lambda p: D.Binomial(5, p).log_prob(T.as_tensor(COUNTS).double())),
    case("binom-pmf", lambda p: st.binom.pmf(COUNTS, 4, p), R),
    case("binom-cdf", lambda p: st.binom.cdf(COUNTS, 5, p), R),
    case("binom-logsf", lambda p: st.binom.logsf(COUNTS, 5, p), R),
    case("bernoulli-logpmf", lambda p: st.bernoulli.logpmf(COUNTS % 2, p), R, torch=lambda p: D.Bernoulli(p).log_prob(T.as_tensor(COUNTS % 2).double())),
    case("bernoulli-cdf", lambda p: st.bernoulli.cdf(COUNTS % 2, p), R),
    case("geom-logpmf", lambda p: st.geom.logpmf(COUNTS + 1, p), R, torch=lambda p: D.Geometric(p).log_prob(T.as_tensor(COUNTS).double())),
    case("geom-cdf", lambda p: st.geom.cdf(COUNTS, p), R),
    case("geom-logsf", lambda p: st.geom.logsf(COUNTS, p), R),
    case("nbinom-logpmf", lambda n, p: st.nbinom.logpmf(COUNTS, n, p), Q, R,
         torch=lambda n, p: D.NegativeBinomial(n, probs=1 - p).log_prob(T.as_tensor(COUNTS).double()), **TRI),
    case("nbinom-cdf", lambda p: st.nbinom.cdf(COUNTS, 2.5, p), R),
    case("nbinom-sf", lambda p: st.nbinom.sf(COUNTS, 2.5, p), R),
]

MEAN = numbers(111, 3)
ROOT = numbers(112, 3, 3) / 2 + 1.5 * np.eye(3)
COVARIANCE = ROOT @ ROOT.T
ALPHA = np.array([1.4, 0.8, 2.6])
SIMPLEX = np.array([[0.2, 0.5, 0.3, 0.1], [0.3, 0.1, 0.6, 0.2], [0.5, 0.4, 0.1, 0.7]])

SEVERAL = [
    case("multivariate_normal-logpdf", lambda x, m, a: st.multivariate_normal.logpdf(x, m, a @ a.T), X, MEAN, ROOT,
         torch=lambda x, m, a: D.MultivariateNormal(m, a @ a.T).log_prob(x), ulps=256),
    case("multivariate_normal-pdf", lambda x, s: st.multivariate_normal.pdf(x, MEAN, s), MEAN * 0.7, COVARIANCE[0, 0],
         torch=lambda x, s: T.exp(D.MultivariateNormal(T.as_tensor(MEAN), s * T.eye(3).double()).log_prob(x)), ulps=256),
    case("multivariate_normal-diagonal", lambda m, v: st.multivariate_normal(m, v).logpdf(X), MEAN, np.array([0.4, 1.7, 0.9]),
         torch=lambda m, v: D.MultivariateNormal(m, T.diag(v)).log_prob(T.as_tensor(X)), ulps=256),
    case("multivariate_normal-one", lambda x, s: st.multivariate_normal.logpdf(x, 0.4, s), LINE, 1.7,
         torch=lambda x, s: D.Normal(0.4, T.sqrt(s)).log_prob(x), ulps=256),
    case("multivariate_normal-entropy", lambda s, v: st.multivariate_normal.entropy(MEAN, COVARIANCE + s * np.outer(v, v)), 0.3, MEAN,
         torch=lambda s, v: D.MultivariateNormal(T.as_tensor(MEAN), T.as_tensor(COVARIANCE) + s * T.outer(v, v)).entropy(), ulps=256),
    case("dirichlet-logpdf", lambda a: st.dirichlet.logpdf(SIMPLEX, a), ALPHA, torch=lambda a: D.Dirichlet(a).log_prob(T.as_tensor(SIMPLEX.T)), **TRI),
    case("dirichlet-pdf", lambda x: st.dirichlet.pdf(x, ALPHA), SIMPLEX[:2, 0], torch=lambda x: T.exp(D.Dirichlet(T.as_tensor(ALPHA)).log_prob(T.cat([x, 1 - x.sum()[None]])))),
    case("multinomial-logpmf", lambda p, q: st.multinomial.logpmf([[1, 0, 3], [2, 1, 1]], 4, shares(np, p, q)), 0.2, 0.3,
         torch=lambda p, q: T.stack([D.Multinomial(4, shares(T, p, q)).log_prob(T.tensor(k).double()) for k in ([1, 0, 3], [2, 1, 1])])),
    case("multinomial-pmf", lambda p, q: st.multinomial.pmf([2, 1, 1], 4, shares(np, p, q)), 0.2, 0.3),
]
# fmt: on

SCENARIOS = [*LOCATED, *SHAPES, *DISCRETE, *SEVERAL]
