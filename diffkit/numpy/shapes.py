"""NumPy's shape functions on traced values."""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..ops import index as i
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from .arguments import as_tuple, in_line, normal_axes, normal_axis, refuse, shape_of
from .elementwise import together


def reshape(t: Trace, a: Any, /, shape: Any, order: str = "C", *, copy: Any = None) -> Tracer:
    """C order only; one axis may be -1. Whether the result is a copy, `linking` decides."""
    x = t.value(a)
    refuse("np.reshape", order=(order, "C"))
    wanted = shape_of(shape)
    if wanted.count(-1) == 1:
        known = math.prod(n for n in wanted if n != -1)
        rest = x.size // known if known and x.size % known == 0 else -1
        wanted = tuple(rest if n == -1 else n for n in wanted)
    if any(n < 0 for n in wanted) or math.prod(wanted) != x.size:
        where = f"np.reshape{at_line()}"
        want, remedy = f"a shape of {x.size} elements", "Check the product of the lengths"
        raise ShapeError(explain(where, f"{x.type} for shape {shape}", want, remedy))
    return s.reshape(x, shape=wanted)


def ravel(t: Trace, a: Any, order: str = "C") -> Tracer:
    return reshape(t, a, -1, order)


def transpose(t: Trace, a: Any, axes: Any = None) -> Tracer:
    x = t.value(a)
    order = tuple(range(x.ndim))[::-1]
    if axes is not None:
        order = tuple(normal_axis(k, x.ndim, "np.transpose") for k in axes)
    return s.transpose(x, axes=order)


def swapaxes(t: Trace, a: Any, axis1: int, axis2: int) -> Tracer:
    x = t.value(a)
    order = list(range(x.ndim))
    j, k = normal_axis(axis1, x.ndim, "np.swapaxes"), normal_axis(axis2, x.ndim, "np.swapaxes")
    order[j], order[k] = order[k], order[j]
    return s.transpose(x, axes=tuple(order))


def moveaxis(t: Trace, a: Any, source: Any, destination: Any) -> Tracer:
    x = t.value(a)
    src = [normal_axis(k, x.ndim, "np.moveaxis") for k in np.atleast_1d(source)]
    dst = [normal_axis(k, x.ndim, "np.moveaxis") for k in np.atleast_1d(destination)]
    order = [k for k in range(x.ndim) if k not in src]
    for place, k in sorted(zip(dst, src, strict=True)):
        order.insert(place, k)
    return s.transpose(x, axes=tuple(order))


def expand_dims(t: Trace, a: Any, axis: Any) -> Tracer:
    x = t.value(a)
    axes = as_tuple(axis)
    total = x.ndim + len(axes)
    new = normal_axes(axes, total, "np.expand_dims")
    rest = iter(x.shape)
    return s.reshape(x, shape=tuple(1 if k in new else next(rest) for k in range(total)))


def squeeze(t: Trace, a: Any, axis: Any = None) -> Tracer:
    x = t.value(a)
    ones = tuple(k for k, n in enumerate(x.shape) if n == 1)
    if x.ndim == 0 and axis in (0, -1, (0,), (-1,)):
        axis = None  # a number is squeezed along an axis, too
    axes = ones if axis is None else normal_axes(axis, x.ndim, "np.squeeze")
    if any(k not in ones for k in axes):
        got = f"axis {axis} of {x.type}"
        remedy = "Squeeze another axis"
        raise ShapeError(explain(f"np.squeeze{at_line()}", got, "an axis of length 1", remedy))
    return s.reshape(x, shape=tuple(n for k, n in enumerate(x.shape) if k not in axes))


def broadcast_to(t: Trace, array: Any, shape: Any, subok: bool = False) -> Tracer:
    return s.broadcast(t.value(array), shape=shape_of(shape))


def concatenate(t: Trace, arrays: Any, /, axis: Any = 0, out: Any = None, **kw: Any) -> Tracer:
    refuse("np.concatenate", out=(out, None), **{k: (v, None) for k, v in kw.items()})
    values = together(t, *arrays)
    if axis is None:
        values, axis = [ravel(t, v) for v in values], 0
    if any(v.ndim == 0 for v in values):
        got, remedy = "a scalar", "Use np.stack for scalars"
        raise ShapeError(explain(f"np.concatenate{at_line()}", got, "arrays with an axis", remedy))
    return s.concatenate(*values, axis=normal_axis(axis, values[0].ndim, "np.concatenate"))


