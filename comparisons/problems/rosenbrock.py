"""Rosenbrock's valley in n dimensions: slices, squares and a sum, with a gradient as cheap as the
function.

    f(x) = sum_{i<n} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2

Two overlapping slices of x make the reverse sweep add into shared memory; a tool that builds a
dense zero vector for each slice shows it here. One gradient costs O(n), a gradient by n directions
O(n^2).

Source: H. H. Rosenbrock, An automatic method for finding the greatest or least value of a function,
The Computer Journal 3 (1960) 175-184, in the chained form used by `scipy.optimize.rosen`.
"""

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "closed_form", "make"]


def make(n: int) -> Case:
    """n variables scattered around the valley; n >= 2."""
    x = numpy.random.default_rng(1960).uniform(-1.5, 1.5, n)

    def f(x, np=numpy):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    def twin(x):
        import torch

        return torch.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return Case(f=f, x=x, torch=twin, reference=lambda: closed_form(x))


def closed_form(x: numpy.ndarray) -> numpy.ndarray:
    """df/dx_i = 200 (x_i - x_{i-1}^2) - 400 x_i (x_{i+1} - x_i^2) - 2 (1 - x_i), in extended
    precision."""
    wide = x.astype(numpy.longdouble)
    fall = wide[1:] - wide[:-1] ** 2
    gradient = numpy.zeros_like(wide)
    gradient[1:] += 200 * fall
    gradient[:-1] -= 400 * wide[:-1] * fall + 2 * (1 - wide[:-1])
    return gradient.astype(numpy.float64)


PROBLEM = Problem(
    name="rosenbrock",
    title="Rosenbrock's valley (size: variables)",
    source="Rosenbrock, The Computer Journal 3 (1960)",
    sizes=(10, 100, 1000),
    quick=(10,),
    make=make,
)
