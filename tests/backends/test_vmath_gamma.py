"""lgamma, digamma and polygamma against SciPy."""

import mpmath
import numpy as np
import pytest
import scipy.special

from diffkit.backends.vmath import digamma, lgamma, polygamma

RNG = np.random.default_rng(0)
POSITIVE = np.concatenate(
    [
        RNG.uniform(0, 30, 500),
        10.0 ** RNG.uniform(-12, 12, 200),
        1.4616321449683622 + RNG.uniform(-0.4, 0.4, 200),  # the zero of digamma
        1.4616321449683622 + 10.0 ** -np.arange(3, 16),
        np.arange(1, 60) / 2,
    ]
)
NEGATIVE = RNG.uniform(-30, 0, 500)
ENDS = np.array([0.0, -0.0, -1, -2, -7, np.inf, -np.inf, np.nan, 1e300])


def values(function, x, *before):
    return np.array([function(*before, v) for v in x])


@pytest.mark.parametrize("x", [POSITIVE, ENDS])
@pytest.mark.parametrize(
    ("ours", "theirs"), [(lgamma, scipy.special.gammaln), (digamma, scipy.special.psi)]
)
def test_like_scipy(ours, theirs, x):
    np.testing.assert_allclose(values(ours, x), theirs(x), rtol=1e-13)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(lgamma, lambda v: mpmath.log(abs(mpmath.gamma(v)))), (digamma, mpmath.digamma)],
)
def test_left_of_zero_like_mpmath(ours, theirs):
    """Near its poles SciPy's psi is off by 2e-13; at the zeros between them nothing is relative."""
    want = np.array([float(theirs(mpmath.mpf(v))) for v in NEGATIVE])
    np.testing.assert_allclose(values(ours, NEGATIVE), want, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12, 30])
def test_polygamma_like_scipy(n):
    for x in (POSITIVE, NEGATIVE, ENDS[:-1]):
        x = x[~(np.abs(x) > 1e6) | np.isinf(x)]  # beyond, zeta underflows for large n
        with np.errstate(over="ignore"):
            want = scipy.special.polygamma(n, x)
        np.testing.assert_allclose(values(polygamma, x, n), want, rtol=1e-13)


def test_polygamma_of_order_zero_is_digamma():
    assert polygamma(0, 2.5) == digamma(2.5)


def test_derivatives_of_each_other():
    """ψ⁽ⁿ⁺¹⁾ is the slope of ψ⁽ⁿ⁾: complex step is out of reach, so central differences."""
    for n in range(4):
        h = 1e-5
        slope = (polygamma(n, 2.5 + h) - polygamma(n, 2.5 - h)) / (2 * h)
        assert slope == pytest.approx(polygamma(n + 1, 2.5), rel=1e-8)
