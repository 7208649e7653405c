"""NumPy's reductions on traced values: axes and keepdims put in normal form, then the op.

Mean, variance, standard deviation, log-sum-exp and norm are compositions; the greatest element in
log-sum-exp is a constant to the derivative, which makes that exactly the softmax.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UnsupportedError, explain
from ..graph import Op
from ..ops import elementwise as e
from ..ops import reduce as r
from ..ops import shape as s
from ..ops.arithmetic import cast, equal, isfinite, select, stop_gradient, sub
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..types import f64, i64
from .arguments import NO_VALUE, normal_axes, normal_axis, refuse
from .complexes import abs_square
from .elementwise import truth


def finish(x: Tracer, out: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return s.reshape(out, shape=s.kept(x.shape, axes)) if keepdims else out


def reduction(name: str, op: Op, prepare: Callable[..., Tracer]) -> Callable[..., Any]:
    """The handler of a reduction over axes."""

    def handler(
        t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None,
        keepdims: Any = False, initial: Any = NO_VALUE, where: Any = NO_VALUE,
    ) -> Any:  # fmt: skip
        refuse(f"np.{name}", out=(out, None), initial=(initial, NO_VALUE), where=(where, NO_VALUE))
        x = prepare(t, a)
        if dtype is not None:
            x = x.astype(dtype)
        axes = normal_axes(axis, x.ndim, f"np.{name}")
        return finish(x, op(x, axes=axes), axes, bool(keepdims))

    return handler


def extremum(name: str, op: Op) -> Callable[..., Any]:
    """max and min, which take no dtype."""
    return without_dtype(reduction(name, op, Trace.value))


def flag(name: str, op: Op) -> Callable[..., Any]:
    """any and all, of truth values."""
    return without_dtype(reduction(name, op, truth))


def without_dtype(inner: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction whose third positional argument is not a dtype."""

    def handler(
        t: Trace, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False,
        initial: Any = NO_VALUE, where: Any = NO_VALUE,
    ) -> Any:  # fmt: skip
        return inner(t, a, axis, None, out, keepdims, initial, where)

    return handler


def summable(t: Trace, x: Any) -> Tracer:
    """Small integers and booleans add up in i64, as in NumPy."""
    v = t.value(x)
    return v if v.type.differentiable else cast(v, dtype=i64)


def floating(t: Trace, x: Any) -> Tracer:
    v = t.value(x)
    return v if v.type.differentiable else cast(v, dtype=f64)


def count(x: Tracer, axes: tuple[int, ...]) -> int:
    """How many elements a reduction takes together."""
    return math.prod(x.shape[k] for k in axes)


def mean(
    t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False
) -> Any:
    refuse("np.mean", out=(out, None))
    x = floating(t, a) if dtype is None else t.value(a).astype(dtype)
    axes = normal_axes(axis, x.ndim, "np.mean")
    count = math.prod(x.shape[k] for k in axes)
    return finish(x, s.sum_(x, axes=axes), axes, bool(keepdims)) / count


def var(
    t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
    keepdims: Any = False,
) -> Any:  # fmt: skip
    """The mean square deviation; the division is by n - ddof."""
    refuse("np.var", out=(out, None), dtype=(dtype, None))
    x = floating(t, a)
    axes = normal_axes(axis, x.ndim, "np.var")
    deviation: Any = x - mean(t, x, axes, keepdims=True)
    total = s.sum_(abs_square(deviation), axes=axes)
    return finish(x, total, axes, bool(keepdims)) / (count(x, axes) - ddof)


def safe_sqrt(x: Any) -> Any:
    """√x with derivative 0 at 0: the root of a sum of squares has its minimum there."""
    positive = x > 0
    return np.where(positive, np.sqrt(np.where(positive, x, 1)), stop_gradient(x))


def std(t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
        keepdims: Any = False) -> Any:  # fmt: skip
    """The root of the variance, with derivative 0 where all elements are equal."""
    return safe_sqrt(var(t, a, axis, dtype, out, ddof, keepdims))


def norm(t: Trace, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The Euclidean (Frobenius) norm, derivative 0 at 0; of vectors also the 1- and inf-norm."""
    v: Any = floating(t, x)
    axes = normal_axes(axis, v.ndim, "np.linalg.norm")
    if ord in (None, 2, "fro") and (ord != 2 or len(axes) == 1):
        return finish(v, safe_sqrt(s.sum_(abs_square(v), axes=axes)), axes, keepdims)
    if len(axes) == 1 and ord == 1:
        return finish(v, s.sum_(np.abs(v), axes=axes), axes, keepdims)
    if len(axes) == 1 and ord == np.inf:
        return finish(v, r.max_(np.abs(v), axes=axes), axes, keepdims)
    want, remedy = "the 2-norm, or 1 or inf of vectors", "Write the norm with np.sum and np.abs"
    raise UnsupportedError(explain(f"np.linalg.norm{at_line()}", f"ord={ord!r}", want, remedy))


def logsumexp(t: Trace, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ e^x = m + log1p(expm1(x_top - m) + Σ_others e^(x - m)), where m is the value of the
    greatest element, held fixed by the derivative: nothing overflows and no digit is lost."""
    x = floating(t, a)
    axes = normal_axes(axis, x.ndim, "logsumexp")
    rows = to_rows(x, axes)
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


def cumsum(t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    refuse("np.cumsum", out=(out, None), dtype=(dtype, None))
    x = summable(t, a)
    if axis is None:
        x, axis = s.reshape(x, shape=(x.size,)), 0
    return r.cumsum(x, axis=normal_axis(axis, x.ndim, "np.cumsum"))


def arg(name: str, op: Op) -> Callable[..., Any]:
    def handler(
        t: Trace, a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False
    ) -> Any:
        refuse(f"np.{name}", out=(out, None))
        x = t.value(a)
        whole = axis is None
        flat = s.reshape(x, shape=(x.size,)) if whole else x
        k = 0 if whole else normal_axis(axis, x.ndim, f"np.{name}")
        axes = tuple(range(x.ndim)) if whole else (k,)
        return finish(x, op(flat, axis=k), axes, bool(keepdims))

    return handler


def ptp(t: Trace, a: Any, axis: Any = None) -> Any:
    x: Any = t.value(a)
    return np.max(x, axis=axis) - np.min(x, axis=axis)


# fmt: off
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: reduction("sum", s.sum_, summable), np.prod: reduction("prod", r.prod, summable),
    np.max: extremum("max", r.max_), np.min: extremum("min", r.min_),
    np.amax: extremum("max", r.max_), np.amin: extremum("min", r.min_),
    np.any: flag("any", r.any_), np.all: flag("all", r.all_),
    np.argmax: arg("argmax", r.argmax), np.argmin: arg("argmin", r.argmin),
    np.mean: mean, np.var: var, np.std: std, np.cumsum: cumsum, np.ptp: ptp,
    np.linalg.norm: norm,
}
REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: FUNCTIONS[np.sum], np.multiply: FUNCTIONS[np.prod],
    np.maximum: FUNCTIONS[np.max], np.minimum: FUNCTIONS[np.min],
    np.logical_or: FUNCTIONS[np.any], np.logical_and: FUNCTIONS[np.all],
}
# fmt: on
