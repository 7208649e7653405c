"""det: a determinant by expansion by minors, and its gradient, the cofactors.

    det A = Σ_j (-1)^j A_0j det(A without row 0 and column j)

The recursion over the rows is one of Python, whose depth is known: it writes a nest of `ell` loops
over the columns that are left, which takes ell! steps in all. Which columns those are is data, an
array of integers.
"""

import numpy

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "gradient", "primal"]


def primal(a, *, ell, np=numpy, scan=dk.scan):
    """The determinant of a, float64[ell²], row by row."""

    def minor(columns):
        left = len(columns)
        row = ell * (ell - left)
        if left == 1:
            return a[row + columns[0]]

        def add(total, place):
            j, column = place
            others = np.where(np.arange(left - 1) < j, columns[:-1], columns[1:])
            return total + (1 - 2 * (j % 2)) * a[row + column] * minor(others), None

        return scan(add, 0.0, (np.arange(left), columns))[0]

    return minor(np.arange(ell))


gradient = dk.grad(primal)


def generate(ell):
    """ell² numbers between 0 and 1."""
    return {"A": numpy.random.default_rng(31337).uniform(size=ell * ell), "ell": ell}


def arguments(given):
    """The matrix; its size is known before."""
    return Arguments((floats(given["A"]),), {"ell": int(given["ell"])})


EVAL = Eval(
    name="det",
    title="a determinant by minors",
    functions={"primal": primal, "gradient": gradient},
    primal="primal",
    derivative="gradient",
    workloads=tuple(Workload(str(ell), {"ell": ell}) for ell in range(5, 12)),
    small=(Workload("3", {"ell": 3}), Workload("4", {"ell": 4})),
    generate=generate,
    arguments=arguments,
)
