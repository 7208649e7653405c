"""NumPy's writers on traced arrays: `x[i] = v`, `x += v`, `out=`, `where=`, `np.add.at`.

Each computes the new value of the array as a new value of the graph, checks it as NumPy does (the
dtype and the shape of the array stay), and hands it to the object (`views.assign`).
"""

from __future__ import annotations

import operator
from typing import Any, TypeAlias, cast

import numpy as np

from ..errors import DtypeError, ShapeError, TracingError, UnsupportedError, explain
from . import remedies
from .location import at_line, user_loc
from .views import View, assign, is_array

Trace: TypeAlias = Any
Tracer: TypeAlias = Any
"""A trace and its arrays (`tracer`), which reach this file as arguments."""


def set_item(x: Tracer, index: Any, value: Any, trace: Trace) -> None:
    """`x[index] = value`, with `trace` the innermost among the three."""
    if not is_array(x):
        got = f"an assignment into the scalar {x!r}"
        remedy = "Bind the name to the new value, or start from np.array(value)"
        want = "an array; NumPy's scalars never change"
        raise TracingError(explain(f"item assignment{at_line()}", got, want, remedy))
    require_inner(x, trace)
    if is_own_view(x, index, value):
        return  # the end of `x[index] += v`, which has been written already
    trace.builder.loc = user_loc()
    assign(x, trace.handlers.setitem(trace, x, index, value))


def is_own_view(x: Tracer, index: Any, value: Any) -> bool:
    """Whether a value is the view x[index] itself."""
    store = getattr(value, "store", None)
    link = None if store is None else store.link
    return isinstance(link, View) and link.base is x and same_index(link.index, index)


def same_index(first: Any, second: Any) -> bool:
    """Whether two indices, of which nothing is traced, are equal."""
    p, q = parts_of(first), parts_of(second)
    return len(p) == len(q) and all(map(same_part, p, q))


def parts_of(index: Any) -> tuple[Any, ...]:
    return cast(Any, index) if isinstance(index, tuple) else (index,)


def same_part(p: Any, q: Any) -> bool:
    if type(p) is type(q) is slice:
        ends = ((getattr(p, name), getattr(q, name)) for name in ("start", "stop", "step"))
        return all(same_part(m, n) for m, n in ends)
    if is_integer(p) and is_integer(q):
        return operator.index(p) == operator.index(q)
    return p is q and (p is None or p is Ellipsis)


def is_integer(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)


def require_inner(x: Tracer, trace: Trace) -> None:
    """Refuse a write into an array of a trace that waits for an inner one to end."""
    from_inside = trace.innermost_running()
    if from_inside is not x.owner:
        what = f"`{from_inside.builder.name}`"
        asked = f"writing in place{at_line()}"
        got = f"{x!r}, which belongs to the code around {what}, written while {what} is recorded"
        want = f"an array that {what} made or was given"
        remedy = "Pass it in and return it (in a loop: make it a part of the carry), or .copy() it"
        raise UnsupportedError(explain(asked, got, want, remedy))


def store_result(x: Tracer, result: Any, trace: Trace, asked: str, casting: Any) -> None:
    """Write a whole new value, which must fit by NumPy's rules for `out=`."""
    require_inner(x, trace)
    if not is_array(x):
        got, want = f"the scalar {x!r}", "an array; NumPy's scalars never change"
        raise TracingError(explain(f"{asked}{at_line()}", got, want, "Bind the result to a name"))
    value = trace.value(result)
    require_cast(value, x, asked, casting)
    if value.shape != x.shape:
        value = fitting(value, x, asked)
    assign(x, trace.handlers.astype(trace, value, x.dtype))


def require_cast(value: Tracer, x: Tracer, asked: str, casting: Any) -> None:
    """Refuse a dtype that NumPy would not convert."""
    if not np.can_cast(value.dtype, x.dtype, casting):
        got = f"a result of {value.type} to be written into {x.type}"
        want = f"a dtype that NumPy casts to it ({casting})"
        remedy = "Make the array of floats, or convert the result with .astype"
        raise DtypeError(explain(f"{asked}{at_line()}", got, want, remedy))


