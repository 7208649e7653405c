"""NumPy's functions that put arrays together or take them apart, on traced values.

All are compositions of reshape, concatenate and indexing. What decides a shape (how often to
repeat, where to cut, which elements to leave out) must be known while tracing.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError, explain
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from .arguments import as_tuple, normal_axis, shape_of
from .elementwise import together
from .scans import known_integers


def wrong(name: str, got: str, want: str, remedy: str) -> ShapeError:
    return ShapeError(explain(f"np.{name}{at_line()}", got, want, remedy))


# --- taking apart ---------------------------------------------------------------------------------


def array_split(t: Trace, ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts that need not be equal: the first ones are longer by one."""
    if np.ndim(indices_or_sections):
        return np.split(ary, indices_or_sections, axis)
    n, parts = np.shape(ary)[axis], int(indices_or_sections)
    if parts <= 0:
        raise wrong("array_split", f"{parts} sections", "at least one", "Check the number")
    each, more = divmod(n, parts)
    cuts = np.cumsum([each + (k < more) for k in range(parts)])[:-1]
    return np.split(ary, cuts, axis)


def split_along(name: str, axis: int, least: int) -> Callable[..., Any]:
    """hsplit, vsplit and dsplit."""

    def handler(t: Trace, ary: Any, indices_or_sections: Any) -> list[Any]:
        ndim = np.ndim(ary)
        if ndim < least:
            raise wrong(name, f"{ndim} axes", f"at least {least}", "Reshape it first")
        return np.split(ary, indices_or_sections, min(axis, ndim - 1))

    return handler


