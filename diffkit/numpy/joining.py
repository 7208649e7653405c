"""`dnp.r_`, `dnp.c_` and `dnp.vectorize`, which NumPy's protocols do not reach.

They take arrays and traced values alike; with plain arrays alone they are NumPy's.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..tracing.location import at_line
from ..tracing.tracer import Tracer, recorder


class Joiner:
    """`r_[a, b, 1:4]`: what stands in the brackets, joined along the first axis; `c_` makes columns
    of vectors and joins them along the last. Slices are ranges of known numbers."""

    def __init__(self, numpy: Any, name: str) -> None:
        self.numpy, self.name = numpy, name

    def __getitem__(self, key: Any) -> Any:
        items: Any = key if isinstance(key, tuple) else (key,)
        if recorder(items) is None:
            return self.numpy[key]
        if any(isinstance(item, str) for item in items):
            got, want = "a string among traced values", "arrays, numbers and slices"
            remedy = "Use np.concatenate with axis="
            raise UnsupportedError(explain(f"np.{self.name}{at_line()}", got, want, remedy))
        parts = [np.r_[item] if isinstance(item, slice) else item for item in items]
        if self.name == "r_":
            return np.concatenate([np.atleast_1d(part) for part in parts], axis=0)
        rows = [np.atleast_1d(part) for part in parts]
        columns: list[Any] = [x[:, None] if np.ndim(x) == 1 else x for x in rows]
        return np.concatenate(columns, axis=-1)


r_, c_ = Joiner(np.r_, "r_"), Joiner(np.c_, "c_")


class vectorize:
    """As `np.vectorize`, where the arguments may be traced: the function of every element, one
    after another. A function of arrays, or `dk.vmap`, is quicker by far.

        >>> import numpy as np, diffkit.numpy as dnp
        >>> dnp.vectorize(lambda x, y: x if x > y else y)(np.array([1.0, 5.0]), 3.0)
        array([3., 5.])
    """

    def __init__(self, pyfunc: Callable[..., Any], *args: Any, **keywords: Any) -> None:
        self.pyfunc, self.keywords = pyfunc, (args, keywords)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if recorder((args, kwargs)) is None:
            plain, keywords = self.keywords
            return np.vectorize(self.pyfunc, *plain, **keywords)(*args, **kwargs)
        if kwargs or self.keywords[0] or self.keywords[1]:
            got, want = "keywords, with traced values", "positional arguments alone"
            remedy = "Close over the others with a lambda"
            raise UnsupportedError(explain(f"np.vectorize{at_line()}", got, want, remedy))
        shape = np.broadcast_shapes(*[np.shape(x) for x in args])
        if 0 in shape:
            got, want = f"arguments of shape {shape}", "elements to call the function with"
            remedy = "Handle what is empty first"
            raise ShapeError(explain(f"np.vectorize{at_line()}", got, want, remedy))
        lined = [np.reshape(np.broadcast_to(x, shape), -1) for x in args]
        rows: Any = [self.pyfunc(*[x[k] for x in lined]) for k in range(lined[0].shape[0])]
        if rows and isinstance(rows[0], tuple):
            return tuple(joined(list(part), shape) for part in zip(*rows, strict=True))
        return joined(rows, shape)


def joined(rows: list[Any], shape: tuple[int, ...]) -> Any:
    """The results for all elements, in the shape of the arguments."""
    traced = any(isinstance(row, Tracer) for row in rows)
    return np.reshape(np.stack(rows) if traced else np.asarray(rows), shape)
