"""Sorting, searching and counting on traced values.

What is sorted is read by the indices that sort it, so a derivative goes where each element went;
equal elements keep their order, and each its own derivative. Where to insert is found by bisection
with one look at the table for each bit of its length; counts are integers, without a derivative,
but a count with weights has one by the weights.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DtypeError, UnsupportedError, explain
from ..ops import index as i
from ..ops import order
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from .arguments import in_line, normal_axis, refuse, require_real, shape_of
from .elementwise import together
from .shapes import inside

KINDS = {None: "quicksort", "quicksort": "quicksort", "heapsort": "quicksort",
         "mergesort": "stable", "stable": "stable"}  # fmt: skip


def lined_up(x: Any, axis: Any, name: str) -> tuple[Any, int]:
    """The array, flat without an axis, and the axis."""
    return (np.ravel(x), 0) if axis is None else (x, normal_axis(axis, x.ndim, name))


def argsort(
    t: Trace, a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """The indices that sort; of equal elements in the order in which NumPy leaves them."""
    refuse("np.argsort", order=(order, None))
    x, k = lined_up(in_line(t.value(a)), axis, "np.argsort")
    return ordered(x, k, "stable" if stable else KINDS[kind])


def ordered(x: Any, axis: int, kind: str = "stable") -> Any:
    return order.argsort(x, axis=axis, kind=kind) if x.ndim else x.full(0).astype(np.int64)


def sort(
    t: Trace, a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """Sorted along an axis, nan last."""
    refuse("np.sort", order=(order, None))
    x, k = lined_up(t.value(a), axis, "np.sort")
    return sorted_along(t, x, k)


def sorted_along(t: Trace, x: Any, axis: int) -> Any:
    if x.ndim == 0:
        return x
    return take_along_axis(t, x, ordered(x, axis), axis)


def partition(
    t: Trace, a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """Sorted altogether, which is one of the orders that NumPy may leave it in."""
    refuse("np.partition", order=(order, None))
    return sort(t, a, axis)


def argpartition(
    t: Trace, a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    refuse("np.argpartition", order=(order, None))
    return argsort(t, a, axis, stable=True)


def lexsort(t: Trace, keys: Any, axis: int = -1) -> Any:
    """By the last key, among equals by the one before, and so on."""
    rows: list[Any] = [t.value(keys[k]) for k in range(len(keys))]
    k = normal_axis(axis, rows[0].ndim, "np.lexsort")
    found = ordered(rows[0], k)
    for row in rows[1:]:
        again = ordered(take_along_axis(t, row, found, k), k)
        found = take_along_axis(t, found, again, k)
    return found


# --- reading along an axis ------------------------------------------------------------------------


def places_along(indices: Any, shape: tuple[int, ...], axis: int) -> tuple[Any, ...]:
    """Index arrays for all axes, of which one is given."""
    ndim = len(shape)
    grid: list[Any] = []
    for k, n in enumerate(shape):
        line = tuple(-1 if j == k else 1 for j in range(ndim))
        grid.append(indices if k == axis else np.arange(n).reshape(line))
    return tuple(grid)


def take_along_axis(t: Trace, arr: Any, indices: Any, axis: Any = -1) -> Any:
    """x[…, indices, …], where the other axes count along."""
    x, k = lined_up(t.value(arr), axis, "np.take_along_axis")
    chosen: Any = t.value(indices)
    if chosen.ndim != x.ndim:
        got, want = f"{chosen.ndim} axes of indices for {x.type}", "as many axes"
        remedy = "Add axes to the indices with np.expand_dims"
        raise UnsupportedError(explain(f"np.take_along_axis{at_line()}", got, want, remedy))
    if x.ndim == 1:
        return i.gather(x, chosen)
    return x[places_along(chosen, x.shape, k)]


# --- bisection ------------------------------------------------------------------------------------


def searchsorted(t: Trace, a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where in the sorted table each value would be inserted: the number of elements before it."""
    table, values = together(t, a, v)
    require_real("np.searchsorted", table)
    if sorter is not None:
        table = np.take(table, sorter)
    return before(table, values, side)


def before(table: Any, values: Any, side: str) -> Any:
    """The number of elements less than each value (`left`), or not greater (`right`); nan is above
    all numbers. Each step asks whether 2ᵏ elements more still come before the value."""
    if side not in ("left", "right"):
        got, remedy = f"side={side!r}", "Choose one of them"
        raise UnsupportedError(
            explain(f"np.searchsorted{at_line()}", got, "'left' or 'right'", remedy)
        )
    n = table.shape[0]
    found: Any = s.broadcast(table.full(0, ()).astype(np.int64), shape=values.shape)
    width = 1 << max(n.bit_length() - 1, 0)
    while n and width:
        reach = found + width
        element = i.gather(table, np.minimum(reach, n) - 1)
        less = comes_before(element, values, side)
        found = np.where(np.logical_and(reach <= n, less), reach, found)
        width //= 2
    return found


def comes_before(element: Any, value: Any, side: str) -> Any:
    if element.dtype.kind not in "fc":
        return element < value if side == "left" else element <= value
    last = np.isnan(value)
    if side == "right":
        return np.logical_or(element <= value, last)
    return np.logical_or(element < value, np.logical_and(last, np.logical_not(np.isnan(element))))


