"""`dnp.scipy.stats`: distributions, differentiable by the variable and by their parameters.

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> float(dk.grad(lambda s: dnp.scipy.stats.norm.logpdf(1.0, scale=s))(2.0))
    -0.375

pdf or pmf, logpdf or logpmf, cdf, sf, logcdf, logsf, ppf and isf, with loc and scale and in the
frozen form, as far as their formulas have derivatives; on plain values all that SciPy has.
"""

from __future__ import annotations

from .continuous import CONTINUOUS
from .continuous import beta as beta
from .continuous import cauchy as cauchy
from .continuous import chi2 as chi2
from .continuous import expon as expon
from .continuous import gamma as gamma
from .continuous import gumbel_r as gumbel_r
from .continuous import halfnorm as halfnorm
from .continuous import invgamma as invgamma
from .continuous import laplace as laplace
from .continuous import logistic as logistic
from .continuous import lognorm as lognorm
from .continuous import norm as norm
from .continuous import pareto as pareto
from .continuous import rayleigh as rayleigh
from .continuous import t as t
from .continuous import truncnorm as truncnorm
from .continuous import uniform as uniform
from .continuous import weibull_min as weibull_min
from .discrete import DISCRETE
from .discrete import bernoulli as bernoulli
from .discrete import binom as binom
from .discrete import geom as geom
from .discrete import nbinom as nbinom
from .discrete import poisson as poisson
from .dispatch import rest_of
from .distributions import MODULE, Distribution
from .multivariate import MULTIVARIATE, Multivariate
from .multivariate import dirichlet as dirichlet
from .multivariate import multinomial as multinomial
from .multivariate import multivariate_normal as multivariate_normal

DISTRIBUTIONS: dict[str, Distribution | Multivariate] = {
    d.name: d for d in (*CONTINUOUS, *DISCRETE, *MULTIVARIATE)
}

__getattr__ = rest_of(MODULE)
