"""The evals in autograd: the same NumPy lines with `autograd.numpy`, and Python's loops."""

import functools
from collections.abc import Callable
from typing import Any

import numpy

from comparisons.gradbench.evals import gmm, llsq, lse, lstm, ode
from comparisons.gradbench.evals.blocks import whole
from comparisons.gradbench.evaluation import Arguments
from comparisons.speed.contenders import python_scan

__all__ = ["DERIVATIVES"]

Builder = Callable[[Arguments], Callable[[], Any]]


def gradient_of(function: Callable[..., Any], *tools: str) -> Builder:
    """`autograd.grad` of a function written for NumPy; `tools` may name "scan"."""

    def build(arguments: Arguments) -> Callable[[], Any]:
        import autograd
        import autograd.numpy as anp

        own = {"scan": python_scan} if tools else {}
        f = functools.partial(function, np=anp, **own, **arguments.static)
        gradient = autograd.grad(lambda *data: f(*data))
        return lambda: gradient(*arguments.data)

    return build


def lstm_jacobian(arguments: Arguments) -> Callable[[], Any]:
    """Both parts of the gradient, one after the other."""
    import autograd
    import autograd.numpy as anp

    f = functools.partial(lstm.objective, np=anp, scan=python_scan)
    gradient = autograd.grad(lambda *data: f(*data), (0, 1))
    return lambda: numpy.concatenate([part.ravel() for part in gradient(*arguments.data)])


DERIVATIVES: dict[str, Builder] = {
    "lse": gradient_of(lse.primal),
    "llsq": gradient_of(llsq.primal, "scan"),
    "gmm": gradient_of(functools.partial(gmm.objective, rows=whole)),
    "lstm": lstm_jacobian,
    "ode": gradient_of(ode.last, "scan"),
}
