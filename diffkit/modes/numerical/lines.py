"""Numerical derivatives along a line, by any of the methods that see values of the function alone.

Whatever has a direction is such a derivative: a directional one, a column of a Jacobian, the
compressed columns of a sparse one. Second derivatives along lines are all that a Hessian needs (see
`curvature`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import DiffkitError, UnsupportedError, explain
from ...tracing import innermost
from ...types import Type, dtype_of
from ..linear_map import Arrays, LinearMap
from ..method import Adaptive, Black, Finite, Richardson
from . import adaptive, differences, richardson
from .bounds import Limits, clipped
from .differences import Along
from .estimate import Estimate
from .steps import EVERYWHERE, Room, require_room, room


def derivative(
    along: Along, size: float, method: Black, *, order: int = 1, bounds: Room = EVERYWHERE
) -> Estimate:
    """The derivative of some order at 0 of a function along a line, with its error bar, each result
    for itself: `along(t)` is a float64 array, or raises an `ArithmeticError` or `ValueError` where
    the function is not defined, as Python's math does. What is not finite at 0 gets nan ± inf.

    `size` is the largest coordinate that moves, where the direction has the largest entry 1.
    """
    center = along(0.0)
    if not (np.isfinite(center).any() and math.isfinite(size)):
        nothing = np.full(np.shape(center), np.nan)
        return Estimate(
            nothing, np.full_like(nothing, np.inf), (), 1, "no finite value at the point"
        )

    require_room(bounds)

    def known(t: float) -> Any:
        if not t:
            return center
        try:
            return along(t)
        except DiffkitError:
            raise  # of how the function is used, not of where
        except (ArithmeticError, ValueError):
            return np.full(np.shape(center), np.nan)

    with np.errstate(all="ignore"):  # the methods look where the function may not be defined
        if isinstance(method, Finite):
            found = differences.derivative(known, size, method, order=order, bounds=bounds)
        elif isinstance(method, Richardson):
            found = richardson.derivative(known, size, method, order=order, bounds=bounds)
        else:
            found = adaptive.derivative(known, size, order=order, bounds=bounds, calls=method.calls)
    lost = ~(np.isfinite(center) & np.isfinite(found.value))
    value = np.where(np.isfinite(center), found.value, np.nan)
    return Estimate(value, np.where(lost, np.inf, found.error), found.steps, found.calls, found.how)


def natural(x: Any, method: Black) -> Any:
    """For each coordinate the length that a direction should give it, so that the steps that suit a
    coordinate of size 1 suit it: a power of two."""
    size = np.abs(x)
    if isinstance(method, Richardson):
        lengths = np.log(math.e + size)
    elif isinstance(method, Adaptive):
        lengths = np.where(size == 0, 1.0, size)
    else:
        lengths = np.maximum(size, 1.0)
    return np.exp2(np.rint(np.log2(lengths)))


def along_lines(
    f: Callable[..., Arrays],
    inputs: Arrays,
    method: Richardson | Adaptive,
    limits: Limits | None,
) -> LinearMap:
    """Directional derivatives of a flat function from arrays to arrays, in double precision."""
    if innermost(inputs) is not None:
        raise UnsupportedError(
            explain(
                f"method={type(method).__name__} inside a traced function",
                "traced inputs, by whose values no steps can be chosen",
                "known inputs",
                "Use it for the outermost derivative, and 'forward' or 'reverse' inside",
            )
        )
    center = f(*inputs)
    types = tuple(Type(dtype_of(y.dtype), np.shape(y)) for y in center)
    wide = [x.astype(np.result_type(x.dtype, np.float64)) for x in inputs]

    def push(dxs: Arrays) -> tuple[Arrays, Arrays]:
        speed = max((float(np.max(np.abs(dx), initial=0)) for dx in dxs), default=0.0)
        if not speed:
            return center, [np.zeros(t.shape, t.dtype.numpy)[()] for t in types]
        moves = [dx.astype(x.dtype) / speed for x, dx in zip(wide, dxs, strict=True)]
        size = max(
            float(np.max(np.abs(x) * (v != 0), initial=0)) for x, v in zip(wide, moves, strict=True)
        )

        def along(t: float) -> Any:
            at = [x + t * v for x, v in zip(wide, moves, strict=True)]
            return packed(f(*(at if limits is None else clipped(at, limits))))

        reach = EVERYWHERE if limits is None else room(wide, moves, limits)
        found = derivative(along, size, method, bounds=reach)
        return center, unpacked(found.value * speed, types)

    return LinearMap(types, lambda: center, push)


def packed(ys: Arrays) -> Any:
    """Arrays as one vector of real numbers."""
    parts = [np.ravel(y) for y in ys]
    return np.concatenate(
        [y.astype(np.complex128).view(np.float64) if y.dtype.kind == "c" else y for y in parts],
        dtype=np.float64,
    )


def unpacked(vector: Any, types: Sequence[Type]) -> Arrays:
    """The arrays of a vector."""
    ys: Arrays = []
    start = 0
    for t in types:
        stop = start + t.size * (2 if t.complex else 1)
        part = vector[start:stop]
        whole = part.view(np.complex128) if t.complex else part
        ys.append(whole.reshape(t.shape).astype(t.dtype.numpy)[()])
        start = stop
    return ys
