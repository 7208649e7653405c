"""Differences, integrals, interpolation and convolution of sampled functions, on traced values."""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..ops import arithmetic as a
from ..ops import contract as c
from ..ops import index as i
from ..ops import order as o
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from .arguments import NO_VALUE, as_tuple, in_line, normal_axis
from .elementwise import together
from .order import before


def wrong(name: str, got: str, want: str, remedy: str) -> ShapeError:
    return ShapeError(explain(f"np.{name}{at_line()}", got, want, remedy))


def part(x: Any, axis: int, start: int, stop: int, step: int = 1) -> Any:
    """x[start:stop:step] along an axis, as a value (not as a view)."""
    ndim = len(x.shape)
    low = tuple(start if k == axis else 0 for k in range(ndim))
    high = tuple(stop if k == axis else n for k, n in enumerate(x.shape))
    steps = tuple(step if k == axis else 1 for k in range(ndim))
    return s.slice_(x, start=low, stop=high, step=steps)


# --- differences ----------------------------------------------------------------------------------


def diff(
    t: Trace, a: Any, n: int = 1, axis: int = -1, prepend: Any = NO_VALUE, append: Any = NO_VALUE
) -> Any:
    """Differences of neighbours, n times; of booleans, whether they differ."""
    x: Any = t.value(a)
    if n == 0:
        return x
    k = normal_axis(axis, x.ndim, "np.diff")
    if n < 0:
        raise wrong("diff", f"n={n}", "how often to take differences", "Take np.cumsum instead")
    ends = [None if v is NO_VALUE else end_piece(t, v, x, k) for v in (prepend, append)]
    if any(v is not None for v in ends):
        head, tail = ([] if v is None else [v] for v in ends)
        x = np.concatenate([*head, x, *tail], axis=k)
    for _ in range(n):
        m = x.shape[k]
        if m == 0:
            break
        high, low = part(x, k, 1, m), part(x, k, 0, m - 1)
        x = high != low if x.dtype == np.bool_ else high - low
    return x


def end_piece(t: Trace, given: Any, x: Any, axis: int) -> Any:
    """A number stretched across an axis, or an array as it is."""
    v: Any = t.value(given)
    shape = tuple(1 if k == axis else n for k, n in enumerate(x.shape))
    return s.broadcast(v, shape=shape) if v.ndim == 0 else v


