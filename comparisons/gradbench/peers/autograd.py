"""The evals in autograd: the same NumPy lines with `autograd.numpy`, and Python's loops."""

import functools
from collections.abc import Callable
from typing import Any

from comparisons.gradbench.evals import llsq, lse
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


DERIVATIVES: dict[str, Builder] = {
    "lse": gradient_of(lse.primal),
    "llsq": gradient_of(llsq.primal, "scan"),
}
