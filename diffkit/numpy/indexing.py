"""x[index] on traced values, in NumPy's full grammar for indices of known shape.

An index is parsed into basic parts (integers, slices, None, Ellipsis), which become slice, reverse
and reshape, and advanced parts (integer arrays, traced or not, and boolean masks that are known),
which become one gather over leading axes and a transpose to where NumPy puts the result.
`set_at` and `add_at` run the same parser on an array of element numbers, so what they write is by
construction what x[index] reads.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..errors import IndexingError, ShapeError, explain
from ..ops import index as i
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer, innermost
from ..types import Array, Shape, b1
from .elementwise import together


def fail(got: str, want: str, remedy: str) -> IndexingError:
    return IndexingError(explain(f"indexing{at_line()}", got, want, remedy))


def normalise(t: Trace, x: Tracer, index: Any) -> list[Any]:
    """The index as a list with one entry for each axis of x (and None for new axes): an int, a
    slice or an integer array. Masks become integer arrays, Ellipsis the slices it stands for."""
    parts: list[Any] = list(index) if isinstance(index, tuple) else [index]
    expanded: list[Any] = []
    masks: dict[int, Shape] = {}
    for part in parts:
        if isinstance(part, Tracer) and part.dtype_ == b1:
            raise fail(
                "a traced boolean mask, whose result has no known shape",
                "integers, slices, integer arrays or a mask of known values",
                "Use np.where(mask, x, 0), or make the mask outside the traced function",
            )
        if isinstance(part, list):
            part = t.value(part) if any(isinstance(p, Tracer) for p in part) else np.asarray(part)
        if isinstance(part, bool | np.bool_) or getattr(part, "dtype", None) == np.bool_:
            masks[len(expanded)] = np.shape(part)
            expanded.extend(mask_places(np.asarray(part)))
        else:
            expanded.append(part)
    used = sum(part is not None and part is not Ellipsis for part in expanded)
    if used > x.ndim:
        raise fail(f"{used} indices for {x.type}", f"at most {x.ndim}", "Drop an index")
    fill = [slice(None)] * (x.ndim - used)
    dots = [k for k, part in enumerate(expanded) if part is Ellipsis]
    if len(dots) > 1:
        raise fail("two Ellipses", "one", "Write the other as slices")
    place = dots[0] if dots else len(expanded)
    full = expanded[:place] + fill + expanded[place + 1 :]
    for k, shape in masks.items():
        before = full[: k if k < place else k - 1 + len(fill)]
        check_mask(x, shape, sum(part is not None for part in before))
    return full


def check_mask(x: Tracer, shape: Shape, axis: int) -> None:
    """A mask must have the lengths of the axes it selects from, True in them or not."""
    covered = x.shape[axis : axis + len(shape)]
    if shape != covered:
        got, remedy = (
            f"a mask {shape} for axes {covered} of {x.type}",
            "Make it from an equal shape",
        )
        raise fail(got, "a mask as long as the axes", remedy)


def mask_places(mask: Array) -> tuple[Array, ...]:
    """The integer arrays that a boolean mask stands for."""
    if mask.ndim == 0:
        raise fail(
            "a single boolean",
            "an array of booleans as long as the axis",
            "Use np.where, or x[None]",
        )
    return np.nonzero(mask)


def getitem(t: Trace, array: Any, index: Any) -> Tracer:
    """x[index]."""
    x = t.value(array)
    parts = normalise(t, x, index)
    integers = [part for part in parts if part is not None and not isinstance(part, slice)]
    if all(np.ndim(part) == 0 for part in integers) and not any(
        isinstance(part, Tracer) for part in integers
    ):
        return basic(t, x, parts)
    return advanced(t, x, parts)


def within(part: Any, n: int, axis: int) -> int:
    """An integer index made non-negative, or an error naming axis and length."""
    try:
        k = operator.index(part)
    except TypeError:
        kind = type(part).__name__
        want = "an integer, slice, None, Ellipsis, or array of integers"
        raise fail(f"an index of type {kind}", want, "Convert it to int") from None
    if not -n <= k < n:
        raise fail(f"index {k} for axis {axis} of length {n}", f"{-n} to {n - 1}", "Check it")
    return k % n


def basic(t: Trace, x: Tracer, parts: list[Any]) -> Tracer:
    """Integers, slices and new axes."""
    if parts and all(not isinstance(part, slice) and part is not None for part in parts):
        places = [
            within(part, n, k) for k, (part, n) in enumerate(zip(parts, x.shape, strict=True))
        ]
        return i.gather(x, *[t.value(np.int64(place)) for place in places])
    start: list[int] = []
    stop: list[int] = []
    step: list[int] = []
    flipped: list[int] = []
    shape: list[int] = []
    axis = 0
    for part in parts:
        if part is None:
            shape.append(1)
            continue
        n = x.shape[axis]
        if isinstance(part, slice):
            chosen = range(*part.indices(n))
            if len(chosen) > 0 and chosen.step < 0:
                flipped.append(axis)
                chosen = chosen[::-1]
            low, high, stride = chosen.start, chosen.stop, chosen.step
            if len(chosen) == 0:
                low, high, stride = 0, 0, 1
            else:
                high = chosen[-1] + 1
            shape.append(len(chosen))
        else:
            low = within(part, n, axis)
            high, stride = low + 1, 1
        start.append(low)
        stop.append(high)
        step.append(stride)
        axis += 1
    out = s.slice_(x, start=tuple(start), stop=tuple(stop), step=tuple(step))
    if flipped:
        out = s.reverse(out, axes=tuple(flipped))
    return s.reshape(out, shape=tuple(shape))


def advanced(t: Trace, x: Tracer, parts: list[Any]) -> Tracer:
    """Slices and new axes first, then one gather over the axes that arrays (and, with them,
    integers) index; their result stands where they stood if they were adjacent, else in front."""
    is_array = [part is not None and not isinstance(part, slice) for part in parts]
    sliced = basic(
        t, x, [slice(None) if hit else part for hit, part in zip(is_array, parts, strict=True)]
    )
    axes = [k for k, hit in enumerate(is_array) if hit]
    indices = [checked(t, parts[k], sliced.shape[k], k) for k in axes]
    rest = [k for k in range(sliced.ndim) if k not in axes]
    read = i.gather(s.transpose(sliced, axes=tuple(axes + rest)), *indices)
    lead = read.ndim - len(rest)
    adjacent = axes == list(range(axes[0], axes[-1] + 1))
    if adjacent and axes[0]:
        before = axes[0]
        order = [*range(lead, lead + before), *range(lead), *range(lead + before, read.ndim)]
        read = s.transpose(read, axes=tuple(order))
    return read


def checked(t: Trace, part: Any, n: int, axis: int) -> Tracer:
    """An index array as integers; known values are checked against the length."""
    index = t.value(part)
    if index.dtype_.kind != "i":
        if index.size == 0:
            return t.value(np.zeros(index.shape, np.int64))
        raise fail(f"an index array {index.type}", "integers", "Use x.astype(np.int64)")
    lit = index.lit
    if lit is not None and lit.value.size and not (-n <= lit.value.min() and lit.value.max() < n):
        bad = int(lit.value.min()) if lit.value.min() < -n else int(lit.value.max())
        raise fail(f"index {bad} for axis {axis} of length {n}", f"{-n} to {n - 1}", "Check it")
    return index


def write(op: Any, x: Any, index: Any, value: Any) -> Any:
    """x with x[index] changed by a scatter op, on traced values."""
    trace = innermost((x, index, value))
    assert trace is not None
    p, q = together(trace, x, value)
    numbers: Any = np.arange(p.size).reshape(p.shape)
    places = trace.value(
        numbers[index] if innermost((index,)) is None else getitem(trace, numbers, index)
    )
    if places.ndim < q.ndim or np.broadcast_shapes(places.shape, q.shape) != places.shape:
        got = f"a value {q.type} for a selection of shape {places.shape}"
        want, remedy = "a value that broadcasts to it", "Check the index"
        raise ShapeError(explain(f"writing by index{at_line()}", got, want, remedy))
    q = s.broadcast(q, shape=places.shape)
    flat = s.reshape(p, shape=(p.size,))
    return s.reshape(op(flat, q, places), shape=p.shape)


def set_at(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with x[index] replaced by value: the functional form of `x[index] = value`.

    Args: x, an array or a traced value; index, anything that x[index] accepts; value, of a shape
    that broadcasts to x[index]. Of repeated indices the last counts.

        >>> import numpy as np, diffkit.numpy as dnp
        >>> dnp.set_at(np.zeros(3), 1, 5.0)
        array([0., 5., 0.])
    """
    if innermost((x, index, value)) is not None:
        return write(i.scatter_set, x, index, value)
    out = np.array(x, dtype=np.result_type(x, value))
    out[index] = value
    return out


def add_at(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with value added at x[index]; repeated indices all count, as in `np.add.at`.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.add_at(np.zeros(3), np.array([1, 1]), 2.0)
    array([0., 4., 0.])
    """
    if innermost((x, index, value)) is not None:
        return write(i.scatter_add, x, index, value)
    out = np.array(x, dtype=np.result_type(x, value))
    np.add.at(out, index, value)
    return out
