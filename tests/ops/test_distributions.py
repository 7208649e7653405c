"""Distributions at the ends of their supports, outside, far out, and with parameters that are none:
values are SciPy's, derivatives are 0 where nothing moves and finite where they exist."""

from __future__ import annotations

import warnings
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy import stats as st

import diffkit as dk
from diffkit.graph import evaluate
from diffkit.numpy.scipy.continuous import CONTINUOUS
from diffkit.numpy.scipy.discrete import DISCRETE
from diffkit.numpy.scipy.distributions import DENSITIES
from diffkit.types import type_of

# fmt: off
SHAPES: dict[str, tuple[float, ...]] = {
    "lognorm": (0.7,), "truncnorm": (-1.2, 0.8), "t": (3.5,), "beta": (1.7, 2.4), "gamma": (2.3,),
    "invgamma": (2.3,), "chi2": (3.4,), "pareto": (2.6,), "weibull_min": (1.6,),
    "poisson": (2.2,), "binom": (5.0, 0.3), "bernoulli": (0.3,), "geom": (0.3,),
    "nbinom": (2.5, 0.4),
}
# fmt: on
POINTS = np.array(
    [-np.inf, -30.0, -1.2, -0.5, 0.0, 0.3, 0.8, 1.0, 2.0, 5.0, 7.0, 60.0, np.inf, np.nan]
)
QUANTILES = np.array([-0.1, 0.0, 1e-3, 0.3, 0.5, 1.0, 1.1, np.nan])
EACH = pytest.mark.parametrize("d", [*CONTINUOUS, *DISCRETE], ids=lambda d: d.name)


def traced(f: Any, *args: Any) -> Any:
    graph = dk.trace(f)(*[type_of(x) for x in args])
    return evaluate(graph, list(args))[0]


def quietly(f: Any, *args: Any) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return f(*args)


def kinds(d: Any) -> list[str]:
    """The functions that SciPy's distribution has under the same name."""
    return [k for k in d.derived if hasattr(getattr(st, d.name), k)]


@EACH
def test_values_everywhere(d: Any) -> None:
    theirs = getattr(st, d.name)
    shapes = SHAPES.get(d.name, ())
    for kind in kinds(d):
        points = QUANTILES if kind in ("ppf", "isf") else POINTS

        def f(x: Any, kind: str = kind) -> Any:
            return getattr(theirs, kind)(x, *shapes)

        want, got = quietly(f, points), traced(f, points)
        small = np.isfinite(want) & (np.abs(want) < 1e-300)
        if kind in DENSITIES:  # SciPy has ∞ - ∞ there
            nothing = got == (-np.inf if kind.startswith("log") else 0.0)
            small |= np.isinf(points) & np.isnan(want) & nothing
        if kind in ("logcdf", "logsf"):  # SciPy takes the logarithm of 0 far out
            small |= np.isneginf(want) & np.isfinite(got)
        atol = 1e-15 if d.counts else 0.0  # SciPy takes log F near 1
        pair = np.where(small, 0, got), np.where(small, 0, want)
        np.testing.assert_allclose(*pair, rtol=1e-12, atol=atol, err_msg=kind)


@EACH
def test_parameters_that_are_none(d: Any) -> None:
    theirs, shapes = getattr(st, d.name), SHAPES.get(d.name, ())
    scale = {} if d.counts else {"scale": -1.0}
    density = "logpmf" if d.counts else "logpdf"
    for wrong in [shapes, *(tuple(-s for s in shapes) for _ in shapes[:1])]:
        if wrong == shapes and not scale:
            continue

        def f(x: Any, wrong: Any = wrong) -> Any:
            return getattr(theirs, density)(x, *wrong, **scale)

        points = np.array([0.3, 1.0])
        np.testing.assert_array_equal(traced(f, points), quietly(f, points))


