"""Products of the last axes, and the names of `np.linalg` that NumPy also has without it.

The functions of `np.linalg` keep to the Python array API standard: matrices are the last two axes,
`outer` takes vectors, `cross` vectors of length 3.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..tracing.location import at_line
from ..tracing.tracer import Trace
from .elementwise import operands


def vecdot(t: Trace, x1: Any, x2: Any) -> Any:
    """Σ x̄ y over the last axis."""
    x, y = operands(t, np.vecdot, (x1, x2))
    return np.matmul(np.conj(x)[..., None, :], y[..., :, None])[..., 0, 0]


def matvec(t: Trace, x1: Any, x2: Any) -> Any:
    """A x, with vectors along the last axis."""
    x, y = operands(t, np.matvec, (x1, x2))
    return np.matmul(x, y[..., :, None])[..., 0]


def vecmat(t: Trace, x1: Any, x2: Any) -> Any:
    """x* A, with vectors along the last axis."""
    x, y = operands(t, np.vecmat, (x1, x2))
    return np.matmul(np.conj(x)[..., None, :], y)[..., 0, :]


def linalg_vecdot(t: Trace, x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x, y = np.broadcast_arrays(x1, x2) if axis != -1 else (x1, x2)
    return np.vecdot(np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1))


def linalg_outer(t: Trace, x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        got, remedy = f"arrays of {np.ndim(x1)} and {np.ndim(x2)} axes", "Ravel them first"
        raise ShapeError(explain(f"np.linalg.outer{at_line()}", got, "two vectors", remedy))
    return np.outer(x1, x2)


def linalg_cross(t: Trace, x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    if np.shape(x1)[axis] != 3 or np.shape(x2)[axis] != 3:
        got = f"shapes {np.shape(x1)} and {np.shape(x2)}"
        want, remedy = "vectors of length 3", "Check the axis"
        raise ShapeError(explain(f"np.linalg.cross{at_line()}", got, want, remedy))
    return np.cross(x1, x2, axis=axis)


def linalg_trace(t: Trace, x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return np.trace(x, offset, -2, -1, dtype)


def linalg_diagonal(t: Trace, x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(x, offset, -2, -1)


UFUNCS: dict[Any, Callable[..., Any]] = {
    getattr(np, name): handler
    for name, handler in (("vecdot", vecdot), ("matvec", matvec), ("vecmat", vecmat))
    if hasattr(np, name)  # matvec and vecmat came with NumPy 2.2
}
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.linalg.vecdot: linalg_vecdot,
    np.linalg.outer: linalg_outer,
    np.linalg.cross: linalg_cross,
    np.linalg.trace: linalg_trace,
    np.linalg.diagonal: linalg_diagonal,
    np.linalg.matmul: lambda t, x1, x2, /: np.matmul(x1, x2),
    np.linalg.tensordot: lambda t, x1, x2, /, *, axes=2: np.tensordot(x1, x2, axes),
    np.linalg.matrix_transpose: lambda t, x, /: np.matrix_transpose(x),
}
