"""NumPy's reductions on traced values: axes and keepdims put in normal form, then the op.

Mean, variance, standard deviation, log-sum-exp and norm are compositions; the greatest element in
log-sum-exp is a constant to the derivative, which makes that exactly the softmax.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..graph import Op
from ..ops import elementwise as e
from ..ops import reduce as r
from ..ops import shape as s
from ..ops.arithmetic import cast, equal, isfinite, select, stop_gradient, sub
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..types import f64, i64, u64
from .arguments import NO_VALUE, in_line, normal_axes, normal_axis, refuse
from .complexes import abs_square
from .elementwise import truth


def finish(x: Tracer, out: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return s.reshape(out, shape=s.kept(x.shape, axes)) if keepdims else out


def reduction(
    name: str, op: Op, prepare: Callable[..., Tracer], nothing: Callable[..., Any], join: Any
) -> Callable[..., Any]:
    """The handler of a reduction over axes. `nothing(dtype)`, which changes no result, stands where
    `where` does not hold; `join` is the ufunc by which `initial` takes part."""

    def handler(
        t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None,
        keepdims: Any = False, initial: Any = NO_VALUE, where: Any = NO_VALUE,
    ) -> Any:  # fmt: skip
        refuse(f"np.{name}", out=(out, None))
        x: Any = prepare(t, a)
        if dtype is not None:
            x = x.astype(dtype)
        number = x.ndim == 0 and axis in (0, -1)  # NumPy reduces a number over "axis 0", too
        axes = () if number else normal_axes(axis, x.ndim, f"np.{name}")
        started = initial is not NO_VALUE and initial is not None
        if is_mask(where):
            if join in (np.maximum, np.minimum) and not started:
                got, want = "where= without initial=", "what the extremum of nothing is"
                raise ShapeError(explain(f"np.{name}{at_line()}", got, want, "Pass initial="))
            require_mask(where, x, name)
            x = np.where(where, x, nothing(x.dtype))
        if not started:
            return finish(x, op(x, axes=axes), axes, bool(keepdims))
        known = not isinstance(initial, Tracer)
        first: Any = np.asarray(initial, x.dtype)[()] if known else initial
        if count(x, axes) == 0:
            empty = finish(x, s.sum_(x, axes=axes), axes, bool(keepdims))
            return s.broadcast(t.value(first), shape=empty.shape)
        return finish(x, join(op(x, axes=axes), first), axes, bool(keepdims))

    return handler


def is_mask(where: Any) -> bool:
    """Whether `where` leaves anything out."""
    return where is not NO_VALUE and where is not True and where is not None


def require_mask(where: Any, x: Tracer, name: str) -> None:
    """`where` is broadcast to the array, and never the array to it."""
    try:
        fits = np.broadcast_shapes(np.shape(where), x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        got, want = f"where= of shape {np.shape(where)}", f"one that fits {x.type}"
        remedy = "Broadcast the array first"
        raise ShapeError(explain(f"np.{name}{at_line()}", got, want, remedy))


def lowest(dtype: Any) -> Any:
    """What any number of a dtype is at least."""
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        return np.iinfo(kind).min
    return False if kind.kind == "b" else kind.type(-np.inf)


def highest(dtype: Any) -> Any:
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        return np.iinfo(kind).max
    return True if kind.kind == "b" else kind.type(np.inf)


def zero(dtype: Any) -> Any:
    return np.zeros((), dtype)[()]


def one(dtype: Any) -> Any:
    return np.ones((), dtype)[()]


def without_dtype(inner: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction whose third positional argument is not a dtype."""

    def handler(
        t: Trace, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False,
        initial: Any = NO_VALUE, where: Any = NO_VALUE,
    ) -> Any:  # fmt: skip
        return inner(t, a, axis, None, out, keepdims, initial, where)

    return handler


def summable(t: Trace, x: Any) -> Tracer:
    """Small integers and booleans add up in 64 bits, as in NumPy."""
    v = t.value(x)
    if v.type.differentiable:
        return v
    return cast(v, dtype=u64 if v.dtype.kind == "u" else i64)


def floating(t: Trace, x: Any) -> Tracer:
    v = t.value(x)
    return v if v.type.differentiable else cast(v, dtype=f64)


def count(x: Tracer, axes: tuple[int, ...]) -> int:
    """How many elements a reduction takes together."""
    return math.prod(x.shape[k] for k in axes)


def mean(
    t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    *, where: Any = NO_VALUE,
) -> Any:  # fmt: skip
    refuse("np.mean", out=(out, None))
    x: Any = floating(t, a) if dtype is None else t.value(a).astype(dtype)
    axes = normal_axes(axis, x.ndim, "np.mean")
    total = np.sum(x, axis=axes, keepdims=bool(keepdims), where=where)
    return total / taken(x, axes, bool(keepdims), where)