def ediff1d(t: Trace, ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    x: Any = np.ravel(ary)
    parts = [np.diff(x)]
    for place, extra in ((0, to_begin), (2, to_end)):
        if extra is None:
            continue
        y: Any = np.ravel(t.value(extra))
        if not np.can_cast(y.dtype, x.dtype, "same_kind"):
            got, want = f"{y.type} at an end of {x.type}", "a dtype that NumPy casts to it"
            raise wrong("ediff1d", got, want, "Convert the array first")
        parts.insert(place, y.astype(x.dtype))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def gradient(t: Trace, f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences inside and one-sided ones of order 1 or 2 at the ends, along each axis,
    for equal or given spacings."""
    y: Any = t.value(f)
    axes = list(range(y.ndim)) if axis is None else [
        normal_axis(k, y.ndim, "np.gradient") for k in as_tuple(axis)
    ]  # fmt: skip
    if edge_order not in (1, 2):
        raise wrong("gradient", f"edge_order={edge_order}", "1 or 2", "Choose one of them")
    if not y.type.differentiable:
        y = y.astype(np.float64)
    steps = spacings(t, varargs, y, axes)
    found = [
        slope_along(y, h, k, edge_order).astype(y.dtype) for h, k in zip(steps, axes, strict=True)
    ]
    return found[0] if len(axes) == 1 else tuple(found)


def spacings(t: Trace, varargs: tuple[Any, ...], y: Any, axes: list[int]) -> list[Any]:
    """For each axis a number, or the differences of its coordinates."""
    if len(varargs) == 0:
        return [1.0] * len(axes)
    if len(varargs) == 1 and np.ndim(varargs[0]) == 0:
        return [varargs[0]] * len(axes)
    if len(varargs) != len(axes):
        got, want = f"{len(varargs)} spacings", f"one, or one for each of {len(axes)} axes"
        raise wrong("gradient", got, want, "Pass axis= or more spacings")
    found: list[Any] = []
    for given, k in zip(varargs, axes, strict=True):
        if np.ndim(given) == 0:
            found.append(given)
            continue
        if np.shape(given) != (y.shape[k],):
            got, want = f"coordinates {np.shape(given)}", f"({y.shape[k]},) for axis {k}"
            raise wrong("gradient", got, want, "Pass one coordinate for each element")
        x = given if isinstance(given, Tracer) else np.asarray(given)
        d: Any = np.diff(x if x.dtype.kind in "fc" else x.astype(np.float64))
        equal = not isinstance(d, Tracer) and bool(np.all(d == d[0])) if d.shape[0] else False
        found.append(d[0] if equal else d)
    return found


def slope_along(y: Any, h: Any, k: int, edge_order: int) -> Any:
    n = y.shape[k]
    if n < edge_order + 1:
        got, want = f"{n} elements along axis {k}", f"at least {edge_order + 1}"
        raise wrong("gradient", got, want, "Pass more points")

    def at(place: int) -> Any:
        return part(y, k, place % n, place % n + 1)

    even = np.ndim(h) == 0
    low, mid, high = part(y, k, 0, n - 2), part(y, k, 1, n - 1), part(y, k, 2, n)
    if even:
        inner = (high - low) / (2.0 * h)
        first = (at(1) - at(0)) / h
        last = (at(-1) - at(-2)) / h
        if edge_order == 2:
            first = weigh((at(0), at(1), at(2)), (-1.5 / h, 2.0 / h, -0.5 / h))
            last = weigh((at(-3), at(-2), at(-1)), (0.5 / h, -2.0 / h, 1.5 / h))
        return np.concatenate([first, inner, last], axis=k)
    shape = tuple(-1 if j == k else 1 for j in range(y.ndim))
    left, right = (np.reshape(d, shape) for d in (h[:-1], h[1:]))
    both = left + right
    terms = (-right / (left * both), (right - left) / (left * right), left / (right * both))
    inner = weigh((low, mid, high), terms)
    first, last = (at(1) - at(0)) / h[0], (at(-1) - at(-2)) / h[-1]
    if edge_order == 2:
        p, q = h[0], h[1]
        weights = -(2.0 * p + q) / (p * (p + q)), (p + q) / (p * q), -p / (q * (p + q))
        first = weigh((at(0), at(1), at(2)), weights)
        p, q = h[-2], h[-1]
        weights = q / (p * (p + q)), -(q + p) / (p * q), (2.0 * q + p) / (q * (p + q))
        last = weigh((at(-3), at(-2), at(-1)), weights)
    return np.concatenate([first, inner, last], axis=k)


def weigh(values: Any, weights: Any) -> Any:
    """The sum of three values, weighted."""
    return sum(w * v for w, v in zip(weights[1:], values[1:], strict=True)) + weights[0] * values[0]


def trapezoid(t: Trace, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Σ (xᵢ₊₁ - xᵢ) (yᵢ + yᵢ₊₁)/2."""
    v: Any = t.value(y)
    k = normal_axis(axis, v.ndim, "np.trapezoid")
    n = v.shape[k]
    width: Any = dx
    if x is not None and np.ndim(x) == 1:
        width = np.reshape(np.diff(x), tuple(-1 if j == k else 1 for j in range(v.ndim)))
    elif x is not None:
        width = np.diff(x, axis=axis)
    pairs = part(v, k, min(n, 1), n) + part(v, k, 0, max(n - 1, 0))
    return np.sum(width * pairs / 2.0, axis=k)


def unwrap(
    t: Trace, p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi
) -> Any:
    """Angles with the jumps by whole periods taken out: what is added is constant, so the
    derivative is that of the angles."""
    x: Any = t.value(p)
    k = normal_axis(axis, x.ndim, "np.unwrap")
    jumps: Any = np.diff(x, axis=k)
    jumps = jumps.astype(np.result_type(jumps.dtype, type(period)(0)))
    whole = jumps.dtype.kind == "i"
    half, odd = divmod(period, 2) if whole else (period / 2, 0)
    brought = np.remainder(jumps + half, period) - half
    if not odd:  # a jump of exactly half a period up stays up
        brought = np.where(np.logical_and(brought == -half, jumps > 0), half, brought)
    limit = period / 2 if discont is None else discont
    added = np.where(np.absolute(jumps) < limit, 0, brought - jumps)
    added = a.stop_gradient(np.cumsum(added, axis=k))
    x = x.astype(jumps.dtype)
    n = x.shape[k]
    return np.concatenate([part(x, k, 0, min(n, 1)), part(x, k, min(n, 1), n) + added], axis=k)


# --- interpolation --------------------------------------------------------------------------------


def interp(
    t: Trace, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """The broken line through the points (xp, fp), constant beyond its ends. It differentiates by
    x, xp and fp; at a point the derivative by x is that of the piece to its right, as the point
    belongs to it."""
    values: Any = t.value(fp)
    values = values if values.dtype.kind == "c" else values.astype(np.float64)
    places, points = (t.value(v).astype(np.float64) for v in (x, xp))
    n = points.shape[0] if points.ndim == 1 else -1
    if n < 1 or values.shape != (n,):
        got = f"points {points.type} and {values.type}"
        raise wrong("interp", got, "two vectors of one length", "Check the points")
    if period is not None:
        if not isinstance(period, Tracer) and period == 0:
            raise wrong("interp", "period=0", "a length other than 0", "Leave period= out")
        period, left, right = np.absolute(period), None, None
        places, points = np.remainder(places, period), np.remainder(points, period)
        order = o.argsort(points, axis=0, kind="quicksort")
        points, values = i.gather(points, order), i.gather(values, order)
        ends = part(points, 0, n - 1, n) - period, part(points, 0, 0, 1) + period
        points = np.concatenate([ends[0], points, ends[1]])
        values = np.concatenate([part(values, 0, n - 1, n), values, part(values, 0, 0, 1)])
        n += 2
    first, last = values[0], values[n - 1]
    low_value = first if left is None else t.value(left).astype(values.dtype)
    high_value = last if right is None else t.value(right).astype(values.dtype)
    inner = broken_line(places, points, values, n)
    found = np.where(places == points[n - 1], last, inner)
    found = np.where(places > points[n - 1], high_value, found)
    found = np.where(places < points[0], low_value, found)
    missing = np.isnan(places)
    return np.where(missing, places, found) if values.dtype.kind == "f" else found


def broken_line(x: Any, xp: Any, fp: Any, n: int) -> Any:
    """The piece in which each x lies; beyond the ends, whatever, but no infinity."""
    if n == 1:
        return np.broadcast_to(fp[0], x.shape)
    piece = np.clip(before(xp, x, "right") - 1, 0, n - 2)
    x0, x1, y0, y1 = (i.gather(v, piece + k) for v in (xp, fp) for k in (0, 1))
    inside = np.logical_and(x >= x0, x < x1)
    gap = np.where(inside, x1 - x0, 1.0)
    away = np.where(inside, x - x0, 0.0)
    return (y1 - y0) / gap * away + y0


# --- convolution ----------------------------------------------------------------------------------


def convolve(t: Trace, a: Any, v: Any, mode: Any = "full") -> Any:
    """Σⱼ aⱼ v₍ₖ₋ⱼ₎: the windows of the longer vector, times the shorter one turned round."""
    x, y = pair(t, a, v, "convolve")
    if x.shape[0] < y.shape[0]:
        x, y = y, x
    return windowed(x, s.reverse(y, axes=(0,)), mode, "convolve")


def correlate(t: Trace, a: Any, v: Any, mode: Any = "valid") -> Any:
    """Σⱼ aⱼ₊ₖ v̄ⱼ."""
    x, y = pair(t, a, v, "correlate")
    y = np.conjugate(y) if y.dtype.kind == "c" else y
    if x.shape[0] < y.shape[0]:
        found = windowed(y, x, mode, "correlate")
        return s.reverse(found, axes=(0,))
    return windowed(x, y, mode, "correlate")


def pair(t: Trace, a: Any, v: Any, name: str) -> tuple[Any, Any]:
    values: list[Any] = together(t, a, v)
    x, y = values if name == "correlate" else map(in_line, values)
    if x.ndim != 1 or y.ndim != 1 or 0 in (*x.shape, *y.shape):
        got = f"shapes {np.shape(a)} and {np.shape(v)}"
        raise wrong(name, got, "two vectors that are not empty", "Convolve row by row")
    return x, y


def windowed(x: Any, y: Any, mode: Any, name: str) -> Any:
    """The windows of x as long as y, each times y: inside x, as many as x has elements, or all."""
    m = y.shape[0]
    reach = {"full": (m - 1, m - 1), "same": (m // 2, (m - 1) // 2), "valid": (0, 0)}
    if mode not in reach:
        got, want = f"mode={mode!r}", "'full', 'same' or 'valid'"
        raise UnsupportedError(explain(f"np.{name}{at_line()}", got, want, "Choose one of them"))
    low, high = reach[mode]
    wide = s.pad(x, low=(low,), high=(high,), interior=(0,))
    return c.einsum(y, windows(wide, m), spec="i,ij->j")


def windows(x: Any, m: int) -> Any:
    """xᵢ₊ⱼ for i < m. Written again and again into rows one longer than x, x begins each row one
    place further on."""
    n = x.shape[0]
    again = s.reshape(s.broadcast(x, shape=(m + 1, n)), shape=((m + 1) * n,))
    rows = s.reshape(part(again, 0, 0, m * (n + 1)), shape=(m, n + 1))
    return part(rows, 1, 0, n - m + 1)


def cross(
    t: Trace, a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None
) -> Any:
    """The vector product of vectors of 3 (or 2, in the plane) components along an axis."""
    if axis is not None:
        axisa = axisb = axisc = axis
    first, second = together(t, a, b)
    x: Any = np.moveaxis(cast(Any, first), axisa, -1)
    y: Any = np.moveaxis(cast(Any, second), axisb, -1)
    p, q = x.shape[-1], y.shape[-1]
    if p not in (2, 3) or q not in (2, 3):
        raise wrong("cross", f"vectors of {p} and {q} components", "2 or 3", "Check the axes")
    x0, x1, y0, y1 = x[..., 0], x[..., 1], y[..., 0], y[..., 1]
    z = x0 * y1 - x1 * y0
    if p == q == 2:
        return z
    zero = np.zeros((), x.dtype)
    x2 = x[..., 2] if p == 3 else zero
    y2 = y[..., 2] if q == 3 else zero
    found: Any = np.stack([x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, z], axis=-1)
    return np.moveaxis(found, -1, axisc)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.diff: diff, np.ediff1d: ediff1d, np.gradient: gradient, np.trapezoid: trapezoid,
    np.unwrap: unwrap, np.interp: interp, np.convolve: convolve, np.correlate: correlate,
    np.cross: cross,
}  # fmt: skip
