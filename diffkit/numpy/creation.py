"""Arrays made from nothing. NumPy's `zeros`, `empty`, `array` and the like do not dispatch.

While a function is recorded, these make traced arrays of floats, so that a buffer can be filled
with traced values. Integers, booleans and all other dtypes stay plain: they keep books, and a
traced value written into one is refused. Outside a trace they are NumPy's functions.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import CopyError, explain
from ..graph import literal
from ..ops import arithmetic as a
from ..ops import shape as s
from ..tracing.arraylike import require_cpu
from ..tracing.location import at_line
from ..tracing.table import as_table
from ..tracing.tracer import CURRENT, FLOATS, Trace, Tracer, innermost
from ..tracing.views import boxed, is_array, packed
from ..types import dtype_of
from .arguments import refuse, shape_of


def named_as(numpy: Callable[..., Any], make: Callable[..., Any], what: str) -> Callable[..., Any]:
    """A maker of arrays with the name and the parameters of NumPy's."""
    name: str = numpy.__name__
    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"As `np.{name}`: {what}"
    with contextlib.suppress(ValueError):  # not all versions of NumPy tell the parameters
        vars(make)["__signature__"] = inspect.signature(numpy)
    return make


def traced(x: Any, in_order: bool = True) -> Any:
    """A fresh plain array as a traced one, if it holds floats and a trace is running."""
    trace = CURRENT.get()
    if trace is None or not isinstance(x, np.ndarray):
        return x
    return boxed(Tracer(trace, literal(x)), in_order) if x.dtype in FLOATS else as_table(x)


def constant(trace: Trace, number: Any, shape: Any, dtype: Any, in_order: bool) -> Tracer:
    """One number stretched to an array."""
    lit = trace.value(np.asarray(number, dtype)[()])
    return boxed(s.broadcast(lit, shape=shape_of(shape)), in_order)


def unless_traced(like: Any) -> Any:
    """`like=` for NumPy: a traced array asks for what is made here anyway."""
    return None if isinstance(like, Tracer) else like


def filled(number: float, numpy: Callable[..., Any]) -> Callable[..., Any]:
    """zeros, ones and empty."""

    def make(
        shape: Any, dtype: Any = float, order: Any = "C", *, device: Any = None, like: Any = None
    ) -> Any:
        trace = CURRENT.get()
        kind = np.dtype(float if dtype is None else dtype)
        if trace is None or kind not in FLOATS:
            plain = numpy(shape, dtype, order, device=device, like=unless_traced(like))
            return plain if trace is None else as_table(plain)
        require_cpu(f"np.{numpy.__name__}", device)
        return constant(trace, number, shape, kind, order == "C")

    return named_as(numpy, make, "while a function is recorded, an array to be filled.")


zeros, ones, empty = filled(0.0, np.zeros), filled(1.0, np.ones), filled(0.0, np.empty)


def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None,
    like: Any = None,
) -> Any:  # fmt: skip
    """As `np.full`, where the fill value may be traced.

    >>> import diffkit.numpy as dnp
    >>> dnp.full((2,), 3.0)
    array([3., 3.])
    """
    trace = innermost((fill_value,))
    if trace is None:
        like = unless_traced(like)
        plain = np.full(shape, fill_value, dtype, order, device=device, like=like)
        return traced(plain, order == "C")
    require_cpu("np.full", device)
    value = trace.value(fill_value)
    if dtype is not None:
        value = a.cast(value, dtype=dtype_of(dtype, "np.full"))
    return boxed(s.broadcast(value, shape=shape_of(shape)), order == "C")


def eye(
    N: Any, M: Any = None, k: Any = 0, dtype: Any = float, order: Any = "C", *, device: Any = None,
    like: Any = None,
) -> Any:  # fmt: skip
    """As `np.eye`: while a function is recorded, an array that can be written."""
    like = unless_traced(like)
    return traced(np.eye(N, M, k, dtype, order, device=device, like=like), order == "C")