def stack(t: Trace, arrays: Any, axis: int = 0, out: Any = None, **kw: Any) -> Tracer:
    refuse("np.stack", out=(out, None), **{k: (v, None) for k, v in kw.items()})
    values = together(t, *arrays)
    return s.stack(*values, axis=normal_axis(axis, values[0].ndim + 1, "np.stack"))


def at_least(ndim: int) -> Callable[..., Any]:
    """atleast_1d and atleast_2d."""

    numpy: Any = np.atleast_1d if ndim == 1 else np.atleast_2d

    def handler(t: Trace, *arys: Any) -> Any:
        if len(arys) != 1:
            return tuple(numpy(a) for a in arys)
        x = t.value(arys[0])
        return s.reshape(x, shape=(1,) * (ndim - x.ndim) + x.shape) if x.ndim < ndim else x

    return handler


def joined(axis: int, ndim: int) -> Callable[..., Tracer]:
    """hstack and vstack."""
    promote = at_least(ndim)

    def handler(t: Trace, tup: Any, **kw: Any) -> Tracer:
        values = [promote(t, item) for item in tup]
        flat = axis == 1 and values[0].ndim == 1
        return concatenate(t, values, 0 if flat else axis, **kw)

    return handler


def append(t: Trace, arr: Any, values: Any, axis: Any = None) -> Tracer:
    if axis is None:
        return concatenate(t, (ravel(t, arr), ravel(t, values)))
    return concatenate(t, (arr, values), axis)


def column_stack(t: Trace, tup: Any) -> Tracer:
    values = [t.value(item) for item in tup]
    columns = [s.reshape(v, shape=(v.size, 1)) if v.ndim < 2 else v for v in values]
    return concatenate(t, columns, 1)


def flip(t: Trace, m: Any, axis: Any = None) -> Tracer:
    x = t.value(m)
    return s.reverse(x, axes=normal_axes(axis, x.ndim, "np.flip"))


def roll(t: Trace, a: Any, shift: Any, axis: Any = None) -> Tracer:
    """Elements that roll off one end come back at the other."""
    x = t.value(a)
    if axis is None:
        return s.reshape(roll(t, ravel(t, x), shift, 0), shape=x.shape)
    shifts, axes = np.broadcast_arrays(as_tuple(shift), as_tuple(axis))
    for amount, k in zip(shifts.tolist(), axes.tolist(), strict=True):
        k = normal_axis(k, x.ndim, "np.roll")
        n = x.shape[k]
        cut = -operator.index(amount) % n if n else 0
        if cut:
            parts = (s.take_range(x, k, cut, n), s.take_range(x, k, 0, cut))
            x = s.concatenate(*parts, axis=k)
    return x


def repeat(t: Trace, a: Any, repeats: Any, axis: Any = None) -> Tracer:
    x = in_line(t.value(a))
    if axis is None:
        x, axis = ravel(t, x), 0
    k = normal_axis(axis, x.ndim, "np.repeat")
    counts = known_counts(repeats)
    return take(t, x, np.repeat(np.arange(x.shape[k]), counts), k)


def known_counts(repeats: Any) -> Any:
    """How often to repeat, on which the shape depends."""
    value = repeats.owner.given(repeats) if isinstance(repeats, Tracer) else repeats
    if value is None:
        got, want = f"the traced counts {repeats!r}", "counts that are known while tracing"
        remedy = "Pass them as an argument that is not traced"
        raise UnsupportedError(explain(f"np.repeat{at_line()}", got, want, remedy))
    return value


def tile(t: Trace, A: Any, reps: Any) -> Tracer:
    x = t.value(A)
    times = shape_of(reps)
    ndim = max(x.ndim, len(times))
    times = (1,) * (ndim - len(times)) + times
    x = s.reshape(x, shape=(1,) * (ndim - x.ndim) + x.shape)
    for k, count in enumerate(times):
        if count == 0:
            x = s.take_range(x, k, 0, 0)
        elif count != 1:
            x = s.concatenate(*[x] * count, axis=k)
    return x


