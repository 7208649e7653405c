"""ode against powers of a matrix, in complex steps.

With y' = A y + x_0 e_0 a step of the method is the Taylor polynomial of exp(h A) to order 4, here
of the matrix that has a constant one as its first component.
"""

import numpy
import pytest

from comparisons.gradbench.evals import ode
from comparisons.gradbench.kernels.ode import kernels as in_blocks
from comparisons.gradbench.validate import difference, kernels_of


def solution(x, s):
    """y(2), complex128[n]."""
    n = len(x)
    matrix = numpy.zeros((n + 1, n + 1), dtype=numpy.complex128)
    matrix[numpy.arange(1, n + 1), numpy.arange(n)] = x * 2.0 / s
    step, term = numpy.eye(n + 1, dtype=numpy.complex128), numpy.eye(n + 1)
    for order in range(1, 5):
        term = term @ matrix / order
        step = step + term
    return numpy.linalg.matrix_power(step, s)[1:, 0]


@pytest.mark.parametrize(("n", "s"), [(6, 3), (16, 10)])
def test_ode_is_what_the_matrix_says(both, n, s):
    x = ode.generate(n, s)["x"]
    slopes = numpy.array([solution(x + 1e-60j * row, s).imag / 1e-60 for row in numpy.eye(n)])
    expected = {
        "primal": solution(x, s).real,
        "gradient": slopes[:, -1],
        "gradient_sum": slopes.sum(axis=1),
    }
    assert numpy.all(expected["gradient"] != 0.0)
    for function, found, by_hand in both("ode", n=n, s=s):
        assert difference(found, expected[function]) <= 1e-13
        assert difference(by_hand, expected[function]) <= 1e-13


def test_ode_is_exact_in_the_first_places(both):
    """y_i = 2^{i+1} / (i+1)! Π x_j for i < 4, however many the steps."""
    n, s = 40, 3
    x = ode.generate(n, s)["x"]
    exact = numpy.cumprod(x[:4]) * 2.0 ** numpy.arange(1, 5) / numpy.cumprod(numpy.arange(1.0, 5.0))
    results = {function: pair for function, *pair in both("ode", n=n, s=s)}
    for y in results["primal"]:
        assert difference(y[:4], exact) <= 1e-15
    for gradient in results["gradient"]:  # n > 4s
        assert numpy.all(gradient == 0.0)
    for gradient in results["gradient_sum"]:
        assert numpy.all((gradient > 0.0) == (numpy.arange(n) < 4 * s))


def test_ode_by_hand_joins_its_blocks():
    n, s = 16, 10
    x, by_hand = ode.generate(n, s)["x"], in_blocks(block=5)
    slopes = numpy.array([solution(x + 1e-60j * row, s).imag / 1e-60 for row in numpy.eye(n)])
    assert difference(by_hand["primal"](x, s), solution(x, s).real) <= 1e-13
    assert difference(by_hand["gradient_sum"](x, s), slopes.sum(axis=1)) <= 1e-13
    # The largest of all tells nothing of the last places, which are far smaller.
    assert difference(by_hand["primal"](x, s)[-5:], solution(x, s).real[-5:]) <= 1e-13
    assert difference(by_hand["gradient"](x, s), slopes[:, -1]) <= 1e-13


def test_ode_agrees_with_torch():
    pytest.importorskip("torch")
    from comparisons.gradbench.peers.torch import DERIVATIVES

    arguments = ode.arguments(ode.generate(16, 10))
    expected = DERIVATIVES["ode"](arguments)().numpy()
    assert difference(kernels_of("ode")["gradient"](*arguments.data, 10), expected) <= 1e-13