def digitize(t: Trace, x: Any, bins: Any, right: bool = False) -> Any:
    """The number of the bin of each value; the bins may go up or down."""
    edges, values = together(t, bins, x)
    side = "left" if right else "right"
    n = edges.shape[0]
    if n < 2:
        return before(edges, values, side)
    falling: Any = edges[0] > edges[n - 1]
    known = falling.owner.given(falling)
    rising_places = before(edges, values, side)
    if known is not None and not known:
        return rising_places
    falling_places = n - before(np.flip(edges), values, side)
    return np.where(falling, falling_places, rising_places)


# --- counting -------------------------------------------------------------------------------------


def bincount(t: Trace, x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each integer occurs, or the sum of the weights where it does. The length of the
    result is decided by the integers, which must be known."""
    known = x.owner.given(x) if isinstance(x, Tracer) else np.asarray(x)
    if known is None:
        got = f"the traced integers {x!r}, the greatest of which is the length of the result"
        want = "integers that are known while tracing"
        remedy = "Use dnp.add_at(np.zeros(length), x, weights)"
        raise UnsupportedError(explain(f"np.bincount{at_line()}", got, want, remedy))
    if weights is None:
        return np.bincount(known, minlength=minlength)
    length = len(np.bincount(known, minlength=minlength))
    w: Any = t.value(weights).astype(np.float64)
    zeros = s.broadcast(w.full(0, ()), shape=(length,))
    return i.scatter_add(zeros, w, t.value(known.astype(np.int64)))


def histogram(
    t: Trace, a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """How many elements lie between every two edges, or the sum of their weights. The numbers have
    no derivative by the elements; edges that come from the least and the greatest have one."""
    x: Any = np.ravel(t.value(a))
    require_real("np.histogram", x)
    edges = histogram_bin_edges(t, x, bins, range, weights)
    table: Any = t.value(edges)
    x, places = together(t, x, table)
    n = places.shape[0] - 1
    inner = before(places, x, "right") - 1
    inner = np.where(x == places[n], n - 1, inner)  # the last bin has both of its edges
    inside = np.logical_and(inner >= 0, inner < n)
    if weights is None:
        one: Any = inside.astype(np.int64)
    else:
        w: Any = np.ravel(t.value(weights))
        one = np.where(inside, w, np.zeros((), w.dtype))
    zeros = s.broadcast(one.full(0, ()), shape=(n,))
    counts = i.scatter_add(zeros, one, np.clip(inner, 0, n - 1))
    if density:
        return counts / np.diff(edges) / np.sum(counts), edges
    return counts, edges


def histogram_bin_edges(
    t: Trace, a: Any, bins: Any = 10, range: Any = None, weights: Any = None
) -> Any:
    """The edges: as given, or `bins` equal steps from the least element to the greatest."""
    if isinstance(bins, str):
        got, want = f"bins={bins!r}", "a number of bins, or their edges"
        remedy = "Take the number from values outside the traced function"
        raise UnsupportedError(explain(f"np.histogram{at_line()}", got, want, remedy))
    if np.ndim(bins):
        return bins if isinstance(bins, Tracer) else np.asarray(bins)
    x: Any = t.value(a)
    require_real("np.histogram_bin_edges", x)
    floats = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    if range is None and x.size == 0:
        range = (0, 1)
    if range is not None:
        low, high = range
        if low == high:
            low, high = low - 0.5, high + 0.5
        return np.linspace(low, high, int(bins) + 1, dtype=floats)
    low, high = np.min(x).astype(floats), np.max(x).astype(floats)
    wider: Any = (low == high).astype(floats) * 0.5
    return np.linspace(low - wider, high + wider, int(bins) + 1)


def isin(
    t: Trace, element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False,
    *, kind: Any = None,
) -> Any:  # fmt: skip
    """Whether each element is one of the others: each is compared with each."""
    x, table = together(t, element, np.ravel(test_elements))
    hit = np.any(np.equal(np.expand_dims(x, -1), table), axis=-1)
    return np.logical_not(hit) if invert else hit


def unravel_index(t: Trace, indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    """Places in a flat array as indices of its axes."""
    refuse("np.unravel_index", order=(order, "C"))
    rest: Any = t.value(indices)
    if rest.dtype.kind not in "iu":
        got, remedy = f"{rest.type}", "Convert them with .astype(int)"
        raise DtypeError(explain(f"np.unravel_index{at_line()}", got, "integers", remedy))
    found: list[Any] = []
    for n in shape_of(shape)[::-1]:
        found.append(np.remainder(rest, n))
        rest = np.floor_divide(rest, n)
    return tuple(found[::-1])


def ravel_multi_index(
    t: Trace, multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C"
) -> Any:
    """Indices of axes as places in the flat array."""
    refuse("np.ravel_multi_index", order=(order, "C"))
    modes = mode if isinstance(mode, tuple) else (mode,) * len(multi_index)
    place: Any = 0
    for index, n, how in zip(multi_index, shape_of(dims), modes, strict=True):
        place = place * n + inside(t.value(index), n, how)
    return place


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sort: sort, np.argsort: argsort, np.partition: partition, np.argpartition: argpartition,
    np.lexsort: lexsort, np.take_along_axis: take_along_axis, np.searchsorted: searchsorted,
    np.digitize: digitize, np.bincount: bincount, np.histogram: histogram,
    np.histogram_bin_edges: histogram_bin_edges, np.isin: isin, np.unravel_index: unravel_index,
    np.ravel_multi_index: ravel_multi_index,
}  # fmt: skip