def identity(n: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `np.identity`: while a function is recorded, an array that can be written."""
    return traced(np.identity(n, dtype, **keywords))


def counted(numpy: Callable[..., Any]) -> Callable[..., Any]:
    """arange and linspace: numbers to compute with, seldom buffers."""

    def make(*args: Any, **keywords: Any) -> Any:
        plain = numpy(*args, **keywords)
        return plain if CURRENT.get() is None else as_table(plain)

    return named_as(numpy, make, "while a function is recorded, a traced integer may index it.")


arange, linspace = counted(np.arange), counted(np.linspace)


def array(
    object: Any, dtype: Any = None, *, copy: Any = True, order: Any = "K", subok: bool = False,
    ndmin: int = 0, like: Any = None, **newer: Any,
) -> Any:  # fmt: skip
    """As `np.array`, where the lists may contain traced values; always a new array.

    Args: object, a number, an array, a traced value, or nested lists of them, equal in shape.

        >>> import diffkit.numpy as dnp
        >>> dnp.array([1.0, 2.0])
        array([1., 2.])
    """
    trace = innermost((object,))
    if trace is None:
        settings: Any = {"order": order, "subok": subok, "ndmin": ndmin, **newer}
        fresh = np.array(object, dtype, copy=copy, like=unless_traced(like), **settings)
        return fresh if fresh is object else traced(fresh, fresh.flags.c_contiguous)
    refuse("np.array", **{key: (value, None) for key, value in newer.items()})
    if copy is False or (copy is None and isinstance(object, Tracer) and object.ndim >= ndmin):
        return asarray(object, dtype, copy=copy)
    trace = CURRENT.get() or trace
    value = trace.value(object)
    if dtype is not None:
        value = a.cast(value, dtype=dtype_of(dtype, "np.array"))
    lead = (1,) * max(0, ndmin - value.ndim)
    value = s.reshape(value, shape=lead + value.shape)  # a new object, of the same value
    return boxed(value, not isinstance(object, Tracer) or object.ndim <= 1)


def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None,
    like: Any = None,
) -> Any:  # fmt: skip
    """As `np.asarray`: an array as it is, lists of traced values as a new one.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> x = np.ones(2)
    >>> dnp.asarray(x) is x
    True
    """
    if innermost((a,)) is None:
        like = unless_traced(like)
        fresh = np.asarray(a, dtype, order, device=device, copy=copy, like=like)
        return traced(fresh, fresh.flags.c_contiguous) if isinstance(a, list | tuple) else fresh
    require_cpu("np.asarray", device)
    same = isinstance(a, Tracer) and (dtype is None or np.dtype(dtype) == a.dtype) and is_array(a)
    if same and not copy:
        return a
    if copy is False:
        got, remedy = "copy=False of what is no array of this dtype", "Leave copy= out"
        want = "an array that need not be copied"
        raise CopyError(explain(f"np.asarray{at_line()}", got, want, remedy))
    return array(a, dtype)


def asanyarray(a: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `np.asanyarray`, of traced values and lists of them, too."""
    if isinstance(a, Tracer | list | tuple):
        return asarray(a, dtype, **keywords)
    return np.asanyarray(a, dtype, **keywords)


def ascontiguousarray(a: Any, dtype: Any = None, **keywords: Any) -> Any:
    """As `np.ascontiguousarray`, of traced values, too: at least a vector.

    >>> import diffkit.numpy as dnp
    >>> dnp.ascontiguousarray(2.0)
    array([2.])
    """
    return np.atleast_1d(asarray(a, dtype, **keywords))


def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """As `np.copy`: while a function is recorded, of an array of floats, one that can be written.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.copy(np.ones(2))
    array([1., 1.])
    """
    if isinstance(a, Tracer):
        own = a.copy()
        return boxed(own, order == "C" or own.ndim <= 1)
    fresh = np.copy(a, order, subok)
    return traced(fresh, fresh.flags.c_contiguous)


def like(number: float, numpy: Callable[..., Any]) -> Callable[..., Any]:
    """zeros_like, ones_like and empty_like: of a traced array, NumPy dispatches to a handler."""

    def make(a: Any, dtype: Any = None, *args: Any, **keywords: Any) -> Any:
        fresh = numpy(a, dtype, *args, **keywords)
        trace = CURRENT.get()
        if trace is None or not isinstance(fresh, np.ndarray) or fresh.dtype not in FLOATS:
            return fresh
        return constant(trace, number, fresh.shape, fresh.dtype, fresh.flags.c_contiguous)

    return named_as(numpy, make, "while a function is recorded, an array to be filled.")


zeros_like, ones_like = like(0.0, np.zeros_like), like(1.0, np.ones_like)
empty_like = like(0.0, np.empty_like)


def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: Any = True,
    shape: Any = None, *, device: Any = None,
) -> Any:  # fmt: skip
    """As `np.full_like`, where the fill value may be traced."""
    if isinstance(a, Tracer) or innermost((fill_value,)) is None:
        fresh: Any = np.full_like(a, fill_value, dtype, order, subok, shape, device=device)
        return traced(fresh) if isinstance(fresh, np.ndarray) else fresh
    kind = np.asarray(a).dtype if dtype is None else dtype
    return full(np.shape(a) if shape is None else shape, fill_value, kind, device=device)


