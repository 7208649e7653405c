"""Medians, percentiles and quantiles on traced values, in all methods of NumPy.

A quantile lies between two neighbours of the sorted elements. A method is a row of a table: the
place among the sorted elements (counted from 0, perhaps between two), and how a place between two
is rounded or weighted (Hyndman & Fan, Sample quantiles in statistical packages, The American
Statistician 50, 1996). The derivative goes to these neighbours by their weights, and to q by their
distance. Equal elements keep their order, so one of several gets all of its share.
"""

# NumPy's stubs leave the results of many functions untyped. The table's lambdas take an array.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..ops import order as o
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer, contains_tracer
from .arguments import NO_VALUE, normal_axes, refuse, require_real
from .order import sorted_along, take_along_axis
from .reduce import to_rows


@dataclass(frozen=True, slots=True)
class Method:
    """`place(n, q)`, and for methods that interpolate `weight(gamma, place)`, that of the upper
    neighbour, from the fraction of the place; methods that round have none."""

    place: Callable[[Any, Any], Any]
    weight: Callable[[Any, Any], Any] | None = None


def fraction(gamma: Any, place: Any) -> Any:
    return gamma


def plotting(alpha: float, beta: float) -> Method:
    """The continuous methods: place n q + α + q (1 - α - β) - 1."""
    return Method(lambda n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1, fraction)


def rounded_up(place: Any, down: Any) -> Any:
    """The next whole place, or this one where `down`; never below the first."""
    low = np.floor(place)
    return np.maximum(np.where(down, low, low + 1), 0)


def to_even(n: Any, q: Any) -> Any:
    """The nearest place, of two that are equally near the one that is even counted from 1."""
    place = n * q - 1.5
    return rounded_up(place, np.logical_and(place == np.floor(place), np.floor(place) % 2 == 1))


METHODS: dict[str, Method] = {
    "inverted_cdf": Method(lambda n, q: rounded_up(n * q - 1, n * q - 1 == np.floor(n * q - 1))),
    "averaged_inverted_cdf": Method(
        lambda n, q: n * q - 1, lambda g, place: np.where(g == 0, g + 0.5, g * 0 + 1)
    ),
    "closest_observation": Method(to_even),
    "interpolated_inverted_cdf": plotting(0, 1),
    "hazen": plotting(0.5, 0.5),
    "weibull": plotting(0, 0),
    "linear": Method(lambda n, q: (n - 1) * q, fraction),
    "median_unbiased": plotting(1 / 3, 1 / 3),
    "normal_unbiased": plotting(3 / 8, 3 / 8),
    "lower": Method(lambda n, q: np.floor((n - 1) * q)),
    "higher": Method(lambda n, q: np.ceil((n - 1) * q)),
    "midpoint": Method(
        lambda n, q: 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q)),
        lambda g, place: np.where(place % 1 == 0, g * 0, g * 0 + 0.5),
    ),
    "nearest": Method(lambda n, q: np.rint((n - 1) * q)),
}


def method_of(name: str, asked: str) -> Method:
    if name not in METHODS:
        want, remedy = f"one of {', '.join(METHODS)}", "Choose one of them"
        raise UnsupportedError(explain(f"{asked}{at_line()}", f"method={name!r}", want, remedy))
    return METHODS[name]


def between(rows: Any, n: Any, q: Any, method: Method) -> Any:
    """The quantile q of rows that are sorted along their last axis, of which the first n count."""
    place = method.place(n, q)
    low = np.clip(np.floor(place), 0, n - 1)
    if method.weight is None:
        return at(rows, low)
    inside = np.logical_and(place >= 0, place < n - 1)
    high = np.where(inside, low + 1, low)
    gamma = method.weight(place - np.floor(place), place)
    if type(q) in (int, float) and not isinstance(gamma, Tracer):
        gamma = float(gamma)  # weak, so that f32 stays f32
    first, second = at(rows, low), at(rows, high)
    gap = second - first
    below = first + gap * gamma
    return np.where(gamma >= 0.5, second - gap * (1 - gamma), below)