@EACH
def test_nothing_moves_outside_of_the_support(d: Any) -> None:
    """Nor is there a nan: -inf is a constant."""
    theirs, shapes = getattr(st, d.name), SHAPES.get(d.name, ())
    low = d.support[0](*shapes) if callable(d.support[0]) else d.support[0]
    if not np.isfinite(low):
        pytest.skip("every number is in the support")
    for kind in kinds(d):
        if kind in ("ppf", "isf"):
            continue
        for place in range(len(shapes)):

            def f(s: Any, kind: str = kind, place: int = place) -> Any:
                parts = [s if k == place else shape for k, shape in enumerate(shapes)]
                return getattr(theirs, kind)(low - 7.0, *parts)

            if d.name in ("binom", "truncnorm") or kind not in ("cdf", "sf", "logcdf", "logsf"):
                assert float(dk.grad(f)(shapes[place])) == 0.0, (kind, place)
        if not d.counts:
            slope = dk.grad(lambda x, kind=kind: getattr(theirs, kind)(x, *shapes))
            assert float(slope(low - 7.0)) == 0.0, kind


def test_far_out() -> None:
    """Tails where the probability underflows and its logarithm does not."""
    for x in (-40.0, -1e3):
        with mp.workdps(50):
            want = float(mp.npdf(x) / mp.ncdf(x))
        np.testing.assert_allclose(dk.grad(st.norm.logcdf)(x), want, rtol=1e-12)
        np.testing.assert_allclose(dk.grad(st.norm.logsf)(-x), -want, rtol=1e-12)
    np.testing.assert_allclose(dk.grad(st.laplace.logcdf)(-1e3), 1.0, rtol=1e-15)
    np.testing.assert_allclose(dk.grad(st.logistic.logsf)(1e3), -1.0, rtol=1e-15)
    np.testing.assert_allclose(dk.grad(st.gumbel_r.logcdf)(-5.0), np.exp(5.0), rtol=1e-14)
    slope = dk.grad(lambda x: st.truncnorm.logpdf(x, 20.0, 30.0))(21.0)
    np.testing.assert_allclose(slope, -21.0, rtol=1e-14)


def test_the_density_of_many_degrees_of_freedom() -> None:
    """t tends to the normal distribution, and its derivative by the degrees to 0 like 1/n²."""
    for n in (1e3, 1e6, 1e9):
        with mp.workdps(80):

            def log_density(k: Any) -> Any:
                lead = mp.loggamma((k + 1) / 2) - mp.loggamma(k / 2) - mp.log(k * mp.pi) / 2
                return lead - (k + 1) / 2 * mp.log1p(mp.mpf(1.7) ** 2 / k)

            h = mp.mpf(n) * mp.mpf(10) ** -20
            want = float((log_density(n + h) - log_density(n - h)) / (2 * h))
        got = dk.grad(lambda k: st.t.logpdf(1.7, k))(n)
        assert abs(float(got) - want) <= 1e-9 * abs(want) + 4e-16 / n, n  # terms of 1/n cancel
    assert float(st.norm.logpdf(1.7)) == float(traced(lambda k: st.t.logpdf(1.7, k), np.inf))


def test_ends_of_the_support() -> None:
    """Where the exponent of x is 0 the density jumps there, and moves with its parameters."""
    slope = dk.grad(lambda b: st.beta.logpdf(0.0, 1.0, b))(3.0)
    np.testing.assert_allclose(slope, 1 / 3, rtol=1e-14)
    assert float(dk.grad(lambda s: st.expon.logpdf(0.0, scale=s))(2.0)) == -0.5
    kink = dk.grad(lambda x: st.gamma.pdf(x, 2.0))(0.0)  # 0 on the left, 1 on the right
    assert float(kink) == 0.0
    assert float(dk.grad(lambda m: st.poisson.logpmf(0, m))(0.0)) == -1.0


def test_the_covariance_must_fit() -> None:
    with pytest.raises(ValueError, match=r"multivariate_normal.*Expected a covariance"):
        dk.grad(lambda m: st.multivariate_normal.logpdf(np.ones(3), m, np.eye(2)))(np.ones(3))
    slope = dk.grad(lambda c: st.multivariate_normal.logpdf(np.ones(2), np.zeros(2), c))
    c = np.array([[2.0, 0.3], [0.3, 1.0]])
    inverse = np.linalg.inv(c)
    v = inverse @ np.ones(2)
    np.testing.assert_allclose(slope(c), (np.outer(v, v) - inverse.T) / 2, rtol=1e-12)