class ArrayType(type):
    """Makes `dnp.ndarray` answer as `np.ndarray`, for traced arrays, too."""

    def __call__(
        cls, shape: Any, dtype: Any = float, buffer: Any = None, *args: Any, **kw: Any
    ) -> Any:
        if buffer is not None or args or kw:
            return np.ndarray(shape, dtype, buffer, *args, **kw)
        return empty(shape, dtype)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, np.ndarray) or (
            isinstance(instance, Tracer) and is_array(instance)
        )

    def __subclasscheck__(cls, subclass: Any) -> bool:
        return issubclass(subclass, np.ndarray | Tracer)

    def __getattr__(cls, name: str) -> Any:
        return getattr(np.ndarray, name)

    def __getitem__(cls, item: Any) -> Any:
        return np.ndarray[item]


class ndarray(metaclass=ArrayType):
    """`np.ndarray` as a type and as a maker of arrays: real and traced arrays are instances.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> isinstance(np.ones(2), dnp.ndarray), dnp.ndarray((2, 3)).shape
    (True, (2, 3))
    """


def of_traced(number: float | None) -> Callable[..., Any]:
    """The handlers of zeros_like, ones_like, empty_like and full_like for a traced array."""

    def make(t: Trace, x: Any, fill: Any, dtype: Any, order: Any, shape: Any) -> Any:
        kind = np.dtype(x.dtype if dtype is None else dtype)
        size = x.shape if shape is None else shape_of(shape)
        if isinstance(fill, Tracer):
            return boxed(s.broadcast(a.cast(fill, dtype=dtype_of(kind)), shape=size))
        if kind in FLOATS or dtype is None:
            follows = order == "C" or len(size) <= 1 or (shape is None and packed(x))
            return constant(t, fill, size, kind, follows)
        return np.full(size, fill, kind)

    def handler(
        t: Trace, a: Any, dtype: Any = None, order: str = "K", subok: bool = True,
        shape: Any = None, *, device: Any = None,
    ) -> Any:  # fmt: skip
        require_cpu("np.zeros_like and the like", device)
        return make(t, t.value(a), number, dtype, order, shape)

    def full_handler(
        t: Trace, a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True,
        shape: Any = None, *, device: Any = None,
    ) -> Any:  # fmt: skip
        require_cpu("np.full_like", device)
        fill = t.value(fill_value) if innermost((fill_value,)) is not None else fill_value
        return make(t, t.value(a), fill, dtype, order, shape)

    return full_handler if number is None else handler


def copied(t: Trace, a: Any, order: str = "K", subok: bool = False) -> Any:
    """np.copy of a traced array."""
    return copy(a, order)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.zeros_like: of_traced(0),
    np.ones_like: of_traced(1),
    np.empty_like: of_traced(0),
    np.full_like: of_traced(None),
    np.copy: copied,
}

STAND_INS: dict[Any, Any] = {
    np.zeros: zeros, np.ones: ones, np.empty: empty, np.full: full, np.eye: eye,
    np.identity: identity, np.array: array, np.asarray: asarray, np.copy: copy,
    np.asanyarray: asanyarray, np.ascontiguousarray: ascontiguousarray,
    np.arange: arange, np.linspace: linspace,
    np.zeros_like: zeros_like, np.ones_like: ones_like, np.empty_like: empty_like,
    np.full_like: full_like, np.ndarray: ndarray,
}  # fmt: skip
"""What a rebuilt function finds in place of a function that it imported from NumPy by name."""
