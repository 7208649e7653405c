"""What a comparison differentiates: a problem is a family of cases, one for each size.

A case holds one function of ONE flat float64 vector, written the way a NumPy user writes it, and
everything needed to judge a derivative of it without trusting any differentiation tool:

* `multiprecision`, the same function on `mpmath` numbers, whose central difference at 120 digits is
  the truth;
* or `reference`, the derivative in closed form, evaluated in extended precision and rounded once to
  float64;
* `torch`, a twin written by hand, because PyTorch cannot trace NumPy.

Nothing here is computed until asked for, and none of it is ever inside a timed region.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy

__all__ = ["Case", "Operator", "Problem"]

Operator = Literal["gradient", "jacobian"]


@dataclass(frozen=True, slots=True)
class Case:
    """One problem at one size.

    Attributes:
        f: `f(x, np=numpy)`, plain NumPy code of a flat float64 vector. The namespace may be
            replaced, by `autograd.numpy` for one. It returns a scalar for "gradient" and a vector
            for "jacobian".
        x: the point, float64, shape (n,).
        operator: what is asked for: "gradient", shape (n,), or "jacobian", shape (m, n).
        torch: the twin of `f` on a float64 tensor of shape (n,), or None.
        reference: computes the true derivative apart from any tool, rounded to float64, or None.
        multiprecision: `f` on a list of `mpmath.mpf`, returning one `mpf`, or None; for scalar
            problems of small n.
    """

    f: Callable[..., Any]
    x: numpy.ndarray
    operator: Operator = "gradient"
    torch: Callable[[Any], Any] | None = None
    reference: Callable[[], numpy.ndarray] | None = None
    multiprecision: Callable[[list[Any]], Any] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A named family of cases.

    Attributes:
        name: how the command line and the records call it.
        title: one line for a reader, with what the size counts.
        source: where it is published.
        sizes: the sizes of a default run, ascending.
        quick: the sizes of a `--quick` run, ascending.
        make: builds the case of one size; the same size always gives the same case.
    """

    name: str
    title: str
    source: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    make: Callable[[int], Case]