def take(
    t: Trace, a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise"
) -> Tracer:
    refuse("np.take", out=(out, None))
    x = in_line(t.value(a))
    if axis is None:
        x, axis = ravel(t, x), 0
    k = normal_axis(axis, x.ndim, "np.take")
    chosen = inside(t.value(indices), x.shape[k], mode)
    front = i.gather(moveaxis(t, x, k, 0), chosen)
    lead = tuple(range(chosen.ndim))
    return moveaxis(t, front, lead, tuple(k + j for j in lead)) if lead else front


def inside(index: Tracer, n: int, mode: str) -> Any:
    """Indices beyond the ends brought back, by the mode of np.take and np.choose."""
    if mode == "raise":
        return index
    if mode not in ("clip", "wrap"):
        got, want = f"mode={mode!r}", "'raise', 'clip' or 'wrap'"
        raise UnsupportedError(explain(f"np.take{at_line()}", got, want, "Choose one of them"))
    return np.clip(index, 0, n - 1) if mode == "clip" else np.remainder(index, n)


def diagonal(t: Trace, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tracer:
    x = moveaxis(t, a, (axis1, axis2), (0, 1))
    n = np.arange(len(np.diagonal(np.empty(x.shape[:2]), offset)))
    rows, columns = n + max(0, -offset), n + max(0, offset)
    return moveaxis(t, i.gather(x, t.value(rows), t.value(columns)), 0, -1)


def trace(
    t: Trace, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None,
    out: Any = None,
) -> Any:  # fmt: skip
    refuse("np.trace", out=(out, None))
    return np.sum(diagonal(t, a, offset, axis1, axis2), axis=-1, dtype=dtype)


def diag(t: Trace, v: Any, k: int = 0) -> Tracer:
    x = t.value(v)
    if x.ndim == 2:
        return diagonal(t, x, k)
    n = x.shape[0] + abs(k)
    rows = np.arange(x.shape[0]) + max(0, -k)
    zeros = s.broadcast(x.full(0, ()), shape=(n, n))
    return i.scatter_add(zeros, x, t.value(rows), t.value(rows + k))


def triangle(function: Any) -> Callable[..., Any]:
    def handler(t: Trace, m: Any, k: int = 0) -> Any:
        x = t.value(m)
        return np.where(function(np.ones(x.shape, bool), k), x, np.zeros((), x.dtype))

    return handler


def split(t: Trace, ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tracer]:
    x = t.value(ary)
    k = normal_axis(axis, x.ndim, "np.split")
    parts = np.split(np.broadcast_to(0, x.shape[k]), indices_or_sections)
    bounds = np.cumsum([0, *(len(p) for p in parts)])
    return [s.take_range(x, k, int(p), int(q)) for p, q in pairwise(bounds)]


# fmt: off
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.reshape: reshape, np.ravel: ravel, np.transpose: transpose, np.swapaxes: swapaxes,
    np.moveaxis: moveaxis, np.expand_dims: expand_dims, np.squeeze: squeeze,
    np.broadcast_to: broadcast_to, np.concatenate: concatenate, np.stack: stack,
    np.append: append, np.hstack: joined(1, 1), np.vstack: joined(0, 2),
    np.column_stack: column_stack, np.atleast_1d: at_least(1), np.atleast_2d: at_least(2),
    np.flip: flip, np.fliplr: lambda t, m: flip(t, m, 1), np.flipud: lambda t, m: flip(t, m, 0),
    np.roll: roll, np.repeat: repeat, np.tile: tile, np.take: take,
    np.diagonal: diagonal, np.trace: trace, np.diag: diag, np.split: split,
    np.tril: triangle(np.tril), np.triu: triangle(np.triu),
    np.shape: lambda t, a: t.value(a).shape, np.ndim: lambda t, a: t.value(a).ndim,
    np.size: lambda t, a: t.value(a).size,
}
# fmt: on
