"""Functions of autograd's namespace that are not quite NumPy's."""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ....errors import UnsupportedError, explain
from ....numpy import array, concatenate
from ....tracing import Tracer, trees
from ....tracing.location import at_line
from .reach import as_array


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """As `np.where`; of Python's numbers and lists alone it returns these.

    >>> where(True, 1, 2)
    1
    """
    if x is None and y is None:
        return np.where(condition)
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    parts = [as_array(part) for part in (condition, x, y)]
    if any(isinstance(leaf, Tracer | np.ndarray | np.generic) for leaf in trees.flatten(parts)[0]):
        return np.where(*parts)
    return np.where(condition, x, y).tolist()


def row_stack(tup: Any) -> Any:
    """`np.vstack`, under a name that NumPy has given up."""
    return np.vstack(tup)


def make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Matrices with the last axis of D on their diagonals, in the last two axes.

    As in autograd, offset=0, axis1=-1, axis2=-2 must be given.

        >>> import numpy as np
        >>> make_diagonal(np.array([1.0, 2.0]), offset=0, axis1=-1, axis2=-2)
        array([[1., 0.],
               [0., 2.]])
    """
    if (offset, axis1, axis2) != (0, -1, -2):
        got = f"offset={offset}, axis1={axis1}, axis2={axis2}"
        want, remedy = "offset=0, axis1=-1, axis2=-2", "Move the axes with np.moveaxis"
        raise UnsupportedError(explain(f"make_diagonal{at_line()}", got, want, remedy))
    values = as_array(D)
    size = values.shape[-1]
    return values[..., None] * np.eye(size, dtype=np.result_type(values))


def metadata(A: Any) -> tuple[tuple[int, ...], int, Any, bool]:
    """Shape, number of axes, dtype, and whether it is complex."""
    dtype = A.dtype if isinstance(A, Tracer) else np.result_type(A)
    return np.shape(A), np.ndim(A), dtype, dtype.kind == "c"


class Whole(type):
    """The type of integer types whose instances are NumPy's."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.__base__ or cls)


def integers(numpy_type: type[Any]) -> Any:
    """An integer type that converts traced values too; as a dtype, NumPy's.

    >>> import numpy as np
    >>> int64 = integers(np.int64)
    >>> np.dtype(int64), int64(3.7)
    (dtype('int64'), np.int64(3))
    """

    def convert(cls: Any, value: Any = 0) -> Any:
        return value.astype(numpy_type) if isinstance(value, Tracer) else numpy_type(value)

    return Whole(numpy_type.__name__, (numpy_type,), {"__new__": convert})


INTEGERS: dict[Any, Any] = {kind: integers(kind) for kind in (np.int32, np.int64)}


class Joined:
    """`np.r_` and `np.c_`, where the parts may be traced.

    NumPy joins the places of the elements in a vector of all of them, which are then taken.
    """

    def __init__(self, numpy: Any) -> None:
        self.numpy = numpy

    def __getitem__(self, key: Any) -> Any:
        parts: list[Any] = list(key) if isinstance(key, tuple) else [key]
        parts = [as_array(part) for part in parts]
        if not any(isinstance(part, Tracer) for part in parts):
            return self.numpy[key]
        values: list[Any] = []
        places: list[Any] = []
        start = 0
        for part in parts:
            if isinstance(part, str):
                places.append(part)
                continue
            value = np.r_[part] if isinstance(part, slice) else part
            size, shape = int(np.size(value)), np.shape(value)
            values.append(np.ravel(value))
            places.append(np.arange(start, start + size).reshape(shape)[()])
            start += size
        return concatenate(values)[self.numpy[tuple(places)]]


r_, c_ = Joined(np.r_), Joined(np.c_)

__all__ = ["array", "c_", "make_diagonal", "metadata", "r_", "row_stack", "where"]