def unstack(t: Trace, x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    front: Any = np.moveaxis(x, axis, 0)
    return tuple(front[k] for k in range(front.shape[0]))


# --- turning --------------------------------------------------------------------------------------


def rot90(t: Trace, m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """A quarter turn, from the first axis towards the second, k times."""
    p, q = (normal_axis(axis, np.ndim(m), "np.rot90") for axis in axes)
    if p == q:
        raise wrong("rot90", f"axes {axes}", "two axes", "Name another axis")
    if k % 4 == 0:
        return m[...]
    if k % 4 == 2:
        return np.flip(np.flip(m, p), q)
    return np.swapaxes(np.flip(m, q), p, q) if k % 4 == 1 else np.flip(np.swapaxes(m, p, q), q)


def rollaxis(t: Trace, a: Any, axis: int, start: int = 0) -> Any:
    """An axis moved in front of axis `start`, which may be the end."""
    ndim = np.ndim(a)
    source = normal_axis(axis, ndim, "np.rollaxis")
    place = ndim if start == ndim else normal_axis(start, ndim, "np.rollaxis")
    return np.moveaxis(a, source, place - 1 if source < place else place)


def atleast_3d(t: Trace, *arys: Any) -> Any:
    """A vector lies along the middle axis, a matrix across the first two."""
    found = [with_three(t, x) for x in arys]
    return found[0] if len(found) == 1 else tuple(found)


def with_three(t: Trace, x: Any) -> Any:
    v: Any = t.value(x)
    if v.ndim >= 3:
        return v
    return np.expand_dims(v, {0: (0, 1, 2), 1: (0, 2), 2: (2,)}[v.ndim])


def matrix_transpose(t: Trace, x: Any, /) -> Any:
    if np.ndim(x) < 2:
        raise wrong("matrix_transpose", f"{np.ndim(x)} axes", "a matrix", "Use x[:, None]")
    return np.swapaxes(x, -1, -2)


# --- broadcasting ---------------------------------------------------------------------------------


def broadcast_arrays(t: Trace, *args: Any, subok: bool = False) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*[np.shape(x) for x in args])
    return tuple(np.broadcast_to(x, shape) for x in args)


def meshgrid(
    t: Trace, *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Any, ...]:
    """Each vector along an axis of its own, stretched along the others; `xy` swaps two of them."""
    if indexing not in ("xy", "ij"):
        raise wrong("meshgrid", f"indexing={indexing!r}", "'xy' or 'ij'", "Choose one")
    count = len(xi)
    order = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    lines = [
        np.reshape(x, tuple(-1 if k == order[j] else 1 for k in range(count)))
        for j, x in enumerate(xi)
    ]
    return tuple(lines) if sparse else tuple(x.copy() for x in broadcast_arrays(t, *lines))


def ix_(t: Trace, *args: Any) -> tuple[Any, ...]:
    """Integers of each axis, ready to index a grid."""
    count = len(args)
    return tuple(
        np.reshape(x, tuple(-1 if k == j else 1 for k in range(count))) for j, x in enumerate(args)
    )


# --- putting together -----------------------------------------------------------------------------


def dstack(t: Trace, tup: Any) -> Any:
    return np.concatenate([with_three(t, x) for x in tup], axis=2)


def block(t: Trace, arrays: Any) -> Any:
    """Nested lists of blocks: the innermost are joined along the last axis, and so on outwards."""
    depth = nesting(arrays)
    ndim = max([depth, *(np.ndim(x) for x in leaves(arrays))])

    def join(part: Any, level: int) -> Any:
        if not isinstance(part, list):
            v = t.value(part)
            return s.reshape(v, shape=(1,) * (ndim - v.ndim) + v.shape)
        inner = [join(item, level + 1) for item in part]
        return np.concatenate(inner, axis=ndim - depth + level)

    return join(arrays, 0)


def nesting(x: Any) -> int:
    return 1 + nesting(x[0]) if isinstance(x, list) else 0


def leaves(x: Any) -> list[Any]:
    return [leaf for item in x for leaf in leaves(item)] if isinstance(x, list) else [x]


def insert(t: Trace, arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """The values put in front of the places `obj`, which count in the array as it was."""
    x: Any = t.value(arr)
    if axis is None:
        x, axis = np.ravel(x), -1
    k = normal_axis(axis, x.ndim, "np.insert")
    v = converted(t.value(values), x)
    n = x.shape[k]
    places = chosen_places(obj, n, "np.insert", n + 1)
    if len(places) == 1:
        v = s.reshape(v, shape=(1,) * (x.ndim - v.ndim) + v.shape)
        if not isinstance(obj, slice) and np.ndim(obj) == 0:
            v = np.moveaxis(v, 0, k)  # what goes to one place stands along the first axis
        v = np.broadcast_to(v, (*x.shape[:k], v.shape[k], *x.shape[k + 1 :]))
        parts = [s.take_range(x, k, 0, places[0]), v, s.take_range(x, k, places[0], n)]
        return np.concatenate(parts, axis=k)
    v = np.broadcast_to(v, (*x.shape[:k], len(places), *x.shape[k + 1 :]))
    source = np.insert(np.arange(n), places, n + np.arange(len(places)))
    return np.take(np.concatenate([x, v], axis=k), source, axis=k)


def converted(v: Tracer, x: Tracer) -> Any:
    """A value of the dtype of the array that it is put into."""
    if v.type.differentiable and not x.type.differentiable:
        got, want = f"{v.type} to be put into {x.type}", "an array of floats"
        remedy = "Convert the array with .astype(float), or the value with .astype(int)"
        raise DtypeError(explain(f"np.insert{at_line()}", got, want, remedy))
    return v.astype(x.dtype)


def delete(t: Trace, arr: Any, obj: Any, axis: Any = None) -> Any:
    """Without the elements at `obj`: integers, a slice, or a mask."""
    x: Any = t.value(arr)
    if axis is None:
        x, axis = np.ravel(x), 0
    k = normal_axis(axis, x.ndim, "np.delete")
    n = x.shape[k]
    kept = np.ones(n, bool)
    kept[chosen_places(obj, n, "np.delete", n)] = False
    return np.take(x, np.flatnonzero(kept), axis=k)


def chosen_places(obj: Any, n: int, name: str, bound: int) -> list[int]:
    """Known places, given as integers, a slice or a mask, as non-negative integers."""
    if isinstance(obj, slice):
        return list(range(*obj.indices(n)))
    known = obj.owner.given(obj) if isinstance(obj, Tracer) else np.asarray(obj)
    if known is not None and known.dtype == bool and known.ndim:
        return [int(k) for k in np.flatnonzero(known)]
    found = known_integers(obj, name)
    if any(not -n <= k < bound for k in found):
        got = f"places {found} in an axis of length {n}"
        raise ShapeError(explain(f"{name}{at_line()}", got, "places inside it", "Check them"))
    return [k + n if k < 0 else k for k in found]


def resize(t: Trace, a: Any, new_shape: Any) -> Any:
    """The elements in order, again and again, until the shape is full."""
    x: Any = np.ravel(a)
    shape = shape_of(new_shape)
    size = math.prod(shape)
    if x.size == 0 or size == 0:
        return np.zeros(shape, x.dtype)
    times = -(-size // x.size)
    full = np.concatenate([x] * times) if times > 1 else x
    return np.reshape(full[:size], shape)


def diagflat(t: Trace, v: Any, k: int = 0) -> Any:
    return np.diag(np.ravel(v), k)


def kron(t: Trace, a: Any, b: Any) -> Any:
    """Every element of a times all of b, blocks in the places of the elements."""
    x, y = together(t, a, b)
    ndim = max(x.ndim, y.ndim)
    p, q = ((1,) * (ndim - v.ndim) + v.shape for v in (x, y))
    first = s.reshape(x, shape=tuple(m for n in p for m in (n, 1)))
    second = s.reshape(y, shape=tuple(m for n in q for m in (1, n)))
    whole = tuple(m * n for m, n in zip(p, q, strict=True))
    return np.reshape(first * second, whole)


def apply_along_axis(
    t: Trace, func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """The function of every line along an axis, one after another."""
    x: Any = t.value(arr)
    k = normal_axis(axis, x.ndim, "np.apply_along_axis")
    lines: Any = np.moveaxis(x, k, -1)
    lead = lines.shape[:-1]
    done = [func1d(lines[place], *args, **kwargs) for place in np.ndindex(lead)]
    whole: Any = np.stack([t.value(y) for y in done])
    inner = whole.shape[1:]
    grid = np.reshape(whole, (*lead, *inner))
    last = tuple(range(len(lead), grid.ndim))
    return np.moveaxis(grid, last, tuple(k + j for j in range(len(inner)))) if inner else grid


def apply_over_axes(t: Trace, func: Callable[..., Any], a: Any, axes: Any) -> Any:
    """The function along one axis after another; axes that it drops come back with length 1."""
    x: Any = t.value(a)
    for axis in as_tuple(axes):
        k = normal_axis(axis, x.ndim, "np.apply_over_axes")
        y: Any = func(x, k)
        x = y if np.ndim(y) == x.ndim else np.expand_dims(y, k)
    return x


def sliding_window_view(
    t: Trace, x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False,
    writeable: bool = False,
) -> Any:  # fmt: skip
    """All windows of a shape, in new axes behind the others."""
    v: Any = t.value(x)
    sizes = shape_of(window_shape)
    axes = range(v.ndim) if axis is None else as_tuple(axis)
    for n, axis_ in zip(sizes, axes, strict=True):
        k = normal_axis(axis_, np.ndim(x), "sliding_window_view")
        if not 0 <= n <= v.shape[k]:
            got = f"a window of {n} along an axis of {v.shape[k]}"
            raise wrong("lib.stride_tricks.sliding_window_view", got, "one that fits", "Check it")
        places = np.arange(v.shape[k] - n + 1)[:, None] + np.arange(n)
        v = np.moveaxis(np.take(v, places, axis=k), k + 1, -1)
    return v


# fmt: off
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.array_split: array_split, np.hsplit: split_along("hsplit", 1, 1),
    np.vsplit: split_along("vsplit", 0, 2), np.dsplit: split_along("dsplit", 2, 3),
    np.unstack: unstack, np.rot90: rot90, np.rollaxis: rollaxis, np.atleast_3d: atleast_3d,
    np.matrix_transpose: matrix_transpose, np.linalg.matrix_transpose: matrix_transpose,
    np.broadcast_arrays: broadcast_arrays, np.meshgrid: meshgrid, np.ix_: ix_,
    np.dstack: dstack, np.block: block, np.insert: insert, np.delete: delete, np.resize: resize,
    np.diagflat: diagflat, np.kron: kron, np.apply_along_axis: apply_along_axis,
    np.apply_over_axes: apply_over_axes,
    np.lib.stride_tricks.sliding_window_view: sliding_window_view,
}
# fmt: on
