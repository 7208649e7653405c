"""Helmholtz free energy of a mixed fluid: the classical measure of the gradient's cost.

For n species with amounts x, interaction matrix A (symmetric) and co-volumes b, by the
Peng-Robinson equation of state,

    f(x) = RT sum_i x_i log(x_i / (1 - b'x))
           - x'Ax / (sqrt(8) b'x) * log((1 + (1 + sqrt 2) b'x) / (1 + (1 - sqrt 2) b'x)).

The unit of energy is chosen so that RT = 1.

Function and gradient share almost everything, so reverse mode should stay near 2 to 4 times the
function whatever n is, while forward mode and differences grow with n. The published table
(Fortran, n = 1 to 50) has numerical ratios rising from 1.08 to 28.6, forward mode from 1.34 to 7.7,
and reverse mode level near 2.

Source: A. Griewank, On automatic differentiation, in Mathematical Programming: Recent Developments
and Applications, 1989; Baydin et al., JMLR 18(153) 2018, Table 4.
"""

import math

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "closed_form", "make", "parameters"]


def parameters(n: int) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """`(x, A, b)` for n species: b'x lies well inside (0, 1), where every logarithm exists."""
    rng = numpy.random.default_rng(1989)
    x = rng.uniform(0.5, 1.5, n) / n
    half = rng.uniform(0.0, 1.0, (n, n))
    b = rng.uniform(0.1, 0.6, n)
    return x, half + half.T, b


def make(n: int) -> Case:
    """The free energy of n species."""
    x, a, b = parameters(n)
    root2, root8 = math.sqrt(2.0), math.sqrt(8.0)

    def f(x, np=numpy):
        s = np.sum(b * x)
        ideal = np.sum(x * np.log(x / (1.0 - s)))
        attraction = np.log((1.0 + (1.0 + root2) * s) / (1.0 + (1.0 - root2) * s))
        return ideal - np.sum(x * (a @ x)) / (root8 * s) * attraction

    def twin(x):
        import torch

        covolume, interaction = torch.from_numpy(b), torch.from_numpy(a)
        s = torch.sum(covolume * x)
        ideal = torch.sum(x * torch.log(x / (1.0 - s)))
        attraction = torch.log((1.0 + (1.0 + root2) * s) / (1.0 + (1.0 - root2) * s))
        return ideal - torch.sum(x * (interaction @ x)) / (root8 * s) * attraction

    def multiprecision(x):
        import mpmath

        s = sum(mpmath.mpf(b_i) * x_i for b_i, x_i in zip(b.tolist(), x, strict=True))
        ideal = sum(x_i * mpmath.log(x_i / (1 - s)) for x_i in x)
        wide_root2 = mpmath.sqrt(2)
        attraction = mpmath.log((1 + (1 + wide_root2) * s) / (1 + (1 - wide_root2) * s))
        quadratic = sum(
            x_i * mpmath.fdot(zip(row, x, strict=True))
            for row, x_i in zip(a.tolist(), x, strict=True)
        )
        return ideal - quadratic / (mpmath.sqrt(8) * s) * attraction

    return Case(
        f=f,
        x=x,
        torch=twin,
        reference=lambda: closed_form(x, a, b),
        multiprecision=multiprecision,
    )


def closed_form(x: numpy.ndarray, a: numpy.ndarray, b: numpy.ndarray) -> numpy.ndarray:
    """The gradient by hand, in extended precision.

    With s = b'x, q = x'Ax, c = 1 + sqrt 2, d = 1 - sqrt 2 and L = log((1 + cs) / (1 + ds)):

        f_i = log(x_i / (1-s)) + 1 + b_i sum(x) / (1-s)
              - (2 (Ax)_i L / s + q b_i (L'/s - L/s^2)) / sqrt 8
    """
    x, a, b = (array.astype(numpy.longdouble) for array in (x, a, b))
    root2 = numpy.sqrt(numpy.longdouble(2))
    c, d, s = 1 + root2, 1 - root2, numpy.sum(b * x)
    ax = a @ x
    q = numpy.sum(x * ax)
    log_ratio = numpy.log((1 + c * s) / (1 + d * s))
    slope = c / (1 + c * s) - d / (1 + d * s)
    ideal = numpy.log(x / (1 - s)) + 1 + b * numpy.sum(x) / (1 - s)
    attraction = 2 * ax * log_ratio / s + q * b * (slope / s - log_ratio / s**2)
    return (ideal - attraction / (2 * root2)).astype(numpy.float64)


PROBLEM = Problem(
    name="helmholtz",
    title="Helmholtz free energy of a mixed fluid (size: species)",
    source="Griewank 1989; Baydin et al., JMLR 18(153) 2018, Table 4",
    sizes=(1, 8, 50),
    quick=(8,),
    make=make,
)
