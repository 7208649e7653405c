"""SciPy as users import it works in a recorded function: modules, functions, distributions."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types
from typing import Any

import numpy as np
import pytest
import scipy
import scipy.special as sp
from scipy import signal, stats
from scipy.integrate import simpson
from scipy.signal import convolve
from scipy.special import gammaln, logsumexp
from scipy.special import softmax as soft
from scipy.stats import beta, multivariate_normal, norm
from scipy.stats import gamma as gamma_distribution

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import UnsupportedError
from diffkit.numpy.scipy.lookup import NAMESPACES, stand_in
from diffkit.numpy.scipy.stats import DISTRIBUTIONS
from tests.replay import replayed

X = np.array([0.3, 0.9, 1.7])
density = norm.logpdf
FROZEN = gamma_distribution(2.0, scale=3.0)
BOTH = multivariate_normal(np.zeros(3), np.diag([1.0, 2.0, 4.0]))


class Model:
    distribution = beta

    def __call__(self, x: Any) -> Any:
        return self.distribution.logpdf(x / 2, 2.0, 3.0)


def helper(x: Any) -> Any:
    return logsumexp(x)


def squares(x: Any) -> Any:
    return np.sum(-x * x / 2)


# fmt: off
PROGRAMS: dict[str, tuple[Any, Any]] = {
    "module": (lambda x: sp.softmax(x)[0], lambda x: dnp.scipy.special.softmax(x)[0]),
    "ufunc of a module": (lambda x: np.sum(sp.gammaln(x)), lambda x: np.sum(dnp.lgamma(x))),
    "package": (lambda x: scipy.special.logsumexp(x), lambda x: dnp.logsumexp(x)),
    "function": (lambda x: logsumexp(x), lambda x: dnp.logsumexp(x)),
    "function by another name": (lambda x: soft(x)[1], lambda x: dnp.scipy.special.softmax(x)[1]),
    "ufunc": (lambda x: np.sum(gammaln(x)), lambda x: np.sum(dnp.lgamma(x))),
    "function in a helper": (lambda x: helper(x), lambda x: dnp.logsumexp(x)),
    "submodule": (lambda x: np.sum(signal.convolve(x, X)), lambda x: np.sum(convolve(x, X))),
    "convolve": (lambda x: convolve(x, X)[2], lambda x: np.sum(x * X[::-1])),
    "simpson": (lambda x: simpson(x, dx=3.0), lambda x: x[0] + 4 * x[1] + x[2]),
    "distribution": (lambda x: np.sum(norm.logpdf(x)), squares),
    "distribution of a module": (lambda x: np.sum(stats.norm.logpdf(x)), squares),
    "method": (lambda x: np.sum(density(x)), squares),
    "frozen": (lambda x: np.sum(FROZEN.logpdf(x)), lambda x: np.sum(np.log(x) - x / 3)),
    "frozen within": (lambda x: np.sum(stats.gamma(2.0, scale=3.0).logpdf(x)),
                      lambda x: np.sum(np.log(x) - x / 3)),
    "frozen of several variables": (lambda x: BOTH.logpdf(x),
                                    lambda x: -(x[0] ** 2 + x[1] ** 2 / 2 + x[2] ** 2 / 4) / 2),
    "from diffkit": (lambda x: np.sum(dnp.scipy.stats.norm.logpdf(x)), squares),
}
# fmt: on


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_users_import_it(name: str) -> None:
    f, plain = PROGRAMS[name]
    want = dk.grad(plain)(X)
    np.testing.assert_allclose(dk.grad(f)(X), want, rtol=1e-13)
    np.testing.assert_allclose(dk.grad(f, method="forward")(X), want, rtol=1e-13)
    np.testing.assert_allclose(replayed(f)(X), f(X), rtol=1e-13)


def test_in_a_closure_and_in_a_class() -> None:
    def outer() -> Any:
        inner_norm, inner_sum, inner_module = norm, logsumexp, stats
        return lambda x: inner_norm.pdf(x) + inner_sum(np.stack([x, x])) + inner_module.t.cdf(x, 3)

    got = dk.grad(outer())(0.5)
    want = -0.5 * norm.pdf(0.5) + 1 + stats.t.pdf(0.5, 3)
    np.testing.assert_allclose(got, want, rtol=1e-14)

    def with_module(x: Any) -> Any:
        return MODULE.helper(x)

    np.testing.assert_allclose(dk.grad(with_module)(X), sp.softmax(X), rtol=1e-14)


MODULE = types.ModuleType("users_module")
exec("from scipy.special import logsumexp\ndef helper(x):\n    return logsumexp(x)", vars(MODULE))


def test_compiled() -> None:
    f = dk.jit(dk.value_and_grad(lambda x: logsumexp(x) + np.sum(norm.logpdf(x, scale=2.0))))
    value, slope = f(X)
    np.testing.assert_allclose(value, sp.logsumexp(X) + np.sum(stats.norm.logpdf(X, scale=2.0)))
    np.testing.assert_allclose(slope, sp.softmax(X) - X / 4, rtol=1e-13)


def test_nothing_is_touched() -> None:
    before = dict(vars(sp)), dict(vars(stats)), dict(globals())
    dk.grad(PROGRAMS["package"][0])(X)
    assert (dict(vars(sp)), dict(vars(stats)), dict(globals())) == before
    assert norm is stats.norm and type(norm).__module__.startswith("scipy.")


def test_plain_values_are_scipys() -> None:
    """Outside of a trace the stand-ins are SciPy: the same objects, types and further functions."""
    assert dnp.scipy.special.gamma is sp.gamma
    np.testing.assert_array_equal(dnp.scipy.special.softmax(X), sp.softmax(X))
    assert type(dnp.scipy.special.comb(5, 2, exact=True)) is int
    assert dnp.scipy.stats.norm.cdf(0.3) == stats.norm.cdf(0.3)
    assert dnp.scipy.stats.gamma.mean(2.0) == stats.gamma.mean(2.0)
    assert dnp.scipy.stats.gamma(2.0).std() == stats.gamma(2.0).std()
    assert dnp.scipy.stats.skew([1.0, 2.0, 4.0]) == stats.skew([1.0, 2.0, 4.0])
    draws = (d.norm.rvs(size=3, random_state=7) for d in (dnp.scipy.stats, stats))
    np.testing.assert_array_equal(*draws)
    with pytest.raises(AttributeError):
        _ = dnp.scipy.special.no_such_function
    with pytest.raises(AttributeError):
        _ = dnp.scipy.stats.norm.no_such_method


def test_what_is_found() -> None:
    assert stand_in(sp).__name__ == "diffkit.numpy.scipy.special"
    assert stand_in(scipy).__name__ == "diffkit.numpy.scipy"
    assert stand_in(scipy.sparse) is None and stand_in(np) is None
    assert stand_in(norm) is DISTRIBUTIONS["norm"]
    assert stand_in(stats.levy) is None  # SciPy's own is used
    assert all(stand_in(getattr(stats, name)) is d for name, d in DISTRIBUTIONS.items())
    for name, space in NAMESPACES.items():
        assert stand_in(importlib.import_module(name)) is space


def test_a_function_that_is_not_recorded() -> None:
    with pytest.raises(UnsupportedError, match=r"scipy\.signal\.hilbert at test_rebind_scipy\.py"):
        dk.grad(lambda x: np.sum(signal.hilbert(x)))(X)
    with pytest.raises(UnsupportedError, match=r"scipy\.stats\.norm\.fit.*logpdf"):
        dk.grad(lambda x: norm.fit(x)[0])(X)
    known = dk.grad(lambda x: np.sum(x * signal.hilbert(np.ones(3)).real))(X)
    np.testing.assert_allclose(known, np.ones(3), rtol=1e-14)


def test_a_wrong_call_is_a_type_error() -> None:
    for call in (
        lambda x: norm.logpdf(x, 0.0, 1.0, 2.0),
        lambda x: norm.logpdf(x, scale=1.0, shape=2.0),
        lambda x: beta.logpdf(x, 2.0),
    ):
        with pytest.raises(TypeError, match="Expected logpdf"):
            dk.grad(call)(0.5)


def test_a_count_has_no_derivative() -> None:
    with pytest.raises(UnsupportedError, match=r"scipy\.stats\.poisson\.logpmf.*'k'"):
        dk.grad(lambda k: stats.poisson.logpmf(k, 2.0))(3.0)
    assert dk.grad(stats.poisson.logpmf, argnums=1)(3.0, 2.0) == 0.5


def test_scipy_loads_on_first_use() -> None:
    code = (
        "import sys, numpy as np, diffkit as dk, diffkit.numpy as dnp;"
        "dk.grad(lambda x: np.sum(x * x))(np.ones(2));"
        "print(any(m.split('.')[0] == 'scipy' for m in sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.split() == ["False"]