def taken(x: Tracer, axes: tuple[int, ...], keepdims: bool, where: Any) -> Any:
    """How many elements go into each result."""
    if not is_mask(where):
        return count(x, axes)
    found: Any = np.sum(np.broadcast_to(where, x.shape), axis=axes, keepdims=keepdims)
    return found.astype(np.abs(np.zeros((), x.dtype)).dtype)


def var(
    t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = False, *, where: Any = NO_VALUE, mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:  # fmt: skip
    """The mean square deviation; the division is by n - ddof, or 0 if that is negative."""
    refuse("np.var", out=(out, None))
    x: Any = floating(t, a) if dtype is None else t.value(a).astype(dtype)
    axes, kept = normal_axes(axis, x.ndim, "np.var"), bool(keepdims)
    if mean is NO_VALUE:
        mean = np.mean(x, axis=axes, keepdims=True, where=where)
    total = np.sum(abs_square(x - mean), axis=axes, keepdims=kept, where=where)
    lost = ddof if correction is NO_VALUE else correction
    left = taken(x, axes, kept, where) - lost
    return total / (max(left, 0) if np.ndim(left) == 0 and not isinstance(left, Tracer)
                    else np.maximum(left, 0))  # fmt: skip


def std(t: Trace, a: Any, *args: Any, **keywords: Any) -> Any:
    """The root of the variance, with derivative 0 where all elements are equal."""
    return e.root(var(t, a, *args, **keywords))


def logsumexp(t: Trace, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ e^x = m + log1p(expm1(x_top - m) + Σ_others e^(x - m)), where m is the value of the
    greatest element, held fixed by the derivative: nothing overflows and no digit is lost."""
    x = floating(t, a)
    axes = normal_axes(axis, x.ndim, "logsumexp")
    if count(x, axes) == 0:
        return finish(x, np.log(s.sum_(x, axes=axes)), axes, keepdims)  # of nothing, -inf
    rows = to_rows(x, axes)
    if x.type.complex:  # a logarithm of a complex sum, with its angle in (-π, π]
        most: Any = stop_gradient(np.max(np.real(rows), axis=-1))
        most = np.where(np.isfinite(most), most, 0.0)
        total = np.sum(np.exp(rows - most[..., None]), axis=-1)
        return finish(x, most + np.log(total), axes, keepdims)
    top = r.argmax(rows, axis=rows.ndim - 1)
    is_top = equal(s.reshape(top, shape=(*top.shape, 1)), t.value(np.arange(rows.shape[-1])))
    m: Any = stop_gradient(r.max_(rows, axes=(rows.ndim - 1,)))
    m = select(isfinite(m), m, m.full(0, ()))
    apart = sub(rows, s.reshape(m, shape=(*m.shape, 1)))
    terms = select(is_top, e.expm1(apart), e.exp(apart))
    return finish(x, m + e.log1p(s.sum_(terms, axes=(rows.ndim - 1,))), axes, keepdims)


def to_rows(x: Tracer, axes: tuple[int, ...]) -> Tracer:
    """The axes to reduce, last and as one."""
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    moved = s.transpose(x, axes=rest + axes)
    return s.reshape(moved, shape=(*(x.shape[k] for k in rest), count(x, axes)))


def arg(name: str, op: Op) -> Callable[..., Any]:
    def handler(
        t: Trace, a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False
    ) -> Any:
        refuse(f"np.{name}", out=(out, None))
        x = t.value(a)
        flat = s.reshape(x, shape=(x.size,)) if axis is None else in_line(x)
        k = 0 if axis is None else normal_axis(axis, flat.ndim, f"np.{name}")
        axes = tuple(range(x.ndim)) if axis is None or x.ndim == 0 else (k,)
        return finish(x, op(flat, axis=k), axes, bool(keepdims))

    return handler


def ptp(t: Trace, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    refuse("np.ptp", out=(out, None))
    x: Any = t.value(a)
    kept = bool(keepdims)
    return np.max(x, axis=axis, keepdims=kept) - np.min(x, axis=axis, keepdims=kept)


# fmt: off
REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: reduction("sum", s.sum_, summable, zero, np.add),
    np.multiply: reduction("prod", r.prod, summable, one, np.multiply),
    np.maximum: reduction("max", r.max_, Trace.value, lowest, np.maximum),
    np.minimum: reduction("min", r.min_, Trace.value, highest, np.minimum),
    np.logical_or: reduction("any", r.any_, truth, zero, np.logical_or),
    np.logical_and: reduction("all", r.all_, truth, one, np.logical_and),
}
MAX, MIN, ANY, ALL = (
    without_dtype(REDUCTIONS[ufunc])
    for ufunc in (np.maximum, np.minimum, np.logical_or, np.logical_and)
)
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: REDUCTIONS[np.add], np.prod: REDUCTIONS[np.multiply],
    np.max: MAX, np.min: MIN, np.amax: MAX, np.amin: MIN, np.any: ANY, np.all: ALL,
    np.argmax: arg("argmax", r.argmax), np.argmin: arg("argmin", r.argmin),
    np.mean: mean, np.var: var, np.std: std, np.ptp: ptp,
}
# fmt: on
