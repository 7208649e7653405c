"""hello, lse and llsq against oracles that share no line with them."""

import mpmath
import numpy
import pytest

from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.validate import difference


@pytest.mark.parametrize("x", [1.0, -3.5])
def test_hello(both, x):
    expected = {"square": x * x, "double": 2 * x}
    for function, found, by_hand in both("hello", x=x):
        assert found == by_hand == expected[function]


def test_lse_is_what_mpmath_computes(both):
    x = EVALS["lse"].generate(7)["x"]
    with mpmath.workdps(40):
        exponentials = [mpmath.exp(mpmath.mpf(v)) for v in x.tolist()]
        total = mpmath.fsum(exponentials)
        expected = {
            "primal": float(mpmath.log(total)),
            "gradient": [float(e / total) for e in exponentials],
        }
    for function, found, by_hand in both("lse", n=7):
        assert difference(found, expected[function]) <= 1e-14
        assert difference(by_hand, expected[function]) <= 1e-14


def test_lse_of_many_stays_near_the_truth(both):
    """In the 2-norm; the entry of the maximum holds what is left of terms that cancel."""
    (_, _, _), (_, found, by_hand) = both("lse", n=80_000)
    assert difference(found, by_hand) <= 1e-11


@pytest.mark.parametrize("n, m", [(16, 5), (17, 3), (50, 128), (2, 2)])
def test_llsq_is_what_the_normal_equations_say(both, n, m):
    x = EVALS["llsq"].generate(n, m)["x"].astype(numpy.longdouble)
    t = -1 + 2 * numpy.arange(n, dtype=numpy.longdouble) / (n - 1)
    powers = t[:, None] ** numpy.arange(m)
    residual = numpy.sign(t) - powers @ x
    expected = {"primal": residual @ residual / 2, "gradient": -powers.T @ residual}
    for function, found, by_hand in both("llsq", n=n, m=m):
        assert difference(found, expected[function].astype(float)) <= 1e-12
        assert difference(by_hand, expected[function].astype(float)) <= 1e-12
