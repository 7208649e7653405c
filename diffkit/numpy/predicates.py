"""Questions about traced values whose answers are truth values, numbers of elements or dtypes.

None has a derivative. Those that ask for no value (a dtype, the diagonal of a square of this shape)
are answered while tracing.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import arithmetic as a
from ..tracing.tracer import Trace, Tracer
from .elementwise import key_of, together


def isclose(
    t: Trace, a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False
) -> Any:
    """|a - b| ≤ atol + rtol |b| where b is finite, and equality elsewhere."""
    x, y = together(t, a, b)
    p: Any = x if x.type.differentiable else x.astype(np.float64)
    q: Any = y if y.type.differentiable else y.astype(np.float64)
    near = np.absolute(p - q) <= atol + rtol * np.absolute(q)
    found = np.logical_or(np.logical_and(near, np.isfinite(q)), p == q)
    if equal_nan:
        found = np.logical_or(found, np.logical_and(np.isnan(p), np.isnan(q)))
    return found


def allclose(t: Trace, a: Any, b: Any, *args: Any, **keywords: Any) -> Any:
    return np.all(isclose(t, a, b, *args, **keywords))


def array_equal(t: Trace, a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Equal shapes, known while tracing, and equal elements."""
    if np.shape(a1) != np.shape(a2):
        return False
    return np.all(same(t, a1, a2, equal_nan))


def same(t: Trace, x: Any, y: Any, equal_nan: bool) -> Any:
    p, q = together(t, x, y)
    equal = a.equal(p, q)
    if equal_nan and p.type.differentiable:
        return np.logical_or(equal, np.logical_and(np.isnan(p), np.isnan(q)))
    return equal


def array_equiv(t: Trace, a1: Any, a2: Any) -> Any:
    """Equal once broadcast, which only shapes decide, and not at all if they do not fit."""
    try:
        np.broadcast_shapes(np.shape(a1), np.shape(a2))
    except ValueError:
        return False
    return np.all(same(t, a1, a2, False))


def real_if_close(t: Trace, a: Any, tol: float = 100) -> Any:
    """A real array is real; whether a complex one is nearly so, only its values tell."""
    v: Any = t.value(a)
    if v.dtype.kind != "c":
        return v
    eps = np.finfo(v.dtype).eps * tol if tol > 1 else tol
    near = np.all(np.absolute(np.imag(v)) < eps)
    return np.real(v) if bool(near) else v


def count_nonzero(t: Trace, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.sum(t.value(a) != 0, axis=axis, keepdims=keepdims)


def plain(x: Any) -> Any:
    """What NumPy promotes an operand by, as an argument of its functions about dtypes."""
    if not isinstance(x, Tracer):
        return x
    key = key_of(x)
    return key(0) if isinstance(key, type) else key


def of_dtypes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that looks at the dtypes of its arguments."""

    def handler(t: Trace, *args: Any, **keywords: Any) -> Any:
        return function(*[plain(x) for x in args], **keywords)

    return handler


def stand_in(x: Any) -> Any:
    """An array of the shape and dtype of a traced value, without memory of its own."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape) if isinstance(x, Tracer) else x


def of_types(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that looks at shapes and dtypes alone."""

    def handler(t: Trace, *args: Any, **keywords: Any) -> Any:
        given = {key: stand_in(x) for key, x in keywords.items()}
        return function(*[stand_in(x) for x in args], **given)

    return handler


def described(t: Trace, arr: Any, *args: Any, **keywords: Any) -> str:
    """What stands for the numbers, which are not known."""
    return repr(arr)


# fmt: off
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.isclose: isclose, np.allclose: allclose, np.array_equal: array_equal,
    np.array_equiv: array_equiv,
    np.real_if_close: real_if_close, np.count_nonzero: count_nonzero,
    np.result_type: of_dtypes(np.result_type), np.can_cast: of_dtypes(np.can_cast),
    np.array_repr: described, np.array_str: described, np.array2string: described,
    **{f: of_types(f) for f in (
        np.common_type, np.tril_indices_from, np.triu_indices_from, np.diag_indices_from,
    )},
}
# fmt: on
