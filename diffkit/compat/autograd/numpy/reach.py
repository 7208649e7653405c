"""Lists of traced values, which NumPy's protocols do not reach.

`np.sum([x, y])` sees a list, not an array that could answer for itself. So such a list is made an
array first, but for the functions that take a list of arrays.
"""

# pyright: reportUnknownVariableType=false

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

import numpy as np

from ....numpy import array
from ....tracing.tracer import contains_tracer

OF_SEQUENCES = frozenset(
    {
        "apply_over_axes",
        "array",
        "asarray",
        "asanyarray",
        "block",
        "choose",
        "column_stack",
        "concat",
        "concatenate",
        "dstack",
        "einsum",
        "einsum_path",
        "gradient",
        "hstack",
        "lexsort",
        "select",
        "stack",
        "vstack",
    }
)
"""Functions whose lists are lists."""
DISPATCHED: Any = type(np.sum)


def reaching(x: Any) -> Any:
    """A function of NumPy that takes lists of traced values as arrays; anything else as it is."""
    if not isinstance(x, FunctionType | DISPATCHED) or x.__name__ in OF_SEQUENCES:
        return x

    @functools.wraps(x)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(type(arg) in (list, tuple) for arg in args):
            args = tuple(map(as_array, args))
        return x(*args, **kwargs)

    return call


def as_array(x: Any) -> Any:
    """A list with traced values in it as an array; anything else as it is."""
    return array(x) if type(x) in (list, tuple) and contains_tracer(x) else x
