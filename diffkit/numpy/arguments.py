"""NumPy's arguments in normal form: axes, shapes, and keywords that are not recorded."""

from __future__ import annotations

import operator
from typing import Any, cast

import numpy as np

from ..errors import DtypeError, ShapeError, UnsupportedError, explain
from ..ops import shape as s
from ..tracing.location import at_line
from ..types import Shape

# What NumPy passes for "no argument given" where None has a meaning of its own.
NO_VALUE: Any = vars(np)["_NoValue"]


def as_tuple(x: Any) -> tuple[Any, ...]:
    """One thing, or several in a list or tuple, as a tuple."""
    return tuple(cast(Any, x)) if isinstance(x, tuple | list) else (x,)


def shape_of(shape: Any) -> Shape:
    """A shape argument (an int or a sequence) as a tuple."""
    return tuple(operator.index(n) for n in as_tuple(shape))


def normal_axes(axis: Any, ndim: int, asked: str) -> tuple[int, ...]:
    """`axis` as a sorted tuple of distinct non-negative integers."""
    if axis is None:
        return tuple(range(ndim))
    normal = sorted(normal_axis(k, ndim, asked) for k in as_tuple(axis))
    if len(set(normal)) != len(normal):
        got, remedy = f"axis {axis} twice", "Drop the repeated axis"
        raise ShapeError(explain(f"{asked}{at_line()}", got, "distinct axes", remedy))
    return tuple(normal)


def normal_axis(axis: Any, ndim: int, asked: str) -> int:
    k = operator.index(axis)
    if not -ndim <= k < ndim:
        want, remedy = f"an axis from {-ndim} to {ndim - 1}", "Check the number of axes"
        raise ShapeError(explain(f"{asked}{at_line()}", f"axis {k}", want, remedy))
    return k % ndim


def in_line(x: Any) -> Any:
    """x with an axis at least: of a number, NumPy's functions along one axis make a vector."""
    return s.reshape(x, shape=(1,)) if x.ndim == 0 else x


def refuse(asked: str, **keywords: Any) -> None:
    """An error for a keyword that has another value than NumPy's default."""
    for key, (value, default) in keywords.items():
        if value is not default and value is not None:
            where = f"{asked}{at_line()}"
            remedy = f"Leave {key}= out and write its effect with other functions"
            raise UnsupportedError(explain(where, f"{key}={value!r}", f"no {key}=", remedy))


def require_real(asked: str, *args: Any) -> None:
    """An error for a complex argument of what is a function of real numbers."""
    for x in args:
        if np.iscomplexobj(x):
            got, remedy = "a complex argument", "Take its parts by np.real and np.imag"
            raise DtypeError(explain(f"{asked}{at_line()}", got, "real numbers", remedy))