def at(rows: Any, place: Any) -> Any:
    """The element of each row at a place: the same for all rows, or one for each."""
    known = place.owner.given(place) if isinstance(place, Tracer) else place
    index: Any = place.astype(np.int64) if known is None else np.asarray(known).astype(np.int64)
    if index.ndim == 0:
        return np.take(rows, index, axis=-1)
    return np.take_along_axis(rows, index[..., None], axis=-1)[..., 0]


def each(one: Callable[[Any], Any], q: Any) -> Any:
    """`one` of every q, in the shape of q, in front of the rest."""
    if np.ndim(q) == 0:
        return one(q)
    flat: Any = np.reshape(q, -1)
    if flat.shape[0] == 0:
        like: Any = one(0.5)
        return np.zeros((*np.shape(q), *like.shape), like.dtype)
    done: Any = np.stack([one(flat[k]) for k in range(flat.shape[0])])
    return np.reshape(done, (*np.shape(q), *done.shape[1:]))


def with_nan(value: Any, rows: Any) -> Any:
    """nan for the rows that have one, which sorting has brought to the end."""
    if not rows.type.differentiable:
        return value
    last = rows[..., -1]
    return np.where(np.isnan(last), last, value)


def require_some(x: Any, axes: tuple[int, ...], name: str) -> None:
    if any(x.shape[k] == 0 for k in axes):
        got, want = f"{x.type} over axes {axes}", "at least one element"
        raise ShapeError(explain(f"{name}{at_line()}", got, want, "Check the length first"))


