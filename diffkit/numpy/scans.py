"""Sums and products along an axis, and the methods `accumulate`, `reduce`, `outer`, `reduceat`.

`np.maximum.accumulate` and others without an op of their own go by doubling: after k rounds every
place holds the combination of the 2ᵏ elements up to it (Hillis & Steele, Data parallel algorithms,
CACM 29, 1986).
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..graph import Op
from ..ops import reduce as r
from ..ops import scan
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from .arguments import in_line, normal_axes, normal_axis, refuse
from .reduce import summable


def along(name: str, op: Op) -> Callable[..., Any]:
    """cumsum and cumprod."""

    def handler(t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        refuse(f"np.{name}", out=(out, None))
        x: Any = summable(t, a) if dtype is None else t.value(a).astype(dtype)
        x = in_line(x)
        if axis is None:
            x, axis = s.reshape(x, shape=(x.size,)), 0
        return op(x, axis=normal_axis(axis, x.ndim, f"np.{name}"))

    return handler


def cumulative(name: str, inner: Callable[..., Any], start: int) -> Callable[..., Any]:
    """cumulative_sum and cumulative_prod, which may begin with the value of nothing."""

    def handler(
        t: Trace, x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None,
        include_initial: bool = False,
    ) -> Any:  # fmt: skip
        v = in_line(t.value(x))
        if axis is None and v.ndim > 1:
            got, want = f"{v.type} and no axis", "an axis, as there is more than one"
            raise ShapeError(explain(f"np.{name}{at_line()}", got, want, "Pass axis="))
        k = normal_axis(0 if axis is None else axis, v.ndim, f"np.{name}")
        done: Any = inner(t, v, k, dtype, out)
        if not include_initial:
            return done
        first = done.full(start, tuple(1 if j == k else n for j, n in enumerate(done.shape)))
        return np.concatenate([first, done], axis=k)

    return handler


cumsum, cumprod = along("cumsum", r.cumsum), along("cumprod", scan.cumprod)


def doubling(ufunc: Any) -> Callable[..., Any]:
    """`accumulate` of a ufunc that is associative."""

    def handler(t: Trace, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        refuse(f"np.{ufunc.__name__}.accumulate", out=(out, None), dtype=(dtype, None))
        x: Any = t.value(array)
        k = normal_axis(axis, x.ndim, f"np.{ufunc.__name__}.accumulate")
        n, width = x.shape[k], 1
        while width < n:
            head, tail = s.take_range(x, k, 0, width), s.take_range(x, k, width, n)
            x = np.concatenate([head, ufunc(s.take_range(x, k, 0, n - width), tail)], axis=k)
            width *= 2
        return x

    return handler


def accumulate(inner: Callable[..., Any]) -> Callable[..., Any]:
    """add and multiply: along the first axis unless another is named."""

    def handler(t: Trace, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        if t.value(array).ndim == 0:
            got, want = "a number", "an array with an axis"
            raise ShapeError(explain(f"accumulate{at_line()}", got, want, "Drop the call"))
        return inner(t, array, axis, dtype, out)

    return handler


def folded(ufunc: Any) -> Callable[..., Any]:
    """`reduce` of a ufunc that is associative: half of the elements with the other half, and again.
    Derivatives are not worse for being many."""

    def handler(
        t: Trace, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None,
        keepdims: bool = False,
    ) -> Any:  # fmt: skip
        name = f"np.{ufunc.__name__}.reduce"
        refuse(name, out=(out, None), dtype=(dtype, None))
        x: Any = t.value(array)
        axes = normal_axes(axis, x.ndim, name)
        shape = x.shape
        for k in axes:
            if shape[k] == 0 and ufunc.identity is not None:
                rest = tuple(1 if j == k else n for j, n in enumerate(x.shape))
                x = x.full(ufunc.identity, rest)
            elif shape[k] == 0:
                got, want = f"{x.type} over axis {k}", "at least one element"
                raise ShapeError(explain(f"{name}{at_line()}", got, want, "Check the length first"))
            while (n := x.shape[k]) > 1:
                half = n // 2
                pairs = ufunc(s.take_range(x, k, 0, half), s.take_range(x, k, half, 2 * half))
                odd = [s.take_range(x, k, n - 1, n)] if n % 2 else []
                x = np.concatenate([pairs, *odd], axis=k) if odd else pairs
        kept = s.kept(shape, axes)
        rest = tuple(n for k, n in enumerate(shape) if k not in axes)
        return s.reshape(x, shape=kept if keepdims else rest)

    return handler


def outer(ufunc: Any) -> Callable[..., Any]:
    """Every element of one operand with every element of the other."""

    def handler(t: Trace, first: Any, second: Any) -> Any:
        x, y = t.value(first), t.value(second)  # no number gives way: NumPy makes them arrays
        return ufunc(s.reshape(x, shape=(*x.shape, *(1,) * y.ndim)), y)

    return handler


def reduceat(ufunc: Any) -> Callable[..., Any]:
    """The reduction of x[i:j] for every index i and the next one, j; of x[i] alone if i ≥ j."""

    def handler(
        t: Trace, array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None
    ) -> Any:
        name = f"np.{ufunc.__name__}.reduceat"
        refuse(name, out=(out, None))
        x: Any = t.value(array) if dtype is None else t.value(array).astype(dtype)
        k = normal_axis(axis, x.ndim, name)
        places = known_integers(indices, name)
        parts: list[Any] = []
        for low, high in zip(places, [*places[1:], x.shape[k]], strict=True):
            part = s.take_range(x, k, low, max(high, low + 1))
            parts.append(ufunc.reduce(part, axis=k))
        return np.stack(parts, axis=k)

    return handler


def known_integers(x: Any, name: str) -> list[int]:
    """Integers that shapes depend on."""
    value = x.owner.given(x) if isinstance(x, Tracer) else np.asarray(x)
    if value is None:
        got, want = f"the traced integers {x!r}", "integers that are known while tracing"
        remedy = "Pass them as an argument that is not traced"
        raise UnsupportedError(explain(f"{name}{at_line()}", got, want, remedy))
    return [int(n) for n in np.ravel(value)]


ASSOCIATIVE = (
    np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot,
    np.logical_and, np.logical_or, np.logical_xor, np.bitwise_and, np.bitwise_or, np.bitwise_xor,
    np.gcd, np.lcm,
)  # fmt: skip
ACCUMULATIONS: dict[Any, Callable[..., Any]] = {
    np.add: accumulate(cumsum),
    np.multiply: accumulate(cumprod),
    **{ufunc: doubling(ufunc) for ufunc in ASSOCIATIVE},
}
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.cumsum: cumsum,
    np.cumprod: cumprod,
    np.cumulative_sum: cumulative("cumulative_sum", cumsum, 0),
    np.cumulative_prod: cumulative("cumulative_prod", cumprod, 1),
}


def call_method(t: Trace, ufunc: Any, method: str, inputs: Any, keywords: Any) -> Any:
    """A method of a ufunc, or None where it is not recorded; `reduce` with an op is in `reduce`."""
    if method == "reduce" and ufunc in ASSOCIATIVE:
        return folded(ufunc)(t, *inputs, **keywords)
    if method == "accumulate" and ufunc in ACCUMULATIONS:
        return ACCUMULATIONS[ufunc](t, *inputs, **keywords)
    if method == "outer" and ufunc.nin == 2 and not keywords:
        return outer(ufunc)(t, *inputs)
    if method == "reduceat":
        return reduceat(ufunc)(t, *inputs, **keywords)
    return None
