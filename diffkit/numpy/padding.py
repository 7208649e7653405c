"""`np.pad` in all of NumPy's modes, on traced values.

The modes that repeat elements (edge, reflect, symmetric, wrap) read the array by indices, and which
index stands where, NumPy itself says: it pads the counting numbers. The others put something
computed on either side of one axis after another, as NumPy does, so that corners come out alike.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..ops import arithmetic as a
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer, contains_tracer
from .arguments import normal_axis

KEYWORDS: dict[str, set[str]] = {
    "constant": {"constant_values"}, "linear_ramp": {"end_values"}, "empty": set(), "edge": set(),
    "maximum": {"stat_length"}, "minimum": {"stat_length"}, "mean": {"stat_length"},
    "median": {"stat_length"}, "reflect": {"reflect_type"}, "symmetric": {"reflect_type"},
    "wrap": set(),
}  # fmt: skip
STATISTICS: dict[str, Any] = {
    "maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median,
}  # fmt: skip


def pad(t: Trace, array: Any, pad_width: Any, mode: Any = "constant", **kw: Any) -> Any:
    """np.pad, with derivatives by the array, the constants and the ends of ramps."""
    x: Any = t.value(array)
    if mode not in KEYWORDS or set(kw) - KEYWORDS[mode]:
        got = f"mode={mode!r}" + "".join(f", {key}=" for key in kw)
        want = f"one of {', '.join(KEYWORDS)}, and the keywords of that mode"
        remedy = "Build the border with np.concatenate"
        raise UnsupportedError(explain(f"np.pad{at_line()}", got, want, remedy))
    widths = widths_of(pad_width, x.ndim)
    if mode in ("constant", "empty"):
        fill = kw.get("constant_values", 0)
        if not isinstance(fill, Tracer) and np.ndim(fill) == 0 and fill == 0:
            low, high = (tuple(w[k] for w in widths) for k in (0, 1))
            return s.pad(x, low=low, high=high, interior=(0,) * x.ndim)
        return with_sides(t, x, widths, fill)
    for k, width in enumerate(widths):
        if x.shape[k] == 0 and any(width):
            got, want = f"{x.type}, empty along axis {k}", "elements to continue from"
            raise ShapeError(explain(f"np.pad{at_line()}", got, want, "Use mode='constant'"))
    if mode == "linear_ramp":
        return with_ramps(t, x, widths, kw.get("end_values", 0))
    if mode in STATISTICS:
        return with_statistics(x, widths, STATISTICS[mode], kw.get("stat_length"))
    if kw.get("reflect_type") == "odd":
        return turned_over(x, widths, mode)
    for k, width in enumerate(widths):
        if width != (0, 0):
            x = np.take(x, np.pad(np.arange(x.shape[k]), width, mode), axis=k)
    return x


def widths_of(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """How many elements go before and after, for each axis."""
    if isinstance(pad_width, dict):
        found = np.zeros((ndim, 2), int)
        for axis, width in pad_width.items():
            found[normal_axis(axis, ndim, "np.pad")] = width
    else:
        found = np.broadcast_to(np.asarray(pad_width), (ndim, 2))
    return [(int(low), int(high)) for low, high in found]


def sides(t: Trace, given: Any, ndim: int) -> list[list[Any]]:
    """A value for each side of each axis: Python numbers, where they are known, which give way to
    the dtype of the array."""
    if contains_tracer(given):
        pairs: Any = np.broadcast_to(t.value(given), (ndim, 2))  # pyright: ignore[reportArgumentType, reportCallIssue]
        return [[pairs[k, 0], pairs[k, 1]] for k in range(ndim)]
    return np.broadcast_to(np.asarray(given), (ndim, 2)).tolist()


def around(x: Any, k: int, before: Any, after: Any) -> Any:
    """x with something on either side along an axis."""
    return np.concatenate([before, x, after], axis=k)


def wide(x: Any, k: int, n: int) -> tuple[int, ...]:
    """The shape of x, of length n along an axis."""
    return (*x.shape[:k], n, *x.shape[k + 1 :])


def with_sides(t: Trace, x: Any, widths: list[tuple[int, int]], fill: Any) -> Any:
    values = sides(t, fill, x.ndim)
    for k, width in enumerate(widths):
        parts = [
            np.broadcast_to(t.value(values[k][j]).astype(x.dtype), wide(x, k, width[j]))
            for j in (0, 1)
        ]
        x = around(x, k, *parts)
    return x


def with_ramps(t: Trace, x: Any, widths: list[tuple[int, int]], ends: Any) -> Any:
    """Straight lines from the edge to the end values, which NumPy takes for integers whole."""
    values = sides(t, ends, x.ndim)
    for k, (low, high) in enumerate(widths):
        n = x.shape[k]
        first, last = s.take_range(x, k, 0, 1), s.take_range(x, k, n - 1, n)
        before = np.linspace(values[k][0], np.squeeze(first, k), low, endpoint=False, axis=k)
        after = np.linspace(values[k][1], np.squeeze(last, k), high, endpoint=False, axis=k)
        before, after = t.value(before), t.value(after)
        if x.dtype.kind == "i":
            before, after = a.floor(before), a.floor(after)
        parts = before.astype(x.dtype), np.flip(after.astype(x.dtype), k)
        x = around(x, k, *parts)
    return x


def with_statistics(x: Any, widths: list[tuple[int, int]], function: Any, length: Any) -> Any:
    """The maximum, mean … of the elements (at most `length`) nearest to either edge."""
    for k, width in enumerate(widths):
        if width == (0, 0):
            continue
        n = x.shape[k]
        lengths = (n, n) if length is None else np.broadcast_to(length, (len(widths), 2))[k]
        low, high = (min(int(m), n) for m in lengths)
        parts: list[Any] = []
        for count, part in ((width[0], (0, low)), (width[1], (n - high, n))):
            found: Any = function(s.take_range(x, k, *part), axis=k, keepdims=True)
            if x.dtype.kind == "i":
                found = np.rint(found).astype(x.dtype)
            parts.append(np.broadcast_to(found.astype(x.dtype), wide(x, k, count)))
        x = around(x, k, *parts)
    return x


def turned_over(x: Any, widths: list[tuple[int, int]], mode: str) -> Any:
    """reflect_type="odd": twice the edge minus the mirrored elements, as often as it takes."""
    skip = mode == "reflect"
    for k, (low, high) in enumerate(widths):
        while low > 0 or high > 0:
            n = x.shape[k]
            most = n - skip
            if most < 1:
                return np.take(x, np.pad(np.arange(n), (low, high), "edge"), axis=k)
            first, last = s.take_range(x, k, 0, 1), s.take_range(x, k, n - 1, n)
            before, after = min(low, most), min(high, most)
            head = np.flip(s.take_range(x, k, int(skip), before + skip), k)
            tail = np.flip(s.take_range(x, k, n - after - skip, n - skip), k)
            x = around(x, k, 2 * first - head, 2 * last - tail)
            low, high = low - before, high - after
    return x


FUNCTIONS: dict[Any, Any] = {np.pad: pad}