def quantile_of(name: str, percent: bool) -> Callable[..., Any]:
    """quantile and percentile."""

    def handler(
        t: Trace, a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        method: str = "linear", keepdims: bool = False, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        refuse(f"np.{name}", out=(out, None))
        x: Any = t.value(a)
        require_real(f"np.{name}", x)
        axes = normal_axes(axis, x.ndim, f"np.{name}")
        require_some(x, axes, f"np.{name}")
        share = checked(t, q, percent, f"np.{name}")
        how = method_of(method, f"np.{name}")
        rows = to_rows(x, axes)
        if weights is not None:
            done = weighted(t, rows, to_rows(shaped(t, weights, x, axes), axes), share, how, name)
            return with_axes(done, x, axes, np.ndim(q), keepdims)
        lines = sorted_along(t, rows, rows.ndim - 1)
        n = rows.shape[-1]
        done = each(lambda p: with_nan(between(lines, n, p, how), lines), share)
        return with_axes(done, x, axes, np.ndim(q), keepdims)

    return handler


def checked(t: Trace, q: Any, percent: bool, name: str) -> Any:
    """q as a part of one; a Python number stays one, so that it gives way to the dtype of x."""
    if not isinstance(q, Tracer):
        limit = 100 if percent else 1
        if isinstance(q, list | tuple) and contains_tracer(q):
            return checked(t, t.value(q), percent, name)
        value = np.asarray(q)
        if not np.all((value >= 0) & (value <= limit)):
            got, want = f"q={q}", f"numbers from 0 to {limit}"
            raise ShapeError(explain(f"{name}{at_line()}", got, want, "Check q"))
        q = q if type(q) in (int, float) else value[()]
    return q / 100 if percent else q


def shaped(t: Trace, weights: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """Weights of the shape of the elements; a vector goes along the one axis."""
    w: Any = t.value(weights)
    if w.ndim == 1 and x.ndim > 1 and len(axes) == 1:
        w = np.reshape(w, tuple(-1 if k == axes[0] else 1 for k in range(x.ndim)))
    return s.broadcast(w, shape=x.shape)


def weighted(t: Trace, rows: Any, weights: Any, q: Any, method: Method, name: str) -> Any:
    """The first element up to which the weights, added, reach q of their sum."""
    if method is not METHODS["inverted_cdf"]:
        got, want = "weights= with another method", "method='inverted_cdf'"
        remedy = "NumPy has weights for this method alone"
        raise UnsupportedError(explain(f"np.{name}{at_line()}", got, want, remedy))
    order = o.argsort(rows, axis=rows.ndim - 1, kind="stable")
    lines = take_along_axis(t, rows, order, -1)
    sums: Any = np.cumsum(take_along_axis(t, weights, order, -1).astype(np.float64), axis=-1)
    share = sums / sums[..., -1:]
    share = np.where(share == 0, -1.0, share)  # what weighs nothing is not chosen, by q = 0 either
    n = rows.shape[-1]

    def one(p: Any) -> Any:
        place = np.minimum(np.sum(share < p, axis=-1), n - 1)
        return with_nan(at(lines, place), lines)

    return each(one, q)


def with_axes(done: Any, x: Any, axes: tuple[int, ...], ndim: int, keepdims: bool) -> Any:
    """The reduced axes back with length 1, behind those of q."""
    if not keepdims:
        return done
    return s.reshape(done, shape=(*done.shape[:ndim], *s.kept(x.shape, axes)))


def median(
    t: Trace, a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:  # fmt: skip
    """The middle element, or the mean of the two in the middle."""
    refuse("np.median", out=(out, None))
    x: Any = t.value(a)
    axes = normal_axes(axis, x.ndim, "np.median")
    if any(x.shape[k] == 0 for k in axes):
        return np.mean(x, axis=axes, keepdims=keepdims)  # nan
    lines = sorted_along(t, to_rows(x, axes), x.ndim - len(axes))
    n = lines.shape[-1]
    middle = lines[..., (n - 1) // 2 : n // 2 + 1]
    return with_axes(with_nan(np.mean(middle, axis=-1), lines), x, axes, 0, keepdims)


# --- without nan ----------------------------------------------------------------------------------


def nanquantile_of(name: str, percent: bool) -> Callable[..., Any]:
    """nanquantile and nanpercentile: of the elements that are numbers, however many there are."""

    def handler(
        t: Trace, a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        method: str = "linear", keepdims: Any = NO_VALUE, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        refuse(f"np.{name}", out=(out, None), weights=(weights, None))
        kept = keepdims is not NO_VALUE and bool(keepdims)
        x: Any = t.value(a)
        if x.dtype.kind != "f":  # no nan
            return quantile_of(name, percent)(t, x, q, axis, method=method, keepdims=kept)
        axes = normal_axes(axis, x.ndim, f"np.{name}")
        if x.size == 0:
            return np.mean(x, axis=axis, keepdims=kept)  # one nan for all q, as in NumPy
        how = method_of(method, f"np.{name}")
        share = checked(t, q, percent, f"np.{name}")
        done = of_numbers(t, to_rows(x, axes), share, how)
        return with_axes(done, x, axes, np.ndim(q), kept)

    return handler


def of_numbers(t: Trace, rows: Any, q: Any, method: Method) -> Any:
    """The quantiles of the numbers in each row, and nan where there is none."""
    lines = sorted_along(t, rows, rows.ndim - 1)
    n: Any = np.sum(np.logical_not(np.isnan(rows)), axis=-1)
    some = n > 0
    count = np.where(some, n, 1).astype(rows.dtype)
    safe = np.where(np.isnan(lines), 0.0, lines)
    return each(lambda p: np.where(some, between(safe, count, p, method), math.nan), q)


def nanmedian(
    t: Trace, a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    keepdims: Any = NO_VALUE,
) -> Any:  # fmt: skip
    refuse("np.nanmedian", out=(out, None))
    x = t.value(a)
    require_real("np.nanmedian", x)
    if x.size == 0 or not x.type.differentiable:
        return np.median(x, axis=axis, keepdims=keepdims is True)  # pyright: ignore[reportArgumentType, reportCallIssue]
    return nanquantile_of("nanmedian", False)(t, a, 0.5, axis, keepdims=keepdims)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.median: median, np.quantile: quantile_of("quantile", False),
    np.percentile: quantile_of("percentile", True), np.nanmedian: nanmedian,
    np.nanquantile: nanquantile_of("nanquantile", False),
    np.nanpercentile: nanquantile_of("nanpercentile", True),
}  # fmt: skip
