"""HIPS autograd: reverse mode by recording NumPy calls on a tape, afresh at every evaluation.

The case's function runs on `autograd.numpy`. A gradient is one forward run and one backward sweep;
a Jacobian is one backward sweep for each output. There is nothing to build: the tape is part of
every call, and of its time.

Source: Maclaurin, Duvenaud & Adams, Autograd: effortless gradients in NumPy, ICML AutoML workshop
2015.
"""

from typing import Any

import numpy

from comparisons.method import Method, Prepared
from comparisons.problem import Case

__all__ = ["METHODS"]


def prepare(case: Case) -> Prepared:
    """Bind autograd's `grad` or `jacobian` to a case."""
    import autograd
    import autograd.numpy

    def f(x):
        return case.f(x, np=autograd.numpy)

    scalar = case.operator == "gradient"
    transform: Any = autograd.grad if scalar else autograd.jacobian
    derivative = transform(f)
    return Prepared(
        primal=lambda: f(case.x),
        derivative=lambda: numpy.asarray(derivative(case.x)),
        calls=1 if scalar else len(f(case.x)),
    )


METHODS = (
    Method(
        name="autograd",
        title="autograd, reverse mode",
        family="peer",
        needs=("autograd",),
        prepare=prepare,
    ),
)
