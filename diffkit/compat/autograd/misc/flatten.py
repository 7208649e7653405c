"""Trees of numbers and arrays as one vector, and back."""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....errors import ShapeError, explain
from ....tracing import Tracer, trees
from ....tracing.location import at_line

Function = Callable[..., Any]


def flatten(value: Any) -> tuple[Any, Function]:
    """The pair of a vector of all elements of a tree, and the function that makes the tree of such
    a vector. The vector has one dtype, which holds all; the tree gets its own back.

        >>> import numpy as np
        >>> vector, unflatten = flatten({"w": np.ones((2, 2)), "b": 3.0})
        >>> vector
        array([3., 1., 1., 1., 1.])
        >>> unflatten(2 * vector)["b"]
        np.float64(6.0)
    """
    leaves, tree = trees.flatten(value)
    shapes = [np.shape(x) for x in leaves]
    dtypes = [x.dtype if isinstance(x, Tracer) else np.asarray(x).dtype for x in leaves]
    sizes = [int(np.prod(shape)) for shape in shapes]

    def unflatten(vector: Any) -> Any:
        if np.shape(vector) != (sum(sizes),):
            got, want = f"a vector of shape {np.shape(vector)}", f"({sum(sizes)},)"
            remedy = "Give it the length of the vector that flatten returned"
            raise ShapeError(explain(f"unflatten{at_line()}", got, want, remedy))
        start = 0
        found: list[Any] = []
        for shape, size, dtype in zip(shapes, sizes, dtypes, strict=True):
            part = np.reshape(vector[start : start + size], shape)
            part = np.real(part) if dtype.kind == "f" and part.dtype.kind == "c" else part
            found.append(part.astype(dtype)[()])
            start += size
        return trees.unflatten(tree, found)

    return (np.concatenate([np.ravel(x) for x in leaves]) if leaves else np.zeros(0)), unflatten


def flatten_func(func: Function, example: Any) -> tuple[Function, Function, Any]:
    """A function of trees as one of vectors, with `unflatten` and the vector of an example."""
    vector, unflatten = flatten(example)

    def of_vector(x: Any, *args: Any) -> Any:
        return flatten(func(unflatten(x), *args))[0]

    return of_vector, unflatten, vector
