"""What a solver says of its result, and what it does when it did not converge.

By default that is an `EvaluationError`, raised when the program runs, also in a compiled graph. On
request (`full=True`) the result comes with an `Info`; where it did not converge it is nan, and so
is every derivative of it, so that a wrong number can not go unnoticed.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..ops.solvers import check, numpy_check
from ..tracing import innermost


class Info(NamedTuple):
    """Whether a solver converged, how many steps it took, and the residual it reached."""

    converged: Any
    steps: Any
    residual: Any


def default_tol(dtype: Any) -> float:
    """Two thirds of the digits: for a method that converges quadratically, the step that this
    stops after leaves an error below rounding."""
    return float(np.finfo(dtype).eps) ** (2 / 3)


def checked(
    x: Any, info: Info, asked: str, want: str, remedy: str, measure: str = "residual"
) -> Any:
    """x, or an `EvaluationError` where the solver did not converge; `measure` is what the residual
    is called."""
    trace = innermost((x, *info))
    attrs = {"asked": asked, "measure": measure, "want": want, "remedy": remedy}
    if trace is None:
        return numpy_check(x, *info, **attrs)
    return check(*[trace.value(v) for v in (x, *info)], **attrs)


def flagged(x: Any, info: Info) -> Any:
    """x, or nan with nan for a derivative where the solver did not converge. (x times nan: the
    constant nan would have derivative zero.)"""
    return np.where(info.converged, x, x * np.nan)
