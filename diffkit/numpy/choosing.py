"""NumPy's functions that choose among values by conditions, on traced values.

Where a condition decides which of several values stands in a place, it may be traced, and nothing
leaks from those that were not chosen. Where it decides how many elements there are, it must be
known while tracing: a graph has fixed shapes.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import IndexingError, ShapeError, UnsupportedError, explain
from ..ops import index as i
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer, call_known, lend
from ..tracing.views import is_array
from .arguments import normal_axes, normal_axis, refuse
from .elementwise import together, truth
from .shapes import inside


def select(t: Trace, condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The choice of the first condition that holds."""
    if len(condlist) != len(choicelist) or not len(condlist):
        got, want = f"{len(condlist)} conditions, {len(choicelist)} choices", "as many of each"
        raise ShapeError(explain(f"np.select{at_line()}", got, want, "Check the lists"))
    *values, found = together(t, *choicelist, default)
    for condition, value in zip(condlist[::-1], values[::-1], strict=True):
        found = np.where(truth(t, condition), value, found)
    shape = np.broadcast_shapes(*[np.shape(x) for x in (*condlist, *choicelist)])
    return np.broadcast_to(found, shape) if found.shape != shape else found


def choose(t: Trace, a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """The element of choice number a, in each place."""
    refuse("np.choose", out=(out, None))
    number: Any = t.value(a)
    values = together(t, *choices)
    shape = np.broadcast_shapes(number.shape, *[v.shape for v in values])
    table = s.stack(*[s.broadcast(v, shape=shape) for v in values], axis=0)
    known = number.owner.given(number)
    if mode == "raise" and known is not None and np.any((known < 0) | (known >= len(values))):
        got, want = f"choices {known}", f"0 to {len(values) - 1}"
        raise IndexingError(explain(f"np.choose{at_line()}", got, want, "Check them"))
    index: Any = inside(number, len(values), mode)
    places = [
        np.arange(n).reshape(tuple(-1 if j == k else 1 for j in range(len(shape))))
        for k, n in enumerate(shape)
    ]
    return i.gather(table, index, *[t.value(p) for p in places])


def listed(condlist: Any, ndim: int) -> list[Any]:
    """The conditions as a list; one alone is no list, and neither are its elements."""
    if not isinstance(condlist, list | tuple) and np.ndim(condlist) == 0:
        return [condlist]
    first: Any = condlist[0]
    row = isinstance(first, list | np.ndarray) or (isinstance(first, Tracer) and is_array(first))
    number = isinstance(first, Tracer) and isinstance(condlist, list | tuple)
    return list(condlist) if row or number or ndim == 0 else [condlist]


def piecewise(t: Trace, x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """The function of the last condition that holds, of each element; a function more is for the
    elements for which none does. Functions are called with all elements, so one that is singular
    elsewhere should guard itself; no nan leaks, in value or derivative, from where it is not
    chosen."""
    v: Any = t.value(x)
    conditions = [truth(t, c) for c in listed(condlist, v.ndim)]
    count = len(funclist) - len(conditions)
    if count not in (0, 1):
        got = f"{len(conditions)} conditions and {len(funclist)} functions"
        want = "as many functions, or one more"
        raise ShapeError(explain(f"np.piecewise{at_line()}", got, want, "Check the lists"))

    def of(piece: Any) -> Any:
        value: Any = t.value(piece(v, *args, **kw) if callable(piece) else piece)
        return s.broadcast(value.astype(v.dtype), shape=v.shape)

    found = of(funclist[-1]) if count else np.zeros_like(v)
    for condition, piece in zip(conditions, funclist, strict=False):
        found = np.where(condition, of(piece), found)
    return found


# --- conditions that decide a shape ---------------------------------------------------------------


def refuse_unknown(name: str, what: str) -> UnsupportedError:
    """A shape that only running tells."""
    want = "values that are known while tracing: a graph has fixed shapes"
    remedy = "Use np.where(mask, x, 0), or find it outside the traced function"
    return UnsupportedError(explain(f"{name}{at_line()}", what, want, remedy))


def known_mask(t: Trace, condition: Any, name: str) -> Any:
    value = t.value(condition)
    found = value.owner.given(value)
    if found is None:
        raise refuse_unknown(name, f"the traced condition {value!r}, which decides a length")
    return np.ravel(found != 0)


def compress(t: Trace, condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """The slices for which the condition holds."""
    refuse("np.compress", out=(out, None))
    return chosen(t, condition, t.value(a), axis, "np.compress")


def extract(t: Trace, condition: Any, arr: Any) -> Any:
    return chosen(t, condition, t.value(arr), None, "np.extract")


def chosen(t: Trace, condition: Any, x: Any, axis: Any, name: str) -> Any:
    if axis is None:
        x, axis = np.ravel(x), 0
    places = np.flatnonzero(known_mask(t, condition, name))
    return np.take(x, places, axis=normal_axis(axis, x.ndim, name))


def trim_zeros(t: Trace, filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Without the zeros at the front and at the back, of known values; a view, as in NumPy."""
    x: Any = filt if isinstance(filt, Tracer) else t.value(filt)
    known = x.owner.given(x)
    if known is None:
        raise refuse_unknown("np.trim_zeros", f"{x!r}, whose zeros decide a length")
    axes = normal_axes(axis, known.ndim, "np.trim_zeros")
    places = np.nonzero(known)
    parts: list[slice] = []
    for k, n in enumerate(known.shape):
        none = places[k].size == 0
        low = (n if none else int(places[k].min())) if "f" in trim.lower() and k in axes else 0
        high = (0 if none else int(places[k].max()) + 1) if "b" in trim.lower() and k in axes else n
        parts.append(slice(low, max(low, high)))
    return x[tuple(parts)]


def by_value(function: Any) -> Callable[..., Any]:
    """A function the shape of whose result depends on values, which therefore must be known."""
    name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)

    def handler(t: Trace, *args: Any, **keywords: Any) -> Any:
        if not (lend(args, {}) and lend(keywords, {})):
            raise refuse_unknown(name, "a traced value, on which the length of the result depends")
        return call_known(t, name, function, args, keywords)

    return handler


BY_VALUE = (
    np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.unique_all, np.unique_counts,
    np.unique_inverse, np.unique_values, np.intersect1d, np.union1d, np.setdiff1d, np.setxor1d,
)  # fmt: skip
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.select: select, np.choose: choose, np.piecewise: piecewise, np.compress: compress,
    np.extract: extract, np.trim_zeros: trim_zeros,
    **{function: by_value(function) for function in BY_VALUE},
}  # fmt: skip
