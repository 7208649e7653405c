"""Logistic map: the textbook case of expression swell, and of a function that amplifies its own
round-off.

Iterate l <- 4 l (1 - l) n times from l = x. Written out, the result is a polynomial of degree 2^n
in x, so symbolic differentiation without sharing grows exponentially while every automatic mode
stays linear in n. With x = sin^2(theta) the n-th iterate is sin^2(2^n theta): the derivative grows
like 2^n and so does the relative error of any float64 evaluation. At n = 32 about seven digits are
left to everybody; the table shows who keeps them.

Source: Baydin, Pearlmutter, Radul & Siskind, Automatic differentiation in machine learning: a
survey, JMLR 18(153) 2018, Table 1.
"""

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "make"]


def make(iterations: int) -> Case:
    """The map iterated `iterations` times from x = 0.2; x has shape (1,)."""

    def f(x, np=numpy):
        value = x[0]
        for _ in range(iterations):
            value = 4.0 * value * (1.0 - value)
        return value

    def twin(x):
        return f(x)

    return Case(f=f, x=numpy.array([0.2]), torch=twin, multiprecision=f)


PROBLEM = Problem(
    name="logistic_map",
    title="Logistic map (size: iterations)",
    source="Baydin et al., JMLR 18(153) 2018, Table 1",
    sizes=(4, 16, 32),
    quick=(4,),
    make=make,
)
