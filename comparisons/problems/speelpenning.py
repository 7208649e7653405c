"""Speelpenning's product: f(x) = x_1 x_2 ... x_n, the oldest argument for reverse mode.

Each partial derivative is the product of all the other entries. Written out one by one they take n
(n - 2) multiplications; with shared prefixes and suffixes 3 (n - 1) - 1 are enough, which is what
reverse mode finds alone. The shortcut f / x_i, which some rules use, divides by zero when an entry
is zero.

Source: B. Speelpenning, Compiling fast partial derivatives of functions given by algorithms, PhD
thesis, University of Illinois, 1980; Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM
2008, section 3.
"""

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "closed_form", "make"]


def make(n: int) -> Case:
    """The product of n numbers near 1, so that nothing overflows or underflows."""
    x = numpy.exp(numpy.random.default_rng(1980).uniform(-0.2, 0.2, n))

    def f(x, np=numpy):
        return np.prod(x)

    def twin(x):
        import torch

        return torch.prod(x)

    return Case(f=f, x=x, torch=twin, reference=lambda: closed_form(x))


def closed_form(x: numpy.ndarray) -> numpy.ndarray:
    """Prefix times suffix products, in extended precision: no division, so zeros are harmless."""
    one = numpy.ones(1, dtype=numpy.longdouble)
    wide = x.astype(numpy.longdouble)
    before = numpy.concatenate([one, numpy.cumprod(wide)[:-1]])
    after = numpy.concatenate([one, numpy.cumprod(wide[::-1])[:-1]])[::-1]
    return (before * after).astype(numpy.float64)


PROBLEM = Problem(
    name="speelpenning",
    title="Speelpenning's product (size: factors)",
    source="Speelpenning 1980; Griewank & Walther 2008",
    sizes=(10, 100, 1000),
    quick=(10,),
    make=make,
)
