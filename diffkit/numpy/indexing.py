"""x[index] on traced values, in NumPy's full grammar for indices of known shape.

An index is parsed into basic parts (integers, slices, None, Ellipsis), which become slice, reverse
and reshape, and advanced parts (integer arrays, traced or not, and boolean masks that are known),
which become one gather over leading axes and a transpose to where NumPy puts the result.
What `writing` writes is what this module reads. As in NumPy, basic parts make a view.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import IndexingError, explain
from ..ops import index as i
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..tracing.views import is_array, link_view
from ..types import Array, Shape, b1
from .selection import refused, selected


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
            known = part.owner.given(part)
            if known is not None:
                part = known
        if isinstance(part, Tracer) and part.dtype_ == b1:
            raise refused()
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


def getitem(t: Trace, array: Any, index: Any) -> Any:
    """x[index]; where NumPy gives a view, one that follows and changes x."""
    x = t.value(array)
    chosen = selected(t, x, index[0] if isinstance(index, tuple) and len(index) == 1 else index)
    if chosen is not None:
        return chosen
    out = read(t, x, index)
    if isinstance(array, Tracer) and makes_view(x, index):
        same = x is array  # else x lies outside the trace, and stays as it is

        def write(base: Tracer, value: Tracer) -> Tracer:
            return t.handlers.setitem(t, base, index, value)

        def again(base: Tracer) -> Tracer:
            return read(t, base, index)

        link_view(out, x, "x[…]", again, write if same else None, index)
    return out


def makes_view(x: Tracer, index: Any) -> bool:
    """Whether x[index] shares the memory of x: integers, slices, None and Ellipsis, but not an
    integer for every axis, which gives a scalar."""
    parts: Any = index if isinstance(index, tuple) else (index,)
    whole = True
    for part in parts:
        if part is None or part is Ellipsis or isinstance(part, slice):
            whole = False
        elif isinstance(part, Tracer):
            if part.dtype_.kind != "i" or is_array(part):
                return False
        elif not isinstance(part, int | np.integer) or isinstance(part, bool):
            return False
    return not (whole and len(parts) == x.ndim)


def read(t: Trace, x: Tracer, index: Any) -> Tracer:
    """x[index] as a value."""
    parts = normalise(t, x, index)
    return basic(t, x, parts) if is_basic(parts) else advanced(t, x, parts)


def is_basic(parts: list[Any]) -> bool:
    """Whether all parts are known integers, slices and new axes."""
    return all(
        part is None
        or isinstance(part, slice)
        or (not isinstance(part, Tracer) and not np.ndim(part))
        for part in parts
    )


def require_known(part: slice) -> None:
    """Refuse a slice of a length that only running tells."""
    for end in (part.start, part.stop, part.step):
        if isinstance(end, Tracer) and end.owner.given(end) is None:
            got = f"a slice with the traced bound {end!r}, whose length is not known"
            remedy = (
                "Read a window of known length with dnp.take(x, start + np.arange(length)); write "
                "by a mask, with np.where(np.arange(n) < stop, value, x)"
            )
            raise fail(got, "bounds that are known", remedy)


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
    area = select_area(x, parts)
    out = s.slice_(x, start=area.start, stop=area.stop, step=area.step)
    if area.flipped:
        out = s.reverse(out, axes=area.flipped)
    return s.reshape(out, shape=area.shape)


@dataclass(frozen=True, slots=True)
class Area:
    """What integers, slices and new axes select: a slice with positive steps, of which some axes
    are then reversed, in the shape of the result."""

    start: Shape
    stop: Shape
    step: Shape
    flipped: Shape
    shape: Shape

    @property
    def counts(self) -> Shape:
        """The shape of the slice, with all axes of x."""
        bounds = zip(self.start, self.stop, self.step, strict=True)
        return tuple(len(range(*bound)) for bound in bounds)


def select_area(x: Tracer, parts: list[Any]) -> Area:
    """The area of a basic index."""
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
            require_known(part)
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
    return Area(tuple(start), tuple(stop), tuple(step), tuple(flipped), tuple(shape))


def advanced(t: Trace, x: Tracer, parts: list[Any]) -> Tracer:
    """Slices and new axes first, then one gather over the axes that arrays (and, with them,
    integers) index; their result stands where they stood if they were adjacent, else in front."""
    is_array = [part is not None and not isinstance(part, slice) for part in parts]
    sliced = basic(
        t, x, [slice(None) if hit else part for hit, part in zip(is_array, parts, strict=True)]
    )
    axes = [k for k, hit in enumerate(is_array) if hit]
    none = any(np.size(parts[k]) == 0 for k in axes)  # where nothing is read, nothing is beyond
    indices = [checked(t, parts[k], None if none else sliced.shape[k], k) for k in axes]
    rest = [k for k in range(sliced.ndim) if k not in axes]
    read = i.gather(s.transpose(sliced, axes=tuple(axes + rest)), *indices)
    lead = read.ndim - len(rest)
    adjacent = axes == list(range(axes[0], axes[-1] + 1))
    if adjacent and axes[0]:
        before = axes[0]
        order = [*range(lead, lead + before), *range(lead), *range(lead + before, read.ndim)]
        read = s.transpose(read, axes=tuple(order))
    return read


def checked(t: Trace, part: Any, n: int | None, axis: int) -> Tracer:
    """An index array as integers; known values are checked against the length, if one is given."""
    index = t.value(part)
    if index.dtype_.kind != "i":
        if index.size == 0:
            return t.value(np.zeros(index.shape, np.int64))
        raise fail(f"an index array {index.type}", "integers", "Use x.astype(np.int64)")
    lit = index.lit
    if n is None or lit is None:
        return index
    if lit.value.size and not (-n <= lit.value.min() and lit.value.max() < n):
        bad = int(lit.value.min()) if lit.value.min() < -n else int(lit.value.max())
        raise fail(f"index {bad} for axis {axis} of length {n}", f"{-n} to {n - 1}", "Check it")
    return index
