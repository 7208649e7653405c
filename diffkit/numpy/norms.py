"""Norms of vectors and matrices on traced values, of every order that NumPy has.

At 0 a norm has a tip; its derivative there is 0, the subgradient of least norm. Norms of a matrix
that are the greatest of several numbers share a tie evenly, as `np.max` does.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..ops import elementwise as e
from ..ops.arithmetic import stop_gradient
from ..tracing.location import at_line
from ..tracing.tracer import Trace
from .arguments import as_tuple, normal_axis
from .complexes import abs_square
from .reduce import floating

FROBENIUS = (None, "fro", "f")


def norm(t: Trace, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """np.linalg.norm: of all elements if neither order nor axes are given, of vectors along one
    axis, of matrices on two."""
    v: Any = floating(t, x)
    flat = ord is None or (ord in ("f", "fro") and v.ndim == 2) or (ord == 2 and v.ndim == 1)
    if axis is None and flat:
        found = euclidean(v, tuple(range(v.ndim)))
        return found.reshape((1,) * v.ndim) if keepdims else found
    axes = tuple(range(v.ndim)) if axis is None else as_tuple(axis)
    axes = tuple(normal_axis(k, v.ndim, "np.linalg.norm") for k in axes)
    if len(axes) == 1:
        return of_vectors(v, ord, axes, keepdims)
    if len(axes) != 2 or axes[0] == axes[1]:
        got, remedy = f"axis {axis} of {v.type}", "Name the axes of a vector or of a matrix"
        where = f"np.linalg.norm{at_line()}"
        raise ShapeError(explain(where, got, "one axis, or two distinct ones", remedy))
    return of_matrices(v, ord, axes, keepdims)


def euclidean(v: Any, axes: tuple[int, ...], keepdims: bool = False) -> Any:
    return e.root(np.sum(abs_square(v), axis=axes, keepdims=keepdims))


def of_vectors(v: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """(Σ|x|^p)^(1/p), its limits at ±inf, and the number of elements that are not 0."""
    over: dict[str, Any] = {"axis": axes, "keepdims": keepdims}
    if ord is None or ord == 2:
        return euclidean(v, axes, keepdims)
    if isinstance(ord, str):
        raise unknown(ord, "a number, inf or -inf for vectors")
    if ord == np.inf:
        return greatest(np.abs(v), **over)
    if ord == -np.inf:
        return np.min(np.abs(v), **over)
    real = np.zeros((), v.dtype).real.dtype
    if ord == 0:
        return np.sum(np.not_equal(v, 0).astype(real), **over)
    if ord == 1:
        return np.sum(np.abs(v), **over)
    return root(np.sum(power(v, ord), **over), ord)


def greatest(x: Any, axis: Any, keepdims: bool = False) -> Any:
    """The greatest of numbers that are not negative; 0 if there are none."""
    choose = np.sum if x.size == 0 else np.max
    return choose(x, axis=axis, keepdims=keepdims)


def power(v: Any, p: Any) -> Any:
    """|x|^p, with derivative 0 at 0."""
    zero = np.equal(v, 0)
    size = np.abs(np.where(zero, 1, v))
    with np.errstate(divide="ignore"):
        least = np.asarray(np.power(np.float64(0), p), size.dtype)[()]
    return np.where(zero, least, size**p)


def root(total: Any, p: Any) -> Any:
    """total^(1/p), with derivative 0 where the result is 0."""
    inside = np.isfinite(total) & (total > 0)
    value = stop_gradient(total) ** (1 / p)
    return np.where(inside, np.where(inside, total, 1) ** (1 / p), value)


def of_matrices(v: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """Norms of matrices whose rows are along the first of two axes: by sums of columns (±1) and
    rows (±inf), by singular values (±2 and "nuc"), or Frobenius."""
    row, column = axes
    if ord in FROBENIUS:
        return euclidean(v, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        first, second = (row, column) if abs(ord) == 1 else (column, row)
        sums = np.sum(np.abs(v), axis=first, keepdims=True)
        choose = greatest if ord > 0 else np.min
        return choose(sums, axis=(first, second), keepdims=keepdims)
    if ord not in (2, -2, "nuc"):
        raise unknown(ord, "None, 'fro', 'nuc', 1, -1, 2, -2, inf or -inf for matrices")
    s = np.linalg.svdvals(np.moveaxis(v, (row, column), (-2, -1)))
    choose = np.sum if ord == "nuc" else greatest if ord > 0 else np.min
    found = choose(s, axis=-1)
    return np.expand_dims(found, tuple(sorted(axes))) if keepdims else found


def unknown(ord: Any, want: str) -> UnsupportedError:
    where = f"np.linalg.norm{at_line()}"
    return UnsupportedError(explain(where, f"ord={ord!r}", want, "Choose one of these"))


def vector_norm(
    t: Trace, x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Any:
    """The norm over any number of axes, taken as one vector."""
    v: Any = floating(t, x)
    axes = tuple(range(v.ndim)) if axis is None else as_tuple(axis)
    axes = tuple(normal_axis(k, v.ndim, "np.linalg.vector_norm") for k in axes)
    return of_vectors(v, ord, axes, bool(keepdims))


def matrix_norm(t: Trace, x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    v: Any = floating(t, x)
    return norm(t, v, ord, (-2, -1), bool(keepdims))


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.linalg.norm: norm,
    np.linalg.vector_norm: vector_norm,
    np.linalg.matrix_norm: matrix_norm,
}
