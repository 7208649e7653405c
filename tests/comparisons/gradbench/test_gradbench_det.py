"""det against the determinant and cofactors that exact arithmetic gives."""

from fractions import Fraction
from itertools import permutations

import numpy
import pytest

from comparisons.gradbench.compiled import compiled
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.validate import difference, kernels_of

DET = EVALS["det"]


def exact(matrix):
    """The determinant by Leibniz's sum over permutations, in rational numbers."""
    n, total = len(matrix), Fraction(0)
    for order in permutations(range(n)):
        inversions = sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
        term = Fraction(-1 if inversions % 2 else 1)
        for i, j in enumerate(order):
            term *= matrix[i][j]
        total += term
    return total


def cofactor(matrix, i, j):
    """The derivative of the determinant by an entry."""
    rest = [row[:j] + row[j + 1 :] for k, row in enumerate(matrix) if k != i]
    return (-1) ** (i + j) * exact(rest)


@pytest.mark.parametrize("ell", [1, 2, 5])
def test_value_and_cofactors(ell):
    arguments = DET.arguments(DET.generate(ell))
    entries = [Fraction(x) for x in arguments.data[0].tolist()]
    matrix = [entries[k * ell : (k + 1) * ell] for k in range(ell)]
    places = [(i, j) for i in range(ell) for j in range(ell)]
    expected = {
        "primal": float(exact(matrix)),
        "gradient": numpy.array([float(cofactor(matrix, i, j)) for i, j in places]),
    }
    for name, kernel in kernels_of("det").items():
        program = compiled(DET.functions[name], arguments)
        assert difference(program.tree(program.run()), expected[name]) <= 1e-13
        assert difference(kernel(*arguments.data, ell), expected[name]) <= 1e-13


def test_a_larger_one_is_what_elimination_says():
    """Of seven rows: the adjugate, by LU factors, which has nothing in common with minors."""
    arguments = DET.arguments(DET.generate(7))
    matrix = arguments.data[0].reshape(7, 7)
    expected = numpy.linalg.det(matrix) * numpy.linalg.inv(matrix).T.ravel()
    program = compiled(DET.functions["gradient"], arguments)
    assert difference(program.tree(program.run()), expected) <= 1e-11
    assert difference(kernels_of("det")["gradient"](*arguments.data, 7), expected) <= 1e-11


def test_what_json_holds():
    found = DET.arguments({"A": [2, 0, 0, 3], "ell": 2})
    assert found.data[0].dtype == numpy.float64 and found.static == {"ell": 2}
    assert DET.encode("gradient", numpy.array([3.0, 0.0, 0.0, 2.0])) == [3.0, 0.0, 0.0, 2.0]