def fitting(value: Tracer, x: Tracer, asked: str) -> Tracer:
    """A result stretched to the shape of the array that it is written into."""
    try:
        fits = np.broadcast_shapes(value.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        got = f"a result of shape {value.shape} to be written into {x.type}"
        remedy = "An array keeps its shape: bind the result to a new name"
        raise ShapeError(explain(f"{asked}{at_line()}", got, f"{x.shape}", remedy))
    stretched: Any = np.broadcast_to(value, x.shape)  # pyright: ignore[reportArgumentType, reportCallIssue]
    return stretched


def call_ufunc(
    self: Tracer, ufunc: Any, method: str, inputs: Any, kwargs: dict[str, Any], trace: Trace
) -> Any:
    """A ufunc with keywords, or one of its methods."""
    name = remedies.ufunc_name(ufunc, method, ())
    if method == "at":
        return write_at(name, ufunc, inputs, trace)
    targets = kwargs.pop("out", None)
    chosen = kwargs.pop("where", True) if method == "__call__" else True
    casting = kwargs.pop("casting", "same_kind") if targets else "same_kind"
    if targets is not None and (len(targets) != 1 or not hasattr(targets[0], "owner")):
        raise remedies.refuse_in_place(name, repr(self))
    handlers = trace.handlers
    handler = handlers.ufuncs.get(ufunc) or handlers.scipy_ufuncs.get(ufunc.__name__)
    if method == "__call__" and "axis" in kwargs and ufunc.signature == "(n),(n)->()":
        k = kwargs.pop("axis")
        inputs = [np.moveaxis(trace.value(x), k, -1) for x in inputs]
    if method == "__call__" and "dtype" in kwargs and not asks(ufunc):
        inputs = [computed_in(x, kwargs["dtype"], name, trace) for x in inputs]
        del kwargs["dtype"]
    if method == "__call__" and handler is not None and not kwargs:
        result = handler(trace, *inputs)
    elif method == "reduce" and ufunc in handlers.reductions:
        kwargs.setdefault("axis", 0)
        result = handlers.reductions[ufunc](trace, *inputs, **kwargs)
    elif method == "__call__" or handler is None:
        raise remedies.unsupported(remedies.ufunc_name(ufunc, method, kwargs))
    else:
        result = handlers.method(trace, ufunc, method, inputs, kwargs)
        if result is None:
            raise remedies.unsupported(remedies.ufunc_name(ufunc, method, kwargs))
    if targets is None:
        if chosen is not True:
            raise refuse_where(name)
        return result
    target = targets[0]
    if chosen is not True:
        require_cast(result, target, name, casting)
        value = fitting(handlers.astype(trace, result, target.dtype), target, name)
        result = handlers.functions[np.where](trace, chosen, value, target)
    store_result(target, result, trace, f"{name} with out=", casting)
    return target


def asks(ufunc: Any) -> bool:
    """Whether the results of a ufunc are truth values, for which `dtype=` means nothing."""
    return all(types.endswith("?") for types in ufunc.types)


def computed_in(x: Any, dtype: Any, name: str, trace: Trace) -> Tracer:
    """An operand of a ufunc with `dtype=`, converted as NumPy does before it computes."""
    value = trace.value(x)
    if not np.can_cast(value.dtype, dtype, "same_kind"):
        got = f"an operand of {value.type} with dtype={np.dtype(dtype)}"
        want, remedy = "a dtype that NumPy casts it to (same_kind)", "Convert it with .astype"
        raise DtypeError(explain(f"{name}{at_line()}", got, want, remedy))
    return trace.handlers.astype(trace, value, dtype)


def refuse_where(name: str) -> UnsupportedError:
    """`where=` without `out=` leaves the other elements without a value."""
    asked, got = f"{name} with where={at_line()}", "no out=, so that elements stay undefined"
    want = "out= with an array to keep them from"
    return UnsupportedError(explain(asked, got, want, "Use np.where(mask, f(x), x)"))


def write_at(name: str, ufunc: Any, inputs: Any, trace: Trace) -> None:
    """`np.add.at(x, index, value)`: repeated indices all count. Of other ufuncs than + and - the
    indices must be known, and none of them twice."""
    x, index, *rest = inputs
    known = trace.handlers.ufuncs.get(ufunc)
    if known is None:
        raise remedies.unsupported(name)
    if not hasattr(x, "owner"):
        raise remedies.refuse_stored(repr(rest[0] if rest else index))
    require_inner(x, trace)
    if ufunc not in (np.add, np.subtract):
        require_distinct(name, x, index)
        new = known(trace, trace.handlers.getitem(trace, trace.value(x), index), *rest)
        require_cast(new, x, name, "same_kind")
        assign(x, trace.handlers.setitem(trace, x, index, new))
        return
    value: Any = trace.value(rest[0])
    require_cast(value, x, name, "same_kind")
    signed: Any = value if ufunc is np.add else -value
    assign(x, trace.handlers.additem(trace, x, index, signed))


def require_distinct(name: str, x: Tracer, index: Any) -> None:
    """Refuse indices that may be repeated."""
    given = parts_of(index)
    parts = [p.owner.given(p) if hasattr(p, "owner") else p for p in given]
    unknown = any(q is None and p is not None for p, q in zip(given, parts, strict=True))
    seen = np.zeros(x.shape, np.int64)
    if not unknown:
        np.add.at(seen, tuple(parts), 1)
    if unknown or np.any(seen > 1):
        got = "indices that are not known while tracing" if unknown else "an index twice"
        want, remedy = "known, distinct indices", "Combine the values of one index first"
        raise UnsupportedError(explain(f"{name}{at_line()}", got, want, remedy))
